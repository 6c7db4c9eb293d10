"""Free text: what points at a person is taken out, and few texts go nowhere."""

import re
import zipfile

import openpyxl
import pandas as pd
import pytest
import test_scan_spellings

from helpers.answers.free_text import Names, scrub, scrub_answers, write_texts
from helpers.common.paths import Paths

NAMES = ["Mette Østergård Lund", "Bo Vind", "Karl-Emil Glad", "Aase Ærø"]
KNOWN = Names.of(NAMES)


@pytest.mark.parametrize(
    "text, left",
    [
        ("Mette var god.", "[navn fjernet] var god."),
        ("Jeg talte med mette lund i går.", "Jeg talte med [navn fjernet] i går."),
        ("METTE ØSTERGÅRD LUND hjalp", "[navn fjernet] hjalp"),
        ("Bo Vind og Karl-Emil Glad", "[navn fjernet] og [navn fjernet]"),
        ("Min sagsbehandler Lund var venlig", "Min sagsbehandler [navn fjernet] var venlig"),
        ("Glad er jeg. Jeg blev glad.", "Glad er jeg. Jeg blev glad."),
        ("Vind i håret", "Vind i håret"),
        ("De bor i en by", "De bor i en by"),
    ],
)
def test_names_of_the_vault_are_taken_out(text, left):
    assert scrub(text, KNOWN) == left


@pytest.mark.parametrize(
    "number",
    ["010203-1234", "0102031234", "010203 1234", "10203-1234", "102031234", "010203–1234",
     "12345678", "12 34 56 78", "12.34.56.78", "+45 12345678", "0045 12 34 56 78", "123456789012"],
)  # fmt: skip
def test_numbers_are_taken_out(number):
    left = scrub(f"Ring på {number}, tak", KNOWN)
    assert left == "Ring på [nummer fjernet], tak"


@pytest.mark.parametrize(
    "number", [*test_scan_spellings.BY_FORM.values(), "+45 61.72.83.94", "617 28 394", "6172 8394"]
)
def test_every_spelling_that_the_scanner_knows_is_taken_out(number):
    assert scrub(f"Ring på {number}, tak", KNOWN) == "Ring på [nummer fjernet], tak"


@pytest.mark.parametrize(
    "name",
    ["Lund, Mette", "LUND, METTE ØSTERGÅRD", "mette.lund", "mette_østergård_lund", "Vind, Bo"],
)
def test_every_order_of_a_name_is_taken_out(name):
    assert scrub(f"Det var {name} som hjalp", KNOWN) == "Det var [navn fjernet] som hjalp"


@pytest.mark.parametrize("packed", test_scan_spellings.PACKED.values())
def test_what_base64_holds_is_taken_out(packed):
    assert scrub(f"Se {packed} her", KNOWN) == "Se [nummer fjernet] her"


@pytest.mark.parametrize(
    "address",
    ["Skovvej 12", "skovvej 12b", "Gammel Kongevej 103, 2. tv", "H.C. Andersens Boulevard 27", "Torvet 3",
     "Ny Østergade 7, st. th.", "Nørre Allé 5, 3. sal", "Bakken 14", "Rosenhaven 2", "Enghaveparken 4 A",
     "Skovvej nr. 12, 4200 Slagelse", "Åvænget 9, DK-8500 Grenaa", "Sct. Knuds Plads 1, 4. mf", "Solhjem 4, 2. th"],
)  # fmt: skip
def test_street_addresses_are_taken_out(address):
    assert scrub(f"Jeg bor på {address} og har ventet", KNOWN) == (
        "Jeg bor på [adresse fjernet] og har ventet"
    )


@pytest.mark.parametrize(
    "text",
    ["Vi vil have 2 samtaler", "på vej 3 gange", "Min dreng 14 år", "Uge 12 og 13", "Side 4, 2. afsnit",
     "i alt 3 møder", "Jobcentret 2 gange", "5. maj 2024", "kl. 12.30", "Have 3 uger fri", "en skov 2 km væk",
     "40 * 2 = 80", "3 ud af 5", "Paragraf 8, stk. 2"],
)  # fmt: skip
def test_ordinary_words_and_numbers_are_no_address(text):
    assert scrub(text, KNOWN) == text


