"""How many answers it will be: forecast with prediction interval, per municipality, group and country.

The model. A citizen of target group g in municipality m answers in the end with probability
p = logit⁻¹(logit P_g + b_g + a_m), and of those who do, the share G = logit⁻¹(logit G_g(t) + w_m) has
by the time t. P_g and G_g(t) are the earlier rounds' (`curves.py`). Level a_m ~ N(a, τ²) and timing
w_m ~ N(w, ω²(t)), with τ² and ω²(t) estimated by moments from the differences between the earlier
rounds' municipalities; a ~ N(0, level²), w ~ N(0, timing²) and b_g, for a group, are what this round
has of its own.

Answers so far, y ~ Bin(n, p·G), move a, w and b_g for the whole round, then (a_m, w_m) for the
municipality: the mode of likelihood and normal prior by Fisher scoring, with the inverse information
as variance (Laplace), so that a municipality with few citizens or few days stays near the round
(empirical Bayes shrinkage). Who has not answered by t answers by a later time d with probability

    h = p·(G(d) − G(t)) / (1 − p·G(t)),      G(end) = 1,

the earlier rounds' P(answer later | not by t) moved to this municipality's level. The remaining answers
of those who have not answered are beta-binomial with mean Σ k_g·h_g and variance
Σ k_g·h_g(1 − h_g) + ∇'V∇, V the variance of (a_m, w_m), that of (a, w) included. The country's is
normal: municipalities' own variances add up, the round's (a, w) is common to them all. Intervals are
equal-tailed prediction intervals, of the number of answers that will have come, not of a mean.

Sources: Skellam 1948 (beta-binomial; JRSS B 10); Tierney & Kadane 1986 (Laplace; JASA 81); Breslow &
Clayton 1993 (the round's step, with municipalities' variances linearised; JASA 88).
What it does not know: a change of plan (another reminder), a holiday, a failure of the post.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import betabinom, binom

from helpers.common.vocabulary import NATIONAL
from helpers.fieldwork.counts import Counts
from helpers.fieldwork.curves import EDGE, LEVEL_OF_GROUP, Curves

SMALL = 1e-8  # of what a beta-binomial has more than the binomial; less is a binomial
STEPS = 30  # of Fisher scoring; it settles in fewer than ten


class Forecast:
    """The model of the module, fitted to one moment of a round."""

    def __init__(self, counts: Counts, curves: Curves, confidence: float) -> None:
        self.counts, self.curves, self.confidence = counts, curves, confidence
        self.end = (curves.marks["end"] - curves.start).total_seconds()
        self._theta = logit(curves.final())
        self._share = curves.share_by(counts.known_at)  # municipality × group
        timing = {t: curves.timing_variance(t) for t in np.unique(counts.known_at)}
        tau = curves.level_variance()
        self._prior = np.array([np.diag([tau, timing[t]]) for t in counts.known_at])
        self._fit()

    # -------------------------------------------------------------------------------------- fitting

    def _fit(self) -> None:
        timing = self.curves.timing_of_round(self.counts.known_at.max(initial=0.0))
        own = np.diag([self.curves.level_of_round**2, timing**2])
        common, self._own = np.zeros(2), np.zeros(len(self.counts.groups))
        one = np.eye(2)
        for _ in range(STEPS):
            score, information = self._score(np.broadcast_to(common, (len(self._prior), 2)))
            shrink = np.linalg.inv(one + information @ self._prior)
            gradient = np.einsum("mij,mj->i", shrink, score) - np.linalg.solve(own, common)
            self._common_variance = np.linalg.inv(
                (shrink @ information).sum(axis=0) + np.linalg.inv(own)
            )
            common = common + _short(self._common_variance @ gradient)
            self._own = self._own + self._group_step(np.tile(common, (len(self._prior), 1)))
        inverse = np.linalg.inv(self._prior)
        state = np.tile(common, (len(self._prior), 1))
        for _ in range(STEPS):
            score, information = self._score(state)
            self._variance = np.linalg.inv(information + inverse)
            gradient = score - np.einsum("mij,mj->mi", inverse, state - common)
            state = state + _short(np.einsum("mij,mj->mi", self._variance, gradient))
        self._state, self._follows = state, self._variance @ inverse

    def _score(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and information of a municipality's answers, all groups together, in (a_m, w_m).

        Quasi-likelihood of the sum (y − μ)/V·∂μ and ∂μ∂μ'/V with μ = Σ n·q, V = Σ n·q(1 − q). Group
        by group, what differs between groups for other reasons would be taken for timing."""
        p, share = self._probabilities(state)
        q, n = p * share, self.counts.asked
        slope = np.einsum("mg,mgi->mi", n * q, np.stack([1 - p, 1 - share], axis=-1))
        variance = np.maximum((n * q * (1 - q)).sum(axis=1), EDGE)[:, None]
        rest = (self.counts.answers - n * q).sum(axis=1)[:, None]
        return rest / variance * slope, np.einsum("mi,mj->mij", slope, slope / variance)

    def _group_step(self, state: np.ndarray) -> np.ndarray:
        """Scoring step of the groups' own levels b_g, all municipalities together."""
        p, share = self._probabilities(state)
        q, n = p * share, self.counts.asked
        by = (1 - p) / (1 - q)
        gradient = ((self.counts.answers - n * q) * by).sum(axis=0)
        information = (n * q * (1 - q) * by**2).sum(axis=0) + LEVEL_OF_GROUP**-2
        return _short((gradient - self._own / LEVEL_OF_GROUP**2) / information)

    def _probabilities(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (
            expit(self._theta + self._own + state[:, :1]),
            expit(logit(self._share) + state[:, 1:]),
        )

    # ------------------------------------------------------------------------------------ forecasts

    def later(self, until: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """P(answer by `until` (seconds; default: the end) | not yet): municipality × group, and its
        gradient in (a_m, w_m)."""
        p, now = self._probabilities(self._state)
        if until is None or until >= self.end:
            then, moves = np.ones_like(now), np.zeros_like(now)
        else:
            share = self.curves.share_by(np.maximum(self.counts.known_at, until))
            then = expit(logit(share) + self._state[:, 1:])
            moves = then * (1 - then)
        rest = 1 - p * now
        h = p * (then - now) / rest
        by_level = (then - now) / rest**2 * p * (1 - p)
        by_timing = p * (moves - now * (1 - now)) / rest + h * p * now * (1 - now) / rest
        over = self.counts.known_at[:, None] >= self.end  # nothing comes after the end
        gradient = np.stack([by_level, by_timing], axis=-1)
        return np.where(over, 0, h), np.where(over[..., None], 0, gradient)

    def yield_of_last_reminder(self) -> np.ndarray:
        """P(answer between the last mailing and the end | not by that mailing), municipality × group,
        at the municipality's level: what a contact brings, whatever the day is now."""
        p, _ = self._probabilities(self._state)
        *_, last, _ = self.curves.marks.values()
        sent = self.curves.share_by(np.array((last - self.curves.start).total_seconds()))
        return p * (1 - sent) / (1 - p * sent)

    @cached_property
    def municipalities(self) -> pd.DataFrame:
        """A row a municipality: invited, answers, forecast (mean), ci_low, ci_high, sd."""
        return self._by_municipality(None)

    def miss(self, least: int | np.ndarray) -> np.ndarray:
        """P(fewer than `least` answers in the end), a municipality each (`least` may be as well)."""
        h, gradient = self.later()
        mean, variance, left = self._sums(h, gradient)
        chances = cumulative(left, mean, variance)
        wanted = (least - 1 - self.counts.answers.sum(axis=1)).astype(int)
        column = np.clip(wanted, 0, chances.shape[1] - 1)
        return np.where(wanted < 0, 0.0, chances[np.arange(len(wanted)), column])

    @cached_property
    def groups(self) -> pd.DataFrame:
        """A row a municipality (and the country) × target group, as `municipalities`; without those
        where nobody was asked."""
        h, gradient = self.later()
        counts, shape = self.counts, (-1, 1)
        spread = self._variance + self._follows @ self._common_variance @ _turned(self._follows)
        variance = np.einsum("mgi,mij,mgj->mg", gradient, spread, gradient) * counts.left**2
        variance += counts.left * h * (1 - h)
        low, high = self._limits(
            counts.left.reshape(-1), (counts.left * h).reshape(-1), variance.reshape(-1)
        )
        asked, answers = counts.asked.reshape(shape)[:, 0], counts.answers.reshape(shape)[:, 0]
        own = pd.DataFrame(
            {
                "municipality": np.repeat(counts.codes, len(counts.groups)),
                "target_group": np.tile(counts.groups, len(counts.codes)),
                "invited": asked.astype(int),
                "answers": answers.astype(int),
                "forecast": answers + (counts.left * h).reshape(-1),
                "ci_low": answers + low,
                "ci_high": answers + high,
                "sd": np.sqrt(variance.reshape(-1)),
            }
        )
        country = pd.concat(
            [
                self._country(h, gradient, [i]).assign(target_group=g)
                for i, g in enumerate(counts.groups)
            ]
        )
        both = pd.concat([own, country], ignore_index=True)
        return both[both["invited"] > 0].reset_index(drop=True)

    @cached_property
    def country(self) -> pd.Series:
        """All municipalities together, as a row of `municipalities`."""
        return self._country(*self.later(), range(len(self.counts.groups))).iloc[0]

    def fan(self, days: Collection[dt.date]) -> pd.DataFrame:
        """Answers that will have come by the end of each day to come: a row a municipality (and the
        country) × day, with `day` and the columns of `municipalities`."""
        tables = []
        for day in days:
            midnight = dt.datetime.combine(day, dt.time()) + dt.timedelta(days=1)
            until = (midnight - self.curves.start).total_seconds()
            if until <= self.counts.known_at.min(initial=0.0):
                continue
            whole = self._country(*self.later(until), range(len(self.counts.groups)))
            tables += [self._by_municipality(until).assign(day=day), whole.assign(day=day)]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    def _by_municipality(self, until: float | None) -> pd.DataFrame:
        h, gradient = self.later(until)
        mean, variance, left = self._sums(h, gradient)
        low, high = self._limits(left, mean, variance)
        answers = self.counts.answers.sum(axis=1)
        return pd.DataFrame(
            {
                "municipality": self.counts.codes,
                "invited": self.counts.asked.sum(axis=1).astype(int),
                "answers": answers.astype(int),
                "forecast": answers + mean,
                "ci_low": answers + low,
                "ci_high": answers + high,
                "sd": np.sqrt(variance),
            }
        )

    def _sums(self, h: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, ...]:
        """Mean and variance of the answers to come, and who may give them, a municipality each."""
        left = self.counts.left
        by = np.einsum("mg,mgi->mi", left, gradient)
        spread = self._variance + self._follows @ self._common_variance @ _turned(self._follows)
        variance = (left * h * (1 - h)).sum(axis=1) + np.einsum("mi,mij,mj->m", by, spread, by)
        return (left * h).sum(axis=1), variance, left.sum(axis=1)

    def _country(
        self, h: np.ndarray, gradient: np.ndarray, groups: Collection[int]
    ) -> pd.DataFrame:
        """One row for some of the groups in all municipalities."""
        chosen = list(groups)
        left, h, gradient = self.counts.left[:, chosen], h[:, chosen], gradient[:, chosen]
        by = np.einsum("mg,mgi->mi", left, gradient)
        common = np.einsum("mi,mij->j", by, self._follows)
        variance = (
            (left * h * (1 - h)).sum()
            + np.einsum("mi,mij,mj->", by, self._variance, by)
            + common @ self._common_variance @ common
        )
        answers, mean = self.counts.answers[:, chosen].sum(), (left * h).sum()
        half = NormalDist().inv_cdf((1 + self.confidence) / 2) * np.sqrt(variance)
        return pd.DataFrame(
            {
                "municipality": [NATIONAL],
                "invited": [int(self.counts.asked[:, chosen].sum())],
                "answers": [int(answers)],
                "forecast": [answers + mean],
                "ci_low": [max(answers, np.floor(answers + mean - half))],
                "ci_high": [min(answers + left.sum(), np.ceil(answers + mean + half))],
                "sd": [np.sqrt(variance)],
            }
        )

    def _limits(
        self, left: np.ndarray, mean: np.ndarray, variance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Smallest numbers of answers to come that reach the lower and the upper tail."""
        chances = cumulative(left, mean, variance)
        tail = (1 - self.confidence) / 2
        return (chances < tail).sum(axis=1), (chances < 1 - tail).sum(axis=1)


def _short(step: np.ndarray) -> np.ndarray:
    """A step of scoring, no longer than 1 on the logit scale."""
    return np.clip(step, -1, 1)


def _turned(matrices: np.ndarray) -> np.ndarray:
    return np.swapaxes(matrices, -1, -2)


def days_to_come(curves: Curves, now: dt.datetime) -> list[dt.date]:
    """The days of the collection that have not ended `now`."""
    last = curves.marks["end"] - dt.timedelta(days=1)
    first = max(now, curves.start).date()
    return [first + dt.timedelta(days=i) for i in range((last.date() - first).days + 1)]


def cumulative(left: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """P(R ≤ r), r = 0 … the largest `left`, a row each, R beta-binomial among `left` persons with this
    mean and variance.

    With h = mean/left and the excess ρ = (variance/(left·h(1 − h)) − 1)/(left − 1), the beta has the
    parameters h·(1 − ρ)/ρ and (1 − h)·(1 − ρ)/ρ. Where the variance is no greater than the binomial's,
    R is binomial; where the mean is 0, R is 0.
    """
    left, mean = left[:, None].astype(float), mean[:, None]
    r = np.arange(int(left.max(initial=0)) + 1)[None, :]
    h = np.divide(mean, left, out=np.zeros_like(left), where=left > 0)
    plain = left * h * (1 - h)
    some = (left > 1) & (plain > 0)
    excess = np.divide(variance[:, None], plain, out=np.ones_like(plain), where=some) - 1
    rho = np.divide(excess, left - 1, out=np.zeros_like(left), where=some)
    rho = np.clip(rho, 0, 1 - SMALL)
    wide = rho > SMALL
    inside = np.clip(h, SMALL, 1 - SMALL)
    size = (1 - rho) / np.where(wide, rho, 1)
    chances = np.where(
        wide,
        betabinom.pmf(r, left, inside * size, (1 - inside) * size),
        binom.pmf(r, left, inside),
    ).cumsum(axis=1)
    return np.where(mean <= 0, 1.0, np.minimum(chances, 1.0))
