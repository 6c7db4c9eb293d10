"""Inputs that were read wrong in silence or told too much: merged cells, rows with a cell too few or too
many, texts that could be a person's. Each kind with its neighbours."""

import datetime as dt
import pickle
import zipfile

import openpyxl
import pandas as pd
import pytest
from answers import QUESTIONS
from conftest import EXTRACTS, HERE, vault_of
from test_extracts import GOOD, HEADINGS, read, refuse, workbook

from helpers.answers.export_columns import export_columns
from helpers.answers.exports import read_export
from helpers.common.message_values import Count, Share, in_language
from helpers.common.paths import PROJECT
from helpers.common.quoting import LEFT_OUT, quoted, quoted_benefit
from helpers.extracts.check_warnings import Warning
from helpers.faults.faults import Place, fault
from helpers.fieldwork import contact_exceptions
from helpers.parameters.params import load_round
from helpers.received import xlsb
from helpers.received.cells import half_swapped, read_dates
from helpers.received.row_widths import odd_rows
from helpers.received.sheets import DELIMITERS
from helpers.sampling.plan import _may_hold

MORE = HERE / "cases-more"
ASKED = export_columns(load_round(PROJECT, "demo"))
EXPORT = ["key", "status", "submitted_at", *QUESTIONS, "q14_text", "q15_text"]
ANSWER = ["a" * 32, "completed", "2024-03-12 10:00:00", *["4"] * len(QUESTIONS), "", ""]


def book(tmp_path, rows, merged, headings=HEADINGS):
    path = workbook(tmp_path, rows, headings)
    made = openpyxl.load_workbook(path)
    for cells in merged:
        made.active.merge_cells(cells)
    made.save(path)
    return path


def persons(number=4, **cells):
    made = [[f"010180-12{30 + 2 * i}", *GOOD[1:]] for i in range(number)]
    for row in made:
        for name, value in cells.items():
            row[int(name[1:])] = value
    return made


# ------------------------------------------------------------------------------------- merged cells


@pytest.mark.parametrize("ending", ["xlsx", "xls", "ods"])
def test_a_merged_cell_says_nothing_of_the_rows_below(round_2024, ending):
    told = refuse(MORE / f"0825-flettet.{ending}", round_2024)
    assert told.count("»Passiv«: is part of a merged cell") == 2
    assert "row 3" in told and "row 4" in told and "row 5" not in told


@pytest.mark.parametrize("column", ["C", "D", "E", "F", "H"])
def test_merged_in_every_column_that_decides(round_2024, tmp_path, column):
    told = refuse(book(tmp_path, persons(c4="04-01-2024"), [f"{column}2:{column}3"]), round_2024)
    assert told.count("is part of a merged cell") == 1 and "row 3" in told


def test_an_empty_merged_cell_and_headings_over_two_rows_are_read(round_2024, tmp_path):
    rows = [[None] * 8, *persons(c5=None)]
    path = book(tmp_path, rows, [*(f"{c}1:{c}2" for c in "ABCDEFGH"), "F3:F6"])
    assert read(path, round_2024).persons["row"].tolist() == [3, 4, 5, 6]


def test_merged_cells_of_an_xlsb():
    def record(kind: int, content: bytes) -> bytes:
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return number + bytes([len(content)]) + content

    place = b"".join(n.to_bytes(4, "little") for n in (1, 3, 7, 7))
    assert xlsb._sheet(record(176, place), []).merged == [(2, 8, 4, 8)]


def test_merged_answers_and_lists_are_refused(tmp_path):
    made = openpyxl.Workbook()
    for row in [EXPORT, ANSWER, [ANSWER[0][:-1] + "b", *ANSWER[1:3], None, *ANSWER[4:]]]:
        made.active.append(row)
    made.active.merge_cells("D2:D3")
    made.save(tmp_path / "svar.xlsx")
    _, found, _ = read_export(tmp_path / "svar.xlsx", ASKED)
    assert [row for _, row in found] == [3] and "merged cell" in str(found[0][0])

    made = openpyxl.Workbook()
    for row in [["key", "reason"], ["a" * 32, "opted_out"], ["b" * 32, None]]:
        made.active.append(row)
    made.active.merge_cells("B2:B3")
    made.save(tmp_path / "fravalg.xlsx")
    _, problems = contact_exceptions._read_list(
        tmp_path / "fravalg.xlsx", "unreachable", dt.date(2024, 3, 1)
    )
    assert "merged cell" in " ".join(map(str, problems))


