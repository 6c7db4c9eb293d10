"""`survey template · check · layout`: what municipalities fill in, trying it, and new layouts of it."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated

import typer

from helpers.cli.state import State, codes_of, console, held, load, of_the_call, root, usage
from helpers.common.paths import Paths
from helpers.common.printing import slug
from helpers.common.store import is_address

layout_app = typer.Typer(no_args_is_help=True, help="Layouts of extracts.", rich_markup_mode=None)


def add_commands(app: typer.Typer) -> None:
    app.command()(template)
    app.command()(check)
    app.add_typer(layout_app, name="layout")


def template(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    layout: Annotated[str | None, typer.Option(help="One layout; default: all known.")] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Codes or names, as 0707,Favrskov: templates with their local background variables too."
        ),
    ] = None,
) -> None:
    """Write the workbooks that municipalities fill in, with guidance, to build/ROUND/skabeloner/."""
    from helpers.preparation.template import write_templates

    round_ = load(round_id)
    formats = {f.layout: f for f in round_.formats}
    if layout is not None and layout not in formats:
        raise usage(f"--layout: »{layout}« is unknown. Expected: one of {', '.join(formats)}.")
    codes = [] if only is None else codes_of(round_, only)
    chosen = [formats[layout]] if layout else list(round_.formats)
    with held(round_.id):
        written = write_templates(Paths(root(), round_.id), round_, chosen, codes)
    _print(str(path) for path in written)
    if plain := [c for c in codes if not round_.local_for(c).background]:
        hint = f"{', '.join(plain)}: no local background variables; the general template holds."
        console.print(hint, style="yellow", markup=False)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An extract, .xlsx or .csv.")],
    round_id: Annotated[
        str | None, typer.Option("--round", help="Default: the latest that is not simulated.")
    ] = None,
    municipality: Annotated[
        str | None,
        typer.Option(help="Its code or name; default: what the file's name begins with."),
    ] = None,
    language: Annotated[str, typer.Option("--lang", help="en, or da for municipalities.")] = "en",
    copy: Annotated[
        Path | None, typer.Option(help="Folder of the marked copy; default: beside the file.")
    ] = None,
) -> None:
    """Try an extract before it is sent; a faulty one gets a marked copy. Keeps nothing else."""
    from helpers.faults.faults import LANGUAGES
    from helpers.parameters.municipality_names import codes_given
    from helpers.parameters.params import latest_round
    from helpers.preparation.check import check_extract, municipality_of
    from helpers.preparation.check_report import fault_lines, lines_about, verdict

    if language not in LANGUAGES:
        raise usage(f"--lang: »{language}« is unknown. Expected: one of {', '.join(LANGUAGES)}.")
    if not file.is_file():
        raise usage(f"{file} is no file.")
    if copy is not None and not copy.is_dir():
        raise usage(f"--copy: {copy} is no folder.")
    if copy is not None and _is_kept(copy):
        raise usage(f"--copy: {copy} lies under data/ or build/; name a folder of your own.")
    round_ = load(round_id or latest_round(root()))
    code = municipality_of(file, round_)
    if municipality is not None:
        every = round_.municipalities
        [code] = codes_given(
            [municipality],
            every.values(),
            every,
            "--municipality",
            "is no municipality's code or name",
        )
    paths = None if is_address(State.address) else Paths(root(), round_.id)
    checked = check_extract(file, round_, code, paths)
    _print(lines_about(checked, round_, language))
    console.print()
    if not checked.has_no_faults:
        copy_text, marked = _marked_copy(file, checked.faults, round_, language, copy)
        _print(fault_lines(checked, language, marked), style="red")
        console.print(f"\n{copy_text}", markup=False)
    console.print(verdict(checked, language), style="green" if checked.has_no_faults else "red")
    raise typer.Exit(0 if checked.has_no_faults else 1)


def _print(lines, style: str | None = None) -> None:
    for line in lines:
        console.print(line, style=style, markup=False)


def _is_kept(folder: Path) -> bool:
    """Whether a folder lies under `data/` or `build/` of the root, where no marked copy belongs."""
    if is_address(State.address):
        return False
    return any(folder.resolve().is_relative_to(root() / top) for top in ("data", "build"))


_COPY_TEXTS = {
    "en": (
        "Marked copy: {path}",
        "No marked copy: no fault stands in a cell, or the table is too large for one.",
        "No marked copy, since the file lies under data/ or build/; --copy names a folder for it.",
        "The marked copy could not be written: {why}",
    ),
    "da": (
        "Markeret kopi: {path}",
        "Der er ingen markeret kopi, for ingen af fejlene står i en celle, eller tabellen er for stor til en.",
        "Der er ingen markeret kopi, fordi filen ligger under data/ eller build/. "
        "Brug --copy til at vælge en mappe.",
        "Den markerede kopi kunne ikke skrives: {why}",
    ),
}


def _marked_copy(
    file: Path, faults, round_, language: str, folder: Path | None
) -> tuple[str, bool]:
    """What to tell of the marked copy, and whether there is one."""
    from helpers.preparation.marking import write_marked

    written, nowhere, kept, failed = _COPY_TEXTS[language]
    if folder is None and _is_kept(file.parent):
        return kept, False
    try:
        marked = write_marked(file, faults, round_.formats, language, folder)
    except OSError as e:
        return failed.format(why=e), False
    return (nowhere, False) if marked is None else (written.format(path=marked.path), True)


@layout_app.command("new")
def layout_new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An extract in the new layout.")],
    name: Annotated[
        str | None, typer.Option(help="Of the layout; default: from the file's.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Write over a proposal of the same name.")
    ] = False,
) -> None:
    """Propose a mapping file for a layout that is not known, for a person to settle."""
    from helpers.common.paths import write_text
    from helpers.parameters.params import load_layouts
    from helpers.preparation.layout_file import decisions, proposal_text, proposed_path
    from helpers.preparation.layout_proposal import known_layout, propose

    if not file.is_file():
        raise usage(f"{file} is no file.")
    chosen = name or slug(file.stem).lstrip("0123456789-")
    if not re.fullmatch(r"[a-z][a-z0-9-]*", chosen):
        raise usage(f"--name: »{chosen}« is no name for a layout. Expected: as ny-system.")
    path = proposed_path(root(), chosen)
    formats, words, benefit_types = load_layouts(root())
    if chosen in {f.layout for f in formats}:
        raise usage(f"--name: the layout {chosen} is known already; choose another name.")
    if path.exists() and not again:
        raise usage(f"{path} is there already; --again writes over it.")
    with of_the_call():
        if known := known_layout(file, formats):
            raise usage(
                f"{file.name} has the headings of the layout {known}; nothing was written. "
                f"`survey check` tells what is wrong with it; texts that it does not know are added "
                f"to params/extract-formats/{known}.yml."
            )
        proposal = propose(file, formats, words, benefit_types)
    text = proposal_text(chosen, proposal, benefit_types)
    write_text(path, text)
    sure = sum(c.is_sure for c in proposal.columns.values())
    mapped = sum(b.match.is_sure for b in proposal.benefits)
    console.print(
        f"{sure} of {len(proposal.columns)} columns and {mapped} of {len(proposal.benefits)} benefit "
        f"texts are sure: {path}",
        markup=False,
    )
    if left := decisions(text):
        console.print(f"To be decided by a person ({len(left)}):", style="yellow", markup=False)
        _print((f"  - line {number}: {what}" for number, what in left), style="yellow")
    console.print(f"Then: survey layout approve {chosen} FILE", markup=False)


@layout_app.command("approve")
def layout_approve(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An extract to try it on first.")
    ] = None,
) -> None:
    """Move a settled proposal to the known layouts, if it is whole and cannot be taken for another."""
    from helpers.preparation.layout_approval import approve

    if file is not None and not file.is_file():
        raise usage(f"{file} is no file.")
    with of_the_call():
        path, notes = approve(root(), name, file, dt.date.today())
    _print(notes, style="yellow")
    console.print(f"The layout {name} is known from now on: {path}", markup=False)
