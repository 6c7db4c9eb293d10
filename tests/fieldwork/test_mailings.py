"""Who gets which mailing, what is written, that it is encrypted, and what is recorded."""

import csv
import datetime as dt
import io
import json
import os
import re
import stat
import sys

import pandas as pd
import pytest
import pyzipper
from answers import export
from conftest import vault_of
from typer.testing import CliRunner

from helpers.answers.mailing_record import read_mailings
from helpers.answers.responses import collect, save_answers
from helpers.cli.main import app
from helpers.common.errors import SurveyError
from helpers.extracts.intake import take_in
from helpers.fieldwork import sealed
from helpers.fieldwork.contact_exceptions import (
    EXEMPT,
    OPTED_OUT,
    UNREACHABLE,
    note_exceptions,
    read_exceptions,
)
from helpers.fieldwork.mailing_kinds import MAILINGS
from helpers.fieldwork.phone_numbers import MOBILE_SERIES, mobile_numbers
from helpers.fieldwork.recipients import has_answered, printable, recipients_of
from helpers.fieldwork.sendout import write_sendout
from helpers.identities.passphrases import passphrase_list, read_list
from helpers.retention.retention import forget, holdings
from helpers.sampling.plan import letters_made, make_plan, save_sample

CODE, ROUND = "0825", "2024-foraar"  # Læsø: a census of 46
NOW = dt.date(2024, 3, 20)
FIRST = MAILINGS["first_reminder"]


@pytest.fixture
def planned(paths, round_2024):
    take_in(paths, round_2024, CODE)
    save_sample(paths, CODE, make_plan(paths, round_2024, CODE))
    return paths


def survey(paths, *arguments):
    result = CliRunner().invoke(app, ["--root", str(paths.root), *arguments])
    return result, " ".join(result.output.split())


def sample_of(paths) -> pd.DataFrame:
    return pd.read_parquet(paths.sample(CODE))


def note(paths, round_, keys: dict[str, str], **how):
    file = paths.root / "liste.csv"
    file.write_text("key;reason\n" + "".join(f"{k};{r}\n" for k, r in keys.items()), "utf-8")
    return note_exceptions(paths, round_, file, NOW, **how)


def answer(paths, round_, keys, status="completed", questions=13):
    table = export(sample_of(paths)).set_index("key")
    columns = [c for c in table if c.startswith("q") and "text" not in c]
    table[columns] = ""
    table["status"], table["submitted_at"] = "none", ""
    table.loc[keys, "status"] = status
    table.loc[keys, columns[:questions]] = "4"
    paths.responses.mkdir(exist_ok=True)
    table.reset_index().to_csv(paths.responses / f"{CODE}-svar.csv", index=False)
    save_answers(paths, collect(paths, round_))


def opened(paths, package: str) -> dict[str, bytes]:
    phrase = read_list(passphrase_list(paths))[f"sendout/{CODE}/{package}"][2]
    with pyzipper.AESZipFile(paths.sendout(CODE) / package) as zipped:
        zipped.setpassword(phrase.encode())
        return {name: zipped.read(name) for name in zipped.namelist()}


def keys_in(content: bytes) -> list[str]:
    return pd.read_excel(io.BytesIO(content), dtype=str, engine="calamine")["Nøgle"].tolist()


# ------------------------------------------------------------------------------------- who gets one


def test_a_reminder_leaves_out_who_answered_and_who_is_not_to_be_written_to(planned, round_2024):
    keys = sample_of(planned)["key"].tolist()
    note(planned, round_2024, {keys[0]: OPTED_OUT, keys[1]: UNREACHABLE, keys[2]: EXEMPT, keys[3]: OPTED_OUT})  # fmt: skip
    answer(planned, round_2024, keys[3:10])
    to = recipients_of(planned, round_2024, CODE, FIRST)
    assert (to.answered, to.opted_out, to.unreachable) == (7, 1, 1)
    assert to.paper["Nøgle"].tolist() == [keys[2]]
    assert to.digital["Nøgle"].tolist() == keys[10:]
    assert len(to.digital) + len(to.paper) + 9 == len(keys)
    again = recipients_of(planned, round_2024, CODE, MAILINGS["invitation"])
    assert (again.answered, again.opted_out, again.unreachable) == (0, 2, 1)
    assert len(again.digital) == len(keys) - 4


