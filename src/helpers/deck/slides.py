"""The deck's first part: the round in short, the overall picture, themes and questions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from helpers.common import printing, style
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL
from helpers.deck.charts import SHARE_DECIMALS, Box, Series, means_chart, shares_chart
from helpers.deck.slide_parts import (
    AREA,
    HEIGHT,
    LEFT,
    ONE,
    TITLE,
    TOP,
    WIDTH,
    add_card,
    add_legend,
    add_slide,
    add_text,
    holder,
    put_text,
    write,
)
from helpers.released import captions, findings
from helpers.released.numbers import Number
from helpers.released.own_numbers import SPLIT, OwnNumbers
from helpers.released.scale_words import kinds_rule, question_measures, split_labels

QUESTIONS_A_PAGE = 4
TALLEST_BAR = 1.2  # inches a question: few questions do not make huge bars
SPLIT_COLOURS = (style.LIKERT[1], style.LIKERT[3], style.LIKERT[5])
WEIGHTED = (
    "Tallene er vægtet, så svarene afspejler kommunens borgere i målgrupperne efter målgruppe, "
    "køn og alder. »Ved ikke« indgår ikke i gennemsnit og andele."
)
BETWEEN_GROUPS = (
    "En forskel mellem grupper nævnes kun, når den er statistisk sikker, også når der tages højde for de "
    "mange sammenligninger, og er stor nok til at være nævneværdig. Intervaller, der overlapper lidt, "
    "udelukker ikke en sikker forskel."
)
Place = tuple[str, str, str, str]  # label, item, breakdown, category


def mean_bars(o: OwnNumbers, places: Sequence[Place]) -> tuple[list[str], list[Series]]:
    """Own, others and country; places without any number and series without any are left out.
    `hidden_rows` names what is missing."""
    rows = []
    for label, item, breakdown, category in places:
        own = o.of(item, "mean", breakdown, category).value
        others = o.others(item, "mean", breakdown, category).value
        country = o.national(item, "mean", breakdown, category).value
        rows.append((label, own, others, country))
    rows = [r for r in rows if r[1:] != (None, None, None)]
    names = (
        (o.name, style.OWN),
        (OTHERS_LABEL, style.OTHERS),
        (NATIONAL_LABEL, style.COUNTRY),
    )
    series = [
        Series(name, tuple(r[i] for r in rows), colour)
        for i, (name, colour) in enumerate(names, start=1)
    ]
    return [r[0] for r in rows], [s for s in series if any(v is not None for v in s.values)]


def draw_means(
    slide,
    spot: int | Box,
    box: Box,
    o: OwnNumbers,
    places: Sequence[Place],
    what: str,
    *,
    label_share: float,
) -> list[Series]:
    """A chart of means, or the words that there is none; gives what was drawn, for the legend."""
    categories, series = mean_bars(o, places)
    if not series:
        why = captions.reasons(x for _, x in own_rows(o, places))
        add_text(slide, box, [f"Kan ikke vises: {why}."])
        return []
    alt = alt_text(f"Søjler, {what}", categories, series, shares=False)
    means_chart(slide, spot, box, categories, series, alt, label_share=label_share)
    return series


def drawn_entries(charts: Sequence[Sequence[Series]]) -> list[tuple[str, str]]:
    """The legend of the charts together: only what at least one of them draws."""
    return list(dict.fromkeys((s.name, s.colour) for series in charts for s in series))


def alt_text(
    kind: str, categories: Sequence[str], series: Sequence[Series], *, shares: bool
) -> str:
    """What the chart shows and its numbers, for readers who cannot see it."""
    show = printing.percent if shares else lambda v: printing.number(v, 2)
    parts = [
        f"{s.name}: "
        + "; ".join(f"{c} {show(v)}" for c, v in zip(categories, s.values) if v is not None)
        for s in series
    ]
    return f"{kind}. {'. '.join(parts)}."


def own_rows(o: OwnNumbers, places: Sequence[Place]) -> list[tuple[str, Number]]:
    return [(label, o.of(item, "mean", b, c)) for label, item, b, c in places]


def hidden_rows(o: OwnNumbers, places: Sequence[Place]) -> list[tuple[str, Number]]:
    """What may be missing from a chart of means: the own numbers; where they are shown also those of
    the others and of all, named so. Where the own one is missing the others are too (`released/reading.py`)."""
    rows = own_rows(o, places)
    for get, name in ((o.others, OTHERS_LABEL), (o.national, NATIONAL_LABEL)):
        rows += [
            (f"{name}, {label}", get(item, "mean", b, c))
            for label, item, b, c in places
            if o.of(item, "mean", b, c).shown
        ]
    return rows


# ---------------------------------------------------------------------------------------- slides


def title_page(deck, o: OwnNumbers) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE])
    write(slide.shapes.title.text_frame, [captions.SURVEY])
    write(holder(slide, 1).text_frame, [f"Resultater for {o.name}, {o.round.settings.title}"])
    published_on = printing.date(o.round.settings.calendar.reporting.end)
    simulated = (
        " · Simulerede data: alle borgere og svar er opdigtede"
        if o.round.settings.simulated
        else ""
    )
    write(holder(slide, 13).text_frame, [f"{published_on}{simulated}"])
    slide.notes_slide.notes_text_frame.text = (
        "Alle diagrammer kan redigeres: højreklik på et diagram og vælg »Rediger data«. "
        "Tallene findes også i resultater.xlsx."
    )


def overall_page(deck, o: OwnNumbers) -> None:
    own, country, others = o.of(o.overall), o.national(o.overall), o.others(o.overall)
    slide = add_slide(
        deck,
        ONE,
        "Det samlede billede",
        findings.overall_headline(o),
        source=captions.source(o, [own]),
        note=captions.hidden_note(
            [(o.name, own), (OTHERS_LABEL, others), (NATIONAL_LABEL, country)]
        ),
        speaker=f"Spørgsmålet lyder: »{_wording(o, o.overall)}« {WEIGHTED}",
    )
    cards = (
        (own, o.name, style.OWN),
        (others, OTHERS_LABEL, style.OTHERS),
        (country, NATIONAL_LABEL, style.COUNTRY),
    )
    for i, (number, caption, colour) in enumerate(cards):
        figure = printing.number(number.value, 2) if number.shown else number.words
        add_card(slide, Box(LEFT + i * 4.13, TOP, 3.87, 1.35), figure, caption, colour=colour)
    add_text(
        slide,
        Box(LEFT, 3.3, WIDTH, 0.3),
        ["Samlet tilfredshed: gennemsnit ovenfor (1–5), fordeling af svar nedenfor"],
        size=14,
    )
    rows = [(o.name, [o.of(o.overall, s).value for s in SPLIT])]
    rows.append((OTHERS_LABEL, _others_split(o)))
    rows.append((NATIONAL_LABEL, [o.national(o.overall, s).value for s in SPLIT]))
    why = captions.reasons([own, others, country])
    _split_chart(slide, o, rows, Box(LEFT, 3.65, WIDTH, 2.65), "Samlet tilfredshed", why)


def _others_split(o: OwnNumbers) -> list[float | None]:
    """The three shares add up to one, so two released ones give the third."""
    satisfied, neutral, dissatisfied = (o.others(o.overall, s).value for s in SPLIT)
    if neutral is None and satisfied is not None and dissatisfied is not None:
        neutral = round(1 - satisfied - dissatisfied, SHARE_DECIMALS)
    return [satisfied, neutral, dissatisfied]


def _wording(o: OwnNumbers, theme: str) -> str:
    questions = o.round.questionnaire.theme_questions(theme)
    return questions[0].wording if questions else o.label(theme)


def _split_chart(
    slide, o: OwnNumbers, rows: Sequence[tuple[str, list]], box: Box, what: str, why: str
) -> None:
    """Rows (label, satisfied, neutral, dissatisfied); a row with a hidden share is left out. `why`
    none may be left."""
    kept = [(label, shares) for label, shares in rows if None not in shares]
    if not kept:
        put_text(slide, 1, [f"Fordelingen kan ikke vises: {why}."])
        return
    categories = [label for label, _ in kept]
    names = list(split_labels(question_measures(o.round)).values())
    series = [
        Series(names[2 - i], tuple(shares[2 - i] for _, shares in kept), colour)
        for i, colour in enumerate(SPLIT_COLOURS)
    ]
    alt = alt_text(f"Stablede søjler, {what}: andel", categories, series, shares=True)
    shares_chart(slide, 1, box, categories, series, alt, label_share=0.2)


def themes_page(deck, o: OwnNumbers) -> None:
    places = [(o.label(t), t, "all", "all") for t in o.themes]
    own = own_rows(o, places)
    slide = add_slide(
        deck,
        ONE,
        "Temaer: gennemsnit 1–5",
        findings.themes_headline(o),
        source=captions.source(o, [x for _, x in own]),
        note=captions.hidden_note(hidden_rows(o, places), "temaer"),
        speaker="Et temas tal er gennemsnittet af borgernes egne gennemsnit over temaets spørgsmål; "
        f"mindst halvdelen skal være besvaret. {WEIGHTED} Højest og lavest fremhæves kun, når "
        "intervallerne ikke overlapper.",
    )
    box = Box(LEFT, TOP + 0.35, WIDTH, HEIGHT - 0.35)
    what = "gennemsnit 1–5 for hvert tema"
    series = draw_means(slide, 1, box, o, places, what, label_share=0.2)
    add_legend(slide, Box(LEFT, TOP, WIDTH, 0.25), drawn_entries([series]))


def split_page(deck, o: OwnNumbers) -> None:
    own = [(o.label(t), o.of(t, "share_satisfied")) for t in o.themes]
    visible = any(x.shown for _, x in own)
    country = [t for t in o.themes if o.national(t, "share_satisfied").shown]
    slide = add_slide(
        deck,
        ONE,
        "Temaer: tilfredse, hverken eller og utilfredse",
        findings.split_headline(o),
        source=captions.source(o, [x for _, x in own]),
        note=captions.hidden_note(own, "temaer")
        if visible
        else _country_note(o, own, bool(country)),
        speaker=f"Tilfredse, hverken eller og utilfredse: {kinds_rule(o.round)}. For et tema regnes på "
        f"borgerens gennemsnit over temaets spørgsmål. {WEIGHTED}",
    )
    get = o.of if visible else o.national
    rows = [(o.label(t), [get(t, s).value for s in SPLIT]) for t in o.themes]
    _split_chart(slide, o, rows, AREA, "tema", captions.reasons(x for _, x in own))


def _country_note(o: OwnNumbers, own: Sequence[tuple[str, Number]], drawn: bool) -> str:
    """Whose numbers are not there; `drawn`: whether the country's are drawn in their place."""
    hidden = f"Tallene kan ikke vises for {o.name} ({captions.reasons(x for _, x in own)})"
    if not drawn:
        return f"{hidden} og heller ikke for »{NATIONAL_LABEL}«."
    return f"{hidden}. Diagrammet viser i stedet »{NATIONAL_LABEL}«."


