"""The commands about personal data: clear ends, nothing quoted."""

import datetime as dt
import os
import stat

import pytest
from conftest import vault_of
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.extracts.intake import take_in
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import load_key
from helpers.parameters.params import load_round


def survey(root, *words):
    return CliRunner(env={"COLUMNS": "220"}).invoke(app, ["--root", str(root), *words])


@pytest.fixture
def taken_in(paths, round_2024):
    take_in(paths, round_2024, "0825")
    return paths


def test_a_new_key_is_written_once(paths, tmp_path_factory):
    file = tmp_path_factory.mktemp("keys") / "key"
    first = survey(paths.root, "key", "new", str(file))
    assert first.exit_code == 0 and "SURVEY_KEY_FILE" in first.output
    content = file.read_text()
    assert content.strip() not in first.output
    again = survey(paths.root, "key", "new", str(file))
    assert again.exit_code == 1 and "never overwritten" in again.output
    assert file.read_text() == content


def test_a_key_beside_the_data_is_refused(paths):
    told = survey(paths.root, "key", "new", str(paths.root / "key"))
    assert told.exit_code == 1 and "does not lie beside the data" in told.output
    assert not (paths.root / "key").exists()


def test_rotation_moves_the_vaults_to_the_key_in_use(
    taken_in, round_2024, tmp_path_factory, monkeypatch
):
    before = vault_of(taken_in, "0825", round_2024)
    keys = tmp_path_factory.mktemp("keys")
    old = keys / "old"
    old.write_text(os.environ["SURVEY_KEY"])
    old.chmod(0o600)
    monkeypatch.delenv("SURVEY_KEY")
    monkeypatch.setenv("SURVEY_KEY_FILE", str(keys / "new"))
    assert survey(taken_in.root, "key", "new", str(keys / "new")).exit_code == 0
    told = survey(taken_in.root, "key", "rotate", round_2024.id, "--old", str(old))
    assert told.exit_code == 0 and told.output.startswith("1 vaults are now under key")
    key = load_key(taken_in.root)
    assert read_vault(taken_in.vault("0825"), key, round_2024.id, "0825").equals(before)
    again = survey(taken_in.root, "key", "rotate", round_2024.id, "--old", str(old))
    assert "0 vaults" in again.output and "1 were already" in again.output


def test_forgetting_is_refused_for_a_municipality_that_takes_no_part(taken_in):
    assert survey(taken_in.root, "forget", "2024-foraar", "--municipality", "0851").exit_code == 2


def test_forgetting_and_access(taken_in, round_2024):
    listed = survey(taken_in.root, "access", round_2024.id).output
    assert "vault" in listed and "extracts" in listed
    assert round_2024.settings.retention_until < dt.date.today()
    told = survey(taken_in.root, "forget", round_2024.id, "--municipality", "0825")
    assert told.exit_code == 0 and "1 municipalities" in told.output
    assert not taken_in.vault("0825").exists()
    assert taken_in.population("0825").exists()


def test_forgetting_before_the_time_needs_yes(taken_in):
    path = taken_in.root / "params" / "rounds" / "2024-foraar.yml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("retention_until: 2025-04-30", "retention_until: 2099-01-01"), "utf-8"
    )
    with_change = load_round(taken_in.root, "2024-foraar").settings.retention_until
    assert with_change == dt.date(2099, 1, 1)
    refused = survey(taken_in.root, "forget", "2024-foraar", "--municipality", "0825")
    assert refused.exit_code == 1 and "retention date is 2099-01-01" in refused.output
    assert taken_in.vault("0825").is_file()
    done = survey(taken_in.root, "forget", "2024-foraar", "--municipality", "0825", "--yes")
    assert done.exit_code == 0 and not taken_in.vault("0825").exists()


def test_the_scanner_knows_the_vaults_names(taken_in, round_2024):
    vault = vault_of(taken_in, "0825", round_2024)
    folder = taken_in.root / "somewhere"
    folder.mkdir()
    (folder / "clean.txt").write_text("42 svar", "utf-8")
    assert survey(taken_in.root, "scan", str(folder), "--round", round_2024.id).exit_code == 0
    name, number = vault["name"].iloc[0], vault["cpr"].iloc[0]
    (folder / "leak.txt").write_text(f"{name} {number[:6]}-{number[6:]}", "utf-8")
    told = survey(taken_in.root, "scan", str(folder), "--round", round_2024.id)
    assert told.exit_code == 1
    assert "cpr number" in told.output and "name from the vault" in told.output
    assert name not in told.output and number[6:] not in told.output


def test_a_run_without_a_key_is_one_trouble_and_reads_nothing(paths, monkeypatch, tmp_path_factory):
    monkeypatch.delenv("SURVEY_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("nobody")))
    monkeypatch.setenv("APPDATA", str(tmp_path_factory.mktemp("nobody")))
    told = survey(paths.root, "run", "2024-foraar", "--stage", "intake", "--jobs", "1")
    assert told.exit_code == 1
    assert told.output.count("there is no key file") == 1
    assert not (paths.data / "population").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_data_is_the_owners_alone(paths):
    (paths.root / "data").chmod(0o755)
    survey(paths.root, "run", "2024-foraar", "--stage", "plan", "--only", "0825", "--jobs", "1")
    assert stat.S_IMODE((paths.root / "data").stat().st_mode) == 0o700
