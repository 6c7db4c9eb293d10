"""Limits below, at and above; the order of reasons."""

import datetime as dt

import pandas as pd
import pytest

from helpers.extracts.classify import bands, classify, counts, regrouped
from helpers.parameters.rule_sets import Rule, RuleSet, TargetGroup

REFERENCE = dt.date(2024, 2, 1)


def person(**changes):
    base = {
        "benefit_type": "sygedagpenge",
        "passive": False,
        "age": 40,
        "spell_start": "2020-01-01",
    }
    row = pd.DataFrame([base | changes])
    row["spell_start"] = pd.to_datetime(row["spell_start"])
    row["age"] = row["age"].astype("Int64")
    return row


def result(round_, reference=REFERENCE, rules="2024", **changes):
    got = classify(
        person(**changes), round_.rule_sets[rules], reference, round_.settings.age_limits
    ).iloc[0]
    return got["target_group"] if isinstance(got["target_group"], str) else got["left_out"]


@pytest.mark.parametrize(
    "start, group",
    [
        ("2023-12-08", "too short a spell"),
        ("2023-12-07", "sygedagpenge"),
        ("2023-12-06", "sygedagpenge"),
    ],
)
def test_eight_weeks_are_56_days(round_2024, start, group):
    assert result(round_2024, spell_start=start) == group


@pytest.mark.parametrize(
    "reference, start, group",
    [
        (REFERENCE, "2023-02-02", "too short a spell"),
        (REFERENCE, "2023-02-01", "dagpenge"),
        (REFERENCE, "2023-01-31", "dagpenge"),
        (dt.date(2024, 2, 28), "2023-03-01", "too short a spell"),
        (dt.date(2021, 2, 28), "2020-02-29", "dagpenge"),  # 29 Feb + 12 months = 28 Feb
        (dt.date(2021, 2, 27), "2020-02-29", "too short a spell"),
    ],
)
def test_twelve_months_are_calendar_months(round_2024, reference, start, group):
    assert result(round_2024, reference, benefit_type="a-dagpenge", spell_start=start) == group


@pytest.mark.parametrize("age, left_out", [(15, True), (16, False), (66, False), (67, True)])
def test_age_limits(round_2024, age, left_out):
    assert (result(round_2024, age=age) == "age outside 16-66") is left_out


def test_first_reason_that_fits(round_2024):
    everything = {
        "passive": True,
        "benefit_type": "førtidspension",
        "age": 80,
        "spell_start": "2024-01-31",
    }
    assert result(round_2024, **everything) == "passive"
    everything["passive"] = False
    assert result(round_2024, **everything) == "benefit outside the target groups"
    everything["benefit_type"] = "sygedagpenge"
    assert result(round_2024, **everything) == "age outside 16-66"
    everything["age"] = 66
    assert result(round_2024, **everything) == "too short a spell"


@pytest.mark.parametrize(
    "rules, group", [("2023-pilot", "aktivitetsparate"), ("2024", "jobafklaring")]
)
def test_jobafklaring_moves_between_rule_sets(round_2024, rules, group):
    benefit = "ressourceforløbsydelse, jobafklaringsforløb"
    assert result(round_2024, rules=rules, benefit_type=benefit) == group


# ------------------------------------------------------------------------- a group split by spell


def split(*spans: tuple[str, int, int | None], unit: str = "weeks") -> RuleSet:
    """Sygedagpenge split into (group, least, most); »« is outside."""
    rules = tuple(
        Rule(benefit_type="sygedagpenge", target_group=group, least_spell=least, most_spell=most,
             least_spell_unit=unit, source="en prøve")
        for group, least, most in spans
    )  # fmt: skip
    names = [group for group, *_ in spans if group]
    groups = [
        TargetGroup(id=g, order=i, label=g.title(), short=g.title()) for i, g in enumerate(names)
    ]
    return RuleSet(id="split", rules=rules, groups=tuple(groups))


def weeks_before(weeks: int, days: int = 0) -> str:
    return (REFERENCE - dt.timedelta(7 * weeks + days)).isoformat()


def of_split(round_, rules, start):
    got = classify(person(spell_start=start), rules, REFERENCE, round_.settings.age_limits).iloc[0]
    return got["target_group"] if isinstance(got["target_group"], str) else got["left_out"]


@pytest.mark.parametrize(
    "weeks, days, group",
    [
        (8, -1, "too short a spell"), (8, 0, "kort"), (8, 1, "kort"),
        (26, -1, "kort"), (26, 0, "lang"), (26, 1, "lang"), (200, 0, "lang"),
    ],
)  # fmt: skip
def test_least_spell_is_in_the_group_and_most_spell_in_the_next(round_2024, weeks, days, group):
    """least ≤ spell < most: 26 weeks to the day begin the longer group."""
    rules = split(("kort", 8, 26), ("lang", 26, None))
    assert of_split(round_2024, rules, weeks_before(weeks, days)) == group
    turned = rules.model_copy(update={"rules": rules.rules[::-1]})  # the order of rows says nothing
    assert of_split(round_2024, turned, weeks_before(weeks, days)) == group


@pytest.mark.parametrize(
    "start, group",
    [("2023-11-02", "kort"), ("2023-11-01", "lang"), ("2023-10-31", "lang")],
)
def test_a_split_in_calendar_months(round_2024, start, group):
    rules = split(("kort", 1, 3), ("lang", 3, None), unit="months")
    assert of_split(round_2024, rules, start) == group


def test_spells_from_a_limit_on_can_be_left_out_on_purpose(round_2024):
    rules = split(("kort", 8, 26), ("", 26, None))
    assert of_split(round_2024, rules, weeks_before(26, -1)) == "kort"
    assert of_split(round_2024, rules, weeks_before(26)) == "benefit outside the target groups"
    assert of_split(round_2024, rules, weeks_before(8, -1)) == "too short a spell"


def test_everybody_is_counted_once_under_a_split(round_2024):
    starts = pd.to_datetime([weeks_before(0, d) for d in range(400)])
    persons = pd.concat([person()] * len(starts), ignore_index=True).assign(spell_start=starts)
    limits = round_2024.settings.age_limits
    rules = split(("kort", 8, 26), ("mellem", 26, 40), ("lang", 40, None))
    assert counts(persons, rules, REFERENCE, limits) == {
        "too short a spell": 8 * 7, "kort": 18 * 7, "mellem": 14 * 7, "lang": 400 - 40 * 7,
    }  # fmt: skip


def test_citizens_of_an_earlier_round_are_put_into_a_split_by_their_weeks():
    """For the curves of the forecast: who was asked below the least spell counts in the shortest."""
    asked = pd.DataFrame(
        {"benefit_type": ["sygedagpenge"] * 5 + ["a-dagpenge"],
         "weeks_on_benefit": pd.array([5, 25, 26, 80, None, 60], dtype="Int64")}
    )  # fmt: skip
    got = regrouped(asked, split(("kort", 8, 26), ("lang", 26, None)))
    assert list(got) == ["kort", "kort", "lang", "lang", "kort", None]
    months = regrouped(asked, split(("kort", 2, 6), ("", 6, None), unit="months"))
    assert list(months) == ["kort", "kort", None, None, "kort", None]


def test_bands_at_their_edges():
    ages = pd.Series([15, 16, 29, 30, 49, 50, 66, 67, None], dtype="Int64")
    got = bands(ages, (16, 30, 40, 50), ("16-29", "30-39", "40-49", "50-66"), 66)
    expected = [None, "16-29", "16-29", "30-39", "40-49", "50-66", "50-66", None, None]
    assert [None if pd.isna(g) else g for g in got] == expected
