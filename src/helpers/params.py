"""`params/` → frozen, validated objects.

`load_round(root, round_id)` reads everything a round refers to and tells all troubles at once, each
with file, key and remedy, before anything is written.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from helpers.errors import ParameterError, Problem
from helpers.intake_decisions import IntakeDecision, by_municipality
from helpers.param_models import (
    ANSWERS,
    BREAKDOWN_LABELS,
    FREE_TEXT,
    ExtractFormat,
    LayoutWords,
    LocalFile,
    Municipality,
    Question,
    Questionnaire,
    Round,
    Rule,
    RuleSet,
    TargetGroup,
    Theme,
    Tile,
)
from helpers.round_settings import AgeLimits, Comparison, Decimals, RoundFile, Sampling, Weighting

__all__ = [
    "BREAKDOWN_LABELS",
    "AgeLimits",
    "Comparison",
    "Decimals",
    "ExtractFormat",
    "LayoutWords",
    "LocalFile",
    "Municipality",
    "Questionnaire",
    "Round",
    "RoundFile",
    "RuleSet",
    "Sampling",
    "Weighting",
    "latest_round",
    "load_format",
    "load_layouts",
    "load_municipalities",
    "load_round",
    "read_parameters",
]

M = TypeVar("M", bound=BaseModel)


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ParameterError(
            str(path),
            "the file does not exist",
            remedy=_known_files(path),
        )
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except UnicodeDecodeError as e:
        raise ParameterError(str(path), "is not UTF-8", remedy="Save the file as UTF-8") from e
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(e, "problem", None) or "cannot be read"
        raise ParameterError(
            where, f"no valid YAML ({problem})", remedy="Mend the line, then run again"
        ) from e
    if not isinstance(content, dict):
        raise ParameterError(str(path), "holds no keys", "`key: value` lines", "Fill in the file")
    return content


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """SafeLoader, the fast one where it was compiled, that refuses a key that stands twice in one mapping (YAML 1.2, 3.2.1.3)."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key »{key}« stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _known_files(path: Path) -> str:
    known = sorted(p.stem for p in path.parent.glob(f"*{path.suffix}"))
    nearest = difflib.get_close_matches(path.stem, known, n=1)
    hint = f"Did you mean »{nearest[0]}«? " if nearest else ""
    return f"{hint}There are: {', '.join(known) or 'none'}"


def _read_csv(path: Path) -> list[dict[str, str | None]]:
    """Rows of a UTF-8 CSV; an empty field is left out so that the model's default holds."""
    if not path.is_file():
        raise ParameterError(str(path), "the file does not exist", remedy=_known_files(path))
    with path.open(encoding="utf-8-sig", newline="") as f:
        return [{k: v for k, v in row.items() if v != ""} for row in csv.DictReader(f)]


def _field_names(model: type[BaseModel], loc: tuple) -> list[str]:
    """Known keys at the place of an unknown one, for the nearest name."""
    current: Any = model
    for part in loc[:-1]:
        if isinstance(part, str) and hasattr(current, "model_fields"):
            annotation = current.model_fields.get(part)
            current = annotation.annotation if annotation else None
            args = [a for a in getattr(current, "__args__", ()) if hasattr(a, "model_fields")]
            current = args[0] if args else current
    return list(getattr(current, "model_fields", {}))


def _problems(where: str, model: type[BaseModel], error: ValidationError) -> list[Problem]:
    problems = []
    for e in error.errors():
        key = ".".join(str(p) for p in e["loc"])
        if e["type"] == "extra_forbidden":
            nearest = difflib.get_close_matches(
                str(e["loc"][-1]), _field_names(model, e["loc"]), n=1, cutoff=0.4
            )
            remedy = f"Did you mean »{nearest[0]}«?" if nearest else "Remove the key."
            problems.append(Problem(f"{where}, key `{key}`", "unknown key", remedy=remedy))
        elif e["type"] == "missing":
            problems.append(
                Problem(f"{where}, key `{key}`", "is missing", remedy="Add it and run again.")
            )
        else:
            for line in e["msg"].removeprefix("Value error, ").split("\n"):
                shown = f" »{e['input']}«" if isinstance(e["input"], str | int | float) else ""
                at = f"{where}, key `{key}`" if key else where
                problems.append(Problem(at, f"{line}{shown}", remedy="Correct it and run again."))
    return problems


def _build(model: type[M], content: dict, where: str, problems: list[Problem]) -> M | None:
    try:
        return model.model_validate(content)
    except ValidationError as e:
        problems += _problems(where, model, e)
        return None


