"""`survey questionnaire · compare · round`: the questionnaire for a survey tool, rounds over time, and the
next round made from the last."""

from __future__ import annotations

from typing import Annotated

import typer

from helpers.cli_state import console, held, listed, load, root, usage
from helpers.errors import ParameterError
from helpers.params import Round
from helpers.paths import Paths


def add_commands(app: typer.Typer) -> None:
    app.command()(questionnaire)


def _codes(round_: Round, only: str | None) -> list[str] | None:
    """`--only 0707,0580` as codes of participants; None where it was not said."""
    if only is None:
        return None
    codes = [c.strip() for c in only.split(",") if c.strip()]
    foreign = [c for c in codes if c not in round_.settings.participants]
    if foreign or not codes:
        told = f"{', '.join(foreign)} takes no part in {round_.id}" if foreign else "no code is given"
        raise usage(f"--only: {told}. Expected: participants' codes, as 0707,0580.")
    return codes


def questionnaire(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    only: Annotated[str | None, typer.Option(help="Codes, as 0707,0580.")] = None,
) -> None:
    """Write the questionnaire for import into a survey tool (JSON, CSV), local questions too."""
    from helpers.preparation.frame import load_frame
    from helpers.preparation.questionnaire import FOLDER, write_questionnaires

    round_ = load(round_id)
    codes = _codes(round_, only)
    try:
        frame = load_frame(root(), round_.questionnaire)
    except ParameterError as e:
        raise usage(f"The parameters are wrong; nothing was written.\n{listed(str(e))}") from e
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
