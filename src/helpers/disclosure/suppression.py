"""Which counts of a round stay hidden so that no small one can be computed: cell suppression.

A round publishes numbers of answers n for municipalities and the country, whole and broken down.
Cells below the threshold are hidden (`few`, zeros too: »nobody« is printed nowhere). Since
categories add up to the whole, two-way cells to both margins and municipalities to the country,
more must go (`linked`), and as little information as possible. What is promised against which
reader stands in `disclosure/intruders.py`, how the pattern is found in `disclosure/suppression_search.py`.

**One pattern for all items.** Questions of a round share their respondents nearly, so a count
hidden for one and shown for the next would be hidden from nobody: a cell is hidden for all items if
it must be for any. All is reckoned in deviations d from the true counts; relations are homogeneous
(M·d = 0), so a d that the smallest counts allow is allowed for every item at once, and the promise
holds for a reader who lays the items side by side.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.common.areas import GROUP, MUNICIPALITY, REGION, Areas
from helpers.common.errors import SurveyError
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.intruders import WHOLE, Table
from helpers.disclosure.suppression_search import Found, mend, search

SHOWN, FEW, SECONDARY, NOT_ASKED = "shown", "few", "linked", "not_asked"
CELL = ["municipality", "breakdown", "category"]
Key = tuple[str, str, str]
LOCAL_BREAKDOWN, LOCAL_ITEM = "local:", "lokal"  # of one municipality: no sum over the country
EFFORT = 4_000  # tables looked for, not seconds: the same answer on every machine
KINDS = ["whole", "one_way", "two_way", "country"]  # and regions and groups, where there are any
# Hiding costs weight · (1 + ln(1 + n)/10): the fewest cells first, then the smallest. A whole, or a
# number of several municipalities, is hidden only where nothing else protects.
WEIGHT = {
    "two_way": 1.0,
    "one_way": 4.0,
    "whole": 100.0,
    GROUP: 200.0,
    REGION: 200.0,
    "country": 400.0,
}


class SuppressionError(SurveyError):
    """The counts do not make a table."""


@dataclass(frozen=True)
class Suppression:
    """What is hidden.

    `cells`: a row a municipality (and `national`) × breakdown × category × item with n and status
    shown | few | linked | not_asked. A mark is the cell's, the same for all items: `few` says that an
    item's n is below the threshold, not which; `linked` that none is. `cost`: of the linked cells; `bound`: no safe pattern costs less; `optimal`: the two are
    equal. `note`: the same in words. `loss`: a row a kind of cell (whole, one_way, two_way, country,
    together): cells, primary, secondary, share_hidden, secondary_per_primary; primary are cells
    that must be hidden for an item's own sake. `table` and `found`: what was searched, and the
    search, which goes on from there (`hiding`).
    """

    cells: pd.DataFrame
    cost: float
    bound: float
    optimal: bool
    note: str
    loss: pd.DataFrame
    table: Table
    found: Found

    def hidden(self) -> set[Key]:
        return hidden_cells(self.cells)

    def hiding(self, more: np.ndarray) -> Suppression:
        """The cheapest extension found of this pattern that hides these cells too (a mask of
        `table.keys`) and is safe; what was found out so far is not searched again."""
        return _suppression(self.cells, self.table, mend(self.table, self.found, more))

    def adjacent(self, cells: Collection[Key]) -> np.ndarray:
        """For each of these hidden cells the cheapest shown one of every line that holds it, else of
        the lines that hold their cells, and so on; none where nothing connected with it is shown."""
        place = {key: i for i, key in enumerate(self.table.keys)}
        more = np.zeros(len(self.table.keys), dtype=bool)
        for key in cells:
            near, before = {place[key]}, 0
            while len(near) > before and not more[list(near)].any():
                before = len(near)
                for line in {line for c in near for line in self.table.lines_of_cell[c]}:
                    total, parts = self.table.lines[line]
                    shown = [c for c in (total, *parts) if not self.found.hidden[c]]
                    if shown:
                        more[min(shown, key=self.table.price_of)] = True
                near = self.table.adjacent(near)
        return more


def hidden_cells(cells: pd.DataFrame) -> set[Key]:
    """The groups that are hidden, of rows with a status."""
    hidden = cells[cells["status"].isin([FEW, SECONDARY])]
    return set(hidden[CELL].itertuples(index=False, name=None))


def suppress(counts: pd.DataFrame, *, threshold: int, effort: int = EFFORT) -> Suppression:
    """The cheapest safe pattern for one item.

    `counts`: a row a municipality × breakdown × category with n, unweighted answers; the country's
    rows are computed. A municipality without any answer was not asked. Raises as `suppress_items`.
    """
    found = suppress_items(counts.assign(item="n"), threshold=threshold, effort=effort)
    return replace(found, cells=found.cells.drop(columns="item"))


def suppress_items(
    counts: pd.DataFrame,
    *,
    threshold: int,
    effort: int = EFFORT,
    sensitive: Collection[Key] = (),
    areas: Areas | None = None,
) -> Suppression:
    """The cheapest pattern that is safe for every item of a round.

    `counts`: a row a municipality × breakdown × category × item with n. An item without any answer
    in a municipality is `not_asked` there. `sensitive`: cells to be hidden though n is large enough,
    as where all answers agree; sums over municipalities too. `areas`: which are published, and how
    they add up; None: the municipalities and the country. `effort` bounds the search for the optimum, not
    that for a safe pattern: tables looked for, some 4 ms each. Raises SuppressionError where rows
    are doubled, n is missing or negative, or parts exceed their whole.
    """
    areas = areas or Areas.of([*counts["municipality"], NATIONAL])
    by_item = _with_sums(counts, areas)
    table = _table(by_item, threshold, frozenset(sensitive), areas)
    return _suppression(by_item, table, search(table, effort))


def _suppression(by_item: pd.DataFrame, table: Table, found: Found) -> Suppression:
    """The pattern found as the status of each row of `by_item`."""
    hidden = pd.Series(found.hidden, index=pd.MultiIndex.from_tuples(table.keys, names=CELL))
    cells = by_item[[*CELL, "item", "n"]]
    asked = _asked(cells)
    is_hidden = hidden.reindex(pd.MultiIndex.from_frame(cells[CELL]), fill_value=False).to_numpy()
    least = pd.Series(table.least, index=hidden.index).reindex(
        pd.MultiIndex.from_frame(cells[CELL])
    )
    few = least.to_numpy() < table.threshold  # of any item: a mark by item would tell counts
    status = np.select([~asked, ~is_hidden, few], [NOT_ASKED, SHOWN, FEW], SECONDARY)
    optimal = found.cost <= found.bound + 1e-6
    return Suppression(
        cells.assign(status=status),
        found.cost,
        found.bound,
        optimal,
        _note(found.cost, found.bound, optimal),
        _loss(table, found.hidden),
        table,
        found,
    )


def _note(cost: float, bound: float, optimal: bool) -> str:
    if optimal:
        return "Optimal: no safe pattern hides less."
    saved = 1 - bound / cost
    return f"Safe, not proven optimal: at most {saved:.0%} of what protection costs could be saved."


def is_two_way(breakdown: str) -> bool:
    return ":" in breakdown and not breakdown.startswith(LOCAL_BREAKDOWN)


def adds_up(table: pd.DataFrame) -> pd.Series:
    """Rows that have a sum over municipalities: neither question nor breakdown is one municipality's."""
    local = table["breakdown"].str.startswith(LOCAL_BREAKDOWN)
    return ~local & ~table["item"].str.startswith(LOCAL_ITEM)


