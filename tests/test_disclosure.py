"""The gate: below, at and above five answers, and no cell hidden alone."""

import numpy as np
import pandas as pd
import pytest

from helpers.disclosure import _drivers, cell_status, preview, release
from helpers.estimates import with_intervals
from helpers.round_estimates import DRIVER_COLUMNS, Earlier, RoundEstimates

GROUPS = ["dagpenge", "sygedagpenge", "job_uddannelsesparate", "aktivitetsparate", "jobafklaring"]


def estimates(counts: dict[str, list[int]], item="q01") -> pd.DataFrame:
    """Rows of sums for `all` and the five target groups of each municipality."""
    rows = []
    for code, by_group in counts.items():
        cells = [("all", "all", sum(by_group))]
        cells += [("target_group", g, n) for g, n in zip(GROUPS, by_group)]
        for breakdown, category, n in cells:
            for weighting in ("weighted", "unweighted"):
                for statistic in ("mean", "share_satisfied", "share_dissatisfied"):
                    y = n * (3.6 if statistic == "mean" else 0.5)
                    rows.append((code, breakdown, category, item, statistic, weighting, n, max(n - 5, 1),
                                 y, float(n), y * 3.9, float(n), n * 0.6, n * 0.9, n * 0.1, n * 0.2))  # fmt: skip
    columns = ["municipality", "breakdown", "category", "item", "statistic", "weighting", "n", "df",
               "y", "x", "y2", "w2", "w2_open", "v_yy", "v_yx", "v_xx"]  # fmt: skip
    return with_intervals(pd.DataFrame(rows, columns=columns), 0.95)


