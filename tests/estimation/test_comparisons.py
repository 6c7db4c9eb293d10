"""Differences equal R's contrasts and changes, and a linearisation over all respondents at once."""

import json

import numpy as np
import pandas as pd
import pytest
from conftest import ORACLES
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from helpers.common.vocabulary import NOT_JUDGED, OVER, SMALL, UNDER, UNSURE, VERDICTS
from helpers.estimation.comparisons import (
    benjamini_hochberg,
    compare,
    compare_groups,
    judge,
    strictest_p,
    with_verdicts,
)
from helpers.estimation.designs import Design
from helpers.estimation.estimates import (
    DEGREES,
    SUMS,
    add_up,
    covariance_sums,
    ratio_sums,
    with_intervals,
)
from helpers.estimation.raking import rake
from helpers.parameters.params import Comparison

ROUNDS = json.loads((ORACLES / "c1_runder.json").read_text("utf-8"))["expected"]
CONTRASTS = json.loads((ORACLES / "b_kommune.json").read_text("utf-8"))["expected"][
    "contrasts_calibrate_raking"
]
EXACT = {"rel": 0, "abs": 1e-9}
AGREES = ["enig", "meget enig"]


# ------------------------------------------------------------------------------- from respondents


def raked_design(table, base, margins):
    """Weights raked to `margins` (margin → population by level) from the column `base`."""
    totals = {m: t.sort_index() for m, t in margins.items()}
    codes = [t.index.get_indexer(table[m]) for m, t in totals.items()]
    start = table[base].to_numpy(float)
    weight = rake(codes, start, list(totals.values()), tolerance=1e-13)
    dummies = [
        pd.get_dummies(table[m], drop_first=i > 0, dtype=float).to_numpy()
        for i, m in enumerate(totals)
    ]
    return Design(weight, *strata_of(table), base=start, calibration=np.column_stack(dummies))


def strata_of(table, stratum="gruppe"):
    numbers, names = pd.factorize(table[stratum], sort=True)
    return numbers, table.groupby(stratum)["N_h"].first().reindex(names).to_numpy(float)


def margins_of(table):
    return {m: own.set_index("level")["N"] for m, own in table.groupby("margin", sort=False)}


def estimated(design, y, x, confidence=0.95, **keys):
    """One estimate: Σwy/Σwx among `x`, with sums and interval."""
    named = {
        "municipality": "0001", "breakdown": "all", "category": "all", "item": "q01",
        "statistic": "share_satisfied", "weighting": "weighted",
    }  # fmt: skip
    sums = pd.DataFrame(ratio_sums(design, np.where(x > 0, y, 0.0)[:, None], x[:, None]))
    return with_intervals(sums.assign(**(named | keys)), confidence)


def case_c(name, *, raked):
    """A round of case c: respondents and design."""
    table = pd.read_csv(ORACLES / "c1_runder.csv")
    table = table[table["runde"] == name].reset_index(drop=True)
    table["w"] = table["N_h"] / table.groupby("gruppe")["row_id"].transform("size")
    if not raked:
        return table, Design(table["w"].to_numpy(), *strata_of(table))
    margins = pd.read_csv(ORACLES / "c1_runder_margins.csv")
    return table, raked_design(table, "w", margins_of(margins[margins["runde"] == name]))


def round_of_c(name, *, raked, group=None, **keys):
    table, design = case_c(name, raked=raked)
    inside = np.ones(len(table)) if group is None else (table["gruppe"] == group).to_numpy(float)
    return estimated(design, table["enig01"].to_numpy(float), inside, **keys)


def change_in_c(*, raked, group=None):
    now, before = (round_of_c(r, raked=raked, group=group) for r in ("r2", "r1"))
    return compare(now, before, overlap=False, confidence=0.95).iloc[0]


@pytest.mark.parametrize(
    "raked, block, se", [(False, "design", "svyttest_se"), (True, "calibrate_raking", "se")]
)
def test_change_between_rounds_equals_r(raked, block, se):
    got, expected = change_in_c(raked=raked), ROUNDS[f"change_{block}"]
    assert got["difference"] == pytest.approx(expected["diff"], **EXACT)
    assert got["se"] == pytest.approx(expected[se], **EXACT)
    assert got["own"] == pytest.approx(ROUNDS["r2"][block]["estimate"], **EXACT)
    assert got["reference_value"] == pytest.approx(ROUNDS["r1"][block]["estimate"], **EXACT)