@pytest.mark.parametrize(
    "status, questions, answered",
    [("completed", 13, True), ("completed", 0, True), ("partial", 1, True), ("partial", 0, False),
     ("opened", 0, False), ("none", 0, False)],
)  # fmt: skip
def test_who_counts_as_having_answered(planned, round_2024, status, questions, answered):
    keys = sample_of(planned)["key"]
    answer(planned, round_2024, [keys[0]], status, questions)
    found = has_answered(planned, round_2024, CODE, keys)
    assert found[0] == answered and found.sum() == answered


def test_a_name_that_no_xml_can_hold_is_made_printable():
    names = pd.Series(["Bo\x0b Bech", " A\nB ", None, "Åse\x00"], dtype="str")
    assert printable(names).tolist() == ["Bo Bech", "A B", "", "Åse"]


# ------------------------------------------------------------------------------------ what is written


def test_everything_lies_encrypted_and_opens_with_its_passphrase(planned, round_2024):
    result, told = survey(planned, "sendout", ROUND, "--only", CODE)
    assert result.exit_code == 0 and "46 letters to Digital Post, 0 on paper" in told
    assert "no messages for Digital Post: digital_post.sender_cvr has no CVR number (0825)" in told
    folder = planned.sendout(CODE)
    assert sorted(os.listdir(folder)) == ["invitation.zip", "mailings.json"]
    found = opened(planned, "invitation.zip")
    assert set(found) == {"flettebrev.xlsx", "breve.docx", sealed.READ_ME}
    assert keys_in(found["flettebrev.xlsx"]) == sample_of(planned)["key"].tolist()
    vault = vault_of(planned, CODE, round_2024)
    secrets = [s.encode() for s in [*vault["cpr"], *vault["name"], *sample_of(planned)["key"]]]
    for path in planned.data.rglob("*"):
        if (path.is_file() and "sendout" in path.parts) or path == passphrase_list(planned):
            content = path.read_bytes()
            assert not any(s in content for s in secrets if s), path
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "invitation.zip").stat().st_mode) == 0o600
    assert letters_made(planned, CODE)


def test_nothing_plain_is_ever_written_on_the_way(planned, round_2024, monkeypatch):
    written = []
    real_open = os.open

    def watched(path, flags, *rest, **how):
        if flags & (os.O_WRONLY | os.O_RDWR):
            written.append(str(path))
        return real_open(path, flags, *rest, **how)

    monkeypatch.setattr(os, "open", watched)
    monkeypatch.setattr("tempfile.mkdtemp", lambda *a, **k: pytest.fail("a temporary folder"))
    monkeypatch.setattr("tempfile._get_default_tempdir", lambda *a: pytest.fail("a temporary file"))
    survey(planned, "sendout", ROUND, "--only", CODE)
    names = {p.rsplit("/", 1)[-1] for p in written}
    assert {re.sub(r"\.\d+", "", n) for n in names if "lock" not in n} <= {
        ".invitation.zip", ".delivery-passphrases.csv", ".mailings.json", "-invited.csv",
    }  # fmt: skip


