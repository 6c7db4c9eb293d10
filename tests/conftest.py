"""Fixtures: the six example extracts as a round, answers to it, a root that stands alone, and a small
simulated round that is run to the end.

What only some tests need is imported by the fixture that gives it: a module's unit tests start at once.
"""

from __future__ import annotations

import datetime as dt
import os
import pickle
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import hypothesis
import pytest
from filelock import FileLock

from helpers.common.paths import PROJECT, Paths

if TYPE_CHECKING:
    import pandas as pd
    from finished_round import Listening

    from helpers.parameters.params import Round
    from helpers.pipeline.run import Summary

HERE = Path(__file__).parent
# tests use each other's modules, wherever they lie
sys.path[:0] = [str(p) for p in sorted(HERE.iterdir()) if any(p.glob("*.py"))]
EXTRACTS = HERE / "extracts"
ORACLES = HERE / "oracles"
REFERENCE = dt.date(2024, 2, 1)
TEST_KEY = "5e" * 32
SIX = ("0101", "0161", "0580", "0707", "0741", "0825")
SLOW_FIRST = (
    "test_red_team", "test_verify", "test_incremental", "test_reliability", "test_scaling",
    "test_run", "test_kernels", "test_suppression", "test_disclosure", "test_simulator",
)  # fmt: skip
# a busy machine is no finding; alone, in the inner loop, a quarter of the examples of `make test`
SHARED_OUT = bool(os.environ.get("PYTEST_XDIST_WORKER") or os.environ.get("CI"))
hypothesis.settings.register_profile("whole", deadline=None)
hypothesis.settings.register_profile("inner-loop", deadline=None, max_examples=25)
hypothesis.settings.load_profile("whole" if SHARED_OUT else "inner-loop")
SIMULATED, EARLIER = "demo", "demo-2023"
TAKE_PART = {  # islands with few answers, and Norddjurs with local questions and a local breakdown
    SIMULATED: ["0161", "0482", "0563", "0707", "0741", "0825"],
    EARLIER: ["0161", "0707", "0825"],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first where several processes share the tests, so that none is left
    with one at the end; last where one runs them, which is to tell soon what is wrong."""
    order = {name: i - len(SLOW_FIRST) for i, name in enumerate(SLOW_FIRST)}
    sign = 1 if os.environ.get("PYTEST_XDIST_WORKER") else -1
    items.sort(key=lambda item: sign * order.get(item.path.stem, 0))


@pytest.fixture(autouse=True, scope="session")
def key_of_the_tests() -> Iterator[None]:
    """Tests open vaults with a key of their own, whatever the user's is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEY_KEY", TEST_KEY)
        patch.delenv("SURVEY_KEY_FILE", raising=False)
        yield


def vault_of(paths: Paths, code: str, round_: Round) -> pd.DataFrame:
    """The decrypted vault of one municipality."""
    from helpers.identities.vault import read_vault
    from helpers.identities.vault_key import key_of_round

    return read_vault(paths.vault(code), key_of_round(round_.settings, paths.root), round_.id, code)


@pytest.fixture(scope="session")
def round_2024() -> Round:
    from helpers.parameters.params import load_round

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


@pytest.fixture
def planned(paths: Paths, round_2024: Round) -> Paths:
    """Samples of two islands drawn, and a folder for their answers."""
    from helpers.extracts.intake import take_in
    from helpers.sampling.plan import make_plan, save_sample

    for code in ("0741", "0825"):
        take_in(paths, round_2024, code)
        save_sample(paths, code, make_plan(paths, round_2024, code))
    paths.responses.mkdir()
    return paths


class Finished(NamedTuple):
    """A round run as a user would: `first` to the plan, then answers come, `second` to the reports."""

    paths: Paths
    round: Round
    first: Summary
    second: Summary
    listening: Listening


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A small simulated round with an earlier one to compare with. Tests leave it as it is.

    Where several processes run the tests, the first that needs it makes it, and each has a copy.
    """
    from finished_round import run_to_the_end

    if not os.environ.get("PYTEST_XDIST_WORKER"):
        return run_to_the_end(tmp_path_factory.mktemp("finished"))
    made = tmp_path_factory.getbasetemp().parent / "finished"
    with FileLock(f"{made}.lock"):
        if not (made / "told").is_file():
            told = pickle.dumps(run_to_the_end(made))
            (made / "told").write_bytes(told)
    own = tmp_path_factory.mktemp("finished") / "root"
    shutil.copytree(made, own)
    return pickle.loads((own / "told").read_bytes())._replace(paths=Paths(own, SIMULATED))
