"""The survey tool's exports → one checked table a municipality.

An export may hold one municipality or many; each row finds its citizen by the key of the unique
link. The same key may come several times: the latest submission counts, whatever the files are called
and in whichever order they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.errors import ExtractError, Problem, ResponseError, SurveyError
from helpers.latest import (
    ANSWERED,
    LOCAL_COLUMNS,
    STATUSES,
    TEXT_COLUMNS,
    Conflict,
    latest_answers,
)
from helpers.params import Round
from helpers.paths import Paths, write_atomically
from helpers.sheets import Sheet, is_table_file, read_sheets, retold

DONT_KNOW = 6
ROUND_LEVEL = ""  # owner of troubles that belong to no single municipality
DENMARK = "Europe/Copenhagen"
SHOWN_SPANS = 40  # spans of rows in a message
_OFFSET = r"(?:Z|[+-]\d\d(?::?\d\d)?)$"  # a time that says how far it is from UTC
_MEND = "Mend the export or ask for it again, then take it in again."


@dataclass(frozen=True)
class Collected:
    """`answers`: code → a row an exported citizen; `errors`: code (or ROUND_LEVEL) → what is wrong;
    `conflicts`: what `latest_answers` had to decide."""

    answers: dict[str, pd.DataFrame]
    errors: dict[str, ResponseError]
    conflicts: tuple[Conflict, ...] = field(default=())


def export_files(paths: Paths) -> list[Path]:
    """The exports as received, in the order of their names."""
    if not paths.responses.is_dir():
        return []
    return sorted(p for p in paths.responses.iterdir() if is_table_file(p))


def collect(paths: Paths, round_: Round) -> Collected:
    """Read all exports and share their rows out to the municipalities that drew the keys.

    A trouble belongs to the municipality whose code begins the file's name, else to the row's own
    (through its key), else to the round.
    """
    owners, problems = key_owners(paths, round_)
    tables = []
    for path in export_files(paths):
        table, found = check_export(path, round_, owners)
        for whose, told in found.items():
            problems.setdefault(whose, []).extend(told)
        if table is not None:
            tables.append(table)
    errors = {code: ResponseError(problems=told) for code, told in problems.items()}
    if not tables:
        return Collected({}, errors)
    rows = pd.concat(tables, ignore_index=True).dropna(subset="municipality")
    rows, conflicts = latest_answers(rows)
    answers = {
        str(code): group.drop(columns="municipality").reset_index(drop=True)
        for code, group in rows.groupby("municipality")
        if code not in errors
    }
    return Collected(answers, errors, tuple(c for c in conflicts if c.municipality not in errors))


def check_export(
    path: Path, round_: Round, owners: Mapping[str, str]
) -> tuple[pd.DataFrame | None, dict[str, list[Problem]]]:
    """One export → (its rows, owner → all troubles); no rows where the file cannot be read at all.

    `owners`: key → municipality. The rows are those of `read_export` with `municipality` (missing for
    an unknown key), `file` and `row`. Keys that no sample holds, and in a file of one municipality
    those of another, are troubles, told with their rows.
    """
    participants = round_.settings.participants
    named = path.name[:4] if path.name[:4] in participants else ROUND_LEVEL
    problems: dict[str, list[Problem]] = {}
    try:
        table, found = read_export(path, [q.id for q in round_.questionnaire.scaled])
    except SurveyError as e:
        return None, {named: list(e.problems)}
    code = pd.Series([owners.get(k) for k in table["key"]], index=table.index, dtype=object)
    for problem, row in found:
        whose = named or (code.get(row) if isinstance(code.get(row), str) else ROUND_LEVEL)
        problems.setdefault(whose, []).append(problem)

    def refuse(chosen: pd.Series, whose: str, expected: str, remedy: str) -> None:
        if chosen.any():
            told = f"{int(chosen.sum())} keys belong to {whose} ({row_spans(chosen.index[chosen])})"
            problems.setdefault(named, []).append(Problem(path.name, told, expected, remedy))

    refuse(
        code.isna(),
        "no drawn sample",
        "keys from the round's own letters",
        "Take out the rows, or put back the sample that the letters were made from.",
    )
    refuse(
        code.notna() & (code != named) & (named != ROUND_LEVEL),
        "other municipalities",
        f"keys of {named}",
        "Rename the file if it holds several municipalities, or take out the rows.",
    )
    return table.assign(municipality=code, file=path.name, row=table.index), problems


def row_spans(rows: Collection[int]) -> str:
    """»rows 2–14, 17«: row numbers of a sheet in few words."""
    ordered = sorted(rows)
    ends = [i for i, (a, b) in enumerate(pairwise(ordered)) if b > a + 1] + [len(ordered) - 1]
    starts = [0, *(i + 1 for i in ends[:-1])]
    spans = [
        str(ordered[a]) if a == b else f"{ordered[a]}–{ordered[b]}" for a, b in zip(starts, ends)
    ]
    more = f" and {len(spans) - SHOWN_SPANS} spans more" if len(spans) > SHOWN_SPANS else ""
    return f"{'row' if len(ordered) == 1 else 'rows'} {', '.join(spans[:SHOWN_SPANS])}{more}"


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


def _table(path: Path) -> tuple[Sheet, list[str]]:
    """The sheet and headings that hold `key` and `status`."""
    try:
        for sheets in read_sheets(path, ["utf-8-sig", "cp1252"], [",", ";", "\t"]):
            for sheet in sheets:
                headings = [str(c).strip().lower() for c in sheet.head[0]] if sheet.head else []
                if {"key", "status"} <= set(headings):
                    sheet.require_whole()
                    return sheet, headings
    except ExtractError as e:
        raise ResponseError(problems=retold(e, "the survey tool's export", _MEND)) from e
    raise ResponseError(
        path.name,
        "has no columns »key« and »status« in its first row",
        "key, status, submitted_at, q01 … q13, q14_text, q15_text, lokal1 … lokal3",
        _MEND,
    )


def read_export(
    path: Path, question_ids: Iterable[str]
) -> tuple[pd.DataFrame, list[tuple[Problem, int]]]:
    """One export → (table indexed by row number, troubles with their row).

    Columns: key, status, submitted_at (datetime64), questions and local questions as Int8 (1–5,
    6 = ved ikke, NA = not answered), free texts. Raises ResponseError where columns are missing.
    """
    sheet, headings = _table(path)
    question_ids = list(question_ids)
    missing = [c for c in question_ids if c not in headings]
    if missing:
        raise ResponseError(
            sheet.where(path), f"columns are missing: {', '.join(missing)}", remedy=_MEND
        )
    twice = sorted({c for c in headings if c and headings.count(c) > 1})
    if twice:
        raise ResponseError(
            sheet.where(path), f"columns stand twice: {', '.join(twice)}", remedy=_MEND
        )
    width = len(headings)
    cells = [list(r[:width]) + [""] * (width - len(r)) for r in sheet.rows[1:]]
    raw = pd.DataFrame(cells, columns=headings, index=range(2, len(cells) + 2), dtype=object)
    raw = raw[[text != "" for text in _texts(raw, "key")]]
    found: list[tuple[Problem, int]] = []
    told: set[tuple[int, str]] = set()

    def refuse(bad: np.ndarray, column: str, what: str) -> None:
        for row in raw.index[bad]:
            if (row, column) in told:
                continue
            where = f"{sheet.where(path)}, row {row}, column »{column}«"
            found.append((Problem(where, what, remedy=_MEND), row))

    used = [*question_ids, *LOCAL_COLUMNS, *TEXT_COLUMNS, "key", "status", "submitted_at"]
    lost = sheet.lost_cells(path, [i for i, c in enumerate(headings) if c in used])
    found += [(fault, fault.place.row) for fault in lost]
    told |= {(fault.place.row, headings[fault.place.cells[0][1] - 1]) for fault in lost}
    table = pd.DataFrame({"key": _texts(raw, "key")}, index=raw.index, dtype="str")
    table["status"] = pd.array([t.lower() for t in _texts(raw, "status")], dtype="str")
    refuse(~table["status"].isin(STATUSES), "status", f"is none of {', '.join(STATUSES)}")
    submitted = pd.Series(_texts(raw, "submitted_at"), index=raw.index, dtype="str")
    times = _danish_time(submitted)
    refuse(times.isna() & (submitted != ""), "submitted_at", "is no date and time (ISO 8601)")
    table["submitted_at"] = times.astype("datetime64[s]")
    for column in [*question_ids, *(c for c in LOCAL_COLUMNS if c in headings)]:
        places, texts = pd.factorize(np.array(_texts(raw, column), dtype=object))
        texts = pd.Series(texts, dtype="str")  # few, and the same in thousands of rows
        value = pd.to_numeric(texts.where(texts != ""), errors="coerce")
        good = value.isin(range(1, DONT_KNOW + 1))
        bad = ((texts != "") & ~good).to_numpy(bool)
        refuse(bad[places], column, "is no answer from 1 to 6")
        table[column] = value.where(good).astype("Int8").array.take(places)
    for column in TEXT_COLUMNS:
        table[column] = pd.array([" ".join(t.split()) for t in _texts(raw, column)], dtype="str")
    return table, found


def _danish_time(texts: pd.Series) -> pd.Series:
    """ISO 8601 texts → Danish clock time; a time that tells its distance from UTC is moved there."""
    abroad = texts.str.contains(_OFFSET) & texts.str.contains(":")
    plain = texts.where((texts != "") & ~abroad)
    times = pd.to_datetime(plain, errors="coerce", format="ISO8601").astype("datetime64[s]")
    if abroad.any():
        told = pd.to_datetime(texts[abroad], errors="coerce", format="ISO8601", utc=True)
        moved = told.dt.tz_convert(DENMARK).dt.tz_localize(None).astype("datetime64[s]")
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
    asked = [q.id for q in round_.questionnaire.scaled]
    local = [q.id for q in round_.local_for(code).questions]
    answers = answers.reindex(
        columns=["key", "status", "submitted_at", *asked, *local, *TEXT_COLUMNS]
    )
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
