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
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.answers.answer_times import DENMARK, Span, known_times, span_of
from helpers.answers.export_columns import LOCAL_COLUMNS, ExportColumns, export_columns
from helpers.answers.export_notes import notes_on, row_spans
from helpers.answers.latest import ANSWERED, STATUSES, Conflict, latest_answers
from helpers.answers.left_keys import keys_asked_before
from helpers.answers.left_out import digest_of, read_left_out
from helpers.answers.mailing_record import invited_on
from helpers.common.errors import ExtractError, Problem, ResponseError, SurveyError
from helpers.common.paths import Paths, write_atomically
from helpers.common.quoting import redacted_file_name
from helpers.parameters.params import Round
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import (
    DELIMITERS,
    Sheet,
    is_table_file,
    problems_with_remedy,
    read_sheets,
)

ROUND_LEVEL = ""  # owner of troubles that belong to no single municipality
_OFFSET = r"(?:Z|[+-]\d\d(?::?\d\d)?)$"  # a time that says how far it is from UTC
SHOWN_FILES = 5
_FIVE = frozenset(range(1, 7))  # of a local question that nobody in the round asks
NO_SAMPLE = "keys belong to no drawn sample"
NO_KEY = "rows have no key"
OF_OTHERS = "keys belong to other municipalities"
_MEND = "Mend the export or ask for it again, then take it in again."


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


def export_files(paths: Paths) -> list[Path]:
    """The exports as received, in the order of their names."""
    if not paths.responses.is_dir():
        return []
    return sorted(p for p in paths.responses.iterdir() if is_table_file(p))


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
            found += [(Problem(where.format(r), what, remedy=_MEND), r) for r in own.index[bad]]
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


def sheet_of_export(path: Path) -> tuple[Sheet, list[str]]:
    """The sheet and headings that hold `key` and `status`."""
    try:
        readings = read_sheets(path, ["utf-8-sig", "cp1252"], DELIMITERS)
        sheet = sheet_meant(
            path.name, readings, lambda s: int({"key", "status"} <= set(_headings(s)))
        )
        if sheet is not None:
            sheet.require_whole()
            return sheet, _headings(sheet)
    except ExtractError as e:
        raise ResponseError(
            problems=problems_with_remedy(e, "the survey tool's export", _MEND)
        ) from e
    raise ResponseError(
        redacted_file_name(path.name),
        "has no columns »key« and »status« in its first row",
        "a row of headings: key, status, submitted_at and the columns of the questions",
        _MEND,
    )


class Export(NamedTuple):
    """`rows`: indexed by row number; `problems`: each with its row; `without`: columns of free text that
    are not there."""

    rows: pd.DataFrame
    problems: list[tuple[Problem, int]]
    without: tuple[str, ...]


def _headings(sheet: Sheet) -> list[str]:
    return [str(c).strip().lower() for c in sheet.head[0]] if sheet.head else []


