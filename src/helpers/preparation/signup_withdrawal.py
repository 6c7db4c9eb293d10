"""A municipality withdraws from a round, at whatever time: the round's file and the register of
withdrawals, made ready before anything is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from helpers.common.errors import ParameterError
from helpers.common.paths import Paths, write_text
from helpers.common.patterns import emails_in, numbers_in
from helpers.common.plain_text import TEXT
from helpers.parameters.municipality_names import find_municipality
from helpers.parameters.params import Municipality, Round
from helpers.parameters.withdrawals import Withdrawal, withdrawals_file, withdrawals_text
from helpers.preparation.signup_files import round_file, round_text

LONGEST_REASON = 300  # signs


@dataclass(frozen=True)
class PlannedWithdrawal:
    """`round`: as it will be; `texts`: file → its new content, in the order to be written; none where
    the withdrawal stands there already."""

    round: Round
    withdrawal: Withdrawal
    texts: dict[Path, str]

    def write(self) -> None:
        for path, text in self.texts.items():
            write_text(path, text)


def named_municipality(text: str, round_: Round, option: str) -> Municipality:
    """The municipality of a code or name. Raises ParameterError with the nearest one."""
    place, near = find_municipality(text, round_.municipalities)
    if place is None:
        hint = f"Did you mean {near.code} {near.name}?" if near else "Correct it."
        raise ParameterError(option, f"unknown municipality »{text[:40]}«", "a code or name", hint)
    return place


def plan_withdrawal(
    paths: Paths, round_: Round, code: str, reason: str, on: dt.date, *, traces: bool
) -> PlannedWithdrawal:
    """What changes when `code` withdraws on a day; the round's file comes first, so that a call broken
    off can be made again.

    `traces`: something of it lies in the round, so that one taken out of the file by hand can be
    recorded too. Raises ParameterError where it takes no part, or the reason is none, too long, or
    holds what looks like a citizen's number or address.
    """
    if code in round_.withdrawn:
        return PlannedWithdrawal(round_, round_.withdrawn[code], {})
    place = round_.municipalities[code]
    if code not in round_.settings.participants and not traces:
        raise ParameterError(
            "--withdraw",
            f"{code} {place.name} takes no part in {round_.id}",
            "a participant's code or name",
            "Correct it.",
        )
    withdrawal = Withdrawal(code, on, _checked(reason), None)
    withdrawals = (*round_.withdrawals, withdrawal)
    left = [c for c in round_.settings.participants if c != code]
    texts: dict[Path, str] = {}
    if len(left) < len(round_.settings.participants):
        texts[round_file(paths)] = round_text(paths, round_, left)
    texts[withdrawals_file(paths.root, round_.id)] = withdrawals_text(withdrawals)
    settings = round_.settings.model_copy(update={"participants": tuple(left)})
    after = round_.model_copy(update={"settings": settings, "withdrawals": withdrawals})
    return PlannedWithdrawal(after, withdrawal, texts)


def _checked(reason: str) -> str:
    """The reason on one line. It stands in `params/`, and so in git: no citizen belongs there."""
    text = " ".join(reason.split())
    if not text or len(text) > LONGEST_REASON:
        raise ParameterError(
            "--reason",
            "is missing" if not text else f"has {len(text)} signs",
            f"why the municipality withdraws, in at most {LONGEST_REASON} signs",
            'Say it, as --reason "too few to write the letters".',
        )
    if [*numbers_in(text, TEXT, 0, len(text)), *emails_in(text)]:
        raise ParameterError(
            "--reason",
            "holds what looks like a CPR number, a telephone number or an e-mail address",
            "a reason without persons",
            "Say it without: the register lies in params/.",
        )
    return text
