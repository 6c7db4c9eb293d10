"""A received file → rows of cells, whatever kind of table it is.

Workbooks are read by calamine, text files with every encoding and delimiter that is asked for.
What cannot be opened is told in words a municipality can act on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from helpers.errors import ExtractError
from helpers.faults import Place, fault

WORKBOOK_ENDINGS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
TEXT_ENDINGS = {".csv", ".txt"}
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class CellError:
    """What stands in place of a cell's value that is lost: `#N/A`, `#REF!`, a formula never computed.

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

    def where(self, file: Path) -> str:
        return self.place(file).told()

    def place(self, file: Path, **more) -> Place:
        """A place in this sheet; `more` as of Place."""
        return Place(file.name, self.name, **more)


def is_table_file(path: Path) -> bool:
    """True for files that could be an extract or an export; not for Excel's lock files."""
    known = path.suffix.lower() in WORKBOOK_ENDINGS | TEXT_ENDINGS
    return known and path.is_file() and not path.name.startswith(("~$", "."))


def read_sheets(
    path: Path, encodings: Sequence[str], delimiters: Sequence[str]
) -> list[list[Sheet]]:
    """All readings of a file, each a list of sheets: one for a workbook, one a delimiter for text.

    Raises ExtractError where the file is empty, broken, password-protected or of no known kind.
    """
    content = path.read_bytes()
    if not content:
        raise _refused(path, "file_empty")
    ending = path.suffix.lower()
    if ending in WORKBOOK_ENDINGS:
        return [_read_workbook(path, content)]
    if ending in TEXT_ENDINGS:
        return _read_text(path, content, encodings, delimiters)
    known = ", ".join(sorted(WORKBOOK_ENDINGS | TEXT_ENDINGS))
    raise _refused(path, "file_ending", ending=ending, known=known)


def _refused(path: Path, kind: str, **details: str) -> ExtractError:
    return ExtractError(problems=[fault(kind, Place(path.name), **details)])


def _read_workbook(path: Path, content: bytes) -> list[Sheet]:
    if content.startswith(_OLE_MAGIC) and _ENCRYPTED_STREAM in content:
        raise _refused(path, "file_password")
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            sheets.append(Sheet(name, rows))
        return sheets
    except (CalamineError, OSError, ValueError) as e:
        raise _refused(path, "file_broken") from e


def decoded(path: Path, content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """(text, encoding): the first of `encodings` that reads the file; UTF-16 by its mark.

    Raises ExtractError where none does.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise _refused(path, "file_no_text", encodings=" / ".join(encodings))


def _read_text(
    path: Path, content: bytes, encodings: Sequence[str], delimiters: Sequence[str]
) -> list[list[Sheet]]:
    text, _ = decoded(path, content, encodings)
    readings = []
    for delimiter in delimiters:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        readings.append([Sheet("", rows)])
    return readings
