"""`survey participants · calendar`: the commands before samples are drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from helpers.cli.state import console, held, listed, load, root, usage
from helpers.common.errors import ParameterError
from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.parameters.params import Municipality, Round

if TYPE_CHECKING:
    from helpers.preparation.signup_withdrawal import PlannedWithdrawal


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
    rows = calendar_rows(round_)
    table = Table(title=f"{round_.id}: {round_.settings.title}")
    for heading in ("step", "from", "to", "ISO weeks", "workdays"):
        table.add_column(
            heading, justify="right" if heading == "workdays" else "left", no_wrap=True
        )
    for row in rows:
        name = row.step + "*" * row.usual + " !" * (row.step in warned)
        table.add_row(name, str(row.start), str(row.end), row.weeks, str(row.working_days))
    console.print(table)
    if any(row.usual for row in rows):
        console.print("* the usual day; the round's file names none")
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


def participants(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")] = "",
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Sign-ups: CSV or workbook, a row a municipality."),
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Take in sign-ups after the deadline too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, and tell what would change; write nothing.")
    ] = False,
    empty: Annotated[
        Path | None, typer.Option(help="Write an empty file of sign-ups here, to be filled in.")
    ] = None,
    withdraw: Annotated[
        str | None,
        typer.Option(help="Code or name of a municipality that withdraws; say --reason too."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it withdraws; no persons.")] = None,
    rejoin: Annotated[
        str | None, typer.Option(help="Code or name of one that has withdrawn, to be taken back.")
    ] = None,
) -> None:
    """Take in a round's sign-ups, and write an overview with prices and what is missing.

    Without FILE the overview is made anew from what is recorded. With --withdraw a municipality leaves
    the round, at whatever time: its results go, and the others' go on.
    """
    from helpers.common.paths import write_atomically
    from helpers.preparation.signup_headings import empty_sheet

    if empty is not None:
        if empty.exists():
            raise usage(f"{empty} is there already; give another name. Nothing was written.")
        write_atomically(empty, lambda file: file.write_bytes(empty_sheet()))
        console.print(f"Written: {empty}", markup=False)
        return
    if not round_id:
        raise usage("Name the round, as: survey participants 2024-foraar sign-ups.csv")
    paths = Paths(root(), round_id)
    before = load(round_id, before_sign_up=True)
    if withdraw is not None:
        if file is not None or late or rejoin is not None:
            raise usage("--withdraw goes alone, with --reason. Nothing was written.")
        _withdraw(paths, before, withdraw, reason or "", dry_run)
        return
    if reason is not None:
        raise usage("--reason belongs to --withdraw. Nothing was written.")
    _take_in(paths, before, file, late=late, rejoin=rejoin, dry_run=dry_run)


def _take_in(
    paths: Paths, before: Round, file: Path | None, *, late: bool, rejoin: str | None, dry_run: bool
) -> None:
    """Plan the sign-ups, and write them unless `dry_run`."""
    from helpers.preparation.signup import plan_sign_ups
    from helpers.preparation.signup_overview import missing_sheet, prices_sheet, write_overview
    from helpers.preparation.signup_withdrawal import named_municipality

    try:
        back = [named_municipality(rejoin, before, "--rejoin").code] if rejoin else []
        sign_ups = plan_sign_ups(paths, before, file, late=late, rejoin=back)
    except ParameterError as e:
        raise usage(f"The sign-ups are refused; nothing was written.\n{listed(str(e))}") from e
    new = [m for m in sign_ups.round.participants if m.code not in before.settings.participants]
    for note in sign_ups.notes:
        console.print(f"! {note}.", style="yellow", markup=False)
    if new:
        names = ", ".join(f"{m.code} {m.name}" for m in new)
        console.print(f"New: {names}", markup=False)
    limit = before.settings.sign_up.max_participants
    total = prices_sheet(sign_ups).rows[-1][-1][0]
    incomplete = len({row[0] for row in missing_sheet(sign_ups).rows})
    console.print(
        f"{len(sign_ups.round.participants)} of at most {limit} municipalities, {len(new)} of them new; "
        f"{total:,} kr.; something is missing for {incomplete}."
    )
    changed = [p.relative_to(paths.root).as_posix() for p in sign_ups.texts]
    if dry_run:
        for name in changed:
            console.print(f"Would write: {name}", markup=False)
        console.print("Nothing was written (--dry-run).")
        return
    with held(before.id):
        sign_ups.write(paths)
        overview = write_overview(paths, sign_ups)
    for name in changed:
        console.print(f"Written: {name}", markup=False)
    console.print(f"Overview, confidential: {overview}", markup=False)


def _withdraw(paths: Paths, round_: Round, named: str, reason: str, dry_run: bool) -> None:
    """Take a municipality out of the round, with its results; what is frozen for its keys stays."""
    from helpers.pipeline.belonging import codes_with_traces, take_out
    from helpers.pipeline.records import Snapshot
    from helpers.preparation.signup import plan_sign_ups
    from helpers.preparation.signup_overview import write_overview
    from helpers.preparation.signup_withdrawal import named_municipality, plan_withdrawal

    store = Store(str(paths.root))
    try:
        place = named_municipality(named, round_, "--withdraw")
        traces = place.code in codes_with_traces(Snapshot(store, round_))
        leave = plan_withdrawal(paths, round_, place.code, reason, dt.date.today(), traces=traces)
    except ParameterError as e:
        raise usage(f"{e}\nNothing was written.") from e
    if dry_run:
        for path in leave.texts:
            console.print(f"Would write: {path.relative_to(paths.root).as_posix()}", markup=False)
        console.print("Nothing was written (--dry-run).")
        return
    with held(round_.id):
        leave.write()
        left = take_out(Snapshot(store, leave.round))
        sign_ups = plan_sign_ups(paths, leave.round, None)
        sign_ups.write(paths)
        write_overview(paths, sign_ups)
    _print_withdrawal(paths, leave, place, left)


def _print_withdrawal(
    paths: Paths, leave: PlannedWithdrawal, place: Municipality, left: Sequence[str]
) -> None:
    """What was written, and what is to be done next."""
    from helpers.common.paths import DEVELOPMENT
    from helpers.retention.retention import held_codes

    round_, changed = leave.round, [p.relative_to(paths.root) for p in leave.texts]
    if not changed:
        console.print(
            f"{place.code} {place.name} has withdrawn already: {leave.withdrawal.reason}",
            markup=False,
        )
    for path in changed:
        console.print(f"Written: {path.as_posix()}", markup=False)
    for line in left:
        console.print(line, markup=False)
    released = (paths.build / "released.parquet").is_file()
    if changed and released and round_.participants:
        console.print(
            f"The country's numbers hold its answers until the round is released again: "
            f"`survey run {round_.id}`. Until then nothing can be delivered.",
            style="yellow",
            markup=False,
        )
    if changed and (paths.root / "build" / DEVELOPMENT / "udvikling.html").is_file():
        console.print(
            f"build/{DEVELOPMENT}/ may show its numbers of this round: make it again with `survey compare`.",
            style="yellow",
            markup=False,
        )
    if place.code in held_codes(paths, round_):
        console.print(
            "Its identities lie here still; they can be deleted now: "
            f"`survey forget {round_.id} --municipality {place.code}`.",
            markup=False,
        )
