"""Expected results: a known model is found again, and the errors equal direct computations."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from helpers.estimation.comparisons import judge
from helpers.estimation.designs import Design
from helpers.estimation.expected import TERMS, expected_results
from helpers.parameters.params import Comparison

EFFECTS = {  # effect in scale points; the first level is the largest, so the reference
    "target_group": {"sygedagpenge": 0.0, "aktivitetsparate": -0.5, "dagpenge": 0.3},
    "gender": {"kvinde": 0.0, "mand": -0.2},
    "age_band": {"50-66": 0.0, "16-29": 0.35, "30-49": 0.1},
    "duration_band": {"0-25": 0.0, "26-51": -0.15, "52+": -0.45},
}
PLACES = 12
ITEM = "samlet"


def composition(term, place):
    """Shares of the levels; the reference is always the largest. Where the number of the
    municipality is high, there are more of the last level."""
    levels = len(EFFECTS[term])
    last = 0.1 + 0.25 * place / (PLACES - 1)
    middle = [0.15] * (levels - 2)
    return [1 - last - sum(middle), *middle, last]


def of_place(k):
    """What municipality k adds to everybody's score: correlated with its composition."""
    return 1.2 * k / (PLACES - 1) + 0.1 * (-1) ** k


def survey(noise=0.0, seed=7, least=40):
    """A row a respondent of twelve invented municipalities, sorted by municipality."""
    rng = np.random.default_rng(seed)
    parts = []
    for k in range(PLACES):
        m = least + 5 * k
        part = pd.DataFrame(
            {t: rng.choice(list(EFFECTS[t]), m, p=composition(t, k)) for t in TERMS}
        )
        part["municipality"] = f"{101 + k:04}"
        part["effect"] = of_place(k)
        part["weight"] = rng.uniform(2, 12, m)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    known = sum(table[t].map(EFFECTS[t]) for t in TERMS)
    table[ITEM] = 3 + table["effect"] + known + noise * rng.standard_normal(len(table))
    return table


def designs_of(scores, *, fpc=True):
    """Strata are the target groups; five persons stand behind each answer."""
    designs = {}
    for code, own in scores.groupby("municipality"):
        strata, names = pd.factorize(own["target_group"], sort=True)
        people = 5.0 * np.bincount(strata, minlength=len(names)) if fpc else None
        designs[code] = Design(own["weight"].to_numpy(), strata, people)
    return designs


def fit(scores, designs=None, **settings):
    designs = designs_of(scores) if designs is None else designs
    rules = {"min_municipalities": 10, "confidence": 0.95} | settings
    return expected_results(scores, designs, ITEM, **rules)


def by_place(result):
    return result.municipalities.set_index("municipality")


def true_differences(scores):
    """The municipality's effect less the weighted mean effect of all who answered."""
    answered = scores[scores[ITEM].notna()]
    mean = np.average(answered["effect"], weights=answered["weight"])
    return answered.groupby("municipality")["effect"].first() - mean


def level_columns(scores, places=False):
    """0/1 columns of every level but the reference, or with a constant a municipality."""
    columns = {
        (t, level): (scores[t] == level).to_numpy(float)
        for t in TERMS
        for level in list(EFFECTS[t])[1:]
    }
    x = np.column_stack(list(columns.values()))
    if places:
        x = np.column_stack([x, pd.get_dummies(scores["municipality"], dtype=float)])
    return list(columns), x


# --- a known model without noise


def test_actual_less_expected_is_the_municipalitys_own_effect():
    scores = survey()
    got = by_place(fit(scores))
    truth = true_differences(scores)
    assert got.index.tolist() == sorted(truth.index)
    assert got["difference"].to_numpy() == pytest.approx(truth.to_numpy(), rel=0, abs=1e-9)


