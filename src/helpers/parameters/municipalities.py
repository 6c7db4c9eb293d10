"""The municipalities, their places on the map of tiles, and their agreements."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from helpers.common.printing import slug
from helpers.parameters.round_settings import Model
from helpers.parameters.types import (
    Code,
    Count,
    Day,
    Whole,
    Words,
)

# The two municipalities whose name is not »<name> Kommune«.
_OFFICIAL_NAMES = {"0101": "Københavns Kommune", "0400": "Bornholms Regionskommune"}


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

    @property
    def official_name(self) -> str:
        """»Norddjurs Kommune«, »Københavns Kommune«, »Bornholms Regionskommune«."""
        return _OFFICIAL_NAMES.get(self.code, f"{self.name} Kommune")


class Tile(Model):
    """A municipality's place on the map of tiles: columns from the west, rows from the north."""

    code: Code
    column: Count
    row: Count
    short: Annotated[Words, Field(max_length=5)]


class Agreement(Model):
    """One municipality's data processing agreement: days of sending and signing, where they have come."""

    municipality: Code
    sent: Day | None = None
    signed: Day | None = None
