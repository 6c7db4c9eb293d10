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
from helpers.rolling.places import Places, read_told

PRINTS = "fingerprints.parquet"


@dataclass(frozen=True)
class MonthJudged:
    """`judged` of the file; `own`: true for the persons whom the municipality does not leave to others;
    `prints` and `told` are kept with the month."""

    judged: Judged
    own: pd.Series
    prints: pd.DataFrame
    told: dict[str, object]


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
    comparison = compare_extracts(
        places.paths,
        round_.model_copy(update={"decisions": alone}),
        [taken, *_taken(places, month, code)],
    )
    found = [
        *comparison.found.get(code, ()),
        *_before(places, round_, month, code, digest, content),
    ]
    judged = judge(extract, persons, round_, code, digest)
    judged += with_decisions(found, file.name, round_, code, digest)
    judged += Judged(warnings=tuple(comparison.warnings.get(code, ())))
    told = {
        "file": redacted_file_name(file.name),
        "extract": digest,
        "content": content,
        "key": key.id,
    }
    told |= {"persons": len(persons), "passive": passive}
    if judged.warnings:
        told["look"] = [warning_record(look) for look in judged.warnings]
    if judged.decided:
        told["decided"] = [decision.finding for decision, _ in judged.decided]
    own = ~prints["token"].isin(comparison.left.get(code, []))
    return MonthJudged(judged, own, prints, told)


def _taken(places: Places, month: dt.date, code: str) -> list[AcceptedExtract]:
    """The month's other municipalities as they were taken."""
    found = []
    for path in sorted(places.month(month).glob(f"????/{PRINTS}")):
        told = read_told(path.parent)
        if path.parent.name != code:
            found.append(
                AcceptedExtract(path.parent.name, told["file"], told["extract"], told["key"], told["persons"],
                      told["passive"], pd.read_parquet(path))
            )  # fmt: skip
    return found


def _before(
    places: Places, round_: Round, month: dt.date, code: str, digest: str, content: str
) -> list[tuple[str, dict[str, str]]]:
    """The same file, or the same said of the same persons, in a month before."""
    for earlier in reversed([m for m in places.started() if m < month]):
        for folder in sorted(p for p in places.month(earlier).iterdir() if p.is_dir()):
            told = read_told(folder)
            same = told.get("extract") == digest or told.get("content") == content
            if same and folder.name in round_.municipalities:
                other = f"{folder.name} {round_.municipalities[folder.name].name}"
                details = {"other": other, "other_file": told["file"], "round": name(earlier)}
                return [("file_of_before", details | {"now": name(month)})]
    return []
