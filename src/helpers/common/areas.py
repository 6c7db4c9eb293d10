"""The areas that numbers are of, and how they add up: municipalities to regions and groups of municipalities,
those to the country.

A table that holds an area and all its parts tells each of them from the others, so whoever sums, hides or
audits asks here which areas add up to which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import pandas as pd

from helpers.common.vocabulary import NATIONAL

COUNTRY, REGION, GROUP, MUNICIPALITY = "country", "region", "group", "municipality"


@dataclass(frozen=True)
class Area:
    """`code`: as in released tables: »0707«, `region:…`, `group:…`, `national`; `parents`: the areas it is part
    of, one for each way of dividing the country."""

    code: str
    kind: str
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Areas:
    """All areas of a release. Raises ValueError where an area comes twice or adds up to one that is not there."""

    areas: tuple[Area, ...]

    def __post_init__(self) -> None:
        codes = Counter(area.code for area in self.areas)
        doubled = [code for code, n in codes.items() if n > 1]
        unknown = {parent for area in self.areas for parent in area.parents} - codes.keys()
        if doubled or unknown:
            raise ValueError(f"areas that come twice: {doubled}; that are not there: {unknown}")

    @classmethod
    def of(cls, codes: Iterable[str]) -> Areas:
        """Municipalities, and the country where `national` is among the codes."""
        codes = dict.fromkeys(codes)
        parents = (NATIONAL,) if NATIONAL in codes else ()
        municipalities = [Area(c, MUNICIPALITY, parents) for c in codes if c != NATIONAL]
        return cls((*municipalities, *(Area(c, COUNTRY) for c in parents)))

    @cached_property
    def by_code(self) -> dict[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def sums(self) -> dict[str, tuple[str, ...]]:
        """Each area that others add up to → its municipalities."""
        found: dict[str, list[str]] = {a.code: [] for a in self.areas if a.kind != MUNICIPALITY}
        for area in self.areas:
            if area.kind == MUNICIPALITY:
                for above in self._above(area):
                    found[above].append(area.code)
        return {code: tuple(parts) for code, parts in found.items()}

    def added_up(self, table: pd.DataFrame, key: list[str], *, min_count: int = 0) -> pd.DataFrame:
        """The numbers of a table with `municipality`, added up: a row an area that others add up to × key."""
        found = [
            table[table["municipality"].isin(parts)]
            .groupby(key, sort=False, as_index=False)
            .sum(numeric_only=True, min_count=min_count)
            .assign(municipality=code)
            for code, parts in self.sums.items()
        ]
        return pd.concat(found, ignore_index=True) if found else table.iloc[:0]

    def with_sums(self, code: str) -> tuple[str, ...]:
        """The area and all that it is part of; one that is not there stands alone."""
        area = self.by_code.get(code)
        return (code, *(self._above(area) if area else ()))

    def _above(self, area: Area) -> tuple[str, ...]:
        of_parents = (self._above(self.by_code[parent]) for parent in area.parents)
        return tuple(dict.fromkeys((*area.parents, *chain.from_iterable(of_parents))))
