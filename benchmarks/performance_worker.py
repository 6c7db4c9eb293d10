"""Loaded by Dask's workers while runs are measured (`distributed.worker.preload`): notes, a line each,
what every step took in the worker, the typesetting within it, and every file fetched and put back.
The product does not know of it.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path

MEASURES = "SURVEY_BENCHMARK_MEASURES"  # folder of the notes


def dask_setup(worker) -> None:
    from helpers.common.store import Store
    from helpers.notebooks import execution
    from helpers.pipeline import engine

    note = Path(os.environ[MEASURES]) / f"{os.getpid()}.jsonl"
    engine._call = noted(engine._call, note, lambda task, root: (task.step.name, task.code, 0))
    execution.typeset = noted(execution.typeset, note, lambda *_, **__: ("typeset", "", 0))
    Store.fetch = noted(
        Store.fetch, note, lambda self, name, target: ("fetch", name, target.stat().st_size)
    )
    Store.put = noted(
        Store.put, note, lambda self, source, name: ("put", name, source.stat().st_size)
    )


def noted(function: Callable, note: Path, named: Callable) -> Callable:
    """The function, with a line in `note` for each call that succeeds: name, of what, bytes, when it
    began, wall and CPU seconds."""

    @wraps(function)
    def measured(*args, **kwargs):
        at, wall, cpu = time.time(), time.perf_counter(), _cpu()
        result = function(*args, **kwargs)
        took = {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu}
        name, code, size = named(*args, **kwargs)
        with note.open("a") as lines:
            lines.write(
                json.dumps({"name": name, "code": code, "bytes": size, "began": at} | took) + "\n"
            )
        return result

    return measured


def _cpu() -> float:
    """Seconds of this process and of the programs that it has waited for (pandoc, not kernels)."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
