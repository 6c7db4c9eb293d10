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

WORKBOOK_ENDINGS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
TEXT_ENDINGS = {".csv", ".txt"}
_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class Sheet:
    """One table as received; `rows[0]` is row 1. Text files have one sheet with an empty name."""

    name: str
    rows: list[list[object]]

    def where(self, file: Path) -> str:
        return f"{file.name}, sheet »{self.name}«" if self.name else file.name


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
        raise ExtractError(
            path.name,
            "is empty (0 bytes)",
            "an extract",
            "Ask for the file again, then run intake.",
        )
    ending = path.suffix.lower()
    if ending in WORKBOOK_ENDINGS:
        return [_read_workbook(path, content)]
    if ending in TEXT_ENDINGS:
        return _read_text(path, content, encodings, delimiters)
    raise ExtractError(
        path.name,
        f"is a »{ending}« file",
        f"one of {', '.join(sorted(WORKBOOK_ENDINGS | TEXT_ENDINGS))}",
        "Save the extract as a workbook (.xlsx) or CSV.",
    )


def _read_workbook(path: Path, content: bytes) -> list[Sheet]:
    if content.startswith(_OLE_MAGIC) and _ENCRYPTED_STREAM in content:
        raise ExtractError(
            path.name,
            "is protected by a password",
            "an open workbook",
            "Remove the password in Excel (File, Info, Protect Workbook) and save, then run intake.",
        )
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = []
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            sheets.append(Sheet(name, rows))
        return sheets
    except (CalamineError, OSError, ValueError) as e:
        raise ExtractError(
            path.name,
            "is broken or no workbook at all",
            "a workbook that Excel opens",
            "Open it in Excel, save it again as .xlsx, then run intake.",
        ) from e


def _read_text(
    path: Path, content: bytes, encodings: Sequence[str], delimiters: Sequence[str]
) -> list[list[Sheet]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            break
    else:
        raise ExtractError(
            path.name,
            "is no readable text",
            f"a text file in {' or '.join(encodings)}",
            "Save it again as CSV, then run intake.",
        )
    readings = []
    for delimiter in delimiters:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        readings.append([Sheet("", rows)])
    return readings
