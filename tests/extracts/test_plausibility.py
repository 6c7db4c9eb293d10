"""An extract that is well formed and cannot be right stops its municipality, by itself or beside others;
a recorded decision lets one finding of one file pass."""

import datetime as dt
import json
import re
import shutil

import openpyxl
import pandas as pd
import pytest
from conftest import EXTRACTS, SIX, vault_of
from test_check import persons
from test_cli_privacy import survey
from test_extracts import GOOD, HEADINGS

from helpers.common.errors import ParameterError, SurveyError
from helpers.common.paths import Paths
from helpers.extracts import round_findings
from helpers.extracts.check_warnings import LABELS as LOOK_LABELS
from helpers.extracts.check_warnings import TEXTS, EarlierExtract, warnings_of
from helpers.extracts.extracts import Extract
from helpers.extracts.intake import find_extracts, take_in
from helpers.extracts.intake_record import found_at_intake, intake, merge
from helpers.extracts.plausibility import judge
from helpers.extracts.stopping import AHEAD_WEEKS, MOST_OF_INHABITANTS, OLD_WEEKS, stops_of
from helpers.extracts.wrong_municipality import other_name
from helpers.faults import notice_kinds
from helpers.faults.faults import DANISH, Place, fault
from helpers.faults.notice_kinds import IN_MOST_FILES
from helpers.faults.plausibility_kinds import LABELS, PLAUSIBILITY
from helpers.identities.fingerprints import content_digest, file_digest, fingerprints
from helpers.identities.vault_key import Key
from helpers.parameters.intake_decisions import TAKES
from helpers.parameters.params import load_round
from helpers.pipeline.run import run_round
from helpers.preparation.check import check_extract
from helpers.retention.retention import forget
from helpers.review.inputs import load_review
from helpers.review.tables_extracts import decided, worth_a_look

EXPECTED = json.loads((EXTRACTS / "expected.json").read_text("utf-8"))["files"]
DAY, ONE = pd.Timestamp("2024-02-01"), pd.Timedelta(days=1)
NUMBER = re.compile(r"\b\d{6}-?\d{4}\b")
FEW = ("0741", "0825")


def written(folder, name, rows, above=(), headings=HEADINGS):
    book = openpyxl.Workbook()
    for row in [*above, headings, *rows]:
        book.active.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / name)
    return folder / name


def person(number, name="Anne Holm", start=dt.date(2023, 1, 5)):
    return [number, name, "Sygedagpenge", start, dt.date(2024, 1, 20), *GOOD[5:]]


def several(day, count=3):
    """Persons born on this day of a month, of whom nobody else has the number."""
    return [person(f"{day:02d}0280-{1000 + 2 * i}", f"Bo{i} Kjær") for i in range(count)]


def with_settings(round_, **settings):
    return round_.model_copy(update={"settings": round_.settings.model_copy(update=settings)})


@pytest.fixture
def few(round_2024):
    return with_settings(round_2024, participants=FEW)


@pytest.fixture
def there(root):
    return Paths(root, "2024-foraar")


def taken(paths, round_):
    """Intake of every participant, then the extracts beside each other: what stops whom."""
    failures = {}
    for code in round_.settings.participants:
        try:
            intake(paths, round_, code)
        except SurveyError as e:
            failures[code] = str(e)
    return merge(paths, round_).failures | failures


def record(paths):
    return json.loads(paths.intake.read_text("utf-8"))


def decide(paths, *lines):
    path = paths.root / f"params/decisions/{paths.round_id}.csv"
    path.parent.mkdir(exist_ok=True)
    head = "municipality,finding,file,decision,reason,date,by"
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    return load_round(paths.root, paths.round_id)


def line(code, finding, file, decision="accept"):
    return f'{code},{finding},{file_digest(file)},{decision},"asked, and it is right",2024-02-20,KL'


# ------------------------------------------------------------------------------------- one file, by rule


def stops(table, round_, code="0741", file="0741-samsoe.xlsx", around=()):
    extract = Extract(file, "standard", len(table), table, pd.DataFrame(), (), (), around=around)
    return {kind for kind, _ in stops_of(extract, table, round_, code)}


