"""Known finite populations for the proof by simulation, and their true values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy import special

from helpers.common.paths import PROJECT
from helpers.estimation.estimates import (
    SPLIT,
)
from helpers.estimation.expected import TERMS
from helpers.estimation.weighting import Weighted, weigh
from helpers.parameters.params import Round, load_round
from helpers.sampling.sampling import allocate, draw, sample_size, sampling_frame

DONT_KNOW = 6  # of the questionnaire that is simulated

QUESTIONS = ("q01", "q07", "q08", "q12", "q13")
THEMES = ("samtale",)  # q07 and q08; a theme of one question is that question
ITEMS = (*QUESTIONS, *THEMES)
STATISTICS = ("mean", *SPLIT, *(f"share_{i}" for i in range(1, 6)), "share_dont_know")
KINDS = ("census", "small", "large")
SIZES = ("5", "6–9", "10–29", "30–99", "100+")  # realised answers n; five is the least shown
SIZE_STARTS = (5, 6, 10, 30, 100)
TRUTH = ["breakdown", "category", "item", "statistic"]
ALPHA = 0.05
GROUP_SHARE = (0.34, 0.24, 0.20, 0.14, 0.08)
LOGIT_RESPONSE = (-0.45, 0.05, -1.45, -1.05, 0.35)  # by target group; some 17 to 60 per cent answer
ATTITUDE = (-0.10, 0.25, -0.60, -0.45, 0.45)  # latent standard deviations; follows the response
WOMEN = (0.48, 0.60, 0.45, 0.50, 0.62)
AGE_LOGIT, AGE_ATTITUDE = (-0.50, -0.15, 0.10, 0.35), (-0.20, -0.05, 0.05, 0.20)
AGE_SHARE = np.array([
    [0.16, 0.28, 0.26, 0.30], [0.14, 0.24, 0.28, 0.34], [0.32, 0.26, 0.20, 0.22],
    [0.46, 0.22, 0.16, 0.16], [0.10, 0.22, 0.30, 0.38],
])  # fmt: skip
WOMAN_LOGIT, WOMAN_ATTITUDE = 0.30, 0.12
# What only a target group and an age together do, to who answers and to what they answer: the young of one
# group are the eager and content, of another the opposite. Nothing of it shows in the margins of either.
INTERACTION = np.array([
    [0.9, -0.6, -0.5, 0.1], [-0.8, 0.5, 0.6, -0.2], [0.7, -0.4, -0.6, -0.1],
    [-0.6, 0.6, 0.4, 0.3], [0.8, 0.3, -0.3, -0.4],
])  # fmt: skip
INTERACTION_LOGIT, INTERACTION_ATTITUDE = 1.0, 0.5
DURATION_ATTITUDE = (0.15, 0.05, -0.05, -0.20)
LONG = (0.25, 0.15, 0.85, 0.55, 0.60)  # how far a group's durations lean to the long ones
# shares of the answers 1–5 at attitude 0: an option share of 5 per cent is usual
ANSWER_SHARES = {
    "q01": (0.05, 0.08, 0.19, 0.38, 0.30),
    "q07": (0.04, 0.06, 0.17, 0.41, 0.32),
    "q08": (0.05, 0.07, 0.18, 0.38, 0.32),
    "q12": (0.14, 0.18, 0.27, 0.26, 0.15),
    "q13": (0.10, 0.11, 0.21, 0.34, 0.24),
}
DONT_KNOW = 6  # the value of *ved ikke* on a scale of five answers
DONT_KNOW_SHARE = {"q01": 0.03, "q07": 0.04, "q08": 0.05, "q12": 0.08, "q13": 0.03}
PERSON_SD, NOISE_SD = 0.75, 0.66
CODES = {"census": "0563", "small": "0482", "large": "0751"}
ELIGIBLE = {"census": 120, "small": 900, "large": 12_000}
SMALL_INVITED = 850  # of some 900 eligible: nearly all
N_CLUSTERS, CLUSTER_ELIGIBLE, CLUSTER_SD = 25, (250, 800), 0.15
MIN_CLUSTERS = 10
EXPECTED_EVERY = 5  # rounds between two of the regression's


@dataclass(frozen=True)
class Population:
    """`people`: a row an eligible person with groups, propensity and the answers (1–5, 6) that the
    person gives whenever asked."""

    code: str
    inhabitants: int
    people: pd.DataFrame
    frame: pd.DataFrame


def survey_round() -> Round:
    """The project's demo round with five questions and a size band for »nearly all«."""
    round_ = load_round(PROJECT, "demo")
    asked = round_.questionnaire
    sizes = round_.settings.sampling.sizes
    first = sizes[0].model_copy(update={"invited": SMALL_INVITED})
    sampling = round_.settings.sampling.model_copy(
        update={"sizes": (first, *sizes[1:]), "smallest_sample": SMALL_INVITED}
    )
    return round_.model_copy(
        update={
            "settings": round_.settings.model_copy(
                update={"sampling": sampling, "participants": tuple(CODES.values())}
            ),
            "questionnaire": asked.model_copy(
                update={
                    "questions": tuple(q for q in asked.questions if q.id in QUESTIONS),
                    "themes": tuple(t for t in asked.themes if t.id in THEMES),
                }
            ),
            "local": {},
        }
    )


