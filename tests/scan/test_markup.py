"""Text from outside is printed as it is written: in Markdown, HTML, Typst, CSV, workbooks and decks."""

from __future__ import annotations

import ast
import csv
import io
import re
import subprocess
import zipfile

import nbformat
import openpyxl
import pandas as pd
import pyarrow as pa
import pypandoc
import pytest
from IPython.display import Markdown
from lxml import etree
from published_fixture import make_published
from pypdf import PdfReader

from helpers.bi.star import write_star
from helpers.common.markdown_text import (
    Markup,
    bullets,
    heading,
    literal,
    markdown_table,
    prose,
    together,
)
from helpers.common.paths import PACKAGE, PROJECT, Paths
from helpers.common.spreadsheets import inert, inert_frame, inert_table
from helpers.dashboard.dashboard import write_dashboard
from helpers.deck.deck import write_deck
from helpers.notebooks.render import READER, render
from helpers.preparation.ics import calendar_ics
from helpers.reports import local_results, sentences, tables
from helpers.workbook.workbook import write_workbook

ATTACKS = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<b>fed</b>", "&lt;b&gt;", "<!-- væk -->",
    "`#(7*191)`{=typst}", "`<b>x</b>`{=html}", "```{=html} <b>x</b> ```", "#(7*191)", "#text(red)[x]",
    "\\textbf{x} \\input{/etc/passwd}", "$x_1$ og $2^3$", "$$x$$", "[klik](javascript:alert(1))",
    "![x](/etc/passwd)", "<https://ond.example>", "[^1] og [^note]", "@fig-a og @sec-b", "[@kilde]",
    "::: {.callout-note}", "{.skjult}", "# Overskrift", "- punkt", "+ punkt", "* punkt", "1. punkt", "(a) punkt",
    "> citat", "~~slettet~~", "H~2~O og x^2^", "*fed* og _kursiv_ og **begge**", "a | b | c", "| a | b |",
    "'enkelt' og \"dobbelt\"", "a -- b --- c", "og så...", "`kode`", "\\", "a\\|b", "{{< pagebreak >}}",
    "{{< include /etc/passwd >}}", "=HYPERLINK(\"http://ond.example\";\"x\")", "---", "===", ": term", "% titel",
]  # fmt: skip
ORDINARY = [
    "Mødet med jobcentret", "<5", "> 13 uger", "#1", "pris $5", "A*", "b_c_d", "[se her]", "50 %", "3. kvartal",
    "16–29 år", "Job- og udd.parate", "(få)", "»Ja« & »nej«", "kl. 12.30 – 14", "A+", "-5", "1.234,5", "\u00a0%",
    "Æblegrød på Ærø!", "50+", "C#", "100 ~ 200", "x^y", "me@home", "Hvad... nu?",
]  # fmt: skip
EVERY = [*ATTACKS, *ORDINARY]


def shown(text: str) -> str:
    """As a reader sees it: no-break spaces and runs of spaces as one."""
    return " ".join(text.replace("\u00a0", " ").split())


def html_of(markdown: str) -> etree._Element:
    call = [
        pypandoc.get_pandoc_path(),
        f"--from={READER}",
        "--to=html5",
        "--columns=10000",
        "--mathml",
    ]
    made = subprocess.run(
        call, input=markdown.encode(), capture_output=True, check=True
    ).stdout.decode()
    return etree.fromstring(f"<div>{made}</div>", etree.HTMLParser())


