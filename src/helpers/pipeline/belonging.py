"""What belongs to a round now: a result whose input is gone leaves with it.

One rule for every way in which an input goes. A municipality that takes part no more leaves no result; nor
does one whose extract was taken out (unless its identities were deleted on record), or whose answers
were; and where no estimates are left, nothing released is. What was received (extracts, exports), what
is sealed (vault, letters), logs, and a frozen sample stay: with them everything can be made again, and
the keys that citizens hold are known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round
from helpers.pipeline.records import Snapshot, record_name
from helpers.pipeline.steps import STEPS
from helpers.received.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS

ENDINGS = WORKBOOK_ENDINGS | TEXT_ENDINGS  # of extracts and exports
_DATA, _BUILD = "data/{round}", "build/{round}"
SAMPLE = (
    f"{_DATA}/sample/{{code}}.parquet",
    f"{_DATA}/sample/{{code}}-frame.parquet",
    f"{_DATA}/sample/replaced/{{code}}-*",
    f"{_DATA}/sample/kept/{{code}}.json",
)
REPORT = (*STEPS["report"].makes, f"{_BUILD}/{{folder}}/**", f"{_DATA}/delivery/{{folder}}.zip")
ESTIMATES = STEPS["analyse"].makes
ANSWERS = (f"{_DATA}/responses/{{code}}.parquet", f"{_DATA}/texts/{{code}}.xlsx")
INTAKE = (*STEPS["intake"].makes, *(p for p in STEPS["plan"].makes if p not in SAMPLE))
OTHER = (  # of one that is out
    f"{_DATA}/notebooks/{{code}}-*",
    f"{_BUILD}/skabeloner/{{code}}-*",
    f"{_BUILD}/spoergeskema/{{code}}-*",
)
FROZEN_BY = (f"{_DATA}/sendout/{{code}}/*", f"{_DATA}/responses/{{code}}*")
RELEASED = ("release", "national", "star", "index")  # steps of the whole round
PER_MUNICIPALITY = {  # kind of result → the steps whose record goes with it
    INTAKE: ("intake",), SAMPLE: ("plan",), ANSWERS: (), ESTIMATES: ("analyse",),
    REPORT: ("report", "scan"), OTHER: (),
}  # fmt: skip


@dataclass(frozen=True)
class Leaving:
    """`names`: files of a municipality (or WHOLE_ROUND) that belong to the round no more."""

    code: str
    why: str
    names: tuple[str, ...]


def codes_with_traces(snapshot: Snapshot) -> set[str]:
    """Municipalities of which anything lies in the round, taking part or not."""
    return {
        part[:4]
        for parts in map(_parts, snapshot.signatures)
        if parts[1] == snapshot.round.id
        for part in parts[2:]
    } & snapshot.round.municipalities.keys()


def forgotten_codes(store: Store, round_id: str) -> set[str]:
    """Municipalities whose identities were deleted, as `survey forget` recorded it."""
    name = f"data/{round_id}/forgotten.json"
    if name not in store.find([name]):
        return set()
    return {entry["municipality"] for entry in json.loads(store.read_text(name))}


def leaving(snapshot: Snapshot) -> list[Leaving]:
    """Everything that belongs to the round no more, a municipality's results together."""
    round_ = snapshot.round
    forgotten = forgotten_codes(snapshot.store, round_.id)
    found = []
    for code in sorted(codes_with_traces(snapshot)):
        why, kinds = _of_municipality(snapshot, code, forgotten)
        names = tuple(sorted(set(_names(snapshot, code, kinds))))
        if names:
            found.append(Leaving(code, why, names))
    whole = set(_of_whole_round(snapshot, {name for one in found for name in one.names}))
    if whole:
        found.append(Leaving(WHOLE_ROUND, "no municipality has results", tuple(sorted(whole))))
    return found