def test_plain_and_encrypted_take_each_others_place(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    told = survey(planned, "sendout", ROUND, "--only", CODE, "--plain")[1]
    assert "made again: 46 letters" in told and "Passphrases" not in told
    assert sorted(os.listdir(planned.sendout(CODE))) == ["breve.docx", "flettebrev.xlsx", "mailings.json"]  # fmt: skip
    assert read_list(passphrase_list(planned)) == {}
    survey(planned, "sendout", ROUND, "--only", CODE)
    assert sorted(os.listdir(planned.sendout(CODE))) == ["invitation.zip", "mailings.json"]
    phrase = read_list(passphrase_list(planned))
    survey(planned, "sendout", ROUND, "--only", CODE)
    assert read_list(passphrase_list(planned)) == phrase  # the municipality may have been told
    assert opened(planned, "invitation.zip")


def test_who_is_exempt_gets_paper_and_no_message(planned, round_2024):
    path = planned.root / f"params/rounds/{ROUND}.yml"
    path.write_text(path.read_text("utf-8") + 'digital_post: {sender_cvr: {"0825": "45973328"}}\n', "utf-8")  # fmt: skip
    keys = sample_of(planned)["key"].tolist()
    note(planned, round_2024, {keys[0]: EXEMPT})
    told = survey(planned, "sendout", ROUND, "--only", CODE, "--plain")[1]
    assert "45 letters to Digital Post, 1 on paper" in told and "Note" not in told
    folder = planned.sendout(CODE)
    assert keys_in((folder / "papirbreve.xlsx").read_bytes()) == [keys[0]]
    assert keys[0] not in keys_in((folder / "flettebrev.xlsx").read_bytes())
    import lzma
    import tarfile

    plain = lzma.decompress((folder / "memo.tar.lzma").read_bytes(), format=lzma.FORMAT_ALONE)
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        messages = [tar.extractfile(m).read().decode() for m in tar]
    vault = vault_of(planned, CODE, round_2024).set_index("person_id")["cpr"]
    numbers = sample_of(planned).set_index("key")["person_id"].map(vault)
    recipients = [re.search(r"recipientID>(\d{10})<", m)[1] for m in messages]
    assert recipients == numbers[keys[1:]].tolist()
    note(planned, round_2024, {keys[0]: EXEMPT}, remove=True)
    survey(planned, "sendout", ROUND, "--only", CODE, "--plain")
    assert not (folder / "papirbreve.xlsx").exists() and not (folder / "papirbreve.docx").exists()


def test_cells_are_text(planned, round_2024, monkeypatch):
    from helpers.common.spreadsheets import text_workbook

    rows = pd.DataFrame({"Navn": ["=1+1", "@SUM(A1)", "https://x.dk"], "CPR-nr.": ["010203-1234"] * 3})  # fmt: skip
    content = text_workbook(rows, "Flettebrev")
    with pyzipper.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet
    read = pd.read_excel(io.BytesIO(content), dtype=str, engine="calamine")
    assert read["Navn"].tolist() == rows["Navn"].tolist()


# ------------------------------------------------------------------------------------ order and record


@pytest.mark.parametrize("call", [["sendout", ROUND, "--mailing", "second_reminder"], ["sms", ROUND, "--all"]])  # fmt: skip
def test_nothing_follows_an_invitation_that_was_not_made(planned, call):
    result, told = survey(planned, *call, "--only", CODE)
    assert result.exit_code == 1
    assert "the invitation has not been made" in told and f"`survey sendout {ROUND} --only {CODE}`" in told  # fmt: skip
    assert not planned.sendout(CODE).exists()


def test_a_reminder_made_again_says_who_fell_away(planned, round_2024):
    keys = sample_of(planned)["key"].tolist()
    survey(planned, "sendout", ROUND, "--only", CODE)
    result, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert "no answers have been collected" in told and "46 letters" in told
    answer(planned, round_2024, keys[:5])
    note(planned, round_2024, {keys[6]: OPTED_OUT, keys[7]: EXEMPT})
    result, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert result.exit_code == 0
    assert "made again: 39 letters, 46 when made on" in told
    assert "(5 answered since, 1 asked to be left out since, 1 more on paper)" in told
    rows = json.loads(planned.mailings(CODE).read_text("utf-8"))
    assert [r["mailing"] for r in rows] == ["invitation", "first_reminder"]
    expected = {"letters": 39, "paper": 1, "left_out_answered": 5, "left_out_opted_out": 1,
                "left_out_unreachable": 0, "sms": 0, "times": 2}  # fmt: skip
    assert {k: rows[1][k] for k in expected} == expected
    assert dt.date.fromisoformat(rows[1]["made_on"])
    assert not any(k in planned.mailings(CODE).read_text("utf-8") for k in keys)


def test_exports_that_came_later_are_told(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    answer(planned, round_2024, sample_of(planned)["key"].tolist()[:2])
    exported = planned.responses / f"{CODE}-svar.csv"
    at = planned.answers(CODE).stat().st_mtime
    for seconds, said in ((-1, False), (0, False), (1, True)):
        os.utime(exported, (at + seconds, at + seconds))
        _, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
        assert ("exports came after answers were collected" in told) == said


def test_the_plain_list_is_recorded_as_the_invitation(planned, round_2024):
    write_sendout(planned, round_2024, CODE)
    made = read_mailings(planned, CODE)["invitation"]
    assert (made.letters, made.times) == (46, 1)
    assert survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")[0].exit_code == 0  # fmt: skip


def test_a_broken_record_is_told(planned):
    planned.sendout(CODE).mkdir(parents=True)
    planned.mailings(CODE).write_text('[{"mailing": "invitation"}]', "utf-8")
    with pytest.raises(SurveyError, match="is no record of mailings"):
        read_mailings(planned, CODE)


def test_forgetting_takes_letters_and_passphrases_and_leaves_the_counts(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    survey(planned, "sms", ROUND, "--only", CODE, "--all")
    deleted = forget(planned, round_2024, [CODE], NOW, before_time=True)
    assert deleted[CODE] == 4  # vault, extract, invitation.zip, sms.zip
    assert os.listdir(planned.sendout(CODE)) == ["mailings.json"]
    assert read_list(passphrase_list(planned)) == {}
    assert "data/2024-foraar/sendout" in {h.where for h in holdings(planned)}


def test_deliver_keeps_the_passphrases_of_the_send_out(planned, round_2024):
    from helpers.delivery.delivery import _put_in_place

    survey(planned, "sendout", ROUND, "--only", CODE)
    folder = planned.data / "delivery"
    folder.mkdir()
    _put_in_place(folder, passphrase_list(planned), {}, ["0825-laesoe.zip"])
    assert list(read_list(passphrase_list(planned))) == [f"sendout/{CODE}/invitation.zip"]


# ------------------------------------------------------------------------------------------ wrong calls


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["sendout", ROUND, "--mailing", "remider"], "Did you mean »first_reminder«?"),
        (["sendout", ROUND, "--template", "ingen.docx"], "does not exist"),
        (["sendout"], "Missing argument ROUND"),
        (["sms", ROUND], "Make it with `survey effort 2024-foraar`"),
        (["sms", ROUND, "--only", "0999", "--all"], "0999 takes no part"),
        (["exceptions", ROUND, "ingen.csv"], "does not exist"),
        (["exceptions", ROUND, "ingen.csv", "--reason", "optout"], "Did you mean »opted_out«?"),
    ],
)
def test_a_wrong_call_writes_nothing(planned, arguments, said):
    before = {p for p in planned.root.rglob("*") if p.is_file()}
    result, told = survey(planned, *arguments)
    assert result.exit_code == 2 and said in told
    assert {p for p in planned.root.rglob("*") if p.is_file() and p.name != ".lock"} == before


