"""Three rounds as released, hand-made: the pilot of 2023, spring 2024, and autumn 2025 with its new theme.

Norddjurs takes part in all three, Læsø in the first two, Aabenraa in the last two. Only 2025 compares
itself with an earlier round (2024).
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import yaml
from published_fixture import BIG, PLAIN, SMALL, _difference, make_published

from helpers.common.vocabulary import FILES
from helpers.estimation.comparability import common_part, comparability, empty
from helpers.parameters.params import load_round
from helpers.released.published import Published

PILOT, SPRING, AUTUMN = "2023-pilot", "2024-foraar", "2025-efteraar"
TAKE_PART = {PILOT: (BIG, SMALL), SPRING: (BIG, SMALL, PLAIN), AUTUMN: (BIG, PLAIN)}
MOVED = {PILOT: -0.11, SPRING: 0.0, AUTUMN: 0.07}  # of every value, so that rounds differ
WORTH = 0.06  # a change as large as this is called one


def write_rounds(root: Path) -> None:
    """Parameters and released tables of the three rounds under `root`, which has the project's `params/`."""
    for round_id, codes in TAKE_PART.items():
        _write_parameters(root, round_id, codes)
    made = {r: _moved(make_published(r, codes, root), MOVED[r]) for r, codes in TAKE_PART.items()}
    for round_id, published in made.items():
        earlier = published.round.settings.earlier_rounds
        changes = [_changes(published, made[e]) for e in earlier]
        others = published.comparisons["reference"].str.startswith("round:")
        comparisons = pd.concat([published.comparisons[~others], *changes], ignore_index=True)
        folder = root / "build" / round_id
        folder.mkdir(parents=True, exist_ok=True)
        published.results.to_parquet(folder / FILES["results"])
        comparisons.to_parquet(folder / FILES["comparisons"])
        published.response.to_parquet(folder / FILES["response"])
        published.drivers.to_parquet(folder / FILES["drivers"])
        known = [comparability(published.round, made[e].round, 1) for e in earlier]
        pd.concat([empty(), *known], ignore_index=True).to_parquet(folder / FILES["comparability"])


def _write_parameters(root: Path, round_id: str, codes: tuple[str, ...]) -> None:
    folder = root / "params/rounds"
    source = folder / f"{SPRING if round_id == AUTUMN else round_id}.yml"
    content = yaml.safe_load(source.read_text("utf-8")) | {"participants": list(codes)}
    if round_id == AUTUMN:
        later = {
            "round": AUTUMN, "title": "efteråret 2025", "reference_date": "2025-10-01",
            "questionnaire": "2025", "earlier_rounds": [SPRING], "retention_until": "2026-12-31",
            "period": {"start": "2025-09-01", "end": "2026-01-31"},
            "calendar": {
                "sampling": {"start": "2025-10-06", "end": "2025-10-17"},
                "collection": {"start": "2025-10-27", "end": "2025-11-16"},
                "reporting": {"start": "2025-12-01", "end": "2025-12-01"},
            },
        }  # fmt: skip
        content |= later
    path = folder / f"{round_id}.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def _moved(published: Published, by: float) -> Published:
    """Rounded to what leaves the house, the means moved; hidden ones stay hidden."""
    results = published.results.copy()
    numbers = ["value", "ci_low", "ci_high"]
    means = results["statistic"] == "mean"
    results.loc[means, numbers] = (results.loc[means, numbers] + by).clip(1, 5)
    results[numbers] = results[numbers].round(2)
    return dataclasses.replace(published, results=results)


def _changes(now: Published, before: Published) -> pd.DataFrame:
    """As the gate releases them: both sides shown, and the theme the same in both."""
    common = common_part(now.round, load_round_of(before))
    key = ["municipality", "breakdown", "category", "item", "statistic", "weighting"]
    own, other = (
        p.results[
            (p.results["status"] == "shown") & (p.results["statistic"] == "mean")
            & (p.results["weighting"] == "weighted") & (p.results["breakdown"] == "all")
        ]
        for p in (now, before)
    )  # fmt: skip
    own = own[own["item"].isin(common.items)].assign(was=own["item"].map(common.items))
    both = own.merge(
        other[["municipality", "item", "value"]].rename(columns={"item": "was", "value": "before"}),
        on=["municipality", "was"],
    )
    worth = (both["value"] - both["before"]).abs().round(4) >= WORTH
    rows = _difference(both[[*key, "value", "ci_low", "ci_high"]], f"round:{before.round.id}",
                       both["before"].to_numpy(), worth.to_numpy())  # fmt: skip
    numbers = ["difference", "ci_low", "ci_high", "own", "reference_value"]
    rows[numbers] = rows[numbers].astype(float).round(2)
    return rows.assign(note=common.mark)


def load_round_of(published: Published):
    return published.round


__all__ = ["AUTUMN", "PILOT", "SPRING", "TAKE_PART", "load_round", "write_rounds"]
