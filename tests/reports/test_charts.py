"""Figures: hidden numbers are named, never drawn; the same numbers give the same bytes."""

import dataclasses
import io
import re
from itertools import chain

import matplotlib
import numpy as np
import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common.vocabulary import NATIONAL
from helpers.reports import charts
from helpers.reports.chart_canvas import even_ticks

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
    if code != NATIONAL:
        yield charts.differences(published, code, themes + questions)
    yield charts.response_rates(published, code)
    yield charts.representativeness(published, code)


def models_figures(published, code):
    if published.has_earlier(code):
        yield charts.development(published, code, published.theme_items)
    yield charts.priorities(published, code)
    yield charts.expected(published)
    for region in sorted({m.region for m in published.municipalities}):
        yield charts.municipalities(published, region)


def words(figure) -> str:
    figure.draw_without_rendering()
    return " ".join(t.get_text() for t in figure.findobj(matplotlib.text.Text) if t.get_visible())


def standing(figure) -> list[matplotlib.text.Text]:
    """The texts that are drawn, each where it stands."""
    figure.draw_without_rendering()
    hidden = {
        id(t)
        for axes in figure.axes
        if not axes.axison
        for axis in (axes.xaxis, axes.yaxis)
        for t in axis.findobj(matplotlib.text.Text)
    }
    texts = figure.findobj(lambda a: isinstance(a, matplotlib.text.Text) and a.get_visible())
    return [t for t in texts if t.get_text().strip() and id(t) not in hidden]


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN, NATIONAL])
def test_every_figure_is_as_wide_as_the_text_and_no_text_is_clipped_or_in_the_way(published, code):
    for figure in chain(every_figure(published, code), models_figures(published, code)):
        assert figure.get_size_inches()[0] == pytest.approx(charts.WIDTH)
        texts = standing(figure)
        boxes = [t.get_window_extent() for t in texts]
        for text, box in zip(texts, boxes):
            assert figure.bbox.x0 - 1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, text
            assert figure.bbox.y0 - 1 <= box.y0 <= box.y1 <= figure.bbox.y1 + 1, text
        for i, one in enumerate(boxes):
            for j, other in enumerate(boxes[:i]):
                wide = min(one.x1, other.x1) - max(one.x0, other.x0)
                high = min(one.y1, other.y1) - max(one.y0, other.y0)
                assert wide <= 1 or high <= 2, (texts[i], texts[j])


def hide(published, code, categories):
    results = published.results.copy()
    mine = (results["municipality"] == code) & results["category"].isin(categories)
    results.loc[mine, "status"] = "few"
    return dataclasses.replace(published, results=results)


def own_dots(figure) -> int:
    lines = figure.axes[0].lines
    return sum(len(line.get_xdata()) for line in lines if line.get_marker() == "o")


def bars_of(figure) -> list:
    """The stacked bars' boxes, in the units of the data."""
    [bars] = figure.axes[0].collections
    return [path.get_extents() for path in bars.get_paths()]


def test_hidden_groups_are_named_not_drawn(published):
    hidden = hide(published, BIG, ["dagpenge", "sygedagpenge"])
    figure = charts.groups(hidden, BIG, "target_group")
    assert words(figure).count("for få svar") == 2
    assert own_dots(figure) == 3
    stacked = charts.split_by_group(hidden, BIG, "target_group")
    assert words(stacked).count("for få svar") == 2
    assert len(bars_of(stacked)) == 3 * 3


def test_a_figure_without_numbers_says_so(published):
    groups = published.round.category_labels()["target_group"]
    figure = charts.groups(hide(published, BIG, list(groups)), BIG, "target_group")
    assert "Gruppernes gennemsnit kan ikke vises: for få svar." in words(figure)


def test_a_hidden_value_never_reaches_the_drawing(published):
    """A value that slipped through with a status other than shown is not drawn."""
    results = published.results.copy()
    mine = (results["municipality"] == BIG) & (results["item"] == "moedet")
    results.loc[mine, "status"] = "few"
    figure = charts.means_beside(
        dataclasses.replace(published, results=results), BIG, ["moedet", "maal"]
    )
    assert "for få svar" in words(figure)
    assert own_dots(figure) == 1


def test_numbers_are_danish(published):
    drawn = words(charts.means_beside(published, BIG, published.theme_items))
    assert "," in drawn
    assert not re.search(r"\d\.\d{1,2}(?!\d)", drawn), "a decimal point in Danish text"


def test_every_figure_says_source_weighting_and_answers(published):
    n = f"n\u00a0=\u00a0{published.number(BIG, 'samlet').n}"
    drawn = words(charts.groups(published, BIG, "all")).replace("\n", " ")
    assert (
        f"Kilde: Borgerundersøgelse på beskæftigelsesområdet, {published.round.settings.title}."
        in drawn
    )
    assert f"Vægtede tal. {n}." in drawn
    for figure in every_figure(published, PLAIN):
        said = words(figure).replace("\n", " ")
        assert "Kilde: " in said
        assert "n\u00a0=\u00a0" in said


