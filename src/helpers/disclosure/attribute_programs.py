"""What a linear program tells of a hidden group's answers, where lines that cross tell it only together.

Bounds go from line to line (`disclosure/attribute_disclosure.py`) and do not see what the sum of two crossing lines leaves. So
each question of a municipality is asked once more as a whole: how many of each group chose each option, every
line adding up, and of shown groups number of answers, score, split and options at their rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse

from helpers.disclosure.attribute_bounds import COUNTED, NO_LIMIT, SCORE, N
from helpers.parameters.scales import DISSATISFIED, NEUTRAL, SATISFIED, Measure

if TYPE_CHECKING:
    from helpers.disclosure.attribute_disclosure import AttributeDisclosure

TOLERANCE = 1e-6


@cache
def which(measure: Measure) -> np.ndarray:
    """Options behind each count, in the order of COUNTED: the kinds, then each answer."""
    kinds = [
        [float(k in measure.options_of(kind)) for k in measure.options]
        for kind in (SATISFIED, NEUTRAL, DISSATISFIED)
    ]
    return np.vstack([kinds, np.eye(measure.points)])


class Programs:
    """The programs of a round's questions. `told`: what is published of each cell and how cells add up."""

    def __init__(self, question: AttributeDisclosure) -> None:
        self.question = question
        table = question.table
        self.cells = {p: np.flatnonzero(table.place == p) for p in dict.fromkeys(table.place)}
        self.lines: dict[str, list[int]] = {p: [] for p in self.cells}
        for line, (total, parts) in enumerate(table.lines):
            if all(table.place[c] == table.place[total] for c in parts):
                self.lines[table.place[total]].append(line)
        self.free: dict[str, bytes] = {}  # the pattern under which a municipality's were told last

    def find(self, hidden: np.ndarray, places: list[str]) -> Iterator[tuple[int, int]]:
        """(cell, item) of hidden groups whose answers the programs of these municipalities tell."""
        for place in places:
            cells = self.cells[place]
            pattern = hidden[cells].tobytes()
            if not hidden[cells].any() or self.free.get(place) == pattern:
                continue
            found = [
                (int(c), int(item))
                for item in np.flatnonzero(self.question.has_options)
                for c in self._disclosed(hidden, place, int(item), cells[hidden[cells]])
            ]
            yield from found
            if not found:
                self.free[place] = pattern

    def tells(self, hidden: np.ndarray, cell: int, item: int) -> bool:
        """Whether the cell's own municipality's program tells its answers."""
        place = self.question.table.place[cell]
        return bool(list(self._disclosed(hidden, place, item, np.array([cell]))))

    def _disclosed(
        self, hidden: np.ndarray, place: str, item: int, asked: np.ndarray
    ) -> Iterator[int]:
        n, rules = self.question.n[:, item], self.question.rules
        kinds = np.nan_to_num(self.question.sums[2:, :, item])
        small = [c for c in asked if 0 < n[c] < rules.unanimous_below]
        small = [c for c in small if n[c] < rules.min_answers or max(kinds[:, c]) == n[c]]
        if not small:
            return
        program = _Program(self, hidden, place, item)
        for c in small:
            one_kind = [k for k in range(3) if kinds[k, c] == n[c]]
            if any(program.most(c, 1 - program.which[k]) < 1 - TOLERANCE for k in one_kind) or (
                n[c] < rules.min_answers and any(program.is_pinned(c, of) for of in program.which)
            ):
                yield c


