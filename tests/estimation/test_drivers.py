"""Relative importance: against hand formulas, a brute-force oracle and its own invariants."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from helpers.common.errors import SurveyError, WeightError
from helpers.estimation import drivers
from helpers.estimation.drivers import relative_importance


def survey(n=400, k=4, seed=5):
    """Correlated themes t0, t1, …, overall satisfaction »o«, uneven weights, three strata."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    o = x @ np.linspace(0.2, 1, k) + rng.normal(size=n) * 1.5
    scores = pd.DataFrame(3 + x / 3, columns=[f"t{i}" for i in range(k)]).assign(o=3 + o / 5)
    return scores, rng.uniform(0.3, 4, n), rng.integers(0, 3, n)


def fit(scores, weight=None, strata=None, *, seed=1, rng=None, **settings):
    n = len(scores)
    return relative_importance(
        scores,
        "o",
        np.ones(n) if weight is None else weight,
        np.zeros(n, int) if strata is None else strata,
        **{"min_answers": 3, "confidence": 0.95, "replicates": 50, **settings},
        rng=rng or np.random.default_rng(seed),
    )


def shares(model):
    return model.importance.set_index("theme")["importance"]


def weighted_correlation(scores, weight):
    covariance = np.cov(scores.to_numpy(), rowvar=False, aweights=weight)
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def centred_columns(*columns):
    """Columns made orthogonal to 1 and to each other, with variance 1."""
    q, _ = np.linalg.qr(np.column_stack([np.ones(len(columns[0])), *columns]))
    return q[:, 1:] * np.sqrt(len(columns[0]))


# --- the number itself


def test_two_themes_follow_the_closed_form():
    scores, weight, strata = survey(k=2)
    r = weighted_correlation(scores, weight)
    r1, r2, r12 = r[0, 2] ** 2, r[1, 2] ** 2, r[0, 1]
    total = (r1 + r2 - 2 * r[0, 2] * r[1, 2] * r12) / (1 - r12**2)
    expected = [(r1 + total - r2) / 2, (r2 + total - r1) / 2]
    model = fit(scores, weight, strata)
    assert model.r_squared == pytest.approx(total, abs=1e-12)
    assert shares(model).to_numpy() * total == pytest.approx(expected, abs=1e-12)


def test_two_themes_worked_by_hand():
    # correlations exactly 0.6 and 0.5 with overall, 0.5 with each other:
    # R² = (0.36 + 0.25 − 2·0.6·0.5·0.5)/0.75 = 31/75; LMG = (0.11 + R²)/2 and (R² − 0.11)/2
    rng = np.random.default_rng(2)
    correlation = np.array([[1, 0.5, 0.6], [0.5, 1, 0.5], [0.6, 0.5, 1]])
    values = centred_columns(*rng.normal(size=(3, 200))) @ np.linalg.cholesky(correlation).T
    model = fit(pd.DataFrame(values, columns=["a", "b", "o"]))
    assert model.r_squared == pytest.approx(31 / 75, abs=1e-12)
    assert shares(model)["a"] == pytest.approx((0.11 + 31 / 75) / 2 / (31 / 75), abs=1e-12)


def test_equals_the_mean_over_all_orders_of_statsmodels_fits():
    scores, weight, strata = survey(k=4)
    themes = ["t0", "t1", "t2", "t3"]

    def r_squared(chosen):
        design = sm.add_constant(scores[list(chosen)]) if chosen else np.ones(len(scores))
        return sm.WLS(scores["o"], design, weights=weight).fit().rsquared if chosen else 0.0

    known = {}
    gains = dict.fromkeys(themes, 0.0)
    for order in permutations(themes):
        for place, theme in enumerate(order):
            before, after = (frozenset(order[: place + more]) for more in (0, 1))
            for subset in (before, after):
                if subset not in known:
                    known[subset] = r_squared(sorted(subset))
            gains[theme] += (known[after] - known[before]) / 24
    model = fit(scores, weight, strata)
    total = known[frozenset(themes)]
    assert model.r_squared == pytest.approx(total, abs=1e-10)
    expected = [gains[t] / total for t in themes]
    assert shares(model).to_numpy() == pytest.approx(expected, abs=1e-10)


