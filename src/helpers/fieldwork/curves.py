"""How answers came in before: earlier rounds' curves, laid over this round's calendar.

Answers come in bursts after each mailing, so curves are aligned by their mailings (landmark
registration: Kneip & Gasser 1992, The Annals of Statistics 20): the invitation, the reminders and the
end of the collection of an earlier round fall on those of this one, and the time between two of them
is stretched evenly. A fraction of the collection period would put a reminder where none was sent as
soon as the mailings lie differently; days since the invitation would do so from the first reminder on.
Where all gaps are as long, the three are the same.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from helpers.common.paths import Paths
from helpers.fieldwork.citizens import citizens_asked
from helpers.parameters.params import Round, load_round
from helpers.parameters.round_settings import Calendar

DAY = 86400.0
# The default curve, which counts as much as so many citizens (and answers) of earlier rounds in each
# group: shares of the answers that the invitation and the reminders bring, and how fast they come.
# The shape, a burst after each contact that dies away within days, is that of Dillman, Smyth &
# Christian 2014 (Internet, Phone, Mail, and Mixed-Mode Surveys, 4th ed.); the numbers are the house's.
PRIOR_CITIZENS = 50
WAVES = (0.5, 0.3, 0.2)
WAVE_DAYS = 2.5
# Standard deviations on the logit scale. Between municipalities of one round they are estimated from
# earlier rounds; the default counts as much as so many municipalities.
PRIOR_MUNICIPALITIES = 5
LEVEL_OF_MUNICIPALITY, TIMING_OF_MUNICIPALITY = 0.20, 0.10
# Between rounds, which one or two earlier ones cannot tell. The level: 38.8 % answered in spring 2024
# and 32.7 % in 2025, 0.27 apart. Without an earlier round the expected response is all there is, and
# 20–25 % had been expected where 38.8 % answered, 0.8 apart. The timing: 0.05 is what it takes to send
# all mailings a quarter of a day earlier or later; no two real rounds' curves have been published.
LEVEL_OF_ROUND = {True: 0.3, False: 0.6}
TIMING_OF_ROUND = {True: 0.05, False: 0.4}
LEVEL_OF_GROUP = 0.2  # a target group's own, beside the round's
EDGE = 1e-9  # no share is nearer to 0 or 1, so that its logit is finite


def landmarks(calendar: Calendar) -> dict[str, dt.datetime]:
    """Mailings within the collection, in order, and »end«, the midnight after its last day."""
    end = dt.datetime.combine(calendar.collection.end, dt.time()) + dt.timedelta(days=1)
    marks: dict[str, dt.datetime] = {}
    for name, day in calendar.mailings().items():
        moment = dt.datetime.combine(day, dt.time())
        if moment < end and all(moment > before for before in marks.values()):
            marks[name] = moment
    if not marks:  # an invitation after the collection's end: no mailing to go by
        marks["invitation"] = dt.datetime.combine(calendar.collection.start, dt.time())
    return marks | {"end": end}


def seconds(moments: pd.Series | Sequence[dt.datetime], start: dt.datetime) -> np.ndarray:
    """Seconds since `start`; NaN where there is no moment."""
    since = pd.Series(moments, dtype="datetime64[s]") - pd.Timestamp(start)
    return since.dt.total_seconds().to_numpy(float)


def aligned(
    times: pd.Series, theirs: Mapping[str, dt.datetime], ours: Mapping[str, dt.datetime]
) -> np.ndarray:
    """Moments of another round → seconds since this round's invitation, by the mailings of both.

    What came before the invitation or after the end is put there.
    """
    common = [name for name in ours if name in theirs]
    first_theirs, first_ours = theirs[common[0]], ours[common[0]]
    x = [(theirs[n] - first_theirs).total_seconds() for n in common]
    y = [(ours[n] - first_ours).total_seconds() for n in common]
    return np.interp(seconds(times, first_theirs), x, y)


def default_curve(at: np.ndarray, marks: Mapping[str, dt.datetime]) -> np.ndarray:
    """Share 0–1 of the final answers that have come `at` seconds since the invitation.

    G(t) = Σ_j s_j·(1 − exp(−(t − m_j)/λ)) / (1 − exp(−(T − m_j)/λ)) over mailings m_j ≤ t, with s_j of
    WAVES (to sum 1), λ = WAVE_DAYS and T the end.
    """
    *mailings, end = [(m - marks["invitation"]).total_seconds() / DAY for m in marks.values()]
    shares = np.array(WAVES[: len(mailings)]) / sum(WAVES[: len(mailings)])
    days = np.asarray(at, float) / DAY
    whole = np.zeros_like(days)
    for share, sent in zip(shares, mailings):
        since, last = np.clip(days - sent, 0, end - sent), end - sent
        whole += share * (1 - np.exp(-since / WAVE_DAYS)) / (1 - np.exp(-last / WAVE_DAYS))
    return whole


@dataclass(frozen=True)
class Curves:
    """What earlier rounds tell, in this round's time and target groups.

    `rounds`: those held; `citizens`: their citizens, a row each with round, municipality,
    target_group, answered, at (seconds since the invitation, aligned); `marks`: this round's mailings
    and end; `groups` in printing order; `expected`: the round's expected response of each, 0–1.
    """

    rounds: tuple[str, ...]
    citizens: pd.DataFrame
    marks: dict[str, dt.datetime]
    groups: tuple[str, ...]
    expected: np.ndarray

    @property
    def start(self) -> dt.datetime:
        return self.marks["invitation"]

    @property
    def is_default(self) -> bool:
        """Whether no earlier round is held."""
        return not len(self.citizens)

    @property
    def level_of_round(self) -> float:
        return LEVEL_OF_ROUND[not self.is_default]

    def timing_of_round(self, at: float) -> float:
        """Standard deviation of the round's own timing at a moment, logit scale: TIMING_OF_ROUND, and
        what chance has done to the earlier share G of a answers, 1/(a·G(1 − G))."""
        answers = PRIOR_CITIZENS * len(self.groups) + self.citizens["answered"].sum()
        share = float(self.share_by(np.array(at)).mean())
        own = TIMING_OF_ROUND[not self.is_default]
        return math.sqrt(own**2 + 1 / (answers * share * (1 - share)))

    def final(self) -> np.ndarray:
        """P(answer by the end) of each group: earlier answers over citizens asked, with
        PRIOR_CITIZENS of the round's expected response."""
        asked, answers = self._counts(None).sum(axis=1)
        return (answers + PRIOR_CITIZENS * self.expected) / (asked + PRIOR_CITIZENS)

    def share_by(self, at: np.ndarray) -> np.ndarray:
        """Share of the final answers that have come by `at` (seconds, any shape) × group; strictly
        between 0 and 1 before the end, PRIOR_CITIZENS of the default curve counted in."""
        at = np.asarray(at, float)
        default = PRIOR_CITIZENS * default_curve(at, self.marks)
        shares = np.empty((*at.shape, len(self.groups)))
        for i, times in enumerate(self._times):
            answered = np.searchsorted(times, at, side="right")
            shares[..., i] = (answered + default) / (len(times) + PRIOR_CITIZENS)
        return np.clip(shares, EDGE, 1 - EDGE)

    def level_variance(self) -> float:
        """τ²: variance between municipalities of the logit of final response, group for group.

        By moments: with E = Σ_g n_g·p_g and V = Σ_g n_g·p_g(1 − p_g), p the round's own rates, the
        expectation of Σ (y − E)²/V is about Σ (1 + τ²·V). LEVEL_OF_MUNICIPALITY² counts as
        PRIOR_MUNICIPALITIES more.
        """
        return self._variance(None, LEVEL_OF_MUNICIPALITY**2)

    def timing_variance(self, at: float) -> float:
        """ω²: variance between municipalities of the logit of the share of final answers that have
        come by `at`; the same moments, with answers by then out of final answers."""
        return self._variance(at, TIMING_OF_MUNICIPALITY**2)

    def _variance(self, at: float | None, default: float) -> float:
        counts = self._counts(at)
        if not counts.shape[1]:
            return default
        whole, part = counts
        excess, information = 0.0, 0.0
        rounds = self._places[0]
        for number in np.unique(rounds):
            n, y = whole[rounds == number], part[rounds == number]
            whole_n = n.sum(axis=0)
            rate = np.divide(y.sum(axis=0), whole_n, out=np.zeros(n.shape[1]), where=whole_n > 0)
            expectation, variance = n @ rate, n @ (rate * (1 - rate))
            known = variance > 1
            squares = (y.sum(axis=1) - expectation)[known] ** 2 / variance[known]
            excess += squares.sum() - max(0, known.sum() - 1)  # a degree goes to the round's rates
            information += variance[known].sum()
        if information == 0:
            return default
        own, count = max(0.0, excess / information), counts.shape[1]
        return (count * own + PRIOR_MUNICIPALITIES * default) / (count + PRIOR_MUNICIPALITIES)

    @cached_property
    def _places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Round of each earlier municipality; and of each citizen the municipality's number, in that
        order, and the group's."""
        pairs = self.citizens.groupby(["round", "municipality"], sort=False)
        rounds = np.array([name for name, _ in pairs.groups], dtype=object)
        return (
            rounds,
            pairs.ngroup().to_numpy(),
            pd.Index(self.groups).get_indexer(self.citizens["target_group"]),
        )

    def _counts(self, at: float | None) -> np.ndarray:
        """(asked, answered) or, with `at`, (answered, of these by then): 2 × municipality × group."""
        rounds, place, group = self._places
        answered = self.citizens["answered"].to_numpy(bool)
        whole, part = np.ones_like(answered), answered
        if at is not None:
            whole, part = answered, answered & (self.citizens["at"].to_numpy(float) <= at)
        counts = np.zeros((2, len(rounds), len(self.groups)))
        np.add.at(counts[0], (place, group), whole)
        np.add.at(counts[1], (place, group), part)
        return counts

    @cached_property
    def _times(self) -> list[np.ndarray]:
        """Times of the earlier answers of each group, in order."""
        answered = self.citizens[self.citizens["answered"]]
        return [
            np.sort(answered.loc[answered["target_group"] == g, "at"].to_numpy(float))
            for g in self.groups
        ]