@pytest.mark.parametrize("group", ROUNDS["change_by_gruppe"])
def test_change_in_a_group_equals_r(group):
    """Handicap is a census in the second round: its error is the first round's alone."""
    got, expected = change_in_c(raked=False, group=group), ROUNDS["change_by_gruppe"][group]
    assert got["difference"] == pytest.approx(expected["diff"], **EXACT)
    assert got["se"] == pytest.approx(expected["se"], **EXACT)


@pytest.fixture(scope="module")
def case_b():
    """Respondents of case b with y and x of »enig«, and the raked design."""
    table = pd.read_csv(ORACLES / "b_kommune_sample.csv")
    weights = pd.read_csv(ORACLES / "b_kommune_weights.csv")
    table = table[table["responderet"] == 1].merge(weights, on="row_id")
    table["x"] = (table["svar"].notna() & (table["svar"] != "ved ikke")).astype(float)
    table["y"] = table["svar"].isin(AGREES).astype(float) * table["x"]
    margins = margins_of(pd.read_csv(ORACLES / "b_kommune_margins.csv"))
    return table, raked_design(table, "w_nr", margins)


def domain(table, margin=None, level=None):
    """(y, x) of a domain, as columns."""
    inside = np.ones(len(table)) if margin is None else (table[margin] == level).to_numpy(float)
    return tuple((table[c].to_numpy() * inside)[:, None] for c in ("y", "x"))


@pytest.mark.parametrize(
    "name, margin, a, b",
    [
        ("diff_kvinde_mand", "koen", "Kvinde", "Mand"),
        ("diff_unge_voksne", "gruppe", "Unge", "Voksne"),
    ],
)
def test_group_against_group_equals_r(case_b, name, margin, a, b):
    table, design = case_b
    parts = {level: domain(table, margin, level) for level in (a, b)}
    estimates = pd.concat(
        estimated(design, y[:, 0], x[:, 0], breakdown=margin, category=level)
        for level, (y, x) in parts.items()
    )
    unweighted = estimates.assign(weighting="unweighted", value=0.5)  # takes no part
    covariances = covariance_sums(design, parts[a], parts[b]).assign(
        municipality="0001", breakdown=margin, category=a, other=b, item="q01",
        statistic="share_satisfied",
    )  # fmt: skip
    table = compare_groups(pd.concat([estimates, unweighted]), covariances, 0.95)
    assert len(table) == 1
    got = table.iloc[0]
    assert (got["category"], got["reference"]) == (a, f"group:{b}")
    assert got["difference"] == pytest.approx(CONTRASTS[name]["estimate"], **EXACT)
    assert got["se"] == pytest.approx(CONTRASTS[name]["se"], **EXACT)
    n = estimates["n"].to_numpy()
    assert (got["n"], got["n_other"]) == (n[0], n[1])


def test_groups_without_answers_are_not_compared(case_b):
    table, design = case_b
    a, empty = domain(table, "koen", "Kvinde"), domain(table, "koen", "nobody")
    estimates = pd.concat(
        estimated(design, y[:, 0], x[:, 0], breakdown="gender", category=category)
        for category, (y, x) in {"kvinde": a, "mand": empty}.items()
    )
    covariances = covariance_sums(design, a, empty).assign(
        municipality="0001", breakdown="gender", category="kvinde", other="mand", item="q01",
        statistic="share_satisfied",
    )  # fmt: skip
    assert compare_groups(estimates, covariances, 0.95).empty


@pytest.mark.parametrize(
    "name, group", [("diff_psykiatri_whole", "Psykiatri"), ("diff_boerne_whole", "Boernefamilier")]
)
def test_group_against_the_whole_equals_r(case_b, name, group):
    table, design = case_b
    part, whole = domain(table, "gruppe", group), domain(table)
    own, every = (estimated(design, y[:, 0], x[:, 0]).iloc[0] for y, x in (part, whole))
    c = covariance_sums(design, part, whole).iloc[0]
    r, total = own["value"], every["value"]
    shared = c["c_yy"] - total * c["c_yx"] - r * c["c_xy"] + r * total * c["c_xx"]
    variance = own["se"] ** 2 + every["se"] ** 2 - 2 * shared / (own["x"] * every["x"])
    assert r - total == pytest.approx(CONTRASTS[name]["estimate"], **EXACT)
    assert np.sqrt(variance) == pytest.approx(CONTRASTS[name]["se"], **EXACT)


