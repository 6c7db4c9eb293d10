"""Means and shares with design-based errors, as additive sums.

A value is a ratio R = Y/X of weighted sums. Its linearised variance is
(V_YY − 2R·V_YX + R²·V_XX)/X², with V the stratified with-fpc variance of the calibration residuals
(Särndal, Swensson & Wretman 1992, ch. 5–6). Y, X and V of independent municipalities add, so the
country and »all the others« are sums of rows, and a municipality can be compared with a country
that it is part of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.params import Questionnaire, Round
from helpers.responses import DONT_KNOW
from helpers.weighting import STRATUM, Weighted

KEYS = ["breakdown", "category", "item", "statistic", "weighting"]
SUMS = ["n", "df", "y", "x", "v_yy", "v_yx", "v_xx", "w2"]
SATISFIED_FROM, DISSATISFIED_TO = (
    3.5,
    2.5,
)  # a theme's score; for a question the same as 4–5 and 1–2
THEME_ANSWERED_SHARE = 0.5  # a theme's score needs at least half of its questions answered
SPLIT = {
    "share_satisfied": lambda s: s >= SATISFIED_FROM,
    "share_neutral": lambda s: (s > DISSATISFIED_TO) & (s < SATISFIED_FROM),
    "share_dissatisfied": lambda s: s <= DISSATISFIED_TO,
}


def theme_scores(respondents: pd.DataFrame, questionnaire: Questionnaire) -> pd.DataFrame:
    """A respondent's mean over a theme's answered questions (1–5), given when at least half of
    them are answered; *ved ikke* is not an answer here. A row a respondent, a column a theme."""
    scores = {}
    for theme in questionnaire.themes:
        ids = [q.id for q in questionnaire.theme_questions(theme.id)]
        if ids:
            answers = respondents[ids].astype("float64")
            answers = answers.where(answers < DONT_KNOW)
            enough = answers.notna().sum(axis=1) >= THEME_ANSWERED_SHARE * len(ids)
            scores[theme.id] = answers.mean(axis=1).where(enough)
    return pd.DataFrame(scores, index=respondents.index)


def domains(respondents: pd.DataFrame, categories: Mapping[str, Mapping[str, str]]):
    """[(breakdown, category, 0/1 array)] over the respondents, one-way breakdowns only."""
    found = []
    for breakdown, labels in categories.items():
        column = breakdown.replace("local:", "local_")
        for category in labels:
            if breakdown == "all":
                inside = np.ones(len(respondents))
            else:
                inside = (respondents[column] == category).to_numpy(float)
            found.append((breakdown, category, inside))
    return found


def estimate_municipality(weighted: Weighted, round_: Round, code: str) -> pd.DataFrame:
    """All estimates of one municipality, weighted and unweighted.

    Grain: a row a breakdown × category × item × statistic × weighting, with the additive sums
    (`n` unweighted answers, `df`, y, x, v_yy, v_yx, v_xx, w2) and value, se, ci_low, ci_high.
    """
    respondents = weighted.respondents
    local = [q.id for q in round_.local_for(code).questions]
    questions = [q.id for q in round_.questionnaire.scaled] + local
    scores = pd.concat(
        [respondents[questions].astype("float64"), theme_scores(respondents, round_.questionnaire)],
        axis=1,
    )
    columns, numerators, bases = _variables(scores, questions)
    places = domains(respondents, round_.category_labels(code))
    parts = []
    for weighting in ("weighted", "unweighted"):
        design = _Design(weighted, weighting)
        for breakdown, category, inside in places:
            sums = design.sums(numerators * inside[:, None], bases * inside[:, None])
            sums.insert(0, "breakdown", breakdown)
            sums.insert(1, "category", category)
            sums.insert(2, "item", [c[0] for c in columns])
            sums.insert(3, "statistic", [c[1] for c in columns])
            sums.insert(4, "weighting", weighting)
            parts.append(sums)
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "municipality", code)
    return with_intervals(table, round_.settings.comparison.confidence)


def _variables(scores: pd.DataFrame, questions: Sequence[str]):
    """Columns (item, statistic) with numerator and base per respondent, zero where not answered."""
    columns, numerators, bases = [], [], []

    def add(item: str, statistic: str, numerator: np.ndarray, base: np.ndarray) -> None:
        columns.append((item, statistic))
        numerators.append(np.where(base, numerator, 0.0))
        bases.append(base.astype(float))

    for item in scores.columns:
        value = scores[item].to_numpy()
        said_anything = ~np.isnan(value)
        answered = said_anything & (value < DONT_KNOW) if item in questions else said_anything
        score = np.where(answered, value, 0.0)
        add(item, "mean", score, answered)
        for statistic, holds in SPLIT.items():
            add(item, statistic, holds(score), answered)
        if item in questions:
            for option in range(1, 6):
                add(item, f"share_{option}", score == option, answered)
            add(item, "share_dont_know", value == DONT_KNOW, said_anything)
    return columns, np.column_stack(numerators), np.column_stack(bases)


class _Design:
    """Strata, fpc and calibration of one municipality's respondents, ready for many variables."""

    def __init__(self, weighted: Weighted, weighting: str) -> None:
        table = weighted.respondents
        self.strata = table[STRATUM].astype("category").cat.codes.to_numpy()
        self.n_strata = int(self.strata.max()) + 1
        self.indicator = np.eye(self.n_strata)[self.strata]
        self.size = self.indicator.sum(axis=0)
        population = np.zeros(self.n_strata)
        population[self.strata] = table["stratum_population"].to_numpy(float)
        self.fpc = np.clip(1 - self.size / population, 0, 1)
        if weighting == "weighted":
            self.weight = table["weight"].to_numpy(float)
            base = table["nonresponse_weight"].to_numpy(float)
            dummies = [
                pd.get_dummies(table[f"cal_{m}"], drop_first=i > 0, dtype=float).to_numpy()
                for i, m in enumerate(weighted.margins)
            ]
            self.calibration = np.column_stack(dummies)
            self.project = np.linalg.pinv(self.calibration * np.sqrt(base)[:, None]) * np.sqrt(base)
        else:
            self.weight = np.ones(len(table))
            self.calibration = self.project = None

    def sums(self, numerators: np.ndarray, bases: np.ndarray) -> pd.DataFrame:
        """Additive sums of each column pair; a row a column."""
        u_y, u_x = self._scaled(numerators), self._scaled(bases)
        inside = bases > 0
        strata_inside = (self.indicator.T @ inside > 0).sum(axis=0)
        n = inside.sum(axis=0)
        return pd.DataFrame(
            {
                "n": n,
                "df": np.maximum(n - strata_inside, 0),
                "y": self.weight @ numerators,
                "x": self.weight @ bases,
                "v_yy": np.einsum("ij,ij->j", u_y, u_y),
                "v_yx": np.einsum("ij,ij->j", u_y, u_x),
                "v_xx": np.einsum("ij,ij->j", u_x, u_x),
                "w2": np.square(self.weight) @ inside,
            }
        )

    def _scaled(self, z: np.ndarray) -> np.ndarray:
        """Weighted calibration residuals, centred in the stratum and scaled, so that Σ u² is the
        variance of Σ w·z. A stratum with a single respondent is centred at the municipality's
        mean (R survey's `lonely.psu = "adjust"`)."""
        if self.project is not None:
            z = z - self.calibration @ (self.project @ z)
        e = self.weight[:, None] * z
        means = (self.indicator.T @ e) / self.size[:, None]
        lonely = self.size == 1
        means[lonely] = e.mean(axis=0)
        scale = self.fpc * np.where(lonely, 1.0, self.size / np.maximum(self.size - 1, 1))
        return np.sqrt(scale[self.strata])[:, None] * (e - means[self.strata])


