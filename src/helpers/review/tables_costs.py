"""Tables of the evaluation about income and costs."""

from __future__ import annotations

import pandas as pd
from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose
from helpers.released.captions import listed
from helpers.review.costs import (
    Item,
    income_by_band,
    income_dkk,
    items,
    known_dkk,
    letters_sent,
    unknown,
)
from helpers.review.inputs import Review
from helpers.review.printed import base, table_with_basis
from helpers.review.words import (
    NOT_RECORDED,
    UNKNOWN,
    count,
    kroner,
    per_piece,
)


def income(review: Review) -> Markdown:
    """Income by price band."""
    bands = income_by_band(review)
    if bands.empty:
        return prose("Runden har ingen priser, så indtægten er ikke kendt.")
    rows, before = [], 0
    for band in bands.itertuples():
        limit = band.up_to_inhabitants
        label = (
            f"Over {printing.number(before)}"
            if pd.isna(limit)
            else f"Til og med {printing.number(limit)}"
        )
        before = before if pd.isna(limit) else int(limit)
        number = printing.number(band.municipalities)
        rows.append([label, kroner(band.price_dkk), number, kroner(band.income_dkk)])
    rows.append(
        [
            "I alt",
            "",
            printing.number(bands["municipalities"].sum()),
            kroner(bands["income_dkk"].sum()),
        ]
    )
    headings = ["Indbyggere", "Pris pr. kommune", "Kommuner", "Indtægt"]
    basis = base(review, "rundens priser og kommunernes indbyggertal, rundet ned til hele tusinde")
    return table_with_basis(headings, rows, basis)


def spending(review: Review) -> Markdown:
    """Costs by kind; what is not known is told."""
    found = items(review)
    rows = [[i.label, _number(i), _price(i), _cost(i)] for i in found]
    known = known_dkk(found)
    rows.append(["Kendte udgifter i alt", "", "", UNKNOWN if known is None else kroner(known)])
    if "work" not in {i.id.split("_")[0] for i in found}:
        price = _unit(review.round.settings.costs.analyst_hour_dkk)
        rows.insert(-1, ["Analytikertid", NOT_RECORDED, price, UNKNOWN])
    basis = (
        "Grundlag: det, der er noteret, uanset hvem der betaler. En ukendt pris er ikke nul: den mangler i summen. Kilde: `costs` i "
        "rundens fil, udsendelserne og hotlinens liste."
    )
    partial = [i.label.lower() for i in found if i.partial]
    if partial:
        basis += f" Ikke alle kommuner har noteret antallet ({', '.join(partial)})."
    return table_with_basis(["Post", "Antal", "Pris pr. stk.", "I alt"], rows, basis)


def _number(item: Item) -> str:
    if item.number is None:
        return NOT_RECORDED
    whole_ = float(item.number).is_integer()
    return f"{printing.number(item.number, 0 if whole_ else 1)} {item.unit}"


def _unit(price: float | None) -> str:
    return UNKNOWN if price is None else per_piece(price)


def _price(item: Item) -> str:
    return _unit(item.price_dkk)


def _cost(item: Item) -> str:
    return UNKNOWN if item.cost_dkk is None else kroner(item.cost_dkk)


def unit_costs(review: Review) -> Markdown:
    """Kroner per citizen invited and per answer."""
    found = items(review)
    earned, known = income_dkk(review), known_dkk(found)
    letters, invited, answers = letters_sent(review), len(review.asked), review.answers
    numbers = (letters, invited, answers)
    rows = [
        ["Deltagernes betaling", *(_per(earned, n) for n in numbers)],
        ["Kendte udgifter", *(_per(known, n) for n in numbers)],
    ]
    sent = "breve, der ikke er noteret" if letters is None else count(letters, "brev", "breve")
    basis = f"Grundlag: {sent}, {printing.number(invited)} inviterede og {printing.number(answers)} svar."
    lacking = unknown(found)
    if lacking:
        labels = [i.label if i.id == "sms" else i.label[:1].lower() + i.label[1:] for i in lacking]
        basis += f" Ukendt og derfor ikke med: {listed(labels)}."
    basis += " Kilde: som ovenfor."
    return table_with_basis(["Kroner pr.", "Sendt brev", "Inviteret borger", "Svar"], rows, basis)


def _per(amount: float | None, number: int | None) -> str:
    return UNKNOWN if amount is None or not number else kroner(amount / number, 2)
