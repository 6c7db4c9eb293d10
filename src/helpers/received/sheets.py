"""A received file → rows of cells, whatever kind of table it is.

Workbooks are read by calamine, text files with every encoding and delimiter that is asked for. What
cannot be opened or read whole is told in words a municipality can act on. Before calamine allocates
anything, a workbook's archive and the reach of its sheets are held to the bounds of `received.limits`:
it would end the process where memory is short. A process of its own with a bound on memory does the
same on fewer systems, and costs each file its start and the copying of all cells.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from helpers.common.errors import ExtractError, Problem
from helpers.faults.faults import Fault, Place, fault, refusal
from helpers.faults.kinds import KINDS
from helpers.received import ooxml, opendocument, xls, xlsb
from helpers.received.archive import NeedsPassword, TooLarge, pack, unpack
from helpers.received.cell_texts import composed, is_error_text, may_hold_errors
from helpers.received.encoding import decoded
from helpers.received.facts import (
    MERGED,
    NOT_COMPUTED,
    NotReadable,
    SheetFacts,
    TooManyLost,
    WorkbookFacts,
)
from helpers.received.limits import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_LOST_CELLS,
    MAX_ROWS,
    MAX_SHEET_CHARACTERS,
    MAX_UNPACKED_BYTES,
    MB,
)
from helpers.received.row_widths import odd_rows
from helpers.received.text_tables import TextRows, read_rows

WORKBOOK_ENDINGS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
TEXT_ENDINGS = {".csv", ".txt"}
DELIMITERS = (";", ",", "\t", "|")
HEAD_ROWS = 40  # among which headings are looked for


@dataclass(frozen=True)
class CellError:
    """What stands in place of a cell's value that is lost: `#N/A`, `#REF!`, a formula never computed, the
    value of the row above that a merged cell has in one row alone.

    It equals no text, number or empty cell, so that nobody takes it for a value.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Sheet:
    """One table as received; `rows[0]` is row 1. Text files have one sheet with an empty name.

    A cell whose value is lost is a CellError, never empty. `hidden_rows`: row numbers, from 1, that
    are hidden by hand or by a filter; `epoch_1904`: plain day numbers count from 1 January 1904.
    """

    name: str
    rows: list[list[object]]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    epoch_1904: bool = False

    @property
    def head(self) -> Sequence[Sequence[object]]:
        """The first rows, for finding headings in: also of a reading whose `rows` are refused."""
        return self.rows[:HEAD_ROWS]

    @property
    def height(self) -> int:
        """Number of rows; of a reading whose `rows` are refused, those of its head."""
        return len(self.rows)

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything to see."""
        return not any(str(cell).strip() for row in self.rows for cell in row)

    def require_whole(self) -> None:
        """Raises ExtractError where the file was not read whole."""
        self.rows  # noqa: B018

    def where(self, file: Path) -> str:
        return self.place(file).in_language()

    def place(self, file: Path, **more) -> Place:
        """A place in this sheet; `more` as of Place."""
        return Place(file.name, self.name, **more)

    def lost_cells(self, file: Path, columns: Iterable[int], first_row: int = 2) -> list[Fault]:
        """A fault for each CellError in these columns, from 0, from `first_row` on, from 1."""
        return [
            fault(
                lost_kind(row[at]),
                self.place(file, row=number, column=self._heading(at), cells=((number, at + 1),)),
                text=row[at],
            )
            for at in columns
            for number, row in enumerate(self.rows[first_row - 1 :], start=first_row)
            if at < len(row) and isinstance(row[at], CellError)
        ]

    def odd_rows(self, file: Path, heading: int = 0) -> list[Fault]:
        """A fault for each row of a text file that has another number of cells than the headings, which
        stand in the row of this index."""
        if self.name:  # a workbook's rows have all cells
            return []
        cells = len(self.rows[heading])
        return [
            fault("row_width", self.place(file, row=n), count=len(self.rows[n - 1]), headings=cells)
            for n in odd_rows(self.rows, heading)
        ]

    def _heading(self, column: int) -> str:
        return str(self.rows[0][column]).strip() if column < len(self.rows[0]) else str(column + 1)


class UnreadSheet(Sheet):
    """A reading of a text file that did not come through: its `head` may be looked at, and whoever takes
    its `rows` gets the faults as an ExtractError. So a delimiter that is not the file's own may fail."""

    def __init__(self, head: list[list[object]], faults: Iterable[Fault]) -> None:
        for name, value in (("name", ""), ("_head", head), ("_faults", tuple(faults))):
            object.__setattr__(self, name, value)

    @property
    def head(self) -> Sequence[Sequence[object]]:
        return self._head

    @property
    def height(self) -> int:
        return len(self._head)

    @property
    def is_blank(self) -> bool:
        return False

    @property
    def rows(self) -> list[list[object]]:
        raise ExtractError(problems=self._faults)


