"""The forecast: earlier curves on this calendar, the model against outside oracles, and its intervals
against what came, in simulated rounds."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit, logit

from benchmarks.forecast import by_day, forecasts
from benchmarks.forecast_world import Trouble
from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT, Paths
from helpers.fieldwork.citizens import as_of, citizens_asked
from helpers.fieldwork.contact_exceptions import read_exceptions
from helpers.fieldwork.counts import Counts, count_citizens
from helpers.fieldwork.curves import (
    DAY,
    Curves,
    aligned,
    curves_of,
    default_curve,
    landmarks,
    load_curves,
)
from helpers.fieldwork.forecast import Forecast, cumulative, days_to_come
from helpers.fieldwork.round_status import round_status_of
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Calendar
from simulator.setting import read_setting

END = 21 * DAY


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def earlier_citizens(round_, municipalities, asked, level=0.0, tau=0.0, omega=0.0, seed=0):
    """A row an earlier citizen; response 0.35 in every group, times by the default curve."""
    rng = np.random.default_rng(seed)
    marks = landmarks(round_.settings.calendar)
    grid = np.linspace(0, END, 2000)
    curve = default_curve(grid, marks)
    groups = [g.id for g in round_.rules.groups]
    tables = []
    for i in range(municipalities):
        p = expit(logit(0.35) + level + rng.normal(0, tau))
        w = rng.normal(0, omega)
        answered = rng.random(asked) < p
        share = expit(logit(np.clip(rng.random(asked), 1e-6, 1 - 1e-6)) - w)
        at = np.where(answered, np.interp(share, curve, grid), np.nan)
        tables.append(
            pd.DataFrame(
                {
                    "round": "before", "municipality": f"{i:04d}", "answered": answered, "at": at,
                    "target_group": rng.choice(groups, asked),
                }
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def counts_at(citizens, curves, seconds):
    """Counts of a table of `earlier_citizens` as it stood."""
    codes = tuple(dict.fromkeys(citizens["municipality"]))
    place = pd.Index(codes).get_indexer(citizens["municipality"])
    group = pd.Index(curves.groups).get_indexer(citizens["target_group"])
    asked, answers = np.zeros((2, len(codes), len(curves.groups)))
    np.add.at(asked, (place, group), 1)
    np.add.at(answers, (place, group), (citizens["at"] <= seconds).to_numpy())
    return Counts(
        codes, curves.groups, asked, answers, 0 * asked, np.full(len(codes), float(seconds))
    )


# --------------------------------------------------------------------------------------- alignment


def calendar(start, end, **mailings):
    days = {k: {"start": v, "end": v} for k, v in mailings.items()}
    return Calendar.model_validate(
        {"sampling": {"start": "2024-01-01", "end": "2024-01-02"}, "reporting": {"start": end, "end": end},
         "collection": {"start": start, "end": end}, **days}
    )  # fmt: skip


def test_curves_are_laid_mailing_on_mailing():
    theirs = landmarks(
        calendar(
            "2024-02-01", "2024-02-14", first_reminder="2024-02-05", second_reminder="2024-02-09"
        )
    )
    ours = landmarks(
        calendar(
            "2024-03-01", "2024-03-30", first_reminder="2024-03-11", second_reminder="2024-03-21"
        )
    )
    times = pd.Series(pd.to_datetime(
        ["2024-01-20", "2024-02-01", "2024-02-03", "2024-02-05", "2024-02-07", "2024-02-15", "2024-03-01", None]))  # fmt: skip
    days = aligned(times, theirs, ours) / DAY
    assert days[:-1].tolist() == [0, 0, 5, 10, 15, 30, 30]
    assert np.isnan(days[-1])


def test_mailings_after_the_end_and_those_of_one_round_alone_are_no_landmarks():
    short = landmarks(calendar("2024-02-01", "2024-02-10"))
    assert list(short) == ["invitation", "first_reminder", "end"], (
        "the second would come after the end"
    )
    long = landmarks(calendar("2024-03-01", "2024-03-30"))
    at = aligned(pd.Series(pd.to_datetime(["2024-02-08", "2024-02-11"])), short, long) / DAY
    assert at.tolist() == [7, 30]


def test_the_default_curve_starts_at_nothing_and_ends_with_everything(demo):
    marks = landmarks(demo.settings.calendar)
    at = np.linspace(-DAY, END + DAY, 500)
    share = default_curve(at, marks)
    assert share[0] == 0 and share[-1] == pytest.approx(1)
    assert (np.diff(share) >= -1e-12).all()
    before, after = default_curve(np.array([6.9, 7.9]) * DAY, marks)
    assert after - before > 0.05, "a reminder brings answers"


def test_an_earlier_round_is_put_into_this_rounds_groups(root, round_2024):
    before = Paths(root, "2023-pilot")
    earlier = load_round(root, "2023-pilot")
    code = earlier.settings.participants[0]
    questions = [q.id for q in earlier.questionnaire.scaled]
    sample = pd.DataFrame(
        {
            "key": list("abcd"), "target_group": "aktivitetsparate", "has_phone": True, "stratum_population": 4,
            "benefit_type": ["ressourceforløbsydelse, jobafklaringsforløb", "sygedagpenge", "sygedagpenge", "fleksjob"],
            "weeks_on_benefit": pd.array([60, 9, 9, 9], dtype="Int64"),
        }
    )  # fmt: skip
    answers = pd.DataFrame({"key": list("abc"), "status": ["completed", "completed", "none"]})
    moments = [earlier.settings.calendar.collection.start, None, None]
    answers["submitted_at"] = pd.to_datetime(moments)
    for q in questions:
        answers[q] = pd.array([3, 3, pd.NA], dtype="Int8")
    for table, path in ((sample, before.sample(code)), (answers, before.answers(code))):
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path)
    settings = round_2024.settings.model_copy(update={"earlier_rounds": ("2023-pilot",)})
    curves = load_curves(
        Paths(root, "2024-foraar"), round_2024.model_copy(update={"settings": settings})
    )
    assert curves.rounds == ("2023-pilot",)
    # the second has answered at no known time, the fourth's benefit is outside: both are left out
    assert curves.citizens["target_group"].tolist() == ["jobafklaring", "sygedagpenge"]
    assert curves.citizens["at"].iloc[0] == 0


def test_without_an_earlier_round_the_expected_response_holds(demo):
    curves = curves_of(demo, None, ())
    assert curves.is_default
    assert curves.final() == pytest.approx(list(demo.settings.sampling.expected_response.values()))
    assert curves.share_by(np.array([3.0 * DAY]))[0] == pytest.approx(
        default_curve(np.array([3.0 * DAY]), curves.marks)[0]
    )


@pytest.mark.parametrize(("tau", "omega"), [(0.0, 0.0), (0.35, 0.0), (0.0, 0.4)])
def test_differences_between_municipalities_are_found_again(demo, tau, omega):
    found = curves_of(
        demo, earlier_citizens(demo, 150, 1500, tau=tau, omega=omega, seed=3), ("before",)
    )
    prior = 5 / 155
    level = tau**2 * (1 - prior) + 0.2**2 * prior
    timing = omega**2 * (1 - prior) + 0.1**2 * prior
    assert found.level_variance() == pytest.approx(level, rel=0.3, abs=0.002)
    assert found.timing_variance(4 * DAY) == pytest.approx(timing, rel=0.3, abs=0.003)


# ------------------------------------------------------------------------------------ distribution


def test_the_distribution_has_the_mean_and_the_variance_asked_for():
    left, h, rho = np.array([50, 7, 300, 1, 0]), np.array([0.3, 0.9, 0.02, 0.4, 0.0]), 0.05
    variance = left * h * (1 - h) * (1 + (left - 1).clip(0) * rho)
    found = cumulative(left, left * h, variance)
    for i in range(3):
        chance, r = np.diff(found[i], prepend=0), np.arange(found.shape[1])
        assert (chance >= -1e-12).all() and found[i, left[i] :] == pytest.approx(1, abs=1e-9)
        mean = (chance * r).sum()
        assert mean == pytest.approx(left[i] * h[i], abs=1e-6)
        assert (chance * (r - mean) ** 2).sum() == pytest.approx(variance[i], rel=1e-6)
    assert found[3, :2] == pytest.approx([0.6, 1])
    assert (found[4] == 1).all()


def test_no_more_variance_than_the_binomial_is_a_binomial():
    found = cumulative(np.array([20]), np.array([8.0]), np.array([1.0]))[0]
    assert found == pytest.approx(stats.binom(20, 0.4).cdf(np.arange(21)), abs=1e-9)


# ------------------------------------------------------------------------------------------- model


def one_group(demo, **more):
    """Curves and counts where all citizens are of one group."""
    citizens = earlier_citizens(demo, 30, 800, seed=1).assign(target_group="dagpenge")
    curves = curves_of(demo, citizens, ("before",))
    n = np.zeros((3, 5))
    n[:, 0] = [900, 300, 40]
    y = np.zeros((3, 5))
    y[:, 0] = [250, 40, 12]
    known = np.full(3, 8 * DAY)
    counts = Counts(("a", "b", "c"), curves.groups, n, y, 0 * n, known)
    return curves, replace(counts, **more)


def test_a_municipalitys_level_and_timing_are_the_mode_of_the_posterior(demo):
    curves, counts = one_group(demo)
    fitted = Forecast(counts, curves, 0.95)
    theta = logit(curves.final()[0]) + fitted._own[0]
    share = curves.share_by(np.array(8 * DAY))[0]
    common = _common_of(fitted)
    for m in range(3):
        variance = np.diag(fitted._prior[m])

        def minus_log(x, m=m, variance=variance):
            q = expit(theta + x[0]) * expit(logit(share) + x[1])
            likelihood = stats.binom.logpmf(counts.answers[m, 0], counts.asked[m, 0], q)
            return -likelihood + ((x - common) ** 2 / variance).sum() / 2

        mode = minimize(
            minus_log, common, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10}
        ).x
        assert fitted._state[m] == pytest.approx(mode, abs=2e-4)


def _common_of(fitted: Forecast) -> np.ndarray:
    """The round's own level and timing: where a municipality lies of which nothing is known."""
    counts = fitted.counts
    nothing = [np.vstack([t, 0 * t[:1]]) for t in (counts.asked, counts.answers, counts.silent)]
    wider = Counts(
        (*counts.codes, "x"),
        counts.groups,
        *nothing,
        np.append(counts.known_at, counts.known_at[0]),
    )
    return Forecast(wider, fitted.curves, fitted.confidence)._state[-1]


