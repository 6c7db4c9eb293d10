"""The national report's appendix: the long tables, for those who look a number up."""

from __future__ import annotations

from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import markdown_table
from helpers.common.vocabulary import NATIONAL
from helpers.released.published import Published
from helpers.reports.tables import mean, with_note


def municipal_themes(published: Published) -> Markdown:
    """A row a municipality with results, in the order of their names: the themes' means."""
    labels, themes = published.round.item_labels(), published.theme_items
    places = sorted(published.municipalities, key=lambda m: printing.danish_sort_key(m.name))
    rows = [[m.name, *(mean(published.number(m.code, t)) for t in themes)] for m in places]
    rows.append(["Alle", *(mean(published.number(NATIONAL, t)) for t in themes)])
    return with_note(published, markdown_table(["Kommune", *(labels[t] for t in themes)], rows))


def questions_by_group(published: Published, breakdown: str) -> Markdown:
    """A row a question: its mean in each group of the country."""
    labels, groups = published.round.item_labels(), published.round.category_labels()[breakdown]
    rows = [
        [
            labels[q],
            *(mean(published.number(NATIONAL, q, breakdown=breakdown, category=c)) for c in groups),
        ]
        for q in published.question_items
    ]
    return with_note(published, markdown_table(["Spørgsmål", *groups.values()], rows))
