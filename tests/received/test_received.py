"""Workbooks: lost values, what is hidden, day numbers and sizes are known before the cells are taken."""

import io
import re
import struct
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from conftest import EXTRACTS, HERE

from helpers.common.errors import ExtractError
from helpers.common.paths import PROJECT
from helpers.faults.faults import Place
from helpers.parameters.params import load_round
from helpers.preparation.check import check_extract
from helpers.received import archive, limits, ooxml
from helpers.received.facts import NOT_COMPUTED
from helpers.received.sheets import CellError, Sheet, UnreadSheet, read_sheets

CASES, MORE = HERE / "cases", HERE / "cases-more"
BASE = CASES / "0825-00-base.xlsx"


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def sheets(path: Path) -> list[Sheet]:
    [read] = read_sheets(path, (), ())
    return read


def lost(sheet: Sheet) -> dict[str, str]:
    """»H3« → the error in that cell."""
    return {
        f"{ooxml.column_letters(c)}{r}": str(cell)
        for r, row in enumerate(sheet.rows, 1)
        for c, cell in enumerate(row, 1)
        if isinstance(cell, CellError)
    }


def refused(path: Path) -> str:
    with pytest.raises(ExtractError) as caught:
        read_sheets(path, ("utf-8-sig", "cp1252"), (";", ",", "\t"))
    return str(caught.value)


def edited(tmp_path: Path, change, source: Path = BASE, name: str = "0825.xlsx") -> Path:
    """A copy of a workbook with `change(part's name, content)` made of each part; None takes it out."""
    path = tmp_path / name
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = change(part, old.read(part))
            if content is not None:
                new.writestr(part, content)
    return path


def in_sheet(old: bytes, new: bytes):
    """A change of the first worksheet, which has to be there to be made."""

    def change(part, content):
        if not part.endswith("sheet1.xml"):
            return content
        assert old in content
        return content.replace(old, new)

    return change


# ------------------------------------------------------------------------------------- lost values

SIX_ERRORS = {"H3": "#N/A", "B4": "#DIV/0!", "G4": "#NAME?", "C6": "#NAME?", "D5": "#VALUE!"}


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
@pytest.mark.parametrize("name", ["fejl-skjult", "fejl-skjult-1904"])
def test_errors_and_what_is_hidden_in_each_kind_of_workbook(name, ending):
    first, *others = sheets(MORE / f"{name}.{ending}")
    assert lost(first) == SIX_ERRORS
    assert first.rows[4][5] == "" and first.rows[5][7] == "Ja"  # computed formulas
    assert (first.hidden, first.hidden_rows) == (False, {4})
    assert [s.hidden for s in others] == [True, True]
    assert {s.epoch_1904 for s in (first, *others)} == {"1904" in name}
    assert first.rows[1][3].isoformat() == "2023-05-02"


def test_errors_in_xlsb_and_in_excel_95():
    six = {"H2": "#N/A", "H3": "#N/A", "H4": "#N/A", "E5": "#N/A", "B6": "#REF!", "G7": "#DIV/0!"}
    first, second = sheets(MORE / "0825-01-fejlceller.xlsb")
    assert lost(first) == six and first.hidden_rows == {4}
    assert (first.hidden, second.hidden) == (False, True)
    old = {"H3": "#N/A", "H4": "#N/A", "B5": "#REF!", "G6": "#DIV/0!", "E7": "#N/A"}
    assert lost(sheets(MORE / "fejl-excel95.xls")[0]) == old


def test_an_xlsb_whose_cells_would_be_passed_over_is_refused():
    assert "is broken" in refused(MORE / "0825-korte-poster.xlsb")


def kinds(checked) -> dict[tuple[int, str], str]:
    return {(f.place.row, f.place.column): f.kind for f in checked.faults}


def test_case_error_cells_are_refused_by_cell(demo):
    checked = check_extract(CASES / "0825-01-fejlceller.xlsx", demo, "0825")
    assert kinds(checked) == {
        **{(row, "Passivperiode"): "cell_error" for row in (2, 3, 4)},
        (5, "Seneste jobsamtale"): "cell_error",
        (6, "Fulde navn"): "cell_error",
        (7, "Mobil"): "cell_error",
    }
    assert checked.rows_faulty == 6 and len(checked.faults) == 6
    assert "is an error (#N/A), not a value" in str(checked.faults[0])


