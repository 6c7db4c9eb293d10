"""A CSV under `params/` as rows of a model, each with its line, and what must stand once in it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from helpers.common.errors import Problem
from helpers.parameters.csv_files import read_csv
from helpers.parameters.words import Row, build

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Table(Generic[M]):
    """`rows`: those that could be read; `whole`: all could, so that what is not there is missing."""

    path: Path
    lines: tuple[tuple[int, M], ...]
    whole: bool

    @property
    def rows(self) -> tuple[M, ...]:
        return tuple(row for _, row in self.lines)

    def at(self, line: int) -> str:
        return f"{self.path}, line {line}"


def read_table(
    model: type[M],
    path: Path,
    problems: list[Problem],
    optional: tuple[str, ...] = (),
    *,
    may_be_empty: bool = False,
) -> Table[M]:
    """Every column of the model stands in the table's first line; those of `optional` may be left out."""
    before = len(problems)
    columns = tuple(c for c in model.model_fields if c not in optional)
    found = read_csv(path, columns, problems, optional) or []
    built = [(line, build(model, row, Row(path, line), problems)) for line, row in found]
    if not found and not may_be_empty and len(problems) == before:
        problems.append(Problem(str(path), "holds no rows", "one row or more", "Fill it in."))
    lines = tuple((line, row) for line, row in built if row is not None)
    return Table(path, lines, whole=len(problems) == before)


def stands_twice(table: Table[M], what: str, of: Callable[[M], Hashable]) -> Iterator[Problem]:
    """A problem for each row whose `of(row)` an earlier row has; None is no value."""
    first: dict[Hashable, int] = {}
    for line, row in table.lines:
        value = of(row)
        if value is not None and first.setdefault(value, line) != line:
            finding = f"{what} »{value}« stands twice (first in line {first[value]})"
            yield Problem(table.at(line), finding, "once", "Keep one, or correct it.")


def unknown(where: str, kind: str, name: str, known: Iterable[str]) -> Problem:
    """A name that nothing has, with the nearest that there is."""
    known = list(known)
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean »{nearest[0]}«?" if nearest else f"Known: {', '.join(known) or 'none'}."
    return Problem(where, f"unknown {kind} »{name}«", remedy=hint)
