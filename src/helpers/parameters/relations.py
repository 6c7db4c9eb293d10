"""What the tables under `params/` must be to each other, checked before anything runs.

Each function gives the problems of one relation; where a table could not be read whole, nothing is
said to be missing from it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from helpers.common.errors import Problem
from helpers.common.labels import normalise
from helpers.parameters.layouts import ExtractFormat
from helpers.parameters.municipalities import Municipality
from helpers.parameters.questionnaires import FREE_TEXT, OVERALL, Question, ScaleLabel, Theme
from helpers.parameters.rule_sets import Rule, RuleSet, TargetGroup
from helpers.parameters.scales import scale_troubles, upside_down
from helpers.parameters.spells import spell_problems
from helpers.parameters.tables import Table, stands_twice, unknown


def municipality_problems(table: Table[Municipality]) -> Iterator[Problem]:
    """Codes and names stand once, and no region is another one misspelt."""
    yield from stands_twice(table, "code", lambda m: m.code)
    yield from stands_twice(table, "name", lambda m: _same(m.name))
    regions = [m.region for m in table.rows]
    for one, other in combinations(sorted(set(regions)), 2):
        if difflib.SequenceMatcher(None, one.casefold(), other.casefold()).ratio() > 0.85:
            rare, usual = sorted((one, other), key=regions.count)
            line = next(n for n, m in table.lines if m.region == rare)
            yield Problem(
                table.at(line),
                f"region »{rare}« is nearly »{usual}«",
                "one spelling",
                f"Did you mean »{usual}«?",
            )


def rule_problems(rules: Table[Rule], groups: Table[TargetGroup]) -> Iterator[Problem]:
    """One rule for each spell of a benefit type, and target groups that there are."""
    yield from spell_problems(rules)
    known = [g.id for g in groups.rows]
    for line, rule in rules.lines:
        if groups.whole and rule.target_group and rule.target_group not in known:
            yield unknown(rules.at(line), "target group", rule.target_group, known)


def group_problems(
    groups: Table[TargetGroup], rule_tables: Sequence[Table[Rule]]
) -> Iterator[Problem]:
    """Groups stand once, each has a rule in some rule set, and what it continues is a group."""
    yield from _continues_problems(groups)
    yield from stands_twice(groups, "id", lambda g: g.id)
    yield from stands_twice(groups, "order", lambda g: g.order)
    yield from stands_twice(groups, "label", lambda g: _same(g.label))
    yield from stands_twice(groups, "short", lambda g: _same(g.short))
    used = {r.target_group for table in rule_tables for r in table.rows}
    if all(table.whole for table in rule_tables):
        for line, group in groups.lines:
            if group.id not in used:
                yield Problem(
                    groups.at(line),
                    f"no rule set has a rule for the target group »{group.id}«",
                    "a rule for each group",
                    "Name it in params/classification/, or remove the row.",
                )


def _continues_problems(groups: Table[TargetGroup]) -> Iterator[Problem]:
    known = [g.id for g in groups.rows]
    for line, group in groups.lines if groups.whole else ():
        for earlier in group.stands_for:
            if earlier not in known:
                yield unknown(groups.at(line), "target group in continues:", earlier, known)
        if len(set(group.stands_for)) < len(group.stands_for):
            what = f"continues names a group of »{group.id}« twice"
            yield Problem(groups.at(line), what, "each once, parted by »;«", "Keep one.")


def coverage_problems(
    path: Path, rule_set: RuleSet, formats: Iterable[ExtractFormat]
) -> Iterator[Problem]:
    """Every benefit type that a layout knows has a rule in the round's rule set."""
    ruled = {r.benefit_type for r in rule_set.rules}
    written = {normalise(r.benefit_type): r.benefit_type for r in rule_set.rules}
    named: dict[str, list[str]] = {}
    for layout in formats:
        for benefit in dict.fromkeys(layout.benefits.values()):
            named.setdefault(benefit, []).append(layout.layout)
    for benefit, layouts in named.items():
        if benefit not in ruled:
            yield Problem(
                str(path),
                f"no rule for the benefit type »{benefit}«, which the layouts {', '.join(layouts)} "
                "know; its citizens would silently be left out",
                "a row for each benefit type",
                f"The row »{near}« is written otherwise: write it so."
                if (near := written.get(normalise(benefit)))
                else "Add its row; an empty target_group leaves it out on purpose.",
            )


