"""The evaluation as a notebook executed and typeset like the reports; it stays under `data/`."""

from __future__ import annotations

from pathlib import Path

from helpers.common.paths import Paths
from helpers.notebooks.execution import NOTEBOOKS, execute, typeset
from helpers.notebooks.renderers import NATIONAL
from helpers.parameters.params import Round
from helpers.review.inputs import load_review

REVIEW = "40-round-review"
STEM = "evaluering"


def write_review(paths: Paths, round_: Round) -> list[Path]:
    """`review/evaluering.html` and `.pdf`; returns their paths.

    Raises SurveyError where a record cannot be read, or the notebook fails or cannot be typeset; earlier
    files stay as they were.
    """
    load_review(paths, round_)  # what cannot be read is told as it is, not as a notebook's failure
    executed = execute(
        NOTEBOOKS / f"{REVIEW}.ipynb",
        paths.notebook(REVIEW, "0000"),
        {"round": round_.id},
        round_.settings.limits,
    )
    return typeset(
        executed, paths.review, round_, kind=NATIONAL, stem=STEM, formats=("html", "pdf")
    )
