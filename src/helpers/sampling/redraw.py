"""What drawing frozen samples again would change, told before anything is written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from helpers.answers.exports import export_files
from helpers.answers.responses import collect, counts_as_answer
from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.extracts.intake import take_in
from helpers.parameters.params import Round
from helpers.sampling.plan import make_plan, read_drawn

COLUMNS = ["municipality", "target_group", "leave", "come_in", "answers", "lost"]


@dataclass(frozen=True)
class Redraw:
    """`changes`: a row a municipality × target group that another sample would change, with citizens who
    leave and come in, answers so far and those of who leaves; `notes`: where nothing can be said."""

    changes: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def lost(self) -> int:
        return int(self.changes["lost"].sum())


def may_have_answers(paths: Paths, code: str) -> bool:
    """Whether answers of the municipality lie there, shared out or not."""
    names = [p.name[:4] for p in export_files(paths)]
    return paths.answers(code).is_file() or any(n == code or not n.isdigit() for n in names)


def redraw_of(paths: Paths, round_: Round, codes: Sequence[str], *, intake: bool) -> Redraw:
    """What would change for the municipalities; `intake`: their extracts are taken in first.

    That is tried on copies in a folder of the round's own that is gone afterwards. Citizens are counted,
    none is named. Raises nothing for one municipality: what stops it stands in the notes.
    """
    for left in paths.data.glob(".redraw-*"):  # of a call that was killed
        shutil.rmtree(left, ignore_errors=True)
    collected = collect(paths, round_)
    tables, notes = [], []
    for code in codes:
        before = read_drawn(paths.sample(code))
        if before is None:
            continue
        answers = collected.answers.get(code)
        if answers is None:
            answers = read_drawn(paths.answers(code))
        try:
            after = _drawn_anew(paths, round_, code, intake)
        except SurveyError as e:
            notes.append(f"{code}: nothing can be drawn ({e.problems[0]})")
            continue
        table = _compared(before, after, answers, round_)
        tables.append(table.assign(municipality=code)[COLUMNS])
    changes = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS)
    return Redraw(changes, tuple(notes))


def _drawn_anew(paths: Paths, round_: Round, code: str, intake: bool) -> pd.DataFrame:
    if not intake:
        return make_plan(paths, round_, code).sample
    with tempfile.TemporaryDirectory(prefix=".redraw-", dir=paths.data) as folder:
        tried = Paths(Path(folder), round_.id)
        wanted = [*paths.extracts.glob(f"{code}*"), paths.vault(code)]
        wanted += [*(paths.data / "sample").glob(f"{code}*")]
        wanted += [*(paths.data / "sample" / "replaced").glob(f"{code}-*")]
        for path in wanted:
            if path.is_file():
                target = tried.data / path.relative_to(paths.data)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        result = take_in(tried, round_, code)
        if result.error is not None:
            raise result.error
        return make_plan(tried, round_, code).sample


def _compared(
    before: pd.DataFrame, after: pd.DataFrame, answers: pd.DataFrame | None, round_: Round
) -> pd.DataFrame:
    """A row a target group that changes, in the order of the rules."""
    leaves = ~before["person_id"].isin(after["person_id"])
    comes = ~after["person_id"].isin(before["person_id"])
    answered = pd.Series(False, index=before.index)
    if answers is not None:
        answered = before["key"].isin(answers.loc[counts_as_answer(answers, round_), "key"])
    groups = [g.id for g in round_.rules.groups]
    counts = {
        "leave": before.loc[leaves, "target_group"].value_counts(),
        "come_in": after.loc[comes, "target_group"].value_counts(),
        "answers": before.loc[answered, "target_group"].value_counts(),
        "lost": before.loc[leaves & answered, "target_group"].value_counts(),
    }
    table = pd.DataFrame(
        {name: n.reindex(groups, fill_value=0).to_numpy() for name, n in counts.items()}
    )
    table = table.assign(target_group=groups)
    return table[(table["leave"] > 0) | (table["come_in"] > 0)]