def scale_problems(table: Table[ScaleLabel]) -> Iterator[Problem]:
    """Each common scale has its answers from 1 on and *ved ikke*, each once and to be told apart."""
    yield from stands_twice(table, "the answer", lambda s: f"{s.scale} {s.value}")
    scales, kinds = scales_of(table), kinds_of(table)
    for name, labels in scales.items() if table.whole else ():
        line = max(n for n, s in table.lines if s.scale == name)
        for finding in scale_troubles(labels, kinds.get(name)):
            what, _, remedy = finding.partition("; ")
            yield Problem(
                table.at(line),
                f"scale »{name}«: {what}",
                "answers from 1 on, and Ved ikke behind them",
                f"{remedy[:1].upper()}{remedy[1:]}" or "Correct it.",
            )
    for name, labels in scales.items():
        other = upside_down(labels, scales)
        if other is not None and name < other:
            yield Problem(
                str(table.path),
                f"scale »{name}« is »{other}« upside down",
                "1 the most negative answer, the last before Ved ikke the most positive",
                "Turn the labels round.",
            )


def scales_of(table: Table[ScaleLabel]) -> dict[str, dict[int, str]]:
    scales: dict[str, dict[int, str]] = {}
    for row in table.rows:
        scales.setdefault(row.scale, {}).setdefault(row.value, row.label)
    return scales


def kinds_of(table: Table[ScaleLabel]) -> dict[str, dict[int, str]]:
    """Scale → answer → kind, of the scales that tell theirs."""
    kinds: dict[str, dict[int, str]] = {}
    for row in table.rows:
        if row.kind:
            kinds.setdefault(row.scale, {})[row.value] = row.kind
    return kinds


def questionnaire_problems(
    questions: Table[Question], themes: Table[Theme], scales: Table[ScaleLabel]
) -> Iterator[Problem]:
    """Ids, orders and wordings stand once; questions name a theme and a scale that there are; what the
    reports rely on is there."""
    for what in ("id", "order", "wording", "short"):
        yield from stands_twice(questions, what, lambda q, what=what: _same(getattr(q, what)))
    for what in ("id", "order", "label"):
        yield from stands_twice(themes, what, lambda t, what=what: _same(getattr(t, what)))
    known_scales, known_themes = list(scales_of(scales)), [t.id for t in themes.rows]
    for line, q in questions.lines:
        where = f"{questions.at(line)}, question {q.id}"
        if q.is_scaled and scales.whole and q.scale not in known_scales:
            yield unknown(where, "scale", q.scale, [*known_scales, FREE_TEXT])
        if themes.whole and q.theme and q.theme not in known_themes:
            yield unknown(where, "theme", q.theme, known_themes)
        if q.is_scaled and not q.theme:
            yield Problem(where, "has a scale, but no theme", "a theme", "Name its theme.")
        if not q.is_scaled and q.theme:
            finding = f"is free text, and stands in the theme »{q.theme}«"
            yield Problem(where, finding, "a scale, or no theme", "Correct the scale or the theme.")
    if questions.whole and themes.whole:
        yield from _relied_on(questions, themes)


def _same(value: object) -> object:
    """Texts that a reader takes for the same are the same."""
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


def _relied_on(questions: Table[Question], themes: Table[Theme]) -> Iterator[Problem]:
    """The theme that reports call overall satisfaction is there; no theme is without questions."""
    overall = [t.id for t in themes.rows if t.role]
    if len(overall) > 1:
        finding = f"{' and '.join(overall)} all have the role overall"
        yield Problem(str(themes.path), finding, "one theme that reports begin with", "Correct it.")
    if not overall and OVERALL not in {t.id for t in themes.rows}:
        yield Problem(
            str(themes.path),
            f"the theme »{OVERALL}« is missing, on which every report relies",
            f"a row with the id {OVERALL}, or one with the role overall",
            "Add it, or give it its id back, or write overall in the column role of the theme that is "
            "the overall satisfaction; its label may be another.",
        )
    filled = {q.theme for q in questions.rows if q.is_scaled}
    for line, theme in themes.lines:
        if theme.id not in filled:
            yield Problem(
                themes.at(line),
                f"the theme »{theme.id}« has no question",
                "one or more",
                f"Name it at a question of {questions.path.name}, or remove the row.",
            )


def same_key(where: str, kind: str, meant: Iterable[tuple[str, object]]) -> Iterator[Problem]:
    """(text, meaning): texts that the reader of extracts cannot tell apart (`cells.cell_key`) and that
    mean different things, and texts of which it sees nothing."""
    first: dict[str, tuple[str, object]] = {}
    for text, meaning in meant:
        key = normalise(text)
        if not key:
            yield Problem(
                where,
                f"{kind} »{text}« has no letter or digit, and would be read as empty",
                "letters or digits",
                "Write it in words.",
            )
            continue
        other, its_meaning = first.setdefault(key, (text, meaning))
        if its_meaning != meaning:
            yield Problem(
                where,
                f"{kind} »{other}« and »{text}« are read as the same, »{key}«, which means "
                f"{its_meaning} and {meaning}",
                "texts that differ in letters or digits",
                "Write the difference in words.",
            )
