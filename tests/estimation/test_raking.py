"""Raking and trimming equal R's survey package; what does not fit is told by margin and level."""

import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from helpers.common.errors import WeightError
from helpers.estimation import raking
from helpers.estimation.raking import rake, trim


def case(name: str, margins_of: str, used: list[str], where: str = "") -> tuple:
    table = pd.read_csv(ORACLES / f"{name}.csv")
    margins = pd.read_csv(ORACLES / f"{margins_of}_margins.csv")
    if where:
        table, margins = table[table["runde"] == where], margins[margins["runde"] == where]
    if "responderet" in table:
        table = table[table["responderet"] == 1]
    totals = [margins[margins["margin"] == m].set_index("level")["N"] for m in used]
    codes = [t.index.get_indexer(table[m]) for t, m in zip(totals, used)]
    return table, codes, totals


def weights_of(name: str) -> pd.DataFrame:
    return pd.read_csv(ORACLES / f"{name}_weights.csv")


def test_one_design_weight_for_all_equals_r():
    table, codes, totals = case("d_bfi", "d_bfi", ["koen", "aldersgr"])
    got = rake(codes, np.full(len(table), 100_000 / len(table)), totals)
    assert got == pytest.approx(weights_of("d_bfi")["rake"].to_numpy(), rel=1e-8)


@pytest.mark.parametrize(
    "used, column",
    [
        (["stype", "sch_wide"], "cal_raking"),
        (["stype", "sch_wide"], "rake_stype_schwide"),
        (["stype", "sch_wide", "awards"], "rake_3margins"),
    ],
)
def test_schools_equal_r(used, column):
    table, codes, totals = case("a_api", "a_api", used)
    got = rake(codes, table["pw"].to_numpy(), totals)
    assert got == pytest.approx(weights_of("a_api")[column].to_numpy(), rel=1e-8)


@pytest.mark.parametrize("start, column", [("w_nr", "w_rake"), ("w_design", "w_rake_from_design")])
def test_a_municipality_equals_r_from_either_start(start, column):
    _, codes, totals = case("b_kommune_sample", "b_kommune", ["gruppe", "koen", "alder"])
    weights = weights_of("b_kommune")
    got = rake(codes, weights[start].to_numpy(), totals)
    assert got == pytest.approx(weights[column].to_numpy(), rel=1e-8)


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_rounds_equal_r(name):
    table, codes, totals = case("c1_runder", "c1_runder", ["gruppe", "koen"], name)
    weights = weights_of("c1_runder").set_index("row_id").loc[table["row_id"]]
    got = rake(codes, weights["w"].to_numpy(), totals)
    assert got == pytest.approx(weights["w_rake"].to_numpy(), rel=1e-8)


def random_table(seed: int, rows: int, shape: tuple[int, ...], dtype=np.int64):
    rng = np.random.default_rng(seed)
    codes = [
        np.concatenate([np.arange(k), rng.integers(0, k, rows - k)]).astype(dtype) for k in shape
    ]
    start = rng.uniform(0.5, 20, rows)
    truth = start * rng.uniform(
        0.7, 1.5, rows
    )  # some weights reach the margins, so they can be met
    return codes, start, [np.bincount(c, truth, k) for c, k in zip(codes, shape)]


@given(st.integers(0, 10_000), st.sampled_from([np.int8, np.uint8, np.int16, np.int32, np.int64]))
def test_margins_hold_and_factors_are_products_of_levels(seed, dtype):
    codes, start, totals = random_table(seed, 400, (5, 2, 4), dtype)
    got = rake(codes, start, totals)
    for code, total in zip(codes, totals):
        np.testing.assert_allclose(np.bincount(code, got, len(total)), total, rtol=1e-9)
    levels = np.column_stack([np.eye(len(t))[c] for c, t in zip(codes, totals)])
    log_factor = np.log(got / start)
    fitted = levels @ np.linalg.lstsq(levels, log_factor, rcond=None)[0]
    np.testing.assert_allclose(fitted, log_factor, rtol=0, atol=1e-9)


@given(st.lists(st.floats(0.1, 10), min_size=8, max_size=8), st.integers(0, 1000))
def test_raking_keeps_what_already_fits(start, seed):
    rng = np.random.default_rng(seed)
    codes = [np.repeat([0, 1], 4), np.tile([0, 1], 4)]
    start = np.array(start) * rng.uniform(0.5, 2, 8)
    totals = [np.bincount(c, start) for c in codes]
    assert np.allclose(rake(codes, start, totals), start)


def test_a_table_too_large_to_be_dense_gives_the_same(monkeypatch):
    codes, start, totals = random_table(3, 3000, (7, 5, 11, 3))
    dense = rake(codes, start, totals)
    monkeypatch.setattr(raking, "DENSE_CELLS", 100)
    assert rake(codes, start, totals) == pytest.approx(dense, rel=1e-12)


