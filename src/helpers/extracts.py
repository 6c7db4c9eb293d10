"""A municipality's file → checked table, with every refused row listed.

Layouts are files (`params/extract-formats/`): the headings, words and benefit texts stand there.
A file is taken whole or not at all: the first run tells all of its troubles.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cells import BLANKS, as_text, normalise, quotable, read_dates, read_words
from helpers.cpr import parse_cpr
from helpers.errors import ExtractError, Problem
from helpers.params import ExtractFormat, LocalFile
from helpers.sheets import Sheet, read_sheets

HEADER_SEARCH_ROWS = 40  # title rows above the headings are skipped, so many at most
TOTAL_ROW_WORDS = ("ialt", "total", "sum", "antal")
TOTAL_ROW_CELLS = 3  # filled, at most
RERUN = "Mend the cell or remove the row, then run intake again."


@dataclass(frozen=True)
class Extract:
    """One file as read.

    `persons` has a row a person in the file's order: `row` (in the file), `cpr`, `birth_date`,
    `gender`, `name`, `phone`, `benefit_type`, `spell_start`, `latest_conversation`,
    `course_closed`, `passive` and `local_<id>` for each local background variable.
    `refused` lists row, column and problem of each cell that cannot be taken; `problems` all
    troubles, ready to be told.
    """

    file: str
    layout: str
    rows_read: int
    persons: pd.DataFrame
    refused: pd.DataFrame
    problems: tuple[Problem, ...]
    ignored_columns: tuple[str, ...]

    def raise_problems(self) -> None:
        if self.problems:
            raise ExtractError(problems=self.problems)


def read_extract(
    path: Path,
    formats: Sequence[ExtractFormat],
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    """Read one municipality's extract.

    Raises ExtractError where the file cannot be opened, no layout fits, a column is missing or a
    benefit text is unknown. Troubles of single rows are in the result's `problems` and `refused`.
    """
    found = _find_table(path, formats)
    header = _header(path, found, local)
    body = _body(found, header)
    return _check(path, found, header, body, local, reference_date)


# ------------------------------------------------------------------------------ finding the table


@dataclass(frozen=True)
class _Found:
    sheet: Sheet
    header_row: int  # index in sheet.rows
    layout: ExtractFormat
    positions: dict[str, int]  # field → column index


def _headings(layout: ExtractFormat) -> dict[str, str]:
    """Normalised heading → field."""
    return {normalise(h): field for field, names in layout.columns.items() for h in names}


def _positions(keys: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Field → column index of the normalised cells `keys` of one row."""
    positions: dict[str, int] = {}
    for index, key in enumerate(keys):
        field_name = wanted.get(key)
        if field_name is not None:
            positions.setdefault(field_name, index)
    return positions


def _find_table(path: Path, formats: Sequence[ExtractFormat]) -> _Found:
    """The sheet, row and layout whose headings fit best."""
    encodings = list(dict.fromkeys(e for f in formats for e in f.encodings))
    delimiters = list(dict.fromkeys([f.delimiter for f in formats] + [";", ",", "\t"]))
    candidates: list[tuple[int, int, _Found]] = []
    readings = read_sheets(path, encodings, delimiters)
    headings = [(layout, _headings(layout)) for layout in formats]
    for sheets in readings:
        for sheet in sheets:
            for index, cells in enumerate(sheet.rows[:HEADER_SEARCH_ROWS]):
                keys = [normalise(cell) for cell in cells]
                for layout, wanted in headings:
                    positions = _positions(keys, wanted)
                    missing = len(layout.columns) - len(positions)
                    candidates.append(
                        (missing, -len(sheet.rows), _Found(sheet, index, layout, positions))
                    )
    if not any(any(str(c).strip() for c in row) for s in readings for t in s for row in t.rows):
        raise ExtractError(
            path.name, "holds no cells", "a sheet with headings and persons", "Ask for it again."
        )
    missing, _, best = min(candidates, key=lambda c: c[:2])
    if len(best.positions) < 3:
        raise ExtractError(
            path.name,
            "no row of headings fits a known layout",
            "; ".join(
                f"{f.layout}: {', '.join(names[0] for names in f.columns.values())}"
                for f in formats
            ),
            "Use one of these layouts, or describe the new one in params/extract-formats/.",
        )
    fitting = {
        c[2].sheet.name
        for c in candidates
        if c[0] == 0 and len(c[2].sheet.rows) > c[2].header_row + 1
    }
    if missing == 0 and len(fitting) > 1:
        raise ExtractError(
            path.name,
            f"has {len(fitting)} sheets with an extract: {', '.join(sorted(fitting))}",
            "one",
            "Remove the others, then run intake again.",
        )
    return best