# ------------------------------------------------------------------------ a municipality's country


CLOSE_BY = {  # municipality → (N_h, answers, mean score) of its groups
    "0901": ((900, 90, 3.4), (500, 60, 2.92)),
    "0902": ((500, 70, 3.3), (350, 40, 2.8)),
    "0903": ((300, 40, 3.3), (200, 30, 2.7)),
}


def three_municipalities():
    """A row a respondent of three invented municipalities; every 17th has not answered."""
    rng = np.random.default_rng(20240201)
    parts = []
    for code, groups in CLOSE_BY.items():
        for group, (population, m, mean) in zip("ab", groups):
            score = np.clip(np.round(mean + 1.1 * rng.standard_normal(m)), 1, 5)
            gender = np.where(rng.random(m) < 0.55, "kvinde", "mand")
            parts.append(
                pd.DataFrame({"score": score, "koen": gender}).assign(
                    municipality=code, gruppe=group, N_h=population, w=population / m
                )
            )
    table = pd.concat(parts, ignore_index=True)
    table["x"] = (np.arange(len(table)) % 17 != 5).astype(float)
    table["y"] = table["score"] * table["x"]
    return table


def own_design(own, *, raked):
    if not raked:
        return Design(own["w"].to_numpy(), *strata_of(own))
    people = own.groupby("gruppe")["N_h"].first()
    gender = pd.Series({"kvinde": 0.5, "mand": 0.5}) * people.sum()
    return raked_design(own, "w", {"gruppe": people.astype(float), "koen": gender})


def stacked_se(table, designs, code):
    """se of R_k − R from one linearisation over the respondents of all municipalities, which are
    strata of one design: z = 1_k·(y − R_k·x)/X_k − (y − R·x)/X, then Σ_h (1 − f_h)·m_h/(m_h − 1)·
    Σ(wz − mean)²."""
    w = np.concatenate([d.weight for d in designs.values()])
    y, x = table["y"].to_numpy(), table["x"].to_numpy()
    own = (table["municipality"] == code).to_numpy()
    r = (w * y)[own].sum() / (w * x)[own].sum()
    total = (w @ y) / (w @ x)
    z = own * (y - r * x) / (w * x)[own].sum() - (y - total * x) / (w @ x)
    if designs[code].calibration is not None:
        place = pd.get_dummies(table["municipality"], dtype=float).to_numpy()
        levels = pd.get_dummies(table[["gruppe", "koen"]], dtype=float).to_numpy()
        c = np.column_stack([place[:, [k]] * levels for k in range(place.shape[1])])
        root = np.sqrt(table["w"].to_numpy())
        z = z - c @ np.linalg.lstsq(c * root[:, None], z * root, rcond=None)[0]
    variance = 0.0
    for _, rows in table.groupby(["municipality", "gruppe"]):
        u = w[rows.index] * z[rows.index]
        m = len(rows)
        open_ = 1 - m / rows["N_h"].iloc[0]
        variance += open_ * m / (m - 1) * ((u - u.mean()) ** 2).sum()
    return r - total, np.sqrt(variance)


def own_and_country(*, raked):
    table = three_municipalities()
    designs = {
        code: own_design(own.reset_index(drop=True), raked=raked)
        for code, own in table.groupby("municipality")
    }
    own = pd.concat(
        estimated(
            designs[code], rows["y"].to_numpy(), rows["x"].to_numpy(), municipality=code,
            statistic="mean",
        )
        for code, rows in table.groupby("municipality")
    )  # fmt: skip
    return table, designs, own, add_up(own, 0.95, "national")


@pytest.mark.parametrize("raked", [False, True])
def test_overlap_equals_one_linearisation_over_all_respondents(raked):
    table, designs, own, country = own_and_country(raked=raked)
    got = compare(own, country, overlap=True, confidence=0.95).set_index("municipality")
    for code in designs:
        difference, se = stacked_se(table, designs, code)
        assert got.loc[code, "difference"] == pytest.approx(difference, rel=1e-9)
        assert got.loc[code, "se"] == pytest.approx(se, rel=1e-9)


