"""Allocation and draw: their invariants hold for any population."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT
from helpers.parameters.params import load_round
from helpers.sampling.sampling import allocate, draw, generator, likeness, sample_size, unmet

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
responses = st.lists(st.floats(0.02, 1), min_size=5, max_size=5)


@st.composite
def problems(draw_from):
    """Any municipality, any expected response, any rules."""
    sizes = dict(zip(GROUPS, draw_from(populations)))
    response = dict(zip(GROUPS, draw_from(responses)))
    rules = RULES.model_copy(
        update={
            "min_answers": draw_from(st.integers(0, 400)),
            "min_answers_per_group": draw_from(st.integers(0, 120)),
            "largest_sample": draw_from(st.integers(1, 3000)),
        }
    )
    return sizes, response, draw_from(st.integers(0, 3000)), rules


@given(problems())
def test_allocation_keeps_every_rule(problem):
    """Whole numbers, summing exactly, within the strata; floors and answers where there is room, and
    no citizen more than that asks for."""
    sizes, response, size, rules = problem
    a = allocate(sizes, response, size, rules)
    total, everybody = a["invited"].sum(), sum(sizes.values())
    ceiling = min(everybody, max(rules.largest_sample, size))
    assert a["invited"].between(0, a["population"]).all()
    assert min(size, everybody) <= total <= ceiling
    assert (a["invited"] >= a["least"]).all()
    populated = a["population"] > 0
    assert total < populated.sum() or (a.loc[populated, "invited"] > 0).all()
    wanted = np.ceil(rules.min_answers_per_group / a["expected_response"] - 1e-9).clip(lower=1)
    floors = int(np.minimum(a["population"], wanted).sum())
    assert floors > ceiling or a["least"].sum() == floors
    enough = a["expected_answers"].sum() >= rules.min_answers
    assert enough or total == ceiling
    needed = max(min(size, everybody), min(floors, ceiling))
    if (
        total > needed
    ):  # more than size and floors ask for: because of the answers, and not one too many
        fewer = allocate(sizes, response, total - 1, rules.model_copy(update={"min_answers": 0}))
        assert fewer["expected_answers"].sum() < rules.min_answers


@given(problems())
def test_no_other_allocation_lies_nearer_to_proportional_answers(problem):
    """Moving one citizen from any group to any other, within the bounds, lowers Σ n²·r/N by no more
    than rounding explains."""
    sizes, response, size, rules = problem
    a = allocate(sizes, response, size, rules)
    a = a[a["population"] > 0]
    cost = (a["expected_response"] / a["population"]).to_numpy()
    n = a["invited"].to_numpy(float)
    can_give, can_take = n > a["least"], n < a["population"]
    gain = cost[:, None] * (2 * n[:, None] - 1) - cost[None, :] * (2 * n[None, :] + 1)
    possible = can_give.to_numpy()[:, None] & can_take.to_numpy()[None, :]
    rounding = 2 * (cost[:, None] + cost[None, :])
    assert (gain[possible] <= rounding[possible] + 1e-9).all()


def test_floors_ask_for_more_than_the_size():
    rules = RULES.model_copy(update={"min_answers_per_group": 80, "largest_sample": 2000})
    sizes = dict.fromkeys(GROUPS, 3000)
    a = allocate(sizes, dict.fromkeys(GROUPS, 0.25), 1000, rules)
    assert a["invited"].sum() == 5 * 320  # not the 1,000 of the band
    assert unmet(a, rules).empty
    tight = allocate(
        sizes, dict.fromkeys(GROUPS, 0.25), 1000, rules.model_copy(update={"largest_sample": 1200})
    )
    assert tight["invited"].sum() == 1200
    assert len(unmet(tight, rules)) == 5


@pytest.mark.parametrize("people, told", [(159, True), (160, False), (161, False)])
def test_group_too_small_for_its_least_answers_is_told(people, told):
    rules = RULES.model_copy(update={"min_answers_per_group": 40})
    sizes = {"dagpenge": people, "sygedagpenge": 4000}
    a = allocate(sizes, {"dagpenge": 0.25, "sygedagpenge": 0.25}, 1000, rules)
    assert a["invited"].iloc[0] >= min(people, 160)
    assert unmet(a, rules)["target_group"].tolist() == (["dagpenge"] if told else [])


@pytest.mark.parametrize(
    "sizes, response, size, told",
    [
        ({"a": 10}, {}, 5, "a has the expected response nan"),
        ({"a": 10}, {"a": 0.0}, 5, "expected response 0.0"),
        ({"a": 10}, {"a": 1.5}, 5, "expected response 1.5"),
        ({"a": -1}, {"a": 0.5}, 5, "-1 persons in a"),
        ({"a": float("nan")}, {"a": 0.5}, 5, "nan persons in a"),
        ({"a": 10}, {"a": 0.5}, -5, "a sample of -5"),
    ],
)
def test_senseless_strata_are_refused(sizes, response, size, told):
    with pytest.raises(SurveyError, match=told):
        allocate(sizes, response, size, RULES)


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


@given(
    st.lists(st.integers(1, 400), min_size=8, max_size=8), st.floats(0, 1), st.integers(0, 10_000)
)
def test_every_cell_is_within_one_of_proportional(cells, share, seed):
    """Whatever the cells of a stratum and the number drawn."""
    labels = [(g, a) for g in ("kvinde", "mand") for a in ("16-29", "30-39", "40-49", "50-66")]
    stratum = pd.DataFrame(
        [cell for cell, count in zip(labels, cells) for _ in range(count)],
        columns=["gender", "age_band"],
    ).assign(target_group="dagpenge")
    count = round(share * len(stratum))
    allocation = pd.DataFrame(
        {"target_group": ["dagpenge"], "population": [len(stratum)], "invited": [count]}
    )
    sample = draw(stratum, allocation, np.random.default_rng(seed))
    assert len(sample) == count
    assert likeness(sample, stratum)["difference"].abs().max() < 1


def test_inclusion_probabilities_are_the_sampling_fractions():
    everybody = people(sizes=(23, 17, 31, 12, 9))
    sizes = everybody["target_group"].value_counts().to_dict()
    no_floors = RULES.model_copy(update={"min_answers": 0, "min_answers_per_group": 0})
    a = allocate(sizes, RULES.expected_response, 40, no_floors)
    assert a["invited"].sum() == 40  # no census: every fraction lies between 0 and 1
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
