"""All estimates of a round → released tables; the only door to print.

Primary suppression: fewer than `min_answers` unweighted answers behind a value (GDPR; the agreement
with the municipalities). Then no category stays hidden alone in its breakdown, and no municipality
alone in the country, since the rest would give it away: the smallest neighbour is hidden too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.estimates import (
    KEYS,
    SUMS,
    add_up,
    benjamini_hochberg,
    compare,
    with_intervals,
)
from helpers.params import Round
from helpers.paths import Paths, write_atomically
from helpers.published import NATIONAL

SHOWN, FEW, LINKED, NOT_ASKED = "shown", "few", "linked", "not_asked"
RELEASED_COLUMNS = [
    "municipality", "breakdown", "category", "item", "statistic", "weighting",
    "value", "ci_low", "ci_high", "n", "status",
]  # fmt: skip
CELL = ["municipality", "breakdown", "category", "item"]
COMPARED = ("mean", "share_satisfied", "share_dissatisfied")


@dataclass(frozen=True)
class Release:
    """`results`, `comparisons` and `response` as `published.Published` describes them."""

    results: pd.DataFrame
    comparisons: pd.DataFrame
    response: pd.DataFrame


def release(estimates: pd.DataFrame, counts: pd.DataFrame, round_: Round) -> Release:
    """Decide for the whole round what may leave the house.

    `estimates`: a row a number of every municipality with its sums; `counts`: a row a group of every
    municipality with population, invited and answers. `national` is the municipalities together.
    """
    rules = round_.settings
    confidence, least = rules.comparison.confidence, rules.disclosure.min_answers
    common = ~estimates["item"].str.startswith("lokal") & ~estimates["breakdown"].str.startswith(
        "local:"
    )
    national = add_up(estimates[common], confidence, NATIONAL)
    table = pd.concat([estimates, national], ignore_index=True)
    cells = cell_status(table, least)
    results = table.merge(cells[[*CELL, "status"]], on=CELL)
    results = _blank(results)[RELEASED_COLUMNS].sort_values(
        RELEASED_COLUMNS[:6], key=_order(round_), kind="stable", ignore_index=True
    )
    return Release(
        results,
        _comparisons(estimates[common], national, cells, round_),
        _response(counts, least),
    )


def preview(estimates: pd.DataFrame, round_: Round) -> pd.DataFrame:
    """One municipality's own numbers for use inside the house: rows as in `results`, with the rule
    for few answers and lonely categories applied, before the round's own release."""
    cells = cell_status(estimates, round_.settings.disclosure.min_answers)
    results = estimates.merge(cells[[*CELL, "status"]], on=CELL)
    return _blank(results)[RELEASED_COLUMNS]


def _blank(results: pd.DataFrame) -> pd.DataFrame:
    """Hidden rows lose value, interval and n."""
    hidden = results["status"] != SHOWN
    results.loc[hidden, ["value", "ci_low", "ci_high", "n"]] = np.nan
    return results.astype({"n": "Int64"})


def _order(round_: Round):
    """Sort key: municipalities in the round's order, `national` last; the rest by rule of printing."""
    ranks = {c: i for i, c in enumerate([*round_.settings.participants, NATIONAL])}
    breakdowns = ["all", "target_group", "gender", "age_band", "duration_band"]
    labels = round_.category_labels()
    categories = [c for b in breakdowns for c in labels[b]]
    items = list(round_.item_labels())

    def key(column: pd.Series) -> pd.Series:
        known = {
            "municipality": ranks,
            "breakdown": {b: i for i, b in enumerate(breakdowns)},
            "category": {c: i for i, c in enumerate(categories)},
            "item": {item: i for i, item in enumerate(items)},
        }.get(column.name)
        return column if known is None else column.map(known).fillna(len(known))

    return key


