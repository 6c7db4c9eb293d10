"""What is wrong with a value under `params/`, in this project's words.

pydantic finds the faults; none of its sentences is passed on. A fault of a kind that has no sentence
here is told by what its field takes.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import types
import typing
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from helpers.common.errors import Problem
from helpers.parameters.files import Source, Unread, shortened
from helpers.parameters.types import (
    BELOW_LAW,
    CODE_PATTERN,
    EXPECTED,
    FAR_DAY,
    LAWFUL_ANSWERS,
    NO_SUCH_DAY,
    NOT_DAY,
    NOT_NUMBER,
    NOT_WHOLE,
    YEARS,
)

M = TypeVar("M", bound=BaseModel)
CORRECT = "Correct it, then run again."


@dataclass(frozen=True)
class Row:
    """One row of a CSV, as the place of a fault."""

    path: object
    number: int

    def at(self, *loc: object) -> str:
        return f"{self.path}, line {self.number}"

    def text(self, *loc: object) -> None:
        return None


def build(
    model: type[M], content: Mapping[str, object], source: Source | Row, problems: list[Problem]
) -> M | None:
    """The model of `content`; None where it is wrong, and each fault as a problem with its place."""
    try:
        return model.model_validate(content)
    except ValidationError as e:
        problems += validation_problems(e, model, source)
    except RecursionError:
        problems.append(Problem(source.at(), "a text stands for itself (&, *)", remedy=CORRECT))
    return None


def validation_problems(
    error: ValidationError, model: type[BaseModel], source: Source | Row
) -> list[Problem]:
    """Every fault of `error` as a problem: place, what, what is expected, remedy."""
    problems = []
    for fault in error.errors(include_url=False):
        if isinstance(fault["input"], Unread):
            continue  # told when the file was read
        if fault["type"] == "value_error":
            problems += _of_ours(fault, source)
        else:
            problems.append(_of_one(fault, model, source))
    return problems


def _of_ours(fault: Mapping[str, Any], source: Source | Row) -> list[Problem]:
    """Lines of a model's own check, each »key: what; remedy« or »what; remedy«."""
    problems = []
    for line in str(fault["ctx"]["error"]).split("\n"):
        key = re.match(r"[\w.]+(?=: )", line)
        at = (*fault["loc"], *(key[0].split(".") if key else ()))
        where = source.at(*fault["loc"])
        if isinstance(source, Source):
            shown = f", key `{'.'.join(map(str, fault['loc']))}`" if fault["loc"] else ""
            where = f"{source.path}{source.line(*at)}{shown}"
        what, _, remedy = line.partition("; ")
        problems.append(Problem(where, what, remedy=_sentence(remedy) if remedy else CORRECT))
    return problems


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_one(fault: Mapping[str, Any], model: type[BaseModel], source: Source | Row) -> Problem:
    loc, given = fault["loc"], fault["input"]
    written = source.text(*loc)
    what, expected, remedy = sentence(
        fault["type"], given, fault.get("ctx") or {}, annotation(model, loc), written, loc
    )
    if isinstance(source, Row):
        column = str(loc[0]) if loc else ""
        if fault["type"] == "missing":
            what, remedy = "is empty", "Fill it in."
        expected = expected.replace(EXPECTED[CODE_PATTERN], "a municipality's four digits, as 0707")
        what = f"{column} {what}" if column else what
    return Problem(source.at(*loc), what, expected, remedy)


def sentence(
    kind: str,
    given: object,
    limits: Mapping[str, Any],
    kind_of_field: object,
    written: str | None = None,
    loc: Sequence[object] = (),
) -> tuple[str, str, str]:
    """(what, what is expected, remedy) of one fault: pydantic's or our `kind`, the value `given` as it was
    read and as it was `written`, the fault's `limits`, and what the field takes."""
    shown = _shown(given, written)
    if kind == "missing":
        return "is missing", "", "Add it and run again."
    if kind == "extra_forbidden":
        return _unknown_key(loc, kind_of_field)
    if given is None:
        return "is empty", _takes(kind_of_field), "Fill it in, or remove the key."
    if kind in ("string_type", "invalid_key"):
        return _no_text(given, written)
    if kind == "string_pattern_mismatch":
        return _unlike(given, limits.get("pattern", ""))
    if kind in WITHIN:
        limit = next((limits[k] for k in ("ge", "gt", "le", "lt") if k in limits), "")
        return f"is {shown}", WITHIN[kind].format(limit), CORRECT
    if kind in ("too_short", "too_long"):
        return (
            f"has {limits.get('actual_length', 'too few or too many')} items",
            _takes(kind_of_field),
            CORRECT,
        )
    if kind == "literal_error":
        return _no_choice(given, written, limits)
    if kind in OURS:
        what, expected, remedy = OURS[kind]
        return f"{shown} {what}", expected, _remedy_of_number(kind, given, written) or remedy
    return f"{shown} does not fit", _takes(kind_of_field), CORRECT


# kind → what is expected
WITHIN = {
    "greater_than": "more than {}",
    "greater_than_equal": "{} or more",
    "less_than": "less than {}",
    "less_than_equal": "{} at most",
    "string_too_short": "a text",
    "string_too_long": "a shorter text",
}
OURS = {
    NOT_WHOLE: ("is no whole number", "digits only, as 39000", CORRECT),
    NOT_NUMBER: ("is no number", "digits and a decimal point, as 0.25", CORRECT),
    NOT_DAY: ("is no date", "a day as 2024-02-20", "Mend the date."),
    NO_SUCH_DAY: ("is no date: there is no such day", "a day as 2024-02-20", "Mend the date."),
    FAR_DAY: ("is far from now", f"a year from {YEARS[0]} to {YEARS[-1]}", "Mend the year."),
    BELOW_LAW: (
        "is below the law's floor",
        f"{LAWFUL_ANSWERS} or more: a result of fewer answers goes out (GDPR)",
        f"Write {LAWFUL_ANSWERS} or more.",
    ),
    "bool_type": ("is neither true nor false", "true or false", "Write true or false."),
    "bool_parsing": ("is neither true nor false", "true or false", "Write true or false."),
}


