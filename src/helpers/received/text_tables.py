"""A text file's lines → rows of cells, with every quotation mark accounted for.

A stray quotation mark opens a text that runs on over the next rows until another one closes it: whole
persons or answers vanish in a cell. So a mark that is not closed as it should is a fault with its line,
and so is a quoted text over several lines of which one has the form of a row.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from helpers.received.limits import MAX_CELLS, MAX_ROWS

MOST_FAULTS = 100  # lines told; reading ends there
MOST_LINES_A_ROW = 10  # on average
MAX_HEAD = 1_000  # rows that are split of a file with too many
IDENTIFIER_LENGTH = 4  # signs, at least, of a code, number or key at the beginning of a row
ROW_WIDTH_LEAST = 4  # cells from which their number alone tells a row from a line of a sentence


@dataclass(frozen=True)
class TextRows:
    """Rows in the file's order. `stray`: lines, from 1, where a quotation mark opens a text that it
    should not; `long`: lines with a cell beyond the csv module's limit; those lines' rows are split
    without regard to quotation marks. `too_many`: reading ended at the bounds."""

    rows: list[list[str]]
    stray: tuple[int, ...] = ()
    long: tuple[int, ...] = ()
    too_many: bool = False

    @property
    def is_whole(self) -> bool:
        return not (self.stray or self.long or self.too_many)


def read_rows(lines: Sequence[str], delimiter: str) -> TextRows:
    """Split the file's lines, each with its line end, at one delimiter."""
    if len(lines) > MAX_ROWS * MOST_LINES_A_ROW:
        return _split(lines, delimiter)
    if not any('"' in line or len(line) > csv.field_size_limit() for line in lines):
        return _split(lines, delimiter)
    rows: list[list[str]] = []
    spanning: list[
        tuple[int, int, int]
    ] = []  # index of a row with quoted ends or delimiters; its lines
    faults: dict[int, bool] = {}  # line from 0 → whether it is the length of a cell
    begun = cells = 0
    while begun < len(lines) and len(faults) < MOST_FAULTS:
        reader = csv.reader(islice(lines, begun, None), delimiter=delimiter, strict=True)
        offset = begun
        try:
            for row in reader:
                end = offset + reader.line_num
                if end > begun + 1 or len(row) <= lines[begun].count(delimiter):
                    spanning.append((len(rows), begun, end))
                rows.append(row)
                begun, cells = end, cells + len(row)
                if len(rows) > MAX_ROWS or cells > MAX_CELLS:
                    return TextRows(rows, too_many=True)
        except csv.Error as e:
            one_line = offset + reader.line_num <= begun + 1
            faults[begun] = one_line and "limit" in str(e)
            rows.append(lines[begun].rstrip("\r\n").split(delimiter))
            begun += 1
    faults |= {begun: False for _, begun, _ in _swallowing(rows, spanning, lines, delimiter)}
    return TextRows(
        rows,
        stray=tuple(sorted(line + 1 for line, is_long in faults.items() if not is_long)),
        long=tuple(sorted(line + 1 for line, is_long in faults.items() if is_long)),
    )


def _split(lines: Sequence[str], delimiter: str) -> TextRows:
    """The rows of lines without quotation marks."""
    if len(lines) > MAX_ROWS or len(lines) + sum(x.count(delimiter) for x in lines) > MAX_CELLS:
        return TextRows(
            [x.rstrip("\r\n").split(delimiter) for x in lines[:MAX_HEAD]], too_many=True
        )
    return TextRows(list(csv.reader(lines, delimiter=delimiter)))


def _swallowing(
    rows: Sequence[Sequence[str]],
    spanning: Sequence[tuple[int, int, int]],
    lines: Sequence[str],
    delimiter: str,
) -> list[tuple[int, int, int]]:
    """Those rows over several lines whose lines are rows of their own where quotation marks are passed
    over, and those of one line that is whole only then. A text that is quoted as it should makes its
    first or last line too short for a row, or its only line too long."""
    over = {index for index, _, _ in spanning}
    widths = Counter(len(row) for i, row in enumerate(rows) if i not in over and row)
    several = {width: count for width, count in widths.items() if width > 1}
    width = max(several, key=lambda w: (several[w], w)) if several else 1
    blank = re.escape(delimiter) + r"\s\""
    code = re.compile(rf'\s*("?)(?=[^{blank}]*[0-9])[^{blank}]+\1\s*')

    def is_row(line: str) -> bool:
        """As wide as a row; with a code, day or number in it where rows are narrow."""
        cells = line.split(delimiter)
        tells = width >= ROW_WIDTH_LEAST or any(code.fullmatch(c.strip().strip('"')) for c in cells)
        return len(cells) == width and tells

    def begins_row(line: str) -> bool:
        """Half as wide as a row or more, and a code, number or key comes first."""
        first, *others = line.split(delimiter)
        return (
            len(others) >= max(1, width // 2 - 1)
            and len(first.strip()) >= IDENTIFIER_LENGTH
            and code.fullmatch(first) is not None
        )

    def swallows(index: int, begun: int, end: int) -> bool:
        first, *later = lines[begun:end]
        is_full = len(first.split(delimiter)) == width
        if not later:
            return is_full and len(rows[index]) < width
        return (
            (is_full and all(map(is_row, later)))
            or any(is_row(x) and any(map(code.fullmatch, x.split(delimiter))) for x in later[:-1])
            or any(map(begins_row, later))
        )

    return [s for s in spanning if swallows(*s)]
