"""The merge fields of a letter: which there are, and what stands in them for one municipality."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from helpers.common import printing
from helpers.fieldwork.mailing_kinds import Mailing
from helpers.parameters.params import Round

NAME, LINK = "navn", "link"
OF_CITIZEN = (NAME, LINK)  # the others are the same in all letters of a municipality
REQUIRED = (LINK,)
FIELDS = {
    NAME: "the citizen's name",
    LINK: "the citizen's own link to the questionnaire",
    "kommune": "the municipality's official name",
    "dato": "the day of the letter",
    "frist": "the last day to answer: letters.answer_by, else the last day of collection",
    "hotline": "the hotline's number: letters.hotline",
    "hotline_tid": "when the hotline is open: letters.hotline_hours",
    "hjaelp": "a sentence that tells whom to ask",
    "fravalg": "a sentence that tells how to be left out",
    "sletning": "when identities are deleted: retention_until",
    "mindste_gruppe": "the fewest answers behind a number that is shown: disclosure.min_answers",
    "runde": "the round's title",
}
_WORDS = {5: "fem", 6: "seks", 7: "syv", 8: "otte", 9: "ni", 10: "ti"}


def letter_day(round_: Round, mailing: Mailing, today: dt.date) -> dt.date:
    """The calendar's day of the mailing, or today where that day has passed."""
    return max(round_.settings.calendar.mailings()[mailing.id], today)


def values(round_: Round, code: str, mailing: Mailing, today: dt.date) -> Mapping[str, str]:
    """What stands in each field but name and link; empty where the round's file does not say."""
    settings = round_.settings
    place = round_.municipalities[code].official_name
    hotline, hours = settings.letters.hotline, settings.letters.hotline_hours
    open_ = f" ({hours})" if hours else ""
    if hotline:
        help_ = f"Ring til undersøgelsens hotline på {hotline}{open_}."
        out = f"Ring til hotlinen på {hotline}, så skriver vi ikke til dig igen."
    else:
        help_ = f"Kontakt jobcentret i {place}."
        out = f"Kontakt jobcentret i {place}, så skriver vi ikke til dig igen."
    until = settings.retention_until
    fewest = settings.disclosure.min_answers
    return {
        "kommune": place,
        "dato": printing.date(letter_day(round_, mailing, today)),
        "frist": printing.date(settings.letters.answer_by or settings.calendar.collection.end),
        "hotline": hotline or "",
        "hotline_tid": hours,
        "hjaelp": help_,
        "fravalg": out,
        "sletning": f"senest den {printing.date(until)}" if until else "når undersøgelsen er slut",
        "mindste_gruppe": _WORDS.get(fewest, str(fewest)),
        "runde": settings.title,
    }
