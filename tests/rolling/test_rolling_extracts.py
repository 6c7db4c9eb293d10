"""A month's extract that cannot be right is not taken: last month's again, or a citizen of another
municipality."""

import shutil

import pandas as pd
import pytest
from rolling_fixture import Small

from helpers.identities.fingerprints import file_digest
from helpers.rolling.extract_findings import PRINTS
from helpers.rolling.month import POPULATION
from helpers.rolling.places import read_record
from helpers.rolling.settings import load_rolling


@pytest.fixture
def small(tmp_path) -> Small:
    return Small(tmp_path / "root")


def files(small: Small) -> dict:
    return {p.name[:4]: p for p in sorted(small.inbox.glob(f"*{small.world.month:%Y-%m}*"))}


def decided(small: Small, *lines: str) -> None:
    path = small.places.root / f"params/decisions/{small.rolling.id}.csv"
    path.parent.mkdir(exist_ok=True)
    head = "municipality,finding,file,decision,reason,date,by"
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    small.rolling = load_rolling(small.places.root, small.rolling.id)


def test_last_months_file_under_a_new_name_is_refused_until_decided(small):
    assert not small.month().failures  # January
    before = small.inbox / "0825-2025-01.xlsx"
    small.world.write_extracts(small.inbox)
    shutil.copy(before, files(small)["0825"])
    told = small.tick(day=5)
    assert [str(f).split(":")[0] for f in told.failures] == ["0825 2025-02, 0825-2025-02.xlsx"]
    assert "as 0825-2025-01.xlsx of 0825 Læsø in 2025-01" in str(told.failures[0])
    assert not small.places.of_month(small.world.month, "0825").exists()
    line = f"0825,file_of_before,{file_digest(before)},accept,nobody came or went,2025-02-05,KL"
    decided(small, line)
    assert not small.tick(day=6).failures
    assert read_record(small.places.of_month(small.world.month, "0825"))["decided"] == [
        "file_of_before"
    ]


def test_last_months_content_saved_anew_is_refused_too(small):
    small.month()
    small.world.write_extracts(small.inbox)
    path = files(small)["0741"]
    lines = (small.inbox / "0741-2025-01.csv").read_text("cp1252").splitlines()
    path.write_text("\n".join([lines[0], *reversed(lines[1:])]), "cp1252")
    told = small.tick()
    assert "says the same of the same persons" in str(told.failures[0])


def test_a_citizen_whom_another_municipality_asks_this_month_is_left_to_it(small):
    small.world.write_extracts(small.inbox)
    anne = small.world.towns[0].here.iloc[[0]]
    other = next(t for t in small.world.towns if t.place.code == "0825")
    other.here = pd.concat([other.here, anne], ignore_index=True)
    small.world.write_extracts(small.inbox)
    told = small.tick(day=5)
    month = small.world.month
    assert len(told.failures) == 1 and "stand in the extract of 0741 Samsø too" in str(
        told.failures[0]
    )
    assert small.places.of_month(month, "0741").is_dir()
    path = files(small)["0825"]
    decided(
        small, f"0825,in_two_extracts,{file_digest(path)},leave_out,lives on Samsø,2025-01-05,KL"
    )
    assert not small.tick(day=6).failures
    folder = small.places.of_month(month, "0825")
    assert len(pd.read_parquet(folder / PRINTS)) == len(other.here)
    prints = pd.read_parquet(small.places.of_month(month, "0741") / PRINTS)
    assert prints["token"].isin(pd.read_parquet(folder / PRINTS)["token"]).sum() == 1
    assert len(pd.read_parquet(folder / POPULATION)) < len(other.here)


def test_what_is_worth_a_look_is_told_and_kept_with_the_month(small):
    small.world.write_extracts(small.inbox)
    told = small.tick()
    look = read_record(small.places.of_month(small.world.month, "0825"))["look"]
    assert look and any(x["en"] in line for line in told.looks for x in look)
