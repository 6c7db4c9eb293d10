"""Rows of a text file that have another number of cells than the headings.

A cell too few or too many moves all behind it into the next column, and often what stands there then
can be read as well: an answer under another question, »X« under the telephone numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BLOCK = (
    16  # Excel leaves out the empty cells at the end of so many rows together, where none has one
)


def odd_rows(rows: Sequence[Sequence[str]], heading: int) -> list[int]:
    """Row numbers, from 1, below the row of headings (its index) with fewer cells than there are headings,
    or with more, though not every row has as many.

    Blank rows are none. The rows of one of Excel's blocks may all be as short as the longest of them.
    """
    cells = rows[heading]
    least = max((i for i, cell in enumerate(cells, start=1) if str(cell).strip()), default=0)
    widths = {
        number: len(row)
        for number, row in enumerate(rows[heading + 1 :], start=heading + 2)
        if any(str(cell).strip() for cell in row)
    }
    if len(set(widths.values())) == 1 and least <= min(widths.values()):
        return []
    odd = [n for n, width in widths.items() if width not in (least, len(cells))]
    return [n for n in odd if not _left_out(rows, widths, n, heading)]


def _left_out(
    rows: Sequence[Sequence[str]], widths: Mapping[int, int], number: int, heading: int
) -> bool:
    """Whether Excel left out the empty cells at the end of the row's block, in which no heading is."""
    first = (number - 1) // BLOCK * BLOCK + 1
    block = [n for n in range(first, first + BLOCK) if n in widths]
    return (
        first > heading + 1
        and widths[number] < len(rows[heading])
        and len({widths[n] for n in block}) == 1
        and any(str(rows[n - 1][-1]).strip() for n in block)
    )
