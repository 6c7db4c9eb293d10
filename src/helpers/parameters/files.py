"""The files under `params/` as text and YAML: read whole, or refused with the line.

A `Source` knows the line that each key stands on, so that every later check can name it.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.common.errors import Problem

BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
SHOWN_CHARACTERS = 60
DEEPEST = 100  # lists in lists
NOT_IN_YAML = "\ufffe\uffff\x7f"


class Unread:
    """Stands for a value that could not be read, and of which that has been told."""


@dataclass(frozen=True)
class Source:
    """One YAML file: its content, and where its keys stand."""

    path: Path
    content: dict[str, Any]
    node: yaml.Node | None = field(default=None, repr=False)

    def at(self, *loc: object) -> str:
        """»params/rounds/demo.yml, line 12, key `sampling.min_answers`«; the key's line, or that of the
        nearest key around it."""
        shown = [str(part) for part in loc if part != "[key]"]
        key = f", key `{'.'.join(shown)}`" if shown else ""
        return f"{self.path}{self.line(*loc)}{key}"

    def line(self, *loc: object) -> str:
        """», line 12«; empty for the file as a whole."""
        found = self._node(loc)
        return f", line {found[0].start_mark.line + 1}" if found else ""

    def text(self, *loc: object) -> str | None:
        """A scalar as it is written, before YAML made a number or a date of it."""
        found = self._node(loc, whole=True)
        written = found and found[0 if loc and loc[-1] == "[key]" else 1]
        return written.value if isinstance(written, yaml.ScalarNode) else None

    def _node(
        self, loc: Iterable[object], whole: bool = False
    ) -> tuple[yaml.Node, yaml.Node] | None:
        """(key or item, value) at `loc`, or the nearest around it unless `whole`."""
        found, here = None, self.node
        for part in loc:
            if part == "[key]":
                continue
            step = _child(here, part)
            if step is None:
                return None if whole else found
            found, here = step, step[1]
        return found


def _child(node: yaml.Node | None, part: object) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode):
        good = isinstance(part, int) and 0 <= part < len(node.value)
        return (node.value[part], node.value[part]) if good else None
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((pair for pair in node.value if str(part) in _names(pair[0])), None)


def _names(node: yaml.Node) -> set[str]:
    """What a key may be called: as it is written, and as YAML reads it (0707 is the number 455)."""
    if not isinstance(node, yaml.ScalarNode):
        return set()
    try:
        return {node.value, str(yaml.safe_load(node.value))}
    except (yaml.YAMLError, ValueError):
        return {node.value}


# ------------------------------------------------------------------------------------------- text


def read_text(path: Path, problems: list[Problem]) -> str | None:
    """The file's text in composed letters (NFC); None, and a problem, where it cannot be read."""
    if not path.is_file():
        problems.append(Problem(str(path), "the file does not exist", remedy=known_files(path)))
        return None
    try:
        content = path.read_bytes()
    except OSError as e:
        remedy = "Close it in other programs, or see who may read it."
        problems.append(Problem(str(path), f"cannot be opened ({e.strerror})", remedy=remedy))
        return None
    remedy = "Save the file as UTF-8 (in Excel: »CSV UTF-8«), then run again."
    if content[:2] in BOMS or b"\0" in content[:200]:
        problems.append(Problem(str(path), "is saved as UTF-16", "UTF-8", remedy))
        return None
    try:
        return unicodedata.normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        line = content[: e.start].count(b"\n") + 1
        where = f"{path}, line {line}"
        problems.append(Problem(where, "holds a letter that is not UTF-8", "UTF-8", remedy))
        return None


def known_files(path: Path) -> str:
    """»Did you mean »demo«? There are: …« of a file that does not exist."""
    known = sorted(p.stem for p in path.parent.glob(f"*{path.suffix}"))
    nearest = difflib.get_close_matches(path.stem, known, n=1)
    hint = f"Did you mean »{nearest[0]}«? " if nearest else ""
    return f"{hint}There are: {', '.join(known) or 'none'}"


# ------------------------------------------------------------------------------------------- YAML


def read_yaml(path: Path, problems: list[Problem]) -> Source | None:
    """One YAML file; None where nothing of it can be read. Single values that cannot be read are told,
    and stand as `Unread`, so that the rest of the file is checked too."""
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        if _too_deep(text):
            raise RecursionError
        loader = _Loader(text)
        node = loader.get_single_node()
        content = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as e:
        problems.append(_no_yaml(path, text, e))
        return None
    except (RecursionError, *_UNREADABLE):
        finding = "its brackets, or its tags (!!), do not fit what they hold"
        problems.append(
            Problem(str(path), finding, "`key: value` lines", "Mend them, then run again.")
        )
        return None
    problems += [
        Problem(f"{path}, line {line + 1}", what, expected, remedy)
        for line, what, expected, remedy in loader.troubles
    ]
    if not isinstance(content, dict):
        finding = "is empty" if content is None else "holds no keys"
        problems.append(Problem(str(path), finding, "`key: value` lines", "Fill in the file."))
        return None
    return Source(path, content, node)


