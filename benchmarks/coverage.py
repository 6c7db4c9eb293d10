"""Proof by simulation: do the survey's intervals and tests keep what they promise?

Known finite populations answer the survey again and again, through the project's own draw, weights,
estimates and comparisons; what comes out is held against the populations' true values. Writes
`docs/coverage.md`. A full run: `python -m benchmarks.coverage --rounds 1000 --jobs 2`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.coverage_counts import (
    RIVALS,
    Found,
)
from benchmarks.coverage_interaction import section, worlds
from benchmarks.coverage_rounds import run
from benchmarks.coverage_world import (
    ALPHA,
    ELIGIBLE,
    KINDS,
    N_CLUSTERS,
    SIZES,
    SMALL_INVITED,
)
from helpers.common.paths import PROJECT

INTERACTION_ROUNDS = 200
LEAST_INTERVALS = 2000  # a class with fewer is not judged
BAND = (0.935, 0.965)  # coverage wanted from 30 answers on
FLOOR = 0.92  # coverage wanted from 6 to 29 answers


def class_moments(found: Found, by: Sequence[str]) -> pd.DataFrame:
    """Bias and variance by class, over rows with 30 rounds or more in the size class.

    `bias`: mean error; `bias_sd`: root mean square of bias/sd over the rows, the simulation's own
    noise (1/rounds) taken off; `ratio`: mean estimated over empirical variance; the same bias_sd
    `unweighted`.
    """
    parts = []
    for (kind, weighting), m in found.moments.items():
        for number, size in enumerate(SIZES):
            rows = np.flatnonzero(m.count[:, number] >= 30)
            count = m.count[rows, number]
            bias = m.error[rows, number] / count
            empirical = (m.square[rows, number] - count * bias**2) / (count - 1)
            keep = empirical > 1e-12
            part = found.rows[kind].loc[rows[keep], ["breakdown", "statistic"]]
            excess = (bias**2 / np.where(keep, empirical, 1) - 1 / count) * count
            parts.append(
                part.assign(
                    kind=kind, weighting=weighting, size=size, count=count[keep],
                    error=(bias * count)[keep], excess=excess[keep],
                    empirical=(count * empirical)[keep], estimated=m.variance[rows, number][keep],
                )
            )  # fmt: skip
    sums = pd.concat(parts).groupby(["weighting", *by], sort=False).sum(numeric_only=True)
    bias_sd = np.sqrt((sums["excess"] / sums["count"]).clip(lower=0))
    table = pd.DataFrame(
        {
            "bias": sums["error"] / sums["count"],
            "bias_sd": bias_sd,
            "ratio": sums["estimated"] / sums["empirical"],
        }
    )
    return table.loc["weighted"].assign(unweighted=bias_sd.loc["unweighted"]).reset_index()


def judged(found: Found) -> pd.DataFrame:
    """Every class kind × breakdown × statistic × size with enough intervals, with its verdict."""
    by = ["kind", "breakdown", "statistic", "size"]
    table = found.tallies["cell"].table()
    table = table[(table["count"] >= LEAST_INTERVALS) & (table["size"] != SIZES[0])]
    table = table.merge(class_moments(found, by), on=by, how="left")
    large = table["size"].isin(SIZES[3:])
    under = table["covered"] < np.where(large, BAND[0], FLOOR)
    over = large & (table["covered"] > BAND[1])
    table["verdict"] = np.select([under, over], ["too low", "too high"], "ok")
    edge = np.where(over, BAND[1], np.where(large, BAND[0], FLOOR))
    table["clear"] = (table["covered"] - edge).abs() > 2 * table["covered_error"]
    table["cause"] = [_cause(row) for row in table.itertuples()]
    return table


def _cause(row) -> str:
    """The most likely reason of a miss, read off variance, bias and side."""
    if row.verdict == "ok":
        return ""
    if row.verdict == "too high":
        return "variance too large" if row.ratio > 1.07 else "few possible values of a share"
    reasons = []
    if row.ratio < 0.93:
        reasons.append("variance too small")
    if row.bias_sd > 0.3:
        reasons.append("bias")
    sides = sorted([row.truth_above, row.truth_below])
    if sides[1] > 2 * sides[0]:
        reasons.append("skewness")
    return ", ".join(reasons) or "near the limit: a little of each"


# ------------------------------------------------------------------------------------- the report


def percent(rate: float, error: float | None = None) -> str:
    told = f"{100 * rate:.1f}"
    return told if error is None else f"{told} ± {100 * error:.1f}"


def markdown(table: pd.DataFrame) -> list[str]:
    head = "| " + " | ".join(table.columns) + " |"
    line = "|" + "|".join("---" for _ in table.columns) + "|"
    return [head, line, *("| " + " | ".join(map(str, r)) + " |" for r in table.to_numpy()), ""]


def kind_table(cells: pd.DataFrame) -> pd.DataFrame:
    """One kind's judged classes, as printed."""
    verdict = [
        f"**{v}**{'' if c else ' (within error)'}: {why}" if v != "ok" else "ok"
        for v, c, why in zip(cells["verdict"], cells["clear"], cells["cause"])
    ]
    return pd.DataFrame(
        {
            "breakdown": cells["breakdown"],
            "answers": cells["size"],
            "statistic": cells["statistic"],
            "intervals": cells["count"].astype(int),
            "bias": cells["bias"].map("{:+.3f}".format),
            "bias/SD": cells["bias_sd"].map("{:.2f}".format),
            "bias/SD unweighted": cells["unweighted"].map("{:.2f}".format),
            "variance ratio": cells["ratio"].map("{:.2f}".format),
            "coverage %": list(map(percent, cells["covered"], cells["covered_error"])),
            "truth above/below %": [
                f"{percent(a)}/{percent(b)}"
                for a, b in zip(cells["truth_above"], cells["truth_below"])
            ],
            "verdict": verdict,
        }
    )


