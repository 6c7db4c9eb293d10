"""Whose file an extract says it is: another municipality's name in the file's name, its sheet or its
title rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from helpers.common.printing import slug
from helpers.common.quoting import redacted_file_name, redacted_name
from helpers.parameters.params import Municipality

# names that are Danish words too count only beside »kommune«
COMMON_WORDS = {"Greve", "Lejre", "Odder", "Skive", "Struer", "Vejen"}
_CODE = re.compile(r"kommune(?:kode|nr|nummer)?-+(?:nr-)?0?(\d{3})(?:-|$)")
_YEAR = re.compile(r"(?:19|20)\d\d")


def other_name(
    file: str, around: Sequence[str], code: str, municipalities: Mapping[str, Municipality]
) -> tuple[str, Municipality] | None:
    """(text, municipality) where the file's name, or the texts `around` its persons, name another
    municipality and not `code`'s own.

    `file`: the file's name, or several with » / « between, which begin with a code. A name behind a
    postcode is an address.
    """
    own_name = re.sub(r"(?:^|(?<=/ ))\d{4}", "", file.rsplit(".", 1)[0])
    for texts, shown in (((own_name,), file), (around, "")):
        found = [(text, named) for text in texts for named in _named(text, municipalities)]
        if found and all(named.code != code for _, named in found):
            text, named = found[0]
            return redacted_file_name(shown) if shown else redacted_name(text), named
    return None


def _named(text: str, municipalities: Mapping[str, Municipality]) -> list[Municipality]:
    words = slug(text)
    named = [place for place in municipalities.values() if _names(words, place)]
    codes = {f"0{digits}" for digits in _CODE.findall(words)}
    return named + [municipalities[c] for c in sorted(codes & municipalities.keys())]


def _names(words: str, place: Municipality) -> bool:
    """Whether the words, as `slug` gives them, hold the municipality's name as words of their own."""
    own = rf"(?:(?P<before>\d{{4}})-)?(?:^|(?<=-)){slug(place.name)}s?(?=-|$)"
    for found in re.finditer(own, words):
        rest = words[found.end() :]
        adjacent = rest.startswith(("-kommune", "-regionskommune")) or words[
            : found.start()
        ].endswith("kommune-")
        postcode = found["before"] and not _YEAR.fullmatch(found["before"])
        alone = words == slug(place.name)
        if not postcode and (adjacent or alone or place.name not in COMMON_WORDS):
            return True
    return False
