"""Danish sentences and tables on what models and comparisons over time say, from released numbers.

Development since an earlier round, expected results, drivers, and the quality of the response. What is
said of a change or a difference is the release's verdict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown

from helpers.common import absent, printing
from helpers.common.markdown_text import Markup, literal, markdown_table, prose, together
from helpers.common.vocabulary import NATIONAL, OVER, UNDER, VERDICTS
from helpers.estimation.comparisons import EXPECTED, ROUND
from helpers.estimation.nonresponse import RIndicator, conclusion
from helpers.released import verdicts
from helpers.released.captions import listed
from helpers.released.findings import people
from helpers.released.numbers import Difference, Number
from helpers.released.own_numbers import GROUPINGS
from helpers.released.published import Published
from helpers.reports.tables import distinct_items, round_title, with_note

CAUSE_WARNING = (
    "Tallene viser, hvad der følges ad, ikke hvad der er årsag til hvad. De siger ikke, hvor meget den "
    "samlede tilfredshed ville stige, hvis et tema blev bedre."
)


def _change(d: Difference) -> str:
    return f"{printing.number(d.other, 2)} → {printing.number(d.own, 2)}"


def _span(d: Difference) -> str:
    """»+0,12 (+0,02 til +0,22)«."""
    value, low, high = (printing.signed(v, 2) for v in (d.value, d.low, d.high))
    return f"{value} ({low} til {high})"


# ------------------------------------------------------------------------------------ development


def development(published: Published, code: str) -> Markdown:
    """What has surely and notably changed since the latest earlier round, and where there is a
    break."""
    if not published.earlier_rounds:
        return prose("Der er ingen tidligere runde at sammenligne med.")
    before = published.earlier_rounds[0]
    title = round_title(published, before)
    if not published.has_earlier(code):
        whole = published.trends.trend(before, published.overall)
        why = (
            "den deltog ikke, eller tallene er skjult eller hviler på for få svar."
            if whole.comparable
            else f"{whole.note[:1].lower()}{whole.note[1:]}"
        )
        return prose(f"Kommunen kan ikke sammenlignes med {title}: {why}")
    labels = published.round.item_labels()
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    rows = {i: d for i in items if (d := published.compared(code, ROUND + before, i)).shown}
    sentences, rest = [], [d.verdict for d in rows.values() if not d.notable]
    for verdict in (OVER, UNDER):
        found = [f"»{labels[i]}« ({_change(d)})" for i, d in rows.items() if d.verdict == verdict]
        if found:
            word = verdicts.words_of(ROUND)[verdict]
            sentences.append(f"Siden {title} er {listed(found)} {word}.")
    if rest:
        where = f"i de øvrige temaer og spørgsmål siden {title}" if sentences else f"siden {title}"
        sentences.append(f"{verdicts.none_notable(rest, verdicts.CHANGE, where)}.")
    if code == NATIONAL:
        count = published.trends.municipalities(before)
        who = "den ene kommune" if count == 1 else f"de {printing.number(count)} kommuner"
        sentences.append(
            f"Ændringerne er regnet for {who}, der deltog begge gange, uden de tal, der er skjult. De vises, "
            "hvor mindst halvdelen af kommunerne har tallet begge gange."
        )
    where = Markup(
        "@fig-udvikling viser ændringen for alle temaer og spørgsmål, @tbl-udvikling tallene for temaerne "
        "og grupperne."
    )
    text = Markup(" ".join([*map(literal, sentences), _mark(published, before)]).strip())
    return together(text, where)


def _mark(published: Published, before: str) -> str:
    note = published.trends.mark(before)
    return f"**Brud i tidsserien:** {literal(note)}" if note else ""


def development_table(published: Published, code: str) -> Markdown | None:
    """The themes and groups in both rounds: before, now, change with interval; nothing where no theme
    or question can be compared."""
    if not published.has_earlier(code):
        return None
    reference = ROUND + published.earlier_rounds[0]
    labels, rows = published.round.item_labels(), []
    for item in published.theme_items:
        rows.append([labels[item], *_development_cells(published, code, reference, item)])
    for breakdown in GROUPINGS:
        for category, label in published.round.category_labels()[breakdown].items():
            where = {"breakdown": breakdown, "category": category}
            cells = _development_cells(published, code, reference, published.overall, **where)
            rows.append([f"{labels[published.overall]}: {label}", *cells])
    headings = ["Tema eller gruppe", "Før", "Nu", "Ændring (95 %)", "Vurdering"]
    return with_note(published, markdown_table(headings, rows))


def _development_cells(published: Published, code: str, reference: str, item: str, **where):
    d = published.compared(code, reference, item, **where)
    if not d.shown:
        return ["", "", d.mark, ""]
    return [printing.number(d.other, 2), printing.number(d.own, 2), _span(d), d.said]


# --------------------------------------------------------------------------------------- expected


def expected(published: Published, code: str) -> Markdown:
    """Actual against expected, given who the citizens are."""
    if code == NATIONAL:
        return prose(_expected_of_all(published))
    d = published.compared(code, EXPECTED, published.overall)
    if not d.shown:
        own = published.number(code, published.overall)
        if not own.shown:
            return prose(f"Et forventet resultat kan ikke vises for kommunen: {own.words}.")
        return prose(
            "Et forventet resultat kan ikke vises for kommunen i denne runde. "
            f"{_expected_needs(published)}"
        )
    start = (
        f"Med kommunens sammensætning af målgrupper, køn, alder og varighed ville den samlede "
        f"tilfredshed forventes at være {printing.number(d.other, 2)}. Den er {printing.number(d.own, 2)}"
    )
    if d.notable:
        return prose(f"{start}, altså sikkert og nævneværdigt {d.said}: {_span(d)}.")
    return prose(f"{start}. Forskellen er {_span(d)}: {d.said}.")


def expected_headline(d: Difference) -> str:
    """`d`: a comparison with the expected result."""
    own, other = printing.number(d.own, 2), printing.number(d.other, 2)
    if d.notable:
        return f"Den samlede tilfredshed er {d.said} ({own}) end forventet ({other})"
    return f"Den samlede tilfredshed er {own} og forventet {other}: {d.said}"


def _expected_of_all(published: Published) -> str:
    found = published.differences(reference=EXPECTED, item=published.overall, statistic="mean")
    if not found:
        return _expected_needs(published)
    places = {v: [d.municipality for d in found if d.verdict == v] for v in VERDICTS}
    parts = []
    for verdict in (OVER, UNDER):
        if places[verdict]:
            names = [published.round.municipalities[c].name for c in places[verdict]]
            named = listed(sorted(names, key=printing.danish_sort_key))
            word = verdicts.words_of(EXPECTED)[verdict]
            parts.append(f"Sikkert og nævneværdigt {word} end forventet ligger {named}.")
    rest = [d.verdict for d in found if not d.notable]
    if rest:
        of = "i de øvrige kommuner" if parts else "i nogen kommune"
        where = f"mellem det faktiske og det forventede {of}"
        parts.append(f"{verdicts.none_notable(rest, verdicts.DIFFERENCE, where)}.")
    return " ".join(parts)


def _expected_needs(published: Published) -> str:
    least = printing.number(published.round.settings.models.min_municipalities)
    return f"Forventede resultater regnes kun, når mindst {least} kommuner har resultater."


# ---------------------------------------------------------------------------------------- drivers


def drivers(published: Published, code: str) -> Markdown:
    """Which themes go most closely with overall satisfaction, and the warning about cause."""
    d = published.drivers
    rows = d[d["municipality"] == code].sort_values("importance", ascending=False)
    if rows.empty:
        least = printing.number(published.round.settings.models.min_answers)
        return prose(
            f"Temaernes sammenhæng med den samlede tilfredshed vises kun, når mindst {least} har "
            "svaret på alle temaer, og ingen af temaernes gennemsnit er skjult."
        )
    share = printing.percent(rows.iloc[0]["r_squared"])
    return prose(
        f"{drivers_headline(rows, published.round.item_labels())}. Tilsammen forklarer temaerne {share} af "
        f"forskellene mellem borgernes samlede tilfredshed. {CAUSE_WARNING}"
    )


def drivers_headline(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The themes that cannot be told from the first; `rows`: of one municipality, largest first."""
    first = rows.iloc[0]
    with_first = rows[rows["ci_high"] >= first["ci_low"]]
    if len(with_first) == len(rows):
        return "Temaerne hænger omtrent lige tæt sammen med den samlede tilfredshed"
    named = listed([f"»{labels[t]}«" for t in with_first["theme"]])
    return f"{named} hænger tættest sammen med den samlede tilfredshed"


