"""`survey status`: how far each municipality is, what is stale and why, and how answers come in."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from helpers.cli.state import State, console, impersonal, load, name_of
from helpers.common.paths import Paths, close_data
from helpers.common.quoting import blanked
from helpers.common.store import Store, by_folder, matching
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round
from helpers.parameters.withdrawals import withdrawal_in_words
from helpers.pipeline.records import Snapshot
from helpers.pipeline.steps import PARAMETERS, STEPS

if TYPE_CHECKING:
    from helpers.fieldwork.round_status import RoundStatus

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
SHOWN_LOOKS = 40  # lines about extracts; the others stand in intake.json
EXTRACT_FINDINGS = {
    "stopped": "Stopped",
    "decided": "Let pass by decision",
    "look": "Worth a look",
}
SAMPLES = "data/{round}/sample/????.parquet"
WATCHED = (  # what the answers are told from
    SAMPLES, "data/{round}/intake.json", "data/{round}/responses/????.parquet", "data/{round}/sendout/{code}/mailings.json",
    "data/{round}/contact/*.csv", "data/{round}/sample/replaced/????-sample-1.parquet", "data/{round}/hotline.csv", "data/{round}/effort.parquet",
)  # fmt: skip
POSSIBLE = 0.05  # a chance of missing the least number that is worth telling


def status(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="Answers as they stood that evening."),
    ] = None,
) -> None:
    """Show how far each municipality is, what is stale (!), and how answers come in; write status.html."""
    round_ = load(round_id)
    snapshot = Snapshot(Store(State.address), round_)
    reasons: dict[str, list[str]] = defaultdict(list)  # reason → whom it concerns
    marks = _marks(snapshot, round_, reasons)
    console.print(_municipalities(marks, round_))
    for line in _left(snapshot, round_):
        console.print(line, markup=False)
    for name, words in ROUND_STEPS.items():
        console.print(f"{_round_step(snapshot, name, reasons)} {words}", markup=False)
    if reasons:
        console.print(f"\nStale ({STALE}), and so made again by the next run:", markup=False)
        for reason, whom in sorted(reasons.items(), key=lambda r: (-len(r[1]), r[0])):
            console.print(f"  {reason}: {_few(whom)}", markup=False)
    with _lying_here(snapshot) as paths:
        page = _watch(paths, round_, snapshot, marks, on.date() if on else None)
        console.print(f"\nThe status page, for the house only: {page}", markup=False)


def _left(snapshot: Snapshot, round_: Round) -> Iterator[str]:
    """Who has withdrawn, and how many answers are passed over for it."""
    collected = snapshot.records.get(("collect", WHOLE_ROUND))
    passed = collected.found.get("left", {}) if collected else {}
    names = {code: place.name for code, place in round_.municipalities.items()}
    for code, withdrawal in round_.withdrawn.items():
        count = f"; answers of {passed[code]} citizens passed over" if passed.get(code) else ""
        yield f"Withdrawn: {withdrawal_in_words(withdrawal, names)}{count}"
    for code in sorted(passed.keys() - round_.withdrawn.keys()):
        again = "drawn again" if code in round_.settings.participants else "takes no part any more"
        yield f"{code} {names[code]}, {again}: answers of {passed[code]} citizens passed over"


def _watch(paths: Paths, round_: Round, snapshot: Snapshot, marks: dict, on: dt.date | None) -> str:
    """Tell of the answers, and write the status page; returns where it lies."""
    from helpers.answers.answer_times import danish_today
    from helpers.fieldwork.invited import invitation_mismatches
    from helpers.fieldwork.round_status import round_status_of
    from helpers.fieldwork.status_page import write_status_page

    for line in (
        *extract_lines(paths, round_),
        *invitation_mismatches(paths, round_.settings.participants),
    ):
        console.print(line, markup=False)
    round_status = None
    if snapshot.names((SAMPLES,), ""):
        round_status = round_status_of(paths, round_, on, danish_today())
        for line in answer_lines(round_status, round_):
            console.print(line, markup=False)
    collected = snapshot.records.get(("collect", WHOLE_ROUND))
    conflicts = collected.found.get("conflicts", {}) if collected else {}
    page = write_status_page(paths, round_, round_status, marks, conflicts, on or dt.date.today())
    if snapshot.store.folder is not None:
        return str(page)
    name = page.relative_to(paths.root).as_posix()
    snapshot.store.put(page, name)
    return f"{blanked(snapshot.store.root)}/{name}"


def extract_lines(paths: Paths, round_: Round) -> list[str]:
    """What stops an extract among the others, what was decided, and what is worth a look but for what
    nearly every file has."""
    from helpers.extracts.intake_record import found_at_intake, without_common_findings

    found = found_at_intake(paths, round_)
    lines = []
    for kind, title in EXTRACT_FINDINGS.items():
        own = [
            f"  {code} {round_.municipalities[code].name}: {one['en']}"
            + (f" ({one['by']}, {one['date']}: {one['reason']})" if kind == "decided" else "")
            for code, findings in found.items()
            for one in (
                without_common_findings(findings.get(kind, ()))
                if kind == "look"
                else findings.get(kind, ())
            )
        ]
        shown = own if kind == "stopped" else own[:SHOWN_LOOKS]
        rest = len(own) - len(shown)
        more = [f"  and {rest} more, in data/{round_.id}/intake.json"] if rest else []
        lines += [f"\n{title}, of the extracts:", *shown, *more] if own else []
    return lines


def answer_lines(status: RoundStatus, round_: Round) -> list[str]:
    """Answers so far, the forecast, and who may miss the least number, in a few lines."""
    whole, least = status.forecast.country, round_.settings.sampling.min_answers
    rate = whole["answers"] / max(whole["invited"], 1)
    undated = f"; the time of {status.undated:,} is not known" if status.undated else ""
    basis = ", ".join(status.curves.rounds) or "the default curve: no earlier round is held"
    lines = [
        f"\nAnswers: {whole['answers']:,} of {whole['invited']:,} invited ({rate:.1%}), "
        f"as of {status.moment:%Y-%m-%d %H:%M}{undated}.",
        f"Forecast: {whole['forecast']:,.0f}, {round_.settings.comparison.confidence:.0%} prediction "
        f"interval {whole['ci_low']:,.0f}–{whole['ci_high']:,.0f} (from {basis}).",
    ]
    table = status.forecast.municipalities.assign(miss=status.forecast.miss(least))
    at_risk = table[table["miss"] >= POSSIBLE].sort_values(
        ["miss", "forecast"], ascending=[False, True]
    )
    if at_risk.empty:
        return [
            *lines,
            f"No municipality has a chance of {POSSIBLE:.0%} or more of missing {least} answers.",
        ]
    lines.append(f"Chance of fewer than {least} answers:")
    for row in at_risk.itertuples():
        name = f"{row.municipality} {round_.municipalities[row.municipality].name}"
        chance = ">99%" if row.miss > 0.99 else f"{row.miss:.0%}"
        lines.append(
            f"  {chance} {name}: {row.answers} of {row.invited}, "
            f"forecast {row.forecast:.0f} ({row.ci_low:.0f}–{row.ci_high:.0f})"
        )
    return lines


@contextmanager
def _lying_here(snapshot: Snapshot) -> Iterator[Paths]:
    """The files that the answers are told from, in a folder of this machine."""
    store, round_ = snapshot.store, snapshot.round
    if store.folder is not None:
        close_data(store.folder)
        yield Paths(store.folder, round_.id)
        return
    rounds = [round_.id, *round_.settings.earlier_rounds]
    codes = round_.settings.participants
    wanted = {p.format(round=r, code=c) for p in WATCHED for r in rounds for c in codes}
    with tempfile.TemporaryDirectory() as folder:
        for name in set(matching(by_folder(snapshot.signatures), {*wanted, PARAMETERS})):
            store.fetch(name, Path(folder) / name)
        yield Paths(Path(folder), round_.id)


def _marks(
    snapshot: Snapshot, round_: Round, reasons: dict[str, list[str]]
) -> dict[str, dict[str, str]]:
    """Municipality → heading of COLUMNS → THERE, STALE or MISSING; the reasons are noted."""
    marks: dict[str, dict[str, str]] = {}
    for place in round_.participants:
        own = marks[place.code] = {}
        for heading, (pattern, step) in COLUMNS.items():
            there = bool(snapshot.names((pattern,), place.code))
            made = (step, place.code) in snapshot.records
            stale = made and _why(snapshot, step, place.code, reasons)
            own[heading] = STALE if stale else THERE if there else MISSING
    return marks


def _municipalities(marks: dict[str, dict[str, str]], round_: Round) -> Table:
    table = Table(title=f"{round_.id}: {round_.settings.title}")
    table.add_column("municipality", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="center")
    for place in round_.participants:
        table.add_row(f"{place.code} {place.name}", *marks[place.code].values())
    table.add_section()
    totals = (sum(own[h] != MISSING for own in marks.values()) for h in COLUMNS)
    table.add_row("in all", *(str(v) for v in totals))
    return table


def _round_step(snapshot: Snapshot, name: str, reasons: dict[str, list[str]]) -> str:
    if (name, WHOLE_ROUND) not in snapshot.records:
        return MISSING
    return STALE if _why(snapshot, name, WHOLE_ROUND, reasons) else THERE


def _why(snapshot: Snapshot, name: str, code: str, reasons: dict[str, list[str]]) -> bool:
    """Whether a step is stale; its reasons are noted, those of one kind together."""
    found = snapshot.why_stale(STEPS[name], code)
    for reason in found:
        whom = code if code in snapshot.round.municipalities else name_of(snapshot.round, code)
        reasons[f"{name}: {impersonal(reason, snapshot.round, code)}"].append(whom)
    return bool(found)


def _few(whom: list[str]) -> str:
    shown = ", ".join(whom[:SHOWN_REASONS])
    return shown + (f" and {len(whom) - SHOWN_REASONS} more" if len(whom) > SHOWN_REASONS else "")
