"""The evaluation's numbers: thresholds below, at and above, worked examples, and outside oracles."""

from __future__ import annotations

import datetime as dt
import json
import math

import pandas as pd
import pytest
import yaml
from conftest import PROJECT
from review_fixture import (
    BIG,
    GROUP,
    INVITATION,
    OTHER_GROUP,
    PLAIN,
    SMALL,
    citizens,
    counted_response,
    mailing,
    make_review,
    with_settings,
)
from statsmodels.stats.proportion import proportion_confint

from helpers.common.errors import ParameterError, SurveyError
from helpers.common.paths import Paths
from helpers.extracts.intake_history import Attempt
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Costs
from helpers.pipeline.steps import STEPS, parameter_digests
from helpers.review import costs, deviations, effort, extract_faults, precision, timing
from helpers.review.inputs import load_review

DAY = dt.date(2024, 2, 20)


@pytest.fixture(scope="module")
def round_(round_2024):
    return with_settings(round_2024)


# ------------------------------------------------------------------------------------------- effort


def test_an_answer_belongs_to_the_mailing_it_follows(round_):
    asked = citizens(BIG, 20, days=(-1, 0, 6, 7, 13, 14, 30), undated=2)
    rows = effort.with_waves(make_review(round_, [asked]))
    told = effort.by_wave(rows).iloc[0]
    assert told.to_dict() == {
        "category": "all", "invited": 20, "answers": 9, "before": 1, "invitation": 2,
        "first_reminder": 2, "second_reminder": 2, "undated": 2,
    }  # fmt: skip


def test_a_reminder_made_late_counts_from_its_own_day(round_):
    late = INVITATION + dt.timedelta(days=9)
    asked = [citizens(BIG, 10, days=(7, 8, 9)), citizens(PLAIN, 10, days=(7, 8, 9))]
    mailings = [mailing(BIG, "first_reminder", late), mailing(PLAIN, "first_reminder", DAY)]
    rows = effort.with_waves(make_review(round_, asked, mailings=mailings))
    told = effort.by_wave(rows, "municipality").set_index("category")
    assert told.loc[BIG, ["invitation", "first_reminder"]].tolist() == [2, 1]
    assert told.loc[PLAIN, ["invitation", "first_reminder"]].tolist() == [0, 3]


def test_in_a_simulated_round_the_calendar_is_the_day_of_sending(round_2024):
    simulated = with_settings(round_2024, simulated=True)
    simulated = simulated.model_copy(
        update={"settings": simulated.settings.model_copy(update={"simulated": True})}
    )
    late = mailing(BIG, "first_reminder", INVITATION + dt.timedelta(days=9))
    review = make_review(simulated, [citizens(BIG, 10, days=(7, 8))], mailings=[late])
    assert effort.by_wave(effort.with_waves(review)).iloc[0]["first_reminder"] == 2


def test_the_pace_of_a_worked_example(round_):
    """100 asked; 10 answer on day 4, none on 5, 9 on day 6; 8 on day 7 (the reminder), 0, 0; 3 on 12.

    Before: (10 + 0 + 9) / (100 + 90 + 90). After: 8 / (81 + 73 + 73). Left at the reminder: 81.
    """
    days = (4,) * 10 + (6,) * 9 + (7,) * 8 + (12,) * 3 + (14,) * 2 + (20,)
    review = make_review(round_, [citizens(BIG, 100, days=days)])
    p = effort.pace(review, effort.with_waves(review), "first_reminder")
    assert p.before == pytest.approx(19 / 280)
    assert p.after == pytest.approx(8 / 227)
    assert (p.waiting, p.answers) == (81, 11)
    assert p.continued == pytest.approx(81 * (1 - (1 - 19 / 280) ** 7))
    assert p.more == pytest.approx(11 - p.continued)


def test_the_last_reminder_counts_to_the_last_answer(round_):
    days = (12,) * 5 + (14,) * 4 + (16,) * 2
    review = make_review(round_, [citizens(BIG, 50, days=days)])
    p = effort.pace(review, effort.with_waves(review), "second_reminder")
    assert p.answers == 6
    assert p.continued == pytest.approx(45 * (1 - (1 - 5 / 145) ** 3))


