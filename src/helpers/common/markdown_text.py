"""Where text meets Markdown: what comes from outside, and any sentence that holds it, is printed as it is
written and never becomes markup.

`literal` escapes. Every Markdown of the notebooks is made by `prose`, `bullets`, `markdown_table` or, of parts that
are Markdown already, `together` and `trusted`; a test sees to it that nothing else makes any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from IPython.display import Markdown

# signs that begin or end something in Pandoc's Markdown, Quarto's and Jupyter's
_SIGNS = re.compile(r"""[\\`*_{}\[\]<>#$^~@&|"']""")
_RUNS = re.compile(
    r"-(?=-)|(?<=-)-|\.(?=\.\.)|(?<=\.)\.(?=\.)|(?<=\.\.)\."
)  # made into dashes and an ellipsis
# a list, a heading, a term of a definition
_BEGINS = re.compile(
    r"^(\s*)([-+=:%!]|\(?(?:[0-9]{1,9}|[A-Za-z]|[ivxlcdm]+|[IVXLCDM]+)[.)](?=\s|$))"
)
_SPACES = re.compile(r"[ \t\r\n\f\v]+")  # a no-break space stays


class Markup(str):
    """Text that is Markdown already."""

    __slots__ = ()


def literal(text: object) -> Markup:
    """The text as Markdown that prints just it, on one line; what is Markup stays as it is."""
    if isinstance(text, Markup):
        return text
    escaped = _SIGNS.sub(r"\\\g<0>", _SPACES.sub(" ", str(text)).strip(" "))
    escaped = _RUNS.sub(lambda m: f"\\{m[0]}", escaped)
    return Markup(_BEGINS.sub(_begun, escaped))


def _begun(match: re.Match) -> str:
    """The sign that would begin a block, escaped: the mark itself, or what stands behind its number."""
    space, mark = match[1], match[2]
    return f"{space}\\{mark}" if len(mark) == 1 else f"{space}{mark[:-1]}\\{mark[-1]}"


def prose(text: str) -> Markdown:
    """Paragraphs, an empty line between two."""
    return Markdown("\n\n".join(literal(p) for p in str(text).split("\n\n")))


def heading(text: str, level: int = 2) -> Markdown:
    return Markdown(f"{'#' * level} {literal(text)}")


def bullets(sentences: Iterable[str]) -> Markdown:
    """A list, a point each sentence that there is."""
    return Markdown("\n".join(f"- {literal(s)}" for s in sentences if s))


def markdown_table(
    headings: Sequence[object], rows: Iterable[Sequence[object]], left: int = 1
) -> Markup:
    """A pipe table; the first `left` columns to the left, the rest to the right."""
    rule = [":---" if i < left else "---:" for i in range(len(headings))]
    lines: list[list[str]] = [[literal(c) for c in line] for line in (headings, *rows)]
    lines.insert(1, rule)
    return Markup("\n".join("| " + " | ".join(line) + " |" for line in lines))


def together(*parts: Markdown | Markup | str) -> Markdown:
    """Parts below each other; those that are text are prose."""
    made = (
        p.data if isinstance(p, Markdown) else prose(p).data if type(p) is str else p for p in parts
    )
    return Markdown("\n\n".join(m for m in made if m))


def trusted(text: str) -> Markdown:
    """Markdown that is written here and holds nothing from outside that is not `literal`."""
    return Markdown(text)
