"""A round over its municipalities: each step once per municipality, one release for all.

A municipality that fails is named with step, cause and remedy, and the others finish.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path

from helpers.disclosure import release, write_release
from helpers.errors import ParameterError, Problem, SurveyError
from helpers.free_text import scrub_answers, write_texts
from helpers.identities import known_persons
from helpers.index import write_index, write_manifest
from helpers.intake import IntakeResult, stray_extracts, take_in, write_intake_record
from helpers.kernels import ONE_THREAD
from helpers.params import Round
from helpers.paths import ROOT_VARIABLE, Paths, close_data
from helpers.plan import REDRAW_VARIABLE
from helpers.published import NATIONAL, load_published
from helpers.responses import (
    ROUND_LEVEL,
    TEXT_COLUMNS,
    Collected,
    collect,
    export_files,
    save_answers,
)
from helpers.round_estimates import gather
from helpers.scan import scan
from helpers.vault_key import VaultError, key_of_round

STAGES = ("intake", "plan", "analyse", "release", "report", "national")
WHOLE_ROUND = "runden"  # owner of troubles that belong to no single municipality


@dataclass(frozen=True)
class Failure:
    municipality: str
    stage: str
    cause: str


@dataclass
class Summary:
    """What a run did: seconds and municipalities done per stage, failures, what it waits for, and what
    it passed over."""

    seconds: dict[str, float] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> set[str]:
        return {f.municipality for f in self.failures}


class Progress:
    """Told of every step; the command line draws a bar from it, tests listen."""

    def start(self, stage: str, total: int) -> None: ...

    def advance(self, stage: str, municipality: str) -> None: ...

    def end(self, stage: str) -> None: ...


def run_round(
    root: Path,
    round_: Round,
    *,
    stages: Sequence[str] = STAGES,
    only: Sequence[str] | None = None,
    jobs: int = 1,
    redraw: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Run the stages for the round's municipalities (or `only` these codes).

    Raises ParameterError where `only` names a municipality that takes no part; everything else that
    goes wrong is in the summary.
    """
    codes = _chosen(round_, only)
    paths = Paths(root.resolve(), round_.id)
    close_data(paths.root)
    summary = Summary()
    settings = {ROOT_VARIABLE: str(paths.root), REDRAW_VARIABLE: "1" if redraw else "0"}
    settings |= dict.fromkeys(ONE_THREAD, "1")
    with _Steps(jobs, settings, progress or Progress(), summary) as steps:
        if "intake" in stages and _has_key(steps, paths, round_):
            _intake(steps, paths, round_, codes)
        if "plan" in stages:
            _plan(steps, paths, round_, codes)
        if "analyse" in stages:
            _analyse(steps, paths, round_, codes)
        if {"release", "report", "national"} & set(stages):
            if _has_estimates(paths, round_):
                _publish(steps, paths, round_, codes, stages)
                steps.once("scan", lambda: _scan(steps, paths, round_))
            elif not summary.waiting and not summary.failures:
                summary.waiting.append(f"Estimates: run `survey run {round_.id} --stage analyse`.")
    return summary


def _chosen(round_: Round, only: Sequence[str] | None) -> list[str]:
    if only is None:
        return list(round_.settings.participants)
    foreign = [c for c in only if c not in round_.settings.participants]
    if foreign:
        raise ParameterError(
            "--only",
            f"{', '.join(foreign)} takes no part in {round_.id}",
            f"codes among the {len(round_.participants)} participants",
            f"Correct the code, or add it to params/rounds/{round_.id}.yml.",
        )
    return [c for c in round_.settings.participants if c in set(only)]


# ---------------------------------------------------------------------------------------- stages


def _has_key(steps: _Steps, paths: Paths, round_: Round) -> bool:
    """Whether the vaults' key is there: one trouble of the round, not one of each municipality."""
    try:
        key_of_round(round_.settings, paths.root)
    except VaultError as e:
        steps.fail(WHOLE_ROUND, "intake", e)
        return False
    return True


