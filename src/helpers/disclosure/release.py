"""All estimates of a round → released tables; the only door to print.

What is hidden is decided in `disclosure/protection.py`, for all that is published together. Here the tables
are made: hidden rows lose their numbers, comparisons leave only where both sides are shown, and
everything is rounded before it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from helpers.common.areas import Areas
from helpers.common.paths import Paths, write_atomically
from helpers.common.spreadsheets import inert_frame
from helpers.common.vocabulary import FILES, IN_COUNTRY, NATIONAL
from helpers.disclosure.bases import with_bases
from helpers.disclosure.protection import Protection, primary_status, protect
from helpers.disclosure.response_rates import response_table
from helpers.disclosure.suppression import CELL as GROUP_CELL
from helpers.disclosure.suppression import SHOWN, Key, adds_up
from helpers.estimation.comparability import common_part, comparability, empty
from helpers.estimation.comparisons import (
    EXPECTED,
    GROUP,
    OTHERS,
    ROUND,
    compare,
    compare_groups,
    judge,
)
from helpers.estimation.estimates import (
    COMPARED,
    KEYS,
    SUMS,
    add_up,
    with_intervals,
)
from helpers.estimation.round_estimates import DRIVER_COLUMNS, RoundEstimates
from helpers.estimation.trends import changes, in_both
from helpers.parameters.params import Decimals, Round

RELEASED_COLUMNS = [
    "municipality", "breakdown", "category", "item", "statistic", "weighting",
    "value", "ci_low", "ci_high", "n", "status",
]  # fmt: skip
CELL = [*GROUP_CELL, "item"]
NUMBER = [*CELL, "statistic", "weighting"]
COMPARISON_COLUMNS = [
    "municipality", "reference", "breakdown", "category", "item", "statistic", "weighting",
    "own", "reference_value", "difference", "ci_low", "ci_high", "p_value", "p_adjusted",
    "p_adjusted_in_list", "verdict", "note", "status",
]  # fmt: skip
# where nothing can be compared, a table without rows still holds texts: readers filter by them
COMPARISON_TEXTS = [*COMPARISON_COLUMNS[:7], "verdict", "note", "status"]

# Some two municipalities' results. A municipality's rows stand together, so who reads them alone
# passes over nearly all groups.
ROW_GROUP = 20_000


@dataclass(frozen=True)
class Release:
    """`results`, `comparisons`, `response`, `drivers` and `comparability` as `published.Published`
    describes them; `protection`: what was hidden, and what that cost."""

    results: pd.DataFrame
    comparisons: pd.DataFrame
    response: pd.DataFrame
    drivers: pd.DataFrame
    protection: Protection | None = None
    comparability: pd.DataFrame = field(default_factory=empty)

    @property
    def cells(self) -> pd.DataFrame:
        """`protection.cells` of a release that was made from estimates."""
        if self.protection is None:
            raise AssertionError("numbers that stand fast were protected when they were made")
        return self.protection.cells


def release(
    found: RoundEstimates,
    round_: Round,
    *,
    hidden_before: Collection[Key] = (),
    apart: Collection[str] = (),
) -> Release:
    """Decide for the whole round what may leave the house.

    `national` is the municipalities of the round together, without those `apart`. `hidden_before`:
    groups hidden in what has left the house.
    """
    rules = round_.settings
    confidence, least = rules.comparison.confidence, rules.disclosure.min_answers
    estimates = found.estimates
    codes = [c for c in dict.fromkeys(found.counts["municipality"]) if c not in apart]
    areas = Areas.of([*codes, NATIONAL])
    common = estimates[adds_up(estimates)]
    sums = {
        code: add_up(common[common["municipality"].isin(parts)], confidence, code)
        for code, parts in areas.sums.items()
    }
    table = pd.concat([estimates, *sums.values()], ignore_index=True)
    protection = protect(
        estimates,
        found.counts,
        rules.disclosure,
        hidden_before=hidden_before,
        apart=apart,
        areas=areas,
        measures={c: round_.measures(c) for c in round_.settings.participants},
    )
    cells = protection.cells
    results = table.merge(cells[[*CELL, "status"]], on=CELL)
    results = results.assign(status=with_bases(results, rules.disclosure, areas))
    results = blank_hidden(results)[RELEASED_COLUMNS].sort_values(
        RELEASED_COLUMNS[:6], key=printing_order(round_), kind="stable", ignore_index=True
    )
    comparisons = _comparisons(found, areas, sums, results, round_)
    released = rounded(
        Release(
            results,
            comparisons,
            response_table(found, cells, least, areas),
            _drivers(found.drivers, cells, round_.questionnaire.overall),
            protection,
            _comparability(found, round_),
        ),
        rules.disclosure.decimals,
    )
    released.response.attrs[IN_COUNTRY] = codes
    return released


def rounded(released: Release, decimals: Decimals) -> Release:
    """The tables with as many decimals as leave the house, everywhere: what is printed is rounded
    before it is stored, so that no workbook inside a deck holds more than the slide shows.

    Means, shares and rates by the round's `decimals`; p-values to 4, R-indicators, design effects and
    shares of R² to 2, effective numbers to whole answers. Verdicts were decided before.
    """
    results, comparisons = released.results.copy(), released.comparisons.copy()
    response, drivers = released.response.copy(), released.drivers.copy()
    round_values(results, ["value", "ci_low", "ci_high"], decimals)
    compared = ["own", "reference_value", "difference", "ci_low", "ci_high"]
    round_values(comparisons, compared, decimals)
    chances = ["p_value", "p_adjusted", "p_adjusted_in_list"]
    comparisons[chances] = comparisons[chances].round(4)
    rates = ["response_rate", "rr1", "cooperation_rate", "contact_rate"]
    response[rates] = response[rates].astype(float).round(decimals.rate)
    quality = ["design_effect", "r_indicator", "r_low", "r_high"]
    response[quality] = response[quality].astype(float).round(2)
    response["effective_n"] = response["effective_n"].astype(float).round(0)
    shares = ["importance", "ci_low", "ci_high", "r_squared"]
    drivers[shares] = drivers[shares].astype(float).round(2)
    drivers["performance"] = drivers["performance"].astype(float).round(decimals.mean)
    return replace(
        released, results=results, comparisons=comparisons, response=response, drivers=drivers
    )


def round_values(table: pd.DataFrame, columns: list[str], decimals: Decimals) -> None:
    """Round means and shares of `table` where they stand."""
    is_mean = table["statistic"] == "mean"
    for places, rows in ((decimals.mean, is_mean), (decimals.share, ~is_mean)):
        table.loc[rows, columns] = table.loc[rows, columns].astype(float).round(places)


def preview(estimates: pd.DataFrame, round_: Round) -> pd.DataFrame:
    """One municipality's own numbers for use inside the house: rows as in `results`, with the rules
    for few and unanimous answers applied, before the round's own release."""
    cells = primary_status(estimates, round_.settings.disclosure)
    results = estimates.merge(cells[[*CELL, "status"]], on=CELL)
    return blank_hidden(results)[RELEASED_COLUMNS]


