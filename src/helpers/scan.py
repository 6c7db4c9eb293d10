"""A folder that may leave the house → the personal data in it; nothing found means it may.

What counts, and what does not, so that a run is stopped for citizens and not for decimals:

- **CPR number**: ten digits with a birth date by the rule of the seventh digit (day + 60 in
  replacement numbers, no modulus 11), bare or as DDMMYY SSSS, DDMMYY-SSSS, DD.MM.YY-SSSS. Not
  inside a longer run of letters and digits, nor as part of a decimal number; a bare number after
  the word *time* or the like is a timestamp. Nine digits, the leading zero lost, only where they
  are the whole of a cell, value, line or text node.
- **Telephone number**: +45 or 0045 and eight digits; four pairs with one separator throughout
  (not in a longer row of numbers, not in square brackets as NumPy prints them);
  eight bare digits, the first 2–9, that stand alone and are no date (YYYYMMDD, DDMMYYYY), amount
  or part of code.
- **E-mail address**; endings of files (`logo@2x.png`) are none.
- **Name from the vault**: the whole name of two words or more, upper or lower case, also in the
  genitive, over line breaks.
- The vault's own numbers count wherever they stand apart, valid or not, however grouped.

A file that cannot be read, or whose kind is unknown, is a finding too. No finding quotes: the
matches are blanked in paths, and places are told by number.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from helpers.cpr import REPLACEMENT_DAY_OFFSET, century
from helpers.errors import SurveyError
from helpers.scan_readers import BREAK, CODE, IDS, TEXT, TIME_WORD, Contents, Text, read

CPR, PHONE, EMAIL = "cpr number", "telephone number", "e-mail address"
NAME, UNREADABLE = "name from the vault", "unreadable"
BLANK = "***"
PLACES_MAX = 20  # a file and kind with more places gets one finding for the rest
DEPTH_MAX = 8  # containers within containers

Span = tuple[int, int, str]


@dataclass(frozen=True, order=True)
class Finding:
    """One place that holds personal data of one kind, `count` times; it never holds the data."""

    path: str
    kind: str
    place: str
    count: int

    def __str__(self) -> str:
        where = f"{self.path}, {self.place}" if self.place else self.path
        return f"{where}: {self.kind}" + ("" if self.kind == UNREADABLE else f", {self.count}")


def scan(path: Path, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Finding]:
    """Personal data in a file or a folder with all below it, sorted by path.

    `names`: full names from the vault; those of one word are ignored. `numbers`: CPR and telephone
    numbers from the vault, in any spelling. Raises SurveyError where there is no such path.
    """
    path = Path(path)
    if not path.exists():
        raise SurveyError(path.name, "is not there", "a file or folder to scan", "Check the path.")
    scanner = _Scanner(_Patterns(names, numbers))
    if path.is_file():
        scanner.file(path, path.name)
    else:
        scanner.folder(path)
    return scanner.findings()


# ------------------------------------------------------------------------------------ what is found

_GAP = r"[ \u00a0\u2007\u2009\u202f]"
_DASH = r"[-\u2010-\u2015\u2212]"
# No letter or digit ahead (but »cpr« may be), no decimal point; a comma only after a long number.
_LEFT = (
    r"(?:(?<=[Cc][Pp][Rr])|(?<![^\W_]))(?<![0-9]\.)(?<![\s(\[]\.)(?<!(?<![0-9]{9})[0-9],)(?<![#&])"
)
_RIGHT = r"(?:\.0+(?![0-9]))?(?![^\W_]|\.[0-9])"
_DAY = r"(?:[0-2][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])"
_CPR_BARE = re.compile(_LEFT + rf"({_DAY}(?:0[1-9]|1[0-2])[0-9]{{6}})" + _RIGHT)
_CPR_APART = re.compile(
    _LEFT
    + rf"({_DAY}([ ./]?)(?:0[1-9]|1[0-2])\2[0-9]{{2}}(?:{_GAP}?{_DASH}\s?[0-9]{{4}})"
    + rf"|(?<![0-9]{_GAP}){_DAY}(?:0[1-9]|1[0-2])[0-9]{{2}}{_GAP}[0-9]{{4}})"
    + _RIGHT
    + rf"(?!{_DASH}[0-9])"
)
_CPR_NINE = re.compile(_LEFT + r"([1-9](?:0[1-9]|1[0-2])[0-9]{6})" + _RIGHT)
_SCIENTIFIC = re.compile(_LEFT + r"([1-9]\.[0-9]{6,9}[eE]\+0?[789])(?![^\W_])")
_PHONE_ABROAD = re.compile(
    rf"(?<![\w.,/])\(?(?:\+|00)45\)?(?:{_GAP}|-)?([0-9](?:(?:{_GAP}|[-.])?[0-9]){{7}})" + _RIGHT
)
_PHONE_PAIRS = re.compile(
    _LEFT
    + rf"(?<![0-9]{_GAP})(?<![0-9][-,.])([1-9][0-9]({_GAP}|-)[0-9]{{2}}\2[0-9]{{2}}\2[0-9]{{2}})"
    + rf"(?!{_GAP}?[0-9%]|[-.,][0-9]|[^\W_])"
)
_PHONE_BARE = re.compile(
    r"(?<![^\s(\"'>»:;=,\[|\ue000])(?<![0-9],)([2-9][0-9]{7})(?:[.,]0+(?![0-9]))?"
    rf"(?=[\s)\"'<«:;,.!?\]|\ue000]|$)(?![.,:][0-9])"
    rf"(?!{_GAP}?(?:%|kr\b|kroner|DKK|[kKM]?[bB](?:ytes)?\b|ms\b))"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}([a-zA-Z]{2,18})(?![\w-])")
_FILE_ENDINGS = {"png", "jpg", "jpeg", "svg", "gif", "webp", "css", "js", "html", "json", "ttf"}
_VAULT_RUN = re.compile(
    rf"(?<![^\W_])(?<![0-9]\.)\+?[0-9](?:(?:{_GAP}|{_DASH})?[0-9]){{7,15}}(?![^\W_]|\.[0-9])"
)
_BLOB = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")
_LETTERS = r"[^\W\d_](?<![^\W\d_]{2})[^\W\d_]*+"  # begins where a word begins: linear time
_WORD = re.compile(rf"{_LETTERS}(?:['’.\-‐‑]{_LETTERS})*+")
_PHRASE = re.compile(rf"{_WORD.pattern}(?:\.?\s+{_WORD.pattern})++")
_WORD_PAIR = re.compile(r"\s(?:(?<=[^\W\d_]\s)|(?<=\w\.\s))\s*[^\W\d_]")
# Eight digits or more with at most small gaps: only around these do the patterns look.
_NUMBERISH = re.compile(
    r"[0-9](?<![0-9]{2})(?<![0-9\s(\[]\.[0-9])"
    r"(?:(?:[\s/()]|[-\u2010-\u2015\u2212]|(?<=[0-9]{2})\.(?=[0-9]{2}(?![0-9]))){0,3}[0-9]){7,}+"
)
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_TO_SPACES = str.maketrans("_-+.", "    ")


@cache
def _year(seventh: int, yy: int) -> int:
    return yy + int(century(np.array([seventh]), np.array([yy]))[0])


def is_cpr(digits: str) -> bool:
    """True where ten digits hold a birth date, by the rules of `cpr.py`."""
    day, month, yy = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day -= REPLACEMENT_DAY_OFFSET if day > REPLACEMENT_DAY_OFFSET else 0
    return _is_day(_year(int(digits[6]), yy), month, day)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def is_compact_date(digits: str) -> bool:
    """True for YYYYMMDD and DDMMYYYY in the years 1900–2099."""
    forms = (digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2])
    return any(1900 <= int(y) <= 2099 and _is_day(int(y), int(m), int(d)) for y, m, d in forms)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


class _Patterns:
    """The vault's names and numbers ready for look-up, and the spans of a text that match."""

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
            digits = _digits(str(number))
            if len(digits) in (9, 10) and not str(number).startswith("+"):
                self._cpr.add(digits.zfill(10))
            elif len(digits) >= 8:
                self._phones.add(digits[-8:])

    def spans(self, text: str, trust: str) -> list[Span]:
        """Where a text holds personal data: start, end and kind, none over another."""
        taken: dict[int, Span] = {}
        for start, end, kind in self._candidates(text, trust):
            if not any(s < end and start < e for s, e, _ in _near(taken, start, end)):
                taken[start] = (start, end, kind)
        return [*taken.values(), *self._name_spans(text)]

    def _candidates(self, text: str, trust: str) -> Iterator[Span]:
        for start, end in _windows(text):
            yield from self._numbers(text, trust, start, end)
        if trust == TEXT and ("e+" in text or "E+" in text):
            yield from self._scientific(text)
        if "@" in text:
            for m in _EMAIL.finditer(text):
                if m[1].lower() not in _FILE_ENDINGS:
                    yield *m.span(), EMAIL

    def _numbers(self, text: str, trust: str, start: int, end: int) -> Iterator[Span]:
        for m in _CPR_APART.finditer(text, start, end):
            if is_cpr(_digits(m[1])):
                yield *m.span(1), CPR
        if trust != IDS:
            for m in _CPR_BARE.finditer(text, start, end):
                if is_cpr(m[1]) and not _is_machine_made(text, *m.span(1)):
                    yield *m.span(1), CPR
        if trust == TEXT:
            for m in _CPR_NINE.finditer(text, start, end):
                if is_cpr("0" + m[1]) and _alone(text, *m.span()):
                    yield *m.span(1), CPR
        if trust != CODE:
            for m in _PHONE_ABROAD.finditer(text, start, end):
                yield *m.span(), PHONE
        if trust == TEXT:
            for m in _PHONE_PAIRS.finditer(text, start, end):
                if not _is_array(text, *m.span(1)):
                    yield *m.span(1), PHONE
            for m in _PHONE_BARE.finditer(text, start, end):
                if not is_compact_date(m[1]):
                    yield *m.span(1), PHONE
        if self._cpr or self._phones:
            yield from self._vault_numbers(text, trust, start, end)

    def _scientific(self, text: str) -> Iterator[Span]:
        for m in _SCIENTIFIC.finditer(text):
            number = float(m[1])
            digits = str(int(number)) if number.is_integer() else ""
            if len(digits) == 8 and digits[0] > "1" and not is_compact_date(digits):
                yield *m.span(1), PHONE
            elif len(digits) in (9, 10) and is_cpr(digits.zfill(10)) and _alone(text, *m.span(1)):
                yield *m.span(1), CPR

    def _vault_numbers(self, text: str, trust: str, start: int, end: int) -> Iterator[Span]:
        """CPR numbers as any stretch of a row of digit groups, telephone numbers as a whole row."""
        for m in _VAULT_RUN.finditer(text, start, end):
            groups = [g.span() for g in re.finditer("[0-9]+", m[0])]
            digits = _digits(m[0])
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

    def _name_spans(self, text: str) -> Iterator[Span]:
        if not self._names or not _WORD_PAIR.search(text):
            return
        known = self._phrases
        for m in _PHRASE.finditer(text):
            phrase = m[0]
            found = known.get(phrase)
            if found is None:
                found = known[phrase] = tuple(self._names_in(phrase))
            for start, end in found:
                yield m.start() + start, m.start() + end, NAME

    def _names_in(self, phrase: str) -> Iterator[tuple[int, int]]:
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


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of a text with eight digits or more and what surrounds them, none over another."""
    start = end = 0
    for m in _NUMBERISH.finditer(text):
        if m.start() - 8 > end:
            if end:
                yield start, end
            start = max(0, m.start() - 8)
        end = min(len(text), m.end() + 16)
    if end:
        yield start, end


def _near(taken: dict[int, Span], start: int, end: int) -> Iterator[Span]:
    return (taken[p] for p in range(max(0, start - 24), end) if p in taken)


def _words(text: str) -> list[tuple[str, int, int]]:
    return [
        (re.sub("[‐‑]", "-", m[0].replace("’", "'")).casefold(), *m.span())
        for m in _WORD.finditer(text)
    ]


def _forms(last: str) -> set[str]:
    """A last word as it is and without the genitive's s."""
    return {last, last.removesuffix("s").removesuffix("'")}


