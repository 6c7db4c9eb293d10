"""A small proof by simulation: intervals cover, weights take the bias away, true differences of
nought are rejected as often as promised. The whole proof is `python -m benchmarks.coverage`."""

import sys
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from helpers.common.paths import PROJECT
from helpers.estimation.comparisons import compare, compare_groups
from helpers.estimation.estimates import estimate_municipality, group_covariances

sys.path.insert(0, str(PROJECT))
from benchmarks.coverage_counts import Tally, rival_intervals
from benchmarks.coverage_rounds import recentred
from benchmarks.coverage_world import (
    CODES,
    ELIGIBLE,
    QUESTIONS,
    TRUTH,
    make_population,
    survey,
    survey_round,
    true_values,
)

ROUNDS = 60
BREAKDOWNS = ("all", "target_group", "gender")
STATISTICS = ("mean", "share_satisfied")


@dataclass(frozen=True)
class Rounds:
    """A row a round, a column a number of the municipality; `rejected`: true differences outside
    their interval, group against group and round against round."""

    keys: pd.DataFrame
    truth: np.ndarray
    value: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rejected: np.ndarray

    def check(self) -> None:
        """Bands wide enough for the Monte Carlo error of 60 rounds, too narrow for a fault."""
        error = self.value - self.truth
        sd = error.std(axis=0, ddof=1)
        whole = (self.keys["breakdown"] == "all").to_numpy()
        bias = np.abs((error.mean(axis=0) / sd)[whole]).mean()
        assert bias < 0.6, f"bias of {bias:.2f} standard deviations"
        ratio = np.mean(self.se**2) / np.mean(sd**2)
        assert 0.7 < ratio < 1.4, f"estimated variance {ratio:.2f} of the true one"
        covered = np.mean((self.low <= self.truth) & (self.truth <= self.high))
        assert 0.915 < covered < 0.985, f"coverage {covered:.3f}"


@pytest.fixture(scope="module")
def simulated() -> dict[str, Rounds]:
    """60 rounds of the small municipality, weighted and unweighted."""
    round_ = survey_round()
    round_ = round_.model_copy(
        update={"settings": round_.settings.model_copy(update={"two_way": ()})}
    )
    rng = np.random.default_rng(7)
    place = make_population(round_, CODES["small"], ELIGIBLE["small"], rng)
    truth = true_values(place.people, round_)
    found = {"weighted": [], "unweighted": []}
    rejected, before = [], None
    for _ in range(ROUNDS):
        weighted = survey(place, round_, rng)
        table = estimate_municipality(weighted, round_, place.code)
        chosen = table["breakdown"].isin(BREAKDOWNS) & table["statistic"].isin(STATISTICS)
        table = table[chosen & table["item"].isin(QUESTIONS)]
        for weighting, parts in found.items():
            parts.append(table[table["weighting"] == weighting].reset_index(drop=True))
        weighted_rows = table[table["weighting"] == "weighted"]
        if before is None:  # every second round group against group, else round against round
            pairs = group_covariances(weighted, round_, place.code)
            groups = compare_groups(table, pairs, 0.95)
            keys = [groups[c] for c in ("breakdown", "item", "statistic")]
            own, other = (
                [truth[b, category, i, s] for category, b, i, s in zip(side, *keys)]
                for side in (groups["category"], groups["reference"].str.removeprefix("group:"))
            )
            rejected.append(outside(groups, np.subtract(own, other)))
            before = weighted_rows
        else:
            change = compare(weighted_rows, before, overlap=False, confidence=0.95)
            rejected.append(outside(change, np.zeros(len(change))))
            before = None
    keys = found["weighted"][0][TRUTH]
    true = np.array([truth[key] for key in keys.itertuples(index=False, name=None)])
    return {
        weighting: Rounds(
            keys,
            true,
            *(np.array([t[c] for t in parts]) for c in ("value", "se", "ci_low", "ci_high")),
            np.concatenate(rejected),
        )
        for weighting, parts in found.items()
    }


def outside(table: pd.DataFrame, true: np.ndarray) -> np.ndarray:
    """Whether intervals leave out the true difference, where both sides have 30 answers."""
    enough = (table[["n", "n_other"]].min(axis=1) >= 30).to_numpy()
    return ((table["ci_low"] > true) | (table["ci_high"] < true)).to_numpy()[enough]


def shrunk(rounds: Rounds, factor: float) -> Rounds:
    """As if standard errors had been `factor` times what they are."""
    low = rounds.value - factor * (rounds.value - rounds.low)
    high = rounds.value + factor * (rounds.high - rounds.value)
    return replace(rounds, se=factor * rounds.se, low=low, high=high)


def test_intervals_cover_and_weights_take_the_bias_away(simulated):
    simulated["weighted"].check()


@pytest.mark.parametrize("factor", [0.7, 0.75, 1.4])
def test_wrong_standard_errors_would_be_seen(simulated, factor):
    with pytest.raises(AssertionError, match=r"estimated variance"):
        shrunk(simulated["weighted"], factor).check()
    wrong = replace(shrunk(simulated["weighted"], factor), se=simulated["weighted"].se)
    with pytest.raises(AssertionError, match="coverage"):
        wrong.check()


def test_weights_of_one_would_be_seen(simulated):
    with pytest.raises(AssertionError, match="bias"):
        simulated["unweighted"].check()


def test_true_differences_are_rejected_as_seldom_as_promised(simulated):
    rate = simulated["weighted"].rejected.mean()
    assert 0.025 < rate < 0.09


def test_monte_carlo_error_follows_the_rounds():
    """Ten equal outcomes a round tell no more than one: 0.5 ± √(0.25/rounds)."""
    tally = Tally({"class": ("a", "b")}, ("hit",))
    for i in range(100):
        tally.add(np.zeros(10, dtype=int), np.full((10, 1), i % 2))
    row = tally.table().iloc[0]
    assert (row["class"], row["count"], row["hit"]) == ("a", 1000, 0.5)
    assert row["hit_error"] == pytest.approx(0.05)


def test_recentred_p_of_the_truth_is_one():
    table = pd.DataFrame({"difference": [0.3, 0.3], "true": [0.3, 0.0], "se": 0.1, "df": 1000.0})
    p = recentred(table)
    assert p[0] == 1
    assert p[1] == pytest.approx(0.0027, rel=0.1)


def test_rival_intervals_of_a_simple_sample_equal_statsmodels():
    from statsmodels.stats.proportion import proportion_confint

    n, k = 400, 30
    p = k / n
    row = {
        "value": p, "n": n, "df": 1e9, "se": np.sqrt(p * (1 - p) / n), "x": float(n),
        "w2_open": float(n), "ci_low": 0.0, "ci_high": 1.0,
    }  # fmt: skip
    got = [(low[0], high[0]) for low, high in rival_intervals(pd.DataFrame([row]), 0.95)]
    wilson = proportion_confint(k, n, method="wilson")
    assert got[2:4] == [pytest.approx(wilson)] * 2
    assert got[5] == pytest.approx(proportion_confint(k, n, method="beta"), rel=0.01)
