"""Extracts as municipalities send them, with the mild troubles that their layouts have."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from simulator.layouts import FASIT, MOMENTUM, Layout, layout_of
from simulator.persons import make_persons
from simulator.setting import Place, Setting, for_each, read_setting

EXCEL_EPOCH = np.datetime64("1899-12-30")


def write_extracts(
    root: Path, round_id: str, jobs: int = 1, progress: Callable[[str], None] | None = None
) -> list[Path]:
    """Write `data/<round>/extracts/<code>-<slug>.xlsx|csv` for each participant."""
    setting = read_setting(root, round_id)
    (setting.data / "extracts").mkdir(parents=True, exist_ok=True)
    return for_each(_write_extract, setting, setting.places, jobs, progress)


def _write_extract(setting: Setting, place: Place) -> Path:
    return write_extract(setting, place, make_persons(setting, place), layout_of(place.code))


def write_extract(
    setting: Setting,
    place: Place,
    persons: pd.DataFrame,
    layout: Layout,
    stem: Path | None = None,
) -> Path:
    """Write `persons` as the municipality's extract in `layout`; the folder is there. `stem`: the
    file's path without its ending; default: as in a round."""
    ending = "csv" if layout is FASIT else "xlsx"
    stem = stem or setting.data / "extracts" / f"{place.code}-{place.slug}"
    path = stem.with_name(f"{stem.name}.{ending}")
    beside = path.with_name(f".{path.name}")
    headings = [*layout.headings, *(b["column"] for b in place.background)]
    local = [persons[f"local_{b['id']}"].map(b["categories"]).tolist() for b in place.background]
    if layout is FASIT:
        _write_fasit(beside, persons, layout, headings, local)
    else:
        rng = setting.generator(place.code, "layout")
        made = setting.reference_date + dt.timedelta(days=1)
        _write_workbook(beside, persons, layout, headings, local, rng, made)
    os.replace(beside, path)
    return path


def _dates(days: pd.Series, form: str) -> list[str]:
    return days.dt.strftime(form).fillna("").tolist()


def _write_fasit(path: Path, persons: pd.DataFrame, layout: Layout, headings, local) -> None:
    """Semicolons, cp1252, J/N, ISO dates, benefits with a number before."""
    yes_no = {True: "J", False: "N"}
    columns = [
        persons["cpr"], persons["name"], persons["benefit"].map(layout.benefits),
        _dates(persons["spell_start"], "%Y-%m-%d"), _dates(persons["latest_conversation"], "%Y-%m-%d"),
        persons["course_closed"].map(yes_no), persons["phone"], persons["passive"].map(yes_no), *local,
    ]  # fmt: skip
    lines = [";".join(headings), *(";".join(row) for row in zip(*columns))]
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))


def _write_workbook(path, persons, layout, headings, local, rng, made: dt.date) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": dt.datetime.combine(made, dt.time(8))})
        if layout is MOMENTUM:
            _momentum(book, persons, layout, headings, local, rng, made)
        else:
            _standard(book, persons, layout, headings, local)


def _standard(book, persons, layout, headings, local) -> None:
    """One sheet, true dates, Ja/Nej."""
    sheet = book.add_worksheet("Population")
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    sheet.write_row(0, 0, headings)
    yes_no = {True: "Ja", False: "Nej"}
    cpr = persons["cpr"].str[:6] + "-" + persons["cpr"].str[6:]
    benefit = persons["benefit"].map(layout.benefits)
    starts, talks = (_serials(persons[c]) for c in ("spell_start", "latest_conversation"))
    closed, passive = (persons[c].map(yes_no) for c in ("course_closed", "passive"))
    rows = zip(
        cpr, persons["name"], benefit, starts, talks, closed, persons["phone"], passive, *local
    )
    for r, (number, name, kind, start, talk, *rest) in enumerate(rows, start=1):
        sheet.write_string(r, 0, number)
        sheet.write_string(r, 1, name)
        sheet.write_string(r, 2, kind)
        sheet.write_number(r, 3, start, day)
        if talk is not None:
            sheet.write_number(r, 4, talk, day)
        for c, cell in enumerate(rest, start=5):
            if cell:
                sheet.write_string(r, c, cell)


def _momentum(book, persons, layout, headings, local, rng, made: dt.date) -> None:
    """Title rows, CPR as a number, dates as text, X or nothing for passive, two sheets.

    Every second one is messier: guidance first, spaces in the headings, capitals, true dates and
    day numbers among the texts, and an »I alt« row at the end.
    """
    messy = rng.random() < 0.5
    guidance = None
    if messy:
        guidance = book.add_worksheet("Vejledning")
    sheet = book.add_worksheet("Udtræk")
    if guidance is None:
        guidance = book.add_worksheet("Vejledning")
    sheet.write_string(0, 0, "Populationsudtræk til borgerundersøgelse")
    sheet.write_string(1, 0, f"Dannet den {made:%d-%m-%Y}")
    if messy:
        headings = [
            f" {headings[0]} ",
            headings[1],
            headings[2].upper(),
            "Startdato\nydelse",
            *headings[4:],
        ]
    sheet.write_row(3, 0, headings)
    day = book.add_format({"num_format": "dd-mm-yyyy"})
    n = len(persons)
    form = rng.choice(["text", "date", "serial"], n, p=[0.7, 0.2, 0.1] if messy else [1, 0, 0])
    capitals = rng.random(n) < (0.2 if messy else 0)
    starts = zip(_dates(persons["spell_start"], "%d-%m-%Y"), _serials(persons["spell_start"]), form)
    talks = _dates(persons["latest_conversation"], "%d-%m-%Y")
    kinds = persons["benefit"].map(layout.benefits)
    rows = zip(persons["cpr"], persons["name"], kinds, capitals, starts, talks,
               persons["course_closed"], persons["phone"], persons["passive"], *local)  # fmt: skip
    last = 4
    for r, (number, name, kind, loud, start, talk, closed, phone, passive, *rest) in enumerate(
        rows, 4
    ):
        sheet.write_number(r, 0, int(number))
        sheet.write_string(r, 1, name)
        sheet.write_string(r, 2, f" {kind.upper()}\u00a0" if loud else kind)
        text, serial, how = start
        if how == "text":
            sheet.write_string(r, 3, text)
        else:
            sheet.write_number(r, 3, serial, *([day] if how == "date" else []))
        if talk:
            sheet.write_string(r, 4, talk)
        sheet.write_string(r, 5, "1" if closed else "0")
        if phone:
            sheet.write_string(r, 6, f"+45 {phone}")
        if passive:
            sheet.write_string(r, 7, "X")
        for c, cell in enumerate(rest, start=8):
            sheet.write_string(r, c, cell)
        last = r
    if messy:
        sheet.write_string(last + 2, 0, "I alt")
        sheet.write_number(last + 2, 7, n)
    guidance.write_string(0, 0, "Se arket Udtræk")


def _serials(days: pd.Series) -> list[int | None]:
    """Excel day numbers; None where there is no date."""
    numbers = (days.to_numpy().astype("datetime64[D]") - EXCEL_EPOCH).astype("timedelta64[D]")
    return [None if np.isnat(d) else int(d.astype(int)) for d in numbers]
