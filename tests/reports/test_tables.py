"""Tables and sentences: Danish numbers, marks for hidden ones, no difference that is noise."""

import dataclasses
import re

import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common import absent, printing, vocabulary
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, UNDER, UNSURE
from helpers.parameters.round_settings import Disclosure
from helpers.released import findings
from helpers.released.own_numbers import OwnNumbers
from helpers.reports import appendix, sentences, tables
from helpers.reports.five_sentences import five_sentences


@pytest.fixture(scope="module")
def published():
    return make_published()


def with_difference(published, code, difference, verdict, item="samlet"):
    """The comparison of one item with the others changed, all the others unsure."""
    table = published.comparisons.copy()
    mine = (table["municipality"] == code) & (table["reference"] == "others")
    table.loc[mine, "verdict"] = UNSURE
    one = (
        mine
        & (table["item"] == item)
        & (table["breakdown"] == "all")
        & (table["statistic"] == "mean")
    )
    assert one.any()
    table.loc[one, "difference"] = difference
    table.loc[one, "verdict"] = verdict
    return dataclasses.replace(published, comparisons=table)


@pytest.mark.parametrize(
    "difference, verdict, word, sentence",
    [
        (0.4, OVER, "over", "højere end i de øvrige kommuner"),
        (-0.4, UNDER, "under", "lavere end i de øvrige kommuner"),
        (0.05, vocabulary.SMALL, "sikker, men lille forskel", "– sikker, men lille forskel til de øvrige"),
        (-0.4, UNSURE, "ingen sikker forskel", "– ingen sikker forskel til de øvrige kommuner"),
        (0.4, NOT_JUDGED, "kan ikke vurderes", "forskellen til de øvrige kommuner"),
    ],
)  # fmt: skip
def test_a_difference_is_called_what_the_release_says(
    published, difference, verdict, word, sentence
):
    changed = with_difference(published, BIG, difference, verdict)
    row = next(
        line
        for line in tables.means(changed, BIG, ["samlet"]).data.splitlines()
        if "Samlet" in line
    )
    assert f"| {word} |" in row
    assert sentence in findings.overall_headline(OwnNumbers(changed, BIG))


def test_no_difference_is_said_plainly(published):
    changed = with_difference(published, BIG, 0.4, UNSURE)
    assert "Ingen sikker og nævneværdig forskel" in tables.differences(changed, BIG).data
    assert "Ingen sikker og nævneværdig forskel til de øvrige" in five_sentences(changed, BIG).data


def test_hidden_numbers_are_marked_and_explained(published):
    text = tables.groups(published, SMALL, "target_group").data
    assert "(få)" in text or "(skjult)" in text
    assert "(få): gruppen har færre end 5 svar på mindst ét spørgsmål" in text
    assert "(skjult): tallet er skjult, fordi" in text
    assert "nan" not in text.lower()
    assert "None" not in text


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN, NATIONAL])
def test_every_table_is_whole(published, code):
    made = [
        tables.key_figures(published, code),
        tables.means(published, code, published.theme_items),
        tables.questions(published, code, published.question_items),
        tables.groups(published, code, "age_band"),
        tables.group_split(published, code, "gender"),
        tables.response(published, code),
        tables.unweighted(published, code),
        tables.wordings(published, code),
    ]
    for table in made:
        rows = [line for line in table.data.splitlines() if line.startswith("|")]
        assert len(rows) > 2
        assert len({line.count("|") for line in rows}) == 1
        assert not re.search(r"\d\.\d\d(?!\d)", table.data), "a decimal point in Danish text"


def test_groups_stand_beside_the_others(published):
    text = tables.groups_beside(published, BIG).data
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    labels = published.round.category_labels()
    wanted = [
        n
        for b in ("target_group", "gender", "age_band", "duration_band")
        for n in labels[b].values()
    ]
    assert [row.split("|")[1].strip() for row in rows] == wanted


def test_a_bar_in_a_label_stays_in_its_cell():
    text = tables.markdown_table(["a", "b"], [["ja | nej", 1]])
    assert "ja \\| nej" in text


def test_a_question_that_is_a_theme_stands_once(published):
    items = [*published.theme_items, *published.question_items]
    kept = tables.distinct_items(published, items)
    assert "samlet" in kept
    assert "q13" not in kept
    assert len(kept) == len(items) - 1
    assert tables.distinct_items(published, ["q12", "q13"]) == ["q12", "q13"]


def test_a_region_without_municipalities_says_so(published):
    assert not any(m.region == "Sjælland" for m in published.municipalities)
    assert "Ingen kommuner med resultater" in tables.municipalities(published, "Sjælland").data


def test_small_municipality_says_that_it_says_little(published):
    results = published.results.copy()
    mine = results["municipality"] == SMALL
    results.loc[mine, "status"] = "few"
    hidden = dataclasses.replace(published, results=results)
    assert "så få svar, at det meste ikke kan vises" in five_sentences(hidden, SMALL).data


def test_national_text_says_who_the_country_is(published):
    text = sentences.participants(published).data
    assert "de 3 kommuner med resultater under ét" in text
    assert "har ingen resultater" in text
    assert sentences.national_summary(published).data.count("\n- ") >= 4


@pytest.mark.parametrize(
    "value, decimals, text",
    [
        (1234.5, 1, "1.234,5"),
        (-0.004, 2, "0,00"),
        (-1.5, 1, "−1,5"),
        (None, 2, "–"),
        (float("nan"), 0, "–"),
    ],
)
def test_danish_numbers(value, decimals, text):
    assert printing.number(value, decimals) == text


@pytest.mark.parametrize("value, text", [(0.123, "+0,12"), (-0.123, "−0,12"), (0.001, "0,00")])
def test_signs(value, text):
    assert printing.signed(value) == text


def test_the_appendix_has_every_municipality_and_every_question(published):
    rows = appendix.municipal_themes(published).data.splitlines()[2:]
    means = [printing.number(published.number(SMALL, t).value, 2) for t in published.theme_items]
    assert f"| Læsø | {' | '.join(means)} |" in rows
    names = [r.split(" | ")[0] for r in rows[:4]]
    assert names == ["| Læsø", "| Norddjurs", "| Aabenraa", "| Alle"]  # aa is å, the last letter
    table = appendix.questions_by_group(published, "gender").data.splitlines()
    assert table[0] == "| Spørgsmål | Kvinder | Mænd |"
    assert len([line for line in table if line.startswith("|")]) == 2 + len(
        published.question_items
    )


def test_the_appendix_says_why_a_number_is_missing(published):
    results = published.results.copy()
    mine = (
        (results["municipality"] == SMALL)
        & (results["item"] == "maal")
        & (results["breakdown"] == "all")
    )
    results.loc[mine, "status"] = "linked"
    hidden = appendix.municipal_themes(dataclasses.replace(published, results=results)).data
    assert f"| {absent.why('linked').mark} |" in next(r for r in hidden.splitlines() if "Læsø" in r)
    assert absent.reason("linked", Disclosure(min_answers=5)) in hidden
