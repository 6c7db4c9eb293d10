"""All that the evaluation looks at, read once; what is not there is empty and never an error."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from helpers.answers.answer_times import span_of
from helpers.answers.responses import with_answers
from helpers.common.errors import Problem, SurveyError, TooEarlyError
from helpers.common.journal import read_lines
from helpers.common.paths import Paths
from helpers.extracts.intake_history import Attempt, read_history
from helpers.extracts.intake_record import found_at_intake
from helpers.parameters.params import Municipality, Round
from helpers.pipeline.run_log import runs_file
from helpers.received.sheets import read_kept_table
from helpers.sampling.plan import read_drawn

MAILINGS = ("invitation", "first_reminder", "second_reminder")  # letters, in their order
SMS = "sms"  # a mailing too, at any time
MAILING_COUNTS = (
    "letters", "paper", "left_out_answered", "left_out_opted_out", "left_out_unreachable", "sms",
)  # fmt: skip
ASKED_COLUMNS = [
    "municipality", "target_group", "stratum_population", "stratum_invited", "design_weight",
    "responded", "answered_at", "collected",
]  # fmt: skip
_OF_SAMPLE = ["key", "target_group", "stratum_population", "stratum_invited", "design_weight"]


@dataclass(frozen=True)
class Review:
    """A round as it lies there.

    asked        a row a citizen drawn: ASKED_COLUMNS; `responded` by the round's rule, `answered_at`
                 missing where not answered, not told or not possible, `collected`: whether the municipality has
                 answers at all
    attempts     the files that intake saw, in their order for each municipality
    runs         a line of `runs.jsonl` each
    mailings     a row a municipality × mailing made (MAILINGS, SMS): municipality, mailing, made_on (the
                 first time), MAILING_COUNTS (missing where not told)
    response     a row a municipality × group with population, invited and answers, as the analysis
                 left it (`estimates/<code>-response.parquet`)
    released     codes of the municipalities with released results; None before there is a release
    calls        a row a call to the hotline, its cells as text; None where no calls are recorded
    replaced     code → how often its sample was drawn again after letters were made
    forgotten    code → day on which its identities were deleted
    at_intake    code → what stops its extract, what is worth a look, what was decided
    """

    paths: Paths
    round: Round
    asked: pd.DataFrame
    attempts: tuple[Attempt, ...]
    runs: tuple[dict, ...]
    mailings: pd.DataFrame
    response: pd.DataFrame
    released: frozenset[str] | None
    calls: pd.DataFrame | None
    replaced: dict[str, int]
    forgotten: dict[str, dt.date]
    at_intake: dict[str, dict[str, list[dict]]] = field(default_factory=dict)

    @cached_property
    def of_answers(self) -> pd.DataFrame:
        """The citizens of municipalities whose answers have come: response is counted among these."""
        return self.asked[self.asked["collected"]]

    @property
    def answers(self) -> int:
        return int(self.of_answers["responded"].sum())

    @property
    def with_answers(self) -> tuple[Municipality, ...]:
        return self.named(self.of_answers["municipality"].unique())

    @property
    def with_sample(self) -> tuple[Municipality, ...]:
        return self.named(self.asked["municipality"].unique())

    def named(self, codes: Iterable[str]) -> tuple[Municipality, ...]:
        """The participants among the codes, in the round's order."""
        found = set(codes)
        return tuple(m for m in self.round.participants if m.code in found)

    def not_among(self, codes: Iterable[str]) -> tuple[Municipality, ...]:
        return self.named({m.code for m in self.round.participants} - set(codes))

    def made_on(self, mailing: str) -> dict[str, dt.date]:
        """Municipality → day on which a mailing was made (first, where it was made again)."""
        rows = self.mailings[self.mailings["mailing"] == mailing]
        return dict(zip(rows["municipality"], rows["made_on"]))

    def attempts_of(self, code: str) -> list[Attempt]:
        return [a for a in self.attempts if a.municipality == code]


def require_begun(paths: Paths) -> None:
    """Raises TooEarlyError where nothing of the round lies there."""
    if not paths.data.is_dir():
        raise TooEarlyError(
            str(paths.data),
            f"does not exist: nothing of {paths.round_id} has been received or run",
            "a round that has begun",
            f"Run `survey run {paths.round_id}` first, or name the right --root.",
        )


def load_review(paths: Paths, round_: Round, today: dt.date | None = None) -> Review:
    """Read what lies under `data/<round>/` and the list of released municipalities under `build/`.
    `today`: no answer can have come later (`answer_times.span_of`)."""
    codes = round_.settings.participants
    mailings = _mailings(paths, codes)
    return Review(
        paths,
        round_,
        _asked(paths, round_, mailings, today),
        tuple(a for code in codes for a in read_history(paths, code)),
        tuple(read_lines(runs_file(paths))),
        mailings,
        _response(paths, codes),
        _released(paths),
        _calls(paths.data / "hotline.csv"),
        _replaced(paths, codes),
        _forgotten(paths),
        found_at_intake(paths, round_),
    )


