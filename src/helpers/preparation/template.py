"""The workbook that a municipality fills in: headings of a layout, drop-downs, dates, guidance.

It holds no persons and lies under `build/<round>/skabeloner/`, from where it may leave the house.
The same parameters give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from helpers.common import printing, style
from helpers.common.paths import Paths, write_atomically
from helpers.parameters.params import ExtractFormat, Municipality, Round
from helpers.parameters.questionnaires import LocalBackground
from helpers.preparation.template_texts import (
    COLUMNS,
    DATA_SHEET,
    EMPTY_MEANS_NO,
    GUIDANCE_SHEET,
    LIST_SHEET,
    LOCAL,
    MISTAKES,
    PROMPT_MAX,
    PROMPT_TITLE_MAX,
    ColumnText,
    benefit_rows,
    guidance,
    title,
    words_for,
)

ROWS = 50_000  # the largest municipality's extract has some 30,000
EARLIEST = dt.date(1970, 1, 1)  # a spell that began earlier is a slip of the pen
_DATES = ("spell_start", "latest_conversation")
_WIDTHS = {"cpr": 15, "name": 28, "benefit": 44, "phone": 14}


@dataclass(frozen=True)
class _Column:
    """One column of the sheet to fill in; `choices` fill a drop-down list."""

    field: str  # of the layout, or empty for a local background variable
    heading: str
    text: ColumnText
    choices: tuple[str, ...] = ()


def write_templates(
    paths: Paths, round_: Round, layouts: Sequence[ExtractFormat], codes: Sequence[str] = ()
) -> list[Path]:
    """Write `udtraek-<layout>.xlsx` for each layout, and `<code>-<slug>-udtraek-<layout>.xlsx` for
    each of the municipalities `codes` that has local background variables."""
    places = [None, *(round_.municipalities[c] for c in codes if round_.local_for(c).background)]
    written = []
    for place in places:
        for layout in layouts:
            before = f"{place.folder}-" if place else ""
            path = paths.templates / f"{before}udtraek-{layout.layout}.xlsx"
            columns = _columns(round_, layout, place)
            written.append(
                write_atomically(
                    path,
                    lambda temporary, c=columns, f=layout, p=place: _write(
                        temporary, round_, f, p, c
                    ),
                )
            )
    return written


# ---------------------------------------------------------------------------------------- columns


def _columns(round_: Round, layout: ExtractFormat, place: Municipality | None) -> list[_Column]:
    local = round_.local_for(place.code).background if place else ()
    shared = _details(round_, layout)
    columns = []
    for field in COLUMNS:
        heading = layout.columns[field][0]
        yes, no = words_for(heading, layout)
        choices = {
            "benefit": tuple(layout.benefits),
            "course_closed": (yes, no),
            "passive": (yes, no),
        }.get(field, ())
        text = _filled(COLUMNS[field], {**shared, "yes": yes, "no": no})
        columns.append(_Column(field, heading, text, choices))
    return columns + [_local_column(background) for background in local]


def _details(round_: Round, layout: ExtractFormat) -> dict[str, str]:
    reference = round_.settings.reference_date
    empty = {
        f"empty_{f}": EMPTY_MEANS_NO if f in layout.empty_means_no else ""
        for f in ("course_closed", "passive")
    }
    return {
        "benefit": next(iter(layout.benefits), ""),
        "reference": printing.date(reference),
        "deadline": printing.date(_latest(round_)["latest_conversation"]),
        "earliest": printing.date(EARLIEST),
        "start_example": f"{reference - dt.timedelta(days=120):%d-%m-%Y}",
        "conversation_example": f"{reference - dt.timedelta(days=20):%d-%m-%Y}",
        **empty,
    }


def _latest(round_: Round) -> dict[str, dt.date]:
    """The last day that a date can have: an extract is made after the reference date, and the latest
    conversation in it may lie between."""
    settings = round_.settings
    deadline = max(settings.reference_date, settings.calendar.extract_deadline())
    return dict(zip(_DATES, (settings.reference_date, deadline)))


def _local_column(background: LocalBackground) -> _Column:
    choices = tuple(background.categories.values())
    texts = {"label": background.label, "categories": ", ".join(choices), "category": choices[0]}
    return _Column("", background.column, _filled(LOCAL, texts), choices)


def _filled(text: ColumnText, details: dict[str, str]) -> ColumnText:
    return ColumnText(
        *(getattr(text, part).format(**details) for part in text.__dataclass_fields__)
    )


# ---------------------------------------------------------------------------------------- writing


def _write(
    path: Path,
    round_: Round,
    layout: ExtractFormat,
    place: Municipality | None,
    columns: Sequence[_Column],
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(path, options) as book:
        made = dt.datetime.combine(round_.settings.reference_date, dt.time())
        book.set_properties({"title": title(round_, place), "created": made})
        formats = _formats(book)
        _write_guidance(book, formats, round_, layout, place, columns)
        lists = _list_ranges(columns)
        _write_data(book, formats, round_, columns, lists)
        _write_lists(book, columns, lists)


def _formats(book) -> dict:
    plain = {"font_name": "Arial", "font_size": 10, "font_color": style.INK, "valign": "top"}
    wrapped = plain | {"text_wrap": True}
    head = {"bold": True, "font_color": style.TEAL, "bg_color": style.TINT, "text_wrap": True}
    head |= {"bottom": 1, "bottom_color": style.TEAL, "valign": "vcenter"}
    kinds = {
        "wrapped": wrapped,
        "term": wrapped | {"bold": True},
        "cell": wrapped | {"bottom": 1, "bottom_color": style.LIGHT_GREY, "valign": "vcenter"},
        "title": plain | {"bold": True, "font_size": 14, "font_color": style.TEAL},
        "section": plain | {"bold": True, "font_size": 12, "font_color": style.TEAL},
        "head": plain | head,
        "text": {"num_format": "@"},
        "date": {"num_format": "dd-mm-yyyy", "align": "left"},
    }
    return {name: book.add_format(kind) for name, kind in kinds.items()}


_GUIDE_WIDTHS = (38, 56, 46, 22)
_SIGNS_A_WIDTH = 1.12  # signs of Arial 10 to one unit of a column's width


def _write_guidance(book, formats, round_, layout, place, columns) -> None:
    page = book.add_worksheet(GUIDANCE_SHEET)
    page.hide_gridlines(2)
    for c, width in enumerate(_GUIDE_WIDTHS):
        page.set_column(c, c, width)
    page.write_string(0, 0, title(round_, place), formats["title"])
    page.set_row(0, 22)
    row = _lines(page, formats, 2, guidance(round_, place))
    sections = (
        (
            "Kolonner",
            ("Kolonne", "Betydning", "Skrives som", "Eksempel"),
            [(c.heading, c.text.meaning, c.text.form, c.text.example) for c in columns],
        ),
        ("Ydelser", ("Ydelse", "Målgruppe", "Tid på ydelsen"), benefit_rows(round_, layout)),
    )
    for name, heads, rows in sections:
        row = _table(page, formats, row + 1, name, heads, rows)
    page.write_string(row + 1, 0, "Hyppige fejl", formats["section"])
    _lines(page, formats, row + 2, MISTAKES)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&LVejledning til populationsudtræk&RSide &P af &N")


def _lines(page, formats, row: int, lines) -> int:
    """Terms with their text; the row behind the last."""
    for term, text in lines:
        page.write_string(row, 0, term, formats["term"])
        page.merge_range(row, 1, row, 3, text, formats["wrapped"])
        page.set_row(row, _height((text, sum(_GUIDE_WIDTHS[1:]))))
        row += 1
    return row


def _table(page, formats, row: int, name: str, heads, rows) -> int:
    page.write_string(row, 0, name, formats["section"])
    page.set_row(row, 20)
    page.write_row(row + 1, 0, heads, formats["head"])
    row += 2
    for cells in rows:
        for c, cell in enumerate(cells):
            page.write_string(row, c, cell, formats["cell"])
        page.set_row(row, _height(*zip(cells, _GUIDE_WIDTHS)))
        row += 1
    return row


def _height(*cells: tuple[str, int]) -> float:
    """Points that the longest of (text, column width) needs."""
    lines = (-(-len(text) // int(width * _SIGNS_A_WIDTH)) for text, width in cells)
    return 5 + 13.5 * max(1, *lines)


def _list_ranges(columns: Sequence[_Column]) -> dict[str, str]:
    """Heading → range on the sheet of lists. A list in the cell's own rule holds 255 signs at most,
    and a comma in a text would split it."""
    ranges = {}
    for c, column in enumerate(c for c in columns if c.choices):
        name = xl_col_to_name(c)
        ranges[column.heading] = f"={LIST_SHEET}!${name}$2:${name}${len(column.choices) + 1}"
    return ranges


def _write_data(book, formats, round_, columns, lists) -> None:
    page = book.add_worksheet(DATA_SHEET)
    for c, column in enumerate(columns):
        kind = "date" if column.field in _DATES else "text"
        page.set_column(c, c, _WIDTHS.get(column.field, 20), formats[kind])
        page.write_string(0, c, column.heading, formats["head"])
        page.data_validation(1, c, ROWS, c, _prompts(column) | _rule(column, c, round_, lists))
    page.set_row(0, 45)
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _prompts(column: _Column) -> dict:
    """What Excel shows at a cell, and when it is wrong."""
    short = column.heading[:PROMPT_TITLE_MAX]
    prompts = {
        "input_title": short,
        "input_message": _short(f"{column.text.meaning} {column.text.form}"),
    }
    if column.text.error:
        prompts |= {"error_title": short, "error_message": _short(column.text.error)}
    return prompts


def _short(text: str) -> str:
    return text if len(text) <= PROMPT_MAX else text[: PROMPT_MAX - 1] + "…"


def _rule(column: _Column, c: int, round_: Round, lists: dict[str, str]) -> dict:
    cell = f"{xl_col_to_name(c)}2"
    if column.choices:
        return {"validate": "list", "source": lists[column.heading]}
    if column.field in _DATES:
        limits = {"minimum": EARLIEST, "maximum": _latest(round_)[column.field]}
        return {"validate": "date", "criteria": "between", **limits}
    if column.field == "cpr":
        name, digits = xl_col_to_name(c), f'SUBSTITUTE({cell},"-","")'
        once = f"COUNTIF(${name}$2:${name}${ROWS + 1},{cell})=1"
        value = f"=AND(LEN({digits})=10,ISNUMBER(VALUE({digits})),{once})"
        return {"validate": "custom", "value": value}
    if column.field == "phone":
        digits = f'SUBSTITUTE(SUBSTITUTE({cell}," ",""),"+45","")'
        return {"validate": "custom", "value": f"=LEN({digits})=8", "error_type": "warning"}
    return {"validate": "any"}


def _write_lists(book, columns, lists) -> None:
    page = book.add_worksheet(LIST_SHEET)
    for c, column in enumerate(c for c in columns if c.heading in lists):
        page.write_string(0, c, f"Liste {c + 1}")
        page.set_column(c, c, 48)
        for row, choice in enumerate(column.choices, start=1):
            page.write_string(row, c, choice)
    page.hide()
