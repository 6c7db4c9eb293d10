"""The title over a figure: one line that says what the figure shows to be so.

A title names a difference only where it is more than noise (`released/findings.py`); where nothing can be said
it says that.
"""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import Markdown

from helpers.common.markdown_text import literal, trusted
from helpers.common.printing import capital
from helpers.common.vocabulary import NATIONAL
from helpers.released import findings
from helpers.released.own_numbers import GROUPINGS, OwnNumbers
from helpers.released.published import Published
from helpers.reports import sentences


def themes(published: Published, code: str) -> Markdown:
    """Over the themes' means."""
    if code == NATIONAL:
        return title(sentences.national_themes(published))
    return title(findings.themes_headline(OwnNumbers(published, code)))


def split(published: Published, code: str) -> Markdown:
    """Over satisfied and dissatisfied on each theme."""
    return title(findings.split_headline(OwnNumbers(published, code)))


def questions(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Over the distribution of answers to questions that share a scale."""
    o = OwnNumbers(published, code)
    text = findings.questions_headline(o, "", items)
    return title(capital(text.removeprefix(": ")))


def differences(published: Published, code: str) -> Markdown:
    """Over the differences from the others on the whole of the municipality."""
    o = OwnNumbers(published, code)
    return title(
        findings.differences_headline(o, [d for d in o.differences("mean") if d.breakdown == "all"])
    )


def groups(published: Published, code: str, breakdown: str, words: str) -> Markdown:
    """Over overall satisfaction by the categories of a breakdown; `words`: »målgrupperne«."""
    if code == NATIONAL:
        return title(sentences.national_groups(published, breakdown, words))
    return title(findings.groups_headline(OwnNumbers(published, code), breakdown, words))


def regional(published: Published, region: str) -> Markdown:
    """Over the municipalities of a region: how many lie surely and notably over and under the others."""
    codes = {m.code for m in published.municipalities if m.region == region}
    return title(sentences.municipal_spread(published, codes))


def response(published: Published, code: str) -> Markdown:
    """Over the response rates of the groups."""
    o = OwnNumbers(published, code)
    named = [[(label, o.response(b, c)) for c, label in o.categories(b).items()] for b in GROUPINGS]
    shown = [[(label, group) for label, group in groups if group.shown] for groups in named]
    return title(findings.response_groups_headline(shown))


def title(text: str) -> Markdown:
    return trusted(f"::: {{.finding}}\n{literal(text.rstrip('.'))}\n:::")
