"""How often extracts had to be mended, and for what: by kind of fault and by layout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from helpers.extracts.intake_history import REFUSED, TAKEN_IN
from helpers.parameters.params import Municipality
from helpers.review.inputs import Review

NO_LAYOUT = ""  # refused before a layout was recognised


@dataclass(frozen=True)
class Extracts:
    """Participants by how their extract came to be taken in.

    `first_time`: without a refusal before; `mended`: after one or more; `still_refused`: seen and never
    taken in; `missing`: never seen. `refusals`: municipality → files refused until the first was taken
    in. `dated`: whether histories were kept, so that refusals are counted and not only the latest known.
    """

    first_time: tuple[Municipality, ...]
    mended: tuple[Municipality, ...]
    still_refused: tuple[Municipality, ...]
    missing: tuple[Municipality, ...]
    refusals: dict[str, int]
    dated: bool

    @property
    def seen(self) -> int:
        return len(self.first_time) + len(self.mended) + len(self.still_refused)


def extracts(review: Review) -> Extracts:
    groups: dict[str, list[str]] = {k: [] for k in ("first", "mended", "refused", "missing")}
    refusals = {}
    for place in review.round.participants:
        outcomes = [a.outcome for a in review.attempts_of(place.code)]
        taken = outcomes.index(TAKEN_IN) if TAKEN_IN in outcomes else None
        before = outcomes[:taken].count(REFUSED)
        if before:
            refusals[place.code] = before
        if not outcomes:
            groups["missing"].append(place.code)
        elif taken is None:
            groups["refused"].append(place.code)
        else:
            groups["mended" if before else "first"].append(place.code)
    dated = all(a.day is not None for a in review.attempts)
    return Extracts(*(review.named(codes) for codes in groups.values()), refusals, dated)


def faults(review: Review) -> pd.DataFrame:
    """A row a kind × layout of the refused files: `files` that had it, `municipalities`, `faults`
    (places told). The most common kind first."""
    rows = [
        (kind, a.layout, a.municipality, n)
        for a in review.attempts
        if a.outcome == REFUSED
        for kind, n in a.faults.items()
    ]
    table = pd.DataFrame(rows, columns=["kind", "layout", "municipality", "faults"])
    found = (
        table.groupby(["kind", "layout"])
        .agg(
            files=("faults", "size"),
            municipalities=("municipality", "nunique"),
            faults=("faults", "sum"),
        )
        .reset_index()
    )
    most = found.groupby("kind")["files"].transform("sum")
    by, ascending = ["_most", "kind", "files", "layout"], [False, True, False, True]
    order = found.assign(_most=most).sort_values(by, ascending=ascending)
    return order.drop(columns="_most").reset_index(drop=True)


def layouts(review: Review) -> pd.DataFrame:
    """A row a layout: municipalities whose files were in it, files seen, and files refused."""
    rows = [(a.layout, a.municipality, a.outcome == REFUSED) for a in review.attempts]
    table = pd.DataFrame(rows, columns=["layout", "municipality", "refused"])
    return (
        table.groupby("layout")
        .agg(
            municipalities=("municipality", "nunique"),
            files=("refused", "size"),
            refused=("refused", "sum"),
        )
        .reset_index()
        .sort_values(["files", "layout"], ascending=[False, True], ignore_index=True)
    )


def ignored_columns(review: Review) -> list[tuple[str, int]]:
    """Headings that no layout knows in the latest file of each municipality, and how many
    municipalities have them; the most common first."""
    latest = {a.municipality: a for a in review.attempts}
    found = Counter(h for a in latest.values() for h in dict.fromkeys(a.ignored_columns))
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))
