"""One municipality's package: which files go in, what is foreign in it, and the encrypted ZIP.

WinZip's AES-256 (AE-2) is opened by 7-Zip, WinZip, Keka and the like; names and sizes of the files
within can be read without the passphrase, their contents cannot.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import pyzipper

from helpers.common.errors import SurveyError
from helpers.common.vocabulary import NATIONAL, NATIONAL_REPORT_FILES, REPORT_FILES
from helpers.parameters.params import Municipality, Round
from helpers.released.captions import SURVEY

READ_ME = "LÆS MIG.txt"
DATA_ENDINGS = frozenset({".parquet", ".csv"})  # tables of the round hold all municipalities
_PARQUET_MAGIC = b"PAR1"


def members_of(folder: Path, name: str) -> dict[str, bytes]:
    """`name/<file>` → content of the files of a folder; leftovers (`.…`, `~$…`) are passed over."""
    if not folder.is_dir():
        return {}
    files = [
        p
        for p in folder.rglob("*")
        if p.is_file()
        and not any(part.startswith((".", "~$")) for part in p.relative_to(folder).parts)
    ]
    links = [p for p in files if not p.resolve().is_relative_to(folder.resolve())]
    if links:
        raise SurveyError(
            str(links[0]),
            "is a link to a file of another folder",
            "files of the folder's own",
            "Remove it, then run the report again.",
        )
    return {f"{name}/{p.relative_to(folder).as_posix()}": p.read_bytes() for p in files}


def foreign_numbers(
    members: Mapping[str, bytes], own: Municipality, municipalities: Iterable[Municipality]
) -> list[str]:
    """The members that do not belong in the package of `own`, by path or by what is in them.

    Foreign is what lies outside the own and the national folder, whose path names another
    municipality by code or name, which is a table of the round (.parquet, .csv, or a Parquet file
    under another name), or in whose bytes another municipality's folder is named, as a link would.
    The national report is the same for all and may name municipalities in its text.
    """
    others = [m for m in municipalities if m.code != own.code]
    names = [re.escape(name) for m in others for name in (m.code, m.folder[len(m.code) + 1 :])]
    named = re.compile(rf"(?<![0-9a-z])(?:{'|'.join(names)})(?![0-9a-z])")
    linked = re.compile("|".join(re.escape(m.folder) for m in others).encode("ascii"))
    found = []
    for path, content in members.items():
        parts = PurePosixPath(path).parts
        at_home = path == READ_ME or (len(parts) > 1 and parts[0] in (own.folder, NATIONAL))
        table = PurePosixPath(path.lower()).suffix in DATA_ENDINGS
        elsewhere = named.search(path.lower().replace(own.folder, ""))
        if (
            not at_home
            or ".." in parts
            or table
            or elsewhere
            or content.startswith(_PARQUET_MAGIC)
            or (others and linked.search(content))
        ):
            found.append(path)
    return found


def read_me(round_: Round, place: Municipality, members: Iterable[str]) -> str:
    """What lies in the package, for the municipality: Danish, with the line ends of Windows."""
    labels = {f"{place.folder}/{n}": label for n, label in REPORT_FILES.items()}
    labels |= {f"{NATIONAL}/{n}": label for n, label in NATIONAL_REPORT_FILES.items()}
    contents = [f"- {n}" + (f" ({labels[n]})" if n in labels else "") for n in sorted(members)]
    few = round_.settings.disclosure.min_answers
    invented = ["Runden er simuleret: alle borgere og svar er opdigtede.", ""]
    lines = [
        SURVEY,
        f"Resultater for {place.official_name}, {round_.settings.title}",
        "",
        *(invented if round_.settings.simulated else []),
        f"Pakken indeholder kommunens egne resultater ({place.folder}) og landets ({NATIONAL}):",
        *contents,
        "",
        f"Tal, der bygger på færre end {few} svar, er skjult af hensyn til borgerne, og andele og",
        "uvægtede tal på flere. Andre tal er skjult, fordi de skjulte ellers kunne regnes ud.",
        "",
        "Opbevar ikke kodeordet sammen med pakken.",
        "",
        "Spørgsmål rettes til KL.",
        "",
    ]
    return "\r\n".join(lines)


def encrypted_zip(members: Mapping[str, bytes], passphrase: str, round_: Round) -> bytes:
    """The package; the same members give the same contents, only salts and cipher text differ."""
    day = round_.settings.calendar.reporting.end
    buffer = io.BytesIO()
    with pyzipper.AESZipFile(buffer, "w", compression=pyzipper.ZIP_DEFLATED) as package:
        package.setencryption(pyzipper.WZ_AES, nbits=256)
        package.setpassword(passphrase.encode("ascii"))
        for name in sorted(members):
            entry = pyzipper.zipfile_aes.AESZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = pyzipper.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o600 << 16
            package.writestr(entry, members[name])
    return buffer.getvalue()
