"""The CSV files under `params/`: fields parted by commas, one heading a column, one line a row; anything
else is refused with the line, and what is wrong with the whole file is told once."""

from __future__ import annotations

import csv
import difflib
import io
from pathlib import Path

from helpers.common.errors import Problem
from helpers.parameters.files import read_text, shortened

SEPARATORS = {";": "semicolons, as Danish Excel saves it", "\t": "tabs", "|": "upright lines"}


def read_csv(
    path: Path, columns: tuple[str, ...], problems: list[Problem], optional: tuple[str, ...] = ()
) -> list[tuple[int, dict[str, str]]] | None:
    """(line, column → text) of each row; an empty field is left out so that the model's default holds.

    None, and the file's problem, where it is no table of these columns; blank lines are passed over.
    A row of another length is told and left out.
    """
    text = read_text(path, problems)
    if text is None:
        return None
    found = (
        None if _parted_otherwise(path, text, columns, problems) else _records(path, text, problems)
    )
    if found is None:
        return None
    header, *records = found or [(1, [])]
    headings = [_clean(cell) for cell in header[1]]
    wrong = _header_problems(f"{path}, line {header[0]}", headings, columns, optional)
    if wrong:
        problems += wrong
        return None
    rows = []
    for line, cells in records:
        if len(cells) == len(headings):
            given = {k: _clean(v) for k, v in zip(headings, cells)}
            rows.append((line, {k: v for k, v in given.items() if v}))
        else:
            finding = f"has {len(cells)} fields, the first line has {len(headings)} headings"
            remedy = "Add or remove a comma; a text with a comma stands in double quotes."
            problems.append(Problem(f"{path}, line {line}", finding, "one field a heading", remedy))
    return rows


def _clean(cell: str) -> str:
    return cell.strip(" \u00a0\t\ufeff")


def _records(path: Path, text: str, problems: list[Problem]) -> list[tuple[int, list[str]]] | None:
    """(line, fields) of each line that is not blank; None where a quote goes astray."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    start, expected = 1, 'a text between two double quotes ("), and quotes within it doubled'
    remedy = "Close the quote, or remove it."
    try:
        for cells in reader:
            if any("\n" in c or "\r" in c for c in cells):
                finding = f"a quote is opened here and not closed before line {reader.line_num}"
                problems.append(Problem(f"{path}, line {start}", finding, expected, remedy))
                return None
            if any(_clean(c) for c in cells):
                records.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as e:
        finding = "a double quote stands where none can stand"
        if "end of data" in str(e):
            finding = "a double quote is opened here and not closed"
        elif "field larger" in str(e):
            finding = "a field is too long"
        problems.append(Problem(f"{path}, line {start}", finding, expected, remedy))
        return None
    return records


def _parted_otherwise(
    path: Path, text: str, columns: tuple[str, ...], problems: list[Problem]
) -> bool:
    """Whether the fields are parted by another sign than commas, which is told once for the file."""
    lines = text.splitlines()
    number = next((i for i, line in enumerate(lines) if _clean(line)), 0)
    first = lines[number] if lines else ""
    finding = next(
        (SEPARATORS[sign] for sign in SEPARATORS if sign in first and "," not in first), None
    )
    if finding:
        problems.append(
            Problem(
                f"{path}, line {number + 1}",
                f"the fields are parted by {finding}",
                f"commas: {','.join(columns)}",
                "Open the file in a text editor, put commas in their place and texts that hold a comma "
                "in double quotes, and see that codes have four digits, as 0825.",
            )
        )
    return finding is not None


def _header_problems(
    where: str, headings: list[str], columns: tuple[str, ...], optional: tuple[str, ...]
) -> list[Problem]:
    wanted = ",".join(columns)
    if not any(headings):
        return [
            Problem(
                where.partition(", line")[0], "is empty", f"the headings {wanted}", "Fill it in."
            )
        ]
    problems = []
    unknown = [h for h in headings if h not in (*columns, *optional)]
    missing = [c for c in columns if c not in headings]
    for heading in unknown:
        near = difflib.get_close_matches(heading.casefold(), missing or columns, n=1)
        if len(unknown) == len(missing) == 1:
            near = missing
        remedy = f"Did you mean »{near[0]}«?" if near else "Remove the column."
        shown = f"»{shortened(heading)}«" if heading else "a column without heading"
        problems.append(
            Problem(where, f"unknown heading {shown}", f"the headings {wanted}", remedy)
        )
    for column in missing:
        what = f"the heading »{column}« is missing"
        problems.append(Problem(where, what, f"the headings {wanted}", "Add the column."))
    twice = sorted({h for h in headings if h and headings.count(h) > 1})
    problems += [
        Problem(where, f"the heading »{h}« stands twice", "once", "Remove one.") for h in twice
    ]
    return problems
