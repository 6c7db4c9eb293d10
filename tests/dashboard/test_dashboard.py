"""What a dashboard holds: released numbers as they are, hidden ones as their status."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published
from red_team_files import dashboard_rows

from helpers.common.paths import PROJECT
from helpers.common.vocabulary import NATIONAL
from helpers.dashboard import charts as dashboard_charts
from helpers.dashboard import dashboard
from helpers.dashboard import data as dashboard_data
from helpers.dashboard.dashboard import SNIPPET, write_dashboard, write_national_dashboard
from helpers.parameters.params import load_tiles
from helpers.released.scale_words import kinds_rule


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture(scope="module")
def document(published):
    return dashboard_data.municipal(published, [], BIG)


def test_every_released_number_is_there_as_it_is(published, document):
    [now] = document["rounds"]
    seen = 0
    for row in dashboard_rows(now):
        weighting = ("weighted", "unweighted")[row["weighting"]]
        breakdown, category = row["group"]
        for measure, cell in row["measures"].items():
            if measure.endswith(("_low", "_high")) or cell is None:
                continue
            released = published.number(
                row["area"], row["item"], measure, breakdown=breakdown, category=category,
                weighting=weighting,
            )  # fmt: skip
            assert cell == (released.value if released.shown else released.status)
            seen += 1
    own = published.results[published.results["municipality"].isin([BIG, NATIONAL])]
    assert seen == len(own)


def test_a_hidden_number_is_its_status_and_has_no_limits(published):
    [now] = dashboard_data.municipal(published, [], SMALL)["rounds"]
    hidden = [r for r in dashboard_rows(now) if r["measures"]["mean"] in ("few", "linked")]
    assert hidden
    for row in hidden:
        assert row["measures"]["mean_low"] is None
        assert row["measures"]["mean_high"] is None
        assert row["n"] is None


def test_an_interval_that_cannot_be_computed_is_empty(published):
    results = published.results.copy()
    one = (
        (results["municipality"] == BIG)
        & (results["item"] == "q01")
        & (results["breakdown"] == "all")
    )
    results.loc[one, ["ci_low", "ci_high"]] = math.nan
    changed = type(published)(
        published.round, results, published.comparisons, published.response, published.drivers
    )
    [now] = dashboard_data.municipal(changed, [], BIG)["rounds"]
    row = next(
        r
        for r in dashboard_rows(now)
        if (r["area"], r["item"], r["group"]) == (BIG, "q01", ("all", "all"))
    )
    assert row["measures"]["mean_low"] is None
    assert isinstance(row["measures"]["mean"], float)
    assert "NaN" not in json.dumps(now)


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN])
def test_the_words_against_the_others_are_the_releases(published, code):
    document = dashboard_data.municipal(published, [], code)
    [now] = document["rounds"]
    for group, item, others, verdict in document["against"]:
        breakdown, category = now["groups"][group]
        difference = published.against_others(
            code, now["items"][item]["id"], breakdown=breakdown, category=category
        )
        assert others == difference.other
        words = document["words"] if difference.shown else document["missing"]
        said = words[verdict] if difference.shown else words[verdict]["words"]
        assert said == difference.said


def test_a_line_is_drawn_where_the_release_says_so_and_nowhere_else(published):
    """Every group and item: the earlier place is the release's, or null and its reason."""
    before = make_published("demo-2023", (BIG,))
    document = dashboard_data.municipal(published, [before], BIG)
    now, then = document["rounds"]
    told = document["trends"]["demo-2023"]
    assert len(told["rows"]) == len(now["groups"]) * len(now["items"])
    drawn = 0
    for group, item, old_group, old_item, note in told["rows"]:
        (breakdown, category), name = now["groups"][group], now["items"][item]["id"]
        trend = published.trends.trend("demo-2023", name, breakdown, category, BIG)
        assert (old_group is not None) == (old_item is not None) == trend.comparable
        assert told["notes"][note] == trend.note
        if trend.comparable:
            drawn += 1
            assert then["groups"][old_group] == [breakdown, trend.category]
            assert then["items"][old_item]["id"] == trend.item
    assert 0 < drawn < len(told["rows"])
    assert all("same" not in i for i in now["items"])