def load_curves(paths: Paths, round_: Round) -> Curves:
    """The curves of the round's earlier rounds, as far as their samples and answers are still held.

    An earlier round's citizens are put into this round's target groups by their benefit type and spell,
    so that a change of rules is no break here.
    """
    ours = landmarks(round_.settings.calendar)
    tables, held = [], []
    for name in round_.settings.earlier_rounds:
        there = Paths(paths.root, name)
        if not any(there.responses.glob("????.parquet")):
            continue
        earlier = load_round(paths.root, name)
        citizens = citizens_asked(there, earlier, round_.rules)
        citizens = citizens[citizens["collected"]]
        # an answer without a time tells the level, but no curve
        citizens = citizens[~citizens["answered"] | citizens["answered_at"].notna()]
        if citizens.empty:
            continue
        at = aligned(citizens["answered_at"], landmarks(earlier.settings.calendar), ours)
        tables.append(citizens.assign(round=name, at=at))
        held.append(name)
    return curves_of(round_, pd.concat(tables) if tables else None, tuple(held))


def curves_of(round_: Round, citizens: pd.DataFrame | None, rounds: tuple[str, ...]) -> Curves:
    """Curves from a table of earlier citizens, as `Curves.citizens`; None: the default curve."""
    columns = ["round", "municipality", "target_group", "answered", "at"]
    groups = tuple(g.id for g in round_.rules.groups)
    expected = round_.settings.sampling.expected_response
    none = pd.DataFrame({c: [] for c in columns}).astype({"answered": bool, "at": float})
    return Curves(
        rounds,
        none if citizens is None else citizens[columns].reset_index(drop=True),
        landmarks(round_.settings.calendar),
        groups,
        np.array([expected[g] for g in groups]),
    )


def shifted(share: np.ndarray, by: np.ndarray) -> np.ndarray:
    """A share 0–1 moved by `by` on the logit scale."""
    return expit(logit(share) + by)