# ------------------------------------------------------------- rows with a cell too few or too many


def test_answers_that_have_moved_a_column_are_refused(tmp_path):
    """Every moved answer is one from 1 to 6 under another question, so nothing else would tell it."""
    rows = [ANSWER, ANSWER[:5] + ANSWER[6:], [*ANSWER[:3], "5", *ANSWER[3:]]]
    path = tmp_path / "svar.csv"
    path.write_text("\n".join(";".join(r) for r in [EXPORT, *rows]), "utf-8")
    _, found, _ = read_export(path, ASKED)
    assert [row for _, row in found] == [3, 4]
    assert "has 17 cells, the headings 18" in str(found[0][0])


def test_a_passive_mark_that_moved_under_the_telephone_numbers_is_refused(round_2024, tmp_path):
    """Where empty means no, the citizen would be asked."""
    head, *rows = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252").splitlines()[:4]
    cells = rows[1].split(";")
    moved = [*cells[:6], "X"]
    path = tmp_path / "0741.csv"
    path.write_text("\n".join([head, rows[0], ";".join(moved)]), "cp1252")
    assert "row 3: the row has 7 cells, the headings 8" in refuse(path, round_2024)


FULL, CUT = ["a", "b", "c", ""], ["a", "b", "c"]


@pytest.mark.parametrize(
    ("rows", "odd"),
    [
        ([["A", "B", "C", "D"], FULL, FULL], []),
        ([["A", "B", "C", "D"], FULL, CUT], [3]),
        ([["A", "B", "C", "D"], FULL, [*FULL, ""]], [3]),
        ([["A", "B", "C", "D"], [*FULL, ""], [*FULL, ""]], []),  # each row ends with a delimiter
        ([["A", "B", "C", ""], FULL, CUT], []),  # a heading that is none
        ([["A", "B", "C", "D"], FULL, [], [""], [" "]], []),
        ([["A", "B", "C", "D"], CUT, CUT], [2, 3]),
        ([["A", "B", "C", "D"], *[FULL] * 15, *[CUT] * 16, FULL], []),  # Excel's blocks
        ([["A", "B", "C", "D"], *[FULL] * 15, *[["a", ""]] * 16], list(range(17, 33))),
        ([["udtræk"], ["A", "B"], ["a", "b"], ["a"]], [4]),
    ],
)
def test_rows_of_another_width(rows, odd):
    assert odd_rows(rows, 1 if rows[0] == ["udtræk"] else 0) == odd


# ------------------------------------------------------------------------------- what may be quoted


def test_a_row_that_has_moved_quotes_nobody(round_2024, tmp_path):
    good = [*GOOD[:4], "04-01-2024", *GOOD[5:]]
    rows = [good, [good[0], "Mie", "Dorte Ploug", *good[2:6], good[7]], [*good[:2], *good[1:7]]]
    for row, number in zip(rows, ("34", "36", "38")):
        row[0] = f"010180-12{number}"
    rows[1][7] = "23 45 67 89"
    told = refuse(workbook(tmp_path, rows), round_2024)
    for word in ("Dorte", "Ploug", "Mie", "Anne", "Holm", "23 45", "12345678"):
        assert word not in told
    assert "unknown benefit text »…« in 1 row(s), first row 3" in told
    assert "row 3, column »Passiv«: »…« is neither yes nor no" in told


YES_NO = ["Ja", "Nej", "X"]


