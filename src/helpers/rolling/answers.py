"""Answers of a rolling round: exports as received → gathered by key → frozen when the month closes.

A month's answers stand fast from the day it closes: later ones are counted and left out, since a
result that moved afterwards would tell, beside the one published before, what the late ones answered.
Free texts stay in the exports.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.answers.answer_times import Span, known_times
from helpers.answers.export_columns import LOCAL_COLUMNS, ExportColumns, export_columns
from helpers.answers.export_notes import notes_on
from helpers.answers.exports import export_files, read_export
from helpers.answers.latest import counting
from helpers.answers.responses import with_answers
from helpers.common.errors import Problem, SurveyError
from helpers.common.paths import write_atomically, write_text
from helpers.common.quoting import redacted_file_name
from helpers.fieldwork.sealed import forget_passphrases, listed_as
from helpers.parameters.questionnaires import text_columns
from helpers.rolling.month import ASKED, INVITATION, SAMPLE, delivered
from helpers.rolling.months import name
from helpers.rolling.places import Places
from helpers.rolling.settings import Rolling

CLOSED, KEYS = "closed.json", "keys.parquet"


@dataclass(frozen=True)
class Collected:
    """`new`: digests of the files that this tick read; `files`: digest → name, rows of open months, and
    late rows of every file ever read; `refused`: digest → its troubles; `notes`: what is odd in the new
    files and refuses nothing."""

    new: tuple[str, ...]
    files: dict[str, dict]
    refused: dict[str, tuple[Problem, ...]]
    notes: tuple[str, ...] = ()


def _month_keys(places: Places, rolling: Rolling, month: dt.date) -> pd.DataFrame:
    """A row a key of the month: key, code (of its municipality)."""
    if (places.month(month) / KEYS).is_file():
        return pd.read_parquet(places.month(month) / KEYS)
    parts = [
        pd.read_parquet(places.of_month(month, code) / SAMPLE, columns=["key"]).assign(code=code)
        for code in rolling.settings.participants
        if delivered(places, month, code)
    ]
    empty = pd.DataFrame({"key": [], "code": []}, dtype="str")
    return pd.concat(parts, ignore_index=True) if parts else empty


def write_keys(places: Places, rolling: Rolling, month: dt.date) -> None:
    """Keep the month's keys in one file, once its samples stand fast."""
    table = _month_keys(places, rolling, month)
    write_atomically(places.month(month) / KEYS, table.to_parquet)


def _keys(places: Places, rolling: Rolling) -> pd.DataFrame:
    """A row a key ever given: code, month, open."""
    parts = [
        _month_keys(places, rolling, month).assign(month=month, open=not is_closed(places, month))
        for month in places.started()
    ]
    empty = pd.DataFrame({"key": [], "code": [], "month": [], "open": []})
    return (pd.concat(parts) if parts else empty).set_index("key")


def month_is_complete(places: Places, rolling: Rolling, month: dt.date) -> bool:
    """Whether every municipality's month was taken or skipped."""
    return all(places.of_month(month, code).is_dir() for code in rolling.settings.participants)


