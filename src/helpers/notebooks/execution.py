"""Notebooks executed by papermill, parameters checked first, and typeset from what was executed."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

import jupytext
import nbformat
import papermill
import yaml
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.localinterfaces import localhost
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError
from traitlets import default

from helpers.common.errors import ParameterError, Problem, SurveyError
from helpers.common.outcome import StepOutcome
from helpers.common.paths import PROJECT, Paths, put_in_place
from helpers.identities.vault_key import closed_vault
from helpers.notebooks.kernels import KERNEL, MEMORY_VARIABLE, Specs, ZygoteDied
from helpers.notebooks.render import render
from helpers.notebooks.renderers import MUNICIPAL, NATIONAL, Kind, quarto_for
from helpers.parameters.params import Round, load_tiles
from helpers.parameters.round_settings import Limits
from helpers.released.published import load_published
from helpers.sampling.plan import read_decision

PLAN, ANALYSIS, REPORT = "10-sampling-plan", "20-response-analysis", "30-municipal-report"
NOTEBOOKS = PROJECT / "notebooks"
REPORTS = PROJECT / "reports"
KERNEL_OPTIONS = [
    "--log-level=50",  # what goes wrong is in the notebook
    "--HistoryManager.enabled=False",  # nobody's input to remember
]
OUT_OF_MEMORY = {"MemoryError", "_ArrayMemoryError", "ArrowMemoryError"}


class PromptClient(AsyncKernelClient):
    """Ready as soon as the kernel has answered and its channel of outputs has told something.

    The library then waits for 0.2 s of silence, to be rid of words that belong to no cell; nbclient
    passes those over anyway.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        until = time.monotonic() + (timeout or float("inf"))
        while True:
            try:
                await self.kernel_info(reply=True, timeout=1)
                await self.get_iopub_msg(timeout=1)
                return
            except (Empty, TimeoutError) as e:
                if not await self.is_alive():
                    raise DeadKernelError("Kernel died") from e
                if time.monotonic() > until:
                    raise DeadKernelError(f"Kernel did not answer in {timeout} seconds") from e


class LocalKernelManager(AsyncKernelManager):
    """Talks to the kernel through files of this user alone where the system has them, and ends it
    after `seconds`."""

    seconds = Limits().notebook_seconds

    async def _async_post_start_kernel(self, **kwargs) -> None:
        await super()._async_post_start_kernel(**kwargs)
        asyncio.get_running_loop().call_later(self.seconds, self._end, self.provisioner.process)

    post_start_kernel = _async_post_start_kernel

    @staticmethod
    def _end(process) -> None:
        if process.poll() is None:
            process.kill()

    @default("client_factory")
    def _prompt_client(self) -> type:
        return PromptClient

    @default("kernel_spec_manager")
    def _with_own_kernelspec(self) -> Specs:
        return Specs(parent=self)

    @default("transport")
    def _private_transport(self) -> str:
        return "ipc" if os.name == "posix" else "tcp"

    @default("ip")
    def _own_sockets(self) -> str:
        """Socket names of its own in the user's runtime folder; kernels at the same time share none."""
        if self.transport != "ipc":
            return localhost()
        folder = Path(jupyter_runtime_dir())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(folder / f"survey-{uuid.uuid4().hex[:16]}")


def read_source(path: Path) -> nbformat.NotebookNode:
    """A notebook, or a `.qmd` read as one with its `#| tags: [parameters]` put into the metadata."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    notebook = jupytext.reads(path.read_text("utf-8"), fmt="Rmd")  # `.qmd` itself asks for Quarto
    for cell in notebook.cells:
        head = [line for line in cell.source.splitlines() if line.startswith("#|")]
        if cell.cell_type == "code" and any("tags:" in h and "parameters" in h for h in head):
            cell.metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return notebook


def declared_parameters(path: Path) -> set[str]:
    """Names that the notebook's cell tagged `parameters` assigns."""
    notebook = read_source(path)
    return {
        line.split("=")[0].split(":")[0].strip()
        for cell in notebook.cells
        if "parameters" in cell.metadata.get("tags", [])
        for line in cell.source.splitlines()
        if "=" in line and not line.startswith("#")
    }


def check_parameters(path: Path, given: dict[str, Any]) -> None:
    """Refuse unknown and missing parameters before execution; papermill itself only warns."""
    declared = declared_parameters(path)
    problems = [
        Problem(path.name, f"unknown parameter »{name}«", f"{', '.join(sorted(declared))}")
        for name in sorted(set(given) - declared)
    ] + [
        Problem(path.name, f"parameter »{name}« is missing", "a value for each parameter")
        for name in sorted(declared - set(given))
    ]
    if problems:
        raise ParameterError(problems=problems)


