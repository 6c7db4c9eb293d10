"""Figures of what models say: expected results with control limits, and the priority map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from helpers.common import printing, style
from helpers.common.printing import capital
from helpers.common.vocabulary import NOT_JUDGED
from helpers.estimation.comparisons import EXPECTED
from helpers.released import verdicts
from helpers.released.numbers import Difference
from helpers.released.published import Published
from helpers.reports.chart_canvas import (
    PAD,
    TEXT,
    WIDTH,
    canvas,
    even_ticks,
    legend_above,
    make_room,
    no_data,
    text_width,
    x_axis,
)
from helpers.reports.chart_source import write_source

# two-sided; the funnel plot's usual pair (Spiegelhalter 2005)
WARNING_LIMIT, CONTROL_LIMIT = 0.95, 0.998
UNCERTAINTIES = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0)  # ticks of a logarithmic axis
NEAR = 0.05  # of the axis: points nearer than this share a line
LETTER = 0.013  # of the axis: width of a letter
BESIDE = 8.0  # points between a point and its name
TICK_GAP, TITLE_GAP = 9.5, 4.0  # points between the axes, the ticks' labels and the axis title


def expected(published: Published) -> Figure:
    """Funnel: each municipality's actual less expected overall satisfaction by its uncertainty.

    Between the limits lies what chance alone would give; dark points differ by the release's verdict.
    No names and no order: this is no ranking.
    """
    every = published.differences(reference=EXPECTED, item=published.overall, statistic="mean")
    found = [d for d in every if d.has_interval]
    if not found:
        return no_data("Forventede resultater kan ikke vises.")
    z = stats.norm.ppf(0.5 + published.round.settings.comparison.confidence / 2)
    half = np.array([(d.high - d.low) / 2 for d in found])
    difference = np.array([d.value for d in found])
    warning, control = (
        float(stats.norm.ppf(0.5 + p / 2) / z) for p in (WARNING_LIMIT, CONTROL_LIMIT)
    )
    fig, ax = canvas(0, 3.9)
    widest, narrowest = float(half.max()) * 1.1, float(half.min()) / 1.1
    _control_limits(ax, np.geomspace(narrowest, widest, 100), warning, control)
    _municipalities(ax, found, half, difference)
    ticks = even_ticks(float(max(np.abs(difference).max(), control * widest)))
    ax.set_ylim(ticks[0], ticks[-1])
    _y_axis(ax, ticks, [printing.signed(v, 2) for v in ticks], "Faktisk minus forventet")
    ax.set_xscale("log")
    ax.set_xlim(widest, narrowest)
    shown = [u for u in UNCERTAINTIES if narrowest <= u <= widest]
    x_axis(
        ax,
        shown,
        [printing.number(u, 2) for u in shown],
        "Usikkerhed på kommunens tal (± skalapoint); de mest sikre til højre",
        grid=False,
    )
    ax.minorticks_off()
    ax.grid(axis="y", color=style.TINT, linewidth=1)
    ax.set_axisbelow(True)
    legend_above(ax, 2, x=0.45, lines=2)
    write_source(fig, published, f"Vægtede tal. {len(found)} kommuner.")
    return fig


def _control_limits(ax: Axes, x: np.ndarray, warning: float, control: float) -> None:
    """Both pairs as lines through 0; `warning`, `control`: their slopes."""
    for slope, line, label in (
        (warning, (0, (4, 3)), f"{printing.percent(WARNING_LIMIT)}-grænse"),
        (control, "-", f"{printing.percent(CONTROL_LIMIT, 1)}-grænse"),
    ):
        ax.plot(x, slope * x, color=style.GREY, linewidth=1, linestyle=line, label=label)
        ax.plot(x, -slope * x, color=style.GREY, linewidth=1, linestyle=line)
    ax.axhline(0, color=style.INK, linewidth=0.8)


def _municipalities(
    ax: Axes, found: Sequence[Difference], half: np.ndarray, difference: np.ndarray
) -> None:
    """A point each, by the release's verdict; `half`: half the interval."""
    notable, judged = (np.array([getattr(d, of) for d in found]) for of in ("notable", "judged"))
    for chosen, colour, label in (
        (notable, style.OWN, "Sikker og nævneværdig forskel"),
        (judged & ~notable, style.LIGHT_GREY, "Ikke både sikker og nævneværdig"),
        (~judged, "white", capital(verdicts.words_of(EXPECTED)[NOT_JUDGED])),
    ):
        if not chosen.any():
            continue
        ax.plot(
            half[chosen],
            difference[chosen],
            "o",
            color=colour,
            markersize=6,
            label=label,
            markeredgecolor=style.GREY,
            markeredgewidth=0.5,
            linestyle="none",
        )


