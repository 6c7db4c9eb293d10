"""The workbook's long lists: every comparison, the response of every group, all released numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

from helpers import style
from helpers.captions import capital, listed
from helpers.own_numbers import (
    GROUPINGS,
    NATIONAL_LABEL,
    NO_RESPONSE,
    OTHERS_LABEL,
    OwnNumbers,
    ResponseGroup,
    plain,
    rows_of,
)
from helpers.published import NATIONAL
from helpers.workbook_sheets import Cell, Column, Sheet, mentioned

STATISTIC_LABELS = {
    "mean": "Gennemsnit (1–5)",
    "share_satisfied": "Andel tilfredse (4–5)",
    "share_neutral": "Andel neutrale (3)",
    "share_dissatisfied": "Andel utilfredse (1–2)",
    **{f"share_{k}": f"Andel svar {k}" for k in range(1, 6)},
    "share_dont_know": "Andel ved ikke",
}


IMPOSSIBLE = style.NOT_SHOWN[style.NOT_POSSIBLE]


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
        Column("Nævneværdig", 13),
    )
    table = o.comparisons
    kept = table[(table["weighting"] == "weighted") & (table["status"] == "shown")]
    rows: list[list[Cell]] = []
    keys = rows_of(kept, ["reference", "breakdown", "category", "item", "statistic"])
    numbers = rows_of(kept, ["own", "reference_value", "difference", "ci_low", "ci_high"])
    chances = plain(kept["p_adjusted"])
    mentions = plain(kept["worth_mentioning"])
    words_of = cache(partial(_place, o))
    for (reference, *place, statistic), values, p, worth in zip(keys, numbers, chances, mentions):
        is_mean = statistic == "mean"
        kinds = ["mean" if is_mean else "share"] * 2
        kinds += ["difference" if is_mean else "share_difference"] * 3
        rows.append([
            _reference(o, reference, place[0]), *words_of(*place),
            STATISTIC_LABELS.get(statistic, statistic),
            *(IMPOSSIBLE if v is None else (v, kind) for v, kind in zip(values, kinds)),
            style.NOT_SHOWN[style.NOT_JUDGED] if p is None else p, mentioned(worth, p is not None),
        ])  # fmt: skip
    about = (
        "Alle sammenligninger, hvor begge tal vises, med usikkerhed; forskelle mellem andele er i "
        "procentpoint."
    )
    note = (
        "Vægtede tal. Kun »Nævneværdig: Ja« er både sikker og stor nok til at fremhæve. Hvor et af de to "
        "tal er skjult, er sammenligningen udeladt."
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
            group = o.response(breakdown, category) or NO_RESPONSE
            cells = _response_cells(group, whole=breakdown == "all")
            rows.append([o.breakdown_label(breakdown), name, *cells])
    about = "Borgere, inviterede og svar i hver gruppe; designeffekt for kommunen som helhed."
    note = "Uvægtede antal. Designeffekt og effektivt antal svar er kun regnet for kommunen som helhed."
    return Sheet("Svarprocent", about, columns, rows, f"Svarprocent: {o.name}", note, 2)


def _response_cells(g: ResponseGroup, *, whole: bool) -> list[Cell]:
    """Counts and rate; design effect and effective number on the whole alone (see the note)."""
    counts: list[Cell] = [g.population, g.invited, g.answers, g.rate]
    of_whole = [IMPOSSIBLE if v is None else v for v in (g.design_effect, g.effective_n)]
    if not g.shown:
        counts, of_whole = [g.mark] * 4, [g.mark] * 2
    return counts + (of_whole if whole else [None, None])


def all_numbers_sheet(o: OwnNumbers) -> Sheet:
    """A row a released number, weighted and unweighted side by side; hidden ones have no value."""
    columns = (
        Column("Område", 26),
        Column("Opdeling", 22),
        Column("Kategori", 28),
        Column("Tema eller spørgsmål", 32),
        Column("Mål", 24),
        Column("Vægtet: værdi", 12, "mean"),
        Column("Vægtet: nedre grænse", 12, "mean"),
        Column("Vægtet: øvre grænse", 12, "mean"),
        Column("Uvægtet: værdi", 12, "mean"),
        Column("Antal svar", 10, "count"),
        Column("Status", 40),
    )
    rows = list(_all_rows(o))
    about = (
        "Alle udgivne tal for kommunen og for alle deltagende kommuner, også uvægtede. Et tomt felt har "
        "sin grund under »Status«."
    )
    return Sheet("Alle tal", about, columns, rows, frozen_columns=0)


def _all_rows(o: OwnNumbers) -> Iterator[list[Cell]]:
    areas = {o.code: o.name, NATIONAL: NATIONAL_LABEL}
    keys = ["municipality", "breakdown", "category", "item", "statistic"]
    unweighted = o.rows[o.rows["weighting"] == "unweighted"]
    beside = dict(zip(rows_of(unweighted, keys), rows_of(unweighted, ["value", "status"])))
    weighted = o.rows[o.rows["weighting"] == "weighted"]
    wanted = rows_of(weighted, ["value", "ci_low", "ci_high", "n", "status"])
    words_of = cache(partial(_place, o))
    for key, (*values, n, status) in zip(rows_of(weighted, keys), wanted):
        area, *place, statistic = key
        kind = "mean" if statistic == "mean" else "share"
        shown = status == "shown"
        plain_value, plain_status = beside.get(key, (None, ""))
        cells = values if shown else [None] * 3
        cells = [*cells, plain_value if shown and plain_status == "shown" else None]
        yield [
            areas[area], *words_of(*place), STATISTIC_LABELS.get(statistic, statistic),
            *(None if v is None else (v, kind) for v in cells),
            n if shown else None,
            _status(status, cells),
        ]  # fmt: skip


def _status(status: str, cells: list) -> str:
    """»vist«, or why something is missing. `cells`: value, limits and unweighted value."""
    value, low, high, unweighted = cells
    if status != "shown" or value is None:
        return style.why(status).words
    missing = [] if None not in (low, high) else ["grænserne"]
    missing += ["det uvægtede tal"] if unweighted is None else []
    return f"vist; {listed(missing)} {IMPOSSIBLE}" if missing else "vist"
