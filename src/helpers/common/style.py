"""The house's colours and the way Danish numbers and dates are printed.

Shares are 0–1 everywhere until they are printed here. Here too stands, once for all that is printed,
why a number is missing.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from helpers.common.vocabulary import NOT_JUDGED

if TYPE_CHECKING:
    from helpers.parameters.round_settings import Disclosure

TEAL = "#14505B"
TEAL_MID = "#4F8A94"
TINT = "#EEF3F4"
ACCENT = "#C8553D"
ACCENT_DARK = "#A9442E"  # the accent in words: enough contrast on white and on the tint
GREY = "#5B6770"
LIGHT_GREY = "#C9D1D4"
INK = "#1D2A30"

# Five answers from the most negative (1) to the most positive (5); told apart in grey print and
# by readers who do not tell red from green. »Ved ikke« stands outside the scale.
LIKERT = {1: "#B4472F", 2: "#E3A08F", 3: "#D9DDDF", 4: "#7FB0B8", 5: "#14505B"}
DONT_KNOW = "#F1E9D2"
OWN, OTHERS, COUNTRY = TEAL, ACCENT, GREY


def answer_colours(points: int) -> list[str]:
    """Of so many answers from the most negative to the most positive: evenly along LIKERT."""
    ends, found = list(LIKERT.values()), []
    for k in range(points):
        at = k * (len(ends) - 1) / (points - 1)
        low = min(int(at), len(ends) - 2)
        pairs = zip(_channels(ends[low]), _channels(ends[low + 1]))
        mixed = (round(a + (at - low) * (b - a)) for a, b in pairs)
        found.append("#" + "".join(f"{c:02X}" for c in mixed))
    return found


def is_dark(colour: str) -> bool:
    """Whether white words on it can be read better than dark ones (relative luminance, WCAG 2)."""
    parts = [c / 255 for c in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.225


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


FONT = "Open Sans"  # ships with the project, licence beside it
FONT_STACK = f'"{FONT}", "Segoe UI", system-ui, sans-serif'
# name → colour, for all that is no Python: web pages, Quarto's theme, Typst
TOKENS = {
    "teal": TEAL, "teal-mid": TEAL_MID, "tint": TINT, "accent": ACCENT_DARK, "grey": GREY,
    "light-grey": LIGHT_GREY, "ink": INK, "dont-know": DONT_KNOW,
}  # fmt: skip

MONTHS = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli",
    "august", "september", "oktober", "november", "december",
)  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """Why a number or a comparison is not there."""

    mark: str  # in a narrow cell; the table has a legend below
    words: str  # where there is room
    reason: str  # the whole reason, behind »words«: or (mark):; {min_answers} is the round's rule


# The first three are the statuses of a released row that is not shown. The others are no status:
# they are what is left where a shown number, or a row, is not there.
FEW, SECONDARY, NOT_ASKED, NOT_POSSIBLE = "few", "linked", "not_asked", "not_possible"
NOT_COMMON, NO_INTERVAL = "not_common", "no_interval"
NO_EARLIER = "no_earlier"
MISSING = {
    FEW: Missing(
        "(få)",
        "for få svar",
        "gruppen har færre end {rules.min_answers} svar på mindst ét spørgsmål eller slet ingen; andele "
        "kræver {rules.shares_from} svar og uvægtede tal {rules.unweighted_from}.",
    ),
    SECONDARY: Missing(
        "(skjult)",
        "skjult for at beskytte andre",
        "tallet er skjult, fordi et andet skjult tal ellers kunne regnes ud, eller fordi man ellers "
        "kunne se, hvad den enkelte har svaret.",
    ),
    NOT_ASKED: Missing(
        "(ikke spurgt)",
        "ikke spurgt",
        "spørgsmålet er ikke stillet her, eller ingen har besvaret det.",
    ),
    NOT_POSSIBLE: Missing(
        "–", "kan ikke beregnes", "tallet findes ikke, fordi der ikke er noget at regne det af."
    ),
    NOT_JUDGED: Missing(
        "kan ikke vurderes",
        "kan ikke vurderes",
        "forskellen hviler på for få svar til, at man kan sige, om den er tilfældig.",
    ),
    NOT_COMMON: Missing(
        "kan ikke sammenlignes",
        "kan ikke sammenlignes",
        "spørgsmålet eller gruppen er ikke ens i de to runder.",
    ),
    NO_EARLIER: Missing(
        "ændringen kan ikke vises",
        "ændringen kan ikke vises",
        "den tidligere runde har intet vist tal, eller et af tallene hviler på for få svar.",
    ),
    NO_INTERVAL: Missing("uden interval", "uden interval", "tallets usikkerhed kan ikke beregnes."),
}
NOT_SHOWN = {status: missing.words for status, missing in MISSING.items()}


def why(status: str | None) -> Missing:
    """The reason behind a status; none, or `shown` where there is no value: it cannot be computed."""
    return MISSING.get(status or "", MISSING[NOT_POSSIBLE])


def reason(status: str, rules: Disclosure) -> str:
    """The whole reason as it stands behind a colon: »gruppen har færre end 5 svar …«"""
    return MISSING[status].reason.format(rules=rules)


def legend(statuses: Iterable[str], rules: Disclosure) -> str:
    """»(få): gruppen har færre end 5 svar … (skjult): …«, in the order of MISSING."""
    found = set(statuses)
    return " ".join(f"{MISSING[s].mark}: {reason(s, rules)}" for s in MISSING if s in found)


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
