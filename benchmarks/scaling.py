"""One worker and two, as processes of their own with the round at an address: docs/scaling.md.

    python -m benchmarks.scaling --write

Needs a finished simulated round (`make demo`) and Linux; works in copies of it. A scheduler and
workers on loopback, each with a working folder of its own, run a round of some municipalities; what
they note gives the seconds a step takes, and the bytes fetched and put back.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.performance import about
from benchmarks.performance_accounting import PRELOAD, CallFailed, Noted, read_notes
from benchmarks.performance_rounds import (
    SURVEY,
    NotFinished,
    copy_round,
    finished_round,
    run,
)
from benchmarks.performance_worker import MEASURES
from benchmarks.scaling_figures import Cluster, Fixed, Scaling, as_markdown
from helpers.common.paths import PROJECT, Paths
from helpers.notebooks.kernels import ONE_THREAD
from helpers.parameters.params import Round

DOCUMENT = PROJECT / "docs" / "scaling.md"
PER_MUNICIPALITY = ("plan", "analyse", "report")
PATIENCE_SECONDS = 300  # until the scheduler has told its address
COUNTED = 200_000_000  # a few seconds of one core


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, Path]]:
    """A scheduler and workers as the document says to start them; its address, and the notes' folder."""
    notes, file = folder / "notes", folder / "scheduler.json"
    notes.mkdir(parents=True)
    environment = {
        **os.environ, **dict.fromkeys(ONE_THREAD, "1"), MEASURES: str(notes),
        "PYTHONPATH": str(PROJECT / "src"), "DASK_DISTRIBUTED__WORKER__PRELOAD": str(PRELOAD),
    }  # fmt: skip
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", str(file)]  # fmt: skip
    worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard",
              "--memory-limit", "0", "--local-directory", "."]  # fmt: skip
    with ExitStack() as open_:
        open_.enter_context(_process(scheduler, folder / "scheduler", environment))
        until = time.monotonic() + PATIENCE_SECONDS
        while not file.exists():
            if time.monotonic() > until:
                raise CallFailed("the scheduler has not told its address")
            time.sleep(0.1)
        for i in range(workers):
            open_.enter_context(_process(worker, folder / f"worker-{i}", environment))
        yield json.loads(file.read_text())["address"], notes


