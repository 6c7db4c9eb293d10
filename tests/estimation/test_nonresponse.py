"""Outcome rates, R-indicator, representativeness and what is concluded from them."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers.common.errors import SurveyError
from helpers.estimation import nonresponse
from helpers.estimation.nonresponse import (
    ALL_ANSWERED,
    ONE_GROUP,
    SEPARATED,
    RIndicator,
    conclusion,
    outcome_rates,
    r_indicator,
    representativeness,
)
from helpers.estimation.propensity import MIN_EACH, TERMS
from helpers.estimation.round_estimates import COUNTRY_TERMS

Z = 1.959963984540054  # 97.5th percentile of the normal distribution


def outcomes(*rows):
    table = [(s, r, w) for count, s, r, w in rows for _ in range(count)]
    return pd.DataFrame(table, columns=["status", "responded", "design_weight"])


MIXED = outcomes(
    (4, "completed", True, 1.0),
    (2, "partial", True, 3.0),
    (1, "completed", False, 2.0),  # handed in without enough answers
    (1, "partial", False, 2.0),
    (2, "opened", False, 2.0),
    (10, "none", False, 1.0),
)


def test_rates_by_hand():
    got = outcome_rates(MIXED)
    assert (got.complete, got.partial, got.break_off, got.no_contact) == (4, 2, 4, 10)
    assert dataclasses.astuple(got)[4:] == pytest.approx(
        (4 / 20, 6 / 20, 4 / 10, 6 / 10, 4 / 20, 10 / 20, 10 / 28)
    )


def test_identities_of_the_rates():
    got = outcome_rates(MIXED)
    assert got.complete + got.partial + got.break_off + got.no_contact == len(MIXED)
    assert got.rr1 == pytest.approx(got.coop1 * got.con1)
    assert got.rr2 == pytest.approx(got.coop2 * got.con1)
    assert got.con1 == pytest.approx(got.rr2 + got.ref1)
    assert got.rr1 <= got.rr2 <= got.con1 <= 1
    assert outcome_rates(MIXED.assign(design_weight=7.0)).rr2_weighted == pytest.approx(got.rr2)


def test_nobody_reached_and_nobody_asked():
    got = outcome_rates(outcomes((3, "none", False, 1.0)))
    assert (got.rr2, got.con1, got.rr2_weighted) == (0, 0, 0)
    assert math.isnan(got.coop1) and math.isnan(got.coop2)
    with pytest.raises(SurveyError, match="nobody was asked"):
        outcome_rates(MIXED.iloc[:0])


def people(counts):
    """(gender, asked, answers, design weight) → a row a citizen asked; the other terms constant."""
    rows = [
        ("ledige", gender, "30-39", "0-25", i < answers, weight)
        for gender, n, answers, weight in counts
        for i in range(n)
    ]
    return pd.DataFrame(rows, columns=[*TERMS, "responded", "design_weight"])


def frame_of(**by_gender):
    rows = [("ledige", gender, "30-39", "0-25", n) for gender, n in by_gender.items()]
    return pd.DataFrame(rows, columns=[*TERMS, "population"])


def r_of(asked, frame, **more):
    return r_indicator(asked, frame, confidence=0.95, **more)


def test_a_country_whose_municipalities_answer_unlike_is_not_like_its_citizens():
    """Two municipalities, 60 % and 30 % answers, alike in all else: S = 0.15, R = 0.7."""
    asked = pd.concat(
        [
            people([("kvinde", 400, answers, 1.0), ("mand", 400, answers, 1.0)]).assign(
                municipality=m
            )
            for m, answers in (("0101", 240), ("0102", 120))
        ]
    )
    frame = pd.concat(
        [frame_of(kvinde=4000, mand=4000).assign(municipality=m) for m in ("0101", "0102")]
    )
    assert r_of(asked, frame).value == pytest.approx(1.0, abs=0.03)
    assert r_of(asked, frame, terms=COUNTRY_TERMS).value == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize("weight_of_men", [1.0, 2.5])
def test_two_groups_by_hand(weight_of_men):
    """Saturated model: S² = q_k·q_m·d², estimation adds q_k·q_m·(var_k + var_m)."""
    asked = people([("kvinde", 300, 180, 1.0), ("mand", 200, 60, weight_of_men)])
    frame = frame_of(kvinde=6000, mand=4000)
    both = 0.6 * 0.4 / 300 + 0.3 * 0.7 / 200
    cells = 0.6 * 0.4
    variance = cells * (0.3**2 - both)
    error = math.sqrt((2 * cells * 0.3) ** 2 * both + 2 * (cells * both) ** 2)
    got = r_of(asked, frame)
    assert nonresponse._variance(np.array([0.6, 0.4]), np.array([0.6, 0.3])) == pytest.approx(
        0.0216
    )
    assert got.value == pytest.approx(1 - 2 * math.sqrt(variance), abs=1e-6)
    assert got.ci_low == pytest.approx(1 - 2 * math.sqrt(variance + Z * error), abs=1e-6)
    assert got.ci_high == pytest.approx(1 - 2 * math.sqrt(variance - Z * error), abs=1e-6)
    assert got.note == ""


def test_large_samples_reach_the_true_value():
    frame = frame_of(kvinde=6000, mand=4000)
    equal = r_of(people([("kvinde", 40_000, 16_000, 1), ("mand", 20_000, 8_000, 1)]), frame)
    assert equal.value == equal.ci_high == 1 and equal.ci_low > 0.98
    unequal = r_of(people([("kvinde", 50_000, 30_000, 1), ("mand", 50_000, 15_000, 1)]), frame)
    assert unequal.value == pytest.approx(1 - 2 * math.sqrt(0.6 * 0.4) * 0.3, abs=1e-3)


CELLS = pd.DataFrame(
    [
        (group, gender, age, "0-25", people)
        for group, people in (("ledige", 900), ("syge", 500), ("unge", 200))
        for gender in ("kvinde", "mand")
        for age in ("16-29", "30-39", "40-49")
    ],
    columns=[*TERMS, "population"],
)
LOGIT = (
    -0.3
    + CELLS["target_group"].map({"ledige": 0.3, "syge": 0.0, "unge": -0.7})
    + CELLS["age_band"].map({"16-29": -0.4, "30-39": 0.0, "40-49": 0.5})
)
RHO = (1 / (1 + np.exp(-LOGIT))).to_numpy()
SHARE = (CELLS["population"] / CELLS["population"].sum()).to_numpy()


def drawn(rng, per_group=300, rho=RHO):
    """As many invited from each target group: the small ones are oversampled."""
    cell = np.repeat(CELLS.index, per_group // 6)
    weight = CELLS["population"].to_numpy()[cell] / (per_group // 6)
    table = CELLS.loc[cell, list(TERMS)].reset_index(drop=True)
    return table.assign(design_weight=weight, responded=rng.random(len(cell)) < rho[cell])


def test_agrees_with_a_fit_citizen_by_citizen():
    """Oracle: statsmodels' own sandwich (HC0) on rows, gradient by numerical differences."""
    asked = drawn(np.random.default_rng(5)).assign(design_weight=2.0)
    terms = [("target_group", "syge"), ("target_group", "unge"), ("gender", "mand")]
    terms += [("age_band", "30-39"), ("age_band", "40-49")]

    def design(table):
        return sm.add_constant(np.column_stack([(table[t] == v) * 1.0 for t, v in terms]))

    fit = sm.GLM(asked["responded"] * 1.0, design(asked), family=sm.families.Binomial()).fit(
        cov_type="HC0"
    )
    beta, v = fit.params.to_numpy(), fit.cov_params().to_numpy()

    def rho(b):
        return 1 / (1 + np.exp(-design(CELLS) @ b))

    def s2(b):
        return SHARE @ (rho(b) - SHARE @ rho(b)) ** 2

    steps = 1e-5 * np.eye(len(beta))
    gradient = np.array([(s2(beta + h) - s2(beta - h)) / 2e-5 for h in steps])
    jacobian = np.array([(rho(beta + h) - rho(beta - h)) / 2e-5 for h in steps]).T
    av = jacobian.T @ (np.diag(SHARE) - np.outer(SHARE, SHARE)) @ jacobian @ v
    centre = s2(beta) - np.trace(av)
    error = math.sqrt(gradient @ v @ gradient + 2 * np.trace(av @ av))
    got = r_of(asked, CELLS)
    assert got.value == pytest.approx(1 - 2 * math.sqrt(centre), abs=1e-5)
    assert got.ci_low == pytest.approx(1 - 2 * math.sqrt(centre + Z * error), abs=1e-5)


