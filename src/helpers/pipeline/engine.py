"""Dask workers that perform steps: on this machine, or wherever a scheduler has them.

Workers of this machine are started when the first step has something to do, talk over loopback under
certificates made for the run, and end with it however it ends. A task carries all it needs; a worker
that dies loses its task to another one, which does it from the beginning.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import resource_tracker
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.common.errors import ParameterError, SurveyError, file_error
from helpers.common.lock import in_use
from helpers.common.outcome import StepOutcome
from helpers.common.paths import KEEP_VARIABLE, PACKAGE, REDRAW_VARIABLE, ROOT_VARIABLE, Paths
from helpers.common.store import Mirror, Store, by_folder, matching
from helpers.parameters.params import Round
from helpers.pipeline.code import Code, package_digest
from helpers.pipeline.records import Record, library_digest, record_name
from helpers.pipeline.steps import PARAMETERS, RENDERER, Step, filled, parameter_digests

if TYPE_CHECKING:
    from distributed import Client, Future

FOLDER = "survey-run-"  # with the run's process id: the workers' working folders
PATIENCE_SECONDS = 10  # for a scheduler to answer
ALLOWED_DEATHS = 3  # workers that a task may take along before it is given up
# jsonschema, where nbformat checks notebooks, would build a grammar of international web addresses
# when imported: two seconds a worker, for a form that no notebook's schema asks for. It does without
# where the grammar cannot be imported.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Task:
    """One step for one municipality (or the whole round), with all that a worker must know."""

    step: Step
    code: str
    round: Round
    store: Store
    files: dict[str, str]  # name → signature of what the step reads and needs
    inputs: dict[str, str]  # name → digest of what decides its result
    parameters: dict[str, str]
    code_digests: dict[str, str] = field(default_factory=dict)  # of what the step uses
    arguments: dict[str, object] = field(default_factory=dict)
    redraw: bool = False
    keep: str = ""  # a decision to keep the frozen sample, as `plan.Decision` in JSON
    package: str = field(default_factory=package_digest)
    libraries: str = field(default_factory=library_digest)


@dataclass(frozen=True)
class Done:
    """How a task went: what it told, and its record; without one the step runs again next time."""

    outcome: StepOutcome
    record: Record | None


_mirrors: dict[str, Mirror] = {}
_one_at_a_time = threading.Lock()  # the root is told to notebooks by the environment


def perform(task: Task) -> Done:
    """Run a step where its files are, and leave its results and its record in the store."""
    other = [] if _has_code_of(task) else ["code"]
    other += [] if library_digest() == task.libraries else ["libraries"]
    other += [] if _has_renderer_of(task) else ["renderer"]
    if other:
        raise SurveyError(
            "worker",
            f"has another version of the step's {' and '.join(other)} than the run began with",
            "the same commit, requirements.lock and Quarto everywhere, and no change while a run works",
            "Install the same version on all workers, then run again.",
        )
    with _one_at_a_time:
        here = task.store.folder
        mirror = _mirror(task.store) if here is None else None
        root = mirror.folder if mirror else Path(here or "")
        if mirror:
            step = task.step
            patterns = step.reads + step.needs + step.carries + step.makes
            mirror.fetch(task.files, [*filled(patterns, task.round, task.code), PARAMETERS])
        os.environ[ROOT_VARIABLE] = str(root)
        os.environ[REDRAW_VARIABLE] = "1" if task.redraw else "0"
        os.environ[KEEP_VARIABLE] = task.keep
        try:
            outcome = _call(task, root)
        except SurveyError:
            if mirror:  # a refused file has left a line in what the step brings up to date
                mirror.put_back(_carried(task, root))
            raise
        return Done(outcome, _recorded(task, outcome, root, mirror))


def _has_code_of(task: Task) -> bool:
    """Whether what lies here is the code that the step is to be run with, by what counts for the step
    where it is not the same to the byte."""
    code = Code()
    return code.digest() == task.package or code.of(task.step) == task.code_digests


def _has_renderer_of(task: Task) -> bool:
    """Whether this machine typesets by what the run began with."""
    own = parameter_digests(task.step, task.round, task.code) if task.step.typesets else {}
    return own.get(RENDERER) == task.parameters.get(RENDERER)


def _carried(task: Task, root: Path) -> list[str]:
    """Names of the files that the step brings up to date, as far as they are there."""
    return list(Store(str(root)).find(filled(task.step.carries, task.round, task.code)))


def _call(task: Task, root: Path) -> StepOutcome:
    module, _, name = task.step.function.partition(":")
    function = getattr(import_module(module), name)
    own = () if task.step.whole_round else (task.code,)
    return function(Paths(root, task.round.id), task.round, *own, **task.arguments) or StepOutcome()


def _recorded(task: Task, outcome: StepOutcome, root: Path, mirror: Mirror | None) -> Record | None:
    here = Store(str(root))
    patterns = list(filled(task.step.makes, task.round, task.code))
    made = here.find(patterns)
    outputs = {n: here.digest(n) for n in made}
    if mirror:
        mirror.put_back([*made, *_carried(task, root)])
        for name in set(matching(by_folder(task.files), patterns)) - made.keys():
            task.store.remove(name)
    if outcome.failures or not _has_code_of(task):
        return None  # code changed while it ran: nobody knows what made it
    record = Record(
        task.package,
        task.code_digests,
        task.libraries,
        _used(task, outcome),
        task.inputs,
        outputs,
        {n: s for n, s in task.files.items() if n in task.inputs}
        | {n: mirror.held[n] if mirror else made[n] for n in made},
        list(outcome.notes),
        outcome.found,
    )
    task.store.write_text(record_name(task.step, task.round.id, task.code), record.as_text())
    return record


def _used(task: Task, outcome: StepOutcome) -> dict[str, str]:
    """The parameters that made the result: of those that stand by name, the ones that the step found
    use for, where it tells them."""
    unused = {
        f"{kind}.{name}"
        for kind, used in outcome.found.get("used", {}).items()
        for name in (n.partition(".")[2] for n in task.parameters if n.startswith(f"{kind}."))
        if name not in used
    }
    return {n: digest for n, digest in task.parameters.items() if n not in unused}


def _mirror(store: Store) -> Mirror:
    """This worker's copy of a store, in its own working folder."""
    if store.root not in _mirrors:
        name = hashlib.sha256(store.root.encode()).hexdigest()[:16]
        _mirrors[store.root] = Mirror(store, Path(_working_folder()) / "survey" / name)
    return _mirrors[store.root]


