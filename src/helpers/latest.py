"""Which of a citizen's submissions counts, whatever the files are called and in whichever order they came."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

STATUSES = ("completed", "partial", "opened", "none")
ANSWERED = ("completed", "partial")
TEXT_COLUMNS = ("q14_text", "q15_text")
LOCAL_COLUMNS = ("lokal1", "lokal2", "lokal3")


@dataclass(frozen=True)
class Conflict:
    """Two or more different answers of one citizen at the same time; `rows`: »file, row«, in order."""

    municipality: str
    rows: tuple[str, ...]


def latest_answers(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[Conflict]]:
    """One row a key, in the order of the keys, and the conflicts among what was handed in.

    `rows`: of all exports, as `check_export` gives them; `file` and `row` are left out of the result.
    The latest `submitted_at` counts, any before none. At the same time: completed before partial
    before opened before none; then the row with more questions answered; then the one that comes last
    when the cells are compared one by one from the left, which is arbitrary, but does not depend on
    the order of files and rows. Two different answers (completed or partial) at the time that counts
    are a conflict.
    """
    local = [c for c in LOCAL_COLUMNS if c in rows]
    asked = sorted(c for c in rows if c.startswith("q") and c not in TEXT_COLUMNS) + local
    content = ["status", "submitted_at", *asked, *TEXT_COLUMNS]
    rows = rows[["municipality", "key", *content, "file", "row"]].sort_values(["file", "row"])
    rows = rows.drop_duplicates(["key", *content])
    newest = rows.groupby("key")["submitted_at"].transform("max")
    rows = rows[(rows["submitted_at"] == newest) | newest.isna()]
    alone = ~rows.duplicated("key", keep=False)
    tied = rows[~alone]
    rank = {status: i for i, status in enumerate(reversed(STATUSES))}
    cells = tied[[*asked, *TEXT_COLUMNS]].astype(object)
    tied = tied.assign(
        _rank=tied["status"].map(rank),
        _given=tied[asked].notna().sum(axis=1),
        _cells=["\0".join("" if pd.isna(c) else str(c) for c in r) for r in cells.to_numpy()],
    ).sort_values(["key", "_rank", "_given", "_cells"])
    several = tied[tied["status"].isin(ANSWERED)].sort_values(["key", "file", "row"])
    several = several[several.duplicated("key", keep=False)]
    conflicts = [
        Conflict(str(own["municipality"].iloc[0]),
                 tuple(f"{f}, row {r}" for f, r in zip(own["file"], own["row"])))
        for _, own in several.groupby("key")
    ]  # fmt: skip
    chosen = pd.concat([rows[alone], tied.drop_duplicates("key", keep="last")])
    chosen = chosen[["municipality", "key", *content]].sort_values("key", ignore_index=True)
    return chosen, sorted(conflicts, key=lambda c: (c.municipality, c.rows))
