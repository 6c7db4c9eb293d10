"""Trying a file: the counts of intake, what is worth a look, faults in both languages, a marked copy."""

import datetime as dt
import json
import re
import shutil

import openpyxl
import pandas as pd
import pytest
import yaml
from conftest import EXTRACTS
from test_cli_privacy import survey
from test_extracts import GOOD, HEADINGS, workbook

from helpers.common.errors import ParameterError
from helpers.extracts.check_warnings import TEXTS, warnings_of
from helpers.extracts.classify import reasons
from helpers.extracts.intake import take_in, with_age
from helpers.parameters.params import latest_round
from helpers.preparation import marking
from helpers.preparation.check import check_extract, municipality_of
from helpers.preparation.marking import RED, marked_path, write_marked

EXPECTED = json.loads((EXTRACTS / "expected.json").read_text("utf-8"))["files"]
SECRETS = ("010180", "1234", "Holm", "Kjær", "12345678")


def bad_rows():
    def person(day, **cells):
        row = dict(zip(HEADINGS, [f"{day:02d}0280-1234", *GOOD[1:]])) | cells
        return list(row.values())

    return [
        GOOD,
        person(2, **{HEADINGS[3]: "31-02-2023"}),
        person(3, Ydelse="Kulturstøtte", Passiv="måske"),
        person(4, Ydelse="Kulturstøtte"),
        person(5),
        [None, *GOOD[1:]],
    ]


@pytest.fixture
def bad(tmp_path):
    return workbook(tmp_path, bad_rows(), above=[["Udtræk", "=1+1"]])


def red_cells(path) -> dict[str, str]:
    """»Sheet!A1« → comment of each cell that is marked."""
    book = openpyxl.load_workbook(path)
    return {
        f"{page.title}!{cell.coordinate}": cell.comment.text if cell.comment else ""
        for page in book for row in page.iter_rows() for cell in row
        if cell.fill.fgColor.rgb == RED
    }  # fmt: skip


# ------------------------------------------------------------------------------------------ counts


@pytest.mark.parametrize("file", ["0161-glostrup.xlsx", "0741-samsoe.csv", "0707-norddjurs.xlsx"])
def test_counts_are_those_of_intake(paths, round_2024, file):
    checked = check_extract(EXTRACTS / file, round_2024, file[:4])
    taken = take_in(paths, round_2024, file[:4])
    assert checked.has_no_faults and checked.rows_read == taken.counts["rows_read"]
    assert checked.counts == taken.counts["2024"] == EXPECTED[file]["2024"]
    assert checked.layout == EXPECTED[file]["layout"]
    assert checked.ignored_columns == taken.ignored_columns


def test_only_rows_without_faults_are_counted(round_2024, bad):
    checked = check_extract(bad, round_2024, "0825")
    assert (checked.rows_read, checked.rows_faulty) == (6, 4)
    assert sum(checked.counts.values()) == 2
    assert not checked.has_no_faults


def test_local_background_is_asked_of_its_municipality_alone(round_2024):
    path = EXTRACTS / "0825-laesoe.xlsx"
    assert check_extract(path, round_2024, "0825").has_no_faults
    kinds = [f.kind for f in check_extract(path, round_2024, "0707").faults]
    assert kinds == ["local_missing"]


def test_the_municipality_is_read_from_the_files_name(round_2024, tmp_path):
    assert municipality_of(EXTRACTS / "0741-samsoe.csv", round_2024) == "0741"
    assert municipality_of(tmp_path / "udtræk.xlsx", round_2024) == ""
    assert municipality_of(tmp_path / "0411.xlsx", round_2024) == ""  # Christiansø is none


# ---------------------------------------------------------------------------------------- warnings


def persons(round_, n=200, **columns):
    base = {
        "row": range(2, n + 2), "cpr": [f"{i:010d}" for i in range(n)],
        "birth_date": pd.Timestamp("1980-01-01"), "gender": "kvinde", "name": "A", "phone": "20304050",
        "benefit_type": [round_.rules.rules[i % 10].benefit_type for i in range(n)],
        "spell_start": pd.Timestamp("2022-01-05"), "latest_conversation": pd.Timestamp("2023-12-01"),
        "course_closed": False, "passive": [i == 0 for i in range(n)],
    }  # fmt: skip
    return with_age(pd.DataFrame(base | columns), round_.settings.reference_date)


