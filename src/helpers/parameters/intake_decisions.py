"""`params/decisions/<round>.csv`: what a person decided about a finding that stops a municipality.

A line holds for one file, known by the first 16 hexadecimal digits of its SHA-256: the next file is
judged anew.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from helpers.common.errors import Problem
from helpers.faults.plausibility_kinds import IN_TWO_EXTRACTS, PLAUSIBILITY, SAME_FILE
from helpers.parameters.round_settings import Model
from helpers.parameters.types import DIGEST_PATTERN, Code, Day, Words

DIGEST_DIGITS = 16
ACCEPT, LEAVE_OUT = "accept", "leave_out"
# finding → the decision that it takes: the file is right as it is, or its citizens are left to others
TAKES = {f: ACCEPT for f in PLAUSIBILITY if f not in (SAME_FILE, IN_TWO_EXTRACTS)} | {
    IN_TWO_EXTRACTS: LEAVE_OUT
}
COLUMNS = "municipality,finding,file,decision,reason,date,by"


class IntakeDecision(Model):
    """One line: who decided what about which finding in which file, and why."""

    municipality: Code
    finding: str
    file: Annotated[str, Field(pattern=DIGEST_PATTERN)]
    decision: Literal["accept", "leave_out"]
    reason: Words
    date: Day
    by: Words

    @field_validator("date")
    @classmethod
    def _has_come(cls, day: dt.date) -> dt.date:
        if day > dt.date.today():
            raise ValueError("lies after today; write the day on which it was decided")
        return day


def by_municipality(
    decisions: Iterable[IntakeDecision],
    path: Path,
    municipalities: Iterable[str],
    problems: list[Problem],
) -> dict[str, tuple[IntakeDecision, ...]]:
    """Code → its decisions. Unknown codes and findings, decisions that a finding does not take, and two
    lines about the same are added to `problems`."""
    known, kept = set(municipalities), {}
    for one in decisions:
        where = f"{path}, {one.municipality} »{one.finding}«"
        lines = kept.setdefault(one.municipality, {})
        if one.municipality not in known:
            problems.append(Problem(where, "unknown municipality", "a code as 0825", "Correct it."))
        elif one.finding not in TAKES:
            near = difflib.get_close_matches(one.finding, TAKES, n=1)
            hint = f"Did you mean »{near[0]}«?" if near else "Correct it, or remove the line."
            problems.append(Problem(where, "unknown finding", f"one of {', '.join(TAKES)}", hint))
        elif one.decision != TAKES[one.finding]:
            finding, expected = (
                f"»{one.decision}« is no decision about it",
                f"»{TAKES[one.finding]}«",
            )
            problems.append(Problem(where, finding, expected, "Correct it."))
        elif (one.finding, one.file) in lines:
            problems.append(
                Problem(where, "stands twice for the same file", "one line", "Keep one.")
            )
        lines[one.finding, one.file] = one
    return {code: tuple(lines.values()) for code, lines in kept.items()}


def decision_on(
    decisions: Mapping[str, tuple[IntakeDecision, ...]], code: str, finding: str, digest: str
) -> IntakeDecision | None:
    """What was decided about a finding in the file of this digest."""
    own = decisions.get(code, ())
    return next((d for d in own if (d.finding, d.file) == (finding, digest)), None)


def how_to_decide(round_id: str, code: str, finding: str, digest: str) -> str:
    """The sentence that tells an analyst how to record a decision."""
    return (
        f"If it is right all the same, record that in params/decisions/{round_id}.csv ({COLUMNS}): "
        f"»{code},{finding},{digest},{TAKES[finding]},<why>,<day>,<who>«"
    )
