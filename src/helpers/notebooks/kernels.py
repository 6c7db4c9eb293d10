"""Warm kernels: each notebook's kernel is forked from a process that has the libraries imported.

An ordinary kernel takes seconds to start and import what a notebook needs; a fork takes some 50
milliseconds and is as clean, for nothing but imports has run in its parent, the zygote. Each process
that executes notebooks has one zygote and talks to it over a socket of their own:

    worker process ── zygote: imports, then waits ── kernel (forked, a session of its own)
                                                 └── kernel

The zygote ends its kernels and itself when its end of the socket closes, however the worker ended; a
kernel ends when its zygote does. Where processes cannot be forked (Windows, macOS by default) the
ordinary kernel starts, with the same result.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.provisioning import LocalProvisioner

from helpers.common.paths import PACKAGE

KERNEL = "survey"  # the kernelspec in assets/kernels, which names the provisioner below
SPECS = PACKAGE / "assets" / "kernels"
COLD_VARIABLE = "SURVEY_COLD_KERNELS"  # any value: the ordinary kernel
MEMORY_VARIABLE = "SURVEY_KERNEL_MEMORY_MB"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_NUM_THREADS")
RARELY = (
    50_000,
    20,
    50,
)  # a notebook is short, and its rows make no cycles: collect garbage seldom
PATIENCE_SECONDS = 60  # with a kernel that does not come to listen
INLINE = "module://matplotlib_inline.backend_inline"  # what an ordinary kernel sets
IMPORTED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "matplotlib.pyplot",
    "pyarrow.parquet",
    "scipy.optimize",
    "seaborn",
    "statsmodels.api",
    "helpers.reports.plan_views",
    "helpers.reports.response_views",
    "helpers.sampling.plan",
    "helpers.preparation.local_plan",
    "helpers.estimation.analysis",
    "helpers.dashboard.dashboard",
    "helpers.reports.downloads",
    "helpers.reports.titles",
    "helpers.reports.five_sentences",
    "helpers.reports.local_results",
    "helpers.reports.appendix",
    "helpers.estimation.round_estimates",
    "helpers.deck.deck",
    "helpers.workbook.workbook",
    "helpers.released.findings",
    "helpers.released.reading",
    "helpers.reports.model_texts",
)


def can_fork() -> bool:
    """Forking a process that has loaded libraries is safe on Linux; elsewhere it is not, or not there."""
    return sys.platform == "linux" and not os.environ.get(COLD_VARIABLE)


class ZygoteDied(OSError):
    """The process that kernels are forked from is gone, and its kernels with it."""


class Specs(KernelSpecManager):
    """Finds the project's own kernelspec beside those that are installed."""

    def _kernel_dirs_default(self) -> list[str]:
        return [str(SPECS), *super()._kernel_dirs_default()]


class ForkingProvisioner(LocalProvisioner):
    """Launches a kernel as a fork of this process's zygote; all else as for a local kernel."""

    async def launch_kernel(self, cmd: list[str], **kwargs) -> dict:
        if not can_fork():
            return await super().launch_kernel(cmd, **kwargs)
        arguments = cmd[cmd.index("-m") + 2 :]  # python -m ipykernel_launcher …
        environment = kwargs.get("env") or dict(os.environ)
        self.cwd = kwargs.get("cwd") or os.getcwd()
        self.process = _zygote().fork(arguments, environment, str(self.cwd))
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        await super().kill(restart)
        if isinstance(self.process, ForkedKernel):
            self.process.wait()  # at once: who asks only now and then waits longer than it takes


