"""What answers, not only how many, the shown numbers tell of small groups.

A group is also what is left of a sum when its shown parts are subtracted. `counts` here has a row a
municipality × breakdown × category × item: n, and the unweighted numbers SUMS and OPTIONS behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.published import NATIONAL
from helpers.round_settings import Disclosure
from helpers.suppression import CELL, Key, Suppression, has_country

SUMS = ["score", "satisfied", "neutral", "dissatisfied"]
OPTIONS = [f"share_{k}" for k in range(1, 6)]
SWEEPS = 20  # round the sums; bounds that still change then are wider than need be, never narrower


def unanimous(sums: np.ndarray, rules: Disclosure) -> np.ndarray:
    """Whether a group of answers is small and all in one option. Columns: n and SUMS; NaN: no.

    Fewer than `unanimous_below` answers, all satisfied, all neutral or all dissatisfied, with a mean
    that is a whole number: then all are that option (of 4 and 5, or 1 and 2, a mix has none).
    """
    n, score, *kinds = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        one_kind = np.max([np.isclose(k, n) for k in kinds], axis=0)
        whole = np.isclose(score / n, np.round(score / n), atol=1e-6)
    return (n > 0) & (n < rules.unanimous_below) & one_kind & whole


def beside_answers_told(counts: pd.DataFrame, found: Suppression, rules: Disclosure) -> set[Key]:
    """Of each sum whose hidden parts tell what was answered, the smallest shown part.

    They do where a shown total less its shown parts leaves a small group that agrees, and where the
    options' own sums leave no doubt how many of a `few` group chose one (bounds, taken round the sums
    until nothing changes).
    """
    table = _with_country(counts)
    wide = {
        name: table.pivot(index=CELL, columns="item", values=name)
        for name in ["n", *SUMS, *OPTIONS]
    }
    place = {cell: i for i, cell in enumerate(wide["n"].index)}
    n = wide["n"].to_numpy()
    hidden = found.hidden()
    sums = [_Sum.of(parts, place, hidden) for total, parts in found.lines if total not in hidden]
    sums = [s for s in sums if s.hidden and s.shown]

    def smallest(s: _Sum) -> Key:
        return wide["n"].index[s.shown[int(np.nanmax(n[s.shown], axis=1).argmin())]]

    agree = np.stack([wide[name].to_numpy() for name in ["n", *SUMS]])  # sum × cell × item
    more = {
        smallest(s)
        for s in sums
        if unanimous(np.nansum(agree[:, s.hidden, :], axis=1).T, rules).any()
    }
    low, high = _option_bounds(wide, found, place, rules)
    few = np.tile(n < rules.min_answers, len(OPTIONS))
    is_hidden = np.array([cell in hidden for cell in place])[:, None]
    sure = is_hidden & few & (low >= high - 0.5) & (high > 0.5)
    return more | {smallest(s) for s in sums if sure[s.hidden].any()}


def _option_bounds(
    wide: dict[str, pd.DataFrame], found: Suppression, place: dict[Key, int], rules: Disclosure
) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest number of each option (cell × option and item) that all published shares,
    taken round the sums until nothing changes, leave open."""
    n = np.tile(wide["n"].to_numpy(), len(OPTIONS))
    chosen = np.concatenate([wide[name].to_numpy() for name in OPTIONS], axis=1)
    low, high = _as_rounded(chosen, n, rules.decimals.share)
    unknown = np.isnan(chosen)
    unknown[[place[cell] for cell in found.hidden() if cell in place]] = True
    low[unknown], high[unknown] = 0.0, 1e9
    low[np.isnan(n)] = high[np.isnan(n)] = 0.0  # not put to them
    for _ in range(SWEEPS):
        before = low.copy(), high.copy()
        for total, parts in found.lines:
            at = [place[p] for p in parts if p in place]
            if total not in place:
                continue
            whole = place[total]
            told = ~np.isnan(n[whole])  # an item of one municipality has no sum over the country
            lows, highs = low[at][:, told], high[at][:, told]
            least, most = lows.sum(axis=0), highs.sum(axis=0)
            least_whole = np.maximum(low[whole, told], least)
            most_whole = np.minimum(high[whole, told], most)
            low[whole, told], high[whole, told] = least_whole, most_whole
            low[np.ix_(at, told)] = np.maximum(lows, least_whole - (most - highs))
            high[np.ix_(at, told)] = np.minimum(highs, most_whole - (least - lows))
        if (before[0] == low).all() and (before[1] == high).all():
            break
    return low, high


def _with_country(counts: pd.DataFrame) -> pd.DataFrame:
    """With the sums over the country of all that is not of one municipality alone."""
    common = counts[has_country(counts)].groupby(["breakdown", "category", "item"], as_index=False)
    country = common[["n", *SUMS, *OPTIONS]].sum(min_count=1)
    return pd.concat([counts, country.assign(municipality=NATIONAL)], ignore_index=True)


def _as_rounded(chosen: np.ndarray, base: np.ndarray, places: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest count that the published share, rounded, leaves for each option."""
    half = 0.5 * 10.0**-places + 1e-9
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.round(chosen / base, places)
    low = np.ceil(np.maximum(share - half, 0) * base)
    return low, np.minimum(np.floor((share + half) * base), base)


@dataclass(frozen=True)
class _Sum:
    """A sum of which the total is shown: the places of its hidden and of its shown parts."""

    hidden: list[int]
    shown: list[int]

    @classmethod
    def of(cls, parts: list[Key], place: dict[Key, int], hidden: set[Key]) -> _Sum:
        known = [p for p in parts if p in place]
        return cls(
            [place[p] for p in known if p in hidden],
            [place[p] for p in known if p not in hidden],
        )
