"""A round's calendar → `build/<round>/kalender.ics`, for Outlook and other calendars (RFC 5545).

All-day events without a time zone. The same calendar gives the same bytes: names (UID) come from
round and step, the time stamp from the first day of the round's period. A changed date changes the
event that is there, since its UID stays.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from icalendar import Calendar, Event

from helpers.common.paths import Paths, write_atomically
from helpers.common.printing import date
from helpers.parameters.params import Round
from helpers.preparation.calendar_rows import CalendarRow, calendar_rows
from helpers.released.captions import days

NAME = "kalender.ics"
PRODUCT = "-//KL//Borgerundersoegelse paa beskaeftigelsesomraadet//DA"


def write_ics(paths: Paths, round_: Round) -> Path:
    """Write `build/<round>/kalender.ics`."""
    content = calendar_ics(round_)
    return write_atomically(paths.build / NAME, lambda temporary: temporary.write_bytes(content))


def calendar_step(paths: Paths, round_: Round) -> None:
    """The step `calendar` of a run."""
    write_ics(paths, round_)


def calendar_ics(round_: Round) -> bytes:
    """The calendar as bytes, lines ended by CR LF and folded at 75 octets."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Borgerundersøgelse, {round_.settings.title}")
    stamp = dt.datetime.combine(round_.settings.period.start, dt.time(), dt.UTC)
    for row in calendar_rows(round_):
        calendar.add_component(_event(round_, row, stamp))
    return calendar.to_ical()


def _event(round_: Round, row: CalendarRow, stamp: dt.datetime) -> Event:
    event = Event()
    event.add("uid", f"borgerundersoegelse-{round_.id}-{row.step}")
    event.add("dtstamp", stamp)
    event.add("dtstart", row.start)
    event.add("dtend", row.end + dt.timedelta(days=1))  # the first day after (RFC 5545, 3.8.2.2)
    event.add("summary", f"{row.label}: borgerundersøgelse, {round_.settings.title}")
    event.add("description", _description(row))
    event.add("transp", "TRANSPARENT")  # a step of weeks keeps nobody from being free
    event.add("x-microsoft-cdo-busystatus", "FREE")
    return event


def _description(row: CalendarRow) -> str:
    """»11.–31. marts 2024, uge 11–13«, with the Danish words for what is a guideline."""
    spell = date(row.start) if row.one_day else days(row.start, row.end)
    return f"{spell}, {danish_weeks(row)}." + (" Vejledende dag." if row.usual else "")


def danish_weeks(row: CalendarRow) -> str:
    """»uge 11«, »uge 11–13«."""
    first, last = row.start.isocalendar().week, row.end.isocalendar().week
    return f"uge {first}" if first == last else f"uge {first}–{last}"
