"""The questionnaire as files that a survey tool imports: `build/<round>/spoergeskema/`.

One common file and one for each municipality with local questions, each as JSON and as a flat CSV, and
the JSON Schema that documents the first. They hold questions and no citizen; the same parameters give
the same bytes. Local questions stand last, so that what one municipality asks colours no answer to the
common questions.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from helpers.answers.export_columns import export_columns
from helpers.answers.latest import STATUSES
from helpers.common import printing
from helpers.common.paths import Paths, write_text
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import LocalQuestion, Question
from helpers.parameters.scales import Scale
from helpers.preparation.frame import Frame, Piped, piped_from

FOLDER, COMMON = "spoergeskema", "faelles"
SCHEMA = "spoergeskema.schema.json"
VERSION = "1.0"
CSV_COLUMNS = (
    "kommune", "raekkefoelge", "spoergsmaal", "kolonne", "slags", "tema", "overskrift", "ordlyd",
    "vises_ved", "skala", "svar", "svartekst", "hoejst_tegn",
)  # fmt: skip


def write_questionnaires(
    paths: Paths, round_: Round, frame: Frame, codes: Sequence[str] | None = None
) -> list[Path]:
    """Write the common files and those of the municipalities with local questions (or `codes` of them).

    Without `codes` whatever else lies in the folder is removed: a municipality's file from before its
    questions were taken out, say.
    """
    wanted = round_.settings.participants if codes is None else codes
    local = [c for c in wanted if round_.local_for(c).questions]
    texts = {SCHEMA: schema_text()}
    for code in (None, *local):
        document = questionnaire_document(round_, frame, code)
        name = COMMON if code is None else round_.municipalities[code].folder
        texts[f"{name}.json"] = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        texts[f"{name}.csv"] = flat_csv(document)
    folder = paths.build / FOLDER
    written = [write_text(folder / name, text) for name, text in texts.items()]
    if codes is None:
        for path in folder.iterdir():
            if path.is_file() and path.name not in texts:
                path.unlink()
    return written


def schema_text() -> str:
    """The JSON Schema (draft 2020-12) of the JSON files, as it is shipped."""
    return files("helpers").joinpath(f"assets/questionnaire/{SCHEMA}").read_text("utf-8")


def questionnaire_document(round_: Round, frame: Frame, code: str | None = None) -> dict[str, Any]:
    """The questionnaire of one municipality, or the common one, as the schema describes it."""
    rules, collection = round_.settings, round_.settings.calendar.collection
    place = round_.municipalities[code] if code else None
    name = place.official_name if place else None
    local = round_.local_for(code).questions if code else ()
    words = {
        "kommune": name or frame.municipality_in_common,
        "svarfrist": printing.date(collection.end),
    }
    common = sorted(round_.questionnaire.questions, key=lambda q: q.order)
    content = {
        "frame": _frame(frame, words),
        "themes": _themes(round_),
        "scales": _scales(round_, code, {q.scale for q in (*common, *local)}),
        "questions": [
            *(_question(i, q, round_, frame, words) for i, q in enumerate(common, start=1)),
            *(
                _local_question(len(common) + i, q, frame, words)
                for i, q in enumerate(local, start=1)
            ),
        ],
    }
    columns = _export_columns(round_, code)
    whole = json.dumps([content, columns], ensure_ascii=False, sort_keys=True).encode()
    return {
        "$schema": SCHEMA,
        "version": VERSION,
        "fingerprint": hashlib.sha256(whole).hexdigest()[:16],
        "language": "da",
        "round": {
            "id": round_.id,
            "title": rules.title,
            "questionnaire": rules.questionnaire,
            "collection": {"start": _day(collection.start), "end": _day(collection.end)},
            "link_base": rules.link_base,
        },
        "municipality": {"code": code, "name": name} if place else None,
        **content,
        "export": {"formats": ["csv", "xlsx"], "encoding": "utf-8", "columns": columns},
    }


def _frame(frame: Frame, words: dict[str, str]) -> dict[str, Any]:
    return {
        "title": frame.title.format(**words),
        "intro": [t.format(**words) for t in frame.intro],
        "outro": [t.format(**words) for t in frame.outro],
    }


def _themes(round_: Round) -> list[dict[str, Any]]:
    themes = sorted(round_.questionnaire.themes, key=lambda t: t.order)
    return [{"id": t.id, "label": t.label} for t in themes]


def _scales(round_: Round, code: str | None, used: set[str | None]) -> list[dict[str, Any]]:
    """The scales that a question stands on."""
    return [
        {"id": scale, "answers": _answers(round_.scale(scale, code))}
        for scale in round_.scales_for(code)
        if scale in used
    ]


def _day(day: dt.date) -> str:
    return day.isoformat()


def _answers(scale: Scale) -> list[dict[str, Any]]:
    """From the most positive to *ved ikke*, the order in which a citizen reads them."""
    order = sorted(scale.labels, reverse=True)
    answers = [{"value": k, "label": scale.labels[k], "in_mean": True} for k in order]
    return [*answers, {"value": scale.dont_know, "label": scale.unsure, "in_mean": False}]


def _question(
    order: int, q: Question, round_: Round, frame: Frame, words: dict[str, str]
) -> dict[str, Any]:
    asked = {
        "id": q.id,
        "order": order,
        "local": False,
        "kind": "scale" if q.is_scaled else "text",
        "column": q.column,
        "theme": q.theme or None,
        "heading": q.heading or None,
        "wording": q.wording,
        "required": False,
    }
    if q.is_scaled:
        return asked | {"scale": q.scale}
    asked |= {
        "max_characters": frame.text_max_characters,
        "note": frame.free_text_note.format(**words),
    }
    rule = frame.rule_for(q)
    return asked | ({"routing": _routing(rule, q, round_)} if rule else {})


def _routing(rule: Piped, q: Question, round_: Round) -> dict[str, Any]:
    before = piped_from(q, round_.questionnaire)
    measure = round_.scale(before.scale).measure
    texts = {k: rule.text_by_kind[measure.kind_of(measure.score(k))] for k in measure.options}
    return {
        "depends_on": before.id,
        "placeholder": rule.placeholder,
        "text_by_answer": {str(k): text for k, text in texts.items()},
        "otherwise": "skip",
    }


def _local_question(
    order: int, q: LocalQuestion, frame: Frame, words: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": q.id,
        "order": order,
        "local": True,
        "kind": "scale",
        "column": q.id,
        "theme": None,
        "heading": frame.local_heading.format(**words),
        "wording": q.wording,
        "required": False,
        "scale": q.scale,
    }


def _export_columns(round_: Round, code: str | None) -> list[dict[str, Any]]:
    """What the tool's export must have, in order: as `exports.read_export` reads it."""
    columns = [
        {"name": "key", "type": "string", "may_be_empty": False,
         "meaning": "the token of the citizen's link, as it stands behind link_base"},
        {"name": "status", "type": "string", "values": list(STATUSES), "may_be_empty": False,
         "meaning": "completed: sent in; partial: some answers; opened: none; none: never opened"},
        {"name": "submitted_at", "type": "datetime", "may_be_empty": True,
         "meaning": "the latest answer, ISO 8601 as 2024-03-14T09:30:00, local time"},
    ]  # fmt: skip
    asked = export_columns(round_, [code] if code else [])

    def answers(of: dict[str, frozenset[int]]) -> list[dict[str, Any]]:
        meaning = "value of the answer chosen; empty: not answered"
        return [
            {"name": c, "type": "integer", "values": sorted(values), "may_be_empty": True, "meaning": meaning}
            for c, values in of.items()
            if values
        ]  # fmt: skip

    columns += answers(asked.common)
    columns += [
        {"name": c, "type": "string", "may_be_empty": True, "meaning": "the text as written"}
        for c in asked.texts
    ]
    return columns + answers(asked.local)


