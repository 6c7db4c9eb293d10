"""Rows written at once read as the same rows written cell by cell."""

import math
import re
import zipfile

import openpyxl
import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from helpers.workbook_rows import RowsWorksheet

ROWS = [
    ["Mødet", 4.07, 1234, None],
    ["=1+1", 0.07, 5, "for få svar"],
    [' <b> & "x" ', -0.5, 0, "https://x.dk"],
    ["Mødet", 5.0, 7, "12"],
    [None, 1e-05, None, "for få svar"],
]
NUMBER_FORMATS = ["General", "0.00", "#,##0", "0 %"]


def written(path, worksheet_class):
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        forms = [book.add_format({"num_format": f}) for f in NUMBER_FORMATS]
        page = book.add_worksheet("Tal", worksheet_class=worksheet_class)
        for c, form in enumerate(forms):
            page.write_string(0, c, f"Mødet {c}", form)
        rows = [[None if v is None else (v, f) for v, f in zip(r, forms)] for r in ROWS]
        if worksheet_class is RowsWorksheet:
            page.write_body(1, len(forms), rows)
        else:
            for r, row in enumerate(rows, start=1):
                for c, cell in enumerate(row):
                    if cell is not None:
                        page.write(r, c, *cell)
        page.autofilter(0, 0, len(ROWS), 3)
    return path


def cells(path):
    page = openpyxl.load_workbook(path)["Tal"]
    return page.dimensions, [
        (c.coordinate, c.value, c.data_type, c.number_format) for row in page for c in row
    ]


def string_counts(path):
    with zipfile.ZipFile(path) as z:
        return re.search(rb'<sst [^>]*count="\d+"[^>]*>', z.read("xl/sharedStrings.xml"))[0]


def test_the_same_cells_and_strings_as_xlsxwriter_writes(tmp_path):
    fast = written(tmp_path / "rows.xlsx", RowsWorksheet)
    slow = written(tmp_path / "cells.xlsx", Worksheet)
    assert cells(fast) == cells(slow)
    assert string_counts(fast) == string_counts(slow)
    assert cells(fast)[1][8][:3] == ("A3", "=1+1", "s")


def test_a_whole_number_stays_whole_beside_its_equal_with_decimals(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        forms = [book.add_format({"num_format": f}) for f in ("0.00", "#,##0")]
        page = book.add_worksheet("Tal", worksheet_class=RowsWorksheet)
        page.write_body(0, 2, [[(5.0, forms[0]), (5, forms[1])]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as z:
        sheet = z.read("xl/worksheets/sheet1.xml")
    assert b"<v>5.0</v>" in sheet and b"<v>5</v>" in sheet


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(tmp_path, number):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet("Tal", worksheet_class=RowsWorksheet)
        with pytest.raises(ValueError, match="no number"):
            page.write_body(0, 1, [[(number, book.add_format())]])
