"""What can be followed from round to round is decided once: split, renamed, merged and redrawn groups; and
every product says the same of every group and item."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation
from published_fixture import BIG, BREAK, make_published
from test_trends import with_, with_rule

from helpers.bi.star import star
from helpers.common.paths import PROJECT
from helpers.dashboard import data as dashboard_data
from helpers.deck.deck import write_deck
from helpers.estimation.comparability import common_part, comparability
from helpers.estimation.same_groups import group_fates
from helpers.parameters.params import load_round
from helpers.parameters.rule_sets import Rule, RuleSet, TargetGroup
from helpers.released.comparability import UNDECIDED, Comparability
from helpers.reports import model_texts
from helpers.workbook.workbook import write_workbook

EARLIER = "demo-2023"


def rule(benefit: str, group: str, least: int = 8, most: int | None = None) -> Rule:
    return Rule(
        benefit_type=benefit, target_group=group, least_spell=least if group else None,
        most_spell=most, least_spell_unit="weeks" if group else None, source="en prøve",
    )  # fmt: skip


def rule_set(*rules: Rule, **continues: str) -> RuleSet:
    names = list(dict.fromkeys(r.target_group for r in rules if r.target_group))
    groups = tuple(
        TargetGroup(id=g, order=i, label=g.capitalize(), short=g, continues=continues.get(g, ""))
        for i, g in enumerate(names)
    )
    return RuleSet(id=f"{len(rules)} regler", rules=rules, groups=groups)


BEFORE = rule_set(rule("syge", "syge"), rule("kontant", "klar"), rule("udd", "klar"))


def fates(*rules: Rule, before: RuleSet = BEFORE, **continues: str):
    found = group_fates(rule_set(*rules, **continues), before)
    return {g: (f.earlier, f.why) for g, f in found.groups.items()}, found.same_citizens


REST = (rule("kontant", "klar"), rule("udd", "klar"))


def test_a_group_split_by_spell_is_broken_for_a_reason_and_all_are_the_same_citizens():
    groups, same = fates(
        rule("syge", "kort", 8, 26), rule("syge", "lang", 26), *REST, kort="syge", lang="syge"
    )
    why = "er en del af det tidligere »Syge«, der nu er delt"
    assert groups == {"kort": (None, why), "lang": (None, why), "klar": ("klar", "")}
    assert same


def test_without_continues_the_split_is_seen_all_the_same():
    groups, same = fates(rule("syge", "kort", 8, 26), rule("syge", "lang", 26), *REST)
    assert groups["kort"] == groups["lang"] == (None, "var en del af »Syge«")
    assert same


def test_a_split_that_leaves_spells_out_is_other_citizens():
    groups, same = fates(rule("syge", "kort", 8, 26), rule("syge", "", 26), *REST, kort="syge")
    assert groups["kort"][0] is None
    assert groups["kort"][1] == (
        "viderefører »Syge«, men omfatter nu »syge« 8 til under 26 uger, før mindst 8 uger"
    )
    assert not same


RENAMED = (rule("kontant", "klar"), rule("udd", "klar"), rule("grundsats", "klar"))


def test_benefits_that_a_law_renames_are_carried_on_where_it_is_declared():
    syge = rule("syge", "syge")
    groups, same = fates(syge, *RENAMED, klar="klar")
    assert groups["klar"] == ("klar", "før »Klar«")
    assert same
    groups, same = fates(syge, *RENAMED)
    assert groups["klar"] == (None, "omfatter nu også »grundsats«")
    assert not same


def test_new_groups_of_new_benefits_alone():
    """As a new main law: nothing has the old name, and what continues what is said."""
    new = rule_set(rule("a", "x"), rule("b", "y"), x="syge", y="klar")
    found = group_fates(new, BEFORE)
    assert {g: f.earlier for g, f in found.groups.items()} == {"x": "syge", "y": "klar"}
    assert found.same_citizens
    undeclared = group_fates(rule_set(rule("a", "x"), rule("b", "y"), x="syge"), BEFORE)
    assert undeclared.groups["y"].earlier is None
    assert not undeclared.same_citizens


def test_what_is_declared_does_not_hide_what_the_rules_say():
    """»continues« carries new benefits; a known one that came in is a break with its reason."""
    groups, same = fates(
        rule("syge", "syge"), rule("kontant", "klar"), rule("udd", ""), klar="klar"
    )
    assert groups["klar"] == (None, "viderefører »Klar«, men omfatter ikke længere »udd«")
    assert not same


def test_two_groups_that_became_one():
    groups, same = fates(rule("syge", "alle"), rule("kontant", "alle"), rule("udd", "alle"), alle="syge;klar")  # fmt: skip
    assert groups["alle"] == (None, "samler »Syge« og »Klar«, der blev opgjort hver for sig")
    assert same


LIMITS = st.lists(st.integers(1, 100), max_size=4, unique=True).map(sorted)


@settings(max_examples=50)
@given(LIMITS, LIMITS)
def test_however_a_benefit_is_split_the_whole_stays_and_equal_parts_are_followed(now, before):
    """All and gender keep their trend whatever the limits; a group is followed where its limits were the
    same before, and never otherwise."""

    def split(limits):
        ends = [0, *limits, None]
        parts = [rule("syge", f"del{i}", a, b) for i, (a, b) in enumerate(pairwise(ends))]
        return rule_set(*parts)

    def spans(rules):
        return {r.target_group: (r.least_spell, r.most_spell) for r in rules.rules}

    one, other = split(now), split(before)
    found = group_fates(one, other)
    assert found.same_citizens
    for group, fate in found.groups.items():
        same = [g for g, span in spans(other).items() if span == spans(one)[group]]
        assert fate.earlier == (same[0] if same else None)
        assert bool(fate.why) == (fate.earlier is None)


# ------------------------------------------------------------------------------------ the table


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def test_the_table_has_every_group_and_item_once(published, demo):
    before = load_round(PROJECT, EARLIER)
    table = comparability(demo, before)
    key = ["municipality", "reference", "breakdown", "category", "item"]
    assert not table.duplicated(key).any()
    common = table[table["municipality"] == "national"]
    labels, items = demo.category_labels(), demo.item_labels()
    one_way = sum(len(of) for of in labels.values())
    crossed = sum(
        len(labels[a]) * len(labels[b]) for a, b in (p.split(":") for p in demo.two_way_breakdowns)
    )
    assert len(common) == (one_way + crossed) * len(items)
    assert (table["note"] != "").all()  # the groups are redrawn: a break, or a reason
    assert set(table["mark"]) == {BREAK}


def test_what_the_release_compares_is_what_the_table_lets_be_followed(demo):
    """`changes` is made of the same decision: a comparison is made where the table says so, one-way."""
    before = load_round(PROJECT, EARLIER)
    part, trends = common_part(demo, before), Comparability(comparability(demo, before))
    for breakdown, labels in demo.category_labels().items():
        for category in labels:
            for item in demo.item_labels():
                trend = trends.trend(EARLIER, item, breakdown, category)
                both = (breakdown, category) in part.categories and item in part.items
                assert trend.comparable == both
                if both:
                    was = part.categories[breakdown, category], part.items[item]
                    assert (trend.category, trend.item) == was


def test_crossed_groups_are_followed_where_both_parts_are(demo):
    trends = Comparability(comparability(demo, load_round(PROJECT, EARLIER)))
    jobs = trends.trend(EARLIER, "moedet", "target_group:gender", "job_uddannelsesparate:kvinde")
    assert (jobs.comparable, jobs.category, jobs.item) == (True, "jobparate:kvinde", "vaerdighed")
    active = trends.trend(EARLIER, "moedet", "target_group:gender", "aktivitetsparate:kvinde")
    assert not active.comparable and "omfatter ikke længere" in active.note


def test_what_nobody_decided_is_not_followed(demo):
    trends = Comparability(comparability(demo, load_round(PROJECT, EARLIER)))
    assert trends.trend("2019-efteraar", "moedet") is UNDECIDED
    assert trends.trend(EARLIER, "moedet", "target_group", "nosuch") is UNDECIDED


def test_a_local_question_is_followed_by_its_wording_and_answers(demo):
    local = demo.local_for(BIG)
    assert local.questions
    first = local.questions[0]
    same = with_(demo, local=demo.local)
    changed = local.model_copy(
        update={"questions": (first.model_copy(update={"wording": "Noget andet?"}), *local.questions[1:])}
    )  # fmt: skip
    for other, comparable in (
        (same, True),
        (with_(demo, local=demo.local | {BIG: changed}), False),
    ):
        trends = Comparability(comparability(demo, other))
        assert trends.trend(demo.id, first.id, municipality=BIG).comparable is comparable
        assert trends.trend(demo.id, first.id, municipality="0825") is UNDECIDED


# ---------------------------------------------------------------------------- the products agree


@pytest.fixture(scope="module", params=["2024", "another spell", "as before"])
def pair(request, published, demo):
    """Three later rounds: as in 2024, with other citizens altogether, and with the same rules."""
    before = load_round(PROJECT, EARLIER)
    now = {
        "2024": demo,
        "another spell": with_rule(demo, "sygedagpenge", least_spell=13),
        "as before": demo,
    }[request.param]
    if request.param == "as before":
        before = with_(
            demo, settings=demo.settings.model_copy(update={"round": EARLIER, "earlier_rounds": ()})
        )
    table = comparability(now, before, municipalities=1)
    trends = Comparability(table)
    kept = [
        not reference.startswith("round:") or trends.trend(EARLIER, item, b, c).comparable
        for reference, item, b, c in published.comparisons[
            ["reference", "item", "breakdown", "category"]
        ].itertuples(index=False)
    ]  # what the gate would let out
    return dataclasses.replace(
        published, round=now, comparability=table, comparisons=published.comparisons[kept]
    ), dataclasses.replace(make_published("demo", (BIG,)), round=before)


def test_every_product_agrees_on_every_group_and_item(pair, tmp_path):
    published, earlier = pair
    released = {
        (b, c, i): published.trends.trend(EARLIER, i, b, c, BIG)
        for b, labels in published.round.category_labels(BIG).items()
        for c in labels
        for i in published.round.item_labels(BIG)
    }
    assert _dashboard(published, earlier, released) == {
        k: t.comparable for k, t in released.items()
    }
    assert _workbook(published, tmp_path, released) == {
        k: (t.comparable, t.note) for k, t in released.items()
    }
    _report_agrees(published, released)
    _deck_agrees(published, tmp_path, released)
    _star_agrees(published, released)


def _dashboard(published, earlier, released) -> dict:
    document = dashboard_data.municipal(published, [earlier], BIG)
    now = document["rounds"][0]
    return {
        key: old is not None
        for g, i, old, *_ in document["trends"][earlier.round.id]["rows"]
        if (key := (*now["groups"][g], now["items"][i]["id"])) in released
    }


def _workbook(published, folder, released) -> dict:
    book = openpyxl.load_workbook(write_workbook(published, BIG, folder / "b.xlsx"))
    head, *rows = book["Udvikling"].iter_rows(min_row=4, values_only=True)
    table = pd.DataFrame(rows, columns=head)
    said = zip(table["Kan følges"] == "Ja", table["Brud eller begrundelse"].fillna(""))
    assert len(table) == len(released)
    return dict(zip(released, said))


def _report_agrees(published, released) -> None:
    """Without a number the table says so, and only what cannot be followed »kan ikke sammenlignes«."""
    table = model_texts.development_table(published, BIG)
    mark = published.trends.mark(EARLIER)
    if table is None:
        assert not released["all", "all", "samlet"].comparable
        told = model_texts.development(published, BIG).data
        assert released["all", "all", "samlet"].note[1:].rstrip(".") in told
        return
    assert (mark in model_texts.development(published, BIG).data) or not mark
    lines = table.data.splitlines()
    labels = published.round.category_labels()
    for (breakdown, category, item), trend in released.items():
        if item == "samlet" and breakdown in ("target_group", "gender", "age_band"):
            start = f"| Samlet tilfredshed: {labels[breakdown][category]} |"
            [line] = [x for x in lines if x.startswith(start)]
            assert ("kan ikke sammenlignes" in line) == (not trend.comparable), line


def _deck_agrees(published, folder, released) -> None:
    deck = Presentation(write_deck(published, BIG, folder / "d.pptx"))
    text = "\n".join(
        s.text_frame.text for page in deck.slides for s in page.shapes if s.has_text_frame
    )
    if published.trends.mark(EARLIER) and released["all", "all", "samlet"].comparable:
        assert published.trends.mark(EARLIER) in text
    if not released["all", "all", "samlet"].comparable:
        assert "kan ikke sammenlignes med" in text


def _star_agrees(published, released) -> None:
    rows = star(published)["bridge_trend"].to_pylist()
    said = {(r["group_key"], r["question_key"]): (r["comparable"], r["note"]) for r in rows}
    for (breakdown, category, item), trend in released.items():
        own = breakdown.startswith("local:") or item.startswith("lokal")
        group = f"{BIG}:{breakdown}" if breakdown.startswith("local:") else breakdown
        question = f"{BIG}:{item}" if item.startswith("lokal") else item
        key = f"demo:{group}/{category}", f"demo:{question}"
        assert said[key] == (trend.comparable, trend.note), (own, key)
