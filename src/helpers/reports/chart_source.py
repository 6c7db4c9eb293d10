"""The line under a figure: source, weighting and number of answers.

It stands in the drawing itself, so that it follows a figure that is copied. It is written last: the
axes move up above it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from matplotlib.figure import Figure

from helpers.common import style
from helpers.parameters.params import Round
from helpers.released import captions
from helpers.released.numbers import Number
from helpers.released.published import Published
from helpers.reports.chart_canvas import PAD

LINE = 124  # characters that fit under a figure at 8 points
LINE_HEIGHT, GAP = 8.4, 6.0  # points: of a line, and between the source and what stands above


def source_of(
    fig: Figure, published: Published, numbers: Iterable[Number], basis: str = "Vægtede tal."
) -> None:
    """Source, weighting and number of answers (n) of the shown numbers, under the drawing."""
    n = captions.n_text(numbers).replace(" ", "\u00a0")
    write_source(fig, published, f"{basis} {n}." if n else basis)


def write_source(fig: Figure, published: Published, basis: str) -> None:
    write_line(fig, published.round, basis)


def write_line(fig: Figure, round_: Round, basis: str) -> None:
    text = f"Kilde: {captions.SURVEY}, {round_.settings.title}. {basis}"
    lines = textwrap.wrap(text, LINE, break_on_hyphens=False)
    height = 72 * fig.get_size_inches()[1]
    fig.text(0.005, PAD / height, "\n".join(lines), va="bottom", fontsize=8, color=style.GREY)
    below = (LINE_HEIGHT * len(lines) + GAP) / height
    fig.subplots_adjust(bottom=fig.subplotpars.bottom + below)
