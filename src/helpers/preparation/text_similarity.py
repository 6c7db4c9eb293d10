"""How like two headings, or two benefit texts, are: 0 to 100, by rapidfuzz.

The mean of `token_sort_ratio` (all words count, in any order) and `token_set_ratio` (words that only
one of them has count little): a text that is a part of several others is like each of them and
exactly like none, which is how an unclear text shows itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from helpers.parameters.params import LayoutWords

BENEFIT_SURE = 88  # similarity, at least, before a benefit text is mapped
BENEFIT_MARGIN = 5  # and so much more like than any text of another benefit type


@dataclass(frozen=True)
class Match:
    """A benefit text's nearest known text and its type, and the next type's; scores 0–100."""

    benefit: str
    known: str
    score: float
    second: str
    second_score: float
    is_sure: bool


def similarity(one: str, other: str) -> float:
    """0 to 100; both as `plain` gives them."""
    return (fuzz.token_sort_ratio(one, other) + fuzz.token_set_ratio(one, other)) / 2


def plain(text: object) -> str:
    """Lower case, one space between words, no other signs: »Startdato\\nydelse:« → »startdato ydelse«."""
    return " ".join(re.sub(r"[\W_]+", " ", str(text).casefold()).split())


def plain_benefit(text: object) -> str:
    """As `plain`, without the number before it and without »-modtager«: »2 Jobparat
    kontanthjælpsmodtager« → »jobparat kontanthjælp«."""
    words = re.sub(r"^[\W\d_]+", "", plain(text)).split()
    return " ".join(re.sub(r"s?modtager(e|ne)?$", "", word) or word for word in words)


class Benefits:
    """Known benefit texts, against which unknown ones are held."""

    def __init__(self, known: Mapping[str, Sequence[str]], words: LayoutWords) -> None:
        """`known`: benefit type → texts; the type's own name is one of them."""
        self._known = [
            (benefit, text, plain_benefit(text))
            for benefit, texts in known.items()
            for text in dict.fromkeys((benefit, *texts))
        ]
        self._words = {word for _, _, key in self._known for word in key.split()}
        self._negations = set(words.negations)
        self._matched: dict[str, Match] = {}

    def match(self, text: str) -> Match:
        """The nearest type; sure only where it is like enough, and no other type nearly as like."""
        if text not in self._matched:
            self._matched[text] = self._match(text)
        return self._matched[text]

    def has_only_known_words(self, text: str) -> bool:
        """Whether every word of a text stands in a known benefit text too, so that it names nobody."""
        return set(plain_benefit(text).split()) <= self._words

    def _match(self, text: str) -> Match:
        own = plain_benefit(text)
        best: dict[str, tuple[float, str]] = {}
        for benefit, known, key in self._known:
            score = similarity(own, key)
            if score > best.get(benefit, (-1.0, ""))[0]:
                best[benefit] = score, known
        first, second = sorted(best.items(), key=lambda b: -b[1][0])[:2]
        (benefit, (score, known)), (other, (other_score, _)) = first, second
        opposite = self._negations & (set(own.split()) - set(plain_benefit(known).split()))
        sure = score >= BENEFIT_SURE and score - other_score >= BENEFIT_MARGIN and not opposite
        return Match(benefit, known, score, other, other_score, sure)
