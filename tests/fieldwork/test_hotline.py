"""The hotline's log: taken whole, once, without names."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import vault_of
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import SurveyError
from helpers.extracts.intake import take_in
from helpers.fieldwork.hotline import calls_so_far, exception_notes, log_calls
from helpers.identities.vault_key import VaultError

GOOD = """when,municipality,topic,minutes
2024-03-12T10:15,0707,linket virker ikke,4
2024-03-12T10:15,0707,linket virker ikke,4
12-03-2024 11:05,Aabenraa,Vil ikke deltage,2.5
13.03.2024 kl. 9.30,101,hvor er svarboksen,1
"""


@pytest.fixture
def told(tmp_path):
    def write(text, name="opkald.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_calls_are_logged_once(paths, round_2024, told):
    first = log_calls(paths, round_2024, told(GOOD))
    assert (first.new, first.known) == (4, 0)
    content = paths.hotline.read_bytes()
    again = log_calls(paths, round_2024, told(GOOD))
    assert (again.new, again.known) == (0, 4)
    assert paths.hotline.read_bytes() == content
    more = log_calls(paths, round_2024, told(GOOD + "2024-03-14,0825,andet,0\n"))
    assert (more.new, more.known) == (1, 4)
    calls = calls_so_far(paths)
    assert len(calls) == 5 and calls["minutes"].sum() == 11.5
    assert sorted(set(calls["municipality"])) == ["0101", "0580", "0707", "0825"]
    assert "vil ikke deltage" in set(calls["topic"]), "as the parameters spell it"
    assert content.startswith(b"\xef\xbb\xbfwhen;municipality"), "Danish Excel opens it"


def test_parts_in_any_order_are_the_same_log(paths, round_2024, told):
    head, *rows = GOOD.splitlines(keepends=True)
    for part in (rows[2:], rows[:2], rows):
        log_calls(paths, round_2024, told(head + "".join(part)))
    first = paths.hotline.read_bytes()
    paths.hotline.unlink()
    log_calls(paths, round_2024, told(GOOD))
    assert paths.hotline.read_bytes() == first


def test_danish_headings_semicolons_commas_and_excels_letters(paths, round_2024, told):
    text = (
        "Tidspunkt;Kommune;Emne;Minutter\n12-03-2024 10:15;Læsø;spørgsmål om persondata;4,5\n;;;\n"
    )
    assert log_calls(paths, round_2024, told(text, encoding="cp1252")).new == 1
    assert calls_so_far(paths)[["municipality", "minutes"]].to_numpy().tolist() == [["0825", 4.5]]


def test_a_workbook_is_read_too(paths, round_2024, tmp_path):
    path = tmp_path / "opkald.xlsx"
    when = pd.to_datetime(["2024-03-12 10:15"])
    pd.DataFrame(
        {"when": when, "municipality": [707], "topic": ["andet"], "minutes": [3]}
    ).to_excel(path, index=False)
    assert log_calls(paths, round_2024, path).new == 1
    assert calls_so_far(paths)["municipality"].tolist() == ["0707"]


def test_every_wrong_cell_is_told_and_nothing_logged(paths, round_2024, told):
    text = """when,municipality,topic,minutes,key
i går,0707,andet,4,
2024-05-12,Atlantis,ring 20 30 40 50,-1,
2024-03-12,0707,,481,xyz
"""
    with pytest.raises(SurveyError) as e:
        log_calls(paths, round_2024, told(text))
    lines = str(e.value).splitlines()
    for row, column, what in [
        (2, "when", "is no date and time"), (3, "when", "2024-05-12 lies outside the round"),
        (3, "municipality", "is no participant"), (3, "topic", "holds a number"),
        (3, "minutes", "is no number of minutes"), (4, "topic", "is empty"),
        (4, "minutes", "is no number of minutes"), (4, "key", "belongs to no drawn sample"),
    ]:  # fmt: skip
        assert any(x.startswith(f"opkald.csv, row {row}, column »{column}«: {what}") for x in lines)
    assert len(lines) == 8
    assert "20 30" not in str(e.value) and "xyz" not in str(e.value), (
        "nothing of a caller is quoted"
    )
    assert not paths.hotline.exists()


@pytest.mark.parametrize(("length", "good"), [(59, True), (60, True), (61, False)])
def test_a_topic_is_a_few_words(paths, round_2024, told, length, good):
    path = told(f"when,municipality,topic,minutes\n2024-03-12,0707,{'æ' * length},1\n")
    if good:
        assert log_calls(paths, round_2024, path).new == 1
    else:
        with pytest.raises(SurveyError, match="a note rather than a topic"):
            log_calls(paths, round_2024, path)


@pytest.mark.parametrize(
    ("minutes", "good"), [("0", True), ("480", True), ("480,5", False), ("-0.5", False)]
)
def test_minutes(paths, round_2024, told, minutes, good):
    path = told(f"when;municipality;topic;minutes\n2024-03-12;0707;andet;{minutes}\n")
    if good:
        assert log_calls(paths, round_2024, path).new == 1
    else:
        with pytest.raises(SurveyError, match="0 to 480, as 4 or 4,5"):
            log_calls(paths, round_2024, path)


def test_only_the_rounds_topics_where_it_says_so(paths, round_2024, told):
    fieldwork = round_2024.settings.fieldwork.model_copy(update={"other_hotline_topics": False})
    settings = round_2024.settings.model_copy(update={"fieldwork": fieldwork})
    with pytest.raises(SurveyError, match="row 5, column »topic«: is none of the round's topics"):
        log_calls(paths, round_2024.model_copy(update={"settings": settings}), told(GOOD))


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("when,municipality,topic", "lacks the column »minutes«"),
        ("when,municipality,topic,minutes,navn", "column 5 is none of the log's"),
        ("when,municipality,topic,minutes,minutter", "the column »minutes« stands twice"),
    ],
)
def test_columns(paths, round_2024, told, head, what):
    with pytest.raises(SurveyError, match=what):
        log_calls(paths, round_2024, told(head + "\n2024-03-12,0707,andet,4,Bo\n"))


def test_an_empty_file(paths, round_2024, told):
    with pytest.raises(SurveyError, match="holds no call"):
        log_calls(paths, round_2024, told("when,municipality,topic,minutes\n"))
    with pytest.raises(SurveyError, match="is empty"):
        log_calls(paths, round_2024, told(""))


def test_callers_to_be_left_out_are_to_be_noted(paths, round_2024, told):
    paths.sample("0580").parent.mkdir(parents=True)
    pd.DataFrame({"key": ["k1", "k2"]}).to_parquet(paths.sample("0580"))
    text = """when,municipality,topic,minutes,key
