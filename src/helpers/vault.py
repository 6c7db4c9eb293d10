"""Identities encrypted at rest: AES-256-GCM, with a key that never lies beside the data.

A vault file is `JCVAULT`, one byte version, four bytes key id, twelve random bytes nonce, then the
encrypted Parquet table and its 16-byte tag. Header, round and municipality are authenticated too: a
file that was changed, cut off, or moved to another municipality or round does not open. Plain text
exists in memory alone. A round with `simulated: true` has no real persons: its key follows from the
round and its seed, so that `survey demo` needs no set-up.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpers.errors import Problem, SurveyError
from helpers.params import RoundFile
from helpers.paths import PROJECT, write_atomically

KEY_VARIABLE = "SURVEY_KEY"  # the key itself; goes before a file
FILE_VARIABLE = "SURVEY_KEY_FILE"
CLOSED_VARIABLE = "SURVEY_VAULT_CLOSED"  # set for notebooks
KEY_BYTES = 32  # AES-256
KEY_FORMS = "64 hexadecimal digits, or 32 bytes in base64"
NEW_KEY = "Make one with `survey key new`."

MAGIC = b"JCVAULT"
VERSION = b"\x01"
ID_BYTES, NONCE_BYTES, TAG_BYTES = 4, 12, 16  # nonce: 96 bits, as NIST SP 800-38D recommends
_ID_AT = len(MAGIC) + len(VERSION)
_HEADER_BYTES = _ID_AT + ID_BYTES + NONCE_BYTES
_PARQUET_MAGIC = b"PAR1"
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
        return hashlib.sha256(b"survey vault key id\0" + self.bytes).hexdigest()[: 2 * ID_BYTES]


# -------------------------------------------------------------------------------------------- keys


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
        path = Path(os.path.expanduser(named))
        return _parse(_read_key_file(path, FILE_VARIABLE, root), str(path))
    path = default_key_file()
    return _parse(_read_key_file(path, str(path), root), str(path))


def key_from_file(path: Path, root: Path = PROJECT) -> Key:
    """The key in a named file, under the same rules as `load_key`."""
    return _parse(_read_key_file(Path(path), str(path), root), str(path))


def new_key(path: Path | None = None, root: Path = PROJECT) -> Key:
    """Write a new random key to `path` (the default file), mode 0600 in a folder of mode 0700.

    A key that is there already is never overwritten: what it encrypted could not be read again.
    Raises VaultError then, where `path` lies inside `root` or the project, or cannot be written.
    """
    path = default_key_file() if path is None else Path(path)
    _refuse_beside_data(path, root)
    key = Key(secrets.token_bytes(KEY_BYTES))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _make_private_folder(path.parent)
        try:
            _write_private_bytes(beside, key.bytes.hex().encode("ascii") + b"\n")
            # both fail where `path` is there, which os.replace would not
            (os.rename if sys.platform == "win32" else os.link)(beside, path)
        finally:
            if path.parent.is_dir():
                beside.unlink(missing_ok=True)
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


def _read_key_file(path: Path, where: str, root: Path) -> str:
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
    _refuse_beside_data(path, root)
    if sys.platform != "win32" and mode & 0o077:
        raise VaultError(
            str(path),
            f"others than its owner may use the key file (mode {mode & 0o777:04o})",
            "mode 0600",
            f"chmod 600 '{path}' – and if others may have read it, make another with "
            "`survey key new` and rotate.",
        )
    try:
        return content.decode("utf-8-sig").strip()  # Windows' editors write a byte order mark
    except UnicodeDecodeError:
        raise _no_key(str(path), "is no text") from None  # the cause would hold the bytes


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


def _refuse_beside_data(path: Path, root: Path) -> None:
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


# ------------------------------------------------------------------------------------- vault files


def write_vault(path: Path, table: pd.DataFrame, key: Key, round_id: str, code: str) -> Path:
    """Encrypt `table` to `path`, mode 0600; what lay there stays until the new file is proven.

    Raises VaultError where a column holds things of several kinds.
    """
    buffer = io.BytesIO()
    try:
        table.to_parquet(buffer)
    except (pa.ArrowException, TypeError, ValueError):  # their messages may quote a cell
        raise VaultError(
            str(path),
            "the table cannot be written",
            "columns with names of their own, each of one type",
            "Report it: this is a fault of the program.",
        ) from None
    return _replace(path, buffer.getvalue(), key, round_id, code)


def read_vault(path: Path, key: Key, round_id: str, code: str) -> pd.DataFrame:
    """The table that `write_vault` took, types and missing values as they were.

    Text columns of type object come back as str. Raises VaultError where the file is missing, not
    encrypted, encrypted with another key, changed, cut off, or another municipality's or round's.
    """
    plain = _unseal(_content(path), path, key, round_id, code)
    return pd.read_parquet(io.BytesIO(plain))


def encrypt_plain(path: Path, key: Key, round_id: str, code: str) -> bool:
    """Encrypt an old vault, a plain Parquet file, where it lies; False where it is encrypted already.

    The drive may keep the old file's blocks; what was deleted there is the drive's own matter.
    """
    content = _content(path)
    if not content.startswith(_PARQUET_MAGIC):
        _unseal(content, path, key, round_id, code)
        return False
    try:
        pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError):
        raise VaultError(
            str(path), "is a broken Parquet file", "a vault", "Restore it from the back-up."
        ) from None
    _replace(path, content, key, round_id, code)
    return True


@dataclass(frozen=True)
class Rotation:
    """How many files were encrypted anew, and how many were under the new key already."""

    rotated: int
    already: int


def rotate(files: Iterable[Path], old: Key, new: Key, round_id: str) -> Rotation:
    """Encrypt the vault files `<code>.*` of a round anew, from key `old` to key `new`.

    All are opened before the first is changed, and each new file is read back before it takes the
    old one's place. After an interruption every file opens with one of the two keys, and a second
    run finishes. Names that begin with a dot are leftovers of a killed run and passed over. Raises
    VaultError with every file that opens with neither key; then nothing has been changed.
    """
    if old.id == new.id:
        raise VaultError(
            "rotation", f"the old and the new key are the same ({old.id})", "two keys", NEW_KEY
        )
    waiting: list[Path] = []
    problems: list[Problem] = []
    already = 0
    for path in sorted(p for p in map(Path, files) if not p.name.startswith(".")):
        try:
            content = _content(path)
            if _key_id(content) == new.id:
                _unseal(content, path, new, round_id, _code(path))
                already += 1
            else:
                _unseal(content, path, old, round_id, _code(path))
                waiting.append(path)
        except VaultError as e:
            problems += e.problems
    if problems:
        raise VaultError(problems=problems)
    for path in waiting:
        plain = _unseal(_content(path), path, old, round_id, _code(path))
        _replace(path, plain, new, round_id, _code(path))
    return Rotation(len(waiting), already)


def _code(path: Path) -> str:
    return path.name.split(".")[0]


def _content(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise VaultError(
            str(path),
            "there is no vault",
            "the result of the step intake",
            "Run intake, or restore the vault from the back-up.",
        ) from None


def _seal(plain: bytes, key: Key, round_id: str, code: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = MAGIC + VERSION + bytes.fromhex(key.id) + nonce
    return header + AESGCM(key.bytes).encrypt(nonce, plain, _bound(header, round_id, code))


def _unseal(content: bytes, path: Path, key: Key, round_id: str, code: str) -> bytes:
    """The Parquet bytes of a vault file's `content`; `path` is for the message."""
    _check_header(content, path)
    if _key_id(content) != key.id:
        raise VaultError(
            str(path),
            f"is encrypted with key {_key_id(content)}, and the key given is {key.id}",
            f"key {_key_id(content)}",
            f"Name that key's file in {FILE_VARIABLE}; a key from `survey key new` opens no "
            "older vault.",
        )
    header, body = content[:_HEADER_BYTES], content[_HEADER_BYTES:]
    try:
        return AESGCM(key.bytes).decrypt(
            header[-NONCE_BYTES:], body, _bound(header, round_id, code)
        )
    except InvalidTag:
        raise VaultError(
            str(path),
            "does not open: changed, cut off, or another municipality's or round's file",
            f"the vault of {code} in {round_id} as it was written",
            "Restore it from the back-up.",
        ) from None


