"""What is stale and why, after each kind of change to a finished round; and what a run then does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import yaml
from conftest import SIMULATED, Finished
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.lock import locked
from helpers.common.paths import PACKAGE, PROJECT, Paths
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round, load_round
from helpers.pipeline import engine, records
from helpers.pipeline.code import Code
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


def test_other_libraries_rerun_everything(copy, monkeypatch):
    monkeypatch.setattr(records, "library_digest", lambda: "another")
    stale = copy.stale()
    assert len(stale) == sum(1 if step.whole_round else 6 for step in STEPS.values())
    assert {len(reasons) for reasons in stale.values()} == {1}


class OtherCode(Code):
    """The code as it lies, but for what the step `scan` uses."""

    def digest(self) -> str:
        return "another"

    def of(self, step):
        return super().of(step) | ({"scan": "another"} if step.name == "scan" else {})


def test_other_code_reruns_the_steps_that_use_it_and_renews_the_other_records(copy, monkeypatch):
    monkeypatch.setattr(records, "Code", OtherCode)
    monkeypatch.setattr(engine, "Code", OtherCode)
    stale = copy.stale()
    assert set(stale) == {f"scan {c}" for c in copy.round.settings.participants}
    assert {reason for reasons in stale.values() for reason in reasons} == {"code changed: scan"}
    kept = copy.paths.root / records.record_name(STEPS["plan"], SIMULATED, CODE)
    assert json.loads(kept.read_text("utf-8"))["package"] != "another"
    assert run_round(copy.paths.root, copy.round, stages=["plan"]).failures == []
    assert json.loads(kept.read_text("utf-8"))["package"] == "another", "known without parsing"


def test_a_step_whose_code_changes_while_it_runs_leaves_no_record(copy, monkeypatch):
    step = STEPS["calendar"]
    snapshot = Snapshot(Store(str(copy.paths.root)), copy.round)
    task = engine.Task(
        step, WHOLE_ROUND, copy.round, snapshot.store, snapshot.files(step, WHOLE_ROUND),
        snapshot.inputs(step, WHOLE_ROUND), parameter_digests(step, copy.round, WHOLE_ROUND),
        snapshot.code(step),
    )  # fmt: skip
    assert engine.perform(task).record is not None
    seen = iter([True, False])
    monkeypatch.setattr(engine, "_has_code_of", lambda task: next(seen))
    assert engine.perform(task).record is None


def _new_rules(params: Path) -> None:
    shutil.copy(params / "classification/2024.csv", params / "classification/2027.csv")


def _new_layout(params: Path) -> None:
    text = (params / "extract-formats/standard.yml").read_text("utf-8")
    for old, new in (("standard\n", "ny\n"), ("[CPR-nr., CPR-nummer, CPR]", "[Borgernr.]")):
        assert old in text
        text = text.replace(old, new)
    (params / "extract-formats/ny.yml").write_text(text, "utf-8")


def _edited(path: str, old: str, new: str):
    def change(params: Path) -> None:
        text = (params / path).read_text("utf-8")
        assert old in text, path
        (params / path).write_text(text.replace(old, new, 1), "utf-8")

    return change


def _added(path: str, more: str):
    return lambda params: (params / path).write_text(
        (params / path).read_text("utf-8") + more, "utf-8"
    )


LOOKING_BACK = {"release", "report", "national", "star", "index"}


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        (_new_rules, set()),
        (_new_layout, set()),
        (_added("questionnaires/scales.csv", "hyppighed,1,Aldrig\nhyppighed,2,Sjældent\nhyppighed,3,Nogle gange\n"
                "hyppighed,4,Ofte\nhyppighed,5,Altid\nhyppighed,6,Ved ikke\n"), set()),
        (_added(f"rounds/{SIMULATED}.yml", "# a remark\n"), set()),
        (_added("rounds/demo-2023.yml", "# a remark\n"), set()),
        (_edited("rounds/demo-2023.yml", "retention_until: ", "retention_until: 2032-01-01 #"), set()),
        (_edited("rounds/demo-2023.yml", "piloten 2023", "prøven 2023"), LOOKING_BACK),
        (_edited("classification/2023-pilot.csv", "pilotens dataindsamling", "pilotens indsamling"), {"intake", *LOOKING_BACK}),
    ],
)  # fmt: skip
def test_of_params_only_what_the_round_uses_counts(copy, change, steps):
    change(copy.paths.root / "params")
    stale = copy.stale(load_round(copy.paths.root, SIMULATED))
    assert {name.split()[0] for name in stale} == steps, stale


def test_a_layout_concerns_the_municipalities_that_were_read_by_it(copy):
    layouts = {
        code: json.loads(copy.paths.intake_of(code).read_text("utf-8"))["taken_in"]["counts"][
            "layout"
        ]
        for code in copy.round.settings.participants
    }
    assert len(set(layouts.values())) > 1
    for name in set(layouts.values()):
        formats = tuple(
            f.model_copy(update={"yes_words": (*f.yes_words, "jaja")}) if f.layout == name else f
            for f in copy.round.formats
        )
        stale = copy.stale(copy.round.model_copy(update={"formats": formats}))
        assert set(stale) == {
            f"intake {code}" for code, layout in layouts.items() if layout == name
        }
    others = tuple(
        f.model_copy(update={"encodings": ("utf-16", *f.encodings)}) for f in copy.round.formats
    )  # in which a text file is tried: all layouts' together
    stale = copy.stale(copy.round.model_copy(update={"formats": others}))
    assert set(stale) == {f"intake {code}" for code in layouts}


TRACE = """
import os, sys
SEEN, OURS = set(), os.environ.get("SURVEY_TRACED")

