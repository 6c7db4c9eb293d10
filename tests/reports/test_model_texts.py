"""What models say, in Danish: right sign and grammar, nothing named that is noise, nothing hidden told."""

import dataclasses

import pandas as pd
import pytest
from published_fixture import (
    BIG,
    BREAK,
    PLAIN,
    SMALL,
    make_published,
    with_mark,
    without_earlier,
)

from helpers.common.vocabulary import NATIONAL
from helpers.reports import charts, model_texts


@pytest.fixture(scope="module")
def published():
    return make_published()


def with_comparisons(published, change):
    table = published.comparisons.copy()
    return dataclasses.replace(published, comparisons=change(table))


def without(published, reference):
    return with_comparisons(published, lambda t: t[~t["reference"].str.startswith(reference)])


# ------------------------------------------------------------------------------------ development


def test_what_rose_and_fell_is_named_with_both_numbers(published):
    told = model_texts.development(published, BIG).data
    assert "er »Progression« (" in told and ") steget." in told
    assert "er »Klart formål« (" in told and ") faldet." in told
    assert "Ingen sikker og nævneværdig ændring i de øvrige temaer og spørgsmål siden" in told
    assert f"**Brud i tidsserien:** {BREAK}\n\n@fig-udvikling" in told
    assert "Mødet" not in told  # up by 0.02: noise


def test_nothing_changed_is_said(published):
    quiet = with_comparisons(published, lambda t: t.assign(verdict="unsure"))
    told = model_texts.development(quiet, BIG).data
    assert told.startswith("Ingen sikker og nævneværdig ændring siden piloten 2023")


def test_no_break_no_mark(published):
    assert "Brud" not in model_texts.development(with_mark(published, ""), BIG).data


def test_municipality_that_was_not_there(published):
    told = model_texts.development(published, PLAIN).data
    assert told.startswith("Kommunen kan ikke sammenlignes med piloten 2023 (simuleret)")
    assert model_texts.development_table(published, PLAIN) is None
    assert charts.development(published, PLAIN, published.theme_items) is None


def test_first_round_of_all(published):
    first = without_earlier(published)
    assert model_texts.development(first, BIG).data == (
        "Der er ingen tidligere runde at sammenligne med."
    )
    assert model_texts.development_table(first, BIG) is None


def test_the_country_tells_how_many_took_part_twice(published):
    told = model_texts.development(published, NATIONAL).data
    assert "regnet for den ene kommune, der deltog begge gange, uden de tal, der er skjult" in told


def test_what_is_not_in_both_rounds_stands_without_numbers(published):
    table = model_texts.development_table(published, BIG).data
    assert "| Progression | " in table and "steget |" in table
    group = next(line for line in table.splitlines() if "Aktivitetsparate" in line)
    assert group == "| Samlet tilfredshed: Aktivitetsparate |  |  | kan ikke sammenlignes |  |"
    assert "kan ikke sammenlignes: spørgsmålet eller gruppen er ikke ens" in table


# --------------------------------------------------------------------------------------- expected


@pytest.mark.parametrize(
    "gap, verdict, words",
    [
        (0.2, "over", "altså sikkert og nævneværdigt højere: +0,20"),
        (-0.2, "under", "altså sikkert og nævneværdigt lavere: −0,20"),
        (0.2, "unsure", ": ingen sikker forskel."),
        (0.2, "not_judged", ": kan ikke vurderes."),
        (0.02, "small", ": sikker, men lille forskel."),
    ],
)
def test_expected_of_a_municipality(published, gap, verdict, words):
    def change(t):
        one = (t["reference"] == "expected") & (t["municipality"] == BIG)
        t.loc[one, ["difference", "verdict"]] = [gap, verdict]
        return t

    assert words in model_texts.expected(with_comparisons(published, change), BIG).data


