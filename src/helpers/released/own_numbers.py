"""The released numbers that one municipality's deck and workbook print, looked up by key.

Built once from `Published` and from nothing else. A hidden number keeps its status and has no
value: it can be marked, never drawn as zero. A number that is in no released table says why too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from helpers.common import style
from helpers.common.errors import SurveyError
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.estimates import OVERALL as OVERALL
from helpers.parameters.params import BREAKDOWN_LABELS
from helpers.released.published import Published

OTHERS_LABEL = "De øvrige kommuner"
STATISTIC_LABELS = {
    "mean": "Gennemsnit (1–5)",
    "share_satisfied": "Andel tilfredse (4–5)",
    "share_neutral": "Andel hverken eller (3)",
    "share_dissatisfied": "Andel utilfredse (1–2)",
    **{f"share_{k}": f"Andel svar {k}" for k in range(1, 6)},
    "share_dont_know": "Andel ved ikke",
}
NATIONAL_LABEL = "Alle deltagende kommuner"
SPLIT = ("share_satisfied", "share_neutral", "share_dissatisfied")
OPTIONS = tuple(f"share_{k}" for k in range(1, 6))
GROUPINGS = ("target_group", "gender", "age_band", "duration_band")

_RESPONSE = ("population", "invited", "answers", "response_rate", "design_effect", "effective_n")

NOBODY = "0000"  # no municipality's code: the country has nothing local
# The two municipalities whose name is not »<name> Kommune«.
_NAMES = {"0101": "Københavns Kommune", "0400": "Bornholms Regionskommune"}


@dataclass(frozen=True)
class Number:
    """One released number; `value` is None unless it is shown. `status`: that of the released row, or
    `not_possible` where there is no row."""

    value: float | None
    low: float | None
    high: float | None
    n: int | None
    status: str

    @property
    def shown(self) -> bool:
        return self.status == "shown" and self.value is not None

    @property
    def mark(self) -> str:
        """What is printed instead of a number that is not shown."""
        return style.why(self.status).words


def missing(status: str) -> Number:
    return Number(None, None, None, None, status)


def why_no_others(own: str, country: str) -> str:
    """Why all the others have no number, from the statuses of the own one and of the country's.

    Country less others is the own number, so what is hidden here hides the others too.
    """
    if style.NOT_ASKED in (own, country):
        return style.NOT_ASKED
    if own in (style.FEW, style.SECONDARY):
        return style.SECONDARY
    return country if country in (style.FEW, style.SECONDARY) else style.NOT_POSSIBLE


def why_not_compared(own: str, country: str) -> str:
    """Why there is no difference from the others: the own number is missing, or theirs is."""
    return why_no_others(own, country) if own == "shown" else own


@dataclass(frozen=True)
class Difference:
    """Own minus reference, released only where both are shown."""

    breakdown: str
    category: str
    item: str
    statistic: str
    own: float
    reference: float
    difference: float
    worth_mentioning: bool
    judged: bool = True  # False: too few answers to say whether it is chance


@dataclass(frozen=True)
class ResponseGroup:
    """How many were invited and answered in one group."""

    population: int | None
    invited: int | None
    answers: int | None
    rate: float | None
    design_effect: float | None
    effective_n: float | None
    status: str

    @property
    def shown(self) -> bool:
        return self.status == "shown" and self.rate is not None

    @property
    def mark(self) -> str:
        return style.why(self.status).words


NO_RESPONSE = ResponseGroup(*[None] * 6, style.NOT_POSSIBLE)


def plain(column: pd.Series) -> list[Any]:
    """A column as Python values, None where it is missing."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    return values.tolist()


def rows_of(table: pd.DataFrame, columns: list[str]) -> list[tuple]:
    return list(zip(*(plain(table[c]) for c in columns)))


def official_name(code: str, name: str) -> str:
    """»Norddjurs Kommune«, »Københavns Kommune«, »Bornholms Regionskommune«."""
    return _NAMES.get(code, f"{name} Kommune")


