"""Where a rolling round's files lie, and how a folder of results is committed."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from helpers.common.paths import Paths, file_errors_about, write_text
from helpers.common.store import TEMPORARY_NAME
from helpers.rolling.months import name, parse_month

RECORD = "told.json"


@dataclass(frozen=True)
class Places:
    """Folders and files of one rolling round; a month goes by its first day."""

    root: Path
    rolling_id: str

    @property
    def paths(self) -> Paths:
        return Paths(self.root, self.rolling_id)

    @property
    def data(self) -> Path:
        return self.paths.data

    @property
    def build(self) -> Path:
        return self.paths.build

    @property
    def log(self) -> Path:
        return self.data / "log.jsonl"

    @property
    def months(self) -> Path:
        return self.data / "months"

    def month(self, month: dt.date) -> Path:
        return self.months / name(month)

    def of_month(self, month: dt.date, code: str) -> Path:
        """A municipality's month: once the folder is there, it stands fast."""
        return self.month(month) / code

    def sendout(self, month: dt.date, code: str) -> Path:
        return self.data / "sendout" / name(month) / code

    @property
    def collected(self) -> Path:
        return self.data / "collected"

    def unit(self, block_months: int, first: dt.date) -> Path:
        return self.data / "units" / f"{block_months}-{name(first)}"

    def release(self, month: dt.date) -> Path:
        """What is published of the months up to and with `month`."""
        return self.build / name(month)

    def started(self) -> list[dt.date]:
        """Months of which any municipality has been taken, in order."""
        if not self.months.is_dir():
            return []
        return [parse_month(p.name) for p in sorted(self.months.iterdir()) if p.is_dir()]

    def releases(self) -> list[dt.date]:
        """Months with a release, in order."""
        return [parse_month(p.parent.name) for p in sorted(self.build.glob("*/released.parquet"))]


def commit_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder beside `folder`, then rename: all of it is there, or nothing.

    A folder that is there already stays as it is.
    """
    if folder.is_dir():
        return
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with file_errors_about(folder, temporary):
            temporary.mkdir(parents=True)
            write(temporary)
            os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(places: Places) -> None:
    """Take away what a killed tick left half-written: under data/ and build/ of this round only."""
    for extract in places.paths.extracts.glob("*"):
        extract.unlink()
    for folder in (places.data, places.build):
        for left in sorted(folder.rglob(".*")):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            elif TEMPORARY_NAME.fullmatch(left.name):
                left.unlink(missing_ok=True)


def read_record(folder: Path) -> dict:
    return json.loads((folder / RECORD).read_text("utf-8"))


def write_record(folder: Path, record: dict) -> None:
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1)
    write_text(folder / RECORD, f"{text}\n")
