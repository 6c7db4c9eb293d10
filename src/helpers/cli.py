"""`survey`: the command line.

Exit status 0 all done; 1 some municipalities failed, the others finished; 2 the call or the
parameters are wrong, nothing was written; 130 and 143 stopped by Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import Annotated

import typer
from rich.table import Table

from helpers import cli_fieldwork
from helpers.cli_deck import deck
from helpers.cli_load import load_database
from helpers.cli_privacy import add_commands
from helpers.cli_progress import STAGE_WORDS, Told
from helpers.cli_state import State, console, held, listed, load, root, usage
from helpers.cli_status import status
from helpers.engine import cause
from helpers.errors import ParameterError, SurveyError
from helpers.params import Round
from helpers.paths import PROJECT, Paths, close_data
from helpers.run import STAGES, Summary, run_round

STOPPED = {128 + signal.SIGINT, 128 + signal.SIGTERM}  # exit statuses
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)
add_commands(app)
cli_fieldwork.add_commands(app)
app.command()(status)
app.command("load")(load_database)
app.command()(deck)


@app.callback()
def settings(
    root: Annotated[
        str,
        typer.Option(help="Folder, or address as s3://…, that holds params/, data/ and build/."),
    ] = str(PROJECT),
) -> None:
    """Citizen survey of jobcentres: from extracts to samples, weights and reports."""
    State.set_root(root)


def _default_jobs() -> int:
    return max(1, os.cpu_count() or 1)


@app.command()
def run(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    stage: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(STAGES)}; may be repeated.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
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
    codes = [c.strip() for c in only.split(",") if c.strip()] if only else None
    summary = _run(
        round_,
        stages=stage or STAGES,
        only=codes,
        jobs=jobs or _default_jobs(),
        redraw=redraw,
        again=again,
        scheduler=scheduler,
    )
    _tell(summary, round_)
    raise typer.Exit(1 if summary.failures else 0)


def _run(round_: Round, **how) -> Summary:
    try:
        with Told(round_, console) as progress:
            return run_round(State.address, round_, progress=progress, **how)
    except ParameterError as e:
        raise usage(f"{e}\nNothing was written.") from e


def _tell(summary: Summary, round_: Round) -> None:
    """Failures with step, cause and remedy; what the round waits for; where to look."""
    for failure in summary.failures:
        place = round_.municipalities.get(failure.municipality)
        name = f"{failure.municipality} {place.name}" if place else failure.municipality
        console.print(f"\nFAILED {name}, step {failure.stage}:", style="bold red", markup=False)
        console.print(listed(failure.cause), markup=False)
    for line in summary.notes:
        console.print(f"\n{line}", style="yellow", markup=False)
    for line in summary.waiting:
        console.print(f"\nWaiting for: {line}", style="yellow", markup=False)
    if {"report", "national"} & set(summary.done):
        console.print(f"\nReports: {State.address}/build/{round_.id}/index.html", markup=False)
    if summary.failures:
        console.print(
            f"{len(summary.failed)} failed; the others finished. Mend the causes and run again.",
            style="red",
        )


@app.command()
def verify(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
) -> None:
    """Make a finished round again beside itself, and say whether every file has the same bytes."""
    from helpers.verify import verify as verify_round

    round_ = load(round_id)
    try:
        with held(round_.id), Told(round_, console) as progress:
            verified = verify_round(root(), round_, jobs or _default_jobs(), progress)
    except SurveyError as e:
        console.print(f"FAILED {e}", style="red", markup=False)
        raise typer.Exit(1) from e
    for failure in verified.summary.failures:
        console.print(f"FAILED {failure.municipality}, step {failure.stage}: {failure.cause}",
                      style="red", markup=False)  # fmt: skip
    for name in verified.different:
        console.print(f"DIFFERENT {name}", style="red", markup=False)
    console.print(
        f"{verified.same} files are the same byte for byte, {len(verified.different)} are not."
    )
    raise typer.Exit(1 if verified.different or verified.summary.failures else 0)


@app.command()
def sendout(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
) -> None:
    """Write the mail-merge basis of the letters; from then on the samples are frozen."""
    from helpers.sendout import write_sendout

    round_ = load(round_id)
    close_data(root())
    paths = Paths(root(), round_.id)
    codes = only.split(",") if only else round_.settings.participants
    foreign = [c for c in codes if c not in round_.settings.participants]
    if foreign:
        raise usage(f"--only: {', '.join(foreign)} takes no part in {round_.id}.")
    failed = 0
    with held(round_.id):
        for code in codes:
            try:
                write_sendout(paths, round_, code)
            except SurveyError as e:
                failed += 1
                console.print(f"FAILED {code}: {e}", style="red", markup=False)
    console.print(f"Letters of {len(codes) - failed} municipalities: {paths.data / 'sendout'}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def demo(
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
    round_id: Annotated[str, typer.Option("--round", help="A simulated round.")] = "demo",
) -> None:
    """Simulate a whole round as files, and the rounds before it, and run every stage on it."""
    round_ = load(round_id)
    if not round_.settings.simulated:
        raise usage(
            f"{round_id} is a real round; only a round with `simulated: true` can be a demo."
        )
    workers = jobs or _default_jobs()
    before = [load(name) for name in reversed(round_.settings.earlier_rounds)]
    for earlier in before:
        if earlier.settings.simulated:  # to compare with; its own reports: `survey run`
            told = _simulate(earlier, workers, ["analyse", "release"])
            if told.failures:
                _tell(told, earlier)
                raise typer.Exit(1)
    began = time.perf_counter()
    summary = _simulate(round_, workers, ["analyse", "release", "report", "national"])
    seconds = time.perf_counter() - began
    table = Table(title="Time per stage")
    table.add_column("stage")
    table.add_column("municipalities", justify="right")
    table.add_column("seconds", justify="right")
    for name, word in STAGE_WORDS.items():
        if name in summary.seconds:
            table.add_row(word, str(summary.done.get(name, "")), f"{summary.seconds[name]:.1f}")
    table.add_section()
    table.add_row("in all", "", f"{seconds:.1f}")
    console.print(table)
    _tell(summary, round_)
    paths = Paths(root(), round_.id)
    console.print(
        f"\nLook at {paths.build / 'index.html'} (all reports) and "
        f"{paths.national_folder / 'rapport.pdf'} (the country).",
        markup=False,
    )
    raise typer.Exit(1 if summary.failures else 0)


def _simulate(round_: Round, workers: int, stages: list[str]) -> Summary:
    """Extracts, plan, letters, answers, and then the `stages`, of one simulated round."""
    from helpers.sendout import write_sendout
    from simulator import write_extracts, write_responses

    paths = Paths(root(), round_.id)
    seconds: dict[str, float] = {}

    def timed(name: str, step) -> None:
        began = time.perf_counter()
        with console.status(STAGE_WORDS[name]):
            step()
        seconds[name] = time.perf_counter() - began

    for old in (paths.data, paths.build):  # an earlier simulation; nothing in it is real
        shutil.rmtree(old, ignore_errors=True)
    close_data(root())
    console.print(
        f"Simulating {round_.id}: {len(round_.participants)} municipalities under {paths.data}; "
        "all citizens are invented."
    )
    timed("simulate extracts", lambda: write_extracts(root(), round_.id, jobs=workers))
    first = _run(round_, stages=["intake", "plan"], jobs=workers)
    drawn = [c for c in round_.settings.participants if paths.sample(c).is_file()]
    timed("sendout", lambda: [write_sendout(paths, round_, c) for c in drawn])
    timed("simulate answers", lambda: write_responses(root(), round_.id, jobs=workers))
    second = _run(round_, stages=stages, jobs=workers)
    return Summary(
        seconds=first.seconds | seconds | second.seconds,
        done=first.done | second.done,
        unchanged=first.unchanged | second.unchanged,
        failures=first.failures + second.failures,
        waiting=second.waiting,
        notes=first.notes + second.notes,
    )


def main() -> None:
    """Entry point; a SurveyError that reaches here ends with its text, not with a trace. Ctrl-C and
    SIGTERM end it with what it has opened closed, and the exit status 130 or 143."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except SurveyError as e:
        console.print(str(e), style="red", markup=False)
        raise SystemExit(1) from e
    except OSError as e:  # a full drive, say, before a step could tell of it
        console.print(f"FAILED {cause(e)}", style="red", markup=False)
        raise SystemExit(1) from e
    except SystemExit as e:
        if e.code in STOPPED:
            console.print("\nStopped. What is done stays done; run again to go on.", style="red")
        raise


def _stop(signum: int, _) -> None:
    raise SystemExit(128 + signum)
