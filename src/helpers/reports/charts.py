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

from helpers.common import style
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparisons import ROUND
from helpers.released.own_numbers import NATIONAL_LABEL, why_not_compared
from helpers.released.published import Published
from helpers.reports.chart_bars import likert, split, split_by_group
from helpers.reports.chart_canvas import (
    ROW,
    WIDTH,
    above,
    canvas,
    even_ticks,
    hidden_mark,
    is_shown,
    label_rows,
    legend_above,
    no_data,
    reasons,
    right_of_rows,
    scale_axis,
    use_house_style,
    x_axis,
)
from helpers.reports.chart_models import expected, priorities
from helpers.reports.chart_response import representativeness, response_rates
from helpers.reports.chart_source import source_of
from helpers.reports.tables import OVERALL, distinct_items, round_title

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


def _dots(ax: Axes, places, rows, colour: str, marker: str, label: str, *, interval=True) -> None:
    """Released rows (or None) as dots with whiskers."""
    drawn = [(y, row) for y, row in zip(places, rows) if is_shown(row)]
    if not drawn:
        return
    ys = [y for y, _ in drawn]
    if interval:
        _whiskers(ax, ys, [row for _, row in drawn], colour)
    ax.plot(
        [row["value"] for _, row in drawn], ys, marker, color=colour, markersize=6,
        linestyle="none", markeredgecolor="white", markeredgewidth=0.6, label=label,
    )  # fmt: skip


def _whiskers(ax: Axes, places, rows, colours, alpha: float = 0.8) -> None:
    low, high = ([row[c] for row in rows] for c in ("ci_low", "ci_high"))
    ax.hlines(
        places, low, high, colors=colours, linewidth=1.4, alpha=alpha, capstyle="round", zorder=2
    )


def _values(rows) -> list[float]:
    return [row[c] for row in rows if is_shown(row) for c in ("ci_low", "ci_high", "value")]


def _others(published: Published, code: str, item: str, breakdown="all", category="all"):
    """Mean of all the other municipalities as a released row, or None."""
    found = published.against_others(code, item, breakdown=breakdown, category=category)
    if found is None:
        return None
    value = found["reference_value"]
    return {"status": "shown", "value": value, "ci_low": value, "ci_high": value}


def _dots_canvas(rows: int, *, beside: bool) -> tuple[Figure, Axes]:
    """Room for several markers a row and a legend, or for one marker a row."""
    return canvas(rows, 1.2) if beside else canvas(0.85 * rows, 0.85)


