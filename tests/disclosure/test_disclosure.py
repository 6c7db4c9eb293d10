"""The gate: below, at and above five answers, and no cell hidden alone."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.disclosure import protection
from helpers.disclosure.bases import _beside_few, with_bases
from helpers.disclosure.protection import protect
from helpers.disclosure.release import _drivers, preview, release
from helpers.disclosure.suppression import CELL as GROUP_CELL
from helpers.disclosure.suppression import SHOWN, suppress_items
from helpers.disclosure.suppression_audit import audit_items
from helpers.estimation.estimates import DEGREES, with_intervals
from helpers.estimation.round_estimates import DRIVER_COLUMNS, Earlier, RoundEstimates
from helpers.parameters.round_settings import Disclosure

GROUPS = ["dagpenge", "sygedagpenge", "job_uddannelsesparate", "aktivitetsparate", "jobafklaring"]


STATISTICS = {
    "mean": 3.6,
    "share_satisfied": 0.5,
    "share_neutral": 0.0,
    "share_dissatisfied": 0.5,
}


def estimates(counts: dict[str, list[int]], item="q01") -> pd.DataFrame:
    """Rows of sums for `all` and the five target groups of each municipality."""
    rows = []
    for code, by_group in counts.items():
        cells = [("all", "all", sum(by_group))]
        cells += [("target_group", g, n) for g, n in zip(GROUPS, by_group)]
        for breakdown, category, n in cells:
            for weighting in ("weighted", "unweighted"):
                for statistic in STATISTICS:
                    y = n * STATISTICS[statistic]
                    rows.append((code, breakdown, category, item, statistic, weighting, n, max(n - 5, 1),
                                 y, float(n), y * 3.9, float(n), n * 0.6, n * 0.9, n * 0.1, n * 0.2))  # fmt: skip
    columns = ["municipality", "breakdown", "category", "item", "statistic", "weighting", "n", "df_most",
               "y", "x", "y2", "w2", "w2_open", "v_yy", "v_yx", "v_xx"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).assign(**dict.fromkeys(DEGREES, 0.0))
    return with_intervals(table, 0.95)


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


def status(counts, table=None, **rules):
    table = estimates(counts) if table is None else table
    found = protect(table, counted(counts), Disclosure(min_answers=5, **rules))
    cells = found.cells[found.cells["item"] == "q01"]
    return cells.set_index(["municipality", "category"])["status"].to_dict()


BESIDE = {"0580": [20, 21, 22, 23, 24], "0161": [30, 31, 32, 33, 34]}


def test_what_the_audit_narrows_down_is_mended_and_told(monkeypatch):
    """The pattern's linked cells are shown by mistake: the audit finds it, and more is hidden until it
    finds nothing."""
    counts = {"0101": [20, 21, 3, 23, 24], **BESIDE}
    whole = protect(estimates(counts), counted(counts), Disclosure(min_answers=5))

    def leaking(counts, **how):
        found = suppress_items(counts, **how)
        linked = found.cells["status"] == "linked"
        assert linked.any()
        search = replace(found.found, hidden=found.table.primary)
        return replace(
            found,
            cells=found.cells.assign(status=found.cells["status"].mask(linked, SHOWN)),
            found=search,
        )

    monkeypatch.setattr(protection, "suppress_items", leaking)
    mended = protect(estimates(counts), counted(counts), Disclosure(min_answers=5))
    assert "narrowed counts down" in mended.note and "0101 target_group" in mended.note
    assert "narrowed counts down" not in whole.note
    assert audit_items(mended.cells, threshold=5).empty


def test_an_audit_that_goes_on_finding_hides_all_that_is_connected(monkeypatch):
    """A round is never refused for what its citizens answered: with everything hidden nothing is told."""
    counts = {"0101": [20, 21, 3, 23, 24], **BESIDE}
    always = pd.DataFrame([("q01", "0101", "all", "all")], columns=["item", *GROUP_CELL])
    monkeypatch.setattr(protection, "audit_items", lambda cells, threshold, areas: always)
    found = protect(estimates(counts), counted(counts), Disclosure(min_answers=5))
    assert SHOWN not in set(found.cells["status"])
    assert "no more can be hidden there" in found.note


@pytest.mark.parametrize("n, expected", [(4, "few"), (5, "shown"), (6, "shown")])
def test_threshold_below_at_and_above(n, expected):
    got = status({"0707": [n, 30, 31, 32, 33], **BESIDE})
    assert got["0707", "dagpenge"] == expected
    assert set(got.values()) == ({"shown"} if expected == "shown" else {"shown", "few", "linked"})


def test_nothing_is_hidden_alone_in_its_municipality_or_in_the_country():
    counts = {"0707": [4, 3, 31, 32, 33], **BESIDE}
    got = status(counts)
    for category in GROUPS:
        assert len([c for c in counts if got[c, category] != "shown"]) != 1
    for code in counts:
        assert len([g for g in GROUPS if got[code, g] != "shown"]) != 1
    assert all(got["national", category] == "shown" for category in GROUPS)


def alike(counts, cells, option=4.0):
    """Estimates in which all answers of these cells are one option; the wholes stay."""
    table = estimates(counts)
    for code, category in cells:
        rows = (table["municipality"] == code) & (table["category"] == category)
        for statistic, share in (
            ("mean", option),
            ("share_satisfied", 1.0),
            ("share_neutral", 0.0),
            ("share_dissatisfied", 0.0),
        ):
            mine = rows & (table["statistic"] == statistic)
            table.loc[mine, "y"] = share * table.loc[mine, "n"]
    return table


@pytest.mark.parametrize("n, expected", [(9, "linked"), (10, "shown"), (5, "linked")])
def test_a_small_group_whose_answers_all_agree_is_hidden(n, expected):
    counts = {"0707": [n, 30, 31, 32, 33], **BESIDE}
    got = status(counts, alike(counts, [("0707", "dagpenge")]))
    assert got["0707", "dagpenge"] == expected
    mixed = status(counts, alike(counts, [("0707", "dagpenge")], option=4.5))
    assert mixed["0707", "dagpenge"] == expected, "4 and 5: all are satisfied"


@pytest.mark.parametrize("others, expected", [(1, "linked"), (2, "shown")])
def test_a_small_group_of_which_all_but_one_are_of_one_kind_is_hidden(others, expected):
    counts = {"0707": [9, 30, 31, 32, 33], **BESIDE}
    table = alike(counts, [("0707", "dagpenge")])
    mine = (table["municipality"] == "0707") & (table["category"] == "dagpenge")
    table.loc[mine & (table["statistic"] == "mean"), "y"] = 36 - 2 * others
    table.loc[mine & (table["statistic"] == "share_satisfied"), "y"] = 9 - others
    table.loc[mine & (table["statistic"] == "share_dissatisfied"), "y"] = others
    assert status(counts, table)["0707", "dagpenge"] == expected


@pytest.mark.parametrize(
    "n, shares, unweighted",
    [
        (9, "few", "few"),
        (10, "shown", "few"),
        (99, "shown", "few"),
        (100, "shown", "shown"),
    ],
)
def test_shares_and_unweighted_values_rest_on_a_base_of_their_own(
    round_2024, n, shares, unweighted
):
    counts = {"0707": [n, 200, 201, 202, 203], "0580": [210] * 5, "0161": [220] * 5}
    table = estimates(counts)
    out = release(RoundEstimates(table, counted(counts)), round_2024)
    mine = out.results[
        (out.results["municipality"] == "0707") & (out.results["category"] == "dagpenge")
    ].set_index(["statistic", "weighting"])
    assert mine.loc[("mean", "weighted"), "status"] == "shown"
    assert mine.loc[("mean", "weighted"), "n"] == n
    assert mine.loc[("share_satisfied", "weighted"), "status"] == shares
    assert mine.loc[("mean", "unweighted"), "status"] == unweighted
    hidden = mine[mine["status"] != "shown"]
    assert hidden[["value", "ci_low", "ci_high", "n"]].isna().all(axis=None)
    compared = out.comparisons[
        (out.comparisons["municipality"] == "0707") & (out.comparisons["category"] == "dagpenge")
    ]
    assert "mean" in set(compared["statistic"])
    assert ("share_satisfied" in set(compared["statistic"])) == (shares == "shown")


@pytest.mark.parametrize(
    "wrong",
    [{"min_answers": 4}, {"shares_from": 9}, {"unweighted_from": 49}, {"unanimous_below": 4}],
)
def test_no_round_goes_below_the_lawful_floors(wrong):
    assert Disclosure(min_answers=5, shares_from=10, unweighted_from=50)
    with pytest.raises(ValueError):
        Disclosure(**{"min_answers": 5, **wrong})


def test_what_is_left_when_shown_groups_are_subtracted_does_not_all_agree():
    counts = {"0707": [4, 5, 31, 32, 33], **BESIDE}
    pair = [("0707", "dagpenge"), ("0707", "sygedagpenge")]
    assert status(counts)["0707", "job_uddannelsesparate"] == "shown"
    got = status(counts, alike(counts, pair))
    hidden = [g for g in GROUPS if got["0707", g] != "shown"]
    assert len(hidden) >= 3, "nine answers that all agree would be left over"


def test_a_shown_count_of_answers_never_stands_above_a_hidden_item():
    counts = {"0707": [6, 30, 31, 32, 33], **BESIDE}
    table = estimates(counts)
    mine = (table["municipality"] == "0707") & (table["category"] == "dagpenge")
    table.loc[mine, ["n", "x"]] = 4
    found = protect(table, counted(counts), Disclosure(min_answers=5))
    group = found.cells["category"].eq("dagpenge") & found.cells["municipality"].eq("0707")
    by_item = found.cells[group].set_index("item")["status"].to_dict()
    assert by_item == {"q01": "few", "response": "few"}, "one mark a group, whatever the item"


def test_the_summary_says_what_protection_costs():
    found = protect(
        estimates(counts := {"0707": [4, 30, 31, 32, 33], **BESIDE}), counted(counts),
        Disclosure(min_answers=5),
    )  # fmt: skip
    hidden = (found.cells["status"] != SHOWN) & (found.cells["item"] == "q01")
    assert f"{hidden.sum() / 24:.1%} of 24 cells (1 primary, 3.00 secondary per primary)" in (
        found.summary()
    )


def test_question_without_any_answer_is_not_asked():
    asked = {"0707": [30] * 5, "0580": [31] * 5}
    table = pd.concat([estimates(asked), estimates({"0707": [0] * 5, "0580": [31] * 5}, "q02")])
    found = protect(table, counted(asked), Disclosure(min_answers=5))
    cells = found.cells.set_index(["municipality", "category", "item"])["status"]
    assert cells["0707", "all", "q02"] == cells["0707", "dagpenge", "q02"] == "not_asked"
    assert cells["0580", "all", "q02"] == cells["national", "all", "q02"] == "shown"


def test_hidden_rows_hold_no_number(round_2024):
    shown = preview(estimates({"0707": [4, 30, 31, 32, 33]}), round_2024)
    hidden = shown[shown["status"] != "shown"]
    assert len(hidden) == 2 * len(STATISTICS)
    assert hidden[["value", "ci_low", "ci_high", "n"]].isna().all(axis=None)
    assert (shown.loc[shown["status"] == "shown", "n"] >= 5).all()


@pytest.mark.parametrize("n, told", [(9, False), (10, True)])
def test_few_of_the_others_are_no_reference(round_2024, n, told):
    """Of two municipalities »the others« are one group of the other: its shares need ten answers there too."""
    counts = {"0707": [40] * 5, "0580": [n, 40, 40, 40, 40]}
    table = release(RoundEstimates(estimates(counts), counted(counts)), round_2024).comparisons
    of = table[(table["municipality"] == "0707") & (table["reference"] == "others")]
    assert (GROUPS[0] in set(of["category"])) == told
    assert GROUPS[1] in set(of["category"])


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
    worth = means["verdict"].eq("over").groupby(means["municipality"]).all()
    assert worth["0707"]
    shares = out[(out["statistic"] == "share_satisfied")]
    assert not shares["verdict"].isin(["over", "under"]).any()
    assert np.isclose(
        means.set_index(["municipality", "reference"]).loc[("0707", "others"), "difference"], 0.5
    ).all()


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
    assert len(_drivers(drivers, cells, "samlet")) == 4
    cells.loc[0, "status"] = "few"
    assert _drivers(drivers, cells, "samlet")["municipality"].tolist() == ["0580", "0580"]
    cells.loc[0, "status"], cells.loc[5, "status"] = (
        "shown",
        "linked",
    )  # 0580's overall satisfaction
    assert _drivers(drivers, cells, "samlet")["municipality"].tolist() == ["0707", "0707"]


def test_the_countrys_change_is_the_sum_of_shown_municipalities(round_2024):
    """A hidden municipality is in no sum over a part of the country, or the rest would tell it."""
    counts = {
        "0707": [4, 3, 31, 32, 33],
        "0580": [20, 21, 22, 23, 24],
        "0161": [30, 31, 32, 33, 34],
        "0751": [40, 41, 42, 43, 44],
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
    of_means = shown[(shown["statistic"] == "mean") & (shown["weighting"] == "weighted")]
    shown_in = of_means.groupby("category")["municipality"].nunique()
    assert set(groups["category"]) == set(shown_in.index[shown_in >= len(counts) / 2])
    # where municipalities are hidden, the country's change is that of the shown ones alone
    assert groups.set_index("category").loc["dagpenge", "own"] == pytest.approx(3.6)
    own = set(changed.loc[changed["category"] == "dagpenge", "municipality"]) - {"national"}
    assert own == set(shown.loc[shown["category"] == "dagpenge", "municipality"])


@pytest.mark.parametrize("partial, told", [(4, False), (5, True), (0, True)])
def test_rates_that_would_show_a_few_partial_answers_are_not_given(round_2024, partial, told):
    counts = {"0707": [60] * 5, "0580": [60] * 5, "0161": [60] * 5}
    table = counted(counts)
    table.loc[table["municipality"] == "0707", "partial"] = partial
    found = RoundEstimates(estimates(counts), table)
    rates = release(found, round_2024).response.set_index(["municipality", "category"])
    assert rates.loc[("0707", "all"), ["rr1", "cooperation_rate"]].notna().all() == told
    assert not pd.isna(rates.loc[("0707", "all"), "response_rate"])
    country = rates.loc[("national", "all"), ["rr1", "cooperation_rate"]].notna().all()
    assert country == told, "one municipality that is left out is the country less the others"


# ------------------------------------------------------------------------------- rare answers


def answers_of(chosen: dict[str, list[int]]) -> pd.DataFrame:
    """Merged rows of one question of a municipality, unweighted: how many of each gender chose 1 … 5."""
    rows = []
    for category, counts in {
        "all": np.sum(list(chosen.values()), axis=0).tolist(),
        **chosen,
    }.items():
        n = sum(counts)
        sums = {"mean": sum(k * c for k, c in enumerate(counts, start=1))}
        sums |= {f"share_{k}": c for k, c in enumerate(counts, start=1)}
        sums |= {"share_dissatisfied": sum(counts[:2]), "share_neutral": counts[2]}
        sums |= {"share_satisfied": sum(counts[3:]), "share_dont_know": 6}
        breakdown = "all" if category == "all" else "gender"
        rows += [
            ("0707", breakdown, category, "q01", s, w, y, n, "shown")
            for s, y in sums.items()
            for w in ("weighted", "unweighted")
        ]
    names = [
        "municipality",
        "breakdown",
        "category",
        "item",
        "statistic",
        "weighting",
        "y",
        "n",
        "status",
    ]
    return pd.DataFrame(rows, columns=names)


@pytest.mark.parametrize(
    "women, options, kinds",
    [
        ([6, 8, 20, 90, 80], "shown", "shown"),
        ([0, 9, 20, 90, 80], "shown", "shown"),
        ([1, 8, 20, 90, 80], "linked", "shown"),
        ([4, 8, 20, 90, 80], "linked", "shown"),
        ([1, 1, 20, 90, 80], "linked", "linked"),
        ([5, 8, 2, 90, 80], "linked", "linked"),
    ],
)
def test_an_answer_that_one_to_four_gave_is_not_shown_by_groups(women, options, kinds):
    """In one category of every breakdown it would be one citizen's, whose age and gender are known."""
    table = answers_of(
        {"kvinde": women, "mand": [0, 0, 30, 90, 80] if women[2] > 4 else [0, 0, 0, 90, 80]}
    )
    status = with_bases(table, Disclosure(min_answers=5))
    of = table.assign(status=status).set_index(["breakdown", "category", "statistic", "weighting"])[
        "status"
    ]
    for category in ("kvinde", "mand"):
        for weighting in ("weighted", "unweighted"):
            assert of["gender", category, "mean", weighting] == "shown"
            assert {of["gender", category, f"share_{k}", weighting] for k in range(1, 6)} == {
                options
            }
            kind = {
                of["gender", category, f"share_{k}", weighting]
                for k in ("satisfied", "neutral", "dissatisfied")
            }
            assert kind == {kinds}
            assert of["gender", category, "share_dont_know", weighting] == "linked", (
                "two bases tell it exactly"
            )
    assert set(of["all"]) == {"shown"}


