"""`params/` → frozen, validated objects.

`load_round(root, round_id)` reads everything a round refers to and tells all troubles at once, each
with file, key and remedy, before anything is written. Models are closed: an unknown key is an error
that names the nearest known one.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from helpers.errors import ParameterError, Problem
from helpers.style import slug

MAX_LOCAL_QUESTIONS = 3  # the agreement with the municipalities (KL)
FREE_TEXT = "fritekst"

M = TypeVar("M", bound=BaseModel)

Code = Annotated[str, Field(pattern=r"^\d{4}$")]
Share = Annotated[float, Field(gt=0, le=1)]


class Model(BaseModel):
    """Frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Municipality(Model):
    code: Code
    name: str
    region: str
    population: Annotated[int, Field(gt=0)]
    year: int

    @property
    def folder(self) -> str:
        """Folder name under `build/<round>/`."""
        return f"{self.code}-{slug(self.name)}"


class Period(Model):
    """Days from start to end, both included."""

    start: dt.date
    end: dt.date

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}; put them in order")
        return self


class Calendar(Model):
    """The steps of a round in the order in which they end; a step may be left out."""

    sign_up: Period | None = None
    processing_agreements: Period | None = None
    kick_off: Period | None = None
    sampling: Period
    status_meeting: Period | None = None
    collection: Period
    reporting: Period
    launch_meeting: Period | None = None
    press: Period | None = None

    def steps(self) -> Iterator[tuple[str, Period]]:
        for name in type(self).model_fields:
            period = getattr(self, name)
            if period is not None:
                yield name, period


class AgeLimits(Model):
    youngest: Annotated[int, Field(ge=0, le=120)]
    oldest: Annotated[int, Field(ge=0, le=120)]


class PriceBand(Model):
    up_to_inhabitants: int | None = None  # None: no upper limit
    price_dkk: Annotated[int, Field(ge=0)]


class SizeBand(Model):
    up_to_inhabitants: int | None = None  # None: no upper limit
    invited: Annotated[int, Field(gt=0)]


class Sampling(Model):
    sizes: tuple[SizeBand, ...]
    smallest_sample: Annotated[int, Field(gt=0)]
    largest_sample: Annotated[int, Field(gt=0)]
    min_answers: Annotated[int, Field(ge=0)]
    min_answers_per_group: Annotated[int, Field(ge=0)]
    expected_response: dict[str, Share]

    @model_validator(mode="after")
    def _consistent(self) -> Sampling:
        if not self.sizes or self.sizes[-1].up_to_inhabitants is not None:
            raise ValueError("the last band of `sizes` must be open (no up_to_inhabitants)")
        for band in self.sizes:
            if not self.smallest_sample <= band.invited <= self.largest_sample:
                raise ValueError(
                    f"sizes: {band.invited} invited lies outside {self.smallest_sample}–"
                    f"{self.largest_sample}; change the band or the limits"
                )
        return self


class Responses(Model):
    min_questions_answered: Annotated[int, Field(ge=1, le=13)]


class Weighting(Model):
    min_class_answers: Annotated[int, Field(ge=1)]
    tolerance: Annotated[float, Field(gt=0, lt=1e-3)]
    max_iterations: Annotated[int, Field(ge=1)]


class Disclosure(Model):
    min_answers: Annotated[int, Field(ge=5)]  # five is the law's floor (GDPR); a round may ask more


class Comparison(Model):
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    smallest_mean_difference: Annotated[float, Field(ge=0)]
    smallest_share_difference: Annotated[float, Field(ge=0, le=1)]


class RoundFile(Model):
    """One file of `params/rounds/`: all that varies by round."""

    round: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    title: str
    simulated: bool = False
    seed: Annotated[int, Field(ge=0)]
    reference_date: dt.date
    period: Period
    calendar: Calendar
    link_base: Annotated[str, Field(pattern=r"^https://")]  # a citizen's key is put behind it
    questionnaire: str
    classification: str
    age_limits: AgeLimits
    age_bands: tuple[int, ...]
    duration_bands_weeks: tuple[int, ...]
    price_bands: tuple[PriceBand, ...]
    sampling: Sampling
    responses: Responses
    weighting: Weighting
    disclosure: Disclosure
    comparison: Comparison
    participants: tuple[Code, ...]

    @model_validator(mode="after")
    def _consistent(self) -> RoundFile:
        troubles = []
        for name, step in self.calendar.steps():
            if step.start < self.period.start or step.end > self.period.end:
                troubles.append(
                    f"calendar.{name}: {step.start}–{step.end} lies outside the round's period "
                    f"{self.period.start}–{self.period.end}; correct the date or the period"
                )
        if self.calendar.collection.start <= self.calendar.sampling.start:
            troubles.append("calendar.collection: starts before sampling; correct the dates")
        if self.calendar.reporting.end < self.calendar.collection.end:
            troubles.append("calendar.reporting: ends before collection ends; correct the dates")
        if self.reference_date > self.calendar.collection.start:
            troubles.append(
                f"reference_date: {self.reference_date} lies after the first day of collection "
                f"{self.calendar.collection.start}; correct the date"
            )
        for key in ("age_bands", "duration_bands_weeks"):
            bands = getattr(self, key)
            if not bands or list(bands) != sorted(set(bands)):
                troubles.append(f"{key}: {list(bands)} must rise from band to band")
        if self.age_bands and self.age_bands[0] != self.age_limits.youngest:
            troubles.append(f"age_bands: must start at the youngest age {self.age_limits.youngest}")
        if self.duration_bands_weeks and self.duration_bands_weeks[0] != 0:
            troubles.append("duration_bands_weeks: must start at 0")
        if self.price_bands and self.price_bands[-1].up_to_inhabitants is not None:
            troubles.append("price_bands: the last band must be open (no up_to_inhabitants)")
        doubles = sorted({c for c in self.participants if self.participants.count(c) > 1})
        if doubles:
            troubles.append(f"participants: {', '.join(doubles)} named more than once; keep one")
        if not self.participants:
            troubles.append("participants: none named; name at least one municipality")
        if troubles:
            raise ValueError("\n".join(troubles))
        return self


