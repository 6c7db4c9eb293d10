"""Errors, records and logs quote no citizen and no password: only what is known, or near it.

All persons are invented.
"""

from __future__ import annotations

import shutil
import string

import openpyxl
import pytest
from conftest import EXTRACTS

from helpers.common.errors import Problem, SurveyError
from helpers.common.quoting import (
    blanked,
    quoted,
    redacted_file_name,
    redacted_name,
    without_secrets,
)
from helpers.extracts.intake_record import intake, merge
from helpers.faults.faults import ALL_KINDS, LANGUAGES, Place, fault
from helpers.preparation.check import check_extract
from helpers.preparation.check_report import lines_about

NUMBER, PHONE, MAIL = "170384-5512", "51234567", "zacharias@post.example"
NAME = "Zacharias Ankerstjerne"
PERSONAL = (NUMBER, "1703845512", "17 03 84 55 12", PHONE, "51 23 45 67", "+45 51234567", MAIL)


@pytest.mark.parametrize("personal", PERSONAL)
@pytest.mark.parametrize("part", ["where", "what", "expected", "remedy"])
def test_no_part_of_a_problem_holds_what_has_the_form_of_a_person(personal, part):
    problem = Problem(**({"where": "a.csv", "what": "is wrong"} | {part: f"»{personal}« er her"}))
    error = SurveyError(problems=[problem])
    for told in (str(problem), repr(problem), str(error), repr(error)):
        assert personal not in told
    assert "»…« er her" in str(problem)


@pytest.mark.parametrize("kind", sorted(ALL_KINDS))
def test_no_kind_of_fault_holds_a_number_in_any_detail_or_place(kind):
    words = ALL_KINDS[kind].in_language("en")
    text = " ".join((words.what, words.expected, words.remedy, words.hint))
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    place = Place(f"0707 {NAME} {NUMBER}.xlsx", f"Ark {NAME} {NUMBER}", 3, "Navn", ((3, 1),))
    made = fault(kind, place, **{name: f"»{NUMBER}«" for name in names | {"near"}})
    for told in (str(made), *(str(made.in_language(language)) for language in LANGUAGES)):
        assert "5512" not in told and "Zacharias" not in told and "Ankerstjerne" not in told


@pytest.mark.parametrize("cell", [
    f"{NAME} … ringede {PHONE}", NAME, "Zacharias", PHONE, "51 23 45 67", NUMBER, MAIL, f"31-02-2023 {NAME}",
    "Ja, Zacharias", "12-03-2024 51234567",
])  # fmt: skip
def test_a_cell_that_could_name_somebody_is_not_quoted(cell):
    assert quoted(cell, ["Ja", "Nej"]) == "…"


@pytest.mark.parametrize("cell", [
    "31-02-2023", "31.02.2023", "2023-02-31", "31/2-23", "12-03-2024 kl. 10.15", "45123",
     "Nejj", "Seniorpension", "Kulturstøtte", "Jobklar", "i går", "måske", "sygedagpange", "?", "–", "3,5",
])  # fmt: skip
def test_what_can_be_nobody_is_quoted_as_it_stands(cell):
    assert quoted(cell, ["Ja", "Nej", "31/2-23"]) == cell


@pytest.mark.parametrize(
    "name, told",
    [
        ("0161-glostrup.xlsx", "0161-glostrup.xlsx"),
        ("0825_udtræk_endelig (2).csv", "0825_udtræk_endelig (2).csv"),
        (f"0707 {NAME} {NUMBER}.xlsx", "0707 ….xlsx"),
        ("0707-norddjurs.xlsx / 0707-zacharias.csv", "0707-norddjurs.xlsx / 0707-….csv"),
        ("svar-2024-03-12.csv", "svar-2024-03-12.csv"),
        ("eksport_0707_20240312.csv", "eksport_0707_20240312.csv"),
        ("0825-svar-9a245ac5.csv", "0825-svar-9a245ac5.csv"),
        ("0825-svar-51234567.csv", "0825-svar-….csv"),
        (f"0707-1703845512.{NAME}", "0707-…"),
    ],
)
def test_names_of_files(name, told):
    assert redacted_file_name(name) == told


