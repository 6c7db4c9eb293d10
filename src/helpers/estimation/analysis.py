"""One municipality's analysis: sample and answers → weights → estimates and response counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.answers.digests import answer_digests
from helpers.answers.responses import with_answers
from helpers.answers.theme_scores import theme_scores
from helpers.common.errors import SurveyError
from helpers.common.paths import Paths, write_atomically
from helpers.estimation.estimates import estimate_municipality, group_covariances
from helpers.estimation.nonresponse import RIndicator, outcome_rates, r_indicator
from helpers.estimation.round_estimates import driver_rows
from helpers.estimation.weighting import STRATUM, Weighted, weigh
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import text_columns
from helpers.sampling.sampling import generator

RESPONSE_BREAKDOWNS = ("all", "target_group", "gender", "age_band", "duration_band")


@dataclass(frozen=True)
class Analysis:
    """`asked`: a row a citizen asked; `weighted`: its respondents with weights; `estimates`: a row a
    number with its sums; `covariances`: a row a pair of groups; `rows`: `model_rows`; `drivers`: a
    row a theme; `response`: a row a group with population, invited and answers; `r_indicator`: how
    like the population those who answered are; `digests`: whether an answer changes until a later
    release."""

    asked: pd.DataFrame
    frame: pd.DataFrame
    weighted: Weighted
    estimates: pd.DataFrame
    covariances: pd.DataFrame
    rows: pd.DataFrame
    drivers: pd.DataFrame
    response: pd.DataFrame
    r_indicator: RIndicator
    digests: pd.DataFrame


def analyse(paths: Paths, round_: Round, code: str) -> Analysis:
    """Weigh and estimate from the drawn sample, its frame and the collected answers."""
    needed = {paths.sample(code): "plan", paths.frame(code): "plan", paths.answers(code): "analyse"}
    for path, step in needed.items():
        if not path.is_file():
            raise SurveyError(
                str(path),
                "is not there",
                f"the result of the step {step}",
                f"Run `survey run {round_.id} --stage {step} --only {code}`.",
            )
    sample, frame = pd.read_parquet(paths.sample(code)), pd.read_parquet(paths.frame(code))
    asked = ordered(with_answers(sample, pd.read_parquet(paths.answers(code)), round_, code))
    weighted = weigh(asked, frame, round_.settings.weighting)
    rows = model_rows(weighted, round_, code)
    r = r_indicator(asked, frame, confidence=round_.settings.comparison.confidence)
    return Analysis(
        asked,
        frame,
        weighted,
        estimate_municipality(weighted, round_, code),
        group_covariances(weighted, round_, code),
        rows,
        driver_rows(rows, round_, code, generator(round_.settings.seed, code)),
        response_counts(asked, frame, weighted, r, round_, code),
        r,
        answer_digests(asked, round_, code),
    )


def ordered(asked: pd.DataFrame) -> pd.DataFrame:
    """In the order of what is known of each and what each answered, not of the extract and the letters: no
    table made of the rows tells by their places whose they are, and what changes when identities are deleted
    (ids, keys, places, the time of answering, texts) changes no number, not in the last digit."""
    others = {"person_id", "key", "submitted_at", *text_columns(asked)}
    columns = [c for c in asked if c not in others]
    return asked.sort_values(columns, kind="stable", ignore_index=True)


def response_counts(
    asked: pd.DataFrame,
    frame: pd.DataFrame,
    weighted: Weighted,
    r: RIndicator,
    round_: Round,
    code: str,
) -> pd.DataFrame:
    """A row a breakdown × category: population, invited, answers; on `all` also the sum of the final
    weights and of their squares and AAPOR's outcomes, which add up over municipalities, and the
    R-indicator."""
    rows = []
    labels = round_.category_labels()
    population, answered = frame["population"].to_numpy(), asked["responded"].to_numpy(bool)
    for breakdown in RESPONSE_BREAKDOWNS:
        everybody = breakdown == "all"
        of_frame = None if everybody else frame[breakdown].to_numpy(dtype=object)
        of_asked = None if everybody else asked[breakdown].to_numpy(dtype=object)
        for category in labels[breakdown]:
            people = population if everybody else population[of_frame == category]
            answers = answered if everybody else answered[of_asked == category]
            rows.append(
                (code, breakdown, category, int(people.sum()), len(answers), int(answers.sum()))
            )
    columns = ["municipality", "breakdown", "category", "population", "invited", "answers"]
    table = pd.DataFrame(rows, columns=columns)
    weights = weighted.respondents["weight"]
    outcomes = outcome_rates(asked)
    of_all = {
        "weight_sum": weights.sum(),
        "weight_squares": weights.pow(2).sum(),
        **{k: getattr(outcomes, k) for k in ("complete", "partial", "break_off", "no_contact")},
        "r_indicator": r.value,
        "r_low": r.ci_low,
        "r_high": r.ci_high,
    }
    whole = (table["breakdown"] == "all").to_numpy(bool)
    return table.assign(**{name: np.where(whole, v, np.nan) for name, v in of_all.items()})


MODEL_COLUMNS = [
    "target_group", "gender", "age_band", "duration_band", "stratum_population", "weight",
    "nonresponse_weight",
]  # fmt: skip
ASKED_COLUMNS = [*MODEL_COLUMNS[:4], "design_weight", "status", "responded"]


def model_rows(weighted: Weighted, round_: Round, code: str) -> pd.DataFrame:
    """What the models of the whole round need: a row a respondent with groups, weights, calibration
    levels and theme scores, and nothing that points at a person."""
    respondents = weighted.respondents
    levels = [f"cal_{m}" for m in weighted.margins]
    table = respondents[[*MODEL_COLUMNS, *levels]].join(theme_scores(respondents, round_))
    return table.assign(municipality=code, stratum=respondents[STRATUM])


def save_analysis(paths: Paths, code: str, analysis: Analysis) -> None:
    """Write the estimates, the response counts and the rows for the round's models."""
    write_atomically(paths.covariances(code), analysis.covariances.to_parquet)
    write_atomically(paths.drivers(code), analysis.drivers.to_parquet)
    asked = analysis.asked[ASKED_COLUMNS]
    write_atomically(paths.asked(code), asked.to_parquet)
    write_atomically(paths.respondents(code), analysis.rows.to_parquet)
    write_atomically(paths.answer_digests(code), analysis.digests.to_parquet)
    write_atomically(paths.response_counts(code), analysis.response.to_parquet)
    write_atomically(paths.estimates(code), analysis.estimates.to_parquet)
