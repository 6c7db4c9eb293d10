"""Units of publication: a block of whole months of the municipalities with blocks of that length.

A unit is estimated and protected once, as if it were published alone, when its last month has closed,
and stands fast. All that is ever published are sums of units' shown cells (`windows.py`), so whoever
has every publication knows no more than whoever has every unit's protected table; and units share no
answers, so one unit's table tells nothing of another's (docs/rolling.md).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import WeightError
from helpers.disclosure.protection import protect
from helpers.estimation.estimates import KEYS, SUMS, estimate_municipality
from helpers.estimation.weighting import Weighted, weigh
from helpers.rolling.answers import is_closed
from helpers.rolling.month import ASKED, DELIVERED, FRAME, STRATA
from helpers.rolling.months import add_months, months_between, name, ordinal
from helpers.rolling.places import RECORD, Places, commit_folder, read_record, write_record
from helpers.rolling.settings import MONTHS_A_YEAR, Rolling
from helpers.sampling.sampling import FRAME_COLUMNS, STRATUM

ESTIMATES, CELLS = "estimates.parquet", "cells.parquet"


@dataclass(frozen=True)
class Block:
    """Whole months in a row; blocks of one length follow each other from the first month on."""

    months_long: int
    first: dt.date

    @property
    def last(self) -> dt.date:
        return add_months(self.first, self.months_long - 1)

    @property
    def months(self) -> list[dt.date]:
        return months_between(self.first, self.last)


def block_with(months_long: int, first_month: dt.date, month: dt.date) -> Block:
    number = (ordinal(month) - ordinal(first_month)) // months_long
    return Block(months_long, add_months(first_month, number * months_long))


def block_lengths(places: Places, rolling: Rolling) -> dict[str, int]:
    """Municipality → months of its blocks, as its first extract decided; none before."""
    lengths: dict[str, int] = {}
    for month in places.started():
        for code in rolling.settings.participants:
            file = places.of_month(month, code) / RECORD
            if code not in lengths and file.is_file():
                of_month = read_record(file.parent)
                if of_month["state"] == DELIVERED:
                    lengths[code] = of_month["block_months"]
    return lengths


def make_unit(places: Places, rolling: Rolling, block: Block, codes: list[str]) -> None:
    """Estimate and protect a block whose months have closed, and commit `units/<length>-<first>/`.

    `estimates.parquet`: a row a municipality × KEYS with sums in person-years; `cells.parquet`: the
    status of each cell of the unit and of its municipalities together.
    """
    unit = places.unit(block.months_long, block.first)
    if unit.is_dir():
        return
    parts, of_codes = [], {}
    for code in codes:
        months = [m for m in block.months if (places.of_month(m, code) / ASKED).is_file()]
        weighted = weigh_block(places, rolling, months, code) if months else None
        answers = 0
        if weighted is not None:
            with np.errstate(divide="ignore", invalid="ignore"):  # intervals are a window's matter
                table = estimate_municipality(weighted, rolling.round, code)
            parts.append(table[["municipality", *KEYS, *SUMS]])
            answers = len(weighted.respondents)
        of_codes[code] = {
            "months": [name(m) for m in months],
            "answers": answers,
            "notes": list(weighted.collapsed) if weighted else [],
        }
    record = {"first": name(block.first), "last": name(block.last), "municipalities": of_codes}
    if parts:
        estimates = pd.concat(parts, ignore_index=True)
        measures = {c: rolling.round.measures(c) for c in codes}
        rules = rolling.settings.disclosure
        found = protect(estimates, pd.DataFrame(), rules, measures=measures)
        cells, record["protection"] = found.cells, found.summary()

    def write(folder: Path) -> None:
        if parts:
            estimates.to_parquet(folder / ESTIMATES)
            cells.to_parquet(folder / CELLS)
        write_record(folder, record)

    commit_folder(unit, write)


def weigh_block(
    places: Places, rolling: Rolling, months: list[dt.date], code: str
) -> Weighted | None:
    """Weights of the block's respondents, in person-years; None where nobody answered.

    Design weight 1/(12·p) and margins Σ N/12 over the months with an extract, so that blocks add up
    to windows. The finite population of a stratum is told by `_finite_population`.
    """
    folders = [places.of_month(m, code) for m in months]
    asked = pd.concat([pd.read_parquet(f / ASKED) for f in folders], ignore_index=True)
    frames = pd.concat([pd.read_parquet(f / FRAME) for f in folders])
    frame = frames.groupby(FRAME_COLUMNS, dropna=False, as_index=False)["population"].sum()
    frame["population"] /= MONTHS_A_YEAR
    strata = [pd.read_parquet(f / STRATA).set_index(STRATUM) for f in folders]
    population = _finite_population(strata)
    least = asked[STRATUM].value_counts().reindex(population.index, fill_value=0)
    asked["stratum_population"] = asked[STRATUM].map(np.maximum(population, least))
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # raking that fails is left out and told
            return weigh(asked, frame, rolling.settings.weighting)
    except WeightError:
        if asked["responded"].any():
            raise
        return None


def _finite_population(strata: list[pd.DataFrame]) -> pd.Series:
    """Persons per target group behind a block: those of a year, U, times the block's share of it.

    U = N of the first month + those who entered since, as many in a year as in the block. With a
    constant probability the exact correction is 1 − f·ā with ā the mean share of a year that a
    person-month's citizen is there; m/U is no more than that, since the mean over citizens is no more
    than that over person-months. One month tells nothing of a year: no correction.
    """
    months = len(strata)
    if months == 1:
        return strata[0]["population"] * np.inf
    entered = sum(s["entered"] for s in strata[1:])
    of_year = strata[0]["population"] + entered * (MONTHS_A_YEAR - 1) / (months - 1)
    return of_year * months / MONTHS_A_YEAR


def blocks_due(rolling: Rolling, lengths: dict[str, int], month: dt.date) -> list[Block]:
    """The blocks whose last month is `month`, shortest first."""
    first = rolling.settings.first
    blocks = [block_with(length, first, month) for length in sorted(set(lengths.values()))]
    return [b for b in blocks if b.last == month]


def all_closed(places: Places, block: Block) -> bool:
    return all(is_closed(places, m) for m in block.months)