@pytest.mark.parametrize(
    "name, told",
    [("Ark1", "Ark1"), ("Sagsbehandler", "Sagsbehandler"), ("Telefonnr.", "Telefonnr."),
     ("Bemærkninger til borger", "Bemærkninger til borger"), (f"Note om {NAME}", "Note om …"),
     (f"CPR {NUMBER}", "CPR …"), ("Ankerstjerne, Zacharias", "…"), ("Læsø Kommune", "Læsø Kommune")],
)  # fmt: skip
def test_names_of_sheets_and_headings(name, told):
    assert redacted_name(name) == told


# ------------------------------------------------------------------------------------------- passwords


@pytest.mark.parametrize(
    "password", ["hem@lig", "hem:lig", "hem/lig@", "hemlig", "h%40mlig", "p@@ss:w/rd"]
)
def test_no_problem_holds_the_password_of_an_address(password):
    address = f"postgresql://anna:{password}@host.example/survey"
    assert password not in str(Problem("--to", f"»{address}« cannot be used"))
    assert "host.example/survey" in blanked(address)
    assert "hemlig" not in blanked("s3://bucket?secret_key=hemlig&region=dk")


@pytest.mark.parametrize("part", ["hem@lig", "lig", "hem", "lig@host"])
def test_a_message_with_a_part_of_the_password_is_not_shown(part):
    address = "postgresql://anna:hem@lig@host/survey"
    assert "lig" not in without_secrets(f'no host "{part}" known', address).replace("lige", "")
    assert without_secrets("connection refused", address) == "connection refused"


# ---------------------------------------------------------------- a file that names citizens everywhere


def attack(paths, *, well: bool) -> str:
    """Læsø's extract under a citizen's name, on a sheet and with headings that name one; its name."""
    for path in paths.extracts.glob("0825*"):
        path.unlink()
    book = openpyxl.load_workbook(EXTRACTS / "0825-laesoe.xlsx")
    sheet = book.active
    sheet.title = f"{NAME} 170384-5512"[:31]
    head = next(r for r in range(1, 12) if any("CPR" in str(c.value) for c in sheet[r]))
    at = sheet.max_column + 1
    for i, heading in enumerate((f"Note om {NAME}", f"{NUMBER}", f"tlf. {PHONE}")):
        sheet.cell(head, at + i, heading)
    if not well:
        for cell in sheet[head]:
            if "overgang" in str(cell.value):
                sheet.cell(head + 1, cell.column, f"{NAME} ringede {PHONE}")
    name = f"0825 {NAME} {NUMBER}.xlsx"
    book.save(paths.extracts / name)
    return name


@pytest.mark.parametrize("well", [True, False])
def test_intake_quotes_nobody_in_terminal_record_and_history(paths, round_2024, well):
    name = attack(paths, well=well)
    told = []
    if well:
        intake(paths, round_2024, "0825")
    else:
        with pytest.raises(SurveyError, match="no date") as refused:
            intake(paths, round_2024, "0825")
        told += [str(refused.value), repr(refused.value)]
    told += map(str, (merge(paths, round_2024),))
    checked = check_extract(paths.extracts / name, round_2024, "0825", paths)
    for language in LANGUAGES:
        told += lines_about(checked, round_2024, language)
        told += [str(f.in_language(language)) for f in checked.faults]
    lying = [p for p in paths.data.rglob("*.json*") if p.is_file()]
    assert {p.name for p in lying} >= {"intake.json", "0825.json", "0825.jsonl"}
    told += [p.read_text("utf-8") for p in lying]
    for text in told:
        assert "Zacharias" not in text and "Ankerstjerne" not in text
        assert "5512" not in text and PHONE not in text
    assert any("Note om …" in text for text in told)


def test_an_extract_that_is_missing_is_told_without_the_names_beside_it(paths, round_2024):
    for path in paths.extracts.glob("0825*"):
        shutil.move(path, paths.extracts / f"0825 {NAME} {NUMBER}.txt.gpg")
    with pytest.raises(SurveyError) as refused:
        intake(paths, round_2024, "0825")
    assert "5512" not in str(refused.value) and "Zacharias" not in str(refused.value)
