"""Attacks on a round's published files: what they print, and what can be computed from them.

A count is known if any file tells it (`red_team_files`). The truth says what an attack has hit, and
where a reader's own knowledge begins: a respondent knows the own cells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import highspy
import numpy as np
import pandas as pd
from red_team_files import CELL, NATIONAL, OVERALL, RESPONSE, WHOLE, Cell, Codebook, Harvest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

OPTION = re.compile(r"share_[0-9]+")
THRESHOLD = 5
SMALL_GROUP = 10  # a smaller group is not shown where all its answers are alike
SUBSETS_OF = 6  # municipalities of both rounds whose every sum is tried
MOST = 20_000  # no count of a round is larger
PLAIN, OWN, RULE, SIZE = "plain", "own answer", "rule", "size"


class Finding(NamedTuple):
    """What an attack gained. `low`, `high`: the interval left for the count; `true`: what it is."""

    attack: str
    cell: Cell | None
    low: float
    high: float
    true: float
    note: str


# ------------------------------------------------------------------------------- what stands in print


def printed_small(found: Harvest) -> list[Finding]:
    """Counts under the threshold that a file prints, in a table or in words."""
    findings = [
        Finding("printed", cell, n, n, n, ", ".join(sorted(files)))
        for cell, numbers in found.counts.items()
        for n, files in numbers.items()
        if n < THRESHOLD
    ]
    for file, n, words in [*found.loose, *found.unread]:
        if n < THRESHOLD:
            findings.append(Finding("printed", None, n, n, np.nan, f"{file}: {words}"))
    return findings


def disagreements(found: Harvest) -> list[Finding]:
    """Cells of which two files tell different counts or marks."""
    findings = [
        Finding("disagree", cell, min(numbers), max(numbers), np.nan, str(numbers))
        for cell, numbers in found.counts.items()
        if len(numbers) > 1
    ]
    for cell, marks in found.marks.items():
        if len(set(marks.values())) > 1:
            findings.append(Finding("disagree", cell, np.nan, np.nan, np.nan, str(marks)))
    return findings


def hidden_but_told(found: Harvest) -> list[Finding]:
    """Cells that one file hides and any file (also another) gives a count, mean or share of."""
    findings = []
    for cell, status in found.status.items():
        if status == "shown":
            continue
        for same in _aliases(cell):
            told = {f for files in found.counts.get(same, {}).values() for f in files}
            told |= found.values.get(same, set())
            if told:
                note = f"{status}, told in {', '.join(sorted(told)[:4])}"
                findings.append(Finding("told", cell, np.nan, np.nan, np.nan, note))
    return findings


def _aliases(cell: Cell) -> list[Cell]:
    """The theme of overall satisfaction is question 13."""
    if cell[3] in (OVERALL, "q13"):
        return [(*cell[:3], OVERALL), (*cell[:3], "q13")]
    return [cell, (*cell[:3], cell[3] + ":dk")]


def beside(found: Harvest, truth: dict[Cell, int]) -> list[Finding]:
    """Small counts hidden for one item while another item's count of the same group is told: the
    same citizens answered nearly all of it."""
    told: dict[tuple, dict[str, int]] = defaultdict(dict)
    for cell, n in found.known.items():
        if cell[3] not in (*RESPONSE, "drivers"):
            told[cell[:3]][cell[3]] = n
    findings = []
    for cell, status in found.status.items():
        if status in ("few", "linked") and truth.get(cell, THRESHOLD) < THRESHOLD:
            near = {i: n for i, n in told[cell[:3]].items() if not i.startswith(cell[3])}
            if near:
                low, high = min(near.values()), max(near.values())
                note = f"told for {len(near)} other items"
                findings.append(Finding("beside", cell, low, high, truth[cell], note))
    return findings


def loose_strangers(found: Harvest) -> list[Finding]:
    """Counts in running text that are no shown count of the round: what might they be?"""
    printed = {n for numbers in found.counts.values() for n in numbers}
    return [
        Finding("stranger", None, n, n, np.nan, f"{file}: {words}")
        for file, n, words in found.loose
        if n not in printed and not file.endswith("metode.html")  # its examples are invented
    ]


# ------------------------------------------------------------------------------------ adding up counts


def sums(cells: Iterable[tuple[str, str, str]]) -> Iterator[tuple[tuple, list[tuple]]]:
    """(total, parts) among places (municipality, breakdown, category) of one item."""
    parts: dict[tuple, list[tuple]] = defaultdict(list)
    have = set(cells)
    for place in sorted(have):
        code, breakdown, category = place
        if code != NATIONAL and (NATIONAL, breakdown, category) in have:
            parts[NATIONAL, breakdown, category].append(place)
        if breakdown == "all":
            continue
        if ":" in breakdown and not breakdown.startswith("local:"):
            for margin, side in zip(breakdown.split(":"), category.split(":")):
                parts[code, margin, side, breakdown].append(place)
        else:
            parts[code, *WHOLE, breakdown].append(place)
    for total, members in parts.items():
        if total[:3] in have:
            yield total[:3], members


@dataclass
class System:
    """The hidden cells of one item that hang together, in deviations d from their true counts:
    relations @ d = 0 for every table that fits what is published."""

    cells: list[Cell]
    truth: np.ndarray
    status: list[str]
    relations: sparse.csr_array
    low: np.ndarray
    high: np.ndarray

    @property
    def key(self) -> tuple:
        return tuple(c[:3] for c in self.cells)


Limits = dict[Cell, tuple[int, int]]


def systems(item: str, found: Harvest, truth: dict[Cell, int], limits: Limits) -> Iterator[System]:
    """The item's hidden cells by component. `limits`: what other tables say of a cell."""
    asked = {c[0] for c, n in truth.items() if c[3] == item and c[1] == "all" and n > 0}
    places = [c[:3] for c in truth if c[3] == item and c[0] in asked]
    known = {c[:3] for c in found.known if any(a[3] == item for a in _same(c))}
    hidden = sorted(set(places) - known)
    at = {p: i for i, p in enumerate(hidden)}
    rows, columns, signs = [], [], []
    for r, (total, members) in enumerate(sums(places)):
        for place, sign in [(total, -1), *((m, 1) for m in members)]:
            if place in at:
                rows, columns, signs = [*rows, r], [*columns, at[place]], [*signs, sign]
    if not hidden:
        return
    shape = (max(rows, default=-1) + 1, len(hidden))
    matrix = sparse.csr_array((np.array(signs, float), (rows, columns)), shape=shape)
    _, group = sparse.csgraph.connected_components(abs(matrix).T @ abs(matrix), directed=False)
    status = found.status
    for g in range(group.max() + 1):
        mine = np.flatnonzero(group == g)
        own = matrix[:, mine]
        own = own[np.flatnonzero(abs(own).sum(axis=1))]
        cells = [(*hidden[i], item) for i in mine]
        true = np.array([truth[c] for c in cells], float)
        bounds = [limits.get(c, (0, MOST)) for c in cells]
        marks = [status.get((*c[:3], c[3].removesuffix(":dk")), "") for c in cells]
        yield System(cells, true, marks, own, *np.array(bounds, float).T)


