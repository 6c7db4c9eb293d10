"""Sign-ups: read as people send them, refused all at once, each fact in its one place, prices."""

import csv
import datetime as dt
import os
import stat
from collections import Counter

import openpyxl
import pytest
import yaml
from test_params import edit, refuse
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT, Paths
from helpers.parameters.municipality_names import find_municipality
from helpers.parameters.params import load_municipalities, load_round
from helpers.parameters.round_settings import PriceBand
from helpers.pipeline.steps import STEPS, parameter_digests
from helpers.preparation.participants_block import with_participants, without_participants
from helpers.preparation.signup import plan_sign_ups
from helpers.preparation.signup_files import stored_file
from helpers.preparation.signup_headings import HEADINGS, empty_sheet
from helpers.preparation.signup_overview import band_label, overview_file
from helpers.preparation.signup_sheet import read_sign_ups
from helpers.retention.retention import holdings

ROUND = "2024-foraar"
FILE = f"rounds/{ROUND}.yml"
HEAD = "Kommune;Tilmeldt"
DEADLINE = "2024-02-09"


def sheet(root, text, name="tilmeldinger.csv", encoding="utf-8"):
    path = root / name
    path.write_bytes(text.encode(encoding))
    return path


def read(root, text, **how):
    return read_sign_ups(sheet(root, text, **how), load_round(PROJECT, ROUND))


def planned(root, text=None, **how):
    path = None if text is None else sheet(root, text)
    return plan_sign_ups(
        Paths(root, ROUND), load_round(root, ROUND, before_sign_up=True), path, **how
    )


def taken_in(root, text=None, **how):
    sign_ups = planned(root, text, **how)
    sign_ups.write(Paths(root, ROUND))
    return sign_ups


def refused(root, text, **how) -> list[str]:
    with pytest.raises(ParameterError) as caught:
        planned(root, text, **how)
    return [str(p) for p in caught.value.problems]


def everything(root):
    return {
        p: p.read_bytes() for p in root.rglob("*") if p.is_file() and p.suffix in {".yml", ".csv"}
    }


# ------------------------------------------------------------------------------------------ reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encodings_and_delimiters(root, encoding, delimiter):
    text = "Kommune;Tilmeldt;Kontaktperson\r\nSamsø;05-02-2024;Åse Ærø\r\n".replace(";", delimiter)
    [row] = read(root, text, encoding=encoding).rows
    assert (row.code, row.signed_up, row.contact_name) == ("0741", dt.date(2024, 2, 5), "Åse Ærø")


@pytest.mark.parametrize(
    "text",
    ["2024-02-05", "05-02-2024", "5.2.2024", "05/02/2024", "05-02-24", "2024-02-05 10:22:31"],
)
def test_days_as_people_write_them(root, text):
    [row] = read(root, f"{HEAD}\nSamsø;{text}\n").rows
    assert row.signed_up == dt.date(2024, 2, 5)


def test_a_workbook_as_a_form_gives_it(root):
    book = openpyxl.Workbook()
    book.active.append(["Kommunekode", "Fuldførelsestidspunkt", "Tlf", "Antal lokale spørgsmål"])
    book.active.append([741, dt.datetime(2024, 2, 5, 12, 30), 12345678, 0])
    book.save(root / "formular.xlsx")
    [row] = read_sign_ups(root / "formular.xlsx", load_round(PROJECT, ROUND)).rows
    assert (row.code, row.signed_up, row.contact_phone) == ("0741", dt.date(2024, 2, 5), "12345678")


@pytest.mark.parametrize("column", HEADINGS)
def test_every_heading_is_known(root, column):
    for heading in HEADINGS[column]:
        base = {"code": "741", "signed_up": "05-02-2024", "local_questions": "0"}
        cells = {"Kommunekode": "741", "Tilmeldt": "05-02-2024"}
        for name in HEADINGS[column]:
            cells.pop(name, None)
        value = base.get(
            column, {"municipality": "Samsø", "contact_email": "a@samsoe.dk"}.get(column)
        )
        cells[heading.upper()] = value or ("05-02-2024" if "agreement" in column else "x")
        found = read(root, f"{';'.join(cells)}\n{';'.join(cells.values())}\n")
        assert found.notes == ()
        assert found.problems == ()
        assert found.rows[0].code == "0741"


def test_unused_columns_are_told_with_the_nearest(root):
    notes = read(root, f"{HEAD};E-mial;Vejret\nSamsø;05-02-2024;a;b\n").notes
    assert notes == (
        "tilmeldinger.csv: column »E-mial« is not used; did you mean »E-mail«?",
        "tilmeldinger.csv: column »Vejret« is not used",
    )


