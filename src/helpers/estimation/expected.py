"""A fair comparison: what a municipality's result would be expected to be, given who its citizens are.

A regression of the overall satisfaction on target group, gender, age and duration, over all
municipalities; actual less expected is what the citizens' composition does not explain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from helpers.estimation.comparisons import EXPECTED, compare
from helpers.estimation.designs import Design
from helpers.estimation.estimates import add_up, ratio_sums, with_intervals

TERMS = ("target_group", "gender", "age_band", "duration_band")


@dataclass(frozen=True)
class Expected:
    """`municipalities`: a row a municipality with own (actual), reference_value (expected),
    difference, se, ci_low, ci_high, df, p_value, n, n_other; `coefficients`: a row a level with its
    effect in scale points against the reference level, and cluster-robust se; `spread`: weighted
    standard deviation of the residuals, scale points; `note`: why there is none, »« where there is.
    """

    municipalities: pd.DataFrame
    coefficients: pd.DataFrame
    spread: float
    note: str


def expected_results(
    scores: pd.DataFrame,
    designs: Mapping[str, Design],
    item: str,
    *,
    min_municipalities: int,
    confidence: float,
) -> Expected:
    """Actual less expected mean of `item` for each municipality.

    `scores`: a row a respondent of all municipalities: municipality, weight, the TERMS and the score
    (1–5, missing where not answered), in the order of each municipality's design.

    y_ij = α_j + x_ij'β + e_ij by weighted least squares, municipality effects swept out, so that β
    compares citizens within municipalities and no municipality's own quality is adjusted away
    (as in CAHPS case-mix adjustment). Expected is ȳ + (x̄_j − x̄)'β̂, weighted means; actual less
    expected is the mean residual y − x'β̂ of j less that of all. Its variance: design-based for the
    residuals, with the overlap's covariance, plus (x̄_j − x̄)'V(β̂)(x̄_j − x̄) with V clustered on
    municipality (Liang & Zeger 1986; statsmodels).

    Limits: only what the extract knows is adjusted for; few clusters make V too small, so below
    `min_municipalities` nothing is given; a difference left is no proof of quality.
    """
    answered = scores[scores[item].notna()].reset_index(drop=True)
    have = set(answered["municipality"])
    codes = [c for c in dict.fromkeys(scores["municipality"]) if c in have]
    if len(codes) < min_municipalities:
        note = f"Færre end {min_municipalities} kommuner: intet forventet resultat."
        return Expected(pd.DataFrame(), pd.DataFrame(), np.nan, note)
    x, names = _model_matrix(answered)
    y, w = answered[item].to_numpy(float), answered["weight"].to_numpy(float)
    numbers = pd.Index(codes).get_indexer(answered["municipality"])
    rows = [np.flatnonzero(numbers == k) for k in range(len(codes))]
    fit = sm.WLS(_swept(y[:, None], w, numbers)[:, 0], _swept(x, w, numbers), weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": numbers}
    )
    beta, covariance = np.asarray(fit.params), np.asarray(fit.cov_params())
    residual = y - x @ beta

    sums = _residual_sums(scores, designs, item, residual, confidence)
    table = _less_all(sums, residual, confidence)
    of_place = np.array([np.average(x[at], axis=0, weights=w[at]) for at in rows])
    apart = of_place - np.average(x, axis=0, weights=w)
    se = np.sqrt(table["se"] ** 2 + np.einsum("ij,jk,ik->i", apart, covariance, apart))
    half = stats.t.ppf(0.5 + confidence / 2, table["df"]) * se
    own = [np.average(y[at], weights=w[at]) for at in rows]
    table = table.assign(
        reference=EXPECTED,
        own=own,
        reference_value=np.array(own) - table["difference"],
        se=se,
        ci_low=table["difference"] - half,
        ci_high=table["difference"] + half,
        p_value=2 * stats.t.sf(np.abs(table["difference"]) / se, table["df"]),
    )
    coefficients = pd.DataFrame(names, columns=["breakdown", "category", "reference"]).assign(
        effect=beta, se=np.sqrt(np.diag(covariance))
    )
    spread = float(
        np.sqrt(np.average((residual - np.average(residual, weights=w)) ** 2, weights=w))
    )
    return Expected(table, coefficients, spread, "")


def _less_all(sums: pd.DataFrame, residual: np.ndarray, confidence: float) -> pd.DataFrame:
    """Mean residual of each municipality less that of all together."""
    national = add_up(sums, confidence, "national")
    ends = (float(residual.min()), float(residual.max()))
    national = _plain(with_intervals(national.drop(columns="municipality"), confidence, ends))
    national = national.assign(municipality="national")
    return compare(sums, national, overlap=True, confidence=confidence)


def _model_matrix(answered: pd.DataFrame) -> tuple[np.ndarray, list[tuple[str, str, str]]]:
    """0/1 columns of every level but the largest of each term; a missing value is a level."""
    columns, names = [], []
    for term in TERMS:
        levels = answered[term].astype(object).where(answered[term].notna(), "uoplyst")
        sizes = levels.value_counts()
        for level in sorted(sizes.index.drop(sizes.index[0])):
            columns.append((levels == level).to_numpy(float))
            names.append((term, level, sizes.index[0]))
    return np.column_stack(columns), names


def _swept(z: np.ndarray, w: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Deviations from the weighted mean of each municipality."""
    total = np.bincount(place, weights=w)
    means = np.column_stack([np.bincount(place, weights=w * c) / total for c in z.T])
    return z - means[place]


def _residual_sums(
    scores: pd.DataFrame,
    designs: Mapping[str, Design],
    item: str,
    residual: np.ndarray,
    confidence: float,
) -> pd.DataFrame:
    """The additive sums of the mean residual, a row a municipality."""
    whole = np.full(len(scores), np.nan)
    whole[scores[item].notna().to_numpy()] = residual
    parts = []
    for code, rows in (
        scores.reset_index(drop=True).groupby("municipality", sort=False).groups.items()
    ):
        value = whole[rows]
        x = (~np.isnan(value)).astype(float)
        if x.any():
            sums = ratio_sums(designs[code], np.nan_to_num(value)[:, None], x[:, None])
            parts.append(pd.DataFrame(sums).assign(municipality=code))
    table = pd.concat(parts, ignore_index=True).assign(
        breakdown="all", category="all", item=item, statistic="mean", weighting="weighted"
    )
    ends = (float(residual.min()), float(residual.max()))
    return _plain(with_intervals(table, confidence, ends))


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Without the least error of answers that nearly all agree: residuals are on no scale of answers; of a
    single one, which agrees with itself, it stays."""
    return table.assign(se_least=table["se_least"].where(table["se"] == 0, 0.0))
