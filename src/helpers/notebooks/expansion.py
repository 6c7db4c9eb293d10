"""A notebook as it is typeset: a cell that shows several things, as many as the questionnaire has scales, say,
is as many cells, so that each figure has its own caption and each heading its place; and no trace of when
and how long it ran."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import nbformat

from helpers.common.vocabulary import DOCUMENT_CELL as CELL

KEPT_OF_NOTEBOOK = ("kernelspec", "language_info")


def expanded(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with a cell for each output that asks for one, and without times and counts."""
    cells = [_timeless(part) for cell in notebook.cells for part in _parts(cell)]
    kept = {k: v for k, v in notebook.metadata.items() if k in KEPT_OF_NOTEBOOK}
    return nbformat.from_dict({**notebook, "metadata": kept, "cells": cells})


def _timeless(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The cell with its tags alone, and outputs without numbers."""
    cell = copy.copy(cell)
    cell["metadata"] = {k: v for k, v in cell.metadata.items() if k == "tags"}
    if cell.cell_type == "code":
        cell["execution_count"] = None
        cell["outputs"] = [
            {**o, "execution_count": None} if o["output_type"] == "execute_result" else o
            for o in cell.get("outputs", [])
        ]
    return cell


def _parts(cell: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    outputs = cell.get("outputs", [])
    if not any(CELL in o.get("metadata", {}) for o in outputs):
        yield cell
        return
    for number, output in enumerate(outputs):
        wanted = dict(output.get("metadata", {}).get(CELL, {}))
        name = f"{cell.get('id', 'cell')}-{number}"
        if wanted.pop("cell_type", "code") == "markdown":
            yield nbformat.v4.new_markdown_cell(output["data"]["text/markdown"], id=name)
            continue
        made = copy.deepcopy(cell)
        options = [f"#| {k}: {json.dumps(v, ensure_ascii=False)}" for k, v in wanted.items()]
        made.update(id=name, source="\n".join(options), outputs=[output])
        yield made
