"""What has left the house of a round: a record a publication, with digests and the numbers' state.

`data/<round>/release-state/` is what the latest release was made from; `survey deliver` and `survey publish`
copy it, with the released tables, to `data/<round>/published/<number>/`. From then on releases are made
jointly with it (`disclosure/release_again.py`). Nothing in it points at a person (`answers/digests.py`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.answers.digests import PERSON
from helpers.common.errors import ParameterError, Problem, SurveyError, TooEarlyError
from helpers.common.paths import Paths, write_atomically, write_text
from helpers.common.vocabulary import FILES
from helpers.disclosure.suppression import CELL, FEW, SECONDARY, Key
from helpers.estimation.comparisons import with_verdicts
from helpers.parameters.params import Round

# `answers` is a file a municipality, which goes with its identities: a letter's key leads to its rows
STATE = ("estimates", "counts", "covariances", "answers", "cells")
ANSWERS = "answers"
NO_ANSWERS = pd.DataFrame(columns=[PERSON, "municipality"], dtype="object")
MARK = "publication.json"
RULES = (  # of the round's file: numbers are made by them, and every product tells them
    "age_limits", "age_bands", "duration_bands_weeks", "responses", "weighting", "disclosure",
    "comparison", "two_way", "models",
)  # fmt: skip


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
    rules: dict[str, Any]  # `rules_of` the round they were made by
    previous: str  # SHA-256 of the record before it

    @property
    def municipalities(self) -> tuple[str, ...]:
        return (*self.country, *self.apart)

    def state(self, name: str) -> pd.DataFrame:
        """`answers`: of the municipalities whose identities have not been deleted since."""
        if name != ANSWERS:
            return self._recorded(f"{name}.parquet")
        kept = [n for n in self.digests if n.startswith(f"{ANSWERS}/")]
        tables = [self._recorded(n) for n in kept if (self.folder / n).is_file()]
        return pd.concat(tables, ignore_index=True) if tables else NO_ANSWERS

    def table(self, name: str) -> pd.DataFrame:
        found = self._recorded(FILES[name])
        if name != "comparisons":
            return found
        return with_verdicts(found, float(self.rules["comparison.confidence"]))

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
        cells = cells[cells["status"].isin([FEW, SECONDARY])]
        return frozenset(cells[CELL].itertuples(index=False, name=None))


def rules_of(round_: Round) -> dict[str, Any]:
    """What numbers are made by and told with, one entry a value: `disclosure.min_answers` → 5. The round's
    RULES, questions and themes with their words, rules of target groups, municipalities' own questions."""
    return dict(
        (
            *_values("", round_.settings.model_dump(mode="json", include=set(RULES))),
            *_values("questionnaire", round_.questionnaire.model_dump(mode="json")),
            *_values("classification", round_.rules.model_dump(mode="json")),
            *_values("local", {c: f.model_dump(mode="json") for c, f in round_.local.items()}),
        )
    )