def test_a_constant_pace_gives_nothing_more(round_):
    """An invariant: answers at the same daily hazard before and after are no work of the reminder."""
    left, days = 2**20, []
    for day in range(21):
        came = left // 2 if day < 15 else 0
        days += [day] * came
        left -= came
    review = make_review(round_, [citizens(BIG, 2**20, days=tuple(days))])
    p = effort.pace(review, effort.with_waves(review), "first_reminder")
    assert p.before == pytest.approx(0.5)
    assert p.after == pytest.approx(0.5)
    assert abs(p.more) < 1


@pytest.mark.parametrize("gap, known", [(5, False), (6, True), (7, True)])
def test_the_pace_before_needs_days_clear_of_the_mailing_before(round_, gap, known):
    day = INVITATION + dt.timedelta(days=14 + gap)
    asked = citizens(BIG, 50, days=(14 + gap - 1, 14 + gap))
    review = make_review(round_, [asked], mailings=[mailing(BIG, "sms", day, sms=20)])
    p = effort.pace(review, effort.with_waves(review), "sms")
    assert (not math.isnan(p.before)) == known
    assert p.answers == 1


def test_sms_are_followed_only_where_they_were_sent(round_):
    day = INVITATION + dt.timedelta(days=21)
    asked = [citizens(BIG, 50, days=(21,)), citizens(PLAIN, 80, days=(21,))]
    review = make_review(round_, asked, mailings=[mailing(BIG, "sms", day, sms=20)])
    p = effort.pace(review, effort.with_waves(review), "sms")
    assert (p.waiting, p.answers) == (50, 1)


def test_the_curve_ends_with_the_dated_answers(round_):
    review = make_review(round_, [citizens(BIG, 20, days=(0, 0, 3), undated=1)])
    curve = effort.cumulative(effort.with_waves(review))
    assert curve["day"].tolist() == [0, 1, 2, 3]
    assert curve["share"].tolist() == [0.1, 0.1, 0.1, 0.15]


def test_size_bands_are_those_of_the_samples(round_):
    labels = effort.size_labels(round_)
    assert labels[0] == "Til og med 20.000 indbyggere"
    assert labels[1] == "20.001–30.000 indbyggere"
    assert labels[-1] == "Over 50.000 indbyggere"
    assert effort.size_bands(round_)[SMALL] == labels[0]
    assert set(effort.size_bands(round_).values()) <= set(labels)


# ---------------------------------------------------------------------------------------- precision


def test_response_by_group_and_its_interval(round_):
    asked = [citizens(BIG, 60, days=(0,) * 18), citizens(BIG, 40, days=(0,) * 6, group=OTHER_GROUP)]
    table = precision.response_by_group(make_review(round_, asked)).set_index("category")
    assert table.loc[GROUP, ["invited", "answers"]].tolist() == [60, 18]
    assert table.loc[GROUP, "rate"] == pytest.approx(0.3)
    low, high = proportion_confint(18, 60, 0.05, "wilson")
    assert table.loc[GROUP, ["ci_low", "ci_high"]].tolist() == pytest.approx([low, high])
    expected = round_.settings.sampling.expected_response
    assert table.loc["all", "expected"] == pytest.approx(
        0.6 * expected[GROUP] + 0.4 * expected[OTHER_GROUP]
    )
    assert table.loc["jobafklaring", "invited"] == 0
    assert math.isnan(table.loc["jobafklaring", "rate"])


def test_municipalities_without_answers_do_not_lower_the_response(round_):
    asked = [citizens(BIG, 10, days=(0,) * 5), citizens(SMALL, 90, collected=False)]
    table = precision.response_by_group(make_review(round_, asked)).set_index("category")
    assert table.loc["all", "rate"] == 0.5


@pytest.mark.parametrize("answers, reached", [(199, False), (200, True), (201, True)])
def test_the_least_number_of_answers(round_, answers, reached):
    asked = [citizens(BIG, 300, days=(0,) * answers)]
    table = precision.by_municipality(make_review(round_, asked))
    assert table["reached"].tolist() == [reached]


def test_before_answers_nothing_is_reached_or_missed(round_):
    table = precision.by_municipality(make_review(round_, [citizens(BIG, 9, collected=False)]))
    assert table["answers"].isna().all()
    assert table["reached"].isna().all()
    assert table["expected_answers"].tolist() == [pytest.approx(9 * 0.25)]


