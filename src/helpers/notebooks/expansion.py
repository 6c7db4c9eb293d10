"""A cell that shows several things, as many as the questionnaire has scales, say, becomes as many cells
before the notebook is typeset, so that each figure has its own caption and each heading its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import nbformat

from helpers.common.vocabulary import DOCUMENT_CELL as CELL


def expanded(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with a cell for each output that asks for one; the rest as it is."""
    cells = [part for cell in notebook.cells for part in _parts(cell)]
    return nbformat.from_dict({**notebook, "cells": cells})


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