def cell_status(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Status of each municipality × breakdown × category × item; every statistic shares it.

    `n` is the number of answers behind the mean. A question that nobody in the municipality got an
    answer to at all is `not_asked`.
    """
    means = table[(table["statistic"] == "mean") & (table["weighting"] == "unweighted")]
    cells = means[[*CELL, "n"]].reset_index(drop=True)
    cells["status"] = np.where(cells["n"] < least, FEW, SHOWN)
    whole = cells[cells["breakdown"] == "all"].set_index(["municipality", "item"])["n"]
    of_whole = pd.MultiIndex.from_frame(cells[["municipality", "item"]]).map(whole)
    cells.loc[pd.Series(of_whole, index=cells.index) == 0, "status"] = NOT_ASKED
    while _hide_lonely(cells, ["municipality", "breakdown", "item"]) | _hide_lonely(
        cells, ["breakdown", "category", "item"]
    ):
        pass
    return cells


def _hide_lonely(cells: pd.DataFrame, line: Sequence[str]) -> bool:
    """Where exactly one cell of a line is hidden, hide the smallest shown one too; True if any was.

    A line is a set of parts with a published sum: the categories of a breakdown, or the
    municipalities of the country. `all` of a municipality is the sum of its own lines, never a part.
    """
    part = (
        cells["municipality"] != NATIONAL
        if "municipality" not in line
        else cells["breakdown"] != "all"
    )
    parts = cells[part]
    hidden = parts["status"].isin([FEW, LINKED])
    n_hidden = hidden.groupby([parts[c] for c in line]).transform("sum")
    candidates = parts[(n_hidden == 1) & (parts["status"] == SHOWN)]
    if candidates.empty:
        return False
    smallest = candidates.sort_values("n", kind="stable").drop_duplicates(list(line))
    cells.loc[smallest.index, "status"] = LINKED
    return True


def _comparisons(
    estimates: pd.DataFrame, national: pd.DataFrame, cells: pd.DataFrame, round_: Round
) -> pd.DataFrame:
    """Each municipality against all the others and against the country, where both are shown."""
    rules = round_.settings.comparison
    chosen = estimates["statistic"].isin(COMPARED)
    whole = national[national["statistic"].isin(COMPARED)].set_index(KEYS)
    parts = []
    for code, own in estimates[chosen].groupby("municipality", sort=False):
        rest = whole[SUMS].sub(own.set_index(KEYS)[SUMS], fill_value=0).reset_index()
        others = with_intervals(rest.assign(municipality="others"), rules.confidence)
        for reference, other, overlap in (
            ("others", others, False),
            (NATIONAL, whole.reset_index(), True),
        ):
            table = compare(own, other, overlap=overlap, confidence=rules.confidence)
            parts.append(table.assign(municipality=code, reference=reference))
    table = pd.concat(parts, ignore_index=True)
    shown = cells[cells["status"] == SHOWN].set_index(CELL).index
    own_shown = pd.MultiIndex.from_frame(table[CELL]).isin(shown)
    national_shown = pd.MultiIndex.from_frame(table[CELL].assign(municipality=NATIONAL)).isin(shown)
    least = round_.settings.disclosure.min_answers
    table["status"] = np.where(
        own_shown & national_shown & (table["n_other"] >= least) & (table["n"] >= least),
        SHOWN,
        FEW,
    )
    table = table[table["status"] == SHOWN].copy()
    # one correction for each table that a reader sees
    seen = ["municipality", "reference", "breakdown", "statistic", "weighting"]
    table["p_adjusted"] = table.groupby(seen)["p_value"].transform(benjamini_hochberg)
    smallest = np.where(
        table["statistic"] == "mean",
        rules.smallest_mean_difference,
        rules.smallest_share_difference,
    )
    enough = table[["n", "n_other"]].min(axis=1) >= rules.min_answers
    large = table["difference"].abs() >= smallest
    table["worth_mentioning"] = (table["p_adjusted"] < 1 - rules.confidence) & large & enough
    columns = [
        "municipality", "reference", "breakdown", "category", "item", "statistic", "weighting",
        "own", "reference_value", "difference", "ci_low", "ci_high", "p_value", "p_adjusted",
        "worth_mentioning", "status",
    ]  # fmt: skip
    return table[columns].reset_index(drop=True)


def _response(counts: pd.DataFrame, least: int) -> pd.DataFrame:
    """Population, invited, answers and response rate per group; few answers or few people hide it."""
    numbers = ["population", "invited", "answers"]
    sums = [*numbers, "weight_sum", "weight_squares"]
    national = counts.groupby(["breakdown", "category"], as_index=False, sort=False)[sums].sum()
    table = pd.concat([counts, national.assign(municipality=NATIONAL)], ignore_index=True)
    # Kish: effective number (Σw)²/Σw², design effect n·Σw²/(Σw)²
    squares = table["weight_squares"].where(table["breakdown"] == "all")
    table["effective_n"] = table["weight_sum"] ** 2 / squares
    table["design_effect"] = table["answers"] / table["effective_n"]
    small = table[numbers].min(axis=1) < least
    table["status"] = np.where(small, FEW, SHOWN)
    table["n"], table["item"] = table["answers"], "response"
    while _hide_lonely(table, ["municipality", "breakdown"]) | _hide_lonely(
        table, ["breakdown", "category"]
    ):
        pass
    table["response_rate"] = table["answers"] / table["invited"].where(table["invited"] > 0)
    shown = table["status"] == SHOWN
    for column in [*numbers, "response_rate", "design_effect", "effective_n"]:
        table[column] = table[column].where(shown)
    table[numbers] = table[numbers].astype("Int64")
    columns = ["municipality", "breakdown", "category", *numbers, "response_rate"]
    return table[[*columns, "design_effect", "effective_n", "status"]].reset_index(drop=True)


def write_release(paths: Paths, released: Release) -> None:
    """Write `released.parquet` (+ .csv), `comparisons.parquet` and `response.parquet`."""
    write_atomically(paths.build / "released.parquet", released.results.to_parquet)
    write_atomically(
        paths.build / "released.csv",
        lambda p: released.results.to_csv(p, index=False, lineterminator="\n", encoding="utf-8"),
    )
    write_atomically(paths.build / "comparisons.parquet", released.comparisons.to_parquet)
    write_atomically(paths.build / "response.parquet", released.response.to_parquet)
