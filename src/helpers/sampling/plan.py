"""The sampling plan of one municipality, and the rule that a drawn sample is frozen.

Once letters are made or answers exist, the persons asked stand fast: a rerun that would draw
others is refused and says what changed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from helpers.answers.exports import export_files
from helpers.common.errors import FrozenSampleError, SurveyError
from helpers.common.paths import KEEP_VARIABLE, REDRAW_VARIABLE, Paths, write_atomically, write_text
from helpers.extracts.intake import eligible
from helpers.identities.identities import link_keys
from helpers.parameters.params import Round
from helpers.received.sheets import DELIMITERS, read_sheets
from helpers.sampling.sampling import allocate, draw, generator, sample_size, sampling_frame

ENCODINGS = ["utf-8-sig", "cp1252"]  # of exports


@dataclass(frozen=True)
class SamplingPlan:
    """`population`: a row a person; `allocation`: a row a target group; `sample`: a row a citizen
    drawn, with `key`; `frame`: the eligible population's cell counts."""

    population: pd.DataFrame
    allocation: pd.DataFrame
    sample: pd.DataFrame
    frame: pd.DataFrame

    @cached_property
    def eligible(self) -> pd.DataFrame:
        return eligible(self.population)

    @property
    def is_census(self) -> bool:
        return len(self.sample) == len(self.eligible)


def make_plan(paths: Paths, round_: Round, code: str) -> SamplingPlan:
    """Allocate and draw from the municipality's population. Raises SurveyError before intake, and
    FrozenSampleError where letters were made from a sample that is lost."""
    _require_sample_of_letters(paths, code)
    path = paths.population(code)
    if not path.is_file():
        raise SurveyError(
            str(path),
            "there is no population table",
            "the result of intake",
            f"Run `survey run {round_.id} --stage intake --only {code}` first.",
        )
    population = pd.read_parquet(path)
    persons = eligible(population)
    if persons.empty:
        raise SurveyError(
            str(path), "nobody is in a target group", "eligible citizens", "Check the extract."
        )
    rules = round_.settings.sampling
    sizes = persons["target_group"].value_counts()
    by_group = {g.id: int(sizes.get(g.id, 0)) for g in round_.rules.groups}
    size = sample_size(round_.municipalities[code].population, len(persons), rules)
    allocation = allocate(by_group, rules.expected_response, size, rules)
    drawn = draw(persons, allocation, generator(round_.settings.seed, code))
    keys = link_keys(drawn["person_id"], _keys_given(paths, code), round_.settings)
    sample = drawn.assign(key=keys).drop(columns="left_out")
    return SamplingPlan(
        population, allocation, sample.reset_index(drop=True), sampling_frame(persons)
    )


def _keys_given(paths: Paths, code: str) -> pd.Series:
    """person_id → token of everybody drawn so far; the latest sample counts."""
    folder = paths.sample(code).parent / "replaced"
    files = [*sorted(folder.glob(f"{code}-sample-*.parquet")), paths.sample(code)]
    drawn = [t[["person_id", "key"]] for t in map(read_drawn, files) if t is not None]
    if not drawn:
        return pd.Series(dtype="str")
    table = pd.concat(drawn).drop_duplicates("person_id", keep="last")
    return table.set_index("person_id")["key"]


def read_drawn(path: Path) -> pd.DataFrame | None:
    """A sample or its frame; None where it is not there or cannot be read."""
    try:
        return pd.read_parquet(path)
    except (OSError, pa.ArrowException):
        return None


def _require_sample_of_letters(paths: Paths, code: str) -> None:
    """A sample drawn anew would have other links than the letters that citizens hold."""
    lost = [p for p in (paths.sample(code), paths.frame(code)) if read_drawn(p) is None]
    if lost and letters_made(paths, code) and os.environ.get(REDRAW_VARIABLE) != "1":
        raise FrozenSampleError(
            str(lost[0]),
            "is gone or cannot be read, and letters have been made from it",
            f"the file as it was when {paths.sendout(code)} was written",
            "Put it back from a copy of data/. Only where no letter has been sent: --redraw.",
        )


def letters_made(paths: Paths, code: str) -> bool:
    return paths.sendout(code).is_dir() and any(paths.sendout(code).iterdir())


def freeze_reason(paths: Paths, code: str) -> str | None:
    """Why the sample stands fast: letters are made, or answers have come. None: it may change.

    An export of many municipalities freezes the sample of one without letters only where it may hold
    its keys: whoever joins late is not bound by the others' answers.
    """
    if letters_made(paths, code):
        return f"letters have been made ({paths.sendout(code)})"
    exports = export_files(paths)
    own = [p for p in exports if p.name[:4] == code]
    of_many = (p for p in exports if not p.name[:4].isdigit())
    if paths.answers(code).is_file() or own or any(_may_hold(p, paths, code) for p in of_many):
        return f"answers have come ({paths.responses})"
    return None


def _may_hold(export: Path, paths: Paths, code: str) -> bool:
    """Whether an export has a key of the sample; one that cannot be read, or holds no row, may."""
    sample = read_drawn(paths.sample(code))
    try:
        sheets = [s for r in read_sheets(export, ENCODINGS, DELIMITERS) for s in r if s.rows[1:]]
    except SurveyError:
        return True
    if sample is None or not sheets:
        return True
    keys = set(sample["key"])
    return any(str(cell).strip() in keys for s in sheets for row in s.rows for cell in row)