def test_every_municipalitys_template_is_checked_before_anything_is_written(planned):
    folder = planned.root / f"params/letters/{ROUND}"
    folder.mkdir(parents=True)
    (folder / "0707-invitation.docx").write_bytes(b"broken")
    result, told = survey(planned, "sendout", ROUND)
    assert result.exit_code == 2
    assert "Nothing was written" in told and "0707-invitation.docx: is no Word template" in told
    assert not planned.sendout(CODE).exists()
    assert survey(planned, "sendout", ROUND, "--only", CODE)[0].exit_code == 0


def test_the_default_letter_is_given_to_begin_with(planned):
    to = planned.root / "brev.docx"
    result, _ = survey(planned, "sendout", "--new-template", str(to))
    assert result.exit_code == 0 and to.read_bytes().startswith(b"PK")
    assert survey(planned, "sendout", ROUND, "--only", CODE, "--template", str(to))[0].exit_code == 0  # fmt: skip


# -------------------------------------------------------------------------------------- contact exceptions


def listed(paths, rows: list[list[str]], encoding="utf-8-sig", ending=".csv") -> object:
    file = paths.root / f"liste{ending}"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def test_a_list_with_numbers_is_kept_by_key_alone(planned, round_2024):
    vault = vault_of(planned, CODE, round_2024).set_index("person_id")
    sample = sample_of(planned)
    numbers = vault.loc[sample["person_id"], "cpr"].tolist()
    file = listed(
        planned,
        [
            ["Personnummer", "Årsag", "Dato"],
            [f"{numbers[0][:6]}-{numbers[0][6:]}", "Fritaget for Digital Post", "12-03-2024"],
            [numbers[1].lstrip("0"), "ønsker ikke at deltage", ""],
            ["", "", ""],
            [numbers[2], "død", "2024-03-13"],
            [numbers[0], "fritaget", "14-03-2024"],
        ],
        encoding="cp1252",
    )
    noted = note_exceptions(planned, round_2024, file, NOW)
    assert noted.new == {EXEMPT: 1, OPTED_OUT: 1, UNREACHABLE: 1} and noted.known == 0
    text = planned.contact_exceptions.read_text("utf-8")
    assert not re.search(r"\b\d{6}-?\d{4}\b", text)
    table = read_exceptions(planned).set_index("key").loc[sample["key"][:3]]
    assert table["reason"].tolist() == [EXEMPT, OPTED_OUT, UNREACHABLE]
    assert table["noted_on"].tolist() == ["2024-03-12", "2024-03-20", "2024-03-13"]
    before = planned.contact_exceptions.read_bytes()
    again = note_exceptions(planned, round_2024, file, NOW + dt.timedelta(1))
    assert again.new == {} and again.known == 3
    assert planned.contact_exceptions.read_bytes() == before
    if sys.platform != "win32":
        assert stat.S_IMODE(planned.contact_exceptions.stat().st_mode) == 0o600