def _alone(text: str, start: int, end: int) -> bool:
    """True where nothing else stands in the cell, value, line or text node; »key: « may lead."""
    before = text[max(0, start - 8) : start].rstrip(" \t\u00a0\"'")
    after = text[end : end + 8].lstrip(" \u00a0\"'")
    return before[-1:] in ("", "\n", "\r", "|", BREAK) and after[:1] in (
        "", "\n", "\r", "\t", "|", BREAK
    )  # fmt: skip


def _is_machine_made(text: str, start: int, end: int) -> bool:
    """True for a timestamp named as such ahead, and for digits within a Base64 blob."""
    ahead = text[max(0, start - 24) : start].rpartition("\n")[2].rpartition(BREAK)[2]
    if text[start] == "1" and TIME_WORD.search(ahead):
        return True
    window = max(0, start - 80)
    around = text[window : end + 80]
    return any(
        b.start() < start - window < b.end()
        and re.search("[+=]", b[0])
        and re.search("[a-z]", b[0])
        for b in _BLOB.finditer(around)
    )


def _is_array(text: str, start: int, end: int) -> bool:
    """True for four numbers in square brackets, as NumPy prints an array."""
    return text[start - 1 : start] == "[" and text[end : end + 1] == "]"


def clean(text: str) -> str:
    """Composed letters (å as one), invisible characters gone."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    return text.translate(_INVISIBLE) if any(chr(c) in text for c in _INVISIBLE) else text


# -------------------------------------------------------------------------------- where it is found


class _Scanner:
    """Collects what is found, part by part; equal parts of many files are read once."""

    def __init__(self, patterns: _Patterns) -> None:
        self._patterns = patterns
        self._counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._known: dict[tuple[str, bytes], list[Finding]] = {}

    def findings(self) -> list[Finding]:
        """One finding a place; beyond PLACES_MAX places of a kind in a file, one for the rest."""
        findings = []
        for (path, kind), places in self._counts.items():
            listed = list(places.items())
            findings += [Finding(path, kind, p, n) for p, n in listed[:PLACES_MAX]]
            if rest := listed[PLACES_MAX:]:
                total = sum(n for _, n in rest)
                findings.append(Finding(path, kind, f"{len(rest)} more places", total))
        return sorted(findings)

    def folder(self, root: Path) -> None:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in folders:
                inner = (Path(folder) / name).relative_to(root).as_posix()
                self._name(inner)
                if (Path(folder) / name).is_symlink():
                    self._add(inner, UNREADABLE, "a link to another folder")
            for name in sorted(files):
                file = Path(folder) / name
                self.file(file, file.relative_to(root).as_posix())

    def file(self, path: Path, shown: str) -> None:
        self._name(shown)
        try:
            content = path.read_bytes()
        except OSError as e:
            self._add(shown, UNREADABLE, f"cannot be opened ({type(e).__name__})")
            return
        for f in self._part(path.name, content, 0):
            self._add(f"{shown}{f.path}", f.kind, f.place, f.count)

    def _part(self, name: str, content: bytes, depth: int) -> list[Finding]:
        """What a file or part holds, by paths relative to it: »« itself, »!inner« a part in it."""
        if depth > DEPTH_MAX:
            return [Finding("", UNREADABLE, "too many containers within each other", 1)]
        key = (name, blake2b(content, digest_size=16).digest() if len(content) < 2**17 else b"")
        if key in self._known:
            return self._known[key]
        contents = read(name, content)
        found = [Finding("", UNREADABLE, why, 1) for why in contents.unreadable]
        found += self._texts(contents)
        for inner, why in contents.closed:
            count = self._in_name(inner)
            found += [Finding(f"!{inner}", kind, "in the name", n) for kind, n in count.items()]
            found.append(Finding(f"!{inner}", UNREADABLE, why, 1))
        for inner, part in contents.parts:
            count = self._in_name(inner)
            found += [Finding(f"!{inner}", kind, "in the name", n) for kind, n in count.items()]
            for f in self._part(inner, part, depth + 1):
                found.append(Finding(f"!{inner}{f.path}", f.kind, f.place, f.count))
        if key[1]:
            self._known[key] = found
        return found

    def _texts(self, contents: Contents) -> list[Finding]:
        counts: dict[tuple[int, str, str], int] = Counter()
        texts = contents.texts
        for trust in (TEXT, CODE, IDS):
            chosen = [i for i, t in enumerate(texts) if t.trust == trust and t.text]
            counts.update(self._counted(texts, chosen, trust, again=False))
            chosen = [i for i in chosen if texts[i].again]
            for key, n in self._counted(texts, chosen, trust, again=True).items():
                counts[key] = max(n, counts[key])
        findings = []
        for (i, kind, place), n in counts.items():
            told = texts[i].place() if callable(texts[i].place) else place
            findings.append(Finding("", kind, told, n * texts[i].times))
        return findings

    def _counted(
        self, texts: list[Text], chosen: list[int], trust: str, again: bool
    ) -> Counter[tuple[int, str, str]]:
        """Hits by text, kind and place; all texts are searched as one, BREAK between them."""
        joined, starts, position = [], [], 0
        for i in chosen:
            text = clean(texts[i].again if again else texts[i].text)
            joined.append(text)
            starts.append(position)
            position += len(text) + 1
        whole = BREAK.join(joined)
        counts: Counter[tuple[int, str, str]] = Counter()
        lines: dict[int, list[int]] = {}  # where the lines of a whole file begin
        for start, _, kind in self._patterns.spans(whole, trust) if whole else ():
            n = bisect_right(starts, start) - 1
            text = texts[chosen[n]]
            if not text.place and chosen[n] not in lines:
                lines[chosen[n]] = [m.end() for m in re.finditer("\n", joined[n])]
            place = text.place or _counted_place(
                joined[n], start - starts[n], lines[chosen[n]], text.unit
            )
            counts[chosen[n], kind, place if isinstance(place, str) else ""] += 1
        return counts

    def _name(self, shown: str) -> None:
        """Personal data in the last name of a path."""
        for kind, n in self._in_name(shown.rpartition("/")[2]).items():
            self._add(shown, kind, "in the name", n)

    def _in_name(self, name: str) -> Counter[str]:
        return Counter(kind for _, _, kind in self._spans_of_name(name))

    def _spans_of_name(self, name: str) -> list[Span]:
        """Names of files are read as they are and with `_ - + .` for spaces."""
        spaced = name.translate(_TO_SPACES)
        spans = {*self._patterns.spans(name, TEXT), *self._patterns.spans(spaced, TEXT)}
        kept: list[Span] = []
        for start, end, kind in sorted(spans, key=lambda s: (s[0], -s[1])):
            if not kept or start >= kept[-1][1]:
                kept.append((start, end, kind))
        return kept

    def _add(self, path: str, kind: str, place: str, count: int = 1) -> None:
        self._counts[self._blanked(path), kind][place] += count

    def _blanked(self, path: str) -> str:
        """The path with everything blanked that is personal data itself."""
        pieces = re.split("([/!])", clean(path))
        return "".join(self._blanked_name(piece) for piece in pieces)

    def _blanked_name(self, name: str) -> str:
        for start, end, _ in reversed(self._spans_of_name(name)):
            name = name[:start] + BLANK + name[end:]
        return name


def _counted_place(text: str, position: int, lines: list[int], unit: str) -> str:
    """Line, or row and column, of a position in a whole file; `lines` begin at the second."""
    line = bisect_right(lines, position)
    if unit == "line":
        return f"line {line + 1}"
    beginning = lines[line - 1] if line else 0
    return f"row {line + 1}, column {text.count(BREAK, beginning, position) + 1}"
