"""The one reader of released rows: a number with its interval and n, or why it is not there.

Every product reads these objects. What is not shown has no value: it can be marked, never drawn or
counted as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import pandas as pd

from helpers.common import absent
from helpers.common.vocabulary import NOT_JUDGED, OVER, UNDER
from helpers.released import verdicts

SHOWN = "shown"
SHOWN_WORD = "vist"
T = TypeVar("T")
_OTHER_SIDE = {OVER: UNDER, UNDER: OVER}


def known(value: T | None) -> T:
    """What a number has because it is shown."""
    if value is None:
        raise ValueError("a number that is not shown has no value")
    return value


@dataclass(frozen=True, kw_only=True)
class _Row:
    """`status`: that of the released row, or what is true of a number that has no row or no value."""

    status: str

    @property
    def shown(self) -> bool:
        return self.status == SHOWN

    @property
    def words(self) -> str:
        """Why it is not shown, where there is room."""
        return absent.why(self.status).words

    @property
    def mark(self) -> str:
        """Why it is not shown, in a narrow cell; the table has a legend."""
        return absent.why(self.status).mark

    @property
    def label(self) -> str:
        """»vist«, or why not."""
        return SHOWN_WORD if self.shown else self.words


@dataclass(frozen=True, kw_only=True)
class Number(_Row):
    """One mean (1–5) or share (0–1); `n` unweighted answers. All None unless it is shown; then the
    interval may still be missing."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True, kw_only=True)
class Difference(Number):
    """Own less other: `value` with its interval. `p` is the corrected p-value that the verdict rests on,
    None where the difference was not judged; `note` a break between two rounds."""

    reference: str
    municipality: str = ""
    breakdown: str = ""
    category: str = ""
    item: str = ""
    statistic: str = ""
    own: float | None = None
    other: float | None = None
    p: float | None = None
    verdict: str | None = None
    note: str = ""

    @property
    def notable(self) -> bool:
        """Both sure and large enough to mention."""
        return self.verdict in (OVER, UNDER)

    @property
    def judged(self) -> bool:
        return self.shown and self.verdict != NOT_JUDGED

    @property
    def said(self) -> str:
        """The verdict in words, or why there is no difference."""
        return verdicts.words_of(self.reference)[known(self.verdict)] if self.shown else self.words

    @property
    def said_in_cell(self) -> str:
        return self.said if self.shown else self.mark

    def turned(self) -> Difference:
        """Other less own."""
        value, low, high = (None if x is None else -x for x in (self.value, self.high, self.low))
        verdict = None if self.verdict is None else _OTHER_SIDE.get(self.verdict, self.verdict)
        back = replace(self, value=value, low=low, high=high, verdict=verdict)
        return replace(back, own=self.other, other=self.own)


@dataclass(frozen=True, kw_only=True)
class ResponseGroup(_Row):
    """How many were invited and answered in one group; AAPOR's rates, design effect and R-indicator of the
    whole alone."""

    population: int | None = None
    invited: int | None = None
    answers: int | None = None
    response_rate: float | None = None
    rr1: float | None = None
    cooperation_rate: float | None = None
    contact_rate: float | None = None
    design_effect: float | None = None
    effective_n: float | None = None
    r_indicator: float | None = None
    r_low: float | None = None
    r_high: float | None = None


_COUNTS = tuple(f.name for f in fields(ResponseGroup) if f.name != "status")
_NUMBER = {"value": "value", "low": "ci_low", "high": "ci_high", "n": "n"}
_PLACE = ("reference", "municipality", "breakdown", "category", "item", "statistic")
_COMPARED = {
    **{name: name for name in (*_PLACE, "own", "verdict", "note")},
    "other": "reference_value", "value": "difference", "low": "ci_low", "high": "ci_high", "p": "p",
}  # fmt: skip


def status_of(status: str, value: Any) -> str:
    """The status of a released row: what is not hidden and has no value could not be computed."""
    return absent.NOT_POSSIBLE if status == SHOWN and value is None else status


def plain(column: pd.Series) -> list[Any]:
    """A column as Python values, None where it is missing."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    return values.tolist()


def rows_of(table: pd.DataFrame, columns: list[str]) -> list[tuple]:
    return list(zip(*(plain(table[c]) for c in columns)))


def number_of(row: Mapping[str, Any]) -> Number:
    """A row of `results`, None where a value is missing (`plain`)."""
    values = {name: row[column] for name, column in _NUMBER.items()}
    status = status_of(row["status"], row["value"])
    return Number(status=status, **(values if status == SHOWN else {}))


def difference_of(row: Mapping[str, Any]) -> Difference:
    """A row of `comparisons`, with `p` as `Published` adds it."""
    return Difference(status=SHOWN, **{name: row[c] for name, c in _COMPARED.items()})


def response_of(row: Mapping[str, Any]) -> ResponseGroup:
    """A row of `response`."""
    status = status_of(row["status"], row["response_rate"])
    return ResponseGroup(status=status, **({c: row[c] for c in _COUNTS} if status == SHOWN else {}))


def numbers_of(table: pd.DataFrame) -> list[Number]:
    """Rows of `results`, in their order."""
    return [number_of(row) for row in _records(table, [*_NUMBER.values(), "status"])]


def differences_of(table: pd.DataFrame) -> list[Difference]:
    """Rows of `comparisons`, in their order."""
    return [difference_of(row) for row in _records(table, list(_COMPARED.values()))]


def _records(table: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row)) for row in rows_of(table, columns)]


def statuses_of(table: pd.DataFrame) -> list[str]:
    """`status_of` each row of `results`."""
    return [status_of(s, v) for s, v in zip(table["status"].tolist(), plain(table["value"]))]


def labels_of(statuses: Iterable[str]) -> list[str]:
    """»vist«, or why not, of each."""
    return [SHOWN_WORD if s == SHOWN else absent.why(s).words for s in statuses]


# ------------------------------------------------------------------------------- why there is none


def why_no_others(own: str, country: str) -> str:
    """Why all the others have no number, from the statuses of the own one and of the country's.

    Country less others is the own number, so what is hidden here hides the others too.
    """
    if absent.NOT_ASKED in (own, country):
        return absent.NOT_ASKED
    if own in (absent.FEW, absent.SECONDARY):
        return absent.SECONDARY
    return country if country in (absent.FEW, absent.SECONDARY) else absent.NOT_POSSIBLE


def why_not_compared(reference: str, own: str, other: str) -> str:
    """Why there is no difference: the own number is missing, or what it is compared with is. `other`: the
    status of the country's number, or of the other group's."""
    if own != SHOWN:
        return own
    kind = reference.split(":")[0]
    if kind == "round":
        return absent.NOT_COMMON
    if kind == "group":
        return other if other != SHOWN else absent.NOT_POSSIBLE
    return why_no_others(own, other) if kind != "expected" else absent.NOT_POSSIBLE