def kinds(table, round_, code="0741"):
    return {w.kind for w in warnings_of(table, round_, code)}


def first(n, value, other, of=200):
    return [value if i < n else other for i in range(of)]


@pytest.fixture
def settled(round_2024):
    """A round that wants few answers, so that 200 good persons need no look."""
    sampling = round_2024.settings.sampling.model_copy(update={"min_answers": 199})
    settings = round_2024.settings.model_copy(update={"sampling": sampling})
    return round_2024.model_copy(update={"settings": settings})


DAY = pd.Timestamp("2024-02-01")
ONE = dt.timedelta(days=1)


@pytest.mark.parametrize(
    "kind, columns, told",
    [
        ("without_phone", {"phone": first(50, "", "20304050")}, False),
        ("without_phone", {"phone": first(51, "", "20304050")}, True),
        ("odd_phone", {"phone": first(1, "+45 20 30 40 50", "004520304050")}, False),
        ("odd_phone", {"phone": first(1, "2030405", "")}, True),
        ("odd_phone", {"phone": first(1, "452030405", "20304050")}, True),
        ("without_name", {"name": first(1, "", "A")}, True),
        ("without_conversation", {"latest_conversation": first(100, pd.NaT, DAY)}, False),
        ("without_conversation", {"latest_conversation": first(101, pd.NaT, DAY)}, True),
        ("late_conversation", {"latest_conversation": DAY}, False),
        ("late_conversation", {"latest_conversation": first(1, DAY + ONE, DAY)}, True),
        ("late_start", {"spell_start": DAY}, False),
        ("late_start", {"spell_start": first(1, DAY + ONE, DAY)}, True),
        ("early_start", {"spell_start": pd.Timestamp("1995-01-01")}, False),
        ("early_start", {"spell_start": pd.Timestamp("1994-12-31")}, True),
        ("nobody_passive", {"passive": first(1, True, False)}, False),
        ("nobody_passive", {"passive": False}, True),
        ("many_passive", {"passive": first(100, True, False)}, False),
        ("many_passive", {"passive": first(101, True, False)}, True),
    ],
)  # fmt: skip
def test_what_is_worth_a_look_at_its_limit(settled, kind, columns, told):
    assert (kind in kinds(persons(settled, **columns), settled)) is told


def test_good_persons_are_not_talked_about(settled):
    table = persons(settled, n=220)
    assert kinds(table, settled) == set()


def test_nobody_passive_is_told_of_a_hundred_and_more(settled):
    assert "nobody_passive" in kinds(persons(settled, n=100, passive=False), settled)
    assert "nobody_passive" not in kinds(persons(settled, n=99, passive=False), settled)


def test_few_in_the_target_groups_is_told_below_the_wanted_answers(settled):
    assert "few_eligible" not in kinds(persons(settled, n=200), settled)  # one of them is passive
    assert "few_eligible" in kinds(persons(settled, n=199), settled)


def test_an_empty_group_is_told_of_two_hundred_and_more(settled):
    of = {"benefit_type": "sygedagpenge"}
    assert "empty_group" in kinds(persons(settled, n=201, **of), settled)
    assert "empty_group" not in kinds(persons(settled, n=200, **of), settled)


@pytest.mark.parametrize("n, told", [(36, True), (37, False), (731, False), (732, True)])
def test_a_size_unlike_the_municipality_is_told(settled, n, told):
    """Samsø has 3,657 inhabitants in 2020: one to twenty per cent are 36.57 to 731.4 persons."""
    assert settled.municipalities["0741"].population == 3657
    assert ("size" in kinds(persons(settled, n=n), settled)) is told


def test_a_municipality_outside_the_round_and_an_unknown_one_are_told(settled):
    assert "no_participant" in kinds(persons(settled), settled, "0147")
    assert kinds(persons(settled), settled, "") == {"no_code"}


@pytest.mark.parametrize("kind", TEXTS)
def test_warnings_are_told_in_both_languages_from_the_same_details(kind):
    english, danish = (set(re.findall(r"{(\w+)}", text)) for text in TEXTS[kind])
    assert english == danish


# ------------------------------------------------------------------------------------- marked copy


