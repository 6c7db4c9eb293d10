"""Notebook 10 tells of local questions and groups, marks few, and warns of groups too small to report."""

from __future__ import annotations

import nbformat
import pandas as pd
import pytest
from local_fixture import SCALE

from helpers.preparation.local_plan import (
    ENOUGH,
    NO_VERDICT,
    TOO_SMALL,
    groups_by_category,
    groups_table,
    introduction,
    questions_table,
    reportable,
    warnings,
)
from helpers.sampling.plan import SamplingPlan

CODE = "0707"
NEW, OLD = "helhedsorienteret", "traditionel"


def plan_of(groups: dict[str | None, tuple[int, int]], target_group="dagpenge") -> SamplingPlan:
    """Local category → (citizens, of whom drawn); expected response of the group is 0.25."""
    rows = [
        (category, target_group, i < drawn)
        for category, (people, drawn) in groups.items()
        for i in range(people)
    ]
    persons = pd.DataFrame(rows, columns=["local_indsats", "target_group", "drawn"])
    persons["local_indsats"] = persons["local_indsats"].astype("str")
    return SamplingPlan(persons, pd.DataFrame(), persons[persons["drawn"]], pd.DataFrame())


def text_of(gt) -> str:
    return gt.as_raw_html()


def test_expected_answers_are_summed_over_target_groups(round_2024):
    one, other = plan_of({NEW: (50, 40)}), plan_of({NEW: (30, 20)}, "aktivitetsparate")
    both = SamplingPlan(
        pd.concat([one.population, other.population]), one.allocation,
        pd.concat([one.sample, other.sample]), one.frame,
    )  # fmt: skip
    row = groups_by_category(both, round_2024, CODE).iloc[0]
    assert (row["population"], row["invited"]) == (80, 60)
    assert row["expected_answers"] == pytest.approx(40 * 0.25 + 20 * 0.16)


@pytest.mark.parametrize(
    "invited, told",
    [(19, TOO_SMALL), (20, NO_VERDICT), (21, NO_VERDICT), (119, NO_VERDICT), (120, ENOUGH), (121, ENOUGH)],
)  # fmt: skip
def test_limits_below_at_and_above(round_2024, invited, told):
    """A quarter is expected to answer: 20 invited give 5, 120 give 30."""
    groups = groups_by_category(plan_of({NEW: (200, invited), OLD: (400, 200)}), round_2024, CODE)
    assert reportable(groups, round_2024).tolist() == [told, ENOUGH]


@pytest.mark.parametrize("n, shown", [(0, ">0<"), (1, "under 5"), (4, "under 5"), (5, ">5<")])
def test_few_citizens_are_marked_and_none_is_none(round_2024, n, shown):
    html = text_of(groups_table(plan_of({NEW: (n, 0), OLD: (400, 200)}), round_2024, CODE))
    assert shown in html
    if 0 < n < 5:
        assert f">{n}<" not in html


def test_citizens_without_a_value_have_a_row_only_where_there_are_some(round_2024):
    without = plan_of({NEW: (300, 200), OLD: (400, 200)})
    assert "Ikke oplyst" not in text_of(groups_table(without, round_2024, CODE))
    some = plan_of({NEW: (300, 200), OLD: (400, 200), None: (7, 6)})
    groups = groups_by_category(some, round_2024, CODE)
    assert groups["population"].tolist() == [300, 400, 7]
    assert reportable(groups, round_2024).iloc[-1] == "–"
    assert warnings(some, round_2024, CODE) is None


def test_a_group_too_small_is_warned_of_by_name(round_2024):
    told = warnings(plan_of({NEW: (30, 19), OLD: (400, 200)}), round_2024, CODE).data
    assert "»Indsats: Helhedsorienteret« ventes at give færre end 5 svar" in told
    assert "kun én gruppe" in told
    assert "Traditionel" not in told
    assert "30" not in told and "19" not in told
    none_left = warnings(plan_of({NEW: (30, 19), OLD: (30, 19)}), round_2024, CODE).data
    assert "»Indsats: Helhedsorienteret« og »Indsats: Traditionel«" in none_left
    assert "kun én gruppe" not in none_left
    assert warnings(plan_of({NEW: (30, 20), OLD: (30, 20)}), round_2024, CODE) is None


def test_a_municipality_without_any_has_a_sentence_and_nothing_else(round_2024):
    plan = plan_of({NEW: (1, 1)})
    assert "ingen lokale spørgsmål" in introduction(round_2024, "0580").data
    assert questions_table(round_2024, "0580") is None
    assert groups_table(plan, round_2024, "0580") is None
    assert warnings(plan, round_2024, "0580") is None


def test_questions_stand_with_their_scale(finished):
    file = finished.round.local_for(CODE)
    questions = (file.questions[0].model_copy(update={"scale": "kontakt"}), file.questions[1])
    own = file.model_copy(update={"questions": questions, "scales": {"kontakt": SCALE}})
    round_ = finished.round.model_copy(update={"local": {CODE: own}})
    html = text_of(questions_table(round_, CODE))
    assert "Aldrig nogensinde · En sjælden gang" in html
    assert "Meget uenig · Uenig" in html
    assert "Ved ikke" not in html
    assert (
        "to lokale spørgsmål og inddeler borgerne efter »Indsats«"
        in introduction(round_, CODE).data
    )


def test_the_notebook_tells_them(finished):
    told = {
        code: str(nbformat.read(finished.paths.notebook("10-sampling-plan", code), as_version=4))
        for code in (CODE, "0161")
    }
    for word in ("Kender sin plan.", "Helhedsorienteret", "Kan vises"):
        assert word not in told["0161"]
    assert "Jeg kender indholdet af min plan." in told[CODE]
    assert "Helhedsorienteret" in told[CODE] and "Kan vises" in told[CODE]
    assert "ingen lokale spørgsmål" in told["0161"]
