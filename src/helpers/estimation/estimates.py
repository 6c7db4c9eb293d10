"""Means and shares with design-based errors, as additive sums.

A value is a ratio R = Y/X of weighted sums. Its linearised variance is
(V_YY − 2R·V_YX + R²·V_XX)/X², with V the stratified with-fpc variance of the calibration residuals
(Särndal, Swensson & Wretman 1992, ch. 5–6). Y, X and V of independent municipalities add, so the
country and »all the others« are sums of rows, and a municipality can be compared with a country
that it is part of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from helpers.answers.theme_scores import theme_scores
from helpers.estimation.designs import Design
from helpers.estimation.weighting import Weighted
from helpers.parameters.params import Round
from helpers.parameters.scales import MEANS, Measure, Scale

KEYS = ["breakdown", "category", "item", "statistic", "weighting"]
DEGREES = ["d_0", "d_1", "d_2", "d_3", "d_4"]  # as `Design.satterthwaite_sums`
SUMS = ["n", "df_most", "y", "x", "y2", "w2", "w2_open", "v_yy", "v_yx", "v_xx", *DEGREES]
COVARIANCES = ["c_yy", "c_yx", "c_xy", "c_xx"]
COMPARED = ("mean", "share_satisfied", "share_dissatisfied")
ALL_AGREE = 1e-12  # Σw(y − R)²/Σw below this: everybody gave the same answer
# Below these a variance is rounding noise, of which no degrees of freedom can be taken: as a share of the
# variance that the same weights give to y itself, and of what V_YY and R²·V_XX cancel.
NO_VARIANCE, CANCELLED = 1e-20, 1e-7
DONT_KNOW = "share_dont_know"
SPLIT = {
    "share_satisfied": lambda score, m: score >= m.satisfied_from,
    "share_neutral": lambda score, m: (score > m.dissatisfied_to) & (score < m.satisfied_from),
    "share_dissatisfied": lambda score, m: score <= m.dissatisfied_to,
}


# ------------------------------------------------------------------------------------ estimation


def ratio_sums(
    design: Design, y: np.ndarray, x: np.ndarray, base_of: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """The additive sums of ratios Σ w·y / Σ w·x; an element a column of `y`.

    `y`, `x`: a row a respondent, zero outside the domain and where not answered; x is 0 or 1.
    `base_of`: which column of `x` is under each column of `y` (default: its own).

    Keys: n answers; df_most = n less the strata they are in; y = Σwy; x = Σwx; y2 = Σwy²; w2 = Σw²
    over the answers, w2_open the same times the stratum's 1 − m_h/N_h; v_yy, v_yx, v_xx variances and
    covariance of y and x; DEGREES, all nought where the design takes R's degrees of freedom.
    """
    base_of = np.arange(y.shape[1]) if base_of is None else base_of
    u_y, u_x = design.residuals(y), design.residuals(x)
    inside = (x > 0).astype(float)
    squares = np.square(design.weight)
    opened = squares * design.open_fraction[design.strata]
    of_base = {
        "n": inside.sum(axis=0).astype(int),
        "df_most": design.degrees_of_freedom(inside),
        "x": design.weight @ x,
        "w2": squares @ inside,
        "w2_open": opened @ inside,
        "v_xx": np.einsum("ij,ij->j", u_x, u_x),
    }
    u_x, inside = u_x[:, base_of], inside[:, base_of]
    sums = {name: values[base_of] for name, values in of_base.items()} | {
        "y": design.weight @ y,
        "y2": design.weight @ np.square(y),
        "v_yy": np.einsum("ij,ij->j", u_y, u_y),
        "v_yx": np.einsum("ij,ij->j", u_y, u_x),
    }
    degrees = np.zeros((len(DEGREES), len(base_of)))
    if design.jackknife:
        degrees = design.satterthwaite_sums(u_y, u_x, inside)
    return sums | dict(zip(DEGREES, degrees))


def covariance_sums(
    design: Design, a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]
) -> pd.DataFrame:
    """Covariances of two domains' sums within one municipality; a row a column.

    `a` and `b` are (y, x) as in `ratio_sums`, over the same respondents. Columns: c_yy = Cov(Ya, Yb),
    c_yx = Cov(Ya, Xb), c_xy = Cov(Xa, Yb), c_xx = Cov(Xa, Xb). They add over municipalities.
    """
    residuals = [[design.residuals(z) for z in pair] for pair in (a, b)]
    return pd.DataFrame(_inner(*residuals))


def _inner(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    pairs = {"c_yy": (0, 0), "c_yx": (0, 1), "c_xy": (1, 0), "c_xx": (1, 1)}
    return {name: np.einsum("ij,ij->j", a[i], b[j]) for name, (i, j) in pairs.items()}


def add_up(estimates: pd.DataFrame, confidence: float, name: str) -> pd.DataFrame:
    """Several municipalities together, as one »municipality« called `name`."""
    table = estimates.groupby(KEYS, sort=False, as_index=False)[SUMS].sum()
    table.insert(0, "municipality", name)
    return with_intervals(table, confidence)


def variance_of(sums: pd.DataFrame, ratio: np.ndarray) -> np.ndarray:
    """V(R) = V_YY − 2R·V_YX + R²·V_XX of rows of sums, in squared units of y; 0 where it is noise."""
    v_yy, v_yx, v_xx, w2 = (sums[c].to_numpy(float) for c in ("v_yy", "v_yx", "v_xx", "w2"))
    variance = v_yy - 2 * ratio * v_yx + np.square(ratio) * v_xx
    noise = np.abs(variance) <= NO_VARIANCE * np.maximum(1, np.square(ratio)) * w2
    return np.where(noise, 0.0, np.maximum(variance, 0.0))


def effective_degrees(sums: pd.DataFrame, ratio: np.ndarray) -> np.ndarray:
    """Satterthwaite's degrees of freedom V(R)²/D(R) of rows of sums at the ratios R.

    At most `df_most`; that, too, where the design carries none (DEGREES are nought) and where V is
    nothing but rounding, as where all answer alike.
    """
    most, v_yy, v_xx = (sums[c].to_numpy(float) for c in ("df_most", "v_yy", "v_xx"))
    variance = variance_of(sums, ratio)
    spread = sum(sums[c].to_numpy(float) * ratio**k for k, c in enumerate(DEGREES))
    known = (variance > CANCELLED * (v_yy + np.square(ratio) * v_xx)) & (spread > 0)
    df = np.divide(np.square(variance), spread, out=most.copy(), where=known)
    return np.minimum(df, most)


def with_intervals(
    sums: pd.DataFrame, confidence: float, scale: tuple[float, float] = MEANS
) -> pd.DataFrame:
    """Add value, se, se_least, df, ci_low, ci_high, deff, deff_kish and n_eff to rows of sums.

    value = y/x; se by linearisation; df as `effective_degrees`. With m_k = x²/w2_open the effective
    number of answers after weighting and finite population correction, and q the t quantile of df (at
    least 1):

    A share (any `statistic` but »mean«) has Wilson's score interval with m = min(p(1 − p)/se², m_k)
    answers and q; it is chosen by simulation (docs/coverage.md), as logit intervals cover too little
    near 0 and 1 under unequal weights.
    A mean has value ± q·se, within `scale`, and at least b·value + (1 − b)·(ends of the scale) with
    b = (α/2)^(1/m_k), Clopper & Pearson's (1934) least part of the population that answers as those who
    answered, were they of one mind. So an interval never narrows when one answer is changed so that
    people disagree; it is a point where all of the population has answered the same. No answers: null.
    se_least: the error that the latter part stands for, (1 − b)·(farther end of the scale)/q; a
    difference is tested with no less (`comparisons`).

    deff: the variance over that of a simple random sample of as many without replacement, as R
    survey's `deff = TRUE`; null where the weights do not reach beyond the answers. deff_kish:
    n·Σw²/(Σw)²; n_eff: n/deff_kish (Kish 1965). Source of the score interval: Wilson 1927; with the
    effective number of answers Korn & Graubard 1998.
    """
    table = sums.copy()
    n, x, y = (table[c].to_numpy(float) for c in ("n", "x", "y"))
    has = n > 0  # counted, not a sum of weights: »all the others« is a difference of sums
    x1 = np.where(has, x, 1.0)
    value = np.where(has, y / x1, np.nan)
    ratio = np.where(has, value, 0.0)
    variance = variance_of(table, ratio) / x1**2
    spread = np.maximum(table["y2"].to_numpy(float) / x1 - ratio**2, 0)  # Σw(y − R)²/Σw
    agree = has & (spread <= ALL_AGREE * np.maximum(1, ratio**2))
    se = np.where(agree, 0.0, np.sqrt(variance))
    most = table["df_most"].to_numpy(float)
    df = np.where(agree | ~has, most, effective_degrees(table, ratio))
    quantile = stats.t.ppf(0.5 + confidence / 2, np.maximum(df, 1))
    is_mean = (table["statistic"] == "mean").to_numpy()
    bottom, top = np.where(is_mean, scale[0], 0.0), np.where(is_mean, scale[1], 1.0)

    one_answer = np.maximum(table["w2_open"].to_numpy(float), 0) / x1**2  # 1/m_k
    unseen = 1 - ((1 - confidence) / 2) ** one_answer
    unseen = np.where(np.isfinite(top - bottom), unseen, 0.0)  # a mean without a scale has none
    below, above = (unseen * np.where(unseen > 0, d, 0.0) for d in (value - bottom, top - value))
    half = quantile * se
    low = np.maximum(value - np.maximum(half, below), bottom)
    high = np.minimum(value + np.maximum(half, above), top)
    p = np.clip(np.where(is_mean | ~has, 0.5, value), 0.0, 1.0)
    of_share = _score_interval(p, se, one_answer, quantile)
    table["value"], table["se"], table["df"] = value, np.where(has, se, np.nan), df
    table["se_least"] = np.where(has, np.maximum(below, above) / quantile, np.nan)
    for name, mean, share in (("ci_low", low, of_share[0]), ("ci_high", high, of_share[1])):
        table[name] = np.where(has, np.where(is_mean, mean, share), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        srs = spread / (n - 1) * (x - n) / x1
        table["deff"] = np.where(has & (srs > 1e-300) & (x > n), variance / srs, np.nan)
        table["deff_kish"] = np.where(has, n * table["w2"].to_numpy(float) / x1**2, np.nan)
        table["n_eff"] = n / table["deff_kish"]
    return table


def _score_interval(
    p: np.ndarray, se: np.ndarray, one_answer: np.ndarray, quantile: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval of shares; `one_answer` is 1/m_k, and 1/m the larger of it and se²/p(1 − p)."""
    mixed = (p > 0) & (p < 1)
    by_error = np.divide(np.square(se), p * (1 - p), out=np.zeros_like(p), where=mixed)
    z = np.square(quantile) * np.maximum(by_error, one_answer)  # q²/m
    centre = (p + z / 2) / (1 + z)
    half = np.sqrt(z * p * (1 - p) + z * z / 4) / (1 + z)
    return np.where(p <= 0, 0.0, centre - half), np.where(p >= 1, 1.0, centre + half)


