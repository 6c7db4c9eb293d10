"""A small simulated round to try faults on, and what can be seen of a run from outside.

Every process of a run carries a mark in its environment, so that those that outlive it can be found
in `/proc`: Linux only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from helpers.common.paths import PROJECT, Paths
from helpers.common.store import TEMPORARY_NAME, Store
from helpers.fieldwork.sendout import write_sendout
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import load_round
from helpers.pipeline.records import Snapshot
from helpers.pipeline.steps import STEPS
from simulator import write_extracts, write_responses

ROUND = "demo"
MARK = "SURVEY_RELIABILITY_RUN"
CALL = "from helpers.cli.main import main; main()"
LONGEST = 1800  # seconds until a run that does not end is given up
PATIENCE = 15  # seconds until the processes of a run that has ended must be gone
# times, times, random numbers by design, a line a run, and days
NOT_COMPARED = ("notebooks", "records", "vault", "runs.jsonl", "intake-history")


def until(condition: Callable[[], object], seconds: float) -> bool:
    """Whether the condition came true within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass(frozen=True)
class Ended:
    """How a run ended. `left`: processes of it that lived PATIENCE seconds longer."""

    status: int | None
    told: str
    seconds: float
    left: int

    @property
    def made(self) -> dict[str, int]:
        """Stage → how many it made or tried to make, as the run told it."""
        counts: Counter[str] = Counter()
        line = re.compile(r"\d\d:\d\d:\d\d (.+): (\d+) of (\d+)(.*)")
        for stage, done, _, more in line.findall(self.told):
            unchanged = re.search(r"(\d+) unchanged", more)
            counts[stage] = int(done) - int(unchanged[1] if unchanged else 0)
        return {stage: n for stage, n in counts.items() if n}


class Run:
    """A `survey` command that has been started, as from a terminal of its own.

    `file_bytes`: the largest file that it, and all it starts, may write.
    """

    def __init__(self, root: Path, *arguments: str, file_bytes: int | None = None) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = Path(tempfile.mkdtemp(prefix="faults-"))
        self._told = self.temporary / "told.txt"  # no pipe: nobody need read while it runs
        command = [sys.executable, "-c", CALL, "--root", str(root), *arguments]
        self.began = time.monotonic()
        own = {MARK: self.mark, "TMPDIR": str(self.temporary)}
        with self._told.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **own},
                start_new_session=True,
                preexec_fn=lambda: _as_from_a_terminal(file_bytes),
            )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_) -> None:
        for pid in [*self.processes(), *([self.process.pid] if self.lives else [])]:
            kill(pid)
        self.process.wait()
        shutil.rmtree(self.temporary, ignore_errors=True)

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def told(self) -> str:
        """What it has printed so far."""
        return self._told.read_text("utf-8", "replace")

    def end(self) -> Ended:
        """How it ended, waited for; a run that does not end has the status None."""
        status = self.process.returncode if until(lambda: not self.lives, LONGEST) else None
        seconds = time.monotonic() - self.began
        until(lambda: not self.processes(), PATIENCE)
        return Ended(status, self.told(), seconds, len(self.processes()))

    def processes(self, kind: str | None = None) -> list[int]:
        """The living processes of the run, or its `worker`s, `zygote`s or `kernel`s."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}".encode() in (folder / "environ").read_bytes():
                    found[int(folder.name)] = _kind(folder)
            except OSError:  # it has just ended
                continue
        return [pid for pid, its in found.items() if kind in (None, its)]


def _as_from_a_terminal(file_bytes: int | None) -> None:
    """In the new process: Ctrl-C ends it, even where this one was started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has just ended
        return


def _kind(folder: Path) -> str:
    if b"spawn_main" in (called := (folder / "cmdline").read_bytes()):
        return "worker"
    if b"helpers.notebooks.kernels" not in called:
        return "other"
    parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return "kernel" if b"helpers.notebooks.kernels" in _command(parent) else "zygote"


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def survey(root: Path, *arguments: str, **how) -> Ended:
    """A `survey` command from beginning to end."""
    with Run(root, *arguments, **how) as run:
        return run.end()


# ------------------------------------------------------------------------------------ what lies there


