"""Differences with their own errors: independent, overlapping, and within one municipality.

A comparison joins two tables of sums (`estimates.SUMS`) and asks what the difference of two ratios is
worth. Which differences a report may name is decided here too, and in one place.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, SMALL, UNDER, UNSURE
from helpers.estimation.estimates import COVARIANCES, KEYS, SUMS, effective_degrees, variance_of
from helpers.parameters.params import Comparison

OTHERS, EXPECTED = "others", "expected"
GROUP, ROUND = "group:", "round:"  # followed by the other category, or the earlier round
# What 30 answers in five strata have. With fewer effective degrees of freedom the t test of Likert answers
# keeps no promise: some 41 answers of a census with very unequal weights have about 12, and a table
# where nothing differs had a discovery in 12 per cent of simulated rounds (docs/coverage.md).
MIN_DF = 25
ROUNDING = 1e-20  # a variance of numbers from 0 to 5 below this is noise
FLAGS = ("worth_mentioning", "worth_mentioning_in_list")  # of older releases
DIFFERENCE_COLUMNS = [
    "own", "reference_value", "difference", "se", "ci_low", "ci_high", "df", "p_value",
]  # fmt: skip


def compare(
    own: pd.DataFrame, other: pd.DataFrame, *, overlap: bool, confidence: float
) -> pd.DataFrame:
    """Differences own − other, row by row on KEYS, of tables that `with_intervals` made.

    `overlap`: `other` contains `own` (the country), so the covariance is that of the shared part,
    (V_YY − (r + R)V_YX + rR·V_XX)/(xX) with own sums; otherwise the two are independent. What own
    answers may hide beyond their error counts as far as own answers move the difference. Rows where
    a side has no answers are left out. Columns: KEYS, municipality, n, n_other, DIFFERENCE_COLUMNS.
    """
    both = own.merge(other, on=KEYS, suffixes=("", "_other"))
    both = both[(both["n"] > 0) & (both["n_other"] > 0)].copy()
    own_variance, other_variance = (_variance(both, s) for s in ("", "_other"))
    if not overlap:
        parts = [(own_variance, both["df"]), (other_variance, both["df_other"])]
        return _differences(both, own_variance + other_variance, parts, confidence)
    r, total = both["value"], both["value_other"]
    covariance = both["v_yy"] - (r + total) * both["v_yx"] + r * total * both["v_xx"]
    covariance = covariance / (both["x"] * both["x_other"])
    hidden = (own_variance - both["se"] ** 2) * (1 - both["x"] / both["x_other"]) ** 2
    variance = both["se"] ** 2 + hidden + other_variance - 2 * covariance
    variance = variance.clip(lower=0)
    others = pd.DataFrame({c: both[f"{c}_other"] - both[c] for c in SUMS})
    rest = np.clip(variance_of(others, total.to_numpy()) / both["x_other"] ** 2, 0, variance)
    parts = [(variance - rest, both["df"]), (rest, effective_degrees(others, total.to_numpy()))]
    return _differences(both, variance, parts, confidence)


def compare_groups(
    estimates: pd.DataFrame, covariances: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Category against category within each municipality, with their covariance.

    `estimates`: with sums and intervals; `covariances`: as `estimates.group_covariances` gives, a
    row a pair. Cov(a, b) = (c_YY − r_b·c_YX − r_a·c_XY + r_a·r_b·c_XX)/(x_a·x_b): calibrated
    weights tie the groups together even though no person is in both. `reference` names the other
    category. Columns as `compare`, and reference.
    """
    place = ["municipality", "breakdown", "item", "statistic"]
    weighted = estimates[estimates["weighting"] == "weighted"]
    both = covariances.merge(weighted, on=[*place, "category"]).merge(
        weighted.rename(columns={"category": "other"}),
        on=[*place, "other"],
        suffixes=("", "_other"),
    )
    both = both[(both["n"] > 0) & (both["n_other"] > 0)].copy()
    a, b = both["value"], both["value_other"]
    yy, yx, xy, xx = (both[c] for c in COVARIANCES)
    covariance = (yy - b * yx - a * xy + a * b * xx) / (both["x"] * both["x_other"])
    of_a, of_b = (_variance(both, s) for s in ("", "_other"))
    variance = (of_a + of_b - 2 * covariance).clip(lower=0)  # missing stays missing
    parts = [(of_a, both["df"]), (of_b, both["df_other"])]
    table = _differences(both, variance, parts, confidence)
    table.insert(1, "reference", GROUP + both["other"])
    return table


def _variance(table: pd.DataFrame, suffix: str) -> pd.Series:
    """se², but no less than the error that so few answers may hide (`with_intervals`: se_least)."""
    return table[[f"se{suffix}", f"se_least{suffix}"]].max(axis=1, skipna=False) ** 2


