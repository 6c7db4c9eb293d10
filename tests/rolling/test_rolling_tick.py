"""`survey tick`: what is due, once, in order, whatever happens to it."""

import datetime as dt
import io
import json
import os
import re
import shutil

import fsspec
import pandas as pd
import pytest
import pyzipper
import yaml
from conftest import TEST_KEY
from rolling_fixture import TINY, Small, copy_of, tree
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import ParameterError, SurveyError
from helpers.identities.identities import CONTACT
from helpers.identities.passphrases import passphrase_list, read_list
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.rolling import answers as rolling_answers
from helpers.rolling.log import Log, LogError
from helpers.rolling.month import SAMPLE
from helpers.rolling.months import add_months, parse_month
from helpers.rolling.places import Places
from helpers.rolling.settings import load_rolling
from helpers.rolling.tick import Tick

JANUARY = parse_month("2025-01")


@pytest.fixture
def small(tmp_path) -> Small:
    return Small(tmp_path / "root")


@pytest.fixture(scope="module")
def before_third(tmp_path_factory) -> Small:
    """Two months lived; the third's extracts and the second's answers wait for a tick that closes,
    publishes and samples."""
    made = Small(tmp_path_factory.mktemp("third") / "root", ["0161", "0741"], scale=0.2)
    made.month()
    made.month()
    made.world.write_extracts(made.inbox)
    return made


def copied(made: Small, to) -> Places:
    return Places(copy_of(made.places.root, to), made.rolling.id)


def problems(error) -> str:
    return "\n".join(map(str, error.value.problems))


# ------------------------------------------------------------------------------- once, in order


def test_a_month_from_extract_to_letters(small):
    small.world.write_extracts(small.inbox)
    told = small.tick()
    assert not told.failures and not told.waiting
    for code in TINY:
        sample = pd.read_parquet(small.places.of_month(JANUARY, code) / SAMPLE)
        letters = small.places.sendout(JANUARY, code) / "flettebrev.xlsx"
        rows = pd.read_excel(letters, dtype=str)
        assert rows["Nøgle"].tolist() == sample["key"].tolist() and len(sample)
        assert rows["CPR-nr."].str.fullmatch(r"\d{6}-\d{4}").all()
        if os.name == "posix":
            assert letters.stat().st_mode & 0o777 == 0o600
    assert not list(
        small.places.paths.extracts.iterdir()
    )  # the copy is gone; the inbox keeps its own


def test_letters_of_a_real_round_are_encrypted(tmp_path):
    small = Small(tmp_path / "root", simulated=False)
    small.world.write_extracts(small.inbox)
    assert not small.tick().failures
    passphrases = read_list(passphrase_list(small.places.paths))
    for code in TINY:
        folder = small.places.sendout(JANUARY, code)
        assert [p.name for p in folder.iterdir()] == ["invitation.zip"]
        passphrase = passphrases[f"sendout/2025-01/{code}/invitation.zip"][2]
        with pyzipper.AESZipFile(folder / "invitation.zip") as package:
            package.setpassword(passphrase.encode())
            rows = pd.read_excel(io.BytesIO(package.read("flettebrev.xlsx")), dtype=str)
        sample = pd.read_parquet(small.places.of_month(JANUARY, code) / SAMPLE)
        assert rows["Nøgle"].tolist() == sample["key"].tolist()
    was = tree(small.places.root)
    assert not small.tick().done
    assert tree(small.places.root) == was


def test_a_second_tick_of_the_day_or_month_does_nothing(before_third, tmp_path):
    places = copied(before_third, tmp_path / "root")
    day = before_third.day()
    first = Tick(places, before_third.rolling, day).run()
    assert len(first.done) == 4  # answers, February closed, results, March sampled
    was = tree(places.root)
    for later in (day, day.replace(day=28)):
        again = Tick(places, before_third.rolling, later).run()
        assert not again.done and not again.failures and not again.waiting
        assert tree(places.root) == was
        assert again.log_digest == first.log_digest


