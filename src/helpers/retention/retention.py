"""What lies where of a round, and deleting its identities when their time is over."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths, write_text
from helpers.fieldwork.sealed import forget_passphrases, listed_as
from helpers.identities.vault import forget_vault
from helpers.parameters.params import Round
from helpers.retention.forgetting import carry_out, changes_for, scrub_records


@dataclass(frozen=True)
class Holding:
    """One kind of thing that a round holds; `identities`: whether it points at persons."""

    where: str
    what: str
    who: str
    identities: str
    files: int
    bytes: int


# folder or file under data/<round>/, what, who may read, does it point at persons
KINDS = (
    ("extracts", "extracts as received", "analysts who run intake", "yes: CPR number, name, telephone"),
    ("vault", "identities, encrypted", "send-out only", "yes, encrypted"),
    ("vault-counts", "how often each vault was written", "analysts", "no"),
    ("sendout", "letters, lists, text messages", "the municipality's send-out", "yes: CPR number, name"),
    ("contact", "who is not to be written to", "analysts", "by key"),
    ("fingerprints", "keyed hashes of CPR numbers", "analysts", "with the key alone"),
    ("left-to-others", "who is left to another municipality, as keyed hashes", "analysts", "with the key alone"),
    ("population", "a row a person under a random id", "analysts", "no, but every person has a row"),
    ("sample", "who was drawn, with link tokens", "analysts", "no, but every person has a row"),
    ("responses", "survey tool's exports, and answers", "analysts", "free text may"),
    ("texts", "scrubbed free texts", "the municipality itself", "free text may"),
    ("weighted", "weights and scores of respondents", "analysts", "no, but every person has a row"),
    ("estimates", "numbers before disclosure control; later rounds' development needs them", "analysts", "no, but few persons may be behind"),
    ("release-state", "what the latest release was made from, with digests of answers", "analysts", "no, but few persons may be behind"),
    ("published", "what has left the house, with digests of answers", "analysts", "no, but few persons may be behind"),
    ("published.json", "the digest of each publication's record", "analysts", "no"),
    ("notebooks", "executed notebooks", "analysts, reviewers on site", "no"),
    ("intake-history", "files refused and taken in", "analysts", "no"),
    ("review", "the round's evaluation", "analysts", "no, but few persons may be behind"),
    ("records", "what each result was made from", "analysts", "no"),
    ("signups.csv", "sign-ups with contacts", "analysts", "at the municipality: name, e-mail, telephone"),
    ("tilmeldinger.xlsx", "overview of sign-ups", "analysts", "at the municipality: name, e-mail, telephone"),
    ("hotline.csv", "calls to the hotline", "analysts", "no, but a citizen may have a key"),
    ("effort.parquet", "where more effort gives most", "analysts", "no, but few persons may be behind"),
    ("status.html", "how the collection goes", "analysts", "no, but few persons may be behind"),
    ("delivery", "encrypted packages", "each municipality", "no"),
)  # fmt: skip


# what is left when identities have been deleted, and until when
STAYS = {
    "population, sample, answers, weights": "a row a person without name, number, text or link, under an id "
    "at random that leads nowhere: until the folder of the round is deleted",
    "estimates, counts of mailings, records, calls without keys": "until the folder of the round is deleted",
    "build": "what has been released, for good",
}


def holdings(paths: Paths) -> list[Holding]:
    """What the round holds under `data/`, a row a folder that exists; and everything under `build/`."""
    found = []
    for folder, what, who, identities in KINDS:
        files = _files(paths.data / folder)
        if files:
            size = sum(p.stat().st_size for p in files)
            where = f"data/{paths.round_id}/{folder}"
            found.append(Holding(where, what, who, identities, len(files), size))
    published = _files(paths.build)
    if published:
        size = sum(p.stat().st_size for p in published)
        found.append(
            Holding(f"build/{paths.round_id}", "released", "everybody", "no", len(published), size)
        )
    return found


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else []


def held_codes(paths: Paths, round_: Round) -> list[str]:
    """Municipalities of which a vault, an extract or letters lie here, whether they take part or not."""
    every = ([paths.vault_folder, "*"], [paths.extracts, "*"], [paths.data / "sendout", "*/*"])
    found = {
        path.relative_to(folder).parts[0][:4]
        for folder, pattern in every
        for path in (folder.glob(pattern) if folder.is_dir() else ())
        if path.name != paths.mailings("0000").name
    }
    return sorted(found & round_.municipalities.keys())


def forget(
    paths: Paths, round_: Round, codes: Sequence[str], today: dt.date, *, before_time: bool = False
) -> dict[str, int]:
    """Delete vault, extract, fingerprints and letters of the municipalities; returns those files by code.

    Refuses (SurveyError) on or before the round's retention date, or where it has none, unless
    `before_time`, or all of them have withdrawn: their identities are needed no more. With them go what
    leads from the answers to persons (`retention/forgetting.py`): free texts, keys of links, exports as received,
    exceptions by key, contacts of the sign-up. Every deletion is recorded with its day in
    `data/<round>/forgotten.json`, which names files by kind and number, no person, and what stays until
    when: STAYS.
    """
    until = round_.settings.retention_until
    waiting = [code for code in codes if code not in round_.withdrawn]
    if waiting and not before_time and (until is None or today <= until):
        raise _too_early(round_, waiting, today)
    changes = changes_for(paths, round_, codes)
    gone: set[Path] = set(changes.deleted)
    deleted = {}
    for code in codes:
        kinds = _files_of(paths, code)
        counts = {kind: len(files) for kind, files in kinds.items() if files}
        more = changes.counts.get(code, {})
        if counts or more:
            entry = {"municipality": code, "deleted_on": today.isoformat(), **counts, **more}
            _record(paths, entry | {"stays": STAYS})
        gone.update(*kinds.values())
        if paths.vault(code).is_file():
            forget_vault(paths.vault(code), code, today.isoformat())
        for kind, files in kinds.items():
            for path in files if kind != "vault" else ():
                path.unlink()
        for path in (
            paths.fingerprints(code),
            paths.left_to_others(code),
        ):  # they go with the vault
            path.unlink(missing_ok=True)
        if not paths.mailings(code).is_file():
            shutil.rmtree(paths.sendout(code), ignore_errors=True)
        forget_passphrases(paths, [listed_as(code, p.name) for p in kinds["sendout"]])
        deleted[code] = sum(counts.values())
    carry_out(paths, changes)
    scrub_records(paths, gone)
    return deleted


def _too_early(round_: Round, waiting: Sequence[str], today: dt.date) -> SurveyError:
    until = round_.settings.retention_until
    due = f"the retention date is {until}" if until else "the round has no retention date"
    remedy = "Wait, or"
    if unsaid := [code for code in waiting if code not in round_.settings.participants]:
        say = f"survey participants {round_.id} --withdraw {unsaid[0]} --reason TEXT"
        remedy = f"Record that {', '.join(unsaid)} withdrew (`{say}`), wait, or"
    return SurveyError(
        f"params/rounds/{round_.id}.yml, key `retention_until`",
        f"{due}; today is {today}",
        "a day after the retention date",
        f"{remedy} say --yes if the identities are to be deleted now.",
    )


def _files_of(paths: Paths, code: str) -> dict[str, list[Path]]:
    """Kind → the municipality's files that lead to persons."""
    vault, extracts = paths.vault(code), paths.extracts
    return {
        "vault": [vault] if vault.is_file() else [],
        "extracts": sorted(p for p in extracts.glob(f"{code}*") if p.is_file())
        if extracts.is_dir()
        else [],
        "sendout": [p for p in _files(paths.sendout(code)) if p != paths.mailings(code)],
    }


def _record(paths: Paths, entry: dict[str, object]) -> None:
    path = paths.data / "forgotten.json"
    record = json.loads(path.read_text("utf-8")) if path.is_file() else []
    write_text(path, json.dumps([*record, entry], ensure_ascii=False, indent=1) + "\n")
