"""Which groups, themes or questions lie highest and lowest, and whether that is more than noise.

Between groups by the release's verdicts; between themes or questions, which the same persons answer and
the release does not compare, where intervals do not overlap (stricter than a test of the two, which makes
up for choosing the highest and the lowest afterwards).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from helpers.common import absent
from helpers.common.vocabulary import NOT_JUDGED, OVER
from helpers.released.captions import Labelled
from helpers.released.numbers import Number, known
from helpers.released.published import Published


def _lies_above(a: Number, b: Number) -> bool:
    return a.low is not None and b.high is not None and a.low > b.high


@dataclass(frozen=True)
class Ends:
    """The categories at either end; `outermost`: no category lies beyond them. Two that are not are the
    pair that lies furthest apart of those that can be told apart."""

    highest: list[Labelled]
    lowest: list[Labelled]
    outermost: bool = True


def extremes(rows: Sequence[Labelled]) -> Ends | None:
    """The surely highest and the surely lowest, or None where the two ends cannot be told apart.

    An end holds every category whose interval overlaps that of the outermost one; a category may
    belong to both.
    """
    shown = sorted((r for r in rows if r[1].shown), key=lambda r: -known(r[1].value))
    if len(shown) < 2 or not _lies_above(shown[0][1], shown[-1][1]):
        return None
    highest = [r for r in shown if not _lies_above(shown[0][1], r[1])]
    lowest = [r for r in shown if not _lies_above(r[1], shown[-1][1])]
    return Ends(highest, lowest)


def too_close(what: str, rows: Sequence[Labelled]) -> str:
    """»Temaerne ligger så tæt, at …«, where `extremes` finds none; without intervals nobody knows."""
    if all(x.has_interval for _, x in rows if x.shown):
        return f"{what} ligger så tæt, at forskellene kan være tilfældige"
    not_judged = absent.MISSING[NOT_JUDGED].words
    return f"{what}s usikkerhed kan ikke beregnes, så forskellene {not_judged}"


def group_extremes(
    published: Published, code: str, breakdown: str, rows: Sequence[tuple[str, str, Number]]
) -> Ends | list[str]:
    """The groups with the highest and the lowest overall satisfaction, or the verdicts of all pairs where
    no two differ surely and notably. `rows`: category, label, number. A group that cannot be told
    apart from an end shares it."""
    shown = sorted((r for r in rows if r[2].shown), key=lambda r: -known(r[2].value))
    pairs = {
        (a, b): published.between(code, published.overall, breakdown, a[0], b[0])
        for a, b in combinations(shown, 2)
    }
    apart = {pair: known(d.value) for pair, d in pairs.items() if d.verdict == OVER}
    if not apart:
        return [d.verdict or NOT_JUDGED for d in pairs.values()]
    first, last = shown[0], shown[-1]
    if (first, last) not in apart:
        a, b = max(apart, key=lambda pair: apart[pair])
        return Ends([a[1:]], [b[1:]], outermost=False)
    highest = [r[1:] for r in shown if (first, r) not in apart]
    lowest = [r[1:] for r in shown if (r, last) not in apart]
    return Ends(highest, lowest)