def _header(path: Path, found: _Found, local: LocalFile) -> dict[str, int]:
    """Field → column index with local background variables; all missing columns are told."""
    where = f"{found.sheet.where(path)}, row {found.header_row + 1}"
    cells = found.sheet.rows[found.header_row]
    headings = [normalise(c) for c in cells]
    problems = []
    header = dict(found.positions)
    for name, titles in found.layout.columns.items():
        if name not in header:
            shown = [str(c).strip() for c in cells if str(c).strip()]
            near = difflib.get_close_matches(titles[0], shown, n=1)
            hint = f" (is it »{near[0]}«?)" if near else ""
            problems.append(
                Problem(
                    where,
                    f"column »{titles[0]}« is missing{hint}",
                    f"all columns of the layout {found.layout.layout}",
                    "Add it or correct the heading, then run intake again.",
                )
            )
        else:
            wanted = {normalise(t) for t in titles}
            if sum(h in wanted for h in headings) > 1:
                problems.append(
                    Problem(where, f"column »{titles[0]}« stands twice", "one", "Remove one.")
                )
    for background in local.background:
        key = normalise(background.column)
        if key in headings:
            header[f"local_{background.id}"] = headings.index(key)
        else:
            problems.append(
                Problem(
                    where,
                    f"local background variable »{background.column}« is missing",
                    "a column with that heading",
                    "Add the column, or take the variable out of the municipality's local file.",
                )
            )
    if problems:
        raise ExtractError(problems=problems)
    return header


def _body(found: _Found, header: Mapping[str, int]) -> pd.DataFrame:
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
    return {c for c in different if isinstance(c, str) and not c.strip(BLANKS)}


def _is_total(filled: Sequence[object]) -> bool:
    """A trailing »I alt« row, of few filled cells: the first is the word."""
    first = normalise(filled[0])
    return first in TOTAL_ROW_WORDS or first.startswith("ialt")


# --------------------------------------------------------------------------------- reading cells


@dataclass
class _Refused:
    """Collects refused cells; a value is quoted only where it cannot identify a person."""

    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, row_numbers: Iterable[int], column: str, problem: str) -> None:
        self.rows += [(int(r), column, problem) for r in row_numbers]

    def add_cells(
        self, cells: pd.Series, where: np.ndarray, column: str, tell: Callable[[str], str]
    ) -> None:
        """The cells `where` is true, each with what `tell` says of its text."""
        if where.any():
            shown = as_text(cells[where])
            self.rows += [(int(r), column, tell(t)) for r, t in shown.items()]

    def frame(self) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=["row", "column", "problem"])
        return table.sort_values(["row", "column"], kind="stable", ignore_index=True)


# --------------------------------------------------------------------------------------- checking


