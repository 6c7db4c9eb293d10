"""Which times of answers can be right: the one rule for all that counts by when an answer came.

An answer whose time cannot be right is an answer, since clocks fail and test rows have odd days; but
its time is taken as not known. It is told at collection, and moves no day, forecast, plan or curve.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

from helpers.parameters.params import Round

DENMARK = "Europe/Copenhagen"


@dataclass(frozen=True)
class Span:
    """The days, both included, on which an answer can have been given."""

    first: dt.date
    last: dt.date

    def early(self, times: pd.Series) -> pd.Series:
        """Whether each time lies before the first day; False where there is none."""
        return times < pd.Timestamp(self.first)

    def late(self, times: pd.Series) -> pd.Series:
        """Whether each time lies after the last day; False where there is none."""
        return times >= pd.Timestamp(self.last) + pd.Timedelta(days=1)

    def known(self, times: pd.Series) -> pd.Series:
        """The times, missing where they cannot be right."""
        return times.mask(self.early(times) | self.late(times))


def span_of(round_: Round, invited_on: dt.date | None, today: dt.date | None) -> Span:
    """When citizens of one municipality can have answered: from its letters until today, and not after
    the round's period.

    `invited_on`: the day on which the municipality's invitation was first made; None, or a day after
    the collection: the calendar's invitation or the beginning of the collection, whichever is first.
    `today`: None where no clock is to be asked; it says nothing in a simulated round, whose days are
    those of its calendar.
    """
    settings = round_.settings
    calendar, last = settings.calendar, settings.period.end
    first = min(calendar.mailings()["invitation"], calendar.collection.start)
    if invited_on is not None and invited_on <= calendar.collection.end:
        first = invited_on
    if today is not None and not settings.simulated:
        last = min(last, today)
    return Span(first, last)


def known_times(rows: pd.DataFrame, spans: Mapping[Hashable, Span], by: str) -> pd.Series:
    """`submitted_at` of each row, missing where it cannot be right; `spans`: a value of the column `by` →
    the days of its answers."""
    times = rows["submitted_at"].copy()
    for value, own in rows.groupby(by)["submitted_at"]:
        times[own.index] = spans[value].known(own)
    return times


def danish_today() -> dt.date:
    """Today by Danish time, in which answers are dated."""
    return dt.datetime.now(ZoneInfo(DENMARK)).date()