def test_uncorrelated_themes_share_by_their_squared_correlations():
    rng = np.random.default_rng(8)
    z = centred_columns(*rng.normal(size=(4, 300)))
    slopes = np.array([0.5, -0.3, 0.1])
    table = pd.DataFrame(z[:, :3], columns=["a", "b", "c"]).assign(o=z[:, :3] @ slopes + z[:, 3])
    expected = slopes**2 / (slopes**2).sum()
    assert shares(fit(table)).to_numpy() == pytest.approx(expected, abs=1e-12)


def test_performance_is_the_weighted_mean_of_those_in_the_model():
    scores, weight, strata = survey(k=3)
    scores.loc[:99, "t0"] = np.nan
    model = fit(scores, weight, strata)
    expected = np.average(scores.loc[100:, ["t0", "t1", "t2"]], axis=0, weights=weight[100:])
    assert model.importance["performance"].to_numpy() == pytest.approx(expected)


# --- invariants


@pytest.mark.parametrize("k", [2, 5])
def test_importances_add_up_to_one(k):
    model = fit(*survey(k=k))
    assert list(model.importance.columns) == drivers.COLUMNS
    assert shares(model).sum() == pytest.approx(1, abs=1e-12)
    assert (shares(model) > 0).all()
    assert model.note == ""


def test_order_scale_and_size_of_weights_do_not_matter():
    scores, weight, strata = survey()
    figures = ["importance", "ci_low", "ci_high"]
    model = fit(scores, weight, strata)
    expected = model.importance.set_index("theme")[figures]
    turned = fit(scores[["t3", "o", "t1", "t0", "t2"]], weight, strata)
    assert list(turned.importance["theme"]) == ["t3", "t1", "t0", "t2"]
    rescaled = fit(scores.assign(t1=100 - 25 * scores["t1"], o=7 * scores["o"]), weight, strata)
    heavier = fit(scores, weight * 1234.5, strata)
    for other in (turned, rescaled, heavier):
        found = other.importance.set_index("theme").loc[expected.index, figures]
        pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
        assert other.r_squared == pytest.approx(model.r_squared, abs=1e-12)


def test_whole_weights_are_repeated_rows():
    scores, _, _ = survey(150)
    times = np.random.default_rng(4).integers(1, 5, 150)
    once, repeated = fit(scores, times), fit(scores.loc[scores.index.repeat(times)])
    columns = ["importance", "performance"]
    expected = repeated.importance[columns]
    pd.testing.assert_frame_equal(once.importance[columns], expected, rtol=1e-10)
    assert once.r_squared == pytest.approx(repeated.r_squared, abs=1e-12)
    assert not np.allclose(shares(once), shares(fit(scores)), atol=1e-3)  # weights do count


# --- intervals


def test_the_same_seed_gives_the_same_intervals():
    given = survey()
    first, again, other = fit(*given, seed=1), fit(*given, seed=1), fit(*given, seed=2)
    pd.testing.assert_frame_equal(first.importance, again.importance, check_exact=True)
    assert (first.importance["ci_low"] != other.importance["ci_low"]).all()
    assert shares(first).equals(shares(other))


def test_intervals_cover_the_estimate_and_narrow_with_more_answers():
    widths = []
    for n in (200, 3200):
        table = fit(*survey(n), replicates=400).importance
        assert (table["ci_low"] < table["importance"]).all()
        assert (table["importance"] < table["ci_high"]).all()
        widths.append((table["ci_high"] - table["ci_low"]).mean())
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.35)  # 16 times the answers


