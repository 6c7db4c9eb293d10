"""One series as a small line chart in SVG, with the breaks marked: drawn for a page, with no library.

A line joins two rounds only where their numbers can be compared; it is dashed where no change has been
computed. A break is a broken upright line between the two rounds, with or without a line through it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from helpers.common import printing
from helpers.development.series import Point, Series

MONTHS = (
    "jan.", "feb.", "marts", "april", "maj", "juni", "juli", "aug.", "sept.", "okt.", "nov.", "dec.",
)  # fmt: skip
LEAST_GAP = 0.26  # of the whole span: rounds closer in time are drawn so far apart


@dataclass(frozen=True)
class Scale:
    """The means that a chart reaches from and to; the same for charts that are read together."""

    low: float
    high: float

    @classmethod
    def over(cls, series: Sequence[Series], *, intervals: bool) -> Scale:
        """From and to a half point of the mean that holds every point (and interval), one point at
        least; 1–5 where nothing is shown."""
        ends = [e for s in series for p in s.shown for e in _ends(p, intervals)]
        if not ends:
            return cls(1.0, 5.0)
        low, high = math.floor(2 * min(ends)) / 2, math.ceil(2 * max(ends)) / 2
        if high - low < 1:
            low, high = (low - 0.5, high) if low > 1 else (low, high + 0.5)
        return cls(max(low, 1.0), min(high, 5.0))

    def place(self, value: float, top: float, bottom: float) -> float:
        return bottom - (value - self.low) / (self.high - self.low) * (bottom - top)


def _ends(point: Point, intervals: bool) -> list[float]:
    ends = [point.value, *([point.low, point.high] if intervals else [])]
    return [e for e in ends if e is not None]


def across(days: Sequence[dt.date]) -> list[float]:
    """Places 0–1 of the rounds: in proportion to time, but none nearer to the next than LEAST_GAP of the
    span (or an even share, where there are many); one alone stands in the middle."""
    if len(days) == 1:
        return [0.5]
    gaps = [(b - a).days for a, b in pairwise(days)]
    whole = sum(gaps) or 1
    least = min(LEAST_GAP, 1 / len(gaps))
    wide = [max(g / whole, least) for g in gaps]
    places = [0.0]
    for gap in wide:
        places.append(places[-1] + gap / sum(wide))
    return places


def month(day: dt.date) -> str:
    """»feb. 2024«."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def sparkline(series: Series, days: Sequence[dt.date], scale: Scale) -> Markup:
    """The line alone, to stand beside its numbers in a table; »« where nothing is shown."""
    if not series.shown:
        return Markup("")
    width, height = 120, 30
    spots = _spots(series, days, scale, (6, width - 6), (4, height - 4))
    parts = [*_between(series, spots, (1, height - 1), 1.6), *_dots(spots, 2.4)]
    return _svg(width, height, parts)


def chart(series: Series, days: Sequence[dt.date], scale: Scale) -> Markup:
    """With axis, intervals, values and months; the numbers stand in a table beside it."""
    width, height, left, right, top, bottom = 340, 190, 40, 322, 22, 156
    parts = []
    steps = round((scale.high - scale.low) / 0.5)
    for k in range(steps + 1):
        value = scale.low + k / 2
        y = scale.place(value, top, bottom)
        parts.append(
            f'<line class="grid" x1="{left - 4}" x2="{right + 12}" y1="{y:.1f}" y2="{y:.1f}"/>'
        )
        parts.append(
            f'<text class="axis" x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{printing.number(value, 1)}</text>"
        )
    inside = (left + 22, right - 12)
    for day, x in zip(days, _xs(days, inside)):
        parts.append(
            f'<text class="axis" x="{x:.1f}" y="{height - 14}" text-anchor="middle">'
            f"{month(day)}</text>"
        )
    spots = _spots(series, days, scale, inside, (top, bottom))
    parts += _between(series, spots, (top - 8, bottom), 2.2, words=True)
    for point, (x, y) in spots.items():
        if point.low is not None and point.high is not None:
            ends = [scale.place(e, top, bottom) for e in (point.low, point.high)]
            parts.append(
                f'<line class="interval" x1="{x:.1f}" x2="{x:.1f}" y1="{ends[0]:.1f}" '
                f'y2="{ends[1]:.1f}"/>'
            )
        parts.append(
            f'<text class="value" x="{x:.1f}" y="{_above(point, y, scale, top, bottom):.1f}" '
            f'text-anchor="middle">{printing.number(point.value, 2)}</text>'
        )
    return _svg(width, height, parts + _dots(spots, 4))


def _above(point: Point, y: float, scale: Scale, top: float, bottom: float) -> float:
    """Baseline of a value's text: over its interval."""
    highest = y if point.high is None else scale.place(point.high, top, bottom)
    return min(highest, y - 4) - 5


def _xs(days: Sequence[dt.date], inside: tuple[float, float]) -> list[float]:
    return [inside[0] + a * (inside[1] - inside[0]) for a in across(days)]


def _spots(
    series: Series,
    days: Sequence[dt.date],
    scale: Scale,
    inside: tuple[float, float],
    upright: tuple[float, float],
) -> dict[Point, tuple[float, float]]:
    return {
        p: (x, scale.place(p.value, *upright))
        for p, x in zip(series.points, _xs(days, inside))
        if p.shown
    }


def _between(
    series: Series,
    spots: dict[Point, tuple[float, float]],
    upright: tuple[float, float],
    width: float,
    *,
    words: bool = False,
) -> list[str]:
    """Lines from point to point, and the marks of breaks."""
    at = {p.round_id: place for p, place in spots.items()}
    parts = []
    for step in series.steps:
        (x1, y1), (x2, y2) = at[step.before], at[step.now]
        if step.comparable:
            dash = "" if step.computed else f' stroke-dasharray="{2 * width:g} {1.6 * width:g}"'
            parts.append(
                f'<line class="line" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                f'stroke-width="{width:g}"{dash}/>'
            )
        if step.broken:
            parts += _mark((x1 + x2) / 2, upright, words)
    return parts


def _mark(x: float, upright: tuple[float, float], words: bool) -> list[str]:
    top, bottom = upright
    parts = [f'<line class="break" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>']
    if words:
        parts.append(
            f'<text class="broken" x="{x:.1f}" y="{top - 4:.1f}" text-anchor="middle">brud</text>'
        )
    return parts


def _dots(spots: dict[Point, tuple[float, float]], radius: float) -> list[str]:
    return [
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>' for x, y in spots.values()
    ]


def _svg(width: int, height: int, parts: Sequence[str]) -> Markup:
    """Hidden from those who listen: the numbers stand beside it."""
    return Markup(
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )
