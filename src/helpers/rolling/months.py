"""Calendar months: the day of a month's beginning stands for the month."""

from __future__ import annotations

import datetime as dt
import re

from helpers.common.printing import MONTHS

MONTH_FORM = r"\d{4}-(0[1-9]|1[0-2])"


def parse_month(text: str) -> dt.date:
    """»2025-01« → 1 January 2025. Raises ValueError."""
    if not re.fullmatch(MONTH_FORM, text):
        raise ValueError(f"»{text}« is no month as 2025-01")
    return dt.date.fromisoformat(f"{text}-01")


def month_of(day: dt.date) -> dt.date:
    return day.replace(day=1)


def ordinal(month: dt.date) -> int:
    """Months since the year 0; neighbours differ by one."""
    return 12 * month.year + month.month - 1


def add_months(month: dt.date, count: int) -> dt.date:
    year, at = divmod(ordinal(month) + count, 12)
    return dt.date(year, at + 1, 1)


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """From `first` to `last`, both included; none where `last` comes before."""
    return [add_months(first, i) for i in range(ordinal(last) - ordinal(first) + 1)]


def name(month: dt.date) -> str:
    """»2025-01«."""
    return f"{month:%Y-%m}"


def danish(month: dt.date) -> str:
    """»januar 2025«."""
    return f"{MONTHS[month.month - 1]} {month.year}"


def danish_period(first: dt.date, last: dt.date) -> str:
    """»april 2025–marts 2026«, »april–juni 2025«."""
    if first == last:
        return danish(first)
    if first.year == last.year:
        return f"{MONTHS[first.month - 1]}–{danish(last)}"
    return f"{danish(first)}–{danish(last)}"
