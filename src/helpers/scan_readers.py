"""One file's bytes → the texts in it with their places, the parts inside it, and what is unreadable.

Nothing is judged here. A text says how far its bare digits may be trusted: `TEXT` for prose and
cells, `CODE` for style sheets and scripts, `IDS` for attributes and keys that machines write.
"""

from __future__ import annotations

import base64
import binascii
import csv
import html
import io
import json
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from lxml import etree

TEXT, CODE, IDS = "text", "code", "ids"
BREAK = "\ue000"  # between two texts or cells; neither a word, a digit nor white space
PART_BYTES_MAX = 512 * 2**20
FONT_ENDINGS = {".ttf", ".otf", ".ttc", ".woff", ".woff2", ".eot", ".fntdata", ".odttf"}
TIME_WORD = re.compile(r"time|stamp|epoch|unix|created|modified|tidspunkt|oprettet", re.I)


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


@dataclass
class Contents:
    """What one file or part holds.

    `unreadable` tells in words what could not be opened, `closed` the same for a part by its name.
    """

    texts: list[Text] = field(default_factory=list)
    parts: list[tuple[str, bytes]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    closed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: Contents, place: str) -> None:
        """Take over what `other` holds, all of it at one place."""
        self.texts += [t._replace(place=f"{place}, {t.place}" if t.place else place)
                       for t in other.texts]  # fmt: skip
        self.parts += other.parts
        self.unreadable += [f"{place}: {u}" for u in other.unreadable]


def read(name: str, content: bytes) -> Contents:
    """Read a file by the ending of its name; what has no known ending is told as unreadable."""
    if name.endswith("/"):  # a folder of an archive: only its name counts
        return Contents()
    ending = PurePosixPath(name).suffix.lower()
    if ending in FONT_ENDINGS:
        return Contents()
    if re.search(r"worksheets/[^/]*\.xml$", name):
        return _worksheet(content)
    if re.search(r"printerSettings[0-9]*\.bin$", name):
        return Contents([Text(printable(content), "settings of a printer")])
    if ending in _READERS:
        return _READERS[ending](content)
    contents = _text(content)
    if ending and not contents.unreadable:
        contents.unreadable.append(f"no known kind of file ({ending})")
    return contents


# -------------------------------------------------------------------------------------------- text


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


def _text(content: bytes) -> Contents:
    text, trouble = decode(content)
    contents = Contents(unreadable=[trouble] if trouble else [])
    text = _take_out_data_uris(text, contents)
    contents.texts.append(Text(_ANSI.sub("", text)))
    return contents


_ANSI = re.compile(r"\x1b\[[0-9;]*m")
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


def _take_out_data_uris(text: str, contents: Contents) -> str:
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
            whole = base64.b64decode(packed + b"=="[: -len(packed) % 4]) if "base64" in options \
                else packed  # fmt: skip
        except binascii.Error:
            contents.unreadable.append("a data: URI is broken")
            return "data:"
        contents.parts.append((inner, whole))
        return "data:"

    return _DATA_URI.sub(take, text)


def _csv(content: bytes) -> Contents:
    """Cells with BREAK between them, a row a line; the delimiter is the first line's commonest."""
    text, trouble = decode(content)
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(";\t|,", key=first.count)
    if '"' in text:
        try:
            rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            text = "\n".join(BREAK.join(r).replace("\r", " ").replace("\n", " ") for r in rows)
        except csv.Error as e:
            trouble = trouble or f"broken table ({type(e).__name__})"
    else:
        text = text.replace(delimiter, BREAK)
    return Contents([Text(text, unit="cell")], unreadable=[trouble] if trouble else [])


# ------------------------------------------------------------------------------------ JSON, notebook


def _json(content: bytes) -> Contents:
    text, trouble = decode(content)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        contents = _text(content)
        contents.unreadable.append(trouble or "broken JSON")
        return contents
    contents = Contents(unreadable=[trouble] if trouble else [])
    for i, (found, trust) in enumerate(_json_texts(value), 1):
        kept = _take_out_data_uris(found, contents)
        contents.texts.append(Text(kept, f"value {i}", trust))
    return contents


