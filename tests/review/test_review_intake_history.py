"""Refused and mended extracts leave a lasting line each, by kind of fault, and no cell of the file."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace

import pytest

from helpers.common.errors import ExtractError, Problem
from helpers.extracts.fault_labels import KINDS, OTHER, kind_label, kind_of, kind_of_problem
from helpers.extracts.intake import find_extracts, take_in
from helpers.extracts.intake_history import Attempt, add_to_history, read_history
from helpers.extracts.intake_record import intake, keep_result
from helpers.pipeline.run import run_round

DAY = dt.date(2024, 2, 20)
TOLD = {
    "unknown_benefit": "unknown benefit text »is no date« in 3 row(s), first row 7",
    "local_missing": "local background variable »Indsats« is missing",
    "missing_column": "column »Ydelse« is missing (is it »Ydelsen«?)",
    "column_twice": "column »Ydelse« stands twice",
    "no_layout": "no row of headings fits a known layout",
    "sheets_parts": "has 2 sheets with different persons: »Ark1«, »Ark2«",
    "two_sheets": "has 2 sheets with an extract: Ark1, Ark2",
    "only_hidden": "the only sheets that fit are hidden: »Ark2«",
    "hidden_sheet": "is hidden, holds persons too, and is not read",
    "sheet_not_read": "holds persons too, and is not read",
    "files_share": "the municipality's 2 files have persons in common: 3",
    "no_persons": "has headings but no persons",
    "no_cells": "holds no cells",
    "file_empty": "is empty (0 bytes)",
    "file_ending": "is a ».docx« file",
    "file_password": "is protected by a password",
    "file_broken": "is broken or no workbook at all",
    "file_no_text": "is no readable text",
    "file_broken_utf8": "holds a byte that is no UTF-8, as the rest of the file is",
    "file_code_page": "holds letters (æ, ø, å) of another code page, such as DOS' (cp865, cp850)",
    "stray_quote": 'a quotation mark (") opens a text that does not end as it should',
    "long_cell": "a cell is longer than 131,072 signs",
    "file_too_large": "is 120 MB large",
    "unpacked_too_large": "unpacks to 4000 MB",
    "too_many_parts": "holds too many parts for a workbook",
    "far_cell": "the sheet reaches to the cell XFD1048576, far outside a table",
    "too_many_lost": "over 500000 cells hold errors or formulas that were never computed",
    "too_much_text": "the cells of the sheet hold more text than a table of persons can",
    "too_many_rows": "has more rows than 250000, or more cells than 6000000",
    "cell_error": "is an error (#N/A), not a value",
    "cell_not_computed": "is a formula that was never computed, so that it has no value",
    "row_width": "the row has 7 cells, the headings 8: a cell is missing or too many, so that all behind it "
    "stands in another column",
    "cell_merged": "is part of a merged cell whose value stands in a row above; whether it holds here is not "
    "known",
    "overlong": "has more cells than there are headings",
    "cpr_digits": "is no CPR number of ten digits",
    "cpr_short": "is a CPR number that has lost a digit, and not surely a leading zero",
    "cpr_rounded": "is a CPR number that has been cut to a rounded number",
    "row_in_cell": "holds more than its own: a CPR number, or the cells of another row",
    "cpr_day": "holds no valid birth date",
    "cpr_future": "gives a birth date in the future",
    "cpr_two_names": "the same CPR number in rows 4, 9, with names that have no word in common",
    "cpr_twice": "the same CPR number in rows 4, 9",
    "no_date": "»31-02-2023« is no date",
    "dates_swapped": "day and month are swapped in a part of the column: all true dates lie on the 1st to the 12th",
    "no_word": "»måske« is neither yes nor no (ja or nej)",
    "local_unknown": "»is empty« is none of helhedsorienteret, traditionel",
    "empty": "is empty",
}


def test_every_kind_has_its_sentence_here():
    assert TOLD.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", TOLD)
def test_kind_of_the_readers_words(kind):
    assert kind_of(TOLD[kind]) == kind
    assert kind_of(f"{TOLD[kind]}.") == kind


def test_other_words_are_other():
    assert kind_of("something new") == OTHER
    assert kind_label(OTHER) == kind_label("of a later version") == "Andet"


def test_a_problem_that_knows_its_kind_is_taken_at_its_word():
    @dataclass(frozen=True)
    class Knowing(Problem):
        kind: str = ""

    assert kind_of_problem(Knowing("x", "is empty", kind="no_date")) == "no_date"
    assert kind_of_problem(Knowing("x", "is empty")) == "empty"
    assert kind_of_problem(Problem("x", "is empty")) == "empty"


@pytest.fixture
def mended(paths, round_2024):
    """0741, refused twice for different reasons, looked at twice in between, then taken in."""
    path = find_extracts(paths, "0741")[0]
    good = path.read_bytes()
    lines = good.decode("cp1252").splitlines()
    column = lines[0].split(";")
    cells = lines[1].split(";")
    for bad in (
        [*lines[:1], ";".join(["", *cells[1:]]), *lines[2:]],  # no CPR number
        [";".join(column[1:]), *lines[1:]],  # a column is gone
    ):
        path.write_text("\n".join(bad), "cp1252")
        for _ in range(2):
            with pytest.raises(ExtractError):
                intake(paths, round_2024, "0741")
    path.write_bytes(good)
    intake(paths, round_2024, "0741")
    intake(paths, round_2024, "0741")
    return read_history(paths, "0741")


def test_history_keeps_what_the_latest_finding_forgets(mended, paths):
    assert [a.outcome for a in mended] == ["refused", "refused", "taken_in"]
    first, second, last = mended
    assert first.faults == {"cpr_digits": 1}
    assert first.layout == last.layout != ""
    assert set(second.faults) == {"missing_column"}
    assert second.layout == ""
    assert last.faults == {}
    assert {a.day for a in mended} == {dt.date.today()}
    assert "refused" not in json.loads(paths.intake_of("0741").read_text("utf-8"))


def test_history_has_no_cell_of_the_file(mended, paths):
    told = paths.intake_history("0741").read_text("utf-8")
    rows = find_extracts(paths, "0741")[0].read_text("cp1252").splitlines()[1:]
    cells = {c for row in rows for c in row.split(";") if len(c) > 3}
    assert not [c for c in cells if c in told]


def test_an_unknown_benefit_and_bad_rows_are_both_counted(paths, round_2024):
    extract = take_in(paths, round_2024, "0741")
    error = ExtractError(
        problems=[Problem("f", "unknown benefit text »x« in 2 row(s), first row 3")]
        + [Problem(f"f, row {i}", f"»{i}« is no date") for i in range(3)]
    )
    add_to_history(paths, replace(extract, counts={}, error=error), DAY)
    [attempt] = read_history(paths, "0741")
    assert attempt.faults == {"no_date": 3, "unknown_benefit": 1}
    assert attempt.day == DAY


def test_without_a_history_the_latest_finding_is_what_is_known(paths, round_2024):
    path = find_extracts(paths, "0741")[0]
    good = path.read_bytes()
    path.write_bytes(good + b"\n;;;;;;;;;\nx;y;z;a;b;c;d;e")
    result = take_in(paths, round_2024, "0741")
    assert result.error is not None
    keep_result(paths, result)
    [attempt] = read_history(paths, "0741")
    assert (attempt.day, attempt.outcome) == (None, "refused")
    assert attempt.faults["cpr_digits"] == 1
    assert OTHER not in attempt.faults
    path.write_bytes(good)
    keep_result(paths, take_in(paths, round_2024, "0741"))
    [attempt] = read_history(paths, "0741")
    assert (attempt.day, attempt.outcome, attempt.faults) == (None, "taken_in", {})
    assert read_history(paths, "0825") == []


def test_a_trouble_of_the_whole_file_has_its_kind_without_history(paths, round_2024):
    find_extracts(paths, "0741")[0].write_bytes(b"a;b\n1;2\n")
    keep_result(paths, take_in(paths, round_2024, "0741"))
    [attempt] = read_history(paths, "0741")
    assert attempt == Attempt("0741", None, "0741-samsoe.csv", "", "refused", {"no_layout": 1})


def test_at_an_address_a_refusal_is_kept_too(root, round_2024, paths):
    find_extracts(paths, "0741")[0].write_bytes(b"a;b\n1;2\n")
    run_round(f"file://{root}", round_2024, stages=["intake"], only=["0741", "0825"])
    [refused] = read_history(paths, "0741")
    assert refused.faults == {"no_layout": 1}
    assert refused.day == dt.date.today()
    [taken] = read_history(paths, "0825")
    assert taken.outcome == "taken_in"
