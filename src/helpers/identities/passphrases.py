"""Passphrases of the packages and of the send-out, and the confidential list that tells them.

The list never lies in the folder of the packages, so that a copy of that folder opens nothing.
"""

from __future__ import annotations

import csv
import io
import math
import secrets
from collections.abc import Mapping
from pathlib import Path

from helpers.common.paths import Paths, write_private
from helpers.received.sheets import read_kept_table

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1, which look alike
GROUPS, GROUP_LENGTH = 6, 4
PASSPHRASE_BITS = GROUPS * GROUP_LENGTH * math.log2(len(ALPHABET))  # 118.9

LIST_HEADINGS = ("Kommune", "Fil", "Kodeord")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def new_passphrase() -> str:
    """Six groups of four random characters, as `k7wd-…`: 118 bits, easily read aloud and typed."""
    groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)]
    return "-".join(groups)


def passphrase_list(paths: Paths) -> Path:
    """The confidential list of passphrases."""
    return paths.data / "delivery-passphrases.csv"


def read_list(list_file: Path) -> dict[str, tuple[str, ...]]:
    """File name → row; rows that are not whole (a list saved by hand) are passed over. Raises
    ExtractError with the line of a stray quotation mark: no passphrase is lost for it."""
    if not list_file.is_file():
        return {}
    rows = read_kept_table(list_file).itertuples(index=False, name=None)
    return {row[1]: row for row in rows if len(row) == len(LIST_HEADINGS) and all(row)}


def write_list(list_file: Path, known: Mapping[str, tuple[str, ...]]) -> None:
    """Semicolons and a byte order mark, so that Danish Excel opens it by a double click."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(LIST_HEADINGS)
    writer.writerows([_safe(cell) for cell in known[name]] for name in sorted(known))
    write_private(list_file, text.getvalue().encode("utf-8-sig"))


def _safe(cell: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