def _same(cell: Cell) -> list[Cell]:
    return _aliases(cell) if cell[3] in (OVERALL, "q13") else [cell]


def nested_limits(item: str, found: Harvest, truth, book: Codebook, best: Limits) -> Limits:
    """Bounds from tables whose citizens hold, or are held by, those of the item's table.

    Who answered q01 answered or said *ved ikke*, and is among the answers, the invited, the
    population; who has a score on every theme has it on each. `best`: intervals found so far.
    """
    questions = [q for qs in book.themes.values() for q in qs]
    close = {t: qs for t, qs in book.themes.items() if len(qs) <= 2}  # half of two is one
    above: dict[str, list[str]] = defaultdict(list)
    for q in questions:
        above[q] += [f"{q}:dk", "answers"]
        above[f"{q}:dk"].append("answers")
    for theme in book.themes:
        above[theme].append("answers")
        above["drivers"].append(theme)
        for q in close.get(theme, ()):
            above[q].append(theme)
    above["answers"].append("invited")
    above["invited"].append("population")
    below = {i: [j for j, up in above.items() if i in up] for i in [*above, "population"]}
    known = found.known
    census = {
        m
        for m, b, _, i in known
        if (b, i) == ("all", "invited")
        and known.get((m, *WHOLE, "population")) == known[m, *WHOLE, i]
    }
    limits: Limits = {}
    for cell in truth:
        if cell[3] != item:
            continue
        up, down = above[item], below.get(item, [])
        if cell[0] in census and item in ("invited", "population"):
            up = down = ["invited", "population"]
        spans = {i: _span((*cell[:3], i), known, best) for i in {*up, *down}}
        low = max((spans[i][0] for i in down), default=0)
        high = min((spans[i][1] for i in up), default=MOST)
        limits[cell] = (low, high)
    return limits


