"""All estimates of a round → the status of each cell: shown, few, linked or not asked.

Primary: fewer than `min_answers` unweighted answers behind a value, of any item; and groups of fewer
than `unanimous_below` whose answers are all in one option, since that tells what each one answered.
The rest is cell suppression (`suppression.py`) over everything that is published together. What is
left when the shown parts of a sum are taken from it is a group too: where it is small and all agree,
one part more is hidden. At last the published table is attacked by code of its own
(`suppression_audit.py`); what it finds is not released.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.errors import SurveyError
from helpers.published import NATIONAL
from helpers.round_settings import Disclosure
from helpers.suppression import (
    CELL,
    FEW,
    LINKED,
    LOCAL_BREAKDOWN,
    LOCAL_ITEM,
    NOT_ASKED,
    SHOWN,
    Key,
    Suppression,
    suppress_items,
)
from helpers.suppression_audit import audit_items

RESPONSE = "response"  # the response table, as an item: n is answers
SUMS = ["score", "satisfied", "neutral", "dissatisfied"]
OPTIONS = [f"share_{k}" for k in range(1, 6)]
ROUNDS_OF_REPAIR = 10
SWEEPS = 20


class DisclosureError(SurveyError):
    """What would be released can be turned back into few persons."""


@dataclass(frozen=True)
class Protection:
    """`cells`: a row a municipality (and `national`) × breakdown × category × item with n and status;
    `loss` and `note` as in `suppression.Suppression`."""

    cells: pd.DataFrame
    loss: pd.DataFrame
    note: str

    def summary(self) -> str:
        """How much information protection costs, in a sentence for the analyst."""
        together = self.loss.set_index("kind").loc["together"]
        per = together["secondary_per_primary"]
        beside = "" if np.isnan(per) else f", {per:.2f} secondary per primary"
        return (
            f"Hidden: {together['share_hidden']:.1%} of {int(together['cells'])} cells "
            f"({int(together['primary'])} primary{beside}). {self.note}"
        )


def protect(estimates: pd.DataFrame, responses: pd.DataFrame, rules: Disclosure) -> Protection:
    """The status of every cell of a round.

    `estimates`: a row a municipality × KEYS with the sums x, y and n; `responses`: a row a
    municipality × group with answers. Raises DisclosureError where the audit can still narrow a
    hidden count down.
    """
    counts = _counts(estimates, responses)
    counts["sensitive"] = _unanimous(counts[["n", *SUMS]].to_numpy(), rules)
    found = suppress_items(counts, threshold=rules.min_answers)
    for _ in range(ROUNDS_OF_REPAIR):
        more = _beside_answers_told(counts, found, rules)
        if not more:
            break
        counts["sensitive"] |= pd.MultiIndex.from_frame(counts[CELL]).isin(more)
        found = suppress_items(counts, threshold=rules.min_answers, start=found)
    else:
        raise DisclosureError(
            "the release",
            "small groups whose answers all agree could not be hidden",
            "no such group to be left over when shown numbers are subtracted",
            "leave out the smallest municipality, or raise `disclosure.min_answers`",
        )
    _check(found, rules)
    return Protection(found.cells, found.loss, found.note)


def primary_status(estimates: pd.DataFrame, rules: Disclosure) -> pd.DataFrame:
    """CELL, item and status of one municipality's own cells by the primary rules alone, for use
    inside the house."""
    counts = _counts(estimates, pd.DataFrame())
    asked = counts.groupby(["municipality", "item"])["n"].transform("max") > 0
    few = counts["n"] < rules.min_answers
    alike = _unanimous(counts[["n", *SUMS]].to_numpy(), rules)
    status = np.select([~asked, few, alike], [NOT_ASKED, FEW, LINKED], SHOWN)
    return counts[[*CELL, "item", "n"]].assign(status=status)


def _counts(estimates: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """A row a cell × item: n, and the unweighted sums that tell whether all agree."""
    raw = estimates[estimates["weighting"] == "unweighted"]
    key = [*CELL, "item"]
    means = raw[raw["statistic"] == "mean"].set_index(key)
    counts = means[["n"]].assign(score=means["y"])
    for name in SUMS[1:]:
        counts[name] = raw[raw["statistic"] == f"share_{name}"].set_index(key)["y"]
    for name in OPTIONS:
        counts[name] = raw[raw["statistic"] == name].set_index(key)["y"]
    counts = counts.reset_index()
    if len(responses):
        answers = responses[[*CELL, "answers"]].rename(columns={"answers": "n"})
        counts = pd.concat([counts, answers.assign(item=RESPONSE)], ignore_index=True)
    return counts


def _unanimous(sums: np.ndarray, rules: Disclosure) -> np.ndarray:
    """Whether a group of answers is small and all in one option. Columns: n and SUMS; NaN: no.

    Fewer than `unanimous_below` answers, all satisfied, all neutral or all dissatisfied, with a mean
    that is a whole number: then all are that option (of 4 and 5, or 1 and 2, a mix has none).
    """
    n, score, *kinds = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        one_kind = np.max([np.isclose(k, n) for k in kinds], axis=0)
        whole = np.isclose(score / n, np.round(score / n), atol=1e-6)
    return (n > 0) & (n < rules.unanimous_below) & one_kind & whole


def _beside_answers_told(counts: pd.DataFrame, found: Suppression, rules: Disclosure) -> set[Key]:
    """Of each sum whose hidden parts tell what was answered, the smallest shown part.

    They do where a shown total less its shown parts leaves a small group that agrees, and where the
    options' own sums leave no doubt how many of a `few` group chose one (bounds, taken round the sums
    until nothing changes).
    """
    table = _with_country(counts[counts["item"] != RESPONSE])
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
        if _unanimous(np.nansum(agree[:, s.hidden, :], axis=1).T, rules).any()
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
    local = counts["breakdown"].str.startswith(LOCAL_BREAKDOWN)
    common = counts[~local & ~counts["item"].str.startswith(LOCAL_ITEM)]
    country = common.groupby(["breakdown", "category", "item"], as_index=False)[
        ["n", *SUMS, *OPTIONS]
    ].sum(min_count=1)
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


def _check(found: Suppression, rules: Disclosure) -> None:
    findings = audit_items(found.cells, threshold=rules.min_answers)
    if len(findings):
        where = findings.groupby(["municipality", "breakdown"]).size()
        raise DisclosureError(
            "the release",
            f"{len(findings)} hidden counts can still be narrowed down, in "
            + ", ".join(f"{m} {b}" for m, b in where.index[:5]),
            "no count to be computed from what is shown",
            "report this with the round's parameters; nothing was released",
        )
