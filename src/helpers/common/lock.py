"""One run at a time in a round.

The system itself lets go of the lock when its holder dies, so a killed run leaves nothing to clear up.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

from helpers.common.errors import ParameterError
from helpers.common.paths import write_text
from helpers.common.store import Store

LOCK, HOLDER = ".lock", ".run.json"


@contextmanager
def locked(store: Store, round_id: str) -> Iterator[None]:
    """Hold the round; raises ParameterError, with who holds it, where another does.

    Where the address is no file system that locks, the scheduler keeps runs apart (`pipeline/engine.py`).
    """
    if not isinstance(store.fs, LocalFileSystem):
        yield
        return
    folder = Path(store.path(f"data/{round_id}"))
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as e:
        raise in_use(f"data/{round_id}", _holder(folder / HOLDER)) from e
    try:
        holder = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": dt.datetime.now().isoformat(" ", "seconds"),
        }
        write_text(folder / HOLDER, json.dumps(holder) + "\n")
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        _remove_empty_folder(folder)
        lock.release()


def _remove_empty_folder(folder: Path) -> None:
    """A call that wrote nothing leaves no round behind: the lock alone is taken away. In a round that has
    other files it stays, for another run that opened it just now would hold a lock on a file that is gone."""
    if [path.name for path in folder.iterdir()] == [LOCK]:
        with suppress(
            OSError
        ):  # where a file that is open cannot be removed, or `data` has other rounds
            (folder / LOCK).unlink()
            folder.rmdir()
            folder.parent.rmdir()


def in_use(where: str, holder: str) -> ParameterError:
    return ParameterError(
        where,
        f"another run works on this round{holder}",
        "one run at a time",
        "Wait until it has ended, or end it.",
    )


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text("utf-8"))
        return f" (process {holder['process']} on {holder['host']} since {holder['since']})"
    except (OSError, ValueError, KeyError):  # it has just begun or ended
        return ""
