"""A municipality's code or name as people write it → the municipality, or the nearest one."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz, process

from helpers.cells import normalise
from helpers.params import Municipality

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
        return municipalities.get(word.zfill(4)), None
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
