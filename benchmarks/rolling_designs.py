"""Three ways to ask nobody twice within a year, on one target group with turnover, many times over.

`pool, taken as it is`: each month a simple random sample of those not asked within twelve months, taken
for one of everybody there. `pool, recursion`: the same sample, weighted with p_t = n/M·(1 − Σ p of the
eleven months before), by recursion for each citizen. `rotation`: the design of `helpers.rolling.rotation`,
by its own code. The truth is the mean over a year's person-months of an attitude that falls as the spell
grows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.rolling.months import add_months, parse_month
from helpers.rolling.rotation import empty_registry, plan_month
from helpers.rolling.settings import RollingFile

POOL, RECURSION, ROTATION = "pool, taken as it is", "pool, recursion", "rotation"
LEAVE, TURNS, BURN_IN = (
    0.07,
    12,
    12,
)  # share leaving a month; months; months before the year measured


def attitude(spell: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Falls by half a point a year of the spell (months), for two years."""
    return 4 - 0.5 * np.minimum(spell / 12, 2) + 0.8 * own


def population(size: int, months: int, rng: np.random.Generator) -> pd.DataFrame:
    """A row a citizen ever there: first and last month (0 …; negative: there before), own level."""
    old = -rng.geometric(LEAVE, size).astype(int)
    new = np.repeat(np.arange(months), rng.poisson(LEAVE * size, months))
    first = np.concatenate([old, new])
    left = np.where(first < 0, 0, first)
    return pd.DataFrame(
        {
            "first": first,
            "last": left + rng.geometric(LEAVE, len(first)) - 1,
            "own": rng.normal(size=len(first)),
        }
    )


def one_year(size: int, yearly: int, rules: RollingFile, rng: np.random.Generator) -> dict:
    """Error of each design's mean of one year, and its effective number of answers (Kish)."""
    months = BURN_IN + TURNS
    people = population(size, months, rng)
    first, last, own = (people[c].to_numpy() for c in ("first", "last", "own"))
    measured = range(BURN_IN, months)

    def there(t: int) -> np.ndarray:
        return (first <= t) & (t <= last)

    everything = [attitude(t - first[there(t)], own[there(t)]) for t in measured]
    truth = np.concatenate(everything).mean()
    told = {}

    recent = np.full(len(people), -TURNS)  # month last asked
    p = np.zeros((months, len(people)))
    naive, weighted = [], []
    for t in range(months):
        pool = np.flatnonzero(there(t) & (t - recent >= TURNS))
        chosen = rng.choice(pool, min(round(yearly / TURNS), len(pool)), replace=False)
        free = 1 - p[max(0, t - TURNS + 1) : t].sum(axis=0)
        p[t] = np.where(there(t), len(chosen) / len(pool) * free, 0)
        recent[chosen] = t
        if t in measured:
            y = attitude(t - first[chosen], own[chosen])
            naive.append(np.column_stack([y, np.full(len(y), there(t).sum() / len(y))]))
            weighted.append(np.column_stack([y, 1 / p[t][chosen]]))
    told[POOL], told[RECURSION] = _mean(naive, truth), _mean(weighted, truth)
    told[ROTATION] = _mean(_rotated(people, months, rules, rng), truth)
    return told


def _rotated(people: pd.DataFrame, months: int, rules: RollingFile, rng) -> list[np.ndarray]:
    ids = pd.Series([f"{i:08d}" for i in people.index])
    table = pd.DataFrame(
        {"person_id": ids, "target_group": "dagpenge", "gender": "kvinde", "age_band": "30-39"}
    )
    registry, answers = empty_registry(), []
    for t in range(months):
        there = ((people["first"] <= t) & (t <= people["last"])).to_numpy()
        month = add_months(parse_month("2025-01"), t)
        plan = plan_month(
            table[there].reset_index(drop=True), ids[there], registry, ["dagpenge"], month,
            10_000, rules, rng,
        )  # fmt: skip
        registry = plan.registry
        if t >= BURN_IN:
            who = plan.sample["person_id"].astype(int).to_numpy()
            y = attitude(t - people["first"].to_numpy()[who], people["own"].to_numpy()[who])
            answers.append(np.column_stack([y, 1 / plan.sample["probability"]]))
    return answers


def _mean(parts: list[np.ndarray], truth: float) -> tuple[float, float]:
    y, w = np.concatenate(parts).T
    return float(np.average(y, weights=w) - truth), float(w.sum() ** 2 / (w**2).sum())


def compare(replicates: int, size: int, yearly: int, rules: RollingFile, seed: int) -> pd.DataFrame:
    """A row a design: bias, its Monte Carlo error, standard deviation, effective answers."""
    rng = np.random.default_rng(seed)
    sampling = rules.sampling.model_copy(
        update={
            "sizes": (rules.sampling.sizes[-1].model_copy(update={"invited": yearly}),),
            "min_answers": 0, "min_answers_per_group": 0, "largest_sample": yearly,
        }
    )  # fmt: skip
    rules = rules.model_copy(update={"sampling": sampling})
    years = [one_year(size, yearly, rules, rng) for _ in range(replicates)]
    rows = []
    for design in (POOL, RECURSION, ROTATION):
        errors, effective = np.array([y[design] for y in years]).T
        sd = errors.std(ddof=1)
        rows.append((design, errors.mean(), sd / np.sqrt(replicates), sd, effective.mean()))
    return pd.DataFrame(rows, columns=["design", "bias", "mc_error", "sd", "effective_n"])
