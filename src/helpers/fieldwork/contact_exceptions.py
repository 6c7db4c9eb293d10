"""Who is not written to, or on paper only: `data/<round>/contact/exceptions.csv`.

A row a citizen and reason: `key`, `reason`, `noted_on`. The file holds the key of the link alone;
a list that comes with CPR numbers is looked up in the vaults, and no number is kept.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.common.errors import Problem, SurveyError
from helpers.common.labels import heading_key, nearest
from helpers.common.paths import Paths, write_private
from helpers.common.quoting import redacted_file_name
from helpers.extracts.cpr import parse_cpr
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round
from helpers.received.cells import normalise, read_dates
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import DELIMITERS, Sheet, read_kept_table, read_sheets

EXEMPT, OPTED_OUT, UNREACHABLE = "exempt_digital_post", "opted_out", "unreachable"
REASONS = (EXEMPT, OPTED_OUT, UNREACHABLE)
COLUMNS = ("key", "reason", "noted_on")

# what municipalities and the hotline may write, besides the reason's own name
WORDS = {
    EXEMPT: ("fritaget for digital post", "fritaget", "papir", "papirbrev"),
    OPTED_OUT: ("ønsker ikke at deltage", "vil ikke deltage", "frabedt", "afmeldt", "fravalgt"),
    UNREACHABLE: ("kan ikke nås", "ukendt", "død", "flyttet", "udrejst"),
}
HEADINGS = {
    "key": ("key", "nøgle"),
    "cpr": ("cpr", "cprnr", "cprnummer", "personnummer"),
    "reason": ("reason", "årsag", "grund"),
    "noted_on": ("noted_on", "dato", "noteret"),
}
_MEANING = {normalise(word): reason for reason in REASONS for word in (reason, *WORDS[reason])}
_HEADING = {heading_key(word): column for column, words in HEADINGS.items() for word in words}
_KEY = r"[0-9a-f]{32}"
_DATE_FORMS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y")


class ExceptionsError(SurveyError):
    """The list cannot be taken in; the message names rows, and quotes no citizen."""


@dataclass(frozen=True)
class Noted:
    """What one list changed. `new`: rows by reason; `known`: rows that stood there already, or were
    not there to take out; `unknown`: rows that belong to nobody invited and were passed over."""

    new: dict[str, int]
    known: int
    unknown: int


def read_exceptions(paths: Paths) -> pd.DataFrame:
    """`key`, `reason`, `noted_on` (text, ISO date); empty where nothing is noted.

    Raises ExceptionsError where the file lacks a column or holds an unknown reason.
    """
    path = paths.contact_exceptions
    if not path.is_file():
        return pd.DataFrame(columns=list(COLUMNS), dtype="str")
    table = read_kept_table(path, (",", ";"))  # semicolons where a Danish Excel has saved it
    wrong = [c for c in COLUMNS if c not in table]
    if wrong or not table["reason"].isin(REASONS).all():
        raise ExceptionsError(
            str(path),
            f"lacks {', '.join(wrong)}" if wrong else "holds a reason that is unknown",
            f"columns {', '.join(COLUMNS)}; reasons {', '.join(REASONS)}",
            "Mend it, or delete it and record the lists again with `survey exceptions`.",
        )
    return table[list(COLUMNS)]


def reasons_of(paths: Paths, keys: pd.Series) -> pd.DataFrame:
    """A row a key in the order of `keys`, a column a reason: whether it is noted."""
    noted = read_exceptions(paths)
    return pd.DataFrame(
        {r: keys.isin(noted.loc[noted["reason"] == r, "key"]).to_numpy() for r in REASONS}
    )


def note_exceptions(
    paths: Paths,
    round_: Round,
    file: Path,
    today: dt.date,
    *,
    reason: str | None = None,
    skip_unknown: bool = False,
    remove: bool = False,
) -> Noted:
    """Record a municipality's or the hotline's list, or with `remove` take its rows out again.

    The list has `key` or `cpr`, and may have `reason` (else `reason` is asked for) and `noted_on`
    (else `today`). What is noted twice is noted once, with the first day. Raises ExceptionsError
    with every row that cannot be read or belongs to nobody invited; then nothing is written.
    """
    rows, problems = _read_list(file, reason, today)
    keys, unclear = ({}, {}) if rows.empty else _keys(paths, round_, rows)
    problems += [
        Problem(f"{file.name}, row {row}", what, expected, "Correct it: who is meant is not known.")
        for row, (what, expected) in unclear.items()
    ]
    unknown = [row for row in rows.index if row not in keys and row not in unclear]
    if unknown and not skip_unknown:
        problems += [
            Problem(
                f"{redacted_file_name(file.name)}, row {row}",
                "belongs to nobody who was invited",
                f"a key or CPR number of the samples of {round_.id}",
                "Correct it, or pass over such rows with --skip-unknown.",
            )
            for row in unknown
        ]
    if problems:
        raise ExceptionsError(problems=problems)
    asked = _by_key(rows, keys)
    before = read_exceptions(paths)
    pairs = set(zip(before["key"], before["reason"]))
    stands = [(k, r) in pairs for k, r in zip(asked["key"], asked["reason"])]
    changed = asked[stands] if remove else asked[[not s for s in stands]]
    if remove:
        gone = set(zip(changed["key"], changed["reason"]))
        after = before[[(k, r) not in gone for k, r in zip(before["key"], before["reason"])]]
    else:
        after = pd.concat([before, changed], ignore_index=True)
    if len(changed):
        _write(paths.contact_exceptions, after)
    counts = changed["reason"].value_counts()
    return Noted(
        {r: int(counts[r]) for r in REASONS if r in counts}, len(asked) - len(changed), len(unknown)
    )


def _by_key(rows: pd.DataFrame, keys: Mapping[int, Collection[str]]) -> pd.DataFrame:
    """A row a key and reason of the list, the first that stands there."""
    reasons, days = rows["reason"], rows["noted_on"]
    found = [(k, reasons.at[r], days.at[r]) for r in rows.index for k in keys.get(r, ())]
    table = pd.DataFrame(found, columns=list(COLUMNS), dtype="str")
    return table.drop_duplicates(["key", "reason"])


def _write(path: Path, table: pd.DataFrame) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(table.sort_values(list(COLUMNS)).itertuples(index=False))
    write_private(path, text.getvalue().encode("utf-8"))


def _read_list(
    file: Path, reason: str | None, today: dt.date
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows of the list, indexed by row number: `key` or »«, `cpr` or »«, `reason`, `noted_on`."""
    sheet, columns = _sheet(file)
    where = sheet.where(file)
    _refuse_lacking(where, columns, reason)
    lost = sheet.lost_cells(file, columns.values())
    problems = [*sheet.odd_rows(file), *lost]
    lost_rows = {fault.place.row for fault in lost}
    table = _cells(sheet, columns)
    at = columns.get("noted_on")
    days = [r[at] if at is not None and at < len(r) else "" for r in sheet.rows[1:]]
    read, unreadable = read_dates(pd.Series(days, index=table.index, dtype=object), _DATE_FORMS)
    noted_on = pd.Series(pd.to_datetime(read), index=table.index).dt.strftime("%Y-%m-%d")
    table["noted_on"] = noted_on.fillna(today.isoformat())
    used = (table["key"] != "") | (table["cpr"] != "")
    for row in table.index[used & ~table.index.isin(lost_rows)]:
        given = table.at[row, "reason"]
        meant = _MEANING.get(normalise(given)) if given else reason
        if meant is None:
            problems.append(_unknown_reason(f"{where}, row {row}", given))
        table.at[row, "reason"] = meant or ""
        if unreadable[row - 2]:
            what, remedy = "the date is no date", "Correct it, or leave it empty."
            problems.append(Problem(f"{where}, row {row}", what, "a day as 2024-03-20", remedy))
    return table[used], problems


