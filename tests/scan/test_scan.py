"""The scanner finds planted data in every kind of file, tells where, quotes nothing, cries no wolf.

All persons are invented.
"""

import base64
import io
import json
import struct
import zipfile
import zlib

import nbformat
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
import typst
import xlsxwriter
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from helpers.common.errors import SurveyError
from helpers.common.patterns import CPR, EMAIL, PHONE, is_cpr
from helpers.scan.persons import NAME
from helpers.scan.readers import read
from helpers.scan.scan import PLACES_MAX, UNREADABLE, Finding, counted, scan

PERSON = "Ragnhild Æblegård-Sø Østermølle"
VAULT = [PERSON, "Bo Ek", "Madonna"]
PLANTS = {
    "cpr hyphen": ("170384-5512", CPR),
    "cpr bare": ("1703845512", CPR),
    "cpr space": ("170384 5512", CPR),
    "cpr no-break space": ("170384\u00a05512", CPR),
    "cpr en dash": ("170384–5512", CPR),
    "replacement number": ("770384-5512", CPR),
    "phone pairs": ("12 34 56 78", PHONE),
    "phone bare": ("61728394", PHONE),
    "phone abroad": ("+45 61 72 83 94", PHONE),
    "phone 0045": ("0045 61728394", PHONE),
    "mail": ("ragnhild@post.example", EMAIL),
    "name": (PERSON, NAME),
    "name in capitals": (PERSON.upper(), NAME),
    "name, wide": (PERSON.replace(" ", " \u00a0"), NAME),
}
CLEAN = "809 af 2.000 inviterede borgere svarede: 40,5 % i Ragnhild Kommune, 11.–31. marts 2024."


def png(text: str, kind: bytes = b"tEXt") -> bytes:
    raw = text.encode()
    data = {
        b"tEXt": b"Comment\0" + raw,
        b"zTXt": b"Comment\0\0" + zlib.compress(raw),
        b"iTXt": b"Comment\0\1\0da\0Bemerkning\0" + zlib.compress(raw),
        b"eXIf": b"II*\0\x08\0\0\0" + raw + b"\0",
    }[kind]
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (kind, data),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks
    )


def xlsx(text: str) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Ark")
        sheet.write_row(0, 0, ["n", "andel"])
        sheet.write_row(1, 0, [809, 0.405])
        sheet.write_string(2, 1, text)
    return file.getvalue()


def pptx(text: str) -> bytes:
    deck = Presentation()
    box = deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_textbox(0, 0, Cm(9), Cm(2))
    box.text_frame.text = text
    return saved(deck)


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def docx(text: str) -> bytes:
    words = text.replace("&", "&amp;")
    body = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{words[:5]}</w:t></w:r><w:r><w:rPr><w:b/></w:rPr>"
        f'<w:t xml:space="preserve">{words[5:]}</w:t></w:r></w:p></w:body></w:document>'
    )
    return zipped({"word/document.xml": body.encode()})


