"""One municipality's analysis, and the tables of notebook 20 that hide small groups."""

import pandas as pd
import pytest
from answers import export

from helpers.answers.responses import collect, save_answers
from helpers.common.errors import SurveyError
from helpers.estimation.analysis import analyse
from helpers.extracts.intake import take_in
from helpers.reports import response_views
from helpers.sampling.plan import make_plan, save_sample


@pytest.fixture
def analysed(paths, round_2024):
    take_in(paths, round_2024, "0825")
    save_sample(paths, "0825", make_plan(paths, round_2024, "0825"))
    paths.responses.mkdir()
    export(pd.read_parquet(paths.sample("0825")), seed=2).to_csv(
        paths.responses / "0825-svar.csv", index=False
    )
    save_answers(paths, collect(paths, round_2024))
    return analyse(paths, round_2024, "0825")


def test_before_the_sample_says_what_to_run(paths, round_2024):
    with pytest.raises(SurveyError, match="--stage plan --only 0825"):
        analyse(paths, round_2024, "0825")


def test_counts_add_up(analysed):
    counts = analysed.response.set_index(["breakdown", "category"])
    whole = counts.loc[("all", "all")]
    assert whole["population"] == whole["invited"] == 46
    assert whole["answers"] == len(analysed.weighted.respondents)
    for breakdown in ("target_group", "gender", "age_band", "duration_band"):
        parts = counts.loc[breakdown][["population", "invited", "answers"]].sum()
        assert parts.tolist() == whole[["population", "invited", "answers"]].tolist()


def test_estimates_have_a_row_a_number(analysed):
    keys = ["breakdown", "category", "item", "statistic", "weighting"]
    assert not analysed.estimates.duplicated(keys).any()
    # 16 groups; 13 questions with 10 numbers, 5 themes with 4; weighted and not
    # 16 one-way domains; target group × gender and × age have means and splits
    assert len(analysed.estimates) == (16 * (13 * 10 + 5 * 4) + (10 + 20) * 18 * 4) * 2


def test_what_is_deleted_with_the_identities_changes_no_number(analysed, paths, round_2024):
    """Other ids and keys, rows in another order, the day of answering alone, no texts; to the last digit."""
    paths_of = paths.sample("0825"), paths.answers("0825")
    sample, answers = map(pd.read_parquet, paths_of)
    new = {key: f"{i * 7919 % 10007:032x}" for i, key in enumerate(sorted(sample["key"]))}
    sample["key"], answers["key"] = sample["key"].map(new), answers["key"].map(new)
    sample["person_id"] = sample["key"]
    answers["submitted_at"] = answers["submitted_at"].dt.floor("D")
    answers[["q14_text", "q15_text"]] = ""
    for path, table in zip(paths_of, (sample, answers)):
        table.sort_values("key").reset_index(drop=True).to_parquet(path)
    again = analyse(paths, round_2024, "0825")
    assert again.estimates.equals(analysed.estimates)
    assert again.drivers.equals(analysed.drivers) and again.rows.equals(analysed.rows)
    asked = [c for c in analysed.asked if c not in ("person_id", "key", "submitted_at")]
    asked = [c for c in asked if not c.endswith("_text")]
    assert again.asked[asked].equals(analysed.asked[asked])


def test_weighting_reaches_the_covered_population(analysed):
    weights = analysed.weighted.respondents["weight"]
    assert weights.sum() == pytest.approx(analysed.weighted.covered)


def test_small_groups_are_marked_in_the_house_too(analysed, round_2024):
    html = response_views.response_table(analysed, round_2024).as_raw_html()
    assert "under 5 svar" in html
    shown = response_views.preview(analysed.estimates, round_2024)
    assert (shown.loc[shown["status"] == "shown", "n"] >= 5).all()
    assert shown.loc[shown["status"] != "shown", "value"].isna().all()
