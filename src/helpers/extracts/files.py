"""A municipality's extract in one file or several → one extract.

Files are put together where they have no person in common: a part of the benefits each, as two case
systems give them. Where they share a person, one is an edition of the other, and a person must decide.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.common.errors import ExtractError
from helpers.extracts.extracts import Extract, read_extract
from helpers.faults.faults import Fault, Place, fault
from helpers.parameters.params import ExtractFormat, LocalFile

BETWEEN_FILES = " / "  # in no file's name


def read_files(
    files: Sequence[Path],
    formats: Sequence[ExtractFormat],
    local: LocalFile,
    reference_date: dt.date,
) -> Extract:
    """Read one municipality's files. Raises ExtractError as `read_extract`, with the troubles of all
    files, and where two of them have a person in common."""
    extracts, troubles = [], []
    for path in files:
        try:
            extracts.append(read_extract(path, formats, local, reference_date))
        except ExtractError as e:
            troubles += e.problems
    if troubles:
        raise ExtractError(problems=[*troubles, *(p for e in extracts for p in e.problems)])
    return extracts[0] if len(extracts) == 1 else _together(extracts)


def _together(extracts: Sequence[Extract]) -> Extract:
    """One extract of several, told as such."""
    names = BETWEEN_FILES.join(e.file for e in extracts)
    found = Counter(number for e in extracts for number in set(e.persons["cpr"]) - {""})
    shared = sum(1 for files in found.values() if files > 1)
    place, details = Place(names), {"count": len(extracts)}
    problems: list[Fault] = [p for e in extracts for p in e.problems]
    if shared:
        problems.append(fault("files_share", place, **details, shared=shared))
    refused = [e.refused.assign(column=f"{e.file}, " + e.refused["column"]) for e in extracts]
    return Extract(
        file=names,
        layout=BETWEEN_FILES.join(dict.fromkeys(e.layout for e in extracts)),
        rows_read=sum(e.rows_read for e in extracts),
        persons=pd.concat([e.persons for e in extracts], ignore_index=True),
        refused=pd.concat(refused, ignore_index=True),
        problems=tuple(problems),
        ignored_columns=tuple(dict.fromkeys(c for e in extracts for c in e.ignored_columns)),
        notices=(
            fault("files_together", place, **details),
            *(t for e in extracts for t in e.notices),
        ),
        faulty_rows=frozenset(row for e in extracts for row in e.faulty_rows),
        around=tuple(dict.fromkeys(text for e in extracts for text in e.around)),
    )