def _check_header(content: bytes, path: Path) -> None:
    if content.startswith(_PARQUET_MAGIC):
        raise VaultError(
            str(path),
            "is a plain Parquet file, an old vault that is not encrypted",
            "an encrypted vault",
            "Encrypt it with `survey key encrypt ROUND` (no key yet? `survey key new`).",
        )
    if not content.startswith(MAGIC) or len(content) < _HEADER_BYTES + TAG_BYTES:
        raise VaultError(
            str(path),
            f"is no vault, or cut off ({len(content)} bytes)",
            "an encrypted vault",
            "Restore it from the back-up.",
        )
    version = content[len(MAGIC) : _ID_AT]
    if version != VERSION:
        raise VaultError(
            str(path),
            f"has version {version[0]} of the format",
            f"version {VERSION[0]}",
            "Update the program, or restore the file from the back-up.",
        )


def _key_id(content: bytes) -> str:
    return content[_ID_AT : _ID_AT + ID_BYTES].hex()


def _bound(header: bytes, round_id: str, code: str) -> bytes:
    """Associated data: authenticated, not encrypted."""
    return header + json.dumps([round_id, code]).encode("ascii")


def _replace(path: Path, plain: bytes, key: Key, round_id: str, code: str) -> Path:
    """Encrypt to `path`; the new file is read back from the disk before it takes the place."""

    def write(beside: Path) -> None:
        _write_private_bytes(beside, _seal(plain, key, round_id, code))
        if _unseal(beside.read_bytes(), path, key, round_id, code) != plain:
            raise VaultError(
                str(path),
                "did not come back from the disk as it was written; the old file stays",
                "a sound drive",
                "Check the drive, then run again.",
            )

    return write_atomically(Path(path), write)


# ----------------------------------------------------------------------------------- private files


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that its owner alone can read (mode 0600), atomically."""
    return write_atomically(path, lambda beside: _write_private_bytes(beside, content))


def _write_private_bytes(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # left by a killed process of the same number
    with open(path, "xb", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # before the rename: a power cut leaves the old file or the new
