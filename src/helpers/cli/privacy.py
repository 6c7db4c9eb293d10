"""`survey key · forget · access · scan · deliver · publish`: the commands about personal data."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from helpers.cli.state import console, held, load, name_of, root, usage
from helpers.common.paths import Paths
from helpers.parameters.params import Round

key_app = typer.Typer(no_args_is_help=True, help="The key of the vaults.", rich_markup_mode=None)
RoundArgument = Annotated[str, typer.Argument(metavar="ROUND")]


def add_commands(app: typer.Typer) -> None:
    app.add_typer(key_app, name="key")
    for command in (forget, access, scan, deliver, publish):
        app.command()(command)


@key_app.command("new")
def new(
    path: Annotated[Path | None, typer.Argument(help="Key file; default: the user's own.")] = None,
) -> None:
    """Make a new random key, in a file outside the project that its owner alone can read."""
    from helpers.identities.vault_key import FILE_VARIABLE, default_key_file, new_key

    key = new_key(path, root())
    console.print(f"Key {key.id} written to {path or default_key_file()}.", markup=False)
    if path is not None:
        console.print(f"Set {FILE_VARIABLE} to that file.", markup=False)
    console.print("Keep a copy in a safe: without the key no vault opens.")


@key_app.command("rotate")
def rotate(
    round_id: RoundArgument,
    old: Annotated[Path, typer.Option(help="File of the key that the vaults have now.")],
) -> None:
    """Encrypt a round's vaults anew, from an old key file to the key in use."""
    from helpers.identities.vault import rotate as rotate_vaults
    from helpers.identities.vault_key import key_from_file, key_of_round

    round_ = load(round_id)
    if not old.is_file():
        raise usage(f"--old: {old} does not exist. Expected: the file of the key in use until now.")
    paths = Paths(root(), round_.id)
    new_key = key_of_round(round_.settings, root())
    files = [p for p in paths.vault_folder.glob("*") if p.is_file()]
    with held(round_.id):
        done = rotate_vaults(files, key_from_file(old, root()), new_key, round_.id)
    console.print(
        f"{done.rotated} vaults are now under key {new_key.id}; {done.already} were already."
    )


@key_app.command("encrypt")
def encrypt(round_id: RoundArgument) -> None:
    """Encrypt vaults of an earlier version, plain Parquet files, where they lie."""
    from helpers.identities.vault import encrypt_plain
    from helpers.identities.vault_key import key_of_round

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    key = key_of_round(round_.settings, root())
    done = 0
    for old in sorted(paths.vault_folder.glob("*.parquet")):
        done += encrypt_plain(old, key, round_.id, old.stem)
        old.rename(old.with_suffix(""))
    console.print(f"{done} vaults encrypted under key {key.id}.")


def forget(
    round_id: RoundArgument,
    municipality: Annotated[str | None, typer.Option(help="One code or name; else all.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Also before the retention date.")] = False,
) -> None:
    """Delete identities, extracts and letters after the round's retention date, on record."""
    from helpers.extracts.intake import stray_extracts
    from helpers.parameters.municipality_names import codes_given
    from helpers.retention.retention import forget as forget_identities
    from helpers.retention.retention import held_codes

    round_ = load(round_id, before_sign_up=True)
    paths = Paths(root(), round_.id)
    every = dict.fromkeys([*round_.settings.participants, *held_codes(paths, round_)])
    codes = list(every)
    if municipality is not None:
        known = [round_.municipalities[c] for c in {*every, *round_.withdrawn}]
        unknown = f"takes no part in {round_.id}"
        codes = codes_given(municipality, known, round_.municipalities, "--municipality", unknown)
    with held(round_.id):
        deleted = forget_identities(paths, round_, codes, dt.date.today(), before_time=yes)
    for name in [] if municipality else stray_extracts(paths, round_):
        console.print(
            f"Left in {paths.extracts}: {name}. Its name begins with no municipality's code: delete it "
            "by hand.",
            style="yellow",
            markup=False,
        )
    count = sum(1 for n in deleted.values() if n)
    console.print(
        f"Identities of {count} municipalities deleted ({sum(deleted.values())} files); "
        f"the record is {paths.data / 'forgotten.json'}.",
        markup=False,
    )


