"""What cells, labels and sheets mean: signs, empty cells, CPR numbers that lost a digit, which sheet,
one person in several rows, cells of another row. Read right, or refused; what is told quotes nobody."""

import datetime as dt
import unicodedata
from collections import Counter
from itertools import chain

import openpyxl
import pandas as pd
import pytest
from conftest import HERE, PROJECT, REFERENCE
from test_extracts import GOOD, HEADINGS, read, refuse, workbook

from helpers.common.errors import ExtractError, SurveyError
from helpers.common.labels import heading_key, is_blank, normalise
from helpers.common.message_values import in_language
from helpers.extracts.classify import TOO_SHORT, classify
from helpers.extracts.cpr import PROBLEMS, parse_cpr
from helpers.extracts.files import read_files
from helpers.extracts.intake import with_age
from helpers.fieldwork import contact_exceptions
from helpers.identities.identities import send_out_list
from helpers.parameters.params import LocalFile, load_round
from helpers.parameters.questionnaires import LocalBackground
from helpers.preparation import signup_headings
from helpers.received.cells import read_dates
from helpers.received.sheet_choice import sheet_meant
from helpers.received.sheets import Sheet
from helpers.received.stray_rows import names_with_more, phones_with_more

CASES = HERE / "cases"
MOMENTUM = ["Personnummer", "Fulde navn", "Ydelsestype", "Startdato ydelse", "Seneste jobsamtale",
            "Sag afsluttet", "Mobil", "Passivperiode"]  # fmt: skip
SIGNS = {
    "varighed": {"under": "< 13 uger", "over": "> 13 uger"},
    "niveau": {"a": "A", "a_plus": "A+"},
}


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def case(name, round_, local=None):
    return read(CASES / name, round_, local)


def person(**cells):
    return list((dict(zip(HEADINGS, GOOD)) | cells).values())


def told(extract) -> dict[str, dict]:
    """Kind → details of what is told."""
    return {
        f.kind: {name: in_language(value, "da") for name, value in f.details}
        for f in extract.notices
    }


def kinds(path, round_, local=None) -> Counter:
    """Kinds of fault of a file, however it is refused; none where it is read."""
    try:
        problems = read(path, round_, local).problems
    except ExtractError as e:
        problems = e.problems
    return Counter(p.kind for p in problems)


# ---------------------------------------------------------------------------- signs that carry meaning


@pytest.mark.parametrize(
    "one, other",
    [
        ("< 13 uger", "> 13 uger"), ("A", "A+"), ("A", "A-"), ("A", "A\u2212"), ("1,5", "15"),
        ("13-26 uger", "1326 uger"), ("5", "5%"), ("-1", "1"), ("1/2", "12"), ("1 3", "13"),
        ("\u2265 13", "13"), ("\u2264 13", "\u2265 13"), ("\u2713", ""), ("-", ""), ("?", ""), ("Ja", "Ja?"),
        ("A", "A*"), ("C", "C#"), ("\u2610", "\u2611"), ("", "\u25cf"),
    ],
)  # fmt: skip
def test_labels_that_mean_different_things_have_different_keys(one, other):
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Startdato\nydelse\u00a0", "STARTDATO  YDELSE"), ("CPR-nr.", "cpr nr"), ("J/N", "jn"),
        ("Kontanthjælp - jobparat", "Kontanthjælp, jobparat"), ("Ma\u030algruppe", "Målgruppe"),
        ("13 \u2013 26 uger", "13-26 uger"), ("1,5", "1.5"), ("50 %", "50%"), ("\u2714\ufe0f", "\u2714"),
        ("Ja\u200b", "ja"), ("A\u2212", "A-"), ("Ja.", "ja"), ("\u200b", ""),
    ],
)  # fmt: skip
def test_labels_that_mean_the_same_have_one_key(one, other):
    assert normalise(one) == normalise(other)


def test_a_mark_of_a_footnote_in_a_heading_says_nothing():
    assert heading_key("Navn *") == heading_key("navn") == heading_key("Navn?")
    assert heading_key("Andel < 13") != heading_key("Andel > 13")
    assert heading_key("*") == "*"


