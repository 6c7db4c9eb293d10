"""The letters of a text file: UTF-8 or Windows', and never one read as the other.

Almost any bytes can be read as Windows' letters (cp1252), so that is believed only of a file that shows
no sign of UTF-8 with a broken byte, or of the code pages of DOS and Macintosh, where æ, ø, å are others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from helpers.common.errors import ExtractError
from helpers.faults.faults import Place, refusal
from helpers.received.cell_texts import composed

SHARE = 0.2  # of a file's letters beyond ASCII that tell of another encoding than most
_WINDOWS = ("cp1252", "windows-1252", "latin-1", "latin1", "iso-8859-1", "iso8859-1")
_UTF8_MARK, _UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_UTF8_LETTER = re.compile(  # Â and Ã, which begin them, and â€ stand in no Danish text of Windows'
    rb"[\xc2\xc3][\x80-\xbf]|\xe2\x80[\x80-\xbf]"
)
_DANISH = re.compile(rb"[\xc6\xd8\xc5\xe6\xf8\xe5]")  # ÆØÅæøå of Windows
# æøå, ÆØÅ of DOS (cp850, cp865) and Macintosh inside a word, or no sign at all
_OTHER_LETTER = re.compile(
    rb"(?<=[A-Za-z])[\x91\xbe\xbf\x8c][a-z]|[\x86\x9b][a-z]|[\x81\x8d\x8f\x90\x9d]"
)
_OTHER_SIGNS = b"\x91\xbe\xbf\x8c\x86\x9b\x81\x8d\x8f\x90\x9d"  # that it may find
_LINE_END = re.compile(rb"\r\n|\r|\n")


def decoded(path_name: str, content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """(text with composed letters, encoding): the first of `encodings` that reads the file as it was
    written; UTF-16 by its mark.

    Raises ExtractError, with the line, where a byte breaks UTF-8 or the letters are of another code
    page; and where no encoding reads the file.
    """
    if content.startswith(_UTF16_MARKS):
        encodings = ["utf-16"]
    at = 0
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as e:
            at = e.start
            if encoding.lower().startswith("utf-8") and is_utf8_but_for_a_byte(content):
                raise _refused(path_name, "file_broken_utf8", e.object, e.start) from e
            continue
        if encoding.lower() in _WINDOWS and (other := other_letter(content)) is not None:
            at = other
            continue
        if "\0" not in text:
            return composed(text), encoding
        at = content.index(b"\0")
    if (other := other_letter(content)) is not None and b"\0" not in content:
        raise _refused(path_name, "file_code_page", content, other)
    raise _refused(path_name, "file_no_text", content, at, encodings=" / ".join(encodings))


def is_utf8_but_for_a_byte(content: bytes) -> bool:
    """Whether what is no UTF-8 as a whole is so in its mark or in enough of its letters."""
    if content.startswith(_UTF8_MARK):
        return True
    letters = len(_UTF8_LETTER.findall(content)) if any(map(content.count, b"\xc2\xc3\xe2")) else 0
    if not letters:
        return False
    others = len(_UTF8_LETTER.sub(b"", content).translate(None, bytes(range(0x80))))
    return letters >= SHARE * others


def other_letter(content: bytes) -> int | None:
    """Where the first letter of DOS or Macintosh stands; None where Windows' letters outnumber them."""
    if not any(map(content.count, _OTHER_SIGNS)):  # quick, and so with most files
        return None
    first = _OTHER_LETTER.search(content)
    if first is None:
        return None
    found = len(_OTHER_LETTER.findall(content))
    return first.start() if found >= SHARE * len(_DANISH.findall(content)) else None


def _refused(name: str, kind: str, content: bytes, at: int, **details: str) -> ExtractError:
    line = len(_LINE_END.findall(content, 0, at)) + 1
    return refusal(kind, Place(name, line=line), **details)
