"""Released results of several rounds as series: a municipality's, or the country's, themes over time.

Only what the rounds' own gates released is read. A change has passed the gate where the later round
names the earlier one in `earlier_rounds`, and what can be followed stands in its release; between other
rounds the values stand side by side by the same rule (`estimation/comparability.py`), and no change is
computed here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from helpers.common import absent, printing
from helpers.common.errors import Problem, SurveyError, TooEarlyError
from helpers.common.vocabulary import FILES, NATIONAL, NATIONAL_LABEL
from helpers.estimation.comparability import OTHER_THEME, comparability
from helpers.estimation.comparisons import ROUND
from helpers.parameters.params import Municipality, load_round
from helpers.released.comparability import Comparability
from helpers.released.published import Published, load_published

ABSENT = "deltog ikke"
NO_RESULTS = "ingen resultater"
NOT_COMPUTED, NOT_COMPARABLE = "ikke beregnet", "kan ikke sammenlignes"


@dataclass(frozen=True)
class Line:
    """One theme through the rounds: `items`, round → the theme's id there; `label` is the latest one's."""

    label: str
    items: dict[str, str]


@dataclass(frozen=True)
class Point:
    """One round's mean (1–5) with its interval and unweighted answers; `words` where it is not shown."""

    round_id: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    words: str = ""

    @property
    def shown(self) -> bool:
        return self.value is not None


@dataclass(frozen=True)
class Step:
    """From one shown point to the next. `comparable`: the same questions to the same kind of citizens;
    `broken`: a break stands between them, and `why` says which. `difference` (later less earlier) with
    its interval, None where the gate has not compared the two; `verdict`: the release's, in Danish, or why
    there is none; `notable`: both sure and large enough."""

    before: str
    now: str
    comparable: bool
    broken: bool
    why: str
    difference: float | None
    low: float | None
    high: float | None
    verdict: str
    notable: bool = False

    @property
    def computed(self) -> bool:
        return self.difference is not None


@dataclass(frozen=True)
class Series:
    """One area's line: a point a round, and the steps between those that are shown."""

    code: str
    line: Line
    points: tuple[Point, ...]
    steps: tuple[Step, ...]

    @property
    def shown(self) -> list[Point]:
        return [p for p in self.points if p.shown]

    def step_to(self, round_id: str) -> Step | None:
        return next((s for s in self.steps if s.now == round_id), None)


class Development:
    """The rounds in the order of their reference dates, their lines and their municipalities."""

    def __init__(self, rounds: Sequence[Published]) -> None:
        self.rounds = tuple(
            sorted(rounds, key=lambda p: (p.round.settings.reference_date, p.round.id))
        )
        self._trends: dict[tuple[str, str], Comparability] = {}

    @property
    def ids(self) -> list[str]:
        return [p.round.id for p in self.rounds]

    @property
    def latest(self) -> Published:
        return self.rounds[-1]

    @property
    def simulated(self) -> bool:
        return self.latest.round.settings.simulated

    def title(self, round_id: str) -> str:
        return self._round(round_id).round.settings.title

    def _round(self, round_id: str) -> Published:
        return next(p for p in self.rounds if p.round.id == round_id)

    @cached_property
    def places(self) -> list[Municipality]:
        """Every municipality with results in any of the rounds, in Danish order."""
        found = {m.code: m for p in self.rounds for m in p.municipalities}
        return sorted(found.values(), key=lambda m: printing.danish_sort_key(m.name))

    def name(self, code: str) -> str:
        names = {m.code: m.name for m in self.places}
        return NATIONAL_LABEL if code == NATIONAL else names[code]

    def trends(self, now: str, before: str) -> Comparability:
        """What can be followed between two rounds: as the later one released it, else by the same rule."""
        if (now, before) not in self._trends:
            later = self._round(now)
            released = later.trends
            if before not in released.rounds:
                released = Comparability(comparability(later.round, self._round(before).round))
            self._trends[now, before] = released
        return self._trends[now, before]

    @cached_property
    def lines(self) -> list[Line]:
        """Themes that are the same by their questions (whatever they are called), or at least by id, are
        one line; a line's later themes come first."""
        found: list[tuple[str, dict[str, str]]] = []
        for published in reversed(self.rounds):
            labels = published.round.item_labels()
            left = list(published.theme_items)
            for same in (self._same_questions, _same_id):
                for _, items in found:
                    if published.round.id not in items:
                        theme = same(items, published.round.id, left)
                        if theme is not None:
                            items[published.round.id] = theme
                            left.remove(theme)
            found += [(labels[theme], {published.round.id: theme}) for theme in left]
        return [Line(label, items) for label, items in found]

    def _same_questions(self, items: dict[str, str], before: str, themes: list[str]) -> str | None:
        """Of `themes` of the round `before`, the one with the questions of the line's nearest round."""
        nearest = list(items)[-1]
        theme = self.trends(nearest, before).same_item(before, items[nearest])
        return theme if theme in themes else None

    @property
    def overall(self) -> Line:
        """The overall satisfaction, or the last line where no round has it."""
        overall = [(p.round.id, p.overall) for p in self.rounds]
        found = (x for x in self.lines if any(x.items.get(r) == theme for r, theme in overall))
        return next(found, self.lines[-1])

    def series(self, code: str, line: Line) -> Series:
        points = tuple(self._point(p, code, line) for p in self.rounds)
        shown = [p for p in points if p.shown]
        steps = tuple(self._step(code, line, a.round_id, b.round_id) for a, b in pairwise(shown))
        return Series(code, line, points, steps)

    def _point(self, published: Published, code: str, line: Line) -> Point:
        words = self._why_absent(published, code, line)
        if words:
            return Point(published.round.id, None, None, None, None, words)
        number = published.number(code, line.items[published.round.id])
        words = "" if number.shown else number.words
        return Point(published.round.id, number.value, number.low, number.high, number.n, words)

    def _why_absent(self, published: Published, code: str, line: Line) -> str:
        if code != NATIONAL and code not in published.round.settings.participants:
            return ABSENT
        if not published.has_results(code):
            return NO_RESULTS
        return "" if published.round.id in line.items else absent.why(absent.NOT_ASKED).words

    def _step(self, code: str, line: Line, before: str, now: str) -> Step:
        trend = self.trends(now, before).trend(before, line.items[now])
        same = trend.comparable and trend.item == line.items[before]
        change = self._round(now).compared(code, ROUND + before, line.items[now])
        if not change.shown or not same:
            row = (None, None, None, NOT_COMPUTED if same else NOT_COMPARABLE)
        else:
            row = (change.value, change.low, change.high, change.said, change.notable)
        why = OTHER_THEME if trend.comparable and not same else trend.note
        return Step(before, now, same, trend.broken or not same, why, *row)

    def since(self, step: Step) -> str:
        """» siden foråret 2024« where the step passes over a round, else nothing."""
        next_to_it = (step.before, step.now) in list(pairwise(self.ids))
        return "" if next_to_it else f" siden {self.title(step.before)}"

    def breaks(self) -> list[tuple[str, str, str]]:
        """(earlier round, later round, what differs) of rounds that follow each other; »« where
        nothing does."""
        return [(a, b, self.trends(b, a).mark(a)) for a, b in pairwise(self.ids)]

    def comings(self) -> list[tuple[str, int, int, int]]:
        """(round, municipalities with results, new since the round before, gone since)."""
        rows, before = [], None
        for published in self.rounds:
            now = {m.code for m in published.municipalities}
            new, gone = (len(now - before), len(before - now)) if before is not None else (0, 0)
            rows.append((published.round.id, len(now), new, gone))
            before = now
        return rows