@pytest.mark.parametrize("sign", ["\u2713", "-", ".", "?", "\u2610", "#", "*"])
def test_what_shows_something_never_has_an_empty_key(sign):
    assert normalise(sign) and not is_blank(sign)
    assert is_blank(" \u00a0\u200b\ufe0f\n")


def test_words_that_the_code_knows_have_keys_of_their_own(round_2024):
    """A word twice for one meaning is no harm, two meanings under one key are."""
    for meanings, key in (
        (contact_exceptions.WORDS, normalise),
        (contact_exceptions.HEADINGS, heading_key),
        (signup_headings.HEADINGS, heading_key),
        *((layout.columns, heading_key) for layout in round_2024.formats),
        *(({"yes": f.yes_words, "no": f.no_words}, normalise) for f in round_2024.formats),
    ):
        keys = Counter(chain.from_iterable({key(w) for w in words} for words in meanings.values()))
        assert max(keys.values()) == 1 and "" not in keys


def test_ticks_are_yes_and_unclear_signs_are_refused(demo):
    extract = case("0825-03-flueben.xlsx", demo)
    assert [(f.kind, f.place.row) for f in extract.problems] == [("no_word", 5), ("no_word", 6)]
    assert extract.persons["passive"].tolist() == [True] * 3 + [False] * 6 + [True]


@pytest.mark.parametrize(
    "cell", ["-", "–", ".", "?", "+", "\u2612", "\u2717", "n/a", "x?", "ja/nej", "0,5", "\u2022"]
)
@pytest.mark.parametrize("field", ["Passivperiode", "Sag afsluttet"])
def test_a_cell_that_is_not_empty_never_counts_as_empty(demo, tmp_path, cell, field):
    """Also where an empty cell means no."""
    row = dict(zip(MOMENTUM, GOOD)) | {"Passivperiode": "", "Sag afsluttet": "", field: cell}
    path = workbook(tmp_path, [list(row.values())], MOMENTUM)
    assert kinds(path, demo) == {"no_word": 1}


@pytest.mark.parametrize(
    "cell, passive",
    [("\u2714\ufe0f", True), ("\u2611", True), ("x", True), (1.0, True), (True, True), ("\u2610", False), (False, False),
     ("\u200b", False), ("\u00a0", False)],
)  # fmt: skip
def test_known_signs(demo, tmp_path, cell, passive):
    row = dict(zip(MOMENTUM, GOOD)) | {"Passivperiode": cell, "Sag afsluttet": ""}
    extract = read(workbook(tmp_path, [list(row.values())], MOMENTUM), demo)
    assert extract.problems == () and extract.persons["passive"].tolist() == [passive]


def of_laesoe(**categories):
    background = [
        LocalBackground(id=id, column=column, label=id, categories=categories[id])
        for id, column in (("varighed", "Varighed i virksomhed"), ("niveau", "Niveau"))
    ]
    return LocalFile(municipality="0825", background=tuple(background))


def test_categories_that_differ_by_a_sign_stay_apart(demo):
    extract = case("0825-20-kategorier-med-tegn.xlsx", demo, of_laesoe(**SIGNS))
    assert extract.problems == ()
    assert extract.persons["local_varighed"].value_counts().to_dict() == {"under": 5, "over": 5}
    assert extract.persons["local_niveau"].value_counts().to_dict() == {"a": 5, "a_plus": 5}


def test_a_category_with_another_sign_is_unknown(demo):
    local = of_laesoe(**SIGNS | {"niveau": {"a": "A", "b": "B"}})
    extract = case("0825-20-kategorier-med-tegn.xlsx", demo, local)
    assert Counter(p.kind for p in extract.problems) == {"local_unknown": 5}


def test_two_columns_that_could_be_a_local_one_are_refused(demo, tmp_path):
    local = LocalFile(
        municipality="0825",
        background=(LocalBackground(id="v", column="Varighed", label="v", categories={"a": "A"}),),
    )
    path = workbook(tmp_path, [[*GOOD, "A", "B"]], [*HEADINGS, "Varighed", "Varighed *"])
    assert kinds(path, demo, local) == {"column_twice": 1}
    path = workbook(tmp_path, [[*GOOD, "A"]], [*HEADINGS, "Varighed <"])
    assert kinds(path, demo, local) == {"local_missing": 1}


