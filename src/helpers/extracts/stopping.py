"""What is surely wrong with one well-formed extract: each rule with its limit as a named constant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from helpers.common.message_values import Count, Share, Value
from helpers.extracts.check_warnings import listed_rows
from helpers.extracts.extracts import Extract
from helpers.extracts.wrong_municipality import other_name
from helpers.parameters.params import Round

OLD_WEEKS = 8  # so long before the last day that the file should reach, its newest date may lie
AHEAD_WEEKS = (
    8  # so long after the reference date, dates may lie: extracts are made some weeks later
)
MOSTLY_LATER = 0.5  # share of persons whose spell begins after the round's period, at most
MOST_OF_INHABITANTS = 0.5  # persons as a share of the inhabitants, at most
SEEN_IN = 10  # persons, at least, before it is wrong that all of them are alike

Found = tuple[str, dict[str, Value]]  # kind of PLAUSIBILITY, details


def stops_of(extract: Extract, persons: pd.DataFrame, round_: Round, code: str) -> Iterator[Found]:
    """What stops the municipality; `persons` are those without faults, `code` is empty where it is not
    known."""
    if code:
        yield from _municipality(extract, persons, round_, code)
    if len(persons):
        yield from _dates(persons, round_)
        if len(persons) >= SEEN_IN and persons["passive"].all():
            yield "everybody_passive", {"of": Count(len(persons))}


def _municipality(
    extract: Extract, persons: pd.DataFrame, round_: Round, code: str
) -> Iterator[Found]:
    place = round_.municipalities[code]
    share = len(persons) / place.population
    if share > MOST_OF_INHABITANTS:
        details = {"count": Count(len(persons)), "share": Share(share)}
        yield "too_many_persons", details | {"limit": Share(MOST_OF_INHABITANTS)}
    if found := other_name(extract.file, extract.around, code, round_.municipalities):
        text, other = found
        yield "other_name", {"text": text, "other": other.name, "code": code, "name": place.name}


def last_day(round_: Round) -> dt.date:
    """The last day on which a benefit brings a citizen into the round: of its period, else the reference
    date."""
    period = round_.settings.extract_period
    return (
        min(period.end, round_.settings.reference_date)
        if period
        else round_.settings.reference_date
    )


def newest_date(persons: pd.DataFrame) -> pd.Timestamp:
    """The newest date of a transition or a conversation; NaT where there is none."""
    return persons[["spell_start", "latest_conversation"]].max().max()


def _dates(persons: pd.DataFrame, round_: Round) -> Iterator[Found]:
    reference, last = round_.settings.reference_date, last_day(round_)
    start, talk, of = persons["spell_start"], persons["latest_conversation"], len(persons)
    newest = newest_date(persons)
    if of >= SEEN_IN and newest < pd.Timestamp(last) - pd.Timedelta(weeks=OLD_WEEKS):
        details = {"newest": newest.date(), "day": last}
        yield "old_extract", details | {"weeks": str(OLD_WEEKS)}
    limit = pd.Timestamp(reference) + pd.Timedelta(weeks=AHEAD_WEEKS)
    rows = persons.loc[(start > limit) | (talk > limit), "row"].tolist()
    if rows:
        details = {"count": Count(len(rows)), "of": Count(of)}
        details |= {"rows": listed_rows(rows), "day": reference}
        yield "dates_ahead", details | {"weeks": str(AHEAD_WEEKS)}
    later = int((start > pd.Timestamp(last)).sum())
    if later / of > MOSTLY_LATER:
        details = {"count": Count(later), "of": Count(of)}
        details |= {"share": Share(later / of), "day": last}
        yield "mostly_later", details | {"limit": Share(MOSTLY_LATER)}
