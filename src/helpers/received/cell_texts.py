"""Texts of cells: one form for each letter, errors that came as texts, letters that were misread."""

from __future__ import annotations

import re
import unicodedata

# as Excel writes them in English and Danish, and LibreOffice its own
ERROR_TEXTS = {
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA",
    "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#UNKNOWN!", "#CONNECT!", "#BUSY!",
    "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!", "#ERROR!", "#NUL!", "#DIVISION/0!", "#VÆRDI!",
    "#REFERENCE!", "#NAVN?", "#TAL!", "#I/T", "#OVERLØB!", "#SPILD!", "#BEREGN!", "#FELT!",
    "#BLOKERET!", "#UKENDT!", "#FORBIND!", "#OPTAGET!", "#EKSTERN!", "#HENTER_DATA", "#FEJL!",
}  # fmt: skip
_OTHER_ERROR = re.compile(r"(?:Err|Fejl):[0-9]{3}|#{3,}")  # LibreOffice's; a column too narrow

# what stands in cells of its own: a CPR number, which unlike a telephone number with 45 before it begins
# with a day and month, or three delimiters
OTHER_CELLS = (
    r"(?:^|[^0-9])(?:[06][1-9]|[1278][0-9]|[39][01])(?:0[1-9]|1[0-2])[0-9]{2}-?[0-9]{4}(?:[^0-9]|$)"
    r"|(?:[;\t|][^;\t|]*){3}"
)
_MISREAD = re.compile(
    "[ÂÃ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|â€|\u00ef\u00bb\u00bf|\ufffd|[\u0080-\u009f]"  # UTF-8 read as Windows' letters; letters lost
    "|[\u2500-\u257f]|√\\S"  # UTF-8 read as DOS' or Macintosh's
    "|(?<=[^\\W\\d_])[†‡›‘µ°σ¾¿Œ¯?](?=[^\\W\\d_])"  # DOS' or Macintosh's read as Windows', and back
    "|(?<=[^\\W\\d_])‘(?=[a-zæøå])|\\b[†›](?=[^\\W\\d_])"
    "|&(?:#[0-9]+|[A-Za-z]+);"  # letters of a web page
)


def may_hold_errors(text: str) -> bool:
    """Whether an error of a spreadsheet may be anywhere in the text; quick."""
    return "#" in text or "Err:" in text or "Fejl:" in text


def is_error_text(text: str) -> bool:
    """Whether a whole cell's text is an error of a spreadsheet: `#N/A`, `#I/T`, `#REF!`, `Err:502`."""
    if not may_hold_errors(text):
        return False
    text = text.strip()
    return text in ERROR_TEXTS or _OTHER_ERROR.fullmatch(text) is not None


def looks_like_mojibake(text: str) -> bool:
    """Whether a name holds letters read in another encoding than they were written: »CÃ¦cilie«, »S›ren«,
    »S?ren«, »S&oslash;ren«. For names and words, not for sentences, where »?« may stand between letters."""
    return _MISREAD.search(text) is not None


def composed(text: str) -> str:
    """The text with each letter in one sign (NFC): »å« never as »a« and a ring."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