@pytest.mark.parametrize("equal", [False, True], ids=["unequal", "equal"])
def test_interval_covers_and_the_adjustment_takes_off_bias(equal):
    rho = np.full(len(RHO), 0.35) if equal else RHO
    truth = 1 - 2 * math.sqrt(SHARE @ (rho - SHARE @ rho) ** 2)
    rng = np.random.default_rng(20240201)
    found = [r_of(drawn(rng, rho=rho), CELLS) for _ in range(200)]
    assert all(0 <= r.ci_low <= r.value <= r.ci_high <= 1 for r in found)
    assert np.mean([r.ci_low <= truth <= r.ci_high for r in found]) >= 0.9
    assert np.mean([r.value for r in found]) == pytest.approx(truth, abs=0.035 if equal else 0.01)


def test_scale_of_weights_order_and_empty_cells_change_nothing():
    asked = drawn(np.random.default_rng(7))
    base = r_of(asked, CELLS)
    scaled = asked.assign(design_weight=asked["design_weight"] * 100).sample(frac=1, random_state=1)
    frame = pd.concat([CELLS, CELLS.assign(duration_band="26-52", population=0)])
    again = r_of(scaled, frame)
    assert dataclasses.astuple(again)[:3] == pytest.approx(dataclasses.astuple(base)[:3])