def test_ignoring_the_overlap_would_turn_the_conclusion():
    """0901 is half of the country: its difference is real, but hidden by an error counted twice."""
    table, designs, own, country = own_and_country(raked=False)
    own = own[own["municipality"] == "0901"]
    right = compare(own, country, overlap=True, confidence=0.95).iloc[0]
    wrong = compare(own, country, overlap=False, confidence=0.95).iloc[0]
    assert right["difference"] == wrong["difference"]
    assert right["p_value"] < 0.01
    assert wrong["p_value"] > 0.05
    assert right["ci_low"] > 0 > wrong["ci_low"]
    _, se = stacked_se(table, designs, "0901")
    assert right["p_value"] == pytest.approx(
        2 * stats.t.sf(right["difference"] / se, right["df"]), rel=1e-6
    )


# ---------------------------------------------------------------------------------- from sums


def degrees_sums(v_yy, v_yx, v_xx, df):
    """D(R) = V(R)²/df, of a municipality with one stratum."""
    v = np.array([v_yy, -2 * v_yx, v_xx], dtype=float)
    return dict(zip(DEGREES, np.convolve(v, v) / max(df, 1)))


def sums(y, x, v_yy, *, n=50, df=40, v_yx=0.0, v_xx=0.0, y2=None, w2_open=None, confidence=0.95,
         municipality="0001", statistic="mean", **keys):  # fmt: skip
    """One estimate from its sums; by default people disagree and not everybody has answered."""
    named = {"breakdown": "all", "category": "all", "item": "q01", "weighting": "weighted"} | keys
    numbers = {
        "n": n, "df_most": df, "y": y, "x": x, "y2": y**2 / max(x, 1) + x if y2 is None else y2,
        "w2": x**2 / max(n, 1), "w2_open": x**2 / max(n, 1) if w2_open is None else w2_open,
        "v_yy": v_yy, "v_yx": v_yx, "v_xx": v_xx, **degrees_sums(v_yy, v_yx, v_xx, df),
    }  # fmt: skip
    row = {"municipality": municipality, **named, "statistic": statistic, **numbers}
    return with_intervals(pd.DataFrame([row]), confidence)


def all_agree(value, *, x=100.0, n=50, w2_open=None, **keys):
    return sums(value * x, x, 0.0, n=n, y2=value**2 * x, w2_open=w2_open, **keys)


def only(own, other, *, overlap=False, confidence=0.95):
    table = compare(own, other, overlap=overlap, confidence=confidence)
    assert len(table) == 1
    return table.iloc[0]


QUICK = settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
WEIGHT = st.floats(50, 5000)
MEAN = st.floats(1, 5)
FACTOR = st.floats(-40, 40)
FREE = st.integers(5, 900)


@QUICK
@given(st.tuples(WEIGHT, WEIGHT), st.tuples(MEAN, MEAN), st.floats(1, 1e5), st.floats(1, 1e5),
       st.tuples(FREE, FREE))  # fmt: skip
def test_against_the_country_is_against_the_others_scaled_by_their_share(x, r, v, v_rest, df):
    """r − R = (r − r_others)·X_others/X; so are the errors where X is known (no variance)."""
    own = sums(r[0] * x[0], x[0], v, df=df[0], n=10**6)
    others = sums(r[1] * x[1], x[1], v_rest, df=df[1], n=10**6, municipality="others")
    country = add_up(pd.concat([own, others]), 0.95, "national")
    of_country, of_others = only(own, country, overlap=True), only(own, others)
    share = x[1] / (x[0] + x[1])
    assert of_country["difference"] == pytest.approx(
        of_others["difference"] * share, rel=1e-9, abs=1e-11
    )
    assert of_country["se"] == pytest.approx(of_others["se"] * share, rel=1e-6)
    assert of_country["df"] == pytest.approx(of_others["df"], rel=1e-5)
    assert of_country["p_value"] == pytest.approx(of_others["p_value"], rel=1e-3, abs=1e-9)


@QUICK
@given(st.tuples(WEIGHT, WEIGHT), st.tuples(MEAN, MEAN), st.tuples(*[FACTOR] * 4),
       st.tuples(*[FACTOR] * 4))  # fmt: skip
