"""Cells as people fill them in: dates in any form, words for yes and no, texts with stray spaces."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

SERIAL_RANGE = (15_000, 80_000)  # Excel day numbers read as dates: years 1941–2119
SERIAL_EPOCH = pd.Timestamp("1899-12-30")


def normalise(text: object) -> str:
    """Letters and digits only, in lower case: »Startdato\\nydelse « and »startdato ydelse« agree."""
    return "".join(c for c in str(text).casefold() if c.isalnum())


def read_dates(cells: pd.Series, forms: Sequence[str]) -> tuple[pd.Series, pd.Series]:
    """(days, unreadable): text in any of `forms`, true dates and Excel day numbers; empty is NaT."""
    known: dict[object, pd.Timestamp | None] = {}

    def read(cell: object) -> pd.Timestamp | None:
        if isinstance(cell, dt.datetime | dt.date):
            return pd.Timestamp(cell).normalize()
        if isinstance(cell, bool):
            return None
        if isinstance(cell, int | float):
            in_range = SERIAL_RANGE[0] <= cell <= SERIAL_RANGE[1]
            return SERIAL_EPOCH + pd.Timedelta(days=int(cell)) if in_range else None
        text = str(cell).strip(" \u00a0\t\r\n")
        if not text:
            return pd.NaT
        if text.replace(".", "", 1).isdigit() and SERIAL_RANGE[0] <= float(text) <= SERIAL_RANGE[1]:
            return SERIAL_EPOCH + pd.Timedelta(days=int(float(text)))
        for day_text in (text, text.split(" ")[0].split("T")[0]):
            for form in forms:
                try:
                    return pd.Timestamp(dt.datetime.strptime(day_text, form))
                except ValueError:
                    continue
        return None

    days = []
    for cell in cells:
        key = (type(cell), cell)
        if key not in known:
            known[key] = read(cell)
        days.append(known[key])
    unreadable = pd.Series([d is None for d in days], index=cells.index)
    filled = [pd.NaT if d is None else d for d in days]
    return pd.Series(pd.to_datetime(filled), index=cells.index).astype("datetime64[s]"), unreadable


def cell_key(cell: object) -> str:
    """A word as `normalise` gives it; 1.0 and »1« agree."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return normalise(cell)


def read_words(cells: pd.Series, meaning: Mapping[str, object]) -> tuple[pd.Series, pd.Series]:
    """(values, unknown): each cell through `meaning` (normalised word → value)."""
    keys = cells.map(cell_key)
    unknown = ~keys.isin(list(meaning))
    return keys.map(dict(meaning)).astype(object), unknown


def as_text(cells: pd.Series) -> pd.Series:
    """Cells as text; whole numbers without »,0«."""

    def one(cell: object) -> str:
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return " ".join(str(cell).split())

    return cells.map(one).astype("str")


def quotable(text: str) -> str:
    """A cell's text for a message; long texts, and texts with many digits, are not quoted."""
    if sum(c.isdigit() for c in text) > 8 or len(text) > 40:
        return "…"
    return text
