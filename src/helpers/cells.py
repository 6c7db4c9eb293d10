"""Cells as people fill them in: dates in any form, words for yes and no, texts with stray spaces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

SERIAL_RANGE = (15_000, 80_000)  # Excel day numbers read as dates: years 1941–2119
SERIAL_EPOCH = np.datetime64("1899-12-30", "D")
_NO_DAY = np.datetime64("NaT", "D")
BLANKS = " \u00a0\t\r\n"  # what an empty cell may hold
# anything that `" ".join(text.split())` changes
_STRAY_SPACE = (
    "^ | $|  |[\\t-\\r\\x1c-\\x1f\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}"
    "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}]"
)


def normalise(text: object) -> str:
    """Letters and digits only, in lower case: »Startdato\\nydelse « and »startdato ydelse« agree."""
    return "".join(c for c in str(text).casefold() if c.isalnum())


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


def read_dates(cells: pd.Series, forms: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """(days, unreadable) of each cell: text in any of `forms`, true dates and Excel day numbers; empty is NaT."""
    codes, values = distinct(cells)
    read = [_read_date(value, forms) for value in values]
    unreadable = np.array([day is None for day in read], dtype=bool)
    days = np.array([_NO_DAY if day is None else day for day in read], dtype="datetime64[s]")
    return days[codes], unreadable[codes]


def _read_date(cell: object, forms: Sequence[str]) -> np.datetime64 | None:
    """The day in a cell; NaT where it is empty, None where it cannot be read."""
    if isinstance(cell, dt.datetime | dt.date):
        return np.datetime64(cell, "D")
    if isinstance(cell, int | float):
        in_range = SERIAL_RANGE[0] <= cell <= SERIAL_RANGE[1]
        return SERIAL_EPOCH + int(cell) if in_range else None
    text = str(cell).strip(BLANKS)
    if not text:
        return _NO_DAY
    number = text.replace(".", "", 1)
    if number.isdecimal() and SERIAL_RANGE[0] <= float(text) <= SERIAL_RANGE[1]:
        return SERIAL_EPOCH + int(float(text))
    for day_text in (text, text.split(" ")[0].split("T")[0]):
        for form in forms:
            try:
                return np.datetime64(dt.datetime.strptime(day_text, form), "D")
            except ValueError:
                continue
    return None


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
    """Cells as text without stray spaces; whole numbers without »,0«."""
    texts = plain_text(cells)
    if texts.empty:
        return texts
    stray = texts.str.contains(_STRAY_SPACE).to_numpy(bool)
    if stray.any():
        codes, values = pd.factorize(texts[stray])
        texts = texts.copy()
        texts[stray] = pd.array([" ".join(value.split()) for value in values], "str")[codes]
    return texts


def plain_text(cells: pd.Series) -> pd.Series:
    """Cells as text as they stand; whole numbers without »,0«."""
    if set(map(type, cells.to_numpy(dtype=object))) == {str}:
        return cells.astype("str")
    codes, values = distinct(cells)
    texts = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in values]
    return pd.Series(pd.array(texts, "str")[codes], index=cells.index)


def quotable(text: str) -> str:
    """A cell's text for a message; long texts, and texts with many digits, are not quoted."""
    if sum(c.isdigit() for c in text) > 8 or len(text) > 40:
        return "…"
    return text
