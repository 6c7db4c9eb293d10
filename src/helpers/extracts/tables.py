"""A municipality's file → the sheet, the row of headings and the layout of its extract.

One visible sheet is read. Where several could be meant, none is: the file is refused with all of them
named. A hidden sheet is never read, and told.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.labels import heading_key, is_blank, normalise
from helpers.common.quoting import redacted_names
from helpers.extracts.cpr import parse_cpr
from helpers.faults.faults import Fault, Place, fault
from helpers.parameters.params import ExtractFormat, LocalFile
from helpers.received.sheets import DELIMITERS, Sheet, read_sheets

HEADINGS_LEAST = 3  # known headings in a row, before it is taken for one of headings
NEARLY_WHOLE = 2  # headings missing, at most, where a sheet beside the best could be meant as well
PERSONS_LOOKED_FOR = 200  # rows of a sheet without headings
TOTAL_ROW_WORDS = ("ialt", "total", "sum", "antal")
TOTAL_ROW_CELLS = 3  # filled, at most


@dataclass(frozen=True)
class Found:
    """The table of a file: the sheet, the row of its headings and the layout that they fit best; none
    where they fit no known one. `notices`: what the file's other sheets hold."""

    sheet: Sheet
    header_row: int  # index in sheet.rows
    layout: ExtractFormat | None
    positions: dict[str, int]  # field → column index
    notices: tuple[Fault, ...] = field(default=(), compare=False)

    @property
    def missing(self) -> int:
        """Fields of the layout that have no column."""
        return len(self.layout.columns) - len(self.positions)

    @property
    def has_rows(self) -> bool:
        """Whether anything stands below the headings."""
        below = self.sheet.rows[self.header_row + 1 :]
        return any(not (isinstance(c, str) and is_blank(c)) for row in below for c in row)


# ---------------------------------------------------------------------------------- choosing the sheet


def find_table(path: Path, formats: Sequence[ExtractFormat]) -> Found:
    """The sheet, row and layout whose headings fit.

    Raises ExtractError where the file does not open or holds no cells, no layout fits, only hidden
    sheets do, or more than one visible sheet could be meant.
    """
    encodings = list(dict.fromkeys(e for f in formats for e in f.encodings))
    delimiters = list(dict.fromkeys([f.delimiter for f in formats] + [*DELIMITERS]))
    readings = read_sheets(path, encodings, delimiters)
    if all(sheet.is_blank for sheets in readings for sheet in sheets):
        raise ExtractError(problems=[fault("no_cells", Place(path.name))])
    wanted = [(layout, _headings(layout)) for layout in formats]
    fits = [[(sheet, _best_fit(sheet, wanted)) for sheet in sheets] for sheets in readings]
    return _chosen(path, min(fits, key=_best_of_reading), formats)


def _best_of_reading(fits: Sequence[tuple[Sheet, Found | None]]) -> int:
    return min((found.missing for _, found in fits if found), default=len(fits) + 1_000)


def _headings(layout: ExtractFormat) -> dict[str, str]:
    """Key of a heading → field."""
    return {heading_key(h): name for name, names in layout.columns.items() for h in names}


