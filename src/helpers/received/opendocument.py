"""Facts of an .ods workbook, read from its content (OpenDocument 1.3, part 3, chapter 9)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.parsers import expat

from helpers.received.cell_texts import is_error_text
from helpers.received.facts import (
    NOT_COMPUTED,
    UNKNOWN_ERROR,
    NotReadable,
    SheetFacts,
    WorkbookFacts,
)
from helpers.received.limits import MAX_CELLS, MAX_ROWS

_HIDDEN = ("collapse", "filter")


def read_facts(parts: Mapping[str, bytes]) -> WorkbookFacts:
    """Raises NotReadable where the content is no XML. A document that is encrypted has none."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(parts.get("content.xml", b""), True)
    except (expat.ExpatError, ValueError) as e:
        raise NotReadable from e
    return WorkbookFacts(reader.sheets, reader.epoch_1904)


class _Reader:
    def __init__(self) -> None:
        self.sheets: dict[str, SheetFacts] = {}
        self.epoch_1904 = False
        self.facts = SheetFacts()
        self.row = self.column = self.tables = self.notes = 0
        self.row_repeats = self.repeats = 1
        self.cell: dict[str, str] | None = None
        self.shown, self.has_text = "", False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "table:table":
            self.tables += 1
            if self.tables == 1:
                self.row, self.row_repeats = 0, 1
                self.facts = self.sheets.setdefault(given.get("table:name", ""), SheetFacts())
        elif tag == "table:null-date":
            self.epoch_1904 = given.get("table:date-value", "").startswith("1904")
        elif tag == "office:annotation":
            self.notes += 1
        elif self.tables != 1:
            return
        elif tag == "table:table-row":
            self.row, self.column = self.row + 1, 0
            self.row_repeats = _repeats(given, "table:number-rows-repeated")
            if given.get("table:visibility") in _HIDDEN:
                beyond = min(self.row + self.row_repeats, MAX_ROWS + 1)
                self.facts.hidden_rows.update(range(self.row, beyond))
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self.column += 1
            self.repeats = _repeats(given, "table:number-columns-repeated")
            self.cell, self.shown, self.has_text = given, "", False
            if deep := _repeats(given, "table:number-rows-spanned") - 1:
                wide = _repeats(given, "table:number-columns-spanned") - 1
                self.facts.merged.append(
                    (self.row, self.column, self.row + deep, self.column + wide)
                )
        elif tag == "text:p" and self.notes == 0:
            self.has_text = True

    def text(self, text: str) -> None:
        if self.cell is not None and self.has_text and self.notes == 0:
            self.shown += text

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self.tables -= 1
        elif tag == "office:annotation":
            self.notes -= 1
        elif self.tables != 1:
            return
        elif tag == "table:table-row":
            self.row += self.row_repeats - 1
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            self._cell(self.cell or {}, self.shown.strip())
            self.cell = None
            self.column += self.repeats - 1

    def _cell(self, given: Mapping[str, str], shown: str) -> None:
        lost = _lost(given, shown, self.has_text)
        if not lost and not shown and "office:value-type" not in given:
            return
        last_row, last = self.row + self.row_repeats - 1, self.column + self.repeats - 1
        self.facts.fill(last_row, last)
        self.facts.characters += len(shown) * self.row_repeats * self.repeats
        if lost and last_row * last <= MAX_CELLS:  # else the sheet is refused for its size
            for row in range(self.row, last_row + 1):
                for column in range(self.column, last + 1):
                    self.facts.lose(row, column, lost)


def _repeats(given: Mapping[str, str], name: str) -> int:
    repeats = given.get(name, "1")
    if not repeats.isdecimal():
        raise ValueError(repeats)
    return max(1, int(repeats))


def _lost(given: Mapping[str, str], shown: str, has_text: bool) -> str:
    """What stands in place of the cell's value; empty where it has one.

    A formula that gives an empty text has a paragraph without letters, one that was never computed has
    none. Programs write an error as a text or number that differs from what is shown.
    """
    if given.get("calcext:value-type") == "error":
        return shown or UNKNOWN_ERROR
    if "table:formula" in given:
        if "office:value-type" not in given and not has_text:
            return NOT_COMPUTED
        if is_error_text(shown):
            return shown
    return ""