PLACES = {
    "prose": lambda t: prose(f"Før {t}").data,
    "prose alone": lambda t: prose(t).data,
    "bullet": lambda t: bullets([t, "Andet"]).data,
    "heading": lambda t: heading(t).data,
    "cell": lambda t: markdown_table(["Gruppe", "Svar"], [[t, "1"], ["b", "2"]]),
    "column heading": lambda t: markdown_table([t, "Svar"], [["a", "1"], ["b", "2"]]),
    "beside a table": lambda t: together(Markup(markdown_table(["a", "b"], [["c", "d"]])), t).data,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_text_is_printed_as_written_and_is_no_markup(place):
    """All texts at once, a document each, apart by rules that no text can make."""
    documents = [PLACES[place](text) for text in EVERY]
    apart = "\n\n```{=html}\n<hr class='apart'/>\n```\n\n"
    root = html_of(apart.join(documents))
    pieces, at = [[]], root.iter()
    for element in at:
        if element.tag == "hr" and element.get("class") == "apart":
            pieces.append([])
        elif element.tag not in ("html", "body", "div"):
            pieces[-1].append(element)
    assert len(pieces) == len(EVERY)
    allowed = {
        "p",
        "ul",
        "li",
        "h2",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "colgroup",
        "col",
    }
    for text, piece in zip(EVERY, pieces):
        assert {e.tag for e in piece} <= allowed, (text, [e.tag for e in piece])
        told = shown(
            " ".join("".join(e.itertext()) for e in piece if e.tag in ("p", "li", "h2", "th", "td"))
        )
        assert shown(text) in told, (text, told)


def test_what_is_markup_already_stays():
    assert literal(Markup("**a**")) == "**a**" and literal(literal("*a*")) == literal("*a*")


# ------------------------------------------------------------------------------------ typeset documents


def document(*texts: str) -> nbformat.NotebookNode:
    """Each text as data of every kind a notebook has."""
    cells = [nbformat.v4.new_raw_cell("---\ntitle: Prøve\nlang: da\n---")]
    for made in (prose("\n\n".join(f"Før {t}" for t in texts)), bullets(texts), Markdown(
        markdown_table(["Gruppe", "Svar"], [[t, "1"] for t in texts])
    )):  # fmt: skip
        output = nbformat.v4.new_output(
            "display_data", {"text/markdown": made.data, "text/plain": ""}
        )
        cells.append(nbformat.v4.new_code_cell("x", outputs=[output]))
    return nbformat.v4.new_notebook(cells=cells)


def test_a_typeset_report_has_no_markup_of_data_in_html_or_pdf(tmp_path):
    made = render(
        document(*EVERY), tmp_path, name="prøve", formats=("html", "pdf"), project=PROJECT
    )  # fmt: skip
    page = made[0].read_text("utf-8")
    body = page[page.index("<body") :]
    root = etree.fromstring(page, etree.HTMLParser())
    found = {e.tag for e in root.iter() if isinstance(e.tag, str)}
    assert not found & {
        "img",
        "script",
        "b",
        "math",
        "a",
        "sup",
        "sub",
        "em",
        "strong",
        "code",
        "blockquote",
    } or ({e.get("class") for e in root.iter("a")} <= {None, "skip"})
    assert not list(root.iter("img", "b", "math", "em", "strong", "blockquote"))
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", body)
    read = shown("".join(root.itertext()))
    for text in EVERY:
        assert shown(text) in read, text
    pdf = "".join(shown(p.extract_text()) for p in PdfReader(made[1]).pages)
    assert "1337" not in pdf and "#(7*191)" in pdf


def test_raw_html_in_an_output_is_text_even_where_nobody_escaped_it(tmp_path):
    output = nbformat.v4.new_output(
        "display_data", {"text/markdown": "Før <img src=x onerror=a> efter"}
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[output])])
    [page] = render(book, tmp_path, name="prøve", project=PROJECT)
    assert "<img" not in page.read_text("utf-8").partition("<body")[2]


# --------------------------------------------------------------------------- where Markdown may be made


def test_no_other_module_makes_markdown():
    made = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and getattr(
                node.func, "id", getattr(node.func, "attr", "")
            )
            if called == "Markdown":
                made.append(path.name)
    assert set(made) == {"markdown_text.py"}
    books = [*PROJECT.glob("notebooks/*.ipynb"), *PROJECT.glob("reports/*.qmd")]
    assert books and not [b.name for b in books if "Markdown(" in b.read_text("utf-8")]


def test_trusted_markdown_holds_nothing_unescaped():
    """Every expression in a text given to `trusted` is a number, a constant, or made by this module."""
    safe = {
        "literal",
        "markdown_table",
        "table",
        "len",
        "_opened",
        "_wrapped",
        "number",
        "join",
        "replace",
    }
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name == "markdown_text.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "trusted":
                for value in ast.walk(node.args[0]):
                    if isinstance(value, ast.FormattedValue) and isinstance(value.value, ast.Call):
                        f = value.value.func
                        name = getattr(f, "id", getattr(f, "attr", ""))
                        assert name in safe, (path.name, name)


# --------------------------------------------------------------------- local texts of a municipality


@pytest.fixture(scope="module")
def attacked():
    """Numbers of a municipality whose local question, scale, background and categories are attacks."""
    published = make_published()
    code = next(
        m.code for m in published.municipalities if published.round.local_for(m.code).questions
    )
    local = published.round.local_for(code)
    attack = "<img src=x onerror=alert(1)> `#(7*191)`{=typst} *fed*"
    questions = tuple(
        q.model_copy(update={"short": attack, "wording": f"=HYPERLINK {attack}"})
        for q in local.questions
    )
    background = tuple(
        b.model_copy(update={"label": f"=1+1 {attack}", "categories": dict.fromkeys(b.categories, attack)})
        for b in local.background
    )  # fmt: skip
    own = local.model_copy(update={"questions": questions, "background": background})
    round_ = published.round.model_copy(update={"local": {**published.round.local, code: own}})
    from dataclasses import replace

    return replace(published, round=round_), code, attack


