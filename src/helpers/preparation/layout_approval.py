"""A proposed layout that a person has settled → one that runs read, if it is whole and unmistakable."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.common.errors import ExtractError, ParameterError, Problem
from helpers.common.paths import write_text
from helpers.extracts.extracts import read_extract
from helpers.faults.faults import ENGLISH
from helpers.parameters.files import read_text
from helpers.parameters.params import ExtractFormat, LocalFile, load_format, load_layouts
from helpers.preparation.layout_file import decisions, proposed_path, without_notes

# faults that a layout's file can mend; all others are the file's own
LAYOUT_FAULTS = (
    "unknown_benefit",
    "no_date",
    "no_word",
    "missing_column",
    "no_layout",
    "column_twice",
)
FAULTS_LISTED = 10


def approve(root: Path, name: str, file: Path | None, today: dt.date) -> tuple[Path, list[str]]:
    """Move `proposed/<name>.yml` to the known layouts; the path there, and what else is wrong with
    `file`, which the layout has been tried on.

    Raises ParameterError with every reason why it cannot be, and leaves everything as it was.
    """
    path = proposed_path(root, name)
    if not path.is_file():
        there = sorted(p.stem for p in path.parent.glob("*.yml"))
        raise ParameterError(
            str(path),
            "is not there",
            f"one of {', '.join(there)}" if there else "",
            "Make one by `survey layout new FILE`.",
        )
    text = _decided_text(path)
    left: list[Problem] = []
    formats, _, _ = load_layouts(root)
    layout = load_format(root, path, formats)
    target = path.parent.parent / path.name
    if target.exists():
        left.append(
            Problem(str(target), "is there already", remedy="Give the new one another name.")
        )
    others: list[str] = []
    if not left and file is not None:
        left, others = _tried(file, layout, formats, today)
    if left:
        raise ParameterError(problems=left)
    _write_approved(root, path, target, layout, without_notes(text))
    return target, others


def _decided_text(path: Path) -> str:
    """The proposal's text. Raises ParameterError where it cannot be read, or with each line that is not
    decided yet."""
    problems: list[Problem] = []
    text = read_text(path, problems)
    if text is not None:
        problems = [
            Problem(
                f"{path}, line {number}",
                f"is not decided yet: {what}",
                remedy="Settle it, and take the mark away.",
            )
            for number, what in decisions(text)
        ]
    if text is None or problems:
        raise ParameterError(problems=problems)
    return text


def _write_approved(
    root: Path, path: Path, target: Path, layout: ExtractFormat, approved: str
) -> None:
    """Write the layout and remove the proposal. Raises ParameterError, and leaves both as they were,
    where the text without notes reads as another layout."""
    write_text(target, approved)
    try:
        same = load_format(root, target) == layout
    except ParameterError:
        same = False
    if not same:
        target.unlink()
        raise ParameterError(
            str(path), "means another thing without its notes", remedy="Take the notes (#:) away."
        )
    path.unlink()


def _tried(
    file: Path, layout: ExtractFormat, formats: Sequence[ExtractFormat], today: dt.date
) -> tuple[list[Problem], list[str]]:
    """(what the layout does not read of the file, what is wrong with the file itself)."""
    try:
        extract = read_extract(file, (*formats, layout), LocalFile(municipality="0000"), today)
    except ExtractError as e:
        return list(e.problems), []
    if extract.layout != layout.layout:
        what = f"is recognised as the layout {extract.layout}, not {layout.layout}"
        return [
            Problem(file.name, what, remedy="Give the new layout the headings of the file.")
        ], []
    of_layout = [f for f in extract.problems if f.kind in LAYOUT_FAULTS]
    own: Counter[str] = Counter()
    for f in extract.problems:
        if f.kind not in LAYOUT_FAULTS:
            own[f.in_language(ENGLISH).what] += f.count
    others = [
        f"{file.name}: {what} ({count} rows)" for what, count in own.most_common(FAULTS_LISTED)
    ]
    shown = [
        Problem(
            f.where, f.what, f.expected, "Mend the layout's file, or the cell, and approve again."
        )
        for f in of_layout[:FAULTS_LISTED]
    ]
    if rest := sum(f.count for f in of_layout) - len(shown):
        shown.append(
            Problem(
                file.name, f"… and {rest} more such faults", remedy="`survey check` lists them."
            )
        )
    return shown, others
