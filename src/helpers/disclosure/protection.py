"""All estimates of a round → the status of each cell: shown, few, linked or not asked.

Primary: fewer than `min_answers` unweighted answers behind a value, of any item; and groups of fewer
than `unanimous_below` whose answers are all, or all but one, of one kind, since that tells what each one
answered.
The rest is cell suppression (`disclosure/suppression.py`) over everything that is published together. What is
left when the shown parts of a sum are taken from it is a group too: where it is small and all alike,
or all published statistics together tell what few answered, as little more is hidden as ends that (`disclosure/attribute_disclosure.py`).
At last the published table is attacked by code of its own (`disclosure/suppression_audit.py`); where that still
narrows a count down, more round it is hidden. Hiding more always ends: with everything hidden nothing
is told, so that no round is refused for what its citizens answered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.common.areas import Areas
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.attribute_disclosure import (
    SUMS,
    AttributeDisclosure,
    Measures,
    alike,
    alike_cells,
    options_in,
)
from helpers.disclosure.suppression import (
    CELL,
    FEW,
    NOT_ASKED,
    SECONDARY,
    SHOWN,
    Key,
    suppress_items,
)
from helpers.disclosure.suppression_audit import audit_items
from helpers.disclosure.suppression_side_by_side import audit_side_by_side
from helpers.parameters.round_settings import Disclosure

RESPONSE = "response"  # the response table, as an item: n is answers


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
        adjacent = "" if np.isnan(per) else f", {per:.2f} secondary per primary"
        return (
            f"Hidden: {together['share_hidden']:.1%} of {int(together['cells'])} cells "
            f"({int(together['primary'])} primary{adjacent}). {self.note}"
        )


def protect(
    estimates: pd.DataFrame,
    responses: pd.DataFrame,
    rules: Disclosure,
    *,
    hidden_before: Collection[Key] = (),
    apart: Collection[str] = (),
    areas: Areas | None = None,
    measures: Measures | None = None,
) -> Protection:
    """The status of every cell of a round.

    `estimates`: a row a municipality × KEYS with the sums x, y and n; `responses`: a row a
    municipality × group with answers. The audit's findings, should there be any, are hidden for too.
    `hidden_before`: groups that an earlier release of the round hid, and this one hides again; `apart`:
    municipalities that the country's numbers do not hold, each protected by itself; `areas`: what the
    others add up to; None: the country; `measures`: of what is on no scale of five answers, as
    `AttributeDisclosure`.
    """
    counts = _counts(estimates, responses)
    out = counts["municipality"].isin(apart)
    areas = areas or Areas.of([*counts.loc[~out, "municipality"], NATIONAL])
    parts = [_protected(counts[~out], rules, hidden_before, areas, measures)]
    for code, own in counts[out].groupby("municipality", sort=False):
        parts.append(_protected(own, rules, hidden_before, Areas.of([code]), measures))
    loss = parts[0].loss  # of the round; who is apart is told by name
    cells = pd.concat([p.cells for p in parts], ignore_index=True)
    return Protection(cells, loss, parts[0].note)


def _protected(
    counts: pd.DataFrame,
    rules: Disclosure,
    hidden_before: Collection[Key],
    areas: Areas,
    measures: Measures | None = None,
) -> Protection:
    """What is published together, protected together."""
    answered = counts[counts["item"] != RESPONSE]
    found = suppress_items(
        counts,
        threshold=rules.min_answers,
        sensitive={*alike_cells(answered, rules, areas), *hidden_before},
        areas=areas,
    )
    attributes = AttributeDisclosure(answered, found.table, rules, measures)
    notes = []
    while True:
        while (more := attributes.to_hide(found.found.hidden)).any():
            found = found.hiding(more)
        narrowed = audited(found.cells, rules.min_answers, areas)
        if narrowed.empty:
            break
        cells = set(narrowed[CELL].itertuples(index=False, name=None))
        where = ", ".join(
            sorted({f"{municipality} {breakdown}" for municipality, breakdown, _ in cells})
        )
        more = found.adjacent(cells)
        if not more.any():
            notes.append(
                f"Nothing is shown that has to do with {where}: no more can be hidden there."
            )
            break
        notes.append(f"The audit still narrowed counts down in {where}; more was hidden for it.")
        found = found.hiding(more)
    return Protection(found.cells, found.loss, " ".join([found.note, *notes]))


def audited(cells: pd.DataFrame, threshold: int, areas: Areas) -> pd.DataFrame:
    """What readers of the published counts narrow down too far: item by item, and side by side."""
    tables = [
        audit_items(cells, threshold=threshold, areas=areas),
        audit_side_by_side(cells, threshold=threshold),
    ]
    return pd.concat([t for t in tables if len(t)] or tables[:1], ignore_index=True)


def primary_status(estimates: pd.DataFrame, rules: Disclosure) -> pd.DataFrame:
    """CELL, item and status of one municipality's own cells by the primary rules alone, for use
    inside the house."""
    counts = _counts(estimates, pd.DataFrame())
    asked = counts.groupby(["municipality", "item"])["n"].transform("max") > 0
    few = counts["n"] < rules.min_answers
    one_kind = alike(counts[["n", *SUMS]].to_numpy(), rules, but=1)
    status = np.select([~asked, few, one_kind], [NOT_ASKED, FEW, SECONDARY], SHOWN)
    return counts[[*CELL, "item", "n"]].assign(status=status)


def _counts(estimates: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """A row a cell × item: n, and the unweighted sums that tell whether all agree."""
    raw = estimates[estimates["weighting"] == "unweighted"]
    key = [*CELL, "item"]
    means = raw[raw["statistic"] == "mean"].set_index(key)
    options = options_in(raw["statistic"].unique())
    columns = {"mean": "score", **{f"share_{s}": s for s in SUMS[1:]}, **{o: o for o in options}}
    sums = raw.set_index([*key, "statistic"])["y"].unstack().reindex(columns=list(columns))
    counts = means[["n"]].join(sums.rename(columns=columns)).reset_index()
    if len(responses):
        answers = responses[[*CELL, "answers"]].rename(columns={"answers": "n"})
        counts = pd.concat([counts, answers.assign(item=RESPONSE)], ignore_index=True)
    return counts