def read_parameters(path: Path, model: type[M]) -> M:
    """One YAML file of `params/` as its model. Raises ParameterError with every trouble found."""
    problems: list[Problem] = []
    built = _build(model, _read_yaml(path), str(path), problems)
    if built is None:
        raise ParameterError(problems=problems)
    return built


def _build_rows(model: type[M], path: Path, problems: list[Problem]) -> tuple[M, ...]:
    built = [
        _build(model, row, f"{path}, line {line}", problems)
        for line, row in enumerate(_read_csv(path), start=2)
    ]
    return tuple(b for b in built if b is not None)


def load_municipalities(root: Path) -> dict[str, Municipality]:
    """All municipalities by code."""
    problems: list[Problem] = []
    rows = _build_rows(Municipality, root / "params" / "municipalities.csv", problems)
    if problems:
        raise ParameterError(problems=problems)
    return {m.code: m for m in rows}


def load_tiles(root: Path) -> dict[str, Tile]:
    """Every municipality's place on the map of tiles, by code.

    Raises ParameterError where a municipality has none or two have the same.
    """
    path = root / "params" / "tile-map.csv"
    problems: list[Problem] = []
    tiles = {t.code: t for t in _build_rows(Tile, path, problems)}
    for code in sorted(set(load_municipalities(root)) ^ set(tiles)):
        problems.append(
            Problem(
                str(path), f"municipality {code}", "a row for each municipality", "Mend the file."
            )
        )
    taken: dict[tuple[int, int], str] = {}
    for tile in tiles.values():
        other = taken.setdefault((tile.column, tile.row), tile.code)
        if other != tile.code:
            problems.append(
                Problem(
                    str(path), f"{tile.code} lies where {other} lies", "a tile each", "Move one."
                )
            )
    if problems:
        raise ParameterError(problems=problems)
    return tiles


def _load_questionnaire(folder: Path, name: str, problems: list[Problem]) -> Questionnaire | None:
    path = folder / f"{name}.csv"
    questions = _build_rows(Question, path, problems)
    themes = _build_rows(Theme, folder / f"{name}-themes.csv", problems)
    scales: dict[str, dict[int, str]] = {}
    for row in _read_csv(folder / "scales.csv"):
        scales.setdefault(row["scale"], {})[int(row["value"])] = row["label"]
    for q in questions:
        if q.is_scaled and q.scale not in scales:
            problems.append(_unknown(f"{path}, question {q.id}", "scale", q.scale, scales))
        if q.is_scaled and q.theme not in {t.id for t in themes}:
            known = [t.id for t in themes]
            problems.append(_unknown(f"{path}, question {q.id}", "theme", q.theme, known))
    if len({q.id for q in questions}) < len(questions):
        problems.append(Problem(str(path), "a question id stands twice", remedy="Keep one."))
    content = {"id": name, "questions": questions, "themes": themes, "scales": scales}
    return _build(Questionnaire, content, str(path), problems)


def _unknown(where: str, kind: str, name: str, known) -> Problem:
    nearest = difflib.get_close_matches(name, list(known), n=1)
    hint = f"Did you mean »{nearest[0]}«?" if nearest else f"Known: {', '.join(known)}."
    return Problem(where, f"unknown {kind} »{name}«", remedy=hint)


def _load_rule_set(folder: Path, path: Path, problems: list[Problem]) -> RuleSet | None:
    rules = _build_rows(Rule, path, problems)
    groups = _build_rows(TargetGroup, folder / "target-groups.csv", problems)
    used = {r.target_group for r in rules if r.target_group}
    problems += [
        _unknown(str(path), "target group", g, [t.id for t in groups])
        for g in sorted(used - {t.id for t in groups})
    ]
    ordered = sorted((g for g in groups if g.id in used), key=lambda g: g.order)
    content = {"id": path.stem, "rules": rules, "groups": ordered}
    return _build(RuleSet, content, str(path), problems)


def _load_agreements(
    params: Path, round_id: str, municipalities: dict[str, Municipality], problems: list[Problem]
) -> dict[str, dt.date]:
    """Municipality → day on which its data processing agreement was signed; none without a file."""
    path = params / "agreements" / f"{round_id}.csv"
    signed: dict[str, dt.date] = {}
    if not path.is_file():
        return signed
    for number, row in enumerate(_read_csv(path), start=2):
        where = f"{path}, line {number}"
        code, day = (row.get("municipality") or "").strip(), (row.get("signed") or "").strip()
        if code not in municipalities:
            problems.append(_unknown(where, "municipality", code, sorted(municipalities)))
        if not day:
            continue  # sent, but not signed yet
        try:
            signed[code] = dt.date.fromisoformat(day)
        except ValueError:
            problems.append(
                Problem(
                    where, f"signed »{day}« is no date", "a day as 2024-02-20", "Mend the date."
                )
            )
    return signed