# -------------------------------------------------------------------------------------- response


def response_quality(published: Published, code: str) -> Markdown:
    """The plain conclusion on the response: R-indicator, rate, and the widest gap between a group's
    share of the citizens and of the answers."""
    whole = published.responded(code)
    if not whole.shown:
        return prose(f"Det kan ikke vises, om svarene ligner borgerne: {whole.words}.")
    labels = published.round.category_labels(code)
    gaps = []
    for breakdown, categories in labels.items():
        for category, label in categories.items():
            group = published.responded(code, breakdown, category)
            if group.shown and breakdown != "all":
                gap = group.answers / whole.answers - group.population / whole.population
                gaps.append((people(breakdown, label), gap))
    widest = max(gaps, key=lambda g: abs(g[1]), default=None)
    value, low, high = (
        math.nan if v is None else v for v in (whole.r_indicator, whole.r_low, whole.r_high)
    )
    note = "" if not math.isnan(value) else "Der er for få svar eller for lidt frafald"
    return prose(conclusion(RIndicator(value, low, high, note), whole.response_rate, widest))


def outcome_table(published: Published, code: str) -> Markdown:
    """AAPOR's outcome rates by their names; hidden where one would show that very few broke off."""
    whole = published.responded(code)
    # a rate is missing from a shown row where it would tell of one to four citizens
    hidden = absent.why(absent.SECONDARY if whole.shown else whole.status).mark
    rows = [
        [name, meaning, hidden if rate is None else printing.percent(rate, 1)]
        for name, meaning, rate in (
            ("RR1", "hele besvarelser af alle inviterede", whole.rr1),
            ("RR2", "hele og delvise besvarelser af alle inviterede", whole.response_rate),
            ("COOP2", "besvarelser af dem, der åbnede skemaet", whole.cooperation_rate),
            ("CON1", "åbnede skemaet, af alle inviterede", whole.contact_rate),
        )
    ]
    return with_note(published, markdown_table(["AAPOR", "Betydning", "Procent"], rows, left=2))


def two_way(published: Published, code: str, item: str | None = None) -> Markdown:
    """Means of one item by the round's two-way breakdowns: target group by gender, by age …"""
    item = item or published.overall
    parts = []
    labels = published.round.category_labels()
    for first, second in published.round.settings.two_way:
        rows = []
        for a, label in labels[first].items():
            where = {"breakdown": f"{first}:{second}"}
            cells = [
                published.number(code, item, category=f"{a}:{b}", **where) for b in labels[second]
            ]
            rows.append([label, *(_mean(c) for c in cells)])
        heading = published.round.breakdown_label(first)
        parts.append(markdown_table([heading, *labels[second].values()], rows))
    return with_note(published, Markup("\n\n".join(parts)))


def _mean(number: Number) -> str:
    if not number.shown:
        return number.mark
    return f"{printing.number(number.value, 2)} ({printing.number(number.n)})"
