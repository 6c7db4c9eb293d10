"""Fixtures: the six example extracts as a round, answers to it, and a root that stands alone."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from helpers.params import Round, load_round
from helpers.paths import PROJECT, Paths
from helpers.vault import key_of_round, read_vault

HERE = Path(__file__).parent
EXTRACTS = HERE / "extracts"
ORACLES = HERE / "oracles"
REFERENCE = dt.date(2024, 2, 1)
TEST_KEY = "5e" * 32
SIX = ("0101", "0161", "0580", "0707", "0741", "0825")


@pytest.fixture(autouse=True, scope="session")
def key_of_the_tests() -> Iterator[None]:
    """Tests open vaults with a key of their own, whatever the user's is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_KEY", TEST_KEY)
        patch.delenv("SURVEY_KEY_FILE", raising=False)
        yield


def vault_of(paths: Paths, code: str, round_: Round) -> pd.DataFrame:
    """The decrypted vault of one municipality."""
    return read_vault(paths.vault(code), key_of_round(round_.settings, paths.root), round_.id, code)


@pytest.fixture(scope="session")
def round_2024() -> Round:
    return load_round(PROJECT, "2024-foraar")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of its own with the project's parameters."""
    shutil.copytree(PROJECT / "params", tmp_path / "params")
    return tmp_path


@pytest.fixture
def paths(root: Path) -> Paths:
    """The round 2024-foraar under `root`, with the six extracts received."""
    made = Paths(root, "2024-foraar")
    made.extracts.mkdir(parents=True)
    for path in EXTRACTS.iterdir():
        if path.suffix in {".xlsx", ".csv"}:
            shutil.copy(path, made.extracts)
    return made
