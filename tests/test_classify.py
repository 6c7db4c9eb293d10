"""Limits below, at and above; the order of reasons."""

import datetime as dt

import pandas as pd
import pytest

from helpers.extracts.classify import bands, classify

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


def test_bands_at_their_edges():
    ages = pd.Series([15, 16, 29, 30, 49, 50, 66, 67, None], dtype="Int64")
    got = bands(ages, (16, 30, 40, 50), ("16-29", "30-39", "40-49", "50-66"), 66)
    expected = [None, "16-29", "16-29", "30-39", "40-49", "50-66", "50-66", None, None]
    assert [None if pd.isna(g) else g for g in got] == expected
