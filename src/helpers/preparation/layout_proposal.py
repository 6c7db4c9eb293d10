"""A file in an unknown layout → a proposed mapping, with what a person must decide.

Nothing of a person is kept: only headings, and of benefit texts, words and date forms those that are
quotable and that no citizen's cell could be. A text with a word that no known one has is kept only
where the column is surely the benefits' and many rows have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.common.errors import ExtractError, ParameterError
from helpers.common.quoting import is_plain, redacted_name
from helpers.extracts.tables import find_table
from helpers.parameters.params import ExtractFormat, LayoutWords
from helpers.preparation.layout_columns import (
    WORDS_MOST,
    Column,
    find_headings,
    heading_words,
    match_columns,
)
from helpers.preparation.text_similarity import Benefits, Match
from helpers.received.cells import as_text, cell_key, normalise, read_dates
from helpers.received.encoding import decoded
from helpers.received.sheets import TEXT_ENDINGS, read_sheets

ROWS_LEAST = 5  # rows that an unknown text must stand in; a rarer one could be a person's
WORD_LONGEST = 20
_YES_NO = ("course_closed", "passive")
_DATES = ("spell_start", "latest_conversation")


@dataclass(frozen=True)
class BenefitText:
    """A benefit text as it stands in the file, in how many rows, and what it is like."""

    text: str
    rows: int
    match: Match


@dataclass(frozen=True)
class Proposal:
    """A mapping as far as it can be told from one file.

    `columns`: field → column. `benefits_unwritten`: different texts that could be persons' and are
    not in `benefits`. `unknown_words`: (word, field) that is neither yes nor no; `words_unwritten`
    counts those that could be persons'. `empty_means_no`: field → whether that is sure.
    `dates_unread`: cells that no form reads. `encoding`: the file's own, empty for a workbook. `unused`: headings
    of no field.
    """

    columns: dict[str, Column]
    benefits: tuple[BenefitText, ...]
    benefits_unwritten: int
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    unknown_words: tuple[tuple[str, str], ...]
    words_unwritten: int
    empty_means_no: dict[str, bool]
    date_forms: tuple[str, ...]
    american_dates: bool
    dates_unread: int
    encodings: tuple[str, ...]
    encoding: str
    delimiter: str
    unused: tuple[str, ...]


def known_layout(path: Path, formats: Sequence[ExtractFormat]) -> str | None:
    """The layout that reads all of the file's headings already; None: it is a new one."""
    try:
        found = find_table(path, formats) if formats else None
    except ExtractError:
        return None
    if found is None or len(found.positions) < len(found.layout.columns):
        return None
    return found.layout.layout


def propose(
    path: Path,
    formats: Sequence[ExtractFormat],
    words: LayoutWords,
    benefit_types: Sequence[str],
) -> Proposal:
    """Propose a mapping from the file, the known layouts and the list of words.

    Raises ExtractError where the file cannot be opened, ParameterError where no row of headings is
    found or no person stands below it.
    """
    readings = read_sheets(path, words.encodings, words.delimiters)
    known = heading_words(formats, words)
    found, reading = find_headings(path.name, readings, known)
    if len(found.sheet.rows) <= found.header_row + 1:
        raise ParameterError(
            path.name, "has headings but no persons", "a file with persons", "Ask for one."
        )
    benefits = Benefits(_known_benefits(formats, words, benefit_types), words)
    columns, cells = match_columns(found, known, words, benefits)
    texts, benefits_unwritten = _benefit_texts(columns["benefit"], cells, benefits)
    yes, no, unknown, words_unwritten = _words_used(columns, cells, words)
    forms, american, unread = _date_forms(columns, cells, words)
    is_text = path.suffix.lower() in TEXT_ENDINGS
    used = {column.position for column in columns.values()}
    headings = found.sheet.rows[found.header_row]
    return Proposal(
        columns=columns,
        benefits=texts,
        benefits_unwritten=benefits_unwritten,
        yes_words=(*words.yes_words, *yes),
        no_words=(*words.no_words, *no),
        unknown_words=unknown,
        words_unwritten=words_unwritten,
        empty_means_no=_empties(columns, cells, words),
        date_forms=forms,
        american_dates=american,
        dates_unread=unread,
        encodings=words.encodings,
        encoding=decoded(path.name, path.read_bytes(), words.encodings)[1] if is_text else "",
        delimiter=words.delimiters[reading] if is_text else words.delimiters[0],
        unused=tuple(
            redacted_name(" ".join(str(h).split()))
            for i, h in enumerate(headings)
            if i not in used and str(h).strip()
        ),
    )


