"""The folder or address where case systems drop a month's extracts: `<code>-<yyyy-mm>.xlsx` or `.csv`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

import fsspec

from helpers.common.errors import ExtractError, ParameterError, Problem
from helpers.common.paths import write_atomically
from helpers.common.quoting import redacted_file_name
from helpers.common.store import is_address, is_hidden
from helpers.received.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS
from helpers.rolling.months import name, parse_month

ENDINGS = tuple(WORKBOOK_ENDINGS | TEXT_ENDINGS)

OF_THE_SYSTEM = {"thumbs.db", "desktop.ini"}  # which Windows leaves in folders
NAMED = re.compile(r"(\d{4})-(\d{4}-\d{2})\.[^.]+")


def _trouble(file: str, codes: Collection[str], first: dt.date, latest: dt.date) -> str:
    """What is wrong with a file's name; empty where nothing is."""
    parts = NAMED.fullmatch(file)
    if parts is None:
        return "is not named as an extract, and is not read"
    if not file.lower().endswith(ENDINGS):
        return "is no workbook or CSV, and is not read"
    if parts[1] not in codes:
        return f"{parts[1]} takes no part, and it is not read"
    try:
        month = parse_month(parts[2])
    except ValueError:
        return f"{parts[2]} is no month, and it is not read"
    if not first <= month <= latest:
        return f"{parts[2]} lies outside {name(first)} to {name(latest)}, and it is not read"
    return ""


class Inbox:
    """The files there, as listed once. Raises ParameterError where the address does not open."""

    def __init__(self, address: str, root: Path) -> None:
        self.address = address if is_address(address) else str(root / address)
        try:
            self.fs, base = fsspec.url_to_fs(self.address)
            self.fs.invalidate_cache()
            self.is_there = self.fs.isdir(base)
            found = (
                [f["name"] for f in self.fs.ls(base, detail=True) if f["type"] == "file"]
                if self.is_there
                else []
            )
        except Exception as e:  # whatever the file system behind the address raises
            raise ParameterError(
                "key `inbox`",
                f"»{address}« cannot be opened ({type(e).__name__})",
                "a folder, or an address of fsspec with its credentials in the environment",
                "Correct it, or run again when the address answers.",
            ) from e
        self._names = {PurePosixPath(str(path).replace("\\", "/")).name: path for path in found}

    def find(self, code: str, month: dt.date) -> str | None:
        """Name of the municipality's file of the month. Raises ExtractError where there are more."""
        begin = f"{code}-{name(month)}."
        named = sorted(
            n for n in self._names if n.startswith(begin) and n.lower().endswith(ENDINGS)
        )
        if len(named) > 1:
            raise ExtractError(
                self.address,
                f"{len(named)} extracts of {code} for {name(month)}: {', '.join(named)}",
                "one",
                "Keep the one that holds.",
            )
        return named[0] if named else None

    def misnamed(self, codes: Collection[str], first: dt.date, latest: dt.date) -> list[Problem]:
        """Files that no month of a participant will ever take, by their names; `latest`: the last month of
        which a file may be there already."""
        problems = []
        for file in sorted(self._names):
            if not is_hidden(file) and file.lower() not in OF_THE_SYSTEM:
                trouble = _trouble(file, codes, first, latest)
                if trouble:
                    problems.append(
                        Problem(
                            f"{self.address}, {redacted_file_name(file)}",
                            trouble,
                            f"<code>-<yyyy-mm>.xlsx or .csv, as {next(iter(codes))}-{name(latest)}.xlsx",
                            "Rename it, or take it away.",
                        )
                    )
        return problems

    def correctly_named(
        self, codes: Collection[str], first: dt.date, latest: dt.date
    ) -> Iterator[tuple[str, str, dt.date]]:
        """(file, municipality, month) of the files that are not misnamed."""
        for file in sorted(self._names):
            if not _trouble(file, codes, first, latest):
                parts = NAMED.fullmatch(file)
                yield file, parts[1], parse_month(parts[2])

    def fetch(self, file: str, folder: Path) -> Path:
        """A copy of the file in `folder`."""
        return write_atomically(
            folder / file, lambda p: self.fs.get_file(self._names[file], str(p))
        )
