"""The survey tool's exports → one checked table a municipality.

An export may hold one municipality or many; each row finds its citizen by the key of the unique
link. The same key may come several times: the latest submission counts, whatever the files are called
and in whichever order they came.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.answers.answer_times import Span, known_times, span_of
from helpers.answers.export_columns import LOCAL_COLUMNS, export_columns
from helpers.answers.export_notes import notes_on, row_spans
from helpers.answers.exports import MEND, export_files, read_export
from helpers.answers.latest import ANSWERED, Conflict, latest_answers
from helpers.answers.left_keys import keys_asked_before
from helpers.answers.left_out import digest_of, read_left_out
from helpers.answers.mailing_record import invited_on
from helpers.common.errors import Problem, ResponseError, SurveyError
from helpers.common.paths import Paths, write_atomically
from helpers.common.quoting import redacted_file_name
from helpers.parameters.params import Round

ROUND_LEVEL = ""  # owner of troubles that belong to no single municipality
SHOWN_FILES = 5
NO_SAMPLE = "keys belong to no drawn sample"
NO_KEY = "rows have no key"
OF_OTHERS = "keys belong to other municipalities"


@dataclass(frozen=True)
class Collected:
    """`answers`: code → a row an exported citizen; `errors`: code (or ROUND_LEVEL) → what is wrong;
    `conflicts`: what `latest_answers` had to decide; `notes`: what is odd and refuses nothing; `left`:
    code → citizens in the exports who are asked no more; `of_others`: code of a municipality that is out →
    what is wrong with its export."""

    answers: dict[str, pd.DataFrame]
    errors: dict[str, ResponseError]
    conflicts: tuple[Conflict, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    left: dict[str, int] = field(default_factory=dict)
    of_others: dict[str, ResponseError] = field(default_factory=dict)


def collect(paths: Paths, round_: Round, today: dt.date | None = None) -> Collected:
    """Read all exports and share their rows out to the municipalities that drew the keys.

    A trouble belongs to the municipality whose code begins the file's name, else to the row's own
    (through its key), else to the round. `today`: see `answer_times.span_of`.
    """
    owners, problems = key_owners(paths, round_)
    spans, unread = answer_spans(paths, round_, today)
    for code, of_one in unread.items():
        problems.setdefault(code, []).extend(of_one)
    decided, left = read_left_out(paths), keys_asked_before(paths, round_)
    tables, left_out, without = [], [], []
    for path in export_files(paths):
        rows = decided.get(digest_of(path.read_bytes())) if decided else None
        checked = check_export(path, round_, owners, rows or frozenset(), left)
        for whose, of_one in checked.problems.items():
            problems.setdefault(whose, []).extend(of_one)
        if checked.rows is not None:
            tables.append(checked.rows)
        if checked.left_out:
            left_out.append(f"{redacted_file_name(path.name)} ({row_spans(checked.left_out)})")
        if checked.without:
            without.append(f"{redacted_file_name(path.name)} ({', '.join(checked.without)})")
    errors = {code: ResponseError(problems=of_one) for code, of_one in problems.items()}
    ours = {ROUND_LEVEL, *round_.settings.participants}
    of_others = {code: errors.pop(code) for code in [*errors] if code not in ours}
    notes = [_left_out_note(left_out)] if left_out else []
    if without:
        notes.append(
            _listed("Columns of free text that are asked are not there, so no texts", without)
        )
    if not tables:
        return Collected({}, errors, notes=tuple(notes), of_others=of_others)
    rows = pd.concat(tables, ignore_index=True)
    answered = rows["left"].notna() & rows["status"].isin(ANSWERED)
    gone = rows[answered].groupby("left")["key"].nunique()
    gone = {str(code): int(n) for code, n in gone.items()}
    rows = rows.drop(columns="left").dropna(subset="municipality")
    rows = rows[~rows["municipality"].isin(list(errors))].reset_index(drop=True)
    if rows.empty:
        return Collected({}, errors, notes=tuple(notes), left=gone, of_others=of_others)
    notes += notes_on(rows, spans, round_)
    times = known_times(rows, spans, "municipality")
    rows, conflicts = latest_answers(rows, times, round_.settings.responses.min_questions_answered)
    answers = {
        str(code): group.drop(columns="municipality").reset_index(drop=True)
        for code, group in rows.groupby("municipality")
    }
    return Collected(answers, errors, tuple(conflicts), tuple(notes), gone, of_others)


def _left_out_note(files: list[str]) -> str:
    return _listed("Rows whose key belongs to no drawn sample are left out, as decided", files)


def _listed(what: str, files: list[str]) -> str:
    shown = "; ".join(files[:SHOWN_FILES])
    more = f" and {len(files) - SHOWN_FILES} files more" if len(files) > SHOWN_FILES else ""
    return f"{what}: {shown}{more}."


def answer_spans(
    paths: Paths, round_: Round, today: dt.date | None
) -> tuple[dict[str, Span], dict[str, list[Problem]]]:
    """Municipality → days on which its citizens can have answered; and of those whose record of mailings
    cannot be read, what is wrong."""
    spans, problems = {}, {}
    for code in round_.settings.participants:
        try:
            spans[code] = span_of(round_, invited_on(paths, code), today)
        except SurveyError as e:
            problems[code] = list(e.problems)
            spans[code] = span_of(round_, None, today)
    return spans, problems


@dataclass(frozen=True)
class Checked:
    """One export. `rows`: those of `read_export` with `municipality` (missing for a key that no sample
    holds), `left` (the municipality of one who is asked no more), `file` and `row`, None where it cannot
    be read at all; `problems`: owner → all troubles; `left_out`: rows with an unknown key that were left
    out; `without`: columns of free text that it does not have."""

    rows: pd.DataFrame | None
    problems: dict[str, list[Problem]]
    left_out: frozenset[int] = frozenset()
    without: tuple[str, ...] = ()


def check_export(
    path: Path,
    round_: Round,
    owners: Mapping[str, str],
    leave_out: frozenset[int] | None = frozenset(),
    left: Mapping[str, str] = MappingProxyType({}),
) -> Checked:
    """Check one export. `owners`: key → municipality; `left`: the same of citizens who are asked no more
    (`keys_asked_before`).

    Rows with a key that no sample holds or held, or without a key, and in a file of one municipality
    those of another, are troubles, told with their rows; in a file of a municipality that is out, they
    are its own. `leave_out`: rows to leave out where no sample holds their key; None: all such rows.
    """
    participants = round_.settings.participants
    known = {*participants, *round_.withdrawn, *left.values()}
    named = path.name[:4] if path.name[:4] in known else ROUND_LEVEL
    problems: dict[str, list[Problem]] = {}
    try:
        table, found, without = read_export(path, export_columns(round_))
    except SurveyError as e:
        return Checked(None, {named: list(e.problems)})
    code = pd.Series([owners.get(k) for k in table["key"]], index=table.index, dtype=object)
    gone = [left.get(k) if k not in owners else None for k in table["key"]]
    was = pd.Series(gone, index=table.index, dtype=object)
    unknown = frozenset(code.index[code.isna() & was.isna()])
    left_out = unknown if leave_out is None else unknown & leave_out
    kept = ~table.index.isin(left_out)
    table, code, was = table[kept], code[kept], was[kept]
    found += _of_other_scales(path, table, code, round_)
    for problem, row in found:
        if row not in left_out and was[row] is None:
            whose = named or (code.get(row) if isinstance(code.get(row), str) else ROUND_LEVEL)
            problems.setdefault(whose, []).append(problem)
    keyless = table["key"] == ""
    refused = {
        NO_SAMPLE: code.isna() & was.isna() & ~keyless,
        NO_KEY: keyless,
        OF_OTHERS: code.notna() & (code != named) & (named in participants),
    }
    for problem in _faults_of_keys(path, refused, round_, named):
        problems.setdefault(named, []).append(problem)
    rows = table.assign(
        municipality=code, left=was, file=redacted_file_name(path.name), row=table.index
    )
    return Checked(rows, problems, left_out, without)


def _faults_of_keys(
    path: Path, refused: Mapping[str, pd.Series], round_: Round, named: str
) -> Iterator[Problem]:
    """`refused`: what is wrong → mask of the rows; `named`: the municipality of the file's name."""
    skip = f"leave such rows out with `survey collect {round_.id} FILE --skip-unknown`"
    wanted = {
        NO_SAMPLE: (
            "keys from the round's own letters",
            f"Take out the rows, put back the sample that the letters were made from, or {skip}.",
        ),
        NO_KEY: (
            "the key of the citizen's link in each row",
            f"Ask for the export again, or {skip}.",
        ),
        OF_OTHERS: (
            f"keys of {named}",
            "Rename the file if it holds several municipalities, or take out the rows.",
        ),
    }
    for what, chosen in refused.items():
        if chosen.any():
            finding = f"{int(chosen.sum())} {what} ({row_spans(chosen.index[chosen])})"
            yield Problem(redacted_file_name(path.name), finding, *wanted[what])


