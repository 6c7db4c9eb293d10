"""A round over its municipalities: each step once per municipality, one release for all.

What is current is left alone, what is stale is made again on Dask's workers. A municipality that
fails is named with step, cause and remedy, and the others finish.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from helpers.common.lock import locked
from helpers.common.paths import close_data
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.municipality_names import participants_given
from helpers.parameters.params import Round
from helpers.pipeline.belonging import take_out
from helpers.pipeline.engine import Done, Task, Workers, cause
from helpers.pipeline.received_files import (
    exports,
    folder_named,
    notes_on_extracts,
    with_identities,
)
from helpers.pipeline.records import Snapshot, record_name
from helpers.pipeline.run_log import logged
from helpers.pipeline.steps import STAGES, STEPS, Step, parameter_digests

if TYPE_CHECKING:
    from helpers.sampling.plan import Decision

__all__ = ["STAGES", "WHOLE_ROUND", "Progress", "Summary", "run_round"]
PRINTS = "data/{round}/fingerprints/????.parquet"
COLLECT = "collect"  # a part of the stage analyse that `survey collect` runs alone


@dataclass(frozen=True)
class Failure:
    municipality: str
    stage: str
    cause: str


@dataclass(kw_only=True)
class Summary:
    """What a run did: seconds and municipalities up to date per stage, how many of them were so before,
    failures, what it waits for, and what it passed over."""

    seconds: dict[str, float] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> set[str]:
        return {f.municipality for f in self.failures}


class Progress:
    """Hears of every step; the command line draws a bar from it, tests listen."""

    def started(self, stage: str, workers: int, dashboard: str | None) -> None: ...

    def start(self, stage: str, total: int) -> None: ...

    def advance(
        self, stage: str, municipality: str, failed: bool = False, unchanged: bool = False
    ) -> None: ...

    def end(self, stage: str) -> None: ...


def run_round(
    root: Path | str,
    round_: Round,
    *,
    stages: Sequence[str] = STAGES,
    only: Sequence[object] | None = None,
    jobs: int = 1,
    redraw: bool = False,
    keep: Mapping[str, Decision] = MappingProxyType({}),
    again: bool = False,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Run what is stale of the stages (or COLLECT) for the round's municipalities (or `only` these codes).

    `root`: a folder, or an address that all workers of the `scheduler` see. `again`: also what is
    current. `redraw`: draw frozen samples again; `keep`: municipalities whose frozen sample is kept
    though another would be drawn, which is recorded. Raises ParameterError where `only` names a municipality that takes no part, no scheduler
    answers, or another run works on the round; everything else that goes wrong is in the summary.
    """
    codes = _chosen(round_, only)
    store = Store(str(root.resolve()) if isinstance(root, Path) else root)
    with ExitStack() as open_:
        if store.folder is not None:
            close_data(store.folder)
        open_.enter_context(locked(store, round_.id))
        for top in ("data", "build"):
            store.sweep(f"{top}/{round_.id}")
        workers = open_.enter_context(Workers(jobs, scheduler, f"{store.root} {round_.id}"))
        run = _Run(store, round_, codes, workers, progress or Progress(), redraw, keep, again)
        open_.enter_context(logged(store, round_.id, stages, run.summary))
        run.leave()
        if "intake" in stages and not run.has_key():
            return run.summary
        if "intake" in stages:
            run.intake()
        if "plan" in stages:
            run.plan()
        if COLLECT in stages:
            run.collect()
        if "analyse" in stages:
            run.analyse()
        if {"release", "report", "national"} & set(stages):
            run.publish(stages)
    return run.summary


def _chosen(round_: Round, only: Sequence[object] | None) -> list[str]:
    if only is None:
        return list(round_.settings.participants)
    chosen = participants_given(round_, only)
    return [c for c in round_.settings.participants if c in chosen]


