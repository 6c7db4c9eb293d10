"""`survey review`: the round's own evaluation."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from helpers.cli.state import console, held, load, root
from helpers.common.paths import ROOT_VARIABLE, Paths


def add_commands(app: typer.Typer) -> None:
    app.command()(review)


def review(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Write the round's evaluation: time, extracts, response, costs and deviations. It stays inside."""
    from helpers.review.inputs import require_begun
    from helpers.review.report import write_review

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    require_begun(paths)  # before the lock makes its folder
    os.environ[ROOT_VARIABLE] = str(paths.root)  # where the notebook looks
    with held(round_.id), console.status("Evaluation"):
        written = write_review(paths, round_)
    for path in written:
        console.print(f"Written: {path}", markup=False)
    console.print("It holds internal counts: it stays in the house.")