def test_blocks_give_the_same(monkeypatch):
    codes, start, totals = random_table(4, 3000, (5, 2, 4))
    at_once = rake(codes, start, totals)
    monkeypatch.setattr(raking, "BLOCK", 7)
    assert rake(codes, start, totals) == pytest.approx(at_once, rel=1e-12)


def test_memory_above_the_input_is_the_weights_and_a_block():
    codes, start, totals = random_table(5, 1_000_000, (5, 2, 4, 79), np.int16)
    tracemalloc.start()
    rake(codes, start, totals)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < start.nbytes + 8_000_000


CODES = [np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])]


@pytest.mark.parametrize(
    "totals, told",
    [
        ([[5.0, 5.0], [4.0, 5.0]], "margins have different sums: gruppe 10, køn 9"),
        ([[5.0, 3.0, 2.0], [5.0, 5.0]], "gruppe: level »2« has a population but no respondents"),
        ([[10.0, 0.0], [5.0, 5.0]], "gruppe: level »1« has respondents but no population"),
        ([[5.0, np.nan], [5.0, 5.0]], "gruppe: the total of level »1« is missing"),
        ([[5.0, np.inf], [5.0, 5.0]], "gruppe: the total of level »1«"),
        ([[15.0, -5.0], [5.0, 5.0]], "gruppe: the total of level »1« is missing, negative"),
    ],
)
def test_unfit_margins_name_the_level(totals, told):
    with pytest.raises(WeightError, match=told):
        rake(CODES, np.ones(4), [np.array(t) for t in totals], names=["gruppe", "køn"])


def test_levels_are_named_as_the_margin_names_them():
    totals = [pd.Series([5.0, 3.0, 2.0], ["dagpenge", "sygedagpenge", "jobafklaring"]), [5.0, 5.0]]
    with pytest.raises(WeightError, match="level »jobafklaring« has a population"):
        rake(CODES, np.ones(4), [totals[0], np.array(totals[1])])


@pytest.mark.parametrize("bad", [np.nan, 0.0, -1.0, np.inf])
def test_senseless_start_weights_are_counted(bad):
    with pytest.raises(
        WeightError, match="start weights: 1 are missing, zero, negative or infinite"
    ):
        rake(CODES, np.array([1.0, bad, 1.0, 1.0]), [np.array([2.0, 2.0])] * 2)


@pytest.mark.parametrize(
    "code, told",
    [
        (np.array([0, 1, -1, 1]), "1 respondents have a missing or unknown level"),
        (np.array([0, 1, 2, 2]), "2 respondents have a missing or unknown level"),
        (np.array([0.0, 1.0, np.nan, 1.0]), "codes are float64, not whole numbers"),
        (np.array([0, 1]), "2 codes for 4 respondents"),
    ],
)
def test_senseless_codes_are_counted(code, told):
    with pytest.raises(WeightError, match=told):
        rake([code, CODES[1]], np.ones(4), [np.array([2.0, 2.0])] * 2)


def test_all_troubles_are_told_at_once():
    with pytest.raises(WeightError) as caught:
        rake([np.array([0, 9, 0, 1]), CODES[1]], np.array([1, np.nan, 1, 1.0]),
             [np.array([2.0, -2.0]), np.array([2.0, 2.0])])  # fmt: skip
    assert len(caught.value.problems) == 3


def test_nobody_and_nothing_are_refused():
    empty = np.array([], dtype=int)
    with pytest.raises(WeightError, match="no respondents"):
        rake([empty], np.array([]), [np.array([2.0])])
    with pytest.raises(WeightError, match="0 codes, 0 totals"):
        rake([], np.ones(2), [])


def test_no_convergence_names_the_worst_level():
    codes = [np.array([0, 1]), np.array([0, 1])]  # a diagonal table: the margins contradict
    with pytest.raises(
        WeightError, match=r"no convergence after 50 iterations: level »\d« of margin"
    ):
        rake(codes, np.ones(2), [np.array([6.0, 4.0]), np.array([5.0, 5.0])], max_iterations=50)


# --------------------------------------------------------------------------------------- trimming


@pytest.mark.parametrize(
    "name, before, lower, upper",
    [("a_api", "rake_stype_schwide", 16, 40), ("b_kommune", "w_rake", 5, 23)],
)
def test_strict_trimming_equals_r(name, before, lower, upper):
    weights = weights_of(name)
    got = trim(weights[before].to_numpy(), lower, upper)
    assert got == pytest.approx(weights["trim_strict" if name == "a_api" else "w_trim_strict"].to_numpy(), rel=1e-12)  # fmt: skip


def test_trimming_worked_example():
    assert trim(np.array([1.0, 2.0, 9.0]), 1, 6) == pytest.approx([2.5, 3.5, 6.0])


@given(st.lists(st.floats(0.01, 1000), min_size=2, max_size=40), st.floats(1.1, 20))
def test_trimmed_weights_lie_within_and_keep_their_sum(weights, times):
    w = np.array(weights)
    lower, upper = w.mean() / times, w.mean() * times
    got = trim(w, lower, upper)
    assert got.min() >= lower and got.max() <= upper
    assert got.sum() == pytest.approx(w.sum(), rel=1e-9)


