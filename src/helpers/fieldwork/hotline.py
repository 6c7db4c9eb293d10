"""Calls to the hotline: a CSV of what was asked and how long it took, without names.

A file is taken whole or not at all. Two calls that are the same in every column are told apart only by
how often they stand in one file, so the same file twice logs nothing new.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd

from helpers.answers.free_text import Names, scrub
from helpers.answers.left_keys import keys_asked_before
from helpers.answers.responses import key_owners, row_spans
from helpers.common.errors import Problem, SurveyError
from helpers.common.paths import Paths, write_private
from helpers.common.quoting import redacted_file_name
from helpers.fieldwork.contact_exceptions import read_exceptions
from helpers.identities.identities import known_persons
from helpers.parameters.params import Municipality, Round
from helpers.parameters.round_settings import Fieldwork
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import DELIMITERS, Sheet, read_kept_table, read_sheets

COLUMNS = ("when", "municipality", "topic", "minutes", "key")
NAMES = {  # as a column may also be called
    "tidspunkt": "when", "hvornår": "when", "kommune": "municipality", "emne": "topic",
    "minutter": "minutes", "nøgle": "key",
}  # fmt: skip
DANISH_TIME = re.compile(
    r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:[ T]+(?:kl\. ?)?(\d{1,2})[:.](\d{2})(?::\d{2})?)?$"
)
LONGEST_TOPIC, LONGEST_MINUTES = 60, 480
_REMEDY = "Mend the file, then run hotline again."


@dataclass(frozen=True)
class Logged:
    """`new` and `known` calls; `exceptions`: reason → rows of the file whose callers are not in
    contact/exceptions.csv with it (without a key nobody can tell)."""

    new: int
    known: int
    exceptions: dict[str, list[int]]


@dataclass(frozen=True)
class _Call:
    when: str
    municipality: str
    topic: str
    minutes: str
    key: str


def log_calls(paths: Paths, round_: Round, file: Path) -> Logged:
    """Add a file's calls to `data/<round>/hotline.csv`. Raises SurveyError with every wrong row, and
    then logs nothing."""
    calls = _read(paths, round_, file)
    before = Counter(_logged(paths))
    given = Counter(calls.values())
    new = given - before
    if new:
        _write(paths, sorted((before | given).elements(), key=_in_order))
    reasons = {
        t.topic: t.exception for t in round_.settings.fieldwork.hotline_topics if t.exception
    }
    noted = set(read_exceptions(paths)[["key", "reason"]].itertuples(index=False, name=None))
    exceptions: dict[str, list[int]] = {}
    for row, call in calls.items():
        reason = reasons.get(call.topic)
        if reason and (call.key, reason) not in noted:
            exceptions.setdefault(reason, []).append(row)
    return Logged(new.total(), given.total() - new.total(), exceptions)


def calls_so_far(paths: Paths) -> pd.DataFrame:
    """A row a call logged: when (datetime), municipality, topic, minutes."""
    calls = _logged(paths)
    table = pd.DataFrame(
        [(c.when, c.municipality, c.topic, float(c.minutes)) for c in calls],
        columns=["when", "municipality", "topic", "minutes"],
    )
    return table.assign(when=pd.to_datetime(table["when"], format="ISO8601"))


def _logged(paths: Paths) -> list[_Call]:
    if not paths.hotline.is_file():
        return []
    table = read_kept_table(paths.hotline)
    if missing := [c for c in COLUMNS if c not in table]:
        raise SurveyError(
            str(paths.hotline), f"lacks {', '.join(missing)}", ", ".join(COLUMNS), "Put it back."
        )
    return [_Call(*row) for row in table[list(COLUMNS)].itertuples(index=False, name=None)]


def without_keys(paths: Paths, keys: Collection[str]) -> bytes | None:
    """The log without these callers' keys; None where it holds none of them."""
    calls = _logged(paths)
    if not any(call.key in keys for call in calls):
        return None
    left = (replace(call, key="") if call.key in keys else call for call in calls)
    return _text(sorted(left, key=_in_order))


