"""A rolling round lived through month by month, with the truth noted beside it.

Extracts are dropped into the inbox, the tick is the command's own, answers come as exports; what the
benchmark reads afterwards lies under data/ and build/ as in a real rolling round.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from benchmarks.rolling_attack import NATIONAL, SHOWN, Publication, Truth, publications_of
from helpers.common.paths import PROJECT
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.rolling.month import ASKED, POPULATION, SAMPLE
from helpers.rolling.months import add_months, name, parse_month
from helpers.rolling.places import Places
from helpers.rolling.settings import Rolling, load_rolling
from helpers.rolling.tick import Tick
from helpers.rolling.units import CELLS, block_lengths
from helpers.rolling.windows import window_blocks
from simulator.monthly import World, at_month, read_world

ROLLING = "demo-rullende"
BREAKDOWNS = ("target_group", "gender", "age_band", "duration_band")
DONT_KNOW = 6
TRUE = ["municipality", "month", "breakdown", "category", "item"]


@dataclass
class Lived:
    """`truth`: a row a municipality × month × breakdown × category × item: answers (1–5), their sum and
    how many are satisfied, of everybody eligible; `asked`: a row an invitation (person, month);
    `inclusion`: a row a citizen of the first twelve months: probability and asked."""

    places: Places
    rolling: Rolling
    months: list[str]
    truth: pd.DataFrame
    asked: pd.DataFrame
    inclusion: pd.DataFrame
    eligible: pd.Series
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(root: Path, codes: list[str] | None = None, **changed: object) -> Rolling:
    """The demo's rolling round under `root`, with some participants or other settings."""
    shutil.copytree(PROJECT / "params", root / "params")
    path = root / "params" / "rolling" / f"{ROLLING}.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | changed
    if codes:
        content["participants"] = codes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return load_rolling(root, ROLLING)


def live(
    root: Path,
    rolling: Rolling,
    months: int,
    scale: float,
    left_out: Callable[[str], frozenset[str]] = lambda month: frozenset(),
    progress: Callable[[str], None] = lambda line: None,
) -> Lived:
    """So many months of samples, and the ticks after them in which the last month closes.

    `left_out(month)`: municipalities that forget the month's extract.
    """
    places = Places(root, rolling.id)
    world = read_world(root, rolling.id, scale)
    seconds = dict.fromkeys(("world", "tick", "answers", "truth"), 0.0)
    truth, asked, eligible, populations = [], [], {}, []
    following = rolling.settings.answer_months
    for number in range(months + following):
        begun = time.perf_counter()
        late = left_out(name(world.month)) if number < months else frozenset()
        if number < months:
            world.write_extracts(places.data / "inbox", late)
        seconds["world"] += time.perf_counter() - begun
        begun = time.perf_counter()
        day = world.month.replace(day=rolling.settings.last_extract_day)
        told = Tick(places, rolling, day).run()
        seconds["tick"] += time.perf_counter() - begun
        none_due = number >= months or bool(late)
        wrong = [p for p in told.failures if not (none_due and "no extract had come" in p.what)]
        if wrong:
            raise RuntimeError("\n".join(map(str, wrong)))
        progress(f"{name(world.month)}: {' '.join(told.done)}")
        if number < months:
            begun = time.perf_counter()
            world.write_answers(places.data / "sendout", places.paths.responses)
            seconds["answers"] += time.perf_counter() - begun
            begun = time.perf_counter()
            sums, people = _truth(places, rolling, world)
            truth.append(sums)
            asked.append(_asked(places, rolling, world))
            eligible[name(world.month)] = len(people)
            if number < 12:
                populations.append(people)
            seconds["truth"] += time.perf_counter() - begun
            world.forward()
        else:
            world.setting = at_month(world.setting, add_months(world.month, 1))
    lived = [name(add_months(rolling.settings.first, i)) for i in range(months)]
    everybody = pd.concat(populations)
    inclusion = everybody.groupby("person_id").agg(
        probability=("probability", "sum"), months=("probability", "size"), asked=("asked", "sum")
    )
    return Lived(places, rolling, lived, pd.concat(truth), pd.concat(asked), inclusion,
                 pd.Series(eligible), seconds)  # fmt: skip


