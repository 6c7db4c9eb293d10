"""`survey deck`, `survey load`, `survey review`: products beside the run's own."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from helpers.cli.state import console, held, load, root, usage
from helpers.common.paths import ROOT_VARIABLE, Paths

DATABASE = "sqlite:///survey.db"


def add_commands(app: typer.Typer) -> None:
    app.command()(deck)
    app.command("load")(load_database)
    app.command()(review)


def deck(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")] = "",
    municipality: Annotated[str, typer.Argument(metavar="CODE", help="Code or name.")] = "",
    template: Annotated[Path | None, typer.Option(help="The municipality's own template.")] = None,
    to: Annotated[Path, typer.Option(help="The deck to write.")] = Path("praesentation.pptx"),
    new_template: Annotated[
        Path | None, typer.Option(help="Write the house's template here, to make one's own from.")
    ] = None,
) -> None:
    """Write a municipality's deck, in its own template where it has one."""
    from helpers.common.paths import write_atomically
    from helpers.deck.deck import write_deck
    from helpers.parameters.municipality_names import participant_given
    from helpers.released.published import load_published

    if new_template is not None:
        ours = files("helpers").joinpath("assets/deck/template.pptx").read_bytes()
        write_atomically(new_template, lambda p: p.write_bytes(ours))
        console.print(f"Written: {new_template}", markup=False)
        return
    if not round_id or not municipality:
        raise usage("Missing argument ROUND or CODE, as `survey deck 2024-foraar 0707`.")
    round_ = load(round_id)
    if template is not None and not template.is_file():
        raise usage(
            f"--template: {template} does not exist. Expected: a PowerPoint template (.pptx)."
        )
    code = participant_given(round_, municipality, "CODE").code
    published = load_published(root(), round_, only=code)
    console.print(f"Written: {write_deck(published, code, to, template)}", markup=False)


def load_database(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    to: Annotated[str, typer.Option(help="Address as SQLAlchemy knows it.")] = DATABASE,
) -> None:
    """Write the released numbers into a database; the round's rows replace those it had."""
    from helpers.bi.load import load as load_into
    from helpers.released.published import load_published

    written = load_into(load_published(root(), load(round_id)), to)
    table = Table(title=f"{round_id} in the database")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, rows in written.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)


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
