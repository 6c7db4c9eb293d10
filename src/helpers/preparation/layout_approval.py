"""A proposed layout that a person has settled → one that runs read, if it is whole and unmistakable."""

from __future__ import annotations

import codecs
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.cells import normalise
from helpers.errors import ExtractError, ParameterError, Problem
from helpers.extracts import read_extract
from helpers.faults import ENGLISH
from helpers.param_models import EXTRACT_FIELDS
from helpers.params import ExtractFormat, LocalFile, load_format, load_layouts
from helpers.paths import write_text
from helpers.preparation.layout_file import decisions, proposed_path, without_notes

# faults that a layout's file can mend; all others are the file's own
MENDABLE = ("unknown_benefit", "no_date", "no_word", "missing_column", "no_layout", "column_twice")
FAULTS_TOLD = 10


def approve(root: Path, name: str, file: Path | None, today: dt.date) -> tuple[Path, list[str]]:
    """Move `proposed/<name>.yml` to the known layouts; the path there, and what else is wrong with
    `file`, which the layout has been tried on.

    Raises ParameterError with every reason why it cannot be, and leaves everything as it was.
    """
    path = proposed_path(root, name)
    if not path.is_file():
        there = sorted(p.stem for p in path.parent.glob("*.yml"))
        raise ParameterError(
            str(path), "is not there", f"one of {', '.join(there)}" if there else "",
            "Make one by `survey layout new FILE`.",
        )  # fmt: skip
    text = path.read_text("utf-8")
    left = [
        Problem(
            f"{path}, line {number}",
            f"is not decided yet: {what}",
            remedy="Settle it, and take the mark away.",
        )
        for number, what in decisions(text)
    ]
    if left:
        raise ParameterError(problems=left)
    formats, _, _ = load_layouts(root)
    layout = load_format(root, path)
    target = path.parent.parent / path.name
    if target.exists():
        left.append(
            Problem(str(target), "is there already", remedy="Give the new one another name.")
        )
    left += [*_incomplete(str(path), layout, name), *_ambiguous(str(path), layout, formats)]
    told: list[str] = []
    if not left and file is not None:
        left, told = _tried(file, layout, formats, today)
    if left:
        raise ParameterError(problems=left)
    approved = without_notes(text)
    write_text(target, approved)
    if load_format(root, target) != layout:
        target.unlink()
        raise ParameterError(
            str(path), "means another thing without its notes", remedy="Take the notes (#:) away."
        )
    path.unlink()
    return target, told


def _incomplete(where: str, layout: ExtractFormat, name: str) -> Iterator[Problem]:
    """What the model of a layout lets through, and a reader could not do with."""
    if layout.layout != name:
        yield Problem(f"{where}, key `layout`", f"is »{layout.layout}«", f"»{name}«, as the file")
    for field in EXTRACT_FIELDS:
        if not any(normalise(h) for h in layout.columns.get(field, ())):
            yield Problem(
                f"{where}, key `columns.{field}`", "has no heading", "one or more", "Add it."
            )
    named = Counter(
        normalise(h) for names in layout.columns.values() for h in set(map(normalise, names))
    )
    for heading, count in named.items():
        if count > 1:
            yield Problem(
                f"{where}, key `columns`", f"heading »{heading}« stands for {count} fields", "one"
            )
    for key in ("yes_words", "no_words", "date_forms", "encodings", "benefits"):
        if not getattr(layout, key):
            yield Problem(f"{where}, key `{key}`", "is empty", "one or more", "Fill it in.")
    if both := {normalise(w) for w in layout.yes_words} & {normalise(w) for w in layout.no_words}:
        yield Problem(
            where, f"{', '.join(sorted(both))} means both yes and no", "one", "Take one out."
        )
    twice: dict[str, set[str]] = {}
    for text, benefit in layout.benefits.items():
        twice.setdefault(normalise(text), set()).add(benefit)
    for text, types in twice.items():
        if len(types) > 1:
            yield Problem(
                f"{where}, key `benefits`", f"»{text}« means {' and '.join(sorted(types))}", "one"
            )
    if len(layout.delimiter) != 1:
        yield Problem(
            f"{where}, key `delimiter`", f"is »{layout.delimiter}«", "one sign", "Mend it."
        )
    for encoding in layout.encodings:
        try:
            codecs.lookup(encoding)
        except LookupError:
            yield Problem(
                f"{where}, key `encodings`", f"»{encoding}« is no encoding", "as utf-8-sig, cp1252"
            )
    utf = [encoding.casefold().startswith("utf") for encoding in layout.encodings]
    if utf != sorted(utf, reverse=True):
        yield Problem(
            f"{where}, key `encodings`",
            "a UTF encoding stands behind another, which reads any file",
            "UTF first",
        )
    for form in layout.date_forms:
        if not all(part in form.casefold() for part in ("%d", "%m", "%y")):
            yield Problem(
                f"{where}, key `date_forms`", f"»{form}« lacks day, month or year", "as %d-%m-%Y"
            )


def _ambiguous(
    where: str, layout: ExtractFormat, formats: Sequence[ExtractFormat]
) -> Iterator[Problem]:
    """Known layouts that a file in the new one would fit as well, or the other way round."""
    for known in formats:
        if known.layout == layout.layout:
            yield Problem(
                where, f"layout »{known.layout}« is known already", remedy="Give it another name."
            )
        elif _covers(layout, known) or _covers(known, layout):
            yield Problem(
                f"{where}, key `columns`",
                f"its headings are those of the layout {known.layout}, so that nobody can tell them apart",
                "at least one heading of its own on both sides",
                f"Add the new benefit texts to params/extract-formats/{known.layout}.yml instead.",
            )


def _covers(one: ExtractFormat, other: ExtractFormat) -> bool:
    """Whether a row with all headings of `one` has every field of `other`."""
    there = {normalise(h) for names in one.columns.values() for h in names}
    return all(there & {normalise(h) for h in names} for names in other.columns.values())


def _tried(
    file: Path, layout: ExtractFormat, formats: Sequence[ExtractFormat], today: dt.date
) -> tuple[list[Problem], list[str]]:
    """(what the layout does not read of the file, what is wrong with the file itself)."""
    try:
        extract = read_extract(file, (*formats, layout), LocalFile(municipality="0000"), today)
    except ExtractError as e:
        return list(e.problems), []
    if extract.layout != layout.layout:
        told = f"is recognised as the layout {extract.layout}, not {layout.layout}"
        return [
            Problem(file.name, told, remedy="Give the new layout the headings of the file.")
        ], []
    mendable = [f for f in extract.problems if f.kind in MENDABLE]
    own: Counter[str] = Counter()
    for f in extract.problems:
        if f.kind not in MENDABLE:
            own[f.told(ENGLISH).what] += f.count
    told = [f"{file.name}: {what} ({count} rows)" for what, count in own.most_common(FAULTS_TOLD)]
    shown = [
        Problem(
            f.where, f.what, f.expected, "Mend the layout's file, or the cell, and approve again."
        )
        for f in mendable[:FAULTS_TOLD]
    ]
    if rest := sum(f.count for f in mendable) - len(shown):
        shown.append(
            Problem(
                file.name, f"… and {rest} more such faults", remedy="`survey check` lists them."
            )
        )
    return shown, told
