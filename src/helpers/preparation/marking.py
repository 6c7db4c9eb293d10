"""A marked copy of a file: each faulty cell red with a comment, and a sheet that lists them all.

A workbook of Excel's own kind keeps its layout; any other file becomes a new workbook with the same
cells. Nothing in it is computed: formulas stay as they are, and texts that look like one stay texts.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell, MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from helpers.common import style
from helpers.common.paths import write_private
from helpers.extracts.tables import find_table
from helpers.faults.faults import Fault
from helpers.parameters.params import ExtractFormat
from helpers.preparation.check_report import sentence
from helpers.received.sheets import (
    DELIMITERS,
    TEXT_ENDINGS,
    CellError,
    Sheet,
    lost_kind,
    read_sheets,
)

SUFFIX = "-markeret"
RED = "FFF4B3A6"
AUTHOR = "survey check"
COMMENTS_MAX = 2_000  # a workbook with more opens slowly; the cells are red all the same
COPIED_MAX = (
    1_500_000  # cells of a table: 60,000 rows of 20 columns, and some; a copy takes 1 kB each
)
CELLS_MAX = 20_000  # marked and listed; a file with more is not mended cell by cell
LINKS_MAX = 65_000  # Excel drops a sheet's links beyond 65,530
TEXT_SHEET = {"en": "Extract", "da": "Udtræk"}
_OPENPYXL_ENDINGS = {".xlsx", ".xlsm"}
_NOT_OPENED = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    zipfile.BadZipFile,
    ParseError,
    InvalidFileException,
)

LIST_WORDS = {
    "en": (
        "Faults",
        "Faults in {file}",
        "The faulty cells are red in this copy, with a comment. Mend them, save, and try the file again.",
        ("No.", "Sheet", "Row", "Column", "Cell", "Fault", "What to do"),
    ),
    "da": (
        "Fejl",
        "Fejl i {file}",
        "Cellerne med fejl er røde i denne kopi og har en kommentar. Ret dem, gem, og afprøv filen igen.",
        ("Nr.", "Ark", "Række", "Kolonne", "Celle", "Fejl", "Sådan rettes det"),
    ),
}
_LIST_WIDTHS = (6, 18, 8, 30, 9, 62, 62)
_LIST_HEAD = 4  # row of its headings


@dataclass(frozen=True)
class Marked:
    """The copy, and how many of its cells are red."""

    path: Path
    cells: int


def marked_path(path: Path, folder: Path) -> Path:
    """`<name>-markeret.xlsx`, or the first `-markeret-2`, `-3` … that is not there yet: no file, and no
    copy in which somebody may have begun to mend, is written over."""
    stem = re.sub(rf"{SUFFIX}(-\d+)?$", "", path.stem)
    names = (f"{stem}{SUFFIX}{f'-{n}' if n > 1 else ''}.xlsx" for n in range(1, 10_000))
    return next(p for p in (folder / name for name in names) if not p.exists())


def write_marked(
    path: Path,
    faults: Sequence[Fault],
    formats: Sequence[ExtractFormat],
    language: str,
    folder: Path | None = None,
) -> Marked | None:
    """Write the marked copy beside the file, or in `folder`; its owner alone can read it.

    None, and nothing is written, where no fault stands in a cell or the table has more cells than
    COPIED_MAX. Raises OSError where the folder
    cannot be written to.
    """
    if not any(fault.place.cells for fault in faults) or _is_too_large(path, formats):
        return None
    book = _workbook(path, formats, language)
    texts: dict[tuple[str, int, int], list[str]] = {}
    for fault, cell in _places(faults):
        if cell is not None:
            comment_text = (
                f"{sentence(fault, language)} {fault.in_language(language).remedy}".strip()
            )
            texts.setdefault((_sheet_name(fault, language), *cell), []).append(comment_text)
    for number, ((sheet, row, column), comment_text) in enumerate(texts.items()):
        _mark(book[sheet], row, column, "\n\n".join(comment_text) if number < COMMENTS_MAX else "")
    _list_faults(book, path.name, faults, language)
    content = io.BytesIO()
    book.save(content)
    target = marked_path(path, folder or path.parent)
    return Marked(write_private(target, content.getvalue()), len(texts))


def _places(faults: Sequence[Fault]) -> Iterator[tuple[Fault, tuple[int, int] | None]]:
    """A fault and one of its cells each, CELLS_MAX at most; None for one that stands in no cell."""
    every = ((fault, cell) for fault in faults for cell in fault.place.cells or (None,))
    return islice(every, CELLS_MAX)


def _sheet_name(fault: Fault, language: str) -> str:
    return fault.place.sheet or TEXT_SHEET[language]


# ---------------------------------------------------------------------------------- the copy itself


def _workbook(path: Path, formats: Sequence[ExtractFormat], language: str) -> Workbook:
    ending = path.suffix.lower()
    if ending in TEXT_ENDINGS:
        return _rebuilt([find_table(path, formats).sheet], language)
    if ending in _OPENPYXL_ENDINGS:
        try:
            book = openpyxl.load_workbook(path, rich_text=True)
        except _NOT_OPENED:  # read by calamine all the same: its cells are kept, its looks are not
            return _rebuilt(read_sheets(path, (), ())[0], language)
        _unmark(book)
        return book
    return _rebuilt(read_sheets(path, (), ())[0], language)


def _is_too_large(path: Path, formats: Sequence[ExtractFormat]) -> bool:
    encodings = [e for f in formats for e in f.encodings]
    read = (s for sheets in read_sheets(path, encodings, DELIMITERS) for s in sheets)
    return any(s.height * max(map(len, s.head), default=0) > COPIED_MAX for s in read)


def _rebuilt(sheets: Sequence[Sheet], language: str) -> Workbook:
    """A new workbook with the cells as they were read; texts stay texts, whatever they look like."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.name or TEXT_SHEET[language])
        for r, row in enumerate(sheet.rows, start=1):
            for c, value in enumerate(row, start=1):
                if isinstance(value, CellError):
                    merged = lost_kind(value) == "cell_merged"
                    _put_text(page.cell(r, c), "" if merged else str(value))
                elif not isinstance(value, str):
                    page.cell(r, c, value)
                elif value:
                    _put_text(page.cell(r, c), value)
                    page.cell(r, c).number_format = "@"
        for c in range(1, page.max_column + 1):
            page.column_dimensions[get_column_letter(c)].width = 22
    return book