def test_case_formulas_without_a_value_are_refused_by_cell(demo):
    checked = check_extract(CASES / "0825-02-formler-uden-vaerdi.xlsx", demo, "0825")
    assert {f.kind for f in checked.faults} == {"cell_not_computed"}
    assert sorted(f.place.row for f in checked.faults) == list(range(2, 12))
    assert "Åbn filen i Excel" in checked.faults[0].in_language("da").remedy


@pytest.mark.parametrize("column", range(8))
def test_a_lost_value_is_refused_in_every_column_and_once(demo, tmp_path, column):
    book = openpyxl.load_workbook(BASE)
    cell = book.active.cell(4, column + 1)
    cell.value, cell.data_type = "#REF!", "e"
    book.save(tmp_path / "0825.xlsx")
    checked = check_extract(tmp_path / "0825.xlsx", demo, "0825")
    assert [(f.kind, f.place.cells) for f in checked.faults] == [("cell_error", ((4, column + 1),))]


@pytest.mark.parametrize("text", ["#N/A", "#I/T", "#REF!", "#VÆRDI!", "#NAVN?", "Err:502", "####"])
def test_errors_written_as_texts_are_errors_too(demo, tmp_path, text):
    lines = (CASES / "0825-11-linjeskift-i-navn.csv").read_text("cp1252").split("\n")
    cells = lines[1].split(";")
    cells[1] = text
    path = tmp_path / "0825.csv"
    path.write_text("\n".join([lines[0], ";".join(cells), *lines[2:]]), "cp1252")
    checked = check_extract(path, demo, "0825")
    assert [(f.kind, f.place.row) for f in checked.faults] == [("cell_error", 2)]


@pytest.mark.parametrize(
    "cell, is_lost",
    [
        (b'<c r="H2"><f>A1</f></c>', True),
        (b'<c r="H2"><f>A1</f><v></v></c>', True),
        (b'<c r="H2"><f t="shared" si="0"/><v/></c>', True),
        (b'<c r="H2" t="str"><f>A1</f></c>', True),
        (b"<c r='H2' t='e'><v>#SPILL!</v></c>", True),
        (b'<c t="e" r="H2"><v>#FIELD!</v></c>', True),
        (b'<c r="H2" t="str"><f>A1</f><v></v></c>', False),
        (b'<c r="H2" t="str"><f>A1</f><v>Nej</v></c>', False),
        (b'<c r="H2"><f>A1</f><v>1</v></c>', False),
    ],
)
def test_ways_to_write_a_cell_without_its_value(tmp_path, cell, is_lost):
    change = lambda part, content: (  # noqa: E731
        re.sub(rb'<c r="H2".*?</c>', lambda _: cell, content) if part.endswith("sheet1.xml") else content
    )  # fmt: skip
    assert set(lost(sheets(edited(tmp_path, change))[0])) == ({"H2"} if is_lost else set())