def _differences(
    both: pd.DataFrame,
    variance: pd.Series,
    parts: Sequence[tuple[pd.Series, pd.Series]],
    confidence: float,
) -> pd.DataFrame:
    """t intervals and tests; degrees of freedom from independent parts (Satterthwaite 1946)."""
    parts = [(v.where(v > ROUNDING, 0.0), d) for v, d in parts]
    total = sum(v for v, _ in parts)
    spread = sum(v**2 / np.maximum(d, 1) for v, d in parts)
    most = sum(np.maximum(d, 1) for _, d in parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = np.where(spread > 0, np.minimum(total**2 / spread, most), most)
        se = np.sqrt(np.asarray(variance, dtype=float))
        difference = (both["value"] - both["value_other"]).to_numpy(float)
        t = np.where(se**2 > ROUNDING, np.abs(difference) / se, np.inf)
    half = stats.t.ppf(0.5 + confidence / 2, df) * se
    rounding = 1e-12 * np.maximum(1, both["value"].abs())
    return both[["municipality", *KEYS, "n", "n_other"]].assign(
        own=both["value"],
        reference_value=both["value_other"],
        difference=difference,
        se=se,
        ci_low=difference - half,
        ci_high=difference + half,
        df=df,
        p_value=np.where(np.abs(difference) <= rounding, 1.0, 2 * stats.t.sf(t, df)),
    )


# ------------------------------------------------------------------------------ what may be named


def benjamini_hochberg(p: pd.Series) -> pd.Series:
    """Adjusted p-values that control the false discovery rate (Benjamini & Hochberg 1995).

    Worked: 0.01, 0.03, 0.04, 0.5 become 0.04, 0.0533, 0.0533, 0.5.
    """
    if p.empty:
        return p
    return pd.Series(stats.false_discovery_control(p.to_numpy(float)), index=p.index)


def testable(table: pd.DataFrame, rules: Comparison) -> pd.Series:
    """Whether a difference rests on enough to be judged: `min_answers` on both sides, and MIN_DF."""
    return (table[["n", "n_other"]].min(axis=1) >= rules.min_answers) & (table["df"] >= MIN_DF)


def judge(table: pd.DataFrame, rules: Comparison) -> pd.DataFrame:
    """Add p_adjusted, p_adjusted_in_list and the verdict (`vocabulary.VERDICTS`).

    Corrected within each table that a reader sees: a municipality's own (one reference, breakdown and
    statistic), and, as `_in_list`, a list of municipalities (one number of each; the country is not
    in it, and groups of one municipality are compared in no list). A difference has one verdict
    wherever it stands, so it is sure where it is in both. What does not rest on enough (`testable`)
    is not judged: its p-values are missing and it counts in no correction.
    """
    groups = table["reference"].str.startswith(GROUP)
    kind = table["reference"].where(~groups, GROUP)
    own_table = ["municipality", "kind", "breakdown", "statistic", "weighting"]
    a_list = ["reference", "breakdown", "category", "item", "statistic", "weighting"]
    table = table.assign(kind=kind)
    judged = table[testable(table, rules)]
    table["p_adjusted"] = judged.groupby(own_table)["p_value"].transform(benjamini_hochberg)
    listed = judged[in_a_list(judged)]
    table["p_adjusted_in_list"] = listed.groupby(a_list)["p_value"].transform(benjamini_hochberg)
    smallest = np.where(
        table["statistic"] == "mean",
        rules.smallest_mean_difference,
        rules.smallest_share_difference,
    )
    large = table["difference"].abs() >= smallest
    sure = strictest_p(table) < 1 - rules.confidence
    return table.assign(verdict=_verdicts(table, sure, large)).drop(columns="kind")


def in_a_list(table: pd.DataFrame) -> pd.Series:
    """The comparisons that are read in a list of municipalities."""
    group = table["reference"].str.startswith(GROUP)
    return (table["municipality"] != NATIONAL) & ~group


def strictest_p(table: pd.DataFrame) -> pd.Series:
    """The p-value that the verdict rests on, the larger of the two; missing where nothing was judged."""
    return table[["p_adjusted", "p_adjusted_in_list"]].max(axis=1)


def _verdicts(table: pd.DataFrame, sure: pd.Series, large: pd.Series) -> pd.Series:
    """`large`: at least as large as the round's rule."""
    verdicts = np.select(
        [strictest_p(table).isna(), ~sure, ~large, table["difference"] > 0],
        [NOT_JUDGED, UNSURE, SMALL, OVER],
        UNDER,
    )
    return pd.Series(verdicts, index=table.index, dtype="str")


def with_verdicts(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Released comparisons; those of before there were verdicts had two flags in their place, each for
    one of the two corrections: what both call worth mentioning is over or under."""
    if "verdict" in table:
        return table
    listed = in_a_list(table)
    flag, flag_in_list = (table[c].astype(bool) for c in FLAGS)
    large = flag & (flag_in_list | ~listed)
    table = table.assign(p_adjusted_in_list=table["p_adjusted_in_list"].where(listed))
    sure = large | (strictest_p(table) < 1 - confidence)  # p-values are rounded, flags were not
    return table.assign(verdict=_verdicts(table, sure, large)).drop(columns=list(FLAGS))
