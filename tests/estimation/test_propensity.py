"""The response model finds what is there, and says when there is too little."""

import numpy as np
import pandas as pd
import pytest

from helpers.estimation.propensity import MIN_EACH, fit_propensity


def asked(n=20_000, seed=3):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "target_group": "sygedagpenge",
            "gender": rng.choice(["kvinde", "mand"], n, p=[0.6, 0.4]),
            "age_band": rng.choice(["16-29", "30-39"], n, p=[0.3, 0.7]),
            "duration_band": "0-25",
        }
    )
    logit = -0.4 + np.where(table["gender"] == "mand", -0.7, 0)
    return table.assign(responded=rng.random(n) < 1 / (1 + np.exp(-logit)))


def test_recovers_a_known_odds_ratio(round_2024):
    model = fit_propensity(asked(), round_2024)
    terms = model.terms.set_index("category")
    assert list(terms.index) == ["Mænd", "16–29 år"]  # the largest level is the reference
    assert terms.loc["Mænd", "odds_ratio"] == pytest.approx(np.exp(-0.7), rel=0.1)
    assert terms.loc["Mænd", "ci_low"] < np.exp(-0.7) < terms.loc["Mænd", "ci_high"]
    assert terms.loc["16–29 år", "p_value"] > 0.01
    assert 0.55 < model.auc < 0.65


def test_too_few_answers_give_a_note_and_no_model(round_2024):
    table = asked(200)
    table["responded"] = np.arange(200) < MIN_EACH - 1
    model = fit_propensity(table, round_2024)
    assert model.terms.empty
    assert "ingen model" in model.note


def test_a_level_where_all_answered_has_no_infinite_estimate(round_2024):
    table = asked(2000)
    table.loc[table["gender"] == "mand", "responded"] = True
    model = fit_propensity(table, round_2024)
    assert "Mænd" not in set(model.terms["category"])
    assert np.isfinite(model.terms[["odds_ratio", "ci_high"]].to_numpy()).all()
