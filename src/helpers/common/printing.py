"""How numbers, days and words are printed in Danish. Shares are 0–1 everywhere until they are printed here."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from decimal import Decimal

MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli",
    "august", "september", "oktober", "november", "december",
)  # fmt: skip


def number(value: float | None, decimals: int = 0) -> str:
    """1234.5 → »1.234,5« (half away from zero is not promised: Python's rounding); None → »–«."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    text = f"{value:,.{decimals}f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0,.") else "−" + text[1:]
    return text


def percent(share: float | None, decimals: int = 0) -> str:
    """A share 0–1 → »38,8 %« with a hard space."""
    if share is None or (isinstance(share, float) and math.isnan(share)):
        return "–"
    return f"{number(100 * share, decimals)}\u00a0%"


def signed(value: float | None, decimals: int = 2) -> str:
    """A difference with its sign: »+0,12«, »−0,05«, »0,00«."""
    text = number(value, decimals)
    positive = value is not None and value > 0 and text.strip("0,.") != ""
    return "+" + text if positive else text


def p_value(value: float) -> str:
    """»0,032«, and »< 0,001« where three decimals would say zero."""
    return "<\u00a00,001" if value < 0.001 else number(value, 3)


def exact(value: float) -> Decimal:
    """The number as it is written, for xlsxwriter, which prints a float's sixteenth digit as well:
    0.07 would stand as 0.07000000000000001 in the file."""
    return Decimal(repr(float(value)))


def date(day: dt.date) -> str:
    """12 April 2024 → »12. april 2024«."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def slug(name: str) -> str:
    """»Lyngby-Taarbæk« → `lyngby-taarbaek`: a name that every file system takes."""
    text = name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())


_DANISH_ORDER = {"æ": "z1", "ø": "z2", "å": "z3"}


def danish_sort_key(text: str) -> str:
    """Sort key with æ, ø, å last; »Aa« sorts as å, as Danish place names do."""
    lowered = text.lower().replace("aa", "å")
    return "".join(_DANISH_ORDER.get(c, c) for c in lowered)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def uncapital(text: str) -> str:
    return text[:1].lower() + text[1:]