def _write(paths: Paths, calls: list[_Call]) -> None:
    write_private(paths.hotline, _text(calls))


def _text(calls: list[_Call]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(call, c) for c in COLUMNS] for call in calls)
    return text.getvalue().encode("utf-8-sig")


def _in_order(call: _Call) -> tuple[str, ...]:
    return tuple(getattr(call, c) for c in COLUMNS)


def _read(paths: Paths, round_: Round, file: Path) -> dict[int, _Call]:
    """Row of the sheet → call."""
    sheet, headings = _table(file)
    owners: dict[str, str] = {}
    if "key" in headings:  # a caller may hold the link of one who is asked no more
        owners = keys_asked_before(paths, round_) | key_owners(paths, round_)[0]
    names = cache(
        lambda: Names.of(known_persons(paths, round_)[0])
    )  # opened where a topic asks for it
    problems: list[Problem] = [*sheet.lost_cells(file, range(len(headings)))]
    lost = {p.place.cells[0] for p in problems}
    calls: dict[int, _Call] = {}
    for number, cells in enumerate(sheet.rows[1:], start=2):
        given = dict(zip(headings, cells))
        if not any(str(c).strip() for c in cells):
            continue
        call, wrong = _call(given, round_, owners, names)
        calls[number] = call
        problems += [
            Problem(
                f"{redacted_file_name(file.name)}, row {number}, column »{column}«",
                what,
                expected,
                _REMEDY,
            )
            for column, what, expected in wrong
            if (number, headings.index(column) + 1) not in lost
        ]
    if not calls:
        raise SurveyError(
            redacted_file_name(file.name),
            "holds no call",
            "a row a call under the headings",
            _REMEDY,
        )
    if problems:
        raise SurveyError(problems=problems)
    return calls


def _table(file: Path) -> tuple[Sheet, list[str]]:
    readings = read_sheets(file, ["utf-8-sig", "cp1252"], DELIMITERS)
    sheet = sheet_meant(file.name, readings, lambda s: len(set(_headings(s)) & set(COLUMNS)))
    sheet = sheet or next((s for sheets in readings for s in sheets), None)
    headings = _headings(sheet) if sheet else []
    while headings and not headings[-1]:
        headings.pop()
    expected = ", ".join(COLUMNS[:4]) + " and, if wanted, key"
    where = f"{redacted_file_name(file.name)}, first row"
    problems = [
        Problem(where, f"lacks the column »{c}«", expected, _REMEDY)
        for c in COLUMNS[:4]
        if c not in headings
    ]
    problems += [
        Problem(
            where,
            f"column {i} is none of the log's",
            expected,
            "Take it out: the log holds no names, numbers or notes.",
        )
        for i, c in enumerate(headings, start=1)
        if c not in COLUMNS
    ]
    problems += [
        Problem(where, f"the column »{c}« stands twice", expected, _REMEDY)
        for c in COLUMNS
        if headings.count(c) > 1
    ]
    if sheet is None or problems:
        raise SurveyError(
            problems=problems
            or [Problem(redacted_file_name(file.name), "is empty", expected, _REMEDY)]
        )
    return sheet, headings


def _headings(sheet: Sheet) -> list[str]:
    """The first row as the log names its columns."""
    first = [str(c).strip().lower() for c in sheet.head[0]] if sheet.head else []
    return [NAMES.get(c, c) for c in first]


