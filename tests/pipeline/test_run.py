"""A whole round of six municipalities from extracts to reports, and what can go wrong on the way."""

import json
import re
import shutil

import openpyxl
import pandas as pd
import pytest
import yaml
from conftest import EXTRACTS, SIMULATED, TAKE_PART, vault_of
from pptx import Presentation
from pypdf import PdfReader
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.cli.status import ROUND_STEPS
from helpers.common.paths import PROJECT, Paths
from helpers.parameters.params import load_round
from helpers.pipeline.run import run_round

ROUND = "2024-foraar"
CODES = TAKE_PART[SIMULATED]
FILES = {"rapport.html", "praesentation.pptx", "resultater.xlsx"}


def make_root(folder, participants=("0161", "0741", "0825")):
    """A root of its own with parameters and the extracts of the participants."""
    shutil.copytree(PROJECT / "params", folder / "params")
    path = folder / f"params/rounds/{ROUND}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(
        yaml.safe_dump(content | {"participants": list(participants)}, allow_unicode=True), "utf-8"
    )
    paths = Paths(folder, ROUND)
    paths.extracts.mkdir(parents=True)
    for source in EXTRACTS.iterdir():
        if source.name[:4] in participants:
            shutil.copy(source, paths.extracts)
    return paths


def survey(root, *arguments):
    return CliRunner().invoke(app, ["--root", str(root), *arguments])


def plain(result) -> str:
    return " ".join(result.output.split())


def test_without_answers_the_run_goes_as_far_as_the_plan(finished):
    _, _, first, _, _ = finished
    assert first.failures == []
    assert first.done == {"intake": 6, "plan": 6}
    assert "exports" in first.waiting[0]
    assert "data/demo/responses" in first.waiting[0]


def test_every_stage_was_done_for_every_municipality(finished):
    _, _, _, second, listening = finished
    assert second.failures == []
    assert second.waiting == []
    assert second.done == {
        "intake": 6, "plan": 6, "analyse": 6, "release": 1, "report": 6, "national": 1, "scan": 7,
    }  # fmt: skip
    assert {m for s, m in listening.steps if s == "report"} == set(CODES)


def test_each_municipality_has_its_files(finished):
    paths, round_, *_ = finished
    for place in round_.participants:
        folder = paths.report_folder(place)
        assert {p.name for p in folder.iterdir()} >= FILES
        assert folder.name.startswith(place.code)
        deck = Presentation(folder / "praesentation.pptx")
        shapes = [s for slide in deck.slides for s in slide.shapes]
        assert any(s.has_chart for s in shapes)
        assert not any(s.shape_type == 13 for s in shapes)  # no pictures of charts
        assert "Alle tal" in openpyxl.load_workbook(folder / "resultater.xlsx").sheetnames
        html = (folder / "rapport.html").read_text("utf-8")
        assert place.name in html
        assert f" i {place.official_name}</h1>" in html
        assert round_.settings.title in html
        assert not re.findall(r'(?:src|href)="https?://', html)


def test_national_report_and_index(finished):
    paths, round_, *_ = finished
    pdf = PdfReader(paths.national_folder / "rapport.pdf")
    assert 12 <= len(pdf.pages) <= 30
    text = " ".join(" ".join(p.extract_text() for p in pdf.pages).replace("\xa0", " ").split())
    assert f"de {len(CODES)} kommuner med resultater" in text
    assert "Læsø" in text
    assert "nan" not in re.findall(r"\bnan\b", text)
    index = (paths.build / "index.html").read_text("utf-8")
    for place in round_.participants:
        assert f"{place.folder}/rapport.html" in index
    assert "national/rapport.pdf" in index
    manifest = json.loads((paths.build / "manifest.json").read_text("utf-8"))
    assert manifest["municipalities"] == CODES
    assert manifest["failed"] == []


def test_released_table_follows_the_contract(finished):
    paths, *_ = finished
    released = pd.read_parquet(paths.build / "released.parquet")
    assert list(released.columns) == [
        "municipality", "breakdown", "category", "item", "statistic", "weighting",
        "value", "ci_low", "ci_high", "n", "status",
    ]  # fmt: skip
    assert set(released["municipality"]) == {*CODES, "national"}
    assert set(released["weighting"]) == {"weighted", "unweighted"}
    assert set(released["status"]) <= {"shown", "few", "linked", "not_asked"}
    shown = released["status"] == "shown"
    assert (released.loc[shown, "n"] >= 5).all()
    assert released.loc[~shown, ["value", "ci_low", "ci_high", "n"]].isna().all(axis=None)
    means = released[shown & (released["statistic"] == "mean")]
    assert means["value"].between(1, 5).all()
    shares = released[shown & released["statistic"].str.startswith("share_")]
    assert shares["value"].between(0, 1).all()
    split = shares[
        shares["statistic"].isin(["share_satisfied", "share_neutral", "share_dissatisfied"])
    ]
    sums = split.groupby(["municipality", "breakdown", "category", "item", "weighting"])[
        "value"
    ].sum()
    assert sums.between(0.985 - 1e-9, 1.015 + 1e-9).all()  # three rounded to whole per cent
    pd.testing.assert_frame_equal(
        pd.read_csv(paths.build / "released.csv", dtype={"municipality": str, "n": "Int64"})[
            ["n", "status"]
        ],
        released[["n", "status"]],
        check_dtype=False,
    )


