"""What a round earned and, as far as prices are known, what it cost. Unknown is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.review.inputs import Review
from helpers.review.words import WORK

MINUTE_HEADINGS = ("minutes", "minutter", "duration_minutes", "varighed_minutter")


@dataclass(frozen=True)
class Item:
    """One kind of cost: how many, and what each costs in kroner; None: not known.

    `recorded` of `expected` municipalities have told how many.
    """

    id: str
    label: str
    unit: str
    number: float | None
    price_dkk: float | None
    recorded: int = 1
    expected: int = 1

    @property
    def cost_dkk(self) -> float | None:
        """Kroner, of what is recorded; nothing used costs nothing, whatever the price."""
        if self.number == 0:
            return 0.0
        if self.number is None or self.price_dkk is None:
            return None
        return self.number * self.price_dkk

    @property
    def partial(self) -> bool:
        """Whether some municipalities have not told how many."""
        return self.number is not None and self.recorded < self.expected


def items(review: Review) -> list[Item]:
    prices = review.round.settings.costs
    expected = len(review.with_sample)
    digital, digital_by = _letters(review, "letters")
    paper, paper_by = _letters(review, "paper")
    sms, sms_by = _letters(review, "sms")
    calls = review.calls
    return [
        Item("digital", "Digitale breve", "breve", digital, prices.digital_letter_dkk, digital_by, expected),
        Item("paper", "Breve på papir", "breve", paper, prices.paper_letter_dkk, paper_by, expected),
        Item("sms", "SMS", "SMS'er", sms, prices.sms_dkk, sms_by, expected),
        Item("hotline", "Hotline", "minutter", call_minutes(calls), prices.hotline_minute_dkk),
        *(
            Item(f"work_{step}", f"Analytikertid: {WORK[step].lower()}", "timer", hours, prices.analyst_hour_dkk)
            for step, hours in prices.analyst_hours.items()
        ),
    ]  # fmt: skip


def _letters(review: Review, column: str) -> tuple[float | None, int]:
    """Letters (or SMS) over all mailings, and how many municipalities have told of them."""
    recorded = review.mailings.dropna(subset=column)
    if recorded.empty:
        return None, 0
    return float(recorded[column].sum()), int(recorded["municipality"].nunique())


def call_minutes(calls: pd.DataFrame | None) -> float | None:
    """Minutes of all calls; None where no calls, or no minutes, are recorded."""
    if calls is None:
        return None
    column = next((c for c in MINUTE_HEADINGS if c in calls), None)
    if column is None:
        return None
    minutes = pd.to_numeric(calls[column].str.replace(",", "."), errors="coerce")
    return float(minutes.sum()) if minutes.notna().any() else None


def letters_sent(review: Review) -> int | None:
    """Letters over all mailings, digital and on paper; None where no mailing is recorded."""
    counts = review.mailings[["letters", "paper"]]
    return int(counts.sum().sum()) if len(counts) else None


def unknown(found: Sequence[Item]) -> list[Item]:
    """The items whose cost is not known."""
    return [item for item in found if item.cost_dkk is None]


def known_dkk(found: Sequence[Item]) -> float | None:
    """Sum of the costs that are known; None where none is."""
    known = [item.cost_dkk for item in found if item.cost_dkk is not None]
    return sum(known) if known else None


def income_by_band(review: Review) -> pd.DataFrame:
    """A row a price: up_to_inhabitants (None: no limit), price_dkk, municipalities, income_dkk."""
    limits = {b.price_dkk: b.up_to_inhabitants for b in review.round.settings.price_bands}
    prices = [review.round.price_dkk(m.code) for m in review.round.participants] if limits else []
    rows = [(limit, price, prices.count(price)) for price, limit in limits.items()]
    table = pd.DataFrame(rows, columns=["up_to_inhabitants", "price_dkk", "municipalities"])
    return table.assign(income_dkk=table["price_dkk"] * table["municipalities"])


def income_dkk(review: Review) -> int | None:
    """Kroner that the participants pay; None where the round has no price bands."""
    bands = income_by_band(review)
    return int(bands["income_dkk"].sum()) if len(bands) else None
