"""Released numbers → figures for the reports, in the house style.

Every function takes `Published` and gives a matplotlib Figure without a title (the caption carries
it), 6.7 inches wide: the text width of an A4 page. A hidden number is named, never drawn; source and
number of answers stand under the drawing, so that they follow a figure that is copied.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers import style
from helpers.chart_canvas import (
    WIDTH,
    canvas,
    even_ticks,
    hidden_mark,
    is_shown,
    label_rows,
    no_data,
    reasons,
    scale_axis,
    use_house_style,
)
from helpers.chart_models import expected, priorities
from helpers.chart_response import representativeness, response_rates
from helpers.chart_source import source_of
from helpers.own_numbers import NATIONAL_LABEL, why_not_compared
from helpers.published import NATIONAL, Published
from helpers.tables import distinct_items, round_title

__all__ = [
    "WIDTH",
    "development",
    "differences",
    "expected",
    "groups",
    "likert",
    "means_beside",
    "municipalities",
    "priorities",
    "representativeness",
    "response_rates",
    "split",
    "split_by_group",
    "use_house_style",
]

SPLIT = {
    "share_dissatisfied": ("Utilfredse (1–2)", style.LIKERT[1]),
    "share_neutral": ("Hverken eller (3)", style.LIKERT[3]),
    "share_satisfied": ("Tilfredse (4–5)", style.LIKERT[5]),
}
LABEL_FROM = 0.05  # smaller parts of a bar get no number


# --------------------------------------------------------------------------------- means as dots


def _dots(ax: Axes, places, rows, colour: str, marker: str, label: str, *, interval=True) -> None:
    """Released rows (or None) as dots with whiskers."""
    named = False
    for y, row in zip(places, rows):
        if not is_shown(row):
            continue
        if interval:
            ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, linewidth=1.4, alpha=0.8)
        ax.plot(
            row["value"], y, marker, color=colour, markersize=6, linestyle="none",
            markeredgecolor="white", markeredgewidth=0.6, label=None if named else label,
        )  # fmt: skip
        named = True


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
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=3, frameon=False, handletextpad=0.3
        )
    else:
        _dots(ax, places, own, style.OWN, "o", NATIONAL_LABEL)
    scale_axis(ax, everything)
    _annotate(ax, places, own)
    source_of(fig, published, own)
    return fig


def _annotate(ax: Axes, places, rows) -> None:
    """The value, or why there is none, at the right edge of each row."""
    for y, row in zip(places, rows):
        text = style.number(row["value"], 2) if is_shown(row) else hidden_mark(row)
        if is_shown(row) and np.isnan(row["ci_low"]):
            text += f"\n{style.NOT_SHOWN[style.NO_INTERVAL]}"
        ax.annotate(
            text, (1, y), xycoords=("axes fraction", "data"), xytext=(6, 0), va="center",
            textcoords="offset points", color=style.OWN if is_shown(row) else style.GREY,
            fontsize=8.5, fontweight="bold" if is_shown(row) else "normal",
        )  # fmt: skip


def groups(published: Published, code: str, breakdown: str, item: str = "samlet") -> Figure:
    """Mean of one item by the categories of a breakdown; a municipality beside all."""
    labels = published.round.category_labels(None if code == NATIONAL else code)[breakdown]
    rows = [published.value(code, item, breakdown=breakdown, category=c) for c in labels]
    if not any(is_shown(r) for r in rows):
        return no_data(f"Gruppernes gennemsnit kan ikke vises: {reasons(rows)}.")
    beside = code != NATIONAL and not breakdown.startswith("local:")
    fig, ax = _dots_canvas(len(labels), beside=beside)
    places = label_rows(ax, list(labels.values()))
    everything = _values(rows)
    if beside:
        country = [published.value(NATIONAL, item, breakdown=breakdown, category=c) for c in labels]
        everything += _values(country)
        _dots(ax, places - 0.12, rows, style.OWN, "o", "Kommunen (95 %-interval)")
        _dots(ax, places + 0.16, country, style.COUNTRY, "s", NATIONAL_LABEL, interval=False)
        ax.legend(
            loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, frameon=False, handletextpad=0.3
        )
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
    fig, ax = plt.subplots(figsize=(WIDTH, 0.2 * len(rows) + 0.9), layout="constrained")
    places = label_rows(ax, [m.name for m in places_of])
    country = published.value(NATIONAL, item)
    if is_shown(country):
        ax.axvline(country["value"], color=style.ACCENT, linewidth=1.2, zorder=1)
        ax.annotate(
            f"Alle: {style.number(country['value'], 2)}", (country["value"], 1), xytext=(4, 3),
            xycoords=("data", "axes fraction"), textcoords="offset points",
            color=style.ACCENT, fontsize=8.5,
        )  # fmt: skip
    _dots(ax, places, rows, style.OWN, "o", "")
    scale_axis(ax, _values(rows))
    _annotate(ax, places, rows)
    source_of(fig, published, rows)
    return fig


# ------------------------------------------------------------------------------------ stacked bars


def _stack(ax: Axes, y: float, parts: Sequence[tuple[float, str]], height: float) -> None:
    left = 0.0
    for share, colour in parts:
        ax.barh(y, share, left=left, color=colour, height=height, edgecolor="white", linewidth=0.6)
        if share >= LABEL_FROM:
            dark = colour in (style.LIKERT[1], style.LIKERT[5])
            ax.text(
                left + share / 2, y, style.number(100 * share), ha="center", va="center",
                fontsize=8, color="white" if dark else style.INK,
            )  # fmt: skip
        left += share


def _share_axis(ax: Axes) -> None:
    ax.set_xlim(0, 1)
    ax.set_xticks(np.arange(0, 1.01, 0.2), [f"{p}" for p in range(0, 101, 20)])
    ax.set_xlabel("Procent af svar uden »ved ikke«")


def _bar_legend(fig: Figure, entries: Sequence[tuple[str, str]]) -> None:
    handles = [Patch(color=colour, label=label) for label, colour in entries]
    fig.legend(
        handles=handles, loc="outside upper center", ncols=len(entries), frameon=False,
        handlelength=1.1, handletextpad=0.5, columnspacing=1.1,
    )  # fmt: skip


def likert(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Distribution of the answers to questions that share a scale; *ved ikke* stands apart."""
    labels = published.round.item_labels(None if code == NATIONAL else code)
    scale = _scale_of(published, code, items[0])
    names = published.round.questionnaire.scales[scale]
    fig, ax = canvas(len(items) * 1.05, 1.35)
    places = label_rows(ax, [labels[i] for i in items], 26)
    drawn = []
    for y, item in zip(places, items):
        shares = [published.value(code, item, f"share_{k}") for k in range(1, 6)]
        if not all(is_shown(s) for s in shares):
            ax.text(0.01, y, reasons(shares), va="center", color=style.GREY)
            continue
        drawn.append(shares[0])
        _stack(ax, y, [(s["value"], style.LIKERT[k]) for k, s in enumerate(shares, 1)], 0.68)
        unsure = published.value(code, item, "share_dont_know")
        ax.annotate(
            style.percent(unsure["value"]) if is_shown(unsure) else hidden_mark(unsure).replace(" ", "\n"),
            (1, y), xytext=(8, 0),
            xycoords="data", textcoords="offset points", va="center", color=style.GREY,
        )  # fmt: skip
    ax.annotate("ved ikke", (1, 1), xycoords="axes fraction", xytext=(8, 3), textcoords="offset points",
                color=style.GREY, fontsize=8)  # fmt: skip
    _share_axis(ax)
    _bar_legend(fig, [(names[k], style.LIKERT[k]) for k in range(1, 6)])
    source_of(fig, published, drawn)
    return fig


