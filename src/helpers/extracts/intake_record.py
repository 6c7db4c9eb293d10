"""The step intake of one municipality, and `intake.json`: what was found in the files of all.

Each municipality's file leaves `intake/<code>.json`; `intake.json` is made from them, once each has
been looked at beside the others.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

from helpers.common.errors import Problem, SurveyError
from helpers.common.outcome import StepOutcome
from helpers.common.paths import Paths, write_text
from helpers.common.quoting import redacted_file_name
from helpers.extracts.files import BETWEEN_FILES
from helpers.extracts.intake import IntakeResult, take_in
from helpers.extracts.intake_history import add_to_history
from helpers.extracts.plausibility import (
    decided_record,
    stop_record,
    warning_record,
    with_decisions,
)
from helpers.extracts.round_findings import compare_extracts, read_taken
from helpers.faults.notice_kinds import IN_MOST_FILES
from helpers.parameters.params import Round


def intake(paths: Paths, round_: Round, code: str) -> StepOutcome:
    """Take in one municipality's extract; finds the layouts that it was read by as `used`. Raises
    ExtractError where it is refused; what is wrong with its rows stands in `intake/<code>.json`, that it
    was refused for good in its history."""
    result = take_in(paths, round_, code)
    keep_result(paths, result)
    add_to_history(paths, result, dt.date.today())
    if result.error is not None:
        raise result.error
    return StepOutcome(found={"used": {"layouts": result.layout.split(BETWEEN_FILES)}})


def keep_result(paths: Paths, result: IntakeResult) -> None:
    """Write `intake/<code>.json`; a refused file keeps the counts of the last one that was taken in."""
    path = paths.intake_of(result.municipality)
    more = {"ignored_columns": list(result.ignored_columns)} if result.ignored_columns else {}
    if result.judged.warnings:
        more["look"] = [warning_record(look) for look in result.judged.warnings]
    if result.judged.decided:
        more["decided"] = [decided_record(*one) for one in result.judged.decided]
    if result.counts:
        known = {"digest": result.digest, "key": result.key_id, "counts": result.counts}
        content = {"taken_in": {"file": redacted_file_name(result.file), **known, **more}}
    else:
        content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        rows = result.refused or [
            {"row": None, "column": "", "problem": str(p)} for p in result.error.problems
        ]
        content["refused"] = {"file": redacted_file_name(result.file), "rows": rows, **more}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def merge(paths: Paths, round_: Round) -> StepOutcome:
    """Look at the extracts beside each other, and write `intake.json`: counts per file, and beside them
    refused rows, ignored columns, what stops a file among the others, what is worth a look, and what was
    decided; and whom each municipality leaves to others.

    Tells what stops a municipality as its failure, and where things worth a look are read.
    """
    taken = read_taken(paths, round_)
    comparison = compare_extracts(paths, round_, taken)
    kinds = ("files", "refused", "ignored_columns", "stopped", "look", "decided")
    content: dict[str, dict] = {kind: {} for kind in kinds}
    judged = {
        t.code: with_decisions(comparison.found.get(t.code, ()), t.file, round_, t.code, t.digest)
        for t in taken
    }
    for code in sorted(round_.settings.participants):
        path = paths.intake_of(code)
        findings = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if taken_in := findings.get("taken_in"):
            content["files"][taken_in["file"]] = {"municipality": code, **taken_in["counts"]}
        if refused := findings.get("refused"):
            content["refused"][refused["file"]] = refused["rows"]
        for one in findings.values():
            for kind in ("ignored_columns", "look", "decided"):
                if one.get(kind):
                    content[kind][one["file"]] = one[kind]
    for one in taken:
        found = judged[one.code]
        more = {
            "stopped": [stop_record(stop) for stop in found.stops],
            "look": [warning_record(look) for look in comparison.warnings.get(one.code, ())],
            "decided": [decided_record(*decision) for decision in found.decided],
        }
        for kind, records in more.items():
            if records:
                content[kind][one.file] = content[kind].get(one.file, []) + records
        _write_left_to_others(paths, one.code, comparison.left.get(one.code, []))
    settings = round_.settings
    head = {
        "reference_date": settings.reference_date.isoformat(),
        "age_limits": [settings.age_limits.youngest, settings.age_limits.oldest],
    }
    record = head | {kind: dict(sorted(by_file.items())) for kind, by_file in content.items()}
    write_text(paths.intake, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    failures = {c: str(SurveyError(problems=j.stops)) for c, j in judged.items() if j.stops}
    failures |= {code: str(_other_key(paths, code)) for code in comparison.other_keys}
    return StepOutcome(_to_look_at(paths, round_, content["look"]), failures)


def found_at_intake(paths: Paths, round_: Round) -> dict[str, dict[str, list[dict]]]:
    """Code → `stopped`, `look` and `decided` as `intake.json` has them; none before it is written, and
    none for a municipality of whose file there is nothing to tell."""
    record = json.loads(paths.intake.read_text("utf-8")) if paths.intake.is_file() else {}
    found: dict[str, dict[str, list[dict]]] = {}
    for kind in ("stopped", "look", "decided"):
        for file, records in record.get(kind, {}).items():
            if file[:4] in round_.settings.participants:
                found.setdefault(file[:4], {}).setdefault(kind, []).extend(records)
    return dict(sorted(found.items()))


def _write_left_to_others(paths: Paths, code: str, tokens: list[str]) -> None:
    """Keep whom the municipality leaves to others: its next intake takes them out."""
    path = paths.left_to_others(code)
    if tokens:
        write_text(path, json.dumps(sorted(tokens)) + "\n")
    else:
        path.unlink(missing_ok=True)


def _other_key(paths: Paths, code: str) -> Problem:
    return Problem(
        str(paths.fingerprints(code)),
        "was made under another key than the other municipalities', so that a citizen in two extracts "
        "would not be found",
        "one key for the round",
        f"Take the extract in again: survey run {paths.round_id} --stage intake --again.",
    )


def without_common_findings(looks: Iterable[dict]) -> list[dict]:
    """Without what nearly every file has."""
    return [look for look in looks if look["finding"] not in IN_MOST_FILES]


def _to_look_at(paths: Paths, round_: Round, looks: dict[str, list]) -> tuple[str, ...]:
    """One line for the run: how many things worth a look each municipality has, and where they stand."""
    counts = [
        f"{file[:4]} {round_.municipalities[file[:4]].name} {len(few)}"
        for file, records in sorted(looks.items())
        if (few := without_common_findings(records))
    ]
    if not counts:
        return ()
    whose = f"{len(counts)} municipalities" if len(counts) > 1 else "1 municipality"
    return (
        f"Worth a look in the extracts of {whose}: {', '.join(counts)}. What it is stands in "
        f"data/{paths.round_id}/intake.json under `look`, and in `survey status {paths.round_id}`.",
    )
