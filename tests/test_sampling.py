"""Allocation and draw: their invariants hold for any population."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.params import load_round
from helpers.paths import PROJECT
from helpers.sampling import allocate, draw, generator, likeness, sample_size

RULES = load_round(PROJECT, "2024-foraar").settings.sampling
GROUPS = list(RULES.expected_response)


def people(seed=1, sizes=(300, 200, 150, 400, 60)):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person_id": [f"p{i}" for i in range(sum(sizes))],
            "target_group": np.repeat(GROUPS, sizes),
            "gender": rng.choice(["kvinde", "mand"], sum(sizes)),
            "age_band": rng.choice(["16-29", "30-39", "40-49", "50-66"], sum(sizes)),
        }
    )


populations = st.lists(st.integers(0, 8000), min_size=5, max_size=5).filter(lambda n: sum(n) > 0)


@given(populations, st.integers(1, 3000))
def test_allocation_is_whole_sums_and_never_exceeds_the_stratum(sizes, size):
    a = allocate(dict(zip(GROUPS, sizes)), RULES.expected_response, size, RULES)
    assert (a["invited"] <= a["population"]).all()
    assert (a["invited"] >= 0).all()
    least = min(size, sum(sizes))
    assert least <= a["invited"].sum() <= max(least, min(RULES.largest_sample, sum(sizes)))
    reached = a["expected_answers"].sum() >= RULES.min_answers
    assert reached or a["invited"].sum() in (sum(sizes), max(least, RULES.largest_sample))


@given(populations)
def test_each_group_gets_its_least_answers_where_there_is_room(sizes):
    a = allocate(dict(zip(GROUPS, sizes)), RULES.expected_response, 2000, RULES)
    floor = np.minimum(a["population"], np.ceil(40 / a["expected_response"]))
    if floor.sum() <= a["invited"].sum():
        assert (a["invited"] >= np.floor(floor)).all()


def test_groups_with_low_expected_response_are_oversampled():
    a = allocate(dict.fromkeys(GROUPS, 2000), RULES.expected_response, 2000, RULES)
    by_response = a.sort_values("expected_response")
    assert by_response["oversampling"].is_monotonic_decreasing
    assert a["expected_answers"].max() - a["expected_answers"].min() < 1


@pytest.mark.parametrize(
    "inhabitants, eligible, size",
    [(1800, 46, 46), (1800, 1000, 1000), (1800, 1001, 1000), (20_000, 9000, 1000),
     (20_001, 9000, 1400), (50_001, 9000, 2000), (632_340, 22_000, 2000)],
)  # fmt: skip
def test_size_by_inhabitants_or_census(inhabitants, eligible, size):
    assert sample_size(inhabitants, eligible, RULES) == size


def test_draw_mirrors_gender_and_age_within_one_person():
    everybody = people()
    a = allocate(
        everybody["target_group"].value_counts().to_dict(), RULES.expected_response, 700, RULES
    )
    sample = draw(everybody, a, generator(7, "0707"))
    assert sample["person_id"].is_unique
    assert (
        sample.groupby("target_group").size().to_dict()
        == a.set_index("target_group")["invited"].to_dict()
    )
    assert likeness(sample, everybody)["difference"].abs().max() < 1
    weights = sample.groupby("target_group")["design_weight"].sum()
    assert np.allclose(weights, everybody["target_group"].value_counts().reindex(weights.index))


def test_inclusion_probabilities_are_the_sampling_fractions():
    everybody = people(sizes=(23, 17, 31, 12, 9))
    sizes = everybody["target_group"].value_counts().to_dict()
    a = allocate(sizes, RULES.expected_response, 40, RULES)
    times = pd.Series(0.0, index=everybody.index)
    draws = 2000
    rng = np.random.default_rng(5)
    for _ in range(draws):
        times.loc[draw(everybody, a, rng).index] += 1
    expected = everybody["target_group"].map(a.set_index("target_group")["sampling_fraction"])
    error = np.sqrt(expected * (1 - expected) / draws)
    assert ((times / draws - expected).abs() <= 4.5 * error + 1e-12).all()


def test_same_seed_same_draw_and_each_municipality_its_own():
    everybody = people()
    sizes = everybody["target_group"].value_counts().to_dict()
    a = allocate(sizes, RULES.expected_response, 300, RULES)
    first, again, other = (draw(everybody, a, generator(7, c)) for c in ("0707", "0707", "0580"))
    assert first.equals(again)
    assert not first["person_id"].equals(other["person_id"])