def test_the_empty_file_is_read_once_filled_in(root):
    text = empty_sheet().decode("utf-8-sig")
    heads = text.strip().split(";")
    assert len(heads) == len(HEADINGS) + 3
    cells = ["Samsø", "741", "05-02-2024", "Bo", "bo@samsoe.dk", "12", "06-02-2024", "07-02-2024", "3",
             "Et?", "To?", "Tre?"]  # fmt: skip
    found = read(root, text + ";".join(cells) + "\r\n")
    assert found.notes == found.problems == ()
    assert found.rows[0].local_questions == ("Et?", "To?", "Tre?")
    with pytest.raises(ParameterError, match="holds no sign-up"):
        read(root, text)


@pytest.mark.parametrize(
    "text, told",
    [("", "empty"), ("Kommune\nSamsø\n", "no column »Tilmeldt«"),
     ("Tilmeld;Kommunnavn\n1;2\n", "no column »Kommune« or »Kommunekode«; not used: »Tilmeld«, »Kommunnavn«"),
     (f"{HEAD};Kommunens navn\nSamsø;05-02-2024;Samsø\n", "columns 1 and 3 (»Kommunens navn«) mean the same")],
)  # fmt: skip
def test_a_file_that_is_no_table_of_sign_ups(root, text, told):
    assert any(told in line for line in refused(root, text))


def test_a_file_that_is_not_there(root):
    round_ = load_round(root, ROUND)
    with pytest.raises(ParameterError, match="does not exist"):
        plan_sign_ups(Paths(root, ROUND), round_, root / "x.csv")
    (root / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(ParameterError) as caught:
        plan_sign_ups(Paths(root, ROUND), round_, root / "x.pdf")
    assert "intake" not in str(caught.value)


@pytest.mark.parametrize(
    "text, name",
    [("0707", "Norddjurs"), ("707", "Norddjurs"), (" norddjurs ", "Norddjurs"), ("Aarhus Kommune", "Aarhus"),
     ("Århus", "Aarhus"), ("Københavns Kommune", "København"), ("Bornholms Regionskommune", "Bornholm"),
     ("høje taastrup", "Høje-Taastrup"), ("Randers", "Randers")],
)  # fmt: skip
def test_municipalities_as_people_write_them(text, name):
    assert find_municipality(text, load_municipalities(PROJECT))[0].name == name


def test_every_municipality_is_found_by_its_own_name_and_no_two_are_mixed_up():
    known = load_municipalities(PROJECT)
    for place in known.values():
        for text in (place.code, place.name, f"{place.name} Kommune", f"{place.name}s kommune"):
            assert find_municipality(text, known)[0] == place


@pytest.mark.parametrize("text, near", [("Noddjurs", "Norddjurs"), ("xyzzy", None), ("9999", None)])
def test_unknown_municipalities_have_a_hint(text, near):
    found, hint = find_municipality(text, load_municipalities(PROJECT))
    assert found is None
    assert (hint.name if hint else None) == near


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "columns, cells, told",
    [
        ("", "Noddjurs;05-02-2024", "unknown municipality »Noddjurs«. Expected: one of the 98. Did you mean 0707"),
        ("", ";05-02-2024", "no municipality"),
        ("", "Samsø;", "Tilmeldt is empty"),
        ("", "Samsø;31-02-2024", "Tilmeldt »31-02-2024« is no date"),
        ("", "Samsø;05-02-2023", "lies outside the round"),
        (";Kommunekode", "Samsø;05-02-2024;0707", "code 0707 is Norddjurs, the name says Samsø"),
        (";E-mail", "Samsø;05-02-2024;bo.samsoe.dk", "E-mail is no address"),
        (";E-mail", "Samsø;05-02-2024;bo@samsoe", "E-mail is no address"),
        (";E-mail", 'Samsø;05-02-2024;"a@b.dk; c@d.dk"', "E-mail is no address"),
        (";Aftale sendt", "Samsø;05-02-2024;snart", "Databehandleraftale sendt »snart« is no date"),
        (";Aftale sendt", "Samsø;05-02-2024;04-02-2024", "sendt 2024-02-04 lies before Tilmeldt 2024-02-05"),
        (";Aftale underskrevet", "Samsø;05-02-2024;04-02-2024", "underskrevet 2024-02-04 lies before Tilmeldt"),
        (";Aftale sendt;Aftale underskrevet", "Samsø;05-02-2024;07-02-2024;06-02-2024",
         "underskrevet 2024-02-06 lies before Databehandleraftale sendt 2024-02-07"),
        (";Aftale underskrevet", "Samsø;05-02-2024;27-04-2024", "lies outside the round"),
        (";Antal lokale spørgsmål", "Samsø;05-02-2024;4", "4 local questions. Expected: at most 3"),
        (";lokal1;lokal2;lokal3;lokal4", "Samsø;05-02-2024;a;b;c;d", "4 local questions"),
        (";Lokale spørgsmål;lokal1", "Samsø;05-02-2024;2;a", "number of local questions is 2, the number of texts 1"),
        (";Lokale spørgsmål;lokal1", "Samsø;05-02-2024;0;a", "number of local questions is 0, the number of texts 1"),
        (";Lokale spørgsmål", "Samsø;05-02-2024;to", "is no whole number"),
        (";lokal1;lokal2", "Samsø;05-02-2024;;b", "a local question is skipped"),
        (";lokal1;lokal2", "Samsø;05-02-2024;Er det A?;er det a", "stands twice"),
    ],
)  # fmt: skip
def test_what_a_row_is_refused_for(root, columns, cells, told):
    found = refused(root, f"{HEAD}{columns}\n{cells}\n")
    assert len(found) == 1, found
    assert told in found[0]
    assert "tilmeldinger.csv, line 2" in found[0]
    assert "bo" not in found[0] and "a@b" not in found[0]


