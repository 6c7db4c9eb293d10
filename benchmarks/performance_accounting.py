"""What a call and all its descendants use: CPU, memory by kind of process, CPU inside notebook cells.

    python -m benchmarks.performance_accounting RESULT.json CALL …      one measured call (Linux)

Workers, zygotes and kernels are grand-children, and some outlive their parents. The process that
measures is therefore a child subreaper: orphans become its children, it waits for every one of them,
and the system's own account of waited-for children (`RUSAGE_CHILDREN`) then holds them all.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.performance_worker import MEASURES
from helpers.common.paths import PROJECT
from helpers.notebooks.kernels import ONE_THREAD
from helpers.pipeline.steps import STEPS

PR_SET_CHILD_SUBREAPER = 36
NOTEBOOK_STEPS = ("plan", "analyse", "report", "national")
PRELOAD = Path(__file__).with_name("performance_worker.py")
SAMPLED_EVERY_SECONDS = 0.2
PATIENCE_SECONDS = 60  # for orphans, after the call itself has ended
STARTUP = """
def _note_cells():
    import os, resource, time
    from pathlib import Path
    from IPython import get_ipython

    note, now = Path({folder!r}) / f"{{os.getpid()}}.txt", {{}}

    def cpu():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    def before(info):
        now["began"], now["cpu"] = time.time(), cpu()

    def after(result):
        if now:
            with note.open("a") as lines:
                lines.write(f"{{now['began']}} {{cpu() - now['cpu']}}\\n")

    events = get_ipython().events
    events.register("pre_run_cell", before)
    events.register("post_run_cell", after)

_note_cells()
"""


@dataclass(frozen=True)
class Noted:
    """What a worker did: a step (`name` and municipality), typesetting, or a file fetched or put.

    Seconds; `cpu` of the worker and of the programs that it called, without kernels; `began`: seconds
    since 1970; `bytes` of the file.
    """

    name: str
    code: str
    wall: float
    cpu: float
    began: float = 0.0
    bytes: int = 0


@dataclass(frozen=True)
class Used:
    """What a call used, in seconds; `cpu` with all descendants, `cells` of it inside notebook cells.

    `first_cell`: from the call until the first cell began. `peaks`: kind of process → the largest
    resident set in MB that any process of the kind ever had.
    """

    wall: float
    cpu: float
    cells: float = 0.0
    notebooks: int = 0
    first_cell: float | None = None
    peaks: dict[str, float] = field(default_factory=dict)
    noted: tuple[Noted, ...] = ()
    told: str = ""

    def of(self, *names: str) -> float:
        """CPU that workers noted under these names."""
        return sum(n.cpu for n in self.noted if n.name in names)

    @property
    def typesetting(self) -> float:
        return self.of("typeset")


class CallFailed(Exception):
    """A measured call ended with an error; its output is the message."""


def measure(
    call: list[str], *, environment: dict[str, str] | None = None, expected: tuple[int, ...] = (0,)
) -> Used:
    """Run a call in the project's folder and account for it. Raises CallFailed."""
    with tempfile.TemporaryDirectory(prefix="measured-") as name:
        folder = Path(name)
        cells, notes = folder / "cells", folder / "notes"
        cells.mkdir()
        notes.mkdir()
        own = {
            **os.environ,
            **dict.fromkeys(ONE_THREAD, "1"),
            "PYTHONPATH": str(PROJECT / "src"),
            "IPYTHONDIR": str(noting_profile(folder / "ipython", cells)),
            "DASK_DISTRIBUTED__WORKER__PRELOAD": str(PRELOAD),
            MEASURES: str(notes),
            **(environment or {}),
        }
        result = folder / "result.json"
        inside = [sys.executable, "-m", "benchmarks.performance_accounting", str(result), *call]
        began = time.time()
        paths = os.pathsep.join([str(PROJECT), own["PYTHONPATH"]])
        subprocess.run(inside, cwd=PROJECT, env=own | {"PYTHONPATH": paths}, check=True)
        found = json.loads(result.read_text())
        if found.pop("status") not in expected:
            raise CallFailed(f"{' '.join(call)}\n{found['told']}")
        times = [line.split() for p in cells.iterdir() for line in p.read_text().splitlines()]
        return Used(
            **found,
            cells=sum(float(cpu) for _, cpu in times),
            notebooks=len(list(cells.iterdir())),
            first_cell=min((float(at) for at, _ in times), default=began) - began
            if times
            else None,
            noted=read_notes(notes),
        )


