"""Months of a rolling round for many municipalities: estimates, burden, disclosure, time.

    python -m benchmarks.rolling --months 24 --municipalities 79 --write      docs/rolling-simulation.md

Every number in the document follows from the seed, except the seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.coverage import markdown
from benchmarks.rolling_attack import (
    LEAST,
    NATIONAL,
    SHOWN,
    Finding,
    Publication,
    Truth,
    in_reach,
    narrow,
)
from benchmarks.rolling_designs import compare
from benchmarks.rolling_world import (
    BREAKDOWNS,
    Lived,
    answered,
    live,
    prepare,
    publications,
    releases,
)
from helpers.common.paths import PROJECT
from helpers.disclosure.suppression import suppress
from helpers.rolling.months import ordinal, parse_month
from helpers.rolling.units import block_lengths

SIZES = {"5–9": (5, 9), "10–29": (10, 29), "30–99": (30, 99), "100–": (100, 10**9)}
LENGTHS = (1, 3, 6, 12)
PLANTED = 4  # municipalities of the planted unsafe variant


def errors(lived: Lived) -> pd.DataFrame:
    """A row a shown weighted number of a municipality and window, once: its error, whether the interval
    covers the truth, standard error, answers."""
    truth = lived.truth.set_index("month")
    seen, parts = set(), []
    for _, results, windows in releases(lived):
        own = results[
            (results["weighting"] == "weighted")
            & (results["status"] == SHOWN)
            & results["statistic"].isin(["mean", "share_satisfied"])
            & results["item"].str.startswith("q")
            & (results["municipality"] != NATIONAL)
        ]
        for (first, last), of in windows[windows["state"] == "ready"].groupby(
            ["first_month", "last_month"]
        ):
            codes = [c for c in of["municipality"] if (c, first) not in seen]
            seen |= {(c, first) for c in codes}
            span = truth.loc[first:last]
            by = ["municipality", "breakdown", "category", "item"]
            sums = span.groupby(by)[["count", "score", "content"]].sum().reset_index()
            merged = own[own["municipality"].isin(codes)].merge(sums, on=by)
            true = (
                np.where(merged["statistic"] == "mean", merged["score"], merged["content"])
                / merged["count"]
            )
            parts.append(merged.assign(truth=true, error=merged["value"] - true))
    table = pd.concat(parts, ignore_index=True)
    table["covered"] = (table["ci_low"] - 0.0051 <= table["truth"]) & (
        table["truth"] <= table["ci_high"] + 0.0051
    )  # what is published is rounded to two decimals
    table["size"] = [
        next(k for k, (low, high) in SIZES.items() if low <= n <= high) for n in table["n"]
    ]
    return table


def country_errors(lived: Lived) -> pd.DataFrame:
    """A row a release: the country's overall satisfaction against that of all municipalities' latest
    twelve months each."""
    rows = []
    for month, results, windows in releases(lived):
        told = results[
            (results["municipality"] == NATIONAL) & (results["breakdown"] == "all")
            & (results["item"] == "q13") & (results["statistic"] == "mean")
            & (results["weighting"] == "weighted") & (results["status"] == SHOWN)
        ]  # fmt: skip
        if told.empty:
            continue
        truth = lived.truth[(lived.truth["breakdown"] == "all") & (lived.truth["item"] == "q13")]
        spans = windows.set_index("municipality")
        inside = [
            m in spans.index and spans.at[m, "first_month"] is not None
            and spans.at[m, "first_month"] <= t <= spans.at[m, "last_month"]
            for m, t in zip(truth["municipality"], truth["month"])
        ]  # fmt: skip
        of = truth[inside]
        row = told.iloc[0]
        true = of["score"].sum() / of["count"].sum()
        rows.append((month, row["value"], row["ci_low"], row["ci_high"], true, int(row["n"])))
    columns = ["released to", "estimate", "low", "high", "truth", "answers"]
    return pd.DataFrame(rows, columns=columns)


def burden(lived: Lived) -> tuple[pd.DataFrame, int]:
    """How many citizens were asked so many times; and the least months between two invitations."""
    asked = lived.asked.assign(at=[ordinal(parse_month(m)) for m in lived.asked["month"]])
    asked = asked.sort_values(["person_id", "at"])
    gaps = asked.groupby("person_id")["at"].diff().dropna()
    times = asked.groupby("person_id").size().value_counts().sort_index()
    table = times.rename_axis("invitations").reset_index(name="citizens")
    return table, int(gaps.min()) if len(gaps) else 0


def calibration(lived: Lived) -> pd.DataFrame:
    """Citizens of the first twelve months by their yearly probability: how many were asked."""
    bands = pd.cut(lived.inclusion["probability"], np.linspace(0, 1, 11), include_lowest=True)
    rows = []
    for band, of in lived.inclusion.groupby(bands, observed=True):
        expected = of["probability"].mean()
        error = np.sqrt((of["probability"] * (1 - of["probability"])).sum()) / len(of)
        rows.append(
            {
                "yearly probability": f"{max(band.left, 0):.1f}–{band.right:.1f}",
                "citizens": len(of),
                "expected asked %": f"{100 * expected:.1f}",
                "asked %": f"{100 * of['asked'].mean():.1f}",
                "off, in standard errors": f"{(of['asked'].mean() - expected) / max(error, 1e-9):+.1f}",
            }
        )
    return pd.DataFrame(rows)


def released_share(lived: Lived) -> pd.DataFrame:
    """By length of blocks: municipalities, cells shown in the last release, renewals."""
    _, results, windows = releases(lived)[-1]
    cells = results[results["item"] == "q13"].drop_duplicates(
        ["municipality", "breakdown", "category"]
    )
    all_windows = pd.concat(w for _, _, w in releases(lived))
    rows = []
    for length, of in windows.groupby("block_months"):
        own = cells[cells["municipality"].isin(of["municipality"])]
        asked = own[own["status"] != "not_asked"]
        periods = all_windows[
            (all_windows["block_months"] == length) & all_windows["first_month"].notna()
        ]["first_month"].nunique()
        share = asked.assign(shown=asked["status"] == SHOWN).groupby("breakdown")["shown"].mean()
        rows.append(
            {"block, months": length, "municipalities": len(of), "windows so far": periods}
            | {b: f"{100 * share.get(b, np.nan):.0f} %" for b in ("all", *BREAKDOWNS)}
        )
    return pd.DataFrame(rows)


def by_length(lived: Lived) -> pd.DataFrame:
    """What other lengths of blocks would show at most: cells with five answers in every block of the
    first year, by what the municipality got."""
    lengths = block_lengths(lived.places, lived.rolling)
    rows = []
    for breakdown in BREAKDOWNS:
        truth = answered(lived, breakdown)
        n = truth.n[:, :, :12].min(axis=3)
        for own in sorted(set(lengths.values())):
            chosen = [i for i, c in enumerate(truth.codes) if lengths.get(c) == own]
            row = {"breakdown": breakdown, "municipalities with": f"{own} months"}
            for length in LENGTHS:
                blocks = n[chosen].reshape(len(chosen), -1, 12 // length, length).sum(axis=3)
                row[f"{length} months"] = f"{100 * (blocks >= LEAST).all(axis=2).mean():.0f} %"
            rows.append(row)
    return pd.DataFrame(rows)


def plain_windows(truth: Truth, breakdown: str, window: int = 12) -> list[Publication]:
    """The planted unsafe variant: a window that moves every month, each protected by itself as if it
    were published alone."""
    found = []
    for end in range(window, len(truth.months) + 1):
        months = truth.months[end - window : end]
        n = truth.n[:, :, end - window : end].sum(axis=2)[..., -1]
        rows = []
        for i, code in enumerate(truth.codes):
            rows.append((code, "all", "all", int(n[i].sum())))
            rows += [(code, breakdown, c, int(v)) for c, v in zip(truth.categories, n[i])]
        counts = pd.DataFrame(rows, columns=["municipality", "breakdown", "category", "n"])
        cells = suppress(counts, threshold=LEAST).cells
        cells = cells[cells["status"] == SHOWN]
        shown = frozenset(zip(cells["municipality"], cells["category"]))
        country = {c: tuple(truth.codes) for m, c in shown if m == NATIONAL}
        found.append(Publication(shown, dict.fromkeys(truth.codes, tuple(months)), country))
    return found


def smallest(truth: Truth, count: int) -> Truth:
    """The municipalities with the fewest answers."""
    order = np.argsort(truth.n[..., -1].sum(axis=(1, 2)), kind="stable")[:count]
    return Truth([truth.codes[i] for i in order], truth.categories, truth.months, truth.n[order])


@dataclass(frozen=True)
class Attacked:
    breakdown: str
    numbers: int
    found: list[Finding]
    bounded: list[Finding]
    planted: list[Finding]


def attacks(lived: Lived) -> Iterator[Attacked]:
    """Both attacks on everything published, and the first on the planted variant."""
    for breakdown in BREAKDOWNS:
        truth, told = answered(lived, breakdown), publications(lived, breakdown)
        few = smallest(truth, PLANTED)
        bounded = [f for item in (2, 12) for f in narrow(few, _of(told, few), item)]
        planted = in_reach(few, plain_windows(few, breakdown))
        numbers = sum(len(p.shown) for p in told)
        yield Attacked(breakdown, numbers, in_reach(truth, told), bounded, planted)


def _of(told: list[Publication], few: Truth) -> list[Publication]:
    """The municipalities' own numbers alone, for an attack that takes time."""
    codes = set(few.codes)
    return [
        Publication(
            frozenset((m, c) for m, c in p.shown if m in codes),
            {m: w for m, w in p.window.items() if m in codes},
            {},
        )
        for p in told
    ]


