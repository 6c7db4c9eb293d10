"""Who is asked in a month: known probabilities, nobody twice, no favour to newcomers."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from benchmarks.rolling_designs import POOL, RECURSION, ROTATION, compare
from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT
from helpers.rolling.months import (
    add_months,
    danish_period,
    months_between,
    name,
    ordinal,
    parse_month,
)
from helpers.rolling.rotation import empty_registry, forget_gone, plan_month, yearly_inclusion
from helpers.rolling.settings import load_rolling

JANUARY = parse_month("2025-01")
GROUPS = ["dagpenge", "jobafklaring"]


@pytest.fixture(scope="module")
def rules():
    return load_rolling(PROJECT, "demo-rullende").settings


def asking(rules, invited: int):
    """The settings with so many invitations a year and no floors."""
    sampling = rules.sampling.model_copy(
        update={
            "sizes": (rules.sampling.sizes[-1].model_copy(update={"invited": invited}),),
            "min_answers": 0,
            "min_answers_per_group": 0,
            "largest_sample": invited,
        }
    )
    return rules.model_copy(update={"sampling": sampling})


def people(count: int, start: int = 0) -> pd.DataFrame:
    numbers = np.arange(start, start + count)
    return pd.DataFrame(
        {
            "person_id": [f"{i:06d}" for i in numbers],
            "target_group": np.where(numbers % 4 == 0, GROUPS[1], GROUPS[0]),
            "gender": np.where(numbers % 2, "kvinde", "mand"),
            "age_band": np.where(numbers % 3, "30-39", "50-66"),
        }
    )


def plan(table, registry, month, rules, seed=1):
    rng = np.random.default_rng([seed, ordinal(month)])
    return plan_month(table, table["person_id"], registry, GROUPS, month, 9_000, rules, rng)


def test_months():
    assert add_months(JANUARY, -1) == dt.date(2024, 12, 1)
    assert name(add_months(JANUARY, 23)) == "2026-12"
    assert months_between(JANUARY, add_months(JANUARY, -1)) == []
    assert danish_period(dt.date(2025, 4, 1), dt.date(2026, 3, 1)) == "april 2025–marts 2026"
    assert danish_period(JANUARY, dt.date(2025, 3, 1)) == "januar–marts 2025"
    for wrong in ("2025-13", "2025-1", "2025-01-01"):
        with pytest.raises(ValueError, match="no month"):
            parse_month(wrong)


def test_a_standing_population_is_asked_once_a_year_as_allocated(rules):
    registry, everybody, asked = empty_registry(), people(600), []
    for i in range(24):
        month = plan(everybody, registry, add_months(JANUARY, i), asking(rules, 300))
        registry = month.registry
        asked.append(month.sample.assign(month=i))
        yearly = month.strata.set_index("target_group")
        assert yearly["yearly"].sum() == 300
        assert (month.strata["asked"] <= month.strata["at_turn"]).all()
        off = month.strata["asked"] - month.strata["fraction"] * month.strata["at_turn"]
        assert (off.abs() < 1).all()
        assert np.allclose(
            month.population["probability"],
            month.population["target_group"].map(yearly["yearly"] / yearly["population"]) / 12,
        )
    table = pd.concat(asked).sort_values(["person_id", "month"])
    gaps = table.groupby("person_id")["month"].diff().dropna()
    assert len(gaps) and (gaps == 12).all()
    assert (
        abs(len(table) - 600) <= 48
    )  # 300 a year; rounding moves a month by less than one a group
    # a year's weights give back the population in person-years
    first = table[table["month"] < 12]
    assert first["design_weight"].sum() == pytest.approx(600, rel=0.06)


def test_a_census_asks_everybody_at_turn_and_turns_are_even(rules):
    month = plan(people(120), empty_registry(), JANUARY, asking(rules, 2000))
    assert np.bincount(month.registry["turn"]).tolist() == [10] * 12
    assert month.strata["fraction"].tolist() == [1.0, 1.0]
    assert len(month.sample) == 10 and (month.sample["design_weight"] == 1).all()


def test_probabilities_are_those_of_many_draws(rules):
    """Old and new citizens of a group are asked equally often: by p, whatever their past."""
    wanted, old, new = asking(rules, 90), people(100), people(40, start=100)
    counts = np.zeros(140)
    for seed in range(150):
        before = plan(old, empty_registry(), JANUARY, wanted, seed)
        now = plan(pd.concat([old, new], ignore_index=True), before.registry,
                   add_months(JANUARY, 1), wanted, seed)  # fmt: skip
        counts[now.sample["person_id"].astype(int)] += 1
    p = now.population["probability"].to_numpy()
    z = (counts / 150 - p) / np.sqrt(p * (1 - p) / 150)
    assert abs(z[:100].mean()) < 0.35 and abs(z[100:].mean()) < 0.5  # 3 standard errors
    assert np.abs(z).max() < 4.5


def test_yearly_inclusion_is_the_sum_of_the_months(rules):
    registry, populations, everybody = empty_registry(), [], people(60)
    for i in range(12):
        here = everybody if i < 6 else everybody.iloc[:30].reset_index(drop=True)
        month = plan(here, registry, add_months(JANUARY, i), asking(rules, 60))
        registry = month.registry
        populations.append(month.population)
    found = yearly_inclusion(populations)
    assert np.allclose(found.loc[everybody["person_id"][:30]], 1.0)
    assert np.allclose(found.loc[everybody["person_id"][30:]], 0.5)


def test_who_was_asked_of_late_is_never_asked(rules):
    wanted = asking(rules, 2000)
    month = plan(people(120), empty_registry(), JANUARY, wanted)
    asked = month.registry["last_asked"] == ordinal(JANUARY)
    assert asked.sum() == 10
    spoiled = month.registry.assign(
        turn=np.where(asked, ordinal(add_months(JANUARY, 11)) % 12, month.registry["turn"])
    ).astype(month.registry.dtypes)
    with pytest.raises(SurveyError, match="10 citizens would be asked again within 12 months"):
        plan(people(120), spoiled, add_months(JANUARY, 11), wanted)
    later = spoiled.assign(turn=month.registry["turn"])
    assert len(plan(people(120), later, add_months(JANUARY, 12), wanted).sample) == 10


def test_other_lengths_between_invitations(rules):
    """R = 6: half of the year's fraction in each turn, twice a year; R = 24 caps at everybody."""
    half = asking(rules, 60).model_copy(update={"months_between_invitations": 6})
    strata = plan(people(120), empty_registry(), JANUARY, half).strata
    assert np.allclose(strata["fraction"], strata["yearly"] / strata["population"] / 2)
    assert np.allclose(strata["probability"] * 12, strata["yearly"] / strata["population"])
    long = asking(rules, 90).model_copy(update={"months_between_invitations": 24})
    assert (plan(people(120), empty_registry(), JANUARY, long).strata["fraction"] == 1).all()