def _span(cell: Cell, known: dict[Cell, int], best: Limits) -> tuple[int, int]:
    return (known[cell],) * 2 if cell in known else best.get(cell, (0, MOST))


Pools = dict[tuple, list[np.ndarray]]


def intervals(
    s: System,
    low: np.ndarray,
    high: np.ndarray,
    pool: list[np.ndarray],
    enough: Callable[[int, float, float], bool],
) -> dict[int, tuple[float, float]]:
    """Feasible interval of each cell, exact where it is not `enough`; whole numbers count.

    `pool`: tables found before, for this item or for another with the same hidden cells, as
    deviations; it grows.
    """
    lower, upper = np.minimum(low - s.truth, 0), np.maximum(high - s.truth, 0)
    lowest, highest = np.zeros(len(s.cells)), np.zeros(len(s.cells))
    if pool:
        tables = np.array(pool)
        tables = tables[((tables >= lower) & (tables <= upper)).all(axis=1)]
        if len(tables):
            lowest, highest = np.minimum(tables.min(axis=0), 0), np.maximum(tables.max(axis=0), 0)

    def add(objective: np.ndarray) -> None:
        d = _solve(s.relations, objective, lower, upper)
        pool.append(d)
        np.minimum(lowest, d, out=lowest)
        np.maximum(highest, d, out=highest)

    def lacks(i: int) -> bool:
        return not enough(i, s.truth[i] + lowest[i], s.truth[i] + highest[i])

    for _ in range(3):  # one table may widen many cells at once
        left = [i for i in range(len(s.cells)) if lacks(i)]
        if len(left) < 4:
            break
        together = np.zeros(len(s.cells))
        together[left] = 1.0
        add(together)
        add(-together)
    for i in range(len(s.cells)):
        one = np.zeros(len(s.cells))
        one[i] = 1.0
        if lacks(i):
            add(one)
        if lacks(i):
            add(-one)
    return {i: (s.truth[i] + lowest[i], s.truth[i] + highest[i]) for i in range(len(s.cells))}


def _solve(relations, objective, lower, upper) -> np.ndarray:
    rows = relations.shape[0]
    solved = milp(
        objective,
        constraints=LinearConstraint(relations, np.zeros(rows), np.zeros(rows)) if rows else (),
        integrality=np.ones(len(objective)),
        bounds=Bounds(lower, upper),
    )
    if solved.x is None:
        raise RuntimeError(f"the true table itself does not fit: {solved.message}")
    return np.round(solved.x)


def attack_counts(found: Harvest, truth: dict[Cell, int], book: Codebook) -> list[Finding]:
    """Exact and narrow recovery of hidden counts, by every reader, item by item."""
    items = list(dict.fromkeys(c[3] for c in truth))
    ordered = [*RESPONSE, *(i for i in items if i not in RESPONSE)]
    pools: Pools = defaultdict(list)
    best: Limits = {}
    findings: list[Finding] = []
    seen: set[tuple] = set()
    for item in ordered:
        limits = nested_limits(item, found, truth, book, best)
        for system in systems(item, found, truth, limits):
            numbers = (*system.truth, *system.low, *system.high, *system.status)
            if (system.key, numbers) in seen:  # a theme of one question
                continue
            seen.add((system.key, numbers))
            few = (
                len([i for i in items if i not in RESPONSE]) == 1
            )  # then the mark is of this count
            findings += attack_system(system, pools, best if item in RESPONSE else None, few)
    return findings


