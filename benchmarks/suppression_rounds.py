"""Whole simulated rounds as their estimates, made in this process, for what hiding costs."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from helpers.answers.responses import with_answers
from helpers.common.paths import PROJECT, Paths
from helpers.estimation.analysis import response_counts
from helpers.estimation.estimates import estimate_municipality
from helpers.estimation.nonresponse import r_indicator
from helpers.estimation.weighting import weigh
from helpers.extracts.intake_record import intake
from helpers.fieldwork.sendout import write_sendout
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Disclosure
from helpers.pipeline.round_steps import collect_answers
from helpers.sampling.plan import make_plan, save_sample
from simulator import write_extracts, write_responses

ROUND = "demo"


@dataclass(frozen=True)
class Estimated:
    """`estimates`: unweighted rows of all municipalities; `counts`: response counts; as `protect` takes
    them."""

    estimates: pd.DataFrame
    counts: pd.DataFrame
    rules: Disclosure

    def beside(self, other: Estimated) -> Estimated:
        """Two rounds' municipalities as one round of twice as many; the other's get codes of their own."""

        def renamed(table: pd.DataFrame) -> pd.DataFrame:
            return table.assign(municipality="1" + table["municipality"])

        return Estimated(
            pd.concat([self.estimates, renamed(other.estimates)], ignore_index=True),
            pd.concat([self.counts, renamed(other.counts)], ignore_index=True),
            self.rules,
        )


def estimated(seed: int) -> Estimated:
    """The demo round with this seed: from extracts to estimates on the round's own path, without its
    notebooks; no earlier rounds."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(PROJECT / "params", root / "params")
        file = root / "params" / "rounds" / f"{ROUND}.yml"
        settings = yaml.safe_load(file.read_text("utf-8"))
        changed = settings | {"seed": seed, "earlier_rounds": []}
        file.write_text(yaml.safe_dump(changed, allow_unicode=True), "utf-8")
        round_, paths = load_round(root, ROUND), Paths(root, ROUND)
        codes = round_.settings.participants
        write_extracts(root, ROUND, jobs=1)
        for code in codes:
            intake(paths, round_, code)
            save_sample(paths, code, make_plan(paths, round_, code))
            write_sendout(paths, round_, code)
        write_responses(root, ROUND, jobs=1)
        told = collect_answers(paths, round_)
        if told.failures:
            raise RuntimeError(f"seed {seed}: {told.failures}")
        estimates, counts = zip(*(_analysed(paths, round_, code) for code in codes))
        return Estimated(
            pd.concat(estimates, ignore_index=True),
            pd.concat(counts, ignore_index=True),
            round_.settings.disclosure,
        )


def _analysed(paths: Paths, round_, code: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    sample, frame = pd.read_parquet(paths.sample(code)), pd.read_parquet(paths.frame(code))
    asked = with_answers(sample, pd.read_parquet(paths.answers(code)), round_, code)
    weighted = weigh(asked, frame, round_.settings.weighting)
    r = r_indicator(asked, frame, confidence=round_.settings.comparison.confidence)
    estimates = estimate_municipality(weighted, round_, code)
    return (
        estimates[estimates["weighting"] == "unweighted"],
        response_counts(asked, frame, weighted, r, round_, code),
    )