def _same_id(items: dict[str, str], _before: str, themes: list[str]) -> str | None:
    name = items[list(items)[-1]]
    return name if name in themes else None


# ------------------------------------------------------------------------------ which rounds there are


@dataclass(frozen=True)
class Held:
    """`development` of the rounds; `notes`: which rounds were left out, for the analyst."""

    development: Development
    notes: tuple[str, ...] = ()


def held_rounds(root: Path) -> list[str]:
    """Ids of the rounds that have both a file under `params/rounds/` and a release under `build/`."""
    known = sorted(p.stem for p in (root / "params" / "rounds").glob("*.yml"))
    return [r for r in known if not _missing(root, r)]


def _missing(root: Path, round_id: str) -> list[str]:
    return [f for f in FILES.values() if not (root / "build" / round_id / f).is_file()]


def _half_held(root: Path) -> Iterator[str]:
    """A note on each round that has numbers, but not all tables of a release."""
    for path in sorted((root / "params" / "rounds").glob("*.yml")):
        missing = _missing(root, path.stem)
        if 0 < len(missing) < len(FILES):
            yield (
                f"Left out: {path.stem} lacks {', '.join(missing)}; make its release again with "
                f"`survey run {path.stem} --stage release`."
            )


def load_development(root: Path, wanted: Sequence[str] = ()) -> Held:
    """The rounds `wanted`, or all that are held: the real ones, and the simulated where there is no real.

    Raises SurveyError with every trouble: a round that is unknown or not released, simulated and real
    ones asked for together, none at all.
    """
    ids = list(dict.fromkeys(wanted)) or held_rounds(root)
    if not ids:
        raise TooEarlyError(
            str(root / "build"),
            "holds no released round",
            "one at least",
            "Run `survey run ROUND --stage release` first.",
        )
    problems = _not_held(root, ids)
    rounds = {}
    for round_id in [] if problems else ids:
        try:
            rounds[round_id] = load_round(root, round_id)
        except SurveyError as e:
            problems += e.problems
    if problems:
        raise SurveyError(problems=problems)
    real = [r for r, round_ in rounds.items() if not round_.settings.simulated]
    simulated = [r for r in rounds if r not in real]
    if wanted and real and simulated:
        raise SurveyError(
            "the rounds",
            f"{', '.join(simulated)} is simulated, {', '.join(real)} is not",
            "real rounds only, or simulated ones only",
            "Leave out the others.",
        )
    chosen = real or simulated
    notes = tuple(f"Left out: {r} is simulated." for r in simulated if real)
    notes += () if wanted else tuple(_half_held(root))
    return Held(Development([load_published(root, rounds[r], NATIONAL) for r in chosen]), notes)


def _not_held(root: Path, ids: Sequence[str]) -> list[Problem]:
    known = sorted(p.stem for p in (root / "params" / "rounds").glob("*.yml"))
    problems = []
    for round_id in ids:
        if round_id not in known:
            near = difflib.get_close_matches(round_id, known, n=1)
            hint = f"Did you mean »{near[0]}«? " if near else ""
            problems.append(
                Problem(round_id, "unknown round", remedy=f"{hint}There are: {', '.join(known)}.")
            )
        elif _missing(root, round_id):
            problems.append(
                Problem(
                    str(root / "build" / round_id),
                    "has no release",
                    "the tables of a finished release",
                    f"Run `survey run {round_id} --stage release`, or leave the round out.",
                )
            )
    return problems
