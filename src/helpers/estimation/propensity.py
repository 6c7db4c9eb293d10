"""Who answers: a logit model of response among those asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from helpers.parameters.params import Round

MIN_EACH = 20  # answers and non-answers needed before a model says anything
TERMS = ("target_group", "gender", "age_band", "duration_band")


@dataclass(frozen=True)
class Propensity:
    """`terms`: a row a level with odds ratio against the reference level, its interval and p-value;
    `auc`: chance that an answer has a higher propensity than a non-answer; `note`: why there is no
    model, »« where there is one."""

    terms: pd.DataFrame
    auc: float
    note: str


def fit_propensity(asked: pd.DataFrame, round_: Round) -> Propensity:
    """Binomial GLM with logit link of `responded` on target group, gender, age and duration.

    The reference level of each term is its largest group. Levels where all or none answered, and
    levels with too few asked, are put with the reference (a logit has no finite estimate there).
    """
    answers = int(asked["responded"].sum())
    if min(answers, len(asked) - answers) < MIN_EACH:
        note = f"Færre end {MIN_EACH} svar eller {MIN_EACH} uden svar: ingen model."
        return Propensity(pd.DataFrame(), np.nan, note)
    labels = round_.category_labels()
    columns, names = [], []
    for term in TERMS:
        by_level = asked.groupby(term)["responded"].agg(["size", "sum"])
        reference = by_level["size"].idxmax()
        least = round_.settings.disclosure.min_answers
        usable = (by_level["sum"] >= least) & (by_level["size"] - by_level["sum"] >= least)
        for level in labels[term]:
            if level != reference and level in by_level.index and usable[level]:
                columns.append((asked[term] == level).to_numpy(float))
                names.append((term, level, reference))
    design = sm.add_constant(np.column_stack(columns)) if columns else np.ones((len(asked), 1))
    fit = sm.GLM(asked["responded"].to_numpy(float), design, family=sm.families.Binomial()).fit()
    interval = np.exp(fit.conf_int())
    terms = pd.DataFrame(
        {
            "breakdown": [round_.breakdown_label(t) for t, _, _ in names],
            "category": [labels[t][level] for t, level, _ in names],
            "reference": [labels[t][r] for t, _, r in names],
            "odds_ratio": np.exp(fit.params[1:]),
            "ci_low": interval[1:, 0],
            "ci_high": interval[1:, 1],
            "p_value": fit.pvalues[1:],
        }
    )
    return Propensity(terms, _auc(asked["responded"].to_numpy(bool), fit.fittedvalues), "")


def _auc(responded: np.ndarray, score: np.ndarray) -> float:
    """Mann–Whitney estimate of the area under the ROC curve."""
    rank = pd.Series(score).rank().to_numpy()
    n, m = responded.sum(), (~responded).sum()
    return float((rank[responded].sum() - n * (n + 1) / 2) / (n * m))
