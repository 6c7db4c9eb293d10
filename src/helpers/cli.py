"""`survey`: the command line.

Exit status 0 all done; 1 some municipalities failed, the others finished; 2 the call or the
parameters are wrong, nothing was written.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from helpers.cli_privacy import add_commands
from helpers.cli_state import State, console, listed, load, usage
from helpers.errors import ParameterError, SurveyError
from helpers.params import Round
from helpers.paths import PROJECT, Paths, close_data
from helpers.run import STAGES, Progress, Summary, run_round

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)
add_commands(app)
STAGE_WORDS = {
    "simulate extracts": "simulate extracts",
    "intake": "intake",
    "plan": "sampling plan",
    "sendout": "letters",
    "simulate answers": "simulate answers",
    "analyse": "analysis",
    "release": "release",
    "report": "reports",
    "national": "national report",
    "scan": "scan",
}


@app.callback()
def settings(
    root: Annotated[
        Path, typer.Option(help="Folder that holds params/, data/ and build/.")
    ] = PROJECT,
) -> None:
    """Citizen survey of jobcentres: from extracts to samples, weights and reports."""
    State.root = root.resolve()


class _Bars(Progress):
    """A bar a stage over its municipalities, with the one just done and the time left."""

    def __init__(self, round_: Round) -> None:
        self.round_ = round_
        self.bar = Bar(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[place]}"),
            console=console,
        )
        self.tasks: dict[str, int] = {}

    def start(self, stage: str, total: int) -> None:
        self.tasks[stage] = self.bar.add_task(STAGE_WORDS.get(stage, stage), total=total, place="")

    def advance(self, stage: str, municipality: str) -> None:
        place = self.round_.municipalities.get(municipality)
        self.bar.update(self.tasks[stage], advance=1, place=place.name if place else "")

    def end(self, stage: str) -> None:
        self.bar.update(self.tasks[stage], place="done")


def _default_jobs() -> int:
    return max(1, os.cpu_count() or 1)


@app.command()
def run(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    stage: Annotated[str | None, typer.Option(help=f"One of {', '.join(STAGES)}.")] = None,
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
    jobs: Annotated[
        int | None, typer.Option(help="Municipalities at the same time.", min=1)
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw a frozen sample again; the old one is kept.")
    ] = False,
) -> None:
    """Run a round: intake, plan, analyse, release, report, national."""
    round_ = load(round_id)
    if stage is not None and stage not in STAGES:
        raise usage(f"--stage: unknown stage »{stage}«. Expected: one of {', '.join(STAGES)}.")
    codes = [c.strip() for c in only.split(",") if c.strip()] if only else None
    summary = _run(round_, [stage] if stage else list(STAGES), codes, jobs, redraw)
    _tell(summary, round_)
    raise typer.Exit(1 if summary.failures else 0)


def _run(
    round_: Round, stages: list[str], codes, jobs: int | None, redraw: bool = False
) -> Summary:
    bars = _Bars(round_)
    try:
        with bars.bar:
            return run_round(
                State.root,
                round_,
                stages=stages,
                only=codes,
                jobs=jobs or _default_jobs(),
                redraw=redraw,
                progress=bars,
            )
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
    index = Paths(State.root, round_.id).build / "index.html"
    if {"report", "national"} & set(summary.done) and index.is_file():
        console.print(f"\nReports: {index}", markup=False)
    if summary.failures:
        console.print(
            f"{len(summary.failed)} failed; the others finished. Mend the causes and run again.",
            style="red",
        )


@app.command()
def sendout(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
) -> None:
    """Write the mail-merge basis of the letters; from then on the samples are frozen."""
    from helpers.sendout import write_sendout

    round_ = load(round_id)
    close_data(State.root)
    paths = Paths(State.root, round_.id)
    codes = only.split(",") if only else round_.settings.participants
    failed = 0
    for code in codes:
        if code not in round_.settings.participants:
            raise usage(f"--only: {code} takes no part in {round_.id}.")
        try:
            write_sendout(paths, round_, code)
        except SurveyError as e:
            failed += 1
            console.print(f"FAILED {code}: {e}", style="red", markup=False)
    console.print(f"Letters of {len(codes) - failed} municipalities: {paths.data / 'sendout'}")
    raise typer.Exit(1 if failed else 0)


@app.command()
def status(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Show how far each municipality is."""
    from helpers.intake import find_extract

    round_ = load(round_id)
    paths = Paths(State.root, round_.id)
    table = Table(title=f"{round_.id}: {round_.settings.title}")
    steps = ("extract", "intake", "sample", "letters", "answers", "estimates", "report")
    for name in ("municipality", *steps):
        table.add_column(name)
    totals = dict.fromkeys(steps, 0)
    for place in round_.participants:
        code = place.code
        try:
            extract = find_extract(paths, code).is_file()
        except SurveyError:
            extract = False
        letters = paths.sendout(code)
        have = {
            "extract": extract,
            "intake": paths.population(code).is_file(),
            "sample": paths.sample(code).is_file(),
            "letters": letters.is_dir() and any(letters.iterdir()),
            "answers": paths.answers(code).is_file(),
            "estimates": paths.estimates(code).is_file(),
            "report": (paths.report_folder(place) / "rapport.html").is_file(),
        }
        for step, there in have.items():
            totals[step] += there
        table.add_row(f"{code} {place.name}", *("✓" if v else "·" for v in have.values()))
    table.add_section()
    table.add_row("in all", *(str(v) for v in totals.values()))
    console.print(table)


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
    summary = _simulate(round_, workers, ["analyse", "release", "report", "national"])
    table = Table(title="Time per stage")
    table.add_column("stage")
    table.add_column("municipalities", justify="right")
    table.add_column("seconds", justify="right")
    for name, word in STAGE_WORDS.items():
        if name in summary.seconds:
            table.add_row(word, str(summary.done.get(name, "")), f"{summary.seconds[name]:.1f}")
    table.add_section()
    table.add_row("in all", "", f"{sum(summary.seconds.values()):.1f}")
    console.print(table)
    _tell(summary, round_)
    paths = Paths(State.root, round_.id)
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

    paths = Paths(State.root, round_.id)
    seconds: dict[str, float] = {}

    def timed(name: str, step) -> None:
        began = time.perf_counter()
        with console.status(STAGE_WORDS[name]):
            step()
        seconds[name] = time.perf_counter() - began

    for old in (paths.data, paths.build):  # an earlier simulation; nothing in it is real
        shutil.rmtree(old, ignore_errors=True)
    close_data(State.root)
    console.print(
        f"Simulating {round_.id}: {len(round_.participants)} municipalities under {paths.data}; "
        "all citizens are invented."
    )
    timed("simulate extracts", lambda: write_extracts(State.root, round_.id, jobs=workers))
    first = _run(round_, ["intake", "plan"], None, workers)
    drawn = [c for c in round_.settings.participants if paths.sample(c).is_file()]
    timed("sendout", lambda: [write_sendout(paths, round_, c) for c in drawn])
    timed("simulate answers", lambda: write_responses(State.root, round_.id, jobs=workers))
    second = _run(round_, stages, None, workers)
    return Summary(
        first.seconds | seconds | second.seconds,
        first.done | second.done,
        first.failures + second.failures,
        second.waiting,
        first.notes + second.notes,
    )


def main() -> None:
    """Entry point; a SurveyError that reaches here ends with its text, not with a trace."""
    try:
        app()
    except SurveyError as e:
        console.print(str(e), style="red", markup=False)
        raise SystemExit(1) from e