2024-03-12,0580,vil ikke deltage,4,k1
2024-03-12,0580,vil ikke deltage,4,k2
2024-03-13,0580,vil ikke deltage,4,
2024-03-13,0580,fritaget for Digital Post,4,k2
2024-03-13,0580,andet,4,k1
"""
    logged = log_calls(paths, round_2024, told(text))
    assert logged.exceptions == {"opted_out": [2, 3, 4], "exempt_digital_post": [5]}
    lines = exception_notes(paths, logged)
    assert "1 call (row 5) ask for the reason »exempt_digital_post«" in lines[0]
    assert "3 calls (rows 2–4)" in lines[1] and "exceptions.csv" in lines[1]
    assert not any("k1" in line for line in lines)
    noted = paths.data / "contact" / "exceptions.csv"
    noted.parent.mkdir()
    noted.write_text("key,reason,noted_on\nk1,opted_out,2024-03-12\n", "utf-8")
    assert log_calls(paths, round_2024, told(text)).exceptions["opted_out"] == [3, 4]
    wrong = told("when,municipality,topic,minutes,key\n2024-03-12,0707,andet,4,k1\n")
    with pytest.raises(SurveyError, match="belongs to another municipality"):
        log_calls(paths, round_2024, wrong)


def test_the_command(paths, told):
    words = ["--root", str(paths.root), "hotline", "2024-foraar"]
    done = CliRunner().invoke(app, [*words, str(told(GOOD))])
    assert done.exit_code == 0 and "4 calls logged, 0 known already" in done.output
    assert "ask for the reason »opted_out«" in done.output
    assert CliRunner().invoke(app, [*words, "nix.csv"]).exit_code == 2
    bad = CliRunner().invoke(app, [*words, str(told(GOOD.replace("0707", "9999")))])
    assert bad.exit_code == 2 and bad.output.count("is no participant") == 2


@pytest.mark.parametrize(
    "spelt", [str, str.lower, str.upper, lambda n: ", ".join(reversed(n.rsplit(" ", 1)))]
)
def test_a_name_of_the_vault_is_refused_and_not_quoted(paths, round_2024, told, spelt):
    take_in(paths, round_2024, "0825")
    name = next(n for n in vault_of(paths, "0825", round_2024)["name"] if len(n.split()) > 1)
    topic = f'"spørger for {spelt(name)}"'
    with pytest.raises(SurveyError, match="holds a citizen's name") as refused:
        log_calls(paths, round_2024, told(f"{GOOD}2024-03-14,0825,{topic},3\n"))
    words = [w for w in name.casefold().split() if len(w) > 2]
    assert not any(w in str(refused.value).casefold() for w in words)
    assert not paths.hotline.exists()
    given = name.split()[0]
    with pytest.raises(SurveyError, match="holds a citizen's name"):
        log_calls(paths, round_2024, told(f"{GOOD}2024-03-14,0825,{given} ringede igen,3\n"))
    assert log_calls(paths, round_2024, told(GOOD)).new == 4, "ordinary words are taken as before"


def test_own_words_need_the_vaults_open_and_the_rounds_topics_do_not(
    paths, round_2024, told, monkeypatch
):
    take_in(paths, round_2024, "0825")
    monkeypatch.setenv("SURVEY_KEY", "6f" * 32)
    known = round_2024.settings.fieldwork.hotline_topics[0].topic
    assert (
        log_calls(
            paths, round_2024, told(f"when,municipality,topic,minutes\n2024-03-14,0825,{known},3\n")
        ).new
        == 1
    )
    with pytest.raises(VaultError):
        log_calls(paths, round_2024, told(GOOD))
