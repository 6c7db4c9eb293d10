"""A trouble of a municipality's file, told in English to analysts and in Danish to municipalities.

A fault is a problem that also knows its kind and the cells it stands in, so that a file can be
marked. Both languages come from one row a kind (`faults/kinds.py`, `faults/plausibility_kinds.py`); nothing is translated afterwards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from helpers.common.errors import ExtractError, Problem
from helpers.common.message_values import Count, Share, Value, in_language
from helpers.common.quoting import redacted_file_name, redacted_name
from helpers.faults.kinds import KINDS
from helpers.faults.notice_kinds import NOTICES
from helpers.faults.plausibility_kinds import PLAUSIBILITY

ALL_KINDS = KINDS | NOTICES | PLAUSIBILITY
ENGLISH, DANISH = "en", "da"
LANGUAGES = (ENGLISH, DANISH)
_PLACE_WORDS = {
    ENGLISH: ("sheet", "line", "row", "column"),
    DANISH: ("ark", "linje", "række", "kolonne"),
}


@dataclass(frozen=True)
class Place:
    """Where a fault stands: `row` as the sheet counts it, from 1; `column` is its heading; `line` as a
    text file counts it, from 1, where no row is known.

    `cells` holds the row and column number of each cell that it shows in, both from 1; none where
    the file has no such cell.
    """

    file: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    cells: tuple[tuple[int, int], ...] = ()
    line: int | None = None

    def in_language(self, language: str = ENGLISH) -> str:
        """»0161-glostrup.xlsx, sheet »Udtræk«, row 214, column »Ydelse««."""
        sheet, line, row, column = _PLACE_WORDS[language]
        parts = [redacted_file_name(self.file)] if self.file else []
        parts += [f"{sheet} »{redacted_name(self.sheet)}«"] if self.sheet else []
        parts += [f"{line} {self.line}"] if self.line is not None else []
        parts += [f"{row} {self.row}"] if self.row is not None else []
        parts += [f"{column} »{self.column}«"] if self.column else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Fault(Problem):
    """One trouble of a file; as a problem it is told in English."""

    kind: str = ""
    place: Place = Place("")
    details: tuple[tuple[str, Value], ...] = ()

    def in_language(self, language: str) -> Problem:
        """The same in one of LANGUAGES."""
        texts = _in_language(self.kind, self.place, dict(self.details), language)
        return replace(texts, count=self.count)


def fault(kind: str, place: Place, **details: object) -> Fault:
    """A fault of one of ALL_KINDS at a place; `details` fill in its sentences.

    A detail `near`, where it is not empty, adds the sentence's hint at what may have been meant.
    """
    texts = {n: v if isinstance(v, Count | Share | dt.date) else str(v) for n, v in details.items()}
    english = _in_language(kind, place, texts, ENGLISH)
    return Fault(
        english.where,
        english.what,
        english.expected,
        english.remedy,
        kind=kind,
        place=place,
        details=tuple(texts.items()),
    )


def refusal(kind: str, place: Place, **details: object) -> ExtractError:
    """The error that one fault makes of a file."""
    return ExtractError(problems=[fault(kind, place, **details)])


def _in_language(kind: str, place: Place, details: Mapping[str, Value], language: str) -> Problem:
    words = ALL_KINDS[kind].in_language(language)
    hint = words.hint if details.get("near") else ""
    texts = {name: in_language(value, language) for name, value in details.items()}
    what, expected, remedy = (
        sentence.format(**texts) for sentence in (words.what + hint, words.expected, words.remedy)
    )
    return Problem(place.in_language(language), what, expected, remedy)