class _Program:
    """One question of one municipality, asked for one objective after the other."""

    def __init__(self, programs: Programs, hidden: np.ndarray, place: str, item: int) -> None:
        question = programs.question
        n = question.n[:, item]
        cells = [int(c) for c in programs.cells[place] if not np.isnan(n[c])]
        measure = question.measure(cells[0], item)  # one for all: they are of one municipality
        points, self.which = measure.points, which(measure)
        self.points = points
        self.at = {c: points * i for i, c in enumerate(cells)}
        rows: list[tuple[list[int], list[float]]] = []
        low: list[float] = []
        high: list[float] = []

        def row(columns: list[int], values: list[float], least: float, most: float) -> None:
            rows.append((columns, values))
            low.append(least)
            high.append(most)

        for line in programs.lines[place]:
            total, parts = question.table.lines[line]
            if total not in self.at:
                continue
            parts = [p for p in parts if p in self.at]
            without = question.without_category[line][item]
            for k in range(points):
                columns = [self.at[total] + k, *(self.at[p] + k for p in parts)]
                row(columns, [1.0, *[-1.0] * len(parts)], 0.0, without)
        published_low, published_high = (a[:, :, item] for a in question.published)
        for c, first in self.at.items():
            if hidden[c]:
                continue
            columns = list(range(first, first + points))
            for statistic, weights in (
                (N, np.ones(points)),
                (SCORE, np.array(measure.options, dtype=float)),
                *enumerate(self.which, start=COUNTED.start),
            ):
                least, most = published_low[statistic, c], published_high[statistic, c]
                if most < NO_LIMIT:
                    row(columns, weights.tolist(), least, most)
        self.n_columns = points * len(cells)
        self.model = _model(rows, low, high, self.n_columns)
        self.seen = np.empty((0, self.n_columns))

    def most(self, cell: int, weights: np.ndarray) -> float:
        """The largest weighted sum of the cell's options; what was found on the way serves others."""
        first = self.at[cell]
        seen = self.seen[:, first : first + self.points] @ weights
        if len(seen) and seen.max() >= 1:  # as much as is ever asked for
            return float(seen.max())
        return self._largest(cell, weights)

    def is_pinned(self, cell: int, weights: np.ndarray) -> bool:
        """Whether only one whole number is left of how many chose these options, and it is not nobody."""
        first = self.at[cell]
        seen = self.seen[:, first : first + self.points] @ weights
        if len(seen) and np.floor(seen.max() + TOLERANCE) > np.ceil(seen.min() - TOLERANCE):
            return False
        most = self._largest(cell, weights)
        if not 1 - TOLERANCE <= most < np.inf:
            return False
        least = -self._largest(cell, -weights)
        return bool(np.floor(most + TOLERANCE) <= np.ceil(least - TOLERANCE))

    def _largest(self, cell: int, weights: np.ndarray) -> float:
        cost = np.zeros(self.n_columns)
        cost[self.at[cell] : self.at[cell] + self.points] = -weights
        columns = np.arange(self.n_columns, dtype=np.int32)
        self.model.changeColsCost(self.n_columns, columns, cost)
        self.model.run()
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return np.inf  # the numbers contradict each other: nothing is learnt
        x = np.array(self.model.getSolution().col_value)
        self.seen = np.vstack([self.seen, x])
        return float(-(cost @ x))


def _model(
    rows: list[tuple[list[int], list[float]]], low: list[float], high: list[float], n_columns: int
) -> highspy.Highs:
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    columns = np.concatenate([c for c, _ in rows]) if rows else np.empty(0, dtype=int)
    values = np.concatenate([v for _, v in rows]) if rows else np.empty(0)
    matrix = sparse.csr_array((values, columns, starts), shape=(len(rows), n_columns)).tocsc()
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_ = np.zeros(n_columns)
    lp.col_lower_, lp.col_upper_ = np.zeros(n_columns), np.full(n_columns, NO_LIMIT)
    lp.row_lower_, lp.row_upper_ = np.array(low), np.array(high)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    model = highspy.Highs()
    options: dict[str, bool | int | str]
    options = {"output_flag": False, "threads": 1, "simplex_strategy": 4, "presolve": "off"}
    for name, value in options.items():
        model.setOptionValue(name, value)
    model.passModel(lp)
    return model
