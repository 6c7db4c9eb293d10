"""Rounds over time: released numbers side by side, changes as the gate released them, breaks marked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import shutil
from itertools import pairwise

import openpyxl
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from published_fixture import BIG, PLAIN, SMALL
from rounds_fixture import AUTUMN, PILOT, SPRING, write_rounds
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT
from helpers.common.vocabulary import NATIONAL
from helpers.development.files import write_development
from helpers.development.line_chart import Scale, across, month
from helpers.development.page import page
from helpers.development.series import (
    ABSENT,
    NOT_COMPARABLE,
    NOT_COMPUTED,
    Development,
    load_development,
)

ALL = [PILOT, SPRING, AUTUMN]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("rounds")
    shutil.copytree(PROJECT / "params", root / "params")
    write_rounds(root)
    return root


@pytest.fixture(scope="module")
def development(made) -> Development:
    return load_development(made).development


def line_of(development, label):
    return next(x for x in development.lines if x.label == label)


def series(development, code, label):
    return development.series(code, line_of(development, label))


# ---------------------------------------------------------------------------------- which rounds


def test_all_real_rounds_in_the_order_of_time(made, development):
    assert development.ids == ALL
    again = load_development(made, [AUTUMN, PILOT, AUTUMN]).development
    assert again.ids == [PILOT, AUTUMN]


def test_troubles_with_the_rounds_are_told_at_once(made):
    with pytest.raises(SurveyError) as caught:
        load_development(made, ["2024-forar", "demo", SPRING])
    told = str(caught.value)
    assert "2024-forar: unknown round. Did you mean »2024-foraar«?" in told
    assert "has no release" in told and "survey run demo --stage release" in told


def test_no_round_at_all_is_told(root):
    with pytest.raises(SurveyError, match="holds no released round"):
        load_development(root)


def test_simulated_and_real_rounds_do_not_meet(made, tmp_path):
    root = tmp_path / "both"
    shutil.copytree(made, root)
    path = root / f"params/rounds/{PILOT}.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | {"simulated": True}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    held = load_development(root)
    assert held.development.ids == [SPRING, AUTUMN]
    assert held.notes == (f"Left out: {PILOT} is simulated.",)
    with pytest.raises(SurveyError, match="2023-pilot is simulated, 2024-foraar is not"):
        load_development(root, [PILOT, SPRING])
    assert load_development(root, [PILOT]).development.simulated


def test_a_round_of_which_a_table_is_missing_is_left_out_and_told(made, tmp_path):
    """As one released by a version that did not say what can be followed."""
    root = tmp_path / "half"
    shutil.copytree(made, root)
    (root / f"build/{SPRING}/comparability.parquet").unlink()
    held = load_development(root)
    assert held.development.ids == [PILOT, AUTUMN]
    [note] = held.notes
    assert f"{SPRING} lacks comparability.parquet" in note
    assert f"survey run {SPRING} --stage release" in note


# ----------------------------------------------------------------------------------------- lines


def test_a_theme_goes_by_its_questions_and_has_the_latest_name(development):
    found = {x.label: x.items for x in development.lines}
    assert found["Mål og aktiviteter"] == {AUTUMN: "maal", SPRING: "maal", PILOT: "relevans"}
    assert found["Samarbejde på tværs af forvaltningen"] == {AUTUMN: "samarbejde"}
    assert list(found)[-1] == "Samlet tilfredshed"
    assert len(found) == 6


def test_a_theme_with_other_questions_stays_a_line_and_is_apart(development):
    """2025: question 3 left »Mødet med jobcentret«; 2024 has the pilot's questions under another name."""
    line = line_of(development, "Mødet med jobcentret")
    assert line.items == {AUTUMN: "moedet", SPRING: "moedet", PILOT: "vaerdighed"}
    first, second = series(development, BIG, "Mødet med jobcentret").steps
    assert (first.comparable, first.broken) == (True, True)
    assert (second.comparable, second.broken, second.verdict) == (False, True, NOT_COMPARABLE)
    assert second.difference is None
    assert "ikke på de samme spørgsmål" in second.why


