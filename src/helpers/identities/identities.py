"""Who a person is lies apart from what is analysed: random ids, random link tokens, and the vault.

Ids and tokens are 128 random bits (`secrets`), never derived from the CPR number or from each other. A
person keeps the id from extract to extract, for the vault knows the number; a citizen who has been
drawn keeps the token, for the sample holds it. Only in a simulated round, where all persons are
invented, do they follow from the seed, so that the same round can be made again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.identities.vault import read_vault
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round, RoundFile
from helpers.received.stray_rows import names_with_more, phones_with_more

TOKEN_BYTES = 16  # 128 bits
CONTACT = ["cpr", "name", "phone"]


def person_ids(settings: RoundFile, code: str, start: int, count: int) -> list[str]:
    """Ids of the persons first seen as number `start`, `start + 1` … in a municipality (32
    hexadecimal digits)."""
    width = 2 * TOKEN_BYTES
    if settings.simulated:
        seeded = f"simulated {settings.round} {settings.seed} person {code}".encode()
        text = hashlib.shake_256(seeded).hexdigest((start + count) * TOKEN_BYTES)[start * width :]
    else:
        text = secrets.token_hex(count * TOKEN_BYTES)
    return np.frombuffer(text.encode("ascii"), f"S{width}").astype(str).tolist()


def link_keys(ids: pd.Series, known: pd.Series, settings: RoundFile) -> pd.Series:
    """Token of each person's unique link, by `ids`; `known`: person id → token given earlier."""

    def new(person_id: str) -> str:
        if not settings.simulated:
            return secrets.token_hex(TOKEN_BYTES)
        seeded = f"simulated {settings.round} {settings.seed} link {person_id}".encode()
        return hashlib.blake2b(seeded, digest_size=TOKEN_BYTES).hexdigest()

    have = known.to_dict()
    keys = [have.get(person_id) or new(person_id) for person_id in ids]
    return pd.Series(keys, index=ids.index, dtype="str")


def update_vault(
    known: pd.DataFrame | None, persons: pd.DataFrame, settings: RoundFile, code: str
) -> pd.DataFrame:
    """The municipality's vault after an extract: known persons keep their id and number.

    `persons` has `cpr`, `name`, `phone`. Returns a row a person ever seen: `serial`, `person_id`,
    `cpr`, `name`, `phone`; name and telephone are the latest.
    """
    new = persons if known is None else persons[~persons["cpr"].isin(known["cpr"])]
    first = 0 if known is None else len(known)
    added = pd.DataFrame(
        {
            "serial": range(first, first + len(new)),
            "person_id": person_ids(settings, code, first, len(new)),
            **{column: new[column].array for column in CONTACT},
        }
    )
    if known is None:
        return added
    vault = pd.concat([known, added], ignore_index=True)
    latest = pd.concat([persons[CONTACT], known[CONTACT]]).drop_duplicates("cpr").set_index("cpr")
    return vault[["serial", "person_id", "cpr"]].join(latest, on="cpr")


def known_persons(
    paths: Paths, round_: Round, codes: Iterable[str] | None = None
) -> tuple[list[str], list[str]]:
    """Names, and CPR and telephone numbers, of everybody in the vaults that exist: what no output may
    hold. Raises VaultError where a vault does not open."""
    names: list[str] = []
    numbers: list[str] = []
    every = sorted(p.name for p in paths.vault_folder.glob("????"))  # also of those that are out
    held = [c for c in codes or every if paths.vault(c).is_file() and c in round_.municipalities]
    if not held:
        return names, numbers
    key = key_of_round(round_.settings, paths.root)
    for code in held:
        vault = read_vault(paths.vault(code), key, round_.id, code)
        names += vault["name"].dropna().tolist()
        numbers += [n for n in [*vault["cpr"], *vault["phone"].dropna()] if n]
    return names, numbers


def send_out_list(sample: pd.DataFrame, vault: pd.DataFrame, link_base: str) -> pd.DataFrame:
    """Mail-merge basis: a row a sampled citizen with key, CPR number, name, telephone and link.

    Raises SurveyError where a citizen is not in the vault, or where a name or telephone number holds
    another row of an extract or a CPR number: no letter carries one citizen's data to another.
    """
    merged = sample[["person_id", "key"]].merge(vault, on="person_id", how="left")
    if merged["cpr"].isna().any():
        raise SurveyError(
            "vault",
            f"{int(merged['cpr'].isna().sum())} sampled citizens are not in the vault",
            "the vault that the sample was drawn with",
            "Restore the vault from the back-up, then run again.",
        )
    for column, more in (
        ("name", names_with_more(merged["name"].fillna(""))),
        ("phone", phones_with_more(merged["phone"].fillna(""), vault["cpr"])),
    ):
        if more.any():
            raise SurveyError(
                "vault",
                f"{int(more.sum())} sampled citizens' {column} holds a CPR number or another row of the "
                "extract; nothing was written",
                "a name, and telephone numbers",
                "Take the extract in again (`survey run ROUND --stage intake --only CODE`): the cells "
                "are named. Mend it, take it in, and make the lists again.",
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
