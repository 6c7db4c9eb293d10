"""The workbook's long lists: every comparison, the response of every group, all released numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial

from helpers.common import absent
from helpers.common.printing import capital
from helpers.common.vocabulary import NATIONAL, NATIONAL_LABEL, OTHERS_LABEL
from helpers.released.numbers import SHOWN_WORD, Number, ResponseGroup, numbers_of, rows_of
from helpers.released.own_numbers import GROUPINGS, OwnNumbers
from helpers.released.scale_words import statistic_labels
from helpers.workbook.sheets import Cell, Column, Sheet

IMPOSSIBLE = absent.NOT_SHOWN[absent.NOT_POSSIBLE]


def differences_sheet(o: OwnNumbers) -> Sheet:
    columns = (
        Column("Sammenlignet med", 26),
        Column("Opdeling", 22),
        Column("Kategori", 28),
        Column("Tema eller spørgsmål", 32),
        Column("Mål", 24),
        Column(o.name, 12, "mean"),
        Column("Sammenligningstal", 18, "mean"),
        Column("Forskel", 11, "difference"),
        Column("Nedre grænse", 11, "difference"),
        Column("Øvre grænse", 11, "difference"),
        Column("p-værdi, korrigeret", 11, "p"),
        Column("Vurdering", 24),
    )
    rows: list[list[Cell]] = []
    words_of, called = cache(partial(_place, o)), statistic_labels(o.round, o.code)
    for d in o.published.differences(municipality=o.code):
        is_mean = d.statistic == "mean"
        kinds = ["mean" if is_mean else "share"] * 2
        kinds += ["difference" if is_mean else "share_difference"] * 3
        values = (d.own, d.other, d.value, d.low, d.high)
        rows.append(
            [
                _reference(o, d.reference, d.breakdown),
                *words_of(d.breakdown, d.category, d.item),
                called[d.statistic],
                *(IMPOSSIBLE if v is None else (v, kind) for v, kind in zip(values, kinds)),
                d.said if d.p is None else d.p,
                d.said,
            ]
        )
    about = (
        "Alle sammenligninger, hvor begge tal vises, med usikkerhed; forskelle mellem andele er i "
        "procentpoint."
    )
    note = (
        "Vægtede tal. Vurderingen er den samme i alle rapporter: kun over og under, højere og lavere, "
        "steget og faldet er både sikre og store nok til at fremhæve. Hvor et af de to tal er skjult, er "
        "sammenligningen udeladt."
    )
    return Sheet("Forskelle", about, columns, rows, f"Forskelle: {o.name}", note, 0)


def _reference(o: OwnNumbers, reference: str, breakdown: str) -> str:
    """What the municipality's number is compared with."""
    kind, _, name = reference.partition(":")
    if kind == "group":
        return o.category_label(breakdown, name)
    if kind == "round":
        return capital(o.round.earlier_titles[name])
    names = {"others": OTHERS_LABEL, NATIONAL: NATIONAL_LABEL, "expected": "Det forventede"}
    return names[kind]


def _place(o: OwnNumbers, breakdown: str, category: str, item: str) -> tuple[str, str, str]:
    return o.breakdown_label(breakdown), o.category_label(breakdown, category), o.label(item)


def response_sheet(o: OwnNumbers) -> Sheet:
    columns = (
        Column("Opdeling", 24),
        Column("Kategori", 32),
        *(Column(w, 12, "count") for w in ("Borgere i målgruppen", "Inviterede", "Svar")),
        Column("Svarprocent", 12, "rate"),
        Column("Designeffekt", 12, "mean"),
        Column("Effektivt antal svar", 12, "count"),
    )
    rows: list[list[Cell]] = []
    for breakdown in ("all", *GROUPINGS):
        for category, name in o.categories(breakdown).items():
            group = o.response(breakdown, category)
            cells = _response_cells(group, whole=breakdown == "all")
            rows.append([o.breakdown_label(breakdown), name, *cells])
    about = "Borgere, inviterede og svar i hver gruppe; designeffekt for kommunen som helhed."
    note = "Uvægtede antal. Designeffekt og effektivt antal svar er kun regnet for kommunen som helhed."
    return Sheet("Svarprocent", about, columns, rows, f"Svarprocent: {o.name}", note, 2)


