"""Numbers, shares and days in a message, written the way of its language: »18.012« or »18,012«.

Details of a message are values until the language is chosen; row numbers, years and sizes of files are
texts, and stand as they are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from helpers.common import printing

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Count:
    """How many: printed without decimals."""

    value: float


@dataclass(frozen=True)
class Share:
    """A share, 0–1, printed in per cent."""

    value: float
    decimals: int = 0


Value = Count | Share | dt.date | str


def in_language(value: object, language: str) -> str:
    """A value as text in `en` or `da`; what is no number, share or day stands as it is."""
    danish = language == "da"
    if isinstance(value, Count):
        return printing.number(value.value) if danish else f"{value.value:,.0f}"
    if isinstance(value, Share):
        return (
            printing.percent(value.value, value.decimals)
            if danish
            else f"{100 * value.value:,.{value.decimals}f}%"
        )
    if isinstance(value, dt.date):
        return (
            printing.date(value)
            if danish
            else f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
        )
    return str(value)