def _intake(steps: _Steps, paths: Paths, round_: Round, codes: list[str]) -> None:
    results: list[IntakeResult] = []
    strays = stray_extracts(paths, round_)
    if strays:
        steps.summary.notes.append(
            f"Passed over in {paths.extracts}: {', '.join(strays)}. The names begin with no "
            f"participant's code; rename them, or add the municipality to the round."
        )

    def keep(code: str, result: IntakeResult) -> None:
        results.append(result)
        if result.error is not None:
            steps.fail(code, "intake", result.error)

    steps.each("intake", take_in, (paths, round_), codes, keep)
    if results:
        results.sort(key=lambda r: r.municipality)
        write_intake_record(paths, round_, results)


def _plan(steps: _Steps, paths: Paths, round_: Round, codes: list[str]) -> None:
    from helpers.execution import plan_notebook

    ready = [c for c in codes if c not in steps.summary.failed]
    steps.each("plan", plan_notebook, (paths, round_), ready)


def _analyse(steps: _Steps, paths: Paths, round_: Round, codes: list[str]) -> None:
    from helpers.execution import analysis_notebook

    if not export_files(paths):
        steps.summary.waiting.append(
            f"Answers: put the survey tool's exports (.csv or .xlsx) into {paths.responses}, "
            f"then run `survey run {round_.id}` again. "
            f"Letters, if not made yet: `survey sendout {round_.id}`."
        )
        return
    collected = collect(paths, round_)
    for code, error in collected.errors.items():
        if code in codes or code == ROUND_LEVEL:
            steps.fail(code or WHOLE_ROUND, "analyse", error)
    collected = _without_persons(steps, paths, round_, collected)
    save_answers(paths, collected)
    for code, answers in collected.answers.items():
        write_texts(paths, round_, code, answers)
    failed = steps.summary.failed
    ready = [c for c in codes if c in collected.answers and c not in failed]
    silent = [c for c in codes if c not in collected.answers and c not in failed]
    if silent:
        names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in silent)
        steps.summary.waiting.append(f"Answers from {names}: no row of any export is theirs.")
    steps.each("analyse", analysis_notebook, (paths, round_), ready)


def _without_persons(steps: _Steps, paths: Paths, round_: Round, collected: Collected) -> Collected:
    """The answers with free texts scrubbed by the vault's names; where the vault does not open, without
    free texts."""
    answers = {}
    for code, table in collected.answers.items():
        try:
            names, _ = known_persons(paths, round_, [code])
            answers[code] = scrub_answers(table, names)
        except VaultError as e:
            answers[code] = table.assign(**dict.fromkeys(TEXT_COLUMNS, ""))
            told = f"Free texts are left out where the vault does not open: {e}"
            if told not in steps.summary.notes:
                steps.summary.notes.append(told)
    return Collected(answers, collected.errors)


def _has_estimates(paths: Paths, round_: Round) -> bool:
    return any(paths.estimates(c).is_file() for c in round_.settings.participants)


def _publish(
    steps: _Steps, paths: Paths, round_: Round, codes: list[str], stages: Sequence[str]
) -> None:
    from helpers.execution import national_report, report_notebook

    if "release" in stages:
        steps.once("release", lambda: _release(steps, paths, round_))
    if any(f.stage == "release" for f in steps.summary.failures):
        return
    if "report" in stages:
        have = {m.code for m in load_published(paths.root, round_).municipalities}
        ready = [c for c in codes if c in have and c not in steps.summary.failed]
        steps.each("report", report_notebook, (paths, round_), ready)
    if "national" in stages:
        steps.once("national", lambda: national_report(paths, round_))
    if {"report", "national"} & set(stages):
        published = load_published(paths.root, round_)
        write_index(paths, published, sorted(steps.summary.failed))
        write_manifest(paths, published, sorted(steps.summary.failed))