@pytest.mark.parametrize(
    "text",
    ["måske", "Ja?", "ja, fra 1/2", "☒", "+", "2", "Nejj", "31-02-2023", "i går", "5. maj 2023"],
)
def test_what_names_nobody_is_quoted(text):
    assert quoted(text, YES_NO) == text


@pytest.mark.parametrize(
    "text",
    ["Maj", "Hanne", "ja (Hanne)", "20123453", "20 12 34 53", "+4520123453", "010180-1234", "x" * 41,
     "anne@example.dk", "a;b;c"],
)  # fmt: skip
def test_what_could_name_somebody_is_not(text):
    assert quoted(text, YES_NO) == LEFT_OUT


@pytest.mark.parametrize(
    ("text", "rows", "quoted"),
    [
        ("Kontanthjælp, grundsats", 1, True),
        ("Sygedagpeng", 1, True),
        ("Integrationsydelse", 1, True),
        ("Jobklar", 1, True),
        ("Dorte Ploug", 1, False),
        ("Ploug", 4, False),
        ("SU", 1, False),
        ("SU", 5, True),
        ("Holm", 500, False),  # a name of the file
        ("Sygedagpenge Holm", 1, False),
    ],
)
def test_a_benefit_is_quoted_where_it_is_nobodys_name(text, rows, quoted):
    told = quoted_benefit(text, rows, ["Sygedagpenge", "Kontanthjælp, jobparat"], {"holm", "anne"})
    assert told == (text if quoted else LEFT_OUT)


# ------------------------------------------------------------------------------ lists of exceptions


def test_a_row_whose_citizen_cannot_be_told_is_never_passed_over(planned, round_2024, tmp_path):
    """--skip-unknown is for citizens who were not invited; whoever cannot be looked up may be invited."""
    sample = pd.read_parquet(planned.sample("0825"))
    vault = vault_of(planned, "0825", round_2024)
    both = sample.merge(vault, on="person_id")[["key", "cpr"]]
    first, second = both.head(2).itertuples(index=False)
    rows = [
        [first.key, second.cpr], ["", first.cpr[:9]], [first.key[:-1], ""], [first.key, "3112999999"],
        [second.key.upper(), second.cpr], ["", "0101701234"],
    ]  # fmt: skip
    path = tmp_path / "liste.csv"
    text = "\n".join(";".join([*row, "opted_out"]) for row in [["key", "cpr"], *rows])
    path.write_text(text.replace("key;cpr;opted_out", "key;cpr;reason"), "utf-8")
    with pytest.raises(contact_exceptions.ExceptionsError) as caught:
        contact_exceptions.note_exceptions(
            planned, round_2024, path, dt.date(2024, 3, 1), skip_unknown=True
        )
    told = str(caught.value)
    assert "row 2: the key and the CPR number belong to two persons" in told
    assert "row 3: the CPR number cannot be read" in told
    assert "row 4: the key is none" in told and "row 5: the key and" in told
    assert "row 6" not in told and "row 7" not in told
    assert first.cpr not in told and first.key not in told
    assert not planned.contact_exceptions.exists()


# ------------------------------------------------------------------------- other delimiters and endings


def test_bars_between_the_cells_and_a_workbook_named_csv_are_read(round_2024, tmp_path):
    text = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252")
    path = tmp_path / "0741.csv"
    path.write_text(text.replace(";", "|"), "cp1252")
    own = read(EXTRACTS / "0741-samsoe.csv", round_2024).persons
    assert read(path, round_2024).persons.equals(own)
    path.write_bytes((EXTRACTS / "0825-laesoe.xlsx").read_bytes())
    own = read(EXTRACTS / "0825-laesoe.xlsx", round_2024).rows_read
    assert read(path, round_2024).rows_read == own


def test_an_archive_of_a_table_is_told_as_no_workbook(round_2024, tmp_path):
    path = tmp_path / "0741.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(EXTRACTS / "0741-samsoe.csv", "0741.csv")
    assert "is broken or no workbook at all" in refuse(path, round_2024)


