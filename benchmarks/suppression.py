"""What hiding costs: seconds of search and of audit, information lost, and rounds refused.

    OMP_NUM_THREADS=1 python -m benchmarks.suppression --seeds 20 --jobs 2 --write    docs/suppression.md
    OMP_NUM_THREADS=1 python -m benchmarks.suppression --round demo     a round whose estimates are under data/

`--seeds N`: the demo round with seeds 1 … N, simulated from extracts to estimates, and rounds of twice
as many municipalities made of two of them. Machines differ and are noisy: read seconds beside the number
of cells and the other stages' seconds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from dataclasses import dataclass

import pandas as pd

from benchmarks.performance import about
from benchmarks.performance_figures import as_table
from benchmarks.suppression_rounds import Estimated, estimated
from helpers.common.paths import PROJECT, Paths
from helpers.disclosure import protection
from helpers.disclosure.attribute_disclosure import AttributeDisclosure
from helpers.disclosure.suppression import CELL, SHOWN, Suppression, suppress_items
from helpers.estimation.round_estimates import gather
from helpers.parameters.params import load_round

DOCUMENT = PROJECT / "docs" / "suppression.md"
STAGES = {  # name in the table → owner and name of the function timed
    "search": (protection, "suppress_items"),
    "answers told": (AttributeDisclosure, "to_hide"),
    "hiding more": (Suppression, "hiding"),
    "audit": (protection, "audited"),
}


@dataclass(frozen=True)
class Protected:
    """One round: `refused` is the error's text, empty where it was released."""

    name: str
    municipalities: int
    cells: int
    primary: int
    secondary: int
    repairs: int
    seconds: dict[str, float]
    refused: str = ""


def protected(name: str, round_: Estimated) -> Protected:
    """Protect one round, timed by stage; processor seconds."""
    seconds, calls = dict.fromkeys(STAGES, 0.0), dict.fromkeys(STAGES, 0)
    originals = {stage: getattr(*place) for stage, place in STAGES.items()}
    for stage, (owner, attribute) in STAGES.items():
        setattr(owner, attribute, _timed(originals[stage], stage, seconds, calls))
    municipalities = round_.counts["municipality"].nunique()
    try:
        found = protection.protect(round_.estimates, round_.counts, round_.rules)
    except Exception as e:  # told in the table: the very thing that is counted
        return Protected(name, municipalities, 0, 0, 0, 0, seconds, f"{type(e).__name__}: {e}")
    finally:
        for stage, (owner, attribute) in STAGES.items():
            setattr(owner, attribute, originals[stage])
    loss = found.loss.set_index("kind").loc["together"]
    counted = (int(loss[c]) for c in ("cells", "primary", "secondary"))
    return Protected(name, municipalities, *counted, calls["hiding more"], seconds)


def _timed(function, stage: str, seconds: dict[str, float], calls: dict[str, int]):
    def measured(*args, **kwargs):
        begun = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[stage] += time.process_time() - begun
            calls[stage] += 1

    return measured


def of_seeds(seeds: tuple[int, ...]) -> list[Protected]:
    """Each seed's round, and two seeds' municipalities as one round."""
    made = [estimated(seed) for seed in seeds]
    found = [protected(f"seed {seed}", one) for seed, one in zip(seeds, made)]
    if len(made) == 2 and seeds[0] <= 4:
        found.append(protected(f"seeds {seeds[0]} and {seeds[1]}", made[0].beside(made[1])))
    return found


KINDS = {
    "whole": "municipalities as a whole", "one_way": "one-way groups",
    "two_way": "two-way groups", "country": "the country",
}  # fmt: skip


def by_rule(round_: Estimated) -> list[list[str]]:
    """Groups that are shown, by kind: with the threshold alone, one mark a group; with the rules for
    what answers tell too; and of these with shares and with unweighted values."""
    answers = protection._counts(round_.estimates, round_.counts)
    rules = round_.rules
    plain = suppress_items(answers, threshold=rules.min_answers)
    found = protection.protect(round_.estimates, round_.counts, rules)
    asked = found.cells[(found.cells["item"] != protection.RESPONSE) & (found.cells["n"] > 0)]
    base = asked.groupby(CELL)["n"].min()
    shown = found.cells.groupby(CELL)["status"].agg(lambda s: (s == SHOWN).any())
    shown_before = pd.Series(~plain.found.hidden, index=shown.index)
    base = base.reindex(shown.index)
    columns = [
        pd.Series(True, index=shown.index), shown_before, shown,
        shown & (base >= rules.shares_from), shown & (base >= rules.unweighted_from),
    ]  # fmt: skip
    kind = pd.Series(plain.table.kind, index=shown.index)
    rows = [[name, *(str(int(c[kind == of].sum())) for c in columns)] for of, name in KINDS.items()]
    return [*rows, ["together", *(str(int(c.sum())) for c in columns)]]