@pytest.mark.parametrize(
    "mail", ["mette (at) firma.dk", "mette.lund[at]firma (dot) dk", "mette snabel-a firma.dk"]
)
def test_written_out_addresses_are_taken_out(mail):
    assert scrub(f"skriv til {mail} nu", KNOWN) == "skriv til [e-mail fjernet] nu"


@pytest.mark.parametrize("text", ["uge 12", "i 2024", "12.000 kr.", "3 samtaler og 12-13 breve"])
def test_ordinary_numbers_stay(text):
    assert scrub(text, KNOWN) == text


@pytest.mark.parametrize("mail", ["mette@firma.dk", "m.lund+x@post.firma.dk", "mette @ firma.dk"])
def test_addresses_are_taken_out(mail):
    assert scrub(f"skriv til {mail} nu", KNOWN) == "skriv til [e-mail fjernet] nu"


def test_both_texts_of_every_citizen():
    answers = pd.DataFrame(
        {"q14_text": ["Mette!", ""], "q15_text": ["", "tlf 12345678"], "q01": [1, 2]}
    )
    got = scrub_answers(answers, NAMES)
    assert got["q14_text"].tolist() == ["[navn fjernet]!", ""]
    assert got["q15_text"].tolist() == ["", "tlf [nummer fjernet]"]
    assert got["q01"].tolist() == [1, 2]


@pytest.mark.parametrize("count, written", [(4, False), (5, True), (6, True)])
def test_few_texts_go_nowhere(round_2024, tmp_path, count, written):
    paths = Paths(tmp_path, round_2024.id)
    answers = pd.DataFrame({"q14_text": [f"tekst {i}" for i in range(count)], "q15_text": ""})
    path = write_texts(paths, round_2024, "0707", answers)
    assert (path is not None) == written == paths.texts("0707").is_file()


def test_texts_do_not_stand_in_the_order_of_arrival(round_2024, tmp_path):
    texts = ["d", "a", "e", "b", "c"]
    answers = pd.DataFrame({"q14_text": texts, "q15_text": texts[::-1]})
    book = openpyxl.load_workbook(
        write_texts(Paths(tmp_path, round_2024.id), round_2024, "0707", answers)
    )
    rows = list(book.active.iter_rows(min_row=2, values_only=True))
    assert rows == [(t, t) for t in sorted(texts)]


def test_the_workbook_tells_no_time_of_writing(round_2024, tmp_path):
    answers = pd.DataFrame({"q14_text": [f"Svar {i}" for i in range(9)], "q15_text": ""})
    path = write_texts(Paths(tmp_path, round_2024.id), round_2024, "0707", answers)
    with zipfile.ZipFile(path) as book:
        told = book.read("docProps/core.xml").decode("utf-8")
    day = round_2024.settings.calendar.reporting.end.isoformat()
    assert set(re.findall(r">(\d{4}-\d\d-\d\dT[^<]*)<", told)) == {f"{day}T00:00:00Z"}


def test_texts_that_look_like_formulas_leave_as_text(round_2024, tmp_path):
    paths = Paths(tmp_path, round_2024.id)
    hostile = ["=1+1", "+SUM(A1)", "-2", "@cmd", "\t=1", "almindelig"]
    answers = pd.DataFrame({"q14_text": hostile, "q15_text": ""})
    book = openpyxl.load_workbook(write_texts(paths, round_2024, "0707", answers))
    cells = [c for row in book.active.iter_rows(min_row=2) for c in row]
    assert sorted(c.value for c in cells) == sorted(hostile)
    assert {c.data_type for c in cells} == {"s"}
    assert book.active.max_column == 1  # the question without texts is left out