def _json_texts(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Keys, strings and whole numbers in order; a number under a key of time is no citizen's."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield k, TEXT
            yield from _json_texts(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from _json_texts(v, key)
    elif isinstance(value, str):
        yield _ANSI.sub("", value), IDS if value.isdigit() and TIME_WORD.search(key) else TEXT
    elif digits := whole_number(value):
        yield digits, IDS if TIME_WORD.search(key) else TEXT


def whole_number(value: object) -> str:
    """Digits of a whole number of 8–10 digits, else »«; 1203995123.0 is whole."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not 10**7 <= value < 10**10 or value != int(value):
        return ""
    return str(int(value))


def _ipynb(content: bytes) -> Contents:
    """Sources, outputs and metadata; images among the outputs become parts, cell ids count as ids."""
    try:
        book = json.loads(decode(content)[0])
        cells = [dict(c) for c in book.get("cells", [])]
    except (ValueError, TypeError, AttributeError, RecursionError):
        contents = _text(content)
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


def _notebook_value(value: object, place: str, contents: Contents) -> None:
    if isinstance(value, list):
        if value and all(isinstance(v, str) for v in value):
            lines = [_ANSI.sub("", v) for v in value]
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
        contents.texts += [Text(t, place, trust) for t, trust in _json_texts(value)]


def _mime(mime: str, value: object, place: str, contents: Contents) -> None:
    """One form of an output: text in place, a picture as a part of its own."""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = "".join(value)
    if not isinstance(value, str):
        _notebook_value(value, place, contents)
    elif mime.startswith("text/") or mime.endswith(("xml", "json", "javascript")):
        contents.add(read(f"output{ending_of(mime)}", value.encode()), place)
    else:
        try:
            whole = base64.b64decode(value)
        except (binascii.Error, ValueError):
            contents.unreadable.append(f"{place}: broken picture")
            return
        contents.parts.append((f"output-{len(contents.parts) + 1}{ending_of(mime)}", whole))


# ------------------------------------------------------------------------------------------- markup

_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u",
    "var", "wbr", "tspan",
}  # fmt: skip
_RUNS = {
    "r", "t", "fld", "tspan", "delText", "instrText", "hyperlink", "ins", "smartTag", "rPh",
}  # fmt: skip
_PARAGRAPHS = {"p", "si", "is", "text", "title", "desc", "comment", "tr", "tc", "c", "sp"}
_SHAPES = {
    "d", "points", "transform", "viewBox", "style", "values", "keyTimes", "stroke-dasharray",
    "gradientTransform", "path", "patternTransform",
}  # fmt: skip
_PROSE = {
    "alt", "title", "descr", "content", "href", "src", "action", "value", "label", "summary",
    "placeholder", "name", "tooltip", "author", "Target", "display", "prompt", "promptTitle",
    "error", "errorTitle", "aria-label", "aria-description",
}  # fmt: skip


def _html(content: bytes) -> Contents:
    """Blocks with their inline elements joined, comments, attributes, scripts and style sheets."""
    contents = Contents()
    root = _tree(content, etree.HTMLParser(encoding="utf-8", huge_tree=True), contents)[1]
    runs: list[str] = []
    line = 1

    def flush() -> None:
        if runs:
            again = "\n".join(runs) if len(runs) > 1 else ""
            contents.texts.append(Text("".join(runs), f"line {line}", again=again))
            runs.clear()

    events = ("start", "end", "comment", "pi")
    for event, element in etree.iterwalk(root, events=events) if root is not None else ():
        ahead = element.tail if event != "start" else element.text
        if event in ("comment", "pi"):
            place = f"comment, line {element.sourceline}"
            contents.texts.append(Text(element.text or "", place))
        elif element.tag not in _INLINE:
            flush()
        if event == "start":
            line = element.sourceline or line
            for name, value in element.attrib.items():
                _attribute(name, value, contents)
            if element.tag in ("script", "style"):
                place = f"{element.tag} in line {line}, "
                _script(ahead or "", element.get("type", ""), place, contents)
                continue
        if ahead and (runs or not ahead.isspace()):
            runs.append(ahead)
    flush()
    return contents


def _xml(content: bytes) -> Contents:
    """Paragraphs with their runs joined, other elements one by one, comments, and attributes."""
    contents = Contents()
    parser = etree.XMLParser(encoding="utf-8", huge_tree=True, resolve_entities=False)
    text, root = _tree(content, parser, contents)
    if root is None:
        return contents
    for (name, value), times in Counter(_ATTRIBUTE.findall(text)).items():
        _attribute(_local_name(name), html.unescape(value[1:-1]), contents, times)
    last, runs, paragraphs = None, [], 0
    for node in [*_XML_TEXTS(root), None]:
        owner = None if node is None else _owner(node)
        if owner is not last or owner is None:
            if last is not None:
                paragraphs += 1
                again = "\n".join(runs) if len(runs) > 1 else ""
                line = last.sourceline or 0
                place = f"line {line}" if line > 2 else f"paragraph {paragraphs}"
                contents.texts.append(Text("".join(runs), _cell(last) or place, again=again))
            last, runs = owner, []
        if isinstance(node, str):
            runs.append(_plain_digits(node) if _local(owner) in ("v", "c") else node)
        elif node is not None:
            runs.append((node.text or "") if callable(node.tag) else "\n")
    return contents


_ATTRIBUTE = re.compile(r"""\s([\w:.-]++)\s?=\s?("[^"<]{5,}"|'[^'<]{5,}')""")
# What a value must hold for anything to be found in it that counts in an id.
_WORTH_READING = re.compile(r"[\s@+]|[0-9]{9}|[0-9]{6}\W|[0-9]{2}\.[0-9]{2}")
_XML_TEXTS = etree.XPath(
    "//text()[(normalize-space() or parent::*[local-name()='t'])"
    " and not(parent::*[local-name()='v' and ../@t[.='s' or .='b' or .='e']])]"
    "|//*[local-name()='br' or local-name()='tab' or local-name()='cr']"
    "|//comment()|//processing-instruction()"
)


def _tree(
    content: bytes, parser: etree.XMLParser | etree.HTMLParser, contents: Contents
) -> tuple[str, etree._Element | None]:
    """The text without `data:` URIs and its tree; what is no markup is read as plain text."""
    text, trouble = decode(content)
    contents.unreadable += [trouble] if trouble else []
    text = _take_out_data_uris(text, contents)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None and text.strip():
        contents.texts.append(Text(text))
        contents.unreadable.append("broken markup")
    return text, root


@cache
def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def _local(element: etree._Element | None) -> str:
    return _local_name(element.tag) if element is not None and isinstance(element.tag, str) else ""


def _owner(node: object) -> etree._Element:
    """The paragraph that a text belongs to, or the element itself where there is none."""
    if isinstance(node, str):
        parent = node.getparent()
        element = parent.getparent() if node.is_tail else parent
    else:
        if callable(node.tag):  # a comment or a processing instruction
            return node
        element = node.getparent()
    above = element
    while above is not None:
        if _local(above) in _PARAGRAPHS:
            return above
        above = above.getparent() if _local(above) in _RUNS else None
    return element


def _cell(element: etree._Element | None) -> str:
    """The cell that an element of a worksheet or a comment belongs to, if it does."""
    for _ in range(4):
        local = _local(element)
        if local in ("c", "comment"):
            reference = element.get("r") or element.get("ref") or ""
            return f"cell {reference}" if re.fullmatch("[A-Z]{1,3}[0-9]{1,7}", reference) else ""
        if element is None:
            break
        element = element.getparent()
    return ""


def _attribute(name: str, value: str, contents: Contents, times: int = 1) -> None:
    """Add a value that could hold words or numbers; those that machines write count as ids."""
    if len(value) < 5 or name in _SHAPES:
        return
    prose = name in _PROSE or name.startswith("data-")
    if not prose and not _WORTH_READING.search(value):
        return
    if prose and "%" in value:
        value = unquote(value)
    place = f"attribute {name}" if name in _PROSE else "attribute"
    contents.texts.append(Text(value, place, TEXT if prose else IDS, times=times))


_QUOTED = re.compile(
    r"/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`", re.DOTALL
)


def _script(own: str, mime: str, place: str, contents: Contents) -> None:
    """Comments and quoted strings count as text, the code around them as code; JSON is JSON."""
    if mime.endswith("json"):
        contents.add(_json(own.encode()), place.removesuffix(", "))
        return
    own = _take_out_data_uris(own, contents)
    for m in _QUOTED.finditer(own):
        line = own.count("\n", 0, m.start()) + 1
        contents.texts.append(Text(m[0][1:-1].strip("*"), f"{place}line {line}"))
    rest = _QUOTED.sub(lambda m: '""' + "\n" * m[0].count("\n"), own)
    contents.texts.append(Text(rest, place and f"{place}code", CODE))


def _code(content: bytes) -> Contents:
    text, trouble = decode(content)
    contents = Contents(unreadable=[trouble] if trouble else [])
    _script(text, "", "", contents)
    return contents


# --------------------------------------------------------------------------------- zip and workbooks

_NUMBER_CELL = re.compile(rb"<v>([0-9]{8,10}(?:\.0*)?|[0-9](?:\.[0-9]{1,9})?[eE]\+?0?[789])</v>")
_WORDED = (b"<is>", b"<f>", b"<f ", b"<f/", b't="str"', b't="inlineStr"', b"<!", b"<v ")


def _worksheet(content: bytes) -> Contents:
    """Numeric cells by their digits. Cells with words of their own go through the slow reading."""
    start, end = content.find(b"<sheetData>"), content.rfind(b"</sheetData>")
    if start < 0 or end < 0 or any(content.find(w, start, end) > 0 for w in _WORDED):
        return _xml(content)
    contents = _xml(content[:start] + content[end + len(b"</sheetData>") :])
    for match in _NUMBER_CELL.finditer(content, start, end):
        opening = content[content.rfind(b"<c ", start, match.start()) : match.start()]
        digits = _plain_digits(match[1].decode())
        if digits and not re.search(rb't="[sbe]"', opening):
            reference = re.search(rb'r="([A-Z]{1,3}[0-9]{1,7})"', opening)
            place = f"cell {reference[1].decode()}" if reference else "cell"
            contents.texts.append(Text(digits, place))
    return contents


def _plain_digits(text: str) -> str:
    """1.203995123E9 and 1203995123.0 → 1203995123; other text as it is."""
    if re.fullmatch(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]{1,2}|[0-9]{8,10}\.0*", text):
        return whole_number(float(text)) or text
    return text


def _zip(content: bytes) -> Contents:
    contents = Contents()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            contents.texts.append(Text(decode(archive.comment)[0], "comment of the archive"))
            for entry in archive.infolist():
                if entry.comment:
                    contents.texts.append(Text(decode(entry.comment)[0], "comment of a part"))
                _zip_entry(archive, entry, contents)
    except (zipfile.BadZipFile, ValueError, OSError, struct.error):
        contents.unreadable.append("broken or protected by a password")
    return contents


def _zip_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, contents: Contents) -> None:
    inner = entry.filename.strip("/")
    if entry.is_dir():
        contents.parts.append((f"{inner}/", b""))
    elif entry.flag_bits & 1:
        contents.closed.append((inner, "protected by a password"))
    elif entry.file_size > PART_BYTES_MAX:
        contents.closed.append((inner, f"larger than {PART_BYTES_MAX // 2**20} MB"))
    else:
        try:
            contents.parts.append((inner, archive.read(entry)))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError):
            contents.closed.append((inner, "broken"))


