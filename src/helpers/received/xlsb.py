"""Facts of an .xlsb workbook, read from its records (MS-XLSB 2.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from helpers.received.facts import (
    ERROR_CODES,
    UNKNOWN_ERROR,
    NotReadable,
    SheetFacts,
    WorkbookFacts,
)
from helpers.received.ooxml import relations

_ROW, _BLANK, _CELL_ERROR, _SHARED_TEXT, _FORMULA_ERROR = 0, 1, 3, 7, 11
_SHORT_CELLS = range(12, 19)  # which follow the cell before; calamine passes over them
_CELLS = range(
    2, 12
)  # RK, error, truth, number, text, shared text; formulas of text, number, truth, error
_SHARED_TEXT_ITEM, _WORKBOOK_PROPERTIES, _SHEET_OF_BOOK = 19, 153, 156
_MERGED_CELL = 176
_HIDDEN_ROW = 0x10  # of the twelfth byte of a row


def read_facts(parts: Mapping[str, bytes]) -> WorkbookFacts:
    """Raises NotReadable where the workbook's parts do not fit together."""
    by_name = {name.lower(): content for name, content in parts.items()}
    try:
        targets = relations(by_name["xl/_rels/workbook.bin.rels"])
        lengths = [
            len(item)
            for kind, item in _records(by_name.get("xl/sharedstrings.bin", b""))
            if kind == _SHARED_TEXT_ITEM
        ]
        sheets, epoch_1904 = {}, False
        for kind, record in _records(by_name["xl/workbook.bin"]):
            if kind == _WORKBOOK_PROPERTIES:
                epoch_1904 = bool(record[0] & 1)
            elif kind == _SHEET_OF_BOOK:
                relation, end = _text(record, 8)
                name, _ = _text(record, end)
                if content := by_name.get(targets.get(relation, "").lower()):
                    sheets[name] = _sheet(content, lengths)
        return WorkbookFacts(sheets, epoch_1904)
    except (ElementTree.ParseError, KeyError, IndexError, struct.error, UnicodeDecodeError) as e:
        raise NotReadable from e


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(kind, content) of each record."""
    at, end = 0, len(content)
    while at < end:
        kind, at = content[at], at + 1
        if kind & 0x80:
            kind, at = kind & 0x7F | (content[at] & 0x7F) << 7, at + 1
        size = 0
        for shift in (0, 7, 14, 21):
            byte, at = content[at], at + 1
            size |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, content[at : at + size]
        at += size


def _text(record: bytes, at: int) -> tuple[str, int]:
    """(text, where it ends): its number of signs, then two bytes a sign."""
    (signs,) = struct.unpack_from("<I", record, at)
    end = at + 4 + 2 * signs
    return record[at + 4 : end].decode("utf-16-le"), end


def _sheet(content: bytes, lengths: list[int]) -> SheetFacts:
    facts, row = SheetFacts(), 0
    for kind, record in _records(content):
        if kind == _ROW:
            row = struct.unpack_from("<I", record)[0] + 1
            if record[11] & _HIDDEN_ROW:
                facts.hidden_rows.add(row)
        elif kind in _SHORT_CELLS:
            raise NotReadable
        elif kind == _MERGED_CELL:
            first, last, left, right = struct.unpack_from("<4I", record)
            facts.merged.append((first + 1, left + 1, last + 1, right + 1))
        elif kind in _CELLS:
            column = struct.unpack_from("<I", record)[0] + 1
            if kind in (_CELL_ERROR, _FORMULA_ERROR):
                facts.lose(row, column, ERROR_CODES.get(record[8], UNKNOWN_ERROR))
                continue
            facts.fill(row, column)
            if kind == _SHARED_TEXT:
                (number,) = struct.unpack_from("<I", record, 8)
                facts.characters += lengths[number] if number < len(lengths) else 0
    return facts