def _working_folder() -> str:
    from distributed import get_worker

    return get_worker().local_directory


# ------------------------------------------------------------------------------------------ workers


class Workers:
    """Performs tasks on Dask workers: `jobs` of this machine, or those of a scheduler's address, where
    one run at a time works on `what`."""

    def __init__(self, jobs: int, scheduler: str | None = None, what: str = "") -> None:
        self.jobs, self.scheduler, self.what = jobs, scheduler, what
        self._open = ExitStack()
        self._client: Client | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def dashboard(self) -> str | None:
        """Address of Dask's dashboard, where the scheduler has one."""
        if self._client is None or self.scheduler is None:
            return None
        there = self._client.run_on_scheduler(_has_dashboard)
        return self._client.dashboard_link if there else None

    @property
    def count(self) -> int:
        return len(self.client.scheduler_info(n_workers=-1)["workers"])

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = self._connected() if self.scheduler else self._started()
        return self._client

    def perform(self, tasks: list[Task]) -> Iterator[tuple[Task, Done | BaseException]]:
        """Each task with how it went, in the order in which they end."""
        if not tasks:
            return
        from distributed import as_completed

        run = uuid.uuid4().hex[:8]
        futures = {
            self.client.submit(perform, t, key=f"{t.step.name}-{t.code}-{run}", pure=False): t
            for t in tasks
        }
        for future in as_completed(futures):
            task = futures.pop(future)
            yield task, future.result() if future.status == "finished" else _error(future)

    def _connected(self) -> Client:
        from distributed import Client, Lock

        try:
            client = self._open.enter_context(
                Client(self.scheduler, timeout=f"{PATIENCE_SECONDS}s")
            )
        except (OSError, ValueError, TimeoutError) as e:
            raise ParameterError(
                "--scheduler",
                f"no scheduler answers at »{self.scheduler}« ({type(e).__name__})",
                "the address that `dask scheduler` tells, as tcp://host:8786",
                "Start it and its workers, or leave --scheduler out.",
            ) from e
        lock = Lock(self.what)
        if not lock.acquire(timeout=f"{PATIENCE_SECONDS}s"):
            raise in_use(self.what, f" through {self.scheduler}")
        self._open.callback(lock.release)
        return client

    def _started(self) -> Client:
        import dask
        from distributed import Client, LocalCluster

        from helpers.notebooks.kernels import ONE_THREAD

        _sweep_folders_of_the_dead()
        folder = self._open.enter_context(
            tempfile.TemporaryDirectory(
                prefix=f"{FOLDER}{os.getpid()}-", ignore_cleanup_errors=True
            )
        )
        settings = {
            "temporary-directory": folder,
            "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
            "distributed.worker.memory.terminate": False,  # a kernel's memory has a limit of its own
            "distributed.scheduler.http.routes": [],  # nothing to look at from outside
            "distributed.worker.http.routes": [],
        }
        self._open.enter_context(dask.config.set(settings))
        with _deaf_to_ctrl_c():
            cluster = self._open.enter_context(
                LocalCluster(
                    n_workers=self.jobs,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    security=True,  # other users of the machine cannot talk to the workers
                    dashboard_address="127.0.0.1:0",
                    env=dict.fromkeys(ONE_THREAD, "1"),
                    local_directory=folder,
                    memory_limit=0,
                    silence_logs=50,
                )
            )
        return self._open.enter_context(Client(cluster))


