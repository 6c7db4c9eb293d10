"""The released numbers as a star: facts and dimensions that a BI tool or a database takes as they are.

Keys are text that can be read; a local question or group belongs to its municipality and has the code
in its key. `TABLES` says what each column is; `docs/bi.md` how Power BI and databases get them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from pyarrow import csv, parquet

from helpers.common.paths import Paths, write_atomically
from helpers.common.spreadsheets import inert_table
from helpers.common.vocabulary import VERDICTS
from helpers.estimation.comparisons import ROUND
from helpers.parameters.params import Round
from helpers.released.numbers import labels_of, statuses_of
from helpers.released.published import Published, load_published
from helpers.released.scale_words import statistic_labels
from helpers.released.verdicts import words_of

FOLDER = "bi"
ALL = "all"


@dataclass(frozen=True)
class Table:
    """One table: column → (kind, what it is). `key`: the columns that tell its rows apart. `refers`:
    column → the dimension that it points at."""

    columns: dict[str, tuple[str, str]]
    key: tuple[str, ...]
    refers: dict[str, str]


_TEXT, _WHOLE, _NUMBER, _FLAG, _DAY = "text", "whole", "number", "flag", "day"
_PLACE = {
    "round_key": (_TEXT, "the round"),
    "municipality_key": (_TEXT, "four-digit code, or national: the participating ones together"),
    "group_key": (_TEXT, "group of citizens"),
    "question_key": (_TEXT, "theme or question"),
}
_TO_DIMENSIONS = {
    "round_key": "dim_round",
    "municipality_key": "dim_municipality",
    "group_key": "dim_group",
    "question_key": "dim_question",
}

TABLES = {
    "dim_round": Table(
        {
            "round_key": (_TEXT, "the round's id"),
            "title": (_TEXT, "its name in Danish"),
            "reference_date": (_DAY, "the extracts are read as of this day"),
            "collection_start": (_DAY, "first day of collection"),
            "collection_end": (_DAY, "last day of collection"),
            "simulated": (_FLAG, "all citizens are invented"),
        },
        ("round_key",), {},
    ),
    "dim_municipality": Table(
        {
            "municipality_key": (_TEXT, "four-digit code, or national"),
            "kind": (_TEXT, "municipality or country"),
            "name": (_TEXT, "name in Danish"),
            "region": (_TEXT, "region; empty for the country"),
            "population": (_WHOLE, "inhabitants; empty for the country"),
        },
        ("municipality_key",), {},
    ),
    "dim_question": Table(
        {
            "question_key": (_TEXT, "round, and q01 …, a theme's id, or code and lokal1 …"),
            "round_key": (_TEXT, "the round that asked"),
            "item": (_TEXT, "id within the round"),
            "kind": (_TEXT, "theme, question or local"),
            "label": (_TEXT, "short name in Danish"),
            "wording": (_TEXT, "the whole question; empty for a theme"),
            "theme": (_TEXT, "label of the theme that it belongs to"),
            "position": (_WHOLE, "order in reports"),
        },
        ("question_key",), {"round_key": "dim_round"},
    ),
    "dim_answer": Table(
        {
            "question_key": (_TEXT, "the question"),
            "answer": (_WHOLE, "1 the most negative, upwards to the most positive; the scale's last number is ved ikke"),
            "round_key": (_TEXT, "the round that asked"),
            "label": (_TEXT, "what the citizen could choose, in Danish"),
        },
        ("question_key", "answer"), {"question_key": "dim_question", "round_key": "dim_round"},
    ),
    "dim_group": Table(
        {
            "group_key": (_TEXT, "round, breakdown and category; a local one has its code"),
            "round_key": (_TEXT, "the round"),
            "breakdown": (_TEXT, "all, target_group, gender, …; two-way ones joined by a colon"),
            "category": (_TEXT, "category within the breakdown"),
            "breakdown_label": (_TEXT, "in Danish"),
            "label": (_TEXT, "in Danish"),
            "position": (_WHOLE, "order in reports"),
        },
        ("group_key",), {"round_key": "dim_round"},
    ),
    "fact_result": Table(
        {
            **_PLACE,
            "statistic": (_TEXT, "mean (1–5), share_satisfied … share_dont_know (0–1)"),
            "statistic_label": (_TEXT, "in Danish"),
            "weighting": (_TEXT, "weighted or unweighted"),
            "value": (_NUMBER, "empty where it is not shown"),
            "ci_low": (_NUMBER, "lower limit of the 95 % interval"),
            "ci_high": (_NUMBER, "upper limit"),
            "n": (_WHOLE, "unweighted number of answers behind it"),
            "status": (_TEXT, "shown, few, linked or not_asked"),
            "status_label": (_TEXT, "in Danish"),
        },
        (*_PLACE, "statistic", "weighting"), _TO_DIMENSIONS,
    ),
    "fact_comparison": Table(
        {
            **_PLACE,
            "reference": (_TEXT, "others, national, expected, group:<category> or round:<id>"),
            "statistic": (_TEXT, "as in fact_result"),
            "own": (_NUMBER, "the municipality's number"),
            "reference_value": (_NUMBER, "what it is compared with"),
            "difference": (_NUMBER, "own less reference"),
            "ci_low": (_NUMBER, "lower limit of the difference's 95 % interval"),
            "ci_high": (_NUMBER, "upper limit"),
            "p_adjusted": (_NUMBER, "p-value corrected for many comparisons; empty: cannot be judged"),
            "verdict": (_TEXT, "over or under: sure and large enough; small: sure; unsure; not_judged"),
            "verdict_label": (_TEXT, "in Danish, as in every report"),
            "note": (_TEXT, "break in the series"),
        },
        (*_PLACE, "reference", "statistic"), _TO_DIMENSIONS,
    ),
    "bridge_trend": Table(
        {
            "round_key": (_TEXT, "the round"),
            "group_key": (_TEXT, "the group"),
            "question_key": (_TEXT, "the question or theme"),
            "earlier_round_key": (_TEXT, "an earlier round, which has a star of its own"),
            "earlier_group_key": (_TEXT, "the same citizens there; empty: none"),
            "earlier_question_key": (_TEXT, "the same question there; empty: none"),
            "comparable": (_FLAG, "a line may be drawn between the two"),
            "broken": (_FLAG, "a break stands between them, or no line may be drawn"),
            "note": (_TEXT, "which break, or why no line may be drawn"),
        },
        ("group_key", "question_key", "earlier_round_key"),
        {k: v for k, v in _TO_DIMENSIONS.items() if k != "municipality_key"},
    ),
    "fact_response": Table(
        {
            "round_key": _PLACE["round_key"],
            "municipality_key": _PLACE["municipality_key"],
            "group_key": _PLACE["group_key"],
            "population": (_WHOLE, "citizens in the target groups"),
            "invited": (_WHOLE, "citizens invited"),
            "answers": (_WHOLE, "whole and partial answers"),
            "response_rate": (_NUMBER, "answers by invited (AAPOR RR2)"),
            "status": (_TEXT, "shown, few or linked"),
        },
        ("round_key", "municipality_key", "group_key"),
        {k: v for k, v in _TO_DIMENSIONS.items() if k != "question_key"},
    ),
}  # fmt: skip

_ARROW = {
    _TEXT: pa.string(), _WHOLE: pa.int64(), _NUMBER: pa.float64(), _FLAG: pa.bool_(), _DAY: pa.date32(),
}  # fmt: skip


def write_star(paths: Paths, round_: Round) -> None:
    """Write `build/<round>/bi/<table>.parquet` and `.csv` for every table."""
    for name, table in star(load_published(paths.root, round_)).items():
        folder = paths.build / FOLDER
        write_atomically(folder / f"{name}.parquet", lambda p, t=table: parquet.write_table(t, p))
        write_atomically(
            folder / f"{name}.csv", lambda p, t=table: csv.write_csv(inert_table(t), p)
        )
    write_atomically(
        folder / "dictionary.csv", lambda p: csv.write_csv(inert_table(_dictionary()), p)
    )


def _dictionary() -> pa.Table:
    """A row a column of any table: what it is."""
    rows = [
        {"table": name, "column": column, "kind": kind, "meaning": meaning}
        for name, table in TABLES.items()
        for column, (kind, meaning) in table.columns.items()
    ]
    return pa.Table.from_pylist(rows)


def star(published: Published) -> dict[str, pa.Table]:
    """Every table of TABLES, its columns in that order and of those kinds."""
    made = {
        "dim_round": _rounds(published.round),
        "dim_municipality": _municipalities(published),
        "dim_question": _questions(published),
        "dim_answer": _answers(published),
        "dim_group": _groups(published),
        "fact_result": _results(published),
        "fact_comparison": _comparisons(published),
        "bridge_trend": _trends(published),
        "fact_response": _response(published),
    }
    return {
        name: pa.Table.from_pandas(
            table[list(TABLES[name].columns)],
            schema=pa.schema([(c, _ARROW[kind]) for c, (kind, _) in TABLES[name].columns.items()]),
            preserve_index=False,
        ).replace_schema_metadata(None)
        for name, table in made.items()
    }


def _rounds(round_: Round) -> pd.DataFrame:
    rules = round_.settings
    collection = rules.calendar.collection
    row = (
        round_.id,
        rules.title,
        rules.reference_date,
        collection.start,
        collection.end,
        rules.simulated,
    )
    return pd.DataFrame([row], columns=list(TABLES["dim_round"].columns))


def _municipalities(published: Published) -> pd.DataFrame:
    places = published.round.municipalities
    rows = [
        (a.code, a.kind, m.name, m.region, m.population)
        if (m := places.get(a.code))
        else (a.code, a.kind, published.area_name(a.code), None, None)
        for a in published.areas.areas
    ]
    table = pd.DataFrame(rows, columns=list(TABLES["dim_municipality"].columns))
    return table.astype({"population": "Int64"})


def _question_key(round_id: str, code: str | None, item: str) -> str:
    return ":".join(filter(None, (round_id, code, item)))


def _questions(published: Published) -> pd.DataFrame:
    round_ = published.round
    themes = {t.id: t.label for t in round_.questionnaire.themes}
    rows = [
        (_question_key(round_.id, None, t), t, "theme", themes[t], None, themes[t])
        for t in published.theme_items
    ]
    rows += [
        (
            _question_key(round_.id, None, q.id),
            q.id,
            "question",
            q.short,
            q.wording,
            themes[q.theme],
        )
        for q in round_.questionnaire.scaled
    ]
    rows += [
        (_question_key(round_.id, m.code, q.id), q.id, "local", q.short, q.wording, None)
        for m in published.municipalities
        for q in round_.local_for(m.code).questions
    ]
    table = pd.DataFrame(
        rows, columns=["question_key", "item", "kind", "label", "wording", "theme"]
    )
    return table.assign(round_key=round_.id, position=range(1, len(table) + 1))


def _answers(published: Published) -> pd.DataFrame:
    """A row a question × answer; a municipality's own question has the labels of its own scale."""
    round_ = published.round
    asked = [(None, q) for q in round_.questionnaire.scaled]
    asked += [
        (m.code, q) for m in published.municipalities for q in round_.local_for(m.code).questions
    ]
    rows = [
        (_question_key(round_.id, code, q.id), answer, round_.id, label)
        for code, q in asked
        for answer, label in sorted(round_.scales_for(code)[q.scale].items())
    ]
    return pd.DataFrame(rows, columns=list(TABLES["dim_answer"].columns))


