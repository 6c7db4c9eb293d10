"""What two rounds have in common: which questions and groups can be followed from the earlier to the later,
and why the others cannot.

Decided here alone. The release keeps the answer (`comparability.parquet`), and every product reads it
there. Names prove nothing: a question is the same where wording and answers are, a theme where its
questions are, a target group where its citizens are (`same_groups`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

import pandas as pd

from helpers.common.vocabulary import NATIONAL
from helpers.estimation.comparisons import ROUND
from helpers.estimation.same_groups import Fate, GroupFates, group_fates
from helpers.parameters.params import Round

COLUMNS = [
    "municipality", "reference", "breakdown", "category", "item", "earlier_category", "earlier_item",
    "comparable", "broken", "note", "mark", "municipalities",
]  # fmt: skip
OTHER_AGES = "Aldersgrænserne er ændret; runderne kan ikke sammenlignes."
OTHER_CITIZENS = "Borgerne i målgrupperne er ikke de samme som før."
OTHER_QUESTION = "Spørgsmålet er nyt eller ændret siden sidst."
OTHER_THEME = "Temaet bygger ikke på de samme spørgsmål som før."
OTHER_LOCAL_GROUP = "Kommunens egen gruppe er ikke opgjort på samme måde før."
NOT_CROSSED = "Grupperne blev ikke krydset før."
BANDS = {
    "age_band": ("age_bands", "Aldersgrupperne er inddelt på en anden måde end før."),
    "duration_band": ("duration_bands_weeks", "Varighederne er inddelt på en anden måde end før."),
}

Category = tuple[str, str]  # breakdown, category


@dataclass(frozen=True)
class CommonPart:
    """`items`: now → before, questions and themes; `categories`: (breakdown, category) now → category
    before; `breaks`: Danish sentences on what differs, empty where nothing does; `redrawn`: whether the
    target groups are defined otherwise, which marks a break in all that is compared; `rules`: the sentence
    that says so; `lost`: item or category that cannot be followed → why; `carried`: a group that is
    followed under new benefit types → what it was."""

    items: dict[str, str]
    categories: dict[Category, str]
    breaks: tuple[str, ...]
    redrawn: bool = False
    rules: str = ""
    lost: dict[str | Category, str] = field(default_factory=dict)
    carried: dict[Category, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """The break mark printed beside a change."""
        return " ".join(self.breaks)


def common_part(now: Round, before: Round, code: str | None = None) -> CommonPart:
    """What of `now` can be compared with `before`; with `code` the municipality's own questions and
    groups too."""
    items = _common_items(now, before, code)
    questionnaire = now.questionnaire
    lost: dict[str | Category, str] = {t.id: OTHER_THEME for t in questionnaire.themes}
    local = now.local_for(code).questions if code else ()
    asked = [*(q.id for q in questionnaire.scaled), *(q.id for q in local)]
    lost |= dict.fromkeys(asked, OTHER_QUESTION)
    lost = {item: why for item, why in lost.items() if item not in items}
    fates = group_fates(now.rules, before.rules)
    categories, lost_categories = _common_categories(now, before, fates, code)
    rules = ""
    if (
        fates.redrawn
        and now.rules.id != before.rules.id
        and OTHER_AGES not in lost_categories.values()
    ):
        rules = (
            f"Målgrupperne er afgrænset efter regelsættet {now.rules.id}, før {before.rules.id}."
        )
    named = {g.id: f"»{g.label}«" for g in now.rules.groups}
    carried = {
        ("target_group", g): f"{named[g]} føres videre under nye ydelser ({f.why})."
        for g, f in fates.groups.items()
        if f.earlier is not None and f.why
    }
    breaks = [b for b in (rules, *_group_breaks(now, before, fates)) if b]
    labels = [q.short for q in questionnaire.scaled if q.id not in items]
    labels += [t.label for t in questionnaire.themes if t.id not in items]
    if labels:
        breaks.append(f"Spørgeskemaet er ændret; uden sammenligning: {', '.join(labels)}.")
    lost |= lost_categories
    return CommonPart(items, categories, tuple(breaks), fates.redrawn, rules, lost, carried)


def _questions(round_: Round, code: str | None) -> Iterator[tuple[str, tuple]]:
    """(id, what makes it the same question: wording, heading, answers, which of them are satisfied) of each
    scaled question."""
    scales, measured = round_.scales_for(code), round_.measures(code)
    for q in round_.questionnaire.scaled:
        yield q.id, (q.wording, q.heading, tuple(scales[q.scale].items()), measured[q.id])
    for own in round_.local_for(code).questions if code else ():
        yield own.id, (own.wording, "", tuple(scales[own.scale].items()), measured[own.id])


def _common_items(now: Round, before: Round, code: str | None) -> dict[str, str]:
    asked = {same: name for name, same in _questions(before, code)}
    items = {name: asked[same] for name, same in _questions(now, code) if same in asked}
    themes = {
        frozenset(q.id for q in before.questionnaire.theme_questions(t.id)): t.id
        for t in before.questionnaire.themes
    }
    for theme in now.questionnaire.themes:
        own = [q.id for q in now.questionnaire.theme_questions(theme.id)]
        as_before = frozenset(items[q] for q in own) if all(q in items for q in own) else None
        if own and as_before in themes:
            items[theme.id] = themes[as_before]
    return items


def _common_categories(
    now: Round, before: Round, fates: GroupFates, code: str | None
) -> tuple[dict[Category, str], dict[str | Category, str]]:
    """One-way categories that are the same citizens, now → before; and why the others are not."""
    labels, earlier = now.category_labels(code), before.category_labels(code)
    same: dict[Category, str] = {}
    lost: dict[str | Category, str] = {}
    other_ages = now.settings.age_limits != before.settings.age_limits
    for breakdown, category in ((b, c) for b, of in labels.items() for c in of):
        place = breakdown, category
        if other_ages:
            lost[place] = OTHER_AGES
        elif breakdown == "target_group":
            fate = fates.groups[category]
            if fate.earlier is None:
                lost[place] = f"»{labels[breakdown][category]}« {fate.why}."
            else:
                same[place] = fate.earlier
        elif not fates.same_citizens:
            lost[place] = OTHER_CITIZENS
        elif _same_category(breakdown, category, labels, earlier):
            same[place] = category
        else:
            lost[place] = BANDS[breakdown][1] if breakdown in BANDS else OTHER_LOCAL_GROUP
    return same, lost


def _same_category(breakdown: str, category: str, labels: dict, earlier: dict) -> bool:
    """Categories' ids are their limits; a municipality's own are the same where their texts are."""
    if breakdown.startswith("local:"):
        return earlier.get(breakdown, {}).get(category) == labels[breakdown][category]
    return category in earlier[breakdown]


def _group_breaks(now: Round, before: Round, fates: GroupFates) -> list[str]:
    """Sentences on what differs in whom the rounds asked."""
    if now.settings.age_limits != before.settings.age_limits:
        return [OTHER_AGES]
    breaks = []
    labels = {g.id: g.label for g in now.rules.groups}

    def named(which: Iterable[tuple[str, Fate]]) -> str:
        return "; ".join(f"{labels[g]} ({fate.why})" for g, fate in which)

    carried = [(g, f) for g, f in fates.groups.items() if f.earlier is not None and f.why]
    if carried:
        breaks.append(f"Ført videre under nye ydelser: {named(carried)}.")
    lost = [(g, f) for g, f in fates.groups.items() if f.earlier is None]
    if lost:
        breaks.append(f"Uden sammenligning: {named(lost)}.")
    for setting, sentence in BANDS.values():
        if getattr(now.settings, setting) != getattr(before.settings, setting):
            breaks.append(sentence)
    if not fates.same_citizens:
        breaks.append(OTHER_CITIZENS)
    return breaks


# ------------------------------------------------------------------------------------ the table


def comparability(now: Round, before: Round, municipalities: int = 0) -> pd.DataFrame:
    """A row a group × item of `now`: its names in `before` (»«: none) and whether a trend can be drawn (`comparable`);
    `broken`: whether a break stands between, though it can; `note`: which break, or why it cannot; `mark`:
    all that differs between the rounds.

    Rows of `national` hold for every municipality; a municipality's code has those of its own questions
    and groups. `municipalities`: how many the country's change rests on. Two-way groups can be followed where both their parts can and both rounds crossed them.
    """
    rows = _rows(now, before, None, set())
    common = {tuple(r[2:5]) for r in rows}
    for code in now.settings.participants:
        if code in now.local:
            rows += _rows(now, before, code, common)
    table = pd.DataFrame(rows, columns=COLUMNS[:-1]).assign(municipalities=municipalities)
    return table.astype(empty().dtypes)


def empty() -> pd.DataFrame:
    """The table without rows."""
    kinds = dict.fromkeys(COLUMNS, "str") | {"municipalities": "int64"}
    kinds |= dict.fromkeys(("comparable", "broken"), "bool")
    return pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in kinds.items()})


def _rows(now: Round, before: Round, code: str | None, without: set[tuple]) -> list[list]:
    part = common_part(now, before, code)
    labels = now.category_labels(code)
    places = [[(b, c)] for b, of in labels.items() for c in of]
    for pair in now.two_way_breakdowns:
        a, b = pair.split(":")
        places += [[(a, x), (b, y)] for x, y in product(labels[a], labels[b])]
    found = []
    for place, item in product(places, now.item_labels(code)):
        breakdown, category = (":".join(names) for names in zip(*place))
        if (breakdown, category, item) in without:
            continue
        why = [part.lost[p] for p in (*place, item) if p in part.lost]
        if len(place) == 2 and breakdown not in before.two_way_breakdowns:
            why.append(NOT_CROSSED)
        known = all(p in part.categories for p in place)
        earlier = ":".join(part.categories[p] for p in place) if known else ""
        names = (earlier, part.items.get(item, ""))
        beside = [part.rules, *(part.carried[p] for p in place if p in part.carried)]
        note = " ".join(dict.fromkeys(why or filter(None, beside)))
        said = (not why, bool(why) or part.redrawn, note, part.mark)
        key = (code or NATIONAL, ROUND + before.id, breakdown, category, item)
        found.append([*key, *names, *said])
    return found