WEEK = 7 * ONE
PERIOD_END = pd.Timestamp("2023-12-31")


@pytest.mark.parametrize(
    "kind, columns, n, told",
    [
        ("old_extract", {"latest_conversation": DAY - OLD_WEEKS * WEEK}, 10, False),
        ("old_extract", {"latest_conversation": DAY - OLD_WEEKS * WEEK - ONE}, 10, True),
        ("old_extract", {"latest_conversation": DAY - OLD_WEEKS * WEEK - ONE}, 9, False),
        ("old_extract", {"latest_conversation": DAY - 366 * ONE}, 70, True),
        ("old_extract", {"latest_conversation": pd.NaT, "spell_start": DAY - 30 * ONE}, 70, False),
        ("dates_ahead", {"spell_start": DAY + AHEAD_WEEKS * WEEK}, 1, False),
        ("dates_ahead", {"spell_start": DAY + AHEAD_WEEKS * WEEK + ONE}, 1, True),
        ("dates_ahead", {"latest_conversation": DAY + AHEAD_WEEKS * WEEK + ONE}, 1, True),
        ("mostly_later", {"spell_start": [DAY + ONE] * 5 + [DAY] * 5}, 10, False),
        ("mostly_later", {"spell_start": [DAY + ONE] * 6 + [DAY] * 4}, 10, True),
        ("everybody_passive", {"passive": True}, 9, False),
        ("everybody_passive", {"passive": True}, 10, True),
        ("everybody_passive", {"passive": [True] * 9 + [False]}, 10, False),
    ],
)  # fmt: skip
def test_what_stops_at_its_limit(round_2024, kind, columns, n, told):
    base = {"latest_conversation": DAY - 10 * ONE}
    assert (kind in stops(persons(round_2024, n, **(base | columns)), round_2024)) is told


def test_the_period_of_the_round_is_what_a_file_must_fit(round_2024):
    period = round_2024.settings.period.model_copy(
        update={"start": dt.date(2023, 10, 1), "end": PERIOD_END.date()}
    )
    round_ = with_settings(round_2024, extract_period=period)
    old = persons(round_, 10, latest_conversation=PERIOD_END - OLD_WEEKS * WEEK)
    assert stops(old, round_) == set()
    later = persons(round_, 10, spell_start=PERIOD_END + ONE, latest_conversation=DAY)
    assert stops(later, round_) == {"mostly_later"}


@pytest.mark.parametrize("more, told", [(-1, False), (0, False), (1, True)])
def test_more_persons_than_a_municipality_has(round_2024, more, told):
    place = round_2024.municipalities["0825"].model_copy(update={"population": 200})
    round_ = round_2024.model_copy(
        update={"municipalities": round_2024.municipalities | {"0825": place}}
    )
    count = int(MOST_OF_INHABITANTS * 200) + more
    table = persons(round_, count, latest_conversation=DAY)
    assert ("too_many_persons" in stops(table, round_, "0825", "0825.xlsx")) is told


@pytest.mark.parametrize(
    "file, around, named",
    [
        ("0825-norddjurs.xlsx", (), "Norddjurs"),
        ("0825_Norddjurs_2024.csv", (), "Norddjurs"),
        ("0825-høje taastrup.xlsx", ("Læsø Kommune",), "Høje-Taastrup"),
        ("0825-skive.xlsx", (), "Skive"),
        ("0825-laesoe.xlsx", ("Udtræk, Norddjurs Kommune",), "Norddjurs"),
        ("0825.xlsx", ("Københavns Kommune",), "København"),
        ("0825.xlsx", ("Kommune: 707",), "Norddjurs"),
        ("0825.xlsx", ("Kommunekode: 0707",), "Norddjurs"),
        ("0825.xlsx", ("Vejen Kommune",), "Vejen"),
        ("0825.xlsx", ("Vejen til job",), None),
        ("0825.xlsx", ("KMD A/S, 2750 Ballerup",), None),
        ("0825.xlsx", ("Udtræk 2024 Norddjurs",), "Norddjurs"),
        ("0825.xlsx", ("Læsø Kommune", "Jobcenter Frederikshavn"), None),
        ("0825-00-base.xlsx", ("Ark1", "Populationsudtræk til borgerundersøgelse"), None),
    ],
)
def test_whose_file_it_says_it_is(round_2024, file, around, named):
    found = other_name(file, around, "0825", round_2024.municipalities)
    assert (found[1].name if found else None) == named


