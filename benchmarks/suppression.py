"""What hiding costs in a finished round: seconds of search and of audit, and information lost.

    OMP_NUM_THREADS=1 python -m benchmarks.suppression demo      a round whose estimates are under data/

Machines differ and are noisy: read seconds beside the number of cells and the other stage's seconds.
"""

from __future__ import annotations

import argparse
import time

import pandas as pd

from helpers import protection
from helpers.params import load_round
from helpers.paths import PROJECT, Paths
from helpers.round_estimates import gather

STAGES = ("suppress_items", "beside_answers_told", "audit_items")


def main(round_id: str) -> None:
    seconds: dict[str, float] = {}
    for name in STAGES:
        setattr(protection, name, timed(getattr(protection, name), name, seconds))
    round_ = load_round(PROJECT, round_id)
    found = gather(Paths(PROJECT, round_id), round_)
    begun = time.perf_counter()
    protected = protection.protect(found.estimates, found.counts, round_.settings.disclosure)
    seconds["all"] = time.perf_counter() - begun
    print(protected.loss.round(3).to_string(index=False))
    print(protected.summary())
    print(pd.Series(seconds).round(1).to_string())


def timed(function, name: str, seconds: dict[str, float]):
    def measured(*args, **kwargs):
        begun = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - begun

    return measured


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("round_id")
    main(parser.parse_args().round_id)