def latest_round(root: Path) -> str:
    """The round with the latest reference date; a simulated one only where there is no other.

    Raises ParameterError where there is none, or two with the same date.
    """
    folder = root / "params" / "rounds"
    dated = [(path.stem, _read_yaml(path)) for path in sorted(folder.glob("*.yml"))]
    real = [(name, content) for name, content in dated if not content.get("simulated")]
    days = {n: c["reference_date"] for n, c in real or dated if "reference_date" in c}
    latest = [name for name, day in days.items() if day == max(days.values())]
    if len(latest) != 1:
        told = f"{' and '.join(latest)} have the same date" if latest else "holds no round"
        raise ParameterError(str(folder), told, "one latest round", "Name the round.")
    return latest[0]


def load_round(root: Path, round_id: str, *, before_sign_up: bool = False) -> Round:
    """Read and check `params/` for one round; `before_sign_up`: one that may have no participants yet.

    Raises ParameterError with every trouble found: unknown keys, unknown municipalities, dates
    outside the calendar, a fourth local question, references to files that do not exist.
    """
    path = root / "params" / "rounds" / f"{round_id}.yml"
    problems: list[Problem] = []
    content, settings = read_settings(path, RoundFile, problems)
    if settings is not None and not settings.participants and not before_sign_up:
        problems.append(
            Problem(
                f"{path}, key `participants`",
                "none named",
                "at least one municipality",
                f"Name it, or take in the sign-ups: survey participants {round_id} FILE.",
            )
        )
    return with_references(root, path, settings, content, problems)


def read_settings(
    path: Path, model: type[M], problems: list[Problem]
) -> tuple[dict[str, Any], M | None]:
    """A YAML file's content, and the model of it; what is wrong with it is added to `problems`."""
    content = _read_yaml(path)
    return content, _build(model, content, str(path), problems)


def with_references(
    root: Path,
    path: Path,
    settings: RoundFile | None,
    content: dict[str, Any],
    problems: list[Problem],
) -> Round:
    """The settings with everything under `params/` that they refer to.

    `path`: the file that `content` was read from, named in messages; `problems`: found in it so far.
    Raises ParameterError as `load_round`.
    """
    params, round_id = root / "params", path.stem
    municipalities = load_municipalities(root)

    named = content.get("participants") or []
    problems += [
        _unknown(f"{path}, key `participants`", "municipality", str(c), sorted(municipalities))
        for c in named
        if str(c) not in municipalities
    ]
    if settings is not None and settings.round != round_id:
        problems.append(
            Problem(f"{path}, key `round`", f"is »{settings.round}«", f"»{round_id}«, as the file")
        )

    rounds = {p.stem: p for p in sorted((params / "rounds").glob("*.yml")) if p.stem != round_id}
    earlier_titles = {}
    for name in settings.earlier_rounds if settings is not None else ():
        if name in rounds:
            earlier_titles[name] = str(_read_yaml(rounds[name]).get("title", name))
        else:
            problems.append(_unknown(f"{path}, key `earlier_rounds`", "round", name, list(rounds)))

    rule_sets = _load_rule_sets(params, problems)
    questionnaire = None
    if settings is not None:
        where = f"{path}, key `classification`"
        if settings.classification not in rule_sets:
            problems.append(_unknown(where, "rule set", settings.classification, rule_sets))
        else:
            groups = [g.id for g in rule_sets[settings.classification].groups]
            expected = settings.sampling.expected_response
            problems += [
                Problem(
                    f"{path}, key `sampling.expected_response`", f"lacks »{g}«", remedy="Add it."
                )
                for g in groups
                if g not in expected
            ] + [
                _unknown(f"{path}, key `sampling.expected_response`", "target group", g, groups)
                for g in expected
                if g not in groups
            ]
        questionnaire = _load_questionnaire(
            params / "questionnaires", settings.questionnaire, problems
        )
    agreements = _load_agreements(params, round_id, municipalities, problems)
    formats = _load_formats((params / "extract-formats").glob("*.yml"), rule_sets, problems)
    decided = params / "decisions" / f"{round_id}.csv"
    lines = _build_rows(IntakeDecision, decided, problems) if decided.is_file() else ()
    decisions = by_municipality(lines, decided, municipalities, problems)
    local = {}
    for local_path in sorted((params / "local" / round_id).glob("*.yml")):
        built = _build(LocalFile, _read_yaml(local_path), str(local_path), problems)
        if built is not None:
            local[built.municipality] = built
            problems += _local_problems(local_path, built, municipalities, questionnaire)
    if problems:
        raise ParameterError(problems=problems)
    return Round(
        settings=settings,
        municipalities=municipalities,
        rule_sets=rule_sets,
        questionnaire=questionnaire,
        formats=formats,
        local=local,
        agreements=agreements,
        earlier_titles=earlier_titles,
        decisions=decisions,
    )


