"""What the commands share: the root, the console, and how a wrong call ends."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from helpers.errors import ParameterError
from helpers.params import Round, load_round
from helpers.paths import PROJECT
from helpers.store import Store, is_address

console = Console(highlight=False, soft_wrap=True)
SHOWN_PROBLEMS = 25


class State:
    """`address` of the root: a folder, or what fsspec opens."""

    address: str = str(PROJECT)

    @classmethod
    def set_root(cls, root: str) -> None:
        cls.address = root if is_address(root) else str(Path(root).resolve())


def root() -> Path:
    """The root as a folder; ends the call where it is another address."""
    if is_address(State.address):
        raise usage(
            f"--root: this command works in a folder of this machine, not at {State.address}. "
            "`survey run` and `survey status` work at an address."
        )
    return Path(State.address)


@contextmanager
def held(round_id: str) -> Iterator[None]:
    """Keep runs out of the round while a command changes what lies there."""
    from helpers.lock import locked

    try:
        with locked(Store(str(root())), round_id):
            yield
    except ParameterError as e:
        raise usage(f"{e}\nNothing was written.") from e


def usage(message: str) -> typer.Exit:
    """Exit status 2: the call or the parameters are wrong, nothing was written."""
    console.print(message, style="red", markup=False)
    return typer.Exit(2)


def load(round_id: str, *, before_sign_up: bool = False) -> Round:
    """The round; ends the call, with every trouble told, where its parameters are wrong."""
    try:
        if not is_address(State.address):
            return load_round(Path(State.address), round_id, before_sign_up=before_sign_up)
        with tempfile.TemporaryDirectory() as folder:
            store = Store(State.address)
            for name in store.listing("params"):
                store.fetch(name, Path(folder) / name)
            return load_round(Path(folder), round_id, before_sign_up=before_sign_up)
    except ParameterError as e:
        raise usage(f"The parameters are wrong; nothing was written.\n{listed(str(e))}") from e


def listed(text: str) -> str:
    lines = text.splitlines()
    shown = [f"  - {line}" for line in lines[:SHOWN_PROBLEMS]]
    if len(lines) > SHOWN_PROBLEMS:
        shown.append(f"  … and {len(lines) - SHOWN_PROBLEMS} more (for extracts: see intake.json)")
    return "\n".join(shown)
