"""`params/rolling/<id>.yml` → frozen, validated settings of a rolling round.

What a rolling round shares with a round (sizes, weights, disclosure …) are the same models, and the
analysis is handed an ordinary `Round` whose reference date is the month's first day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from helpers.common.errors import ParameterError, Problem
from helpers.parameters.files import known_files
from helpers.parameters.params import read_settings, with_references
from helpers.parameters.round_settings import (
    AgeLimits,
    Calendar,
    Comparison,
    Disclosure,
    Model,
    OneWay,
    Period,
    Responses,
    RoundFile,
    Sampling,
    Weighting,
)
from helpers.parameters.rounds import Round
from helpers.parameters.types import (
    MONTH_PATTERN,
    Code,
    Count,
    FileName,
    Link,
    RoundId,
    Whole,
    Words,
)
from helpers.parameters.words import validation_problems
from helpers.rolling.months import add_months, parse_month

MONTHS_A_YEAR = 12


class BlockBand(Model):
    """Municipalities with at most so many expected answers a year are published in blocks of so many
    months."""

    up_to_yearly_answers: Annotated[Whole, Field(gt=0)] | None = None  # None: no upper limit
    block_months: Annotated[Whole, Field(ge=1)]


class RollingFile(Model):
    """One file of `params/rolling/`."""

    rolling: RoundId
    title: Words
    simulated: bool = False
    seed: Count
    first_month: Annotated[str, Field(pattern=MONTH_PATTERN)]
    inbox: Words  # folder (under the root, if not absolute) or address of fsspec
    last_extract_day: Annotated[Whole, Field(ge=1, le=28)] = (
        10  # of the month; then it goes on without
    )
    answer_months: Annotated[Whole, Field(ge=1, le=6)] = (
        2  # answers count until so many months later
    )
    months_between_invitations: Annotated[Whole, Field(ge=1, le=60)] = 12
    window_months: Annotated[Whole, Field(ge=1, le=36)] = 12
    min_window_months: Annotated[Whole, Field(ge=1)] = (
        9  # months with an extract that a window needs
    )
    blocks: tuple[BlockBand, ...]
    retention_months: Annotated[Whole, Field(ge=1)] = (
        13  # identities of who is gone are kept so long
    )
    link_base: Link
    questionnaire: FileName
    classification: FileName
    age_limits: AgeLimits
    age_bands: tuple[Whole, ...]
    duration_bands_weeks: tuple[Whole, ...]
    sampling: Sampling  # invitations and answers wanted in a year
    responses: Responses
    weighting: Weighting
    disclosure: Disclosure
    comparison: Comparison
    two_way: tuple[tuple[OneWay, OneWay], ...] = ()
    participants: tuple[Code, ...]

    @model_validator(mode="after")
    def _consistent(self) -> RollingFile:
        troubles = []
        if not self.blocks or self.blocks[-1].up_to_yearly_answers is not None:
            troubles.append(
                "blocks: the last band must be open (no up_to_yearly_answers); take its limit away"
            )
        limits = [b.up_to_yearly_answers for b in self.blocks[:-1]]
        if None in limits or limits != sorted(set(limits)):
            troubles.append(
                "blocks: up_to_yearly_answers must rise from band to band; put them in order"
            )
        for band in self.blocks:
            if self.window_months % band.block_months:
                troubles.append(
                    f"blocks: {band.block_months} months do not go into a window of "
                    f"{self.window_months}; take a divisor"
                )
        if self.min_window_months > self.window_months:
            troubles.append(
                f"min_window_months: {self.min_window_months} are more than the window's "
                f"{self.window_months}; write so many at most"
            )
        if self.retention_months < self.months_between_invitations:
            troubles.append(
                f"retention_months: who comes back must be known for months_between_invitations "
                f"({self.months_between_invitations}) at least; write so many or more"
            )
        if troubles:
            raise ValueError("\n".join(troubles))
        return self

    @property
    def first(self) -> dt.date:
        return parse_month(self.first_month)

    def block_months_for(self, expected_answers: float) -> int:
        """Block length of a municipality by the answers expected of it in a year."""
        return next(
            b.block_months
            for b in self.blocks
            if b.up_to_yearly_answers is None or expected_answers <= b.up_to_yearly_answers
        )

    def round_file(self) -> RoundFile:
        """The first month as a round. Raises ValueError where the shared settings do not agree."""
        day = self.first
        whole = Period(start=day, end=add_months(day, 2))
        last = Period(start=whole.end, end=whole.end)
        shared = {k: v for k, v in self if k in RoundFile.model_fields}
        return RoundFile(
            round=self.rolling,
            reference_date=day,
            period=whole,
            calendar=Calendar(
                sampling=Period(start=day, end=day),
                collection=Period(start=day + dt.timedelta(days=1), end=whole.end),
                reporting=last,
            ),
            price_bands=(),
            **shared,
        )


@dataclass(frozen=True)
class Rolling:
    """A rolling round with everything that its file refers to; `round`: its first month."""

    settings: RollingFile
    round: Round

    @property
    def id(self) -> str:
        return self.settings.rolling

    def at(self, month: dt.date) -> Round:
        """The month as a round: ages and spells are read as of its first day."""
        settings = self.round.settings.model_copy(update={"reference_date": month})
        return self.round.model_copy(update={"settings": settings})


def load_rolling(root: Path, rolling_id: str) -> Rolling:
    """Read and check `params/` for one rolling round.

    Raises ParameterError with every trouble found, also where a round has the same name: their data
    would lie in one folder.
    """
    path = root / "params" / "rolling" / f"{rolling_id}.yml"
    problems: list[Problem] = []
    if not path.is_file():
        raise ParameterError(str(path), "the file does not exist", remedy=known_files(path))
    source, settings = read_settings(path, RollingFile, problems)
    if source and settings and settings.rolling != rolling_id:
        what, remedy = f"is »{settings.rolling}«", "Rename the file or the round."
        problems.append(Problem(source.at("rolling"), what, f"»{rolling_id}«, as the file", remedy))
    if source and settings and not settings.participants:
        where = source.at("participants")
        problems.append(Problem(where, "none named", "at least one municipality", "Name it."))
    if (root / "params" / "rounds" / f"{rolling_id}.yml").is_file():
        problems.append(
            Problem(str(path), "a round has this name too", "a name of its own", "Rename one.")
        )
    as_round = None
    if source is not None and settings is not None:
        try:
            as_round = settings.round_file()
        except ValidationError as e:
            problems += validation_problems(e, RoundFile, source)
    round_ = with_references(root, path, source, as_round, problems)
    if settings is None:
        raise ParameterError(problems=problems)
    return Rolling(settings, round_)
