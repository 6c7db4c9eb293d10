"""What a municipality's own file under `params/local/` must be to the round, and files that nothing
reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from helpers.common.errors import Problem
from helpers.common.labels import heading_key
from helpers.parameters.files import Source
from helpers.parameters.layouts import ExtractFormat
from helpers.parameters.questionnaires import FREE_TEXT, LocalFile, Questionnaire
from helpers.parameters.relations import same_key
from helpers.parameters.rounds import Round
from helpers.parameters.scales import upside_down
from helpers.parameters.tables import unknown

TABLES = {".yml", ".yaml", ".csv", ".xlsx", ".xls", ".ods", ".txt"}
NAMED = 8  # codes in a note; more are counted


def local_problems(
    source: Source,
    built: LocalFile,
    known: Collection[str],
    questionnaire: Questionnaire | None,
    formats: Sequence[ExtractFormat],
) -> Iterator[Problem]:
    """The file is named by its municipality, its scales are known, and its variables can be read."""
    code, where = built.municipality, source.at("municipality")
    if known and code not in known:
        yield unknown(where, "municipality", code, sorted(known))
    if source.path.stem != code:
        yield Problem(where, f"is {code}", "the file's own code", "Rename the file, or correct it.")
    if questionnaire is not None:
        yield from _scale_problems(source, built, questionnaire.scales)
    taken = {
        heading_key(h): layout.layout
        for layout in formats
        for headings in layout.columns.values()
        for h in headings
    }
    for i, background in enumerate(built.background):
        where = source.at("background", i, "column")
        key = heading_key(background.column)
        if not key or key in taken:
            finding = f"»{background.column}« has no letter or digit"
            if key:
                finding = f"»{background.column}« is a column of the layout {taken[key]}"
            yield Problem(where, finding, "a heading of its own", "Rename the column.")
        texts = [(text, name) for name, text in background.categories.items()]
        yield from same_key(source.at("background", i, "categories"), "the category", texts)


def _scale_problems(
    source: Source, built: LocalFile, common: Mapping[str, Mapping[int, str]]
) -> Iterator[Problem]:
    """Every scale is known and is one thing only, every own one is used, and 1 is the most negative."""
    for i, q in enumerate(built.questions):
        if q.scale not in {*common, *built.scales}:
            where = f"{source.path}{source.line('questions', i)}, key `questions.{q.id}.scale`"
            yield unknown(where, "scale", q.scale, [*common, *built.scales])
    used = {q.scale for q in built.questions}
    for name, labels in built.scales.items():
        where = source.at("scales", name)
        if name in common or name == FREE_TEXT:
            kind = "the name of a common scale" if name in common else "the word for free text"
            yield Problem(where, f"is {kind}", "a name of its own", "Rename it.")
        elif name not in used:
            remedy = "Name it at a question, or remove it."
            yield Problem(where, "is used by no local question", remedy=remedy)
        if turned := upside_down(labels, common):
            yield Problem(
                where,
                f"is »{turned}« upside down",
                "1 the most negative answer, the last before Ved ikke the most positive",
                "Turn the labels round.",
            )


def stray_files(folder: Path, ending: str) -> Iterator[Problem]:
    """Tables and settings that lie in a folder of `params/` under an ending that is not read there."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        odd = path.suffix.casefold() in TABLES and path.suffix != ending
        if path.is_file() and odd and not path.name.startswith((".", "~$")):
            finding = "is read by nothing"
            yield Problem(
                str(path), finding, f"a file that ends with {ending}", "Rename or remove it."
            )


def worth_a_look(round_: Round) -> list[str]:
    """What is no fault, and yet may be a slip of a code: agreements and local files of municipalities
    that take no part."""
    taking_part = set(round_.settings.participants)
    notes = []
    if strangers := sorted(set(round_.agreements) - taking_part):
        notes.append(
            f"params/agreements/{round_.id}.csv: {_named(strangers)} signed, but no participant"
        )
    if strangers := sorted(set(round_.local) - taking_part):
        notes.append(
            f"params/local/{round_.id}/: {_named(strangers)} no participant, so its questions and "
            "groups are used by nobody"
        )
    return notes


def _named(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
    return f"{', '.join(codes[:NAMED])}{more}:"
