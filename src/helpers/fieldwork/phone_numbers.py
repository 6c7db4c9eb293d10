"""Danish telephone numbers that can take a text message.

Eight digits, of the series that the numbering plan gives to mobile services (Den danske nummerplan;
national definition under ITU-T E.164, country code 45). A number keeps its kind when it is ported,
so the first digits tell.
"""

from __future__ import annotations

import re
from itertools import chain

import pandas as pd

COUNTRY_CODE = "45"
_SERIES = (
    "2 30 31 40-42 50-53 60 61 71 81 91-93 342 344-349 356 357 359 362 365 366 389 398 431 441 462 466 "
    "468 472 474 476 478 485 486 488 489 493-496 498 499 542 543 545 551 552 556 571-574 577 579 584 "
    "586 587 589 597 598 627 629 641 649 658 662-665 667 692-694 697 771 772 782 783 785 786 788 789 "
    "826 827 829"
)


def _expanded(series: str) -> list[str]:
    first, _, last = series.partition("-")
    return [str(n) for n in range(int(first), int(last or first) + 1)]


MOBILE_SERIES = tuple(chain.from_iterable(map(_expanded, _SERIES.split())))
_MOBILE = re.compile(rf"(?:{'|'.join(MOBILE_SERIES)})\d*\Z")
_BETWEEN = r"[\s.\-–/()\u00a0]"
_COUNTRY = re.compile(rf"(?:\+|00)?{COUNTRY_CODE}(?=\d{{8}}\Z)|\+{COUNTRY_CODE}|00{COUNTRY_CODE}")


def mobile_numbers(phones: pd.Series) -> pd.Series:
    """»+45« and eight digits where a number can take a text message, else missing.

    Spaces, dots, hyphens and brackets are passed over; `+45`, `0045` and `45` before eight digits are
    the country code. Foreign numbers, landlines and anything else are missing.
    """
    bare = phones.fillna("").astype("str").str.replace(_BETWEEN, "", regex=True)
    digits = bare.map(_national)
    return digits.map(lambda d: f"+{COUNTRY_CODE}{d}" if _MOBILE.match(d) else None)


def _national(text: str) -> str:
    """The eight digits of a Danish number; »« where it is none."""
    found = _COUNTRY.match(text)
    digits = text[found.end() :] if found else text
    return digits if re.fullmatch(r"[0-9]{8}", digits) else ""
