"""The law in rows: which target group a benefit and the length of its spell lead to."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from helpers.parameters.round_settings import Model
from helpers.parameters.types import (
    Id,
    Whole,
    Words,
)

LONGEST_SPELL = 120  # weeks or months; more are days, or a slip


class Rule(Model):
    """The target group (empty: outside) of one benefit type's spells on the reference date: least_spell ≤
    spell < most_spell, both in `least_spell_unit`; without most_spell all from least_spell on."""

    benefit_type: Words
    target_group: str = ""
    least_spell: Annotated[Whole, Field(ge=0, le=LONGEST_SPELL)] | None = None
    most_spell: Annotated[Whole, Field(ge=1, le=LONGEST_SPELL)] | None = None
    least_spell_unit: Literal["weeks", "months"] | None = None
    source: Words

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        spell = (self.least_spell, self.least_spell_unit)
        if self.target_group and None in spell:
            raise ValueError("a target group needs least_spell and least_spell_unit; fill them in")
        if None in spell and (*spell, self.most_spell) != (None, None, None):
            raise ValueError("a spell needs least_spell and least_spell_unit; fill them in")
        if self.most_spell is not None and self.most_spell <= (self.least_spell or 0):
            raise ValueError(
                f"most_spell {self.most_spell} leaves no spell from {self.least_spell} on; it must be "
                "more than least_spell"
            )
        return self


class TargetGroup(Model):
    """`continues`: the earlier groups (ids, parted by »;«) that this one stands for; the group's own id
    where it goes on under benefit types that earlier rule sets do not know."""

    id: Id
    order: Whole
    label: Words
    short: Words
    continues: str = ""

    @property
    def stands_for(self) -> tuple[str, ...]:
        return tuple(g.strip() for g in self.continues.split(";") if g.strip())


class RuleSet(Model):
    id: str
    rules: tuple[Rule, ...]
    groups: tuple[TargetGroup, ...]  # the rule set's groups, in printing order

    @property
    def by_benefit(self) -> dict[str, tuple[Rule, ...]]:
        """Benefit type → its rules, the shortest spell first."""
        found: dict[str, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda r: r.least_spell or 0):
            found.setdefault(rule.benefit_type, []).append(rule)
        return {benefit: tuple(rules) for benefit, rules in found.items()}