def test_missed_months_are_caught_up_in_order(tmp_path):
    """Extracts of two months lie there when the scheduler comes in the third: as if it had come."""
    regular, late = (Small(tmp_path / n) for n in ("regular", "late"))
    for _ in range(2):
        for each in (regular, late):
            each.world.write_extracts(each.inbox)
        regular.tick()
        for each in (regular, late):
            each.world.forward()
    for each in (regular, late):
        each.world.write_extracts(each.inbox)
        told = each.tick()
    assert [line[:15] for line in told.done] == [f"2025-0{m} sampled" for m in (1, 2, 3)]
    for month in (JANUARY, add_months(JANUARY, 1)):
        for code in TINY:
            a, b = (
                pd.read_parquet(s.places.of_month(month, code) / SAMPLE) for s in (regular, late)
            )
            pd.testing.assert_frame_equal(a, b)
    # the answers of a month caught up count as long as another's: January closes a month after
    assert not (late.places.month(JANUARY) / "closed.json").is_file()
    late.world.forward()
    assert sum("closed" in line for line in late.tick().done) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_killed_at_any_step_and_run_again_gives_the_same(before_third, tmp_path):
    whole = copy_of(before_third.places.root, tmp_path / "whole")
    Tick(Places(whole, before_third.rolling.id), before_third.rolling, before_third.day()).run()
    wanted = tree(whole)
    root, kills, step = tmp_path / "killed", 0, 0
    stride = int(os.environ.get("KILL_STRIDE", "9"))  # 1: at every step, in minutes
    while True:
        shutil.rmtree(root, ignore_errors=True)
        copy_of(before_third.places.root, root)
        status = _killed(before_third, root, step)
        if status == 0:
            break
        kills += 1
        Tick(Places(root, before_third.rolling.id), before_third.rolling, before_third.day()).run()
        assert tree(root) == wanted, f"killed at step {step}"
        step += stride
    assert kills * stride > 30  # every rename, deletion and line of the log