def test_a_theme_that_no_later_round_has_is_still_a_line(made):
    """Seen from before the theme existed: 2025's own theme is the last line."""
    rounds = load_development(made).development.rounds
    swapped = [
        dataclasses.replace(
            p, round=p.round.model_copy(update={"settings": p.round.settings.model_copy(
                update={"reference_date": day})}))
        for p, day in zip(rounds, (dt.date(2026, 1, 1), dt.date(2025, 1, 1), dt.date(2024, 1, 1)))
    ]  # fmt: skip
    lines = Development(swapped).lines
    assert lines[-1].items == {AUTUMN: "samarbejde"}
    assert lines[0].label == "Værdighed"


# ------------------------------------------------------------------------------- values and changes


def test_values_are_the_released_ones(development):
    for published in development.rounds:
        for code in (BIG, PLAIN, SMALL, NATIONAL):
            for line in development.lines:
                point = next(
                    p for p in development.series(code, line).points
                    if p.round_id == published.round.id
                )  # fmt: skip
                item = line.items.get(published.round.id)
                row = published.number(code, item) if item else None
                if row is not None and row.shown:
                    assert (point.value, point.n) == (row.value, row.n)
                else:
                    assert point.value is None and point.words


def test_changes_are_the_released_ones_and_no_others(development):
    """Only 2025 compares itself with 2024; 2024 names no earlier round."""
    by_hand = development.rounds[-1].compared(BIG, f"round:{SPRING}", "samlet")
    first, second = series(development, BIG, "Samlet tilfredshed").steps
    assert (second.difference, second.low, second.high, second.verdict) == (
        by_hand.value, by_hand.low, by_hand.high, by_hand.said
    )  # fmt: skip
    assert (first.comparable, first.computed, first.verdict) == (True, False, NOT_COMPUTED)


def test_a_change_of_what_is_not_the_same_is_told_by_nobody(made):
    """Even where a table has one, from before the parameters were changed, say."""
    held = load_development(made).development
    latest = held.rounds[-1]
    table = latest.comparisons.copy()
    row = table[(table["municipality"] == BIG) & (table["item"] == "samlet")
                & (table["reference"] == f"round:{SPRING}")]  # fmt: skip
    table = pd.concat([table, row.assign(item="moedet")], ignore_index=True)
    changed = Development([*held.rounds[:-1], dataclasses.replace(latest, comparisons=table)])
    step = series(changed, BIG, "Mødet med jobcentret").step_to(AUTUMN)
    assert (step.computed, step.verdict) == (False, NOT_COMPARABLE)


def test_a_municipality_that_came_and_one_that_went(development):
    came, went = (series(development, c, "Samlet tilfredshed") for c in (PLAIN, SMALL))
    assert [p.words for p in came.points] == [ABSENT, "", ""]
    assert [p.words for p in went.points] == ["", "", ABSENT]
    assert went.step_to(AUTUMN) is None
    assert development.comings() == [(PILOT, 2, 0, 0), (SPRING, 3, 1, 0), (AUTUMN, 2, 0, 1)]


def test_a_step_over_a_round_says_since_when(made):
    held = load_development(made).development
    spring = held.rounds[1]
    hidden = spring.results.copy()
    gone = (hidden["municipality"] == BIG) & (hidden["item"] == "samlet")
    hidden.loc[gone, "status"] = "few"
    hidden.loc[gone, ["value", "ci_low", "ci_high", "n"]] = None
    without = Development(
        [held.rounds[0], dataclasses.replace(spring, results=hidden), held.rounds[2]]
    )
    one = series(without, BIG, "Samlet tilfredshed")
    assert [p.words for p in one.points] == ["", "for få svar", ""]
    [step] = one.steps
    assert (step.before, step.now) == (PILOT, AUTUMN)
    assert without.since(step) == " siden piloten 2023"
    assert "siden piloten 2023" in page(without)


@pytest.mark.parametrize(
    "difference, verdict, said",
    [(0.2, "over", "steget"), (-0.2, "under", "faldet"), (0.2, "unsure", "ingen sikker ændring"),
     (0.02, "small", "sikker, men lille ændring"), (0.2, "not_judged", "kan ikke vurderes")],
)  # fmt: skip
def test_the_releases_verdict_is_said(made, difference, verdict, said):
    held = load_development(made).development
    latest = held.rounds[-1]
    table = latest.comparisons.copy()
    row = (table["municipality"] == BIG) & (table["item"] == "samlet") & (
        table["reference"] == f"round:{SPRING}")  # fmt: skip
    assert row.sum() == 1
    table.loc[row, ["difference", "verdict"]] = [difference, verdict]
    changed = Development([*held.rounds[:-1], dataclasses.replace(latest, comparisons=table)])
    step = series(changed, BIG, "Samlet tilfredshed").step_to(AUTUMN)
    assert (step.verdict, step.notable) == (said, verdict in ("over", "under"))


