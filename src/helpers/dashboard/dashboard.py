"""`dashboard.html`: one file that works offline, with all released numbers of a municipality inside.

The page's own script filters and writes; Vega-Lite draws. Its scripts lie in `assets/dashboard/vega.js`
as vl-convert bundles them (SNIPPET); that takes two seconds, so it is done once and a test compares.
Nothing is asked of any server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.common import absent, printing, theme
from helpers.common.paths import write_text
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED
from helpers.dashboard import charts as dashboard_charts
from helpers.dashboard import data as dashboard_data
from helpers.parameters.params import Tile
from helpers.released import captions
from helpers.released.published import Published
from helpers.released.scale_words import kinds_rule, means_rule

VIEWS = {
    "temaer": "Temaer og spørgsmål",
    "svar": "Fordeling af svar",
    "grupper": "Grupper",
    "udvikling": "Udvikling",
}
NATIONAL_VIEWS = {"kort": "Kort", "liste": "Kommunerne"}
BESIDE = {
    "rapport.html": "Rapport",
    "praesentation.pptx": "Præsentation (PowerPoint)",
    "resultater.xlsx": "Tal i Excel",
    "../national/rapport.html": "Landsrapport",
    "../index.html": "Alle kommuner",
}
NATIONAL_BESIDE = {
    "rapport.html": "Landsrapport",
    "rapport.pdf": "Landsrapport (PDF)",
    "metode.html": "Metode",
    "../index.html": "Alle kommuner",
}
_EXPLAINED = (absent.FEW, absent.SECONDARY, absent.NOT_ASKED, absent.NOT_POSSIBLE, NOT_JUDGED)
SNIPPET = "window.vegaEmbed = vegaEmbed;"  # all that the pages call of Vega


def write_dashboard(
    published: Published, earlier: Sequence[Published], code: str, path: Path
) -> Path:
    """Write the dashboard of municipality `code`; `earlier`: the rounds that it is compared with."""
    data = dashboard_data.municipal(published, earlier, code)
    views = VIEWS if earlier else {v: VIEWS[v] for v in VIEWS if v != "udvikling"}
    specs = dashboard_charts.municipal()
    return write_text(path, _page(published, code, data, specs, "municipal", views, BESIDE))


def write_national_dashboard(published: Published, tiles: Mapping[str, Tile], path: Path) -> Path:
    """Write the dashboard of all municipalities; `tiles`: where each lies on the map."""
    data = dashboard_data.national(published, tiles)
    specs = dashboard_charts.national()
    page = _page(published, NATIONAL, data, specs, "national", NATIONAL_VIEWS, NATIONAL_BESIDE)
    return write_text(path, page)


def _page(
    published: Published,
    area: str,
    data: dict[str, Any],
    specs: dict[str, Any],
    script: str,
    views: dict[str, str],
    links: dict[str, str],
) -> str:
    rules = published.round.settings
    return (
        _environment()
        .get_template("dashboard.html")
        .render(
            name=data["name"],
            survey=captions.SURVEY,
            round=rules.title,
            simulated=rules.simulated,
            confidence=printing.percent(rules.comparison.confidence),
            means=means_rule(published.round, area),
            kinds=kinds_rule(published.round, area),
            views=views,
            links=links,
            missing=[
                (printing.capital(data["missing"][s]["words"]), data["missing"][s]["reason"])
                for s in _EXPLAINED
            ],
            css=Markup(theme.css_variables() + theme.font_faces() + _asset("dashboard.css")),
            data=_inside_script(data),
            specs=_inside_script(specs),
            licenses=Markup(_asset("LICENSES-vega.txt")),
            library=Markup(_asset("vega.js")),
            script=Markup(_asset("common.js") + _asset(f"{script}.js")),
        )
    )


def _inside_script(content: object) -> Markup:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _asset(name: str) -> str:
    return (files("helpers") / "assets" / "dashboard" / name).read_text("utf-8")


def _environment() -> Environment:
    loader = PackageLoader("helpers", "assets/dashboard")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