class OwnNumbers:
    """Weighted numbers of one municipality beside the others and the country, or of the country alone.

    Raises SurveyError where the municipality has no released results.
    """

    def __init__(self, published: Published, code: str) -> None:
        round_ = published.round
        if not published.has_results(code):
            raise SurveyError(
                f"round {round_.id}, municipality {code}",
                "has no released results",
                "a municipality that went through the release",
                f"Run `survey run {round_.id} --only {code} --stage release` first.",
            )
        self.published, self.round, self.code = published, round_, code
        own = None if code == NATIONAL else code
        self.name = official_name(own, round_.municipalities[own].name) if own else NATIONAL_LABEL
        self.local = round_.local_for(own or NOBODY)
        self.scales = round_.scales_for(own)
        self.item_labels = round_.item_labels(own)
        self.category_labels = round_.category_labels(own)
        self.breakdown_labels = BREAKDOWN_LABELS | {
            f"local:{b.id}": b.label for b in self.local.background
        }
        self.n_municipalities = len(published.country)
        self.without_results = published.missing

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The municipality's and the country's rows of `results`."""
        results = self.published.results
        return results[results["municipality"].isin([self.code, NATIONAL])]

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """The municipality's rows of `comparisons`."""
        compared = self.published.comparisons
        return compared[compared["municipality"] == self.code]

    # ------------------------------------------------------------------------------- numbers

    def of(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        return self._number(self.code, item, statistic, breakdown, category)

    def national(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        return self._number(NATIONAL, item, statistic, breakdown, category)

    def _number(
        self, place: str, item: str, statistic: str, breakdown: str, category: str
    ) -> Number:
        """Without a released row: not asked in that place at all, or there is nothing to compute."""
        row = self.published.value(place, item, statistic, breakdown=breakdown, category=category)
        if row is None:
            asked = (place, item) in self._asked
            return missing(style.NOT_POSSIBLE if asked else style.NOT_ASKED)
        if row["status"] != "shown":
            return missing(row["status"])
        values = (row[c] for c in ("value", "ci_low", "ci_high", "n"))
        return Number(*(None if pd.isna(v) else v for v in values), "shown")

    @cached_property
    def _asked(self) -> set[tuple[str, str]]:
        """(place, item) with a number there that is more than »not asked«."""
        kept = self.rows[
            (self.rows["weighting"] == "weighted") & (self.rows["status"] != style.NOT_ASKED)
        ]
        return set(zip(kept["municipality"].tolist(), kept["item"].tolist()))

    def against_others(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Difference | None:
        """None where one of the sides is hidden or the comparison was not made."""
        return self._others.get((breakdown, category, item, statistic))

    def others(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        """The number of all the others, or why there is none."""
        place = (item, statistic, breakdown, category)
        found = self.against_others(*place)
        if found is not None:
            return Number(found.reference, None, None, None, "shown")
        return missing(why_no_others(self.of(*place).status, self.national(*place).status))

    def why_not_compared(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> str:
        """What is printed instead of a difference from the others that is not there."""
        place = (item, statistic, breakdown, category)
        status = why_not_compared(self.of(*place).status, self.national(*place).status)
        return style.why(status).words

    @cached_property
    def _others(self) -> dict[tuple, Difference]:
        return _difference_index(self.comparisons)

    def worth_mentioning(self, statistic: str) -> list[Difference]:
        """Differences to the others that are both sure and large enough, the largest first.

        A question that is a theme of its own says nothing that the theme does not say.
        """
        themes = [self.round.questionnaire.theme_questions(t) for t in self.themes]
        alone = {questions[0].id for questions in themes if len(questions) == 1}
        found = [
            d
            for d in self._others.values()
            if d.worth_mentioning and d.statistic == statistic and d.item not in alone
        ]
        return sorted(found, key=lambda d: (-abs(d.difference), d.breakdown, d.category, d.item))

    @property
    def n_compared(self) -> int:
        """How many numbers are compared with the others."""
        return len(self._others)

    @property
    def n_judged(self) -> int:
        """How many of them rest on enough answers to be judged."""
        return sum(d.judged for d in self._others.values())

    def response(self, breakdown: str = "all", category: str = "all") -> ResponseGroup | None:
        row = self.published.responded(self.code, breakdown, category)
        if row is None:
            return None
        if row["status"] != "shown":
            return ResponseGroup(*[None] * 6, row["status"])
        values = (row[c] for c in _RESPONSE)
        return ResponseGroup(*(None if pd.isna(v) else v for v in values), "shown")

    # --------------------------------------------------------------------------------- items

    @property
    def themes(self) -> list[str]:
        return self.published.theme_items

    @property
    def questions(self) -> list[str]:
        return self.published.question_items

    @property
    def local_questions(self) -> list[str]:
        return [q.id for q in self.local.questions]

    @property
    def local_breakdowns(self) -> list[str]:
        return [f"local:{b.id}" for b in self.local.background]

    def label(self, item: str) -> str:
        return self.item_labels.get(item, item)

    def categories(self, breakdown: str) -> dict[str, str]:
        return self.category_labels.get(breakdown, {})

    def breakdown_label(self, breakdown: str) -> str:
        """»Målgruppe«; a two-way breakdown is »Målgruppe × Køn«."""
        return " × ".join(self.breakdown_labels.get(b, b) for b in self._parts(breakdown))

    def category_label(self, breakdown: str, category: str) -> str:
        parts = self._parts(breakdown)
        names = category.split(":") if len(parts) > 1 else [category]
        return " · ".join(self.categories(b).get(c, c) for b, c in zip(parts, names))

    def _parts(self, breakdown: str) -> list[str]:
        """`target_group:gender` → both; `local:indsats` is one."""
        parts: list[str] = []
        for part in breakdown.split(":"):
            if parts and parts[-1] == "local":
                parts[-1] = f"local:{part}"
            else:
                parts.append(part)
        return parts


def _difference_index(comparisons: pd.DataFrame) -> dict[tuple, Difference]:
    kept = comparisons[
        (comparisons["reference"] == "others")
        & (comparisons["weighting"] == "weighted")
        & (comparisons["status"] == "shown")
    ]
    columns = ["breakdown", "category", "item", "statistic"]
    columns += ["own", "reference_value", "difference", "worth_mentioning", "p_adjusted"]
    return {
        row[:4]: Difference(*row[:7], worth_mentioning=bool(row[7]), judged=row[8] is not None)
        for row in rows_of(kept, columns)
        if None not in row[:7]
    }
