"""A round's calendar as a Gantt picture for pages: inline SVG, with its table as the alternative.

Spans are bars, single days diamonds, public holidays yellow fields. Nothing is told by colour alone:
dates stand beside every bar, and the table below says all of it in words. The picture asks for nothing
from elsewhere; its type is the page's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from helpers.common import printing, style
from helpers.parameters.params import Round
from helpers.preparation.calendar_rows import CalendarRow, calendar_rows
from helpers.preparation.ics import danish_weeks
from helpers.preparation.working_days import holiday
from helpers.released.captions import days

# units of the picture, 1 px where it is shown in its full width
LEFT, WIDTH, RIGHT = 190, 770, 8  # the labels, the weeks, the edge
HEAD, ROW, BAR, FOOT = 64, 30, 14, 26
DIAMOND = 7.5  # from its middle to a corner
LETTER = 6.3  # width of a figure or letter of the dates
MONTH_LETTER = 7.0  # and of the months' names
LEAST_WEEK = 24.0  # room that a week's number needs
MEETINGS = ("kick_off", "status_meeting", "launch_meeting")
LETTERS = ("invitation", "first_reminder", "second_reminder")
HOLIDAY = "#F0DC9B"  # a field behind bars; the table does not need it
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Scale:
    """Days → places from left to right; whole weeks, the first from its Monday."""

    first: dt.date
    last: dt.date  # a Sunday

    @classmethod
    def around(cls, rows: Sequence[CalendarRow]) -> Scale:
        first, last = min(r.start for r in rows), max(r.end for r in rows)
        return cls(first - ONE_DAY * first.weekday(), last + ONE_DAY * (6 - last.weekday()))

    @property
    def day(self) -> float:
        """Width of a day."""
        return WIDTH / ((self.last - self.first).days + 1)

    def x(self, day: dt.date) -> float:
        """Where a day begins."""
        return LEFT + self.day * (day - self.first).days

    def days(self) -> list[dt.date]:
        return [self.first + ONE_DAY * i for i in range((self.last - self.first).days + 1)]


@dataclass(frozen=True)
class Mark:
    """One row's bar or diamond, and where its dates stand."""

    row: CalendarRow
    y: float
    x: float
    width: float
    colour: str
    dates: str
    text_x: float
    text_anchor: str


def gantt_svg(round_: Round, today: dt.date | None) -> str:
    """The calendar as a `<figure>`: picture, legend and table in Danish; the same for the same day.

    With `today` a line marks the day, and the table says which steps are over, under way or to come.
    """
    rows = calendar_rows(round_)
    scale = Scale.around(rows)
    marks = [_mark(scale, row, i) for i, row in enumerate(rows)]
    within = today is not None and scale.first <= today <= scale.last
    return _template().render(
        id=f"tidsplan-{round_.id}",
        title=f"Tidsplan for {round_.settings.title}",
        summary=_summary(rows, today),
        marks=marks,
        table=[(row.label, _span(row), danish_weeks(row), _state(row, today)) for row in rows],
        today=(_today_x(scale, today), f"i dag, {_short(today)}") if within else None,
        states=today is not None,
        holidays=[(scale.x(d), scale.day, name) for d in scale.days() if (name := holiday(d))],
        months=_months(scale),
        weeks=_weeks(scale),
        left=LEFT,
        end=LEFT + WIDTH,
        width=LEFT + WIDTH + RIGHT,
        head=HEAD,
        bottom=HEAD + ROW * len(rows),
        height=HEAD + ROW * len(rows) + FOOT,
        row_height=ROW,
        bar=BAR,
        diamond=DIAMOND,
        style=style,
        holiday_colour=HOLIDAY,
        meetings=any(row.step in MEETINGS for row in rows),
        usual=any(row.usual for row in rows),
    )


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("helpers", "assets/pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["at"] = "{:.1f}".format  # a place in the picture
    return environment.get_template("gantt.html")


def _mark(scale: Scale, row: CalendarRow, place: int) -> Mark:
    x, width = scale.x(row.start), scale.day * ((row.end - row.start).days + 1)
    dates = _dates(row)
    gap = 7 + (DIAMOND if row.one_day else width / 2)
    middle = x + width / 2
    to_left = middle + gap + LETTER * len(dates) > LEFT + WIDTH  # no room to the right
    return Mark(
        row,
        HEAD + ROW * (place + 0.5),
        x,
        width,
        _colour(row.step),
        dates,
        middle + (-gap if to_left else gap),
        "end" if to_left else "start",
    )


def _colour(step: str) -> str:
    if step in LETTERS:
        return style.ACCENT
    return style.TEAL_MID if step in MEETINGS else style.TEAL


def _short(day: dt.date) -> str:
    """»11. mar.«; short months keep their name."""
    name = printing.MONTHS[day.month - 1]
    return f"{day.day}. {name if len(name) < 5 else name[:3] + '.'}"


def _dates(row: CalendarRow) -> str:
    if row.one_day:
        return _short(row.start)
    same = (row.start.year, row.start.month) == (row.end.year, row.end.month)
    return (
        f"{row.start.day}.–{_short(row.end)}" if same else f"{_short(row.start)}–{_short(row.end)}"
    )


def _span(row: CalendarRow) -> str:
    spell = printing.date(row.start) if row.one_day else days(row.start, row.end)
    return spell + (" (vejledende)" if row.usual else "")


def _state(row: CalendarRow, today: dt.date | None) -> str:
    if today is None:
        return ""
    return "afsluttet" if row.end < today else "kommer" if row.start > today else "i gang"


def _today_x(scale: Scale, today: dt.date) -> float:
    return scale.x(today) + scale.day / 2


def _summary(rows: Sequence[CalendarRow], today: dt.date | None) -> str:
    """What the picture says, for those who do not see it."""
    whole = days(min(r.start for r in rows), max(r.end for r in rows))
    text = f"{len(rows)} trin fra {whole}."
    if today is None:
        return text
    now = [row.label for row in rows if _state(row, today) == "i gang"]
    going_on = f"i gang er: {', '.join(now)}" if now else "intet trin er i gang"
    return f"{text} I dag, {printing.date(today)}, {going_on}."


def _months(scale: Scale) -> list[tuple[float, str]]:
    """Where each month begins, and its name where there is room for it; the first named one, and each
    January, with the year."""
    starts = [scale.first, *(d for d in scale.days()[1:] if d.day == 1)]
    ends = [scale.x(d) for d in starts[1:]] + [LEFT + WIDTH]
    months, year = [], 0
    for day, end in zip(starts, ends):
        name = printing.MONTHS[day.month - 1] + (f" {day.year}" if day.year != year else "")
        if end - scale.x(day) >= MONTH_LETTER * len(name) + 10:
            year = day.year
        else:
            name = ""
        months.append((scale.x(day), name))
    return months


def _weeks(scale: Scale) -> list[tuple[float, float, str]]:
    """Where each week begins, its middle, and its ISO number: of every week, or of each second …"""
    width = 7 * scale.day
    step = next(s for s in (1, 2, 4, 13, 26, 52, 10**6) if s * width >= LEAST_WEEK)
    mondays = scale.days()[::7]
    return [
        (scale.x(d), scale.x(d) + width / 2, str(d.isocalendar().week) if i % step == 0 else "")
        for i, d in enumerate(mondays)
    ]