def test_local_texts_are_printed_as_written_in_the_report(attacked):
    published, code, attack = attacked
    made = [
        local_results.introduction(published, code), local_results.questions_title(published, code),
        local_results.questions_table(published, code), local_results.groups_title(published, code),
        local_results.groups_table(published, code), local_results.differences_table(published, code),
        tables.wordings(published, code), sentences.participants(published),
    ]  # fmt: skip
    seen = 0
    for part in made:
        if part is None:
            continue
        root = html_of(part.data)
        assert not list(root.iter("img", "em", "b", "code"))
        text = shown("".join(root.itertext()))
        seen += shown(attack) in text
        assert "1337" not in text
    assert seen >= 2


# ------------------------------------------------------------------------------------------ spreadsheets

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("x")']
TEXTS = ["Ja", "16–29", "–", "'x", "a=b", "", " ", "50 %", "(få)"]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_is_no_formula(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("text", TEXTS)
def test_other_cells_stay(text):
    assert inert(text) == text


def test_a_whole_table_is_as_its_cells():
    table = pa.table(
        {"=a": [*FORMULAS, *TEXTS, None], "n": [-1.5] * (len(FORMULAS) + len(TEXTS) + 1)}
    )
    made = inert_table(table)
    assert made.column_names == ["'=a", "n"]
    assert made.column(0).to_pylist() == [*(f"'{t}" for t in FORMULAS), *TEXTS, None]
    assert made.column(1).to_pylist() == table.column(1).to_pylist()


def test_a_frame_is_as_its_cells_and_the_same_where_none_changes():
    frame = pd.DataFrame({"a": [*FORMULAS, *TEXTS, None], "n": -1.5})
    made = inert_frame(frame)
    assert made["a"].tolist()[:-1] == [*(f"'{t}" for t in FORMULAS), *TEXTS]
    assert pd.isna(made["a"].iloc[-1])
    assert made["n"].equals(frame["n"])
    plain = pd.DataFrame({"a": pd.Series(TEXTS, dtype="str"), "b": pd.Categorical(TEXTS)})
    assert inert_frame(plain) is plain


def test_workbook_deck_dashboard_and_calendar_hold_the_texts_as_texts(attacked, tmp_path):
    published, code, attack = attacked
    book = openpyxl.load_workbook(write_workbook(published, code, tmp_path / "r.xlsx"))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value is not None]
    assert not [c.coordinate for c in cells if c.data_type == "f"]
    assert any(attack in str(c.value) for c in cells)
    write_deck(published, code, tmp_path / "p.pptx")
    with zipfile.ZipFile(tmp_path / "p.pptx") as archive:
        slides = [
            archive.read(n).decode() for n in archive.namelist() if n.startswith("ppt/slides/slide")
        ]
        embedded = [archive.read(n) for n in archive.namelist() if n.endswith(".xlsx")]
    assert not any("<img" in s for s in slides)
    for content in embedded:
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            sheets = [inner.read(n) for n in inner.namelist() if "worksheets/sheet" in n]
        assert not any(b"<f>" in s or b"<f " in s for s in sheets)
    write_dashboard(published, (), code, tmp_path / "d.html")
    page = (tmp_path / "d.html").read_text("utf-8")
    assert "<img src=x" not in page and "\\u003cimg" in page
    settings = published.round.settings.model_copy(update={"title": "a;b,c \\n d"})
    calendar = calendar_ics(published.round.model_copy(update={"settings": settings})).decode()
    assert "a\\;b\\,c \\\\n d" in calendar.replace("\r\n ", "")


def test_no_csv_of_the_star_holds_a_formula(attacked, tmp_path, monkeypatch):
    published, _, _ = attacked
    monkeypatch.setattr("helpers.bi.star.load_published", lambda root, round_: published)
    write_star(Paths(tmp_path, published.round.id), published.round)
    files = list(tmp_path.rglob("*.csv"))
    assert len(files) == 10
    begins = 0
    for path in files:
        for row in csv.reader(io.StringIO(path.read_text("utf-8"))):
            for cell in row:
                begins += cell.startswith("'=")
                numeric = re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", cell)
                assert numeric or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (
                    path.name,
                    cell,
                )
    assert begins


def test_every_workbook_takes_texts_as_texts():
    """A string is written as one, whatever it begins with, in every workbook that is made."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        if "xlsxwriter.Workbook(" in text:
            assert re.search(r"[\"']strings_to_formulas[\"']: False", text), path.name
