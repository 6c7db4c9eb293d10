"""What becomes of a round when a run is killed, the drive is full, a file is spoilt, the clock is wrong.

    PYTHONPATH=src python -m benchmarks.reliability --kills 20 --seed 1 --write      writes docs/reliability.md

A small simulated round is put through each fault. After it the next `survey run` must end with exit
status 0, every result must have the bytes of a run that nothing disturbed, nothing half-written may
lie there, and no process may be left of the run that went wrong. Exit status 1 where one of these does
not hold. Linux only; `--only` takes some of the faults, in the order given. A drive that is full is
tried as root alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import random
import re
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.reliability_round import (
    LONGEST,
    PATIENCE,
    ROUND,
    Bench,
    Ended,
    Run,
    change,
    different,
    half_written,
    holder,
    kill,
    prepare,
    results,
    stale,
    until,
)
from helpers.cli.progress import STAGE_WORDS
from helpers.common.paths import PROJECT

CODES = ("0563", "0741", "0825")  # islands with few answers
JOBS = 2
SOONEST_END = 15  # seconds within which a run that is told to end must have ended
SMALL_FILE = 100_000  # bytes; an executed notebook is larger
DOCS = PROJECT / "docs/reliability.md"
# of what a run tells: what is done so far, and what Python's own helper tells after a kill -9
NO_WORD = re.compile(r"\d\d:\d\d:\d\d |.*resource_tracker|\s*warnings\.warn")
TRACEBACK = re.compile(r"Traceback \(most recent call last\):\n(?:\s.*\n)*(.*)")
NAMED = r"FAILED .*step \w+:"  # a failure tells the municipality, or the round, and the step


@dataclass(frozen=True)
class Row:
    """One fault, what came of it, and what of it was not as it must be."""

    fault: str
    done: str
    told: str
    again: str
    same: bool
    half_written: int
    left: int
    seconds: float  # until the run with the fault had ended, or of the run that found the fault
    wrong: tuple[str, ...] = ()


def row(
    bench: Bench,
    root: Path,
    fault: str,
    done: str,
    ended: Ended,
    *,
    wanted: dict[str, str] | None = None,
    status: tuple[int, ...] = (0,),
    says: str = "",
    wrong: tuple[str, ...] = (),
) -> Row:
    """Run again after a fault, and compare what lies there then with `wanted` (as finished).

    The faulty run must have ended with one of the exit statuses, and said what `says` looks for.
    """
    again = bench.run(root)
    not_same = different(wanted or bench.finished, results(root))
    half = half_written(root)
    no_good = [
        *wrong,
        *([f"exit status {ended.status}"] if ended.status not in status else []),
        *([f"did not say »{says}«"] if not re.search(says, ended.told, re.DOTALL) else []),
        *(f"showed a traceback: {error}" for error in TRACEBACK.findall(ended.told)[:3]),
        *([f"the next run ended with {again.status}: {told(again, root)}"] if again.status else []),
        *(f"{name} is another" for name in not_same[:3]),
        *(f"{name} is stale" for name in stale(root)[:3]),
        *(f"{name} is half-written" for name in half[:3]),
        *([f"{ended.left} processes left"] if ended.left else []),
    ]
    return Row(
        fault, done, told(ended, root), made(again), not not_same, len(half), ended.left,
        ended.seconds, tuple(no_good),
    )  # fmt: skip


def made(ended: Ended) -> str:
    return ", ".join(f"{stage} {n}" for stage, n in ended.made.items()) or "nothing"


def told(ended: Ended, root: Path) -> str:
    """Exit status and what went wrong as the user reads it; of several failures the first."""
    text = ended.told.replace(str(root), "<root>")
    parts = re.split(r"\n\s*\n|\n(?=\d\d:\d\d:\d\d |FAILED|Stopped)", text)
    failed = [" ".join(p.split()) for p in parts if p.strip().startswith(("FAILED", "Stopped"))]
    other = [line for line in text.splitlines() if line and not NO_WORD.match(line)]
    what = failed[0] if failed else other[0] if ended.status and other else ""
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{ended.status}{': ' if what else ''}{what}{more}"


def during(run: Run) -> str:
    """The stage that the run is in."""
    words = [word for word in STAGE_WORDS.values() if "simulate" not in word and word != "letters"]
    over = [w for w in words if f" {w}: " in run.told()]
    return words[min(words.index(over[-1]) + 1, len(words) - 1)] if over else words[0]


# ---------------------------------------------------------------------------------- killed, stopped


def kills(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """kill -9 of the run itself, at moments spread over the time that an undisturbed one takes."""
    for _ in range(times):
        moment = draw.uniform(0, bench.seconds["collected"])
        yield killed(bench, "collected", moment, bench.finished)


def early_kills(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    for _ in range(min(times, 3)):
        moment = draw.uniform(0, bench.seconds["extracts"])
        yield killed(bench, "extracts", moment, bench.planned)


def killed(bench: Bench, state: str, moment: float, wanted: dict[str, str]) -> Row:
    root = bench.fresh(state)
    with bench.start(root) as run:
        until(lambda: not run.lives, moment)
        stage = during(run)
        run.process.kill()
        ended = run.end()
    fault = "kill -9 of the run" + (", from the very beginning" if state == "extracts" else "")
    return row(bench, root, fault, f"in {stage}", ended, wanted=wanted, status=(-9, 0))


def stops(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """Ctrl-C reaches all processes of the terminal's foreground, SIGTERM the run alone."""
    for name, number, send in (
        ("Ctrl-C", signal.SIGINT, os.killpg),
        ("SIGTERM", signal.SIGTERM, os.kill),
    ):
        for _ in range(min(times, 2)):
            yield stopped(bench, name, number, send, draw.uniform(0, 0.9))