# ---------------------------------------------------------------------------------------- empty cells


def test_empty_cells_among_filled_ones_are_told(demo, tmp_path):
    rows = [
        person(**{"Afsluttet forløb": c, "CPR-nr.": f"0{i}0180-1234"})
        for i, c in enumerate(["Ja", None, "Nej"], 1)
    ]
    extract = read(workbook(tmp_path, rows), demo)
    assert told(extract)["empty_beside_no"] == {"count": "1", "of": "3", "rows": "3"}
    assert told(extract)["no_conversation"] == {"count": "3", "of": "3"}
    marks = case("0825-03-flueben.xlsx", demo)
    assert told(marks)["empty_means_no"] == {
        "count": "10",
        "of": "10",
        "rows": "2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
    }
    assert [f.place.column for f in marks.notices] == ["Passivperiode", "Sag afsluttet"]
    full = case("0825-00-base.xlsx", demo)
    assert full.notices == ()


def test_a_lost_cell_is_not_told_as_empty(demo):
    extract = case("0825-01-fejlceller.xlsx", demo)
    assert Counter(p.kind for p in extract.problems) == {"cell_error": 6}
    [passive] = [f for f in extract.notices if f.place.column == "Passivperiode"]
    assert "which count as no: 6 of 10" in passive.what
    assert "no_conversation" not in told(extract)


# --------------------------------------------------------------------------------------- which sheet