def _scale_of(published: Published, code: str, item: str) -> str:
    local = published.round.local_for(code).questions if code != NATIONAL else ()
    questions = [*published.round.questionnaire.scaled, *local]
    return next(q.scale for q in questions if q.id == item)


def split(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Satisfied, neutral and dissatisfied per theme or question."""
    labels = published.round.item_labels(None if code == NATIONAL else code)
    rows = [(labels[i], {s: published.value(code, i, s) for s in SPLIT}) for i in items]
    return _split(published, rows)


def split_by_group(published: Published, code: str, breakdown: str, item: str = "samlet") -> Figure:
    """Satisfied, neutral and dissatisfied on one item by the categories of a breakdown."""
    labels = published.round.category_labels(None if code == NATIONAL else code)[breakdown]
    rows = [
        (
            label,
            {s: published.value(code, item, s, breakdown=breakdown, category=c) for s in SPLIT},
        )
        for c, label in labels.items()
    ]
    return _split(published, rows)


def _split(published: Published, rows) -> Figure:
    if not any(all(is_shown(v) for v in values.values()) for _, values in rows):
        return no_data(
            f"Fordelingen kan ikke vises: {reasons(v for _, s in rows for v in s.values())}."
        )
    fig, ax = canvas(len(rows), 1.1)
    places = label_rows(ax, [label for label, _ in rows])
    for y, (_, values) in zip(places, rows):
        if all(is_shown(v) for v in values.values()):
            _stack(ax, y, [(values[s]["value"], SPLIT[s][1]) for s in SPLIT], 0.66)
        else:
            ax.text(0.01, y, reasons(values.values()), va="center", color=style.GREY)
    _share_axis(ax)
    _bar_legend(fig, list(SPLIT.values()))
    source_of(fig, published, [values["share_satisfied"] for _, values in rows])
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


def development(published: Published, code: str, items: Sequence[str]) -> Figure:
    """Mean now less that of the latest earlier round, with intervals; filled where worth mentioning.

    What the two rounds do not have in common is named on its row.
    """
    if not published.earlier_rounds:
        return no_data("Der er ingen tidligere runde at sammenligne med.")
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
    for y, item, row in zip(places, items, rows):
        worth = row is not None and bool(row["worth_mentioning"])
        colour = style.GREY
        if row is None:
            text = _why_not_compared(published, code, reference, item)
        else:
            over = row["difference"] > 0
            colour = (style.OWN if over else style.ACCENT) if worth else style.GREY
            text = style.signed(row["difference"], 2) + f" {words[not over]}" * worth
            if np.isnan(row["p_adjusted"]):
                text += f"\n{style.NOT_SHOWN[style.NOT_JUDGED]}"
            ax.plot([row["ci_low"], row["ci_high"]], [y, y], color=colour, linewidth=1.4)
            ax.plot(row["difference"], y, "o", color=colour, markersize=6.5,
                    markerfacecolor=colour if worth else "white")  # fmt: skip
        ax.annotate(
            text, (1, y), xycoords=("axes fraction", "data"), xytext=(6, 0), va="center",
            textcoords="offset points", color=colour,
        )  # fmt: skip
    columns = ("difference", "ci_low", "ci_high")
    ticks = even_ticks(np.nanmax([abs(r[c]) for r in compared for c in columns]))
    ax.set_xlim(ticks[0], ticks[-1])
    ax.set_xticks(ticks, [style.signed(t, 2) for t in ticks])
    ax.grid(axis="x", color=style.TINT, linewidth=1)
    ax.set_axisbelow(True)
    ax.set_xlabel(axis)
    source_of(fig, published, [published.value(code, i) for i in items])
    return fig


def _why_not_compared(published: Published, code: str, reference: str, item: str) -> str:
    """In words: what hides the difference from the others, or that two rounds do not have it both."""
    own, country = (published.value(c, item) for c in (code, NATIONAL))
    if reference != "others":
        return hidden_mark(own) if not is_shown(own) else style.NOT_SHOWN[style.NOT_COMMON]
    status = why_not_compared(
        *(style.NOT_POSSIBLE if row is None else row["status"] for row in (own, country))
    )
    return style.why(status).words