def save_sample(paths: Paths, code: str, plan: SamplingPlan) -> str:
    """Write the sample and its frame; returns a line that tells what was done.

    Raises FrozenSampleError where the sample is frozen and the plan draws another, unless `--redraw` was
    asked for (the replaced sample is kept beside), or it was decided to keep the frozen one. Such a
    decision holds for the sample that would be drawn when it was made, and for no other.
    """
    path, frame_path = paths.sample(code), paths.frame(code)
    before, frame = read_drawn(path), read_drawn(frame_path)
    if before is None or frame is None:
        _write(paths, code, plan)
        return f"Drawn: {len(plan.sample)} citizens."
    if _same(before, plan.sample) and _same(frame, plan.frame):
        paths.kept_sample(code).unlink(missing_ok=True)
        return f"Unchanged: the same {len(before)} citizens as before."
    reason = freeze_reason(paths, code)
    if reason is not None and os.environ.get(REDRAW_VARIABLE) != "1":
        if _decided_to_keep(paths, code, plan):
            return f"Kept: the {len(before)} citizens drawn before. {_changes(before, plan)}"
        raise FrozenSampleError(
            str(path),
            f"a rerun would draw another sample, but {reason}. {_changes(before, plan)}",
            "the population and rules that the sample was drawn with",
            f"Keep the frozen sample on record (`survey run {paths.round_id} --keep-sample {code} "
            "--reason TEXT`), restore the earlier extract, or draw again with --redraw.",
        )
    if reason is not None:
        _keep_replaced(paths, code)
    paths.kept_sample(code).unlink(missing_ok=True)
    _write(paths, code, plan)
    return f"Drawn again: {len(plan.sample)} citizens. {_changes(before, plan)}"


@dataclass(frozen=True)
class Decision:
    """To keep a frozen sample: when, by whom and why; `instead_of`: digest of the one that would be drawn
    then; `told`: how they differ, in numbers."""

    decided_on: str
    decided_by: str
    reason: str
    instead_of: str = ""
    told: str = ""


def read_decision(paths: Paths, code: str) -> Decision | None:
    """The decision recorded; None where there is none. Raises SurveyError where it cannot be read."""
    path = paths.kept_sample(code)
    if not path.is_file():
        return None
    try:
        return Decision(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError):
        raise SurveyError(
            str(path),
            "is no decision on a sample",
            "a JSON object with decided_on, decided_by, reason, instead_of and told",
            "Delete it, then decide again with --keep-sample.",
        ) from None


def _decided_to_keep(paths: Paths, code: str, plan: SamplingPlan) -> bool:
    """Whether the frozen sample was, or is now, decided on instead of this plan's; now, it is recorded."""
    would_be = _digest(plan)
    told = os.environ.get(KEEP_VARIABLE)
    if told:
        before = read_drawn(paths.sample(code))
        decision = replace(
            Decision(**json.loads(told)), instead_of=would_be, told=_changes(before, plan)
        )
        text = json.dumps(asdict(decision), ensure_ascii=False, indent=1) + "\n"
        write_text(paths.kept_sample(code), text)
        return True
    known = read_decision(paths, code)
    return known is not None and known.instead_of == would_be


def _digest(plan: SamplingPlan) -> str:
    """Of who would be drawn, and from what; keys apart, which are made anew at each try."""
    drawn = plan.sample.drop(columns="key").to_csv(index=False)
    return hashlib.sha256((drawn + plan.frame.to_csv(index=False)).encode()).hexdigest()


def _write(paths: Paths, code: str, plan: SamplingPlan) -> None:
    write_atomically(paths.frame(code), plan.frame.to_parquet)
    write_atomically(paths.sample(code), plan.sample.to_parquet)


def _keep_replaced(paths: Paths, code: str) -> None:
    folder = paths.sample(code).parent / "replaced"
    folder.mkdir(exist_ok=True)
    number = len(list(folder.glob(f"{code}-frame-*"))) + 1
    for path, kind in ((paths.sample(code), "sample"), (paths.frame(code), "frame")):
        path.rename(folder / f"{code}-{kind}-{number}.parquet")


def _same(before: pd.DataFrame, after: pd.DataFrame) -> bool:
    columns = [c for c in after.columns if c in before.columns]
    if len(columns) < len(after.columns) or len(before) != len(after):
        return False
    return before[columns].astype("str").equals(after.astype("str"))


def _changes(before: pd.DataFrame, plan: SamplingPlan) -> str:
    """What differs, in numbers only."""
    after = plan.sample
    gone = int((~before["person_id"].isin(after["person_id"])).sum())
    new = int((~after["person_id"].isin(before["person_id"])).sum())
    groups = ["target_group", "stratum_population", "stratum_invited"]
    old, now = (t[groups].drop_duplicates().set_index("target_group") for t in (before, after))
    parts = [f"{gone} citizens would leave it, {new} would come in"]
    for group in now.index.union(old.index):
        a = old.loc[group].tolist() if group in old.index else [0, 0]
        b = now.loc[group].tolist() if group in now.index else [0, 0]
        if a != b:
            parts.append(f"{group}: population {a[0]} → {b[0]}, invited {a[1]} → {b[1]}")
    return "; ".join(parts)
