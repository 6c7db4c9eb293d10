"""Tables of the evaluation about time: the calendar, the machine, and what departed from the plan."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import trusted
from helpers.review.deviations import Deviation, deviations, not_finished
from helpers.review.inputs import Review
from helpers.review.printed import base, table_with_basis
from helpers.review.timing import OF_FILE, Event, events, machine_time
from helpers.review.words import (
    NOT_RECORDED,
    STAGES,
    duration,
    short_day,
    span,
)


def schedule(review: Review) -> Markdown:
    """Planned and actual days by step."""
    found = events(review)
    rows = [
        [
            e.label,
            f"{short_day(e.planned)} {e.planned.year}" if e.planned else "ikke planlagt",
            span(e.first, e.last) if e.first and e.last else NOT_RECORDED,
            f"{e.done} af {e.expected}",
            _late(e),
        ]
        for e in found
    ]
    source = (
        "rundens kalender, de noterede aftaler, loggen over indlæste filer, udsendelser og svar, og ellers "
        "filernes egne datoer. En kopieret fil får kopiens dato"
    )
    basis = base(review, source)
    if any(e.basis == OF_FILE and not e.judged for e in found):
        basis += (
            " Runden er simuleret: filernes datoer er dem, simuleringen kørte på, og bedømmes ikke."
        )
    headings = ["Trin", "Planlagt senest", "Skete", "Antal", "Afvigelse"]
    return table_with_basis(headings, rows, basis, left=3)


def _late(event: Event) -> str:
    if event.days_late is None:
        return (
            "–"
            if event.first is None or not event.judged
            else "ikke færdig"
            if not event.complete
            else "–"
        )
    if event.days_late == 0:
        return "til tiden"
    word = "senere" if event.days_late > 0 else "før"
    n = abs(event.days_late)
    return f"{n} {'dag' if n == 1 else 'dage'} {word}"


def computing_time(review: Review) -> Markdown:
    """Machine time by stage over all runs."""
    table = machine_time(review)
    if table.empty:
        return trusted(
            "Maskintiden er ikke noteret: der er ingen kørsler i `runs.jsonl`. Den skrives, når runden køres."
        )
    rows = [
        [
            STAGES.get(row.stage, row.stage),
            printing.number(row.runs),
            duration(row.seconds),
            duration(row.longest),
            printing.number(row.done),
            printing.number(row.unchanged),
            printing.number(row.failed),
        ]
        for row in table.itertuples()
    ]
    versions = len({run["version"] for run in review.runs})
    basis = (
        f"Grundlag: {printing.number(len(review.runs))} kørsler med {versions} "
        f"{'version' if versions == 1 else 'versioner'} af programmet. Kilde: `runs.jsonl`. Tiden er urets, "
        "så en travl maskine tæller med. Kommunernes rapporter og landsrapporten laves samtidig."
    )
    headings = ["Trin", "Kørsler", "Tid i alt", "Længste", "Lavet", "Uændret", "Fejlet"]
    return table_with_basis(headings, rows, basis)


def deviations_from_plan(review: Review) -> Markdown:
    """What was planned and what happened."""
    return _facts(review, deviations(review), "rundens fil, stikprøverne, loggene og frigivelsen")


def open_points(review: Review) -> Markdown:
    """What is still to be done."""
    return _facts(
        review, not_finished(review), "rundens fil, aftalerne og det, der ligger under `data/`"
    )


def _facts(review: Review, found: Sequence[Deviation], source: str) -> Markdown:
    rows = [[d.what, d.planned, f"**{d.happened}**" if d.matters else d.happened] for d in found]
    basis = f"{base(review, source)} Fed skrift er det, der afviger."
    return table_with_basis(["Hvad", "Planlagt", "Skete"], rows, basis, left=3)