def book_of(tmp_path, sheets, hidden=(), name="0825-laesoe.xlsx"):
    """A workbook of title → (headings, rows)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, (headings, rows) in sheets.items():
        page = book.create_sheet(title)
        for row in [headings, *rows]:
            page.append(row)
        page.sheet_state = "hidden" if title in hidden else "visible"
    path = tmp_path / name
    book.save(path)
    return path


OTHER = person(**{"CPR-nr.": "020281-1234"})
ODD = ["Telefonnummer" if h == "Telefonnr." else h for h in HEADINGS]


def test_a_hidden_whole_sheet_never_wins_over_a_visible_one_with_a_heading_off(demo):
    with pytest.raises(ExtractError) as caught:
        case("0825-04-skjult-ark.xlsx", demo)
    assert [(p.kind, p.place.sheet) for p in caught.value.problems] == [
        ("missing_column", "Udtræk 2024"), ("hidden_sheet", "Udtræk 2023")]  # fmt: skip
    assert "»Telefonnummer«" in str(caught.value)


def test_a_hidden_sheet_beside_a_whole_one_is_told(demo, tmp_path):
    path = book_of(
        tmp_path, {"2023": (HEADINGS, [OTHER] * 3), "2024": (HEADINGS, [GOOD])}, ["2023"]
    )
    extract = read(path, demo)
    assert extract.problems == () and len(extract.persons) == 1
    assert (extract.notices[0].kind, extract.notices[0].place.sheet) == ("hidden_sheet", "2023")


def test_an_extract_on_hidden_sheets_alone_is_refused(demo, tmp_path):
    path = book_of(tmp_path, {"Læs mig": (["Se arket"], []), "D": (HEADINGS, [GOOD])}, ["D"])
    assert kinds(path, demo) == {"only_hidden": 1}


@pytest.mark.parametrize(
    "sheets, found",
    [
        ({"A": (HEADINGS, [GOOD]), "B": (HEADINGS, [OTHER])}, {"sheets_parts": 1}),
        ({"A": (HEADINGS, [GOOD, OTHER]), "B": (HEADINGS, [OTHER])}, {"two_sheets": 1}),
        ({"A": (HEADINGS, [GOOD]), "B": (ODD, [OTHER])}, {"sheets_parts": 1, "missing_column": 1}),
        ({"A": (ODD, [GOOD]), "B": (ODD, [GOOD])}, {"two_sheets": 1, "missing_column": 2}),
        ({"A": (HEADINGS, []), "B": (ODD, [GOOD])}, {"missing_column": 1}),
        ({"A": (HEADINGS, [GOOD]), "B": (HEADINGS, [])}, {}),
    ],
)  # fmt: skip
def test_several_sheets_that_could_be_meant_are_all_named(demo, tmp_path, sheets, found):
    path = book_of(tmp_path, sheets)
    assert kinds(path, demo) == found
    if len(found) and min(len(rows) for _, rows in sheets.values()):
        assert "»A«, »B«" in refuse(path, demo)


def test_a_sheet_a_benefit_is_to_be_put_together_not_deleted(demo):
    with pytest.raises(ExtractError) as caught:
        case("0825-23b-ark-pr-ydelse.xlsx", demo)
    [problem] = caught.value.problems
    assert "»Sygedagpenge«, »Kontanthjælp«" in problem.what
    assert problem.remedy.startswith("Put the rows of all sheets")
    assert problem.in_language("da").remedy.startswith("Saml rækkerne fra alle arkene på ét ark")


def test_persons_on_a_sheet_without_headings_are_told(demo, tmp_path):
    path = book_of(tmp_path, {"A": (HEADINGS, [GOOD]), "Ark2": (OTHER, [])})
    assert told(read(path, demo)).keys() == {"sheet_not_read", "no_conversation"}
    path = book_of(
        tmp_path, {"A": (HEADINGS, [GOOD]), "Ark2": (["Vejledning"], [["Ring 20123450"]])}
    )
    assert told(read(path, demo)).keys() == {"no_conversation"}


def test_filtered_rows_are_read_and_told(demo):
    extract = case("0825-05-filtrerede-raekker.xlsx", demo)
    assert len(extract.persons) == 10 and extract.problems == ()
    assert told(extract) == {"hidden_rows": {"count": "3", "rows": "3, 4, 5"}}


def test_lists_and_logs_take_no_hidden_sheet():
    def meant(*sheets):
        return sheet_meant(
            "liste.xlsx", [list(sheets)], lambda s: sum(h in "kr" for h in s.rows[0])
        )

    a, b = Sheet("A", [["k", "r"], ["1", "2"]]), Sheet("B", [["k", "x"], ["1", "2"]])
    hidden = Sheet("H", [["k", "r"], ["1", "2"]], hidden=True)
    assert meant(hidden, a) is a and meant(b, hidden) is b and meant(Sheet("N", [["n"]])) is None
    assert meant(a, Sheet("B", [["k", "x"]])) is a
    for sheets, kind in (((hidden,), "only_hidden"), ((a, b), "sheets_unclear")):
        with pytest.raises(ExtractError) as caught:
            meant(*sheets)
        assert caught.value.problems[0].kind == kind


# --------------------------------------------------------------------------------------------- dates


def test_day_numbers_of_a_workbook_that_counts_from_1904(demo):
    extract = case("0825-06c-1904-for-kort-tid.xlsx", demo)
    settings = demo.settings
    persons = with_age(extract.persons, settings.reference_date)
    left_out = classify(persons, demo.rules, settings.reference_date, settings.age_limits)
    assert left_out["left_out"].tolist() == [TOO_SHORT] * 4
    assert told(extract)["day_numbers"]["epoch"] == "1. januar 1904"


def one_date(cell, **more):
    days, unreadable = read_dates(pd.Series([cell], dtype=object), ("%d-%m-%Y", "%Y-%m-%d"), **more)
    return None if unreadable[0] else str(days[0])[:10]


@pytest.mark.parametrize(
    "cell, read_as",
    [
        (43849, "2024-01-20"), (43849.5, "2024-01-20"), ("43849", "2024-01-20"), (dt.date(2024, 1, 20), "2024-01-20"),
        ("20-01-2024", "2024-01-20"), (80000, None), (-1, None),
    ],
)  # fmt: skip
def test_the_epoch_counts_for_day_numbers_alone(cell, read_as):
    assert one_date(cell, epoch_1904=True) == read_as


@pytest.mark.parametrize(
    "cell",
    ["01-01-1900", "31-12-9999", "01-01-0001", dt.datetime(1899, 12, 31), dt.date(9999, 12, 31), "05-01-23",
     "05-01-2023 til 01-03-2023", "05-01-2023 ?", "2023-01-04T23:00:00Z", "2023-01-05T00:00:00+00:00", 14999,
     80001, "0", "#N/A", dt.time(12, 30), "05-01-2023 99:99"],
)  # fmt: skip
def test_what_is_no_day_of_a_spell_is_refused(cell):
    assert one_date(cell) is None


@pytest.mark.parametrize(
    "cell",
    [
        "05-01-2023 13:30",
        "2023-01-05T13:30:00",
        "05-01-2023 kl. 13.30",
        "2023-01-05 00:00:00.000",
        44931.99,
    ],
)
def test_a_time_of_day_changes_no_day(cell):
    assert one_date(cell) == "2023-01-05"


def test_day_numbers_in_a_text_file_are_told(demo, tmp_path):
    """Whether such a file's workbook counted from 1904, nobody can see."""
    path = tmp_path / "0741.csv"
    head = "CPR;Navn;Målgruppe;Ydelse fra;Samtale senest;Afsluttet J/N;Tlf;Passiv J/N"
    path.write_text(f"{head}\n0101801234;Ane Holm;6 Sygedagpengemodtager;44931;;N;;N", "utf-8")
    extract = read(path, demo)
    assert str(extract.persons["spell_start"][0])[:10] == "2023-01-05"
    assert told(extract)["day_numbers"] == {
        "count": "1", "epoch": "30. december 1899", "latest": "5. januar 2023"}  # fmt: skip