def zipped(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def parquet(text: str) -> bytes:
    file = io.BytesIO()
    frame = pd.DataFrame({"n": [809, 12, 5], "andel": [0.4, None, 1.0], "svar": ["a", "a", text]})
    frame.to_parquet(file)
    return file.getvalue()


def ipynb(text: str) -> bytes:
    output = nbformat.v4.new_output("stream", name="stdout", text=f"Svar\n{text}\n")
    cell = nbformat.v4.new_code_cell("print(svar)", outputs=[output], id="61728394")
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()


def pdf(text: str, title: str = "Rapport") -> bytes:
    title, text = (json.dumps(t, ensure_ascii=False) for t in (title, text))
    source = f"#set document(title: {title}, date: none)\n#{text}"
    return typst.compile(source.encode())


MAKERS = {
    "rapport.html": lambda t: f"<!DOCTYPE html><p>Svar fra <b>{t}</b>, tak.</p>".encode(),
    "figur.svg": lambda t: (
        '<?xml version="1.0" encoding="utf-8"?><svg xmlns="http://www.w3.org/2000/svg">'
        f'<path d="M 17 03 84 55 L 1703845512 0"/><text><tspan>{t}</tspan></text></svg>'
    ).encode(),
    "stil.css": lambda t: f'p::after {{ content: "x" }} /* 5,5 */ /* fra {t} */'.encode(),
    "data.xml": lambda t: f"<a><b n='1'>{t}</b></a>".encode(),
    "noter.md": lambda t: f"# Noter\n\n- {t}\n".encode(),
    "gammel.txt": lambda t: f"Fra {t}.\r\næøå\r\n".encode("cp1252"),
    "utf16.txt": lambda t: f"Fra {t}.\n".encode("utf-16"),
    "run.log": lambda t: f"2024-03-31 12:00:01,123 INFO row 214: {t}\n".encode(),
    "tal.json": lambda t: json.dumps({"a": [1, {"b": t}]}).encode(),
    "runde.yml": lambda t: f"a: 1\nb: {t}\n".encode(),
    "tal.csv": lambda t: f"n,andel,svar\n809,0.405,{t}\n".encode(),
    "semikolon.csv": lambda t: f'n;andel;svar\n809;0,405;"{t}"\n'.encode("utf-8-sig"),
    "LICENSE": lambda t: f"Fra {t}\n".encode(),
    "bog.ipynb": ipynb,
    "tal.parquet": parquet,
    "tal.xlsx": xlsx,
    "deck.pptx": pptx,
    "brev.docx": docx,
    "pakke.zip": lambda t: zipped({"a/b.txt": t.encode()}),
    "dyb.zip": lambda t: zipped({"indre.zip": zipped({"tal.xlsx": xlsx(t)})}),
    "rapport.pdf": pdf,
    "figur.png": png,
}  # fmt: skip


def found(tmp_path, name: str, content: bytes, **vault) -> list[Finding]:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return scan(tmp_path / "out", **({"names": VAULT} | vault))


def kinds(findings: list[Finding]) -> dict[str, int]:
    counts = {}
    for f in findings:
        counts[f.kind] = counts.get(f.kind, 0) + f.count
    return counts


def quotes(findings: list[Finding], planted: str) -> bool:
    told = " ".join(repr(f) + str(f) for f in findings).casefold()
    digits = "".join(c for c in planted if c.isdigit())
    return planted.casefold() in told or bool(digits and digits in told)


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("file", MAKERS)
def test_every_kind_of_file_gives_up_every_plant_once_and_quotes_none(tmp_path, file, plant):
    planted, kind = PLANTS[plant]
    findings = found(tmp_path, file, MAKERS[file](planted))
    assert kinds(findings) == {kind: 1}
    assert findings[0].path.startswith(file)
    assert not quotes(findings, planted)


@pytest.mark.parametrize("file", MAKERS)
def test_a_clean_file_of_every_kind_gives_nothing(tmp_path, file):
    assert found(tmp_path, file, MAKERS[file](CLEAN), numbers=["170384-5512", "61728394"]) == []


# ------------------------------------------------------------------------------- hidden in documents


def test_deck_chart_workbook_runs_notes_alt_text_and_properties(tmp_path):
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = [PERSON, "Andre"]
    data.add_series("Svar", (0.4, 1703845512))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Cm(9), Cm(5), data)
    chart._element.nvGraphicFramePr.cNvPr.set("descr", "Søjler. Ring til 61 72 83 94.")
    paragraph = slide.shapes.add_textbox(0, 0, Cm(5), Cm(1)).text_frame.paragraphs[0]
    for run in ("Nr. 1703", "84-55", "12 er Bo", " ", "Ek"):
        paragraph.add_run().text = run
    paragraph.runs[1].font.bold = True
    slide.notes_slide.notes_text_frame.text = "Skriv til bo@ek.example"
    deck.core_properties.author = "Bo Ek"
    deck.core_properties.comments = "170384 5512"
    findings = found(tmp_path, "d.pptx", saved(deck))
    book = "d.pptx!ppt/embeddings/Microsoft_Excel_Sheet1.xlsx!xl/"
    by_part = {(f.path, f.kind): f.count for f in findings}
    chart_part = next(f.path for f in findings if "/charts/" in f.path)
    assert by_part == {
        (book + "sharedStrings.xml", NAME): 1,
        (book + "worksheets/sheet1.xml", CPR): 1,
        (chart_part, NAME): 1,
        (chart_part, CPR): 1,
        ("d.pptx!ppt/slides/slide1.xml", PHONE): 1,
        ("d.pptx!ppt/slides/slide1.xml", CPR): 1,
        ("d.pptx!ppt/slides/slide1.xml", NAME): 1,
        ("d.pptx!ppt/notesSlides/notesSlide1.xml", EMAIL): 1,
        ("d.pptx!docProps/core.xml", NAME): 1,
        ("d.pptx!docProps/core.xml", CPR): 1,
    }
    assert next(f.place for f in findings if f.path.startswith(book + "work")) == "cell B3"


