"""What was sent when: `data/<round>/sendout/<code>/mailings.json`, in counts and days alone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, replace

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths, write_text

SMS = "sms"


@dataclass(frozen=True)
class Made:
    """One mailing as it was made last: a row of the record.

    `mailing`: invitation, invitation_added, first_reminder, second_reminder or sms; `made_on`: ISO date; `letters`: to
    Digital Post; `paper`: on paper; `left_out_…`: citizens who got nothing, by the first reason that
    holds; `sms`: text messages; `times`: how often it has been made, `first_made_on`: the first day.
    """

    mailing: str
    made_on: str
    letters: int = 0
    paper: int = 0
    left_out_answered: int = 0
    left_out_opted_out: int = 0
    left_out_unreachable: int = 0
    left_out_not_invited: int = 0
    sms: int = 0
    times: int = 1
    first_made_on: str = ""

    def __post_init__(self) -> None:
        for day in filter(None, (self.made_on, self.first_made_on)):
            dt.date.fromisoformat(day)  # ValueError where it is none

    @property
    def day(self) -> dt.date:
        return dt.date.fromisoformat(self.made_on)

    @property
    def first_day(self) -> dt.date:
        return dt.date.fromisoformat(self.first_made_on or self.made_on)


def read_mailings(paths: Paths, code: str) -> dict[str, Made]:
    """Mailing → what was made of it; empty where nothing was. Raises SurveyError where the record
    cannot be read."""
    path = paths.mailings(code)
    if not path.is_file():
        return {}
    try:
        return {row["mailing"]: Made(**row) for row in json.loads(path.read_text("utf-8"))}
    except (ValueError, TypeError, KeyError):
        raise SurveyError(
            str(path),
            "is no record of mailings",
            "a JSON list, a row a mailing",
            "Put it back from a copy of data/.",
        ) from None


def invited_on(paths: Paths, code: str) -> dt.date | None:
    """The day on which the invitation was first made; None where none was. Raises as `read_mailings`."""
    made = read_mailings(paths, code).get("invitation")
    return made.first_day if made else None


def record_mailing(paths: Paths, code: str, made: Made) -> Made | None:
    """Put the mailing into the record in place of an earlier one of its kind; returns that one. Letters of
    invitations that are added add up, for they go to others each time."""
    known = read_mailings(paths, code)
    before = known.get(made.mailing)
    times = 1 + (before.times if before else 0)
    first = before.first_made_on if before else made.made_on
    if before and made.mailing == "invitation_added":
        letters, paper = made.letters + before.letters, made.paper + before.paper
        made = replace(made, letters=letters, paper=paper)
    row = asdict(made) | {"times": times, "first_made_on": first}
    rows = {name: asdict(m) for name, m in known.items()} | {made.mailing: row}
    write_text(paths.mailings(code), json.dumps(list(rows.values()), indent=1) + "\n")
    return before


def require_invitation(paths: Paths, round_id: str, code: str, what: str) -> None:
    """Raises SurveyError where no invitation has been made: nobody is reminded of an unknown letter."""
    old = paths.sendout(code) / "flettebrev.xlsx"  # of a round that began without a record
    if "invitation" not in read_mailings(paths, code) and not old.is_file():
        raise SurveyError(
            str(paths.sendout(code)),
            f"the invitation has not been made, so there is nothing for {what} to follow",
            "an invitation made earlier",
            f"Run `survey sendout {round_id} --only {code}` first.",
        )
