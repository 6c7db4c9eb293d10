"""Executed notebook → self-contained HTML and A4 PDF.

Quarto typesets in a temporary project folder of its own; the embedded renderer, pandoc and Typst, from the
same source with the same captions, cross-references, callouts and tables. `notebooks/renderers.py` says
which of the two.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import nbformat
import pypandoc
import typst
import yaml

from helpers.common import printing, style, theme
from helpers.common.paths import write_atomically
from helpers.notebooks.expansion import expanded
from helpers.notebooks.markdown import Document, RenderError, front_matter, read_document

__all__ = ["RenderError", "render"]

READER = (
    "markdown+pipe_tables+fenced_divs+bracketed_spans+link_attributes+implicit_figures"
    "+citations+footnotes+tex_math_dollars+raw_attribute+table_captions-raw_html-raw_tex"
)
PDF_STANDARD = "ua-1"
PROJECT_FOLDERS = ("_extensions", "reports")
NO_DOCUMENTS = shutil.ignore_patterns(
    "*.qmd", "*.ipynb", "*.quarto_ipynb", "*.html", "*.pdf", "*_files", ".*"
)
QUARTO_KEYS = ("format", "execute", "jupyter", "date-format")


def render(
    notebook: nbformat.NotebookNode,
    destination: Path,
    *,
    name: str,
    stem: str = "rapport",
    formats: Sequence[str] = ("html",),
    project: Path,
    quarto: Path | None = None,
) -> list[Path]:
    """Typeset an executed notebook as `destination/<stem>.html` and/or `.pdf`.

    `name`: what errors call the notebook. `quarto`: the program that typesets; None: the embedded renderer.
    All formats are made before any is put in place. Raises RenderError where the notebook holds an error, a
    reference has no target, or the program fails.
    """
    notebook = expanded(notebook)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        if quarto is not None:
            made = _by_quarto(quarto, notebook, work, name, stem, formats, project)
        else:
            made = _embedded(notebook, work, name, stem, formats)
        return [
            write_atomically(destination / path.name, lambda p, path=path: shutil.copyfile(path, p))
            for path in made
        ]


# ------------------------------------------------------------------------------------------ Quarto


def _by_quarto(
    quarto: Path,
    notebook: nbformat.NotebookNode,
    work: Path,
    name: str,
    stem: str,
    formats: Sequence[str],
    project: Path,
) -> list[Path]:
    """Quarto applies `_quarto.yml` only to documents inside its project folder, so make one."""
    _copy_project(project, work)
    nbformat.write(notebook, work / f"{stem}.ipynb")
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(_epoch(notebook))}
    for form in formats:
        to = {"html": "html", "pdf": "typst"}[form]
        call = [str(quarto), "render", f"{stem}.ipynb", "--to", to]
        ended = subprocess.run(call, cwd=work, capture_output=True, text=True, env=environment)
        if ended.returncode:
            raise RenderError(name, f"quarto failed: {ended.stderr.strip()[-800:]}")
    return [work / f"{stem}.{form}" for form in formats]


def _copy_project(project: Path, work: Path) -> None:
    """What reports may be typeset by: `_quarto.yml` and its like, `_extensions/`, what lies in `reports/`, and fonts;
    not the documents themselves, nor what an author's preview leaves beside them."""
    for path in sorted(project.iterdir()):
        if path.is_file() and path.name.startswith("_"):
            shutil.copyfile(path, work / path.name)
        elif path.name in PROJECT_FOLDERS:
            shutil.copytree(path, work / path.name, ignore=NO_DOCUMENTS)
    settings = yaml.safe_load((project / "_quarto.yml").read_text("utf-8"))
    for key in ("render", "output-dir"):
        settings.get("project", {}).pop(key, None)
    (work / "_quarto.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")
    with as_file(files("helpers") / "assets" / "fonts") as fonts:
        shutil.copytree(fonts, work / "src" / "helpers" / "assets" / "fonts")


def _epoch(notebook: nbformat.NotebookNode) -> int:
    """The report's date in its front matter, as seconds; without one the first day there is."""
    metadata, _ = front_matter(notebook)
    try:
        day = dt.date.fromisoformat(str(metadata.get("date")))
    except ValueError:
        return 0
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())


