"""`data:` URIs: where one ends, and what it holds, as parts of the file that it stands in.

A URI ends at the quote that opened it, in an unquoted url(…) at the bracket, and where it is the whole of
a value, with the value; where nothing opened it, before the first quote, bracket or space. What is in it is
judged by its content (`signatures.py`), for the type that it claims may be unknown or wrong. Only
what a part holds whole is taken out of the text: the rest is searched where it stands.
"""

from __future__ import annotations

import base64
import re
from functools import cache, cached_property
from urllib.parse import unquote_to_bytes

from helpers.scan.signatures import ANY_TEXT, ending_for
from helpers.scan.text import Contents, Part

_HEAD = re.compile(
    r"data:([\w.+-]*+(?:\\?/[\w.+-]++)?+)((?:; ?[\w!#$&^.+%-]+(?:=(?:[\w.:+%-]+|\\?\"[^\"\n]*\"))?)*+),",
    re.IGNORECASE,
)
_UNOPENED = re.compile(r"[^\"'\s)<>]*")
_OPENER = re.compile(r"(\\*[\"'`]|&(?:quot|apos|#34|#39|#x22|#x27);|\(|<)\s*\Z", re.IGNORECASE)
_LONGEST_OPENER = 24
_BRACKET = r"(?:[^\\()'\"\s]++|\s(?![\"'])|\\.|\"[^\"]*\"|'[^']*')*+(?=\s*\)|\s+[\"'])"
_LETTERS = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
# lines of one length, as mail and drawings have them
_GAP = r"(?:\s|\\[rn])"
_FOLDED = re.compile(
    rf"{_GAP}*(?:[A-Za-z0-9+/]{{60,}}[ \t]*(?:\\[rn]|[\r\n]){_GAP}*)*"
    rf"[A-Za-z0-9+/]+={{0,2}}{_GAP}*(?![A-Za-z0-9+/])"
)
_REST_OF_LINE = re.compile(r"[ \t].{0,1000}")
_FOLD = re.compile(r"\s*[\r\n]\s*")
_WORD_MAX = 15  # what is no longer may be a word or a number, and stays in the text
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#?\w+;")
_LETTERS_AND_MORE = re.compile(r"[A-Za-z0-9+/_-]+={0,2}[^\\A-Za-z0-9+/=_%-]")
_NO_LETTERS = re.compile(rf"\A<|{_ENCODED.pattern}")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r?\n)|(.))", re.DOTALL)
# a string that a script puts together from pieces
_JOINED = re.compile(r"\$\{|[\"'`]\s*(?:\+|\.concat\()|\+\s*[\"'`]")
_CODE = {".css", ".js"}
_MARKUP = {".svg", ".xml", ".xhtml", ".html", ".json"}


class _Uri:
    """One URI of a text: the type it claims, where its data begin and end, and what opened it."""

    def __init__(self, head: re.Match[str], whole: bool) -> None:
        self.text = head.string
        self.start, self.begin = head.start(), head.end()
        self.mime = head[1].replace("\\", "")
        self.options = head[2].lower()
        self._whole = whole

    @property
    def is_packed(self) -> bool:
        return "base64" in self.options

    def is_one(self) -> bool:
        """Prose such as »data:,« and code such as `{data:e,` are none."""
        if "/" in self.mime:
            return True
        return self.is_packed if self.mime else bool(self.options) or "%" in self.token

    @cached_property
    def token(self) -> str:
        """The data before the first quote, bracket or space."""
        return _matched(_UNOPENED, self.text, self.begin)[: self._length]

    @cached_property
    def _length(self) -> int | None:
        """How long the data are by what opened the URI; nothing where nothing did."""
        before = self.text[max(0, self.start - _LONGEST_OPENER) : self.start]
        if self._whole and self.start < _LONGEST_OPENER and not before.strip():
            return len(self.text) - self.begin
        opener = _OPENER.search(before)
        closed = _closer(opener[1].lower()).match(self.text, self.begin) if opener else None
        return len(closed[0]) if closed else None

    @property
    def is_opened(self) -> bool:
        return self._length is not None

    @property
    def end(self) -> int:
        return self.begin + (len(self.token) if self._length is None else self._length)


@cache
def _closer(opener: str) -> re.Pattern[str]:
    """What stands between an opener and its end; a quote behind backslashes ends at one behind as many or
    fewer."""
    slashes, sign = len(opener) - 1, opener[-1]
    if opener == "(":
        pattern = _BRACKET
    elif opener == "<":
        pattern = r"[^<>\s]*(?=>)"
    elif opener[0] == "&":
        pattern = rf".*?(?={opener})"
    elif slashes:
        pattern = rf".*?(?=(?<!\\)\\{{0,{slashes}}}{sign})"
    else:
        pattern = rf"(?:[^\\{sign}]++|\\.)*+(?={sign})"
    return re.compile(pattern, re.DOTALL | re.IGNORECASE)


