"""What is asked: questions, themes and scales in common, and what one municipality asks and groups by besides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from helpers.common.labels import heading_key
from helpers.parameters.round_settings import Model
from helpers.parameters.scales import scale_troubles
from helpers.parameters.types import (
    QUESTION_PATTERN,
    Code,
    Id,
    Whole,
    Words,
)

MAX_LOCAL_QUESTIONS = 3  # the agreement with the municipalities (KL)
FREE_TEXT = "fritekst"
TEXT_COLUMN = re.compile(r"q[0-9]{2}_text")  # a free text's column in the survey tool's export
OVERALL = "samlet"  # the overall satisfaction, where no theme says that it is


class Question(Model):
    """One question; wording, order, scale and theme stand in one line of one CSV."""

    id: Annotated[str, Field(pattern=QUESTION_PATTERN)]
    order: Whole
    theme: str = ""
    scale: Words
    short: Words
    heading: str = ""
    wording: Words

    @property
    def is_scaled(self) -> bool:
        return self.scale != FREE_TEXT

    @property
    def column(self) -> str:
        """Its column in the survey tool's export."""
        return self.id if self.is_scaled else f"{self.id}_text"


def text_columns(names: Iterable[str]) -> list[str]:
    """The columns of free text among those of an answer table."""
    return [c for c in names if TEXT_COLUMN.fullmatch(c)]


class Theme(Model):
    """`role`: `overall` of the theme that every report begins with."""

    id: Id
    order: Whole
    label: Words
    role: Literal["", "overall"] = ""


class ScaleLabel(Model):
    """One answer of a common scale; `kind`: where the middle answer is not the only neutral one."""

    scale: Id
    value: Whole
    label: Words
    kind: Literal["", "dissatisfied", "neutral", "satisfied"] = ""


class LocalQuestion(Model):
    id: Literal["lokal1", "lokal2", "lokal3"]
    short: Words
    scale: Words
    wording: Words


class LocalBackground(Model):
    """A background variable that only one municipality's extract has."""

    id: Id
    column: Words
    label: Words
    categories: dict[Words, Words]  # id → text in the extract, also the printed label


class LocalFile(Model):
    """One municipality's own questions, the scales of its own that they use, and its own groups."""

    municipality: Code
    questions: tuple[LocalQuestion, ...] = ()
    scales: dict[Id, dict[Whole, str]] = Field(default_factory=dict)  # as `Questionnaire.scales`
    background: tuple[LocalBackground, ...] = ()

    @model_validator(mode="after")
    def _few(self) -> LocalFile:
        troubles = []
        if len(self.questions) > MAX_LOCAL_QUESTIONS:
            troubles.append(
                f"questions: {len(self.questions)} local questions, at most {MAX_LOCAL_QUESTIONS}; "
                "remove the rest"
            )
        if len({q.id for q in self.questions}) < len(self.questions):
            troubles.append("questions: an id is used twice; number them lokal1, lokal2, lokal3")
        if len({b.id for b in self.background}) < len(self.background):
            troubles.append("background: an id is used twice; give each variable its own")
        for name, labels in self.scales.items():
            troubles += [f"scales.{name}: {t}" for t in scale_troubles(labels)]
        headings = Counter(heading_key(b.column) for b in self.background)
        troubles += [
            f"background: the column »{heading}« is named for two variables; correct one"
            for heading, count in headings.items()
            if count > 1
        ]
        troubles += [
            f"background: »{b.id}« has no categories; name them"
            for b in self.background
            if not b.categories
        ]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self


class Questionnaire(Model):
    id: str
    questions: tuple[Question, ...]
    themes: tuple[Theme, ...]
    scales: dict[str, dict[Whole, str]]  # scale → value → label, *ved ikke* last
    kinds: dict[str, dict[Whole, str]] = Field(default_factory=dict)  # of scales that tell theirs

    @property
    def scaled(self) -> tuple[Question, ...]:
        """The questions with a scale, in order (q01 … q13)."""
        return tuple(q for q in self.questions if q.is_scaled)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The export's columns of free text, in the questions' order (q14_text, q15_text)."""
        return tuple(q.column for q in self.questions if not q.is_scaled)

    @property
    def overall(self) -> str:
        """The theme of overall satisfaction."""
        return next((t.id for t in self.themes if t.role == "overall"), OVERALL)

    def scales_asked(self, local: LocalFile | None = None) -> dict[str, dict[int, str]]:
        """Scale → value 1–6 → label, of the scales of these questions and of `local` ones."""
        asked = {q.scale for q in (*self.questions, *(local.questions if local else ()))}
        known = self.scales | (local.scales if local else {})
        return {name: labels for name, labels in known.items() if name in asked}

    def theme_questions(self, theme_id: str) -> tuple[Question, ...]:
        return tuple(q for q in self.scaled if q.theme == theme_id)
