"""The dashboards' charts as Vega-Lite, built by Altair; the page hands them their rows.

Each function gives a spec whose data are called `rows` and come from the page. Colours and type are
those of `common/style.py`.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from helpers.common import style
from helpers.common.vocabulary import NOT_JUDGED, OVER, SMALL, UNDER, UNSURE
from helpers.estimation.comparisons import OTHERS
from helpers.released.verdicts import words_of

ROW_HEIGHT = 46  # pixels a row of a horizontal chart; the page multiplies by its rows
MAP_HEIGHT = 600
AREAS = ["area-domain"]
REACH = ["x-domain"]
DOMAIN = ["rows-domain"]  # the page puts the round's own words here
COLOURS = ["rows-colours"]  # and those of as many answers as the scale has
BREAK_LINES = "split(datum.label, '\\n')"
_AUTOSIZE = alt.AutoSizeParams(type="fit-x", contains="padding")
_QUARTERS = [-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1]
_ROWS = alt.NamedData("rows")
_LABELS = alt.Y(
    "label:N",
    sort=None,
    axis=alt.Axis(
        title=None, labelExpr=BREAK_LINES, labelLimit=340, domain=False, ticks=False, labelPadding=8
    ),
)


def municipal() -> dict[str, Any]:
    """name → Vega-Lite spec of a municipality's charts."""
    return _specs(
        means=_means(),
        answers=_diverging(COLOURS),
        split=_diverging([style.LIKERT[1], style.LIKERT[3], style.LIKERT[5]]),
        development=_development(),
    )


def national() -> dict[str, Any]:
    """name → Vega-Lite spec of the country's charts."""
    return _specs(map=_map(), list=_list())


def _specs(**charts: alt.LayerChart) -> dict[str, Any]:
    return {
        name: chart.properties(width="container", autosize=_AUTOSIZE).configure(**_look()).to_dict()
        for name, chart in charts.items()
    }


def _look() -> dict[str, Any]:
    text = {"font": style.FONT, "color": style.INK}
    return {
        "font": style.FONT,
        "background": "white",
        "aria": False,  # the figure has its own words, and the table the numbers
        "view": alt.ViewConfig(stroke=None),
        "axis": alt.AxisConfig(
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
            labelColor=style.INK,
            titleColor=style.GREY,
            gridColor=style.TINT,
            domainColor=style.LIGHT_GREY,
            tickColor=style.LIGHT_GREY,
        ),
        "legend": alt.LegendConfig(
            orient="top",
            title=None,
            labelFontSize=13,
            symbolSize=110,
            labelLimit=320,
            columns=3,
            labelColor=style.INK,
        ),
        "title": alt.TitleConfig(
            anchor="start",
            fontSize=15,
            subtitleFontSize=13,
            subtitleColor=style.GREY,
            offset=10,
            frame="bounds",
            **text,
        ),
        "lineBreak": "\n",
    }


def _areas(channel: type, values: list[str], **more) -> Any:
    """Own municipality first, the country second, in the order of the rows."""
    return channel("area:N", scale=alt.Scale(domain=AREAS, range=values), **more)


def _mean(channel: type, field: str, **axis) -> Any:
    """An axis of means, from a little below the lowest to a little above the highest."""
    return channel(
        f"{field}:Q",
        title="Gennemsnit på skalaen 1–5",
        scale=alt.Scale(zero=False, nice=True, padding=12),
        axis=alt.Axis(**{"format": ".1f", "tickCount": 6} | axis),
    )


