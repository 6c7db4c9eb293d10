"""A new round made from an earlier one: dates by whole weeks, comments kept, decisions listed, all or
nothing."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
import yaml
from test_params import edit
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import ParameterError
from helpers.common.paths import Paths
from helpers.parameters.params import load_round
from helpers.preparation.decisions import decisions, header, holidays_in
from helpers.preparation.new_round import (
    _same_day_near,
    differences,
    make_round,
    title_of,
    with_header,
    write_round,
)

LIKE = "2024-foraar"


def call(root, *arguments):
    return CliRunner().invoke(app, ["--root", str(root), "round", "new", *arguments])


def refuse(root, new="2026-foraar", like=LIKE, **how) -> str:
    before = everything(root)
    with pytest.raises(ParameterError) as caught:
        make_round(root, new, like, **how)
    assert everything(root) == before
    return str(caught.value)


def everything(root) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@pytest.fixture
def made(root):
    return make_round(root, "2026-foraar", LIKE)


# ----------------------------------------------------------------------------------------- dates


def test_the_calendar_keeps_weekdays_and_iso_weeks(made):
    old, new = made.like.settings, made.round.settings
    assert made.weeks == 104
    for (name, before), (same, after) in zip(old.calendar.steps(), new.calendar.steps()):
        assert name == same
        for a, b in ((before.start, after.start), (before.end, after.end)):
            assert a.weekday() == b.weekday()
            assert a.isocalendar().week == b.isocalendar().week
            assert b - a == dt.timedelta(weeks=104)
    assert new.period.start - old.period.start == dt.timedelta(weeks=104)


def test_days_of_the_month_stay_where_they_are_meant(made):
    """Extracts are read as of the first, and the month of retention ends."""
    assert made.round.settings.reference_date == dt.date(2026, 2, 1)
    assert made.round.settings.retention_until == dt.date(2027, 4, 30)


@pytest.mark.parametrize(
    "old, near, expected",
    [
        ("2024-02-01", "2026-01-29", "2026-02-01"),
        ("2024-02-01", "2026-01-02", "2026-01-01"),
        ("2025-04-30", "2027-04-28", "2027-04-30"),
        ("2024-02-29", "2025-02-27", "2025-02-28"),
        ("2024-12-31", "2026-01-02", "2025-12-31"),
        ("2024-12-15", "2025-12-30", "2025-12-15"),
        ("2024-01-30", "2025-02-26", "2025-02-28"),
    ],
)
def test_the_same_day_of_the_month_nearest(old, near, expected):
    days = [dt.date.fromisoformat(d) for d in (old, near, expected)]
    assert _same_day_near(*days[:2]) == days[2]


@pytest.mark.parametrize(
    "new, like, weeks",
    [("2025-foraar", LIKE, 52), ("2027-foraar", LIKE, 157), ("2024-efteraar", LIKE, 26),
     ("2024-sommer", LIKE, 13), ("2026-efteraar", LIKE, 130), ("2025-pilot", "2023-pilot", 104)],
)  # fmt: skip
def test_the_ids_tell_how_far(root, new, like, weeks):
    """2026 has 53 ISO weeks, so 2027 lies 157 weeks after 2024."""
    assert make_round(root, new, like).weeks == weeks


@pytest.mark.parametrize("new, like", [("naeste", LIKE), ("2026-foraar", "2023-pilot"),
                                       ("2026-test", LIKE), ("2024-foraar-2", LIKE)])  # fmt: skip
def test_ids_that_do_not_tell_ask(root, new, like):
    assert "--reference-date or --shift-weeks" in refuse(root, new, like)
    assert make_round(root, new, like, weeks=20).weeks == 20


def test_a_reference_date_moves_the_calendar_by_the_nearest_weeks(root):
    made = make_round(root, "2025-test", LIKE, reference_date=dt.date(2025, 3, 1))
    assert made.round.settings.reference_date == dt.date(2025, 3, 1)
    assert made.weeks == 56  # 394 days are 56.3 weeks
    both = make_round(root, "2025-test", LIKE, reference_date=dt.date(2025, 3, 1), weeks=58)
    assert both.weeks == 58 and both.round.settings.reference_date == dt.date(2025, 3, 1)


@pytest.mark.parametrize("weeks", [0, -4])
def test_backwards_is_refused(root, weeks):
    assert "do not lead to a later round" in refuse(root, weeks=weeks)


@pytest.mark.parametrize(
    "day, fine", [("2024-01-31", False), ("2024-02-01", False), ("2024-02-08", True)]
)
def test_a_reference_date_lies_after_the_earlier_one(root, day, fine):
    if fine:
        made = make_round(root, "2024-test", LIKE, reference_date=dt.date.fromisoformat(day))
        assert made.weeks == 1
    else:
        assert "does not lie after that of 2024-foraar" in refuse(
            root, reference_date=dt.date.fromisoformat(day)
        )


def test_a_reference_date_after_collection_began_is_told_and_nothing_is_written(root):
    told = refuse(root, reference_date=dt.date(2026, 6, 1), weeks=104)
    assert "lies after the first day of collection" in told
    assert "2026-foraar.yml" in told and str(root) in told


# ------------------------------------------------------------------------------------ the rest of it


def test_comments_and_form_are_kept(root, made):
    old = (root / f"params/rounds/{LIKE}.yml").read_text("utf-8").splitlines()[1:]
    new = [x for x in made.files[made.path].splitlines() if not x.startswith("earlier_rounds")]
    dates = re.compile(r"\d{4}-\d\d-\d\d|2024\d{4}|2026\d{4}|foråret \d{4}|20\d\d-foraar")
    at = new.index("participants: []")  # the last key: none has signed up
    assert old[at] == "participants:" and new[at + 1 :] == []
    assert [dates.sub("…", x) for x in new[:at]] == [dates.sub("…", x) for x in old[:at]]


def test_what_is_new_is_listed_and_the_rest_is_the_same(made):
    keys = {k.split(".")[0] for k, _, _ in differences(made.like, made.round)}
    assert keys == {
        "round", "title", "seed", "reference_date", "period", "calendar", "retention_until",
        "earlier_rounds",
    }  # fmt: skip
    assert ("seed", "20240211", "20260201") in differences(made.like, made.round)


def test_the_seed_is_no_other_rounds(root):
    edit(root, "rounds/demo.yml", r"^seed: \d+", "seed: 20260201")
    edit(root, "rounds/demo-2023.yml", r"^seed: \d+", "seed: 20260202")
    assert make_round(root, "2026-foraar", LIKE).round.settings.seed == 20260203


@pytest.mark.parametrize(
    "round_id, title",
    [("2026-foraar", "foråret 2026"), ("2025-efteraar", "efteråret 2025"), ("2026-proeve", "2026-proeve"),
     ("proeve", "proeve")],
)  # fmt: skip
def test_titles_are_proposed(round_id, title):
    assert title_of(round_id) == title
    assert title_of(round_id, simulated=True) == f"{title} (simuleret)"


def test_earlier_rounds_are_the_one_it_is_made_from_and_its_own(root):
    write_round(root, make_round(root, "2026-foraar", LIKE))
    again = make_round(root, "2027-foraar", "2026-foraar")
    assert again.round.settings.earlier_rounds == ("2026-foraar", LIKE)
    assert again.files[again.path].count("earlier_rounds") == 1
    demo = make_round(root, "demo-2026", "demo", weeks=104, simulated=True)
    assert demo.round.settings.earlier_rounds == ("demo", "demo-2023")
    assert demo.round.settings.title.endswith("(simuleret)")
    assert demo.round.settings.simulated
    assert decisions(root, demo)[0].key == "simulated"


def test_a_round_made_from_a_simulated_one_is_real_unless_asked(root):
    made = make_round(root, "2026-foraar", "demo", weeks=104)
    assert not made.round.settings.simulated
    assert "simuleret" not in made.round.settings.title
    assert made.round.settings.earlier_rounds == ()
    assert decisions(root, made)[0].key == "simulated" and "real" in str(decisions(root, made)[0])
    real = make_round(root, "2027-foraar", LIKE)
    assert not real.round.settings.simulated and decisions(root, real)[0].key != "simulated"


def test_agreements_and_participants_begin_empty(root, made):
    write_round(root, made)
    loaded = load_round(root, "2026-foraar", before_sign_up=True)
    assert loaded.agreements == {}
    assert loaded.settings.participants == ()
    with pytest.raises(ParameterError, match="survey participants 2026-foraar FILE"):
        load_round(root, "2026-foraar")


@pytest.mark.parametrize("copied", [False, True])
def test_local_files_are_copied_only_where_asked(root, copied):
    made = make_round(root, "2026-foraar", LIKE, copy_local=copied)
    write_round(root, made)
    assert (load_round(root, "2026-foraar", before_sign_up=True).local == made.like.local) == copied
    [told] = [d.text for d in decisions(root, made) if d.key.startswith("params/local")]
    assert "0707 Norddjurs" in told
    assert told.startswith("copied" if copied else "not copied")


# ------------------------------------------------------------------------------------- decisions


def decided(root, made) -> dict[str, str]:
    found: dict[str, str] = {}
    for d in decisions(root, made):
        found[d.key] = f"{found.get(d.key, '')} {d.text}"
    return found


def test_everything_is_on_the_list(root, made):
    assert set(decided(root, made)) >= {
        "title", "reference_date", "calendar", "classification", "questionnaire",
        "sampling.expected_response", "sampling.sizes", "participants",
        "params/agreements/2026-foraar.csv", "params/local/2026-foraar/", "price_bands", "link_base",
        "retention_until", "earlier_rounds",
    }  # fmt: skip


def test_holidays_in_the_calendar_are_named(root, made):
    assert holidays_in(made.round) == [
        ("sign_up", dt.date(2026, 1, 1), "»Nytårsdag«"),
        ("reporting", dt.date(2026, 4, 3), "»Langfredag«"),
    ]
    assert "2026-04-03 is »Langfredag«" in decided(root, made)["calendar.reporting"]


def test_holidays_within_collection_and_weekends_of_single_days(root):
    """2024: collection holds Easter; moved by a week and five days less, the meetings stay on weekdays."""
    old = load_round(root, LIKE)
    assert [(n, d.day) for n, d, _ in holidays_in(old)] == [("collection", d) for d in (28, 29, 31)]
    edit(
        root,
        f"rounds/{LIKE}.yml",
        r"kick_off: .*",
        "kick_off: {start: 2024-02-10, end: 2024-02-10}",
    )
    assert holidays_in(load_round(root, LIKE))[0] == (
        "kick_off",
        dt.date(2024, 2, 10),
        "a Saturday",
    )


@pytest.mark.parametrize("new, told", [("2025-foraar", False), ("2026-foraar", True)])
def test_the_law_of_2026_is_named_from_then_on(root, new, told):
    text = decided(root, make_round(root, new, LIKE))["classification"]
    assert ("ressourceforløb ends" in text) == told
    assert ("no longer required by law" in text) == told


def test_a_benefit_that_no_rule_maps_is_not_named(root):
    edit(root, "classification/2024.csv", r"^\"?ressourceforløbsydelse, ressourceforløb\"?,\w+,\d+,\w+",
         '"ressourceforløbsydelse, ressourceforløb",,,')  # fmt: skip
    text = decided(root, make_round(root, "2026-foraar", LIKE))["classification"]
    assert "ressourceforløb ends" not in text and "no longer required" in text


def test_a_later_questionnaire_is_named_with_its_new_themes(root, made):
    assert (
        "»2025« (with »Samarbejde på tværs af forvaltningen«)"
        in decided(root, made)["questionnaire"]
    )
    edit(root, f"rounds/{LIKE}.yml", r'^questionnaire: "2024"', 'questionnaire: "2025"')
    assert "Later" not in decided(root, make_round(root, "2026-foraar", LIKE))["questionnaire"]


def test_the_last_rounds_response_is_proposed(root, made):
    key = "sampling.expected_response"
    assert "no released response" in decided(root, made)[key]
    rows = [("national", "target_group", "dagpenge", 0.4123, "shown"),
            ("national", "target_group", "sygedagpenge", None, "linked"),
            ("0707", "target_group", "aktivitetsparate", 0.9, "shown"),
            ("national", "gender", "kvinde", 0.9, "shown")]  # fmt: skip
    columns = ["municipality", "breakdown", "category", "response_rate", "status"]
    path = Paths(root, LIKE).build / "response.parquet"
    path.parent.mkdir(parents=True)
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    text = decided(root, made)[key]
    assert "dagpenge 0.25 → 0.41, sygedagpenge 0.25 (not shown)" in text
    proposed = yaml.safe_load(text.split("Proposed: ")[1])
    planned = made.like.settings.sampling.expected_response
    assert proposed == planned | {"dagpenge": 0.41}
    assert made.round.settings.sampling.expected_response == planned  # a proposal, no change


def test_an_example_address_is_told(root, made):
    assert "example address" in decided(root, made)["link_base"]
    edit(root, f"rounds/{LIKE}.yml", r"^link_base: \S+", "link_base: https://svar.kl.dk/")
    assert "example" not in decided(root, make_round(root, "2026-foraar", LIKE))["link_base"]


def test_the_list_stands_at_the_top_of_the_file_and_not_twice_in_the_next(root, made):
    found = decisions(root, made)
    write_round(root, with_header(made, header(made, found)))
    text = (root / made.path).read_text("utf-8")
    assert text.count("# [ ]") == len(found)
    assert load_round(root, "2026-foraar", before_sign_up=True).settings == made.round.settings
    again = make_round(root, "2027-foraar", "2026-foraar")
    assert "# [ ]" not in again.files[again.path]


# ------------------------------------------------------------------------------- refused calls


@pytest.mark.parametrize(
    "new, like, told",
    [
        (LIKE, LIKE, "2024-foraar.yml: is there already"),
        ("2026-foraar", "2024-forar", "--like 2024-forar: unknown round. Did you mean »2024-foraar«?"),
        ("2026-forår", LIKE, "is no round id. Expected: letters a–z, digits and hyphens. Did you mean »2026-foraar«?"),
        ("../2026", LIKE, "is no round id"),
        ("udvikling", LIKE, "is where `survey compare` writes"),
    ],
)  # fmt: skip
def test_ids_that_cannot_be(root, new, like, told):
    assert told in refuse(root, new, like)


def test_both_ids_wrong_are_told_at_once(root):
    told = refuse(root, "udvikling", "nosuch")
    assert "survey compare" in told and "--like nosuch" in told


@pytest.mark.parametrize("rest", ["params/agreements/2026-foraar.csv", "data/2026-foraar/x", "build/2026-foraar/x",
                                  "params/local/2026-foraar/0707.yml"])  # fmt: skip
def test_rests_of_a_round_of_that_name_are_not_mixed_in(root, rest):
    path = root / rest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", "utf-8")
    assert "left by an earlier round of this id" in refuse(root)


def test_a_wrong_earlier_file_is_told(root):
    edit(root, f"rounds/{LIKE}.yml", r"^  min_answers: 200", "  min_anwers: 200")
    assert "Did you mean »min_answers«?" in refuse(root)


def test_the_command(root):
    found = call(root, "2026-foraar", "--like", LIKE)
    assert found.exit_code == 0
    assert "reference_date: 2024-02-01 → 2026-02-01" in found.output
    assert "To be decided" in found.output and "Langfredag" in found.output
    assert load_round(root, "2026-foraar", before_sign_up=True).settings.title == "foråret 2026"


@pytest.mark.parametrize(
    "arguments",
    [["2026-foraar", "--like", "nosuch"], ["2026-foraar", "--like", LIKE, "--reference-date", "1/2/2026"],
     ["2026-foraar", "--like", LIKE, "--shift-weeks", "0"]],
)  # fmt: skip
def test_a_wrong_call_writes_nothing(root, arguments):
    before = everything(root)
    found = call(root, *arguments)
    assert found.exit_code == 2
    assert "Nothing was written" in found.output
    assert everything(root) == before
