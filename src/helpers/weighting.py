"""Design weight → non-response adjustment → raking (→ trimming), each step reported.

Design weight N_h/n_h with strata = target group; non-response adjustment within target group, in
gender × age classes where they hold enough answers; raking to the target group, gender and age
margins of the eligible population, starting from the adjusted weights (`raking.rake`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.designs import Design, kish_design_effect
from helpers.errors import Problem, WeightError
from helpers.params import Weighting
from helpers.raking import rake, trim

STRATUM = "target_group"
MARGINS = ["target_group", "gender", "age_band"]


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
        if not self.margins:
            return Design(table["weight"].to_numpy(float), strata, population)
        indicators = [
            pd.get_dummies(table[f"cal_{m}"], drop_first=i > 0, dtype=float).to_numpy()
            for i, m in enumerate(self.margins)
        ]
        return Design(
            table["weight"].to_numpy(float),
            strata,
            population,
            table["nonresponse_weight"].to_numpy(float),
            np.column_stack(indicators),
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
    With `unfit_margins: collapse` a level without answers joins its neighbour and a margin that
    cannot be reached is left out, both reported; with `error` they raise.
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
    if rules.unfit_margins == "error":
        levels, merged = _own_levels(frame), []
    else:
        levels, merged = _levels(respondents, frame)
    weight, used, dropped = _rake_or_drop(respondents, frame, levels, rules)
    notes += merged + dropped
    respondents = respondents.assign(
        weight=weight, **{f"cal_{m}": levels[m].reindex(respondents[m]).to_numpy() for m in used}
    ).reset_index(drop=True)
    if rules.trim_at_median_times is not None:
        respondents, told = _trimmed(respondents, used, rules.trim_at_median_times)
        notes += told
    return Weighted(
        respondents,
        _steps(respondents),
        tuple(notes),
        int(frame["population"].sum()),
        tuple(used),
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
        told = f"the design weight of {bad} citizens is missing, zero, negative or infinite"
        remedy = "They were not drawn with this sample; draw again, or take their answers out."
        problems.append(Problem("sample", told, "N_h/n_h of a drawn citizen", remedy))
    counts = frame["population"].to_numpy(float, na_value=np.nan)
    if not np.all(np.isfinite(counts) & (counts >= 0)):
        told = "some population counts are missing, negative or infinite"
        problems.append(Problem("sampling frame", told, "persons per cell", "Run plan again."))
    for margin in MARGINS:
        populated = set(frame.loc[frame["population"] > 0, margin].dropna())
        unknown = sorted({str(v) for v in set(answered[margin]) - populated})
        if unknown:
            told = f"respondents' {margin} {', '.join(unknown)} has no population"
            problems.append(Problem("sample", told, "levels of the sampling frame", "Plan again."))
    if problems:
        raise WeightError(problems=problems)


def nonresponse_classes(asked: pd.DataFrame, min_answers: int) -> pd.Series:
    """Class of each citizen asked: target group × gender × age where it holds enough answers.

    Thin ages of one gender are put together, then thin genders of the target group; what is still
    thin joins the smallest other class.
    """
    group, gender = asked[STRATUM].astype(str), asked["gender"].astype(str)
    classes = group + " | " + gender + " " + asked["age_band"].astype(str)
    for outer in (group + " | " + gender, group + " |"):  # ages first, then genders
        answers = asked.groupby(classes)["responded"].sum()
        for prefix in outer.unique():
            of_outer = answers[[name.startswith(prefix) for name in answers.index]]
            thin = set(of_outer.index[of_outer < min_answers])
            if not thin:
                continue
            thick = of_outer[of_outer >= min_answers]
            target = prefix + " rest"
            if of_outer[list(thin)].sum() < min_answers and len(thick):
                target = thick.idxmin()
            classes = classes.where(~classes.isin(thin), target)
    return classes


def _nonresponse_factor(asked: pd.DataFrame, classes: pd.Series) -> pd.Series:
    """Σ design weights asked / Σ design weights answered, per class (Särndal & Lundström 2005)."""
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


def _own_levels(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Every populated level stands for itself."""
    known = {m: frame.loc[frame["population"] > 0, m].dropna().unique() for m in MARGINS}
    return {m: pd.Series(sorted(v), index=sorted(v), dtype=object) for m, v in known.items()}


def _rake_or_drop(
    respondents: pd.DataFrame,
    frame: pd.DataFrame,
    levels: dict[str, pd.Series],
    rules: Weighting,
) -> tuple[np.ndarray, list[str], list[str]]:
    """Rake to all margins; where that fails drop the last margin and say so, or raise, by the
    round's rule."""
    used, notes = list(MARGINS), []
    while True:
        codes, totals = [], []
        for margin in used:
            cells = pd.Index(sorted(set(levels[margin])))
            codes.append(cells.get_indexer(levels[margin].reindex(respondents[margin])))
            mapped = frame[margin].map(levels[margin])
            totals.append(frame.groupby(mapped)["population"].sum().reindex(cells))
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
            if len(used) == 1 or rules.unfit_margins == "error":
                raise
            notes.append(f"raking til {' × '.join(used)} konvergerer ikke: uden {used[-1]}")
            used = used[:-1]


def _trimmed(
    respondents: pd.DataFrame, margins: list[str], times: float
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
    told = f"{outside} vægte trimmet; marginerne afviger derefter højst {100 * off:.1f} %"
    return respondents.assign(weight=after), [told.replace(".", ",")]


def _steps(respondents: pd.DataFrame) -> pd.DataFrame:
    """A row a weighting step: sum, least, largest, design effect and effective number of answers."""
    rows = []
    for step in ("design_weight", "nonresponse_weight", "weight"):
        w = respondents[step].to_numpy(float)
        effect = kish_design_effect(w)
        rows.append((step, w.sum(), w.min(), w.max(), effect, len(w) / effect))
    columns = ["step", "sum", "least", "largest", "design_effect", "effective_n"]
    return pd.DataFrame(rows, columns=columns)