@pytest.mark.parametrize("writer", ["xlsxwriter", "openpyxl"])
@pytest.mark.parametrize("number", [1703845512, 1703845512.0, 103845512, 61728394])
def test_numeric_cells_are_told_by_their_address(tmp_path, writer, number):
    file = io.BytesIO()
    if writer == "xlsxwriter":
        with xlsxwriter.Workbook(file) as book:
            book.add_worksheet().write_number("C7", number)
    else:
        book = openpyxl.Workbook()
        book.active["C7"] = number
        book.active["A1"] = "=1+1"
        book.save(file)
    [finding] = found(tmp_path, "t.xlsx", file.getvalue())
    assert (finding.place, finding.count) == ("cell C7", 1)
    assert finding.kind == (PHONE if number == 61728394 else CPR)


def test_workbook_comment_sheet_name_inline_string_header_and_property(tmp_path):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("170384-5512")
    cell = openpyxl.cell.WriteOnlyCell(sheet, "fin")
    cell.comment = Comment("Ring 61 72 83 94", "Bo Ek")
    sheet.append([cell, "bo@ek.example"])
    sheet.oddHeader.center.text = "Fra Bo Ek"
    book.properties.title = "Bo Ek"
    findings = found(tmp_path, "t.xlsx", saved(book))
    parts = {(f.path.partition("!")[2], f.kind) for f in findings}
    assert {
        ("xl/workbook.xml", CPR),
        ("xl/comments/comment1.xml", PHONE),
        ("xl/comments/comment1.xml", NAME),
        ("xl/worksheets/sheet1.xml", NAME),
        ("docProps/core.xml", NAME),
    } <= parts
    assert {p for p, k in parts if k == EMAIL} <= {
        "xl/sharedStrings.xml",
        "xl/worksheets/sheet1.xml",
    }
    assert EMAIL in {k for _, k in parts}
    assert not quotes(findings, "170384-5512")


def test_notebook_output_traceback_metadata_picture_and_ids(tmp_path):
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>Bo <tspan>Ek</tspan></text></svg>'
    outputs = [
        nbformat.v4.new_output("display_data", {"image/svg+xml": svg, "text/plain": "<x>"}),
        nbformat.v4.new_output(
            "display_data", {"image/png": base64.b64encode(png("bo@ek.example")).decode()}
        ),
        nbformat.v4.new_output("execute_result", {"text/html": ["<td>170384-5512", "</td>"]}),
        nbformat.v4.new_output(
            "error", ename="ValueError", evalue="nej",
            traceback=["\x1b[0;31mValueError\x1b[0m", "row \x1b[1m61 72\x1b[0m 83 94"],
        ),
    ]  # fmt: skip
    cell = nbformat.v4.new_code_cell("x = 1", outputs=outputs, id="61728394")
    cell.metadata["tags"] = ["Bo Ek"]
    book = nbformat.v4.new_notebook(cells=[cell], metadata={"papermill": {"who": "Bo Ek"}})
    findings = found(tmp_path, "n.ipynb", nbformat.writes(book).encode())
    assert {(f.path, f.kind, f.place) for f in findings} == {
        ("n.ipynb", NAME, "cell 1, outputs, paragraph 1"),
        ("n.ipynb!output-1.png", EMAIL, "chunk tEXt"),
        ("n.ipynb", CPR, "cell 1, outputs, line 1"),
        ("n.ipynb", PHONE, "cell 1, outputs"),
        ("n.ipynb", NAME, "cell 1, metadata"),
        ("n.ipynb", NAME, "notebook"),
    }