# ------------------------------------------------------------------------------------------- parquet


def _parquet(content: bytes) -> Contents:
    """Every column's different values with how often and where first; the schema's own words."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        schema, metadata = file.schema_arrow, file.metadata
        table = file.read()
    except (pa.ArrowException, OSError, ValueError):
        return Contents(unreadable=["broken or encrypted Parquet file"])
    contents = Contents([Text(metadata.created_by or "", "created by")])
    of_file = {**(metadata.metadata or {}), **(schema.metadata or {})}
    for notes in (of_file, *(f.metadata for f in schema)):
        for key, value in (notes or {}).items():
            if key != b"ARROW:schema":
                texts = f"{decode(key)[0]}\n{decode(value)[0]}"
                contents.texts.append(Text(texts, "schema metadata"))
    for i, (name, column) in enumerate(zip(table.column_names, table.columns), 1):
        contents.texts.append(Text(name, f"name of column {i}"))
        trust = IDS if TIME_WORD.search(name) else TEXT
        try:
            _column(column, f"column {i}", trust, contents)
        except (pa.ArrowException, TypeError) as e:
            contents.unreadable.append(f"column {i} ({type(e).__name__})")
    return contents


def _column(column: pa.ChunkedArray, place: str, trust: str, contents: Contents) -> None:
    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _column(column.cast(kind.value_type), place, trust, contents)
    if types.is_struct(kind):
        for i in range(kind.num_fields):
            contents.texts.append(Text(kind.field(i).name, f"{place}, name of field {i + 1}"))
            _column(pc.struct_field(column, i), f"{place}, field {i + 1}", trust, contents)
        return None
    if types.is_map(kind):
        for chunk in column.chunks:
            for part in (chunk.keys, chunk.items):
                _column(pa.chunked_array([part]), place, trust, contents)
        return None
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _column(pc.list_flatten(column), place, trust, contents)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        wanted = pc.and_(pc.greater_equal(numbers, 1e7), pc.less(numbers, 1e10))
        if not pc.any(wanted).as_py():
            return None
        whole = pc.and_(wanted, pc.equal(numbers, pc.floor(numbers)))
        column = pc.if_else(whole, numbers, pa.scalar(None, pa.float64()))
    elif types.is_temporal(kind) or types.is_boolean(kind) or types.is_null(kind):
        return None
    for counted in pc.value_counts(column.combine_chunks()).to_pylist():
        value = counted["values"]
        if value is None:
            continue
        text = decode(value)[0] if isinstance(value, bytes) else whole_number(value) or str(value)
        where = partial(_first_row, column, value, place)
        contents.texts.append(Text(text, where, trust, times=counted["counts"]))
    return None


def _first_row(column: pa.ChunkedArray, value: object, place: str) -> str:
    row = pc.index(column, pa.scalar(value, column.type)).as_py()
    return f"{place}, first in row {row + 1}"


# ------------------------------------------------------------------------------------- PDF, pictures


def _pdf(content: bytes) -> Contents:
    """Pages' text, every string object (titles, alternative texts, links), XMP, attached files."""
    try:
        import pypdf  # slow to import, and few folders hold PDF files
        from pypdf.errors import PyPdfError
    except ImportError:
        return Contents(unreadable=["pypdf is not installed"])
    contents = Contents()
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return Contents(unreadable=["protected by a password"])
        for i, page in enumerate(reader.pages, 1):
            text = page.extract_text()
            again = re.sub(r"-\n", "", text) if "-\n" in text else ""
            contents.texts.append(Text(text, f"page {i}", again=again))
        _pdf_objects(reader, contents)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError,
            NotImplementedError, IndexError, zlib.error) as e:  # fmt: skip
        contents.unreadable.append(f"broken PDF ({type(e).__name__})")
    return contents


