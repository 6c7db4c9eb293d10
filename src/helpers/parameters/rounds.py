"""One round with everything that its file refers to."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from itertools import pairwise

from pydantic import Field

from helpers.parameters.intake_decisions import IntakeDecision
from helpers.parameters.layouts import ExtractFormat
from helpers.parameters.municipalities import Municipality
from helpers.parameters.questionnaires import LocalFile, Questionnaire
from helpers.parameters.round_settings import Model, PriceBand, RoundFile
from helpers.parameters.rule_sets import RuleSet
from helpers.parameters.scales import Measure, Scale, theme_measure
from helpers.parameters.types import Code
from helpers.parameters.withdrawals import Withdrawal, out

_NOTHING_LOCAL = LocalFile(municipality="0000")  # no municipality's code


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

    def local_for(self, area: str | None) -> LocalFile:
        """The municipality's own questions and groups; none where the area has none, as the country."""
        return self.local.get(area or "", _NOTHING_LOCAL)

    def scales_for(self, code: str | None = None) -> dict[str, dict[int, str]]:
        """Scale → value → label, *ved ikke* last, of the scales that are asked: by the questionnaire and, with
        `code`, by the municipality's own questions."""
        return self.questionnaire.scales_asked(self.local_for(code))

    def scale(self, name: str, code: str | None = None) -> Scale:
        return Scale.of(self.scales_for(code)[name], self.questionnaire.kinds.get(name))

    def answer_scales(self, code: str | None = None) -> dict[str, Scale]:
        """Question → its scale: the common ones and, with `code`, the municipality's own."""
        local = self.local_for(code).questions
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
        for background in self.local_for(code).background:
            labels[f"local:{background.id}"] = dict(background.categories)
        return labels

    def breakdown_label(self, breakdown: str, code: str | None = None) -> str:
        """Danish heading of a breakdown, local background variables of `code` too."""
        local = {f"local:{b.id}": b.label for b in self.local_for(code).background}
        return (BREAKDOWN_LABELS | local)[breakdown]

    def item_labels(self, code: str | None = None) -> dict[str, str]:
        """item id (q01 … q13, themes, local questions) → short Danish label."""
        labels = {t.id: t.label for t in self.questionnaire.themes}
        labels |= {q.id: q.short for q in self.questionnaire.scaled}
        return labels | {q.id: q.short for q in self.local_for(code).questions}


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