def test_parquet_numbers_names_of_columns_index_metadata_and_nested(tmp_path):
    table = pa.table(
        {
            "whole": pa.array([1, 1703845512, 1703845512], pa.int64()),
            "float": pa.array([0.5, None, 103845512.0]),
            "bo@ek.example": pa.array([None, None, None], pa.int8()),
            "nested": pa.array([[{"a": "Bo Ek"}], [], None]),
            "words": pa.array(["x", "Bo Ek", "Bo Ek"]).dictionary_encode(),
            "created": pa.array([1703845512, 1, 2], pa.int64()),
        }
    ).replace_schema_metadata({"who": "61 72 83 94"})
    file = io.BytesIO()
    pq.write_table(table, file)
    findings = found(tmp_path, "t.parquet", file.getvalue())
    assert {(f.place, f.kind, f.count) for f in findings} == {
        ("column 1, first in row 2", CPR, 2),
        ("column 2, first in row 3", CPR, 1),
        ("name of column 3", EMAIL, 1),
        ("column 4, field 1, first in row 1", NAME, 1),
        ("column 5, first in row 2", NAME, 2),
        ("schema metadata", PHONE, 1),
    }
    frame = pd.DataFrame({"n": [1, 2]}, index=["a", "170384-5512"])
    frame.to_parquet(tmp_path / "out" / "t.parquet")
    assert kinds(scan(tmp_path / "out")) == {CPR: 1}


def test_pdf_metadata_alternative_text_link_and_attachment(tmp_path):
    source = (
        '#set document(title: "Bo Ek", date: none)\n#set text(lang: "da")\n= Rapport\n'
        '#link("mailto:bo@ek.example")[skriv]\n'
        '#figure(alt: "Nr. 170384-5512", rect(), caption: [x])\n'
        "Navnet er Ragn-\\\nhild Æblegård-Sø Østermølle."
    )
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(typst.compile(source.encode())))
    writer.add_attachment("bilag.csv", b"a;b\n1;61728394\n")
    file = io.BytesIO()
    writer.write(file)
    findings = found(tmp_path, "r.pdf", file.getvalue())
    places = {(f.path, f.kind, f.place) for f in findings}
    assert {
        ("r.pdf", NAME, "page 1"),
        ("r.pdf", NAME, "document information"),
        ("r.pdf", EMAIL, "document"),
        ("r.pdf", CPR, "document"),
        ("r.pdf!bilag.csv", PHONE, "row 2, column 2"),
    } <= places


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"eXIf"])
def test_png_chunks(tmp_path, kind):
    [finding] = found(tmp_path, "f.png", png("fra bo@ek.example", kind))
    assert (finding.kind, finding.place) == (EMAIL, f"chunk {kind.decode()}")


def test_html_alt_text_comment_data_uri_json_script_and_split_elements(tmp_path):
    svg = base64.b64encode(MAKERS["figur.svg"]("Bo Ek")).decode()
    page = f"""<!DOCTYPE html><html><head><title>x</title>
<script type="application/json">{{"a": 1703845512}}</script>
<script>const k = "61728394"; const z = 61728395;</script></head><body>
<!-- Bo Ek -->
<img alt="Figur med 61 72 83 94" src="data:image/svg+xml;base64,{svg}">
<p>17<b>03</b>84-5512 og B&#111; <i>Ek</i></p>
<table><tr><td>103845512</td><td>n = 103845512</td></tr></table>
<p><a>Bo Ek</a><a>Rapport</a> <a href="mailto:bo%40ek.example">skriv</a></p>"""
    findings = found(tmp_path, "r.html", page.encode())
    assert [(f.path, f.kind, f.place, f.count) for f in findings if f.path != "r.html"] == [
        ("r.html!data-1.svg", NAME, "paragraph 1", 1)
    ]
    places = {(f.kind, f.place) for f in findings if f.path == "r.html"}
    assert {
        (CPR, "script in line 2, value 2"),
        (PHONE, "script in line 3, line 1"),
        (NAME, "comment, line 4"),
        (PHONE, "attribute alt"),
        (CPR, "line 6"),
        (NAME, "line 6"),
        (CPR, "line 7"),
        (NAME, "line 8"),
        (EMAIL, "attribute href"),
    } == places
    assert kinds(findings) == {CPR: 3, PHONE: 2, NAME: 4, EMAIL: 1}


