"""Typesetting: one executed notebook, HTML and PDF with the same captions and numbers."""

import copy
import io
import re
import sys

import matplotlib
import nbformat
import pytest
import typst
from pypdf import PdfReader

from helpers.common.paths import PROJECT
from helpers.notebooks.expansion import expanded
from helpers.notebooks.markdown import RenderError, cell_options
from helpers.notebooks.render import _copy_project, render
from helpers.notebooks.renderers import find_quarto
from helpers.pipeline.steps import STEPS

matplotlib.use("svg")
FRONT = """---
title: "Borgernes møde med jobcentret"
subtitle: "Borgerundersøgelse på beskæftigelsesområdet"
author: KL
date: "2024-04-05"
lang: da
toc: true
number-sections: true
---"""
TEXT = """# Sammenfatning {#sec-sum}

Se @fig-a, @tbl-b og @sec-to. Æblegrød på Ærø, åndsværk.

::: {.callout-note}
Tallene er vægtede.
:::

::: {.callout-warning title="Simulerede tal"}
Alle er opdigtede.
:::

::: {.content-visible when-format="html"}
Kun på skærmen.
:::

::: {.content-visible when-format="typst"}
Kun på papir.
:::

$$ w_h = N_h / n_h $$
"""


def svg() -> str:
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(5, 2))
    ax.barh(["Mødet", "Mål"], [4, 3.5])
    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "test"}):
        fig.savefig(out, format="svg", metadata={"Date": None})
    plt.close(fig)
    return out.getvalue()


def code(source, *outputs, tags=()):
    cell = nbformat.v4.new_code_cell(source)
    cell.outputs = [nbformat.v4.new_output("display_data", data) for data in outputs]
    cell.metadata["tags"] = list(tags)
    return cell


@pytest.fixture
def notebook():
    table = "| Kommune | Svar |\n|:---|---:|\n" + "".join(f"| By {i} | {i} |\n" for i in range(60))
    cells = [
        nbformat.v4.new_raw_cell(FRONT),
        code('round = "demo"', {"text/plain": "hemmelig parameter"}, tags=["parameters"]),
        nbformat.v4.new_markdown_cell(TEXT),
        code('#| label: fig-a\n#| fig-cap: "Gennemsnit."\n#| fig-alt: "Søjler"\ndraw()', {"image/svg+xml": svg()}),
        nbformat.v4.new_markdown_cell("# Tabeller {#sec-to}"),
        code('#| label: tbl-b\n#| tbl-cap: "Svar pr. kommune."\nshow()', {"text/markdown": table}),
        code('#| label: tbl-c\n#| tbl-cap: "En HTML-tabel."\nshow()',
             {"text/html": "<table><tr><th>Gruppe</th></tr><tr><td>Kvinder</td></tr></table>"}),
    ]  # fmt: skip
    return nbformat.v4.new_notebook(cells=cells)


def typeset(notebook, folder, **more):
    return render(
        notebook, folder, name="source.ipynb", formats=("html", "pdf"), project=PROJECT,
        **more,
    )  # fmt: skip


def pdf_text(path) -> str:
    return " ".join(
        " ".join(p.extract_text() for p in PdfReader(path).pages).replace("\xa0", " ").split()
    )


def test_html_is_whole_in_itself_and_danish(notebook, tmp_path):
    html, _ = typeset(notebook, tmp_path / "out")
    text = html.read_text("utf-8")
    assert '<html lang="da">' in text
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]+"', text)
    assert not re.findall(r"url\((?!['\"]?data:)[^)]+\)", text)
    for wanted in (
        "Æblegrød på Ærø",
        "Bemærk",
        "Simulerede tal",
        "Kun på skærmen",
        "Borgernes møde",
    ):
        assert wanted in text
    for hidden in ("Kun på papir", "hemmelig parameter", "draw()"):
        assert hidden not in text


