"""A Python source, notebook or report source as it counts for what is stale: in parts, a statement each."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

WHOLE = "*"
SAFE_DECORATORS = {"cache", "contextmanager", "dataclass", "lru_cache"}  # they register nothing
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
QMD_CODE = re.compile(r"^```\{python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)  # a notebook's lines that are no Python


class Name(NamedTuple):
    """A name in a module of the package; WHOLE: all of the module."""

    module: str
    name: str


@dataclass(frozen=True)
class Part:
    """A statement at the top of a source: the names that it binds (none: it always counts) and its digest.

    `target`: what an import binds its name to; `within`: imports in the statement's own body; `uses`,
    `attributes`: names used, alone and with an attribute; `words`: those in its texts.
    """

    binds: frozenset[str]
    digest: str
    target: Name | None
    within: frozenset[Name]
    uses: frozenset[str]
    attributes: frozenset[tuple[str, str]]
    words: frozenset[str]


class Source(NamedTuple):
    """A notebook or report source as it counts."""

    digest: str
    parts: tuple[Part, ...]


def as_in_git(path: Path) -> bytes:
    """A file's content with line feeds, as git has it on every platform."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def digest_of(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def parts_of(code: bytes | str) -> Iterator[Part]:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, *DEFINITIONS)) and ast.get_docstring(node, clean=False):
            del node.body[0]
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield from _imports(statement)
        elif not _for_types(statement):
            yield _part(statement, _bound_by(statement))


def _part(statement: ast.stmt, binds: frozenset[str], target: Name | None = None) -> Part:
    nodes = list(_when_run(statement))
    owners = {id(n.value) for n in nodes if isinstance(n, ast.Attribute)}
    within = [n for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return Part(
        binds=binds,
        digest=digest_of([ast.dump(statement)]),
        target=target,
        within=frozenset(n for w in within for _, n in _named(w))
        if target is None
        else frozenset(),
        uses=frozenset(n.id for n in nodes if isinstance(n, ast.Name) and id(n) not in owners),
        attributes=frozenset(
            (n.value.id, n.attr)
            for n in nodes
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
        ),
        words=frozenset(word for text in texts for word in text.split("/")),
    )


def _imports(statement: ast.Import | ast.ImportFrom) -> Iterator[Part]:
    """A part for each name that the statement binds."""
    for alias, name in _named(statement):
        one = ast.ImportFrom(name.module, [ast.alias(name.name, alias)], 0)
        whole = name.name == WHOLE  # `import a.b` binds a, `from a import *` nobody knows what
        yield Part(
            frozenset({alias} if alias else ()),
            digest_of([ast.dump(one)]),
            None if whole else name,
            frozenset({name} if whole else ()),
            *[frozenset()] * 3,
        )


def _named(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Name]]:
    """(name that is bound, what it is bound to)."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            bound = "" if alias.name == WHOLE else alias.asname or alias.name
            yield bound, Name(statement.module or "", alias.name)
        elif alias.asname and "." in alias.name:
            yield alias.asname, Name(*alias.name.rpartition(".")[::2])
        else:
            yield alias.asname or alias.name.partition(".")[0], Name(alias.name, WHOLE)


def _bound_by(statement: ast.stmt) -> frozenset[str]:
    """Names of a definition or constant; none where the statement may do more than to bind them."""
    if isinstance(statement, DEFINITIONS):
        decorators = [d.func if isinstance(d, ast.Call) else d for d in statement.decorator_list]
        safe = all(ast.unparse(d) in SAFE_DECORATORS for d in decorators)
        return frozenset({statement.name} if safe else ())
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return frozenset()
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    plain = all(isinstance(t, ast.Name | ast.Tuple) for t in targets)
    named = (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name))
    return frozenset(named if plain else ())


def _for_types(node: ast.AST) -> bool:
    """Whether what stands below is not there when the program runs."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _when_run(node: ast.AST) -> Iterator[ast.AST]:
    if not _for_types(node):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _when_run(child)


# ------------------------------------------------------------------- notebooks and report sources


def read_source(path: Path) -> Source:
    content = as_in_git(path)
    counts, code = content, ""
    try:
        if path.suffix == ".ipynb":
            counts, code = _notebook(json.loads(content))
        elif path.suffix == ".qmd":
            code = "\n".join(QMD_CODE.findall(content.decode("utf-8", "replace")))
        parts = tuple(parts_of(MAGIC.sub("", code)))
    except (ValueError, SyntaxError, LookupError, TypeError, AttributeError):
        counts, parts = (
            content,
            (),
        )  # saved by halves: another source, and the run tells what is wrong
    return Source(hashlib.sha256(counts).hexdigest()[:16], parts)


def _notebook(content: dict) -> tuple[bytes, str]:
    """What counts of a notebook, and the code in its cells."""
    cells = [
        {
            "cell_type": cell["cell_type"],
            "source": "".join(cell["source"]),
            "tags": cell["metadata"].get("tags", []),
            "attachments": cell.get("attachments", {}),
        }
        for cell in content["cells"]
    ]
    counts = [content["metadata"].get("kernelspec", {}), cells]
    code = "\n".join(c["source"] for c in cells if c["cell_type"] == "code")
    return json.dumps(counts, sort_keys=True).encode(), code