def priorities(published: Published, code: str) -> Figure:
    """Priority map: how high each theme lies, by how closely it goes with overall satisfaction."""
    d = published.drivers
    rows = d[d["municipality"] == code]
    if rows.empty:
        return no_data("Temaernes betydning kan ikke vises: for få svar, eller et tema er skjult.")
    labels = published.round.item_labels()
    fig, ax = canvas(0, 3.6)
    x, y = rows["performance"].to_numpy(), rows["importance"].to_numpy()
    low, high = rows["ci_low"].to_numpy(), rows["ci_high"].to_numpy()
    even = 1 / len(rows)
    ax.axhline(even, color=style.LIGHT_GREY, linewidth=1)
    ax.axvline(float(x.mean()), color=style.LIGHT_GREY, linewidth=1)
    ax.vlines(x, low, high, color=style.OWN, linewidth=1.2, alpha=0.6)
    ax.plot(x, y, "o", color=style.OWN, markersize=8, linestyle="none")
    span = max(float(np.ptp(x)), 0.4)
    ax.set_xlim(float(x.min()) - 0.3 * span, float(x.max()) + 0.5 * span)
    ax.set_ylim(0, max(float(high.max()) * 1.15, 2 * even))
    corners = (
        ((0.01, 0.98), "left", "top", "Ligger lavt, hænger tæt sammen"),
        ((0.99, 0.98), "right", "top", "Ligger højt, hænger tæt sammen"),
        ((0.01, 0.02), "left", "bottom", "Ligger lavt, hænger mindre sammen"),
        ((0.99, 0.02), "right", "bottom", "Ligger højt, hænger mindre sammen"),
    )
    for place, ha, va, text in corners:
        ax.annotate(
            text, place, xycoords="axes fraction", ha=ha, va=va, color=style.GREY, fontsize=8
        )
    xticks = [t for t in ax.get_xticks() if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    x_axis(
        ax,
        xticks,
        [printing.number(t, 1) for t in xticks],
        "Temaets gennemsnit på skalaen 1–5",
        grid=False,
    )
    yticks = np.arange(0, ax.get_ylim()[1], 0.1)
    _y_axis(ax, yticks, [printing.percent(t) for t in yticks], "Andel af sammenhængen")
    _label_points(ax, [labels[t] for t in rows["theme"]], x, y)
    n = printing.number(int(rows["n"].iloc[0]))
    write_source(fig, published, f"Vægtede tal. n\u00a0=\u00a0{n}.")
    return fig


def _y_axis(ax: Axes, ticks: Sequence[float], labels: Sequence[str], title: str) -> None:
    ax.set_yticks(ticks, labels)
    ax.set_ylabel(title)
    make_room(ax, left=TICK_GAP + max(map(text_width, labels)) + TITLE_GAP + TEXT)


def _label_points(ax: Axes, names: list[str], x: np.ndarray, y: np.ndarray) -> None:
    """Names to the right of their points, to the left where another point is in the way; the axes
    leave room for what would reach over their right edge."""
    (low, high), height = ax.get_xlim(), float(np.ptp(ax.get_ylim()))
    width = high - low
    to_edge = 72 * WIDTH * (1 - ax.figure.subplotpars.left)  # from the axes' left, in points
    for i, name in enumerate(names):
        to_right = (x - x[i]) / width
        in_the_way = (to_right > 0) & (to_right < LETTER * len(name) + LETTER)
        in_the_way &= np.abs(y - y[i]) < NEAR * height
        left = bool(in_the_way.any())
        ax.annotate(
            name,
            (x[i], y[i]),
            xytext=(-BESIDE if left else BESIDE, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontweight="bold",
            fontsize=TEXT,
        )
        if not left:
            widest = (to_edge - PAD - BESIDE - text_width(name, "bold")) / ((x[i] - low) / width)
            make_room(ax, right=to_edge - PAD - widest)
