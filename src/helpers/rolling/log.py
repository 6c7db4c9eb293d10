"""`log.jsonl`: what a rolling round has done, in counts; lines are added and never changed.

Each line holds the SHA-256 digest of the line before it, so a line that was changed, taken out or put
in is found when the log is next opened. A line has a name of its own: what a killed tick had done but
not told is told by the next, once. The chain shows tampering by whoever cannot write the whole file
anew; keep the last digest elsewhere (`survey tick` prints it) to find that too.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from helpers.common.errors import SurveyError

BEGINNING = "0" * 64


class LogError(SurveyError):
    """The log is not as it was written."""


class Log:
    """The log, checked from its first line on. Raises LogError where the chain is broken."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names: set[str] = set()
        self.last = BEGINNING
        content = path.read_bytes() if path.is_file() else b""
        whole = content.rfind(b"\n") + 1  # a killed tick may have left half a line
        for number, line in enumerate(content[:whole].splitlines(), start=1):
            self._follow(line, number)
        if whole < len(content):
            os.truncate(path, whole)

    def _follow(self, line: bytes, number: int) -> None:
        try:
            entry = json.loads(line)
            follows = entry["previous"] == self.last
            name = entry["name"]
        except (ValueError, KeyError, TypeError):
            follows, name = False, ""
        if not follows:
            raise LogError(
                f"{self.path}, line {number}",
                "does not follow the line before it: the log has been changed",
                "lines as they were written",
                "Put the log back from a copy of data/; nothing was done.",
            )
        self.names.add(name)
        self.last = hashlib.sha256(line).hexdigest()

    def append(self, name: str, on: str, **counts: object) -> None:
        """Add a line, unless one of this name is there. `on`: the day; `counts`: also written."""
        if name in self.names:
            return
        entry = {"name": name, "on": on, **counts, "previous": self.last}
        line = json.dumps(entry, ensure_ascii=False, sort_keys=True).encode("utf-8")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.names.add(name)
        self.last = hashlib.sha256(line).hexdigest()
