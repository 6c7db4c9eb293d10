"""Danish words round the evaluation's numbers: counts with their nouns, lists of municipalities, days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from helpers.common import printing
from helpers.parameters.params import Municipality
from helpers.released.captions import listed
from helpers.released.findings import counted

NAMED = 8  # so many municipalities are named, more are counted
UNKNOWN = "ukendt"
NOT_RECORDED = "ikke noteret"
STAGES = {
    "intake": "Indlæsning af udtræk",
    "plan": "Stikprøver",
    "analyse": "Svar, vægte og estimater",
    "release": "Frigivelse",
    "report": "Kommunernes rapporter",
    "national": "Landsrapporten",
    "scan": "Kontrol for persondata",
}
WORK = {
    "sign_up": "Tilmelding og aftaler",
    "extracts": "Udtræk",
    "sampling": "Stikprøver",
    "sendout": "Udsendelse",
    "collection": "Indsamling",
    "analysis": "Analyse",
    "reporting": "Rapportering",
    "other": "Andet",
}


def count(n: int, one: str, many: str) -> str:
    """»ingen kommuner«, »1 kommune«, »79 kommuner«."""
    if n == 0:
        return f"ingen {many}"
    return f"1 {one}" if n == 1 else f"{printing.number(n)} {many}"


def municipalities(n: int) -> str:
    return count(n, "kommune", "kommuner")


def some(n: int, one: str, many: str) -> str:
    """In a sentence: »to kommuner«, »12 kommuner«; `one` has its own article, »én kommune« or »ét trin«."""
    if n == 0:
        return f"ingen {many}"
    return one if n == 1 else f"{counted(n)} {many}"


def days(n: int) -> str:
    return count(n, "dag", "dage")


def names(places: Sequence[Municipality]) -> str:
    """»Læsø og Samsø«; where they are many, »12 kommuner«."""
    if len(places) > NAMED:
        return municipalities(len(places))
    return listed(sorted((p.name for p in places), key=printing.danish_sort_key))


def short_day(day: dt.date) -> str:
    """»11. mar.«, without the year."""
    month = printing.MONTHS[day.month - 1]
    return f"{day.day}. {month if len(month) <= 4 else f'{month[:3]}.'}"


def span(first: dt.date, last: dt.date) -> str:
    """»11. mar.« or »11. mar.–31. mar.«, with the years where they are not the same."""
    if first == last:
        return f"{short_day(first)} {first.year}"
    if first.year == last.year:
        return f"{short_day(first)}–{short_day(last)} {last.year}"
    return f"{short_day(first)} {first.year}–{short_day(last)} {last.year}"


def kroner(amount: float, decimals: int = 0) -> str:
    """»18.000 kr.«, »2,50 kr.«"""
    return f"{printing.number(amount, decimals)} kr."


def per_piece(amount: float) -> str:
    """A price as it is set: whole kroner without decimals, else two."""
    return kroner(amount, 0 if float(amount).is_integer() else 2)


def duration(seconds: float) -> str:
    """»45 sek.«, »12 min.«, »1 t. 5 min.«"""
    if seconds < 90:
        return f"{printing.number(seconds)} sek."
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{printing.number(minutes)} min."
    return f"{minutes // 60} t. {minutes % 60} min."
