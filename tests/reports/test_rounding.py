"""Proof by opening the files: no number carries more decimals than leave the house, none rests on
fewer than five.

The invented round is released as a real one is (`disclosure.rounded`), with numbers left behind the
hidden rows, and printed as a run prints it. Then every file is opened, files inside files too.
"""

import csv
import dataclasses
import html
import io
import re
import shutil
import struct
import urllib.parse
import zipfile
from base64 import b64decode
from decimal import Decimal
from xml.etree import ElementTree

import matplotlib
import openpyxl
import pandas as pd
import pytest
from published_fixture import BIG, SMALL, make_published
from pypdf import PdfReader

from helpers.common import printing
from helpers.common.paths import PROJECT, Paths
from helpers.common.vocabulary import FILES
from helpers.deck.deck import write_deck
from helpers.disclosure.release import Release, rounded
from helpers.notebooks.execution import national_report, report_notebook
from helpers.reports import charts
from helpers.workbook.workbook import write_workbook

matplotlib.use("svg")

MEANS, SHARES, RATES, CHANCES = 2, 2, 3, 4  # decimals; shares and rates as fractions
BEHIND = {"value": 743.217, "ci_low": 732.179, "ci_high": 754.329}  # must be printed nowhere
SMALL_COUNT = 3
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
COUNT_HEADS = ("Antal svar", "Svar", "Inviterede", "Population", "Borgere i målgruppen",
               "Effektivt antal svar", "Borgere i målgrupperne")  # fmt: skip
CSV = "\ufeff"  # a file to download begins with a byte order mark


@pytest.fixture(scope="module")
def published():
    """Rounded as released; something is left behind each hidden row."""
    made = make_published()
    released = rounded(
        Release(made.results, made.comparisons, made.response, made.drivers),
        made.round.settings.disclosure.decimals,
    )
    results, response = released.results.copy(), released.response.copy()
    results.loc[results["n"] < 5, "status"] = "few"  # the invented round has some
    hidden = results["status"] != "shown"
    results.loc[hidden, list(BEHIND)] = list(BEHIND.values())
    results.loc[hidden, "n"] = SMALL_COUNT
    hidden = response["status"] != "shown"
    response.loc[hidden, ["population", "invited", "answers"]] = SMALL_COUNT
    response.loc[hidden, "response_rate"] = BEHIND["value"]
    return dataclasses.replace(
        made,
        results=results,
        comparisons=released.comparisons,
        response=response,
        drivers=released.drivers,
    )