def test_names_of_files_folders_and_parts_count_and_are_blanked(tmp_path):
    secret = zipped({"Bo_Ek/170384-5512.txt": b"fin"})
    findings = found(tmp_path, "0101-bo-ek/svar_1703845512.zip", secret)
    assert {(f.path, f.kind) for f in findings} == {
        ("0101-***", NAME),
        ("0101-***/svar_***.zip", CPR),
        ("0101-***/svar_***.zip!***/***.txt", NAME),
        ("0101-***/svar_***.zip!***/***.txt", CPR),
    }
    assert not quotes(findings, "1703845512")
    assert not quotes(findings, "bo-ek")


# ------------------------------------------------------------------------------------- false alarms

HEX = "9f1703845512ab40c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5c6d7e"
FALSE_ALARMS = [
    "0.1703845512", "0,1703845512", "12.1703845512", " .1703845512", "1703845512.4567",
    "11703845512", "17038455123", "20240331120000", "1712345678123", "0.09236947791164658",
    "3203845512", "1713845512", "2902035512", "0017038455", "-0.0017038455",
    "start_time: 1712345678", '"timestamp": 1712345678', "epoch 1711111234 s",
    HEX, HEX[:16], "9f170384-5512", "550e8400-e29b-41d4-a716-446655440000",
    "a" + "x1703845512y" * 3, "QUJj" * 10 + "+1703845512+" + "QUJj" * 10 + "=",
    "20240331", "31032024", "2024-03-31", "31-03-2024", "31.03.2024 12:30", "11.–31. marts 2024",
    "20240331-1200", "12.345.678", "62.345.678", "12 345 678", "1.234 2.345 3.456 4.567",
    "121641 46800 2000", "n = 33.000", "195.969", "16–29 30–39 40–49 50–66", "2023 2024", "0661 0707",
    "[12 34 56 78]", "1 12 34 56 78", "12 34 56 78 90", "12 34 56 78 %", "12,3 45 67 89 10",
    "2147483648", "4294967295", "16777216", "62345678 kr.", "62345678 bytes", "#62345678",
    "62345678.25", "0.62345678", "a62345678", "0.0045 12345678", "1.0e-05", "10.1016/62345678",
    "antal: 103845512", "logo@2x.png", "@media print", "x @ y", "pakke@1.2.3", "foo@bar",
    "Bo", "Ek Bo", "Bo Ekström", "Madonna", "Ragnhild Østermølle", "Robo Ek", "Bo, Ek",
]  # fmt: skip


@pytest.mark.parametrize("candidate", FALSE_ALARMS)
def test_false_alarms_are_none(tmp_path, candidate):
    for name in ("t.txt", "t.md", "t.html", "t.json"):
        made = {"t.html": "<p>x {}</p>", "t.json": '["x {}"]'}.get(name, "x {}\n")
        made = made.replace("{}", candidate.replace('"', "") if name == "t.json" else candidate)
        assert found(tmp_path, name, made.encode()) == [], name


@pytest.mark.parametrize(
    "file, content",
    [
        ("a.svg", '<svg><path d="M 12 34 56 78 L 1703845512 61728394"/><g transform="t(61728394)"/></svg>'),
        ("b.svg", '<svg viewBox="12 34 56 78"><use id="p61728394" x="61728394"/></svg>'),
        ("c.csv", "a,b\n5,0.1703845512\n0.103845512,20240331\n"),
        ("d.csv", 'a;b\n5;0,1703845512\n"0,103845512";1,5\n'),
        ("e.json", f'{{"mtime": 1712345678, "hash": "{HEX}", "x": [0.1703845512, 20240331]}}'),
        ("f.css", "a { color: #61728394; z-index: 61728394; margin: 12 34 56 78 }"),
        ("g.html", "<style>@font-face{src:url(data:font/woff2;base64,d09GMgABAAAAAAAt1703845512QUAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA)}</style>"),
        ("h.html", "<script>var a = [61728394, 4294967295], b = 0.1703845512</script>"),
        ("i.woff2", "1703845512"),
        ("j.ttf", "bo@ek.example"),
    ],
)  # fmt: skip
def test_coordinates_code_and_fonts_are_no_alarm(tmp_path, file, content):
    assert found(tmp_path, file, content.encode()) == []


