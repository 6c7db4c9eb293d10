"""`params/` → frozen, validated objects.

`load_round(root, round_id)` reads everything a round refers to and tells all troubles at once, each
with file, key and remedy, before anything is written.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.files import Source, known_files
from helpers.parameters.intake_decisions import IntakeDecision, by_municipality
from helpers.parameters.layouts import ExtractFormat, LayoutWords
from helpers.parameters.local import local_problems, stray_files
from helpers.parameters.municipalities import Agreement, Municipality, Tile
from helpers.parameters.questionnaires import LocalFile, Questionnaire
from helpers.parameters.relations import coverage_problems
from helpers.parameters.round_settings import (
    AgeLimits,
    Comparison,
    Dated,
    Decimals,
    RoundFile,
    Sampling,
    Weighting,
)
from helpers.parameters.rounds import BREAKDOWN_LABELS, EarlierRound, Round
from helpers.parameters.rule_sets import Rule, RuleSet
from helpers.parameters.sets import (
    _load_questionnaire,
    layout_files,
    load_format,
    load_formats,
    load_layouts,
    load_municipalities,
    load_rule_sets,
    load_tiles,
    municipality_table,
    read_settings,
    tile_table,
)
from helpers.parameters.tables import read_table, stands_twice, unknown
from helpers.parameters.types import CODE_PATTERN
from helpers.parameters.withdrawals import read_withdrawals, withdrawals_file

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
    "Rule",
    "RuleSet",
    "Sampling",
    "Tile",
    "Weighting",
    "latest_round",
    "load_format",
    "load_layouts",
    "load_municipalities",
    "load_round",
    "load_tiles",
    "read_parameters",
    "read_settings",
    "with_references",
]

M = TypeVar("M", bound=BaseModel)


def read_parameters(path: Path, model: type[M]) -> M:
    """One YAML file of `params/` as its model. Raises ParameterError with every trouble found."""
    problems: list[Problem] = []
    _, built = read_settings(path, model, problems)
    if problems or built is None:
        raise ParameterError(problems=problems)
    return built


# ------------------------------------------------------------------------------------------- rounds


def latest_round(root: Path) -> str:
    """The round with the latest reference date; a simulated one only where there is no other.

    Raises ParameterError where there is none, or two with the same date, or a file cannot be read.
    """
    folder, problems = root / "params" / "rounds", []
    read = {p.stem: read_settings(p, Dated, problems)[1] for p in sorted(folder.glob("*.yml"))}
    if problems:
        raise ParameterError(problems=problems)
    dated = {name: r for name, r in read.items() if r is not None and r.reference_date}
    real = {name: r for name, r in dated.items() if not r.simulated} or dated
    last = max((r.reference_date for r in real.values()), default=None)
    latest = [name for name, r in real.items() if r.reference_date == last]
    if len(latest) != 1:
        finding = f"{' and '.join(latest)} have the same date" if latest else "holds no round"
        raise ParameterError(str(folder), finding, "one latest round", "Name the round.")
    return latest[0]


def load_round(root: Path, round_id: str, *, before_sign_up: bool = False) -> Round:
    """Read and check `params/` for one round; `before_sign_up`: one that may have no participants yet.

    Raises ParameterError with every trouble found: unknown keys, unknown municipalities, dates
    outside the calendar, a fourth local question, references to files that do not exist.
    """
    path = root / "params" / "rounds" / f"{round_id}.yml"
    if not path.is_file():
        raise ParameterError(str(path), "the file does not exist", remedy=known_files(path))
    problems: list[Problem] = []
    source, settings = read_settings(path, RoundFile, problems)
    if source and settings and not settings.participants and not before_sign_up:
        problems.append(
            Problem(
                source.at("participants"),
                "none named",
                "at least one municipality",
                f"Name it, or take in the sign-ups: survey participants {round_id} FILE.",
            )
        )
    if source and settings and settings.round != round_id:
        finding, remedy = f"is »{settings.round}«", "Rename the file or the round."
        problems.append(Problem(source.at("round"), finding, f"»{round_id}«, as the file", remedy))
    ends = settings.period.end if settings else None
    return with_references(root, path, source, settings, problems, agreements_until=ends)


def with_references(
    root: Path,
    path: Path,
    source: Source | None,
    settings: RoundFile | None,
    problems: list[Problem],
    *,
    agreements_until: dt.date | None = None,
) -> Round:
    """The settings with everything under `params/` that they refer to.

    `source`: what was read of the file `path`; `problems`: found in it so far; `agreements_until`: no
    agreement can be signed after that day. Raises ParameterError as `load_round`.
    """
    params, round_id = root / "params", path.stem
    places = municipality_table(root, problems)
    tile_table(root, places, problems)
    known = {m.code: m for m in places.rows} if places.whole else {}
    rule_sets = load_rule_sets(params, problems)
    formats = load_formats(layout_files(params, problems), rule_sets, problems)
    questionnaire = None
    if source is not None:
        problems += _stranger_problems(source, known)
        problems += _rule_set_problems(source, settings, params, rule_sets, formats)
        questionnaire = _questionnaire_of(source, settings, params, problems)
    before: list[RoundFile] = []
    if source is not None and settings is not None:
        before = _earlier_settings(source, settings, params / "rounds", problems)
    agreements = _load_agreements(params, round_id, known, agreements_until, problems)
    decisions = _load_decisions(params, round_id, known, problems)
    taking_part = settings.participants if settings is not None else ()
    withdrawals = read_withdrawals(withdrawals_file(root, round_id), known, taking_part, problems)
    local = _load_local(params / "local" / round_id, known, questionnaire, formats, problems)
    if problems or settings is None:
        raise ParameterError(problems=problems)
    return Round(
        settings=settings,
        municipalities=known,
        rule_sets=rule_sets,
        questionnaire=questionnaire,
        formats=formats,
        local=local,
        agreements=agreements,
        withdrawals=withdrawals,
        decisions=decisions,
        earlier={b.round: _earlier(params, b, known, rule_sets, formats) for b in before},
    )


def _load_decisions(
    params: Path, round_id: str, known: Mapping[str, Municipality], problems: list[Problem]
) -> dict[str, tuple[IntakeDecision, ...]]:
    """Municipality → what was decided about its extracts; none without a file."""
    path = params / "decisions" / f"{round_id}.csv"
    if not path.is_file():
        return {}
    rows = read_table(IntakeDecision, path, problems).rows
    return by_municipality(rows, path, known, problems)


def _stranger_problems(source: Source, known: Mapping[str, Municipality]) -> list[Problem]:
    """Codes of four digits that are no municipality's, wherever the round's file names them."""
    named = [(source.at(*loc), code) for loc, code in _codes_of(source.content)]
    return [
        unknown(where, "municipality", code, sorted(known))
        for where, code in named
        if known and code not in known
    ]


def _codes_of(content: Mapping[str, object]) -> Iterable[tuple[tuple, str]]:
    participants, post = content.get("participants"), content.get("digital_post")
    for i, code in enumerate(participants if isinstance(participants, list) else ()):
        if isinstance(code, str) and re.search(CODE_PATTERN, code):
            yield ("participants", i), code
    numbers = post.get("sender_cvr") if isinstance(post, dict) else None
    for code in numbers if isinstance(numbers, dict) else ():
        if isinstance(code, str) and re.search(CODE_PATTERN, code):
            yield ("digital_post", "sender_cvr", code), code


def _rule_set_problems(
    source: Source,
    settings: RoundFile | None,
    params: Path,
    rule_sets: Mapping[str, RuleSet],
    formats: Sequence[ExtractFormat],
) -> list[Problem]:
    """The rule set is there, knows every benefit type of the layouts, and every group's response is
    expected."""
    name = source.content.get("classification")
    path = params / "classification" / f"{name}.csv"
    if not isinstance(name, str) or (settings is None and name not in rule_sets):
        return []
    if name not in rule_sets:
        where = source.at("classification")
        named = sorted(p.stem for p in path.parent.glob("*.csv"))
        return [] if name in named else [unknown(where, "rule set", name, named)]
    problems = list(coverage_problems(path, rule_sets[name], formats))
    groups = [g.id for g in rule_sets[name].groups]
    expected = settings.sampling.expected_response if settings else dict.fromkeys(groups)
    where = source.at("sampling", "expected_response")
    problems += [
        Problem(where, f"lacks »{g}«", "a share for each target group", "Add it.")
        for g in groups
        if g not in expected
    ]
    return problems + [
        unknown(source.at("sampling", "expected_response", g), "target group", g, groups)
        for g in expected
        if g not in groups
    ]


def _questionnaire_of(
    source: Source, settings: RoundFile | None, params: Path, problems: list[Problem]
) -> Questionnaire | None:
    """The questionnaire that the file names, though other keys of it be wrong."""
    name, folder = source.content.get("questionnaire"), params / "questionnaires"
    if not isinstance(name, str) or not name or "\0" in name:
        return None
    if not (folder / f"{name}.csv").is_file():
        known = sorted(p.name[: -len("-themes.csv")] for p in folder.glob("*-themes.csv"))
        problems.append(unknown(source.at("questionnaire"), "questionnaire", name, known))
        return None
    found = _load_questionnaire(folder, name, problems)
    if found and settings and settings.responses.min_questions_answered > len(found.scaled):
        finding = (
            f"is {settings.responses.min_questions_answered}, but {len(found.scaled)} are asked"
        )
        where = source.at("responses", "min_questions_answered")
        problems.append(Problem(where, finding, f"{len(found.scaled)} at most", "Correct it."))
    return found


def _earlier(
    params: Path,
    settings: RoundFile,
    known: Mapping[str, Municipality],
    rule_sets: Mapping[str, RuleSet],
    formats: Sequence[ExtractFormat],
) -> EarlierRound:
    theirs: list[Problem] = []
    asked = _load_questionnaire(params / "questionnaires", settings.questionnaire, theirs)
    local = _load_local(params / "local" / settings.round, known, asked, formats, theirs)
    rules = rule_sets.get(settings.classification)
    return EarlierRound(settings=settings, rules=rules, questionnaire=asked, local=local)


def _earlier_settings(
    source: Source, settings: RoundFile, folder: Path, problems: list[Problem]
) -> list[RoundFile]:
    """The earlier rounds' files. Each is there, lies before this one, and the latest comes first."""
    known = sorted(p.stem for p in folder.glob("*.yml") if p.stem != settings.round)
    found: dict[str, RoundFile] = {}
    after, day_after = settings.round, settings.reference_date
    for i, name in enumerate(settings.earlier_rounds):
        where = source.at("earlier_rounds", i)
        if name == settings.round or name in found:
            continue  # told of the settings
        if name not in known:
            problems.append(unknown(where, "round", name, known))
            continue
        _, earlier = read_settings(folder / f"{name}.yml", RoundFile, problems)
        if earlier is None:
            continue
        found[name] = earlier
        if earlier.reference_date >= day_after:
            finding = f"{name} ({earlier.reference_date}) does not lie before {after} ({day_after})"
            remedy = "Put them in order, or take out what is no earlier round."
            problems.append(
                Problem(where, finding, "the latest first, all before this one", remedy)
            )
        after, day_after = name, earlier.reference_date
    return list(found.values())


