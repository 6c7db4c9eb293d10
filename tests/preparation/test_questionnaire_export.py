"""The questionnaire for a survey tool: as its schema says, read back by the analysis, and the same bytes."""

from __future__ import annotations

import csv
import io
import json

import jsonschema
import pandas as pd
import pytest
import yaml
from local_fixture import SCALE
from test_params import edit
from typer.testing import CliRunner

from helpers.answers.export_columns import export_columns
from helpers.answers.exports import read_export
from helpers.cli.main import app
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT, Paths
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.parameters.params import load_round
from helpers.pipeline.records import Snapshot
from helpers.pipeline.verify import INPUTS
from helpers.preparation.frame import load_frame
from helpers.preparation.questionnaire import (
    flat_csv,
    questionnaire_document,
    schema_text,
    write_questionnaires,
)

CODE = "0707"
SCHEMA = json.loads(schema_text())


@pytest.fixture(scope="module")
def demo():
    return load_round(PROJECT, "demo")


@pytest.fixture(scope="module")
def frame(demo):
    return load_frame(PROJECT, demo.questionnaire)


@pytest.fixture(scope="module")
def own(demo):
    """The round with one local question on an own scale."""
    file = demo.local_for(CODE)
    first = file.questions[0].model_copy(update={"scale": "kontakt"})
    changed = file.model_copy(
        update={"questions": (first, file.questions[1]), "scales": {"kontakt": SCALE}}
    )
    return demo.model_copy(update={"local": {CODE: changed}})


def rows_of(document) -> list[dict[str, str]]:
    text = flat_csv(document)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("round_id", ["demo", "2024-foraar", "2023-pilot", "demo-2023"])
@pytest.mark.parametrize("code", [None, CODE])
def test_every_export_is_as_the_schema_says(round_id, code):
    round_ = load_round(PROJECT, round_id)
    document = questionnaire_document(round_, load_frame(PROJECT, round_.questionnaire), code)
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d["questions"][0].pop("scale"),
        lambda d: d["questions"][0].update(max_characters=10),
        lambda d: d["questions"][13].update(scale="enighed"),
        lambda d: d["scales"][0]["answers"].pop(),
        lambda d: d.update(version="2.0"),
        lambda d: d.update(kommune="0707"),
        lambda d: d["export"]["columns"][0].pop("name"),
    ],
)
def test_the_schema_refuses_what_is_not_so(demo, frame, spoil):
    document = questionnaire_document(demo, frame)
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)


def test_questions_stand_in_order_with_their_answers(demo, frame):
    document = questionnaire_document(demo, frame)
    assert [q["id"] for q in document["questions"]] == [f"q{i:02}" for i in range(1, 16)]
    assert document["municipality"] is None
    assert not any(q["local"] for q in document["questions"])
    scales = {s["id"]: {a["value"]: a["label"] for a in s["answers"]} for s in document["scales"]}
    assert scales == demo.questionnaire.scales
    for scale in document["scales"]:
        assert [a["value"] for a in scale["answers"]] == [5, 4, 3, 2, 1, 6]
        assert [a["in_mean"] for a in scale["answers"]] == [True] * 5 + [False]
    by_id = {q["id"]: q for q in document["questions"]}
    for q in demo.questionnaire.questions:
        assert by_id[q.id]["wording"] == q.wording
        assert by_id[q.id]["heading"] == (q.heading or None)


def test_local_questions_stand_last_with_their_own_scale(own, frame):
    document = questionnaire_document(own, frame, CODE)
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    first, second = document["questions"][-2:]
    assert (first["id"], first["scale"], first["local"]) == ("lokal1", "kontakt", True)
    assert (second["id"], second["scale"]) == ("lokal2", "enighed")
    assert "Norddjurs Kommune" in first["heading"]
    [scale] = [s for s in document["scales"] if s["id"] == "kontakt"]
    assert [a["label"] for a in scale["answers"]] == [SCALE[k] for k in (5, 4, 3, 2, 1, 6)]
    assert [c["name"] for c in document["export"]["columns"]][-2:] == ["lokal1", "lokal2"]