def test_separated_and_small_levels_go_to_the_reference():
    asked = drawn(np.random.default_rng(11))
    all_answered = asked.iloc[:40].assign(gender="andet", responded=True)
    few = asked.iloc[:4].assign(gender="fjerde", responded=[True, True, False, False])
    unknown = asked.iloc[:10].assign(gender=None)
    asked = pd.concat([asked, all_answered, few, unknown])
    levels, worst = nonresponse._levels(nonresponse._collapsed(asked, TERMS), TERMS)
    assert [level for term, level in levels if term == "gender"] in (["kvinde"], ["mand"])
    assert worst == pytest.approx(40 / len(asked))
    # A cell that nobody asked belongs to is still predicted, as the reference.
    frame = pd.concat([CELLS, CELLS.iloc[:6].assign(gender="femte")])
    got = r_of(asked, frame)
    assert 0 < got.ci_low < got.value < got.ci_high <= 1


@pytest.mark.parametrize("asked_in_level, note", [(9, ""), (10, ""), (11, SEPARATED)])
def test_too_many_in_separated_levels_give_no_value(asked_in_level, note):
    """Merged, the level would look like the reference, and R better than it is."""
    rest = [("kvinde", 60 - asked_in_level, 25, 1.0), ("andet", 40, 15, 1.0)]
    asked = people([*rest, ("mand", asked_in_level, 0, 1.0)])
    got = r_of(asked, frame_of(kvinde=500, andet=400, mand=100))
    assert got.note == note
    assert math.isnan(got.value) == bool(note)


def test_levels_that_together_separate_give_no_value():
    """Each level is mixed, but women under 30 are the only ones who always stay away."""
    asked = drawn(np.random.default_rng(13))
    woman, young = asked["gender"] == "kvinde", asked["age_band"] == "16-29"
    asked = asked[woman | ~young].assign(duration_band="0-25")
    asked["responded"] = np.where(asked["gender"] == "mand", True, asked["age_band"] != "16-29")
    asked.iloc[0, asked.columns.get_loc("gender")] = "kvinde"
    got = r_of(asked, CELLS)
    assert got.note == SEPARATED


@pytest.mark.parametrize(
    "n, answers, min_each, has_value",
    [
        (100, MIN_EACH - 1, MIN_EACH, False),
        (100, MIN_EACH, MIN_EACH, True),
        (100, MIN_EACH + 1, MIN_EACH, True),
        (100, 101 - MIN_EACH, MIN_EACH, False),
        (100, 100 - MIN_EACH, MIN_EACH, True),
        (100, 10, 10, True),
        (0, 0, MIN_EACH, False),
    ],
)
def test_answers_and_non_answers_needed(n, answers, min_each, has_value):
    asked = people([("kvinde", n, answers, 1.0)])
    asked["gender"] = np.where(np.arange(n) % 2, "mand", "kvinde")
    got = r_of(asked, frame_of(kvinde=100, mand=100), min_each=min_each)
    assert math.isnan(got.value) != has_value
    assert got.note == (
        "" if has_value else "Færre end 20 svar eller 20 uden svar: ingen R-indikator."
    )


def test_one_group_is_not_called_perfectly_representative():
    got = r_of(
        people([("kvinde", 100, 40, 1.0), ("mand", 4, 2, 1.0)]), frame_of(kvinde=200, mand=9)
    )
    assert math.isnan(got.value) and got.note == ONE_GROUP


def test_a_census_where_everyone_answers_has_its_own_note():
    got = r_of(
        people([("kvinde", 60, 60, 1.0), ("mand", 40, 40, 1.0)]), frame_of(kvinde=60, mand=40)
    )
    assert math.isnan(got.value) and got.note == ALL_ANSWERED


