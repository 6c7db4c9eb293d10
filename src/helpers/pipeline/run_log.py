"""`runs.jsonl`: an append-only line for every run of a round, for people who ask what a round took.

The times are of the clock and order nothing; no step reads the file, so it makes nothing stale.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.common.errors import ParameterError
from helpers.common.journal import append_line
from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.pipeline.code import package_digest

if TYPE_CHECKING:
    from helpers.pipeline.run import Summary

FILE = "runs.jsonl"
DONE, FAILED, INTERRUPTED = "done", "failed", "interrupted"  # how a run ended


def runs_file(paths: Paths) -> Path:
    return paths.data / FILE


@contextmanager
def logged(store: Store, round_id: str, stages: Sequence[str], summary: Summary) -> Iterator[None]:
    """Add the run's line when it ends, whichever way; a call that was wrong (ParameterError) is no run.

    A line that cannot be written is told in the summary's notes: it takes nothing from the run.
    """
    begun, outcome = dt.datetime.now().astimezone(), INTERRUPTED
    try:
        yield
        outcome = FAILED if summary.failures else DONE
    except ParameterError:
        outcome = ""
        raise
    except Exception:
        outcome = FAILED
        raise
    finally:
        if outcome:
            _keep(store, round_id, _line(begun, outcome, stages, summary), summary)


def _keep(store: Store, round_id: str, line: dict, summary: Summary) -> None:
    try:
        append(store, f"data/{round_id}/{FILE}", json.dumps(line, ensure_ascii=False))
    except OSError as e:
        summary.notes.append(f"This run has no line in {FILE}: {e.strerror or e}.")


def _line(begun: dt.datetime, outcome: str, stages: Sequence[str], summary: Summary) -> dict:
    """`done`, `unchanged`, `failed`: municipalities (or 1, the whole round) made, left and failed."""
    by_stage = {}
    for stage, seconds in summary.seconds.items():
        unchanged = summary.unchanged.get(stage, 0)
        failed = {f.municipality for f in summary.failures if f.stage == stage}
        by_stage[stage] = {
            "seconds": round(seconds, 2),
            "done": max(0, summary.done.get(stage, 0) - unchanged),
            "unchanged": unchanged,
            "failed": len(failed),
        }
    ended = dt.datetime.now().astimezone()
    return {
        "begun": begun.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "outcome": outcome,
        "asked": list(stages),
        "stages": by_stage,
        "version": f"{_version()}+{package_digest()}",
    }


def _version() -> str:
    try:
        return version("jobcentre-survey")
    except PackageNotFoundError:  # run from the source, not installed
        return "0"


def append(store: Store, name: str, line: str) -> None:
    """Add a line to a file; an object store has no appending, so there the file is put anew."""
    if store.folder is not None:
        append_line(store.folder / name, line)
        return
    before = store.read_text(name) if store.fs.exists(store.path(name)) else ""
    store.write_text(name, f"{before}{line}\n")
