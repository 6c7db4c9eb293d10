"""Why a number is missing: the right reason in every case, in plain Danish, and every mark explained."""

import dataclasses
import itertools
import re

import openpyxl
import pandas as pd
import pytest
from pptx import Presentation
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common import absent, printing
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED
from helpers.deck.deck import write_deck
from helpers.parameters.round_settings import Disclosure
from helpers.released import captions
from helpers.released.numbers import why_no_others, why_not_compared
from helpers.released.own_numbers import OwnNumbers
from helpers.released.reading import reading_guide
from helpers.reports import local_results, model_texts, sentences, tables
from helpers.reports.five_sentences import five_sentences
from helpers.workbook.workbook import write_workbook

KEY = {"breakdown": "gender", "category": "mand", "item": "q05"}
PLACE = ("q05", "mean", "gender", "mand")
OF_NOT_SHOWN = {"few": "for få svar", "linked": "skjult for at beskytte andre",
                "not_asked": "ikke spurgt", "not_possible": "kan ikke beregnes"}  # fmt: skip


@pytest.fixture(scope="module")
def published():
    return make_published()


def where(table, code, **place):
    found = table["municipality"] == code
    for column, value in place.items():
        found &= table[column] == value
    assert found.any()
    return found


def with_status(published, code, status, **place):
    """The cell as the release leaves it: hidden without numbers, and in no comparison."""
    results = published.results.copy()
    cell = where(results, code, **place)
    if status is None:
        results = results[~cell]
    else:
        results.loc[cell, "status"] = status
    if status != "shown":
        results.loc[results["status"] != "shown", ["value", "ci_low", "ci_high", "n"]] = None
    compared = published.comparisons
    gone = pd.Series(True, index=compared.index)
    for column, value in place.items():
        gone &= compared[column] == value
    if code != NATIONAL:
        gone &= compared["municipality"] == code
    return dataclasses.replace(published, results=results, comparisons=compared[~gone])


# --------------------------------------------------------------------------------- one own number


@pytest.mark.parametrize(
    "status, words",
    [
        ("few", "for få svar"),
        ("linked", "skjult for at beskytte andre"),
        ("not_asked", "ikke spurgt"),
        (None, "kan ikke beregnes"),  # no row: nobody there, though the question was asked
    ],
)
def test_an_own_number_says_why_it_is_missing(published, status, words):
    changed = with_status(published, BIG, status, **KEY)
    number = OwnNumbers(changed, BIG).of(*PLACE)
    assert not number.shown
    assert number.words == words
    assert captions.hidden_note([("Mænd", number)]) == f"Vises ikke: Mænd ({words})."


@pytest.mark.parametrize(
    "place, words",
    [
        (("lokal3",), "ikke spurgt"),  # no such local question here
        (("q05", "mean", "local:findes_ikke", "x"), "kan ikke beregnes"),
        (("q05", "mean", "target_group", "nobody"), "kan ikke beregnes"),
        (("samlet", "share_1"), "kan ikke beregnes"),  # a theme has no five answers
    ],
)
def test_a_number_that_is_in_no_table_has_the_right_reason(published, place, words):
    assert OwnNumbers(published, PLAIN).of(*place).words == words


def test_a_local_question_is_not_asked_in_the_country(published):
    o = OwnNumbers(published, BIG)
    assert o.of("lokal1").shown
    assert o.national("lokal1").words == "ikke spurgt"
    assert o.others("lokal1").words == "ikke spurgt"


def test_a_shown_row_without_a_value_cannot_be_computed(published):
    results = published.results.copy()
    results.loc[where(results, BIG, **KEY), "value"] = None
    changed = dataclasses.replace(published, results=results)
    number = OwnNumbers(changed, BIG).of(*PLACE)
    assert not number.shown
    assert number.words == "kan ikke beregnes"


# ------------------------------------------------------------------------------------- comparisons


@pytest.mark.parametrize(
    "own, country, others, comparison",
    [
        # the country less the others is the own number: what hides it hides the others
        ("few", "shown", "linked", "few"),
        ("linked", "shown", "linked", "linked"),
        ("few", "few", "linked", "few"),
        ("shown", "few", "few", "few"),
        ("shown", "linked", "linked", "linked"),
        ("not_asked", "shown", "not_asked", "not_asked"),
        ("shown", "not_asked", "not_asked", "not_asked"),
        ("not_possible", "shown", "not_possible", "not_possible"),
        ("shown", "shown", "not_possible", "not_possible"),
        ("shown", "not_possible", "not_possible", "not_possible"),
    ],
)
def test_a_missing_comparison_says_which_side_is_missing(own, country, others, comparison):
    assert why_no_others(own, country) == others
    assert why_not_compared("others", own, country) == comparison


