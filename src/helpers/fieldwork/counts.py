"""How many of a round's citizens have answered, by municipality and target group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.fieldwork.curves import Curves


@dataclass(frozen=True)
class Counts:
    """Citizens of the round by municipality × target group: `asked`, `answers` so far, `silent` (not
    answered, and no answer is to be expected), and of each municipality the time at which its answers
    are known, in seconds since the invitation."""

    codes: tuple[str, ...]
    groups: tuple[str, ...]
    asked: np.ndarray
    answers: np.ndarray
    silent: np.ndarray
    known_at: np.ndarray

    @property
    def left(self) -> np.ndarray:
        """Citizens who may still answer."""
        return self.asked - self.answers - self.silent


def count_citizens(
    citizens: pd.DataFrame, curves: Curves, now: dt.datetime, silent: Collection[str] = ()
) -> Counts:
    """Counts from `citizens_asked` as they stand `now`; `silent`: keys of those who will not answer.

    Of a municipality whose answers have not been collected nothing is known since the invitation."""
    codes = tuple(dict.fromkeys(citizens["municipality"]))
    place = pd.Index(codes).get_indexer(citizens["municipality"])
    group = pd.Index(curves.groups).get_indexer(citizens["target_group"])
    answered = citizens["answered"].to_numpy(bool)
    out = citizens["key"].isin(list(silent)).to_numpy(bool) & ~answered
    tables = []
    for chosen in (np.ones_like(answered), answered, out):
        table = np.zeros((len(codes), len(curves.groups)))
        np.add.at(table, (place, group), chosen)
        tables.append(table)
    elapsed = max(0.0, (now - curves.start).total_seconds())
    collected = citizens.groupby("municipality", sort=False)["collected"].first()
    known_at = np.where(collected.reindex(codes).to_numpy(bool), elapsed, 0.0)
    return Counts(codes, curves.groups, *tables, known_at)
