"""Sign-ups of a round: who takes part, signed agreements, contacts, drafts of local questions.

Each fact is kept in one place: participants in the round's file, withdrawals in `params/withdrawals/`,
agreements in `params/agreements/`,
wordings in `params/local/`, day of sign-up and contacts in `data/<round>/signups.csv`. Everything is
checked and made ready (`plan_sign_ups`) before anything is written (`SignUps.write`). The same file
once more changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.common.errors import ParameterError, Problem
from helpers.common.paths import Paths, close_data, write_private, write_text
from helpers.parameters.params import Round
from helpers.parameters.withdrawals import rejoined, withdrawals_file, withdrawals_text
from helpers.preparation.signup_files import (
    PROPOSED_SCALE,
    Agreement,
    agreements_file,
    agreements_text,
    local_draft,
    local_file,
    read_agreements,
    round_file,
    round_text,
    stored_file,
    stored_text,
)
from helpers.preparation.signup_sheet import SignUpRow, SignUpSheet, read_sign_ups

CONTACTS = ("contact_name", "contact_email", "contact_phone")


@dataclass(frozen=True)
class SignUps:
    """A round's sign-ups as they will be: everything ready to be written.

    `rows` and `agreements`: by municipality; a participant may have none. `local_questions`: their
    number by municipality. `texts`: file under `params/` → its new content, where it changes.
    """

    round: Round
    rows: dict[str, SignUpRow]
    agreements: dict[str, Agreement]
    local_questions: dict[str, int]
    texts: dict[Path, str]
    notes: tuple[str, ...]

    def days_late(self, code: str) -> int | None:
        """Days after the deadline, 0 where it was kept; None where the day or the deadline is unknown."""
        sign_up = self.round.settings.calendar.sign_up
        if code not in self.rows or sign_up is None:
            return None
        return _days_late(self.rows[code], sign_up.end)

    def write(self, paths: Paths) -> None:
        """Write what changes; the round's file last, so that nobody takes part whose papers are not there."""
        close_data(paths.root)
        if self.rows:
            write_private(stored_file(paths), stored_text(self.rows, self.round))
        else:
            stored_file(paths).unlink(missing_ok=True)
        for path, text in self.texts.items():
            write_text(path, text)


def plan_sign_ups(
    paths: Paths,
    round_: Round,
    file: Path | None,
    *,
    late: bool = False,
    rejoin: Collection[str] = (),
    today: dt.date | None = None,
) -> SignUps:
    """The sign-ups with those of `file`; without one as they stand.

    `late`: take in those after the deadline too; `rejoin`: municipalities that have withdrawn and are
    taken back. Raises ParameterError with every trouble: those of the file (`read_sign_ups`), late ones,
    more than the round takes, agreements signed before they were sent, one that has withdrawn. Whoever
    was taken in before stays, also where the file names it no longer.
    """
    stored = stored_file(paths)
    known = read_sign_ups(stored, round_) if stored.is_file() else SignUpSheet(stored.name, ())
    given = read_sign_ups(file, round_) if file else SignUpSheet("", ())
    before = read_agreements(paths, round_)
    problems = [*known.problems, *given.problems]
    problems += [] if late else _late(given, known, round_, rejoin)
    problems += _too_many(given, round_)
    problems += _withdrawn(given, round_, rejoin)
    after = _agreements_after(given, before, problems)
    if problems:
        raise ParameterError(problems=list(dict.fromkeys(problems)))
    participants = sorted({*round_.settings.participants, *(r.code for r in given.rows), *rejoin})
    rows = {row.code: row for row in known.rows if row.code in participants}
    rows |= {row.code: _with_contacts_of(rows.get(row.code), row) for row in given.rows}
    # in the order in which they are to be written
    drafts = {
        local_file(paths, row.code): local_draft(row)
        for row in given.rows
        if row.local_questions and not local_file(paths, row.code).is_file()
    }
    texts = dict(drafts)
    if after != before:
        texts[agreements_file(paths)] = agreements_text(after)
    withdrawals = rejoined(round_.withdrawals, rejoin, today or dt.date.today())
    if withdrawals != round_.withdrawals:
        texts[withdrawals_file(paths.root, round_.id)] = withdrawals_text(withdrawals)
    if set(participants) != set(round_.settings.participants):
        texts[round_file(paths)] = round_text(paths, round_, participants)
    settings = round_.settings.model_copy(update={"participants": tuple(participants)})
    return SignUps(
        round_.model_copy(update={"settings": settings, "withdrawals": withdrawals}),
        rows,
        after,
        _numbers_of_questions(given, round_, drafts, paths),
        texts,
        (*given.notes, *_notes(given, before, after, round_, drafts, paths)),
    )


def _agreements_after(
    given: SignUpSheet, before: Mapping[str, Agreement], problems: list[Problem]
) -> dict[str, Agreement]:
    """Agreements by municipality with those of the file; those signed before they were sent are added
    to `problems`."""
    after = dict(before)
    for row in given.rows:
        old = before.get(row.code, Agreement())
        new = Agreement(row.agreement_sent or old.sent, row.agreement_signed or old.signed)
        if new.sent and new.signed and new.signed < new.sent:
            problems += _signed_before_sent(given.where, row, new)
        if new != Agreement():
            after[row.code] = new
    return after


def _numbers_of_questions(
    given: SignUpSheet, round_: Round, drafts: Mapping[Path, str], paths: Paths
) -> dict[str, int]:
    """Local questions by municipality: of its file, or of the draft that will be one."""
    numbers = {code: len(local.questions) for code, local in round_.local.items()}
    drafted = [row for row in given.rows if local_file(paths, row.code) in drafts]
    return numbers | {row.code: len(row.local_questions) for row in drafted}


