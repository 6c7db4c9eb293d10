"""Sentences: right words for every case, and no difference where there is only noise."""

import dataclasses
from collections import Counter

import pytest
from published_fixture import BIG, make_published, with_groups_of

from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, UNDER, UNSURE
from helpers.reports import sentences, titles


@pytest.fixture(scope="module")
def published():
    return make_published()


def with_values(published, code, breakdown, values, half=0.02, item="samlet"):
    """The overall means of a breakdown's categories changed, with intervals of ± `half`."""
    table = published.results.copy()
    for category, value in values.items():
        one = (
            (table["municipality"] == code)
            & (table["breakdown"] == breakdown)
            & (table["category"] == category)
            & (table["item"] == item)
            & (table["statistic"] == "mean")
        )
        assert one.any()
        table.loc[one, ["value", "ci_low", "ci_high"]] = [value, value - half, value + half]
        table.loc[one, "status"] = "shown"
    return with_groups_of(published, table)


def hidden(published, code):
    table = published.results.copy()
    table.loc[table["municipality"] == code, "status"] = "few"
    return dataclasses.replace(published, results=table)


@pytest.mark.parametrize(
    "counts, text",
    [
        (
            (14, 16, 49, 0),
            "14 kommuner ligger sikkert og nævneværdigt over de øvrige i samlet tilfredshed og "
            "16 kommuner under. For de resterende 49 er der ingen sikker og nævneværdig forskel",
        ),
        (
            (1, 0, 5, 0),
            "Én kommune ligger sikkert og nævneværdigt over de øvrige i samlet tilfredshed; ingen "
            "ligger under. For de resterende 5 er der ingen sikker og nævneværdig forskel",
        ),
        (
            (0, 2, 1, 1),
            "2 kommuner ligger sikkert og nævneværdigt under de øvrige i samlet tilfredshed; ingen "
            "ligger over. For én kommune er der ingen sikker og nævneværdig forskel. For én kommune "
            "kan det ikke vurderes",
        ),
        (
            (0, 0, 6, 0),
            "Ingen kommune ligger sikkert og nævneværdigt over eller under de øvrige i samlet "
            "tilfredshed",
        ),
        (
            (0, 0, 0, 6),
            "Det kan ikke vurderes, om der er en sikker og nævneværdig forskel mellem nogen kommune og de "
            "øvrige i samlet tilfredshed",
        ),
        (
            (1, 1, 0, 3),
            "Én kommune ligger sikkert og nævneværdigt over de øvrige i samlet tilfredshed og én "
            "kommune under. For 3 kommuner kan det ikke vurderes",
        ),
    ],
)
def test_spread_of_the_municipalities(counts, text):
    assert (
        sentences.spread_text(Counter(dict(zip((OVER, UNDER, UNSURE, NOT_JUDGED), counts)))) == text
    )


@pytest.mark.parametrize(
    "women, men, text",
    [
        (3.9, 3.6, "Kvinder er mere tilfredse (3,90) end mænd (3,60)"),
        (3.6, 3.9, "Mænd er mere tilfredse (3,90) end kvinder (3,60)"),
        (3.76, 3.70, "Ingen sikker og nævneværdig forskel i samlet tilfredshed mellem kvinder "
                     "og mænd (fra 3,70 til 3,76)"),
    ],
)  # fmt: skip
def test_two_groups_of_the_country(published, women, men, text):
    changed = with_values(published, NATIONAL, "gender", {"kvinde": women, "mand": men})
    said = sentences.national_groups(changed, "gender", "kvinder og mænd")
    assert said == text


def test_a_shared_end_is_not_called_the_highest(published):
    ages = dict(zip(published.round.age_band_labels, (3.2, 3.5, 3.90, 3.91)))
    changed = with_values(published, NATIONAL, "age_band", ages)
    said = sentences.national_groups(changed, "age_band", "aldersgrupperne")
    assert said == (
        "50–66-årige hører til de mest tilfredse (3,91), 16–29-årige til de mindst tilfredse (3,20)"
    )
    ages = dict(zip(published.round.age_band_labels, (3.2, 3.5, 3.7, 3.9)))
    changed = with_values(published, NATIONAL, "age_band", ages)
    said = sentences.national_groups(changed, "age_band", "aldersgrupperne")
    assert said == "50–66-årige er mest tilfredse (3,90), 16–29-årige mindst (3,20)"


def test_hidden_groups_are_no_finding(published):
    said = sentences.national_groups(hidden(published, NATIONAL), "gender", "kønnene")
    assert said == "Kønnene kan ikke sammenlignes: for få svar"
    assert "Temaerne kan ikke sammenlignes: for få svar" in (
        titles.themes(hidden(published, NATIONAL), NATIONAL).data
    )


def test_a_census_is_called_one(published):
    table = published.response.copy()
    whole = (table["municipality"] == BIG) & (table["breakdown"] == "all")
    table.loc[whole, ["population", "invited"]] = 1500
    census = dataclasses.replace(published, response=table)
    assert sentences.sampling_method(census, BIG).data == (
        "Alle 1.500 borgere i kommunens målgrupper er inviteret."
    )
    sample = sentences.sampling_method(published, BIG).data
    assert "Stikprøven er trukket tilfældigt" in sample
    assert "1.000–2.000 borgere" in sentences.sampling_method(published, NATIONAL).data


def test_the_rules_are_those_of_the_round(published):
    rules = published.round.settings
    said = sentences.comparison_rule(published).data
    assert f"mindst {rules.comparison.min_answers} svar" in said
    assert "mindst 0,1 skalapoint" in said
    stricter = rules.model_copy(
        update={"disclosure": rules.disclosure.model_copy(update={"min_answers": 10})}
    )
    changed = dataclasses.replace(
        published, round=published.round.model_copy(update={"settings": stricter})
    )
    assert "færre end 10 svar" in sentences.disclosure_rule(changed).data


@pytest.mark.parametrize("code", [NATIONAL, BIG])
def test_what_the_numbers_leave_out_is_told_with_its_terms_in_bold(published, code):
    points = sentences.limitations(published, code).data.splitlines()
    assert len(points) == 6 and all(p.startswith("- **") and ":** " in p for p in points)
    assert "af svarene" in points[0] and "»" in points[0]
    nobody = sentences.limitations(hidden(published, code), code).data.splitlines()
    assert nobody[0].endswith("udfyldes ikke.")
