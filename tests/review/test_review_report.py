"""`survey review`: the whole evaluation of a simulated round, and of every round that is not finished."""

from __future__ import annotations

import os
import re
import shutil

import matplotlib
import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import SIMULATED
from IPython.display import Markdown
from matplotlib.figure import Figure
from pypdf import PdfReader
from typer.testing import CliRunner

from helpers.answers.exports import export_files
from helpers.cli.main import app
from helpers.common.paths import ROOT_VARIABLE, Paths
from helpers.common.store import Store
from helpers.notebooks.execution import NOTEBOOKS
from helpers.parameters.params import load_round
from helpers.pipeline.records import Snapshot
from helpers.pipeline.steps import STEPS
from helpers.review.inputs import load_review
from helpers.review.report import REVIEW

matplotlib.use("svg")


def survey(root, *arguments):
    return CliRunner().invoke(app, ["--root", str(root), *arguments])


@pytest.fixture(autouse=True)
def the_root_is_the_tests_own(monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, os.environ.get(ROOT_VARIABLE, ""))


@pytest.fixture(scope="module")
def evaluated(finished, tmp_path_factory):
    """The finished round with its evaluation, in a folder of its own."""
    root = tmp_path_factory.mktemp("evaluated") / "root"
    shutil.copytree(finished.paths.root, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ROOT_VARIABLE, "")
        result = survey(root, "review", SIMULATED)
    assert result.exit_code == 0, result.output
    assert "stays in the house" in result.output
    return Paths(root, SIMULATED)


def on_screen(paths) -> str:
    page = BeautifulSoup((paths.review / "evaluering.html").read_text("utf-8"), "html.parser")
    for extra in page.select("script, style"):
        extra.decompose()
    return " ".join(page.get_text(" ").replace("\xa0", " ").split())


def test_it_lies_under_data_and_only_there(evaluated, finished):
    made = {p.name for p in evaluated.review.iterdir()}
    assert made == {"evaluering.html", "evaluering.pdf"}
    assert evaluated.notebook(REVIEW, "0000").is_file()

    def listing(paths):
        return sorted(p.relative_to(paths.root) for p in paths.build.rglob("*"))

    assert listing(evaluated) == listing(finished.paths)


def test_both_forms_say_first_that_it_stays_in(evaluated):
    pdf = PdfReader(evaluated.review / "evaluering.pdf")
    assert "bliver i huset" in " ".join(pdf.pages[0].extract_text().split())
    assert "bliver i huset" in on_screen(evaluated)[:400]
    assert pdf.trailer["/Root"]["/Lang"].lower().startswith("da")
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_the_page_is_whole_in_itself(evaluated):
    text = (evaluated.review / "evaluering.html").read_text("utf-8")
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]+"', text)
    assert len(re.findall(r"<figure", text)) >= 5
    assert not re.findall(r"<img(?![^>]*alt=\"[^\"]+)", text)


def test_it_tells_the_numbers_of_the_round(evaluated):
    review = load_review(evaluated, load_round(evaluated.root, SIMULATED))
    counts = [
        pd.read_parquet(evaluated.response_counts(m.code)).query("breakdown == 'all'")["answers"].sum()
        for m in review.round.participants
    ]  # fmt: skip
    assert review.answers == sum(counts)
    text = on_screen(evaluated)
    answers, invited = (f"{n:,}".replace(",", ".") for n in (review.answers, len(review.asked)))
    assert f"{answers} af {invited} inviterede borgere svarede" in text
    assert "Alle 6 udtræk kunne læses første gang." in text
    assert f"Runden er kørt {len(review.runs)} gange" in text
    assert "nan" not in text.lower().split()
    assert "None" not in text


def test_it_names_no_answer_to_any_question(evaluated):
    round_ = load_round(evaluated.root, SIMULATED)
    text = on_screen(evaluated)
    assert not [q.wording for q in round_.questionnaire.questions if q.wording in text]


