"""Who gets a mailing, and how: the sample less those who answered or are not to be written to."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.answers.responses import with_answers
from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.fieldwork.contact_exceptions import EXEMPT, OPTED_OUT, UNREACHABLE, reasons_of
from helpers.fieldwork.invited import left_sample, without_invitation
from helpers.fieldwork.mailing_kinds import Mailing
from helpers.identities.identities import send_out_list
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round


@dataclass(frozen=True)
class Recipients:
    """`digital` and `paper`: a row a citizen with `Nøgle`, `CPR-nr.`, `Navn`, `Telefonnr.`, `Link`;
    the counts are of those who get nothing, each citizen under the first reason that holds.
    `not_invited`: to whom a reminder would be the first letter; `invited_before`: of an invitation that is
    added, who has had one. `left_sample`: who had the invitation, and is in the sample no more."""

    digital: pd.DataFrame
    paper: pd.DataFrame
    answered: int
    opted_out: int
    unreachable: int
    not_invited: int = 0
    invited_before: int = 0
    left_sample: int = 0


def people_of_sample(paths: Paths, round_: Round, code: str) -> pd.DataFrame:
    """Everybody drawn, as the mail-merge basis has it. Raises SurveyError before the plan."""
    path = paths.sample(code)
    if not path.is_file():
        raise SurveyError(
            str(path),
            "no sample has been drawn",
            "the result of the step plan",
            f"Run `survey run {round_.id} --stage plan --only {code}`.",
        )
    key = key_of_round(round_.settings, paths.root)
    people = send_out_list(
        pd.read_parquet(path),
        read_vault(paths.vault(code), key, round_.id, code),
        round_.settings.link_base,
    )
    for column in ("Navn", "Telefonnr."):
        people[column] = printable(people[column])
    return people


def printable(texts: pd.Series) -> pd.Series:
    """Texts without signs that no XML can hold, on one line; nothing where there is nothing."""
    bare = (
        texts.fillna("")
        .astype("str")
        .str.replace(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]", " ", regex=True)
    )
    return bare.str.replace(r"\s+", " ", regex=True).str.strip()


def has_answered(paths: Paths, round_: Round, code: str, keys: pd.Series) -> pd.Series:
    """Whether the citizen of each key is not to be asked again.

    That is whoever completed the questionnaire, with however few answers, and whoever stopped with
    so many answered that they count (`responses.min_questions_answered`): their answers are in the
    results, and »we have not heard from you« would be untrue. Who opened it and answered nothing
    is reminded.
    """
    path = paths.answers(code)
    if not path.is_file():
        return pd.Series(False, index=keys.index)
    responses = with_answers(pd.DataFrame({"key": keys}), pd.read_parquet(path), round_, code)
    done = responses["responded"] | (responses["status"] == "completed")
    return pd.Series(done.to_numpy(bool), index=keys.index)


def recipients_of(paths: Paths, round_: Round, code: str, mailing: Mailing) -> Recipients:
    """Share the sample out to Digital Post, paper, and nothing.

    An invitation leaves out who asked to be left out or cannot be reached; one that is added also who has
    had it or has answered; a reminder who has answered or has had no invitation. Who is exempt from
    Digital Post gets each mailing on paper. Raises SurveyError.
    """
    people = people_of_sample(paths, round_, code)
    noted = reasons_of(paths, people["Nøgle"]).set_index(people.index)
    answered = has_answered(paths, round_, code, people["Nøgle"])
    answered &= mailing.is_reminder or mailing.is_added
    opted_out = noted[OPTED_OUT] & ~answered
    unreachable = noted[UNREACHABLE] & ~answered & ~opted_out
    writes = ~(answered | opted_out | unreachable)
    new = without_invitation(paths, code, people["Nøgle"], mailing.id)
    not_invited = writes & new & mailing.is_reminder
    invited_before = writes & ~new & mailing.is_added
    writes &= ~(not_invited | invited_before)
    return Recipients(
        people[writes & ~noted[EXEMPT]].reset_index(drop=True),
        people[writes & noted[EXEMPT]].reset_index(drop=True),
        int(answered.sum()),
        int(opted_out.sum()),
        int(unreachable.sum()),
        int(not_invited.sum()),
        int(invited_before.sum()),
        left_sample(paths, code, people["Nøgle"]),
    )