def _killed(made: Small, root, at: int) -> int:
    """Run a tick in a child process that ends without a word at its `at`-th change of a file; its status."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(function):
            def call(*args, **kwargs):
                nonlocal count
                if count == at:
                    os._exit(9)
                count += 1
                return function(*args, **kwargs)

            return call

        for name in ("replace", "unlink", "write"):
            setattr(os, name, counted(getattr(os, name)))
        try:
            Tick(Places(root, made.rolling.id), made.rolling, made.day()).run()
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status


# ------------------------------------------------------------------------------- extracts


def test_a_missing_extract_is_waited_for_until_the_last_day_and_then_skipped(small):
    small.world.write_extracts(small.inbox, frozenset({"0825"}))
    told = small.tick(9)
    assert told.waiting == ["2025-01 0825: no extract"] and not told.done
    assert small.places.of_month(JANUARY, "0741").is_dir()
    told = small.tick(10)
    assert told.done and told.done[0].endswith("without 0825.")
    entry = json.loads(small.places.log.read_text("utf-8").splitlines()[-1])
    assert entry["skipped"] == {"0825": "no extract"} and entry["municipalities"] == 1
    assert [str(p) for p in told.failures] == [
        "2025-01: no extract had come by day 10 from 0825 Læsø; the month goes on without them. "
        f"Expected: <code>-2025-01.xlsx or .csv in {small.inbox}. "
        "See to it that 2025-02 is delivered in time."
    ]
    small.world.write_extracts(small.inbox)  # too late: the month stands fast
    told = small.tick(11)
    assert not told.done and not told.failures
    assert told.notes == ["0825-2025-01.xlsx: not read; 2025-01 goes on without 0825."]


@pytest.mark.parametrize(
    "name, what",
    [
        ("825-2025-01.xlsx", "is not named as an extract"),
        ("Læsø januar.xlsx", "is not named as an extract"),
        ("0825_2025-01.csv", "is not named as an extract"),
        ("0825-2025-1.csv", "is not named as an extract"),
        ("0825-2025-01.docx", "is no workbook or CSV"),
        ("0826-2025-01.csv", "0826 takes no part"),
        ("0825-2025-13.csv", "2025-13 is no month"),
        ("0825-2024-01.csv", "2024-01 lies outside 2025-01 to 2025-02"),
        ("0825-2052-01.csv", "2052-01 lies outside 2025-01 to 2025-02"),
    ],
)
def test_a_misnamed_extract_is_named_at_every_tick_until_it_is_mended(small, name, what):
    small.world.write_extracts(small.inbox, frozenset({"0825"}))
    for passed_over in ("Thumbs.db", ".0825-2025-01.csv.part", "~$0825-2025-01.xlsx"):
        (small.inbox / passed_over).write_text("x")
    (small.inbox / name).write_text("x")
    for day in (5, 6):
        told = small.tick(day)
        [problem] = told.failures
        assert problem.where == f"{small.inbox}, {name}" and what in problem.what
        assert "0741-2025-02.xlsx" in problem.expected and problem.remedy
        assert told.waiting == ["2025-01 0825: no extract"]
    (small.inbox / name).unlink()
    assert not small.tick(7).failures


def test_a_refused_extract_is_told_and_its_mended_file_taken(small):
    small.world.write_extracts(small.inbox)
    good = next(small.inbox.glob("0741-*"))
    content = good.read_bytes()
    good.write_bytes(content.replace(b"Sygedagpengemodtager", b"Sygedagpengemodtoger"))
    told = small.tick(5)
    assert told.waiting == ["2025-01 0741: refused, 1 problem(s)"]
    assert "0741 2025-01" in str(told.failures[0]) and "unknown benefit text" in str(
        told.failures[0]
    )
    good.write_bytes(content)
    told = small.tick(6)
    assert not told.failures and "2025-01 sampled" in told.done[0]


def test_two_files_and_no_agreement_are_refused(small):
    small.world.write_extracts(small.inbox)
    (small.inbox / "0741-2025-01.txt").write_text("x")
    signed = small.places.root / f"params/agreements/{small.rolling.id}.csv"
    signed.write_text("municipality,signed\n0741,2024-11-20\n0825,2025-01-09\n")
    small.rolling = load_rolling(small.places.root, small.rolling.id)
    told = small.tick(8)
    texts = "\n".join(map(str, told.failures))
    assert "2 extracts of 0741 for 2025-01" in texts and "dated 2025-01-09, after today" in texts


def test_the_inbox_may_be_any_address(tmp_path):
    small = Small(tmp_path / "root", inbox="memory://udtraek")
    small.world.write_extracts(tmp_path / "sent")
    files = fsspec.filesystem("memory")
    files.makedirs("/udtraek", exist_ok=True)
    for path in (tmp_path / "sent").iterdir():
        files.pipe(f"/udtraek/{path.name}", path.read_bytes())
    assert "2025-01 sampled" in small.tick().done[0]
    with pytest.raises(ParameterError, match="cannot be opened"):
        other = Small(tmp_path / "other", inbox="nothing://x")
        Tick(other.places, other.rolling, other.day()).run()


# ------------------------------------------------------------------------------- answers


def test_exports_come_twice_out_of_order_and_late(small, monkeypatch):
    small.month()
    responses = small.places.paths.responses
    export = responses / "svar-2025-01.csv"
    rows = pd.read_csv(export, dtype=str, keep_default_na=False)
    answered = rows[rows["status"] == "completed"]
    key = answered["key"].iloc[0]
    newer = answered[answered["key"] == key].assign(submitted_at="2025-01-31T20:00:00", q13="5")
    older = newer.assign(submitted_at="2025-01-02T08:00:00", q13="1")
    newer.to_csv(responses / "a-newer.csv", index=False)
    older.to_csv(responses / "z-older.csv", index=False)
    shutil.copy(export, responses / "again.csv")
    small.world.write_extracts(small.inbox)
    told = small.tick()
    assert "3 exports read" in told.done[0]  # the copy is the same file
    frozen = rolling_answers.closed_counts(small.places, JANUARY)
    gathered = pd.concat(
        pd.read_parquet(small.places.of_month(JANUARY, c) / "asked.parquet") for c in TINY
    )
    assert (
        frozen["answered"]
        == int(gathered["responded"].sum())
        == len(rows[rows["status"].isin(["completed", "partial"])])
    )
    assert (gathered["q13"] == 5).sum() == (
        (rows["key"] != key) & rows["status"].isin(["completed", "partial"]) & (rows["q13"] == "5")
    ).sum() + 1
    assert {"person_id", "key", "q14_text"}.isdisjoint(gathered.columns)
    assert not (small.places.data / "sendout" / "2025-01").exists()
    was = tree(small.places.root)
    newer.assign(q13="2").to_csv(responses / "late.csv", index=False)
    assert small.tick().done == ["1 exports read: 0 rows, 1 too late to count."]
    now = tree(small.places.root)
    changed = {k for k in now if was.get(k) != now[k]}
    assert all(
        k.endswith(("late.csv", "log.jsonl", "files.json", "answers.parquet")) for k in changed
    )


def test_unknown_and_foreign_keys_are_refused_with_their_rows(small):
    small.month()
    responses = small.places.paths.responses
    export = responses / "svar-2025-01.csv"
    rows = pd.read_csv(export, dtype=str, keep_default_na=False)
    sample = pd.read_parquet(small.places.of_month(JANUARY, "0825") / SAMPLE)
    own = rows[rows["key"].isin(sample["key"])]
    own.to_csv(responses / "0741-svar.csv", index=False)
    rows.assign(key=["x" * 32, *rows["key"].iloc[1:]], q02="9").to_csv(export, index=False)
    told = small.tick()
    texts = "\n".join(map(str, told.failures))
    assert f"{len(own)} keys belong to other municipalities (rows 2" in texts
    assert "1 keys were never given (rows 2)" in texts and "is no answer from 1 to 6" in texts
    assert "x" * 32 not in texts
    log = small.places.log.read_text("utf-8")
    assert log.count("export refused") == 2
    small.tick()
    assert small.places.log.read_text("utf-8") == log  # told again, logged once


# ------------------------------------------------------------------------------- identities


def test_identities_of_who_left_are_emptied_and_ids_never_reused(tmp_path):
    small = Small(tmp_path / "root", months_between_invitations=2, retention_months=2)
    for _ in range(4):
        small.month()
    key = key_of_round(small.rolling.round.settings, small.places.root)
    vault = read_vault(small.places.paths.vault("0741"), key, small.rolling.id, "0741")
    emptied = (vault[CONTACT] == "").all(axis=1)
    assert emptied.any() and not emptied.all()
    assert vault["person_id"].is_unique and vault.loc[~emptied, "cpr"].is_unique
    left = small.places.of_month(add_months(JANUARY, 3), "0741") / "registry.parquet"
    assert not vault.loc[emptied, "person_id"].isin(pd.read_parquet(left)["person_id"]).any()
    # everybody of the latest extract is known
    assert len(pd.read_parquet(left)) == (~emptied).sum() - _gone_since(small, vault, emptied)


def _gone_since(small: Small, vault: pd.DataFrame, emptied: pd.Series) -> int:
    """Persons forgotten by the latest month's registry, whose identity the next month empties."""
    latest = small.places.of_month(add_months(JANUARY, 3), "0741") / "registry.parquet"
    return int((~vault.loc[~emptied, "person_id"].isin(pd.read_parquet(latest)["person_id"])).sum())


