"""Cells as people fill them in: dates in any form, words for yes and no, texts with stray spaces."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.common.labels import is_blank, normalise

# no cell means an earlier or later day: 01-01-1900 and 31-12-9999 stand for »not known« and »not yet«
FIRST_DAY, LAST_DAY = np.datetime64("1941-01-24", "D"), np.datetime64("2119-01-10", "D")
EPOCH, EPOCH_1904 = np.datetime64("1899-12-30", "D"), np.datetime64("1904-01-01", "D")
_NO_DAY = np.datetime64("NaT", "D")
_DAY_NUMBER = re.compile(r"[0-9]{5}(?:[.,][0-9]+)?")
# a day, and behind it nothing but a time of day without a zone: one in UTC may be of another day
_TIME = r"[0-2]?[0-9][:.][0-5][0-9](?:[:.][0-5][0-9](?:[.,][0-9]+)?)?"
_DAY_AND_TIME = re.compile(rf"(.+?)(?:T| (?:kl\.? ?)?){_TIME}")
# anything that `" ".join(text.split())` changes
_STRAY_SPACE = (
    "^ | $|  |[\\t-\\r\\x1c-\\x1f\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}"
    "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]"
)
_COMBINING = "[\\x{300}-\\x{36f}]"  # an accent apart from its letter, as a Mac writes å


def distinct(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """(codes, values): the different cells, and the number of each cell's own among them.

    Whatever is read by Python is read from these, once, however many rows hold it. True and False
    count as their words, so that they do not fall together with 1 and 0.
    """
    given = cells.to_numpy(dtype=object)
    if bool in set(map(type, given)):
        truths = cells.map(type).isin([bool]).to_numpy()
        given = np.where(truths, np.where(np.equal(given, True), "True", "False"), given)
    return pd.factorize(given, use_na_sentinel=False)


def read_dates(
    cells: pd.Series, forms: Sequence[str], *, epoch_1904: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """(days, unreadable) of each cell: text in any of `forms`, with or without a time of day, true
    dates and day numbers; empty is NaT.

    `epoch_1904`: day numbers are counted from 1 January 1904, as the workbook says. Days outside
    FIRST_DAY–LAST_DAY are unreadable.
    """
    epoch = EPOCH_1904 if epoch_1904 else EPOCH
    codes, values = distinct(cells)
    read = [_read_date(value, forms, epoch) for value in values]
    unreadable = np.array([day is None for day in read], dtype=bool)
    days = np.array([_NO_DAY if day is None else day for day in read], dtype="datetime64[s]")
    return days[codes], unreadable[codes]


SWAPPED_DATES, SWAPPED_TEXTS = 10, 5  # of each, at least, before a column is surely half swapped


def half_swapped(cells: pd.Series, days: np.ndarray) -> bool:
    """Whether the column looks as a program leaves it that takes day for month: what it could read so
    became dates, all of them up to the 12th, and what it could not stayed text, all after the 12th.

    By chance that is one column in 10,000 of its kind. `days`: as `read_dates` gives them.
    """
    is_date = cells.map(lambda cell: isinstance(cell, dt.datetime | dt.date)).to_numpy(bool)
    known = ~np.isnat(days)
    day = (days - days.astype("datetime64[M]")).astype("timedelta64[D]").astype(int) + 1
    dates, texts = day[is_date & known], day[~is_date & known & ~are_day_numbers(cells)]
    enough = len(dates) >= SWAPPED_DATES and len(texts) >= SWAPPED_TEXTS
    return bool(enough and dates.max() <= 12 < texts.min())


def are_day_numbers(cells: pd.Series) -> np.ndarray:
    """True where a cell holds a number in place of a date, as a number or as text."""
    codes, values = distinct(cells)
    numbers = [
        isinstance(v, int | float) or _DAY_NUMBER.fullmatch(str(v).strip()) is not None
        for v in values
    ]
    return np.array(numbers, dtype=bool)[codes]


def _read_date(cell: object, forms: Sequence[str], epoch: np.datetime64) -> np.datetime64 | None:
    """The day in a cell; NaT where it is empty, None where it cannot be read."""
    if isinstance(cell, dt.datetime | dt.date):
        return _in_range(np.datetime64(cell, "D"))
    if isinstance(cell, int | float):
        return _numbered(cell, epoch)
    text = " ".join(str(cell).split())
    if is_blank(text):
        return _NO_DAY
    if _DAY_NUMBER.fullmatch(text):
        return _numbered(float(text.replace(",", ".")), epoch)
    found = _DAY_AND_TIME.fullmatch(text)
    for day_text in dict.fromkeys((text, found[1] if found else text)):
        for form in forms:
            try:
                return _in_range(np.datetime64(dt.datetime.strptime(day_text, form), "D"))
            except ValueError:
                continue
    return None


def _numbered(number: float, epoch: np.datetime64) -> np.datetime64 | None:
    in_range = 0 <= number <= int((LAST_DAY - epoch).astype(int))
    return _in_range(epoch + int(number)) if in_range else None


def _in_range(day: np.datetime64) -> np.datetime64 | None:
    return day if FIRST_DAY <= day <= LAST_DAY else None


def cell_key(cell: object) -> str:
    """A word as `normalise` gives it; 1.0 and »1« agree."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return normalise(cell)


def read_words(cells: pd.Series, meaning: Mapping[str, object]) -> tuple[np.ndarray, np.ndarray]:
    """(values, unknown): each cell through `meaning` (normalised word → value); None if unknown."""
    codes, values = distinct(cells)
    keys = [cell_key(value) for value in values]
    read = np.array([meaning.get(key) for key in keys], dtype=object)
    unknown = np.array([key not in meaning for key in keys], dtype=bool)
    return read[codes], unknown[codes]


def as_text(cells: pd.Series) -> pd.Series:
    """Cells as composed text (NFC) without stray spaces; whole numbers without »,0«."""
    texts = plain_text(cells)
    if texts.empty:
        return texts
    odd = texts.str.contains(f"{_STRAY_SPACE}|{_COMBINING}").to_numpy(bool)
    if odd.any():
        codes, values = pd.factorize(texts[odd])
        texts = texts.copy()
        mended = [unicodedata.normalize("NFC", " ".join(value.split())) for value in values]
        texts[odd] = pd.array(mended, "str")[codes]
    return texts


def plain_text(cells: pd.Series) -> pd.Series:
    """Cells as text as they stand; whole numbers without »,0«."""
    if set(map(type, cells.to_numpy(dtype=object))) == {str}:
        return cells.astype("str")
    codes, values = distinct(cells)
    texts = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
    return pd.Series(pd.array(texts, "str")[codes], index=cells.index)