@pytest.mark.parametrize(
    "columns, cells",
    [
        (";E-mail", "Samsø;05-02-2024;bo.ø-t+x@mail.samsø.dk"),
        (";Aftale sendt;Aftale underskrevet", "Samsø;05-02-2024;05-02-2024;05-02-2024"),
        (";Aftale underskrevet", "Samsø;05-02-2024;26-04-2024"),
        (";Lokale spørgsmål;lokal1;lokal2;lokal3;lokal4", "Samsø;04-01-2024;3;a;b;c;"),
        ("", "Samsø;09-02-2024"),
    ],
)
def test_what_a_row_is_not_refused_for(root, columns, cells):
    planned(root, f"{HEAD}{columns}\n{cells}\n")


@pytest.mark.parametrize(
    "second", ["Samsø;06-02-2024", "741;05-02-2024", "Samsø Kommune;31-02-2024"]
)
def test_the_same_one_twice(root, second):
    found = refused(root, f"{HEAD}\nSamsø;05-02-2024\n{second}\n")
    assert any("line 3: Samsø stands in line 2 already" in line for line in found)


def test_all_at_once_and_nothing_written(root):
    before = everything(root)
    text = f"{HEAD};E-mail\nNoddjurs;05-02-2024;x\nSamsø;10-02-2024;\nSamsø;5;\nOdense;;\n"
    found = refused(root, text)
    assert [line.split(": ")[0][-1] for line in found] == ["2", "2", "4", "4", "5", "3"]
    after = everything(root)
    after.pop(root / "tilmeldinger.csv")
    assert after == before
    assert not (root / "data").exists()


@pytest.mark.parametrize(
    "day, refused_", [("2024-02-08", False), (DEADLINE, False), ("2024-02-10", True)]
)
def test_the_deadline(root, day, refused_):
    text = f"{HEAD}\nOdense;{day}\n"
    if refused_:
        [told] = refused(root, text)
        assert "Odense signed up 2024-02-10, 1 day after the deadline 2024-02-09" in told
        assert "--late" in told
    else:
        assert planned(root, text).days_late("0461") == 0
    assert planned(root, text, late=True).days_late("0461") == refused_


def test_a_late_one_taken_in_stays_so(root):
    text = f"{HEAD}\nOdense;12-02-2024\n"
    taken_in(root, text, late=True)
    assert planned(root, text).days_late("0461") == 3
    assert "4 days after" in refused(root, f"{HEAD}\nOdense;13-02-2024\n")[0]
    edit(root, FILE, '  - "0461".*\n', "")  # it withdrew, and is late once more
    assert len(refused(root, text)) == 1


def test_a_round_without_a_deadline(root):
    edit(root, FILE, "  sign_up: .*\n", "")
    sign_ups = planned(root, f"{HEAD}\nOdense;26-04-2024\n")
    assert sign_ups.days_late("0461") is None


