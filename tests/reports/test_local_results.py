"""Local questions and groups: shown where there are any, tested, and no trace where there are none."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from published_fixture import BIG, PLAIN, make_published, verdict_of

from helpers.common import absent, printing
from helpers.common.markdown_text import literal
from helpers.common.vocabulary import NOT_JUDGED
from helpers.reports import local_results

A, B = "helhedsorienteret", "traditionel"
PARTS = (
    local_results.questions_title,
    local_results.questions_figure,
    local_results.questions_download,
    local_results.questions_table,
    local_results.groups_title,
    local_results.groups_figure,
    local_results.groups_download,
    local_results.groups_table,
    local_results.differences_table,
)


@pytest.fixture(scope="module")
def published():
    return make_published()


def compared(published, *rows):
    """With released comparisons of the two local groups: (item, own, other, difference, p, worth)."""
    made = pd.DataFrame(
        [
            {
                "municipality": BIG, "reference": f"group:{other}", "breakdown": "local:indsats",
                "category": own, "item": item, "statistic": "mean", "weighting": "weighted",
                "own": 4.0, "reference_value": 4.0 - d, "difference": d, "ci_low": d - 0.1,
                "ci_high": d + 0.2, "p_value": p, "p_adjusted": p, "p_adjusted_in_list": float("nan"),
                "verdict": verdict_of(d, p, worth).item(), "note": "", "status": "shown",
            }
            for item, own, other, d, p, worth in rows
        ]
    )  # fmt: skip
    t = published.comparisons
    t = t[~(t["reference"].str.startswith("group:") & t["breakdown"].str.startswith("local:"))]
    table = pd.concat([t, made], ignore_index=True)
    return dataclasses.replace(published, comparisons=table)


def row_of(published, label):
    table = local_results.differences_table(published, BIG).data
    line = next(line for line in table.splitlines() if f"| {label} |" in line)
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_municipality_without_any_has_a_sentence_and_nothing_else(published):
    assert "ingen lokale" in local_results.introduction(published, PLAIN).data
    assert [part(published, PLAIN) for part in PARTS] == [None] * len(PARTS)


def test_local_questions_and_groups_are_drawn_and_told(published):
    assert "to lokale spørgsmål" in local_results.introduction(published, BIG).data
    assert "Kender sin plan" in local_results.questions_table(published, BIG).data
    assert "| Helhedsorienteret |" in local_results.groups_table(published, BIG).data
    assert isinstance(local_results.questions_figure(published, BIG), Figure)
    assert isinstance(local_results.groups_figure(published, BIG), Figure)


def test_questions_with_different_scales_share_a_figure_of_three_parts(published):
    file = published.round.local_for(BIG)
    first, *rest = file.questions
    mixed = file.model_copy(
        update={"questions": (first.model_copy(update={"scale": "oplever"}), *rest)}
    )
    local = {**published.round.local, BIG: mixed}
    changed = dataclasses.replace(
        published, round=published.round.model_copy(update={"local": local})
    )
    entries = [
        text.get_text()
        for legend in local_results.questions_figure(changed, BIG).legends
        for text in legend.get_texts()
    ]
    assert len(entries) == 3


@pytest.mark.parametrize(
    "difference, worth, verdict",
    [
        (0.4, True, "højere"),
        (-0.4, True, "lavere"),
        (0.04, False, "sikker, men lille forskel"),
        (-0.04, False, "sikker, men lille forskel"),
    ],
)
def test_a_difference_is_named_only_where_it_is_worth_it(published, difference, worth, verdict):
    changed = compared(published, ("maal", A, B, difference, 0.0312, worth))
    pair, _, cell, p, told = row_of(changed, published.round.item_labels(BIG)["maal"])
    assert (pair, p, told) == ("Helhedsorienteret – Traditionel", "0,031", verdict)
    assert cell.startswith(literal(printing.signed(difference, 2)))


def test_a_pair_released_the_other_way_round_is_turned(published):
    changed = compared(published, ("maal", B, A, 0.4, 0.00001, True))
    _, _, cell, p, told = row_of(changed, published.round.item_labels(BIG)["maal"])
    assert (cell, told) == ("−0,40 (−0,60 til −0,30)", "lavere")
    assert p == literal("<\u00a00,001")


def test_what_could_not_be_judged_or_compared_says_so(published):
    changed = compared(published, ("maal", A, B, 0.4, np.nan, False))
    labels = published.round.item_labels(BIG)
    not_judged = absent.why(NOT_JUDGED).mark
    assert row_of(changed, labels["maal"])[3:] == [not_judged] * 2
    assert row_of(changed, labels["moedet"])[2:] == [absent.why(absent.NOT_POSSIBLE).mark] * 3
