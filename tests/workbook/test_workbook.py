"""The workbook as a municipality opens it: numbers are numbers, hidden ones are words."""

import dataclasses
import zipfile

import openpyxl
import pandas as pd
import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common import absent
from helpers.common.vocabulary import NATIONAL
from helpers.released.own_numbers import OwnNumbers
from helpers.released.scale_words import statistic_labels
from helpers.workbook import lists
from helpers.workbook.workbook import write_workbook

SHEETS = [
    "Læs mig", "Overblik", "Spørgsmål", "Målgruppe", "Køn", "Alder", "Varighed", "Lokalt",
    "Forskelle", "Udvikling", "Svarprocent", "Alle tal", "Spørgeskema", "Ordbog",
]  # fmt: skip
MARKS = set(absent.NOT_SHOWN.values())


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture(scope="module")
def paths(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    return {code: write_workbook(published, code, folder / f"{code}.xlsx") for code in (BIG, SMALL)}


@pytest.fixture(scope="module")
def books(paths):
    return {code: openpyxl.load_workbook(path) for code, path in paths.items()}


def table(sheet, top=4):
    """Rows as dicts by head."""
    head, *rows = sheet.iter_rows(min_row=top, values_only=True)
    return [dict(zip(head, row)) for row in rows]


def test_sheets_in_order_and_local_only_where_there_is_something(books):
    assert books[BIG].sheetnames == SHEETS
    assert books[SMALL].sheetnames == [s for s in SHEETS if s != "Lokalt"]


def test_the_overview_has_the_released_numbers(books, published):
    o = OwnNumbers(published, BIG)
    rows = table(books[BIG]["Overblik"])
    assert [r["Tema"] for r in rows] == [o.label(t) for t in o.themes]
    for row, theme in zip(rows, o.themes):
        assert row["Norddjurs Kommune: gennemsnit"] == pytest.approx(o.of(theme).value)
        assert row["De øvrige kommuner: gennemsnit"] == pytest.approx(o.others(theme).value)
        assert row["Alle deltagende kommuner: gennemsnit"] == pytest.approx(o.national(theme).value)
        assert row["Antal svar"] == o.of(theme).n


def test_every_question_has_its_shares(books, published):
    rows = table(books[BIG]["Spørgsmål"])
    assert [r["Nr."] for r in rows] == list(range(1, 14))
    o = OwnNumbers(published, BIG)
    options = ["Svar 1 (mest negativt)", "Svar 2", "Svar 3", "Svar 4", "Svar 5 (mest positivt)"]
    for row, item in zip(rows, o.questions):
        assert sum(row[name] for name in options) == pytest.approx(1)
        assert row["Ved ikke"] == pytest.approx(o.of(item, "share_dont_know").value)


def test_numbers_are_numeric_with_formats_and_nothing_is_a_formula_or_link(books):
    for book in books.values():
        for sheet in book:
            assert not sheet._hyperlinks
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type in "sn", (sheet.title, cell.coordinate)
                    if isinstance(cell.value, str) and sheet.title != "Læs mig":
                        assert not cell.value.replace(",", "").replace(".", "").isdigit()
    cells = books[BIG]["Overblik"][5]
    assert cells[1].number_format == "0.00" and cells[8].number_format == "0 %"


def test_hidden_numbers_are_marks_and_never_zero(books, published):
    o = OwnNumbers(published, SMALL)
    rows = table(books[SMALL]["Målgruppe"])
    marked = [r for r in rows if r["Gennemsnit"] in MARKS]
    assert {r["Gennemsnit"] for r in marked} == {"for få svar", "skjult for at beskytte andre"}
    for row in marked:
        assert row["Nedre grænse"] == row["Antal svar"] == row["Gennemsnit"]
    shown = [r for r in rows if r not in marked]
    assert all(r["Gennemsnit"] >= 1 for r in shown) and shown
    q03 = table(books[SMALL]["Spørgsmål"])[2]
    assert o.of("q03").status == "few" and q03["Gennemsnit"] == "for få svar"


def test_all_released_numbers_of_the_municipality_and_the_country_are_listed(books, published):
    place = ["municipality", "breakdown", "category", "item"]
    for code, book in books.items():
        rows = table(book["Alle tal"], top=1)
        released = published.results[published.results["municipality"].isin([code, NATIONAL])]
        weighted = released[released["weighting"] == "weighted"]
        places = weighted[place].drop_duplicates()
        assert len(rows) == len(places)
        called = statistic_labels(published.round, code)
        for statistic in dict.fromkeys(weighted["statistic"]):
            head = called[statistic]
            of_statistic = released[released["statistic"] == statistic].set_index(place)
            for weighting, wanted in (
                ("weighted", {"value": "", "ci_low": ": nedre grænse", "ci_high": ": øvre grænse"}),
                ("unweighted", {"value": ": uvægtet"}),
            ):
                numbers = of_statistic[of_statistic["weighting"] == weighting]
                numbers = numbers.reindex(pd.MultiIndex.from_frame(places))
                for column, part in wanted.items():
                    expected = [None if v != v else v for v in numbers[column]]
                    assert [r[head + part] for r in rows] == pytest.approx(expected, nan_ok=True)
        base = weighted[weighted["statistic"] == "mean"].set_index(place)
        for row, n, status in zip(rows, base["n"], base["status"], strict=True):
            assert (row["Status"] == "vist") == (status == "shown")
            assert row["Status"] == "vist" or row["Status"] in MARKS
            assert row["Antal svar"] == (n if status == "shown" else None)
    assert {r["Område"] for r in rows} == {"Læsø Kommune", "Alle deltagende kommuner"}


def test_a_measure_hidden_alone_is_named(published, tmp_path):
    results = published.results.copy()
    place = {"municipality": BIG, "breakdown": "all", "item": "q01"}
    one = (results[list(place)] == list(place.values())).all(axis=1)
    one &= results["statistic"] == "share_dont_know"
    results.loc[one, "status"] = "few"
    path = write_workbook(dataclasses.replace(published, results=results), BIG, tmp_path / "a.xlsx")
    (row,) = [
        r for r in table(openpyxl.load_workbook(path)["Alle tal"], top=1)
        if (r["Område"], r["Opdeling"], r["Status"]) == ("Norddjurs Kommune", "Alle", "Andel ved ikke: for få svar")
    ]  # fmt: skip
    assert row["Andel ved ikke"] is row["Antal svar med »ved ikke«"] is None
    assert row["Gennemsnit (1–5)"] is not None


def test_a_number_behind_a_hidden_status_is_never_printed(published, tmp_path):
    results = published.results.copy()
    hidden = results["status"] != "shown"
    results.loc[hidden, ["value", "ci_low", "ci_high"]] = 4.4321
    results.loc[hidden, "n"] = 4321
    path = write_workbook(
        dataclasses.replace(published, results=results), SMALL, tmp_path / "a.xlsx"
    )
    for sheet in openpyxl.load_workbook(path):
        for row in sheet.iter_rows(values_only=True):
            assert 4.4321 not in row and 4321 not in row


def test_a_label_that_looks_like_a_formula_stays_text(published, tmp_path):
    round_ = published.round
    questions = [
        q.model_copy(update={"wording": "=1+1", "short": "https://x.dk"}) if q.id == "q01" else q
        for q in round_.questionnaire.questions
    ]
    questionnaire = round_.questionnaire.model_copy(update={"questions": tuple(questions)})
    tricky = dataclasses.replace(
        published, round=round_.model_copy(update={"questionnaire": questionnaire})
    )
    book = openpyxl.load_workbook(write_workbook(tricky, PLAIN, tmp_path / "a.xlsx"))
    cell = book["Spørgsmål"]["B5"]
    assert cell.value == "=1+1"
    with zipfile.ZipFile(tmp_path / "a.xlsx") as z:
        assert not [n for n in z.namelist() if b"<f>" in z.read(n) or b"<hyperlink" in z.read(n)]


def test_rows_are_frozen_filtered_and_print_on_one_page_width(books):
    for sheet in books[BIG]:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        if sheet.title != "Læs mig":
            assert sheet.freeze_panes
            assert sheet.auto_filter.ref
            assert sheet.print_title_rows


def test_heads_are_danish_and_unlike_each_other(books):
    for sheet in books[BIG]:
        if sheet.title == "Læs mig":
            continue
        head = [c.value for c in sheet[1 if sheet.title == "Alle tal" else 4]]
        assert len(set(head)) == len(head)
        assert not {h.lower() for h in head} & {"mean", "share", "value", "n", "status shown"}


def test_same_numbers_same_bytes(published, paths, tmp_path):
    again = write_workbook(published, BIG, tmp_path / "again.xlsx")
    assert again.read_bytes() == paths[BIG].read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.xlsx"]


def test_a_rows_status_is_that_of_most_measures_and_the_others_are_named():
    called = {"mean": "Gennemsnit", "share_1": "Andel svar 1", "share_dont_know": "Andel ved ikke"}

    def said(*statuses):
        return lists._together(dict(zip(called, statuses)), called)

    assert said("vist", "vist", "vist") == "vist"
    assert said("vist", "vist", "skjult") == "Andel ved ikke: skjult"
    assert said("vist; x", "vist; x", "skjult") == "vist; x. Andel ved ikke: skjult"
    assert said("få", "få", "vist") == "få. Andel ved ikke: vist"
