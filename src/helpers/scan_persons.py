"""The persons of the vault: their names and numbers, wherever a text holds them.

- **Name**: the whole name of two words or more, upper or lower case, also in the genitive, over line
  breaks.
- **Number**: wherever it stands apart, valid or not, however grouped.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from helpers.scan_patterns import CPR, DASH, GAP, PHONE, Span, is_compact_date, only_digits
from helpers.scan_text import TEXT, clean

NAME = "name from the vault"
_NUMBER_RUN = re.compile(
    rf"(?<![^\W_])(?<![0-9]\.)\+?[0-9](?:(?:{GAP}|{DASH})?[0-9]){{7,15}}(?![^\W_]|\.[0-9])"
)
_LETTERS = r"[^\W\d_](?<![^\W\d_]{2})[^\W\d_]*+"  # begins where a word begins: linear time
_WORD = re.compile(rf"{_LETTERS}(?:['’.\-‐‑]{_LETTERS})*+")
_PHRASE = re.compile(rf"{_WORD.pattern}(?:\.?\s+{_WORD.pattern})++")
_WORD_PAIR = re.compile(r"\s(?:(?<=[^\W\d_]\s)|(?<=\w\.\s))\s*[^\W\d_]")


class Persons:
    """Names and numbers ready for look-up, among hundreds of thousands as among ten."""

    def __init__(self, names: Iterable[str], numbers: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for name in set(names):
            words = _words(clean(str(name)))
            if len(words) > 1:
                self._names.add(" ".join(w for w, _, _ in words))
                self._lengths[words[0][0]].add(len(words))
        self._phrases: dict[str, tuple[tuple[int, int], ...]] = {}
        self._cpr: set[str] = set()
        self._phones: set[str] = set()
        for number in set(numbers):
            digits = only_digits(str(number))
            if len(digits) in (9, 10) and not str(number).startswith("+"):
                self._cpr.add(digits.zfill(10))
            elif len(digits) >= 8:
                self._phones.add(digits[-8:])

    def numbers_in(self, text: str, trust: str, start: int, end: int) -> Iterator[Span]:
        """CPR numbers as any stretch of a row of digit groups, telephone numbers as a whole row."""
        if not self._cpr and not self._phones:
            return
        for m in _NUMBER_RUN.finditer(text, start, end):
            groups = [g.span() for g in re.finditer("[0-9]+", m[0])]
            digits = only_digits(m[0])
            if trust == TEXT and digits[-8:] in self._phones and not is_compact_date(digits[-8:]):
                ahead = digits[:-8]
                if ahead in ("", "0045") or (ahead == "45" and m[0][0] == "+"):
                    yield *m.span(), PHONE
                    continue
            for i, (first, _) in enumerate(groups):
                part = ""
                for start_of_group, last in groups[i:]:
                    part += m[0][start_of_group:last]
                    if len(part) > 10:
                        break
                    if len(part) > 8 and part.zfill(10) in self._cpr:
                        yield m.start() + first, m.start() + last, CPR

    def names_in(self, text: str) -> Iterator[Span]:
        if not self._names or not _WORD_PAIR.search(text):
            return
        for m in _PHRASE.finditer(text):
            phrase = m[0]
            found = self._phrases.get(phrase)
            if found is None:
                found = self._phrases[phrase] = tuple(self._names_of(phrase))
            for start, end in found:
                yield m.start() + start, m.start() + end, NAME

    def _names_of(self, phrase: str) -> Iterator[tuple[int, int]]:
        words = _words(phrase)
        after = 0
        for i, (first, start, _) in enumerate(words):
            for length in sorted(self._lengths.get(first, ()), reverse=True):
                if i < after or i + length > len(words):
                    continue
                *head, last = (w for w, _, _ in words[i : i + length])
                key = " ".join(head)
                if any(f"{key} {form}" in self._names for form in _forms(last)):
                    yield start, words[i + length - 1][2]
                    after = i + length


def _words(text: str) -> list[tuple[str, int, int]]:
    return [
        (re.sub("[‐‑]", "-", m[0].replace("’", "'")).casefold(), *m.span())
        for m in _WORD.finditer(text)
    ]


def _forms(last: str) -> set[str]:
    """A last word as it is and without the genitive's s."""
    return {last, last.removesuffix("s").removesuffix("'")}