def test_every_municipality_is_known_by_its_own_name(round_2024):
    places = round_2024.municipalities
    for place in places.values():
        assert other_name(f"{place.folder}.xlsx", (place.name,), place.code, places) is None
        found = other_name(f"0825-{place.name}.xlsx", (), "0825", places)
        assert place.code == "0825" or found[1] is place


def test_title_rows_and_a_column_of_the_file_tell_whose_it_is(round_2024, there):
    titled = written(
        there.root, "0825-a.xlsx", several(1), above=[["Udtræk for Norddjurs Kommune"]]
    )
    rows = [[*row, "Norddjurs"] for row in several(2, 4)] + [[*several(3, 1)[0], "Læsø"]]
    column = written(there.root, "0825-b.xlsx", rows, headings=[*HEADINGS, "Kommune"])
    for path in (titled, column):
        assert [f.kind for f in check_extract(path, round_2024, "0825").faults] == ["other_name"]


@pytest.mark.parametrize(
    "before, n, told", [(300, 200, False), (301, 200, True), (134, 201, False), (133, 200, True)]
)
def test_a_size_that_is_not_the_last_rounds(round_2024, before, n, told):
    found = warnings_of(
        persons(round_2024, n), round_2024, "0741", EarlierExtract(before, 9, "piloten")
    )
    assert ("other_size" in {w.kind for w in found}) is told


def test_another_municipalitys_own_column_is_worth_a_look(round_2024):
    checked = check_extract(EXTRACTS / "0707-norddjurs.xlsx", round_2024, "0730")
    assert "other_local" in {w.kind for w in checked.warnings}


def test_what_the_reader_told_goes_the_same_way(round_2024, there):
    path = written(there.root, "0825-laesoe.xlsx", several(1))
    table = persons(round_2024, 10, latest_conversation=DAY)
    told = fault("empty", Place(path.name, "Ark1", 7, "Passiv"))
    extract = Extract(path.name, "standard", 10, table, pd.DataFrame(), (), (), notices=(told,))
    first = judge(extract, table, round_2024, "0741", file_digest(path)).warnings[0]
    assert first.in_language("en") == "Sheet »Ark1«, row 7, column »Passiv«: is empty."
    assert first.in_language(DANISH) == "Ark »Ark1«, række 7, kolonne »Passiv«: cellen er tom."


# ---------------------------------------------------------------------------------- the right ones pass


def test_the_six_examples_are_stopped_by_nothing(paths, round_2024):
    round_ = with_settings(round_2024, participants=SIX)
    assert taken(paths, round_) == {}
    told = record(paths)
    assert {f: {k: v for k, v in c.items()} for f, c in told["files"].items()} == EXPECTED
    assert told["refused"] == told["stopped"] == {}
    # the examples were invented apart: seven numbers are in two of them, under different names
    looks = [x for file in told["look"].values() for x in file if x["finding"] == "two_names"]
    assert len(looks) == 2 * 7
    assert len(json.loads(paths.left_to_others("0101").read_text())) == 4
    take_in(paths, round_, "0580")
    population = pd.read_parquet(paths.population("0580"))
    assert len(population) == EXPECTED["0580-aabenraa.xlsx"]["rows_read"] - 4
    assert not NUMBER.search(paths.intake.read_text("utf-8"))


