"""Does the forecast of answers keep what it promises?

Simulated rounds are forecast day after day, and each interval is held against the number of answers
that came in the end. Writes `docs/forecast.md`. A full run:
`python -m benchmarks.forecast --replicates 10` (about half a minute a replicate on one core).
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecast_world import Trouble, simulated_citizens, simulated_curves
from helpers.common.paths import PROJECT
from helpers.fieldwork.citizens import as_of
from helpers.fieldwork.counts import count_citizens
from helpers.fieldwork.forecast import Forecast
from helpers.parameters.params import Round, load_round
from simulator.setting import Place, read_setting

DAYS = (0, 1, 2, 3, 5, 8, 10, 12, 14, 16, 18, 20)
CONFIDENCE = 0.95
WORLDS = {  # heading → (trouble, whether the earlier round is held)
    "as simulated": (Trouble(), True),
    "as the model supposes": (Trouble(0.05, 0.10), True),
    "more unlike than supposed": (Trouble(0.15, 0.20), True),
    "a fifth of the municipalities two days late": (Trouble(0.05, 0.05, 0.2, 2.0), True),
    "no earlier round": (Trouble(), False),
}
HARD = 0.38  # of the invited: about what comes in
CHANCES = (0, 0.01, 0.1, 0.3, 0.7, 0.9, 0.99, 1.0001)


def forecasts(
    root: Path,
    round_: Round,
    earlier: Round,
    trouble: Trouble,
    held: bool,
    seed: int,
    days: Sequence[int] = DAYS,
    places: Sequence[Place] | None = None,
) -> pd.DataFrame:
    """One simulated round, forecast on some days: a row a municipality (and the country) × day with
    forecast, ci_low, ci_high, sd, `came` (the answers in the end) and `miss` (chance of fewer than
    HARD of the invited, a number that may be reached or not)."""
    setting, before = read_setting(root, round_.id), read_setting(root, earlier.id)
    places = setting.places if places is None else places
    largest = max(
        p.inhabitants for p in places
    )  # a test's few small ones need no Copenhagen before
    known = [p for p in before.places if held and p.inhabitants <= largest]
    # the round's own timing is its distance from the earlier one, which is the measure
    calm = replace(trouble, timing_of_round=0.0)
    past = (
        [(earlier, simulated_citizens(before, round_, known, calm, 2 * seed + 1))] if held else []
    )
    curves = simulated_curves(round_, past)
    citizens = simulated_citizens(setting, round_, places, trouble, 2 * seed)
    came = citizens.groupby("municipality", sort=False)["answered"].sum()
    tables = []
    for day in days:
        now = curves.start + dt.timedelta(days=day)
        forecast = Forecast(count_citizens(as_of(citizens, now), curves, now), curves, CONFIDENCE)
        own = forecast.municipalities
        wanted = np.rint(HARD * own["invited"].to_numpy())
        own = own.assign(wanted=wanted, miss=forecast.miss(wanted))
        own["came"] = came.reindex(own["municipality"]).to_numpy()
        whole = forecast.country.to_frame().T.assign(came=came.sum(), miss=np.nan)
        tables += [own.assign(day=day), whole.assign(day=day)]
    return pd.concat(tables, ignore_index=True).assign(seed=seed)


def by_day(found: pd.DataFrame) -> pd.DataFrame:
    """Coverage, bias and width by day, municipalities and the country apart (shares 0–1)."""
    found = found.astype({c: float for c in ("forecast", "ci_low", "ci_high", "came", "invited")})
    found = found.assign(
        covered=(found["ci_low"] <= found["came"]) & (found["came"] <= found["ci_high"]),
        bias=(found["forecast"] - found["came"]) / found["came"],
        width=(found["ci_high"] - found["ci_low"]) / found["came"],
        country=found["municipality"] == "national",
    )
    return found.groupby(["country", "day"])[["covered", "bias", "width"]].mean()


def by_chance(found: pd.DataFrame) -> pd.DataFrame:
    """Told chance of missing the wanted number beside how often it was missed."""
    own = found[found["municipality"] != "national"]
    band = pd.cut(own["miss"].astype(float), CHANCES, right=False)
    missed = own["came"].astype(float) < own["wanted"].astype(float)
    table = pd.DataFrame({"told": own["miss"].astype(float), "missed": missed, "n": 1})
    return table.groupby(band, observed=True).agg({"told": "mean", "missed": "mean", "n": "sum"})


def told(results: dict[str, pd.DataFrame], replicates: int) -> str:
    """The page as Markdown."""
    lines = [
        "# The forecast of answers, proved by simulation",
        "",
        f"Written by `python -m benchmarks.forecast`; do not edit by hand. {replicates} rounds of each "
        "kind, 79 municipalities, the earlier round with 13, as in the demo.",
        "",
        "Each simulated round is forecast at the beginning of a day of the collection (day 0: no answer "
        "yet; day 7 and 14: reminders) from the answers so far and the earlier round's curves "
        "(`helpers/fieldwork/forecast.py`). The interval is a prediction interval of "
        f"{CONFIDENCE:.0%} for the number of answers that come in the end. *Covered*: share of "
        "intervals that hold it; *bias*: mean of forecast less came, as a share of what came; *width*: "
        "mean width as a share of what came.",
        "",
        "- *as simulated*: all municipalities and rounds have the same timing, so that intervals which "
        "allow for differences hold too often;",
        "- *as the model supposes*: timing differs between rounds and municipalities by the standard "
        "deviations 0.05 and 0.10 (logit of the share of answers that has come);",
        "- *more unlike than supposed*: 0.15 and 0.20;",
        "- *late*: a fifth of the municipalities send everything two days late;",
        "- *no earlier round*: expected response and the default curve only.",
    ]
    for name, found in results.items():
        table = by_day(found)
        lines += ["", f"## {name[0].upper()}{name[1:]}", ""]
        lines += [
            "| day | municipalities: covered | bias | width | country: covered | bias | width |",
            "|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for day in DAYS:
            own, whole = table.loc[(False, day)], table.loc[(True, day)]
            cells = [f"{v:.1%}" for row in (own, whole) for v in row]
            lines.append(f"| {day} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## Who will miss the least number",
        "",
        f"Told chance of fewer answers than {HARD:.0%} of the invited, which is about what comes in and so "
        "a hard case, beside how often it came so; all days but 0 together.",
    ]
    for name, found in results.items():
        lines += ["", f"{name[0].upper()}{name[1:]}:", "", "| told | mean | missed | forecasts |"]
        lines.append("|---|---:|---:|---:|")
        for band, row in by_chance(found[found["day"] > 0]).iterrows():
            span = f"{band.left:.0%} – {min(band.right, 1):.0%}"
            lines.append(f"| {span} | {row['told']:.1%} | {row['missed']:.1%} | {int(row['n'])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument("--write", type=Path, default=PROJECT / "docs" / "forecast.md")
    options = parser.parse_args()
    round_, earlier = load_round(PROJECT, "demo"), load_round(PROJECT, "demo-2023")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in WORLDS}
    for seed in range(1, options.replicates + 1):
        for name, (trouble, held) in WORLDS.items():
            parts[name].append(forecasts(PROJECT, round_, earlier, trouble, held, seed))
        print(f"{seed} of {options.replicates}", flush=True)
    results = {name: pd.concat(found, ignore_index=True) for name, found in parts.items()}
    options.write.write_text(told(results, options.replicates), encoding="utf-8")


if __name__ == "__main__":
    main()