def test_faults_of_a_list_are_told_by_row_and_quote_nobody(planned, round_2024):
    key = sample_of(planned)["key"][0]
    secret = ["0101011234", "Jens Hansen vil ikke", "f" * 32]
    file = listed(
        planned,
        [["CPR-nr.", "key", "reason", "noted_on"], [secret[0], "", OPTED_OUT, ""], ["", key, secret[1], ""],
         ["", key, OPTED_OUT, "31-02-2024"], ["", secret[2], OPTED_OUT, ""], ["", key, "", ""],
         ["", key, "opted-aut", ""]],
    )  # fmt: skip
    with pytest.raises(SurveyError) as caught:
        note_exceptions(planned, round_2024, file, NOW)
    told = str(caught.value)
    for said in ("row 2: belongs to nobody", "row 3: the reason is unknown", "row 4: the date is no date",
                 "row 5: belongs to nobody", "row 6: has no reason", "Did you mean »opted_out«?"):  # fmt: skip
        assert said in told
    assert not any(s in told for s in [*secret, key])
    assert not planned.contact_exceptions.exists()


def test_unknown_rows_may_be_passed_over(planned, round_2024):
    key = sample_of(planned)["key"][0]
    noted = note(planned, round_2024, {key: OPTED_OUT, "f" * 32: OPTED_OUT}, skip_unknown=True)
    assert noted.new == {OPTED_OUT: 1} and noted.unknown == 1
    taken = note(planned, round_2024, {key: OPTED_OUT}, remove=True)
    assert taken.new == {OPTED_OUT: 1} and read_exceptions(planned).empty


