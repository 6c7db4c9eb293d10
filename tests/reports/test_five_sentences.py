"""The five opening sentences: a table of cases, right in words and sign, and silent about noise."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from published_fixture import (
    BIG,
    PLAIN,
    SMALL,
    make_published,
    verdict_of,
    with_mark,
    without_earlier,
)

from helpers.common.vocabulary import NATIONAL
from helpers.reports.five_sentences import five_sentences

STRONG, WEAK, DIFFERS, CHANGED, SURE = range(5)


@pytest.fixture(scope="module")
def published():
    return make_published()


def said(published, code: str = BIG) -> list[str]:
    return [line.removeprefix("- ") for line in five_sentences(published, code).data.splitlines()]


def with_means(published, means: dict[str, float | None], half: float = 0.03, code: str = BIG):
    """Themes' means (None: hidden) of the municipality as a whole."""
    table = published.results.copy()
    here = (table["municipality"] == code) & (table["breakdown"] == "all")
    for theme, mean in means.items():
        one = here & (table["item"] == theme) & (table["statistic"] == "mean")
        assert one.any()
        if mean is None:
            table.loc[one, ["value", "ci_low", "ci_high"]] = np.nan
            table.loc[one, "status"] = "few"
        else:
            table.loc[one, ["value", "ci_low", "ci_high"]] = [mean, mean - half, mean + half]
            table.loc[one, "status"] = "shown"
    return dataclasses.replace(published, results=table)


def with_shares(published, satisfied: float | None, dissatisfied: float | None, code: str = BIG):
    table = published.results.copy()
    for statistic, share in (("share_satisfied", satisfied), ("share_dissatisfied", dissatisfied)):
        one = (
            (table["municipality"] == code) & (table["breakdown"] == "all")
            & (table["item"] == "samlet") & (table["statistic"] == statistic)
        )  # fmt: skip
        table.loc[one, "value"] = np.nan if share is None else share
        table.loc[one, "status"] = "few" if share is None else "shown"
    return dataclasses.replace(published, results=table)


APART = {"moedet": 4.07, "maal": 3.67, "samtale": 3.95, "progression": 3.23}


@pytest.mark.parametrize(
    "means, strong, weak",
    [
        (APART, "Stærkest står »Mødet med jobcentret« (4,07), og 62\u00a0% er alt i alt tilfredse.",
         "Svagest står »Progression« (3,23), og 18\u00a0% er alt i alt utilfredse."),
        (APART | {"samtale": 4.05},
         "Stærkest står »Mødet med jobcentret« (4,07) og »Seneste samtale« (4,05), og 62\u00a0% er alt i "
         "alt tilfredse.",
         "Svagest står »Progression« (3,23), og 18\u00a0% er alt i alt utilfredse."),
        (APART | {"samtale": 4.05, "maal": 4.06},
         "»Mødet med jobcentret« (4,07) hører til de stærkeste temaer, og 62\u00a0% er alt i alt tilfredse.",
         "Svagest står »Progression« (3,23), og 18\u00a0% er alt i alt utilfredse."),
        ({"moedet": 3.50, "maal": 3.51, "samtale": 3.52, "progression": 3.53},
         "Intet tema ligger sikkert over de andre, og 62\u00a0% er alt i alt tilfredse.",
         "Intet tema ligger sikkert under de andre, og 18\u00a0% er alt i alt utilfredse."),
        (dict.fromkeys(APART),
         "Temaerne kan ikke vises (for få svar), og 62\u00a0% er alt i alt tilfredse.",
         "Temaerne kan ikke vises (for få svar), og 18\u00a0% er alt i alt utilfredse."),
        (dict.fromkeys(APART) | {"maal": 3.67},
         "»Mål og aktiviteter« ligger på 3,67; de andre temaer kan ikke vises, og 62\u00a0% er alt i alt "
         "tilfredse.",
         "»Mål og aktiviteter« ligger på 3,67; de andre temaer kan ikke vises, og 18\u00a0% er alt i alt "
         "utilfredse."),
    ],
    ids=["apart", "two share the top", "three share the top", "all alike", "all hidden", "one shown"],
)  # fmt: skip
def test_what_is_good_and_what_is_weak(published, means, strong, weak):
    lines = said(with_shares(with_means(published, means), 0.62, 0.18))
    assert lines[STRONG] == strong
    assert lines[WEAK] == weak


