"""Tables of the evaluation about response and precision beside the plan."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose, trusted
from helpers.review.inputs import Review
from helpers.review.precision import (
    LEAST_INVITED,
    by_municipality,
    proposed_response,
    r_indicator_counts,
    response_by_group,
    whole,
)
from helpers.review.printed import table_with_basis
from helpers.review.words import (
    municipalities,
)

SHOWN_PLACES = 25  # municipalities in a table; the rest are counted


def response(review: Review) -> Markdown:
    """Expected and actual response by target group, and what to expect next time."""
    table = response_by_group(review)
    if not table["answers"].sum():
        return prose("Der er ingen svar endnu, så svarprocenten kan ikke holdes op mod planen.")
    least = review.round.settings.disclosure.min_answers
    labels = {g.id: g.label for g in review.round.rules.groups} | {"all": "Alle"}
    proposal = proposed_response(review)
    rows = []
    for row in table.itertuples():
        few = row.answers < least
        proposed = printing.percent(proposal[row.category]) if row.category in proposal else ""
        rows.append(
            [
                labels[row.category],
                printing.number(row.invited),
                f"under {least}" if few else printing.number(row.answers),
                printing.percent(row.expected),
                "–" if few else f"{printing.percent(row.rate, 1)} ({_interval(row)})",
                "–" if few else _points(row.rate - row.expected),
                proposed,
            ]
        )
    headings = [
        "Målgruppe",
        "Inviterede",
        "Svar",
        "Forventet",
        "Faktisk (95 %)",
        "Forskel",
        "Næste runde",
    ]
    headings[4] = f"Faktisk ({printing.percent(review.round.settings.comparison.confidence)})"
    basis = (
        f"Grundlag: {municipalities(len(review.with_answers))} med svar. Uvægtet, AAPOR RR2; intervallet er Wilsons. "
        f"»Næste runde« er den svarprocent, som tre af fire kommuner nåede, rundet ned; kun kommuner med mindst "
        f"{LEAST_INVITED} inviterede i gruppen tæller. Kilde: stikprøverne og svarene."
    )
    return table_with_basis(headings, rows, basis)


def _interval(row) -> str:
    return f"{printing.number(100 * row.ci_low, 1)}–{printing.number(100 * row.ci_high, 1)}"


def _points(difference: float) -> str:
    return f"{printing.signed(100 * difference, 1)} point"


def proposal(review: Review) -> Markdown:
    """The proposed expected response as a line of the round's file."""
    if not review.answers:
        return prose("Der er ingen svar endnu, så der er ikke noget forslag til næste runde.")
    shares = ", ".join(
        f"{group}: {share:.2f}" for group, share in proposed_response(review).items()
    )
    lines = f"expected_response:\n  {{{shares}}}"
    return trusted(
        "Forslaget som det skrives i næste rundes fil under `sampling`:\n\n"
        f"```yaml\n{_wrapped(lines)}\n```\n"
    )


def _wrapped(text: str) -> str:
    """A long flow mapping in two lines or more."""
    head, _, body = text.partition("\n  {")
    parts = body.rstrip("}").split(", ")
    return f"{head}\n" + "\n".join(f"  {part}" for part in parts)


def below_least(review: Review) -> Markdown:
    """Municipalities that did not reach the answers wanted, the farthest first."""
    table = by_municipality(review)
    known = table.dropna(subset="answers")
    if known.empty:
        return prose(
            "Der er ingen svar endnu, så det kan ikke ses, hvem der når det ønskede antal svar."
        )
    least, few = (
        review.round.settings.sampling.min_answers,
        review.round.settings.disclosure.min_answers,
    )
    missed = known[~known["reached"].astype(bool)].sort_values(["answers", "municipality"])
    if missed.empty:
        who = f"Alle {municipalities(len(known))}" if len(known) > 1 else "Den ene kommune"
        return prose(f"{who} med svar nåede de ønskede {least} svar.")
    rows = [
        [
            row.name,
            printing.number(row.invited),
            printing.number(row.expected_answers),
            f"under {few}" if row.answers < few else printing.number(int(row.answers)),
            printing.number(least - int(row.answers)) if row.answers >= few else "–",
        ]
        for row in missed.head(SHOWN_PLACES).itertuples(index=False)
    ]
    more = len(missed) - SHOWN_PLACES
    if more > 0:
        rows.append([f"og {municipalities(more)} mere", "", "", "", ""])
    headings = ["Kommune", "Inviterede", "Forventede svar", "Svar", "Mangler"]
    basis = f"Grundlag: {municipalities(len(known))} med svar; ønsket er mindst {least} svar. Kilde: stikprøverne og svarene."
    return table_with_basis(headings, rows, basis)


def design_effects(review: Review) -> Markdown:
    """Design effect and effective number of answers, planned and as they came."""
    table = by_municipality(review)
    if table.empty:
        return prose("Der er ingen stikprøver endnu, så præcisionen kan ikke holdes op mod planen.")
    together = whole(review)
    columns = [
        "expected_answers",
        "answers",
        "planned_effect",
        "effect",
        "planned_n",
        "effective_n",
    ]
    median = table[columns].astype(float).median()
    of_all = {c: getattr(together, c) for c in columns} | {"answers": together.answers or None}
    rows = [
        _effects_row("Alle kommuner samlet", of_all),
        _effects_row("Den midterste kommune", median),
    ]
    headings = [
        "",
        "Forventede svar",
        "Svar",
        "Planlagt designeffekt",
        "Faktisk",
        "Planlagt effektivt antal",
        "Faktisk",
    ]
    analysed = int(table["effect"].notna().sum())
    basis = (
        f"Grundlag: {municipalities(len(table))} med stikprøve, {municipalities(analysed)} analyseret. Kish' designeffekt; det effektive "
        "antal er svarene delt med den. Den planlagte følger af stikprøvens skævhed, den faktiske også af "
        "frafald og kalibrering. Kilde: stikprøverne og analysens vægte."
    )
    return table_with_basis(headings, rows, basis)


def _effects_row(label: str, of: Mapping[str, float | None]) -> list[str]:
    return [
        label,
        printing.number(of["expected_answers"]),
        _or_not(of["answers"]),
        printing.number(of["planned_effect"], 2),
        _or_not(of["effect"], 2),
        printing.number(of["planned_n"]),
        _or_not(of["effective_n"]),
    ]


def _or_not(value: float | None, decimals: int = 0) -> str:
    return "endnu ikke" if value is None or pd.isna(value) else printing.number(value, decimals)


def representativity(review: Review) -> Markdown:
    """Municipalities by their R-indicator."""
    table = by_municipality(review)
    counts = r_indicator_counts(table)
    if counts["unknown"] == len(table):
        return prose(
            "Der er ingen analyser endnu, så det er ikke vurderet, om svarene ligner borgerne."
        )
    rows = [
        ["God: mindst 0,90", printing.number(counts["good"])],
        ["Nogenlunde: 0,80–0,89", printing.number(counts["fair"])],
        ["Under 0,80", printing.number(counts["poor"])],
        ["Kan ikke vurderes", printing.number(counts["unknown"])],
    ]
    basis = (
        "Grundlag: kommuner med stikprøve. R-indikatoren er 1, når alle grupper svarer lige ofte. Kilde: "
        "kommunernes svaranalyser."
    )
    return table_with_basis(["Svarene ligner borgerne", "Kommuner"], rows, basis)
