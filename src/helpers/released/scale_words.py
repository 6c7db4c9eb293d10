"""What is said of scales beside the numbers: which answers are satisfied, and what a mean runs over. It
follows the questionnaire's own scales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from helpers.common import printing
from helpers.common.printing import capital
from helpers.parameters.params import Round
from helpers.parameters.scales import FIVE_POINTS, MAX_POINTS, Measure
from helpers.released.captions import listed

SPLIT_WORDS = {
    "share_satisfied": "tilfredse",
    "share_neutral": "hverken eller",
    "share_dissatisfied": "utilfredse",
}
_COUNTED = {3: "tre", 4: "fire", 5: "fem", 6: "seks", 7: "syv", 8: "otte", 9: "ni", 10: "ti"}


def kind_of(statistic: str) -> str:
    """»share_satisfied« → »satisfied«."""
    return statistic.removeprefix("share_")


def question_measures(round_: Round, code: str | None = None) -> list[Measure]:
    """The different measures of the round's questions, the usual one first; with `code` of its own too."""
    found = dict.fromkeys(s.measure for s in round_.answer_scales(code).values())
    return sorted(found, key=lambda m: (m != FIVE_POINTS, m.points))


def span(options: Sequence[int]) -> str:
    """»4–5«, »3«."""
    return f"{options[0]}–{options[-1]}" if len(options) > 1 else f"{options[0]}"


def split_labels(measures: Iterable[Measure]) -> dict[str, str]:
    """»Tilfredse (4–5)« …; without the answers where they are not the same on all scales."""
    different = list(dict.fromkeys(measures))
    if len(different) != 1:
        return {statistic: capital(word) for statistic, word in SPLIT_WORDS.items()}
    spans = {s: span(different[0].options_of(kind_of(s))) for s in SPLIT_WORDS}
    return {s: f"{capital(word)} ({spans[s]})" for s, word in SPLIT_WORDS.items()}


def statistic_labels(round_: Round, code: str | None = None) -> dict[str, str]:
    """Released statistic → what it is called in tables, in the order of tables."""
    split = split_labels(question_measures(round_, code))
    return {
        "mean": "Gennemsnit (1–5)",
        **{s: f"Andel {label[:1].lower()}{label[1:]}" for s, label in split.items()},
        **{f"share_{k}": f"Andel svar {k}" for k in range(1, MAX_POINTS + 1)},
        "share_dont_know": "Andel ved ikke",
    }


def kinds_rule(round_: Round, code: str | None = None) -> str:
    """»svar 4–5, 3 og 1–2«; of several scales each with its number of answers."""
    measures = question_measures(round_, code)
    phrases = [
        f"svar {listed([span(m.options_of(kind_of(s))) for s in SPLIT_WORDS])}" for m in measures
    ]
    if len(measures) == 1:
        return phrases[0]
    return "; ".join(f"{t} af {_COUNTED[m.points]}" for t, m in zip(phrases, measures))


def themes_rule(round_: Round) -> str:
    """»fra 3,5 er tilfreds, til og med 2,5 er utilfreds«; where themes differ, that they do."""
    found = {
        (m.dissatisfied_to, m.satisfied_from) for m in round_.measures().values() if not m.points
    }
    if len(found) > 1:
        return "grænserne ligger midt mellem skalaens utilfredse, neutrale og tilfredse svar"
    [(low, high)] = found
    ends = [printing.number(x, 1 if round(x, 1) == x else 2) for x in (low, high)]
    return f"fra {ends[1]} er tilfreds, til og med {ends[0]} er utilfreds"


def means_rule(round_: Round, code: str | None = None) -> str:
    """What answers count as where a scale has more or fewer than five; empty else."""
    others = [m.points for m in question_measures(round_, code) if m.points != FIVE_POINTS.points]
    if not others:
        return ""
    points = listed([_COUNTED[p] for p in dict.fromkeys(others)])
    return (
        f" Svar på skalaer med {points} svar er regnet om, så de tæller jævnt fordelt fra 1 (det mest "
        "negative) til 5 (det mest positive)."
    )
