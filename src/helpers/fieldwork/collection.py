"""The survey tool's exports, given in any number and order → `data/<round>/responses/`.

A file is taken whole or not at all (decision 4): one trouble anywhere in it refuses that file, with
everything that is wrong told; the other files are taken. A file is known by its content, so the same
one twice changes nothing; which answers count depends on what lies there alone (`latest_answers`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.answers.exports import export_files
from helpers.answers.left_keys import keys_asked_before
from helpers.answers.left_out import digest_of, leave_out, read_left_out
from helpers.answers.responses import check_export, counts_as_answer, key_owners
from helpers.common.errors import ParameterError, Problem, ResponseError, SurveyError, TooEarlyError
from helpers.common.paths import Paths, write_private
from helpers.common.quoting import redacted_file_name
from helpers.parameters.params import Round
from helpers.received.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS, is_table_file

SIGNS = 8  # of the content's digest, in a file's name


@dataclass(frozen=True)
class Received:
    """What became of the files given, each by its name: `taken` with its rows, `known` before,
    `refused` with all that is wrong; `left_out`: file → rows of unknown keys that this call left out."""

    taken: dict[str, int]
    known: list[str]
    refused: dict[str, SurveyError]
    left_out: dict[str, int] = field(default_factory=dict)


def exports_in(given: Sequence[Path]) -> list[Path]:
    """The files given, and those in the folders given, each once.

    Raises ParameterError with every path that does not exist, is no table, or is a folder without
    tables.
    """
    found: dict[Path, Path] = {}
    problems = []
    kinds = f"{', '.join(sorted(WORKBOOK_ENDINGS | TEXT_ENDINGS))}"
    for path in given:
        inside = sorted(p for p in path.iterdir() if is_table_file(p)) if path.is_dir() else []
        if path.is_dir() and not inside:
            problems.append(Problem(str(path), "holds no export", f"files as {kinds}"))
        elif not path.exists():
            problems.append(Problem(str(path), "does not exist", "a file or a folder"))
        elif path.is_file() and not is_table_file(path):
            problems.append(Problem(str(path), "is no export", f"a file as {kinds}"))
        for file in inside or [path]:
            found.setdefault(file.resolve(), file)
    if problems:
        raise ParameterError(problems=problems)
    return list(found.values())


def receive(
    paths: Paths,
    round_: Round,
    files: Iterable[Path],
    *,
    skip_unknown_on: dt.date | None = None,
) -> Received:
    """Check all files, then put those that are well into `responses/`, as received.

    `skip_unknown_on`: the day on which somebody decided that rows whose key belongs to no drawn sample
    are left out; else they refuse their file. The decision is recorded beside the exports
    (`answers/left_out.py`), also for a file that lies there already.

    A file's name there is its own with a sign of its content, so that tomorrow's `svar.csv` lies
    beside today's, and the order in which they come changes nothing. Raises ResponseError, and writes
    nothing, where no sample has been drawn or one cannot be read: no key could be judged.
    """
    owners, left = _owners(paths, round_), keys_asked_before(paths, round_)
    lying = {digest_of(p.read_bytes()) for p in export_files(paths)}
    decided = read_left_out(paths)
    taken: dict[str, int] = {}
    known: list[str] = []
    refused: dict[str, SurveyError] = {}
    left_out: dict[str, int] = {}
    decisions: dict[str, tuple[str, frozenset[int]]] = {}
    wanted: dict[Path, bytes] = {}
    for path in files:
        try:
            content = _content(path)
        except ResponseError as e:
            refused[str(path)] = e
            continue
        digest = digest_of(content)
        if digest in lying and skip_unknown_on is None:
            known.append(str(path))
            continue
        before = decided.get(digest, frozenset())
        checked = check_export(path, round_, owners, None if skip_unknown_on else before, left)
        if checked.problems or checked.rows is None:
            problems = [p for own in checked.problems.values() for p in own]
            refused[str(path)] = ResponseError(problems=problems)
            continue
        if more := checked.left_out - before:
            decisions[digest] = redacted_file_name(path.name), more
            left_out[str(path)] = len(more)
        if digest in lying:
            known.append(str(path))
            continue
        lying.add(digest)
        taken[str(path)] = len(checked.rows)
        wanted[paths.responses / f"{path.stem}-{digest[:SIGNS]}{path.suffix}"] = content
    if skip_unknown_on and decisions:
        leave_out(paths, decisions, skip_unknown_on)
    for target, content in wanted.items():
        write_private(target, content)
    return Received(taken, known, refused, left_out)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise ResponseError(
            str(path), f"cannot be read ({e.strerror})", "", "Close it elsewhere, then again."
        ) from e


def _owners(paths: Paths, round_: Round) -> Mapping[str, str]:
    owners, problems = key_owners(paths, round_)
    if problems:
        raise ResponseError(problems=[p for own in problems.values() for p in own])
    if not owners:
        raise TooEarlyError(
            str(paths.data / "sample"),
            "no sample has been drawn, so no key can be known",
            "the result of the step plan",
            f"Run `survey run {round_.id} --stage intake --stage plan` first.",
        )
    return owners


def answers_by_municipality(paths: Paths, round_: Round) -> dict[str, int]:
    """Municipality → answers that count, of those that have an answers file."""
    return {
        code: int(counts_as_answer(pd.read_parquet(path), round_).sum())
        for code in round_.settings.participants
        if (path := paths.answers(code)).is_file()
    }
