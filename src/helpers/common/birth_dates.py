"""Which days there are, and the century that the seventh digit of a CPR number tells."""

from __future__ import annotations

import numpy as np

REPLACEMENT_DAY_OFFSET = 60


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
