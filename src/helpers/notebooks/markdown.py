"""An executed notebook → one Pandoc Markdown document with its figures, by Quarto's conventions.

Understood: the raw YAML cell in front, `#|` options at the head of a code cell (`label`, `fig-cap`,
`fig-alt`, `tbl-cap`, `echo`, `include`, `output`), Markdown, SVG, PNG and HTML outputs.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

from helpers.common.errors import SurveyError

HIDDEN_TAGS = {"parameters", "injected-parameters"}
PAGEBREAK = re.compile(r"^\{\{<\s*pagebreak\s*>\}\}\s*$", re.M)
TYPST_PAGEBREAK = "```{=typst}\n#pagebreak(weak: true)\n```"


class RenderError(SurveyError):
    """A notebook cannot be typeset as it is."""


@dataclass(frozen=True)
class Document:
    """Front matter and Markdown of one notebook; figures lie beside as files."""

    metadata: dict
    markdown: str


def read_document(notebook: nbformat.NotebookNode, folder: Path, name: str) -> Document:
    """Write the figures into `folder` and give the Markdown that refers to them.

    Raises RenderError where a cell's output is an error.
    """
    metadata, cells = front_matter(notebook)
    echo_all = bool((metadata.get("execute") or {}).get("echo", False))
    parts = []
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type == "markdown":
            parts.append(PAGEBREAK.sub(TYPST_PAGEBREAK, cell.source))
        elif cell.cell_type == "code":
            parts += _code_cell(cell, number, folder, name, echo_all)
    return Document(metadata, "\n\n".join(p for p in parts if p.strip()) + "\n")


def front_matter(notebook: nbformat.NotebookNode) -> tuple[dict, list]:
    """The YAML at the head, and the cells behind it."""
    cells = list(notebook.cells)
    if cells and cells[0].cell_type in ("raw", "markdown"):
        match = re.fullmatch(r"\s*---\n(.*?)\n---\s*", cells[0].source, re.S)
        if match:
            return yaml.safe_load(match[1]) or {}, cells[1:]
    return {}, cells


def cell_options(source: str) -> tuple[dict, str]:
    """The `#|` lines at the head of a cell as options, and the code behind them."""
    lines = source.splitlines()
    head = []
    while lines and lines[0].startswith("#|"):
        head.append(lines.pop(0)[2:].removeprefix(" "))
    options = yaml.safe_load("\n".join(head)) if head else None
    return options or {}, "\n".join(lines)


def _code_cell(cell, number: int, folder: Path, name: str, echo_all: bool) -> list[str]:
    options, code = cell_options(cell.source)
    if HIDDEN_TAGS & set(cell.metadata.get("tags", [])) or options.get("include") is False:
        return []
    parts = []
    echo = options.get("echo", echo_all)
    if echo and code.strip():
        parts.append(f"```python\n{code}\n```")
    if options.get("output") is False:
        return parts
    figures = 0
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            raise RenderError(
                f"{name}, cell {number}",
                f"{output.ename} in the executed notebook",
                "a notebook that ran to its end",
                "Run the step again and see its message.",
            )
        if output.output_type == "stream":
            if echo and output.name == "stdout":
                parts.append(f"```\n{output.text.rstrip()}\n```")
            continue
        data = output.get("data", {})
        if "image/svg+xml" in data or "image/png" in data:
            figures += 1
            path = _save_figure(data, folder, f"{number:03d}-{figures}")
            parts.append(_figure(path, options, figures))
        elif "text/markdown" in data:
            parts.append(_captioned(data["text/markdown"], options))
        elif "text/html" in data:
            raw = f"````{{=html}}\n{data['text/html']}\n````"
            parts.append(_captioned(raw, options))
    return parts


def _save_figure(data: dict, folder: Path, stem: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    if "image/svg+xml" in data:
        path = folder / f"{stem}.svg"
        path.write_text(data["image/svg+xml"], encoding="utf-8")
    else:
        path = folder / f"{stem}.png"
        path.write_bytes(base64.b64decode(data["image/png"]))
    return f"{folder.name}/{path.name}"


def _attribute(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"')


def _figure(path: str, options: dict, nth: int) -> str:
    label = str(options.get("label", ""))
    identifier = f"#{label} " if label.startswith("fig-") and nth == 1 else ""
    alt = options.get("fig-alt") or options.get("fig-cap") or ""
    caption = str(options.get("fig-cap", "")) if nth == 1 else ""
    return f'![{caption}]({path}){{{identifier}fig-alt="{_attribute(alt)}"}}'


def _captioned(content: str, options: dict) -> str:
    """A table with label and caption stands in a division that the filter numbers."""
    label = str(options.get("label", ""))
    if not label.startswith("tbl-"):
        return content
    caption = _attribute(options.get("tbl-cap", ""))
    return f':::: {{#{label} tbl-cap="{caption}"}}\n{content}\n::::'