def false_table(found: Found) -> pd.DataFrame:
    """False rejections by comparison, kind and statistic; a column a size class."""
    table = found.tallies["false"].table()
    table["told"] = list(map(percent, table["rejected"], table["rejected_error"]))
    table.loc[table["count"] < 200, "told"] = "–"
    by = ["comparison", "kind", "statistic"]
    wide = table.pivot(index=by, columns="size", values="told").reindex(columns=SIZES[1:])
    order = table[by].drop_duplicates()
    return wide.fillna("–").loc[list(order.itertuples(index=False, name=None))].reset_index()


def rival_table(found: Found) -> pd.DataFrame:
    """Shares: mean and least coverage of each interval over the judged classes."""
    table = found.tallies["rivals"].table()
    table = table[(table["count"] >= LEAST_INTERVALS) & (table["size"] != SIZES[0])]
    rows = []
    for kind, size in product(KINDS, SIZES[1:]):
        cells = table[(table["kind"] == kind) & (table["size"] == size)]
        if len(cells):
            rows.append(
                {"municipality": kind, "answers": size, "classes": len(cells)}
                | {r: f"{percent(cells[r].mean())} ({percent(cells[r].min())})" for r in RIVALS}
            )
    return pd.DataFrame(rows)


def discovery_table(found: Found) -> pd.DataFrame:
    """Tables with a false discovery after Benjamini–Hochberg; a row a comparison × kind."""
    table = found.tallies["bh"].table()
    rows = []
    for (comparison, kind), cells in table.groupby(["comparison", "kind"], sort=False):
        row = {"comparison": comparison, "municipality": kind}
        row |= {b: "–" for b in found.breakdowns}
        for cell in cells.itertuples():
            row[cell.breakdown] = percent(cell.any, cell.any_error)
        worst = cells.loc[cells["any_mentioned"].idxmax()]
        row["worst, named"] = percent(worst["any_mentioned"], worst["any_mentioned_error"])
        rows.append(row)
    return pd.DataFrame(rows)


