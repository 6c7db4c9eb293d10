"""What users would otherwise do: papermill's command line, a municipality and a notebook after another."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.performance_accounting import Used, measure
from helpers.notebooks.execution import ANALYSIS, NOTEBOOKS, PLAN, REPORT

HTML = "nbconvert to HTML"


@dataclass(frozen=True)
class Plain:
    """One call of the loop: municipality, notebook (or HTML), and what it used."""

    code: str
    what: str
    used: Used


def plain_loop(root: Path, round_id: str, codes: list[str]) -> list[Plain]:
    """Each notebook in a process and a kernel of its own, then the executed report as HTML."""
    made, environment = [], {"SURVEY_ROOT": str(root)}
    with tempfile.TemporaryDirectory() as scratch:
        for code in codes:
            for name in (PLAN, ANALYSIS, REPORT):
                executed = Path(scratch) / f"{code}-{name}.ipynb"
                call = [
                    sys.executable, "-m", "papermill", str(NOTEBOOKS / f"{name}.ipynb"), str(executed),
                    "-k", "python3", "-r", "round", round_id, "-r", "municipality", code,
                    "-p", "save", "True",
                    "--no-progress-bar",
                ]  # fmt: skip
                made.append(Plain(code, name, measure(call, environment=environment)))
            call = [sys.executable, "-m", "nbconvert", "--to", "html", str(executed)]
            made.append(Plain(code, HTML, measure(call)))
    return made
