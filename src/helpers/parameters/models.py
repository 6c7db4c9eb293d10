"""The frozen, closed models of what stands under `params/`; `parameters/params.py` reads the files into them.

An unknown key is an error; units stand in the name (`least_spell_weeks`, `price_dkk`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from helpers.common.labels import heading_key
from helpers.common.style import slug
from helpers.parameters.intake_decisions import IntakeDecision
from helpers.parameters.round_settings import Model, PriceBand, RoundFile
from helpers.parameters.scales import Measure, Scale, scale_troubles, theme_measure
from helpers.parameters.types import (
    QUESTION_PATTERN,
    Code,
    Count,
    Day,
    FileName,
    Id,
    Whole,
    Words,
)
from helpers.parameters.withdrawals import Withdrawal, out

MAX_LOCAL_QUESTIONS = 3  # the agreement with the municipalities (KL)
FREE_TEXT = "fritekst"
TEXT_COLUMN = re.compile(r"q[0-9]{2}_text")  # a free text's column in the survey tool's export
OVERALL = "samlet"  # the overall satisfaction, where no theme says that it is
LONGEST_SPELL = 120  # weeks or months; more are days, or a slip


class Municipality(Model):
    code: Code
    name: Words
    region: Words
    population: Annotated[Whole, Field(gt=0)]
    year: Annotated[Whole, Field(ge=1900, le=2100)]

    @property
    def folder(self) -> str:
        """Folder name under `build/<round>/`."""
        return f"{self.code}-{slug(self.name)}"


class Tile(Model):
    """A municipality's place on the map of tiles: columns from the west, rows from the north."""

    code: Code
    column: Count
    row: Count
    short: Annotated[Words, Field(max_length=5)]


class Question(Model):
    """One question; wording, order, scale and theme stand in one line of one CSV."""

    id: Annotated[str, Field(pattern=QUESTION_PATTERN)]
    order: Whole
    theme: str = ""
    scale: Words
    short: Words
    heading: str = ""
    wording: Words

    @property
    def is_scaled(self) -> bool:
        return self.scale != FREE_TEXT

    @property
    def column(self) -> str:
        """Its column in the survey tool's export."""
        return self.id if self.is_scaled else f"{self.id}_text"


def text_columns(names: Iterable[str]) -> list[str]:
    """The columns of free text among those of an answer table."""
    return [c for c in names if TEXT_COLUMN.fullmatch(c)]


class Theme(Model):
    """`role`: `overall` of the theme that every report begins with."""

    id: Id
    order: Whole
    label: Words
    role: Literal["", "overall"] = ""


class ScaleLabel(Model):
    """One answer of a common scale; `kind`: where the middle answer is not the only neutral one."""

    scale: Id
    value: Whole
    label: Words
    kind: Literal["", "dissatisfied", "neutral", "satisfied"] = ""


class Agreement(Model):
    """One municipality's data processing agreement: days of sending and signing, where they have come."""

    municipality: Code
    sent: Day | None = None
    signed: Day | None = None


class Rule(Model):
    """The target group (empty: outside) of one benefit type's spells on the reference date: least_spell ≤
    spell < most_spell, both in `least_spell_unit`; without most_spell all from least_spell on."""

    benefit_type: Words
    target_group: str = ""
    least_spell: Annotated[Whole, Field(ge=0, le=LONGEST_SPELL)] | None = None
    most_spell: Annotated[Whole, Field(ge=1, le=LONGEST_SPELL)] | None = None
    least_spell_unit: Literal["weeks", "months"] | None = None
    source: Words

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        spell = (self.least_spell, self.least_spell_unit)
        if self.target_group and None in spell:
            raise ValueError("a target group needs least_spell and least_spell_unit; fill them in")
        if None in spell and (*spell, self.most_spell) != (None, None, None):
            raise ValueError("a spell needs least_spell and least_spell_unit; fill them in")
        if self.most_spell is not None and self.most_spell <= (self.least_spell or 0):
            raise ValueError(
                f"most_spell {self.most_spell} leaves no spell from {self.least_spell} on; it must be "
                "more than least_spell"
            )
        return self


class TargetGroup(Model):
    """`continues`: the earlier groups (ids, parted by »;«) that this one stands for; the group's own id
    where it goes on under benefit types that earlier rule sets do not know."""

    id: Id
    order: Whole
    label: Words
    short: Words
    continues: str = ""

    @property
    def stands_for(self) -> tuple[str, ...]:
        return tuple(g.strip() for g in self.continues.split(";") if g.strip())