def test_national_numbers_are_the_municipalities_together(finished):
    paths, *_ = finished
    released = pd.read_parquet(paths.build / "released.parquet")
    whole = released[(released["breakdown"] == "all") & (released["statistic"] == "mean")]
    n = whole[(whole["item"] == "q13") & (whole["weighting"] == "weighted")].set_index(
        "municipality"
    )["n"]
    assert n["national"] == n[CODES].sum()


def test_no_citizen_in_anything_that_may_leave(finished):
    paths, *_ = finished
    vault = pd.concat([vault_of(paths, c, load_round(paths.root, paths.round_id)) for c in CODES])
    numbers = set(vault["cpr"]) | set(vault["cpr"].str[:6] + "-" + vault["cpr"].str[6:])
    executed = list((paths.data / "notebooks").glob("*.ipynb"))
    assert len(executed) >= 3 * len(CODES)
    for path in [
        *paths.build.rglob("*.html"),
        *paths.build.rglob("*.json"),
        *paths.build.rglob("*.csv"),
        *executed,
    ]:
        found = set(re.findall(r"(?<![\d.,-])\d{6}-?\d{4}(?![\d,])", path.read_text("utf-8")))
        assert not found & numbers, path


def test_a_second_run_changes_no_sample_and_no_release(finished):
    paths, round_, *_ = finished
    before = {c: paths.sample(c).read_bytes() for c in CODES}
    released = (paths.build / "released.parquet").read_bytes()
    for stage in ("intake", "plan", "release"):
        assert run_round(paths.root, round_, stages=[stage], jobs=2).failures == []
    assert {c: paths.sample(c).read_bytes() for c in CODES} == before
    assert (paths.build / "released.parquet").read_bytes() == released


def test_a_late_extract_never_silently_changes_who_was_asked(finished):
    paths, round_, *_ = finished
    path = paths.extracts / "0741-samsoe.csv"
    received = path.read_bytes()
    before = paths.sample("0741").read_bytes()
    path.write_bytes(b"\r\n".join(received.split(b"\r\n")[:150]))
    try:
        summary = run_round(paths.root, round_, stages=["intake", "plan"], only=["0741"])
        assert [(f.municipality, f.stage) for f in summary.failures] == [("0741", "plan")]
        assert "a rerun would draw another sample" in summary.failures[0].cause
        assert "--redraw" in summary.failures[0].cause
        assert paths.sample("0741").read_bytes() == before
    finally:
        path.write_bytes(received)
        assert (
            run_round(paths.root, round_, stages=["intake", "plan"], only=["0741"]).failures == []
        )


def test_a_failing_municipality_is_named_and_the_others_finish(tmp_path):
    paths = make_root(tmp_path)
    path = paths.extracts / "0741-samsoe.csv"
    text = path.read_text("cp1252").replace("9 Ledighedsydelse", "9 Fleksydelse", 1)
    path.write_text(text, "cp1252")
    (paths.extracts / "0825-laesoe.xlsx").rename(paths.extracts / "0825-laesoe.docx")
    (paths.extracts / "Samsoe-nyt.csv").write_text("x")
    result = survey(tmp_path, "run", ROUND, "--stage", "intake", "--jobs", "1")
    assert result.exit_code == 1
    told = plain(result)
    assert "FAILED 0741 Samsø, step intake" in told
    assert "unknown benefit text »9 Fleksydelse«" in told
    assert "FAILED 0825 Læsø, step intake" in told
    assert "no extract for 0825 (0825-laesoe.docx is no workbook or CSV)" in told
    assert "Samsoe-nyt.csv" in told
    assert paths.population("0161").is_file()
    assert not paths.population("0741").is_file()
    record = json.loads(paths.intake.read_text("utf-8"))
    assert list(record["files"]) == ["0161-glostrup.xlsx"]
    assert list(record["refused"]) == ["0741-samsoe.csv"]


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["run", ROUND, "--only", "0101"], "0101 takes no part"),
        (["run", ROUND, "--stage", "draw", "--stage", "paint"], "unknown stage »draw«, »paint«"),
        (["run", "2024-forar"], "Did you mean »2024-foraar«?"),
        (["sendout", ROUND, "--only", "0101"], "0101 takes no part"),
        (["demo", "--round", ROUND], "only a round with `simulated: true`"),
    ],
)
def test_a_wrong_call_ends_with_2_and_writes_nothing(tmp_path, arguments, told):
    make_root(tmp_path)
    before = sorted(p for p in tmp_path.rglob("*") if "extracts" not in str(p))
    result = survey(tmp_path, *arguments)
    assert result.exit_code == 2
    assert told in plain(result)
    assert sorted(p for p in tmp_path.rglob("*") if "extracts" not in str(p)) == before


def test_wrong_parameters_end_with_2(tmp_path):
    make_root(tmp_path)
    path = tmp_path / f"params/rounds/{ROUND}.yml"
    path.write_text(path.read_text("utf-8").replace("seed:", "sede:"), "utf-8")
    result = survey(tmp_path, "run", ROUND)
    assert result.exit_code == 2
    assert "Did you mean »seed«?" in plain(result)
    assert not (tmp_path / "build").exists()


def test_status_shows_how_far_each_municipality_is(finished):
    paths, *_ = finished
    result = survey(paths.root, "status", SIMULATED)
    assert result.exit_code == 0
    assert result.output.count("✓") == 6 * 7 + len(ROUND_STEPS) and "Stale" not in result.output