def _too_deep(text: str) -> bool:
    """Whether so much stands within another that the compiled parser would end the process."""
    if sum(map(text.count, ("[", "{", "- ", "? "))) < DEEPEST:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SafeLoader, the fast one where it was compiled, that tells of values it cannot read and of keys
    that stand twice (YAML 1.2, 3.2.1.3), and goes on."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.troubles: list[tuple[int, str, str, str]] = []

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except _UNREADABLE:
            if not isinstance(node, yaml.ScalarNode):
                raise
            self.recursive_objects.pop(node, None)
            self._tell(node, *_unreadable(node))
            return Unread()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        pairs, seen = [], {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.endswith(":merge"):
                what = "a key is no text or number"
                self._tell(key_node, what, "`key: value`", "Mend the line.")
                continue
            key = self.construct_object(key_node, deep)
            if isinstance(key, Unread):
                continue
            if key in seen:
                first = seen[key].start_mark.line + 1
                finding = f"key »{key_node.value}« stands twice (first in line {first})"
                self._tell(key_node, finding, remedy="Keep one of them.")
                continue
            seen[key] = key_node
            if node.flow_style and isinstance(key, int) and _left_empty(value_node):
                finding = f"»{key}« stands alone between commas"
                self._tell(
                    key_node, finding, "a decimal point, as 0.25, and no comma", "Write the point."
                )
                continue
            pairs.append((key_node, value_node))
        return super().construct_mapping(yaml.MappingNode(node.tag, pairs, node.start_mark), deep)

    def _tell(self, node: yaml.Node, what: str, expected: str = "", remedy: str = "") -> None:
        self.troubles.append((node.start_mark.line, what, expected, remedy))


def _left_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "" and not node.style


def _unreadable(node: yaml.ScalarNode) -> tuple[str, str, str]:
    if node.tag.endswith(":timestamp"):
        return f"»{node.value}«: there is no such day", "a day as 2024-02-01", "Mend the date."
    return f"»{shortened(node.value)}« cannot be read", "a text in quotes", "Mend the value."


def shortened(text: str) -> str:
    """A value for a message: one line, and not all of a long one."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _no_yaml(path: Path, text: str, error: yaml.YAMLError) -> Problem:
    """What most often is wrong with YAML that cannot be read at all, in words."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    finding = str(getattr(error, "problem", "") or getattr(error, "reason", "") or "")
    lines = text.splitlines()
    number = mark.line if mark else _line_of_control(text)
    number = min(number, max(len(lines) - 1, 0))
    line = lines[number] if lines else ""
    where = f"{path}, line {number + 1}"
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in finding or "\\x09" in finding:
        return Problem(where, "is indented by a tab", "spaces", "Put spaces in place of the tab.")
    context = str(getattr(error, "context", ""))
    if "mapping values" in finding:
        what = "holds a colon too many, or the line above it holds none"
        expected = "one `key: value` a line, texts with a colon in quotes"
    elif "quoted" in finding or "quoted" in context:
        what, expected = "opens a quote that is not closed", "a text between two quotes"
    elif "document" in finding and line.startswith(("---", "...")):
        what, expected = "begins a second document (---)", "one"
    elif "cannot start" in finding:
        what, expected = "holds a text that begins with @, ` or %", "such a text in quotes"
    elif "flow" in context or "','" in finding:
        what = "opens a bracket that is not closed, or lacks a comma"
        expected = "[a, b] or {a: 1, b: 2}"
    elif "':'" in finding:
        what, expected = "has no colon behind its key", "`key: value`"
    elif any(word in finding for word in ("anchor", "alias", "tag", "constructor")):
        what, expected = "holds a text that begins with &, * or !", "such a text in quotes"
    elif any(map(_unprintable, line)):
        what, expected = "holds a sign that cannot be printed", "letters, digits and signs"
    else:
        what = "cannot be read as YAML: its indentation, its brackets or its quotes do not fit"
        expected = "`key: value`, indented by spaces as its neighbours"
    return Problem(where, what, expected, "Mend the line or the one above it, then run again.")


def _line_of_control(text: str) -> int:
    at = next((i for i, c in enumerate(text) if _unprintable(c)), 0)
    return text[:at].count("\n")


def _unprintable(sign: str) -> bool:
    return sign in NOT_IN_YAML or (ord(sign) < 32 and sign not in "\t\n\r")