def stopped(
    bench: Bench, name: str, number: int, send: Callable[[int, int], None], share: float
) -> Row:
    """Told to end after a share of the time that an undisturbed run takes, once it holds the round."""
    root = bench.fresh("collected")
    with bench.start(root) as run:
        until(lambda: holder(root) == run.process.pid or not run.lives, LONGEST)
        until(lambda: not run.lives, share * bench.seconds["collected"])
        stage, began = during(run), time.monotonic()
        send(run.process.pid, number)
        ended = run.end()
        took = ended.seconds - (began - run.began)
    late = (f"took {took:.0f} seconds to end",) if took > SOONEST_END else ()
    done = f"in {stage}; it ended {took:.1f} s later"
    return row(
        bench, root, name, done, ended, status=(128 + number, 0), says=r"Stopped|index\.html", wrong=late
    )  # fmt: skip


def deaths(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """One process of a run dies; the run goes on."""
    for kind in ("worker", "zygote", "kernel"):
        root = bench.fresh("collected")
        with bench.start(root) as run:
            share = draw.uniform(0, 0.3)
            until(lambda: not run.lives, share * bench.seconds["collected"])
            until(lambda: run.processes("kernel") or not run.lives, LONGEST)
            stage = during(run)
            for victim in run.processes(kind)[:1]:
                kill(victim)
            ended = run.end()
        # a worker's task is done by another one; a kernel that has just done its work is no loss
        status = (0,) if kind == "worker" else (0, 1)
        says = f"{NAMED}.*kernel died.*Run again" if ended.status else ""
        yield row(
            bench, root, f"kill -9 of one {kind}", f"in {stage}", ended, status=status, says=says
        )


# ---------------------------------------------------------------------------------------- no room


def small_files(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    yield without_room(bench, "collected", bench.finished)


def without_room(bench: Bench, state: str, wanted: dict[str, str]) -> Row:
    root = bench.fresh(state)
    ended = bench.run(root, file_bytes=SMALL_FILE)
    done = f"no file may be larger than {SMALL_FILE // 1000} kB (RLIMIT_FSIZE)"
    return row(
        bench, root, "files cannot grow", done, ended,
        wanted=wanted, status=(1,), says=f"{NAMED}.*larger than files may be",
    )  # fmt: skip


def full_drive(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """The round lies on a drive of its own that has room for half of what the run makes."""
    fault, root = "drive full", bench.folder / "drive"
    root.mkdir()
    before, after = (_room(bench.folder / state) for state in ("collected", "finished"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={(before + after) // 2}", "tmpfs", str(root)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        yield Row(fault, "skipped: only root can mount a drive", "", "", True, 0, 0, 0.0)
        return
    try:
        shutil.copytree(bench.folder / "collected", root, dirs_exist_ok=True)
        ended = bench.run(root)
        subprocess.run(["mount", "-o", "remount,size=1g", str(root)], check=True)
        done = "room for half of what the run makes; then more room"
        says = f"{NAMED}.*there is no room left"
        yield row(bench, root, fault, done, ended, status=(1,), says=says)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)


def _room(folder: Path) -> int:
    """Bytes that the files below take on a drive of pages of 4 KiB, folders included."""
    return sum(
        -(-p.stat().st_size // 4096) * 4096 if p.is_file() else 4096 for p in folder.rglob("*")
    )


# ------------------------------------------------------------------------------------ spoilt files


def halves(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """A result or a record that is cut in half is made again by the next run."""
    code = CODES[-1]
    for name in (
        f"data/{ROUND}/population/{code}.parquet",
        f"data/{ROUND}/estimates/{code}.parquet",
        f"build/{ROUND}/released.parquet",
        f"build/{ROUND}/{code}-*/rapport.html",
        f"data/{ROUND}/records/analyse/{code}.json",
        f"data/{ROUND}/intake.json",
    ):
        yield cut_result(bench, name)


def cut_result(bench: Bench, name: str) -> Row:
    root = bench.fresh("finished")
    path = cut(root, name)
    ended = bench.run(root)
    wrong = () if "records" in name or ended.made or "intake.json" in name else ("not noticed",)
    done = f"{path.parent.parent.name}/{path.parent.name}/{path.name}; that run made {made(ended)}"
    return row(bench, root, "result cut in half", done, ended, wrong=wrong)


def cut(root: Path, pattern: str) -> Path:
    """Cut the one file that fits in half."""
    (path,) = root.glob(pattern)
    os.truncate(path, path.stat().st_size // 2)
    return path


def cut_sample(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """Letters belong to a sample: a run does not draw it again by itself, the user puts it back."""
    root = bench.fresh("finished")
    name = f"data/{ROUND}/sample/{CODES[-1]}.parquet"
    cut(root, name)
    ended = bench.run(root)
    shutil.copy2(bench.folder / "finished" / name, root / name)
    yield row(
        bench, root, "sample cut in half", "letters are made; then put back from a copy", ended,
        status=(1,), says=f"{NAMED}.*{CODES[-1]}.parquet",
    )  # fmt: skip


def folder_for_file(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    root = bench.fresh("finished")
    path = root / f"data/{ROUND}/estimates/{CODES[-1]}.parquet"
    path.unlink()
    path.mkdir()
    (path / "in-the-way.txt").write_text("x", "utf-8")
    ended = bench.run(root)
    shutil.rmtree(path)
    done = f"estimates/{path.name}; then taken away"
    yield row(
        bench, root, "folder instead of a result", done, ended,
        status=(1,), says=f"{NAMED}.*{path.name}",
    )  # fmt: skip


def cut_extract(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    root = bench.fresh("finished")
    path = cut(root, f"data/{ROUND}/extracts/{CODES[-1]}*")
    ended = bench.run(root)
    shutil.copy2(bench.folder / "finished" / path.relative_to(root), path)
    yield row(
        bench, root, "extract cut in half", "then put back", ended,
        status=(1,), says=f"FAILED {CODES[-1]} .*step intake:",
    )  # fmt: skip


# ------------------------------------------------------------------------------------------ limits


def limits(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    """A notebook that takes too long or too much is ended and named; then the limit is lifted."""
    for limit, value, says in (
        ("notebook_seconds", 1, "did not end within 1 seconds"),
        ("kernel_memory_mb", 256, "no memory left"),
    ):
        root = bench.fresh("collected")
        change(root, limits={limit: value})
        ended = bench.run(root)
        shutil.copytree(bench.folder / "collected" / "params", root / "params", dirs_exist_ok=True)
        done = f"limits.{limit}: {value}; then lifted"
        yield row(
            bench, root, "notebook at its limits", done, ended, status=(1,), says=f"{NAMED}.*{says}"
        )


# -------------------------------------------------------------------------------- two runs, clocks


def two_runs(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    root = bench.fresh("collected")
    with bench.start(root) as first:
        until(lambda: holder(root) == first.process.pid or not first.lives, LONGEST)
        second = bench.run(root)
        disturbed = () if first.lives else ("the first run had ended",)
        ended = first.end()
    says = rf"another run works on this round \(process {first.process.pid} "
    if second.status != 2 or not re.search(says, second.told):
        disturbed = (*disturbed, "the second run was let in")
    done = f"a second run while the first works; it was told {told(second, root)}"
    yield row(bench, root, "two runs in one round", done, ended, wrong=disturbed)


def clocks(bench: Bench, draw: random.Random, times: int) -> Iterator[Row]:
    yield from wrong_times(bench)
    yield unseen_change(bench)
    yield set_back(bench)


def wrong_times(bench: Bench) -> Iterator[Row]:
    """All files from the future, or older than everything: nothing is made again."""
    for year in (2040, 1970):
        root = bench.fresh("finished")
        date_all(root, dt.datetime(year, 1, 2, tzinfo=dt.UTC))
        ended = bench.run(root)
        wrong = ("made again",) if ended.made else ()
        done = f"all files are of {year}; that run made {made(ended)}"
        yield row(bench, root, "clock wrong", done, ended, wrong=wrong)


def date_all(root: Path, moment: dt.datetime) -> None:
    for path in root.rglob("*"):
        os.utime(path, (moment.timestamp(), moment.timestamp()))


def unseen_change(bench: Bench) -> Row:
    """A report of the same size, with the times it had, but other content."""
    root = bench.fresh("finished")
    bench.run(root)  # it knows the files by their signatures from now on
    (path,) = root.glob(f"build/{ROUND}/{CODES[-1]}-*/rapport.html")
    was = path.stat()
    with path.open("r+b") as file:
        file.seek(was.st_size // 2)
        file.write(b"x" if file.read(1) != b"x" else b"y")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    ended = bench.run(root)
    wrong = () if ended.made.get("reports") == 1 else ("not noticed",)
    done = f"a report changed, its size and time not; that run made {made(ended)}"
    return row(bench, root, "clock wrong", done, ended, wrong=wrong)


def set_back(bench: Bench) -> Row:
    """The clock is set back a year between the analysis and what follows: results are older than what
    they are made from."""
    root = bench.fresh("collected")
    bench.run(root, "--stage", "analyse")
    date_all(root, dt.datetime.now(dt.UTC) + dt.timedelta(days=365))
    ended = bench.run(root)
    done = f"set back a year after the analysis; that run made {made(ended)}"
    again = row(bench, root, "clock wrong", done, ended)
    wrong = () if again.again == "nothing" else ("made again",)
    return Row(**{**vars(again), "wrong": again.wrong + wrong})


# ------------------------------------------------------------------------------------------ report

FAULTS: dict[str, Callable[[Bench, random.Random, int], Iterator[Row]]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        kills, early_kills, stops, deaths, small_files, full_drive, halves, cut_sample,
        folder_for_file, cut_extract, limits, two_runs, clocks,
    )
}  # fmt: skip


def table(rows: list[Row]) -> list[str]:
    """A line for each fault; what was done several times over with the same words is one line."""
    lines = [
        "| fault | done | exit status, and what the user was told | the next run made | same bytes "
        "| half-written | processes left | seconds |",
        "|:---|:---|:---|:---|---:|---:|---:|---:|",
    ]
    for fault in dict.fromkeys(r.fault for r in rows):
        same_fault = [r for r in rows if r.fault == fault]
        many = fault.startswith("kill -9 of the run")
        for group in [same_fault] if many else [[r] for r in same_fault]:
            lines.append(_line(group))
    return lines


def _line(group: list[Row]) -> str:
    first, count = group[0], len(group)
    if first.done.startswith("skipped"):
        return f"| {first.fault} | {first.done} | | | | | | |"
    places = Counter(r.done for r in group)
    done = ", ".join(f"{place} ({n})" for place, n in places.items()) if count > 1 else first.done
    words = dict.fromkeys(r.told for r in group)
    again = dict.fromkeys(r.again for r in group)
    cells = [
        first.fault,
        f"{count} times: {done}" if count > 1 else done,
        "; ".join(words),
        "; ".join(again) if len(again) == 1 else "what was not done",
        f"{sum(r.same for r in group)} of {count}"
        if count > 1
        else "yes"
        if first.same
        else "**no**",
        str(sum(r.half_written for r in group)),
        str(sum(r.left for r in group)),
        f"{statistics.median(r.seconds for r in group):.0f}",
    ]
    return "| " + " | ".join(c.replace("|", "\\|").replace("<", "&lt;") for c in cells) + " |"


def document(rows: list[Row], bench: Bench, call: str) -> str:
    wrong = [f"- {r.fault}, {r.done}: {w}" for r in rows for w in r.wrong]
    versions = ", ".join(
        f"{p} {version(p)}" for p in ("distributed", "papermill", "pandas", "filelock")
    )
    tried = sum(not r.done.startswith("skipped") for r in rows)
    return "\n".join(
        [
            "# What a round endures",
            "",
            f"Written by `{call}` on {dt.date.today()}: {tried} faults, "
            f"{len({(r.fault, r.done) for r in rows if r.wrong})} of them with a finding"
            f"{':' if wrong else '.'}",
            *(["", *wrong] if wrong else []),
            "",
            f"The round: {len(CODES)} simulated municipalities ({', '.join(CODES)}), two jobs; it takes "
            f"{bench.seconds['extracts']:.0f} seconds from extracts to samples and "
            f"{bench.seconds['collected']:.0f} from answers to reports where nothing disturbs it. A kill "
            "falls at any moment of that time.",
            "",
            "After each fault the next `survey run` must end with exit status 0, every file under `data/` "
            "and `build/` (executed notebooks and records apart; vaults by what they hold) must have the "
            "bytes of the undisturbed run, nothing half-written may be left, and no process of the run "
            f"that went wrong {PATIENCE} seconds after its end. Negative exit status: ended by that signal. "
            "Seconds: of the run with the fault.",
            "",
            *table(rows),
            "",
            f"Machine: {platform.system()} {platform.release()} {platform.machine()}, "
            f"{os.cpu_count()} processors, {_memory():.0f} GB. Python {platform.python_version()}, "
            f"{versions}.",
            "",
        ]
    )


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="of the run, at random moments")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where rounds are made; else a temporary one")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--write", action="store_true", help=f"to {DOCS.relative_to(PROJECT)}")
    given = parser.parse_args()
    os.environ["SURVEY_KEY"] = secrets.token_hex(32)  # of these vaults alone
    call = f"python -m benchmarks.reliability --kills {given.kills} --seed {given.seed}"
    call += "" if given.only == list(FAULTS) else f" --only {' '.join(given.only)}"
    rows = []
    with tempfile.TemporaryDirectory(prefix="survey-faults-", dir=given.folder) as folder:
        bench = prepare(Path(folder), CODES, JOBS)
        print(f"undisturbed: {bench.seconds}", flush=True)
        for name in given.only:
            draw = random.Random(f"{given.seed} {name}")
            for found in FAULTS[name](bench, draw, given.kills):
                rows.append(found)
                print(
                    _line([found]), *(f"    WRONG: {w}" for w in found.wrong), sep="\n", flush=True
                )
    text = document(rows, bench, call)
    if given.write:
        DOCS.write_text(text, "utf-8")
    print(f"\n{text}")
    return 1 if any(r.wrong for r in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