@pytest.mark.parametrize("limit, over", [(9, 0), (8, 1), (7, 2), (6, 3)])
def test_one_more_than_the_round_takes(root, limit, over):
    """Six take part; of three new ones those who signed up last are too many."""
    edit(root, FILE, "^sampling:", f"sign_up: {{max_participants: {limit}}}\nsampling:")
    text = f"{HEAD}\nOdense;07-02-2024\nVejle;05-02-2024\nSkive;06-02-2024\nSamsø;09-02-2024\n"
    if over:
        found = refused(root, text)
        names = ["Vejle", "Skive", "Odense"][3 - over :]
        assert [line.split(": ")[1].split(" (")[0] for line in found] == names
        assert f"is number {limit + 1}. Expected: at most {limit}" in found[0]
    else:
        assert len(planned(root, text).round.participants) == 9


def test_the_80th_of_79(root):
    demo = load_round(root, "demo")
    left = sorted(set(demo.municipalities) - set(demo.settings.participants))[0]
    path = sheet(root, f"Kommunekode;Tilmeldt\n{left};05-02-2024\n")
    with pytest.raises(ParameterError, match=r"is number 80\. Expected: at most 79"):
        plan_sign_ups(Paths(root, "demo"), demo, path)
    edit(root, "rounds/demo.yml", "^sampling:", "sign_up: {max_participants: 80}\nsampling:")
    assert (
        len(plan_sign_ups(Paths(root, "demo"), load_round(root, "demo"), path).round.participants)
        == 80
    )


# ------------------------------------------------------------------------------------------- files

WHOLE = """Kommune;Tilmeldt;Kontaktperson;E-mail;Telefon;Aftale sendt;Aftale underskrevet;lokal1;lokal2
Odense;05-02-2024;Åse Å;aase@odense.dk;12345678;06-02-2024;08-02-2024;Er "A": #1 æøå?;Er det B?
Skive;06-02-2024;;;;07-02-2024;;;
Samsø;06-02-2024;Bo;bo@samsoe.dk;;;;;
"""


def test_each_fact_in_its_place(root):
    taken_in(root, WHOLE)
    round_ = load_round(root, ROUND)
    assert round_.settings.participants == (
        "0101", "0161", "0461", "0580", "0707", "0741", "0779", "0825",
    )  # fmt: skip
    assert round_.agreements["0461"] == dt.date(2024, 2, 8)
    assert round_.agreements["0741"] == dt.date(2024, 2, 20)  # as recorded before
    assert "0779" not in round_.agreements
    with (root / f"params/agreements/{ROUND}.csv").open(encoding="utf-8", newline="") as file:
        rows = {r["municipality"]: (r["sent"], r["signed"]) for r in csv.DictReader(file)}
    assert rows["0461"] == ("2024-02-06", "2024-02-08")
    assert rows["0779"] == ("2024-02-07", "")
    assert rows["0825"] == ("", "2024-02-20")
    questions = round_.local_for("0461").questions
    assert [(q.id, q.wording, q.scale) for q in questions] == [
        ("lokal1", 'Er "A": #1 æøå?', "enighed"), ("lokal2", "Er det B?", "enighed"),
    ]  # fmt: skip
    stored = stored_file(Paths(root, ROUND)).read_text("utf-8-sig")
    assert "aase@odense.dk" in stored
    for path in (root / "params").rglob("*"):
        assert path.is_dir() or b"aase@odense.dk" not in path.read_bytes()


def test_all_other_bytes_of_the_rounds_file_stay(root):
    before = (root / "params" / FILE).read_bytes().splitlines(keepends=True)
    taken_in(root, WHOLE)
    after = (root / "params" / FILE).read_bytes().splitlines(keepends=True)
    new = [b'  - "0461"  # Odense\n', b'  - "0779"  # Skive\n']
    assert [line for line in after if line not in new] == before
    assert Counter(after) - Counter(before) == Counter(new)


def test_the_same_file_again_changes_nothing(root):
    taken_in(root, WHOLE)
    before = everything(root)
    again = taken_in(root, WHOLE)
    assert again.texts == {}
    assert everything(root) == before


def test_what_another_file_does_not_say_stays(root):
    taken_in(root, WHOLE)
    sign_ups = taken_in(root, f"{HEAD};Telefon\nOdense;05-02-2024;87654321\n")
    row = sign_ups.rows["0461"]
    assert (row.contact_name, row.contact_email, row.contact_phone) == (
        "Åse Å", "aase@odense.dk", "87654321",
    )  # fmt: skip
    assert sign_ups.agreements["0461"].signed == dt.date(2024, 2, 8)
    assert sign_ups.local_questions["0461"] == 2
    [kept] = [n for n in sign_ups.notes if "and kept" in n]
    assert "0741 Samsø" in kept and "0779 Skive" in kept and "0461" not in kept


