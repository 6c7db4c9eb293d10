"""Working days in Denmark: Monday to Friday without public holidays.

Public holidays are the `holidays` library's for Denmark; store bededag is one of them until 2023 and
none since (law no. 214 of 6 March 2023). Days on which many offices are closed without being public
holidays (1 May, Grundlovsdag, 24 and 31 December) count as working days, and are named.
"""

from __future__ import annotations

import datetime as dt
from functools import cache

from holidays import HolidayBase, country_holidays

DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
ONE_DAY = dt.timedelta(days=1)


@cache
def _calendar(category: str) -> HolidayBase:
    return country_holidays("DK", language="da", categories=(category,))


def holiday(day: dt.date) -> str | None:
    """Danish name of the public holiday, or None."""
    return _calendar("public").get(day)


def often_closed(day: dt.date) -> str | None:
    """Danish name of a day on which many offices are closed though it is no public holiday, or None."""
    return None if holiday(day) else _calendar("optional").get(day)


def day_off(day: dt.date) -> str | None:
    """Why it is no working day: »søndag, Påskedag«, »lørdag«, »Skærtorsdag«; None where it is one."""
    weekend = DAYS[day.weekday()] if day.weekday() >= 5 else None
    return ", ".join(why for why in (weekend, holiday(day)) if why) or None


def working_days(start: dt.date, end: dt.date) -> int:
    """Number of working days from start to end, both included."""
    days = ((start + ONE_DAY * i) for i in range((end - start).days + 1))
    return sum(day_off(day) is None for day in days)


def nearest_working_days(day: dt.date) -> tuple[dt.date, dt.date]:
    """The last working day before and the first after; the day itself twice where it is one."""
    before = after = day
    while day_off(before):
        before -= ONE_DAY
    while day_off(after):
        after += ONE_DAY
    return before, after
