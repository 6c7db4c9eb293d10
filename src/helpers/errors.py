"""Errors that a user can mend: where, what, what was expected, and the remedy.

No message quotes a citizen: a cell's value is named only where it cannot identify anybody
(a date, a benefit text, a heading), never a CPR number, name or telephone number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One trouble that a user can mend; `str()` gives it as one line."""

    where: str
    what: str
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}"]
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(p if p.endswith((".", "!", "?")) else p + "." for p in parts)


class SurveyError(Exception):
    """One or more problems, all told at once.

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
        self.problems: tuple[Problem, ...] = tuple(given)
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