def take_out_data_uris(text: str, contents: Contents, whole: bool = False) -> str:
    """The text without what its `data:` URIs hold, which becomes parts; their types stay.

    `whole`: the text is a value, and a URI at its beginning goes on to its end.
    """
    if "ata:" not in text and "ATA:" not in text:
        return text
    kept: list[str] = []
    position = after = 0
    while head := _HEAD.search(text, after):
        uri = _Uri(head, whole)
        after = uri.begin
        if uri.is_one():
            kept.append(text[position : uri.begin] + " ")  # else »base64,17« is a decimal number
            position = after = (_add_packed if uri.is_packed else _add_written)(uri, contents)
            kept.append("\n" * text.count("\n", uri.begin, position))
    return "".join(kept) + text[position:]


def _add_packed(uri: _Uri, contents: Contents) -> int:
    """Add what Base64 holds; up to where it is taken out of the text, which is nowhere if other letters
    stand among it."""
    letters, taken = _packed(uri)
    letters = letters.rstrip("=")
    if "-" in letters or "_" in letters:
        letters = letters.replace("-", "+").replace("_", "/")
    is_torn = len(letters) % 4 == 1
    if _is_other(uri, taken) or (is_torn and len(letters) > _WORD_MAX):
        contents.unreadable.append("a data: URI is broken")
    if is_torn or not letters:
        return uri.begin
    content = base64.b64decode(letters + "=" * (-len(letters) % 4))
    _add(content, ending_for(uri.mime, content), contents)
    return taken


def _is_other(uri: _Uri, taken: int) -> bool:
    """Whether what should be Base64 is something else, and not a piece of code that makes it."""
    if taken > uri.begin:
        return False
    is_cut = uri.is_opened and _LETTERS_AND_MORE.match(uri.token)
    return bool(is_cut or _NO_LETTERS.search(uri.token or uri.text[taken : taken + 1]))


def _packed(uri: _Uri) -> tuple[str, int]:
    """The letters of Base64 without folds and escapes, and up to where all of them are that."""
    letters = _matched(_LETTERS, uri.text, uri.begin)
    end = uri.begin + len(letters)
    after = uri.text[end : end + 1]
    if after.isspace() or after == "\\":
        folded = _matched(_FOLDED, uri.text, uri.begin)
        whole = re.sub(_GAP, "", folded)
        if len(whole) > len(letters):
            is_all = uri.is_opened and uri.end == uri.begin + len(folded)
            return whole, uri.end if is_all else uri.begin
    if not after or after.isspace() or after in "\"')<>":
        return letters, end if len(letters) > _WORD_MAX else uri.begin
    plain = _FOLD.sub("", _written(uri.token).decode("latin-1"))
    letters = _matched(_LETTERS, plain)
    return letters, uri.begin + (len(uri.token) if letters == plain else 0)


def _matched(pattern: re.Pattern[str], text: str, start: int = 0) -> str:
    found = pattern.match(text, start)
    return found[0] if found else ""


def _add_written(uri: _Uri, contents: Contents) -> int:
    """Add what is written out; up to where it is taken out of the text."""
    if not uri.is_opened and (rest := _matched(_REST_OF_LINE, uri.text, uri.end)):
        if _ENCODED.search(uri.token + rest):  # perhaps with spaces in it, which nothing tells
            _add(_written(uri.token + rest), ANY_TEXT, contents)
        elif len(uri.token) <= _WORD_MAX:
            return uri.begin
    if uri.end == uri.begin:
        return uri.begin
    content = _written(uri.text[uri.begin : uri.end])
    ending = ending_for(uri.mime, content)
    if ending in _MARKUP and _JOINED.search(uri.text, uri.begin, uri.end + 12):
        ending = ANY_TEXT
    _add(content, ending, contents)
    # code is trusted less than what may stand around it, so that stays as well
    return uri.begin + len(uri.token) if ending in _CODE else uri.end


def _written(text: str) -> bytes:
    return unquote_to_bytes(_without_escapes(text).encode("utf-8", "replace"))


def _add(content: bytes, ending: str, contents: Contents) -> None:
    contents.parts.append(Part(f"data-{len(contents.parts) + 1}{ending}", content))


def _without_escapes(text: str) -> str:
    """A piece of a string of a script or style sheet as it is meant."""
    return _ESCAPE.sub(_meant, text) if "\\" in text else text


def _meant(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return "" if escape[3] else {"n": "\n", "t": "\t", "r": "\r"}.get(escape[4], escape[4])
