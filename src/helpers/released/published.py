"""What may be printed: the released tables of a round, and nothing else.

Reports, decks, workbooks and charts get a `Published` and no other numbers. The tables are written
by `disclosure/release.py`, the only door to print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.common import absent
from helpers.common.areas import Areas
from helpers.common.errors import SurveyError, TooEarlyError
from helpers.common.vocabulary import FILES, IN_COUNTRY, KEY, NATIONAL, NATIONAL_LABEL
from helpers.estimation.comparability import empty
from helpers.estimation.comparisons import GROUP, OTHERS, ROUND, strictest_p, with_verdicts
from helpers.parameters.params import Municipality, Round, load_round
from helpers.released.comparability import Comparability
from helpers.released.numbers import (
    SHOWN,
    Difference,
    Number,
    ResponseGroup,
    difference_of,
    differences_of,
    number_of,
    plain,
    response_of,
    why_no_others,
    why_not_compared,
)


class _Rows:
    """The rows of a table by key. A row becomes a mapping when it is asked for: a report asks for one
    in ten."""

    def __init__(self, table: pd.DataFrame, key: tuple[str, ...]) -> None:
        self._columns = {c: plain(table[c]) for c in table}
        keys = zip(*(self._columns[k] for k in key))
        self._places = {k: place for place, k in enumerate(keys)}

    def row(self, *key: str) -> dict[str, Any] | None:
        place = self._places.get(key)
        if place is None:
            return None
        return {c: values[place] for c, values in self._columns.items()}


@dataclass(frozen=True)
class Published:
    """The released tables of one round.

    results      a row a number: municipality, breakdown, category, item, statistic, weighting,
                 value, ci_low, ci_high, n, status (see docs/glossary.md)
    comparisons  a row a difference: municipality, reference (`others`, `national`, `expected`,
                 `group:<category>`, `round:<id>`), breakdown, category, item, statistic, weighting,
                 own, reference_value, difference, ci_low, ci_high, p_value, p_adjusted (also
                 `_in_list`, of municipalities), verdict (`vocabulary.VERDICTS`), note (break mark),
                 status
    response     a row a group: municipality, breakdown, category, population, invited, answers,
                 response_rate (AAPOR RR2, 0–1), status; on `all` also rr1, cooperation_rate,
                 contact_rate, design_effect, effective_n, r_indicator, r_low, r_high
    drivers      a row a municipality × theme: importance (share of R², 0–1), ci_low, ci_high,
                 performance (mean 1–5), r_squared, n; no rows where there is no model
    comparability  a row an earlier round × group × item: municipality (`national`: of all; a code: its
                 own questions and groups), reference, breakdown, category, item, earlier_category,
                 earlier_item, comparable, note (break mark, or why it cannot be followed),
                 municipalities (how many the country's change rests on)
    """

    round: Round
    results: pd.DataFrame
    comparisons: pd.DataFrame
    response: pd.DataFrame
    drivers: pd.DataFrame
    comparability: pd.DataFrame = field(default_factory=empty)

    @cached_property
    def municipalities(self) -> tuple[Municipality, ...]:
        """The participants that have results, in the round's order."""
        have = set(self.response["municipality"])
        return tuple(m for m in self.round.participants if m.code in have)

    @cached_property
    def areas(self) -> Areas:
        """The areas with results: the municipalities in the round's order, and the country that each is
        read beside."""
        return Areas.of([*(m.code for m in self.municipalities), NATIONAL])

    def area_name(self, area: str) -> str:
        """In Danish: »Norddjurs Kommune«, »Alle deltagende kommuner«."""
        return NATIONAL_LABEL if area == NATIONAL else self.round.municipalities[area].official_name

    @cached_property
    def country(self) -> tuple[str, ...]:
        """The municipalities that the country's numbers hold: those with results, unless numbers stand
        fast from an earlier publication (`disclosure/release_again.py`)."""
        codes = self.response.attrs.get(IN_COUNTRY)
        return tuple(codes) if codes is not None else tuple(m.code for m in self.municipalities)

    @property
    def apart(self) -> tuple[Municipality, ...]:
        """Those with results that the country's numbers do not hold."""
        return tuple(m for m in self.municipalities if m.code not in self.country)

    @property
    def missing(self) -> tuple[Municipality, ...]:
        """The participants without results; reports name them."""
        have = set(self.municipalities)
        return tuple(m for m in self.round.participants if m not in have)

    def number(
        self,
        municipality: str,
        item: str,
        statistic: str = "mean",
        *,
        breakdown: str = "all",
        category: str = "all",
        weighting: str = "weighted",
    ) -> Number:
        """Without a released row it was not asked in that place at all, or there is nothing to compute."""
        row = self._results.row(municipality, breakdown, category, item, statistic, weighting)
        if row is not None:
            return number_of(row)
        asked = (municipality, item) in self._asked
        return Number(status=absent.NOT_POSSIBLE if asked else absent.NOT_ASKED)

    def compared(
        self,
        municipality: str,
        reference: str,
        item: str,
        statistic: str = "mean",
        *,
        breakdown: str = "all",
        category: str = "all",
    ) -> Difference:
        """The weighted comparison with `reference`, or why there is none."""
        place = (municipality, breakdown, category, item, statistic, "weighted")
        row = self._comparisons.row(*place, reference)
        if row is not None:
            return difference_of(row)
        where = {"breakdown": breakdown, "category": category}
        if reference.startswith(ROUND):
            own = self.number(municipality, item, statistic, **where).status
            before = reference.removeprefix(ROUND)
            status = self._why_no_change(municipality, before, item, own, where)
            return Difference(status=status, reference=reference)
        other = (NATIONAL, category)
        if reference.startswith(GROUP):
            other = (municipality, reference.removeprefix(GROUP))
        sides = [
            self.number(code, item, statistic, breakdown=breakdown, category=c).status
            for code, c in ((municipality, category), other)
        ]
        return Difference(status=why_not_compared(reference, *sides), reference=reference)

    def against_others(
        self, municipality: str, item: str, statistic: str = "mean", **where: str
    ) -> Difference:
        """The comparison with all the others, or why there is none."""
        return self.compared(municipality, OTHERS, item, statistic, **where)

    def others(self, municipality: str, item: str, statistic: str = "mean", **where: str) -> Number:
        """The number of all the others, or why there is none."""
        found = self.against_others(municipality, item, statistic, **where)
        if found.shown:
            return Number(value=found.other, status=SHOWN)
        sides = (self.number(c, item, statistic, **where).status for c in (municipality, NATIONAL))
        return Number(status=why_no_others(*sides))

    def between(self, municipality: str, item: str, breakdown: str, a: str, b: str) -> Difference:
        """The mean of category a less that of category b."""
        found = self.compared(municipality, GROUP + b, item, breakdown=breakdown, category=a)
        if found.shown:
            return found
        turned = self.compared(municipality, GROUP + a, item, breakdown=breakdown, category=b)
        return turned.turned() if turned.shown else found

    def differences(self, **where: str) -> list[Difference]:
        """All comparisons with these values in the columns of that name."""
        table = self.judged
        for column, value in where.items():
            table = table[table[column] == value]
        return differences_of(table)

    def responded(
        self, municipality: str, breakdown: str = "all", category: str = "all"
    ) -> ResponseGroup:
        row = self._response.row(municipality, breakdown, category)
        return ResponseGroup(status=absent.NOT_POSSIBLE) if row is None else response_of(row)

    def has_results(self, municipality: str) -> bool:
        return municipality in self._with_results

    @cached_property
    def earlier_rounds(self) -> tuple[str, ...]:
        """The earlier rounds that this one is compared with, the latest first."""
        have = self.trends.rounds
        return tuple(r for r in self.round.settings.earlier_rounds if r in have)

    @cached_property
    def trends(self) -> Comparability:
        """What can be followed from the earlier rounds, and why the rest cannot."""
        return Comparability(self.comparability)

    def _why_no_change(
        self, municipality: str, before: str, item: str, own: str, where: Mapping[str, str]
    ) -> str:
        """The status behind a change since an earlier round that is not released: NOT_COMMON where the
        numbers cannot be followed at all, else that of the own number, or NO_EARLIER."""
        trend = self.trends.trend(before, item, where["breakdown"], where["category"], municipality)
        if not trend.comparable:
            return absent.NOT_COMMON
        return absent.NO_EARLIER if own == SHOWN else own

    def has_earlier(self, municipality: str) -> bool:
        """Whether any theme or question can be compared with the latest earlier round."""
        return any(
            self.compared(municipality, ROUND + before, item).shown
            for before in self.earlier_rounds[:1]
            for item in (*self.theme_items, *self.question_items)
        )

    @cached_property
    def _results(self) -> _Rows:
        return _Rows(self.results, ("municipality", *KEY))

    @cached_property
    def judged(self) -> pd.DataFrame:
        """The weighted comparisons, with the p-value that the verdict rests on."""
        table = self.comparisons
        kept = table[(table["weighting"] == "weighted") & (table["status"] == SHOWN)]
        return kept.assign(p=strictest_p(kept))

    @cached_property
    def _comparisons(self) -> _Rows:
        return _Rows(self.judged, ("municipality", *KEY, "reference"))

    @cached_property
    def _asked(self) -> set[tuple[str, str]]:
        """(place, item) with a number there that is more than »not asked«."""
        table = self.results
        kept = table[(table["weighting"] == "weighted") & (table["status"] != absent.NOT_ASKED)]
        return set(zip(kept["municipality"].tolist(), kept["item"].tolist()))

    @cached_property
    def _response(self) -> _Rows:
        return _Rows(self.response, ("municipality", "breakdown", "category"))

    @cached_property
    def _with_results(self) -> frozenset[str]:
        return frozenset(self.results["municipality"].unique())

    @property
    def overall(self) -> str:
        """The theme of overall satisfaction."""
        return self.round.questionnaire.overall

    @property
    def theme_items(self) -> list[str]:
        """Theme ids in printing order."""
        return [t.id for t in sorted(self.round.questionnaire.themes, key=lambda t: t.order)]

    @property
    def questions_by_scale(self) -> dict[str, list[str]]:
        """Scale → its common questions; a figure of answers needs one set of labels."""
        by_scale: dict[str, list[str]] = {}
        for question in self.round.questionnaire.scaled:
            by_scale.setdefault(question.scale, []).append(question.id)
        return by_scale

    @property
    def question_items(self) -> list[str]:
        """Scaled common questions, q01 … q13."""
        return [q.id for q in self.round.questionnaire.scaled]


def load_published(
    root: Path, round_: Round, only: str | None = None, *, trends: bool = True
) -> Published:
    """Read the released tables under `build/<round>/`.

    `only`: results and comparisons of this municipality (and the country) alone, for its own report;
    with `national` the country's and those of every municipality as a whole.
    Without `trends` its own development is not read: an earlier round's is not told again.
    Raises TooEarlyError where the release has not been made yet, and SurveyError where it holds a
    municipality that takes no part any more.
    """
    folder = root / "build" / round_.id
    wanted_files = {n: f for n, f in FILES.items() if trends or n != "comparability"}
    missing = [f for f in wanted_files.values() if not (folder / f).is_file()]
    if missing:
        raise TooEarlyError(
            str(folder),
            f"{', '.join(missing)} is not there",
            "the tables of a finished release",
            f"Run `survey run {round_.id} --stage release` first.",
        )
    response = pd.read_parquet(folder / FILES["response"])
    _require_participants(round_, response, folder)
    of: list[list[tuple]] | None = None
    if only is not None:
        of = [[("municipality", "in", Areas.of([only, NATIONAL]).with_sums(only))]]
    wanted = [*of, [("breakdown", "==", "all")]] if of and only == NATIONAL else of
    return Published(
        round=round_,
        results=pd.read_parquet(folder / FILES["results"], filters=wanted),
        comparisons=with_verdicts(
            pd.read_parquet(folder / FILES["comparisons"], filters=wanted),
            round_.settings.comparison.confidence,
        ),
        response=response,
        drivers=pd.read_parquet(folder / FILES["drivers"], filters=of),
        comparability=pd.read_parquet(folder / FILES["comparability"], filters=of)
        if trends
        else empty(),
    )


def _require_participants(round_: Round, response: pd.DataFrame, folder: Path) -> None:
    """A release from before a municipality withdrew is no result of the round: the country's numbers hold
    its answers."""
    out = (set(response["municipality"]) & round_.municipalities.keys()) - set(
        round_.settings.participants
    )
    if out:
        names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in sorted(out))
        raise SurveyError(
            str(folder),
            f"the release holds numbers of {names}, which takes no part in {round_.id} any more",
            "a release of those that take part",
            f"Run `survey run {round_.id} --stage release` first.",
        )


def load_earlier(root: Path, published: Published, only: str | None = None) -> list[Published]:
    """The released tables of the rounds that `published` is compared with, the latest first."""
    befores = [load_round(root, r) for r in published.earlier_rounds]
    return [load_published(root, before, only, trends=False) for before in befores]
