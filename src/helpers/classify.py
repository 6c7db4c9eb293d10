"""Benefit and spell → target group, or the reason for being left out.

The rules are a file (`params/classification/`); a new rule set needs no code. A person has the
first reason that fits, in the order of REASONS.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.params import AgeLimits, RuleSet

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
    by_benefit = {r.benefit_type: r for r in rules.rules}
    rule = persons["benefit_type"].map(by_benefit)
    group = rule.map(lambda r: r.target_group or None, na_action="ignore").astype(object)
    age = persons["age"].astype("float64")
    reference = pd.Timestamp(reference_date)
    chosen = np.select(
        [
            persons["passive"].to_numpy(bool),
            group.isna().to_numpy(),
            ~age.between(limits.youngest, limits.oldest).to_numpy(),
            ~_long_enough(persons, rules, reference),
        ],
        list(reasons(limits)),
        default="",
    )
    eligible = chosen == ""
    return pd.DataFrame(
        {
            "target_group": pd.Series(
                np.where(eligible, group, None), index=persons.index, dtype="str"
            ),
            "left_out": pd.Series(
                np.where(eligible, None, chosen), index=persons.index, dtype="str"
            ),
        }
    )


def _long_enough(persons: pd.DataFrame, rules: RuleSet, reference: pd.Timestamp) -> np.ndarray:
    """True where the spell has reached its rule's limit on the reference date."""
    reached = np.zeros(len(persons), dtype=bool)
    start = persons["spell_start"]
    for rule in rules.rules:
        if rule.target_group:
            unit = {rule.least_spell_unit: rule.least_spell}
            of_rule = (persons["benefit_type"] == rule.benefit_type).to_numpy()
            limit_reached = start[of_rule] + pd.DateOffset(**unit) <= reference
            reached[of_rule] = limit_reached.to_numpy()
    return reached


def bands(values: pd.Series, starts: tuple[int, ...], labels: tuple[str, ...], last: int | None):
    """Put whole numbers into bands that begin at `starts`; null below the first and above `last`."""
    position = np.searchsorted(starts, values.astype("float64"), side="right") - 1
    outside = values.isna().to_numpy() | (position < 0)
    if last is not None:
        outside |= (values.astype("float64") > last).to_numpy()
    chosen = np.asarray(labels, dtype=object)[np.clip(position, 0, len(labels) - 1)]
    return pd.Series(np.where(outside, None, chosen), index=values.index, dtype="str")


def counts(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> dict[str, int]:
    """Persons per target group and per reason left out under one rule set; zeros are left out."""
    classified = classify(persons, rules, reference_date, limits)
    told = classified["target_group"].fillna(classified["left_out"])
    return {str(k): int(v) for k, v in told.value_counts().sort_index().items()}