def _with_sums(counts: pd.DataFrame, areas: Areas) -> pd.DataFrame:
    """The rows given, below them those of the areas that municipalities add up to."""
    table = counts[[*CELL, "item", "n"]].reset_index(drop=True)
    wrong = table[table["n"].isna() | (table["n"] < 0)]
    doubled = table[table.duplicated([*CELL, "item"])]
    for rows, what in ((wrong, "n is missing or negative"), (doubled, "the cell comes twice")):
        if len(rows):
            where = " · ".join(str(v) for v in rows.iloc[0][[*CELL, "item"]])
            raise SuppressionError(where, what, "one count of answers a cell, 0 or more")
    table["n"] = table["n"].astype("int64")
    common = table[_asked(table) & adds_up(table)]
    sums = areas.added_up(common, ["breakdown", "category", "item"])
    return pd.concat([table, sums[table.columns]], ignore_index=True)


def _asked(by_item: pd.DataFrame) -> np.ndarray:
    """Rows of items that anybody in the municipality answered."""
    most = by_item.groupby(["municipality", "item"])["n"].transform("max")
    return (most > 0).to_numpy()


def _table(
    by_item: pd.DataFrame, threshold: int, sensitive: Collection[Key], areas: Areas
) -> Table:
    """Cells in sorted order, what each item counts there, and how they add up."""
    asked = by_item[_asked(by_item)]
    wide = asked.pivot(index="item", columns=CELL, values="n").sort_index(axis=1)
    keys = [(str(m), str(b), str(c)) for m, b, c in wide.columns]
    n = wide.to_numpy(dtype=float)
    lines = _lines(keys, areas)
    for total, parts in lines:
        if (np.nansum(n[:, parts], axis=1) > np.nan_to_num(n[:, total], nan=np.inf)).any():
            raise SuppressionError(
                " · ".join(keys[total]),
                f"the parts sum to more than the whole, »{keys[parts[0]][2]}« being the first",
                "each answer in one category of a breakdown",
            )
    rows = np.repeat(np.arange(len(lines)), [len(parts) + 1 for _, parts in lines])
    columns = [i for total, parts in lines for i in (total, *parts)]
    signs = [s for _, parts in lines for s in (-1.0, *(1.0 for _ in parts))]
    kind = np.array([_kind(key, areas) for key in keys], dtype=object)
    return Table(
        keys=keys,
        n=n,
        absent=_absent(np.isnan(n), keys, wide.index.str.startswith(LOCAL_ITEM)),
        primary=(np.nanmin(n, axis=0) < threshold) | np.array([key in sensitive for key in keys]),
        kind=kind,
        cost=np.array([price(k, n) for k, n in zip(kind, np.nanmax(n, axis=0))]),
        matrix=sparse.csr_array((signs, (rows, columns)), shape=(len(lines), len(keys))),
        threshold=threshold,
        areas=areas,
    )


