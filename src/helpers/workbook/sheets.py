"""What stands on the workbook's sheets: rows of words and released numbers, not yet written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.common import absent
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL
from helpers.released.numbers import Number
from helpers.released.own_numbers import SPLIT, OwnNumbers

SHEET_NAMES = {
    "target_group": "Målgruppe",
    "gender": "Køn",
    "age_band": "Alder",
    "duration_band": "Varighed",
}
WEIGHTED_NOTE = "Vægtede tal. Antal svar er uvægtet."

Cell = str | float | int | tuple[float, str] | None


@dataclass(frozen=True)
class Column:
    head: str
    width: float = 12
    kind: str = (
        "text"  # text, count, mean, share, rate, difference, share_difference, p, date, price
    )
    wrap: bool = False


@dataclass(frozen=True)
class Sheet:
    name: str
    about: str  # its line on »Læs mig«
    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)
    title: str = ""  # empty: a flat sheet that starts with its head
    note: str = ""
    frozen_columns: int = 1


def _cell(number: Number) -> Cell:
    return number.value if number.shown else number.words


def _n(number: Number) -> Cell:
    return number.words if number.n is None else number.n


def _limits(number: Number) -> list[Cell]:
    """Lower and upper limit, or why there are none."""
    without = absent.NOT_SHOWN[absent.NOT_POSSIBLE] if number.shown else number.words
    return [without if v is None else v for v in (number.low, number.high)]


def _others(o: OwnNumbers, *place: str) -> Cell:
    return _cell(o.others(*place))


def overview_sheet(o: OwnNumbers) -> Sheet:
    columns = (
        Column("Tema", 30),
        Column(f"{o.name}: gennemsnit", 14, "mean"),
        Column("Nedre grænse", 10, "mean"),
        Column("Øvre grænse", 10, "mean"),
        Column(f"{OTHERS_LABEL}: gennemsnit", 14, "mean"),
        Column(f"{NATIONAL_LABEL}: gennemsnit", 14, "mean"),
        Column("Forskel til de øvrige", 12, "difference"),
        Column("Vurdering", 22),
        *(Column(f"{o.name}: {w}", 14, "share") for w in ("tilfredse", "hverken eller", "utilfredse")),
        Column(f"{OTHERS_LABEL}: tilfredse", 14, "share"),
        *(Column(f"{NATIONAL_LABEL}: {w}", 14, "share") for w in ("tilfredse", "hverken eller", "utilfredse")),
        Column("Antal svar", 10, "count"),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for theme in o.themes:
        own, against = o.of(theme), o.against_others(theme)
        rows.append(
            [
                o.label(theme),
                _cell(own),
                *_limits(own),
                _others(o, theme),
                _cell(o.national(theme)),
                _cell(against),
                against.said,
                *(_cell(o.of(theme, s)) for s in SPLIT),
                _others(o, theme, "share_satisfied"),
                *(_cell(o.national(theme, s)) for s in SPLIT),
                _n(own),
            ]
        )
    about = (
        "Temaerne og den samlede tilfredshed ved siden af de øvrige kommuner og alle deltagende."
    )
    return Sheet("Overblik", about, columns, rows, f"Overblik: {o.name}", WEIGHTED_NOTE)


def _answer_columns(points: Sequence[int]) -> list[Column]:
    """A column an answer of the questions' scales; the last is the most positive where all have as many."""
    most = max(points)
    middle = [Column(f"Svar {k}", 9, "share") for k in range(2, most)]
    last = f"Svar {most} (mest positivt)" if min(points) == most else f"Svar {most}"
    return [Column("Svar 1 (mest negativt)", 12, "share"), *middle, Column(last, 12, "share")]


