"""The types of single values under `params/`: what YAML or a CSV gave is taken only where it can mean
one thing.

pydantic would take `yes` for 1, `39.000` for 39 and 20240201 for a day of 1970; none of these is a
whole number or a day here. What is said of a value that is refused stands in `parameter_words`.
"""

from __future__ import annotations

import datetime as dt
import math
import numbers
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

NOT_WHOLE, NOT_NUMBER, BELOW_LAW = "not_whole", "not_number", "below_law"
NOT_DAY, NO_SUCH_DAY, FAR_DAY = "not_day", "no_such_day", "far_day"
YEARS = range(2000, 2101)
LAWFUL_ANSWERS = 5  # fewer answers behind a result, and it goes out (GDPR)

CODE_PATTERN = r"^[0-9]{4}$"
ID_PATTERN = r"^[a-z][a-z0-9_]*$"
ROUND_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
LINK_PATTERN = (
    r"^https://\S+[^A-Za-z0-9\s]$"  # a key right behind a letter would be another address
)
FILE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
PHONE_PATTERN = r"^\+?[0-9][0-9 ]{5,14}[0-9]$"
WORDS_PATTERN = r"\S"
MONTH_PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
QUESTION_PATTERN = r"^q[0-9]{2}$"
DIGEST_PATTERN = r"^[0-9a-f]{16}$"
# pattern → what a text that it does not match is told
EXPECTED = {
    CODE_PATTERN: 'a municipality\'s four digits in quotes, as "0707"',
    ID_PATTERN: "small letters a–z, digits and _, as job_uddannelsesparate",
    ROUND_PATTERN: "small letters a–z, digits and hyphens, as 2026-foraar",
    LINK_PATTERN: "an address that begins with https:// and ends with / or =, for a key is put behind it",
    FILE_PATTERN: "the name of a file, without .csv",
    PHONE_PATTERN: "a telephone number in digits, as 70 12 34 56",
    WORDS_PATTERN: "a text",
    MONTH_PATTERN: "a month, as 2025-01",
    QUESTION_PATTERN: "q and two digits, as q07",
    DIGEST_PATTERN: "the file's sign of 16 digits and letters a–f, as the message about it told it",
}

_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _whole(value: object) -> int:
    """39000 or »39000«; neither 39.000, which YAML reads as 39, nor yes."""
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    raise PydanticCustomError(NOT_WHOLE, "")


def _number(value: object) -> float:
    """0.25 or »0.25«; neither 0,25 nor infinity."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and _finite(value):
        return float(value)
    raise PydanticCustomError(NOT_NUMBER, "")


def _finite(value: numbers.Real) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _day(value: object) -> dt.date:
    """A date without a time, or a text as 2024-02-01."""
    if isinstance(value, str) and _DAY.fullmatch(value.strip()):
        try:
            value = dt.date.fromisoformat(value.strip())
        except ValueError as e:  # as 2024-02-30
            raise PydanticCustomError(NO_SUCH_DAY, "") from e
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise PydanticCustomError(NOT_DAY, "")
    if value.year not in YEARS:
        raise PydanticCustomError(FAR_DAY, "")
    return value


def _lawful(value: int) -> int:
    if value < LAWFUL_ANSWERS:
        raise PydanticCustomError(BELOW_LAW, "")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Share = Annotated[Number, Field(gt=0, le=1)]
Count = Annotated[Whole, Field(ge=0)]
LawfulAnswers = Annotated[Whole, AfterValidator(_lawful)]
Words = Annotated[str, Field(pattern=WORDS_PATTERN)]
Code = Annotated[str, Field(pattern=CODE_PATTERN)]
Id = Annotated[str, Field(pattern=ID_PATTERN)]
RoundId = Annotated[str, Field(pattern=ROUND_PATTERN)]
Link = Annotated[str, Field(pattern=LINK_PATTERN)]
FileName = Annotated[str, Field(pattern=FILE_PATTERN)]
