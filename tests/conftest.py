"""Fixtures: the six example extracts as a round, answers to it, a root that stands alone, and a small
simulated round that is run to the end."""

from __future__ import annotations

import datetime as dt
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import hypothesis
import pandas as pd
import pytest
import yaml
from filelock import FileLock

from helpers.common.paths import PROJECT, Paths
from helpers.extracts.intake import take_in
from helpers.fieldwork.sendout import write_sendout
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round, load_round
from helpers.pipeline.run import Progress, Summary, run_round
from helpers.sampling.plan import make_plan, save_sample
from simulator import write_extracts, write_responses

HERE = Path(__file__).parent
EXTRACTS = HERE / "extracts"
ORACLES = HERE / "oracles"
REFERENCE = dt.date(2024, 2, 1)
TEST_KEY = "5e" * 32
SIX = ("0101", "0161", "0580", "0707", "0741", "0825")
SLOW_FIRST = (
    "test_red_team", "test_verify", "test_incremental", "test_reliability", "test_scaling",
    "test_run", "test_kernels", "test_suppression", "test_disclosure", "test_simulator",
)  # fmt: skip
# a busy machine is no finding
hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")
SIMULATED, EARLIER = "demo", "demo-2023"
TAKE_PART = {  # islands with few answers, and Norddjurs with local questions and a local breakdown
    SIMULATED: ["0161", "0482", "0563", "0707", "0741", "0825"],
    EARLIER: ["0161", "0707", "0825"],
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no process is left with one at the end."""
    order = {name: i for i, name in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


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


@pytest.fixture
def planned(paths: Paths, round_2024: Round) -> Paths:
    """Samples of two islands drawn, and a folder for their answers."""
    for code in ("0741", "0825"):
        take_in(paths, round_2024, code)
        save_sample(paths, code, make_plan(paths, round_2024, code))
    paths.responses.mkdir()
    return paths


class Listening(Progress):
    """Remembers every step."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def advance(self, stage: str, municipality: str, **_: bool) -> None:
        self.steps.append((stage, municipality))


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
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        return _finished(tmp_path_factory.mktemp("finished"))
    made = tmp_path_factory.getbasetemp().parent / "finished"
    with FileLock(f"{made}.lock"):
        if not (made / "told").is_file():
            told = pickle.dumps(_finished(made))
            (made / "told").write_bytes(told)
    own = tmp_path_factory.mktemp("finished") / "root"
    shutil.copytree(made, own)
    return pickle.loads((own / "told").read_bytes())._replace(paths=Paths(own, SIMULATED))


def _finished(root: Path) -> Finished:
    shutil.copytree(PROJECT / "params", root / "params")
    for round_id, codes in TAKE_PART.items():
        path = root / f"params/rounds/{round_id}.yml"
        content = yaml.safe_load(path.read_text("utf-8")) | {"participants": codes}
        content["models"]["bootstrap_replicates"] = 100
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    _collected(Paths(root, EARLIER), Listening())
    run_round(root, load_round(root, EARLIER), stages=["analyse", "release"], jobs=2)
    listening = Listening()
    paths = Paths(root, SIMULATED)
    first = _collected(paths, listening)
    round_ = load_round(root, SIMULATED)
    second = run_round(root, round_, jobs=2, progress=listening)
    return Finished(paths, round_, first, second, listening)


def _collected(paths: Paths, listening: Listening) -> Summary:
    """Extracts, plan, letters and answers of a simulated round; the summary of the run to the plan."""
    round_ = load_round(paths.root, paths.round_id)
    write_extracts(paths.root, round_.id)
    summary = run_round(paths.root, round_, jobs=2, progress=listening)
    for code in round_.settings.participants:
        write_sendout(paths, round_, code)
    write_responses(paths.root, round_.id)
    return summary
