"""HTML and XML (SVG, the parts of Office files): blocks, attributes, comments, scripts."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from urllib.parse import unquote

from lxml import etree

from helpers.common.plain_text import BREAK, IDS, TEXT
from helpers.scan.code import add_script, read_json
from helpers.scan.data_uris import take_out_data_uris
from helpers.scan.text import Contents, Table, Text, decode, plain_digits

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
    "d", "points", "transform", "viewBox", "values", "keyTimes", "stroke-dasharray",
    "gradientTransform", "path", "patternTransform",
}  # fmt: skip
_PROSE = {
    "alt", "title", "descr", "content", "href", "src", "action", "value", "label", "summary",
    "placeholder", "name", "tooltip", "author", "Target", "display", "prompt", "promptTitle",
    "error", "errorTitle", "aria-label", "aria-description",
}  # fmt: skip


def read_html(content: bytes) -> Contents:
    """Blocks with their inline elements joined, comments, attributes, scripts and style sheets."""
    contents = Contents()
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    text, root = _tree(content, parser, contents)
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
            contents.texts.append(Text(take_out_data_uris(element.text or "", contents), place))
        elif element.tag not in _INLINE:
            flush()
        if event == "start":
            line = element.sourceline or line
            for name, value in element.attrib.items():
                _attribute(name, value, contents)
            if element.tag in ("script", "style"):
                place = f"{element.tag} in line {line}"
                if ahead and _shipped(ahead):
                    continue
                if element.get("type", "").endswith("json"):
                    contents.add(read_json((ahead or "").encode()), place)
                else:
                    add_script(ahead or "", f"{place}, ", contents)
                continue
        if ahead and (runs or not ahead.isspace()):
            runs.append(take_out_data_uris(ahead, contents))
    flush()
    contents.tables += _table(root, ("td", "th"))
    if _lost_uris(text, root):
        take_out_data_uris(text, contents)
    return contents


_HOLDS_URIS = etree.XPath(
    "//@*[contains(., 'data:')]|//text()[contains(., 'data:')]"
    "|//comment()[contains(., 'data:')]|//processing-instruction()[contains(., 'data:')]"
)


def _lost_uris(text: str, root: etree._Element | None) -> bool:
    """Whether the tree lacks `data:` URIs of the page: those of an end tag, or of a second attribute of one
    name, which a parser leaves out."""
    if "data:" not in text or root is None:
        return False
    found = (node if isinstance(node, str) else node.text or "" for node in _HOLDS_URIS(root))
    return text.count("data:") > sum(f.count("data:") for f in found)


def _table(root: etree._Element | None, kinds: tuple[str, ...]) -> list[Table]:
    """The rows of all tables below an element, as one."""
    rows = []
    for line in root.iter("{*}tr") if root is not None else ():
        cells = ("".join(c.itertext()) for c in line if _local(c) in kinds)
        rows.append(BREAK.join(" ".join(cell.split()) for cell in cells))
    return [Table.of("\n".join(rows))] if rows else []


@cache
def _scripts() -> frozenset[str]:
    """Digests of the scripts that ship with the project and stand in its pages as they are."""
    folder = files("helpers") / "assets" / "dashboard"
    own = (p.read_text("utf-8") for p in folder.iterdir() if p.name.endswith(".js"))
    return frozenset(_digest(text) for text in own)


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8")).hexdigest()


def _shipped(script: str) -> bool:
    """A library's long numbers are nobody's; what has been changed in it is looked through again."""
    return _digest(script) in _scripts()


def read_xml(content: bytes) -> Contents:
    """Paragraphs with their runs joined, other elements one by one, comments, and attributes."""
    contents = Contents()
    parser = etree.XMLParser(encoding="utf-8", huge_tree=True, resolve_entities=False)
    text, root = _tree(content, parser, contents)
    if root is None:
        return contents
    for m in _DECLARED.finditer(text):  # entities, which the tree leaves as their names
        contents.texts.append(Text(take_out_data_uris(m[1], contents), "document type"))
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
            plain = plain_digits(node) if _local(owner) in ("v", "c") else node
            runs.append(take_out_data_uris(plain, contents))
        elif node is not None:
            said = (node.text or "") if callable(node.tag) else "\n"
            runs.append(take_out_data_uris(said, contents))
    if ":tc>" in text:
        contents.tables += _table(root, ("tc",))
    return contents


_ATTRIBUTE = re.compile(r"""\s([\w:.-]++)\s?=\s?("[^"<]{5,}"|'[^'<]{5,}')""")
# What a value must hold for anything to be found in it that counts in an id.
_WORTH_READING = re.compile(
    r"[\s@+]|[0-9]{9}|[0-9]{6}\W|[0-9]{2}\.[0-9]{2}|\A[^\W\d_]{2,}[._,][^\W\d_]{2}"
)
_IN_STYLE = re.compile(r"@|[0-9]{6}|[^\W\d_]{2}(?:[.,]?\s+|[._,])[^\W\d_]{2}")
_DECLARED = re.compile(r"<!DOCTYPE[^\[>]*\[(.*?)\]\s*>", re.DOTALL)
_XML_TEXTS = etree.XPath(
    "//text()[(normalize-space() or parent::*[local-name()='t'])"
    " and not(parent::*[local-name()='v' and ../@t[.='s' or .='b' or .='e']])]"
    "|//*[local-name()='br' or local-name()='tab' or local-name()='cr']"
    "|//comment()|//processing-instruction()"
)


def _tree(
    content: bytes, parser: etree.XMLParser | etree.HTMLParser, contents: Contents
) -> tuple[str, etree._Element | None]:
    """The text and its tree; what is no markup is read as plain text."""
    text, trouble = decode(content)
    contents.unreadable += [trouble] if trouble else []
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None and text.strip():
        contents.texts.append(Text(take_out_data_uris(text, contents)))
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
    value = take_out_data_uris(value, contents, whole=not name.endswith("srcset"))
    if len(value) < 5 or name in _SHAPES:
        return
    if name == "style" and ":" in value and not _IN_STYLE.search(value):
        return
    prose = name in _PROSE or name.startswith("data-") or (name == "style" and ":" not in value)
    if not prose and not _WORTH_READING.search(value):
        return
    if prose and "%" in value:
        value = unquote(value)
    place = f"attribute {name}" if name in _PROSE else "attribute"
    contents.texts.append(Text(value, place, TEXT if prose else IDS, times=times))
