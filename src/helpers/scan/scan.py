"""A folder that may leave the house → the personal data in it; nothing found means it may.

A finding is a CPR number, telephone number or e-mail address by its form (`common/patterns.py`), or a
name or number of somebody in the vault (`scan/persons.py`). A file that cannot be read, or whose
kind is unknown, is a finding too, and told as such: nobody knows what it holds. No finding quotes: the matches are blanked in paths, and places
are told by number. How each kind of file is read stands in `scan/readers.py`.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from helpers.common.errors import Problem, SurveyError
from helpers.common.patterns import Span, emails_in, halves_in, numbers_in, scientific_in, windows
from helpers.common.plain_text import BREAK, CODE, IDS, TEXT, clean, packed_in
from helpers.scan.persons import Persons
from helpers.scan.readers import read
from helpers.scan.text import Contents, Table, Text

UNREADABLE = "unreadable"
BLANK = "***"
PLACES_MAX = 20  # a file and kind with more places gets one finding for the rest
DEPTH_MAX = 8  # containers within containers
_TO_SPACES = str.maketrans("_-+.", "    ")


@dataclass(frozen=True, order=True)
class Finding:
    """One place that holds personal data of one kind, `count` times, or that cannot be read; it never
    holds the data."""

    path: str
    kind: str
    place: str
    count: int

    def __str__(self) -> str:
        where = f"{self.path}, {self.place}" if self.place else self.path
        return f"{where}: {self.kind}" + ("" if self.is_unreadable else f", {self.count}")

    @property
    def is_unreadable(self) -> bool:
        return self.kind == UNREADABLE

    def as_problem(self, folder: str = "") -> Problem:
        """The finding as what stops a run; `folder`: that its path is told from."""
        where = f"{folder}/{self}" if folder else str(self)
        if self.is_unreadable:
            return Problem(
                where,
                "nobody knows what it holds, for it cannot be looked through",
                "a file of a known kind that opens",
                "Put a whole one in its place, or take it out; do not send it.",
            )
        return Problem(
            where, "personal data in what may leave the house", "none", "Do not send it."
        )


def counted(findings: Iterable[Finding]) -> str:
    """»2 places with personal data, 1 that cannot be read«."""
    unread = Counter(f.is_unreadable for f in findings)
    places = "1 place" if unread[False] == 1 else f"{unread[False]} places"
    more = f", {unread[True]} that cannot be read" if unread[True] else ""
    return f"{places} with personal data{more}"


def scan(path: Path, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Finding]:
    """Personal data in a file or a folder with all below it, sorted by path.

    `names`: full names from the vault; those of one word are ignored. `numbers`: CPR and telephone
    numbers from the vault, in any spelling. Raises SurveyError where there is no such path.
    """
    return scan_for(Path(path), Persons(names, numbers))


def scan_for(path: Path, persons: Persons) -> list[Finding]:
    """As `scan`, for persons that several folders are searched for."""
    if not path.exists():
        raise SurveyError(path.name, "is not there", "a file or folder to scan", "Check the path.")
    scanner = _Scanner(persons)
    if path.is_file():
        scanner.file(path, path.name)
    else:
        scanner.folder(path)
    return scanner.findings()


def _spans(text: str, trust: str, persons: Persons) -> list[Span]:
    """Where a text holds personal data; of two that overlap, the first kind looked for counts."""
    taken: dict[int, Span] = {}
    for start, end, kind in _candidates(text, trust, persons):
        near = (taken[p] for p in range(max(0, start - 24), end) if p in taken)
        if not any(s < end and start < e for s, e, _ in near):
            taken[start] = (start, end, kind)
    names = [n for n in persons.names_in(text) if not _lies_in(n, taken)]
    return [*taken.values(), *names]


def _lies_in(span: Span, taken: dict[int, Span]) -> bool:
    """Whether an e-mail address or a number holds the name."""
    start, end, _ = span
    return any(s <= start and end <= e for s, e, _ in taken.values())


def _packed(text: str, persons: Persons) -> list[Span]:
    """Where Base64 within a text holds personal data."""
    return [
        (start, end, kind)
        for start, end, found in packed_in(text)
        for _, _, kind in _spans(clean(found), TEXT, persons)
    ]


def _candidates(text: str, trust: str, persons: Persons) -> Iterator[Span]:
    for start, end in windows(text):
        yield from numbers_in(text, trust, start, end)
        yield from persons.numbers_in(text, trust, start, end)
    if trust == TEXT:
        yield from scientific_in(text)
    yield from emails_in(text)


class _Scanner:
    """Collects what is found, part by part; equal parts of many files are read once."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons
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
        for part in contents.parts:
            within = [Finding("", kind, "in the name", n) for kind, n in self._in_name(part.name)]
            if part.closed:
                within.append(Finding("", UNREADABLE, part.closed, 1))
            else:
                within += self._part(part.name, part.content, depth + 1)
            found += [replace(f, path=f"!{part.name}{f.path}") for f in within]
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
            located = texts[i].place() if callable(texts[i].place) else place
            findings.append(Finding("", kind, located, n * texts[i].times))
        for table in contents.tables:
            findings += self._together(table)
        return findings

    def _together(self, table: Table) -> list[Finding]:
        """What neighbouring cells tell only together, each place once."""
        if not self._persons.may_be_shared_out(map(clean, table.cells())):
            return []
        rows = clean(table.rows())
        lines = [m.end() for m in re.finditer("\n", rows)]
        found: dict[int, Span] = {}
        for span in (*self._persons.together_in(rows), *halves_in(rows)):
            found.setdefault(span[0], span)
        counts: Counter[tuple[str, str]] = Counter()
        for start, _, kind in found.values():
            counts[kind, table.place or _counted_place(rows, start, lines, "cell")] += 1
        return [Finding("", kind, place, n) for (kind, place), n in counts.items()]

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
        spans = _spans(whole, trust, self._persons) if whole else []
        if trust != IDS and not again:
            spans += _packed(whole, self._persons)
        for start, _, kind in spans:
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
        for kind, n in self._in_name(shown.rpartition("/")[2]):
            self._add(shown, kind, "in the name", n)

    def _in_name(self, name: str) -> Iterable[tuple[str, int]]:
        return Counter(kind for _, _, kind in self._spans_of_name(name)).items()

    def _spans_of_name(self, name: str) -> list[Span]:
        """Names of files are read as they are and with `_ - + .` for spaces."""
        spaced = name.translate(_TO_SPACES)
        spans = {s for form in (name, spaced) for s in _spans(form, TEXT, self._persons)}
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
