"""Which column of an unknown layout holds which field: by its heading and by what its cells look like.

Only the row of headings and counts of cells leave this module, no cell of a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from helpers.common.errors import ParameterError
from helpers.extracts.cpr import parse_cpr
from helpers.extracts.tables import Found, rows_of_persons
from helpers.parameters.layouts import EXTRACT_FIELDS
from helpers.parameters.params import ExtractFormat, LayoutWords
from helpers.preparation.text_similarity import Benefits, plain, similarity
from helpers.received.cells import as_text, cell_key, normalise, read_dates
from helpers.received.sheets import HEAD_ROWS, Sheet

HEADING_SEEN = 75  # similarity from which a cell counts as a heading
HEADINGS_LEAST = 3  # such cells, in a row of headings
HEADING_WEIGHT = 0.6  # of a column's score; the rest is what its cells look like
LEAST, SURE, MARGIN = (
    45,
    70,
    8,
)  # score to be proposed at all; to be sure; more than the next column
WORDS_MOST, BENEFITS_MOST = 6, 60  # different texts in a column of words, or of benefits
CELLS_LOOKED_AT = 500  # of a column, spread over all of it
NAMES_DISTINCT = 0.3  # of the cells of a column of names are different, at least
_PERSONAL = re.compile(r"\d.*\d.*\d.*\d.*\d.*\d")  # six digits: no heading


@dataclass(frozen=True)
class Column:
    """A field's column: heading (empty: none fits), its score, and the next best with its score.

    `heading_score` and `cells_score` are what `score` is made of; all 0–100. `position` counts from 0.
    """

    field: str
    heading: str
    position: int
    score: float
    heading_score: float
    cells_score: float
    second: str
    second_score: float

    @property
    def is_sure(self) -> bool:
        return (
            bool(self.heading) and self.score >= SURE and self.score - self.second_score >= MARGIN
        )


def heading_words(formats: Sequence[ExtractFormat], words: LayoutWords) -> dict[str, set[str]]:
    """Field → the headings known for it, as `plain` gives them."""
    known = {name: {plain(h) for h in words.headings.get(name, ())} for name in EXTRACT_FIELDS}
    for layout in formats:
        for name, headings in layout.columns.items():
            known[name] |= {plain(h) for h in headings}
    return known


def find_headings(
    file: str, readings: Sequence[Sequence[Sheet]], known: dict[str, set[str]]
) -> tuple[Found, int]:
    """The row of headings, and which of the `readings` it was found in.

    Raises ParameterError where no row has three cells or more that look like headings; a row that
    could be a person's is never one.
    """
    best, score = None, 0.0
    for number, sheets in enumerate(readings):
        for sheet in [s for s in sheets if not s.hidden] or sheets:
            for index, cells in enumerate(sheet.head):
                found = _as_headings(cells, known)
                if found > score or (
                    found == score and best and sheet.height > best[0].sheet.height
                ):
                    best, score = (Found(sheet, index, None, {}), number), found
    if best is None:
        raise ParameterError(
            file,
            "no row of headings was found",
            f"{HEADINGS_LEAST} known headings or more in one of the first {HEAD_ROWS} rows",
            "Add the file's headings to params/layout-words.yml, then run again.",
        )
    return best


def _as_headings(cells: Sequence[object], known: dict[str, set[str]]) -> float:
    """Sum of the similarities of a row's cells to headings; 0 where too few are like any."""
    filled = [c for c in cells if str(c).strip()]
    if len(filled) < HEADINGS_LEAST or any(
        not isinstance(c, str) or _PERSONAL.search(c) or len(c) > 80 for c in filled
    ):
        return 0.0
    scores = np.array(
        [[_best_similarity(plain(c), known[f]) for f in EXTRACT_FIELDS] for c in filled]
    )
    chosen = scores[linear_sum_assignment(-scores)]
    chosen = chosen[chosen >= HEADING_SEEN]
    return float(chosen.sum()) if len(chosen) >= HEADINGS_LEAST else 0.0


def _best_similarity(heading: str, known: set[str]) -> float:
    return max((similarity(heading, k) for k in known), default=0.0)


