"""The simulated rounds: real in form, seeded, near the published figures, on their own, and with a
known change between them."""

import ast
import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import EXTRACTS
from python_calamine import CalamineWorkbook

import simulator
from helpers.common.paths import PROJECT
from helpers.extracts.cpr import parse_cpr
from helpers.extracts.extracts import read_extract
from helpers.parameters.params import LocalFile, load_round
from simulator import SimulationError, write_extracts, write_responses
from simulator.answers import (
    GROUPS,
    LOCAL,
    QUESTIONS,
    THEMES,
    make_answers,
    make_opinions,
    place_effect,
)
from simulator.changes import CHANGES, Change, change_of
from simulator.draws import Draws
from simulator.layouts import FASIT, MOMENTUM, STANDARD, layout_of
from simulator.persons import make_persons
from simulator.setting import read_setting

FEW = ["0825", "0741", "0161", "0707", "0563"]
FEW_EARLIER = ["0825", "0482", "0161", "0707"]


@pytest.fixture
def demo(tmp_path) -> Path:
    shutil.copytree(PROJECT / "params", tmp_path / "params")
    for round_id, few in (("demo", FEW), ("demo-2023", FEW_EARLIER)):
        path = tmp_path / f"params/rounds/{round_id}.yml"
        content = yaml.safe_load(path.read_text("utf-8")) | {"participants": few}
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return tmp_path


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def letters(root: Path, codes, key="k", round_id="demo") -> None:
    """A mail-merge basis for everybody in the municipality."""
    setting = read_setting(root, round_id)
    for place in setting.places:
        if place.code in codes:
            persons = make_persons(setting, place)
            folder = setting.data / "sendout" / place.code
            folder.mkdir(parents=True, exist_ok=True)
            cpr = persons["cpr"].str[:6] + "-" + persons["cpr"].str[6:]
            keys = [f"{key}{i}" for i in range(len(persons))]
            table = pd.DataFrame(
                {"Nøgle": keys, "CPR-nr.": cpr, "Navn": "x", "Telefonnr.": "", "Link": ""}
            )
            table.to_excel(folder / "flettebrev.xlsx", index=False)


@pytest.fixture(scope="module")
def everybody() -> pd.DataFrame:
    """What all persons of 12 municipalities of the real demo round would answer."""
    setting = read_setting(PROJECT, "demo")
    parts = []
    for place in setting.places[::7]:
        persons = make_persons(setting, place)
        answers = make_answers(setting, place).drop(columns="cpr")
        parts.append(pd.concat([persons, answers], axis=1).assign(code=place.code))
    table = pd.concat(parts, ignore_index=True)
    table["group"] = table["benefit"].map(GROUPS)
    table["answered"] = table["status"].isin(["completed", "partial"])
    for question in QUESTIONS:
        table[f"raw_{question}"] = table[question]
        value = pd.to_numeric(table[question])
        table[question] = value.where(value < 6)
    return table[table["group"].notna()]


