"""How extracts are recognised and read."""

from __future__ import annotations

from typing import Literal, get_args

from helpers.parameters.round_settings import Model
from helpers.parameters.types import FileName, Words

ExtractField = Literal[
    "cpr",
    "name",
    "benefit",
    "spell_start",
    "latest_conversation",
    "course_closed",
    "phone",
    "passive",
]
EXTRACT_FIELDS: tuple[str, ...] = get_args(ExtractField)  # what every extract holds


class ExtractFormat(Model):
    """How one layout is recognised and read."""

    layout: FileName
    columns: dict[ExtractField, tuple[str, ...]]
    encodings: tuple[Words, ...]
    delimiter: str
    date_forms: tuple[Words, ...]
    yes_words: tuple[Words, ...]
    no_words: tuple[Words, ...]
    empty_means_no: tuple[Literal["course_closed", "passive"], ...] = ()
    benefits: dict[Words, Words]


class LayoutWords(Model):
    """Words that an unknown layout may use; a proposal for it is made of them (`survey layout new`).

    The lists `more_…` are tried after the usual ones, and proposed only where a file uses them.
    """

    headings: dict[ExtractField, tuple[str, ...]]
    benefits: dict[str, tuple[str, ...]]  # benefit type → texts
    negations: tuple[str, ...]
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    more_yes_words: tuple[str, ...]
    more_no_words: tuple[str, ...]
    date_forms: tuple[str, ...]
    more_date_forms: tuple[str, ...]
    encodings: tuple[str, ...]
    delimiters: tuple[str, ...]
