"""What answers, not only how many, the shown numbers tell of small groups, and what to hide then.

A group is also what is left of a sum when its shown parts are subtracted. `counts` here has a row a
municipality × breakdown × category × item: n, and the unweighted numbers SUMS and OPTIONS behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.published import NATIONAL
from helpers.round_settings import Disclosure
from helpers.suppression import CELL, Key, has_country
from helpers.suppression_readers import Table

SUMS = ["score", "satisfied", "neutral", "dissatisfied"]
OPTIONS = [f"share_{k}" for k in range(1, 6)]
SWEEPS = 50  # round the sums; bounds that still change then are wider than need be, never narrower
NO_LIMIT = 1e9  # of a count that nothing is known of


def unanimous(sums: np.ndarray, rules: Disclosure) -> np.ndarray:
    """Whether a group of answers is small and all in one option. Columns: n and SUMS; NaN: no.

    Fewer than `unanimous_below` answers, all satisfied, all neutral or all dissatisfied, with a mean
    that is a whole number: then all are that option (of 4 and 5, or 1 and 2, a mix has none).
    """
    n, score, *kinds = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        one_kind = np.max([np.isclose(k, n) for k in kinds], axis=0)
        whole = np.isclose(score / n, np.round(score / n), atol=1e-6)
    return (n > 0) & (n < rules.unanimous_below) & one_kind & whole


def unanimous_cells(counts: pd.DataFrame, rules: Disclosure) -> set[Key]:
    """The cells, the country's among them, whose answers to any item are few and all agree."""
    table = _with_country(counts)
    cells = table.loc[unanimous(table[["n", *SUMS]].to_numpy(), rules), CELL]
    return set(cells.itertuples(index=False, name=None))


