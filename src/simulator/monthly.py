"""A world for a rolling round: citizens come, stay, change and go, month by month.

Each month a share of those on a benefit leave, and as many come, some of them back. A spell grows by
the month, and with it goes the attitude: newcomers are more satisfied than those who have been there
for years. So whoever takes the sample of a month for one of everybody there, while newcomers are
over-represented in it, gets too high a satisfaction.

Whether a citizen answers does not follow the attitude itself here: no weighting mends that, and a
rolling round no more than another.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from simulator.answers import answers_of, export_of, make_opinions
from simulator.draws import Draws
from simulator.extracts import write_extract
from simulator.layouts import layout_of
from simulator.persons import extract_size, make_persons
from simulator.questionnaire import read_asked
from simulator.setting import Place, Setting, read_places

LEAVE_SHARE = 0.07  # a month; the mean spell is then 14 months, as in `persons.py`
RETURN_SHARE = 0.03  # of those gone, a month
CHANGE_SHARE = 0.01  # take another benefit, a month; the spell begins anew
TILT_AT_ENTRY, TILT_A_YEAR, TILT_YEARS = 0.5, -0.6, 2.5  # attitude by spell, general loadings


@dataclass
class Town:
    """One municipality's citizens: `here` on a benefit, `gone` from it."""

    place: Place
    here: pd.DataFrame
    gone: pd.DataFrame
    size: int


@dataclass
class World:
    """All municipalities in one month; `forward` goes on to the next. `scale`: share of the persons
    that an extract has in a round; places with fewer than `least` keep them all."""

    setting: Setting
    scale: float = 1.0
    least: int = 400
    towns: list[Town] = field(default_factory=list)

    def __post_init__(self) -> None:
        for place in self.setting.places:
            whole = extract_size(place)
            size = min(whole, max(self.least, round(self.scale * whole)))
            here = make_persons(self.setting, place, size)
            self.towns.append(Town(place, here, here.iloc[:0], size))

    @property
    def month(self) -> dt.date:
        return self.setting.reference_date

    def forward(self) -> None:
        """A month goes by in every municipality."""
        following = (self.month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        self.setting = at_month(self.setting, following)
        for town in self.towns:
            _forward(town, self.setting)

    def write_extracts(self, inbox: Path, left_out: frozenset[str] = frozenset()) -> None:
        """The month's files, `<code>-<yyyy-mm>.xlsx|csv`, but for municipalities that forget it."""
        inbox.mkdir(parents=True, exist_ok=True)
        for town in self.towns:
            code = town.place.code
            if code not in left_out:
                stem = inbox / f"{code}-{self.month:%Y-%m}"
                write_extract(self.setting, town.place, town.here, layout_of(code), stem)

    def write_answers(self, letters: Path, responses: Path) -> Path | None:
        """One export of all who were asked this month, from the letters under
        `letters/<yyyy-mm>/<code>/`; None where there are no letters."""
        parts = []
        for town in self.towns:
            file = letters / f"{self.month:%Y-%m}" / town.place.code / "flettebrev.xlsx"
            if file.is_file():
                answers = answers_of(
                    town.here, town.place, self.setting, self.tilt(town), selective=0.0
                )
                parts.append(export_of(file, town.place, answers))
        if not parts:
            return None
        responses.mkdir(parents=True, exist_ok=True)
        path = responses / f"svar-{self.month:%Y-%m}.csv"
        beside = path.with_name(f".{path.name}")
        pd.concat(parts).to_csv(beside, index=False, lineterminator="\n")
        os.replace(beside, path)
        return path

    def tilt(self, town: Town) -> np.ndarray:
        days = (np.datetime64(self.month) - town.here["spell_start"].to_numpy()).astype(
            "timedelta64[D]"
        )
        return TILT_AT_ENTRY + TILT_A_YEAR * np.minimum(days.astype(float) / 365, TILT_YEARS)

    def opinions(self, town: Town, questions: list[str]) -> pd.DataFrame:
        """The truth: what each citizen there would answer this month, a row a citizen with `cpr`."""
        draws = Draws(self.setting.seed, town.place.code, town.here["drawn"].to_numpy("uint64"))
        general = draws.normal("general") + self.tilt(town)
        found = make_opinions(town.here, town.place, self.setting, draws, general, questions)
        return pd.DataFrame({"cpr": town.here["cpr"].to_numpy()} | found)


def read_world(root: Path, rolling_id: str, scale: float = 1.0) -> World:
    """The world of `params/rolling/<id>.yml` in its first month."""
    path = root / "params" / "rolling" / f"{rolling_id}.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    first = dt.date.fromisoformat(f"{content['first_month']}-01")
    setting = Setting(
        rolling_id,
        root / "data" / rolling_id,
        first,
        first,
        first,
        int(content["seed"]),
        read_places(root, rolling_id, content["participants"]),
        read_asked(root, content["questionnaire"]),
    )
    return World(at_month(setting, first), scale)


def at_month(setting: Setting, month: dt.date) -> Setting:
    start = month + dt.timedelta(days=12)
    return replace(
        setting,
        reference_date=month,
        collection_start=start,
        collection_end=start + dt.timedelta(days=20),
    )


def _forward(town: Town, setting: Setting) -> None:
    rng = setting.generator(town.place.code, f"month {setting.reference_date:%Y-%m}")
    month = np.datetime64(setting.reference_date)
    leaves = rng.random(len(town.here)) < LEAVE_SHARE
    back = rng.random(len(town.gone)) < RETURN_SHARE
    stay = town.here[~leaves]
    returned = _new_spells(town.gone[back], month, rng)
    count = rng.poisson(max(0.0, LEAVE_SHARE * town.size - len(returned)))
    # persons of one month are invented apart from those of every other
    apart = replace(setting, seed=setting.seed + 12 * month.astype("datetime64[Y]").astype(int)
                    + setting.reference_date.month)  # fmt: skip
    known = pd.concat([town.here, town.gone])
    new = make_persons(apart, town.place, count, taken=known["cpr"])
    new = _new_spells(new[~new["drawn"].isin(known["drawn"])], month, rng)
    changed = rng.random(len(stay)) < CHANGE_SHARE
    other = stay["benefit"].to_numpy(dtype=object).copy()
    other[changed] = rng.permutation(other)[changed]
    differs = other != stay["benefit"].to_numpy(dtype=object)
    begun = np.where(differs, month - np.timedelta64(15, "D"), stay["spell_start"].to_numpy())
    stay = stay.assign(benefit=other, spell_start=begun.astype("datetime64[s]"))
    stay = stay.assign(latest_conversation=_not_before(stay))
    town.gone = pd.concat([town.gone[~back], town.here[leaves]], ignore_index=True)
    town.here = pd.concat([stay, returned, new], ignore_index=True)


def _new_spells(
    persons: pd.DataFrame, month: np.datetime64, rng: np.random.Generator
) -> pd.DataFrame:
    """With spells begun in the month before, and no conversation yet."""
    days = rng.integers(1, 30, len(persons)).astype("timedelta64[D]")
    start = (month - days).astype("datetime64[s]")
    none = np.full(len(persons), np.datetime64("NaT"), dtype="datetime64[s]")
    return persons.assign(spell_start=start, latest_conversation=none)


def _not_before(persons: pd.DataFrame) -> np.ndarray:
    """Latest conversations, none before the spell began."""
    talk, start = persons["latest_conversation"].to_numpy(), persons["spell_start"].to_numpy()
    return np.where(talk < start, np.datetime64("NaT"), talk).astype("datetime64[s]")