def test_overlap_is_the_linearisation_of_own_less_country(x, r, a, b):
    """Own part e·(1/x − 1/X) − (r − R)·1/X on Y and X, the others' part (y − R·x)/X, independent."""

    def estimate(k, f, name):
        u = 30 * np.eye(2) + np.reshape(f, (2, 2))  # v is any covariance matrix
        v = u @ u.T
        sides = {"v_yx": v[0, 1], "v_xx": v[1, 1], "municipality": name, "df": (40, 9)[k]}
        sides["n"] = 10**6  # so many hide nothing
        return v, sums(r[k] * x[k], x[k], v[0, 0], **sides)

    v_own, own = estimate(0, a, "0001")
    v_others, others = estimate(1, b, "others")
    country = add_up(pd.concat([own, others]), 0.95, "national")
    total, whole = (r[0] * x[0] + r[1] * x[1]) / sum(x), sum(x)
    on_own = np.array([1, -r[0]]) / x[0] - np.array([1, -total]) / whole
    on_others = np.array([1, -total]) / whole
    parts = [on_own @ v_own @ on_own, on_others @ v_others @ on_others]
    got = only(own, country, overlap=True)
    assert got["se"] == pytest.approx(np.sqrt(sum(parts)), rel=1e-6)
    assert got["df"] == pytest.approx(
        sum(parts) ** 2 / (parts[0] ** 2 / 40 + parts[1] ** 2 / 9), rel=1e-5
    )


def test_a_country_of_one_municipality_is_itself():
    own = sums(400.0, 100.0, 900.0, v_yx=30.0, v_xx=4.0)
    got = only(own, add_up(own, 0.95, "national"), overlap=True)
    assert got["difference"] == 0
    assert got["se"] == pytest.approx(0, abs=1e-8)
    assert got["p_value"] == 1


def test_rows_without_answers_or_partner_are_left_out():
    own = pd.concat([sums(400.0, 100.0, 1.0), sums(0.0, 0.0, 0.0, n=0, item="q02"),
                     sums(300.0, 100.0, 1.0, item="q03"), sums(300.0, 100.0, 1.0, item="q04")])  # fmt: skip
    other = pd.concat([sums(300.0, 100.0, 1.0), sums(300.0, 100.0, 1.0, item="q02"),
                       sums(0.0, 0.0, 0.0, n=0, item="q03")])  # fmt: skip
    for overlap in (False, True):
        got = compare(own, other, overlap=overlap, confidence=0.95)
        assert got["item"].tolist() == ["q01"]


# ------------------------------------------------------------------- errors and degrees of freedom


def test_satterthwaite_by_hand():
    """Variances 0.04 with 10 and 0.01 with 40: 0.05²/(0.04²/10 + 0.01²/40) = 15.3846…"""
    got = only(sums(400.0, 100.0, 400.0, df=10), sums(350.0, 100.0, 100.0, df=40))
    assert got["se"] == pytest.approx(np.sqrt(0.05), rel=1e-12)
    assert got["df"] == pytest.approx(0.0025 / (0.00016 + 0.0000025), rel=1e-12)
    t = 0.5 / np.sqrt(0.05)
    assert got["p_value"] == pytest.approx(2 * stats.t.sf(t, 15.3846153846), rel=1e-9)
    half = stats.t.ppf(0.975, 15.3846153846) * np.sqrt(0.05)
    assert [got["ci_low"], got["ci_high"]] == pytest.approx([0.5 - half, 0.5 + half])


def test_degrees_of_freedom_of_own_and_the_rest_of_the_country():
    """Own part (1/2)²·0.04 with 10, the others' (1/2)²·0.01 with 40: the same 15.38 as apart."""
    own, others = sums(400.0, 100.0, 400.0, df=10), sums(350.0, 100.0, 100.0, df=40)
    country = add_up(pd.concat([own, others]), 0.95, "national")
    assert only(own, country, overlap=True)["df"] == pytest.approx(15.3846153846)


def test_one_side_without_variance_leaves_the_other_sides_degrees_of_freedom():
    census = all_agree(3.0, w2_open=0.0)
    assert only(sums(400.0, 100.0, 400.0, df=10), census)["df"] == pytest.approx(10)
    assert only(sums(400.0, 100.0, 400.0, df=0), census)["df"] == pytest.approx(1)  # at least one


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_interval_is_as_wide_as_asked(confidence):
    own, other = sums(400.0, 100.0, 400.0, df=10), sums(350.0, 100.0, 100.0, df=40)
    got = only(own, other, confidence=confidence)
    half = stats.t.ppf(0.5 + confidence / 2, got["df"]) * got["se"]
    assert got["ci_high"] - got["difference"] == pytest.approx(half)
    assert got["difference"] - got["ci_low"] == pytest.approx(half)