def test_own_is_the_weighted_mean_and_expected_follows_from_the_citizens():
    """Expected is what the municipality's citizens would answer at the average effect."""
    scores = survey()
    got = by_place(fit(scores))
    mean_effect = np.average(scores["effect"], weights=scores["weight"])
    without = scores.assign(fair=scores[ITEM] - scores["effect"] + mean_effect)
    for code, own in without.groupby("municipality"):
        actual, fair = (np.average(own[c], weights=own["weight"]) for c in (ITEM, "fair"))
        assert got.loc[code, "own"] == pytest.approx(actual, abs=1e-9)
        assert got.loc[code, "reference_value"] == pytest.approx(fair, abs=1e-9)
    assert (got["reference"] == "expected").all()
    assert (got["n"] == scores.groupby("municipality").size()).all()
    assert (got["n_other"] == len(scores)).all()


def test_slopes_are_those_within_municipalities():
    """The better municipalities have more of some citizens; taken together, their quality would
    be read as the citizens' effect."""
    scores = survey()
    names, x = level_columns(scores)
    truth = [EFFECTS[t][level] for t, level in names]
    got = fit(scores).coefficients.set_index(["breakdown", "category"])
    assert sorted(got.index) == sorted(names)
    assert got.loc[names, "effect"].to_numpy() == pytest.approx(truth, rel=0, abs=1e-9)
    assert (got.loc[names, "reference"] == [next(iter(EFFECTS[t])) for t, _ in names]).all()
    pooled = sm.WLS(scores[ITEM], sm.add_constant(x), weights=scores["weight"]).fit()
    off = np.abs(pooled.params.to_numpy()[1:] - truth)
    assert off.max() > 0.1


def test_municipalities_alike_but_for_their_citizens_are_as_expected():
    scores = survey()
    scores[ITEM] -= scores["effect"]
    got = by_place(fit(scores))
    assert np.ptp(got["own"]) > 0.1
    assert got["difference"].to_numpy() == pytest.approx(0, abs=1e-9)


def test_a_missing_level_is_a_level():
    scores = survey()
    scores.loc[::9, "gender"] = None
    scores.loc[::9, ITEM] = scores.loc[::9, ITEM] + 0.6
    scores.loc[scores["gender"] == "mand", ITEM] += 0.2  # the known effect of men is now nought
    clean = scores["gender"].notna()
    women = survey()["gender"] == "kvinde"
    scores.loc[~clean & ~women, ITEM] += 0.2
    got = fit(scores).coefficients.set_index(["breakdown", "category"])["effect"]
    assert got["gender", "uoplyst"] == pytest.approx(0.6, abs=1e-9)
    assert got["gender", "mand"] == pytest.approx(0, abs=1e-9)


# --- errors


def least_squares(x, y, weight):
    """Slopes and residuals y − x'β; the last columns of `x`, a constant a municipality, are fitted
    and not taken off (no sweeping)."""
    moments = x.T @ (x * weight[:, None])
    beta = np.linalg.solve(moments, x.T @ (weight * y))[:-PLACES]
    return beta, y - x[:, :-PLACES] @ beta


def clustered(scores, x, residual, w):
    """(X'WX)⁻¹ Σ_g s_g s_g' (X'WX)⁻¹ · G/(G − 1)·(n − 1)/(n − k), deviations from own means."""
    place = pd.factorize(scores["municipality"])[0]

    def swept(z):
        means = [np.average(z[place == g], axis=0, weights=w[place == g]) for g in range(PLACES)]
        return z - np.array(means)[place]

    x, e = swept(x), swept(residual)
    bread = np.linalg.inv(x.T @ (x * w[:, None]))
    scores_of = np.array([x[place == g].T @ (w * e)[place == g] for g in range(PLACES)])
    (n, k), g = x.shape, PLACES
    return bread @ scores_of.T @ scores_of @ bread * g / (g - 1) * (n - 1) / (n - k)


