"""Released numbers → figures for the reports, in the house style.

Every function takes `Published` and gives a matplotlib Figure without a title (the caption carries
it), 6.7 inches wide: the text width of an A4 page. A hidden number is named, never drawn; source and
number of answers stand under the drawing, so that they follow a figure that is copied.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.common import absent, printing, style
from helpers.common.vocabulary import NATIONAL, NATIONAL_LABEL, OVER, UNDER, UNSURE
from helpers.estimation.comparisons import OTHERS, ROUND
from helpers.released.captions import reasons
from helpers.released.numbers import Difference, Number
from helpers.released.published import Published
from helpers.reports.chart_bars import likert, split, split_by_group
from helpers.reports.chart_canvas import (
    ROW,
    WIDTH,
    above,
    canvas,
    even_ticks,
    label_rows,
    legend_above,
    no_data,
    right_of_rows,
    scale_axis,
    use_house_style,
    x_axis,
)
from helpers.reports.chart_models import expected, priorities
from helpers.reports.chart_response import representativeness, response_rates
from helpers.reports.chart_source import source_of
from helpers.reports.tables import distinct_items, round_title

__all__ = [
    "WIDTH",
    "development",
    "differences",
    "expected",
    "groups",
    "likert",
    "means_beside",
    "means_of_groups",
    "municipalities",
    "priorities",
    "representativeness",
    "response_rates",
    "split",
    "split_by_group",
    "use_house_style",
]


# --------------------------------------------------------------------------------- means as dots


def _dots(
    ax: Axes,
    places,
    numbers: Sequence[Number],
    colour: str,
    marker: str,
    label: str,
    *,
    interval=True,
) -> None:
    """Those that are shown as dots with whiskers."""
    drawn = [(y, number) for y, number in zip(places, numbers) if number.shown]
    if not drawn:
        return
    ys = [y for y, _ in drawn]
    if interval:
        _whiskers(ax, ys, [number for _, number in drawn], colour)
    ax.plot(
        [number.value for _, number in drawn],
        ys,
        marker,
        color=colour,
        markersize=6,
        linestyle="none",
        markeredgecolor="white",
        markeredgewidth=0.6,
        label=label,
    )


def _whiskers(ax: Axes, places, numbers: Sequence[Number], colours, alpha: float = 0.8) -> None:
    """A number without an interval has none."""
    low, high = (np.array([getattr(x, end) for x in numbers], float) for end in ("low", "high"))
    ax.hlines(
        places, low, high, colors=colours, linewidth=1.4, alpha=alpha, capstyle="round", zorder=2
    )


def _values(numbers: Sequence[Number]) -> list[float]:
    """What the axis must reach."""
    ends = [v for x in numbers for v in (x.low, x.high, x.value)]
    return [v for v in ends if v is not None]


def _dots_canvas(rows: int, *, beside: bool) -> tuple[Figure, Axes]:
    """Room for several markers a row and a legend, or for one marker a row."""
    return canvas(rows, 1.2) if beside else canvas(0.85 * rows, 0.85)


def means_beside(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Means of themes or questions with intervals; a municipality beside the others and all."""
    labels = published.round.item_labels(code)
    own = [published.number(code, i) for i in items]
    if not any(r.shown for r in own):
        return no_data(f"Gennemsnittene kan ikke vises: {reasons(own)}.")
    fig, ax = _dots_canvas(len(items), beside=code != NATIONAL)
    places = label_rows(ax, [labels[i] for i in items])
    everything = _values(own)
    if code != NATIONAL:
        others = [published.others(code, i) for i in items]
        country = [published.number(NATIONAL, i) for i in items]
        everything += _values(others) + _values(country)
        _dots(ax, places - 0.22, own, style.OWN, "o", "Kommunen (95 %-interval)")
        _dots(ax, places + 0.08, others, style.OTHERS, "D", "De øvrige kommuner", interval=False)
        _dots(ax, places + 0.3, country, style.COUNTRY, "s", NATIONAL_LABEL, interval=False)
        legend_above(ax, 3, handletextpad=0.3)
    else:
        _dots(ax, places, own, style.OWN, "o", NATIONAL_LABEL)
    scale_axis(ax, everything)
    _annotate(ax, places, own)
    source_of(fig, published, own)
    return fig


def _annotate(ax: Axes, places, numbers: Sequence[Number]) -> None:
    """The value, or why there is none, at the right edge of each row."""
    shown, texts = [x.shown for x in numbers], []
    for number in numbers:
        text = printing.number(number.value, 2) if number.shown else number.words
        if number.shown and not number.has_interval:
            text += f"\n{absent.NOT_SHOWN[absent.NO_INTERVAL]}"
        texts.append(text)
    colours = [style.OWN if s else style.GREY for s in shown]
    right_of_rows(ax, places, texts, colours, ["bold" if s else "normal" for s in shown])


def groups(published: Published, code: str, breakdown: str, item: str | None = None) -> Figure:
    """Mean of one item by the categories of a breakdown; a municipality beside all."""
    labels = published.round.category_labels(code)[breakdown]
    rows = [(label, breakdown, category) for category, label in labels.items()]
    item = item or published.overall
    return means_of_groups(published, code, rows, item, beside=code != NATIONAL)


