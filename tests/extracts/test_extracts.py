"""Reading extracts: the six examples exactly, and each way in which a file can be wrong."""

import datetime as dt
import json

import openpyxl
import pandas as pd
import pytest
from conftest import EXTRACTS, REFERENCE

from helpers.common.errors import ExtractError
from helpers.common.labels import normalise
from helpers.extracts.extracts import read_extract
from helpers.parameters.params import LocalFile

EXPECTED = json.loads((EXTRACTS / "expected.json").read_text("utf-8"))["files"]
HEADINGS = ["CPR-nr.", "Navn", "Ydelse", "Dato for overgang til aktuel ydelse",
            "Dato for seneste samtale", "Afsluttet forløb", "Telefonnr.", "Passiv"]  # fmt: skip
GOOD = [
    "010180-1234",
    "Anne Holm",
    "Sygedagpenge",
    dt.date(2023, 1, 5),
    None,
    "Nej",
    "12345678",
    "Nej",
]


def read(path, round_, local=None):
    local = local or LocalFile(municipality=path.name[:4])
    return read_extract(path, round_.formats, local, REFERENCE)


def workbook(tmp_path, rows, headings=HEADINGS, above=()):
    book = openpyxl.Workbook()
    for row in [*above, headings, *rows]:
        book.active.append(row)
    path = tmp_path / "0825-laesoe.xlsx"
    book.save(path)
    return path


def refuse(path, round_, local=None) -> str:
    with pytest.raises(ExtractError) as caught:
        read(path, round_, local).raise_problems()
    return str(caught.value)


@pytest.mark.parametrize("file", sorted(EXPECTED))
def test_examples_are_read_whole(round_2024, file):
    extract = read(EXTRACTS / file, round_2024)
    assert extract.rows_read == EXPECTED[file]["rows_read"]
    assert extract.layout == EXPECTED[file]["layout"]
    assert extract.problems == ()
    assert extract.refused.empty


def test_local_background(round_2024):
    extract = read(EXTRACTS / "0707-norddjurs.xlsx", round_2024, round_2024.local_for("0707"))
    assert set(extract.persons["local_indsats"]) == {"helhedsorienteret", "traditionel"}
    assert read(EXTRACTS / "0707-norddjurs.xlsx", round_2024).ignored_columns == ("Indsats",)


def test_missing_local_background(round_2024, tmp_path):
    told = refuse(workbook(tmp_path, [GOOD]), round_2024, round_2024.local_for("0707"))
    assert "»Indsats« is missing" in told


def test_all_troubles_of_a_file_at_once_and_no_citizen_quoted(round_2024, tmp_path):
    rows = [
        GOOD,
        ["010180-1234", "Anne Holm", "A-dagpenge", *GOOD[3:]],
        ["310290-1234", "Bo Kjær", *GOOD[2:]],
        ["020280-1234", "Carl Holm", "Sygedagpenge", "31-02-2023", None, "Nej", "", "Nej"],
        [
            "030380-1234",
            "Dorthe Holm",
            "Kulturstøtte",
            dt.date(2023, 1, 5),
            None,
            "Nej",
            "",
            "måske",
        ],
        ["", "Erik Holm", *GOOD[2:]],
    ]
    told = refuse(workbook(tmp_path, rows), round_2024)
    assert "row 2, column »CPR-nr.«: the same CPR number in rows 2, 3" in told
    assert "row 4, column »CPR-nr.«: holds no valid birth date" in told
    assert "row 5, column »Dato for overgang til aktuel ydelse«: »31-02-2023« is no date" in told
    assert "unknown benefit text »Kulturstøtte« in 1 row(s), first row 6" in told
    assert "params/extract-formats/standard.yml" in told
    assert "row 6, column »Passiv«: »måske« is neither yes nor no" in told
    assert "row 7, column »CPR-nr.«: is no CPR number of ten digits" in told
    for secret in ("010180", "1234", "Holm", "Kjær", "12345678"):
        assert secret not in told


def test_refused_rows_are_listed(round_2024, tmp_path):
    bad = ["020280-1234", "C", "Sygedagpenge", "i går", None, "Nej", "", "Nej"]
    extract = read(workbook(tmp_path, [GOOD, bad]), round_2024)
    assert extract.refused.to_dict("records") == [
        {"row": 3, "column": HEADINGS[3], "problem": "»i går« is no date"}
    ]


def test_missing_columns_are_all_named(round_2024, tmp_path):
    headings = [h for h in HEADINGS if h not in ("Passiv", "Navn")]
    told = refuse(workbook(tmp_path, [[1] * 6], headings), round_2024)
    assert "»Passiv« is missing" in told
    assert "»Navn« is missing" in told


