"""How the numbers of one group follow from each other: answers, score, split and options.

Bounds on all of them are narrowed by every relation among them until somebody stops. Statistics stand
along the first axis (N, SCORE, FROM_TOP, FROM_BOTTOM, then the counts: KINDS and options).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

NO_LIMIT = 1e9  # of a count that nothing is known of
Bounds = tuple[np.ndarray, np.ndarray]  # statistic × cell × item

N, SCORE = 0, 1
FROM_TOP, FROM_BOTTOM = 2, 3  # Σ(5 − score) and Σ(score − 1): near 0 they tell every answer
SATISFIED, NEUTRAL, DISSATISFIED = 4, 5, 6
KINDS = slice(4, 7)
OPTION = range(7, 12)  # answers 1 … 5
COUNTED = slice(4, 12)
STATISTICS = 12

# What a theme's score may be within a kind, as distance from 5 and from 1 (its limits: 3.5 and 2.5).
# A relation: total, its parts, and between which multiples of the parts the total lies.
_Relation = tuple[int, Sequence[int], Sequence[float], Sequence[float]]
_OF_THEMES: tuple[_Relation, ...] = (
    (FROM_TOP, (SATISFIED, NEUTRAL, DISSATISFIED), (0, 1.5, 2.5), (1.5, 2.5, 4)),
    (FROM_BOTTOM, (SATISFIED, NEUTRAL, DISSATISFIED), (2.5, 1.5, 0), (4, 2.5, 1.5)),
)
_OF_ALL: tuple[_Relation, ...] = (
    (N, (SATISFIED, NEUTRAL, DISSATISFIED), (1, 1, 1), (1, 1, 1)),
    (SCORE, (N, FROM_BOTTOM), (1, 1), (1, 1)),
)
_OF_QUESTIONS: tuple[_Relation, ...] = (
    (SATISFIED, (OPTION[3], OPTION[4]), (1, 1), (1, 1)),
    (NEUTRAL, (OPTION[2],), (1,), (1,)),
    (DISSATISFIED, (OPTION[0], OPTION[1]), (1, 1), (1, 1)),
    (FROM_TOP, OPTION[:4], (4, 3, 2, 1), (4, 3, 2, 1)),
    (FROM_BOTTOM, OPTION[1:], (1, 2, 3, 4), (1, 2, 3, 4)),
)
_WHOLE = [N, *range(4, 12)]  # counts


def nothing_known(shape: tuple[int, ...]) -> Bounds:
    low = np.zeros((STATISTICS, *shape))
    return low, np.full_like(low, NO_LIMIT)


def narrow_in_cells(low: np.ndarray, high: np.ndarray, is_question: np.ndarray) -> None:
    """Once through all relations, where the bounds stand; `is_question`: the items that have options."""
    _top_and_bottom(low, high)
    for relation in _OF_ALL:
        _narrow(low, high, relation)
    for relations, items in ((_OF_QUESTIONS, is_question), (_OF_THEMES, ~is_question)):
        at = np.flatnonzero(items)
        if len(at):
            own_low, own_high = low[:, :, at], high[:, :, at]
            for relation in relations:
                _narrow(own_low, own_high, relation)
            low[:, :, at], high[:, :, at] = own_low, own_high


def _top_and_bottom(low: np.ndarray, high: np.ndarray) -> None:
    """FROM_TOP = 5n − score, and the two distances are 4n together."""
    np.maximum(low[FROM_TOP], 5 * low[N] - high[SCORE], out=low[FROM_TOP])
    np.minimum(high[FROM_TOP], 5 * high[N] - low[SCORE], out=high[FROM_TOP])
    np.maximum(low[SCORE], 5 * low[N] - high[FROM_TOP], out=low[SCORE])
    np.minimum(high[SCORE], 5 * high[N] - low[FROM_TOP], out=high[SCORE])
    np.maximum(low[FROM_BOTTOM], low[SCORE] - high[N], out=low[FROM_BOTTOM])
    np.minimum(high[FROM_BOTTOM], high[SCORE] - low[N], out=high[FROM_BOTTOM])


def _narrow(low: np.ndarray, high: np.ndarray, relation: _Relation) -> None:
    """The total lies between these multiples of its parts, and a part in what the others leave."""
    total, parts, least, most = relation
    lows = [a * low[p] for p, a in zip(parts, least)]
    highs = [a * high[p] for p, a in zip(parts, most)]
    all_low, all_high = sum(lows), sum(highs)
    np.maximum(low[total], all_low, out=low[total])
    np.minimum(high[total], all_high, out=high[total])
    for i, part in enumerate(parts):
        whole = part in _WHOLE
        if least[i]:
            room = (high[total] - (all_low - lows[i])) / least[i]
            np.minimum(high[part], np.floor(room + 1e-6) if whole else room, out=high[part])
        if most[i]:
            room = (low[total] - (all_high - highs[i])) / most[i]
            np.maximum(low[part], np.ceil(room - 1e-6) if whole else room, out=low[part])
