"""Warm kernels: clean, the same as ordinary ones, and none left behind however a run ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from helpers.common.errors import SurveyError
from helpers.notebooks import kernels
from helpers.notebooks.execution import LocalKernelManager, execute
from helpers.parameters.round_settings import Limits

pytestmark = pytest.mark.skipif(
    not kernels.can_fork(), reason="kernels are not forked on this system"
)
STARTED = 180  # seconds that workers and kernels may take to start on a busy machine
PATIENCE = 20  # seconds until a process that was told to end must be gone


def notebook(folder: Path, *cells: str) -> Path:
    """A notebook with the parameter `word` and these cells."""
    code = nbformat.v4.new_code_cell
    first = code('word = "none"', metadata={"tags": ["parameters"]})
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made = nbformat.v4.new_notebook(cells=[first, *map(code, cells)], metadata={"kernelspec": spec})
    path = folder / "made.ipynb"
    nbformat.write(made, path)
    return path


def run(folder: Path, *cells: str, word: str = "none") -> str:
    """What the cells print, executed as the round's notebooks are."""
    executed = execute(notebook(folder, *cells), folder / "executed.ipynb", {"word": word})
    outputs = [o for c in nbformat.read(executed, 4).cells for o in c.get("outputs", [])]
    return "".join(o["text"] for o in outputs if o["output_type"] == "stream")


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(*pids: int) -> bool:
    until = time.monotonic() + PATIENCE
    while any(alive(p) for p in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(alive(p) for p in pids)


def zygote() -> int:
    return kernels._own[os.getpid()].process.pid


def test_kernels_are_forks_of_one_process(tmp_path):
    tell = "import os; print(os.getppid(), os.getpid())"
    first, second = (run(tmp_path, tell).split() for _ in range(2))
    assert int(first[0]) == int(second[0]) == zygote()
    assert first[1] != second[1]
    assert gone(int(first[1]), int(second[1]))


def test_nothing_of_one_notebook_is_left_for_the_next(tmp_path):
    run(
        tmp_path,
        "import builtins, os, pandas as pd\n"
        "builtins.left_behind = 1\n"
        "os.environ['LEFT_BEHIND'] = '1'\n"
        "os.chdir('/')\n"
        "pd.options.display.max_rows = 7",
    )
    told = run(
        tmp_path,
        "import builtins, os, pandas as pd\n"
        "print(hasattr(builtins, 'left_behind'), 'LEFT_BEHIND' in os.environ, os.getcwd() == '/',"
        " pd.options.display.max_rows == 7)",
    )
    assert told.split() == ["False"] * 4


def test_each_kernel_has_random_numbers_of_its_own(tmp_path):
    draw = "import random, numpy as np; print(random.random(), np.random.random())"
    first, second = (run(tmp_path, draw).split() for _ in range(2))
    assert not set(first) & set(second)


def test_the_environment_is_that_of_the_caller_now(tmp_path, monkeypatch):
    run(tmp_path, "pass")  # the process that is forked has started before
    monkeypatch.setenv("SAID_LATER", "yes")
    assert run(tmp_path, "import os; print(os.environ['SAID_LATER'])") == "yes\n"


def test_what_is_forked_has_no_threads(tmp_path):
    run(tmp_path, "pass")
    threads = [p.read_text() for p in Path(f"/proc/{zygote()}/task").glob("*/comm")]
    others = [t for t in threads if "jemalloc" not in t]  # which knows how to be forked
    assert len(others) == 1  # a lock that a second thread holds would stay locked in the fork


@pytest.mark.parametrize(
    "cell", ["print(6 * 7, word)", "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"]
)
def test_an_ordinary_kernel_gives_the_same(tmp_path, monkeypatch, cell):
    def outputs() -> list:
        path = execute(notebook(tmp_path, cell), tmp_path / "executed.ipynb", {"word": "x"})
        found = nbformat.read(path, 4)
        return [c.get("outputs") for c in found.cells], found.metadata["language_info"]

    warm = outputs()
    monkeypatch.setenv(kernels.COLD_VARIABLE, "1")
    assert outputs() == warm


def test_a_kernel_that_dies_is_told_and_the_next_lives(tmp_path):
    with pytest.raises(SurveyError, match="died"):
        run(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert run(tmp_path, "print('here')") == "here\n"


def test_a_kernel_that_cannot_even_start_is_told_and_the_next_lives(tmp_path):
    began = time.monotonic()
    with pytest.raises(SurveyError, match="its kernel died or had no memory left"):
        execute(
            notebook(tmp_path, "pass"), tmp_path / "executed.ipynb", {"word": ""},
            Limits.model_construct(notebook_seconds=PATIENCE * 3, kernel_memory_mb=1),
        )  # fmt: skip
    assert time.monotonic() - began < PATIENCE * 2
    assert run(tmp_path, "print('here')") == "here\n"


def test_a_zygote_that_dies_takes_its_kernel_along_and_is_replaced(tmp_path):
    run(tmp_path, "pass")
    before = zygote()
    with pytest.raises(SurveyError, match="died"):
        run(
            tmp_path,
            f"import os, signal, time; os.kill({before}, signal.SIGKILL); time.sleep({PATIENCE * 3})",
        )
    assert run(tmp_path, "print('here')") == "here\n"
    assert zygote() != before


def test_a_forked_kernel_listens_when_it_is_told_to_be_there_and_is_gone_when_killed():
    async def start_and_kill() -> None:
        manager = LocalKernelManager(kernel_name=kernels.KERNEL)
        await manager.start_kernel()
        assert Path(f"{manager.ip}-{manager.shell_port}").is_socket()
        process = manager.provisioner.process
        await manager.provisioner.kill()
        assert process.returncode == -signal.SIGKILL
        await manager.shutdown_kernel(now=True)

    asyncio.run(start_and_kill())


def test_a_zygote_that_dies_before_it_has_forked_is_told(tmp_path, monkeypatch):
    dead = kernels.Zygote()
    dead.process.kill()
    dead.process.wait()
    assert dead.status(1) == -signal.SIGKILL
    monkeypatch.setattr(kernels, "_zygote", lambda: dead)
    with pytest.raises(SurveyError, match="its kernel died or had no memory left"):
        run(tmp_path, "pass")
    monkeypatch.undo()
    assert run(tmp_path, "print('here')") == "here\n"


def test_a_notebook_that_never_ends_is_ended_and_told(tmp_path, monkeypatch):
    tell = f"import os, time; print(os.getpid(), flush=True); time.sleep({PATIENCE * 3})"
    source = notebook(tmp_path, tell)
    for cold in (False, True):
        if cold:
            monkeypatch.setenv(kernels.COLD_VARIABLE, "1")
        began = time.monotonic()
        with pytest.raises(SurveyError, match="did not end within 3 seconds"):
            execute(source, tmp_path / "executed.ipynb", {"word": ""}, Limits(notebook_seconds=3))
        assert time.monotonic() - began < PATIENCE * 2
    assert run(tmp_path, "print('here')") == "here\n"


def test_a_notebook_that_takes_too_much_memory_is_told(tmp_path):
    source = notebook(tmp_path, "import numpy as np; a = np.ones(400 << 20, dtype='u1'); a.sum()")
    with pytest.raises(SurveyError, match=r"no memory left.*kernel_memory_mb`, 512"):
        execute(source, tmp_path / "executed.ipynb", {"word": ""}, Limits(kernel_memory_mb=512))
    execute(source, tmp_path / "executed.ipynb", {"word": ""}, Limits(kernel_memory_mb=4096))


ENDLESS = f"""
import os, time
with open(os.environ["TOLD"], "a") as told:
    told.write(f"{{os.environ['WORKER']}} {{os.getppid()}} {{os.getpid()}}\\n")
time.sleep({2 * STARTED})
"""
A_RUN = """
import os
from pathlib import Path

HERE = Path(__file__).parent

def endless(paths, round_, code):
    from helpers.notebooks.execution import execute
    os.environ["WORKER"] = str(os.getpid())
    execute(HERE / "made.ipynb", HERE / f"{code}.ipynb", {"word": code})

if __name__ == "__main__":
    from helpers.pipeline.engine import Task, Workers
    from helpers.parameters.params import load_round
    from helpers.common.paths import PROJECT
    from helpers.pipeline.steps import Step
    from helpers.common.store import Store

    step = Step("endless", "plan", "a_run:endless", reads=(), makes=())
    store, round_ = Store(str(HERE)), load_round(PROJECT, "demo")
    with Workers(2) as workers:
        tasks = [Task(step, c, round_, store, {}, {}, {}) for c in ("0101", "0707")]
        for _, done in workers.perform(tasks):
            print(type(done))
"""


def _press_until_ended(run_: subprocess.Popen) -> None:
    """Ctrl-C, and once more where nothing happens: Python may lose one that falls into a finaliser."""
    for _ in range(3):
        os.killpg(run_.pid, signal.SIGINT)
        try:
            run_.wait(STARTED / 3)
        except subprocess.TimeoutExpired:
            continue
        return


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_however_the_run_ends(tmp_path, how):
    """A run of two workers is ended in the middle: workers, zygotes and kernels are gone."""
    notebook(tmp_path, ENDLESS)
    (tmp_path / "a_run.py").write_text(A_RUN, "utf-8")
    told = tmp_path / "told"
    run_ = subprocess.Popen(
        [sys.executable, tmp_path / "a_run.py"],
        env={**os.environ, "TOLD": str(told), "PYTHONPATH": str(tmp_path)},
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        # a shell's background job ignores Ctrl-C, and so would all that it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + STARTED
    while not (told.exists() and told.read_text().count("\n") == 2) and time.monotonic() < until:
        time.sleep(0.05)
    pids = [int(pid) for pid in told.read_text().split()]
    assert len(set(pids)) == 6
    assert all(alive(pid) for pid in pids)
    if how == signal.SIGINT:  # as Ctrl-C in a terminal: to all of the foreground
        _press_until_ended(run_)
    else:
        run_.send_signal(how)
    run_.wait(STARTED)  # some 5 s, once more than 20; what counts is that nothing is left
    assert gone(*pids)
