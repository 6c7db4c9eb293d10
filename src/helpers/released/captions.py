"""Danish words round the numbers: lists, spans of days, notes on hidden numbers, source lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from helpers.common import absent, printing
from helpers.released.numbers import Number, ResponseGroup
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published

SURVEY = "Borgerundersøgelse på beskæftigelsesområdet"
NAMED_IN_NOTE = 8  # a note names so many hidden categories; more are counted

Labelled = tuple[str, Number]


def listed(names: Sequence[str]) -> str:
    """»a, b og c«."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} og {names[-1]}"


def with_results(count: int) -> str:
    """»de 79 kommuner med resultater under ét«: who all participating municipalities are."""
    if count == 1:
        return "den ene kommune med resultater"
    return f"de {printing.number(count)} kommuner med resultater under ét"


def days(start: dt.date, end: dt.date) -> str:
    """»11.–31. marts 2024«, »28. marts–4. april 2024«."""
    first = printing.date(start)
    if start.year == end.year:
        first = first.rsplit(" ", 1)[0]
        if start.month == end.month:
            first = f"{start.day}."
    return f"{first}–{printing.date(end)}"


def reasons(numbers: Iterable[Number | ResponseGroup]) -> str:
    """»for få svar eller skjult for at beskytte andre«: why the missing ones are missing."""
    words = list(dict.fromkeys(x.words for x in numbers if not x.shown))
    return " eller ".join(words or [absent.why(absent.NOT_POSSIBLE).words])


def hidden_note(rows: Iterable[tuple[str, Number | ResponseGroup]], what: str = "spørgsmål") -> str:
    """»Vises ikke: Kvinder, Mænd (for få svar).«; empty where everything is shown."""
    by_mark: dict[str, list[str]] = {}
    for name, number in rows:
        if not number.shown:
            names = by_mark.setdefault(number.words, [])
            if name not in names:
                names.append(name)
    if not by_mark:
        return ""
    parts = [
        f"{listed(names) if len(names) <= NAMED_IN_NOTE else f'{len(names)} {what}'} ({mark})"
        for mark, names in by_mark.items()
    ]
    return f"Vises ikke: {'; '.join(parts)}."


def n_text(numbers: Iterable[Number]) -> str:
    """»n = 742«, or »n = 640–742« where the numbers rest on unlike many answers."""
    counts = sorted({x.n for x in numbers if x.shown and x.n is not None})
    if not counts:
        return ""
    if len(counts) == 1:
        return f"n = {printing.number(counts[0])}"
    return f"n = {printing.number(counts[0])}–{printing.number(counts[-1])}"


def source(o: OwnNumbers, numbers: Iterable[Number] = (), *, weighted: bool = True) -> str:
    parts = [f"Kilde: {SURVEY}, {o.round.settings.title}."]
    if weighted:
        parts.append("Vægtede tal.")
    count = n_text(numbers)
    if count:
        parts.append(f"{count}.")
    return " ".join(parts)


def country_stands_fast(published: Published) -> str:
    """Where the country's numbers hold others than those with results, because they stand fast as first
    published: who is not in them, and who still is. Empty else."""
    round_, have = published.round, {m.code for m in published.municipalities}
    out = [m.official_name for m in published.apart]
    still = [round_.municipalities[c].official_name for c in published.country if c not in have]
    text = ""
    if out:
        text += (
            f" {listed(out)} er kommet til, efter at tallene blev udgivet, og indgår ikke i dem: de "
            "ligger fast, for ellers kunne man regne små grupper ud af forskellen."
        )
    if still:
        text += (
            f" Tallene ligger fast, som de blev udgivet, og indeholder stadig svar fra {listed(still)}, "
            "der ikke har resultater mere."
        )
    return text
