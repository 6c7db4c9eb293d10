"""The evaluation's figures: counts, days and response only, no opinions."""

from __future__ import annotations

import datetime as dt

import numpy as np
from matplotlib.figure import Figure

from helpers.common import printing, style
from helpers.preparation.calendar_rows import LABELS
from helpers.reports.chart_canvas import (
    above,
    canvas,
    label_rows,
    legend_above,
    make_room,
    no_data,
    right_of_rows,
    x_axis,
)
from helpers.reports.chart_source import write_line
from helpers.review.effort import BEFORE_ALL, by_wave, cumulative, size_labels, with_waves
from helpers.review.inputs import MAILINGS, Review
from helpers.review.precision import by_municipality, response_by_group
from helpers.review.timing import events
from helpers.review.words import short_day

WAVE_COLOURS = {
    "invitation": style.TEAL,
    "first_reminder": style.TEAL_MID,
    "second_reminder": style.LIGHT_GREY,
}
NAMED = 8  # municipalities below the least number that are named in the drawing
NO_ANSWERS = "Der er ingen svar at vise endnu."


def calendar(review: Review) -> Figure:
    """Planned periods as bars; what happened as lines with a dot at the end, where its day is known."""
    planned = list(review.round.settings.calendar.steps())
    happened = [e for e in events(review) if e.first and e.judged]
    labels = [LABELS[name] for name, _ in planned] + [e.label for e in happened]
    fig, ax = canvas(len(labels) * 0.8, 0.9)
    places = label_rows(ax, labels, 34)
    for y, (_, period) in zip(places, planned):
        days = (period.end - period.start).days + 1
        ax.barh(y, days, left=_number(period.start), height=0.5, color=style.TEAL_MID)
    for y, event in zip(places[len(planned) :], happened):
        late = event.days_late is not None and event.days_late > 0
        colour = style.ACCENT if late else style.TEAL
        ax.hlines(y, _number(event.first), _number(event.last), color=colour, linewidth=2.5)
        ax.plot([_number(event.last)], [y], "o", color=colour, markersize=5.5)
    if happened:
        ax.axhline(len(planned) - 0.5, color=style.LIGHT_GREY, linewidth=0.8)
    period = review.round.settings.period
    first = min([period.start, *(e.first for e in happened)])
    last = max([period.end, *(e.last for e in happened)])
    ax.set_xlim(_number(first) - 1, _number(last) + 2)
    ticks = _ticks(first, last)
    x_axis(ax, [_number(t) for t in ticks], [short_day(t) for t in ticks])
    write_line(fig, review.round, "Øverst planen, nederst det skete; rødt er senere end planlagt.")
    return fig


def _number(day: dt.date) -> int:
    return day.toordinal()


