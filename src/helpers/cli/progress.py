"""How far a run is: bars in a terminal, a line now and then in a log file."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from helpers.parameters.params import Round
from helpers.pipeline.run import Progress

STAGE_WORDS = {
    "simulate extracts": "simulate extracts",
    "intake": "intake",
    "plan": "sampling plan",
    "sendout": "letters",
    "simulate answers": "simulate answers",
    "analyse": "analysis",
    "release": "release",
    "report": "reports",
    "national": "national report",
    "scan": "scan",
}
LOG_EVERY_SECONDS = 30


@dataclass
class _Count:
    """Municipalities of one stage; the rate counts those that were worked on, not those unchanged."""

    total: int
    workers: int = 1
    unchanged: int = 0
    worked: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        return self.total - self.unchanged - self.worked

    @property
    def running(self) -> int:
        return min(self.workers, self.left)

    def summary(self) -> str:
        """»2 running, 1 failed, 12.4 a minute, 3 min left«; only what there is to tell."""
        minutes = (time.monotonic() - self.began) / 60
        parts = [f"{self.running} running"] if self.running else []
        parts += [f"{self.unchanged} unchanged"] if self.unchanged else []
        parts += [f"{self.failed} failed"] if self.failed else []
        if self.worked and minutes > 0 and self.total > 1:
            rate = self.worked / minutes
            parts.append(f"{rate:.1f} a minute")
            parts += [f"{_time(self.left / rate)} left"] if self.left else []
        return ", ".join(parts)


def _time(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes >= 2 else f"{minutes * 60:.0f} s"


class ConsoleProgress(Progress):
    """Counts every stage, and shows it on the console; a context that a run is shown in."""

    def __init__(self, round_: Round, console: Console) -> None:
        self.round, self.console = round_, console
        self.counts: dict[str, _Count] = {}
        self.workers, self.dashboard = 1, None
        self.logged = time.monotonic()
        self.bars = Bar(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[summary]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self.tasks: dict[str, int] = {}

    def __enter__(self) -> ConsoleProgress:
        self.bars.start()
        return self

    def __exit__(self, *_) -> None:
        self.bars.stop()

    def started(self, stage: str, workers: int, dashboard: str | None) -> None:
        self.workers = workers
        if stage in self.counts:
            self.counts[stage].workers = workers
            self.counts[stage].began = time.monotonic()  # what went before tells no rate
        if dashboard and dashboard != self.dashboard:
            self.dashboard = dashboard
            self.console.print(f"Dask's dashboard: {dashboard}", markup=False)

    def start(self, stage: str, total: int) -> None:
        self.counts[stage] = _Count(total, self.workers)
        word = STAGE_WORDS.get(stage, stage)
        self.tasks[stage] = self.bars.add_task(word, total=total, summary="")

    def advance(
        self, stage: str, municipality: str, failed: bool = False, unchanged: bool = False
    ) -> None:
        count = self.counts[stage]
        count.unchanged += unchanged
        count.worked += not unchanged
        count.failed += failed
        place = self.round.municipalities.get(municipality)
        summary = f"{count.summary()}  {place.name if place else ''}"
        self.bars.update(self.tasks[stage], advance=1, summary=summary)
        if count.left and time.monotonic() - self.logged >= LOG_EVERY_SECONDS:
            self._log(stage)

    def end(self, stage: str) -> None:
        self.bars.update(self.tasks[stage], summary=self.counts[stage].summary() or "done")
        self._log(stage)

    def _log(self, stage: str) -> None:
        if self.console.is_terminal:
            return
        self.logged = time.monotonic()
        count = self.counts[stage]
        done = count.unchanged + count.worked
        line = f"{STAGE_WORDS.get(stage, stage)}: {done} of {count.total}"
        summary = count.summary()
        self.console.print(
            f"{time.strftime('%H:%M:%S')} {line}{', ' + summary if summary else ''}", markup=False
        )
