"""A scheduler and two workers as processes of their own, with working folders of their own, and the
round at an address: the same bytes, also where a worker is killed in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from conftest import SIMULATED, Finished
from distributed import Client, Lock

from helpers.common.store import Store
from helpers.pipeline import engine
from helpers.pipeline.records import Snapshot

PATIENCE_SECONDS = 600  # of a whole run on a busy machine
SURVEY = [sys.executable, "-c", "from helpers.cli.main import main; main()"]
UPSTREAM = ("intake", "intake-record", "plan", "collect")


@contextmanager
def process(*call: object, folder: Path) -> Iterator[subprocess.Popen]:
    """A process that is ended with the test."""
    folder.mkdir(parents=True)
    with open(folder / "log", "wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", *map(str, call)], cwd=folder, stdout=log, stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        try:
            yield started
        finally:
            started.kill()
            started.wait()


def wait_for(there: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not there.exists():
        assert time.monotonic() < until, f"{there} has not come"
        time.sleep(0.1)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """The scheduler's address, and the workers' processes."""
    file = folder / "scheduler.json"
    with ExitStack() as open_:
        start = open_.enter_context
        start(process("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                      "--no-dashboard", "--scheduler-file", file, folder=folder / "scheduler"))  # fmt: skip
        wait_for(file)
        started = [
            start(
                process(
                    "distributed.cli.dask_worker",
                    "--scheduler-file",
                    file,
                    "--nthreads",
                    "1",
                    "--no-nanny",
                    "--no-dashboard",
                    "--memory-limit",
                    "0",
                    "--local-directory",
                    ".",
                    folder=folder / f"worker-{i}",
                )
            )
            for i in range(workers)
        ]
        address = Store(str(folder)).read_text("scheduler.json").split('"address": "')[1]
        yield address.split('"')[0], started


def made(root: str, finished: Finished) -> dict[str, str]:
    """Name → digest of what the steps have made, executed notebooks apart."""
    snapshot = Snapshot(Store(root), finished.round)
    return {n: d for r in snapshot.records.values() for n, d in r.outputs.items()
            if "/notebooks/" not in n}  # fmt: skip


def collected_only(finished: Finished, root: Path) -> None:
    """The round as it was when the answers had come, before the analysis."""
    shutil.copytree(finished.paths.root, root)
    shutil.rmtree(root / "build" / SIMULATED)
    data = root / "data" / SIMULATED
    for folder in (data / "estimates", data / "weighted"):
        shutil.rmtree(folder)
    for notebook in (data / "notebooks").iterdir():
        if "sampling-plan" not in notebook.name:
            notebook.unlink()
    for folder in (data / "records").iterdir():
        if folder.name not in UPSTREAM:
            shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are ended by POSIX signals here")
def test_two_workers_elsewhere_give_the_same_bytes_also_when_one_is_killed(finished, tmp_path):
    shared = tmp_path / "shared"
    collected_only(finished, shared)
    address = f"file://{shared}"
    with cluster(tmp_path / "cluster", 2) as (scheduler, workers):
        call = [*SURVEY, "--root", address, "run", SIMULATED, "--scheduler", scheduler]
        with Client(scheduler), Lock(f"{address} {SIMULATED}"):
            second = subprocess.run(call, capture_output=True, text=True)
            assert second.returncode == 2
            assert "another run works on this round" in " ".join(second.stdout.split())
        run = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        wait_for(shared / f"data/{SIMULATED}/records/report")
        workers[0].send_signal(signal.SIGKILL)
        told, _ = run.communicate(timeout=PATIENCE_SECONDS)
        assert run.returncode == 0, told
        assert workers[1].poll() is None
    assert made(address, finished) == made(str(finished.paths.root), finished)
    assert "sampling plan: 6 of 6, 6 unchanged" in told
    assert "dashboard" not in told
    assert not [p for p in shared.rglob(".*") if p.name not in {".lock"}], "nothing half-written"
    folders = [p for p in (tmp_path / "cluster").rglob("survey") if p.is_dir()]
    assert all(p.stat().st_mode & 0o077 == 0 for f in folders for p in f.iterdir())


def test_a_scheduler_that_does_not_answer_is_told(finished, tmp_path):
    collected_only(finished, tmp_path / "root")
    call = ["--root", str(tmp_path / "root"), "run", SIMULATED, "--scheduler", "tcp://127.0.0.1:1"]
    result = subprocess.run([*SURVEY, *call], capture_output=True, text=True)
    assert result.returncode == 2
    assert "no scheduler answers at »tcp://127.0.0.1:1«" in " ".join(result.stdout.split())


def test_working_folders_of_killed_runs_are_swept_and_no_others(tmp_path, monkeypatch):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone, *kept = (
        tmp_path / f"{engine.FOLDER}{name}"
        for name in (f"{dead.pid}-x", f"{os.getpid()}-x", "notes-x")
    )
    for folder in (gone, *kept):
        (folder / "survey").mkdir(parents=True)
    with engine.Workers(1) as workers:
        assert workers.count == 1
        assert not gone.exists()
        assert len(list(tmp_path.glob(f"{engine.FOLDER}{os.getpid()}-*"))) == 2
    assert sorted(tmp_path.iterdir()) == sorted(kept)