def blank_hidden(results: pd.DataFrame) -> pd.DataFrame:
    """Hidden rows lose value, interval and n."""
    hidden = results["status"] != SHOWN
    results.loc[hidden, ["value", "ci_low", "ci_high", "n"]] = np.nan
    return results.astype({"n": "Int64"})


def printing_order(round_: Round) -> Callable[[pd.Series], pd.Series]:
    """Sort key: municipalities in the round's order, `national` last; the rest by rule of printing."""
    ranks = {c: i for i, c in enumerate([*round_.settings.participants, NATIONAL])}
    labels = round_.category_labels()
    breakdowns = [*labels, *round_.two_way_breakdowns]
    categories = [c for of in labels.values() for c in of]
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


def _comparisons(
    found: RoundEstimates,
    areas: Areas,
    sums: Mapping[str, pd.DataFrame],
    results: pd.DataFrame,
    round_: Round,
) -> pd.DataFrame:
    """Everything compared in the round, where both sides are shown."""
    rules, least = round_.settings.comparison, round_.settings.disclosure.min_answers
    shown = _shown(results)
    estimates = pd.concat([found.estimates, *sums.values()], ignore_index=True)
    common = found.estimates[adds_up(found.estimates)]
    inside = areas.sums[NATIONAL]
    parts = [_against_others(common, sums[NATIONAL], rules.confidence, inside)]
    if len(found.covariances):
        place = ["breakdown", "category", "other", "item", "statistic"]
        pairs = areas.added_up(found.covariances[adds_up(found.covariances)], place)
        pairs = pd.concat([found.covariances, pairs])
        parts.append(compare_groups(estimates, pairs, rules.confidence))
    if len(found.expected.municipalities):
        parts.append(found.expected.municipalities)
    marks = {}
    for earlier in found.earlier:
        part = common_part(round_, earlier.round)
        change = changes(
            _shown_only(found.estimates, shown),
            _shown_only(earlier.estimates, _shown(earlier.released)),
            part,
            earlier.round,
            rules.confidence,
            in_both(found.estimates, earlier.estimates),
        )
        parts.append(change)
        marks[ROUND + earlier.round.id] = part.mark
    table = pd.concat(parts, ignore_index=True)
    own = pd.MultiIndex.from_frame(table[NUMBER]).isin(shown)
    there = _other_side(table)
    other = pd.MultiIndex.from_frame(there[NUMBER]).isin(shown) | there["elsewhere"].to_numpy()
    enough = (_smallest_other(table) >= _other_base(table, round_)) & (table["n"] >= least)
    table = judge(table[own & other & enough], rules)
    table = table.assign(note=table["reference"].map(marks).fillna(""), status=SHOWN)
    table = table[COMPARISON_COLUMNS].astype(dict.fromkeys(COMPARISON_TEXTS, "str"))
    return table.reset_index(drop=True)


