"""Sizes, allocation and draw: stratified by target group, disproportional, without replacement.

A municipality's size follows from its inhabitants; a population smaller than that is taken whole.
`allocate` states and solves the whole problem of who is invited from which target group. Within a
target group a systematic draw over gender × age mirrors the population.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.common.errors import Problem, SurveyError
from helpers.parameters.params import Sampling

STRATUM = "target_group"
CONTROLS = ["gender", "age_band"]
FRAME_COLUMNS = ["target_group", "gender", "age_band", "duration_band"]


def sample_size(inhabitants: int, eligible: int, rules: Sampling) -> int:
    """Citizens to invite by the round's size bands; all where no more are eligible."""
    size = next(
        b.invited
        for b in rules.sizes
        if b.up_to_inhabitants is None or inhabitants <= b.up_to_inhabitants
    )
    return min(size, eligible)


def allocate(
    population: Mapping[str, int],
    expected_response: Mapping[str, float],
    size: int,
    rules: Sampling,
) -> pd.DataFrame:
    """Citizens to invite per target group.

    Given N_h persons (`population`) and expected response r_h in (0, 1] per target group h, the wanted
    `size`, and the round's rules, find whole numbers n_h that

        minimise    Σ_h n_h²·r_h/N_h
        subject to  f_h ≤ n_h ≤ N_h,  f_h = min(N_h, max(1, ⌈min_answers_per_group/r_h⌉))
                    Σ_h n_h = n

    where n is the least total that is at least `size`, holds the floors Σ_h f_h, and is expected to give
    `min_answers` answers, Σ_h n_h·r_h; but at most `largest_sample` (or `size`, if that is larger)
    and never more than Σ_h N_h. The minimum is n_h = clip(λ·N_h/r_h, f_h, N_h): beyond the floors,
    expected answers are proportional to the population, so groups with low response are
    oversampled and weights vary as little as they can. Rounded by largest remainders within the
    bounds. Where the cap leaves no room for the floors they are scaled down together, to 1 at the least,
    and `least` is what is left of them; `unmet` tells. A group with people in it is never left out.

    Returns a row a target group: population, expected_response, least (f_h as it held), invited,
    sampling_fraction, oversampling (n_h/N_h over n/N), expected_answers.
    Raises SurveyError where a group has no expected response, or a number is senseless.
    """
    _check_strata(population, expected_response, size)
    groups = list(population)
    n_pop = np.array([population[g] for g in groups], dtype=float)
    response = np.array([expected_response[g] for g in groups], dtype=float)
    wanted = np.ceil(rules.min_answers_per_group / response - 1e-9)
    floors = np.minimum(n_pop, np.maximum(wanted, 1))
    everybody = int(n_pop.sum())
    ceiling = min(everybody, max(rules.largest_sample, size))
    total = min(ceiling, max(size, int(floors.sum())))
    if floors.sum() > total:
        floors = _lowered(floors, total)
    invited = _spread(total, n_pop / response, floors, n_pop)
    while invited @ response < rules.min_answers and total < ceiling:
        lacking = (rules.min_answers - invited @ response) / response.max()
        total = min(ceiling, total + max(1, int(lacking)))
        invited = _spread(total, n_pop / response, floors, n_pop)
    overall = invited.sum() / max(everybody, 1)
    fraction = np.divide(invited, n_pop, out=np.zeros_like(n_pop), where=n_pop > 0)
    return pd.DataFrame(
        {
            "target_group": groups,
            "population": n_pop.astype(int),
            "expected_response": response,
            "least": floors.astype(int),
            "invited": invited.astype(int),
            "sampling_fraction": fraction,
            "oversampling": fraction / overall if overall else fraction,
            "expected_answers": invited * response,
        }
    )


def unmet(allocation: pd.DataFrame, rules: Sampling) -> pd.DataFrame:
    """The target groups whose expected answers stay below `min_answers_per_group`, for lack of people
    or of room in the sample: rows of `allocation`."""
    return allocation[allocation["expected_answers"] < rules.min_answers_per_group - 1e-9]


def _check_strata(
    population: Mapping[str, int], expected_response: Mapping[str, float], size: int
) -> None:
    problems = []
    for group, people in population.items():
        if not (np.isfinite(people) and people >= 0 and float(people).is_integer()):
            finding = f"{people} persons in {group}"
            problems.append(Problem("allocation", finding, "a whole number", "Run intake again."))
        rate = expected_response.get(group, np.nan)
        if not 0 < rate <= 1:
            finding = f"{group} has the expected response {rate}"
            remedy = "Add it to sampling.expected_response of the round."
            problems.append(Problem("allocation", finding, "a share in (0, 1]", remedy))
    if not (np.isfinite(size) and size >= 0 and float(size).is_integer()):
        problems.append(Problem("allocation", f"a sample of {size}", "a whole number"))
    if problems:
        raise SurveyError(problems=problems)


