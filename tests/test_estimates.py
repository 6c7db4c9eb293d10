"""Estimates equal R's survey package (calibrate, raking) and add up over municipalities."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES
from test_weighting import NAMES

from helpers.estimates import (
    SUMS,
    _Design,
    add_up,
    benjamini_hochberg,
    compare,
    theme_scores,
    with_intervals,
)
from helpers.weighting import Weighted

R = json.loads((ORACLES / "b_kommune.json").read_text("utf-8"))["expected"]
AGREES = ["enig", "meget enig"]


def case_b(name="0001") -> tuple[Weighted, pd.DataFrame]:
    sample = pd.read_csv(ORACLES / "b_kommune_sample.csv").rename(columns=NAMES)
    weights = pd.read_csv(ORACLES / "b_kommune_weights.csv")
    table = sample[sample["responderet"] == 1].merge(weights, on="row_id")
    table = table.rename(columns={"w_nr": "nonresponse_weight", "w_rake": "weight"}).assign(
        stratum_population=lambda t: t["N_h"], **{f"cal_{m}": table[c] for m, c in
                                                  zip(NAMES.values(), NAMES.values())}
    )  # fmt: skip
    return Weighted(table, pd.DataFrame(), (), 8700, tuple(NAMES.values())), table


def estimated(domain=None) -> pd.Series:
    """Share who agree among those with an opinion, in a domain."""
    weighted, table = case_b()
    inside = (
        np.ones(len(table)) if domain is None else (table[domain[0]] == domain[1]).to_numpy(float)
    )
    base = table["svar"].notna() & (table["svar"] != "ved ikke")
    y = (table["svar"].isin(AGREES) & base).to_numpy(float) * inside
    sums = _Design(weighted, "weighted").sums(y[:, None], (base.to_numpy(float) * inside)[:, None])
    keys = {"breakdown": "all", "category": "all", "item": "q", "weighting": "weighted"}
    return with_intervals(sums.assign(statistic="share_satisfied", **keys), 0.95).iloc[0]


CASES = [(None, R["calibrate_raking"]["whole"])] + [
    ((NAMES[margin], level), expected)
    for margin in NAMES
    for level, expected in R["calibrate_raking"][margin].items()
]


@pytest.mark.parametrize("domain, expected", CASES, ids=[str(c[0]) for c in CASES])
def test_raked_shares_equal_r(domain, expected):
    got = estimated(domain)
    assert got["value"] == pytest.approx(expected["estimate"], rel=1e-9)
    assert got["se"] == pytest.approx(expected["se"], rel=1e-7)
    assert got["df"] == expected["df"]
    assert [got["ci_low"], got["ci_high"]] == pytest.approx(expected["logit"], rel=1e-6)


def rows(y, x, v, municipality="a", n=50, statistic="mean", **more):
    base = {
        "municipality": municipality, "breakdown": "all", "category": "all", "item": "q01",
        "statistic": statistic, "weighting": "weighted", "n": n, "df": n - 5,
        "y": y, "x": x, "v_yy": v, "v_yx": 0.0, "v_xx": 1.0, "w2": x * 2.0,
    }  # fmt: skip
    return with_intervals(pd.DataFrame([base | more]), 0.95)


def test_municipalities_add_up_to_the_country():
    a, b = rows(400.0, 100.0, 9.0), rows(150.0, 50.0, 4.0, "b")
    country = add_up(pd.concat([a, b]), 0.95, "national").iloc[0]
    assert country["value"] == pytest.approx(550 / 150)
    assert country["n"] == 100


def test_overlap_with_the_country_is_taken_into_account():
    """Own against the country with covariance = own against the others, scaled by their share."""
    a, b = rows(400.0, 100.0, 9.0), rows(150.0, 50.0, 4.0, "b")
    country = add_up(pd.concat([a, b]), 0.95, "national")
    against_country = compare(a, country, overlap=True, confidence=0.95).iloc[0]
    against_others = compare(a, b, overlap=False, confidence=0.95).iloc[0]
    assert against_country["difference"] == pytest.approx(against_others["difference"] * 50 / 150)
    wide = against_others["ci_high"] - against_others["ci_low"]
    narrow = against_country["ci_high"] - against_country["ci_low"]
    assert narrow < wide / 2
    ignoring = compare(a, country, overlap=False, confidence=0.95).iloc[0]
    assert narrow < ignoring["ci_high"] - ignoring["ci_low"]


@pytest.mark.parametrize("y, low, high", [(100.0, "bound", 1.0), (0.0, 0.0, "bound")])
def test_share_of_nought_or_one_has_an_exact_bound(y, low, high):
    got = rows(y, 100.0, 0.0, statistic="share_satisfied").iloc[0]
    bound = 0.025 ** (1 / 50)  # effective number of answers (Σw)²/Σw² = 50
    assert got["ci_low"] == pytest.approx(bound if low == "bound" else low)
    assert got["ci_high"] == pytest.approx(1 - bound if high == "bound" else high)


def test_no_answers_are_null_not_zero():
    got = rows(0.0, 0.0, 0.0, n=0).iloc[0]
    assert got[["value", "se", "ci_low", "ci_high"]].isna().all()


def test_full_census_has_no_sampling_error():
    _, table = case_b()
    table = table.assign(
        weight=1.0, stratum_population=table.groupby("target_group")["row_id"].transform("size")
    )
    sums = _Design(Weighted(table, None, (), 0, ()), "unweighted").sums(
        np.ones((len(table), 1)), np.ones((len(table), 1))
    )
    assert sums[["v_yy", "v_yx", "v_xx"]].to_numpy() == pytest.approx(0)
    assert sums[SUMS[0]].iloc[0] == len(table)


def test_theme_score_needs_half_of_its_questions(round_2024):
    asked = [q.id for q in round_2024.questionnaire.scaled]
    table = pd.DataFrame([dict.fromkeys(asked, pd.NA) for _ in range(3)], dtype="Int8")
    table.loc[0, ["q07", "q08"]] = [5, 2]  # two of four
    table.loc[1, ["q07"]] = [5]  # one of four
    table.loc[2, ["q07", "q08", "q09"]] = [4, 6, 6]  # ved ikke is no answer
    scores = theme_scores(table, round_2024.questionnaire)["samtale"]
    assert scores[0] == 3.5
    assert scores[[1, 2]].isna().all()


def test_benjamini_hochberg_worked_example():
    p = pd.Series([0.01, 0.04, 0.03, 0.5])
    assert benjamini_hochberg(p).tolist() == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
