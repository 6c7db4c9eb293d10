"""The survey tool's exports as tables: which files there are, and what one of them holds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from helpers.answers.answer_times import DENMARK
from helpers.answers.export_columns import ExportColumns
from helpers.answers.latest import STATUSES
from helpers.common.errors import ExtractError, Problem, ResponseError
from helpers.common.paths import Paths
from helpers.common.quoting import redacted_file_name
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import (
    DELIMITERS,
    Sheet,
    is_table_file,
    problems_with_remedy,
    read_sheets,
)

_OFFSET = r"(?:Z|[+-]\d\d(?::?\d\d)?)$"  # a time that says how far it is from UTC
_FIVE = frozenset(range(1, 7))  # of a local question that nobody in the round asks
MEND = "Mend the export or ask for it again, then take it in again."


class Export(NamedTuple):
    """`rows`: indexed by row number; `problems`: each with its row; `without`: columns of free text that
    are not there."""

    rows: pd.DataFrame
    problems: list[tuple[Problem, int]]
    without: tuple[str, ...]


def export_files(paths: Paths) -> list[Path]:
    """The exports as received, in the order of their names."""
    if not paths.responses.is_dir():
        return []
    return sorted(p for p in paths.responses.iterdir() if is_table_file(p))


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
            problems=problems_with_remedy(e, "the survey tool's export", MEND)
        ) from e
    raise ResponseError(
        redacted_file_name(path.name),
        "has no columns »key« and »status« in its first row",
        "a row of headings: key, status, submitted_at and the columns of the questions",
        MEND,
    )


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
            found.append((Problem(where, what, remedy=MEND), row))

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


def _headings(sheet: Sheet) -> list[str]:
    return [str(c).strip().lower() for c in sheet.head[0]] if sheet.head else []


def _cells_of(sheet: Sheet, path: Path, headings: list[str], asked: ExportColumns) -> pd.DataFrame:
    """The rows that hold something, as they stand; once the columns have been found good."""
    where = sheet.where(path)
    if missing := [c for c in asked.common if c not in headings]:
        raise ResponseError(where, f"columns are missing: {', '.join(missing)}", remedy=MEND)
    if twice := sorted({c for c in headings if c and headings.count(c) > 1}):
        raise ResponseError(where, f"columns stand twice: {', '.join(twice)}", remedy=MEND)
    width = len(headings)
    cells = [list(r[:width]) + [""] * (width - len(r)) for r in sheet.rows[1:]]
    raw = pd.DataFrame(cells, columns=headings, index=range(2, len(cells) + 2), dtype=object)
    keyed = [text != "" for text in _texts(raw, "key")]
    raw = raw[[k or any(str(c).strip() for c in row) for k, row in zip(keyed, cells)]]
    if odd := [c for c in asked.unknown(headings) if any(_texts(raw, c))]:
        what = f"columns are unknown: {', '.join(odd)}"
        raise ResponseError(where, what, ", ".join(asked.names), MEND)
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