def test_shares_of_a_small_group_do_not_follow_from_those_of_the_others():
    """Seven of a hundred have a mean and no split; less the other groups' the total's would give it."""
    few, small, large = [0, 2, 0, 3, 2], [6, 6, 6, 6, 6], [13, 13, 13, 12, 12]
    table = answers_of({"a": few, "b": small, "c": large})
    status = with_bases(table, Disclosure(min_answers=5))
    of = table.assign(status=status).set_index(["category", "statistic", "weighting"])["status"]
    assert {c: of[c, "mean", "weighted"] for c in "abc"} == dict.fromkeys("abc", "shown")
    split = {c: of[c, "share_satisfied", "weighted"] for c in ("all", *"abc")}
    assert split == {"all": "shown", "a": "few", "b": "linked", "c": "shown"}


def test_shares_are_hidden_until_no_sum_has_one_group_without():
    """Of crossed groups each margin counts: one more in the row, one in its column, and where those meet."""
    base = {("m", "all", "all"): 400.0}
    for g, ns in {"x": (7, 50, 60), "y": (70, 80, 133)}.items():
        base["m", "g", g] = float(sum(ns))
        base |= {("m", "g:h", f"{g}:{h}"): float(n) for h, n in zip("abc", ns)}
    for h in "abc":
        base["m", "h", h] = base["m", "g:h", f"x:{h}"] + base["m", "g:h", f"y:{h}"]
    rows = [(*cell, n, "mean", "weighted") for cell, n in base.items()]
    names = ["municipality", "breakdown", "category", "base", "statistic", "weighting"]
    table = pd.DataFrame(rows, columns=names)
    hidden = {c[2] for c in table[_beside_few(table, 10, None)][GROUP_CELL].itertuples(index=False)}
    assert hidden == {"x:b", "y:a", "y:b"}


