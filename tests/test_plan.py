"""A drawn sample is frozen once letters are made or answers exist."""

import pandas as pd
import pytest
from answers import export

from helpers.errors import FrozenSampleError
from helpers.intake import find_extracts, take_in
from helpers.plan import REDRAW_VARIABLE, make_plan, save_sample
from helpers.responses import collect
from helpers.sendout import write_sendout


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
