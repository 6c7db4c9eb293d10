"""What each kind of reader can compute of the hidden counts, and how uncertain they must stay.

A reader knows every relation and every shown count, and that counts are whole numbers, at least 0.
Reckoned in deviations d from the true counts: relations M·d = 0, d = 0 where a count is shown. What
a hidden count may be is then an interval, and this is promised of it:

- `PLAIN`: it is at least the threshold wide, so it also reaches the threshold.
- `OWN`: the same for a respondent, who knows that the own cell holds at least 1; whichever it is.
- `SIZE`: the same for one who knows the number of answers of one municipality though its whole is
  hidden; inside a municipality that is itself small, more than a point. Given up where a breakdown
  has one category there, which is then the size itself.
- `RULE`: more than a point, for one who takes the marks at their word and lays all items side by side:
  of a `linked` cell no item's count is below the threshold, of a `few` cell some item's is, and it is at
  least 1 if anybody is there. A mark is the cell's, so `few` does not say which item. Given up where not
  even hiding everything would keep it (a whole of 4 of which each part holds 1).

Answers without a category (the whole less its categories) are taken as known, the worst case: they
protect nobody. Every interval is proved by whole-number tables that have its ends (HiGHS).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from helpers.common.areas import Areas
from helpers.disclosure.solver import System

OUTSIDER, RESPONDENT, KNOWS_SIZE, KNOWS_RULE = "plain", "own answer", "size", "rule"
WHOLE = "all"
GLANCES = 8  # random directions before cells are asked for one by one


@dataclass(frozen=True)
class Table:
    """The counts of a round. A column a cell.

    keys: municipality, breakdown, category. n: a row an item, NaN where there is none. absent:
    the same grain, the item was not put to the cell's municipality. primary: cells that must be hidden.
    cost of hiding; matrix: a row a relation, +1 its parts, −1 their total.
    """

    keys: list[tuple[str, str, str]]
    n: np.ndarray
    absent: np.ndarray
    primary: np.ndarray
    kind: np.ndarray
    cost: np.ndarray
    matrix: sparse.csr_array
    threshold: int
    areas: Areas

    @cached_property
    def least(self) -> np.ndarray:
        """Smallest n over the items put."""
        return np.nanmin(self.n, axis=0)

    @cached_property
    def place(self) -> np.ndarray:
        return np.array([municipality for municipality, _, _ in self.keys], dtype=object)

    @cached_property
    def of_municipality(self) -> np.ndarray:
        """Cells of a municipality; the others are sums over several."""
        return np.isin(self.kind, ["whole", "one_way", "two_way"])

    @cached_property
    def absences(self) -> list[np.ndarray]:
        """Masks of the cells that an item was not put to, each once."""
        return list(np.unique(self.absent, axis=0))

    @cached_property
    def by_column(self) -> sparse.csc_array:
        return self.matrix.tocsc()

    @cached_property
    def lines(self) -> list[tuple[int, list[int]]]:
        """(total, parts) of each relation."""
        rows = (self.matrix[[row]] for row in range(self.matrix.shape[0]))
        return [(int(r.indices[r.data < 0][0]), r.indices[r.data > 0].tolist()) for r in rows]

    @cached_property
    def lines_of_cell(self) -> list[list[int]]:
        """The lines that a cell is total or part of."""
        found: list[list[int]] = [[] for _ in self.keys]
        for line, (total, parts) in enumerate(self.lines):
            for cell in (total, *parts):
                found[cell].append(line)
        return found

    def price_of(self, cell: int) -> tuple[float, int]:
        """What hiding it costs; cells at the same price in the order of their names."""
        return float(self.cost[cell]), cell

    def adjacent(self, cells: Collection[int]) -> set[int]:
        """All cells of the lines that hold any of these."""
        lines = {line for c in cells for line in self.lines_of_cell[c]}
        return {c for line in lines for c in (self.lines[line][0], *self.lines[line][1])}

    def part(self, cells: np.ndarray) -> Table:
        """These cells alone, with the relations that lie among them."""
        inside = np.zeros(len(self.keys), dtype=bool)
        inside[cells] = True
        rows = np.flatnonzero(abs(self.matrix) @ (~inside).astype(float) == 0)
        n = self.n[:, cells]
        put = ~np.isnan(n).all(axis=1)
        return Table(
            [self.keys[i] for i in cells],
            n[put],
            self.absent[put][:, cells],
            self.primary[cells],
            self.kind[cells],
            self.cost[cells],
            self.matrix[rows][:, cells],
            self.threshold,
            self.areas,
        )


@dataclass(frozen=True)
class Intruder:
    """low, high: how far a hidden count may lie from the true one, as far as this reader knows by
    other means than sums; equal where it is known. wanted: the width its interval must have.
    about: which item, size or absence; name and about tell one from another."""

    name: str
    about: int
    low: np.ndarray
    high: np.ndarray
    wanted: np.ndarray


def intruders(table: Table, hidden: np.ndarray) -> Iterator[Intruder]:
    """Those of whom something is promised under this pattern; the strictest first."""
    limit = float(table.threshold)
    far = 2 * limit  # no interval needs wider moves, and a search with bounds is short
    least = np.minimum(table.least, far)
    wanted = np.full(len(least), limit)
    for about, absent in enumerate(table.absences):
        known = np.where(absent, 0.0, 1.0)
        yield Intruder(OUTSIDER, about, -least * known, far * known, wanted * known)
    few = table.least < limit
    fewest = np.where(few, np.minimum(1 - least, 0.0), np.maximum(limit - table.least, -far))
    most = np.where(few, limit - 1 - least, far)
    for about, absent in enumerate(table.absences):
        known = np.where(absent, 0.0, 1.0)
        yield Intruder(KNOWS_RULE, about, fewest * known, most * known, known)
    wholes = [i for i in np.flatnonzero(hidden) if table.keys[i][1] == WHOLE]
    for whole in (i for i in wholes if table.of_municipality[i]):
        low, high, narrow = -least, np.full(len(least), far), wanted.copy()
        low[whole] = high[whole] = narrow[whole] = 0.0
        if table.primary[whole]:
            narrow[table.place == table.place[whole]] = 1.0
            narrow[whole] = 0.0
        yield Intruder(KNOWS_SIZE, int(whole), low, high, narrow)


class Attack:
    """Tables that readers cannot rule out, found so far: a row of deviations each.

    One found for one cell, reader or pattern serves all others that allow it, so most intervals are
    proved before they are asked for.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.n_found = 1
        self.moved = [np.empty(0, dtype=int)]
        self.space = np.zeros((256, len(table.keys)), dtype=np.int8)
        self.random = np.random.default_rng(0)
        self.proofs: dict[tuple[str, int], dict[int, np.ndarray]] = {}
        self.out_of_reach: dict[tuple[str, int], list[int]] = {}

    def add(self, cells: np.ndarray, deviations: np.ndarray) -> None:
        if self.n_found == len(self.space):
            self.space = np.vstack([self.space, np.zeros_like(self.space)])
        self.space[self.n_found, cells] = deviations
        self.moved.append(cells[deviations != 0])
        self.n_found += 1

    def inside(self, hidden: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """The tables found that move hidden cells alone, as columns of these cells."""
        rows = [k for k, moved in enumerate(self.moved) if hidden[moved].all()]
        return self.space[np.ix_(np.array(rows, dtype=int), cells)]

    def give_up(self, intruder: Intruder, cell: int) -> None:
        """Nothing that may be hidden widens this interval as far as promised: asked for no more."""
        self.out_of_reach.setdefault((intruder.name, intruder.about), []).append(cell)

    def is_in_reach(self, intruder: Intruder, cell: int) -> bool:
        """Whether the interval is wide enough with everything hidden."""
        system = _System(self, intruder, np.ones(len(self.table.keys), dtype=bool))
        return not system.lacks(int(np.searchsorted(system.cells, cell)), system.low)

    def _asked(self, intruder: Intruder, hidden: np.ndarray) -> np.ndarray:
        """Hidden cells of which the reader is promised something that was neither given up nor
        proved by tables that move hidden cells alone."""
        asked = hidden & (intruder.low < intruder.high) & (intruder.wanted > 0)
        asked[self.out_of_reach.get((intruder.name, intruder.about), [])] = False
        proofs = self.proofs.setdefault((intruder.name, intruder.about), {})
        return np.array(
            [
                c
                for c in np.flatnonzero(asked).tolist()
                if c not in proofs or not hidden[proofs[c]].all()
            ],
            dtype=int,
        )

    def too_narrow(
        self, hidden: np.ndarray, *, first: bool = False, among: np.ndarray | None = None
    ) -> list[tuple[Intruder, int]]:
        """(reader, hidden cell) of intervals too narrow: all that the first reader to find any
        finds, or one; none: the pattern is safe. `among`: a mask of the cells asked for."""
        for intruder in intruders(self.table, hidden):
            asked = self._asked(intruder, hidden)
            asked = asked if among is None else asked[among[asked]]
            narrow = self._narrow_for(intruder, hidden, asked, first) if len(asked) else []
            if narrow:
                return narrow
        return []

    def _narrow_for(
        self, intruder: Intruder, hidden: np.ndarray, asked: np.ndarray, first: bool
    ) -> list[tuple[Intruder, int]]:
        """As if of every cell one answer were known: wide enough then is wide enough for each
        respondent. What is left is asked for respondent by respondent."""
        system = _System(self, intruder, hidden)
        proofs = self.proofs[intruder.name, intruder.about]
        everybody = system.own_low
        if not first:
            system.glance(everybody)
        found = []
        lacking = set(system.cells[system.lacking(everybody)])
        for cell in asked:
            i, who = int(np.searchsorted(system.cells, cell)), intruder
            if cell not in lacking or not system.lacks(i, everybody):
                proofs[cell] = system.proof(i, everybody)
                continue
            if intruder.name == OUTSIDER and not system.lacks(i, system.low):
                own = system.narrowing_respondent(i)
                if own is None:
                    proofs[cell] = system.proof_for_respondents(i)
                    continue
                low = intruder.low.copy()
                low[system.cells[own]] = everybody[own]
                who = replace(intruder, name=RESPONDENT, about=int(system.cells[own]), low=low)
            found.append((who, int(cell)))
            if first:
                break
        return found


class _System:
    """The hidden cells that a reader does not know, their relations, the tables known to fit.

    own_low: bounds as if of every cell one answer were known, where own answers matter.
    """

    def __init__(self, attack: Attack, intruder: Intruder, hidden: np.ndarray) -> None:
        self.attack = attack
        unknown = hidden & (intruder.low < intruder.high)
        self.cells = np.flatnonzero(unknown)
        rows = attack.table.matrix[:, self.cells]
        rows = rows[np.flatnonzero(np.diff(rows.indptr))]
        self.system = System(rows, np.zeros(rows.shape[0]))
        self.low, self.high = intruder.low[self.cells], intruder.high[self.cells]
        self.own_low = self.low
        if intruder.name == OUTSIDER:
            one_known = np.minimum(1 - attack.table.least[self.cells], 0)
            self.own_low = np.maximum(self.low, one_known)
        self.wanted = intruder.wanted[self.cells]
        tables = attack.inside(unknown, self.cells)
        self.tables = tables[((tables >= self.low) & (tables <= self.high)).all(axis=1)]
        self.holding_all = self.tables[(self.tables >= self.own_low).all(axis=1)]

    def fitting(self, low: np.ndarray) -> np.ndarray:
        """The tables with at least `low`."""
        if low is self.low:
            return self.tables
        if low is self.own_low:
            return self.holding_all
        return self.tables[(self.tables >= low).all(axis=1)]

    def lacking(self, low: np.ndarray) -> np.ndarray:
        """Cells whose interval the tables found with at least `low` do not prove wide enough."""
        return np.flatnonzero(np.ptp(self.fitting(low), axis=0) < self.wanted)

    def glance(self, low: np.ndarray) -> None:
        """Tables that widen many intervals at once."""
        left = self.lacking(low)
        for _ in range(GLANCES):
            if len(left) < 2:
                return
            direction = np.zeros(len(self.cells))
            direction[left] = self.attack.random.choice([-1.0, 1.0], len(left))
            for sign in (1.0, -1.0):
                self._find(sign * direction, low, self.high, search=False)
            before, left = len(left), self.lacking(low)
            if len(left) > 0.8 * before:
                return

    def lacks(self, i: int, low: np.ndarray) -> bool:
        """Whether the cell's interval is too narrow, by its ends if need be."""
        for sign in (1.0, -1.0, 0.0):
            values = self.fitting(low)[:, i]
            if np.ptp(values) >= self.wanted[i]:
                return False
            if sign:
                unit = np.zeros(len(self.cells))
                unit[i] = sign
                least, most = low.copy(), self.high.copy()  # no further than is asked: soon proved
                most[i] = min(most[i], values.min() + self.wanted[i])
                least[i] = max(least[i], values.max() - self.wanted[i])
                self._find(unit, least, most)
        return True

    def narrowing_respondent(self, i: int) -> int | None:
        """The cell whose respondents find this one's interval too narrow.

        First tables in which this cell lies high, then low, and as many doubtful ones as can be hold
        their respondent; then each by itself.
        """
        left = self._doubtful(i)
        ends = np.array([self.tables[:, i].min(), self.tables[:, i].max()], dtype=float)
        before = len(left) + 1
        while 1 < len(left) < before:
            before = len(left)
            holding = np.zeros(len(self.cells))
            holding[left] = 1.0
            holding[i] = 0.0
            for end in (ends[1], max(ends[0], ends[1] - self.wanted[i])):
                least, most = self.low.copy(), self.high.copy()
                least[i] = most[i] = end
                most[left] = np.maximum(self.own_low[left], 0.0)  # no more than holding it counts
                most[i] = end
                self._find(holding, least, most)
            left = self._doubtful(i)
        for own in left:
            low = self.low.copy()
            low[own] = self.own_low[own]
            if self.lacks(i, low):
                return int(own)
        return None

    def _doubtful(self, i: int) -> np.ndarray:
        """Cells whose respondents the tables so far do not leave a wide enough interval."""
        values = self.tables[:, [i]].astype(float)
        possible = self.tables >= self.own_low
        most = np.where(possible, values, -np.inf).max(axis=0)
        width = most - np.where(possible, values, np.inf).min(axis=0)
        return np.flatnonzero((width < self.wanted[i]) & (self.own_low > self.low))

    def proof(self, i: int, low: np.ndarray) -> np.ndarray:
        """The cells that two tables with at least `low` move which make the interval wide enough."""
        tables = self.fitting(low)
        ends = tables[[tables[:, i].argmax(), tables[:, i].argmin()]]
        return self.cells[ends.any(axis=0)]

    def proof_for_respondents(self, i: int) -> np.ndarray:
        """The cells that some tables move which leave every respondent a wide enough interval."""
        values = self.tables[:, i].astype(int)
        chosen = np.zeros(len(values), dtype=bool)
        chosen[[values.argmax(), values.argmin()]] = True
        possible = self.tables >= self.own_low
        for own in np.flatnonzero(self.own_low > self.low):
            mine = np.flatnonzero(possible[:, own])
            of_proof = values[mine[chosen[mine]]]
            if of_proof.max(initial=-99) - of_proof.min(initial=99) < self.wanted[i]:
                chosen[mine[[values[mine].argmax(), values[mine].argmin()]]] = True
        return self.cells[self.tables[chosen].any(axis=0)]

    def _find(
        self, objective: np.ndarray, low: np.ndarray, high: np.ndarray, *, search: bool = True
    ) -> None:
        """Add the table with the largest objective within these bounds, if there is one."""
        found = self.system.largest(objective, low, high, search=search)
        if found is None:
            return
        deviations = found.astype(np.int8)
        self.tables = np.vstack([self.tables, deviations])
        if (deviations >= self.own_low).all():
            self.holding_all = np.vstack([self.holding_all, deviations])
        self.attack.add(self.cells, deviations)
