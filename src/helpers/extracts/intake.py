"""A received extract → population table and vault, with the counts of what was found.

The file is split at once: identities go to the vault, everything else to the population under a
random person id.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.paths import Paths, write_atomically
from helpers.common.quoting import redacted_file_name, redacted_headings
from helpers.extracts.classify import bands, classify, counts
from helpers.extracts.cpr import WOMAN, age_on
from helpers.extracts.extracts import Extract
from helpers.extracts.files import BETWEEN_FILES, read_files
from helpers.extracts.plausibility import Judged, earlier_extract_of, judge
from helpers.identities.fingerprints import file_digest, fingerprints
from helpers.identities.identities import update_vault
from helpers.identities.vault import read_vault, write_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round
from helpers.received.sheets import is_table_file


@dataclass(frozen=True)
class IntakeResult:
    """What a municipality's extract held. `file`: its name, or those of several with BETWEEN_FILES
    between; `counts` is empty where it was refused, `layout` where no layout fits."""

    file: str
    municipality: str
    counts: dict[str, object]
    refused: list[dict[str, object]] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()
    error: ExtractError | None = None
    layout: str = ""
    judged: Judged = field(default_factory=Judged)
    digest: str = ""
    key_id: str = ""

    @property
    def files(self) -> list[str]:
        return self.file.split(BETWEEN_FILES)


def find_extracts(paths: Paths, code: str) -> list[Path]:
    """The files in `extracts/` whose names begin with the municipality's code: one, or parts of the
    extract. Raises ExtractError where there is none."""
    found = sorted(p for p in paths.extracts.glob(f"{code}*") if is_table_file(p))
    if not found:
        others = sorted(redacted_file_name(p.name) for p in paths.extracts.glob(f"{code}*"))
        seen = f" ({', '.join(others)} is no workbook or CSV)" if others else ""
        raise ExtractError(
            str(paths.extracts),
            f"no extract for {code}{seen}",
            f"a file whose name begins with {code} (.xlsx or .csv)",
            "Put the municipality's file there, then run intake again.",
        )
    return found


def stray_extracts(paths: Paths, round_: Round) -> list[str]:
    """Names of files in `extracts/` that begin with no participant's code, as they may be told."""
    if not paths.extracts.is_dir():
        return []
    return sorted(
        redacted_file_name(p.name)
        for p in paths.extracts.iterdir()
        if is_table_file(p) and p.name[:4] not in round_.settings.participants
    )


def require_agreement(round_: Round, code: str, today: dt.date) -> None:
    """Raise ExtractError unless a signed data processing agreement is recorded: no extract is read
    before (GDPR article 28)."""
    signed = round_.agreements.get(code)
    if signed is None or signed > today:
        status = (
            "is not recorded as signed" if signed is None else f"is dated {signed}, after today"
        )
        raise ExtractError(
            f"params/agreements/{round_.id}.csv",
            f"the data processing agreement with {code} {status}; its extract has not been opened",
            f"a line »{code},<day of signing>«",
            "Record the signed agreement, then run intake again.",
        )


def take_in(paths: Paths, round_: Round, code: str) -> IntakeResult:
    """Read, check, split and classify one municipality's extract.

    Writes `vault/<code>`, `population/<code>` and `fingerprints/<code>` only where the whole file is
    well and can be what it says; a refused file leaves them as they were and comes back with its
    `error`. Persons whom the municipality leaves to others are counted, and in neither of the first two.
    Raises ExtractError where no agreement has been signed or there is no file; VaultError where there is
    no key.
    """
    require_agreement(round_, code, dt.date.today())
    key, held = key_of_round(round_.settings, paths.root), paths.vault(code).is_file()
    files = find_extracts(paths, code)
    names = BETWEEN_FILES.join(path.name for path in files)
    reference = round_.settings.reference_date
    try:
        extract = read_files(files, round_.formats, round_.local_for(code), reference)
    except ExtractError as e:
        return IntakeResult(names, code, {}, error=e)
    persons, digest = with_age(extract.persons, reference), file_digest(*files)
    judged = judge(extract, persons, round_, code, digest, earlier_extract_of(paths, round_, code))
    if extract.problems or judged.stops:
        return _refused(names, code, extract, judged)
    prints = fingerprints(persons, key)
    own = persons[~prints["token"].isin(left_to_others(paths, code))].reset_index(drop=True)
    known = read_vault(paths.vault(code), key, round_.id, code) if held else None
    vault = update_vault(known, own, round_.settings, code)
    population = population_table(own, vault, round_)
    write_vault(paths.vault(code), vault, key, round_.id, code)
    write_atomically(paths.fingerprints(code), prints.to_parquet)
    write_atomically(paths.population(code), population.to_parquet)
    return IntakeResult(
        names,
        code,
        found_counts(extract, persons, round_),
        ignored_columns=redacted_headings(extract.ignored_columns),
        layout=extract.layout,
        judged=judged,
        digest=digest,
        key_id=key.id,
    )


