"""The questionnaire decides: what it asks is what the survey tool is asked for, what is kept of its export,
what is counted and what is reported; no question, scale, theme or free text needs a line of code."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import SIMULATED
from finished_round import Listening, _collected
from hypothesis import given, settings
from hypothesis import strategies as st
from pptx import Presentation
from questionnaire_fixture import SEVEN, THREE, write_questionnaire

from helpers.answers.export_columns import export_columns
from helpers.answers.exports import read_export
from helpers.answers.free_text import write_texts
from helpers.answers.responses import with_answers
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT, Paths
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.estimates import variables_of
from helpers.parameters.params import load_round
from helpers.parameters.questionnaires import LocalFile, Question, Questionnaire, Theme
from helpers.parameters.scales import Scale
from helpers.pipeline.run import run_round
from helpers.preparation.frame import load_frame
from helpers.preparation.questionnaire import questionnaire_document

CODES = ["0161", "0563"]
CODE = CODES[0]


# ------------------------------------------------------------------- what is asked, kept and counted


@st.composite
def questionnaires(draw) -> Questionnaire:
    """Any number of questions on scales of any number of answers, in any themes, and of free texts."""
    points = draw(st.lists(st.integers(3, 10).filter(lambda n: n % 2), min_size=1, max_size=3))
    scales = {
        f"skala{i}": {k: f"Svar {k} af {n}" for k in range(1, n + 1)} | {n + 1: "Ved ikke"}
        for i, n in enumerate(points)
    }
    kinds = draw(st.lists(st.sampled_from([*scales, "fritekst"]), min_size=1, max_size=12))
    themes = [f"tema{i}" for i in range(draw(st.integers(1, 4)))]
    numbers = draw(st.permutations(range(1, 40)))
    questions = []
    for order, (scale, number) in enumerate(zip([next(iter(scales)), *kinds], numbers)):
        theme = (
            "" if scale == "fritekst" else themes[0] if not order else draw(st.sampled_from(themes))
        )
        questions.append(
            Question(id=f"q{number:02}", order=order, theme=theme, scale=scale, short=f"Kort {number}",
                     wording=f"Spørgsmål {number}?")
        )  # fmt: skip
    used = [t for t in themes if t in {q.theme for q in questions}]
    return Questionnaire(
        id="tilfældig",
        questions=tuple(questions),
        themes=tuple(
            Theme(id=t, order=i, label=t, role="" if i else "overall") for i, t in enumerate(used)
        ),
        scales=scales,
    )


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


@settings(max_examples=30, deadline=None, derandomize=True)
@given(questionnaire=questionnaires(), seed=st.integers(0, 1000))
def test_what_is_asked_is_what_is_kept_counted_and_reported(
    demo, tmp_path_factory, questionnaire, seed
):
    folder = tmp_path_factory.mktemp("asked")
    round_ = demo.model_copy(update={"questionnaire": questionnaire, "local": {}})
    frame = load_frame(PROJECT, questionnaire)
    document = questionnaire_document(round_, frame, CODE)
    columns = {c["name"]: c for c in document["export"]["columns"]}
    asked = [q.column for q in questionnaire.questions]
    assert {q["column"] for q in document["questions"]} == set(asked)
    assert set(columns) == {"key", "status", "submitted_at", *asked}

    random, n = np.random.default_rng(seed), 12
    export = pd.DataFrame(
        {"key": [f"k{i}" for i in range(n)], "status": "completed", "submitted_at": ""}
    )
    for c in asked:
        values = columns[c].get("values")
        export[c] = random.choice(values, n) if values else [f"{c} nr. {i}" for i in range(n)]
    export.to_csv(folder / "svar.csv", index=False)
    kept, troubles, _ = read_export(folder / "svar.csv", export_columns(round_))
    assert troubles == [] and set(kept) == set(columns)
    assert (kept[asked].astype(str).to_numpy() == export[asked].astype(str).to_numpy()).all()

    answered = with_answers(export[["key"]], kept, round_, CODE)
    assert answered["responded"].all() and set(asked) <= set(answered)
    counted = variables_of(answered, round_, CODE).columns
    assert {item for item, _ in counted} == set(round_.item_labels())
    for q in questionnaire.scaled:
        options = {
            int(s[6:]) for item, s in counted if item == q.id and re.fullmatch(r"share_\d+", s)
        }
        assert {*options, max(options) + 1} == set(columns[q.column]["values"])

    path = write_texts(Paths(folder, "demo"), round_, CODE, kept)
    texts = {q.wording for q in questionnaire.questions if not q.is_scaled}
    if path is None:
        assert not texts
    else:
        sheet = openpyxl.load_workbook(path).active
        assert {c.value for c in sheet[1]} == texts and sheet.max_row == n + 1


def test_a_column_that_nobody_asked_for_is_told_and_not_lost(demo, tmp_path):
    columns = export_columns(demo).names
    row = dict.fromkeys(columns, "") | {"key": "k", "status": "completed", "q16_text": "Også det."}
    pd.DataFrame([row]).to_csv(tmp_path / "svar.csv", index=False)
    with pytest.raises(Exception, match="columns are unknown: q16_text"):
        read_export(tmp_path / "svar.csv", export_columns(demo))


def test_means_of_all_scales_run_from_1_to_5(demo, root):
    write_questionnaire(root, "demo", CODES)
    round_ = load_round(root, "demo")
    scales = round_.answer_scales()
    assert [scales["q14"].measure.score(k) for k in (1, 4, 7)] == [1, 3, 5]
    assert [scales["q11"].measure.score(k) for k in (1, 2, 3)] == [1, 3, 5]
    assert scales["q14"].measure.options_of("satisfied") == (5, 6, 7)
    answers = pd.DataFrame({q: [s.measure.points, 1, s.dont_know] for q, s in scales.items()})
    v = variables_of(answers.astype("Int8"), round_, CODE)
    means = [i for i, (_, statistic) in enumerate(v.columns) if statistic == "mean"]
    assert (v.y[:, means] == [[5.0], [1.0], [0.0]]).all()
    assert (v.x[:, v.base_of[means]] == [[1.0], [1.0], [0.0]]).all()


@pytest.mark.parametrize(
    "rows, told",
    [
        ("to,1,Nej\nto,2,Ja\nto,3,Ved ikke\n", "scale »to«: has 2 answers"),
        (
            "fire,1,A\nfire,2,B\nfire,3,C\nfire,4,D\nfire,5,Ved ikke\n",
            "4 answers have no middle one",
        ),
        ("tre,1,A\ntre,2,B\ntre,3,C\n", "»Ved ikke« is missing"),
        ("tre,1,A\ntre,2,B\ntre,3,C\ntre,6,Ved ikke\n", "the label of 4 is missing"),
    ],
)
def test_a_scale_that_cannot_be_reckoned_with_is_refused(root, rows, told):
    with (root / "params/questionnaires/scales.csv").open("a", encoding="utf-8") as f:
        f.write(rows)
    with pytest.raises(ParameterError) as caught:
        load_round(root, "demo")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "kinds, told",
    [
        (["dissatisfied", "neutral", "neutral", "satisfied"], ""),
        (["dissatisfied", "satisfied", "neutral", "satisfied"], "kinds do not follow each other"),
        (["dissatisfied", "dissatisfied", "satisfied", "satisfied"], "no answer is neutral"),
        (["dissatisfied", "", "neutral", "satisfied"], "kinds are told of some"),
    ],
)
def test_a_scale_says_which_answers_are_satisfied(root, kinds, told):
    path = root / "params/questionnaires/scales.csv"
    first, *rows = path.read_text("utf-8").splitlines()
    rows = [f"{r}," for r in rows]
    rows += [f"fire,{k},Svar {k},{kind}" for k, kind in enumerate(kinds, start=1)]
    path.write_text("\n".join([f"{first},kind", *rows, "fire,5,Ved ikke,"]) + "\n", "utf-8")
    if told:
        with pytest.raises(ParameterError) as caught:
            load_round(root, "demo")
        assert told in str(caught.value)
    else:
        questionnaire = load_round(root, "demo").questionnaire
        measure = Scale.of(questionnaire.scales["fire"], questionnaire.kinds["fire"]).measure
        assert [measure.options_of(k) for k in ("dissatisfied", "neutral", "satisfied")] == [
            (1,),
            (2, 3),
            (4,),
        ]


# ---------------------------------------------------------------------------- from extracts to products


@pytest.fixture(scope="module")
def finished_2026(tmp_path_factory) -> Paths:
    """A round of two small municipalities that asks the questionnaire of the fixture, run to the end."""
    root = tmp_path_factory.mktemp("questionnaire")
    shutil.copytree(PROJECT / "params", root / "params")
    write_questionnaire(root, SIMULATED, CODES)
    paths = Paths(root, SIMULATED)
    _collected(paths, Listening())
    summary = run_round(root, load_round(root, SIMULATED), jobs=2)
    assert not summary.failures and not summary.waiting
    return paths


def test_every_question_of_a_new_questionnaire_is_released(finished_2026):
    round_ = load_round(finished_2026.root, SIMULATED)
    released = pd.read_parquet(finished_2026.build / "released.parquet")
    assert set(released["item"]) == set(round_.item_labels())
    whole = released[(released["breakdown"] == "all") & (released["weighting"] == "weighted")]
    country = whole[whole["municipality"] == NATIONAL]
    assert (country["status"] == "shown").all()
    for item, labels in (("q14", SEVEN), ("q11", THREE), ("q01", range(5))):
        own = country[country["item"] == item].set_index("statistic")["value"]
        options = [own[f"share_{k}"] for k in range(1, len(labels) + 1)]
        assert sum(options) == pytest.approx(1, abs=0.04) and f"share_{len(labels) + 1}" not in own
        scores = np.linspace(1, 5, len(labels))
        assert own["mean"] == pytest.approx(scores @ options, abs=0.1)


def test_all_free_texts_reach_the_municipality(finished_2026):
    sheet = openpyxl.load_workbook(finished_2026.texts(CODE)).active
    texts = [
        q
        for q in load_round(finished_2026.root, SIMULATED).questionnaire.questions
        if not q.is_scaled
    ]
    assert [c.value for c in sheet[1]] == [q.wording for q in texts]
    assert {q.id for q in texts} == {"q15", "q16"}


def test_every_product_shows_the_new_questions(finished_2026):
    place = next(finished_2026.build.glob(f"{CODE}-*"))
    for page in (place / "rapport.html", finished_2026.build / "national" / "rapport.html"):
        html = page.read_text("utf-8")
        for words in ("Samtaler om arbejde", "Hjælp i tide", "fra aldrig til altid", "fra for sent til til tiden",
                      "Svar på skalaer med tre og syv svar er regnet om", "Er der andet, du vil sige"):  # fmt: skip
            assert words in html, (page.name, words)
        assert "Progression" not in html
    dashboard = (place / "dashboard.html").read_text("utf-8")
    data = json.loads(re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', dashboard, re.S)[1])
    [now] = data["rounds"]
    assert now["scales"]["hyppighed"]["answers"] == list(SEVEN)
    assert {"q11", "q14"} <= {i["id"] for i in now["items"]} and "share_7" in now["measures"]
    book = openpyxl.load_workbook(place / "resultater.xlsx")
    rows = list(book["Spørgsmål"].values)
    head = next(r for r in rows if "Svar 7" in r)
    [own] = [r for r in rows if "Hvor tit handler samtalerne om arbejde?" in r]
    assert 0 < own[head.index("Svar 7")] < 1
    charts = [
        s.chart for slide in Presentation(str(place / "praesentation.pptx")).slides for s in slide.shapes
        if s.has_chart
    ]  # fmt: skip
    names = {tuple(series.name for series in c.plots[0].series) for c in charts}
    assert {SEVEN, THREE} <= names
    answers = pd.read_parquet(finished_2026.build / "bi" / "dim_answer.parquet")
    assert set(SEVEN) | set(THREE) <= set(answers["label"])


def test_local_questions_may_have_other_scales_in_other_municipalities(demo, tmp_path):
    """The same column, seven answers here and five there; each is checked by its own."""
    from helpers.answers.responses import check_export

    scale = {k: f"Svar {k}" for k in range(1, 8)} | {8: "Ved ikke"}
    question = {"id": "lokal1", "short": "Kort", "scale": "syv", "wording": "Hvad?"}
    own = LocalFile(municipality=CODE, questions=(question,), scales={"syv": scale})
    other = demo.local_for("0707")
    round_ = demo.model_copy(update={"local": {CODE: own, "0707": other}})
    columns = export_columns(round_).names
    rows = [
        dict.fromkeys(columns, "") | {"key": key, "status": "completed", "lokal1": "8"}
        for key in "ab"
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "svar.csv", index=False)
    checked = check_export(tmp_path / "svar.csv", round_, {"a": CODE, "b": "0707"})
    [trouble] = checked.problems.pop("0707")
    assert "is no answer from 1 to 6" in str(trouble) and not checked.problems
