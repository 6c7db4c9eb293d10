"""The effort plan: who can be reached, what is gained, budgets, and greedy beside the best plan."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.paths import PROJECT
from helpers.fieldwork.counts import Counts
from helpers.fieldwork.curves import DAY, curves_of
from helpers.fieldwork.effort import CHANNELS, _Loss, plan_effort, reachable
from helpers.fieldwork.forecast import Forecast
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Fieldwork

RULES = Fieldwork(smallest_gain_answers=0)
ONLY_NUMBER = Fieldwork(smallest_gain_answers=0, likeness_answers=0)
ALL = dict.fromkeys(CHANNELS)


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def forecast_of(demo, asked, answers, day=8):
    curves = curves_of(demo, None, ())
    asked, answers = np.atleast_2d(asked).astype(float), np.atleast_2d(answers).astype(float)
    codes = tuple(p.code for p in demo.participants[: len(asked)])
    known = np.full(len(asked), day * DAY)
    return Forecast(Counts(codes, curves.groups, asked, answers, 0 * asked, known), curves, 0.95)


def persons_of(forecast, channels=CHANNELS):
    counts = forecast.counts
    left = (counts.asked - counts.answers).astype(int)
    rows = [
        (code, group, left[m, g], channel)
        for channel in channels
        for m, code in enumerate(counts.codes)
        for g, group in enumerate(counts.groups)
        if counts.asked[m, g]
    ]
    return pd.DataFrame(rows, columns=["municipality", "target_group", "persons", "channel"])


def people(forecast):
    return pd.DataFrame(
        forecast.counts.asked * 3, index=forecast.counts.codes, columns=forecast.counts.groups
    )


def plan_of(forecast, budgets, rules=RULES, least=200, channels=CHANNELS):
    return plan_effort(
        persons_of(forecast, channels), forecast, people(forecast), rules, least, budgets
    )


def random_forecast(demo, seed, municipalities=3, low=20, high=300):
    rng = np.random.default_rng(seed)
    asked = rng.integers(low, high, (municipalities, 5))
    return forecast_of(demo, asked, rng.binomial(asked, 0.2))


# -------------------------------------------------------------------------------------- who, how much


def test_nobody_who_answered_or_is_excepted_is_in_it():
    citizens = pd.DataFrame(
        {
            "municipality": ["a"] * 5, "target_group": ["g"] * 4 + ["h"], "key": list("12345"),
            "answered": [True, False, False, False, False], "has_phone": [True, True, True, False, False],
        }
    )  # fmt: skip
    found = reachable(citizens, ["2"]).set_index(["channel", "target_group"])["persons"]
    assert found.to_dict() == {
        ("reminder", "g"): 2, ("reminder", "h"): 1, ("sms", "g"): 1, ("telephone", "g"): 1,
    }  # fmt: skip


def test_expected_answers_are_persons_times_the_channels_yield(demo):
    forecast = forecast_of(demo, [[900, 0, 0, 0, 0]], [[120, 0, 0, 0, 0]])
    share = forecast.yield_of_last_reminder()[0, 0]
    plan = plan_of(forecast, {"sms": None}, channels=["sms"])
    assert plan["expected_answers"].tolist() == pytest.approx([780 * 0.8 * share])
    # whom a first channel has made answer, a second does not meet
    both = plan_of(forecast, ALL).set_index("channel")
    assert both.loc["telephone", "rank"] == 1
    left = 1 - 2.0 * share
    assert both.loc["sms", "expected_answers"] == pytest.approx(780 * 0.8 * share * left)
    assert both.loc["reminder", "expected_answers"] == pytest.approx(
        780 * 0.6 * share * left * (1 - 0.8 * share)
    )


def test_a_channels_yield_is_never_more_than_everybody(demo):
    forecast = forecast_of(demo, [[100, 0, 0, 0, 0]], [[20, 0, 0, 0, 0]])
    rules = Fieldwork(yield_of_channel={"reminder": 1, "sms": 1, "telephone": 1000})
    plan = plan_of(forecast, {"telephone": None}, rules, channels=["telephone"])
    assert plan["expected_answers"].tolist() == [80]


# ------------------------------------------------------------------------------------------- the loss


def test_the_gain_is_the_shortfall_and_the_variance_of_rates():
    mean, asked, people_ = (
        np.array([[60.0, 90.0]]),
        np.array([[200.0, 400.0]]),
        np.array([[1000.0, 3000.0]]),
    )
    loss = _Loss(mean, np.array([12.0]), asked, people_, 160, 20)

    def by_hand(m):
        y = stats.norm(m.sum(), 12.0)
        grid = np.linspace(y.ppf(1e-12), 160, 20001)
        shortfall = np.trapezoid((160 - grid) * y.pdf(grid), grid)
        rates = m / asked[0]
        variance = np.average(
            (rates - np.average(rates, weights=people_[0])) ** 2, weights=people_[0]
        )
        return shortfall + 20 * (150 / 160) * variance / 0.01

    for group in range(2):
        after = mean[0].copy()
        after[group] += 7
        found = loss.gain(np.array([0]), np.array([group]), np.array([7.0]))[0]
        assert found == pytest.approx(by_hand(mean[0]) - by_hand(after), abs=1e-4)


def test_far_above_the_number_and_alike_nothing_is_gained():
    loss = _Loss(
        np.array([[400.0, 800.0]]),
        np.array([15.0]),
        np.array([[1000.0, 2000.0]]),
        np.array([[1.0, 2.0]]),
        200,
        20,
    )
    assert loss.gain(np.array([0]), np.array([0]), np.array([20.0]))[0] < 0, (
        "one group more is less alike"
    )


def test_gain_falls_as_answers_come():
    loss = _Loss(
        np.array([[150.0]]), np.array([15.0]), np.array([[500.0]]), np.array([[1.0]]), 200, 0
    )
    gains = []
    for _ in range(12):
        gains.append(loss.gain(np.array([0]), np.array([0]), np.array([10.0]))[0])
        loss.add(0, 0, 10.0)
    assert (np.diff(gains) < 0).all() and gains[0] == pytest.approx(10, abs=0.1) and gains[-1] < 0.1


# ------------------------------------------------------------------------------------------- the plan


def test_municipalities_below_the_number_come_first(demo):
    groups = [90, 90, 90, 90, 90]
    forecast = forecast_of(demo, [[4 * g for g in groups], groups], [[70] * 5, [17] * 5])
    plan = plan_of(forecast, {"sms": 500}, channels=["sms"])
    small = forecast.counts.codes[1]
    assert (plan["municipality"].head(5) == small).all()
    assert plan[plan["chosen"]]["municipality"].iloc[0] == small


def test_the_group_that_is_behind_comes_before_the_one_ahead(demo):
    forecast = forecast_of(demo, [[1000, 1000, 0, 0, 0]], [[300, 120, 0, 0, 0]])
    plan = plan_of(forecast, {"sms": 1000}, channels=["sms"])
    assert plan["target_group"].tolist() == [forecast.counts.groups[1], forecast.counts.groups[0]]
    assert plan["chosen"].tolist() == [True, False], "more of those who answer anyway is no gain"


@pytest.mark.parametrize("seed", range(6))
def test_budgets_are_kept_and_more_gives_no_less(demo, seed):
    forecast = random_forecast(demo, seed, 6)
    total = 0.0
    for budget in (0, 50, 100, 200, 400, 800, 1600, 3200):
        plan = plan_of(forecast, {"sms": budget}, ONLY_NUMBER, channels=["sms"])
        taken = plan[plan["chosen"]]
        assert taken["persons"].sum() <= budget
        assert taken["gain"].sum() >= total - 1e-9
        total = taken["gain"].sum()
        assert sorted(plan["rank"]) == list(range(1, len(plan) + 1))
        assert plan["chosen"].tolist() == sorted(plan["chosen"], reverse=True), "the chosen first"


def test_channels_have_budgets_of_their_own(demo):
    plan = plan_of(
        random_forecast(demo, 3), {"reminder": None, "sms": 150, "telephone": 90}, ONLY_NUMBER
    )
    taken = plan[plan["chosen"]].groupby("channel")["persons"].sum()
    assert taken["sms"] <= 150 and taken["telephone"] <= 90 and taken["reminder"] > 150
    assert not plan_of(random_forecast(demo, 3), {}, ONLY_NUMBER)["chosen"].any(), (
        "no budget, none chosen"
    )


@pytest.mark.parametrize(("least_gain", "chosen"), [(0.99, True), (1.01, False)])
def test_what_gives_too_little_is_not_chosen(demo, least_gain, chosen):
    forecast = forecast_of(demo, [[900, 0, 0, 0, 0]], [[20, 0, 0, 0, 0]])
    gain = plan_of(forecast, {"sms": None}, ONLY_NUMBER, channels=["sms"])["gain"].iloc[0]
    rules = Fieldwork(smallest_gain_answers=least_gain * gain, likeness_answers=0)
    assert plan_of(forecast, {"sms": None}, rules, channels=["sms"])["chosen"].tolist() == [chosen]


def totals(forecast, plan, rules):
    """A function: what a set of the plan's rows, all SMS, takes off the loss, by the loss alone."""
    counts = forecast.counts
    mean = counts.answers + counts.left * forecast.later()[0]
    sd = forecast.municipalities["sd"].to_numpy()
    loss = _Loss(
        mean, sd, counts.asked, people(forecast).to_numpy(float), 200, rules.likeness_answers
    )
    every = np.arange(len(mean))
    place = [counts.codes.index(m) for m in plan["municipality"]]
    group = [counts.groups.index(g) for g in plan["target_group"]]
    brings = plan["persons"].to_numpy() * 0.8 * forecast.yield_of_last_reminder()[place, group]
    before = loss._loss(mean, every).sum()

    def total(rows):
        after = mean.copy()
        for row in rows:
            after[place[row], group[row]] += brings[row]
        return before - loss._loss(after, every).sum()

    return total