def test_bounds_that_cannot_hold_the_sum_are_refused():
    with pytest.raises(WeightError, match="cannot sum to 12"):
        trim(np.array([1.0, 2.0, 9.0]), 0.5, 3.5)
    with pytest.raises(WeightError, match="not all positive"):
        trim(np.array([1.0, np.nan]), 0.5, 3.5)


# ------------------------------------------------------------------------- margins that nobody can hold


def least_weight(codes, totals):
    """The largest least weight with which the margins hold, by a linear program; none: they cannot."""
    n = len(codes[0])
    rows = [np.append(code == k, 0.0) for code, t in zip(codes, totals) for k in range(len(t))]
    above = np.column_stack([-np.eye(n), np.ones(n)])  # least − w ≤ 0
    found = linprog(
        np.append(np.zeros(n), -1.0), A_ub=above, b_ub=np.zeros(n),
        A_eq=np.array(rows), b_eq=np.concatenate(totals), bounds=(0, None),
    )  # fmt: skip
    return found.x[-1] if found.status == 0 else None


@pytest.mark.parametrize(
    "codes, totals",
    [
        (([0, 1, 1], [0, 1, 1]), ([2, 2], [3, 1])),  # weights summed to 3 instead of 4
        (([1, 1, 0], [0, 1, 1]), ([7, 3], [9, 1])),  # a weight of 1e-308
    ],
)
def test_margins_that_no_weights_hold_are_refused(codes, totals):
    with pytest.raises(WeightError, match="is off by"):
        rake([np.array(c) for c in codes], np.ones(3), [np.array(t, float) for t in totals])


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-6, 1e-3, 0.5]))
def test_weights_returned_hold_the_margins_and_others_are_refused(seed, mixed):
    """Few respondents in two or three margins; totals of other random weights, of which a part is
    `mixed` in so that some can be held, some only nearly, and some not at all."""
    rng = np.random.default_rng(seed)
    n, shape = rng.integers(3, 12), rng.integers(2, 4, rng.integers(2, 4))
    codes = [np.append(np.arange(k), rng.integers(0, k, max(n - k, 0)))[:n] for k in shape]
    shape = [int(c.max()) + 1 for c in codes]
    codes = [rng.permutation(c) for c in codes]
    truth = rng.exponential(1, n)
    held = [np.bincount(c, truth, k) for c, k in zip(codes, shape)]
    other = [rng.dirichlet(np.ones(k)) * truth.sum() for k in shape]
    totals = [mixed * h + (1 - mixed) * o for h, o in zip(held, other)]
    least = least_weight(codes, totals)
    try:
        weights = rake(codes, np.ones(n), totals)
    except WeightError as e:
        assert least is None or least < 1e-3, e
        return
    assert least is not None and weights.min() > 0 and np.isfinite(weights).all()
    for code, total in zip(codes, totals):
        assert np.bincount(code, weights) == pytest.approx(total, rel=1e-9)


def test_overlapping_margins_equal_r():
    """Target group × age, target group × gender, age and gender; e_overlap.R joins the same levels."""
    r = json.loads((ORACLES / "e_overlap.json").read_text("utf-8"))
    assert (
        r["infeasible"] == ["Calibration failed"] * 2
    )  # of the two in this file that nobody can hold

    def levels(table):
        age = table["alder"].where(~table["alder"].isin(["45-64", "65+"]), "45+")
        age = age.where(~table["gruppe"].isin(["Handicap", "Unge"]), "all")
        gender = table["gruppe"] + table["koen"]
        return [table["gruppe"] + age, gender, table["alder"], table["koen"]]

    sample = pd.read_csv(ORACLES / "b_kommune_sample.csv").set_index("row_id").loc[r["row_id"]]
    start = weights_of("b_kommune").set_index("row_id").loc[r["row_id"], "w_nr"].to_numpy()
    cells = pd.read_csv(ORACLES / "b_kommune_popcells.csv")
    totals = [cells.groupby(level)["N"].sum() for level in levels(cells)]
    codes = [t.index.get_indexer(level) for t, level in zip(totals, levels(sample))]
    assert rake(codes, start, totals) == pytest.approx(np.array(r["weight"]), rel=1e-9)


def test_a_weight_that_runs_off_ends_the_iteration():
    codes = [np.array([1, 1, 0]), np.array([0, 1, 1])]
    with pytest.raises(WeightError, match="weights run off to 0 or infinity"):
        rake(codes, np.ones(3), [np.array([1e12, 1.0]), np.array([1e12, 1.0])])


@pytest.mark.parametrize("factor", [1.0, 0.0, np.nan, np.inf])
def test_weights_are_believed_only_where_they_hold_the_margins(monkeypatch, factor):
    """Whatever the iteration gives back."""
    monkeypatch.setattr(raking, "_fit", lambda start, *_: np.full(len(start), factor))
    with pytest.raises(WeightError, match="is off by"):
        rake([np.array([0, 1, 1])], np.ones(3), [np.array([2.0, 2.0])])
