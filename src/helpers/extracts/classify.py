"""Benefit and spell → target group, or the reason for being left out.

The rules are a file (`params/classification/`); a new rule set needs no code. A person has the
first reason that fits, in the order of REASONS.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.parameters.params import AgeLimits, Rule, RuleSet

PASSIVE = "passive"
OUTSIDE = "benefit outside the target groups"
TOO_SHORT = "too short a spell"


def age_reason(limits: AgeLimits) -> str:
    return f"age outside {limits.youngest}-{limits.oldest}"


def reasons(limits: AgeLimits) -> tuple[str, ...]:
    """Reasons for being left out, in the order in which they are applied."""
    return PASSIVE, OUTSIDE, age_reason(limits), TOO_SHORT


def reason_labels(limits: AgeLimits) -> dict[str, str]:
    """Reason → Danish label, in the order in which they are applied."""
    age = f"Alder uden for {limits.youngest}–{limits.oldest} år"
    labels = ("Passiv", "Ydelse uden for målgrupperne", age, "For kort tid på ydelsen")
    return dict(zip(reasons(limits), labels))


def classify(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> pd.DataFrame:
    """Target group or reason left out, for each person.

    `persons` has a row a person with `benefit_type`, `passive` (bool), `age` (years on the
    reference date) and `spell_start` (datetime64). Returns, with the same index, `target_group`
    and `left_out`: exactly one of them is given, the other is null. A spell that reaches its limit
    on the reference date counts: 8 weeks are 56 days, 12 months twelve calendar months.
    """
    groups, group, reason = _chosen(persons, rules, reference_date, limits)
    told = pd.array(reasons(limits), dtype="str")
    return pd.DataFrame(
        {
            "target_group": pd.array(groups, dtype="str").take(group, allow_fill=True),
            "left_out": told.take(reason, allow_fill=True),
        },
        index=persons.index,
    )


def _chosen(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of target groups, and of each person the place of its group among them and of the reason
    among `reasons`; -1 where there is none."""
    codes, benefits = pd.factorize(persons["benefit_type"])
    of_benefit = {r.benefit_type: r for r in rules.rules}
    # a missing benefit has the code -1: the last one, which has no rule
    rule = [*(of_benefit.get(b) for b in benefits), None]
    groups = sorted({r.target_group for r in rule if r and r.target_group})
    group = np.array([groups.index(r.target_group) if r and r.target_group else -1 for r in rule])
    group = group[codes]
    age = persons["age"].to_numpy(dtype="float64", na_value=np.nan)
    reason = np.select(
        [
            persons["passive"].to_numpy(bool),
            group < 0,
            ~((age >= limits.youngest) & (age <= limits.oldest)),  # NaN is outside
            ~_long_enough(persons["spell_start"], rule, codes, reference_date),
        ],
        range(len(reasons(limits))),
        default=-1,
    )
    return groups, np.where(reason < 0, group, -1), reason


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
    outside = np.isnan(numbers) if last is None else np.isnan(numbers) | (numbers > last)
    chosen = pd.array(labels, dtype="str").take(np.where(outside, -1, position), allow_fill=True)
    return pd.Series(chosen, index=values.index)


def counts(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> dict[str, int]:
    """Persons per target group and per reason left out under one rule set; zeros are left out."""
    groups, group, reason = _chosen(persons, rules, reference_date, limits)
    names = np.array([*groups, *reasons(limits)])
    found = np.bincount(np.where(reason < 0, group, len(groups) + reason), minlength=len(names))
    return {str(names[i]): int(found[i]) for i in np.argsort(names) if found[i]}
