"""Round against round: what two rounds have in common, and the change in it.

Names prove nothing: a question is the same where wording and answers are, a theme where its
questions are, a target group where its benefits and least spells are. The rest is left out, with a
break mark that says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from helpers.estimation.comparisons import ROUND, compare
from helpers.estimation.estimates import COMPARED, KEYS, SUMS, add_up
from helpers.parameters.params import Round, RuleSet

NATIONAL = "national"


@dataclass(frozen=True)
class CommonPart:
    """`items`: now → before, questions and themes; `categories`: (breakdown, category) now →
    category before; `breaks`: Danish sentences on what differs, empty where nothing does; `redrawn`:
    whether the target groups are defined otherwise, which marks a break in all that is compared."""

    items: dict[str, str]
    categories: dict[tuple[str, str], str]
    breaks: tuple[str, ...]
    redrawn: bool = False

    @property
    def mark(self) -> str:
        """The break mark printed beside a change."""
        return " ".join(self.breaks)


def common_part(now: Round, before: Round) -> CommonPart:
    """What of `now` can be compared with `before`."""
    items = _common_items(now, before)
    categories, breaks = _common_categories(now, before)
    lost = [q.short for q in now.questionnaire.scaled if q.id not in items]
    lost += [t.label for t in now.questionnaire.themes if t.id not in items]
    if lost:
        breaks = [*breaks, f"Spørgeskemaet er ændret; uden sammenligning: {', '.join(lost)}."]
    redrawn = _definitions(now.rules) != _definitions(before.rules)
    return CommonPart(items, categories, tuple(breaks), redrawn)


def _common_items(now: Round, before: Round) -> dict[str, str]:
    asked = {
        (q.wording, q.heading, tuple(before.questionnaire.scales[q.scale].items())): q.id
        for q in before.questionnaire.scaled
    }
    items = {
        q.id: asked[key]
        for q in now.questionnaire.scaled
        if (key := (q.wording, q.heading, tuple(now.questionnaire.scales[q.scale].items())))
        in asked
    }
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


def _common_categories(now: Round, before: Round) -> tuple[dict[tuple[str, str], str], list[str]]:
    categories: dict[tuple[str, str], str] = {}
    breaks = []
    a, b = _definitions(now.rules), _definitions(before.rules)
    if now.settings.age_limits != before.settings.age_limits:
        return {}, ["Aldersgrænserne er ændret; runderne kan ikke sammenlignes."]
    if a != b and now.rules.id != before.rules.id:
        breaks.append(
            f"Målgrupperne er afgrænset efter regelsættet {now.rules.id}, før {before.rules.id}."
        )
    by_definition = {definition: group for group, definition in b.items()}
    labels = now.category_labels()["target_group"]
    lost = [labels[g] for g, definition in a.items() if definition not in by_definition]
    for group, definition in a.items():
        if definition in by_definition:
            categories["target_group", group] = by_definition[definition]
    if lost:
        breaks.append(f"Uden sammenligning: {', '.join(lost)}.")
    for bands, word in (("age_bands", "Aldersgrupperne"), ("duration_bands_weeks", "Varighederne")):
        if getattr(now.settings, bands) != getattr(before.settings, bands):
            breaks.append(f"{word} er inddelt på en anden måde end før.")
    if frozenset().union(*a.values()) == frozenset().union(*b.values()):
        earlier = before.category_labels()
        for breakdown, own in now.category_labels().items():
            if breakdown != "target_group":
                same = [c for c in own if c in earlier[breakdown]]
                categories |= {(breakdown, c): c for c in same}
    else:
        breaks.append("Borgerne i målgrupperne er ikke de samme som før.")
    return categories, breaks


def _definitions(rules: RuleSet) -> dict[str, frozenset]:
    """Target group → its benefit types with their least spells."""
    found: dict[str, set] = {}
    for rule in rules.rules:
        if rule.target_group:
            spell = (rule.benefit_type, rule.least_spell, rule.least_spell_unit)
            found.setdefault(rule.target_group, set()).add(spell)
    return {group: frozenset(spells) for group, spells in found.items()}


def changes(
    estimates: pd.DataFrame,
    earlier: pd.DataFrame,
    common: CommonPart,
    before: Round,
    confidence: float,
) -> pd.DataFrame:
    """Now less before, of each municipality in both rounds, and of those municipalities together.

    `estimates`, `earlier`: the rounds' estimates with sums, a row a municipality × KEYS. The two
    samples are drawn independently; persons in both are not taken into account (the interval is
    then too wide for a census). `national` is the municipalities that took part in both. Columns as
    `compare`, and reference (`round:<id>`).
    """
    earlier = _renamed(earlier, common)
    both = set(estimates["municipality"]) & set(earlier["municipality"])
    tables = []
    for table in (estimates, earlier):
        chosen = table[table["statistic"].isin(COMPARED) & (table["weighting"] == "weighted")]
        tables.append(chosen[chosen["municipality"].isin(both)])
    own, other = tables
    parts = [
        compare(now, other[other["municipality"] == code], overlap=False, confidence=confidence)
        for code, now in own.groupby("municipality", sort=False)
    ]
    if both:
        together = [add_up(_shared(t, own, other), confidence, NATIONAL) for t in tables]
        parts.append(compare(*together, overlap=False, confidence=confidence))
    parts = parts or [compare(own, other, overlap=False, confidence=confidence)]  # no rows
    table = pd.concat(parts, ignore_index=True)
    return table.assign(reference=ROUND + before.id)


def _renamed(earlier: pd.DataFrame, common: CommonPart) -> pd.DataFrame:
    """The earlier estimates under the names of now; what is not common is gone."""
    items = {old: new for new, old in common.items.items()}
    categories = {(b, old): new for (b, new), old in common.categories.items()}
    places = pd.MultiIndex.from_frame(earlier[["breakdown", "category"]])
    keep = places.isin(list(categories)) & earlier["item"].isin(items)
    kept = earlier[keep].copy()
    names = [categories[b, c] for b, c in zip(kept["breakdown"], kept["category"])]
    kept["category"] = pd.Series(names, index=kept.index, dtype=kept["category"].dtype)
    kept["item"] = kept["item"].map(items)
    return kept


def _shared(table: pd.DataFrame, own: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Rows of municipalities that have the number in both rounds."""
    keys = ["municipality", *KEYS]
    answered = [t.loc[t["n"] > 0, keys] for t in (own, other)]
    return table.merge(answered[0].merge(answered[1], on=keys), on=keys)[[*keys, *SUMS]]