class LocalQuestion(Model):
    id: Literal["lokal1", "lokal2", "lokal3"]
    short: Words
    scale: Words
    wording: Words


class LocalBackground(Model):
    """A background variable that only one municipality's extract has."""

    id: Id
    column: Words
    label: Words
    categories: dict[Words, Words]  # id → text in the extract, also the printed label


class LocalFile(Model):
    """One municipality's own questions, the scales of its own that they use, and its own groups."""

    municipality: Code
    questions: tuple[LocalQuestion, ...] = ()
    scales: dict[Id, dict[Whole, str]] = Field(default_factory=dict)  # as `Questionnaire.scales`
    background: tuple[LocalBackground, ...] = ()

    @model_validator(mode="after")
    def _few(self) -> LocalFile:
        troubles = []
        if len(self.questions) > MAX_LOCAL_QUESTIONS:
            troubles.append(
                f"questions: {len(self.questions)} local questions, at most {MAX_LOCAL_QUESTIONS}; "
                "remove the rest"
            )
        if len({q.id for q in self.questions}) < len(self.questions):
            troubles.append("questions: an id is used twice; number them lokal1, lokal2, lokal3")
        if len({b.id for b in self.background}) < len(self.background):
            troubles.append("background: an id is used twice; give each variable its own")
        for name, labels in self.scales.items():
            troubles += [f"scales.{name}: {t}" for t in scale_troubles(labels)]
        headings = Counter(heading_key(b.column) for b in self.background)
        troubles += [
            f"background: the column »{heading}« is named for two variables; correct one"
            for heading, count in headings.items()
            if count > 1
        ]
        troubles += [
            f"background: »{b.id}« has no categories; name them"
            for b in self.background
            if not b.categories
        ]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self


ExtractField = Literal[
    "cpr",
    "name",
    "benefit",
    "spell_start",
    "latest_conversation",
    "course_closed",
    "phone",
    "passive",
]
EXTRACT_FIELDS: tuple[str, ...] = get_args(ExtractField)  # what every extract holds


class ExtractFormat(Model):
    """How one layout is recognised and read."""

    layout: FileName
    columns: dict[ExtractField, tuple[str, ...]]
    encodings: tuple[Words, ...]
    delimiter: str
    date_forms: tuple[Words, ...]
    yes_words: tuple[Words, ...]
    no_words: tuple[Words, ...]
    empty_means_no: tuple[Literal["course_closed", "passive"], ...] = ()
    benefits: dict[Words, Words]


class LayoutWords(Model):
    """Words that an unknown layout may use; a proposal for it is made of them (`survey layout new`).

    The lists `more_…` are tried after the usual ones, and proposed only where a file uses them.
    """

    headings: dict[ExtractField, tuple[str, ...]]
    benefits: dict[str, tuple[str, ...]]  # benefit type → texts
    negations: tuple[str, ...]
    yes_words: tuple[str, ...]
    no_words: tuple[str, ...]
    more_yes_words: tuple[str, ...]
    more_no_words: tuple[str, ...]
    date_forms: tuple[str, ...]
    more_date_forms: tuple[str, ...]
    encodings: tuple[str, ...]
    delimiters: tuple[str, ...]


