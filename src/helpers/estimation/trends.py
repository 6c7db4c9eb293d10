"""Round against round: the change in what two rounds have in common (`comparability.py`)."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparability import CommonPart
from helpers.estimation.comparisons import ROUND, compare
from helpers.estimation.estimates import COMPARED, KEYS, SUMS, add_up
from helpers.parameters.params import Round


def in_both(estimates: pd.DataFrame, earlier: pd.DataFrame) -> set[str]:
    """The municipalities with estimates in both rounds."""
    return set(estimates["municipality"]) & set(earlier["municipality"])


def changes(
    estimates: pd.DataFrame,
    earlier: pd.DataFrame,
    common: CommonPart,
    before: Round,
    confidence: float,
    both: Collection[str],
) -> pd.DataFrame:
    """Now less before, of each municipality in both rounds, and of those municipalities together.

    `estimates`, `earlier`: the rounds' estimates with sums, a row a municipality × KEYS, as far as they may
    be used; `both`: the municipalities in both rounds. The two samples are drawn independently; persons in
    both are not taken into account (the interval is then too wide for a census). `national` is those of
    `both` that have the number in both rounds, where they are at least half of them: the change of a few
    is not the country's. Columns as `compare`, and reference (`round:<id>`).
    """
    earlier = _renamed(earlier, common)
    tables = []
    for table in (estimates, earlier):
        chosen = table[table["statistic"].isin(COMPARED) & (table["weighting"] == "weighted")]
        tables.append(chosen[chosen["municipality"].isin(both)])
    own, other = tables
    parts = [
        compare(now, other[other["municipality"] == code], overlap=False, confidence=confidence)
        for code, now in own.groupby("municipality", sort=False)
    ]
    if both:
        together = [
            add_up(_shared(t, own, other, len(both) / 2), confidence, NATIONAL) for t in tables
        ]
        parts.append(compare(*together, overlap=False, confidence=confidence))
    parts = parts or [compare(own, other, overlap=False, confidence=confidence)]  # no rows
    table = pd.concat(parts, ignore_index=True)
    return table.assign(reference=ROUND + before.id)


def _renamed(earlier: pd.DataFrame, common: CommonPart) -> pd.DataFrame:
    """The earlier estimates under the names of now; what is not common is gone."""
    items = {old: new for new, old in common.items.items()}
    categories = {(b, old): new for (b, new), old in common.categories.items()}
    places = pd.MultiIndex.from_frame(earlier[["breakdown", "category"]])
    keep = places.isin(list(categories)) & earlier["item"].isin(items)
    kept = earlier[keep].copy()
    names = [categories[b, c] for b, c in zip(kept["breakdown"], kept["category"])]
    kept["category"] = pd.Series(names, index=kept.index, dtype=kept["category"].dtype)
    kept["item"] = kept["item"].map(items)
    return kept


def _shared(
    table: pd.DataFrame, own: pd.DataFrame, other: pd.DataFrame, least: float
) -> pd.DataFrame:
    """Rows of municipalities that have the number in both rounds, where at least `least` have it."""
    keys = ["municipality", *KEYS]
    answered = [t.loc[t["n"] > 0, keys] for t in (own, other)]
    shared = answered[0].merge(answered[1], on=keys)
    held_by = shared.groupby(list(KEYS), observed=True)["municipality"].transform("nunique")
    return table.merge(shared[held_by >= least], on=keys)[[*keys, *SUMS]]
