"""What answers, not only how many, the shown numbers tell of small groups, and what to hide then.

A group is also what is left of a sum when its shown parts are subtracted. `counts` here has a row a
municipality × breakdown × category × item: n, and the unweighted numbers SUMS and OPTIONS behind it.
All that is published of a group is reckoned with together, at its rounding: number of answers, mean,
split and options, and how each follows from the others (`told_in_cells.py`). Weighted values are taken
for unweighted ones: as if the reader knew every weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.published import NATIONAL
from helpers.round_settings import Disclosure
from helpers.suppression import CELL, Key, has_country
from helpers.suppression_readers import Table
from helpers.told_in_cells import (
    COUNTED,
    KINDS,
    SCORE,
    Bounds,
    N,
    narrow_in_cells,
    nothing_known,
)

KIND_SUMS = ["satisfied", "neutral", "dissatisfied"]
SUMS = ["score", *KIND_SUMS]
OPTIONS = [f"share_{k}" for k in range(1, 6)]
SWEEPS = 50  # round the sums; bounds that still change then are wider than need be, never narrower


def alike(sums: np.ndarray, rules: Disclosure, *, but: int) -> np.ndarray:
    """Whether a group of answers is small (`unanimous_below`) and all, or all `but` so many, are of one
    kind: satisfied, neutral or dissatisfied. Columns: n and SUMS; NaN: no."""
    n, _, *kinds = sums.T
    most = np.max(kinds, axis=0)
    with np.errstate(invalid="ignore"):
        return (n > 0) & (n < rules.unanimous_below) & (most >= n - but - 1e-9)


def alike_cells(counts: pd.DataFrame, rules: Disclosure, country: bool = True) -> set[Key]:
    """The cells, the country's among them, whose answers to any item are few and all, or all but one, of
    one kind."""
    table = _with_country(counts) if country else counts
    cells = table.loc[alike(table[["n", *SUMS]].to_numpy(), rules, but=1), CELL]
    return set(cells.itertuples(index=False, name=None))


class AnswersTold:
    """What the shown numbers tell of hidden groups' answers, for any pattern of a round's table.

    They tell it where a shown total less its shown parts leaves a small group whose answers are all of
    one kind; where bounds (taken round all sums and statistics until nothing changes) leave no doubt how
    many of a `few` group chose an option or kind, and it is not nobody; and where they leave none that
    all of a small group's answers are of one kind. Masks are of `table.keys`.
    """

    def __init__(self, counts: pd.DataFrame, table: Table, rules: Disclosure) -> None:
        self.table, self.rules = table, rules
        every = np.arange(len(table.keys)), _families(table.lines)
        self._places: dict[str, tuple[np.ndarray, list[_Family]]] = {"": every}
        rows = _with_country(counts).set_index([*CELL, "item"])
        cells = pd.MultiIndex.from_tuples(table.keys, names=CELL)

        def wide(name: str) -> np.ndarray:
            return rows[name].unstack("item").reindex(cells).to_numpy(float)

        n = wide("n")
        self.n = n  # cell × item
        self.sums = np.stack([n, *(wide(name) for name in SUMS)])  # sum × cell × item
        options = np.stack([wide(name) for name in OPTIONS])
        self.has_options = ~np.isnan(options).all(axis=(0, 1))  # items: questions, not themes
        self.published = self._published(options)

    def _published(self, options: np.ndarray) -> Bounds:
        """What a shown cell's own numbers tell, at their rounding."""
        n, decimals = self.n, self.rules.decimals
        low, high = nothing_known(n.shape)
        low[N] = high[N] = n
        whole = self.has_options[None, :]
        low[SCORE], high[SCORE] = _as_rounded(self.sums[1], n, decimals.mean, whole)
        base = np.nanmin(np.where(n > 0, n, np.nan), axis=1, initial=np.inf)
        with_shares = (base >= self.rules.shares_from)[:, None] & np.ones(n.shape, dtype=bool)
        for at, chosen in enumerate([*self.sums[2:], *options], start=COUNTED.start):
            least, most = _as_rounded(chosen, n, decimals.share, True)
            told = with_shares & ~np.isnan(chosen)
            low[at][told], high[at][told] = least[told], most[told]
        return low, high

    def to_hide(self, hidden: np.ndarray) -> np.ndarray:
        """Shown cells without which the numbers tell no answers any more; none: they tell none now.

        With everything hidden nothing is told, so that there always are such cells.
        """
        now = hidden.copy()
        for _, parts in self._left_overs(now):
            if shown := [c for c in parts if not now[c]]:
                now[min(shown, key=self.table.price_of)] = True
        every = np.arange(self.n.shape[1])
        while True:
            told = self._told(now, every)
            if not told.any():
                return now & ~hidden
            for cell in np.flatnonzero(told.any(axis=1)):
                now |= self._freeing(now, int(cell), np.flatnonzero(told[cell]))

    def _left_overs(self, hidden: np.ndarray) -> list[tuple[int, list[int]]]:
        """Lines with a shown total and shown parts whose hidden parts together are few and alike."""
        found = []
        for total, parts in self.table.lines:
            of_hidden = [c for c in parts if hidden[c]]
            if hidden[total] or not of_hidden or len(of_hidden) == len(parts):
                continue
            if alike(np.nansum(self.sums[:, of_hidden], axis=1).T, self.rules, but=0).any():
                found.append((total, parts))
        return found

    def _told(self, hidden: np.ndarray, items: np.ndarray, place: str = "") -> np.ndarray:
        """Cell × item: hidden and small, and its answers are told as the class says; `place`: by this
        municipality's numbers alone."""
        cells, _ = self._sums_of(place)
        low, high = self.bounds(hidden, items, place)
        n = self.n[np.ix_(cells, items)]
        few, small = n < self.rules.min_answers, n < self.rules.unanimous_below
        pinned = (low[COUNTED] >= high[COUNTED] - 0.5) & (high[COUNTED] > 0.5)
        most = high[KINDS]
        of_one_kind = (most.sum(axis=0) - most < 0.5) & (
            most > 0.5
        )  # of the others there is nobody
        told = np.zeros((len(hidden), len(items)), dtype=bool)
        told[cells] = (few & pinned.any(axis=0)) | (small & of_one_kind.any(axis=0))
        told[cells] &= hidden[cells, None] & (n > 0)
        return told

    def _freeing(self, hidden: np.ndarray, cell: int, items: np.ndarray) -> np.ndarray:
        """Shown cells that must be hidden for the cell no longer to be told.

        What is known of it comes through the lines that hold it, and those that hold their hidden
        cells, and so on: as many of these are hidden as free it, then what is not needed is shown
        again, the dearest first. Within its municipality first, where that tells it already.
        """
        more = np.zeros_like(hidden)
        own = self.table.place[cell]
        for place in (own, ""):
            near = {cell}
            while self._told(hidden | more, items, place)[cell].any():
                near = self.table.beside(near)
                if place:
                    near = {c for c in near if self.table.place[c] == place}
                more[[c for c in near if not hidden[c]]] = True
            for c in sorted(np.flatnonzero(more), key=self.table.price_of, reverse=True):
                more[c] = False
                more[c] = self._told(hidden | more, items, place)[cell].any()
            if more.any():
                break
        return more

    def bounds(self, hidden: np.ndarray, items: np.ndarray, place: str = "") -> Bounds:
        """Least and largest of each statistic (statistic × cell × item) that all published numbers, taken
        round the sums until nothing changes, leave open; `place`: those of one municipality."""
        cells, families = self._sums_of(place)
        low, high = (a[:, cells][:, :, items] for a in self.published)
        least, most = nothing_known(low.shape[1:])
        out = hidden[cells]
        low[:, out], high[:, out] = least[:, out], most[:, out]
        put = ~np.isnan(self.n[np.ix_(cells, items)])  # one municipality's item has no country
        low[:, ~put] = high[:, ~put] = 0.0
        shape = (low.shape[1], -1)
        told = np.tile(put, low.shape[0])
        for _ in range(SWEEPS):
            before = low.copy(), high.copy()
            narrow_in_cells(low, high, self.has_options[items])
            flat = [np.ascontiguousarray(np.moveaxis(a, 0, 1)).reshape(shape) for a in (low, high)]
            for family in families:
                family.narrow(*flat, told)
            for a, of in zip((low, high), flat):
                a[:] = np.moveaxis(of.reshape(low.shape[1], low.shape[0], -1), 1, 0)
            if (abs(before[0] - low) < 1e-6).all() and (abs(before[1] - high) < 1e-6).all():
                break
        return low, high

    def _sums_of(self, place: str) -> tuple[np.ndarray, list[_Family]]:
        """The cells of a municipality and the sums among them; without a name all."""
        if place not in self._places:
            cells = np.flatnonzero(self.table.place == place)
            at = {int(c): i for i, c in enumerate(cells)}
            inside = [
                (at[total], [at[c] for c in parts])
                for total, parts in self.table.lines
                if total in at and all(c in at for c in parts)
            ]
            self._places[place] = cells, _families(inside)
        return self._places[place]


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


def _as_rounded(
    total: np.ndarray, base: np.ndarray, places: int, whole: np.ndarray | bool
) -> Bounds:
    """Least and largest sum that the published ratio, rounded, leaves; whole numbers where so said."""
    half = 0.5 * 10.0**-places + 1e-9
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.round(total / base, places)
    low, high = np.maximum(value - half, 0) * base, (value + half) * base
    low = np.where(whole, np.ceil(low - 1e-6), low)
    return low, np.where(whole, np.floor(high + 1e-6), high)
