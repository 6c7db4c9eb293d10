"""`survey participants · calendar`: the commands before samples are drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from helpers.cli_state import console, held, listed, load, root, usage
from helpers.errors import SurveyError
from helpers.paths import Paths


def add_commands(app: typer.Typer) -> None:
    for command in (participants, calendar):
        app.command()(command)


def calendar(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Show a round's calendar with what falls on days off, and write it as kalender.ics."""
    from helpers.preparation.calendar_rows import calendar_rows, calendar_warnings
    from helpers.preparation.ics import write_ics

    round_ = load(round_id, before_sign_up=True)
    warnings = calendar_warnings(round_)
    warned = {w.step for w in warnings}
    table = Table(title=f"{round_.id}: {round_.settings.title}")
    for heading in ("step", "in Danish", "from", "to", "ISO weeks", "working days", ""):
        table.add_column(heading, justify="right" if heading == "working days" else "left")
    for row in calendar_rows(round_):
        name = f"{row.step} (usual day)" if row.usual else row.step
        table.add_row(
            name, row.label, f"{row.start:%a %Y-%m-%d}", f"{row.end:%a %Y-%m-%d}", row.weeks,
            str(row.working_days), "!" if row.step in warned else "",
        )  # fmt: skip
    console.print(table)
    for warning in warnings:
        console.print(f"! {warning}", style="yellow", markup=False)
    if warnings:
        console.print(
            f"Nothing is wrong with a date that is marked (!); if it should be another, change it in "
            f"params/rounds/{round_.id}.yml.",
            markup=False,
        )
    with held(round_.id):
        console.print(f"Written: {write_ics(Paths(root(), round_.id), round_)}", markup=False)