def test_an_agreement_that_changes_is_told(root):
    text = f"{HEAD};Aftale underskrevet\nSamsø;05-02-2024;21-02-2024\n"
    assert (
        "0741 Samsø: agreement signed 2024-02-21; recorded until now: 2024-02-20"
        in planned(root, text).notes
    )


def test_sent_after_it_was_signed_by_what_is_recorded(root):
    [told] = refused(root, f"{HEAD};Aftale sendt\nSamsø;05-02-2024;21-02-2024\n")
    assert "signed 2024-02-20 before it was sent 2024-02-21" in told
    planned(root, f"{HEAD};Aftale sendt\nSamsø;05-02-2024;20-02-2024\n")


def test_a_recorded_day_of_sending_that_is_none(root):
    (root / f"params/agreements/{ROUND}.csv").write_text(
        "municipality,sent,signed\n0741,snart,\n", "utf-8"
    )
    assert "line 2: sent »snart« is no date" in refused(root, WHOLE)[0]


def test_local_questions_that_are_there_are_kept(root):
    path = root / f"params/local/{ROUND}/0707.yml"
    before = path.read_bytes()
    sign_ups = taken_in(root, f"{HEAD};lokal1\nNorddjurs;05-02-2024;Et nyt?\n")
    assert path.read_bytes() == before
    assert any(
        "0707 Norddjurs: the sign-up words its local questions differently" in n
        for n in sign_ups.notes
    )


def test_a_draft_says_that_its_scale_is_a_proposal(root):
    notes = " ".join(planned(root, WHOLE).notes)
    assert "0461 Odense: draft of local questions" in notes
    assert "proposal (enighed)" in notes


