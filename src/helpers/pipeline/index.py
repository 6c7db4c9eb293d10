"""`index.html`, which links all reports for reviewers, and `manifest.json`, which lists the files."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.common import printing, theme
from helpers.common.paths import Paths, write_text
from helpers.common.vocabulary import NATIONAL, NATIONAL_REPORT_FILES, REPORT_FILES
from helpers.parameters.params import Municipality, Round
from helpers.released.numbers import ResponseGroup
from helpers.released.published import Published, load_published

LIBRARIES = (
    "pandas",
    "numpy",
    "statsmodels",
    "papermill",
    "python-pptx",
    "typst",
    "pypandoc-binary",
)


def write_index_and_manifest(paths: Paths, round_: Round, failed: list[str]) -> None:
    """Both from the released tables and what lies under `build/<round>/`; `failed`: codes of this run."""
    published = load_published(paths.root, round_, only=NATIONAL)
    write_index(paths, published, failed)
    write_manifest(paths, published, failed)


def write_index(paths: Paths, published: Published, failed: list[str]) -> Path:
    """Write `build/<round>/index.html`: the national report, each participant with its state, files,
    response and overall mean."""
    rows = [
        _row(paths, published, place, failed)
        for place in sorted(
            published.round.participants, key=lambda m: printing.danish_sort_key(m.name)
        )
    ]
    whole = published.responded(NATIONAL)
    page = (
        _environment()
        .get_template("index.html")
        .render(
            title=published.round.settings.title,
            simulated=published.round.settings.simulated,
            date=printing.date(published.round.settings.calendar.reporting.end),
            rows=rows,
            ready=sum(row["ready"] for row in rows),
            version=version("jobcentre-survey"),
            css=Markup(theme.css_variables() + theme.font_faces()),
            national=[
                (label, f"national/{name}")
                for name, label in NATIONAL_REPORT_FILES.items()
                if (paths.national_folder / name).is_file()
            ],
            answers=_count(whole),
            invited=_count(whole, "invited"),
            rate=printing.percent(whole.response_rate, 1),
        )
    )
    return write_text(paths.build / "index.html", page)


def _row(
    paths: Paths, published: Published, place: Municipality, failed: list[str]
) -> dict[str, object]:
    """What the list tells of one participant; those without results stand there too."""
    folder = paths.report_folder(place)
    shown = {"name": place.name, "code": place.code, "region": place.region}
    if place not in published.municipalities:
        state = "kunne ikke laves" if place.code in failed else "ingen resultater endnu"
        empty = {"answers": "", "rate": "", "mean": "", "links": []}
        return shown | empty | {"state": state, "ready": False}
    counts, mean = published.responded(place.code), published.number(place.code, published.overall)
    late = place.code in failed
    return shown | {
        "state": "kunne ikke opdateres i seneste kørsel" if late else "klar",
        "ready": not late,
        "answers": _count(counts),
        "rate": printing.percent(counts.response_rate, 1),
        "mean": printing.number(mean.value, 2) if mean.shown else mean.words,
        "links": [
            (label, f"{place.folder}/{name}")
            for name, label in REPORT_FILES.items()
            if (folder / name).is_file()
        ],
    }


def _count(group: ResponseGroup, column: str = "answers") -> str:
    count = getattr(group, column)
    return group.words if count is None else printing.number(count)


def _environment() -> Environment:
    loader = PackageLoader("helpers", "assets/pages")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined)


def write_manifest(paths: Paths, published: Published, failed: list[str]) -> Path:
    """Write `manifest.json`: what was made from which round, by which versions, file by file."""
    files = sorted(p for p in paths.build.rglob("*") if p.is_file() and p.name != "manifest.json")
    content = {
        "round": published.round.id,
        "municipalities": [m.code for m in published.municipalities],
        "without_results": [m.code for m in published.missing],
        "failed": failed,
        "versions": {"python": platform.python_version()} | {n: version(n) for n in LIBRARIES},
        "files": {
            p.relative_to(paths.build).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in files
        },
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return write_text(paths.build / "manifest.json", text)