def conclusions(found: Found, cells: pd.DataFrame) -> list[str]:
    """Plain sentences computed from the numbers."""
    said = []
    for kind, of_kind in cells.groupby("kind", sort=False):
        missed = of_kind[of_kind["verdict"] != "ok"]
        told = f"{kind}: {len(of_kind) - len(missed)} of {len(of_kind)} classes keep the target"
        if len(missed):
            low, high = ((missed["verdict"] == v).sum() for v in ("too low", "too high"))
            causes = missed["cause"].str.split(", ").explode().value_counts()
            worst = missed.loc[(missed["covered"] - 0.95).abs().idxmax()]
            named = ", ".join(f"{c} ({n})" for c, n in causes.items())
            told += (
                f"; {low} cover too little, {high} too much, {int(missed['clear'].sum())} of them "
                f"beyond two Monte Carlo errors. Likely causes: {named}. Farthest off: "
                f"{worst['statistic']} by {worst['breakdown']} at {worst['size']} answers, "
                f"{percent(worst['covered'], worst['covered_error'])} % (variance ratio "
                f"{worst['ratio']:.2f}, bias/SD {worst['bias_sd']:.2f})"
            )
        said.append(told + ".")
    whole = class_moments(found, ["kind", "breakdown"]).query("breakdown == 'all'")
    said += [
        f"What the weights do, {r.kind}, all citizens: bias of {r.unweighted:.1f} standard deviations "
        f"unweighted, {r.bias_sd:.1f} weighted; estimated variance {r.ratio:.2f} of the true one."
        for r in whole.itertuples()
    ]
    few = found.tallies["rivals"].table().query("count >= @LEAST_INTERVALS")
    few = few[few["size"].isin(SIZES[1:3])]
    if len(few):
        told = ", ".join(f"{r} {percent(few[r].min())}–{percent(few[r].max())}" for r in RIVALS)
        said.append(
            f"Shares on 6 to 29 answers, least and greatest coverage of a class in per cent: {told}."
        )
    five = found.tallies["pooled"].table().query("size == @SIZES[0] and count >= 500")
    told = ", ".join(
        f"{kind} mean {percent(of.loc[of['statistic'] == 'mean', 'covered'].mean())} %, shares at "
        f"least {percent(of.loc[of['statistic'] != 'mean', 'covered'].min())} %"
        for kind, of in five.groupby("kind", sort=False)
    )
    said.append(f"Exactly five answers, the least that is shown (not judged): {told or '–'}.")
    rejected = found.tallies["false"].table()
    rejected = rejected[rejected["size"].isin(SIZES[3:]) & (rejected["count"] >= 200)]
    for comparison, of in rejected.groupby("comparison", sort=False):
        by_kind = of.groupby("kind", sort=False)[["rejected", "count"]].apply(
            lambda t: np.average(t["rejected"], weights=t["count"])
        )
        told = ", ".join(f"{kind} {percent(rate)} %" for kind, rate in by_kind.items())
        said.append(f"False rejections from 30 answers on, {comparison}: {told} (5 % wanted).")
    found_any = found.tallies["bh"].table()
    beyond = found_any[found_any["any"] > ALPHA + 2 * found_any["any_error"]]
    said.append(
        f"Benjamini–Hochberg: {len(beyond)} of {len(found_any)} kinds of table have a false "
        "discovery more often than 5 % and two Monte Carlo errors"
        + (
            f"; the worst {percent(beyond['any'].max())} %, in: "
            + ", ".join(dict.fromkeys(beyond["comparison"] + " of " + beyond["kind"]))
            if len(beyond)
            else ""
        )
        + "."
    )
    return said


