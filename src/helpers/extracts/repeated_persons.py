"""A person who stands in several rows of an extract → the row that counts, by one stated rule.

Rows that say the same count once. Of others the one with the latest date of transition up to the
reference date counts: the benefit that the person is on that day. Where no row alone has it, or the
names have no word in common, a person must decide.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_COMPARED = ["row", "cpr", "birth_date", "gender", "name"]


@dataclass
class RepeatedPersons:
    """`left_out`: positions of the rows that do not count. The lists hold the rows of a person each,
    by their numbers in the file: those that say the same, those settled by the date, those settled
    with another name; and those that are not settled, by the date or by the names."""

    left_out: list[int] = field(default_factory=list)
    repeated: list[list[int]] = field(default_factory=list)
    by_date: list[list[int]] = field(default_factory=list)
    renamed: list[list[int]] = field(default_factory=list)
    undecided: list[list[int]] = field(default_factory=list)
    other_names: list[list[int]] = field(default_factory=list)


def resolve_repeated_persons(
    persons: pd.DataFrame, readable: np.ndarray, reference_date: dt.date
) -> RepeatedPersons:
    """Settle which row of each person counts.

    `persons` as of an Extract; `readable`: whether a row's number is one. Rows without a date of
    transition are left to the fault that they have anyway.
    """
    doubled = np.flatnonzero(readable & persons["cpr"].duplicated(keep=False).to_numpy())
    found = RepeatedPersons()
    if not len(doubled):
        return found
    table = persons.iloc[doubled].reset_index(drop=True)
    facts = [c for c in table if c not in _NOT_COMPARED]
    content = table.groupby(facts, dropna=False, sort=False).ngroup().to_numpy()
    start = table["spell_start"].to_numpy()
    day = np.datetime64(reference_date)
    words = [frozenset(_WORD.findall(name.casefold())) for name in table["name"]]
    for places in table.groupby("cpr", sort=False).indices.values():
        rows = table["row"].iloc[places].tolist()
        names = {words[p] for p in places if words[p]}
        if np.isnat(start[places]).any():
            continue
        if names and not frozenset.intersection(*names):
            found.other_names.append(rows)
            continue
        counted = [p for p in places if start[p] <= day] or list(places)
        latest = max(start[p] for p in counted)
        last = [p for p in counted if start[p] == latest]
        if len({content[p] for p in last}) > 1:
            found.undecided.append(rows)
            continue
        same = len({content[p] for p in places}) == 1
        (found.repeated if same else found.by_date).append(rows)
        if len(names) > 1:
            found.renamed.append(rows)
        kept = next((p for p in last if words[p]), last[0])
        found.left_out += [int(doubled[p]) for p in places if p != kept]
    return found
