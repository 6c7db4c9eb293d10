"""The measured figures and what follows from them → docs/scaling.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.performance_figures import as_table

MONTHLY, AREAS = 98, 10
WORKERS = (1, 2, 8, 32)
MEGABYTE = 1e6


@dataclass(frozen=True)
class Cluster:
    """A round on so many workers. `calls`: stage → wall seconds of the whole call; `spans`: from the first
    notebook's start to the last one's end; `seconds`: mean of a municipality; `others`: of steps that a
    municipality has besides; bytes: of the first run, workers' folders empty."""

    workers: int
    municipalities: int
    calls: dict[str, float]
    spans: dict[str, float]
    seconds: dict[str, float]
    fetched: int
    put: int
    others: dict[str, float]


@dataclass(frozen=True)
class Fixed:
    """Steps of the whole round: seconds, by municipalities and cells (rows of released.parquet)."""

    municipalities: int
    cells: int
    seconds: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Scaling:
    about: dict[str, str]
    clusters: list[Cluster]  # of one worker, and of two
    cores: float  # times as fast as one: two processes that only count, in the same minutes
    fixed: list[Fixed]

    @property
    def speed_up(self) -> float:
        """Of the notebooks, from one worker to two."""
        one, two = self.clusters
        return sum(one.spans.values()) / sum(two.spans.values())

    @property
    def efficiency(self) -> float:
        return min(1.0, self.speed_up / 2)

    @property
    def line(self) -> tuple[float, float]:
        """a, b of seconds = a + b × cells for the steps of the whole round, by least squares."""
        if len({f.cells for f in self.fixed}) < 2:
            return 0.0, self.fixed[0].total / self.fixed[0].cells
        b, a = np.polyfit([f.cells for f in self.fixed], [f.total for f in self.fixed], 1)
        return float(a), float(b)

    @property
    def cells_of_one(self) -> float:
        largest = max(self.fixed, key=lambda f: f.cells)
        return largest.cells / largest.municipalities

    def seconds(self, municipalities: float, workers: int) -> tuple[float, float]:
        """Expected seconds of the municipalities' steps, and of those of the whole round."""
        one = self.clusters[0]
        each = sum(one.seconds.values()) + one.others.get("intake", 0.0)
        share = 1.0 if workers == 1 else self.efficiency
        a, b = self.line
        return (
            municipalities * each / (workers * share),
            a + municipalities * (b * self.cells_of_one + one.others.get("collect", 0.0)),
        )


def as_markdown(s: Scaling) -> str:
    parts = [_measured(s), _fixed(s), _extrapolated(s), HOW_TO.strip().splitlines()]
    head = [
        "# Scaling",
        "",
        "Written by `python -m benchmarks.scaling --write`; all figures were measured in that one call.",
        "",
        *as_table(["", ""], s.about.items(), right=0),
    ]
    return "\n".join(line for part in [head, *parts] for line in [*part, ""])


def _measured(s: Scaling) -> list[str]:
    one, two = s.clusters
    rows = [
        [stage, f"{one.seconds[stage]:.1f}", *(f"{v[stage]:.1f}" for v in (one.spans, two.spans)),
         f"{one.spans[stage] / two.spans[stage]:.2f}", *(f"{v[stage]:.1f}" for v in (one.calls, two.calls)),
         f"{one.calls[stage] / two.calls[stage]:.2f}"]
        for stage in one.spans
    ]  # fmt: skip
    calls = sum(one.calls.values()) / sum(two.calls.values())
    n = one.municipalities
    return [
        "## One worker and two",
        "",
        f"A Dask scheduler and workers as processes of their own on loopback, each worker with a "
        f"working folder of its own, the root at a `file://` address: nothing is shared but that "
        f"address. A round of {n} municipalities is run whole first (workers start, fetch, fork their "
        "zygotes), then each notebook stage again (`--stage … --again --scheduler …`), on one cluster after "
        "the other in turns; medians. »Notebooks«: "
        "from the start of the first to the end of the last one. »Call«: the whole command, with its "
        "own start and with what is done once for the round (collect within analyse; index and scan "
        "within report), which no worker can share with another.",
        "",
        *as_table(
            ["stage", "a municipality, s", "notebooks, 1 worker, s", "2 workers, s", "ratio",
             "call, 1 worker, s", "2 workers, s", "ratio"], rows,
        ),
        "",
        f"**Two workers are {s.speed_up:.2f} times as fast as one in the notebooks** (2 would be ideal), "
        f"{calls:.2f} times in the calls as a whole. In the same minutes two processes that only count, "
        f"and share nothing, did a job {s.cores:.2f} times as fast as one: that is what the machine itself "
        f"had to give, and the workers used {100 * s.speed_up / s.cores:.0f} % of it.",
        "",
        f"Bytes in the whole run, workers' folders empty before, a municipality: "
        f"{one.fetched / n / MEGABYTE:.1f} MB fetched and {one.put / n / MEGABYTE:.1f} MB put with one "
        f"worker, {two.fetched / n / MEGABYTE:.1f} MB and {two.put / n / MEGABYTE:.1f} MB with two. A "
        "worker keeps what it holds: the released tables come once to each worker after each release; "
        "release, index and scan fetch what they need of all municipalities to the one worker that "
        "performs them.",
    ]  # fmt: skip


