"""Who was asked and who answered: figures of the released response table."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import style
from helpers.chart_canvas import canvas, hidden_mark, is_shown, label_rows, no_data, reasons
from helpers.chart_source import write_source
from helpers.own_numbers import GROUPINGS
from helpers.published import Published


def _response(published: Published, code: str) -> list[list[tuple[str, object]]]:
    """Per breakdown (label, row) of the released response table."""
    table = published.response[published.response["municipality"] == code]
    labels = published.round.category_labels()
    found = []
    for breakdown in GROUPINGS:
        of_breakdown = table[table["breakdown"] == breakdown].set_index("category")
        found.append(
            [
                (label, of_breakdown.loc[c] if c in of_breakdown.index else None)
                for c, label in labels[breakdown].items()
            ]
        )
    return found


def _whole(published: Published, code: str):
    table = published.response
    return table[(table["municipality"] == code) & (table["breakdown"] == "all")].iloc[0]


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
    breakdowns, whole = _response(published, code), _whole(published, code)
    rows = [row for of_breakdown in breakdowns for _, row in of_breakdown]
    if not any(is_shown(r) for r in rows):
        return no_data(f"Svarprocenterne kan ikke vises: {reasons(rows)}.")
    fig, ax = canvas(len(rows) * 0.66, 0.85)
    for y, row in zip(_response_rows(ax, breakdowns), rows):
        if is_shown(row):
            ax.barh(y, row["response_rate"], color=style.TEAL, height=0.68)
            share = style.percent(row["response_rate"], 1)
            ax.text(0.006, y, share, va="center", color="white", fontweight="bold")
        else:
            ax.text(0.006, y, hidden_mark(row), va="center", color=style.GREY)
    if is_shown(whole):
        ax.axvline(whole["response_rate"], color=style.ACCENT, linewidth=1.2)
        ax.annotate(f"Alle: {style.percent(whole['response_rate'], 1)}", (whole["response_rate"], 1),
                    xycoords=("data", "axes fraction"), xytext=(4, 3), textcoords="offset points",
                    color=style.ACCENT)  # fmt: skip
    top = max((r["response_rate"] for r in rows if is_shown(r)), default=0.5)
    ax.set_xlim(0, min(1, top + 0.02))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    write_source(fig, published, _counts(whole))
    return fig


def representativeness(published: Published, code: str) -> Figure:
    """Share of each group among the population and among those who answered (before weighting)."""
    breakdowns, whole = _response(published, code), _whole(published, code)
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
    ax.set_xticks(ticks, [style.percent(t) for t in ticks])
    ax.grid(axis="x", color=style.TINT, linewidth=1)
    ax.set_axisbelow(True)
    ax.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False)
    write_source(fig, published, _counts(whole))
    return fig
