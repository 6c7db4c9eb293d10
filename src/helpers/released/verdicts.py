"""What is said of a difference, each verdict in its own words and nowhere else.

Which verdict a difference has is decided in the release (`estimation/comparisons.judge`) and stands in
its row; no product decides one. What was not judged is never called no difference.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.common import absent, printing
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, SMALL, UNDER, UNSURE
from helpers.estimation.comparisons import EXPECTED, GROUP, OTHERS, ROUND
from helpers.parameters.params import Comparison

CHANGE, DIFFERENCE = "ændring", "forskel"
NO_NOTABLE = "ingen sikker og nævneværdig"
WHERE_JUDGED = ", hvor det kan vurderes"


def _words(over: str, under: str, noun: str) -> dict[str, str]:
    return {
        OVER: over,
        UNDER: under,
        SMALL: f"sikker, men lille {noun}",
        UNSURE: f"ingen sikker {noun}",
        NOT_JUDGED: absent.MISSING[NOT_JUDGED].words,
    }


_SIDES = {  # kind of reference → what is above it, below it, and what a difference from it is called
    OTHERS: ("over", "under", DIFFERENCE),
    NATIONAL: ("over", "under", DIFFERENCE),
    EXPECTED: ("højere", "lavere", DIFFERENCE),
    GROUP.rstrip(":"): ("højere", "lavere", DIFFERENCE),
    ROUND.rstrip(":"): ("steget", "faldet", CHANGE),
}


def words_of(reference: str) -> dict[str, str]:
    """Verdict → what is said of a difference from `reference` (a value of the column of that name)."""
    return _words(*_SIDES[reference.split(":")[0]])


def least_notable(rules: Comparison) -> str:
    """How large a sure difference must be to be notable: »0,1 skalapoint eller 5 procentpoint«."""
    mean = printing.number(rules.smallest_mean_difference, 1)
    return f"{mean} skalapoint eller {printing.number(100 * rules.smallest_share_difference)} procentpoint"


def none_notable(verdicts: Sequence[str], noun: str, where: str) -> str:
    """The sentence over differences of which none is over or under. Those that were not judged are told
    apart from those that were: »Ingen sikker og nævneværdig forskel mellem målgrupperne, hvor det kan
    vurderes«."""
    judged = [v for v in verdicts if v != NOT_JUDGED]
    if not judged:
        return f"Det kan ikke vurderes, om der er en sikker og nævneværdig {noun} {where}"
    partly = WHERE_JUDGED if len(judged) < len(verdicts) else ""
    return f"{printing.capital(NO_NOTABLE)} {noun} {where}{partly}"