# ------------------------------------------------------------------------------- log


def test_the_log_holds_counts_and_breaks_where_it_is_changed(before_third):
    lines = before_third.places.log.read_text("utf-8").splitlines()
    assert [json.loads(line)["name"].split()[0] for line in lines] == [
        "begun", "sampled", "answers", "closed", "sampled",
    ]  # fmt: skip
    assert not re.search(r"\d{6}-?\d{4}", re.sub(r'"[0-9a-f]{64}"', "", "\n".join(lines)))
    path = before_third.places.root / "changed.jsonl"
    for number in range(len(lines)):
        changed = [*lines]
        changed[number] = changed[number].replace('"on": "2025', '"on": "2024')
        for spoiled in (changed, lines[:number] + lines[number + 1 :]):
            path.write_text("\n".join(spoiled) + "\n", "utf-8")
            if number < len(lines) - 1:
                with pytest.raises(LogError, match="has been changed"):
                    Log(path)
    path.write_text("\n".join(lines) + '\n{"name": "half', "utf-8")
    log = Log(path)
    log.append("more", "2025-03-10", count=1)
    log.append("more", "2025-03-11", count=2)
    assert (
        len(path.read_text("utf-8").splitlines()) == len(lines) + 1 and Log(path).last == log.last
    )


def test_what_decides_who_was_asked_may_not_change(before_third, tmp_path):
    places = copied(before_third, tmp_path / "root")
    path = places.root / f"params/rolling/{before_third.rolling.id}.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | {"seed": 7, "months_between_invitations": 6}
    path.write_text(yaml.safe_dump(content), "utf-8")
    was = tree(places.root)
    with pytest.raises(SurveyError) as error:
        Tick(places, load_rolling(places.root, before_third.rolling.id), before_third.day()).run()
    assert "`seed`: is 7" in problems(error) and "months_between_invitations`: is 6" in problems(
        error
    )
    assert tree(places.root) == was


