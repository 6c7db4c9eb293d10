"""What each municipality gets: one encrypted ZIP of its own report and the national one.

The passphrases go to a confidential list that never lies in the folder of the ZIPs, so that a copy
of that folder opens nothing. WinZip's AES-256 (AE-2) is opened by 7-Zip, WinZip, Keka and the like;
names and sizes of the files within can be read without the passphrase, their contents cannot.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyzipper

from helpers.captions import SURVEY
from helpers.errors import ParameterError, Problem, SurveyError
from helpers.index import FILES, NATIONAL_FILES
from helpers.own_numbers import official_name
from helpers.params import Municipality, Round
from helpers.paths import Paths
from helpers.published import NATIONAL, Published
from helpers.run import WHOLE_ROUND
from helpers.vault import write_private

READ_ME = "LÆS MIG.txt"
FINISHED = ("rapport.html", "praesentation.pptx", "resultater.xlsx")  # a report has all of them
NATIONAL_FINISHED = ("rapport.html",)
DATA_ENDINGS = frozenset({".parquet", ".csv"})  # tables of the round hold all municipalities
_PARQUET_MAGIC = b"PAR1"

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1, which look alike
GROUPS, GROUP_LENGTH = 6, 4
PASSPHRASE_BITS = GROUPS * GROUP_LENGTH * math.log2(len(ALPHABET))  # 118.9

LIST_HEADINGS = ("Kommune", "Fil", "Kodeord")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Delivery:
    """`zips` were written, the passphrases of all ZIPs stand in `list_file`; `left_out` has code →
    reason of each municipality without a package."""

    zips: tuple[Path, ...]
    list_file: Path
    left_out: dict[str, str]


def passphrase_list(paths: Paths) -> Path:
    """The confidential list of passphrases."""
    return paths.data / "delivery-passphrases.csv"


def deliver(
    paths: Paths,
    published: Published,
    folder: Path | None = None,
    *,
    only: Sequence[str] | None = None,
) -> Delivery:
    """Write `<code>-<slug>.zip` per municipality to `folder` (`data/<round>/delivery/`).

    All packages (or those of the codes `only`) are made and checked before the first takes its
    place. A municipality without a finished report is left out, and an older package of it is
    removed, for its numbers may have been hidden since. Raises SurveyError where a package would
    hold something foreign, reports are older than the release, the national report is missing, or
    `folder` would hold the list of passphrases; ParameterError where `only` names a stranger.
    """
    folder = paths.data / "delivery" if folder is None else Path(folder)
    list_file = passphrase_list(paths)
    if list_file.resolve().is_relative_to(folder.resolve()):
        raise SurveyError(
            str(folder),
            "the passphrases would lie with the packages",
            f"a folder that {list_file} does not lie in",
            "Give another folder.",
        )
    round_ = published.round
    places = _chosen(round_, only)
    failed = _failed_in_last_run(paths)
    national = _members(paths.national_folder, NATIONAL)
    missing = [n for n in NATIONAL_FINISHED if f"{NATIONAL}/{n}" not in national]
    if missing:
        raise SurveyError(
            str(paths.national_folder),
            f"{', '.join(missing)} is not there",
            "a finished national report",
            f"Run `survey run {round_.id} --stage national` first.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    left_out: dict[str, str] = {}
    made: dict[str, tuple[Municipality, str, Path]] = {}
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as scratch:
        for place in places:
            own = _members(paths.report_folder(place), place.folder)
            reason = _unfinished(place, own, published, failed)
            if reason:
                left_out[place.code] = reason
                continue
            members = own | national
            members[READ_ME] = _read_me(round_, place, members).encode("utf-8-sig")
            foreign = foreign_numbers(members, place, round_.municipalities.values())
            if foreign:
                problems.append(_foreign_problem(paths, place, foreign))
                continue
            passphrase = new_passphrase()
            package = Path(scratch) / f"{place.folder}.zip"
            write_private(package, _zip(members, passphrase, round_))
            made[package.name] = (place, passphrase, package)
        if problems:
            raise SurveyError(problems=problems)
        gone = [f"{round_.municipalities[code].folder}.zip" for code in left_out]
        _put_in_place(folder, list_file, made, gone)
    return Delivery(tuple(folder / name for name in made), list_file, left_out)


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


def new_passphrase() -> str:
    """Six groups of four random characters, as `k7wd-…`: 118 bits, easily read aloud and typed."""
    groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)]
    return "-".join(groups)


def _chosen(round_: Round, only: Sequence[str] | None) -> list[Municipality]:
    strangers = sorted(set(only or ()) - set(round_.settings.participants))
    if strangers:
        raise ParameterError(
            "--only",
            f"{', '.join(strangers)} takes no part in {round_.id}",
            f"codes among the {len(round_.participants)} participants",
            "Correct the code.",
        )
    return [m for m in round_.participants if only is None or m.code in only]


def _failed_in_last_run(paths: Paths) -> set[str]:
    """Codes whose report could not be made anew in the latest run; none where there is no manifest.

    Raises SurveyError where the reports were made from another release than the one that lies there.
    """
    manifest = paths.build / "manifest.json"
    if not manifest.is_file():
        return set()
    content = json.loads(manifest.read_text("utf-8"))
    released = paths.build / "released.parquet"
    told = content.get("files", {}).get(released.name)
    if told and released.is_file() and told != hashlib.sha256(released.read_bytes()).hexdigest():
        raise SurveyError(
            str(paths.build),
            "the reports are older than the release: they may show what is hidden now",
            "reports of the latest release",
            f"Run `survey run {paths.round_id}` again, then deliver.",
        )
    failed = set(content.get("failed", ()))
    if WHOLE_ROUND in failed:
        raise SurveyError(
            str(paths.build),
            "the latest run failed for the round as a whole",
            "a run in which at most some municipalities failed",
            f"Mend what `survey run {paths.round_id}` tells, then deliver.",
        )
    return failed


def _members(folder: Path, name: str) -> dict[str, bytes]:
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


def _unfinished(
    place: Municipality, own: Mapping[str, bytes], published: Published, failed: set[str]
) -> str:
    """Why a municipality gets no package; empty where it does."""
    if place in published.missing:
        return "no released results"
    if place.code in failed:
        return "its report could not be made in the latest run"
    lacking = [n for n in FINISHED if not own.get(f"{place.folder}/{n}")]
    return f"no finished report: {', '.join(lacking)} is missing or empty" if lacking else ""


def _foreign_problem(paths: Paths, place: Municipality, foreign: Sequence[str]) -> Problem:
    return Problem(
        f"{paths.build}, package of {place.code} {place.name}",
        f"{', '.join(foreign)} may hold other municipalities' numbers",
        f"only {place.folder}/ and {NATIONAL}/ without tables of the round",
        f"Remove the file, then run `survey run {paths.round_id} --stage report` again; nothing "
        "was delivered.",
    )


def _read_me(round_: Round, place: Municipality, members: Iterable[str]) -> str:
    labels = {f"{place.folder}/{n}": label for n, label in FILES.items()}
    labels |= {f"{NATIONAL}/{n}": label for n, label in NATIONAL_FILES.items()}
    contents = [f"- {n}" + (f" ({labels[n]})" if n in labels else "") for n in sorted(members)]
    few = round_.settings.disclosure.min_answers
    simulated = ["Runden er simuleret: alle borgere og svar er opdigtede.", ""]
    if not round_.settings.simulated:
        simulated = []
    lines = [
        SURVEY,
        f"Resultater for {official_name(place.code, place.name)}, {round_.settings.title}",
        "",
        *simulated,
        f"Pakken indeholder kommunens egne resultater ({place.folder}) og landets ({NATIONAL}):",
        *contents,
        "",
        f"Tal, der bygger på færre end {few} svar, er skjult af hensyn til borgerne. Enkelte andre",
        "tal er skjult, fordi de skjulte tal ellers kunne regnes ud.",
        "",
        "Opbevar ikke kodeordet sammen med pakken.",
        "",
        "Spørgsmål rettes til KL.",
        "",
    ]
    return "\r\n".join(lines)


def _zip(members: Mapping[str, bytes], passphrase: str, round_: Round) -> bytes:
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


def _put_in_place(
    folder: Path,
    list_file: Path,
    made: Mapping[str, tuple[Municipality, str, Path]],
    gone: Iterable[str],
) -> None:
    """Move the packages in, remove the old ones; the list tells what lies there, come what may."""
    known = {n: row for n, row in _read_list(list_file).items() if (folder / n).is_file()}
    try:
        for name in gone:
            (folder / name).unlink(missing_ok=True)
            known.pop(name, None)
        for name, (place, passphrase, package) in made.items():
            os.replace(package, folder / name)
            known[name] = (place.name, name, passphrase)
    except OSError as e:
        raise SurveyError(
            str(folder / name),
            f"cannot be replaced ({e.strerror})",
            "a file that no program holds open",
            "Close it, then deliver again.",
        ) from e
    finally:
        _write_list(list_file, known)


def _read_list(list_file: Path) -> dict[str, tuple[str, ...]]:
    """File name → row; rows that are not whole (a list saved by hand) are passed over."""
    if not list_file.is_file():
        return {}
    text = list_file.read_bytes().decode("utf-8-sig", "replace")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]
    return {row[1]: tuple(row) for row in rows if len(row) == len(LIST_HEADINGS)}


def _write_list(list_file: Path, known: Mapping[str, tuple[str, ...]]) -> None:
    """Semicolons and a byte order mark, so that Danish Excel opens it by a double click."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(LIST_HEADINGS)
    writer.writerows([_safe(cell) for cell in known[name]] for name in sorted(known))
    write_private(list_file, text.getvalue().encode("utf-8-sig"))


def _safe(cell: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
