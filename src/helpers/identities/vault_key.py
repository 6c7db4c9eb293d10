"""Where the key to the vaults comes from: the environment or a file, never beside the data.

A round with `simulated: true` has no real persons: its key follows from the round and its seed, so
that `survey demo` needs no set-up.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers.common.errors import SurveyError
from helpers.common.paths import PROJECT, write_private_bytes
from helpers.parameters.params import RoundFile

KEY_VARIABLE = "SURVEY_KEY"  # the key itself; goes before a file
FILE_VARIABLE = "SURVEY_KEY_FILE"
CLOSED_VARIABLE = "SURVEY_VAULT_CLOSED"  # set for notebooks
KEY_BYTES = 32  # AES-256
KEY_FORMS = "64 hexadecimal digits, or 32 bytes in base64"
NEW_KEY = "Make one with `survey key new`."
ID_DIGITS = 8  # hexadecimal
_LARGEST_KEY_FILE = 4096  # bytes; more is no key
_URL_SAFE = str.maketrans("-_", "+/")


class VaultError(SurveyError):
    """The key or a vault file cannot be used; the message quotes neither the key nor a citizen."""


@dataclass(frozen=True)
class Key:
    """An AES-256 key. Its `id` may be told: it names the key and does not give it away."""

    bytes: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.bytes) != KEY_BYTES:
            raise VaultError(
                "key", f"has {len(self.bytes)} bytes", f"{KEY_BYTES} random bytes", NEW_KEY
            )

    @property
    def id(self) -> str:
        """First 8 hexadecimal digits of SHA-256 of a fixed label and the key."""
        return hashlib.sha256(b"survey vault key id\0" + self.bytes).hexdigest()[:ID_DIGITS]


def default_key_file() -> Path:
    """Where the key lies unless told otherwise: the platform's folder for a user's settings."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    else:
        base = os.environ.get("XDG_CONFIG_HOME", "")
        if not os.path.isabs(base):  # the XDG specification: a relative one is ignored
            base = os.path.join(home, ".config")
    return Path(base) / "jobcentre-survey" / "key"


@contextmanager
def closed_vault() -> Iterator[None]:
    """No vault opens in here, nor in processes started in here: they have no key."""
    names = (KEY_VARIABLE, FILE_VARIABLE, CLOSED_VARIABLE)
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ[CLOSED_VARIABLE] = "1"
    try:
        yield
    finally:
        del os.environ[CLOSED_VARIABLE]
        os.environ.update({k: v for k, v in before.items() if v is not None})


def key_of_round(settings: RoundFile, root: Path) -> Key:
    """The key of a round's vaults: the house's own, or the simulated one in a simulated round.

    Raises VaultError where there is no key, or inside `closed_vault`.
    """
    if os.environ.get(CLOSED_VARIABLE):
        raise VaultError(
            "vault",
            "is closed to the analysis",
            "intake and send-out alone open it",
            "Work with the population table and its random ids.",
        )
    if settings.simulated:
        return simulated_key(settings.round, settings.seed)
    return load_key(root)


def simulated_key(round_id: str, seed: int) -> Key:
    """Key of a simulated round: SHA-256 of its name and seed, known to everybody who reads this.

    Only for rounds whose persons are all invented.
    """
    return Key(hashlib.sha256(f"simulated vault key {round_id} {seed}".encode()).digest())


def load_key(root: Path = PROJECT) -> Key:
    """The key from SURVEY_KEY, or from the file that SURVEY_KEY_FILE names, or the default file.

    `root` holds the data. Raises VaultError where there is no key, where it is malformed, or where
    its file cannot be read, is readable by others, or lies inside `root` or the project.
    """
    text = os.environ.get(KEY_VARIABLE, "").strip()
    if text:
        return _parse(text, KEY_VARIABLE)
    named = os.environ.get(FILE_VARIABLE, "").strip()
    if named:  # quoted only once it is a file: it might be the key itself, put there by mistake
        return _key_in(Path(os.path.expanduser(named)), FILE_VARIABLE, root)
    return key_from_file(default_key_file(), root)


def key_from_file(path: Path, root: Path = PROJECT) -> Key:
    """The key in a named file, under the same rules as `load_key`."""
    return _key_in(Path(path), str(path), root)


def new_key(path: Path | None = None, root: Path = PROJECT) -> Key:
    """Write a new random key to `path` (the default file), mode 0600 in a folder of mode 0700.

    A key that is there already is never overwritten: what it encrypted could not be read again.
    Raises VaultError then, where `path` lies inside `root` or the project, or cannot be written.
    """
    path = default_key_file() if path is None else Path(path)
    _refuse_inside_data(path, root)
    key = Key(secrets.token_bytes(KEY_BYTES))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _make_private_folder(path.parent)
        try:
            write_private_bytes(temporary, key.bytes.hex().encode("ascii") + b"\n")
            # both fail where `path` is there, which os.replace would not
            (os.rename if sys.platform == "win32" else os.link)(temporary, path)
        finally:
            if path.parent.is_dir():
                temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise VaultError(
            str(path),
            "holds something already, and a key is never overwritten",
            "a path without a file",
            "Keep that key, or give another path to `survey key new`.",
        ) from None
    except OSError as e:
        raise VaultError(
            str(path),
            f"cannot be written ({e.strerror})",
            "a folder that you may write to",
            "Give another path to `survey key new`.",
        ) from None
    return key


def _key_in(path: Path, where: str, root: Path) -> Key:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LARGEST_KEY_FILE + 1)
    except FileNotFoundError:
        raise VaultError(
            where,
            "there is no key file",
            f"a key in {KEY_VARIABLE}, in the file that {FILE_VARIABLE} names, "
            f"or in {default_key_file()}",
            NEW_KEY,
        ) from None
    except OSError as e:
        raise VaultError(
            where,
            f"the key file cannot be read ({e.strerror})",
            "a file that you may read",
            f"Mend its owner or mode, or name another file. {NEW_KEY}",
        ) from None
    _refuse_inside_data(path, root)
    if sys.platform != "win32" and mode & 0o077:
        raise VaultError(
            str(path),
            f"others than its owner may use the key file (mode {mode & 0o777:04o})",
            "mode 0600",
            f"chmod 600 '{path}' – and if others may have read it, make another with "
            "`survey key new` and rotate.",
        )
    try:
        text = content.decode("utf-8-sig").strip()  # Windows' editors write a byte order mark
    except UnicodeDecodeError:
        raise _no_key(str(path), "is no text") from None  # the cause would hold the bytes
    return _parse(text, str(path))


def _parse(text: str, where: str) -> Key:
    if re.fullmatch(r"[0-9A-Fa-f]*", text):  # a cut-off hexadecimal key could pass for base64
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else b""
    else:
        try:
            padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
            raw = base64.b64decode(padded.translate(_URL_SAFE), validate=True)
        except ValueError:
            raw = b""
    if len(raw) != KEY_BYTES:
        raise _no_key(where, f"holds no key ({len(text)} characters)")
    return Key(raw)


def _no_key(where: str, what: str) -> VaultError:
    return VaultError(where, what, KEY_FORMS, f"Correct it. {NEW_KEY}")


def _refuse_inside_data(path: Path, root: Path) -> None:
    real = path.resolve()
    for folder in (Path(root).resolve(), PROJECT):
        if real.is_relative_to(folder):
            raise VaultError(
                str(path),
                f"the key file lies inside {folder}",
                "a key file elsewhere: a key does not lie beside the data that it opens",
                f"Move it to {default_key_file()}, or make one there with `survey key new`.",
            )


def _make_private_folder(folder: Path) -> None:
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