def _refuse_lacking(where: str, columns: Collection[str], reason: str | None) -> None:
    problems = []
    if not {"key", "cpr"} & set(columns):
        what = "has no column »key« or »cpr«"
        problems.append(Problem(where, what, "one of them", "Add it in the first row."))
    if "reason" not in columns and reason is None:
        expected = "a reason in each row, or one for the whole list"
        remedy = f"Add it, or say --reason {' | '.join(REASONS)}."
        problems.append(Problem(where, "has no column »reason«", expected, remedy))
    if problems:
        raise ExceptionsError(problems=problems)


def _cells(sheet: Sheet, columns: Mapping[str, int]) -> pd.DataFrame:
    """`key`, `cpr` and `reason`, indexed by row number; »« where a cell or a column is not there."""
    rows = sheet.rows[1:]
    cells = {
        name: [str(r[at]).strip() if at < len(r) else "" for r in rows]
        for name, at in columns.items()
        if name != "noted_on"
    }
    table = pd.DataFrame(cells, index=range(2, len(rows) + 2), dtype="str")
    return table.reindex(columns=["key", "cpr", "reason"]).fillna("")


def _sheet(file: Path) -> tuple[Sheet, dict[str, int]]:
    """The sheet with known headings, and where each known column stands."""
    if not file.is_file():
        wrong = "is a folder" if file.is_dir() else "does not exist"
        raise ExceptionsError(str(file), wrong, "a list (.csv or .xlsx)", "Check the path.")
    readings = read_sheets(file, ["utf-8-sig", "cp1252"], DELIMITERS)
    sheet = sheet_meant(file.name, readings, lambda s: len(_known(s)) if _names(s) else 0)
    if sheet is None:
        return readings[0][0] if readings[0] else Sheet("", []), {}
    twice = [name for name, places in _known(sheet).items() if len(places) > 1]
    if twice:
        raise ExceptionsError(
            sheet.where(file), f"has two columns for »{twice[0]}«", "one", "Remove the other."
        )
    return sheet, {name: places[0] for name, places in _known(sheet).items()}


