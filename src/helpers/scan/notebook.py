"""Jupyter notebooks: sources, outputs, metadata and pictures."""

from __future__ import annotations

import base64
import binascii
import json
import re

from helpers.common.plain_text import IDS
from helpers.scan.code import json_texts, read_code, read_json
from helpers.scan.markup import read_html, read_xml
from helpers.scan.plain import read_text
from helpers.scan.signatures import ending_of
from helpers.scan.tables import read_csv
from helpers.scan.text import Contents, Part, Text, decode, without_colours


def read_notebook(content: bytes) -> Contents:
    """Sources, outputs and metadata; images among the outputs become parts, cell ids count as ids."""
    try:
        book = json.loads(decode(content)[0])
        cells = [dict(c) for c in book.get("cells", [])]
    except (ValueError, TypeError, AttributeError, RecursionError):
        contents = read_text(content)
        contents.unreadable.append("broken notebook")
        return contents
    contents = Contents()
    _notebook_value({k: v for k, v in book.items() if k != "cells"}, "notebook", contents)
    for i, cell in enumerate(cells, 1):
        contents.texts.append(Text(str(cell.pop("id", "")), f"cell {i}, id", IDS))
        for section, value in cell.items():
            label = section if section in _SECTIONS else "more"
            _notebook_value({section: value}, f"cell {i}, {label}", contents)
    return contents


_SECTIONS = {"source", "outputs", "metadata", "attachments"}
_BY_MIME = {  # by how a MIME type ends
    "html": read_html, "xml": read_xml, "json": read_json, "javascript": read_code,
    "css": read_code, "csv": read_csv,
}  # fmt: skip


def _notebook_value(value: object, place: str, contents: Contents) -> None:
    if isinstance(value, list):
        if value and all(isinstance(v, str) for v in value):
            lines = [without_colours(v) for v in value]
            contents.texts.append(Text("".join(lines), place, again="\n".join(lines)))
        else:
            for v in value:
                _notebook_value(v, place, contents)
    elif isinstance(value, dict):
        for key, v in value.items():
            if re.fullmatch(r"(image|text|application|audio|video)/[\w.+-]+", key):
                _mime(key, v, place, contents)
            else:
                contents.texts.append(Text(key, place))
                _notebook_value(v, place, contents)
    else:
        contents.texts += [Text(t, place, trust) for t, trust in json_texts(value)]


def _mime(mime: str, value: object, place: str, contents: Contents) -> None:
    """One form of an output: text in place, a picture as a part of its own."""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = "".join(value)
    if not isinstance(value, str):
        _notebook_value(value, place, contents)
    elif mime.startswith("text/") or mime.endswith(tuple(_BY_MIME)):
        reader = next((r for end, r in _BY_MIME.items() if mime.endswith(end)), read_text)
        contents.add(reader(value.encode()), place)
    else:
        try:
            whole = base64.b64decode(value)
        except (binascii.Error, ValueError):
            contents.unreadable.append(f"{place}: broken picture")
            return
        name = f"output-{len(contents.parts) + 1}{ending_of(mime)}"
        contents.parts.append(Part(name, whole))