def test_the_zero_that_a_program_writes_before_excel_computes_is_no_value(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:  # asks whoever opens it to compute
        page = book.add_worksheet()
        page.write_formula(0, 0, '=IF(1=1,"Ja","Nej")')
        page.write_formula(1, 0, '=IF(1=1,"Ja","Nej")', None, "Ja")
        page.write_number(2, 0, 0)
    assert lost(sheets(path)[0]) == {"A1": NOT_COMPUTED}
    computed = edited(tmp_path, lambda _, c: c.replace(b' fullCalcOnLoad="1"', b""), path)
    assert lost(sheets(computed)[0]) == {}


def test_cells_without_references_and_elements_with_a_prefix_are_read_the_same(tmp_path):
    source = MORE / "fejl-skjult.xlsx"
    bare = edited(
        tmp_path,
        lambda part, c: re.sub(rb'<(c|row) r="\w+"', rb"<\1", c) if "sheet1" in part else c,
        source,
        "bare.xlsx",
    )
    prefixed = edited(
        tmp_path,
        lambda part, c: (
            re.sub(rb"<(/?)(\w)", rb"<\1x:\2", c).replace(b"xmlns=", b"xmlns:x=") if "sheet1" in part else c
        ),
        source,
        "prefixed.xlsx",
    )  # fmt: skip
    whole = sheets(source)[0]
    for path in (bare, prefixed):
        assert sheets(path)[0].rows == whole.rows
        assert sheets(path)[0].hidden_rows == whole.hidden_rows


def test_rows_of_no_height_are_hidden(tmp_path):
    change = in_sheet(b'<row r="3"', b'<row r="3" ht="0" customHeight="1"')
    assert sheets(edited(tmp_path, change))[0].hidden_rows == {3}


def test_case_hidden_sheet_filtered_rows_and_epoch():
    assert [(s.name, s.hidden) for s in sheets(CASES / "0825-04-skjult-ark.xlsx")] == [
        ("Udtræk 2024", False), ("Udtræk 2023", True),
    ]  # fmt: skip
    assert sheets(CASES / "0825-05-filtrerede-raekker.xlsx")[0].hidden_rows == {3, 4, 5}
    assert sheets(CASES / "0825-06c-1904-for-kort-tid.xlsx")[0].epoch_1904
    assert not sheets(BASE)[0].epoch_1904


def test_a_sheet_that_is_a_chart_is_no_table(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("A").write(0, 0, 1)
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=A!$A$1:$A$1"})
        book.add_chartsheet("Diagram").set_chart(chart)
    assert [s.name for s in sheets(path)] == ["A"]


@pytest.mark.parametrize("file", sorted(EXTRACTS.glob("*.xlsx")), ids=lambda p: p.name)
def test_a_plain_sheet_and_one_that_is_parsed_give_the_same(file):
    parts = archive.unpack(file.read_bytes(), limits.MAX_UNPACKED_BYTES)
    strings = parts.get("xl/sharedStrings.xml", b"")
    for name in (n for n in parts if "worksheets/sheet" in n and n.endswith(".xml")):
        plain = ooxml._if_plain(parts[name], strings)
        parsed = ooxml._Parsed(strings, False).read(parts[name])
        assert plain is not None and not parsed.lost and not parsed.hidden_rows
        assert plain.columns >= parsed.columns and plain.rows >= parsed.rows


# ------------------------------------------------------------------- files that would exhaust a machine


def row_at(number: int, column: str = "A", cell: bytes = b"<v>1</v>") -> bytes:
    return b'<row r="%d"><c r="%s%d">%s</c></row></sheetData>' % (
        number, column.encode(), number, cell,
    )  # fmt: skip


def test_case_a_cell_far_outside_the_table_is_refused_before_it_is_read():
    began = time.process_time()
    told = refused(CASES / "0825-08b-fjerneste-celle.xlsx")
    assert "sheet »Udtræk«: the sheet reaches to the cell XFD1048576" in told
    assert "Ctrl+End" in told and time.process_time() - began < 1


@pytest.mark.parametrize(
    "number, column, well",
    [
        (limits.MAX_ROWS, "A", True),
        (limits.MAX_ROWS + 1, "A", False),
        (1_048_576, "A", False),
        (12, ooxml.column_letters(limits.MAX_COLUMNS), True),
        (12, ooxml.column_letters(limits.MAX_COLUMNS + 1), False),
        (limits.MAX_CELLS // 100 + 1, "CV", False),
    ],
)
def test_the_reach_of_a_sheet_at_its_bounds(tmp_path, number, column, well):
    path = edited(tmp_path, in_sheet(b"</sheetData>", row_at(number, column)))
    if well:
        assert len(sheets(path)[0].rows) == number
    else:
        assert "far outside a table" in refused(path)


@pytest.mark.parametrize("cell", [b"", b'<f>""</f><v></v>'])
def test_a_far_cell_counts_where_a_reader_takes_it_for_one(tmp_path, cell):
    far = b'<row r="1048576"><c r="XFD1048576"%s></c></row></sheetData>'
    made = (
        far % b' s="0"' if not cell else far.replace(b"></c>", b' t="str">' + cell + b"</c>") % b""
    )
    path = edited(tmp_path, in_sheet(b"</sheetData>", made))
    if cell:
        assert "XFD1048576" in refused(path)
    else:
        assert len(sheets(path)[0].rows) == 11


def test_a_far_cell_of_ods(tmp_path):
    def change(part, content):
        if part != "content.xml":
            return content
        far = b'<table:table-cell table:number-columns-repeated="16300"/><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
        return content.replace(
            b'<table:table-cell table:number-columns-repeated="16376"/></table:table-row>', far, 1
        )

    told = refused(edited(tmp_path, change, MORE / "fejl-skjult.ods", "a.ods"))
    assert "far outside a table (6 rows, 16309 columns)" in told


def test_an_archive_that_unpacks_to_gigabytes_is_refused_unopened(tmp_path):
    path = tmp_path / "0825.xlsx"
    with zipfile.ZipFile(BASE) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != "xl/sharedStrings.xml":
                new.writestr(part, old.read(part))
        with new.open("xl/sharedStrings.xml", "w", force_zip64=True) as strings:
            for _ in range(limits.MAX_UNPACKED_BYTES // limits.MB + 1):
                strings.write(b" " * limits.MB)
    assert path.stat().st_size < limits.MB
    began = time.process_time()
    assert f"Expected: at most {limits.MAX_UNPACKED_BYTES // limits.MB} MB" in refused(path)
    assert time.process_time() - began < 1


def test_an_archive_that_lies_about_its_sizes_is_not_read_on(tmp_path):
    content = bytearray(BASE.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        size = old.getinfo("xl/worksheets/sheet1.xml").file_size
    told, lie = struct.pack("<I", size), struct.pack("<I", 100)
    assert content.count(told) >= 2
    path = tmp_path / "0825.xlsx"
    path.write_bytes(bytes(content).replace(told, lie))
    assert "is broken" in refused(path)


def test_pictures_and_caches_are_neither_unpacked_nor_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.received.sheets.MAX_UNPACKED_BYTES", limits.MB)
    path = edited(tmp_path, lambda part, content: content)
    picture = b" " * (limits.MB + 1)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as new:
        new.writestr("xl/media/image1.png", picture)
    assert len(sheets(path)[0].rows) == 11


def test_an_archive_of_too_many_parts(tmp_path):
    path = edited(tmp_path, lambda part, content: content)
    with zipfile.ZipFile(path, "a") as new:
        for number in range(limits.MAX_PARTS):
            new.writestr(f"xl/worksheets/s{number}.xml", b"")
    assert "too many parts" in refused(path)


def test_one_long_text_used_by_many_cells_is_refused(tmp_path):
    cells = b"".join(
        b'<c r="%s5" t="s"><v>0</v></c>' % ooxml.column_letters(c).encode() for c in range(1, 901)
    )

    def change(part, content):
        if part.endswith("sheet1.xml"):
            rows = b'<sheetData><row r="5">' + cells + b"</row></sheetData>"
            return re.sub(rb"<sheetData>.*</sheetData>", rows, content, flags=re.S)
        if part == "xl/sharedStrings.xml":
            return re.sub(
                rb"<si>.*</si>", b"<si><t>" + b"x" * 1_200_000 + b"</t></si>", content, flags=re.S
            )
        return content  # fmt: skip

    assert "more text than a table" in refused(edited(tmp_path, change))


def test_more_errors_than_can_be_told_are_one_fault(monkeypatch):
    path = MORE / "fejl-skjult.ods"
    monkeypatch.setattr("helpers.received.facts.MAX_LOST_CELLS", 5)
    assert len(lost(sheets(path)[0])) == 5
    monkeypatch.setattr("helpers.received.facts.MAX_LOST_CELLS", 4)
    assert "cells hold errors" in refused(path)


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "0825.csv"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    assert f"is 101 MB large. Expected: at most {limits.MAX_FILE_BYTES // limits.MB} MB" in refused(
        path
    )


def test_a_broken_workbook_of_each_kind_is_told(tmp_path):
    for source in (BASE, *MORE.glob("*.[xo]*")):
        content = source.read_bytes()
        for cut in (content[: len(content) // 2], content[:9], content[:600] + b"\0" * 600):
            path = tmp_path / source.name
            path.write_bytes(cut)
            assert re.search("is broken|password", refused(path)), source.name


def test_a_sheet_that_is_only_partly_read_is_never_taken_for_whole():
    unread = UnreadSheet([["key", "status"]], [])
    assert unread.head == [["key", "status"]] and unread.height == 1
    with pytest.raises(ExtractError):
        unread.rows  # noqa: B018
    assert Sheet("", [["a"]]).place(Path("x.csv"), line=3) == Place("x.csv", line=3)
