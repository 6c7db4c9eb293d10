"""Danish sentences and tables on what models and comparisons over time say, from released numbers.

Development since an earlier round, expected results, drivers, and the quality of the response. A change
or a difference is named only where the release finds it worth mentioning.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown

from helpers.common import style
from helpers.common.markdown_text import Markup, literal, markdown_table, prose, together
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparisons import ROUND
from helpers.estimation.nonresponse import RIndicator, conclusion
from helpers.released.captions import listed
from helpers.released.findings import people
from helpers.released.own_numbers import GROUPINGS, OVERALL
from helpers.released.published import Published
from helpers.reports.tables import distinct_items, has_value, mark, round_title, with_note

CAUSE_WARNING = (
    "Tallene viser, hvad der følges ad, ikke hvad der er årsag til hvad. De siger ikke, hvor meget den "
    "samlede tilfredshed ville stige, hvis et tema blev bedre."
)


def _change(row) -> str:
    return f"{style.number(row['reference_value'], 2)} → {style.number(row['own'], 2)}"


def _who(code: str) -> str:
    return "Resultaterne" if code == NATIONAL else "Kommunens resultater"


# ------------------------------------------------------------------------------------ development


def development(published: Published, code: str) -> Markdown:
    """What has surely and notably changed since the latest earlier round, and where there is a
    break."""
    if not published.earlier_rounds:
        return prose("Der er ingen tidligere runde at sammenligne med.")
    before = published.earlier_rounds[0]
    title = round_title(published, before)
    if not published.has_earlier(code):
        whole = published.trends.trend(before, OVERALL)
        why = (
            "den deltog ikke, eller tallene er skjult eller hviler på for få svar."
            if whole.comparable
            else f"{whole.note[:1].lower()}{whole.note[1:]}"
        )
        return prose(f"Kommunen kan ikke sammenlignes med {title}: {why}")
    labels = published.round.item_labels()
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    rows = {
        i: r for i in items if (r := published.compared(code, f"round:{before}", i)) is not None
    }
    up, down = ([i for i, r in rows.items() if r["worth_mentioning"] and s * r["difference"] > 0]
                for s in (1, -1))  # fmt: skip
    sentences = []
    for found, word in ((up, "steget"), (down, "faldet")):
        if found:
            named = listed([f"»{labels[i]}« ({_change(rows[i])})" for i in found])
            sentences.append(f"Siden {title} er {named} {word}.")
    if not up and not down:
        sentences.append(f"Der er ingen sikre og nævneværdige ændringer siden {title}.")
    elif len(up) + len(down) < len(rows):
        sentences.append(
            "For de øvrige temaer og spørgsmål er der ingen sikker, nævneværdig ændring."
        )
    if code == NATIONAL:
        count = published.trends.municipalities(before)
        who = "den ene kommune" if count == 1 else f"de {style.number(count)} kommuner"
        sentences.append(
            f"Ændringerne er regnet for {who}, der deltog begge gange, uden de tal, der er skjult."
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
    reference = f"round:{published.earlier_rounds[0]}"
    labels, rows = published.round.item_labels(), []
    for item in published.theme_items:
        rows.append([labels[item], *_development_cells(published, code, reference, item)])
    for breakdown in GROUPINGS:
        for category, label in published.round.category_labels()[breakdown].items():
            where = {"breakdown": breakdown, "category": category}
            cells = _development_cells(published, code, reference, OVERALL, **where)
            rows.append([f"{labels[OVERALL]}: {label}", *cells])
    headings = ["Tema eller gruppe", "Før", "Nu", "Ændring (95 %)", ""]
    return with_note(published, markdown_table(headings, rows))


def _development_cells(published: Published, code: str, reference: str, item: str, **where):
    row = published.compared(code, reference, item, **where)
    if row is None:
        before = reference.removeprefix(ROUND)
        status = published.why_no_change(code, before, item, **where)
        return ["", "", style.MISSING[status].mark, ""]
    change, low, high = (style.signed(row[c], 2) for c in ("difference", "ci_low", "ci_high"))
    word = ("steget" if row["difference"] > 0 else "faldet") if row["worth_mentioning"] else ""
    before, now = (style.number(row[c], 2) for c in ("reference_value", "own"))
    return [before, now, f"{change} ({low} til {high})", word]


# --------------------------------------------------------------------------------------- expected


def expected(published: Published, code: str) -> Markdown:
    """Actual against expected, given who the citizens are."""
    if code == NATIONAL:
        return prose(_expected_of_all(published))
    row = published.compared(code, "expected", OVERALL)
    if row is None:
        own = published.value(code, OVERALL)
        if not has_value(own):
            words = style.why(None if own is None else own["status"]).words
            return prose(f"Et forventet resultat kan ikke vises for kommunen: {words}.")
        return prose(
            "Et forventet resultat kan ikke vises for kommunen i denne runde. "
            f"{_expected_needs(published)}"
        )
    start = (
        f"Med kommunens sammensætning af målgrupper, køn, alder og varighed ville den samlede "
        f"tilfredshed forventes at være {style.number(row['reference_value'], 2)}. "
        f"Den er {style.number(row['own'], 2)}"
    )
    low, high = style.signed(row["ci_low"], 2), style.signed(row["ci_high"], 2)
    gap = f"{style.signed(row['difference'], 2)} ({low} til {high})"
    if row["worth_mentioning"]:
        return prose(f"{start}, altså sikkert og nævneværdigt {_side(row)}: {gap}.")
    return prose(f"{start}; forskellen, {gap}, er ikke både sikker og nævneværdig.")


def expected_headline(row) -> str:
    """`row`: a released comparison with the expected result."""
    own, expected_ = (style.number(row[c], 2) for c in ("own", "reference_value"))
    if row["worth_mentioning"]:
        return f"Den samlede tilfredshed er {_side(row)} ({own}) end forventet ({expected_})"
    return (
        f"Den samlede tilfredshed ({own}) er ikke sikkert og nævneværdigt anderledes end forventet "
        f"({expected_})"
    )


def _side(row) -> str:
    return "højere" if row["difference"] > 0 else "lavere"


def _expected_of_all(published: Published) -> str:
    t = published.comparisons
    rows = t[(t["reference"] == "expected") & (t["municipality"] != NATIONAL)]
    if rows.empty:
        return _expected_needs(published)
    worth = rows[rows["worth_mentioning_in_list"]]
    names = {
        word: sorted(
            (published.round.municipalities[c].name for c in side["municipality"]),
            key=style.danish_sort_key,
        )
        for word, side in (
            ("højere", worth[worth["difference"] > 0]),
            ("lavere", worth[worth["difference"] < 0]),
        )
    }
    if worth.empty:
        return "Ingen kommune ligger sikkert og nævneværdigt fra det forventede."
    parts = [
        f"Sikkert og nævneværdigt {word} end forventet ligger {listed(found)}."
        for word, found in names.items()
        if found
    ]
    rest = len(rows) - len(worth)
    if rest:
        parts.append(
            f"For {'den sidste' if rest == 1 else f'de øvrige {style.number(rest)}'} kan forskellen "
            "være tilfældig eller er lille."
        )
    return " ".join(parts)


def _expected_needs(published: Published) -> str:
    least = style.number(published.round.settings.models.min_municipalities)
    return f"Forventede resultater regnes kun, når mindst {least} kommuner har resultater."


# ---------------------------------------------------------------------------------------- drivers


def drivers(published: Published, code: str) -> Markdown:
    """Which themes go most closely with overall satisfaction, and the warning about cause."""
    d = published.drivers
    rows = d[d["municipality"] == code].sort_values("importance", ascending=False)
    if rows.empty:
        least = style.number(published.round.settings.models.min_answers)
        return prose(
            f"Temaernes sammenhæng med den samlede tilfredshed vises kun, når mindst {least} har "
            "svaret på alle temaer, og ingen af temaernes gennemsnit er skjult."
        )
    share = style.percent(rows.iloc[0]["r_squared"])
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
    if whole["status"] != "shown":
        words = style.why(whole["status"]).words
        return prose(f"Det kan ikke vises, om svarene ligner borgerne: {words}.")
    labels = published.round.category_labels(None if code == NATIONAL else code)
    gaps = []
    t = published.response[published.response["municipality"] == code]
    for row in t[(t["breakdown"] != "all") & (t["status"] == "shown")].itertuples():
        of_people = row.population / whole["population"]
        gap = row.answers / whole["answers"] - of_people
        gaps.append((people(row.breakdown, labels[row.breakdown][row.category]), float(gap)))
    widest = max(gaps, key=lambda g: abs(g[1]), default=None)
    value, low, high = (_or_nan(whole[c]) for c in ("r_indicator", "r_low", "r_high"))
    note = "" if not math.isnan(value) else "Der er for få svar eller for lidt frafald"
    return prose(
        conclusion(RIndicator(value, low, high, note), float(whole["response_rate"]), widest)
    )


def _or_nan(value) -> float:
    return math.nan if pd.isna(value) else float(value)


def outcome_table(published: Published, code: str) -> Markdown:
    """AAPOR's outcome rates by their names; hidden where one would show that very few broke off."""
    whole = published.responded(code)
    # a rate is missing from a shown row where it would tell of one to four citizens
    status = style.LINKED if whole["status"] == "shown" else whole["status"]
    hidden = style.why(status).mark
    rows = [
        [name, meaning, hidden if pd.isna(whole[column]) else style.percent(whole[column], 1)]
        for name, meaning, column in (
            ("RR1", "hele besvarelser af alle inviterede", "rr1"),
            ("RR2", "hele og delvise besvarelser af alle inviterede", "response_rate"),
            ("COOP2", "besvarelser af dem, der åbnede skemaet", "cooperation_rate"),
            ("CON1", "åbnede skemaet, af alle inviterede", "contact_rate"),
        )
    ]
    return with_note(published, markdown_table(["AAPOR", "Betydning", "Procent"], rows, left=2))


def two_way(published: Published, code: str, item: str = OVERALL) -> Markdown:
    """Means of one item by the round's two-way breakdowns: target group by gender, by age …"""
    parts = []
    labels = published.round.category_labels()
    for first, second in published.round.settings.two_way:
        rows = []
        for a, label in labels[first].items():
            where = {"breakdown": f"{first}:{second}"}
            cells = [
                published.value(code, item, category=f"{a}:{b}", **where) for b in labels[second]
            ]
            rows.append([label, *(_mean(c) for c in cells)])
        heading = published.round.breakdown_label(first)
        parts.append(markdown_table([heading, *labels[second].values()], rows))
    return with_note(published, Markup("\n\n".join(parts)))


def _mean(row) -> str:
    if not has_value(row):
        return mark(row)
    return f"{style.number(row['value'], 2)} ({style.number(int(row['n']))})"
