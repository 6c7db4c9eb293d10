"""What the commands share: the root, the console, and how a wrong call ends."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from helpers.errors import ParameterError
from helpers.params import Round, load_round
from helpers.paths import PROJECT

console = Console(highlight=False, soft_wrap=True)
SHOWN_PROBLEMS = 25


class State:
    root: Path = PROJECT


def usage(message: str) -> typer.Exit:
    """Exit status 2: the call or the parameters are wrong, nothing was written."""
    console.print(message, style="red", markup=False)
    return typer.Exit(2)


def load(round_id: str) -> Round:
    try:
        return load_round(State.root, round_id)
    except ParameterError as e:
        raise usage(f"The parameters are wrong; nothing was written.\n{listed(str(e))}") from e


def listed(text: str) -> str:
    lines = text.splitlines()
    shown = [f"  - {line}" for line in lines[:SHOWN_PROBLEMS]]
    if len(lines) > SHOWN_PROBLEMS:
        shown.append(f"  … and {len(lines) - SHOWN_PROBLEMS} more (for extracts: see intake.json)")
    return "\n".join(shown)