def test_who_is_gone_is_forgotten_after_the_retention_months(rules):
    registry = plan(people(8), empty_registry(), JANUARY, rules).registry
    assert len(forget_gone(registry, add_months(JANUARY, 12), 13)) == 8
    assert len(forget_gone(registry, add_months(JANUARY, 13), 13)) == 0


def test_entries_are_counted_by_group_and_after_a_pause(rules):
    first = plan(people(40), empty_registry(), JANUARY, rules)
    assert first.strata["entered"].sum() == 40
    moved = people(40)
    moved.loc[1, "target_group"] = GROUPS[1]
    now = pd.concat([moved.iloc[:38], people(5, start=50)], ignore_index=True)
    second = plan(now, first.registry, add_months(JANUARY, 1), rules)
    assert second.strata["entered"].sum() == 6  # five new ones and one in another group
    third = plan(people(40), second.registry, add_months(JANUARY, 3), rules)
    # the two that were away and the one that moved back; a month without an extract is none
    assert third.strata["entered"].sum() == 3


def test_a_pool_taken_as_it_is_would_be_biased(rules):
    """Attitude falls with the spell, newcomers are too many in a pool of »not asked within a year«: its
    plain mean is off, the recursion mends most of it at a price, the rotation is right at none."""
    found = compare(16, 200, 180, rules, seed=3).set_index("design")
    z = found["bias"] / found["mc_error"]
    assert z[POOL] > 8 and found.loc[POOL, "bias"] > 0.07
    assert abs(found.loc[RECURSION, "bias"]) < 0.5 * found.loc[POOL, "bias"]
    assert abs(z[ROTATION]) < 3
    assert found.loc[ROTATION, "effective_n"] > 1.1 * found.loc[RECURSION, "effective_n"]
