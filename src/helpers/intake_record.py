"""The step intake of one municipality, and `intake.json`: what was found in the files of all.

Each municipality's file leaves `intake/<code>.json`; `intake.json` is made from them.
"""

from __future__ import annotations

import datetime as dt
import json

from helpers.intake import IntakeResult, take_in
from helpers.params import Round
from helpers.paths import Paths, write_text
from helpers.review.intake_history import add_to_history


def intake(paths: Paths, round_: Round, code: str) -> None:
    """Take in one municipality's extract. Raises ExtractError where it is refused; what is wrong with
    its rows stands in `intake/<code>.json`, that it was refused for good in its history."""
    result = take_in(paths, round_, code)
    keep_result(paths, result)
    add_to_history(paths, result, dt.date.today())
    if result.error is not None:
        raise result.error


def keep_result(paths: Paths, result: IntakeResult) -> None:
    """Write `intake/<code>.json`; a refused file keeps the counts of the last one that was taken in."""
    path = paths.intake_of(result.municipality)
    ignored = {"ignored_columns": list(result.ignored_columns)} if result.ignored_columns else {}
    if result.counts:
        content = {"taken_in": {"file": result.file, "counts": result.counts, **ignored}}
    else:
        content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        rows = result.refused or [
            {"row": None, "column": "", "problem": str(p)} for p in result.error.problems
        ]
        content["refused"] = {"file": result.file, "rows": rows, **ignored}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def merge(paths: Paths, round_: Round) -> None:
    """Write `intake.json`: counts per file, and refused rows and ignored columns beside."""
    files, refused, ignored = {}, {}, {}
    for code in sorted(round_.settings.participants):
        path = paths.intake_of(code)
        content = json.loads(path.read_text("utf-8")) if path.is_file() else {}
        if taken_in := content.get("taken_in"):
            files[taken_in["file"]] = {"municipality": code, **taken_in["counts"]}
        if no_good := content.get("refused"):
            refused[no_good["file"]] = no_good["rows"]
        for told in content.values():
            if told.get("ignored_columns"):
                ignored[told["file"]] = told["ignored_columns"]
    settings = round_.settings
    content = {
        "reference_date": settings.reference_date.isoformat(),
        "age_limits": [settings.age_limits.youngest, settings.age_limits.oldest],
        "files": dict(sorted(files.items())),
        "refused": dict(sorted(refused.items())),
        "ignored_columns": dict(sorted(ignored.items())),
    }
    write_text(paths.intake, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