# ---------------------------------------------------------------------------------------- embedded


def _embedded(
    notebook: nbformat.NotebookNode, work: Path, name: str, stem: str, formats: Sequence[str]
) -> list[Path]:
    document = read_document(notebook, work / "figures", name)
    makers = {"html": _html, "pdf": _pdf}
    with as_file(files("helpers") / "assets") as assets:
        return [makers[form](document, work, stem, assets) for form in formats]


def _pandoc(document: Document, work: Path, arguments: list[str], name: str) -> str:
    """Run pandoc in `work`; the filter numbers and resolves, and complains on standard error."""
    # wide lines, or pipe tables get the widths of their rules instead of their contents
    call = [pypandoc.get_pandoc_path(), f"--from={READER}", "--columns=10000", *arguments]
    ended = subprocess.run(
        call, input=document.markdown.encode("utf-8"), cwd=work, capture_output=True
    )
    complaint = ended.stderr.decode("utf-8", "replace").strip()
    if ended.returncode:
        raise RenderError(name, complaint.splitlines()[-1] if complaint else "pandoc failed")
    return ended.stdout.decode("utf-8")


def _metadata(document: Document, work: Path) -> Path:
    """Front matter for pandoc; the keys of Quarto's formats stay behind."""
    keep = {k: v for k, v in document.metadata.items() if k not in QUARTO_KEYS}
    written = str(keep.pop("date", ""))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", written):
        keep["date"] = printing.date(dt.date.fromisoformat(written))
    elif written not in ("", "today"):  # Quarto's word for the day of rendering: not reproducible
        keep["date"] = written
    path = work / "metadata.yml"
    path.write_text(yaml.safe_dump({"lang": "da", **keep}, allow_unicode=True), "utf-8")
    return path


def _common(document: Document, work: Path, assets: Path) -> list[str]:
    arguments = [
        f"--metadata-file={_metadata(document, work)}",
        f"--lua-filter={assets / 'render' / 'quarto.lua'}",
        "--standalone",
    ]
    if document.metadata.get("number-sections"):
        arguments.append("--number-sections")
    if document.metadata.get("toc"):
        arguments += ["--toc", f"--toc-depth={document.metadata.get('toc-depth', 2)}"]
    return arguments


def _html(document: Document, work: Path, stem: str, assets: Path) -> Path:
    folder = assets / "render"
    look = work / "theme.html"
    look.write_text(f"<style>\n{theme.css_variables()}{theme.font_faces()}</style>\n", "utf-8")
    arguments = [
        *_common(document, work, assets),
        "--to=html5",
        "--mathml",
        "--embed-resources",
        "--section-divs",
        f"--template={folder / 'report.html'}",
        f"--include-in-header={look}",
        f"--css={folder / 'report.css'}",
    ]
    path = work / f"{stem}.html"
    path.write_text(_pandoc(document, work, arguments, stem), "utf-8")
    return path


def _full_width(typst_source: str) -> str:
    """Tables as wide as the text: the first column takes the room that the others leave."""

    def columns(match: re.Match) -> str:
        return f"columns: (1fr, {'auto, ' * (int(match[1]) - 1)}),"

    return re.sub(r"columns: (\d+),", columns, typst_source)


def _pdf(document: Document, work: Path, stem: str, assets: Path) -> Path:
    arguments = [
        *_common(document, work, assets),
        "--to=typst",
        f"--template={assets / 'render' / 'report.typ'}",
        *(f"--variable={name}:{colour}" for name, colour in style.TOKENS.items()),
        f"--variable=family:{style.FONT}",
    ]
    source = work / f"{stem}.typ"
    source.write_text(_full_width(_pandoc(document, work, arguments, stem)), "utf-8")
    path = work / f"{stem}.pdf"
    try:
        pdf = typst.compile(
            str(source),
            root=str(work),
            font_paths=[str(assets / "fonts")],
            ignore_system_fonts=True,
            pdf_standards=PDF_STANDARD,
        )
    except typst.TypstError as e:
        raise RenderError(stem, f"Typst: {e}") from e
    path.write_bytes(pdf)
    return path
