"""The cheapest pattern of hidden cells that keeps what `disclosure/intruders.py` promises.

Minimise Σ cost·x over x ∈ {0, 1}, 1 is hidden, primary cells fixed at 1, by cutting planes
(Fischetti & Salazar-González 2000, Mathematical Programming 84: 283–312; 2001, J. Amer. Statist.
Assoc. 96: 1052–1062). The master problem starts with what each single line asks for; its solution
is attacked; an interval too narrow gives, from the duals of the reader's linear programs, the cut

    Σ a·x ≥ width wanted,   a = r⁺·high + r⁻·low summed over both ends,   r = e − Mᵀλ,

each coefficient cut to what is wanted. A pattern that no attack breaks is optimal.

A large round is first solved so for each municipality by itself; what that costs together is a bound
for the whole, since fewer relations make fewer readers. Then what the sums over the country still
tell is mended by the cheapest deviations (Kelly, Golden & Assad 1992, Networks 22: 397–417) and
what turns out to be superfluous is shown again: always safe, not always the least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from helpers.common.errors import SurveyError
from helpers.disclosure.intruders import KNOWS_RULE, OUTSIDER, RESPONDENT, Attack, Intruder, Table
from helpers.disclosure.solver import System

EXACT_UP_TO_CELLS = 400  # a table larger than this is solved by municipalities
MASTER_NODES, MASTER_ROUNDS = 2_000, 150  # counted, not timed: the same answer on every machine
GLIMPSE = 1e-4  # share of its bounds that a shown cell may move while a cut is sought: strong cuts
USED_ALREADY = 1e-3  # price of moving a cell that is hidden anyway
LIKE_ELSEWHERE = 0.98  # price of a cell that another municipality hides: sums need two
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Found:
    """hidden: a mask of the table's cells; cost of those that are not primary; bound below it;
    attack: with the tables found on the way."""

    hidden: np.ndarray
    cost: float
    bound: float
    attack: Attack


def search(table: Table, effort: int) -> Found:
    """The best safe pattern found; `effort`: searches for tables before it is left at that."""
    bound = 0.0
    if len(table.keys) <= EXACT_UP_TO_CELLS:
        attack = Attack(table)
        best, bound = _exact(table, attack, effort)
        if best is not None:
            return Found(best, cost := _cost(table, best), min(bound, cost), attack)
    attack = Attack(table)
    alone, least = _by_municipality(table, effort)
    hidden = _mend(table, attack, alone)
    mended = np.isin(table.place, table.place[hidden & ~alone])  # elsewhere all is needed
    hidden = _trim(table, attack, hidden, mended, effort)
    cost = _cost(table, hidden)
    return Found(hidden, cost, min(max(bound, least), cost), attack)


def mend(table: Table, found: Found, more: np.ndarray) -> Found:
    """A safe pattern that hides what `found` does, and `more`."""
    hidden = _mend(table, found.attack, found.hidden | more)
    return Found(hidden, _cost(table, hidden), found.bound, found.attack)


def _cost(table: Table, hidden: np.ndarray) -> float:
    return float(table.cost[hidden & ~table.primary].sum())


def _by_municipality(table: Table, effort: int) -> tuple[np.ndarray, float]:
    """(hidden, bound): each municipality solved by itself, as if no sum over the country were known.

    Those with most to hide first; what they hide is a little cheaper for the next.
    """
    hidden, bound = table.primary.copy(), 0.0
    own = table.primary & table.of_municipality
    places, n_primary = np.unique(table.place[own], return_counts=True)
    like: dict[tuple[str, str], list[int]] = {key[1:]: [] for key in table.keys}
    for i, key in enumerate(table.keys):
        like[key[1:]].append(i)
    for place in places[np.lexsort([places, -n_primary])]:
        cells = np.flatnonzero(table.place == place)
        part = table.part(cells)
        elsewhere = [hidden[like[key[1:]]].any() for key in part.keys]
        priced = replace(part, cost=part.cost * np.where(elsewhere, LIKE_ELSEWHERE, 1.0))
        attack = Attack(priced)
        own, least = _exact(priced, attack, effort)
        if own is None:
            own = _mend(priced, attack, part.primary)
            own = _trim(priced, attack, own, np.ones(len(cells), dtype=bool), effort)
        hidden[cells] |= own
        bound += least
    return hidden, bound


# ------------------------------------------------------------------------------------------- exact


@dataclass
class _Cuts:
    """Rows Σ a·x ≥ b of the master problem, each once."""

    n_cells: int
    rows: list[tuple[np.ndarray, np.ndarray, float]] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)

    def add(self, cells: np.ndarray, values: np.ndarray, least: float) -> None:
        values = np.round(values, 6)
        name = cells.tobytes() + values.tobytes() + np.float64(least).tobytes()
        if name not in self.known:
            self.known.add(name)
            self.rows.append((cells, values, least))

    def constraints(self) -> list[LinearConstraint]:
        if not self.rows:
            return []
        rows = np.repeat(np.arange(len(self.rows)), [len(cells) for cells, _, _ in self.rows])
        cells = np.concatenate([cells for cells, _, _ in self.rows])
        values = np.concatenate([values for _, values, _ in self.rows])
        shape = (len(self.rows), self.n_cells)
        matrix = sparse.csr_array((values, (rows, cells)), shape=shape)
        return [LinearConstraint(matrix, np.array([least for _, _, least in self.rows]), np.inf)]


def _exact(table: Table, attack: Attack, effort: int) -> tuple[np.ndarray | None, float]:
    """(the cheapest safe pattern, None if it takes too much effort; a cost that none falls below)."""
    cuts = _Cuts(len(table.keys))
    _add_line_cuts(table, cuts)
    bound = 0.0
    for _ in range(MASTER_ROUNDS):
        if attack.n_found >= effort:
            break
        solved = milp(
            np.where(table.primary, 0.0, table.cost),
            constraints=cuts.constraints(),
            integrality=np.ones(len(table.keys)),
            bounds=Bounds(table.primary.astype(float), 1.0),
            options={"node_limit": MASTER_NODES, "mip_rel_gap": 0.0},
        )
        if solved.mip_dual_bound is not None:
            bound = max(bound, float(solved.mip_dual_bound))
        if solved.status != 0:
            break
        hidden = solved.x > 0.5
        narrow = attack.too_narrow(hidden)
        if not narrow:
            return hidden, bound
        for intruder, cell in narrow:
            _add_cut(table, attack, hidden, intruder, cell, cuts)
    return None, bound


def _add_line_cuts(table: Table, cuts: _Cuts) -> None:
    """Of a line no cell alone is hidden; beside a primary part enough of the others is."""
    limit, least = float(table.threshold), table.least
    for row in range(table.matrix.shape[0]):
        of_row = table.matrix[[row]]
        line, is_part = of_row.indices, of_row.data > 0
        for at, cell in enumerate(line):
            others, parts = np.delete(line, at), np.delete(is_part, at)
            values, wanted = np.ones(len(others)), 1.0
            if table.primary[cell] and is_part[at]:
                wanted = limit - min(max(least[cell] - 1, 0.0), limit - 1)
                values = np.where(parts, np.minimum(least[others], wanted), wanted)
            given = table.primary[others]
            wanted -= values[given].sum()
            if wanted <= TOLERANCE:
                continue
            others, values = others[~given], np.minimum(values[~given], wanted) / wanted
            if table.primary[cell]:
                cuts.add(others, values, 1.0)
            else:
                cuts.add(np.append(others, cell), np.append(values, -1.0), 0.0)


def _add_cut(
    table: Table, attack: Attack, hidden: np.ndarray, intruder: Intruder, cell: int, cuts: _Cuts
) -> None:
    """The cut of the module's docstring; where whole numbers alone make the interval narrow, that
    anything more must be hidden."""
    wanted = float(intruder.wanted[cell])
    up, rising = _end(table, hidden, intruder, cell, 1.0)
    down, falling = _end(table, hidden, intruder, cell, -1.0)
    more = np.flatnonzero(~hidden & (intruder.low < intruder.high))
    at, values = more, np.ones(len(more))
    if up + down < wanted - TOLERANCE:
        values = np.minimum(rising + falling, wanted)
        given = table.primary.copy()
        given[cell] = True
        wanted -= values[given].sum()
        values[given] = 0.0
        if wanted > TOLERANCE:
            at = np.flatnonzero(values > TOLERANCE)
            values = np.minimum(values[at], wanted) / wanted
        else:
            values = np.ones(len(more))
    if not (~hidden[at]).any():
        attack.give_up(intruder, cell)
    elif table.primary[cell]:
        cuts.add(at, values, 1.0)
    else:
        cuts.add(np.append(at, cell), np.append(values, -1.0), 0.0)


def _end(
    table: Table, hidden: np.ndarray, intruder: Intruder, cell: int, sign: float
) -> tuple[float, np.ndarray]:
    """How far the reader must leave the cell open upwards (sign 1) or downwards (−1), in fractions
    too; and what each cell, if hidden, contributes to that at most."""
    share = np.where(hidden, 1.0, GLIMPSE)
    objective = np.zeros(len(hidden))
    objective[cell] = -sign
    solved = linprog(
        objective,
        A_eq=table.matrix,
        b_eq=np.zeros(table.matrix.shape[0]),
        bounds=np.column_stack([intruder.low * share, intruder.high * share]),
        method="highs-ds",
    )
    reduced = table.matrix.T @ solved.eqlin.marginals
    reduced[cell] += sign
    reduced[abs(reduced) < TOLERANCE] = 0.0
    contribution = (
        np.maximum(reduced, 0.0) * intruder.high + np.minimum(reduced, 0.0) * intruder.low
    )
    return -solved.fun, contribution


# ----------------------------------------------------------------------------------- without proof


def _mend(table: Table, attack: Attack, hidden: np.ndarray) -> np.ndarray:
    """Hide more until no reader finds an interval too narrow; everything if nothing less helps.

    Raises SurveyError where not even that does.
    """
    hidden = hidden.copy()
    moves = System(sparse.hstack([table.matrix, -table.matrix]), np.zeros(table.matrix.shape[0]))
    while narrow := attack.too_narrow(hidden, first=True):
        intruder, cell = narrow[0]
        more = _cheapest_way(table, moves, hidden, intruder, cell) & ~hidden
        if more.any():
            hidden |= more
        elif intruder.name == KNOWS_RULE or not attack.is_in_reach(intruder, cell):
            if intruder.name in (OUTSIDER, RESPONDENT):
                raise SurveyError(
                    " · ".join(table.keys[cell]),
                    "its count could be computed even if everything were hidden",
                    "a table of which each sum has two parts or more",
                    "Report this with the round's parameters; nothing was released.",
                )
            attack.give_up(intruder, cell)
        else:
            hidden[:] = True
    return hidden


def _cheapest_way(
    table: Table, moves: System, hidden: np.ndarray, intruder: Intruder, cell: int
) -> np.ndarray:
    """The cells that move in the cheapest deviations that widen the cell's interval: what is lacking
    if it falls as low as it may, then that it can fall so, then all one way; at last in whole numbers.

    moves: the table's relations between what rises and what falls, a column a cell each.
    """
    price = np.where(hidden, USED_ALREADY, table.cost)
    wanted = float(intruder.wanted[cell])
    falls = min(float(-intruder.low[cell]), wanted)
    one_way = [(1.0, wanted), (-1.0, wanted)]
    for find in (moves.largest_fractional, moves.largest):
        for ways in ([(1.0, wanted - falls)], [(-1.0, falls)], one_way):
            found = [_deviation(find, price, intruder, cell, *way) for way in ways]
            best = min((f for f in found if f is not None), key=lambda f: f[0], default=None)
            if best is not None and (best[1] & ~hidden).any():
                return best[1]
    return hidden


def _deviation(
    find: Callable, price: np.ndarray, intruder: Intruder, cell: int, sign: float, amount: float
) -> tuple[float, np.ndarray] | None:
    """(price, cells that move) of the cheapest deviation with this cell moving so far; None: there
    is none."""
    n = len(price)
    upper = np.concatenate([intruder.high, -intruder.low])
    way, back = (cell, n + cell) if sign > 0 else (n + cell, cell)
    if amount <= 0 or upper[way] < amount:
        return None
    lower = np.zeros(2 * n)
    lower[way] = upper[way] = amount
    upper[back] = 0.0
    prices = np.tile(price, 2)
    moved = find(-prices, lower, upper)
    if moved is None:
        return None
    return float(prices @ moved), moved[:n] + moved[n:] > TOLERANCE


def _trim(
    table: Table, attack: Attack, hidden: np.ndarray, among: np.ndarray, effort: int
) -> np.ndarray:
    """Show again what is not needed among these cells, the dearest first, for a quarter of the effort.

    Where a cell is needed, its own municipality mostly shows it, so that is attacked first.
    """
    hidden = hidden.copy()
    secondary = np.flatnonzero(hidden & ~table.primary & among)
    touching = abs(table.matrix)
    last = attack.n_found + effort // 4
    for cell in secondary[np.argsort(-table.cost[secondary], kind="stable")]:
        if attack.n_found > last:
            break
        hidden[cell] = False
        rows = table.by_column[:, [cell]].indices
        lonely = (touching[rows] @ hidden.astype(float) == 1).any()
        near = table.place == table.place[cell]
        if lonely or any(attack.too_narrow(hidden, first=True, among=a) for a in (near, ~near)):
            hidden[cell] = True
    return hidden
