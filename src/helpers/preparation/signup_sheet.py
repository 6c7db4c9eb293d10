"""A file of sign-ups → checked rows, and every trouble in it.

A row a municipality. The file is CSV as Danish Excel saves it (semicolon, comma or tab; UTF-8 or
cp1252) or a workbook, such as a form gives; headings in Danish or English, in any order.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pandas as pd

from helpers.common.errors import ExtractError, ParameterError, Problem
from helpers.common.labels import heading_key
from helpers.common.quoting import redacted_file_name
from helpers.parameters.municipality_names import find_municipality
from helpers.parameters.params import Municipality, Round
from helpers.parameters.questionnaires import MAX_LOCAL_QUESTIONS
from helpers.preparation.signup_headings import HEADINGS, Columns, column_of, read_headings
from helpers.received.cells import read_dates
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import DELIMITERS, Sheet, problems_with_remedy, read_sheets

DATE_FORMS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%y", "%d.%m.%y", "%d/%m/%y")
DATES = ("signed_up", "agreement_sent", "agreement_signed")
ENCODINGS = ("utf-8-sig", "cp1252")
EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")


@dataclass(frozen=True)
class SignUpRow:
    """One municipality's sign-up. Names persons at the municipality: it stays under `data/`."""

    line: int
    code: str
    signed_up: dt.date
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    agreement_sent: dt.date | None = None
    agreement_signed: dt.date | None = None
    local_questions: tuple[str, ...] = ()  # their texts, in order


