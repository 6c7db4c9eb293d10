"""Released numbers → what a dashboard holds: one JSON document that the page filters.

Every number comes from `Published`. A number that is not shown stands as the name of its status, so a
missing number can never be taken for zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from helpers.common import absent, style
from helpers.common.vocabulary import NATIONAL, OTHERS_LABEL
from helpers.estimation.comparisons import OTHERS, ROUND
from helpers.parameters.params import BREAKDOWN_LABELS, Tile
from helpers.parameters.scales import NEUTRAL
from helpers.released.comparability import UNDECIDED
from helpers.released.numbers import SHOWN, plain, rows_of, statuses_of
from helpers.released.own_numbers import GROUPINGS, SPLIT
from helpers.released.published import Published
from helpers.released.scale_words import question_measures, split_labels
from helpers.released.verdicts import words_of

WEIGHTINGS = ("weighted", "unweighted")
WITH_INTERVAL = ("mean", "share_satisfied")
MEASURES_OF_COUNTRY = ("mean", "share_satisfied")  # of all municipalities together in one file
ROW = (
    "area",
    "group",
    "item",
    "weighting",
    "n",
)  # indices into the lists of the round, and answers


def municipal(published: Published, earlier: Sequence[Published], code: str) -> dict[str, Any]:
    """The document of one municipality beside the country, for this round and earlier ones."""
    areas = {a: published.area_name(a) for a in published.areas.with_sums(code)}
    document = _head(published, areas[code])
    document["rounds"] = [
        _round(
            p,
            {a: label for a, label in areas.items() if p.has_results(a)},
            _measures(p, code),
            code,
        )
        for p in (published, *earlier)
    ]
    document["against"] = _against(published, document["rounds"][0], code)
    document["since"] = _since(published, code)
    document["trends"] = _trends(published, document["rounds"], code)
    return document


def national(published: Published, tiles: Mapping[str, Tile]) -> dict[str, Any]:
    """The document of all municipalities beside each other; `tiles`: where each lies on the map."""
    round_ = published.round
    names = {m.code: m.name for m in published.municipalities}
    document = _head(published, published.area_name(NATIONAL))
    document["rounds"] = [
        _round(
            published,
            names | {NATIONAL: published.area_name(NATIONAL)},
            MEASURES_OF_COUNTRY,
            None,
            weightings=WEIGHTINGS[:1],
        )
    ]
    document["places"] = [
        {
            "code": m.code,
            "name": m.name,
            "region": m.region,
            "population": m.population,
            "participates": m.code in round_.settings.participants,
            "folder": m.folder if m.code in names else None,
            **tiles[m.code].model_dump(include={"column", "row", "short"}),
        }
        for m in round_.municipalities.values()
    ]
    [now] = document["rounds"]
    document["against"] = {c: _against(published, now, c) for c in names}
    return document


def _head(published: Published, name: str) -> dict[str, Any]:
    rules = published.round.settings
    return {
        "name": name,
        "round": rules.title,
        "others": OTHERS_LABEL,
        "words": words_of(OTHERS),
        "overall": published.overall,
        "confidence": rules.comparison.confidence,
        "missing": {
            status: {"words": m.words, "reason": absent.reason(status, rules.disclosure)}
            for status, m in absent.MISSING.items()
        },
    }


def _round(
    published: Published,
    areas: dict[str, str],
    measures: Sequence[str],
    code: str | None,
    weightings: Sequence[str] = WEIGHTINGS,
) -> dict[str, Any]:
    round_ = published.round
    labels = round_.category_labels(code)
    items = _items(published, code)
    breakdowns = [b for b in labels if b in {"all", *GROUPINGS} or b.startswith("local:")]
    two_way = list(round_.two_way_breakdowns) if code else []
    groups = _groups(labels, breakdowns, two_way)
    return {
        "id": round_.id,
        "title": round_.settings.title,
        "areas": [{"id": a, "label": label} for a, label in areas.items()],
        "themes": [t.id for t in sorted(round_.questionnaire.themes, key=lambda t: t.order)],
        "items": items,
        "scales": {
            name: {
                "answers": list(scale.labels.values()),
                "colours": style.answer_colours(scale.measure.points),
                "neutral": list(scale.measure.options_of(NEUTRAL)),
            }
            for name in round_.scales_for(code)
            for scale in [round_.scale(name, code)]
        },
        "split": list(reversed(split_labels(question_measures(round_, code)).values())),
        "breakdowns": [
            {
                "id": b,
                "label": (BREAKDOWN_LABELS | _local_labels(published, code))[b],
                "categories": [{"id": c, "label": label} for c, label in labels[b].items()],
            }
            for b in breakdowns
            if b != "all"
        ],
        "two_way": two_way,
        "groups": [list(g) for g in groups],
        "measures": list(measures),
        "numbers": _numbers(
            published.results, list(areas), groups, [i["id"] for i in items], measures, weightings
        ),
    }


def _groups(
    labels: Mapping[str, Mapping[str, str]], breakdowns: Sequence[str], two_way: Sequence[str]
) -> list[tuple[str, str]]:
    groups = [(b, c) for b in breakdowns for c in labels[b]]
    return groups + [
        (pair, f"{a}:{b}")
        for pair in two_way
        for a in labels[pair.split(":")[0]]
        for b in labels[pair.split(":")[1]]
    ]


def _measures(published: Published, code: str) -> tuple[str, ...]:
    most = max(m.points for m in question_measures(published.round, code))
    return ("mean", *SPLIT, *(f"share_{k}" for k in range(1, most + 1)), "share_dont_know")


def _local_labels(published: Published, code: str | None) -> dict[str, str]:
    if code is None:
        return {}
    return {f"local:{b.id}": b.label for b in published.round.local_for(code).background}


def _items(published: Published, code: str | None) -> list[dict[str, Any]]:
    """Themes, then questions, then local ones."""
    questionnaire = published.round.questionnaire
    themes = sorted(questionnaire.themes, key=lambda t: t.order)
    items: list[dict[str, Any]] = [{"id": t.id, "label": t.label} for t in themes]
    asked = [(q, q.theme) for q in questionnaire.scaled]
    asked += [(q, "lokalt") for q in (published.round.local_for(code).questions if code else ())]
    return items + [
        {"id": q.id, "label": q.short, "wording": q.wording, "theme": theme, "scale": q.scale}
        for q, theme in asked
    ]


def _numbers(
    results: pd.DataFrame,
    areas: list[str],
    groups: list[tuple[str, str]],
    items: list[str],
    measures: Sequence[str],
    weightings: Sequence[str],
) -> list[list[Any]]:
    """A row an area × group × item × weighting: ROW, then each measure, with its limits behind it where
    it is one of WITH_INTERVAL."""
    kept = results[
        results["municipality"].isin(areas)
        & results["item"].isin(items)
        & results["statistic"].isin(measures)
        & results["weighting"].isin(list(weightings))
    ]
    hidden = kept["status"] != SHOWN
    numbers = {c: plain(kept[c].mask(hidden)) for c in ("ci_low", "ci_high", "n")}
    group_of = pd.MultiIndex.from_tuples(groups)
    keyed = pd.DataFrame(
        {
            "area": pd.Index(areas).get_indexer(kept["municipality"]),
            "group": group_of.get_indexer(
                pd.MultiIndex.from_frame(kept[["breakdown", "category"]])
            ),
            "item": pd.Index(items).get_indexer(kept["item"]),
            "weighting": pd.Index(weightings).get_indexer(kept["weighting"]),
            "statistic": kept["statistic"],
            "cell": _cells(kept),
            "low": numbers["ci_low"],
            "high": numbers["ci_high"],
            "n": numbers["n"],
        }
    )
    keyed = keyed[keyed["group"] >= 0]
    wide = keyed.pivot(
        index=list(ROW[:4]), columns="statistic", values=["cell", "low", "high", "n"]
    )
    wide = wide.astype(object).where(wide.notna(), None)
    columns = [wide[("n", "mean")]]
    for measure in measures:
        parts = ("cell", "low", "high") if measure in WITH_INTERVAL else ("cell",)
        columns += [
            wide[(part, measure)] if (part, measure) in wide else pd.Series(None, wide.index)
            for part in parts
        ]
    values = zip(*(c.tolist() for c in columns))
    return [[*map(int, key), *_counted(row)] for key, row in zip(wide.index, values)]


def _counted(row: Iterable[Any]) -> list[Any]:
    n, *rest = row
    return [None if n is None else int(n), *rest]


def _cells(rows: pd.DataFrame) -> list[Any]:
    """The value, or the name of the status that hides it."""
    values = zip(plain(rows["value"]), statuses_of(rows))
    return [value if status == SHOWN else status for value, status in values]


def _against(published: Published, now: dict[str, Any], code: str) -> list[list[Any]]:
    """[group, item, mean of the others, verdict] of the weighted means; indices into the round's lists.
    In place of the verdict the reason where a number that is shown cannot be compared."""
    group_of, item_of = _places(now)
    found = {
        (d.breakdown, d.category, d.item): [d.other, d.verdict]
        for d in published.differences(municipality=code, reference=OTHERS, statistic="mean")
    }
    t = published.results
    own = t[
        (t["municipality"] == code)
        & (t["statistic"] == "mean")
        & (t["weighting"] == "weighted")
        & (t["status"] == SHOWN)
    ]
    for breakdown, category, item in rows_of(own, ["breakdown", "category", "item"]):
        if (breakdown, category, item) not in found:
            where = {"breakdown": breakdown, "category": category}
            why = published.against_others(code, item, **where).status
            found[breakdown, category, item] = [None, why]
    return [
        [group_of[b, c], item_of[item], *rest]
        for (b, c, item), rest in found.items()
        if (b, c) in group_of and item in item_of
    ]


def _trends(
    published: Published, rounds: Sequence[dict[str, Any]], code: str
) -> dict[str, dict[str, Any]]:
    """Earlier round → `notes`, and `rows`: [group, item, earlier group and item (null: no line may be drawn),
    note] as the release decided it; indices into the lists of this round, of that one, and of `notes`."""
    now, *earlier = rounds
    group_of, item_of = _places(now)
    found: dict[str, dict[str, Any]] = {}
    for then in earlier:
        old_group, old_item = _places(then)
        notes: dict[str, int] = {}
        rows = []
        for (breakdown, category), group in group_of.items():
            for item, place in item_of.items():
                trend = published.trends.trend(then["id"], item, breakdown, category, code)
                old = [old_group.get((breakdown, trend.category)), old_item.get(trend.item)]
                note = trend.note if None not in old or not trend.comparable else UNDECIDED.note
                old = [None, None] if None in old else old
                rows.append([group, place, *old, notes.setdefault(note, len(notes))])
        both = published.trends.municipalities(then["id"])
        found[then["id"]] = {"notes": list(notes), "rows": rows, "municipalities": both}
    return found


def _places(one: dict[str, Any]) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Place of each group and of each item in a round's lists."""
    groups = {tuple(g): i for i, g in enumerate(one["groups"])}
    return groups, {item["id"]: i for i, item in enumerate(one["items"])}


def _since(published: Published, code: str) -> list[list[Any]]:
    """[earlier round, area, breakdown, category, item, change, what is said of it]."""
    return [
        [earlier, area, d.breakdown, d.category, d.item, d.value, d.said]
        for earlier in published.earlier_rounds
        for area in published.areas.with_sums(code)
        for d in published.differences(
            municipality=area, reference=ROUND + earlier, statistic="mean"
        )
    ]
