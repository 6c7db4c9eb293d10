"""Tables and sentences: Danish numbers, marks for hidden ones, no difference that is noise."""

import dataclasses
import re

import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common import style
from helpers.common.vocabulary import NATIONAL
from helpers.parameters.round_settings import Disclosure
from helpers.released import findings
from helpers.released.own_numbers import OwnNumbers
from helpers.reports import appendix, sentences, tables
from helpers.reports.five_sentences import five_sentences


@pytest.fixture(scope="module")
def published():
    return make_published()


def with_difference(published, code, difference, worth, item="samlet"):
    """The comparison of one item with the others changed."""
    table = published.comparisons.copy()
    mine = (table["municipality"] == code) & (table["reference"] == "others")
    table.loc[mine, "worth_mentioning"] = False
    one = (
        mine
        & (table["item"] == item)
        & (table["breakdown"] == "all")
        & (table["statistic"] == "mean")
    )
    assert one.any()
    table.loc[one, "difference"] = difference
    table.loc[one, "worth_mentioning"] = worth
    return dataclasses.replace(published, comparisons=table)


@pytest.mark.parametrize(
    "difference, worth, word, sentence",
    [
        (0.4, True, "over", "højere end i de øvrige kommuner"),
        (-0.4, True, "under", "lavere end i de øvrige kommuner"),
        (0.4, False, "på niveau", "ingen sikker, nævneværdig forskel"),
        (-0.4, False, "på niveau", "ingen sikker, nævneværdig forskel"),
    ],
)
def test_a_difference_is_named_only_where_it_is_worth_it(
    published, difference, worth, word, sentence
):
    changed = with_difference(published, BIG, difference, worth)
    row = next(
        line
        for line in tables.means(changed, BIG, ["samlet"]).data.splitlines()
        if "Samlet" in line
    )
    assert f"| {word} |" in row
    assert sentence in findings.overall_headline(OwnNumbers(changed, BIG))


def test_no_difference_is_said_plainly(published):
    changed = with_difference(published, BIG, 0.4, False)
    assert "Ingen af kommunens gennemsnit adskiller sig" in tables.differences(changed, BIG).data
    assert "adskiller sig ikke sikkert og nævneværdigt" in five_sentences(changed, BIG).data


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


def test_too_few_answers_to_judge_is_not_called_level(published):
    for p, word in ((float("nan"), "kan ikke vurderes"), (0.5, "på niveau")):
        comparisons = published.comparisons.assign(p_adjusted=p)
        changed = dataclasses.replace(published, comparisons=comparisons)
        assert f"| {word} |" in tables.means(changed, PLAIN, ["samlet"]).data


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
    assert style.number(value, decimals) == text


@pytest.mark.parametrize("value, text", [(0.123, "+0,12"), (-0.123, "−0,12"), (0.001, "0,00")])
def test_signs(value, text):
    assert style.signed(value) == text


def test_the_appendix_has_every_municipality_and_every_question(published):
    rows = appendix.municipal_themes(published).data.splitlines()[2:]
    means = [style.number(published.value(SMALL, t)["value"], 2) for t in published.theme_items]
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
    assert f"| {style.why('linked').mark} |" in next(r for r in hidden.splitlines() if "Læsø" in r)
    assert style.reason("linked", Disclosure(min_answers=5)) in hidden
