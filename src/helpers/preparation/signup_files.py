"""The files that sign-ups are kept in: where they lie, how they are read and what is written to them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import yaml

from helpers.common.errors import ParameterError, Problem
from helpers.common.paths import Paths
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import LocalFile
from helpers.preparation.participants_block import with_participants, without_participants
from helpers.preparation.signup_headings import HEADINGS
from helpers.preparation.signup_sheet import SignUpRow
from helpers.received.sheets import read_kept_table

PROPOSED_SCALE = "enighed"
SHORT_LENGTH = 40  # signs of a local question's proposed short label
STORED = ("code", "municipality", "signed_up", "contact_name", "contact_email", "contact_phone")


@dataclass(frozen=True)
class Agreement:
    """Days on which a data processing agreement was sent and signed."""

    sent: dt.date | None = None
    signed: dt.date | None = None


def stored_file(paths: Paths) -> Path:
    return paths.data / "signups.csv"


def round_file(paths: Paths) -> Path:
    return paths.root / "params" / "rounds" / f"{paths.round_id}.yml"


def agreements_file(paths: Paths) -> Path:
    return paths.root / "params" / "agreements" / f"{paths.round_id}.csv"


def local_file(paths: Paths, code: str) -> Path:
    return paths.root / "params" / "local" / paths.round_id / f"{code}.yml"


def round_text(paths: Paths, round_: Round, participants: list[str]) -> str:
    """The round's file with these participants and no others. Raises ParameterError where it cannot be
    edited safely."""
    path = round_file(paths)
    old = path.read_bytes().decode("utf-8-sig")
    gone = set(round_.settings.participants) - set(participants)
    new = without_participants(old, gone, round_.municipalities)
    new = with_participants(new, participants, round_.municipalities)
    before, after = yaml.safe_load(old), yaml.safe_load(new)
    if after != before | {"participants": after["participants"]} or (
        set(after["participants"] or ()) != set(participants)
    ):
        raise ParameterError(
            f"{path}, key `participants`",
            "its list is written in a way that cannot be edited",
            'a line a municipality, as `- "0707"  # Norddjurs`',
            "Write it so, then run again.",
        )
    return new


def read_agreements(paths: Paths, round_: Round) -> dict[str, Agreement]:
    """Recorded agreements; `parameters/params.py` has checked the signed days. Raises ParameterError for a day of
    sending that is none."""
    path, problems = agreements_file(paths), []
    if not path.is_file():
        return {}
    found: dict[str, Agreement] = {}
    table = read_kept_table(path, (",", ";")).reindex(
        columns=["municipality", "sent"], fill_value=""
    )
    for number, code, sent in zip(count(2), *(table[c].str.strip() for c in table)):
        try:
            day = dt.date.fromisoformat(sent) if sent else None
        except ValueError:
            where = f"{path}, line {number}"
            problems.append(
                Problem(where, f"sent »{sent}« is no date", "a day as 2024-02-20", "Mend the date.")
            )
            continue
        found[code] = Agreement(day, round_.agreements.get(code))
    if problems:
        raise ParameterError(problems=problems)
    return found


def agreements_text(agreements: Mapping[str, Agreement]) -> str:
    lines = ["municipality,sent,signed"]
    for code, a in sorted(agreements.items()):
        lines.append(f"{code},{a.sent or ''},{a.signed or ''}")
    return "\n".join(lines) + "\n"


def stored_text(rows: Mapping[str, SignUpRow], round_: Round) -> bytes:
    """Days of sign-up and contacts in the form that `read_sign_ups` reads."""
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=";")
    table.writerow([HEADINGS[name][0] for name in STORED])
    for code, row in sorted(rows.items()):
        own = {"municipality": round_.municipalities[code].name}
        table.writerow([own.get(name, getattr(row, name, "")) for name in STORED])
    return text.getvalue().encode("utf-8-sig")


def local_draft(row: SignUpRow) -> str:
    """A municipality's file of local questions, as a draft: scale and short label are proposals."""
    lines = [
        "# Draft made from the sign-up. Check with the municipality: the scale of each question (one of",
        "# params/questionnaires/scales.csv), and the short label that stands in tables and figures.",
        f'municipality: "{row.code}"',
        "questions:",
    ]
    for number, wording in enumerate(row.local_questions, start=1):
        short = textwrap.shorten(wording, SHORT_LENGTH, placeholder=" …")
        lines += [
            f"  - id: lokal{number}",
            f"    short: {json.dumps(short, ensure_ascii=False)}",
            f"    scale: {PROPOSED_SCALE}",
            f"    wording: {json.dumps(wording, ensure_ascii=False)}",
        ]
    text = "\n".join([*lines, "background: []"]) + "\n"
    LocalFile.model_validate(yaml.safe_load(text))  # what is written can be read
    return text
