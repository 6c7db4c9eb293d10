"""The frozen, closed models of what stands under `params/`; `params.py` reads the files into them.

An unknown key is an error; units stand in the name (`least_spell_weeks`, `price_dkk`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.style import slug

MAX_LOCAL_QUESTIONS = 3  # the agreement with the municipalities (KL)
FREE_TEXT = "fritekst"


OneWay = Literal["target_group", "gender", "age_band", "duration_band"]
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
    unfit_margins: Literal["collapse", "error"] = "collapse"
    trim_at_median_times: Annotated[float, Field(gt=1)] | None = None  # None: no trimming


class Disclosure(Model):
    min_answers: Annotated[int, Field(ge=5)]  # five is the law's floor (GDPR); a round may ask more


class Comparison(Model):
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    smallest_mean_difference: Annotated[float, Field(ge=0)]
    min_answers: Annotated[int, Field(ge=5)]  # on both sides, before a difference is mentioned
    smallest_share_difference: Annotated[float, Field(ge=0, le=1)]


class Models(Model):
    """What the drivers and the expected results need before they are shown."""

    min_answers: Annotated[int, Field(ge=30)] = 100  # answers behind a municipality's drivers
    bootstrap_replicates: Annotated[int, Field(ge=100)] = 500
    min_municipalities: Annotated[int, Field(ge=10)] = 20  # clusters behind the expected results


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
    two_way: tuple[tuple[OneWay, OneWay], ...] = ()
    earlier_rounds: tuple[str, ...] = ()  # the latest first; the development is told against it
    models: Models = Models()
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
    earlier_titles: dict[str, str] = {}  # titles of the earlier rounds

    @property
    def id(self) -> str:
        return self.settings.round

    @property
    def rules(self) -> RuleSet:
        return self.rule_sets[self.settings.classification]

    @property
    def participants(self) -> tuple[Municipality, ...]:
        return tuple(self.municipalities[c] for c in self.settings.participants)

    @property
    def two_way_breakdowns(self) -> tuple[str, ...]:
        """»target_group:gender« …"""
        return tuple(f"{a}:{b}" for a, b in self.settings.two_way)

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
        return (*(f"{a}-{b - 1}" for a, b in pairwise(starts)), f"{starts[-1]}+")

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
