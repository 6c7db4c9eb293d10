"""Rolling rounds for the tests: one lived through for sixteen months, and a small quick one."""

import datetime as dt
import shutil
from pathlib import Path

from benchmarks.rolling_world import ROLLING, prepare
from helpers.rolling.places import Places
from helpers.rolling.settings import Rolling
from helpers.rolling.tick import Tick, TickResult
from simulator.monthly import World, read_world

FOUR = ["0161", "0707", "0741", "0825"]
TINY = ["0741", "0825"]
# a window of two months in one block: everything that a tick does has happened in the third
QUICK = {
    "window_months": 2,
    "min_window_months": 1,
    "blocks": [{"block_months": 2}],
    "answer_months": 1,
}


class Small:
    """A rolling round of two islands under `root`, ready for its first tick."""

    def __init__(
        self, root: Path, codes: list[str] = TINY, scale: float = 1.0, **changed: object
    ) -> None:
        self.rolling: Rolling = prepare(root, codes, **(QUICK | changed))
        self.places = Places(root, ROLLING)
        self.world: World = read_world(root, ROLLING, scale)

    @property
    def inbox(self) -> Path:
        return self.places.data / "inbox"

    def day(self, day: int = 10) -> dt.date:
        return self.world.month.replace(day=day)

    def tick(self, day: int = 10) -> TickResult:
        return Tick(self.places, self.rolling, self.day(day)).run()

    def month(self, left_out: frozenset[str] = frozenset()) -> TickResult:
        """A whole month: extracts, tick, answers; then the next begins."""
        self.world.write_extracts(self.inbox, left_out)
        told = self.tick()
        self.world.write_answers(self.places.data / "sendout", self.places.paths.responses)
        self.world.forward()
        return told


def tree(root: Path) -> dict[str, object]:
    """Every file under data/ and build/ with its content; of a vault, which is encrypted under a new
    random number each time, that it is there."""
    found = {}
    for folder in ("data", "build"):
        for path in sorted((root / folder).rglob("*")):
            at = path.relative_to(root).as_posix()
            if path.is_file() and path.name not in (".lock", ".run.json"):
                found[at] = "" if "/vault/" in at else path.read_bytes()
    return found


def copy_of(root: Path, to: Path) -> Path:
    shutil.copytree(root, to)
    return to
