"""What one layout under `params/extract-formats/` must be for its reader, beyond the model."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from helpers.common.errors import Problem
from helpers.common.labels import heading_key, normalise
from helpers.parameters.files import Source
from helpers.parameters.layouts import EXTRACT_FIELDS, ExtractFormat, LayoutWords
from helpers.parameters.relations import same_key

PARTS = {"d": "day", "m": "month", "b": "month", "B": "month", "Y": "year", "y": "year"}
CLOCK = set("HMSfIp%")  # a time of the day may follow
SAMPLE = dt.date(2024, 2, 3)  # its day, month and year are three numbers


def format_problems(source: Source, layout: ExtractFormat) -> Iterator[Problem]:
    """Every trouble of one layout, with its line."""
    name = source.path.stem
    if layout.layout != name:
        yield Problem(
            source.at("layout"), f"is »{layout.layout}«", f"»{name}«, as the file", "Rename one."
        )
    yield from _heading_problems(source, layout)
    for key in ("yes_words", "no_words", "date_forms", "encodings", "benefits"):
        if not getattr(layout, key):
            yield Problem(source.at(key), "is empty", "one or more", "Fill it in.")
    yield from _word_problems(source, layout)
    yield from same_key(source.at("benefits"), "the benefit text", layout.benefits.items())
    if len(layout.delimiter) != 1:
        yield Problem(source.at("delimiter"), f"is »{layout.delimiter}«", "one sign", "Mend it.")
    yield from encoding_problems(source, layout.encodings)
    yield from date_form_problems(source, "date_forms", layout.date_forms)
    for one, other in combinations(layout.date_forms, 2):
        if _read_otherwise(one, other) or _read_otherwise(other, one):
            finding = f"»{one}« and »{other}« read the same text as different days"
            yield Problem(source.at("date_forms"), finding, "one of them", "Take one out.")


def _heading_problems(source: Source, layout: ExtractFormat) -> Iterator[Problem]:
    for field in EXTRACT_FIELDS:
        if not any(heading_key(h) for h in layout.columns.get(field, ())):
            where = source.at("columns", field)
            yield Problem(where, "has no heading", "one or more", "Add it.")
    named = Counter(
        heading_key(h) for names in layout.columns.values() for h in set(map(heading_key, names))
    )
    for heading, count in named.items():
        if count > 1:
            finding = f"heading »{heading}« stands for {count} fields"
            yield Problem(source.at("columns"), finding, "one", "Take it out of the others.")


def _word_problems(source: Source, layout: ExtractFormat) -> Iterator[Problem]:
    yes, no = ({normalise(w) for w in words} for words in (layout.yes_words, layout.no_words))
    if both := (yes & no) - {""}:
        finding = f"{', '.join(sorted(both))} means both yes and no"
        yield Problem(source.at("no_words"), finding, "one", "Take one out.")
    for key in ("yes_words", "no_words"):
        yield from same_key(source.at(key), "the word", [(w, key) for w in getattr(layout, key)])


def ambiguous_problems(
    source: Source, layout: ExtractFormat, others: Iterable[ExtractFormat]
) -> Iterator[Problem]:
    """Other layouts that a file in this one would fit as well, or the other way round."""
    for other in others:
        if other.layout == layout.layout:
            finding = f"layout »{other.layout}« is known already"
            yield Problem(
                source.at("layout"), finding, "a name of its own", "Give it another name."
            )
        elif _covers(layout, other) or _covers(other, layout):
            yield Problem(
                source.at("columns"),
                f"its headings are those of the layout {other.layout}, so that nobody can tell them apart",
                "at least one heading of its own on both sides",
                f"Add the new benefit texts to params/extract-formats/{other.layout}.yml instead.",
            )


def _covers(one: ExtractFormat, other: ExtractFormat) -> bool:
    """Whether a row with all headings of `one` has every field of `other`."""
    there = {heading_key(h) for names in one.columns.values() for h in names}
    return all(there & {heading_key(h) for h in names} for names in other.columns.values())


def encoding_problems(source: Source, encodings: tuple[str, ...]) -> Iterator[Problem]:
    where, expected = source.at("encodings"), "as utf-8-sig, cp1252"
    for encoding in encodings:
        try:
            known = codecs.lookup(encoding)._is_text_encoding
        except (LookupError, ValueError, UnicodeError):
            known = False
        if not known:
            yield Problem(where, f"»{encoding}« is no encoding", expected, "Correct it.")
    utf = [encoding.casefold().startswith("utf") for encoding in encodings]
    if utf != sorted(utf, reverse=True):
        finding = "a UTF encoding stands behind another, which reads any file"
        yield Problem(where, finding, "UTF first", "Put it first.")


def date_form_problems(source: Source, key: str, forms: tuple[str, ...]) -> Iterator[Problem]:
    """Forms that do not name the day, the month and the year, each once: `%M` is minutes, and makes
    every date a day of January."""
    for at, form in enumerate(forms):
        signs = re.findall(r"%(.?)", form)
        parts = Counter(PARTS[s] for s in signs if s in PARTS)
        strange = [f"%{s}" for s in signs if s not in PARTS and s not in CLOCK]
        where, expected = source.at(key, at), "%d, %m and %Y (or %y), each once, as %d-%m-%Y"
        if not {"day", "month", "year"} <= set(parts):
            minutes = "M" in signs and "month" not in parts
            remedy = "Write %m for the month: %M is minutes." if minutes else "Add what it lacks."
            yield Problem(where, f"»{form}« lacks day, month or year", expected, remedy)
        elif strange:
            finding = f"»{form}« holds {', '.join(strange)}, which stands for nothing here"
            yield Problem(where, finding, expected, "Take it out.")
        elif twice := [part for part, count in parts.items() if count > 1]:
            yield Problem(where, f"»{form}« holds the {twice[0]} twice", expected, "Take one out.")


def _read_otherwise(one: str, other: str) -> bool:
    try:
        return dt.datetime.strptime(SAMPLE.strftime(one), other).date() != SAMPLE
    except (ValueError, re.error):
        return False


def words_problems(source: Source, words: LayoutWords) -> Iterator[Problem]:
    """The words that proposals are made of: encodings, date forms, and one sign a delimiter."""
    yield from encoding_problems(source, words.encodings)
    for key in ("date_forms", "more_date_forms"):
        yield from date_form_problems(source, key, getattr(words, key))
    for sign in words.delimiters:
        if len(sign) != 1:
            yield Problem(
                source.at("delimiters"), f"»{sign}« is no single sign", "one sign", "Mend it."
            )
    yes = {normalise(w) for w in (*words.yes_words, *words.more_yes_words)}
    no = {normalise(w) for w in (*words.no_words, *words.more_no_words)}
    if both := yes & no:
        finding = f"{', '.join(sorted(both))} means both yes and no"
        yield Problem(source.at("no_words"), finding, "one", "Take one out.")