def called(frame, event, argument):
    code = frame.f_code
    if event == "call" and code.co_flags & 1 and code not in SEEN:  # a function, no module or class
        SEEN.add(code)
        if code.co_filename.startswith(OURS):
            tell(f"ran {code.co_filename} {code.co_qualname}")

def opened(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0] not in SEEN:
        SEEN.add(arguments[0])
        if arguments[0].startswith(os.environ["SURVEY_PROJECT"]):
            tell(f"read {arguments[0]}")

def tell(line):
    with open(os.environ["SURVEY_TOLD"], "a") as told:
        told.write(line + "\\n")

def begin():
    sys.addaudithook(opened)
    sys.setprofile(called)

if os.environ.get("SURVEY_COLD_KERNELS") and "ipykernel_launcher" in " ".join(sys.orig_argv):
    begin()
"""
PERFORM = """
import sys
from importlib import import_module
from pathlib import Path
import sitecustomize
from helpers.common.paths import PACKAGE, PROJECT, Paths
from helpers.parameters.params import load_round
from helpers.pipeline.steps import STEPS

root, step, *code = Path(sys.argv[1]), STEPS[sys.argv[2]], *sys.argv[3:]
module, _, name = step.function.partition(":")
round_ = load_round(root, "demo")
function = getattr(import_module(module), name)
sitecustomize.begin()
function(Paths(root, "demo"), round_, *code, **({"failed": []} if step.arguments else {}))
sys.setprofile(None)
"""


@pytest.mark.parametrize("name", list(STEPS))
def test_what_a_step_really_runs_and_reads_is_among_what_it_is_said_to_use(copy, tmp_path, name):
    """The source is read without running it; here it is run, and watched."""
    step, told = STEPS[name], tmp_path / "told"
    (tmp_path / "sitecustomize.py").write_text(TRACE)
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path), "SURVEY_TRACED": str(PACKAGE), "SURVEY_PROJECT": str(PROJECT),
        "SURVEY_TOLD": str(told), "SURVEY_COLD_KERNELS": "1", "SURVEY_ROOT": str(copy.paths.root),
    }  # fmt: skip
    code = [] if step.whole_round else [CODE]
    call = [sys.executable, "-c", PERFORM, str(copy.paths.root), name, *code]
    subprocess.run(call, env=environment, check=True, capture_output=True, text=True)
    lines = [line.split(" ") for line in told.read_text("utf-8").splitlines()]
    reached = Code().reached(step)
    known = {f"{module}.{name}" for module, parts in reached for p in parts for name in p.binds}
    ran = {
        f"{_module(words[1])}.{words[2].split('.')[0]}"
        for words in lines
        if words[0] == "ran" and "/assets/" not in words[1]
    }  # compiled templates
    assert len(ran) > 5
    assert sorted(n for n in ran - known if "<" not in n) == []
    used = Code().of(step)
    read = {Path(words[1]).relative_to(PROJECT).as_posix() for words in lines if words[0] == "read"}
    sources = {n for n in read if n.startswith(("notebooks/", "reports/", "_quarto"))}
    assert sources <= set(step.sources)
    assets = {Path(n).relative_to("src/helpers").parts[:2] for n in read if "/assets/" in n}
    assert {"/".join(folder) for folder in assets} <= set(used)


def _module(path: str) -> str:
    inside = Path(path).relative_to(PACKAGE.parent).with_suffix("")
    return ".".join(inside.parts).removesuffix(".__init__")


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
        parameter_digests(step, changed, CODE), snapshot.code(step),
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
