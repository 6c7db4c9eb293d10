"""The persons of the vault: their names and numbers, wherever a text holds them.

- **Name**: the whole name of two words or more, upper or lower case, also in the genitive, over line
  breaks, with points or `_` between (emil.pedersen), the last names first behind a comma
  (Pedersen, Emil), and shared out to two or three cells beside each other, in either order.
- **Number**: wherever it stands apart, valid or not, however grouped; a CPR number also with its six
  and four digits in two cells.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from helpers.common.patterns import (
    CPR,
    DASH,
    GAP,
    PHONE,
    Span,
    is_compact_date,
    is_first_half,
    only_digits,
)
from helpers.common.plain_text import BREAK, TEXT, clean

NAME = "name from the vault"
_NUMBER_RUN = re.compile(
    rf"(?<![^\W_])(?<![0-9]\.)\+?[0-9](?:(?:{GAP}|{DASH})?[0-9]){{7,15}}(?![^\W_]|\.[0-9])"
)
# with points or slashes three short groups or more: else they are decimals
_POINTED_RUN = re.compile(
    rf"(?<![^\W_])(?<![0-9][./])\+?[0-9]{{1,4}}(?:(?:{GAP}|{DASH}|[./])[0-9]{{1,4}}){{2,7}}(?![^\W_]|[./][0-9])"
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")
_LETTERS = r"[^\W\d_](?<![^\W\d_]{2})[^\W\d_]*+"  # begins where a word begins: linear time
_WORD = re.compile(rf"{_LETTERS}(?:['’\-‐‑]{_LETTERS})*+")
_PHRASE = re.compile(rf"{_WORD.pattern}(?:(?:\.?\s+|,\s*|[._]){_WORD.pattern})++")
_WORD_PAIR = re.compile(r"(?<=[^\W\d_])(?:[.,]?\s+|[._,])[^\W\d_]")
_LONGEST_PART = 60
_WORDY = rf"[ \t]*[^\W\d_][^\d\n{BREAK}]*+"
_ADJACENT_CELLS = re.compile(
    rf"(?:(?<=[\n{BREAK}])|\A)(?=({_WORDY}{BREAK}{_WORDY}(?:{BREAK}{_WORDY})?)(?:[\n{BREAK}]|\Z))"
)
_SECOND_HALF = re.compile(rf"(?<=[0-9]{BREAK})([0-9]{{1,4}})(?=[\n{BREAK}]|\Z)")


class Persons:
    """Names and numbers ready for look-up, among hundreds of thousands as among ten."""

    def __init__(self, names: Iterable[str], numbers: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._parts: set[str] = set()  # words in a row of a name, but not all
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for name in set(names):
            words = _words(clean(str(name)))
            if len(words) > 1:
                spelt = [w for w, _, _ in words]
                self._names.add(" ".join(spelt))
                self._parts.update(
                    " ".join(spelt[i:j])
                    for i in range(len(spelt))
                    for j in range(i + 1, len(spelt) + (i > 0))
                )
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
        runs = [*_NUMBER_RUN.finditer(text, start, end)]
        pointed = _POINTED_RUN.finditer(text, start, end)
        runs += [m for m in pointed if re.search("[./]", m[0]) and not _THOUSANDS.fullmatch(m[0])]
        for m in runs:
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

    def together_in(self, rows: str) -> Iterator[Span]:
        """Names and CPR numbers that two or three cells of a row tell only together; cells are apart
        by BREAK, a row a line."""
        for m in _SECOND_HALF.finditer(rows) if self._cpr else ():
            first = max(rows.rfind(BREAK, 0, m.start() - 1), rows.rfind("\n", 0, m.start())) + 1
            cell = rows[first : m.start() - 1]
            if is_first_half(cell) and only_digits(cell).zfill(6) + m[1].zfill(4) in self._cpr:
                yield first, m.end(), CPR
        known = {
            cells for cells in set(_ADJACENT_CELLS.findall(rows)) if self._is_shared_out(cells)
        }
        for cells in sorted(known):
            at = -1
            while (at := rows.find(cells, at + 1)) >= 0:
                yield at, at + len(cells), NAME

    def may_be_shared_out(self, cells: Iterable[str]) -> bool:
        """Whether among the cells of a table are halves of a name or of a CPR number."""
        parts = set()
        for cell in cells:
            if is_first_half(cell):
                return True
            if len(cell) <= _LONGEST_PART and not cell.isdecimal():
                parts.add(" ".join(w for w, _, _ in _words(cell)))
        return len(parts & self._parts) > 1

    def _is_shared_out(self, cells: str) -> bool:
        """Whether all words of the cells, in this or the other order of the cells, are one name; of
        three cells also the first two."""
        parts = [[w for w, _, _ in _words(cell)] for cell in cells.split(BREAK)]
        return any(
            " ".join(word for part in order for word in part) in self._names
            for adjacent in (parts, parts[:2])
            for order in (adjacent, adjacent[::-1], [*adjacent[1:], *adjacent[:1]])
        )

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
        commas = {i for i in range(1, len(words)) if "," in phrase[words[i - 1][2] : words[i][1]]}
        after = 0
        for i, (first, _, _) in enumerate(words):
            for length in sorted(self._lengths.get(first, ()), reverse=True):
                begin, end = self._spelt(words, i, length, commas, after)
                if end:
                    yield words[begin][1], words[end - 1][2]
                    after = end
                    break

    def _spelt(
        self, words: list[tuple[str, int, int]], i: int, length: int, commas: set[int], after: int
    ) -> tuple[int, int]:
        """(first, end) of the words that spell a name of `length` words whose first is word `i`: in a
        row without a comma, or with its last words ahead and a comma before `i`; (0, 0) where none."""
        straight = i >= after and i + length <= len(words)
        straight = straight and commas.isdisjoint(range(i + 1, i + length))
        if straight and self._is_name([w for w, _, _ in words[i : i + length]]):
            return i, i + length
        if i in commas:
            for ahead in range(1, length):
                begin, end = i - ahead, i + length - ahead
                if (
                    begin < after
                    or end > len(words)
                    or not commas.isdisjoint({*range(begin + 1, i), *range(i + 1, end)})
                ):
                    continue
                turned = [*words[i:end], *words[begin:i]]
                if self._is_name([w for w, _, _ in turned]):
                    return begin, end
        return 0, 0

    def _is_name(self, words: list[str]) -> bool:
        *head, last = words
        return any(" ".join([*head, form]) in self._names for form in _forms(last))


def _words(text: str) -> list[tuple[str, int, int]]:
    return [
        (re.sub("[‐‑]", "-", m[0].replace("’", "'")).casefold(), *m.span())
        for m in _WORD.finditer(text)
    ]


def _forms(last: str) -> set[str]:
    """A last word as it is and without the genitive's s."""
    return {last, last.removesuffix("s").removesuffix("'")}