def _values(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        ids = [str(v.get("id") or v.get("benefit_type") or "") for v in value]
        names = [
            f"{i}#{ids[:at].count(i) + 1}" if ids.count(i) > 1 else i for at, i in enumerate(ids)
        ]
        value = dict(zip(names, value))
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _values(f"{name}.{key}".lstrip("."), below)
    else:
        yield name, value


def require_same_rules(round_: Round, published: Publication) -> None:
    """Raises ParameterError with every rule of the round that is another than the published numbers were
    made by: the products tell the round's rules, and what has left the house keeps its own."""
    now, then = rules_of(round_), published.rules
    changed = [name for name in {**then, **now} if now.get(name) != then.get(name)]
    if changed:
        raise ParameterError(
            problems=[
                Problem(
                    _file_of(name, round_),
                    f"{name}: {now.get(name)} is another rule than the numbers published on "
                    f"{published.published_on} were made by",
                    str(then.get(name)),
                    "Put it back; another rule belongs in the next round. Nothing was released.",
                )
                for name in changed
            ]
        )


def _file_of(rule: str, round_: Round) -> str:
    """Where a rule of `rules_of` stands."""
    places = {
        "questionnaire": f"params/questionnaires/{round_.settings.questionnaire}.csv",
        "classification": f"params/classification/{round_.settings.classification}.csv",
        "local": f"params/local/{round_.id}",
    }
    return places.get(rule.partition(".")[0], f"params/rounds/{round_.id}.yml")


def write_state(
    paths: Paths, round_: Round, state: dict[str, pd.DataFrame], country: Sequence[str]
) -> None:
    """What the release that lies under `build/` was made from; written after it."""
    folder = paths.release_state
    shutil.rmtree(folder / ANSWERS, ignore_errors=True)
    for name in STATE:
        if name != ANSWERS:
            write_atomically(folder / f"{name}.parquet", state[name].to_parquet)
    for code, own in state[ANSWERS].groupby("municipality", sort=True):
        table = own.reset_index(drop=True)
        write_atomically(folder / ANSWERS / f"{code}.parquet", table.to_parquet)
    record = {
        "tables": _digests(paths),
        "state": _digests_in(folder),
        "published": _marks(paths),
        "country": sorted(country),
        "rules": rules_of(round_),
    }
    write_text(folder / "state.json", json.dumps(record, indent=1) + "\n")


def require_state(paths: Paths) -> dict:
    """What is told of the release under `build/`. Raises TooEarlyError where there is none, or it is another
    than the state was kept of."""
    state = paths.release_state / "state.json"
    record = _content(state) if state.is_file() else {}
    now, kept = _digests_in(paths.release_state), dict(record.get("state", {}))
    kept = {n: d for n, d in kept.items() if n in now or not n.startswith(f"{ANSWERS}/")}
    if record.get("tables") != _digests(paths) or kept != now or "rules" not in record:
        raise TooEarlyError(
            str(paths.build),
            "the release is not the one whose state is kept, so that later ones could not be made safe",
            "a release made by this version, and nothing changed in it",
            f"Run `survey run {paths.round_id} --again --stage release`, then publish.",
        )
    return record


def publish(
    paths: Paths, participants: Sequence[str], how: str, today: dt.date
) -> tuple[Publication, bool]:
    """Record that the release under `build/` has left the house; False: it was recorded before.

    Raises as `require_state`.
    """
    record = require_state(paths)
    last = last_publication(paths)
    if last is not None and last.tables == record["tables"]:
        return last, False
    number = 1 if last is None else last.number + 1
    folder = paths.published / f"{number:03}"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(
        paths.release_state, folder, ignore=shutil.ignore_patterns("*.json"), dirs_exist_ok=True
    )
    for file in FILES.values():
        shutil.copyfile(paths.build / file, folder / file)
    have = set(pd.read_parquet(folder / "counts.parquet")["municipality"])
    content = {
        "number": number,
        "published_on": today.isoformat(),
        "how": how,
        "country": record["country"],
        "apart": sorted(have - set(record["country"])),
        "missing": [c for c in participants if c not in have],
        "tables": record["tables"],
        "digests": _digests_in(folder),
        "rules": record["rules"],
        "previous": next(reversed(_marks(paths).values()), ""),
    }
    write_text(folder / MARK, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    write_text(paths.publications, json.dumps(_marks(paths), indent=1) + "\n")
    return _read(folder), True


def publications(paths: Paths) -> list[Publication]:
    """All of the round, the first first. Raises SurveyError where the record of one is missing or is not
    as it was written: each tells the digest of the one before it; a list, and the latest release's state,
    those of all."""
    folders = sorted(p for p in paths.published.glob("*") if p.is_dir())
    marks = _marks(paths)
    wanted = {f"{n + 1:03}" for n in range(len(folders))}
    for known in _known(paths):
        every = sorted(wanted | known.keys())
        wrong = [n for n in every if n not in marks or known.get(n, marks[n]) != marks[n]]
        if wrong:
            raise _not_as_recorded(paths.published / wrong[0] / MARK)
    found = [_read(folder) for folder in folders]
    for before, one in zip(["", *marks.values()], found):
        if one.previous != before:
            raise _not_as_recorded(paths.published / f"{max(one.number - 1, 1):03}" / MARK)
    return found


def _known(paths: Paths) -> list[dict[str, str]]:
    """The digests of the records, as the list of publications has them and as the latest release's state has
    them. Raises SurveyError where one of the two cannot be read, or the list is gone."""
    state = paths.release_state / "state.json"
    if _marks(paths) and not paths.publications.is_file():
        raise _not_as_recorded(paths.publications)
    return [
        _content(state).get("published", {}) if state.is_file() else {},
        _content(paths.publications) if paths.publications.is_file() else {},
    ]


def _content(path: Path) -> dict:
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError):
        raise _not_as_recorded(path) from None


def _not_as_recorded(path: Path) -> SurveyError:
    return SurveyError(
        str(path),
        "the record of a publication is missing or has changed",
        "what has left the house, as it was recorded by this version",
        "Put the folder back from a copy; nothing was released.",
    )


def _marks(paths: Paths) -> dict[str, str]:
    """Folder of a publication → SHA-256 of its record."""
    return {m.parent.name: _digest(m) for m in sorted(paths.published.glob(f"*/{MARK}"))}


def last_publication(paths: Paths) -> Publication | None:
    found = publications(paths)
    return found[-1] if found else None


def _read(folder: Path) -> Publication:
    try:
        content = json.loads((folder / MARK).read_text("utf-8"))
        for name in ("country", "apart", "missing"):
            content[name] = tuple(content[name])
        return Publication(folder, **content)
    except (ValueError, KeyError, TypeError):  # cut off, or of another version
        raise _not_as_recorded(folder / MARK) from None


def _digests(paths: Paths) -> dict[str, str]:
    files = {name: paths.build / file for name, file in [*FILES.items(), ("csv", "released.csv")]}
    return {name: _digest(path) if path.is_file() else "" for name, path in files.items()}


def _digests_in(folder: Path) -> dict[str, str]:
    """`answers/0707.parquet` → SHA-256, of every table below the folder."""
    tables = sorted(folder.rglob("*.parquet"))
    return {p.relative_to(folder).as_posix(): _digest(p) for p in tables}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