def _refused(names: str, code: str, extract: Extract, judged: Judged) -> IntakeResult:
    """The result of a file that was read and is not taken in."""
    stops = [{"row": None, "column": "", "problem": str(stop)} for stop in judged.stops]
    return IntakeResult(
        names,
        code,
        {},
        refused=extract.refused.to_dict("records") + stops,
        ignored_columns=redacted_headings(extract.ignored_columns),
        error=ExtractError(problems=(*extract.problems, *judged.stops)),
        layout=extract.layout,
        judged=judged,
    )


def left_to_others(paths: Paths, code: str) -> list[str]:
    """Tokens of the persons whom the municipality leaves to others (`round_findings.py`)."""
    path = paths.left_to_others(code)
    return json.loads(path.read_text("utf-8")) if path.is_file() else []


def population_table(persons: pd.DataFrame, vault: pd.DataFrame, round_: Round) -> pd.DataFrame:
    """A row a person of the latest extract, without identities, in the order first seen.

    Columns: person_id, benefit_type, target_group or left_out, gender, age (years), age_band,
    weeks_on_benefit, duration_band, weeks_since_conversation, course_closed, has_phone, local_*.
    """
    settings = round_.settings
    reference = pd.Timestamp(settings.reference_date)
    classified = classify(persons, round_.rules, settings.reference_date, settings.age_limits)
    days_on_benefit = (reference - persons["spell_start"]).dt.days
    days_since = (reference - persons["latest_conversation"]).dt.days
    weeks = np.floor_divide(days_on_benefit, 7).astype("Int64")
    table = pd.DataFrame(
        {
            "benefit_type": persons["benefit_type"],
            "target_group": classified["target_group"],
            "left_out": classified["left_out"],
            "gender": persons["gender"].astype("str"),
            "age": persons["age"],
            "age_band": bands(
                persons["age"],
                settings.age_bands,
                round_.age_band_labels,
                settings.age_limits.oldest,
            ),
            "weeks_on_benefit": weeks,
            "duration_band": bands(
                weeks, settings.duration_bands_weeks, round_.duration_band_ids, None
            ),
            "weeks_since_conversation": np.floor_divide(days_since, 7).astype("Int64"),
            "course_closed": persons["course_closed"],
            "has_phone": persons["phone"] != "",
            **{column: persons[column] for column in persons if column.startswith("local_")},
        }
    )
    seen = vault.sort_values("serial")
    place = pd.Index(persons["cpr"]).get_indexer(seen["cpr"])
    table = table.take(place[place >= 0]).reset_index(drop=True)
    table.insert(0, "person_id", seen["person_id"].array[place >= 0])
    return table


def eligible(population: pd.DataFrame) -> pd.DataFrame:
    """The persons of the target groups."""
    return population[population["target_group"].notna()]


def with_age(persons: pd.DataFrame, reference_date: dt.date) -> pd.DataFrame:
    """The extract's persons with `age`, whole years on the reference date."""
    return persons.assign(age=age_on(persons["birth_date"], reference_date))


def found_counts(extract: Extract, persons: pd.DataFrame, round_: Round) -> dict[str, object]:
    """What `intake.json` tells of one file; `persons` are the extract's, with their age."""
    settings = round_.settings
    age_bands = bands(
        persons["age"], settings.age_bands, round_.age_band_labels, settings.age_limits.oldest
    )
    in_band = age_bands.value_counts().to_dict()
    return {
        "layout": extract.layout,
        "rows_read": extract.rows_read,
        **{
            name: counts(persons, rules, settings.reference_date, settings.age_limits)
            for name, rules in round_.rule_sets.items()
        },
        "women": int((persons["gender"] == WOMAN).sum()),
        "age_bands_all": {b: in_band.get(b, 0) for b in round_.age_band_labels},
    }
