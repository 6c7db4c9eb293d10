"""What each result was made from: what is stale, and why.

After a step, `data/<round>/records/<step>/<code>.json` holds the digests of the code that it uses, the
libraries, the parameters, the files read and the files made. A step is current while all of them
are the same; nothing goes by the order of times, so a clock that is set back does no harm.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from helpers.common.store import Store, by_folder, matching
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round
from helpers.pipeline.code import Code
from helpers.pipeline.steps import PARAMETERS, RELEASED, STEPS, Step, filled, parameter_digests


@dataclass(frozen=True)
class Record:
    """Digests of what a step was made from and of what it made; `signatures` of those files let an
    unchanged one be known without reading it, as `package`, the digest of all code to the byte, lets
    unchanged code be known without parsing it. `found`: what it told the steps that follow."""

    package: str
    code: dict[str, str]
    libraries: str
    parameters: dict[str, str]
    inputs: dict[str, str]
    outputs: dict[str, str]
    signatures: dict[str, str]
    notes: list[str] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True) + "\n"


@cache
def library_digest() -> str:
    """Of the interpreter's version and the versions of all installed packages."""
    installed = {p.name for entry in sys.path for p in Path(entry).glob("*.dist-info")}
    versions = [platform.python_version(), *sorted(installed)]
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:16]


def record_name(step: Step, round_id: str, code: str) -> str:
    return f"data/{round_id}/records/{step.name}/{code}.json"


def _record_name(round_: Round, key: tuple[str, str]) -> str:
    return f"data/{round_.id}/records/{key[0]}/{key[1]}.json"


class Snapshot:
    """The files of a round as they lie now, with their digests; each content is read once."""

    def __init__(self, store: Store, round_: Round) -> None:
        self.store, self.round = store, round_
        self.records: dict[tuple[str, str], Record] = {}
        self._digests: dict[tuple[str, str], str] = {}  # (name, signature) → digest
        self._read_as: dict[str, str] = {}  # a record's name → its signature when it was read
        self.look()

    def look(self) -> None:
        """See what lies there now."""
        self._code = Code()
        self.package = self._code.digest()
        self._code_of: dict[str, dict[str, str]] = {}
        rounds = [self.round.id, *self.round.settings.earlier_rounds]
        folders = ["params", *(f"{top}/{r}" for top in ("data", "build") for r in rounds)]
        self.signatures = {n: s for f in folders for n, s in self.store.listing(f).items()}
        self._by_folder = by_folder(self.signatures)
        for name in self.signatures:
            parts = name.split("/")
            if parts[:3] == ["data", self.round.id, "records"] and len(parts) == 5:
                self._read(name, (parts[3], parts[4].removesuffix(".json")))
        there = self.signatures.keys()
        self.records = {
            k: r for k, r in self.records.items() if _record_name(self.round, k) in there
        }
        self._read_as = {n: s for n, s in self._read_as.items() if n in there}

    def _read(self, name: str, key: tuple[str, str]) -> None:
        if self._read_as.get(name) == self.signatures[name]:
            return
        self._read_as[name] = self.signatures[name]
        try:
            record = Record(**json.loads(self.store.read_text(name)))
        except (ValueError, TypeError):  # not whole, or of another version: as if it were not there
            self.records.pop(key, None)
            return
        self.keep(key, record)

    def keep(self, key: tuple[str, str], record: Record) -> None:
        self.records[key] = record
        known = record.inputs | record.outputs
        self._digests |= {(n, s): known[n] for n, s in record.signatures.items() if n in known}

    def names(self, patterns: tuple[str, ...], code: str) -> list[str]:
        """Files that fit the patterns of a step."""
        return sorted(set(matching(self._by_folder, filled(patterns, self.round, code))))

    def digest(self, name: str) -> str:
        """SHA-256 of a file, read only where its signature is a new one."""
        key = (name, self.signatures[name])
        if key not in self._digests:
            self._digests[key] = self.store.digest(name)
        return self._digests[key]

    # ------------------------------------------------------------------------- what a step goes by

    def inputs(self, step: Step, code: str) -> dict[str, str]:
        """Name → digest of what decides the step's result."""
        left_out = set(self.names(step.makes, code))
        for other in self.round.settings.participants if step.apart else ():
            left_out |= set(self.names(step.apart, other))
        reads = tuple(p for p in step.reads if p != RELEASED)
        read = [n for n in self.names(reads, code) if n not in left_out]
        digests = {n: self.digest(n) for n in read}
        if RELEASED in step.reads:
            digests[RELEASED.format(code=code)] = self._released_rows(code)
        return digests

    def _released_rows(self, code: str) -> str:
        """Digest of a municipality's released rows, as the release told it; of the whole tables where
        they are not those that the release made."""
        release = self.records.get(("release", WHOLE_ROUND))
        step = STEPS["release"]
        now = {n: self.digest(n) for n in self.names(step.makes, WHOLE_ROUND)}
        if release is not None and now == release.outputs and code in release.found["rows"]:
            return release.found["rows"][code]
        return hashlib.sha256(json.dumps(now, sort_keys=True).encode()).hexdigest()

    def files(self, step: Step, code: str) -> dict[str, str]:
        """Name → signature of all that a worker must have to run the step."""
        besides = (*step.needs, *step.carries, *step.makes, PARAMETERS)
        names = {*self.inputs(step, code), *self.names(besides, code)} & self.signatures.keys()
        return {n: self.signatures[n] for n in sorted(names)}

    def code(self, step: Step) -> dict[str, str]:
        """Digests of the code that the step uses."""
        if step.name not in self._code_of:
            self._code_of[step.name] = self._code.of(step)
        return self._code_of[step.name]

    def why_stale(self, step: Step, code: str, more: dict[str, str] | None = None) -> list[str]:
        """Reasons to run the step; none: it is current. `more`: what the run itself tells the step;
        left out, that counts as unchanged."""
        record = self.records.get((step.name, code))
        if record is None:
            return ["never made, or not finished"]
        reasons = []
        if record.package != self.package:
            changed = _differing(record.code, self.code(step))
            reasons += [f"code changed: {', '.join(changed)}"] if changed else []
        if record.libraries != library_digest():
            reasons.append("library versions changed")
        parameters = parameter_digests(step, self.round, code)
        parameters |= (
            {n: d for n, d in record.parameters.items() if n in step.arguments}
            if more is None
            else more
        )
        parameters = {
            n: d
            for n, d in parameters.items()
            if n in record.parameters or n.split(".")[0] not in step.by_name
        }
        changed = _differing(record.parameters, parameters)
        if changed:
            reasons.append(f"parameters changed: {', '.join(changed)}")
        reasons += _changes(record.inputs, self.inputs(step, code), "changed", "is new", "is gone")
        made = {n: self.digest(n) for n in self.names(step.makes, code)}
        reasons += _changes(
            record.outputs, made, "was edited by hand", "was put there by hand", "was deleted"
        )
        carried = [p for p in filled(step.carries, self.round, code) if p not in self.signatures]
        return reasons + [f"{name} was deleted" for name in carried]


def _differing(before: dict[str, str], now: dict[str, str]) -> list[str]:
    return sorted(n for n in {*before, *now} if before.get(n) != now.get(n))


def _changes(before: dict[str, str], now: dict[str, str], *words: str) -> list[str]:
    changed, new, gone = words
    both = sorted(before.keys() & now.keys())
    return (
        [f"{n} {changed}" for n in both if before[n] != now[n]]
        + [f"{n} {new}" for n in sorted(now.keys() - before.keys())]
        + [f"{n} {gone}" for n in sorted(before.keys() - now.keys())]
    )