def _truth(places: Places, rolling: Rolling, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sums of what everybody eligible this month would answer; and who they are, with probability."""
    key = key_of_round(rolling.round.settings, places.root)
    questions = [q.id for q in rolling.round.questionnaire.scaled]
    month, parts, people = name(world.month), [], []
    for town in world.towns:
        code = town.place.code
        path = places.of_month(world.month, code) / POPULATION
        if not path.is_file():
            continue
        population = pd.read_parquet(path)
        vault = read_vault(places.paths.vault(code), key, rolling.id, code)
        cpr = population[["person_id"]].merge(vault[["person_id", "cpr"]], on="person_id")["cpr"]
        given = world.opinions(town, questions).set_index("cpr").loc[cpr]
        people.append(population[["person_id", "probability", "asked"]])
        answers = given.to_numpy(float)
        has = answers < DONT_KNOW
        score, content = np.where(has, answers, 0.0), has & (answers >= 4)
        for breakdown in ("all", *BREAKDOWNS):
            of = (
                np.full(len(population), "all", dtype=object)
                if breakdown == "all"
                else population[breakdown].to_numpy(dtype=object)
            )
            for category in pd.unique(of):
                inside = of == category
                parts.append(
                    pd.DataFrame(
                        {
                            "municipality": code, "month": month, "breakdown": breakdown,
                            "category": category, "item": questions,
                            "count": has[inside].sum(axis=0),
                            "score": score[inside].sum(axis=0),
                            "content": content[inside].sum(axis=0),
                        }
                    )
                )  # fmt: skip
    return pd.concat(parts, ignore_index=True), pd.concat(people, ignore_index=True)


def _asked(places: Places, rolling: Rolling, world: World) -> pd.DataFrame:
    parts = []
    for code in rolling.settings.participants:
        path = places.of_month(world.month, code) / SAMPLE
        if path.is_file():
            sample = pd.read_parquet(path, columns=["person_id"])
            parts.append(sample.assign(municipality=code, month=name(world.month)))
    return pd.concat(parts, ignore_index=True)


def releases(lived: Lived) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """(month, released, windows) of every release, in order."""
    found = []
    for month in lived.places.releases():
        folder = lived.places.release(month)
        results = pd.read_parquet(folder / "released.parquet")
        windows = pd.read_parquet(folder / "windows.parquet")
        found.append((name(month), results, windows))
    return found


def answered(lived: Lived, breakdown: str) -> Truth:
    """Numbers of answers that count, by municipality × category × month × question."""
    questions = [q.id for q in lived.rolling.round.questionnaire.scaled]
    categories = list(lived.rolling.round.category_labels()[breakdown])
    codes = list(lived.rolling.settings.participants)
    n = np.zeros((len(codes), len(categories), len(lived.months), len(questions)), dtype=int)
    for i, code in enumerate(codes):
        for t, month in enumerate(lived.months):
            path = lived.places.of_month(parse_month(month), code) / ASKED
            if not path.is_file():
                continue
            asked = pd.read_parquet(path)
            given = asked[questions].to_numpy(float, na_value=np.nan) < DONT_KNOW
            given &= asked["responded"].to_numpy(bool)[:, None]
            of = asked[breakdown].to_numpy(dtype=object)
            for c, category in enumerate(categories):
                n[i, c, t] = given[of == category].sum(axis=0)
    return Truth(codes, categories, lived.months, n)


def publications(lived: Lived, breakdown: str, item: str = "q13") -> list[Publication]:
    """Everything published, as the attacker reads it; what the country holds is told from inside."""
    told = releases(lived)
    lengths = block_lengths(lived.places, lived.rolling)

    def in_country(number: int, category: str) -> list[str]:
        held = []
        month = parse_month(told[number][0])
        for length in sorted(set(lengths.values())):
            blocks = window_blocks(lived.places, lived.rolling, length, month) or ()
            units = [lived.places.unit(length, b.first) / CELLS for b in blocks]
            cells = [pd.read_parquet(u) for u in units if u.is_file()]
            status = [
                c.loc[
                    (c["municipality"] == NATIONAL)
                    & (c["category"] == category)
                    & c["breakdown"].isin(["all", breakdown])
                    & (c["item"] == item),
                    "status",
                ].iloc[0]
                for c in cells
            ]
            if status and all(s == SHOWN for s in status):
                held += [c for c, n in lengths.items() if n == length]
        return held

    return publications_of(
        [(r[r["item"] == item], w) for _, r, w in told], breakdown, lived.months, in_country
    )
