"""The deck's slides about the survey itself: the round in short, who answered, how to read it."""

from __future__ import annotations

from pptx.util import Inches

from helpers.common import printing, style
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL
from helpers.deck.charts import Box, Series, rate_chart
from helpers.deck.slide_parts import (
    HEIGHT,
    LEFT,
    TOP,
    TWO,
    add_card,
    add_slide,
    add_text,
    holder,
    put_text,
)
from helpers.deck.slides import alt_text
from helpers.released import captions, findings
from helpers.released.numbers import ResponseGroup
from helpers.released.own_numbers import OwnNumbers
from helpers.released.reading import reading_guide
from helpers.released.scale_words import means_rule


def round_page(deck, o: OwnNumbers) -> None:
    collection, response = o.round.settings.calendar.collection, o.response()
    slide = add_slide(
        deck,
        TWO,
        "Undersøgelsen kort",
        findings.response_headline(o),
        source=captions.source(o, weighted=False),
        speaker="Svarprocenten er antal svar delt med antal inviterede. "
        "Andelen af svar i de enkelte grupper vises sidst i præsentationen.",
    )
    shown, why = response.shown, response.words
    cards = (
        (printing.number(response.invited) if shown else why, "inviterede borgere"),
        (printing.number(response.answers) if shown else why, "svar"),
        (printing.percent(response.response_rate, 1) if shown else why, "svarprocent"),
    )
    for i, (figure, caption) in enumerate(cards):
        add_card(slide, Box(LEFT, TOP + i * 1.5, 3.6, 1.35), figure, caption)
    groups = captions.listed([g.label.lower() for g in o.round.rules.groups])
    text = holder(slide, 2)
    text.left, text.top, text.width, text.height = map(Inches, (4.7, TOP, 8.0, HEIGHT))
    put_text(
        slide,
        2,
        [
            f"**Hvem:** borgere i et forløb i jobcentret: {groups}.",
            f"**Hvornår:** svarene er indsamlet {captions.days(collection.start, collection.end)}.",
            f"**Hvad:** {len(o.questions)} spørgsmål i {len(o.themes)} temaer, besvaret på en skala fra "
            f"1 til 5, hvor 5 er mest positivt.{means_rule(o.round)}",
            f"**Sammenligning:** »{OTHERS_LABEL}« er alle deltagende kommuner undtagen kommunen selv. "
            f"»{NATIONAL_LABEL}« er {captions.with_results(o.n_municipalities)}.",
            f"**Skjulte tal:** resultater med færre end {o.round.settings.disclosure.min_answers} svar "
            "vises ikke, og heller ikke tal, som de kunne regnes ud af. Hvor et tal mangler, står hvorfor.",
        ],
    )


def response_page(deck, o: OwnNumbers) -> None:
    groups, hidden = [], []
    for breakdown in ("target_group", "gender", "age_band"):
        named = [
            (label, o.response(breakdown, c)) for c, label in findings.group_labels(o, breakdown)
        ]
        groups.append([(label, g) for label, g in named if g.shown])
        hidden += [(label, g) for label, g in named if not g.shown]
    rows = [(label, g.response_rate) for shown in groups for label, g in shown]
    slide = add_slide(
        deck,
        TWO,
        "Svarprocent og metode",
        findings.response_groups_headline(groups),
        source=captions.source(o, weighted=False),
        note=captions.hidden_note(hidden, "grupper"),
        speaker="Designeffekten (Kish) siger, hvor meget vægtene udvander antallet af svar: det "
        "effektive antal er antal svar delt med designeffekten.",
    )
    text = holder(slide, 2)
    text.left, text.top, text.width, text.height = map(Inches, (7.6, TOP, 5.13, HEIGHT))
    put_text(slide, 2, _method_lines(o.response()), size=14)
    if not rows:
        why = captions.reasons(g for _, g in hidden)
        put_text(slide, 1, [f"Svarprocenten kan ikke vises for de enkelte grupper: {why}."])
        return
    add_text(slide, Box(LEFT, TOP, 6.6, 0.3), ["Svarprocent i hver gruppe"], size=14, bold=True)
    series = [Series("Svarprocent", tuple(rate for _, rate in rows), style.OWN)]
    names = [label for label, _ in rows]
    alt = alt_text("Søjler, andel af de inviterede, der har svaret", names, series, shares=True)
    height = min(HEIGHT - 0.35, 0.5 * len(rows) + 0.1)
    rate_chart(slide, 1, Box(LEFT, TOP + 0.35, 6.6, height), names, series, alt)


def _method_lines(whole: ResponseGroup) -> list[str]:
    lines = [
        "**Stikprøve:** udtrukket tilfældigt inden for hver målgruppe; små kommuner og små grupper "
        "er overrepræsenteret eller spurgt fuldt ud.",
        "**Vægte:** retter op for stikprøven og for, hvem der svarer, efter målgruppe, køn og alder.",
        "**Bortfald:** vægtene kan ikke rette op for, at de, der ikke svarer, kan mene noget andet.",
    ]
    if whole.effective_n is not None:
        lines.append(
            f"**Præcision:** designeffekt {printing.number(whole.design_effect, 2)}; svarene er lige så "
            f"præcise som {printing.number(whole.effective_n)} svar fra en simpel tilfældig stikprøve."
        )
    return lines


def reading_page(deck, o: OwnNumbers) -> None:
    slide = add_slide(
        deck,
        TWO,
        "Metode",
        "Sådan læses tallene",
        source=captions.source(o),
        speaker="Metoden er beskrevet fuldt i metodenotatet.",
    )
    lines = [f"**{term}:** {text}" for term, text in reading_guide(o)]
    middle = (len(lines) + 1) // 2
    put_text(slide, 1, lines[:middle], size=16, gap=10)
    put_text(slide, 2, lines[middle:], size=16, gap=10)