def write_report(found: Found, seed: int, path: Path, together: Sequence[str] = ()) -> pd.DataFrame:
    """Write the report, with the section `together`; returns the judged classes."""
    cells = judged(found)
    invited = {
        k: min(ELIGIBLE[k], v) for k, v in zip(KINDS, (ELIGIBLE["census"], SMALL_INVITED, 2000))
    }
    places = pd.DataFrame(
        {
            "municipality": KINDS,
            "eligible": [ELIGIBLE[k] for k in KINDS],
            "invited": [invited[k] for k in KINDS],
            "answers, mean": [f"{found.answers[k] / found.rounds:.0f}" for k in KINDS],
            "rounds with a target group without answers": [found.uncovered[k] for k in KINDS],
        }
    )
    regressions = int(found.tallies["list"].count[0])
    left_out = {
        k: int(((r["truth"] == 0) | (r["truth"] == 1)).sum()) for k, r in found.rows.items()
    }
    listed = found.tallies["list"].table()
    lines = [
        "# Coverage: the survey statistics proved by simulation",
        "",
        "Written by `python -m benchmarks.coverage`; do not edit by hand. "
        f"{found.rounds} rounds, seed {seed}, numpy {np.__version__}, pandas {pd.__version__}.",
        "",
        "Three known populations answer again and again through the project's own allocation, draw, "
        "weights, estimates and comparisons. Who answers depends strongly on the target group and "
        "moderately on gender and age, and so do the answers; *ved ikke* comes at random. Each "
        "interval is held against the finite population's value among persons with an opinion.",
        "",
        *markdown(places),
        f"Target: from 30 answers on {percent(BAND[0])}–{percent(BAND[1])} % of the 95 % intervals "
        f"cover; from 6 to 29 at least {percent(FLOOR)} %. Judged are classes (municipality × "
        f"breakdown × statistic × realised answers) with at least {LEAST_INTERVALS} intervals.",
        "",
        "## Conclusions",
        "",
        *(f"- {sentence}" for sentence in conclusions(found, cells)),
        "",
        "How to read: *bias* is the mean error (scale points or shares), *bias/SD* its root mean "
        "square over categories and items in units of the estimator's standard deviation, without the "
        "simulation's own noise; *variance ratio* the mean estimated variance over the empirical one; "
        "± is the Monte Carlo error; *truth above/below* how often the true value lies above or below "
        "the interval. Shares that are 0 or 1 in the population cannot be missed and are left out "
        f"({', '.join(f'{n} in {k}' for k, n in left_out.items())}).",
        "",
    ]
    for kind in KINDS:
        lines += [f"## {kind.capitalize()}", ""]
        lines += markdown(kind_table(cells[cells["kind"] == kind]))
    lines += [
        *together,
        "## Intervals for shares",
        "",
        "Coverage in per cent over the judged classes, mean (least), of the project's interval "
        "(*project*: score interval with p(1 − p)/variance effective answers, at most Kish's number) and "
        "of others from the same sums, with the same degrees of freedom. *logit*: R's xlogit; *wilson*: the "
        "score interval without that bound, *kish* with Kish's number; *korn-graubard*: Clopper–Pearson "
        "with either.",
        "",
        *markdown(rival_table(found)),
        "## Type I errors",
        "",
        "How often the 95 % interval of a difference leaves out the true one, in per cent, by the "
        "smaller number of answers of the two sides; – where fewer than 200 were tried. *others*: own "
        "against all the others; *country*: own against the three together; *group*: group against "
        "group; *round*: two independent rounds of one population; *expected*: actual against "
        f"expected of {N_CLUSTERS} small municipalities, in {regressions} rounds.",
        "",
        *markdown(false_table(found)),
        "## False discoveries",
        "",
        "Share of tables (a municipality, breakdown and statistic: all its categories and questions) "
        "with any adjusted p-value below 0.05 where every true difference has been subtracted, in "
        "per cent. Differences that rest on too little are not judged, and a table of such has no "
        "discovery. The last column counts only those of the least size that a report would name, in the worst breakdown.",
        "",
        *markdown(discovery_table(found)),
        f"Actual against expected, the list of {N_CLUSTERS} municipalities: "
        f"{percent(listed['any'].iloc[0], listed['any_error'].iloc[0])} % of the lists.",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return cells


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=PROJECT / "docs" / "coverage.md")
    given = parser.parse_args()
    if given.rounds < 40:
        parser.error("at least 40 rounds: bias and variance need 30 in a size class")
    found = run(given.rounds, given.seed, given.jobs)
    together = min(given.rounds, INTERACTION_ROUNDS)
    more = section(worlds(together, given.seed, given.jobs), together)
    cells = write_report(found, given.seed, given.out, more)
    for row in cells.itertuples():
        print(
            f"{row.verdict:8} {row.kind:6} {row.breakdown:21} {row.statistic:18} {row.size:6} "
            f"{percent(row.covered, row.covered_error):12} {row.cause}"
        )
    print("\n".join(conclusions(found, cells)))


if __name__ == "__main__":
    main()
