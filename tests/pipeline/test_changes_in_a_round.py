"""A municipality withdraws, an export or an extract is taken out: what was made of it goes, the rest of
the round goes on."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from conftest import SIMULATED, Finished
from typer import Exit
from typer.main import get_command
from typer.testing import CliRunner

from helpers.answers.responses import counts_as_answer
from helpers.cli.main import app
from helpers.cli.run import _confirm_redraw
from helpers.cli.state import State
from helpers.common.errors import SurveyError
from helpers.common.paths import KEEP_VARIABLE, PROJECT, REDRAW_VARIABLE, ROOT_VARIABLE, Paths
from helpers.common.store import Store
from helpers.fieldwork.sendout import write_sendout
from helpers.identities.passphrases import passphrase_list, read_list, write_list
from helpers.parameters.params import load_round
from helpers.pipeline.belonging import leaving
from helpers.pipeline.engine import Workers, perform
from helpers.pipeline.records import Snapshot
from helpers.pipeline.run import run_round
from simulator import write_extracts, write_responses

CODE, NAME = "0825", "Læsø"


class InProcess(Workers):
    """Performs the tasks here, one after the other: a round of three islands needs no other processes."""

    count, dashboard = 1, None

    def perform(self, tasks):
        for task in tasks:
            try:
                yield task, perform(task)
            except SurveyError as error:
                yield task, error


@pytest.fixture(scope="module", autouse=True)
def in_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("helpers.pipeline.run.Workers", InProcess)
        for name in (ROOT_VARIABLE, REDRAW_VARIABLE, KEEP_VARIABLE):
            patch.setenv(name, "")  # and so set back
        yield


STAGES = ["intake", "plan", "analyse", "release"]  # reports take long, and hold nothing else


@pytest.fixture(scope="module")
def islands(tmp_path_factory: pytest.TempPathFactory, in_process: None) -> Paths:
    """Three islands of the simulated round, run to the release; a file each where reports would lie."""
    root = tmp_path_factory.mktemp("islands")
    shutil.copytree(PROJECT / "params", root / "params")
    path = root / f"params/rounds/{SIMULATED}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content |= {
        "participants": ["0563", "0741", CODE],
        "earlier_rounds": [],
        "retention_until": "2099-12-31",
    }
    content["models"]["bootstrap_replicates"] = 100
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    paths, round_ = Paths(root, SIMULATED), load_round(root, SIMULATED)
    write_extracts(root, SIMULATED)
    assert run_round(root, round_, stages=STAGES).failures == []
    for place in round_.participants:
        write_sendout(paths, round_, place.code)
    write_responses(root, SIMULATED)
    assert run_round(root, round_, stages=STAGES).failures == []
    for place in round_.participants:
        for file in (
            paths.report_folder(place) / "rapport.html",
            paths.national_folder / "rapport.html",
        ):
            file.parent.mkdir(exist_ok=True)
            file.write_text("x")
        package = paths.data / "delivery" / f"{place.folder}.zip"
        package.parent.mkdir(exist_ok=True)
        package.write_bytes(b"x")
    listed = {f"{m.folder}.zip": (m.name, f"{m.folder}.zip", "k") for m in round_.participants}
    write_list(passphrase_list(paths), listed)
    return paths


@pytest.fixture
def copy(islands: Paths, tmp_path: Path) -> Paths:
    root = tmp_path / "root"
    shutil.copytree(islands.root, root)
    return Paths(root, SIMULATED)


@pytest.fixture
def whole(finished: Finished, tmp_path: Path) -> Paths:
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root, root)
    return Paths(root, SIMULATED)


def survey(paths: Paths, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["--root", str(paths.root), *arguments])
    return result.exit_code, " ".join(result.output.split())


def round_of(paths: Paths):
    return load_round(paths.root, paths.round_id)


def run(paths: Paths, stages=tuple(STAGES)):
    return run_round(paths.root, round_of(paths), stages=stages)


def released(paths: Paths) -> set[str]:
    return set(pd.read_parquet(paths.build / "released.parquet")["municipality"])


def nothing_of(paths: Paths, code: str) -> None:
    """No number of the municipality in what may leave, and no result of it beside."""
    for name in ("released", "comparisons", "response", "drivers"):
        table = pd.read_parquet(paths.build / f"{name}.parquet")
        assert code not in set(table["municipality"]), name
    assert not list(paths.build.glob(f"{code}*"))
    assert not list(paths.build.rglob(f"*{code}*"))
    for folder in ("estimates", "weighted", "texts", "delivery"):
        assert not list((paths.data / folder).glob(f"{code}*")), folder
    assert not paths.answers(code).exists()


def manifest_of(paths: Paths) -> dict:
    return json.loads((paths.build / "manifest.json").read_text("utf-8"))


# ---------------------------------------------------------------------------------- taken out by hand


def test_an_export_taken_out_takes_its_numbers_along(copy):
    package = next((copy.data / "delivery").glob(f"{CODE}*"))
    for path in copy.responses.glob(f"{CODE}-*"):
        path.unlink()
    summary = run(copy)
    assert summary.failures == []
    assert any(f"Answers from {CODE} {NAME}" in told for told in summary.waiting)
    assert any(f"Left the round: the results of {CODE} {NAME}" in n for n in summary.notes)
    nothing_of(copy, CODE)
    assert package.name not in read_list(passphrase_list(copy))
    assert copy.sample(CODE).is_file() and copy.population(CODE).is_file()


def test_an_export_taken_out_and_put_back_gives_the_same_numbers(copy):
    before = (copy.build / "released.parquet").read_bytes()
    held = {p: p.read_bytes() for p in copy.responses.glob(f"{CODE}-*")}
    for path in held:
        path.unlink()
    assert run(copy).failures == []
    assert (copy.build / "released.parquet").read_bytes() != before
    for path, content in held.items():
        path.write_bytes(content)
    assert run(copy).failures == []
    assert (copy.build / "released.parquet").read_bytes() == before


def test_all_exports_taken_out_leave_nothing_released(copy):
    kept = {"kalender.ics"}
    for path in copy.responses.glob("*-svar*"):
        path.unlink()
    summary = run(copy)
    assert summary.failures == [] and "exports" in summary.waiting[0]
    assert {p.name for p in copy.build.rglob("*") if p.is_file()} <= kept
    assert not list(copy.responses.glob("*.parquet")) and copy.sample(CODE).is_file()
    assert not list((copy.data / "estimates").glob("*"))
    assert survey(copy, "status", SIMULATED)[0] == 0
    assert survey(copy, "deliver", SIMULATED)[0] == 2
    assert read_list(passphrase_list(copy)) == {}


def test_an_export_that_cannot_be_read_takes_no_numbers_away(copy):
    """What is not well is told, and what was made of it before stays until it is mended."""
    path = next(copy.responses.glob(f"{CODE}-*"))
    whole = copy.answers(CODE).read_bytes()
    path.unlink()
    (copy.responses / "alle.csv").write_text("key,status\nx,completed\n", "utf-8")
    summary = run(copy, stages=["analyse"])
    assert "runden" in summary.failed and summary.waiting == []
    assert copy.answers(CODE).read_bytes() == whole and copy.estimates(CODE).is_file()


@pytest.mark.parametrize("letters", [True, False])
def test_an_extract_taken_out_takes_its_numbers_along(copy, letters):
    if not letters:
        shutil.rmtree(copy.sendout(CODE))
        for path in copy.responses.glob(f"{CODE}*"):
            path.unlink()
    sample = copy.sample(CODE).read_bytes()
    extract = next(copy.extracts.glob(f"{CODE}*"))
    held = extract.read_bytes()
    extract.unlink()
    summary = run(copy)
    assert [(f.municipality, f.stage) for f in summary.failures] == [(CODE, "intake")]
    assert any("its extract has been taken out" in n for n in summary.notes)
    assert CODE not in released(copy)
    assert not list(copy.build.glob(f"{CODE}*")) and not copy.estimates(CODE).exists()
    assert copy.sample(CODE).exists() == letters == copy.population(CODE).exists()
    extract.write_bytes(held)
    assert run(copy).failures == []
    assert copy.sample(CODE).read_bytes() == sample
    assert (CODE in released(copy)) == letters


def test_identities_deleted_on_record_take_nothing_along(copy):
    assert survey(copy, "forget", SIMULATED, "--municipality", CODE, "--yes")[0] == 0
    assert leaving(Snapshot(Store(str(copy.root)), round_of(copy))) == []
    summary = run(copy)
    assert summary.failures == []
    assert CODE in released(copy)


def test_a_finished_round_loses_nothing(whole):
    assert leaving(Snapshot(Store(str(whole.root)), round_of(whole))) == []


# ------------------------------------------------------------------------------------------ withdrawn


def withdraw(paths: Paths, named: str = CODE, reason: str = "for få borgere") -> str:
    status, told = survey(paths, "participants", SIMULATED, "--withdraw", named, "--reason", reason)
    assert status == 0, told
    return told


def test_in_a_whole_round_its_results_leave_and_the_others_go_on(whole):
    assert survey(whole, "deliver", SIMULATED)[0] == 0
    before = {c: whole.sample(c).read_bytes() for c in ("0707", CODE)}
    told = withdraw(whole, NAME)
    assert f"Written: params/rounds/{SIMULATED}.yml" in told
    assert f"Written: params/withdrawals/{SIMULATED}.csv" in told
    assert f"survey forget {SIMULATED} --municipality {CODE}" in told
    assert not list(whole.build.glob(f"{CODE}*")), "its folder goes at once"
    status, refused = survey(whole, "deliver", SIMULATED)
    assert status == 1 and f"holds numbers of {CODE} {NAME}" in refused
    summary = run_round(whole.root, round_of(whole), jobs=2)
    assert summary.failures == [] and summary.waiting == []
    assert any("citizens of 0825 Læsø, which takes no part any more" in n for n in summary.notes)
    nothing_of(whole, CODE)
    manifest = manifest_of(whole)
    assert manifest["without_results"] == [] and manifest["failed"] == []
    assert len(manifest["municipalities"]) == 5 and CODE not in manifest["municipalities"]
    assert not any(name.startswith(CODE) for name in manifest["files"])
    assert NAME not in (whole.build / "index.html").read_text("utf-8")
    # delivered before: the country's numbers stand fast, and say whose answers they still hold
    country = (whole.national_folder / "rapport.html").read_text("utf-8")
    assert "stadig svar fra Læsø Kommune" in " ".join(country.split())
    assert any("stand fast as published" in n for n in summary.notes)
    assert {c: whole.sample(c).read_bytes() for c in before} == before
    status, told = survey(whole, "status", SIMULATED)
    assert status == 0 and f"Withdrawn: {CODE} {NAME}" in told and "for få borgere" in told
    assert "citizens passed over" in told
    assert survey(whole, "deliver", SIMULATED)[0] == 0
    assert not list((whole.data / "delivery").glob(f"{CODE}*"))
    assert run_round(whole.root, round_of(whole), jobs=2).unchanged == summary.done


def test_its_identities_can_be_forgotten_at_once_and_nobody_elses(copy):
    withdraw(copy)
    status, told = survey(copy, "forget", SIMULATED, "--municipality", CODE)
    assert status == 0, told
    assert not copy.vault(CODE).exists() and not list(copy.extracts.glob(f"{CODE}*"))
    assert survey(copy, "forget", SIMULATED, "--municipality", "0741")[0] == 1
    assert copy.vault("0741").exists()
    record = json.loads((copy.data / "forgotten.json").read_text("utf-8"))
    assert [r["municipality"] for r in record] == [CODE]
    assert run(copy).failures == []
    nothing_of(copy, CODE)
    again = run(copy)
    assert again.failures == [] and again.unchanged == again.done


def test_one_taken_out_of_the_file_by_hand_stops_nobody_and_is_told(copy):
    path = copy.root / f"params/rounds/{SIMULATED}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["participants"].remove(CODE)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    assert CODE not in round_of(copy).settings.participants
    summary = run(copy)
    assert summary.failures == []
    assert any(f"--withdraw {CODE} --reason" in n for n in summary.notes)
    nothing_of(copy, CODE)
    status, told = survey(copy, "forget", SIMULATED, "--municipality", CODE)
    assert status == 1 and "--withdraw" in told, "nothing says that it withdrew"
    withdraw(copy)
    assert survey(copy, "forget", SIMULATED, "--municipality", CODE)[0] == 0


def test_after_retention_those_that_are_out_are_forgotten_with_the_others(copy):
    withdraw(copy)
    assert survey(copy, "forget", SIMULATED, "--yes")[0] == 0
    assert not list(copy.vault_folder.glob("*")) and not list(copy.extracts.glob("*"))


def test_taken_back_it_has_its_sample_and_its_numbers_again(copy):
    before = (copy.build / "released.parquet").read_bytes()
    sample = copy.sample(CODE).read_bytes()
    withdraw(copy)
    assert run(copy).failures == [] and CODE not in released(copy)
    status, told = survey(copy, "participants", SIMULATED, "--rejoin", NAME)
    assert status == 0 and f"New: {CODE} {NAME}" in told
    assert round_of(copy).withdrawn == {} and len(round_of(copy).withdrawals) == 1
    assert run(copy).failures == []
    assert copy.sample(CODE).read_bytes() == sample
    assert (copy.build / "released.parquet").read_bytes() == before


def test_an_export_of_one_that_is_out_cannot_stop_the_round(copy):
    withdraw(copy)
    (copy.responses / f"{CODE}-halv.csv").write_text("key,status\nprøve,completed\n", "utf-8")
    summary = run(copy, stages=["analyse"])
    assert summary.failures == []
    assert any(f"for {CODE} {NAME} takes no part any more" in n for n in summary.notes)


def test_the_last_one_withdraws(copy):
    for code in round_of(copy).settings.participants:
        withdraw(copy, code)
    assert {p.name for p in copy.build.rglob("*") if p.is_file()} <= {"kalender.ics"}
    assert survey(copy, "forget", SIMULATED, "--municipality", CODE)[0] == 0
    assert survey(copy, "run", SIMULATED)[0] == 2


# ------------------------------------------------------------------- as docs/changes-in-a-round.md says

DOCUMENT = PROJECT / "docs/changes-in-a-round.md"


def test_every_command_of_the_document_is_one():
    commands = get_command(app).commands
    found = re.findall(r"`survey ([a-z]+) ([^`]*)`", DOCUMENT.read_text("utf-8"))
    assert len(found) >= 12
    for name, rest in found:
        options = {o for p in commands[name].params for o in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options, (name, rest)


def test_a_municipality_joins_late(copy, tmp_path):
    """The others have letters and answers, in one export for all; the joiner is bound by none of it."""
    late = "0482"
    exports = [pd.read_csv(p, dtype="str") if p.suffix == ".csv" else pd.read_excel(p, dtype="str")
               for p in copy.responses.glob("*-svar*")]  # fmt: skip
    pd.concat(exports).to_csv(copy.responses / "alle.csv", index=False)
    before = {c: copy.sample(c).read_bytes() for c in round_of(copy).settings.participants}
    day = round_of(copy).settings.calendar.sign_up.end
    file = tmp_path / "sen.csv"
    file.write_text(f"Kommune;Tilmeldt\nLangeland;{day.replace(day=day.day + 5)}\n", "utf-8")
    assert survey(copy, "participants", SIMULATED, str(file))[0] == 2
    status, told = survey(copy, "participants", SIMULATED, str(file), "--late")
    assert status == 0 and "New: 0482 Langeland" in told
    write_extracts(copy.root, SIMULATED)
    only = ["--only", late, "--stage", "intake", "--stage", "plan"]
    assert survey(copy, "run", SIMULATED, *only)[0] == 0
    path = next(copy.extracts.glob(f"{late}*"))
    held = path.read_bytes()
    shorten(path)
    status, told = survey(copy, "run", SIMULATED, *only)
    assert status == 0, "nobody has letters, so its sample follows a corrected extract"
    path.write_bytes(held)
    assert survey(copy, "run", SIMULATED, *only)[0] == 0
    assert survey(copy, "sendout", SIMULATED, "--only", late, "--plain")[0] == 0
    reminder = ["--mailing", "first_reminder", "--only"]
    assert survey(copy, "sendout", SIMULATED, *reminder, late)[0] == 0
    assert {c: copy.sample(c).read_bytes() for c in before} == before
    write_responses(copy.root, SIMULATED)
    summary = run(copy)
    assert summary.failures == [] and summary.waiting == []
    assert released(copy) - {"national"} == {*before, late}


def shorten(extract: Path) -> None:
    """The extract without its last twenty persons: a corrected one."""
    if extract.suffix == ".csv":
        extract.write_bytes(b"\r\n".join(extract.read_bytes().split(b"\r\n")[:-21]) + b"\r\n")
        return
    book = openpyxl.load_workbook(extract)
    sheet = max(book.worksheets, key=lambda s: s.max_row)
    sheet.delete_rows(sheet.max_row - 19, 20)
    book.save(extract)


def corrected(paths: Paths) -> None:
    shorten(next(paths.extracts.glob(f"{CODE}*")))


def test_a_corrected_extract_after_the_letters_with_the_sample_kept(copy):
    corrected(copy)
    sample = copy.sample(CODE).read_bytes()
    plan = ["--only", CODE, "--stage", "intake", "--stage", "plan"]
    status, told = survey(copy, "run", SIMULATED, *plan)
    assert status == 1 and f"--keep-sample {CODE} --reason TEXT" in told
    for wrong in (["--keep-sample", CODE], ["--reason", "x"], ["--keep-sample", "0101", "--reason", "x"],
                  ["--keep-sample", CODE, "--reason", "x", "--redraw"]):  # fmt: skip
        assert survey(copy, "run", SIMULATED, *wrong)[0] == 2
    keep = ["--keep-sample", CODE, "--reason", "brevene er ude"]
    status, told = survey(copy, "run", SIMULATED, *plan, *keep)
    assert status == 0 and f"{CODE} {NAME}: the frozen sample is kept, as decided" in told
    assert "(brevene er ude)" in told and "citizens would leave it" in told
    kept = json.loads(copy.kept_sample(CODE).read_text("utf-8"))
    assert kept["decided_on"] and kept["decided_by"] and kept["reason"] == "brevene er ude"
    again = run(copy)
    assert again.failures == [] and copy.sample(CODE).read_bytes() == sample
    assert any("(brevene er ude)" in note for note in again.notes)
    assert CODE in released(copy)
    corrected(copy)
    status, told = survey(copy, "run", SIMULATED, *plan)
    assert status == 1, "another extract is another question"
    told = survey(copy, "run", SIMULATED, "--stage", "plan", "--keep-sample", "0741", "--reason", "x")[1]  # fmt: skip
    assert "0741 Samsø: nothing was to be decided" in told


def test_drawn_again_after_the_letters(copy):
    corrected(copy)
    sample = pd.read_parquet(copy.sample(CODE))
    held = {p: p.read_bytes() for p in copy.root.rglob("*") if p.is_file() and p.name != ".lock"}
    redraw = ["run", SIMULATED, "--only", CODE, "--stage", "intake", "--stage", "plan", "--redraw"]
    status, told = survey(copy, *redraw)
    assert status == 2 and "Say --yes to draw again. Nothing was written." in told
    assert re.search(
        r"0825 Læsø, \w+: \d+ would leave, \d+ would come in; \d+ of \d+ answers", told
    )
    now = {p: p.read_bytes() for p in copy.root.rglob("*") if p.is_file() and p.name != ".lock"}
    assert now == held
    lost = int(re.search(r"In all (\d+) answers would be lost", told)[1])
    status, told = survey(copy, *redraw, "--yes")
    after = pd.read_parquet(copy.sample(CODE))
    gone = sample[~sample["key"].isin(after["key"])]
    assert status == 0 and len(gone) > 0
    assert f"{len(gone)} who had it are in the sample no more" in told
    answers = pd.read_parquet(copy.answers(CODE))
    counted = answers[counts_as_answer(answers, round_of(copy))]
    assert lost == counted["key"].isin(gone["key"]).sum()
    summary = run(copy)
    assert summary.failures == []
    assert any(f"in its sample no more ({CODE} {NAME})" in note for note in summary.notes)
    assert not pd.read_parquet(copy.answers(CODE))["key"].isin(gone["key"]).any()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of its own is a thing of Unix")
@pytest.mark.parametrize(("typed", "status"), [("yes", 0), ("no", 2), ("", 2)])
def test_at_a_terminal_it_asks(copy, typed, status):
    import pty

    corrected(copy)
    before = copy.sample(CODE).read_bytes()
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    with open(theirs, "r+b", buffering=0) as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", os.fdopen(os.dup(terminal.fileno()), "r"))
        with pytest.raises(Exit) if status else nullcontext():
            patch.setattr(State, "address", str(copy.root))
            _confirm_redraw(round_of(copy), [CODE], STAGES, yes=False)
    os.close(ours)
    assert copy.sample(CODE).read_bytes() == before