def _asked(
    paths: Paths, round_: Round, mailings: pd.DataFrame, today: dt.date | None
) -> pd.DataFrame:
    tables = []
    invitations = mailings[mailings["mailing"] == MAILINGS[0]]
    invited = dict(zip(invitations["municipality"], invitations["made_on"]))
    for code in round_.settings.participants:
        sample = read_drawn(paths.sample(code))
        if sample is None:
            continue
        answers = read_drawn(paths.answers(code))
        rows = sample[_OF_SAMPLE].assign(
            municipality=code, responded=False, answered_at=pd.NaT, collected=answers is not None
        )
        if answers is not None:
            merged = with_answers(sample[_OF_SAMPLE], answers, round_, code)
            rows["responded"] = merged["responded"].to_numpy(bool)
            times = span_of(round_, invited.get(code), today).known(merged["submitted_at"])
            rows["answered_at"] = times.where(merged["responded"]).array
        rows["answered_at"] = rows["answered_at"].astype("datetime64[s]")
        tables.append(rows[ASKED_COLUMNS])
    if not tables:
        empty = pd.DataFrame(columns=ASKED_COLUMNS)
        return empty.astype({"responded": bool, "collected": bool, "answered_at": "datetime64[s]"})
    return pd.concat(tables, ignore_index=True)


def _mailings(paths: Paths, codes: Iterable[str]) -> pd.DataFrame:
    """Of a mailing that stands several times the last counts. Raises SurveyError with every record that
    cannot be read."""
    rows, problems = [], []
    for code in codes:
        path = paths.sendout(code) / "mailings.json"
        if not path.is_file():
            continue
        try:
            rows += [{"municipality": code, **record} for record in _made(path)]
        except (ValueError, TypeError, KeyError, AttributeError):
            expected, remedy = "a JSON list, a row a mailing", "Put it back from a copy of data/."
            problems.append(Problem(str(path), "is no record of mailings", expected, remedy))
    if problems:
        raise SurveyError(problems=problems)
    table = pd.DataFrame(rows, columns=["municipality", "mailing", "made_on", *MAILING_COUNTS])
    table = table.drop_duplicates(["municipality", "mailing"], keep="last", ignore_index=True)
    return table.astype(dict.fromkeys(MAILING_COUNTS, "Int64"))


def _made(path: Path) -> Iterator[dict]:
    """A row a mailing of one municipality: mailing, made_on and MAILING_COUNTS, missing where not told."""
    content = json.loads(path.read_text("utf-8"))
    for record in content if isinstance(content, list) else content.values():
        day = dt.date.fromisoformat(record.get("first_made_on") or record["made_on"])
        counts = {n: None if record.get(n) is None else int(record[n]) for n in MAILING_COUNTS}
        yield {"mailing": record["mailing"], "made_on": day, **counts}


def _response(paths: Paths, codes: Iterable[str]) -> pd.DataFrame:
    tables = [read_drawn(paths.response_counts(code)) for code in codes]
    there = [t for t in tables if t is not None]
    if there:
        return pd.concat(there, ignore_index=True)
    columns = ["municipality", "breakdown", "category", "population", "invited", "answers",
               "weight_sum", "weight_squares", "r_indicator", "r_low", "r_high"]  # fmt: skip
    return pd.DataFrame(columns=columns)


def _released(paths: Paths) -> frozenset[str] | None:
    table = read_drawn(paths.build / "response.parquet")
    return None if table is None else frozenset(table["municipality"])


def _calls(path: Path) -> pd.DataFrame | None:
    """The calls of `hotline.csv`, whatever its columns; Danish Excel separates by semicolon."""
    if not path.is_file():
        return None
    table = read_kept_table(path, (";", ",", "\t")).rename(columns=lambda c: c.strip().lower())
    return table[(table != "").any(axis=1)].reset_index(drop=True)


def _replaced(paths: Paths, codes: Iterable[str]) -> dict[str, int]:
    folder = paths.sample("0000").parent / "replaced"
    counts = {code: len(list(folder.glob(f"{code}-sample-*.parquet"))) for code in codes}
    return {code: count for code, count in counts.items() if count}


def _forgotten(paths: Paths) -> dict[str, dt.date]:
    path = paths.data / "forgotten.json"
    if not path.is_file():
        return {}
    entries = json.loads(path.read_text("utf-8"))
    return {e["municipality"]: dt.date.fromisoformat(e["deleted_on"]) for e in entries}