def flat_csv(document: dict[str, Any]) -> str:
    """A row a question × answer (or × wording, where that follows an earlier answer), semicolons and a
    mark of UTF-8 at the front, as Danish Excel opens it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(document))
    return "\ufeff" + out.getvalue()


def _rows(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    scales = {s["id"]: s["answers"] for s in document["scales"]}
    themes = {t["id"]: t["label"] for t in document["themes"]}
    place = document["municipality"]
    for q in document["questions"]:
        row = {
            "kommune": place["code"] if place else "",
            "raekkefoelge": q["order"],
            "spoergsmaal": q["id"],
            "kolonne": q["column"],
            "slags": "skala" if q["kind"] == "scale" else "fritekst",
            "tema": themes.get(q["theme"], ""),
            "overskrift": q["heading"] or "",
            "ordlyd": q["wording"],
        }
        if q["kind"] == "scale":
            row["skala"] = q["scale"]
            yield from (
                row | {"svar": a["value"], "svartekst": a["label"]} for a in scales[q["scale"]]
            )
        else:
            row["hoejst_tegn"] = q["max_characters"]
            yield from (row | variant for variant in _variants(q))


def _variants(q: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Each wording of a question with the answers after which it is asked."""
    rule = q.get("routing")
    if rule is None:
        yield {}
        return
    by_text: dict[str, list[str]] = {}
    for answer, text in rule["text_by_answer"].items():
        by_text.setdefault(text, []).append(answer)
    for text, answers in by_text.items():
        yield {
            "ordlyd": q["wording"].replace(rule["placeholder"], text),
            "vises_ved": f"{rule['depends_on']} = {' eller '.join(answers)}",
        }