def test_intervals_widen_with_confidence():
    given = survey()
    narrow, wide = (fit(*given, confidence=c, replicates=400).importance for c in (0.8, 0.99))
    assert (wide["ci_low"] < narrow["ci_low"]).all()
    assert (wide["ci_high"] > narrow["ci_high"]).all()


def test_the_draws_match_a_plain_bootstrap_within_strata():
    scores, weight, _ = survey(120, k=3)
    strata = np.repeat(["b", "a", "c"], [60, 40, 20])
    rng, plain = np.random.default_rng(11), []
    for _ in range(800):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(strata == s), (strata == s).sum()) for s in "abc"]
        )
        plain.append(shares(fit(scores.iloc[rows], weight[rows], replicates=1)))
    expected = np.quantile(plain, [0.1, 0.9], axis=0)
    table = fit(scores, weight, strata, confidence=0.8, replicates=4000).importance
    found = table[["ci_low", "ci_high"]].to_numpy().T
    assert np.abs(found - expected).max() < 0.025


def test_a_stratum_of_one_is_drawn_every_time():
    scores, weight, _ = survey(60, k=2)
    model = fit(scores, weight, np.arange(60))  # nothing left to chance
    assert model.importance["ci_low"].to_numpy() == pytest.approx(shares(model).to_numpy())
    assert model.importance["ci_high"].to_numpy() == pytest.approx(shares(model).to_numpy())


class PlannedDraws:
    """Draws of 20 respondents of whom only the first ten vary: `empty` of 20 leave those out."""

    def __init__(self, empty):
        self.empty = empty

    def multinomial(self, n, p, size):
        draws = np.ones((size, n), int)
        draws[: self.empty] = np.repeat([0, 2], n // 2)
        return draws


@pytest.mark.parametrize(("empty", "is_model"), [(0, True), (1, True), (2, False)])
def test_at_most_one_draw_in_twenty_may_be_left_out(empty, is_model):
    scores, _, _ = survey(20, k=2)
    scores.loc[10:, "t0"] = 3.0
    model = fit(scores, rng=PlannedDraws(empty), replicates=20)
    assert model.importance.empty != is_model
    assert ("sikkert interval" in model.note) != is_model
    assert drivers.MAX_LEFT_OUT == 0.05


def test_draws_that_cannot_tell_themes_apart_are_left_out():
    scores, _, _ = survey(300, k=2)
    scores["t1"] = scores["t0"].where(scores.index > 0, 9.0)  # one respondent tells them apart
    model = fit(scores, replicates=200)
    assert model.importance.empty
    assert "sikkert interval" in model.note


# --- when there is a model, and who is in it


@pytest.mark.parametrize(("answers", "is_model"), [(99, False), (100, True), (101, True)])
def test_a_model_needs_enough_complete_answers(answers, is_model):
    scores, weight, strata = survey(150)
    scores.iloc[answers:, 0] = np.nan
    model = fit(scores, weight, strata, min_answers=100)
    assert model.n == answers
    assert model.importance.empty != is_model
    if not is_model:
        assert model.note == "Færre end 100 svar med alle temaer: ingen model."
        assert np.isnan(model.r_squared)
        assert list(model.importance.columns) == drivers.COLUMNS


@pytest.mark.parametrize(("answers", "note"), [(5, "Færre end 6 svar"), (6, "")])
def test_a_model_needs_a_degree_of_freedom_whatever_the_threshold(answers, note):
    model = fit(survey(answers)[0], min_answers=1, rng=PlannedDraws(0))
    assert model.importance.empty == bool(note)
    assert model.note.startswith(note)


def test_missing_scores_leave_the_whole_respondent_out():
    scores, weight, strata = survey()
    rng = np.random.default_rng(9)
    scores = scores.mask(rng.random(scores.shape) < 0.1)
    complete = scores.notna().all(axis=1).to_numpy()
    expected = fit(scores[complete], weight[complete], strata[complete])
    model = fit(scores.astype("Float64"), weight, strata)
    assert model.n == complete.sum() < len(scores)
    pd.testing.assert_frame_equal(model.importance, expected.importance)


def test_no_answers_at_all_give_a_note():
    scores, weight, strata = survey()
    model = fit(scores.assign(t0=np.nan), weight, strata)
    assert model.n == 0
    assert model.importance.empty
    assert "ingen model" in model.note


def test_a_constant_theme_is_left_out_and_named():
    scores, weight, strata = survey(k=3)
    expected = fit(scores, weight, strata)
    model = fit(scores.assign(same=11 / 3), weight, strata)
    pd.testing.assert_frame_equal(model.importance, expected.importance)
    assert model.note == "Uden forskelle i svarene og derfor ikke med: same."


def test_a_repeated_theme_shares_with_its_twin():
    scores, weight, strata = survey(k=3)
    model = fit(scores.assign(twin=2 * scores["t2"] - 1), weight, strata)
    found = shares(model)
    assert found["twin"] == pytest.approx(found["t2"], abs=1e-9)
    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert model.r_squared == pytest.approx(fit(scores, weight, strata).r_squared, abs=1e-9)
    assert "givet ved de andre" in model.note
    assert np.isfinite(model.importance[["ci_low", "ci_high"]].to_numpy()).all()


def test_a_sum_of_themes_adds_no_explanation():
    scores, weight, strata = survey(k=2)
    model = fit(scores.assign(total=scores["t0"] + scores["t1"]), weight, strata)
    assert model.r_squared == pytest.approx(fit(scores, weight, strata).r_squared, abs=1e-9)
    assert shares(model).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"o": 4.0}, "Ingen forskelle i den samlede tilfredshed"),
        ({"t0": 4.0}, "Færre end to temaer"),
        ({"t0": 4.0, "t1": 2.0}, "Færre end to temaer"),
    ],
)
def test_without_variation_there_is_no_model(change, note):
    scores, weight, strata = survey(k=2)
    model = fit(scores.assign(**change), weight, strata)
    assert model.importance.empty
    assert model.note.startswith(note)


