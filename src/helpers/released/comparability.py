"""Whether a number can be followed from an earlier round, as the release says: the table
`comparability.parquet` read by group and item. No product decides it for itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparisons import ROUND


@dataclass(frozen=True)
class Trend:
    """One group × item since an earlier round. `comparable`: a line may be drawn, from the earlier round's
    `category` and `item`; `broken`: with a break in it, or not at all; `note`: which break, or why not."""

    comparable: bool
    broken: bool
    category: str
    item: str
    note: str


# what no release has decided: a group that only the earlier round has, a round that is not compared with
UNDECIDED = Trend(False, True, "", "", "Runderne er ikke sammenlignet på det.")


@dataclass(frozen=True)
class Comparability:
    """`table`: rows as `estimation.comparability.comparability` makes them, of one or more earlier rounds."""

    table: pd.DataFrame

    @cached_property
    def rounds(self) -> tuple[str, ...]:
        """The earlier rounds that were looked at."""
        return tuple(r.removeprefix(ROUND) for r in self.table["reference"].unique())

    @cached_property
    def _trends(self) -> dict[tuple[str, ...], Trend]:
        columns = ["municipality", "reference", "breakdown", "category", "item"]
        said = ["comparable", "broken", "earlier_category", "earlier_item", "note"]
        rows = self.table[[*columns, *said]].itertuples(index=False, name=None)
        return {r[:5]: Trend(bool(r[5]), bool(r[6]), *r[7:]) for r in rows}

    def trend(
        self,
        before: str,
        item: str,
        breakdown: str = "all",
        category: str = "all",
        municipality: str = NATIONAL,
    ) -> Trend:
        """Of a group and an item under their names of now; a municipality's own ones need its code."""
        place = ROUND + before, breakdown, category, item
        common = self._trends.get((NATIONAL, *place))
        return common or self._trends.get((municipality, *place), UNDECIDED)

    def mark(self, before: str) -> str:
        """The break mark of the pair of rounds: all that differs between them, »« where nothing does."""
        marks = self.table.loc[self.table["reference"] == ROUND + before, "mark"]
        return str(marks.iloc[0]) if len(marks) else ""

    def same_item(self, before: str, item: str) -> str | None:
        """The earlier round's question or theme that is the same, whomever it was put to."""
        rows = self.table[
            (self.table["reference"] == ROUND + before)
            & (self.table["item"] == item)
            & (self.table["earlier_item"] != "")
        ]
        return str(rows["earlier_item"].iloc[0]) if len(rows) else None

    def municipalities(self, before: str) -> int:
        """How many municipalities the country's change since an earlier round rests on."""
        rows = self.table.loc[self.table["reference"] == ROUND + before, "municipalities"]
        return int(rows.max()) if len(rows) else 0
