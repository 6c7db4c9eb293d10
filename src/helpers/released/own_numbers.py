"""The released numbers that one municipality's deck and workbook print, looked up by key.

Built once from `Published` and from nothing else.
"""

from __future__ import annotations

from functools import cached_property

import pandas as pd

from helpers.common.errors import SurveyError
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparisons import OTHERS
from helpers.parameters.params import BREAKDOWN_LABELS
from helpers.released.numbers import Difference, Number, ResponseGroup, known
from helpers.released.published import Published

SPLIT = ("share_satisfied", "share_neutral", "share_dissatisfied")
GROUPINGS = ("target_group", "gender", "age_band", "duration_band")


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
        self.name = published.area_name(code)
        self.local = round_.local_for(code)
        self.answer_scales = round_.answer_scales(code)
        self.measures = round_.measures(code)
        self.item_labels = round_.item_labels(code)
        self.category_labels = round_.category_labels(code)
        self.breakdown_labels = BREAKDOWN_LABELS | {
            f"local:{b.id}": b.label for b in self.local.background
        }
        self.n_municipalities = len(published.country)
        self.without_results = published.missing

    @property
    def areas(self) -> dict[str, str]:
        """Its own area and those that it is read beside → name."""
        return {a: self.published.area_name(a) for a in self.published.areas.with_sums(self.code)}

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The area's rows of `results`, and those of the areas that it is read beside."""
        results = self.published.results
        return results[results["municipality"].isin(self.areas)]

    # ------------------------------------------------------------------------------- numbers

    def of(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        where = {"breakdown": breakdown, "category": category}
        return self.published.number(self.code, item, statistic, **where)

    def national(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        where = {"breakdown": breakdown, "category": category}
        return self.published.number(NATIONAL, item, statistic, **where)

    def against_others(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Difference:
        where = {"breakdown": breakdown, "category": category}
        return self.published.against_others(self.code, item, statistic, **where)

    def others(
        self, item: str, statistic: str = "mean", breakdown: str = "all", category: str = "all"
    ) -> Number:
        where = {"breakdown": breakdown, "category": category}
        return self.published.others(self.code, item, statistic, **where)

    @cached_property
    def all_against_others(self) -> list[Difference]:
        return self.published.differences(municipality=self.code, reference=OTHERS)

    def differences(self, *statistics: str) -> list[Difference]:
        """All from the others of these statistics, the largest first.

        A question that is a theme of its own says nothing that the theme does not say.
        """
        themes = [self.round.questionnaire.theme_questions(t) for t in self.themes]
        alone = {questions[0].id for questions in themes if len(questions) == 1}
        found = [
            d for d in self.all_against_others if d.statistic in statistics and d.item not in alone
        ]
        return sorted(found, key=lambda d: (-abs(known(d.value)), d.breakdown, d.category, d.item))

    def response(self, breakdown: str = "all", category: str = "all") -> ResponseGroup:
        return self.published.responded(self.code, breakdown, category)

    # --------------------------------------------------------------------------------- items

    @property
    def overall(self) -> str:
        return self.published.overall

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

    def options(self, item: str) -> list[str]:
        """The shares of a question's answers, from the most negative on."""
        return [f"share_{k}" for k in self.measures[item].options]

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