def test_themes_that_explain_nothing_have_no_shares():
    grid = np.array([(a, b, o) for a in (1, 5) for b in (1, 5) for o in (1, 5)], float)
    model = fit(pd.DataFrame(np.tile(grid, (5, 1)), columns=["a", "b", "o"]))
    assert model.importance.empty
    assert "hænger ikke sammen" in model.note


# --- bad input


@pytest.mark.parametrize("bad", [np.nan, None, pd.NA, np.inf, 0.0, -1.0])
def test_a_weight_that_is_none_is_an_error(bad):
    scores, weight, strata = survey()
    weight = weight.astype(object)
    weight[7] = bad
    with pytest.raises(WeightError, match=r"1 of 400 weights .* Expected: finite weights above 0"):
        fit(scores, weight, strata)


def test_lengths_must_match():
    scores, weight, strata = survey()
    with pytest.raises(WeightError, match="399 weights for 400 respondents"):
        fit(scores, weight[1:], strata)
    with pytest.raises(SurveyError, match="399 strata for 400 respondents"):
        fit(scores, weight, strata[1:])


def test_strata_scores_and_names_must_be_good():
    scores, weight, strata = survey()
    with pytest.raises(SurveyError, match="missing stratum"):
        fit(scores, weight, np.where(strata == 1, np.nan, strata))
    with pytest.raises(SurveyError, match="score is infinite"):
        fit(scores.replace({"t0": {scores.loc[0, "t0"]: np.inf}}), weight, strata)
    with pytest.raises(SurveyError, match="»o« is no column"):
        fit(scores.rename(columns={"o": "overall"}), weight, strata)
    with pytest.raises(SurveyError, match="stands there twice"):
        fit(scores.rename(columns={"t1": "t0"}), weight, strata)