def test_fewer_citizens_are_drawn_nearer_to_the_round(demo):
    curves, counts = one_group(demo)
    answers = counts.answers.copy()
    answers[:, 0] = 0.36 * counts.asked[:, 0]
    fitted = Forecast(replace(counts, answers=answers), curves, 0.95)
    level = fitted._state[:, 0] - _common_of(fitted)[0]
    assert abs(level[0]) > abs(level[1]) > abs(level[2])


def test_with_nothing_peculiar_the_chance_to_answer_later_is_the_earlier_rounds(demo):
    citizens = earlier_citizens(demo, 60, 2000, seed=2)
    curves = curves_of(demo, citizens, ("before",))
    fitted = Forecast(counts_at(citizens, curves, 8 * DAY), curves, 0.95)
    by_then, by_end = (citizens["at"] <= 8 * DAY).mean(), citizens["answered"].mean()
    assert np.median(fitted.later()[0]) == pytest.approx(
        (by_end - by_then) / (1 - by_then), rel=0.04
    )


def test_the_gradient_is_that_of_the_chance(demo):
    curves, counts = one_group(demo)
    fitted = Forecast(counts, curves, 0.95)
    for until in (None, 12 * DAY):
        _, gradient = fitted.later(until)
        for i in range(2):
            ends = []
            for step in (-1e-5, 1e-5):
                fitted._state[:, i] += step
                ends.append(fitted.later(until)[0])
                fitted._state[:, i] -= step
            assert gradient[..., i] == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-6)


