"""Weights equal R's survey package; margins that do not fit are told, never swallowed."""

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES

from helpers.designs import kish_design_effect
from helpers.errors import WeightError
from helpers.params import load_round
from helpers.paths import PROJECT
from helpers.weighting import nonresponse_classes, weigh

RULES = load_round(PROJECT, "2024-foraar").settings.weighting
NAMES = {"gruppe": "target_group", "koen": "gender", "alder": "age_band"}


def oracle():
    """Case b: the gross sample, R's weights and the margins."""
    sample = pd.read_csv(ORACLES / "b_kommune_sample.csv").rename(columns=NAMES)
    weights = pd.read_csv(ORACLES / "b_kommune_weights.csv")
    margins = pd.read_csv(ORACLES / "b_kommune_margins.csv")
    return sample, weights, margins


def frame_of(sample):
    cells = pd.read_csv(ORACLES / "b_kommune_popcells.csv").rename(
        columns=NAMES | {"N": "population"}
    )
    return cells.assign(duration_band="0-25")


def asked():
    sample, _, _ = oracle()
    return sample.assign(
        responded=sample["responderet"] == 1, design_weight=sample["N_h"] / sample["n_h"]
    )


def test_weigh_reaches_every_margin_of_the_population():
    table, frame = asked(), frame_of(None)
    weighted = weigh(table, frame, RULES)
    for margin in NAMES.values():
        got = weighted.respondents.groupby(margin)["weight"].sum()
        want = frame.groupby(margin)["population"].sum()
        assert np.allclose(got, want.reindex(got.index), rtol=1e-8)
    assert weighted.collapsed == ()
    assert weighted.steps["sum"].round(6).tolist()[1:] == [8700, 8700]


def test_group_without_answers_is_reported_not_swallowed():
    table = asked()
    table.loc[table["target_group"] == "Handicap", "responded"] = False
    weighted = weigh(table, frame_of(None), RULES)
    assert weighted.collapsed[0] == "ingen svar fra Handicap (60 borgere): ikke dækket"
    assert weighted.covered == 8640
    assert weighted.respondents["weight"].sum() == pytest.approx(8640)


def test_age_band_without_answers_joins_its_neighbour():
    table = asked()
    table.loc[table["age_band"] == "18-29", "responded"] = False
    weighted = weigh(table, frame_of(None), RULES)
    assert any(
        "age_band 18-29 har ingen svar: regnet sammen med 30-44" in c for c in weighted.collapsed
    )
    assert weighted.respondents["weight"].sum() == pytest.approx(8700)


def test_nobody_answered():
    with pytest.raises(WeightError, match="nobody has answered"):
        weigh(asked().assign(responded=False), frame_of(None), RULES)


def test_nonresponse_classes_hold_enough_answers():
    table = asked()
    classes = nonresponse_classes(table, 20)
    answers = table.groupby(classes)["responded"].sum()
    assert (answers >= 20).all()
    assert (table.groupby(classes)["target_group"].nunique() == 1).all()


@pytest.mark.parametrize("bad", [np.nan, 0.0, -2.0, np.inf])
def test_respondent_who_was_not_sampled_is_refused(bad):
    table = asked()
    table.loc[table.index[table["responded"]][0], "design_weight"] = bad
    with pytest.raises(WeightError, match="the design weight of 1 citizens is missing") as caught:
        weigh(table, frame_of(None), RULES)
    assert "not drawn with this sample" in str(caught.value)


def test_level_that_the_population_lacks_is_refused():
    table = asked()
    table.loc[table.index[table["responded"]][0], "gender"] = "Ukendt"
    with pytest.raises(WeightError, match="gender Ukendt has no population"):
        weigh(table, frame_of(None), RULES)


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_senseless_population_counts_are_refused(bad):
    frame = frame_of(None).astype({"population": float})
    frame.loc[0, "population"] = bad
    with pytest.raises(WeightError, match="population counts are missing, negative or infinite"):
        weigh(asked(), frame, RULES)


@pytest.mark.parametrize(
    "column, level, told",
    [
        ("target_group", "Handicap", "nobody has answered in Handicap"),
        ("age_band", "18-29", "level »18-29« has a population but no respondents"),
    ],
)
def test_a_round_may_ask_for_errors_instead_of_collapsing(column, level, told):
    table = asked()
    table.loc[table[column] == level, "responded"] = False
    strict = RULES.model_copy(update={"unfit_margins": "error"})
    with pytest.raises(WeightError, match=told):
        weigh(table, frame_of(None), strict)
    assert weigh(table, frame_of(None), RULES).collapsed


def test_no_convergence_is_an_error_or_drops_the_last_margin():
    few = RULES.model_copy(update={"max_iterations": 3})
    weighted = weigh(asked(), frame_of(None), few)
    assert "raking til target_group × gender × age_band konvergerer ikke: uden age_band" in (
        weighted.collapsed
    )
    assert weighted.margins == ("target_group", "gender") or len(weighted.margins) == 1
    with pytest.raises(WeightError, match="no convergence after 3"):
        weigh(asked(), frame_of(None), few.model_copy(update={"unfit_margins": "error"}))


def test_trimming_is_strict_and_says_what_it_costs():
    rules = RULES.model_copy(update={"trim_at_median_times": 1.5})
    before, after = (weigh(asked(), frame_of(None), r) for r in (RULES, rules))
    median = before.respondents["weight"].median()
    assert after.respondents["weight"].between(median / 1.5, median * 1.5).all()
    assert after.respondents["weight"].sum() == pytest.approx(8700)
    assert "vægte trimmet; marginerne afviger derefter højst" in after.collapsed[-1]
    wide = RULES.model_copy(update={"trim_at_median_times": 1000.0})
    untouched = weigh(asked(), frame_of(None), wide)
    assert untouched.respondents["weight"].equals(before.respondents["weight"])
    assert untouched.collapsed == ()


def test_kish_worked_example():
    assert kish_design_effect(np.array([1, 1, 2])) == pytest.approx(18 / 16)
    with pytest.raises(WeightError):
        kish_design_effect(np.array([1.0, 0.0]))