def _known_benefits(
    formats: Sequence[ExtractFormat], words: LayoutWords, benefit_types: Sequence[str]
) -> dict[str, list[str]]:
    known = {benefit: list(words.benefits.get(benefit, ())) for benefit in benefit_types}
    for layout in formats:
        for text, benefit in layout.benefits.items():
            known.setdefault(benefit, []).append(text)
    return known


def _benefit_texts(
    column: Column, cells: pd.DataFrame, benefits: Benefits
) -> tuple[tuple[BenefitText, ...], int]:
    """The texts by falling number of rows, written alike but for case and spaces as one; and how many
    are left out since they could be persons'."""
    if not column.heading:
        return (), 0
    texts = as_text(cells[str(column.position)])
    counted = texts[texts != ""].value_counts().sort_index()
    same: dict[str, tuple[str, int]] = {}
    for text, rows in sorted(counted.items(), key=lambda t: -t[1]):
        first, before = same.get(normalise(text), (text, 0))
        same[normalise(text)] = first, before + int(rows)
    kept, left_out = [], 0
    for text, rows in same.values():
        found = BenefitText(text, rows, benefits.match(text))
        many = column.is_sure and rows >= ROWS_LEAST and is_plain(text)
        if many or benefits.has_only_known_words(text):
            kept.append(found)
        else:
            left_out += 1
    return tuple(sorted(kept, key=lambda b: (-b.rows, b.text))), left_out


def _words_used(columns: dict[str, Column], cells: pd.DataFrame, words: LayoutWords):
    """(further words for yes, for no, (word, field) of unknown ones, number of those not written)."""
    more = {normalise(w): (w, True) for w in words.more_yes_words}
    more |= {normalise(w): (w, False) for w in words.more_no_words}
    usual = {normalise(w) for w in (*words.yes_words, *words.no_words)}
    yes, no, unknown, unwritten = {}, {}, {}, 0
    for name in _YES_NO:
        if not columns[name].heading:
            continue
        counted = as_text(cells[str(columns[name].position)]).value_counts()
        counted = counted[counted.index != ""]
        for text, rows in counted.items():
            key = cell_key(text)
            if key in usual:
                continue
            if key in more:
                word, means_yes = more[key]
                (yes if means_yes else no)[word] = True
            elif (
                rows >= ROWS_LEAST
                and len(counted) <= WORDS_MOST
                and columns[name].is_sure
                and _is_word(text)
            ):
                unknown[text, name] = True
            else:
                unwritten += 1
    return tuple(yes), tuple(no), tuple(unknown), unwritten


def _is_word(text: str) -> bool:
    return len(text) <= WORD_LONGEST and is_plain(text)


def _empties(
    columns: dict[str, Column], cells: pd.DataFrame, words: LayoutWords
) -> dict[str, bool]:
    """Field with empty cells → True where nothing in it says no, so that they must."""
    no = {normalise(w) for w in (*words.no_words, *words.more_no_words)}
    found = {}
    for name in _YES_NO:
        if columns[name].heading:
            keys = as_text(cells[str(columns[name].position)]).map(cell_key)
            if (keys == "").any():
                found[name] = not keys.isin(no).any()
    return found


def _date_forms(columns: dict[str, Column], cells: pd.DataFrame, words: LayoutWords):
    """(forms, whether months stand first in one of them, cells that none reads): the usual forms, and
    of the others the fewest that read what is left."""
    left = [cells[str(columns[name].position)] for name in _DATES if columns[name].heading]
    dates = pd.concat(left, ignore_index=True) if left else pd.Series([], dtype=object)
    forms = list(words.date_forms)
    for form in words.more_date_forms:
        _, unread = read_dates(dates, forms)
        _, still = read_dates(dates[unread], [*forms, form])
        if len(still) and not still.all():
            forms.append(form)
    _, unread = read_dates(dates, forms)
    american = any(f.index("%m") < f.index("%d") for f in forms if not f.startswith("%Y"))
    return tuple(forms), american, int(unread.sum())