def test_hidden_answers_are_not_counted_in_n(published):
    shown = charts.groups(published, BIG, "gender")
    counts = [
        published.number(BIG, "samlet", breakdown="gender", category=c).n
        for c in ("kvinde", "mand")
    ]
    assert f"n\u00a0=\u00a0{min(counts)}–{max(counts)}." in words(shown)
    one = charts.groups(hide(published, BIG, ["mand"]), BIG, "gender")
    assert f"n\u00a0=\u00a0{counts[0]}." in words(one)


def test_hidden_groups_are_named_where_answers_meet_the_population(published):
    """SMALL's target groups are all hidden."""
    drawn = words(charts.representativeness(published, SMALL))
    for label in published.round.category_labels()["target_group"].values():
        assert label in drawn.replace("\n", " ")
    assert drawn.count("for få svar") >= 5


def test_differences_stand_once_and_what_is_hidden_is_named(published):
    items = [*published.theme_items, *published.question_items]
    drawn = words(charts.differences(published, BIG, items))
    assert drawn.count("Samlet tilfredshed") == 1
    comparisons = published.comparisons
    gone = comparisons[comparisons["item"] != "moedet"]
    for status, told in (
        ("few", "for få svar"),
        ("linked", "skjult for at beskytte andre"),
        ("not_asked", "ikke spurgt"),
        ("shown", "kan ikke beregnes"),
    ):
        results = published.results.copy()
        mine = (results["municipality"] == BIG) & (results["item"] == "moedet")
        results.loc[mine, "status"] = status
        partly = dataclasses.replace(published, comparisons=gone, results=results)
        assert words(charts.differences(partly, BIG, items)).count(told) == 1


def test_a_difference_that_cannot_be_judged_says_so(published):
    comparisons = published.comparisons.assign(verdict="not_judged")
    changed = dataclasses.replace(published, comparisons=comparisons)
    drawn = words(charts.differences(changed, BIG, published.theme_items))
    assert drawn.count("kan ikke vurderes") == len(published.theme_items)


def test_a_mean_without_an_interval_says_so(published):
    results = published.results.copy()
    results.loc[results["item"] == "moedet", ["ci_low", "ci_high"]] = np.nan
    changed = dataclasses.replace(published, results=results)
    assert (
        words(charts.means_beside(changed, BIG, published.theme_items)).count("uden interval") == 1
    )


@pytest.mark.parametrize(
    "status, told",
    [
        ("few", "for få svar"),
        ("linked", "skjult for at beskytte andre"),
        ("not_asked", "ikke spurgt"),
    ],
)
def test_a_figure_without_numbers_gives_the_right_reason(published, status, told):
    results, response = published.results.copy(), published.response.copy()
    results["status"] = response["status"] = status
    comparisons = published.comparisons[:0]
    empty = dataclasses.replace(
        published, results=results, comparisons=comparisons, response=response,
        drivers=published.drivers[:0],
    )  # fmt: skip
    for figure in (
        charts.means_beside(empty, BIG, empty.theme_items),
        charts.groups(empty, BIG, "gender"),
        charts.split(empty, BIG, empty.theme_items),
        charts.differences(empty, BIG, empty.theme_items),
        charts.response_rates(empty, BIG),
        charts.representativeness(empty, BIG),
        charts.municipalities(empty, "Midtjylland"),
    ):
        assert f"kan ikke vises: {told}." in words(figure).replace("\n", " ")


@pytest.mark.parametrize(
    "widest, ticks",
    [(0.05, 0.2), (0.3, 0.3), (0.31, 0.4), (0.62, 0.75), (1.2, 1.5), (2.9, 3.0)],
)
def test_an_axis_of_differences_has_round_steps(widest, ticks):
    found = even_ticks(widest)
    assert found[-1] == pytest.approx(ticks)
    assert found[0] == pytest.approx(-ticks)
    assert 5 <= len(found) <= 7


def test_bars_of_a_distribution_are_whole_and_lie_about_their_middle(published):
    figure = charts.split(published, BIG, published.theme_items)
    rows = {}
    for bar in bars_of(figure):
        rows.setdefault(round(bar.y0, 3), []).append(bar)
    assert len(rows) == len(published.theme_items)
    for negative, middle, positive in rows.values():
        assert negative.x1 == pytest.approx(middle.x0)
        assert middle.x1 == pytest.approx(positive.x0)
        assert positive.x1 - negative.x0 == pytest.approx(1, abs=1e-6)
        assert middle.x0 + middle.x1 == pytest.approx(0, abs=1e-9)


def test_same_numbers_same_bytes(published):
    def drawn():
        out = io.BytesIO()
        figure = charts.likert(published, BIG, ["q07", "q08"])
        figure.savefig(out, format="svg", metadata={"Date": None})
        return out.getvalue()

    assert drawn() == drawn()