@dataclass
class _Stage:
    """A stage under way: municipalities up to date so far, and when the last of them came to be."""

    began: float = field(default_factory=time.perf_counter)
    ended: float | None = None
    done: int = 0


class _Run:
    """One run: what lies there, who works, and what came of it."""

    def __init__(
        self,
        store: Store,
        round_: Round,
        codes: list[str],
        workers: Workers,
        progress: Progress,
        redraw: bool,
        keep: Mapping[str, Decision],
        again: bool,
    ) -> None:
        self.store, self.round, self.codes = store, round_, codes
        self.workers, self.progress = workers, progress
        self.redraw, self.keep, self.again = redraw, keep, again
        self.snapshot = Snapshot(store, round_)
        self.summary = Summary()
        self.found: dict[str, dict] = {}  # what the steps of the whole round found
        self.under_way: dict[str, _Stage] = {}
        self.round_looked_at = False  # whether the extracts were looked at beside each other

    # ------------------------------------------------------------------------------------ stages

    def leave(self) -> None:
        """Results whose input is gone leave the round, and are told of."""
        self.summary.notes += take_out(self.snapshot)

    def has_key(self) -> bool:
        """Whether the vaults' key is there, where intake has something to do: one trouble of the round,
        told before work begins."""
        from helpers.identities.vault_key import VaultError, key_of_round

        if self.workers.scheduler or not self._stale(
            "intake", with_identities(self.snapshot, self.codes)
        ):
            return True  # remote workers have it, or nobody needs it
        try:
            key_of_round(self.round.settings, self.store.folder or Path.cwd())
        except VaultError as e:
            self._fail(WHOLE_ROUND, "intake", str(e))
            return False
        return True

    def intake(self) -> None:
        codes = with_identities(self.snapshot, self.codes)
        forgotten = set(self.codes) - set(codes)
        if forgotten:
            self.summary.notes.append(
                f"Identities of {len(forgotten)} municipalities have been deleted; intake and "
                "sampling leave them as they are."
            )
        with self._stage("intake", len(codes)):
            if codes:
                self._each({"intake": codes})
                self._beside_each_other(codes)
        self.summary.notes += notes_on_extracts(self.snapshot)

    def _beside_each_other(self, codes: list[str]) -> None:
        """Look at the extracts beside each other. Whom a municipality leaves to others is taken out by its
        intake, which then has another file to go by."""
        self._once("intake-record")
        self.round_looked_at = True
        step = STEPS["intake"]
        left = [c for c in self._not_failed(codes) if self.snapshot.why_stale(step, c)]
        if left:
            self._each({"intake": left}, counted=False)
            self._once("intake-record")
        self.under_way["intake"].done = len(self._not_failed(codes))

    def plan(self) -> None:
        if not self.round_looked_at and self.snapshot.names((PRINTS,), ""):
            self._once("intake-record")  # no sample is drawn of citizens who are in two extracts
        taken_in = [
            c
            for c in self._not_failed(self.codes)
            if f"data/{self.round.id}/population/{c}.parquet" in self.snapshot.signatures
        ]
        for code in self._not_failed(self.codes):
            if code not in taken_in:  # told at once, without a notebook that fails
                remedy = f"Run `survey run {self.round.id} --stage intake` first."
                self._fail(code, "plan", f"Nothing has been taken in of {code} yet. {remedy}")
        codes = with_identities(self.snapshot, taken_in)  # the others' samples are drawn for good
        with self._stage("plan", len(codes)):
            self._each({"plan": codes})
        kept = f"data/{self.round.id}/sample/kept/{{}}.json".format
        for code in self._not_failed(list(self.keep)):
            if kept(code) not in self.snapshot.signatures:
                self.summary.notes.append(
                    f"{code} {self.round.municipalities[code].name}: nothing was to be decided, for its "
                    "sample is the one that would be drawn, or was not frozen."
                )

    def collect(self) -> None:
        """Answers shared out to the municipalities, without analysing them."""
        if exports(self.snapshot):
            self._once(COLLECT)
            self.leave()

    def analyse(self) -> None:
        if not exports(self.snapshot):
            self.summary.waiting.append(
                f"Answers: put the survey tool's exports (.csv or .xlsx) into "
                f"{folder_named(self.store, self.round.id, 'responses')}, then run `survey run {self.round.id}` again. "
                f"Letters, if not made yet: `survey sendout {self.round.id}`."
            )
            return
        codes = self._not_failed(self.codes)
        with self._stage("analyse", len(codes)):
            self._once(COLLECT)
            if COLLECT not in self.found:
                return
            self.leave()
            answers = self.snapshot.names((f"data/{self.round.id}/responses/????.parquet",), "")
            answered = {Path(name).stem for name in answers}
            codes = self._not_failed(codes)
            silent = [c for c in codes if c not in answered]
            if silent:
                names = ", ".join(f"{c} {self.round.municipalities[c].name}" for c in silent)
                self.summary.waiting.append(
                    f"Answers from {names}: no export holds one that counts."
                )
            self._each({"analyse": [c for c in codes if c in answered]})

    def publish(self, stages: Sequence[str]) -> None:
        """Release, reports and what goes with them; nothing where there are no estimates yet."""
        if not self.snapshot.names((f"data/{self.round.id}/estimates/????.parquet",), ""):
            if not self.summary.waiting and not self.summary.failures:
                self.summary.waiting.append(
                    f"Estimates: run `survey run {self.round.id} --stage analyse`."
                )
            return
        if "release" in stages:
            with self._stage("release", 1):
                self._each({"release": [WHOLE_ROUND]})
            self.leave()
        released = self.snapshot.records.get(("release", WHOLE_ROUND))
        if released is None or any(f.stage == "release" for f in self.summary.failures):
            if "release" not in stages:
                self._fail(
                    WHOLE_ROUND,
                    next(s for s in ("report", "national") if s in stages),
                    f"There is no release yet. Run `survey run {self.round.id} --stage release` first.",
                )
            return
        if why := self.snapshot.why_stale(STEPS["release"], WHOLE_ROUND):
            self.summary.notes.append(
                f"Reports are of the release as it lies here, which is stale ({'; '.join(why[:3])}). Run "
                f"`survey run {self.round.id}` for one of what there is now."
            )
        self._reports(stages, set(released.found["municipalities"]))
        self._scan()

    def _reports(self, stages: Sequence[str], have: set[str]) -> None:
        """The country's report and the municipalities' at the same time, the longest first."""
        every = {
            "national": [WHOLE_ROUND],
            "report": self._not_failed([c for c in self.codes if c in have]),
        }
        wanted: dict[str, Sequence[str]] = {n: codes for n, codes in every.items() if n in stages}
        if not wanted:
            return
        with ExitStack() as open_:
            for name, codes in wanted.items():
                open_.enter_context(self._stage(name, len(codes)))
            self._each(wanted)
        self._once("star")
        self._once("calendar")
        self._once("index", {"failed": sorted(self.summary.failed)})

    def _scan(self) -> None:
        """Look through everything that may leave the house."""
        pattern = (f"build/{self.round.id}/{{folder}}/**",)
        codes = [c for c in self.round.settings.participants if self.snapshot.names(pattern, c)]
        with self._stage("scan", len(codes) + 1):
            self._each({"scan-round": [WHOLE_ROUND], "scan": codes})

    # --------------------------------------------------------------------------------- machinery

    def _not_failed(self, codes: list[str]) -> list[str]:
        return [c for c in codes if c not in self.summary.failed]

    def _stale(self, name: str, codes: list[str], more: dict[str, str] | None = None) -> list[str]:
        if self.again:
            return codes
        return [c for c in codes if self.snapshot.why_stale(STEPS[name], c, more)]

    def _once(self, name: str, arguments: dict[str, list[str]] | None = None) -> None:
        """A step of the whole round that goes with a stage and is not counted."""
        self._each({name: [WHOLE_ROUND]}, arguments, counted=False)

    def _each(
        self,
        wanted: dict[str, Sequence[str]],
        arguments: dict[str, list[str]] | None = None,
        counted: bool = True,
    ) -> None:
        """Perform steps for their codes where they are stale, all at the same time, and count what is up
        to date after it."""
        arguments, tasks = arguments or {}, []
        more = {k: str(v) for k, v in arguments.items()}
        for name, codes in wanted.items():
            step = STEPS[name]
            stale = self._stale(name, list(codes), more)
            current = [c for c in codes if c not in set(stale)]
            for code in current:
                self._remember(step, code)
            tasks += [self._task(step, code, arguments, more) for code in stale]
            if stale:
                self.progress.started(step.stage, self.workers.count, self.workers.dashboard)
            if counted:
                before = self.summary.unchanged.get(step.stage, 0)
                self.summary.unchanged[step.stage] = before + len(current)
                for code in current:
                    self._count(step.stage, code, unchanged=True)
        for task, done in self.workers.perform(tasks):
            failed = self._keep(task, task.step.stage, done)
            if counted:
                self._count(task.step.stage, task.code, failed=failed)
        if tasks:
            self.snapshot.look()

    def _count(self, stage: str, code: str, failed: bool = False, unchanged: bool = False) -> None:
        self.under_way[stage].done += not failed
        self.under_way[stage].ended = time.perf_counter()
        self.progress.advance(stage, code, failed=failed, unchanged=unchanged)

    def _task(self, step: Step, code: str, arguments: dict, more: dict[str, str]) -> Task:
        return Task(
            step,
            code,
            self.round,
            self.store,
            self.snapshot.files(step, code),
            self.snapshot.inputs(step, code),
            parameter_digests(step, self.round, code) | more,
            self.snapshot.code(step),
            arguments,
            self.redraw,
            json.dumps(asdict(self.keep[code])) if code in self.keep else "",
            self.snapshot.package,
        )

    def _keep(self, task: Task, stage: str, done: Done | BaseException) -> bool:
        """Take note of how a task went; True where it failed."""
        if isinstance(done, BaseException):
            self._fail(task.code, stage, cause(done))
            return True
        self._tell(task.step, done.outcome.notes, done.outcome.found)
        for code, message in done.outcome.failures.items():
            if code in self.codes or code == WHOLE_ROUND:
                self._fail(code, stage, message)
        if done.record is not None:
            self.snapshot.keep((task.step.name, task.code), done.record)
        return False

    def _remember(self, step: Step, code: str) -> None:
        """Of a current step: what it told, and its record anew where files were only touched, or code
        changed that it does not use."""
        record = self.snapshot.records[step.name, code]
        self._tell(step, record.notes, record.found)
        now = {n: self.snapshot.signatures[n] for n in record.signatures}
        if (now, self.snapshot.package) != (record.signatures, record.package):
            touched = replace(record, signatures=now, package=self.snapshot.package)
            self.store.write_text(record_name(step, self.round.id, code), touched.as_text())

    def _tell(self, step: Step, notes: Sequence[str], found: dict) -> None:
        self.summary.notes += [n for n in notes if n not in self.summary.notes]
        if step.whole_round:
            self.found[step.name] = found

    def _fail(self, code: str, stage: str, message: str) -> None:
        failure = Failure(code, stage, message)
        if failure not in self.summary.failures:
            self.summary.failures.append(failure)

    @contextmanager
    def _stage(self, name: str, total: int) -> Iterator[None]:
        """Seconds and municipalities done of a stage, for the summary."""
        stage = self.under_way[name] = _Stage()
        self.progress.start(name, total)
        try:
            yield
        finally:
            self.progress.end(name)
            self.summary.seconds[name] = (stage.ended or time.perf_counter()) - stage.began
            self.summary.done[name] = stage.done