# ----------------------------------------------------------------------------- one municipality


@dataclass(frozen=True)
class Variables:
    """What is estimated: `columns`: (item, statistic) of each column of `y`; `x`: the bases, 0/1
    columns; `base_of`: the base under each column of `y`. A row a respondent."""

    columns: list[tuple[str, str]]
    y: np.ndarray
    x: np.ndarray
    base_of: np.ndarray

    def only(self, statistics: Sequence[str]) -> Variables:
        keep = [i for i, (_, statistic) in enumerate(self.columns) if statistic in statistics]
        return Variables(
            [self.columns[i] for i in keep], self.y[:, keep], self.x, self.base_of[keep]
        )


def estimate_municipality(weighted: Weighted, round_: Round, code: str) -> pd.DataFrame:
    """All estimates of one municipality, weighted and unweighted.

    Grain: a row a breakdown × category × item × statistic × weighting, with the additive sums
    (SUMS) and value, se, ci_low, ci_high, deff, deff_kish, n_eff. Two-way breakdowns of the round
    have means and the satisfied split. The unweighted rows take all weights as 1.
    """
    variables = variables_of(weighted.respondents, round_, code)
    in_two_ways = variables.only(("mean", *SPLIT))
    designs = {"weighted": weighted.design, "unweighted": weighted.unweighted_design}
    keys, parts = [], []
    for breakdown, category, inside in _domains(weighted.respondents, round_, code):
        v = in_two_ways if breakdown in round_.two_way_breakdowns else variables
        mask = inside[:, None]
        y, x = v.y * mask, v.x * mask
        for weighting, design in designs.items():
            parts.append(ratio_sums(design, y, x, v.base_of))
            keys += [(breakdown, category, *column, weighting) for column in v.columns]
    table = pd.DataFrame(keys, columns=KEYS).assign(
        **{name: np.concatenate([part[name] for part in parts]) for name in SUMS}
    )
    table.insert(0, "municipality", code)
    return with_intervals(table, round_.settings.comparison.confidence)


