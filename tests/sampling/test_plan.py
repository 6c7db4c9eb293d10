"""A drawn sample is frozen once letters are made or answers exist."""

import json
from dataclasses import asdict

import pandas as pd
import pytest
from answers import export

from helpers.answers.responses import collect
from helpers.common.errors import FrozenSampleError
from helpers.common.paths import KEEP_VARIABLE, REDRAW_VARIABLE
from helpers.extracts.intake import find_extracts, take_in
from helpers.fieldwork.sendout import write_sendout
from helpers.sampling.plan import Decision, freeze_reason, make_plan, read_decision, save_sample
from helpers.sampling.redraw import redraw_of


@pytest.fixture
def planned(paths, round_2024):
    take_in(paths, round_2024, "0161")
    save_sample(paths, "0161", make_plan(paths, round_2024, "0161"))
    return paths


def late_extract(paths, round_):
    """A corrected extract of Samsø's kind: Glostrup's file with a municipality's rows taken out."""
    path = find_extracts(paths, "0161")[0]
    path.unlink()
    source = find_extracts(paths, "0741")[0]
    path.with_name("0161-rettet.csv").write_bytes(source.read_bytes())
    take_in(paths, round_, "0161")


def test_small_population_is_taken_whole(paths, round_2024):
    take_in(paths, round_2024, "0825")
    plan = make_plan(paths, round_2024, "0825")
    assert plan.is_census
    assert len(plan.sample) == 46
    assert (plan.sample["design_weight"] == 1).all()


def test_same_population_same_sample(planned, round_2024):
    before = planned.sample("0161").read_bytes()
    assert save_sample(planned, "0161", make_plan(planned, round_2024, "0161")).startswith(
        "Unchanged"
    )
    assert planned.sample("0161").read_bytes() == before


def test_unfrozen_sample_follows_a_late_extract(planned, round_2024):
    late_extract(planned, round_2024)
    told = save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert told.startswith("Drawn again")


@pytest.mark.parametrize("what", ["letters", "answers", "answers of all"])
def test_frozen_sample_is_refused_and_says_what_changed(planned, round_2024, what):
    if what == "letters":
        write_sendout(planned, round_2024, "0161")
    else:
        planned.responses.mkdir()
        name = "0161-svar.csv" if what == "answers" else "alle.csv"
        (planned.responses / name).write_text("key,status\n")
    before = planned.sample("0161").read_bytes()
    late_extract(planned, round_2024)
    with pytest.raises(FrozenSampleError) as caught:
        save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert f"{what.split()[0]} have" in str(caught.value)
    assert "935 citizens would leave it, 145 would come in" in str(caught.value)
    assert "dagpenge: population 137 → 17" in str(caught.value)
    assert planned.sample("0161").read_bytes() == before


def test_redraw_keeps_the_replaced_sample(planned, round_2024, monkeypatch):
    write_sendout(planned, round_2024, "0161")
    before = planned.sample("0161").read_bytes()
    late_extract(planned, round_2024)
    monkeypatch.setenv(REDRAW_VARIABLE, "1")
    save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert len(pd.read_parquet(planned.sample("0161"))) == 145
    assert (planned.sample("0161").parent / "replaced/0161-sample-1.parquet").read_bytes() == before


def test_letters_hold_name_number_and_unique_link(planned, round_2024):
    path = write_sendout(planned, round_2024, "0161")
    letters = pd.read_excel(path, dtype=str, engine="calamine")
    sample = pd.read_parquet(planned.sample("0161"))
    assert letters["Nøgle"].tolist() == sample["key"].tolist()
    assert letters["Nøgle"].is_unique
    assert letters["CPR-nr."].str.fullmatch(r"\d{6}-\d{4}").all()
    assert (letters["Link"] == "https://svar.example/" + letters["Nøgle"]).all()
    assert (sample["key"].str.len() == 32).all()


