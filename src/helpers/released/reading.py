"""»Sådan læses tallene«: the same words in every municipality's deck and workbook.

Every mark that a deck or a workbook prints instead of a number is explained here.
"""

from __future__ import annotations

from collections.abc import Iterable

from helpers.common import absent, printing
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL, SMALL
from helpers.estimation.comparisons import OTHERS
from helpers.released.captions import country_stands_fast, with_results
from helpers.released.own_numbers import OwnNumbers
from helpers.released.scale_words import kinds_rule, means_rule, themes_rule
from helpers.released.verdicts import least_notable, words_of


def reading_guide(o: OwnNumbers) -> list[tuple[str, str]]:
    """(term, explanation) pairs, in the order a reader meets them."""
    rules = o.round.settings
    confidence = printing.percent(rules.comparison.confidence)
    return [
        (
            "Gennemsnit",
            "svarene er talt fra 1 (mest negativt) til 5 (mest positivt)."
            + means_rule(o.round, o.code),
        ),
        (
            "Tilfredse, hverken eller og utilfredse",
            f"{kinds_rule(o.round, o.code)}. For et tema regnes på borgerens gennemsnit over temaets "
            f"spørgsmål: {themes_rule(o.round)}.",
        ),
        ("Ved ikke", "indgår hverken i gennemsnit eller andele, men vises for sig."),
        (
            "Vægtede tal",
            "svarene er vægtet, så de afspejler borgerne efter målgruppe, køn og alder. "
            "n er det faktiske, uvægtede antal svar.",
        ),
        (
            OTHERS_LABEL,
            "alle deltagende kommuner undtagen kommunen selv. "
            f"»{NATIONAL_LABEL}« er {with_results(o.n_municipalities)}, {_with_own(o)}, og "
            "ikke hele landet. Hvor kommunens tal er skjult, er de øvriges det også."
            + country_stands_fast(o.published),
        ),
        (
            "Nævneværdige forskelle",
            f"er statistisk sikre ({confidence} sikkerhed, korrigeret for mange sammenligninger) og "
            f"mindst {least_notable(rules.comparison)}. "
            f"En »{words_of(OTHERS)[SMALL]}« er sikker og mindre end det. Andre forskelle kan være "
            "tilfældige, og hvor svarene er for få, står det.",
        ),
        *marks(o, (absent.FEW, absent.SECONDARY, absent.NOT_ASKED, absent.NOT_POSSIBLE)),
    ]


def _with_own(o: OwnNumbers) -> str:
    inside = o.code not in {m.code for m in o.published.apart}
    return "kommunen selv iberegnet" if inside else "kommunen selv ikke iberegnet"


def marks(o: OwnNumbers, statuses: Iterable[str]) -> list[tuple[str, str]]:
    """(»for få svar«, the whole reason) of each."""
    rules = o.round.settings.disclosure
    return [(f"»{absent.NOT_SHOWN[s]}«", absent.reason(s, rules)) for s in statuses]
