"""What the simulation needs from the parameter files: who takes part, when, and the seed."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import yaml

from simulator.questionnaire import Asked, Scale, read_asked, read_scales, scale_of

# What a municipality keeps follows from this and not from a round's seed. It is the seed of the
# round `demo`, so the municipalities are those that round was calibrated with.
PLACE_SEED = 20240201


class SimulationError(Exception):
    """The simulation cannot go on; names the municipality and quotes nobody."""


@dataclass(frozen=True)
class Place:
    """One participating municipality with its local questions and background variables."""

    code: str
    name: str
    region: str
    inhabitants: int
    questions: tuple[str, ...]
    background: tuple[dict, ...]
    number: int = 0  # of its line in params/municipalities.csv, from 0
    scales: Mapping[str, Scale] = field(default_factory=dict)  # of its own questions

    @property
    def slug(self) -> str:
        text = self.name.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        return "-".join("".join(c if c.isalnum() else " " for c in text).split())


@dataclass(frozen=True)
class Setting:
    """One round: reference date, collection period, seed, places."""

    round_id: str
    data: Path
    reference_date: dt.date
    collection_start: dt.date
    collection_end: dt.date
    seed: int
    places: tuple[Place, ...]
    asked: Asked

    def generator(self, code: str, purpose: str) -> np.random.Generator:
        """Randomness of one municipality and purpose; order and parallel work change nothing."""
        return _generator(self.seed, code, purpose)


def lasting_generator(code: str, purpose: str) -> np.random.Generator:
    """Randomness of what a municipality keeps from round to round."""
    return _generator(PLACE_SEED, code, purpose)


def _generator(seed: int, code: str, purpose: str) -> np.random.Generator:
    return np.random.default_rng([seed, int(code), zlib.crc32(purpose.encode())])


def read_setting(root: Path, round_id: str) -> Setting:
    """Read the round file, the municipalities and the local files."""
    content = yaml.safe_load((root / "params" / "rounds" / f"{round_id}.yml").read_text("utf-8"))
    collection = content["calendar"]["collection"]
    return Setting(
        round_id,
        root / "data" / round_id,
        _day(content["reference_date"], "1"),
        _day(collection["start"], "1"),
        _day(collection["end"], "7"),
        int(content["seed"]),
        read_places(root, round_id, content["participants"]),
        read_asked(root, content["questionnaire"]),
    )


def read_places(root: Path, round_id: str, participants: Sequence[str]) -> tuple[Place, ...]:
    """The participants with what stands of them in the municipalities' and the local files."""
    params = root / "params"
    with (params / "municipalities.csv").open(encoding="utf-8-sig", newline="") as f:
        known = {row["code"]: row for row in csv.DictReader(f)}
    common = read_scales(root)
    places = []
    for code in participants:
        row = known[str(code)]
        local_path = params / "local" / round_id / f"{code}.yml"
        local = yaml.safe_load(local_path.read_text("utf-8")) if local_path.is_file() else {}
        questions = local.get("questions") or ()
        own = {name: scale_of(labels) for name, labels in (local.get("scales") or {}).items()}
        places.append(
            Place(
                str(code),
                row["name"],
                row["region"],
                int(row["population"]),
                tuple(q["id"] for q in questions),
                tuple(local.get("background") or ()),
                list(known).index(str(code)),
                {q["id"]: (common | own)[q["scale"]] for q in questions},
            )
        )
    return tuple(places)


def _day(written: dt.date | str, weekday: str) -> dt.date:
    """A date, also in quotes, or a week as `2023-W35` and which of its days is meant."""
    if not isinstance(written, str):
        return written
    if "W" in written:
        return dt.datetime.strptime(f"{written.strip()}-{weekday}", "%G-W%V-%u").date()
    return dt.date.fromisoformat(written.strip())


def for_each(
    function: Callable[[Setting, Place], Path | None],
    setting: Setting,
    places: Sequence[Place],
    jobs: int,
    progress: Callable[[str], None] | None,
) -> list[Path]:
    """`function(setting, place)` for each place, in `jobs` processes; paths in the places' order."""
    made: dict[str, Path | None] = {}
    if jobs <= 1:
        for place in places:
            made[place.code] = function(setting, place)
            if progress:
                progress(place.code)
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            futures = {pool.submit(function, setting, p): p.code for p in places}
            for future in as_completed(futures):
                made[futures[future]] = future.result()
                if progress:
                    progress(futures[future])
    return [path for p in places if (path := made[p.code]) is not None]
