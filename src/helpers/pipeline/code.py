"""Which code a step uses, found in the source without running it.

That is what its function reaches by name: definitions, constants and imports of its own module and of
every module of the package from there on; statements that bind no name, of all modules that are loaded;
the folders of `assets/` that the code names; and the notebooks and report sources that the step's row in
`steps.py` names, with what they reach. Nothing else counts: no other step's code, and no file that an
editor or `quarto preview` leaves beside a source.

Code counts by its syntax tree without docstrings, so that comments, layout and docstrings make nothing
stale: the program does not have the former, and no step reads the latter (a test holds that). A
notebook counts by its cells' sources and tags and its kernel, not by outputs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from helpers.common.paths import PACKAGE, PACKED, PROJECT
from helpers.pipeline.source_parts import (
    WHOLE,
    Name,
    Part,
    Source,
    as_in_git,
    digest_of,
    parts_of,
    read_source,
)
from helpers.pipeline.steps import STEPS, Step

ASSETS = "assets"
KERNELS = Name("helpers.notebooks.kernels", WHOLE)  # starts them; an entry point names it, no code
NO_SOURCE = re.compile(r"(^|/)\.|(^|/)__pycache__/|~$|#$|\.(pyc|py|log|tmp|bak|orig|sw[op])$")


class Code:
    """The package and its project's notebooks as they lie now."""

    def __init__(self, package: Path = PACKAGE, project: Path = PROJECT) -> None:
        self.package, self.project = package, project
        self.modules = dict(_modules(package))
        folders = (package / ASSETS).iterdir() if (package / ASSETS).is_dir() else ()
        self.assets = frozenset(p.name for p in folders if p.is_dir())

    def of(self, step: Step) -> dict[str, str]:
        """Package, `assets/<folder>` or name of a notebook → digest of what the step uses of it."""
        packages: dict[str, list[str]] = {}
        folders: set[str] = set()
        for module, parts in self.reached(step):
            words = frozenset().union(*(p.words for p in parts))
            if ASSETS in words:  # all of them where it names none
                folders |= self.assets & words or self.assets
            if parts and module in self.modules:
                package = [*module.split("."), self.package.name][1 if "." in module else 0]
                packages.setdefault(package, []).extend(f"{module} {p.digest}" for p in parts)
        return (
            {package: digest_of(lines) for package, lines in packages.items()}
            | {f"{ASSETS}/{folder}": self._folder(folder) for folder in sorted(folders)}
            | {name: self._source(name).digest for name in step.sources}
        )

    def reached(self, step: Step) -> list[tuple[str, list[Part]]]:
        """(module or source, what of it the step reaches; nothing: it is only loaded)."""
        sources = {name: self._source(name).parts for name in step.sources}
        reach = _Reach(self.modules, sources)
        reach.follow([Name(*step.function.split(":")), *(Name(n, WHOLE) for n in sources)])
        if any(sources.values()):
            reach.follow([KERNELS])
        return list(reach.used())

    def digest(self) -> str:
        """Of the content of every file that counts for any step, to the byte but for line ends: the same
        in a checkout and installed from it."""
        named = {n: self.project / n for s in STEPS.values() for n in s.sources}
        named |= {n.replace(".", "/"): path for n, path in self.modules.items()}
        for folder in sorted(self.assets):
            named |= {p.relative_to(self.package).as_posix(): p for p in self._files(folder)}
        return digest_of(f"{n} {_content(p)}" for n, p in sorted(named.items()) if p.is_file())

    def _source(self, name: str) -> Source:
        path = self.project / name
        return _read(path, _stamp(path)) if path.is_file() else Source("", ())

    def _files(self, folder: str) -> list[Path]:
        lying = sorted((self.package / ASSETS / folder).rglob("*"))
        names = ((p, p.relative_to(self.package).as_posix()) for p in lying if p.is_file())
        return [p for p, name in names if not NO_SOURCE.search(name)]

    def _folder(self, folder: str) -> str:
        files = self._files(folder)
        return digest_of(f"{p.relative_to(self.package).as_posix()} {_content(p)}" for p in files)