def _pdf_objects(reader: object, contents: Contents) -> None:
    from pypdf.generic import (
        ArrayObject,
        ByteStringObject,
        DictionaryObject,
        IndirectObject,
        StreamObject,
        TextStringObject,
    )

    seen: set[int] = set()
    waiting: list[tuple[object, str]] = [
        (v, "document information" if k == "/Info" else "document")
        for k, v in reader.trailer.items()
        if k != "/ID"
    ]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                continue
            seen.add(value.idnum)
            value = value.get_object()
        if isinstance(value, TextStringObject):
            contents.texts.append(Text(str(value), place))
        elif isinstance(value, ByteStringObject):
            contents.texts.append(Text(decode(bytes(value))[0], place))
        elif isinstance(value, ArrayObject):
            waiting += [(v, place) for v in value]
        elif isinstance(value, DictionaryObject):
            waiting += [(v, place) for v in value.values()]
            if isinstance(value, StreamObject) and value.get("/Type") == "/Metadata":
                contents.add(_xml(value.get_data()), "XMP metadata")
            if "/EF" in value:
                _attachment(value, contents)


def _attachment(specification: dict, contents: Contents) -> None:
    name = str(specification.get("/UF", specification.get("/F", "attachment")))
    file = specification["/EF"].get_object()
    stream = file.get("/F", file.get("/UF"))
    if stream is not None:
        contents.parts.append((name, stream.get_object().get_data()))


