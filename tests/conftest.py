"""Fixtures: the six example extracts as a round, answers to it, and a root that stands alone."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from helpers.params import Round, load_round
from helpers.paths import PROJECT, Paths

HERE = Path(__file__).parent
EXTRACTS = HERE / "extracts"
ORACLES = HERE / "oracles"
REFERENCE = dt.date(2024, 2, 1)
SIX = ("0101", "0161", "0580", "0707", "0741", "0825")


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
