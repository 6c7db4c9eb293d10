"""The cheap core of `benchmarks/reliability.py`: after a fault the next run mends the round."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from conftest import Finished

from benchmarks import reliability
from benchmarks.reliability_round import (
    ROUND,
    Bench,
    Run,
    half_written,
    prepare_extracts,
    results,
    until,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Extracts of three small municipalities, and what their samples must be."""
    return prepare_extracts(tmp_path_factory.mktemp("faults"), ("0563", "0741", "0825"), jobs=1)


@pytest.fixture
def done(finished: Finished, tmp_path: Path) -> Bench:
    """A round that has been run to the end."""
    shutil.copytree(finished.paths.root, tmp_path / "finished")
    return Bench(tmp_path, 1, {}, results(finished.paths.root), {})


def well(row: reliability.Row) -> bool:
    assert row.wrong == ()
    return row.same and row.half_written == row.left == 0


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_killed_run_is_finished_by_the_next_one(received, share):
    row = reliability.killed(
        received, "extracts", share * received.seconds["extracts"], received.planned
    )
    assert well(row)


@pytest.mark.parametrize(
    ("number", "send"), [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)]
)
def test_ctrl_c_and_sigterm_end_a_run_with_one_line(received, number, send):
    """Ctrl-C goes to the workers too, as in a terminal."""
    with received.start(received.fresh("extracts")) as run:
        assert until(lambda: run.processes("worker") or not run.lives, 60)
        send(run.process.pid, number)
        ended = run.end()
    assert (ended.status, ended.left) == (128 + number, 0)
    assert "Stopped. What is done stays done" in ended.told
    assert "Traceback" not in ended.told


def test_files_that_cannot_grow_are_told_and_nothing_is_lost(received):
    row = reliability.without_room(received, "extracts", received.planned)
    assert well(row)
    assert re.match(r"1: FAILED (\d+ municipalities \()?0", row.told), row.told


def test_a_result_cut_in_half_is_made_again(done):
    row = reliability.cut_result(done, f"data/{ROUND}/estimates/0825.parquet")
    assert well(row)
    assert "analysis 1" in row.done and row.again == "nothing"


def test_times_of_files_decide_nothing(done):
    assert all(well(row) for row in reliability.wrong_times(done))
    row = reliability.unseen_change(done)
    assert well(row)
    assert "reports 1" in row.done


def test_what_is_not_as_it_must_be_is_found(done):
    """The comparison itself: a byte, a file too many, a half-written one, and a process."""
    root = done.fresh("finished")
    (root / f"build/{ROUND}/released.csv").write_text("x", "utf-8")
    (root / f"build/{ROUND}/more.txt").write_text("x", "utf-8")
    (root / f"data/{ROUND}/sample/.0825.{17}.parquet").write_bytes(b"")
    assert reliability.different(done.finished, results(root)) == [
        f"build/{ROUND}/more.txt", f"build/{ROUND}/released.csv",
    ]  # fmt: skip
    assert half_written(root) == [f"data/{ROUND}/sample/.0825.17.parquet"]
    assert reliability.stale(root) != []
    with Run(root, "status", ROUND) as run:
        assert until(lambda: run.process.pid in run.processes("other") or not run.lives, 20)
        assert run.end().left == 0
