"""A municipality's file tried before it is sent: the reader and the classification of intake, and
nothing kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.paths import Paths
from helpers.common.quoting import redacted_file_name, redacted_headings
from helpers.extracts.check_warnings import Warning, warning
from helpers.extracts.extracts import Extract, read_extract
from helpers.extracts.intake import found_counts, with_age
from helpers.extracts.plausibility import Judged, earlier_extract_of, judge, with_decisions
from helpers.extracts.round_findings import AcceptedExtract, compare_extracts, read_taken
from helpers.faults.faults import Fault
from helpers.identities.fingerprints import file_digest, fingerprints
from helpers.identities.vault_key import Key, VaultError, key_of_round
from helpers.parameters.params import Round


@dataclass(frozen=True)
class Checked:
    """What a file holds.

    `code` is the municipality's, empty where it is not known; `layout` is empty where none fits.
    `rows_read` counts persons, `rows_faulty` those with a fault; `counts` are persons of the rows
    without faults per target group and per reason left out under the round's own rules, zeros left
    out. `faults` are all troubles, in the order of rows; `accepted` are findings that a person let pass
    for this file, with the reason.
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
    accepted: tuple[tuple[Fault, str], ...] = ()

    @property
    def has_no_faults(self) -> bool:
        return not self.faults


def municipality_of(path: Path, round_: Round) -> str:
    """The code that the file's name begins with; empty where it is no municipality's."""
    return path.name[:4] if path.name[:4] in round_.municipalities else ""


def check_extract(path: Path, round_: Round, code: str, paths: Paths | None = None) -> Checked:
    """Read and judge a file as intake would, for the municipality `code` (empty: not known, so that
    local background variables are not asked for). Opens no vault, needs no key and writes nothing.

    `paths`: the round's data, where they lie here. The file is then looked at beside the other
    municipalities' and those of earlier rounds, as far as there are any and the key is at hand.
    """
    try:
        extract = read_extract(
            path, round_.formats, round_.local_for(code or "0000"), round_.settings.reference_date
        )
    except ExtractError as e:
        return Checked(
            redacted_file_name(path.name), code, "", 0, 0, {}, (), (), _faults(e.problems)
        )
    digest = file_digest(path)
    persons = with_age(extract.persons, round_.settings.reference_date)
    faultless = persons[~persons["row"].isin(extract.faulty_rows)].reset_index(drop=True)
    before = earlier_extract_of(paths, round_, code) if paths and code else None
    judged = judge(extract, persons, round_, code, digest, before)
    if paths and code:
        judged += _compared_with_others(paths, round_, extract, faultless, code, digest)
    return Checked(
        file=redacted_file_name(path.name),
        code=code,
        layout=extract.layout,
        rows_read=len(persons),
        rows_faulty=len(persons) - len(faultless),
        counts=_counts(extract, faultless, round_),
        ignored_columns=redacted_headings(extract.ignored_columns),
        warnings=judged.warnings,
        faults=_faults((*extract.problems, *judged.stops)),
        accepted=tuple((stop, f"{d.by}, {d.date}: {d.reason}") for d, stop in judged.decided),
    )


def _compared_with_others(
    paths: Paths, round_: Round, extract: Extract, persons: pd.DataFrame, code: str, digest: str
) -> Judged:
    """The file beside those that intake took in; where persons cannot be compared, that is told."""
    others = [t for t in read_taken(paths, round_) if t.code != code]
    key = _key(paths, round_)
    warnings: list[Warning] = []
    if key is not None:
        prints = fingerprints(persons, key)
    else:
        prints = pd.DataFrame(columns=["token", "name_token", "row", "spell_start"])
        warnings += [warning("not_compared")] if others else []
    key_id = key.id if key else (others[0].key if others else "")
    passive = int(persons["passive"].sum())
    own = AcceptedExtract(code, extract.file, digest, key_id, len(persons), passive, prints)
    comparison = compare_extracts(paths, round_, [own, *others])
    if code in comparison.other_keys:
        warnings.append(warning("not_compared"))
    found = with_decisions(comparison.found.get(code, ()), extract.file, round_, code, digest)
    return found + Judged(warnings=(*warnings, *comparison.warnings.get(code, ())))


def _key(paths: Paths, round_: Round) -> Key | None:
    try:
        return key_of_round(round_.settings, paths.root)
    except VaultError:
        return None  # told where there is something to compare with


def _counts(extract: Extract, persons: pd.DataFrame, round_: Round) -> dict[str, int]:
    if persons.empty:
        return {}
    found = found_counts(replace(extract, rows_read=len(persons)), persons, round_)
    return dict(found[round_.settings.classification])


def _faults(problems: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(problems, key=lambda f: (f.place.cells or ((0, 0),))[0]))
