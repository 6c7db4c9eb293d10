"""Facts of an .xlsx or .xlsm workbook, read from its XML (ECMA-376, part 1, chapter 18).

Most sheets are plain: no error, no formula, nothing hidden, no cell far out. That is seen by searching
the bytes; only another sheet is parsed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from itertools import product
from xml.etree import ElementTree
from xml.parsers import expat

from helpers.received.facts import (
    ERROR_CODES,
    NOT_COMPUTED,
    UNKNOWN_ERROR,
    NotReadable,
    SheetFacts,
    WorkbookFacts,
)
from helpers.received.limits import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_SHEET_CHARACTERS

# bytes of rows that a plain sheet lacks: an error, a formula, a hidden row, attributes in other marks
_MARKUP_OF_FACTS = (b'"e"', b"<f", b"hidden=", b' ht="0', b"='")
_SHOWN = b' hidden="false"'  # LibreOffice says so of every row
_TRUE = ("1", "true", "on")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,7})\$?([0-9]{1,10})")


def read_facts(parts: Mapping[str, bytes]) -> WorkbookFacts:
    """Raises NotReadable where the workbook's parts do not fit together."""
    by_name = {name.lower().replace("\\", "/").lstrip("/"): name for name in parts}

    def part(path: str) -> bytes:
        name = by_name.get(path.lower())
        return parts[name] if name else b""

    try:
        workbook = ElementTree.fromstring(part("xl/workbook.xml"))
        targets = relations(part("xl/_rels/workbook.xml.rels"))
    except ElementTree.ParseError as e:
        raise NotReadable from e
    settings = {_local(e.tag): e for e in workbook}
    computed_on_opening = _is_true(settings.get("calcPr"), "fullCalcOnLoad")
    strings = part("xl/sharedstrings.xml")
    sheets = {}
    for sheet in settings.get("sheets", ()):
        target = targets.get(next((v for k, v in sheet.attrib.items() if _local(k) == "id"), ""))
        if target and (xml := part(target)):
            sheets[sheet.get("name", "")] = _sheet(xml, strings, computed_on_opening)
    return WorkbookFacts(sheets, _is_true(settings.get("workbookPr"), "date1904"))


def with_known_errors(parts: dict[str, bytes], facts: WorkbookFacts) -> dict[str, bytes]:
    """The parts with errors that calamine does not know, as `#SPILL!`, written as one that it knows: it
    refuses the file else."""
    texts = {text for sheet in facts.sheets.values() for text in sheet.lost.values()}
    known = {NOT_COMPUTED, *ERROR_CODES.values()}
    unknown = [t.encode() for t in texts - known if t.startswith("#")]
    changed = dict(parts)
    for name, text in product((n for n in parts if not n.endswith("sharedStrings.xml")), unknown):
        changed[name] = changed[name].replace(b">" + text + b"<", b">#N/A<")
    return changed


def relations(part: bytes) -> dict[str, str]:
    """Relation id → path of the part inside the archive; those of the workbook itself."""
    return {
        e.get("Id", ""): posixpath.normpath(
            t.lstrip("/") if (t := e.get("Target", "")).startswith("/") else posixpath.join("xl", t)
        )
        for e in ElementTree.fromstring(part)
    }


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _is_true(element: ElementTree.Element | None, name: str) -> bool:
    return element is not None and element.get(name, "").lower() in _TRUE


def column_number(letters: str | bytes) -> int:
    """»A« → 1, »XFD« → 16,384."""
    number = 0
    for letter in letters.upper() if isinstance(letters, bytes) else letters.upper().encode():
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """16,384 → »XFD«."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sheet(xml: bytes, strings: bytes, computed_on_opening: bool) -> SheetFacts:
    plain = _if_plain(xml, strings)
    return plain if plain is not None else _Parsed(strings, computed_on_opening).read(xml)


def _if_plain(xml: bytes, strings: bytes) -> SheetFacts | None:
    """The facts of a sheet that is seen to have no errors, formulas or hidden rows; `rows` and
    `columns` may be too large, never too small. None where it has to be parsed."""
    rows_xml = xml[xml.find(b"<sheetData") : xml.rfind(b"</sheetData")].replace(_SHOWN, b"")
    found = re.findall(rb'<c r="([A-Z]{1,7})[0-9]', rows_xml)
    if (
        not found
        or len(found) != rows_xml.count(b"<c")
        or any(t in rows_xml for t in _MARKUP_OF_FACTS)
    ):
        return None
    columns = max(map(column_number, set(found)))
    beyond = re.findall(rb'<c r="[A-Z]+([0-9]{6,})', rows_xml)
    rows = max(map(int, beyond), default=99_999)
    characters = rows_xml.count(b't="s"') * max(map(len, strings.split(b"<si")))
    if (
        rows > MAX_ROWS
        or columns > MAX_COLUMNS
        or rows * columns > MAX_CELLS
        or characters > MAX_SHEET_CHARACTERS
    ):
        return None
    return SheetFacts(rows=rows, columns=columns)


class _Parsed:
    """Reads a sheet element by element."""

    def __init__(self, strings: bytes, computed_on_opening: bool) -> None:
        self.facts = SheetFacts()
        self.lengths = list(_lengths(strings))
        self.computed_on_opening = computed_on_opening
        self.row = self.column = 0
        self.type, self.value = "n", ""
        self.has_formula = self.has_value = self.in_value = False

    def read(self, xml: bytes) -> SheetFacts:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(xml, True)
        except expat.ExpatError as e:
            raise NotReadable from e
        return self.facts

    def _start(self, tag: str, given: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "c":
            self.column += 1
            if place := _REFERENCE.fullmatch(given.get("r", "")):
                self.column, self.row = column_number(place[1]), int(place[2])
            self.type, self.value = given.get("t", "n"), ""
            self.has_formula = self.has_value = False
        elif tag == "row":
            number = given.get("r", "")
            self.row = int(number) if number.isdecimal() else self.row + 1
            self.column = 0
            if given.get("hidden", "").lower() in _TRUE or _is_zero(given.get("ht", "")):
                self.facts.hidden_rows.add(self.row)
        elif tag in ("v", "t"):
            self.has_value = self.in_value = True
        elif tag == "f":
            self.has_formula = True

    def _text(self, text: str) -> None:
        if self.in_value:
            self.value += text

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        if tag in ("v", "t"):
            self.in_value = False
        elif tag == "c":
            self._cell()

    def _cell(self) -> None:
        value = self.value.strip()
        if self.type == "e":
            self.facts.lose(self.row, self.column, value or UNKNOWN_ERROR)
        elif self.has_formula and self._is_not_computed(value):
            self.facts.lose(self.row, self.column, NOT_COMPUTED)
        elif self.has_value:  # an empty text, too, is a cell to those who read it
            self.facts.fill(self.row, self.column)
            if self.type == "s" and value.isdecimal() and int(value) < len(self.lengths):
                self.facts.characters += self.lengths[int(value)]

    def _is_not_computed(self, value: str) -> bool:
        """No value at all, none where the result is no text, or the 0 that a program writes which
        leaves computing to whoever opens the file."""
        if not value:
            return not self.has_value or self.type != "str"
        return self.computed_on_opening and self.type == "n" and value == "0"


def _is_zero(height: str) -> bool:
    return height != "" and not height.strip("0.")


def _lengths(strings: bytes) -> Iterator[int]:
    """Bytes of each shared text."""
    return (len(text) for text in re.split(rb"<(?:\w+:)?si[\s>/]", strings)[1:])