def test_shares_no_code_with_the_analysis():
    for path in Path(simulator.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(n.split(".")[0] == "helpers" for n in names), path.name


@pytest.mark.parametrize("round_id, few", [("demo", FEW), ("demo-2023", FEW_EARLIER)])
def test_same_seed_same_bytes_whatever_the_jobs(demo, round_id, few):
    data = demo / "data" / round_id
    write_extracts(demo, round_id)
    first = bytes_of(data / "extracts")
    write_extracts(demo, round_id, jobs=2)
    assert bytes_of(data / "extracts") == first
    assert [n[:4] for n in first] == sorted(few)
    letters(demo, ["0825", "0741", "0707"], round_id=round_id)
    write_responses(demo, round_id)
    responses = bytes_of(data / "responses")
    write_responses(demo, round_id, jobs=2)
    assert bytes_of(data / "responses") == responses
    assert {Path(n).suffix for n in responses} == {".csv", ".xlsx"}


def test_another_seed_another_round(demo):
    write_extracts(demo, "demo")
    first = bytes_of(demo / "data/demo/extracts")
    path = demo / "params/rounds/demo.yml"
    path.write_text(path.read_text("utf-8").replace("20240201", "20240202"), "utf-8")
    write_extracts(demo, "demo")
    assert all(bytes_of(demo / "data/demo/extracts")[n] != b for n, b in first.items())


def test_an_early_export_holds_what_had_been_submitted(demo, tmp_path):
    letters(demo, ["0707"])
    write_responses(demo, "demo")
    day = dt.date(2024, 3, 17)
    write_responses(demo, "demo", until=day, folder=tmp_path / "early")
    read = dict(dtype=str, keep_default_na=False)
    whole = pd.concat(pd.read_csv(p, **read) for p in (demo / "data/demo/responses").glob("0707*"))
    early = pd.concat(pd.read_csv(p, **read) for p in (tmp_path / "early").glob("0707*"))
    in_time = whole["submitted_at"].between("2024", f"{day}T23:59:59")
    unopened = whole["submitted_at"].eq("")
    assert 0.3 < in_time.sum() / (~unopened).sum() < 0.9
    same = in_time | unopened
    pd.testing.assert_frame_equal(early[same], whole[same])
    assert early.loc[~same, "status"].eq("none").all()
    assert early.loc[~same].drop(columns=["key", "status"]).eq("").all(axis=None)


def test_answers_belong_to_the_person_not_to_the_key(demo):
    letters(demo, ["0707"])
    write_responses(demo, "demo")
    first = pd.concat(map(pd.read_csv, (demo / "data/demo/responses").glob("0707*")))
    letters(demo, ["0707"], key="other")
    write_responses(demo, "demo")
    second = pd.concat(map(pd.read_csv, (demo / "data/demo/responses").glob("0707*")))
    assert not set(first["key"]) & set(second["key"])
    pd.testing.assert_frame_equal(first.drop(columns="key"), second.drop(columns="key"))


def test_what_else_is_asked_changes_no_other_answer(demo):
    setting = read_setting(demo, "demo")
    place = next(p for p in setting.places if p.code == "0161")
    without = make_answers(setting, place)
    with_local = make_answers(setting, replace(place, questions=("lokal1", "lokal2")))
    pd.testing.assert_frame_equal(without.drop(columns=LOCAL), with_local.drop(columns=LOCAL))
    assert (without[LOCAL] == "").all(axis=None)
    assert (with_local["lokal1"] != "").any()
    assert (with_local["lokal3"] == "").all()


def test_another_seed_other_answers(demo):
    setting = read_setting(demo, "demo")
    place = next(p for p in setting.places if p.code == "0707")
    first = make_answers(setting, place)
    second = make_answers(replace(setting, seed=setting.seed + 1), place)
    assert (first["status"] == second["status"]).mean() < 0.8


def test_draws_are_even_and_apart():
    cpr = np.arange(101_000_000, 101_200_000, dtype="uint64")  # close numbers, the hardest case
    draws = Draws(1, "0101", cpr)
    one, two = draws.uniform("one"), draws.uniform("two")
    assert one.min() > 0 and one.max() < 1
    assert np.histogram(one, 20, (0, 1))[0] == pytest.approx(10_000, rel=0.05)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.01
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.01
    assert abs(np.corrcoef(one, Draws(2, "0101", cpr).uniform("one"))[0, 1]) < 0.01
    assert abs(np.corrcoef(one, Draws(1, "0147", cpr).uniform("one"))[0, 1]) < 0.01
    assert draws.normal("n").std() == pytest.approx(1, abs=0.01)


def test_letters_without_a_column_are_refused(demo):
    letters(demo, ["0825"])
    path = demo / "data/demo/sendout/0825/flettebrev.xlsx"
    pd.read_excel(path, dtype=str).drop(columns="Nøgle").to_excel(path, index=False)
    with pytest.raises(SimulationError, match=r"0825 Læsø: .* lacks the column Nøgle"):
        write_responses(demo, "demo")


def test_letters_to_strangers_are_refused(demo):
    letters(demo, ["0825"])
    path = demo / "data/demo/sendout/0825/flettebrev.xlsx"
    table = pd.read_excel(path, dtype=str)
    table.loc[0, "CPR-nr."] = "010101-9999"
    table.to_excel(path, index=False)
    with pytest.raises(SimulationError, match="0825 Læsø: 1 letters go to persons") as caught:
        write_responses(demo, "demo")
    assert "9999" not in str(caught.value)


@pytest.mark.parametrize("round_id", ["demo", "demo-2023"])
def test_every_extract_is_read_whole_in_its_layout(demo, round_id):
    write_extracts(demo, round_id)
    round_ = load_round(demo, round_id)
    layouts = set()
    for path in (demo / "data" / round_id / "extracts").iterdir():
        code = path.name[:4]
        extract = read_extract(
            path, round_.formats, LocalFile(municipality=code), round_.settings.reference_date
        )
        assert extract.problems == ()
        assert extract.persons["cpr"].is_unique
        assert extract.layout == layout_of(code).name
        layouts.add(extract.layout)
    assert layouts == {"standard", "momentum", "fasit"}


def cpr_cells(path: Path) -> list[str]:
    """The numbers of a file as ten digits, read without the product's reader."""
    if path.suffix == ".csv":
        return [line.split(";")[0] for line in path.read_text("cp1252").splitlines()[1:]]
    book = CalamineWorkbook.from_path(path)
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    wide = [row[0] for row in rows if len(row) >= 8]
    numbers = [f"{int(c):010d}" if isinstance(c, float) else c.replace("-", "") for c in wide]
    return [n for n in numbers if len(n) == 10 and n.isdigit()]


def born(cpr: str) -> dt.date:
    """Birth date by the century rule of the CPR office, written out again here."""
    day, month, year, seventh = int(cpr[:2]), int(cpr[2:4]), int(cpr[4:6]), int(cpr[6])
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    return dt.date(century + year, month, day)


@pytest.mark.parametrize("round_id", ["demo", "demo-2023"])
def test_cpr_numbers_are_unique_and_give_birth_date_and_gender(demo, round_id):
    write_extracts(demo, round_id)
    setting = read_setting(demo, round_id)
    for place in setting.places:
        persons = make_persons(setting, place)
        (path,) = (setting.data / "extracts").glob(f"{place.code}-*")
        numbers = cpr_cells(path)
        assert numbers == persons["cpr"].tolist()
        assert len(set(numbers)) == len(numbers)
        assert [int(n[9]) % 2 == 0 for n in numbers] == persons["woman"].tolist()
        ages = np.array([(setting.reference_date - born(n)).days / 365.2425 for n in numbers])
        assert ages.min() > 15.9 and ages.max() < 71.1
        assert np.abs(ages - persons["age"] - 0.5).max() < 0.52


@pytest.mark.parametrize(
    "layout, example",
    [(STANDARD, "0825-laesoe.xlsx"), (MOMENTUM, "0580-aabenraa.xlsx"), (FASIT, "0741-samsoe.csv")],
)
def test_headings_are_those_of_the_examples(layout, example):
    path = EXTRACTS / example
    if path.suffix == ".csv":
        assert path.read_text("cp1252").splitlines()[0].split(";") == list(layout.headings)
    else:
        cells = pd.read_excel(path, header=None, dtype=str, engine="calamine").fillna("").to_numpy()
        assert list(layout.headings) in [list(row[: len(layout.headings)]) for row in cells[:6]]


def test_response_is_near_the_published_rate_and_differs(everybody):
    assert 0.37 < everybody["answered"].mean() < 0.43  # of a census; samples oversample low groups
    by_group = everybody.groupby("group")["answered"].mean()
    assert by_group.idxmin() == "aktivitetsparat"
    assert by_group.max() - by_group.min() > 0.08
    women = everybody.groupby("woman")["answered"].mean()
    assert women[True] > women[False] + 0.02
    ages = everybody.groupby(pd.cut(everybody["age"], [15, 29, 39, 49, 66]))["answered"].mean()
    assert ages.is_monotonic_increasing
    assert everybody.groupby("code")["answered"].mean().std() > 0.01


def test_level_and_order_of_the_answers(everybody):
    answered = everybody[everybody["answered"]]
    assert answered["q13"].mean() == pytest.approx(3.7, abs=0.08)
    assert (answered["q13"].dropna() >= 4).mean() == pytest.approx(0.62, abs=0.05)
    themes = pd.Series({q: answered[q].mean() for q in QUESTIONS}).groupby(THEMES).mean()
    assert themes.drop("e").sort_values(ascending=False).index.tolist() == ["a", "c", "b", "d"]
    groups = answered.groupby("group")["q13"].mean()
    assert groups.idxmax() == "jobafklaring"
    assert groups.idxmin() == "jobparat"
    assert all(
        answered[q].value_counts(normalize=True).reindex(range(1, 6)).min() > 0.02
        for q in QUESTIONS
    )


def test_items_correlate_like_one_scale(everybody):
    answers = everybody.loc[everybody["answered"], QUESTIONS].dropna()
    r = answers.corr().to_numpy()
    between = r[np.triu_indices(13, 1)]
    assert 0.35 < between.min() < between.max() < 0.75
    alpha = 13 / 12 * (1 - answers.var().sum() / answers.sum(axis=1).var())
    assert 0.85 < alpha < 0.97


def test_dont_know_is_used_everywhere_and_most_for_cooperation_and_jobs(everybody):
    unsure = everybody[everybody["answered"]][[f"raw_{q}" for q in QUESTIONS]].eq("6").mean()
    assert 0.02 < unsure.min() < unsure.max() < 0.09
    assert set(unsure.nlargest(2).index) == {"raw_q03", "raw_q11"}


def test_partial_answers_stop_and_times_lie_in_the_collection_period(everybody):
    setting = read_setting(PROJECT, "demo")
    partial = everybody[everybody["status"] == "partial"]
    assert (partial["raw_q13"] == "").all()
    assert ((partial["raw_q01"] != "").mean()) > 0.97
    assert ((everybody["submitted_at"] != "") == everybody["answered"]).all()
    times = pd.to_datetime(everybody.loc[everybody["answered"], "submitted_at"])
    assert times.min().date() >= setting.collection_start
    assert times.max().date() <= setting.collection_end


def test_free_texts_fit_the_satisfaction(everybody):
    completed = everybody[everybody["status"] == "completed"]
    for column in ("q14_text", "q15_text"):
        assert (completed[column] != "").mean() == pytest.approx(0.34, abs=0.03)
        assert (everybody.loc[everybody["status"] != "completed", column] == "").all()
        assert everybody[column].str.match(r"[-=+]").sum() > 5
    unhappy = everybody[everybody["q13"] <= 2]
    assert not unhappy["q14_text"].str.contains("Søde og kompetente").any()
    assert not unhappy["q15_text"].str.contains("fungerer fint").any()
    assert everybody["q14_text"].nunique() > 100


def test_holistic_case_work_shows_in_the_answers():
    setting = read_setting(PROJECT, "demo")
    norddjurs = next(p for p in setting.places if p.code == "0707")
    place = replace(norddjurs, code="0101")  # many persons
    table = pd.concat([make_persons(setting, place), make_answers(setting, place)[["q13"]]], axis=1)
    value = pd.to_numeric(table["q13"]).where(lambda v: v < 6)
    means = value.groupby(table["local_indsats"]).mean()
    assert means["helhedsorienteret"] - means["traditionel"] == pytest.approx(0.25, abs=0.08)


@pytest.fixture(scope="module")
def settings() -> dict:
    """Both simulated rounds, with the 13 municipalities that take part in both."""
    later, earlier = (read_setting(PROJECT, r) for r in ("demo", "demo-2023"))
    codes = {p.code for p in earlier.places}
    return {
        "demo": replace(later, places=tuple(p for p in later.places if p.code in codes)),
        "demo-2023": earlier,
    }


@pytest.fixture(scope="module")
def truth(settings) -> dict[str, pd.DataFrame]:
    """By round what all persons think, asked or not, and whether they would answer."""
    rounds = {}
    for round_id, setting in settings.items():
        parts = []
        for place in setting.places:
            persons = make_persons(setting, place)
            draws = Draws(setting.seed, place.code, persons["drawn"].to_numpy(dtype="uint64"))
            general = draws.normal("general")
            part = pd.DataFrame(make_opinions(persons, place, setting, draws, general, QUESTIONS))
            status = make_answers(setting, place)["status"]
            parts.append(
                part.where(part < 6).assign(
                    code=place.code,
                    answered=status.isin(["completed", "partial"]),
                    eligible=persons["benefit"].isin(list(GROUPS)),
                )
            )
        rounds[round_id] = pd.concat(parts, ignore_index=True)
    return rounds


def test_the_earlier_round_lies_within_the_later():
    earlier, later = (load_round(PROJECT, r).settings for r in ("demo-2023", "demo"))
    pilot = load_round(PROJECT, "2023-pilot").settings
    assert earlier.simulated
    assert len(earlier.participants) == 13
    assert set(earlier.participants) < set(later.participants)
    assert {"0461", "0580", "0707", "0825"} <= set(earlier.participants)
    for key in ("reference_date", "period", "calendar", "questionnaire", "classification"):
        assert getattr(earlier, key) == getattr(pilot, key), key
    for key in (
        "age_limits", "age_bands", "duration_bands_weeks", "price_bands", "responses", "weighting",
        "disclosure", "comparison",
    ):  # fmt: skip
        assert getattr(earlier, key) == getattr(later, key), key
    assert earlier.sampling == later.sampling.model_copy(
        update={"expected_response": pilot.sampling.expected_response}
    )


def test_dates_of_the_earlier_round_are_its_own(demo):
    letters(demo, FEW_EARLIER, round_id="demo-2023")
    write_extracts(demo, "demo-2023")
    write_responses(demo, "demo-2023")
    setting = read_setting(demo, "demo-2023")
    persons = pd.concat([make_persons(setting, p) for p in setting.places])
    days = (pd.Timestamp("2023-08-01") - persons["spell_start"]).dt.days
    assert days.min() >= 1 and days.max() <= 1601
    assert days.isin([55, 56, 57, 364, 365, 366]).mean() > 0.015
    assert (persons["latest_conversation"].dropna() <= "2023-08-01").all()
    answers = pd.read_csv(setting.data / "responses/0707-svar.csv", dtype=str)
    times = pd.to_datetime(answers["submitted_at"].dropna())
    assert times.min() >= pd.Timestamp("2023-08-28")
    assert times.max() < pd.Timestamp("2023-09-18")


def test_the_earlier_round_differs_by_the_stated_change(truth):
    mean = {r: table[QUESTIONS].mean() for r, table in truth.items()}
    fell = mean["demo-2023"] - mean["demo"]  # standard error of a question's some 0.008
    themes = fell.groupby(THEMES).mean()
    assert themes["d"] == pytest.approx(-0.16, abs=0.04)
    assert fell[["q11", "q12"]].max() < -0.08
    assert themes["a"] == pytest.approx(-0.05, abs=0.03)
    assert fell["q07"] == pytest.approx(0.12, abs=0.04)
    for unchanged in ("q04", "q05", "q06", "q08", "q09", "q10", "q13"):
        assert fell[unchanged] == pytest.approx(0, abs=0.04), unchanged


def test_a_municipality_keeps_its_place(settings, truth):
    effects = [[place_effect(s, p) for p in s.places] for s in settings.values()]
    assert np.corrcoef(effects)[0, 1] > 0.6
    own_change = np.subtract(*effects)
    assert 0.02 < own_change.std() < 0.08
    means = [table.groupby("code")[QUESTIONS].mean().mean(axis=1) for table in truth.values()]
    assert len(means[0]) == 13
    assert means[0].corr(means[1]) > 0.6


def test_a_municipality_keeps_its_place_whatever_the_seed(settings):
    setting = settings["demo"]
    place = setting.places[0]
    other = replace(setting, seed=setting.seed + 1)
    assert place_effect(setting, place) == place_effect(other, place)
    assert len(make_persons(setting, place)) == len(make_persons(other, place))


def test_citizens_of_the_two_rounds_are_invented_apart(settings):
    earlier, later = (
        {
            (p.code, number)
            for p in settings[round_id].places
            for number in make_persons(settings[round_id], p)["cpr"]
        }
        for round_id in ("demo-2023", "demo")
    )
    assert len(earlier & later) < len(earlier) / 1000  # chance alone


def test_no_citizen_is_in_two_municipalities_of_a_round(settings):
    for setting in settings.values():
        numbers = pd.concat([make_persons(setting, p)["cpr"] for p in setting.places])
        assert numbers.is_unique


def test_a_number_of_the_municipality_keeps_what_is_read_from_it(settings):
    setting = settings["demo"]
    persons = make_persons(setting, setting.places[0])
    read, drawn = parse_cpr(persons["cpr"]), parse_cpr(persons["drawn"])
    assert read[["birth_date", "gender", "problem"]].equals(
        drawn[["birth_date", "gender", "problem"]]
    )
    more = make_persons(setting, setting.places[0], taken=persons["cpr"])
    assert not set(more["cpr"]) & set(persons["cpr"])


def test_response_of_the_earlier_round_is_lower(truth):
    response = {r: t.loc[t["eligible"], "answered"].mean() for r, t in truth.items()}
    assert 0.30 < response["demo-2023"] < 0.36
    assert response["demo-2023"] < response["demo"] - 0.03


def test_only_known_rounds_questions_and_themes_change():
    assert change_of("demo") == Change()
    for round_id, change in CHANGES.items():
        assert (PROJECT / "params/rounds" / f"{round_id}.yml").is_file()
        assert set(change.means) <= {*QUESTIONS, *THEMES.values()}