@pytest.mark.parametrize(
    "given, printed",
    [("2024-04-05", "5. april 2024"), ("april 2024", "april 2024"), ("today", None)],
)
def test_dates_are_printed_in_danish_and_never_the_day_of_rendering(
    notebook, tmp_path, given, printed
):
    def dated(cells):
        cells[0].source = cells[0].source.replace("2024-04-05", given)

    dated(notebook.cells)
    html = typeset(notebook, tmp_path / "out")[0].read_text("utf-8")
    assert ("today" not in html) and ((printed is None) or (printed in html))


def test_captions_and_references_agree_in_both(notebook, tmp_path):
    html, pdf = typeset(notebook, tmp_path / "out")
    on_screen = re.sub(r"<[^>]+>", "", html.read_text("utf-8")).replace("\xa0", " ")
    on_screen = " ".join(on_screen.split())
    on_paper = pdf_text(pdf)
    for wanted in ("Se Figur 1, Tabel 1 og Afsnit 2", "Figur 1: Gennemsnit.", "Tabel 1: Svar pr. kommune.",
                   "Tabel 2: En HTML-tabel."):  # fmt: skip
        assert wanted in on_screen
        assert wanted in on_paper
    assert 'alt="Søjler"' in html.read_text("utf-8")


def test_pdf_is_a4_with_contents_and_page_numbers(notebook, tmp_path):
    _, pdf = typeset(notebook, tmp_path / "out")
    reader = PdfReader(pdf)
    width, height = reader.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)
    assert reader.trailer["/Root"]["/Lang"].lower().startswith("da")
    text = pdf_text(pdf)
    assert f"Side 2 af {len(reader.pages)}" in text
    assert "Indhold" in text
    assert "Kun på papir" in text
    assert "Kun på skærmen" not in text
    assert "Kvinder" in text  # the HTML table as cells
    assert text.count("Kommune Svar") >= 2  # the long table repeats its headings


def test_same_notebook_same_bytes(notebook, tmp_path):
    first = [p.read_bytes() for p in typeset(notebook, tmp_path / "a")]
    assert [p.read_bytes() for p in typeset(notebook, tmp_path / "b")] == first


def test_reference_without_target_is_refused_and_old_output_stays(notebook, tmp_path):
    folder = tmp_path / "out"
    before = [p.read_bytes() for p in typeset(notebook, folder)]

    def stray(cells):
        cells[2].source += "\nSe også @fig-nowhere."

    stray(notebook.cells)
    with pytest.raises(RenderError, match="@fig-nowhere has no target"):
        typeset(notebook, folder)
    assert [p.read_bytes() for p in sorted(folder.iterdir())] == before


