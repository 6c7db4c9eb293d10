"""The survey tool's exports, given in any number and order → `data/<round>/responses/`.

A file is taken whole or not at all (decision 4): one trouble anywhere in it refuses that file, with
everything that is wrong told; the other files are taken. A file is known by its content, so the same
one twice changes nothing; which answers count depends on what lies there alone (`latest_answers`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.errors import ParameterError, Problem, ResponseError, SurveyError, TooEarlyError
from helpers.params import Round
from helpers.paths import Paths, write_private
from helpers.responses import check_export, counts_as_answer, export_files, key_owners
from helpers.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS, is_table_file

SIGNS = 8  # of the content's digest, in a file's name


@dataclass(frozen=True)
class Received:
    """What became of the files given, each by its name: `taken` with its rows, `known` before,
    `refused` with all that is wrong."""

    taken: dict[str, int]
    known: list[str]
    refused: dict[str, SurveyError]


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


def receive(paths: Paths, round_: Round, files: Iterable[Path]) -> Received:
    """Check all files, then put those that are well into `responses/`.

    A file's name there is its own with a sign of its content, so that tomorrow's `svar.csv` lies
    beside today's, and the order in which they come changes nothing. Raises ResponseError, and writes
    nothing, where no sample has been drawn or one cannot be read: no key could be judged.
    """
    owners = _owners(paths, round_)
    lying = {_digest(p.read_bytes()) for p in export_files(paths)}
    taken: dict[str, int] = {}
    known: list[str] = []
    refused: dict[str, SurveyError] = {}
    wanted: dict[Path, bytes] = {}
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as e:
            refused[str(path)] = ResponseError(
                str(path), f"cannot be read ({e.strerror})", "", "Close it elsewhere, then again."
            )
            continue
        digest = _digest(content)
        if digest in lying:
            known.append(str(path))
            continue
        table, problems = check_export(path, round_, owners)
        if problems or table is None:
            told = [p for own in problems.values() for p in own]
            refused[str(path)] = ResponseError(problems=told)
            continue
        lying.add(digest)
        taken[str(path)] = len(table)
        wanted[paths.responses / f"{path.stem}-{digest[:SIGNS]}{path.suffix}"] = content
    for target, content in wanted.items():
        write_private(target, content)
    return Received(taken, known, refused)


def _owners(paths: Paths, round_: Round) -> Mapping[str, str]:
    owners, problems = key_owners(paths, round_)
    if problems:
        raise ResponseError(problems=[p for told in problems.values() for p in told])
    if not owners:
        raise TooEarlyError(
            str(paths.data / "sample"),
            "no sample has been drawn, so no key can be known",
            "the result of the step plan",
            f"Run `survey run {round_.id} --stage intake --stage plan` first.",
        )
    return owners


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def answers_by_municipality(paths: Paths, round_: Round) -> dict[str, int]:
    """Municipality → answers that count, of those that have an answers file."""
    return {
        code: int(counts_as_answer(pd.read_parquet(path), round_).sum())
        for code in round_.settings.participants
        if (path := paths.answers(code)).is_file()
    }