def _with_contacts_of(old: SignUpRow | None, new: SignUpRow) -> SignUpRow:
    """The new sign-up; what it does not say of contacts stays as it was."""
    kept = {n: getattr(old, n) for n in CONTACTS if old and not getattr(new, n)}
    return replace(new, **kept)


# ---------------------------------------------------------------------------------------- refusals


def _days_late(row: SignUpRow, deadline: dt.date) -> int:
    return max(0, (row.signed_up - deadline).days)


def _late(
    given: SignUpSheet, known: SignUpSheet, round_: Round, rejoin: Collection[str]
) -> Iterator[Problem]:
    """Sign-ups after the deadline, but for those taken in before with the same day, or taken back."""
    sign_up = round_.settings.calendar.sign_up
    there = set(round_.settings.participants)
    taken = {(row.code, row.signed_up) for row in known.rows if row.code in there}
    for row in given.rows if sign_up else ():
        days = _days_late(row, sign_up.end)
        if days and row.code not in rejoin and (row.code, row.signed_up) not in taken:
            yield Problem(
                f"{given.where}, line {row.line}",
                f"{round_.municipalities[row.code].name} signed up {row.signed_up}, {days} "
                f"{'day' if days == 1 else 'days'} after the deadline {sign_up.end}",
                "a day up to the deadline",
                "Say no to it, or take late ones in with --late.",
            )


def _too_many(given: SignUpSheet, round_: Round) -> Iterator[Problem]:
    """Those beyond the round's limit; who takes part already comes first, then who signed up first."""
    limit, there = round_.settings.sign_up.max_participants, set(round_.settings.participants)
    new = sorted(
        (r for r in given.rows if r.code not in there), key=lambda r: (r.signed_up, r.line)
    )
    for place, row in enumerate(new, start=len(there) + 1):
        if place > limit:
            yield Problem(
                f"{given.where}, line {row.line}",
                f"{round_.municipalities[row.code].name} (signed up {row.signed_up}) is number {place}",
                f"at most {limit} municipalities",
                "Say no to it, take out another one, or raise `sign_up.max_participants` in "
                f"params/rounds/{round_.id}.yml.",
            )


def _withdrawn(given: SignUpSheet, round_: Round, rejoin: Collection[str]) -> Iterator[Problem]:
    """Who has withdrawn does not come back by an old file; nobody is taken back who is not out."""
    for row in given.rows:
        if row.code in round_.withdrawn and row.code not in rejoin:
            place, left = round_.municipalities[row.code], round_.withdrawn[row.code]
            yield Problem(
                f"{given.where}, line {row.line}",
                f"{row.code} {place.name} withdrew on {left.withdrawn_on} ({left.reason})",
                "municipalities that have not withdrawn",
                f"Take the row out, or take the municipality back with --rejoin {row.code}.",
            )
    for code in rejoin:
        if code not in round_.withdrawn:
            yield Problem(
                "--rejoin",
                f"{code} {round_.municipalities[code].name} has not withdrawn",
                f"one of {', '.join(round_.withdrawn) or 'those that have: there is none'}",
                "A municipality that is new comes in with a file of sign-ups.",
            )


def _signed_before_sent(where: str, row: SignUpRow, new: Agreement) -> Iterator[Problem]:
    if not (row.agreement_sent and row.agreement_signed):  # else the sheet's own check tells it
        yield Problem(
            f"{where}, line {row.line}",
            f"with what is recorded, the agreement was signed {new.signed} before it was sent {new.sent}",
            "sent, then signed",
            "Correct the cell, or the file in params/agreements/.",
        )


# ------------------------------------------------------------------------------------------- notes


def _notes(
    given: SignUpSheet,
    before: Mapping[str, Agreement],
    after: Mapping[str, Agreement],
    round_: Round,
    drafts: Mapping[Path, str],
    paths: Paths,
) -> Iterator[str]:
    """What an analyst must know or decide, in the order of the file."""
    names = {code: f"{code} {place.name}" for code, place in round_.municipalities.items()}
    for row in given.rows:
        old, new = before.get(row.code, Agreement()), after.get(row.code, Agreement())
        for kind in ("sent", "signed"):
            was, now = getattr(old, kind), getattr(new, kind)
            if was and was != now:
                yield f"{names[row.code]}: agreement {kind} {now}; recorded until now: {was}"
        path = local_file(paths, row.code)
        if path in drafts:
            yield (
                f"{names[row.code]}: draft of local questions in params/local/{round_.id}/{path.name}; "
                f"their scale is a proposal ({PROPOSED_SCALE}), decide on it and on the short labels"
            )
        elif row.local_questions and row.local_questions != _wordings(round_, row.code):
            yield (
                f"{names[row.code]}: the sign-up words its local questions differently from "
                f"params/local/{round_.id}/{path.name}, which is kept; mend that file by hand"
            )
    named = {row.code for row in given.rows}
    gone = [c for c in round_.settings.participants if c not in named]
    if named and gone:
        yield (
            f"Not in {given.where}, and kept: {', '.join(names[c] for c in gone)}. Whoever has withdrawn "
            f"is taken out with: survey participants {round_.id} --withdraw CODE --reason TEXT"
        )


def _wordings(round_: Round, code: str) -> tuple[str, ...]:
    return tuple(" ".join(q.wording.split()) for q in round_.local_for(code).questions)
