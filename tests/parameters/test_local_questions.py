"""Local questions on scales of their own: checked, printed with their labels, and nowhere else."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from local_fixture import MARK, SCALE, marked, with_own_scale
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pptx import Presentation
from published_fixture import BIG, PLAIN, SMALL, make_published
from test_disclosure import counted, estimates
from test_params import refuse

from helpers.bi.star import star
from helpers.common.paths import PROJECT
from helpers.common.vocabulary import NATIONAL
from helpers.dashboard import data as dashboard_data
from helpers.dashboard.dashboard import write_dashboard, write_national_dashboard
from helpers.deck.deck import write_deck
from helpers.disclosure.release import release
from helpers.estimation.round_estimates import RoundEstimates
from helpers.parameters.params import load_round, load_tiles
from helpers.released.own_numbers import OwnNumbers
from helpers.reports import downloads, local_results, tables
from helpers.workbook.dictionary import questionnaire_sheet
from helpers.workbook.workbook import write_workbook

LABELS = [SCALE[k] for k in range(1, 6)]


@pytest.fixture(scope="module")
def published():
    return marked()


# ------------------------------------------------------------------------------------- parameters


def local_file(root: Path, scales: dict | None, scale: str = "kontakt", code: str = "0580") -> None:
    question = {"id": "lokal1", "short": "Kontakt", "scale": scale, "wording": "Kan du få kontakt?"}
    content = {"municipality": code, "questions": [question]} | (
        {"scales": scales} if scales else {}
    )
    path = root / f"params/local/2024-foraar/{code}.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


def test_a_scale_of_its_own_belongs_to_its_municipality(root):
    local_file(root, {"kontakt": SCALE})
    round_ = load_round(root, "2024-foraar")
    assert round_.scales_for("0580")["kontakt"] == SCALE
    assert (
        set(round_.scales_for("0707"))
        == set(round_.scales_for())
        == set(round_.questionnaire.scales)
    )


@pytest.mark.parametrize(
    "labels, told",
    [
        ({k: v for k, v in SCALE.items() if k != 5}, "the label of 5 is missing"),
        ({k: v for k, v in SCALE.items() if k != 6}, "»Ved ikke« is missing"),
        (SCALE | {7: "Ønsker ikke at svare"}, "7 is no answer"),
        (SCALE | {0: "Slet ikke"}, "0 is no answer"),
        (SCALE | {3: "  "}, "the label of 3 is empty"),
        (SCALE | {3: "x" * 41}, "the label of 3 has 41 characters, and 40 fit a figure"),
        (SCALE | {4: "aldrig  NOGENSINDE"}, "two answers have the same label"),
        (SCALE | {6: "Ikke relevant"}, "»Ved ikke« is missing"),
    ],
)
def test_a_scale_has_five_answers_and_dont_know(root, labels, told):
    local_file(root, {"kontakt": labels})
    found = refuse(root)
    assert told in found
    assert "0580.yml" in found and "scales.kontakt" in found


def test_dont_know_may_be_written_small(root):
    local_file(root, {"kontakt": SCALE | {6: "ved ikke"}})
    assert load_round(root, "2024-foraar").scales_for("0580")["kontakt"][6] == "ved ikke"


def test_a_label_may_have_forty_characters(root):
    local_file(root, {"kontakt": SCALE | {3: "x" * 40}})
    assert load_round(root, "2024-foraar").scales_for("0580")["kontakt"][3] == "x" * 40


def test_a_label_that_yaml_takes_for_no_text_is_refused(root):
    local_file(root, {"kontakt": SCALE | {1: False}})  # `1: No`
    assert "scales.kontakt.1" in refuse(root)


@pytest.mark.parametrize("name, told", [("enighed", "is the name of a common scale"),
                                        ("fritekst", "is the word for free text")])  # fmt: skip
def test_a_scale_of_its_own_has_a_name_of_its_own(root, name, told):
    local_file(root, {name: SCALE}, scale=name)
    assert told in refuse(root)


@pytest.mark.parametrize("named, nearest", [("kontatk", "kontakt"), ("enighet", "enighed")])
def test_an_unknown_scale_names_the_nearest_own_or_common(root, named, nearest):
    local_file(root, {"kontakt": SCALE}, scale=named)
    told = refuse(root)
    assert f"unknown scale »{named}«. Did you mean »{nearest}«?" in told
    assert "scales.kontakt`: is used by no local question" in told


def test_a_common_scale_upside_down_is_told(root):
    common = load_round(root, "2024-foraar").questionnaire.scales["enighed"]
    local_file(root, {"kontakt": {k: common[6 - k] for k in range(1, 6)} | {6: "Ved ikke"}})
    assert "is »enighed« upside down" in refuse(root)


@pytest.mark.parametrize("key", ["short", "wording"])
def test_a_question_has_words(root, key):
    local_file(root, {"kontakt": SCALE})
    path = root / "params/local/2024-foraar/0580.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["questions"][0][key] = " "
    path.write_text(yaml.safe_dump(content), "utf-8")
    assert f"questions.0.{key}" in refuse(root)


def test_two_local_variables_of_one_id_are_refused(root):
    path = root / "params/local/2024-foraar/0707.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["background"] *= 2
    path.write_text(yaml.safe_dump(content), "utf-8")
    assert "background: an id is used twice" in refuse(root)


# ------------------------------------------------------------------------ where labels are printed


def test_the_reports_figure_has_the_scales_labels(published):
    [legend] = local_results.questions_figure(published, BIG).legends
    assert [t.get_text() for t in legend.get_texts()] == LABELS


def test_long_labels_stand_on_lines_that_fit_and_are_read_from_the_left():
    """Every label as long as may be: three lines of two; the figure holds the whole legend."""
    labels = {k: f"{k} Jeg får den hjælp, som jeg har brug for"[:40] for k in range(1, 6)}
    figure = local_results.questions_figure(
        with_own_scale(make_published(), "lokal1", "lokal2", labels=labels | {6: "Ved ikke"}), BIG
    )
    FigureCanvasAgg(figure).draw()
    [legend] = figure.legends
    places = {t.get_text()[0]: t.get_window_extent() for t in legend.get_texts()}
    rows = sorted(places, key=lambda k: (-round(places[k].y0), places[k].x0))
    assert rows == ["1", "2", "3", "4", "5"]
    assert len({round(p.y0) for p in places.values()}) == 3
    top = figure.axes[0].get_window_extent().y1
    assert all(p.x0 > 0 and p.x1 < figure.bbox.x1 and p.y0 > top for p in places.values())


def test_with_different_scales_the_reports_table_names_each_ones_answers():
    mixed = with_own_scale(make_published(), "lokal2")
    text = local_results.questions_table(mixed, BIG).data
    assert f"Én kontaktperson: {' · '.join(LABELS)}." in text
    assert "Kender sin plan: Meget uenig · Uenig" in text
    alone = local_results.questions_table(make_published(), BIG).data
    assert "Svarmuligheder" not in alone  # the figure above has them


def test_the_appendix_names_the_answers_of_an_own_scale(published):
    assert f"plan. ({' · '.join(LABELS)})" in tables.wordings(published, BIG).data
    assert "Meget enig" not in tables.wordings(make_published(), BIG).data
    assert LABELS[0] not in tables.wordings(published).data


def test_the_deck_has_a_chart_with_the_scales_labels(published, tmp_path):
    deck = Presentation(write_deck(published, BIG, tmp_path / "d.pptx"))
    series = [
        [s.name for s in shape.chart.plots[0].series]
        for page in deck.slides for shape in page.shapes if shape.has_chart
    ]  # fmt: skip
    assert LABELS in series


def test_the_workbook_lists_the_answers_in_order(published):
    turned = with_own_scale(make_published(), "lokal1", labels=dict(reversed(SCALE.items())))
    for one in (published, turned):
        rows = {row[0]: row[-1] for row in questionnaire_sheet(OwnNumbers(one, BIG)).rows}
        assert rows["lokal1"] == " · ".join([*LABELS, "Ved ikke"])


def test_the_dashboard_has_the_scale(published):
    [now] = dashboard_data.municipal(published, [], BIG)["rounds"]
    assert now["scales"]["kontakt"]["answers"] == LABELS
    assert {i["scale"] for i in now["items"] if i["id"].startswith("lokal")} == {"kontakt"}


def test_the_star_has_the_answers_of_every_question(published):
    answers = (
        star(published)["dim_answer"].to_pandas().set_index(["question_key", "answer"])["label"]
    )
    assert answers[f"demo:{BIG}:lokal2"].tolist() == [*LABELS, "Ved ikke"]
    assert answers["demo:q13", 5] == "Meget tilfreds"
    asked = len(published.round.questionnaire.scaled) + 2
    assert len(answers) == 6 * asked


# ------------------------------------------------------------------------------- nowhere else


def contents(path: Path) -> str:
    """All that a file holds, its parts unpacked."""
    if not zipfile.is_zipfile(path):
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as package:
        parts = [package.read(n) for n in package.namelist()]
    inner = [zipfile.ZipFile(io.BytesIO(p)) for p in parts if p.startswith(b"PK\x03\x04")]
    parts += [z.read(n) for z in inner for n in z.namelist()]
    return " ".join(p.decode("utf-8", "replace") for p in parts)


def products(published, code, folder: Path) -> dict[str, str]:
    """What a municipality, or the country, is given, as text."""
    if code == NATIONAL:
        made = {
            "dashboard": write_national_dashboard(published, load_tiles(PROJECT), folder / "n.html")
        }
    else:
        made = {
            "dashboard": write_dashboard(published, [], code, folder / f"{code}.html"),
            "deck": write_deck(published, code, folder / f"{code}.pptx"),
            "workbook": write_workbook(published, code, folder / f"{code}.xlsx"),
        }
    return {name: contents(path) for name, path in made.items()}


def words_of(published) -> list[str]:
    file = published.round.local_for(BIG)
    own = [w for q in file.questions for w in (q.short, q.wording)]
    return [*own, *LABELS, *(v for b in file.background for v in b.categories.values())]


def test_the_numbers_and_words_are_where_they_belong(published, tmp_path):
    for name, text in products(published, BIG, tmp_path).items():
        assert MARK in text or name == "deck", name  # its charts hold no more than they show
        assert LABELS[0] in text, name


@pytest.mark.parametrize("code", [PLAIN, SMALL, NATIONAL])
def test_nobody_else_has_them(published, code, tmp_path):
    for name, text in products(published, code, tmp_path).items():
        assert MARK not in text, name
        for word in words_of(published):
            assert word not in text, (name, word)
    if code != NATIONAL:
        parts = [
            getattr(local_results, part)(published, code)
            for part in dir(local_results)
            if re.match(r"(questions|groups|differences)_(?!titl)", part)
        ]
        assert parts and set(parts) == {None}
    link = downloads.results(published, code, ["lokal1"], downloads.ANSWERS)
    assert MARK not in json.dumps(link.data)


def test_the_star_ties_every_local_number_to_its_municipality(published):
    made = {name: t.to_pandas() for name, t in star(published).items()}
    for name in ("fact_result", "fact_comparison", "fact_response"):
        fact = made[name]
        local = fact["group_key"].str.contains("/") & fact["group_key"].str.contains("local:")
        if "question_key" in fact:
            local |= fact["question_key"].str.contains("lokal")
        assert set(fact.loc[local, "municipality_key"]) <= {BIG}, name
        keys = fact.loc[local, "group_key"].where(fact["group_key"].str.contains("local:"))
        assert keys.dropna().str.startswith(f"demo:{BIG}:").all(), name
    values = made["fact_result"].query("municipality_key != @BIG")["value"].dropna()
    assert not values.map(repr).str.contains(MARK).any()


def test_two_municipalities_lokal1_is_not_one_question_of_the_country(round_2024):
    counts = {
        "0707": [30, 31, 32, 33, 34],
        "0580": [40, 41, 42, 43, 44],
        "0161": [20, 21, 22, 23, 24],
    }
    local = {c: n for c, n in counts.items() if c != "0161"}
    found = pd.concat([estimates(counts), estimates(local, item="lokal1")], ignore_index=True)
    released = release(RoundEstimates(found, counted(counts)), round_2024)
    own = released.results[released.results["item"] == "lokal1"]
    assert set(own["municipality"]) == {"0707", "0580"}
    assert (own.loc[own["weighting"] == "weighted", "status"] == "shown").all()
    assert "lokal1" not in set(released.comparisons["item"])
    assert "q01" in set(released.comparisons["item"])


@pytest.fixture(scope="module")
def beside(finished):
    """File under the finished round's build/ → its text, but for the local municipality's own."""
    build = finished.paths.build
    own = finished.paths.report_folder(finished.round.municipalities[BIG])
    return {
        p.relative_to(build).as_posix(): contents(p)
        for p in sorted(build.rglob("*"))
        if p.suffix in {".html", ".pptx", ".xlsx"} and own not in p.parents
    }


def test_a_real_rounds_other_files_do_not_name_them(finished, beside):
    file = finished.round.local_for(BIG)
    words = [w for q in file.questions for w in (q.short, q.wording)]
    words += [v for b in file.background for v in b.categories.values()]
    assert len(beside) > 4 * 4
    for name, text in beside.items():
        assert not [w for w in words if w in text], name


def test_a_real_rounds_tables_have_them_under_its_code_alone(finished):
    for name in ("released", "comparisons", "response", "drivers"):
        table = pd.read_parquet(finished.paths.build / f"{name}.parquet")
        local = pd.Series(False, index=table.index)
        if "breakdown" in table:
            local |= table["breakdown"].str.startswith("local:")
        if "item" in table:
            local |= table["item"].str.startswith("lokal")
        assert set(table.loc[local, "municipality"]) <= {BIG}, name
        if name == "comparisons":
            assert set(table.loc[local, "reference"].str.split(":").str[0]) <= {"group", "round"}


def test_the_workbooks_local_sheet_compares_with_nobody(published, tmp_path):
    path = write_workbook(published, BIG, tmp_path / "w.xlsx")
    head = [c.value for c in openpyxl.load_workbook(path)["Lokalt"][4]]
    assert not [h for h in head if "øvrige" in h or "deltagende" in h]