# --------------------------------------------------------------------------------------- CPR numbers


def cpr(*cells):
    """(number, problem) of each cell of a column."""
    table = parse_cpr(pd.Series(cells, dtype=object))
    return list(zip(table["cpr"], table["problem"]))


DAY, DIGITS, SHORT, ROUNDED = PROBLEMS[1:]


@pytest.mark.parametrize(
    "cell, number",
    [
        (110753123, "0110753123"), (110753123.0, "0110753123"), ("10753-1234", "0107531234"), ("'0107531234", "0107531234"),
        ("701781677", "0701781677"), ("01 07 53 1234", "0107531234"), ("010753 - 1234", "0107531234"),
        ("1 07 53 1234", "0107531234"), ("611290-1234", "6112901234"),
    ],
)  # fmt: skip
def test_a_leading_zero_comes_back_where_it_is_what_was_lost(cell, number):
    assert cpr(cell) == [(number, "")]


@pytest.mark.parametrize(
    "cell, problem",
    [
        ("110753-123", SHORT), ("110753 123", SHORT), ("11 07 53 123", SHORT), ("110753234", SHORT), ("110753-12", DIGITS),
        ("0110753-123", DIGITS), (11075312, DIGITS), ("11075312345", DIGITS), (11075312345, DIGITS), ("1.1E+09", ROUNDED),
        ("1,10753E+09", ROUNDED), (1.1e9, ROUNDED), (1110000000, ROUNDED), (1107531234.5, DIGITS), ("1107531234x", DIGITS),
        ("11.07.53-1234", DIGITS), (-110753123, DIGITS), ("110753-1234-", DIGITS), ("701.781.677", DIGITS), (True, DIGITS),
        (320290123, SHORT), (dt.datetime(2023, 1, 5), DIGITS), ("CPR 0701781677", DIGITS), ("070178/1677", DIGITS),
    ],
)  # fmt: skip
def test_a_number_that_lost_something_else_is_nobodys(cell, problem):
    """»110753-123« is no stranger's number, also where a list is looked up by it."""
    assert cpr(cell) == [("", problem)]


def test_nine_digits_of_text_are_read_by_their_column():
    """Where another text kept its zero, none was lost; where one surely lost it, others did too."""
    assert cpr("0107531234", "701781677")[1] == ("", SHORT)
    assert cpr("701781677", "110753234") == [("0701781677", ""), ("0110753234", "")]
    assert cpr("0107531234", 701781677)[1] == ("0701781677", "")


def test_numbers_that_end_in_0000_are_read_where_they_are_as_rare_as_they_should_be():
    many = [f"01018012{i:02d}" for i in range(40)]
    assert cpr(*many, "0101800000")[-1] == ("0101800000", "")
    assert cpr("010180-0000") == [("0101800000", "")]
    assert cpr("0101801234", "0101800000")[-1] == ("", ROUNDED)