@pytest.mark.parametrize(
    "text, said",
    [("key,reason,noted_on\na,maybe,\n", "a reason that is unknown"), ("key,reason\n", "lacks noted_on"), ("", "lacks key")],
)  # fmt: skip
def test_a_broken_file_of_exceptions_stops_a_mailing(planned, round_2024, text, said):
    planned.contact_exceptions.parent.mkdir()
    planned.contact_exceptions.write_text(text, "utf-8")
    result, told = survey(planned, "sendout", ROUND, "--only", CODE)
    assert result.exit_code == 1 and said in told and not planned.sendout(CODE).exists()


# ------------------------------------------------------------------------------------------ text messages


@pytest.mark.parametrize(
    "phone, number",
    [
        ("20 12 34 56", "+4520123456"), ("+45 20 12 34 56", "+4520123456"), ("0045-20123456", "+4520123456"),
        ("4520123456", "+4520123456"), ("45123456", None), ("42123456", "+4542123456"), ("43223456", None),
        ("43 22 34 56", None), ("44 51 22 33", None), ("44511111", None), ("31123456", "+4531123456"),
        ("32123456", None), ("34212345", "+4534212345"), ("34312345", None), ("70123456", None),
        ("80123456", None), ("90123456", None), ("91123456", "+4591123456"), ("12345678", None),
        ("2012345", None), ("201234567", None), ("+46 70 123 45 67", None), ("", None), (None, None),
        ("ring ikke", None), ("(20) 12.34/56", "+4520123456"), ("+4543223456", None), ("82912345", "+4582912345"),
    ],
)  # fmt: skip
def test_numbers_that_take_text_messages(phone, number):
    assert mobile_numbers(pd.Series([phone], dtype=object)).tolist() == [number]


def test_the_series_are_expanded():
    assert "345" in MOBILE_SERIES and "41" in MOBILE_SERIES and "343" not in MOBILE_SERIES
    assert len(set(MOBILE_SERIES)) == len(MOBILE_SERIES)


def effort(paths, rows):
    table = pd.DataFrame(rows, columns=["municipality", "target_group", "channel", "chosen"])
    table.to_parquet(paths.effort)


def numbers_in(paths, name="sms.xlsx") -> pd.DataFrame:
    return pd.read_excel(paths.sendout(CODE) / name, dtype=str, engine="calamine")