def _put_text(cell: Cell, text: str) -> None:
    """A text that stays one, also where it begins with »=«."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"


def _unmark(book: Workbook) -> None:
    """Take away the marks of an earlier copy, so that one that has been mended can be tried again."""
    titles = {words[0] for words in LIST_WORDS.values()}
    for page in list(book.worksheets):
        if page.title in titles and page.sheet_properties.codeName == _code_name(page.title):
            book.remove(page)
            continue
        for row in page.iter_rows():
            for cell in row:
                if cell.has_style and cell.fill.fgColor.rgb == RED:
                    cell.fill = PatternFill()
                    if cell.comment is not None and cell.comment.author == AUTHOR:
                        cell.comment = None


def _code_name(title: str) -> str:
    """What tells the list of faults from a sheet of the municipality's own with the same name."""
    return f"SurveyCheck{title}"


def _mark(page: Worksheet, row: int, column: int, comment_text: str) -> None:
    """Red, with a comment where there is something to tell; a comment that was there stays below."""
    cell = _anchor(page, row, column)
    cell.fill = PatternFill("solid", fgColor=RED)
    if comment_text:
        before = f"\n\n{cell.comment.text}" if cell.comment is not None else ""
        comment = Comment(comment_text + before, AUTHOR)
        comment.width, comment.height = 320, 40 + 18 * (1 + len(comment.text) // 45)
        cell.comment = comment


def _anchor(page: Worksheet, row: int, column: int) -> Cell:
    """The cell, or the first one of the merged cells that it lies in."""
    cell = page.cell(row, column)
    if not isinstance(cell, MergedCell):
        return cell
    area = next(a for a in page.merged_cells.ranges if cell.coordinate in a)
    return page.cell(area.min_row, area.min_col)


# ---------------------------------------------------------------------------------- the list of faults


def _list_faults(book: Workbook, file: str, faults: Sequence[Fault], language: str) -> None:
    """The first sheet: a row a faulty cell, with a link to it."""
    name, title, note, headings = LIST_WORDS[language]
    page = book.create_sheet(name, 0)
    page.sheet_properties.codeName = _code_name(page.title)
    page["A1"], page["A2"] = title.format(file=file), note
    page["A1"].font = Font(name="Arial", size=14, bold=True, color=style.TEAL.strip("#"))
    page["A2"].font = Font(name="Arial", size=10, color=style.GREY.strip("#"))
    for c, (heading, width) in enumerate(zip(headings, _LIST_WIDTHS), start=1):
        cell = page.cell(_LIST_HEAD, c, heading)
        cell.font = Font(name="Arial", size=10, bold=True, color=style.TEAL.strip("#"))
        cell.fill = PatternFill("solid", fgColor=style.TINT.strip("#"))
        page.column_dimensions[get_column_letter(c)].width = width
    for number, (fault, at) in enumerate(_places(faults), start=1):
        _list_fault(page, number, fault, at, language)
    page.freeze_panes = page.cell(_LIST_HEAD + 1, 1)
    page.auto_filter.ref = f"A{_LIST_HEAD}:G{_LIST_HEAD + number}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", page.PAPERSIZE_A4
    page.page_setup.fitToHeight, page.sheet_properties.pageSetUpPr.fitToPage = 0, True
    for other in book.worksheets:
        other.sheet_view.tabSelected = other is page
    book.active = 0


def _list_fault(
    page: Worksheet, number: int, fault: Fault, at: tuple[int, int] | None, language: str
) -> None:
    """One row of the list; `at`: row and column of the faulty cell, None where there is none."""
    sheet = _sheet_name(fault, language) if at else ""
    where = f"{get_column_letter(at[1])}{at[0]}" if at else ""
    row = at[0] if at else None
    texts = sentence(fault, language), fault.in_language(language).remedy
    for c, value in enumerate((number, sheet, row, fault.place.column, where, *texts), start=1):
        cell = page.cell(_LIST_HEAD + number, c)
        if isinstance(value, str):
            _put_text(cell, value)
        else:
            cell.value = value
        cell.font = Font(name="Arial", size=10)
        cell.alignment = Alignment("left", "top", wrap_text=True)
    longest = max(map(len, texts))
    page.row_dimensions[_LIST_HEAD + number].height = 14 * -(-longest // _LIST_WIDTHS[-1])
    if at and number <= LINKS_MAX:
        link = page.cell(_LIST_HEAD + number, 5)
        link.hyperlink = Hyperlink(link.coordinate, location=f"{quote_sheetname(sheet)}!{where}")
        link.font = Font(name="Arial", size=10, underline="single", color="0563C1")