def test_the_planned_design_effect_is_kishs_of_the_expected_answers(round_):
    """From Kish's own formula over one weight for each expected answer (25 of 100 stand for 400 citizens,
    50 of 200 for 200)."""
    asked = [
        citizens(BIG, 100, group=GROUP, population=400),
        citizens(BIG, 200, group=OTHER_GROUP, population=200),
    ]
    weights = [400 / 25] * 25 + [200 / 50] * 50
    kish = len(weights) * sum(w**2 for w in weights) / sum(weights) ** 2
    review = make_review(round_, asked)
    assert precision.by_municipality(review)["planned_effect"].tolist() == [pytest.approx(kish)]
    assert precision.whole(review).planned_effect == pytest.approx(kish)


def test_a_proportional_sample_has_no_planned_effect(round_):
    asked = [
        citizens(BIG, 100, group=GROUP, population=200),
        citizens(BIG, 50, group=OTHER_GROUP, population=100),
    ]
    table = precision.by_municipality(make_review(round_, asked))
    assert table["planned_effect"].tolist() == [pytest.approx(1)]
    assert table["planned_n"].tolist() == [pytest.approx(37.5)]


def test_the_actual_effect_over_all_is_that_of_all_weights_together(round_):
    of_big, of_plain = [1.0, 1.0, 4.0], [2.0, 3.0]
    response = pd.concat([counted_response(BIG, 3, of_big), counted_response(PLAIN, 2, of_plain)])
    asked = [citizens(BIG, 9, days=(0,) * 3), citizens(PLAIN, 9, days=(0,) * 2)]
    found = precision.whole(make_review(round_, asked, response=response))
    every = of_big + of_plain
    assert found.effect == pytest.approx(5 * sum(w**2 for w in every) / sum(every) ** 2)
    assert found.effective_n == pytest.approx(sum(every) ** 2 / sum(w**2 for w in every))


@pytest.mark.parametrize(
    "r, kind",
    [(0.794, "poor"), (0.795, "fair"), (0.80, "fair"), (0.894, "fair"), (0.9, "good"), (math.nan, "unknown")],
)  # fmt: skip
def test_representativity_is_judged_as_printed(round_, r, kind):
    review = make_review(
        round_, [citizens(BIG, 9, days=(0,))], response=counted_response(BIG, 1, [1.0], r)
    )
    counts = precision.r_indicator_counts(precision.by_municipality(review))
    assert {k for k, n in counts.items() if n} == {kind}


def test_the_proposal_is_what_three_of_four_reach(round_2024):
    codes = (BIG, SMALL, PLAIN, "0161", "0101")
    rounds = with_settings(round_2024, codes)
    rates = (0.20, 0.30, 0.40, 0.50, 0.607)
    asked = [citizens(c, 1000, days=(0,) * int(1000 * r)) for c, r in zip(codes, rates)]
    proposal = precision.proposed_response(make_review(rounds, asked))
    assert proposal[GROUP] == 0.30
    assert proposal["jobafklaring"] == rounds.settings.sampling.expected_response["jobafklaring"]
    assert sum(r >= proposal[GROUP] for r in rates) / len(rates) >= 0.75


@pytest.mark.parametrize("invited, counts", [(29, False), (30, True), (31, True)])
def test_few_invited_propose_nothing(round_, invited, counts):
    review = make_review(round_, [citizens(BIG, invited, days=(0,) * invited)])
    assert (precision.proposed_response(review)[GROUP] == 1) == counts


# ------------------------------------------------------------------------------------------- timing


def event(review, name):
    return next(e for e in timing.events(review) if e.id == name)


@pytest.mark.parametrize("days, late", [(19, -1), (20, 0), (21, 1)])
def test_days_late_by_the_calendar(round_, days, late):
    asked = [citizens(c, 5, days=(0, days)) for c in (BIG, SMALL, PLAIN)]
    assert event(make_review(round_, asked), "last_answers").days_late == late


def test_what_some_municipalities_lack_is_not_judged(round_):
    asked = [citizens(BIG, 5, days=(30,)), citizens(SMALL, 5, collected=False)]
    found = event(make_review(round_, asked), "last_answers")
    assert (found.done, found.expected, found.days_late) == (1, 3, None)