def _response_cells(g: ResponseGroup, *, whole: bool) -> list[Cell]:
    """Counts and rate; design effect and effective number on the whole alone (see the note)."""
    counts: list[Cell] = [g.population, g.invited, g.answers, g.response_rate]
    of_whole = [IMPOSSIBLE if v is None else v for v in (g.design_effect, g.effective_n)]
    if not g.shown:
        counts, of_whole = [g.words] * 4, [g.words] * 2
    return counts + (of_whole if whole else [None, None])


def all_numbers_sheet(o: OwnNumbers) -> Sheet:
    """A row an area × breakdown × category × theme or question: weighted value, limits and unweighted
    value of every measure; hidden ones have no value."""
    released = set(o.rows["statistic"])
    called = statistic_labels(o.round, o.code)
    measures = [s for s in called if s in released]
    columns = (
        Column("Område", 24),
        Column("Opdeling", 17),
        Column("Kategori", 24),
        Column("Tema eller spørgsmål", 28),
        Column("Antal svar", 10, "count"),
        Column("Antal svar med »ved ikke«", 12, "count"),
        *(
            Column(f"{called[s]}{part}", 12, "mean" if s == "mean" else "share")
            for s in measures
            for part in ("", ": nedre grænse", ": øvre grænse", ": uvægtet")
        ),
        Column("Status", 40),
    )
    rows = list(_all_rows(o, measures, called))
    about = (
        "Alle udgivne tal for kommunen og for alle deltagende kommuner, med grænser og også uvægtede. Et "
        "tomt felt har sin grund under »Status«, eller målet findes ikke for temaer eller krydsede grupper."
    )
    return Sheet("Alle tal", about, columns, rows, frozen_columns=4)


def _all_rows(
    o: OwnNumbers, measures: Sequence[str], called: Mapping[str, str]
) -> Iterator[list[Cell]]:
    areas = o.areas
    keys = ["municipality", "breakdown", "category", "item", "statistic"]
    unweighted, weighted = (o.rows[o.rows["weighting"] == w] for w in ("unweighted", "weighted"))
    beside = dict(zip(rows_of(unweighted, keys), numbers_of(unweighted)))
    words_of = cache(partial(_place, o))
    together: dict[tuple, dict[str, tuple]] = {}
    for key, number in zip(rows_of(weighted, keys), numbers_of(weighted)):
        other = beside.get(key)
        cells = [
            number.value,
            number.low,
            number.high,
            other.value if other and number.shown else None,
        ]
        of_place = together.setdefault(key[:4], {})
        of_place[key[4]] = cells, number.n, _status(number, other)
    for (area, *place), numbers in together.items():
        answers = {s: n for s, (_, n, _) in numbers.items()}
        yield [
            areas[area],
            *words_of(*place),
            answers.get("mean"),
            answers.get("share_dont_know"),
            *(cell for s in measures for cell in (numbers[s][0] if s in numbers else [None] * 4)),
            _together({s: status for s, (_, _, status) in numbers.items()}, called),
        ]


def _together(statuses: dict[str, str], called: Mapping[str, str]) -> str:
    """The status that most measures have, and those that have another, by name: »vist; det uvægtede tal: for
    få svar. Andel ved ikke: skjult …«. That most are simply shown goes without saying."""
    usual = Counter(statuses.values()).most_common(1)[0][0]
    others = "; ".join(f"{called[s]}: {t}" for s, t in statuses.items() if t != usual)
    return ". ".join(filter(None, ["" if others and usual == SHOWN_WORD else usual, others]))


def _status(number: Number, unweighted: Number | None) -> str:
    """»vist«, or why something is missing."""
    if not number.shown:
        return number.label
    missing = [] if number.has_interval else [f"grænserne {IMPOSSIBLE}"]
    if unweighted is None:
        missing.append(f"det uvægtede tal {IMPOSSIBLE}")
    elif not unweighted.shown:
        missing.append(f"det uvægtede tal: {unweighted.words}")
    return "; ".join([number.label, *missing])
