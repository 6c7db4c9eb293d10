"""Lines of a table for the bounds of attribute disclosure: many at once, and parts of a table by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.disclosure.attribute_bounds import NO_LIMIT, Bounds


@dataclass(frozen=True)
class Region:
    """Cells looked at by themselves. `at`: place of each; `beyond`: bounds of what their lines hold
    besides, a column a sum of other cells or what is in no category; `put_beyond`: the items that these
    were asked; `beyond_as`: the cell that each is measured as; `families`: of lines, by the places of cells and columns."""

    cells: np.ndarray
    at: dict[int, int]
    beyond: Bounds
    put_beyond: np.ndarray
    beyond_as: np.ndarray
    families: list[Family]


@dataclass(frozen=True)
class Family:
    """Lines of which no two have a cell in the same role: `totals` of the lines, all their `parts` one
    line after the other, where each line `starts`, and the line `of` each part."""

    totals: np.ndarray
    parts: np.ndarray
    starts: np.ndarray
    of: np.ndarray

    def narrow(self, low: np.ndarray, high: np.ndarray, put: np.ndarray) -> None:
        """A total is its parts' sum, a part the total less the others."""
        lows, highs = low[self.parts], high[self.parts]
        least, most = (np.add.reduceat(a, self.starts, axis=0) for a in (lows, highs))
        known = put[self.totals]
        least_whole = np.maximum(low[self.totals], least)
        most_whole = np.minimum(high[self.totals], most)
        low[self.totals] = np.where(known, least_whole, low[self.totals])
        high[self.totals] = np.where(known, most_whole, high[self.totals])
        spare_up, spare_down = (most - least_whole)[self.of], (most_whole - least)[self.of]
        known = known[self.of]
        # read again: a part here may be a total too, which has just been narrowed
        low[self.parts] = np.maximum(low[self.parts], np.where(known, highs - spare_up, 0.0))
        high[self.parts] = np.minimum(
            high[self.parts], np.where(known, lows + spare_down, NO_LIMIT)
        )


def families_of(lines: list[tuple[int, list[int]]]) -> list[Family]:
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
        Family(
            np.array([total for total, _ in members]),
            np.concatenate([parts for _, parts in members]),
            np.cumsum([0, *(len(parts) for _, parts in members[:-1])]),
            np.repeat(np.arange(len(members)), [len(parts) for _, parts in members]),
        )
        for members in families
    ]
