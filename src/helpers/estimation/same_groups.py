"""Which target groups of two rule sets are the same citizens.

By what they cover (benefit types and spells), not by name. A group that covers other citizens than any
earlier one is followed where it says what it continues (`target-groups.csv`) and differs from that by
benefit types alone that the other rule set does not know: a law that renames benefits. Everything else
is a break, with its reason.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from helpers.parameters.rule_sets import RuleSet, TargetGroup
from helpers.parameters.spells import Cover, Span, cover, spell_words, within

MOST_NAMED = 3  # benefit types in a reason; more are counted


@dataclass(frozen=True)
class Fate:
    """`earlier`: the earlier group with the same citizens, None where the trend is broken; `why`: the reason
    of a break, or what a group that is carried on under new benefit types was; »« where nothing differs."""

    earlier: str | None
    why: str = ""


@dataclass(frozen=True)
class GroupFates:
    """`groups`: each group of now; `same_citizens`: whether all groups together are the same citizens;
    `redrawn`: whether any group is named or defined otherwise."""

    groups: dict[str, Fate]
    same_citizens: bool
    redrawn: bool


def group_fates(now: RuleSet, before: RuleSet) -> GroupFates:
    """What becomes of each target group of `now` since `before`."""
    pair = _Pair(now, before)
    fates = {g.id: pair.fate(g) for g in now.groups}
    return GroupFates(fates, pair.same_citizens(), pair.own != pair.earlier)


class _Pair:
    def __init__(self, now: RuleSet, before: RuleSet) -> None:
        self.now, self.before = now, before
        self.own, self.earlier = (
            {g.id: cover(r for r in rules.rules if r.target_group == g.id) for g in rules.groups}
            for rules in (now, before)
        )
        self.labels = {g.id: g.label for g in before.groups}
        self.named = Counter(e for g in now.groups for e in self.continued(g))

    def continued(self, group: TargetGroup) -> list[str]:
        """The groups that it continues and the earlier rule set has."""
        return [e for e in group.stands_for if e in self.earlier]

    def fate(self, group: TargetGroup) -> Fate:
        own, continued = self.own[group.id], self.continued(group)
        same = [e for e, covered in self.earlier.items() if covered == own]
        if same:
            return Fate(same[0])
        if not continued:
            return Fate(None, self._undeclared(group, own))
        names = " og ".join(f"»{self.labels[e]}«" for e in continued)
        parts = [g.label for g in self.now.groups if set(self.continued(g)) & set(continued)]
        if len(parts) > 1:
            return Fate(None, f"er en del af det tidligere {names}, der nu er delt")
        theirs = cover(r for r in self.before.rules if r.target_group in continued)
        if not self._carried(own, theirs):
            return Fate(None, f"viderefører {names}, men {self._differs(own, theirs)}")
        if len(continued) > 1:
            return Fate(None, f"samler {names}, der blev opgjort hver for sig")
        return Fate(continued[0], f"før {names}")

    def _carried(self, own: Cover, theirs: Cover) -> bool:
        """Whether the two differ by nothing but benefit types that the other rule set does not know."""
        known_before, known_now = self.before.by_benefit, self.now.by_benefit
        mine = {b: spans for b, spans in own.items() if b in known_before}
        return mine == {b: spans for b, spans in theirs.items() if b in known_now}

    def same_citizens(self) -> bool:
        """Whether all groups together cover the same; what only one rule set knows must be declared."""
        own, theirs = cover(self.now.rules), cover(self.before.rules)
        if not self._carried(own, theirs):
            return False
        new = [g for g in self.now.groups if self.own[g.id].keys() - self.before.by_benefit.keys()]
        gone = [
            e for e, covered in self.earlier.items() if covered.keys() - self.now.by_benefit.keys()
        ]
        return all(self.continued(g) for g in new) and all(self.named[e] for e in gone)

    def _undeclared(self, group: TargetGroup, own: Cover) -> str:
        """Why a group that continues none cannot be followed."""
        if group.id in self.earlier:
            return self._differs(own, self.earlier[group.id])
        wholes = [e for e, covered in self.earlier.items() if within(own, covered)]
        if wholes:
            return f"var en del af »{self.labels[wholes[0]]}«"
        return "er afgrænset på en anden måde end de tidligere målgrupper"

    def _differs(self, own: Cover, theirs: Cover) -> str:
        """»omfatter ikke længere …«, »omfatter nu også …«, »omfatter nu sygedagpenge …, før …«."""
        more, less = ([b for b in a if b not in c] for a, c in ((own, theirs), (theirs, own)))
        changed = [b for b in own if b in theirs and own[b] != theirs[b]]
        parts = [f"omfatter nu også {_benefits(more)}"] if more else []
        parts += [f"omfatter ikke længere {_benefits(less)}"] if less else []
        for benefit in changed[:MOST_NAMED]:
            now, before = _spells(own[benefit]), _spells(theirs[benefit])
            parts.append(f"omfatter nu »{benefit}« {now}, før {before}")
        if len(changed) > MOST_NAMED:
            parts.append(f"har nu andre varigheder for {len(changed)} ydelser i alt")
        return " og ".join(parts)


def _benefits(names: list[str]) -> str:
    if len(names) > MOST_NAMED:
        return f"{len(names)} ydelser"
    return " og ".join(f"»{n}«" for n in names)


def _spells(spans: tuple[Span, ...]) -> str:
    return " og ".join(spell_words(least, most, unit) for unit, least, most in spans)
