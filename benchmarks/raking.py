"""Raking beside svy and leafblower: the same rows, margins and tolerance, in one run.

    pip install -r benchmarks/requirements.txt      (in an environment of its own)
    PYTHONPATH=src python benchmarks/raking.py      writes docs/raking.md

Four margins of 5, 2, 4 and 79 levels, unequal start weights, margins that can be met. Each tool gets the
data in the form it reads fastest: integer codes for `helpers.estimation.raking.rake` and for leafblower's core,
a data frame where the tool takes nothing else. The tools take turns; medians and ratios of the
same run are told, since machines differ. Every result is checked against the margins.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import svy
from leafblower import harvest
from leafblower._leafblower import calibrate

from helpers.estimation.raking import rake

SHAPE = (5, 2, 4, 79)
NAMES = ("target_group", "gender", "age_band", "municipality")
TOLERANCE = 1e-10
MANY = 5_000_000  # rows for the memory
DOCS = Path(__file__).resolve().parents[1] / "docs" / "raking.md"


def make_rows(n: int, seed: int) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Codes, start weights and totals of `n` respondents; totals that some weights do reach."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, k, n).astype(np.int16) for k in SHAPE]
    start = rng.uniform(1, 20, n)
    effect = [rng.uniform(0.6, 1.6, k) for k in SHAPE]
    truth = start * np.prod([e[c] for e, c in zip(effect, codes)], axis=0)
    return codes, start, [np.bincount(c, truth, k) for c, k in zip(codes, SHAPE)]


def misfit(weights: np.ndarray, codes, totals) -> float:
    """Largest relative error over all levels, after scaling to the population's size."""
    scaled = weights * (totals[0].sum() / weights.sum())
    return max(
        float(np.abs(np.bincount(c, scaled, len(t)) / t - 1).max()) for c, t in zip(codes, totals)
    )


def contestants(codes, start, totals) -> dict[str, Callable[[], np.ndarray]]:
    frame = pd.DataFrame(dict(zip(NAMES, codes)))
    shares = {
        name: {str(level): float(v) for level, v in enumerate(t / t.sum())}
        for name, t in zip(NAMES, totals)
    }
    controls = {name: dict(enumerate(t.tolist())) for name, t in zip(NAMES, totals)}
    sample = svy.Sample(pl.DataFrame(dict(zip(NAMES, codes)) | {"w": start}), svy.Design(wgt="w"))
    as_int32 = [np.ascontiguousarray(c, dtype=np.int32) for c in codes]
    proportions = [np.ascontiguousarray(t / t.sum()) for t in totals]
    limits = {"min_weight": 0.0, "max_weight": 1e9, "algorithm": 1, "absolute_tol": TOLERANCE,
              "tol_abs": TOLERANCE, "pct_tol": 0.0, "metric": 0, "rule": 0, "stop_when": 0,
              "inner_max_iter": 1000, "outer_max_iter": 1000, "verbose": 0}  # fmt: skip

    def leafblower_core() -> np.ndarray:
        w = start * (len(start) / start.sum())
        return np.asarray(calibrate(len(w), 4, w, as_int32, list(SHAPE), proportions, limits)[1])

    def leafblower_public() -> np.ndarray:
        raked = harvest(frame, shares, method="raking", max_weight=1e9, start_weights=start,
                        max_iterations=1000, convergence={"absolute": TOLERANCE})  # fmt: skip
        return raked["weights"].to_numpy()

    def with_svy() -> np.ndarray:
        raked = sample.weighting.rake(
            controls=controls, wgt_name="raked", tol=TOLERANCE, max_iter=1000
        )
        return raked.data["raked"].to_numpy()

    return {
        "helpers.estimation.raking.rake": lambda: rake(codes, start, totals, tolerance=TOLERANCE),
        "leafblower (its C++ core, integer codes)": leafblower_core,
        "leafblower (harvest)": leafblower_public,
        "svy (Sample.weighting.rake)": with_svy,
    }


def measure(n: int, repeats: int, seed: int) -> pd.DataFrame:
    codes, start, totals = make_rows(n, seed)
    tools = contestants(codes, start, totals)
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    errors: dict[str, float] = {}
    for _ in range(repeats):
        for name, tool in tools.items():
            began = time.perf_counter()
            weights = tool()
            seconds[name].append(time.perf_counter() - began)
            errors[name] = misfit(weights, codes, totals)
    table = pd.DataFrame(
        {
            "seconds": {k: statistics.median(v) for k, v in seconds.items()},
            "misfit": errors,
        }
    )
    own = table["seconds"].iloc[0]
    return table.assign(times_ours=table["seconds"] / own)


def memory(n: int, seed: int) -> tuple[float, float]:
    """Megabytes allocated above the input at the most, and seconds, for `n` rows."""
    codes, start, totals = make_rows(n, seed)
    began = time.perf_counter()
    rake(codes, start, totals, tolerance=TOLERANCE)
    took = time.perf_counter() - began
    tracemalloc.start()
    rake(codes, start, totals, tolerance=TOLERANCE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    table = measure(given.rows, given.repeats, given.seed)
    lines = [
        "# Raking beside other tools",
        "",
        "Written by `benchmarks/raking.py`: "
        f"{given.rows:,} rows, margins of {', '.join(map(str, SHAPE))} levels, relative tolerance "
        f"{TOLERANCE:g}, median of {given.repeats} turns, seed {given.seed}.",
        "",
        "| tool | seconds | times ours | largest error of a margin |",
        "|:---|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {r.seconds:.4f} | {r.times_ours:.1f} | {r.misfit:.1e} |"
        for name, r in zip(table.index, table.itertuples())
    ]
    megabytes, seconds = memory(MANY, given.seed)
    lines += [
        "",
        f"{MANY:,} rows take {seconds:.2f} seconds and {megabytes:.0f} MB above the input, the weights "
        "returned included.",
    ]
    versions = ", ".join(f"{p} {version(p)}" for p in ("numpy", "svy", "leafblower"))
    lines += ["", f"Versions: {versions}.", ""]
    DOCS.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
