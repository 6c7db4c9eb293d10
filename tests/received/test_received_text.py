"""Text files: no row vanishes behind a quotation mark, and no letter is read as another."""

import csv
import io

import pandas as pd
import pytest
from answers import QUESTIONS, export
from conftest import HERE
from test_extracts import GOOD, workbook
from typer.testing import CliRunner

from helpers.answers.responses import check_export, collect, key_owners
from helpers.cli.main import app
from helpers.common.errors import ExtractError, SurveyError, bounded
from helpers.common.errors import Problem as Trouble
from helpers.common.paths import PROJECT
from helpers.fieldwork.contact_exceptions import note_exceptions, read_exceptions
from helpers.fieldwork.hotline import calls_so_far, log_calls
from helpers.identities.passphrases import read_list
from helpers.parameters.params import load_round
from helpers.preparation.check import check_extract
from helpers.preparation.signup_sheet import read_sign_ups
from helpers.received import limits, text_tables
from helpers.received.cell_texts import is_error_text, looks_like_mojibake
from helpers.received.encoding import decoded
from helpers.received.sheets import UnreadSheet, read_sheets
from helpers.received.text_tables import read_rows

CASES = HERE / "cases"
ENCODINGS = ("utf-8-sig", "cp1252")


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


def split(text: str, delimiter: str = ";"):
    return read_rows(list(io.StringIO(text, newline="")), delimiter)


# -------------------------------------------------------------------------------- quotation marks

HEAD = "CPR;Navn;Ydelse;Dato;Tlf;Passiv\n"


def row(number: int, name: str = "Ane", benefit: str = "Syge", phone: str = "20123450") -> str:
    return f"{number:010d};{name};{benefit};02-05-2023;{phone};N\n"