def _call(
    given: Mapping[str, object],
    round_: Round,
    owners: Mapping[str, str],
    names: Callable[[], Names],
) -> tuple[_Call, list[tuple[str, str, str]]]:
    """A row's call, and what is wrong with it as (column, what, expected)."""
    wrong = []
    when = _moment(given.get("when", ""))
    if when is None:
        expected = "2024-03-12T10:15 or 12-03-2024 10:15"
        wrong.append(("when", "is no date and time", expected))
    elif not _within(when.date(), round_):
        span = f"{round_.settings.period.start} to {round_.settings.period.end}"
        wrong.append(("when", f"{when.date()} lies outside the round", span))
    place = _place(given.get("municipality", ""), round_)
    if place is None:
        expected = "a participant's four-digit code or name"
        wrong.append(("municipality", "is no participant", expected))
    topic, topic_fault = _topic(str(given.get("topic", "")), round_.settings.fieldwork, names)
    wrong += [("topic", *topic_fault)] if topic_fault else []
    minutes = _minutes(given.get("minutes", ""))
    if minutes is None:
        wrong.append(("minutes", "is no number of minutes", f"0 to {LONGEST_MINUTES}, as 4 or 4,5"))
    key = str(given.get("key", "")).strip()
    if key and key not in owners:
        wrong.append(
            ("key", "belongs to no drawn sample", "the key of the caller's link, or nothing")
        )
    elif key and place is not None and owners[key] != place.code:
        wrong.append(("key", "belongs to another municipality", f"a key of {place.code}"))
    moment = when.isoformat(timespec="minutes") if when else ""
    code = place.code if place else ""
    return _Call(moment, code, topic, f"{minutes or 0:g}", key), wrong


def _moment(cell: object) -> dt.datetime | None:
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime.combine(cell, dt.time())
    text = str(cell).strip()
    try:
        if found := DANISH_TIME.match(text):
            day, month, year, hour, minute = (int(g or 0) for g in found.groups())
            return dt.datetime(year, month, day, hour, minute)
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _within(day: dt.date, round_: Round) -> bool:
    return round_.settings.period.start <= day <= round_.settings.period.end


def _place(cell: object, round_: Round) -> Municipality | None:
    text = f"{cell:.0f}" if isinstance(cell, float) else str(cell).strip()
    code = text.zfill(4) if text.isdecimal() else text.casefold()
    known = [*round_.participants, *(round_.municipalities[c] for c in round_.withdrawn)]
    return next((p for p in known if code in (p.code, p.name.casefold())), None)


def _holds_name(topic: str, names: Names) -> bool:
    """Whether a topic holds a citizen's name, in whatever case: a scrubbed sentence trusts capitals, a
    few words noted in haste do not have them."""
    return any(scrub(form, names) != form for form in (topic, f"om {topic.title()}"))


def _topic(
    text: str, rules: Fieldwork, names: Callable[[], Names]
) -> tuple[str, tuple[str, str] | None]:
    """The topic as the parameters spell it, and (what is wrong, what was expected). Raises VaultError
    where a vault does not open: then nobody can tell whether words of one's own name a citizen."""
    topic = " ".join(text.split())
    known = {t.topic.casefold(): t.topic for t in rules.hotline_topics}
    listed = ", ".join(known.values())
    if topic.casefold() in known:
        return known[topic.casefold()], None
    if not topic:
        return topic, ("is empty", listed)
    if not rules.other_hotline_topics:
        return topic, ("is none of the round's topics", listed)
    if len(topic) > LONGEST_TOPIC or any(c.isdigit() or c == "@" for c in topic):
        expected = f"a few words without names, at most {LONGEST_TOPIC} signs; or one of {listed}"
        return topic, ("holds a number or an address, or is a note rather than a topic", expected)
    if _holds_name(topic, names()):
        expected = f"a few words without names; or one of {listed}"
        return "", ("holds a citizen's name", expected)
    return topic, None


def _minutes(cell: object) -> float | None:
    try:
        minutes = float(str(cell).strip().replace(",", "."))
    except ValueError:
        return None
    return minutes if 0 <= minutes <= LONGEST_MINUTES else None


def exception_notes(paths: Paths, logged: Logged) -> list[str]:
    """What is to be done for callers who are to be left out or reached otherwise, a line a reason."""
    place = paths.contact_exceptions
    return [
        f"{len(rows)} call{'s' if len(rows) > 1 else ''} ({row_spans(rows)}) ask for the reason "
        f"»{reason}«: note the callers' keys or CPR numbers in {place} with `survey exceptions "
        f"{paths.round_id} FILE --reason {reason}`, so that letters, SMS and reminders go by it."
        for reason, rows in sorted(logged.exceptions.items())
    ]