def execute(
    source: Path, output: Path, parameters: dict[str, Any], limits: Limits | None = None
) -> Path:
    """Run one notebook; `output` holds it executed.

    Raises SurveyError with the error raised in the notebook (what was executed until then is kept as
    `<output>.failed.ipynb`), or where its kernel died or was ended at its limits. An earlier `output`
    stays as it was.
    """
    limits = limits or Limits()
    check_parameters(source, parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    failed = output.with_suffix(".failed.ipynb")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        as_notebook = source
        if source.suffix != ".ipynb":
            as_notebook = Path(scratch) / f"{source.stem}.ipynb"
            nbformat.write(read_source(source), as_notebook)
        try:
            _run_cells(as_notebook, failed, parameters, limits)
        except PapermillExecutionError as e:
            if e.ename in OUT_OF_MEMORY:
                raise _no_memory(source, limits) from e
            raise SurveyError(
                source.name,
                f"cell {e.exec_count}: {e.ename}: {e.evalue}",
                remedy=f"The notebook as far as it came: {failed}",
            ) from e
        except (DeadKernelError, ZygoteDied) as e:
            if time.monotonic() - began >= limits.notebook_seconds:
                raise _too_slow(source, limits) from e
            raise _no_memory(source, limits) from e
        finally:
            ensure_event_loop().close()  # this thread's, with the timer of the limit
    put_in_place(failed, output)
    return output


def _run_cells(source: Path, output: Path, parameters: dict[str, Any], limits: Limits) -> None:
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's notice is no news
    os.environ[MEMORY_VARIABLE] = str(limits.kernel_memory_mb)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with closed_vault():  # notebooks have no business with who somebody is
        papermill.execute_notebook(
            source,
            output,
            parameters=parameters,
            kernel_name=KERNEL,
            progress_bar=False,
            request_save_on_cell_execute=False,  # twice a cell is seconds a notebook
            cwd=str(PROJECT),
            kernel_manager_class=type(
                "Limited", (LocalKernelManager,), {"seconds": limits.notebook_seconds}
            ),
            extra_arguments=KERNEL_OPTIONS,
            shutdown_kernel="immediate",  # its files are closed, all it told has come
        )


def _too_slow(source: Path, limits: Limits) -> SurveyError:
    return SurveyError(
        source.name,
        f"did not end within {limits.notebook_seconds} seconds",
        "a notebook that ends within the round's `limits.notebook_seconds`",
        "Raise the limit if it only needs longer, then run again.",
    )


def _no_memory(source: Path, limits: Limits) -> SurveyError:
    return SurveyError(
        source.name,
        "its kernel died or had no memory left",
        f"a kernel that needs at most the round's `limits.kernel_memory_mb`, {limits.kernel_memory_mb}",
        "Run again with fewer --jobs, or raise the limit on a machine that has more.",
    )


def typeset(
    executed: Path,
    destination: Path,
    round_: Round,
    *,
    kind: Kind,
    municipality: str = "",
    stem: str = "rapport",
    formats: tuple[str, ...] = ("html",),
) -> list[Path]:
    """Typeset one executed notebook as `<stem>.*`, its front matter told whom and when it is about.

    The municipality is put behind the title, the round behind the subtitle; the date is the round's
    last day of reporting.
    """
    notebook = nbformat.read(executed, as_version=4)
    front = notebook.cells[0]
    metadata = yaml.safe_load(front.source.strip().strip("-"))
    if municipality:
        metadata["title"] += f" i {municipality}"
    metadata["subtitle"] += f", {round_.settings.title}"
    metadata["date"] = round_.settings.calendar.reporting.end.isoformat()
    front.source = f"---\n{yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False)}---"
    return render(
        notebook,
        destination,
        name=executed.name,
        stem=stem,
        formats=formats,
        project=PROJECT,
        quarto=quarto_for(kind),
    )


def _of_municipality(round_: Round, code: str) -> dict[str, Any]:
    """Parameters of a municipality's notebook in a run: only there does it save."""
    return {"round": round_.id, "municipality": code, "save": True}


def plan_notebook(paths: Paths, round_: Round, code: str) -> StepOutcome:
    """Tells of a frozen sample that was kept though another would be drawn."""
    parameters, limits = _of_municipality(round_, code), round_.settings.limits
    execute(NOTEBOOKS / f"{PLAN}.ipynb", paths.notebook(PLAN, code), parameters, limits)
    kept = read_decision(paths, code)
    if kept is None:
        return StepOutcome()
    return StepOutcome(
        (
            f"{code} {round_.municipalities[code].name}: the frozen sample is kept, as decided "
            f"{kept.decided_on} by {kept.decided_by} ({kept.reason}). Drawn anew, {kept.told}.",
        )
    )


def analysis_notebook(paths: Paths, round_: Round, code: str) -> None:
    parameters, limits = _of_municipality(round_, code), round_.settings.limits
    execute(NOTEBOOKS / f"{ANALYSIS}.ipynb", paths.notebook(ANALYSIS, code), parameters, limits)


def report_notebook(paths: Paths, round_: Round, code: str) -> None:
    """`rapport.html`, `praesentation.pptx` and `resultater.xlsx` of one municipality."""
    place = round_.municipalities[code]
    executed = execute(
        NOTEBOOKS / f"{REPORT}.ipynb",
        paths.notebook(REPORT, code),
        _of_municipality(round_, code),
        round_.settings.limits,
    )
    typeset(
        executed,
        paths.report_folder(place),
        round_,
        kind=MUNICIPAL,
        municipality=place.official_name,
    )


def national_report(paths: Paths, round_: Round) -> None:
    """`national/rapport.html`, `national/rapport.pdf`, the method report and the dashboard."""
    from helpers.dashboard.dashboard import (
        write_national_dashboard,  # no other step of a worker needs it
    )

    executed = execute(
        REPORTS / "national.qmd",
        paths.notebook("national", "0000"),
        {"round": round_.id},
        round_.settings.limits,
    )
    typeset(executed, paths.national_folder, round_, kind=NATIONAL, formats=("html", "pdf"))
    method = execute(REPORTS / "method.qmd", paths.notebook("method", "0000"), {})
    typeset(method, paths.national_folder, round_, kind=NATIONAL, stem="metode")
    published, tiles = load_published(paths.root, round_), load_tiles(paths.root)
    write_national_dashboard(published, tiles, paths.national_folder / "dashboard.html")
