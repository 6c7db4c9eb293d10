"""`survey`: the command line.

Exit status 0 done, or nothing to do; 1 something failed, the rest finished; 2 the call or the parameters
are wrong, nothing was written; 130 and 143 stopped by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from helpers.cli import fieldwork as cli_fieldwork
from helpers.cli import fieldwork_sendout as cli_fieldwork_sendout
from helpers.cli import preparation as cli_preparation
from helpers.cli import privacy as cli_privacy
from helpers.cli import products as cli_products
from helpers.cli import rolling as cli_rolling
from helpers.cli import rounds as cli_rounds
from helpers.cli import run as cli_run
from helpers.cli import simulate as cli_simulate
from helpers.cli import templates as cli_templates
from helpers.cli.output import lasting_output
from helpers.cli.state import ROOT_OPTION, Commands, State, console
from helpers.cli.status import status

STOPPED = {128 + signal.SIGINT, 128 + signal.SIGTERM}  # exit statuses
app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)
for part in (  # in the order of a round
    cli_rounds,
    cli_preparation,
    cli_templates,
    cli_run,
    cli_fieldwork_sendout,
    cli_fieldwork,
    cli_products,
    cli_privacy,
    cli_rolling,
    cli_simulate,
):
    part.add_commands(app)
app.command()(status)


@app.callback()
def settings(
    root: Annotated[
        str | None,
        typer.Option(
            ROOT_OPTION,
            help="Folder, or address as s3://…, that holds params/, data/ and build/; may also stand "
            "behind the command. Default: the checkout, or, installed, the folder one stands in.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Citizen survey of jobcentres: from extracts to samples, weights and reports."""
    State.set_root(root)


def main() -> None:
    """Entry point. Ctrl-C and SIGTERM end it with what it has opened closed, and the exit status 130 or
    143."""
    signal.signal(signal.SIGTERM, _stop)
    with lasting_output():
        try:
            app()
        except SystemExit as e:
            if e.code in STOPPED:
                stopped = "\nStopped. What is done stays done; run again to go on."
                console.print(stopped, style="red")
            raise


def _stop(signum: int, _) -> None:
    raise SystemExit(128 + signum)
