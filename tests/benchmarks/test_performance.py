"""The benchmark's accounting: no CPU is lost, cells are noted, and the figures come into the document.
What takes how long is not tested here."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import SIX

from helpers.common.paths import PROJECT
from helpers.notebooks import kernels

sys.path.insert(0, str(PROJECT))
from benchmarks.performance_accounting import CallFailed, Noted, Used, measure, split
from benchmarks.performance_figures import NOT_MEASURED, Figures, as_markdown
from benchmarks.performance_plain import HTML, Plain
from benchmarks.performance_rounds import NotFinished, copy_round, finished_round, new_answer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="accounts with Linux's subreaper")
BURNT = 1.0  # CPU seconds that a process or a cell uses up
BURN = f"import time\nwhile time.process_time() < began + {BURNT}:\n    pass"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def python(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def test_the_cpu_of_a_grandchild_that_outlives_its_parent_is_counted():
    orphan = f"import os, time; time.sleep(0.3); began = time.process_time()\n{BURN}"
    used = measure(python(
        "import subprocess, sys",
        f"between = 'import subprocess, sys; subprocess.Popen([sys.executable, \"-c\", ' + repr({orphan!r}) + '])'",
        "subprocess.run([sys.executable, '-c', between])",
        "print('ended before its grandchild')",
    ))  # fmt: skip
    assert used.cpu >= BURNT
    assert used.told == "ended before its grandchild\n"


def test_cells_of_a_forked_kernel_are_noted_and_its_cpu_is_counted(tmp_path):
    code = nbformat.v4.new_code_cell
    burning = f"import time; began = time.process_time()\n{BURN}"
    cells = [code('word = "none"', metadata={"tags": ["parameters"]}), code(burning), code(burning)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}),
        tmp_path / "burn.ipynb",
    )
    used = measure(python(
        "from pathlib import Path; from helpers.notebooks.execution import execute",
        f"folder = Path({str(tmp_path)!r})",
        "execute(folder / 'burn.ipynb', folder / 'executed.ipynb', {'word': 'some'})",
    ))  # fmt: skip
    assert used.notebooks == 1
    assert used.cpu > used.cells >= 2 * BURNT
    assert used.first_cell > 0
    if kernels.can_fork():
        assert used.peaks["kernel"] > 0 and used.peaks["zygote"] > 0


def test_a_call_that_fails_ends_the_measurement_with_its_words():
    with pytest.raises(CallFailed, match="no such luck"):
        measure(python("raise SystemExit('no such luck')"))


def test_cpu_is_split_without_counting_anything_twice():
    noted = (
        Noted("report", "0101", 3, 2.0),
        Noted("typeset", "", 1, 0.5),
        Noted("scan", "", 1, 4.0),
    )
    parts = split(Used(wall=20, cpu=20, cells=10, notebooks=1, noted=noted))
    assert (parts.typesetting, parts.papermill, parts.whole_round, parts.rest) == (
        0.5,
        1.5,
        4.0,
        4.0,
    )
    assert parts.overhead == pytest.approx(0.6)
    assert parts.overhead_without_typesetting == pytest.approx(0.55)


def test_the_document_holds_the_ratios_of_the_given_figures():
    loop = [Plain("0101", "30-municipal-report", Used(6.0, 5.0, 2.0, 1)),
            Plain("0101", HTML, Used(2.0, 1.0))]  # fmt: skip
    figures = Figures({"date": "2024-02-01"}, municipalities=10, jobs=2, plain=loop)
    figures.notebooks = Used(20.0, 24.0, 20.0, 10, first_cell=1.5)
    figures.whole = Used(40.0, 48.0, 20.0, 10, peaks={"worker": 300.0, "kernel": 400.0})
    figures.large = (300_000, {"plan": Used(1.0, 1.0, peaks={"kernel": 1600.0})})
    told = as_markdown(figures)
    assert "**80 s wall, 60 s CPU.**" in told
    assert "**4.0 times as fast in wall time, 2.5 times as fast in CPU.**" in told
    assert "**2.0 times as fast in wall time, 1.2 times as fast in CPU.**" in told
    assert "**20.0% of the cells' CPU" in told
    assert "| kernel | 400 |" in told
    assert "1600 MB (kernel, plan), **above**" in told
    assert told.count(NOT_MEASURED) == 3  # kernels, runs with nothing to do, intake


def test_a_copy_is_a_round_of_its_own(root, tmp_path_factory):
    for name in ("sample/{}.parquet", "responses/{}-svar.csv", "delivery/{}.zip"):
        for code in SIX:
            path = root / "data/demo" / name.format(code)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"key,status,submitted_at,q01\n{code}-a,none,,\n{code}-b,none,,\n")
    index = root / "build/demo/index.html"
    index.parent.mkdir(parents=True)
    index.write_text("")
    before = contents(root)
    copy = tmp_path_factory.mktemp("copy") / "root"
    round_ = copy_round(root, copy, finished_round(root, "demo"), ["0707", "0741"])
    assert list(round_.settings.participants) == ["0707", "0741"]
    assert new_answer(copy, round_) == "0707"
    assert set(contents(copy / "data")) == {f"demo/{name}" for name in (
        "sample/0707.parquet", "sample/0741.parquet",
        "responses/0707-svar.csv", "responses/0741-svar.csv", "responses/0707-late.csv",
    )}  # fmt: skip
    (late,) = csv.DictReader((copy / "data/demo/responses/0707-late.csv").open())
    assert (late["key"], late["status"], late["q01"]) == ("0707-a", "completed", "4")
    assert contents(root) == before


def test_without_a_finished_round_the_remedy_is_told(root):
    with pytest.raises(NotFinished, match="make demo"):
        finished_round(root, "demo")
