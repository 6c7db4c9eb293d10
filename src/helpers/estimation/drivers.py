"""Drivers: which themes go with overall satisfaction, by relative importance (LMG / Shapley).

An importance says how a theme's scores go along with overall satisfaction; not what would happen to
satisfaction if the theme were improved.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd

from helpers.common.errors import SurveyError, WeightError

COLUMNS = ["theme", "importance", "ci_low", "ci_high", "performance"]
TOLERANCE = 1e-10  # a variance, eigenvalue or R² below this is rounding, not variation
MAX_LEFT_OUT = 0.05  # share of replicates that may be without a model


@dataclass(frozen=True)
class Drivers:
    """`importance`: a row a theme: theme, importance (share of R², sums to 1), ci_low, ci_high,
    performance (weighted mean 1–5 of the theme among the model's respondents); `r_squared`; `n`
    respondents in the model; `note`: why there is no model (`importance` is empty), or what is
    special about it (themes left out or tied), »« where there is nothing to say."""

    importance: pd.DataFrame
    r_squared: float
    n: int
    note: str


def relative_importance(
    scores: pd.DataFrame,
    overall: str,
    weight: np.ndarray,
    strata: np.ndarray,
    *,
    min_answers: int,
    confidence: float,
    replicates: int,
    rng: np.random.Generator,
) -> Drivers:
    """Each theme's share of the R² of `overall` on all the other columns of `scores`.

    `scores`: a row a respondent, a column a theme, NaN = no score. Complete cases only (listwise):
    a theme that nobody was asked about leaves no case, so its column must not be given. With R²(S)
    of weighted least squares on the subset S of k themes,

        LMG(j) = Σ_S∌j |S|!(k−|S|−1)!/k! · (R²(S ∪ j) − R²(S)),

    the mean over all k! orders of the theme's sequential contribution (Lindeman, Merenda & Gold
    1980; Grömping 2006, 2007; the Shapley value); Σ LMG(j) = R². All 2^k subsets are fitted.

    Intervals: percentiles over `replicates` draws of n_h complete cases with replacement in each
    stratum, `weight` kept as it is; without fpc and without new calibration. A draw where a score
    is constant, the themes have a lower rank than in the data, or R² is 0 is left out.

    A theme without variation is left out and named in the note. Themes that are exact linear
    combinations of others stay; the pseudo-inverse gives R², and LMG splits what they share.
    No model, but a note: fewer complete cases than `min_answers` or k + 2, overall without
    variation, fewer than two themes with variation, R² = 0, more than MAX_LEFT_OUT draws left out.

    Association, not cause; importances have no sign and are relative to the themes in the model.
    Raises WeightError where a weight is missing, infinite or not positive or weights and scores
    differ in length; SurveyError for other bad input.
    """
    weight = _checked(scores, overall, weight, strata)
    themes = [c for c in scores.columns if c != overall]
    values = scores[[*themes, overall]].to_numpy(float, na_value=np.nan)
    complete = ~np.isnan(values).any(axis=1)
    values, weight, groups = values[complete], weight[complete], np.asarray(strata)[complete]
    n, least = len(values), max(min_answers, len(themes) + 2)

    def no_model(why: str) -> Drivers:
        return Drivers(pd.DataFrame(columns=COLUMNS), np.nan, n, f"{why}: ingen model.")

    if n < least:
        return no_model(f"Færre end {least} svar med alle temaer")
    weight = weight / weight.sum()
    mean = weight @ values
    sd = np.sqrt(weight @ (values - mean) ** 2)
    varies = sd > TOLERANCE * np.abs(values).max(axis=0)
    kept = [i for i in range(len(themes)) if varies[i]]
    if not varies[-1]:
        return no_model("Ingen forskelle i den samlede tilfredshed")
    if len(kept) < 2:
        return no_model("Færre end to temaer med forskelle i svarene")

    z = (values - mean)[:, varies] / sd[varies]
    correlation = _correlations(z, weight, groups, replicates, rng)
    rank = np.linalg.matrix_rank(correlation[:, :-1, :-1], rtol=TOLERANCE, hermitian=True)
    tied = bool(rank[0] < len(kept))
    lmg, r_squared = _lmg(correlation[rank >= rank[0]], tied)
    if r_squared[0] <= TOLERANCE:
        return no_model("Temaerne hænger ikke sammen med den samlede tilfredshed")
    lmg = lmg[r_squared > TOLERANCE]
    if (1 + replicates - len(lmg)) / replicates > MAX_LEFT_OUT:
        return no_model("For få forskelle i svarene til et sikkert interval")
    share = lmg / lmg.sum(axis=1, keepdims=True)
    low, high = np.quantile(share[1:], [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    columns = ([themes[i] for i in kept], share[0], low, high, mean[kept])
    constant = [str(t) for i, t in enumerate(themes) if i not in kept]
    table = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
    return Drivers(table, float(r_squared[0]), n, _special(constant, tied))


def _special(constant: list[str], tied: bool) -> str:
    """`constant`: themes without variation."""
    notes = []
    if constant:
        notes.append(f"Uden forskelle i svarene og derfor ikke med: {', '.join(constant)}.")
    if tied:
        notes.append("Mindst ét tema er givet ved de andre; de deler betydningen mellem sig.")
    return " ".join(notes)


def _correlations(
    z: np.ndarray,
    weight: np.ndarray,
    groups: np.ndarray,
    replicates: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Weighted correlation matrices of the data (first) and of each draw where all columns vary.

    The cross-products of (1, z) add up stratum by stratum: only one stratum's counts in memory."""
    z = np.column_stack([np.ones(len(z)), z])
    products = (weight[:, None, None] * z[:, :, None] * z[:, None, :]).reshape(len(z), -1)
    sums = np.zeros((1 + replicates, products.shape[1]))
    sums[0] = products.sum(axis=0)
    for stratum in np.unique(groups):
        inside = groups == stratum
        size = int(inside.sum())
        counts = rng.multinomial(size, np.full(size, 1 / size), size=replicates)
        sums[1:] += counts.astype(float) @ products[inside]
    sums = sums.reshape(-1, z.shape[1], z.shape[1]) / sums[:, :1, None]
    covariance = sums[:, 1:, 1:] - sums[:, 1:, :1] * sums[:, :1, 1:]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    usable = (variance > TOLERANCE).all(axis=1)
    sd = np.sqrt(variance[usable])
    return covariance[usable] / (sd[:, :, None] * sd[:, None, :])


