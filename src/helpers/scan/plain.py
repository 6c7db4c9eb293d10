"""Plain text, and calendars, which are plain text with folded lines."""

from __future__ import annotations

import re

from helpers.scan.data_uris import take_out_data_uris
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
