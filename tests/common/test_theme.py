"""One look: what repeats the colours and the type of `common/style.py` says the same."""

from __future__ import annotations

import itertools
import re
import zipfile

import pytest
from fontTools.ttLib import TTFont

from helpers.common import style, theme
from helpers.common.paths import PROJECT
from helpers.dashboard import charts as dashboard_charts

ASSETS = PROJECT / "src" / "helpers" / "assets"
LETTERS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÆØÅabcdefghijklmnopqrstuvwxyzæøåéöäü0123456789»«–−…%.,:;()\u00a0×·"
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """WCAG 2.1: (L1 + 0.05)/(L2 + 0.05)."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_of_black_on_white_is_known():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", ["teal", "accent", "grey", "ink"])
@pytest.mark.parametrize("ground", ["#FFFFFF", style.TINT, style.DONT_KNOW])
def test_words_can_be_read(colour, ground):
    assert contrast(style.TOKENS[colour], ground) >= 4.5


def test_numbers_on_bars_can_be_read():
    for k, colour in style.LIKERT.items():
        assert contrast(colour, "#FFFFFF" if k in (1, 5) else style.INK) >= 4.5


def test_neighbours_on_the_scale_are_told_apart_without_hue():
    light = [luminance(c) for c in style.LIKERT.values()]
    assert light[0] < light[1] < light[2] > light[3] > light[4]
    for one, other in itertools.pairwise(light):
        assert abs(one - other) > 0.05


def test_quartos_theme_has_the_houses_colours():
    text = (PROJECT / "reports" / "theme.scss").read_text("utf-8")
    for name in ("teal", "accent", "grey", "light-grey", "tint", "ink"):
        assert re.search(rf"^\${name}: (#\w+);", text, re.M)[1] == style.TOKENS[name]
    assert style.FONT_STACK in text


def test_the_decks_template_has_the_houses_colours():
    with zipfile.ZipFile(ASSETS / "deck" / "template.pptx") as deck:
        text = deck.read("ppt/theme/theme1.xml").decode("utf-8")
    found = dict(re.findall(r'<a:(\w+)><a:srgbClr val="(\w+)"', text))
    expected = {
        "dk1": style.INK, "lt2": style.TINT, "accent1": style.TEAL, "accent2": style.ACCENT,
        "accent3": style.GREY, "accent4": style.TEAL_MID, "accent6": style.LIGHT_GREY,
    }  # fmt: skip
    assert {k: f"#{found[k]}" for k in expected} == expected


@pytest.mark.parametrize("name", theme.WEB_FONTS.values())
@pytest.mark.parametrize("ending", ["ttf", "woff"])
def test_the_type_has_the_letters(name, ending):
    font = TTFont(ASSETS / "fonts" / f"{name}.{ending}")
    assert {ord(c) for c in LETTERS} <= set(font.getBestCmap())


def test_pages_carry_their_type():
    assert theme.font_faces().count("@font-face") == len(theme.WEB_FONTS)
    assert "url(http" not in theme.font_faces()
    assert len(theme.font_faces()) < 150_000


def test_no_asset_names_a_colour_of_its_own():
    """Colours stand in common/style.py; pages and templates get them from there."""
    for path in (
        ASSETS / "pages" / "index.html", ASSETS / "dashboard" / "dashboard.css",
        ASSETS / "render" / "report.css", ASSETS / "render" / "report.typ",
    ):  # fmt: skip
        found = set(re.findall(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", path.read_text("utf-8")))
        assert found <= {"#fff", "#000"}, path.name


def test_the_dashboards_charts_are_in_the_houses_type():
    for spec in [*dashboard_charts.municipal().values(), *dashboard_charts.national().values()]:
        assert spec["config"]["font"] == style.FONT