def test_a_check_tells_what_intake_writes_down(paths, round_2024):
    checked = check_extract(EXTRACTS / "0741-samsoe.csv", round_2024, "0741", paths)
    intake(paths, round_2024, "0741")
    told = json.loads(paths.intake_of("0741").read_text("utf-8"))["taken_in"]
    assert [x["finding"] for x in told["look"]] == [w.kind for w in checked.warnings]
    assert [x["da"] for x in told["look"]] == [w.in_language("da") for w in checked.warnings]
    seldom = [w for w in checked.warnings if w.kind not in IN_MOST_FILES]
    assert 0 < len(seldom) < len(checked.warnings)
    note = merge(paths, with_settings(round_2024, participants=FEW)).notes[0]
    assert note.startswith(
        f"Worth a look in the extracts of 1 municipality: 0741 Samsø {len(seldom)}."
    )


# ---------------------------------------------------------------------------------- beside other files


@pytest.fixture
def shared(there, few):
    """Anne stands on Samsø (row 5, until 2023) and on Læsø (row 2, since)."""
    anne = "010180-1234"
    written(there.extracts, "0741-samsoe.xlsx", [*several(1), person(anne)])
    mover = person(anne, "Anne Holm Kjær", dt.date(2023, 6, 1))
    written(there.extracts, "0825-laesoe.xlsx", [mover, *several(2)])
    return there


def test_a_citizen_in_two_extracts_stops_both(shared, few):
    failures = taken(shared, few)
    assert set(failures) == {"0741", "0825"}
    assert "1 of 4 persons (25.0%) stand in the extract of 0825 Læsø too: 5 = 2" in failures["0741"]
    assert "0741 Samsø too: 2 = 5" in failures["0825"]
    assert "0741,in_two_extracts," in failures["0741"]
    told = shared.intake.read_text("utf-8") + "".join(failures.values())
    assert not NUMBER.search(told) and "Anne" not in told
    assert found_at_intake(shared, few)["0741"]["stopped"][0]["da"].startswith("1 af 4 borgere")


def test_one_municipality_leaves_the_citizen_to_the_other(shared):
    samsoe = shared.extracts / "0741-samsoe.xlsx"
    round_ = with_settings(
        decide(shared, line("0741", "in_two_extracts", samsoe, "leave_out")), participants=FEW
    )
    assert taken(shared, round_) == {}
    intake(shared, round_, "0741")  # now that it is known whom it leaves
    assert taken(shared, round_) == {}
    assert len(pd.read_parquet(shared.population("0741"))) == 3
    assert (
        len(pd.read_parquet(shared.population("0825")))
        == 4
        == len(vault_of(shared, "0825", round_))
    )
    told = found_at_intake(shared, round_)["0741"]["decided"][0]
    assert told["reason"] == "asked, and it is right" and "5 = 2" in told["en"]
    assert record(shared)["files"]["0741-samsoe.xlsx"]["rows_read"] == 4


def test_where_both_leave_the_citizen_the_latest_transition_date_decides(shared):
    lines = [line(f.name[:4], "in_two_extracts", f, "leave_out") for f in shared.extracts.iterdir()]
    round_ = with_settings(decide(shared, *lines), participants=FEW)
    assert taken(shared, round_) == {}
    assert shared.left_to_others("0741").is_file()
    assert not shared.left_to_others("0825").exists()  # since 1 June 2023


def test_a_citizen_without_a_name_is_the_same_citizen(shared, few):
    mover = person("010180-1234", "")
    written(shared.extracts, "0825-laesoe.xlsx", [mover, *several(2)])
    assert set(taken(shared, few)) == {"0741", "0825"}


def test_one_number_with_two_names_is_invited_by_nobody(shared, few):
    written(shared.extracts, "0825-laesoe.xlsx", [person("010180-1234", "Bente Holm"), *several(2)])
    assert taken(shared, few) == {}
    for code in FEW:
        intake(shared, few, code)
        assert len(pd.read_parquet(shared.population(code))) == 3
        looks = [x["finding"] for x in found_at_intake(shared, few)[code]["look"]]
        assert "two_names" in looks


