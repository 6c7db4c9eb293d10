"""The `participants` of a round's file, edited in place: every other byte of the file stays.

The block's place is found by ruamel.yaml; lines that stay are not touched, so their comments stay
too. A new line has the municipality's name as its comment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from helpers.parameters.params import Municipality

KEY = "participants"


def with_participants(
    text: str, codes: list[str], municipalities: Mapping[str, Municipality]
) -> str:
    """The file's text with `codes` taking part besides those that do; the file's line ends are kept.

    A new line stands before the first one with a higher code. A list in brackets, an empty one or
    none at all becomes a block with a line a municipality.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    key, block = _find(text)
    there = [n.value for n in block.value] if isinstance(block, SequenceNode) else []
    new = sorted(c for c in codes if c not in there)
    if not new:
        return text
    if block is not None and there and not block.flow_style:
        items = [(n.start_mark.line, n.value) for n in block.value]
        indent = lines[items[0][0]].partition("-")[0]
        for code in reversed(new):
            after = [line for line, value in items if value > code]
            at = min(after) if after else items[-1][0] + 1
            lines.insert(at, _line(code, municipalities, indent, end))
        return "".join(lines)
    whole = [_line(c, municipalities, "  ", end) for c in sorted({*there, *new})]
    if key is None:
        return "".join([*lines, f"{KEY}:{end}", *whole])
    first = key.start_mark.line
    last = block.end_mark.line if isinstance(block, SequenceNode) else key.end_mark.line
    comment = lines[last].partition("#")  # behind an empty list, say
    head = f"{KEY}:" + (f"  #{comment[2].rstrip()}" if comment[1] else "") + end
    return "".join([*lines[:first], head, *whole, *lines[last + 1 :]])


def without_participants(
    text: str, codes: Collection[str], municipalities: Mapping[str, Municipality]
) -> str:
    """The file's text without `codes` taking part; nobody left leaves an empty list."""
    key, block = _find(text)
    if key is None or not isinstance(block, SequenceNode):
        return text
    left = [n.value for n in block.value if n.value not in codes]
    if len(left) == len(block.value):
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if left and not block.flow_style:
        gone = {n.start_mark.line for n in block.value if n.value in codes}
        return "".join(line for i, line in enumerate(lines) if i not in gone)
    first, last = key.start_mark.line, block.end_mark.line
    if not block.flow_style:  # its end is where the next key begins
        last = block.value[-1].start_mark.line
    elif left:
        emptied = "".join([*lines[:first], f"{KEY}: []{end}", *lines[last + 1 :]])
        return with_participants(emptied, left, municipalities)
    return "".join([*lines[:first], f"{KEY}: []{end}", *lines[last + 1 :]])


def _line(code: str, municipalities: Mapping[str, Municipality], indent: str, end: str) -> str:
    return f'{indent}- "{code}"  # {municipalities[code].name}{end}'


def _find(text: str) -> tuple[Node | None, Node | None]:
    """The nodes of the key and of its value; None where there is no such key."""
    root = YAML(typ="rt").compose(text)
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if key.value == KEY:
                return key, value
    return None, None
