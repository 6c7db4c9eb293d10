"""Figures: hidden numbers are named, never drawn; the same numbers give the same bytes."""

import dataclasses
import io

import matplotlib
import numpy as np
import pytest
from published_fixture import BIG, SMALL, make_published

from helpers import charts
from helpers.published import NATIONAL

matplotlib.use("svg")


@pytest.fixture(scope="module")
def published():
    charts.use_house_style()
    return make_published()


def every_figure(published, code):
    themes, questions = published.theme_items, published.question_items
    yield charts.means_beside(published, code, themes)
    yield charts.means_beside(published, code, questions)
    yield charts.split(published, code, themes)
    for items in published.questions_by_scale.values():
        yield charts.likert(published, code, items)
    for breakdown in ("target_group", "gender", "age_band", "duration_band"):
        yield charts.groups(published, code, breakdown)
        yield charts.split_by_group(published, code, breakdown)
    yield charts.response_rates(published, code)
    yield charts.representativeness(published, code)


def words(figure) -> str:
    figure.canvas.draw()
    return " ".join(t.get_text() for t in figure.findobj(matplotlib.text.Text) if t.get_visible())


@pytest.mark.parametrize("code", [BIG, SMALL, NATIONAL])
def test_every_figure_is_as_wide_as_the_text_and_clips_no_label(published, code):
    for figure in every_figure(published, code):
        assert figure.get_size_inches()[0] == pytest.approx(charts.WIDTH)
        figure.canvas.draw()
        box = figure.bbox
        for axes in [a for a in figure.axes if a.axison]:
            for label in axes.get_yticklabels():
                extent = label.get_window_extent()
                assert extent.x0 >= box.x0 - 1, label.get_text()
        matplotlib.pyplot.close(figure)


def hide(published, code, categories):
    results = published.results.copy()
    mine = (results["municipality"] == code) & results["category"].isin(categories)
    results.loc[mine, "status"] = "few"
    return dataclasses.replace(published, results=results)


def test_hidden_groups_are_named_not_drawn(published):
    hidden = hide(published, BIG, ["dagpenge", "sygedagpenge"])
    figure = charts.groups(hidden, BIG, "target_group")
    assert words(figure).count("for få svar") == 2
    own = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert len(own) == 3
    stacked = charts.split_by_group(hidden, BIG, "target_group")
    assert words(stacked).count("for få svar") == 2
    assert len(stacked.axes[0].patches) == 3 * 3


def test_a_figure_without_numbers_says_so(published):
    groups = published.round.category_labels()["target_group"]
    figure = charts.groups(hide(published, BIG, list(groups)), BIG, "target_group")
    assert "Der er for få svar" in words(figure)


def test_a_hidden_value_never_reaches_the_drawing(published):
    """A value that slipped through with a status other than shown is not drawn."""
    results = published.results.copy()
    mine = (results["municipality"] == BIG) & (results["item"] == "moedet")
    results.loc[mine, "status"] = "few"
    figure = charts.means_beside(
        dataclasses.replace(published, results=results), BIG, ["moedet", "maal"]
    )
    assert "for få svar" in words(figure)
    own = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert len(own) == 1


def test_numbers_are_danish(published):
    drawn = words(charts.means_beside(published, BIG, published.theme_items))
    assert "," in drawn
    assert "." not in drawn.replace("De øvrige kommuner", "")


def test_bars_of_a_distribution_reach_one(published):
    figure = charts.split(published, BIG, published.theme_items)
    bars = figure.axes[0].patches
    ends = {}
    for bar in bars:
        ends[round(bar.get_y(), 3)] = bar.get_x() + bar.get_width()
    assert np.allclose(list(ends.values()), 1, atol=1e-6)


def test_same_numbers_same_bytes(published):
    def drawn():
        out = io.BytesIO()
        figure = charts.likert(published, BIG, ["q07", "q08"])
        figure.savefig(out, format="svg", metadata={"Date": None})
        return out.getvalue()

    assert drawn() == drawn()
