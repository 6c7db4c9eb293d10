"""What answers, not only how many, the shown numbers tell of small groups, and what to hide then.

A group is also what is left of a sum when its shown parts are subtracted. `counts` here has a row a
municipality × breakdown × category × item: n, and the unweighted SUMS and numbers of each answer
(`share_1` …) behind it.
All that is published of a group is reckoned with together, at its rounding: number of answers, mean,
split and options, and how each follows from the others (`disclosure/attribute_bounds.py`). Weighted values are taken
for unweighted ones: as if the reader knew every weight.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from helpers.common.areas import Areas
from helpers.disclosure.attribute_bounds import (
    COUNTED,
    KINDS,
    SCORE,
    Bounds,
    N,
    narrow_in_cells,
    nothing_known,
)
from helpers.disclosure.attribute_lines import Region, families_of
from helpers.disclosure.attribute_programs import Programs
from helpers.disclosure.intruders import Table
from helpers.disclosure.suppression import CELL, Key, adds_up
from helpers.parameters.round_settings import Disclosure
from helpers.parameters.scales import FIVE_POINTS, MEANS, THEME, Measure

Measures = Mapping[
    str, Mapping[str, Measure]
]  # municipality → question or theme → how it is measured
KIND_SUMS = ["satisfied", "neutral", "dissatisfied"]
SUMS = ["score", *KIND_SUMS]
OPTION_SHARE = re.compile(r"share_[0-9]+")
SWEEPS = 50  # round the sums; bounds that still change then are wider than need be, never narrower


def options_in(names: Iterable[str]) -> list[str]:
    """The shares of single answers among statistics or columns, from answer 1 on."""
    found = {n for n in names if OPTION_SHARE.fullmatch(n)}
    return sorted(found, key=lambda n: int(n.removeprefix("share_")))


def alike(sums: np.ndarray, rules: Disclosure, *, but: int) -> np.ndarray:
    """Whether a group of answers is small (`unanimous_below`) and all, or all `but` so many, are of one
    kind: satisfied, neutral or dissatisfied. Columns: n and SUMS; NaN: no."""
    n, _, *kinds = sums.T
    most = np.max(kinds, axis=0)
    with np.errstate(invalid="ignore"):
        return (n > 0) & (n < rules.unanimous_below) & (most >= n - but - 1e-9)


def alike_cells(counts: pd.DataFrame, rules: Disclosure, areas: Areas) -> set[Key]:
    """The cells, sums over municipalities among them, whose answers to any item are few and all, or all but one, of
    one kind."""
    table = _with_sums(counts, areas)
    cells = table.loc[alike(table[["n", *SUMS]].to_numpy(), rules, but=1), CELL]
    return set(cells.itertuples(index=False, name=None))


class AttributeDisclosure:
    """What the shown numbers tell of hidden groups' answers, for any pattern of a round's table.

    They tell it where a shown total less its shown parts leaves a small group whose answers are all of
    one kind; where bounds (taken round all sums and statistics until nothing changes) leave no doubt how
    many of a `few` group chose an option or kind, and it is not nobody; and where they leave none that
    all of a small group's answers are of one kind. Masks are of `table.keys`.
    """

    def __init__(
        self,
        counts: pd.DataFrame,
        table: Table,
        rules: Disclosure,
        measures: Measures | None = None,
    ) -> None:
        """`measures`: of all that is not on a scale of five answers, or a theme of such questions."""
        self.table, self.rules = table, rules
        rows = _with_sums(counts, table.areas).set_index([*CELL, "item"])
        cells = pd.MultiIndex.from_tuples(table.keys, names=CELL)

        def wide(name: str) -> np.ndarray:
            return rows[name].unstack("item").reindex(cells).to_numpy(float)

        n = wide("n")
        self.n = n  # cell × item
        self.sums = np.stack([n, *(wide(name) for name in SUMS)])  # sum × cell × item
        options = np.array([wide(name) for name in options_in(rows)]).reshape(-1, *n.shape)
        self.has_options = ~np.isnan(options).all(axis=(0, 1))  # items: questions, not themes
        items = rows.index.get_level_values("item").unique().sort_values()
        self._measured(items, measures or {})
        self.counted = np.concatenate([self.sums[2:], options])  # in the order of COUNTED
        self.published = self._published(options)
        self.programs = Programs(self)
        nothing = nothing_known((len(table.keys), n.shape[1]), len(options))
        self.nothing = partial(nothing_known, options=len(options))
        self.without_category = [  # of each line: answers to each item that no part counts
            np.nan_to_num(n[total] - np.nansum(n[parts], axis=0)) for total, parts in table.lines
        ]
        self._last: tuple[np.ndarray, Bounds] | None = None  # a pattern, and what it leaves open
        self._all = set(range(len(table.keys)))
        self._everywhere = self._region(self._all, nothing, np.arange(n.shape[1]))

    def _measured(self, items: pd.Index, measures: Measures) -> None:
        """`measure_of`: cell × item → place in `measures`. A municipality's own questions may have other
        scales than another's of the same name."""
        usual = [FIVE_POINTS if of_question else THEME for of_question in self.has_options]
        common = next(iter(measures.values()), {})  # the country has nothing that is of one alone
        found: dict[Measure, int] = {}
        self.measure_of = np.empty(self.n.shape, dtype=int)
        for place in dict.fromkeys(self.table.place):
            known = measures.get(place, common)
            own = [
                m
                if has_options
                else replace(m, points=0)  # without options it is known as a theme is
                for item, other, has_options in zip(items, usual, self.has_options)
                for m in [known.get(item, other)]
            ]
            numbers = [found.setdefault(m, len(found)) for m in own]
            self.measure_of[self.table.place == place] = numbers
        self.measures = tuple(found)

    def measure(self, cell: int, item: int) -> Measure:
        return self.measures[self.measure_of[cell, item]]

    def _published(self, options: np.ndarray) -> Bounds:
        """What a shown cell's own numbers tell, at their rounding."""
        n, decimals = self.n, self.rules.decimals
        low, high = nothing_known(n.shape, len(options))
        low[N] = high[N] = n
        steps = np.array([m.step for m in self.measures])[self.measure_of]
        low[SCORE], high[SCORE] = _score_as_rounded(self.sums[1], n, decimals.mean, steps)
        base = np.nanmin(np.where(n > 0, n, np.nan), axis=1, initial=np.inf)
        with_shares = (base >= self.rules.shares_from)[:, None] & np.ones(n.shape, dtype=bool)
        for at, chosen in enumerate(self.counted, start=COUNTED.start):
            least, most = _as_rounded(chosen, n, decimals.share)
            least, most = np.ceil(least - 1e-6), np.floor(most + 1e-6)
            printed = with_shares & ~np.isnan(chosen)
            low[at][printed], high[at][printed] = least[printed], most[printed]
        return low, high

    def to_hide(self, hidden: np.ndarray) -> np.ndarray:
        """Shown cells without which the numbers tell no answers any more; none: they tell none now.

        With everything hidden nothing is told, so that there always are such cells.
        """
        now = hidden.copy()
        for _, parts in self._left_overs(now):
            if shown := [c for c in parts if not now[c]]:
                now[min(shown, key=self.table.price_of)] = True
        while True:
            is_exact, known = self._last is None, self._known_under(now)
            disclosed = now[:, None] & self._disclosed(known, self.n)
            if not disclosed.any():
                more = self._disclosed_by_programs(now)
                if not more.any():
                    return now & ~hidden
                now |= more
                continue
            before = now.copy()
            for cell in np.flatnonzero(disclosed.any(axis=1)):
                now |= self._freeing(now, known, int(cell), np.flatnonzero(disclosed[cell]))
            if (now == before).all():  # what was known of other places was too narrow,
                self._last = None
                if (
                    is_exact
                ):  # or bounds creep in more steps than are taken: then whatever is nearest
                    for cell in np.flatnonzero(disclosed.any(axis=1)):
                        now[self._nearest(now, int(cell), self._all, lambda _: bool) or []] = True

    def _disclosed_by_programs(self, hidden: np.ndarray) -> np.ndarray:
        """Shown cells without which no question's program tells answers; nearest first, then cheapest."""
        now = hidden.copy()
        places = [p for p in self.programs.cells if p not in self.table.areas.sums]
        for cell, item in self.programs.find(hidden, places):
            own = set(self.programs.cells[self.table.place[cell]].tolist())
            frees = partial(self._is_free, now, cell, item)
            more = [] if frees([]) else self._nearest(now, cell, own, _wherever(frees))
            if more is None:
                raise AssertionError("with everything hidden nothing is told")
            now[more] = True
        return now & ~hidden

    def _is_free(self, hidden: np.ndarray, cell: int, item: int, more: list[int]) -> bool:
        return not self.programs.tells(_with(hidden, more), cell, item)

    def _nearest(
        self,
        hidden: np.ndarray,
        cell: int,
        among: set[int],
        frees_near: Callable[[set[int]], Callable[[list[int]], bool]],
    ) -> list[int] | None:
        """Of the shown cells nearest to this one that are enough the cheapest, and no more than it takes;
        None: all are not enough. Near are the cells of the lines that hold it, and of theirs, and so on."""
        near, before = {cell}, 0
        while len(near) > before:
            before = len(near)
            near = self.table.adjacent(near) & among
            shown = sorted((c for c in near if not hidden[c]), key=self.table.price_of)
            frees = frees_near(near)
            if frees(shown):
                return _fewest(shown, frees)
        return None

    def _known_under(self, hidden: np.ndarray) -> Bounds:
        """Bounds as narrow as `bounds`, or narrower: where less was hidden the last time, only the
        municipalities in which more is hidden now are looked at again, and what they add up to."""
        every = np.arange(self.n.shape[1])
        if self._last is None or (self._last[0] & ~hidden).any():
            known = self.bounds(hidden)
        else:
            before, known = self._last
            places = {*self.table.areas.sums, *self.table.place[hidden & ~before]}
            near = np.flatnonzero(np.isin(self.table.place, list(places)))
            region = self._region(set(near.tolist()), known, every)
            for known_of, own in zip(known, self._narrowed(hidden, every, region)):
                known_of[:, near] = own
        self._last = hidden.copy(), known
        return known

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

    def _disclosed(self, bounds: Bounds, n: np.ndarray) -> np.ndarray:
        """Where bounds (statistic × …) tell the answers of hidden groups of n (…), as the class says."""
        low, high = bounds
        few, small = n < self.rules.min_answers, n < self.rules.unanimous_below
        pinned = (low[COUNTED] >= high[COUNTED] - 0.5) & (high[COUNTED] > 0.5)
        most = high[KINDS]
        # of the others there is nobody
        of_one_kind = (most.sum(axis=0) - most < 0.5) & (most > 0.5)
        return ((few & pinned.any(axis=0)) | (small & of_one_kind.any(axis=0))) & (n > 0)

    def _freeing(
        self, hidden: np.ndarray, known: Bounds, cell: int, items: np.ndarray
    ) -> np.ndarray:
        """Shown cells that must be hidden for the cell no longer to be told; none: it is not told now.

        Within its municipality first, then everywhere. `known`: bounds under a pattern that hides less.
        """
        own = set(np.flatnonzero(self.table.place == self.table.place[cell]).tolist())

        def frees_near(near: set[int]) -> Callable[[list[int]], bool]:
            region = self._region(near | own, known, items)
            return partial(self._frees, hidden, cell, items, region)

        for among in (own, self._all):
            more = self._nearest(hidden, cell, among, frees_near)
            if more is not None:
                return _with(np.zeros_like(hidden), more)
        raise AssertionError("with everything hidden nothing is told")

    def _frees(
        self, hidden: np.ndarray, cell: int, items: np.ndarray, region: Region, more: list[int]
    ) -> bool:
        """Whether the cell is not told where `more` is hidden too."""
        at = region.at[cell]
        low, high = (a[:, at] for a in self._narrowed(_with(hidden, more), items, region))
        return not self._disclosed((low, high), self.n[cell, items]).any()

    def bounds(self, hidden: np.ndarray) -> Bounds:
        """Least and largest of each statistic (statistic × cell × item) that all published numbers, taken
        round the sums until nothing changes, leave open."""
        items = np.arange(self.n.shape[1])
        return self._narrowed(hidden, items, self._everywhere)

    def _narrowed(self, hidden: np.ndarray, items: np.ndarray, region: Region) -> Bounds:
        """As `bounds`, for these items and the cells of a region."""
        cells = region.cells
        put = ~np.isnan(self.n[np.ix_(cells, items)])  # one municipality's item has no country
        least, most = self.nothing(put.shape)
        out = hidden[cells]
        low, high = (
            np.where(~put, 0.0, np.where(out[:, None], a, b[:, cells[:, None], items]))
            for a, b in zip((least, most), self.published)
        )
        low, high = (
            np.ascontiguousarray(np.concatenate([a, b], axis=1))
            for a, b in zip((low, high), region.beyond)
        )
        is_put = np.tile(np.concatenate([put, region.put_beyond]), len(low))
        shape = (low.shape[1], -1)
        kinds = np.concatenate([self.measure_of[cells], self.measure_of[region.beyond_as]])[
            :, items
        ]
        places = [
            (m, at) for i, m in enumerate(self.measures) if len(at := np.flatnonzero(kinds == i))
        ]
        for _ in range(SWEEPS):
            before = low.copy(), high.copy()
            narrow_in_cells(low, high, places)
            flat = [np.ascontiguousarray(np.moveaxis(a, 0, 1)).reshape(shape) for a in (low, high)]
            for family in region.families:
                family.narrow(flat[0], flat[1], is_put)
            for a, of in zip((low, high), flat):
                a[:] = np.moveaxis(of.reshape(low.shape[1], low.shape[0], -1), 1, 0)
            if (abs(before[0] - low) < 1e-6).all() and (abs(before[1] - high) < 1e-6).all():
                break
        return low[:, : len(cells)], high[:, : len(cells)]

    def _region(self, cells: set[int], known: Bounds, items: np.ndarray) -> Region:
        """These cells with all lines that hold any; what is beyond them as it is known."""
        at = {c: i for i, c in enumerate(sorted(cells))}
        put = ~np.isnan(self.n[:, items])
        low, high = (a[:, :, items] for a in known)
        lows, highs, puts, like = [], [], [], []  # of each column after the cells

        def column(least: np.ndarray, most: np.ndarray, is_put: np.ndarray, total: int) -> int:
            lows.append(least)
            highs.append(most)
            puts.append(is_put)
            like.append(total)
            return len(at) + len(lows) - 1

        def sum_of(some: list[int], total: int) -> int:
            least, most = (a[:, some].sum(axis=1) for a in (low, high))
            return column(least, most, put[some].any(axis=0), total)

        lines = []
        for line in sorted({line for c in at for line in self.table.lines_of_cell[c]}):
            total, parts = self.table.lines[line]
            inside, others = [at[c] for c in parts if c in at], [c for c in parts if c not in at]
            if others:
                inside.append(sum_of(others, total))
            without = self.without_category[line][items]
            if without.any():
                least, most = self.nothing(without.shape)
                least[N] = most[N] = without
                inside.append(column(least, most, put[total], total))
            lines.append((at[total] if total in at else sum_of([total], total), inside))
        empty = np.empty((0, *low[:, 0].shape))
        beyond = [np.stack(a, axis=1) if a else np.moveaxis(empty, 0, 1) for a in (lows, highs)]
        return Region(
            np.array(sorted(cells)),
            at,
            (beyond[0], beyond[1]),
            np.array(puts, dtype=bool).reshape(len(puts), len(items)),
            np.array(like, dtype=int),
            families_of(lines),
        )


