"""Whether the same inputs give the same bytes: a round made again beside itself, and compared."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers.common.errors import SurveyError
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import Round
from helpers.pipeline.records import Snapshot
from helpers.pipeline.run import Progress, Summary, run_round
from helpers.pipeline.steps import STEPS

# what a round is made from; a drawn sample is an input too, for letters belong to it
INPUTS = (
    "params/**",
    "data/{round}/extracts/*",
    "data/{round}/vault/*",
    "data/{round}/vault-counts/*",
    "data/{round}/sample/*",
    "data/{round}/sample/replaced/*",
    "data/{round}/sample/kept/*",
    "data/{round}/sendout/**",
    "data/{round}/responses/*",
    "data/{round}/forgotten.json",
    "data/{earlier}/estimates/*",
    "build/{earlier}/*.parquet",
    # made by commands of their own; the manifest names them
    "build/{round}/skabeloner/*",
    "build/{round}/spoergeskema/*",
)
FORGOTTEN_INPUTS = (
    "data/{round}/population/*",
    "data/{round}/intake/*",
    "data/{round}/intake.json",
)
TIMED = "data/{round}/notebooks/"  # executed notebooks say when, and how long each cell took


@dataclass(frozen=True)
class Verified:
    """`same`: number of files equal byte for byte; `different`: names of those that are not, or that
    one of the two does not have; `failures`: what failed when the round was made again."""

    same: int
    different: tuple[str, ...]
    summary: Summary


def verify(root: Path, round_: Round, jobs: int, progress: Progress | None = None) -> Verified:
    """Make the round again from its inputs in a folder of its own under `data/`, and compare.

    Executed notebooks and vaults are left out: they hold times, and random numbers by design.
    Raises SurveyError where the round has not been run to the end, or something in it is stale.
    """
    before = Snapshot(Store(str(root)), round_)
    stale = sorted(
        n if c == WHOLE_ROUND else f"{n} {c}"
        for n, c in before.records
        if before.why_stale(STEPS[n], c)
    )
    if stale or ("scan-round", WHOLE_ROUND) not in before.records:
        what = f"stale: {', '.join(stale[:10])}" if stale else "not run to the end"
        raise SurveyError(
            round_.id, f"is {what}", "a finished round", f"Run `survey run {round_.id}` first."
        )
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=root / "data") as folder:
        again = Path(folder)
        forgotten = f"data/{round_.id}/forgotten.json" in before.signatures
        copied = before.names(INPUTS + (FORGOTTEN_INPUTS if forgotten else ()), WHOLE_ROUND)
        for name in copied:
            (again / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, again / name)
        summary = run_round(again, round_, jobs=jobs, progress=progress)
        after = Snapshot(Store(folder), round_)
    made, made_again = (_outputs(s, round_) for s in (before, after))
    missing = made.keys() - made_again.keys() if forgotten else set()
    left_alone = {n for n in missing if n in copied or "/intake" in n}
    names = (made.keys() | made_again.keys()) - left_alone
    different = tuple(sorted(n for n in names if made.get(n) != made_again.get(n)))
    return Verified(len(names) - len(different), different, summary)


def _outputs(snapshot: Snapshot, round_: Round) -> dict[str, str]:
    """Name → digest of all that the steps have made."""
    timed = TIMED.format(round=round_.id)
    return {
        name: digest
        for record in snapshot.records.values()
        for name, digest in record.outputs.items()
        if not name.startswith(timed)
    }
