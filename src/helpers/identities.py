"""Who a person is lies apart from what is analysed: random ids, the vault, and the links.

Ids and link tokens are 128-bit outputs of a keyed hash under the round's own random secret; they are
never derived from the CPR number. A person keeps the id from extract to extract: the vault knows the
number. Encryption of the vault comes with the privacy work; until then `data/` must lie on a
protected drive.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

import pandas as pd

from helpers.errors import SurveyError
from helpers.params import RoundFile
from helpers.paths import write_atomically

ID_BYTES = 16  # 128 bits


def round_secret(path: Path, settings: RoundFile) -> bytes:
    """The round's secret, made at first need: random, or from the seed in a simulated round."""
    if not path.is_file():
        if settings.simulated:
            secret = hashlib.sha256(f"simulated {settings.round} {settings.seed}".encode()).digest()
        else:
            secret = secrets.token_bytes(32)
        write_atomically(path, lambda p: p.write_text(secret.hex(), encoding="ascii"))
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def person_ids(secret: bytes, code: str, start: int, count: int) -> list[str]:
    """Ids of the persons first seen as number `start`, `start + 1` … in a municipality."""
    stream = hashlib.shake_256(secret + b"person" + code.encode()).digest(
        (start + count) * ID_BYTES
    )
    text = stream.hex()
    width = 2 * ID_BYTES
    return [text[i * width : (i + 1) * width] for i in range(start, start + count)]


def link_keys(secret: bytes, ids: pd.Series) -> pd.Series:
    """Token of each person's unique link (32 hexadecimal digits)."""

    def key(person_id: str) -> str:
        return hashlib.blake2b(
            person_id.encode(), key=secret, digest_size=ID_BYTES, person=b"link"
        ).hexdigest()

    return ids.map(key).astype("str")


def update_vault(known: pd.DataFrame | None, persons: pd.DataFrame, secret: bytes, code: str):
    """The municipality's vault after an extract: known persons keep their id and number.

    `persons` has `cpr`, `name`, `phone`. Returns a row a person ever seen: `serial`, `person_id`,
    `cpr`, `name`, `phone`; name and telephone are the latest.
    """
    seen = known if known is not None else _empty()
    new = persons[~persons["cpr"].isin(seen["cpr"])]
    added = pd.DataFrame(
        {
            "serial": range(len(seen), len(seen) + len(new)),
            "person_id": person_ids(secret, code, len(seen), len(new)),
            "cpr": new["cpr"].to_numpy(),
        }
    )
    vault = pd.concat([seen[["serial", "person_id", "cpr"]], added], ignore_index=True)
    contacts = pd.concat([persons[["cpr", "name", "phone"]], seen[["cpr", "name", "phone"]]])
    latest = contacts.drop_duplicates("cpr").set_index("cpr")
    return vault.join(latest, on="cpr")


def _empty() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "serial": pd.Series(dtype="int64"),
            **{c: pd.Series(dtype="str") for c in ("person_id", "cpr", "name", "phone")},
        }
    )


def send_out_list(sample: pd.DataFrame, vault: pd.DataFrame, link_base: str) -> pd.DataFrame:
    """Mail-merge basis: a row a sampled citizen with key, CPR number, name, telephone and link."""
    merged = sample[["person_id", "key"]].merge(vault, on="person_id", how="left")
    if merged["cpr"].isna().any():
        raise SurveyError(
            "vault",
            f"{int(merged['cpr'].isna().sum())} sampled citizens are not in the vault",
            "the vault that the sample was drawn with",
            "Restore the vault from the back-up, then run again.",
        )
    return pd.DataFrame(
        {
            "Nøgle": merged["key"],
            "CPR-nr.": merged["cpr"].str[:6] + "-" + merged["cpr"].str[6:],
            "Navn": merged["name"],
            "Telefonnr.": merged["phone"],
            "Link": link_base + merged["key"],
        }
    )
