"""The folder or address where case systems drop a month's extracts: `<code>-<yyyy-mm>.xlsx` or `.csv`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path, PurePosixPath

import fsspec

from helpers.errors import ExtractError, ParameterError
from helpers.paths import write_atomically
from helpers.rolling.months import name
from helpers.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS
from helpers.store import is_address


class Inbox:
    """The files there, as listed once. Raises ParameterError where the address does not open."""

    def __init__(self, address: str, root: Path) -> None:
        self.address = address if is_address(address) else str(root / address)
        try:
            self.fs, base = fsspec.url_to_fs(self.address)
            self.fs.invalidate_cache()
            found = self.fs.ls(base, detail=False) if self.fs.isdir(base) else []
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
        endings = tuple(WORKBOOK_ENDINGS | TEXT_ENDINGS)
        named = sorted(
            n for n in self._names if n.startswith(begin) and n.lower().endswith(endings)
        )
        if len(named) > 1:
            raise ExtractError(
                self.address,
                f"{len(named)} extracts of {code} for {name(month)}: {', '.join(named)}",
                "one",
                "Keep the one that holds.",
            )
        return named[0] if named else None

    def fetch(self, file: str, folder: Path) -> Path:
        """A copy of the file in `folder`."""
        return write_atomically(
            folder / file, lambda p: self.fs.get_file(self._names[file], str(p))
        )