def _absent(missing: np.ndarray, keys: list[Key], local: np.ndarray) -> np.ndarray:
    """Item × cell: the item was not put to anybody in the cell's municipality, so that sums
    over municipalities are without it. (A cell may also be missing because the item is not broken down so far, or
    has no sum over the country: then nothing is known of it.)"""
    places = np.array([municipality for municipality, _, _ in keys])
    absent = np.zeros(missing.shape, dtype=bool)
    for place in np.unique(places):
        of_place = places == place
        absent[:, of_place] = missing[:, of_place].all(axis=1, keepdims=True)
    absent[local] = False
    return absent


def price(kind: str, n: float) -> float:
    """What hiding a cell of n answers costs: weight · (1 + ln(1 + n)/10)."""
    return round(WEIGHT[kind] * (1 + np.log1p(n) / 10), 4)


def _kind(key: Key, areas: Areas) -> str:
    municipality, breakdown, _ = key
    area = areas.by_code[municipality]
    if area.kind != MUNICIPALITY:
        return area.kind
    if breakdown == WHOLE:
        return "whole"
    return "two_way" if is_two_way(breakdown) else "one_way"


def _lines(keys: list[Key], areas: Areas) -> list[tuple[int, list[int]]]:
    """(total, parts) of each published sum, in the order of the cells."""
    index = {key: i for i, key in enumerate(keys)}
    lines: dict[tuple[int, str], list[int]] = {}
    for (municipality, breakdown, category), i in index.items():
        area = areas.by_code[municipality]
        totals = [((parent, breakdown, category), area.kind) for parent in area.parents]
        if is_two_way(breakdown):
            pairs = zip(breakdown.split(":"), category.split(":"))
            totals += [((municipality, *pair), breakdown) for pair in pairs]
        elif breakdown != WHOLE:
            totals.append(((municipality, WHOLE, WHOLE), breakdown))
        for key, name in totals:
            if key in index:
                lines.setdefault((index[key], name), []).append(i)
    return [(total, parts) for (total, _), parts in lines.items()]


def _loss(table: Table, hidden: np.ndarray) -> pd.DataFrame:
    cells = pd.DataFrame(
        {
            "kind": table.kind,
            "cells": 1,
            "primary": table.primary,
            "secondary": hidden & ~table.primary,
        }
    )
    kinds = [*KINDS, *(k for k in (REGION, GROUP) if k in table.kind)]
    loss = cells.groupby("kind").sum().reindex(kinds).fillna(0).astype(int)
    loss.loc["together"] = loss.sum()
    loss["share_hidden"] = (loss["primary"] + loss["secondary"]) / loss["cells"].where(
        loss["cells"] > 0
    )
    loss["secondary_per_primary"] = loss["secondary"] / loss["primary"].where(loss["primary"] > 0)
    return loss.rename_axis("kind").reset_index()
