"""Units → the moving window: what is published up to and with a month.

A municipality's window is its latest whole blocks that cover `window_months`; a cell is shown where it
is shown in every one of them. Between two blocks' ends the window is carried forward unchanged, and
says which months it covers. The country is the sum of the units' own sums over municipalities, each
with its latest window; a length of blocks whose sum is hidden in a cell is left out of the country's.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from helpers.common.paths import write_atomically
from helpers.common.spreadsheets import inert_frame
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.bases import with_bases
from helpers.disclosure.release import (
    CELL,
    RELEASED_COLUMNS,
    blank_hidden,
    printing_order,
    round_values,
)
from helpers.disclosure.suppression import FEW, NOT_ASKED, SECONDARY, SHOWN, adds_up
from helpers.estimation.estimates import KEYS, SUMS, with_intervals
from helpers.rolling.months import add_months, name
from helpers.rolling.places import Places, read_record
from helpers.rolling.settings import Rolling
from helpers.rolling.units import CELLS, ESTIMATES, Block, all_closed, block_with

WINDOWS, RELEASED = "windows.parquet", "released.parquet"
READY, NOT_YET, TOO_FEW_MONTHS = "ready", "not_yet", "too_few_months"


@dataclass(frozen=True)
class Windows:
    """`results`: rows as `released.parquet`; `windows`: a row a municipality (and the country):
    first_month, last_month (null before the first window), block_months, months (with an extract),
    missing (names of months without), state."""

    results: pd.DataFrame
    windows: pd.DataFrame


def window_blocks(
    places: Places, rolling: Rolling, length: int, month: dt.date
) -> list[Block] | None:
    """The latest blocks of a length that have ended by `month` and cover a window; None before."""
    first, settings = rolling.settings.first, rolling.settings
    at = block_with(length, first, month)
    last = at if at.last <= month else block_with(length, first, add_months(at.first, -1))
    count = settings.window_months // length
    blocks = [Block(length, add_months(last.first, -i * length)) for i in reversed(range(count))]
    if blocks[0].first < first or not all_closed(places, blocks[-1]):
        return None
    return blocks


def windows_at(
    places: Places, rolling: Rolling, lengths: dict[str, int], month: dt.date
) -> Windows:
    """Everything that is published when `month` has closed."""
    least = rolling.settings.min_window_months
    sums, statuses, rows, country = [], [], [], []
    for length in sorted(set(lengths.values())):
        codes = [c for c in rolling.settings.participants if lengths.get(c) == length]
        blocks = window_blocks(places, rolling, length, month)
        units = [places.unit(length, b.first) for b in blocks or ()]
        units = [u for u in units if u.is_dir()]  # none of a length that came later
        made = [u for u in units if (u / ESTIMATES).is_file()]
        if not made:
            rows += [_window(rolling, c, length, None, set()) for c in codes]
            continue
        of_units = [read_record(u)["municipalities"] for u in units]
        have = {c: {m for t in of_units if c in t for m in t[c]["months"]} for c in codes}
        rows += [_window(rolling, c, length, blocks, have[c]) for c in codes]
        estimates = pd.concat([pd.read_parquet(u / ESTIMATES) for u in made], ignore_index=True)
        cells = pd.concat([pd.read_parquet(u / CELLS) for u in made], ignore_index=True)
        together = _together(cells)
        ready = [c for c in codes if len(have[c]) >= least]
        sums.append(_sum(estimates[estimates["municipality"].isin(ready)]))
        statuses.append(together[together["municipality"].isin(ready)])
        country.append(_country_part(estimates, together))
    windows = pd.DataFrame(rows)
    if not sums:
        return Windows(pd.DataFrame(columns=RELEASED_COLUMNS), windows)
    whole, whole_status = _country(country)
    table = pd.concat([*sums, whole], ignore_index=True)
    status = pd.concat([*statuses, whole_status], ignore_index=True)
    return Windows(_results(table, status, rolling), windows)


def _window(
    rolling: Rolling, code: str, length: int, blocks: list[Block] | None, have: set[str]
) -> dict[str, object]:
    """One row of `windows`."""
    months = [name(m) for b in blocks or () for m in b.months]
    state = NOT_YET if blocks is None else READY
    if blocks is not None and len(have) < rolling.settings.min_window_months:
        state = TOO_FEW_MONTHS
    return {
        "municipality": code,
        "first_month": months[0] if months else None,
        "last_month": months[-1] if months else None,
        "block_months": length,
        "months": len(have),
        "missing": ",".join(m for m in months if m not in have),
        "state": state,
    }


def _together(cells: pd.DataFrame) -> pd.DataFrame:
    """Status of each cell over its units: shown where shown in all, `few` or `not_asked` where that in
    all, else `linked`; a function of the units' own statuses, and of no count."""
    by_cell = cells.groupby(CELL, sort=False)["status"]
    found = by_cell.agg(lambda s: s.iloc[0] if s.nunique() == 1 else SECONDARY)
    return found.reset_index()


