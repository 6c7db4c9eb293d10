"""`survey status`: how far each municipality is, what is stale, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

import typer
from rich.table import Table

from helpers.cli_state import State, console, load
from helpers.params import Round
from helpers.records import Snapshot
from helpers.steps import STEPS, WHOLE_ROUND
from helpers.store import Store

THERE, STALE, MISSING = "✓", "!", "·"
COLUMNS = {  # heading → pattern of what shows it, and the step that makes it
    "extract": ("data/{round}/extracts/{code}*", None),
    "intake": ("data/{round}/population/{code}.parquet", "intake"),
    "sample": ("data/{round}/sample/{code}.parquet", "plan"),
    "letters": ("data/{round}/sendout/{code}/*", None),
    "answers": ("data/{round}/responses/{code}.parquet", None),
    "estimates": ("data/{round}/estimates/{code}.parquet", "analyse"),
    "report": ("build/{round}/{folder}/rapport.html", "report"),
}
ROUND_STEPS = {
    "collect": "answers shared out",
    "release": "release",
    "national": "national report",
    "star": "tables for BI",
    "calendar": "calendar file",
    "index": "index and manifest",
    "scan-round": "scan",
}
SHOWN_REASONS = 8


def status(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Show how far each municipality is, what is stale (!), and why."""
    round_ = load(round_id)
    snapshot = Snapshot(Store(State.address), round_)
    reasons: dict[str, list[str]] = defaultdict(list)  # reason → whom it concerns
    console.print(_municipalities(snapshot, round_, reasons))
    for name, words in ROUND_STEPS.items():
        console.print(f"{_round_step(snapshot, name, reasons)} {words}", markup=False)
    if reasons:
        console.print(f"\nStale ({STALE}), and so made again by the next run:", markup=False)
        for reason, whom in sorted(reasons.items(), key=lambda r: (-len(r[1]), r[0])):
            console.print(f"  {reason}: {_few(whom)}", markup=False)


def _municipalities(snapshot: Snapshot, round_: Round, reasons: dict[str, list[str]]) -> Table:
    table = Table(title=f"{round_.id}: {round_.settings.title}")
    table.add_column("municipality", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="center")
    totals = dict.fromkeys(COLUMNS, 0)
    for place in round_.participants:
        cells = []
        for heading, (pattern, step) in COLUMNS.items():
            there = bool(snapshot.names((pattern,), place.code))
            totals[heading] += there
            made = (step, place.code) in snapshot.records
            stale = made and _why(snapshot, step, place.code, reasons)
            cells.append(STALE if stale else THERE if there else MISSING)
        table.add_row(f"{place.code} {place.name}", *cells)
    table.add_section()
    table.add_row("in all", *(str(v) for v in totals.values()))
    return table


def _round_step(snapshot: Snapshot, name: str, reasons: dict[str, list[str]]) -> str:
    if (name, WHOLE_ROUND) not in snapshot.records:
        return MISSING
    return STALE if _why(snapshot, name, WHOLE_ROUND, reasons) else THERE


def _why(snapshot: Snapshot, name: str, code: str, reasons: dict[str, list[str]]) -> bool:
    """Whether a step is stale; its reasons are noted, those of one kind together."""
    found = snapshot.why_stale(STEPS[name], code)
    for reason in found:
        own = reason.replace(code, "<code>")
        folder = snapshot.round.municipalities.get(code)
        if folder is not None:
            own = own.replace(folder.folder.replace(code, "<code>"), "<folder>")
        reasons[f"{name}: {own}"].append(code)
    return bool(found)


def _few(whom: list[str]) -> str:
    shown = ", ".join(whom[:SHOWN_REASONS])
    return shown + (f" and {len(whom) - SHOWN_REASONS} more" if len(whom) > SHOWN_REASONS else "")
