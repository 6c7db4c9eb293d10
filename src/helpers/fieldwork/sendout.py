"""The mail-merge basis of the letters: names and unique links of the citizens drawn.

The whole mailing, with letters, paper and reminders, is made in `fieldwork/mailings.py`.
"""

from __future__ import annotations

from pathlib import Path

from helpers.common.paths import Paths
from helpers.fieldwork.mailing_kinds import MAILINGS
from helpers.fieldwork.mailings import clock, write_list
from helpers.fieldwork.recipients import recipients_of
from helpers.parameters.params import Round


def write_sendout(paths: Paths, round_: Round, code: str) -> Path:
    """Write `sendout/<code>/flettebrev.xlsx`, plain; from then on the sample is frozen.

    This is the invitation of simulated rounds, whose persons are all invented; a real round's is
    made by `survey sendout`, encrypted. Raises SurveyError before the plan.
    """
    mailing = MAILINGS["invitation"]
    to = recipients_of(paths, round_, code, mailing)
    return write_list(paths, round_, code, to, clock(round_, mailing.id))