def test_forecasts_add_up_and_grow_with_the_days(demo):
    citizens = earlier_citizens(demo, 20, 900, tau=0.2, seed=4)
    curves = curves_of(demo, citizens, ("before",))
    fitted = Forecast(counts_at(citizens, curves, 6 * DAY), curves, 0.95)
    own, groups = fitted.municipalities, fitted.groups
    country = groups[groups["municipality"] == "national"]
    assert fitted.country["forecast"] == pytest.approx(own["forecast"].sum())
    assert country["forecast"].sum() == pytest.approx(own["forecast"].sum())
    assert groups[groups["municipality"] == "0003"]["forecast"].sum() == pytest.approx(
        own["forecast"].iloc[3]
    )
    assert (own["ci_low"] >= own["answers"]).all() and (own["ci_high"] <= own["invited"]).all()
    fan = fitted.fan(days_to_come(curves, curves.start + dt.timedelta(days=6)))
    assert len(fan) == 15 * 21
    for _, own_fan in fan.groupby("municipality"):
        assert own_fan["forecast"].is_monotonic_increasing
    last = fan[fan["day"] == fan["day"].max()].set_index("municipality")
    assert last.loc["0003", "forecast"] == pytest.approx(own["forecast"].iloc[3])


def test_the_chance_of_missing_is_that_of_fewer_answers(demo):
    citizens = earlier_citizens(demo, 5, 600, seed=6)
    curves = curves_of(demo, citizens, ("before",))
    fitted = Forecast(counts_at(citizens, curves, 8 * DAY), curves, 0.9)
    row = fitted.municipalities.iloc[0]
    assert fitted.miss(int(row["answers"]))[0] == 0, "those that have come are there"
    assert fitted.miss(601)[0] == pytest.approx(1)
    assert fitted.miss(int(row["ci_low"]))[0] < 0.05 <= fitted.miss(int(row["ci_low"]) + 1)[0]
    assert fitted.miss(int(row["ci_high"]))[0] < 0.95 <= fitted.miss(int(row["ci_high"]) + 1)[0]


