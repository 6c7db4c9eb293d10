"""Rounds of the simulated survey, counted against the truth: estimates and comparisons."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from benchmarks.coverage_counts import (
    Found,
    rival_intervals,
    size_class,
)
from benchmarks.coverage_world import (
    ALPHA,
    CODES,
    DONT_KNOW,
    EXPECTED_EVERY,
    KINDS,
    MIN_CLUSTERS,
    TRUTH,
    Population,
    Truth,
    clusters,
    survey,
    survey_round,
    three_kinds,
    true_expected,
    true_values,
)
from helpers.estimation.comparisons import benjamini_hochberg, compare, compare_groups, testable
from helpers.estimation.estimates import (
    COMPARED,
    COVARIANCES,
    add_up,
    estimate_municipality,
    group_covariances,
)
from helpers.estimation.expected import TERMS, expected_results
from helpers.parameters.params import Comparison, Round


@dataclass(frozen=True)
class World:
    """The populations with all truths; made once a process from the seed alone."""

    round: Round
    kinds: dict[str, Population]
    truth: dict[str, Truth]  # of each kind, of the country, and of the others than a kind
    clusters: list[Population]
    expected: dict[str, float]

    @classmethod
    def build(cls, seed: int) -> World:
        round_ = survey_round()
        kinds = three_kinds(round_, seed)
        people = {k: p.people for k, p in kinds.items()}
        truth = {k: true_values(p, round_) for k, p in people.items()}
        truth["national"] = true_values(pd.concat(people.values()), round_)
        for kind in KINDS:
            others = pd.concat([p for k, p in people.items() if k != kind])
            truth[f"others of {kind}"] = true_values(others, round_)
        small = clusters(round_, seed)
        return cls(round_, kinds, truth, small, true_expected(small, "q13"))

    @property
    def breakdowns(self) -> list[str]:
        return [*self.round.category_labels(), *self.round.two_way_breakdowns]


def empty_found(world: World) -> Found:
    """The rows that every round's estimates have, with their truth, and nothing counted yet."""
    rows = {}
    for kind, population in world.kinds.items():
        weighted = survey(population, world.round, np.random.default_rng(0))
        table = estimate_municipality(weighted, world.round, population.code)
        keys = table.loc[table["weighting"] == "weighted", TRUTH].reset_index(drop=True)
        keys["truth"] = _truths(keys, world.truth[kind])
        rows[kind] = keys
    return Found(rows, world.breakdowns)


def _truths(table: pd.DataFrame, truth: Truth, category: str = "category") -> np.ndarray:
    columns = [table["breakdown"], table[category], table["item"], table["statistic"]]
    return np.array([truth.get(key, np.nan) for key in zip(*columns)])


def count_estimates(found: Found, kind: str, table: pd.DataFrame, confidence: float) -> None:
    """Errors, coverage and the rivals' coverage of one municipality's estimates in one round.

    A share that is 0 or 1 in the population is left out: its interval cannot miss.
    """
    keys = found.rows[kind]
    truth = keys["truth"].to_numpy()
    for weighting in ("weighted", "unweighted"):
        own = table[table["weighting"] == weighting].reset_index(drop=True)
        size = size_class(own["n"].to_numpy())
        open_ = ~np.isnan(truth) & ((own["statistic"] == "mean") | ((truth > 0) & (truth < 1)))
        rows = np.flatnonzero(open_.to_numpy() & (size >= 0) & own["value"].notna().to_numpy())
        error = own["value"].to_numpy()[rows] - truth[rows]
        found.moments[kind, weighting].add(rows, size[rows], error, own["se"].to_numpy()[rows])
        if weighting == "unweighted":
            continue
        own, wanted, at = own.iloc[rows], truth[rows], size[rows]
        low, high = own["ci_low"].to_numpy(), own["ci_high"].to_numpy()
        hits = np.column_stack([(low <= wanted) & (wanted <= high), wanted > high, wanted < low])
        number = np.full(len(own), KINDS.index(kind))
        cell = (number, own["breakdown"], own["statistic"], at)
        pooled = (number, own["statistic"], at)
        for name, columns in (("cell", cell), ("pooled", pooled)):
            found.tallies[name].add(found.tallies[name].codes(*columns), hits)
        share = (own["statistic"] != "mean").to_numpy()
        within = [
            (low <= wanted[share]) & (wanted[share] <= high)
            for low, high in rival_intervals(own[share], confidence)
        ]
        tally = found.tallies["rivals"]
        codes = tally.codes(*(np.asarray(c)[share] for c in cell))
        tally.add(codes, np.column_stack(within))