def add_up(estimates: pd.DataFrame, confidence: float, name: str) -> pd.DataFrame:
    """Several municipalities together, as one »municipality« called `name`."""
    table = estimates.groupby(KEYS, sort=False, as_index=False)[SUMS].sum()
    table.insert(0, "municipality", name)
    return with_intervals(table, confidence)


def with_intervals(sums: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Add value, se, ci_low, ci_high to rows of sums.

    Means: t interval within 1–5. Shares: logit interval with the domain's degrees of freedom; at
    0 or 1 the exact one-sided bound for the effective number of answers, unless all of the
    population has answered. No answers: null.
    """
    table = sums.copy()
    x = table["x"].to_numpy(float)
    has = x > 0
    safe_x = np.where(has, x, 1.0)
    value = np.where(has, table["y"] / safe_x, np.nan)
    variance = table["v_yy"] - 2 * value * table["v_yx"] + value**2 * table["v_xx"]
    se = np.sqrt(np.maximum(variance, 0)) / safe_x
    df = np.maximum(table["df"].to_numpy(float), 1)
    quantile = stats.t.ppf(0.5 + confidence / 2, df)
    is_mean = (table["statistic"] == "mean").to_numpy()

    low, high = value - quantile * se, value + quantile * se
    low, high = (
        np.where(is_mean, np.maximum(low, 1), low),
        np.where(is_mean, np.minimum(high, 5), high),
    )
    inner = ~is_mean & (value > 1e-12) & (value < 1 - 1e-12)
    p = np.where(inner, value, 0.5)
    logit, spread = np.log(p / (1 - p)), quantile * se / (p * (1 - p))
    low = np.where(inner, 1 / (1 + np.exp(-(logit - spread))), low)
    high = np.where(inner, 1 / (1 + np.exp(-(logit + spread))), high)

    certain = ~is_mean & ~inner & has & (table["v_xx"].to_numpy() > 0)
    effective = np.where(certain, x**2 / np.maximum(table["w2"], 1e-300), 1.0)
    bound = ((1 - confidence) / 2) ** (1 / effective)
    at_one = certain & (value > 0.5)
    low = np.where(at_one, bound, np.where(certain, 0.0, low))
    high = np.where(at_one, 1.0, np.where(certain, 1 - bound, high))
    table["value"], table["se"] = value, np.where(has, se, np.nan)
    table["ci_low"], table["ci_high"] = np.where(has, low, np.nan), np.where(has, high, np.nan)
    return table


def compare(
    own: pd.DataFrame, other: pd.DataFrame, *, overlap: bool, confidence: float
) -> pd.DataFrame:
    """Differences own − other, row by row on KEYS.

    `overlap`: `other` contains `own` (the country), so the covariance is that of the shared part;
    otherwise they are independent. Adds difference, se, ci_low, ci_high, p_value (t test on the own
    degrees of freedom).
    """
    both = own.merge(other, on=KEYS, suffixes=("", "_other"))
    both = both[(both["x"] > 0) & (both["x_other"] > 0)].copy()
    r, r_other = both["value"], both["value_other"]
    variance = both["se"] ** 2 + both["se_other"] ** 2
    if overlap:
        covariance = both["v_yy"] - (r + r_other) * both["v_yx"] + r * r_other * both["v_xx"]
        variance = variance - 2 * covariance / (both["x"] * both["x_other"])
    se = np.sqrt(np.maximum(variance, 0))
    df = np.maximum(both["df"], 1)
    difference = r - r_other
    quantile = stats.t.ppf(0.5 + confidence / 2, df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, np.abs(difference) / np.where(se > 0, se, 1), np.inf)
    return both[[*KEYS, "municipality", "n", "n_other"]].assign(
        own=r,
        reference_value=r_other,
        difference=difference,
        ci_low=difference - quantile * se,
        ci_high=difference + quantile * se,
        p_value=np.where(difference == 0, 1.0, 2 * stats.t.sf(t, df)),
    )


def benjamini_hochberg(p: pd.Series) -> pd.Series:
    """Adjusted p-values that control the false discovery rate (Benjamini & Hochberg 1995)."""
    if p.empty:
        return p
    return pd.Series(stats.false_discovery_control(p.to_numpy(float)), index=p.index)