def _lmg(correlation: np.ndarray, tied: bool) -> tuple[np.ndarray, np.ndarray]:
    """LMG (a row a draw, a column a theme) and R² of all themes; the response stands last."""
    k = correlation.shape[1] - 1
    subsets = np.arange(2**k)
    inside = (subsets[:, None] >> np.arange(k)) & 1 == 1
    r_squared = np.zeros((2**k, len(correlation)))
    for subset in subsets[1:]:
        s = np.flatnonzero(inside[subset])
        x, y = correlation[:, s[:, None], s], correlation[:, s, -1:]
        if tied:
            beta = np.linalg.pinv(x, rcond=TOLERANCE, hermitian=True) @ y
        else:
            beta = np.linalg.solve(x, y)
        r_squared[subset] = (y * beta).sum(axis=(1, 2))
    share = np.array([1 / (k * comb(k - 1, size)) for size in range(k)])
    lmg = np.empty((len(correlation), k))
    for j in range(k):
        without = subsets[~inside[:, j]]
        gain = r_squared[without | (1 << j)] - r_squared[without]
        lmg[:, j] = share[inside[without].sum(axis=1)] @ gain
    return np.maximum(lmg, 0), r_squared[-1]  # below 0 by rounding only


def _checked(
    scores: pd.DataFrame, overall: str, weight: np.ndarray, strata: np.ndarray
) -> np.ndarray:
    """The weights as floats, once all input has been found good."""
    where, n = "drivers", len(scores)
    same = "Take scores, weights and strata from the same rows of one table"
    if overall not in scores.columns or not scores.columns.is_unique:
        what = f"»{overall}« is no column of the scores, or a column stands there twice"
        expected = f"different columns and one of {', '.join(map(str, scores.columns))}"
        raise SurveyError(where, what, expected, "Name the theme as the questionnaire does")
    if np.isinf(scores.to_numpy(float, na_value=np.nan)).any():
        raise SurveyError(where, "a score is infinite", "1–5 or missing", "Mend the scores")
    if len(strata) != n or pd.isna(np.asarray(strata)).any():
        what = f"{len(strata)} strata for {n} respondents, or a missing stratum"
        raise SurveyError(where, what, "a stratum for each row", same)
    if len(weight) != n:
        what = f"{len(weight)} weights for {n} respondents"
        raise WeightError(where, what, "a weight for each row", same)
    weight = pd.to_numeric(pd.Series(weight), errors="coerce").to_numpy(float, na_value=np.nan)
    bad = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if bad:
        what = f"{bad} of {n} weights are missing, infinite or not positive"
        raise WeightError(where, what, "finite weights above 0", "Run the weighting again")
    return weight
