"""One municipality's month: extract → vault, population, sample; then the letters' basis.

The vault is written first, the month's folder is renamed into place last. A tick killed between them
finds every person under the same id again, and the seeded draw gives the same sample.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.spreadsheets import text_workbook
from helpers.extracts.check_warnings import Warning
from helpers.extracts.cpr import age_on
from helpers.extracts.extracts import read_extract
from helpers.extracts.intake import eligible, population_table, require_agreement
from helpers.fieldwork.mailing_kinds import MAILINGS
from helpers.fieldwork.sealed import seal
from helpers.identities.identities import CONTACT, link_keys, send_out_list, update_vault
from helpers.identities.vault import read_vault, write_vault
from helpers.identities.vault_key import Key
from helpers.parameters.params import Round
from helpers.rolling.extract_findings import PRINTS, MonthJudged, judge_month
from helpers.rolling.months import name, ordinal
from helpers.rolling.places import Places, commit_folder, read_record, write_record
from helpers.rolling.rotation import MonthPlan, empty_registry, forget_gone, plan_month
from helpers.rolling.settings import Rolling
from helpers.sampling.sampling import sampling_frame

INVITATION = MAILINGS["invitation"]
LETTERS, SHEET = INVITATION.workbook, "Flettebrev"
DELIVERED, SKIPPED = "delivered", "skipped"
SAMPLE, FRAME, STRATA, POPULATION, REGISTRY, ASKED = (
    f"{kind}.parquet" for kind in ("sample", "frame", "strata", "population", "registry", "asked")
)


@dataclass(frozen=True)
class Before:
    """What a municipality's months before left: the registry, and the length of its blocks (None
    before its first extract)."""

    registry: pd.DataFrame
    block_months: int | None


def take_month(
    places: Places,
    rolling: Rolling,
    code: str,
    month: dt.date,
    extract: Path,
    key: Key,
    today: dt.date,
) -> tuple[Warning, ...]:
    """Read the extract, keep the persons' ids, draw and commit `months/<month>/<code>/`; returns what is
    worth a look.

    Raises ExtractError where the extract is refused or no agreement is signed; nothing of the month is
    then written.
    """
    round_ = rolling.at(month)
    require_agreement(round_, code, today)
    read = read_extract(extract, round_.formats, round_.local_for(code), month)
    read.raise_problems()
    persons = read.persons.assign(age=age_on(read.persons["birth_date"], month))
    month_judged = judge_month(places, round_, code, month, extract, read, persons, key)
    if stops := month_judged.judged.stops:
        raise ExtractError(problems=stops)
    persons = persons[month_judged.own.to_numpy()].reset_index(drop=True)
    before = _before(places, code, month)
    path = places.paths.vault(code)
    known = read_vault(path, key, rolling.id, code) if path.is_file() else None
    if known is not None:
        known = _emptied(known, before.registry, persons)
    vault = update_vault(known, persons, round_.settings, code)
    write_vault(path, vault, key, rolling.id, code)

    population = population_table(persons, vault, round_)
    plan = plan_month(
        eligible(population),
        population["person_id"],
        before.registry,
        [g.id for g in round_.rules.groups],
        month,
        round_.municipalities[code].population,
        rolling.settings,
        np.random.default_rng([rolling.settings.seed, int(code), ordinal(month)]),
    )
    _commit(places, rolling, round_, code, month, plan, before.block_months, month_judged)
    return month_judged.judged.warnings


def _commit(
    places: Places,
    rolling: Rolling,
    round_: Round,
    code: str,
    month: dt.date,
    plan: MonthPlan,
    block_months: int | None,
    judged: MonthJudged,
) -> None:
    of_month = round_.settings.model_copy(update={"round": f"{rolling.id} {name(month)}"})
    keys = link_keys(plan.sample["person_id"], pd.Series(dtype="str"), of_month)
    registry = forget_gone(plan.registry, month, rolling.settings.retention_months)
    record = {
        "state": DELIVERED,
        "block_months": block_months or rolling.settings.block_months_for(plan.expected_answers),
        "eligible": len(plan.population),
        "asked": len(plan.sample),
        "at_turn": int(plan.strata["at_turn"].sum()),
        **judged.record,
    }

    def write(folder: Path) -> None:
        plan.population.drop(columns="left_out").to_parquet(folder / POPULATION)
        plan.strata.to_parquet(folder / STRATA)
        sampling_frame(plan.population).to_parquet(folder / FRAME)
        plan.sample.assign(key=keys).to_parquet(folder / SAMPLE)
        registry.to_parquet(folder / REGISTRY)
        judged.prints.to_parquet(folder / PRINTS)
        write_record(folder, record)

    commit_folder(places.of_month(month, code), write)


def skip_month(places: Places, code: str, month: dt.date, reason: str) -> None:
    """Let the municipality go without this month. `reason`: for the log; it names nobody."""
    record = {"state": SKIPPED, "reason": reason}
    commit_folder(places.of_month(month, code), lambda folder: write_record(folder, record))


def write_letters_basis(
    places: Places, rolling: Rolling, code: str, month: dt.date, key: Key
) -> Path:
    """The mail-merge basis of a month that was taken, from its sample: `sendout/<month>/<code>/` gets
    `invitation.zip`, encrypted, or in a simulated round, whose persons are invented, `flettebrev.xlsx`."""
    sample = pd.read_parquet(places.of_month(month, code) / SAMPLE)
    vault = read_vault(places.paths.vault(code), key, rolling.id, code)
    rows = send_out_list(sample, vault, rolling.settings.link_base)
    [written] = seal(
        places.paths,
        rolling.at(month),
        code,
        INVITATION.package,
        {LETTERS: text_workbook(rows, SHEET)},
        plain=rolling.settings.simulated,
        supersedes=(LETTERS,) if not rolling.settings.simulated else (),
        month=name(month),
    )
    return written


def has_letters(places: Places, code: str, month: dt.date) -> bool:
    folder = places.sendout(month, code)
    return any((folder / made).is_file() for made in (LETTERS, INVITATION.package))


def delivered(places: Places, month: dt.date, code: str) -> bool:
    folder = places.of_month(month, code)
    return folder.is_dir() and read_record(folder)["state"] == DELIVERED


def _before(places: Places, code: str, month: dt.date) -> Before:
    for earlier in reversed([m for m in places.started() if m < month]):
        folder = places.of_month(earlier, code)
        if (folder / REGISTRY).is_file():
            record = read_record(folder)
            return Before(pd.read_parquet(folder / REGISTRY), record["block_months"])
    return Before(empty_registry(), None)


def _emptied(vault: pd.DataFrame, registry: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    """The vault without the identities of persons who are forgotten; their rows stay, so that no id
    is given twice. Persons of this extract are not forgotten: a killed tick may have added them."""
    gone = ~vault["person_id"].isin(registry["person_id"]) & ~vault["cpr"].isin(persons["cpr"])
    vault = vault.copy()
    vault.loc[gone, CONTACT] = ""
    return vault
