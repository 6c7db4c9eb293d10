"""What has been received for a round and lies in its folders, and what of it no step uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.common.quoting import blanked, redacted_file_name
from helpers.common.store import Store
from helpers.pipeline.belonging import ENDINGS, codes_with_traces, forgotten_codes
from helpers.pipeline.records import Snapshot


def folder_named(store: Store, round_id: str, folder: str) -> str:
    """A folder under `data/<round>/` as the user names it."""
    there = store.folder
    if there is None:
        return f"{blanked(store.root)}/data/{round_id}/{folder}"
    return str(there / "data" / round_id / folder)


def exports(snapshot: Snapshot) -> list[str]:
    """Names of the survey tool's exports."""
    return [n for n in _names(snapshot, "responses") if Path(n).suffix.lower() in ENDINGS]


def with_identities(snapshot: Snapshot, codes: Sequence[str]) -> list[str]:
    """Those of `codes` whose identities were not deleted, or of which a new extract has come since."""
    data = f"data/{snapshot.round.id}"
    forgotten = forgotten_codes(snapshot.store, snapshot.round.id)
    return [
        c
        for c in codes
        if c not in forgotten
        or snapshot.names((f"{data}/extracts/{c}*", f"{data}/vault/{c}"), c)
        or f"{data}/population/{c}.parquet" not in snapshot.signatures
    ]


def notes_on_extracts(snapshot: Snapshot) -> list[str]:
    """What a run says of extracts and results that belong to no participant."""
    notes = _notes_on_those_out(snapshot)
    strays = _strays(snapshot)
    if strays:
        where = folder_named(snapshot.store, snapshot.round.id, "extracts")
        notes.append(
            f"Passed over in {where}: {', '.join(strays)}. The names begin with no participant's code; "
            "rename them, or add the municipality to the round."
        )
    return notes


def _notes_on_those_out(snapshot: Snapshot) -> list[str]:
    """Of whom something lies here that takes no part any more: what is left to be done."""
    round_, data, notes = snapshot.round, f"data/{snapshot.round.id}", []
    for code in sorted(codes_with_traces(snapshot) - set(round_.settings.participants)):
        place = f"{code} {round_.municipalities[code].name}"
        sealed = (f"{data}/extracts/{code}*", f"{data}/vault/{code}")
        if code in round_.withdrawn:
            if snapshot.names(sealed, code):
                notes.append(
                    f"{place} has withdrawn, and its identities lie here still: "
                    f"`survey forget {round_.id} --municipality {code}` deletes them."
                )
        elif snapshot.names((f"{data}/sample/{code}.parquet", sealed[1]), code):
            notes.append(
                f"{place} takes no part any more, and nothing says why: record it with `survey "
                f"participants {round_.id} --withdraw {code} --reason TEXT`."
            )
    return notes


def _strays(snapshot: Snapshot) -> list[str]:
    """Names of files in `extracts/` that begin with no participant's code."""
    known = {*snapshot.round.settings.participants, *snapshot.round.withdrawn}
    return [
        redacted_file_name(n)
        for n in _names(snapshot, "extracts")
        if Path(n).suffix.lower() in ENDINGS and n[:4] not in known
    ]


def _names(snapshot: Snapshot, folder: str) -> list[str]:
    names = snapshot.names((f"data/{snapshot.round.id}/{folder}/*",), "")
    return [n.rsplit("/", 1)[-1] for n in names]
