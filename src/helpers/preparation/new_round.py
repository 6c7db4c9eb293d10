"""The next round's parameters, made from an earlier round's: dates moved, a new seed, comments kept.

Everything is made and loaded in a copy of `params/` before a file is written. What a person must decide
stands at the top of the new file (`decisions.py`). Participants begin empty, for who took part last time has
not signed up yet (`survey participants`); agreements too; local files are only copied where that is asked
for, since a municipality decides on its questions each time.
"""

from __future__ import annotations

import datetime as dt
import difflib
import io
import re
import shutil
import tempfile
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from helpers.common.errors import ParameterError, Problem
from helpers.common.paths import DEVELOPMENT, write_text
from helpers.common.printing import slug
from helpers.parameters.calendar_rules import MONDAY, week_day, week_name
from helpers.parameters.params import Round, load_round

SEASONS = {"foraar": "foråret", "sommer": "sommeren", "efteraar": "efteråret", "vinter": "vinteren"}
WEEKS_A_SEASON = 13
ID = re.compile(r"[a-z0-9][a-z0-9-]*")
AGREEMENTS = "municipality,signed\n"


@dataclass(frozen=True)
class NewRound:
    """`files`: path under the root → text, the round's own file last; `round`: as it loads; `like`: the
    round it was made from; `weeks`: how far its calendar was moved; `local`: codes whose local files were
    copied, or were left for a decision."""

    files: dict[str, str]
    round: Round
    like: Round
    weeks: int
    local: tuple[str, ...]
    copied: bool

    @property
    def path(self) -> str:
        return f"params/rounds/{self.round.id}.yml"


def make_round(
    root: Path,
    new: str,
    like: str,
    *,
    reference_date: dt.date | None = None,
    weeks: int | None = None,
    copy_local: bool = False,
    simulated: bool = False,
) -> NewRound:
    """Make the files of round `new` from those of `like`, and load them; nothing is written.

    `simulated`: of invented citizens; else the round is a real one, also where `like` is simulated.

    The calendar moves by `weeks`, or by the whole weeks nearest to the way to `reference_date`, or to the
    same ISO weeks of the year (and season) that the new id names. Raises ParameterError with every trouble.
    """
    _check_ids(root, new, like)
    before = load_round(root, like, before_sign_up=True)
    weeks = _weeks(before, new, reference_date, weeks)
    text = _moved_text(root, before, new, reference_date, weeks, simulated)
    local = {
        f"params/local/{new}/{path.name}": path.read_text("utf-8")
        for path in sorted((root / "params/local" / like).glob("*.yml"))
    }
    files = {**(local if copy_local else {}), f"params/agreements/{new}.csv": AGREEMENTS}
    files[f"params/rounds/{new}.yml"] = text
    codes = tuple(Path(name).name[:4] for name in local)
    return NewRound(files, _loaded(root, new, files), before, weeks, codes, copy_local)


def with_header(made: NewRound, header: str) -> NewRound:
    """The same with `header`, lines of comment, at the top of the round's file."""
    return NewRound(
        made.files | {made.path: header + made.files[made.path]},
        made.round,
        made.like,
        made.weeks,
        made.local,
        made.copied,
    )


def write_round(root: Path, made: NewRound) -> list[Path]:
    """Write the files, the round's own last: until then there is no round."""
    _loaded(root, made.round.id, made.files)
    return [write_text(root / name, text) for name, text in made.files.items()]


