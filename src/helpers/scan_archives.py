"""ZIP files, and Office files, which are ZIP files of XML: their parts, and worksheets' numbers."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

from helpers.scan_markup import read_xml
from helpers.scan_text import Contents, Part, Text, decode, plain_digits

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
    except (zipfile.BadZipFile, ValueError, OSError, struct.error):
        contents.unreadable.append("broken or protected by a password")
    return contents


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