def _ticks(first: dt.date, last: dt.date) -> list[dt.date]:
    """At most eight Mondays in even steps."""
    monday = first + dt.timedelta(days=-first.weekday() % 7)
    weeks = max(1, -(-((last - monday).days // 7 + 1) // 8))
    count = max(1, (last - monday).days // (7 * weeks) + 1)
    return [monday + dt.timedelta(weeks=weeks * i) for i in range(count)]


def response_curve(review: Review) -> Figure:
    """Share of those invited who have answered, day by day from the invitation, with the reminders."""
    curve = cumulative(with_waves(review))
    if curve.empty:
        return no_data(NO_ANSWERS)
    fig, ax = canvas(7, 0.9)
    mailings = review.round.settings.calendar.mailings()
    days = {name: (mailings[name] - mailings["invitation"]).days for name in MAILINGS}
    last = max(int(curve["day"].max()), 1)
    days_of_curve = [int(curve["day"].iloc[0]), *(curve["day"] + 1)]  # nobody, then each day's end
    shares_of_curve = [0.0, *curve["share"]]
    ax.plot(days_of_curve, shares_of_curve, color=style.TEAL, linewidth=2.2)
    top = float(curve["share"].max())
    ax.set_xlim(min(0, int(curve["day"].min())), last + 2.6)
    ax.set_ylim(0, top * 1.12)
    for name in MAILINGS[1:]:
        if days[name] <= last:
            ax.axvline(days[name], color=style.ACCENT, linewidth=1)
            above(ax, days[name], LABELS[name])
    ax.text(
        last + 1.3, top, printing.percent(top, 1), va="center", color=style.TEAL, fontweight="bold"
    )
    step = 0.1 if top > 0.25 else 0.05
    shares = np.arange(0, top * 1.12, step)
    ax.set_yticks(shares, [printing.percent(s) for s in shares])
    ax.grid(axis="y", color=style.TINT, linewidth=1)
    ticks = list(range(0, last + 2, max(1, (last + 8) // 8)))
    x_axis(ax, ticks, [str(t) for t in ticks], "Dage efter kommunens invitation", grid=False)
    make_room(ax, left=30)
    answers, invited = len(curve) and int(curve["answers"].sum()), len(review.of_answers)
    write_line(fig, review.round, _basis(answers, invited))
    return fig


def _basis(answers: int, invited: int) -> str:
    return f"Uvægtet. n\u00a0=\u00a0{printing.number(answers)} svar fra {printing.number(invited)} inviterede."


def waves(review: Review) -> Figure:
    """Response rate built up by invitation and reminders, by target group and by size of municipality."""
    rows = with_waves(review)
    if not rows["responded"].any():
        return no_data(NO_ANSWERS)
    least = review.round.settings.disclosure.min_answers
    groups = by_wave(rows, "target_group").set_index("category")
    sizes = by_wave(rows, "size_band").set_index("category")
    names = {g.id: g.label for g in review.round.rules.groups if g.id in groups.index}
    parts = [(names[g], groups.loc[g]) for g in names]
    split = len(parts)
    parts += [
        (label, sizes.loc[label]) for label in size_labels(review.round) if label in sizes.index
    ]
    fig, ax = canvas(len(parts) * 0.95, 0.95)
    places = label_rows(ax, [label for label, _ in parts], 30)
    shown = [(y, row) for y, (_, row) in zip(places, parts) if row["answers"] >= least]
    left = np.zeros(len(shown))
    for name in MAILINGS:
        extra = [
            row[BEFORE_ALL] + row["undated"] if name == "invitation" else 0 for _, row in shown
        ]
        widths = np.array([(row[name] + e) / row["invited"] for (_, row), e in zip(shown, extra)])
        look = {"height": 0.66, "color": WAVE_COLOURS[name], "label": LABELS[name]}
        ax.barh([y for y, _ in shown], widths, left=left, **look)
        left += widths
    drawn = {y for y, _ in shown}
    texts = [
        printing.percent(row["answers"] / row["invited"], 1)
        if y in drawn
        else f"under {least} svar"
        for y, (_, row) in zip(places, parts)
    ]
    ax.set_xlim(0, max(left, default=0.1) * 1.02)
    right_of_rows(ax, places, texts, [style.INK] * len(texts), ["bold"] * len(texts))
    if 0 < split < len(parts):
        ax.axhline(split - 0.5, color=style.LIGHT_GREY, linewidth=0.8)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    legend_above(ax, 3)
    write_line(fig, review.round, _basis(int(rows["responded"].sum()), len(rows)))
    return fig


def expected_response(review: Review) -> Figure:
    """Expected response beside the actual one with its interval, a row a target group."""
    table = response_by_group(review).set_index("category")
    table = table[table["answers"] >= review.round.settings.disclosure.min_answers]
    if table.empty:
        return no_data(NO_ANSWERS)
    labels = {g.id: g.label for g in review.round.rules.groups} | {"all": "Alle"}
    fig, ax = canvas(len(table) * 0.95, 1.1)
    places = label_rows(ax, [labels[c] for c in table.index], 30)
    ax.hlines(places, table["ci_low"], table["ci_high"], color=style.TEAL, linewidth=2.2)
    ax.plot(table["expected"], places, "D", color=style.ACCENT, markersize=6, label="Forventet")
    ax.plot(
        table["rate"], places, "o", color=style.TEAL, markersize=6.5, label="Faktisk, med interval"
    )
    top = min(1.0, float(table[["expected", "ci_high"]].max().max()) + 0.05)
    ax.set_xlim(0, top)
    ticks = np.arange(0, top + 1e-9, 0.1)
    x_axis(ax, ticks, [printing.percent(t) for t in ticks])
    legend_above(ax, 2)
    whole = table.loc["all"]
    write_line(fig, review.round, _basis(int(whole["answers"]), int(whole["invited"])))
    return fig


def answers_against_plan(review: Review) -> Figure:
    """A dot a municipality: expected answers (across) and those that came (up), with the least number."""
    table = by_municipality(review).dropna(subset="answers")
    if table.empty:
        return no_data(NO_ANSWERS)
    least = review.round.settings.sampling.min_answers
    few = review.round.settings.disclosure.min_answers
    x, y = table["expected_answers"].to_numpy(float), table["answers"].to_numpy(float)
    below = y < least
    fig, ax = canvas(9, 0.9)
    top = 1.25 * max(x.max(), y.max(), least)
    low = max(1.0, 0.6 * min(x.min(), np.maximum(y, 1).min(), least))
    ax.set(xscale="log", yscale="log", xlim=(low, top), ylim=(low, top))
    ax.minorticks_off()
    y = np.maximum(y, low)  # nobody answered: at the edge
    ax.plot([low, top], [low, top], color=style.LIGHT_GREY, linewidth=1.2)
    ax.axhline(least, color=style.ACCENT, linewidth=1)
    ax.plot(x[~below], y[~below], "o", color=style.TEAL, markersize=5, alpha=0.8)
    ax.plot(x[below], y[below], "o", color=style.ACCENT, markersize=5.5)
    if below.sum() <= NAMED:
        _annotate_below(ax, table["name"].to_numpy()[below], x[below], y[below], low, few)
    ax.text(low * 1.05, least * 1.03, f"mindst {least} ønsket", va="bottom", color=style.ACCENT)
    ax.text(top * 0.9, top * 0.72, "som forventet", ha="right", va="top", color=style.GREY)
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if low <= t <= top]
    ax.set_yticks(ticks, [printing.number(t) for t in ticks])
    ax.grid(axis="y", color=style.TINT, linewidth=1)
    x_axis(
        ax,
        ticks,
        [printing.number(t) for t in ticks],
        "Forventede svar; begge akser er logaritmiske",
        grid=False,
    )
    make_room(ax, left=36)
    write_line(
        fig,
        review.round,
        f"En prik er en kommune (n\u00a0=\u00a0{len(table)}); lodret de svar, der kom. Uvægtet.",
    )
    return fig


def _annotate_below(
    ax, names: np.ndarray, x: np.ndarray, y: np.ndarray, low: float, few: int
) -> None:
    """Name and number of answers at each dot, left and right by turns, for they lie close."""
    for i, place in enumerate(np.argsort(x)):
        answers = printing.number(y[place]) if y[place] >= few else f"under {few}"
        left = i % 2 == 0 and x[place] > 4 * low
        ax.annotate(
            f"{names[place]} ({answers})",
            (x[place], y[place]),
            xytext=(-6 if left else 6, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
        )
