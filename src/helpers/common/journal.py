"""Append-only records: a JSON line an event."""

from __future__ import annotations

import json
from pathlib import Path


def append_line(path: Path, line: str) -> None:
    """Add a line; where a killed process left half a line, the new one begins below it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as file:
        if file.seek(0, 2):
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(f"{line}\n".encode())


def read_lines(path: Path) -> list[dict]:
    """The lines of an append-only record in their order; none where there is no file.

    A line that a killed process left half-written says nothing and is passed over.
    """
    if not path.is_file():
        return []
    lines = []
    for text in path.read_text("utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines
