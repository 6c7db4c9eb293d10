"""Who is asked in a month, with a probability that is known: a rotation of the citizens.

Everybody gets one of R turns at random when first eligible (R: months between invitations), and may
be asked only in months of that turn, so never twice within R months. In month t and target group h,
with N citizens eligible, a year's allocation n_h of them and M at turn, the fraction

    c = min(1, (n_h/N)·R/12)

of those at turn is drawn: ⌊c·M + u⌋ citizens, u uniform in [0, 1), systematically over gender × age.
Turns are uniform for each citizen, whatever happens to the citizen later, and E⌊c·M + u⌋ = c·M, so
the probability of being asked in month t is exactly

    p = c/R

for everybody eligible in the group, new or old, and over a year it is the sum of the months' p, since
a citizen is asked at most once. A pool of »not asked within twelve months« has no such p: it holds too
many who have just come (docs/rolling.md).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.common.errors import SurveyError
from helpers.rolling.months import ordinal
from helpers.rolling.settings import MONTHS_A_YEAR, RollingFile
from helpers.sampling.sampling import CONTROLS, STRATUM, allocate, draw, sample_size

NONE = -1  # of a month or turn that has not been: a whole-number column has no missing values
REGISTRY = {
    "person_id": "str", "turn": "int16", "last_seen": "int32", "last_eligible": "int32",
    "target_group": "str", "last_asked": "int32",
}  # fmt: skip


@dataclass(frozen=True)
class MonthPlan:
    """`population`: a row a citizen eligible, with turn, probability (of being asked this month) and
    asked; `strata`: a row a target group (population, yearly, at_turn, fraction, probability, asked,
    entered); `sample`: the rows asked, with design_weight in years; `registry`: a row a person ever
    seen and not forgotten, as it is after the month; `expected_answers`: in a year."""

    population: pd.DataFrame
    strata: pd.DataFrame
    sample: pd.DataFrame
    registry: pd.DataFrame
    expected_answers: float


def empty_registry() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in REGISTRY.items()})


def plan_month(
    eligible: pd.DataFrame,
    seen: pd.Series,
    registry: pd.DataFrame,
    groups: list[str],
    month: dt.date,
    inhabitants: int,
    rules: RollingFile,
    rng: np.random.Generator,
) -> MonthPlan:
    """Give newcomers their turn, and draw the month's sample.

    `eligible`: a row a citizen in a target group, as `intake.population_table`; `seen`: person ids of
    the whole extract; `registry`: after the latest month with an extract. Raises SurveyError where
    somebody would be asked twice within the months between invitations.
    """
    now, turns = ordinal(month), rules.months_between_invitations
    known = registry.set_index("person_id")
    turn, last_asked, last_eligible, same_group = _of_registry(known, eligible)
    turn = _with_turns(eligible, turn, turns, rng)
    latest = known["last_seen"].max() if len(known) else NONE
    entered = ~((last_eligible == latest) & same_group)

    sizes = eligible[STRATUM].value_counts()
    by_group = {g: int(sizes.get(g, 0)) for g in groups}
    size = sample_size(inhabitants, len(eligible), rules.sampling)
    yearly = allocate(by_group, rules.sampling.expected_response, size, rules.sampling)
    strata = _strata(eligible, yearly, turn == now % turns, entered, turns, rng)
    population = eligible.assign(
        turn=turn, probability=eligible[STRATUM].map(strata.set_index(STRATUM)["probability"])
    )
    at_turn = population[population["turn"] == now % turns]
    sizes_drawn = strata.rename(columns={"at_turn": "population", "asked": "invited"})
    drawn = draw(at_turn, sizes_drawn[[STRATUM, "population", "invited"]], rng)
    asked = population.index.isin(drawn.index)
    recent = asked & (last_asked != NONE) & (now - last_asked < turns)
    if recent.any():
        raise SurveyError(
            f"the sample of {month:%Y-%m}",
            f"{int(recent.sum())} citizens would be asked again within {turns} months",
            "the registry and parameters that the round began with",
            "Restore data/ from the back-up; `months_between_invitations` and `seed` stay as they were.",
        )
    population = population.assign(asked=asked)
    sample = drawn.drop(
        columns=["stratum_population", "stratum_invited", "left_out"], errors="ignore"
    )
    weight = 1 / (MONTHS_A_YEAR * sample["probability"])
    return MonthPlan(
        population,
        strata,
        sample.assign(design_weight=weight).reset_index(drop=True),
        _after(known, eligible, seen, turn, asked, now),
        float(yearly["expected_answers"].sum()),
    )


def _of_registry(known: pd.DataFrame, eligible: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Turn, month last asked and month last eligible of each citizen (NONE of newcomers), and whether
    the target group is that of before."""
    if len(known) == 0:
        none = (np.full(len(eligible), NONE) for _ in range(3))
        return *none, np.zeros(len(eligible), dtype=bool)
    place = known.index.get_indexer(eligible["person_id"])
    numbers = (
        np.where(place >= 0, known[column].to_numpy()[place], NONE)
        for column in ("turn", "last_asked", "last_eligible")
    )
    before = known["target_group"].to_numpy(dtype=object)[place]
    return *numbers, (place >= 0) & (before == eligible[STRATUM].to_numpy(dtype=object))


