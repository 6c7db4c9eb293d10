"""What each municipality gets: one encrypted ZIP of its own report and the national one.

What lies in a package stands in `delivery/package.py`, its passphrase and the list of them in
`identities/passphrases.py`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.common.errors import ParameterError, Problem, SurveyError, TooEarlyError
from helpers.common.paths import Paths, put_in_place, write_private
from helpers.common.vocabulary import NATIONAL, WHOLE_ROUND
from helpers.delivery.package import READ_ME, encrypted_zip, foreign_numbers, members_of, read_me
from helpers.identities.passphrases import new_passphrase, passphrase_list, read_list, write_list
from helpers.parameters.params import Municipality, Round
from helpers.released.published import Published

FINISHED = ("rapport.html", "praesentation.pptx", "resultater.xlsx")  # a report has all of them
NATIONAL_FINISHED = ("rapport.html",)
FOR_KL = ("dashboard.html",)  # of the country: every municipality's numbers side by side


@dataclass(frozen=True)
class Delivery:
    """`zips` were written, the passphrases of all ZIPs stand in `list_file`; `left_out` has code →
    reason of each municipality without a package."""

    zips: tuple[Path, ...]
    list_file: Path
    left_out: dict[str, str]


def deliver(
    paths: Paths,
    published: Published,
    folder: Path | None = None,
    *,
    only: Sequence[str] | None = None,
) -> Delivery:
    """Write `<code>-<slug>.zip` per municipality to `folder` (`data/<round>/delivery/`).

    All packages (or those of the codes `only`) are made and checked before the first takes its
    place; the country's dashboard stays with KL. A municipality without a finished report is left
    out, and an older package of it is removed, for its numbers may have been hidden since. Raises
    SurveyError where a package would hold something foreign, reports are older than the release, the national report is missing, or
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
    national = _national_members(paths)
    folder.mkdir(parents=True, exist_ok=True)
    left_out: dict[str, str] = {}
    made: dict[str, tuple[Municipality, str, Path]] = {}
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as scratch:
        for place in places:
            own = members_of(paths.report_folder(place), place.folder)
            reason = _unfinished(place, own, published, failed)
            if reason:
                left_out[place.code] = reason
                continue
            members = own | national
            members[READ_ME] = read_me(round_, place, members).encode("utf-8-sig")
            foreign = foreign_numbers(members, place, round_.municipalities.values())
            if foreign:
                problems.append(_foreign_problem(paths, place, foreign))
                continue
            passphrase = new_passphrase()
            package = Path(scratch) / f"{place.folder}.zip"
            write_private(package, encrypted_zip(members, passphrase, round_))
            made[package.name] = (place, passphrase, package)
        if problems:
            raise SurveyError(problems=problems)
        gone = [f"{round_.municipalities[code].folder}.zip" for code in left_out]
        _put_in_place(folder, list_file, made, gone)
    return Delivery(tuple(folder / name for name in made), list_file, left_out)


def _national_members(paths: Paths) -> dict[str, bytes]:
    """The country's files that every municipality gets. Raises TooEarlyError where one is not made."""
    national = members_of(paths.national_folder, NATIONAL)
    for name in FOR_KL:
        national.pop(f"{NATIONAL}/{name}", None)
    missing = [n for n in NATIONAL_FINISHED if f"{NATIONAL}/{n}" not in national]
    if missing:
        raise TooEarlyError(
            str(paths.national_folder),
            f"{', '.join(missing)} is not there",
            "a finished national report",
            f"Run `survey run {paths.round_id} --stage national` first.",
        )
    return national


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
    recorded = content.get("files", {}).get(released.name)
    found = hashlib.sha256(released.read_bytes()).hexdigest() if released.is_file() else recorded
    if recorded and found != recorded:
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


def _put_in_place(
    folder: Path,
    list_file: Path,
    made: Mapping[str, tuple[Municipality, str, Path]],
    gone: Iterable[str],
) -> None:
    """Move the packages in, remove the old ones; the list tells what lies there, come what may."""
    listed = read_list(list_file).items()  # those with a folder in their name are of the send-out
    known = {n: row for n, row in listed if "/" in n or (folder / n).is_file()}
    try:
        for name in gone:
            (folder / name).unlink(missing_ok=True)
            known.pop(name, None)
        for name, (place, passphrase, package) in made.items():
            put_in_place(package, folder / name)
            known[name] = (place.name, name, passphrase)
    finally:
        write_list(list_file, known)
