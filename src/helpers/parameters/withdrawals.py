"""Who has withdrawn from a round, when and why: `params/withdrawals/<round>.csv`.

A row a withdrawal: `municipality`, `withdrawn_on`, `reason`, `rejoined_on` (empty: still out). Who takes
part stands in the round's own file; the two together say who has taken part. Rows are never removed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers.common.errors import Problem

COLUMNS = ("municipality", "withdrawn_on", "reason", "rejoined_on")
_MEND = "Mend the line, or write it with `survey participants`."


@dataclass(frozen=True)
class Withdrawal:
    """`rejoined_on`: the day on which the municipality was taken back, None while it is out."""

    municipality: str
    withdrawn_on: dt.date
    reason: str
    rejoined_on: dt.date | None = None


def withdrawals_file(root: Path, round_id: str) -> Path:
    return root / "params" / "withdrawals" / f"{round_id}.csv"


def read_withdrawals(
    path: Path, municipalities: Iterable[str], participants: Iterable[str], problems: list[Problem]
) -> tuple[Withdrawal, ...]:
    """The rows in their order; none without a file. Adds every trouble to `problems`: unknown columns or
    municipalities, days that are none, no reason, and a municipality that is out and takes part."""
    if not path.is_file():
        return ()
    known, taking_part = set(municipalities), set(participants)
    try:
        text = path.read_text("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as e:
        problems.append(Problem(str(path), "cannot be read as CSV in UTF-8", str(e), _MEND))
        return ()
    if not rows or tuple(rows[0]) != COLUMNS:
        problems.append(Problem(f"{path}, line 1", "has other columns", ",".join(COLUMNS), _MEND))
        return ()
    found: list[Withdrawal] = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        wrong = list(_troubles(row, known))
        if wrong:
            where = f"{path}, line {number}"
            problems += [Problem(where, what, expected, _MEND) for what, expected in wrong]
            continue
        code, day, reason, back = (cell.strip() for cell in row)
        back_on = dt.date.fromisoformat(back) if back else None
        found.append(Withdrawal(code, dt.date.fromisoformat(day), reason, back_on))
    problems += [
        Problem(
            str(path),
            f"{code} withdrew on {w.withdrawn_on}, and takes part by the round's file",
            "one of the two",
            "Take it out of `participants`, or fill in rejoined_on.",
        )
        for code, w in out(found).items()
        if code in taking_part
    ]
    return tuple(found)


def _troubles(row: list[str], known: set[str]) -> Iterator[tuple[str, str]]:
    if len(row) != len(COLUMNS):
        yield f"has {len(row)} fields", f"{len(COLUMNS)}: {','.join(COLUMNS)}"
        return
    code, day, reason, back = (cell.strip() for cell in row)
    if code not in known:
        yield f"unknown municipality »{code[:20]}«", "a four-digit code"
    if not reason:
        yield "reason is empty", "why the municipality withdrew"
    for name, text in (("withdrawn_on", day), ("rejoined_on", back)):
        if (text or name == "withdrawn_on") and not _is_day(text):
            yield f"{name} »{text[:20]}« is no date", "a day as 2024-02-20"
    if _is_day(day) and _is_day(back) and back < day:
        yield f"rejoined_on {back} lies before withdrawn_on {day}", "a later day"


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def out(withdrawals: Iterable[Withdrawal]) -> dict[str, Withdrawal]:
    """Municipality → its withdrawal, of those that are out now: the last row of each counts."""
    last = {w.municipality: w for w in withdrawals}
    return {code: w for code, w in last.items() if w.rejoined_on is None}


def rejoined(
    withdrawals: Iterable[Withdrawal], codes: Iterable[str], on: dt.date
) -> tuple[Withdrawal, ...]:
    """The rows with those of `codes` that are out taken back."""
    rows = list(withdrawals)
    now_out = out(rows)
    back = [now_out[code] for code in codes if code in now_out]
    return tuple(
        Withdrawal(w.municipality, w.withdrawn_on, w.reason, max(on, w.withdrawn_on))
        if any(w is b for b in back)
        else w
        for w in rows
    )


def withdrawals_text(withdrawals: Iterable[Withdrawal]) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for w in withdrawals:
        table.writerow([w.municipality, w.withdrawn_on, w.reason, w.rejoined_on or ""])
    return text.getvalue()


def withdrawal_in_words(withdrawal: Withdrawal, names: Mapping[str, str]) -> str:
    """»0825 Læsø withdrew on 2024-03-01: the reason«."""
    w = withdrawal
    return (
        f"{w.municipality} {names.get(w.municipality, '')} withdrew on {w.withdrawn_on}: {w.reason}"
    )