def test_after_the_end_it_is_what_came(demo):
    citizens = earlier_citizens(demo, 5, 600, seed=6)
    curves = curves_of(demo, citizens, ("before",))
    fitted = Forecast(counts_at(citizens, curves, END), curves, 0.95)
    own = fitted.municipalities
    assert (own["forecast"] == own["answers"]).all()
    assert (own["ci_low"] == own["answers"]).all() and (own["ci_high"] == own["answers"]).all()
    assert fitted.fan(days_to_come(curves, curves.start + dt.timedelta(days=21))).empty
    assert set(fitted.miss(200)) <= {0.0, 1.0}


def test_who_is_not_to_answer_is_not_waited_for(demo):
    curves, counts = one_group(demo)
    all_out = replace(counts, silent=counts.asked - counts.answers)
    assert (
        Forecast(all_out, curves, 0.95).municipalities["forecast"] == counts.answers.sum(axis=1)
    ).all()


def test_a_municipality_whose_answers_are_not_collected_is_not_taken_for_silent(demo):
    curves, counts = one_group(demo)
    answers = counts.answers.copy()
    answers[1] = 0
    none = Forecast(replace(counts, answers=answers), curves, 0.95).municipalities["forecast"]
    unknown = replace(counts, answers=answers, known_at=np.array([8.0, 0, 8.0]) * DAY)
    waited = Forecast(unknown, curves, 0.95).municipalities["forecast"]
    assert none[1] < 0.5 * waited[1]
    assert waited[1] == pytest.approx(300 * waited[0] / 900, rel=0.25)


def test_no_earlier_round_gives_wider_intervals(demo):
    curves, counts = one_group(demo)
    known = Forecast(counts, curves, 0.95).municipalities
    default = Forecast(counts, curves_of(demo, None, ()), 0.95).municipalities
    width = (default["ci_high"] - default["ci_low"]) / (known["ci_high"] - known["ci_low"])
    assert (width > 1.3).all()


# --------------------------------------------------------------------------------------- calibration


def test_intervals_hold_as_often_as_told_where_the_model_holds(demo):
    covered, bias = [], []
    for seed in range(6):
        past = earlier_citizens(demo, 40, 800, tau=0.2, omega=0.1, seed=100 + seed)
        curves = curves_of(demo, past, ("before",))
        now = earlier_citizens(demo, 60, 800, level=0.2, tau=0.2, omega=0.1, seed=200 + seed)
        came = now.groupby("municipality")["answered"].sum().to_numpy()
        for day in (2, 5, 9, 15):
            own = Forecast(counts_at(now, curves, day * DAY), curves, 0.95).municipalities
            covered.append((own["ci_low"] <= came) & (came <= own["ci_high"]))
            bias.append((own["forecast"] - came) / came)
    assert 0.93 <= np.mean(covered) <= 0.98
    assert abs(np.mean(bias)) < 0.01
    assert abs(np.mean(bias, axis=1).reshape(6, 4).mean(axis=0)).max() < 0.03


