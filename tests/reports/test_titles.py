"""Titles over figures say what the figure shows; the link below carries the same numbers."""

from __future__ import annotations

import base64
import csv
import dataclasses
import io
import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common.paths import PROJECT
from helpers.common.vocabulary import DOCUMENT_CELL as CELL
from helpers.common.vocabulary import NATIONAL
from helpers.notebooks.expansion import expanded
from helpers.notebooks.markdown import cell_options
from helpers.reports import answers_by_scale, downloads, titles

FIGURE = re.compile(r"^#\| label: (fig-[a-z-]+)", re.M)


@pytest.fixture(scope="module")
def published():
    return make_published()


def words(title) -> str:
    found = re.fullmatch(r"::: \{\.finding\}\n(.+)\n:::", title.data)
    assert found, title.data
    return found[1]


def rounded_for_release(published):
    numbers = published.results[["value", "ci_low", "ci_high"]].round(2)
    return dataclasses.replace(published, results=published.results.assign(**numbers))


def rows_of(link) -> list[list[str]]:
    address = re.search(r"\((data:text/csv;charset=utf-8;base64,[A-Za-z0-9+/=]+)\)", link.data)[1]
    text = base64.b64decode(address.partition("base64,")[2]).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN, NATIONAL])
def test_every_title_is_a_whole_line(published, code):
    by_scale = published.questions_by_scale
    for title in (
        titles.themes(published, code),
        titles.split(published, code),
        *(titles.questions(published, code, items) for items in by_scale.values()),
        titles.groups(published, code, "gender", "kvinder og mænd"),
        titles.response(published, code),
    ):
        text = words(title)
        assert text[0].isupper() or text[0] in "»0123456789"
        assert not text.endswith(".")
        assert not re.search(r"None|\bnan\b|  ", text)


def test_a_title_names_no_difference_that_is_noise(published):
    assert words(titles.differences(published, PLAIN)) == (
        "Ingen sikker og nævneværdig forskel til de øvrige kommuner"
    )
    assert "over de øvrige" in words(titles.differences(published, BIG))


def test_a_region_tells_of_its_own_municipalities(published):
    table = published.comparisons.copy()
    one = (
        (table["municipality"] == BIG) & (table["reference"] == "others") & (table["item"] == "samlet")
        & (table["breakdown"] == "all") & (table["statistic"] == "mean")
    )  # fmt: skip
    table.loc[one, ["difference", "verdict"]] = [0.3, "over"]
    changed = dataclasses.replace(published, comparisons=table)
    assert words(titles.regional(changed, "Midtjylland")).startswith("Én kommune ligger sikkert")
    for region in ("Syddanmark", "Nordjylland"):
        assert "Ingen kommune" in words(titles.regional(changed, region))


def test_the_link_has_the_figures_numbers(published):
    head, *rows = rows_of(downloads.results(published, BIG, published.theme_items))
    assert head == list(downloads.HEAD)
    assert len(rows) == 2 * len(published.theme_items)
    own = next(r for r in rows if r[0] == "Norddjurs Kommune" and r[3] == "Samlet tilfredshed")
    released = published.number(BIG, "samlet")
    assert float(own[5].replace(",", ".")) == released.value
    assert own[8:] == [str(released.n), "vist"]


def test_a_hidden_number_is_empty_in_the_link_and_says_why(published):
    _, *rows = rows_of(downloads.results(published, SMALL, ["samlet"], breakdown="target_group"))
    own = [r for r in rows if r[0] == "Læsø Kommune"]
    hidden = [r for r in own if r[-1] != "vist"]
    assert hidden
    for row in hidden:
        assert row[5:9] == ["", "", "", ""]
        assert row[-1] in ("for få svar", "skjult for at beskytte andre")


def test_changes_drivers_and_response_have_links(published):
    items = published.theme_items
    head, *rows = rows_of(downloads.since_before(published, BIG, items))
    assert head[0] == "Tema eller spørgsmål"
    assert {r[-1] for r in rows} == {"steget", "ingen sikker ændring"}
    assert len(rows_of(downloads.drivers(published, BIG))) == 5
    assert downloads.drivers(published, SMALL).data == ""
    assert rows_of(downloads.response(published, BIG))[1][1] == "Alle"


def test_a_cell_is_never_a_formula(published):
    assert downloads._quoted("=1+1") == "'=1+1"
    assert downloads._quoted('a;"b"') == '"a;""b"""'


def figures_and_neighbours(cells: list[str]) -> dict[str, tuple[str, str]]:
    """Figure → the cells before and after it."""
    found = {}
    for i, source in enumerate(cells):
        if m := FIGURE.search(source):
            found[m[1]] = (cells[i - 1], cells[i + 1] if i + 1 < len(cells) else "")
    return found


