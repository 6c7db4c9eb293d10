"""What a step of a run has to tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class StepOutcome:
    """What a step has to tell the run; all of it can be written as JSON."""

    notes: tuple[str, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)  # municipality → cause; it runs again
    found: dict[str, Any] = field(default_factory=dict)  # for the steps that follow