def _wherever(frees: Callable[[list[int]], bool]) -> Callable[[set[int]], Callable]:
    """The same test, however far away cells are looked for."""
    return lambda _: frees


def _with(hidden: np.ndarray, more: list[int]) -> np.ndarray:
    now = hidden.copy()
    now[more] = True
    return now


def _fewest(cells: list[int], enough: Callable[[list[int]], bool]) -> list[int]:
    """The first of these cells, as few as are `enough`, and none of which can be spared; all are."""
    needed: list[int] = []
    while not enough(needed):
        least, most = 0, len(cells)  # so many of the first are not enough, so many are
        while most - least > 1:
            middle = (least + most) // 2
            if enough([*needed, *cells[:middle]]):
                most = middle
            else:
                least = middle
        needed.append(cells[most - 1])
        cells = cells[: most - 1]
    return needed


def _with_sums(counts: pd.DataFrame, areas: Areas) -> pd.DataFrame:
    """With the sums over municipalities of all that is not of one alone."""
    common, key = counts[adds_up(counts)], ["breakdown", "category", "item"]
    numbers = common[["municipality", *key, "n", *SUMS, *options_in(counts)]]
    return pd.concat([counts, areas.added_up(numbers, key, min_count=1)], ignore_index=True)


def _as_rounded(total: np.ndarray, base: np.ndarray, places: int) -> Bounds:
    """Least and largest sum that the published ratio, rounded, leaves."""
    half = 0.5 * 10.0**-places + 1e-9
    value = np.round(np.divide(total, base, out=np.zeros_like(base), where=base > 0), places)
    return np.maximum(value - half, 0) * base, (value + half) * base


def _score_as_rounded(
    total: np.ndarray, base: np.ndarray, places: int, steps: np.ndarray
) -> Bounds:
    """The same of scores. Those of a question's answers lie `steps` apart in the mean and are summed as the
    numbers of the answers, whole; a theme's (steps of 0) lie anywhere."""
    low, high = _as_rounded(total, base, places)
    step, least = np.where(steps > 0, steps, 1.0), MEANS[0] * base  # if all gave answer 1
    first = base + np.ceil((low - least) / step - 1e-6)
    last = base + np.floor((high - least) / step + 1e-6)
    return np.where(steps > 0, first, low), np.where(steps > 0, last, high)
