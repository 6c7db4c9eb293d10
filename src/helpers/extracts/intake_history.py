"""Every file that intake refused or took in, an append-only line each: `intake-history/<code>.jsonl`.

A line holds day, file, digest, layout, outcome, number of faults by kind, and ignored columns; no
cell of the file. The same file with the same outcome is one line, however often intake looks at it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from helpers.common.errors import Problem
from helpers.common.journal import append_line, read_lines
from helpers.common.paths import Paths
from helpers.common.quoting import redacted_file_name
from helpers.extracts.fault_labels import kind_of, kind_of_problem
from helpers.identities.fingerprints import file_digest

if TYPE_CHECKING:
    from helpers.extracts.intake import IntakeResult

REFUSED, TAKEN_IN = "refused", "taken_in"


@dataclass(frozen=True)
class Attempt:
    """One file at intake; `day` is None where only the latest finding is known, not when."""

    municipality: str
    day: dt.date | None
    file: str
    layout: str
    outcome: str
    faults: dict[str, int] = field(default_factory=dict)  # kind → number of faults
    ignored_columns: tuple[str, ...] = ()


def add_to_history(paths: Paths, result: IntakeResult, today: dt.date) -> None:
    """Add what came of a file, unless the last line says the same of it."""
    path = paths.intake_history(result.municipality)
    problems = result.error.problems if result.error else ()
    line = {
        "day": today.isoformat(),
        "file": redacted_file_name(result.file),
        "digest": file_digest(*(paths.extracts / name for name in result.files)),
        "layout": result.layout,
        "outcome": REFUSED if result.error else TAKEN_IN,
        "faults": _counted(problems),
        "ignored_columns": list(result.ignored_columns),
    }
    before = read_lines(path)
    if before and {**before[-1], "day": ""} == {**line, "day": ""}:
        return
    append_line(path, json.dumps(line, ensure_ascii=False))


def _counted(problems: Iterable[Problem]) -> dict[str, int]:
    """Kind → number of faults."""
    counts: Counter[str] = Counter()
    for problem in problems:
        counts[kind_of_problem(problem)] += problem.count
    return dict(sorted(counts.items()))


def read_history(paths: Paths, code: str) -> list[Attempt]:
    """The municipality's files in the order in which intake saw them.

    Where no history was kept, what `intake/<code>.json` holds: the latest refusal and the latest file
    taken in, without day.
    """
    lines = read_lines(paths.intake_history(code))
    if lines:
        return [_attempt(code, line) for line in lines]
    return _latest(paths, code)


def _attempt(code: str, line: dict) -> Attempt:
    return Attempt(
        code,
        dt.date.fromisoformat(line["day"]),
        line["file"],
        line["layout"],
        line["outcome"],
        line["faults"],
        tuple(line["ignored_columns"]),
    )


def _latest(paths: Paths, code: str) -> list[Attempt]:
    path = paths.intake_of(code)
    if not path.is_file():
        return []
    found, attempts = json.loads(path.read_text("utf-8")), []
    if refused := found.get(REFUSED):
        faults = Counter(kind_of(_what(row)) for row in refused["rows"])
        attempts.append(
            Attempt(
                code,
                None,
                refused["file"],
                "",
                REFUSED,
                dict(sorted(faults.items())),
                tuple(refused.get("ignored_columns", ())),
            )
        )
    if taken_in := found.get(TAKEN_IN):
        layout, ignored = taken_in["counts"]["layout"], taken_in.get("ignored_columns", ())
        attempts.append(Attempt(code, None, taken_in["file"], layout, TAKEN_IN, {}, tuple(ignored)))
    return attempts


def _what(row: dict) -> str:
    """A row's problem; of a trouble of the whole file, told as one line, what stands behind »where«."""
    text = str(row["problem"])
    return text if row["row"] is not None else text.split(": ", 1)[-1].split(" Expected: ")[0]