def _has_dashboard() -> bool:
    """In the scheduler: whether pages are served, for which Bokeh must be installed."""
    return "distributed.dashboard.scheduler" in sys.modules


def _sweep_folders_of_the_dead() -> None:
    """Remove working folders of runs that were killed: a mirror in them may hold persons' rows."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*-*"):
        pid = folder.name.removeprefix(FOLDER).split("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Threads and processes started within do not get a terminal's Ctrl-C: the run does, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # to start it, multiprocessing would take the mask off again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _error(future: Future) -> BaseException:
    error = future.exception() if future.status == "error" else None
    return error or SurveyError(
        "scheduler",
        "gave up the task or went away",
        "a scheduler that lives until the run ends",
        "Run again: what is done stays done.",
    )


def cause(error: BaseException) -> str:
    """What to tell: a SurveyError tells itself; anything else is a fault of ours, with its place.

    The message of an unforeseen error is left out: it might quote a cell.
    """
    if isinstance(error, SurveyError):
        return str(error)
    if type(error).__name__ == "KilledWorker":
        return (
            "its worker process died again and again (out of memory?). Run again with fewer --jobs."
        )
    if isinstance(error, OSError) and error.errno is not None:
        return str(file_error(error))
    frames = list(traceback.extract_tb(error.__traceback__))
    own = [f for f in frames if PACKAGE in Path(f.filename).parents]
    frames = own or frames  # where we called a library, rather than where in it that ended
    behind = getattr(error, "__cause__", None)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "?"
    hint = f" ({type(behind).__name__})" if behind else ""
    return f"unforeseen {type(error).__name__}{hint} at {place}. Report it with the log."