def test_two_full_censuses_differ_for_certain_or_not_at_all():
    five, four = all_agree(5.0, w2_open=0.0), all_agree(4.0, w2_open=0.0)
    apart, same = only(five, four), only(five, five)
    assert (apart["se"], apart["p_value"], apart["ci_low"], apart["ci_high"]) == (0, 0, 1, 1)
    assert (same["se"], same["p_value"], same["difference"]) == (0, 1, 0)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize("own_agrees", [True, False])
def test_all_agree_without_all_answers_is_not_certain(own_agrees, confidence):
    """50 equal answers: the error reaches as far as the interval's lower end b·5 + (1 − b)·1."""
    agrees, census = all_agree(5.0, confidence=confidence), all_agree(4.5, w2_open=0.0)
    pair = (agrees, census) if own_agrees else (census, agrees)
    got = only(*pair, confidence=confidence)
    reach = 4 * (1 - ((1 - confidence) / 2) ** (1 / 50))
    assert got["ci_high"] - got["difference"] == pytest.approx(reach, rel=1e-9)
    assert 0 < got["p_value"] < 0.05


def test_all_agree_on_both_sides_without_all_answers_is_not_certain():
    got = only(all_agree(5.0, n=10), all_agree(4.9, n=10))
    assert got["se"] > 0
    assert got["p_value"] > 0.05


def test_all_agree_in_one_municipality_of_the_country_is_not_certain():
    agrees, others = all_agree(5.0, n=10), sums(480.0, 100.0, 25.0)
    country = add_up(pd.concat([agrees, others]), 0.95, "national")
    got = only(agrees, country, overlap=True)
    assert got["se"] > 0.05 / 2  # more than the others' part alone
    assert 0 < got["p_value"] < 1


def test_censuses_that_differ_by_rounding_alone_do_not_differ():
    """0.1 + 0.2 is not 0.3 to the last bit; no citizen is behind that."""
    a, b = all_agree(3 * (0.1 + 0.2), w2_open=0.0), all_agree(3 * 0.3, w2_open=0.0)
    assert a["value"].iloc[0] != b["value"].iloc[0]
    assert only(a, b)["p_value"] == 1


# ------------------------------------------------------------------------------ what may be named


def adjusted(*p):
    return benjamini_hochberg(pd.Series(p, dtype=float)).tolist()


def test_benjamini_hochberg_worked_example():
    assert adjusted(0.01, 0.03, 0.04, 0.5) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert adjusted(0.5, 0.04, 0.01, 0.03) == pytest.approx([0.5, 0.16 / 3, 0.04, 0.16 / 3])


def test_benjamini_hochberg_at_the_ends():
    assert adjusted() == []
    assert adjusted(0.03) == [0.03]
    assert adjusted(0.0, 0.0) == [0.0, 0.0]
    assert adjusted(1.0, 1.0, 1.0) == [1.0, 1.0, 1.0]  # nothing anywhere
    assert adjusted(0.2, 0.2, 0.2) == pytest.approx([0.2] * 3)  # ties share the last rank
    assert adjusted(0.01, 0.2, 0.2) == pytest.approx([0.03, 0.2, 0.2])


def test_benjamini_hochberg_keeps_the_rows_where_they_are():
    got = benjamini_hochberg(pd.Series([0.5, 0.01], index=["b", "a"]))
    assert got.to_dict() == pytest.approx({"a": 0.02, "b": 0.5})


@QUICK
@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.05, 1.0]), min_size=1))
def test_benjamini_hochberg_equals_statsmodels_and_is_monotone(p):
    got = np.array(adjusted(*p))
    assert got == pytest.approx(multipletests(p, method="fdr_bh")[1], rel=1e-12, abs=1e-15)
    assert np.all(got >= np.array(p) * (1 - 1e-12))
    assert np.all(got <= 1)
    assert np.all(np.diff(got[np.argsort(p, kind="stable")]) >= 0)


RULES = Comparison(
    confidence=0.75, smallest_mean_difference=0.1, smallest_share_difference=0.05, min_answers=30
)