def test_each_faulty_cell_is_red_with_a_comment(round_2024, bad):
    checked = check_extract(bad, round_2024, "0825")
    before = bad.read_bytes()
    marked = write_marked(bad, checked.faults, round_2024.formats, "da")
    assert bad.read_bytes() == before
    assert marked.path.name == "0825-laesoe-markeret.xlsx" and marked.cells == 5
    cells = red_cells(marked.path)
    assert set(cells) == {"Sheet!D4", "Sheet!C5", "Sheet!H5", "Sheet!C6", "Sheet!A8"}
    assert cells["Sheet!D4"] == "»31-02-2023« er ikke en dato. Skriv datoen som dd-mm-åååå."
    assert "hverken ja eller nej" in cells["Sheet!H5"]
    book = openpyxl.load_workbook(marked.path)
    assert book["Sheet"]["B1"].data_type == "f"  # the file's own formula, neither computed nor lost
    assert [book["Sheet"].cell(2, c).value for c in range(1, 9)] == HEADINGS


def test_the_list_of_faults_links_to_each_cell(round_2024, bad):
    checked = check_extract(bad, round_2024, "0825")
    marked = write_marked(bad, checked.faults, round_2024.formats, "da")
    book = openpyxl.load_workbook(marked.path)
    page = book.worksheets[0]
    assert page.title == "Fejl" and book.active == page
    rows = [r for r in page.iter_rows(min_row=5, values_only=True)]
    assert [(r[1], r[2], r[4]) for r in rows] == [
        ("Sheet", 4, "D4"), ("Sheet", 5, "C5"), ("Sheet", 6, "C6"), ("Sheet", 5, "H5"),
        ("Sheet", 8, "A8"),
    ]  # fmt: skip
    links = [page.cell(r, 5).hyperlink.location for r in range(5, 10)]
    assert links == [f"'Sheet'!{r[4]}" for r in rows]
    for secret in SECRETS:
        assert secret not in str(rows)


def test_a_marked_copy_that_was_mended_is_well_and_loses_its_marks(round_2024, bad):
    first_copy = write_marked(
        bad, check_extract(bad, round_2024, "0825").faults, round_2024.formats, "da"
    ).path
    book = openpyxl.load_workbook(first_copy)
    page = book["Sheet"]
    page["D4"], page["C5"], page["C6"], page["H5"] = (
        dt.date(2023, 1, 5),
        "Sygedagpenge",
        "Sygedagpenge",
        "Nej",
    )
    book.save(first_copy)
    checked = check_extract(first_copy, round_2024, "0825")
    assert [f.kind for f in checked.faults] == ["cpr_digits"]
    second = write_marked(first_copy, checked.faults, round_2024.formats, "da").path
    assert second.name == "0825-laesoe-markeret-2.xlsx"
    assert set(red_cells(second)) == {"Sheet!A8"}
    book = openpyxl.load_workbook(second)
    assert book.sheetnames == ["Fejl", "Sheet"]
    page = book["Sheet"]
    page["A8"] = "060280-1234"
    book.save(second)
    assert check_extract(second, round_2024, "0825").has_no_faults


def test_a_sheet_of_the_municipalitys_own_with_the_same_name_stays(round_2024, bad):
    book = openpyxl.load_workbook(bad)
    book.create_sheet("Fejl")["A1"] = "vores egne noter"
    book.save(bad)
    checked = check_extract(bad, round_2024, "0825")
    marked = write_marked(bad, checked.faults, round_2024.formats, "da")
    book = openpyxl.load_workbook(marked.path)
    assert book["Fejl"]["A1"].value == "vores egne noter" and len(book.sheetnames) == 3


def test_comments_and_merged_cells_are_kept(round_2024, bad):
    book = openpyxl.load_workbook(bad)
    page = book["Sheet"]
    page["D4"].comment = openpyxl.comments.Comment("spørg Bo", "Bo")
    page.merge_cells("A8:B8")
    book.save(bad)
    checked = check_extract(bad, round_2024, "0825")
    cells = red_cells(write_marked(bad, checked.faults, round_2024.formats, "en").path)
    assert cells["Sheet!D4"].endswith("\n\nspørg Bo") and "is no date" in cells["Sheet!D4"]
    assert "Sheet!A8" in cells