def means_of_groups(
    published: Published,
    code: str,
    groups: Sequence[tuple[str, str, str]],
    item: str,
    *,
    beside: bool = False,
) -> Figure:
    """Mean of one item in `groups` (label, breakdown, category); `beside`: the country's too."""
    names, *wheres = zip(*groups)
    wheres = [{"breakdown": b, "category": c} for b, c in zip(*wheres)]
    rows = [published.number(code, item, **where) for where in wheres]
    if not any(r.shown for r in rows):
        return no_data(f"Gruppernes gennemsnit kan ikke vises: {reasons(rows)}.")
    fig, ax = _dots_canvas(len(rows), beside=beside)
    places = label_rows(ax, names)
    everything = _values(rows)
    if beside:
        country = [published.number(NATIONAL, item, **where) for where in wheres]
        everything += _values(country)
        _dots(ax, places - 0.12, rows, style.OWN, "o", "Kommunen (95 %-interval)")
        _dots(ax, places + 0.16, country, style.COUNTRY, "s", NATIONAL_LABEL, interval=False)
        legend_above(ax, 2, handletextpad=0.3)
    else:
        _dots(ax, places, rows, style.OWN, "o", "")
    scale_axis(ax, everything)
    _annotate(ax, places, rows)
    source_of(fig, published, rows)
    return fig


def municipalities(published: Published, region: str, item: str | None = None) -> Figure:
    """The region's municipalities in the order of their names, each with its interval, beside the
    mean of all (line). Those without a mean to show are named on their row."""
    places_of = sorted(
        (m for m in published.municipalities if m.region == region),
        key=lambda m: printing.danish_sort_key(m.name),
    )
    item = item or published.overall
    rows = [published.number(m.code, item) for m in places_of]
    if not rows:
        return no_data("Ingen kommuner i regionen har resultater i denne runde.")
    if not any(r.shown for r in rows):
        return no_data(f"Kommunernes gennemsnit kan ikke vises: {reasons(rows)}.")
    fig, ax = canvas(0.2 / ROW * len(rows), 0.9)
    places = label_rows(ax, [m.name for m in places_of])
    _dots(ax, places, rows, style.OWN, "o", "")
    scale_axis(ax, _values(rows))
    country = published.number(NATIONAL, item)
    if country.shown:
        ax.axvline(country.value, color=style.ACCENT, linewidth=1.2, zorder=1)
        above(ax, country.value, f"Alle: {printing.number(country.value, 2)}")
    _annotate(ax, places, rows)
    source_of(fig, published, rows)
    return fig


# ------------------------------------------------------------------------------------ differences


def differences(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Own mean less that of all the others, with intervals; filled where it is worth mentioning.

    What cannot be compared is named on its row. A question that is a theme of its own stands once.
    """
    return _differences(
        published, code, items, OTHERS, "Forskel i gennemsnit til de øvrige kommuner"
    )


def development(published: Published, code: str, items: Sequence[str]) -> Figure | None:
    """Mean now less that of the latest earlier round, with intervals; filled where worth mentioning.

    What the two rounds do not have in common is named on its row; nothing where that is all.
    """
    if not published.has_earlier(code):
        return None
    before = published.earlier_rounds[0]
    title = f"Ændring i gennemsnit siden {round_title(published, before)}"
    return _differences(published, code, items, ROUND + before, title)


def _differences(
    published: Published, code: str, items: Sequence[str], reference: str, axis: str
) -> Figure:
    items = distinct_items(published, items)
    rows = [published.compared(code, reference, i) for i in items]
    compared = [d for d in rows if d.shown]
    if not compared:
        return no_data(f"Sammenligningen kan ikke vises: {reasons(rows)}.")
    labels = published.round.item_labels(code)
    fig, ax = canvas(len(items) * 0.8, 1.1)
    places = label_rows(ax, [labels[i] for i in items])
    ax.axvline(0, color=style.GREY, linewidth=1)
    colours = [_COLOURS.get(d.verdict, style.GREY) for d in rows]
    drawn = [(y, d, c) for y, d, c in zip(places, rows, colours) if d.shown]
    _whiskers(ax, *zip(*drawn), alpha=1)
    for colour in dict.fromkeys(colours):
        found = [(d.value, y) for y, d, c in drawn if c == colour]
        filled = "white" if colour == style.GREY else colour
        ax.plot(
            *np.reshape(found, (-1, 2)).T,
            "o",
            color=colour,
            markersize=6.5,
            markerfacecolor=filled,
            linestyle="none",
        )
    right_of_rows(ax, places, [_in_words(d) for d in rows], colours, ["normal"] * len(rows))
    ticks = even_ticks(max(map(abs, _values(compared))))
    ax.set_xlim(ticks[0], ticks[-1])
    x_axis(ax, ticks, [printing.signed(t, 2) for t in ticks], axis)
    source_of(fig, published, [published.number(code, i) for i in items])
    return fig


_COLOURS = {OVER: style.OWN, UNDER: style.ACCENT}


def _in_words(d: Difference) -> str:
    """The difference with its verdict; one that is not sure has none but its interval."""
    if not d.shown:
        return d.words
    value = printing.signed(d.value, 2)
    if d.notable:
        return f"{value} {d.said}"
    return value if d.verdict == UNSURE else f"{value}\n{d.said}"
