"""The deck as a municipality opens it: native charts, released numbers only, plain Danish."""

import dataclasses
import importlib.util
import io
import re
import zipfile
from importlib.resources import files

import numpy as np
import openpyxl
import pytest
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common import style
from helpers.common.errors import SurveyError
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL
from helpers.deck.deck import write_deck
from helpers.released import captions
from helpers.released.ends import extremes
from helpers.released.numbers import Number
from helpers.released.own_numbers import OwnNumbers
from helpers.released.reading import reading_guide


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture(scope="module")
def paths(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("decks")
    return {
        code: write_deck(published, code, folder / f"{code}.pptx") for code in (BIG, SMALL, PLAIN)
    }


@pytest.fixture(scope="module")
def decks(paths):
    return {code: Presentation(path) for code, path in paths.items()}


def charts(page):
    return [s for s in page.shapes if s.has_chart]


def texts(page):
    found = [s.text_frame.text for s in page.shapes if s.has_text_frame]
    for shape in page.shapes:
        if shape.has_table:
            found += [c.text for row in shape.table.rows for c in row.cells]
    return found


def page_of(deck, kicker):
    return next(p for p in deck.slides if kicker in texts(p))


def drawn(shape):
    """{(series, category): value} of one chart; None is a gap."""
    plot = shape.chart.plots[0]
    names = list(plot.categories)
    return {(s.name, c): v for s in plot.series for c, v in zip(names, s.values)}


def test_a_deck_has_twelve_to_twenty_pages_in_16_9(decks):
    for deck in decks.values():
        assert 12 <= len(deck.slides) <= 20
        assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, abs=0.01)


def test_charts_are_native_with_alt_texts_and_there_are_no_pictures(decks, paths):
    for code, deck in decks.items():
        shapes = [s for page in deck.slides for s in page.shapes]
        assert not [s for s in shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE]
        with zipfile.ZipFile(paths[code]) as z:
            assert not [n for n in z.namelist() if re.search(r"media/|\.(png|jpe?g|emf)$", n)]
        graphics = [s for s in shapes if s.has_chart or s.has_table]
        assert len([s for s in graphics if s.has_chart]) >= 12
        assert all(s._element.nvGraphicFramePr.cNvPr.get("descr") for s in graphics)


def test_every_page_has_notes_and_content_pages_source_and_number(decks):
    for deck in decks.values():
        for i, page in enumerate(deck.slides):
            assert page.notes_slide.notes_text_frame.text
            if i:
                [source] = [t for t in texts(page) if t.startswith("Kilde: ")]
                assert "foråret 2024 (simuleret)" in source
                assert [s for s in page.placeholders if s.placeholder_format.idx == 15]
                if charts(page) and "Svarprocent og metode" not in texts(page):
                    assert "Vægtede tal." in source


def test_no_placeholder_is_left_empty_and_no_text_is_small(decks):
    for deck in decks.values():
        for page in deck.slides:
            for shape in page.shapes:
                if not shape.has_text_frame:
                    continue
                assert shape.text_frame.text
                for paragraph in shape.text_frame.paragraphs:
                    for run in paragraph.runs:
                        assert run.font.size is None or run.font.size.pt >= 12


def test_headlines_fit_two_lines(decks):
    for deck in decks.values():
        for page in deck.slides:
            assert 0 < len(page.shapes.title.text_frame.text) <= 125


def test_the_theme_chart_shows_released_numbers_rounded_to_what_is_shown(decks, published):
    o = OwnNumbers(published, BIG)
    [chart] = charts(page_of(decks[BIG], "Temaer: gennemsnit 1–5"))
    values = drawn(chart)
    for theme in o.themes:
        name = o.label(theme)
        assert values[o.name, name] == round(o.of(theme).value, 2)
        assert values[OTHERS_LABEL, name] == round(o.others(theme).value, 2)
        assert values[NATIONAL_LABEL, name] == round(o.national(theme).value, 2)
    axis = chart.chart.value_axis
    assert (axis.minimum_scale, axis.maximum_scale) == (1, 5)


def test_the_workbook_inside_a_chart_is_rounded_too(paths):
    with zipfile.ZipFile(paths[BIG]) as z:
        books = [n for n in z.namelist() if n.endswith(".xlsx")]
        assert books
        for name in books:
            sheet = openpyxl.load_workbook(io.BytesIO(z.read(name))).active
            for row in sheet.iter_rows(min_row=2, min_col=2, values_only=True):
                assert all(v is None or v == round(v, 2) for v in row)


def test_a_share_is_the_same_in_headline_and_chart(published, tmp_path):
    """0,70496 is 70 %, not first 0,705 and then 71 %."""
    results = published.results.copy()
    row = (results["item"] == "samlet") & (results["breakdown"] == "all")
    row &= (results["statistic"] == "share_satisfied") & (results["municipality"] == BIG)
    results.loc[row, "value"] = 0.70496
    changed = dataclasses.replace(published, results=results)
    page = page_of(
        Presentation(write_deck(changed, BIG, tmp_path / "d.pptx")),
        "Temaer: tilfredse, hverken eller og utilfredse",
    )
    assert page.shapes.title.text_frame.text.startswith("70\u00a0%")
    assert drawn(charts(page)[0])["Tilfredse (4–5)", "Samlet tilfredshed"] == 0.70


