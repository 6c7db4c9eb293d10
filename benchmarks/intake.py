"""Intake beside `pandas.read_excel` with openpyxl: the same simulated extracts, in one run.

    python -m benchmarks.intake --municipalities 79 --rows 400000

Both take turns, file by file, in one process. pandas only reads the cells of every sheet; intake
reads, checks, splits (identities to the encrypted vault, the rest to the population table) and
classifies, as `survey run` does. Ratios of the same run are told, since machines differ.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from helpers.common.paths import PROJECT, Paths
from helpers.extracts.intake import take_in
from helpers.parameters.params import load_round
from simulator.extracts import write_extract
from simulator.layouts import FASIT, STANDARD, layout_of
from simulator.persons import make_persons
from simulator.setting import read_setting

ROUND = "demo"
Result = TypeVar("Result")
PERSON_CELLS = 5  # title and total rows have fewer filled cells, every person has more


@dataclass(frozen=True)
class Outcome:
    """Seconds over all files; `rows` are persons, as intake and as pandas saw them."""

    municipalities: int
    rows: int
    rows_pandas: int
    cpu: float
    cpu_pandas: float
    wall: float
    wall_pandas: float

    @property
    def ratio(self) -> float:
        """CPU seconds of the whole intake for one of `pandas.read_excel` alone."""
        return self.cpu / self.cpu_pandas

    @property
    def rows_per_second(self) -> float:
        """Persons that intake takes in, by CPU second."""
        return self.rows / self.cpu


class _Clock:
    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def time(self, step: Callable[..., Result], *given, **named) -> Result:
        cpu, wall = time.process_time(), time.perf_counter()
        result = step(*given, **named)
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        return result


def write_workbooks(root: Path, municipalities: int, rows: int, seed: int) -> list[str]:
    """Extracts of the round's first participants, in all about `rows` persons in proportion to the
    inhabitants; their codes. A municipality whose system writes CSV sends the standard workbook."""
    setting = replace(read_setting(root, ROUND), seed=seed)
    places = setting.places[:municipalities]
    inhabitants = sum(p.inhabitants for p in places)
    (setting.data / "extracts").mkdir(parents=True)
    for place in places:
        size = max(1, round(rows * place.inhabitants / inhabitants))
        layout = layout_of(place.code)
        layout = STANDARD if layout is FASIT else layout
        write_extract(setting, place, make_persons(setting, place, size), layout)
    return [p.code for p in places]


def persons_in(sheets: dict[str, pd.DataFrame]) -> int:
    """Rows with a person in the sheets of one workbook; the row of headings is none."""
    return (
        sum(int((cells.notna().sum(axis=1) >= PERSON_CELLS).sum()) for cells in sheets.values()) - 1
    )


def compare(municipalities: int = 79, rows: int = 400_000, seed: int = 1) -> Outcome:
    """Make the extracts in a folder that is removed again, and take both times."""
    own, pandas = _Clock(), _Clock()
    seen = seen_pandas = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(PROJECT / "params", root / "params")
        codes = write_workbooks(root, municipalities, rows, seed)
        round_, paths = load_round(root, ROUND), Paths(root, ROUND)
        for code in codes:
            (path,) = paths.extracts.glob(f"{code}*")
            sheets = pandas.time(
                pd.read_excel, path, sheet_name=None, header=None, engine="openpyxl"
            )
            seen_pandas += persons_in(sheets)
            result = own.time(take_in, paths, round_, code)
            if result.error:
                raise result.error
            seen += result.counts["rows_read"]
    return Outcome(len(codes), seen, seen_pandas, own.cpu, pandas.cpu, own.wall, pandas.wall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--municipalities", type=int, default=79)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    o = compare(given.municipalities, given.rows, given.seed)
    print(
        f"{o.municipalities} workbooks, {o.rows:,} persons, seed {given.seed}, {os.cpu_count()} cores"
    )
    print(f"pandas.read_excel   {o.cpu_pandas:7.1f} s CPU {o.wall_pandas:7.1f} s wall")
    print(f"the whole intake    {o.cpu:7.1f} s CPU {o.wall:7.1f} s wall")
    print(
        f"intake / pandas     {o.ratio:.3f} of the CPU time (1/{1 / o.ratio:.1f}), "
        f"{o.wall / o.wall_pandas:.3f} of the wall time"
    )
    print(f"intake takes in {o.rows_per_second:,.0f} persons a CPU second")


if __name__ == "__main__":
    main()
