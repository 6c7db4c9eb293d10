"""How long a kernel takes until it is ready, and what a notebook costs besides its cells.

    python -m benchmarks.performance_kernels         (SURVEY_COLD_KERNELS=1: ordinary kernels)

Measures once, in this new process as in a new worker, and prints seconds as JSON.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path

import nbformat

from helpers.notebooks.execution import (
    ANALYSIS,
    NOTEBOOKS,
    PLAN,
    REPORT,
    LocalKernelManager,
    execute,
)
from helpers.notebooks.kernels import KERNEL

PATIENCE_SECONDS = 120


async def started(imports: str) -> tuple[float, float]:
    """Seconds until a kernel answers, and until it has also imported what the notebooks need."""
    began = time.perf_counter()
    manager = LocalKernelManager(kernel_name=KERNEL)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE_SECONDS)
        answers = time.perf_counter() - began
        reply = await client.execute_interactive(imports, timeout=PATIENCE_SECONDS)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(reply["content"]["evalue"])
        return answers, time.perf_counter() - began
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def imports_of_notebooks() -> str:
    """Every import line of the three notebooks."""
    cells = [c for name in (PLAN, ANALYSIS, REPORT)
             for c in nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4).cells if c.cell_type == "code"]  # fmt: skip
    lines = [line for c in cells for line in c.source.splitlines()]
    return "\n".join(dict.fromkeys(w for w in lines if w.startswith(("import ", "from "))))


def almost_empty_notebook() -> float:
    """Seconds of a notebook whose one cell does nothing, executed as the round's notebooks are."""
    code = nbformat.v4.new_code_cell
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [code('word = "none"', metadata={"tags": ["parameters"]}), code("pass")]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "empty.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), source)
        began = time.perf_counter()
        execute(source, Path(folder) / "executed.ipynb", {"word": "some"})
        return time.perf_counter() - began


def main() -> None:
    imports = imports_of_notebooks()
    first, first_imported = asyncio.run(started(imports))
    later, later_imported = asyncio.run(started(imports))
    print(
        json.dumps(
            {
                "the first kernel of a worker answers": first,
                "… and has imported what the notebooks need": first_imported,
                "each later kernel answers": later,
                "… and has imported it": later_imported,
                "a notebook with an empty cell, from papermill's start to the saved file": almost_empty_notebook(),
            }
        )
    )


if __name__ == "__main__":
    main()
