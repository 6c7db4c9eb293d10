"""Intake of the six example extracts: the expected counts exactly, identities apart."""

import datetime as dt
import json
import re

import pandas as pd
import pytest
from conftest import EXTRACTS, REFERENCE, SIX, vault_of

from helpers.common.errors import ExtractError
from helpers.extracts import intake
from helpers.extracts.intake import find_extracts, take_in
from helpers.extracts.intake_history import add_to_history, read_history
from helpers.extracts.intake_record import keep_result, merge
from helpers.identities.vault_key import VaultError
from helpers.parameters.params import load_round

EXPECTED = json.loads((EXTRACTS / "expected.json").read_text("utf-8"))


def recorded(paths, round_, *results) -> dict:
    """`intake.json` after these results."""
    for result in results:
        keep_result(paths, result)
    merge(paths, round_)
    return json.loads(paths.intake.read_text("utf-8"))


def test_counts_of_the_six_files_are_met_exactly(paths, round_2024):
    record = recorded(paths, round_2024, *(take_in(paths, round_2024, code) for code in SIX))
    assert {k: record[k] for k in EXPECTED} == EXPECTED
    assert record["refused"] == {}


def test_identities_lie_only_in_the_vault(paths, round_2024):
    take_in(paths, round_2024, "0825")
    vault = vault_of(paths, "0825", round_2024)
    assert {"cpr", "name", "phone"} <= set(vault.columns)
    population = pd.read_parquet(paths.population("0825"))
    assert not {"cpr", "name", "phone", "birth_date"} & set(population.columns)
    cells = population.to_csv()
    assert not any(number in cells for number in vault["cpr"])
    assert not any(name in cells for name in vault["name"])
    assert not re.search(r"\b\d{6}-?\d{4}\b", cells)


def test_persons_keep_their_id_when_the_extract_is_corrected(paths, round_2024):
    take_in(paths, round_2024, "0741")
    before = vault_of(paths, "0741", round_2024).set_index("cpr")["person_id"]
    path = find_extracts(paths, "0741")[0]
    lines = path.read_text("cp1252").splitlines()
    corrected = [lines[0], *reversed(lines[5:])]
    path.write_text("\n".join(corrected), "cp1252")
    take_in(paths, round_2024, "0741")
    after = vault_of(paths, "0741", round_2024).set_index("cpr")["person_id"]
    assert after.loc[before.index].equals(before)
    assert len(pd.read_parquet(paths.population("0741"))) == len(before) - 4


def test_ids_of_a_real_round_are_random(paths, round_2024):
    take_in(paths, round_2024, "0825")
    first = vault_of(paths, "0825", round_2024)["person_id"]
    paths.vault("0825").unlink()
    take_in(paths, round_2024, "0825")
    assert not set(first) & set(vault_of(paths, "0825", round_2024)["person_id"])


def test_the_vault_is_encrypted(paths, round_2024):
    take_in(paths, round_2024, "0825")
    vault = vault_of(paths, "0825", round_2024)
    content = paths.vault("0825").read_bytes()
    for column in ("cpr", "name"):
        assert not any(value.encode() in content for value in vault[column])


@pytest.mark.parametrize("signed", [None, dt.date.today() + dt.timedelta(1)])
def test_no_extract_is_opened_before_the_agreement_is_signed(
    paths, round_2024, signed, monkeypatch
):
    opened = []
    monkeypatch.setattr(intake, "read_files", lambda *a: opened.append(a))
    agreements = {k: v for k, v in round_2024.agreements.items() if k != "0825"}
    without = round_2024.model_copy(
        update={"agreements": agreements | ({"0825": signed} if signed else {})}
    )
    with pytest.raises(ExtractError, match="data processing agreement with 0825") as caught:
        take_in(paths, without, "0825")
    assert "params/agreements/2024-foraar.csv" in str(caught.value)
    assert not opened and not paths.vault("0825").exists()


def test_no_extract_is_opened_without_a_key(paths, round_2024, monkeypatch, tmp_path):
    monkeypatch.delenv("SURVEY_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "nobody"))
    with pytest.raises(VaultError, match="survey key new"):
        take_in(paths, round_2024, "0825")
    assert not paths.population("0825").exists()


def test_a_refused_file_leaves_what_was_there(paths, round_2024):
    good = take_in(paths, round_2024, "0741")
    recorded(paths, round_2024, good)
    before = paths.population("0741").read_bytes(), paths.vault("0741").read_bytes()
    path = find_extracts(paths, "0741")[0]
    text = path.read_text("cp1252").replace("2 Jobparat kontanthjælpsmodtager", "2 Jobklar", 1)
    path.write_text(text, "cp1252")
    refused = take_in(paths, round_2024, "0741")
    assert isinstance(refused.error, ExtractError)
    record = recorded(paths, round_2024, refused)
    assert (paths.population("0741").read_bytes(), paths.vault("0741").read_bytes()) == before
    assert record["files"]["0741-samsoe.csv"] == EXPECTED["files"]["0741-samsoe.csv"]
    assert "Jobklar" in json.dumps(record["refused"])


def test_a_file_that_cannot_be_read_is_in_the_record_too(paths, round_2024):
    path = find_extracts(paths, "0825")[0]
    path.write_bytes(b"no workbook")
    refused = take_in(paths, round_2024, "0825")
    record = recorded(paths, round_2024, refused)
    assert "broken or no workbook" in record["refused"][path.name][0]["problem"]
    assert record["files"] == {}


def test_no_extract_and_two_extracts(paths, round_2024):
    [path] = find_extracts(paths, "0741")
    good = take_in(paths, round_2024, "0741")
    path.with_name("0741-igen.csv").write_bytes(path.read_bytes())
    assert len(find_extracts(paths, "0741")) == 2
    refused = take_in(paths, round_2024, "0741")
    assert "0741-igen.csv / 0741-samsoe.csv" in str(refused.error)
    assert "2 files have persons in common: 190" in str(refused.error) and good.counts
    path.unlink()
    path.with_name("0741-igen.csv").unlink()
    with pytest.raises(ExtractError, match="no extract for 0741"):
        find_extracts(paths, "0741")


def test_two_files_without_a_person_in_common_are_one_extract(paths, round_2024):
    [path] = find_extracts(paths, "0741")
    head, *persons = path.read_text("cp1252").splitlines()
    path.write_text("\n".join([head, *persons[:100]]), "cp1252")
    path.with_name("0741-del-2.csv").write_text("\n".join([head, *persons[100:]]), "cp1252")
    result = take_in(paths, round_2024, "0741")
    name = "0741-del-2.csv / 0741-samsoe.csv"
    assert result.counts == {
        k: v for k, v in EXPECTED["files"]["0741-samsoe.csv"].items() if k != "municipality"
    }
    assert len(vault_of(paths, "0741", round_2024)) == 190
    assert recorded(paths, round_2024, result)["files"][name]["rows_read"] == 190
    add_to_history(paths, result, dt.date(2024, 2, 21))
    [attempt] = read_history(paths, "0741")
    assert (attempt.file, attempt.outcome) == (name, "taken_in")


@pytest.mark.parametrize("round_id", ["2023-pilot", "2024-foraar"])
def test_population_follows_the_rounds_own_rules(paths, round_id):
    round_ = load_round(paths.root, round_id)
    on = round_.settings.model_copy(update={"reference_date": REFERENCE, "extract_period": None})
    round_ = round_.model_copy(update={"settings": on})  # of the file
    take_in(paths, round_, "0741")
    groups = set(pd.read_parquet(paths.population("0741"))["target_group"].dropna())
    assert groups == {g.id for g in round_.rules.groups}
