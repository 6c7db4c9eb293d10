"""All estimates of a round → the status of each cell: shown, few, linked or not asked.

Primary: fewer than `min_answers` unweighted answers behind a value, of any item; and groups of fewer
than `unanimous_below` whose answers are all in one option, since that tells what each one answered.
The rest is cell suppression (`suppression.py`) over everything that is published together. What is
left when the shown parts of a sum are taken from it is a group too: where it is small and all agree,
one part more is hidden. At last the published table is attacked by code of its own
(`suppression_audit.py`); what it finds is not released.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.answers_told import OPTIONS, SUMS, beside_answers_told, unanimous
from helpers.errors import SurveyError
from helpers.round_settings import Disclosure
from helpers.suppression import CELL, FEW, LINKED, NOT_ASKED, SHOWN, Suppression, suppress_items
from helpers.suppression_audit import audit_items

RESPONSE = "response"  # the response table, as an item: n is answers
ROUNDS_OF_REPAIR = 10


class DisclosureError(SurveyError):
    """What would be released can be turned back into few persons."""


@dataclass(frozen=True)
class Protection:
    """`cells`: a row a municipality (and `national`) × breakdown × category × item with n and status;
    `loss` and `note` as in `suppression.Suppression`."""

    cells: pd.DataFrame
    loss: pd.DataFrame
    note: str

    def summary(self) -> str:
        """How much information protection costs, in a sentence for the analyst."""
        together = self.loss.set_index("kind").loc["together"]
        per = together["secondary_per_primary"]
        beside = "" if np.isnan(per) else f", {per:.2f} secondary per primary"
        return (
            f"Hidden: {together['share_hidden']:.1%} of {int(together['cells'])} cells "
            f"({int(together['primary'])} primary{beside}). {self.note}"
        )


def protect(estimates: pd.DataFrame, responses: pd.DataFrame, rules: Disclosure) -> Protection:
    """The status of every cell of a round.

    `estimates`: a row a municipality × KEYS with the sums x, y and n; `responses`: a row a
    municipality × group with answers. Raises DisclosureError where the audit can still narrow a
    hidden count down.
    """
    counts = _counts(estimates, responses)
    counts["sensitive"] = unanimous(counts[["n", *SUMS]].to_numpy(), rules)
    found = suppress_items(counts, threshold=rules.min_answers)
    for _ in range(ROUNDS_OF_REPAIR):
        more = beside_answers_told(counts[counts["item"] != RESPONSE], found, rules)
        if not more:
            break
        counts["sensitive"] |= pd.MultiIndex.from_frame(counts[CELL]).isin(more)
        found = suppress_items(counts, threshold=rules.min_answers, start=found)
    else:
        raise DisclosureError(
            "the release",
            "small groups whose answers all agree could not be hidden",
            "no such group to be left over when shown numbers are subtracted",
            "leave out the smallest municipality, or raise `disclosure.min_answers`",
        )
    _check(found, rules)
    return Protection(found.cells, found.loss, found.note)


def primary_status(estimates: pd.DataFrame, rules: Disclosure) -> pd.DataFrame:
    """CELL, item and status of one municipality's own cells by the primary rules alone, for use
    inside the house."""
    counts = _counts(estimates, pd.DataFrame())
    asked = counts.groupby(["municipality", "item"])["n"].transform("max") > 0
    few = counts["n"] < rules.min_answers
    alike = unanimous(counts[["n", *SUMS]].to_numpy(), rules)
    status = np.select([~asked, few, alike], [NOT_ASKED, FEW, LINKED], SHOWN)
    return counts[[*CELL, "item", "n"]].assign(status=status)


def _counts(estimates: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """A row a cell × item: n, and the unweighted sums that tell whether all agree."""
    raw = estimates[estimates["weighting"] == "unweighted"]
    key = [*CELL, "item"]
    means = raw[raw["statistic"] == "mean"].set_index(key)
    columns = {"mean": "score", **{f"share_{s}": s for s in SUMS[1:]}, **{o: o for o in OPTIONS}}
    sums = raw.set_index([*key, "statistic"])["y"].unstack().reindex(columns=list(columns))
    counts = means[["n"]].join(sums.rename(columns=columns)).reset_index()
    if len(responses):
        answers = responses[[*CELL, "answers"]].rename(columns={"answers": "n"})
        counts = pd.concat([counts, answers.assign(item=RESPONSE)], ignore_index=True)
    return counts


def _check(found: Suppression, rules: Disclosure) -> None:
    findings = audit_items(found.cells, threshold=rules.min_answers)
    if len(findings):
        where = findings.groupby(["municipality", "breakdown"]).size()
        raise DisclosureError(
            "the release",
            f"{len(findings)} hidden counts can still be narrowed down, in "
            + ", ".join(f"{m} {b}" for m, b in where.index[:5]),
            "no count to be computed from what is shown",
            "report this with the round's parameters; nothing was released",
        )
