"""Sixteen months of four municipalities: estimates, windows, burden, and an attacker of everything."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rolling_fixture import FOUR

from benchmarks.rolling import burden, calibration, errors, plain_windows
from benchmarks.rolling_attack import Publication, Truth, in_reach, narrow
from benchmarks.rolling_world import (
    BREAKDOWNS,
    Lived,
    answered,
    live,
    prepare,
    publications,
    releases,
)
from helpers.disclosure.release import CELL, RELEASED_COLUMNS
from helpers.disclosure.suppression import FEW, NOT_ASKED, SECONDARY, SHOWN
from helpers.estimation.estimates import KEYS
from helpers.identities.identities import known_persons
from helpers.rolling.month import ASKED, STRATA
from helpers.rolling.months import parse_month
from helpers.rolling.places import read_record
from helpers.rolling.units import CELLS, ESTIMATES, _finite_population, block_with, weigh_block
from helpers.rolling.windows import _together
from helpers.scan.scan import scan

BLOCKS = [{"up_to_yearly_answers": 60, "block_months": 6}, {"block_months": 3}]
FORGOTTEN = ("0161", "2025-05")


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Lived:
    root = tmp_path_factory.mktemp("lived") / "root"
    rolling = prepare(root, FOUR, blocks=BLOCKS)
    return live(
        root, rolling, 16, 0.4,
        lambda month: frozenset({FORGOTTEN[0]}) if month == FORGOTTEN[1] else frozenset(),
    )  # fmt: skip


def test_releases_have_the_contract_s_columns_and_carry_windows_forward(lived):
    told = releases(lived)
    assert [m for m, _, _ in told] == ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04"]
    for _, results, windows in told:
        assert list(results.columns) == RELEASED_COLUMNS
        assert set(windows["municipality"]) == set(FOUR) and (windows["state"] == "ready").all()
    ends = {m: dict(zip(w["municipality"], w["last_month"])) for m, _, w in told}
    assert ends["2026-02"] == dict.fromkeys(FOUR, "2025-12")
    assert ends["2026-03"]["0707"] == "2026-03" and ends["2026-03"]["0741"] == "2025-12"
    first, second = (r for _, r, _ in told[:2])
    pd.testing.assert_frame_equal(first, second)  # nothing new: the same to the last byte
    by_code = told[3][1].set_index("municipality")
    pd.testing.assert_frame_equal(
        by_code.loc[["0741"]], first.set_index("municipality").loc[["0741"]]
    )
    assert not by_code.loc[["0707"]].equals(first.set_index("municipality").loc[["0707"]])


def test_a_month_without_an_extract_is_told_and_left_out(lived):
    _, _, windows = releases(lived)[0]
    row = windows.set_index("municipality").loc[FORGOTTEN[0]]
    assert (row["months"], row["missing"]) == (11, "2025-05")
    page = (lived.places.build / "index.html").read_text("utf-8")
    assert "uden udtræk fra maj 2025" in page and "april 2025–marts 2026" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page


def test_a_window_s_n_is_the_answers_of_its_months(lived):
    """Counted again from the answers frozen month by month."""
    for _, results, windows in releases(lived):
        spans = windows.set_index("municipality")
        own = results[
            (results["status"] == SHOWN) & (results["statistic"] == "mean")
            & (results["weighting"] == "unweighted") & results["item"].isin(["q01", "q13"])
        ]  # fmt: skip
        for row in own[own["municipality"] != "national"].itertuples():
            span = spans.loc[row.municipality]
            answers = np.concatenate(
                [
                    _answers(lived, row, m)
                    for m in lived.months
                    if span["first_month"] <= m <= span["last_month"]
                ]
            )
            assert row.n == len(answers) and row.value == pytest.approx(answers.mean(), abs=0.0051)


@cache
def _responded(path: Path) -> pd.DataFrame:
    asked = pd.read_parquet(path)
    return asked[asked["responded"]]


def _answers(lived: Lived, row, month: str) -> np.ndarray:
    path = lived.places.of_month(parse_month(month), row.municipality) / ASKED
    if not path.is_file():
        return np.empty(0)
    asked = _responded(path)
    if row.breakdown != "all":
        asked = asked[asked[row.breakdown] == row.category]
    given = asked[row.item].to_numpy(float, na_value=np.nan)
    return given[given < 6]


def test_the_country_is_the_sum_of_the_windows(lived):
    _, results, _ = releases(lived)[0]
    whole = results[(results["breakdown"] == "all") & (results["item"] == "q13")
                    & (results["statistic"] == "mean") & (results["weighting"] == "weighted")]  # fmt: skip
    n = whole.set_index("municipality")["n"]
    assert n["national"] == n[FOUR].sum()


def test_a_block_weighs_its_person_years(lived):
    block = block_with(3, parse_month("2025-01"), parse_month("2025-06"))
    assert [str(m)[:7] for m in block.months] == ["2025-04", "2025-05", "2025-06"]
    weighted = weigh_block(lived.places, lived.rolling, block.months, "0707")
    strata = [pd.read_parquet(lived.places.of_month(m, "0707") / STRATA) for m in block.months]
    person_years = sum(s["population"].sum() for s in strata) / 12
    assert weighted.respondents["weight"].sum() == pytest.approx(person_years, rel=1e-6)
    asked = weighted.respondents["design_weight"]
    assert (asked >= 1).all()  # p is at most 1/12


def test_the_finite_population_of_a_block():
    """A standing group of 120 of which a tenth goes and comes a month: 120 + 11·12 persons a year."""
    month = pd.DataFrame({"target_group": ["a"], "population": [120], "entered": [12]})
    three = [month.set_index("target_group")] * 3
    assert _finite_population(three)["a"] == pytest.approx((120 + 11 * 12) * 3 / 12)
    assert np.isinf(_finite_population(three[:1])["a"])
    still = [t.assign(entered=0) for t in three]
    assert _finite_population(still)["a"] == 30  # nobody comes or goes: a quarter of them a quarter


def test_nobody_is_asked_twice_within_a_year_and_probabilities_hold(lived):
    times, gap = burden(lived)
    assert gap == 12 and times["invitations"].max() == 2
    off = calibration(lived)["off, in standard errors"].astype(float)
    assert off.abs().max() < 3.5 and len(off) > 5


def test_estimates_are_near_the_truth(lived):
    """Satisfaction falls with the spell; the windows are right all the same, and as sure as they say."""
    found = errors(lived)
    whole = found[(found["breakdown"] == "all") & (found["statistic"] == "mean")]
    assert (
        abs(whole["error"].mean()) < 0.06
    )  # four municipalities' errors hang together by question
    assert 0.9 < found["covered"].mean() <= 0.995
    half = (found["ci_high"] - found["ci_low"]) / 2
    assert 0.7 < np.sqrt((found["error"] ** 2).mean()) / (half.mean() / 1.96) < 1.4


# ------------------------------------------------------------------------------- disclosure


def test_a_window_shows_what_all_its_units_show():
    def cells(*statuses: str) -> str:
        rows = [("0707", "all", "all", "q01", s) for s in statuses]
        return _together(pd.DataFrame(rows, columns=[*CELL, "status"]))["status"].item()

    assert cells(SHOWN, SHOWN) == SHOWN
    assert cells(FEW, FEW) == FEW and cells(NOT_ASKED, NOT_ASKED) == NOT_ASKED
    for mixed in ((SHOWN, FEW), (FEW, SECONDARY), (SHOWN, NOT_ASKED), (SHOWN, SHOWN, SECONDARY)):
        assert cells(*mixed) == SECONDARY


def test_every_unit_by_itself_shows_no_few_answers(lived):
    units = sorted((lived.places.data / "units").iterdir())
    assert len(units) == 7  # five quarters, two half-years
    for unit in units:
        cells = pd.read_parquet(unit / CELLS)
        assert (cells.loc[cells["status"] == SHOWN, "n"] >= 5).all()
        estimates = pd.read_parquet(unit / ESTIMATES)
        assert not estimates.duplicated(["municipality", *KEYS]).any()
        months = read_record(unit)["municipalities"]
        assert set(months) <= set(FOUR)


@pytest.mark.parametrize("breakdown", BREAKDOWNS)
def test_the_attacker_finds_nobody(lived, breakdown):
    truth, told = answered(lived, breakdown), publications(lived, breakdown)
    assert sum(len(p.shown) for p in told) > 20
    assert in_reach(truth, told) == []
    for item in (2, 12):
        assert narrow(truth, told, item) == []


def test_the_attacker_finds_what_plain_moving_windows_give_away(lived):
    """The planted variant: each month's window protected as if it were published alone."""
    found = [
        f
        for b in BREAKDOWNS
        for t in [answered(lived, b)]
        for f in in_reach(t, plain_windows(t, b))
    ]
    assert len(found) > 20 and {f.how for f in found} >= {"difference of spans"}
    assert all(0 < f.answers < 5 for f in found)


