"""What is stale and why, after each kind of change to a finished round; and what a run then does."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import yaml
from conftest import SIMULATED, Finished
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.lock import locked
from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round, load_round
from helpers.pipeline import engine, records
from helpers.pipeline.records import Snapshot
from helpers.pipeline.run import run_round
from helpers.pipeline.steps import STEPS, parameter_digests

CODE = "0707"


class Copy(NamedTuple):
    """A finished round of a test's own."""

    paths: Paths
    round: Round

    def stale(self, round_: Round | None = None) -> dict[str, list[str]]:
        """Step and municipality → reasons, for all that is stale."""
        snapshot = Snapshot(Store(str(self.paths.root)), round_ or self.round)
        found = {f"{n} {c}": snapshot.why_stale(STEPS[n], c) for n, c in snapshot.records}
        return {k: v for k, v in found.items() if v}


@pytest.fixture
def copy(finished: Finished, tmp_path: Path) -> Copy:
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root, root)  # other times and places than those recorded
    return Copy(Paths(root, SIMULATED), finished.round)


def test_a_copy_is_current_wherever_it_lies_and_whatever_the_clock_says(copy):
    for path in (copy.paths.data / "sample").glob("*.parquet"):
        os.utime(path, (0, 0))
    assert copy.stale() == {}


def test_an_unchanged_round_runs_nothing_and_reads_no_file_twice(copy, monkeypatch):
    def nobody(self):
        raise AssertionError("no worker is needed")

    monkeypatch.setattr(engine.Workers, "client", property(nobody))
    for _ in range(2):
        summary = run_round(copy.paths.root, copy.round, jobs=2)
        assert summary.failures == [] and summary.waiting == []
        assert summary.done == summary.unchanged == {
            "intake": 6, "plan": 6, "analyse": 6, "release": 1, "report": 6, "national": 1, "scan": 7,
        }  # fmt: skip
        assert any("Hidden" in note for note in summary.notes), "what a step told is told again"
    monkeypatch.setattr(Store, "digest", nobody)
    assert run_round(copy.paths.root, copy.round, jobs=2).failures == []


def test_results_deleted_edited_or_put_there_by_hand_are_noticed(copy):
    folder = copy.paths.report_folder(copy.round.municipalities[CODE])
    report = f"build/{SIMULATED}/{folder.name}"
    (folder / "resultater.xlsx").unlink()
    html = folder / "rapport.html"
    html.write_text(html.read_text("utf-8").replace("Norddjurs", "Sønddjurs"), "utf-8")
    (copy.paths.national_folder / "udkast.html").write_text("x")
    copy.paths.vault("0825").unlink()
    stale = copy.stale()
    assert stale.pop(f"report {CODE}") == [
        f"{report}/rapport.html was edited by hand",
        f"{report}/resultater.xlsx was deleted",
    ]
    assert stale.pop(f"national {WHOLE_ROUND}") == [
        f"build/{SIMULATED}/national/udkast.html was put there by hand"
    ]
    assert stale.pop("intake 0825") == [f"data/{SIMULATED}/vault/0825 was deleted"]
    assert set(stale) == {f"index {WHOLE_ROUND}", f"scan {CODE}", f"scan-round {WHOLE_ROUND}"}


def test_another_extract_reruns_its_municipality_alone(copy):
    path = next(copy.paths.extracts.glob(f"{CODE}*"))
    path.write_bytes(path.read_bytes() + b"\n")
    assert copy.stale() == {f"intake {CODE}": [f"data/{SIMULATED}/extracts/{path.name} changed"]}


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        ({"disclosure": {"min_answers": 6}}, {"plan", "collect", "release", "report", "national", "star", "index"}),
        ({"weighting": {"tolerance": 1e-9}}, {"analyse", "release", "report", "national", "star", "index"}),
        ({"title": "Efterår"}, {"plan", "collect", "analyse", "release", "report", "national", "star", "calendar", "index"}),
        ({"seed": 7}, {"intake", "intake-record", "plan", "collect", "analyse", "release", "report",
                       "national", "star", "index", "scan", "scan-round"}),
        ({"limits": {"notebook_seconds": 60}}, set()),
        ({"retention_until": "2031-01-01"}, set()),
        ({"fieldwork": {"likeness_answers": 5}}, set()),
    ],
)  # fmt: skip
def test_a_changed_rule_reruns_what_depends_on_it(copy, change, steps):
    settings = copy.round.settings.model_dump(mode="json")
    for key, value in change.items():
        settings[key] = settings[key] | value if isinstance(value, dict) else value
    changed = copy.round.model_copy(
        update={"settings": type(copy.round.settings).model_validate(settings)}
    )
    stale = copy.stale(changed)
    assert {name.split()[0] for name in stale} == steps
    told = {reason for reasons in stale.values() for reason in reasons}
    assert told == ({f"parameters changed: {next(iter(change))}"} if steps else set())


