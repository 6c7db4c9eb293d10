"""Weights equal R's survey package; margins that do not fit are told, never swallowed."""

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES
from hypothesis import given
from hypothesis import strategies as st

from helpers.designs import kish_design_effect
from helpers.errors import WeightError
from helpers.params import load_round
from helpers.paths import PROJECT
from helpers.raking import rake
from helpers.weighting import nonresponse_classes, weigh

RULES = load_round(PROJECT, "2024-foraar").settings.weighting
NAMES = {"gruppe": "target_group", "koen": "gender", "alder": "age_band"}


def oracle():
    """Case b: the gross sample, R's weights and the margins."""
    sample = pd.read_csv(ORACLES / "b_kommune_sample.csv").rename(columns=NAMES)
    weights = pd.read_csv(ORACLES / "b_kommune_weights.csv")
    margins = pd.read_csv(ORACLES / "b_kommune_margins.csv")
    return sample, weights, margins


def coded(respondents, margins):
    codes, totals = [], []
    for danish, name in NAMES.items():
        of_margin = margins[margins["margin"] == danish]
        levels = pd.Index(of_margin["level"])
        codes.append(levels.get_indexer(respondents[name]))
        totals.append(of_margin["N"].to_numpy(float))
    return codes, totals


def test_raking_equals_r_calibrate():
    sample, weights, margins = oracle()
    respondents = sample[sample["responderet"] == 1]
    codes, totals = coded(respondents, margins)
    got = rake(codes, weights["w_nr"].to_numpy(), totals)
    # R's rake() is itself good to about 1.5e-10
    assert np.allclose(got, weights["w_rake"], rtol=1e-8, atol=0)
    for code, total in zip(codes, totals):
        assert np.allclose(np.bincount(code, got), total, rtol=1e-9)


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


@pytest.mark.parametrize(
    "totals, message",
    [
        ([[5.0, 5.0], [4.0, 5.0]], "margins have different sums: margin 1 10, margin 2 9"),
        ([[5.0, 3.0, 2.0], [5.0, 5.0]], "margin 1: level »2« has a population but no respondents"),
    ],
)
def test_unfit_margins(totals, message):
    codes = [np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])]
    with pytest.raises(WeightError, match=message):
        rake(codes, np.ones(4), [np.array(t) for t in totals])


def test_no_convergence_is_told():
    codes = [np.array([0, 1]), np.array([0, 1])]  # a diagonal table: the margins contradict
    with pytest.raises(WeightError, match="no convergence after 50"):
        rake(codes, np.ones(2), [np.array([6.0, 4.0]), np.array([5.0, 5.0])], max_iterations=50)


@given(st.lists(st.floats(0.1, 10), min_size=8, max_size=8), st.integers(0, 1000))
def test_raking_keeps_what_already_fits(start, seed):
    rng = np.random.default_rng(seed)
    codes = [np.repeat([0, 1], 4), np.tile([0, 1], 4)]
    start = np.array(start) * rng.uniform(0.5, 2, 8)
    totals = [np.bincount(c, start) for c in codes]
    assert np.allclose(rake(codes, start, totals), start)


def test_kish_worked_example():
    assert kish_design_effect(np.array([1, 1, 2])) == pytest.approx(18 / 16)
    with pytest.raises(WeightError):
        kish_design_effect(np.array([1.0, 0.0]))