def _one(n: list[list[int]]) -> Truth:
    """One municipality, two categories by months, one item."""
    counts = np.array(n)[None, :, :, None]
    months = [f"2025-{m:02d}" for m in range(1, counts.shape[2] + 1)]
    return Truth(["0825"], ["kvinde", "mand"], months, counts)


def test_the_attacker_by_hand():
    """Women 9 + 3 and men 9 + 9 in two months; months one and both are published."""
    truth = _one([[9, 3], [9, 9]])
    first, both = ({"0825": tuple(truth.months[:k])} for k in (1, 2))

    def told(cells: list[str], window) -> Publication:
        return Publication(frozenset(("0825", c) for c in cells), window, {})

    everything = ["all", "kvinde", "mand"]
    found = in_reach(truth, [told(everything, first), told(everything, both)])
    assert {f.answers for f in found} == {3} and ("kvinde",) in {f.categories for f in found}
    # hidden in the second, yet the whole less the men gives it away
    found = in_reach(truth, [told(everything, first), told(["all", "mand"], both)])
    assert [f.categories for f in found] == [("kvinde",)]
    assert in_reach(truth, [told(everything, both)]) == []
    assert in_reach(truth, [told(everything, first), told(["all"], both)]) == []
    # the twelve new answers are of both: known to be twelve, no closer
    assert narrow(truth, [told(everything, first), told(["all"], both)], 0) == []
    tight = _one([[9, 3], [9, 0]])
    found = narrow(tight, [told(everything, first), told(["all"], both)], 0)
    assert [(f.categories, f.how) for f in found] == [(("kvinde",), "0–3")]


def test_nothing_under_build_points_at_a_person(lived):
    names, numbers = known_persons(lived.places.paths, lived.rolling.round)
    assert len(numbers) > 1000
    assert scan(lived.places.build / "index.html", names, numbers) == []
    text = (lived.places.release(parse_month("2026-04")) / "released.csv").read_text("utf-8")
    assert not any(number in text for number in numbers if len(number) == 10)
    log = lived.places.log.read_text("utf-8")
    assert not any(number in log for number in numbers if len(number) == 10)
    assert all(json.loads(line)["on"] for line in log.splitlines())