def test_a_local_question_concerns_its_municipality_and_the_release(copy):
    local = copy.round.local[CODE]
    fewer = local.model_copy(update={"questions": local.questions[:0]})
    changed = copy.round.model_copy(update={"local": {**copy.round.local, CODE: fewer}})
    assert {k for k in copy.stale(changed) if not k.endswith(WHOLE_ROUND)} == {
        f"intake {CODE}", f"plan {CODE}", f"analyse {CODE}", f"report {CODE}",
    }  # fmt: skip


@pytest.mark.parametrize("what", ["package", "libraries"])
def test_another_version_reruns_everything(copy, monkeypatch, what):
    name = {"package": "package_digest", "libraries": "library_digest"}[what]
    monkeypatch.setattr(records, name, lambda: "another")
    stale = copy.stale()
    assert len(stale) == sum(1 if step.whole_round else 6 for step in STEPS.values())
    assert {len(reasons) for reasons in stale.values()} == {1}


def test_the_package_s_digest_is_of_code_notebooks_and_sources(tmp_path, monkeypatch):
    for name in ("src/helpers/a.py", "notebooks/b.ipynb", "reports/c.qmd", "_quarto.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one\ntwo\n")
    monkeypatch.setattr(records, "PROJECT", tmp_path)
    monkeypatch.setattr(records, "PACKAGE", tmp_path / "src/helpers")
    digest = records.package_digest.__wrapped__
    before = digest()
    (tmp_path / "src/helpers/__pycache__").mkdir()
    (tmp_path / "src/helpers/__pycache__/a.pyc").write_text("x")
    (tmp_path / "_quarto.yml").write_bytes(b"one\r\ntwo\r\n")
    assert digest() == before
    for name in ("src/helpers/a.py", "notebooks/b.ipynb", "reports/c.qmd", "_quarto.yml"):
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text("three")
        assert digest() != before
        (tmp_path / name).write_text(kept)
    (tmp_path / "reports/d.scss").write_text("")
    assert digest() != before


def test_a_record_that_is_not_whole_counts_as_none(copy):
    for text, code in (('{"package": "', "0707"), ('{"other": 1}', "0825"), ("[]", "0741")):
        path = copy.paths.root / records.record_name(STEPS["plan"], SIMULATED, code)
        path.write_text(text)
    snapshot = Snapshot(Store(str(copy.paths.root)), copy.round)
    for code in ("0707", "0825", "0741"):
        assert snapshot.why_stale(STEPS["plan"], code) == ["never made, or not finished"]


def later_answers(copy: Copy, code: str) -> None:
    """An export in which everybody who answered in the municipality has changed to the worst."""
    answers = pd.read_parquet(copy.paths.answers(code))
    answered = answers[answers["status"] == "completed"].copy()
    questions = [q.id for q in copy.round.questionnaire.scaled]
    answered[questions] = 1
    answered["submitted_at"] = "2024-04-25T12:00:00"
    columns = ["key", "status", "submitted_at", *questions]
    answered[columns].to_csv(copy.paths.responses / f"{code}-late.csv", index=False)


def test_new_answers_of_one_municipality_rerun_it_the_gate_and_what_the_gate_changed(copy):
    before = {p.name: p.read_bytes() for p in (copy.paths.data / "estimates").iterdir()}
    later_answers(copy, CODE)
    summary = run_round(copy.paths.root, copy.round, jobs=2)
    assert summary.failures == []
    assert summary.unchanged == {
        "intake": 6, "plan": 6, "analyse": 5, "release": 0, "report": 0, "national": 0, "scan": 0,
    }  # fmt: skip
    changed = {p.name[:4] for p in (copy.paths.data / "estimates").iterdir()
               if before[p.name] != p.read_bytes()}  # fmt: skip
    assert changed == {CODE}
    released = pd.read_parquet(copy.paths.build / "released.parquet")
    own = released.query("municipality == @CODE and breakdown == 'all' and statistic == 'mean'")
    assert (own["value"].dropna() < 1.5).all()
    assert copy.stale() == {}


