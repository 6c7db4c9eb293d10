"""Benefit and spell → target group, or the reason for being left out.

The rules are a file (`params/classification/`); a new rule set needs no code. A person has the
first reason that fits, in the order of REASONS.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.params import AgeLimits, Rule, RuleSet

PASSIVE = "passive"
OUTSIDE = "benefit outside the target groups"
TOO_SHORT = "too short a spell"


def age_reason(limits: AgeLimits) -> str:
    return f"age outside {limits.youngest}-{limits.oldest}"


def reasons(limits: AgeLimits) -> tuple[str, ...]:
    """Reasons for being left out, in the order in which they are applied."""
    return PASSIVE, OUTSIDE, age_reason(limits), TOO_SHORT


def classify(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> pd.DataFrame:
    """Target group or reason left out, for each person.

    `persons` has a row a person with `benefit_type`, `passive` (bool), `age` (years on the
    reference date) and `spell_start` (datetime64). Returns, with the same index, `target_group`
    and `left_out`: exactly one of them is given, the other is null. A spell that reaches its limit
    on the reference date counts: 8 weeks are 56 days, 12 months twelve calendar months.
    """
    group, left_out = _told(persons, rules, reference_date, limits)
    return pd.DataFrame(
        {
            "target_group": pd.array(group, dtype="str"),
            "left_out": pd.array(left_out, dtype="str"),
        },
        index=persons.index,
    )


def _told(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> tuple[np.ndarray, np.ndarray]:
    """Target group and reason left out of each person, None where there is none."""
    codes, benefits = pd.factorize(persons["benefit_type"].to_numpy(dtype=object))
    of_benefit = {r.benefit_type: r for r in rules.rules}
    # a missing benefit has the code -1: the last one, which has no rule
    rule = [*(of_benefit.get(b) for b in benefits), None]
    group = np.array([r.target_group or None if r else None for r in rule], dtype=object)[codes]
    age = persons["age"].to_numpy(dtype="float64", na_value=np.nan)
    chosen = np.select(
        [
            persons["passive"].to_numpy(bool),
            np.equal(group, None),
            ~((age >= limits.youngest) & (age <= limits.oldest)),  # NaN is outside
            ~_long_enough(persons["spell_start"], rule, codes, reference_date),
        ],
        list(range(1, 5)),
        default=0,
    )
    left_out = np.array([None, *reasons(limits)], dtype=object)[chosen]
    group[chosen > 0] = None
    return group, left_out


def _long_enough(
    spell_start: pd.Series,
    rule: Sequence[Rule | None],
    codes: np.ndarray,
    reference_date: dt.date,
) -> np.ndarray:
    """True where the spell has reached the limit of its rule, `rule[code]`, on the reference date."""
    days, starts = pd.factorize(spell_start.to_numpy())  # a missing start has the code -1
    limits = [(r.least_spell_unit, r.least_spell) if r and r.target_group else None for r in rule]
    reached = {None: np.zeros(len(starts) + 1, dtype=bool)}
    for unit, least in set(limits) - {None}:
        limit_day = pd.DatetimeIndex(starts) + pd.DateOffset(**{unit: least})
        reached[unit, least] = np.append(limit_day <= pd.Timestamp(reference_date), False)
    return np.stack([reached[limit] for limit in limits])[codes, days]


def bands(values: pd.Series, starts: tuple[int, ...], labels: tuple[str, ...], last: int | None):
    """Put whole numbers into bands that begin at `starts`; null below the first and above `last`."""
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    position = np.searchsorted(starts, numbers, side="right") - 1
    outside = np.isnan(numbers) | (position < 0)
    if last is not None:
        outside |= numbers > last
    position[outside] = len(labels)
    chosen = np.array([*labels, None], dtype=object)[position]
    return pd.Series(pd.array(chosen, dtype="str"), index=values.index)


def counts(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> dict[str, int]:
    """Persons per target group and per reason left out under one rule set; zeros are left out."""
    group, left_out = _told(persons, rules, reference_date, limits)
    return dict(sorted(Counter(np.where(np.equal(group, None), left_out, group)).items()))