def _check_ids(root: Path, new: str, like: str) -> None:
    known = sorted(p.stem for p in (root / "params/rounds").glob("*.yml"))
    problems = []
    if not ID.fullmatch(new):
        hint = f"Did you mean »{slug(new)}«?" if slug(new) else ""
        problems.append(
            Problem(f"»{new}«", "is no round id", "letters a–z, digits and hyphens", hint)
        )
    elif new == DEVELOPMENT:
        problems.append(
            Problem(f"»{new}«", "is where `survey compare` writes", "another id", "Choose another.")
        )
    elif new in known:
        remedy = "Choose another id, or edit that file."
        problems.append(Problem(f"params/rounds/{new}.yml", "is there already", remedy=remedy))
    else:
        rests = (
            f"params/agreements/{new}.csv",
            f"params/local/{new}",
            f"data/{new}",
            f"build/{new}",
        )
        problems += [
            Problem(
                name,
                "is there already, left by an earlier round of this id",
                "nothing of the new round",
                "Move it away, or choose another id.",
            )
            for name in rests
            if (root / name).exists()
        ]
    if like not in known:
        near = difflib.get_close_matches(like, known, n=1)
        hint = f"Did you mean »{near[0]}«? " if near else ""
        remedy = f"{hint}There are: {', '.join(known)}."
        problems.append(Problem(f"--like {like}", "unknown round", remedy=remedy))
    if problems:
        raise ParameterError(problems=problems)


# ----------------------------------------------------------------------------------------- dates


def _weeks(before: Round, new: str, reference: dt.date | None, weeks: int | None) -> int:
    old = before.settings.reference_date
    if reference is not None and reference <= old:
        raise ParameterError(
            "--reference-date",
            f"{reference} does not lie after that of {before.id}, {old}",
            "a later day",
            "Correct it.",
        )
    if weeks is None and reference is not None:
        weeks = round((reference - old).days / 7)
    if weeks is None:
        weeks = _weeks_between(before.id, new)
    if weeks is None:
        raise ParameterError(
            f"»{new}« after »{before.id}«",
            "does not say how far the dates move",
            "--reference-date or --shift-weeks",
            "Give one of them.",
        )
    if weeks < 1:
        raise ParameterError(
            "--shift-weeks",
            f"{weeks} weeks do not lead to a later round",
            "1 or more",
            "Correct it.",
        )
    return weeks


def _weeks_between(before: str, new: str) -> int | None:
    """Weeks from the ISO weeks of one id's year to the same of the other's, and a quarter for each season
    between them; None where the ids do not tell (»2024-foraar« does, »2023-pilot« has no season)."""
    years, seasons = [_year_of(i) for i in (before, new)], [_season_of(i) for i in (before, new)]
    if None in years or (None in seasons and seasons != [None, None]):
        return None
    first = [dt.date.fromisocalendar(year, 1, 1) for year in years]
    order = list(SEASONS)
    quarters = 0 if None in seasons else order.index(seasons[1]) - order.index(seasons[0])
    weeks = (first[1] - first[0]).days // 7 + WEEKS_A_SEASON * quarters
    return weeks or None


def _season_of(round_id: str) -> str | None:
    return next((s for s in SEASONS if s in round_id.split("-")[1:]), None)


def _year_of(round_id: str) -> int | None:
    found = re.match(r"(20\d\d)(?!\d)", round_id)
    return int(found[1]) if found else None


def _same_day_near(old: dt.date, near: dt.date) -> dt.date:
    """The day nearest to `near` that has the old one's day of the month; the last day of a month stays
    one."""
    is_last = old.day == monthrange(old.year, old.month)[1]
    candidates = []
    for months in (-1, 0, 1):
        year, month = divmod(near.year * 12 + near.month - 1 + months, 12)
        last = monthrange(year, month + 1)[1]
        candidates.append(dt.date(year, month + 1, last if is_last else min(old.day, last)))
    return min(candidates, key=lambda day: abs((day - near).days))


def _shift(node: Any, weeks: int) -> None:
    """Move every date, and every week written as `2023-W35`, below `node` by whole weeks, so that
    weekdays stay."""
    places = node.items() if isinstance(node, Mapping) else enumerate(node)
    for key, value in list(places):
        if type(value) is dt.date:
            node[key] = value + dt.timedelta(weeks=weeks)
        elif isinstance(value, str) and (monday := week_day(value, MONDAY)):
            node[key] = week_name(monday + dt.timedelta(weeks=weeks))
        elif isinstance(value, Mapping | list):
            _shift(value, weeks)


# ------------------------------------------------------------------------------------- the file


