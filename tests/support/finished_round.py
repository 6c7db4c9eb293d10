"""A small simulated round with an earlier one, run as a user would: the fixture `finished` of conftest."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from conftest import EARLIER, SIMULATED, TAKE_PART, Finished

from helpers.common.paths import PROJECT, Paths
from helpers.fieldwork.sendout import write_sendout
from helpers.parameters.params import load_round
from helpers.pipeline.run import Progress, Summary, run_round
from simulator import write_extracts, write_responses


class Listening(Progress):
    """Remembers every step."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def advance(self, stage: str, municipality: str, **_: bool) -> None:
        self.steps.append((stage, municipality))


def run_to_the_end(root: Path) -> Finished:
    """The round with its earlier one under `root`, from extracts to reports."""
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