def access(round_id: RoundArgument) -> None:
    """List what a round holds, where, and who may read it."""
    from helpers.retention.retention import holdings

    round_ = load(round_id)
    table = Table(
        title=f"{round_.id}: kept until {round_.settings.retention_until or 'no date set'}"
    )
    for heading in ("where", "what", "who may read", "points at persons", "files", "MB"):
        justify = "right" if heading in ("files", "MB") else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=heading == "where")
    for h in holdings(Paths(root(), round_.id)):
        table.add_row(h.where, h.what, h.who, h.identities, str(h.files), f"{h.bytes / 1e6:.1f}")
    console.print(table)


def scan(
    path: Annotated[Path, typer.Argument(help="File or folder.")],
    round_id: Annotated[
        str | None, typer.Option("--round", help="Look for this round's names and numbers too.")
    ] = None,
) -> None:
    """Look for CPR numbers, telephone numbers, e-mail addresses and names in any file kind."""
    from helpers.identities.identities import known_persons
    from helpers.scan.scan import counted
    from helpers.scan.scan import scan as scan_files

    if not path.exists():
        raise usage(f"{path} does not exist.")
    known = known_persons(Paths(root(), round_id), load(round_id)) if round_id else ((), ())
    findings = scan_files(path, *known)
    for finding in findings:
        console.print(str(finding), style="red", markup=False)
    kinds = f": {counted(findings)}" if findings else ""
    console.print(f"{len(findings)} findings in {path}{kinds}.", markup=False)
    raise typer.Exit(1 if findings else 0)


def deliver(round_id: RoundArgument) -> None:
    """Make one encrypted package per municipality, with its own and the national results."""
    from helpers.delivery.delivery import deliver as make_packages
    from helpers.disclosure.publications import require_state
    from helpers.released.published import load_published

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    published = load_published(root(), round_)
    with held(round_.id):
        require_state(paths)  # before anything is made: what leaves must be on record
        made = make_packages(paths, published)
        _left_the_house(paths, round_, "deliver")
    for code, reason in made.left_out.items():
        console.print(f"Left out {name_of(round_, code)}: {reason}", style="yellow", markup=False)
    console.print(
        f"{len(made.zips)} packages: {made.zips[0].parent if made.zips else '–'}. "
        f"Passphrases, to be sent another way: {made.list_file}.",
        markup=False,
    )
    raise typer.Exit(1 if made.left_out else 0)


def publish(round_id: RoundArgument) -> None:
    """Mark the round's release as having left the house: later releases are made jointly with it."""
    round_ = load(round_id)
    with held(round_.id):
        _left_the_house(Paths(root(), round_.id), round_, "publish")


def _left_the_house(paths: Paths, round_: Round, how: str) -> None:
    """Record it, and say what follows; a first publication with municipalities missing is warned of."""
    from helpers.disclosure.publications import publish as record
    from helpers.disclosure.release_again import least_difference

    made, is_new = record(paths, round_.settings.participants, how, dt.date.today())
    if not is_new:
        console.print(f"Recorded as published on {made.published_on} already.", markup=False)
        return
    console.print(
        f"Recorded as publication {made.number} ({made.folder}). Numbers stand fast from now on: a later "
        "release changes them only where every group differs by no answers or by at least "
        f"{least_difference(round_)}.",
        markup=False,
    )
    if made.missing:
        names = ", ".join(name_of(round_, code) for code in made.missing)
        console.print(
            f"Missing in it: {names}. Their numbers can later be published beside the country's, as a "
            "rule not in them.",
            style="yellow",
            markup=False,
        )
