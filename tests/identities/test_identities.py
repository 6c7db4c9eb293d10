"""Ids and link tokens: random, steady within a round, never from the CPR number."""

import pandas as pd
import pytest

from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT, Paths
from helpers.identities.identities import (
    known_persons,
    link_keys,
    person_ids,
    send_out_list,
    update_vault,
)
from helpers.identities.vault import write_vault
from helpers.identities.vault_key import CLOSED_VARIABLE, VaultError, closed_vault, key_of_round
from helpers.parameters.params import load_round

REAL, SIMULATED = (load_round(PROJECT, r).settings for r in ("2024-foraar", "demo"))
NONE = pd.Series(dtype="str")


def persons(numbers):
    return pd.DataFrame({"cpr": numbers, "name": [f"Navn {n}" for n in numbers], "phone": ""})


def test_ids_of_a_simulated_round_extend_without_change():
    first, more = (person_ids(SIMULATED, "0707", 0, n) for n in (5, 9))
    assert more[:5] == first
    assert person_ids(SIMULATED, "0707", 5, 4) == more[5:]
    assert len({*more, *person_ids(SIMULATED, "0580", 0, 9)}) == 18


def test_ids_and_tokens_are_128_random_bits():
    ids = person_ids(REAL, "0707", 0, 200)
    keys = link_keys(pd.Series(ids), NONE, REAL)
    everything = [*ids, *keys]
    assert all(len(bytes.fromhex(t)) == 16 for t in everything)
    assert len(set(everything)) == 400
    assert not set(person_ids(REAL, "0707", 0, 200)) & set(ids)
    assert not set(link_keys(pd.Series(ids), NONE, REAL)) & set(keys)
    ones = sum(int(t, 16).bit_count() for t in everything)
    assert abs(ones - 400 * 64) < 5 * (400 * 128 / 4) ** 0.5  # as many ones as noughts


def test_nothing_follows_from_the_cpr_number():
    """The same person twice, in two rounds of the same file: nothing in common."""
    one, two = (update_vault(None, persons(["0101801234"]), REAL, "0707") for _ in range(2))
    assert one["cpr"].tolist() == two["cpr"].tolist()
    assert one["person_id"].tolist() != two["person_id"].tolist()
    a, b = (
        update_vault(None, persons([n]), SIMULATED, "0707") for n in ("0101801234", "0202802345")
    )
    assert a["person_id"].tolist() == b["person_id"].tolist()  # simulated: by serial number alone


def test_known_persons_keep_their_id_and_get_the_latest_name():
    before = update_vault(None, persons(["1", "2", "3"]), REAL, "0707")
    after = update_vault(before, persons(["3", "4"]).assign(name=["Ny", "Fjerde"]), REAL, "0707")
    ids = after.set_index("cpr")["person_id"]
    assert ids[["1", "2", "3"]].tolist() == before["person_id"].tolist()
    names = {"1": "Navn 1", "2": "Navn 2", "3": "Ny", "4": "Fjerde"}
    assert after.set_index("cpr")["name"].to_dict() == names
    assert after["person_id"].is_unique


def test_a_citizen_who_was_drawn_keeps_the_token():
    ids = pd.Series(["a", "b", "c"])
    keys = link_keys(ids, pd.Series({"b": "k" * 32}), REAL)
    assert keys[1] == "k" * 32
    assert len({*keys}) == 3


def test_simulated_tokens_can_be_made_again():
    ids = pd.Series(person_ids(SIMULATED, "0707", 0, 50))
    assert link_keys(ids, NONE, SIMULATED).equals(link_keys(ids, NONE, SIMULATED))
    assert not set(link_keys(ids, NONE, SIMULATED)) & set(ids)


def test_letters_need_the_vault_of_the_sample():
    vault = update_vault(None, persons(["0101801234"]), REAL, "0707")
    stranger = pd.DataFrame({"person_id": ["f" * 32], "key": ["k"]})
    with pytest.raises(SurveyError, match="1 sampled citizens are not in the vault"):
        send_out_list(stranger, vault, "https://svar.example/")


def test_known_persons_are_those_of_the_vaults_that_exist(tmp_path, round_2024):
    paths = Paths(tmp_path, round_2024.id)
    assert known_persons(paths, round_2024) == ([], [])
    vault = update_vault(None, persons(["0101801234"]).assign(phone="12345678"), REAL, "0825")
    key = key_of_round(REAL, tmp_path)
    write_vault(paths.vault("0825"), vault, key, round_2024.id, "0825")
    names, numbers = known_persons(paths, round_2024)
    assert (names, numbers) == (["Navn 0101801234"], ["0101801234", "12345678"])


@pytest.mark.parametrize("settings", [REAL, SIMULATED])
def test_the_analysis_has_no_key(settings, tmp_path, monkeypatch):
    with closed_vault(), pytest.raises(VaultError, match="closed to the analysis"):
        key_of_round(settings, tmp_path)
    key_of_round(settings, tmp_path)  # and after it all is as before
    monkeypatch.setenv(CLOSED_VARIABLE, "1")
    with pytest.raises(VaultError):
        key_of_round(settings, tmp_path)