@pytest.fixture(scope="module")
def simulated(demo):
    """Four rounds of twelve small municipalities from the simulator, forecast on some days."""
    small = [p for p in read_setting(PROJECT, "demo").places if 20_000 < p.inhabitants < 45_000]
    earlier = load_round(PROJECT, "demo-2023")
    parts = [
        forecasts(PROJECT, demo, earlier, Trouble(0.05, 0.1), True, seed, (2, 8, 14), small[:12])
        for seed in range(4)
    ]
    return pd.concat(parts, ignore_index=True)


def test_intervals_hold_in_the_simulators_rounds(simulated):
    own = by_day(simulated).loc[False]
    assert 0.91 <= own["covered"].mean() <= 0.99
    assert own["bias"].abs().max() < 0.05
    assert own["width"].is_monotonic_decreasing


# ------------------------------------------------------------------------------------ a round's files


def test_a_round_as_it_stood(paths, round_2024):
    with pytest.raises(SurveyError, match="no sample has been drawn"):
        round_status_of(paths, round_2024)
    code = "0741"
    questions = [q.id for q in round_2024.questionnaire.scaled]
    sample = pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(40)], "target_group": "dagpenge", "has_phone": True,
            "stratum_population": 40, "benefit_type": "a-dagpenge",
        }
    )  # fmt: skip
    for place in (code, "0825"):
        paths.sample(place).parent.mkdir(parents=True, exist_ok=True)
        sample.assign(key=place + sample["key"]).to_parquet(paths.sample(place))
    before = round_status_of(paths, round_2024)
    assert before.moment == dt.datetime(2024, 3, 11) and before.curves.is_default
    answers = pd.DataFrame(
        {"key": [f"{code}k{i}" for i in range(3)], "status": ["completed", "partial", "opened"]}
    )
    answers["submitted_at"] = pd.to_datetime(
        ["2024-03-12 09:00", "2024-03-14 21:30", "2024-03-15 08:00"]
    )
    for q in questions:
        answers[q] = pd.array([3, 4, pd.NA], dtype="Int8")
    paths.answers(code).parent.mkdir()
    answers.to_parquet(paths.answers(code))
    now = round_status_of(paths, round_2024)
    assert now.moment == dt.datetime(2024, 3, 14, 21, 30), "opening is no answer"
    own = now.forecast.municipalities.set_index("municipality")
    assert own.loc[code, "answers"] == 2 and own.loc["0825", "answers"] == 0
    assert now.forecast.counts.known_at.tolist() == [(3 * 24 + 21.5) * 3600, 0]
    then = round_status_of(paths, round_2024, dt.date(2024, 3, 13))
    assert then.moment == dt.datetime(2024, 3, 12, 9)
    assert then.forecast.municipalities["answers"].tolist() == [1, 0]

    exceptions = paths.data / "contact" / "exceptions.csv"
    exceptions.parent.mkdir()
    exceptions.write_text(
        "key;reason;noted_on\n0741k5;opted_out;2024-03-12\n0741k6;exempt_digital_post;2024-03-12\n",
        "utf-8-sig",
    )
    counts = round_status_of(paths, round_2024).forecast.counts
    assert counts.silent.sum() == 1, "on paper one can still answer"
    exceptions.write_text("nøgle,grund\n", "utf-8")
    with pytest.raises(SurveyError, match="lacks key, reason, noted_on"):
        read_exceptions(paths)


def test_answers_after_a_moment_have_not_come_yet():
    citizens = pd.DataFrame(
        {
            "answered": [True, True, True, False],
            "answered_at": pd.to_datetime(["2024-03-12", "2024-03-14", None, None]),
        }
    )
    assert as_of(citizens, dt.datetime(2024, 3, 13))["answered"].tolist() == [
        True,
        False,
        True,
        False,
    ]


def test_counts_go_by_municipality_and_group(demo):
    curves: Curves = curves_of(demo, None, ())
    citizens = pd.DataFrame(
        {
            "municipality": ["0101", "0101", "0147"], "key": list("abc"), "collected": [True, True, False],
            "target_group": ["dagpenge", "jobafklaring", "dagpenge"], "answered": [True, False, False],
        }
    )  # fmt: skip
    counts = count_citizens(citizens, curves, curves.start + dt.timedelta(days=2), ["b", "a"])
    assert counts.codes == ("0101", "0147")
    assert counts.asked.sum() == 3 and counts.answers.sum() == 1 and counts.silent.sum() == 1
    assert counts.known_at.tolist() == [2 * DAY, 0]
    assert citizens_asked(Paths(PROJECT / "nowhere", "demo"), demo).empty
