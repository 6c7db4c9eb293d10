"""Why a number or a comparison is not there, once for all that is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from helpers.common.vocabulary import NOT_JUDGED

if TYPE_CHECKING:
    from helpers.parameters.round_settings import Disclosure


@dataclass(frozen=True)
class Missing:
    """Why a number or a comparison is not there."""

    mark: str  # in a narrow cell; the table has a legend below
    words: str  # where there is room
    reason: str  # the whole reason, behind »words«: or (mark):; {min_answers} is the round's rule


# The first three are the statuses of a released row that is not shown. The others are no status:
# they are what is left where a shown number, or a row, is not there.
FEW, SECONDARY, NOT_ASKED, NOT_POSSIBLE = "few", "linked", "not_asked", "not_possible"
NOT_COMMON, NO_INTERVAL = "not_common", "no_interval"
NO_EARLIER = "no_earlier"
MISSING = {
    FEW: Missing(
        "(få)",
        "for få svar",
        "gruppen har færre end {rules.min_answers} svar på mindst ét spørgsmål eller slet ingen; andele "
        "kræver {rules.shares_from} svar og uvægtede tal {rules.unweighted_from}.",
    ),
    SECONDARY: Missing(
        "(skjult)",
        "skjult for at beskytte andre",
        "tallet er skjult, fordi et andet skjult tal ellers kunne regnes ud, eller fordi man ellers "
        "kunne se, hvad den enkelte har svaret.",
    ),
    NOT_ASKED: Missing(
        "(ikke spurgt)",
        "ikke spurgt",
        "spørgsmålet er ikke stillet her, eller ingen har besvaret det.",
    ),
    NOT_POSSIBLE: Missing(
        "–", "kan ikke beregnes", "tallet findes ikke, fordi der ikke er noget at regne det af."
    ),
    NOT_JUDGED: Missing(
        "kan ikke vurderes",
        "kan ikke vurderes",
        "forskellen hviler på for få svar til, at man kan sige, om den er tilfældig.",
    ),
    NOT_COMMON: Missing(
        "kan ikke sammenlignes",
        "kan ikke sammenlignes",
        "spørgsmålet eller gruppen er ikke ens i de to runder.",
    ),
    NO_EARLIER: Missing(
        "ændringen kan ikke vises",
        "ændringen kan ikke vises",
        "den tidligere runde har intet vist tal, eller et af tallene hviler på for få svar.",
    ),
    NO_INTERVAL: Missing("uden interval", "uden interval", "tallets usikkerhed kan ikke beregnes."),
}
NOT_SHOWN = {status: missing.words for status, missing in MISSING.items()}


def why(status: str | None) -> Missing:
    """The reason behind a status; none, or `shown` where there is no value: it cannot be computed."""
    return MISSING.get(status or "", MISSING[NOT_POSSIBLE])


def reason(status: str, rules: Disclosure) -> str:
    """The whole reason as it stands behind a colon: »gruppen har færre end 5 svar …«"""
    return MISSING[status].reason.format(rules=rules)


def legend(statuses: Iterable[str], rules: Disclosure) -> str:
    """»(få): gruppen har færre end 5 svar … (skjult): …«, in the order of MISSING."""
    found = set(statuses)
    return " ".join(f"{MISSING[s].mark}: {reason(s, rules)}" for s in MISSING if s in found)