def _check(
    path: Path,
    found: _Found,
    header: Mapping[str, int],
    body: pd.DataFrame,
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    layout, sheet = found.layout, found.sheet
    title = {name: names[0] for name, names in layout.columns.items()}
    refused = _Refused()
    if body.empty:
        raise ExtractError(
            sheet.where(path), "has headings but no persons", "a row a person", "Ask for it again."
        )

    rows = body.index.to_numpy()
    overlong = body["overlong"].to_numpy(bool)
    refused.add(rows[overlong], "", "has more cells than there are headings")

    numbers = parse_cpr(body["cpr"])
    problem = numbers["problem"].to_numpy(dtype=object)
    bad = problem != ""
    refused.rows += [(int(r), title["cpr"], p) for r, p in zip(rows[bad], problem[bad])]
    unborn = numbers["birth_date"].to_numpy() > np.datetime64(reference_date)
    refused.add(rows[unborn], title["cpr"], "gives a birth date in the future")
    doubled = numbers["cpr"].duplicated(keep=False).to_numpy() & ~bad
    if doubled.any():
        for same in pd.Series(rows[doubled]).groupby(numbers["cpr"].to_numpy()[doubled]):
            others = ", ".join(str(r) for r in same[1])
            refused.add(same[1], title["cpr"], f"the same CPR number in rows {others}")

    dates = {}
    for name in ("spell_start", "latest_conversation"):
        dates[name], unreadable = read_dates(body[name], layout.date_forms)
        refused.add_cells(
            body[name], unreadable, title[name], lambda t: f"»{quotable(t)}« is no date"
        )
    no_start = np.isnat(dates["spell_start"])
    unknown_start = as_text(body["spell_start"][no_start])
    refused.add(unknown_start.index[unknown_start == ""], title["spell_start"], "is empty")

    flags = {}
    words = {normalise(w): True for w in layout.yes_words} | {
        normalise(w): False for w in layout.no_words
    }
    expected = f"{'/'.join(layout.yes_words)} or {'/'.join(layout.no_words)}"
    for name in ("course_closed", "passive"):
        known = words | ({"": False} if name in layout.empty_means_no else {})
        flags[name], unknown = read_words(body[name], known)
        refused.add_cells(
            body[name],
            unknown,
            title[name],
            lambda t: f"»{quotable(t)}« is neither yes nor no ({expected})" if t else "is empty",
        )

    benefits = {normalise(t): b for t, b in layout.benefits.items()}
    benefit, unknown_benefit = read_words(body["benefit"], benefits)
    unknown_texts = as_text(body["benefit"][unknown_benefit])
    no_benefit = unknown_texts == ""
    refused.add(unknown_texts.index[no_benefit], title["benefit"], "is empty")
    unknown_texts = unknown_texts[~no_benefit]

    locals_ = {}
    for background in local.background:
        name = f"local_{background.id}"
        meaning = {normalise(text): key for key, text in background.categories.items()}
        locals_[name], unknown = read_words(body[name], meaning | {"": None})
        known_texts = ", ".join(background.categories.values())
        refused.add_cells(
            body[name],
            unknown,
            background.column,
            lambda t, known_texts=known_texts: f"»{quotable(t)}« is none of {known_texts}",
        )

    refused_cells = refused.frame()
    problems = _benefit_problems(sheet.where(path), title["benefit"], unknown_texts, layout)
    problems += _row_problems(sheet.where(path), refused_cells)
    used = set(header.values())
    ignored = [
        str(c).strip()
        for i, c in enumerate(sheet.rows[found.header_row])
        if i not in used and str(c).strip()
    ]
    persons = pd.DataFrame(
        {
            "row": rows,
            "cpr": numbers["cpr"].array,
            "birth_date": numbers["birth_date"].to_numpy(),
            "gender": numbers["gender"].array,
            "name": as_text(body["name"]).array,
            "phone": as_text(body["phone"]).array,
            "benefit_type": pd.array(benefit, dtype="str"),
            **dates,
            **{name: np.equal(values, True).astype(bool) for name, values in flags.items()},
            **{name: pd.array(values, dtype="str") for name, values in locals_.items()},
        }
    )
    return Extract(
        file=path.name,
        layout=layout.layout,
        rows_read=len(persons),
        persons=persons,
        refused=refused_cells,
        problems=tuple(problems),
        ignored_columns=tuple(ignored),
    )


def _benefit_problems(
    where: str, column: str, texts: pd.Series, layout: ExtractFormat
) -> list[Problem]:
    """Unknown benefit texts, each once: they stop the file until the mapping is extended."""
    return [
        Problem(
            f"{where}, column »{column}«",
            f"unknown benefit text »{quotable(text)}« in {len(rows)} row(s), first row {rows[0]}",
            remedy=f"Add it under `benefits` in params/extract-formats/{layout.layout}.yml, "
            "then run intake again.",
        )
        for text, rows in texts.index.groupby(texts).items()
    ]


def _row_problems(where: str, refused: pd.DataFrame) -> list[Problem]:
    return [
        Problem(
            f"{where}, row {row.row}" + (f", column »{row.column}«" if row.column else ""),
            row.problem,
            remedy=RERUN,
        )
        for row in refused.itertuples()
    ]
