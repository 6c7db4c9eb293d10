"""One municipality's mailing: list, letters, messages for Digital Post, paper, and the record of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.answers.exports import export_files
from helpers.answers.mailing_record import (
    Made,
    read_mailings,
    record_mailing,
    require_invitation,
)
from helpers.common.paths import Paths
from helpers.common.spreadsheets import text_workbook
from helpers.fieldwork import memo
from helpers.fieldwork.invited import read_invited, record_invited
from helpers.fieldwork.letter_fields import letter_day, values
from helpers.fieldwork.letter_templates import Template
from helpers.fieldwork.letters import HtmlLetter, merged_letters
from helpers.fieldwork.mailing_kinds import MAILINGS, Mailing
from helpers.fieldwork.recipients import Recipients, recipients_of
from helpers.fieldwork.sealed import READ_ME, read_me, seal
from helpers.parameters.params import Round

SHEET = "Flettebrev"


@dataclass(frozen=True)
class Mailed:
    """What was written, the record of it, that of the same mailing made before, and what to tell."""

    files: tuple[Path, ...]
    made: Made
    before: Made | None
    notes: tuple[str, ...]


def clock(round_: Round, mailing_id: str) -> dt.datetime:
    """Now, or in a simulated round eight o'clock on the day of the mailing in its calendar."""
    if round_.settings.simulated:
        day = round_.settings.calendar.mailings()[mailing_id]
        return dt.datetime.combine(day, dt.time(8), dt.UTC)
    return dt.datetime.now().astimezone()


def make_mailing(
    paths: Paths,
    round_: Round,
    code: str,
    mailing: Mailing,
    template: Template,
    now: dt.datetime,
    *,
    plain: bool = False,
    instead_of: str = "",
) -> Mailed:
    """Write a mailing to `sendout/<code>/`, encrypted unless `plain`, and record it.

    From the invitation on the sample is frozen. Made again, a mailing replaces itself, and the record
    says how many fell away; an added invitation (ADDED) that nobody lacks writes nothing. `instead_of`: the
    reminder that an added invitation is written with, and that it stands for. Raises SurveyError before the plan, for a reminder before the invitation,
    and where the vault does not open.
    """
    if mailing.is_reminder or mailing.is_added:
        what = "a reminder" if mailing.is_reminder else "an added invitation"
        require_invitation(paths, round_.id, code, what)
    to = recipients_of(paths, round_, code, mailing)
    if mailing.is_added and not (len(to.digital) or len(to.paper)):
        before = read_mailings(paths, code).get(mailing.recorded_as)
        return Mailed((), _made(mailing, to, now.date()), before, ())
    sample_notes = _sample_notes(paths, code, mailing, to)
    members, missing = _members(round_, code, mailing, template, to, now)
    files = seal(
        paths, round_, code, mailing.package, members, plain=plain, supersedes=mailing.files
    )
    made = _made(mailing, to, now.date())
    _note_invited(paths, code, mailing, to, now.date(), instead_of)
    notes = [*missing, *sample_notes, *_uncollected(paths, code, mailing)]
    return Mailed(tuple(files), made, record_mailing(paths, code, made), tuple(notes))


def _note_invited(
    paths: Paths, code: str, mailing: Mailing, to: Recipients, day: dt.date, instead_of: str = ""
) -> None:
    if not mailing.is_reminder:
        keys = [*to.digital["Nøgle"], *to.paper["Nøgle"]]
        record_invited(paths, code, keys, day, added=mailing.is_added, instead_of=instead_of)


def _sample_notes(paths: Paths, code: str, mailing: Mailing, to: Recipients) -> list[str]:
    """What is to be known of those invited where the sample is another one now."""
    notes = []
    if to.not_invited:
        notes.append(
            f"{to.not_invited} of the sample had no invitation before this reminder, and get none: their "
            "invitation is made beside it"
        )
    if to.left_sample:
        notes.append(
            f"{to.left_sample} who had the invitation are in the sample no more: they get nothing, and "
            "their answers count no more"
        )
    known = None if mailing.is_reminder or mailing.is_added else read_invited(paths, code)
    people = {*to.digital["Nøgle"], *to.paper["Nøgle"]}
    if known is not None and people - {*known["key"]}:
        again = len(people & {*known["key"]})
        notes.append(
            f"{again} of this list stood in the invitation made before; if that was sent, make it with "
            "--missing, for the others alone"
        )
    return notes


