"""The survey tool's exports → one checked table a municipality.

An export may hold one municipality or many; each row finds its citizen by the key of the unique
link. The same key may come several times: the latest submission counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.errors import Problem, ResponseError, SurveyError
from helpers.params import Round
from helpers.paths import Paths, write_atomically
from helpers.sheets import Sheet, is_table_file, read_sheets

STATUSES = ("completed", "partial", "opened", "none")
DONT_KNOW = 6
TEXT_COLUMNS = ("q14_text", "q15_text")
LOCAL_COLUMNS = ("lokal1", "lokal2", "lokal3")
ROUND_LEVEL = ""  # owner of troubles that belong to no single municipality
_MEND = "Mend the export or ask for it again, then run analyse again."


@dataclass(frozen=True)
class Collected:
    """`answers`: code → a row an exported citizen; `errors`: code (or ROUND_LEVEL) → what is wrong."""

    answers: dict[str, pd.DataFrame]
    errors: dict[str, ResponseError]


def export_files(paths: Paths) -> list[Path]:
    """The exports as received, in the order of their names."""
    if not paths.responses.is_dir():
        return []
    return sorted(p for p in paths.responses.iterdir() if is_table_file(p))


def collect(paths: Paths, round_: Round) -> Collected:
    """Read all exports and share their rows out to the municipalities that drew the keys.

    A trouble belongs to the municipality whose code begins the file's name, else to the row's own
    (through its key), else to the round.
    """
    question_ids = [q.id for q in round_.questionnaire.scaled]
    owner, problems = _key_owners(paths, round_)
    tables = []
    for path in export_files(paths):
        named = path.name[:4] if path.name[:4] in round_.settings.participants else ROUND_LEVEL
        try:
            table, found = read_export(path, question_ids)
        except SurveyError as e:
            problems.setdefault(named, []).extend(e.problems)
            continue
        code = pd.Series([owner.get(k) for k in table["key"]], index=table.index, dtype=object)
        for problem, row in found:
            whose = named or (code.get(row) if isinstance(code.get(row), str) else ROUND_LEVEL)
            problems.setdefault(whose, []).append(problem)
        unknown = code.isna()
        if unknown.any():
            rows = ", ".join(str(r) for r in unknown.index[unknown][:10])
            problems.setdefault(named, []).append(
                Problem(
                    path.name,
                    f"{int(unknown.sum())} keys belong to no drawn sample (rows {rows} …)",
                    "keys from the round's own letters",
                    "Take out the rows, or put back the sample that the letters were made from.",
                )
            )
        foreign = code.notna() & (code != named) if named else code.isna() & False
        if foreign.any():
            rows = ", ".join(str(r) for r in foreign.index[foreign][:10])
            problems.setdefault(named, []).append(
                Problem(
                    path.name,
                    f"{int(foreign.sum())} keys belong to other municipalities (rows {rows} …)",
                    f"keys of {named}",
                    "Rename the file if it holds several municipalities, or take out the rows.",
                )
            )
        tables.append(table.assign(municipality=code))
    errors = {code: ResponseError(problems=told) for code, told in problems.items()}
    if not tables:
        return Collected({}, errors)
    rows = _latest(pd.concat(tables, ignore_index=True))
    answers = {
        str(code): group.drop(columns="municipality").reset_index(drop=True)
        for code, group in rows.groupby("municipality")
        if code not in errors
    }
    return Collected(answers, errors)


def _key_owners(paths: Paths, round_: Round) -> tuple[dict[str, str], dict[str, list[Problem]]]:
    """key → municipality, from the drawn samples; and what is wrong with a municipality's sample."""
    owners: dict[str, str] = {}
    problems: dict[str, list[Problem]] = {}
    for code in round_.settings.participants:
        path = paths.sample(code)
        if not path.is_file():
            continue
        try:
            keys = pd.read_parquet(path, columns=["key"])["key"]
        except (OSError, pa.ArrowException):
            problems[code] = [
                Problem(
                    str(path),
                    "cannot be read",
                    "the sample that the letters were made from",
                    "Put it back from a copy of data/.",
                )
            ]
            continue
        owners.update(dict.fromkeys(keys, code))
    return owners, problems


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a key: the latest submission; a row with answers before one without."""
    rank = rows["status"].map({s: i for i, s in enumerate(reversed(STATUSES))})
    ordered = rows.assign(_rank=rank).sort_values(
        ["submitted_at", "_rank"], kind="stable", na_position="first"
    )
    return ordered.drop_duplicates("key", keep="last").drop(columns="_rank").sort_index()


def _table(path: Path) -> tuple[Sheet, list[str]]:
    """The sheet and headings that hold `key` and `status`."""
    for sheets in read_sheets(path, ["utf-8-sig", "cp1252"], [",", ";", "\t"]):
        for sheet in sheets:
            headings = [str(c).strip().lower() for c in sheet.rows[0]] if sheet.rows else []
            if {"key", "status"} <= set(headings):
                return sheet, headings
    raise ResponseError(
        path.name,
        "has no columns »key« and »status« in its first row",
        "key, status, submitted_at, q01 … q13, q14_text, q15_text, lokal1 … lokal3",
        _MEND,
    )


def read_export(
    path: Path, question_ids: Iterable[str]
) -> tuple[pd.DataFrame, list[tuple[Problem, int]]]:
    """One export → (table indexed by row number, troubles with their row).

    Columns: key, status, submitted_at (datetime64), questions and local questions as Int8 (1–5,
    6 = ved ikke, NA = not answered), free texts. Raises ResponseError where columns are missing.
    """
    sheet, headings = _table(path)
    question_ids = list(question_ids)
    missing = [c for c in question_ids if c not in headings]
    if missing:
        raise ResponseError(
            sheet.where(path), f"columns are missing: {', '.join(missing)}", remedy=_MEND
        )
    width = len(headings)
    cells = [list(r[:width]) + [""] * (width - len(r)) for r in sheet.rows[1:]]
    raw = pd.DataFrame(cells, columns=headings, index=range(2, len(cells) + 2), dtype=object)
    raw = raw[[text != "" for text in _texts(raw, "key")]]
    found: list[tuple[Problem, int]] = []

    def refuse(bad: np.ndarray, column: str, what: str) -> None:
        for row in raw.index[bad]:
            where = f"{sheet.where(path)}, row {row}, column »{column}«"
            found.append((Problem(where, what, remedy=_MEND), row))

    table = pd.DataFrame({"key": _texts(raw, "key")}, index=raw.index, dtype="str")
    table["status"] = pd.array([t.lower() for t in _texts(raw, "status")], dtype="str")
    refuse(~table["status"].isin(STATUSES), "status", f"is none of {', '.join(STATUSES)}")
    submitted = pd.Series(_texts(raw, "submitted_at"), index=raw.index, dtype="str")
    times = pd.to_datetime(submitted.where(submitted != ""), errors="coerce", format="ISO8601")
    refuse(times.isna() & (submitted != ""), "submitted_at", "is no date and time (ISO 8601)")
    table["submitted_at"] = times.astype("datetime64[s]")
    for column in [*question_ids, *(c for c in LOCAL_COLUMNS if c in headings)]:
        places, texts = pd.factorize(np.array(_texts(raw, column), dtype=object))
        texts = pd.Series(texts, dtype="str")  # few, and the same in thousands of rows
        value = pd.to_numeric(texts.where(texts != ""), errors="coerce")
        good = value.isin(range(1, DONT_KNOW + 1))
        bad = ((texts != "") & ~good).to_numpy(bool)
        refuse(bad[places], column, "is no answer from 1 to 6")
        table[column] = value.where(good).astype("Int8").array.take(places)
    for column in TEXT_COLUMNS:
        table[column] = pd.array([" ".join(t.split()) for t in _texts(raw, column)], dtype="str")
    return table, found


def _texts(raw: pd.DataFrame, column: str) -> list[str]:
    """A column's cells as trimmed texts; empty where there is no such column."""
    return [str(c).strip() for c in raw[column]] if column in raw else [""] * len(raw)


