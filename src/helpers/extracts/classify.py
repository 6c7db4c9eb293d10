"""Benefit and spell → target group, or the reason for being left out.

The rules are a file (`params/classification/`); a new rule set needs no code. A person has the
first reason that fits, in the order of REASONS.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.parameters.params import AgeLimits, RuleSet

PASSIVE = "passive"
OUTSIDE = "benefit outside the target groups"
TOO_SHORT = "too short a spell"
_OUTSIDE, _TOO_SHORT = -1, -2  # where a person has no target group


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
    and `left_out`: exactly one of them is given, the other is null. A rule holds for least_spell ≤
    spell < most_spell: a spell that reaches a limit on the reference date counts from there, 8 weeks
    are 56 days, 12 months twelve calendar months.
    """
    groups, group, reason = _chosen(persons, rules, reference_date, limits)
    labels = pd.array(reasons(limits), dtype="str")
    return pd.DataFrame(
        {
            "target_group": pd.array(groups, dtype="str").take(group, allow_fill=True),
            "left_out": labels.take(reason, allow_fill=True),
        },
        index=persons.index,
    )


def _chosen(
    persons: pd.DataFrame, rules: RuleSet, reference_date: dt.date, limits: AgeLimits
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names of target groups, and of each person the place of its group among them and of the reason
    among `reasons`; -1 where there is none."""
    groups = [g.id for g in rules.groups]
    group = _group(persons, rules, groups, reference_date)
    age = persons["age"].to_numpy(dtype="float64", na_value=np.nan)
    reason = np.select(
        [
            persons["passive"].to_numpy(bool),
            group == _OUTSIDE,
            ~((age >= limits.youngest) & (age <= limits.oldest)),  # NaN is outside
            group == _TOO_SHORT,
        ],
        range(len(reasons(limits))),
        default=-1,
    )
    return groups, np.where(reason < 0, group, -1), reason


def _group(
    persons: pd.DataFrame, rules: RuleSet, groups: list[str], reference_date: dt.date
) -> np.ndarray:
    """Each person's place among `groups`, or _OUTSIDE, or _TOO_SHORT.

    A benefit's rules stand end to end (`parameters/spells.py`), so the rule is the last one whose
    least spell is reached: most_spell of the one before is where it begins.
    """
    codes, benefits = pd.factorize(persons["benefit_type"])
    days, starts = pd.factorize(persons["spell_start"].to_numpy())
    by_benefit = rules.by_benefit
    # a missing benefit, a missing start has the code -1: the last one, without rules, never reached
    ladders = [*(by_benefit.get(b, ()) for b in benefits), ()]
    reached = {(None, None): np.ones(len(starts) + 1, dtype=bool)}
    for unit, least in {(r.least_spell_unit, r.least_spell) for of in ladders for r in of}:
        if unit:
            first_day = pd.DatetimeIndex(starts) + pd.DateOffset(**{unit: least})
            reached[unit, least] = np.append(first_day <= pd.Timestamp(reference_date), False)
    group = np.full((len(ladders), len(starts) + 1), _OUTSIDE)
    for code, ladder in enumerate(ladders):
        if ladder and ladder[0].least_spell_unit:
            group[code] = _TOO_SHORT
        for rule in ladder:
            place = groups.index(rule.target_group) if rule.target_group else _OUTSIDE
            group[code][reached[rule.least_spell_unit, rule.least_spell]] = place
    return group[codes, days]


WEEKS = {"weeks": 1.0, "months": 365.25 / 12 / 7}


def regrouped(asked: pd.DataFrame, rules: RuleSet) -> np.ndarray:
    """Target group under other rules of citizens who were asked, by benefit_type and weeks_on_benefit
    (completed weeks; a limit in months is met within a week); null where their benefit has none. Who is
    below a benefit's least spell counts in its shortest group: they were asked."""
    found = np.full(len(asked), None, dtype=object)
    weeks = asked["weeks_on_benefit"].to_numpy(dtype=float, na_value=np.nan)
    for benefit, ladder in rules.by_benefit.items():
        of_benefit = (asked["benefit_type"] == benefit).to_numpy()
        for place, rule in enumerate(ladder):
            least = (rule.least_spell or 0) * WEEKS[rule.least_spell_unit or "weeks"]
            here = of_benefit & (weeks >= np.floor(least)) if place else of_benefit
            found[here] = rule.target_group or None
    return found


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
