"""The deck's slides on what models and earlier rounds say: development, expected result, importance."""

from __future__ import annotations

from pptx.util import Inches

from helpers.common import printing, style
from helpers.deck.charts import Box, Series, means_chart, rate_chart
from helpers.deck.slide_parts import (
    HEIGHT,
    LEFT,
    ONE,
    TOP,
    TWO,
    WIDTH,
    add_card,
    add_legend,
    add_slide,
    add_text,
    holder,
    put_text,
)
from helpers.deck.slides import WEIGHTED, alt_text, drawn_entries
from helpers.estimation.comparisons import EXPECTED, ROUND
from helpers.released import captions
from helpers.released.own_numbers import OwnNumbers
from helpers.reports.five_sentences import what_changed
from helpers.reports.model_texts import CAUSE_WARNING, drivers_headline, expected_headline
from helpers.reports.tables import round_title

HALF = (WIDTH - 0.4) / 2
NOTE_LINES, NOTE_CHARACTERS, NOTE_LINE = (
    2,
    150,
    0.2,
)  # lines in the note's box, a line's length and inches


def development_page(deck, o: OwnNumbers) -> None:
    """Themes before and now; no slide where there is no earlier round to compare with."""
    published = o.published
    if not published.earlier_rounds:
        return
    before = published.earlier_rounds[0]
    title = printing.capital(round_title(published, before))
    rows = [(o.label(t), published.compared(o.code, ROUND + before, t)) for t in o.themes]
    shown = [(label, d) for label, d in rows if d.shown]
    if not shown:
        _broken_page(deck, o, before)
        return
    notes = [f"Brud i tidsserien: {mark}"] if (mark := published.trends.mark(before)) else []
    notes += _not_followed(o, before)
    slide = add_slide(
        deck,
        ONE,
        "Udviklingen siden sidst",
        what_changed(published, o.code),
        source=captions.source(o, [o.of(t) for t in o.themes]),
        note=" ".join(notes),
        speaker="Runderne sammenlignes på det, de har fælles, og en ændring nævnes kun, når den er både "
        f"sikker og nævneværdig. {WEIGHTED}",
    )
    names = [label for label, _ in shown]
    series = [
        Series(printing.capital(o.round.settings.title), tuple(d.own for _, d in shown), style.OWN),
        Series(title, tuple(d.other for _, d in shown), style.LIGHT_GREY),
    ]
    alt = alt_text(
        "Søjler, temaernes gennemsnit 1–5 nu og i forrige runde", names, series, shares=False
    )
    add_legend(slide, Box(LEFT, TOP, WIDTH, 0.25), drawn_entries([series]))
    lines = -(-len(" ".join(notes)) // NOTE_CHARACTERS)
    room = 0.35 + NOTE_LINE * max(
        0, lines - NOTE_LINES
    )  # a longer note grows upwards, into the chart
    box = Box(LEFT, TOP + 0.35, WIDTH, HEIGHT - room)
    means_chart(slide, 1, box, names, series, alt, label_share=0.2)


def _broken_page(deck, o: OwnNumbers, before: str) -> None:
    """Why nothing can be followed, where the release says so; no slide where numbers are hidden alone."""
    if o.published.trends.trend(before, o.published.overall).comparable:
        return
    headline = what_changed(o.published, o.code)
    slide = add_slide(deck, ONE, "Udviklingen siden sidst", headline, source="", speaker=headline)
    put_text(slide, 1, [f"Brud i tidsserien: {o.published.trends.mark(before)}"])


def _not_followed(o: OwnNumbers, before: str) -> list[str]:
    """»Kan ikke sammenlignes: …«: the themes without a change, by what hides it."""
    by_reason: dict[str, list[str]] = {}
    for theme in o.themes:
        change = o.published.compared(o.code, ROUND + before, theme)
        if not change.shown:
            by_reason.setdefault(change.words, []).append(o.label(theme))
    return [f"{printing.capital(words)}: {captions.listed(of)}." for words, of in by_reason.items()]


def expected_page(deck, o: OwnNumbers) -> None:
    """Actual beside expected overall satisfaction; no slide where the release has none."""
    d = o.published.compared(o.code, EXPECTED, o.overall)
    if not d.shown:
        return
    slide = add_slide(
        deck,
        TWO,
        "Ud fra borgernes sammensætning",
        expected_headline(d),
        source=captions.source(o, [o.of(o.overall)]),
        speaker="Det forventede resultat er regnet af alle kommuners svar ud fra målgruppe, køn, alder og "
        "varighed. Der kan være andre forskelle på borgerne, som udtrækket ikke kender.",
    )
    cards = (
        (printing.number(d.own, 2), "samlet tilfredshed", style.OWN),
        (printing.number(d.other, 2), "forventet med kommunens borgere", style.COUNTRY),
        (printing.signed(d.value, 2), "forskel", style.INK),
    )
    for i, (figure, caption, colour) in enumerate(cards):
        add_card(slide, Box(LEFT, TOP + i * 1.5, 3.6, 1.35), figure, caption, colour=colour)
    low, high = printing.signed(d.low, 2), printing.signed(d.high, 2)
    level = printing.percent(o.round.settings.comparison.confidence)
    lines = [
        "Kommunerne har ikke de samme borgere. Her sammenlignes kommunen med det resultat, der kunne "
        "forventes, når man kender dens borgeres målgruppe, køn, alder og varighed.",
        f"Forskellens {level}-interval går fra {low} til {high}: {d.said}.",
        "En forskel er ikke et bevis for god eller dårlig indsats: der kan være andre forskelle på "
        "borgerne, end dem udtrækket kender.",
    ]
    text = holder(slide, 2)
    text.left, text.top, text.width, text.height = map(Inches, (4.7, TOP, 8.0, HEIGHT))
    put_text(slide, 2, lines, size=18, gap=12)


def drivers_page(deck, o: OwnNumbers) -> None:
    """How closely each theme goes with overall satisfaction; no slide where there is no model."""
    d = o.published.drivers
    rows = d[d["municipality"] == o.code].sort_values("importance", ascending=False)
    if rows.empty:
        return
    names = [o.label(t) for t in rows["theme"]]
    slide = add_slide(
        deck,
        TWO,
        "Hvad hænger sammen med tilfredsheden?",
        drivers_headline(rows, o.item_labels),
        source=f"{captions.source(o)} n\u00a0=\u00a0{printing.number(int(rows['n'].iloc[0]))}.",
        speaker=CAUSE_WARNING,
    )
    heading = "Andel af sammenhængen med samlet tilfredshed"
    add_text(slide, Box(LEFT, TOP, HALF, 0.3), [heading], size=14, bold=True)
    series = [Series(heading, tuple(rows["importance"]), style.OWN)]
    alt = alt_text(f"Søjler, {heading.lower()}", names, series, shares=True)
    height = min(HEIGHT - 0.4, 0.4 + 0.7 * len(names))
    rate_chart(slide, 1, Box(LEFT, TOP + 0.38, HALF, height), names, series, alt)
    lines = [
        f"**{name}:** gennemsnit {printing.number(mean, 2)}; andelen ligger mellem {printing.percent(low)} og "
        f"{printing.percent(high)}"
        for name, mean, low, high in zip(
            names, rows["performance"], rows["ci_low"], rows["ci_high"]
        )
    ]
    put_text(slide, 2, [*lines, CAUSE_WARNING], size=16, gap=9)
