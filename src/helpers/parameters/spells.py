"""Spells of a benefit: which its rules cover, and that each spell is covered once.

A rule covers least_spell ≤ spell < most_spell on the reference date; without most_spell all from
least_spell on. A benefit's rules stand end to end: each begins where the one before ends, and the last
has no end. Below the first the spell is too short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from helpers.common.errors import Problem
from helpers.common.labels import normalise
from helpers.parameters.rule_sets import Rule
from helpers.parameters.tables import Table

UNITS = {"weeks": ("uge", "uger"), "months": ("måned", "måneder")}
LEAVE_OUT = "an empty target_group leaves them out on purpose"

Span = tuple[str, int, int | None]  # unit, least, most; None: no end
Cover = dict[str, tuple[Span, ...]]  # benefit type → its spans, in order and not touching


def spell_problems(rules: Table[Rule]) -> Iterator[Problem]:
    """Every benefit type with a spell that two of its rules cover, or none above the first."""
    by_benefit: dict[str, list[tuple[int, Rule]]] = {}
    for line, rule in rules.lines:
        by_benefit.setdefault(normalise(rule.benefit_type), []).append((line, rule))
    for lines in by_benefit.values():
        for line, what, expected, remedy in _troubles(lines):
            yield Problem(rules.at(line), what, expected, remedy)


def _troubles(lines: Sequence[tuple[int, Rule]]) -> Iterator[tuple[int, str, str, str]]:
    """(line, what, expected, remedy) of one benefit type's rules."""
    first, one = lines[0]
    if not any(r.target_group for _, r in lines) and any(
        r.least_spell is not None for _, r in lines
    ):
        what = "a least spell, but no target_group"
        yield first, what, "a target group, or neither", "Name it, or empty the spells."
        return
    for line, rule in lines[1:]:
        if rule.benefit_type != one.benefit_type:
            what = (
                f"»{rule.benefit_type}« is »{one.benefit_type}« of line {first} written otherwise"
            )
            yield line, what, "one spelling", "Write it as there."
            return
        if (rule.least_spell is None) or (one.least_spell is None):
            what = (
                f"»{one.benefit_type}« has two rules (first in line {first}), one without a spell"
            )
            remedy = "Keep one, or give both least_spell, and the first most_spell."
            yield line, what, "one rule for each spell", remedy
            return
        if rule.least_spell_unit != one.least_spell_unit:
            what = (
                f"»{one.benefit_type}« is split in {rule.least_spell_unit} here and in "
                f"{one.least_spell_unit} in line {first}; they cannot be set end to end"
            )
            yield line, what, "one unit for a benefit type", "Write all its spells in one unit."
            return
    if one.least_spell is not None:
        yield from _out_of_line(lines)


def _out_of_line(lines: Sequence[tuple[int, Rule]]) -> Iterator[tuple[int, str, str, str]]:
    """Gaps and overlaps of rules in one unit: each must begin where those before it end."""
    ordered = sorted(lines, key=lambda row: row[1].least_spell)
    (end_line, before), *rest = ordered
    benefit, unit = f"»{before.benefit_type}«", before.least_spell_unit
    begin, end = before.least_spell, before.most_spell
    for line, rule in rest:
        least, most = rule.least_spell, rule.most_spell
        if end is None or end > least:
            both = [e for e in (end, most) if e is not None]
            what = f"{benefit} {_english(least, min(both, default=None), unit)} has two rules (the other in line {end_line})"
            remedy = f"Let most_spell of line {end_line} be {least}, or correct least_spell here."
            if least == begin:
                remedy = "Keep one, or correct the spells of one."
            yield line, what, "one rule for each spell: least_spell ≤ spell < most_spell", remedy
        elif end < least:
            what = f"{benefit} {_english(end, least, unit)} has no rule"
            remedy = f"Let least_spell be {end}, or add a row for those spells; {LEAVE_OUT}."
            yield line, what, f"a rule from where line {end_line} ends", remedy
        if end is not None and (most is None or most > end):
            begin, end, end_line = least, most, line
    if end is not None:
        what = f"{benefit} {_english(end, None, unit)} has no rule"
        remedy = f"Empty most_spell, or add a row from {end} on; {LEAVE_OUT}."
        yield end_line, what, "a last rule without most_spell", remedy


def _english(least: int, most: int | None, unit: str | None) -> str:
    return f"from {least} {unit} on" if most is None else f"from {least} to under {most} {unit}"


def spell_words(least: int, most: int | None, unit: str) -> str:
    """»mindst 8 uger«, »8 til under 26 uger«, »under 26 uger«; »uanset varighed« where all are covered."""
    one, many = UNITS[unit]
    if most is None:
        return f"mindst {least} {one if least == 1 else many}" if least else "uanset varighed"
    end = f"under {most} {one if most == 1 else many}"
    return f"{least} til {end}" if least else end


def cover(rules: Iterable[Rule]) -> Cover:
    """What rules of a target group cover together; rules that touch are one, whatever their groups."""
    spans: dict[str, list[Span]] = {}
    for rule in sorted(rules, key=lambda r: r.least_spell or 0):
        if rule.target_group and rule.least_spell_unit and rule.least_spell is not None:
            found = spans.setdefault(rule.benefit_type, [])
            if found and found[-1][2] == rule.least_spell:
                found[-1] = (found[-1][0], found[-1][1], rule.most_spell)
            else:
                found.append((rule.least_spell_unit, rule.least_spell, rule.most_spell))
    return {benefit: tuple(of) for benefit, of in spans.items()}


def within(part: Cover, whole: Cover) -> bool:
    """Whether all that `part` covers is covered by `whole`."""
    return all(
        any(_inside(span, other) for other in whole.get(benefit, ()))
        for benefit, spans in part.items()
        for span in spans
    )


def _inside(span: Span, other: Span) -> bool:
    same_unit, begins = span[0] == other[0], span[1] >= other[1]
    return (
        same_unit and begins and (other[2] is None or (span[2] is not None and span[2] <= other[2]))
    )
