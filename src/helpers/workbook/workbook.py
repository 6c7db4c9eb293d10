"""One municipality's released numbers → `resultater.xlsx`.

Numbers are numbers with a format, hidden ones are their mark in words, and no text is ever taken for
a formula or a link. The same numbers give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from helpers.common import absent, printing, style
from helpers.common.paths import write_atomically
from helpers.common.vocabulary import NOT_JUDGED
from helpers.released import captions, findings
from helpers.released.own_numbers import GROUPINGS, OwnNumbers
from helpers.released.published import Published
from helpers.released.reading import marks, reading_guide
from helpers.workbook.development import development_sheet
from helpers.workbook.dictionary import dictionary_sheet, questionnaire_sheet
from helpers.workbook.lists import all_numbers_sheet, differences_sheet, response_sheet
from helpers.workbook.sheets import (
    Sheet,
    grouping_sheet,
    local_sheet,
    overview_sheet,
    questions_sheet,
)

_FORMATS = {
    "text": None,
    "count": "#,##0",
    "mean": "0.00",
    "share": "0 %",
    "rate": "0.0 %",
    "difference": "+0.00;-0.00;0.00",
    "share_difference": "+0 %;-0 %;0 %",  # as many decimals as are released
    "p": "0.0000",
    "date": "dd-mm-yyyy",
    "price": '#,##0 "kr."',
}
TOTALS = ("count", "price")  # kinds that have a row of sums, as `total_count`
_READ_ME_WIDTHS = (30, 110)
WORDS_OF_SHEETS = (
    NOT_JUDGED,
    absent.NOT_COMMON,
    absent.NO_EARLIER,
)  # beside those of every product
MISSING_NAMED = 10  # more municipalities without results are counted, not named


def write_workbook(published: Published, code: str, path: Path) -> Path:
    """Write the workbook of municipality `code`; what lay at `path` stays until the new one is whole.

    Raises SurveyError where the municipality has no released results.
    """
    o = OwnNumbers(published, code)
    return write_atomically(Path(path), lambda beside: _write(o, beside))


def _write(o: OwnNumbers, path: Path) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties(
            {
                "title": f"{captions.SURVEY}: {o.name}, {o.round.settings.title}",
                "subject": "Resultater for kommunen",
                "created": dt.datetime.combine(o.round.settings.calendar.reporting.end, dt.time()),
            }
        )
        formats = make_formats(book)
        sheets = tables(o)
        write_read_me(book, formats, read_me(o, sheets))
        for sheet in sheets:
            write_table(book, formats, sheet)


def tables(o: OwnNumbers) -> list[Sheet]:
    """All sheets but the first, in order."""
    sheets = [overview_sheet(o), questions_sheet(o), *(grouping_sheet(o, b) for b in GROUPINGS)]
    if o.local_questions or o.local_breakdowns:
        sheets.append(local_sheet(o))
    sheets.append(differences_sheet(o))
    if o.published.earlier_rounds:
        sheets.append(development_sheet(o))
    sheets += [response_sheet(o), all_numbers_sheet(o)]
    return [*sheets, questionnaire_sheet(o), dictionary_sheet(o, sheets)]


def read_me(o: OwnNumbers, sheets: Sequence[Sheet]) -> list[tuple[str, str]]:
    """(term, text) lines of »Læs mig«; the first is its title."""
    rules, missing = o.round.settings, o.without_results
    lines = [
        (f"{captions.SURVEY}: resultater for {o.name}", ""),
        ("Runde", rules.title),
        (
            "Indsamling",
            captions.days(rules.calendar.collection.start, rules.calendar.collection.end),
        ),
        ("Udgivet", printing.date(rules.calendar.reporting.end)),
    ]
    if rules.simulated:
        lines.append(("Simulerede data", "Alle borgere og svar i denne fil er opdigtede."))
    lines.append(("Svar", findings.response_headline(o) + "."))
    if missing:
        named = captions.listed([m.name for m in missing])
        few = len(missing) <= MISSING_NAMED
        lines.append(("Uden resultater", f"{named if few else f'{len(missing)} kommuner'}."))
    lines += [("", ""), ("Ark", "Indhold")]
    lines += [(s.name, s.about) for s in sheets]
    lines += [("", ""), ("Sådan læses tallene", "")]
    lines += [(printing.capital(term), printing.capital(text)) for term, text in reading_guide(o)]
    lines += [
        *((term, printing.capital(text)) for term, text in marks(o, WORDS_OF_SHEETS)),
        (
            "Nedre og øvre grænse",
            f"Med {printing.percent(rules.comparison.confidence)} sikkerhed ligger tallet for alle borgere i "
            "målgrupperne mellem de to grænser.",
        ),
        (
            "Metode",
            "Stikprøven er udtrukket tilfældigt inden for hver målgruppe. Vægtene retter op for "
            "stikprøven og for, hvem der svarer, efter målgruppe, køn og alder. Usikkerheden er beregnet "
            "ud fra stikprøvens design.",
        ),
    ]
    return lines


def make_formats(book) -> dict:
    """The house's cell formats by kind of column, and those of titles, heads, notes and sums."""
    plain = {"font_name": "Arial", "font_size": 10, "font_color": style.INK, "valign": "top"}
    formats = {
        kind: book.add_format(plain | ({"num_format": form} if form else {}))
        for kind, form in _FORMATS.items()
    }
    formats["date"].set_align("left")
    formats["date"].set_indent(1)  # room beside a number
    for kind in TOTALS:
        look = {"bold": True, "top": 1, "num_format": _FORMATS[kind]}
        formats[f"total_{kind}"] = book.add_format(plain | look)
    formats["total"] = book.add_format(plain | {"bold": True, "top": 1})
    formats["wrapped"] = book.add_format(plain | {"text_wrap": True})
    formats["term"] = book.add_format(plain | {"bold": True, "text_wrap": True})
    formats["mark"] = book.add_format(
        plain | {"italic": True, "font_color": style.GREY, "align": "right"}
    )
    formats["title"] = book.add_format(
        plain | {"bold": True, "font_size": 14, "font_color": style.TEAL}
    )
    formats["note"] = book.add_format(plain | {"font_color": style.GREY})
    head = {"bold": True, "font_color": style.TEAL, "bg_color": style.TINT, "text_wrap": True}
    formats["head"] = book.add_format(
        plain | head | {"bottom": 1, "bottom_color": style.TEAL, "valign": "vcenter"}
    )
    return formats


