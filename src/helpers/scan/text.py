"""The pieces a file is read into, and what texts are made of: encodings, colours, digits.

Nothing is judged here. A text says how far its bare digits may be trusted: `TEXT` for prose and
cells, `CODE` for style sheets and scripts, `IDS` for attributes and keys that machines write.
A table stands beside its texts once more, for what two cells tell only together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

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