def _moved_text(
    root: Path, before: Round, new: str, reference: dt.date | None, weeks: int, simulated: bool
) -> str:
    """The old file with the new round's dates, id, title, seed and earlier rounds; its opening comment,
    which tells of the old round, is left out."""
    path = root / "params/rounds" / f"{before.id}.yml"
    source = re.sub(r"\A(?:[ \t]*#[^\n]*\n|[ \t]*\n)+", "", path.read_text("utf-8"))
    yaml = _yaml()
    content = yaml.load(source)
    settings = before.settings
    moved = {
        name: _same_day_near(day, day + dt.timedelta(weeks=weeks))
        for name in ("reference_date", "retention_until")
        if (day := getattr(settings, name)) is not None
    }
    _shift(content, weeks)
    content |= moved
    if reference is not None:
        content["reference_date"] = reference
    content["round"], content["title"] = new, title_of(new, simulated=simulated)
    if simulated or "simulated" in content:
        content["simulated"] = simulated
    content["seed"] = _new_seed(root, content["reference_date"])
    _set_earlier(content, _earlier(root, before, simulated))
    content["participants"] = []
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def title_of(round_id: str, *, simulated: bool = False) -> str:
    """`2026-foraar` → »foråret 2026«; another id is its own title."""
    year, _, rest = round_id.partition("-")
    known = SEASONS.get(rest) if _year_of(round_id) and year.isdigit() else None
    title = f"{known} {year}" if known else round_id
    return f"{title} (simuleret)" if simulated else title


def _new_seed(root: Path, reference: dt.date) -> int:
    """The reference date as a number, and the next that no other round has."""
    taken = set()
    for path in (root / "params/rounds").glob("*.yml"):
        text = path.read_text("utf-8", errors="replace")  # another round's fault is not told here
        taken |= {int(s) for s in re.findall(r"^seed:\s*(\d+)", text, re.M)}
    seed = int(f"{reference:%Y%m%d}")
    while seed in taken:
        seed += 1
    return seed


def _earlier(root: Path, before: Round, simulated: bool) -> list[str]:
    """The round it is made from, then that one's own, the latest first; simulated and real ones apart."""
    every = [before.id, *before.settings.earlier_rounds]
    rounds = [load_round(root, name, before_sign_up=True) for name in every]
    return [r.id for r in rounds if r.settings.simulated == simulated]


def _set_earlier(content: CommentedMap, earlier: list[str]) -> None:
    names = CommentedSeq(earlier)
    names.fa.set_flow_style()
    if "earlier_rounds" in content:
        content["earlier_rounds"] = names
    else:
        keys = list(content)
        note = "the latest first; the development is told against them"
        content.insert(keys.index("reference_date"), "earlier_rounds", names, comment=note)


def _loaded(root: Path, new: str, files: Mapping[str, str]) -> Round:
    """The round as it loads from a copy of `params/` that has the files. Raises ParameterError with the
    troubles, told of where the files would lie."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(root / "params", copy / "params")
        for name, text in files.items():
            write_text(copy / name, text)
        try:
            return load_round(copy, new, before_sign_up=True)
        except ParameterError as e:
            raise ParameterError(
                problems=[
                    Problem(p.where.replace(str(copy), str(root)), p.what, p.expected, p.remedy)
                    for p in e.problems
                ]
            ) from e


def differences(old: Round, new: Round) -> list[tuple[str, str, str]]:
    """(key, old value, new value) of all in the rounds' files that differs but the participants, in the
    file's order."""
    before, after = (
        _flat(r.settings.model_dump(mode="json", exclude={"participants"})) for r in (old, new)
    )
    keys = list(dict.fromkeys([*before, *after]))
    return [
        (k, before.get(k, "–"), after.get(k, "–")) for k in keys if before.get(k) != after.get(k)
    ]


def _flat(node: Any, key: str = "") -> dict[str, str]:
    if isinstance(node, dict):
        found: dict[str, str] = {}
        for name, value in node.items():
            found |= _flat(value, f"{key}.{name}" if key else name)
        return found
    return {key: ", ".join(map(str, node)) if isinstance(node, list) else str(node)}
