"""A round's citizens asked, and when they answered: what the forecast and the effort plan count."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.answers.answer_times import span_of
from helpers.answers.mailing_record import invited_on
from helpers.answers.responses import counts_as_answer
from helpers.common.paths import Paths
from helpers.extracts.classify import regrouped
from helpers.fieldwork.contact_exceptions import OPTED_OUT, UNREACHABLE
from helpers.parameters.params import Round, RuleSet

NO_ANSWER_EXPECTED = (OPTED_OUT, UNREACHABLE)  # exceptions after which no answer is to be expected
SAMPLE_COLUMNS = ["key", "target_group", "benefit_type", "has_phone", "stratum_population"]
COLUMNS = [
    "municipality", "key", "target_group", "has_phone", "stratum_population", "answered",
    "answered_at", "collected",
]  # fmt: skip


def citizens_asked(
    paths: Paths,
    round_: Round,
    regroup: RuleSet | None = None,
    today: dt.date | None = None,
) -> pd.DataFrame:
    """A row a citizen drawn, of all municipalities with a sample.

    Columns: municipality, key, target_group, has_phone, stratum_population, answered (by the round's
    rule), answered_at (Danish time; missing where not answered, not told, or the time cannot be right by
    `answer_times.span_of`, which is given `today`), collected (whether the
    municipality's answers have been collected at all). `regroup`: another rule set, in whose
    target groups the citizens are then put; those without one are left out.
    """
    tables = []
    for code in round_.settings.participants:
        if not paths.sample(code).is_file():
            continue
        spell = [] if regroup is None else ["weeks_on_benefit"]
        sample = pd.read_parquet(paths.sample(code), columns=[*SAMPLE_COLUMNS, *spell])
        if regroup is not None:
            sample["target_group"] = regrouped(sample, regroup)
        collected = paths.answers(code).is_file()
        sample = sample.assign(
            municipality=code, answered=False, answered_at=pd.NaT, collected=collected
        )
        if collected:
            answers = pd.read_parquet(paths.answers(code))
            answers = answers[counts_as_answer(answers, round_)].set_index("key")
            sample["answered"] = sample["key"].isin(answers.index)
            span = span_of(round_, invited_on(paths, code), today)
            sample["answered_at"] = sample["key"].map(span.known(answers["submitted_at"]))
        sample["answered_at"] = pd.to_datetime(sample["answered_at"]).astype("datetime64[s]")
        tables.append(sample[COLUMNS])
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(tables, ignore_index=True).dropna(subset="target_group")


def as_of(citizens: pd.DataFrame, moment: dt.datetime) -> pd.DataFrame:
    """The citizens as they stood at a moment: who answered later has not answered yet."""
    later = citizens["answered_at"] > pd.Timestamp(moment)
    return citizens.assign(
        answered=citizens["answered"] & ~later, answered_at=citizens["answered_at"].mask(later)
    )
