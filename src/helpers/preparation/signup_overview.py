"""A round's sign-ups → `data/<round>/tilmeldinger.xlsx`: who takes part, what it costs, what is missing.

Names persons at the municipalities, so it stays under `data/` and is its owner's alone.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from helpers.common import printing
from helpers.common.paths import Paths, write_private
from helpers.parameters.municipalities import Municipality
from helpers.parameters.round_settings import PriceBand
from helpers.preparation.signup import SignUps
from helpers.preparation.signup_files import Agreement
from helpers.released import captions
from helpers.workbook.sheets import Cell, Column, Sheet
from helpers.workbook.workbook import make_formats, write_table

EXCEL_DAY_ZERO = dt.date(1899, 12, 30)
NAME = "tilmeldinger.xlsx"


def overview_file(paths: Paths) -> Path:
    return paths.data / NAME


def write_overview(paths: Paths, sign_ups: SignUps) -> Path:
    """Write the workbook; the same sign-ups give the same bytes."""
    whole = io.BytesIO()
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "in_memory": True,
    }
    settings = sign_ups.round.settings
    with xlsxwriter.Workbook(whole, options) as book:
        book.set_properties(
            {
                "title": f"Tilmeldinger: {captions.SURVEY}, {settings.title}",
                "created": dt.datetime.combine(settings.period.start, dt.time()),
            }
        )
        formats = make_formats(book)
        for sheet in (
            municipalities_sheet(sign_ups),
            prices_sheet(sign_ups),
            missing_sheet(sign_ups),
            *withdrawn_sheets(sign_ups),
        ):
            write_table(book, formats, sheet)
    return write_private(overview_file(paths), whole.getvalue())


def municipalities_sheet(sign_ups: SignUps) -> Sheet:
    """A row a participant."""
    round_ = sign_ups.round
    columns = (
        Column("Kode", 7),
        Column("Kommune", 19),
        Column("Region", 14),
        Column("Prisgruppe (indbyggere)", 17),
        Column("Indbyggere", 11, "count"),
        Column("Pris", 12, "price"),
        Column("Tilmeldt", 12, "date"),
        Column("Frist", 15),
        Column("Aftale sendt", 12, "date"),
        Column("Aftale underskrevet", 13, "date"),
        Column("Kontaktperson", 24),
        Column("E-mail", 30),
        Column("Telefon", 14),
        Column("Lokale spørgsmål", 11, "count"),
    )
    rows = [_row(sign_ups, place) for place in _in_order(sign_ups)]
    sign_up = round_.settings.calendar.sign_up
    deadline = f"Frist for tilmelding: {printing.date(sign_up.end)}. " if sign_up else ""
    years = captions.listed(sorted({str(m.year) for m in round_.municipalities.values()}))
    note = (
        f"{deadline}Indbyggere 1. januar {years}, rundet ned til hele tusinder, før prisgruppen findes. "
        "Fortroligt: navngiver personer i kommunerne."
    )
    return Sheet(
        "Tilmeldinger", "", columns, rows, f"Tilmeldinger: {round_.settings.title}", note, 2
    )


def _in_order(sign_ups: SignUps) -> list[Municipality]:
    return sorted(sign_ups.round.participants, key=lambda m: printing.danish_sort_key(m.name))


def _row(sign_ups: SignUps, place: Municipality) -> list[Cell]:
    row = sign_ups.rows.get(place.code)
    agreement = sign_ups.agreements.get(place.code, Agreement())
    contact = (row.contact_name, row.contact_email, row.contact_phone) if row else ("", "", "")
    return [
        place.code,
        place.name,
        place.region,
        band_label(sign_ups.round.settings.price_bands, sign_ups.round.price_band(place.code)),
        place.population,
        sign_ups.round.price_dkk(place.code),
        _serial(row.signed_up if row else None),
        _deadline(sign_ups.days_late(place.code)),
        _serial(agreement.sent),
        _serial(agreement.signed),
        *contact,
        sign_ups.local_questions.get(place.code, 0),
    ]


def _serial(day: dt.date | None) -> int | None:
    """A day as Excel counts it."""
    return None if day is None else (day - EXCEL_DAY_ZERO).days


def _deadline(days_late: int | None) -> str:
    if days_late is None:
        return "ukendt"
    if not days_late:
        return "overholdt"
    return f"{days_late} {'dag' if days_late == 1 else 'dage'} for sent"


def band_label(bands: tuple[PriceBand, ...], band: PriceBand) -> str:
    """»til 39.000«, »40.000–89.000«, »fra 150.000«: whole thousands of inhabitants, as rounded down."""
    place = bands.index(band)
    first = bands[place - 1].up_to_inhabitants // 1000 * 1000 + 1000 if place else None
    last = band.up_to_inhabitants
    if first is None:
        return "alle" if last is None else f"til {printing.number(last)}"
    start = printing.number(first)
    return f"fra {start}" if last is None else f"{start}–{printing.number(last)}"


def prices_sheet(sign_ups: SignUps) -> Sheet:
    """A row a price band with number of municipalities and sum, and the total."""
    bands = sign_ups.round.settings.price_bands
    found = [sign_ups.round.price_band(code) for code in sign_ups.round.settings.participants]
    rows: list[list[Cell]] = []
    for band in bands:
        count = sum(b is band for b in found)
        rows.append([band_label(bands, band), band.price_dkk, count, count * band.price_dkk])
    total = sum(b.price_dkk for b in found)
    rows.append(
        [("I alt", "total"), ("", "total"), (len(found), "total_count"), (total, "total_price")]
    )
    columns = (
        Column("Prisgruppe (indbyggere)", 26),
        Column("Pris pr. kommune", 18, "price"),
        Column("Kommuner", 12, "count"),
        Column("Beløb", 18, "price"),
    )
    title = f"Priser: {sign_ups.round.settings.title}"
    note = "Antal kommuner og beløb i hver prisgruppe."
    return Sheet("Priser", "", columns, rows, title, note)


def missing_sheet(sign_ups: SignUps) -> Sheet:
    """A row a municipality and thing that is missing; one row that says so where nothing is."""
    rows: list[list[Cell]] = [
        [place.code, place.name, what]
        for place in _in_order(sign_ups)
        for what in _missing(sign_ups, place.code)
    ]
    columns = (Column("Kode", 8), Column("Kommune", 24), Column("Mangler", 60))
    title = f"Mangler: {sign_ups.round.settings.title}"
    places = len({row[0] for row in rows})
    word = "kommune" if places == 1 else "kommuner"
    note = f"{places} {word} mangler noget." if rows else "Intet mangler."
    return Sheet("Mangler", "", columns, rows, title, note, 2)


def withdrawn_sheets(sign_ups: SignUps) -> list[Sheet]:
    """A row a withdrawal; no sheet where nobody has withdrawn."""
    round_ = sign_ups.round
    rows: list[list[Cell]] = [
        [
            w.municipality,
            round_.municipalities[w.municipality].name,
            _serial(w.withdrawn_on),
            w.reason,
            _serial(w.rejoined_on),
        ]
        for w in round_.withdrawals
    ]
    columns = (
        Column("Kode", 8),
        Column("Kommune", 24),
        Column("Udtrådt", 12, "date"),
        Column("Begrundelse", 60),
        Column("Optaget igen", 12, "date"),
    )
    title = f"Udtrådte kommuner: {round_.settings.title}"
    note = "Kommuner, som har deltaget i runden og er trådt ud af den."
    return [Sheet("Udtrådte", "", columns, rows, title, note, 2)] if rows else []


def _missing(sign_ups: SignUps, code: str) -> Iterator[str]:
    row, agreement = sign_ups.rows.get(code), sign_ups.agreements.get(code, Agreement())
    if row is None:
        yield "Tilmeldingen er ikke registreret (dato og kontaktperson)"
    else:
        words = {
            "kontaktperson": row.contact_name,
            "e-mail": row.contact_email,
            "telefon": row.contact_phone,
        }
        absent = [word for word, value in words.items() if not value]
        if absent:
            yield f"Kontakt: {captions.listed(absent)}"
    if agreement.signed is None:
        sent = f"sendt {printing.date(agreement.sent)}" if agreement.sent else "ikke sendt"
        yield f"Databehandleraftale: {sent}, ikke underskrevet"
