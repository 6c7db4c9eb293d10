"""Response and precision beside the plan, and what to expect in the next round."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from helpers.estimation.nonresponse import R_FAIR, R_GOOD
from helpers.review.inputs import Review

LEAST_INVITED = 30  # of a group in a municipality, before its rate says something of the next round
CAUTIOUS_QUARTILE = 0.25  # three of four municipalities reach what is proposed


def response_by_group(review: Review) -> pd.DataFrame:
    """A row a target group and `all`: invited, answers, expected, rate, ci_low, ci_high (0–1).

    Over the municipalities with answers, unweighted (AAPOR RR2). `expected` is the round's
    `expected_response`, for `all` weighted by those invited. Interval: Wilson's, at the round's
    confidence, as if each invited answered on their own; NaN where nobody was invited.
    """
    rows, expected = review.of_answers, review.round.settings.sampling.expected_response
    confidence = review.round.settings.comparison.confidence
    found = []
    for group in [g.id for g in review.round.rules.groups] + ["all"]:
        own = rows if group == "all" else rows[rows["target_group"] == group]
        invited, answers = len(own), int(own["responded"].sum())
        low, high = (
            proportion_confint(answers, invited, 1 - confidence, "wilson")
            if invited
            else (math.nan,) * 2
        )
        plans = own["target_group"].map(expected).astype(float)
        planned = plans.mean() if group == "all" else expected[group]
        rate = answers / invited if invited else math.nan
        found.append((group, invited, answers, planned, rate, low, high))
    columns = ["category", "invited", "answers", "expected", "rate", "ci_low", "ci_high"]
    return pd.DataFrame(found, columns=columns)


def proposed_response(review: Review) -> dict[str, float]:
    """Target group → expected response for the next round, in whole per cent (0–1).

    The lower quartile of the municipalities' own rates, rounded down: three of four reach it, and a
    plan that expects too much leaves small municipalities with too few answers. Municipalities with
    under LEAST_INVITED invited of the group are left out; where none is left, what was expected stays.
    """
    rows, rules = review.of_answers, review.round.settings.sampling
    rates = rows.groupby(["target_group", "municipality"])["responded"].agg(["size", "mean"])
    proposal = {}
    for group in [g.id for g in review.round.rules.groups]:
        own = rates.loc[group] if group in rates.index.get_level_values(0) else rates.iloc[:0]
        own = own[own["size"] >= LEAST_INVITED]["mean"]
        quartile = own.quantile(CAUTIOUS_QUARTILE) if len(own) else rules.expected_response[group]
        proposal[group] = max(0.01, math.floor(100 * quartile + 1e-9) / 100)
    return proposal


PLACE_COLUMNS = [
    "municipality", "name", "invited", "expected_answers", "answers", "reached", "planned_effect",
    "planned_n", "effect", "effective_n", "r_indicator", "r_low", "r_high",
]  # fmt: skip


def by_municipality(review: Review) -> pd.DataFrame:
    """A row a municipality with a sample, in the round's order.

    `invited`, `expected_answers` Σ n_h·r_h, `answers` (missing before any came), `reached`: at least
    the round's `min_answers`; `planned_effect`, `effect`: design effects as planned and as they came,
    and `planned_n`, `effective_n`: answers over design effect; `r_indicator`, `r_low`, `r_high`.

    Planned (Kish 1965, deff = n·Σw²/(Σw)² over the answers): with m_h = n_h·r_h expected answers in
    stratum h of N_h persons, each standing for w_h = N_h/m_h, it is Σm_h·Σ(N_h²/m_h)/(ΣN_h)². The
    actual one is Kish's of the final weights, so it has also what calibration adds.
    """
    expected, least = (
        review.round.settings.sampling.expected_response,
        review.round.settings.sampling.min_answers,
    )
    whole = review.response[review.response["breakdown"] == "all"].set_index("municipality")
    found = []
    for place in review.with_sample:
        own = review.asked[review.asked["municipality"] == place.code]
        strata = own.groupby("target_group")["stratum_population"].agg(["size", "first"])
        awaited = strata["size"] * strata.index.map(expected).to_numpy(float)
        effect = _effect(strata["first"].to_numpy(float), awaited.to_numpy(float))
        collected = bool(own["collected"].iloc[0])
        answers = int(own["responded"].sum()) if collected else pd.NA
        row = {
            "municipality": place.code,
            "name": place.name,
            "invited": len(own),
            "expected_answers": float(awaited.sum()),
            "answers": answers,
            "reached": answers >= least if collected else pd.NA,
            "planned_effect": effect,
            "planned_n": float(awaited.sum()) / effect,
        }
        found.append(row | (_actual(whole.loc[place.code]) if place.code in whole.index else {}))
    table = pd.DataFrame(found, columns=PLACE_COLUMNS)
    kinds = dict.fromkeys(PLACE_COLUMNS[6:], float)
    return table.astype({"answers": "Int64", "reached": "boolean"} | kinds)


def _effect(population: pd.Series, answers: pd.Series) -> float:
    return float(answers.sum() * (population**2 / answers).sum() / population.sum() ** 2)


def _actual(row: pd.Series) -> dict[str, float]:
    if not row["weight_sum"] > 0:
        return {}
    effective = row["weight_sum"] ** 2 / row["weight_squares"]
    return {
        "effect": row["answers"] / effective,
        "effective_n": effective,
        **{name: row[name] for name in ("r_indicator", "r_low", "r_high")},
    }


@dataclass(frozen=True)
class Whole:
    """All municipalities together: answers, design effect and effective number, planned and as they came;
    NaN where there is nothing to compute from."""

    expected_answers: float
    answers: int
    planned_effect: float
    effect: float

    @property
    def planned_n(self) -> float:
        return self.expected_answers / self.planned_effect

    @property
    def effective_n(self) -> float:
        return self.answers / self.effect


def whole(review: Review) -> Whole:
    """Kish's design effects over all municipalities, strata = municipality × target group; the actual
    one of the municipalities that have been analysed."""
    expected = review.round.settings.sampling.expected_response
    by_stratum = review.asked.groupby(["municipality", "target_group"])["stratum_population"]
    strata = by_stratum.agg(["size", "first"])
    rates = strata.index.get_level_values("target_group").map(expected).to_numpy(float)
    awaited = strata["size"].to_numpy(float) * rates
    planned = _effect(strata["first"].to_numpy(float), awaited) if len(strata) else math.nan
    rows = review.response[review.response["breakdown"] == "all"]
    weights, squares, answers = (
        float(rows[c].sum()) for c in ("weight_sum", "weight_squares", "answers")
    )
    effect = answers * squares / weights**2 if weights else math.nan
    return Whole(float(awaited.sum()), int(answers), planned, effect)


def r_indicator_counts(table: pd.DataFrame) -> dict[str, int]:
    """Municipalities by their R-indicator: `good` from R_GOOD, `fair` from R_FAIR, `poor` below, and
    `unknown` without one. As printed, with two decimals. `table`: `by_municipality`."""
    r = table["r_indicator"].round(2)
    return {
        "good": int((r >= R_GOOD).sum()),
        "fair": int(((r >= R_FAIR) & (r < R_GOOD)).sum()),
        "poor": int((r < R_FAIR).sum()),
        "unknown": int(r.isna().sum()),
    }
