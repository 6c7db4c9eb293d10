"""The workbook »udvikling.xlsx«: the same numbers as the page, to sort and filter; every step, not only
the latest. The same numbers give the same bytes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter

from helpers.common import printing
from helpers.common.vocabulary import NATIONAL
from helpers.development.series import Development, Series
from helpers.released import captions
from helpers.workbook.sheets import Cell, Column, Sheet
from helpers.workbook.workbook import make_formats, write_read_me, write_table

NOTE = "Vægtede gennemsnit 1–5, som de er udgivet i runden selv."


def write_book(development: Development, path: Path) -> None:
    """Write the workbook at `path`."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    last = development.latest.round.settings.calendar.reporting.end
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties(
            {
                "title": f"{captions.SURVEY}: udvikling over tid",
                "created": dt.datetime.combine(last, dt.time()),
            }
        )
        formats = make_formats(book)
        sheets = [
            _overall(development),
            _themes(development),
            _every_number(development),
            _breaks(development),
        ]
        write_read_me(book, formats, _read_me(development, sheets))
        for sheet in sheets:
            write_table(book, formats, sheet)


def _read_me(development: Development, sheets: list[Sheet]) -> list[tuple[str, str]]:
    lines = [(f"{captions.SURVEY}: udvikling over tid", "")]
    lines += [
        ("Runder", captions.listed([p.round.settings.title for p in development.rounds]) + ".")
    ]
    if development.simulated:
        lines.append(("Simulerede data", "Alle borgere og svar i denne fil er opdigtede."))
    lines += [("", ""), ("Ark", "Indhold"), *((s.name, s.about) for s in sheets)]
    lines += [
        ("", ""),
        ("Sådan læses tallene", ""),
        (
            "Ændring",
            "Den senere rundes tal minus den tidligeres, som runden selv har beregnet den. Landets "
            "ændring er regnet for de kommuner, der deltog begge gange.",
        ),
        (
            "Vurdering",
            "»Steget« og »faldet« står kun, hvor ændringen er både sikker og stor nok til at nævne.",
        ),
        (
            "Ikke beregnet",
            "Temaet er det samme, men den senere runde har ikke beregnet en ændring. Det er "
            "ikke sagt, om forskellen er sikker.",
        ),
        (
            "Brud",
            "Målgrupperne er afgrænset på en anden måde end før, eller temaet er ændret. Hvad der er "
            "ændret, står på arket »Brud«.",
        ),
    ]
    return lines


def _areas(development: Development) -> list[str]:
    return [NATIONAL, *(m.code for m in development.places)]


def _overall(development: Development) -> Sheet:
    series = [development.series(code, development.overall) for code in _areas(development)]
    rows = [[development.name(s.code), *_wide(development, s)] for s in series]
    label = development.overall.label
    about = f"{label} i landet og hver kommune, en kolonne pr. runde."
    columns = (Column("Område", 28), *_columns(development))
    return Sheet(label[:31], about, columns, rows, f"{label} over tid", NOTE, 1)


def _themes(development: Development) -> Sheet:
    series = [development.series(c, x) for c in _areas(development) for x in development.lines]
    rows = [[development.name(s.code), s.line.label, *_wide(development, s)] for s in series]
    columns = (Column("Område", 28), Column("Tema", 34), *_columns(development))
    about = "Hvert tema i landet og hver kommune, en kolonne pr. runde."
    return Sheet("Temaer", about, columns, rows, "Temaerne over tid", NOTE, 2)


def _columns(development: Development) -> tuple[Column, ...]:
    titles = [printing.capital(p.round.settings.title) for p in development.rounds]
    return (
        *(Column(title, 14, "mean") for title in titles),
        Column("Seneste ændring", 12, "difference"),
        Column("Nedre grænse", 11, "difference"),
        Column("Øvre grænse", 11, "difference"),
        Column("Vurdering", 30),
        Column("Brud", 60, wrap=True),
    )


def _wide(development: Development, series: Series) -> list[Cell]:
    step = series.step_to(development.ids[-1])
    values: list[Cell] = [p.value if p.shown else p.words for p in series.points]
    if step is None:
        return [*values, *[None] * 5]
    said = printing.capital(step.verdict) + development.since(step)
    return [*values, step.difference, step.low, step.high, said, step.why or None]


def _every_number(development: Development) -> Sheet:
    columns = (
        Column("Kommunekode", 12), Column("Område", 28), Column("Tema", 34), Column("Runde", 22),
        Column("Gennemsnit", 11, "mean"), Column("Nedre grænse", 10, "mean"),
        Column("Øvre grænse", 10, "mean"), Column("Antal svar", 9, "count"), Column("Siden", 22),
        Column("Ændring", 10, "difference"), Column("Ændring: nedre grænse", 10, "difference"),
        Column("Ændring: øvre grænse", 10, "difference"), Column("Vurdering", 24),
        Column("Brud", 60, wrap=True),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for code in _areas(development):
        for line in development.lines:
            series = development.series(code, line)
            for point in series.points:
                step = series.step_to(point.round_id)
                rows.append(
                    [
                        "" if code == NATIONAL else code,
                        development.name(code),
                        line.label,
                        development.title(point.round_id),
                        *(
                            (point.value, point.low, point.high, point.n)
                            if point.shown
                            else (point.words,) * 4
                        ),
                        *(
                            (
                                development.title(step.before),
                                step.difference,
                                step.low,
                                step.high,
                                printing.capital(step.verdict),
                                step.why or None,
                            )
                            if step
                            else (None,) * 6
                        ),
                    ]
                )
    about = "En række pr. område, tema og runde, med grænser, antal svar og ændringen siden sidst."
    return Sheet("Alle tal", about, columns, rows, frozen_columns=3)


def _breaks(development: Development) -> Sheet:
    rows: list[list[Cell]] = [
        [development.title(a), development.title(b), text or "Ingen brud"]
        for a, b, text in development.breaks()
    ]
    columns = (Column("Fra", 26), Column("Til", 26), Column("Hvad der er ændret", 110, wrap=True))
    return Sheet(
        "Brud", "Hvad der er ændret mellem runderne.", columns, rows, "Brud mellem runderne", "", 0
    )