class AnswersTold:
    """What the shown numbers tell of hidden groups' answers, for any pattern of a round's table.

    They tell it where a shown total less its shown parts leaves a small group that agrees, and where
    the options' own sums leave no doubt how many of a `few` group chose one (bounds, taken round the
    sums until nothing changes). Masks are of `table.keys`.
    """

    def __init__(self, counts: pd.DataFrame, table: Table, rules: Disclosure) -> None:
        self.table, self.rules = table, rules
        self.families = _families(table.lines)
        rows = _with_country(counts).set_index([*CELL, "item"])
        cells = pd.MultiIndex.from_tuples(table.keys, names=CELL)

        def wide(name: str) -> np.ndarray:
            return rows[name].unstack("item").reindex(cells).to_numpy(float)

        n = wide("n")
        self.sums = np.stack([n, *(wide(name) for name in SUMS)])  # sum × cell × item
        chosen = np.concatenate([wide(name) for name in OPTIONS], axis=1)
        self.n = np.tile(n, len(OPTIONS))  # cell × option and item
        self.low, self.high = _as_rounded(chosen, self.n, rules.decimals.share)
        self.unknown = np.isnan(chosen)

    def to_hide(self, hidden: np.ndarray) -> np.ndarray:
        """Shown cells without which the numbers tell no answers any more; none: they tell none now.

        With everything hidden nothing is told, so that there always are such cells.
        """
        now = hidden.copy()
        for _, parts in self._left_overs(now):
            if shown := [c for c in parts if not now[c]]:
                now[min(shown, key=self.table.price_of)] = True
        while True:
            cells, columns = np.nonzero(self._pinned(now, slice(None)))
            if not len(cells):
                return now & ~hidden
            now |= self._freeing(now, cells[0], columns[cells == cells[0]])

    def _left_overs(self, hidden: np.ndarray) -> list[tuple[int, list[int]]]:
        """Lines with a shown total and shown parts whose hidden parts together are few and agree."""
        found = []
        for total, parts in self.table.lines:
            of_hidden = [c for c in parts if hidden[c]]
            if hidden[total] or not of_hidden or len(of_hidden) == len(parts):
                continue
            if unanimous(np.nansum(self.sums[:, of_hidden], axis=1).T, self.rules).any():
                found.append((total, parts))
        return found

    def _pinned(self, hidden: np.ndarray, columns: np.ndarray | slice) -> np.ndarray:
        """Cell × column: a `few` cell is hidden, but how many chose the option is told, and not 0."""
        low, high = self._bounds(hidden, columns)
        few = self.n[:, columns] < self.rules.min_answers
        return hidden[:, None] & few & (low >= high - 0.5) & (high > 0.5)

    def _freeing(self, hidden: np.ndarray, cell: int, columns: np.ndarray) -> np.ndarray:
        """Shown cells that must be hidden for the cell no longer to be told.

        What is known of it comes through the lines that hold it, and those that hold their hidden
        cells, and so on: as many of these are hidden as free it, then what is not needed is shown
        again, the dearest first.
        """
        near, more = {cell}, np.zeros_like(hidden)
        while self._pinned(hidden | more, columns)[cell].any():
            near = self.table.beside(near)
            more[[c for c in near if not hidden[c]]] = True
        for c in sorted(np.flatnonzero(more), key=self.table.price_of, reverse=True):
            more[c] = False
            more[c] = self._pinned(hidden | more, columns)[cell].any()
        return more

    def _bounds(
        self, hidden: np.ndarray, columns: np.ndarray | slice
    ) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest number of each option (cell × option and item) that all published shares,
        taken round the sums until nothing changes, leave open."""
        n, low, high = (a[:, columns].copy() for a in (self.n, self.low, self.high))
        unknown = self.unknown[:, columns] | hidden[:, None]
        low[unknown], high[unknown] = 0.0, NO_LIMIT
        low[np.isnan(n)] = high[np.isnan(n)] = 0.0  # not put to them
        told = ~np.isnan(n)  # an item of one municipality has no sum over the country
        for _ in range(SWEEPS):
            before = low.copy(), high.copy()
            for family in self.families:
                family.narrow(low, high, told)
            if (before[0] == low).all() and (before[1] == high).all():
                break
        return low, high


@dataclass(frozen=True)
class _Family:
    """Lines of which no two have a cell in the same role: `totals` of the lines, all their `parts` one
    line after the other, where each line `starts`, and the line `of` each part."""

    totals: np.ndarray
    parts: np.ndarray
    starts: np.ndarray
    of: np.ndarray

    def narrow(self, low: np.ndarray, high: np.ndarray, told: np.ndarray) -> None:
        """A total is its parts' sum, a part the total less the others."""
        lows, highs = low[self.parts], high[self.parts]
        least, most = (np.add.reduceat(a, self.starts, axis=0) for a in (lows, highs))
        known = told[self.totals]
        least_whole = np.maximum(low[self.totals], least)
        most_whole = np.minimum(high[self.totals], most)
        low[self.totals] = np.where(known, least_whole, low[self.totals])
        high[self.totals] = np.where(known, most_whole, high[self.totals])
        spare_up, spare_down = (most - least_whole)[self.of], (most_whole - least)[self.of]
        known = known[self.of]
        low[self.parts] = np.where(known, np.maximum(lows, highs - spare_up), lows)
        high[self.parts] = np.where(known, np.minimum(highs, lows + spare_down), highs)


def _families(lines: list[tuple[int, list[int]]]) -> list[_Family]:
    """The lines in as few families as it takes, each cell a total once and a part once."""
    families: list[list[tuple[int, list[int]]]] = []
    taken: list[tuple[set[int], set[int]]] = []  # of each family, as totals and as parts
    for total, parts in lines:
        free = (i for i, (t, p) in enumerate(taken) if total not in t and p.isdisjoint(parts))
        family = next(free, len(families))
        if family == len(families):
            families.append([])
            taken.append((set(), set()))
        families[family].append((total, parts))
        taken[family][0].add(total)
        taken[family][1].update(parts)
    return [
        _Family(
            np.array([total for total, _ in members]),
            np.concatenate([parts for _, parts in members]),
            np.cumsum([0, *(len(parts) for _, parts in members[:-1])]),
            np.repeat(np.arange(len(members)), [len(parts) for _, parts in members]),
        )
        for members in families
    ]


def _with_country(counts: pd.DataFrame) -> pd.DataFrame:
    """With the sums over the country of all that is not of one municipality alone."""
    common = counts[has_country(counts)].groupby(["breakdown", "category", "item"], as_index=False)
    country = common[["n", *SUMS, *OPTIONS]].sum(min_count=1)
    return pd.concat([counts, country.assign(municipality=NATIONAL)], ignore_index=True)


def _as_rounded(chosen: np.ndarray, base: np.ndarray, places: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest count that the published share, rounded, leaves for each option."""
    half = 0.5 * 10.0**-places + 1e-9
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.round(chosen / base, places)
    low = np.ceil(np.maximum(share - half, 0) * base)
    return low, np.minimum(np.floor((share + half) * base), base)