def test_errors_equal_a_direct_computation():
    """One linearisation of ē_k − ē over all respondents, and the slopes' part."""
    scores = survey(noise=0.8)
    w = scores["weight"].to_numpy()
    _, with_places = level_columns(scores, places=True)
    names, x = level_columns(scores)
    beta, e = least_squares(with_places, scores[ITEM].to_numpy(), w)
    v = clustered(scores, x, e, w)
    result = fit(scores)
    got = by_place(result)
    for code in got.index:
        own = (scores["municipality"] == code).to_numpy()
        of_own, of_all = np.average(e[own], weights=w[own]), np.average(e, weights=w)
        z = own * (e - of_own) / w[own].sum() - (e - of_all) / w.sum()
        variance = 0.0
        for _, rows in scores.groupby(["municipality", "target_group"]):
            u = (w * z)[rows.index]
            m = len(u)
            variance += (1 - 1 / 5) * m / (m - 1) * ((u - u.mean()) ** 2).sum()
        apart = np.average(x[own], axis=0, weights=w[own]) - np.average(x, axis=0, weights=w)
        slopes = apart @ v @ apart
        row = got.loc[code]
        assert row["difference"] == pytest.approx(of_own - of_all, rel=1e-9)
        assert row["se"] == pytest.approx(np.sqrt(variance + slopes), rel=1e-9)
        assert slopes > 0
        half = stats.t.ppf(0.975, row["df"]) * row["se"]
        assert row["ci_high"] - row["difference"] == pytest.approx(half)
        assert row["difference"] - row["ci_low"] == pytest.approx(half)
        t = abs(row["difference"]) / row["se"]
        assert row["p_value"] == pytest.approx(2 * stats.t.sf(t, row["df"]))
    assert result.spread == pytest.approx(np.sqrt(np.cov(e, aweights=w, ddof=0)), rel=1e-9)
    coefficients = result.coefficients.set_index(["breakdown", "category"]).loc[names]
    assert coefficients["effect"].to_numpy() == pytest.approx(beta, rel=1e-9)
    assert coefficients["se"].to_numpy() == pytest.approx(np.sqrt(np.diag(v)), rel=1e-9)


def test_errors_are_those_of_a_bootstrap():
    """Respondents drawn again with replacement within municipality and target group, slopes fitted
    each time: within 15 %."""
    scores = survey(noise=0.8, least=90)
    w, rng = scores["weight"].to_numpy(), np.random.default_rng(3)
    strata = list(scores.groupby(["municipality", "target_group"]).indices.values())
    place = pd.factorize(scores["municipality"])[0]
    _, x = level_columns(scores, places=True)
    differences = []
    for _ in range(500):
        times = np.zeros(len(scores))
        for rows in strata:
            times[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)))
        again = w * times
        _, e = least_squares(x, scores[ITEM].to_numpy(), again)
        means = np.bincount(place, again * e) / np.bincount(place, again)
        differences.append(means - (again @ e) / again.sum())
    got = by_place(fit(scores, designs_of(scores, fpc=False)))
    assert got["se"].to_numpy() == pytest.approx(np.std(differences, axis=0, ddof=1), rel=0.15)


def test_confidence_widens_the_interval():
    scores = survey(noise=0.8)
    wide, narrow = (by_place(fit(scores, confidence=c)) for c in (0.99, 0.9))
    assert (wide["ci_high"] > narrow["ci_high"]).all()
    assert wide["p_value"].to_numpy() == pytest.approx(narrow["p_value"].to_numpy())


# --- invariants


