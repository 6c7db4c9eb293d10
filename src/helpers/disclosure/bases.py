"""Which statistics of a shown group rest on enough answers to be shown too."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from helpers.common.areas import Areas
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.suppression import CELL, FEW, SECONDARY, SHOWN
from helpers.disclosure.suppression_audit import Cell, sums_of
from helpers.estimation.estimates import DONT_KNOW, SPLIT
from helpers.parameters.round_settings import Disclosure


def with_bases(results: pd.DataFrame, rules: Disclosure, areas: Areas | None = None) -> pd.Series:
    """The status of each row, with what rests on too few answers for its statistic: shares under
    `shares_from`, unweighted values under `unweighted_from`. A group's base is the smallest n of its
    items, so that this too is one answer for all items. Shares of other groups are hidden (SECONDARY) where
    a total less its other parts would give those of a group under `shares_from`."""
    asked = results["n"].where((results["status"] == SHOWN) & (results["statistic"] == "mean"))
    base = asked.groupby([results[c] for c in CELL]).transform("min")
    is_share = results["statistic"] != "mean"
    few = is_share & (base < rules.shares_from)
    few |= (results["weighting"] == "unweighted") & (base < rules.unweighted_from)
    shown = results["status"] == SHOWN
    status = results["status"].mask(few & shown, FEW)
    beside = is_share & _beside_few(results.assign(base=base), rules.shares_from, areas)
    beside |= _locates_answers(results, rules.min_answers) | _rare_dont_know(
        results, rules.min_answers
    )
    return status.mask(shown & ~few & beside, SECONDARY)


def _beside_few(results: pd.DataFrame, least: int, areas: Areas | None) -> pd.Series:
    """The rows of groups whose shares are hidden so that no group's under `least` follow: in no sum of
    groups is one alone without shares. The smallest others are hidden, until that holds everywhere."""
    of_mean = results[(results["statistic"] == "mean") & (results["weighting"] == "weighted")]
    cells = of_mean.drop_duplicates(CELL).set_index(CELL)
    base = {cell: n for cell, n in cells["base"].items() if n == n}  # hidden groups have none
    without = {cell for cell, n in base.items() if n < least}
    few = frozenset(without)
    if few:
        sums = _sums(list(cells.index), areas)
        while added := {_to_hide(t, parts, without, base) for t, parts in sums} - {None}:
            without |= added
    return pd.MultiIndex.from_frame(results[CELL]).isin(list(without - few))


def _sums(cells: Sequence[Cell], areas: Areas | None) -> list[tuple[Cell, list[Cell]]]:
    """(total, parts) of every sum; a municipality that the areas do not hold stands beside them, with its own."""
    places = {cell[0] for cell in cells}
    together = areas or Areas.of(places)
    apart = Areas.of(sorted(places - together.by_code.keys()))
    return [
        found
        for of in (together, apart)
        for found in sums_of(tuple(c for c in cells if c[0] in of.by_code), of)
    ]


def _to_hide(
    total: Cell, parts: Sequence[Cell], without: Collection[Cell], base: Mapping[Cell, float]
) -> Cell | None:
    """The group whose shares are hidden too where one part of a total alone has none; the smallest."""
    missing = [c for c in parts if c in without or c not in base]
    if total in without or total not in base or len(missing) != 1 or missing[0] not in without:
        return None
    others = [c for c in parts if c not in missing]
    return min(others, key=lambda c: (base[c], c)) if others else None


def _rare_dont_know(results: pd.DataFrame, least: int) -> pd.Series:
    """*Ved ikke* of a municipality where one to four chose it: with the number of it, each group's would
    follow from its answers wherever nobody left the question blank."""
    unsure = (results["statistic"] == DONT_KNOW) & (results["breakdown"] == "all")
    counted = unsure & (results["weighting"] == "unweighted")
    rare = results[counted & (results["y"] > 0.5) & (results["y"] < least - 0.5)]
    place = ["municipality", "item"]
    chosen = set(rare[place].itertuples(index=False, name=None))
    counts = results[
        counted & (results["municipality"] != NATIONAL) & (results["y"] >= least - 0.5)
    ]
    for item in {item for _, item in chosen}:  # alone, it would follow from the country's
        if len([c for c in chosen if c[1] == item]) == 1:
            of = counts[counts["item"] == item].sort_values(["y", "municipality"])
            chosen |= set(of[place].head(1).itertuples(index=False, name=None))
    return unsure & pd.MultiIndex.from_frame(results[place]).isin(list(chosen))


def _locates_answers(results: pd.DataFrame, least: int) -> pd.Series:
    """Shares of groups that tell where a rare answer was given: an option or kind that one to four of a
    municipality chose is in one category of each breakdown, and who is in all of them may be one person.
    So such a question's shares are shown for the whole alone (its kinds, where an option is rare and no kind
    is). Of *ved ikke* a group's number follows from two bases exactly: it is given for the whole alone."""
    groups = (results["breakdown"] != "all") & results["statistic"].str.startswith("share_")
    unsure = results["statistic"] == DONT_KNOW
    of_kind = results["statistic"].isin(SPLIT)
    raw = results[~groups & (results["weighting"] == "unweighted")]
    rare = raw[(raw["y"] > 0.5) & (raw["y"] < least - 0.5) & (raw["statistic"] != "mean")]
    place = ["municipality", "item"]
    here = pd.MultiIndex.from_frame(results[place])
    in_kinds = here.isin(pd.MultiIndex.from_frame(rare.loc[rare["statistic"].isin(SPLIT), place]))
    in_options = here.isin(pd.MultiIndex.from_frame(rare[place]))
    return groups & (
        (of_kind & in_kinds)
        | (~of_kind & in_options)
        | (unsure & (results["municipality"] != NATIONAL))
    )
