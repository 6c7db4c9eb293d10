"""Errors that a user can mend: where, what, what was expected, and the remedy.

No message quotes a citizen: a cell's value is named only where it cannot identify anybody
(a date, a benefit text, a heading), never a CPR number, name or telephone number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

MAX_TOLD = 200  # problems of one error told in full; the others are counted by kind
_MAX_KINDS = 50  # counted apart
_VARIES = re.compile(r"»[^«]*«|[0-9]+")  # what differs between two problems of a kind


@dataclass(frozen=True)
class Problem:
    """One trouble that a user can mend; `str()` gives it as one line.

    `count`: how many of its kind it stands for, itself among them, where they are too many to tell.
    """

    where: str
    what: str
    expected: str = ""
    remedy: str = ""
    count: int = 1

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more of this kind)" if self.count > 1 else ""
        parts = [f"{self.where}: {self.what}{more}"]
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(p if p.endswith((".", "!", "?")) else p + "." for p in parts)


def bounded(problems: Iterable[Problem], most: int = MAX_TOLD) -> tuple[Problem, ...]:
    """The first `most` problems, then one a kind that stands for all the others of it."""
    told: list[Problem] = []
    rest: dict[str, Problem] = {}
    for problem in problems:
        if problem.count == 1 and len(told) < most:
            told.append(problem)
            continue
        kind = getattr(problem, "kind", "") or _VARIES.sub("", problem.what)
        if kind not in rest and len(rest) >= _MAX_KINDS:
            kind = next(iter(rest))
        before = rest.get(kind)
        rest[kind] = replace(before, count=before.count + problem.count) if before else problem
    return (*told, *rest.values())


class SurveyError(Exception):
    """One or more problems, all told at once: MAX_TOLD in full, the others counted by kind.

    Call with one problem (`where`, `what`, `expected`, `remedy`) or with `problems=[…]`.
    Pickles, so that it comes back whole from a worker process.
    """

    def __init__(
        self,
        where: str = "",
        what: str = "",
        expected: str = "",
        remedy: str = "",
        *,
        problems: Iterable[Problem] | None = None,
    ) -> None:
        given = [Problem(where, what, expected, remedy)] if problems is None else list(problems)
        self.problems: tuple[Problem, ...] = bounded(given)
        super().__init__("\n".join(str(p) for p in self.problems))

    def __reduce__(self):
        return _rebuild, (type(self), self.problems)


def _rebuild(kind: type[SurveyError], problems: tuple[Problem, ...]) -> SurveyError:
    return kind(problems=problems)


class ParameterError(SurveyError):
    """The call or a file under `params/` is wrong; nothing has been written."""


class ExtractError(SurveyError):
    """A municipality's extract cannot be taken in as it is."""


class ResponseError(SurveyError):
    """A response export cannot be taken in as it is."""


class FrozenSampleError(SurveyError):
    """A rerun would draw another sample than the one that letters or answers belong to."""


class WeightError(SurveyError):
    """Weights cannot be computed from these respondents and margins."""
