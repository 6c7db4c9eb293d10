"""Worlds where who answers and what they answer depend on target group and age together.

Main effects of target group and age are the same in all three; what the two do together (INTERACTION of
`coverage_world.py`) is not there, there by half, or in full. No margin of either shows it.
"""

from __future__ import annotations

import multiprocessing

import numpy as np
import pandas as pd

from benchmarks.coverage_world import CODES, make_population, survey, survey_round, true_values
from helpers.estimation.estimates import estimate_municipality

WORLDS = {"none": 0.0, "half": 0.5, "full": 1.0}
SIZES = {"900": "small", "1,500": "small", "12,000": "large"}  # eligible citizens → whose code
LEAST = 30  # answers behind the means of groups that are judged


def worlds(rounds: int, seed: int, jobs: int) -> pd.DataFrame:
    """A row a world × municipality: answers, bias and standard deviation of the overall means (scale
    points, over the items), mean estimated error, and coverage of the 95 % intervals of overall means, of
    means of one-way groups with LEAST answers, and of overall shares."""
    cases = [(w, s, rounds, seed) for w in WORLDS for s in SIZES]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        return pd.DataFrame(pool.starmap(_one, cases, chunksize=1))


def _one(world: str, size: str, rounds: int, seed: int) -> dict:
    round_ = survey_round()
    code, eligible = CODES[SIZES[size]], int(size.replace(",", ""))
    population = make_population(
        round_,
        code,
        eligible,
        np.random.default_rng([seed, 4, eligible]),
        interaction=WORLDS[world],
    )
    truth = true_values(population.people, round_)
    errors, means, groups, shares, ses, answers = [], [], [], [], [], []
    for number in range(rounds):
        weighted = survey(population, round_, np.random.default_rng([seed, 5, eligible, number]))
        answers.append(len(weighted.respondents))
        table = estimate_municipality(weighted, round_, code)
        table = table[(table["weighting"] == "weighted") & ~table["breakdown"].str.contains(":")]
        keys = zip(table["breakdown"], table["category"], table["item"], table["statistic"])
        true = np.array([truth.get(key, np.nan) for key in keys])
        hit = ((table["ci_low"] <= true) & (true <= table["ci_high"])).to_numpy()
        is_mean = (table["statistic"] == "mean").to_numpy()
        overall = (table["breakdown"] == "all").to_numpy()
        enough = (table["n"] >= LEAST).to_numpy() & ~np.isnan(true)
        errors.append((table["value"].to_numpy() - true)[overall & is_mean])
        ses.append(table["se"].to_numpy()[overall & is_mean])
        means.append(hit[overall & is_mean])
        shares.append(hit[overall & ~is_mean & (true > 0) & (true < 1)])
        groups.append(hit[~overall & is_mean & enough])
    errors = np.array(errors)
    return {
        "world": world,
        "eligible": size,
        "answers": np.mean(answers),
        "bias": errors.mean(),
        "sd": errors.std(axis=0, ddof=1).mean(),
        "se": np.mean(ses),
        "means": np.mean(means),
        "groups": np.mean(np.concatenate(groups)),
        "shares": np.mean(shares),
        "error": np.sqrt(0.05 * 0.95 / rounds),  # items of one round go together
    }


def section(table: pd.DataFrame, rounds: int) -> list[str]:
    """The table in Markdown."""
    lines = [
        "## Answers that depend on target group and age together",
        "",
        f"{rounds} rounds a row. The populations differ only in what target group and age do together, to "
        "who answers (up to 0.9 in the logit) and to what they answer (up to 0.45 of a latent standard "
        "deviation): nothing, half, or all of it. *bias*, *SD* and *error* (mean of the estimated ones) are "
        "of the overall means, in scale points; coverage of the 95 % intervals in per cent, with a "
        f"Monte Carlo error of some {100 * table['error'].iloc[0]:.1f}: overall means, means of groups from "
        f"{LEAST} answers on, overall shares. With classes across age and the three main margins, as they "
        "were before, overall means of 1,500 eligible covered 93 % in the half world and 76 % in the full.",
        "",
        "| together | eligible | answers | bias | SD | error | means | groups | shares |",
        "|:---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in table.itertuples():
        lines.append(
            f"| {row.world} | {row.eligible} | {row.answers:.0f} | {row.bias:+.3f} | {row.sd:.3f} | "
            f"{row.se:.3f} | {100 * row.means:.1f} | {100 * row.groups:.1f} | {100 * row.shares:.1f} |"
        )
    return [*lines, ""]