@pytest.mark.parametrize("which", ["sample", "frame"])
@pytest.mark.parametrize("how", ["gone", "half"])
def test_a_lost_sample_is_drawn_anew_only_before_letters(
    planned, round_2024, monkeypatch, which, how
):
    path = getattr(planned, which)("0161")
    whole = path.read_bytes()

    def lose() -> None:
        path.unlink() if how == "gone" else path.write_bytes(whole[: len(whole) // 2])

    lose()
    assert save_sample(planned, "0161", make_plan(planned, round_2024, "0161")).startswith("Drawn")
    write_sendout(planned, round_2024, "0161")
    lose()
    left = path.read_bytes() if path.exists() else None
    with pytest.raises(FrozenSampleError, match="gone or cannot be read, and letters"):
        make_plan(planned, round_2024, "0161")
    assert left == (path.read_bytes() if path.exists() else None)
    monkeypatch.setenv(REDRAW_VARIABLE, "1")
    make_plan(planned, round_2024, "0161")


def test_a_sample_that_cannot_be_read_stops_its_municipality_alone(planned, round_2024):
    take_in(planned, round_2024, "0825")
    save_sample(planned, "0825", make_plan(planned, round_2024, "0825"))
    planned.responses.mkdir()
    export(pd.read_parquet(planned.sample("0825"))).to_csv(
        planned.responses / "0825-svar.csv", index=False
    )
    planned.sample("0161").write_bytes(b"PAR1")
    collected = collect(planned, round_2024)
    assert set(collected.answers) == {"0825"}
    assert set(collected.errors) == {"0161"}
    assert "cannot be read" in str(collected.errors["0161"])


def test_a_late_joiner_is_not_bound_by_the_others_answers(planned, round_2024):
    """Answers of others in one file for all: only keys of the sample itself, or what cannot be read, bind."""
    planned.responses.mkdir()
    stranger = pd.DataFrame({"key": ["ab" * 16], "status": ["completed"]})
    stranger.to_csv(planned.responses / "alle.csv", index=False)
    assert freeze_reason(planned, "0161") is None
    own = pd.read_parquet(planned.sample("0161"))["key"].iloc[:1].tolist()
    pd.DataFrame({"key": own, "status": ["none"]}).to_csv(planned.responses / "b.csv", index=False)
    assert "answers have come" in freeze_reason(planned, "0161")
    (planned.responses / "b.csv").unlink()
    assert freeze_reason(planned, "0161") is None
    (planned.responses / "b.xlsx").write_bytes(b"no workbook")
    assert "answers have come" in freeze_reason(planned, "0161")


def test_a_decision_to_keep_holds_for_the_sample_it_was_made_against(
    planned, round_2024, monkeypatch
):
    write_sendout(planned, round_2024, "0161")
    before = planned.sample("0161").read_bytes()
    late_extract(planned, round_2024)
    decision = Decision("2024-03-14", "anna", "the letters are out")
    monkeypatch.setenv(KEEP_VARIABLE, json.dumps(asdict(decision)))
    told = save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert told.startswith("Kept: the")
    assert planned.sample("0161").read_bytes() == before
    monkeypatch.setenv(KEEP_VARIABLE, "")
    assert save_sample(planned, "0161", make_plan(planned, round_2024, "0161")).startswith("Kept")
    kept = read_decision(planned, "0161")
    assert (kept.decided_by, kept.reason) == ("anna", "the letters are out")
    assert "935 citizens would leave it, 145 would come in" in kept.told
    # another extract is another question
    population = pd.read_parquet(planned.population("0161")).iloc[5:]
    population.to_parquet(planned.population("0161"))
    with pytest.raises(FrozenSampleError, match="--keep-sample 0161"):
        save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert planned.sample("0161").read_bytes() == before


def test_a_decision_is_over_when_the_sample_is_drawn_again(planned, round_2024, monkeypatch):
    write_sendout(planned, round_2024, "0161")
    late_extract(planned, round_2024)
    monkeypatch.setenv(KEEP_VARIABLE, json.dumps(asdict(Decision("2024-03-14", "anna", "x"))))
    save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    monkeypatch.setenv(KEEP_VARIABLE, "")
    monkeypatch.setenv(REDRAW_VARIABLE, "1")
    save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    assert read_decision(planned, "0161") is None


def answers_of(paths, code: str) -> None:
    paths.responses.mkdir(exist_ok=True)
    table = export(pd.read_parquet(paths.sample(code)))
    table.to_csv(paths.responses / f"{code}-svar.csv", index=False)


def test_what_a_redraw_would_change_is_counted_and_nothing_written(planned, round_2024):
    write_sendout(planned, round_2024, "0161")
    answers_of(planned, "0161")
    before = pd.read_parquet(planned.sample("0161"))
    answered = collect(planned, round_2024).answers["0161"]
    assert redraw_of(planned, round_2024, ["0161"], intake=True).changes.empty
    path = find_extracts(planned, "0161")[0]
    path.unlink()
    path.with_name("0161-rettet.csv").write_bytes(find_extracts(planned, "0741")[0].read_bytes())
    held = {p: p.read_bytes() for p in planned.root.rglob("*") if p.is_file()}
    found = redraw_of(planned, round_2024, ["0161"], intake=True)
    assert {p: p.read_bytes() for p in planned.root.rglob("*") if p.is_file()} == held
    take_in(planned, round_2024, "0161")
    after = make_plan(planned, round_2024, "0161").sample
    gone = before[~before["person_id"].isin(after["person_id"])]
    assert found.changes["leave"].sum() == len(gone) == 935
    assert found.changes["come_in"].sum() == 145
    lost = answered[answered["status"].eq("completed") & answered["key"].isin(gone["key"])]
    assert found.lost == len(lost) > 0


def test_answers_of_who_left_the_sample_stop_nobody(planned, round_2024, monkeypatch):
    write_sendout(planned, round_2024, "0161")
    answers_of(planned, "0161")
    late_extract(planned, round_2024)
    monkeypatch.setenv(REDRAW_VARIABLE, "1")
    save_sample(planned, "0161", make_plan(planned, round_2024, "0161"))
    collected = collect(planned, round_2024)
    assert collected.errors == {} and collected.left["0161"] > 0
    assert set(collected.answers.get("0161", pd.DataFrame({"key": []}))["key"]) <= set(
        pd.read_parquet(planned.sample("0161"))["key"]
    )