class Questionnaire(Model):
    id: str
    questions: tuple[Question, ...]
    themes: tuple[Theme, ...]
    scales: dict[str, dict[Whole, str]]  # scale → value → label, *ved ikke* last
    kinds: dict[str, dict[Whole, str]] = Field(default_factory=dict)  # of scales that tell theirs

    @property
    def scaled(self) -> tuple[Question, ...]:
        """The questions with a scale, in order (q01 … q13)."""
        return tuple(q for q in self.questions if q.is_scaled)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The export's columns of free text, in the questions' order (q14_text, q15_text)."""
        return tuple(q.column for q in self.questions if not q.is_scaled)

    @property
    def overall(self) -> str:
        """The theme of overall satisfaction."""
        return next((t.id for t in self.themes if t.role == "overall"), OVERALL)

    def scales_asked(self, local: LocalFile | None = None) -> dict[str, dict[int, str]]:
        """Scale → value 1–6 → label, of the scales of these questions and of `local` ones."""
        asked = {q.scale for q in (*self.questions, *(local.questions if local else ()))}
        known = self.scales | (local.scales if local else {})
        return {name: labels for name, labels in known.items() if name in asked}

    def theme_questions(self, theme_id: str) -> tuple[Question, ...]:
        return tuple(q for q in self.scaled if q.theme == theme_id)


class RuleSet(Model):
    id: str
    rules: tuple[Rule, ...]
    groups: tuple[TargetGroup, ...]  # the rule set's groups, in printing order

    @property
    def by_benefit(self) -> dict[str, tuple[Rule, ...]]:
        """Benefit type → its rules, the shortest spell first."""
        found: dict[str, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda r: r.least_spell or 0):
            found.setdefault(rule.benefit_type, []).append(rule)
        return {benefit: tuple(rules) for benefit, rules in found.items()}


class EarlierRound(Model):
    """What a round's trends and labels take from the parameters of one before it, as far as they can be
    read; what is wrong with them is told where that round is loaded."""

    settings: RoundFile
    rules: RuleSet | None
    questionnaire: Questionnaire | None
    local: dict[Code, LocalFile]


class Round(Model):
    """A round with everything that its file refers to."""

    settings: RoundFile
    municipalities: dict[Code, Municipality]  # all 98
    rule_sets: dict[str, RuleSet]  # all there are: intake counts under each
    questionnaire: Questionnaire
    formats: tuple[ExtractFormat, ...]
    local: dict[Code, LocalFile]
    agreements: dict[Code, dt.date] = Field(default_factory=dict)  # signed processing agreements
    withdrawals: tuple[Withdrawal, ...] = ()  # of those that took part, in the order recorded
    earlier: dict[str, EarlierRound] = Field(default_factory=dict)
    decisions: dict[Code, tuple[IntakeDecision, ...]] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.settings.round

    @property
    def rules(self) -> RuleSet:
        return self.rule_sets[self.settings.classification]

    @property
    def earlier_titles(self) -> dict[str, str]:
        """Earlier round → its title."""
        return {name: earlier.settings.title for name, earlier in self.earlier.items()}

    @property
    def participants(self) -> tuple[Municipality, ...]:
        return tuple(self.municipalities[c] for c in self.settings.participants)

    @property
    def withdrawn(self) -> dict[str, Withdrawal]:
        """Municipality → its withdrawal, of those that are out now."""
        return out(self.withdrawals)

    @property
    def two_way_breakdowns(self) -> tuple[str, ...]:
        """»target_group:gender« …"""
        return tuple(f"{a}:{b}" for a, b in self.settings.two_way)

    def local_for(self, code: str) -> LocalFile:
        return self.local.get(code) or LocalFile(municipality=code)

    def scales_for(self, code: str | None = None) -> dict[str, dict[int, str]]:
        """Scale → value → label, *ved ikke* last, of the scales that are asked: by the questionnaire and, with
        `code`, by the municipality's own questions."""
        return self.questionnaire.scales_asked(self.local.get(code) if code else None)

    def scale(self, name: str, code: str | None = None) -> Scale:
        return Scale.of(self.scales_for(code)[name], self.questionnaire.kinds.get(name))

    def answer_scales(self, code: str | None = None) -> dict[str, Scale]:
        """Question → its scale: the common ones and, with `code`, the municipality's own."""
        local = self.local_for(code).questions if code else ()
        return {q.id: self.scale(q.scale, code) for q in (*self.questionnaire.scaled, *local)}

    def measures(self, code: str | None = None) -> dict[str, Measure]:
        """Question or theme → how it is measured; with `code` the municipality's own questions too."""
        found = {item: scale.measure for item, scale in self.answer_scales(code).items()}
        of_themes = {
            t.id: self.questionnaire.theme_questions(t.id) for t in self.questionnaire.themes
        }
        return found | {
            theme: theme_measure([found[q.id] for q in questions])
            for theme, questions in of_themes.items()
            if questions
        }

    def price_band(self, code: str) -> PriceBand:
        """Inhabitants are rounded down to whole thousands before the band is looked up."""
        thousands = self.municipalities[code].population // 1000 * 1000
        return next(
            b
            for b in self.settings.price_bands
            if b.up_to_inhabitants is None or thousands <= b.up_to_inhabitants
        )

    def price_dkk(self, code: str) -> int:
        """Price of taking part."""
        return self.price_band(code).price_dkk

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