def attack_system(
    s: System, pools: Pools, best: Limits | None = None, few_is_of_item: bool = True
) -> list[Finding]:
    """All readers on one component; intervals go to `best`, where it is given. A mark is the group's:
    `linked` says that no item's count is small, `few` that some item's is (`few_is_of_item`: this one's).
    """
    pool = pools[s.key]
    small = s.truth < THRESHOLD
    if s.cells[0][3] == "drivers":  # no promise but that of small counts
        wide = np.where(small, THRESHOLD, 0)
    else:
        wide = np.where(small, THRESHOLD, 1)
    # of a shown group a count may be missing that no file hides: that of »ved ikke«, under ten answers
    wide = np.where((np.array(s.status) == "shown") & ~small, 0, wide)

    def enough(i: int, low: float, high: float) -> bool:
        return high - low >= wide[i] and (not small[i] or high >= THRESHOLD)

    findings: list[Finding] = []

    def tell(reader: str, i: int, low: float, high: float, note: str = "") -> None:
        kind = "exact" if low == high else "below threshold" if high < THRESHOLD else "narrow"
        who = f"{kind}, {reader}"
        note = f"{s.status[i]}{note}"
        findings.append(Finding(who, s.cells[i], low, high, s.truth[i], note))

    # what is wide for somebody who knows of a citizen in every cell is wide for all others, and the
    # tables found on the way are theirs too
    there = np.where(s.truth >= 1, np.maximum(s.low, 1), s.low)
    everybody = intervals(s, there, s.high, pool, enough)
    plain = intervals(s, s.low, s.high, pool, enough)
    if best is not None:
        exact = intervals(s, s.low, s.high, pool, lambda *_: False)
        best |= {s.cells[i]: (int(a), int(b)) for i, (a, b) in exact.items()}
    broken = {i for i, span in plain.items() if not enough(i, *span)}
    for i in sorted(broken):
        tell(PLAIN, i, *plain[i])

    for i, span in everybody.items():
        if i in broken or enough(i, *span):
            continue
        if hit := _respondent(s, i, pool, enough):
            tell(OWN, i, *hit[1], f"; own cell {hit[0]}")

    few = np.array([m == "few" for m in s.status]) & few_is_of_item
    linked = np.array([m == "linked" for m in s.status])
    if s.cells[0][3] in (*RESPONSE[:2], "drivers") or s.cells[0][3].endswith(":dk"):
        few, linked = few & False, linked & False  # the mark is the answers', not this count's
    high = np.where(few, np.minimum(s.high, np.maximum(THRESHOLD - 1, s.truth)), s.high)
    low = np.where(linked, np.maximum(s.low, np.minimum(THRESHOLD, s.truth)), s.low)
    for i, span in intervals(s, low, high, pool, lambda i, a, b: b > a or wide[i] == 0).items():
        if span[0] == span[1] and wide[i] and i not in broken:
            tell(RULE, i, *span)

    for whole, cell in enumerate(s.cells):
        if cell[1] != "all" or cell[0] == NATIONAL:
            continue
        low, high = s.low.copy(), s.high.copy()
        low[whole] = high[whole] = s.truth[whole]
        inside = [c[0] == cell[0] and small[whole] for c in s.cells]

        def sized(i: int, a: float, b: float, whole=whole, inside=inside) -> bool:
            return i == whole or (b > a if inside[i] else enough(i, a, b))

        for i, span in intervals(s, low, high, pool, sized).items():
            if i not in broken and not sized(i, *span):
                tell(SIZE, i, *span, f"; size of {cell[0]}")
    return findings


def _respondent(s: System, i: int, pool, enough) -> tuple[Cell, tuple[float, float]] | None:
    """A cell on a line with cell i whose respondents find cell i too narrow."""

    def only(j: int, a: float, b: float) -> bool:
        return j != i or enough(j, a, b)

    rows = s.relations[:, [i]].nonzero()[0]
    near = {i, *(int(j) for r in rows for j in s.relations[[int(r)]].indices)}
    for own in sorted(near, key=lambda j: j != i):
        if s.truth[own] >= 1 and s.cells[own][0] == s.cells[i][0]:
            low = s.low.copy()
            low[own] = max(low[own], 1)
            span = intervals(s, low, s.high, pool, only)[i]
            if not enough(i, *span):
                return s.cells[own], span
    return None