def _load_agreements(
    params: Path,
    round_id: str,
    known: Mapping[str, Municipality],
    until: dt.date | None,
    problems: list[Problem],
) -> dict[str, dt.date]:
    """Municipality → day on which its data processing agreement was signed; none without a file."""
    path = params / "agreements" / f"{round_id}.csv"
    if not path.is_file():
        return {}
    table = read_table(Agreement, path, problems, optional=("sent",), may_be_empty=True)
    problems += stands_twice(table, "municipality", lambda a: a.municipality)
    for line, a in table.lines:
        if known and a.municipality not in known:
            problems.append(unknown(table.at(line), "municipality", a.municipality, sorted(known)))
        if a.signed and until and a.signed > until:
            finding = f"signed {a.signed}, after the round ended ({until})"
            problems.append(Problem(table.at(line), finding, "a day before", "Mend the date."))
    return {a.municipality: a.signed for a in table.rows if a.signed}


def _load_local(
    folder: Path,
    known: Mapping[str, Municipality],
    questionnaire: Questionnaire | None,
    formats: Sequence[ExtractFormat],
    problems: list[Problem],
) -> dict[str, LocalFile]:
    problems += stray_files(folder, ".yml")
    local = {}
    for path in sorted(folder.glob("*.yml")):
        source, built = read_settings(path, LocalFile, problems)
        if source is not None and built is not None:
            local[built.municipality] = built
            problems += local_problems(source, built, known, questionnaire, formats)
    return local
