"""What a reader can compute of the hidden counts, from the published table alone.

Written apart from `disclosure/suppression.py` and without its true counts: the readers here set up the
relations themselves, take n only where it is shown, and search the intervals that are left for the
hidden cells, in whole numbers (HiGHS). They believe that everybody is in one category of each
breakdown, as is true of what comes from registers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.common.areas import MUNICIPALITY, Areas
from helpers.disclosure.solver import System

WHOLE, LOCAL = "all", "local:"
OUTSIDER, KNOWS_RULE, RESPONDENT, KNOWS_SIZE = (
    "plain",
    "knows the rule",
    "knows own answer",
    "knows size",
)
EXACT, BELOW, NARROW = "exact", "below_threshold", "too_narrow"
CELL = ["municipality", "breakdown", "category"]
Cell = tuple[str, str, str]
FINDING_COLUMNS = [*CELL, "status", "attacker", "knows", "kind", "low", "high"]
MOST = 1_000_000  # no count is larger; keeps every search bounded
GLANCES = 6  # random directions searched before cells are asked for one by one


def audit(
    cells: pd.DataFrame,
    *,
    threshold: int,
    few_is_of_this_item: bool = True,
    areas: Areas | None = None,
) -> pd.DataFrame:
    """A row a hidden cell that a reader narrows down too far; empty is safe.

    `cells`: a row a municipality (and `national`) × breakdown × category with n and status; one
    item. `few_is_of_this_item`: the mark says that this very n is below the threshold (False in a
    round of many items, where one of them is). `areas`: how the municipalities add up; None: to the
    country, where it is among the cells.

    attacker: `plain`; `knows own answer` (some cell holds at least 1, named in `knows`); `knows
    size` (of a municipality's hidden whole; the widest interval over all sizes it may have);
    `knows the rule` (few is below the threshold, linked is not). kind: `exact`; of a `few` cell
    also `below_threshold` (the interval, low … high, stays below it) and `too_narrow` (narrower
    than the threshold); knowing the rule only `exact` counts, since the mark itself says the rest.
    A reader whose beliefs contradict the table finds nothing.
    """
    found: list[tuple] = []
    areas = areas or Areas.of(cells["municipality"])
    for part in _parts(_System.read(cells, areas)):
        found += _audit_part(part, threshold, few_is_of_this_item)
    findings = pd.DataFrame(found, columns=FINDING_COLUMNS)
    return findings.sort_values(FINDING_COLUMNS[:6], ignore_index=True)


def audit_items(
    cells_by_item: pd.DataFrame, *, threshold: int, areas: Areas | None = None
) -> pd.DataFrame:
    """As `audit` for each item of a round, whose name leads the row."""
    areas = areas or Areas.of(cells_by_item["municipality"])
    few = {"few_is_of_this_item": False}
    tables = [
        audit(cells, threshold=threshold, areas=areas, **few).assign(item=item)
        for item, cells in cells_by_item.groupby("item", sort=True)
    ]
    findings = pd.concat(tables, ignore_index=True)
    return findings[["item", *FINDING_COLUMNS]]


@dataclass(frozen=True)
class _System:
    """Hidden cells and what the published table says of them: relations @ counts = right."""

    cells: list[Cell]
    status: np.ndarray
    relations: sparse.csr_array
    right: np.ndarray
    areas: Areas

    @cached_property
    def solver(self) -> System:
        return System(self.relations, self.right, same_bounds=True)

    @classmethod
    def read(cls, table: pd.DataFrame, areas: Areas) -> _System:
        value, hidden = {}, {}
        for *cell, n, status in table[[*CELL, "n", "status"]].itertuples(index=False):
            if status == "shown":
                value[tuple(cell)] = int(n)
            elif status == "not_asked":
                value[tuple(cell)] = 0
            else:
                hidden[tuple(cell)] = status
        place = {cell: i for i, cell in enumerate(sorted(hidden))}
        rows, columns, signs = [], [], []
        right: list[int] = []
        for total, parts in sums_of(tuple(sorted([*value, *hidden])), areas):
            terms = [(total, -1), *((part, 1) for part in parts)]
            unknown = [(place[cell], sign) for cell, sign in terms if cell in place]
            if unknown:
                rows += [len(right)] * len(unknown)
                columns += [at for at, _ in unknown]
                signs += [sign for _, sign in unknown]
                right.append(-sum(sign * value[cell] for cell, sign in terms if cell in value))
        shape = (len(right), len(place))
        return cls(
            list(place),
            np.array([hidden[cell] for cell in place], dtype=object),
            sparse.csr_array((np.array(signs, float), (rows, columns)), shape=shape),
            np.array(right, dtype=float),
            areas,
        )


@lru_cache(maxsize=8)
def sums_of(cells: tuple[Cell, ...], areas: Areas) -> list[tuple[Cell, list[Cell]]]:
    """(total, parts) of every sum that a reader can set up; items mostly have the same."""
    known, parts = set(cells), defaultdict(list)
    for cell in cells:
        for total, breakdown in _totals(*cell, areas):
            if total in known:
                parts[total, breakdown].append(cell)
    return [(total, found) for (total, _), found in parts.items()]


def _totals(
    municipality: str, breakdown: str, category: str, areas: Areas
) -> Iterator[tuple[Cell, str]]:
    """The cells that this one is a part of, and by which breakdown."""
    area = areas.by_code[municipality]
    for parent in area.parents:
        yield (parent, breakdown, category), area.kind
    if ":" in breakdown and not breakdown.startswith(LOCAL):
        for margin, value in zip(breakdown.split(":"), category.split(":"), strict=True):
            yield (municipality, margin, value), breakdown
    elif breakdown != WHOLE:
        yield (municipality, WHOLE, WHOLE), breakdown


def _parts(system: _System) -> Iterator[_System]:
    """The hidden cells fall into groups that no relation connects."""
    if not system.cells:
        return
    touching = abs(system.relations)
    _, group = sparse.csgraph.connected_components(touching.T @ touching, directed=False)
    for g in range(group.max() + 1):
        at = np.flatnonzero(group == g)
        mine = system.relations[:, at]
        rows = np.flatnonzero(abs(mine).sum(axis=1))
        yield _System(
            [system.cells[i] for i in at],
            system.status[at],
            mine[rows],
            system.right[rows],
            system.areas,
        )


@dataclass(frozen=True)
class _Envelope:
    """Lowest and highest count of a cell in the first tables found, those alone where each other
    cell holds somebody."""

    n_tables: int
    low: np.ndarray | float
    high: np.ndarray | float


class _Search:
    """Tables that one reader cannot rule out, found so far; a row a table."""

    def __init__(self, system: _System, low: np.ndarray, high: np.ndarray) -> None:
        self.system, self.low, self.high = system, low, high
        self.tables = np.empty((0, len(low)))
        self.envelope: dict[int, _Envelope] = {}

    def find(
        self,
        objective: np.ndarray,
        low: np.ndarray | None = None,
        high: np.ndarray | None = None,
        *,
        search: bool = True,
    ) -> np.ndarray | None:
        """The table with the largest objective, within narrower bounds if given; None: there is none,
        or unless `search` none that is found at once."""
        low, high = self.low if low is None else low, self.high if high is None else high
        found = self.system.solver.largest(objective, low, high, search=search)
        if found is not None:
            self.tables = np.vstack([self.tables, found])
        return found

    def interval(self, cell: int, own: int | None = None) -> tuple[float, float]:
        """Lowest and highest count of the cell, for a respondent of `own`; equal and infinite where
        no table fits."""
        unit, low = np.zeros(len(self.low)), self.low.copy()
        unit[cell] = 1.0
        if own is not None:
            low[own] = max(low[own], 1.0)
        lowest = self.find(-unit, low)
        if lowest is None:
            return np.inf, np.inf
        highest = self.find(unit, low)
        if highest is None:
            raise AssertionError("a table fits, so one of them has the highest count")
        return lowest[cell], highest[cell]

    def glance(self) -> bool:
        """A few tables far from each other; False if there is none at all."""
        if self.find(np.zeros(len(self.low))) is None:
            return False
        random = np.random.default_rng(0)
        for _ in range(GLANCES):
            direction = random.choice([-1.0, 1.0], len(self.low))
            self.find(direction, search=False)
            self.find(-direction, search=False)
        return True

    def seen(self, cell: int) -> tuple[float, float]:
        """Lowest and highest count of the cell in the tables found."""
        values = self.tables[:, cell]
        return values.min(initial=np.inf), values.max(initial=-np.inf)

    def narrowing_respondents(self, cell: int, threshold: int) -> list[int]:
        """Cells whose respondents, knowing of at least 1 there, find this cell too narrow.

        First tables in which the cell lies high, then low, and as many of those in doubt as can be
        hold their respondent, and no more than that; then each by itself.
        """
        before = -1
        while len(left := self._left_narrow(cell, threshold)) not in (0, before):
            before = len(left)
            holding, low, high = np.zeros(len(self.low)), self.low.copy(), self.high.copy()
            holding[left] = 1.0
            high[left] = np.maximum(1.0, self.tables[:, left].min(axis=0))
            high[cell] = self.high[cell]
            low[cell] = max(low[cell], self.seen(cell)[0] + threshold + 1)
            self.find(holding, low, high, search=False)
            holding[cell] = -len(self.low) * 10.0
            self.find(holding, None, high, search=False)
        for own in left:
            if own in self._left_narrow(cell, threshold):
                self.interval(cell, int(own))
        return [int(own) for own in self._left_narrow(cell, threshold)]

    def _left_narrow(self, cell: int, threshold: int) -> np.ndarray:
        envelope = self.envelope.setdefault(cell, _Envelope(0, np.inf, -np.inf))
        tables = self.tables[envelope.n_tables :]
        holds, values = tables >= 1, tables[:, [cell]]
        low = np.minimum(envelope.low, np.where(holds, values, np.inf).min(axis=0, initial=np.inf))
        high = np.maximum(
            envelope.high, np.where(holds, values, -np.inf).max(axis=0, initial=-np.inf)
        )
        self.envelope[cell] = _Envelope(len(self.tables), low, high)
        return np.flatnonzero((high < threshold) | (high - low < threshold))


def too_narrow_kind(low: float, high: float, few: bool, threshold: int) -> str | None:
    """What is wrong with the interval that is left for a hidden count; None: nothing."""
    if high < low or np.isinf(low):
        return None
    if low == high:
        return EXACT
    if few and high < threshold:
        return BELOW
    if few and high - low < threshold:
        return NARROW
    return None


def _audit_part(system: _System, threshold: int, few_is_of_this_item: bool) -> list[tuple]:
    n = len(system.cells)
    few = system.status == "few"
    free = np.full(n, float(MOST))
    found: list[tuple] = []

    def tell(cell: int, attacker: str, knows: str, low: float, high: float, wanted: bool) -> None:
        kind = too_narrow_kind(low, high, wanted, threshold)
        if kind:
            found.append(
                (*system.cells[cell], system.status[cell], attacker, knows, kind, low, high)
            )

    plain = _Search(system, np.zeros(n), free)
    everybody = _Search(system, _holding_most(system), free)  # for all their respondents at once
    for search in (everybody, plain):
        if not search.glance():
            continue
        for cell in range(n):
            if _narrow(*search.seen(cell), few[cell], threshold):
                search.interval(cell)
        plain.tables = np.vstack([plain.tables, everybody.tables])
    for cell in range(n):
        if _narrow(*plain.seen(cell), few[cell], threshold):
            tell(cell, OUTSIDER, "", *plain.interval(cell), bool(few[cell]))
        elif few[cell] and _narrow(*everybody.seen(cell), True, threshold):
            for own in plain.narrowing_respondents(cell, threshold):
                interval = plain.interval(cell, own)
                tell(cell, RESPONDENT, " · ".join(system.cells[own]), *interval, wanted=True)

    low = np.where(few, 0.0, threshold)
    high = np.where(few & few_is_of_this_item, threshold - 1.0, MOST)
    rule = _Search(system, low, high)
    if rule.glance():
        for cell in range(n):
            lowest, highest = rule.seen(cell)
            if lowest == highest:
                tell(cell, KNOWS_RULE, "", *rule.interval(cell), wanted=False)
    return found + _knowing_size(system, few, threshold, plain.tables)


def _holding_most(system: _System) -> np.ndarray:
    """1 for as many cells as can hold somebody in one table, 0 for the others."""
    n, n_rows = len(system.cells), len(system.right)
    one, none = sparse.identity(n), sparse.csr_array((n_rows, n))
    apart = sparse.block_array([[system.relations, none, none], [one, -one, -one]], format="csr")
    found = System(apart, np.concatenate([system.right, np.zeros(n)])).largest(
        np.repeat([0.0, 1.0, 0.0], n), np.zeros(3 * n), np.repeat([float(MOST), 1.0, MOST], n)
    )
    return np.zeros(n) if found is None else found[n : 2 * n]


def _narrow(low: float, high: float, few: bool, threshold: int) -> bool:
    return not (high >= threshold and high - low >= threshold) if few else high <= low


def _knowing_size(
    system: _System, few: np.ndarray, threshold: int, known: np.ndarray
) -> list[tuple]:
    """How far a cell differs between tables that agree in the municipality's size; `known`: tables found.

    Inside a municipality that is itself small only a point is too narrow. Tables of one size mostly
    leave enough; where they do not, two tables at once that agree in any size are searched.
    """
    found: list[tuple] = []
    if not len(known):  # no table fits what is published
        return found
    for whole, (place, breakdown, _) in enumerate(system.cells):
        if breakdown != WHOLE or system.areas.by_code[place].kind != MUNICIPALITY:
            continue
        inside_small = np.array([few[whole] and cell[0] == place for cell in system.cells])
        asked = np.flatnonzero(few & (np.arange(len(few)) != whole)).tolist()
        sizes, n_tables = np.unique(known[:, whole], return_counts=True)
        size = sizes[n_tables.argmax()]
        low, high = np.zeros(len(few)), np.full(len(few), float(MOST))
        low[whole] = high[whole] = size
        search = _Search(system, low, high)
        search.tables = known[known[:, whole] == size]
        search.glance()
        left = []
        for cell in asked:
            wanted = bool(~inside_small[cell])
            if _narrow(*search.seen(cell), wanted, threshold):
                search.interval(cell)
            if _narrow(*search.seen(cell), wanted, threshold):
                left.append(cell)
        for cell, low_, high_ in _of_any_size(system, whole, left):
            if kind := too_narrow_kind(low_, high_, not inside_small[cell], threshold):
                who = (*system.cells[cell], system.status[cell], KNOWS_SIZE)
                found.append((*who, " · ".join(system.cells[whole]), kind, low_, high_))
    return found


def _of_any_size(
    system: _System, whole: int, cells: list[int]
) -> Iterator[tuple[int, float, float]]:
    """(cell, low, high) furthest apart in two tables that agree in the whole, whatever it is."""
    if not cells:
        return
    n = len(system.cells)
    twice = _System(
        system.cells * 2,
        np.concatenate([system.status, system.status]),
        sparse.block_diag([system.relations, system.relations], format="csr"),
        np.concatenate([system.right, system.right]),
        system.areas,
    )
    same = sparse.csr_array(([1.0, -1.0], ([0, 0], [whole, n + whole])), shape=(1, 2 * n))
    both = _System(
        twice.cells,
        twice.status,
        sparse.vstack([twice.relations, same], format="csr"),
        np.append(twice.right, 0.0),
        system.areas,
    )
    search = _Search(both, np.zeros(2 * n), np.full(2 * n, float(MOST)))
    for cell in cells:
        apart = np.zeros(2 * n)
        apart[cell], apart[n + cell] = -1.0, 1.0
        table = search.find(apart)
        if table is not None:
            yield cell, *table[[cell, n + cell]]