def question_groups(o: OwnNumbers) -> list[tuple[str, list[str]]]:
    """(title, questions) for each slide: whole themes in order, at most four questions together."""
    groups: list[tuple[list[str], list[str]]] = []
    for theme in o.themes:
        items = [q.id for q in o.round.questionnaire.theme_questions(theme)]
        if not items:
            continue
        if groups and len(groups[-1][1]) + len(items) <= QUESTIONS_A_PAGE:
            groups[-1][0].append(o.label(theme))
            groups[-1][1].extend(items)
        else:
            groups.append(([o.label(theme)], list(items)))
    return [(captions.listed(names), items) for names, items in groups]


def questions_page(deck, o: OwnNumbers, title: str, items: Sequence[str]) -> None:
    """Distribution of answers; each scale of the slide has a chart with a legend of its own."""
    asked = {q.id: q for q in o.round.questionnaire.scaled}
    own = [(o.label(i), distribution_of(o, i)) for i in items]
    visible = [i for (_, x), i in zip(own, items) if x.shown]
    get = o.of if visible else o.national
    drawn = visible or [i for i in items if _distribution(o, o.national, i)]
    note = captions.hidden_note(own) if visible else _country_note(o, own, bool(drawn))
    slide = add_slide(
        deck,
        ONE,
        title,
        findings.questions_headline(o, title, items),
        source=captions.source(o, [o.of(i) for i in items]),
        note=" ".join(p for p in (means_note(o, visible), note) if p),
        speaker=f"Tilfredse, hverken eller og utilfredse: {kinds_rule(o.round)}. {WEIGHTED} Andelen, der "
        "svarer »ved ikke«, er regnet af alle, der har svaret på spørgsmålet.",
    )
    if not drawn:
        put_text(slide, 1, [f"Svarene kan ikke vises: {captions.reasons(x for _, x in own)}."])
    by_scale = [(s, list(ids)) for s, ids in groupby(drawn, key=lambda i: asked[i].scale)]
    top, room = TOP, HEIGHT - 0.42 * len(by_scale)
    for position, (scale, ids) in enumerate(by_scale):
        height = 0.42 + min(room / len(drawn), TALLEST_BAR) * len(ids)
        labels = o.round.scale(scale).labels
        distribution_chart(
            slide,
            1 if position == 0 else None,
            Box(LEFT, top, WIDTH, height),
            [asked[i].wording for i in ids],
            [_distribution(o, get, i) for i in ids],
            labels,
        )
        top += height


