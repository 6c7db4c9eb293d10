"""A municipality's own template: its colours are used, and what it lacks is told all at once."""

from __future__ import annotations

import re
import shutil
import zipfile

import pytest
from pptx import Presentation
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.util import Inches
from published_fixture import BIG, make_published
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import SurveyError
from helpers.deck.deck import write_deck

OWN_ACCENT = "7A1F5C"


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture
def template(tmp_path):
    """The house's template with another first accent, and a slide that somebody has left in it."""
    house = tmp_path / "house.pptx"
    told = CliRunner().invoke(app, ["deck", "--new-template", str(house)])
    assert told.exit_code == 0, told.output
    deck = Presentation(house)
    left = deck.slides.add_slide(deck.slide_layouts[0])
    left.shapes.title.text = "Et gammelt dias"
    deck.save(house)
    own = tmp_path / "own.pptx"
    with zipfile.ZipFile(house) as old, zipfile.ZipFile(own, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith("ppt/theme/theme1"):
                content = re.sub(
                    rb'(<a:accent1><a:srgbClr val=")\w+', rb"\g<1>" + OWN_ACCENT.encode(), content
                )
            new.writestr(entry, content)
    return own


def charts_of(deck) -> list:
    return [s.chart for page in deck.slides for s in page.shapes if s.has_chart]


def test_a_deck_in_an_own_template_has_its_colours(published, template, tmp_path):
    path = write_deck(published, BIG, tmp_path / "deck.pptx", template)
    with zipfile.ZipFile(path) as deck:
        assert OWN_ACCENT in deck.read("ppt/theme/theme1.xml").decode("utf-8")
    deck = Presentation(path)
    own = [c.plots[0].series[0] for c in charts_of(deck) if "STACKED" not in c.chart_type.name]
    assert own
    for series in own:
        assert series.format.fill.fore_color.theme_color == MSO_THEME_COLOR.ACCENT_1


def test_the_scale_keeps_its_colours(published, template, tmp_path):
    deck = Presentation(write_deck(published, BIG, tmp_path / "deck.pptx", template))
    stacked = [c for c in charts_of(deck) if "STACKED" in c.chart_type.name]
    assert stacked
    for chart in stacked:
        assert str(chart.plots[0].series[0].format.fill.fore_color.rgb) == "B4472F"


def test_slides_left_in_the_template_do_not_come_along(published, template, tmp_path):
    own = Presentation(write_deck(published, BIG, tmp_path / "own.pptx", template))
    house = Presentation(write_deck(published, BIG, tmp_path / "house2.pptx"))
    assert len(own.slides) == len(house.slides)
    said = [s.text_frame.text for page in own.slides for s in page.shapes if s.has_text_frame]
    assert "Et gammelt dias" not in said


def test_what_a_template_lacks_is_told_at_once(published, template, tmp_path):
    deck = Presentation(template)
    deck.slide_width = Inches(10)
    layout = deck.slide_layouts[2]
    for place in list(layout.placeholders):
        if place.placeholder_format.idx in (12, 13):
            place._element.getparent().remove(place._element)
    broken = tmp_path / "broken.pptx"
    deck.save(broken)
    before = tmp_path / "deck.pptx"
    before.write_bytes(b"as it was")
    with pytest.raises(SurveyError) as told:
        write_deck(published, BIG, before, broken)
    text = str(told.value)
    assert "another size" in text
    assert "lacks the placeholders 12, 13" in text
    assert "survey deck --new-template" in text
    assert before.read_bytes() == b"as it was"


def test_what_is_no_template_is_told(published, tmp_path):
    path = tmp_path / "notes.pptx"
    path.write_text("hello")
    with pytest.raises(SurveyError, match="cannot be read as a PowerPoint file"):
        write_deck(published, BIG, tmp_path / "deck.pptx", path)


def test_the_call_writes_a_deck_of_the_finished_round(finished, template, tmp_path):
    path = tmp_path / "praesentation.pptx"
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root / "params", root / "params")
    shutil.copytree(finished.paths.root / "build", root / "build")
    call = [
        "--root",
        str(root),
        "deck",
        "demo",
        "0707",
        "--template",
        str(template),
        "--to",
        str(path),
    ]
    told = CliRunner().invoke(app, call)
    assert told.exit_code == 0, told.output
    assert len(Presentation(path).slides) >= 15
    told = CliRunner().invoke(app, ["--root", str(root), "deck", "demo", "9999"])
    assert told.exit_code == 2
    assert "9999" in told.output