def read_export(path: Path, asked: ExportColumns) -> Export:
    """One export: table indexed by row number, troubles with their row, what it lacks.

    Columns: key, status, submitted_at (datetime64), questions and local questions as Int8 (the scale's
    values, NA = not answered), free texts.
    Raises ResponseError where columns are missing, or one that nobody asked for holds something.
    """
    sheet, headings = sheet_of_export(path)
    raw = _cells_of(sheet, path, headings, asked)
    found: list[tuple[Problem, int]] = []
    reported: set[tuple[int, str]] = set()

    def refuse(bad: np.ndarray, column: str, what: str) -> None:
        for row in raw.index[bad]:
            if (row, column) in reported:
                continue
            where = f"{sheet.where(path)}, row {row}, column »{column}«"
            found.append((Problem(where, what, remedy=_MEND), row))

    lost = sheet.lost_cells(path, [i for i, c in enumerate(headings) if c in asked.names])
    found += [(fault, fault.place.row) for fault in [*sheet.odd_rows(path), *lost]]
    reported |= {(fault.place.row, headings[fault.place.cells[0][1] - 1]) for fault in lost}
    table = pd.DataFrame({"key": _texts(raw, "key")}, index=raw.index, dtype="str")
    table["status"] = pd.array([t.lower() for t in _texts(raw, "status")], dtype="str")
    refuse(~table["status"].isin(STATUSES), "status", f"is none of {', '.join(STATUSES)}")
    submitted = pd.Series(_texts(raw, "submitted_at"), index=raw.index, dtype="str")
    times = _danish_time(submitted)
    refuse(times.isna() & (submitted != ""), "submitted_at", "is no date and time (ISO 8601)")
    table["submitted_at"] = times.astype("datetime64[s]")
    values = asked.common | {c: v or _FIVE for c, v in asked.local.items() if c in headings}
    for column, allowed in values.items():
        places, texts = pd.factorize(np.array(_texts(raw, column), dtype=object))
        texts = pd.Series(texts, dtype="str")  # few, and the same in thousands of rows
        value = pd.to_numeric(texts.where(texts != ""), errors="coerce")
        good = value.isin(allowed)
        bad = ((texts != "") & ~good).to_numpy(bool)
        refuse(bad[places], column, f"is no answer from 1 to {max(allowed)}")
        table[column] = value.where(good).astype("Int8").array.take(places)
    for column in asked.texts:
        table[column] = pd.array([" ".join(t.split()) for t in _texts(raw, column)], dtype="str")
    return Export(table, found, tuple(c for c in asked.texts if c not in headings))


def _cells_of(sheet: Sheet, path: Path, headings: list[str], asked: ExportColumns) -> pd.DataFrame:
    """The rows that hold something, as they stand; once the columns have been found good."""
    where = sheet.where(path)
    if missing := [c for c in asked.common if c not in headings]:
        raise ResponseError(where, f"columns are missing: {', '.join(missing)}", remedy=_MEND)
    if twice := sorted({c for c in headings if c and headings.count(c) > 1}):
        raise ResponseError(where, f"columns stand twice: {', '.join(twice)}", remedy=_MEND)
    width = len(headings)
    cells = [list(r[:width]) + [""] * (width - len(r)) for r in sheet.rows[1:]]
    raw = pd.DataFrame(cells, columns=headings, index=range(2, len(cells) + 2), dtype=object)
    keyed = [text != "" for text in _texts(raw, "key")]
    raw = raw[[k or any(str(c).strip() for c in row) for k, row in zip(keyed, cells)]]
    if odd := [c for c in asked.unknown(headings) if any(_texts(raw, c))]:
        what = f"columns are unknown: {', '.join(odd)}"
        raise ResponseError(where, what, ", ".join(asked.names), _MEND)
    return raw


def _danish_time(texts: pd.Series) -> pd.Series:
    """ISO 8601 texts → Danish clock time; a time that tells its distance from UTC is moved there."""
    abroad = texts.str.contains(_OFFSET) & texts.str.contains(":")
    plain = texts.where((texts != "") & ~abroad)
    times = pd.to_datetime(plain, errors="coerce", format="ISO8601").astype("datetime64[s]")
    if abroad.any():
        parsed = pd.to_datetime(texts[abroad], errors="coerce", format="ISO8601", utc=True)
        near = parsed.where(parsed.dt.year.between(1900, 2100))  # 9999-12-31 cannot be moved
        moved = near.dt.tz_convert(DENMARK).dt.tz_localize(None).astype("datetime64[s]")
        far = parsed.where(parsed.dt.year >= 1).dt.tz_localize(None)
        moved = moved.fillna(far.astype("datetime64[s]"))
        times = moved.reindex(times.index).fillna(times)
    return times


def _texts(raw: pd.DataFrame, column: str) -> list[str]:
    """A column's cells as trimmed texts; empty where there is no such column."""
    return [str(c).strip() for c in raw[column]] if column in raw else [""] * len(raw)


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
