"""`survey load`: the released numbers of a round into a database."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from helpers.cli.state import console, load, root

DEFAULT = "sqlite:///survey.db"


def load_database(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    to: Annotated[str, typer.Option(help="Address as SQLAlchemy knows it.")] = DEFAULT,
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
