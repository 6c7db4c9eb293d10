"""What weights are raked to: target group × age, target group × gender, age and gender, with thin levels
joined, and no weight moved further than the round allows.

The levels are joined before raking until each holds enough answers. Where raking finds no weights, or
moves one too far, the thinnest level joins its neighbour and raking begins again. In the end only the
target groups' totals are left, which the weights held before, so it always ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.common import printing
from helpers.common.errors import WeightError
from helpers.estimation.raking import rake
from helpers.parameters.params import Weighting

STRATUM, GENDER, AGE = "target_group", "gender", "age_band"
MAIN = (STRATUM, GENDER, AGE)
NAMES = {STRATUM: "målgruppe", GENDER: "køn", AGE: "alder"}  # in Danish sentences
BESIDE = "+"  # between the levels that were joined


@dataclass(frozen=True)
class Margin:
    """One margin: of a column (`within` is empty), or of a column in each target group.

    `parts`: per target group (»« where there is none) its joined levels in order, each a tuple of levels of
    the column. `answers`: (target group, level) → answers.
    """

    column: str
    within: str
    parts: Mapping[str, tuple[tuple[str, ...], ...]]
    answers: Mapping[tuple[str, str], int]

    @property
    def name(self) -> str:
        return f"{self.within}:{self.column}" if self.within else self.column

    def levels(self, table: pd.DataFrame) -> pd.Series:
        """The joined level of each row; a row a citizen or a cell of the frame."""
        names = {
            (outer, level): f"{outer}:{BESIDE.join(part)}" if outer else BESIDE.join(part)
            for outer, parts in self.parts.items()
            for part in parts
            for level in part
        }
        outer = table[self.within] if self.within else [""] * len(table)
        return pd.Series(
            [names.get(cell) for cell in zip(outer, table[self.column])],
            index=table.index,
            dtype=object,
        )

    def size(self, outer: str, part: Sequence[str]) -> int:
        return sum(self.answers.get((outer, level), 0) for level in part)

    def thinnest(self) -> tuple[int, str] | None:
        """(answers, target group) of the thinnest level that has a neighbour."""
        sizes = [
            (min(self.size(outer, p) for p in parts), outer)
            for outer, parts in self.parts.items()
            if len(parts) > 1
        ]
        return min(sizes) if sizes else None

    def coarser(self, outer: str, least: float) -> Margin:
        """With the levels of one target group joined until each holds `least`."""
        joined = self.parts[outer]
        while len(joined) > 1:
            sizes = [self.size(outer, part) for part in joined]
            at = int(np.argmin(sizes))
            if sizes[at] >= least:
                break
            neighbours = [k for k in (at - 1, at + 1) if 0 <= k < len(joined)]
            a, b = sorted((at, min(neighbours, key=lambda k: (sizes[k], k))))
            joined = (*joined[:a], joined[a] + joined[b], *joined[b + 1 :])
        return replace(self, parts={**self.parts, outer: joined})

    def notes(self, before: Margin) -> str:
        """In Danish, which levels of `before` were joined; »« where none."""
        if self.parts == before.parts:
            return ""
        if self.within:
            was, now = (sum(map(len, m.parts.values())) for m in (before, self))
            name = f"{NAMES[self.within]} × {NAMES[self.column]}"
            return f"{name}: {was} celler er lagt sammen til {now}, så hver har svar nok"
        parts = self.parts[""]
        if len(parts) == 1:
            return f"{NAMES[self.column]} er udeladt: for få svar til at skelne"
        those = "; ".join(" og ".join(part) for part in parts if len(part) > 1)
        return f"{NAMES[self.column]} {those} er regnet sammen"


@dataclass(frozen=True)
class Calibrated:
    """`weight`: a row a respondent; `levels`: margin → its level of each respondent; `told`: Danish
    sentences on what was joined."""

    weight: np.ndarray
    levels: dict[str, pd.Series]
    notes: tuple[str, ...]


def joined(
    answers: Mapping[tuple[str, str], int], column: str, within: str, least: float
) -> tuple[Margin, Margin]:
    """(the margin with every populated level, the same with thin levels joined). `answers`: (target group
    or »«, level) → answers, of each populated cell."""
    of: dict[str, list[str]] = {}
    for outer, level in sorted(answers):
        of.setdefault(outer, []).append(level)
    whole = Margin(
        column, within, {o: tuple((v,) for v in levels) for o, levels in of.items()}, answers
    )
    margin = whole
    for outer in of:
        margin = margin.coarser(outer, least)
    return whole, margin


def answers_by_cell(
    respondents: pd.DataFrame, frame: pd.DataFrame, column: str, within: str
) -> dict:
    """(target group or »«, level) → answers, of each populated cell."""
    populated = frame[frame["population"] > 0]

    def cells(table: pd.DataFrame) -> zip:
        return zip(table[within] if within else [""] * len(table), table[column])

    counts = dict.fromkeys(cells(populated.dropna(subset=[column])), 0)
    for cell in cells(respondents):
        counts[cell] += 1
    return counts


def calibrate(respondents: pd.DataFrame, frame: pd.DataFrame, rules: Weighting) -> Calibrated:
    """Weights of respondents raked to the population.

    `respondents`: a row an answer with MAIN and nonresponse_weight, which adds up to the target groups'
    population; `frame`: cell counts of MAIN. With `unfit_margins: error` the three main margins are raked
    to as they are, and WeightError is raised where they cannot be held.
    """
    if rules.unfit_margins == "error":
        return _rake(respondents, frame, [_whole(respondents, frame, c) for c in MAIN], rules)
    wholes, margins = [], []
    for column, within in ((AGE, STRATUM), (GENDER, STRATUM), (AGE, ""), (GENDER, "")):
        by_cell = answers_by_cell(respondents, frame, column, within)
        whole, margin = joined(by_cell, column, within, rules.min_margin_answers)
        wholes.append(whole)
        margins.append(margin)
    trouble = ""
    while True:
        thin = [(t, i) for i, m in enumerate(margins) if (t := m.thinnest()) is not None]
        try:
            found = _rake(respondents, frame, margins, rules)
            if not thin or _farthest(found, respondents) <= rules.largest_factor:
                break
            limit = printing.number(rules.largest_factor)
            trouble = f"en vægt ellers blev ganget eller divideret med mere end {limit}"
        except WeightError:
            if not thin:
                raise
            trouble = "der ellers ikke findes vægte, som passer"
        (answers, outer), at = min(thin)
        margins[at] = margins[at].coarser(outer, answers + 1)
    notes = [text for whole, margin in zip(wholes, margins) if (text := margin.notes(whole))]
    if trouble:
        notes.append(f"flere grupper end de tynde er lagt sammen, fordi {trouble}")
    return replace(found, notes=tuple(notes))


def _whole(respondents: pd.DataFrame, frame: pd.DataFrame, column: str) -> Margin:
    return joined(answers_by_cell(respondents, frame, column, ""), column, "", 0)[0]


def _farthest(found: Calibrated, respondents: pd.DataFrame) -> float:
    """The largest number that raking multiplied or divided a weight by."""
    factor = found.weight / respondents["nonresponse_weight"].to_numpy(float)
    return float(max(factor.max(), 1 / factor.min()))


def _rake(
    respondents: pd.DataFrame, frame: pd.DataFrame, margins: list[Margin], rules: Weighting
) -> Calibrated:
    codes, totals, levels = [], [], {}
    for margin in margins:
        of_frame = frame.groupby(margin.levels(frame))["population"].sum()
        levels[margin.name] = margin.levels(respondents)
        codes.append(of_frame.index.get_indexer(levels[margin.name]))
        totals.append(of_frame)
    weight = rake(
        codes,
        respondents["nonresponse_weight"].to_numpy(float),
        totals,
        tolerance=rules.tolerance,
        max_iterations=rules.max_iterations,
        names=list(levels),
    )
    return Calibrated(weight, levels, ())


def indicators(levels: Sequence[pd.Series]) -> np.ndarray:
    """Columns 0/1 of the margins' levels, a row a respondent: what `Design` is calibrated on."""
    parts = [pd.get_dummies(s, drop_first=i > 0, dtype=float) for i, s in enumerate(levels)]
    return np.column_stack(parts)