def distribution_of(o: OwnNumbers, item: str) -> Number:
    """The first of the answers' shares that is missing, which hides them all; else the first."""
    numbers = [o.of(item, s) for s in o.options(item)]
    return next((x for x in numbers if not x.shown), numbers[0])


def _distribution(o: OwnNumbers, get, item: str) -> list[float] | None:
    """Shares of the answers, or None where any is hidden."""
    numbers = [get(item, s) for s in o.options(item)]
    return [x.value for x in numbers] if all(x.shown for x in numbers) else None


def distribution_chart(
    slide, idx: int | None, box: Box, names, shares, labels, *, narrow: bool = False
) -> None:
    """Answers to some questions on one scale. A narrow chart has its legend, which would not
    fit, set above by the slide."""
    series = [
        Series(label, tuple(s[k - 1] for s in shares), colour)
        for (k, label), colour in zip(labels.items(), style.answer_colours(len(labels)))
    ]
    alt = alt_text("Stablede søjler, fordeling af svar", names, series, shares=True)
    if narrow:
        add_legend(
            slide, Box(box.left, box.top, box.width, 0.45), [(s.name, s.colour) for s in series]
        )
        box = Box(box.left, box.top + 0.5, box.width, box.height - 0.5)
    shares_chart(slide, idx or box, box, names, series, alt, label_share=0.4, legend=not narrow)


def means_note(o: OwnNumbers, items: Sequence[str]) -> str:
    """»Gennemsnit (ved ikke): Mødt med tillid 4,12 (4 %) …«."""
    parts = []
    for item in items:
        mean, unsure = o.of(item), o.of(item, "share_dont_know")
        if mean.shown:
            tail = f" ({printing.percent(unsure.value) if unsure.shown else unsure.words})"
            parts.append(f"{o.label(item)} {printing.number(mean.value, 2)}{tail}")
    return f"Gennemsnit (og andel »ved ikke«): {' · '.join(parts)}." if parts else ""