# ------------------------------------------------------------------------------ rules at their edges


@pytest.mark.parametrize(
    "digits, valid",
    [
        ("0101900000", True), ("3112990000", True), ("0001900000", False), ("3201900000", False),
        ("6001900000", False), ("6101900000", True), ("9112900000", True), ("9201900000", False),
        ("2902000000", False), ("2902004000", True), ("2902005000", True), ("2902375000", False),
        ("3102905000", False), ("3104905000", False), ("0113900000", False),
    ],
)  # fmt: skip
def test_birth_dates_by_the_seventh_digit(digits, valid):
    assert is_cpr(digits) is valid


@pytest.mark.parametrize(
    "cell, alarm",
    [("103845512", True), ("103845512.0", True), ("1.703845512e+09", True), ("n 103845512", False),
     ("103845512 kr", False), ("003845512", False), ("113845512", False), ("1038455120", False)],
)  # fmt: skip
def test_nine_digits_count_only_as_a_whole_cell(tmp_path, cell, alarm):
    assert bool(found(tmp_path, "t.csv", f"a,b\n5,{cell}\n".encode())) is alarm


@pytest.mark.parametrize("first, alarm", [("1", False), ("2", True), ("9", True), ("0", False)])
def test_eight_bare_digits_begin_with_two_to_nine(tmp_path, first, alarm):
    assert bool(found(tmp_path, "t.txt", f"ring {first}1728394 nu".encode())) is alarm


@pytest.mark.parametrize(
    "spelling",
    ["99 99 99 1234", "999999-1234", "9999991234", "999 999 1234", "1 2 3 4 5 6 7 8", "1234 5678",
     "12345678", "123-456-78", "12-34-5678", "004512345678", "+4512345678", "23845512", "nr.23845512"],
)  # fmt: skip
def test_numbers_of_the_vault_are_found_however_they_are_grouped(tmp_path, spelling):
    vault = ["999999-1234", "+45 12345678", "0023845512"]
    findings = found(tmp_path, "t.txt", f"Se {spelling}, tak".encode(), numbers=vault)
    if spelling.endswith("23845512"):  # two zeros lost is no spelling of nine digits: a telephone
        assert CPR not in kinds(findings)
    else:
        assert sum(kinds(findings).values()) == 1
    assert not quotes(findings, spelling)


def test_a_leading_zero_lost_is_found_in_running_text_when_the_vault_knows_it(tmp_path):
    assert kinds(found(tmp_path, "t.txt", b"nr 103845512 ok", numbers=["0103845512"])) == {CPR: 1}
    assert kinds(found(tmp_path, "t.txt", b"nr 10384-5512 ok", numbers=["0103845512"])) == {CPR: 1}


@pytest.mark.parametrize(
    "text, count",
    [("Bo Ek", 1), ("bo\n  ek", 1), ("BO EKs sag", 1), ("Bo Ek's sag", 1), ("(Bo Ek)", 1),
     ("Hej Bo Ek. Bo Ek!", 2), ("Bo\u00ad Ek", 1), ("Bo Ek-Holm", 0), ("Bob Ek", 0), ("Bo. Ek", 1)],
)  # fmt: skip
def test_names_are_whole_words(tmp_path, text, count):
    assert kinds(found(tmp_path, "t.txt", text.encode())).get(NAME, 0) == count


def test_name_spelt_with_combining_marks_is_the_same_name(tmp_path):
    text = "Ragnhild Æblega\u030ard-Sø Østermølle"
    assert kinds(found(tmp_path, "t.txt", text.encode())) == {NAME: 1}