class _Reach:
    """What is reached of modules and sources: by name, and of a module that is loaded its statements that
    bind no name."""

    def __init__(self, modules: dict[str, Path], sources: dict[str, tuple[Part, ...]]) -> None:
        self.modules, self.sources = modules, sources
        self._used: dict[str, set[int]] = {}  # module or source → numbers of its parts
        self._scopes: dict[str, _Scope] = {}
        self._seen: set[Name] = set()

    def used(self) -> Iterator[tuple[str, list[Part]]]:
        for module, numbers in sorted(self._used.items()):
            parts = self._scope(module).parts
            yield module, [parts[n] for n in sorted(numbers)]

    def follow(self, todo: list[Name]) -> None:
        while todo:
            name = todo.pop()
            inside = f"{name.module}.{name.name}"
            if inside in self.modules:
                name = Name(inside, WHOLE)
            if name not in self._seen and self._is_known(name.module):
                self._seen.add(name)
                todo += [*self._load(name.module), *self._reach(name)]

    def _is_known(self, module: str) -> bool:
        return module in self.modules or module in self.sources

    def _scope(self, module: str) -> _Scope:
        if module not in self._scopes:
            path = self.modules.get(module)
            parts = self.sources[module] if path is None else _parsed(path, _stamp(path))
            self._scopes[module] = _Scope(
                parts,
                frozenset().union(*(p.binds for p in parts)),
                {n: ".".join(p.target) for p in parts if p.target for n in p.binds},
            )
        return self._scopes[module]

    def _load(self, module: str) -> Iterator[Name]:
        """What is reached when a module is imported: its packages and its own imports are loaded too."""
        todo = [module]
        while todo:
            here = todo.pop()
            if here in self._used or not self._is_known(here):
                continue
            self._used[here] = set()
            todo.append(here.rpartition(".")[0])
            for number, part in enumerate(self._scope(here).parts):
                if part.target:
                    todo += [part.target.module, ".".join(part.target)]
                elif not part.binds:
                    yield from self._add(here, number)

    def _reach(self, name: Name) -> Iterator[Name]:
        scope = self._scope(name.module)
        bound = name.name in scope.bound
        for number, part in enumerate(scope.parts):
            if name.name in part.binds or not bound:
                yield from self._add(name.module, number)
                if bound and part.target:
                    yield part.target

    def _add(self, module: str, number: int) -> Iterator[Name]:
        """A part is reached, and what it uses; of an imported module only the attributes that it uses."""
        if number in self._used[module]:
            return
        self._used[module].add(number)
        scope = self._scope(module)
        part = scope.parts[number]
        yield from part.within
        for name, attribute in part.attributes:
            if scope.imported.get(name) in self.modules:
                yield Name(scope.imported[name], attribute)
            elif name in scope.bound:
                yield Name(module, name)
        yield from (Name(module, name) for name in part.uses & scope.bound)


class _Scope(NamedTuple):
    """A module's parts, all names that they bind, and those bound to what is imported."""

    parts: tuple[Part, ...]
    bound: frozenset[str]
    imported: dict[str, str]


def package_digest() -> str:
    """Of all code, notebooks and report sources that any step uses."""
    return Code().digest()


def _modules(package: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(package.rglob("*.py")):
        if not {ASSETS, PACKED.name} & set(path.relative_to(package).parts):
            inside = path.relative_to(package.parent).with_suffix("")
            yield ".".join(inside.parts).removesuffix(".__init__"), path


def _stamp(path: Path) -> tuple[int, int]:
    """What tells, within this process, that a file must be read again."""
    there = path.stat()
    return there.st_mtime_ns, there.st_size


def _content(path: Path) -> str:
    return _digested(path, _stamp(path))


@lru_cache(4096)
def _digested(path: Path, _: tuple[int, int]) -> str:
    return hashlib.sha256(as_in_git(path)).hexdigest()[:16]


@lru_cache(4096)
def _parsed(path: Path, _: tuple[int, int]) -> tuple[Part, ...]:
    return tuple(parts_of(path.read_bytes()))


@lru_cache(256)
def _read(path: Path, _: tuple[int, int]) -> Source:
    return read_source(path)
