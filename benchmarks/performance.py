"""How fast a round is, what the machinery costs and how much memory it takes: docs/performance.md.

    make bench          (python -m benchmarks.performance --write)

Needs a finished simulated round (`make demo`) and Linux. Works in copies of it in temporary folders;
the round itself is only read. The document is written anew after every section.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.performance_accounting import CallFailed, Used
from benchmarks.performance_figures import Figures, as_markdown
from benchmarks.performance_plain import plain_loop
from benchmarks.performance_rounds import (
    NotFinished,
    copy_round,
    finished_round,
    large_municipality,
    new_answer,
    performed,
    run,
    run_notebooks,
)
from helpers.common.paths import PROJECT
from helpers.parameters.params import Round

SECTIONS = ("run", "cold", "kernels", "unchanged", "intake", "few", "large")
DOCUMENT = PROJECT / "docs" / "performance.md"
PACKAGES = ("papermill", "nbconvert", "distributed", "pandas", "pyarrow", "matplotlib", "ipykernel")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--write", action="store_true", help=f"write {DOCUMENT.name}, not only print"
    )
    parser.add_argument("--root", type=Path, default=PROJECT, help="holds the finished round")
    parser.add_argument("--round", default="demo")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of the draw for the plain loop")
    parser.add_argument("--plain", type=int, default=6, help="municipalities of the plain loop")
    parser.add_argument("--only-first", type=int, help="municipalities of the round (all)")
    parser.add_argument("--few", type=int, default=6, help="of the small round for the memory")
    parser.add_argument("--repeats", type=int, default=10, help="of kernels' starts")
    parser.add_argument("--unchanged", type=int, default=5, help="runs with nothing to do")
    parser.add_argument("--large", type=int, default=10, help="times København")
    parser.add_argument("--rows", type=int, default=400_000, help="persons of the intake")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="some of %(default)s")
    return parser.parse_args()


def about(benchmark: str, seed: int) -> dict[str, str]:
    """The machine, the versions, the day and the call."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), platform.machine(),
    )  # fmt: skip
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=PROJECT, capture_output=True, text=True
    ).stdout.strip()
    return {
        "date": dt.date.today().isoformat(),
        "call": f"python -m benchmarks.{benchmark} {shlex.join(sys.argv[1:])}",
        "processor": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "load before the start": ", ".join(f"{v:.1f}" for v in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{p} {version(p)}" for p in PACKAGES),
        "commit": commit or "not known",
        "seed": str(seed),
    }


def measure_round(root: Path, round_: Round, given, figures: Figures, keep: Callable) -> None:
    """Sections 1 to 5, all in the copy `root`."""
    wanted = given.sections.split(",")
    codes = list(round_.settings.participants)
    drawn = random.Random(given.seed).sample(codes, min(given.plain, len(codes)))
    half = (len(drawn) + 1) // 2
    if {"run", "cold", "unchanged"} & set(wanted):
        run(root, round_, "--jobs", str(given.jobs))  # not measured: what another version has made
    if "run" in wanted:
        figures.plain = plain_loop(root, round_.id, drawn[:half])
        keep()
        figures.notebooks = run_notebooks(root, round_, given.jobs)
        keep()
        figures.whole = run(root, round_, "--again", "--jobs", str(given.jobs))
        figures.plain += plain_loop(root, round_.id, drawn[half:])
        keep()
    if "cold" in wanted:
        figures.warm = run_notebooks(root, round_, given.jobs, drawn)
        figures.cold = run_notebooks(root, round_, given.jobs, drawn, cold=True)
        keep()
    if "kernels" in wanted:
        figures.kernels = {"warm": kernels({}, given.repeats),
                           "cold": kernels({"SURVEY_COLD_KERNELS": "1"}, given.repeats)}  # fmt: skip
        keep()
    if "unchanged" in wanted:
        run(
            root, round_, "--jobs", str(given.jobs)
        )  # not measured: what the plain loop has touched
        figures.unchanged = [unchanged(root, round_) for _ in range(given.unchanged)]
        new_answer(root, round_)
        figures.after_answer = run(root, round_, "--jobs", str(given.jobs))
        figures.performed = performed(figures.after_answer)
        keep()
    if "intake" in wanted:
        figures.intake = intake(len(codes), given.rows)
        keep()


def unchanged(root: Path, round_: Round) -> Used:
    """A run with nothing to do. Raises CallFailed where it did something all the same."""
    used = run(root, round_)
    if used.noted:
        raise CallFailed(f"a run with nothing to do performed {performed(used)}")
    return used


def kernels(environment: dict[str, str], repeats: int) -> dict[str, list[float]]:
    """What is measured → seconds, each repeat in a new process."""
    call = [sys.executable, "-m", "benchmarks.performance_kernels"]
    paths = os.pathsep.join([str(PROJECT), str(PROJECT / "src")])
    env = os.environ | {"PYTHONPATH": paths} | environment
    told = [
        json.loads(
            subprocess.run(call, cwd=PROJECT, env=env, check=True, capture_output=True).stdout
        )
        for _ in range(repeats)
    ]
    return {name: [t[name] for t in told] for name in told[0]}


def intake(municipalities: int, rows: int) -> list[str]:
    """Intake beside pandas alone, where the benchmark of the intake is there."""
    try:
        from benchmarks.intake import compare
    except ModuleNotFoundError as e:
        if e.name != "benchmarks.intake":
            raise
        return ["`benchmarks/intake.py` is not there."]
    o = compare(municipalities, rows)
    return [
        f"{o.municipalities} simulated workbooks with {o.rows:,} persons, file by file in turns "
        "(`python -m benchmarks.intake`): `pandas.read_excel` with openpyxl, which only reads the "
        f"cells, {o.cpu_pandas:.1f} s CPU ({o.wall_pandas:.1f} s wall); the whole intake (reads, checks, "
        f"encrypts identities, classifies) {o.cpu:.1f} s CPU ({o.wall:.1f} s wall), **{o.ratio:.2f} of "
        f"it**, {o.rows_per_second:,.0f} persons a CPU second.",
    ]


def main() -> None:
    given = options()
    unknown = set(given.sections.split(",")) - set(SECTIONS)
    if unknown:
        raise SystemExit(f"--sections: unknown {', '.join(sorted(unknown))}; there are {SECTIONS}")
    try:
        finished = finished_round(given.root.resolve(), given.round)
    except NotFinished as e:
        raise SystemExit(str(e)) from e
    codes = list(finished.settings.participants)[: given.only_first]
    figures = Figures(about("performance", given.seed), len(codes), given.jobs)

    def keep() -> None:
        if given.write:
            DOCUMENT.write_text(as_markdown(figures), encoding="utf-8")

    wanted = given.sections.split(",")
    with tempfile.TemporaryDirectory(prefix="survey-bench-") as name:
        folder = Path(name)
        if set(wanted) - {"few", "large"}:
            some = codes if given.only_first else None
            round_ = copy_round(given.root.resolve(), folder / "all", finished, some)
            measure_round(folder / "all", round_, given, figures, keep)
        if "few" in wanted:
            few = codes[: given.few]
            round_ = copy_round(given.root.resolve(), folder / "few", finished, few)
            used = run(folder / "few", round_, "--again", "--jobs", str(given.jobs))
            figures.few = (len(few), used)
            keep()
        if "large" in wanted:
            figures.large = large_municipality(folder / "large", given.round, given.large)
            keep()
    print(as_markdown(figures))


if __name__ == "__main__":
    main()