def write_read_me(book, formats: dict, lines: list[tuple[str, str]]) -> None:
    page = book.add_worksheet("Læs mig")
    page.hide_gridlines(2)
    for column, width in enumerate(_READ_ME_WIDTHS):
        page.set_column(column, column, width)
    (title, _), *rest = lines
    page.write_string(0, 0, title, formats["title"])
    for row, (term, text) in enumerate(rest, start=2):
        page.write_string(row, 0, term, formats["term"])
        page.write_string(row, 1, text, formats["wrapped"])
        page.set_row(row, 13.5 * max(1, -(-len(text) // 105)))
    print_setup(page, "Læs mig")


def write_table(book, formats: dict, sheet: Sheet) -> None:
    """Title and note above the head, unless the sheet is a flat one that starts with its head."""
    page = book.add_worksheet(sheet.name)
    top = 0
    if sheet.title:
        page.write_string(0, 0, sheet.title, formats["title"])
        page.write_string(1, 0, sheet.note, formats["note"])
        top = 3
    for c, column in enumerate(sheet.columns):
        page.set_column(c, c, column.width)
        page.write_string(top, c, column.head, formats["head"])
    page.set_row(top, 45)
    kinds = [formats["wrapped" if c.wrap else c.kind] for c in sheet.columns]
    write_text, write_number = page.write_string, page.write_number
    for r, row in enumerate(sheet.rows, start=top + 1):
        for c, cell in enumerate(row):
            if cell is None:
                continue
            form = kinds[c]
            if type(cell) is tuple:  # a number whose format hangs on its row
                cell, kind = cell
                form = formats[kind]
            if type(cell) is not str:
                write_number(r, c, printing.exact(cell) if type(cell) is float else cell, form)
            elif sheet.columns[c].kind != "text":  # why there is no number
                write_text(r, c, cell, formats["mark"])
            else:
                write_text(r, c, cell, form)
    page.freeze_panes(top + 1, sheet.frozen_columns)
    if sheet.rows:
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)
    page.repeat_rows(top)
    print_setup(page, sheet.name)


def print_setup(page, name: str) -> None:
    """A4 across, as wide as the paper, with name and page number below."""
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer(f"&L{name}&RSide &P af &N")
