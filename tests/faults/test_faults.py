"""Faults: each kind whole in both languages, in one place, and with the cells to be marked."""

import pickle
from string import Formatter

import pytest
from test_extracts import GOOD, HEADINGS, read, workbook

from helpers.common.errors import ExtractError
from helpers.faults.faults import ALL_KINDS, DANISH, ENGLISH, LANGUAGES, Fault, Place, fault


def fields(*sentences: str) -> set[str]:
    return {name for s in sentences for _, name, _, _ in Formatter().parse(s) if name}


@pytest.mark.parametrize("kind", ALL_KINDS.values(), ids=ALL_KINDS)
def test_both_languages_are_told_from_the_same_details(kind):
    english, danish = kind.english, kind.danish
    told = fields(english.what, english.expected, english.remedy, english.hint)
    assert fields(danish.what, danish.expected, danish.remedy, danish.hint) <= told
    details = dict.fromkeys(told, "x")
    for language in LANGUAGES:
        problem = fault(kind.id, Place("f.xlsx", "Ark1", 3, "Navn"), **details).in_language(
            language
        )
        assert problem.what and "{" not in str(problem)
    assert danish.remedy, "a municipality is always told what to do"
    assert bool(english.expected) == bool(danish.expected)
    assert bool(english.hint) == bool(danish.hint)


def test_a_fault_is_a_problem_in_english_and_knows_danish():
    made = fault("no_date", Place("f.xlsx", "Ark1", 5, "Start"), text="31-02-2023")
    assert str(made) == (
        "f.xlsx, sheet »Ark1«, row 5, column »Start«: »31-02-2023« is no date. "
        "Mend the cell or remove the row, then run intake again."
    )
    assert made.in_language(DANISH).where == "f.xlsx, ark »Ark1«, række 5, kolonne »Start«"
    assert made.in_language(DANISH).what == "»31-02-2023« er ikke en dato"
    assert str(made.in_language(ENGLISH)) == str(made)


def test_a_hint_is_told_only_where_there_is_one():
    place = Place("f.xlsx")
    without = fault("missing_column", place, heading="Passiv", layout="standard", near="")
    with_one = fault("missing_column", place, heading="Passiv", layout="standard", near="Pasiv")
    assert without.what == "column »Passiv« is missing"
    assert with_one.what == "column »Passiv« is missing (is it »Pasiv«?)"
    assert with_one.in_language(DANISH).what == "kolonnen »Passiv« mangler (er det »Pasiv«?)"


def test_faults_come_back_whole_from_another_process():
    error = ExtractError(problems=[fault("empty", Place("f", "A", 2, "Ydelse", ((2, 3),)))])
    again = pickle.loads(pickle.dumps(error))
    assert again.problems == error.problems and isinstance(again.problems[0], Fault)


def cells_of(path, round_) -> dict[str, list]:
    try:
        problems = read(path, round_).problems
    except ExtractError as e:
        problems = e.problems
    found: dict[str, list] = {}
    for f in problems:
        found.setdefault(f.kind, []).extend(f.place.cells)
    return found


def test_faults_know_their_cells(round_2024, tmp_path):
    rows = [
        GOOD, ["010180-1234", *GOOD[1:6], "87654321", "Nej"], ["310290-1234", *GOOD[1:]], ["12", *GOOD[1:]],
        ["0202240777", *GOOD[1:3], "i går", *GOOD[4:]], ["020280-1234", "B", "Xyz", *GOOD[3:]],
        ["020281-1234", "B", "Xyz", *GOOD[3:7], "måske"], ["020282-1234", "B", None, *GOOD[3:]],
    ]  # fmt: skip
    path = workbook(tmp_path, rows, above=[["Udtræk"]])
    assert cells_of(path, round_2024) == {
        "cpr_twice": [(3, 1), (4, 1)], "cpr_day": [(5, 1)], "cpr_digits": [(6, 1)],
        "no_date": [(7, 4)], "unknown_benefit": [(8, 3), (9, 3)],
        "no_word": [(9, 8)], "empty": [(10, 3)],
    }  # fmt: skip


def test_a_birth_in_the_future_is_marked(round_2024, tmp_path):
    rows = [["0202244777", *GOOD[1:]]]  # born on 2 February 2024, a day after the reference date
    assert cells_of(workbook(tmp_path, rows), round_2024) == {"cpr_future": [(2, 1)]}
    rows = [["0102244777", *GOOD[1:]]]
    assert cells_of(workbook(tmp_path, rows), round_2024) == {}


def test_faults_of_headings_know_their_cells(round_2024, tmp_path):
    """A misspelt heading is marked itself, missing ones behind the last, a double one twice."""
    headings = [*HEADINGS[:2], "Ydelser", *HEADINGS[3:5], HEADINGS[6], HEADINGS[6]]
    found = cells_of(workbook(tmp_path, [GOOD[:7]], headings), round_2024)
    assert found["column_twice"] == [(1, 6), (1, 7)]
    assert found["missing_column"] == [(1, 3), (1, 8), (1, 9)]
    assert cells_of(workbook(tmp_path, []), round_2024) == {"no_persons": [(2, 1)]}


def test_a_cell_beyond_the_headings_is_marked(round_2024, tmp_path):
    path = tmp_path / "0741.csv"
    head = "CPR;Navn;Målgruppe;Ydelse fra;Samtale senest;Afsluttet J/N;Tlf;Passiv J/N"
    person = "0101801234;A;6 Sygedagpengemodtager;2023-01-05;;N;;N"
    path.write_text("\n".join([head, person, f"{person.replace('01018', '02018')};;x"]), "utf-8")
    assert cells_of(path, round_2024) == {"overlong": [(3, 10)]}


def test_a_slip_of_the_pen_in_a_benefit_is_told(round_2024, tmp_path):
    def what(text):
        rows = [[*GOOD[:2], text, *GOOD[3:]]]
        return read(workbook(tmp_path, rows), round_2024).problems[0].what

    assert what("sygedagpege").endswith("(is it »Sygedagpenge«?)")
    assert "is it" not in what("Efterløn")