def load_layouts(root: Path) -> tuple[tuple[ExtractFormat, ...], LayoutWords, tuple[str, ...]]:
    """The known layouts, the words that new ones may use, and all benefit types.

    Raises ParameterError with every trouble found.
    """
    params, problems = root / "params", []
    rule_sets = _load_rule_sets(params, problems)
    formats = _load_formats((params / "extract-formats").glob("*.yml"), rule_sets, problems)
    path = params / "layout-words.yml"
    words = _build(LayoutWords, _read_yaml(path), str(path), problems)
    types = _benefit_types(rule_sets)
    for benefit in words.benefits if words else ():
        if benefit not in types:
            where = f"{path}, key `benefits`"
            problems.append(_unknown(where, "benefit type", benefit, types))
    if problems:
        raise ParameterError(problems=problems)
    return formats, words, types


def load_format(root: Path, path: Path) -> ExtractFormat:
    """One layout's file, wherever it lies. Raises ParameterError with every trouble found."""
    problems: list[Problem] = []
    rule_sets = _load_rule_sets(root / "params", problems)
    formats = _load_formats([path], rule_sets, problems)
    if problems:
        raise ParameterError(problems=problems)
    return formats[0]


def _load_rule_sets(params: Path, problems: list[Problem]) -> dict[str, RuleSet]:
    paths = sorted((params / "classification").glob("*.csv"))
    loaded = (_load_rule_set(params, path, problems) for path in paths)
    return {rule_set.id: rule_set for rule_set in loaded if rule_set is not None}


def _load_formats(
    paths: Iterable[Path], rule_sets: dict[str, RuleSet], problems: list[Problem]
) -> tuple[ExtractFormat, ...]:
    formats = []
    for path in sorted(paths):
        built = _build(ExtractFormat, _read_yaml(path), str(path), problems)
        if built is not None:
            formats.append(built)
            problems += _format_problems(path, built, rule_sets)
    return tuple(formats)


def _benefit_types(rule_sets: dict[str, RuleSet]) -> tuple[str, ...]:
    """All benefit types of the rule sets, in the order of the latest."""
    rows = (
        r.benefit_type for name in sorted(rule_sets, reverse=True) for r in rule_sets[name].rules
    )
    return tuple(dict.fromkeys(rows))


def _format_problems(path: Path, built: ExtractFormat, rule_sets: dict) -> list[Problem]:
    known = _benefit_types(rule_sets)
    return [
        _unknown(f"{path}, key `benefits.{text}`", "benefit type", benefit, sorted(known))
        for text, benefit in built.benefits.items()
        if benefit not in known
    ]


def _local_problems(
    path: Path, built: LocalFile, municipalities: dict, questionnaire: Questionnaire | None
) -> list[Problem]:
    problems = []
    if built.municipality not in municipalities:
        problems.append(
            _unknown(
                f"{path}, key `municipality`", "municipality", built.municipality, municipalities
            )
        )
    if not path.name.startswith(built.municipality):
        problems.append(
            Problem(
                f"{path}, key `municipality`", f"is {built.municipality}", "the file's own code"
            )
        )
    return problems + (_scale_problems(path, built, questionnaire.scales) if questionnaire else [])


def _scale_problems(
    path: Path, built: LocalFile, common: dict[str, dict[int, str]]
) -> list[Problem]:
    """Every scale is known and is one thing only, every own one is used, and 5 is the most positive."""
    problems = []
    for q in built.questions:
        if q.scale not in {*common, *built.scales}:
            where = f"{path}, key `questions.{q.id}.scale`"
            problems.append(_unknown(where, "scale", q.scale, [*common, *built.scales]))
    used = {q.scale for q in built.questions}
    upside_down = {
        tuple(labels.get(6 - k) for k in ANSWERS): name for name, labels in common.items()
    }
    for name, labels in built.scales.items():
        where = f"{path}, key `scales.{name}`"
        if name in common or name == FREE_TEXT:
            kind = "the name of a common scale" if name in common else "the word for free text"
            problems.append(Problem(where, f"is {kind}", "a name of its own", "Rename it."))
        elif name not in used:
            remedy = "Name it at a question, or remove it."
            problems.append(Problem(where, "is used by no local question", remedy=remedy))
        if turned := upside_down.get(tuple(labels.get(k) for k in ANSWERS)):
            problems.append(
                Problem(
                    where,
                    f"is »{turned}« upside down",
                    "1 the most negative answer, 5 the most positive",
                    "Turn the labels round.",
                )
            )
    return problems