def test_a_cpr_number_that_lost_its_end_is_refused(demo):
    extract = case("0825-09-afkortet-cpr.xlsx", demo)
    assert [(p.kind, p.place.row) for p in extract.problems] == [("cpr_short", 2), ("cpr_short", 3)]


def test_zeros_put_back_are_counted(demo, tmp_path):
    rows = [person(**{"CPR-nr.": number}) for number in (101801234, 201801235)]
    assert told(read(workbook(tmp_path, rows), demo))["cpr_padded"] == {"count": "2"}


# ------------------------------------------------------------------------------------------- letters


def test_letters_that_were_misread_are_told(demo):
    extract = case("0825-10-mojibake-navn.csv", demo)
    assert extract.problems == () and told(extract) == {"odd_letters": {"count": "1", "rows": "4"}}


def test_decomposed_letters_are_read(demo):
    extract = case("0825-10-nfd.csv", demo)
    assert extract.problems == () and len(extract.persons) == 10
    assert all(unicodedata.is_normalized("NFC", name) for name in extract.persons["name"])
    assert "Åse Prøve" in set(extract.persons["name"])


# ---------------------------------------------------------------------- one person in several rows


def test_one_person_on_two_benefits(demo):
    extract = case("0825-18-to-ydelser.xlsx", demo)
    assert extract.problems == () and (extract.rows_read, len(extract.persons)) == (10, 9)
    assert told(extract) == {
        "person_on_two_benefits": {"count": "1", "rows": "2, 7"},
        "person_with_two_names": {"count": "1", "rows": "2, 7"},
    }  # fmt: skip
    [kept] = extract.persons.loc[extract.persons["cpr"] == "0103701234", "row"]
    assert kept == 7


START = HEADINGS[3]


@pytest.mark.parametrize(
    "changes, found, kept",
    [
        ([{}, {}], "person_repeated", [2]),
        ([{START: dt.date(2023, 2, 1)}, {}], "person_on_two_benefits", [2]),
        ([{}, {START: dt.date(2023, 2, 1), "Ydelse": "A-dagpenge", "Passiv": "Ja"}], "person_on_two_benefits", [3]),
        ([{START: dt.date(2024, 3, 1)}, {}], "person_on_two_benefits", [3]),  # begins after the reference date
        ([{START: dt.date(2024, 3, 1)}, {START: dt.date(2024, 2, 1)}], "person_on_two_benefits", [3]),
        ([{}, {}, {START: dt.date(2023, 2, 1)}], "person_on_two_benefits", [4]),
        ([{}, {"Navn": "HOLM, Anne"}], "person_repeated", [2]),
        ([{"Navn": None}, {}], "person_repeated", [3]),
    ],
)  # fmt: skip
def test_the_row_that_counts(demo, tmp_path, changes, found, kept):
    extract = read(workbook(tmp_path, [person(**c) for c in changes]), demo)
    assert extract.problems == () and extract.persons["row"].tolist() == kept
    assert found in told(extract) and "person_with_two_names" not in told(extract)
    assert extract.rows_read == len(changes)


@pytest.mark.parametrize(
    "changes, kind",
    [
        ([{}, {"Ydelse": "A-dagpenge"}], "cpr_twice"),
        ([{}, {"Passiv": "Ja"}], "cpr_twice"),
        ([{START: dt.date(2022, 1, 1)}, {}, {"Telefonnr.": "20304050"}], "cpr_twice"),
        ([{}, {"Navn": "Bo Kjær"}], "cpr_two_names"),
        ([{START: dt.date(2022, 1, 1)}, {"Navn": "Bo Kjær"}], "cpr_two_names"),
    ],
)
def test_a_person_decides_what_no_rule_can(demo, tmp_path, changes, kind):
    path = workbook(tmp_path, [person(**c) for c in changes])
    assert kinds(path, demo) == {kind: len(changes)}
    message = refuse(path, demo)
    assert ", ".join(str(r) for r in range(2, 2 + len(changes))) in message
    assert "Holm" not in message and "Kjær" not in message and "010180" not in message


