"""A municipality's file → checked table, with every refused row listed.

Layouts are files (`params/extract-formats/`): the headings, words and benefit texts stand there.
A file is taken whole or not at all: the first run tells all of its troubles.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common.errors import ExtractError
from helpers.common.labels import normalise
from helpers.common.quoting import quoted_benefit, words_of
from helpers.extracts.cell_faults import MAX_LISTED_PER_KIND, CellFaults, count_last
from helpers.extracts.cpr import FAULTS, PROBLEMS, parse_cpr
from helpers.extracts.notices import notices_of
from helpers.extracts.repeated_persons import RepeatedPersons, resolve_repeated_persons
from helpers.extracts.tables import Found, find_table, header_of, rows_of_persons
from helpers.faults.faults import Fault, Place, fault
from helpers.parameters.params import ExtractFormat, LocalFile
from helpers.received.cells import as_text, half_swapped, read_dates, read_words
from helpers.received.sheets import CellError
from helpers.received.stray_rows import names_with_more, phones_with_more

ROWS_NAMED = 20  # with the same CPR number
NEAR_BENEFIT = 0.8  # similarity from which an unknown benefit text is taken for a slip of the pen


@dataclass(frozen=True)
class Extract:
    """One file as read.

    `persons` has a row a person in the file's order: `row` (in the file), `cpr`, `birth_date`,
    `gender`, `name`, `phone`, `benefit_type`, `spell_start`, `latest_conversation`,
    `course_closed`, `passive` and `local_<id>` for each local background variable; `rows_read` counts
    the file's rows, of which a person may have several.
    `refused` lists row, column and problem of each cell that cannot be taken; `problems` all
    troubles, ready to be told in English or, `in_language("da")`, in Danish; of very many of a kind the last one
    stands for the others (`count`), and `faulty_rows` has the rows of all. `notices` are what is read by a
    stated rule and worth a look; `around`: the texts that may say whose file it is (`_around`).
    """

    file: str
    layout: str
    rows_read: int
    persons: pd.DataFrame
    refused: pd.DataFrame
    problems: tuple[Fault, ...]
    ignored_columns: tuple[str, ...]
    notices: tuple[Fault, ...] = ()
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


# --------------------------------------------------------------------------------------- checking


@dataclass
class _Reading:
    """One file on its way from cells to persons: what has been read of each field, and the faults so far."""

    found: Found
    place: Place
    title: dict[str, str]  # field → heading
    body: pd.DataFrame  # a row a row of persons
    faults: CellFaults
    swapped: list[Fault] = field(default_factory=list)  # columns whose days and months are swapped
    unknown_benefits: pd.Series = field(default_factory=lambda: pd.Series(dtype="object"))

    @property
    def layout(self) -> ExtractFormat:
        return self.found.layout

    def add_unreadable(self, path: Path) -> None:
        """Rows with a cell too many or too few, and cells whose value is lost: no other fault is told of them."""
        rows, sheet, row = self.body.index.to_numpy(), self.found.sheet, self.found.header_row
        overlong = self.body["overlong"].to_numpy(bool)
        self.faults.add_overlong(rows[overlong], sheet, len(sheet.rows[row]))
        of_persons = set(rows[~overlong])
        odd = sheet.odd_rows(path, row)
        self.faults.add_rows([f for f in odd if f.place.row in of_persons])
        if CellError in set(map(type, self.body.to_numpy(dtype=object).ravel())):
            self.faults.add_lost(self.body)
            self.body = self.body.mask(self.body.map(lambda c: isinstance(c, CellError)), "")

    def identities(self, reference_date: dt.date) -> pd.DataFrame:
        """As `parse_cpr`, a row a row of persons."""
        rows = self.body.index.to_numpy()
        numbers = parse_cpr(self.body["cpr"])
        problem = numbers["problem"].to_numpy(dtype=object)
        for kind, words in zip(FAULTS, PROBLEMS[1:]):
            self.faults.add(kind, rows[problem == words], "cpr")
        unborn = numbers["birth_date"].to_numpy() > np.datetime64(reference_date)
        self.faults.add("cpr_future", rows[unborn], "cpr")
        self.faults.add("row_in_cell", rows[names_with_more(self.body["name"])], "name")
        more = phones_with_more(self.body["phone"], numbers["cpr"])
        self.faults.add("row_in_cell", rows[more], "phone")
        return numbers

    def dates(self) -> dict[str, np.ndarray]:
        dates = {}
        for name in ("spell_start", "latest_conversation"):
            cells, epoch_1904 = self.body[name], self.found.sheet.epoch_1904
            dates[name], unreadable = read_dates(
                cells, self.layout.date_forms, epoch_1904=epoch_1904
            )
            self.faults.add_cells("no_date", cells, unreadable, name)
            if half_swapped(cells, dates[name]):
                place = replace(self.place, column=self.title[name])
                self.swapped.append(fault("dates_swapped", place))
        without = as_text(self.body["spell_start"][np.isnat(dates["spell_start"])])
        self.faults.add("empty", without.index[without == ""], "spell_start")
        return dates

    def flags(self) -> dict[str, np.ndarray]:
        yes, no = self.layout.yes_words, self.layout.no_words
        words = {normalise(w): True for w in yes} | {normalise(w): False for w in no}
        choices = {"yes": "/".join(yes), "no": "/".join(no)}
        flags = {}
        for name in ("course_closed", "passive"):
            known = words | ({"": False} if name in self.layout.empty_means_no else {})
            values, unknown = read_words(self.body[name], known)
            self.faults.add_cells("no_word", self.body[name], unknown, name, [*yes, *no], **choices)
            flags[name] = np.equal(values, True).astype(bool)
        return flags

    def benefit(self) -> np.ndarray:
        benefits = {normalise(t): b for t, b in self.layout.benefits.items()}
        benefit, unknown = read_words(self.body["benefit"], benefits)
        texts = as_text(self.body["benefit"][unknown])
        self.faults.add("empty", texts.index[texts == ""], "benefit")
        self.unknown_benefits = texts[texts != ""]
        return benefit

    def local(self, local: LocalFile) -> dict[str, np.ndarray]:
        columns = {}
        for background in local.background:
            name = f"local_{background.id}"
            meaning = {normalise(text): key for key, text in background.categories.items()}
            columns[name], unknown = read_words(self.body[name], meaning | {"": None})
            labels = list(background.categories.values())
            categories = {"categories": ", ".join(labels)}
            self.faults.add_cells(
                "local_unknown", self.body[name], unknown, name, labels, **categories
            )
        return columns

    def persons(self, numbers: pd.DataFrame, local: LocalFile) -> pd.DataFrame:
        """As of an Extract, with every row of those who stand in several; `numbers` as `identities`."""
        dates, flags, benefit = self.dates(), self.flags(), self.benefit()
        body = self.body
        return pd.DataFrame(
            {
                "row": body.index.to_numpy(),
                "cpr": numbers["cpr"].array,
                "birth_date": numbers["birth_date"].to_numpy(),
                "gender": numbers["gender"].array,
                "name": as_text(body["name"]).array,
                "phone": as_text(body["phone"]).array,
                "benefit_type": pd.array(benefit, dtype="str"),
                **dates,
                **flags,
                **{name: pd.array(v, dtype="str") for name, v in self.local(local).items()},
            }
        )

    def resolve_repeated_persons(
        self, persons: pd.DataFrame, known: np.ndarray, reference_date: dt.date
    ) -> RepeatedPersons:
        """As `resolve_repeated_persons`; whom it cannot decide on is a fault. `known`: rows with a CPR number."""
        repeated = resolve_repeated_persons(persons, known, reference_date)
        kinds = ("cpr_twice", repeated.undecided), ("cpr_two_names", repeated.other_names)
        for kind, groups in kinds:
            for same in groups:
                more = " …" if len(same) > ROWS_NAMED else ""
                rows = ", ".join(map(str, same[:ROWS_NAMED])) + more
                self.faults.add(kind, same, "cpr", rows=rows)
        return repeated

    def ignored_columns(self, used: set[int]) -> tuple[str, ...]:
        headings = self.found.sheet.rows[self.found.header_row]
        texts = [str(c).strip() for i, c in enumerate(headings) if i not in used]
        return tuple(filter(None, texts))


def _begin(
    path: Path, found: Found, header: Mapping[str, int], body: pd.DataFrame, local: LocalFile
) -> _Reading:
    title = {name: names[0] for name, names in found.layout.columns.items()}
    title |= {f"local_{b.id}": b.column for b in local.background}
    place = found.sheet.place(path)
    if body.empty:
        below = ((found.header_row + 2, 1),)
        raise ExtractError(problems=[fault("no_persons", replace(place, cells=below))])
    faults = CellFaults(place, {name: (at, title[name]) for name, at in header.items()})
    return _Reading(found, place, title, body, faults)


def _check(
    path: Path,
    found: Found,
    header: Mapping[str, int],
    received: pd.DataFrame,
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    reading = _begin(path, found, header, received, local)
    reading.add_unreadable(path)
    numbers = reading.identities(reference_date)
    persons = reading.persons(numbers, local)
    known = numbers["problem"].to_numpy(dtype=object) == ""
    repeated = reading.resolve_repeated_persons(persons, known, reference_date)
    in_rows = reading.faults.in_order()
    unknown = _benefit_faults(
        replace(reading.place, column=reading.title["benefit"]),
        header["benefit"],
        reading.unknown_benefits,
        found.layout,
        words_of(persons["name"]),
    )
    padded = numbers["padded"].to_numpy()
    notices = notices_of(found, reading.place, reading.title, received, persons, padded, repeated)
    used = set(header.values())
    return Extract(
        file=path.name,
        layout=found.layout.layout,
        rows_read=len(persons),
        persons=persons.drop(index=repeated.left_out).reset_index(drop=True),
        refused=pd.DataFrame(
            [(f.place.row, f.place.column, f.what) for f in in_rows],
            columns=["row", "column", "problem"],
        ),
        problems=(*unknown, *reading.swapped, *in_rows),
        ignored_columns=reading.ignored_columns(used),
        notices=notices,
        faulty_rows=frozenset(reading.faults.rows | set(reading.unknown_benefits.index)),
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
    for text, rows in islice(by_text.items(), MAX_LISTED_PER_KIND):
        shown = quoted_benefit(text, len(rows), layout.benefits, names)
        details = {"text": shown, "count": len(rows), "first": rows[0]}
        details |= {"layout": layout.layout, "near": "".join(_near_benefit(text, layout))}
        cells = tuple((int(row), position + 1) for row in rows)
        faults.append(fault("unknown_benefit", replace(place, cells=cells), **details))
    return count_last(faults, len(by_text))


def _near_benefit(text: str, layout: ExtractFormat) -> list[str]:
    """The layout's own text that a misspelt one may stand for."""
    known = {t.casefold(): t for t in layout.benefits}
    near = difflib.get_close_matches(text.casefold(), known, n=1, cutoff=NEAR_BENEFIT)
    return [known[n] for n in near]
