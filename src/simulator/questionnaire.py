"""What a round's citizens are asked: the tables under `params/questionnaires/`, as far as answering goes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FREE_TEXT, DONT_KNOW, OVERALL = "fritekst", "ved ikke", "samlet"


@dataclass(frozen=True)
class Scale:
    """`points`: answers without *ved ikke*, whose value is `dont_know`; up to `sour` dissatisfied, from
    `glad` on satisfied."""

    points: int = 5
    dont_know: int = 6
    sour: int = 2
    glad: int = 4


@dataclass(frozen=True)
class Asked:
    """The common questions, in order: id → scale, id → theme; and column → whether a free text's wording
    follows the answer to `overall`."""

    scales: Mapping[str, Scale]
    themes: Mapping[str, str]
    texts: Mapping[str, bool]
    overall: str


def read_asked(root: Path, name: str) -> Asked:
    folder = root / "params" / "questionnaires"
    rows = sorted(_rows(folder / f"{name}.csv"), key=lambda q: int(q["order"]))
    known = read_scales(root)
    scaled = [q for q in rows if q["scale"] != FREE_TEXT]
    marked = [t["id"] for t in _rows(folder / f"{name}-themes.csv") if t.get("role")]
    overall = marked[0] if marked else OVERALL
    return Asked(
        {q["id"]: known[q["scale"]] for q in scaled},
        {q["id"]: q["theme"] for q in scaled},
        {f"{q['id']}_text": "[" in q["wording"] for q in rows if q["scale"] == FREE_TEXT},
        next(q["id"] for q in reversed(scaled) if q["theme"] == overall),
    )


def read_scales(root: Path) -> dict[str, Scale]:
    labels: dict[str, dict[int, str]] = {}
    kinds: dict[str, list[str]] = {}
    for row in _rows(root / "params" / "questionnaires" / "scales.csv"):
        labels.setdefault(row["scale"], {})[int(row["value"])] = row["label"]
        kinds.setdefault(row["scale"], []).append(row.get("kind") or "")
    return {name: scale_of(own, kinds[name]) for name, own in labels.items()}


def scale_of(labels: Mapping[int, str], kinds: list[str] | None = None) -> Scale:
    unsure = next(k for k, label in labels.items() if label.strip().casefold() == DONT_KNOW)
    points, sour = unsure - 1, (unsure - 1) // 2
    glad = points + 1 - sour
    if kinds and any(kinds):
        sour, glad = kinds.count("dissatisfied"), points + 1 - kinds.count("satisfied")
    return Scale(points, unsure, sour, glad)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)