class ForkedKernel:
    """A process that is not this one's child, with what `LocalProvisioner` asks of a `Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self.zygote, self.pid, self.returncode = zygote, pid, None

    def poll(self) -> int | None:
        """Exit status, negative the signal that ended it; None while it lives."""
        if self.returncode is None:
            self.returncode = self.zygote.status(self.pid)
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, signum: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Zygote:
    """This process's end: starts the zygote, asks it for kernels and how they ended."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = {**os.environ, "MPLBACKEND": INLINE, **dict.fromkeys(ONE_THREAD, "1")}
        call = [sys.executable, "-P", "-m", "helpers.notebooks.kernels", str(theirs.fileno())]
        self.process = subprocess.Popen(
            call, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        self.stream = ours.makefile("rw", encoding="utf-8", newline="\n")
        self.lock = threading.Lock()

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def fork(self, arguments: list[str], environment: dict[str, str], folder: str) -> ForkedKernel:
        """A new kernel that listens. Raises ZygoteDied."""
        asked = {"arguments": arguments, "environment": environment, "folder": folder}
        return ForkedKernel(self, self._ask(asked))

    def status(self, pid: int) -> int | None:
        """Exit status of a kernel; −9 where the zygote itself has died, which ends its kernels."""
        try:
            return self._ask({"status": pid})
        except ZygoteDied:
            return -signal.SIGKILL

    def _ask(self, asked: dict) -> int | None:
        try:
            with self.lock:
                self.stream.write(json.dumps(asked) + "\n")
                self.stream.flush()
                return json.loads(self.stream.readline())
        except (OSError, ValueError) as e:  # it has died before it answered, or while it did
            raise ZygoteDied("no answer") from e


_own: dict[int, Zygote] = {}  # by process id: a fork of this process has none


def _zygote() -> Zygote:
    zygote = _own.get(os.getpid())
    if zygote is None or not zygote.lives:
        zygote = _own[os.getpid()] = Zygote()
    return zygote


# -------------------------------------------------------------------------------- inside the zygote


def main(descriptor: int) -> None:
    """Import, then serve: a line asks for a kernel (answer: its process id) or for a status."""
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # the worker decides; it closes the socket
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # what is imported is never garbage: kernels need not go through it
    gc.set_threshold(*RARELY)
    connection = socket.socket(fileno=descriptor)
    living: set[int] = set()
    stream = connection.makefile("rw", encoding="utf-8", newline="\n")
    with suppress(ConnectionError):  # the worker died between question and answer
        for line in stream:
            stream.write(json.dumps(_answer(json.loads(line), connection, living)) + "\n")
            stream.flush()
    for pid in living:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _answer(asked: dict, connection: socket.socket, living: set[int]) -> int | None:
    """The status of a kernel, or the process id of a new one; in the new one it does not return.

    A new kernel is told once it listens (or has died): who connects before tries again only later.
    """
    if "status" in asked:
        return _status(asked["status"], living)
    listens, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(connection.detach())
        os.close(listens)
        _become_kernel(**asked, tells=tells)
    living.add(pid)
    os.close(tells)
    select.select([listens], [], [], PATIENCE_SECONDS)
    os.close(listens)
    return pid


def _status(pid: int, living: set[int]) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    if ended == 0:
        return None
    living.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _become_kernel(
    arguments: list[str], environment: dict[str, str], folder: str, tells: int
) -> None:
    """The rest of the forked process: an ordinary kernel in this environment and folder; it closes
    `tells` when it listens."""
    import random
    import resource

    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    zygote = os.getppid()
    os.setsid()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked in workers
    os.environ.clear()
    os.environ.update(environment)
    os.environ.setdefault("MPLBACKEND", INLINE)
    os.chdir(folder)
    if limit := environment.get(MEMORY_VARIABLE):
        resource.setrlimit(resource.RLIMIT_DATA, (int(limit) << 20, resource.RLIM_INFINITY))
    random.seed()
    np.random.seed(None)
    code = 1
    try:
        app = IPKernelApp.instance()
        app.initialize([*arguments, f"--IPKernelApp.parent_handle={zygote}"])
        os.close(tells)
        app.start()
        code = 0
    except SystemExit as e:
        code = e.code if isinstance(e.code, int) else 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]))
