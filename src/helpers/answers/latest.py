"""Which of a citizen's submissions counts, whatever the files are called and in whichever order they came.

The one rule, for rounds and rolling rounds (decision 16): an answer is never replaced by less.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.answers.export_columns import LOCAL_COLUMNS
from helpers.parameters.questionnaires import text_columns

STATUSES = ("completed", "partial", "opened", "none")
ANSWERED = ("completed", "partial")


@dataclass(frozen=True)
class Conflict:
    """Two or more different answers of one citizen at the same time; `rows`: »file, row«, in order."""

    municipality: str
    rows: tuple[str, ...]


def counting(rows: pd.DataFrame, times: pd.Series, least: int) -> pd.DataFrame:
    """The submission that counts of each key, in the order of the keys, whatever the order of the rows.

    `rows`: key, status, questions q01 …, and local questions and texts where there are any; `times`:
    when each was handed in, missing where that is not known (`answer_times`); `least`: questions of the
    common ones that make an answer. The first difference decides:

    1. an answer (completed or partial with `least` questions answered) before a completed one with fewer,
       a partial one with fewer, `opened`, `none`; of two answers the completed one;
    2. of partial ones, the one with more questions answered;
    3. the later one, any time before none;
    4. the one with more questions answered;
    5. the one that comes last when the cells are compared one by one from the left, which is arbitrary.

    So a later partial never replaces a completed answer, and a link that is opened again replaces
    nothing; of two completed answers the later counts.
    """
    common, local = _questions(rows)
    answered = rows[common].notna().sum(axis=1) >= least
    status = rows["status"].map({s: i for i, s in enumerate(reversed(STATUSES))})
    status = status.fillna(-1).astype("int64")  # of a file that is refused
    handed_in = rows["status"].isin(ANSWERED)
    given = rows[[*common, *local]].notna().sum(axis=1)
    order = pd.DataFrame(
        {
            "key": rows["key"],
            "class": status + len(STATUSES) * (handed_in & answered),
            "of_partial": given.where(rows["status"] == "partial", 0),
            "time": times.astype("datetime64[s]").astype("int64"),  # none: the smallest number
            "given": given,
        }
    ).sort_values(["key", "class", "of_partial", "time", "given"])
    best = order.drop_duplicates("key", keep="last")
    ties = order.reset_index(names="row").merge(best, on=list(order.columns)).set_index("row")
    ties = ties[ties.duplicated("key", keep=False)]
    cells = rows.loc[ties.index, [*common, *local, *text_columns(rows), "submitted_at"]].astype(
        object
    )
    ties["cells"] = ["\0".join("" if pd.isna(c) else str(c) for c in r) for r in cells.to_numpy()]
    last = ties.sort_values(["key", "cells"]).drop_duplicates("key", keep="last")
    alone = best[~best["key"].isin(last["key"])]
    chosen = pd.concat([alone["key"], last["key"]]).sort_values()
    return rows.loc[chosen.index]


def latest_answers(
    rows: pd.DataFrame, times: pd.Series | None = None, least: int = 1
) -> tuple[pd.DataFrame, list[Conflict]]:
    """One row a key, in the order of the keys, by the rule of `counting`, and the conflicts.

    `rows`: of all exports, as `check_export` gives them; `file` and `row` are left out of the result.
    `times`: those of `submitted_at` that can be right; default: all. Two different answers (completed
    or partial) at the time of the one that counts are a conflict, and so are two without a time.
    """
    common, local = _questions(rows)
    content = ["status", "submitted_at", *common, *local, *text_columns(rows)]
    rows = rows[["municipality", "key", *content, "file", "row"]].assign(
        time=rows["submitted_at"] if times is None else times
    )
    rows = rows.sort_values(["file", "row"], ignore_index=True)
    rows = rows.drop_duplicates(["key", *content])
    chosen = counting(rows, rows["time"], least)
    at = chosen.set_index("key")["time"].reindex(rows["key"]).set_axis(rows.index)
    beside = rows[(rows["time"] == at) | (rows["time"].isna() & at.isna())]
    several = beside[beside["status"].isin(ANSWERED)]
    several = several.drop_duplicates(["key", *(c for c in content if c != "submitted_at")])
    several = several[several.duplicated("key", keep=False)].sort_values(["key", "file", "row"])
    conflicts = [
        Conflict(
            str(own["municipality"].iloc[0]),
            tuple(f"{f}, row {r}" for f, r in zip(own["file"], own["row"])),
        )
        for _, own in several.groupby("key")
    ]
    chosen = chosen[["municipality", "key", *content]].reset_index(drop=True)
    return chosen, sorted(conflicts, key=lambda c: (c.municipality, c.rows))


def _questions(rows: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Columns of the common questions, in their order, and of the local ones."""
    texts = text_columns(rows)
    common = sorted(c for c in rows if c.startswith("q") and c not in texts)
    return common, [c for c in LOCAL_COLUMNS if c in rows]
