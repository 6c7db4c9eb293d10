"""`survey run · verify`: the run over the municipalities, and what it tells."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from helpers.cli_progress import Told
from helpers.cli_state import State, codes_of, console, held, load, root, usage
from helpers.cli_told import Failures
from helpers.params import Round
from helpers.run import STAGES, WHOLE_ROUND, Summary, run_round


def add_commands(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(verify)


def default_jobs() -> int:
    return max(1, os.cpu_count() or 1)


def run(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    stage: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(STAGES)}; may be repeated.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Codes or names, as 0707,Favrskov.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw a frozen sample again; the old one is kept.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Run also what has not changed since it was made.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, as tcp://host:8786.")
    ] = None,
) -> None:
    """Run what is stale of a round: intake, plan, analyse, release, report, national."""
    round_ = load(round_id)
    if unknown := [s for s in stage or () if s not in STAGES]:
        raise usage(
            f"--stage: unknown stage {', '.join(f'»{s}«' for s in unknown)}. "
            f"Expected: one of {', '.join(STAGES)}."
        )
    codes = codes_of(round_, only)
    summary = run_stages(
        round_,
        stages=stage or STAGES,
        only=codes,
        jobs=jobs or default_jobs(),
        redraw=redraw,
        again=again,
        scheduler=scheduler,
    )
    tell(summary, round_)
    raise typer.Exit(1 if summary.failures else 0)


def run_stages(round_: Round, **how) -> Summary:
    with Told(round_, console) as progress:
        return run_round(State.address, round_, progress=progress, **how)


def tell(summary: Summary, round_: Round) -> None:
    """Failures with step, cause and remedy; what the round waits for; where to look."""
    failures = failures_of(summary, round_)
    failures.tell()
    for line in summary.notes:
        console.print(f"\n{line}", style="yellow", markup=False)
    for line in summary.waiting:
        console.print(f"\nWaiting for: {line}", style="yellow", markup=False)
    if {"report", "national"} & set(summary.done):
        console.print(f"\nReports: {State.address}/build/{round_.id}/index.html", markup=False)
    if summary.failed == {WHOLE_ROUND}:
        console.print("Mend the cause and run again.", style="red")
    elif failures:
        told = f"{len(failures)} failed; the others finished. Mend the causes and run again."
        console.print(told, style="red")


def failures_of(summary: Summary, round_: Round) -> Failures:
    failures = Failures(round_)
    for failure in summary.failures:
        failures.add(failure.municipality, failure.cause, failure.stage)
    return failures


def verify(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
) -> None:
    """Make a finished round again beside itself, and say whether every file has the same bytes."""
    from helpers.verify import verify as verify_round

    round_ = load(round_id)
    with held(round_.id), Told(round_, console) as progress:
        verified = verify_round(root(), round_, jobs or default_jobs(), progress)
    failures_of(verified.summary, round_).tell()
    for name in verified.different:
        console.print(f"DIFFERENT {name}", style="red", markup=False)
    console.print(
        f"{verified.same} files are the same byte for byte, {len(verified.different)} are not."
    )
    raise typer.Exit(1 if verified.different or verified.summary.failures else 0)