def _means() -> alt.LayerChart:
    """Means with intervals, own beside the country; why there is none in words."""
    beside = alt.YOffset("area:N", scale=alt.Scale(domain=AREAS))
    base = alt.Chart(_ROWS).encode(y=_LABELS, yOffset=beside)
    colour = _areas(alt.Color, [style.OWN, style.COUNTRY])
    stroke = _areas(alt.Stroke, [style.OWN, style.COUNTRY])
    tooltip = [
        alt.Tooltip("label:N", title=" "),
        alt.Tooltip("area:N", title="Område"),
        alt.Tooltip("value:Q", title="Gennemsnit", format=".2f"),
        alt.Tooltip("low:Q", title="Fra", format=".2f"),
        alt.Tooltip("high:Q", title="Til", format=".2f"),
    ]
    whiskers = base.mark_rule(strokeWidth=2).encode(
        x=_mean(alt.X, "low"), x2="high:Q", stroke=stroke
    )
    points = base.mark_point(filled=True, size=95, opacity=1).encode(
        x=_mean(alt.X, "value"),
        color=colour,
        shape=_areas(alt.Shape, ["circle", "square"]),
        tooltip=tooltip,
    )
    why = base.mark_text(align="left", fontSize=12, color=style.GREY).encode(
        x=alt.value(4), text="text:N"
    )
    return alt.layer(whiskers, points, why).properties(usermeta={"row": ROW_HEIGHT})


def _diverging(colours: list[str]) -> alt.LayerChart:
    """Answers about the middle: negative to the left, positive to the right; *ved ikke* apart."""
    x = alt.X(
        "start:Q",
        title="Procent af svar uden »ved ikke«",
        scale=alt.Scale(domain=REACH, nice=False),
        axis=alt.Axis(
            labelExpr="datum.value > 1 ? '' : format(abs(datum.value) * 100, '.0f')",
            values=_QUARTERS,
        ),
    )
    base = alt.Chart(_ROWS).encode(y=_LABELS)
    bars = base.mark_bar(height={"band": 0.68}).encode(
        x=x,
        x2="end:Q",
        color=alt.Color("answer:N", sort=None, scale=alt.Scale(domain=DOMAIN, range=colours)),
        tooltip=[
            alt.Tooltip("label:N", title=" "),
            alt.Tooltip("answer:N", title="Svar"),
            alt.Tooltip("value:Q", title="Andel", format=".0%"),
        ],
    )
    numbers = (
        base.mark_text(fontSize=12)
        .encode(
            x=alt.X("middle:Q"),
            text="text:N",
            color=alt.condition("datum.light", alt.value("white"), alt.value(style.INK)),
        )
        .transform_calculate(middle="isValid(datum.start) ? (datum.start + datum.end) / 2 : -0.98")
    )
    beside = {"fontSize": 12, "align": "right", "color": style.GREY}
    unsure = base.mark_text(**beside).encode(x=alt.value("width"), text="unsure:N")
    head = (
        alt.Chart(alt.InlineData([{}]))
        .mark_text(text="ved ikke", **beside)
        .encode(x=alt.value("width"), y=alt.value(-8))
    )
    middle = alt.Chart(_ROWS).mark_rule(color=style.GREY).encode(x=alt.datum(0))
    return alt.layer(middle, bars, numbers, unsure, head).properties(usermeta={"row": ROW_HEIGHT})


def _development() -> alt.LayerChart:
    """Means from round to round, own beside the country, with intervals."""
    x = alt.X(
        "round:N",
        sort=None,
        title=None,
        scale=alt.Scale(domain=DOMAIN),
        axis=alt.Axis(labelAngle=0, labelLimit=200),
    )
    y = _mean(alt.Y, "value")
    colour = _areas(alt.Color, [style.OWN, style.COUNTRY])
    stroke = _areas(alt.Stroke, [style.OWN, style.COUNTRY])
    base = alt.Chart(_ROWS).encode(x=x)
    lines = alt.Chart(_ROWS).mark_line(strokeWidth=1.5).encode(x=x, y=y, stroke=stroke)
    whiskers = base.mark_rule(strokeWidth=2).encode(
        y=_mean(alt.Y, "low"), y2="high:Q", stroke=stroke
    )
    points = base.mark_point(filled=True, size=95, opacity=1).encode(
        y=y, color=colour, shape=_areas(alt.Shape, ["circle", "square"])
    )
    return alt.layer(lines, whiskers, points).properties(height=320)


# verdicts; told apart by their marks too
_SAID = words_of(OTHERS)
_KINDS = {
    _SAID[OVER]: style.TEAL,
    _SAID[UNDER]: style.ACCENT,
    _SAID[SMALL]: style.LIKERT[4],
    _SAID[UNSURE]: style.LIKERT[3],
    "kan ikke vises eller vurderes": style.DONT_KNOW,
    "deltager ikke": "white",
}


