"""Weights equal R's survey package; margins that do not fit are told, never swallowed."""

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES
from hypothesis import given
from hypothesis import strategies as st

from helpers.common.errors import WeightError
from helpers.common.paths import PROJECT
from helpers.estimation.calibration import MAIN, joined
from helpers.estimation.designs import kish_design_effect
from helpers.estimation.weighting import nonresponse_classes, weigh
from helpers.parameters.params import load_round

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
    assert all(told.startswith("målgruppe × ") for told in weighted.collapsed)  # no main margin
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
    assert "alder 18-29 og 30-44 er regnet sammen" in weighted.collapsed
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


def test_no_convergence_is_an_error_or_joins_levels():
    few = RULES.model_copy(update={"max_iterations": 2})
    weighted = weigh(asked(), frame_of(None), few)
    told = (
        "flere grupper end de tynde er lagt sammen, fordi der ellers ikke findes vægte, som passer"
    )
    assert told in weighted.collapsed
    totals = weighted.respondents.groupby("target_group")["weight"].sum()
    assert totals["Handicap"] == pytest.approx(60)
    with pytest.raises(WeightError, match="no convergence after 2"):
        weigh(asked(), frame_of(None), few.model_copy(update={"unfit_margins": "error"}))


# --------------------------------------------------------------------------------- few answers, any draw


def a_few_who_answer(seed, rate):
    """A small municipality where all are asked and few answer: (asked, frame)."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 200))
    asked = pd.DataFrame(
        {
            "target_group": rng.choice(list("ABCDE"), n, p=rng.dirichlet(np.full(5, 2.0))),
            "gender": rng.choice(["kvinde", "mand"], n),
            "age_band": rng.choice(["18-29", "30-44", "45-59", "60+"], n, p=rng.dirichlet(np.full(4, 2.0))),
            "responded": rng.random(n) < rate,
            "design_weight": 1.0,
        }
    )  # fmt: skip
    asked["stratum_population"] = asked.groupby("target_group")["gender"].transform("size")
    asked.loc[asked.index[0], "responded"] = True
    frame = asked.groupby(list(MAIN)).size().rename("population").reset_index()
    return asked, frame


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.15, 0.25, 0.5, 0.95]))
def test_weights_hold_every_margin_they_are_raked_to(seed, rate):
    asked, frame = a_few_who_answer(seed, rate)
    weighted = weigh(asked, frame, RULES)
    table = weighted.respondents
    answered = set(asked.loc[asked["responded"], "target_group"])
    of_group = (
        frame[frame["target_group"].isin(answered)].groupby("target_group")["population"].sum()
    )
    assert table["weight"].min() > 0 and np.isfinite(table["weight"]).all()
    got = table.groupby("target_group")["weight"].sum()
    assert got.to_dict() == pytest.approx(of_group.to_dict(), rel=1e-8)
    assert weighted.covered == of_group.sum()
    factor = table["weight"] / table["nonresponse_weight"]
    assert factor.between(1 / RULES.largest_factor, RULES.largest_factor).all()
    for margin in weighted.margins:
        sizes = table.groupby(f"cal_{margin}").size()
        whole = len(sizes) == 1 or (":" in margin and len(sizes) == len(answered))
        assert whole or ":" in margin or sizes.min() >= RULES.min_margin_answers


def test_a_thin_level_joins_the_thinner_neighbour_and_no_margin_falls_away():
    answers = {("", "a"): 30, ("", "b"): 4, ("", "c"): 12, ("", "d"): 9, ("", "e"): 40}
    whole, margin = joined(answers, "age_band", "", 10)
    assert margin.parts[""] == (("a",), ("b", "c"), ("d", "e")) or margin.parts[""] == (
        ("a",), ("b", "c", "d"), ("e",),
    )  # fmt: skip
    assert [margin.size("", part) >= 10 for part in margin.parts[""]] == [True] * 3
    assert whole.parts[""] == (("a",), ("b",), ("c",), ("d",), ("e",))


def test_a_weight_is_moved_no_further_than_the_round_allows():
    asked, frame = a_few_who_answer(3, 0.5)
    tight = RULES.model_copy(update={"largest_factor": 1.05})
    weighted = weigh(asked, frame, tight)
    factor = weighted.respondents["weight"] / weighted.respondents["nonresponse_weight"]
    assert factor.between(1 / 1.05, 1.05).all()
    assert "fordi en vægt ellers blev ganget eller divideret med mere end" in weighted.collapsed[-1]


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
    assert untouched.collapsed == before.collapsed


def test_kish_worked_example():
    assert kish_design_effect(np.array([1, 1, 2])) == pytest.approx(18 / 16)
    with pytest.raises(WeightError):
        kish_design_effect(np.array([1.0, 0.0]))