def test_no_step_is_stale_by_it(evaluated):
    snapshot = Snapshot(Store(str(evaluated.root)), load_round(evaluated.root, SIMULATED))
    stale = {key: snapshot.why_stale(STEPS[key[0]], key[1]) for key in snapshot.records}
    assert not {key: why for key, why in stale.items() if why}


# ------------------------------------------------------------------------------- unfinished rounds


def cells() -> list[str]:
    notebook = nbformat.read(NOTEBOOKS / f"{REVIEW}.ipynb", as_version=4)
    return [c.source for c in notebook.cells if c.cell_type == "code"]


def calls() -> list[str]:
    """The last line of each cell that shows something."""
    return [s.splitlines()[-1] for s in cells() if s.splitlines()[-1].endswith("(review)")]


def nothing(_):
    pass


def only_extracts(paths):
    for folder in ("sample", "sendout", "responses", "estimates", "weighted", "intake"):
        shutil.rmtree(paths.data / folder)
    shutil.rmtree(paths.build)


def without_answers(paths):
    for path in [*export_files(paths), *paths.responses.glob("*.parquet")]:
        path.unlink()
    for folder in ("estimates", "weighted"):
        shutil.rmtree(paths.data / folder)
    shutil.rmtree(paths.build)


def without_analysis(paths):
    for folder in ("estimates", "weighted"):
        shutil.rmtree(paths.data / folder)
    shutil.rmtree(paths.build)


def one_without_answers(paths):
    paths.answers("0707").unlink()
    paths.response_counts("0825").unlink()
    shutil.rmtree(paths.build)


def answers_without_days(paths):
    for path in paths.responses.glob("????.parquet"):
        pd.read_parquet(path).assign(submitted_at=pd.NaT).astype(
            {"submitted_at": "datetime64[s]"}
        ).to_parquet(path)


def nobody_answered(paths):
    for path in paths.responses.glob("????.parquet"):
        pd.read_parquet(path).assign(status="none", submitted_at=pd.NaT).astype(
            {"submitted_at": "datetime64[s]"}
        ).to_parquet(path)


def broken_sample(paths):
    paths.sample("0707").write_bytes(b"half")


def empty(paths):
    shutil.rmtree(paths.data)
    shutil.rmtree(paths.build)


@pytest.mark.parametrize(
    "take_away",
    [nothing, only_extracts, without_answers, without_analysis, one_without_answers, answers_without_days,
     nobody_answered, broken_sample, empty],
)  # fmt: skip
def test_a_round_that_is_not_finished_is_told_in_words(finished, tmp_path, take_away):
    for top in ("data", "build"):
        shutil.copytree(finished.paths.root / top / SIMULATED, tmp_path / top / SIMULATED)
    paths = Paths(tmp_path, SIMULATED)
    take_away(paths)
    names: dict = {"review": load_review(paths, finished.round)}
    exec(
        "from helpers.review import figures, meanings, opening, tables_costs, tables_extracts, "
        "tables_precision, tables_response, tables_time",
        names,
    )
    assert len(calls()) > 25
    for call in calls():
        shown = eval(call, names)
        assert isinstance(shown, Markdown | Figure)
        if isinstance(shown, Figure):
            shown.canvas.draw()
        else:
            words = shown.data.replace("**", " ").split()
            assert not {"nan", "None", "NaT", "<NA>", "nan\u00a0%"} & set(words), (call, shown.data)


def test_every_figure_and_table_is_shown_once():
    shown = calls()
    assert len(shown) == len(set(shown))


# ------------------------------------------------------------------------------------ the command


def test_a_round_that_has_not_begun_ends_with_2_and_writes_nothing(root):
    before = sorted(root.rglob("*"))
    result = survey(root, "review", "2024-foraar")
    assert result.exit_code == 2
    told = " ".join(result.output.split())
    assert "nothing of 2024-foraar has been received or run" in told
    assert "survey run 2024-foraar" in told
    assert sorted(root.rglob("*")) == before


def test_an_unknown_round_ends_with_2(root):
    result = survey(root, "review", "2024-forar")
    assert result.exit_code == 2
    assert "Did you mean »2024-foraar«?" in " ".join(result.output.split())
