"""Rows of exports that a person has decided to leave out: `data/<round>/responses/left-out.json`.

Test keys of the survey tool belong to no drawn sample. The exports stay as received; the decision of
`survey collect --skip-unknown` lies beside them, for the rows of one content, so that whatever becomes
unknown later is refused as before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

from helpers.common.errors import ResponseError
from helpers.common.paths import Paths, write_text

FILE = "left-out.json"


def digest_of(content: bytes) -> str:
    """The sign by which an export is known, whatever it is called."""
    return hashlib.sha256(content).hexdigest()


def read_left_out(paths: Paths) -> dict[str, frozenset[int]]:
    """Digest of an export → its rows that are left out. Raises ResponseError where the record cannot be
    read."""
    return {digest: frozenset(entry["rows"]) for digest, entry in _read(paths).items()}


def leave_out(paths: Paths, decided: dict[str, tuple[str, frozenset[int]]], today: dt.date) -> None:
    """Add a decision a file: digest → name and rows. What was decided before stays."""
    record = _read(paths)
    for digest, (name, rows) in decided.items():
        before = record.get(digest, {"rows": []})
        if rows - set(before["rows"]):
            all_rows = sorted(rows.union(before["rows"]))
            record[digest] = {"file": name, "decided_on": today.isoformat(), "rows": all_rows}
    if decided:
        write_text(_path(paths), json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def _path(paths: Paths) -> Path:
    return paths.responses / FILE


def _read(paths: Paths) -> dict[str, dict]:
    path = _path(paths)
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text("utf-8"))
        if all(isinstance(row, int) for entry in record.values() for row in entry["rows"]):
            return record
    except (ValueError, AttributeError, KeyError, TypeError):
        pass
    raise ResponseError(
        str(path),
        "is no record of rows left out",
        "JSON: the digest of an export, its file, day and rows",
        "Put it back from a copy of data/, or delete it and say --skip-unknown again.",
    )