BY_RULE = ["groups", "cells", "threshold alone", "all rules: n and mean", "shares too", "unweighted too"]  # fmt: skip


def as_rows(found: list[Protected]) -> list[list[str]]:
    return [
        [
            p.name, str(p.municipalities), str(p.cells), str(p.primary), str(p.secondary),
            f"{(p.primary + p.secondary) / p.cells:.1%}" if p.cells else "",
            str(p.repairs), *(f"{p.seconds[s]:.1f}" for s in STAGES),
            p.refused or "no",
        ]
        for p in found
    ]  # fmt: skip


HEADINGS = ["round", "municipalities", "cells", "primary", "secondary", "hidden", "repairs", *STAGES, "refused"]  # fmt: skip


def document(found: list[Protected], told: dict[str, str], of_rules: list[list[str]]) -> str:
    usual = [p for p in found if p.name.startswith("seed ")]
    double = [p for p in found if p not in usual]
    refused = sum(bool(p.refused) for p in usual)
    lines = [
        "# What hiding costs",
        "",
        "Written by `python -m benchmarks.suppression --write`; all figures were measured in that one call.",
        "",
        *as_table(["", ""], told.items(), right=0),
        "",
        f"**{refused} of {len(usual)} rounds of {usual[0].municipalities} municipalities refused.** Cells are "
        "groups: a row a municipality (or the country) × breakdown × category. »Repairs«: how many times more "
        "was hidden because shown numbers told what a small group answered. Seconds are of one processor.",
        "",
        *as_table(HEADINGS, as_rows(usual)),
        "",
        "## What each rule costs",
        "",
        "Groups shown of seed 1. »Threshold alone«: five answers, and what keeps hidden counts uncertain; »all "
        "rules«: groups that agree, and what the numbers tell of hidden groups' answers, are hidden too. Of "
        "those, so many show shares (options, split) and unweighted values beside weighted ones.",
        "",
        *as_table(BY_RULE, of_rules),
    ]
    if double:
        both = ", ".join(
            f"{sum(p.seconds.values()):.0f} s ({'refused' if p.refused else 'released'})"
            for p in double
        )
        lines += [
            "",
            f"## {double[0].municipalities} municipalities in one round",
            "",
            f"Two seeds' municipalities put together: {both}. A round of {usual[0].municipalities} takes "
            f"{pd.Series([sum(p.seconds.values()) for p in usual]).median():.0f} s in the median. Larger rounds "
            "were not tried.",
            "",
            *as_table(HEADINGS, as_rows(double)),
        ]
    return "\n".join(lines) + "\n"


def main(arguments: argparse.Namespace) -> None:
    if arguments.round:
        round_ = load_round(PROJECT, arguments.round)
        found = gather(Paths(PROJECT, arguments.round), round_)
        own = Estimated(found.estimates, found.counts, round_.settings.disclosure)
        print("\n".join(as_table(HEADINGS, as_rows([protected(arguments.round, own)]))))
        return
    told = about("suppression", 1)
    seeds = range(1, arguments.seeds + 1)
    pairs = [tuple(seeds[i : i + 2]) for i in range(0, len(seeds), 2)]
    with multiprocessing.get_context("spawn").Pool(arguments.jobs, maxtasksperchild=1) as pool:
        found = []
        for some in pool.imap(of_seeds, pairs, chunksize=1):
            print("\n".join(as_table(HEADINGS, as_rows(some))[2:]), flush=True)
            found += some
    if arguments.write:
        DOCUMENT.write_text(document(found, told, by_rule(estimated(1))), "utf-8")
    raise SystemExit(any(p.refused for p in found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--round", help="a round whose estimates are under data/")
    which.add_argument("--seeds", type=int, help="rounds simulated with seeds 1 … N")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--write", action="store_true", help="write docs/suppression.md")
    main(parser.parse_args())
