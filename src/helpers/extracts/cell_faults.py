"""The faulty cells and rows of one file, collected: each told once, and of very many the last stands for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat

import numpy as np
import pandas as pd

from helpers.common.quoting import quoted
from helpers.faults.faults import Fault, Place, fault
from helpers.received.cells import as_text
from helpers.received.sheets import CellError, Sheet, lost_kind

MAX_LISTED_PER_KIND = 1_000  # faults of a kind in a column told one by one; the others are counted


@dataclass
class CellFaults:
    """Collects faulty cells; a value is quoted only where it cannot identify a person.

    `columns`: field → (position from 0, heading as it is asked for).
    """

    place: Place
    columns: Mapping[str, tuple[int, str]]
    faults: list[Fault] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)  # of all faults, also of those only counted
    lost: dict[str, set[int]] = field(default_factory=dict)  # field → rows told by `add_lost` alone
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and field
    last: dict[tuple[str, str], int] = field(default_factory=dict)  # index of its last fault

    def add_lost(self, body: pd.DataFrame) -> None:
        """The cells whose value is lost, in whatever field; no other fault of theirs is told."""
        for name in self.columns:
            errors = {row: c for row, c in body[name].items() if type(c) is CellError}
            for row, error in errors.items():
                self.add(lost_kind(error), [row], name, text=str(error))
            self.lost[name] = set(errors)

    def add(
        self,
        kind: str,
        row_numbers: Iterable[int],
        name: str,
        texts: Iterable[str] | None = None,
        **details: object,
    ) -> None:
        """The same kind of fault in these rows of one field; `texts`: the detail `text` of each."""
        lost, key = self.lost.get(name, ()), (kind, name)
        for row, text in zip(map(int, row_numbers), repeat(None) if texts is None else texts):
            if row in lost:
                continue
            self.rows.add(row)
            self.counts[key] += 1
            if self.counts[key] <= MAX_LISTED_PER_KIND + 1:
                own = {"text": text} if text is not None else {}
                position, title = self.columns[name]
                place = replace(self.place, row=row, column=title, cells=((row, position + 1),))
                self.faults.append(fault(kind, place, **details, **own))
                self.last[key] = len(self.faults) - 1

    def add_cells(
        self,
        kind: str,
        cells: pd.Series,
        where: np.ndarray,
        name: str,
        known: Iterable[str] = (),
        **details: object,
    ) -> None:
        """The cells `where` is true, each with its text; one without text is empty. `known`: texts that
        the column may have, beside which it is quoted or not."""
        if where.any():
            texts = as_text(cells[where])
            empty = texts == ""
            self.add("empty", texts.index[empty], name)
            near = [*known, self.columns[name][1]]
            shown = {text: quoted(text, near) for text in texts[~empty].unique()}
            self.add(kind, texts.index[~empty], name, texts[~empty].map(shown), **details)

    def add_overlong(self, rows: np.ndarray, sheet: Sheet, width: int) -> None:
        """Rows with cells beyond the headings."""
        self.rows.update(map(int, rows))
        listed = [
            _overlong(self.place, int(r), sheet.rows[r - 1], width)
            for r in rows[:MAX_LISTED_PER_KIND]
        ]
        self.faults += count_last(listed, len(rows))

    def add_rows(self, faults: Sequence[Fault]) -> None:
        """Faults of whole rows, which are marked in their first cell."""
        self.rows.update(f.place.row for f in faults)
        listed = [
            replace(f, place=replace(f.place, cells=((f.place.row, 1),)))
            for f in faults[:MAX_LISTED_PER_KIND]
        ]
        self.faults += count_last(listed, len(faults))

    def in_order(self) -> list[Fault]:
        """All faults by row; the last one of a kind in a field stands for those that are only counted."""
        for key, count in self.counts.items():
            if count > MAX_LISTED_PER_KIND:
                last = self.last[key]
                self.faults[last] = replace(self.faults[last], count=count - MAX_LISTED_PER_KIND)
        return sorted(self.faults, key=lambda f: (f.place.row, f.place.column))


def count_last(listed: list[Fault], count: int) -> list[Fault]:
    """The faults, the last of which stands for all of the `count` that are not among them."""
    return [*listed[:-1], replace(listed[-1], count=1 + count - len(listed))] if listed else []


def _overlong(place: Place, row: int, cells: Sequence[object], width: int) -> Fault:
    """The fault of a row with cells beyond the headings; the first such cell is its place."""
    first = next(i for i, c in enumerate(cells) if i >= width and str(c).strip())
    return fault("overlong", replace(place, row=row, cells=((row, first + 1),)))
