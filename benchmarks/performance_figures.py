"""The measured figures → docs/performance.md."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.performance_accounting import Used, split
from benchmarks.performance_plain import HTML, Plain
from benchmarks.performance_rounds import NOTEBOOK_STAGES
from helpers.pipeline.steps import STEPS

NOT_MEASURED = "Not measured in this run."
LIMIT_MB = 1500  # a process's peak that the København ten times as large must stay under
KINDS = ("run", "worker", "zygote", "kernel", "pandoc", "other")


@dataclass
class Figures:
    """All that one call of the benchmark has measured so far; None and empty: not measured."""

    about: dict[str, str]
    municipalities: int
    jobs: int
    plain: list[Plain] = field(default_factory=list)
    notebooks: Used | None = None  # one run of the notebook stages
    whole: Used | None = None  # one run of everything
    warm: Used | None = None  # the notebook stages of the plain loop's municipalities
    cold: Used | None = None
    kernels: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    unchanged: list[Used] = field(default_factory=list)
    after_answer: Used | None = None
    performed: dict[str, int] = field(default_factory=dict)  # after the new answer: step → times
    intake: list[str] | None = None
    few: tuple[int, Used] | None = None  # a round of so few municipalities
    large: tuple[int, dict[str, Used]] | None = None  # rows, stage → used


def as_markdown(f: Figures) -> str:
    sections = {
        "1. The plain loop": _plain(f),
        "2. This project": _project(f),
        "3. What the machinery costs": _overhead(f),
        "4. Until a kernel is ready": _kernels(f),
        "5. Runs with little or nothing to do": _incremental(f),
        "6. Intake": f.intake or [NOT_MEASURED],
        "7. Memory": _memory(f),
    }
    lines = ["# Performance", "", *_head(f)]
    for title, body in sections.items():
        lines += ["", f"## {title}", "", *body]
    return "\n".join(lines) + "\n"


def _head(f: Figures) -> list[str]:
    return [
        "Written by `make bench` (`python -m benchmarks.performance --write`); every figure below was "
        "measured in that one call, side by side. Machines differ: read the ratios.",
        "",
        *as_table(["", ""], f.about.items(), right=0),
        "",
        f"»The round« has {f.municipalities} municipalities and is a copy of a finished, simulated "
        "one. »CPU« is user and system time of a call and of all its descendants, those too that "
        "outlive their parents: the process that measures is a child subreaper and waits for every "
        "one of them. »Inside cells« is noted by the kernels themselves before and after each cell "
        "(an IPython startup file in a temporary IPYTHONDIR; figures drawn at a cell's end count). "
        "Numeric libraries are kept at one thread everywhere, in the plain loop too.",
    ]


def _plain(f: Figures) -> list[str]:
    if not f.plain:
        return [NOT_MEASURED]
    kinds = list(dict.fromkeys(p.what for p in f.plain))
    codes = list(dict.fromkeys(p.code for p in f.plain))
    rows = []
    for what in kinds:
        used = [p.used for p in f.plain if p.what == what]
        rows.append([what, *(f"{statistics.mean(v):.2f}" for v in _columns(used))])
    wall, cpu = _plain_round(f)
    n = len(codes)
    return [
        f"What users would otherwise do. For {n} municipalities drawn at random "
        f"({', '.join(codes)}), one after another: `papermill` from the command line for each of the "
        "three notebooks (a process and a kernel `python3` of its own each), then `jupyter nbconvert "
        "--to html` of the executed report. Half of the calls were made before section 2, half "
        "after. Seconds per municipality, mean:",
        "",
        *as_table(["", "wall", "CPU", "of that inside cells"], rows),
        "",
        f"Scaled to {f.municipalities} municipalities (mean × {f.municipalities}): **{wall:.0f} s "
        f"wall, {cpu:.0f} s CPU.**",
    ]


def _columns(used: list[Used]) -> tuple[list[float], list[float], list[float]]:
    return [u.wall for u in used], [u.cpu for u in used], [u.cells for u in used]


def _plain_round(f: Figures) -> tuple[float, float]:
    """Wall and CPU seconds of the plain loop over the whole round."""
    scale = f.municipalities / len({p.code for p in f.plain})
    return scale * sum(p.used.wall for p in f.plain), scale * sum(p.used.cpu for p in f.plain)


def _project(f: Figures) -> list[str]:
    if not f.notebooks:
        return [NOT_MEASURED]
    rows = [["the notebook stages", *_three(f.notebooks)]]
    if f.whole:
        rows.append(["everything", *_three(f.whole)])
    lines = [
        f"All {f.municipalities} municipalities, a call each. The notebook stages are `survey run ROUND "
        f"--stage {' --stage '.join(NOTEBOOK_STAGES)} --again --jobs {f.jobs}`: {f.notebooks.notebooks} "
        "notebooks with HTML (with captions, cross-references and the house's style), decks and "
        "workbooks, as the loop makes them with nbconvert, and besides the answers shared out, the "
        "national HTML and PDF, the method report, the index and the scan of all that was made. "
        "Everything is `--again` without `--stage`: intake where there are extracts and the release "
        "with its hiding, too.",
        "",
        *as_table(["", "wall, s", "CPU, s", "of that inside cells, s"], rows),
        "",
    ]
    if f.plain:
        wall, cpu = _plain_round(f)
        for name, used in (("The notebook stages", f.notebooks), ("Everything", f.whole)):
            if used:
                lines.append(
                    f"{name} beside the plain loop: **{_ratio(wall, used.wall)} in wall time, "
                    f"{_ratio(cpu, used.cpu)} in CPU.**"
                )
    if f.warm and f.cold:
        rows = [["warm", *_three(f.warm)], ["cold", *_three(f.cold)]]
        lines += [
            "",
            "Warm kernels (forked from a process that has the libraries) beside cold ones "
            "(`SURVEY_COLD_KERNELS=1`), the loop's municipalities alone (`--only`); with so few, the "
            "start of the workers weighs most:",
            "",
            *as_table(["kernels", "wall, s", "CPU, s", "of that inside cells, s"], rows),
        ]
    return lines


def _ratio(of_loop: float, own: float) -> str:
    if of_loop > own:
        return f"{of_loop / own:.1f} times as fast"
    return f"{own / of_loop:.1f} times as slow"


def _three(used: Used) -> list[str]:
    return [f"{v:.1f}" for v in (used.wall, used.cpu, used.cells)]


def _overhead(f: Figures) -> list[str]:
    if not f.notebooks:
        return [NOT_MEASURED]
    parts, notebooks = split(f.notebooks), f.notebooks.notebooks
    rows = [
        ["inside cells", parts.cells],
        ["typesetting of the reports to HTML and PDF", parts.typesetting],
        ["other steps: collect, index, scan", parts.whole_round],
        ["papermill in the workers: notebooks read and written, messages to and from kernels", parts.papermill],
        ["the rest: start of the run, Dask, libraries imported by workers and zygotes, kernels outside cells", parts.rest],
        ["**in all**", parts.total],
    ]  # fmt: skip
    lines = [
        "CPU of the notebook stages of section 2, by what it was used for. A Dask preload "
        "notes in each worker what a step, and the typesetting within it, took (the worker and "
        "programs that it waits for); the rest is what is left over.",
        "",
        *as_table(["", "CPU, s", "by cells"],
                [[n, f"{v:.1f}", f"{v / parts.cells:.1%}"] for n, v in rows]),
        "",
        "Overhead is what is neither inside cells nor a step that is work of its own: "
        f"**{parts.overhead:.1%} of the cells' CPU, typesetting included; "
        f"{parts.overhead_without_typesetting:.1%} without it**, or "
        f"{(parts.papermill + parts.rest) / notebooks:.2f} s CPU a notebook ({notebooks} notebooks).",
    ]  # fmt: skip
    if f.plain:
        loop = [p.used for p in f.plain if p.what != HTML]
        share = sum(u.cpu - u.cells for u in loop) / sum(u.cells for u in loop)
        lines += [
            "",
            f"In the plain loop it is {share:.0%} without nbconvert, although there the notebooks' "
            "imports are inside cells and count as the cells' own.",
        ]
    if f.whole:
        steps = f.whole.of(*STEPS)
        lines += [
            "",
            f"In the one run of everything: {f.whole.cpu:.1f} s CPU; {f.whole.cells:.1f} of it inside "
            f"cells (the national notebooks' too), {steps:.1f} in the workers' steps besides (of that "
            f"{f.whole.typesetting:.1f} typesetting, the national PDF's too), and "
            f"{f.whole.cpu - f.whole.cells - steps:.1f} outside both.",
        ]
    return lines


def _kernels(f: Figures) -> list[str]:
    if not f.kernels:
        return [NOT_MEASURED]
    kinds = list(f.kernels)
    names = list(f.kernels[kinds[0]])
    times = len(f.kernels[kinds[0]][names[0]])
    rows = [[n, *(f"{statistics.median(f.kernels[k][n]):.2f}" for k in kinds)] for n in names]
    lines = [
        f"Wall seconds, median of {times}, each time in a new process, as a new worker is one; from "
        "the moment the kernel is asked for. The first warm kernel waits for its zygote's imports, "
        "later ones are forks.",
        "",
        *as_table(["", *kinds], rows),
    ]
    if f.notebooks and f.notebooks.first_cell is not None:
        lines += [
            "",
            f"From the call of `survey run` until its first cell begins, workers' start included: "
            f"{f.notebooks.first_cell:.1f} s in section 2.",
        ]
    return lines


def _incremental(f: Figures) -> list[str]:
    if not f.unchanged:
        return [NOT_MEASURED]
    wall, cpu = (statistics.median(getattr(u, w) for u in f.unchanged) for w in ("wall", "cpu"))
    lines = [
        f"`survey run ROUND` again with nothing changed, median of {len(f.unchanged)}: "
        f"**{wall:.2f} s wall, {cpu:.2f} s CPU.** No worker is started.",
    ]
    if f.after_answer:
        steps = ", ".join(f"{name} × {n}" for name, n in f.performed.items())
        lines += [
            "",
            f"After one more citizen's answers (an export put into `responses/`): "
            f"{f.after_answer.wall:.1f} s wall, {f.after_answer.cpu:.1f} s CPU. What ran: {steps}. "
            "The country's figures change with it, and every report shows them.",
        ]
    return lines


def _memory(f: Figures) -> list[str]:
    columns, lines = {}, []
    if f.few:
        columns[f"{f.few[0]} municipalities"] = f.few[1].peaks
    if f.whole:
        columns[f"{f.municipalities} municipalities"] = f.whole.peaks
    if f.notebooks:
        columns[f"{f.municipalities}, notebook stages alone"] = f.notebooks.peaks
    if columns:
        lines += [
            "The largest resident set that any process of a kind had, MB, in one run of everything and "
            "in the notebook stages. It is the system's own high-water mark, read five times a second. "
            "Forked kernels share most of it with their zygote. Release, national report and scan "
            "read the whole round, in a worker; notebooks read one municipality.",
            "",
            *_peaks(columns),
        ]
    if f.few and f.whole:
        grown = [f"{k} {f.whole.peaks[k] / f.few[1].peaks[k]:.2f}" for k in KINDS
                 if k in f.whole.peaks and f.few[1].peaks.get(k)]  # fmt: skip
        lines += ["", f"From {f.few[0]} to {f.municipalities}, times: {', '.join(grown)}."]
    if f.large:
        rows, stages = f.large
        top = {s: max(u.peaks.values()) for s, u in stages.items()}
        worst = max(top, key=top.get)
        kind = max(stages[worst].peaks, key=stages[worst].peaks.get)
        verdict = "under" if top[worst] < LIMIT_MB else "**above**"
        lines += [
            "",
            f"One municipality with an extract of {rows:,} rows, stage by stage; the peak is "
            f"{top[worst]:.0f} MB ({kind}, {worst}), {verdict} the {LIMIT_MB} MB a process that we allow:",
            "",
            *_peaks({s: u.peaks for s, u in stages.items()}),
            "",
            "Wall seconds: " + ", ".join(f"{s} {u.wall:.0f}" for s, u in stages.items()) + ".",
        ]
    return lines or [NOT_MEASURED]


def _peaks(columns: dict[str, dict[str, float]]) -> list[str]:
    kinds = [k for k in KINDS if any(k in peaks for peaks in columns.values())]
    rows = [[k, *(f"{p[k]:.0f}" if k in p else "" for p in columns.values())] for k in kinds]
    return as_table(["process", *columns], rows)


def as_table(headings: list[str], rows: Iterable[Iterable[str]], right: int = 1) -> list[str]:
    """`right`: this column and those after it are figures (0: none)."""
    marks = ["---:" if right and i >= right else ":---" for i in range(len(headings))]
    return ["| " + " | ".join(r) + " |" for r in [headings, marks, *map(list, rows)]]