def test_every_figure_has_a_title_and_its_numbers():
    """A line that says the finding before it, a link to its numbers behind it (or its table)."""
    municipal = nbformat.read(PROJECT / "notebooks" / "30-municipal-report.ipynb", 4)
    country = (PROJECT / "reports" / "national.qmd").read_text("utf-8")
    documents = {
        "municipal": [c.source for c in municipal.cells if c.cell_type == "code"],
        "national": re.findall(r"```\{python\}\n(.*?)\n```", country, re.S),
    }
    says = ("titles.", "sentences.", "model_texts.", "local_results.", "answers_by_scale.")
    for name, cells in documents.items():
        for figure, (before, after) in figures_and_neighbours(cells).items():
            if figure == "fig-repraesentativitet":  # drawn of the same numbers as the one before it
                continue
            assert before.startswith((*says, "downloads.")), (name, figure)
            assert (
                after.startswith(("downloads.", "local_results.", "#| label: tbl-", "tables."))
                or figure == "fig-forventet"
            ), (name, figure)


@pytest.mark.parametrize("code", [BIG, NATIONAL])
def test_every_figure_of_a_scale_has_a_title_and_its_numbers(published, code, monkeypatch):
    """What is asked, the finding, the figure with a label of its own, and its numbers; every question once."""
    shown: list[tuple] = []
    monkeypatch.setattr(
        answers_by_scale, "display", lambda x, metadata: shown.append((x, metadata[CELL]))
    )
    answers_by_scale.show_overall(published, code)
    answers_by_scale.show_others(published, code)
    figures = [i for i, (x, _) in enumerate(shown) if isinstance(x, Figure)]
    assert len({shown[i][1]["label"] for i in figures}) == len(figures) == 3
    for i in figures:
        asked, finding, numbers = (shown[i + k] for k in (-2, -1, 1))
        assert asked[1] == {"cell_type": "markdown"} and asked[0].data.startswith(
            ("»", "Spørgsmålene")
        )
        assert "{.finding}" in finding[0].data and "Hent figurens tal" in numbers[0].data
    drawn = [rows for i in figures for rows in rows_of(shown[i + 1][0])[1:]]
    labels = published.round.item_labels()
    questions = {labels[q] for q in published.question_items}
    assert {cell for row in drawn for cell in row} >= questions - {labels["q13"]}
    headings = [x.data for x, _ in shown if getattr(x, "data", "").startswith("## ")]
    assert headings == [
        "## Mødet med jobcentret, Mål og aktiviteter og Progression", "## Seneste samtale"
    ]  # fmt: skip


def test_what_a_cell_shows_becomes_cells_with_captions_of_their_own():
    outputs = [
        nbformat.v4.new_output("display_data", {"text/markdown": "## Tema"}, metadata={CELL: {"cell_type": "markdown"}}),
        nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"}, metadata={CELL: {"label": "fig-a", "fig-cap": 'A "b"'}}),
        nbformat.v4.new_output("display_data", {"text/markdown": "tal"}),
    ]  # fmt: skip
    cells = [nbformat.v4.new_code_cell("show()", outputs=outputs), nbformat.v4.new_code_cell("1")]
    made = expanded(nbformat.v4.new_notebook(cells=cells)).cells
    assert [c.cell_type for c in made] == ["markdown", "code", "code", "code"]
    assert made[0].source == "## Tema" and made[-1].source == "1"
    assert cell_options(made[1].source)[0] == {"label": "fig-a", "fig-cap": 'A "b"'}
    assert [len(c.outputs) for c in made[1:3]] == [1, 1]
    nbformat.validate(nbformat.v4.new_notebook(cells=made))


def read(cell: str) -> str | float:
    """»4,20« and »4,2«, »5 %« and »0,05«, »1.234« and »1234« are the same."""
    if found := re.fullmatch(r"(-?\d+(?:,\d+)?)\u00a0%", cell):
        return round(float(found[1].replace(",", ".")) / 100, 6)
    if re.fullmatch(r"[−-]?[\d.]+(,\d+)?", cell):
        return float(cell.replace("−", "-").replace(".", "").replace(",", "."))
    return cell


@pytest.mark.parametrize("statistics", [downloads.MEANS, downloads.ANSWERS])
def test_the_numbers_of_a_figure_can_be_read_where_it_stands(published, statistics):
    """The same rows as in the file; what all rows share stands above them."""
    link = downloads.results(
        rounded_for_release(published), BIG, published.question_items, statistics
    )
    head, *rows = rows_of(link)
    page = BeautifulSoup(link.data, "html.parser")
    heads = [th.get_text() for th in page.select("thead th")]
    assert heads == [h for i, h in enumerate(head) if len({r[i] for r in rows}) > 1]
    shown = [[c.get_text() for c in tr.find_all(["th", "td"])] for tr in page.select("tbody tr")]
    assert [[read(c) for c in r] for r in shown] == [
        [read(r[head.index(h)]) for h in heads] for r in rows
    ]
    shared = page.caption.get_text()
    assert ("Gennemsnit (1–5)" in shared) == (statistics == downloads.MEANS)
    assert "vist" in shared


def test_a_figure_without_any_number_has_no_link(published):
    assert downloads.results(published, BIG, ["no such item"]).data == ""


def test_a_label_with_signs_of_html_stays_a_label():
    assert "&lt;b&gt;" in downloads._opened(["A", "B"], [["<b>", "1"], ["x", "2"]])
