"""What a municipality has asked on its own account: local questions, local groups, and their test.

A round's local files differ from municipality to municipality, and most have none: each function gives
None then, and the notebook's cell leaves no trace in the report.
"""

from __future__ import annotations

from itertools import combinations

from IPython.display import Markdown
from matplotlib.figure import Figure

from helpers.common import printing
from helpers.common.markdown_text import markdown_table, prose, together
from helpers.released.captions import listed
from helpers.released.findings import counted, local_headline
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published
from helpers.reports import charts, downloads, titles
from helpers.reports.tables import answers_of, group_rows, questions, with_note


def introduction(published: Published, code: str) -> Markdown:
    """What there is of local questions and groups, or that there is none."""
    o = OwnNumbers(published, code)
    if not o.local_questions and not o.local_breakdowns:
        return prose("Kommunen har ingen lokale spørgsmål eller lokale grupper i denne runde.")
    parts = []
    if count := len(o.local_questions):
        noun = "lokalt spørgsmål" if count == 1 else "lokale spørgsmål"
        parts.append(f"stillet {counted(count)} {noun}")
    if o.local_breakdowns:
        named = listed([f"»{o.breakdown_label(b)}«" for b in o.local_breakdowns])
        parts.append(f"inddelt borgerne efter {named}")
    return prose(
        f"Kommunen har {' og '.join(parts)}. Det gælder den alene, så der er intet at sammenligne med."
    )


def questions_title(published: Published, code: str) -> Markdown | None:
    """The finding over the local questions' figure."""
    asked = published.round.local_for(code).questions
    return titles.questions(published, code, [q.id for q in asked]) if asked else None


def questions_figure(published: Published, code: str) -> Figure | None:
    """The answers to the local questions; as satisfied, neutral and dissatisfied where their scales
    have different words."""
    asked = published.round.local_for(code).questions
    if not asked:
        return None
    draw = charts.likert if len({q.scale for q in asked}) == 1 else charts.split
    return draw(published, code, [q.id for q in asked])


def questions_table(published: Published, code: str) -> Markdown | None:
    """The local questions' means, distribution and answers; where they have different scales, and the
    figure therefore no labels, each one's labels too."""
    asked = published.round.local_for(code).questions
    if not asked:
        return None
    means = questions(published, code, [q.id for q in asked])
    if len({q.scale for q in asked}) == 1:
        return means
    labels = [f"{q.short}: {answers_of(published.round, code, q.scale)}" for q in asked]
    return together(means, f"Svarmuligheder, fra 1 og op: {'. '.join(labels)}.")


def questions_download(published: Published, code: str) -> Markdown | None:
    """The numbers of the local questions' figure."""
    asked = [q.id for q in published.round.local_for(code).questions]
    return downloads.results(published, code, asked, downloads.ANSWERS) if asked else None


def groups_title(published: Published, code: str) -> Markdown | None:
    """The finding over the local groups' figure, of each grouping."""
    o = OwnNumbers(published, code)
    found = [local_headline(o, b) for b in o.local_breakdowns]
    return titles.title(". ".join(found)) if found else None


def groups_download(published: Published, code: str) -> Markdown | None:
    """The numbers of the local groups' figure, a file a grouping."""
    links = [
        downloads.results(published, code, [published.overall], breakdown=b)
        for b in OwnNumbers(published, code).local_breakdowns
    ]
    return together(*links) if links else None


def groups_figure(published: Published, code: str, item: str | None = None) -> Figure | None:
    """The mean of one item in every local group."""
    rows = _groups(published, code)
    return (
        charts.means_of_groups(published, code, rows, item or published.overall) if rows else None
    )


def groups_table(published: Published, code: str) -> Markdown | None:
    """The themes' means by local group."""
    rows = _groups(published, code)
    return group_rows(published, code, "Lokal gruppe", rows) if rows else None


def differences_table(published: Published, code: str) -> Markdown | None:
    """Each pair of local groups: the first one's mean less the second's on themes and local questions,
    with interval, p value (corrected for all pairs of the municipality, `estimation/comparisons.py`) and the
    verdict."""
    file, labels = published.round.local_for(code), published.round.item_labels(code)
    items = [*published.theme_items, *(q.id for q in file.questions)]
    pairs = [(g, *two) for g in file.background for two in combinations(g.categories, 2)]
    rows = [
        [
            f"{g.categories[a]} – {g.categories[b]}",
            labels[item],
            *_difference(published, code, f"local:{g.id}", a, b, item),
        ]
        for g, a, b in pairs
        for item in items
    ]
    if not rows:
        return None
    headings = ["Grupper", "Tema eller spørgsmål", "Forskel (95 %)", "p-værdi", "Vurdering"]
    return with_note(published, markdown_table(headings, rows, left=2))


def _groups(published: Published, code: str) -> list[tuple[str, str, str]]:
    """Label, breakdown and category of every local group."""
    backgrounds = published.round.local_for(code).background
    return [
        (f"{b.label}: {label}" if len(backgrounds) > 1 else label, f"local:{b.id}", category)
        for b in backgrounds
        for category, label in b.categories.items()
    ]


def _difference(
    published: Published, code: str, breakdown: str, a: str, b: str, item: str
) -> list[str]:
    """Difference a − b with interval, p value and verdict, or why there is none."""
    d = published.between(code, item, breakdown, a, b)
    if not d.shown:
        return [d.mark] * 3
    low, high = printing.signed(d.low, 2), printing.signed(d.high, 2)
    p = d.said if d.p is None else printing.p_value(d.p)
    return [f"{printing.signed(d.value, 2)} ({low} til {high})", p, d.said]