def _group_key(round_id: str, code: str | None, breakdown: str, category: str) -> str:
    return ":".join(filter(None, (round_id, code, f"{breakdown}/{category}")))


def _groups(published: Published) -> pd.DataFrame:
    round_ = published.round
    labels = round_.category_labels()
    rows = [
        (_group_key(round_.id, None, b, c), b, c, round_.breakdown_label(b), label)
        for b, categories in labels.items()
        for c, label in categories.items()
    ]
    for first, second in round_.settings.two_way:
        heading = " × ".join(round_.breakdown_label(b) for b in (first, second))
        pair = f"{first}:{second}"
        rows += [
            (
                _group_key(round_.id, None, pair, f"{a}:{b}"),
                pair,
                f"{a}:{b}",
                heading,
                f"{one} · {other}",
            )
            for a, one in labels[first].items()
            for b, other in labels[second].items()
        ]
    for m in published.municipalities:
        for background in round_.local_for(m.code).background:
            local = f"local:{background.id}"
            rows += [
                (_group_key(round_.id, m.code, local, c), local, c, background.label, label)
                for c, label in background.categories.items()
            ]
    columns = ["group_key", "breakdown", "category", "breakdown_label", "label"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(round_key=round_.id, position=range(1, len(table) + 1))


def _trends(published: Published) -> pd.DataFrame:
    """What can be followed from each earlier round, as the release says."""
    now = published.comparability
    before = now["reference"].str.removeprefix(ROUND)
    there = now.assign(category=now["earlier_category"], item=now["earlier_item"])
    old = _keyed(there, before)
    return _keyed(now, published.round.id).assign(
        earlier_round_key=before,
        earlier_group_key=old["group_key"].where(now["earlier_category"] != "", ""),
        earlier_question_key=old["question_key"].where(now["earlier_item"] != "", ""),
    )


def _keyed(table: pd.DataFrame, round_id: str | pd.Series) -> pd.DataFrame:
    """The table with the keys of its dimensions in the round."""
    of = table["municipality"]
    keyed = table.assign(round_key=round_id, municipality_key=of)
    local = table["breakdown"].str.startswith("local:")
    group = table["breakdown"] + "/" + table["category"]
    keyed["group_key"] = round_id + ":" + group.where(~local, of + ":" + group)
    if "item" in table:
        own = table["item"].str.startswith("lokal")
        keyed["question_key"] = round_id + ":" + table["item"].where(~own, of + ":" + table["item"])
    return keyed


def _results(published: Published) -> pd.DataFrame:
    keyed = _keyed(published.results, published.round.id)
    return keyed.assign(
        statistic_label=keyed["statistic"].map(statistic_labels(published.round)),
        status_label=labels_of(statuses_of(keyed)),
    )


def _comparisons(published: Published) -> pd.DataFrame:
    keyed = _keyed(published.judged, published.round.id)
    said = {(r, v): words_of(r)[v] for r in keyed["reference"].unique() for v in VERDICTS}
    pairs = zip(keyed["reference"], keyed["verdict"])
    return keyed.assign(p_adjusted=keyed["p"], verdict_label=[said[pair] for pair in pairs])


def _response(published: Published) -> pd.DataFrame:
    return _keyed(published.response, published.round.id)
