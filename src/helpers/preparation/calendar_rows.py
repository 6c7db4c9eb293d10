"""A round's calendar as rows, and what in it falls on a day off: for table, picture and `.ics`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from helpers.parameters.calendar_rules import MAILINGS, week_name
from helpers.parameters.params import Round
from helpers.preparation.working_days import (
    day_off,
    nearest_working_days,
    often_closed,
    working_days,
)

LABELS = {
    "sign_up": "Tilmelding",
    "processing_agreements": "Databehandleraftaler",
    "extracts": "Levering af udtræk",
    "kick_off": "Opstartsmøde",
    "sampling": "Stikprøver",
    "status_meeting": "Statusmøde",
    "collection": "Indsamling af svar",
    "invitation": "Invitation",
    "first_reminder": "Første påmindelse",
    "second_reminder": "Anden påmindelse",
    "reporting": "Rapportering",
    "launch_meeting": "Lanceringsmøde",
    "press": "Presse",
}
DEADLINES = (
    "sign_up",
    "processing_agreements",
    "extracts",
    "sampling",
    "collection",
    "reporting",
)  # their ends
DAYS = ("kick_off", "status_meeting", *MAILINGS, "launch_meeting", "press")  # their first days


@dataclass(frozen=True)
class CalendarRow:
    """One step, from its first to its last day; `usual`: a mailing that the round's file leaves to
    the rule (first day of the collection, one and two weeks later)."""

    step: str
    start: dt.date
    end: dt.date
    usual: bool = False

    @property
    def label(self) -> str:
        return LABELS[self.step]

    @property
    def one_day(self) -> bool:
        return self.start == self.end

    @property
    def weeks(self) -> str:
        """»2024-W11«, »2024-W11–W13«, »2023-W52–2024-W01«."""
        first, last = week_name(self.start), week_name(self.end)
        if first == last:
            return first
        return f"{first}–{last[5:] if first[:4] == last[:4] else last}"

    @property
    def working_days(self) -> int:
        return working_days(self.start, self.end)


@dataclass(frozen=True)
class CalendarWarning:
    """Something to look at in one step; no error, for a round may have been planned so."""

    step: str
    what: str

    def __str__(self) -> str:
        return f"{self.step}: {self.what}"


def calendar_rows(round_: Round) -> tuple[CalendarRow, ...]:
    """The steps of the calendar in its order, with all three mailings; a mailing whose usual day lies
    after the collection is left out."""
    calendar = round_.settings.calendar
    given = dict(calendar.steps())
    rows = {name: CalendarRow(name, p.start, p.end) for name, p in given.items()}
    for name, day in calendar.mailings().items():
        if name not in given and day <= calendar.collection.end:
            rows[name] = CalendarRow(name, day, day, usual=True)
    return tuple(rows[name] for name in LABELS if name in rows)


def calendar_warnings(round_: Round) -> tuple[CalendarWarning, ...]:
    """Deadlines, meetings and mailings on a day off, with the nearest working days; samples that are
    drawn after the first letters; mailings that nobody has set and that come too late."""
    return tuple(_warnings(round_))


def _warnings(round_: Round) -> Iterator[CalendarWarning]:
    calendar = round_.settings.calendar
    rows = calendar_rows(round_)
    for row in rows:
        if row.step in DAYS:
            yield from _on_day_off(row.step, "is on" if row.one_day else "starts", row.start)
        elif row.step in DEADLINES:
            yield from _on_day_off(row.step, "is on" if row.one_day else "ends", row.end)
    mailings = calendar.mailings()
    if calendar.sampling.end >= mailings["invitation"]:
        yield CalendarWarning(
            "sampling",
            f"ends {calendar.sampling.end}, not before the invitation of {mailings['invitation']}; "
            "who is drawn last is invited later than the others",
        )
    for name in (m for m in MAILINGS if m not in {row.step for row in rows}):
        yield CalendarWarning(
            name,
            f"the file names no day, and the usual one, {mailings[name]}, lies after the collection "
            f"({calendar.collection.end}); add `calendar.{name}`",
        )


def _on_day_off(step: str, verb: str, day: dt.date) -> Iterator[CalendarWarning]:
    why, closed = day_off(day), often_closed(day)
    if why:
        before, after = nearest_working_days(day)
        yield CalendarWarning(
            step, f"{verb} {day} ({why}); working days: {before} before, {after} after"
        )
    elif closed:
        yield CalendarWarning(step, f"{verb} {day} ({closed}), when many offices are closed")