def compared(**columns):
    """Comparisons to be judged; by default each is clear, large and rests on many answers."""
    rows = max((len(v) for v in columns.values() if isinstance(v, list)), default=1)
    plain = {
        "municipality": "0101", "reference": "others", "breakdown": "all", "category": "all",
        "item": [f"q{i:02}" for i in range(1, rows + 1)], "statistic": "mean",
        "weighting": "weighted", "difference": 1.0, "p_value": 0.001, "n": 500, "n_other": 500,
        "df": 100.0,
    }  # fmt: skip
    return pd.DataFrame({k: v if isinstance(v, list) else [v] * rows
                         for k, v in (plain | columns).items()})  # fmt: skip


def named(**columns):
    return judge(compared(**columns), RULES)["verdict"].isin([OVER, UNDER]).tolist()


def test_each_verdict():
    """Not judged comes before sure, sure before large, and the sign last."""
    table = compared(
        municipality=["0101", "0161", "0580", "0707", "0741"], item="q01",
        reference="round:demo-2023", difference=[0.3, -0.3, 0.05, 0.3, 0.3],
        p_value=[0.001, 0.001, 0.001, 0.9, 0.001], n=[500, 500, 500, 500, 29],
    )  # fmt: skip
    assert judge(table, RULES)["verdict"].tolist() == list(VERDICTS)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "statistic, least",
    [("mean", 0.1), ("share_satisfied", 0.05), ("share_dissatisfied", 0.05)],
)
def test_smallest_difference(statistic, least, sign):
    sizes = [sign * (least - 1e-6), sign * least, sign * (least + 1e-6)]
    assert named(difference=sizes, statistic=statistic) == [False, True, True]


def test_significance():
    """Below 1 − confidence, not at it; families of one so that nothing is corrected."""
    apart = ["others", "national", "expected"]
    assert named(p_value=[0.2499, 0.25, 0.2501], reference=apart) == [True, False, False]


@pytest.mark.parametrize("side", ["n", "n_other"])
def test_smallest_number_of_answers(side):
    assert named(**{side: [29, 30, 31]}) == [False, True, True]


def test_smallest_effective_degrees_of_freedom():
    assert named(df=[24.9, 25.0, 25.1]) == [False, True, True]


def test_what_rests_on_too_little_counts_in_no_correction():
    table = judge(compared(p_value=[0.2, 0.24, 0.9], n=[500, 500, 29]), RULES)
    assert table["p_adjusted"].tolist()[:2] == pytest.approx([0.24, 0.24])
    assert table[["p_adjusted", "p_adjusted_in_list"]].iloc[2].isna().all()


def test_significance_is_judged_after_correction():
    p = [0.24, 0.24, 0.24, 0.9]  # 0.24·4/3 = 0.32
    table = judge(compared(p_value=p), RULES)
    assert table["p_adjusted"].tolist() == pytest.approx([0.32, 0.32, 0.32, 0.9])
    assert set(table["verdict"]) == {UNSURE}
    assert set(judge(compared(p_value=p[:3]), RULES)["verdict"]) == {OVER}


def test_a_municipalitys_family_does_not_know_the_others():
    p = [0.01, 0.04, 0.03]
    alone = judge(compared(p_value=p), RULES)["p_adjusted"]
    assert alone.tolist() == pytest.approx(adjusted(*p))
    others = compared(p_value=[0.9, 0.8, 0.0], municipality=["0161", "0580", "national"])
    table = judge(pd.concat([others, compared(p_value=p)], ignore_index=True), RULES)
    assert table["p_adjusted"].tolist() == pytest.approx([0.9, 0.8, 0.0, *alone])


@pytest.mark.parametrize(
    "column, values",
    [
        ("municipality", ["0101", "0161"]),
        ("reference", ["others", "national"]),
        ("breakdown", ["all", "gender"]),
        ("statistic", ["mean", "share_satisfied"]),
        ("weighting", ["weighted", "unweighted"]),
    ],
)
def test_what_makes_a_family(column, values):
    table = judge(compared(p_value=[0.01, 0.03], **{column: values}), RULES)
    assert table["p_adjusted"].tolist() == [0.01, 0.03]


@pytest.mark.parametrize(
    "column, values",
    [
        ("item", ["q01", "q02"]),
        ("category", ["kvinde", "mand"]),
        ("reference", ["group:kvinde", "group:mand"]),
    ],
)
def test_what_stays_in_one_family(column, values):
    table = judge(compared(p_value=[0.02, 0.03], **{column: values}), RULES)
    assert table["p_adjusted"].tolist() == pytest.approx([0.03, 0.03])


