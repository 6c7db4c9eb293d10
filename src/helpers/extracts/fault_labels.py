"""What kind of fault a refused extract had, and the short words for it in the evaluation.

A problem that knows its kind is taken at its word; of any other, and of findings that were written
down before problems had kinds, the kind is read from the sentence. That reading stands here alone: once
every problem of an extract has a kind, `kind_of` is only for old findings.
"""

from __future__ import annotations

import re

from helpers.common.errors import Problem
from helpers.faults import notice_kinds, plausibility_kinds

# kind → what its sentences have in common, and what a reader of the evaluation is told
KINDS: dict[str, tuple[str, str]] = {
    "unknown_benefit": (r"^unknown benefit text", "Ukendt ydelse"),
    "local_missing": (
        r"^local background variable .*is missing",
        "Lokal baggrundsoplysning mangler",
    ),
    "missing_column": (r"^column .*is missing", "Kolonne mangler"),
    "column_twice": (r"^column .*stands twice", "Kolonne findes to gange"),
    "no_layout": (r"no row of headings fits", "Ukendt layout"),
    "sheets_parts": (r"sheets with different persons", "Borgerne står på flere ark"),
    "two_sheets": (r"^has \d+ sheets", "Flere ark med udtræk"),
    "only_hidden": (r"only sheets that fit are hidden", "Udtrækket står på et skjult ark"),
    "hidden_sheet": (r"^is hidden, holds persons", "Skjult ark med borgere"),
    "sheet_not_read": (r"^holds persons too", "Ark med borgere, som ikke læses"),
    "files_share": (r"files have persons in common", "Flere filer med samme borgere"),
    "no_persons": (r"has headings but no persons", "Ingen borgere i filen"),
    "no_cells": (r"holds no cells", "Ingen udfyldte celler"),
    "file_empty": (r"is empty \(0 bytes\)", "Tom fil"),
    "file_ending": (r"^is a .*file$", "Forkert filtype"),
    "file_password": (r"protected by a password", "Beskyttet med adgangskode"),
    "file_broken": (r"is broken", "Filen kan ikke åbnes"),
    "file_no_text": (r"is no readable text", "Teksten kan ikke læses"),
    "file_broken_utf8": (r"no UTF-8", "Ikke UTF-8 i hele filen"),
    "file_code_page": (r"of another code page", "Bogstaver fra en anden tegntabel"),
    "stray_quote": (r"^a quotation mark", "Løst anførselstegn"),
    "long_cell": (r"^a cell is longer", "For lang celle"),
    "file_too_large": (r"^is \d+ MB large", "For stor fil"),
    "unpacked_too_large": (r"^unpacks to", "For stor fil, når den pakkes ud"),
    "too_many_parts": (r"too many parts", "For mange dele i filen"),
    "far_cell": (r"^the sheet reaches to", "Celle langt uden for tabellen"),
    "too_many_lost": (r"^over \d+ cells hold errors", "For mange fejlværdier"),
    "too_much_text": (r"more text than a table", "For meget tekst i cellerne"),
    "too_many_rows": (r"^has more rows than", "For mange rækker"),
    "cell_error": (r"^is an error", "Fejlværdi i celle"),
    "cell_not_computed": (r"never computed", "Formel uden værdi"),
    "row_width": (r"^the row has \d+ cells", "Række med en celle for lidt eller for meget"),
    "cell_merged": (r"part of a merged cell", "Flettet celle"),
    "overlong": (r"more cells than", "Flere celler end overskrifter"),
    "cpr_digits": (r"is no CPR number", "CPR-nummer uden ti cifre"),
    "cpr_short": (r"CPR number that has lost a digit", "CPR-nummer, der mangler et ciffer"),
    "cpr_rounded": (r"CPR number that has been cut", "CPR-nummer, der er afrundet"),
    "row_in_cell": (r"^holds more than its own", "Celle med en anden rækkes indhold"),
    "cpr_day": (r"no valid birth date", "CPR-nummer uden gyldig fødselsdato"),
    "cpr_future": (r"birth date in the future", "CPR-nummer med fødselsdag i fremtiden"),
    "cpr_two_names": (r"^the same CPR number.*no word in common", "Samme CPR-nummer med to navne"),
    "cpr_twice": (r"^the same CPR number", "Samme CPR-nummer flere gange"),
    "no_date": (r"is no date", "Ugyldig dato"),
    "dates_swapped": (r"day and month are swapped", "Dag og måned byttet om"),
    "no_word": (r"neither yes nor no", "Hverken ja eller nej"),
    "local_unknown": (r"is none of", "Ukendt lokal baggrundsoplysning"),
    "empty": (r"^is empty$", "Tom celle"),
}
_LABELS = plausibility_kinds.LABELS | notice_kinds.LABELS
OTHER, OTHER_LABEL = "other", "Andet"
_QUOTED = re.compile(r"»[^«]*«")


def kind_of_problem(problem: Problem) -> str:
    """The kind that the problem has itself, else the kind of its words."""
    return getattr(problem, "kind", "") or kind_of(problem.what)


def kind_of(text: str) -> str:
    """A problem's text (`Problem.what`) → a kind of KINDS, or OTHER. Values in »« decide nothing."""
    bare = _QUOTED.sub("", text).strip().rstrip(".").strip()
    return next((kind for kind, (form, _) in KINDS.items() if re.search(form, bare)), OTHER)


def kind_label(kind: str) -> str:
    """Danish words for a kind; »Andet« for one that this version does not know."""
    return KINDS[kind][1] if kind in KINDS else _LABELS.get(kind, OTHER_LABEL)
