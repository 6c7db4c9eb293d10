"""The frame round the questions (`params/questionnaires/frame.yml`): what citizens read before and after
them, and how a question's wording follows an earlier answer."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.params import Questionnaire, read_parameters
from helpers.parameters.round_settings import Model
from helpers.parameters.types import Whole, Words

FRAME = "params/questionnaires/frame.yml"
FILLED_IN = ("kommune", "svarfrist")


class Piped(Model):
    """One question whose `placeholder` is replaced by the answer to `depends_on`; it is asked of those
    alone whose answer has a text."""

    question: str
    placeholder: Words
    depends_on: str
    text_by_answer: dict[Annotated[Whole, Field(ge=1, le=6)], Words]


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
                troubles += [f"{name}: {t}" for t in _trouble_with_places(text)]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self

    def rule_for(self, question_id: str) -> Piped | None:
        return next((p for p in self.piped if p.question == question_id), None)


def _trouble_with_places(text: str) -> list[str]:
    allowed = " or ".join(f"{{{n}}}" for n in FILLED_IN)
    try:
        found = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return [f"»{text}« has a brace that is not closed; write {allowed}, or no braces"]
    return [
        f"{{{n}}} is filled in by nothing; write {allowed}" for n in found if n not in FILLED_IN
    ]


def load_frame(root: Path, questionnaire: Questionnaire) -> Frame:
    """The frame, checked beside the questions. Raises ParameterError with every trouble."""
    path = root / FRAME
    frame = read_parameters(path, Frame)
    order = {q.id: q for q in questionnaire.questions}
    problems = []
    for i, rule in enumerate(frame.piped):
        where = f"{path}, key `piped.{i}`"
        asked, before = order.get(rule.question), order.get(rule.depends_on)
        if asked is None or before is None:
            unknown = rule.question if asked is None else rule.depends_on
            remedy = f"There are: {', '.join(order)}."
            problems.append(Problem(where, f"unknown question »{unknown}«", remedy=remedy))
            continue
        if rule.placeholder not in asked.wording:
            problems.append(
                Problem(
                    where,
                    f"»{rule.placeholder}« does not stand in the wording of {rule.question}",
                    "the placeholder as the questionnaire has it",
                    "Correct it, or take the rule out.",
                )
            )
        if not before.is_scaled or before.order >= asked.order:
            problems.append(
                Problem(
                    where,
                    f"{rule.depends_on} is no question with answers before {rule.question}",
                    "an earlier question with a scale",
                    "Correct it.",
                )
            )
    if problems:
        raise ParameterError(problems=problems)
    return frame
