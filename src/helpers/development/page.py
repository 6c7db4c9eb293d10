"""The page »Udvikling over tid«: the country's themes as charts, every municipality's overall satisfaction
in a list, its themes below, and the breaks. Self-contained; of released numbers only."""

from __future__ import annotations

import datetime as dt
from importlib.metadata import version

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.common import printing, theme
from helpers.common.printing import capital
from helpers.common.vocabulary import NATIONAL
from helpers.development.line_chart import Scale, chart, month, sparkline
from helpers.development.series import NOT_COMPUTED, Development, Series, Step
from helpers.released.captions import days, listed
from helpers.released.findings import counted
from helpers.released.published import Published


def page(development: Development) -> str:
    """The whole page as HTML."""
    environment = Environment(
        loader=PackageLoader("helpers", "assets/pages"), autoescape=True, undefined=StrictUndefined
    )
    dates = [p.round.settings.reference_date for p in development.rounds]
    country = [development.series(NATIONAL, line) for line in development.lines]
    overall = [development.series(m.code, development.overall) for m in development.places]
    themes = [
        [development.series(m.code, x) for x in development.lines] for m in development.places
    ]
    calendar = development.latest.round.settings.calendar
    return environment.get_template("udvikling.html").render(
        css=Markup(theme.css_variables() + theme.font_faces()),
        version=version("jobcentre-survey"),
        date=printing.date(calendar.reporting.end),
        simulated=development.simulated,
        span=_span(dates),
        heads=[capital(p.round.settings.title) for p in development.rounds],
        months=[month(d) for d in dates],
        rounds=[_round(development, p) for p in development.rounds],
        breaks=_breaks(development),
        several=len(development.rounds) > 1,
        confidence=printing.percent(development.latest.round.settings.comparison.confidence),
        overall=development.overall.label,
        country=_country(development, country, dates),
        common=_common(development),
        places=_places(development, overall, themes, dates),
        not_computed=any(
            s.verdict == NOT_COMPUTED for of in [country, *themes] for x in of for s in x.steps
        ),
    )


def _country(
    development: Development, lines: list[Series], dates: list[dt.date]
) -> list[dict[str, object]]:
    """A chart a theme, with the same axis."""
    scale = Scale.over(lines, intervals=True)
    return [
        {
            "label": s.line.label,
            "finding": caption(development, s),
            "chart": chart(s, dates, scale),
            **_cells(development, s),
        }
        for s in lines
    ]


def _places(
    development: Development,
    overall: list[Series],
    themes: list[list[Series]],
    dates: list[dt.date],
) -> list[dict[str, object]]:
    """A row a municipality, with its themes below it."""
    scale = Scale.over(overall, intervals=False)
    of_themes = Scale.over([s for of in themes for s in of], intervals=False)
    return [
        {
            "name": m.name,
            "code": m.code,
            "region": m.region,
            "spark": sparkline(whole, dates, scale),
            **_cells(development, whole),
            "themes": [
                {"label": s.line.label, "spark": sparkline(s, dates, of_themes)}
                | _cells(development, s)
                for s in lines
            ],
        }
        for m, whole, lines in zip(development.places, overall, themes)
    ]


def _span(dates: list[dt.date]) -> str:
    return month(dates[0]) if len(dates) == 1 else f"{month(dates[0])} – {month(dates[-1])}"


def _cells(development: Development, series: Series) -> dict[str, object]:
    """What stands in the columns: a value a round, then the change to the latest round with interval and
    verdict."""
    latest = series.step_to(development.ids[-1])
    since = development.since(latest) if latest else ""
    return {
        "values": [
            {"text": printing.number(p.value, 2) if p.shown else p.words, "shown": p.shown}
            for p in series.points
        ],
        "change": _change(latest) if latest else "",
        "verdict": capital(latest.verdict) + since if latest else "",
        "sure": bool(latest) and latest.notable,
        "broken": bool(latest) and latest.broken,
        "why": latest.why if latest else "",
    }


def caption(development: Development, series: Series) -> str:
    """What a country's chart shows to be so: the change to the latest round in words."""
    step = series.step_to(development.ids[-1])
    if step is None:
        return "Ændringen kan ikke vises" if series.shown else "Ingen tal kan vises"
    before = development.title(step.before)
    if not step.comparable:
        return f"Kan ikke sammenlignes med {before}"
    if not step.computed:
        return f"Ændringen siden {before} er ikke beregnet"
    return f"{capital(step.verdict)} siden {before} ({printing.signed(step.difference, 2)})"


def _change(step: Step) -> str:
    if not step.computed:
        return "–"
    if step.low is None or step.high is None:
        return printing.signed(step.difference, 2)
    low, high = (printing.signed(e, 2) for e in (step.low, step.high))
    return f"{printing.signed(step.difference, 2)} ({low} til {high})"


def _round(development: Development, published: Published) -> dict[str, str]:
    rules = published.round.settings
    counts = {r: (n, new, gone) for r, n, new, gone in development.comings()}
    n, new, gone = counts[published.round.id]
    whole = published.responded(NATIONAL)
    return {
        "title": capital(rules.title),
        "days": days(rules.calendar.collection.start, rules.calendar.collection.end),
        "reference": printing.date(rules.reference_date),
        "municipalities": printing.number(n),
        "new": printing.number(new) if published is not development.rounds[0] else "",
        "gone": printing.number(gone) if published is not development.rounds[0] else "",
        "answers": printing.number(whole.answers),
    }


def _breaks(development: Development) -> list[dict[str, str]]:
    return [
        {
            "pair": f"{capital(development.title(a))} til {development.title(b)}",
            "text": text or "Ingen brud: spørgeskema, målgrupper og inddelinger er de samme.",
        }
        for a, b, text in development.breaks()
    ]


def _common(development: Development) -> str:
    """Which municipalities the country's changes rest on."""
    parts = []
    for a, b in zip(development.ids, development.ids[1:]):
        both = development.trends(b, a).municipalities(a)
        if both:
            who = "den ene kommune" if both == 1 else f"de {counted(both)} kommuner"
            parts.append(f"fra {development.title(a)} til {development.title(b)} for {who}")
    if not parts:
        return ""
    return (
        "Landets tal er de deltagende kommuner i hver runde. Ændringen er regnet "
        f"{listed(parts)}, der deltog begge gange, uden de tal, der er skjult; den kan derfor afvige fra "
        "forskellen mellem de to tal."
    )
