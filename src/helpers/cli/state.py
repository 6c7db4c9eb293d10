"""What the commands share: the root, the console, codes of municipalities, and how a call ends.

Exit status 0: done, or nothing to do; 1: something failed; 2: the call or the parameters are wrong, and
nothing was written. A file named in the call is a part of it.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from typer.core import TyperGroup

from helpers.common.errors import FileError, ParameterError, SurveyError, file_error
from helpers.common.paths import default_root
from helpers.common.quoting import blanked
from helpers.common.store import Store, is_address
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.identities.vault_key import VaultError
from helpers.parameters.params import Round, load_round

console = Console(highlight=False, soft_wrap=True)
SHOWN_PROBLEMS = 25
ROOT_OPTION = "--root"


class Commands(TyperGroup):
    """The commands. `--root` may stand anywhere in a call, and what no command has told ends the call
    here, in one style and with its status."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if twice := _given_twice(self, args):
            raise usage(
                f"{twice}: is given more than once. Expected: once, as {twice} A,B for several."
            )
        return super().parse_args(ctx, _root_first(args))

    def invoke(self, ctx: typer.Context) -> object:
        try:
            return super().invoke(ctx)
        except ParameterError as e:
            raise usage(e) from e
        except SurveyError as e:
            raise failed(e) from e
        except OSError as e:  # a full drive, say, before a step could tell of it
            if e.errno is None:
                raise
            raise failed(file_error(e)) from e


def _given_twice(commands: TyperGroup, args: list[str]) -> str:
    """The first option that stands twice in a call and can have one value: the earlier ones would be
    passed over in silence. Empty where there is none."""
    words = args[: args.index("--")] if "--" in args else args
    given = Counter(word.partition("=")[0] for word in words if word.startswith("--"))
    params = list(commands.params)
    command = commands
    for word in words:
        if isinstance(command, TyperGroup) and word in command.commands:
            command = command.commands[word]
            params += command.params
    options = (p for p in params if hasattr(p, "is_flag"))  # not arguments
    single = (p for p in options if not p.multiple and not p.is_flag)
    return next((o for p in single for o in p.opts if given[o] > 1), "")


def _root_first(args: list[str]) -> list[str]:
    for i, word in enumerate(args):
        if word == "--":
            break
        if word.startswith(f"{ROOT_OPTION}="):
            return [word, *_root_first(args[:i] + args[i + 1 :])]
        if word == ROOT_OPTION and i + 1 < len(args):
            return [word, args[i + 1], *_root_first(args[:i] + args[i + 2 :])]
    return args


class State:
    """`address` of the root: a folder, or what fsspec opens."""

    address: str = str(default_root())

    @classmethod
    def set_root(cls, root: str | None) -> None:
        chosen = root or str(default_root())
        cls.address = chosen if is_address(chosen) else str(Path(chosen).resolve())


def root() -> Path:
    """The root as a folder; ends the call where it is another address."""
    if is_address(State.address):
        raise usage(
            f"--root: this command works in a folder of this machine, not at {blanked(State.address)}. "
            "`survey run` and `survey status` work at an address."
        )
    return Path(State.address)


@contextmanager
def held(round_id: str) -> Iterator[None]:
    """Keep runs out of the round while a command changes what lies there."""
    from helpers.common.lock import locked

    with locked(Store(str(root())), round_id):
        yield


def usage(error: str | SurveyError) -> typer.Exit:
    """Exit status 2: the call or the parameters are wrong, nothing was written."""
    text = _message_text(error)
    again = "" if "othing was" in text else "\nNothing was written."
    console.print(f"{text}{again}", style="red", markup=False)
    return typer.Exit(2)


def failed(error: str | SurveyError, whom: str = "") -> typer.Exit:
    """Exit status 1: something failed; `whom` it concerns."""
    print_failure(error, whom)
    return typer.Exit(1)


def print_failure(error: str | SurveyError, whom: str = "") -> None:
    console.print(
        f"FAILED{' ' * bool(whom)}{whom}:\n{listed(str(error))}", style="red", markup=False
    )


