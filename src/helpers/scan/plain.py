"""Plain text, text of an unknown kind, and calendars, which are plain text with folded lines."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

from helpers.scan.data_uris import take_out_data_uris
from helpers.scan.tables import read_csv
from helpers.scan.text import Contents, Text, decode, without_colours


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


def read_any_text(content: bytes) -> Contents:
    """Text of no known kind: as plain text, once more with what may be markup or escapes in it laid
    open, and as a table."""
    contents = read_text(content)
    [*_, whole] = contents.texts
    contents.texts[-1] = whole._replace(again=_laid_open(whole.text))
    contents.tables += read_csv(content).tables
    return contents


_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")


def _laid_open(text: str) -> str:
    """The text without tags, with entities, percent signs and escapes as what they stand for; »« where
    that changes nothing. Lines stay."""
    opened = _TAG.sub(lambda m: "\n" * m[0].count("\n"), text)
    opened = _ESCAPE.sub(lambda m: chr(int(m[1] or m[2], 16)), opened)
    opened = unquote(html.unescape(opened))
    return "" if opened == text else opened