def test_a_hidden_share_is_told(published):
    lines = said(with_shares(with_means(published, APART), None, None))
    assert lines[STRONG].endswith(
        "andelen, der alt i alt er tilfredse, kan ikke vises: for få svar."
    )
    assert lines[WEAK].endswith(
        "andelen, der alt i alt er utilfredse, kan ikke vises: for få svar."
    )


def with_changes(published, changes: dict[str, float], note: str = "", judged: bool = True):
    """The changes since the earlier round: item → change; at least a tenth is worth mentioning."""
    table = published.comparisons.copy()
    one = (table["municipality"] == BIG) & (table["reference"] == "round:demo-2023")
    change = table.loc[one, "item"].map(changes).fillna(0.0)
    table.loc[one, "difference"] = change
    table.loc[one, "verdict"] = verdict_of(change, 0.01, change.abs() >= 0.1)
    if not judged:
        table.loc[one, "verdict"] = "not_judged"
    return with_mark(dataclasses.replace(published, comparisons=table), note)


@pytest.mark.parametrize(
    "changes, note, text",
    [
        ({"progression": 0.14}, "", "Siden {} er »Progression« steget."),
        ({"progression": -0.14}, "", "Siden {} er »Progression« faldet."),
        ({"progression": 0.14, "moedet": 0.2, "maal": -0.1}, "",
         "Siden {} er »Mødet med jobcentret« og »Progression« steget og »Mål og aktiviteter« faldet."),
        ({"progression": 0.14, "moedet": 0.2, "maal": 0.1}, "",
         "Siden {} er tre temaer og spørgsmål steget."),
        ({"progression": 0.09, "moedet": -0.09}, "",
         "Ingen sikker og nævneværdig ændring siden {}."),
        ({"progression": 0.14}, "Målgrupperne er afgrænset anderledes.",
         "Siden {} er »Progression« steget; der er brud i tidsserien."),
    ],
    ids=["up", "down", "both ways", "many", "noise", "break"],
)  # fmt: skip
def test_what_has_changed(published, changes, note, text):
    title = published.round.earlier_titles["demo-2023"]
    assert said(with_changes(published, changes, note))[CHANGED] == text.format(title)


def test_changes_that_rest_on_too_few_answers(published):
    line = said(with_changes(published, {}, judged=False))[CHANGED]
    assert line.startswith(
        "Det kan ikke vurderes, om der er en sikker og nævneværdig ændring siden"
    )


def test_without_an_earlier_round_or_part_in_it(published):
    lines = said(without_earlier(published))
    assert lines[CHANGED] == "Der er ingen tidligere runde at sammenligne med."
    assert "kan ikke sammenlignes med" in said(published, PLAIN)[CHANGED]


@pytest.mark.parametrize(
    "half, very", [(0.24, False), (0.25, True), (0.6, True)], ids=["below", "at", "above"]
)
def test_how_sure_we_are(published, half, very):
    line = said(with_means(published, {"samlet": 3.5}, half=half))[SURE]
    assert line.startswith(
        "Den samlede tilfredshed er 3,50 på en skala fra 1 til 5 med et 95\u00a0%-interval"
    )
    assert ("meget usikkert" in line) == very
    assert "inviterede borgere svarede" in line


def test_a_number_without_interval_is_told(published):
    table = with_means(published, {"samlet": 3.5}).results
    one = (
        (table["municipality"] == BIG) & (table["item"] == "samlet") & (table["breakdown"] == "all")
    )
    table.loc[one, ["ci_low", "ci_high"]] = np.nan
    line = said(dataclasses.replace(published, results=table))[SURE]
    assert "tallets usikkerhed kan ikke beregnes" in line


def test_nothing_to_show_is_said_once(published):
    table = published.results.copy()
    own = table["municipality"] == SMALL
    table.loc[own, ["value", "ci_low", "ci_high"]] = np.nan
    table.loc[own, "status"] = "few"
    compared = published.comparisons[published.comparisons["municipality"] != SMALL]
    lines = said(dataclasses.replace(published, results=table, comparisons=compared), SMALL)
    assert lines[0] == "Kommunens resultater kan ikke vises: for få svar."
    assert sum("kan ikke vises" in line for line in lines) <= 3
    assert "ikke noget sikkert om kommunen" in lines[-1]


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN])
def test_every_sentence_is_whole(published, code):
    lines = said(published, code)
    assert 4 <= len(lines) <= 5
    for line in lines:
        assert line[0].isupper() or line[0] == "»"
        assert line.endswith(".")
        assert not re.search(r"\.\.|None|\bnan\b|  |;;", line)


def test_the_country_is_not_named_as_the_others(published):
    assert not any(NATIONAL in line for line in said(published))