def read_notes(folder: Path) -> tuple[Noted, ...]:
    """What the workers have noted in a folder."""
    lines = [line for p in sorted(folder.iterdir()) for line in p.read_text().splitlines()]
    return tuple(Noted(**json.loads(line)) for line in lines)


def noting_profile(folder: Path, cells: Path) -> Path:
    """An IPYTHONDIR whose kernels note in `cells`, a file each, when a cell began and its CPU."""
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-cells.py").write_text(STARTUP.format(folder=str(cells)))
    return folder


@dataclass(frozen=True)
class Split:
    """CPU seconds of the notebook stages by what they were used for."""

    total: float
    cells: float
    typesetting: float
    whole_round: float
    papermill: float

    @property
    def rest(self) -> float:
        return self.total - self.cells - self.typesetting - self.whole_round - self.papermill

    @property
    def overhead(self) -> float:
        """All that is not inside cells and no step of the whole round, by CPU inside cells."""
        return (self.papermill + self.rest + self.typesetting) / self.cells

    @property
    def overhead_without_typesetting(self) -> float:
        return (self.papermill + self.rest) / self.cells


def split(used: Used) -> Split:
    whole_round = used.of(*(STEPS.keys() - set(NOTEBOOK_STEPS)))
    papermill = used.of(*NOTEBOOK_STEPS) - used.typesetting
    return Split(used.cpu, used.cells, used.typesetting, whole_round, papermill)


# -------------------------------------------------------------------------- in a process of its own


def account(call: list[str]) -> dict:
    """Run the call as this process's only child; returns once no descendant is left."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        began = time.perf_counter()
        started = subprocess.Popen(
            call, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        peaks: dict[str, float] = defaultdict(float)
        ended = threading.Event()
        sampler = threading.Thread(target=_sample, args=(started.pid, peaks, ended))
        sampler.start()
        status = started.wait()
        wall = time.perf_counter() - began
        ended.set()
        sampler.join()
        _reap_all()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        return {
            "status": status,
            "wall": wall,
            "cpu": used.ru_utime + used.ru_stime,
            "peaks": dict(peaks),
            "told": output.read(),
        }


def _reap_all() -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > until:
                raise RuntimeError("processes are left that do not end; their CPU is not counted")
            time.sleep(0.02)


def _sample(main: int, peaks: dict[str, float], ended: threading.Event) -> None:
    """Note the peaks of this process's descendants until the call has ended."""
    me = psutil.Process()
    while not ended.wait(SAMPLED_EVERY_SECONDS):
        for process in me.children(recursive=True):
            try:
                kind = "run" if process.pid == main else _kind(process)
                peak = _peak_mb(process.pid)
            except (psutil.Error, OSError):  # it has ended
                continue
            peaks[kind] = max(peaks[kind], peak)


def _kind(process: psutil.Process) -> str:
    call = " ".join(process.cmdline())
    if "helpers.notebooks.kernels" in call:  # a forked kernel has its zygote's command line
        parent = process.parent()
        return (
            "kernel"
            if parent and "helpers.notebooks.kernels" in " ".join(parent.cmdline())
            else "zygote"
        )
    if "ipykernel" in call:
        return "kernel"
    if "spawn_main" in call or "dask_worker" in call:
        return "worker"
    return "pandoc" if "pandoc" in Path(process.name()).name else "other"


def _peak_mb(pid: int) -> float:
    """The largest resident set that the process has ever had (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0  # it has ended, and waits to be waited for


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(account(sys.argv[2:])))
