"""A pair of rounds from extracts to products: the later one splits a target group by spell, with rules alone.

Two municipalities; the rule set and its groups are files under `params/`, and no code knows of them.
"""

from __future__ import annotations

import shutil

import openpyxl
import pandas as pd
import pytest
import yaml
from conftest import EARLIER, SIMULATED
from finished_round import Listening, _collected
from pptx import Presentation

from helpers.common.paths import PROJECT, Paths
from helpers.common.vocabulary import NATIONAL
from helpers.dashboard import data as dashboard_data
from helpers.deck.deck import write_deck
from helpers.parameters.params import load_round
from helpers.pipeline.run import run_round
from helpers.released.published import Published, load_earlier, load_published
from helpers.reports import model_texts
from helpers.workbook.workbook import write_workbook

CODES = ["0161", "0707"]
SHORT, LONG = "syge_kort", "syge_lang"
WHY = "er en del af det tidligere »Sygedagpengemodtagere«, der nu er delt"
RULES = f"sygedagpenge,{SHORT},8,26,weeks,en prøve\nsygedagpenge,{LONG},26,,weeks,en prøve\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Both rounds released: demo-2023 under its rules, demo under 2024's with sygedagpenge split."""
    root = tmp_path_factory.mktemp("split")
    shutil.copytree(PROJECT / "params", root / "params")
    _split_rules(root / "params")
    for round_id in (EARLIER, SIMULATED):
        path = root / f"params/rounds/{round_id}.yml"
        content = yaml.safe_load(path.read_text("utf-8")) | {"participants": CODES}
        content["models"]["bootstrap_replicates"] = 100
        if round_id == SIMULATED:
            content["classification"] = "delt"
            expected = content["sampling"]["expected_response"]
            expected |= dict.fromkeys((SHORT, LONG), expected.pop("sygedagpenge"))
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
        _collected(Paths(root, round_id), Listening())
        summary = run_round(root, load_round(root, round_id), stages=["analyse", "release"], jobs=1)
        assert not summary.failures
    return root


def _split_rules(params) -> None:
    head, *rows = (params / "classification/2024.csv").read_text("utf-8").splitlines(keepends=True)
    kept = [_with_empty_most(r) for r in rows if not r.startswith("sygedagpenge,")]
    head = head.replace("least_spell,", "least_spell,most_spell,")
    (params / "classification/delt.csv").write_text(head + RULES + "".join(kept), "utf-8")
    groups = params / "target-groups.csv"
    head, *rows = groups.read_text("utf-8").splitlines()
    text = [f"{head},continues", *(f"{r}," for r in rows)]
    text += [f"{SHORT},7,Sygedagpenge under 26 uger,Syge under 26,sygedagpenge"]
    text += [f"{LONG},8,Sygedagpenge i 26 uger og mere,Syge fra 26,sygedagpenge"]
    groups.write_text("\n".join(text) + "\n", "utf-8")


def _with_empty_most(row: str) -> str:
    """The row with an empty most_spell behind its least spell."""
    cells = row.rstrip("\n").rsplit(",", 2)
    first, unit, source = cells
    return f"{first},,{unit},{source}\n"


@pytest.fixture(scope="module")
def published(root) -> Published:
    return load_published(root, load_round(root, SIMULATED))


def test_the_population_is_split_where_the_spell_reaches_the_limit(root):
    for code in CODES:
        people = pd.read_parquet(Paths(root, SIMULATED).population(code))
        weeks = people.groupby("target_group")["weeks_on_benefit"].agg(["min", "max"])
        assert weeks.loc[SHORT, "min"] >= 8 and weeks.loc[SHORT, "max"] < 26
        assert weeks.loc[LONG, "min"] >= 26
        assert "sygedagpenge" not in set(people["target_group"].dropna())


def test_both_halves_have_results_and_no_trend_and_the_reason_is_released(published):
    table = published.results
    assert {SHORT, LONG} <= set(table.loc[table["status"] == "shown", "category"])
    for group in (SHORT, LONG):
        trend = published.trends.trend(EARLIER, "samlet", "target_group", group)
        assert not trend.comparable and WHY in trend.note
        same = published.comparisons["reference"] == f"round:{EARLIER}"
        assert not (same & (published.comparisons["category"] == group)).any()


def test_the_unchanged_keep_their_trend(published):
    """All, gender, age: the same citizens, though their groups are drawn otherwise."""
    for breakdown, category in [("all", "all"), ("gender", "kvinde"), ("age_band", "50-66"),
                                ("target_group", "dagpenge")]:  # fmt: skip
        trend = published.trends.trend(EARLIER, "samlet", breakdown, category)
        assert trend.comparable and trend.broken and "regelsættet delt" in trend.note
    assert published.compared(NATIONAL, f"round:{EARLIER}", "samlet") is not None


def test_report_deck_dashboard_and_workbook_say_the_same(root, published, tmp_path):
    code = "0707"
    labels = published.round.category_labels()["target_group"]
    report = model_texts.development(published, code).data
    rows = model_texts.development_table(published, code).data.splitlines()
    deck = Presentation(write_deck(published, code, tmp_path / "d.pptx"))
    slides = " ".join(s.text_frame.text for p in deck.slides for s in p.shapes if s.has_text_frame)
    book = openpyxl.load_workbook(write_workbook(published, code, tmp_path / "b.xlsx"))
    head, *cells = book["Udvikling"].iter_rows(min_row=4, values_only=True)
    sheet = pd.DataFrame(cells, columns=head)
    sheet = sheet[sheet["Opdeling"] == "Målgruppe"]
    sheet = sheet.set_index(["Kategori", "Tema eller spørgsmål"]).sort_index()
    document = dashboard_data.municipal(published, load_earlier(root, published), code)
    now, told = document["rounds"][0], document["trends"][EARLIER]
    lines = {(now["groups"][g][1], now["items"][i]["id"]): (old is not None, told["notes"][n])
             for g, i, old, _, n in told["rows"]}  # fmt: skip
    for group, label in labels.items():
        trend = published.trends.trend(EARLIER, "samlet", "target_group", group)
        one = sheet.loc[(label, "Samlet tilfredshed")].iloc[0]
        assert (one["Kan følges"] == "Ja", one["Brud eller begrundelse"]) == (
            trend.comparable,
            trend.note,
        )
        assert lines[group, "samlet"] == (trend.comparable, trend.note)
        [row] = [r for r in rows if f": {label} |" in r]
        assert ("kan ikke sammenlignes" in row) == (not trend.comparable)
        if not trend.comparable:
            assert label in report and label in slides
    assert f"{labels[SHORT]} ({WHY})" in report
    assert f"{labels[SHORT]} ({WHY})" in slides