def test_representativeness_by_hand():
    asked = people([("kvinde", 5, 3, 12.0), ("mand", 5, 3, 8.0), (None, 2, 1, 8.0)])
    frame = frame_of(kvinde=60, mand=40)
    labels = {"gender": {"mand": "Mænd", "kvinde": "Kvinder"}, "all": {"all": "Alle"}}
    got = representativeness(asked, frame, labels | {"age_band": {"30-39": "30–39 år", "x": "X"}})
    assert list(got["label"]) == ["Mænd", "Kvinder", "30–39 år", "X"]  # nothing known of »all«
    assert list(got["population_share"]) == pytest.approx([0.4, 0.6, 1, 0])
    assert list(got["invited_share_weighted"]) == pytest.approx([0.4, 0.6, 1, 0])
    assert list(got["invited_share"]) == pytest.approx([0.5, 0.5, 1, 0])
    assert list(got["respondent_share"]) == pytest.approx([0.5, 0.5, 1, 0])
    assert list(got["difference"]) == pytest.approx([0.1, -0.1, 0, 0])
    assert list(got["dissimilarity"]) == pytest.approx([0.1, 0.1, 0, 0])


def test_representativeness_without_answers_or_breakdowns():
    asked = people([("kvinde", 5, 0, 1.0)])
    got = representativeness(asked, frame_of(kvinde=10), {"gender": {"kvinde": "Kvinder"}})
    assert got[["respondent_share", "difference", "dissimilarity"]].isna().all(axis=None)
    assert got["population_share"].tolist() == [1]
    none = representativeness(asked, frame_of(kvinde=10), {})
    assert none.empty and list(none) == list(got)


def r(value, note=""):
    return RIndicator(value, value - 0.05, min(1.0, value + 0.04), note)


GOOD = "Svarene ligner borgerne godt (R-indikator 0,93; usikkerhed 0,88–0,97)."
FEW = RIndicator(
    math.nan, math.nan, math.nan, "Færre end 20 svar eller 20 uden svar: ingen R-indikator."
)
CANNOT = "Det kan ikke vurderes, om svarene ligner borgerne: færre end 20 svar eller 20 uden svar."
LOW = "har svaret, så det kan ikke udelukkes, at de, der ikke har svaret, mener noget andet."


@pytest.mark.parametrize(
    "r_value, rate, gap, text",
    [
        (r(0.93), 0.4, None, GOOD),
        (
            r(0.93), 0.4, ("Aktivitetsparate", -0.06),
            f"{GOOD} Aktivitetsparate udgør 6 procentpoint færre af svarene end af borgerne, "
            "før der vægtes.",
        ),
        (
            r(0.93), 0.4, ("kvinder", 0.124),
            f"{GOOD} Kvinder udgør 12 procentpoint flere af svarene end af borgerne, "
            "før der vægtes.",
        ),
        (r(0.93), 0.4, ("Kvinder", 0.004), GOOD),
        (r(0.93), 0.4, ("Kvinder", -0.004), GOOD),
        (r(0.93), 0.4, ("Kvinder", math.nan), GOOD),
        (r(0.93), 0.123, None, f"{GOOD} Kun 12,3\u00a0% {LOW}"),
        (
            r(0.7), 0.1, ("Mænd", -0.2),
            "Svarene ligner ikke borgerne godt (R-indikator 0,70; usikkerhed 0,65–0,74): "
            f"resultaterne skal læses med forbehold, også efter vægtning. Kun 10,0\u00a0% {LOW} "
            "Mænd udgør 20 procentpoint færre af svarene end af borgerne, før der vægtes.",
        ),
        (FEW, 0.5, None, CANNOT),
        (FEW, 0.1, None, f"{CANNOT} Kun 10,0\u00a0% {LOW}"),
        (FEW, 0.0, None, CANNOT),
        (
            RIndicator(math.nan, math.nan, math.nan, SEPARATED), 0.5, None,
            "Det kan ikke vurderes, om svarene ligner borgerne: for mange er i grupper, hvor alle "
            "eller ingen har svaret.",
        ),
        (
            RIndicator(math.nan, math.nan, math.nan, ALL_ANSWERED), 1.0, ("Mænd", 0.0),
            "Alle spurgte har svaret, så intet frafald kan gøre svarene skæve.",
        ),
    ],
)  # fmt: skip
def test_conclusion(r_value, rate, gap, text):
    assert conclusion(r_value, rate, gap) == text


@pytest.mark.parametrize(
    "value, words",
    [
        (0.91, "ligner borgerne godt"),
        (0.90, "ligner borgerne godt"),
        (0.896, "ligner borgerne godt"),  # prints as 0,90
        (0.894, "nogenlunde"),
        (0.89, "nogenlunde"),
        (0.81, "nogenlunde"),
        (0.80, "nogenlunde"),
        (0.79, "ikke borgerne godt"),
        (0.0, "ikke borgerne godt"),
    ],
)
def test_limits_of_the_verdict(value, words):
    assert words in conclusion(r(value), 0.5, None)


@pytest.mark.parametrize("rate, told", [(0.19, True), (0.1999, True), (0.2, False), (0.21, False)])
def test_limit_of_the_response_rate(rate, told):
    assert (LOW in conclusion(r(0.95), rate, None)) == told