def test_no_known_layout(round_2024, tmp_path):
    told = refuse(workbook(tmp_path, [[1, 2]], ["a", "b"]), round_2024)
    assert "no row of headings fits a known layout" in told


def test_empty_file(round_2024, tmp_path):
    path = tmp_path / "0825.xlsx"
    path.write_bytes(b"")
    assert "is empty" in refuse(path, round_2024)


def test_empty_workbook(round_2024, tmp_path):
    path = tmp_path / "0825.xlsx"
    openpyxl.Workbook().save(path)
    assert "holds no cells" in refuse(path, round_2024)


def test_headings_without_persons(round_2024, tmp_path):
    assert "no persons" in refuse(workbook(tmp_path, []), round_2024)


def test_broken_workbook(round_2024, tmp_path):
    path = tmp_path / "0825.xlsx"
    path.write_bytes((EXTRACTS / "0825-laesoe.xlsx").read_bytes()[:3000])
    assert "broken" in refuse(path, round_2024)


def test_password_protected_workbook(round_2024, tmp_path):
    path = tmp_path / "0825.xlsx"
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(ole)
    assert "password" in refuse(path, round_2024)


def test_two_sheets_with_extracts(round_2024, tmp_path):
    path = workbook(tmp_path, [GOOD])
    book = openpyxl.load_workbook(path)
    book.copy_worksheet(book.active)
    book.save(path)
    assert "2 sheets with an extract" in refuse(path, round_2024)


@pytest.mark.parametrize(
    "cell",
    ["05-01-2023", "05.01.2023", "5/1/2023", "2023-01-05", "2023-01-05 00:00:00", 44931, 44931.0,
     "44931", dt.date(2023, 1, 5), dt.datetime(2023, 1, 5, 13, 30)],
)  # fmt: skip
def test_every_form_of_date(round_2024, tmp_path, cell):
    row = [*GOOD[:3], cell, *GOOD[4:]]
    extract = read(workbook(tmp_path, [row]), round_2024)
    assert extract.persons["spell_start"].iloc[0] == pd.Timestamp("2023-01-05")


@pytest.mark.parametrize("cell", ["²", "2023²", True, 1, "now", "31-02-2023"])
def test_no_date(round_2024, tmp_path, cell):
    told = refuse(workbook(tmp_path, [[*GOOD[:3], cell, *GOOD[4:]]]), round_2024)
    assert "is no date" in told


def test_one_and_true_are_two_cells(round_2024, tmp_path):
    """Excel's own true and false beside numbers and words in one column."""
    cells = [True, 1, 1.0, "1", "Ja", False, 0, "nej"]
    rows = [[f"0101800{i}34", *GOOD[1:7], cell] for i, cell in enumerate(cells)]
    persons = read(workbook(tmp_path, rows), round_2024).persons
    assert persons["passive"].tolist() == [True] * 5 + [False] * 3


def moved(cells: int) -> str:
    return (
        f"the row has {cells} cells, the headings 8: a cell is missing or too many, so that all behind it "
        "stands in another column"
    )


def test_rows_of_a_text_file_that_are_too_short_or_too_long(round_2024, tmp_path):
    head, good, *more = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252").splitlines()[:4]
    short, blank = ";".join(more[0].split(";")[:7]), " ; ;\u00a0;;"
    lines = [head, good, short, blank, "", more[1] + ";;", "I alt;;3;;;;;;"]
    path = tmp_path / "0741.csv"
    path.write_text("\n".join(lines), "cp1252")
    extract = read(path, round_2024)
    assert extract.rows_read == 3
    assert extract.refused.to_dict("records") == [
        {"row": 3, "column": "", "problem": moved(7)},
        {"row": 3, "column": "Passiv J/N", "problem": "is empty"},
        {"row": 6, "column": "", "problem": moved(10)},
    ]
    path.write_text("\n".join([head, good + ";for meget"]), "cp1252")
    assert "row 2: has more cells than there are headings" in refuse(path, round_2024)


def test_title_rows_total_row_and_empty_rows_are_no_persons(round_2024, tmp_path):
    rows = [GOOD, [None] * 8, ["I alt", *[None] * 6, 1]]
    path = workbook(tmp_path, rows, above=[["Udtræk"], [None], ["Dannet i dag"]])
    extract = read(path, round_2024)
    assert extract.rows_read == 1
    assert extract.persons["row"].tolist() == [5]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_text_files(round_2024, tmp_path, encoding):
    text = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252")
    path = tmp_path / "0741.csv"
    path.write_text(text, encoding)
    assert read(path, round_2024).rows_read == 190


def test_heading_words_agree_whatever_the_spaces():
    assert normalise(" Startdato\nydelse\u00a0") == normalise("STARTDATO YDELSE")