def test_an_export_is_known_as_one_whatever_its_delimiter(planned):
    """It freezes the sample: what `collect` takes, the plan must see."""
    for delimiter in DELIMITERS:
        key = pd.read_parquet(planned.sample("0825"))["key"].iloc[0]
        rows = [EXPORT, [key, *ANSWER[1:]]]
        text = "\n".join(delimiter.join(r) for r in rows)
        export = planned.responses / "0825-svar.csv"
        export.write_text(text, "utf-8")
        table, found, _ = read_export(export, ASKED)
        assert table["key"].tolist() == [key] and not found
        assert _may_hold(export, planned, "0825") and not _may_hold(export, planned, "0741")


# ---------------------------------------------------------------------------- numbers in two languages


@pytest.mark.parametrize(
    ("value", "english", "danish"),
    [
        (Count(18012), "18,012", "18.012"),
        (Share(0.0061, 1), "0.6%", "0,6\u00a0%"),
        (Share(10.09), "1,009%", "1.009\u00a0%"),
        (dt.date(2024, 2, 1), "1 February 2024", "1. februar 2024"),
        ("row 18012", "row 18012", "row 18012"),
    ],
)
def test_numbers_and_days_follow_the_language_of_the_message(value, english, danish):
    assert (in_language(value, "en"), in_language(value, "da")) == (english, danish)
    told = Warning("other_size", (("count", value), ("round", "r"), ("before", value)))
    assert english in told.in_language("en") and danish in told.in_language("da")


def test_a_fault_keeps_its_values_until_the_language_is_chosen():
    made = fault("everybody_passive", Place("0825.csv"), of=Count(18012), decide="")
    assert (
        "all 18,012 persons" in made.what and "alle 18.012 borgere" in made.in_language("da").what
    )
    assert pickle.loads(pickle.dumps(made)) == made


# ------------------------------------------------------------------------ dates that a program took apart


def swapped_by_a_program(days):
    """Danish texts opened where dates are American: what reads as month-day becomes a date."""
    cells = []
    for day in days:
        try:
            cells.append(dt.datetime.strptime(day, "%m-%d-%Y"))
        except ValueError:
            cells.append(day)
    return cells


DANISH_DAYS = [f"{day:02}-{month:02}-2023" for day in range(1, 29, 2) for month in (2, 9, 11)]


def test_a_column_that_is_half_swapped_is_refused(round_2024, tmp_path):
    rows = persons(len(DANISH_DAYS))
    for i, (row, day) in enumerate(zip(rows, swapped_by_a_program(DANISH_DAYS))):
        row[0], row[3] = f"{1 + i % 28:02}{1 + i // 28:02}80-12{30 + 2 * (i % 30)}", day
    told = refuse(workbook(tmp_path, rows), round_2024)
    assert "column »Dato for overgang til aktuel ydelse«: day and month are swapped" in told


@pytest.mark.parametrize(
    "as_dates", [lambda i, day: True, lambda i, day: False, lambda i, day: i % 2]
)
def test_dates_and_texts_of_all_days_are_read(as_dates):
    cells = pd.Series(
        [
            dt.datetime.strptime(day, "%d-%m-%Y") if as_dates(i, day) else day
            for i, day in enumerate(DANISH_DAYS)
        ],
        dtype=object,
    )
    days, _ = read_dates(cells, ["%d-%m-%Y"])
    assert not half_swapped(cells, days)
    given = pd.Series(swapped_by_a_program(DANISH_DAYS), dtype=object)
    assert half_swapped(given, read_dates(given, ["%d-%m-%Y"])[0])


def test_true_dates_of_all_days_beside_late_texts_are_read():
    """Texts after the 12th alone tell nothing: only where no true date lies there as well."""
    texts = [day for day in DANISH_DAYS if int(day[:2]) > 12]
    dates = [dt.datetime.strptime(day, "%d-%m-%Y") for day in DANISH_DAYS]
    cells = pd.Series([*texts, *dates], dtype=object)
    assert not half_swapped(cells, read_dates(cells, ["%d-%m-%Y"])[0])
