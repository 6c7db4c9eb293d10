"""`survey collect · effort · hotline`: the commands for the weeks in which answers come in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from helpers.cli.state import (
    State,
    console,
    failed,
    held,
    load,
    name_of,
    of_the_call,
    print_failure,
    root,
    usage,
)
from helpers.common.errors import ParameterError
from helpers.common.paths import Paths, close_data
from helpers.parameters.params import Round

if TYPE_CHECKING:
    import pandas as pd

    from helpers.fieldwork.collection import Received

RoundArgument = Annotated[str, typer.Argument(metavar="ROUND")]
SHOWN_ROWS, SHOWN_FILES = 15, 5


def add_commands(app: typer.Typer) -> None:
    for command in (collect, effort, hotline):
        app.command()(command)


def collect(
    round_id: RoundArgument,
    files: Annotated[list[Path], typer.Argument(help="Exports, or folders of exports.")],
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Pass over rows whose key is in no drawn sample.")
    ] = False,
) -> None:
    """Take in the survey tool's exports: any number, in any order, the same twice changes nothing."""
    from helpers.answers.answer_times import danish_today
    from helpers.answers.exports import export_files
    from helpers.answers.left_out import FILE as LEFT_OUT
    from helpers.fieldwork.collection import answers_by_municipality, exports_in, receive
    from helpers.pipeline.run import COLLECT, run_round

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    given = exports_in(files)
    close_data(root())
    before = answers_by_municipality(paths, round_)
    with held(round_.id):
        today = danish_today() if skip_unknown else None
        received = receive(paths, round_, given, skip_unknown_on=today)
    failures: list[tuple[str, str]] = [(n, str(e)) for n, e in received.refused.items()]
    notes: list[str] = []
    if export_files(paths):
        try:
            with console.status("sharing the answers out"):
                summary = run_round(State.address, round_, stages=[COLLECT])
        except ParameterError as e:  # another run came between; the files are in
            raise failed(e) from e
        notes = summary.notes
        failures += [(name_of(round_, f.municipality), f.cause) for f in summary.failures]
    _print_received(received, len(given), paths.responses / LEFT_OUT)
    _print_answers(round_, before, answers_by_municipality(paths, round_))
    for note in notes:
        console.print(f"\n{note}", style="yellow", markup=False)
    for name, error in failures:
        console.print()
        print_failure(error, name)
    if received.refused:
        console.print("A file is taken whole or not at all; the others are in.", style="red")
    raise typer.Exit(1 if failures else 0)


def _print_received(received: Received, given: int, record: Path) -> None:
    console.print(
        f"{len(received.taken)} of {given} files taken ({sum(received.taken.values())} rows), "
        f"{len(received.known)} known already, {len(received.refused)} refused."
    )
    for word, names in (("taken", received.taken), ("known already", received.known)):
        for name in list(names)[:SHOWN_FILES]:
            console.print(f"  {word} {name}", markup=False)
        if len(names) > SHOWN_FILES:
            console.print(f"  … and {len(names) - SHOWN_FILES} more {word}")
    if received.left_out:
        console.print(
            f"{sum(received.left_out.values())} rows of {len(received.left_out)} files passed over: their "
            f"keys belong to no drawn sample. Recorded in {record}",
            markup=False,
        )


def _print_answers(round_: Round, before: dict[str, int], after: dict[str, int]) -> None:
    """New answers per municipality, where there are any."""
    changed = {c: n - before.get(c, 0) for c, n in after.items() if n != before.get(c, 0)}
    if not changed:
        console.print(f"No new answers; {sum(after.values())} in all.")
        return
    table = Table(title="New answers")
    table.add_column("municipality")
    table.add_column("new", justify="right")
    table.add_column("in all", justify="right")
    for code, more in changed.items():
        table.add_row(name_of(round_, code), f"{more:+d}", str(after[code]))
    table.add_section()
    table.add_row("in all", f"{sum(changed.values()):+d}", str(sum(after.values())))
    console.print(table)


def effort(
    round_id: RoundArgument,
    sms_budget: Annotated[int, typer.Option(help="So many SMS at most.", min=0)] = 0,
    calls: Annotated[int, typer.Option(help="So many telephone calls at most.", min=0)] = 0,
) -> None:
    """Where another reminder, SMS or call gives most towards the least number and likeness."""
    from helpers.answers.answer_times import danish_today
    from helpers.fieldwork.effort import make_plan, write_plan
    from helpers.fieldwork.round_status import round_status_of

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    budgets = {"reminder": None, "sms": sms_budget, "telephone": calls}
    with held(round_.id):
        now = round_status_of(paths, round_, today=danish_today())
        plan = make_plan(now.citizens, now.forecast, round_, now.exceptions, budgets)
        write_plan(paths, plan)
    if now.moment >= now.curves.marks["end"]:
        console.print("The collection has ended: no answers would be counted.", style="yellow")
    console.print(_effort_table(round_, plan))
    for channel, budget in budgets.items():
        own = plan[(plan["channel"] == channel) & plan["chosen"]]
        if budget == 0:
            option = "--sms-budget" if channel == "sms" else "--calls"
            console.print(f"{channel}: ranked, none chosen; say {option} N.", markup=False)
            continue
        of = "" if budget is None else f" of {budget}"
        console.print(
            f"{channel}: {len(own)} groups, {own['persons'].sum()}{of} persons, "
            f"{own['expected_answers'].sum():.0f} answers expected on top of the forecast"
        )
    console.print(
        f"Answers as of {now.moment:%Y-%m-%d %H:%M}. The whole plan: {paths.effort}", markup=False
    )


def _effort_table(round_: Round, plan: pd.DataFrame) -> Table:
    """The first of the groups chosen."""
    table = Table(title=f"{round_.id}: where effort gives most")
    for heading in ("rank", "municipality", "target group", "by", "persons", "answers", "gain"):
        right = heading in ("rank", "persons", "answers", "gain")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for row in plan[plan["chosen"]].head(SHOWN_ROWS).itertuples():
        table.add_row(
            str(row.rank),
            name_of(round_, row.municipality),
            row.target_group,
            row.channel,
            str(row.persons),
            f"{row.expected_answers:.1f}",
            f"{row.gain:.1f}",
        )
    return table


def hotline(
    round_id: RoundArgument,
    file: Annotated[Path, typer.Argument(help="CSV: when, municipality, topic, minutes (key).")],
) -> None:
    """Log calls to the hotline, without names; a file twice logs nothing new."""
    from helpers.fieldwork.hotline import exception_notes, log_calls

    round_ = load(round_id)
    paths = Paths(root(), round_.id)
    if not file.is_file():
        wrong = "is a folder" if file.is_dir() else "does not exist"
        raise usage(f"{file} {wrong}. Expected: a CSV of calls. Nothing was written.")
    close_data(root())
    with held(round_.id), of_the_call():
        logged = log_calls(paths, round_, file)
    console.print(
        f"{logged.new} calls logged, {logged.known} known already: {paths.hotline}", markup=False
    )
    for line in exception_notes(paths, logged):
        console.print(line, style="yellow", markup=False)
