"""Who was asked and who answered: figures of the released response table."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.common import style
from helpers.released.own_numbers import GROUPINGS
from helpers.released.published import Published
from helpers.reports.chart_canvas import (
    above,
    canvas,
    hidden_mark,
    is_shown,
    label_rows,
    legend_above,
    no_data,
    reasons,
    x_axis,
)
from helpers.reports.chart_source import write_source


def _response(published: Published, code: str) -> tuple[list[list[tuple[str, object]]], dict]:
    """Per breakdown (label, row) of the released response table, and the row of everybody."""
    table = published.response[published.response["municipality"] == code]
    rows = {(row["breakdown"], row["category"]): row for row in table.to_dict("records")}
    labels = published.round.category_labels()
    breakdowns = [[(label, rows.get((b, c))) for c, label in labels[b].items()] for b in GROUPINGS]
    return breakdowns, rows["all", "all"]


def _response_rows(ax: Axes, breakdowns: list[list[tuple[str, object]]]) -> np.ndarray:
    """Labels down the axis, with a line between one breakdown and the next."""
    places = label_rows(ax, [label for rows in breakdowns for label, _ in rows], 34)
    for end in np.cumsum([len(rows) for rows in breakdowns])[:-1]:
        ax.axhline(end - 0.5, color=style.LIGHT_GREY, linewidth=0.8, zorder=0)
    return places


def _counts(whole) -> str:
    """The basis of a figure of counts."""
    if not is_shown(whole):
        return "Uvægtet."
    answers, invited = (style.number(int(whole[c])) for c in ("answers", "invited"))
    return f"Uvægtet. n\u00a0=\u00a0{answers} af {invited} inviterede."


def response_rates(published: Published, code: str) -> Figure:
    """Response rate per target group, gender, age and duration, beside the rate of everybody."""
    breakdowns, whole = _response(published, code)
    rows = [row for of_breakdown in breakdowns for _, row in of_breakdown]
    if not any(is_shown(r) for r in rows):
        return no_data(f"Svarprocenterne kan ikke vises: {reasons(rows)}.")
    fig, ax = canvas(len(rows) * 0.66, 0.85)
    places = _response_rows(ax, breakdowns)
    for y, row in zip(places, rows):
        if is_shown(row):
            share = style.percent(row["response_rate"], 1)
            ax.text(0.006, y, share, va="center", color="white", fontweight="bold")
        else:
            ax.text(0.006, y, hidden_mark(row), va="center", color=style.GREY)
    drawn = [(y, row["response_rate"]) for y, row in zip(places, rows) if is_shown(row)]
    ys, rates = zip(*drawn)
    ax.barh(ys, rates, color=style.TEAL, height=0.68)
    ax.set_xlim(0, min(1, max(rates) + 0.02))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    if is_shown(whole):
        ax.axvline(whole["response_rate"], color=style.ACCENT, linewidth=1.2)
        above(ax, whole["response_rate"], f"Alle: {style.percent(whole['response_rate'], 1)}")
    write_source(fig, published, _counts(whole))
    return fig


def representativeness(published: Published, code: str) -> Figure:
    """Share of each group among the population and among those who answered (before weighting)."""
    breakdowns, whole = _response(published, code)
    rows = [row for of_breakdown in breakdowns for _, row in of_breakdown]
    if not any(is_shown(r) for r in rows) or not is_shown(whole):
        return no_data(f"Repræsentativiteten kan ikke vises: {reasons([whole, *rows])}.")
    fig, ax = canvas(len(rows) * 0.66, 1.05)
    every_place = _response_rows(ax, breakdowns)
    for y, row in zip(every_place, rows):
        if not is_shown(row):
            ax.text(0.006, y, hidden_mark(row), va="center", color=style.GREY)
    places = [y for y, r in zip(every_place, rows) if is_shown(r)]
    rows = [r for r in rows if is_shown(r)]
    people = [float(r["population"] / whole["population"]) for r in rows]
    answers = [float(r["answers"] / whole["answers"]) for r in rows]
    ax.hlines(places, people, answers, color=style.LIGHT_GREY, linewidth=2.5, zorder=1)
    ax.plot(people, places, "D", color=style.ACCENT, markersize=6, label="Borgere i målgrupperne")
    ax.plot(answers, places, "o", color=style.OWN, markersize=6.5, label="Svar, før vægtning")
    ax.set_xlim(0, max([*people, *answers]) + 0.06)
    ticks = ax.get_xticks()
    ticks = ticks[ticks <= ax.get_xlim()[1]]
    x_axis(ax, ticks, [style.percent(t) for t in ticks])
    legend_above(ax, 2)
    write_source(fig, published, _counts(whole))
    return fig
