"""CPR number → birth date, age on a day, gender; whole columns at once.

A CPR number is `DDMMYYSSSS`. The century follows from the seventh digit and the year (CPR-kontoret,
»Personnummeret i CPR«); the tenth digit is even for women and odd for men. Replacement numbers
(erstatningspersonnumre) add 60 to the day. The modulus-11 check is not applied: it has not been
guaranteed since October 2007. Excel drops a leading zero; nine digits get it back.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.cells import plain_text
from helpers.fault_kinds import KINDS

REPLACEMENT_DAY_OFFSET = 60
WOMAN, MAN = "kvinde", "mand"

FAULTS = ("cpr_day", "cpr_digits")  # kinds of fault, in the order of the problems
PROBLEMS = ["", *(KINDS[kind].english.what for kind in FAULTS)]
_SEPARATORS = r"[ \x{a0}\t\-–'’]"


def parse_cpr(cells: pd.Series) -> pd.DataFrame:
    """Read a column of CPR numbers as text or numbers, with or without hyphen or leading zero.

    Returns, with the index of `cells`: `cpr` (ten digits, »« if unreadable), `birth_date`
    (datetime64, NaT if there is no such day), `gender` (`kvinde`, `mand`, »« if unreadable) and
    `problem` (»« where all is well). Problems never quote the number.
    """
    bare = plain_text(cells).str.replace(_SEPARATORS, "", regex=True)
    readable = bare.str.contains("^[0-9]{9,10}$").to_numpy(bool)
    padded = bare.where(readable, "0101000000").str.rjust(10, "0")
    digits = padded.to_numpy(dtype="S10").view(np.uint8).reshape(-1, 10).astype(np.int16) - ord("0")

    day = digits[:, 0] * 10 + digits[:, 1]
    day = np.where(day > REPLACEMENT_DAY_OFFSET, day - REPLACEMENT_DAY_OFFSET, day)
    month = digits[:, 2] * 10 + digits[:, 3]
    year = (
        digits[:, 4] * 10 + digits[:, 5] + century(digits[:, 6], digits[:, 4] * 10 + digits[:, 5])
    )
    birth_date = np.where(readable, days_of(year, month, day), np.datetime64("NaT"))

    no_day = np.isnat(birth_date)
    gender = np.where(readable, 1 + digits[:, 9] % 2, 0)
    return pd.DataFrame(
        {
            "cpr": padded.where(readable, "").array,
            "birth_date": birth_date,
            "gender": pd.array(["", WOMAN, MAN], "str").take(gender),
            "problem": pd.array(PROBLEMS, "str").take(np.where(readable, 1 * no_day, 2)),
        },
        index=cells.index,
    )


def days_of(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """datetime64 in seconds of each year, month and day; NaT where there is no such day."""
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == first)
    return np.where(real, days, np.datetime64("NaT")).astype("datetime64[s]")


def century(seventh: np.ndarray, yy: np.ndarray) -> np.ndarray:
    """First year of the century of birth: 1800, 1900 or 2000.

    Seventh digit 0–3: 1900–1999; 4 or 9: 2000–2036 when YY ≤ 36, else 1937–1999;
    5–8: 2000–2057 when YY ≤ 57, else 1858–1899.
    """
    four_or_nine = (seventh == 4) | (seventh == 9)
    five_to_eight = (seventh >= 5) & (seventh <= 8)
    return np.select(
        [four_or_nine & (yy <= 36), five_to_eight & (yy <= 57), five_to_eight],
        [2000, 2000, 1800],
        default=1900,
    )


def age_on(birth_date: pd.Series, day: dt.date) -> pd.Series:
    """Whole years on `day` (Int64, NA where the birth date is missing).

    Somebody born on 29 February turns a year older on 1 March in years without that day.
    """
    born = birth_date.to_numpy()
    month = born.astype("datetime64[M]")
    day_of_month = (born.astype("datetime64[D]") - month).astype(int) + 1
    of_year, year = month.astype(int) % 12 + 1, month.astype(int) // 12 + 1970
    before_birthday = (of_year > day.month) | ((of_year == day.month) & (day_of_month > day.day))
    age = np.where(np.isnat(born), 0, day.year - year - before_birthday)
    return pd.Series(pd.arrays.IntegerArray(age, np.isnat(born)), index=birth_date.index)
