"""Which statistics of a shown group rest on enough answers to be shown too."""

from __future__ import annotations

import pandas as pd

from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.suppression import CELL, FEW, SECONDARY, SHOWN
from helpers.estimation.estimates import DONT_KNOW, SPLIT
from helpers.parameters.round_settings import Disclosure


def with_bases(results: pd.DataFrame, rules: Disclosure) -> pd.Series:
    """The status of each row, with what rests on too few answers for its statistic: shares under
    `shares_from`, unweighted values under `unweighted_from`. A group's base is the smallest n of its
    items, so that this too is one answer for all items."""
    asked = results["n"].where((results["status"] == SHOWN) & (results["statistic"] == "mean"))
    base = asked.groupby([results[c] for c in CELL]).transform("min")
    few = (results["statistic"] != "mean") & (base < rules.shares_from)
    few |= (results["weighting"] == "unweighted") & (base < rules.unweighted_from)
    shown = results["status"] == SHOWN
    status = results["status"].mask(few & shown, FEW)
    return status.mask(shown & ~few & _locates_answers(results, rules.min_answers), SECONDARY)


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
