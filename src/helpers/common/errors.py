"""Errors that a user can mend: where, what, what was expected, and the remedy.

No message quotes a citizen or a password: what may be told of a text from outside stands in
`common/quoting.py`, and every problem passes through it.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.common.quoting import blanked

MAX_PROBLEMS_LISTED = 200  # problems of one error told in full; the others are counted by kind
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

    def __post_init__(self) -> None:
        for part in ("where", "what", "expected", "remedy"):
            object.__setattr__(self, part, blanked(getattr(self, part)))

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more of this kind)" if self.count > 1 else ""
        parts = [f"{self.where}: {self.what}{more}"]
        if self.expected:
            parts.append(f"Expected: {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        return " ".join(p if p.endswith((".", "!", "?")) else p + "." for p in parts)


def bounded(problems: Iterable[Problem], most: int = MAX_PROBLEMS_LISTED) -> tuple[Problem, ...]:
    """The first `most` problems, then one a kind that stands for all the others of it."""
    listed: list[Problem] = []
    rest: dict[str, Problem] = {}
    for problem in problems:
        if problem.count == 1 and len(listed) < most:
            listed.append(problem)
            continue
        kind = getattr(problem, "kind", "") or _VARIES.sub("", problem.what)
        if kind not in rest and len(rest) >= _MAX_KINDS:
            kind = next(iter(rest))
        before = rest.get(kind)
        rest[kind] = replace(before, count=before.count + problem.count) if before else problem
    return (*listed, *rest.values())


class SurveyError(Exception):
    """One or more problems, all told at once: MAX_PROBLEMS_LISTED in full, the others counted by kind.

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

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), self.problems)

    def _render_traceback_(self) -> list[str]:
        """What Jupyter shows in a notebook: the message, without where in the package it arose."""
        return [f"{type(self).__name__}: {self}"]


def _rebuild(kind: type[SurveyError], problems: tuple[Problem, ...]) -> SurveyError:
    return kind(problems=problems)


class ParameterError(SurveyError):
    """The call or a file under `params/` is wrong; nothing has been written."""


class TooEarlyError(ParameterError):
    """The call needs a step that has not been done yet; nothing has been written."""


class ExtractError(SurveyError):
    """A municipality's extract cannot be taken in as it is."""


class ResponseError(SurveyError):
    """A response export cannot be taken in as it is."""


class FrozenSampleError(SurveyError):
    """A rerun would draw another sample than the one that letters or answers belong to."""


class WeightError(SurveyError):
    """Weights cannot be computed from these respondents and margins."""


_FULL = ("there is no room left", "Make room there, or work on another drive")
_TAKEN = ("a folder lies where a file belongs, or a file where a folder does", "Rename one of them")
_DENIED = (
    "the system denies it: it is open in another program, or not yours to use",
    "Close it where it is open (in Excel, say), or see to its permissions",
)
_MISSING = ("there is no such file or folder", "Correct the path, or put it there")
SYSTEM_ERRORS = {  # what the system says → in words, and the remedy
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EBUSY: _DENIED,
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: ("it is larger than files may be there", "Raise that limit, or use another drive"),
    errno.EROFS: ("the drive can only be read", "Work on a drive that can be written to"),
    errno.EISDIR: _TAKEN,
    errno.ENOTDIR: _TAKEN,
    errno.EEXIST: _TAKEN,
    errno.ENOTEMPTY: _TAKEN,
    errno.ENOENT: _MISSING,
    errno.ENAMETOOLONG: ("the name is too long for the system", "Choose a shorter path"),
}


class FileError(SurveyError, OSError):
    """An error of the system in words, about the user's file and no temporary one.

    `filename` is that file. An OSError too, so that whoever expects one gets it.
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))  # not OSError's own


def file_error(error: OSError, path: Path | None = None) -> FileError:
    """An error of the system as one to tell; `path`: of the user's file, where the error names
    another one or none."""
    path_named = path or getattr(error, "filename", None)
    named = "a file" if path_named is None else str(path_named)
    if error.errno in (errno.ENOSPC, errno.EDQUOT) and path is None and _is_temporary(named):
        named = f"{tempfile.gettempdir()}, the folder of temporary files"
    unknown = (os.strerror(error.errno) if error.errno else "cannot be used", "Mend that")
    what, remedy = SYSTEM_ERRORS.get(error.errno or 0, unknown)
    made = FileError(named, what, remedy=f"{remedy}, then run again: what is done stays done.")
    made.errno, made.filename = error.errno, None if path_named is None else str(path_named)
    return made


def _is_temporary(name: str) -> bool:
    return Path(name).is_relative_to(tempfile.gettempdir())
