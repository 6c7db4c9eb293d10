"""The headings of a file of sign-ups, in Danish or English, in any order; and an empty file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from helpers.common.errors import Problem
from helpers.common.labels import heading_key
from helpers.parameters.questionnaires import MAX_LOCAL_QUESTIONS
from helpers.received.sheets import Sheet

# what a column holds → headings it may have; the first is the one of the empty file
HEADINGS = {
    "municipality": ("Kommune", "Kommunens navn", "Kommunenavn", "municipality"),
    "code": ("Kommunekode", "Kommunenummer", "Kommunenr", "Kommune nr", "code"),
    "signed_up": (
        "Tilmeldt", "Tilmeldingsdato", "Dato for tilmelding", "Tilmeldt den", "Tilsagn", "Dato for tilsagn",
        "Fuldførelsestidspunkt", "Tidsstempel", "signed_up",
    ),
    "contact_name": ("Kontaktperson", "Kontaktpersonens navn", "Kontaktpersons navn", "Kontakt", "contact_name", "contact"),
    "contact_email": ("E-mail", "E-mailadresse", "Mail", "Mailadresse", "Kontaktpersonens e-mail", "contact_email", "email"),
    "contact_phone": ("Telefon", "Telefonnummer", "Tlf", "Mobil", "Kontaktpersonens telefon", "contact_phone", "phone"),
    "agreement_sent": ("Databehandleraftale sendt", "Aftale sendt", "Aftalen sendt", "agreement_sent"),
    "agreement_signed": (
        "Databehandleraftale underskrevet", "Aftale underskrevet", "Aftalen underskrevet", "Underskrevet",
        "agreement_signed",
    ),
    "local_questions": ("Antal lokale spørgsmål", "Lokale spørgsmål", "local_questions"),
}  # fmt: skip
LOCAL = re.compile(
    r"(?:lokal|lokaltspørgsmål|localquestion)(\d+)"
)  # as `heading_key` gives headings
LOCAL_HEADING = "Lokalt spørgsmål {}"
NEAR = 75  # out of 100: a heading or name that may be meant
_KNOWN = {heading_key(name): column for column, names in HEADINGS.items() for name in names}


@dataclass(frozen=True)
class Columns:
    """Where each kind of cell stands; `local`: number of the question → place."""

    places: dict[str, int]
    local: dict[int, int]


def empty_sheet() -> bytes:
    """An empty file of sign-ups that Danish Excel opens as a table."""
    local = [LOCAL_HEADING.format(i + 1) for i in range(MAX_LOCAL_QUESTIONS)]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerow([*(names[0] for names in HEADINGS.values()), *local])
    return text.getvalue().encode("utf-8-sig")


def column_of(heading: object) -> str | int | None:
    """What stands under a heading: a name of HEADINGS, the number of a local question, or None."""
    word = heading_key(heading)
    if found := LOCAL.fullmatch(word):
        return int(found[1])
    return _KNOWN.get(word)


def read_headings(sheet: Sheet, where: str) -> tuple[Columns, tuple[str, ...], list[Problem]]:
    columns, unused, notes, problems = Columns({}, {}), [], [], []
    for place, heading in enumerate(sheet.rows[0]):
        text, column = str(heading).strip(), column_of(heading)
        if column is None:
            if text:
                near = process.extractOne(
                    heading_key(text), list(_KNOWN), scorer=fuzz.ratio, score_cutoff=NEAR
                )
                hint = f"; did you mean »{HEADINGS[_KNOWN[near[0]]][0]}«?" if near else ""
                unused.append(f"»{text}«")
                notes.append(f"{where}: column »{text}« is not used{hint}")
            continue
        kept = columns.local if isinstance(column, int) else columns.places
        if column in kept:
            problems.append(
                Problem(
                    f"{where}, line 1",
                    f"columns {kept[column] + 1} and {place + 1} (»{text}«) mean the same",
                    "one of them",
                    "Remove the other.",
                )
            )
        kept[column] = place
    wanted = [("municipality", "code"), ("signed_up",)]
    for names in wanted:
        if not any(n in columns.places for n in names):
            words = " or ".join(f"»{HEADINGS[n][0]}«" for n in names)
            problems.append(
                Problem(
                    f"{where}, line 1",
                    f"no column {words}" + (f"; not used: {', '.join(unused)}" if unused else ""),
                    "headings in the first line",
                    "Add it; a file to begin with: survey participants --empty FILE.",
                )
            )
    return columns, tuple(notes), problems
