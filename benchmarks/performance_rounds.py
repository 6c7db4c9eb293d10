"""The measured rounds: copies of a finished one, and a municipality many times København's size."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import yaml

from benchmarks.performance_accounting import Used, measure
from helpers.common.errors import ParameterError
from helpers.common.lock import HOLDER, LOCK
from helpers.common.paths import PROJECT, Paths
from helpers.fieldwork.sendout import write_sendout
from helpers.parameters.params import Round, load_round
from helpers.pipeline.steps import STEPS
from simulator import persons, write_extracts, write_responses

SURVEY = [sys.executable, "-c", "from helpers.cli.main import main; main()"]
NOTEBOOK_STAGES = ("plan", "analyse", "report", "national")
COPENHAGEN = "0101"
NEVER_COPIED = (LOCK, HOLDER, "delivery", "delivery-passphrases.csv")


class NotFinished(Exception):
    """There is no finished round to copy; the message says how to make one."""


def finished_round(root: Path, round_id: str) -> Round:
    """The round, if it has been run to the end. Raises NotFinished."""
    try:
        round_ = load_round(root, round_id)
    except ParameterError as e:
        raise NotFinished(f"{root} holds no round »{round_id}«.\n{e}") from e
    paths = Paths(root, round_id)
    if not (paths.build / "index.html").is_file():
        raise NotFinished(
            f"The round »{round_id}« under {root} has not been run to the end. Make it with "
            f"`make demo` (or `survey --root {root} demo`), then call this again."
        )
    if not round_.settings.simulated:
        raise NotFinished(f"»{round_id}« is a real round; only a simulated one is measured.")
    return round_


def copy_round(source: Path, target: Path, round_: Round, codes: list[str] | None = None) -> Round:
    """A round's files, and what it reads of earlier rounds, in a folder of their own; `codes`: a round
    of these municipalities alone."""
    others = set(round_.settings.participants) - set(codes or round_.settings.participants)

    def left_out(_: str, names: list[str]) -> set[str]:
        return {n for n in names if n[:4] in others or n in NEVER_COPIED}

    shutil.copytree(source / "params", target / "params")
    for top in ("data", "build"):
        shutil.copytree(source / top / round_.id, target / top / round_.id, ignore=left_out)
    for earlier in round_.settings.earlier_rounds:
        estimates, build = f"data/{earlier}/estimates", f"build/{earlier}"
        if released := sorted((source / build).glob("*.parquet")):
            shutil.copytree(source / estimates, target / estimates)
            (target / build).mkdir(parents=True)
            for table in released:
                shutil.copy2(table, target / build)
    if codes:
        change_round(target, round_.id, participants=codes)
    return load_round(target, round_.id)


def change_round(root: Path, round_id: str, **settings: object) -> None:
    path = root / f"params/rounds/{round_id}.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | settings
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def run(root: Path, round_: Round, *options: str, cold: bool = False) -> Used:
    """One measured `survey run`. Raises CallFailed where a municipality fails."""
    environment = {"SURVEY_COLD_KERNELS": "1"} if cold else {}
    return measure([*SURVEY, "--root", str(root), "run", round_.id, *options],
                   environment=environment)  # fmt: skip


def run_notebooks(
    root: Path, round_: Round, jobs: int, only: list[str] | None = None, cold: bool = False
) -> Used:
    """The notebook stages in one call, all of it again."""
    options = [o for s in NOTEBOOK_STAGES for o in ("--stage", s)]
    options += ["--only", ",".join(only)] if only else []
    return run(root, round_, *options, "--again", "--jobs", str(jobs), cold=cold)


def new_answer(root: Path, round_: Round) -> str:
    """Add an export with one citizen's answers, who had given none; returns the municipality's code."""
    paths = Paths(root, round_.id)
    for path in sorted(paths.responses.glob("????-*.csv")):
        export = pd.read_csv(path, dtype=str)
        silent = export[export["status"] == "none"].head(1)
        if len(silent) and path.name[:4] in round_.settings.participants:
            code = path.name[:4]
            at = pd.Timestamp(round_.settings.calendar.collection.end) + pd.Timedelta(hours=12)
            answers = dict.fromkeys((q.id for q in round_.questionnaire.scaled), "4")
            late = silent.assign(status="completed", submitted_at=at.isoformat(), **answers)
            late.to_csv(paths.responses / f"{code}-late.csv", index=False)
            return code
    raise NotFinished(f"No export under {paths.responses} has a citizen without answers.")


def performed(used: Used) -> dict[str, int]:
    """Step → how often the workers performed it."""
    return dict(Counter(n.name for n in used.noted if n.name in STEPS))


def large_municipality(root: Path, round_id: str, multiple: int) -> tuple[int, dict[str, Used]]:
    """Rows of the extract of a København many times its size, and what each stage used for it."""
    shutil.copytree(PROJECT / "params", root / "params")
    change_round(root, round_id, participants=[COPENHAGEN], earlier_rounds=[])
    places = root / "params/municipalities.csv"
    table = pd.read_csv(places, dtype={"code": str})
    table.loc[table["code"] == COPENHAGEN, "population"] *= multiple
    table.to_csv(places, index=False)
    round_, used = load_round(root, round_id), {}
    size = persons.FIXED_SIZES[COPENHAGEN] * multiple
    with patch.dict(persons.FIXED_SIZES, {COPENHAGEN: size}):
        write_extracts(root, round_id)
        for stage in ("intake", "plan"):
            used[stage] = run(root, round_, "--stage", stage, "--jobs", "1")
        write_sendout(Paths(root, round_id), round_, COPENHAGEN)
        write_responses(root, round_id)
    for stage in ("analyse", "release", "report"):
        used[stage] = run(root, round_, "--stage", stage, "--jobs", "1")
    return size, used
