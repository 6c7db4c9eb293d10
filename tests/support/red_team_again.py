"""Attack on pairs of releases: whoever has both subtracts them.

By its own arithmetic: the published tables alone. A group of which the two tell different numbers of
answers, or another mean though n is the same, has changed; the difference of fewer than five answers, and
what hidden groups come out as when a line of the one is taken from the other's, are findings.
"""

from __future__ import annotations

import pandas as pd
from red_team import THRESHOLD, Finding, sums
from red_team_files import CELL

NUMBERS = [*CELL, "statistic", "weighting"]


def attack_pair(first: pd.DataFrame, second: pd.DataFrame) -> list[Finding]:
    """`first`, `second`: released tables of the same round, in whichever order they came."""
    findings: list[Finding] = []
    one, two = (_counts(t) for t in (first, second))
    for cell in sorted(one.keys() & two.keys()):
        apart = abs(one[cell] - two[cell])
        if 0 < apart < THRESHOLD:
            findings.append(Finding("pair, answers", cell, apart, apart, apart, "n differs"))
    values = [t[t["status"] == "shown"].set_index(NUMBERS)["value"] for t in (first, second)]
    both = pd.concat(values, axis=1, keys=["one", "two"]).dropna()
    moved = both[both["one"] != both["two"]]
    for cell in sorted({key[:4] for key in moved.index}):
        if one.get(cell) == two.get(cell):
            note = "another value of as many answers"
            findings.append(Finding("pair, value", cell, 0, 0, 0, note))
    for item in sorted({c[3] for c in one} | {c[3] for c in two}):
        findings += _hidden_of(item, one, two, first, second)
    return findings


def _counts(table: pd.DataFrame) -> dict[tuple, int]:
    rows = table[(table["statistic"] == "mean") & (table["status"] == "shown")]
    rows = rows[rows["weighting"] == "weighted"]
    return {tuple(k): int(n) for *k, n in rows[[*CELL, "n"]].itertuples(index=False)}


def _hidden_of(item, one, two, first, second) -> list[Finding]:
    """Groups hidden in one release whose count follows from the other's: what is shown of a line in
    either, taken as the same in both where its total is."""
    findings = []
    places = [
        {tuple(k) for k in t.loc[t["item"] == item, CELL[:3]].itertuples(index=False, name=None)}
        for t in (first, second)
    ]
    for total, parts in sums(places[0] & places[1]):
        mine, theirs = ({p: known.get((*p, item)) for p in [total, *parts]} for known in (one, two))
        if mine[total] is None or mine[total] != theirs[total]:
            continue
        merged = {p: mine[p] if mine[p] is not None else theirs[p] for p in parts}
        left = [p for p, n in merged.items() if n is None]
        hidden_somewhere = [p for p in parts if mine[p] is None or theirs[p] is None]
        if len(left) <= 1 and hidden_somewhere:
            for p in hidden_somewhere:
                n = merged[p]
                if n is None:
                    n = mine[total] - sum(v for v in merged.values() if v is not None)
                findings.append(
                    Finding("pair, hidden", (*p, item), n, n, n, f"in the line of {total}")
                )
    return findings
