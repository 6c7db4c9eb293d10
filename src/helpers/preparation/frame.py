"""The frame round the questions (`params/questionnaires/frame.yml`): what citizens read before and after
them, and how a question's wording follows an earlier answer."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.params import Questionnaire, read_parameters
from helpers.parameters.questionnaires import Question
from helpers.parameters.round_settings import Model
from helpers.parameters.scales import KINDS
from helpers.parameters.types import Whole, Words

FRAME = "params/questionnaires/frame.yml"
FILLED_IN = ("kommune", "svarfrist")
PLACEHOLDER = re.compile(r"\[[^\]/]*/[^\]]*\]")  # »[tilfreds/utilfreds]«


class Piped(Model):
    """A free text with this `placeholder` in its wording is asked of those who answered the question of
    overall satisfaction before it, with the text for the kind of their answer."""

    placeholder: Words
    text_by_kind: dict[Literal["dissatisfied", "neutral", "satisfied"], Words]

    @model_validator(mode="after")
    def _all_kinds(self) -> Piped:
        if missing := [k for k in KINDS if k not in self.text_by_kind]:
            raise ValueError(f"text_by_kind: {', '.join(missing)} has no text; write it")
        return self


class Frame(Model):
    title: Words
    municipality_in_common: Words
    intro: tuple[Words, ...]
    local_heading: Words
    free_text_note: Words
    outro: tuple[Words, ...]
    text_max_characters: Annotated[Whole, Field(ge=1)]
    piped: tuple[Piped, ...] = ()

    @model_validator(mode="after")
    def _known_places(self) -> Frame:
        troubles = []
        for name in ("title", "intro", "local_heading", "free_text_note", "outro"):
            value = getattr(self, name)
            for text in (value,) if isinstance(value, str) else value:
                troubles += [f"{name}: {t}" for t in _placeholder_problem(text)]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self

    def rule_for(self, question: Question) -> Piped | None:
        return next((p for p in self.piped if p.placeholder in question.wording), None)


def _placeholder_problem(text: str) -> list[str]:
    allowed = " or ".join(f"{{{n}}}" for n in FILLED_IN)
    try:
        found = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return [f"»{text}« has a brace that is not closed; write {allowed}, or no braces"]
    return [
        f"{{{n}}} is filled in by nothing; write {allowed}" for n in found if n not in FILLED_IN
    ]


def piped_from(question: Question, questionnaire: Questionnaire) -> Question | None:
    """The latest question of overall satisfaction before this one."""
    overall = questionnaire.theme_questions(questionnaire.overall)
    return next((q for q in reversed(overall) if q.order < question.order), None)


def load_frame(root: Path, questionnaire: Questionnaire) -> Frame:
    """The frame, checked beside the questions. Raises ParameterError with every trouble."""
    path = root / FRAME
    frame = read_parameters(path, Frame)
    problems = [
        Problem(
            f"{root / 'params/questionnaires' / questionnaire.id}.csv, question {q.id}",
            finding,
            "a free text behind the question of overall satisfaction, with a placeholder of frame.yml",
            f"Move it, or write its wording without »{found}«, or add {found} to `piped` of {path}.",
        )
        for q in questionnaire.questions
        for found, finding in _piped_troubles(q, frame, questionnaire)
    ]
    if problems:
        raise ParameterError(problems=problems)
    return frame


def _piped_troubles(
    question: Question, frame: Frame, questionnaire: Questionnaire
) -> list[tuple[str, str]]:
    """(placeholder, what is wrong with it) of those in a question's wording."""
    troubles = []
    for found in PLACEHOLDER.findall(question.wording):
        if found not in {p.placeholder for p in frame.piped}:
            troubles.append((found, f"»{found}« is filled in by nothing"))
        elif question.is_scaled:
            troubles.append((found, f"has »{found}«, but is no free text"))
        elif piped_from(question, questionnaire) is None:
            troubles.append(
                (found, f"has »{found}«, but no question of overall satisfaction before it")
            )
    return troubles
