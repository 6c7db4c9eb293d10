"""What rounds share under `params/`: municipalities, the map of tiles, questionnaires, rule sets and
layouts, each read with the relations within and between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.files import Source, read_yaml
from helpers.parameters.format_rules import ambiguous_problems, format_problems, words_problems
from helpers.parameters.layouts import ExtractFormat, LayoutWords
from helpers.parameters.local import stray_files
from helpers.parameters.municipalities import Municipality, Tile
from helpers.parameters.questionnaires import Question, Questionnaire, ScaleLabel, Theme
from helpers.parameters.relations import (
    group_problems,
    kinds_of,
    municipality_problems,
    questionnaire_problems,
    rule_problems,
    scale_problems,
    scales_of,
)
from helpers.parameters.rule_sets import Rule, RuleSet, TargetGroup
from helpers.parameters.tables import Table, read_table, stands_twice, unknown
from helpers.parameters.words import build

M = TypeVar("M", bound=BaseModel)


def read_settings(
    path: Path, model: type[M], problems: list[Problem]
) -> tuple[Source | None, M | None]:
    """A YAML file, and the model of it; what is wrong with it is added to `problems`."""
    source = read_yaml(path, problems)
    return source, source and build(model, source.content, source, problems)


# ----------------------------------------------------------------------------------- municipalities


def load_municipalities(root: Path) -> dict[str, Municipality]:
    """All municipalities by code."""
    problems: list[Problem] = []
    table = municipality_table(root, problems)
    if problems:
        raise ParameterError(problems=problems)
    return {m.code: m for m in table.rows}


def municipality_table(root: Path, problems: list[Problem]) -> Table[Municipality]:
    table = read_table(Municipality, root / "params" / "municipalities.csv", problems)
    problems += municipality_problems(table)
    return table


def load_tiles(root: Path) -> dict[str, Tile]:
    """Every municipality's place on the map of tiles, by code.

    Raises ParameterError where a municipality has none or two have the same.
    """
    problems: list[Problem] = []
    tiles = tile_table(root, municipality_table(root, problems), problems)
    if problems:
        raise ParameterError(problems=problems)
    return {t.code: t for t in tiles.rows}


def tile_table(root: Path, places: Table[Municipality], problems: list[Problem]) -> Table[Tile]:
    table = read_table(Tile, root / "params" / "tile-map.csv", problems)
    problems += stands_twice(table, "code", lambda t: t.code)
    if table.whole and places.whole:
        for code in sorted({m.code for m in places.rows} ^ {t.code for t in table.rows}):
            finding, expected = (
                f"municipality {code}",
                "a row for each municipality, and for no other",
            )
            problems.append(Problem(str(table.path), finding, expected, "Mend the file."))
    taken: dict[tuple[int, int], str] = {}
    for line, tile in table.lines:
        other = taken.setdefault((tile.column, tile.row), tile.code)
        if other != tile.code:
            finding = f"{tile.code} lies where {other} lies"
            problems.append(Problem(table.at(line), finding, "a tile each", "Move one."))
    return table


# ------------------------------------------------------------------------- questionnaires and rules


def _load_questionnaire(folder: Path, name: str, problems: list[Problem]) -> Questionnaire | None:
    """The questionnaire; None where a table of it cannot be read whole."""
    questions = read_table(Question, folder / f"{name}.csv", problems)
    themes = read_table(Theme, folder / f"{name}-themes.csv", problems, ("role",))
    scales = read_table(ScaleLabel, folder / "scales.csv", problems, ("kind",))
    problems += scale_problems(scales)
    problems += questionnaire_problems(questions, themes, scales)
    if not (questions.whole and themes.whole and scales.whole):
        return None
    return Questionnaire(
        id=name,
        questions=tuple(sorted(questions.rows, key=lambda q: q.order)),
        themes=tuple(sorted(themes.rows, key=lambda t: t.order)),
        scales=scales_of(scales),
        kinds=kinds_of(scales),
    )


def load_rule_sets(params: Path, problems: list[Problem]) -> dict[str, RuleSet]:
    """Every rule set of `params/classification/`; one that could not be read whole is left out."""
    file = params / "target-groups.csv"
    groups = read_table(TargetGroup, file, problems, optional=("continues",))
    folder = params / "classification"
    tables = [
        read_table(Rule, path, problems, optional=("most_spell",))
        for path in sorted(folder.glob("*.csv"))
    ]
    problems += stray_files(folder, ".csv")
    problems += group_problems(groups, tables)
    for table in tables:
        problems += rule_problems(table, groups)
    return {t.path.stem: _rule_set(t, groups) for t in tables if t.whole and groups.whole}


def _rule_set(table: Table[Rule], groups: Table[TargetGroup]) -> RuleSet:
    used = {r.target_group for r in table.rows}
    ordered = sorted((g for g in groups.rows if g.id in used), key=lambda g: g.order)
    return RuleSet(id=table.path.stem, rules=table.rows, groups=tuple(ordered))


# ------------------------------------------------------------------------------------------ layouts


def load_layouts(root: Path) -> tuple[tuple[ExtractFormat, ...], LayoutWords, tuple[str, ...]]:
    """The known layouts, the words that new ones may use, and all benefit types.

    Raises ParameterError with every trouble found.
    """
    params, problems = root / "params", []
    rule_sets = load_rule_sets(params, problems)
    formats = load_formats(layout_files(params, problems), rule_sets, problems)
    source, words = read_settings(params / "layout-words.yml", LayoutWords, problems)
    types = _benefit_types(rule_sets)
    if source is not None and words is not None:
        problems += words_problems(source, words)
        for benefit in words.benefits:
            if benefit not in types:
                where = source.at("benefits", benefit)
                problems.append(unknown(where, "benefit type", benefit, types))
    if problems:
        raise ParameterError(problems=problems)
    return formats, words, types


def load_format(root: Path, path: Path, known: Sequence[ExtractFormat] = ()) -> ExtractFormat:
    """One layout's file, wherever it lies, that can be told apart from the `known` ones.

    Raises ParameterError with every trouble found.
    """
    problems: list[Problem] = []
    rule_sets = load_rule_sets(root / "params", problems)
    formats = load_formats([path], rule_sets, problems, known)
    if problems:
        raise ParameterError(problems=problems)
    return formats[-1]


def layout_files(params: Path, problems: list[Problem]) -> list[Path]:
    folder = params / "extract-formats"
    problems += stray_files(folder, ".yml")
    return sorted(folder.glob("*.yml"))


def load_formats(
    paths: Iterable[Path],
    rule_sets: Mapping[str, RuleSet],
    problems: list[Problem],
    before: Sequence[ExtractFormat] = (),
) -> tuple[ExtractFormat, ...]:
    """The layouts `before` and those of `paths`, each to be told apart from all others."""
    formats = list(before)
    known = _benefit_types(rule_sets)
    for path in paths:
        source, built = read_settings(path, ExtractFormat, problems)
        if source is None or built is None:
            continue
        problems += ambiguous_problems(source, built, formats)
        problems += format_problems(source, built)
        formats.append(built)
        problems += [
            unknown(source.at("benefits", text), "benefit type", benefit, sorted(known))
            for text, benefit in built.benefits.items()
            if known and benefit not in known
        ]
    return tuple(formats)


def _benefit_types(rule_sets: Mapping[str, RuleSet]) -> tuple[str, ...]:
    """All benefit types of the rule sets, in the order of the latest."""
    rows = (
        r.benefit_type for name in sorted(rule_sets, reverse=True) for r in rule_sets[name].rules
    )
    return tuple(dict.fromkeys(rows))
