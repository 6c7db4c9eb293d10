"""The national report says the same in HTML and in print, whoever typesets it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pypdfium2
import pytest
from bs4 import BeautifulSoup

from helpers.common.paths import PROJECT
from helpers.notebooks.render import render
from helpers.notebooks.renderers import find_quarto

NUMBER = re.compile(r"[−+]?\d+(?:[.,]\d+)*")
CAPTION = re.compile(r"(Figur|Tabel) (\d+)[:.]? (.+)")


@dataclass(frozen=True)
class Content:
    """What a reader meets: headings in their order, captions by number, numbers in tables and how often."""

    headings: list[str]
    captions: dict[str, str]  # »Figur 1« → its text
    numbers: Counter[str]


def plain(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\xad", "").split())


def read_html(path: Path) -> Content:
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    for extra in page.select(
        "nav, header, .toc, #TOC, .header-section-number, .download, script, style"
    ):
        extra.decompose()
    headings = [plain(h.get_text()) for h in page.find_all(re.compile("^h[1-6]$"))]
    captions = {}
    # a table without rows is a sentence under a caption
    for element in page.select("figcaption, caption, .table-caption"):
        if found := CAPTION.fullmatch(plain(element.get_text())):
            captions[f"{found[1]} {found[2]}"] = found[3]
    cells = [plain(cell.get_text(" ")) for cell in page.select("td, th")]
    return Content(headings, captions, Counter(n for c in cells for n in NUMBER.findall(c)))


class Printed:
    """A PDF's bookmarks, and its text without any white space: lines break where they like."""

    def __init__(self, path: Path) -> None:
        with pypdfium2.PdfDocument(path) as document:
            self.headings = [plain(b.get_title()) for b in document.get_toc()]
            pages = [page.get_textpage().get_text_bounded() for page in document]
        # pdfium marks a hyphen that the typesetting put in by the sign \\x02
        text = "\n".join(pages).replace("\x02", "").replace("\xad", "")
        self.text = "".join(text.split())
        self.numbers = Counter(NUMBER.findall(text))


def differences(html: Content, printed: Printed) -> list[str]:
    """What the page has and the print has not."""
    unnumbered = [re.sub(r"^\d+(\.\d+)*\.? ", "", h) for h in printed.headings]
    found = [] if unnumbered == html.headings else [f"{html.headings} ≠ {unnumbered}"]
    for label, text in html.captions.items():
        if "".join(text.split()) not in printed.text or label.replace(" ", "") not in printed.text:
            found.append(f"{label}: {text}")
    return found + [f"{n} × {k}" for n, k in (html.numbers - printed.numbers).items()]


def test_html_and_pdf_have_the_same_headings_captions_and_numbers(finished):
    folder = finished.paths.build / "national"
    html, printed = read_html(folder / "rapport.html"), Printed(folder / "rapport.pdf")
    assert len(html.headings) > 20
    assert len(html.captions) > 25
    assert sum(html.numbers.values()) > 500
    assert differences(html, printed) == []


def test_what_the_print_lacks_is_found(finished):
    folder = finished.paths.build / "national"
    html, printed = read_html(folder / "rapport.html"), Printed(folder / "rapport.pdf")
    html.headings.append("Et afsnit mere")
    html.captions["Figur 99"] = "En figur, som ikke er der."
    html.numbers["123,456"] += 1
    assert len(differences(html, printed)) == 3


def test_every_figure_and_table_has_a_number_of_its_own(finished):
    html = read_html(finished.paths.build / "national" / "rapport.html")
    for kind in ("Figur", "Tabel"):
        numbers = [int(k.split()[1]) for k in html.captions if k.startswith(kind)]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.skipif(find_quarto() is None, reason="quarto is not installed")
def test_quarto_and_the_embedded_renderer_say_the_same(finished, tmp_path):
    notebook = nbformat.read(finished.paths.notebook("national", "0000"), as_version=4)
    quarto, embedded = (
        render(
            notebook, tmp_path / folder, name="national.qmd", formats=("html", "pdf"),
            project=PROJECT, quarto=program,
        )
        for folder, program in (("quarto", find_quarto()), ("embedded", None))
    )  # fmt: skip
    assert read_html(quarto[0]) == read_html(embedded[0])
    assert differences(read_html(embedded[0]), Printed(quarto[1])) == []
