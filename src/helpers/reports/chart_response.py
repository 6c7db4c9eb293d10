"""Who was asked and who answered: figures of the released response table."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.common import printing, style
from helpers.released.captions import reasons
from helpers.released.numbers import ResponseGroup
from helpers.released.own_numbers import GROUPINGS
from helpers.released.published import Published
from helpers.reports.chart_canvas import (
    above,
    canvas,
    label_rows,
    legend_above,
    no_data,
    x_axis,
)
from helpers.reports.chart_source import write_source

Groups = list[list[tuple[str, ResponseGroup]]]


def _response(published: Published, code: str) -> tuple[Groups, ResponseGroup]:
    """Per breakdown (label, group), and everybody."""
    labels = published.round.category_labels()
    breakdowns = [
        [(label, published.responded(code, b, c)) for c, label in labels[b].items()]
        for b in GROUPINGS
    ]
    return breakdowns, published.responded(code)


def _response_rows(ax: Axes, breakdowns: Groups) -> np.ndarray:
    """Labels down the axis, with a line between one breakdown and the next."""
    places = label_rows(ax, [label for rows in breakdowns for label, _ in rows], 34)
    for end in np.cumsum([len(rows) for rows in breakdowns])[:-1]:
        ax.axhline(end - 0.5, color=style.LIGHT_GREY, linewidth=0.8, zorder=0)
    return places


def _counts(whole: ResponseGroup) -> str:
    """The basis of a figure of counts."""
    if not whole.shown:
        return "Uvægtet."
    answers, invited = printing.number(whole.answers), printing.number(whole.invited)
    return f"Uvægtet. n\u00a0=\u00a0{answers} af {invited} inviterede."


def response_rates(published: Published, code: str) -> Figure:
    """Response rate per target group, gender, age and duration, beside the rate of everybody."""
    breakdowns, whole = _response(published, code)
    rows = [row for of_breakdown in breakdowns for _, row in of_breakdown]
    if not any(r.shown for r in rows):
        return no_data(f"Svarprocenterne kan ikke vises: {reasons(rows)}.")
    fig, ax = canvas(len(rows) * 0.66, 0.85)
    places = _response_rows(ax, breakdowns)
    for y, row in zip(places, rows):
        if row.shown:
            share = printing.percent(row.response_rate, 1)
            ax.text(0.006, y, share, va="center", color="white", fontweight="bold")
        else:
            ax.text(0.006, y, row.words, va="center", color=style.GREY)
    drawn = [(y, row.response_rate) for y, row in zip(places, rows) if row.shown]
    ys, rates = zip(*drawn)
    ax.barh(ys, rates, color=style.TEAL, height=0.68)
    ax.set_xlim(0, min(1, max(rates) + 0.02))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    if whole.shown:
        ax.axvline(whole.response_rate, color=style.ACCENT, linewidth=1.2)
        above(ax, whole.response_rate, f"Alle: {printing.percent(whole.response_rate, 1)}")
    write_source(fig, published, _counts(whole))
    return fig


def representativeness(published: Published, code: str) -> Figure:
    """Share of each group among the population and among those who answered (before weighting)."""
    breakdowns, whole = _response(published, code)
    rows = [row for of_breakdown in breakdowns for _, row in of_breakdown]
    if not any(r.shown for r in rows) or not whole.shown:
        return no_data(f"Repræsentativiteten kan ikke vises: {reasons([whole, *rows])}.")
    fig, ax = canvas(len(rows) * 0.66, 1.05)
    every_place = _response_rows(ax, breakdowns)
    for y, row in zip(every_place, rows):
        if not row.shown:
            ax.text(0.006, y, row.words, va="center", color=style.GREY)
    places = [y for y, r in zip(every_place, rows) if r.shown]
    rows = [r for r in rows if r.shown]
    people = [r.population / whole.population for r in rows]
    answers = [r.answers / whole.answers for r in rows]
    ax.hlines(places, people, answers, color=style.LIGHT_GREY, linewidth=2.5, zorder=1)
    ax.plot(people, places, "D", color=style.ACCENT, markersize=6, label="Borgere i målgrupperne")
    ax.plot(answers, places, "o", color=style.OWN, markersize=6.5, label="Svar, før vægtning")
    ax.set_xlim(0, max([*people, *answers]) + 0.06)
    ticks = ax.get_xticks()
    ticks = ticks[ticks <= ax.get_xlim()[1]]
    x_axis(ax, ticks, [printing.percent(t) for t in ticks])
    legend_above(ax, 2)
    write_source(fig, published, _counts(whole))
    return fig
