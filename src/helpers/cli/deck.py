"""`survey deck`: one municipality's PowerPoint deck in its own template."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from helpers.cli.state import console, load, root, usage


def deck(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")] = "",
    municipality: Annotated[str, typer.Argument(metavar="CODE", help="Code or name.")] = "",
    template: Annotated[Path | None, typer.Option(help="The municipality's own template.")] = None,
    to: Annotated[Path, typer.Option(help="The deck to write.")] = Path("praesentation.pptx"),
    new_template: Annotated[
        Path | None, typer.Option(help="Write the house's template here, to make one's own from.")
    ] = None,
) -> None:
    """Write a municipality's deck, in its own template where it has one."""
    from helpers.common.paths import write_atomically
    from helpers.deck.deck import write_deck
    from helpers.preparation.municipality_names import participant_given
    from helpers.released.published import load_published

    if new_template is not None:
        ours = files("helpers").joinpath("assets/deck/template.pptx").read_bytes()
        write_atomically(new_template, lambda p: p.write_bytes(ours))
        console.print(f"Written: {new_template}", markup=False)
        return
    if not round_id or not municipality:
        raise usage("Missing argument ROUND or CODE, as `survey deck 2024-foraar 0707`.")
    round_ = load(round_id)
    if template is not None and not template.is_file():
        raise usage(
            f"--template: {template} does not exist. Expected: a PowerPoint template (.pptx)."
        )
    code = participant_given(round_, municipality, "CODE").code
    published = load_published(root(), round_, only=code)
    console.print(f"Written: {write_deck(published, code, to, template)}", markup=False)
