"""Design weight → non-response adjustment → raking (→ trimming), each step reported.

Design weight N_h/n_h with strata = target group; non-response adjustment within target group, in age ×
gender classes where they hold enough answers; raking to the eligible population's target group × age,
target group × gender, age and gender, starting from the adjusted weights (`calibration.calibrate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.common.errors import Problem, WeightError
from helpers.estimation.calibration import (
    AGE,
    GENDER,
    MAIN,
    STRATUM,
    answers_by_cell,
    calibrate,
    indicators,
    joined,
)
from helpers.estimation.designs import Design, kish_design_effect
from helpers.estimation.raking import trim
from helpers.parameters.params import Weighting


@dataclass(frozen=True)
class Weighted:
    """`respondents`: a row an answer with design_weight, nonresponse_weight (before calibration),
    weight (final) and the calibration levels `cal_<margin>`; `steps`: a row a weighting step;
    `collapsed`: Danish sentences on what was merged, left out, trimmed or not covered; `covered`:
    population of the groups that have respondents; `margins`: what the weights were raked to."""

    respondents: pd.DataFrame
    steps: pd.DataFrame
    collapsed: tuple[str, ...]
    covered: int
    margins: tuple[str, ...]

    @cached_property
    def design(self) -> Design:
        """Final weights, calibrated from the non-response weights."""
        table = self.respondents
        strata, population = self._strata
        return Design(
            table["weight"].to_numpy(float),
            strata,
            population,
            table["nonresponse_weight"].to_numpy(float),
            indicators([table[f"cal_{m}"] for m in self.margins]),
            jackknife=True,
        )

    @cached_property
    def unweighted_design(self) -> Design:
        """The same strata, every weight 1."""
        return Design(np.ones(len(self.respondents)), *self._strata)

    @cached_property
    def _strata(self) -> tuple[np.ndarray, np.ndarray]:
        numbers, names = pd.factorize(self.respondents[STRATUM], sort=True)
        population = self.respondents.groupby(STRATUM)["stratum_population"].first()
        return numbers, population.reindex(names).to_numpy(float)


def weigh(asked: pd.DataFrame, frame: pd.DataFrame, rules: Weighting) -> Weighted:
    """Weights of the citizens who answered.

    `asked`: a row a citizen asked, with `responded`, `design_weight`, `stratum_population`,
    target_group, gender, age_band; `frame`: the eligible population's cell counts. Target groups
    without an answer cannot be represented; they are reported and left out of the covered population.
    With `unfit_margins: collapse` thin levels join their neighbours, reported; with `error` what cannot be
    held raises.
    Raises WeightError where nobody answered, weights, groups or counts are missing or senseless,
    or raking fits no margin.
    """
    _check_input(asked, frame)
    notes: list[str] = []
    groups = set(asked.loc[asked["responded"], STRATUM])
    lost = sorted(set(frame.loc[frame["population"] > 0, STRATUM]) - groups)
    if lost and rules.unfit_margins == "error":
        raise WeightError(
            "weighting",
            f"nobody has answered in {', '.join(lost)}",
            "answers in every target group",
            "Wait for answers, or set weighting.unfit_margins to collapse.",
        )
    if lost:
        people = int(frame.loc[frame[STRATUM].isin(lost), "population"].sum())
        notes.append(f"ingen svar fra {', '.join(lost)} ({people} borgere): ikke dækket")
    frame = frame[frame[STRATUM].isin(groups)]
    asked = asked[asked[STRATUM].isin(groups)]

    classes = nonresponse_classes(asked, rules.min_class_answers)
    factor = _nonresponse_factor(asked, classes)
    answered = asked["responded"]
    respondents = asked[answered].assign(nonresponse_weight=asked["design_weight"] * factor)
    calibrated = calibrate(respondents, frame, rules)
    notes += calibrated.notes
    used = tuple(calibrated.levels)
    respondents = respondents.assign(
        weight=calibrated.weight, **{f"cal_{m}": calibrated.levels[m] for m in used}
    ).reset_index(drop=True)
    if rules.trim_at_median_times is not None:
        respondents, what = _trimmed(respondents, used, rules.trim_at_median_times)
        notes += what
    return Weighted(
        respondents,
        _steps(respondents),
        tuple(notes),
        int(frame["population"].sum()),
        used,
    )


def _check_input(asked: pd.DataFrame, frame: pd.DataFrame) -> None:
    problems = []
    answered = asked[asked["responded"]]
    if answered.empty:
        raise WeightError(
            "responses", "nobody has answered", "at least one answer", "Wait for answers."
        )
    weight = asked["design_weight"].to_numpy(float, na_value=np.nan)
    bad = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if bad:
        what = f"the design weight of {bad} citizens is missing, zero, negative or infinite"
        remedy = "They were not drawn with this sample; draw again, or take their answers out."
        problems.append(Problem("sample", what, "N_h/n_h of a drawn citizen", remedy))
    counts = frame["population"].to_numpy(float, na_value=np.nan)
    if not np.all(np.isfinite(counts) & (counts >= 0)):
        what = "some population counts are missing, negative or infinite"
        problems.append(Problem("sampling frame", what, "persons per cell", "Run plan again."))
    known = frame[frame["population"] > 0]
    for columns in (*([m] for m in MAIN), [STRATUM, AGE], [STRATUM, GENDER]):
        populated, those = (
            set(t[columns].itertuples(index=False, name=None)) for t in (known, answered)
        )
        unknown = sorted(" | ".join(map(str, cell)) for cell in those - populated)
        if unknown and not problems:
            what = f"respondents' {' × '.join(columns)} {', '.join(unknown)} has no population"
            problems.append(Problem("sample", what, "levels of the sampling frame", "Plan again."))
    if problems:
        raise WeightError(problems=problems)


def nonresponse_classes(asked: pd.DataFrame, min_answers: int) -> pd.Series:
    """Class of each citizen asked: target group × age, and × gender where each gender holds enough answers.

    Thin ages join their neighbours within the target group (`calibration.joined`): who answers, and what
    they answer, differs more by age within a target group than by gender.
    """
    answered = asked[asked["responded"]]
    everybody = asked.assign(population=1)
    answers = answers_by_cell(answered, everybody, AGE, STRATUM)
    ages = joined(answers, AGE, STRATUM, min_answers)[1].levels(asked)
    by_gender = ages + " | " + asked[GENDER].astype(str)
    least = asked.groupby([ages, by_gender])["responded"].sum().groupby(level=0).min()
    return by_gender.where(ages.map(least) >= min_answers, ages)


def _nonresponse_factor(asked: pd.DataFrame, classes: pd.Series) -> pd.Series:
    """Σ design weights asked / Σ design weights answered, per class (Särndal & Lundström 2005)."""
    weight = asked["design_weight"]
    of_all = weight.groupby(classes).transform("sum")
    of_answers = (weight * asked["responded"]).groupby(classes).transform("sum")
    return of_all / of_answers


def _trimmed(
    respondents: pd.DataFrame, margins: tuple[str, ...], times: float
) -> tuple[pd.DataFrame, list[str]]:
    """Weights strictly within median/times … median·times, and what that does to the margins."""
    before = respondents["weight"]
    median = float(before.median())
    outside = int(((before < median / times) | (before > median * times)).sum())
    if not outside:
        return respondents, []
    after = pd.Series(trim(before.to_numpy(), median / times, median * times), index=before.index)
    levels = [respondents[f"cal_{m}"] for m in margins]
    off = max(
        float((after.groupby(v).sum() / before.groupby(v).sum() - 1).abs().max()) for v in levels
    )
    what = f"{outside} vægte trimmet; marginerne afviger derefter højst {100 * off:.1f} %"
    return respondents.assign(weight=after), [what.replace(".", ",")]


def _steps(respondents: pd.DataFrame) -> pd.DataFrame:
    """A row a weighting step: sum, least, largest, design effect and effective number of answers."""
    rows = []
    for step in ("design_weight", "nonresponse_weight", "weight"):
        w = respondents[step].to_numpy(float)
        effect = kish_design_effect(w)
        rows.append((step, w.sum(), w.min(), w.max(), effect, len(w) / effect))
    columns = ["step", "sum", "least", "largest", "design_effect", "effective_n"]
    return pd.DataFrame(rows, columns=columns)
