"""Tables of the evaluation about mailings, reminders and the hotline."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose
from helpers.preparation.calendar_rows import LABELS
from helpers.review.costs import call_minutes
from helpers.review.effort import BEFORE_ALL, CLEAR_DAYS, by_wave, pace, with_waves
from helpers.review.inputs import MAILINGS, SMS, Review
from helpers.review.meanings import sms_pace
from helpers.review.printed import table_with_basis
from helpers.review.words import (
    NOT_RECORDED,
    count,
    municipalities,
    short_day,
    span,
)

TOPICS = ("topic", "emne")


def mailings(review: Review) -> Markdown:
    """Letters, answers and response by mailing."""
    rows_of_all = with_waves(review)
    if rows_of_all.empty:
        return prose("Der er ingen svar endnu, så udsendelsernes virkning kan ikke gøres op.")
    counts = by_wave(rows_of_all).iloc[0]
    rows = _mailing_rows(review, counts)
    sms = review.mailings[review.mailings["mailing"] == SMS]
    if len(sms):
        day = span(sms["made_on"].min(), sms["made_on"].max()).rsplit(" ", 1)[0]
        rows.append(["SMS", day, _sent(review, SMS, "sms"), "", "", "", ""])
    headings = [
        "Udsendelse",
        "Dag",
        "Sendt digitalt",
        "På papir",
        "Svar",
        "Af de inviterede",
        "Svarprocent derefter",
    ]
    return table_with_basis(headings, rows, _mailing_basis(review, counts), left=2)


def _mailing_rows(review: Review, counts: pd.Series) -> list[list[str]]:
    planned = review.round.settings.calendar.mailings()
    so_far, rows = int(counts[BEFORE_ALL] + counts["undated"]), []
    for name in MAILINGS:
        so_far += int(counts[name])
        rows.append(
            [
                LABELS[name],
                f"{short_day(planned[name])}",
                *(_sent(review, name, column) for column in ("letters", "paper")),
                printing.number(int(counts[name])),
                printing.percent(counts[name] / counts["invited"], 1),
                printing.percent(so_far / counts["invited"], 1),
            ]
        )
    return rows


def _mailing_basis(review: Review, counts: pd.Series) -> str:
    words = {BEFORE_ALL: "er dateret før invitationen", "undated": "har ingen dato"}
    apart = [
        f"{printing.number(int(counts[key]))} svar {text}"
        for key, text in words.items()
        if counts[key]
    ]
    recorded = review.mailings["municipality"].nunique()
    basis = (
        f"Grundlag: {printing.number(int(counts['invited']))} inviterede i "
        f"{municipalities(len(review.with_answers))} med svar. Svar regnes til den udsendelse, de kommer efter. "
        "Kilde: svarenes tidspunkter og rundens kalender"
    )
    if recorded:
        basis += f"; antal breve og SMS'er fra {municipalities(recorded)}s udsendelser"
    basis += "."
    if apart:
        basis += f" {' og '.join(apart)}; de er med i svarprocenten."
    return basis


def _sent(review: Review, mailing: str, column: str) -> str:
    counts = review.mailings[review.mailings["mailing"] == mailing][column].dropna()
    return printing.number(int(counts.sum())) if len(counts) else NOT_RECORDED


def paces(review: Review) -> Markdown:
    """The pace of answers before and after each reminder."""
    waved = with_waves(review)
    if waved["answered_at"].isna().all():
        return prose("Der er ingen svar med dato endnu, så rykkernes virkning kan ikke gøres op.")
    rows = []
    found = [pace(review, waved, name) for name in MAILINGS[1:]]
    sms = sms_pace(review)
    found += [sms] if sms else []
    for p in found:
        rows.append(
            [
                "SMS" if p.mailing == SMS else LABELS[p.mailing],
                printing.number(p.waiting),
                printing.percent(p.before, 2),
                printing.percent(p.after, 2),
                printing.number(p.answers),
                printing.number(p.continued),
                printing.number(p.more),
            ]
        )
    headings = [
        "Rykker",
        "Manglede at svare",
        "Svarede pr. dag før",
        "Svarede pr. dag efter",
        "Svar derefter",
        "Ved samme tempo",
        "Flere",
    ]
    basis = (
        "Grundlag: borgere, der ikke havde svaret; tempoet er taget over tre dage før og tre dage fra "
        "rykkeren. »Ved samme tempo« er de svar, der var kommet, hvis tempoet fra før rykkeren var fortsat. "
        "Kilde: svarenes tidspunkter og rundens kalender."
    )
    if sms:
        basis += " SMS'erne er sendt til nogle af borgerne i nogle kommuner; tempoet er alle borgeres i de kommuner."
    if any(p.before != p.before for p in found):
        basis += f" –: der var under {CLEAR_DAYS} dage siden den forrige udsendelse, så tempoet før kan ikke gøres op."
    return table_with_basis(headings, rows, basis)


def hotline(review: Review) -> Markdown:
    """Calls to the hotline, by topic where they have one."""
    if review.calls is None:
        return prose("Opkald til hotlinen er ikke noteret.")
    if review.calls.empty:
        return prose("Der er ikke noteret nogen opkald til hotlinen.")
    column = next((c for c in TOPICS if c in review.calls), None)
    topics = (
        review.calls[column].str.strip().replace("", "uden emne")
        if column
        else pd.Series(["alle opkald"] * len(review.calls))
    )
    rows = [
        [topic, printing.number(n), printing.percent(n / len(topics))]
        for topic, n in topics.value_counts().items()
    ]
    minutes = call_minutes(review.calls)
    length = f", i alt {count(round(minutes), 'minut', 'minutter')}" if minutes else ""
    basis = f"Grundlag: {count(len(topics), 'opkald', 'opkald')}{length}. Kilde: `hotline.csv`."
    return table_with_basis(["Emne", "Opkald", "Andel"], rows, basis)