def _fixed(s: Scaling) -> list[str]:
    steps = list(dict.fromkeys(step for f in s.fixed for step in f.seconds))
    rows = [
        [str(f.municipalities), f"{f.cells:,}", *(f"{f.seconds[k]:.1f}" for k in steps), f"{f.total:.1f}"]
        for f in s.fixed
    ]  # fmt: skip
    a, b = s.line
    return [
        "## What is done once for the round",
        "",
        "On one worker, seconds; cells are rows of `released.parquet`:",
        "",
        *as_table(["municipalities", "cells", *steps, "in all"], rows),
        "",
        f"By least squares: seconds = {a:.1f} + {b * 1e6:.1f} × millions of cells. Beyond the largest "
        "round measured that is a guess: hiding is an optimisation, and may grow faster.",
    ]


def _extrapolated(s: Scaling) -> list[str]:
    one = s.clusters[0]
    each = sum(one.seconds.values()) + one.others.get("intake", 0.0)
    cases = {
        f"{MONTHLY} municipalities, every month": (MONTHLY, 1),
        f"{AREAS} areas of administration, {MONTHLY} municipalities each, as {AREAS} rounds": (MONTHLY, AREAS),
    }  # fmt: skip
    rows = []
    for name, (municipalities, rounds) in cases.items():
        times = [sum(s.seconds(municipalities, w)) * rounds / 60 for w in WORKERS]
        fixed = s.seconds(municipalities, 1)[1] * rounds / 60
        rows.append([name, *(f"{t:.0f}" for t in times), f"{fixed:.0f}"])
    intake = (
        f"{one.others['intake']:.1f} s of intake included"
        if "intake" in one.others
        else "intake not included, since the measured round had no extracts any more"
    )
    return [
        "## What follows from it",
        "",
        "Not measured, calculated:",
        "",
        "> seconds of a round = M × t / (W × e) + a + M × (b × C + k)",
        "",
        "- M municipalities, W workers of one core each, like the measured machine's;",
        f"- t = {each:.1f} s a municipality: plan, analyse and report on one worker ({intake});",
        f"- e = {s.efficiency:.2f}: half the measured ratio of two workers (1 for one worker), taken to "
        "hold for more. It is an upper bound where the network or the store is slower than this "
        "machine's drive, and a lower one where the two cores measured are shared with others;",
        f"- a + M × (b × C + k): the steps done once, C = {s.cells_of_one:,.0f} cells and k = "
        f"{one.others.get('collect', 0.0):.2f} s of sharing out the answers a municipality;",
        "- samples stay at the round's sizes;",
        "- nothing is up to date before: incremental runs do less.",
        "",
        "Minutes a round (or all rounds together):",
        "",
        *as_table(["", *(f"{w} worker{'s' * (w > 1)}" for w in WORKERS), "of that done once"], rows),
        "",
        "With many workers the steps done once decide. They run on one worker and grow with the "
        "number of cells; the areas' rounds do not depend on each other, and could be run on clusters "
        "of their own.",
        "",
        "**One round is promised up to the largest measured here or in [suppression.md](suppression.md).** "
        "Hiding looks at all municipalities of a round together, and its audit grows faster than their "
        "number: a round of many hundreds was never tried.",
    ]  # fmt: skip


HOW_TO = """
## How to start a cluster

1. Everywhere the same commit and the same `requirements.lock`, installed as the Makefile does it. A
   worker that has another version of the package or of a library refuses the task and says so.
2. The round at an address that all workers see: a shared folder (`file:///mnt/secure`) or an object
   store (`s3://bucket/survey`, with `pip install s3fs` everywhere and the store's own credentials in
   each worker's environment). It holds `params/`, `data/` and `build/`.
3. Each worker's environment has the vaults' key, as `SURVEY_KEY` or `SURVEY_KEY_FILE`. It is never
   sent over the network. A simulated round needs none.
4. TLS through Dask's own configuration, the same on scheduler, workers and where the run is started;
   without it nobody but you may reach the scheduler's port:

   ```yaml
   # ~/.config/dask/distributed.yaml
   distributed:
     comm:
       require-encryption: true
       tls:
         ca-file: /etc/survey/ca.pem
         scheduler: {key: /etc/survey/key.pem, cert: /etc/survey/cert.pem}
         worker: {key: /etc/survey/key.pem, cert: /etc/survey/cert.pem}
         client: {key: /etc/survey/key.pem, cert: /etc/survey/cert.pem}
   ```

5. Start them, a worker a core; numeric libraries at one thread each:

   ```
   dask scheduler --protocol tls --port 8786
   OMP_NUM_THREADS=1 dask worker tls://host:8786 --nthreads 1 --local-directory /secure/scratch
   survey --root s3://bucket/survey run ROUND --scheduler tls://host:8786
   ```

   `--nthreads 1` is needed, for a worker performs one step at a time. The local directory holds
   confidential files as long as the worker lives: an encrypted drive, readable by its user alone.
   On a closed network without TLS the addresses begin with `tcp://`.

## What is not done

- **Locks across schedulers on an object store.** In a folder, and at a `file://` address, a lock keeps
  a second run out of a round. On an object store nothing does: start one run at a time.
- **Data locality.** A step goes to any free worker, which fetches what it lacks, also where another
  worker holds it already. A municipality's files are few megabytes.
- **The steps of the whole round are not divided.** Release, national report, index and scan run on one
  worker each, one after another.
- **The letters, `survey deliver`, `survey verify` and `survey forget`** work in a folder of one machine.
"""