def test_only_those_chosen_who_have_not_answered_and_are_in_no_exception(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    sample = sample_of(planned)
    vault = vault_of(planned, CODE, round_2024).set_index("person_id")
    phones = mobile_numbers(vault.loc[sample["person_id"], "phone"]).set_axis(sample["key"])
    group = sample.loc[phones.notna().to_numpy(), "target_group"].mode()[0]
    able = sample.loc[phones.notna().to_numpy() & (sample["target_group"] == group), "key"].tolist()
    assert len(able) >= 4
    note(planned, round_2024, {able[0]: EXEMPT, able[1]: UNREACHABLE})
    answer(planned, round_2024, [able[2]])
    others = sorted(set(sample["target_group"]) - {group})
    effort(
        planned,
        [(CODE, group, "sms", True), (CODE, others[0], "sms", False), (CODE, others[0], "reminder", True),
         ("0707", others[0], "sms", True)],
    )  # fmt: skip
    result, told = survey(planned, "sms", ROUND, "--only", CODE, "--plain")
    assert result.exit_code == 0
    found = numbers_in(planned)
    assert list(found) == ["Nummer", "Tekst"]
    assert found["Nummer"].tolist() == phones[able[3:]].drop_duplicates().tolist()
    assert found["Tekst"].nunique() == 1 and found["Tekst"][0].endswith("Hilsen Læsø Kommune")
    assert "1 answered, 2 exceptions" in told
    made = read_mailings(planned, CODE)["sms"]
    assert made.sms == len(found) and made.letters == 0
    everything = survey(planned, "sms", ROUND, "--only", CODE, "--all", "--plain")[1]
    assert "0 not chosen" in everything and len(numbers_in(planned)) > len(found)


def test_a_number_gets_one_message(planned, round_2024, monkeypatch):
    survey(planned, "sendout", ROUND, "--only", CODE)
    monkeypatch.setattr("helpers.fieldwork.sms.mobile_numbers", lambda p: p.map(lambda _: "+4520123456"))  # fmt: skip
    _, told = survey(planned, "sms", ROUND, "--only", CODE, "--all", "--plain")
    with_phone = 46 - int(re.search(r"(\d+) no number", told)[1])
    assert "1 text messages in 1 lists" in told and f"{with_phone - 1} doubles" in told
    assert numbers_in(planned)["Nummer"].tolist() == ["+4520123456"]


def test_nobody_left_leaves_no_list(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    survey(planned, "sms", ROUND, "--only", CODE, "--all")
    assert (planned.sendout(CODE) / "sms.zip").is_file()
    assert opened(planned, "sms.zip")
    effort(planned, [("0707", "dagpenge", "sms", True)])
    result, told = survey(planned, "sms", ROUND, "--only", CODE)
    assert result.exit_code == 0 and "0 text messages in 0 lists" in told
    assert not (planned.sendout(CODE) / "sms.zip").exists()
    assert f"sendout/{CODE}/sms.zip" not in read_list(passphrase_list(planned))


def test_a_broken_plan_and_a_wrong_text_are_told_before_anything_is_written(planned):
    survey(planned, "sendout", ROUND, "--only", CODE)
    planned.effort.write_bytes(b"PAR1")
    assert "is no effort plan" in survey(planned, "sms", ROUND)[1]
    path = planned.root / f"params/rounds/{ROUND}.yml"
    path.write_text(path.read_text("utf-8") + "messages: {sms: 'Svar nu – {navn}'}\n", "utf-8")
    result, told = survey(planned, "sms", ROUND, "--all")
    assert result.exit_code == 2 and "unknown placeholder »{navn}«" in told
    assert not list(planned.sendout(CODE).glob("sms*"))


def test_a_simulated_round_is_sent_by_nobody_on_its_calendars_days(round_2024):
    from helpers.common.paths import PROJECT
    from helpers.fieldwork.mailings import _sender_cvr, clock
    from helpers.parameters.params import load_round

    demo = load_round(PROJECT, "demo")
    assert _sender_cvr(demo, CODE) == "00000000" and _sender_cvr(round_2024, CODE) is None
    assert clock(demo, "first_reminder").isoformat() == "2024-03-18T08:00:00+00:00"
    assert clock(round_2024, "first_reminder").tzinfo is not None


# --------------------------------------------------------------------- another sample than was invited


def drawn_again(paths, out: int, new: int) -> tuple[list[str], list[str]]:
    """The sample without its first `out` citizens and with `new` others, as after --redraw."""
    sample = sample_of(paths)
    replaced = paths.sample(CODE).parent / "replaced" / f"{CODE}-sample-1.parquet"
    replaced.parent.mkdir(exist_ok=True)
    sample.to_parquet(replaced)
    gone = sample["key"].iloc[:out].tolist()
    back = sample.iloc[:new].assign(key=[f"{i:032x}" for i in range(new)])
    pd.concat([sample.iloc[out:], back], ignore_index=True).to_parquet(paths.sample(CODE))
    return gone, back["key"].tolist()


@pytest.mark.parametrize("register", [True, False], ids=["register", "a round from before it"])
def test_a_reminder_is_nobodys_first_letter(planned, round_2024, register):
    """Who came into the sample gets the invitation, who left it nothing, whoever stayed a reminder."""
    first = sample_of(planned)["key"].tolist()
    assert survey(planned, "sendout", ROUND, "--only", CODE)[0].exit_code == 0
    if not register:
        planned.invited(CODE).unlink()
    gone, new = drawn_again(planned, out=6, new=4)
    result, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert result.exit_code == 0, told
    assert "4 of the sample had no invitation before this reminder" in told
    assert "6 who had the invitation are in the sample no more" in told
    assert keys_in(opened(planned, "paamindelse-1.zip")["paamindelse-1.xlsx"]) == first[6:]
    added = opened(planned, "invitation-nye.zip")
    assert keys_in(added["flettebrev-nye.xlsx"]) == new
    assert set(added) == {"flettebrev-nye.xlsx", "breve-nye.docx", sealed.READ_ME}
    made = read_mailings(planned, CODE)
    assert made["invitation"].letters == 46 and made["invitation_added"].letters == 4
    assert made["first_reminder"].left_out_not_invited == 4
    # the same reminder made again is still no letter to those whose invitation lies beside it
    survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert keys_in(opened(planned, "paamindelse-1.zip")["paamindelse-1.xlsx"]) == first[6:]
    assert keys_in(opened(planned, "invitation-nye.zip")["flettebrev-nye.xlsx"]) == new
    survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "second_reminder")
    second = keys_in(opened(planned, "paamindelse-2.zip")["paamindelse-2.xlsx"])
    assert sorted(second) == sorted([*first[6:], *new]) and not set(second) & set(gone)


def test_the_invitation_alone_for_those_who_lack_it(planned, round_2024):
    assert survey(planned, "sendout", ROUND, "--only", CODE, "--missing")[0].exit_code == 1
    survey(planned, "sendout", ROUND, "--only", CODE)
    told = survey(planned, "sendout", ROUND, "--only", CODE, "--missing")[1]
    assert "invitation added: 0 letters" in told
    assert not (planned.sendout(CODE) / "invitation-nye.zip").exists()
    _, new = drawn_again(planned, out=2, new=3)
    told = survey(planned, "status", ROUND)[1]
    assert f"{CODE}: 3 of the sample have had no invitation" in told and "2 who had it" in told
    told = survey(planned, "sendout", ROUND, "--only", CODE, "--missing")[1]
    assert "invitation added: 3 letters" in told
    assert keys_in(opened(planned, "invitation-nye.zip")["flettebrev-nye.xlsx"]) == new
    _, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert "had no invitation" not in told
    assert set(new) <= set(keys_in(opened(planned, "paamindelse-1.zip")["paamindelse-1.xlsx"]))
    status = survey(planned, "sendout", ROUND, "--missing", "--mailing", "first_reminder")[0]
    assert status.exit_code == 2


def test_who_could_not_be_written_to_before_is_invited_first(planned, round_2024):
    """Found again after the invitation: the exception is taken out, and no letter has been there."""
    keys = sample_of(planned)["key"].tolist()
    note(planned, round_2024, {keys[0]: UNREACHABLE})
    survey(planned, "sendout", ROUND, "--only", CODE)
    note(planned, round_2024, {keys[0]: UNREACHABLE}, remove=True)
    survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert keys_in(opened(planned, "paamindelse-1.zip")["paamindelse-1.xlsx"]) == keys[1:]
    assert keys_in(opened(planned, "invitation-nye.zip")["flettebrev-nye.xlsx"]) == keys[:1]


def test_no_text_message_is_anybodys_first_word(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    drawn_again(planned, out=0, new=5)
    result, told = survey(planned, "sms", ROUND, "--only", CODE, "--all")
    assert result.exit_code == 0 and "5 not invited" in told


def test_the_whole_invitation_made_again_says_who_had_it(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    drawn_again(planned, out=6, new=4)
    told = survey(planned, "sendout", ROUND, "--only", CODE)[1]
    assert "40 of this list stood in the invitation made before" in told
    told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")[1]
    assert "first_reminder: 44 letters" in told and "6 who had the invitation" in told


def test_a_register_that_cannot_be_read_is_told(planned, round_2024):
    survey(planned, "sendout", ROUND, "--only", CODE)
    planned.invited(CODE).write_text("key;made\n", "utf-8")
    result, told = survey(planned, "sendout", ROUND, "--only", CODE, "--mailing", "first_reminder")
    assert result.exit_code == 1 and "is no register of those invited" in told
    assert not (planned.sendout(CODE) / "paamindelse-1.zip").exists()