def test_the_frame_names_the_municipality_and_the_last_day(demo, frame):
    common = " ".join(questionnaire_document(demo, frame)["frame"]["intro"])
    own = " ".join(questionnaire_document(demo, frame, CODE)["frame"]["intro"])
    assert "din kommune" in common and "Norddjurs" not in common
    assert "Norddjurs Kommune" in own
    for text in (common, own):
        assert "31. marts 2024" in text
        assert "{" not in text


def test_question_14_follows_the_satisfaction(demo, frame):
    document = questionnaire_document(demo, frame)
    [rule] = [q["routing"] for q in document["questions"] if "routing" in q]
    assert rule["depends_on"] == "q13"
    assert set(rule["text_by_answer"]) == {"1", "2", "3", "4", "5"}
    asked = [r for r in rows_of(document) if r["spoergsmaal"] == "q14"]
    assert {r["vises_ved"]: r["ordlyd"] for r in asked} == {
        "q13 = 1 eller 2": "Vil du uddybe, hvorfor du har været utilfreds?",
        "q13 = 3": "Vil du uddybe, hvorfor du har været hverken tilfreds eller utilfreds?",
        "q13 = 4 eller 5": "Vil du uddybe, hvorfor du har været tilfreds?",
    }


def test_the_flat_file_has_a_row_a_question_and_answer(own, frame):
    rows = rows_of(questionnaire_document(own, frame, CODE))
    scaled = len(own.questionnaire.scaled) + 2
    assert len(rows) == 6 * scaled + 3 + 1
    kept = [(r["svar"], r["svartekst"]) for r in rows if r["spoergsmaal"] == "lokal1"]
    assert dict(kept) == {str(k): v for k, v in SCALE.items()}
    assert {r["kommune"] for r in rows} == {CODE}
    assert {r["hoejst_tegn"] for r in rows if r["slags"] == "fritekst"} == {"2000"}


def test_an_export_in_the_declared_columns_is_read(own, frame, tmp_path):
    document = questionnaire_document(own, frame, CODE)
    columns = document["export"]["columns"]
    answer = {"key": "abc", "status": "completed", "submitted_at": "2024-03-14T09:30:00",
              "q14_text": "Fordi æ, ø og å.", "q15_text": ""}  # fmt: skip
    numbers = {
        c["name"]: c["values"][i % 6] for i, c in enumerate(columns) if c["type"] == "integer"
    }
    rows = [answer | numbers, {"key": "def", "status": "opened"}]
    path = tmp_path / "0707-svar.csv"
    with path.open("w", encoding=document["export"]["encoding"], newline="") as file:
        writer = csv.DictWriter(file, [c["name"] for c in columns])
        writer.writeheader()
        writer.writerows(rows)
    table, troubles, _ = read_export(path, export_columns(own))
    assert troubles == []
    assert set(table) == {c["name"] for c in columns}
    first = table.iloc[0]
    assert {c: first[c] for c in numbers} == numbers
    assert first["submitted_at"] == pd.Timestamp("2024-03-14 09:30")
    assert first["q14_text"] == answer["q14_text"]
    assert table.iloc[1][list(numbers)].isna().all()


def test_files_of_the_common_and_of_those_with_local_questions(root, demo, frame):
    paths = Paths(root, "demo")
    names = {p.name for p in write_questionnaires(paths, demo, frame)}
    assert names == {
        "spoergeskema.schema.json", "faelles.json", "faelles.csv", "0707-norddjurs.json",
        "0707-norddjurs.csv",
    }  # fmt: skip
    folder = paths.build / "spoergeskema"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    write_questionnaires(paths, demo, frame)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_what_is_no_longer_asked_is_taken_away_but_not_by_only(root, demo, frame):
    paths = Paths(root, "demo")
    write_questionnaires(paths, demo, frame)
    without = demo.model_copy(update={"local": {}})
    write_questionnaires(paths, without, frame, ["0161"])
    folder = paths.build / "spoergeskema"
    assert (folder / "0707-norddjurs.json").is_file()
    write_questionnaires(paths, without, frame)
    assert {p.stem for p in folder.iterdir()} == {"spoergeskema.schema", "faelles"}


def test_a_round_that_is_verified_keeps_them(root, demo, frame):
    """They are no step's result, and the manifest names them: without them it would differ."""
    write_questionnaires(Paths(root, "demo"), demo, frame)
    given = Snapshot(Store(str(root)), demo).names(INPUTS, WHOLE_ROUND)
    assert "build/demo/spoergeskema/faelles.json" in given


