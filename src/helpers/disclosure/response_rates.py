"""The table of response: population, invited, answers, AAPOR rates and quality of the weights, as far as shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.common.areas import Areas
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.protection import RESPONSE
from helpers.disclosure.suppression import CELL, FEW, SECONDARY, SHOWN
from helpers.estimation.round_estimates import RoundEstimates


def response_table(
    found: RoundEstimates, cells: pd.DataFrame, least: int, areas: Areas
) -> pd.DataFrame:
    """Population, invited, answers and rates per group, hidden where the group's results are.

    On `all` also AAPOR's rates, Kish's design effect and the R-indicator. A rate that would show that
    one to four citizens broke off, or answered in part, is not given.
    """
    counts = found.counts
    numbers = ["population", "invited", "answers"]
    outcomes = ["complete", "partial", "break_off", "no_contact"]
    sums = [*numbers, *outcomes, "weight_sum", "weight_squares"]
    together = areas.added_up(counts[[*CELL, *sums]], CELL[1:])
    r = found.r_indicator
    if r is not None:
        whole = (together["municipality"] == NATIONAL) & (together["breakdown"] == "all")
        together.loc[whole, ["r_indicator", "r_low", "r_high"]] = [r.value, r.ci_low, r.ci_high]
    table = pd.concat([counts, together], ignore_index=True)
    # Kish: effective number (Σw)²/Σw², design effect n·Σw²/(Σw)²
    squares = table["weight_squares"].where(table["breakdown"] == "all")
    table["effective_n"] = table["weight_sum"] ** 2 / squares
    table["design_effect"] = table["answers"] / table["effective_n"]
    hidden = cells[cells["item"].eq(RESPONSE) & cells["status"].isin([FEW, SECONDARY])]
    marks = hidden.set_index(CELL)["status"]
    table["status"] = marks.reindex(pd.MultiIndex.from_frame(table[CELL])).to_numpy()
    small = table[numbers].min(axis=1) < least  # of a municipality without any answer
    table["status"] = table["status"].fillna(pd.Series(np.where(small, FEW, SHOWN)))
    invited = table["invited"].where(table["invited"] > 0)
    table["response_rate"] = table["answers"] / invited
    releasable = _rates_releasable(table, least, areas)
    reached = table["answers"] + table["break_off"]
    table["rr1"] = (table["complete"] / invited).where(releasable)
    table["cooperation_rate"] = (table["answers"] / reached).where(releasable)
    table["contact_rate"] = (reached / invited).where(releasable)
    shown = table["status"] == SHOWN
    rates = ["response_rate", "rr1", "cooperation_rate", "contact_rate"]
    quality = ["design_effect", "effective_n", "r_indicator", "r_low", "r_high"]
    for column in [*numbers, *rates, *quality]:
        table[column] = table[column].where(shown)
    table[numbers] = table[numbers].astype("Int64")
    columns = ["municipality", "breakdown", "category", *numbers, *rates, *quality, "status"]
    return table[columns].reset_index(drop=True)


def _rates_releasable(table: pd.DataFrame, least: int, areas: Areas) -> pd.Series:
    """Rows of `all` whose AAPOR rates do not tell of one to four persons; an area's that
    others add up to only where the municipalities left out of it, together, do not either and are no
    single one."""
    outcomes = table[["partial", "break_off"]].fillna(0)
    enough = (outcomes == 0) | (outcomes >= least)
    whole = table["breakdown"] == "all"
    releasable = enough.all(axis=1) & (table["status"] == SHOWN) & whole
    for code, parts in areas.sums.items():
        left_out = outcomes[whole & ~releasable & table["municipality"].isin(parts)]
        together = left_out.sum()
        if len(left_out) == 1 or not ((together == 0) | (together >= least)).all():
            releasable &= table["municipality"] != code
    return releasable