@pytest.fixture(scope="module")
def books(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    return [write_workbook(published, code, folder / f"{code}.xlsx") for code in (BIG, SMALL)]


@pytest.fixture(scope="module")
def decks(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("decks")
    return [write_deck(published, code, folder / f"{code}.pptx") for code in (BIG, SMALL)]


@pytest.fixture(scope="module")
def reports(published, tmp_path_factory):
    """rapport.html of the small municipality and of the country, and the country's PDF."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(PROJECT / "params", root / "params")
    paths = Paths(root, published.round.id)
    for of_round in (published, make_published("demo-2023")):
        folder = Paths(root, of_round.round.id).build
        folder.mkdir(parents=True)
        for name, file in FILES.items():
            getattr(of_round, name).to_parquet(folder / file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_ROOT", str(root))
        report_notebook(paths, published.round, SMALL)
        national_report(paths, published.round)
    small = paths.report_folder(published.round.municipalities[SMALL])
    return [small / "rapport.html", paths.national_folder / "rapport.html",
            paths.national_folder / "rapport.pdf"]  # fmt: skip


def decimals(written: str) -> int:
    """Of a number as it stands in the file: »0.30000000000000004« has 17, »1e-05« five."""
    return max(0, -Decimal(written).normalize().as_tuple().exponent)


# ------------------------------------------------------------------------------- what is released


def too_fine(column: pd.Series, places: int) -> list:
    return [v for v in column.dropna() if decimals(repr(float(v))) > places]


def test_the_round_of_these_tests_is_released_by_the_rule(published):
    """Else the proofs below would prove nothing."""
    rules = published.round.settings.disclosure.decimals
    assert (rules.mean, rules.share, rules.rate) == (MEANS, SHARES, RATES)
    shown = published.results[published.results["status"] == "shown"]
    for column in BEHIND:
        assert not too_fine(shown[column], MEANS)
    assert not too_fine(published.response.query("status == 'shown'")["response_rate"], RATES)
    assert (published.results["n"] == SMALL_COUNT).any()


# -------------------------------------------------------------------------------------- workbooks


def sheets(blob: bytes):
    """(name in the ZIP, {cell: number as written}) of each worksheet of a workbook."""
    with zipfile.ZipFile(io.BytesIO(blob)) as z:
        names = [n for n in z.namelist() if n.startswith("xl/worksheets/sheet")]
        for name in sorted(names, key=lambda n: int(re.sub(r"\D", "", n))):
            cells = ElementTree.fromstring(z.read(name)).iter(f"{MAIN}c")
            found = {c.get("r"): c.find(f"{MAIN}v") for c in cells if c.get("t", "n") == "n"}
            yield name, {r: v.text for r, v in found.items() if v is not None}


PLACES = {"General": 0, "#,##0": 0, "0.00": MEANS, "0 %": SHARES, "0.0 %": RATES, "0.0000": CHANCES,
          "+0.00;-0.00;0.00": MEANS, "+0 %;-0 %;0 %": SHARES}  # fmt: skip


def test_a_workbooks_numbers_have_no_more_decimals_than_their_format_shows(books):
    for path in books:
        book, checked = openpyxl.load_workbook(path), 0
        for (_, written), sheet in zip(sheets(path.read_bytes()), book, strict=True):
            for place, text in written.items():
                form = sheet[place].number_format
                assert decimals(text) <= PLACES[form], (sheet.title, place, text, form)
                checked += 1
        assert checked > 5000


def test_a_workbook_has_no_count_under_five(books):
    for path in books:
        for sheet in openpyxl.load_workbook(path):
            rows = list(sheet.iter_rows(values_only=True))
            top = next((i for i, r in enumerate(rows) if set(r) & set(COUNT_HEADS)), None)
            if top is None:
                continue
            columns = [i for i, head in enumerate(rows[top]) if head in COUNT_HEADS]
            counts = [r[i] for r in rows[top + 1 :] for i in columns]
            assert counts
            assert not [c for c in counts if isinstance(c, (int, float)) and c < 5], sheet.title


def test_no_file_has_what_lies_behind_a_hidden_row(books, decks, reports):
    traces = [
        t for v in BEHIND.values() for t in (f"{v:.1f}", printing.number(v, 1), printing.percent(v))
    ]
    for path in [*books, *decks]:
        text = "\n".join(everything(path.read_bytes(), path.suffix))
        assert not [t for t in traces if t in text], path.name
    for path in reports:  # the coordinates of their figures are no text
        text = spoken(path.read_bytes(), path.suffix)
        assert not [t for t in traces if t in text], path.name
    exact = [t for v in BEHIND.values() for t in (f"{v}", f"{v}".replace(".", ","))]
    for path in reports[:2]:
        dashboard = re.findall(
            r'(?s)<script type="application/json".*?</script>',
            path.with_name("dashboard.html").read_text("utf-8"),
        )
        files = [t for t in everything(path.read_bytes(), ".html") if t.startswith(CSV)]
        assert len(dashboard) == 2 and len(files) > 10
        assert not [t for t in exact for text in (*dashboard, *files) if t in text], path


# ------------------------------------------------------------------------------------------ decks


def parts(path, pattern):
    with zipfile.ZipFile(path) as z:
        return {n: z.read(n) for n in z.namelist() if re.search(pattern, n)}


def test_the_workbooks_inside_a_deck_are_rounded(decks):
    for path in decks:
        embedded = parts(path, r"embeddings/.*\.xlsx$")
        assert len(embedded) >= 12
        for name, blob in embedded.items():
            for _, written in sheets(blob):
                for place, text in written.items():
                    assert decimals(text) <= MEANS, (path.name, name, place, text)


def test_the_charts_of_a_deck_are_rounded_also_where_they_repeat_their_numbers(decks):
    """The cached points, and the ends of the axes, which follow from the numbers."""
    for path in decks:
        found = parts(path, r"charts/chart\d*\.xml$")
        assert found
        for name, blob in found.items():
            chart = ElementTree.fromstring(blob)
            points = [v.text for c in chart.iter(f"{CHART}numCache") for v in c.iter(f"{CHART}v")]
            assert points
            assert not [p for p in points if decimals(p) > MEANS], name
            ends = [e.get("val") for tag in ("min", "max") for e in chart.iter(f"{CHART}{tag}")]
            assert not [e for e in ends if decimals(e) > MEANS], name


# ------------------------------------------------------------- words, in decks, reports and figures


def everything(blob: bytes, suffix: str):
    """The text of each part of a file, files inside files too."""
    if suffix in (".pptx", ".xlsx"):
        with zipfile.ZipFile(io.BytesIO(blob)) as z:
            for name in z.namelist():
                yield from everything(z.read(name), "." + name.rsplit(".", 1)[-1])
    elif suffix in (".xml", ".rels", ".svg"):
        yield html.unescape(blob.decode())
    elif suffix == ".html":
        text = blob.decode()
        for kind, coding, data in re.findall(
            r"data:(image/svg\+xml|text/[a-z]+)(?:;charset=utf-8)?(;base64)?,([^\"')]+)", text
        ):
            plain = b64decode(data).decode() if coding else urllib.parse.unquote(data)
            yield "" if kind == "text/css" else html.unescape(plain)
        yield html.unescape(re.sub(r"(?s)<(style|script)\b.*?</\1>|data:[^\"')]+", "", text))
    elif suffix == ".pdf":
        yield from (p.extract_text() for p in PdfReader(io.BytesIO(blob)).pages)


def spoken(blob: bytes, suffix: str) -> str:
    """What a reader, or a reader's screen reader, meets: texts, alternative texts, notes."""
    found = []
    for text in everything(blob, suffix):
        if text.startswith(CSV):  # has columns of its own, and a test
            continue
        found += re.findall(r'(?:descr|alt|title|aria-label)="([^"]*)"', text)
        # matplotlib draws letters as paths and names the text in a comment before each
        found += re.findall(r"<!--(.*?)-->", text)
        found.append(re.sub(r"(?s)<!--.*?-->|<[^>]*>", " ", text))
    return " ".join(found)


def constants(published) -> set[str]:
    """Percentages that are no result: limits of control, and rates of response with one decimal."""
    rates = ["response_rate", "rr1", "cooperation_rate", "contact_rate"]
    shown = published.response[published.response["status"] == "shown"]
    told = {printing.percent(v, 1) for c in rates for v in shown[c].dropna()}
    return {t.replace("\u00a0", " ") for t in told} | {"99,8 %"}


def check_words(text: str, published, *, counted: bool = True) -> None:
    text = re.sub(r"[\u00a0\u202f\s]+", " ", text)
    numbers = re.findall(r"(?<![\d.,])\d[\d.]*,(\d+)", text)
    assert numbers
    assert not [n for n in numbers if len(n) > MEANS]
    finer = {f"{n} %" for n in re.findall(r"(?<![\d.,])(\d+,\d+) ?%", text)}
    assert finer <= constants(published)
    counts = re.findall(r"\bn ?= ?([\d.]+)(?:–([\d.]+))?", text)
    assert counts or not counted
    assert all(int(c.replace(".", "")) >= 5 for pair in counts for c in pair if c)
    assert not re.search(r"\b[0-4] (?:af [\d.]+ inviterede|svar)\b", text)


def test_the_words_of_a_deck_are_rounded(decks, published):
    for path in decks:
        slides = parts(path, r"ppt/(slides|notesSlides)/[^/]*\.xml$").values()
        check_words(" ".join(spoken(s, ".xml") for s in slides), published)


def test_the_words_of_the_reports_are_rounded(reports, published):
    """HTML with alternative texts, the words inside its figures and the country's PDF."""
    for path in reports:
        # n stands in the figures, which are drawn letter by letter in the PDF
        counted = path.suffix == ".html"
        check_words(spoken(path.read_bytes(), path.suffix), published, counted=counted)


def test_the_tables_of_the_reports_have_whole_shares_and_no_count_under_five(reports):
    for path in reports[:2]:
        tables = re.findall(r"(?s)<table.*?</table>", path.read_text("utf-8"))
        assert len(tables) > 10
        checked = 0
        for table in tables:
            lines = re.findall(r"(?s)<tr.*?</tr>", table)
            rows = [
                [html.unescape(re.sub(r"<[^>]*>", "", c)).replace("\u00a0", " ").strip()
                 for c in re.findall(r"(?s)<t[hd][^>]*>(.*?)</t[hd]>", line)]
                for line in lines
            ]  # fmt: skip
            for head, *cells in zip(*rows):
                if head in COUNT_HEADS:
                    counts = [c.replace(".", "") for c in cells if c[:1].isdigit()]
                    assert all(int(c) >= 5 for c in counts)
                    checked += len(counts)
                if head in ("Tilfredse", "Hverken eller", "Utilfredse", "Ved ikke"):
                    assert all(re.fullmatch(r"(\d+ %|\(\w+\)|–)?", c) for c in cells), cells
        assert checked


def test_the_numbers_to_download_are_rounded(reports):
    for path in reports[:2]:
        files = [t for t in everything(path.read_bytes(), ".html") if t.startswith(CSV)]
        assert len(files) > 10
        for text in files:
            head, *rows = csv.reader(io.StringIO(text.removeprefix(CSV)), delimiter=";")
            assert rows
            for name, *cells in zip(head, *rows):
                numbers = [c.replace(",", ".") for c in cells if re.fullmatch(r"-?\d+(,\d+)?", c)]
                places = RATES if name == "Svarprocent" else MEANS
                assert not [n for n in numbers if decimals(n) > places], name
                if name in COUNT_HEADS:
                    assert all(int(n) >= 5 for n in numbers), name


def test_a_report_carries_no_numbers_beside_what_it_shows(reports):
    """No script, no table of numbers but the rounded CSV, no pixel picture whose metadata could hold any."""
    for path in reports[:2]:
        text = path.read_text("utf-8")
        assert not re.search(r"application/(?:json|vnd)|data-value", text)
        assert "data:image/png" not in text


def test_a_figures_metadata_tells_no_number(published):
    charts.use_house_style()
    figure = charts.means_beside(published, BIG, published.theme_items)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    blob, found, at = out.getvalue(), {}, 8
    while at < len(blob):
        length, kind = struct.unpack(">I4s", blob[at : at + 8])
        found[kind.decode()] = blob[at + 8 : at + 8 + length]
        at += 12 + length
    assert set(found) <= {"IHDR", "tEXt", "pHYs", "IDAT", "IEND"}
    assert found.get("tEXt", b"Software").startswith(b"Software")
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    [metadata] = re.findall(r"(?s)<metadata>(.*?)</metadata>", out.getvalue().decode())
    told = re.sub(r"<[^>]*>", "", metadata).split()
    assert not [word for word in told if re.fullmatch(r"[\d.,]+", word)]