def test_the_fingerprint_tells_questions_apart(demo, own, frame):
    prints = [questionnaire_document(r, f, c)["fingerprint"] for r, f, c in (
        (demo, frame, None), (demo, frame, CODE), (own, frame, CODE),
        (demo, frame.model_copy(update={"outro": ("Tak.",)}), None),
    )]  # fmt: skip
    assert len(set(prints)) == 4
    assert prints[0] == questionnaire_document(demo, frame)["fingerprint"]


# ------------------------------------------------------------------------------------- the frame


def refuse_frame(root, demo) -> str:
    with pytest.raises(ParameterError) as caught:
        load_frame(root, demo.questionnaire)
    return str(caught.value)


@pytest.mark.parametrize(
    "pattern, replacement, told",
    [
        (r"\{svarfrist\}\.$", "{frist}.", "{frist} is filled in by nothing. Write {kommune} or {svarfrist}"),
        (r"\{svarfrist\}\.$", "{svarfrist.", "has a brace that is not closed"),
        (r'placeholder: "\[til', 'placeholder: "[meget til', "question q14: »[tilfreds/utilfreds]« is filled in by nothing"),
        (r"^text_max_characters: 2000", "text_max_characters: 0", "text_max_characters"),
        (r"^text_max_characters: 2000", "text_max_signs: 2000", "Did you mean »text_max_characters«?"),
        (r"      satisfied: tilfreds", "      glad: tilfreds", "piped.0.text_by_kind"),
        (r"      satisfied: tilfreds", "", "text_by_kind: satisfied has no text"),
    ],
)  # fmt: skip
def test_a_wrong_frame_is_told(root, demo, pattern, replacement, told):
    edit(root, "questionnaires/frame.yml", pattern, replacement)
    found = refuse_frame(root, demo)
    assert told in found and "frame.yml" in found


@pytest.mark.parametrize(
    "pattern, replacement, told",
    [
        ("i jobcentret bedre", "i jobcentret [bedre/ringere]", "question q15: »[bedre/ringere]« is filled in by nothing"),
        (r"^q02(.*)taget", r"q02\1[tilfreds/utilfreds]", "question q02: has »[tilfreds/utilfreds]«, but is no free text"),
        (r"^q14,14", "q14,0", "question q14: has »[tilfreds/utilfreds]«, but no question of overall satisfaction before it"),
    ],
)  # fmt: skip
def test_a_placeholder_that_cannot_be_filled_is_told(root, pattern, replacement, told):
    edit(root, "questionnaires/2024.csv", pattern, replacement)
    found = refuse_frame(root, load_round(root, "demo"))
    assert told in found and "2024.csv" in found


def test_a_questionnaire_without_the_placeholder_needs_no_rule(root):
    path = root / "params/questionnaires/frame.yml"
    content = yaml.safe_load(path.read_text("utf-8")) | {"piped": []}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    edit(root, "questionnaires/2024.csv", r"\[tilfreds/utilfreds\]", "det")
    demo = load_round(root, "demo")
    document = questionnaire_document(demo, load_frame(root, demo.questionnaire))
    assert not [q for q in document["questions"] if "routing" in q]
    assert len([r for r in rows_of(document) if r["spoergsmaal"] == "q14"]) == 1


# ----------------------------------------------------------------------------------- the command


def call(root, *arguments):
    return CliRunner().invoke(app, ["--root", str(root), "questionnaire", *arguments])


def test_the_command_writes_and_tells(root):
    found = call(root, "demo", "--only", "0707,0161")
    assert found.exit_code == 0
    assert "0161: no local questions, so the common file is theirs." in found.output
    assert (root / "build/demo/spoergeskema/0707-norddjurs.csv").is_file()


@pytest.mark.parametrize("only", ["9999", "0707,9999", ","])
def test_a_wrong_code_writes_nothing(root, only):
    found = call(root, "demo", "--only", only)
    assert found.exit_code == 2
    assert "--only" in found.output
    assert not (root / "build").exists()


def test_a_wrong_frame_writes_nothing(root):
    edit(root, "questionnaires/frame.yml", r'placeholder: "\[til', 'placeholder: "[meget til')
    found = call(root, "demo")
    assert found.exit_code == 2
    assert "is filled in by nothing" in found.output
    assert not (root / "build").exists()
