"""What the evaluation's tables share: Markdown that prints in HTML and PDF alike, with basis and source below.

Counts, days, response and kroner; no opinions. What is not known is told in words, never as zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import Markdown

from helpers.common.markdown_text import markdown_table, trusted
from helpers.review.inputs import Review
from helpers.review.words import municipalities


def table_with_basis(
    headings: Sequence[str], rows: Sequence[Sequence[str]], basis: str, left: int = 1
) -> Markdown:
    """A table whose first `left` columns stand to the left, and the line below it."""
    return trusted(f"{markdown_table(headings, rows, left)}\n\n{basis}\n")


def base(review: Review, source: str) -> str:
    """The line below a table about all participants."""
    return f"Grundlag: {municipalities(len(review.round.participants))} i runden. Kilde: {source}."