def test_differences_weigh_out_over_the_municipalities():
    scores = survey(noise=0.8)
    weight = scores.groupby("municipality")["weight"].sum()
    assert weight @ by_place(fit(scores))["difference"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("factor", [1e-3, 7.3, 1e4])
def test_the_scale_of_the_weights_does_not_matter(factor):
    scores = survey(noise=0.8)
    before, after = fit(scores), fit(scores.assign(weight=scores["weight"] * factor))
    columns = ["own", "reference_value", "difference", "se", "ci_low", "ci_high", "df", "p_value"]
    assert after.municipalities[columns].to_numpy() == pytest.approx(
        before.municipalities[columns].to_numpy(), rel=1e-8
    )
    assert after.coefficients[["effect", "se"]].to_numpy() == pytest.approx(
        before.coefficients[["effect", "se"]].to_numpy(), rel=1e-8
    )
    assert after.spread == pytest.approx(before.spread)


def same_results(a, b):
    columns = ["own", "reference_value", "difference", "se", "p_value"]
    a, b = by_place(a)[columns].sort_index(), by_place(b)[columns].sort_index()
    assert a.index.tolist() == b.index.tolist()
    assert a.to_numpy() == pytest.approx(b.to_numpy(), rel=1e-8)


def test_the_order_of_the_municipalities_does_not_matter():
    scores = survey(noise=0.8)
    blocks = [own for _, own in scores.groupby("municipality")]
    same_results(fit(pd.concat(blocks[::-1])), fit(scores))


def test_rows_of_the_municipalities_may_be_mixed():
    """The first respondent of the first municipality has not answered: its first answer comes
    after another municipality's."""
    scores = survey(noise=0.8)
    scores.loc[0, ITEM] = np.nan
    mixed = scores.iloc[np.argsort(scores.groupby("municipality").cumcount(), kind="stable")]
    assert mixed["municipality"].nunique() == mixed["municipality"].head(PLACES).nunique()
    same_results(fit(mixed), fit(scores))


def test_the_scores_themselves_are_left_as_they_were():
    scores = survey(noise=0.8)
    before = scores.copy()
    fit(scores)
    pd.testing.assert_frame_equal(scores, before)


# --- who is in it


def test_missing_scores_are_left_out():
    """They count in no mean and no slope; in the design they stay respondents."""
    scores = survey()
    scores.loc[3::7, ITEM] = np.nan
    answered = scores[scores[ITEM].notna()]
    result = fit(scores)
    got = by_place(result)
    assert got["difference"].to_numpy() == pytest.approx(
        true_differences(scores).to_numpy(), rel=0, abs=1e-9
    )
    assert (got["n"] == answered.groupby("municipality").size()).all()
    assert (got["n_other"] == len(answered)).all()
    weight = answered.groupby("municipality")["weight"].sum()
    assert weight @ got["difference"] == pytest.approx(0, abs=1e-9)


def test_a_municipality_without_scores_has_no_row():
    scores = survey(noise=0.8)
    silent = scores["municipality"] == "0103"
    got = fit(scores.assign(**{ITEM: scores[ITEM].where(~silent)}))
    assert "0103" not in set(got.municipalities["municipality"])
    same_results(got, fit(scores[~silent]))


@pytest.mark.parametrize("few", [1, 2])
def test_a_municipality_of_one_opinion_does_not_spoil_the_others(few):
    """One answer, or two that agree: no variance to be seen, but an error that is a number."""
    scores = survey(noise=0.8)
    alike = [*TERMS, ITEM]
    own = scores.index[scores["municipality"] == "0101"]
    scores.loc[own[:few], alike] = scores.loc[own[0], alike].to_numpy()
    got = fit(scores.drop(own[few:]))
    numbers = got.municipalities[["difference", "se", "ci_low", "ci_high", "df", "p_value"]]
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers["se"] > 0).all()
    rules = Comparison(
        confidence=0.95, smallest_mean_difference=0.1, smallest_share_difference=0.05, min_answers=5
    )
    judged = judge(got.municipalities, rules).set_index("municipality")
    assert judged.loc["0101", "verdict"] == "not_judged"
    assert np.isnan(judged.loc["0101", "p_adjusted"])  # rests on too little, and spoils no other
    assert judged["p_adjusted"].drop("0101").notna().all()


@pytest.mark.parametrize("least, given", [(PLACES - 1, True), (PLACES, True), (PLACES + 1, False)])
def test_least_number_of_municipalities(least, given):
    result = fit(survey(noise=0.8), min_municipalities=least)
    assert (len(result.municipalities), result.municipalities.empty) == (PLACES * given, not given)
    assert result.coefficients.empty != given
    assert np.isnan(result.spread) != given
    assert result.note == ("" if given else "Færre end 13 kommuner: intet forventet resultat.")


def test_only_municipalities_with_scores_count():
    scores = survey(noise=0.8)
    scores.loc[scores["municipality"] == "0103", ITEM] = np.nan
    result = fit(scores, min_municipalities=PLACES)
    assert result.municipalities.empty
    assert result.note == "Færre end 12 kommuner: intet forventet resultat."