@dataclass(frozen=True)
class SignUpSheet:
    """The rows of a file in its order that can be read, its troubles, and what is no trouble.

    `where`: how the file is named in messages.
    """

    where: str
    rows: tuple[SignUpRow, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def read_sign_ups(path: Path, round_: Round) -> SignUpSheet:
    """Read a file of sign-ups, and check it by itself and against the round's days.

    Troubles of its rows: unknown municipalities (the nearest name is told), one that stands twice, days
    that are none, lie outside the round or come in the wrong order, too many local questions, a number
    of them that differs from the texts, a malformed e-mail address. Of what was written only days and
    municipalities are quoted. Raises ParameterError where there is no table to read: no such file, no
    row, lacking columns.
    """
    sheet, columns, notes = _table(path)
    where = sheet.where(path)
    used = [*columns.places.values(), *columns.local.values()]
    problems: list[Problem] = [*sheet.lost_cells(path, used)]
    lost = {problem.place.row for problem in problems}
    rows: list[SignUpRow] = []
    first: dict[str, int] = {}  # municipality → line
    filled = [
        (n, cells) for n, cells in enumerate(sheet.rows[1:], start=2) if any(map(_as_text, cells))
    ]
    readable = [(n, cells) for n, cells in filled if n not in lost]
    for number, cells in readable:
        reader = _RowReader(f"{where}, line {number}", columns, cells, round_)
        row = reader.read(number)
        problems += reader.problems
        code = reader.place.code if reader.place else f"line {number}"
        if first.setdefault(code, number) != number:
            problems.append(
                Problem(
                    f"{where}, line {number}",
                    f"{reader.place.name} stands in line {first[code]} already",
                    "a row a municipality",
                    "Keep the row that holds.",
                )
            )
        elif row:
            rows.append(row)
    if not filled:
        raise ParameterError(where, "holds no sign-up", "a row a municipality", "Fill it in.")
    return SignUpSheet(where, tuple(rows), tuple(problems), notes)


def _table(path: Path) -> tuple[Sheet, Columns, tuple[str, ...]]:
    """The sheet and reading of the file with the most known headings."""
    if not path.is_file():
        raise ParameterError(
            str(path),
            "the file does not exist",
            "a CSV file or workbook of sign-ups",
            "Check the path; an empty file to fill in: survey participants --empty FILE.",
        )
    try:
        readings = read_sheets(path, ENCODINGS, DELIMITERS)
        sheets = [s for reading in readings for s in reading if s.head]
        if not sheets:
            raise ParameterError(
                redacted_file_name(path.name), "is empty", "a line of headings", "Fill it in."
            )
        known = sheet_meant(path.name, readings, _known_headings)
        sheet = known or max(sheets, key=_known_headings)
        sheet.require_whole()
    except ExtractError as e:
        problems = problems_with_remedy(e, "a CSV file or workbook of sign-ups", "Save it again.")
        raise ParameterError(problems=problems) from e
    columns, notes, problems = read_headings(sheet, sheet.where(path))
    if problems:
        raise ParameterError(problems=problems)
    return sheet, columns, notes


def _known_headings(sheet: Sheet) -> int:
    return sum(column_of(h) is not None for h in sheet.head[0]) if sheet.head else 0


@dataclass
class _RowReader:
    """Reads one row and notes its troubles."""

    where: str
    columns: Columns
    cells: list[object]
    round: Round
    problems: list[Problem] = field(default_factory=list)
    place: Municipality | None = None

    def read(self, line: int) -> SignUpRow | None:
        """The row; None where its municipality or day is unknown, which is among the troubles."""
        self.place = place = self._municipality()
        days = {name: self._day(name) for name in DATES}
        self._check_days(days)
        local = self._local()
        email = self._text("contact_email")
        if email and not EMAIL.fullmatch(email):
            self._note("E-mail is no address", "one address, as navn@kommune.dk", "Correct it.")
        if place is None or days["signed_up"] is None:
            return None
        return SignUpRow(
            line,
            place.code,
            days["signed_up"],
            self._text("contact_name"),
            email,
            self._text("contact_phone"),
            days["agreement_sent"],
            days["agreement_signed"],
            local,
        )

    def _note(self, what: str, expected: str = "", remedy: str = "") -> None:
        self.problems.append(Problem(self.where, what, expected, remedy))

    def _cell(self, place: int | None) -> object:
        return "" if place is None or place >= len(self.cells) else self.cells[place]

    def _text(self, name: str) -> str:
        return _as_text(self._cell(self.columns.places.get(name)))

    def _municipality(self) -> Municipality | None:
        given = [t for t in (self._text("code"), self._text("municipality")) if t]
        if not given:
            self._note("no municipality", "code or name", "Fill it in, or remove the row.")
            return None
        found = []
        for text in given:
            place, near = find_municipality(text, self.round.municipalities)
            if place is None:
                hint = f"Did you mean {near.code} {near.name}?" if near else "Correct it."
                self._note(f"unknown municipality »{text[:40]}«", "one of the 98", hint)
                return None
            found.append(place)
        if len(found) > 1 and found[0] != found[1]:
            self._note(
                f"code {found[0].code} is {found[0].name}, the name says {found[1].name}",
                "one municipality",
                "Correct one of the two.",
            )
            return None
        return found[0]

    def _day(self, name: str) -> dt.date | None:
        cell = self._cell(self.columns.places.get(name))
        heading = HEADINGS[name][0]
        days, unreadable = read_dates(pd.Series([cell], dtype=object), DATE_FORMS)
        if unreadable[0]:
            self._note(
                f"{heading} »{str(cell)[:20]}« is no date",
                "a day as 02-02-2024",
                "Correct the cell.",
            )
            return None
        if pd.isna(days[0]):
            if name == "signed_up" and not str(cell).strip():
                self._note(f"{heading} is empty", "the day of the sign-up", "Fill it in.")
            return None
        return pd.Timestamp(days[0]).date()

    def _check_days(self, days: dict[str, dt.date | None]) -> None:
        """Within the round's period, and in order: signed up, agreement sent, agreement signed."""
        settings = self.round.settings
        sign_up = settings.calendar.sign_up
        for name in DATES:
            first = sign_up.start if name == "signed_up" and sign_up else settings.period.start
            last, day = settings.period.end, days[name]
            if day is not None and not first <= day <= last:
                key = "calendar.sign_up" if first != settings.period.start else "period"
                self._note(
                    f"{HEADINGS[name][0]} {day} lies outside the round",
                    f"a day in {first}–{last}",
                    f"Correct the cell, or `{key}` in the round's file.",
                )
        given_days = [(name, days[name]) for name in DATES if days[name] is not None]
        for (before, first), (after, second) in pairwise(given_days):
            if second < first:
                self._note(
                    f"{HEADINGS[after][0]} {second} lies before {HEADINGS[before][0]} {first}",
                    "signed up, then the agreement sent, then signed",
                    "Correct one of the two.",
                )

    def _local(self) -> tuple[str, ...]:
        """The texts in order; their number is checked where the file tells it."""
        texts = {i: _as_text(self._cell(p)) for i, p in sorted(self.columns.local.items())}
        filled = {i: text for i, text in texts.items() if text}
        number = self._text("local_questions")
        if number and not number.isdecimal():
            self._note("the number of local questions is no whole number", "0 to 3", "Correct it.")
            number = ""
        if max(len(filled), int(number or 0)) > MAX_LOCAL_QUESTIONS:
            self._note(
                f"{max(len(filled), int(number or 0))} local questions",
                f"at most {MAX_LOCAL_QUESTIONS}",
                "Agree with the municipality on which to keep.",
            )
        elif number and int(number) != len(filled):
            self._note(
                f"the number of local questions is {number}, the number of texts {len(filled)}",
                "a text each",
                "Get the texts, or correct the number.",
            )
        elif len(set(map(heading_key, filled.values()))) < len(filled):
            self._note("a local question stands twice", "different ones", "Keep one.")
        elif list(filled) != list(range(1, len(filled) + 1)):
            self._note("a local question is skipped", "texts from the first on", "Move them up.")
        return tuple(filled.values())


def _as_text(cell: object) -> str:
    """A cell without stray spaces; whole numbers of a workbook without »,0«."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())
