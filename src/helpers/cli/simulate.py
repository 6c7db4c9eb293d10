"""`survey demo · simulate`: what reality delivers, invented: extracts and answers of a simulated round."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from helpers.cli.progress import STAGE_WORDS
from helpers.cli.run import RendererOption, default_jobs, run_stages, tell, use_renderer
from helpers.cli.state import console, failed, has_parameters, load, root, usage
from helpers.common.paths import PROJECT, Paths, begin_parameters, close_data
from helpers.parameters.params import Round, load_round
from helpers.pipeline.run import Summary

simulate_app = typer.Typer(
    no_args_is_help=True,
    help="What municipalities and the survey tool would deliver, in a simulated round.",
    rich_markup_mode=None,
)


def add_commands(app: typer.Typer) -> None:
    app.command()(init)
    app.command()(demo)
    app.add_typer(simulate_app, name="simulate")


def _simulated(round_id: str, where: Path | None = None) -> Round:
    round_ = load(round_id) if where is None else load_round(where, round_id)
    if not round_.settings.simulated:
        raise usage(
            f"{round_id} is a real round; only a round with `simulated: true` can be simulated."
        )
    return round_


@contextmanager
def _simulating() -> Iterator[None]:
    from simulator import SimulationError

    try:
        yield
    except SimulationError as e:
        raise failed(str(e)) from e


def init() -> None:
    """Begin in a folder (--root) of one's own: write the parameters that come with the program there."""
    if has_parameters():
        raise usage(f"{root() / 'params'} is there already. Nothing was written.")
    console.print(f"Written: {begin_parameters(root())}", markup=False)
    console.print("Next: survey demo, or survey round new ROUND --like 2024-foraar", markup=False)


@simulate_app.command("extracts")
def extracts(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Write the extracts that municipalities would send, to `data/<round>/extracts/`."""
    from simulator import write_extracts

    round_ = _simulated(round_id)
    close_data(root())
    with _simulating():
        made = write_extracts(root(), round_.id, jobs=default_jobs())
    console.print(
        f"Extracts of {len(made)} municipalities: {Paths(root(), round_.id).extracts}", markup=False
    )


@simulate_app.command("answers")
def answers(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    until: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As exported at the end of this day."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Folder for the exports; default: data/<round>/responses/.")
    ] = None,
) -> None:
    """Write the exports that the survey tool would give for those who got letters."""
    from simulator import write_responses

    round_ = _simulated(round_id)
    folder = to or Paths(root(), round_.id).responses
    day = until.date() if until else None
    with _simulating():
        made = write_responses(
            root(), round_.id, jobs=default_jobs(), until=day, folder=folder.resolve()
        )
    if not made:
        raise usage(f"{round_.id} has no letters yet. Run `survey sendout {round_.id}` first.")
    console.print(f"Exports of {len(made)} municipalities: {folder}", markup=False)


def demo(
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
    round_id: Annotated[str, typer.Option("--round", help="A simulated round.")] = "demo",
    renderer: RendererOption = None,
) -> None:
    """Simulate a whole round as files, and the rounds before it, and run every stage on it.

    What lies under data/ and build/ of these rounds is deleted first, and is all made anew but for the
    earlier rounds' reports. A small round to try things on: `survey round new X --like demo --simulated`,
    `survey participants X FILE`, `survey demo --round X`. In a folder without params/ those that come with
    the program are written first.
    """
    use_renderer(renderer)
    if not has_parameters():
        _simulated(round_id, PROJECT)  # a wrong call writes nothing
        console.print(f"Written: {begin_parameters(root())}", markup=False)
    round_ = _simulated(round_id)
    workers = jobs or default_jobs()
    before = [load(name) for name in reversed(round_.settings.earlier_rounds)]
    for earlier in before:
        if earlier.settings.simulated:  # to compare with; its own reports: `survey run`
            summary = _simulate(earlier, workers, ["analyse", "release"])
            if summary.failures:
                tell(summary, earlier)
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
    tell(summary, round_)
    paths = Paths(root(), round_.id)
    console.print(
        f"\nLook at {paths.build / 'index.html'} (all reports) and "
        f"{paths.national_folder / 'rapport.pdf'} (the country).",
        markup=False,
    )
    raise typer.Exit(1 if summary.failures else 0)


def _simulate(round_: Round, workers: int, stages: list[str]) -> Summary:
    """Extracts, plan, letters, answers, and then the `stages`, of one simulated round."""
    from helpers.fieldwork.sendout import write_sendout
    from simulator import write_extracts, write_responses

    paths = Paths(root(), round_.id)
    seconds: dict[str, float] = {}

    def timed(name: str, step) -> None:
        began = time.perf_counter()
        with console.status(STAGE_WORDS[name]), _simulating():
            step()
        seconds[name] = time.perf_counter() - began

    old = [folder for folder in (paths.data, paths.build) if folder.is_dir()]
    for folder in old:  # an earlier simulation; nothing in it is real
        shutil.rmtree(folder, ignore_errors=True)
    if old:
        console.print(f"Deleted: {', '.join(map(str, old))}, an earlier simulation.", markup=False)
    close_data(root())
    console.print(
        f"Simulating {round_.id}: {len(round_.participants)} municipalities under {paths.data}; "
        "all citizens are invented."
    )
    timed("simulate extracts", lambda: write_extracts(root(), round_.id, jobs=workers))
    first = run_stages(round_, stages=["intake", "plan"], jobs=workers)
    drawn = [c for c in round_.settings.participants if paths.sample(c).is_file()]
    timed("sendout", lambda: [write_sendout(paths, round_, c) for c in drawn])
    timed("simulate answers", lambda: write_responses(root(), round_.id, jobs=workers))
    second = run_stages(round_, stages=stages, jobs=workers)
    return Summary(
        seconds=first.seconds | seconds | second.seconds,
        done=first.done | second.done,
        unchanged=first.unchanged | second.unchanged,
        failures=first.failures + second.failures,
        waiting=second.waiting,
        notes=first.notes + second.notes,
    )