def lost_kind(error: CellError) -> str:
    """The kind of fault that a cell without its value is."""
    return {NOT_COMPUTED: "cell_not_computed", MERGED: "cell_merged"}.get(error.text, "cell_error")


def is_table_file(path: Path) -> bool:
    """True for files that could be an extract or an export; not for Excel's lock files."""
    known = path.suffix.lower() in WORKBOOK_ENDINGS | TEXT_ENDINGS
    return known and path.is_file() and not path.name.startswith(("~$", "."))


def read_sheets(
    path: Path, encodings: Sequence[str], delimiters: Sequence[str]
) -> list[list[Sheet]]:
    """All readings of a file, each a list of sheets: one for a workbook, one a delimiter for text.

    Raises ExtractError where the file is empty, broken, password-protected, of no known kind, or beyond
    the bounds. A text file's readings may be UnreadSheets.
    """
    if (size := path.stat().st_size) > MAX_FILE_BYTES:
        details = {"size": -(-size // MB), "most": MAX_FILE_BYTES // MB}
        raise refusal("file_too_large", Place(path.name), **details)
    content = path.read_bytes()
    if not content:
        raise refusal("file_empty", Place(path.name))
    ending = path.suffix.lower()
    is_text = ending in TEXT_ENDINGS and not content.startswith((b"PK\x03\x04", xls.MAGIC))
    if ending in WORKBOOK_ENDINGS or (ending in TEXT_ENDINGS and not is_text):
        return [_read_workbook(path, content)]
    if is_text:
        return _read_text(path, content, encodings, delimiters)
    known = ", ".join(sorted(WORKBOOK_ENDINGS | TEXT_ENDINGS))
    raise refusal("file_ending", Place(path.name), ending=ending, known=known)


# ---------------------------------------------------------------------------------------- workbooks


def _read_workbook(path: Path, content: bytes) -> list[Sheet]:
    place = Place(path.name)
    try:
        facts, content = _facts(content)
    except NeedsPassword as e:
        raise refusal("file_password", place) from e
    except NotReadable as e:
        raise refusal("file_broken", place) from e
    except TooManyLost as e:
        raise refusal("too_many_lost", place, most=MAX_LOST_CELLS) from e
    except TooLarge as e:
        details = {"size": -(-e.size // MB), "most": MAX_UNPACKED_BYTES // MB}
        raise refusal("unpacked_too_large" if e.size else "too_many_parts", place, **details) from e
    problems = [p for name, sheet in facts.sheets.items() for p in _too_large(path, name, sheet)]
    if problems:
        raise ExtractError(problems=problems)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [
            _sheet(workbook, sheet.name, facts, sheet.visible is not SheetVisibleEnum.Visible)
            for sheet in workbook.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet
        ]
    except (CalamineError, OSError, ValueError, KeyError) as e:
        raise refusal("file_broken", place) from e
    except BaseException as e:  # calamine's own panic is no Exception
        if type(e).__name__ == "PanicException":
            raise refusal("file_broken", place) from e
        raise


def _facts(content: bytes) -> tuple[WorkbookFacts, bytes]:
    """The workbook's facts, and the bytes that calamine is to read; by what the file holds, whatever its
    ending says."""
    if content.startswith(xls.MAGIC):
        return xls.read_facts(content), content
    if not content.startswith(b"PK"):
        raise NotReadable
    parts = unpack(content, MAX_UNPACKED_BYTES)
    names = {name.lower() for name in parts}
    if "xl/workbook.xml" in names:
        facts = ooxml.read_facts(parts)
        parts = ooxml.with_known_errors(parts, facts)
    elif "xl/workbook.bin" in names:
        facts = xlsb.read_facts(parts)
    else:
        if b"manifest:encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise NeedsPassword
        facts = opendocument.read_facts(parts)
    return facts, pack(parts)


def _too_large(path: Path, name: str, facts: SheetFacts) -> list[Fault]:
    """The fault of a sheet that reaches farther than any table, or whose texts are too many."""
    place = Place(path.name, name)
    rows, columns = facts.rows, facts.columns
    if rows > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        details = {
            "cell": f"{ooxml.column_letters(columns)}{rows}",
            "rows": rows,
            "columns": columns,
        }
        return [fault("far_cell", place, max_rows=MAX_ROWS, max_columns=MAX_COLUMNS, **details)]
    if facts.characters > MAX_SHEET_CHARACTERS:
        return [fault("too_much_text", place)]
    return []


def _sheet(workbook: CalamineWorkbook, name: str, facts: WorkbookFacts, hidden: bool) -> Sheet:
    """Raises KeyError where calamine finds a sheet whose facts are not known."""
    own = facts.sheets[name]
    table = workbook.get_sheet_by_name(name)
    rows = _with_whole_texts(table.to_python(skip_empty_area=False))
    if own.lost:
        deep, wide = max(r for r, _ in own.lost), max(c for _, c in own.lost)
        width = max(wide, len(rows[0]) if rows else 0)
        rows = [row + [""] * (width - len(row)) for row in rows]
        rows += [[""] * width for _ in range(deep - len(rows))]
        for (row, column), text in own.lost.items():
            rows[row - 1][column - 1] = CellError(text)
    merged = [(a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in table.merged_cell_ranges or ()]
    _lose_below_merged(rows, merged + own.merged)
    shown = frozenset(r for r in own.hidden_rows if r <= len(rows))
    return Sheet(name, rows, hidden, shown, facts.epoch_1904)


def _lose_below_merged(
    rows: list[list[object]], merged: Iterable[tuple[int, int, int, int]]
) -> None:
    """Mark the cells below the first row of each merged cell that has a value: whether it holds for them
    too is not known. A row that has nothing else is none: headings or a title over several rows."""
    lost, width = CellError(MERGED), len(rows[0]) if rows else 0
    touched = set()
    for top, left, bottom, right in merged:
        if top > len(rows) or left > width or not str(rows[top - 1][left - 1]).strip():
            continue
        for row in range(top, min(bottom, len(rows))):
            touched.add(row)
            for column in range(left - 1, min(right, width)):
                if isinstance(cell := rows[row][column], str) and not cell.strip():
                    rows[row][column] = lost
    for row in touched:
        if all(c is lost or (isinstance(c, str) and not c.strip()) for c in rows[row]):
            rows[row] = [""] * width


def _with_whole_texts(rows: list[list[object]]) -> list[list[object]]:
    """The rows with composed letters, and errors that came as texts as CellErrors."""
    texts = [t for t in set(chain.from_iterable(rows)) if type(t) is str]
    changed: dict[str, object] = {t: c for t in texts if (c := composed(t)) != t}
    changed |= {t: CellError(t.strip()) for t in texts if is_error_text(t)}
    if not changed:
        return rows
    return [[changed.get(c, c) if type(c) is str else c for c in row] for row in rows]


# -------------------------------------------------------------------------------------------- texts


def _read_text(
    path: Path, content: bytes, encodings: Sequence[str], delimiters: Sequence[str]
) -> list[list[Sheet]]:
    text, _ = decoded(path.name, content, encodings)
    lines = list(io.StringIO(text, newline=""))
    has_errors = may_hold_errors(text)
    return [[_text_sheet(path, read_rows(lines, d), has_errors)] for d in delimiters]


def _text_sheet(path: Path, read: TextRows, has_errors: bool) -> Sheet:
    """`has_errors`: whether errors of a spreadsheet may be among the cells."""
    if read.is_whole:
        return Sheet("", _with_whole_texts(read.rows) if has_errors else read.rows)
    faults = [fault("stray_quote", Place(path.name, line=line)) for line in read.stray]
    faults += [fault("long_cell", Place(path.name, line=line)) for line in read.long]
    if read.too_many:
        faults.append(fault("too_many_rows", Place(path.name), rows=MAX_ROWS, cells=MAX_CELLS))
    return UnreadSheet(read.rows[:HEAD_ROWS], sorted(faults, key=lambda f: f.place.line or 0))


# ----------------------------------------------------------------------- other files than extracts


def read_kept_table(path: Path, delimiters: Sequence[str] = (";",)) -> pd.DataFrame:
    """A table that was written here and may have been edited since: CSV with headings → texts, a row a
    row; a short row's last cells are empty, and a file without a row of headings has no columns.

    The delimiter is the one that the headings have most of. Raises ExtractError with the line of a
    stray quotation mark, and as `read_sheets`.
    """
    if not path.stat().st_size:
        return pd.DataFrame()
    readings = read_sheets(path, ("utf-8-sig", "cp1252"), delimiters)
    sheet = max((s for (s,) in readings), key=lambda s: len(s.head[0]) if s.head else 0)
    headings, *rows = [[str(cell) for cell in row] for row in sheet.rows if row] or [[]]
    width = len(headings)
    cells = [(row + [""] * width)[:width] for row in rows]
    return pd.DataFrame(cells, columns=headings, dtype="str")


def problems_with_remedy(error: ExtractError, expected: str, remedy: str) -> list[Problem]:
    """The problems of a file that is no extract: with what was expected of it and what is to be done,
    where the faults say that of extracts alone."""
    return [
        p
        if isinstance(p, Fault) and KINDS[p.kind].any_file
        else Problem(p.where, p.what, expected, remedy)
        for p in error.problems
    ]