def test_a_text_file_becomes_a_workbook_of_texts(round_2024, tmp_path):
    lines = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252").splitlines()[:6]
    lines[2] = f'=HYPERLINK("http://x");{lines[2].split(";", 1)[1]}'
    lines[4] = lines[4].replace("2023", "20x3", 1)
    path = tmp_path / "0741.csv"
    path.write_text("\n".join(lines), "cp1252")
    checked = check_extract(path, round_2024, "0741")
    marked = write_marked(path, checked.faults, round_2024.formats, "da")
    page = openpyxl.load_workbook(marked.path)["Udtræk"]
    kinds_of_cells = {c.data_type for row in page.iter_rows() for c in row if c.value is not None}
    assert kinds_of_cells == {"s"}
    assert page["A2"].value == lines[1].split(";")[0] and len(page["A2"].value) == 10
    assert page["A3"].value.startswith("=HYPERLINK")
    assert {"Udtræk!A3"} < set(red_cells(marked.path)) and marked.cells == 2


def test_headings_are_marked_too(round_2024, tmp_path):
    path = workbook(tmp_path, [GOOD[:7]], [*HEADINGS[:2], "Ydelser", *HEADINGS[3:7]])
    checked = check_extract(path, round_2024, "0825")
    cells = red_cells(write_marked(path, checked.faults, round_2024.formats, "da").path)
    assert "»Ydelse« mangler (er det »Ydelser«?)" in cells["Sheet!C1"]
    assert "»Passiv« mangler" in cells["Sheet!H1"]


def test_no_copy_where_no_fault_has_a_cell(round_2024, tmp_path):
    path = workbook(tmp_path, [[1, 2]], ["a", "b"])
    checked = check_extract(path, round_2024, "0825")
    assert not checked.has_no_faults
    assert write_marked(path, checked.faults, round_2024.formats, "da") is None
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_comments_end_at_their_limit_but_the_cells_are_red(round_2024, bad, monkeypatch):
    monkeypatch.setattr(marking, "COMMENTS_MAX", 2)
    monkeypatch.setattr(marking, "LINKS_MAX", 3)
    checked = check_extract(bad, round_2024, "0825")
    path = write_marked(bad, checked.faults, round_2024.formats, "da").path
    assert sorted(map(bool, red_cells(path).values())) == [False] * 3 + [True] * 2
    page = openpyxl.load_workbook(path).worksheets[0]
    assert sum(page.cell(r, 5).hyperlink is not None for r in range(5, 10)) == 3


def test_a_copys_name_is_never_one_that_is_there(tmp_path):
    path = tmp_path / "0741.csv"
    assert marked_path(path, tmp_path).name == "0741-markeret.xlsx"
    (tmp_path / "0741-markeret.xlsx").touch()
    assert marked_path(path, tmp_path).name == "0741-markeret-2.xlsx"
    assert marked_path(tmp_path / "0741-markeret.xlsx", tmp_path).name == "0741-markeret-2.xlsx"


# ------------------------------------------------------------------------------------ command line


