"""`survey run · verify`: the run over the municipalities, and what it tells."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from helpers.cli_progress import Told
from helpers.cli_state import State, console, held, listed, load, root, usage
from helpers.errors import ParameterError, SurveyError
from helpers.parameter_local import worth_a_look
from helpers.params import Round
from helpers.paths import Paths
from helpers.run import STAGES, Summary, run_round
from helpers.store import is_address

if TYPE_CHECKING:
    from helpers.plan import Decision


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
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw a frozen sample again; the old one is kept.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --redraw: do not ask, though answers are lost.")
    ] = False,
    keep_sample: Annotated[
        str | None,
        typer.Option(help="Codes whose frozen sample is kept on record, with --reason."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why the frozen sample is kept.")] = None,
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
    keep = _decisions(round_, keep_sample, reason)
    if redraw and keep:
        raise usage("--redraw and --keep-sample exclude each other. Nothing was written.")
    if redraw and "plan" in (stage or STAGES):
        _confirm_redraw(round_, codes, stage or STAGES, yes)
    for note in worth_a_look(round_):
        console.print(f"Worth a look: {note}", style="yellow", markup=False)
    summary = run_stages(
        round_,
        stages=stage or STAGES,
        only=codes,
        jobs=jobs or default_jobs(),
        redraw=redraw,
        keep=keep,
        again=again,
        scheduler=scheduler,
    )
    tell(summary, round_)
    if redraw and not is_address(State.address):
        from helpers.fieldwork.invited import told_of_letters

        paths = Paths(root(), round_.id)
        for line in told_of_letters(paths, codes or round_.settings.participants):
            console.print(line, style="yellow", markup=False)
    raise typer.Exit(1 if summary.failures else 0)


def _decisions(round_: Round, codes: str | None, reason: str | None) -> dict[str, Decision]:
    """Municipality → the decision to keep its frozen sample; who decides is who calls."""
    if not codes:
        if reason is not None:
            raise usage("--reason belongs to --keep-sample. Nothing was written.")
        return {}
    from helpers.plan import Decision
    from helpers.preparation.municipality_names import find_municipality

    named = [c.strip() for c in codes.split(",") if c.strip()]
    found = {text: find_municipality(text, round_.municipalities)[0] for text in named}
    chosen = [place.code for place in found.values() if place is not None]
    part = round_.settings.participants
    if foreign := [t for t, p in found.items() if p is None or p.code not in part]:
        raise usage(f"--keep-sample: {', '.join(foreign)} takes no part in {round_.id}.")
    text = " ".join((reason or "").split())
    if not text:
        raise usage("--keep-sample: say why, as --reason TEXT. Nothing was written.")
    try:
        who = getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name in the environment and no entry for the user
        who = "not known"
    return dict.fromkeys(chosen, Decision(dt.date.today().isoformat(), who, text))


def _confirm_redraw(
    round_: Round, codes: Sequence[str] | None, stages: Sequence[str], yes: bool
) -> None:
    """Where answers have come, tell who would leave and come in, and ask; ends the call at no."""
    if is_address(State.address):
        if not yes:
            raise usage(
                "--redraw: what it changes cannot be told at an address. Say --yes too. Nothing was "
                "written."
            )
        return
    from helpers.redraw import may_have_answers, redraw_of

    paths = Paths(root(), round_.id)
    chosen = [
        c for c in round_.settings.participants
        if (codes is None or c in codes) and may_have_answers(paths, c)
    ]  # fmt: skip
    if not chosen:
        return
    with held(round_.id):
        found = redraw_of(paths, round_, chosen, intake="intake" in stages)
    for note in found.notes:
        console.print(note, style="yellow", markup=False)
    if found.changes.empty:
        return
    console.print("Drawn again, with answers in (citizens, answers):", markup=False)
    for row in found.changes.itertuples():
        name = f"{row.municipality} {round_.municipalities[row.municipality].name}"
        console.print(
            f"  {name}, {row.target_group}: {row.leave} would leave, {row.come_in} would come in; "
            f"{row.lost} of {row.answers} answers would be lost",
            markup=False,
        )
    console.print(f"In all {found.lost} answers would be lost.", style="yellow", markup=False)
    if yes:
        return
    if not sys.stdin.isatty():
        raise usage("--redraw: answers have come. Say --yes to draw again. Nothing was written.")
    if console.input("Type yes to draw again: ").strip().lower() != "yes":
        raise usage("Not drawn again. Nothing was written.")


def run_stages(round_: Round, **how) -> Summary:
    try:
        with Told(round_, console) as progress:
            return run_round(State.address, round_, progress=progress, **how)
    except ParameterError as e:
        raise usage(f"{e}\nNothing was written.") from e


def tell(summary: Summary, round_: Round) -> None:
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
            verified = verify_round(root(), round_, jobs or default_jobs(), progress)
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