class LinearProgram:
    """low ≤ rows @ x ≤ high within bounds: asked for one objective after the other, each from the last
    one's answer."""

    def __init__(self, rows, low, high, least, most) -> None:
        matrix = sparse.csc_array(np.array(rows, dtype=float))
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        lp.col_cost_ = np.zeros(matrix.shape[1])
        lp.col_lower_, lp.col_upper_ = np.array(least, dtype=float), np.array(most, dtype=float)
        lp.row_lower_, lp.row_upper_ = np.array(low, dtype=float), np.array(high, dtype=float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
        lp.a_matrix_.value_ = matrix.data
        self.model = highspy.Highs()
        for option, value in {"output_flag": False, "threads": 1, "simplex_strategy": 4}.items():
            self.model.setOptionValue(option, value)
        self.model.passModel(lp)
        self.columns = np.arange(matrix.shape[1], dtype=np.int32)

    def largest(self, terms: dict[int, float]) -> float | None:
        """The largest sum of these terms; None where nothing fits, infinite where it has no end."""
        cost = np.zeros(len(self.columns))
        for place, factor in terms.items():
            cost[place] -= factor
        self.model.changeColsCost(len(cost), self.columns, cost)
        self.model.run()
        status = self.model.getModelStatus()
        if status == highspy.HighsModelStatus.kUnbounded:
            return np.inf
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        return -self.model.getInfo().objective_function_value


def attack_side_by_side(found: Harvest, truth: dict[Cell, int]) -> list[Finding]:
    """Hidden counts that a linear program over all items of a municipality gives exactly.

    Each item's groups add up, no item counts more than the group's answers, and the marks are taken at
    their word: where they differ between a group's items they are each item's own (`few` is below the
    threshold, `linked` not), else `linked` says that no item's count is below it.
    """
    marks = {c: m for c, m in found.status.items() if m in ("few", "linked")}
    by_place: dict[tuple, set[str]] = defaultdict(set)
    for cell, mark in marks.items():
        by_place[cell[:3]].add(mark)
    by_item = any(len(of) > 1 for of in by_place.values())
    known = found.known
    findings: list[Finding] = []
    for code in sorted({c[0] for c in marks}):
        asked = {c[3] for c, n in truth.items() if c[:3] == (code, *WHOLE) and n > 0}
        cells = [c for c in truth if c[0] == code and c[3] in asked - {"population", "invited"}]
        cells = [c for c in cells if c[3] != "drivers" and not c[3].endswith(":dk")]
        hidden = [c for c in cells if c not in known and c in marks | _answers_of(by_place, cells)]
        findings += _side_by_side(hidden, cells, known, marks, by_item, truth)
    return findings


def _answers_of(by_place: dict[tuple, set[str]], cells: list[Cell]) -> dict[Cell, str]:
    """The hidden groups' numbers of answers, which files mark otherwise or not at all."""
    return {c: "" for c in cells if c[3] == "answers" and c[:3] in by_place}


def _side_by_side(hidden, cells, known, marks, by_item, truth) -> Iterator[Finding]:
    at = {cell: i for i, cell in enumerate(hidden)}
    rows, right = [], []
    for item in dict.fromkeys(c[3] for c in cells):
        for total, parts in sums([c[:3] for c in cells if c[3] == item]):
            row, rest = np.zeros(len(hidden)), 0.0
            for place, sign in [(total, -1.0), *((p, 1.0) for p in parts)]:
                cell = (*place, item)
                if cell in at:
                    row[at[cell]] += sign
                elif cell in known:
                    rest -= sign * known[cell]
                else:
                    break
            else:
                if row.any():
                    rows.append(row)
                    right.append(rest)
    above, most = [], []
    for cell, i in at.items():
        answers = (*cell[:3], "answers")
        if cell[3] == "answers" or (answers not in at and answers not in known):
            continue
        row = np.zeros(len(hidden))
        row[i] = 1.0
        if answers in at:
            row[at[answers]] = -1.0
        above.append(row)
        most.append(known.get(answers, 0.0))
    bounds = []
    for cell in hidden:
        mark = marks.get(cell, "")
        low = THRESHOLD if mark == "linked" else 0
        bounds.append((low, THRESHOLD - 1 if by_item and mark == "few" else MOST))
    if not rows:
        return
    program = LinearProgram(
        rows + above, right + [-np.inf] * len(above), right + most, *zip(*bounds)
    )
    for cell, i in at.items():
        greatest, least = program.largest({i: 1.0}), program.largest({i: -1.0})
        if greatest is None or least is None:  # the marks contradict the sums: nothing is learnt
            return
        ends = -least, greatest
        low, high = np.ceil(ends[0] - 1e-6), np.floor(ends[1] + 1e-6)
        if low == high:
            note = f"{marks.get(cell, 'no mark')}, {'by item' if by_item else 'by group'}"
            yield Finding("side by side", cell, low, high, truth[cell], note)


# --------------------------------------------------------------------------------------- distributions


def attack_distributions(
    released: pd.DataFrame, truth: dict[Cell, int], places: int = 2
) -> list[Finding]:
    """Shares times n: groups that all agree, and option counts of hidden cells by subtraction.

    `released`: the published table; `places`: decimals of its shares. A bound is sure, since the
    rounding is reckoned with; what a cleverer search than going round the sums would add is not.
    """
    rows = released[released["weighting"] == "unweighted"]
    options = rows["statistic"].str.fullmatch(OPTION)
    rows = rows[(options | (rows["statistic"] == "mean")) & (rows["status"] != "not_asked")]
    findings: list[Finding] = []
    for item, table in rows.groupby("item"):
        means = table[table["statistic"] == "mean"]
        options = options_of(table)
        n = {k[:3]: int(k[3]) for k in _records(means, "n") if not pd.isna(k[3])}
        value = {k[:3]: k[3] for k in _records(means, "value")}
        marks = {k[:3]: k[3] for k in _records(means, "status")}
        spans = {s: _option_spans(table[table["statistic"] == s], n, places) for s in options}
        for place, count in n.items():
            alike = [s for s in options if spans[s].get(place, (0, 0))[0] == count]
            extreme = value.get(place) in (1.0, 5.0)
            if count < SMALL_GROUP and (alike or extreme):
                findings.append(
                    Finding(
                        "unanimous",
                        (*place, item),
                        count,
                        count,
                        count,
                        f"shown: {alike or value[place]}",
                    )
                )
        if options and all(spans[s] for s in options):
            split = set(
                _places(table[table["statistic"] == options[0]])
            )  # two-way groups have none
            marks = {p: m for p, m in marks.items() if p in split}
            n = {p: c for p, c in n.items() if p in split}
            relations = list(sums(split))
            findings += _unanimous_rest(item, n, spans, relations)
            small = {p for p in marks if truth.get((*p, item), 0) < THRESHOLD}
            findings += _hidden_options(item, small - set(n), marks, spans, relations)
    return findings


def _records(table: pd.DataFrame, column: str) -> list[tuple]:
    return list(table[[*CELL[:3], column]].itertuples(index=False, name=None))


def _places(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    return table[CELL[:3]].itertuples(index=False, name=None)


def _option_spans(table: pd.DataFrame, n: dict, places: int) -> dict:
    half, spans = 0.5 * 10**-places + 1e-9, {}
    for *place, share in _records(table, "value"):
        count = n.get(tuple(place))
        if count is not None and not pd.isna(share):
            low = max(0, int(np.ceil((share - half) * count)))
            spans[tuple(place)] = (low, min(count, int(np.floor((share + half) * count))))
    return spans


def _unanimous_rest(item, n, spans, relations) -> Iterator[Finding]:
    """What is left of a shown whole without its shown parts: fewer than ten citizens, all alike."""
    for total, parts in relations:
        if total not in n or all(p in n for p in parts):
            continue
        count = n[total] - sum(n[p] for p in parts if p in n)
        if not 0 < count < SMALL_GROUP:
            continue
        most = {}
        for s in spans:
            told = sum(spans[s].get(p, (0, n[p]))[0] for p in parts if p in n)
            most[s] = min(count, spans[s].get(total, (0, n[total]))[1] - told)
        for s in spans:
            if count - sum(most[o] for o in spans if o != s) == count:
                hidden = [p for p in parts if p not in n]
                note = f"all of the {len(hidden)} hidden parts of {total} chose {s}"
                yield Finding("unanimous rest", (*hidden[0], item), count, count, count, note)


def _hidden_options(item, wanted, marks, spans, relations) -> Iterator[Finding]:
    """Options of small hidden groups whose count is sure, and not zero."""
    for option in spans:
        low = {p: spans[option].get(p, (0, 0))[0] for p in marks}
        high = {p: spans[option].get(p, (0, MOST))[1] for p in marks}
        changed = True
        while changed:
            changed = False
            for total, parts in relations:
                lows, highs = sum(low[p] for p in parts), sum(high[p] for p in parts)
                new = {total: (lows, highs)}
                new |= {
                    p: (low[total] - highs + high[p], high[total] - lows + low[p]) for p in parts
                }
                for p, (a, b) in new.items():
                    if a > low[p] or b < high[p]:
                        low[p], high[p] = max(a, low[p]), min(b, high[p])
                        changed = True
        for place in sorted(wanted):
            if low[place] >= high[place] > 0:
                count = high[place]
                note = f"{marks[place]}: so many chose {option}"
                yield Finding("option", (*place, item), count, count, np.nan, note)


def attack_answers(table: pd.DataFrame, truth: dict[Cell, int], places: int = 2) -> list[Finding]:
    """Answers of small groups, shown or hidden, that all published numbers of a municipality tell together.

    A linear program a municipality and question over how many of each group chose each option: groups add
    up, and of a shown group number of answers, mean, split and options are told at their rounding.
    `table`: rows as released, of one weighting, with the value where the number is shown: a reader who
    knew every weight could make the unweighted values of the weighted ones, so tests give those. Found is
    a hidden group under the threshold of which it is sure how many chose an option or kind (and not
    nobody), and any group under SMALL_GROUP of which it is sure that all are of one kind, or of a shown
    one all but one.
    """
    findings: list[Finding] = []
    questions = table[table["item"].str.match(r"q\d|lokal\d")]
    for (code, item), own in questions.groupby(["municipality", "item"]):
        if (own["status"] != "not_asked").any() and code != NATIONAL:
            findings += _answers_of_item(code, item, own, truth, places)
    return findings


def options_of(table: pd.DataFrame) -> list[str]:
    """The statistics that are shares of single answers, from the most negative on."""
    found = {s for s in table["statistic"].unique() if OPTION.fullmatch(s)}
    return sorted(found, key=lambda s: int(s.removeprefix("share_")))


def shares_of(points: int) -> dict[str, tuple[int, ...]]:
    """Statistic → the answers in it, of a scale whose middle answer alone is neutral."""
    half = points // 2
    return {f"share_{k}": (k,) for k in range(1, points + 1)} | {
        "share_satisfied": tuple(range(points - half + 1, points + 1)),
        "share_neutral": tuple(range(half + 1, points - half + 1)),
        "share_dissatisfied": tuple(range(1, half + 1)),
    }


def _answers_of_item(code, item, own, truth, places) -> Iterator[Finding]:
    groups = sorted(set(_places(own)))
    points = len(options_of(own)) or 5
    shares = shares_of(points)
    at = {g: points * i for i, g in enumerate(groups)}
    n = {
        tuple(k): int(v)
        for *k, v in _records(own[own["statistic"] == "mean"], "n")
        if not pd.isna(v)
    }
    rows, low, high = [], [], []

    def tell(terms: dict[int, float], least: float, most: float) -> None:
        row = np.zeros(points * len(groups))
        for place, factor in terms.items():
            row[place] += factor
        rows.append(row)
        low.append(least)
        high.append(most)

    for total, parts in sums(groups):
        for k in range(points):
            terms = {at[p] + k: 1.0 for p in parts}
            tell(terms | {at[total] + k: -1.0}, 0.0, 0.0)
    half = 0.5 * 10.0**-places + 1e-9
    for g, count in n.items():
        tell({at[g] + k: 1.0 for k in range(points)}, count, count)
    for row in own[own["value"].notna()].itertuples():
        g = (row.municipality, row.breakdown, row.category)
        if g not in n:
            continue
        span = ((row.value - half) * n[g], (row.value + half) * n[g])
        if row.statistic == "mean":
            tell({at[g] + k: 1 + 4 * k / (points - 1) for k in range(points)}, *span)
        elif row.statistic in shares:
            chosen = shares[row.statistic]
            tell({at[g] + k - 1: 1.0 for k in chosen}, np.ceil(span[0]), np.floor(span[1]))
    width = points * len(groups)
    program = LinearProgram(rows, low, high, [0] * width, [MOST] * width)
    largest = program.largest

    for g in groups:
        true = truth.get((*g, item), 0)
        if not 0 < true < SMALL_GROUP:
            continue
        for name, chosen in shares.items():
            unit = {at[g] + k - 1: 1.0 for k in chosen}
            rest = {at[g] + k: 1.0 for k in range(points) if k + 1 not in chosen}
            most_others = largest(rest)
            if most_others is None:
                return  # the numbers contradict each other: nothing is learnt
            others = int(np.floor(most_others + 1e-6))
            spared = 1 if g in n and len(chosen) + len(rest) == points and name in _KINDS else 0
            if others <= spared and (name in _KINDS):
                some = largest(unit)
                if some is not None and some > 0.5:
                    yield Finding("one kind", (*g, item), true, true, true, f"{name}, but {others}")
            if g in n or true >= THRESHOLD:
                continue
            most = largest(unit)
            least = largest({place: -1.0 for place in unit})
            if most is not None and least is not None:
                span = int(np.ceil(-least - 1e-6)), int(np.floor(most + 1e-6))
                if span[0] >= span[1] > 0:
                    yield Finding(
                        "answers", (*g, item), span[1], span[1], np.nan, f"so many {name}"
                    )


_KINDS = ("share_satisfied", "share_neutral", "share_dissatisfied")


# ------------------------------------------------------------------------------ rounds and outcomes


def attack_rounds(
    comparisons: pd.DataFrame,
    now: pd.DataFrame,
    before: pd.DataFrame,
    estimates: pd.DataFrame,
    reference: str,
) -> list[Finding]:
    """Differences between rounds whose sides are not shown cells of their own round, or whose country
    holds a municipality that is hidden.

    `now`, `before`: the released tables; `estimates`: the truth of now, with the sums y and x.
    """
    findings: list[Finding] = []
    rows = comparisons[comparisons["reference"] == reference]
    cells = [*CELL, "statistic", "weighting"]
    current = now.set_index(cells)
    shown_now = current[current["status"] == "shown"]["value"].to_dict()
    earlier = before[before["status"] == "shown"]
    there = set(
        earlier[["municipality", "breakdown", "statistic", "weighting", "value"]].itertuples(
            index=False, name=None
        )
    )
    both = set(now["municipality"]) & set(before["municipality"]) - {NATIONAL}
    truth = estimates.set_index(cells)[["y", "x"]].to_dict("index")
    n = {k[:4]: v for k, v in current["n"].dropna().to_dict().items() if k[4] == "mean"}
    for row in rows.itertuples():
        cell = (row.municipality, row.breakdown, row.category, row.item)
        key = (*cell, row.statistic, row.weighting)
        if row.municipality != NATIONAL:
            if shown_now.get(key) != row.own:
                note = f"own {row.own} is no shown number of its cell"
                findings.append(Finding("round, own", cell, np.nan, np.nan, np.nan, note))
            place = (row.municipality, row.breakdown, row.statistic, row.weighting)
            if (*place, row.reference_value) not in there:
                note = f"before {row.reference_value} is no shown number of {reference}"
                findings.append(Finding("round, before", cell, np.nan, np.nan, np.nan, note))
            continue
        sides = {m: (m, *cell[1:], row.statistic, row.weighting) for m in both}
        told = {m for m, k in sides.items() if k in shown_now}
        hidden = {m for m, k in sides.items() if k in truth and truth[k]["x"] > 0} - told
        if hidden and len(both) <= SUBSETS_OF and _fits(row.own, told, hidden, sides, truth):
            note = f"the country's own number holds {', '.join(sorted(hidden))}, hidden"
            findings.append(Finding("round, sum", cell, np.nan, np.nan, np.nan, note))
        rest = n.get((NATIONAL, *cell[1:]), 0) - sum(n.get((m, *cell[1:]), 0) for m in told)
        if told and 0 < rest < THRESHOLD:
            note = "the country less the municipalities of both rounds"
            findings.append(Finding("round, rest", cell, rest, rest, rest, note))
    return findings


def _mean_over(codes, sides, truth) -> float:
    held = [truth[sides[m]] for m in codes if sides[m] in truth]
    weight = sum(t["x"] for t in held)
    return sum(t["y"] for t in held) / weight if weight else np.nan


def _fits(own: float, told: set[str], hidden: set[str], sides, truth) -> bool:
    """Whether no set of shown municipalities makes the number, and one with a hidden one does."""

    def made(codes: set[str]) -> bool:
        sets = (c for k in range(1, len(codes) + 1) for c in combinations(sorted(codes), k))
        return any(abs(own - _mean_over(c, sides, truth)) < 0.005 + 1e-9 for c in sets)

    return not made(told) and made(told | hidden)


def attack_outcomes(
    response: pd.DataFrame, outcomes: dict[str, dict[str, int]], places: int = 3
) -> list[Finding]:
    """Partial answers and break-offs that the rates tell, also as the country less the others.

    `outcomes`: municipality → partial and break_off, the truth; `places`: decimals of the rates.
    """
    half, spans = 0.5 * 10**-places, {}
    for row in response[response["breakdown"] == "all"].to_dict("records"):
        code, rr1, reached = row["municipality"], row["rr1"], row["contact_rate"]
        if not pd.isna(rr1):
            complete = _whole_numbers(rr1, row["invited"], half)
            spans[code, "partial"] = (row["answers"] - complete[1], row["answers"] - complete[0])
        if not pd.isna(reached):
            opened = _whole_numbers(reached, row["invited"], half)
            spans[code, "break_off"] = (opened[0] - row["answers"], opened[1] - row["answers"])
    findings = []
    for what in ("partial", "break_off"):
        codes = set(outcomes)
        hidden = [m for m in sorted(codes) if (m, what) not in spans]
        known = {m: spans[m, what] for m in codes if (m, what) in spans}
        if len(hidden) == 1 and (NATIONAL, what) in spans:
            total = spans[NATIONAL, what]
            low = max(0, total[0] - sum(s[1] for s in known.values()))
            known[hidden[0]] = (low, total[1] - sum(s[0] for s in known.values()))
        for code, (low, high) in known.items():
            true = outcomes[code][what]
            if 0 < true < THRESHOLD and high - low < THRESHOLD:
                cell = (code, *WHOLE, what)
                findings.append(Finding("outcome", cell, low, high, true, ""))
    return findings


def _whole_numbers(rate: float, base: int, half: float) -> tuple[int, int]:
    low = int(np.ceil((rate - half) * base - 1e-9))
    return low, int(np.floor((rate + half) * base + 1e-9))
