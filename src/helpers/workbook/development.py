"""The workbook's sheet »Udvikling«: every theme and question of every group since the earlier rounds, and why
the rest cannot be followed."""

from __future__ import annotations

from helpers.common import absent
from helpers.common.printing import capital
from helpers.estimation.comparisons import ROUND
from helpers.released.own_numbers import GROUPINGS, OwnNumbers
from helpers.workbook.sheets import Cell, Column, Sheet

FOLLOWED, BROKEN = "Ja", "Nej"


def development_sheet(o: OwnNumbers) -> Sheet:
    """A row an earlier round × group × theme or question, the municipality's own among them."""
    columns = (
        Column("Siden", 24), Column("Opdeling", 20), Column("Kategori", 28),
        Column("Tema eller spørgsmål", 32), Column("Før", 11, "mean"), Column("Nu", 11, "mean"),
        Column("Ændring", 11, "difference"), Column("Nedre grænse", 11, "difference"),
        Column("Øvre grænse", 11, "difference"), Column("Vurdering", 26),
        Column("Kan følges", 11), Column("Brud eller begrundelse", 90, wrap=True),
    )  # fmt: skip
    items = [*o.themes, *o.questions, *o.local_questions]
    rows = [
        _row(o, before, breakdown, category, item)
        for before in o.published.earlier_rounds
        for breakdown in ("all", *GROUPINGS, *o.local_breakdowns)
        for category in o.categories(breakdown)
        for item in items
    ]
    about = "Ændringen siden tidligere runder, og hvad der ikke kan følges fra runde til runde."
    note = (
        "Vægtede gennemsnit. Hvor noget ikke kan følges, står begrundelsen i sidste kolonne; hvor det kan, "
        "står der, hvad der er ændret mellem runderne."
    )
    return Sheet("Udvikling", about, columns, rows, f"Udvikling: {o.name}", note, 4)


def _row(o: OwnNumbers, before: str, breakdown: str, category: str, item: str) -> list[Cell]:
    published, group = o.published, {"breakdown": breakdown, "category": category}
    trend = published.trends.trend(before, item, breakdown, category, o.code)
    d = published.compared(o.code, ROUND + before, item, **group)
    numbers: list[Cell] = [d.words] * 6
    if d.shown:
        limits = [absent.NOT_SHOWN[absent.NO_INTERVAL] if v is None else v for v in (d.low, d.high)]
        numbers = [d.other, d.own, d.value, *limits, d.said]
    return [
        capital(o.round.earlier_titles[before]),
        o.breakdown_label(breakdown),
        o.category_label(breakdown, category),
        o.label(item),
        *numbers,
        FOLLOWED if trend.comparable else BROKEN,
        trend.note or None,
    ]
