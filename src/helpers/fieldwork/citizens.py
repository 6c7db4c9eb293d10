"""A round's citizens asked, and when they answered: what the forecast and the effort plan count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.errors import SurveyError
from helpers.params import Round
from helpers.paths import Paths
from helpers.responses import counts_as_answer
from helpers.sheets import read_sheets

SILENT = ("opted_out", "unreachable")  # exceptions after which no answer is to be expected
SAMPLE_COLUMNS = ["key", "target_group", "benefit_type", "has_phone", "stratum_population"]
COLUMNS = [
    "municipality", "key", "target_group", "has_phone", "stratum_population", "answered",
    "answered_at", "collected",
]  # fmt: skip


def citizens_asked(
    paths: Paths, round_: Round, regroup: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A row a citizen drawn, of all municipalities with a sample.

    Columns: municipality, key, target_group, has_phone, stratum_population, answered (by the round's
    rule), answered_at (Danish time; missing where not answered or not told), collected (whether the
    municipality's answers have been collected at all). `regroup`: benefit type → target group of
    another rule set, to which the citizens are then put; those without one are left out.
    """
    tables = []
    for code in round_.settings.participants:
        if not paths.sample(code).is_file():
            continue
        sample = pd.read_parquet(paths.sample(code), columns=SAMPLE_COLUMNS)
        if regroup is not None:
            sample["target_group"] = sample["benefit_type"].map(dict(regroup))
        collected = paths.answers(code).is_file()
        sample = sample.assign(
            municipality=code, answered=False, answered_at=pd.NaT, collected=collected
        )
        if collected:
            answers = pd.read_parquet(paths.answers(code))
            answers = answers[counts_as_answer(answers, round_)].set_index("key")
            sample["answered"] = sample["key"].isin(answers.index)
            sample["answered_at"] = sample["key"].map(answers["submitted_at"])
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


def read_exceptions(paths: Paths) -> dict[str, str]:
    """Key → reason (`exempt_digital_post`, `opted_out`, `unreachable`) of those with whom contact is
    limited; none where there is no `contact/exceptions.csv`. Raises SurveyError without its columns."""
    path = paths.data / "contact" / "exceptions.csv"
    if not path.is_file() or not path.stat().st_size:
        return {}
    for sheets in read_sheets(path, ["utf-8-sig", "cp1252"], [",", ";", "\t"]):
        rows = sheets[0].rows
        headings = [str(c).strip().lower() for c in rows[0]] if rows else []
        if {"key", "reason"} <= set(headings):
            key, reason = headings.index("key"), headings.index("reason")
            whole = [r for r in rows[1:] if len(r) > max(key, reason) and str(r[key]).strip()]
            return {str(r[key]).strip(): str(r[reason]).strip() for r in whole}
    raise SurveyError(
        str(path),
        "has no columns »key« and »reason« in its first row",
        "key, reason, noted_on",
        "Mend the first line, then run again.",
    )
