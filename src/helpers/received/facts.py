"""What a workbook tells of a sheet besides its cells, whatever kind of workbook it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from helpers.received.limits import MAX_LOST_CELLS

NOT_COMPUTED = "formula without a value"  # a formula's cell that no program has computed
MERGED = "empty, in a merged cell"  # beside or below the one that has the value
UNKNOWN_ERROR = "#ERROR!"
ERROR_CODES = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip


@dataclass
class SheetFacts:
    """`lost`: (row, column), from 1 → what stands in place of the value; `rows` and `columns` reach to
    the last filled cell; `characters` counts shared texts as often as they are used; `merged`: first row,
    first column, last row and last column of each merged cell, from 1, where calamine does not tell them.
    """

    lost: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    rows: int = 0
    columns: int = 0
    characters: int = 0
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)

    def fill(self, row: int, column: int) -> None:
        """A cell that is not empty stands here, both from 1."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)

    def lose(self, row: int, column: int, text: str) -> None:
        """The value of this cell is lost. Raises TooManyLost beyond MAX_LOST_CELLS."""
        if len(self.lost) >= MAX_LOST_CELLS:
            raise TooManyLost
        self.fill(row, column)
        self.lost[row, column] = text


@dataclass(frozen=True)
class WorkbookFacts:
    """The facts of each sheet by its name."""

    sheets: dict[str, SheetFacts]
    epoch_1904: bool = False


class TooManyLost(Exception):
    """A sheet has more errors than can be told cell by cell."""


class NotReadable(Exception):
    """The file is not built as its kind is."""
