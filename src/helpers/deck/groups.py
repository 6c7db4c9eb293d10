"""The deck's second part: strongest and weakest, groups, differences, local matters, response."""

from __future__ import annotations

from collections.abc import Sequence

from pptx.util import Inches

from helpers.common import printing, style
from helpers.common.vocabulary import OTHERS_LABEL
from helpers.deck.charts import Box, Series, difference_chart, means_chart
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
    add_table,
    add_text,
    holder,
    put_text,
)
from helpers.deck.slides import (
    BETWEEN_GROUPS,
    WEIGHTED,
    alt_text,
    distribution_chart,
    distribution_of,
    draw_means,
    drawn_entries,
    hidden_rows,
    means_note,
    own_rows,
)
from helpers.released import captions, findings, verdicts
from helpers.released.numbers import Difference
from helpers.released.own_numbers import GROUPINGS, OwnNumbers

AT_EACH_END = 5
DIFFERENCES_SHOWN = 8
HALF = (WIDTH - 0.4) / 2
GROUP_COLOURS = (style.TEAL, style.LIKERT[4], style.GREY, style.LIGHT_GREY)


def strongest_page(deck, o: OwnNumbers) -> None:
    asked = [(o.label(i), i, o.of(i)) for i in o.questions]
    ranked = sorted((r for r in asked if r[2].shown), key=lambda r: (-r[2].value, r[1]))
    k = min(AT_EACH_END, len(ranked) // 2)
    high, low = ranked[:k], ranked[len(ranked) - k :]
    slide = add_slide(
        deck,
        TWO,
        "Stærkest og svagest",
        findings.strongest_headline(
            [(name, x) for name, _, x in high], [(name, x) for name, _, x in low]
        ),
        source=captions.source(o, [x for _, _, x in [*high, *low]]),
        note=captions.hidden_note([(name, x) for name, _, x in asked]),
        speaker="De spørgsmål, der har højest og lavest gennemsnit. Nabopladser på listen kan skyldes "
        f"tilfældigheder. {WEIGHTED}",
    )
    if not k:
        # one shown question alone has no end; then nothing may be hidden
        why = captions.reasons(x for *_, x in asked)
        put_text(slide, 1, [f"Spørgsmålene kan ikke vises for kommunen: {why}."])
        return
    charts = []
    for idx, (heading, chosen) in enumerate(
        (("Højeste gennemsnit", high), ("Laveste gennemsnit", low)), start=1
    ):
        left = LEFT + (idx - 1) * (HALF + 0.4)
        add_text(slide, Box(left, TOP + 0.38, HALF, 0.3), [heading], size=14, bold=True)
        places = [(name, i, "all", "all") for name, i, _ in chosen]
        box = Box(left, TOP + 0.7, HALF, HEIGHT - 0.7)
        what = f"{heading.lower()} 1–5"
        charts.append(draw_means(slide, idx, box, o, places, what, label_share=0.36))
    add_legend(slide, Box(LEFT, TOP, WIDTH, 0.25), drawn_entries(charts))


def target_groups_page(deck, o: OwnNumbers) -> None:
    breakdown = "target_group"
    groups = findings.group_labels(o, breakdown)
    short = {g.id: g.short for g in o.round.rules.groups}
    places = [(short.get(c, label), o.overall, breakdown, c) for c, label in groups]
    own = own_rows(o, places)
    slide = add_slide(
        deck,
        TWO,
        "Målgrupper",
        findings.groups_headline(o, breakdown, "målgrupperne"),
        source=captions.source(o, [x for _, x in own]),
        note=captions.hidden_note(hidden_rows(o, places), "målgrupper"),
        speaker="Målgrupperne er dannet ud fra ydelse og varighed efter samme regler i alle kommuner. "
        f"{WEIGHTED} {BETWEEN_GROUPS}",
    )
    wide = 5.0
    add_text(
        slide, Box(LEFT, TOP, wide, 0.3), ["Samlet tilfredshed, gennemsnit"], size=14, bold=True
    )
    box = Box(LEFT, TOP + 0.85, wide, HEIGHT - 0.85)
    what = "samlet tilfredshed 1–5 efter målgruppe"
    series = draw_means(slide, 1, box, o, places, what, label_share=0.36)
    add_legend(slide, Box(LEFT, TOP + 0.33, wide, 0.48), drawn_entries([series]))
    themes = [t for t in o.themes if t != o.overall]
    rows = [[o.name, *(o.label(t) for t in themes)]]
    for category, label in groups:
        cells = [o.of(t, "mean", breakdown, category) for t in themes]
        rows.append(
            [short.get(category, label)]
            + [printing.number(x.value, 2) if x.shown else x.words for x in cells]
        )
    left, width = LEFT + wide + 0.3, WIDTH - wide - 0.3
    add_text(slide, Box(left, TOP, width, 0.3), ["Temaerne, gennemsnit"], size=14, bold=True)
    first = 1.65
    table = Box(left, TOP + 0.4, width, min(HEIGHT - 0.5, 0.62 * len(rows)))
    widths = [first, *[(width - first) / len(themes)] * len(themes)]
    add_table(slide, table, rows, widths, f"Gennemsnit for hvert tema og hver målgruppe, {o.name}")


def background_page(deck, o: OwnNumbers) -> None:
    panels = [b for b in GROUPINGS if b != "target_group"]
    places = {
        b: [(label, o.overall, b, c) for c, label in findings.group_labels(o, b)] for b in panels
    }
    own = [row for b in panels for row in own_rows(o, places[b])]
    hidden = [row for b in panels for row in hidden_rows(o, places[b])]
    slide = add_slide(
        deck,
        ONE,
        "Køn, alder og varighed: samlet tilfredshed, gennemsnit 1–5",
        findings.background_headline(o),
        source=captions.source(o, [x for _, x in own]),
        note=captions.hidden_note(hidden, "grupper"),
        speaker="Køn og alder er læst af kommunens udtræk, varighed er uger på den nuværende ydelse. "
        f"{WEIGHTED} {BETWEEN_GROUPS}",
    )
    gap, charts = 0.3, []
    width = (WIDTH - gap * (len(panels) - 1)) / len(panels)
    for i, breakdown in enumerate(panels):
        left = LEFT + i * (width + gap)
        heading = o.breakdown_label(breakdown)
        add_text(slide, Box(left, TOP + 0.38, width, 0.3), [heading], size=14, bold=True)
        # bars as thick in every panel: 0.34 inches of each chart are its axis
        share = len(places[breakdown]) / max(len(p) for p in places.values())
        box = Box(left, TOP + 0.7, width, 0.34 + share * (HEIGHT - 1.04))
        what = f"samlet tilfredshed 1–5 efter {heading.lower()}"
        spot = 1 if i == 0 else box
        charts.append(draw_means(slide, spot, box, o, places[breakdown], what, label_share=0.37))
    add_legend(slide, Box(LEFT, TOP, WIDTH, 0.25), drawn_entries(charts))


def differences_page(deck, o: OwnNumbers) -> None:
    compared = o.differences(*findings.NAMED_STATISTICS)
    notable = [d for d in compared if d.notable]
    notable.sort(
        key=lambda d: d.breakdown != "all"
    )  # the municipality as a whole before its groups
    means = [d for d in notable if d.statistic == "mean"]
    shares = [d for d in notable if d.statistic != "mean"]
    rules = o.round.settings.comparison
    demands = (
        f"En forskel vises kun, når den er statistisk sikker ({printing.percent(rules.confidence)} "
        "sikkerhed, korrigeret for de mange sammenligninger) og mindst "
        f"{verdicts.least_notable(rules)}."
    )
    more = sum(max(len(found) - DIFFERENCES_SHOWN, 0) for found in (means, shares))
    note = f"Yderligere {printing.number(more)} forskelle står i resultater.xlsx. " if more else ""
    one_chart = bool(means) != bool(shares)
    slide = add_slide(
        deck,
        ONE if one_chart else TWO,
        "Hvor adskiller kommunen sig?",
        findings.differences_headline(o, compared),
        source=captions.source(o),
        note=note + (demands if notable else ""),
        speaker=f"Kommunen sammenlignes med »{OTHERS_LABEL}«, som den ikke selv indgår i. {demands}",
    )
    if not notable:
        _nothing_differs(slide, o, compared, demands)
        return
    halved = bool(means and shares)
    for position, (found, heading, is_share) in enumerate(
        part
        for part in (
            (means, "Forskel i gennemsnit (skalapoint)", False),
            (shares, "Forskel i andele (procentpoint)", True),
        )
        if part[0]
    ):
        chosen = found[:DIFFERENCES_SHOWN]
        _largest_differences(slide, o, position, heading, chosen, halved=halved, shares=is_share)


def _largest_differences(
    slide,
    o: OwnNumbers,
    position: int,
    heading: str,
    chosen: Sequence[Difference],
    *,
    halved: bool,
    shares: bool,
) -> None:
    left, width = LEFT + position * (HALF + 0.4), HALF if halved else WIDTH
    add_text(slide, Box(left, TOP, width, 0.3), [heading], size=14, bold=True)
    room = min(HEIGHT - 0.4, 0.3 + 0.55 * len(chosen))
    names = [_difference_label(o, d) for d in chosen]
    values = [100 * d.value if shares else d.value for d in chosen]
    decimals = 0 if shares else 2
    what = f"{o.name} minus {OTHERS_LABEL.lower()}"
    listed = "; ".join(f"{n} {printing.signed(v, decimals)}" for n, v in zip(names, values))
    difference_chart(
        slide,
        position + 1,
        Box(left, TOP + 0.38, width, room),
        names,
        values,
        what,
        f"Søjler, {heading.lower()}, {what}: {listed}.",
        shares=shares,
        label_share=0.5 if halved else 0.4,
    )


def _difference_label(o: OwnNumbers, d: Difference) -> str:
    parts = [o.label(d.item)]
    if d.breakdown != "all":
        short = {g.id: g.short for g in o.round.rules.groups}
        parts.append(short.get(d.category) or o.category_label(d.breakdown, d.category))
    label = " · ".join(parts)
    tail = {"share_satisfied": ", tilfredse", "share_dissatisfied": ", utilfredse"}
    return label + tail.get(d.statistic, "")


def _nothing_differs(slide, o: OwnNumbers, compared: Sequence[Difference], demands: str) -> None:
    judged = [d for d in compared if d.judged]
    text = holder(slide, 2)
    text.left, text.top, text.width, text.height = map(Inches, (4.7, TOP, 8.0, HEIGHT))
    add_card(
        slide,
        Box(LEFT, TOP, 3.6, 1.35),
        printing.number(len(judged)),
        "sammenligninger er vurderet",
    )
    add_card(slide, Box(LEFT, TOP + 1.5, 3.6, 1.35), "0", "nævneværdige forskelle")
    if not compared:
        why = captions.reasons(o.against_others(t) for t in o.themes)
        paragraphs = [f"Kommunen kan ikke sammenlignes med de øvrige kommuner: {why}."]
    else:
        paragraphs = [f"{_none_notable(compared)}."]
    if judged:
        paragraphs.append(
            "Det betyder ikke, at kommunen er præcis som de øvrige, men at tallene ikke giver "
            "grundlag for at sige, at den er anderledes."
        )
    put_text(slide, 2, [*paragraphs, demands], size=18, gap=12)


def _none_notable(compared: Sequence[Difference]) -> str:
    where = "til de øvrige kommuner i temaer, spørgsmål eller grupper"
    return verdicts.none_notable([d.verdict for d in compared], verdicts.DIFFERENCE, where)


def local_pages(deck, o: OwnNumbers) -> None:
    """Local questions beside the first local grouping; further groupings have their own slides."""
    groupings = o.local_breakdowns
    if not o.local_questions and not groupings:
        return
    for i, breakdown in enumerate(groupings or [None]):
        _local_page(deck, o, breakdown, with_questions=i == 0 and bool(o.local_questions))


def _local_page(deck, o: OwnNumbers, breakdown: str | None, *, with_questions: bool) -> None:
    items = o.local_questions if with_questions else []
    visible = [i for i in items if distribution_of(o, i).shown]
    categories = findings.group_labels(o, breakdown) if breakdown else []
    answers = [(o.label(i), distribution_of(o, i)) for i in items]
    groups = [(label, o.of(o.overall, "mean", breakdown, c)) for c, label in categories]
    headline = (
        findings.local_headline(o, breakdown)
        if breakdown
        else findings.questions_headline(o, "Lokale spørgsmål", items)
    )
    note = " ".join(
        p for p in (means_note(o, visible), captions.hidden_note(answers + groups)) if p
    )
    both = bool(items and breakdown)
    slide = add_slide(
        deck,
        TWO if both else ONE,
        "Lokale spørgsmål og grupper",
        headline,
        source=captions.source(o, [*(o.of(i) for i in items), *(x for _, x in groups)]),
        note=note,
        speaker="Lokale spørgsmål og baggrundsoplysninger findes kun i denne kommune og kan derfor "
        f"ikke sammenlignes med andre. {WEIGHTED}",
    )
    width = HALF if both else WIDTH
    if items:
        add_text(
            slide, Box(LEFT, TOP, width, 0.3), ["Kommunens egne spørgsmål"], size=14, bold=True
        )
        _local_questions_charts(slide, o, visible, width, narrow=both)
        if not visible:
            why = captions.reasons(x for _, x in answers)
            put_text(slide, 1, [f"Svarene kan ikke vises: {why}."])
    if breakdown:
        left = LEFT + HALF + 0.4 if both else LEFT
        heading = f"{o.breakdown_label(breakdown)}: temaer, gennemsnit 1–5"
        add_text(slide, Box(left, TOP, width, 0.3), [heading], size=14, bold=True)
        _local_groups_chart(slide, 2 if both else 1, left, width, o, breakdown, categories, heading)


def _local_questions_charts(
    slide, o: OwnNumbers, items: Sequence[str], width: float, *, narrow: bool
) -> None:
    """A chart a scale, below each other."""
    asked = {q.id: q for q in o.local.questions}
    top, height = TOP + 0.38, HEIGHT - 0.38
    for scale in dict.fromkeys(asked[i].scale for i in items):
        ids = [i for i in items if asked[i].scale == scale]
        part = Box(LEFT, top, width, height * len(ids) / len(items))
        distribution_chart(
            slide,
            1 if ids[0] == items[0] else None,
            part,
            [asked[i].wording for i in ids],
            [[o.of(i, s).value for s in o.options(i)] for i in ids],
            o.answer_scales[ids[0]].labels,
            narrow=narrow,
        )
        top += part.height


def _local_groups_chart(slide, idx, left, width, o, breakdown, categories, heading) -> None:
    series = [
        Series(label, tuple(o.of(t, "mean", breakdown, c).value for t in o.themes), colour)
        for (c, label), colour in zip(categories, GROUP_COLOURS * len(categories))
    ]
    series = [s for s in series if any(v is not None for v in s.values)]
    if not series:
        why = captions.reasons(
            o.of(t, "mean", breakdown, c) for t in o.themes for c, _ in categories
        )
        put_text(slide, idx, [f"Grupperne kan ikke vises: {why}."])
        return
    names = [o.label(t) for t in o.themes]
    alt = alt_text(f"Søjler, {heading}", names, series, shares=False)
    add_legend(slide, Box(left, TOP + 0.38, width, 0.25), [(s.name, s.colour) for s in series])
    box = Box(left, TOP + 0.75, width, HEIGHT - 0.75)
    means_chart(slide, idx, box, names, series, alt, label_share=0.36)
