"""The workbook explains every column that it has, and shows the questionnaire."""

from __future__ import annotations

import openpyxl
import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.released.own_numbers import OwnNumbers
from helpers.workbook.dictionary import MEANINGS, meaning_of
from helpers.workbook.workbook import tables, write_workbook


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.mark.parametrize("code", [BIG, SMALL, PLAIN])
def test_every_column_is_explained(published, code):
    o = OwnNumbers(published, code)
    *sheets, _, dictionary = tables(o)
    explained = {row[0] for row in dictionary.rows}
    assert explained == {c.head for s in sheets for c in s.columns}
    assert all(len(row[1]) > 10 for row in dictionary.rows)


def test_no_explanation_is_left_over(published):
    *sheets, _, _ = tables(OwnNumbers(published, BIG))
    used = {part.lower() for s in sheets for c in s.columns for part in c.head.split(": ")}
    assert set(MEANINGS) <= used


def test_a_column_that_nobody_has_explained_stops(published):
    with pytest.raises(KeyError):
        meaning_of(OwnNumbers(published, BIG), "Noget nyt")


def test_a_place_is_told(published):
    o = OwnNumbers(published, BIG)
    assert meaning_of(o, f"{o.name}: tilfredse") == "vægtet andel af svarene 4 og 5, i kommunen"
    assert meaning_of(o, "De øvrige kommuner: gennemsnit").endswith(", i de øvrige kommuner")
    assert meaning_of(o, "Andel svar 2: uvægtet") == "vægtet andel af svaret 2: uden vægte"


def test_the_questionnaire_stands_in_the_workbook(published, tmp_path):
    book = openpyxl.load_workbook(write_workbook(published, BIG, tmp_path / "a.xlsx"))
    assert book.sheetnames[-2:] == ["Spørgeskema", "Ordbog"]
    rows = list(book["Spørgeskema"].iter_rows(values_only=True))
    wordings = {row[2] for row in rows}
    questions = published.round.questionnaire.questions
    assert {q.wording for q in questions} <= wordings
    assert {q.wording for q in published.round.local_for(BIG).questions} <= wordings
    assert any(row[4] and row[4].startswith("Slet ikke · ") for row in rows)
