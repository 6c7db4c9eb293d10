"""Identities encrypted at rest: AES-256-GCM, with a key that never lies beside the data.

A vault file is `JCVAULT`, one byte version, four bytes key id, twelve random bytes nonce, then the
encrypted Parquet table and its 16-byte tag. Header, round and municipality are authenticated too: a
file that was changed, cut off, or moved to another municipality or round does not open. Behind the table
lies, encrypted with it, how often the vault was written; the round's own record,
`data/<round>/vault-counts/`, has that count too, so that an old vault that is put back does not open, nor
one that was forgotten. Plain text exists in memory alone. Where the key comes from stands in `identities/vault_key.py`.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpers.common.errors import Problem
from helpers.common.paths import write_atomically, write_private_bytes
from helpers.identities.vault_key import FILE_VARIABLE, ID_DIGITS, NEW_KEY, Key, VaultError

MAGIC = b"JCVAULT"
VERSION = b"\x01"
ID_BYTES = ID_DIGITS // 2
COUNTED, COUNT_BYTES = b"JCCOUNT", 4  # behind the table; a vault without it was never counted
NONCE_BYTES, TAG_BYTES = 12, 16  # nonce: 96 bits, as NIST SP 800-38D recommends
_ID_AT = len(MAGIC) + len(VERSION)
_HEADER_BYTES = _ID_AT + ID_BYTES + NONCE_BYTES
_PARQUET_MAGIC = b"PAR1"


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
    encrypted, encrypted with another key, changed, cut off, another municipality's or round's, or older
    than the round's record.
    """
    table, count = _apart(_unseal(_content(path), path, key, round_id, code))
    _require_latest(count, path, code)
    return pd.read_parquet(io.BytesIO(table))


def encrypt_plain(path: Path, key: Key, round_id: str, code: str) -> bool:
    """Encrypt an old vault, a plain Parquet file, where it lies; False where it is encrypted already.

    The drive may keep the old file's blocks; what was deleted there is the drive's own matter.
    """
    content = _content(path)
    if not content.startswith(_PARQUET_MAGIC):
        _require_latest(_apart(_unseal(content, path, key, round_id, code))[1], path, code)
        return False
    try:
        pd.read_parquet(io.BytesIO(content))
    except (pa.ArrowException, OSError, ValueError):
        raise VaultError(
            str(path), "is a broken Parquet file", "a vault", "Restore it from the back-up."
        ) from None
    _require_latest(0, path, code)
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
        _put(path, plain, new, round_id, _code(path))  # the same table: its count stays
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


def counts_file(path: Path, code: str) -> Path:
    """The round's record of how often the municipality's vault was written: a line a time, only ever added
    to, so that a kill leaves what was there."""
    return path.parent.parent / f"{path.parent.name}-counts" / f"{code}.jsonl"


def forget_vault(path: Path, code: str, day: str) -> None:
    """Delete the vault; a copy that is put back does not open. The round's `forgotten.json` says it too."""
    counts = counts_file(path, code)
    if counts.is_file():
        _note(counts, {"writes": _writes(counts), "forgotten_on": day})
    path.unlink()


def _note(counts: Path, entry: dict) -> None:
    counts.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(counts, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write((json.dumps(entry) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())


def _record(counts: Path) -> dict:
    """The latest line; one that a kill tore says nothing, and the next begins behind it."""
    for line in reversed(counts.read_text("utf-8", errors="replace").splitlines()):
        try:
            entry = json.loads(line[line.rfind("{") :])
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("writes"), int):
            return entry
    raise VaultError(
        str(counts),
        "is no record of how often a vault was written",
        '{"writes": a number} in a line',
        "Put it back from the back-up of the same day as the vault.",
    )


def _writes(counts: Path) -> int:
    return _record(counts)["writes"] if counts.is_file() else 0


def _forgotten_on(path: Path, code: str) -> str:
    """Day on which the vault was deleted for good, by the count's record, or the round's where no count
    was kept; »« where it was not, or has been written since."""
    counts, forgotten = counts_file(path, code), path.parent.parent / "forgotten.json"
    if counts.is_file():
        return _record(counts).get("forgotten_on", "")
    entries = json.loads(forgotten.read_text("utf-8")) if forgotten.is_file() else []
    days = [e["deleted_on"] for e in entries if e["municipality"] == code and e.get("vault")]
    return days[-1] if days else ""


def _require_latest(count: int, path: Path, code: str) -> None:
    """Raise VaultError where the round's record knows of a later vault, or that this one was forgotten."""
    counts = counts_file(path, code)
    writes = _writes(counts)
    if counts.is_file() and count > writes:  # a kill came between the vault and its record
        return
    if day := _forgotten_on(path, code):
        raise VaultError(
            str(path),
            f"was deleted with its identities on {day}, and lies here again",
            "no vault",
            "Delete it.",
        )
    if count < writes:
        raise VaultError(
            str(path),
            "is an old vault that was put back: persons and keys since then are not in it",
            f"the vault as it was written last (number {writes}; this is number {count})",
            "Put back the latest one.",
        )


def _counted(table: bytes, count: int) -> bytes:
    return table + COUNTED + count.to_bytes(COUNT_BYTES, "big")


def _apart(plain: bytes) -> tuple[bytes, int]:
    """(table, count) of what was sealed; 0 where it was never counted."""
    behind = len(COUNTED) + COUNT_BYTES
    if plain[-behind:-COUNT_BYTES] != COUNTED:
        return plain, 0
    return plain[:-behind], int.from_bytes(plain[-COUNT_BYTES:], "big")


def _rows(table: bytes) -> list[tuple]:
    """What a vault tells, whatever the types of its columns and the order of its rows."""
    frame = pd.read_parquet(io.BytesIO(table)).astype("str")
    return sorted(frame[sorted(frame)].itertuples(index=False, name=None))


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


def _replace(path: Path, table: bytes, key: Key, round_id: str, code: str) -> Path:
    """Encrypt a table to `path`, with the next count, which is recorded behind it; the same table again,
    after a kill, say, keeps its count."""
    counts, lying, same = counts_file(path, code), 0, False
    if path.is_file() and (old := path.read_bytes()).startswith(MAGIC) and _key_id(old) == key.id:
        there, lying = _apart(_unseal(old, path, key, round_id, code))
        same = there == table or _rows(there) == _rows(table)
    writes = _writes(counts)
    stays = same and lying > 0 and lying >= writes and not _forgotten_on(path, code)
    count = lying if stays else max(writes, lying) + 1
    _put(path, _counted(table, count), key, round_id, code)
    if count != writes:
        _note(counts, {"writes": count})
    return path


def _put(path: Path, plain: bytes, key: Key, round_id: str, code: str) -> Path:
    """Encrypt to `path`; the new file is read back from the disk before it takes the place."""

    def write(temporary: Path) -> None:
        write_private_bytes(temporary, _seal(plain, key, round_id, code))
        if _unseal(temporary.read_bytes(), path, key, round_id, code) != plain:
            raise VaultError(
                str(path),
                "did not come back from the disk as it was written; the old file stays",
                "a sound drive",
                "Check the drive, then run again.",
            )

    return write_atomically(Path(path), write)