def gather(places: Places, rolling: Rolling, today: dt.date) -> Collected:
    """Read the exports that have not been read, and add their rows to those gathered.

    A file is taken whole or not at all: one with unknown or foreign keys, or a cell that is no answer,
    is refused and told. The same file twice, or files in another order, change nothing: which
    submission of a key counts is the rule of every round (`latest.counting`). A key's answer can have been
    given from the first day of its month until `today`.
    """
    store = places.collected / "files.json"
    known: dict[str, dict] = json.loads(store.read_text("utf-8")) if store.is_file() else {}
    new: dict[str, dict] = {}
    refused: dict[str, tuple[Problem, ...]] = {}
    tables, keys = [], None
    asked_for = export_columns(rolling.round)
    for path in export_files(places.paths):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in known or digest in new:
            continue
        keys = _keys(places, rolling) if keys is None else keys
        try:
            table = _checked(path, asked_for, keys, rolling)
        except SurveyError as e:
            refused[digest] = e.problems
            continue
        is_open = keys.loc[table["key"], "open"].to_numpy(bool)
        late = ~is_open & table["status"].isin(["completed", "partial"])
        new[digest] = {
            "name": redacted_file_name(path.name),
            "rows": int(is_open.sum()),
            "late": int(late.sum()),
        }
        tables.append(table.assign(file=redacted_file_name(path.name), row=table.index)[is_open])
    notes: list[str] = []
    if new and keys is not None:
        fresh = pd.concat(tables, ignore_index=True)
        of_keys = keys[["code", "month"]].rename(columns={"code": "municipality"})
        fresh = fresh.join(of_keys, on="key")
        spans = {month: Span(month, today) for month in places.started()}
        notes = notes_on(fresh, spans, rolling.round, by="month")
        fresh["submitted_at"] = known_times(fresh, spans, "month")
        gathered = _gathered(places, rolling)
        rows = pd.concat([gathered, fresh[[c for c in fresh if c in gathered]]], ignore_index=True)
        least = rolling.round.settings.responses.min_questions_answered
        rows = counting(rows, rows["submitted_at"], least).reset_index(drop=True)
        write_atomically(places.collected / "answers.parquet", rows.to_parquet)
        known |= new
        write_text(store, json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return Collected(tuple(new), known, refused, tuple(notes))


def _checked(
    path: Path, asked_for: ExportColumns, keys: pd.DataFrame, rolling: Rolling
) -> pd.DataFrame:
    """The export's rows without texts. Raises SurveyError with all that is wrong."""
    table, found, _ = read_export(path, asked_for)
    problems = [problem for problem, _ in found]
    unknown = ~table["key"].isin(keys.index)
    named = path.name[:4] if path.name[:4] in rolling.settings.participants else None
    owner = keys["code"].reindex(table["key"]).to_numpy()
    foreign = ~unknown & (owner != named) if named else unknown & False
    for bad, what, expected in (
        (unknown, "keys were never given", "keys from the round's own letters"),
        (foreign, "keys belong to other municipalities", f"keys of {named}"),
    ):
        if bad.any():
            rows = ", ".join(str(r) for r in table.index[bad][:10])
            finding = f"{int(bad.sum())} {what} (rows {rows}{' …' if bad.sum() > 10 else ''})"
            problems.append(
                Problem(
                    redacted_file_name(path.name),
                    finding,
                    expected,
                    "Mend the export or take it out.",
                )
            )
    if problems:
        raise SurveyError(problems=problems)
    return table.drop(columns=text_columns(table))


def _gathered(places: Places, rolling: Rolling) -> pd.DataFrame:
    path = places.collected / "answers.parquet"
    if path.is_file():
        return pd.read_parquet(path)
    answers = [*(q.id for q in rolling.round.questionnaire.scaled), *LOCAL_COLUMNS]
    columns = {"key": "str", "status": "str", "submitted_at": "datetime64[s]"}
    columns |= dict.fromkeys(answers, "Int8")
    return pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in columns.items()})


def close_month(places: Places, rolling: Rolling, month: dt.date, today: dt.date) -> dict:
    """Freeze the month's answers: `months/<month>/<code>/asked.parquet`, a row a citizen asked without
    id or key. Returns counts."""
    gathered = _gathered(places, rolling)
    counts = {"closed_on": today.isoformat(), "asked": 0, "answered": 0}
    for code in rolling.settings.participants:
        if not delivered(places, month, code):
            continue
        folder = places.of_month(month, code)
        sample = pd.read_parquet(folder / SAMPLE)
        of_sample = gathered[gathered["key"].isin(sample["key"])]
        asked = with_answers(sample, of_sample, rolling.round, code)
        asked = asked.drop(columns=["person_id", "key", "submitted_at", *text_columns(asked)])
        write_atomically(folder / ASKED, asked.to_parquet)
        counts["asked"] += len(asked)
        counts["answered"] += int(asked["responded"].sum())
    write_text(places.month(month) / CLOSED, json.dumps(counts, sort_keys=True) + "\n")
    return counts


def forget_closed(places: Places, rolling: Rolling) -> None:
    """Delete what closed months need no more: their letters, and their rows among those gathered."""
    closed = [m for m in places.started() if is_closed(places, m)]
    for month in closed:
        shutil.rmtree(places.data / "sendout" / name(month), ignore_errors=True)
        packages = [
            listed_as(code, INVITATION.package, name(month))
            for code in rolling.settings.participants
        ]
        forget_passphrases(places.paths, packages)
    gathered = _gathered(places, rolling)
    keys = [key for m in closed for key in _month_keys(places, rolling, m)["key"]]
    left = gathered[~gathered["key"].isin(keys)].reset_index(drop=True)
    if len(left) < len(gathered):
        write_atomically(places.collected / "answers.parquet", left.to_parquet)


def is_closed(places: Places, month: dt.date) -> bool:
    return (places.month(month) / CLOSED).is_file()


def closed_counts(places: Places, month: dt.date) -> dict:
    """closed_on, asked and answered of a closed month."""
    return json.loads((places.month(month) / CLOSED).read_text("utf-8"))
