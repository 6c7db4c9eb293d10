"""What an extract is read as by a stated rule, told so that a person can see where it means otherwise.

Counts and row numbers only: no citizen is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

import numpy as np
import pandas as pd

from helpers.common.labels import normalise
from helpers.common.message_values import Count
from helpers.extracts.repeated_persons import RepeatedPersons
from helpers.extracts.tables import Found
from helpers.faults.faults import Fault, Place, fault
from helpers.received.cell_texts import looks_like_mojibake
from helpers.received.cells import EPOCH, EPOCH_1904, are_day_numbers, as_text

ROWS_NAMED = 10
_SELDOM_IN_NAMES = "[^A-Za-zÆØÅæøå '.,-]"


def notices_of(
    found: Found,
    place: Place,
    title: Mapping[str, str],
    body: pd.DataFrame,
    persons: pd.DataFrame,
    padded: np.ndarray,
    repeated: RepeatedPersons,
) -> tuple[Fault, ...]:
    """Findings that refuse nothing, of the sheets first, then by column.

    `title`: field → heading; `body`: cells as received, a row a row of persons,
    with those whose value is lost; `persons`: the same
    rows as read; `padded`: whose CPR number got its leading zero back.
    """

    def of(kind: str, name: str, **details: object) -> Fault:
        return fault(kind, replace(place, column=title[name]), **details)

    notices = [*found.notices]
    hidden = [r for r in body.index if r in found.sheet.hidden_rows]
    if hidden:
        notices.append(fault("hidden_rows", place, **_counted(hidden)))
    if padded.any():
        notices.append(of("cpr_padded", "cpr", count=Count(int(padded.sum()))))
    seldom = persons[persons["name"].str.contains(_SELDOM_IN_NAMES)]
    odd = [row for row, name in zip(seldom["row"], seldom["name"]) if looks_like_mojibake(name)]
    if odd:
        notices.append(of("odd_letters", "name", **_counted(odd)))
    for kind, groups in (
        ("person_repeated", repeated.repeated),
        ("person_on_two_benefits", repeated.by_date),
        ("person_with_two_names", repeated.renamed),
    ):
        if groups:
            rows = list(chain.from_iterable(groups))
            notices.append(of(kind, "cpr", **_counted(rows) | {"count": Count(len(groups))}))
    notices += [
        of(kind, name, **details) for kind, name, details in _of_cells(found, body, persons)
    ]
    return tuple(notices)


def _of_cells(
    found: Found, body: pd.DataFrame, persons: pd.DataFrame
) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Kind, field and details of empty cells that mean something, and of numbers read as days."""
    layout, sheet = found.layout, found.sheet
    no = {normalise(w) for w in layout.no_words}
    for name in ("passive", "course_closed", "latest_conversation"):
        texts = as_text(body[name])
        empty = (texts == "").to_numpy(bool)
        if not empty.any():
            continue
        counted = {"count": Count(int(empty.sum())), "of": Count(len(empty))}
        if name == "latest_conversation":
            yield "no_conversation", name, counted
        elif name in layout.empty_means_no:
            words = {normalise(t) for t in texts[~empty].unique()} & no
            kind = "empty_beside_no" if words else "empty_means_no"
            yield kind, name, _counted(body.index[empty]) | counted
    epoch = EPOCH_1904 if sheet.epoch_1904 else EPOCH
    for name in ("spell_start", "latest_conversation"):
        days = persons[name].to_numpy()
        numbers = are_day_numbers(body[name]) & ~np.isnat(days)
        if not sheet.epoch_1904:  # a number in a workbook that counts from 1900 is surely a day
            numbers &= np.array([isinstance(cell, str) for cell in body[name]], dtype=bool)
        if numbers.any():
            latest, since = (d.astype("datetime64[D]").item() for d in (days[numbers].max(), epoch))
            counted = {"count": Count(int(numbers.sum()))}
            yield (
                "day_numbers",
                name,
                counted | {"epoch": since, "latest": latest},
            )


def _counted(rows: Iterable[int]) -> dict[str, str]:
    """Their number, and the first of them."""
    given = [str(row) for row in rows]
    named = ", ".join(given[:ROWS_NAMED]) + (" …" if given[ROWS_NAMED:] else "")
    return {"count": Count(len(given)), "rows": named}
