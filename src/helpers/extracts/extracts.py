"""A municipality's file → checked table, with every refused row listed.

Layouts are files (`params/extract-formats/`): the headings, words and benefit texts stand there.
A file is taken whole or not at all: the first run tells all of its troubles.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, repeat
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.labels import normalise
from helpers.common.quoting import quoted, quoted_benefit, words_of
from helpers.extracts.cpr import FAULTS, PROBLEMS, parse_cpr
from helpers.extracts.one_person import one_row_each
from helpers.extracts.tables import Found, find_table, header_of, rows_of_persons
from helpers.extracts.what_is_told import what_is_told
from helpers.faults.faults import Fault, Place, fault
from helpers.parameters.params import ExtractFormat, LocalFile
from helpers.received.cells import as_text, half_swapped, read_dates, read_words
from helpers.received.sheets import CellError, Sheet, lost_kind
from helpers.received.stray_rows import names_with_more, phones_with_more

TOLD_OF_A_KIND = 1_000  # faults of a kind in a column told one by one; the others are counted
ROWS_NAMED = 20  # with the same CPR number
NEAR_BENEFIT = 0.8  # likeness from which an unknown benefit text is taken for a slip of the pen


@dataclass(frozen=True)
class Extract:
    """One file as read.

    `persons` has a row a person in the file's order: `row` (in the file), `cpr`, `birth_date`,
    `gender`, `name`, `phone`, `benefit_type`, `spell_start`, `latest_conversation`,
    `course_closed`, `passive` and `local_<id>` for each local background variable; `rows_read` counts
    the file's rows, of which a person may have several.
    `refused` lists row, column and problem of each cell that cannot be taken; `problems` all
    troubles, ready to be told in English or, `told("da")`, in Danish; of very many of a kind the last one
    stands for the others (`count`), and `faulty_rows` has the rows of all. `told` is what is read by a
    stated rule and worth a look; `around`: the texts that may say whose file it is (`_around`).
    """

    file: str
    layout: str
    rows_read: int
    persons: pd.DataFrame
    refused: pd.DataFrame
    problems: tuple[Fault, ...]
    ignored_columns: tuple[str, ...]
    told: tuple[Fault, ...] = ()
    faulty_rows: frozenset[int] = frozenset()
    around: tuple[str, ...] = ()

    def raise_problems(self) -> None:
        if self.problems:
            raise ExtractError(problems=self.problems)


def read_extract(
    path: Path,
    formats: Sequence[ExtractFormat],
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    """Read one municipality's extract.

    Raises ExtractError where the file cannot be opened, no layout fits, a column is missing or a
    benefit text is unknown. Troubles of single rows are in the result's `problems` and `refused`.
    """
    found = find_table(path, formats)
    header = header_of(path, found, local)
    body = rows_of_persons(found, header)
    return _check(path, found, header, body, local, reference_date)


# --------------------------------------------------------------------------------- reading cells


@dataclass
class _Faults:
    """Collects faulty cells; a value is quoted only where it cannot identify a person.

    `columns`: field → (position from 0, heading as it is asked for).
    """

    place: Place
    columns: Mapping[str, tuple[int, str]]
    faults: list[Fault] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)  # of all faults, also of those only counted
    lost: dict[str, set[int]] = field(default_factory=dict)  # field → rows told by `add_lost` alone
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and field
    last: dict[tuple[str, str], int] = field(default_factory=dict)  # index of its last fault

    def add_lost(self, body: pd.DataFrame) -> None:
        """The cells whose value is lost, in whatever field; no other fault of theirs is told."""
        for name in self.columns:
            errors = {row: c for row, c in body[name].items() if type(c) is CellError}
            for row, error in errors.items():
                self.add(lost_kind(error), [row], name, text=str(error))
            self.lost[name] = set(errors)

    def add(
        self,
        kind: str,
        row_numbers: Iterable[int],
        name: str,
        texts: Iterable[str] | None = None,
        **details: object,
    ) -> None:
        """The same kind of fault in these rows of one field; `texts`: the detail `text` of each."""
        lost, key = self.lost.get(name, ()), (kind, name)
        for row, text in zip(map(int, row_numbers), repeat(None) if texts is None else texts):
            if row in lost:
                continue
            self.rows.add(row)
            self.counts[key] += 1
            if self.counts[key] <= TOLD_OF_A_KIND + 1:
                own = {"text": text} if text is not None else {}
                position, title = self.columns[name]
                place = replace(self.place, row=row, column=title, cells=((row, position + 1),))
                self.faults.append(fault(kind, place, **details, **own))
                self.last[key] = len(self.faults) - 1

    def add_cells(
        self,
        kind: str,
        cells: pd.Series,
        where: np.ndarray,
        name: str,
        known: Iterable[str] = (),
        **details: object,
    ) -> None:
        """The cells `where` is true, each with its text; one without text is empty. `known`: texts that
        the column may have, beside which it is quoted or not."""
        if where.any():
            texts = as_text(cells[where])
            empty = texts == ""
            self.add("empty", texts.index[empty], name)
            near = [*known, self.columns[name][1]]
            shown = {text: quoted(text, near) for text in texts[~empty].unique()}
            self.add(kind, texts.index[~empty], name, texts[~empty].map(shown), **details)

    def add_overlong(self, rows: np.ndarray, sheet: Sheet, width: int) -> None:
        """Rows with cells beyond the headings."""
        self.rows.update(map(int, rows))
        told = [
            _overlong(self.place, int(r), sheet.rows[r - 1], width) for r in rows[:TOLD_OF_A_KIND]
        ]
        self.faults += _counted(told, len(rows))

    def add_rows(self, faults: Sequence[Fault]) -> None:
        """Faults of whole rows, which are marked in their first cell."""
        self.rows.update(f.place.row for f in faults)
        told = [
            replace(f, place=replace(f.place, cells=((f.place.row, 1),)))
            for f in faults[:TOLD_OF_A_KIND]
        ]
        self.faults += _counted(told, len(faults))

    def in_order(self) -> list[Fault]:
        """All faults by row; the last one of a kind in a field stands for those that are only counted."""
        for key, count in self.counts.items():
            if count > TOLD_OF_A_KIND:
                last = self.last[key]
                self.faults[last] = replace(self.faults[last], count=count - TOLD_OF_A_KIND)
        return sorted(self.faults, key=lambda f: (f.place.row, f.place.column))


def _counted(told: list[Fault], count: int) -> list[Fault]:
    """The faults, the last of which stands for all of the `count` that are not among them."""
    return [*told[:-1], replace(told[-1], count=1 + count - len(told))] if told else []


def _overlong(place: Place, row: int, cells: Sequence[object], width: int) -> Fault:
    """The fault of a row with cells beyond the headings; the first such cell is its place."""
    first = next(i for i, c in enumerate(cells) if i >= width and str(c).strip())
    return fault("overlong", replace(place, row=row, cells=((row, first + 1),)))


# --------------------------------------------------------------------------------------- checking


def _check(
    path: Path,
    found: Found,
    header: Mapping[str, int],
    body: pd.DataFrame,
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    layout, sheet = found.layout, found.sheet
    title = {name: names[0] for name, names in layout.columns.items()}
    title |= {f"local_{b.id}": b.column for b in local.background}
    place = sheet.place(path)
    refused = _Faults(place, {name: (at, title[name]) for name, at in header.items()})
    if body.empty:
        below = ((found.header_row + 2, 1),)
        raise ExtractError(problems=[fault("no_persons", replace(place, cells=below))])

    rows = body.index.to_numpy()
    overlong = body["overlong"].to_numpy(bool)
    width = len(sheet.rows[found.header_row])
    refused.add_overlong(rows[overlong], sheet, width)
    odd = sheet.odd_rows(path, found.header_row)
    persons_rows = set(rows[~overlong])
    refused.add_rows([f for f in odd if f.place.row in persons_rows])

    received = body
    if CellError in set(map(type, body.to_numpy(dtype=object).ravel())):
        refused.add_lost(body)
        body = body.mask(body.map(lambda cell: isinstance(cell, CellError)), "")
    numbers = parse_cpr(body["cpr"])
    problem = numbers["problem"].to_numpy(dtype=object)
    bad = problem != ""
    for kind, told in zip(FAULTS, PROBLEMS[1:]):
        refused.add(kind, rows[problem == told], "cpr")
    unborn = numbers["birth_date"].to_numpy() > np.datetime64(reference_date)
    refused.add("cpr_future", rows[unborn], "cpr")
    refused.add("row_in_cell", rows[names_with_more(body["name"])], "name")
    refused.add("row_in_cell", rows[phones_with_more(body["phone"], numbers["cpr"])], "phone")

    dates, swapped = {}, []
    for name in ("spell_start", "latest_conversation"):
        dates[name], unreadable = read_dates(
            body[name], layout.date_forms, epoch_1904=sheet.epoch_1904
        )
        refused.add_cells("no_date", body[name], unreadable, name)
        if half_swapped(body[name], dates[name]):
            swapped.append(fault("dates_swapped", replace(place, column=title[name])))
    no_start = np.isnat(dates["spell_start"])
    unknown_start = as_text(body["spell_start"][no_start])
    refused.add("empty", unknown_start.index[unknown_start == ""], "spell_start")

    flags = {}
    words = {normalise(w): True for w in layout.yes_words} | {
        normalise(w): False for w in layout.no_words
    }
    told = {"yes": "/".join(layout.yes_words), "no": "/".join(layout.no_words)}
    asked_for = [*layout.yes_words, *layout.no_words]
    for name in ("course_closed", "passive"):
        known = words | ({"": False} if name in layout.empty_means_no else {})
        flags[name], unknown = read_words(body[name], known)
        refused.add_cells("no_word", body[name], unknown, name, asked_for, **told)

    benefits = {normalise(t): b for t, b in layout.benefits.items()}
    benefit, unknown_benefit = read_words(body["benefit"], benefits)
    unknown_texts = as_text(body["benefit"][unknown_benefit])
    no_benefit = unknown_texts == ""
    refused.add("empty", unknown_texts.index[no_benefit], "benefit")
    unknown_texts = unknown_texts[~no_benefit]

    locals_ = {}
    for background in local.background:
        name = f"local_{background.id}"
        meaning = {normalise(text): key for key, text in background.categories.items()}
        locals_[name], unknown = read_words(body[name], meaning | {"": None})
        labels = list(background.categories.values())
        told = {"categories": ", ".join(labels)}
        refused.add_cells("local_unknown", body[name], unknown, name, labels, **told)

    persons = pd.DataFrame(
        {
            "row": rows,
            "cpr": numbers["cpr"].array,
            "birth_date": numbers["birth_date"].to_numpy(),
            "gender": numbers["gender"].array,
            "name": as_text(body["name"]).array,
            "phone": as_text(body["phone"]).array,
            "benefit_type": pd.array(benefit, dtype="str"),
            **dates,
            **{name: np.equal(values, True).astype(bool) for name, values in flags.items()},
            **{name: pd.array(values, dtype="str") for name, values in locals_.items()},
        }
    )
    settled = one_row_each(persons, ~bad, reference_date)
    for kind, groups in (("cpr_twice", settled.undecided), ("cpr_two_names", settled.strangers)):
        for same in groups:
            more = " …" if len(same) > ROWS_NAMED else ""
            refused.add(kind, same, "cpr", rows=", ".join(map(str, same[:ROWS_NAMED])) + more)

    in_rows = refused.in_order()
    in_whole = replace(place, column=title["benefit"])
    names = words_of(persons["name"])
    benefits_unknown = _benefit_faults(in_whole, header["benefit"], unknown_texts, layout, names)
    problems = benefits_unknown + swapped + in_rows
    used = set(header.values())
    ignored = [
        str(c).strip()
        for i, c in enumerate(sheet.rows[found.header_row])
        if i not in used and str(c).strip()
    ]
    return Extract(
        file=path.name,
        layout=layout.layout,
        rows_read=len(persons),
        persons=persons.drop(index=settled.left_out).reset_index(drop=True),
        refused=pd.DataFrame(
            [(f.place.row, f.place.column, f.what) for f in in_rows],
            columns=["row", "column", "problem"],
        ),
        problems=tuple(problems),
        ignored_columns=tuple(ignored),
        told=what_is_told(
            found, place, title, received, persons, numbers["padded"].to_numpy(), settled
        ),
        faulty_rows=frozenset(refused.rows | set(unknown_texts.index)),
        around=_around(found, used),
    )


def _around(found: Found, used: set[int]) -> tuple[str, ...]:
    """The sheet's name, the cells above the headings, and of a column that tells the municipality what
    most rows have, as »Kommune: Læsø«."""
    rows, at = found.sheet.rows, found.header_row
    texts = [found.sheet.name, *(str(c).strip() for row in rows[:at] for c in row)]
    for column, heading in enumerate(rows[at]):
        if "kommune" in normalise(heading) and column not in used:
            cells = [str(row[column]).strip() for row in rows[at + 1 :] if len(row) > column]
            cell, count = Counter(cells).most_common(1)[0] if cells else ("", 0)
            if 2 * count > len(cells):
                texts.append(f"{heading}: {cell.removesuffix('.0')}")
    return tuple(dict.fromkeys(t for t in texts if t))


def _benefit_faults(
    place: Place, position: int, texts: pd.Series, layout: ExtractFormat, names: Collection[str]
) -> list[Fault]:
    """Unknown benefit texts, each once: they stop the file until the mapping is extended. `names`: words
    of the file's names."""
    faults = []
    by_text = texts.index.groupby(texts)
    for text, rows in islice(by_text.items(), TOLD_OF_A_KIND):
        shown = quoted_benefit(text, len(rows), layout.benefits, names)
        told = {"text": shown, "count": len(rows), "first": rows[0]}
        told |= {"layout": layout.layout, "near": "".join(_near_benefit(text, layout))}
        cells = tuple((int(row), position + 1) for row in rows)
        faults.append(fault("unknown_benefit", replace(place, cells=cells), **told))
    return _counted(faults, len(by_text))


def _near_benefit(text: str, layout: ExtractFormat) -> list[str]:
    """The layout's own text that a misspelt one may stand for."""
    known = {t.casefold(): t for t in layout.benefits}
    near = difflib.get_close_matches(text.casefold(), known, n=1, cutoff=NEAR_BENEFIT)
    return [known[n] for n in near]
