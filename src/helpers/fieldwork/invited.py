"""Which citizens have had the invitation, by key: `data/<round>/contact/<code>-invited.csv`.

A row a key that ever stood in an invitation's list: `first_made_on` (ISO date), `latest` (1: in the latest
whole list, or added since), `instead_of` (the reminder that it was written beside, and that it stands for).
A reminder goes to nobody who is not in it: a sample drawn again holds citizens without any letter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from helpers.answers.mailing_record import read_mailings
from helpers.common.errors import SurveyError
from helpers.common.paths import Paths, write_private
from helpers.fieldwork.contact_exceptions import OPTED_OUT, UNREACHABLE, reasons_of
from helpers.sampling.plan import read_drawn

COLUMNS = ("key", "first_made_on", "latest", "instead_of")
INVITATION = "invitation"


def read_invited(paths: Paths, code: str) -> pd.DataFrame | None:
    """COLUMNS as text; None where nobody has been invited.

    Of a round that began without the register, the sample that the letters froze was invited: the first
    one replaced, or the present one. Raises SurveyError where the register cannot be read.
    """
    path = paths.invited(code)
    if path.is_file():
        try:
            table = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
            return table[list(COLUMNS)]
        except (ValueError, KeyError):
            raise SurveyError(
                str(path),
                "is no register of those invited",
                f"columns {', '.join(COLUMNS)}",
                "Put it back from a copy of data/.",
            ) from None
    made = read_mailings(paths, code).get(INVITATION)
    if made is None and not (paths.sendout(code) / "flettebrev.xlsx").is_file():
        return None
    first = paths.sample(code).parent / "replaced" / f"{code}-sample-1.parquet"
    sample = read_drawn(first if first.is_file() else paths.sample(code))
    keys = [] if sample is None else sample["key"]
    day = made.first_made_on or made.made_on if made else ""
    return pd.DataFrame(
        {"key": keys, "first_made_on": day, "latest": "1", "instead_of": ""}, dtype="str"
    )


def record_invited(
    paths: Paths, code: str, keys: Iterable[str], day: dt.date, *, added: bool, instead_of: str = ""
) -> None:
    """Note that the keys stand in an invitation made on `day`: a whole list, or one `added` to it."""
    keys = list(keys)
    known = read_invited(paths, code)
    if known is None:
        known = pd.DataFrame(columns=list(COLUMNS), dtype="str")
    again = known["key"].isin(keys)
    latest = known["latest"] if added else pd.Series("0", index=known.index)
    replaced = known["instead_of"].mask(again, instead_of)
    known = known.assign(latest=latest.mask(again, "1"), instead_of=replaced)
    there = set(known["key"])
    new = [k for k in keys if k not in there]
    rows = pd.DataFrame(
        {"key": new, "first_made_on": day.isoformat(), "latest": "1", "instead_of": instead_of},
        dtype="str",
    )
    text = pd.concat([known, rows]).to_csv(index=False, lineterminator="\n")
    write_private(paths.invited(code), text.encode("utf-8"))


def without_invitation(paths: Paths, code: str, keys: pd.Series, mailing: str) -> pd.Series:
    """Whether the citizen of each key has had no invitation that the `mailing` could follow.

    Nobody, where no invitation has been made at all: then none can be missing one.
    """
    table = read_invited(paths, code)
    if table is None:
        return pd.Series(False, index=keys.index)
    table = table[(table["latest"] == "1") & (table["instead_of"] != mailing)]
    return ~keys.isin(table["key"])


def left_sample(paths: Paths, code: str, keys: pd.Series) -> int:
    """Citizens who have had the invitation, and are in the sample no more."""
    table = read_invited(paths, code)
    return 0 if table is None else int((~table["key"].isin(keys)).sum())


def invitation_mismatches(paths: Paths, codes: Iterable[str]) -> list[str]:
    """A line a municipality whose sample and invitation are not of the same citizens."""
    lines = []
    for code in codes:
        sample = read_drawn(paths.sample(code))
        table = read_invited(paths, code)
        if sample is None or table is None:
            continue
        noted = reasons_of(paths, sample["key"])
        silent = (noted[OPTED_OUT] | noted[UNREACHABLE]).set_axis(sample.index)
        new = int((without_invitation(paths, code, sample["key"], INVITATION) & ~silent).sum())
        left = left_sample(paths, code, sample["key"])
        if new or left:
            lines.append(
                f"{code}: {new} of the sample have had no invitation (`survey sendout {paths.round_id} "
                f"--missing --only {code}`), {left} who had it are in the sample no more."
            )
    return lines
