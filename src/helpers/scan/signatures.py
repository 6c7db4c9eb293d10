"""The kind of a file by its content, where its name or type is unknown or may be wrong.

Bytes that are text are read as text, whatever type is claimed: a font or picture of letters is none.
Other bytes are known by how they begin. What is neither keeps the type it claims, and a reader
that cannot open it says so.
"""

from __future__ import annotations

import json
import re
import struct

from helpers.scan.text import decode

ANY_TEXT = ".text"  # read as prose, as markup and as a table
UNKNOWN = ".bin"
FONT = ".ttf"

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", ".png"), (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"), (b"GIF89a", ".gif"),
    (b"%PDF-", ".pdf"), (b"PK\x03\x04", ".zip"), (b"PK\x05\x06", ".zip"),
    (b"\x1f\x8b\x08", ".gz"), (b"PAR1", ".parquet"),
)  # fmt: skip
_OFFICE = {".xlsx", ".pptx", ".docx"}
_PROSE = {".txt", ".md"}
_XML = {".svg", ".xml", ".xhtml"}
_CLAIM_TEXT = _PROSE | _XML | {".css", ".js", ".html", ".json", ".csv", ".ics"}
_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_HTML = re.compile(r"\s*<(?:!--|!doctype\s+html\b|(?:html|head|body)\b)", re.IGNORECASE)
_OTHER_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|svg)\b", re.IGNORECASE)
_CALENDAR = re.compile(r"\s*BEGIN:VCALENDAR", re.IGNORECASE)
# Letters that stand for other letters: RTF, PostScript, mail, contacts, uuencode.
_ENCODED = re.compile(
    r"\A\s*(?:\{\\rtf|%!PS|BEGIN:VCARD|begin [0-7]{3} )|^content-transfer-encoding:",
    re.IGNORECASE | re.MULTILINE,
)
_IS_CODE = {  # in prose are no braces
    ".css": re.compile(r"\s*[^<\s].*?\{", re.DOTALL),
    ".js": re.compile(r"\s*[^<\s].*?[{=]", re.DOTALL),
}

_SUBTYPES = {
    "svg+xml": ".svg", "plain": ".txt", "javascript": ".js", "x-javascript": ".js",
    "markdown": ".md", "latex": ".txt", "jpeg": ".jpg", "xhtml+xml": ".xhtml", "calendar": ".ics",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip


def ending_of(mime: str) -> str:
    """File ending of a MIME type; fonts have `.ttf` and JSON dialects `.json`."""
    major, _, minor = mime.lower().partition("/")
    if major == "font" or "font" in minor:
        return FONT
    if minor.endswith("json"):
        return ".json"
    return _SUBTYPES.get(minor, ".xml" if minor.endswith("+xml") else f".{minor or 'txt'}")


def ending_for(mime: str, content: bytes) -> str:
    """File ending by which content is read that claims a MIME type, or none (»«)."""
    claimed = ending_of(mime) if mime else ANY_TEXT
    if claimed in _XML and content[:80].lstrip().startswith(b"<"):
        return claimed
    text = _text_of(content, old=claimed in _CLAIM_TEXT)
    if text is not None:
        return ".pdf" if content.startswith(b"%PDF-") else _kind_of_text(text, claimed)
    for beginning, ending in _BEGINNINGS:
        if content.startswith(beginning):
            return claimed if ending == ".zip" and claimed in _OFFICE else ending
    if is_font(content):
        return FONT
    known = _XML | _OFFICE | {ending for _, ending in _BEGINNINGS}
    return claimed if claimed in known else UNKNOWN


def _text_of(content: bytes, old: bool) -> str | None:
    """The content where it is text without control characters, in Unicode or, if it claims to be text, in
    an old encoding, in which nearly all bytes are letters."""
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not wide and _CONTROL.search(content):
        return None
    if not wide and not old:
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
    text, trouble = decode(content)
    return None if trouble else text


def _kind_of_text(text: str, claimed: str) -> str:
    """The claimed kind where the text may be of it, else the kind that it looks like."""
    if claimed == ".json" or (claimed in _XML and text.lstrip().startswith("<")):
        return claimed
    if claimed == ".ics" or _CALENDAR.match(text):
        return ".ics"
    if _is_json(text):
        return ".json"
    if claimed in _PROSE:
        return ANY_TEXT
    if claimed == ".html" or (claimed in _IS_CODE and _IS_CODE[claimed].match(text)):
        return claimed
    if _HTML.match(text):
        return ".html"
    if _OTHER_MARKUP.match(text):
        return ".svg"
    if claimed == ".csv":
        return claimed
    return UNKNOWN if _ENCODED.search(text) else ANY_TEXT


def _is_json(text: str) -> bool:
    """True for an object or a list; a bare number or word is prose."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_font(content: bytes) -> bool:
    """True for WOFF, WOFF2, TrueType, OpenType and EOT whose own length is that of the content."""
    if len(content) < 44:
        return False
    if content[:4] in (b"wOFF", b"wOF2"):
        return struct.unpack_from(">I", content, 8)[0] == len(content)
    if content[:4] in (b"\0\1\0\0", b"OTTO", b"true"):
        return _end_of_tables(content) <= len(content) < _end_of_tables(content) + 4
    return content[34:36] == b"LP" and struct.unpack_from("<I", content)[0] == len(content)


def _end_of_tables(content: bytes) -> int:
    """Where the last table of a TrueType or OpenType font ends; at no size where there is none."""
    (number,) = struct.unpack_from(">H", content, 4)
    if not number or 12 + 16 * number > len(content):
        return len(content) + 1
    places = (struct.unpack_from(">II", content, 20 + 16 * i) for i in range(number))
    return max(start + size for start, size in places)