def _of_whole_round(snapshot: Snapshot, gone: set[str]) -> Iterator[str]:
    """What is left to no purpose when the files `gone` are: all that was released, where no estimates
    are left, and the record of the answers shared out, where no export is."""
    records, data = snapshot.records, f"data/{snapshot.round.id}"
    steps: tuple[str, ...] = ()
    if ("release", WHOLE_ROUND) in records:
        estimates = snapshot.names((f"{data}/estimates/????.parquet",), "")
        steps += RELEASED if not set(estimates) - gone else ()
    if ("collect", WHOLE_ROUND) in records and not _tables(snapshot, f"{data}/responses/*"):
        yield record_name(STEPS["collect"], snapshot.round.id, WHOLE_ROUND)
    for step in steps:
        yield from set(snapshot.names(STEPS[step].makes, WHOLE_ROUND)) - gone
        name = record_name(STEPS[step], snapshot.round.id, WHOLE_ROUND)
        if name in snapshot.signatures:
            yield name


def _of_municipality(
    snapshot: Snapshot, code: str, forgotten: set[str]
) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Why results of the municipality leave, and which kinds; none where all belong."""
    round_, records = snapshot.round, snapshot.records
    data = f"data/{round_.id}"
    if code not in round_.settings.participants:
        out = round_.withdrawn.get(code)
        reason = f"it withdrew on {out.withdrawn_on}" if out else "it takes no part any more"
        return reason, (INTAKE, ANSWERS, ESTIMATES, REPORT, OTHER)  # its sample tells its keys
    if ("intake", code) in records and not _tables(snapshot, f"{data}/extracts/{code}*"):
        held = f"{data}/vault/{code}" in snapshot.signatures
        if held or code not in forgotten:
            reason = "its extract has been taken out"
            if snapshot.names(FROZEN_BY, code):
                return reason, (ESTIMATES, REPORT)
            return reason, (INTAKE, SAMPLE, ANSWERS, ESTIMATES, REPORT)
    if ("analyse", code) in records:
        reason = "its answers have been taken out"
        if ("collect", WHOLE_ROUND) in records and not _tables(snapshot, f"{data}/responses/*"):
            return reason, (ANSWERS, ESTIMATES, REPORT)
        if f"{data}/responses/{code}.parquet" not in snapshot.signatures:
            return reason, (ESTIMATES, REPORT)
    release = records.get(("release", WHOLE_ROUND))
    if release and code not in release.found["municipalities"] and ("report", code) in records:
        return "the release has no results of it", (REPORT,)
    return "", ()


def _tables(snapshot: Snapshot, pattern: str) -> bool:
    """Whether a file that can be read as a table fits."""
    return any(Path(n).suffix.lower() in ENDINGS for n in snapshot.names((pattern,), ""))


def _names(snapshot: Snapshot, code: str, kinds: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    for kind in kinds:
        yield from snapshot.names(kind, code)
        for step in PER_MUNICIPALITY[kind]:
            name = record_name(STEPS[step], snapshot.round.id, code)
            if name in snapshot.signatures:
                yield name


def take_out(snapshot: Snapshot) -> list[str]:
    """Remove what belongs to the round no more; returns a line a municipality that tells it.

    The snapshot sees what is left. Where a package for delivery goes, its passphrase goes too.
    """
    store, round_ = snapshot.store, snapshot.round
    notes = []
    found = leaving(snapshot)
    for one in found:
        for name in one.names:
            store.remove(name)
        _tidy(store, round_, one)
        results = [n for n in one.names if "/records/" not in n]
        if results:
            notes.append(
                f"Left the round: {_whose(round_, one.code)}, for {one.why} ({_what(results)})."
            )
    if found:
        snapshot.look()
    return notes


def _whose(round_: Round, code: str) -> str:
    if code == WHOLE_ROUND:
        return "all that was released"
    return f"the results of {code} {round_.municipalities[code].name}"


def _what(names: list[str]) -> str:
    """»build 5, estimates 4 files«."""
    kinds = Counter(parts[2] if parts[0] == "data" else "build" for parts in map(_parts, names))
    return ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())) + " files"


def _parts(name: str) -> list[str]:
    return name.split("/")


def _tidy(store: Store, round_: Round, one: Leaving) -> None:
    """The empty folders of a report, and the passphrases of packages."""
    if store.folder is None:
        return
    from helpers.fieldwork.sealed import forget_passphrases

    packages = [n.rsplit("/", 1)[-1] for n in one.names if "/delivery/" in n]
    if packages:
        forget_passphrases(Paths(store.folder, round_.id), packages)
    for folder in sorted({(store.folder / n).parent for n in one.names if n.startswith("build/")}):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