_PNG = b"\x89PNG\r\n\x1a\n"


def _png(content: bytes) -> Contents:
    """Text, compressed text, international text and Exif chunks, and what follows the end."""
    if not content.startswith(_PNG):
        return Contents(unreadable=["no PNG picture"])
    contents, position, kind = Contents(), len(_PNG), b""
    while kind != b"IEND":
        if position + 12 > len(content):
            contents.unreadable.append("broken PNG picture")
            return contents
        size, kind = struct.unpack_from(">I4s", content, position)
        data = content[position + 8 : position + 8 + size]
        position += size + 12
        try:
            if kind in (b"tEXt", b"zTXt", b"iTXt"):
                contents.texts.append(Text(_png_text(kind, data), f"chunk {kind.decode()}"))
            elif kind == b"eXIf":
                contents.texts.append(Text(printable(data), "chunk eXIf"))
        except (zlib.error, ValueError):
            contents.unreadable.append(f"chunk {kind.decode()}")
    contents.texts.append(Text(printable(content[position:]), "after the picture"))
    return contents


def _png_text(kind: bytes, data: bytes) -> str:
    keyword, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        rest = zlib.decompress(rest[1:])
    elif kind == b"iTXt":
        packed, rest = rest[0], rest[2:]
        language, translated, rest = rest.split(b"\0", 2)
        rest = zlib.decompress(rest) if packed else rest
        keyword = BREAK.encode().join((keyword, language, translated))
    return decode(keyword)[0] + BREAK + decode(rest)[0]