def _of_other_scales(
    path: Path, table: pd.DataFrame, code: pd.Series, round_: Round
) -> list[tuple[Problem, int]]:
    """Answers to a local question that are on another municipality's scale, and not on its own."""
    found = []
    for place, own in table.groupby(code):
        scales = round_.answer_scales(str(place))
        for column in (c for c in LOCAL_COLUMNS if c in scales and c in table):
            bad = own[column].notna() & ~own[column].isin(scales[column].values)
            where = f"{redacted_file_name(path.name)}, row {{}}, column »{column}«"
            what = f"is no answer from 1 to {scales[column].dont_know}"
            found += [(Problem(where.format(r), what, remedy=MEND), r) for r in own.index[bad]]
    return found


def key_owners(paths: Paths, round_: Round) -> tuple[dict[str, str], dict[str, list[Problem]]]:
    """key → municipality, from the drawn samples; and what is wrong with a municipality's sample."""
    owners: dict[str, str] = {}
    problems: dict[str, list[Problem]] = {}
    for code in round_.settings.participants:
        path = paths.sample(code)
        if not path.is_file():
            continue
        try:
            keys = pd.read_parquet(path, columns=["key"])["key"]
        except (OSError, pa.ArrowException):
            problems[code] = [
                Problem(
                    str(path),
                    "cannot be read",
                    "the sample that the letters were made from",
                    "Put it back from a copy of data/.",
                )
            ]
            continue
        owners.update(dict.fromkeys(keys, code))
    return owners, problems


