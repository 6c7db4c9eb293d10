"""The red team: with a simulated round's truth at hand, attack every file that may leave the house.

A finished round and the one before it are attacked; `test_red_team_planted.py` shows on planted leaks
that each attack finds what it is for.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import red_team as red
import red_team_files as files
from conftest import EARLIER, SIMULATED
from lxml import html
from red_team import Finding
from red_team_files import WHOLE, Cell, Codebook, Harvest

BOTH = [SIMULATED, EARLIER]


class Stolen(NamedTuple):
    """What the red team has of a round: its files, and the truth to measure the gain by."""

    book: Codebook
    harvest: Harvest
    truth: dict[Cell, int]
    released: pd.DataFrame
    build: Path


@pytest.fixture(scope="module")
def stolen(finished) -> dict[str, Stolen]:
    root = finished.paths.root
    found = {}
    for round_id in BOTH:
        book, build = files.read_codebook(root, round_id), root / "build" / round_id
        harvest, truth = files.harvest(build, book), files.read_truth(root, round_id)
        released = files.read_released(build / "released.parquet")
        found[round_id] = Stolen(book, harvest, truth, released, build)
    return found


def told(findings) -> str:
    """How many of each kind, and the first of them: what a failing test should say."""
    findings = list(findings)
    kinds = Counter(f.attack for f in findings)
    lines = [f"{n} × {kind}" for kind, n in kinds.most_common()]
    for kind in kinds:
        lines += [f"  {f}" for f in findings if f.attack == kind][:5]
    return "\n".join(lines)


def assert_none(findings) -> None:
    findings = list(findings)
    assert not findings, "\n" + told(findings)


# ---------------------------------------------------------------------- the files of a finished round


def test_the_round_ran_without_failure(finished):
    assert finished.second.failures == []


def test_every_file_was_read_and_told_something(stolen):
    s = stolen[SIMULATED]
    on_disk = {p.relative_to(s.build).as_posix() for p in s.build.rglob("*") if p.is_file()}
    assert set(s.harvest.files) == on_disk
    tellers = {f for numbers in s.harvest.counts.values() for fs in numbers.values() for f in fs}
    tellers |= {f for f, _, _ in s.harvest.loose} | {
        f for fs in s.harvest.values.values() for f in fs
    }
    silent = on_disk - {t.split(", ")[0] for t in tellers}
    dimensions = {f for f in on_disk if f.startswith(("bi/dim_", "bi/dictionary"))}
    mappings = {"comparability.parquet", "bi/bridge_trend.csv", "bi/bridge_trend.parquet"}
    assert silent <= {"manifest.json", "kalender.ics"} | mappings | dimensions


def test_a_dashboard_holds_released_numbers_and_no_others(stolen, finished):
    """Number for number, of this round and of the earlier one."""
    released = {r: stolen[r].released for r in BOTH}
    for code in ("0707", "0825"):
        folder = finished.paths.report_folder(finished.round.municipalities[code])
        [script] = html.parse(folder / "dashboard.html").getroot().xpath("//script[@id='data']")
        document = json.loads(script.text)
        assert [r["id"] for r in document["rounds"]] == BOTH
        for round_ in document["rounds"]:
            table = released[round_["id"]]
            expected = table.set_index(
                ["municipality", "breakdown", "category", "item", "statistic", "weighting"]
            )[["value", "status"]].to_dict("index")
            seen = 0
            for row in files.dashboard_rows(round_):
                weighting = ("weighted", "unweighted")[row["weighting"]]
                for measure, cell in row["measures"].items():
                    key = (row["area"], *row["group"], row["item"], measure, weighting)
                    if cell is None or key not in expected:
                        continue
                    told = expected[key]
                    want = told["value"] if told["status"] == "shown" else told["status"]
                    assert cell == want or (cell == "not_possible" and pd.isna(want)), key
                    seen += 1
            assert seen > 1000


def test_the_red_team_reads_right(stolen):
    """Every count that was read back is the true one, and none stands without its group."""
    for s in stolen.values():
        wrong = [
            (cell, n, s.truth.get(cell), sorted(where)[:2])
            for cell, numbers in s.harvest.counts.items()
            for n, where in numbers.items()
            if s.truth.get(cell) != n
        ]
        assert wrong == []
        assert s.harvest.unread == []


def test_there_is_something_to_hide(stolen):
    """The round has small groups, hidden ones too, and a breakdown of one municipality alone."""
    s = stolen[SIMULATED]
    hidden = {c for c, mark in s.harvest.status.items() if mark in ("few", "linked")}
    assert sum(0 < s.truth[c] < 5 for c in hidden) > 500
    assert any(c[1].startswith("local:") for c in s.harvest.counts)
    assert 20 <= s.truth["0825", *WHOLE, "answers"] <= 60


ATTACKS = {
    "a small count is printed": lambda s: red.printed_small(s.harvest),
    "files do not agree": lambda s: red.disagreements(s.harvest),
    "one file tells what another hides": lambda s: red.hidden_but_told(s.harvest),
    "a number in words is no count shown": lambda s: red.loose_strangers(s.harvest),
    "an item tells of the item beside it": lambda s: red.beside(s.harvest, s.truth),
    "a hidden count is computed": lambda s: red.attack_counts(s.harvest, s.truth, s.book),
    "items side by side": lambda s: red.attack_side_by_side(s.harvest, s.truth),
    "a small group agrees": lambda s: red.attack_distributions(s.released, s.truth),
}


@pytest.mark.parametrize("round_id", BOTH)
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_succeeds(stolen, attack, round_id):
    assert_none(ATTACKS[attack](stolen[round_id]))


def test_no_small_unanimous_group_is_told_in_any_file(stolen, finished):
    """By the truth, not by rounded shares: all of fewer than ten gave the same answer."""
    s = stolen[SIMULATED]
    table = estimates(finished.paths.root, SIMULATED)
    alike = table[
        table["statistic"].str.fullmatch(red.OPTION)
        & (table["weighting"] == "unweighted")
        & (table["value"] == 1)
        & (table["n"] < red.SMALL_GROUP)
    ]
    findings = []
    for cell in alike[files.CELL].itertuples(index=False, name=None):
        places = s.harvest.values.get(cell, set())
        if places:
            n = s.truth[cell]
            findings.append(Finding("unanimous", cell, n, n, n, ", ".join(sorted(places)[:4])))
    assert_none(findings)


@pytest.mark.parametrize("round_id", BOTH)
def test_no_answers_of_small_groups_are_told_by_all_statistics_together(stolen, finished, round_id):
    """As if the reader knew every weight: the unweighted values stand wherever any value is shown."""
    released = stolen[round_id].released
    key = [*files.CELL, "statistic"]
    weighted = released[released["weighting"] == "weighted"].set_index(key)
    table = estimates(finished.paths.root, round_id)
    table = table[table["weighting"] == "unweighted"].set_index(key)
    table = table[table.index.isin(weighted.index)]
    table["status"] = weighted["status"].reindex(table.index)
    table["value"] = table["value"].round(2).where(table["status"] == "shown")
    table["n"] = table["n"].where(table["status"] == "shown").astype("Int64")
    assert table["value"].notna().sum() > 1000
    assert_none(red.attack_answers(table.reset_index(), stolen[round_id].truth))


def test_no_hidden_side_in_the_development_between_rounds(stolen, finished):
    s = stolen[SIMULATED]
    comparisons = pd.read_parquet(s.build / "comparisons.parquet")
    reference = f"round:{EARLIER}"
    assert (comparisons["reference"] == reference).sum() > 100
    now = estimates(finished.paths.root, SIMULATED)
    before = stolen[EARLIER].released
    assert_none(red.attack_rounds(comparisons, s.released, before, now, reference))


@pytest.mark.parametrize("round_id", BOTH)
def test_rates_tell_no_small_number_of_partial_answers_or_break_offs(stolen, finished, round_id):
    response = pd.read_parquet(stolen[round_id].build / "response.parquet")
    folder = finished.paths.root / "data" / round_id / "estimates"
    outcomes = {}
    for path in folder.glob("????-response.parquet"):
        whole = pd.read_parquet(path).query("breakdown == 'all'").iloc[0]
        outcomes[path.name[:4]] = {k: int(whole[k]) for k in ("partial", "break_off")}
    assert_none(red.attack_outcomes(response, outcomes))


def estimates(root: Path, round_id: str) -> pd.DataFrame:
    paths = sorted((root / "data" / round_id / "estimates").glob("????.parquet"))
    return pd.concat([pd.read_parquet(p) for p in paths], ignore_index=True)