def test_days_of_files_are_not_judged_in_a_simulated_round(round_2024, tmp_path):
    codes = (BIG,)
    late = {}
    for simulated in (False, True):
        settled = with_settings(round_2024, codes)
        settled = settled.model_copy(
            update={"settings": settled.settings.model_copy(update={"simulated": simulated})}
        )
        review = make_review(settled, [citizens(BIG, 5, days=(0,))], root=tmp_path)
        review.paths.sample(BIG).parent.mkdir(parents=True, exist_ok=True)
        review.paths.sample(BIG).write_bytes(b"x")
        late[simulated] = event(review, "samples").days_late
    planned = round_2024.settings.calendar.sampling.end
    assert late == {False: (dt.date.today() - planned).days, True: None}


def test_machine_time_adds_up(round_):
    stage = {"seconds": 10.0, "done": 2, "unchanged": 1, "failed": 1}
    runs = [
        {"stages": {"plan": stage}, "outcome": "failed", "version": "1"},
        {"stages": {"plan": stage | {"seconds": 4.0}, "release": stage}, "outcome": "done", "version": "1"},
        {"stages": {}, "outcome": "interrupted", "version": "1"},
    ]  # fmt: skip
    review = make_review(round_, runs=runs)
    table = timing.machine_time(review).set_index("stage")
    assert table.loc["plan"].to_dict() == {
        "runs": 2, "seconds": 14.0, "longest": 10.0, "done": 4, "unchanged": 2, "failed": 2,
    }  # fmt: skip
    told = timing.runs(review)
    assert (told.all, told.failed, told.interrupted, told.seconds) == (3, 1, 1, 24.0)


# ----------------------------------------------------------------------------------------- extracts


def refused(code, faults, layout="standard", columns=()):
    return Attempt(code, DAY, f"{code}.xlsx", layout, "refused", faults, tuple(columns))


def taken(code, layout="standard", columns=()):
    return Attempt(code, DAY, f"{code}.xlsx", layout, "taken_in", {}, tuple(columns))


def test_municipalities_by_how_their_extract_came_in_order(round_2024):
    four = with_settings(round_2024, (BIG, SMALL, PLAIN, "0161"))
    attempts = [
        refused(BIG, {"empty": 1}), refused(BIG, {"no_date": 2}), taken(BIG), refused(BIG, {"empty": 1}),
        taken(SMALL), refused(PLAIN, {"empty": 1}),
    ]  # fmt: skip
    found = extract_faults.extracts(make_review(four, attempts=attempts))
    assert [m.code for m in found.mended] == [BIG]
    assert [m.code for m in found.first_time] == [SMALL]
    assert [m.code for m in found.still_refused] == [PLAIN]
    assert [m.code for m in found.missing] == ["0161"]
    assert found.refusals == {BIG: 2, PLAIN: 1}  # a worse file after a good one is another matter
    assert found.dated


def test_faults_by_kind_and_layout(round_):
    attempts = [
        refused(BIG, {"empty": 3, "no_date": 1}), refused(BIG, {"empty": 2}), refused(SMALL, {"empty": 1}, "fasit"),
        refused(PLAIN, {"no_layout": 1}, ""),
    ]  # fmt: skip
    review = make_review(round_, attempts=attempts)
    rows = [tuple(r) for r in extract_faults.faults(review).itertuples(index=False)]
    assert rows == [
        ("empty", "standard", 2, 1, 5), ("empty", "fasit", 1, 1, 1),
        ("no_date", "standard", 1, 1, 1), ("no_layout", "", 1, 1, 1),
    ]  # fmt: skip
    layouts = extract_faults.layouts(review).set_index("layout")
    assert layouts.loc["standard"].tolist() == [1, 2, 2]