def test_expected_lists_municipalities_by_name_not_by_rank(published):
    told = model_texts.expected(published, NATIONAL).data
    assert told.startswith("Sikkert og nævneværdigt højere end forventet ligger Norddjurs.")
    assert "lavere end forventet" not in told
    assert told.endswith(
        "Ingen sikker og nævneværdig forskel mellem det faktiske og det forventede i de øvrige kommuner."
    )


def test_too_few_municipalities_for_an_expected_result(published):
    few = without(published, "expected")
    assert "kun, når mindst 20 kommuner" in model_texts.expected(few, NATIONAL).data
    assert "kan ikke vises" in model_texts.expected(few, BIG).data


# ---------------------------------------------------------------------------------------- drivers


def importance(published, values):
    rows = published.drivers[published.drivers["municipality"] == BIG].copy()
    rows["importance"], half = list(values), 0.03
    rows["ci_low"], rows["ci_high"] = rows["importance"] - half, rows["importance"] + half
    return dataclasses.replace(published, drivers=rows)


@pytest.mark.parametrize(
    "values, words",
    [
        ((0.25, 0.25, 0.26, 0.24), "Temaerne hænger omtrent lige tæt sammen"),
        ((0.20, 0.20, 0.40, 0.20), "»Seneste samtale« hænger tættest sammen"),
        ((0.35, 0.15, 0.36, 0.14), "»Seneste samtale« og »Mødet med jobcentret« hænger tættest"),
    ],
)
def test_only_themes_that_can_be_told_apart_are_closest(published, values, words):
    told = model_texts.drivers(importance(published, values), BIG).data
    assert told.startswith(words)
    assert told.endswith(model_texts.CAUSE_WARNING)


def test_drivers_below_the_least_number(published):
    assert "kun, når mindst 100" in model_texts.drivers(published, SMALL).data


# --------------------------------------------------------------------------------------- response


def test_the_conclusion_on_the_response_is_plain(published):
    told = model_texts.response_quality(published, BIG).data
    assert told.startswith("Svarene ligner borgerne nogenlunde (R-indikator 0,84")

    def bad(t):
        t.loc[t["breakdown"] == "all", ["r_indicator", "r_low", "r_high"]] = [0.7, 0.65, 0.75]
        return t

    worse = dataclasses.replace(published, response=bad(published.response.copy()))
    assert "skal læses med forbehold" in model_texts.response_quality(worse, BIG).data


def test_a_missing_indicator_is_no_number(published):
    table = published.response.copy()
    table[["r_indicator", "r_low", "r_high"]] = float("nan")
    told = model_texts.response_quality(dataclasses.replace(published, response=table), BIG).data
    assert told.startswith("Det kan ikke vurderes")
    assert "nan" not in told


def test_outcome_rates_have_their_names_and_say_what_is_hidden(published):
    table = published.response.copy()
    table["rr1"] = pd.Series([None] * len(table), dtype=float)
    told = model_texts.outcome_table(dataclasses.replace(published, response=table), BIG).data
    assert "| RR1 | hele besvarelser af alle inviterede | (skjult) |" in told
    assert "(skjult): tallet er skjult" in told
    assert "| CON1 |" in told and "42,0\u00a0%" in told


# ---------------------------------------------------------------------------------------- figures


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN, NATIONAL])
def test_figures_are_drawn_or_say_why_not(published, code):
    for figure in (
        charts.development(published, code, published.theme_items),
        charts.priorities(published, code),
        charts.expected(published),
    ):
        if figure is None:  # only the development, where there is none to compare
            assert "kan ikke sammenlignes" in model_texts.development(published, code).data
            continue
        texts = [t.get_text() for ax in figure.axes for t in ax.texts]
        assert texts or figure.axes[0].lines


def test_the_funnel_marks_what_the_release_calls_notable(published):
    figure = charts.expected(published)
    dots = {line.get_label(): len(line.get_xdata()) for line in figure.axes[0].lines}
    assert dots["Sikker og nævneværdig forskel"] == 1
    assert dots["Ikke både sikker og nævneværdig"] == 2
    assert "Kan ikke vurderes" not in dots
