"""The list of text messages of one municipality: number and text, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.answers.mailing_record import SMS, Made, record_mailing, require_invitation
from helpers.common.paths import Paths
from helpers.common.spreadsheets import text_workbook
from helpers.fieldwork.contact_exceptions import OPTED_OUT, UNREACHABLE, reasons_of
from helpers.fieldwork.invited import without_invitation
from helpers.fieldwork.phone_numbers import mobile_numbers
from helpers.fieldwork.recipients import has_answered, people_of_sample
from helpers.fieldwork.sealed import READ_ME, forget_passphrases, listed_as, read_me, seal
from helpers.parameters.params import Round

WORKBOOK, PACKAGE = "sms.xlsx", "sms.zip"


@dataclass(frozen=True)
class SmsResult:
    """`messages` were listed; the counts are of citizens who got none, each under the first reason
    that holds. `not_invited`: whose first word it would be; `exceptions`: of any kind; `doubles`: whose number somebody else's message goes to."""

    file: Path | None
    messages: int
    answered: int
    exceptions: int
    not_invited: int
    not_chosen: int
    no_number: int
    not_mobile: int
    doubles: int


def write_sms(
    paths: Paths,
    round_: Round,
    code: str,
    text: str,
    groups: Set[str] | None,
    today: dt.date,
    *,
    plain: bool = False,
) -> SmsResult:
    """Write `sms.xlsx`, encrypted unless `plain`, of those who have not answered, are in no exception
    and are of one of the target `groups` (None: all), a number once.

    Where nobody is left, no list is written and an older one is removed. Raises SurveyError before the
    invitation.
    """
    require_invitation(paths, round_.id, code, "a text message")
    people = people_of_sample(paths, round_, code)
    sample = pd.read_parquet(paths.sample(code), columns=["key", "target_group"])
    group = people["Nøgle"].map(sample.set_index("key")["target_group"])
    noted = reasons_of(paths, people["Nøgle"]).set_index(people.index)
    numbers = mobile_numbers(people["Telefonnr."])
    left = pd.Series(True, index=people.index)
    counts = {}
    for name, out in (
        ("answered", has_answered(paths, round_, code, people["Nøgle"])),
        ("exceptions", noted.any(axis=1)),
        ("not_invited", without_invitation(paths, code, people["Nøgle"], SMS)),
        ("not_chosen", ~group.isin(groups) if groups is not None else ~left),
        ("no_number", people["Telefonnr."] == ""),
        ("not_mobile", numbers.isna()),
    ):
        counts[name] = int((left & out).sum())
        left &= ~out
    once = numbers[left].drop_duplicates()
    counts["doubles"] = int(left.sum()) - len(once)
    file = _written(paths, round_, code, once, text, plain)
    made = Made(
        SMS,
        today.isoformat(),
        sms=len(once),
        left_out_answered=counts["answered"],
        left_out_opted_out=int(noted[OPTED_OUT].sum()),
        left_out_unreachable=int(noted[UNREACHABLE].sum()),
        left_out_not_invited=counts["not_invited"],
    )
    record_mailing(paths, code, made)
    return SmsResult(file, len(once), **counts)


def _written(
    paths: Paths, round_: Round, code: str, numbers: pd.Series, text: str, plain: bool
) -> Path | None:
    if numbers.empty:
        for name in (WORKBOOK, PACKAGE):
            (paths.sendout(code) / name).unlink(missing_ok=True)
        forget_passphrases(paths, [listed_as(code, PACKAGE)])
        return None
    rows = pd.DataFrame({"Nummer": numbers.to_numpy(), "Tekst": text})
    place = round_.municipalities[code].official_name
    members = {
        WORKBOOK: text_workbook(rows, "SMS"),
        READ_ME: read_me(round_, place, [(WORKBOOK, "mobilnumre og tekst til SMS")]),
    }
    return seal(paths, round_, code, PACKAGE, members, plain=plain, supersedes=[WORKBOOK])[0]
