"""The house's colours and the way Danish numbers and dates are printed.

Shares are 0–1 everywhere until they are printed here.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata

TEAL = "#14505B"
TEAL_MID = "#4F8A94"
TINT = "#EEF3F4"
ACCENT = "#C8553D"
GREY = "#5B6770"
LIGHT_GREY = "#C9D1D4"
INK = "#1D2A30"

# Five answers from the most negative (1) to the most positive (5); told apart in grey print and
# by readers who do not tell red from green. »Ved ikke« stands outside the scale.
LIKERT = {1: "#B4472F", 2: "#E3A08F", 3: "#D9DDDF", 4: "#7FB0B8", 5: "#14505B"}
DONT_KNOW = "#F1E9D2"
OWN, OTHERS, COUNTRY = TEAL, ACCENT, GREY

MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli",
    "august", "september", "oktober", "november", "december",
)  # fmt: skip

NOT_SHOWN = {
    "few": "for få svar",
    "linked": "skjult af hensyn til andre tal",
    "not_asked": "ikke spurgt",
}


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


def date(day: dt.date) -> str:
    """12 April 2024 → »12. april 2024«."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def slug(name: str) -> str:
    """»Lyngby-Taarbæk« → `lyngby-taarbaek`: a name that every file system takes."""
    text = name.lower().translate(str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"}))
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())


_DANISH_ORDER = {"æ": "z1", "ø": "z2", "å": "z3"}


def danish_sort_key(text: str) -> str:
    """Sort key with æ, ø, å last; »Aa« sorts as å, as Danish place names do."""
    lowered = text.lower().replace("aa", "å")
    return "".join(_DANISH_ORDER.get(c, c) for c in lowered)
