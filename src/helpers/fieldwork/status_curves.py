"""Cumulative answers day by day with the forecast's fan, as small SVG pictures.

Written as SVG and not drawn by matplotlib or Vega-Lite: eighty pictures with real text, in the page's
own colours, take some 2 kB and no time each. matplotlib needs seconds for them and 15 kB each with the
letters as outlines; Vega-Lite brings 0.9 MB and draws only where scripts run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.common import printing
from helpers.common.vocabulary import NATIONAL
from helpers.fieldwork.forecast import days_to_come
from helpers.fieldwork.round_status import RoundStatus

MAILINGS = {
    "invitation": "invitation",
    "first_reminder": "1. påmindelse",
    "second_reminder": "2. påmindelse",
}
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 10, 20  # around the drawing
WIDTH, HEIGHT = 340, 150
STEPS = (1, 2, 5)  # × a power of ten: between the lines of the grid


@dataclass(frozen=True)
class Curve:
    """Cumulative answers of a municipality or the country: `seen` by the end of each day so far,
    `fan` a row a day to come with forecast, ci_low, ci_high; `least` wanted, None for no line."""

    days: tuple[dt.date, ...]
    seen: tuple[int, ...]
    fan: pd.DataFrame
    least: int | None
    marks: dict[dt.date, str] = field(default_factory=dict)

    @property
    def top(self) -> float:
        highest = [*self.seen, *self.fan.get("ci_high", ()), 1, 1.15 * (self.least or 0)]
        return float(max(highest))


def curves_by_place(status: RoundStatus, least: int) -> dict[str, Curve]:
    """Municipality, and NATIONAL, → curve."""
    curves, moment = status.curves, status.moment
    first, last = curves.start.date(), (curves.marks["end"] - dt.timedelta(days=1)).date()
    days = tuple(first + dt.timedelta(days=i) for i in range((last - first).days + 1))
    so_far = [d for d in days if d <= moment.date()]
    answered = status.citizens[status.citizens["answered"]]
    day = answered["answered_at"].dt.date.where(answered["answered_at"].notna(), first)
    day = day.map(lambda d: min(max(d, first), last))
    counts = answered.groupby(["municipality", day]).size().unstack(fill_value=0)
    counts = counts.reindex(index=status.forecast.counts.codes, columns=so_far, fill_value=0)
    seen = counts.cumsum(axis=1).astype(int)
    coming = [d for d in days_to_come(curves, moment) if d >= moment.date()]
    fan = status.forecast.fan(coming)
    marks = {m.date(): MAILINGS[n] for n, m in curves.marks.items() if n in MAILINGS}
    none = pd.DataFrame()
    by_place = dict(tuple(fan.groupby("municipality"))) if len(fan) else {}
    found = {
        code: Curve(days, tuple(int(v) for v in row), by_place.get(code, none), least, marks)
        for code, row in zip(seen.index, seen.to_numpy())
    }
    whole = tuple(int(v) for v in seen.sum(axis=0))
    return {NATIONAL: Curve(days, whole, by_place.get(NATIONAL, none), None, marks), **found}


@dataclass(frozen=True)
class _Scale:
    """Where a day and a number of answers lie in a picture of `width` × `height`."""

    curve: Curve
    width: float
    height: float

    def x(self, day: dt.date) -> float:
        """The end of a day."""
        days, span = (day - self.curve.days[0]).days + 1, max(len(self.curve.days), 1)
        return round(LEFT + (self.width - LEFT - RIGHT) * days / span, 1)

    def y(self, value: float) -> float:
        drawn = self.height - TOP - BOTTOM
        return round(self.height - BOTTOM - drawn * value / self.curve.top, 1)


def curve_svg(curve: Curve, name: str, ident: str, *, wide: bool = False) -> Markup:
    """The picture, with a text that says the same; `ident` is its id in the page."""
    width = WIDTH * 2 if wide else WIDTH
    height = HEIGHT * 1.5 if wide else HEIGHT
    scale = _Scale(curve, width, height)
    x, y = scale.x, scale.y
    seen = [(LEFT, y(0)), *((x(d), y(v)) for d, v in zip(curve.days, curve.seen))]
    return Markup(
        pages()
        .get_template("status-curve.svg")
        .render(
            ident=ident,
            title=f"{name}: svar i alt dag for dag",
            text=in_words(curve),
            width=width,
            height=round(height),
            left=LEFT,
            right=width - RIGHT,
            grid=[(v, y(v), printing.number(v)) for v in _grid(curve.top)],
            seen=_points(seen),
            **_fan(scale, seen[-1]),
            end=seen[-1],
            least=(y(curve.least), printing.number(curve.least)) if curve.least else None,
            marks=[(x(d - dt.timedelta(days=1)), label) for d, label in curve.marks.items()],
            wide=wide,
            first=short(curve.days[0]),
            last=short(curve.days[-1]),
            foot=round(height) - 5,
            floor=y(0),
            roof=TOP,
        )
    )


def _fan(scale: _Scale, start: tuple[float, float]) -> dict[str, str]:
    """The forecast's line and band. What comes in the rest of today goes on from where the line of
    the answers ends."""
    x, y = scale.x, scale.y
    fan = [r for r in scale.curve.fan.itertuples() if x(r.day) > start[0]]
    if not fan:
        return {"middle": "", "band": ""}
    high = [(x(r.day), y(r.ci_high)) for r in fan]
    low = [(x(r.day), y(r.ci_low)) for r in reversed(fan)]
    middle = [(x(r.day), y(r.forecast)) for r in fan]
    return {"middle": _points([start, *middle]), "band": _points([start, *high, *low])}


def in_words(curve: Curve) -> str:
    """What the picture shows, for those who do not see it."""
    day = curve.days[len(curve.seen) - 1] if curve.seen else curve.days[0]
    text = f"{printing.number(curve.seen[-1] if curve.seen else 0)} svar til og med {short(day)}."
    if len(curve.fan):
        last = curve.fan.iloc[-1]
        text += (
            f" Prognose for {short(last['day'])}: {printing.number(last['forecast'])} svar "
            f"(mellem {printing.number(last['ci_low'])} og {printing.number(last['ci_high'])})."
        )
    if curve.least:
        text += f" Mindstemålet er {printing.number(curve.least)} svar."
    return text


def short(day: dt.date) -> str:
    """»18. marts«."""
    return f"{day.day}. {printing.MONTHS[day.month - 1]}"


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:g},{b:g}" for a, b in points)


def _grid(top: float) -> list[float]:
    """Round values above 0 for at most five lines."""
    power = 10 ** (len(str(int(top))) - 1)
    sizes = [s * p for p in (power // 10 or 1, power) for s in STEPS]
    step = next((s for s in sizes if top / s <= 5), sizes[-1])
    return [step * i for i in range(1, int(top // step) + 1)]


@cache
def pages() -> Environment:
    """The page's templates; a line that holds a tag alone leaves none."""
    return Environment(
        loader=PackageLoader("helpers", "assets/pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
