"""A worksheet that takes many rows at once.

xlsxwriter is given a cell a call, and spends some 15 microseconds on each: seconds for the list of all
released numbers. Here a row is one piece of text, and the rest of the workbook stays xlsxwriter's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from helpers import style

_TEXT = ' t="s"'
Styled = tuple[str | float | int, Format] | None


class RowsWorksheet(Worksheet):
    """xlsxwriter's worksheet, with rows below what is written cell by cell."""

    _body = ""

    def write_body(self, top: int, width: int, rows: Iterable[Sequence[Styled]]) -> None:
        """Write rows of `width` cells, once, from row `top` (0 is the first) on; None is an empty cell.

        Texts go among the shared strings, so none is taken for a formula, a link or a number.
        """
        names = [xl_col_to_name(c) for c in range(width)]
        ends: dict[tuple, str] = {}
        lines = []
        for r, row in enumerate(rows, start=top + 1):
            cells = []
            for name, styled in zip(names, row, strict=True):
                if styled is not None:
                    end = ends.get(styled) or ends.setdefault(styled, self._end(*styled))
                    cells.append(f'<c r="{name}{r}{end}')
            lines.append(f'<row r="{r}">{"".join(cells)}</row>')
        if lines:
            self._check_dimensions(top + len(lines) - 1, width - 1)
        self._body = "".join(lines)
        counted_once = sum(isinstance(value, str) for value, _ in ends)
        self.str_table.count += self._body.count(_TEXT) - counted_once

    def _end(self, value: str | float | int, form: Format) -> str:
        """The rest of a cell's element, from behind its address on."""
        kind, content = "", value
        if isinstance(value, str):
            kind, content = _TEXT, self.str_table._get_shared_string_index(value)
        elif not math.isfinite(value):
            raise ValueError(f"{value} is no number that a workbook can hold")
        elif isinstance(value, float):
            content = f"{style.exact(value):.16G}"
        return f'" s="{form._get_xf_index()}"{kind}><v>{content}</v></c>'

    def _write_rows(self) -> None:
        """xlsxwriter's own step, in which it writes the rows into the file."""
        super()._write_rows()
        self.fh.write(self._body)