def save_answers(paths: Paths, collected: Collected) -> None:
    """Write `responses/<code>.parquet` for each municipality whose exports are well."""
    for code, answers in collected.answers.items():
        write_atomically(paths.answers(code), answers.to_parquet)


def with_answers(
    sample: pd.DataFrame, answers: pd.DataFrame, round_: Round, code: str
) -> pd.DataFrame:
    """The sample, a row a citizen asked, with status, answers and `responded`.

    `responded`: completed or partial with at least `min_questions_answered` of the common questions
    answered (ved ikke is an answer); AAPOR's RR2 counts these. Who is in no export has status
    `none`. Local questions that the municipality did not ask are left out.
    """
    columns = [*round_.answer_scales(code), *round_.questionnaire.text_columns]
    answers = answers.reindex(columns=["key", "status", "submitted_at", *columns])
    merged = sample.merge(answers, on="key", how="left", validate="one_to_one")
    merged["status"] = merged["status"].fillna("none")
    merged["responded"] = counts_as_answer(merged, round_)
    return merged


def counts_as_answer(answers: pd.DataFrame, round_: Round) -> pd.Series:
    """Whether a row with status and q01 … is an answer by the round's rule: see `with_answers`."""
    asked = [q.id for q in round_.questionnaire.scaled]
    answered = answers[asked].notna().sum(axis=1)
    enough = answered >= round_.settings.responses.min_questions_answered
    return answers["status"].isin(ANSWERED) & enough


def response_by(asked: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Invited, answers and response rate (0–1) for each combination of `columns`."""
    grouped = asked.groupby(columns, observed=True)["responded"]
    table = pd.DataFrame({"invited": grouped.size(), "answers": grouped.sum().astype(int)})
    table["response_rate"] = table["answers"] / table["invited"].replace(0, np.nan)
    return table.reset_index()