def group_covariances(weighted: Weighted, round_: Round, code: str) -> pd.DataFrame:
    """Covariances between each two categories of a one-way breakdown, for group against group.

    Grain: a row a breakdown × category × other × item × statistic (weighted; the compared
    statistics), with COVARIANCES. They add over municipalities.
    """
    v = variables_of(weighted.respondents, round_, code).only(COMPARED)
    x = v.x[:, v.base_of]
    residuals: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}
    for breakdown, category, inside in _domains(weighted.respondents, round_, code):
        if breakdown != "all" and breakdown not in round_.two_way_breakdowns and inside.any():
            of = residuals.setdefault(breakdown, {})
            mask = inside[:, None]
            of[category] = (
                weighted.design.residuals(v.y * mask),
                weighted.design.residuals(x * mask),
            )
    pairs = [
        (breakdown, one, other)
        for breakdown, of in residuals.items()
        for one, other in combinations(of, 2)
    ]
    columns = ["breakdown", "category", "other", "item", "statistic", *COVARIANCES]
    if not pairs:
        return pd.DataFrame(columns=["municipality", *columns])
    parts = [_inner(residuals[b][one], residuals[b][other]) for b, one, other in pairs]
    table = pd.DataFrame(
        [(*pair, *column) for pair in pairs for column in v.columns], columns=columns[:5]
    ).assign(**{name: np.concatenate([part[name] for part in parts]) for name in COVARIANCES})
    table.insert(0, "municipality", code)
    return table[["municipality", *columns]]


