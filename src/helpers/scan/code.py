"""JSON, scripts and style sheets: what is text in them, what is code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from helpers.common.plain_text import CODE, IDS, TEXT, TIME_WORD
from helpers.scan.data_uris import take_out_data_uris
from helpers.scan.plain import read_text
from helpers.scan.text import Contents, Text, decode, whole_number, without_colours


def read_json(content: bytes) -> Contents:
    """Keys and values, told by their number; broken JSON is read as text."""
    text, trouble = decode(content)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        contents = read_text(content)
        contents.unreadable.append(trouble or "broken JSON")
        return contents
    contents = Contents(unreadable=[trouble] if trouble else [])
    for i, (found, trust) in enumerate(json_texts(value), 1):
        kept = take_out_data_uris(found, contents, whole=True)
        contents.texts.append(Text(kept, f"value {i}", trust))
    return contents


def json_texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Keys, strings and whole numbers in order; a number under a key of time is no citizen's."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield k, TEXT
            yield from json_texts(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from json_texts(v, key)
    elif isinstance(value, str):
        yield without_colours(value), IDS if value.isdigit() and TIME_WORD.search(key) else TEXT
    elif digits := whole_number(value):
        yield digits, IDS if TIME_WORD.search(key) else TEXT


_QUOTED = re.compile(
    r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`", re.DOTALL
)


def add_script(own: str, place: str, contents: Contents) -> None:
    """Comments and quoted strings count as text, the code around them as code."""
    own = take_out_data_uris(own, contents)
    line, counted = 1, 0
    for m in _QUOTED.finditer(own):
        line, counted = line + own.count("\n", counted, m.start()), m.start()
        contents.texts.append(Text(m[0][1:-1].strip("*"), f"{place}line {line}"))
    rest = _QUOTED.sub(lambda m: '""' + "\n" * m[0].count("\n"), own)
    contents.texts.append(Text(rest, place and f"{place}code", CODE))


def read_code(content: bytes) -> Contents:
    """A whole file of JavaScript or CSS."""
    text, trouble = decode(content)
    contents = Contents(unreadable=[trouble] if trouble else [])
    add_script(text, "", contents)
    return contents
