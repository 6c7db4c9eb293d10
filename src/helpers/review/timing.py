"""The calendar beside what happened, and the machine's time by stage.

What happened is told by what lies there: days written in agreements, intake histories, mailings and
answers, and else the file's own day, which a copied folder loses. They are told to people and decide
nothing. In a simulated round the days of files are those of the simulation and are not judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.extracts.intake_history import TAKEN_IN
from helpers.pipeline.run_log import FAILED, INTERRUPTED
from helpers.review.inputs import MAILINGS, Review

WRITTEN, OF_FILE = "written", "file"  # the day stands in a record, or is that of a file


@dataclass(frozen=True)
class Event:
    """One kind of thing that was to happen: when it was planned to be over, and when it was.

    `planned` is the last day by the calendar (None: not planned), `first` and `last` the days on which
    it happened (None: nothing shows it), `done` of `expected` municipalities (1 for the whole round).
    `basis`: WRITTEN or OF_FILE.
    """

    id: str
    label: str
    step: str
    planned: dt.date | None
    first: dt.date | None
    last: dt.date | None
    done: int
    expected: int
    basis: str
    judged: bool = True

    @property
    def complete(self) -> bool:
        return self.done >= self.expected > 0

    @property
    def days_late(self) -> int | None:
        """Days after the plan, negative where before it; None where one of the two is not known, some
        municipalities lack, or the days say nothing of the round."""
        if not (self.judged and self.complete and self.planned and self.last):
            return None
        return (self.last - self.planned).days


def events(review: Review) -> list[Event]:
    """What shows the progress of a round, in the order of its steps."""
    mailings = review.round.settings.calendar.mailings()
    return [
        *_preparation(review),
        _letters(review, mailings["invitation"]),
        *(_reminder(review, name, mailings[name]) for name in MAILINGS[1:]),
        *_answers(review),
        *_reporting(review),
    ]


def _preparation(review: Review) -> Iterable[Event]:
    """From the agreements to the samples."""
    round_, paths = review.round, review.paths
    calendar, codes = round_.settings.calendar, round_.settings.participants
    signed = [round_.agreements[c] for c in codes if c in round_.agreements]
    step, agreements = "processing_agreements", calendar.processing_agreements
    end = agreements.end if agreements else None
    label = "Databehandleraftaler underskrevet"
    yield _event(review, "agreements", label, step, end, signed, len(codes), WRITTEN)
    step, end = "sampling", calendar.sampling.end
    received = (_day(_latest(paths.extracts.glob(f"{c}*"))) for c in codes)
    yield _of_files(review, "extracts", "Udtræk modtaget", step, end, received)
    yield _taken_in(review, end)
    drawn = (_day(paths.sample(c)) for c in codes)
    yield _of_files(review, "samples", "Stikprøver trukket", step, end, drawn)


def _reporting(review: Review) -> Iterable[Event]:
    """From the release to the national report."""
    paths, step = review.paths, "reporting"
    end = review.round.settings.calendar.reporting.end
    released = [_day(paths.build / "released.parquet")]
    yield _event(review, "release", "Resultater frigivet", step, end, released, 1, OF_FILE)
    pages = (_day(paths.report_folder(m) / "rapport.html") for m in review.round.participants)
    yield _of_files(review, "reports", "Kommunernes rapporter", step, end, pages)
    national = [_day(paths.national_folder / "rapport.pdf")]
    yield _event(review, "national", "Landsrapporten", step, end, national, 1, OF_FILE)


def _of_files(
    review: Review,
    name: str,
    label: str,
    step: str,
    planned: dt.date | None,
    found: Iterable[dt.date | None],
) -> Event:
    """An event of every participant, dated by files."""
    expected = len(review.round.settings.participants)
    return _event(review, name, label, step, planned, found, expected, OF_FILE)


def _event(
    review: Review,
    name: str,
    label: str,
    step: str,
    planned: dt.date | None,
    found: Iterable[dt.date | None],
    expected: int,
    basis: str,
) -> Event:
    days = sorted(d for d in found if d is not None)
    first, last = (days[0], days[-1]) if days else (None, None)
    judged = basis == WRITTEN or not review.round.settings.simulated
    return Event(name, label, step, planned, first, last, len(days), expected, basis, judged)


def _taken_in(review: Review, planned: dt.date) -> Event:
    """Extracts in order: the day on which the file that holds was taken in."""
    codes = review.round.settings.participants
    last = {a.municipality: a.day for a in review.attempts if a.outcome == TAKEN_IN}
    known = [last.get(c) or _day(review.paths.population(c)) for c in codes]
    return _of_files(review, "taken_in", "Udtræk i orden", "sampling", planned, known)


def _letters(review: Review, planned: dt.date) -> Event:
    """Letters made: as the mailings tell, else as the mail-merge basis lies there."""
    codes = review.round.settings.participants
    recorded = review.made_on("invitation")
    found = [recorded.get(c) or _day(_latest(review.paths.sendout(c).glob("*"))) for c in codes]
    return _of_files(review, "letters", "Invitationer lavet", "invitation", planned, found)


def _reminder(review: Review, name: str, planned: dt.date) -> Event:
    label = {"first_reminder": "Første rykker lavet", "second_reminder": "Anden rykker lavet"}[name]
    found, expected = review.made_on(name).values(), len(review.round.settings.participants)
    return _event(review, name, label, name, planned, found, expected, OF_FILE)


def _answers(review: Review) -> list[Event]:
    """The first answer of each municipality, and the last of all."""
    collection = review.round.settings.calendar.collection
    rows = review.of_answers.dropna(subset="answered_at")
    by_code = rows.groupby("municipality")["answered_at"].agg(["min", "max"])
    expected = len(review.round.settings.participants)
    first, last = ([m.date() for m in by_code[column]] for column in ("min", "max"))
    return [
        _event(review, name, f"{which} svar i kommunen", "collection", end, days, expected, WRITTEN)
        for name, which, end, days in (
            ("first_answers", "Første", None, first),
            ("last_answers", "Sidste", collection.end, last),
        )
    ]


def _latest(files: Iterable[Path]) -> Path | None:
    there = [p for p in files if p.is_file() and not p.name.startswith((".", "~$"))]
    return max(there, key=lambda p: (p.stat().st_mtime, p.name), default=None)


def _day(path: Path | None) -> dt.date | None:
    """The day of a file by the clock of this machine; None where it is not there."""
    if path is None or not path.is_file():
        return None
    return dt.datetime.fromtimestamp(path.stat().st_mtime).date()


def machine_time(review: Review) -> pd.DataFrame:
    """A row a stage: `runs` that touched it, `seconds` in all and of the longest run, municipalities
    made, left as they were and failed, over all runs of the log."""
    rows = [
        {"stage": stage, **work} for run in review.runs for stage, work in run["stages"].items()
    ]
    table = pd.DataFrame(rows, columns=["stage", "seconds", "done", "unchanged", "failed"])
    return (
        table.groupby("stage", sort=False)
        .agg(
            runs=("seconds", "size"),
            seconds=("seconds", "sum"),
            longest=("seconds", "max"),
            done=("done", "sum"),
            unchanged=("unchanged", "sum"),
            failed=("failed", "sum"),
        )
        .reset_index()
    )


@dataclass(frozen=True)
class Runs:
    """How often the round was run, and how the runs ended."""

    all: int
    failed: int
    interrupted: int
    seconds: float


def runs(review: Review) -> Runs:
    ends = [run["outcome"] for run in review.runs]
    seconds = sum(work["seconds"] for run in review.runs for work in run["stages"].values())
    return Runs(len(ends), ends.count(FAILED), ends.count(INTERRUPTED), seconds)
