"""How the answers are distributed: a figure for each scale of the questionnaire, with its heading, its
finding and its numbers. Which scales there are, and which questions stand together, the questionnaire says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from IPython.display import Markdown, display

from helpers.common.markdown_text import heading, prose
from helpers.common.printing import capital, slug
from helpers.common.vocabulary import DOCUMENT_CELL as CELL
from helpers.parameters.questionnaires import Question
from helpers.parameters.scales import Scale
from helpers.released.captions import listed
from helpers.released.published import Published
from helpers.reports import charts, downloads, titles

Part = tuple[Any, dict[str, Any]]  # what is displayed, and its metadata


def show_overall(published: Published, code: str) -> None:
    """The answers to the questions of overall satisfaction."""
    for questions in _by_scale(published, overall=True):
        _show(_figure(published, code, questions, f"fig-{slug(published.overall)}"))


def show_others(published: Published, code: str, level: int = 2) -> None:
    """The answers to all other questions, a section a scale."""
    for questions in _by_scale(published, overall=False):
        about = heading(_about(published, questions), level)
        _show([(about, {CELL: {"cell_type": "markdown"}})])
        _show(_figure(published, code, questions, f"fig-{slug(questions[0].scale)}"))


def _show(parts: Sequence[Part]) -> None:
    for shown, metadata in parts:
        display(shown, metadata=metadata)


def _by_scale(published: Published, *, overall: bool) -> Iterator[list[Question]]:
    chosen = [
        q for q in published.round.questionnaire.scaled if (q.theme == published.overall) == overall
    ]
    for scale in dict.fromkeys(q.scale for q in chosen):
        yield [q for q in chosen if q.scale == scale]


def _about(published: Published, questions: Sequence[Question]) -> str:
    """Their themes; where other questions of these themes are on another scale, the questions too."""
    labels, themes = published.round.item_labels(), dict.fromkeys(q.theme for q in questions)
    scale = questions[0].scale
    parts = any(
        q.theme in themes and q.scale != scale for q in published.round.questionnaire.scaled
    )
    named = listed([labels[t] for t in themes])
    return f"{named}: {listed([labels[q.id] for q in questions])}" if parts else named


def _figure(
    published: Published, code: str, questions: Sequence[Question], label: str
) -> list[Part]:
    """What was asked, the finding, the figure and its numbers."""
    items = [q.id for q in questions]
    scale = published.round.scale(questions[0].scale)
    least, most = (scale.labels[k].lower() for k in (1, scale.measure.points))
    caption = {
        "label": label,
        "fig-cap": f"Fordelingen af svar: {_about(published, questions)}, procent.",
        "fig-alt": f"Stablede vandrette søjler med fordelingen fra {least} til {most} for hvert spørgsmål",
    }
    return [
        (_asked(questions, scale), {CELL: {"cell_type": "markdown"}}),
        (titles.questions(published, code, items), {CELL: {}}),
        (charts.likert(published, code, items), {CELL: caption}),
        (downloads.results(published, code, items, downloads.ANSWERS), {CELL: {}}),
    ]


def _asked(questions: Sequence[Question], scale: Scale) -> Markdown:
    """The one question, or the words above all of them, or how they are answered."""
    headings = {q.heading for q in questions}
    if len(questions) == 1:
        return prose(f"»{questions[0].heading} {questions[0].wording}«".replace("» ", "»"))
    if len(headings) == 1 and "" not in headings:
        return prose(f"»{headings.pop()}«")
    least, most = scale.labels[1], scale.labels[scale.measure.points]
    return prose(capital(f"spørgsmålene besvares fra »{least}« til »{most}«."))
