"""`survey tick`: whatever is due of a rolling round; safe for a scheduler."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from helpers.cli.state import console, failed, held, listed, print_failure, root, usage
from helpers.common.errors import SurveyError


def add_commands(app: typer.Typer) -> None:
    app.command()(tick)


def tick(
    rolling_id: Annotated[str, typer.Argument(metavar="ROLLING")],
    today: Annotated[
        str | None, typer.Option(help="Act as on this day, as 2025-03-10; default: today.")
    ] = None,
) -> None:
    """Do what is due of a rolling round: read answers, close months, publish, sample the month.

    Made for a scheduler: call it daily or monthly. What has been done is not done again.
    """
    from helpers.identities.vault_key import key_of_round
    from helpers.rolling.places import Places
    from helpers.rolling.settings import load_rolling
    from helpers.rolling.tick import Tick

    try:
        day = dt.date.fromisoformat(today) if today else dt.date.today()
    except ValueError as e:
        raise usage(f"--today: »{today}« is no day. Expected: as 2025-03-10.") from e
    rolling = load_rolling(root(), rolling_id)
    if day > dt.date.today() and not rolling.settings.simulated:
        raise usage(
            f"--today: {day} has not come; months without an extract would be skipped for good. "
            "Only a simulated rolling round can be taken ahead."
        )
    key_of_round(rolling.round.settings, root())  # one trouble, told before work begins
    with held(rolling_id), console.status("") as status:
        try:
            result = Tick(Places(root(), rolling_id), rolling, day, status.update).run()
        except SurveyError as e:
            raise failed(e) from e
    for line in result.done:
        console.print(line, markup=False)
    for note in result.notes:
        console.print(note, style="yellow", markup=False)
    if result.failures:
        print_failure("\n".join(map(str, result.failures)))
    if result.looks:
        console.print("Worth a look in the extracts:", style="yellow")
        console.print(listed("\n".join(result.looks)), style="yellow", markup=False)
    if result.waiting:
        last = rolling.settings.last_extract_day
        console.print(f"Waiting until day {last} of the month for:", style="yellow")
        console.print(listed("\n".join(result.waiting)), style="yellow", markup=False)
    if not result.done and not result.failures and not result.waiting and not result.notes:
        console.print("Nothing is due.")
    console.print(f"Log: {result.log_digest[:16]} ({Places(root(), rolling_id).log})", markup=False)
    raise typer.Exit(1 if result.failures else 0)