def one_round(world: World, number: int, seed: int, found: Found) -> dict[str, pd.DataFrame]:
    """Ask, estimate, count and compare; returns the estimates of each kind."""
    rng = np.random.default_rng([seed, 2, number])
    confidence = world.round.settings.comparison.confidence
    estimates, covariances = {}, []
    for kind, population in world.kinds.items():
        weighted = survey(population, world.round, rng)
        found.answers[kind] += len(weighted.respondents)
        found.uncovered[kind] += weighted.covered < len(population.people)
        estimates[kind] = estimate_municipality(weighted, world.round, population.code)
        covariances.append(group_covariances(weighted, world.round, population.code))
        count_estimates(found, kind, estimates[kind], confidence)
    compared = {k: _compared(t) for k, t in estimates.items()}
    rules = world.round.settings.comparison
    table = _differences(world, compared, pd.concat(covariances), confidence)
    count_comparisons(found, table, rules)
    found.rounds += 1
    return compared


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["weighting"] == "weighted") & table["statistic"].isin(COMPARED)]


def _differences(
    world: World, own: dict[str, pd.DataFrame], covariances: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """Own against others and country, group against group: with `comparison`, `kind`, `true`."""
    one_way = {k: t[~t["breakdown"].str.contains(":")] for k, t in own.items()}
    country = add_up(pd.concat(one_way.values()), confidence, "national")
    parts = []
    for kind, table in one_way.items():
        rest = pd.concat([t for k, t in one_way.items() if k != kind])
        others = add_up(rest, confidence, "others")
        for name, other, truth, overlap in (
            ("others", others, f"others of {kind}", False),
            ("country", country, "national", True),
        ):
            found = compare(table, other, overlap=overlap, confidence=confidence)
            true = _truths(found, world.truth[kind]) - _truths(found, world.truth[truth])
            parts.append(found.assign(comparison=name, kind=kind, true=true))
    place = ["breakdown", "category", "other", "item", "statistic"]
    together = covariances.groupby(place, sort=False, as_index=False)[COVARIANCES].sum()
    pairs = pd.concat([covariances, together.assign(municipality="national")])
    groups = compare_groups(pd.concat([*one_way.values(), country]), pairs, confidence)
    groups["other"] = groups["reference"].str.removeprefix("group:")
    kinds = {code: kind for kind, code in CODES.items()} | {"national": "national"}
    for code, found in groups.groupby("municipality"):
        truth = world.truth[kinds[code]]
        true = _truths(found, truth) - _truths(found, truth, "other")
        parts.append(found.assign(comparison="group", kind=kinds[code], true=true))
    return pd.concat(parts, ignore_index=True)


def count_comparisons(found: Found, table: pd.DataFrame, rules: Comparison) -> None:
    """False rejections: true differences outside their interval, and tables with a discovery where
    every true difference has been subtracted. Sides below the least shown are left out, and tables
    judge only what rests on enough."""
    size = size_class(table[["n", "n_other"]].min(axis=1).to_numpy())
    shown = (size >= 0) & table["true"].notna().to_numpy()
    table, size = table[shown], size[shown]
    true = table["true"].to_numpy()
    rejected = (true < table["ci_low"].to_numpy()) | (true > table["ci_high"].to_numpy())
    tally = found.tallies["false"]
    codes = tally.codes(table["comparison"], table["kind"], table["statistic"], size)
    tally.add(codes, rejected[:, None])
    table = table.assign(p=recentred(table)).reset_index(drop=True)
    by = ["comparison", "kind", "breakdown", "statistic"]
    judged = table[testable(table, rules)]
    adjusted = judged.groupby(by, sort=False)["p"].transform(benjamini_hochberg) < ALPHA
    adjusted = adjusted.reindex(table.index, fill_value=False)
    off = (table["difference"] - table["true"]).abs()
    least = np.where(
        table["statistic"] == "mean",
        rules.smallest_mean_difference,
        rules.smallest_share_difference,
    )
    table = table.assign(any=adjusted, any_mentioned=adjusted & (off >= least))
    tables = table.groupby(by, sort=False)[["any", "any_mentioned"]].any().reset_index()
    tally = found.tallies["bh"]
    codes = tally.codes(*(tables[c] for c in by[:3]))
    tally.add(codes, tables[["any", "any_mentioned"]].to_numpy())


def recentred(table: pd.DataFrame) -> np.ndarray:
    """p-values of the differences less their true ones."""
    off = np.abs(table["difference"] - table["true"]).to_numpy()
    se = table["se"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, off / se, np.where(off > 0, np.inf, 0.0))
    return 2 * stats.t.sf(t, table["df"].to_numpy())


def count_changes(
    found: Found,
    now: dict[str, pd.DataFrame],
    before: dict[str, pd.DataFrame],
    rules: Comparison,
) -> None:
    """Round against round, of two independent draws: nothing has changed."""
    parts = [
        compare(table, before[kind], overlap=False, confidence=rules.confidence).assign(kind=kind)
        for kind, table in now.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(comparison="round", true=0)
    count_comparisons(found, table, rules)


def count_expected(world: World, number: int, seed: int, found: Found) -> None:
    """Actual against expected of the clusters in one round."""
    rng = np.random.default_rng([seed, 3, number])
    item, scores, designs = "q13", [], {}
    for population in world.clusters:
        weighted = survey(population, world.round, rng)
        respondents = weighted.respondents
        answer = respondents[item].astype(float)
        scores.append(
            respondents[[*TERMS, "weight"]].assign(
                municipality=population.code, **{item: answer.where(answer < DONT_KNOW)}
            )
        )
        designs[population.code] = weighted.design
    result = expected_results(
        pd.concat(scores, ignore_index=True),
        designs,
        item,
        min_municipalities=MIN_CLUSTERS,
        confidence=world.round.settings.comparison.confidence,
    )
    table = result.municipalities
    table = table.assign(
        comparison="expected", kind="cluster", true=table["municipality"].map(world.expected)
    )
    count_comparisons(found, table, world.round.settings.comparison)
    discovered = benjamini_hochberg(pd.Series(recentred(table))) < ALPHA
    found.tallies["list"].add(np.zeros(1, dtype=int), np.array([[discovered.any()]]))


def simulate(seed: int, first: int, last: int) -> Found:
    """Rounds first … last − 1; the same in whatever parts they are run."""
    world = World.build(seed)
    found = empty_found(world)
    before: dict[str, pd.DataFrame] = {}
    started = time.monotonic()
    for number in range(first, last):
        now = one_round(world, number, seed, found)
        if number % 2:
            count_changes(found, now, before, world.round.settings.comparison)
        if number % EXPECTED_EVERY == 0:
            count_expected(world, number, seed, found)
        before = now
        done = number - first + 1
        if done % 25 == 0 or number == last - 1:
            spent = time.monotonic() - started
            print(f"rounds {first}–{last - 1}: {done} done, {spent:.0f} s", file=sys.stderr)
    return found


def run(rounds: int, seed: int, jobs: int) -> Found:
    """All rounds, in `jobs` processes of one thread each."""
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(threads, "1")
    share = 2 * max(round(rounds / jobs / 2), 1)  # pairs of rounds stay together
    starts = [*[*range(0, rounds, share)][:jobs], rounds]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        parts = pool.starmap(simulate, [(seed, a, b) for a, b in pairwise(starts)])
    for part in parts[1:]:
        parts[0].merge(part)
    return parts[0]
