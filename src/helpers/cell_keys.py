"""How the reader of extracts sees a heading and a word, for who only compares them: pandas, which
`cells` needs, is loaded with the first of them and not with the command line."""

from __future__ import annotations


def heading_key(text: str) -> str:
    """As `cells.normalise`."""
    from helpers.cells import normalise

    return normalise(text)


def word_key(text: str) -> str:
    """As `cells.cell_key`."""
    from helpers.cells import cell_key

    return cell_key(text)