def _domains(
    respondents: pd.DataFrame, round_: Round, code: str
) -> Iterator[tuple[str, str, np.ndarray]]:
    """(breakdown, category, who is inside), one-way and the round's two-way breakdowns."""
    inside: dict[str, dict[str, np.ndarray]] = {}
    for breakdown, labels in round_.category_labels(code).items():
        column = breakdown.replace("local:", "local_")
        inside[breakdown] = {
            c: np.ones(len(respondents), dtype=bool)
            if breakdown == "all"
            else (respondents[column] == c).to_numpy(dtype=bool, na_value=False)
            for c in labels
        }
    for first, second in round_.settings.two_way:
        inside[f"{first}:{second}"] = {
            f"{a}:{b}": of_a & of_b
            for a, of_a in inside[first].items()
            for b, of_b in inside[second].items()
        }
    for breakdown, categories in inside.items():
        for category, who in categories.items():
            yield breakdown, category, who


def variables_of(respondents: pd.DataFrame, round_: Round, code: str) -> Variables:
    """Means, splits and option shares of all questions and themes, with the bases under them."""
    scales, measures = round_.answer_scales(code), round_.measures(code)
    values = {q: respondents[q].to_numpy(float, na_value=np.nan) for q in scales}
    found = _Columns()
    for question, scale in scales.items():
        found.add_question(question, values[question], scale)
    for theme, scores in theme_scores(respondents, round_).items():
        found.add_scores(theme, scores.to_numpy(), measures[theme])
    return found.variables()


@dataclass(frozen=True)
class _Columns:
    """The variables, a column after the other."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    numerators: list[np.ndarray] = field(default_factory=list)
    bases: list[np.ndarray] = field(default_factory=list)
    base_of: list[int] = field(default_factory=list)

    def add_scores(self, item: str, scores: np.ndarray, measure: Measure) -> None:
        """Mean and split of scores 1–5, NaN where there is none."""
        answered = ~np.isnan(scores)
        score = np.where(answered, scores, 0.0)
        self.bases.append(answered)
        self._add(item, "mean", score)
        for statistic, holds in SPLIT.items():
            self._add(item, statistic, holds(score, measure))

    def add_question(self, item: str, values: np.ndarray, scale: Scale) -> None:
        """Also each answer's share, and that of *ved ikke* of all who said anything."""
        unsure = values == scale.dont_know
        answers = np.where(unsure, np.nan, values)
        self.add_scores(item, scale.measure.score(answers), scale.measure)
        for option in scale.measure.options:
            self._add(item, f"share_{option}", answers == option)
        self.bases.append(~np.isnan(values))
        self._add(item, DONT_KNOW, unsure)

    def _add(self, item: str, statistic: str, numerator: np.ndarray) -> None:
        self.columns.append((item, statistic))
        self.numerators.append(np.where(self.bases[-1], numerator, 0.0))
        self.base_of.append(len(self.bases) - 1)

    def variables(self) -> Variables:
        y, x = np.column_stack(self.numerators), np.column_stack(self.bases).astype(float)
        return Variables(self.columns, y, x, np.array(self.base_of))


def estimate(
    design: Design,
    values: Mapping[str, np.ndarray],
    inside: np.ndarray | None = None,
    *,
    shares: bool = False,
    confidence: float = 0.95,
    scale: tuple[float, float] = (-np.inf, np.inf),
) -> pd.DataFrame:
    """Means (or, with `shares`, proportions of 0/1 columns) of any columns in one domain.

    `values`: name → a value a respondent, NaN where not answered. `inside`: who belongs to the
    domain (default all). A row a name, with what `with_intervals` gives. The same path as all the
    survey's own numbers, for an analyst's question that the reports do not ask.
    """
    y = np.column_stack([np.asarray(v, dtype=float) for v in values.values()])
    x = (~np.isnan(y)).astype(float)
    if inside is not None:
        x *= np.asarray(inside, dtype=float)[:, None]
    sums = pd.DataFrame(ratio_sums(design, np.where(x > 0, y, 0.0), x))
    sums.insert(0, "statistic", "share" if shares else "mean")
    sums.index = pd.Index(list(values))
    return with_intervals(sums, confidence, scale)
