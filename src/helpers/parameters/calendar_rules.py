"""How a round's dates may be written, and in which order its steps come.

A day in a round's file is a date or an ISO week, `2023-W35`: its Monday where something starts, its
Sunday where something ends (ISO 8601). Overlaps are normal, for municipalities sign up, sign and are
sampled one after another; what follows must not start or end before what it builds on.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.parameters.round_settings import Calendar

MONDAY, SUNDAY = 1, 7
WEEK = re.compile(r"(\d{4})-W(\d\d)")
MAILINGS = ("invitation", "first_reminder", "second_reminder")
# each builds on the one before it: starts no earlier, and ends no earlier
CHAIN = ("sign_up", "processing_agreements", "sampling", "collection", "reporting")
# (step, its edge, step, its edge): the first day comes no later than the second
BESIDE = (
    # no letter without a signed agreement
    ("processing_agreements", "end", "collection", "start"),
    ("sign_up", "start", "kick_off", "start"),
    ("kick_off", "end", "collection", "start"),
    ("sampling", "start", "status_meeting", "start"),
    ("status_meeting", "end", "reporting", "end"),
    ("reporting", "start", "launch_meeting", "start"),
    ("reporting", "start", "press", "start"),
    ("launch_meeting", "start", "press", "start"),
)


def week_day(text: str, weekday: int) -> dt.date | None:
    """The Monday or Sunday of a week written as `2023-W35`; None where the text is no week.

    Raises ValueError where the year has no such week.
    """
    found = WEEK.fullmatch(text.strip())
    if found is None:
        return None
    year, week = int(found[1]), int(found[2])
    try:
        return dt.date.fromisocalendar(year, week, weekday)
    except ValueError as e:
        last = dt.date(year, 12, 28).isocalendar().week if year else 52
        raise ValueError(f"no week of {year}, which has the weeks 01–{last}; correct it") from e


def week_name(day: dt.date) -> str:
    """28 August 2023 → »2023-W35«."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def order_troubles(calendar: Calendar) -> Iterator[str]:
    """A line for each step that comes before what it builds on."""
    steps = dict(calendar.steps())
    rules = [
        (before, edge, after, edge)
        for before, after in pairwise(step for step in CHAIN if step in steps)
        for edge in ("start", "end")
    ]
    for before, edge, after, its_edge in (*rules, *BESIDE):
        if before not in steps or after not in steps:
            continue
        first, second = getattr(steps[before], edge), getattr(steps[after], its_edge)
        # samples cannot be drawn for the first letters on the day on which these go out
        strict = (before, after, edge) == ("sampling", "collection", "start")
        if second < first or (strict and second == first):
            yield (
                f"calendar.{after}: {its_edge}s {second}, "
                f"{'on the day when' if second == first else 'before'} "
                f"{before} {edge}s{'' if second == first else f' ({first})'}; correct the dates"
            )
    yield from _mailing_troubles(calendar)


def _mailing_troubles(calendar: Calendar) -> Iterator[str]:
    """Mailings that lie outside the collection, or do not come one after another."""
    collection, days = calendar.collection, calendar.mailings()
    given = {name: getattr(calendar, name) for name in MAILINGS}
    for name, period in given.items():
        if period and not collection.start <= period.start <= period.end <= collection.end:
            yield (
                f"calendar.{name}: {period.start}–{period.end} lies outside the collection "
                f"{collection.start}–{collection.end}; correct the dates"
            )
    for before, after in pairwise(MAILINGS):
        last = given[before].end if given[before] else days[before]
        if days[after] <= last:
            unsaid = "" if given[after] else " (the usual day, where the file names none)"
            yield (
                f"calendar.{after}: goes out {days[after]}{unsaid}, not after {before} ({last}); "
                "correct the dates"
            )