def _sum(estimates: pd.DataFrame) -> pd.DataFrame:
    by = ["municipality", *KEYS]
    return estimates.groupby(by, sort=False, as_index=False)[SUMS].sum()


def _country_part(
    estimates: pd.DataFrame, together: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The sums over a length's municipalities where that sum may be shown, and its statuses."""
    status = together[together["municipality"] == NATIONAL]
    place = CELL[1:]
    shown = pd.MultiIndex.from_frame(status.loc[status["status"] == SHOWN, place])
    common = estimates[adds_up(estimates)]
    common = common[pd.MultiIndex.from_frame(common[place]).isin(shown)]
    return common.groupby(KEYS, sort=False, as_index=False)[SUMS].sum(), status


def _country(
    parts: list[tuple[pd.DataFrame, pd.DataFrame]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The country's sums, and statuses: shown where any length's sum is."""
    sums = pd.concat([p for p, _ in parts]).groupby(KEYS, sort=False, as_index=False)[SUMS].sum()
    statuses = pd.concat([s for _, s in parts])
    order = [SHOWN, SECONDARY, FEW, NOT_ASKED]
    rank = statuses["status"].map(order.index)
    best = rank.groupby([statuses[c] for c in CELL], sort=False).min()
    status = best.map(lambda r: order[r]).reset_index()
    hidden = _without_sums(sums, status)
    return pd.concat([sums, hidden]).assign(municipality=NATIONAL), status


def _without_sums(sums: pd.DataFrame, status: pd.DataFrame) -> pd.DataFrame:
    """Rows of nought for the country's hidden cells, so that they are told as hidden."""
    statistics = sums[["item", "statistic", "weighting"]].drop_duplicates()
    hidden = status.loc[status["status"] != SHOWN, CELL[1:]].merge(statistics, on="item")
    return hidden.assign(**dict.fromkeys(SUMS, 0.0))


def _results(table: pd.DataFrame, status: pd.DataFrame, rolling: Rolling) -> pd.DataFrame:
    rules = rolling.settings
    table = with_intervals(table, rules.comparison.confidence)
    results = table.merge(status, on=CELL)
    results = results.assign(status=with_bases(results, rules.disclosure))
    results = blank_hidden(results)[RELEASED_COLUMNS]
    round_values(results, ["value", "ci_low", "ci_high"], rules.disclosure.decimals)
    return results.sort_values(
        RELEASED_COLUMNS[:6], key=printing_order(rolling.round), kind="stable", ignore_index=True
    )


def write_windows(places: Places, month: dt.date, found: Windows) -> None:
    """`build/<id>/<month>/`: windows.parquet, released.csv and, last, released.parquet."""
    folder = places.release(month)
    write_atomically(folder / WINDOWS, partial(pd.DataFrame.to_parquet, found.windows))
    write_atomically(
        folder / "released.csv",
        lambda p: inert_frame(found.results).to_csv(
            p, index=False, lineterminator="\n", encoding="utf-8"
        ),
    )
    write_atomically(folder / RELEASED, found.results.to_parquet)


def shown_share(results: pd.DataFrame) -> float:
    """Share of the cells asked that are shown, of municipalities."""
    cells = results[results["municipality"] != NATIONAL].drop_duplicates(CELL)
    asked = cells[cells["status"] != NOT_ASKED]
    return float((asked["status"] == SHOWN).mean()) if len(asked) else np.nan


def ready(windows: pd.DataFrame) -> int:
    """How many municipalities have results."""
    return int((windows["state"] == READY).sum())