def _scan(steps: _Steps, paths: Paths, round_: Round) -> None:
    """Look through everything that may leave the house; a finding fails the run."""
    try:
        names, numbers = known_persons(paths, round_)
    except VaultError as e:
        names, numbers = [], []
        steps.summary.notes.append(f"Looked for CPR numbers and the like, not for names: {e}")
    findings = scan(paths.build, names, numbers)
    if findings:
        raise SurveyError(
            problems=[
                Problem(
                    str(f), "personal data in what may leave the house", "none", "Do not send it."
                )
                for f in findings
            ]
        )


def _release(steps: _Steps, paths: Paths, round_: Round) -> None:
    """One gate for the whole round, from all estimates that there are."""
    found = gather(paths, round_)
    steps.summary.notes += found.notes
    released = release(found, round_)
    steps.summary.notes += (released.protection.summary(),)
    write_release(paths, released)


# ------------------------------------------------------------------------------------- machinery


class _Steps:
    """Runs a function once per municipality in worker processes, and keeps the summary."""

    def __init__(
        self, jobs: int, settings: dict[str, str], progress: Progress, summary: Summary
    ) -> None:
        self.jobs, self.settings = max(1, jobs), settings
        self.progress, self.summary = progress, summary

    def __enter__(self) -> _Steps:
        self._before = {k: os.environ.get(k) for k in self.settings}
        os.environ.update(self.settings)  # workers and kernels inherit them
        self._pool = self._new_pool()
        return self

    def __exit__(self, *_) -> None:
        self._pool.shutdown(cancel_futures=True)
        for key, value in self._before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.jobs, get_context("spawn"), _end_with_the_run)

    def fail(self, code: str, stage: str, error: BaseException) -> None:
        self.summary.failures.append(Failure(code, stage, _cause(error)))

    def each(
        self,
        stage: str,
        function: Callable,
        arguments: tuple,
        codes: Iterable[str],
        keep: Callable[[str, object], None] | None = None,
    ) -> None:
        """`function(*arguments, code)` for each code; `keep(code, result)` in this process."""
        codes = list(codes)
        began = time.perf_counter()
        self.progress.start(stage, len(codes))
        futures: dict[Future, str] = {
            self._pool.submit(function, *arguments, code): code for code in codes
        }
        done = 0
        for future in as_completed(futures):
            code = futures[future]
            try:
                result = future.result()
            except Exception as e:  # whatever it is, the others finish and this one is named
                self.fail(code, stage, e)
            else:
                done += 1
                if keep is not None:
                    keep(code, result)
            self.progress.advance(stage, code)
        if any(isinstance(f.exception(), BrokenProcessPool) for f in futures):
            self._pool.shutdown()
            self._pool = self._new_pool()
        self._ended(stage, began, done)

    def once(self, stage: str, function: Callable[[], None]) -> None:
        """A step of the whole round, in this process."""
        began, done = time.perf_counter(), 0
        self.progress.start(stage, 1)
        try:
            function()
        except Exception as e:  # named in the summary like a municipality's failure
            self.fail(WHOLE_ROUND, stage, e)
        else:
            done = 1
        self.progress.advance(stage, NATIONAL)
        self._ended(stage, began, done)

    def _ended(self, stage: str, began: float, done: int) -> None:
        self.progress.end(stage)
        self.summary.seconds[stage] = time.perf_counter() - began
        self.summary.done[stage] = done


def _end_with_the_run() -> None:
    """In a worker: stop at once when the run has died, for nobody would read the result."""

    def watch() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _cause(error: BaseException) -> str:
    """What to tell: a SurveyError tells itself; anything else is a fault of ours, with its place.

    The message of an unforeseen error is left out: it might quote a cell.
    """
    if isinstance(error, SurveyError):
        return str(error)
    if isinstance(error, BrokenProcessPool):
        return "the worker process died (out of memory?). Run again with fewer --jobs."
    frames = traceback.extract_tb(error.__traceback__)
    cause = getattr(error, "__cause__", None)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "?"
    hint = f" ({type(cause).__name__})" if cause else ""
    return f"unforeseen {type(error).__name__}{hint} at {place}. Report it with the log."
