"""Texts that people write in more than one way → the key by which they are compared.

A heading, a benefit, a word for yes or a category is the same however it is spaced, capitalised and
punctuated; what carries meaning (»<« and »>«, »A« and »A+«, »1,5« and »15«) is kept.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence

_DASH = "-"
_PUNCTUATION = r"""[\s.,;:_/\\'"’‘‚“”„»«()\[\]{}…·•|´`¨^-]"""
# between two digits they tell numbers apart: »13-26« is not »1326«, »1,5« not »15«
_BETWEEN_DIGITS = re.compile(r"(?<=\d) ?([-/:.,]) ?(?=\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_DROPPED = re.compile(rf"(?<!\d){_PUNCTUATION}|{_PUNCTUATION}(?!\d)")
_MINUS_BEFORE = re.compile(rf"{_DASH} ?\d")
_MINUS_BEHIND = re.compile(rf"[^\W_] ?{_DASH}\Z")
_MARKS_OF_HEADINGS = str.maketrans("", "", "*?!#")


def is_blank(text: str) -> bool:
    """Whether a text shows nothing: no signs, or only spaces and invisible ones."""
    return not text[:1].isalnum() and all(map(_is_unseen, text))


def _is_unseen(sign: str) -> bool:
    """Spaces, control and format signs (zero width, soft hyphen), and what only chooses a font."""
    if sign.isalnum():
        return False
    seldom = "\ufe00" <= sign <= "\ufe0f"  # ✔ as a text or as a picture
    return seldom or unicodedata.category(sign) in {"Zs", "Zl", "Zp", "Cc", "Cf"}


def normalise(text: object) -> str:
    """The key of a text: »Startdato\\nydelse « and »startdato ydelse« agree, »< 13« and »> 13« do not.

    Composed (NFC), in lower case, without spaces, invisible signs and punctuation. A text that shows
    something never has an empty key: of »-« it is »-«.
    """
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(text)).casefold())
    if folded.isalnum():
        return folded
    shown = "".join(_plain_sign(c) for c in folded)
    words = _BETWEEN_DIGITS.sub(r"\1", " ".join(shown.split()))
    bare = _DROPPED.sub("", _DECIMAL_COMMA.sub(".", words))
    if not bare:
        return words.replace(" ", "")
    before = _DASH if _MINUS_BEFORE.match(words) else ""
    behind = _DASH if _MINUS_BEHIND.search(words) else ""
    return before + bare + behind


def _plain_sign(sign: str) -> str:
    """Every dash and minus as one sign, every space as one; »« for what is not seen."""
    if sign.isspace() or unicodedata.category(sign) in {"Zs", "Zl", "Zp"}:
        return " "
    if unicodedata.category(sign) == "Pd" or sign == "\u2212":
        return _DASH
    return "" if _is_unseen(sign) else sign


def heading_key(text: object) -> str:
    """The key of a heading, in which marks of a footnote or a question say nothing: »Navn*«."""
    key = normalise(text)
    return key.rstrip(_DASH).translate(_MARKS_OF_HEADINGS) or key


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name most like `name`, whatever its case; None where none is."""
    lower = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    return lower[found[0]] if found else None


def hint(name: str, known: Sequence[str]) -> str:
    """»Did you mean …?«, or all known names."""
    near = nearest(name, known)
    return f"Did you mean »{near}«?" if near else f"Known: {', '.join(known)}."