def test_a_municipality_that_failed_runs_again_and_the_others_do_not(copy):
    (copy.paths.responses / "0741-more.csv").write_text("key,status\nnobody,completed\n")
    summary = run_round(copy.paths.root, copy.round, stages=["analyse"], jobs=1)
    assert {f.municipality for f in summary.failures} == {"0741"}
    assert summary.unchanged["analyse"] == 5
    again = run_round(copy.paths.root, copy.round, stages=["analyse"], jobs=1)
    assert [f.cause for f in again.failures] == [f.cause for f in summary.failures]


SINCE = {
    "retention_until": "2031-01-01",
    "link_base": "https://example.dk/s/",
    "price_bands": [{"up_to_inhabitants": None, "price_dkk": 1}],
    "disclosure": {"min_answers": 7},
    "earlier_rounds": [],
}
# the plan tells of local questions and of groups too small to be reported
UNTIL = {k: v for k, v in SINCE.items() if k != "disclosure"} | {
    "responses": {"min_questions_answered": 9},
    "weighting": {"min_class_answers": 99, "tolerance": 1e-5, "max_iterations": 9},
    "models": {"bootstrap_replicates": 101},
    "two_way": [],
}


@pytest.mark.parametrize(("name", "changes"), [("plan", UNTIL), ("analyse", SINCE)])
def test_parameters_that_a_step_is_said_to_be_blind_to_change_no_byte_of_it(copy, name, changes):
    path = copy.paths.root / f"params/rounds/{SIMULATED}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    for key, value in changes.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    content["participants"] = [*content["participants"], "0101"]
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    changed = load_round(copy.paths.root, SIMULATED)
    snapshot, step = Snapshot(Store(str(copy.paths.root)), changed), STEPS[name]
    assert snapshot.why_stale(step, CODE) == []
    task = engine.Task(
        step, CODE, changed, snapshot.store, snapshot.files(step, CODE), snapshot.inputs(step, CODE),
        parameter_digests(step, changed, CODE),
    )  # fmt: skip
    made = {n: d for n, d in engine.perform(task).record.outputs.items() if "notebooks" not in n}
    before = snapshot.records[name, CODE].outputs
    assert made and made == {n: before[n] for n in made}


def test_the_calendar_written_by_hand_or_by_the_run_is_the_same(copy):
    file = copy.paths.build / "kalender.ics"
    before = file.read_bytes()
    file.unlink()
    assert copy.stale() != {}
    result = CliRunner().invoke(app, ["--root", str(copy.paths.root), "calendar", SIMULATED])
    assert result.exit_code == 0
    assert file.read_bytes() == before
    assert copy.stale() == {}


def test_two_runs_are_kept_out_of_one_round(copy):
    before = copy.stale()
    with locked(Store(str(copy.paths.root)), SIMULATED):
        for command in (["run", SIMULATED], ["sendout", SIMULATED], ["forget", SIMULATED, "--yes"]):
            result = CliRunner().invoke(app, ["--root", str(copy.paths.root), *command])
            told = " ".join(result.output.split())
            assert result.exit_code == 2
            assert f"another run works on this round (process {os.getpid()} on" in told
    assert copy.stale() == before == {}
    assert not (copy.paths.data / ".run.json").exists()


def test_status_tells_what_is_stale_and_why(copy):
    (copy.paths.report_folder(copy.round.municipalities[CODE]) / "rapport.html").unlink()
    settings = copy.paths.root / f"params/rounds/{SIMULATED}.yml"
    settings.write_text(
        settings.read_text("utf-8").replace(
            "bootstrap_replicates: 100", "bootstrap_replicates: 101"
        ),
        "utf-8",
    )
    result = CliRunner().invoke(app, ["--root", str(copy.paths.root), "status", SIMULATED])
    told = " ".join(result.output.split())
    assert result.exit_code == 0
    assert f"report: build/{SIMULATED}/<folder>/rapport.html was deleted: {CODE}" in told
    assert "analyse: parameters changed: models: 0161, 0482, 0563, 0707, 0741, 0825" in told


def test_records_are_closed_to_what_may_leave(copy):
    written = list((copy.paths.data / "records").rglob("*.json"))
    assert len(written) == 5 * 6 + 8
    assert all(json.loads(p.read_text("utf-8"))["package"] for p in written)
    assert not list(copy.paths.build.rglob("records"))