@pytest.mark.parametrize(
    "block",
    [
        "participants: []  # none yet\n",
        "participants:\n",
        "",
        'participants: ["0825",\n  "0101"]\n',
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("more", ["", "# the end\nmodels: {min_answers: 100}\n"])
def test_lists_in_other_forms(block, end, more):
    text = f"a: 1  # one\n{block}{more}".replace("\n", end)
    there = yaml.safe_load(text).get("participants") or []
    new = with_participants(text, ["0147", "0101"], load_municipalities(PROJECT))
    assert yaml.safe_load(new) == yaml.safe_load(text) | {
        "participants": sorted({*there, "0101", "0147"})
    }
    assert "# one" in new and ("# none yet" in new) == ("# none yet" in text)
    assert ("# the end" in new) == ("# the end" in text)
    assert f'  - "0147"  # Frederiksberg{end}' in new
    assert "\n" not in new.replace(end, "") if end == "\r\n" else "\r" not in new


def test_comments_within_the_list_stay():
    text = 'participants:\n- "0825"  # Læsø, census\n# those of the mainland\n- "0741"  # Samsø'
    new = with_participants(text, ["0101", "0860"], load_municipalities(PROJECT))
    assert yaml.safe_load(new)["participants"] == ["0101", "0825", "0741", "0860"]
    assert "# Læsø, census" in new and "# those of the mainland" in new


def test_a_round_before_its_sign_up(root):
    text = (root / "params" / FILE).read_text("utf-8")
    (root / "params" / FILE).write_text(text[: text.index('  - "0101"')], "utf-8")
    assert "none named" in refuse(root, ROUND)
    taken_in(root, WHOLE)
    assert load_round(root, ROUND).settings.participants == ("0461", "0741", "0779")


def test_without_a_file_nothing_is_lost(root):
    sign_ups = taken_in(root)
    assert sign_ups.texts == {} and not stored_file(Paths(root, ROUND)).exists()
    taken_in(root, WHOLE)
    before = everything(root)
    assert taken_in(root).notes == ()
    assert everything(root) == before


def test_contacts_of_who_has_withdrawn_go(root):
    taken_in(root, WHOLE)
    edit(root, FILE, '  - "0461".*\n', "")
    taken_in(root)
    assert "aase" not in stored_file(Paths(root, ROUND)).read_text("utf-8-sig")


# ----------------------------------------------------------------------------------------- overview


def workbook(root, text=None, **how):
    from helpers.preparation.signup_overview import write_overview

    sign_ups = taken_in(root, text, **how)
    return openpyxl.load_workbook(write_overview(Paths(root, ROUND), sign_ups))


def table(page):
    rows = [[c.value for c in row] for row in page.iter_rows(min_row=4)]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def test_overview_of_the_municipalities(root):
    book = workbook(root, f"{WHOLE}Vejle;12-02-2024;;;;;;;\n", late=True)
    assert book.sheetnames == ["Tilmeldinger", "Priser", "Mangler"]
    rows = {r["Kode"]: r for r in table(book["Tilmeldinger"])}
    assert [r["Kommune"] for r in table(book["Tilmeldinger"])] == [
        "Glostrup", "København", "Læsø", "Norddjurs", "Odense", "Samsø", "Skive", "Vejle", "Aabenraa",
    ]  # fmt: skip
    assert rows["0461"] == {
        "Kode": "0461", "Kommune": "Odense", "Region": "Syddanmark", "Indbyggere": 204_895,
        "Prisgruppe (indbyggere)": "fra 150.000", "Pris": 30_000,
        "Tilmeldt": dt.datetime(2024, 2, 5), "Frist": "overholdt", "Aftale sendt": dt.datetime(2024, 2, 6),
        "Aftale underskrevet": dt.datetime(2024, 2, 8), "Kontaktperson": "Åse Å",
        "E-mail": "aase@odense.dk", "Telefon": "12345678", "Lokale spørgsmål": 2,
    }  # fmt: skip
    assert rows["0630"]["Frist"] == "3 dage for sent"
    assert rows["0101"]["Frist"] == "ukendt"
    page = book["Tilmeldinger"]
    assert page.freeze_panes == "C5"
    assert page["F5"].number_format == '#,##0 "kr."'
    assert page["G9"].number_format == "dd-mm-yyyy"
    assert page.page_setup.orientation == "landscape" and page.print_title_rows == "$4:$4"


def test_sums_per_price_band_beside_a_sum_of_its_own(root):
    book = workbook(root, WHOLE)
    of_all = {r["Kode"]: r for r in table(book["Tilmeldinger"])}
    *bands, total = table(book["Priser"])
    assert [b["Prisgruppe (indbyggere)"] for b in bands] == [
        "til 39.000", "40.000–89.000", "90.000–149.000", "fra 150.000",
    ]  # fmt: skip
    for band in bands:
        prices = [r["Pris"] for r in of_all.values()
                  if r["Prisgruppe (indbyggere)"] == band["Prisgruppe (indbyggere)"]]  # fmt: skip
        assert (band["Kommuner"], band["Beløb"]) == (len(prices), sum(prices))
        assert set(prices) <= {band["Pris pr. kommune"]}
    assert (total["Kommuner"], total["Beløb"]) == (8, sum(r["Pris"] for r in of_all.values()))
    # by hand: København, Odense 30,000; Aabenraa, Skive 20,000; Glostrup, Norddjurs, Samsø, Læsø 18,000
    assert total["Beløb"] == 2 * 30_000 + 2 * 20_000 + 4 * 18_000


def test_what_is_missing(root):
    found = {(r["Kode"], r["Mangler"]) for r in table(workbook(root, WHOLE)["Mangler"])}
    assert found == {
        *((c, "Tilmeldingen er ikke registreret (dato og kontaktperson)")
          for c in ("0101", "0161", "0580", "0707", "0825")),
        ("0779", "Kontakt: kontaktperson, e-mail og telefon"),
        ("0779", "Databehandleraftale: sendt 7. februar 2024, ikke underskrevet"),
        ("0741", "Kontakt: telefon"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "bands, labels",
    [((39_000, 89_000, None), ["til 39.000", "40.000–89.000", "fra 90.000"]), ((None,), ["alle"])],
)
def test_band_labels(bands, labels):
    bands = tuple(PriceBand(up_to_inhabitants=b, price_dkk=1) for b in bands)
    assert [band_label(bands, b) for b in bands] == labels


@pytest.mark.parametrize("limits", ["89000, 39000", "39000, 39000"])
def test_price_bands_must_rise(root, limits):
    first, second = limits.split(", ")
    edit(root, FILE, "up_to_inhabitants: 89000, price", f"up_to_inhabitants: {second}, price")
    text = (root / "params" / FILE).read_text("utf-8")
    text = text.replace("39000, price_dkk: 18000", f"{first}, price_dkk: 18000")
    (root / "params" / FILE).write_text(text, "utf-8")
    assert "price_bands: up_to_inhabitants must rise" in refuse(root)


def test_the_same_sign_ups_give_the_same_workbook(root):
    path = overview_file(Paths(root, ROUND))
    workbook(root, WHOLE)
    before = path.read_bytes()
    workbook(root, WHOLE)
    assert path.read_bytes() == before


def test_text_is_never_a_formula(root):
    text = f"{HEAD};Kontaktperson\nSamsø;05-02-2024;=1+1\n"
    cell = next(
        r for r in workbook(root, text)["Tilmeldinger"].iter_rows(min_row=5) if r[0].value == "0741"
    )[10]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


# ------------------------------------------------------------------------------------------ command


def call(root, *arguments):
    result = CliRunner().invoke(app, ["--root", str(root), "participants", *map(str, arguments)])
    return result.exit_code, " ".join(result.output.split())


def test_command(root):
    status, told = call(root, ROUND, sheet(root, WHOLE))
    assert status == 0
    assert "New: 0461 Odense, 0779 Skive" in told
    assert (
        "8 of at most 79 municipalities, 2 of them new; 172,000 kr.; something is missing for 7."
        in told
    )
    paths = Paths(root, ROUND)
    if os.name == "posix":
        for path in (stored_file(paths), overview_file(paths)):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kinds = {h.where: h.identities for h in holdings(paths)}
    assert "at the municipality" in kinds[f"data/{ROUND}/signups.csv"]
    assert "at the municipality" in kinds[f"data/{ROUND}/tilmeldinger.xlsx"]


def test_command_refuses(root):
    status, told = call(
        root, ROUND, sheet(root, f"{HEAD}\nNoddjurs;05-02-2024\nOdense;10-02-2024\n")
    )
    assert status == 2
    assert "refused; nothing was written" in told
    assert "Noddjurs" in told and "after the deadline" in told
    assert not (root / "data").exists()


def test_command_that_only_tries(root):
    before = everything(root)
    status, told = call(root, ROUND, sheet(root, WHOLE), "--dry-run")
    assert status == 0
    assert f"Would write: params/rounds/{ROUND}.yml" in told
    assert {p: b for p, b in everything(root).items() if p.name != "tilmeldinger.csv"} == before
    assert not (root / "data").exists()


def test_command_for_an_empty_file(root):
    path = root / "ny.csv"
    assert call(root, "--empty", path)[0] == 0
    assert path.read_bytes() == empty_sheet()
    status, told = call(root, "--empty", path)
    assert status == 2 and "is there already" in told
    assert call(root)[0] == 2


def test_the_limit_of_the_sign_up_makes_no_step_stale(root):
    before = load_round(root, ROUND)
    edit(root, FILE, "^sampling:", "sign_up: {max_participants: 98}\nsampling:")
    after = load_round(root, ROUND)
    assert after.settings.sign_up.max_participants == 98
    for step in STEPS.values():
        code = "runden" if step.whole_round else "0741"
        assert parameter_digests(step, before, code) == parameter_digests(step, after, code)


# ----------------------------------------------------------------------------------------- withdrawn

REGISTER = f"params/withdrawals/{ROUND}.csv"


def left(root, named="0825", reason="for få borgere"):
    status, told = call(root, ROUND, "--withdraw", named, "--reason", reason)
    assert status == 0, told
    return told


@pytest.mark.parametrize("named", ["0825", "825", "Læsø", "Læsø Kommune"])
def test_who_withdraws_is_out_of_the_round_and_in_the_register(root, named):
    before = (root / "params" / FILE).read_text("utf-8")
    left(root, named)
    after = (root / "params" / FILE).read_text("utf-8")
    assert after == "".join(line for line in before.splitlines(True) if '"0825"' not in line)
    round_ = load_round(root, ROUND)
    assert "0825" not in round_.settings.participants
    today = dt.date.today()
    assert (root / REGISTER).read_text("utf-8") == (
        f"municipality,withdrawn_on,reason,rejoined_on\n0825,{today},for få borgere,\n"
    )
    assert round_.withdrawn["0825"].reason == "for få borgere"
    book = openpyxl.load_workbook(overview_file(Paths(root, ROUND)))
    [row] = table(book["Udtrådte"])
    assert (row["Kode"], row["Kommune"], row["Begrundelse"]) == ("0825", "Læsø", "for få borgere")
    assert "0825" not in {r["Kode"] for r in table(book["Tilmeldinger"])}


def test_withdrawn_twice_changes_nothing(root):
    left(root)
    before = everything(root)
    assert "has withdrawn already: for få borgere" in left(root, reason="en anden")
    assert everything(root) == before


def test_an_old_sign_up_does_not_bring_it_back(root):
    left(root)
    text = f"{HEAD}\nSamsø;05-02-2024\nLæsø;05-02-2024\n"
    before = everything(root)
    status, told = call(root, ROUND, sheet(root, text))
    assert status == 2
    assert f"line 3: 0825 Læsø withdrew on {dt.date.today()} (for få borgere)" in told
    assert "--rejoin 0825" in told
    assert {p: b for p, b in everything(root).items() if p.name != "tilmeldinger.csv"} == before
    status, told = call(root, ROUND, sheet(root, text), "--rejoin", "Læsø")
    assert status == 0 and "New: 0825 Læsø" in told
    round_ = load_round(root, ROUND)
    assert "0825" in round_.settings.participants and round_.withdrawn == {}
    assert round_.withdrawals[0].rejoined_on == dt.date.today()
    left(root, reason="alligevel ikke")
    assert [w.reason for w in load_round(root, ROUND).withdrawals] == ["for få borgere", "alligevel ikke"]  # fmt: skip


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--withdraw", "0825"], "--reason: is missing"),
        (["--withdraw", "0825", "--reason", "  "], "--reason: is missing"),
        (["--withdraw", "0825", "--reason", "x" * 301], "has 301 signs"),
        (["--withdraw", "0825", "--reason", "ring 23456789"], "telephone number"),
        (["--withdraw", "0825", "--reason", "jf. 110753-1238"], "CPR number"),
        (["--withdraw", "0461", "--reason", "x"], "0461 Odense takes no part"),
        (["--withdraw", "Lesø", "--reason", "x"], "Did you mean 0825 Læsø?"),
        (["--withdraw", "0825", "--reason", "x", "--late"], "goes alone"),
        (["--reason", "x"], "belongs to --withdraw"),
        (["--rejoin", "0741"], "0741 Samsø has not withdrawn"),
        (["--rejoin", "Atlantis"], "unknown municipality"),
    ],
)
def test_a_wrong_call_about_a_withdrawal_writes_nothing(root, arguments, told):
    before = everything(root)
    status, output = call(root, ROUND, *arguments)
    assert (status, told in output) == (2, True), output
    assert everything(root) == before and not (root / "data" / ROUND / "tilmeldinger.xlsx").exists()


def test_a_withdrawal_that_is_only_tried(root):
    before = everything(root)
    status, told = call(root, ROUND, "--withdraw", "0825", "--reason", "x", "--dry-run")
    assert status == 0 and f"Would write: {REGISTER}" in told
    assert everything(root) == before


@pytest.mark.parametrize(
    "line, told",
    [
        ("0825,2024-02-30,x,", "line 2: withdrawn_on »2024-02-30« is no date"),
        ("0825,,x,", "line 2: withdrawn_on »« is no date"),
        ("0825,2024-02-20,,", "line 2: reason is empty"),
        ("0825,2024-02-20,x,2024-02-19", "lies before withdrawn_on"),
        ("9999,2024-02-20,x,", "line 2: unknown municipality »9999«"),
        ("0825,2024-02-20,x", "line 2: has 3 fields"),
        ('0825,2024-02-20,"x,', "cannot be read as CSV"),
        ("0825,2024-02-20,x,", "0825 withdrew on 2024-02-20, and takes part"),
    ],
)
def test_a_register_written_by_hand_is_checked(root, line, told):
    (root / REGISTER).parent.mkdir()
    (root / REGISTER).write_text(f"municipality,withdrawn_on,reason,rejoined_on\n{line}\n", "utf-8")
    assert told in refuse(root, ROUND)


def test_a_register_saved_by_excel_is_refused_in_one_line(root):
    (root / REGISTER).parent.mkdir()
    (root / REGISTER).write_text(
        "municipality;withdrawn_on;reason;rejoined_on\n0825;a;b;\n", "utf-8"
    )
    assert "has other columns" in refuse(root, ROUND)


@pytest.mark.parametrize("codes", [["0825"], ["0825", "0101"], ["0707"], []])
@pytest.mark.parametrize(
    "block",
    ['participants: ["0825",\n  "0101"]  # all\n', 'participants:\n  - "0101"  # Kbh\n  # isle\n  - "0825"\n',
     'participants:\n- "0825"\n- "0101"\n', "participants: []\n", ""],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("more", ["", "# the end\nmodels: {min_answers: 100}\n"])
def test_taken_out_of_a_list_in_any_form(codes, block, end, more):
    text = f"a: 1  # one\n{block}{more}".replace("\n", end)
    new = without_participants(text, codes, load_municipalities(PROJECT))
    there = yaml.safe_load(text)
    if "participants" in there:
        there["participants"] = [c for c in there["participants"] if c not in codes]
    assert yaml.safe_load(new) == there
    assert "# one" in new and ("# the end" in new) == ("# the end" in text)
    assert "\n" not in new.replace(end, "") if end == "\r\n" else "\r" not in new