class Question(Model):
    """One question; wording, order, scale and theme stand in one line of one CSV."""

    id: Annotated[str, Field(pattern=r"^(q\d\d|lokal[1-3])$")]
    order: int
    theme: str = ""
    scale: str
    short: str
    heading: str = ""
    wording: str

    @property
    def is_scaled(self) -> bool:
        return self.scale != FREE_TEXT


class Theme(Model):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    order: int
    label: str


class Rule(Model):
    """One benefit type's target group (empty: outside) and least spell on the reference date."""

    benefit_type: str
    target_group: str = ""
    least_spell: Annotated[int, Field(ge=0)] | None = None
    least_spell_unit: Literal["weeks", "months"] | None = None
    source: str

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.target_group and (self.least_spell is None or self.least_spell_unit is None):
            raise ValueError("a target group needs least_spell and least_spell_unit")
        return self


class TargetGroup(Model):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    order: int
    label: str
    short: str


class LocalQuestion(Model):
    id: Literal["lokal1", "lokal2", "lokal3"]
    short: str
    scale: str
    wording: str


class LocalBackground(Model):
    """A background variable that only one municipality's extract has."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    column: str
    label: str
    categories: dict[str, str]  # id → text in the extract, also the printed label


class LocalFile(Model):
    municipality: Code
    questions: tuple[LocalQuestion, ...] = ()
    background: tuple[LocalBackground, ...] = ()

    @model_validator(mode="after")
    def _few(self) -> LocalFile:
        if len(self.questions) > MAX_LOCAL_QUESTIONS:
            raise ValueError(
                f"questions: {len(self.questions)} local questions, at most {MAX_LOCAL_QUESTIONS}; "
                "remove the rest"
            )
        if len({q.id for q in self.questions}) < len(self.questions):
            raise ValueError("questions: an id is used twice; number them lokal1, lokal2, lokal3")
        return self


class ExtractFormat(Model):
    """How one layout is recognised and read."""

    layout: str
    columns: dict[
        Literal[
            "cpr", "name", "benefit", "spell_start",
            "latest_conversation", "course_closed", "phone", "passive",
        ],
        tuple[str, ...],
    ]  # fmt: skip
    encodings: tuple[str, ...]
    delimiter: str
    date_forms: tuple[str, ...]
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    empty_means_no: tuple[Literal["course_closed", "passive"], ...] = ()
    benefits: dict[str, str]


class Questionnaire(Model):
    id: str
    questions: tuple[Question, ...]
    themes: tuple[Theme, ...]
    scales: dict[str, dict[int, str]]  # scale → value 1–6 → label

    @property
    def scaled(self) -> tuple[Question, ...]:
        """The questions with a five-point scale, in order (q01 … q13)."""
        return tuple(q for q in self.questions if q.is_scaled)

    def theme_questions(self, theme_id: str) -> tuple[Question, ...]:
        return tuple(q for q in self.scaled if q.theme == theme_id)


class RuleSet(Model):
    id: str
    rules: tuple[Rule, ...]
    groups: tuple[TargetGroup, ...]  # the rule set's groups, in printing order


class Round(Model):
    """A round with everything that its file refers to."""

    settings: RoundFile
    municipalities: dict[Code, Municipality]  # all 98
    rule_sets: dict[str, RuleSet]  # all there are: intake counts under each
    questionnaire: Questionnaire
    formats: tuple[ExtractFormat, ...]
    local: dict[Code, LocalFile]

    @property
    def id(self) -> str:
        return self.settings.round

    @property
    def rules(self) -> RuleSet:
        return self.rule_sets[self.settings.classification]

    @property
    def participants(self) -> tuple[Municipality, ...]:
        return tuple(self.municipalities[c] for c in self.settings.participants)

    def local_for(self, code: str) -> LocalFile:
        return self.local.get(code) or LocalFile(municipality=code)

    def price_dkk(self, code: str) -> int:
        """Price of taking part; inhabitants are rounded down to whole thousands first."""
        thousands = self.municipalities[code].population // 1000 * 1000
        return next(
            b.price_dkk
            for b in self.settings.price_bands
            if b.up_to_inhabitants is None or thousands <= b.up_to_inhabitants
        )

    @cached_property
    def age_band_labels(self) -> tuple[str, ...]:
        """»16-29«, »30-39« … (ids and labels alike)."""
        starts = self.settings.age_bands
        ends = [s - 1 for s in starts[1:]] + [self.settings.age_limits.oldest]
        return tuple(f"{a}-{b}" for a, b in zip(starts, ends))

    @cached_property
    def duration_band_ids(self) -> tuple[str, ...]:
        """»0-25«, »26-51« …, »104+«, in whole weeks."""
        starts = self.settings.duration_bands_weeks
        return tuple(f"{a}-{b - 1}" for a, b in zip(starts, starts[1:])) + (f"{starts[-1]}+",)

    def category_labels(self, code: str | None = None) -> dict[str, dict[str, str]]:
        """breakdown → category → Danish label, in printing order; with `code` its local ones too."""
        labels = {
            "all": {"all": "Alle"},
            "target_group": {g.id: g.label for g in self.rules.groups},
            "gender": {"kvinde": "Kvinder", "mand": "Mænd"},
            "age_band": {b: b.replace("-", "–") + " år" for b in self.age_band_labels},
            "duration_band": {
                b: _weeks_label(b, first=i == 0) for i, b in enumerate(self.duration_band_ids)
            },
        }
        for background in self.local_for(code).background if code else ():
            labels[f"local:{background.id}"] = dict(background.categories)
        return labels

    def breakdown_label(self, breakdown: str, code: str | None = None) -> str:
        """Danish heading of a breakdown, local background variables of `code` too."""
        local = {f"local:{b.id}": b.label for b in self.local_for(code).background} if code else {}
        return (BREAKDOWN_LABELS | local)[breakdown]

    def item_labels(self, code: str | None = None) -> dict[str, str]:
        """item id (q01 … q13, themes, local questions) → short Danish label."""
        labels = {t.id: t.label for t in self.questionnaire.themes}
        labels |= {q.id: q.short for q in self.questionnaire.scaled}
        if code:
            labels |= {q.id: q.short for q in self.local_for(code).questions}
        return labels


BREAKDOWN_LABELS = {
    "all": "Alle",
    "target_group": "Målgruppe",
    "gender": "Køn",
    "age_band": "Alder",
    "duration_band": "Varighed på ydelsen",
}


def _weeks_label(band: str, *, first: bool) -> str:
    if band.endswith("+"):
        return f"{band[:-1]} uger og derover"
    start, end = band.split("-")
    return f"Under {int(end) + 1} uger" if first else f"{start}–{end} uger"


# ---------------------------------------------------------------------------------------- reading


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


class _UniqueKeyLoader(yaml.SafeLoader):
    """SafeLoader that refuses a key that stands twice in one mapping (YAML 1.2, 3.2.1.3)."""

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


def load_round(root: Path, round_id: str) -> Round:
    """Read and check `params/` for one round.

    Raises ParameterError with every trouble found: unknown keys, unknown municipalities, dates
    outside the calendar, a fourth local question, references to files that do not exist.
    """
    params = root / "params"
    path = params / "rounds" / f"{round_id}.yml"
    content = _read_yaml(path)
    problems: list[Problem] = []
    settings = _build(RoundFile, content, str(path), problems)
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

    rule_sets = {}
    for rule_path in sorted((params / "classification").glob("*.csv")):
        rule_set = _load_rule_set(params, rule_path, problems)
        if rule_set is not None:
            rule_sets[rule_set.id] = rule_set
    questionnaire = None
    if settings is not None:
        where = f"{path}, key `classification`"
        if settings.classification not in rule_sets:
            problems.append(_unknown(where, "rule set", settings.classification, rule_sets))
        else:
            groups = [g.id for g in rule_sets[settings.classification].groups]
            expected = settings.sampling.expected_response
            problems += [
                Problem(f"{path}, key `sampling.expected_response`", f"lacks »{g}«", remedy="Add it.")
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
    formats = []
    for format_path in sorted((params / "extract-formats").glob("*.yml")):
        built = _build(ExtractFormat, _read_yaml(format_path), str(format_path), problems)
        if built is not None:
            formats.append(built)
            problems += _format_problems(format_path, built, rule_sets)
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
        formats=tuple(formats),
        local=local,
    )


def _format_problems(path: Path, built: ExtractFormat, rule_sets: dict) -> list[Problem]:
    known = {r.benefit_type for s in rule_sets.values() for r in s.rules}
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
            _unknown(f"{path}, key `municipality`", "municipality", built.municipality, municipalities)
        )
    if not path.name.startswith(built.municipality):
        problems.append(
            Problem(f"{path}, key `municipality`", f"is {built.municipality}", "the file's own code")
        )
    for q in built.questions if questionnaire else ():
        if q.scale not in questionnaire.scales:
            where = f"{path}, key `questions.{q.id}.scale`"
            problems.append(_unknown(where, "scale", q.scale, questionnaire.scales))
    return problems