def questions_sheet(o: OwnNumbers) -> Sheet:
    points = [o.measures[q.id].points for q in o.round.questionnaire.scaled]
    columns = (
        Column("Nr.", 6, "count"),
        Column("Spørgsmål", 60, wrap=True),
        Column("Tema", 26),
        Column("Gennemsnit", 12, "mean"),
        *(Column(w, 11, "share") for w in ("Tilfredse", "Hverken eller", "Utilfredse")),
        *_answer_columns(points),
        Column("Ved ikke", 10, "share"),
        Column("Antal svar", 10, "count"),
        Column(f"{OTHERS_LABEL}: gennemsnit", 14, "mean"),
        Column(f"{NATIONAL_LABEL}: gennemsnit", 14, "mean"),
    )
    rows: list[list[Cell]] = []
    for q in o.round.questionnaire.scaled:
        answers = [_cell(o.of(q.id, s)) for s in o.options(q.id)]
        rows.append(
            [
                q.order,
                q.wording,
                o.label(q.theme),
                *(_cell(o.of(q.id, s)) for s in ("mean", *SPLIT)),
                *answers,
                *[None] * (max(points) - len(answers)),
                _cell(o.of(q.id, "share_dont_know")),
                _n(o.of(q.id)),
                _others(o, q.id),
                _cell(o.national(q.id)),
            ]
        )
    about = "Hvert spørgsmål: gennemsnit, tilfredse, svarfordeling, ved ikke og antal svar."
    return Sheet(
        "Spørgsmål", about, columns, rows, f"Spørgsmål: {o.name}", WEIGHTED_NOTE, frozen_columns=2
    )


def _group_columns(first: Sequence[Column]) -> tuple[Column, ...]:
    return (
        *first,
        Column("Tema eller spørgsmål", 32),
        Column("Gennemsnit", 12, "mean"),
        Column("Nedre grænse", 10, "mean"),
        Column("Øvre grænse", 10, "mean"),
        *(Column(w, 11, "share") for w in ("Tilfredse", "Hverken eller", "Utilfredse")),
        Column("Antal svar", 10, "count"),
        Column(f"{OTHERS_LABEL}: gennemsnit", 14, "mean"),
        Column(f"{NATIONAL_LABEL}: gennemsnit", 14, "mean"),
    )


def _group_row(o: OwnNumbers, item: str, breakdown: str, category: str) -> list[Cell]:
    own = o.of(item, "mean", breakdown, category)
    return [
        o.label(item),
        _cell(own),
        *_limits(own),
        *(_cell(o.of(item, s, breakdown, category)) for s in SPLIT),
        _n(own),
        _others(o, item, "mean", breakdown, category),
        _cell(o.national(item, "mean", breakdown, category)),
    ]


def grouping_sheet(o: OwnNumbers, breakdown: str) -> Sheet:
    label = o.breakdown_label(breakdown)
    rows = [
        [name, *_group_row(o, item, breakdown, category)]
        for category, name in o.categories(breakdown).items()
        for item in [*o.themes, *o.questions]
    ]
    return Sheet(
        SHEET_NAMES[breakdown],
        f"Temaer og spørgsmål opdelt efter {label.lower()}.",
        _group_columns([Column(label, 30)]),
        rows,
        f"{label}: {o.name}",
        WEIGHTED_NOTE,
        frozen_columns=2,
    )


def local_sheet(o: OwnNumbers) -> Sheet:
    everyone = o.categories("all")["all"]
    rows = [
        ["Lokale spørgsmål", everyone, *_group_row(o, item, "all", "all")[:-2]]
        for item in o.local_questions
    ]
    for breakdown in o.local_breakdowns:
        for category, name in o.categories(breakdown).items():
            for item in [*o.themes, *o.questions, *o.local_questions]:
                row = _group_row(o, item, breakdown, category)[:-2]
                rows.append([o.breakdown_label(breakdown), name, *row])
    columns = _group_columns([Column("Opdeling", 20), Column("Kategori", 24)])[:-2]
    about = "Kommunens egne spørgsmål og baggrundsoplysninger; de findes kun i denne kommune."
    return Sheet("Lokalt", about, columns, rows, f"Lokalt: {o.name}", WEIGHTED_NOTE, 3)