@contextmanager
def _process(call: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    folder.mkdir()
    with open(folder / "log", "wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "dask", *call],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            started.terminate()
            started.wait()


def remote_run(root: Path, round_: Round, scheduler: str, *options: str) -> float:
    """Wall seconds of one `survey run` on the cluster, the root at a file:// address."""
    call = [
        *SURVEY,
        "--root",
        f"file://{root}",
        "run",
        round_.id,
        "--scheduler",
        scheduler,
        *options,
    ]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    began = time.perf_counter()
    ended = subprocess.run(call, cwd=PROJECT, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise CallFailed(ended.stdout + ended.stderr)
    return time.perf_counter() - began


def measure_clusters(
    source: Path,
    folder: Path,
    finished: Round,
    codes: list[str],
    sizes: tuple[int, ...],
    repeats: int,
) -> tuple[list[Cluster], float]:
    """Clusters of so many workers, all alive at the same time. A whole run on each first (workers with
    empty folders: the bytes, the start), then each notebook stage again on one after the other, in
    turns: what else the machine does, or its host, falls on all of them. Medians of the repeats; and
    the median of what the machine's cores gave in between (`of_two_cores`)."""
    cores = []
    with ExitStack() as open_:
        there = [
            _Started(source, folder / str(workers), finished, codes, workers, open_)
            for workers in sizes
        ]
        for i in range(repeats):
            for stage in PER_MUNICIPALITY:
                for one in there if i % 2 == 0 else reversed(there):
                    one.measure(stage)
                cores.append(of_two_cores())
        return [one.told() for one in there], float(np.median(cores))


def of_two_cores() -> float:
    """How many times as fast two processes that only count, and share nothing, do a job as one does: 2
    where two cores are there for it, less where they are one core's threads or a host's to take away."""
    one, two = (_counting(processes) for processes in (1, 2))
    return one / two


def _counting(processes: int) -> float:
    call = [sys.executable, "-c", f"sum(range({COUNTED // processes}))"]
    began = time.perf_counter()
    for started in [subprocess.Popen(call) for _ in range(processes)]:
        if started.wait():
            raise CallFailed("a process that counts has failed")
    return time.perf_counter() - began


class _Started:
    """A cluster that has run the round once, and what its stages took since."""

    def __init__(self, source, folder, finished, codes, workers, open_: ExitStack) -> None:
        self.root, self.codes, self.workers = folder / "shared", codes, workers
        self.round = copy_round(source, self.root, finished, codes)
        forget_results(Paths(self.root, self.round.id))
        self.scheduler, self.notes = open_.enter_context(cluster(folder / "cluster", workers))
        _wait_for(self.scheduler, workers)
        remote_run(self.root, self.round, self.scheduler)
        self.first = read_notes(self.notes)
        self.calls: dict[str, list[float]] = {stage: [] for stage in PER_MUNICIPALITY}
        self.spans: dict[str, list[float]] = {stage: [] for stage in PER_MUNICIPALITY}
        self.seconds: dict[str, list[float]] = {stage: [] for stage in PER_MUNICIPALITY}

    def measure(self, stage: str) -> None:
        before = set(read_notes(self.notes))
        self.calls[stage].append(
            remote_run(self.root, self.round, self.scheduler, "--stage", stage, "--again")
        )
        own = [n for n in set(read_notes(self.notes)) - before if n.name == stage]
        if len(own) != len(self.codes):
            raise CallFailed(f"{stage}: {len(own)} of {len(self.codes)} municipalities were noted")
        self.spans[stage].append(max(n.began + n.wall for n in own) - min(n.began for n in own))
        self.seconds[stage].append(float(np.mean([n.wall for n in own])))

    def told(self) -> Cluster:
        medians = (
            {stage: float(np.median(v)) for stage, v in found.items()}
            for found in (self.calls, self.spans, self.seconds)
        )
        others = _others(self.first, len(self.codes))
        return Cluster(self.workers, len(self.codes), *medians, *_traffic(self.first), others)


def forget_results(paths: Paths) -> None:
    """Leave a round as it was when the answers had come; samples are drawn and stay."""
    for folder in (
        paths.build,
        *(paths.data / n for n in ("estimates", "weighted", "notebooks", "records")),
    ):
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(scheduler: str, workers: int) -> None:
    from distributed import Client

    with Client(scheduler, timeout=PATIENCE_SECONDS) as client:
        client.wait_for_workers(workers, timeout=PATIENCE_SECONDS)


def _traffic(noted: tuple[Noted, ...]) -> tuple[int, int]:
    """Bytes fetched and put."""
    return tuple(sum(n.bytes for n in noted if n.name == name) for name in ("fetch", "put"))


def _others(noted: tuple[Noted, ...], municipalities: int) -> dict[str, float]:
    """Seconds a municipality of intake and of sharing out the answers, where they ran."""
    totals = {name: sum(n.wall for n in noted if n.name == name) for name in ("intake", "collect")}
    return {name: total / municipalities for name, total in totals.items() if total}


def measure_fixed(source: Path, folder: Path, finished: Round, sizes: list[int]) -> list[Fixed]:
    """Seconds of the steps of the whole round, by its number of municipalities and released cells."""
    found = []
    for size in sizes:
        root = folder / str(size)
        codes = list(finished.settings.participants)[:size]
        round_ = copy_round(source, root, finished, codes)
        noted = [n for stage in ("release", "national")
                 for n in run(root, round_, "--stage", stage, "--again", "--jobs", "1").noted]  # fmt: skip
        seconds = {
            n.name: n.wall for n in noted if n.name in ("release", "national", "index", "scan")
        }
        released = Paths(root, round_.id).build / "released.parquet"
        found.append(Fixed(size, len(pd.read_parquet(released, columns=["municipality"])), seconds))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--write", action="store_true", help=f"write {DOCUMENT.name}, not only print"
    )
    parser.add_argument("--root", type=Path, default=PROJECT, help="holds the finished round")
    parser.add_argument("--round", default="demo")
    parser.add_argument("--municipalities", type=int, default=12)
    parser.add_argument(
        "--sizes", default="6,24,79", help="rounds for the steps of the whole round"
    )
    parser.add_argument("--repeats", type=int, default=5, help="of each stage on each cluster")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    root = given.root.resolve()
    try:
        finished = finished_round(root, given.round)
    except NotFinished as e:
        raise SystemExit(str(e)) from e
    codes = list(finished.settings.participants)
    some = sorted(random.Random(given.seed).sample(codes, min(given.municipalities, len(codes))))
    sizes = [min(int(s), len(codes)) for s in given.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="survey-scaling-") as name:
        folder = Path(name)
        clusters, cores = measure_clusters(root, folder, finished, some, (1, 2), given.repeats)
        fixed = measure_fixed(root, folder / "fixed", finished, sizes)
    told = as_markdown(Scaling(about("scaling", given.seed), clusters, cores, fixed))
    if given.write:
        DOCUMENT.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