def _with_turns(
    eligible: pd.DataFrame, turn: np.ndarray, turns: int, rng: np.random.Generator
) -> np.ndarray:
    """Turns of everybody: newcomers, in random order within target group × gender × age, take those
    of random permutations one after another. Each has every turn with probability 1/R, and
    each R newcomers in a row have R turns."""
    new = np.flatnonzero(turn == NONE)
    shuffled = rng.permutation(new)
    newcomers = eligible.iloc[shuffled].reset_index(drop=True)
    ordered = shuffled[newcomers.sort_values([STRATUM, *CONTROLS], kind="stable").index]
    rows = -(-len(new) // turns)
    given = np.concatenate([rng.permutation(turns) for _ in range(rows)] or [np.empty(0, int)])
    turn = turn.copy()
    turn[ordered] = given[: len(new)]
    return turn


def _strata(
    eligible: pd.DataFrame,
    yearly: pd.DataFrame,
    at_turn: np.ndarray,
    entered: np.ndarray,
    turns: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    group = eligible[STRATUM]
    counts = {
        name: group[mask].value_counts().reindex(yearly[STRATUM], fill_value=0).to_numpy(int)
        for name, mask in (("at_turn", at_turn), ("entered", entered))
    }
    fraction = np.minimum(1.0, yearly["sampling_fraction"].to_numpy() * turns / MONTHS_A_YEAR)
    fraction = np.where(fraction > 1 - 1e-12, 1.0, fraction)
    asked = np.floor(fraction * counts["at_turn"] + rng.random(len(yearly)) * (fraction < 1))
    return pd.DataFrame(
        {
            STRATUM: yearly[STRATUM],
            "population": yearly["population"],
            "yearly": yearly["invited"],
            "at_turn": counts["at_turn"],
            "fraction": fraction,
            "probability": fraction / turns,
            "asked": np.minimum(asked, counts["at_turn"]).astype(int),
            "entered": counts["entered"],
        }
    )


def _after(
    known: pd.DataFrame,
    eligible: pd.DataFrame,
    seen: pd.Series,
    turn: np.ndarray,
    asked: np.ndarray,
    now: int,
) -> pd.DataFrame:
    """The registry after the month; new persons are put behind those known."""
    new = seen[~seen.isin(known.index)]
    added = pd.DataFrame(
        {
            "turn": NONE,
            "last_seen": now,
            "last_eligible": NONE,
            "target_group": "",
            "last_asked": NONE,
        },
        index=pd.Index(new, name="person_id"),
    )
    table = pd.concat([known, added]) if len(known) else added
    table.loc[table.index.isin(seen), "last_seen"] = now
    rows = table.index.get_indexer(eligible["person_id"])
    table = table.reset_index()
    for column, value in (
        ("turn", turn),
        ("last_eligible", now),
        ("target_group", eligible[STRATUM].to_numpy(dtype=object)),
    ):
        table.loc[rows, column] = value
    table.loc[rows[asked], "last_asked"] = now
    return table.astype(REGISTRY)


def forget_gone(registry: pd.DataFrame, month: dt.date, retention_months: int) -> pd.DataFrame:
    """The registry without persons who were in no extract for `retention_months`."""
    gone = ordinal(month) - registry["last_seen"] >= retention_months
    return registry[~gone].reset_index(drop=True)


def yearly_inclusion(populations: list[pd.DataFrame]) -> pd.Series:
    """person_id → probability of being asked in any of these months, at most R in a row: the sum of
    the months' probabilities. `populations`: `MonthPlan.population` of each month."""
    return pd.concat(populations).groupby("person_id")["probability"].sum()
