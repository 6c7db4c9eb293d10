"""ZIP files, and Office files, which are ZIP files of XML: their parts, and worksheets' numbers; what
gzip holds."""

from __future__ import annotations

import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial

from helpers.common.plain_text import BREAK
from helpers.scan.markup import read_xml
from helpers.scan.signatures import ending_for
from helpers.scan.text import Contents, Part, Table, Text, decode, plain_digits, printable

PART_BYTES_MAX = 512 * 2**20


def read_zip(content: bytes) -> Contents:
    """Every part with its name, comments, and what is closed by a password, size or damage."""
    contents = Contents()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            contents.texts.append(Text(decode(archive.comment)[0], "comment of the archive"))
            for entry in archive.infolist():
                if entry.comment:
                    contents.texts.append(Text(decode(entry.comment)[0], "comment of a part"))
                contents.parts.append(_part(archive, entry))
        contents.tables += _sheets({p.name: p.content for p in contents.parts if not p.closed})
    except (zipfile.BadZipFile, ValueError, OSError, struct.error):
        contents.unreadable.append("broken or protected by a password")
    return contents


_SHEET = re.compile(r"xl/worksheets/([^/]+)\.xml")
_ROW = re.compile(rb"<row[ >].*?</row>", re.DOTALL)
_CELL = re.compile(rb"<c( [^>]*?)?(?:/>|>(.*?)</c>)", re.DOTALL)
_INLINE_TEXT = (b"<is>", b't="str"')
_FIVE_DIGITS = re.compile(rb"<v>([0-9]{5,6})(?:\.0*)?</v>")
_VALUE = re.compile(rb"<v(?: [^>]*)?>([^<]*)</v>")
_STRING = re.compile(rb"<si>(.*?)</si>|<si/>", re.DOTALL)
_TEXT_OF_STRING = re.compile(rb"<t(?: [^>]*)?>([^<]*)</t>")


def _sheets(parts: dict[str, bytes]) -> Iterator[Table]:
    """The sheets of a workbook, for what neighbouring cells tell together."""
    sheets = {m[1]: parts[name] for name in parts if (m := _SHEET.fullmatch(name))}
    strings = [
        _plain_text(b"".join(_TEXT_OF_STRING.findall(m[1] or b"")))
        for m in _STRING.finditer(parts.get("xl/sharedStrings.xml", b"") if sheets else b"")
    ]
    for name, content in sheets.items():
        if any(sign in content for sign in _INLINE_TEXT):
            yield Table.of(_rows(content, strings), f"rows of {name}")
        else:
            cells, rows = partial(_cells, content, strings), partial(_rows, content, strings)
            yield Table(cells, rows, f"rows of {name}")


def _cells(content: bytes, strings: list[str]) -> set[str]:
    return {*strings, *(digits.decode() for digits in _FIVE_DIGITS.findall(content))}


def _rows(content: bytes, strings: list[str]) -> str:
    return "\n".join(BREAK.join(_row_cells(row[0], strings)) for row in _ROW.finditer(content))


def _row_cells(row: bytes, strings: list[str]) -> Iterator[str]:
    for attributes, inner in _CELL.findall(row):
        value = _VALUE.search(inner)
        if value is None:
            yield _plain_text(b"".join(_TEXT_OF_STRING.findall(inner)))
        elif b't="s"' in attributes and value[1].isdigit() and int(value[1]) < len(strings):
            yield strings[int(value[1])]
        else:
            yield _plain_text(value[1])


def _plain_text(content: bytes) -> str:
    return " ".join(html.unescape(decode(content)[0]).split())


def _part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Part:
    inner = entry.filename.strip("/")
    if entry.is_dir():
        return Part(f"{inner}/")
    if entry.flag_bits & 1:
        return Part(inner, closed="protected by a password")
    if entry.file_size > PART_BYTES_MAX:
        return Part(inner, closed=f"larger than {PART_BYTES_MAX // 2**20} MB")
    try:
        return Part(inner, archive.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
        return Part(inner, closed="broken")


def read_gzip(content: bytes) -> Contents:
    """What every member holds, judged by its content, and the name and comment ahead of it."""
    contents, rest = Contents(), content
    while rest.startswith(b"\x1f\x8b"):
        contents.texts.append(Text(printable(_gzip_words(rest)), "name in the archive"))
        member = zlib.decompressobj(wbits=31)
        try:
            inner = member.decompress(rest, PART_BYTES_MAX)
        except zlib.error:
            inner = b""
        rest = member.unused_data.lstrip(b"\0")
        if member.unconsumed_tail:
            contents.unreadable.append(f"larger than {PART_BYTES_MAX // 2**20} MB")
        elif not member.eof:
            contents.unreadable.append("broken")
        else:
            name = f"content-{len(contents.parts) + 1}{ending_for('', inner)}"
            contents.parts.append(Part(name, inner))
    if rest or not content:
        contents.unreadable.append("no gzip" if rest == content else "more behind what is packed")
    return contents


def _gzip_words(member: bytes) -> bytes:
    """Extra field, file name and comment of a member (RFC 1952, 2.3), which end where text does."""
    flags, position = member[3:4], 10
    if not flags or not flags[0] & 0b11100:
        return b""
    if flags[0] & 0b100:
        position += 2 + int.from_bytes(member[10:12], "little")
    for flag in (0b1000, 0b10000):
        if flags[0] & flag:
            position = member.find(b"\0", position) + 1 or len(member)
    return member[10:position].replace(b"\0", b"\n")


_NUMBER_CELL = re.compile(rb"<v>([0-9]{8,10}(?:\.0*)?|[0-9](?:\.[0-9]{1,9})?[eE]\+?0?[789])</v>")
_WORDED = (b"<is>", b"<f>", b"<f ", b"<f/", b't="str"', b't="inlineStr"', b"<!", b"<v ")


def read_worksheet(content: bytes) -> Contents:
    """Numeric cells by their digits. Cells with words of their own go through the slow reading."""
    start, end = content.find(b"<sheetData>"), content.rfind(b"</sheetData>")
    if start < 0 or end < 0 or any(content.find(w, start, end) > 0 for w in _WORDED):
        return read_xml(content)
    contents = read_xml(content[:start] + content[end + len(b"</sheetData>") :])
    for match in _NUMBER_CELL.finditer(content, start, end):
        opening = content[content.rfind(b"<c ", start, match.start()) : match.start()]
        digits = plain_digits(match[1].decode())
        if digits and not re.search(rb't="[sbe]"', opening):
            reference = re.search(rb'r="([A-Z]{1,3}[0-9]{1,7})"', opening)
            place = f"cell {reference[1].decode()}" if reference else "cell"
            contents.texts.append(Text(digits, place))
    return contents