def make_population(
    round_: Round,
    code: str,
    eligible: int,
    rng: np.random.Generator,
    *,
    group_share: Sequence[float] = GROUP_SHARE,
    shift: float = 0.0,
    interaction: float = 0.0,
) -> Population:
    """A finite population; `shift`: the municipality's own attitude; `interaction`: share of INTERACTION."""
    groups = np.array(list(round_.settings.sampling.expected_response))
    durations = np.arange(len(round_.duration_band_ids))
    lean = np.exp(np.outer(np.array(LONG) - 0.5, durations))
    group = rng.choice(len(groups), eligible, p=group_share)
    woman = rng.random(eligible) < np.array(WOMEN)[group]
    age = _choose(AGE_SHARE[group], rng)
    duration = _choose((lean / lean.sum(axis=1, keepdims=True))[group], rng)
    logit = np.array(LOGIT_RESPONSE)[group] + np.array(AGE_LOGIT)[age] + WOMAN_LOGIT * (woman - 0.5)
    both = interaction * INTERACTION[group, age]
    logit += INTERACTION_LOGIT * both
    attitude = (
        shift
        + np.array(ATTITUDE)[group]
        + np.array(AGE_ATTITUDE)[age]
        + np.array(DURATION_ATTITUDE)[duration]
        + WOMAN_ATTITUDE * (woman - 0.5)
        + INTERACTION_ATTITUDE * both
        + rng.normal(0, PERSON_SD, eligible)
    )
    people = pd.DataFrame(
        {
            "person_id": np.arange(eligible),
            "target_group": groups[group],
            "gender": np.where(woman, "kvinde", "mand"),
            "age_band": np.array(round_.age_band_labels)[age],
            "duration_band": np.array(round_.duration_band_ids)[duration],
            "propensity": special.expit(logit),
        }
    )
    for question, shares in ANSWER_SHARES.items():
        cuts = [NormalDist().inv_cdf(c) for c in np.cumsum(shares)[:-1]]
        answer = 1 + np.searchsorted(cuts, attitude + rng.normal(0, NOISE_SD, eligible))
        answer[rng.random(eligible) < DONT_KNOW_SHARE[question]] = DONT_KNOW
        people[question] = pd.array(answer, dtype="Int8")
    inhabitants = round_.municipalities[code].population
    return Population(code, inhabitants, people, sampling_frame(people))


