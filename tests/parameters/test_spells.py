"""A benefit's rules cover every spell above the first once: gaps and overlaps are found by reasoning, and
agree with looking at each spell in turn."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.parameters.rule_sets import LONGEST_SPELL, Rule
from helpers.parameters.spells import cover, spell_problems, spell_words, within
from helpers.parameters.tables import Table


def rule(least, most=None, group="kort", unit="weeks", benefit="sygedagpenge") -> Rule:
    return Rule(
        benefit_type=benefit, target_group=group, least_spell=least, most_spell=most,
        least_spell_unit=unit, source="en prøve",
    )  # fmt: skip


def table(*rules: Rule) -> Table[Rule]:
    return Table(Path("2026.csv"), tuple(enumerate(rules, start=2)), True)


def told(*rules: Rule) -> list[str]:
    return [str(p) for p in spell_problems(table(*rules))]


def once_each(rules: list[Rule]) -> bool:
    """Each spell from the least on is covered once: looked at one by one, beyond the longest limit."""
    least = min(r.least_spell for r in rules)
    return all(
        sum(r.least_spell <= s and (r.most_spell is None or s < r.most_spell) for r in rules) == 1
        for s in range(least, LONGEST_SPELL + 2)
    )


SPANS = st.tuples(
    st.integers(0, LONGEST_SPELL - 1), st.none() | st.integers(1, LONGEST_SPELL)
).filter(lambda s: s[1] is None or s[1] > s[0])


@given(st.lists(SPANS, min_size=1, max_size=5))
def test_any_rules_are_refused_unless_each_spell_is_covered_once(spans):
    rules = [rule(*s) for s in spans]
    assert bool(told(*rules)) == (not once_each(rules))


@given(st.lists(st.integers(0, LONGEST_SPELL), min_size=1, max_size=6, unique=True), st.randoms())
def test_rules_end_to_end_are_taken_in_any_order_and_a_moved_limit_is_not(limits, random):
    limits = sorted(limits)
    rules = [rule(a, b) for a, b in zip(limits, [*limits[1:], None])]
    shuffled = random.sample(rules, len(rules))
    assert told(*shuffled) == []
    whole = {"sygedagpenge": (("weeks", limits[0], None),)}
    assert cover(shuffled) == whole
    assert all(within(cover([r]), whole) for r in rules)
    if len(limits) > 1 and limits[1] - limits[0] > 1:
        moved = [rules[0].model_copy(update={"most_spell": limits[1] - 1}), *rules[1:]]
        assert len(told(*moved)) == 1
    if len(limits) > 1:
        assert not within(whole, cover(rules[1:]))


@pytest.mark.parametrize(
    "rules, line, what, remedy",
    [
        ([rule(8, 26), rule(30)], 3, "»sygedagpenge« from 26 to under 30 weeks has no rule",
         "Let least_spell be 26, or add a row"),
        ([rule(8, 30), rule(26)], 3, "»sygedagpenge« from 26 to under 30 weeks has two rules (the other in line 2)",
         "Let most_spell of line 2 be 26"),
        ([rule(8), rule(26)], 3, "»sygedagpenge« from 26 weeks on has two rules (the other in line 2)",
         "Let most_spell of line 2 be 26"),
        ([rule(26), rule(8, 20)], 2, "»sygedagpenge« from 20 to under 26 weeks has no rule", "Let least_spell be 20"),
        ([rule(8, 26)], 2, "»sygedagpenge« from 26 weeks on has no rule",
         "Empty most_spell, or add a row from 26 on; an empty target_group leaves them out on purpose."),
        ([rule(2, 6), rule(6, unit="months")], 3, "is split in months here and in weeks in line 2",
         "Write all its spells in one unit."),
        ([rule(8, 26), Rule(benefit_type="sygedagpenge", source="k")], 3, "one without a spell",
         "give both least_spell"),
        ([rule(8, 26), rule(26, benefit="Syge-dagpenge")], 3, "written otherwise", "Write it as there."),
        ([rule(8, group="")], 2, "a least spell, but no target_group", "Name it"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_gap_and_of_an_overlap(rules, line, what, remedy):
    [text] = told(*rules)
    assert text.startswith(f"2026.csv, line {line}: ")
    assert what in text and remedy in text


def test_spells_can_be_left_out_on_purpose():
    assert told(rule(8, 26), rule(26, group="")) == []
    assert cover([rule(8, 26), rule(26, group="")]) == {"sygedagpenge": (("weeks", 8, 26),)}


@pytest.mark.parametrize(
    "span, words",
    [((8, None, "weeks"), "mindst 8 uger"), ((8, 26, "weeks"), "8 til under 26 uger"),
     ((0, 1, "months"), "under 1 måned"), ((1, None, "weeks"), "mindst 1 uge"),
     ((0, None, "weeks"), "uanset varighed")],
)  # fmt: skip
def test_spells_in_danish(span, words):
    assert spell_words(*span) == words