def test_ignored_columns_are_those_of_the_latest_file(round_):
    attempts = [
        refused(BIG, {"empty": 1}, columns=["Gammel"]), taken(BIG, columns=["Note", "Note"]),
        taken(SMALL, columns=["Note", "Andet"]),
    ]  # fmt: skip
    assert extract_faults.ignored_columns(make_review(round_, attempts=attempts)) == [
        ("Note", 2), ("Andet", 1),
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------- costs


def test_unknown_is_not_zero_and_nothing_used_costs_nothing(round_2024):
    prices = Costs(digital_letter_dkk=0, paper_letter_dkk=20)
    priced = with_settings(round_2024, costs=prices)
    mailings = [mailing(BIG, "invitation", DAY, letters=90, paper=10, sms=0)]
    found = {
        i.id: i for i in costs.items(make_review(priced, [citizens(BIG, 9)], mailings=mailings))
    }
    assert found["digital"].cost_dkk == 0
    assert found["paper"].cost_dkk == 200
    assert found["sms"].cost_dkk == 0  # none sent, whatever one costs
    assert found["hotline"].cost_dkk is None
    assert [i.id for i in costs.unknown(found.values())] == ["hotline"]
    assert costs.known_dkk(found.values()) == 200


def test_without_prices_nothing_is_known(round_):
    found = costs.items(make_review(round_, [citizens(BIG, 9)]))
    assert costs.known_dkk(found) is None
    assert len(costs.unknown(found)) == len(found) == 4


def test_some_municipalities_have_not_told(round_2024):
    mailings = [mailing(BIG, "invitation", DAY, letters=90, paper=10)]
    asked = [citizens(BIG, 9), citizens(SMALL, 9)]
    found = costs.items(make_review(with_settings(round_2024), asked, mailings=mailings))
    assert found[0].partial
    assert not found[2].partial  # nobody has told of SMS: not known at all


def test_hours_are_told_by_step(round_2024):
    prices = Costs(analyst_hour_dkk=500, analyst_hours={"extracts": 12.5})
    found = costs.items(make_review(with_settings(round_2024, costs=prices)))
    assert [(i.label, i.cost_dkk) for i in found[4:]] == [("Analytikertid: udtræk", 6250)]


@pytest.mark.parametrize(
    "calls, minutes",
    [
        (None, None), ({"topic": ["a"]}, None), ({"minutes": ["4", "2,5", ""]}, 6.5), ({"minutter": ["x"]}, None),
    ],
)  # fmt: skip
def test_minutes_of_calls(calls, minutes):
    table = None if calls is None else pd.DataFrame(calls, dtype="str")
    assert costs.call_minutes(table) == minutes


def test_income_is_the_sum_of_the_participants_prices(round_):
    review = make_review(round_)
    assert costs.income_dkk(review) == sum(round_.price_dkk(m.code) for m in round_.participants)
    bands = costs.income_by_band(review)
    assert bands["municipalities"].sum() == 3
    free = with_settings(round_, price_bands=())
    assert costs.income_dkk(make_review(free)) is None


@pytest.mark.parametrize(
    "key, told",
    [
        ({"sms_kr": 1}, "unknown key"),
        ({"sms_dkk": -1}, "is »-1«. Expected: 0 or more"),
        ({"analyst_hours": {"lunch": 1}}, "sign_up"),
        ({"analyst_hours": {"extracts": -1}}, "is »-1«. Expected: 0 or more"),
    ],
)
def test_costs_are_closed_and_checked(root, key, told):
    path = root / "params/rounds/2024-foraar.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | {"costs": key}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    with pytest.raises(ParameterError, match=told):
        load_round(root, "2024-foraar")


def test_costs_make_no_step_stale(round_2024):
    dear = with_settings(round_2024, costs=Costs(sms_dkk=1))
    cheap = with_settings(round_2024)
    for step in STEPS.values():
        assert parameter_digests(step, dear, BIG) == parameter_digests(step, cheap, BIG)


# --------------------------------------------------------------------------------------- deviations


def deviation(review, what):
    return next(d for d in deviations.deviations(review) if d.what == what)


def test_who_fell_out_is_told_at_the_step_that_lacks(round_2024):
    four = with_settings(round_2024, (BIG, SMALL, PLAIN, "0161"))
    review = make_review(
        four,
        [citizens(BIG, 2000, days=(0,)), citizens(SMALL, 9, collected=False), citizens(PLAIN, 9, days=(0,))],
        attempts=[taken(BIG), taken(SMALL), refused(PLAIN, {"empty": 1})],
        released=frozenset({BIG, "national"}),
        replaced={SMALL: 1},
    )  # fmt: skip
    assert deviation(review, "Leverede udtræk").happened == "Ikke Glostrup"
    assert deviation(review, "Udtræk i orden").happened == "Ikke Aabenraa"
    assert deviation(review, "Svar modtaget").happened == "Ikke Læsø"
    assert deviation(review, "Fik resultater").happened == "Ikke Aabenraa"
    assert deviation(review, "Trukket igen efter breve").happened.startswith("Læsø")
    assert deviation(review, "Aftale underskrevet").happened == "Alle"


def test_sizes_beside_the_plan(round_2024):
    three = with_settings(round_2024)
    planned = 1800  # Norddjurs has between 30,000 and 50,000 inhabitants
    for invited, small, large in ((planned - 1, 1, 0), (planned, 0, 0), (planned + 1, 0, 1)):
        review = make_review(three, [citizens(BIG, invited)])
        assert len(deviations.smaller_samples(review)) == small
        assert len(deviations.larger_samples(review)) == large


def test_identities_that_lie_here_are_open(round_2024, tmp_path):
    review = make_review(with_settings(round_2024), root=tmp_path, forgotten={SMALL: DAY})
    review.paths.vault(BIG).parent.mkdir(parents=True)
    review.paths.vault(BIG).write_bytes(b"x")
    told = deviations.not_finished(review)[0]
    assert told.matters
    assert told.happened == "Ligger her endnu for 1 kommune; slettet for 1 kommune"
    review.paths.vault(BIG).unlink()
    assert not deviations.not_finished(review)[0].matters


# --------------------------------------------------------------------------------- what lies there


def test_a_round_that_has_not_begun_is_empty(root, round_2024):
    review = load_review(Paths(root, round_2024.id), round_2024)
    assert review.asked.empty
    assert (review.attempts, review.runs, review.released, review.calls) == ((), (), None, None)


@pytest.mark.parametrize("as_mapping", [False, True])
def test_mailings_are_read_as_they_are_recorded(root, round_2024, as_mapping):
    paths = Paths(root, round_2024.id)
    code = round_2024.settings.participants[0]
    rows = [
        {"mailing": "invitation", "made_on": "2024-03-12", "first_made_on": "2024-03-10", "letters": 5},
        {"mailing": "sms", "made_on": "2024-03-28", "sms": 2, "first_made_on": ""},
    ]  # fmt: skip
    paths.sendout(code).mkdir(parents=True)
    told = {r["mailing"]: r for r in rows} if as_mapping else rows
    (paths.sendout(code) / "mailings.json").write_text(json.dumps(told), "utf-8")
    review = load_review(paths, round_2024)
    assert review.made_on("invitation") == {code: dt.date(2024, 3, 10)}
    assert review.made_on("sms") == {code: dt.date(2024, 3, 28)}
    assert review.mailings["letters"].tolist() == [5, pd.NA]


@pytest.mark.parametrize("content", ["{", "3", "[1]", '[{"made_on": "2024-03-12"}]',
                                     '[{"mailing": "sms", "made_on": "i går"}]',
                                     '[{"mailing": "sms", "made_on": "2024-03-12", "sms": "x"}]'])  # fmt: skip
def test_records_of_mailings_that_cannot_be_read_are_told_all_at_once(root, round_2024, content):
    paths, codes = Paths(root, round_2024.id), round_2024.settings.participants[:2]
    for code in codes:
        paths.sendout(code).mkdir(parents=True)
        (paths.sendout(code) / "mailings.json").write_text(content, "utf-8")
    with pytest.raises(SurveyError) as caught:
        load_review(paths, round_2024)
    assert [p.what for p in caught.value.problems] == ["is no record of mailings"] * 2
    assert all(code in str(caught.value) for code in codes)


@pytest.mark.parametrize(
    "content, columns, rows",
    [
        ("when;topic;minutes\n2024-03-11;æøå;4\n\n", ["when", "topic", "minutes"], 1),
        ("﻿Emne,Minutter\na,1\nb\n", ["emne", "minutter"], 2),
        ("", [], 0),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_calls_are_read_whatever_their_form(root, round_2024, content, columns, rows, encoding):
    if encoding == "cp1252":
        content = content.removeprefix("\ufeff")
    path = Paths(root, round_2024.id).data / "hotline.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(content.encode(encoding))
    calls = load_review(Paths(root, round_2024.id), round_2024).calls
    assert list(calls.columns) == columns
    assert len(calls) == rows


def test_the_real_rounds_files_have_no_costs_yet():
    assert load_round(PROJECT, "2024-foraar").settings.costs == Costs()