def _choose(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A column number a row, by that row's probabilities."""
    reached = rng.random(len(probabilities))[:, None] > probabilities.cumsum(axis=1)
    return np.minimum(reached.sum(axis=1), probabilities.shape[1] - 1)


def three_kinds(round_: Round, seed: int) -> dict[str, Population]:
    return {
        kind: make_population(
            round_, CODES[kind], ELIGIBLE[kind], np.random.default_rng([seed, 0, i])
        )
        for i, kind in enumerate(KINDS)
    }


def clusters(round_: Round, seed: int) -> list[Population]:
    """Small municipalities of different composition and attitude, for expected results."""
    rng = np.random.default_rng([seed, 1])
    codes = [m.code for m in round_.municipalities.values() if m.population <= 20_000]
    codes += [m.code for m in round_.municipalities.values() if m.population > 20_000]
    return [
        make_population(
            round_,
            code,
            int(rng.integers(*CLUSTER_ELIGIBLE)),
            rng,
            group_share=rng.dirichlet(40 * np.array(GROUP_SHARE)),
            shift=rng.normal(0, CLUSTER_SD),
        )
        for code in codes[:N_CLUSTERS]
    ]


def survey(population: Population, round_: Round, rng: np.random.Generator) -> Weighted:
    """One round in one municipality: allocate, draw, be answered or not, weigh."""
    rules, people = round_.settings.sampling, population.people
    size = sample_size(population.inhabitants, len(people), rules)
    counts = people["target_group"].value_counts().to_dict()
    allocation = allocate(counts, rules.expected_response, size, rules)
    asked = draw(people, allocation, rng)
    asked["responded"] = rng.random(len(asked)) < asked["propensity"].to_numpy()
    return weigh(asked, population.frame, round_.settings.weighting)


Truth = dict[tuple[str, str, str, str], float]


def true_values(people: pd.DataFrame, round_: Round) -> Truth:
    """TRUTH → the finite population's value, counted person by person, without the project's code."""
    answers = people[list(QUESTIONS)].astype(float).to_numpy()
    opinions = np.where(answers < DONT_KNOW, answers, np.nan)
    of_item = {q: opinions[:, i] for i, q in enumerate(QUESTIONS)}
    talk = opinions[:, [QUESTIONS.index("q07"), QUESTIONS.index("q08")]]
    known = ~np.isnan(talk)
    scored = np.where(known.any(axis=1), np.nansum(talk, axis=1) / np.maximum(known.sum(1), 1), 0)
    of_item["samtale"] = np.where(known.any(axis=1), scored, np.nan)  # one of two is half
    columns = {b: people[b].to_numpy() for b in TERMS}
    domains = {("all", "all"): np.ones(len(people), dtype=bool)}
    for breakdown in [*TERMS, *round_.two_way_breakdowns]:
        parts = [columns[c] for c in breakdown.split(":")]
        value = parts[0] if len(parts) == 1 else np.array([f"{a}:{b}" for a, b in zip(*parts)])
        domains |= {(breakdown, category): value == category for category in np.unique(value)}
    truth: Truth = {}
    for (breakdown, category), inside in domains.items():
        for item, column in of_item.items():
            has = column[inside & ~np.isnan(column)]
            if len(has):
                split = ((has >= 3.5), (has > 2.5) & (has < 3.5), (has <= 2.5))
                values = [has.mean(), *(part.mean() for part in split)]
                if item in QUESTIONS:
                    values += [(has == option).mean() for option in range(1, 6)]
                    values.append(np.mean(answers[inside, QUESTIONS.index(item)] == DONT_KNOW))
                for statistic, value in zip(STATISTICS, values):
                    truth[breakdown, category, item, statistic] = float(value)
    return truth


def true_expected(populations: Sequence[Population], item: str) -> dict[str, float]:
    """Code → actual less expected mean if all had been asked and had answered: least squares on
    deviations from the municipality's mean."""
    people = pd.concat([p.people.assign(municipality=p.code) for p in populations])
    people = people[people[item] < DONT_KNOW].reset_index(drop=True)
    x = pd.get_dummies(people[list(TERMS)], drop_first=True, dtype=float)
    y = people[item].astype(float)
    place = people["municipality"]
    swept_x, swept_y = (
        x - x.groupby(place).transform("mean"),
        y - y.groupby(place).transform("mean"),
    )
    beta = np.linalg.lstsq(swept_x.to_numpy(), swept_y.to_numpy(), rcond=None)[0]
    residual = y - x.to_numpy() @ beta
    return (residual.groupby(place).mean() - residual.mean()).to_dict()