def _known(sheet: Sheet) -> dict[str, list[int]]:
    """Known column → where it stands in the first row."""
    places: dict[str, list[int]] = {}
    for place, heading in enumerate(sheet.head[0] if sheet.head else ()):
        if (name := _HEADING.get(heading_key(heading))) is not None:
            places.setdefault(name, []).append(place)
    return places


def _names(sheet: Sheet) -> bool:
    """Whether a sheet names citizens."""
    return bool({"key", "cpr"} & _known(sheet).keys())


def _unknown_reason(where: str, given: str) -> Problem:
    if not given:
        return Problem(where, "has no reason", f"one of {', '.join(REASONS)}", "Fill it in.")
    near = nearest(given, [*REASONS, *(w for words in WORDS.values() for w in words)])
    remedy = f"Did you mean »{near}«?" if near else "Correct it."
    return Problem(where, "the reason is unknown", f"one of {', '.join(REASONS)}", remedy)


def _keys(
    paths: Paths, round_: Round, rows: pd.DataFrame
) -> tuple[dict[int, list[str]], dict[int, tuple[str, str]]]:
    """Row → keys of the invited citizen; a person whom two municipalities have drawn has two. And row →
    what is wrong and expected, where nobody can be looked up: that is not the same as nobody invited."""
    drawn = [c for c in round_.settings.participants if paths.sample(c).is_file()]
    samples = {c: pd.read_parquet(paths.sample(c), columns=["person_id", "key"]) for c in drawn}
    invited = {k for table in samples.values() for k in table["key"]}
    given = rows["key"].str.lower()
    by_key = {row: [key] for row, key in given.items() if key in invited}
    odd_keys = given.index[(given != "") & ~given.str.fullmatch(_KEY)]
    unclear = {
        row: ("the key is none", "the 32 digits and letters of the link") for row in odd_keys
    }
    by_number = rows[rows["cpr"] != ""]
    if by_number.empty:
        return by_key, unclear
    numbers = parse_cpr(by_number["cpr"])["cpr"]
    unclear |= {
        row: ("the CPR number cannot be read", "ten digits") for row in numbers.index[numbers == ""]
    }
    found: dict[int, list[str]] = {}
    key = key_of_round(round_.settings, paths.root)
    for code, sample in samples.items():
        vault = read_vault(paths.vault(code), key, round_.id, code)
        keys = sample.merge(vault[["person_id", "cpr"]], on="person_id").set_index("cpr")["key"]
        for row, number in numbers.items():
            if number and number in keys.index:
                found.setdefault(row, []).append(keys[number])
    two = ("the key and the CPR number belong to two persons", "one citizen a row")
    unclear |= {
        row: two
        for row in by_key.keys() & numbers.index
        if by_key[row][0] not in found.get(row, ())
    }
    return {row: keys for row, keys in (found | by_key).items() if row not in unclear}, unclear
