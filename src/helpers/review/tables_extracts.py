"""Tables of the evaluation about the extracts: how often they were mended, and for what."""

from __future__ import annotations

from collections import defaultdict

from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose
from helpers.extracts.check_warnings import LABELS
from helpers.extracts.fault_labels import kind_label
from helpers.parameters.intake_decisions import LEAVE_OUT
from helpers.review.extract_faults import NO_LAYOUT, extracts, faults, ignored_columns, layouts
from helpers.review.inputs import Review
from helpers.review.printed import base, table_with_basis
from helpers.review.words import (
    NAMED,
    names,
)

SHOWN_COLUMNS = 15  # ignored headings; the rest are counted


def corrections(review: Review) -> Markdown:
    """Municipalities by how their extract came to be taken in."""
    found = extracts(review)
    if not found.seen:
        return prose("Der er ikke indlæst udtræk endnu.")
    groups = (
        ("I orden første gang", found.first_time),
        ("I orden efter rettelser", found.mended),
        ("Stadig afvist", found.still_refused),
        ("Ikke modtaget", found.missing),
    )
    rows = [
        [label, printing.number(len(places)), names(places) if 0 < len(places) <= NAMED else "–"]
        for label, places in groups
    ]
    basis = base(review, "loggen over indlæste filer (`intake-history/`)")
    if not found.dated:
        basis += " For nogle kommuner er der ingen log, kun det seneste fund; hvor mange gange de rettede, er ikke noteret."
    return table_with_basis(["Udtræk", "Antal", "Kommuner"], rows, basis, left=3)


def fault_kinds(review: Review) -> Markdown:
    """Faults of refused files: a row a kind, and files by layout across."""
    table = faults(review)
    if table.empty:
        seen = extracts(review).seen
        return prose(
            "Ingen udtræk er blevet afvist." if seen else "Der er ikke indlæst udtræk endnu."
        )
    files = table.pivot_table(
        index="kind", columns="layout", values="files", aggfunc="sum", fill_value=0, sort=False
    )
    across = sorted(files.columns, key=lambda layout: (layout == NO_LAYOUT, layout))
    whole = table.groupby("kind", sort=False).agg(files=("files", "sum"), faults=("faults", "sum"))
    rows = [
        [
            kind_label(kind),
            *(printing.number(int(files.loc[kind, layout])) for layout in across),
            printing.number(int(row["files"])),
            printing.number(int(row["faults"])),
        ]
        for kind, row in whole.iterrows()
    ]
    headings = ["Fejl", *map(_layout, across), "Filer i alt", "Steder"]
    basis = (
        "Grundlag: alle afviste filer efter layout; en fil kan have flere slags fejl. »Steder« er celler, "
        "rækker eller overskrifter, som skal rettes. Kilde: loggen over indlæste filer."
    )
    return table_with_basis(headings, rows, basis)


def _layout(layout: str) -> str:
    return "ikke genkendt" if layout == NO_LAYOUT else layout


def by_layout(review: Review) -> Markdown:
    """Files seen and refused by layout."""
    table = layouts(review)
    if table.empty:
        return prose("Der er ikke indlæst udtræk endnu.")
    rows = [
        [
            _layout(row.layout),
            printing.number(row.municipalities),
            printing.number(row.files),
            printing.number(row.refused),
            printing.percent(row.refused / row.files),
        ]
        for row in table.itertuples()
    ]
    headings = ["Layout", "Kommuner", "Filer", "Afvist", "Andel afvist"]
    return table_with_basis(
        headings, rows, "Grundlag: alle indlæste filer. Kilde: loggen over indlæste filer."
    )


def unread_columns(review: Review) -> Markdown:
    """Columns that no layout knows."""
    found = ignored_columns(review)
    if not found:
        return prose(
            "Ingen kolonner er sprunget over."
            if review.attempts
            else "Der er ikke indlæst udtræk endnu."
        )
    rows = [[heading, printing.number(n)] for heading, n in found[:SHOWN_COLUMNS]]
    more = len(found) - SHOWN_COLUMNS
    if more > 0:
        rows.append([f"og {more} {'overskrift' if more == 1 else 'overskrifter'} mere", ""])
    basis = "Grundlag: kommunernes seneste fil. Kilde: loggen over indlæste filer."
    return table_with_basis(["Overskrift", "Kommuner"], rows, basis)


def worth_a_look(review: Review) -> Markdown:
    """What intake found worth a look, and what stops a municipality still: a row a kind."""
    codes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for code, findings in review.at_intake.items():
        for state, label in (("stopped", "standset"), ("look", "indlæst")):
            for one in findings.get(state, ()):
                codes[LABELS.get(one["finding"]) or kind_label(one["finding"]), label].add(code)
    if not codes:
        return prose("Der er ikke noteret noget, der er værd at se på i udtrækkene.")
    rows = [
        [
            kind,
            state,
            printing.number(len(own)),
            names(review.named(own)) if len(own) <= NAMED else "–",
        ]
        for (kind, state), own in sorted(codes.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    basis = "Grundlag: kommunernes seneste fil. Kilde: `intake.json`, hvor hvert fund er beskrevet."
    return table_with_basis(["Fund", "Udtrækket er", "Antal", "Kommuner"], rows, basis)


def decided(review: Review) -> Markdown:
    """Every recorded decision about an extract, with its reason, and whether its file is the one used."""
    rows = []
    for code, lines in sorted(review.round.decisions.items()):
        used = {one["finding"] for one in review.at_intake.get(code, {}).get("decided", ())}
        for line in lines:
            word = "overladt til den anden kommune" if line.decision == LEAVE_OUT else "godkendt"
            place = review.round.municipalities[code].name
            state = "ja" if line.finding in used else "nej"
            cells = [place, kind_label(line.finding), word, line.reason]
            rows.append([*cells, printing.date(line.date), line.by, state])
    if not rows:
        return prose("Der er ikke truffet beslutninger om enkelte udtræk.")
    headings = ["Kommune", "Fund", "Beslutning", "Begrundelse", "Dato", "Af", "Brugt"]
    basis = (
        f"Grundlag: alle noterede beslutninger. Kilde: `params/decisions/{review.round.id}.csv`."
    )
    return table_with_basis(headings, rows, basis)