def test_the_same_file_under_two_codes_stops_both(there, few):
    path = written(there.extracts, "0741-samsoe.xlsx", several(1))
    shutil.copy(path, there.extracts / "0825-laesoe.xlsx")
    failures = taken(there, few)
    assert "byte for byte, the same file as 0825-laesoe.xlsx of 0825 Læsø" in failures["0741"]
    assert "0741 Samsø" in failures["0825"]
    assert {s["finding"] for s in record(there)["stopped"]["0825-laesoe.xlsx"]} == {"same_file"}


def test_another_municipalitys_file_under_a_wrong_code(paths, few):
    shutil.copy(EXTRACTS / "0707-norddjurs.xlsx", paths.extracts / "0825-laesoe.xlsx")
    failures = taken(paths, with_settings(few, participants=("0707", "0825")))
    assert "146% of the municipality's inhabitants" in failures["0825"]
    assert "0707" not in failures
    assert not paths.population("0825").exists()


@pytest.mark.parametrize("expected, told", [(0.999, False), (1.0, True)])
def test_nobody_passive_where_others_have_many(there, few, expected, told, monkeypatch):
    monkeypatch.setattr(round_findings, "EXPECTED_PASSIVE", 3 / 4 / expected)
    one = several(1, 4)
    one[0][-1] = "Ja"
    written(there.extracts, "0741-samsoe.xlsx", one)
    written(there.extracts, "0825-laesoe.xlsx", several(2, 3))
    failures = taken(there, few)
    assert ("none of 3 persons is passive" in failures.get("0825", "")) is told


def test_passive_that_nobody_had_before_either_is_expected(paths, few, monkeypatch):
    lines = (EXTRACTS / "0741-samsoe.csv").read_text("cp1252").splitlines()
    none = [lines[0], *(x.rsplit(";", 1)[0] + ";N" for x in lines[1:])]
    (paths.extracts / "0741-samsoe.csv").write_text("\n".join(none), "cp1252")
    round_ = with_settings(few, participants=("0707", "0741"))
    assert "about 7" in taken(paths, round_)["0741"]  # 190 persons, 3.9 % of Norddjurs' are
    earlier = Paths(paths.root, "demo")
    counts = {"municipality": "0741", "rows_read": 190, "2024": {"dagpenge": 190}}
    earlier.data.mkdir(parents=True)
    earlier.intake.write_text(json.dumps({"files": {"0741.csv": counts}}), "utf-8")
    assert taken(paths, with_settings(round_, earlier_rounds=("demo",))) == {}


# --------------------------------------------------------------------------------------- earlier rounds


@pytest.fixture
def earlier(there, few):
    """Samsø's extract of a round before, taken in under the same key."""
    before = Paths(there.root, "demo")
    written(before.extracts, "0741-samsoe.xlsx", several(1, 40))
    intake(before, with_settings(few, round="demo"), "0741")
    merge(before, with_settings(few, round="demo"))
    return before


def test_the_same_file_in_the_next_round(earlier, there, few):
    round_ = with_settings(few, earlier_rounds=("demo",))
    there.extracts.mkdir(parents=True)
    shutil.copy(earlier.extracts / "0741-samsoe.xlsx", there.extracts / "0741-nyt.xlsx")
    written(there.extracts, "0825-laesoe.xlsx", several(2))
    failures = taken(there, round_)
    assert set(failures) == {"0741"}
    assert "0741-samsoe.xlsx of 0741 Samsø in demo" in failures["0741"]


@pytest.mark.parametrize("strange, told", [(19, False), (20, True)])
def test_persons_of_another_municipality_before(earlier, there, few, strange, told):
    round_ = with_settings(few, earlier_rounds=("demo",))
    written(there.extracts, "0741-samsoe.xlsx", several(3))
    written(there.extracts, "0825-laesoe.xlsx", [*several(1, strange), *several(2)])
    failures = taken(there, round_)
    assert ("stood in the extract of 0741 Samsø" in failures.get("0825", "")) is told
    assert "0741" not in failures


# -------------------------------------------------------------------------------------------- decisions


