"""Texts as signs: composed letters and digits of other scripts made plain, and what Base64 holds.

A text says how far its bare digits may be trusted: `TEXT` for prose and cells, `CODE` for style sheets and
scripts, `IDS` for attributes and keys that machines write.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator

TEXT, CODE, IDS = "text", "code", "ids"
BREAK = "\ue000"  # between two texts or cells; neither a word, a digit nor white space
TIME_WORD = re.compile(r"time|stamp|epoch|unix|created|modified|tidspunkt|oprettet", re.I)
_OTHER_FORM = re.compile(r"[\uff01-\uff5e]|(?![0-9])\d")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def clean(text: str) -> str:
    """Composed letters (å as one), invisible characters gone, digits and signs of other widths and
    scripts as the plain ones."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    if _OTHER_FORM.search(text):
        text = _OTHER_FORM.sub(lambda m: _plain(m[0]), text)
    return text.translate(_INVISIBLE) if any(chr(c) in text for c in _INVISIBLE) else text


def _plain(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    return unicodedata.normalize("NFKC", sign) if digit is None else str(digit)


_PACKED = re.compile(
    r"(?<![A-Za-z0-9+/=_-])(?:[A-Za-z0-9+/]{60,76}\r?\n ?)*+[A-Za-z0-9+/_-]{11,}+={0,2}(?![A-Za-z0-9+/=])"
)


def packed_in(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) of what Base64 holds in a text, where that is text itself."""
    for m in _PACKED.finditer(text):
        packed = "".join(m[0].split()).rstrip("=").replace("-", "+").replace("_", "/")
        if packed.islower() or packed.isdigit() or len(packed) % 4 == 1:
            continue
        whole = base64.b64decode(packed + "=" * (-len(packed) % 4))
        try:
            found = whole.decode("utf-16" if whole[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
        except UnicodeDecodeError:
            continue
        if all(c.isprintable() or c in "\r\n\t" for c in found):
            yield *m.span(), found
