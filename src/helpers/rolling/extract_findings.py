"""Whether a month's extract can be what it says: by itself, beside the month's other municipalities, and
beside the months before.

What was taken in stands fast, so it is the municipality that comes later which is stopped.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.common.quoting import redacted_file_name
from helpers.extracts.extracts import Extract
from helpers.extracts.plausibility import Judged, judge, warning_record, with_decisions
from helpers.extracts.round_findings import AcceptedExtract, compare_extracts
from helpers.identities.fingerprints import content_digest, file_digest, fingerprints
from helpers.identities.vault_key import Key
from helpers.parameters.params import Round
from helpers.rolling.months import name
from helpers.rolling.places import Places, read_record

PRINTS = "fingerprints.parquet"


@dataclass(frozen=True)
class MonthJudged:
    """`judged` of the file; `own`: true for the persons whom the municipality does not leave to others;
    `prints` and `record` are kept with the month."""

    judged: Judged
    own: pd.Series
    prints: pd.DataFrame
    record: dict[str, object]


def judge_month(
    places: Places,
    round_: Round,
    code: str,
    month: dt.date,
    file: Path,
    extract: Extract,
    persons: pd.DataFrame,
    key: Key,
) -> MonthJudged:
    """Judge an extract of the month without a faulty cell; `persons` are its persons with `age`."""
    digest, content = file_digest(file), content_digest(persons, key)
    prints, passive = fingerprints(persons, key), int(persons["passive"].sum())
    taken = AcceptedExtract(code, file.name, digest, key.id, len(persons), passive, prints)
    alone = {code: round_.decisions[code]} if code in round_.decisions else {}
    others = compare_extracts(
        places.paths,
        round_.model_copy(update={"decisions": alone}),
        [taken, *_taken(places, month, code)],
    )
    found = [*others.found.get(code, ()), *_before(places, round_, month, code, digest, content)]
    judged = judge(extract, persons, round_, code, digest)
    judged += with_decisions(found, file.name, round_, code, digest)
    judged += Judged(warnings=tuple(others.warnings.get(code, ())))
    record = {
        "file": redacted_file_name(file.name),
        "extract": digest,
        "content": content,
        "key": key.id,
    }
    record |= {"persons": len(persons), "passive": passive}
    if judged.warnings:
        record["look"] = [warning_record(look) for look in judged.warnings]
    if judged.decided:
        record["decided"] = [decision.finding for decision, _ in judged.decided]
    own = ~prints["token"].isin(others.left.get(code, []))
    return MonthJudged(judged, own, prints, record)


def _taken(places: Places, month: dt.date, code: str) -> list[AcceptedExtract]:
    """The month's other municipalities as they were taken."""
    found = []
    for path in sorted(places.month(month).glob(f"????/{PRINTS}")):
        record = read_record(path.parent)
        if path.parent.name != code:
            found.append(
                AcceptedExtract(
                    path.parent.name,
                    record["file"],
                    record["extract"],
                    record["key"],
                    record["persons"],
                    record["passive"],
                    pd.read_parquet(path),
                )
            )
    return found


def _before(
    places: Places, round_: Round, month: dt.date, code: str, digest: str, content: str
) -> list[tuple[str, dict[str, str]]]:
    """The same file, or the same said of the same persons, in a month before."""
    for earlier in reversed([m for m in places.started() if m < month]):
        for folder in sorted(p for p in places.month(earlier).iterdir() if p.is_dir()):
            record = read_record(folder)
            same = record.get("extract") == digest or record.get("content") == content
            if same and folder.name in round_.municipalities:
                other = f"{folder.name} {round_.municipalities[folder.name].name}"
                details = {"other": other, "other_file": record["file"], "round": name(earlier)}
                return [("file_of_before", details | {"now": name(month)})]
    return []
