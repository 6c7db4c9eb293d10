"""How the numbers of one group follow from each other: answers, score, split and options.

Bounds on all of them are narrowed by every relation among them until somebody stops. Statistics stand
along the first axis (N, SCORE, FROM_TOP, FROM_BOTTOM, then the counts: KINDS and options).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from helpers.parameters import scales
from helpers.parameters.scales import Measure

NO_LIMIT = 1e9  # of a count that nothing is known of
Bounds = tuple[np.ndarray, np.ndarray]  # statistic × cell × item

N, SCORE = 0, 1
# Σ(top − score) and Σ(score − 1): near 0 they tell every answer. A question's scores are the numbers of its
# answers, 1 to `top_of`: whole, so that no rounding error can grow; a theme's run from 1 to 5.
FROM_TOP, FROM_BOTTOM = 2, 3
SATISFIED, NEUTRAL, DISSATISFIED = 4, 5, 6
KINDS = slice(4, 7)
OPTIONS_FROM = 7  # answer 1, 2 … of the scale with the most
COUNTED = slice(4, None)

# A relation: total, its parts, and between which multiples of the parts the total lies.
_Relation = tuple[int, Sequence[int], Sequence[float], Sequence[float]]
_OF_ALL: tuple[_Relation, ...] = (
    (N, (SATISFIED, NEUTRAL, DISSATISFIED), (1, 1, 1), (1, 1, 1)),
    (SCORE, (N, FROM_BOTTOM), (1, 1), (1, 1)),
)
_OF_KIND = {scales.SATISFIED: SATISFIED, scales.NEUTRAL: NEUTRAL, scales.DISSATISFIED: DISSATISFIED}


@cache
def relations_of(measure: Measure) -> tuple[_Relation, ...]:
    """How score, split and options of a question, or score and split of a theme, follow from each other."""
    if not measure.points:
        bottom, top = (
            scales.MEANS
        )  # what a theme's score may be within a kind, as distance from 5 and from 1
        low, high = measure.dissatisfied_to, measure.satisfied_from
        kinds = (SATISFIED, NEUTRAL, DISSATISFIED)
        return (
            (FROM_TOP, kinds, (0, top - high, top - low), (top - high, top - low, top - bottom)),
            (
                FROM_BOTTOM,
                kinds,
                (high - bottom, low - bottom, 0),
                (top - bottom, high - bottom, low - bottom),
            ),
        )

    def summed(total: int, options: Sequence[int], weights: Sequence[float]) -> _Relation:
        return total, [OPTIONS_FROM + k - 1 for k in options], weights, weights

    of_kinds = [
        summed(place, options := measure.options_of(kind), [1] * len(options))
        for kind, place in _OF_KIND.items()
    ]
    below, above = measure.options[:-1], measure.options[1:]
    return (
        *of_kinds,
        summed(FROM_TOP, below, [measure.points - k for k in below]),
        summed(FROM_BOTTOM, above, [k - 1 for k in above]),
    )


def top_of(measure: Measure) -> float:
    """The largest score, as scores are reckoned with here."""
    return measure.points or scales.MEANS[1]


def nothing_known(shape: tuple[int, ...], options: int) -> Bounds:
    """`options`: answers of the scale with the most."""
    low = np.zeros((OPTIONS_FROM + options, *shape))
    return low, np.full_like(low, NO_LIMIT)


def narrow_in_cells(
    low: np.ndarray, high: np.ndarray, places: Sequence[tuple[Measure, np.ndarray]]
) -> None:
    """Once through all relations, where the (contiguous) bounds stand; `places`: measure → which of the
    cells × items, counted row by row, are measured so."""
    top = np.empty(low[N].size)
    for measure, at in places:
        top[at] = top_of(measure)
    _top_and_bottom(low, high, top.reshape(low[N].shape))
    for relation in _OF_ALL:
        _narrow(low, high, relation)
    flat_low, flat_high = (a.reshape(len(a), -1) for a in (low, high))
    for measure, at in places:
        own_low, own_high = flat_low[:, at], flat_high[:, at]
        for relation in relations_of(measure):
            _narrow(own_low, own_high, relation)
        flat_low[:, at], flat_high[:, at] = own_low, own_high


def _top_and_bottom(low: np.ndarray, high: np.ndarray, top: np.ndarray) -> None:
    """FROM_TOP = top·n − score, and the two distances are (top − 1)·n together."""
    least, most = top * low[N], top * high[N]
    np.maximum(low[FROM_TOP], least - high[SCORE], out=low[FROM_TOP])
    np.minimum(high[FROM_TOP], most - low[SCORE], out=high[FROM_TOP])
    np.maximum(low[SCORE], least - high[FROM_TOP], out=low[SCORE])
    np.minimum(high[SCORE], most - low[FROM_TOP], out=high[SCORE])
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
        whole = part == N or part >= COUNTED.start
        if least[i]:
            room = (high[total] - (all_low - lows[i])) / least[i]
            np.minimum(high[part], np.floor(room + 1e-6) if whole else room, out=high[part])
        if most[i]:
            room = (low[total] - (all_high - highs[i])) / most[i]
            np.maximum(low[part], np.ceil(room - 1e-6) if whole else room, out=low[part])