# --------------------------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    "file, content",
    [
        ("a.xyz", b"fin"), ("b.exe", b"MZ\0\1"), ("c.pptx", b"no zip"), ("d.xlsx", b""),
        ("e.pdf", b"%PDF-1.7 torn"), ("f.png", b"no picture"), ("g.parquet", b"PAR1"),
        ("h.json", b'{"a": '), ("i.ipynb", b"[]"), ("j.xml", b"<a><b></a>"), ("k.txt", b"a\0b"),
        ("l.zip", zipped({"x.bin": b"\0\1"})), ("o.gz", b""), ("p.gz", b"no gzip"), ("q.gif", b"no picture"), ("m.png", png("x")[:-20]), ("n.emf", b"\1\0\0\0"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(tmp_path, file, content):
    findings = found(tmp_path, file, content)
    assert {f.kind for f in findings} == {UNREADABLE}
    assert "unreadable" in str(findings[0])
    told = str(findings[0].as_problem("build"))
    assert "cannot be looked through" in told and "personal data" not in told
    assert counted(findings).startswith("0 places with personal data, ")


def test_protected_parts_and_documents_are_told(tmp_path):
    pyzipper = pytest.importorskip("pyzipper")
    file = io.BytesIO()
    with pyzipper.AESZipFile(file, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"hemmelig")
        archive.writestr("svar.csv", "170384-5512")
    assert [(f.path, f.kind) for f in found(tmp_path, "p.zip", file.getvalue())] == [
        ("p.zip!svar.csv", UNREADABLE)
    ]
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf("fin")))
    writer.encrypt("hemmelig", algorithm="AES-256")
    writer.write(tmp_path / "out" / "p.pdf")
    assert [f.path for f in scan(tmp_path / "out" / "p.pdf")] == ["p.pdf"]


def test_a_broken_file_is_searched_all_the_same(tmp_path):
    assert kinds(found(tmp_path, "t.json", b'{"a": "170384-5512"')) == {UNREADABLE: 1, CPR: 1}
    assert kinds(found(tmp_path, "t.json", b"")) == {UNREADABLE: 1}


def test_links_that_lead_nowhere_or_out_are_told(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "gone.txt").symlink_to(tmp_path / "nothing.txt")
    (tmp_path / "out" / "folder").symlink_to(tmp_path)
    assert {f.path for f in scan(tmp_path / "out")} == {"gone.txt", "folder"}


def test_no_path_is_an_error(tmp_path):
    with pytest.raises(SurveyError, match="is not there"):
        scan(tmp_path / "nothing")


# ------------------------------------------------------------------------------------------- counts


def test_many_places_are_summed_and_none_is_lost(tmp_path):
    rows = "".join(f"{i},170384-5512\n" for i in range(100))
    findings = found(tmp_path, "t.csv", f"a,b\n{rows}".encode())
    assert len(findings) == PLACES_MAX + 1
    assert kinds(findings) == {CPR: 100}
    assert findings == sorted(findings)


def test_a_finding_tells_path_place_kind_and_count():
    finding = Finding("a.csv", CPR, "row 2, column 3", 4)
    assert str(finding) == "a.csv, row 2, column 3: cpr number, 4"
    assert "personal data" in str(finding.as_problem())
    assert counted([finding]) == "1 place with personal data"


def test_one_file_alone_is_told_by_its_name(tmp_path):
    (tmp_path / "a.txt").write_text("170384-5512\n1 170384-5512\n", "utf-8")
    assert [(f.path, f.place) for f in scan(tmp_path / "a.txt")] == [
        ("a.txt", "line 1"), ("a.txt", "line 2")
    ]  # fmt: skip


def test_the_quick_and_the_slow_reading_of_a_worksheet_agree():
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="s"><v>61728394</v></c><c r="B1" s="2"><v>1703845512.0</v></c>'
        b'<c r="C1"><v>1.703845512E9</v></c>%s</row></sheetData></worksheet>'
    )
    quick = read("xl/worksheets/sheet1.xml", sheet % b"").texts
    slow = read("xl/worksheets/sheet1.xml", sheet % b"<c r='D1' t=\"str\"><v>x</v></c>").texts
    numbers = [("1703845512", "cell B1"), ("1703845512", "cell C1")]
    assert [(t.text, t.place) for t in quick] == numbers
    assert [(t.text, t.place) for t in slow if t.text != "x"] == numbers