@pytest.mark.parametrize("unsure, told", [(0, True), (1, False), (4, False), (5, True)])
def test_a_rare_dont_know_is_not_counted_for_the_whole(unsure, told):
    """With it, each group's answers less those to the question would say where it was given."""
    rows = []
    for code, n in (("0707", unsure), ("0580", unsure), ("national", 40)):
        for weighting in ("weighted", "unweighted"):
            rows.append((code, "all", "all", "q01", "share_dont_know", weighting, float(n), 300))
            rows.append((code, "all", "all", "q01", "mean", weighting, 900.0, 300 - n))
    names = ["municipality", "breakdown", "category", "item", "statistic", "weighting", "y", "n"]
    table = pd.DataFrame(rows, columns=names).assign(status="shown")
    status = table.assign(status=with_bases(table, Disclosure(min_answers=5))).set_index(names[:6])
    for code in ("0707", "0580"):
        for weighting in ("weighted", "unweighted"):
            got = status.loc[(code, "all", "all", "q01", "share_dont_know", weighting), "status"]
            assert got == ("shown" if told else "linked")
        assert status.loc[(code, "all", "all", "q01", "mean", "weighted"), "status"] == "shown"


def test_a_lone_rare_dont_know_does_not_follow_from_the_countrys():
    """Another municipality's is hidden beside it, the fewest there are."""
    counts = {"0707": 2, "0580": 9, "0161": 7, "national": 18}
    rows = [
        (code, "all", "all", "q01", statistic, "unweighted", float(y), 300)
        for code, n in counts.items()
        for statistic, y in (("share_dont_know", n), ("mean", 900))
    ]
    names = ["municipality", "breakdown", "category", "item", "statistic", "weighting", "y", "n"]
    table = pd.DataFrame(rows, columns=names).assign(status="shown")
    status = with_bases(table, Disclosure(min_answers=5))[table["statistic"] == "share_dont_know"]
    assert dict(zip(counts, status)) == {
        "0707": "linked", "0580": "shown", "0161": "linked", "national": "shown",
    }  # fmt: skip