def results(root: Path) -> dict[str, str]:
    """Name → digest of every file of the round but executed notebooks and records; of a vault, what it
    says. Half-written and hidden files are left out."""
    found = {}
    for top in (root / "data" / ROUND, root / "build" / ROUND):
        for path in top.rglob("*"):
            name = path.relative_to(root).as_posix()
            hidden = path.name.startswith(".") or name.split("/")[2] in NOT_COMPARED
            if path.is_file() and not hidden:
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    round_ = load_round(root, ROUND)
    paths = Paths(root, ROUND)
    for code in round_.settings.participants:
        if paths.vault(code).is_file():
            said = read_vault(paths.vault(code), key_of_round(round_.settings, root), ROUND, code)
            found[f"vault of {code}"] = hashlib.sha256(said.to_csv().encode()).hexdigest()
    return found


def different(before: dict[str, str], now: dict[str, str]) -> list[str]:
    return sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))


def half_written(root: Path) -> list[str]:
    lying = [p for top in ("data", "build") for p in (root / top).rglob("*")]
    return [str(p.relative_to(root)) for p in lying if TEMPORARY_NAME.match(p.name)]


def stale(root: Path) -> list[str]:
    """Steps whose record does not fit what lies there."""
    snapshot = Snapshot(Store(str(root)), load_round(root, ROUND))
    return sorted(f"{n} {c}" for n, c in snapshot.records if snapshot.why_stale(STEPS[n], c))


# ---------------------------------------------------------------------------------------- the round


@dataclass(frozen=True)
class Bench:
    """States of a round, each a root of its own under `folder`: `extracts` have come; answers are
    `collected`, nothing analysed; `finished`. `planned` and `finished`: what must lie there after a run
    without faults from the first and from the second. `seconds`: how long the second run took.
    """

    folder: Path
    jobs: int
    planned: dict[str, str]
    finished: dict[str, str]
    seconds: dict[str, float]

    def fresh(self, state: str, name: str = "tried") -> Path:
        """The round in that state, as a root that may be spoilt."""
        root = self.folder / name
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.folder / state, root)
        return root

    def start(self, root: Path, *arguments: str, **how) -> Run:
        return Run(root, "run", ROUND, "--jobs", str(self.jobs), *arguments, **how)

    def run(self, root: Path, *arguments: str, **how) -> Ended:
        return survey(root, "run", ROUND, "--jobs", str(self.jobs), *arguments, **how)


def prepare(folder: Path, codes: Sequence[str], jobs: int) -> Bench:
    """Make the round without earlier rounds, and run it without faults to the end; raises RuntimeError
    where that fails."""
    bench = prepare_extracts(folder, codes, jobs)
    root = folder / "undisturbed"
    round_ = load_round(root, ROUND)
    for code in codes:
        write_sendout(Paths(root, ROUND), round_, code)
    write_responses(root, ROUND)
    bench.finished.update(_kept(bench, root, "collected"))
    shutil.copytree(root, folder / "finished")
    return bench


def prepare_extracts(folder: Path, codes: Sequence[str], jobs: int) -> Bench:
    """The same as far as the samples."""
    root = folder / "undisturbed"
    shutil.copytree(PROJECT / "params", root / "params")
    change(root, participants=list(codes), earlier_rounds=[], models={"bootstrap_replicates": 100})
    write_extracts(root, ROUND)
    bench = Bench(folder, jobs, {}, {}, {})
    bench.planned.update(_kept(bench, root, "extracts"))
    return bench


def _kept(bench: Bench, root: Path, state: str) -> dict[str, str]:
    """Keep the state, run from it, and tell what lies there then."""
    shutil.copytree(root, bench.folder / state)
    ended = bench.run(root)
    if ended.status != 0:
        raise RuntimeError(f"the round does not run without faults:\n{ended.told}")
    bench.seconds[state] = ended.seconds
    return results(root)


def change(root: Path, **settings: object) -> None:
    """Put settings into the round's file; a mapping's entries are put into what is there."""
    path = root / f"params/rounds/{ROUND}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    for name, value in settings.items():
        old = content.get(name)
        content[name] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def holder(root: Path) -> int | None:
    """Process id of the run that holds the round."""
    path = root / "data" / ROUND / ".run.json"
    return json.loads(path.read_text("utf-8"))["process"] if path.is_file() else None