def test_a_list_is_one_number_of_each_municipality_without_the_country():
    p = [0.04, 0.02, 0.001, 0.9]
    places = ["0101", "0161", "national", "0580"]
    table = judge(compared(p_value=p, municipality=places, item="q01"), RULES)
    got = table["p_adjusted_in_list"]
    assert got.drop(2).tolist() == pytest.approx(adjusted(0.04, 0.02, 0.9))
    assert np.isnan(got[2])
    assert table["p_adjusted"].tolist() == p
    assert strictest_p(table).tolist() == pytest.approx([0.06, 0.06, 0.001, 0.9])


def test_a_difference_is_sure_where_it_is_in_both_tables_that_it_stands_in():
    """q01 of 0101 is clear in its own table, not among the municipalities; q01 of 0161 the other way round."""
    rows = [
        ("0101", "q01", 0.24),
        ("0101", "q02", 0.001),
        ("0161", "q01", 0.2),
        ("0161", "q02", 0.9),
    ]
    rows += [(place, "q01", 0.9) for place in ("0580", "0707")]
    places, items, p = map(list, zip(*rows))
    table = judge(compared(municipality=places, item=items, p_value=p), RULES)
    own, in_list = (table[c] < 1 - RULES.confidence for c in ("p_adjusted", "p_adjusted_in_list"))
    assert own.tolist()[:2] == [True, True] and in_list.tolist()[:2] == [False, True]
    assert table["verdict"].tolist() == [UNSURE, OVER, UNSURE, UNSURE, UNSURE, UNSURE]


def test_groups_of_one_municipality_stand_in_no_list():
    table = judge(compared(reference="group:mand", municipality=["0101", "0161"], p_value=[0.001, 0.9],
                           item="q01"), RULES)  # fmt: skip
    assert table["p_adjusted_in_list"].isna().all()
    assert table["verdict"].tolist() == [OVER, UNSURE]


def test_releases_from_before_the_verdicts_get_theirs_from_both_flags():
    columns = ["worth_mentioning", "worth_mentioning_in_list"]
    rows = {  # p in the own table and in the list, both flags, difference
        "0101": (0.01, 0.01, True, True, 0.3, OVER),
        "0161": (0.01, 0.02, True, True, -0.3, UNDER),
        "0580": (0.05, 0.05, True, True, 0.3, OVER),  # 0.04996, rounded when it was released
        "0707": (0.01, 0.2, True, False, 0.3, UNSURE),
        "0741": (0.01, 0.01, False, False, 0.05, SMALL),
        "0825": (np.nan, np.nan, False, False, 0.3, NOT_JUDGED),
        "national": (0.01, np.nan, True, False, 0.3, OVER),
    }
    p, in_list, worth, worth_in_list, difference, verdicts = map(list, zip(*rows.values()))
    old = compared(municipality=list(rows), difference=difference).assign(
        p_adjusted=p, p_adjusted_in_list=in_list, worth_mentioning=worth,
        worth_mentioning_in_list=worth_in_list,
    )  # fmt: skip
    made = with_verdicts(old, 0.95)
    assert made["verdict"].tolist() == verdicts
    assert not set(columns) & set(made)
    assert with_verdicts(made, 0.95) is made
    pairs = old.assign(
        reference="group:mand", worth_mentioning_in_list=False, p_adjusted_in_list=0.9
    )
    assert with_verdicts(pairs, 0.95)["verdict"].iloc[0] == OVER


@pytest.mark.parametrize(
    "column, values",
    [
        ("category", ["kvinde", "mand"]),
        ("item", ["q01", "q02"]),
        ("statistic", ["mean", "share_satisfied"]),
    ],
)
def test_each_number_has_a_list_of_its_own(column, values):
    fixed = {"item": "q01", "municipality": ["0101", "0161"], column: values}
    table = judge(compared(p_value=[0.01, 0.03], **fixed), RULES)
    assert table["p_adjusted_in_list"].tolist() == [0.01, 0.03]


def test_sums_of_the_country_are_what_the_municipalities_add_up_to():
    _, _, own, country = own_and_country(raked=False)
    assert country[SUMS].iloc[0].to_numpy(float) == pytest.approx(own[SUMS].sum().to_numpy(float))
