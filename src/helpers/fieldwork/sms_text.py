"""The text of the reminder by SMS: filled in for a municipality, and checked before it is used."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping

from helpers.common.errors import ParameterError, Problem
from helpers.common.labels import hint
from helpers.fieldwork import gsm7
from helpers.parameters.params import Round

PLACEHOLDERS = ("kommune", "hotline")  # nothing about the citizen, and no link


def sms_texts(round_: Round, codes: Iterable[str]) -> Mapping[str, str]:
    """Code → text. All municipalities' texts are checked; those of one trouble are told together.

    Raises ParameterError where a placeholder is unknown or has nothing to stand for it, where the text
    holds a link, where a character is not in the GSM 7-bit alphabet, and where a text is longer than
    160 septets.
    """
    where = f"params/rounds/{round_.id}.yml, key `messages.sms`"
    template = round_.settings.messages.sms
    problems = _of_template(where, template, round_)
    if problems:
        raise ParameterError(problems=problems)
    texts = {code: _filled(template, round_, code) for code in codes}
    found: dict[str, Problem] = {}
    for text in texts.values():
        for character in gsm7.refused(text):
            found.setdefault(
                character.character,
                Problem(where, f"a character that a text message does not have, {character}"),
            )
    if found:
        raise ParameterError(problems=found.values())
    lengths = {code: gsm7.septets(text) for code, text in texts.items()}
    long = {code: n for code, n in lengths.items() if n > gsm7.SEPTETS_MAX}
    if long:
        worst = max(long, key=lambda code: long[code])
        raise ParameterError(
            where,
            f"is too long for {len(long)} municipalities; {long[worst]} characters for "
            f"{round_.municipalities[worst].official_name}",
            f"at most {gsm7.SEPTETS_MAX}, where € [ ] {{ }} ~ ^ \\ | count two",
            f"Make it {long[worst] - gsm7.SEPTETS_MAX} shorter.",
        )
    return texts


def _of_template(where: str, template: str, round_: Round) -> list[Problem]:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError:
        remedy = "Write {{ and }} for the characters themselves."
        return [Problem(where, "a { or } stands alone", "placeholders as {kommune}", remedy)]
    problems = [
        Problem(
            where,
            f"has the unknown placeholder »{{{name}}}«",
            " or ".join(f"{{{p}}}" for p in PLACEHOLDERS),
            hint(name, PLACEHOLDERS),
        )
        for name in dict.fromkeys(names)
        if name not in PLACEHOLDERS
    ]
    if "hotline" in names and not round_.settings.letters.hotline:
        what, remedy = (
            "has {hotline}, and the round has no hotline",
            "Add it, or take the placeholder out.",
        )
        problems.append(Problem(where, what, "the key `letters.hotline`", remedy))
    lowered = template.lower()
    if any(sign in lowered for sign in ("http:", "https:", "www.")):
        problems.append(
            Problem(
                where,
                "holds a link",
                "a text that points to the letter in Digital Post",
                "Take the link out: citizens are told not to follow links in text messages.",
            )
        )
    return problems


def _filled(template: str, round_: Round, code: str) -> str:
    place = round_.municipalities[code].official_name
    text = template.format(kommune=place, hotline=round_.settings.letters.hotline or "")
    return " ".join(text.split())
