"""A municipality's code or name as people write it → the municipality, or the nearest one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz, process

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.params import Municipality, Round
from helpers.received.cells import normalise

CODE_DIGITS = 4
WITH_NAME = re.compile(r"(\d{1,4})[\s_-]+(\D.*)")  # as messages and folders have it
ENDINGS = ("regionskommune", "kommune")
NEAR = 60  # out of 100


def find_municipality(
    text: str, municipalities: Mapping[str, Municipality]
) -> tuple[Municipality | None, Municipality | None]:
    """(the municipality, the nearest one where it is unknown), each None where there is none.

    »0707«, »707«, »Norddjurs«, »Norddjurs Kommune«, »Københavns Kommune« and »Århus« are known.
    """
    word = text.strip()
    if word.isdecimal():
        return municipalities.get(word.zfill(CODE_DIGITS)), None
    by_name = {_key(m.name): m for m in municipalities.values()}
    key = _key(word)
    for ending in ENDINGS:
        if key.endswith(ending) and key != ending:
            key = key.removesuffix(ending)
            break
    found = by_name.get(key) or by_name.get(key.removesuffix("s"))
    if found:
        return found, None
    near = process.extractOne(key, by_name.keys(), scorer=fuzz.ratio, score_cutoff=NEAR)
    return None, by_name[near[0]] if near else None


def _key(name: str) -> str:
    """Letters only, »aa« as å, so that Aarhus and Århus agree."""
    return normalise(name).replace("aa", "å")


def participants_given(round_: Round, given: object, where: str = "--only") -> list[str]:
    """Codes of the participants that a call names, in its order: `0707,825,Læsø`, or a list of such.

    Raises ParameterError, which names the nearest, where one is unknown or takes no part, or none is
    named.
    """
    return codes_given(
        given, round_.participants, round_.municipalities, where, f"takes no part in {round_.id}"
    )


def participant_given(round_: Round, given: object, where: str = "municipality") -> Municipality:
    """The one participant that a call or a notebook's parameter names. Raises as `participants_given`."""
    [code] = participants_given(round_, [given], where)
    return round_.municipalities[code]


def codes_given(
    given: object,
    among: Iterable[Municipality],
    municipalities: Mapping[str, Municipality],
    where: str,
    trouble: str,
) -> list[str]:
    """Codes of those named; `trouble`: what is wrong with one that is not `among` them."""
    words = re.split("[,;]", given) if isinstance(given, str) else list(given)
    words = [w for w in words if not isinstance(w, str) or w.strip()]
    allowed = {m.code: m for m in among}
    problems = []
    codes = []
    for word in words:
        if meant := _octal(word, allowed):
            either = [meant, *filter(None, [municipalities.get(f"{word}".zfill(CODE_DIGITS))])]
            finding = (
                f"{word} without quotes may be {' or '.join(f'{m.code} {m.name}' for m in either)}"
            )
            remedy = f"Put it in quotes, as '{meant.code}'."
            problems.append(Problem(where, finding, "a code in quotes, as '0707'", remedy))
            continue
        found, remedy = _named(word, allowed, municipalities)
        if found is not None and found.code in allowed:
            codes.append(found.code)
            continue
        shown = str(word).strip()
        shown = shown.zfill(CODE_DIGITS) if shown.isdecimal() else shown
        finding = f"{shown} {trouble}" + (f" ({found.name})" if found else "")
        problems.append(Problem(where, finding, "a code or name, as 0707 or Norddjurs", remedy))
    if not words:
        problems.append(
            Problem(where, "names no municipality", "a code or name, as 0707 or Norddjurs")
        )
    if problems:
        raise ParameterError(problems=problems)
    return list(dict.fromkeys(codes))


def _octal(word: object, allowed: Mapping[str, Municipality]) -> Municipality | None:
    """Whose code YAML may have taken for an octal number: 0707 without quotes comes as 455, and 0740 as
    480, which is a code too."""
    is_number = isinstance(word, int) and not isinstance(word, bool) and word > 0
    return allowed.get(f"{word:o}".zfill(CODE_DIGITS)) if is_number else None


def _named(
    word: object, allowed: Mapping[str, Municipality], municipalities: Mapping[str, Municipality]
) -> tuple[Municipality | None, str]:
    """(the municipality, what to do where it is not known or not allowed)."""
    is_number = isinstance(word, int | float) and not isinstance(word, bool)
    text = f"{word:g}" if is_number else str(word).strip()  # 825 and 825.0, as papermill makes them
    if both := WITH_NAME.fullmatch(text):
        found = municipalities.get(both[1].zfill(CODE_DIGITS))
        if found and (
            text == found.folder or find_municipality(both[2], municipalities)[0] == found
        ):
            return found, ""
        return None, f"Does {both[1]} or »{both[2]}« hold? Give one of them."
    found, near = find_municipality(text, municipalities)
    if found is None and near is None and text.isdecimal():
        near = _near_code(text.zfill(CODE_DIGITS), allowed)
    return found, f"Did you mean {near.code} {near.name}?" if near else "Correct it."


def _near_code(code: str, allowed: Mapping[str, Municipality]) -> Municipality | None:
    """The one whose code differs in the fewest digits, two at most, and then by the least number."""
    apart = {c: sum(a != b for a, b in zip(c, code)) for c in allowed if len(code) == CODE_DIGITS}
    near = [c for c in apart if apart[c] <= 2]
    return allowed[min(near, key=lambda c: (apart[c], abs(int(c) - int(code))))] if near else None
