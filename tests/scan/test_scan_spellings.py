"""Persons as people write them: each spelling is found in every kind of file, ordinary numbers are not.

All persons are invented.
"""

import base64
import io

import docx as word
import openpyxl
import pandas as pd
import pytest
import test_scan
import xlsxwriter
from pptx import Presentation
from pptx.util import Cm
from test_scan import CPR, EMAIL, MAKERS, NAME, PHONE, kinds, quotes

VAULT = {
    "names": ["Emil Juhl Pedersen", "Bo Ek"],
    "numbers": ["170384-5512", "61728394", "999999-1234"],
}
FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
BY_FORM = {
    "hyphens": "17-03-84-5512",
    "low line": "170384_5512",
    "colon": "170384:5512",
    "plus": "170384+5512",
    "middle dot": "170384·5512",
    "two hyphens": "170384--5512",
    "bar": "170384 | 5512",
    "hyphens, year whole": "17-03-1984-5512",
    "year whole, together": "17031984-5512",
    "spaces": "17 03 84 55 12",
    "spaces, last four together": "17 03 84 5512",
    "no-break spaces": "17\u00a003\u00a084\u00a055\u00a012",
    "slashes": "17/03/84/5512",
    "one slash": "170384/5512",
    "points": "17.03.84.5512",
    "points, year whole": "17.03.1984-5512",
    "mixed": "17.03.84 / 5512",
    "last four apart": "170384-55 12",
    "full width": "170384-5512".translate(FULL_WIDTH),
    "full width, together": "1703845512".translate(FULL_WIDTH),
    "arabic digits": "170384-5512".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "of the 2000s": "17-03-2004-4512",
    "replacement number": "77-03-84-5512",
}  # fmt: skip
OF_VAULT = {
    "last name first": ("Pedersen, Emil Juhl", NAME),
    "both last names first": ("JUHL PEDERSEN, EMIL", NAME),
    "points": ("emil.juhl.pedersen", NAME),
    "low lines": ("emil_juhl_pedersen", NAME),
    "two words, last first": ("Ek, Bo", NAME),
    "telephone, points": ("61.72.83.94", PHONE),
    "telephone, points and code": ("+45 61.72.83.94", PHONE),
    "telephone, odd spaces": ("617 28 394", PHONE),
    "telephone, halves": ("6172 8394", PHONE),
    "no birth date, points": ("99.99.99.1234", CPR),
    "no birth date, slashes": ("99/99/99/1234", CPR),
}
PACKED = {
    "text": base64.b64encode(b"170384-5512 skrev").decode(),
    "bare": base64.b64encode(b"1703845512").decode(),
    "url": base64.urlsafe_b64encode("Født 1703845512 på øen".encode()).decode(),
    "without filling": base64.b64encode(b"1703845512").decode().rstrip("="),
}


OTHER_DIGITS = {s for s, text in BY_FORM.items() if not text.replace("\u00a0", " ").isascii()}
LACK_THEM = ("gammel.txt", "rapport.pdf")  # cp1252, and the font of the page


@pytest.mark.parametrize(
    "file, spelling",
    [(f, s) for f in MAKERS for s in BY_FORM if not (f in LACK_THEM and s in OTHER_DIGITS)],
)
def test_a_cpr_number_is_found_by_its_form_alone(tmp_path, file, spelling):
    found = test_scan.found(tmp_path, file, MAKERS[file](BY_FORM[spelling]), names=[])
    assert kinds(found) == {CPR: 1}
    assert not quotes(found, BY_FORM[spelling])


@pytest.mark.parametrize("spelling", OF_VAULT)
@pytest.mark.parametrize("file", MAKERS)
def test_a_person_of_the_vault_is_found_however_written(tmp_path, file, spelling):
    planted, kind = OF_VAULT[spelling]
    found = test_scan.found(tmp_path, file, MAKERS[file](planted), **VAULT)
    assert kinds(found) == {kind: 1}
    assert not quotes(found, planted)


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("file", [f for f in MAKERS if f not in ("stil.css", "rapport.pdf")])
def test_what_base64_holds_is_read(tmp_path, file, packed):
    found = test_scan.found(tmp_path, file, MAKERS[file](PACKED[packed]), names=[])
    assert kinds(found) == {CPR: 1}


def test_base64_over_several_lines_is_read(tmp_path):
    packed = base64.encodebytes(("x" * 50 + " 170384-5512 " + "y" * 60).encode())
    assert kinds(test_scan.found(tmp_path, "t.txt", b"Fil:\n" + packed + b"\n", names=[])) == {
        CPR: 1
    }


@pytest.mark.parametrize("mail", ["emil.pedersen@post.example", "emil.juhl.pedersen＠post.example"])
def test_an_address_is_one_finding_though_it_holds_a_name(tmp_path, mail):
    assert kinds(test_scan.found(tmp_path, "t.txt", f"Skriv {mail} nu".encode(), **VAULT)) == {
        EMAIL: 1
    }


# ------------------------------------------------------------------------------- over two cells or lines


def workbook(rows) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                number = cell.isdigit() and cell[0] != "0"
                (sheet.write_number if number else sheet.write_string)(
                    r, c, int(cell) if number else cell
                )
    return file.getvalue()