def test_a_decision_lets_one_finding_of_one_file_pass(there, few):
    old = [[*p[:4], dt.date(2023, 2, 1), *p[5:]] for p in several(1, 12)]
    path = written(there.extracts, "0741-samsoe.xlsx", old)
    written(there.extracts, "0825-laesoe.xlsx", several(2))
    told = taken(there, few)["0741"]
    assert f"»0741,old_extract,{file_digest(path)},accept,<why>,<day>,<who>«" in told
    round_ = with_settings(decide(there, line("0741", "old_extract", path)), participants=FEW)
    assert taken(there, round_) == {}
    assert found_at_intake(there, round_)["0741"]["decided"][0]["by"] == "KL"
    checked = check_extract(path, round_, "0741")
    assert (
        checked.has_no_faults and checked.accepted[0][1] == "KL, 2024-02-20: asked, and it is right"
    )
    written(there.extracts, "0741-samsoe.xlsx", old[:11])  # another file is judged anew
    assert "old_extract" in taken(there, round_)["0741"]


@pytest.mark.parametrize(
    "bad, words",
    [
        ("0741,old_extrakt,0123456789abcdef,accept,asked,2024-02-20,KL", "Did you mean »old_extract«?"),
        ("0741,same_file,0123456789abcdef,accept,asked,2024-02-20,KL", "unknown finding"),
        ("0411,old_extract,0123456789abcdef,accept,asked,2024-02-20,KL", "unknown municipality"),
        ("0741,in_two_extracts,0123456789abcdef,accept,asked,2024-02-20,KL", "»leave_out«"),
        ("0741,old_extract,0123456789abcdef,ignore,asked,2024-02-20,KL", "line 2: decision »ignore« is not known"),
        ("0741,old_extract,0123,accept,asked,2024-02-20,KL", "line 2: file is »0123«"),
        ("0741,old_extract,0123456789abcdef,accept,,2024-02-20,KL", "line 2: reason is empty"),
        ("0741,old_extract,0123456789abcdef,accept,asked,20-02-2024,KL", "line 2: date »20-02-2024« is no date"),
        ("0741,old_extract,0123456789abcdef,accept,asked,2099-02-20,KL", "lies after today"),
        ("0741,old_extract,0123456789abcdef,accept,asked,2024-02-20,", "line 2: by is empty"),
    ],
)  # fmt: skip
def test_a_decision_that_decides_nothing_is_told_when_parameters_load(there, bad, words):
    with pytest.raises(ParameterError) as caught:
        decide(there, bad)
    assert words in str(caught.value) and "2024-foraar.csv" in str(caught.value)


def test_two_lines_about_the_same_are_told(there):
    one = "0741,old_extract,0123456789abcdef,accept,asked,2024-02-20,KL"
    with pytest.raises(ParameterError, match="stands twice"):
        decide(there, one, one)


def test_each_kind_can_be_decided_or_not_and_has_a_label():
    assert set(PLAUSIBILITY) - set(TAKES) == {"same_file"}
    assert LABELS.keys() == PLAUSIBILITY.keys() and LOOK_LABELS.keys() == TEXTS.keys()
    assert notice_kinds.LABELS.keys() == notice_kinds.NOTICES.keys()
    for kind, (english, danish) in TEXTS.items():
        assert set(re.findall(r"{\w+}", danish)) <= set(re.findall(r"{\w+}", english)), kind


# ------------------------------------------------------------------------------------------ fingerprints


def test_fingerprints_hold_no_number_and_need_the_key(round_2024):
    table = persons(round_2024, 20)
    one, two = Key(b"1" * 32), Key(b"2" * 32)
    made = fingerprints(table, one)
    assert made["token"].is_unique and made["token"].str.fullmatch("[0-9a-f]{32}").all()
    assert not set(made["token"]) & set(fingerprints(table, two)["token"])
    assert not any(cpr in made.to_csv() for cpr in table["cpr"])
    assert content_digest(table, one) == content_digest(table.iloc[::-1], one)
    assert content_digest(table, one) != content_digest(table.assign(passive=True), one)