@pytest.mark.parametrize(
    "code, status, others, comparison",
    [
        (BIG, "few", "skjult for at beskytte andre", "for få svar"),
        (BIG, "linked", "skjult for at beskytte andre", "skjult for at beskytte andre"),
        (NATIONAL, "few", "for få svar", "for få svar"),
        (NATIONAL, "linked", "skjult for at beskytte andre", "skjult for at beskytte andre"),
        (BIG, "not_asked", "ikke spurgt", "ikke spurgt"),
        (BIG, None, "kan ikke beregnes", "kan ikke beregnes"),
        (BIG, "shown", "kan ikke beregnes", "kan ikke beregnes"),
    ],
)
def test_the_others_and_the_comparison_in_words(published, code, status, others, comparison):
    o = OwnNumbers(with_status(published, code, status, **KEY), BIG)
    assert o.others(*PLACE).words == others
    assert o.against_others(*PLACE).said == comparison


def unjudged(published, code=PLAIN):
    comparisons = published.comparisons.copy()
    mine = where(comparisons, code)
    comparisons.loc[mine, ["p_adjusted", "p_adjusted_in_list"]] = None
    comparisons.loc[mine, "verdict"] = NOT_JUDGED
    return dataclasses.replace(published, comparisons=comparisons)


def test_a_difference_that_cannot_be_judged_is_not_called_none(published, tmp_path):
    changed = unjudged(published)
    o = OwnNumbers(changed, PLAIN)
    assert o.all_against_others
    assert not any(d.judged for d in o.all_against_others)
    text = tables.means(changed, PLAIN, ["samlet"]).data
    assert "| kan ikke vurderes |" in text
    assert "kan ikke vurderes: forskellen hviler på for få svar" in text
    assert "Det kan ikke vurderes, om der er" in tables.differences(changed, PLAIN).data
    assert "For én kommune kan det ikke vurderes" in sentences.municipal_spread(changed)
    book = openpyxl.load_workbook(write_workbook(changed, PLAIN, tmp_path / "a.xlsx"))
    assert {row[7] for row in book["Overblik"].iter_rows(min_row=5, values_only=True)} == {
        "kan ikke vurderes"
    }
    pages = Presentation(write_deck(changed, PLAIN, tmp_path / "a.pptx")).slides
    said = " ".join(s.text_frame.text for p in pages for s in p.shapes if s.has_text_frame)
    assert "Det kan ikke vurderes, om der er" in said


def test_a_number_without_an_interval_says_so(published, tmp_path):
    results = published.results.copy()
    one = where(results, BIG, breakdown="all", item="samlet")
    results.loc[one, ["ci_low", "ci_high"]] = None
    changed = dataclasses.replace(published, results=results)
    text = tables.means(changed, BIG, ["samlet"]).data
    value = printing.number(changed.number(BIG, "samlet").value, 2)
    assert f"| {value} (uden interval) |" in text
    assert "uden interval: tallets usikkerhed kan ikke beregnes." in text
    assert "usikkerhed kan ikke beregnes" in five_sentences(changed, BIG).data
    book = openpyxl.load_workbook(write_workbook(changed, BIG, tmp_path / "a.xlsx"))
    overview = list(book["Overblik"].iter_rows(min_row=5, values_only=True))[-1]
    assert overview[1] == pytest.approx(changed.number(BIG, "samlet").value)
    assert overview[2:4] == ("kan ikke beregnes", "kan ikke beregnes")
    everything = book["Alle tal"].iter_rows(min_row=2, values_only=True)
    assert "vist; grænserne kan ikke beregnes" in {row[-1] for row in everything}


# ------------------------------------------------------------------------- every mark is explained


def test_each_reason_has_words_and_a_legend_of_its_own():
    rules = Disclosure(min_answers=7, shares_from=12, unweighted_from=80)
    marks = [m.mark for m in absent.MISSING.values()]
    assert len(set(marks)) == len(marks)
    assert {s: absent.NOT_SHOWN[s] for s in OF_NOT_SHOWN} == OF_NOT_SHOWN
    for status, missing in absent.MISSING.items():
        assert absent.legend([status], rules) == f"{missing.mark}: {absent.reason(status, rules)}"
        assert absent.reason(status, rules).endswith(".")
    few = absent.legend(["few"], rules)
    assert "færre end 7 svar" in few and "andele kræver 12 svar og uvægtede tal 80" in few
    assert absent.legend([], rules) == ""
    assert absent.why("shown") is absent.why(None) is absent.MISSING["not_possible"]


def all_tables(published, code):
    items = [*published.theme_items, *published.question_items]
    yield tables.key_figures(published, code)
    yield tables.means(published, code, items)
    yield tables.questions(published, code, published.question_items)
    for breakdown in ("target_group", "gender", "age_band", "duration_band"):
        yield tables.groups(published, code, breakdown)
        yield tables.group_split(published, code, breakdown)
    yield tables.response(published, code)
    yield tables.unweighted(published, code)
    if published.has_earlier(code):
        yield model_texts.development_table(published, code)
    yield model_texts.outcome_table(published, code)
    yield model_texts.two_way(published, code)
    if code != NATIONAL:
        yield tables.groups_beside(published, code)
        for table in (
            local_results.questions_table,
            local_results.groups_table,
            local_results.differences_table,
        ):
            if (made := table(published, code)) is not None:
                yield made
    else:
        for region in {m.region for m in published.round.municipalities.values()}:
            yield tables.municipalities(published, region)