def _comparability(found: RoundEstimates, round_: Round) -> pd.DataFrame:
    """What can be followed from each earlier round; `municipalities`: those in both rounds."""
    tables = [empty()]
    for earlier in found.earlier:
        both = in_both(found.estimates, earlier.estimates)
        tables.append(comparability(round_, earlier.round, len(both)))
    return pd.concat(tables, ignore_index=True)


def _against_others(
    estimates: pd.DataFrame, national: pd.DataFrame, confidence: float, country: Collection[str]
) -> pd.DataFrame:
    """Each municipality against all the others, and against the country that it is part of; for one
    that the country does not hold, all the others are the country."""
    whole = _compared(national).set_index(KEYS)
    parts = []
    for code, own in _compared(estimates).groupby("municipality", sort=False):
        inside = code in country
        mine = own.set_index(KEYS)[SUMS]
        rest = whole[SUMS].sub(mine, fill_value=0) if inside else whole[SUMS]
        rest = rest.reset_index()
        others = with_intervals(rest.assign(municipality=OTHERS), confidence)
        for reference, other, overlap in (
            (OTHERS, others, False),
            (NATIONAL, whole.reset_index(), inside),
        ):
            table = compare(own, other, overlap=overlap, confidence=confidence)
            parts.append(table.assign(reference=reference))
    return pd.concat(parts, ignore_index=True)


def _compared(estimates: pd.DataFrame) -> pd.DataFrame:
    """Weighted means and shares of one-way breakdowns."""
    chosen = estimates["statistic"].isin(COMPARED) & (estimates["weighting"] == "weighted")
    return estimates[chosen & ~estimates["breakdown"].str.contains(":")]


def _smallest_other(table: pd.DataFrame) -> pd.Series:
    """Fewest answers to any item behind the other side of each comparison: one base for all items."""
    group = ["municipality", "reference", "breakdown", "category"]
    return table.groupby([table[c] for c in group])["n_other"].transform("min")


def _other_base(table: pd.DataFrame, round_: Round) -> pd.Series:
    """How many answers the other side needs. All the others are no released group, of which it would be
    looked at whether they agree: few of them are not told at all."""
    rules = round_.settings.disclosure
    is_mean = table["statistic"] == "mean"
    base = pd.Series(np.where(is_mean, rules.min_answers, rules.shares_from), index=table.index)
    few_agree = max(rules.unanimous_below, rules.min_answers)
    return base.mask(table["reference"] == OTHERS, np.maximum(base, few_agree))


def _other_side(table: pd.DataFrame) -> pd.DataFrame:
    """The released cell that each comparison's reference is; `elsewhere`: it was checked where it is
    (an earlier round's release), or is no municipality's number (expected)."""
    kind = table["reference"].str.split(":").str[0]
    there = table[NUMBER].copy()
    there.loc[kind.isin([OTHERS, NATIONAL]), "municipality"] = NATIONAL
    group = kind == GROUP.rstrip(":")
    there.loc[group, "category"] = table.loc[group, "reference"].str.removeprefix(GROUP)
    return there.assign(elsewhere=kind.isin(["round", EXPECTED]))


def _shown_only(estimates: pd.DataFrame, shown: Collection[tuple]) -> pd.DataFrame:
    """The rows whose number is shown: what is summed over municipalities then gives none of them away."""
    return estimates[pd.MultiIndex.from_frame(estimates[NUMBER]).isin(shown)]


def _shown(results: pd.DataFrame) -> set[tuple]:
    """The numbers (NUMBER) of a released table that are shown."""
    return set(results.loc[results["status"] == SHOWN, NUMBER].itertuples(index=False, name=None))


def _drivers(drivers: pd.DataFrame, cells: pd.DataFrame, overall: str) -> pd.DataFrame:
    """Importance of the themes where the municipality's own themes are all shown."""
    hidden = cells[(cells["breakdown"] == "all") & (cells["status"] != SHOWN)]
    closed = set(zip(hidden["municipality"], hidden["item"]))
    themes = drivers.groupby("municipality")["theme"].transform(lambda t: ",".join(t))
    bad = [
        any((place, item) in closed for item in [*names.split(","), overall])
        for place, names in zip(drivers["municipality"], themes)
    ]
    shown = drivers.loc[~np.array(bad, dtype=bool), DRIVER_COLUMNS]
    return shown.astype({"municipality": "str", "theme": "str"}).reset_index(drop=True)


def write_release(paths: Paths, released: Release) -> None:
    """Write `released.parquet` (+ .csv) and the other tables of FILES."""
    in_groups = partial(pd.DataFrame.to_parquet, row_group_size=ROW_GROUP)
    write_atomically(paths.build / "released.parquet", partial(in_groups, released.results))
    write_atomically(
        paths.build / "released.csv",
        lambda p: inert_frame(released.results).to_csv(
            p, index=False, lineterminator="\n", encoding="utf-8"
        ),
    )
    write_atomically(paths.build / "comparisons.parquet", partial(in_groups, released.comparisons))
    for name in ("response", "drivers", "comparability"):
        write_atomically(paths.build / FILES[name], getattr(released, name).to_parquet)
