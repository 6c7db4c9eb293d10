"""Where a round's files lie: one folder or any other address that all workers see.

Files go by their path relative to the root, with `/`: `data/demo/sample/0707.parquet`. A folder of
this machine is worked in directly. Any other address (`s3://…`, `file://…`) is worked in through a
mirror: what a step needs is fetched into a folder of the worker's own, and what it made is put back.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import fsspec
from fsspec.implementations.local import LocalFileSystem

from helpers.common.errors import ParameterError
from helpers.common.paths import write_atomically
from helpers.common.quoting import without_secrets

SIGNED_BY = ("size", "mtime", "created", "ino", "ETag", "etag", "md5", "LastModified", "updated")
TEMPORARY_NAME = re.compile(
    r"\.[^/]+\.\d+(?:\.[^./]+)?$"
)  # what `write_atomically` writes before it renames


def is_address(root: str) -> bool:
    """Whether the root is a fsspec address and no folder; `C:\\round` is a folder."""
    return "://" in root or "::" in root


class Store:
    """The files under one root. Raises ParameterError where there is no such kind of address."""

    def __init__(self, root: str) -> None:
        self.root = root
        try:
            self.fs, base = fsspec.url_to_fs(root)
        except (ValueError, ImportError) as e:
            raise ParameterError(
                "--root",
                f"»{root}« cannot be opened ({without_secrets(str(e), root)})",
                "a folder, or an address of fsspec",
            ) from None
        self.base = base.rstrip("/")

    def __reduce__(self) -> tuple:
        return Store, (self.root,)

    @property
    def folder(self) -> Path | None:
        """The folder of this machine that is worked in directly; None: through a mirror."""
        return None if is_address(self.root) else Path(self.root)

    def path(self, name: str) -> str:
        return f"{self.base}/{name}"

    def listing(self, folder: str) -> dict[str, str]:
        """Name → signature of every file below `folder`; half-written and hidden files are left out.

        A signature is another one where the content may be another one: it is made of size, times
        and what the file system itself says of the content.
        """
        self.fs.invalidate_cache()
        if not self.fs.isdir(self.path(folder)):
            return {}
        start = len(self.base) + 1
        found = self.fs.find(self.path(folder), detail=True)
        names = {path[start:]: info for path, info in sorted(found.items())}
        return {n: _signature(info) for n, info in names.items() if not is_hidden(n)}

    def find(self, patterns: Iterable[str]) -> dict[str, str]:
        """Name → signature of the files that fit a pattern of `matching`."""
        found: dict[str, str] = {}
        for pattern in patterns:
            if set("*?") & set(pattern):
                lying = self.listing(pattern.rpartition("/")[0])
                found |= {n: lying[n] for n in matching(by_folder(lying), [pattern])}
            elif self.fs.isfile(self.path(pattern)):
                found[pattern] = self.signature(pattern)
        return dict(sorted(found.items()))

    def signature(self, name: str) -> str:
        """The signature that `listing` gives the file."""
        if isinstance(self.fs, LocalFileSystem):
            return _signature(self.fs.info(self.path(name)))
        return self.listing(name.rpartition("/")[0])[name]  # `info` may say it in other words

    def digest(self, name: str) -> str:
        """SHA-256 of a file's content, in hexadecimal digits."""
        with self.fs.open(self.path(name), "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def read_text(self, name: str) -> str:
        return self.fs.cat_file(self.path(name)).decode("utf-8")

    def fetch(self, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self.fs.get_file(self.path(name), str(target))

    def put(self, source: Path, name: str) -> None:
        """Put a file there; whoever reads meanwhile sees the old one or the new one, whole."""
        self._place(name, lambda target: self.fs.put_file(str(source), target))

    def write_text(self, name: str, text: str) -> None:
        self._place(name, lambda target: self.fs.pipe_file(target, text.encode("utf-8")))

    def _place(self, name: str, write: Callable[[str], object]) -> None:
        target = PurePosixPath(self.path(name))
        self.fs.makedirs(str(target.parent), exist_ok=True)
        if isinstance(self.fs, LocalFileSystem):
            write_atomically(Path(target), lambda temporary: write(str(temporary)))
        else:
            write(str(target))  # object stores show a file once it is whole

    def remove(self, name: str) -> None:
        if self.fs.exists(self.path(name)):
            self.fs.rm_file(self.path(name))

    def sweep(self, folder: str) -> list[str]:
        """Remove what an interrupted run left half-written below `folder`; returns the names."""
        if not self.fs.isdir(self.path(folder)):
            return []
        found = self.fs.find(self.path(folder))
        left = [p for p in found if TEMPORARY_NAME.match(p.rsplit("/", 1)[-1])]
        for path in left:
            self.fs.rm_file(path)
        return sorted(left)


def is_hidden(name: str) -> bool:
    return name.rsplit("/", 1)[-1].startswith((".", "~$"))


def _signature(info: dict) -> str:
    parts = [f"{k}={info[k]}" for k in SIGNED_BY if info.get(k) is not None]
    return hashlib.sha256(";".join(parts).encode()).hexdigest()[:16]


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(parts.get(p, re.escape(p)) for p in re.split(r"(\*\*|\*|\?)", pattern)) + r"\Z"
    )


def matching(names_by_folder: dict[str, list[str]], patterns: Iterable[str]) -> Iterator[str]:
    """Names that fit a pattern: `?` one sign, `*` any within a name, and `**` at the end any below."""
    for pattern in patterns:
        folder = pattern.rpartition("/")[0]
        if pattern.endswith("/**"):
            for other, names in names_by_folder.items():
                if f"{other}/".startswith(f"{folder}/"):
                    yield from names
        else:
            fits = _pattern(pattern).match
            yield from (n for n in names_by_folder.get(folder, ()) if fits(n))


def by_folder(names: Iterable[str]) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    return folders


class Mirror:
    """A worker's own copy of what it needs from a store that it cannot work in directly."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.held: dict[str, str] = {}  # name → signature in the store of what lies here
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(stat.S_IRWXU)

    def fetch(self, wanted: dict[str, str], patterns: Iterable[str]) -> None:
        """Hold the `wanted` files (name → signature) and, of those that fit a pattern, no other."""
        here = by_folder(self._names())
        for name in set(matching(here, patterns)) - wanted.keys():
            (self.folder / name).unlink()
            self.held.pop(name, None)
        for name, signature in wanted.items():
            if self.held.get(name) != signature or not (self.folder / name).is_file():
                self.store.fetch(name, self.folder / name)
                self.held[name] = signature

    def put_back(self, names: Iterable[str]) -> None:
        for name in names:
            self.store.put(self.folder / name, name)
            self.held[name] = self.store.signature(name)

    def _names(self) -> list[str]:
        return [
            p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file()
        ]