def save_answers(paths: Paths, collected: Collected) -> None:
    """Write `responses/<code>.parquet` for each municipality whose exports are well."""
    for code, answers in collected.answers.items():
        write_atomically(paths.answers(code), answers.to_parquet)


def with_answers(
    sample: pd.DataFrame, answers: pd.DataFrame, round_: Round, code: str
) -> pd.DataFrame:
    """The sample, a row a citizen asked, with status, answers and `responded`.

    `responded`: completed or partial with at least `min_questions_answered` of the common questions
    answered (ved ikke is an answer); AAPOR's RR2 counts these. Who is in no export has status
    `none`. Local questions that the municipality did not ask are left out.
    """
    asked = [q.id for q in round_.questionnaire.scaled]
    local = [q.id for q in round_.local_for(code).questions]
    answers = answers.reindex(
        columns=["key", "status", "submitted_at", *asked, *local, *TEXT_COLUMNS]
    )
    merged = sample.merge(answers, on="key", how="left", validate="one_to_one")
    merged["status"] = merged["status"].fillna("none")
    answered = merged[asked].notna().sum(axis=1)
    enough = answered >= round_.settings.responses.min_questions_answered
    merged["responded"] = merged["status"].isin(["completed", "partial"]) & enough
    return merged


def response_by(asked: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Invited, answers and response rate (0–1) for each combination of `columns`."""
    grouped = asked.groupby(columns, observed=True)["responded"]
    table = pd.DataFrame({"invited": grouped.size(), "answers": grouped.sum().astype(int)})
    table["response_rate"] = table["answers"] / table["invited"].replace(0, np.nan)
    return table.reset_index()