def test_the_thirteen_questions_all_have_their_distribution(decks, published):
    wordings = {q.wording for q in published.round.questionnaire.scaled}
    shown = set()
    for page in decks[BIG].slides:
        for shape in charts(page):
            shown |= set(shape.chart.plots[0].categories) & wordings
    assert shown == wordings


def test_likert_colours_are_the_houses(decks, published):
    first = published.round.questionnaire.scaled[0].wording
    [chart] = [
        s
        for p in decks[BIG].slides
        for s in charts(p)
        if first in list(s.chart.plots[0].categories)
    ]
    colours = [s.format.fill.fore_color.rgb for s in chart.chart.plots[0].series]
    assert [f"#{c}" for c in colours] == [style.LIKERT[k] for k in range(1, 6)]


def test_hidden_numbers_are_gaps_and_named_below(decks, published):
    o = OwnNumbers(published, SMALL)
    page = page_of(decks[SMALL], "Målgrupper")
    values = drawn(charts(page)[0])
    short = {g.id: g.short for g in published.round.rules.groups}
    hidden = [c for c in short if not o.of("samlet", "mean", "target_group", c).shown]
    assert hidden
    for category in hidden:
        assert values.get((o.name, short[category])) is None
    note = next(t for t in texts(page) if t.startswith("Vises ikke"))
    assert "for få svar" in note and "skjult for at beskytte andre" in note
    assert all(short[c] in note for c in hidden)


def test_no_chart_draws_a_zero_for_a_hidden_number(decks):
    for page in decks[SMALL].slides:
        for shape in charts(page):
            own = [v for (name, _), v in drawn(shape).items() if name == "Læsø Kommune"]
            assert all(v is None or v > 0 for v in own)


def test_a_number_behind_a_hidden_status_is_never_printed(published, tmp_path):
    """Even where a value had slipped through, its status decides."""
    results = published.results.copy()
    hidden = results["status"] != "shown"
    results.loc[hidden, ["value", "ci_low", "ci_high"]] = 4.4321
    results.loc[hidden, "n"] = 4321
    leaky = dataclasses.replace(published, results=results)
    path = write_deck(leaky, SMALL, tmp_path / "d.pptx")
    with zipfile.ZipFile(path) as z:
        for name in z.namelist():
            blob = z.read(name)
            if name.endswith(".xlsx"):
                with zipfile.ZipFile(io.BytesIO(blob)) as inner:
                    blob = b"".join(inner.read(n) for n in inner.namelist())
            for trace in (b"4.43", b"4,43", b"4321", b"4.321"):
                assert trace not in blob, name


def test_a_wholly_hidden_municipality_gets_a_deck_that_says_so(published, tmp_path):
    results, response = published.results.copy(), published.response.copy()
    own = results["municipality"] == SMALL
    results.loc[own, "status"] = "few"
    results.loc[own, ["value", "ci_low", "ci_high"]] = np.nan
    response.loc[response["municipality"] == SMALL, "status"] = "few"
    compared = published.comparisons[published.comparisons["municipality"] != SMALL]
    path = write_deck(
        dataclasses.replace(published, results=results, comparisons=compared, response=response),
        SMALL,
        tmp_path / "d.pptx",
    )
    deck = Presentation(path)
    assert 12 <= len(deck.slides) <= 20
    everything = "\n".join(t for p in deck.slides for t in texts(p))
    assert "Den samlede tilfredshed kan ikke vises: for få svar" in everything
    for page in deck.slides:
        for shape in charts(page):
            assert "Læsø Kommune" not in {s.name for s in shape.chart.plots[0].series}


def test_only_differences_worth_mentioning_are_shown(decks, published):
    o = OwnNumbers(published, BIG)
    page = page_of(decks[BIG], "Hvor adskiller kommunen sig?")
    worth = {round(d.value, 2) for d in o.differences("mean") if d.notable}
    assert worth
    assert set(drawn(charts(page)[0]).values()) <= worth
    page = page_of(decks[PLAIN], "Hvor adskiller kommunen sig?")
    assert not charts(page)
    assert any("Ingen sikker og nævneværdig forskel" in t for t in texts(page))


def test_a_question_that_is_its_own_theme_counts_once(published):
    o = OwnNumbers(published, BIG)
    items = {d.item for d in o.differences("mean", "share_satisfied")}
    assert items and "q13" not in items


def test_local_questions_and_groups_only_where_there_are_some(decks):
    kickers = {code: [t for p in deck.slides for t in texts(p)] for code, deck in decks.items()}
    assert "Lokale spørgsmål og grupper" in kickers[BIG]
    assert "Lokale spørgsmål og grupper" not in kickers[PLAIN]
    page = page_of(decks[BIG], "Lokale spørgsmål og grupper")
    names = [s.name for shape in charts(page) for s in shape.chart.plots[0].series]
    assert {"Helhedsorienteret", "Traditionel", "Meget enig"} <= set(names)


