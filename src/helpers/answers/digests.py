"""What makes two releases comparable answer by answer: digests of a municipality's answers.

A row a respondent: `person`, the groups, and a digest an item (ITEMS: the number of answers, questions,
`<question>:dk` and themes), 0 where the item was not answered. Digests are of the link's key, 128 random
bits, together with groups and value: without the key neither person nor answer can be found or tried, and
when the key is deleted nothing leads back. Two rows are equal where nothing about an answer changed.
"""

from __future__ import annotations

import hashlib

import pandas as pd

from helpers.answers.theme_scores import theme_scores
from helpers.parameters.params import Round

PERSON, ANSWERS = "person", "answers"


def group_columns(table: pd.DataFrame, round_: Round, code: str) -> list[str]:
    """The columns of one-way breakdowns, `local_<id>` among them."""
    names = (b.replace("local:", "local_") for b in round_.category_labels(code) if b != "all")
    return [name for name in names if name in table]


def answer_digests(asked: pd.DataFrame, round_: Round, code: str) -> pd.DataFrame:
    """`asked`: a row a citizen asked with key, groups, q01 … and `responded`."""
    table = asked[asked["responded"]].reset_index(drop=True)
    groups = group_columns(table, round_, code)
    values = {ANSWERS: pd.Series("there", index=table.index)}
    for q, scale in round_.answer_scales(code).items():
        value = table[q].astype("Float64")
        values[q] = value.mask(value == scale.dont_know)
        values[f"{q}:dk"] = (value == scale.dont_know).astype("object").where(value.notna())
    values |= dict(theme_scores(table, round_).items())
    where = table[groups].astype("str").agg("|".join, axis=1) if groups else ""
    who = table["key"].astype("str") + "|" + where
    found = table[groups].astype("str")
    found.insert(0, PERSON, [_digest(f"{key}") for key in table["key"]])
    digests = {
        item: [
            0 if pd.isna(v) else _digest(f"{w}|{item}|{v}")
            for w, v in zip(who, pd.Series(value).tolist())
        ]
        for item, value in values.items()
    }
    return found.join(pd.DataFrame(digests, index=found.index, dtype="int64"))


def _digest(text: str) -> int:
    """63 bits; never 0, which says that there is no answer."""
    return (int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1) | 1


def answers_that_differ(
    before: pd.DataFrame, now: pd.DataFrame, two_way: list[str]
) -> dict[tuple[str, str, str], int]:
    """(breakdown, category, item) → in how many answers the two differ: given by one alone, in another
    group, or another answer. Only those that differ at all. Breakdowns as in released tables."""
    groups = [
        c for c in dict.fromkeys([*before.columns, *now.columns]) if _is_group(before, now, c)
    ]
    items = [c for c in dict.fromkeys([*before, *now]) if c not in (PERSON, *groups)]
    tables = [t.reindex(columns=[PERSON, *groups, *items]) for t in (before, now)]
    a, b = (t.set_index(PERSON).fillna(dict.fromkeys(items, 0)) for t in tables)
    people = a.index.union(b.index)
    differs = a[items].reindex(people).fillna(0) != b[items].reindex(people).fillna(
        0
    )  # of who is in one alone: every item answered
    found: dict[tuple[str, str, str], int] = {}
    breakdowns = {"all": ["all"], **{g: [g] for g in groups}, **{t: t.split(":") for t in two_way}}
    for breakdown, columns in breakdowns.items():
        sides = [_categories(t.reindex(people), columns) for t in (a, b)]
        for item in items:
            rows = differs.index[differs[item].to_numpy()]
            if not len(rows):
                continue
            places = pd.DataFrame({"a": sides[0][rows], "b": sides[1][rows]}, index=rows)
            of = pd.concat([places["a"], places["b"]]).dropna()
            counts = of.groupby([of.index, of.to_numpy()]).size().groupby(level=1).size()
            name = breakdown.replace("local_", "local:")
            found |= {(name, category, item): int(n) for category, n in counts.items()}
    return found


def _is_group(before: pd.DataFrame, now: pd.DataFrame, column: str) -> bool:
    kinds = [t[column].dtype for t in (before, now) if column in t]
    return column != PERSON and not any(pd.api.types.is_numeric_dtype(k) for k in kinds)


def _categories(table: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Each person's category; missing where the person is not there."""
    if columns == ["all"]:
        some = table.columns[0]
        return pd.Series("all", index=table.index).where(table[some].notna())
    if any(c not in table for c in columns):
        return pd.Series(None, index=table.index, dtype="object")
    joined = table[columns[0]].astype("object")
    for column in columns[1:]:
        joined = joined + ":" + table[column].astype("object")
    return joined