def test_extracts_under_two_keys_are_not_taken_for_compared(shared, few, monkeypatch):
    written(shared.extracts, "0707-norddjurs.xlsx", [[*p, "Traditionel"] for p in several(4)],
            headings=[*HEADINGS, "Indsats"])  # fmt: skip
    three = with_settings(few, participants=("0707", *FEW))
    taken(shared, three)
    monkeypatch.setenv("SURVEY_KEY", "6f" * 32)
    shared.vault("0825").unlink()
    intake(shared, three, "0825")
    failures = merge(shared, three).failures
    assert list(failures) == ["0825"] and "another key" in failures["0825"]


def test_fingerprints_are_forgotten_with_the_identities(shared, few):
    taken(shared, few)
    assert not NUMBER.search(shared.fingerprints("0741").read_bytes().decode("latin-1"))
    forget(shared, few, ["0741"], dt.date(2030, 1, 1))
    assert not shared.fingerprints("0741").exists() and shared.fingerprints("0825").exists()


# ---------------------------------------------------------------------------- the commands, and who reads


def test_the_run_stops_both_draws_no_sample_and_goes_on_once_decided(shared):
    path = shared.root / "params/rounds/2024-foraar.yml"
    text = path.read_text("utf-8")
    listed = text[text.index("participants:") :]
    path.write_text(text.replace(listed, 'participants: ["0741", "0825"]\n'), "utf-8")
    round_ = load_round(shared.root, "2024-foraar")
    first = run_round(shared.root, round_, stages=["intake", "plan"])
    assert {(f.municipality, f.stage) for f in first.failures} == {
        ("0741", "intake"),
        ("0825", "intake"),
    }
    assert len(first.failures) == 2 and first.done["intake"] == 0
    plan = run_round(shared.root, round_, stages=["plan"])
    assert plan.failed == {"0741", "0825"} and not shared.sample("0825").exists()
    told = survey(shared.root, "status", "2024-foraar").output
    assert "Stopped, of the extracts:" in told and "0741 Samsø: 1 of 4 persons" in told
    page = (shared.data / "status.html").read_text("utf-8")
    assert "<strong>Standset:</strong> 1 af 4 borgere" in page and not NUMBER.search(page)
    samsoe = shared.extracts / "0741-samsoe.xlsx"
    round_ = decide(shared, line("0741", "in_two_extracts", samsoe, "leave_out"))
    second = run_round(shared.root, round_, stages=["intake", "plan"])
    assert second.failures == [] and second.done == {"intake": 2, "plan": 2}
    assert [len(pd.read_parquet(shared.population(c))) for c in FEW] == [3, 4]
    third = run_round(shared.root, round_, stages=["intake", "plan"])
    assert third.failures == [] and third.unchanged == {"intake": 2, "plan": 2}
    review = load_review(shared, round_)
    assert "asked, and it is right" in decided(review).data
    assert "overladt til den anden kommune" in decided(review).data
    assert "Få i målgrupperne" in worth_a_look(review).data


@pytest.mark.parametrize("language, words", [
    ("en", ("would be refused", "stand in the extract of 0741 Samsø too")),
    ("da", ("Filen kan ikke bruges", "står også i udtrækket fra 0741 Samsø")),
])  # fmt: skip
def test_check_looks_beside_the_other_files(shared, few, language, words):
    taken(shared, few)
    before = {p: p.read_bytes() for p in shared.data.rglob("*.*") if p.is_file()}
    told = survey(shared.root, "check", str(shared.extracts / "0825-laesoe.xlsx"), "--round",
                  "2024-foraar", "--lang", language)  # fmt: skip
    assert told.exit_code == 1
    assert all(word in told.output for word in words) and not NUMBER.search(told.output)
    assert {p: p.read_bytes() for p in shared.data.rglob("*.*") if p.is_file()} == before


def test_check_says_what_it_did_not_judge(shared, few, monkeypatch, tmp_path):
    taken(shared, few)
    monkeypatch.delenv("SURVEY_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "nobody"))
    checked = check_extract(find_extracts(shared, "0825")[0], few, "0825", shared)
    assert checked.has_no_faults and "not_compared" in {w.kind for w in checked.warnings}