def _message_text(error: str | SurveyError) -> str:
    several = isinstance(error, SurveyError) and len(error.problems) > 1
    return listed(str(error)) if several else str(error)


@contextmanager
def of_the_call() -> Iterator[None]:
    """What is wrong in here is wrong with the call, as with a file given in it, which is taken whole or
    not at all; but for a key or a file that the system denies."""
    try:
        yield
    except (VaultError, FileError):
        raise
    except SurveyError as e:
        raise usage(e) from e


def name_of(round_: Round, code: str) -> str:
    """»0825 Læsø«; »the round« of what belongs to no single municipality."""
    place = round_.municipalities.get(code)
    return f"{code} {place.name}" if place else "the round" if code == WHOLE_ROUND else code


def impersonal(text: str, round_: Round, code: str) -> str:
    """A text about one municipality as it would be about any, so that the same cause reads the same."""
    place = round_.municipalities.get(code)
    if place is None:
        return text
    general = text.replace(place.folder, "<folder>").replace(code, "<code>")
    return re.sub(rf"\b{re.escape(place.name)}\b", "<name>", general)


def codes_of(round_: Round, only: str | None, option: str = "--only") -> list[str]:
    """Codes of the participants named by an option; all participants' where it was not given."""
    from helpers.parameters.municipality_names import participants_given

    if only is None:
        return list(round_.settings.participants)
    return participants_given(round_, only, option)


def load(round_id: str, *, before_sign_up: bool = False) -> Round:
    """The round; ends the call, with every trouble told, where its parameters are wrong."""
    try:
        if not is_address(State.address):
            if not has_parameters():
                raise _no_parameters(State.address)
            return load_round(Path(State.address), round_id, before_sign_up=before_sign_up)
        with tempfile.TemporaryDirectory() as folder:
            store = Store(State.address)
            for name in store.listing("params"):
                store.fetch(name, Path(folder) / name)
            return load_round(Path(folder), round_id, before_sign_up=before_sign_up)
    except ParameterError as e:
        raise usage(f"The parameters are wrong; nothing was written.\n{listed(str(e))}") from e


def has_parameters() -> bool:
    """Whether the root is a folder of the survey."""
    return (root() / "params").is_dir()


def _no_parameters(folder: str) -> ParameterError:
    return ParameterError(
        folder,
        "holds no params/",
        "the folder of the survey, in which params/, data/ and build/ lie",
        f"Name it with {ROOT_OPTION}, or begin one there: survey init {ROOT_OPTION} {folder}",
    )


def listed(text: str) -> str:
    lines = text.splitlines()
    shown = [f"  - {line}" for line in lines[:SHOWN_PROBLEMS]]
    if len(lines) > SHOWN_PROBLEMS:
        shown.append(f"  … and {len(lines) - SHOWN_PROBLEMS} more (for extracts: see intake.json)")
    return "\n".join(shown)


class Failures:
    """What failed, municipality by municipality; false where nothing did. Its length is the number of
    municipalities (and the round as a whole) concerned."""

    def __init__(self, round_: Round) -> None:
        self.round = round_
        self._messages: dict[
            tuple[str, str], list[tuple[str, str]]
        ] = {}  # step, cause → code, own words

    def add(self, code: str, message: str | SurveyError, step: str = "") -> None:
        kind = (step, impersonal(str(message), self.round, code))
        self._messages.setdefault(kind, []).append((code, str(message)))

    def __len__(self) -> int:
        return len({code for whom in self._messages.values() for code, _ in whom})

    def tell(self) -> None:
        for (step, general), whom in self._messages.items():
            names = ", ".join(name_of(self.round, code) for code, _ in whom)
            several = f"{len(whom)} municipalities ({names})"
            print_failure(
                whom[0][1] if len(whom) == 1 else general,
                (names if len(whom) == 1 else several) + (f", step {step}" if step else ""),
            )