def test_other_citizens_leave_nothing_to_compare(made):
    rounds = load_development(made).development.rounds
    limits = rounds[0].round.settings.age_limits.model_copy(update={"oldest": 67})
    settings = rounds[0].round.settings.model_copy(update={"age_limits": limits})
    other = dataclasses.replace(
        rounds[0], round=rounds[0].round.model_copy(update={"settings": settings})
    )
    first = series(Development([other, *rounds[1:]]), BIG, "Samlet tilfredshed").steps[0]
    assert (first.comparable, first.verdict) == (False, NOT_COMPARABLE)
    assert "Aldersgrænserne er ændret" in first.why


# ---------------------------------------------------------------------------------------- charts


@pytest.mark.parametrize(
    "days, places",
    [
        ([0], [0.5]),
        ([0, 100], [0, 1]),
        ([0, 500, 1000], [0, 0.5, 1]),
        ([0, 1, 1000], [0, 0.26 / 1.259, 1]),
        ([0, 0], [0, 1]),
    ],
)
def test_rounds_lie_in_proportion_to_time_but_never_on_top_of_each_other(days, places):
    found = across([dt.date(2024, 1, 1) + dt.timedelta(d) for d in days])
    assert found == pytest.approx(places, abs=1e-9)


def test_many_rounds_still_fit():
    found = across([dt.date(2024, 1, 1) + dt.timedelta(d) for d in range(0, 100, 10)])
    assert found[0] == 0 and found[-1] == pytest.approx(1)
    assert all(b > a for a, b in pairwise(found))


def test_the_scale_holds_every_point_and_is_a_point_high_at_least(development):
    every = [development.series(NATIONAL, x) for x in development.lines]
    scale = Scale.over(every, intervals=True)
    for one in every:
        for p in one.shown:
            assert scale.low <= p.low <= p.high <= scale.high
    one = Scale.over([development.series(NATIONAL, development.overall)], intervals=False)
    assert one.high - one.low >= 1
    assert Scale.over([], intervals=True) == Scale(1.0, 5.0)


def test_months_in_danish():
    assert month(dt.date(2025, 10, 1)) == "okt. 2025"
    assert month(dt.date(2024, 5, 1)) == "maj 2024"


@pytest.fixture(scope="module")
def soup(development):
    return BeautifulSoup(page(development), "html.parser")


def figure(soup, label):
    return next(f for f in soup.find_all("figure") if f.h3.get_text() == label)


def test_lines_and_breaks_of_a_chart(soup):
    """»Mødet«: dashed to 2024 through a break, nothing to 2025, where the questions are others."""
    drawn = {
        label: (
            len(figure(soup, label).select("line.line")),
            len(figure(soup, label).select("line.line[stroke-dasharray]")),
            len(figure(soup, label).select("line.break")),
            len(figure(soup, label).select("circle")),
        )
        for label in (
            "Mødet med jobcentret",
            "Samlet tilfredshed",
            "Samarbejde på tværs af forvaltningen",
        )
    }
    assert list(drawn.values()) == [(1, 1, 2, 3), (2, 1, 1, 3), (0, 0, 0, 1)]


def test_the_page_has_the_numbers_beside_the_charts(development, soup):
    rows = {
        r.th.get_text(): [c.get_text() for c in r.find_all("td")]
        for r in soup.select("#liste tbody tr")
    }
    assert list(rows) == ["Læsø", "Norddjurs", "Aabenraa"]  # Danish order
    one = series(development, BIG, "Samlet tilfredshed")
    assert rows["Norddjurs"][1:4] == [f"{p.value:.2f}".replace(".", ",") for p in one.points]
    assert rows["Læsø"][3] == "deltog ikke"
    assert soup.find("details", id=f"k{BIG}").find_all("tr")[1:]