def streamed_workbook(rows) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Ark")
    for row in rows:
        sheet.append(list(row))
    return test_scan.saved(book)


def letter(rows) -> bytes:
    document = word.Document()
    table = document.add_table(len(rows), len(rows[0]))
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            table.cell(r, c).text = cell
    return test_scan.saved(document)


def slide(rows) -> bytes:
    deck = Presentation()
    shapes = deck.slides.add_slide(deck.slide_layouts[6]).shapes
    table = shapes.add_table(len(rows), len(rows[0]), 0, 0, Cm(9), Cm(5)).table
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            table.cell(r, c).text = cell
    return test_scan.saved(deck)


def page(rows) -> bytes:
    lines = ("".join(f"<td><b>{cell}</b></td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>".encode()


def parquet(rows) -> bytes:
    file = io.BytesIO()
    pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(file)
    return file.getvalue()


TABLES = {
    "t.csv": lambda rows: "".join(";".join(row) + "\n" for row in rows).encode(),
    "quoted.csv": lambda rows: "".join(
        ",".join(f'"{c}"' for c in row) + "\n" for row in rows
    ).encode(),
    "t.xlsx": workbook,
    "streamed.xlsx": streamed_workbook,
    "t.docx": letter,
    "t.pptx": slide,
    "t.html": page,
    "t.parquet": parquet,
}
SHARED_OUT = {
    "first and last": (("Emil Juhl", "Pedersen"), NAME),
    "last and first": (("Pedersen", "Emil Juhl"), NAME),
    "in three": (("Emil", "Juhl", "Pedersen"), NAME),
    "halves of a number": (("170384", "5512"), CPR),
    "halves with hyphens": (("17-03-84", "5512"), CPR),
}  # fmt: skip


@pytest.mark.parametrize("shared", SHARED_OUT)
@pytest.mark.parametrize("file", TABLES)
def test_a_person_of_the_vault_over_several_cells_is_found(tmp_path, file, shared):
    cells, kind = SHARED_OUT[shared]
    rows = [("n", *(f"Felt {i}" for i in range(len(cells))), "andel")]
    rows += [
        ("809", *("andet" for _ in cells), "ja"),
        ("12", *cells, "nej"),
        ("5", *("x" for _ in cells), "ja"),
    ]
    found = test_scan.found(tmp_path, file, TABLES[file](rows), **VAULT)
    assert kinds(found) == {kind: 1}
    assert not any(quotes(found, cell) for cell in cells)


@pytest.mark.parametrize("file", ["t.csv", "quoted.csv", "t.xlsx", "streamed.xlsx", "t.parquet"])
def test_two_columns_of_halves_are_found_without_the_vault(tmp_path, file):
    rows = [("født", "løbenr", "svar")] + [(f"17038{i}", f"551{i}", "ja") for i in range(4)]
    assert kinds(test_scan.found(tmp_path, file, TABLES[file](rows), names=[])) == {CPR: 4}
    counts = [("i alt", "inviterede", "ja")] + [(f"{349983 + i}", "1999", "ja") for i in range(8)]
    counts += [("110384", "2024", "ja")]
    assert test_scan.found(tmp_path, file, TABLES[file](counts), names=[]) == []


@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_number_in_folded_lines_of_a_calendar_is_found(tmp_path, width):
    text = "BEGIN:VEVENT\r\nSUMMARY:Samtale med 1703845512 om svar\r\nEND:VEVENT\r\n"
    at = text.index("1703845512") + width
    folded = f"{text[:at]}\r\n {text[at:]}"
    assert kinds(test_scan.found(tmp_path, "k.ics", folded.encode(), names=[])) == {CPR: 1}


# ------------------------------------------------------------------------------------------ false alarms

ORDINARY = [
    "31.03.2024 1200", "31-03-2024-1200", "17-03-2004-1512", "170384.5512", "121084.5512", "17031984.5512",
    "170384_55123", "a170384_5512", "170384:5512:07", "1.170384_5512", "320384_5512", "1 17 03 84 55 12", "17 03 84 55 12 90", "17 03 84 55 12 %", "32 03 84 55 12", "17 13 84 55 12",
    "0.17 0.03 0.84 0.55 0.12", "17,3 84,5 51,2", "2024-03-17 08:45:12", "17. marts 2024 kl. 12.30",
    "12.345.678", "61.728.394", "1.617.283.940", "0.61728394", "61.728394", "v. 1.2.3.4", "192.168.10.12",
    "3,70–3,90", "beskæftigelsesindsats", "QWxsZSBoYXIgc3ZhcmV0", "a" * 80, "Ek Bo", "Bo, Ek", "Pedersen, Emil",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "Emil. Juhl, Pedersen",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize(
    "file", ["noter.md", "rapport.html", "tal.json", "semikolon.csv", "tal.xlsx"]
)
def test_ordinary_text_is_no_alarm(tmp_path, file, text):
    vault = {"names": VAULT["names"], "numbers": ["61728394"]}
    assert test_scan.found(tmp_path, file, MAKERS[file](text), **vault) == []