# ------------------------------------------------------------------------------- parameters, command


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"window_month": 12}, "Did you mean »window_months«?"),
        ({"first_month": "2025-13"}, "first_month"),
        ({"blocks": [{"block_months": 5}]}, "5 months do not go into a window of 12"),
        ({"blocks": [{"up_to_yearly_answers": 9, "block_months": 3}]}, "last band must be open"),
        ({"retention_months": 11}, "must be known for months_between_invitations (12)"),
        ({"min_window_months": 13}, "13 are more than the window's 12"),
        ({"age_bands": [18, 30]}, "must start at the youngest age 16"),
        ({"questionnaire": "2042"}, "2042"),
        ({"participants": ["9999"]}, "unknown municipality »9999«"),
        ({"rolling": "another"}, "»demo-rullende«, as the file"),
        ({"disclosure": {"min_answers": 4}}, "disclosure.min_answers"),
    ],
)
def test_wrong_parameters_are_told(root, changed, told):
    path = root / "params/rolling/demo-rullende.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | changed
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    with pytest.raises(ParameterError) as error:
        load_rolling(root, "demo-rullende")
    assert told in problems(error)


def test_all_troubles_at_once_and_no_name_of_a_round(root):
    path = root / "params/rolling/demo-rullende.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | {
        "rolling": "demo", "blocks": [{"block_months": 5}, {"block_months": 7}],
        "participants": ["9999"],
    }  # fmt: skip
    (root / "params/rolling/demo.yml").write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(ParameterError) as error:
        load_rolling(root, "demo")
    for told in ("5 months", "7 months", "9999", "a round has this name too", "must rise"):
        assert told in problems(error)


def test_the_command(tmp_path):
    small = Small(tmp_path / "root")
    small.world.write_extracts(small.inbox, frozenset({"0825"}))

    def survey(*args: str):
        return CliRunner().invoke(
            app, ["--root", str(small.places.root), "tick", *args], env={"SURVEY_KEY": TEST_KEY}
        )

    for args, told in (
        (("demo-rulende",), "Did you mean »demo-rullende«?"),
        (("demo-rullende", "--today", "10/3"), "is no day"),
    ):
        wrong = survey(*args)
        assert wrong.exit_code == 2 and told in wrong.output
    assert not small.places.log.exists()
    waiting = survey("demo-rullende", "--today", "2025-01-09")
    assert waiting.exit_code == 0 and "Waiting until day 10" in waiting.output
    done = survey("demo-rullende", "--today", "2025-01-10")
    assert done.exit_code == 1 and "2025-01 sampled" in done.output, "the missing one is a failure"
    assert "no extract had come by day 10 from 0825 Læsø" in done.output
    assert "Nothing is due." in survey("demo-rullende", "--today", "2025-01-10").output
    (small.places.paths.responses).mkdir(exist_ok=True)
    (small.places.paths.responses / "wrong.csv").write_text("a,b\n1,2\n")
    failed = survey("demo-rullende", "--today", "2025-01-11")
    assert failed.exit_code == 1 and "has no columns »key« and »status«" in failed.output


def test_a_real_round_is_not_taken_ahead_of_the_calendar(tmp_path):
    small = Small(tmp_path / "root", simulated=False)
    ahead = (dt.date.today() + dt.timedelta(days=1)).isoformat()
    told = CliRunner().invoke(
        app, ["--root", str(small.places.root), "tick", "demo-rullende", "--today", ahead]
    )
    assert told.exit_code == 2 and "has not come" in told.output
