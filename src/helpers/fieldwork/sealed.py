"""Files of a municipality's send-out: in an encrypted ZIP with a passphrase, or plain if asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from helpers.common.paths import Paths, write_private
from helpers.delivery.package import encrypted_zip
from helpers.identities.passphrases import new_passphrase, passphrase_list, read_list, write_list
from helpers.parameters.params import Round

READ_ME = "LÆS MIG.txt"


def listed_as(code: str, package: str, month: str = "") -> str:
    """How the list of passphrases names a package of the send-out; `month`: of a rolling round."""
    return "/".join(filter(None, ("sendout", month, code, package)))


def seal(
    paths: Paths,
    round_: Round,
    code: str,
    package: str,
    members: Mapping[str, bytes],
    *,
    plain: bool,
    supersedes: Iterable[str],
    month: str = "",
) -> list[Path]:
    """Write the members into `sendout/<code>/<package>`, or `plain` beside each other; returns what
    was written. With the `month` of a rolling round, into `sendout/<month>/<code>/`.

    Contents exist in memory alone until they are encrypted. A passphrase that the list has for the
    package already is kept, since the municipality may have been told, and the list is written
    before the package: none ever lies there that nothing opens. What an earlier call left in the
    other form, or under a name in `supersedes`, is removed, so that nobody sends an old list.
    """
    folder = paths.sendout(code) if not month else paths.data / "sendout" / month / code
    if plain:
        written = [write_private(folder / n, c) for n, c in members.items() if n != READ_ME]
        old = {package, *supersedes} - members.keys()
    else:
        passphrase = _passphrase(
            paths, round_.municipalities[code].name, listed_as(code, package, month)
        )
        content = encrypted_zip(members, passphrase, round_)
        written = [write_private(folder / package, content)]
        old = set(supersedes)
    for name in old:
        (folder / name).unlink(missing_ok=True)
    if plain:
        forget_passphrases(paths, [listed_as(code, package, month)])
    return written


def _passphrase(paths: Paths, municipality: str, name: str) -> str:
    list_file = passphrase_list(paths)
    known = read_list(list_file)
    if name not in known:
        known[name] = (municipality, name, new_passphrase())
        write_list(list_file, known)
    return known[name][2]


def forget_passphrases(paths: Paths, names: Iterable[str]) -> None:
    """Take packages that are no more out of the list."""
    list_file = passphrase_list(paths)
    known = read_list(list_file)
    gone = known.keys() & set(names)
    if gone:
        write_list(list_file, {n: row for n, row in known.items() if n not in gone})


def read_me(round_: Round, place: str, members: Iterable[tuple[str, str]]) -> bytes:
    """What lies in the package, for the municipality: Danish, with the line ends of Windows."""
    invented = ["Runden er simuleret: alle borgere er opdigtede.", ""]
    lines = [
        f"Udsendelse for {place}, {round_.settings.title}",
        "",
        *(invented if round_.settings.simulated else []),
        *(f"- {name}: {what}" for name, what in members),
        "",
        "Filerne indeholder navne og CPR-numre. Pak dem kun ud på et sikkert drev, og slet dem, når",
        "brevene er sendt. Opbevar ikke kodeordet sammen med pakken.",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8-sig")
