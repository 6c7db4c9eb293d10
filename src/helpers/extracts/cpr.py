"""CPR number → birth date, age on a day, gender; whole columns at once.

A CPR number is `DDMMYYSSSS`. The century follows from the seventh digit and the year (CPR-kontoret,
»Personnummeret i CPR«); the tenth digit is even for women and odd for men. Replacement numbers
(erstatningspersonnumre) add 60 to the day. The modulus-11 check is not applied: it has not been
guaranteed since October 2007.

Excel drops a leading zero, and nine digits get it back where the first digit is what was lost: in a
number cell; in a text whose last part has its four digits; in nine digits in one, where the column has
no text that kept its zero, and they do not begin with a date themselves or others in the column show
that zeros were lost. All else that is short is refused, for it would be a stranger's number.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.common.birth_dates import REPLACEMENT_DAY_OFFSET, century, days_of
from helpers.faults.kinds import KINDS
from helpers.received.cells import plain_text

WOMAN, MAN = "kvinde", "mand"

FAULTS = ("cpr_day", "cpr_digits", "cpr_short", "cpr_rounded")  # kinds, in the problems' order
PROBLEMS = ["", *(KINDS[kind].english.what for kind in FAULTS)]
_DAY, _DIGITS, _SHORT, _ROUNDED = range(1, len(PROBLEMS))
_SPACES = " \u00a0\t\r\n"
_BETWEEN = r"[ \x{a0}\t\-–'’]"
# the last four digits by themselves
_PARTED = rf"^[0-9]+(?:{_BETWEEN}+[0-9]+)*{_BETWEEN}+[0-9]{{4}}$"
_SCIENTIFIC = r"^[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+$"  # 1,1E+09
ROUNDED_SHARE = 0.05  # of a column's numbers without hyphen that end in 0000, as one in 10,000 does


def parse_cpr(cells: pd.Series) -> pd.DataFrame:
    """Read a column of CPR numbers as text or numbers, with or without hyphen or leading zero.

    Returns, with the index of `cells`: `cpr` (ten digits, »« if unreadable), `birth_date`
    (datetime64, NaT if there is no such day), `gender` (`kvinde`, `mand`, »« if unreadable),
    `padded` (whether the leading zero was put back) and `problem` (»« where all is well). Problems
    never quote the number.
    """
    text = plain_text(cells).str.strip(_SPACES).str.replace("^['’]", "", regex=True)
    bare = text.str.replace(_BETWEEN, "", regex=True)
    length = bare.str.len().to_numpy(np.int64)
    whole = text.str.contains("^[0-9]+$").to_numpy(bool)
    ten = (length == 10) & (whole | text.str.contains(_PARTED).to_numpy(bool))
    nine = (length == 9) & (whole | text.str.contains(_PARTED).to_numpy(bool))
    padded = bare.where(ten | nine, "0101000000").str.rjust(10, "0")
    digits = padded.to_numpy(dtype="S10").view(np.uint8).reshape(-1, 10).astype(np.int16) - ord("0")
    birth_date = np.where(ten | nine, _birth_dates(digits), np.datetime64("NaT"))

    is_text = np.array([not isinstance(c, int | float) for c in cells.to_numpy(dtype=object)], bool)
    in_one = nine & whole & is_text
    # nine digits that begin with a date themselves may as well have lost the last one
    either_end = in_one & ~np.isnat(_birth_dates(np.roll(digits, -1, axis=1)))
    zeros_kept = bool((ten & whole & is_text & (digits[:, 0] == 0)).any())
    zeros_lost = bool((in_one & ~either_end & ~np.isnat(birth_date)).any())
    short = (nine & np.isnat(birth_date)) | (in_one & zeros_kept)
    short |= either_end & (not zeros_lost)
    short |= (length == 9) & text.str.contains(f"^[0-9]+{_BETWEEN}").to_numpy(bool) & ~nine
    zeros = (whole & (ten | nine)) & text.str.endswith("0000").to_numpy(bool)
    zeros &= zeros.sum() > ROUNDED_SHARE * (whole & (ten | nine)).sum()
    rounded = zeros | text.str.contains(_SCIENTIFIC).to_numpy(bool)

    problem = np.select(
        [rounded, short, ~(ten | nine), np.isnat(birth_date)],
        [_ROUNDED, _SHORT, _DIGITS, _DAY],
        default=0,
    )
    readable = (problem == 0) | (problem == _DAY)
    gender = np.where(readable, 1 + digits[:, 9] % 2, 0)
    return pd.DataFrame(
        {
            "cpr": padded.where(readable, "").array,
            "birth_date": np.where(readable, birth_date, np.datetime64("NaT")),
            "gender": pd.array(["", WOMAN, MAN], "str").take(gender),
            "padded": nine & (problem == 0),
            "problem": pd.array(PROBLEMS, "str").take(problem),
        },
        index=cells.index,
    )


def _birth_dates(digits: np.ndarray) -> np.ndarray:
    """datetime64 in seconds of each row's birth date by its ten digits; NaT where there is no such
    day."""
    day = digits[:, 0] * 10 + digits[:, 1]
    day = np.where(day > REPLACEMENT_DAY_OFFSET, day - REPLACEMENT_DAY_OFFSET, day)
    month = digits[:, 2] * 10 + digits[:, 3]
    of_century = digits[:, 4] * 10 + digits[:, 5]
    return days_of(of_century + century(digits[:, 6], of_century), month, day)


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
