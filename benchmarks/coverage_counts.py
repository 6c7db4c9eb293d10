"""What the proof by simulation counts: hits, errors and variances, by class; rival intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import special, stats

from benchmarks.coverage_world import (
    KINDS,
    SIZE_STARTS,
    SIZES,
    STATISTICS,
)
from helpers.estimation.estimates import (
    COMPARED,
)


class Tally:
    """Rates of 0/1 outcomes by class. Outcomes of one round hang together, so the Monte Carlo error
    is that of a ratio of the rounds' sums."""

    def __init__(self, levels: Mapping[str, Sequence[str]], outcomes: Sequence[str]) -> None:
        self.levels, self.outcomes = dict(levels), list(outcomes)
        self._shape = [len(v) for v in levels.values()]
        n, k = int(np.prod(self._shape)), len(self.outcomes)
        self.count, self.count_sq = np.zeros(n), np.zeros(n)
        self.hit, self.hit_sq, self.cross = np.zeros((n, k)), np.zeros((n, k)), np.zeros((n, k))

    def codes(self, *columns: np.ndarray) -> np.ndarray:
        """Class number a row, of a value or a number of each level."""
        numbers = [
            c if np.asarray(c).dtype.kind in "iu" else pd.Index(v).get_indexer(np.asarray(c))
            for c, v in zip(columns, self.levels.values())
        ]
        return np.ravel_multi_index(numbers, self._shape)

    def add(self, codes: np.ndarray, hits: np.ndarray) -> None:
        """One round's outcomes: a row an outcome's class, a column of `hits` an outcome."""
        size = len(self.count)
        count = np.bincount(codes, minlength=size).astype(float)
        hit = np.column_stack([np.bincount(codes, h, size) for h in hits.T.astype(float)])
        self.count += count
        self.count_sq += count**2
        self.hit += hit
        self.hit_sq += hit**2
        self.cross += hit * count[:, None]

    def merge(self, other: Tally) -> None:
        for name in ("count", "count_sq", "hit", "hit_sq", "cross"):
            getattr(self, name).__iadd__(getattr(other, name))

    def table(self) -> pd.DataFrame:
        """A row a class that occurred: its levels, count, and rate and error of each outcome."""
        index = pd.MultiIndex.from_product(self.levels.values(), names=list(self.levels))
        count = np.maximum(self.count, 1)[:, None]
        rate = self.hit / count
        spread = self.hit_sq - 2 * rate * self.cross + rate**2 * self.count_sq[:, None]
        error = np.sqrt(np.maximum(spread, 0)) / count
        table = pd.DataFrame({"count": self.count}, index=index)
        for i, outcome in enumerate(self.outcomes):
            table[outcome], table[f"{outcome}_error"] = rate[:, i], error[:, i]
        return table[table["count"] > 0].reset_index()


@dataclass
class Moments:
    """Of each row × size class: rounds, Σ error, Σ error², Σ estimated variance."""

    count: np.ndarray
    error: np.ndarray
    square: np.ndarray
    variance: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> Moments:
        return cls(*(np.zeros((rows, len(SIZES))) for _ in range(4)))

    def add(self, rows: np.ndarray, size: np.ndarray, error: np.ndarray, se: np.ndarray) -> None:
        self.count[rows, size] += 1
        self.error[rows, size] += error
        self.square[rows, size] += error**2
        self.variance[rows, size] += se**2

    def merge(self, other: Moments) -> None:
        for name in vars(self):
            getattr(self, name).__iadd__(getattr(other, name))


RIVALS = ("project", "logit", "wilson", "wilson, kish", "korn-graubard", "kg, kish")
COMPARISONS = ("others", "country", "group", "round", "expected")


def size_class(n: np.ndarray) -> np.ndarray:
    """Number of the size class; −1 below the least that is shown."""
    return np.searchsorted(SIZE_STARTS, n, side="right") - 1