def test_files_are_put_together_where_they_share_no_person(demo, tmp_path):
    local = LocalFile(municipality="0825")
    one, two = (book_of(tmp_path, {"A": (HEADINGS, [row])}, name=f"0825-{n}.xlsx") for n, row in enumerate([GOOD, OTHER]))  # fmt: skip
    extract = read_files([one, two], demo.formats, local, REFERENCE)
    assert extract.problems == () and extract.rows_read == 2
    assert extract.persons["cpr"].tolist() == ["0101801234", "0202811234"]
    assert extract.file == "0825-0.xlsx / 0825-1.xlsx" and "files_together" in told(extract)
    shared = read_files([one, one], demo.formats, local, REFERENCE)
    assert [p.kind for p in shared.problems] == ["files_share"]
    assert "0825-0.xlsx / 0825-0.xlsx" in str(shared.problems[0])
    assert read_files([one], demo.formats, local, REFERENCE).file == "0825-0.xlsx"


# ------------------------------------------------------------------------------ cells of another row

NAMES = {
    "Ane Prøve": False, "Holm, Anne": False, "Dorte \"Do\" Prøve; gift": False, "Cæcilie\r\nPrøve": False,
    "O'Brien-Åkjær, Anne, f. Holm": False, "": False, "Ane 2.": False, "Ane Prøve 20123450": False,
    "Bo Prøve;2 Jobparat;09-01-2023;N": True, "Bo;Jobparat;N": True, "Bo\tJobparat\tN": True,
    "Bo Prøve,2 Jobparat,09-01-2023,N": True, "Ane\n2207903456;Cæcilie": True, "Ane 220790-3456": True,
    "Ane 22 07 90 3456": True, "2207903456": True, "Ane|Jobparat|N": True, "22.07.90-3456 Ane": True,
}  # fmt: skip
PHONES = {
    "20123450": False, "+45 20 12 34 50": False, "20123450, 20123451, 20123452": False, "": False,
    "0701781677": False, "mobil: 20123450; fast: 20123451": False, "0045 20123450": False,
    "2207903456": True, "220790-3456": True, "20123450;N\n2207903456;Bo;x": True, "20123450;N;x": True,
    "20123450 / 220790-3456": True,
    "20123450 610180-1234": True,
    "+46 451234-5678": False,
}  # fmt: skip


@pytest.mark.parametrize("name, more", NAMES.items())
def test_a_name_holds_no_other_row(demo, tmp_path, name, more):
    assert names_with_more(pd.Series([name])).tolist() == [more]
    assert kinds(workbook(tmp_path, [person(Navn=name)]), demo) == (
        {"row_in_cell": 1} if more else {}
    )


@pytest.mark.parametrize("phone, more", PHONES.items())
def test_a_telephone_number_is_no_cpr_number_and_no_row(phone, more):
    assert phones_with_more(pd.Series([phone]), pd.Series(["2207903456", ""])).tolist() == [more]


@pytest.mark.parametrize("cells", [{"name": "Bo;Jobparat;N"}, {"phone": "010180-1234"}])
def test_no_letter_is_made_of_another_row(cells):
    """The vault of an earlier version may hold what intake would refuse today."""
    vault = pd.DataFrame(
        {
            "person_id": ["a", "b"],
            "cpr": ["0101801234", "0202811234"],
            "name": "Bo Holm",
            "phone": "",
        }
    )
    sample = pd.DataFrame({"person_id": ["b"], "key": ["k"]})
    assert len(send_out_list(sample, vault, "https://svar.example/")) == 1
    vault.loc[1, list(cells)] = list(cells.values())
    with pytest.raises(SurveyError, match="1 sampled citizens'") as caught:
        send_out_list(sample, vault, "https://svar.example/")
    assert "0101" not in str(caught.value) and "Bo" not in str(caught.value)


def test_a_benefit_with_another_row_in_it_is_not_quoted(demo, tmp_path):
    message = refuse(workbook(tmp_path, [person(Ydelse="Bo Holm;Sygedagpenge;N")]), demo)
    assert "unknown benefit text »…«" in message and "Holm" not in message
