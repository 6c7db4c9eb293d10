"""The same inputs give the same bytes: on one job with ordinary kernels as on two with forked ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import SIMULATED, Finished

from helpers.common.errors import SurveyError
from helpers.common.store import Store
from helpers.notebooks.kernels import COLD_VARIABLE
from helpers.pipeline.records import Snapshot, record_name
from helpers.pipeline.steps import STEPS
from helpers.pipeline.verify import verify

CODE = "0825"


def passed_off_as_made(root: Path, finished: Finished) -> str:
    """Change a report and its record, as if the step had made it so."""
    step = STEPS["report"]
    record = root / record_name(step, SIMULATED, CODE)
    content = json.loads(record.read_text("utf-8"))
    name = next(n for n in content["outputs"] if n.endswith("rapport.html"))
    (root / name).write_text("another report", "utf-8")
    content["outputs"][name] = Store(str(root)).digest(name)
    record.write_text(json.dumps(content), "utf-8")
    return name


def test_a_round_made_again_differs_in_nothing_but_what_was_slipped_in(
    finished, tmp_path, monkeypatch
):
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root, root)
    changed = passed_off_as_made(root, finished)
    with pytest.raises(SurveyError, match=f"stale: index, scan {CODE}"):
        verify(root, finished.round, jobs=1)
    for name in ("index", "scan", "scan-round"):  # they have read the changed report
        snapshot = Snapshot(Store(str(root)), finished.round)
        for record in (root / f"data/{SIMULATED}/records/{name}").iterdir():
            content = json.loads(record.read_text("utf-8"))
            content["inputs"] = snapshot.inputs(STEPS[name], record.stem)
            record.write_text(json.dumps(content), "utf-8")
    monkeypatch.setenv(COLD_VARIABLE, "1")
    verified = verify(root, finished.round, jobs=1)
    assert verified.summary.failures == []
    assert verified.different == (changed,)
    assert verified.same > 6 * 10
    assert not list((root / "data").glob(".verify-*"))


def test_a_round_that_is_not_finished_cannot_be_verified(finished, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root, root)
    shutil.rmtree(root / f"data/{SIMULATED}/records/scan-round")
    with pytest.raises(SurveyError, match="not run to the end"):
        verify(root, finished.round, jobs=1)
