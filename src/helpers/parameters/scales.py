"""Scales of answers: what can be answered, what each answer counts as, and which are satisfied.

In a mean, an answer counts as its place from 1 (the most negative) to 5 (the most positive): the k-th of K
answers as 1 + 4·(k − 1)/(K − 1). Five answers count as they are numbered, seven as 1, 1⅔ … 5, three as 1, 3
and 5. So all means are on one scale, and stand beside each other, whatever the answers were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

MEANS = (1.0, 5.0)  # what every mean runs over
MIN_POINTS, MAX_POINTS = 3, 10  # answers of a scale, without *ved ikke*
MAX_LABEL_CHARACTERS = 40  # of an answer; more do not fit a figure's legend
DONT_KNOW_LABEL = "Ved ikke"  # outside the scale, and in no mean
DISSATISFIED, NEUTRAL, SATISFIED = KINDS = ("dissatisfied", "neutral", "satisfied")


@dataclass(frozen=True)
class Measure:
    """How a question or a theme is measured on 1–5. `points`: how many answers a question has, 0 of a
    theme; scores up to `dissatisfied_to` are dissatisfied, from `satisfied_from` on satisfied."""

    points: int
    dissatisfied_to: float
    satisfied_from: float

    @property
    def options(self) -> range:
        return range(1, self.points + 1)

    def score(self, value):
        """What an answer (or an array of answers) counts as in a mean, 1–5."""
        low, high = MEANS
        return low + (value - 1) * (high - low) / (self.points - 1)

    @property
    def step(self) -> float:
        """Between two answers, in a mean; 0 of a theme."""
        return (MEANS[1] - MEANS[0]) / (self.points - 1) if self.points else 0.0

    def options_of(self, kind: str) -> tuple[int, ...]:
        """The answers that are `dissatisfied`, `neutral` or `satisfied`."""
        return tuple(k for k in self.options if self.kind_of(self.score(k)) == kind)

    def kind_of(self, score: float) -> str:
        if score >= self.satisfied_from:
            return SATISFIED
        return DISSATISFIED if score <= self.dissatisfied_to else NEUTRAL


FIVE_POINTS = Measure(5, 2.5, 3.5)
THEME = Measure(0, 2.5, 3.5)  # of questions with five answers


def theme_measure(questions: Sequence[Measure]) -> Measure:
    """Of a theme: its limits are the means of its questions' limits."""
    low, high = (
        fmean(getattr(m, a) for m in questions) for a in ("dissatisfied_to", "satisfied_from")
    )
    return Measure(0, low, high)


@dataclass(frozen=True)
class Scale:
    """`labels`: of the answers, from 1, the most negative, on; `dont_know`: the value of *ved ikke*,
    `unsure` its label."""

    labels: Mapping[int, str]
    dont_know: int
    unsure: str
    measure: Measure

    @classmethod
    def of(cls, labels: Mapping[int, str], kinds: Mapping[int, str] | None = None) -> Scale:
        """From value → label with *ved ikke* last (`scale_troubles` finds none), and value → kind where
        the middle answer is not the only neutral one."""
        *answers, dont_know = sorted(labels)
        points = len(answers)
        least = sum(k == DISSATISFIED for k in kinds.values()) if kinds else points // 2
        most = sum(k == SATISFIED for k in kinds.values()) if kinds else points // 2
        plain = Measure(points, 0.0, 0.0)
        limits = plain.score(least + 0.5), plain.score(points - most + 0.5)
        return cls(
            {k: labels[k] for k in answers}, dont_know, labels[dont_know], Measure(points, *limits)
        )

    @property
    def values(self) -> tuple[int, ...]:
        """All that can stand in an export."""
        return (*self.labels, self.dont_know)


def scale_troubles(labels: Mapping[int, str], kinds: Mapping[int, str] | None = None) -> list[str]:
    """What is wrong with a scale: answers from 1 on that can be told apart, and *ved ikke* behind them."""
    values = sorted(labels)
    unsure = [k for k in values if _same(labels[k]) == _same(DONT_KNOW_LABEL)]
    last = unsure[0] if unsure else values[-1] + 1
    troubles = (
        []
        if unsure
        else [f"»{DONT_KNOW_LABEL}« is missing; write it behind the answers, with the next number"]
    )
    expected = f"the answers are 1 to {last - 1}, and {last}: {DONT_KNOW_LABEL}"
    troubles += [f"the label of {k} is missing; add it" for k in range(1, last) if k not in labels]
    troubles += [f"{k} is no answer; {expected}" for k in values if not 1 <= k <= last]
    if not MIN_POINTS <= last - 1 <= MAX_POINTS:
        troubles.append(
            f"has {last - 1} answers; {MIN_POINTS} to {MAX_POINTS}, and {DONT_KNOW_LABEL}"
        )
    troubles += [f"the label of {k} is empty; write it" for k, v in labels.items() if not v.strip()]
    troubles += [
        f"the label of {k} has {len(v)} characters, and {MAX_LABEL_CHARACTERS} fit a figure; shorten it"
        for k, v in labels.items()
        if len(v) > MAX_LABEL_CHARACTERS
    ]
    words = [_same(v) for v in labels.values() if v.strip()]
    if len(set(words)) < len(words):
        troubles.append("two answers have the same label; a citizen must tell them apart")
    return troubles or _kind_troubles(last - 1, kinds or {})


def _kind_troubles(points: int, kinds: Mapping[int, str]) -> list[str]:
    """Each kind has answers, from dissatisfied to satisfied; without a word the middle one is neutral."""
    if not kinds:
        even = f"{points} answers have no middle one; say of each whether it is {', '.join(KINDS)}"
        return [] if points % 2 else [even]
    named = [kinds.get(k, "") for k in range(1, points + 1)]
    if "" in named or len(kinds) > points:
        return [f"kinds are told of some; tell them of all answers 1 to {points}, and of no other"]
    places = [KINDS.index(k) for k in named]
    if places != sorted(places):
        return [f"kinds do not follow each other; from 1 on they are {', then '.join(KINDS)}"]
    if missing := [k for k in KINDS if k not in named]:
        return [f"no answer is {' or '.join(missing)}; the split needs one of each kind"]
    return []


def upside_down(labels: Mapping[int, str], common: Mapping[str, Mapping[int, str]]) -> str | None:
    """The name of the scale that these labels are, read from the other end."""
    own = tuple(labels[k] for k in sorted(labels))[:-1]
    return next(
        (
            name
            for name, other in common.items()
            if own == tuple(other[k] for k in sorted(other))[-2::-1]
        ),
        None,
    )


def _same(label: str) -> str:
    return " ".join(label.split()).casefold()
