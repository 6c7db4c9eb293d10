"""Who stands in an extract, comparable and not readable: keyed hashes of CPR numbers.

A fingerprint is HMAC-SHA256 of a number under a key derived from the vaults' key. Whoever has no key
can neither read numbers from it nor try them one by one. Rounds under one key can be compared.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pandas as pd

from helpers.identities.vault_key import Key
from helpers.parameters.intake_decisions import DIGEST_DIGITS
from helpers.received.cells import normalise

TOKEN_DIGITS, NAME_DIGITS = 32, 16  # hexadecimal: 128 and 64 bits
_PURPOSE = b"survey fingerprints of extracts\0"
_CONTENT = ["benefit_type", "spell_start", "latest_conversation", "course_closed", "passive"]


def file_digest(*paths: Path) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the file, or of files one after the other; tells a
    mended file from the one before it."""
    content = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            hashlib.file_digest(file, lambda: content)
    return content.hexdigest()[:DIGEST_DIGITS]


def fingerprints(persons: pd.DataFrame, key: Key) -> pd.DataFrame:
    """A row a person of an extract: `token` (of the CPR number), `name_token` (of number and first name
    together, empty without a name), `row` in the file and `spell_start`."""
    secret = _secret(key)
    first_names = [normalise(name.split(" ")[0]) for name in persons["name"]]
    named = [f"{cpr}\0{first}" if first else "" for cpr, first in zip(persons["cpr"], first_names)]
    return pd.DataFrame(
        {
            "token": [_hash(secret, cpr, TOKEN_DIGITS) for cpr in persons["cpr"]],
            "name_token": [_hash(secret, text, NAME_DIGITS) if text else "" for text in named],
            "row": persons["row"].to_numpy(),
            "spell_start": persons["spell_start"].to_numpy(),
        }
    )


def content_digest(persons: pd.DataFrame, key: Key) -> str:
    """Keyed digest of what an extract says of whom, whatever the file's form and order of rows."""
    table = persons[["cpr", *_CONTENT]].sort_values("cpr").to_csv(index=False)
    return _hash(_secret(key), table, DIGEST_DIGITS)


def _secret(key: Key) -> bytes:
    return hmac.digest(key.bytes, _PURPOSE, "sha256")


def _hash(secret: bytes, text: str, digits: int) -> str:
    return hmac.digest(secret, text.encode(), "sha256").hex()[:digits]
