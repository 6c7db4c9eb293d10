"""A run's line is written however the run ends, is only ever added, and makes nothing stale."""

from __future__ import annotations

import json

import pytest
from conftest import SIMULATED

from helpers.common.errors import ParameterError, SurveyError
from helpers.common.journal import append_line, read_lines
from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.pipeline import run_log
from helpers.pipeline.records import Snapshot
from helpers.pipeline.run import Failure, Summary
from helpers.pipeline.run_log import logged, runs_file
from helpers.pipeline.steps import STEPS

ROUND = "2024-foraar"


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path))


def lines(store) -> list[dict]:
    return read_lines(runs_file(Paths(store.folder, ROUND)))


def summary() -> Summary:
    return Summary(
        seconds={"intake": 1.2345, "plan": 2.0},
        done={"intake": 5, "plan": 4},
        unchanged={"intake": 3, "plan": 0},
        failures=[Failure("0825", "intake", "x"), Failure("0825", "intake", "y")],
    )


def test_a_line_tells_stages_made_unchanged_and_failed(store):
    with logged(store, ROUND, ["intake", "plan"], summary()):
        pass
    [line] = lines(store)
    assert line["stages"] == {
        "intake": {"seconds": 1.23, "done": 2, "unchanged": 3, "failed": 1},
        "plan": {"seconds": 2.0, "done": 4, "unchanged": 0, "failed": 0},
    }
    assert line["outcome"] == "failed"
    assert line["asked"] == ["intake", "plan"]
    assert line["begun"] <= line["ended"]
    assert "+" in line["version"]


@pytest.mark.parametrize(
    "error, outcome",
    [
        (None, "done"),
        (SurveyError("x", "y"), "failed"),
        (OSError("full"), "failed"),
        (KeyboardInterrupt(), "interrupted"),
        (SystemExit(143), "interrupted"),
    ],
)
def test_how_a_run_ended(store, error, outcome):
    if error is None:
        with logged(store, ROUND, ["plan"], Summary()):
            pass
    else:
        with pytest.raises(type(error)), logged(store, ROUND, ["plan"], Summary()):
            raise error
    assert [line["outcome"] for line in lines(store)] == [outcome]


def test_a_wrong_call_is_no_run(store):
    with pytest.raises(ParameterError), logged(store, ROUND, ["plan"], Summary()):
        raise ParameterError("--scheduler", "no answer")
    assert not runs_file(Paths(store.folder, ROUND)).exists()


def test_lines_are_added_and_a_half_one_costs_no_other(store):
    path = runs_file(Paths(store.folder, ROUND))
    for stage in ("intake", "plan"):
        with logged(store, ROUND, [stage], Summary()):
            pass
    with open(path, "ab") as file:
        file.write(b'{"begun": "20')  # killed in the middle
    with logged(store, ROUND, ["release"], Summary()):
        pass
    assert [line["asked"] for line in lines(store)] == [["intake"], ["plan"], ["release"]]


def test_at_an_address_the_line_is_added_too(tmp_path):
    store = Store(f"file://{tmp_path}")
    for stage in ("intake", "plan"):
        with logged(store, ROUND, [stage], Summary()):
            pass
    read = read_lines(runs_file(Paths(tmp_path, ROUND)))
    assert [line["asked"] for line in read] == [["intake"], ["plan"]]


def test_a_line_that_cannot_be_written_is_told_and_hides_no_error(store, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_log, "append", full)
    told = Summary()
    with pytest.raises(SurveyError, match="the cause"), logged(store, ROUND, ["plan"], told):
        raise SurveyError("x", "the cause")
    assert told.notes == ["This run has no line in runs.jsonl: No space left on device."]


def test_no_file_has_no_lines(tmp_path):
    assert read_lines(tmp_path / "runs.jsonl") == []


def test_append_makes_the_folder(tmp_path):
    append_line(tmp_path / "a" / "b.jsonl", json.dumps({"æ": 1}, ensure_ascii=False))
    assert read_lines(tmp_path / "a" / "b.jsonl") == [{"æ": 1}]


def test_the_runs_of_a_round_are_logged_and_nothing_is_stale_by_it(finished):
    runs = read_lines(runs_file(finished.paths))[:2]  # other tests run it again
    assert [set(run["stages"]) for run in runs] == [
        {"intake", "plan"},
        {"intake", "plan", "analyse", "release", "report", "national", "scan"},
    ]
    assert [run["outcome"] for run in runs] == ["done", "done"]
    assert runs[0]["stages"]["plan"]["done"] == 6
    assert runs[1]["stages"]["plan"] | {"seconds": 0} == {
        "seconds": 0, "done": 0, "unchanged": 6, "failed": 0,
    }  # fmt: skip
    assert not list(finished.paths.build.rglob("*.jsonl"))
    snapshot = Snapshot(Store(str(finished.paths.root)), finished.round)
    stale = {key: snapshot.why_stale(STEPS[key[0]], key[1]) for key in snapshot.records}
    assert not {key: why for key, why in stale.items() if why}
    assert f"data/{SIMULATED}/runs.jsonl" not in {
        n for r in snapshot.records.values() for n in {*r.inputs, *r.outputs}
    }