def counted(counts):
    rows = []
    for code, by_group in counts.items():
        cells = [
            ("all", "all", sum(by_group)),
            *(("target_group", g, n) for g, n in zip(GROUPS, by_group)),
        ]
        for breakdown, category, n in cells:
            rows.append(
                (
                    code,
                    breakdown,
                    category,
                    10 * n,
                    3 * n,
                    n,
                    9.0 * n,
                    90.0 * n,
                    n - 9,
                    9,
                    7,
                    2 * n - 7,
                    0.9,
                    0.8,
                    0.95,
                )
            )
    columns = ["municipality", "breakdown", "category", "population", "invited", "answers",
               "weight_sum", "weight_squares", "complete", "partial", "break_off",
               "no_contact", "r_indicator", "r_low", "r_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def status(counts, least=5):
    cells = cell_status(estimates(counts), least).set_index(["municipality", "category"])["status"]
    return cells.to_dict()


@pytest.mark.parametrize("n, expected", [(4, "few"), (5, "shown"), (6, "shown")])
def test_threshold_below_at_and_above(n, expected):
    assert status({"0707": [n, 30, 30, 3, 3]})["0707", "dagpenge"] == expected


def test_no_category_is_hidden_alone():
    got = status({"0707": [4, 30, 31, 32, 33]})
    assert got["0707", "dagpenge"] == "few"
    assert got["0707", "sygedagpenge"] == "linked"  # the smallest of the others
    assert got["0707", "jobafklaring"] == "shown"


def test_no_municipality_is_hidden_alone_in_the_country():
    counts = {
        "0707": [4, 3, 31, 32, 33],
        "0580": [20, 21, 22, 23, 24],
        "0161": [30, 31, 32, 33, 34],
    }
    got = status(counts)
    assert got["0580", "dagpenge"] == "linked"
    assert got["0161", "dagpenge"] == "shown"
    for category in GROUPS:
        hidden = [c for c in counts if got[c, category] != "shown"]
        assert len(hidden) != 1
    for code in counts:
        hidden = [g for g in GROUPS if got[code, g] != "shown"]
        assert len(hidden) != 1


def test_question_without_any_answer_is_not_asked():
    assert status({"0707": [0, 0, 0, 0, 0]})["0707", "all"] == "not_asked"


def test_hidden_rows_hold_no_number(round_2024):
    shown = preview(estimates({"0707": [4, 30, 31, 32, 33]}), round_2024)
    hidden = shown[shown["status"] != "shown"]
    assert len(hidden) == 2 * 6
    assert hidden[["value", "ci_low", "ci_high", "n"]].isna().all(axis=None)
    assert (shown.loc[shown["status"] == "shown", "n"] >= 5).all()


def test_release_of_a_round(round_2024):
    counts = {
        "0707": [4, 30, 31, 32, 33],
        "0580": [20, 21, 22, 23, 24],
        "0161": [30, 31, 32, 33, 34],
    }
    out = release(RoundEstimates(estimates(counts), counted(counts)), round_2024)
    national = out.results[out.results["municipality"] == "national"]
    whole = national[(national["breakdown"] == "all") & (national["statistic"] == "mean")]
    assert whole["n"].tolist() == [sum(map(sum, counts.values()))] * 2
    assert list(out.results["status"].unique()) != ["shown"]
    rates = out.response.set_index(["municipality", "category"])
    assert rates.loc[("0707", "dagpenge"), "status"] == "few"
    assert pd.isna(rates.loc[("0707", "dagpenge"), "answers"])
    assert rates.loc[("0580", "all"), "response_rate"] == 0.333
    assert rates.loc[("0580", "all"), "effective_n"] == round((9 * 110) ** 2 / (90 * 110))
    # nothing is compared where a side is hidden
    compared = out.comparisons.set_index(["municipality", "category"]).index
    assert ("0707", "dagpenge") not in compared
    assert set(out.comparisons["reference"]) == {"others", "national"}


def test_only_differences_that_are_sure_and_large_are_worth_mentioning(round_2024):
    counts = {"0707": [200] * 5, "0580": [200] * 5, "0161": [200] * 5}
    table = estimates(counts)
    own = (table["municipality"] == "0707") & (table["statistic"] == "mean")
    table.loc[own, "y"] += 0.5 * table.loc[own, "x"]
    out = release(
        RoundEstimates(with_intervals(table, 0.95), counted(counts)), round_2024
    ).comparisons
    means = out[(out["statistic"] == "mean") & (out["breakdown"] == "all")]
    worth = means.groupby("municipality")["worth_mentioning"].all()
    assert worth["0707"]
    shares = out[(out["statistic"] == "share_satisfied")]
    assert not shares["worth_mentioning"].any()
    assert np.isclose(
        means.set_index(["municipality", "reference"]).loc[("0707", "others"), "difference"], 0.5
    ).all()


def two_way_status(cells: dict[tuple[str, str, str], int], least: int = 5) -> dict:
    """Status of one-way and two-way cells; `cells`: (municipality, group, gender) → answers."""
    table = pd.DataFrame(
        [(*key, n) for key, n in cells.items()], columns=["municipality", "group", "gender", "n"]
    )
    parts = [
        table.groupby("municipality")["n"]
        .sum()
        .reset_index()
        .assign(breakdown="all", category="all")
    ]
    for column, breakdown in (("group", "target_group"), ("gender", "gender")):
        sums = table.groupby(["municipality", column])["n"].sum().reset_index()
        parts.append(sums.assign(breakdown=breakdown, category=sums[column]))
    crossed = table["group"] + ":" + table["gender"]
    parts.append(table.assign(breakdown="target_group:gender", category=crossed))
    rows = pd.concat(parts)[["municipality", "breakdown", "category", "n"]]
    rows = rows.assign(item="q01", statistic="mean", weighting="unweighted")
    done = cell_status(rows, least)
    return done.set_index(["municipality", "breakdown", "category"])["status"].to_dict()


def grid(numbers: dict[str, list[list[int]]]) -> dict:
    """municipality → a row a target group, a column a gender."""
    return {
        (code, group, gender): n
        for code, rows in numbers.items()
        for group, row in zip(GROUPS, rows)
        for gender, n in zip(("kvinde", "mand"), row)
    }


def test_a_small_two_way_cell_is_never_hidden_alone_on_a_line():
    got = two_way_status(grid({"0707": [[4, 30], [20, 21], [40, 41]], "0580": [[50, 51]] * 3}))
    place = "target_group:gender"
    assert got["0707", place, "dagpenge:kvinde"] == "few"
    assert got["0707", place, "dagpenge:mand"] == "linked"  # its row
    assert got["0707", place, "sygedagpenge:kvinde"] == "linked"  # its column
    assert got["0707", place, "sygedagpenge:mand"] == "linked"  # the rectangle closes
    assert got["0707", place, "job_uddannelsesparate:kvinde"] == "shown"
    assert got["0580", place, "dagpenge:kvinde"] == "linked"  # or the country gives 0707's away
    assert got["0707", "target_group", "dagpenge"] == "shown"  # the margin itself is large enough


def test_two_way_cells_under_a_hidden_margin_are_hidden():
    """Shown cells of a hidden group would add up to it."""
    got = two_way_status(grid({"0707": [[2, 2], [6, 6], [40, 41]], "0580": [[50, 51]] * 3}))
    assert got["0707", "target_group", "dagpenge"] == "few"
    assert got["0707", "target_group", "sygedagpenge"] == "linked"
    for gender in ("kvinde", "mand"):
        assert got["0707", "target_group:gender", f"sygedagpenge:{gender}"] == "linked"


def test_drivers_leave_only_where_the_themes_are_shown():
    drivers = pd.DataFrame(
        [
            (c, t, 0.5, 0.4, 0.6, 3.5, 0.4, 120)
            for c in ("0707", "0580")
            for t in ("maal", "moedet")
        ],
        columns=DRIVER_COLUMNS,
    )
    cells = pd.DataFrame(
        [
            (c, "all", "all", i, "shown")
            for c in ("0707", "0580")
            for i in ("maal", "moedet", "samlet")
        ],
        columns=["municipality", "breakdown", "category", "item", "status"],
    )
    assert len(_drivers(drivers, cells)) == 4
    cells.loc[0, "status"] = "few"
    assert _drivers(drivers, cells)["municipality"].tolist() == ["0580", "0580"]
    cells.loc[0, "status"], cells.loc[5, "status"] = (
        "shown",
        "linked",
    )  # 0580's overall satisfaction
    assert _drivers(drivers, cells)["municipality"].tolist() == ["0707", "0707"]


def test_the_countrys_change_is_the_sum_of_shown_municipalities(round_2024):
    """A hidden municipality is in no sum over a part of the country, or the rest would tell it."""
    counts = {
        "0707": [4, 3, 31, 32, 33],
        "0580": [20, 21, 22, 23, 24],
        "0161": [30, 31, 32, 33, 34],
    }
    now = estimates(counts, "q13")
    earlier_round = round_2024.model_copy(
        update={"settings": round_2024.settings.model_copy(update={"round": "2023-foraar"})}
    )
    before = release(RoundEstimates(now, counted(counts)), earlier_round)
    found = RoundEstimates(
        now, counted(counts), earlier=(Earlier(earlier_round, now, before.results),)
    )
    out = release(found, round_2024)
    shown = out.results[
        (out.results["status"] == "shown") & (out.results["municipality"] != "national")
    ]
    changed = out.comparisons[out.comparisons["reference"] == "round:2023-foraar"]
    assert (changed["difference"] == 0).all()
    groups = changed[(changed["municipality"] == "national") & (changed["statistic"] == "mean")]
    assert set(groups["category"]) == {"all", *GROUPS} - set(
        c for c in GROUPS if not ((shown["category"] == c).any())
    )
    # 0707 and 0580 are hidden for dagpenge: the country's change is that of 0161 alone
    assert groups.set_index("category").loc["dagpenge", "own"] == pytest.approx(3.6)
    own = changed[changed["category"] == "dagpenge"]
    assert set(own["municipality"]) <= {"0161", "national"}


@pytest.mark.parametrize("partial, told", [(4, False), (5, True), (0, True)])
def test_rates_that_would_show_a_few_partial_answers_are_not_given(round_2024, partial, told):
    counts = {"0707": [60] * 5, "0580": [60] * 5, "0161": [60] * 5}
    table = counted(counts)
    table.loc[table["municipality"] == "0707", "partial"] = partial
    found = RoundEstimates(estimates(counts), table)
    rates = release(found, round_2024).response.set_index(["municipality", "category"])
    assert rates.loc[("0707", "all"), ["rr1", "cooperation_rate"]].notna().all() == told
    assert not pd.isna(rates.loc[("0707", "all"), "response_rate"])
