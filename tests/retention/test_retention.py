"""Identities go when their time is over, and not before; what is left is listed."""

import datetime as dt
import json

import pandas as pd
import pytest

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.parameters.withdrawals import Withdrawal
from helpers.retention.retention import STAYS, forget, held_codes, holdings

LAST_DAY = dt.date(2025, 4, 30)


@pytest.fixture
def paths(tmp_path, round_2024):
    paths = Paths(tmp_path, round_2024.id)
    for path in (
        paths.vault("0707"), paths.vault("0825"), paths.extracts / "0707-norddjurs.xlsx",
        paths.extracts / "0825-laesoe.csv", paths.sendout("0707") / "flettebrev.xlsx",
        paths.estimates("0707"), paths.population("0707"), paths.build / "index.html",
    ):  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    pd.DataFrame({"person_id": ["a"]}).to_parquet(paths.population("0707"))
    return paths


@pytest.mark.parametrize("day, refused", [(-1, True), (0, True), (1, False)])
def test_only_after_the_retention_date(paths, round_2024, day, refused):
    assert round_2024.settings.retention_until == LAST_DAY
    today = LAST_DAY + dt.timedelta(day)
    if refused:
        with pytest.raises(SurveyError, match="retention date is 2025-04-30"):
            forget(paths, round_2024, ["0707"], today)
        assert paths.vault("0707").is_file()
    else:
        assert forget(paths, round_2024, ["0707"], today) == {"0707": 3}


def test_a_round_without_a_date_asks_for_yes(paths, round_2024):
    settings = round_2024.settings.model_copy(update={"retention_until": None})
    without = round_2024.model_copy(update={"settings": settings})
    with pytest.raises(SurveyError, match="no retention date"):
        forget(paths, without, ["0707"], LAST_DAY)
    assert forget(paths, without, ["0707"], LAST_DAY, before_time=True) == {"0707": 3}


def test_identities_are_gone_and_the_rest_stays(paths, round_2024):
    forget(paths, round_2024, ["0707"], LAST_DAY + dt.timedelta(1))
    left = {p.relative_to(paths.root).as_posix() for p in paths.root.rglob("*") if p.is_file()}
    assert left == {
        "data/2024-foraar/vault/0825", "data/2024-foraar/extracts/0825-laesoe.csv",
        "data/2024-foraar/estimates/0707.parquet", "data/2024-foraar/population/0707.parquet",
        "data/2024-foraar/forgotten.json", "build/2024-foraar/index.html",
    }  # fmt: skip


def test_the_record_is_dated_and_grows(paths, round_2024):
    day = LAST_DAY + dt.timedelta(1)
    forget(paths, round_2024, ["0707"], day)
    forget(paths, round_2024, ["0707", "0825"], day + dt.timedelta(1))
    record = json.loads((paths.data / "forgotten.json").read_text("utf-8"))
    assert [(r["municipality"], r["deleted_on"]) for r in record] == [
        ("0707", "2025-05-01"), ("0825", "2025-05-02"),
    ]  # fmt: skip
    assert record[0] == {
        "municipality": "0707", "deleted_on": "2025-05-01", "vault": 1, "extracts": 1, "sendout": 1,
        "stays": STAYS,
    }  # fmt: skip


def test_what_lies_where(paths):
    told = {h.where: h for h in holdings(paths)}
    assert told["data/2024-foraar/vault"].files == 2
    assert told["data/2024-foraar/extracts"].identities.startswith("yes")
    assert told["build/2024-foraar"].who == "everybody"
    assert "data/2024-foraar/texts" not in told


def without(round_, code, *, recorded: bool):
    """The round without a municipality, and with its withdrawal recorded or not."""
    left = tuple(c for c in round_.settings.participants if c != code)
    settings = round_.settings.model_copy(update={"participants": left})
    rows = (Withdrawal(code, dt.date(2024, 3, 1), "too few"),) if recorded else ()
    return round_.model_copy(update={"settings": settings, "withdrawals": rows})


def test_who_has_withdrawn_is_forgotten_at_once_and_alone(paths, round_2024):
    out = without(round_2024, "0707", recorded=True)
    before = LAST_DAY - dt.timedelta(300)
    with pytest.raises(SurveyError, match="retention date"):
        forget(paths, out, ["0707", "0825"], before)
    assert paths.vault("0707").is_file()
    assert forget(paths, out, ["0707"], before) == {"0707": 3}
    assert paths.vault("0825").is_file()


def test_one_taken_out_by_hand_waits_until_it_is_recorded(paths, round_2024):
    out = without(round_2024, "0707", recorded=False)
    with pytest.raises(SurveyError, match="--withdraw 0707 --reason"):
        forget(paths, out, ["0707"], LAST_DAY)
    assert paths.vault("0707").is_file()


def test_whose_identities_lie_here_whether_they_take_part_or_not(paths, round_2024):
    out = without(round_2024, "0707", recorded=True)
    assert held_codes(paths, out) == ["0707", "0825"]
    forget(paths, out, ["0707"], LAST_DAY)
    paths.mailings("0707").parent.mkdir(parents=True, exist_ok=True)
    paths.mailings("0707").write_text("[]")
    assert held_codes(paths, out) == ["0825"], "the record of mailings names nobody"
