"""Design weight → non-response adjustment → raking, each step reported.

Design weight N_h/n_h with strata = target group; non-response adjustment within target group, in
gender × age classes where they hold enough answers; raking to the target group, gender and age
margins of the eligible population, starting from the adjusted weights, on the collapsed table
(Deming & Stephan 1940; Deville, Särndal & Sautory 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import WeightError
from helpers.params import Weighting

STRATUM = "target_group"
MARGINS = ["target_group", "gender", "age_band"]


@dataclass(frozen=True)
class Weighted:
    """`respondents`: a row an answer with design_weight, nonresponse_weight (before calibration),
    weight (final) and the calibration levels `cal_<margin>`; `steps`: a row a weighting step;
    `collapsed`: Danish sentences on what was merged or not covered; `covered`: population of the groups
    that have respondents."""

    respondents: pd.DataFrame
    steps: pd.DataFrame
    collapsed: tuple[str, ...]
    covered: int
    margins: tuple[str, ...]


def kish_design_effect(weights: np.ndarray) -> float:
    """Kish's design effect of weighting n·Σw²/(Σw)², at least 1 (Kish 1965).

    Worked: weights 1, 1, 2 give 3·6/16 = 1.125. Raises WeightError where a weight is not positive.
    """
    w = np.asarray(weights, dtype=float)
    if w.size == 0 or not np.all(w > 0):
        raise WeightError("weights", "not all positive", "positive weights", "Check the margins.")
    return float(w.size * np.square(w).sum() / w.sum() ** 2)


def weigh(asked: pd.DataFrame, frame: pd.DataFrame, rules: Weighting) -> Weighted:
    """Weights of the citizens who answered.

    `asked`: a row a citizen asked, with `responded`, `design_weight`, target_group, gender,
    age_band; `frame`: the eligible population's cell counts. Target groups without an answer cannot
    be represented; they are reported and left out of the covered population.
    Raises WeightError where nobody answered or raking fits no margin.
    """
    if not asked["responded"].any():
        raise WeightError(
            "responses", "nobody has answered", "at least one answer", "Wait for answers."
        )
    notes: list[str] = []
    groups = set(asked.loc[asked["responded"], STRATUM])
    lost = sorted(set(frame.loc[frame["population"] > 0, STRATUM]) - groups)
    if lost:
        people = int(frame.loc[frame[STRATUM].isin(lost), "population"].sum())
        notes.append(f"ingen svar fra {', '.join(lost)} ({people} borgere): ikke dækket")
    frame = frame[frame[STRATUM].isin(groups)]
    asked = asked[asked[STRATUM].isin(groups)]

    classes = nonresponse_classes(asked, rules.min_class_answers)
    factor = _nonresponse_factor(asked, classes)
    answered = asked["responded"]
    respondents = asked[answered].assign(nonresponse_weight=asked["design_weight"] * factor)
    levels, merged = _levels(respondents, frame)
    notes += merged
    weight, used, dropped = _rake_or_drop(respondents, frame, levels, rules)
    notes += dropped
    respondents = respondents.assign(
        weight=weight, **{f"cal_{m}": levels[m].reindex(respondents[m]).to_numpy() for m in used}
    ).reset_index(drop=True)
    return Weighted(
        respondents,
        _steps(respondents),
        tuple(notes),
        int(frame["population"].sum()),
        tuple(used),
    )


def nonresponse_classes(asked: pd.DataFrame, min_answers: int) -> pd.Series:
    """Class of each citizen asked: target group × gender × age where it holds enough answers.

    Thin cells of a target group are put together; where they are still thin they join the group's
    smallest other class.
    """
    cell = asked["gender"].astype(str) + " " + asked["age_band"].astype(str)
    classes = asked[STRATUM].astype(str) + " | " + cell
    answers = asked.groupby(classes)["responded"].sum()
    for group in asked[STRATUM].unique():
        prefix = f"{group} | "
        of_group = answers[answers.index.str.startswith(prefix)]
        thin = set(of_group.index[of_group < min_answers])
        thick = of_group[of_group >= min_answers]
        target = prefix + "rest"
        if thin and of_group[list(thin)].sum() < min_answers and len(thick):
            target = thick.idxmin()
        classes = classes.where(~classes.isin(thin), target)
    return classes


def _nonresponse_factor(asked: pd.DataFrame, classes: pd.Series) -> pd.Series:
    """Σ design weights asked / Σ design weights answered, per class."""
    weight = asked["design_weight"]
    of_all = weight.groupby(classes).transform("sum")
    of_answers = (weight * asked["responded"]).groupby(classes).transform("sum")
    return of_all / of_answers


def _levels(
    respondents: pd.DataFrame, frame: pd.DataFrame
) -> tuple[dict[str, pd.Series], list[str]]:
    """Per margin: level → calibration level. A level without answers joins its neighbour."""
    levels, notes = {}, []
    for margin in MARGINS:
        known = sorted(frame.loc[frame["population"] > 0, margin].dropna().unique())
        have = set(respondents[margin])
        mapping = {}
        for i, level in enumerate(known):
            nearest = min(
                (k for k in known if k in have), key=lambda k: (abs(known.index(k) - i), k)
            )
            mapping[level] = nearest
            if nearest != level:
                notes.append(f"{margin} {level} har ingen svar: regnet sammen med {nearest}")
        levels[margin] = pd.Series(mapping, dtype=object)
    return levels, notes


def _rake_or_drop(
    respondents: pd.DataFrame,
    frame: pd.DataFrame,
    levels: dict[str, pd.Series],
    rules: Weighting,
) -> tuple[np.ndarray, list[str], list[str]]:
    """Rake to all margins; where that does not converge drop the last margin and say so."""
    used, notes = list(MARGINS), []
    while True:
        codes, totals = [], []
        for margin in used:
            cells = pd.Index(sorted(set(levels[margin])))
            codes.append(cells.get_indexer(levels[margin].reindex(respondents[margin])))
            mapped = frame[margin].map(levels[margin])
            totals.append(frame.groupby(mapped)["population"].sum().reindex(cells).to_numpy(float))
        try:
            weights = rake(
                codes,
                respondents["nonresponse_weight"].to_numpy(float),
                totals,
                tolerance=rules.tolerance,
                max_iterations=rules.max_iterations,
                names=used,
            )
            return weights, used, notes
        except WeightError:
            if len(used) == 1:
                raise
            notes.append(f"raking til {' × '.join(used)} konvergerer ikke: uden {used[-1]}")
            used = used[:-1]


def rake(
    codes: Sequence[np.ndarray],
    start: np.ndarray,
    totals: Sequence[np.ndarray],
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 500,
    names: Sequence[str] = (),
) -> np.ndarray:
    """Raking ratio weights of respondents with start weights, on the collapsed table.

    codes: per margin an integer array, a level code a respondent; start: positive weights;
    totals: per margin the population total of each level. Returns w_i = start_i·Π_m f_m(level),
    such that each margin's weighted totals equal `totals` within `tolerance` (relative).
    Raises WeightError where margins have different sums, a level of positive total has no
    respondents, or the iteration does not converge; the message says which level.
    """
    names = list(names) or [f"margin {i + 1}" for i in range(len(codes))]
    start = np.asarray(start, dtype=float)
    if start.size == 0 or not np.all(np.isfinite(start) & (start > 0)):
        raise WeightError("raking", "start weights must be positive", remedy="Check the weights.")
    sums = [float(t.sum()) for t in totals]
    if max(sums) - min(sums) > 1e-9 * max(sums):
        told = ", ".join(f"{n} {s:g}" for n, s in zip(names, sums))
        raise WeightError("raking", f"margins have different sums: {told}", "the same population")
    shape = tuple(len(t) for t in totals)
    cell = np.ravel_multi_index(tuple(codes), shape)
    base = np.bincount(cell, weights=start, minlength=int(np.prod(shape))).reshape(shape)
    factors = [np.ones(n) for n in shape]
    axes = [tuple(a for a in range(len(shape)) if a != m) for m in range(len(shape))]
    table = base.copy()
    for _ in range(max_iterations):
        worst = 0.0
        for m, total in enumerate(totals):
            now = table.sum(axis=axes[m])
            empty = (now <= 0) & (total > 0)
            if empty.any():
                level = int(np.argmax(empty))
                raise WeightError(
                    "raking",
                    f"level {level} of {names[m]} has no respondents",
                    remedy="Collapse it.",
                )
            ratio = np.divide(total, now, out=np.ones_like(now), where=now > 0)
            worst = max(worst, float(np.max(np.abs(ratio - 1), initial=0.0)))
            factors[m] = factors[m] * ratio
            broadcast = [1] * len(shape)
            broadcast[m] = -1
            table = table * ratio.reshape(broadcast)
        if worst < tolerance:
            weights = start.copy()
            for m, factor in enumerate(factors):
                weights = weights * factor[codes[m]]
            return weights
    raise WeightError(
        "raking",
        f"no convergence after {max_iterations} rounds (largest relative error {worst:.2g})",
        f"at most {tolerance:g}",
        "Collapse thin levels or raise max_iterations.",
    )


def _steps(respondents: pd.DataFrame) -> pd.DataFrame:
    """A row a weighting step: sum, least, largest, design effect and effective number of answers."""
    rows = []
    for step in ("design_weight", "nonresponse_weight", "weight"):
        w = respondents[step].to_numpy(float)
        effect = kish_design_effect(w)
        rows.append((step, w.sum(), w.min(), w.max(), effect, len(w) / effect))
    columns = ["step", "sum", "least", "largest", "design_effect", "effective_n"]
    return pd.DataFrame(rows, columns=columns)
