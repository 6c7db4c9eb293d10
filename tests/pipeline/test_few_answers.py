"""A round, or a municipality alone, with fewer answers than may be shown: all hidden, and said plainly."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from answers import QUESTIONS, export
from bs4 import BeautifulSoup
from conftest import EXTRACTS, HERE
from pptx import Presentation
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.paths import PROJECT, Paths
from helpers.extracts.intake import take_in
from helpers.parameters.params import load_round
from helpers.pipeline.run import Summary, run_round
from helpers.sampling.plan import make_plan, save_sample

ROUND, SAMSO, LAESO = "2024-foraar", "0741", "0825"
NO_NUMBER = re.compile(r"\b(nan|NaN|None|NaT|inf)\b|<NA>")


def begun(root: Path, codes: list[str]) -> Paths:
    """A round of some municipalities with their samples drawn and no answers."""
    paths = Paths(root, ROUND)
    (root / "params").mkdir(parents=True)
    for path in sorted((PROJECT / "params").rglob("*")):
        to = root / "params" / path.relative_to(PROJECT / "params")
        to.mkdir(exist_ok=True) if path.is_dir() else to.write_bytes(path.read_bytes())
    settings = root / f"params/rounds/{ROUND}.yml"
    content = yaml.safe_load(settings.read_text("utf-8")) | {"participants": codes}
    settings.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    round_ = load_round(root, ROUND)
    paths.extracts.mkdir(parents=True)
    paths.responses.mkdir()
    for path in EXTRACTS.iterdir():
        if path.name[:4] in codes:
            (paths.extracts / path.name).write_bytes(path.read_bytes())
    for code in codes:
        take_in(paths, round_, code)
        save_sample(paths, code, make_plan(paths, round_, code))
    return paths


def give(paths: Paths, code: str, count: int) -> None:
    """An export with every citizen asked, of whom `count` have answered."""
    table = export(pd.read_parquet(paths.sample(code)), rate=1.0)
    table.loc[count:, ["submitted_at", *QUESTIONS]] = ""
    table.loc[count:, "status"] = "none"
    table.to_csv(paths.responses / f"{code}-svar.csv", index=False)


def released(paths: Paths) -> tuple[Summary, pd.DataFrame]:
    summary = run_round(
        paths.root, load_round(paths.root, ROUND), stages=["analyse", "release"], jobs=1
    )
    assert summary.failures == []
    return summary, pd.read_parquet(paths.build / "released.parquet")


def test_one_answer_in_the_whole_round(tmp_path):
    """The case file, with a key of this round."""
    paths = begun(tmp_path / "root", [LAESO])
    table = pd.read_csv(HERE / "cases/answers/0825-t-1-svar.csv", dtype=str, keep_default_na=False)
    table["key"] = pd.read_parquet(paths.sample(LAESO))["key"].iloc[0]
    table.to_csv(paths.responses / "0825-svar.csv", index=False)
    summary, results = released(paths)
    assert "Fewer than 5 answers in the whole round: every number is hidden" in summary.notes[0]
    assert set(results["status"]) == {"few"} and results[["value", "n"]].isna().all(axis=None)
    response = pd.read_parquet(paths.build / "response.parquet")
    assert response[["population", "invited", "answers"]].isna().all(axis=None)


@pytest.mark.parametrize("count", [2, 4])
def test_a_municipality_alone_with_few(tmp_path, count):
    paths = begun(tmp_path / "root", [LAESO])
    give(paths, LAESO, count)
    summary, results = released(paths)
    assert "Fewer than 5 answers in the whole round" in summary.notes[0]
    assert results[["value", "n"]].isna().all(axis=None)


def test_a_municipality_with_few_or_none_beside_one_with_many(tmp_path):
    paths = begun(tmp_path / "root", [SAMSO, LAESO])
    give(paths, SAMSO, 60)
    give(paths, LAESO, 0)
    summary, results = released(paths)
    assert summary.waiting == ["Answers from 0825 Læsø: no export holds one that counts."]
    assert (
        set(results["municipality"]) == {SAMSO, "national"} and (results["status"] == "shown").any()
    )
    give(paths, LAESO, 3)
    summary, results = released(paths)
    assert summary.waiting == []
    assert "Fewer than 5 answers in 0825 Læsø: every number is hidden" in summary.notes[0]
    few = results[results["municipality"] == LAESO]
    assert set(few["status"]) == {"few"} and few[["value", "n"]].isna().all(axis=None)


# ------------------------------------------------------------------------------ to the last product


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> tuple[Paths, str]:
    """Two municipalities with one and two answers, run to the end."""
    paths = begun(tmp_path_factory.mktemp("tiny") / "root", [SAMSO, LAESO])
    give(paths, SAMSO, 1)
    give(paths, LAESO, 2)
    done = CliRunner().invoke(app, ["--root", str(paths.root), "run", ROUND, "--jobs", "1"])
    assert done.exit_code == 0, done.output
    return paths, done.output


def texts(path: Path) -> str:
    if path.suffix == ".html":
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for part in page(["script", "style"]):
            part.decompose()
        return page.get_text(" ", strip=True)
    if path.suffix == ".pptx":
        shapes = [s for slide in Presentation(path).slides for s in slide.shapes]
        assert not any(s.has_chart for s in shapes), "no empty chart"
        return " ".join(s.text_frame.text for s in shapes if s.has_text_frame)
    rows = (r for sheet in openpyxl.load_workbook(path) for r in sheet.iter_rows(values_only=True))
    return " ".join(str(cell) for row in rows for cell in row if cell is not None)


def test_the_run_says_it(tiny):
    assert "Fewer than 5 answers in the whole round" in " ".join(tiny[1].split())


def test_every_product_is_made_and_holds_no_number_that_is_none(tiny):
    paths, _ = tiny
    made = [p for p in sorted(paths.build.rglob("*")) if p.suffix in (".html", ".pptx", ".xlsx")]
    names = {p.name for p in made}
    assert {"rapport.html", "dashboard.html", "praesentation.pptx", "resultater.xlsx"} <= names
    assert (paths.national_folder / "rapport.pdf").is_file()
    for path in made:
        found = NO_NUMBER.search(texts(path))
        assert not found, (path, found)


def test_the_products_say_that_there_are_too_few_answers(tiny):
    paths, _ = tiny
    folder = next(paths.build.glob(f"{LAESO}-*"))
    assert "Kommunens resultater kan ikke vises: for få svar." in texts(folder / "rapport.html")
    assert "Antallet af svar kan ikke vises: for få svar." in texts(folder / "resultater.xlsx")
    deck = texts(folder / "praesentation.pptx")
    assert "Den samlede tilfredshed kan ikke vises: for få svar" in deck
    assert "og heller ikke for »Alle deltagende kommuner«." in deck
    assert "Diagrammet viser i stedet" not in deck, "nothing is drawn in its place"
    national = texts(paths.national_folder / "rapport.html")
    assert "Den samlede tilfredshed kan ikke vises: for få svar." in national
    assert "Svarene kan ikke vises (for få svar)" in national
    assert "vises for kommunen" not in national
