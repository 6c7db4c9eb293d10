"""A municipality's file tried before it is sent: the reader and the classification of intake, and
nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from helpers.errors import ExtractError
from helpers.extracts import Extract, read_extract
from helpers.faults import Fault
from helpers.intake import found_counts, with_age
from helpers.params import Round
from helpers.preparation.check_warnings import Warning, warnings_of


@dataclass(frozen=True)
class Checked:
    """What a file holds.

    `code` is the municipality's, empty where it is not known; `layout` is empty where none fits.
    `rows_read` counts persons, `rows_faulty` those with a fault; `counts` are persons of the rows
    without faults per target group and per reason left out under the round's own rules, zeros left
    out. `faults` are all troubles, in the order of rows.
    """

    file: str
    code: str
    layout: str
    rows_read: int
    rows_faulty: int
    counts: dict[str, int]
    ignored_columns: tuple[str, ...]
    warnings: tuple[Warning, ...]
    faults: tuple[Fault, ...]

    @property
    def is_well(self) -> bool:
        return not self.faults


def municipality_of(path: Path, round_: Round) -> str:
    """The code that the file's name begins with; empty where it is no municipality's."""
    return path.name[:4] if path.name[:4] in round_.municipalities else ""


def check_extract(path: Path, round_: Round, code: str) -> Checked:
    """Read a file as intake would, for the municipality `code` (empty: not known, so that local
    background variables are not asked for). Opens no vault, needs no key and writes nothing."""
    try:
        extract = read_extract(
            path, round_.formats, round_.local_for(code or "0000"), round_.settings.reference_date
        )
    except ExtractError as e:
        return Checked(path.name, code, "", 0, 0, {}, (), (), _faults(e.problems))
    persons = with_age(extract.persons, round_.settings.reference_date)
    well = persons[~persons["row"].isin(extract.faulty_rows)].reset_index(drop=True)
    return Checked(
        file=path.name,
        code=code,
        layout=extract.layout,
        rows_read=len(persons),
        rows_faulty=len(persons) - len(well),
        counts=_counts(extract, well, round_),
        ignored_columns=extract.ignored_columns,
        warnings=warnings_of(well, round_, code),
        faults=_faults(extract.problems),
    )


def _counts(extract: Extract, persons: pd.DataFrame, round_: Round) -> dict[str, int]:
    if persons.empty:
        return {}
    found = found_counts(replace(extract, rows_read=len(persons)), persons, round_)
    return dict(found[round_.settings.classification])


def _faults(problems: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(problems, key=lambda f: (f.place.cells or ((0, 0),))[0]))
