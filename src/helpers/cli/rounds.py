"""`survey questionnaire · compare · round`: the questionnaire for a survey tool, rounds over time, and the
next round made from the last."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from helpers.cli.state import codes_of, console, held, load, of_the_call, root, usage
from helpers.common.paths import Paths

round_app = typer.Typer(no_args_is_help=True, help="Rounds' parameters.", rich_markup_mode=None)


def add_commands(app: typer.Typer) -> None:
    app.add_typer(round_app, name="round")
    app.command()(questionnaire)
    app.command()(compare)


def questionnaire(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    only: Annotated[str | None, typer.Option(help="Codes or names, as 0707,Favrskov.")] = None,
) -> None:
    """Write the questionnaire for import into a survey tool (JSON, CSV), local questions too."""
    from helpers.preparation.frame import load_frame
    from helpers.preparation.questionnaire import FOLDER, write_questionnaires

    round_ = load(round_id)
    codes = None if only is None else codes_of(round_, only)
    frame = load_frame(root(), round_.questionnaire)
    paths = Paths(root(), round_.id)
    with held(round_.id):
        written = write_questionnaires(paths, round_, frame, codes)
    for path in written:
        console.print(f"Written: {path}", markup=False)
    without = [c for c in codes or () if not round_.local_for(c).questions]
    if without:
        console.print(
            f"{', '.join(without)}: no local questions, so the common file is theirs.", markup=False
        )
    console.print(
        f"Import them into the survey tool; {paths.build / FOLDER} holds no citizen. A citizen's link is "
        f"{round_.settings.link_base} and the key.",
        markup=False,
    )


def compare(
    rounds: Annotated[list[str] | None, typer.Argument(metavar="[ROUND]...")] = None,
    only: Annotated[str | None, typer.Option(help="Print these municipalities' themes.")] = None,
) -> None:
    """Set all released rounds side by side: table here, page and workbook in build/udvikling/."""
    from helpers.common.vocabulary import NATIONAL
    from helpers.development.files import write_development
    from helpers.development.series import load_development
    from helpers.parameters.municipality_names import codes_given
    from helpers.parameters.params import load_municipalities

    with of_the_call():
        held_ = load_development(root(), rounds or ())
    development = held_.development
    codes = []
    if only is not None:
        none = f"has results in none of the rounds {', '.join(development.ids)}"
        everybody = load_municipalities(root())
        codes = codes_given(only, development.places, everybody, "--only", none)
    written = write_development(root(), development)
    for note in held_.notes:
        console.print(note, style="yellow", markup=False)
    of_themes = [(x.label, x) for x in development.lines]
    for code in codes or [NATIONAL]:
        series = [(label, development.series(code, x)) for label, x in of_themes]
        _print_series(development, development.name(code), "theme", series)
    if not codes:
        series = [
            (m.name, development.series(m.code, development.overall)) for m in development.places
        ]
        title = f"{development.overall.label}, by municipality"
        _print_series(development, title, "municipality", series)
    for before, now, what in development.breaks():
        console.print(f"{before} → {now}: {what or 'no break'}", markup=False)
    for path in written:
        console.print(f"Written: {path}", markup=False)


def _print_series(development, title: str, of: str, series: list) -> None:
    """A row a series: each round's mean, and the change to the latest round as its gate released it."""
    from rich.table import Table

    from helpers.common import printing

    table = Table(title=title, title_justify="left")
    table.add_column(of)
    for round_id in development.ids:
        table.add_column(round_id, justify="right")
    if len(development.ids) > 1:
        table.add_column("change", justify="right")
        table.add_column("verdict")
    for label, one in series:
        cells = [printing.number(p.value, 2) if p.shown else p.words for p in one.points]
        step = one.step_to(development.ids[-1])
        if step is not None:
            change = printing.signed(step.difference, 2) if step.computed else "–"
            mark = " (brud)" if step.broken else ""
            cells += [change, step.verdict + development.since(step) + mark]
        table.add_row(label, *cells)
    console.print(table)


@round_app.command("new")
def new_round(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    like: Annotated[str, typer.Option(help="The round to make it from.")],
    reference_date: Annotated[
        str | None, typer.Option(help="As 2026-02-01; else moved with the calendar.")
    ] = None,
    shift_weeks: Annotated[
        int | None, typer.Option(help="Weeks to move the calendar; else to the same ISO weeks.")
    ] = None,
    copy_local: Annotated[
        bool, typer.Option("--copy-local", help="Copy local questions and variables too.")
    ] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated", help="A round of invented citizens, not a real one.")
    ] = False,
) -> None:
    """Make a new round's parameters from an earlier round's, and list what must be decided."""
    from helpers.preparation.decisions import decisions, header
    from helpers.preparation.new_round import differences, make_round, with_header, write_round

    try:
        day = dt.date.fromisoformat(reference_date) if reference_date else None
    except ValueError as e:
        raise usage(
            f"--reference-date: »{reference_date}« is no day. Expected: as 2026-02-01. Nothing was written."
        ) from e
    made = make_round(
        root(),
        round_id,
        like,
        reference_date=day,
        weeks=shift_weeks,
        copy_local=copy_local,
        simulated=simulated,
    )
    to_decide = decisions(root(), made)
    written = write_round(root(), with_header(made, header(made, to_decide)))
    console.print(f"Different from {like}:", markup=False)
    for key, before, after in differences(made.like, made.round):
        console.print(f"  {key}: {before} → {after}", markup=False)
    console.print("To be decided (the list stands at the top of the new file too):", markup=False)
    for number, one in enumerate(to_decide, start=1):
        console.print(f"  {number}. {one}", markup=False)
    for path in reversed(written):
        console.print(f"Written: {path}", markup=False)
