"""Whether a well-formed extract can be what it says: one judgement for `check`, intake and rolling rounds.

What is surely wrong stops the municipality, unless a person has decided otherwise about this very
file; what may be wrong is told as worth a look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from helpers.common.message_values import Value
from helpers.common.paths import Paths
from helpers.extracts.check_warnings import EarlierExtract, Warning, warnings_of
from helpers.extracts.extracts import Extract
from helpers.extracts.stopping import stops_of
from helpers.faults.faults import Fault, Place, fault
from helpers.parameters.intake_decisions import TAKES, IntakeDecision, decision_on, how_to_decide
from helpers.parameters.params import Round

Found = tuple[str, Mapping[str, Value]]  # kind of PLAUSIBILITY, details


@dataclass(frozen=True)
class Judged:
    """`stops` stop the municipality; `warnings` are worth a look; `decided` are findings that a person let
    pass for this file, each with its decision."""

    stops: tuple[Fault, ...] = ()
    warnings: tuple[Warning, ...] = ()
    decided: tuple[tuple[IntakeDecision, Fault], ...] = ()

    def __add__(self, other: Judged) -> Judged:
        return Judged(
            self.stops + other.stops, self.warnings + other.warnings, self.decided + other.decided
        )


def judge(
    extract: Extract,
    persons: pd.DataFrame,
    round_: Round,
    code: str,
    digest: str,
    before: EarlierExtract | None = None,
) -> Judged:
    """What one file tells by itself. `persons`: the extract's with `age`; those with a faulty cell are
    left out of the judgement. `digest`: the file's; `code` is empty where it is not known."""
    faultless = persons[~persons["row"].isin(extract.faulty_rows)].reset_index(drop=True)
    warnings = warnings_of(faultless, round_, code, before, extract.ignored_columns)
    as_read = tuple(Warning(f.kind, f.details, f) for f in extract.notices)
    judged = with_decisions(
        stops_of(extract, faultless, round_, code), extract.file, round_, code, digest
    )
    return replace(judged, warnings=as_read + warnings)


def with_decisions(
    found: Iterable[Found], file: str, round_: Round, code: str, digest: str
) -> Judged:
    """Findings as faults of the file, those apart that a person let pass."""
    stops, decided = [], []
    for kind, details in found:
        how = how_to_decide(round_.id, code or "<code>", kind, digest) if kind in TAKES else ""
        finding = fault(kind, Place(file), decide=how, **details)
        decision = decision_on(round_.decisions, code, kind, digest)
        if decision is None:
            stops.append(finding)
        else:
            decided.append((decision, finding))
    return Judged(tuple(stops), (), tuple(decided))


def earlier_extract_of(paths: Paths, round_: Round, code: str) -> EarlierExtract | None:
    """The municipality's extract in the latest earlier round whose `intake.json` knows it."""
    for earlier in round_.settings.earlier_rounds:
        path = Paths(paths.root, earlier).intake
        files = json.loads(path.read_text("utf-8")).get("files", {}) if path.is_file() else {}
        for counts in files.values():
            if counts["municipality"] == code:
                title = round_.earlier_titles.get(earlier, earlier)
                return EarlierExtract(counts["rows_read"], passive_in(counts), title)
    return None


def passive_in(counts: Mapping) -> int:
    """Passive persons of a file, from its counts: the first reason for being left out under any rules."""
    by_rules = [c for c in counts.values() if isinstance(c, Mapping)]
    return max((c.get("passive", 0) for c in by_rules), default=0)


def warning_record(one: Warning) -> dict[str, str]:
    """A thing worth a look as it is written down, in both languages."""
    return {"finding": one.kind, "en": one.in_language("en"), "da": one.in_language("da")}


def stop_record(stop: Fault) -> dict[str, str]:
    return {"finding": stop.kind, "en": stop.what, "da": stop.in_language("da").what}


def decided_record(decision: IntakeDecision, stop: Fault) -> dict[str, str]:
    details = {"reason": decision.reason, "by": decision.by, "date": decision.date.isoformat()}
    return stop_record(stop) | {"decision": decision.decision} | details
