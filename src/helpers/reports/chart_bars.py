"""Diverging bars: how the answers are distributed, and how many are satisfied.

The middle answer lies about the line in the middle, so that what is positive can be compared from
row to row, and what is negative too (Heiberger & Robbins 2014).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.common import printing, style
from helpers.parameters.scales import NEUTRAL, Measure
from helpers.released.captions import reasons
from helpers.released.numbers import Number
from helpers.released.published import Published
from helpers.released.scale_words import question_measures, split_labels
from helpers.reports.chart_canvas import (
    ABOVE,
    LEGEND,
    LEGEND_LINE,
    ROW_GAP,
    canvas,
    label_rows,
    make_room,
    no_data,
    right_of_rows,
    text_width,
    x_axis,
)
from helpers.reports.chart_source import source_of

SPLIT = {
    "share_dissatisfied": style.LIKERT[1],
    "share_neutral": style.LIKERT[3],
    "share_satisfied": style.LIKERT[5],
}
SWATCH = 26.0  # points that a legend's entry takes beside its label
LABEL_FROM = 0.05  # smaller parts of a bar get no number


def _stack(
    ax: Axes,
    places: Sequence[float],
    shares: np.ndarray,
    colours: Sequence[str],
    height: float,
    middle: tuple[int, int] = (1, 2),
) -> None:
    """Bars beside each other: a row of `shares` at each place, a column for each colour. The columns
    `middle` (first, one behind the last) lie about zero, and the axis reaches as far as the longest bars."""
    if not len(places):
        _share_axis(ax, -0.5, 0.5)
        return
    first, behind = middle
    left = shares[:, :first].sum(axis=1) + shares[:, first:behind].sum(axis=1) / 2
    ends = np.cumsum(shares, axis=1) - np.c_[left]
    starts = ends - shares
    low, high = (np.broadcast_to(np.c_[places] + d, ends.shape) for d in (-height / 2, height / 2))
    corners = [(starts, low), (ends, low), (ends, high), (starts, high)]
    bars = np.stack([np.stack(c, axis=-1) for c in corners], axis=-2).reshape(-1, 4, 2)
    looks = list(colours) * len(places)
    ax.add_collection(
        PolyCollection(bars, facecolors=looks, edgecolors="white", linewidths=0.6),
        autolim=False,
    )
    middles = np.broadcast_to(np.c_[places], ends.shape).ravel()
    for x, y, share, colour in zip((starts + shares / 2).ravel(), middles, shares.ravel(), looks):
        if share >= LABEL_FROM:
            dark = style.is_dark(colour)
            ax.text(
                x,
                y,
                printing.number(100 * share),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else style.INK,
            )
    ax.axvline(0, color=style.INK, linewidth=0.7, zorder=0)
    _share_axis(ax, starts.min(), ends.max())


def _share_axis(ax: Axes, low: float, high: float) -> None:
    """From the longest bar on either side, ticks at whole fifths; both ways counted from the middle."""
    ax.set_xlim(low, high)
    first, last = np.ceil(5 * low - 1e-9), np.floor(5 * high + 1e-9)
    ticks = np.arange(first, last + 1) / 5
    labels = [printing.number(100 * abs(t)) for t in ticks]
    title = "Procent af svar uden »ved ikke«, regnet fra midten af »hverken eller«"
    x_axis(ax, ticks, labels, title, grid=False)


def _in_words(ax: Axes, y: float, rows) -> None:
    """Why a row has no bar, at the left edge."""
    ax.text(
        0.01, y, reasons(rows), transform=ax.get_yaxis_transform(), va="center", color=style.GREY
    )


def _bar_legend(ax: Axes, entries: Sequence[tuple[str, str]], below: float = 0) -> None:
    """The bars' colours at the top of the figure, `below` points above the axes; on several lines, each
    read from the left, where a municipality's own labels are long."""
    handles = [Patch(color=colour, label=label) for label, colour in entries]
    across = _legend_columns([label for label, _ in entries], 72 * ax.figure.get_figwidth())
    lines = -(-len(handles) // across)
    in_columns = [
        h for first in range(across) for h in handles[first::across]
    ]  # as they are filled
    ax.figure.legend(
        handles=in_columns,
        loc="upper center",
        ncols=across,
        frameon=False,
        handlelength=1.1,
        handletextpad=0.5,
        columnspacing=1.1,
    )
    make_room(ax, top=LEGEND + (lines - 1) * LEGEND_LINE + below)


def _legend_columns(labels: Sequence[str], room: float) -> int:
    """The most columns that the points of `room` hold: all labels on one line, or three, or two."""
    for across in (len(labels), 3):
        widest = [max(text_width(t) for t in labels[first::across]) for first in range(across)]
        if sum(widest) + SWATCH * across <= room:
            return across
    return 2


def likert(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Distribution of the answers to questions that share a scale; *ved ikke* stands apart."""
    labels = published.round.item_labels(code)
    scale = published.round.answer_scales(code)[items[0]]
    looks, neutral = style.answer_colours(len(scale.labels)), scale.measure.options_of(NEUTRAL)
    fig, ax = canvas(len(items) * 1.05, 1.35)
    places = label_rows(ax, [labels[i] for i in items], 26)
    bars, drawn, unsure = [], [], []
    for y, item in zip(places, items):
        shares = [published.number(code, item, f"share_{k}") for k in scale.labels]
        if not all(s.shown for s in shares):
            _in_words(ax, y, shares)
            continue
        bars.append(y)
        drawn.append(shares)
        share = published.number(code, item, "share_dont_know")
        unsure.append(
            printing.percent(share.value) if share.shown else share.words.replace(" ", "\n")
        )
    _stack(ax, bars, _values_of(drawn), looks, 0.68, (neutral[0] - 1, neutral[-1]))
    right_of_rows(ax, bars, unsure, [style.GREY] * len(bars), ["normal"] * len(bars))
    ax.annotate(
        "ved ikke",
        (1, 1),
        xycoords="axes fraction",
        xytext=(ROW_GAP, 3),
        textcoords="offset points",
        color=style.GREY,
        fontsize=8,
    )
    make_room(ax, right=ROW_GAP + text_width("ved ikke"))
    _bar_legend(ax, list(zip(scale.labels.values(), looks)), ABOVE)
    source_of(fig, published, [shares[0] for shares in drawn])
    return fig


def _values_of(rows: Sequence[Sequence[Number]]) -> np.ndarray:
    return np.array([[s.value for s in shares] for shares in rows])


def split(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Satisfied, neutral and dissatisfied per theme or question."""
    labels = published.round.item_labels(code)
    rows = [(labels[i], {s: published.number(code, i, s) for s in SPLIT}) for i in items]
    scales = published.round.answer_scales(code)
    own = [scales[i].measure for i in items if i in scales]
    return _split(published, rows, own or question_measures(published.round))


def split_by_group(
    published: Published, code: str, breakdown: str, item: str | None = None
) -> Figure:
    """Satisfied, neutral and dissatisfied on one item by the categories of a breakdown."""
    labels = published.round.category_labels(code)[breakdown]
    item = item or published.overall
    rows = [
        (
            label,
            {s: published.number(code, item, s, breakdown=breakdown, category=c) for s in SPLIT},
        )
        for c, label in labels.items()
    ]
    return _split(published, rows, question_measures(published.round))


def _split(published: Published, rows, measures: Sequence[Measure]) -> Figure:
    if not any(all(v.shown for v in values.values()) for _, values in rows):
        return no_data(
            f"Fordelingen kan ikke vises: {reasons(v for _, s in rows for v in s.values())}."
        )
    fig, ax = canvas(len(rows), 1.1)
    bars, drawn = [], []
    for y, (_, values) in zip(label_rows(ax, [label for label, _ in rows]), rows):
        if all(v.shown for v in values.values()):
            bars.append(y)
            drawn.append(list(values.values()))
        else:
            _in_words(ax, y, values.values())
    _stack(ax, bars, _values_of(drawn), list(SPLIT.values()), 0.66)
    names = split_labels(measures)
    _bar_legend(ax, [(names[s], colour) for s, colour in SPLIT.items()])
    source_of(fig, published, [values["share_satisfied"] for _, values in rows])
    return fig