def _shown(given: object, written: str | None) -> str:
    if isinstance(given, Mapping):
        return "a group of keys"
    if isinstance(given, str) or not isinstance(given, list | tuple | set | frozenset):
        text = given if isinstance(given, str) else written
        return f"»{shortened(str(given if text is None else text))}«"
    return "a list"


def _unknown_key(loc: Sequence[object], known: object) -> tuple[str, str, str]:
    names = list(getattr(known, "model_fields", {}))
    near = difflib.get_close_matches(str(loc[-1]) if loc else "", names, n=1, cutoff=0.4)
    return "unknown key", "", f"Did you mean »{near[0]}«?" if near else "Remove the key."


def _no_text(given: object, written: str | None) -> tuple[str, str, str]:
    if isinstance(given, list | tuple | set | frozenset | Mapping):
        return f"is {_shown(given, written)}", "one text", CORRECT
    text = str(given) if written is None else written
    if isinstance(given, bool):
        why = f"»{text}« without quotes means {'yes' if given else 'no'} in YAML, and is no text"
    elif isinstance(given, int | float):
        why = f"»{text}« without quotes is a number, and is no text"
        if isinstance(given, int) and re.fullmatch("[0-9]{3}", text):
            return (
                why,
                "a text in quotes",
                f'Put it in quotes: "{text}"; a code has four digits: "0{text}".',
            )
    else:
        why = f"»{shortened(text)}« without quotes is no text"
    return why, "a text in quotes", f'Put it in quotes: "{shortened(text)}".'


def _unlike(given: object, pattern: str) -> tuple[str, str, str]:
    expected = EXPECTED.get(pattern, "a text of another form")
    if not str(given).strip():
        return "is empty", expected, "Fill it in."
    if pattern == CODE_PATTERN and re.fullmatch("[0-9]{3}", str(given)):
        return f"is »{given}«", expected, f'Write "0{given}".'
    unseen = any(unicodedata.category(c) == "Cf" for c in str(given)) or given != str(given).strip()
    what = (
        f"is »{shortened(str(given))}«{' with spaces or signs that are not seen' if unseen else ''}"
    )
    return what, expected, CORRECT


def _no_choice(
    given: object, written: str | None, limits: Mapping[str, Any]
) -> tuple[str, str, str]:
    choices = re.findall(r"'([^']*)'", str(limits.get("expected", "")))
    near = difflib.get_close_matches(str(given), choices, n=1)
    remedy = f"Did you mean »{near[0]}«?" if near else CORRECT
    return f"{_shown(given, written)} is not known here", f"one of {', '.join(choices)}", remedy


def _remedy_of_number(kind: str, given: object, written: str | None) -> str:
    text = (written or str(given)).strip()
    if kind == NOT_NUMBER and re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"Write a decimal point: {text.replace(',', '.')}."
    if kind == NOT_WHOLE and re.fullmatch(r"\d{1,3}([., ]\d{3})+", text):
        return f"Write {re.sub('[., ]', '', text)}: a point is a decimal point here."
    if kind == NOT_DAY and (day := _day_meant(text)):
        return f"Write {day}."
    return ""


def _day_meant(text: str) -> dt.date | None:
    """20-02-2024, 2024-2-20 and 20240220 are the 20th of February; None where it is no such form or day."""
    backwards = re.fullmatch(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", text)
    forwards = re.fullmatch(r"(\d{4})[-./]?(\d{1,2})[-./]?(\d{1,2})", text)
    parts = backwards.groups()[::-1] if backwards else forwards.groups() if forwards else ()
    try:
        return dt.date(*map(int, parts)) if parts else None
    except ValueError:
        return None


# ----------------------------------------------------------------------------- what a field takes


def annotation(model: type[BaseModel], loc: Sequence[object]) -> object:
    """What stands at `loc` of the model; of an unknown key, the model that it stands in."""
    here: object = model
    for part in loc:
        if part == "[key]":
            continue
        here = _plain(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            if str(part) not in here.model_fields:
                return here
            here = here.model_fields[str(part)].annotation
        else:
            inner = [a for a in typing.get_args(here) if a is not Ellipsis]
            here = inner[-1] if inner else None
    return _plain(here)


def _plain(kind: object) -> object:
    """Without Annotated, and without the None of what may be left out."""
    while True:
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            kind = typing.get_args(kind)[0]
        elif origin in (typing.Union, types.UnionType):
            kind = next((a for a in typing.get_args(kind) if a is not type(None)), None)
        else:
            return kind


def _takes(kind: object) -> str:
    """»a whole number«, »a list, as [a, b]«, »the keys start, end«."""
    kind = _plain(kind)
    origin = typing.get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"the keys {', '.join(kind.model_fields)}"
    if origin is tuple:
        inner = typing.get_args(kind)
        if Ellipsis not in inner:
            return f"{len(inner)} items, as [a, b]"
        return "a list, as [a, b] or a line `- a` each"
    if origin is dict:
        return "`key: value` lines"
    if origin is Literal:
        return f"one of {', '.join(map(str, typing.get_args(kind)))}"
    names = {
        int: "a whole number",
        float: "a number, as 0.25",
        bool: "true or false",
        str: "a text",
    }
    return names.get(
        kind, "a day as 2024-02-20" if getattr(kind, "__name__", "") == "date" else "a value"
    )