def test_a_good_file_ends_with_0_and_leaves_nothing(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kommune")
    shutil.copy(EXTRACTS / "0707-norddjurs.xlsx", folder)
    told = survey(root, "check", str(folder / "0707-norddjurs.xlsx"), "--lang", "da")
    assert told.exit_code == 0, told.output
    assert "foråret 2024 (2024-foraar), opgørelsesdato 1. februar 2024" in told.output
    assert re.search(r"Borgere +2\.600\n", told.output)
    assert re.search(r"Sygedagpengemodtagere +481\n", told.output)
    assert re.search(r"For kort tid på ydelsen +547\n", told.output)
    assert "kan sendes, som den er" in told.output
    assert [p.name for p in folder.iterdir()] == ["0707-norddjurs.xlsx"]
    assert not (root / "data").exists() and not (root / "build").exists()


@pytest.mark.parametrize(
    "language, words",
    [
        ("da", ["række 4, kolonne »Dato for overgang til aktuel ydelse«: »31-02-2023« er ikke en dato.",
                "række 8, kolonne »CPR-nr.«: er ikke et CPR-nummer på ti cifre.",
                "ukendt ydelse »Kulturstøtte« i 2 række(r), første gang i række 5.",
                "Fejl: 4", "Markeret kopi: ", "Filen kan ikke bruges"]),
        ("en", ["row 4, column »Dato for overgang til aktuel ydelse«: »31-02-2023« is no date.",
                "row 8, column »CPR-nr.«: is no CPR number of ten digits.",
                "Faults: 4", "Marked copy: ", "would be refused"]),
    ],
)  # fmt: skip
def test_faults_are_told_with_row_and_column_and_no_citizen(root, bad, language, words):
    told = survey(root, "check", str(bad), "--lang", language)
    assert told.exit_code == 1
    for word in words:
        assert word in told.output
    for secret in SECRETS:
        assert secret not in told.output
    assert bad.with_name("0825-laesoe-markeret.xlsx").is_file()


def test_danish_output_has_no_english_sentence(root, bad):
    told = survey(root, "check", str(bad), "--lang", "da").output
    for english in ("row ", "column", "sheet", "is no", "then run", "Expected", "Mend"):
        assert english not in told


def test_nothing_is_written_under_data(paths):
    path = paths.extracts / "0741-samsoe.csv"
    text = path.read_text("cp1252").replace("2 Jobparat", "2 Jobklar", 1)
    path.write_text(text, "cp1252")
    before = sorted(p for p in paths.data.rglob("*"))
    told = survey(paths.root, "check", str(path))
    assert told.exit_code == 1 and "lies under data/ or build/" in told.output
    assert sorted(p for p in paths.data.rglob("*")) == before
    aside = paths.root / "aside"
    aside.mkdir()
    assert survey(paths.root, "check", str(path), "--copy", str(aside)).exit_code == 1
    assert [p.name for p in aside.iterdir()] == ["0741-samsoe-markeret.xlsx"]
    assert survey(paths.root, "check", str(path), "--copy", str(paths.data)).exit_code == 2


def test_many_faults_are_cut_only_where_the_copy_has_them(root, tmp_path, round_2024):
    rows = [[f"{1 + i % 28:02d}0280-{1000 + i}", *GOOD[1:7], "?"] for i in range(130)]
    path = workbook(tmp_path, rows)
    told = survey(root, "check", str(path)).output
    assert told.count("is neither yes nor no") == 100 and "… and 30 more" in told
    (root / "data").mkdir()
    inside = shutil.copy(path, root / "data")
    assert survey(root, "check", str(inside)).output.count("is neither yes nor no") == 130


@pytest.mark.parametrize(
    "words, told",
    [
        (["nowhere.xlsx"], "is no file"),
        (["{file}", "--lang", "sv"], "one of en, da"),
        (["{file}", "--round", "2099"], "does not exist"),
        (["{file}", "--municipality", "9999"], "no municipality's code"),
        (["{file}", "--copy", "nowhere"], "is no folder"),
    ],
)
def test_wrong_calls_end_with_2(root, bad, words, told):
    result = survey(root, "check", *(w.format(file=bad) for w in words))
    assert result.exit_code == 2 and told in result.output
    assert not bad.with_name("0825-laesoe-markeret.xlsx").exists()


def test_a_file_that_does_not_open_is_told_in_danish(root, tmp_path):
    path = tmp_path / "0825.xlsx"
    path.write_bytes(b"no workbook")
    told = survey(root, "check", str(path), "--lang", "da")
    assert told.exit_code == 1
    assert "filen er beskadiget eller er slet ikke en projektmappe" in told.output


# ------------------------------------------------------------------------------------ latest round


def rounds(root, **dates):
    folder = root / "params/rounds"
    for path in folder.glob("*.yml"):
        path.unlink()
    for name, (day, simulated) in dates.items():
        text = yaml.safe_dump({"reference_date": day, "simulated": simulated})
        (folder / f"{name}.yml").write_text(text, "utf-8")


def test_the_latest_round_is_a_real_one_where_there_is_one(root):
    assert latest_round(root) == "2024-foraar"  # the demo has the same date
    old, new = dt.date(2024, 2, 1), dt.date(2025, 2, 1)
    rounds(root, a=(old, False), b=(new, True))
    assert latest_round(root) == "a"
    rounds(root, a=(old, True), b=(new, True))
    assert latest_round(root) == "b"


def test_two_latest_rounds_must_be_told_apart(root, bad):
    day = dt.date(2024, 2, 1)
    rounds(root, a=(day, False), b=(day, False))
    with pytest.raises(ParameterError, match="a and b have the same date"):
        latest_round(root)
    told = survey(root, "check", str(bad))
    assert told.exit_code == 2 and "Name the round" in told.output
    rounds(root)
    with pytest.raises(ParameterError, match="holds no round"):
        latest_round(root)


def test_labels_of_reasons_are_whole(round_2024):
    from helpers.extracts.classify import reason_labels

    limits = round_2024.settings.age_limits
    assert tuple(reason_labels(limits)) == reasons(limits)
    assert "16–66" in " ".join(reason_labels(limits).values())
