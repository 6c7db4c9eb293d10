"""The pieces a file is read into, and plain text: its encoding, colours, data: URIs, digits.

Nothing is judged here. A text says how far its bare digits may be trusted: `TEXT` for prose and
cells, `CODE` for style sheets and scripts, `IDS` for attributes and keys that machines write.
A table stands beside its texts once more, for what two cells tell only together.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from helpers.common.plain_text import BREAK, TEXT

_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Text(NamedTuple):
    """A piece of text; without a `place` it is a whole file, and `unit` says how to count in it.

    `place`: words, or a function that finds them, called only where something is found.
    `again`: a second reading of the same text (runs apart, or hyphens at line ends taken out).
    `times`: how often the same text stands in the file.
    """

    text: str
    place: str | Callable[[], str] = ""
    trust: str = TEXT
    again: str = ""
    unit: str = "line"
    times: int = 1


class Part(NamedTuple):
    """A file within a file; `closed` says in words why it could not be opened."""

    name: str
    content: bytes = b""
    closed: str = ""


class Table(NamedTuple):
    """A table for what neighbouring cells tell together. `cells`: the different cells that could be
    half of something; `rows`: all cells apart by BREAK, a row a line, asked for only where those give
    cause; without a `place`, row and column are."""

    cells: Callable[[], Iterable[str]]
    rows: Callable[[], str]
    place: str = ""

    @classmethod
    def of(cls, rows: str, place: str = "") -> Table:
        """Of a text that is rows already."""
        return cls(lambda: set(rows.replace("\n", BREAK).split(BREAK)), lambda: rows, place)


@dataclass
class Contents:
    """What one file or part holds; `unreadable` tells in words what could not be opened."""

    texts: list[Text] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, other: Contents, place: str) -> None:
        """Take over what `other` holds, all of it at one place."""
        for text in other.texts:
            at = f"{place}, {text.place}" if text.place else place
            self.texts.append(text._replace(place=at))
        self.tables += [t._replace(place=place) for t in other.tables]
        self.parts += other.parts
        self.unreadable += [f"{place}: {u}" for u in other.unreadable]


def without_colours(text: str) -> str:
    """The text without the colour codes of a terminal."""
    return _ANSI.sub("", text)


def decode(content: bytes) -> tuple[str, str]:
    """Text and trouble: UTF-16 by its mark, else UTF-8, else cp1252, else Latin-1 with a word."""
    encodings = (
        ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    )
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, "no text: holds zero bytes" if "\0" in text else ""
    return content.decode("latin-1"), "no text in a known encoding"


def read_calendar(content: bytes) -> Contents:
    """As plain text, and once more with folded lines put together (RFC 5545, 3.1)."""
    contents = read_text(content)
    [*_, whole] = contents.texts
    contents.texts[-1] = whole._replace(again=_FOLD.sub("", whole.text), place="text")
    return contents


_FOLD = re.compile(r"\r?\n[ \t]")


def read_text(content: bytes) -> Contents:
    """A whole file of plain text; its lines are its places."""
    text, trouble = decode(content)
    contents = Contents(unreadable=[trouble] if trouble else [])
    text = take_out_data_uris(text, contents)
    contents.texts.append(Text(without_colours(text)))
    return contents


_DATA_URI = re.compile(
    r"data:([a-z]+/[\w.+-]+)?((?:;[\w-]+(?:=[\w.-]+)?)*),([^\"'\s)<>]*)", re.IGNORECASE
)
_SUBTYPES = {
    "svg+xml": ".svg", "plain": ".txt", "javascript": ".js", "x-javascript": ".js",
    "markdown": ".md", "latex": ".txt", "jpeg": ".jpg",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip


def ending_of(mime: str) -> str:
    """File ending of a MIME type; fonts have `.ttf` and JSON dialects `.json`."""
    major, _, minor = mime.lower().partition("/")
    if major == "font" or "font" in minor:
        return ".ttf"
    return ".json" if minor.endswith("json") else _SUBTYPES.get(minor, f".{minor or 'txt'}")


def take_out_data_uris(text: str, contents: Contents) -> str:
    """The text with `data:` URIs emptied; what they hold becomes parts."""
    if "data:" not in text:
        return text

    def take(match: re.Match) -> str:
        mime, options, data = match[1] or "text/plain", match[2], match[3]
        if not match[1] and not options and "%" not in data:
            return match[0]  # prose such as »data:,«
        inner = f"data-{len(contents.parts) + 1}{ending_of(mime)}"
        try:
            packed = unquote_to_bytes(data)
            padded = packed + b"=="[: -len(packed) % 4]
            whole = base64.b64decode(padded) if "base64" in options else packed
        except binascii.Error:
            contents.unreadable.append("a data: URI is broken")
            return "data:"
        contents.parts.append(Part(inner, whole))
        return "data:"

    return _DATA_URI.sub(take, text)


def whole_number(value: object) -> str:
    """Digits of a whole number of 8–10 digits, else »«; 1203995123.0 is whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not 10**7 <= value < 10**10 or value != int(value):
        return ""
    return str(int(value))


def plain_digits(text: str) -> str:
    """1.203995123E9 and 1203995123.0 → 1203995123; other text as it is."""
    if re.fullmatch(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}|[0-9]{8,10}\.0*", text):
        return whole_number(float(text)) or text
    return text


def printable(data: bytes) -> str:
    """Runs of at least five printable characters in one-byte, UTF-8 and UTF-16 spelling."""
    found = re.findall(rb"[\x20-\x7e\x80-\xff]{5,}", data)
    wide = re.findall(rb"(?:[\x20-\x7e\xa0-\xff]\0){5,}", data)
    texts = [decode(f)[0] for f in found] + [w.decode("utf-16-le") for w in wide]
    return BREAK.join(texts)