def accuracy(found: pd.DataFrame) -> pd.DataFrame:
    """By statistic and answers: numbers, bias, error against its standard error, coverage."""
    rows = []
    for (statistic, size), of in found.groupby(["statistic", "size"], sort=False):
        width = (of["ci_high"] - of["ci_low"]).mean() / 2
        rows.append(
            {
                "statistic": statistic, "answers": size, "numbers": len(of),
                "bias": f"{of['error'].mean():+.3f}",
                "root mean square error": f"{np.sqrt((of['error'] ** 2).mean()):.3f}",
                "half interval": f"{width:.3f}",
                "coverage %": f"{100 * of['covered'].mean():.1f}",
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    rank = {s: i for i, s in enumerate(SIZES)}
    return table.sort_values(["statistic", "answers"], key=lambda c: c.map(rank).fillna(0),
                             kind="stable", ignore_index=True)  # fmt: skip


def report(lived: Lived, scale: float, replicates: int, seconds: float) -> str:
    found, attacked = errors(lived), list(attacks(lived))
    times, gap = burden(lived)
    designs = compare(replicates, 400, 360, lived.rolling.settings, lived.rolling.settings.seed)
    for column, form in (("bias", "{:+.3f}"), ("mc_error", "{:.3f}"), ("sd", "{:.3f}"), ("effective_n", "{:.0f}")):  # fmt: skip
        designs[column] = designs[column].map(form.format)
    country = country_errors(lived)
    for column in ("estimate", "low", "high", "truth"):
        country[column] = country[column].map("{:.2f}".format)
    whole = found[found["breakdown"] == "all"]
    disclosed = sum(len(a.found) + len(a.bounded) for a in attacked)
    attack_table = pd.DataFrame(
        [
            {"breakdown": a.breakdown, "numbers of answers published": a.numbers,
             "few answers computed": len(a.found), "bounded within five": len(a.bounded),
             "planted variant": len(a.planted)}
            for a in attacked
        ]
    )  # fmt: skip
    invited = lived.asked.groupby("month").size()
    places = len(lived.rolling.settings.participants)
    share = found.groupby(["municipality"])["covered"].mean()
    lines = [
        "# A rolling round simulated",
        "",
        f"Written by `python -m benchmarks.rolling --months {len(lived.months)} --municipalities "
        f"{places} --scale {scale} --replicates {replicates} --write`; do not edit by hand. {len(lived.months)} months, {places} municipalities, "
        f"seed {lived.rolling.settings.seed}. The method stands in [rolling.md](rolling.md).",
        "",
        "Citizens come and go (seven per cent leave a month, as many come, some of them back), spells "
        "grow, benefits change, and satisfaction falls with the spell. Extracts are dropped into the "
        "inbox in each municipality's layout, ticks go month by month, answers come as exports; one "
        "municipality in twenty forgets an extract now and then. "
        + (
            "Extracts have their full size."
            if scale == 1
            else f"Extracts are scaled down: {scale:.0%} of the persons that a round's extracts have, at "
            "least 400 where there are so many; invitations a year are not, so more municipalities "
            "ask everybody than would in reality."
        ),
        "",
        f"- Invitations: {_whole(len(lived.asked))} of {_whole(lived.asked['person_id'].nunique())} "
        f"citizens, {_whole(invited.min())}–{_whole(invited.max())} a month, among "
        f"{_whole(lived.eligible.min())}–{_whole(lived.eligible.max())} eligible.",
        f"- Nobody was asked twice within {gap} months (allowed: from "
        f"{lived.rolling.settings.months_between_invitations} on).",
        f"- Bias of a municipality's means {whole.loc[whole['statistic'] == 'mean', 'error'].mean():+.3f} "
        f"scale points, all citizens, 13 questions; coverage of all intervals shown "
        f"{100 * found['covered'].mean():.1f} % (95 wanted), municipality by municipality "
        f"{100 * share.quantile(0.1):.0f}–{100 * share.quantile(0.9):.0f} % (10th to 90th percentile).",
        f"- Disclosures found by the attacker: {disclosed}. In the planted variant, windows that move every "
        f"month and are each protected alone: {sum(len(a.planted) for a in attacked)}.",
        f"- Time: {seconds:.0f} s, of which ticks {lived.seconds['tick']:.0f} s, the world "
        f"{lived.seconds['world'] + lived.seconds['answers'] + lived.seconds['truth']:.0f} s (one "
        "process, on a machine that others used too).",
        "",
        "## Estimates against the truth",
        "",
        "Weighted numbers of municipalities, each window once, all breakdowns and the 13 questions, against "
        "the same months' person-months of everybody eligible. Windows of one municipality overlap and "
        "questions hang together, so the Monte Carlo error is larger than the numbers suggest.",
        "",
        *markdown(accuracy(found)),
        "The country, overall satisfaction:",
        "",
        *markdown(country),
        "## Burden",
        "",
        *markdown(times),
        "Probabilities of being asked within the first twelve months, as stored, and what happened:",
        "",
        *markdown(calibration(lived)),
        "## Why a rotation",
        "",
        f"One target group of 400 with turnover, 360 invitations a year, {replicates} times: bias and "
        "standard deviation of a year's mean, and Kish's effective number of answers "
        "(`benchmarks/rolling_designs.py`).",
        "",
        *markdown(designs),
        "## What is shown",
        "",
        "Cells shown in the last release, by the municipality's length of blocks:",
        "",
        *markdown(released_share(lived)),
        "What other lengths would show at most (cells with five answers to every question in every block "
        "of the first year, before any further hiding):",
        "",
        *markdown(by_length(lived)),
        "## The attacker",
        "",
        "Everything published in all months together, by breakdown: linear algebra over all municipalities "
        f"and the country, whole-number programming over the {PLANTED} with the fewest answers.",
        "",
        *markdown(attack_table),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _whole(number: int) -> str:
    """»12 345«."""
    return f"{int(number):,}".replace(",", " ")


def forgotten(participants: tuple[str, ...], seed: int):
    """Municipalities that forget the month's extract: one in twenty, a few times."""
    careless = list(participants[7::20])

    def left_out(month: str) -> frozenset[str]:
        rng = np.random.default_rng([seed, ordinal(parse_month(month))])
        return frozenset(c for c in careless if rng.random() < 0.15)

    return left_out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--municipalities", type=int, default=79)
    parser.add_argument("--scale", type=float, default=1.0, help="share of an extract's persons")
    parser.add_argument("--replicates", type=int, default=200, help="of the comparison of designs")
    parser.add_argument("--write", action="store_true", help="docs/rolling-simulation.md")
    given = parser.parse_args()
    if given.months < 13:
        parser.error("--months: at least 13, so that two windows can be compared")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        rolling = prepare(Path(folder) / "root")
        if given.municipalities < len(rolling.settings.participants):
            spread = np.linspace(0, len(rolling.settings.participants) - 1, given.municipalities)
            codes = [rolling.settings.participants[round(i)] for i in spread]
            rolling = prepare(Path(folder) / "some", codes)
        root = Path(folder) / ("some" if (Path(folder) / "some").is_dir() else "root")
        left_out = forgotten(rolling.settings.participants, rolling.settings.seed)
        lived = live(root, rolling, given.months, given.scale, left_out, print)
        text = report(lived, given.scale, given.replicates, time.perf_counter() - begun)
    if given.write:
        (PROJECT / "docs" / "rolling-simulation.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
