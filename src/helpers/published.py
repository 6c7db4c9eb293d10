"""What may be printed: the released tables of a round, and nothing else.

Reports, decks, workbooks and charts get a `Published` and no other numbers. The tables are written
by `disclosure.py`, the only door to print.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.errors import SurveyError
from helpers.params import Municipality, Round

NATIONAL = "national"


@dataclass(frozen=True)
class Published:
    """The released tables of one round.

    results      a row a number: municipality, breakdown, category, item, statistic, weighting,
                 value, ci_low, ci_high, n, status (see docs/glossary.md)
    comparisons  a row a difference: municipality, reference (`others`, `national`), breakdown,
                 category, item, statistic, weighting, own, reference_value, difference, ci_low,
                 ci_high, p_value, p_adjusted, worth_mentioning, status
    response     a row a group: municipality, breakdown, category, population, invited, answers,
                 response_rate (0–1), design_effect, effective_n (both on `all` only), status
    """

    round: Round
    results: pd.DataFrame
    comparisons: pd.DataFrame
    response: pd.DataFrame

    @property
    def municipalities(self) -> tuple[Municipality, ...]:
        """The participants that have results, in the round's order."""
        have = set(self.results["municipality"])
        return tuple(m for m in self.round.participants if m.code in have)

    @property
    def missing(self) -> tuple[Municipality, ...]:
        """The participants without results; reports name them."""
        have = set(self.results["municipality"])
        return tuple(m for m in self.round.participants if m.code not in have)

    def select(
        self,
        municipality: str | None = None,
        *,
        breakdown: str | None = "all",
        statistic: str | list[str] | None = None,
        items: list[str] | None = None,
        weighting: str | None = "weighted",
    ) -> pd.DataFrame:
        """Rows of `results`; None means all. Item order is that of `items`."""
        table = self.results
        keep = pd.Series(True, index=table.index)
        for column, wanted in (
            ("municipality", municipality),
            ("breakdown", breakdown),
            ("weighting", weighting),
        ):
            if wanted is not None:
                keep &= table[column] == wanted
        if statistic is not None:
            keep &= table["statistic"].isin([statistic] if isinstance(statistic, str) else statistic)
        if items is not None:
            keep &= table["item"].isin(items)
        return table[keep]

    def value(
        self,
        municipality: str,
        item: str,
        statistic: str = "mean",
        *,
        breakdown: str = "all",
        category: str = "all",
        weighting: str = "weighted",
    ) -> pd.Series | None:
        """One row of `results`, or None where the item was not asked."""
        rows = self.select(
            municipality,
            breakdown=breakdown,
            statistic=statistic,
            items=[item],
            weighting=weighting,
        )
        rows = rows[rows["category"] == category]
        return None if rows.empty else rows.iloc[0]

    @property
    def theme_items(self) -> list[str]:
        """Theme ids in printing order."""
        return [t.id for t in sorted(self.round.questionnaire.themes, key=lambda t: t.order)]

    @property
    def question_items(self) -> list[str]:
        """Scaled common questions, q01 … q13."""
        return [q.id for q in self.round.questionnaire.scaled]


def load_published(root: Path, round_: Round) -> Published:
    """Read the released tables under `build/<round>/`.

    Raises SurveyError where the release has not been made yet.
    """
    folder = root / "build" / round_.id
    paths = {
        name: folder / f"{file}.parquet"
        for name, file in (
            ("results", "released"),
            ("comparisons", "comparisons"),
            ("response", "response"),
        )
    }
    missing = [p.name for p in paths.values() if not p.is_file()]
    if missing:
        raise SurveyError(
            str(folder),
            f"{', '.join(missing)} is not there",
            "the tables of a finished release",
            f"Run `survey run {round_.id} --stage release` first.",
        )
    tables = {name: pd.read_parquet(path) for name, path in paths.items()}
    return Published(round=round_, **tables)
