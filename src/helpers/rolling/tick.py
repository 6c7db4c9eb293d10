"""`survey tick`: whatever is due of a rolling round, in order, once.

What is due follows from the day and from what lies there, never from what was done last, so a tick may
come daily, late, twice or be killed: each result is written beside and renamed, stands fast from then
on, and the next tick goes on from the first that is not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from helpers.common.errors import ExtractError, ParameterError, Problem, SurveyError
from helpers.common.paths import close_data, write_text
from helpers.common.quoting import blanked
from helpers.identities.vault_key import Key, key_of_round
from helpers.rolling.answers import (
    close_month,
    closed_counts,
    forget_closed,
    gather,
    is_closed,
    write_keys,
)
from helpers.rolling.answers import month_is_complete as is_complete
from helpers.rolling.extract_findings import PRINTS
from helpers.rolling.inbox import Inbox
from helpers.rolling.log import Log
from helpers.rolling.month import (
    DELIVERED,
    POPULATION,
    REGISTRY,
    has_letters,
    skip_month,
    take_month,
    write_letters_basis,
)
from helpers.rolling.months import add_months, month_of, months_between, name, ordinal
from helpers.rolling.page import write_page
from helpers.rolling.places import RECORD, Places, read_record, remove_leftovers, write_record
from helpers.rolling.settings import Rolling
from helpers.rolling.units import block_lengths, blocks_due, make_unit
from helpers.rolling.windows import RELEASED, WINDOWS, ready, shown_share, windows_at, write_windows

COMPLETED = "completed.json"
NO_EXTRACT = "no extract"


@dataclass
class TickResult:
    """What a tick did, a sentence each, and what could not be done."""

    done: list[str] = field(default_factory=list)
    failures: list[Problem] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)  # worth a look in the extracts taken
    notes: list[str] = field(default_factory=list)  # files that are passed over
    log_digest: str = ""


@dataclass
class Tick:
    """One call. `step`: called before each step, for whoever watches."""

    places: Places
    rolling: Rolling
    today: dt.date
    step: Callable[[str], None] = lambda _: None
    result: TickResult = field(default_factory=TickResult)

    def run(self) -> TickResult:
        """Answers, months to close, what follows from them, months to sample; then the log and the
        page. Raises SurveyError only for what no municipality's failure is."""
        close_data(self.places.root)
        self.log = Log(self.places.log)
        self._begin()
        remove_leftovers(self.places)
        self._gather()
        for month in self.places.started():
            if self._to_close(month):
                self._close(month)
        forget_closed(self.places, self.rolling)
        self._release()
        for month in months_between(self.rolling.settings.first, month_of(self.today)):
            if not (self.places.month(month) / COMPLETED).is_file():
                self._sample(month)
        self._letters()
        self._forget()
        self._look_through_inbox()
        self.result.log_digest = self.log.last
        return self.result

    @cached_property
    def key(self) -> Key:
        return key_of_round(self.rolling.round.settings, self.places.root)

    @cached_property
    def inbox(self) -> Inbox:
        return Inbox(self.rolling.settings.inbox, self.places.root)

    def _log(self, name: str, **counts: object) -> None:
        self.log.append(name, self.today.isoformat(), **counts)

    def _begin(self) -> None:
        """What a rolling round may not change once it has begun: it decides who was asked when."""
        settings = self.rolling.settings
        fixed = {
            "first_month": settings.first_month,
            "seed": settings.seed,
            "months_between_invitations": settings.months_between_invitations,
            "window_months": settings.window_months,
        }
        folder = self.places.data / "begun"
        if not (folder / RECORD).is_file():
            write_record(folder, fixed)
        began = read_record(folder)
        changed = [k for k, v in fixed.items() if began[k] != v]
        if changed:
            path = f"params/rolling/{self.rolling.id}.yml"
            raise SurveyError(
                problems=[
                    Problem(
                        f"{path}, key `{k}`",
                        f"is {fixed[k]}",
                        f"{began[k]}, as it began",
                        "Put it back, or begin another rolling round under another name.",
                    )
                    for k in changed
                ]
            )
        self._log("begun", **fixed)

    # ------------------------------------------------------------------------------------ answers

    def _gather(self) -> None:
        self.step("answers")
        read = gather(self.places, self.rolling, self.today)
        for digest, file in read.files.items():
            self._log(f"answers {digest[:16]}", rows=file["rows"], late=file["late"])
        if read.new:
            rows, late = (sum(read.files[d][n] for d in read.new) for n in ("rows", "late"))
            after = f", {late} too late to count" if late else ""
            self.result.done.append(f"{len(read.new)} exports read: {rows} rows{after}.")
        self.result.done += read.notes
        for digest, problems in read.refused.items():
            self._log(f"export refused {digest[:16]}", problems=len(problems))
            self.result.failures += problems

    def _to_close(self, month: dt.date) -> bool:
        """Answers count for `answer_months` after the month's samples stood fast, however late."""
        completed = self.places.month(month) / COMPLETED
        if is_closed(self.places, month) or not completed.is_file():
            return False
        on = dt.date.fromisoformat(completed.read_text("utf-8").strip())
        settings = self.rolling.settings
        due = add_months(month_of(on), settings.answer_months)
        return self.today >= due.replace(day=settings.last_extract_day)

    def _close(self, month: dt.date) -> None:
        self.step(f"close {name(month)}")
        counts = close_month(self.places, self.rolling, month, self.today)
        self.result.done.append(
            f"{name(month)} closed: {counts['answered']} of {counts['asked']} answered."
        )

    # ------------------------------------------------------------------------------------ results

    def _release(self) -> None:
        """Units and windows of every month that has closed, in order; the page where any is new."""
        lengths = block_lengths(self.places, self.rolling)
        for month in (m for m in self.places.started() if is_closed(self.places, m)):
            counts = closed_counts(self.places, month)
            self._log(f"closed {name(month)}", asked=counts["asked"], answered=counts["answered"])
            if not (self.places.release(month) / RELEASED).is_file():
                self._publish(month, lengths)
            self._log_release(month)
        released = [name(m) for m in self.places.releases()]
        shown = self.places.data / "page"
        if released and (not (shown / RECORD).is_file() or read_record(shown)["of"] != released):
            write_page(self.places, self.rolling)
            write_record(shown, {"of": released})

    def _publish(self, month: dt.date, lengths: dict[str, int]) -> None:
        self._units(month, lengths)
        found = windows_at(self.places, self.rolling, lengths, month)
        if found.results.empty:
            return
        self.step(f"release {name(month)}")
        write_windows(self.places, month, found)
        self.result.done.append(
            f"Results to {name(month)}: {ready(found.windows)} municipalities, "
            f"{shown_share(found.results):.0%} of the cells shown."
        )

    def _log_release(self, month: dt.date) -> None:
        line, folder = f"released {name(month)}", self.places.release(month)
        if line not in self.log.names and (folder / RELEASED).is_file():
            share = shown_share(pd.read_parquet(folder / RELEASED))
            windows = ready(pd.read_parquet(folder / WINDOWS))
            self._log(line, windows=windows, shown=round(share, 3))

    def _units(self, month: dt.date, lengths: dict[str, int]) -> None:
        for block in blocks_due(self.rolling, lengths, month):
            self.step(f"unit {block.months_long} months to {name(month)}")
            codes = [c for c, n in lengths.items() if n == block.months_long]
            make_unit(self.places, self.rolling, block, codes)
            unit = read_record(self.places.unit(block.months_long, block.first))
            answers = sum(m["answers"] for m in unit["municipalities"].values())
            self._log(
                f"unit {block.months_long} {name(block.first)}",
                municipalities=len(codes),
                answers=answers,
            )

    # ------------------------------------------------------------------------------------ samples

    def _sample(self, month: dt.date) -> None:
        last_day = month.replace(day=self.rolling.settings.last_extract_day)
        over = self.today >= last_day
        missing = []
        for code in self.rolling.settings.participants:
            if self.places.of_month(month, code).is_dir():
                continue
            if self._take(month, code, over=over) == NO_EXTRACT:
                missing.append(f"{code} {self.rolling.round.municipalities[code].name}")
        if over and missing:
            self.result.failures.append(self._missing(month, missing))
        if not is_complete(self.places, self.rolling, month):
            return
        write_keys(self.places, self.rolling, month)
        self._complete(month)

    def _missing(self, month: dt.date, names: list[str]) -> Problem:
        day = self.rolling.settings.last_extract_day
        return Problem(
            name(month),
            f"no extract had come by day {day} from {', '.join(names)}; the month goes on without them",
            f"<code>-{name(month)}.xlsx or .csv in {blanked(self.inbox.address)}"
            + ("" if self.inbox.is_there else ", which does not exist"),
            f"See to it that {name(add_months(month, 1))} is delivered in time.",
        )

    def _look_through_inbox(self) -> None:
        """Names that no month will take are failures; an extract of a month that goes without is told."""
        settings = self.rolling.settings
        ahead = add_months(month_of(self.today), 1)
        try:
            inbox = self.inbox
        except ParameterError as e:  # what is done is done, and told
            self.result.failures += e.problems
            return
        self.result.failures += inbox.misnamed(settings.participants, settings.first, ahead)
        for file, code, month in inbox.correctly_named(
            settings.participants, settings.first, ahead
        ):
            folder = self.places.of_month(month, code)
            if folder.is_dir() and read_record(folder)["state"] != DELIVERED:
                self.result.notes.append(f"{file}: not read; {name(month)} goes on without {code}.")

    def _take(self, month: dt.date, code: str, *, over: bool) -> str:
        """The municipality's extract of the month; where there is none, or none that can be read, it is
        waited for until the month's last day for extracts. Returns why it was not taken."""
        reason = NO_EXTRACT
        try:
            file = self.inbox.find(code, month)
            if file is not None:
                self.step(f"{name(month)} {code}")
                extract = self.inbox.fetch(file, self.places.paths.extracts)
                try:
                    looks = take_month(
                        self.places, self.rolling, code, month, extract, self.key, self.today
                    )
                    self.result.looks += [
                        f"{code} {name(month)}: {x.in_language('en')}" for x in looks
                    ]
                finally:
                    extract.unlink()  # identities lie in the vault from here on
                return ""
        except ExtractError as e:
            reason = f"refused, {len(e.problems)} problem(s)"
            self.result.failures += [
                Problem(f"{code} {name(month)}, {p.where}", p.what, p.expected, p.remedy)
                for p in e.problems
            ]
        if over:
            skip_month(self.places, code, month, reason)
        else:
            self.result.waiting.append(f"{name(month)} {code}: {reason}")
        return reason

    def _complete(self, month: dt.date) -> None:
        folders = {
            c: read_record(self.places.of_month(month, c))
            for c in self.rolling.settings.participants
        }
        taken = [t for t in folders.values() if t["state"] == DELIVERED]
        skipped = {c: t["reason"] for c, t in folders.items() if t["state"] != DELIVERED}
        asked = sum(t["asked"] for t in taken)
        eligible = sum(t["eligible"] for t in taken)
        self._log(
            f"sampled {name(month)}",
            municipalities=len(taken),
            skipped=skipped,
            eligible=eligible,
            asked=asked,
        )
        write_text(self.places.month(month) / COMPLETED, self.today.isoformat() + "\n")
        without = f", without {', '.join(skipped)}" if skipped else ""
        self.result.done.append(f"{name(month)} sampled: {asked} of {eligible} citizens{without}.")

    def _letters(self) -> None:
        """The basis of the letters of every month taken and not closed."""
        for month in self.places.started():
            if is_closed(self.places, month):
                continue
            for code in self.rolling.settings.participants:
                if self._lacks_letters(month, code):
                    write_letters_basis(self.places, self.rolling, code, month, self.key)

    def _lacks_letters(self, month: dt.date, code: str) -> bool:
        if has_letters(self.places, code, month):
            return False
        folder = self.places.of_month(month, code)
        return folder.is_dir() and read_record(folder).get("asked", 0) > 0

    def _forget(self) -> None:
        """Delete what months long past need no more: registries but the latest two, and the rows of
        persons after the retention months."""
        kept: dict[str, int] = {}
        for month in reversed(self.places.started()):
            old = ordinal(month_of(self.today)) - ordinal(month)
            for code in self.rolling.settings.participants:
                folder = self.places.of_month(month, code)
                if (folder / REGISTRY).is_file():
                    kept[code] = kept.get(code, 0) + 1
                    if kept[code] > 2:
                        (folder / PRINTS).unlink(missing_ok=True)
                        (folder / REGISTRY).unlink()  # last: a killed tick begins here again
                if old > self.rolling.settings.retention_months:
                    (folder / POPULATION).unlink(missing_ok=True)