def _positions(keys: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Field → column index of the cells with these keys of one row."""
    positions: dict[str, int] = {}
    for index, key in enumerate(keys):
        if (name := wanted.get(key)) is not None:
            positions.setdefault(name, index)
    return positions


def _best_fit(
    sheet: Sheet, wanted: Sequence[tuple[ExtractFormat, Mapping[str, str]]]
) -> Found | None:
    """The row and layout that fit a sheet best, the first of equals; None where none is recognised."""
    found = []
    for index, cells in enumerate(sheet.head):
        keys = [heading_key(cell) for cell in cells]
        found += [
            Found(sheet, index, layout, _positions(keys, headings)) for layout, headings in wanted
        ]
    found = [f for f in found if len(f.positions) >= HEADINGS_LEAST]
    return min(found, key=lambda f: f.missing, default=None)


def _chosen(
    path: Path,
    fits: Sequence[tuple[Sheet, Found | None]],
    formats: Sequence[ExtractFormat],
) -> Found:
    known = [found for _, found in fits if found]
    shown = [found for found in known if not found.sheet.hidden]
    if not known:
        layouts = "; ".join(
            f"{f.layout}: {', '.join(names[0] for names in f.columns.values())}" for f in formats
        )
        raise ExtractError(problems=[fault("no_layout", Place(path.name), layouts=layouts)])
    if not shown:
        names = redacted_names(f.sheet.name for f in known)
        raise ExtractError(problems=[fault("only_hidden", Place(path.name), sheets=names)])
    best = min(
        shown,
        key=lambda f: (f.missing > NEARLY_WHOLE, not f.has_rows, f.missing, -f.sheet.height),
    )
    limit = max(best.missing, NEARLY_WHOLE)
    rivals = [f for f in shown if f is best or (f.missing <= limit and f.has_rows)]
    notices = _of_other_sheets(
        path, [(s, f) for s, f in fits if all(s is not r.sheet for r in rivals)]
    )
    if len(rivals) > 1:
        several = [
            _several(path, rivals),
            *(x for r in rivals for x in _missing(path, r)),
            *notices,
        ]
        raise ExtractError(problems=several)
    return replace(best, notices=notices)


def _several(path: Path, rivals: Sequence[Found]) -> Fault:
    """Sheets that could all be meant: with other persons each, or with some of the same."""
    persons = [_persons_of(found) for found in rivals]
    counts = Counter(chain.from_iterable(p for p in persons if p))
    shared = sum(1 for n in counts.values() if n > 1)
    details = {"count": len(rivals), "sheets": redacted_names(f.sheet.name for f in rivals)}
    if all(persons) and not shared:
        return fault("sheets_parts", Place(path.name), **details)
    return fault("two_sheets", Place(path.name), **details, near=shared or "")


def _persons_of(found: Found) -> set[str] | None:
    """The CPR numbers on a sheet; None where it has no column of them."""
    at = found.positions.get("cpr")
    if at is None:
        return None
    cells = [row[at] for row in found.sheet.rows[found.header_row + 1 :] if at < len(row)]
    return set(parse_cpr(pd.Series(cells, dtype=object))["cpr"]) - {""}


def _of_other_sheets(path: Path, others: Iterable[tuple[Sheet, Found | None]]) -> tuple[Fault, ...]:
    """The sheets that are not read and hold persons, or an extract's headings with rows below."""
    notices = []
    for sheet, found in others:
        if (found and found.has_rows) or _holds_persons(sheet):
            notices.append(
                fault("hidden_sheet" if sheet.hidden else "sheet_not_read", sheet.place(path))
            )
    return tuple(notices)


def _holds_persons(sheet: Sheet) -> bool:
    """Whether one of the first cells is a CPR number as people write it."""
    cells = chain.from_iterable(sheet.rows[:PERSONS_LOOKED_FOR])
    filled = [c for c in cells if isinstance(c, str | int | float) and not isinstance(c, bool)]
    return bool((parse_cpr(pd.Series(filled, dtype=object))["problem"] == "").any())


# -------------------------------------------------------------------------------------- the headings


def header_of(path: Path, found: Found, local: LocalFile) -> dict[str, int]:
    """Field → column index with local background variables. Raises ExtractError with all columns that
    are missing or stand twice, and what the other sheets hold."""
    headings = [heading_key(c) for c in found.sheet.rows[found.header_row]]
    faults = _missing(path, found)
    title = {name: titles[0] for name, titles in found.layout.columns.items()}
    same = {
        title[name]: [i for i, h in enumerate(headings) if h in {heading_key(t) for t in titles}]
        for name, titles in found.layout.columns.items()
    }
    header = dict(found.positions)
    for background in local.background:
        places = [i for i, h in enumerate(headings) if h == heading_key(background.column)]
        same[background.column] = places
        if places:
            header[f"local_{background.id}"] = places[0]
        else:
            behind = [_last(headings) + sum(_is_behind(f, headings) for f in faults)]
            faults.append(
                _of_headings(path, found, "local_missing", behind, heading=background.column)
            )
    faults += [
        _of_headings(path, found, "column_twice", places, heading=heading)
        for heading, places in same.items()
        if len(places) > 1
    ]
    if faults:
        raise ExtractError(problems=[*faults, *found.notices])
    return header


def _missing(path: Path, found: Found) -> list[Fault]:
    """A fault a field without column: at the heading that may be meant, else behind the last one."""
    cells = found.sheet.rows[found.header_row]
    headings = [heading_key(c) for c in cells]
    shown = {str(c).strip(): i for i, c in enumerate(cells) if str(c).strip()}
    faults: list[Fault] = []
    for name, titles in found.layout.columns.items():
        if name in found.positions:
            continue
        near = difflib.get_close_matches(titles[0], shown, n=1)
        behind = _last(headings) + sum(_is_behind(f, headings) for f in faults)
        details = {"heading": titles[0], "layout": found.layout.layout, "near": "".join(near)}
        at = [shown[n] for n in near] or [behind]
        faults.append(_of_headings(path, found, "missing_column", at, **details))
    return faults


def _last(headings: Sequence[str]) -> int:
    """Index of the first column behind the last heading."""
    return max(i for i, heading in enumerate(headings) if heading) + 1


def _is_behind(missing: Fault, headings: Sequence[str]) -> bool:
    return missing.place.cells[0][1] > _last(headings)


def _of_headings(
    path: Path, found: Found, kind: str, columns: Sequence[int], **details: str
) -> Fault:
    """A fault of the headings in these columns, from 0."""
    row = found.header_row + 1
    at = tuple((row, column + 1) for column in columns)
    return fault(kind, found.sheet.place(path, row=row, cells=at), **details)


# ------------------------------------------------------------------------------------ the rows below


def rows_of_persons(found: Found, header: Mapping[str, int]) -> pd.DataFrame:
    """Cells of the persons' rows as received, indexed by row number; empty and total rows are none."""
    rows = found.sheet.rows[found.header_row + 1 :]
    width = len(found.sheet.rows[found.header_row])
    if set(map(len, rows)) != {width}:  # text files: rows of any length, made equal
        rows = list(zip(*zip_longest(*rows, [""] * width, fillvalue="")))[:-1]
    cells = np.array(rows, dtype=object).T if rows else np.empty((width, 0), dtype=object)
    blank = np.zeros(cells.shape, dtype=bool)
    for text in _blank_texts(cells):
        blank |= cells == text
    filled = cells.shape[0] - blank.sum(axis=0)
    kept = filled > 0
    for row in np.flatnonzero(kept & (filled <= TOTAL_ROW_CELLS)):
        kept[row] = not _is_total(cells[~blank[:, row], row])
    overlong = ~blank[width:].all(axis=0)
    for row in np.flatnonzero(overlong):
        overlong[row] = any(str(c).strip() for c in cells[width:, row])
    numbers = np.flatnonzero(kept) + found.header_row + 2
    persons = cells[list(header.values())][:, kept].T
    body = pd.DataFrame(persons, index=numbers, columns=list(header), dtype=object)
    return body.assign(overlong=overlong[kept])


def _blank_texts(cells: np.ndarray) -> set[str]:
    """The different texts in the cells that hold nothing to see."""
    different = set(cells.ravel(order="K"))
    return {c for c in different if isinstance(c, str) and is_blank(c)}


def _is_total(filled: Sequence[object]) -> bool:
    """A trailing »I alt« row, of few filled cells: the first is the word."""
    first = normalise(filled[0])
    return first in TOTAL_ROW_WORDS or first.startswith("ialt")