def test_the_text_is_danish_with_decimal_comma(decks):
    english = re.compile(r"\b(the|and|of|shown|few|linked|mean|share|national|others)\b", re.I)
    for deck in decks.values():
        for page in deck.slides:
            for text in texts(page):
                assert not english.search(text), text
                assert not re.search(r"\d\.\d\d\b", text), text


def test_same_numbers_same_bytes(published, paths, tmp_path):
    again = write_deck(published, BIG, tmp_path / "again.pptx")
    assert again.read_bytes() == paths[BIG].read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.pptx"]
    properties = Presentation(again).core_properties
    assert properties.created.date() == published.round.settings.calendar.reporting.end


def test_a_failure_leaves_the_deck_that_was_there(published, tmp_path, monkeypatch):
    path = tmp_path / "praesentation.pptx"
    path.write_bytes(b"before")
    with pytest.raises(SurveyError, match="0101"):
        write_deck(published, "0101", path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["praesentation.pptx"]


@pytest.mark.parametrize("round_id", ["2023-pilot", "2024-foraar"])
def test_other_rounds_have_their_own_themes_and_groups(round_id, tmp_path):
    published = make_published(round_id, (BIG,))
    deck = Presentation(write_deck(published, BIG, tmp_path / "d.pptx"))
    assert 12 <= len(deck.slides) <= 20
    everything = "\n".join(t for p in deck.slides for t in texts(p))
    assert "Simulerede data" not in everything


def test_the_template_is_what_its_script_makes(tmp_path):
    folder = files("helpers").joinpath("assets/deck")
    spec = importlib.util.spec_from_file_location("make_template", folder / "make_template.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path / "template.pptx")
    with (
        zipfile.ZipFile(tmp_path / "template.pptx") as made,
        zipfile.ZipFile(folder / "template.pptx") as shipped,
    ):
        assert made.namelist() == shipped.namelist()
        assert all(made.read(n) == shipped.read(n) for n in made.namelist())
    names = [layout.name for layout in Presentation(folder / "template.pptx").slide_layouts]
    assert names == ["Titel", "Afsnit", "Overskrift og indhold", "Overskrift og to indhold"]


# ------------------------------------------------------------------------------------- findings


def of(value, half):
    return Number(value=value, low=value - half, high=value + half, n=100, status="shown")


def test_extremes_need_intervals_that_do_not_overlap():
    assert extremes([("a", of(4.0, 0.2)), ("b", of(3.7, 0.2))]) is None
    found = extremes([("a", of(4.0, 0.1)), ("b", of(3.7, 0.1))])
    assert (found.highest[0][0], found.lowest[0][0]) == ("a", "b")


def test_extremes_share_an_end_that_cannot_be_told_apart():
    found = extremes([("a", of(4.0, 0.1)), ("b", of(3.9, 0.1)), ("c", of(3.0, 0.1))])
    assert [n for n, _ in found.highest] == ["a", "b"]
    assert [n for n, _ in found.lowest] == ["c"]


def test_a_category_between_the_ends_is_called_neither_highest_nor_lowest():
    rows = [("a", of(4.0, 0.2)), ("b", of(3.7, 0.2)), ("c", of(3.4, 0.2))]
    found = extremes(rows)
    assert [n for n, _ in found.highest] == ["a", "b"]
    assert [n for n, _ in found.lowest] == ["b", "c"]


def test_hidden_numbers_are_no_extremes():
    hidden = Number(status="few")
    assert extremes([("a", of(4.0, 0.1)), ("b", hidden)]) is None
    assert (
        captions.hidden_note([("a", of(4, 0.1)), ("b", hidden)]) == "Vises ikke: b (for få svar)."
    )


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a og b"), (["a", "b", "c"], "a, b og c")]
)
def test_lists_are_danish(names, text):
    assert captions.listed(names) == text


def test_names_of_areas(published):
    names = {c: m.official_name for c, m in published.round.municipalities.items()}
    assert names["0707"] == published.area_name("0707") == "Norddjurs Kommune"
    assert names["0101"] == "Københavns Kommune"
    assert names["0400"] == "Bornholms Regionskommune"
    assert published.area_name("national") == "Alle deltagende kommuner"


def test_two_way_breakdowns_have_labels(published):
    o = OwnNumbers(published, BIG)
    assert o.breakdown_label("target_group:gender") == "Målgruppe × Køn"
    assert (
        o.category_label("target_group:gender", "dagpenge:kvinde") == "Dagpengemodtagere · Kvinder"
    )
    assert o.breakdown_label("local:indsats") == "Indsats"


def test_the_guide_names_the_rounds_own_thresholds(published):
    text = " ".join(t for _, t in reading_guide(OwnNumbers(published, BIG)))
    assert "færre end 5 svar" in text and "0,1 skalapoint" in text and "5 procentpoint" in text
