"""One municipality's analysis: sample and answers → weights → estimates and response counts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.errors import SurveyError
from helpers.estimates import estimate_municipality
from helpers.params import Round
from helpers.paths import Paths, write_atomically
from helpers.responses import with_answers
from helpers.weighting import Weighted, weigh

RESPONSE_BREAKDOWNS = ("all", "target_group", "gender", "age_band", "duration_band")


@dataclass(frozen=True)
class Analysis:
    """`asked`: a row a citizen asked; `weighted`: its respondents with weights; `estimates`: a row a
    number with its sums; `response`: a row a group with population, invited and answers."""

    asked: pd.DataFrame
    frame: pd.DataFrame
    weighted: Weighted
    estimates: pd.DataFrame
    response: pd.DataFrame


def analyse(paths: Paths, round_: Round, code: str) -> Analysis:
    """Weigh and estimate from the drawn sample, its frame and the collected answers."""
    for path, step in ((paths.sample(code), "plan"), (paths.answers(code), "analyse")):
        if not path.is_file():
            raise SurveyError(
                str(path),
                "is not there",
                f"the result of the step {step}",
                f"Run `survey run {round_.id} --stage {step} --only {code}`.",
            )
    sample, frame = pd.read_parquet(paths.sample(code)), pd.read_parquet(paths.frame(code))
    asked = with_answers(sample, pd.read_parquet(paths.answers(code)), round_, code)
    weighted = weigh(asked, frame, round_.settings.weighting)
    return Analysis(
        asked,
        frame,
        weighted,
        estimate_municipality(weighted, round_, code),
        response_counts(asked, frame, weighted, round_, code),
    )


def response_counts(
    asked: pd.DataFrame, frame: pd.DataFrame, weighted: Weighted, round_: Round, code: str
) -> pd.DataFrame:
    """A row a breakdown × category: population, invited, answers; on `all` also the sum of the final
    weights and of their squares, which add up over municipalities."""
    rows = []
    labels = round_.category_labels()
    for breakdown in RESPONSE_BREAKDOWNS:
        for category in labels[breakdown]:
            people = frame["population"]
            invited, answers = asked, asked["responded"]
            if breakdown != "all":
                people = people[frame[breakdown] == category]
                inside = asked[breakdown] == category
                invited, answers = asked[inside], answers[inside]
            rows.append(
                (code, breakdown, category, int(people.sum()), len(invited), int(answers.sum()))
            )
    columns = ["municipality", "breakdown", "category", "population", "invited", "answers"]
    table = pd.DataFrame(rows, columns=columns)
    weights = weighted.respondents["weight"]
    whole = table["breakdown"] == "all"
    table.loc[whole, "weight_sum"] = weights.sum()
    table.loc[whole, "weight_squares"] = weights.pow(2).sum()
    return table


def save_analysis(paths: Paths, code: str, analysis: Analysis) -> None:
    """Write the estimates and the response counts of one municipality."""
    write_atomically(paths.response_counts(code), analysis.response.to_parquet)
    write_atomically(paths.estimates(code), analysis.estimates.to_parquet)