@pytest.mark.parametrize("rules", [ONLY_NUMBER, RULES], ids=["number", "likeness too"])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_is_within_one_group_of_the_best_plan(demo, seed, rules):
    forecast = random_forecast(demo, seed, 2, 20, 120)
    budget = 220
    plan = plan_of(forecast, {"sms": budget}, rules, channels=["sms"])
    size = plan["persons"].to_numpy()
    total = totals(forecast, plan, rules)
    best = max(
        total(rows)
        for count in range(len(plan) + 1)
        for rows in itertools.combinations(range(len(plan)), count)
        if size[list(rows)].sum() <= budget
    )
    greedy = total(np.flatnonzero(plan["chosen"]))
    alone = max(total([row]) for row in range(len(plan)))
    assert greedy == pytest.approx(plan[plan["chosen"]]["gain"].sum())
    assert best - alone - 1e-9 <= greedy <= best + 1e-9


def test_without_a_budget_greedy_takes_all_that_helps(demo):
    forecast = random_forecast(demo, 9, 2, 20, 120)
    plan = plan_of(forecast, {"sms": None}, ONLY_NUMBER, channels=["sms"])
    assert plan["chosen"].all()


def test_the_rules_need_every_channel():
    with pytest.raises(ValueError, match="yield_of_channel: lacks sms, telephone"):
        Fieldwork(yield_of_channel={"reminder": 1})


def test_the_command_needs_samples(paths):
    told = CliRunner().invoke(app, ["--root", str(paths.root), "effort", "2024-foraar"])
    assert told.exit_code == 2 and "no sample has been drawn" in told.output


def test_the_command_writes_the_plan(planned):
    paths, words = planned, ["--root", str(planned.root), "effort", "2024-foraar"]
    told = CliRunner().invoke(app, [*words, "--sms-budget", "60"])
    assert told.exit_code == 0, told.output
    assert "telephone: ranked, none chosen; say --calls N." in told.output
    plan = pd.read_parquet(paths.effort)
    assert list(plan.columns) == [
        "municipality", "target_group", "channel", "persons", "expected_answers", "rank", "chosen", "gain",
    ]  # fmt: skip
    assert plan["persons"].dtype == "int64" and plan["rank"].tolist() == list(
        range(1, len(plan) + 1)
    )
    sms = plan[(plan["channel"] == "sms") & plan["chosen"]]
    assert 0 < sms["persons"].sum() <= 60
    samples = pd.concat([pd.read_parquet(paths.sample(c)) for c in ("0741", "0825")])
    everybody = plan[plan["channel"] == "sms"]["persons"].sum()
    assert everybody == samples["has_phone"].sum()
