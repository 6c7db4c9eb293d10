"""`survey run · verify`: the run over the municipalities, and what it tells."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from helpers.cli.progress import ConsoleProgress
from helpers.cli.state import Failures, State, codes_of, console, held, load, root, usage
from helpers.common.paths import Paths
from helpers.common.quoting import blanked
from helpers.common.store import is_address
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.notebooks.renderers import MUNICIPAL, NATIONAL, RENDERERS, VARIABLE, Kind, described
from helpers.parameters.local import worth_a_look
from helpers.parameters.params import Round
from helpers.pipeline.run import STAGES, Summary, run_round

if TYPE_CHECKING:
    from helpers.sampling.plan import Decision


# stage → the kind of report that it typesets, and its words
TYPESET: dict[str, tuple[Kind, str]] = {
    "national": (NATIONAL, "national reports"), "report": (MUNICIPAL, "municipal reports"),
}  # fmt: skip


def add_commands(app: typer.Typer) -> None:
    app.command()(run)
    app.command()(verify)


RendererOption = Annotated[
    str | None,
    typer.Option(
        metavar="auto|quarto|embedded",
        help="What typesets: auto is Quarto for the national reports where it is found, and the embedded "
        f"renderer for municipalities. Also {VARIABLE}.",
    ),
]


def use_renderer(chosen: str | None) -> None:
    """Take the option for this call, and see that what is asked for is there. Ends the call where it is not."""
    if chosen is not None and chosen not in RENDERERS:
        raise usage(
            f"--renderer: unknown renderer »{chosen}«. Expected: one of {', '.join(RENDERERS)}."
        )
    if chosen is not None:
        os.environ[VARIABLE] = chosen
    described(NATIONAL)


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
    renderer: RendererOption = None,
) -> None:
    """Run what is stale of a round: intake, plan, analyse, release, report, national."""
    round_ = load(round_id)
    if unknown := [s for s in stage or () if s not in STAGES]:
        raise usage(
            f"--stage: unknown stage {', '.join(f'»{s}«' for s in unknown)}. "
            f"Expected: one of {', '.join(STAGES)}."
        )
    use_renderer(renderer)
    codes = codes_of(round_, only)
    keep = _decisions(round_, keep_sample, reason)
    if redraw and keep:
        raise usage("--redraw and --keep-sample exclude each other. Nothing was written.")
    if (redraw or keep) and "plan" not in (stage or STAGES):
        option = "--redraw" if redraw else "--keep-sample"
        raise usage(
            f"{option}: samples are drawn in the stage plan, which is not run. Say --stage plan too, or no "
            "--stage. Nothing was written."
        )
    if redraw:
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
        from helpers.fieldwork.invited import invitation_mismatches

        paths = Paths(root(), round_.id)
        for line in invitation_mismatches(paths, codes or round_.settings.participants):
            console.print(line, style="yellow", markup=False)
    raise typer.Exit(1 if summary.failures else 0)


def _decisions(round_: Round, codes: str | None, reason: str | None) -> dict[str, Decision]:
    """Municipality → the decision to keep its frozen sample; who decides is who calls."""
    if not codes:
        if reason is not None:
            raise usage("--reason belongs to --keep-sample. Nothing was written.")
        return {}
    from helpers.sampling.plan import Decision

    chosen = codes_of(round_, codes, "--keep-sample")
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
    from helpers.sampling.redraw import may_have_answers, redraw_of

    paths = Paths(root(), round_.id)
    chosen = [
        c
        for c in round_.settings.participants
        if (codes is None or c in codes) and may_have_answers(paths, c)
    ]
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
    with ConsoleProgress(round_, console) as progress:
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
        by = [
            f"{w} by {described(k)}" for stage, (k, w) in TYPESET.items() if stage in summary.done
        ]
        console.print(f"\nTypeset: {', '.join(by)}.", markup=False, highlight=False)
        console.print(
            f"\nReports: {blanked(State.address)}/build/{round_.id}/index.html", markup=False
        )
    if summary.failed == {WHOLE_ROUND}:
        console.print("Mend the cause and run again.", style="red")
    elif failures:
        failed = f"{len(failures)} failed; the others finished. Mend the causes and run again."
        console.print(failed, style="red")


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
    from helpers.pipeline.verify import verify as verify_round

    round_ = load(round_id)
    with held(round_.id), ConsoleProgress(round_, console) as progress:
        verified = verify_round(root(), round_, jobs or default_jobs(), progress)
    failures_of(verified.summary, round_).tell()
    for name in verified.different:
        console.print(f"DIFFERENT {name}", style="red", markup=False)
    console.print(
        f"{verified.same} files are the same byte for byte, {len(verified.different)} are not."
    )
    raise typer.Exit(1 if verified.different or verified.summary.failures else 0)