def _lowered(floors: np.ndarray, total: int) -> np.ndarray:
    """Whole floors scaled down to sum to no more than `total`, none below 1 where there is room for that."""
    groups = (floors > 0).astype(float)
    if groups.sum() > total:
        return np.zeros_like(floors)
    return np.floor(_bounded_proportional(total, floors, groups, floors) + 1e-9)


def _spread(total: int, size: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whole numbers summing to `total`, ∝ `size` within [low, high], Σ low at most `total`."""
    total = int(min(total, high.sum()))
    exact = _bounded_proportional(total, size, low, high)
    whole = np.floor(exact + 1e-9)
    by_remainder = np.argsort(-(exact - whole), kind="stable")
    room = [i for i in by_remainder if whole[i] < high[i]]
    whole[room[: round(total - whole.sum())]] += 1
    return whole


def _bounded_proportional(
    total: float, size: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """x_h = clip(λ·size_h, low_h, high_h) with Σ x_h = total, by exact search over break points."""
    positive = size > 0
    breaks = np.unique(
        np.concatenate([low[positive] / size[positive], high[positive] / size[positive]])
    )

    def filled(factor: float) -> np.ndarray:
        return np.clip(factor * size, low, high)

    sums = np.array([filled(b).sum() for b in breaks])
    at = int(np.searchsorted(sums, total))
    if at >= len(breaks):
        return filled(breaks[-1]) if len(breaks) else low
    if at == 0 or sums[at] == total:
        return filled(breaks[at])
    share = (total - sums[at - 1]) / (sums[at] - sums[at - 1])
    return filled(breaks[at - 1] + share * (breaks[at] - breaks[at - 1]))


def draw(
    eligible: pd.DataFrame, allocation: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw each target group's sample; every member has inclusion probability n_h/N_h.

    `eligible` has a row a person with person_id, target_group, gender, age_band. Systematic
    sampling with a random start over the group ordered by gender × age, in random order within:
    each cell's count differs from the proportional one by less than 1. Returns the drawn rows in
    the order of `eligible`, with stratum_population N_h, stratum_invited n_h and design_weight
    N_h/n_h.
    """
    drawn = []
    for row in allocation.itertuples():
        stratum = eligible[eligible[STRATUM] == row.target_group]
        chosen = _systematic(stratum, row.invited, rng)
        drawn.append(
            stratum.loc[chosen].assign(
                stratum_population=row.population,
                stratum_invited=row.invited,
                design_weight=row.population / row.invited if row.invited else np.nan,
            )
        )
    return pd.concat(drawn).sort_index()


def _systematic(stratum: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.Index:
    if count == 0:
        return stratum.index[:0]
    shuffled = stratum.iloc[rng.permutation(len(stratum))]
    ordered = shuffled.sort_values(CONTROLS, kind="stable")
    step = len(ordered) / count
    places = np.floor((rng.random() + np.arange(count)) * step).astype(int)
    return ordered.index[np.minimum(places, len(ordered) - 1)]


def generator(seed: int, code: str) -> np.random.Generator:
    """Randomness of one municipality's draw: order and parallel work change nothing."""
    return np.random.default_rng([seed, int(code)])


def sampling_frame(eligible: pd.DataFrame) -> pd.DataFrame:
    """Cell counts of the eligible population, kept with the sample: the margins of its weighting."""
    return (
        eligible.groupby(FRAME_COLUMNS, dropna=False, observed=True)
        .size()
        .rename("population")
        .reset_index()
    )


def likeness(sample: pd.DataFrame, eligible: pd.DataFrame) -> pd.DataFrame:
    """Sample beside population within target group: a row a target group × gender × age band.

    `expected` is the proportional count n_h·N_hc/N_h, `difference` drawn less expected.
    """
    cells = [STRATUM, *CONTROLS]
    table = pd.DataFrame(
        {
            "population": eligible.groupby(cells, observed=True).size(),
            "drawn": sample.groupby(cells, observed=True).size(),
        }
    ).fillna(0)
    by_group = table.groupby(level=0)
    fraction = by_group["drawn"].transform("sum") / by_group["population"].transform("sum")
    table["expected"] = table["population"] * fraction
    table["difference"] = table["drawn"] - table["expected"]
    return table.reset_index().astype({"population": int, "drawn": int})
