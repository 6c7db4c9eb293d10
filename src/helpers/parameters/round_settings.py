"""The frozen, closed model of one file of `params/rounds/`: all that varies by round.

An unknown key is an error; units stand in the name (`least_spell_weeks`, `price_dkk`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from stdnum.dk import cvr

from helpers.parameters.calendar_rules import MONDAY, SUNDAY, order_troubles, week_day
from helpers.parameters.round_rules import (
    band_troubles,
    date_troubles,
    list_troubles,
    not_falling,
    rising,
)
from helpers.parameters.types import (
    PHONE_PATTERN,
    Code,
    Count,
    Day,
    FileName,
    LawfulAnswers,
    Link,
    Number,
    RoundId,
    Share,
    Whole,
    Words,
)

OneWay = Literal["target_group", "gender", "age_band", "duration_band"]


class Model(BaseModel):
    """Frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Model):
    """Days from start to end, both included; also from week to week, as `2023-W35`."""

    start: Day
    end: Day

    @field_validator("start", "end", mode="before")
    @classmethod
    def _week(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        day = week_day(value, MONDAY if info.field_name == "start" else SUNDAY)
        return value if day is None else day

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.end < self.start:
            raise ValueError(f"end {self.end} lies before start {self.start}; put them in order")
        return self


class Calendar(Model):
    """The steps of a round in the order in which they end; a step may be left out.

    The mailings are the days on which the municipalities send invitation and reminders.
    """

    sign_up: Period | None = None
    processing_agreements: Period | None = None
    extracts: Period | None = None  # municipalities deliver
    kick_off: Period | None = None
    sampling: Period
    status_meeting: Period | None = None
    collection: Period
    invitation: Period | None = None
    first_reminder: Period | None = None
    second_reminder: Period | None = None
    reporting: Period
    launch_meeting: Period | None = None
    press: Period | None = None

    def steps(self) -> Iterator[tuple[str, Period]]:
        for name in type(self).model_fields:
            period = getattr(self, name)
            if period is not None:
                yield name, period

    def extract_deadline(self) -> dt.date:
        """The day by which extracts must be there; where the round's file is silent, the last weekday
        before sampling begins."""
        if self.extracts:
            return self.extracts.end
        day = self.sampling.start - dt.timedelta(days=1)
        return day - dt.timedelta(days=max(0, day.weekday() - 4))

    def mailings(self) -> dict[str, dt.date]:
        """Invitation and reminders → first day of sending; where the round's file is silent, the
        invitation goes out on collection's first day and the reminders one and two weeks later."""
        first = self.collection.start
        usual = {
            "invitation": first,
            "first_reminder": first + dt.timedelta(weeks=1),
            "second_reminder": first + dt.timedelta(weeks=2),
        }
        given = {name: getattr(self, name) for name in usual}
        return {name: given[name].start if given[name] else day for name, day in usual.items()}


class AgeLimits(Model):
    youngest: Annotated[Whole, Field(ge=0, le=120)]
    oldest: Annotated[Whole, Field(ge=0, le=120)]


class PriceBand(Model):
    up_to_inhabitants: Annotated[Whole, Field(gt=0)] | None = None  # None: no upper limit
    price_dkk: Count


class SignUp(Model):
    """What the round's sign-up allows (`survey participants`)."""

    max_participants: Annotated[Whole, Field(ge=1)] = 79


class SizeBand(Model):
    up_to_inhabitants: Annotated[Whole, Field(gt=0)] | None = None  # None: no upper limit
    invited: Annotated[Whole, Field(gt=0)]


class Sampling(Model):
    sizes: tuple[SizeBand, ...]
    smallest_sample: Annotated[Whole, Field(gt=0)]
    largest_sample: Annotated[Whole, Field(gt=0)]
    min_answers: Count
    min_answers_per_group: Count
    expected_response: dict[str, Share]

    @model_validator(mode="after")
    def _consistent(self) -> Sampling:
        troubles = [
            *rising("sizes", [b.up_to_inhabitants for b in self.sizes]),
            *not_falling("sizes", "invited", [b.invited for b in self.sizes]),
        ]
        if self.largest_sample < self.smallest_sample:
            troubles.append(
                f"largest_sample: {self.largest_sample} is below smallest_sample "
                f"{self.smallest_sample}; put them in order"
            )
        troubles += [
            f"sizes: {band.invited} invited lies outside {self.smallest_sample}–"
            f"{self.largest_sample}; change the band or the limits"
            for band in self.sizes
            if not self.smallest_sample <= band.invited <= self.largest_sample
        ]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self


class Responses(Model):
    min_questions_answered: Annotated[Whole, Field(ge=1, le=13)]


class Weighting(Model):
    min_class_answers: Annotated[Whole, Field(ge=1)]
    min_margin_answers: Annotated[Whole, Field(ge=1)] = 10  # in a level that is raked to
    largest_factor: Annotated[Number, Field(gt=1)] = 5.0  # raking multiplies or divides by no more
    tolerance: Annotated[Number, Field(gt=0, lt=1e-3)]
    max_iterations: Annotated[Whole, Field(ge=1)]
    unfit_margins: Literal["collapse", "error"] = "collapse"
    trim_at_median_times: Annotated[Number, Field(gt=1)] | None = None  # None: no trimming


class Decimals(Model):
    """How many decimals leave the house; more would tell single answers apart."""

    mean: Annotated[Whole, Field(ge=0, le=3)] = 2
    share: Annotated[Whole, Field(ge=0, le=3)] = 2  # whole per cent
    rate: Annotated[Whole, Field(ge=0, le=3)] = 3  # response rates, on counts that are shown anyway


class Disclosure(Model):
    min_answers: LawfulAnswers  # five is the law's floor (GDPR); a round may ask more
    # fewer answers of which all, or all but one, are of one kind (satisfied, neutral, not) are not shown
    unanimous_below: LawfulAnswers = 10
    shares_from: Annotated[Whole, Field(ge=10)] = (
        10  # answers behind shares; means from min_answers
    )
    # answers behind unweighted values: beside weighted ones they tell a lone answer's weight, so its group
    unweighted_from: Annotated[Whole, Field(ge=50)] = 100
    decimals: Decimals = Decimals()


class Comparison(Model):
    confidence: Annotated[Number, Field(gt=0.5, lt=1)]
    smallest_mean_difference: Annotated[Number, Field(ge=0)]
    min_answers: LawfulAnswers  # on both sides, before a difference is mentioned
    smallest_share_difference: Annotated[Number, Field(ge=0, le=1)]


class Models(Model):
    """What the drivers and the expected results need before they are shown."""

    min_answers: Annotated[Whole, Field(ge=30)] = 100  # answers behind a municipality's drivers
    bootstrap_replicates: Annotated[Whole, Field(ge=100)] = 500
    min_municipalities: Annotated[Whole, Field(ge=10)] = 20  # clusters behind the expected results


class Limits(Model):
    """What one notebook may take before it is ended; the others go on."""

    notebook_seconds: Annotated[Whole, Field(ge=1)] = 1800
    kernel_memory_mb: Annotated[Whole, Field(ge=256)] = 4096  # where kernels are forked


class Letters(Model):
    """What the letters say besides the text of their template, as printed."""

    hotline: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None  # »70 12 34 56«
    hotline_hours: str = ""  # »hverdage kl. 9-15«
    answer_by: Day | None = None  # None: the last day of collection


class DigitalPost(Model):
    """What a MeMo message says of its sender."""

    memo_version: Annotated[Literal["1.1", "1.2"], BeforeValidator(str)] = "1.2"
    sender_system: Annotated[str, Field(min_length=1, max_length=256)] = "Borgerundersøgelse"
    sender_cvr: dict[Code, Annotated[str, BeforeValidator(str)]] = {}  # without: no MeMo

    @field_validator("sender_cvr")
    @classmethod
    def _real(cls, numbers: dict[str, str]) -> dict[str, str]:
        wrong = [code for code, number in numbers.items() if not cvr.is_valid(number)]
        if wrong:
            raise ValueError(
                f"no CVR numbers (eight digits, check digit): {', '.join(wrong)}; correct them"
            )
        return numbers


class Messages(Model):
    """Texts of reminders by SMS: at most 160 characters, and nothing about the citizen."""

    sms: Words = (
        "Vi mangler dit svar på undersøgelsen om jobcentret. Du finder linket i brevet i din "
        "Digital Post. Det er frivilligt at svare. Hilsen {kommune}"
    )


WorkStep = Literal[
    "sign_up", "extracts", "sampling", "sendout", "collection", "analysis", "reporting", "other"
]
Price = Annotated[Number, Field(ge=0)]


class Costs(Model):
    """What the round's evaluation reckons with; None, or a step that is not named: not known. Zero is
    told as »costs nothing«."""

    digital_letter_dkk: Price | None = None
    paper_letter_dkk: Price | None = None
    sms_dkk: Price | None = None
    hotline_minute_dkk: Price | None = None
    analyst_hour_dkk: Price | None = None
    analyst_hours: dict[WorkStep, Annotated[Number, Field(ge=0)]] = {}  # step → hours as reported


Channel = Literal["reminder", "sms", "telephone"]


class HotlineTopic(Model):
    """What a call is about; `exception`: the reason that belongs in contact/exceptions.csv, if any."""

    topic: Words
    exception: Literal["exempt_digital_post", "opted_out", "unreachable"] | None = None


class Fieldwork(Model):
    """Watching the answers and deciding on more effort; none of it changes a result."""

    # what an extra contact brings, as a multiple of what the last planned reminder brought among those
    # who had not answered by then: the house's assumptions, until a round has tried
    yield_of_channel: dict[Channel, Annotated[Number, Field(ge=0)]] = {
        "reminder": 0.6,
        "sms": 0.8,
        "telephone": 2.0,
    }
    # a municipality whose groups' response rates spread so that R = 0.80 counts as so many missing answers
    likeness_answers: Annotated[Number, Field(ge=0)] = 20
    smallest_gain_answers: Annotated[Number, Field(ge=0)] = (
        1  # a group that gives less is not chosen
    )
    hotline_topics: tuple[HotlineTopic, ...] = (
        HotlineTopic(topic="linket virker ikke"),
        HotlineTopic(topic="spørgsmål om undersøgelsen"),
        HotlineTopic(topic="spørgsmål om persondata"),
        HotlineTopic(topic="hjælp til at svare"),
        HotlineTopic(topic="vil ikke deltage", exception="opted_out"),
        HotlineTopic(topic="fritaget for Digital Post", exception="exempt_digital_post"),
        HotlineTopic(topic="andet"),
    )
    other_hotline_topics: bool = True  # a topic that is not in the list is taken as it is

    @model_validator(mode="after")
    def _every_channel(self) -> Fieldwork:
        lacking = [c for c in get_args(Channel) if c not in self.yield_of_channel]
        if lacking:
            raise ValueError(f"yield_of_channel: lacks {', '.join(lacking)}; add it")
        return self


class Dated(BaseModel):
    """What tells which round is the latest; the rest of its file is not looked at."""

    reference_date: Day | None = None
    simulated: bool = False


class RoundFile(Model):
    """One file of `params/rounds/`: all that varies by round."""

    round: RoundId
    title: Words
    simulated: bool = False
    seed: Count
    reference_date: Day
    period: Period
    extract_period: Period | None = None  # a benefit in these days; none: on the reference date
    calendar: Calendar
    retention_until: Day | None = None  # identities and extracts are deleted after this day
    link_base: Link  # a citizen's key is put behind it
    questionnaire: FileName
    classification: FileName
    age_limits: AgeLimits
    age_bands: tuple[Whole, ...]
    duration_bands_weeks: tuple[Whole, ...]
    price_bands: tuple[PriceBand, ...]
    sign_up: SignUp = SignUp()
    sampling: Sampling
    responses: Responses
    weighting: Weighting
    disclosure: Disclosure
    comparison: Comparison
    two_way: tuple[tuple[OneWay, OneWay], ...] = ()
    earlier_rounds: tuple[str, ...] = ()  # the latest first; the development is told against it
    models: Models = Models()
    limits: Limits = Limits()
    letters: Letters = Letters()
    digital_post: DigitalPost = DigitalPost()
    messages: Messages = Messages()
    fieldwork: Fieldwork = Fieldwork()
    costs: Costs = Costs()  # for the round's evaluation (survey review)
    participants: tuple[Code, ...] = ()  # none only before the sign-up (`load_round`)

    @field_validator("participants", mode="before")
    @classmethod
    def _none_yet(cls, value: object) -> object:
        return () if value is None else value

    @model_validator(mode="after")
    def _consistent(self) -> RoundFile:
        troubles = [
            *date_troubles(self),
            *order_troubles(self.calendar),
            *band_troubles(self),
            *list_troubles(self),
        ]
        if troubles:
            raise ValueError("\n".join(troubles))
        return self