@pytest.mark.parametrize(
    "lines, stray",
    [
        ([row(1), row(2, '"Bo'), row(3), row(4, '"Gert'), row(5)], (3, 5)),
        ([row(1), row(2, '"Bo'), row(3)], (3,)),
        ([row(1), row(2, '"Bo'), row(3), row(4, 'Gert"'), row(5)], (3,)),  # closes as if quoted
        ([row(1), row(2, '"Bo'), row(3, 'Gert"'), row(4)], (3,)),
        ([row(1), row(2, '"Bo'), row(3, phone='20123450"'), row(4)], (3,)),
        ([row(1), row(2, phone='"2012'), row(3, 'Bo"'), row(4)], (3,)),
        ([row(1), '"' + row(2), row(3).replace(";", '";', 1), row(4)], (3,)),
        ([row(1), row(2, '"Bo', 'Syge"'), row(3)], (3,)),  # swallows a cell of its own row
        ([row(1), row(2, '"Jim" Jens Hansen'), row(3)], (3,)),
        ([row(1), row(2, '"Bo \\"Jim\\" Holm"'), row(3)], (3,)),
        ([row(1), row(2, 'Jens "Jim" Hansen'), row(3)], ()),
        ([row(1), row(2, 'Bo 7"'), row(3)], ()),
        ([row(1), row(2, '"Bo\nHolm"'), row(3)], ()),
        ([row(1), row(2, '"Bo ""Jim"" Holm; gift"'), row(3)], ()),
        ([row(1), row(2, '""'), row(3)], ()),
        ([row(1), '"01\n02";Bo;Syge;02-05-2023;20123450;N\n', row(3)], ()),
        ([row(1), row(2).replace(";N", ';"N\nikke passiv"'), row(3)], ()),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_row_is_read_or_its_line_is_told(lines, stray, end):
    text = (HEAD + "".join(lines)).replace("\n", end)
    read = split(text)
    assert read.stray == stray
    if not stray:
        assert [len(cells) for cells in read.rows] == [6] * (1 + len(lines))


def test_a_stray_mark_in_the_headings_is_told_too():
    assert split('"' + HEAD + row(1) + row(2)).stray == (1,)
    assert split('"CPR\nnr";"Navn";Ydelse;Dato;Tlf;Passiv\n' + row(1)).stray == ()


@pytest.mark.parametrize(
    "text, stray",
    [
        ('key\n"a1b2\nc3d4"\ne5f6\n', (2,)),
        ('key;note\na1b2;"ringede\nc3d4;vil ikke"\ne5f6;x\n', (2,)),
        ('note;key\n"ringede;a1b2\nvil ikke";c3d4\nx;e5f6\n', (2,)),
        ('key;note\na1b2;"ringede\nvil ikke; siger hun"\ne5f6;x\n', ()),
        ('key;note\na1b2;"=1\nog mere"\ne5f6;x\n', ()),
    ],
)
def test_narrow_tables(text, stray):
    assert split(text).stray == stray


def test_long_free_texts_with_lists_and_commas_are_read():
    said = (
        "Det var, alt i alt, godt\n- i 2023, da jeg kom\n1. ring, 2. skriv, 3. lyt\n\nHilsen, mig"
    )
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(["key", "status", *QUESTIONS, "q14_text", "q15_text"])
    for i in range(50):
        table.writerow([f"a{i}b", "completed", *"4" * 13, said, said.replace(",", ";")])
    read = split(out.getvalue(), ",")
    assert read.is_whole and [len(r) for r in read.rows] == [17] * 51


def test_a_cell_beyond_the_limit_is_told_with_its_line(tmp_path, demo):
    long = "x" * (csv.field_size_limit() + 1)
    assert split(HEAD + row(1) + row(2, long) + row(3)).long == (3,)
    assert split(HEAD + row(1) + row(2, f'"{long}"') + row(3)).long == (3,)
    path = tmp_path / "0825.csv"
    lines = (CASES / "0825-11-linjeskift-i-navn.csv").read_text("cp1252").split("\n")
    path.write_text("\n".join([*lines[:2], lines[2].replace("Bo", long), *lines[3:]]), "cp1252")
    [fault] = check_extract(path, demo, "0825").faults
    assert (fault.kind, fault.place.line) == ("long_cell", 3)


def test_many_stray_marks_and_many_rows_end_the_reading():
    read = split(HEAD + "".join(row(i, '"Bo') for i in range(10_000)))
    assert len(read.stray) == text_tables.MOST_FAULTS
    assert split(HEAD + row(1) * limits.MAX_ROWS).too_many
    assert split("a;b\n" * limits.MAX_ROWS).is_whole


def test_a_faulty_reading_at_another_delimiter_does_no_harm(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"x;""y""",2\n', "utf-8")
    [comma], [semicolon] = read_sheets(path, ENCODINGS, (",", ";"))
    assert comma.rows == [["a", "b"], ['x;"y"', "2"]]
    assert isinstance(semicolon, UnreadSheet)


# ------------------------------------------------------------------ whoever reads: all rows, or the line


@pytest.mark.parametrize(
    "name, phone, kinds",
    [
        ("Bo Holm 010180-1234", "20123450", ["row_in_cell"]),
        ("Bo Holm 0101801234", "20123450", ["row_in_cell"]),
        ("Bo;Sygedagpenge;01-02-2023;Nej", "20123450", ["row_in_cell"]),
        ("Bo", "20123450 610180-1234", ["row_in_cell"]),
        ("Bo Holm; gift", "+45 20 12 34 50", []),
        ("Bo Holm 2", "4520123450", []),
        ("Bo Holm", "004520123450 / 30123450", []),
    ],
)
def test_no_name_or_telephone_with_other_cells_reaches_a_letter(
    tmp_path, round_2024, name, phone, kinds
):
    path = workbook(tmp_path, [[GOOD[0], name, *GOOD[2:6], phone, GOOD[7]]])
    assert [f.kind for f in check_extract(path, round_2024, "0825").faults] == kinds


def test_case_extract(demo):
    checked = check_extract(CASES / "0825-07-anfoerselstegn.csv", demo, "0825")
    assert [(f.kind, f.place.line) for f in checked.faults] == [
        ("stray_quote", 3), ("stray_quote", 8),
    ]  # fmt: skip
    assert "linje 3" in checked.faults[0].in_language("da").where and checked.rows_read == 0
    well = check_extract(CASES / "0825-11-linjeskift-i-navn.csv", demo, "0825")
    assert well.has_no_faults and well.rows_read == 10


def with_keys(case: str, sample: pd.DataFrame, there: str) -> str:
    """A case's text with the keys of the drawn sample in place of its own."""
    old = [line.split(there)[0] for line in case.splitlines() if len(line.split(there)[0]) == 32]
    for key, own in zip(old, sample["key"]):
        case = case.replace(key, own)
    return case


@pytest.mark.parametrize("mend", [False, True])
def test_case_answers(planned, round_2024, mend):
    case = (CASES / "answers/0825-o-citat-i-fritekst.csv").read_text("utf-8")
    text = with_keys(case, pd.read_parquet(planned.sample("0825")), ";")
    path = planned.responses / "0825-svar.csv"
    path.write_text(text.replace('"', "") if mend else text, "utf-8")
    owners, _ = key_owners(planned, round_2024)
    checked = check_export(path, round_2024, owners)
    if mend:
        assert checked.problems == {} and len(checked.rows) == 10
    else:
        told = "\n".join(map(str, checked.problems["0825"]))
        assert checked.rows is None and "0825-svar.csv, line 4: a quotation mark" in told
        assert "save the table as a workbook" in told


@pytest.mark.parametrize("mend", [False, True])
def test_case_opt_outs(planned, round_2024, mend):
    case = (CASES / "0707-fravalg-anfoerselstegn.csv").read_text("utf-8")
    text = with_keys(case, pd.read_parquet(planned.sample("0825")), ";")
    path = planned.root / "fravalg.csv"
    path.write_text(text.replace('"', "") if mend else text, "utf-8")
    day = pd.Timestamp("2024-03-12").date()
    if mend:
        assert note_exceptions(planned, round_2024, path, day).new == {"opted_out": 6}
        return
    with pytest.raises(SurveyError, match=r"fravalg.csv, line 3: a quotation mark"):
        note_exceptions(planned, round_2024, path, day)
    assert not planned.contact_exceptions.exists()


@pytest.mark.parametrize("mend", [False, True])
def test_case_sign_ups(tmp_path, round_2024, mend):
    text = (CASES / "tilmeldinger-anfoerselstegn.csv").read_text("utf-8").replace("2025", "2024")
    path = tmp_path / "tilmeldinger.csv"
    path.write_text(text.replace('"', "") if mend else text, "utf-8")
    if mend:
        assert len(read_sign_ups(path, round_2024).rows) == 4
        return
    with pytest.raises(SurveyError, match=r"tilmeldinger.csv, line 2: a quotation mark"):
        read_sign_ups(path, round_2024)


def test_hotline(paths, round_2024, tmp_path):
    path = tmp_path / "opkald.csv"
    head = "when;municipality;topic;minutes\n"
    calls = [f"2024-03-12T10:{i:02d};0707;{t}andet;4\n" for i, t in enumerate(["", '"', "", '"'])]
    path.write_text(head + "".join(calls), "utf-8")
    with pytest.raises(SurveyError, match=r"opkald.csv, line 3: a quotation mark"):
        log_calls(paths, round_2024, path)
    path.write_text(head + "".join(calls).replace('"', ""), "utf-8")
    assert log_calls(paths, round_2024, path).new == 4
    kept = paths.hotline.read_text("utf-8-sig")
    paths.hotline.write_text(kept.replace(";andet", ';"andet', 1), "utf-8-sig")
    with pytest.raises(SurveyError, match=r"hotline.csv, line 2: a quotation mark"):
        calls_so_far(paths)


def test_kept_tables(paths, tmp_path):
    paths.contact_exceptions.parent.mkdir()
    noted = 'key,reason,noted_on\na1b2,opted_out,\n"c3d4,opted_out,\ne5f6,opted_out,\n'
    paths.contact_exceptions.write_text(noted, "utf-8")
    with pytest.raises(SurveyError, match="line 3"):
        read_exceptions(paths)
    paths.contact_exceptions.write_text(noted.replace('"', "").replace(",", ";"), "utf-8")
    assert read_exceptions(paths)["key"].tolist() == ["a1b2", "c3d4", "e5f6"]
    told = tmp_path / "kodeord.csv"
    told.write_text('Kommune;Fil;Kodeord\nA;a.zip;x\n"B;b.zip;y\nC;c.zip;z\n', "utf-8")
    with pytest.raises(SurveyError, match="line 3"):
        read_list(told)


def test_no_command_ends_in_a_traceback(planned, round_2024):
    long = "x" * (csv.field_size_limit() + 1)
    table = export(pd.read_parquet(planned.sample("0825")))
    table.loc[3, "q14_text"] = long
    path = planned.root / "0825-svar.csv"
    table.to_csv(path, index=False)
    done = CliRunner().invoke(
        app, ["--root", str(planned.root), "collect", round_2024.id, str(path)]
    )
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
    assert "line 5: a cell is longer than 131,072 signs" in done.output.replace("\n", " ")


# ------------------------------------------------------------------------------- lost cells elsewhere


def test_answers_with_errors_in_cells_are_refused_by_cell(planned, round_2024):
    table = export(pd.read_parquet(planned.sample("0741")))
    for at, column in enumerate(["q01", "q14_text", "status", "submitted_at", "key"]):
        table.loc[at, column] = "#NAVN?"
    table.to_excel(planned.responses / "0741-svar.xlsx", index=False)
    told = str(collect(planned, round_2024).errors["0741"])
    for at, column in enumerate(["q01", "q14_text", "status", "submitted_at", "key"]):
        assert f"row {at + 2}, column »{column}«: is an error (#NAVN?)" in told
    assert told.count("row 2, column") == 1


def test_sign_ups_opt_outs_and_calls_with_errors_in_cells(paths, round_2024, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Kommune;Tilmeldt;Kontaktperson\nSamsø;05-02-2024;#I/T\n", "utf-8")
    [problem] = read_sign_ups(path, round_2024).problems
    assert "row 2, column »Kontaktperson«: is an error (#I/T)" in str(problem)
    path.write_text("key;reason\n#N/A;opted_out\n", "utf-8")
    with pytest.raises(SurveyError, match=r"row 2, column »key«: is an error"):
        note_exceptions(paths, round_2024, path, pd.Timestamp("2024-03-12").date())
    path.write_text("when;municipality;topic;minutes\n2024-03-12;0707;andet;#REF!\n", "utf-8")
    with pytest.raises(SurveyError, match=r"row 2, column »minutes«: is an error"):
        log_calls(paths, round_2024, path)


def test_a_free_text_that_is_no_error_stays(planned, round_2024):
    table = export(pd.read_parquet(planned.sample("0741")))
    table["status"] = "completed"
    table["submitted_at"] = "2024-03-15T10:00:00"
    table.loc[0, "q14_text"] = "#metoo! I/T, #1"
    table.to_csv(planned.responses / "0741-svar.csv", index=False)
    collected = collect(planned, round_2024)
    assert collected.errors == {}
    assert "#metoo! I/T, #1" in set(collected.answers["0741"]["q14_text"])


# ------------------------------------------------------------------------------------------ letters


def told_of(content: bytes) -> tuple[str, int | None]:
    with pytest.raises(ExtractError) as caught:
        decoded("a.csv", content, ENCODINGS)
    [fault] = caught.value.problems
    assert "UTF-8" in fault.remedy and "UTF-8" in fault.in_language("da").remedy
    return fault.kind, fault.place.line


@pytest.mark.parametrize(
    "file, kind, line",
    [
        ("0825-10-utf8-en-fejl.csv", "file_broken_utf8", 7),
        ("0825-10-cp865.csv", "file_code_page", 1),
    ],
)
def test_cases_of_letters_that_are_refused(demo, file, kind, line):
    [fault] = check_extract(CASES / file, demo, "0825").faults
    assert (fault.kind, fault.place.line) == (kind, line)


def test_case_decomposed_letters_are_read(demo):
    checked = check_extract(CASES / "0825-10-nfd.csv", demo, "0825")
    assert checked.has_no_faults and checked.rows_read == 10


TEXT = "Navn;Målgruppe\nSøren Ærø;Å\nÅse Østergård;b\nCæcilie;c\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_letters_as_they_were_written(encoding):
    assert decoded("a.csv", TEXT.encode(encoding), ENCODINGS)[0] == TEXT


@pytest.mark.parametrize("encoding", ["cp865", "cp850", "mac_roman"])
@pytest.mark.parametrize("line", range(1, 4))
def test_other_code_pages_are_refused_also_where_one_line_shows_it(encoding, line):
    lines = [f"a;b{i}" for i in range(4)]
    lines[line] = "Søren Nygård;Cæcilie"
    assert told_of("\n".join(lines).encode(encoding)) == ("file_code_page", line + 1)


@pytest.mark.parametrize("at", range(4))
def test_a_byte_that_breaks_utf8_is_told_with_its_line(at):
    lines = TEXT.splitlines()
    content = [x.encode() for x in lines]
    content[at] = content[at] + b" \xe6"
    assert told_of(b"\r\n".join(content)) == ("file_broken_utf8", at + 1)
    assert told_of(b"\xef\xbb\xbfa;b\n\xe6") == ("file_broken_utf8", 2)


@pytest.mark.parametrize(
    "text",
    [
        "»PÅ« – “Å” … ‘hej’ Peter’s 5 €\nSøren†;Østergård",
        "† død; – ”x”",
        "Renée; Müller; Å« b æøå æøå",
    ],
)
def test_signs_of_windows_are_no_reason_to_refuse(text):
    assert decoded("a.csv", text.encode("cp1252"), ENCODINGS) == (text, "cp1252")


def test_a_text_that_no_encoding_reads_names_utf8_and_the_line():
    assert told_of(b"a;b\nc\0d;e\n") == ("file_no_text", 2)


@pytest.mark.parametrize("read_as", ["cp1252", "latin-1", "cp850", "cp865", "mac_roman"])
@pytest.mark.parametrize("name", ["Cæcilie", "Søren", "Nygård", "Åse", "Renée"])
def test_names_read_in_another_encoding_are_known(name, read_as):
    misread = name.encode("utf-8").decode(read_as, "replace")
    assert looks_like_mojibake(misread) and not looks_like_mojibake(name)


@pytest.mark.parametrize(
    "name", ["S?ren", "S\ufffdren", "S&oslash;ren", "S›ren", "C‘cilie", "Nyg†rd"]
)
def test_names_with_lost_letters_are_known(name):
    assert looks_like_mojibake(name)


@pytest.mark.parametrize(
    "name", ["Jens-Ole O’Brien", "Anna d'Arc", "Zoë Åström", "Gül Öztürk", "Ægir (død †)", "Bo & Co", "Ñandu Çelik Łuk"],
)  # fmt: skip
def test_true_names_are_none(name):
    assert not looks_like_mojibake(name)


@pytest.mark.parametrize("text", ["N/A", "#1", "Fejl", "#", "Err", "Kl: 502", "# N/A"])
def test_what_is_no_error(text):
    assert not is_error_text(text)


# --------------------------------------------------------------------------------- faults are bounded


def test_the_first_are_told_in_full_and_the_rest_counted_by_kind():
    many = [Trouble(f"a.csv, row {i}", f"»{i}« is no date", remedy="Mend it.") for i in range(500)]
    error = SurveyError(problems=[*many, *(Trouble("a.csv", "is empty") for _ in range(50))])
    assert len(error.problems) == 202 and sum(p.count for p in error.problems) == 550
    assert "row 200: »200« is no date (and 299 more of this kind)" in str(error)
    again = SurveyError(problems=error.problems)
    assert sum(p.count for p in again.problems) == 550
    assert bounded(many[:200]) == tuple(many[:200])


def test_very_many_faulty_rows_are_counted_and_take_seconds(tmp_path, demo):
    head = (CASES / "0825-07-anfoerselstegn.csv").read_text("cp1252").splitlines()[0]
    bad = "0103701234;Ane Prøve;Ukendt {};31-02-2023;xx;måske;20123450;?\n"
    path = tmp_path / "0825.csv"
    path.write_text(head + "\n" + "".join(bad.format(i) for i in range(20_000)), "cp1252")
    checked = check_extract(path, demo, "0825")
    assert checked.rows_faulty == checked.rows_read == 20_000
    assert sum(f.count for f in checked.faults) == 5 * 20_000  # no date: which row counts is open
    assert len(checked.faults) < 6_100