def test_the_pilots_groups_are_followed_by_what_they_cover_and_not_by_name(published):
    """»Job- og uddannelsesparate« hold the pilot's »Jobparate«; »Aktivitetsparate« is other citizens."""
    before = make_published("demo-2023", (BIG,))
    document = dashboard_data.municipal(published, [before], BIG)
    now, then = document["rounds"]
    lines = {
        (now["groups"][g][1], now["items"][i]["id"]): og is not None and then["groups"][og][1]
        for g, i, og, *_ in document["trends"]["demo-2023"]["rows"]
        if now["groups"][g][0] == "target_group"
    }
    assert lines["job_uddannelsesparate", "moedet"] == "jobparate"
    assert lines["aktivitetsparate", "moedet"] is False
    assert lines["jobafklaring", "q01"] is False


def test_the_country_holds_every_municipality_and_its_tile(published):
    tiles = load_tiles(PROJECT)
    document = dashboard_data.national(published, tiles)
    assert len(document["places"]) == 98
    places = {p["code"]: p for p in document["places"]}
    assert places[BIG]["folder"] == "0707-norddjurs"
    assert places["0101"]["folder"] is None
    assert (places[BIG]["column"], places[BIG]["row"]) == (tiles[BIG].column, tiles[BIG].row)
    assert set(document["against"]) == {BIG, SMALL, PLAIN}
    assert {r["area"] for r in dashboard_rows(document["rounds"][0])} == {
        BIG,
        SMALL,
        PLAIN,
        NATIONAL,
    }


def test_pages_ask_for_nothing_outside(published, tmp_path):
    for path in (
        write_dashboard(published, [], BIG, tmp_path / "dashboard.html"),
        write_national_dashboard(published, load_tiles(PROJECT), tmp_path / "national.html"),
    ):
        text = path.read_text("utf-8")
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
        assert "url(http" not in text
        assert text.count("<script") == 5


def test_nothing_inside_can_end_the_script(published, tmp_path):
    text = dashboard._inside_script({"label": "</script><b>"})
    assert "</script" not in text
    assert json.loads(text) == {"label": "</script><b>"}


def test_the_same_numbers_give_the_same_bytes(published, tmp_path):
    one, other = (write_dashboard(published, [], BIG, tmp_path / f"{i}.html") for i in (1, 2))
    assert one.read_bytes() == other.read_bytes()


def test_without_earlier_rounds_there_is_no_view_of_development(published, tmp_path):
    text = write_dashboard(published, [], BIG, tmp_path / "a.html").read_text("utf-8")
    assert 'data-view="udvikling"' not in text
    assert 'data-view="grupper"' in text


def test_the_library_is_the_one_that_vl_convert_bundles():
    vl_convert = pytest.importorskip("vl_convert", reason="vl-convert is not installed")
    asset = PROJECT / "src" / "helpers" / "assets" / "dashboard" / "vega.js"
    assert asset.read_text("utf-8") == vl_convert.javascript_bundle(SNIPPET)


def test_every_chart_is_a_spec_that_vega_lite_compiles():
    vl_convert = pytest.importorskip("vl_convert", reason="vl-convert is not installed")
    for name, spec in (dashboard_charts.municipal() | dashboard_charts.national()).items():
        filled = json.loads(
            json.dumps(spec)
            .replace('["rows-domain"]', '["a"]')
            .replace('["area-domain"]', '["a", "b"]')
            .replace('["x-domain"]', "[-1, 1]")
        )
        filled |= {"datasets": {"rows": []}, "width": 600, "height": 200}
        assert vl_convert.vegalite_to_vega(filled)["marks"], name


def test_which_answers_are_of_which_kind_is_said_by_the_scales_asked(published, tmp_path):
    """A scale of seven, whose answers 1–3 and 5–7 are the ends, beside those of five."""
    question = published.round.questionnaire.scaled[0]
    seven = {k: f"svar {k}" for k in range(1, 8)} | {8: "Ved ikke"}
    asked = published.round.questionnaire
    other = asked.model_copy(
        update={
            "questions": (question.model_copy(update={"scale": "syv"}), *asked.questions[1:]),
            "scales": asked.scales | {"syv": seven},
        }
    )
    round_ = published.round.model_copy(update={"questionnaire": other})
    for of, code in ((round_, BIG), (published.round, BIG), (round_, "national")):
        now = dataclasses.replace(published, round=of)
        page = (
            write_national_dashboard(now, load_tiles(PROJECT), tmp_path / "n.html")
            if code == "national"
            else write_dashboard(now, [], code, tmp_path / "m.html")
        ).read_text("utf-8")
        assert f"utilfredse er {kinds_rule(of, code)}. »Ved ikke«" in page
        assert ("svar 5–7, 4 og 1–3 af syv" in page) is (of is round_)