def test_the_page_is_danish_self_contained_and_tells_the_breaks(soup):
    text = soup.get_text()
    assert "Målgrupperne er afgrænset efter regelsættet 2024, før 2023-pilot." in text
    assert "Spørgeskemaet er ændret" in text
    assert not re.search(r"\b(nan|None|round|shown|few|linked)\b|\d\.\d\d\b", soup.main.get_text())
    html = str(soup)
    assert not re.search(r'(src|href)="(https?:)?//', html)
    assert "simulerede" not in text


def test_no_local_question_and_no_hidden_number_is_on_the_page(development, soup):
    assert "lokal" not in str(soup).lower()


def test_one_round_is_a_page_without_changes(made):
    one = load_development(made, [SPRING]).development
    soup = BeautifulSoup(page(one), "html.parser")
    assert "kun én runde" in soup.get_text()
    assert not soup.select("line.break") and "Vurdering" not in soup.get_text()
    assert one.breaks() == []


# ---------------------------------------------------------------------------------------- files


def test_files_lie_beside_the_rounds_and_the_rounds_stay_as_they_are(made, development):
    before = {
        p: p.read_bytes() for r in ALL for p in (made / "build" / r).rglob("*") if p.is_file()
    }
    first = {p.name: p.read_bytes() for p in write_development(made, development)}
    second = {p.name: p.read_bytes() for p in write_development(made, development)}
    assert set(first) == {"udvikling.html", "udvikling.xlsx"}
    assert first == second
    assert {p: p.read_bytes() for p in before} == before
    assert {p.name for p in (made / "build").iterdir()} == {*ALL, "udvikling"}


def test_the_workbook_has_every_step_and_words_for_what_is_missing(made, development):
    write_development(made, development)
    book = openpyxl.load_workbook(made / "build/udvikling/udvikling.xlsx")
    assert book.sheetnames == ["Læs mig", "Samlet tilfredshed", "Temaer", "Alle tal", "Brud"]
    head, *rows = book["Alle tal"].iter_rows(values_only=True)
    table = pd.DataFrame(rows, columns=head)
    assert len(table) == 4 * 6 * 3
    for row in table.to_dict("records"):
        code = row["Kommunekode"] or NATIONAL
        point = next(p for p in series(development, code, row["Tema"]).points
                     if development.title(p.round_id) == row["Runde"])  # fmt: skip
        assert row["Gennemsnit"] == (point.value if point.shown else point.words)
    wide = book["Samlet tilfredshed"]
    assert wide.cell(5, 1).value == "Alle deltagende kommuner"
    assert wide.cell(6, 4).value == "deltog ikke"


def test_what_looks_like_personal_data_is_not_written(made, development):
    latest = development.rounds[-1]
    settings = latest.round.settings.model_copy(update={"title": "runden 010190-1234"})
    bad = dataclasses.replace(latest, round=latest.round.model_copy(update={"settings": settings}))
    root = made / "elsewhere"
    with pytest.raises(SurveyError, match="personal data in what may leave the house"):
        write_development(root, Development([bad]))
    assert not (root / "build/udvikling").exists()
    assert list((root / "build").iterdir()) == []


# ---------------------------------------------------------------------------------- the command


def call(root, *arguments):
    return CliRunner().invoke(app, ["--root", str(root), "compare", *arguments])


def test_the_command_prints_and_writes(made):
    found = call(made, "--only", BIG)
    assert found.exit_code == 0
    assert "Norddjurs" in found.output and "Alle deltagende" not in found.output
    assert "2024-foraar → 2025-efteraar: Spørgeskemaet er ændret" in found.output
    assert "udvikling.html" in found.output


@pytest.mark.parametrize("arguments, told", [(["nosuch"], "unknown round"),
                                             (["--only", "0101"], "has results in none")])  # fmt: skip
def test_a_wrong_call_writes_nothing(made, tmp_path, arguments, told):
    root = tmp_path / "wrong"
    shutil.copytree(made / "params", root / "params")
    shutil.copytree(made / "build" / SPRING, root / "build" / SPRING)
    found = call(root, *arguments)
    assert found.exit_code == 2
    assert told in found.output and "Nothing was written" in found.output
    assert not (root / "build/udvikling").exists()


def test_a_release_is_enough(made):
    """Identities, extracts, estimates: nothing under data/ is read."""
    assert not (made / "data").exists()
    assert json.dumps(load_development(made).development.ids)
