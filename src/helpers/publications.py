"""What has left the house of a round: a record a publication, with digests and the numbers' state.

`data/<round>/release-state/` is what the latest release was made from; `survey deliver` and `survey publish`
copy it, with the released tables, to `data/<round>/published/<number>/`. From then on releases are made
jointly with it (`release_again.py`). Nothing in it points at a person (`answer_digests.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from helpers.errors import SurveyError, TooEarlyError
from helpers.paths import Paths, write_atomically, write_text
from helpers.published import FILES
from helpers.suppression import CELL, FEW, LINKED, Key

STATE = ("estimates", "counts", "covariances", "answers", "cells")
MARK = "publication.json"


@dataclass(frozen=True)
class Publication:
    """`tables`: name of a released table → SHA-256 of what left the house; `country`: the municipalities that
    the country's numbers hold; `apart`: those published beside it. Reading raises SurveyError where a file
    is not as it was recorded."""

    folder: Path
    number: int
    published_on: str
    how: str
    country: tuple[str, ...]
    apart: tuple[str, ...]
    missing: tuple[str, ...]
    tables: dict[str, str]
    digests: dict[str, str]  # file name → SHA-256, of the tables and of what they were made from

    @property
    def municipalities(self) -> tuple[str, ...]:
        return (*self.country, *self.apart)

    def state(self, name: str) -> pd.DataFrame:
        return self._recorded(f"{name}.parquet")

    def table(self, name: str) -> pd.DataFrame:
        return self._recorded(FILES[name])

    def _recorded(self, name: str) -> pd.DataFrame:
        path = self.folder / name
        if not path.is_file() or _digest(path) != self.digests[name]:
            raise SurveyError(
                str(path),
                "the file is missing or has changed since the release was published",
                "what has left the house, as it was recorded",
                "Put the file back from a copy of the folder; nothing was released.",
            )
        return pd.read_parquet(path)

    @cached_property
    def hidden(self) -> frozenset[Key]:
        """The groups that it hid."""
        cells = self.state("cells")
        cells = cells[cells["status"].isin([FEW, LINKED])]
        return frozenset(cells[CELL].itertuples(index=False, name=None))


def write_state(paths: Paths, state: dict[str, pd.DataFrame], country: Sequence[str]) -> None:
    """What the release that lies under `build/` was made from; written after it."""
    folder = paths.release_state
    for name in STATE:
        write_atomically(folder / f"{name}.parquet", state[name].to_parquet)
    told = {"tables": _digests(paths), "country": sorted(country)}
    write_text(folder / "state.json", json.dumps(told, indent=1) + "\n")


def require_state(paths: Paths) -> dict:
    """What is told of the release under `build/`. Raises TooEarlyError where there is none, or it is another
    than the state was kept of."""
    state = paths.release_state / "state.json"
    told = json.loads(state.read_text("utf-8")) if state.is_file() else {}
    kept = all((paths.release_state / f"{name}.parquet").is_file() for name in STATE)
    if not told or not kept or told["tables"] != _digests(paths):
        raise TooEarlyError(
            str(paths.build),
            "the release is not the one whose state is kept, so that later ones could not be made safe",
            "a release made by this version, and nothing changed in it",
            f"Run `survey run {paths.round_id} --again --stage release`, then publish.",
        )
    return told


def publish(
    paths: Paths, participants: Sequence[str], how: str, today: dt.date
) -> tuple[Publication, bool]:
    """Record that the release under `build/` has left the house; False: it was recorded before.

    Raises as `require_state`.
    """
    told = require_state(paths)
    last = last_publication(paths)
    if last is not None and last.tables == told["tables"]:
        return last, False
    number = 1 if last is None else last.number + 1
    folder = paths.published / f"{number:03}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in STATE:
        shutil.copyfile(paths.release_state / f"{name}.parquet", folder / f"{name}.parquet")
    for file in FILES.values():
        shutil.copyfile(paths.build / file, folder / file)
    have = set(pd.read_parquet(folder / "counts.parquet")["municipality"])
    content = {
        "number": number,
        "published_on": today.isoformat(),
        "how": how,
        "country": told["country"],
        "apart": sorted(have - set(told["country"])),
        "missing": [c for c in participants if c not in have],
        "tables": told["tables"],
        "digests": {p.name: _digest(p) for p in sorted(folder.glob("*.parquet"))},
    }
    write_text(folder / MARK, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return _read(folder), True


def publications(paths: Paths) -> list[Publication]:
    """All of the round, the first first."""
    return [_read(mark.parent) for mark in sorted(paths.published.glob(f"*/{MARK}"))]


def last_publication(paths: Paths) -> Publication | None:
    found = publications(paths)
    return found[-1] if found else None


def _read(folder: Path) -> Publication:
    content = json.loads((folder / MARK).read_text("utf-8"))
    for name in ("country", "apart", "missing"):
        content[name] = tuple(content[name])
    return Publication(folder, **content)


def _digests(paths: Paths) -> dict[str, str]:
    files = {name: paths.build / file for name, file in [*FILES.items(), ("csv", "released.csv")]}
    return {name: _digest(path) if path.is_file() else "" for name, path in files.items()}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