def means_beside(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Means of themes or questions with intervals; a municipality beside the others and all."""
    labels = published.round.item_labels(None if code == NATIONAL else code)
    own = [published.value(code, i) for i in items]
    if not any(is_shown(r) for r in own):
        return no_data(f"Gennemsnittene kan ikke vises: {reasons(own)}.")
    fig, ax = _dots_canvas(len(items), beside=code != NATIONAL)
    places = label_rows(ax, [labels[i] for i in items])
    everything = _values(own)
    if code != NATIONAL:
        others = [_others(published, code, i) for i in items]
        country = [published.value(NATIONAL, i) for i in items]
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


def _annotate(ax: Axes, places, rows) -> None:
    """The value, or why there is none, at the right edge of each row."""
    shown, texts = [is_shown(r) for r in rows], []
    for row, has_value in zip(rows, shown):
        text = style.number(row["value"], 2) if has_value else hidden_mark(row)
        if has_value and np.isnan(row["ci_low"]):
            text += f"\n{style.NOT_SHOWN[style.NO_INTERVAL]}"
        texts.append(text)
    colours = [style.OWN if s else style.GREY for s in shown]
    right_of_rows(ax, places, texts, colours, ["bold" if s else "normal" for s in shown])


def groups(published: Published, code: str, breakdown: str, item: str = OVERALL) -> Figure:
    """Mean of one item by the categories of a breakdown; a municipality beside all."""
    labels = published.round.category_labels(None if code == NATIONAL else code)[breakdown]
    rows = [(label, breakdown, category) for category, label in labels.items()]
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
    rows = [published.value(code, item, **where) for where in wheres]
    if not any(is_shown(r) for r in rows):
        return no_data(f"Gruppernes gennemsnit kan ikke vises: {reasons(rows)}.")
    fig, ax = _dots_canvas(len(rows), beside=beside)
    places = label_rows(ax, names)
    everything = _values(rows)
    if beside:
        country = [published.value(NATIONAL, item, **where) for where in wheres]
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


def municipalities(published: Published, region: str, item: str = "samlet") -> Figure:
    """The region's municipalities in the order of their names, each with its interval, beside the
    mean of all (line). Those without a mean to show are named on their row."""
    places_of = sorted(
        (m for m in published.municipalities if m.region == region),
        key=lambda m: style.danish_sort_key(m.name),
    )
    rows = [published.value(m.code, item) for m in places_of]
    if not rows:
        return no_data("Ingen kommuner i regionen har resultater i denne runde.")
    if not any(is_shown(r) for r in rows):
        return no_data(f"Kommunernes gennemsnit kan ikke vises: {reasons(rows)}.")
    fig, ax = canvas(0.2 / ROW * len(rows), 0.9)
    places = label_rows(ax, [m.name for m in places_of])
    _dots(ax, places, rows, style.OWN, "o", "")
    scale_axis(ax, _values(rows))
    country = published.value(NATIONAL, item)
    if is_shown(country):
        ax.axvline(country["value"], color=style.ACCENT, linewidth=1.2, zorder=1)
        above(ax, country["value"], f"Alle: {style.number(country['value'], 2)}")
    _annotate(ax, places, rows)
    source_of(fig, published, rows)
    return fig


# ------------------------------------------------------------------------------------ differences


def differences(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Own mean less that of all the others, with intervals; filled where it is worth mentioning.

    What cannot be compared is named on its row. A question that is a theme of its own stands once.
    """
    return _differences(
        published, code, items, "others", ("over", "under"),
        "Forskel i gennemsnit til de øvrige kommuner",
    )  # fmt: skip


def development(published: Published, code: str, items: Sequence[str]) -> Figure | None:
    """Mean now less that of the latest earlier round, with intervals; filled where worth mentioning.

    What the two rounds do not have in common is named on its row; nothing where that is all.
    """
    if not published.has_earlier(code):
        return None
    before = published.earlier_rounds[0]
    return _differences(
        published, code, items, f"round:{before}", ("steget", "faldet"),
        f"Ændring i gennemsnit siden {round_title(published, before)}",
    )  # fmt: skip


def _differences(
    published: Published,
    code: str,
    items: Sequence[str],
    reference: str,
    words: tuple[str, str],
    axis: str,
) -> Figure:
    items = distinct_items(published, items)
    rows = [published.compared(code, reference, i) for i in items]
    compared = [r for r in rows if r is not None]
    if not compared:
        words = dict.fromkeys(_why_not_compared(published, code, reference, i) for i in items)
        return no_data(f"Sammenligningen kan ikke vises: {' eller '.join(words)}.")
    labels = published.round.item_labels(None if code == NATIONAL else code)
    fig, ax = canvas(len(items) * 0.8, 1.1)
    places = label_rows(ax, [labels[i] for i in items])
    ax.axvline(0, color=style.GREY, linewidth=1)
    texts, colours = [], []
    for item, row in zip(items, rows):
        if row is None:
            texts.append(_why_not_compared(published, code, reference, item))
            colours.append(style.GREY)
            continue
        over, worth = row["difference"] > 0, bool(row["worth_mentioning"])
        text = style.signed(row["difference"], 2) + f" {words[not over]}" * worth
        if np.isnan(row["p_adjusted"]):
            text += f"\n{style.NOT_SHOWN[style.NOT_JUDGED]}"
        texts.append(text)
        colours.append((style.OWN if over else style.ACCENT) if worth else style.GREY)
    drawn = [(y, row, c) for y, row, c in zip(places, rows, colours) if row is not None]
    _whiskers(ax, *zip(*drawn), alpha=1)
    for colour in dict.fromkeys(colours):
        found = [(row["difference"], y) for y, row, c in drawn if c == colour]
        filled = "white" if colour == style.GREY else colour
        ax.plot(*np.reshape(found, (-1, 2)).T, "o", color=colour, markersize=6.5,
                markerfacecolor=filled, linestyle="none")  # fmt: skip
    right_of_rows(ax, places, texts, colours, ["normal"] * len(texts))
    columns = ("difference", "ci_low", "ci_high")
    ticks = even_ticks(np.nanmax([abs(r[c]) for r in compared for c in columns]))
    ax.set_xlim(ticks[0], ticks[-1])
    x_axis(ax, ticks, [style.signed(t, 2) for t in ticks], axis)
    source_of(fig, published, [published.value(code, i) for i in items])
    return fig


def _why_not_compared(published: Published, code: str, reference: str, item: str) -> str:
    """In words: what hides the difference from the others, or that two rounds do not have it both."""
    own, country = (published.value(c, item) for c in (code, NATIONAL))
    if reference != "others":
        before = reference.removeprefix(ROUND)
        return style.why(published.why_no_change(code, before, item)).words
    status = why_not_compared(
        *(style.NOT_POSSIBLE if row is None else row["status"] for row in (own, country))
    )
    return style.why(status).words
