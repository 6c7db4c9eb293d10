"""How much room a text message takes: the 7-bit alphabet of GSM, its extension, and its limit.

Tables: 3GPP TS 23.038 (formerly GSM 03.38), section 6.2.1 (default alphabet) and 6.2.1.1 (extension
table). A text message holds 140 octets, that is 160 septets (3GPP TS 23.040, section 9.2.3.24.1).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

SEPTETS_MAX = 160
ESCAPE = "\x1b"  # code 0x1B: the next septet is one of the extension table

# code 0x00 … 0x7F in their order, sixteen a line; 0x1B is the escape
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
# what word processors put in place of what was typed, and what to write instead
REPLACEMENTS = {
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'",
    "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "•": "-", "\u00a0": " ", "\u202f": " ",
    "\u2009": " ", "\t": " ", "\u00ad": "", "\u200b": "", "ç": "c", "½": "1/2", "×": "x",
}  # fmt: skip

_BASIC = frozenset(BASIC) - {ESCAPE}


@dataclass(frozen=True)
class Refused:
    """A character that the alphabet does not have, where it first stands (from 1), and what to write
    instead; None where nothing is near."""

    character: str
    place: int
    instead: str | None

    def __str__(self) -> str:
        code = f"U+{ord(self.character):04X}"
        name = unicodedata.name(self.character, "control character").lower()
        shown = f"»{self.character}« " if self.character.isprintable() else ""
        if self.instead is None:
            remedy = "leave it out"
        else:
            remedy = f"write »{self.instead}«" if self.instead else "delete it"
        return f"{shown}({code}, {name}) at place {self.place}: {remedy}"


def septets(text: str) -> int:
    """Septets that a text takes: 1 a character of the basic set (æøåÆØÅ and é are in it), 2 one of
    the extension (€ [ ] { } ~ ^ \\ | and form feed). Raises ValueError where one is in neither."""
    count = 0
    for character in text:
        if character in _BASIC:
            count += 1
        elif character in EXTENSION:
            count += 2
        else:
            raise ValueError(f"U+{ord(character):04X} is not in the GSM 7-bit alphabet")
    return count


def refused(text: str) -> list[Refused]:
    """Each character of the text that the alphabet does not have, once, in order."""
    found: dict[str, Refused] = {}
    for place, character in enumerate(text, start=1):
        if character not in _BASIC and character not in EXTENSION and character not in found:
            found[character] = Refused(character, place, _instead(character))
    return list(found.values())


def _instead(character: str) -> str | None:
    """The replacement: what it stands for, or the letter without its accent (ê → e)."""
    if character in REPLACEMENTS:
        return REPLACEMENTS[character]
    bare = "".join(c for c in unicodedata.normalize("NFKD", character) if c in _BASIC)
    return bare or None