STATUSES = ("few", "linked", "not_asked", None)


@pytest.mark.parametrize("code", [BIG, SMALL, NATIONAL])
def test_every_mark_of_a_table_is_explained_below_it_and_no_other(published, code):
    """Groups and questions missing in every way; the released response has gaps too."""
    changed = published
    places = [{"breakdown": "target_group"}, {"item": "q07"}, {"breakdown": "age_band"}]
    for place, status in zip(places, itertools.cycle(STATUSES)):
        changed = with_status(changed, code, status, **place)
    changed = with_status(changed, code, "not_asked", item="q09")
    response = changed.response.copy()
    response.loc[where(response, code, category="mand"), "status"] = "linked"
    gone = where(response, code, category="kvinde")
    changed = unjudged(dataclasses.replace(changed, response=response[~gone]))
    for made in all_tables(changed, code):
        lines = made.data.splitlines()
        cells = [c.strip() for line in lines if line.startswith("|") for c in line.split("|")]
        below = " ".join(line for line in lines if not line.startswith("|"))
        for missing in absent.MISSING.values():
            inside = any(c == missing.mark or f"({missing.mark})" in c for c in cells)
            assert inside == (f"{missing.mark}: " in below), (missing, made.data)
        assert not re.search(r"\bnan\b|None|<NA>|not_", made.data)


@pytest.mark.parametrize("status", ["few", "linked", "not_asked"])
def test_a_wholly_missing_municipality_is_told_why_everywhere(published, tmp_path, status):
    """In deck and workbook no other reason than the right one stands where a number is missing."""
    changed = with_status(published, SMALL, status, weighting="weighted")
    changed = with_status(changed, SMALL, status, weighting="unweighted")
    compared = changed.comparisons[changed.comparisons["municipality"] != SMALL]
    response = changed.response.copy()
    response.loc[where(response, SMALL), "status"] = "few" if status == "not_asked" else status
    changed = dataclasses.replace(changed, comparisons=compared, response=response)
    words = OF_NOT_SHOWN[status]
    book = openpyxl.load_workbook(write_workbook(changed, SMALL, tmp_path / "a.xlsx"))
    own = [row[1] for row in book["Overblik"].iter_rows(min_row=5, values_only=True)]
    assert set(own) == {words}
    assert {row[7] for row in book["Overblik"].iter_rows(min_row=5, values_only=True)} == {words}
    deck = Presentation(write_deck(changed, SMALL, tmp_path / "a.pptx"))
    said = [s.text_frame.text for p in deck.slides for s in p.shapes if s.has_text_frame]
    reasons = [
        t for t in said if re.search(r"[Kk]an ikke vises|Vises ikke|kan ikke sammenlignes", t)
    ]
    assert reasons
    assert any(words in t for t in reasons)
    assert f"kan ikke vises: {words}" in tables.differences(changed, SMALL).data.lower()
    assert words in model_texts.expected(changed, SMALL).data


def test_what_deck_and_workbook_print_is_explained_in_them(published, tmp_path):
    changed = with_status(published, SMALL, "linked", breakdown="age_band")
    changed = with_status(changed, SMALL, "not_asked", item="q09")
    changed = unjudged(with_status(changed, SMALL, None, **KEY), SMALL)
    guide = dict(reading_guide(OwnNumbers(changed, SMALL)))
    for words in OF_NOT_SHOWN.values():
        assert f"»{words}«" in guide
    assert "færre end 5 svar" in guide["»for få svar«"]
    book = openpyxl.load_workbook(write_workbook(changed, SMALL, tmp_path / "a.xlsx"))
    terms = {str(row[0]).lower() for row in book["Læs mig"].iter_rows(values_only=True)}
    printed = {
        cell.lower()
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if isinstance(cell, str) and cell.lower() in absent.NOT_SHOWN.values()
    }
    assert {*OF_NOT_SHOWN.values(), "kan ikke vurderes"} <= printed
    assert {f"»{words}«" for words in printed} <= terms
    assert not [c for s in book for row in s.iter_rows(values_only=True) for c in row if c == "–"]
    deck = Presentation(write_deck(changed, SMALL, tmp_path / "a.pptx"))
    last = [s.text_frame.text for s in deck.slides[len(deck.slides) - 1].shapes if s.has_text_frame]
    for words in OF_NOT_SHOWN.values():
        assert any(f"»{words}«:" in t for t in last)


def test_the_reports_word_list_has_every_mark(published):
    text = sentences.word_list(published).data
    for status, missing in absent.MISSING.items():
        assert printing.capital(missing.words) in text
        assert missing.mark.lower() in text.lower()
        assert absent.reason(status, Disclosure(min_answers=5)) in text
