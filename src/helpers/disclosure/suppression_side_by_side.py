"""The reader who lays all items of a municipality side by side, with the marks.

Of the published table alone, as in `disclosure/suppression_audit.py`: who answered a question is among the group's
answers, so an item's count is never larger than the number of answers; each item's groups add up; and of
a cell marked `linked` no item's count is below the threshold. A mark says no more: it is the cell's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.common.areas import Areas
from helpers.disclosure.solver import System
from helpers.disclosure.suppression_audit import (
    CELL,
    FINDING_COLUMNS,
    MOST,
    Cell,
    sums_of,
    too_narrow_kind,
)

READER, MARKS = "lays the items side by side", "the marks"
ANSWERS = "response"  # the item whose count no other exceeds


def audit_side_by_side(cells_by_item: pd.DataFrame, *, threshold: int) -> pd.DataFrame:
    """A row a hidden count that this reader narrows down too far; columns as of `audit_items`.

    `cells_by_item`: as there. A municipality at a time (the country's sums over municipalities are the
    other audit's). Raises ValueError where a cell is marked differently for two items.
    """
    marked = cells_by_item[cells_by_item["status"] != "not_asked"]
    differing = marked.groupby(CELL)["status"].nunique() > 1
    if differing.any():
        raise ValueError(f"marks differ between items: {differing.index[differing][0]}")
    found = [
        finding
        for _, own in marked.groupby("municipality", sort=True)
        if (own["status"] != "shown").any()
        for finding in _findings(own, threshold)
    ]
    return pd.DataFrame(found, columns=["item", *FINDING_COLUMNS])


def _findings(own: pd.DataFrame, threshold: int) -> Iterator[tuple]:
    names, status, system = _system(own)
    few = status == "few"
    cells = pd.Series([" ".join(cell) for _, cell in names])
    same_cell = list(cells.groupby(cells, sort=True).indices.values())
    at_their_word = np.where(few, 0.0, float(threshold))
    # with the marks a point is too narrow, since a mark says something; without, less than is promised
    for knows, low, wanted in (
        ("", np.zeros(len(names)), few),
        (MARKS, at_their_word, few & False),
    ):
        for at, least, most in _narrow(system, low, wanted, same_cell, threshold):
            kind = too_narrow_kind(least, most, bool(wanted[at]), threshold)
            if kind:
                item, cell = names[at]
                yield (item, *cell, status[at], READER, knows, kind, least, most)


def _narrow(
    system: System,
    low: np.ndarray,
    wanted: np.ndarray,
    same_cell: list[np.ndarray],
    threshold: int,
) -> Iterator[tuple[int, float, float]]:
    """(place, least, most) of the counts whose interval is a point, or where `wanted` narrower than the
    threshold or below it; none where the beliefs contradict the table."""
    n, columns = len(low), len(system.columns)
    low = np.concatenate([low, np.zeros(columns - n)])
    high = np.full(columns, float(MOST))
    first = system.largest(np.zeros(columns), low, high)
    if first is None:
        return
    lowest, highest = first[:n].copy(), first[:n].copy()

    def look(objective: np.ndarray, *, search: bool) -> None:
        table = system.largest(objective, low, high, search=search)
        if table is not None:
            np.minimum(lowest, table[:n], out=lowest)
            np.maximum(highest, table[:n], out=highest)

    def lacking() -> np.ndarray:
        enough = (highest - lowest >= threshold) & (highest >= threshold)
        return np.flatnonzero(~np.where(wanted, enough, highest > lowest))

    for members in same_cell:  # of all items at once: one table widens most of them
        for sign in (1.0, -1.0):
            if (left := np.intersect1d(members, lacking())).size:
                direction = np.zeros(columns)
                direction[left] = sign
                look(direction, search=False)
    for at in lacking():
        for sign in (1.0, -1.0):
            unit = np.zeros(columns)
            unit[at] = sign
            look(unit, search=True)
        if at in lacking():
            yield int(at), lowest[at], highest[at]


def _system(own: pd.DataFrame) -> tuple[list[tuple[str, Cell]], np.ndarray, System]:
    """(item, cell) and mark of each hidden count, and what is known of them: a column each, then one for
    what every item's count lacks of the answers."""
    value: dict[tuple[str, Cell], int] = {}
    mark: dict[tuple[str, Cell], str] = {}
    for *cell, item, n, status in own[[*CELL, "item", "n", "status"]].itertuples(index=False):
        key = (item, tuple(cell))
        if status == "shown":
            value[key] = int(n)
        else:
            mark[key] = status
    names = sorted(mark)
    place = {key: i for i, key in enumerate(names)}
    rows: list[list[tuple[int, float]]] = []
    right: list[float] = []
    for item, cells in own.groupby("item")[CELL]:
        known = tuple(sorted(cells.itertuples(index=False, name=None)))
        for total, parts in sums_of(known, Areas.of({cell[0] for cell in known})):
            terms = [((item, total), -1.0), *(((item, part), 1.0) for part in parts)]
            unknown = [(place[key], sign) for key, sign in terms if key in place]
            if unknown:
                rows.append(unknown)
                right.append(-sum(sign * value[key] for key, sign in terms if key in value))
    columns = len(names)
    for key in names:
        item, cell = key
        above = (ANSWERS, cell)
        if item != ANSWERS and above in place:
            rows.append([(place[key], 1.0), (columns, 1.0), (place[above], -1.0)])
            right.append(0.0)
            columns += 1
    at = [(r, c, sign) for r, row in enumerate(rows) for c, sign in row]
    r, c, signs = zip(*at) if at else ((), (), ())
    matrix = sparse.csr_array((np.array(signs, float), (r, c)), shape=(len(rows), columns))
    status = np.array([mark[key] for key in names], dtype=object)
    return names, status, System(matrix, np.array(right), same_bounds=True)