def _jpeg(content: bytes) -> Contents:
    """The segments ahead of the picture: comments, Exif, XMP."""
    if not content.startswith(b"\xff\xd8"):
        return Contents(unreadable=["no JPEG picture"])
    return Contents([Text(printable(content.partition(b"\xff\xda")[0]), "metadata")])


def printable(data: bytes) -> str:
    """Runs of at least five printable characters in one-byte, UTF-8 and UTF-16 spelling."""
    found = re.findall(rb"[\x20-\x7e\x80-\xff]{5,}", data)
    wide = re.findall(rb"(?:[\x20-\x7e\xa0-\xff]\0){5,}", data)
    texts = [decode(f)[0] for f in found] + [w.decode("utf-16-le") for w in wide]
    return BREAK.join(texts)


_PLAIN_ENDINGS = (
    ".md", ".txt", ".log", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".qmd", ".tex", ".typ", ".py",
    ".r", ".rst", ".bib", ".lua", ".sh", ".sql", ".sha256", ".jsonl",
)  # fmt: skip
_READERS: dict[str, Callable[[bytes], Contents]] = {
    **dict.fromkeys(_PLAIN_ENDINGS, _text),
    **dict.fromkeys((".css", ".js"), _code),
    **dict.fromkeys((".csv", ".tsv"), _csv),
    **dict.fromkeys((".json", ".geojson"), _json),
    ".ipynb": _ipynb,
    **dict.fromkeys((".html", ".htm"), _html),
    **dict.fromkeys((".xml", ".svg", ".xhtml", ".rels", ".vml", ".xsl"), _xml),
    **dict.fromkeys((".zip", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".potx"), _zip),
    **dict.fromkeys((".docx", ".docm", ".dotx"), _zip),
    ".parquet": _parquet,
    ".pdf": _pdf,
    ".png": _png,
    **dict.fromkeys((".jpg", ".jpeg"), _jpeg),
}