@dataclass
class Found:
    """All that is counted; `rows`: of each kind the estimates' rows with their truth."""

    rows: dict[str, pd.DataFrame]
    breakdowns: Sequence[str]
    moments: dict[tuple[str, str], Moments] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    rounds: int = 0
    uncovered: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def __post_init__(self) -> None:
        kind = {"kind": KINDS}
        by = {"breakdown": self.breakdowns}
        statistic, size = {"statistic": STATISTICS}, {"size": SIZES}
        sides = ("covered", "truth_above", "truth_below")
        where = {"comparison": COMPARISONS, "kind": (*KINDS, "national", "cluster")}
        self.moments = {
            (k, w): Moments.empty(len(rows))
            for k, rows in self.rows.items()
            for w in ("weighted", "unweighted")
        }
        self.tallies = {
            "cell": Tally(kind | by | statistic | size, sides),
            "pooled": Tally(kind | statistic | size, sides),
            "rivals": Tally(kind | by | statistic | size, RIVALS),
            "false": Tally(where | {"statistic": COMPARED} | size, ("rejected",)),
            "bh": Tally(where | by, ("any", "any_mentioned")),
            "list": Tally({"comparison": ("expected",)}, ("any",)),
        }

    def merge(self, other: Found) -> None:
        for mine, theirs in ((self.moments, other.moments), (self.tallies, other.tallies)):
            for name, value in mine.items():
                value.merge(theirs[name])
        for mine, theirs in ((self.uncovered, other.uncovered), (self.answers, other.answers)):
            for kind in KINDS:
                mine[kind] += theirs[kind]
        self.rounds += other.rounds


# ------------------------------------------------------------------------- intervals for shares


def rival_intervals(t: pd.DataFrame, confidence: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Intervals of shares from the same sums, in the order of RIVALS.

    Effective answers: m_v = p(1 − p)/variance, or Kish's m_k = x²/w2_open with finite population
    correction, which also holds where all agree. q is the t quantile of the row's degrees of freedom.
    »project«: the row's own; »logit«: R's xlogit (the row's own where all agree); »wilson«: score interval
    with m_v (Wilson 1927), »wilson, kish« with m_k; »korn-graubard«: Clopper–Pearson with
    m_v·(t_{n−1}/q)² (Korn & Graubard 1998), m_k where all agree; »kg, kish«: with m_k.
    """
    p, n = t["value"].to_numpy(float), t["n"].to_numpy(float)
    df = np.maximum(t["df"].to_numpy(float), 1)
    q = stats.t.ppf(0.5 + confidence / 2, df)
    se = t["se"].to_numpy(float)
    variance = se**2
    own = t["ci_low"].to_numpy(float), t["ci_high"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = np.minimum(t["x"].to_numpy(float) ** 2 / t["w2_open"].to_numpy(float), 1e9)
        by_variance = np.where(variance > 0, p * (1 - p) / variance, kish)
        at, half = special.logit(p), q * se / (p * (1 - p))
        logit = [np.where(se > 0, special.expit(x), o) for x, o in zip((at - half, at + half), own)]
    yield own
    yield logit[0], logit[1]
    for m in (by_variance, kish):
        centre = (p + q**2 / (2 * m)) / (1 + q**2 / m)
        half = q / (1 + q**2 / m) * np.sqrt(p * (1 - p) / m + q**2 / (4 * m**2))
        yield centre - half, centre + half
    by_t = (stats.t.ppf(0.5 + confidence / 2, np.maximum(n - 1, 1)) / q) ** 2
    for m in (by_variance * by_t, kish * by_t):
        k, tail = m * p, (1 - confidence) / 2
        low = np.where(k > 1e-9, special.betaincinv(np.maximum(k, 1e-9), m - k + 1, tail), 0.0)
        high = np.where(
            m - k > 1e-9, special.betaincinv(k + 1, np.maximum(m - k, 1e-9), 1 - tail), 1.0
        )
        yield low, high