_POINTS = {
    OVER: (style.TEAL, "triangle-up"),
    UNDER: (style.ACCENT, "triangle-down"),
    SMALL: (style.LIKERT[4], "square"),
    UNSURE: (style.GREY, "circle"),
    NOT_JUDGED: (style.TEAL_MID, "diamond"),
}


def _map() -> alt.LayerChart:
    """A tile a municipality, about where it lies."""
    x = alt.X("x:O", axis=None, scale=alt.Scale(paddingInner=0.06))
    y = alt.Y("y:O", axis=None, scale=alt.Scale(paddingInner=0.06))
    base = alt.Chart(_ROWS).encode(x=x, y=y)
    light = alt.condition(
        f"datum.kind === '{_SAID[OVER]}' || datum.kind === '{_SAID[UNDER]}'",
        alt.value("white"),
        alt.value(style.INK),
    )
    tiles = base.mark_rect(stroke=style.LIGHT_GREY, cornerRadius=2).encode(
        color=alt.Color(
            "kind:N", scale=alt.Scale(domain=list(_KINDS), range=list(_KINDS.values()))
        ),
        tooltip=[
            alt.Tooltip("name:N", title="Kommune"),
            alt.Tooltip("value:N", title="Gennemsnit"),
            alt.Tooltip("word:N", title="Mod de øvrige"),
        ],
    )
    size = alt.ExprRef("max(7, min(11, width / 50))")  # a phone's tiles are small
    names = base.mark_text(fontSize=size, dy=-5).encode(text="short:N", color=light)
    marks = base.mark_text(fontSize=size, dy=9).encode(text="mark:N", color=light)
    return alt.layer(tiles, names, marks).properties(height=MAP_HEIGHT)


def _list_tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("name:N", title="Kommune"),
        alt.Tooltip("value:Q", title="Gennemsnit", format=".2f"),
        alt.Tooltip("low:Q", title="Fra", format=".2f"),
        alt.Tooltip("high:Q", title="Til", format=".2f"),
        alt.Tooltip("word:N", title="Mod de øvrige"),
    ]


def _list() -> alt.LayerChart:
    """Every municipality's mean with its interval; behind it what chance alone would give about the
    mean of all: within 1.96 and within 3.09 standard errors of the municipality's own number."""
    y = alt.Y(
        "name:N",
        sort=None,
        axis=alt.Axis(title=None, labelLimit=170, domain=False, ticks=False, labelPadding=6),
    )
    base = alt.Chart(_ROWS).encode(y=y)
    limits = base.transform_calculate(
        a="datum.all - datum.half * 3.09 / 1.96",
        b="datum.all + datum.half * 3.09 / 1.96",
        c="datum.all - datum.half",
        d="datum.all + datum.half",
    )
    outer = limits.mark_bar(color=style.TINT, height={"band": 0.95}).encode(
        x=_mean(alt.X, "a", orient="top"), x2="b:Q"
    )
    inner = limits.mark_bar(color=style.LIGHT_GREY, opacity=0.6, height={"band": 0.95}).encode(
        x=_mean(alt.X, "c", orient="top"), x2="d:Q"
    )
    kinds = {_SAID[v]: colour for v, (colour, _) in _POINTS.items()}
    shapes = [shape for _, shape in _POINTS.values()]
    colour_scale = alt.Scale(domain=list(kinds), range=list(kinds.values()))
    colour = alt.Color("word:N", scale=colour_scale)
    stroke = alt.Stroke("word:N", scale=colour_scale)
    whiskers = base.mark_rule(strokeWidth=1.6).encode(
        x=_mean(alt.X, "low", orient="top"), x2="high:Q", stroke=stroke
    )
    points = base.mark_point(filled=True, size=60, opacity=1).encode(
        x=_mean(alt.X, "value", orient="top"),
        color=colour,
        shape=alt.Shape("word:N", scale=alt.Scale(domain=list(kinds), range=shapes)),
        tooltip=_list_tooltip(),
    )
    middle = base.mark_tick(color=style.INK, thickness=1, size=21).encode(
        x=_mean(alt.X, "all", orient="top")
    )
    return alt.layer(outer, inner, middle, whiskers, points).properties(usermeta={"row": 21})
