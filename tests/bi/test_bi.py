"""The star for BI tools, and its way into a database."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import traceback
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from published_fixture import BIG, make_published

from helpers.bi.load import load, metadata
from helpers.bi.star import TABLES, star
from helpers.cli.products import DATABASE
from helpers.common.errors import SurveyError


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture(scope="module")
def tables(published) -> dict[str, pd.DataFrame]:
    return {name: table.to_pandas() for name, table in star(published).items()}


def test_every_table_has_its_columns_and_a_key(tables):
    assert list(tables) == list(TABLES)
    for name, table in tables.items():
        assert list(table) == list(TABLES[name].columns)
        assert not table.duplicated(list(TABLES[name].key)).any(), name
        assert table[list(TABLES[name].key)].notna().all(axis=None), name


def test_every_fact_points_at_rows_that_are_there(tables):
    for name, table in tables.items():
        for column, dimension in TABLES[name].refers.items():
            assert set(table[column]) <= set(tables[dimension][column]), (name, column)


def test_the_facts_are_the_released_numbers(published, tables):
    fact = tables["fact_result"]
    assert len(fact) == len(published.results)
    own = fact[
        (fact["municipality_key"] == BIG) & (fact["question_key"] == "demo:q01")
        & (fact["group_key"] == "demo:gender/kvinde") & (fact["statistic"] == "mean")
        & (fact["weighting"] == "weighted")
    ]  # fmt: skip
    released = published.number(BIG, "q01", breakdown="gender", category="kvinde")
    assert own["value"].tolist() == [released.value]
    assert own["n"].tolist() == [released.n]


def test_a_hidden_number_has_no_value_and_says_why(tables):
    fact = tables["fact_result"]
    hidden = fact[fact["status"] != "shown"]
    assert len(hidden)
    assert hidden[["value", "ci_low", "ci_high", "n"]].isna().all(axis=None)
    assert set(hidden["status_label"]) <= {
        "for få svar",
        "skjult for at beskytte andre",
        "ikke spurgt",
    }


def test_a_local_question_belongs_to_its_municipality(tables):
    local = tables["dim_question"].query("kind == 'local'")
    assert set(local["question_key"].str.split(":").str[1]) == {BIG}
    pointed = tables["fact_result"].query("question_key in @local.question_key")
    assert set(pointed["municipality_key"]) == {BIG}


def test_the_run_writes_both_forms(finished):
    folder = finished.paths.build / "bi"
    for name in TABLES:
        table = pq.read_table(folder / f"{name}.parquet")
        lines = (folder / f"{name}.csv").read_text("utf-8").splitlines()
        assert lines[0].replace('"', "").split(",") == table.column_names
        assert len(lines) == table.num_rows + 1


def counts(engine: sa.Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(table))
            for name, table in metadata().tables.items()
        }


def loads_and_replaces(published, url: str) -> None:
    """What must hold of any database."""
    written = load(published, url)
    engine = sa.create_engine(url)
    assert counts(engine) == written
    assert load(published, url) == written  # again: replaced, not doubled
    assert counts(engine) == written
    other = make_published(round_id="2024-foraar", codes=(BIG,))
    load(other, url)
    both = counts(engine)
    assert both["dim_round"] == 2
    assert both["dim_municipality"] == written["dim_municipality"]
    assert both["fact_result"] > written["fact_result"]
    with engine.connect() as connection:
        fact = metadata().tables["fact_result"]
        value = connection.scalar(
            sa.select(fact.c.value).where(
                fact.c.municipality_key == BIG, fact.c.question_key == "demo:samlet",
                fact.c.group_key == "demo:all/all", fact.c.statistic == "mean",
                fact.c.weighting == "weighted",
            )
        )  # fmt: skip
    engine.dispose()
    assert value == pytest.approx(published.number(BIG, "samlet").value, abs=1e-12)


def test_sqlite(published, tmp_path):
    loads_and_replaces(published, f"sqlite:///{tmp_path / 'survey.db'}")


def test_an_address_that_is_none_is_told(published):
    with pytest.raises(SurveyError, match=r"sqlite:///survey\.db"):
        load(published, "nonsense")
    assert DATABASE == "sqlite:///survey.db"


def test_a_database_that_refuses_is_told(published, tmp_path):
    with pytest.raises(SurveyError, match="Nothing was changed"):
        load(published, f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")


def test_a_load_that_breaks_off_changes_nothing(published, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'survey.db'}"
    before = load(published, url)

    def broken(connection, table, rows):
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr("helpers.bi.load._insert", broken)
    with pytest.raises(SurveyError, match="disk full"):
        load(published, url)
    assert counts(sa.create_engine(url)) == before


# ------------------------------------------------------------------------------------- PostgreSQL


def server_programs() -> Path | None:
    """The folder of PostgreSQL's own programs."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


@pytest.fixture(scope="module")
def postgresql():
    """A server of the tests' own on loopback, in a folder of its own."""
    programs = server_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not start as root, and runuser is not there")
    folder = Path(tempfile.mkdtemp(prefix="survey-pg-"))
    user = "nobody" if os.geteuid() == 0 else getpass.getuser()
    prefix = ["runuser", "-u", user, "--"] if os.geteuid() == 0 else []
    if prefix:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(*arguments: str) -> None:
        subprocess.run(
            [*prefix, *arguments], check=True, capture_output=True, cwd=folder, timeout=60
        )

    data = str(folder / "data")
    call(str(programs / "initdb"), "-D", data, "-U", "survey", "-A", "trust", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    call(
        str(programs / "pg_ctl"),
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        options,
        "start",
    )
    yield f"postgresql+psycopg://survey@127.0.0.1:{port}/postgres"
    call(str(programs / "pg_ctl"), "-D", data, "-w", "-m", "fast", "stop")
    shutil.rmtree(folder)


def test_postgresql(published, postgresql):
    loads_and_replaces(published, postgresql)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://anna:hem@lig7@nowhere.invalid/survey",
        "postgresql+psycopg://anna:hem@lig7:x@nowhere.invalid/survey",
        "postgresql+psycopg://anna:hem/lig7@nowhere.invalid/survey",
        "postgresql+nodriver://anna:hem@lig7@nowhere.invalid/survey",
        "sqlite:////no/such/folder/x.db?password=hem@lig7",
        "nonsense://anna:hem@lig7@host",
        "anna:hem@lig7@host",
    ],
)
def test_no_part_of_a_password_is_told_or_kept_in_a_traceback(published, address):
    with pytest.raises(SurveyError) as refused:
        load(published, address)
    told = "".join(traceback.format_exception(refused.value))
    assert "lig7" not in told and "hem@" not in told and "hem/" not in told
    assert "--to" in str(refused.value)


def test_an_areas_kind_tells_the_country_from_municipalities(published):
    places = star(published)["dim_municipality"].to_pandas().set_index("municipality_key")
    assert places["kind"].to_dict() == {
        **dict.fromkeys((m.code for m in published.municipalities), "municipality"),
        "national": "country",
    }
    assert places.loc["national", "name"] == "Alle deltagende kommuner"
