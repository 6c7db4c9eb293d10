"""Ids and link keys: random to outsiders, steady within a round, never from the CPR number."""

import pandas as pd
import pytest

from helpers.errors import SurveyError
from helpers.identities import link_keys, person_ids, round_secret, send_out_list, update_vault
from helpers.params import load_round
from helpers.paths import PROJECT

SECRET, OTHER = b"a" * 32, b"b" * 32


def persons(numbers):
    return pd.DataFrame({"cpr": numbers, "name": [f"Navn {n}" for n in numbers], "phone": ""})


def test_ids_are_128_bits_and_extend_without_change():
    first, more = person_ids(SECRET, "0707", 0, 5), person_ids(SECRET, "0707", 0, 9)
    assert more[:5] == first
    assert person_ids(SECRET, "0707", 5, 4) == more[5:]
    assert all(len(bytes.fromhex(i)) == 16 for i in more)
    assert len({*more, *person_ids(OTHER, "0707", 0, 9), *person_ids(SECRET, "0580", 0, 9)}) == 27


def test_ids_do_not_follow_from_the_cpr_number():
    one = update_vault(None, persons(["0101801234"]), SECRET, "0707")
    two = update_vault(None, persons(["0202802345"]), SECRET, "0707")
    assert one["person_id"].tolist() == two["person_id"].tolist()  # by serial number alone


def test_known_persons_keep_their_id_and_get_the_latest_name():
    before = update_vault(None, persons(["1", "2", "3"]), SECRET, "0707")
    after = update_vault(before, persons(["3", "4"]).assign(name=["Ny", "Fjerde"]), SECRET, "0707")
    ids = after.set_index("cpr")["person_id"]
    assert ids[["1", "2", "3"]].tolist() == before["person_id"].tolist()
    assert after.set_index("cpr")["name"].to_dict() == {
        "1": "Navn 1",
        "2": "Navn 2",
        "3": "Ny",
        "4": "Fjerde",
    }
    assert after["person_id"].is_unique


def test_link_keys_need_the_secret():
    ids = pd.Series(person_ids(SECRET, "0707", 0, 50))
    keys = link_keys(SECRET, ids)
    assert keys.is_unique
    assert not set(keys) & set(ids)
    assert not set(keys) & set(link_keys(OTHER, ids))


def test_real_rounds_draw_their_secret_and_simulated_ones_repeat_it(tmp_path):
    real, simulated = (load_round(PROJECT, r).settings for r in ("2024-foraar", "demo"))
    assert round_secret(tmp_path / "a", real) != round_secret(tmp_path / "b", real)
    assert round_secret(tmp_path / "a", real) == round_secret(tmp_path / "a", real)
    assert round_secret(tmp_path / "c", simulated) == round_secret(tmp_path / "d", simulated)


def test_letters_need_the_vault_of_the_sample():
    vault = update_vault(None, persons(["0101801234"]), SECRET, "0707")
    stranger = pd.DataFrame({"person_id": ["f" * 32], "key": ["k"]})
    with pytest.raises(SurveyError, match="1 sampled citizens are not in the vault"):
        send_out_list(stranger, vault, "https://svar.example/")