def test_error_output_is_refused_with_its_cell(notebook, tmp_path):
    def fail(cells):
        cells[3].outputs = [
            nbformat.v4.new_output("error", ename="ValueError", evalue="", traceback=[])
        ]

    fail(notebook.cells)
    with pytest.raises(RenderError, match=r"source.ipynb, cell 3: ValueError"):
        typeset(notebook, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_behind(notebook, tmp_path):
    typeset(notebook, tmp_path / "out", stem="metode")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["metode.html", "metode.pdf"]


def test_options_at_the_head_of_a_cell():
    options, rest = cell_options('#| label: fig-a\n#| fig-cap: "Et: to"\nx = 1')
    assert options == {"label": "fig-a", "fig-cap": "Et: to"}
    assert rest == "x = 1"


@pytest.mark.skipif(find_quarto() is None, reason="quarto is not installed")
def test_quarto_typesets_the_same_source(notebook, tmp_path):
    made = render(
        notebook,
        tmp_path / "q",
        name="q",
        formats=("html", "pdf"),
        project=PROJECT,
        quarto=find_quarto(),
    )
    assert [p.name for p in made] == ["rapport.html", "rapport.pdf"]
    assert "Tabel 1" in made[0].read_text("utf-8").replace("\xa0", " ").replace("&nbsp;", " ")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_quarto_gets_a_project_of_its_own(notebook, tmp_path):
    """The call that Quarto gets, with a stand-in for the program: folder, arguments, settings."""
    program = tmp_path / "bin" / "quarto"
    program.parent.mkdir()
    program.write_text(
        "#!/bin/sh\n"
        'test -f _quarto.yml && test -f "$2" && test -d src/helpers/assets/fonts || exit 3\n'
        'grep -q "^  render" _quarto.yml && exit 4\n'
        'case "$4" in html) end=html ;; typst) end=pdf ;; *) exit 5 ;; esac\n'
        'echo "$*" > "${2%.ipynb}.$end"\n'
    )
    program.chmod(0o755)
    html, pdf = render(
        notebook, tmp_path / "q", name="q", formats=("html", "pdf"), project=PROJECT, quarto=program
    )
    assert html.read_text() == "render rapport.ipynb --to html\n"
    assert pdf.read_text() == "render rapport.ipynb --to typst\n"
    assert sorted(p.name for p in (tmp_path / "q").iterdir()) == ["rapport.html", "rapport.pdf"]


def test_long_headings_leave_the_first_column_its_room(notebook, tmp_path):
    """On one line of the page, though five headings would fill it, were they not hyphenated."""
    label = "Tættere på job eller uddannelse"
    heads = [
        f"{word}modtagere"
        for word in ("Sygedagpenge", "Dagpenge", "Kontanthjælps", "Ledigheds", "Ressource")
    ]
    table = "\n".join(
        "| " + " | ".join(cells) + " |"
        for cells in (["Spørgsmål", *heads], [":---", *["---:"] * 5], [label, *["4,30"] * 5])
    )
    cell = code('#| label: tbl-wide\n#| tbl-cap: "Bred."\nshow()', {"text/markdown": table})
    notebook.cells.append(cell)
    _, pdf = typeset(notebook, tmp_path / "out")
    lines = [line for p in PdfReader(pdf).pages for line in p.extract_text().split("\n")]
    [row] = [line for line in lines if line.startswith(label)]
    assert row.count("4,30") == 5


def test_what_quarto_typesets_by_makes_reports_stale(tmp_path):
    _copy_project(PROJECT, tmp_path)
    copied = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    fonts = {n for n in copied if n.startswith("src/helpers/assets/fonts/")}
    assert fonts and copied - fonts == set(STEPS["national"].sources) - {
        "reports/national.qmd", "reports/method.qmd",
    }  # fmt: skip
    assert copied - fonts <= set(STEPS["report"].sources)


def test_when_and_how_long_a_notebook_ran_is_not_typeset(notebook):
    """Papermill's times, tags apart from it, and execution counts; what was shown is the same."""
    ran = copy.deepcopy(notebook)
    ran.metadata["papermill"] = {"start_time": "2024-06-01T12:00:00", "duration": 3.25}
    for number, cell in enumerate(ran.cells):
        cell.metadata["papermill"] = {"duration": number / 7}
        if cell.cell_type == "code":
            cell["execution_count"] = number
    assert expanded(ran) == expanded(notebook)
    assert [c.get("outputs") for c in expanded(ran).cells] == [
        c.get("outputs") for c in notebook.cells
    ]


def test_a_long_table_goes_on_over_the_page_as_quarto_writes_it():
    """Quarto's tables are figures, which Typst keeps on one page unless told otherwise: rows then lie on
    one another."""
    rows = "".join(f"[Kommune {i}], [{i}]," for i in range(80))
    figure = f"#figure(table(columns: 2, {rows}), kind: table, caption: [Alle.])"
    header = (PROJECT / "reports" / "quarto.typ").read_text("utf-8")

    def pages(source: str) -> list[str]:
        pdf = typst.compile(source.encode())
        return [p.extract_text() for p in PdfReader(io.BytesIO(pdf)).pages]

    assert len(pages(figure)) == 1, "the header would not be needed"
    found = pages(f"{header}\n{figure}")
    assert len(found) > 1 and all(f"Kommune {i}" in " ".join(found) for i in range(80))