def match_columns(
    found: Found, known: dict[str, set[str]], words: LayoutWords, benefits: Benefits
) -> tuple[dict[str, Column], pd.DataFrame]:
    """(field → column, cells by position): the fields shared out over the columns so that the sum of
    their scores is greatest."""
    headings = [" ".join(str(c).split()) for c in found.sheet.rows[found.header_row]]
    positions = [i for i, h in enumerate(headings) if h]
    cells = rows_of_persons(found, {str(i): i for i in positions}).drop(columns="overlong")
    by_heading = np.array(
        [
            [_best_similarity(plain(headings[i]), known[f]) for i in positions]
            for f in EXTRACT_FIELDS
        ]
    )
    cell_scores = [_scores_of_cells(cells[str(i)], words, benefits) for i in positions]
    by_cells = np.array([[look[f] for look in cell_scores] for f in EXTRACT_FIELDS])
    scores = HEADING_WEIGHT * by_heading + (1 - HEADING_WEIGHT) * by_cells
    chosen = dict(zip(*linear_sum_assignment(-scores)))
    columns = {}
    for f, name in enumerate(EXTRACT_FIELDS):
        order = np.argsort(-scores[f], kind="stable")
        at = chosen.get(f)
        if at is None or scores[f, at] < LEAST:
            nearest = order[0]
            columns[name] = Column(
                name, "", -1, 0.0, 0.0, 0.0, headings[positions[nearest]], scores[f, nearest]
            )
            continue
        other = next((i for i in order if i != at), None)
        columns[name] = Column(
            name,
            headings[positions[at]],
            positions[at],
            scores[f, at],
            by_heading[f, at],
            by_cells[f, at],
            "" if other is None else headings[positions[other]],
            0.0 if other is None else scores[f, other],
        )
    return columns, cells


# ------------------------------------------------------------------------------ what cells look like


def _scores_of_cells(cells: pd.Series, words: LayoutWords, benefits: Benefits) -> dict[str, float]:
    """Field → how far a column's cells look like it, 0–100; a column without cells looks like none."""
    texts = as_text(cells)
    full = (texts != "").mean()
    if not full:
        return dict.fromkeys(EXTRACT_FIELDS, 0.0)
    filled = texts[texts != ""]
    filled = filled.iloc[:: -(-len(filled) // CELLS_LOOKED_AT)]
    distinct = filled.unique()
    date = _dates(cells[filled.index], words)
    word = _words(distinct, filled, words)
    share = {
        "cpr": (parse_cpr(filled)["problem"] == "").mean(),
        "name": _names(filled, len(distinct)),
        "benefit": _benefit_share(filled, distinct, benefits),
        "spell_start": date * (0.8 + 0.2 * full),  # nobody is on a benefit without a first day
        "latest_conversation": date,
        "course_closed": word,
        "phone": _phones(filled),
        "passive": word,
    }
    return {name: 100 * float(value) for name, value in share.items()}


def _dates(filled: pd.Series, words: LayoutWords) -> float:
    _, unreadable = read_dates(filled, (*words.date_forms, *words.more_date_forms))
    return 1 - unreadable.mean()


def _words(distinct: np.ndarray, filled: pd.Series, words: LayoutWords) -> float:
    """Share of cells with a word for yes or no; half of it for few short words that are unknown."""
    if len(distinct) > WORDS_MOST:
        return 0.0
    known = {
        normalise(w)
        for w in (*words.yes_words, *words.no_words, *words.more_yes_words, *words.more_no_words)
    }
    share = filled.map(cell_key).isin(known).mean()
    return share if share else 0.5 * (len(distinct) <= 3)


def _phones(filled: pd.Series) -> float:
    digits = filled.str.replace(r"^(?:\+|00)45|[\s.-]", "", regex=True)
    return digits.str.fullmatch(r"[2-9]\d{7}").mean()


def _names(filled: pd.Series, distinct: int) -> float:
    """Share of cells with two words or more, of letters; names are many and seldom the same."""
    if distinct < NAMES_DISTINCT * len(filled):
        return 0.0
    return filled.str.fullmatch(r"[^\W\d_]+(?:[ '’.,-]+[^\W\d_]+)+\.?").mean()


def _benefit_share(filled: pd.Series, distinct: np.ndarray, benefits: Benefits) -> float:
    if len(distinct) > BENEFITS_MOST:
        return 0.0
    near = {text for text in distinct if benefits.match(text).is_sure}
    return filled.isin(near).mean()