def _made(mailing: Mailing, to: Recipients, day: dt.date) -> Made:
    return Made(
        mailing.recorded_as,
        day.isoformat(),
        letters=len(to.digital),
        paper=len(to.paper),
        left_out_answered=to.answered,
        left_out_opted_out=to.opted_out,
        left_out_unreachable=to.unreachable,
        left_out_not_invited=to.not_invited,
    )


def write_list(paths: Paths, round_: Round, code: str, to: Recipients, now: dt.datetime) -> Path:
    """The plain mail-merge basis of the invitation alone, recorded as the invitation."""
    mailing = MAILINGS["invitation"]
    members = {mailing.workbook: text_workbook(to.digital, SHEET)}
    files = seal(
        paths, round_, code, mailing.package, members, plain=True, supersedes=mailing.files
    )
    _note_invited(paths, code, mailing, to, now.date())
    record_mailing(paths, code, _made(mailing, to, now.date()))
    return files[0]


def _members(
    round_: Round, code: str, mailing: Mailing, template: Template, to: Recipients, now: dt.datetime
) -> tuple[Mapping[str, bytes], list[str]]:
    """File name → content, and what is missing among them."""
    fields = values(round_, code, mailing, now.date())
    place = round_.municipalities[code].official_name
    members = {mailing.workbook: text_workbook(to.digital, SHEET)}
    what = {mailing.workbook: "navn, CPR-nr. og link til brevfletning"}
    notes = []
    if len(to.digital):
        members[mailing.letters] = merged_letters(template, fields, _people(to.digital))
        what[mailing.letters] = "ét brev pr. borger, flettet i Word"
        cvr = _sender_cvr(round_, code)
        if cvr:
            page = HtmlLetter(template, fields, mailing.subject)
            envelope = _envelope(round_, code, mailing, now, cvr, place)
            members[mailing.memo] = memo.container(envelope, _letters(to.digital, page))
            what[mailing.memo] = (
                "én MeMo-meddelelse pr. borger til Digital Post (pakkes ud med 7-Zip)"
            )
        else:
            notes.append("no messages for Digital Post: digital_post.sender_cvr has no CVR number")
    if len(to.paper):
        members[mailing.paper_workbook] = text_workbook(to.paper, SHEET)
        what[mailing.paper_workbook] = "fritagne for Digital Post, skal have brev på papir"
        members[mailing.paper_letters] = merged_letters(template, fields, _people(to.paper))
        what[mailing.paper_letters] = "deres breve; sæt adresse på ud fra CPR-nummeret"
    members[READ_ME] = read_me(round_, place, what.items())
    return members, notes


def _people(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["Navn"], rows["Link"]))


def _letters(rows: pd.DataFrame, page: HtmlLetter):
    for key, cpr, name, link in zip(rows["Nøgle"], rows["CPR-nr."], rows["Navn"], rows["Link"]):
        yield memo.Letter(key, cpr.replace("-", ""), name, link, page.of(name, link))


def _sender_cvr(round_: Round, code: str) -> str | None:
    given = round_.settings.digital_post.sender_cvr.get(code)
    return given or (memo.SIMULATED_CVR if round_.settings.simulated else None)


def _envelope(
    round_: Round, code: str, mailing: Mailing, now: dt.datetime, cvr: str, place: str
) -> memo.Envelope:
    day = letter_day(round_, mailing, now.date())
    return memo.Envelope(
        version=round_.settings.digital_post.memo_version,
        cvr=cvr,
        sender=place,
        system=round_.settings.digital_post.sender_system,
        subject=mailing.subject,
        action=mailing.action,
        made_at=now,
        not_before=day if day > now.date() else None,
        seed=f"{round_.id} {code} {mailing.id}",
    )


def _uncollected(paths: Paths, code: str, mailing: Mailing) -> list[str]:
    """A hint where answers may lie unread: nobody who has answered should be reminded."""
    if not mailing.is_reminder:
        return []
    answers = paths.answers(code)
    if not answers.is_file():
        return ["no answers have been collected, so nobody was left out for having answered"]
    if all(p.stat().st_mtime <= answers.stat().st_mtime for p in _exports(paths, code)):
        return []
    return ["exports came after answers were collected last: collect, and make the reminder again"]


def _exports(paths: Paths, code: str) -> list[Path]:
    """The exports that may hold answers of the municipality."""
    return [p for p in export_files(paths) if p.name[:4] == code or not p.name[:4].isdigit()]
