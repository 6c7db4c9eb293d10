"""What an extract says beside the round's other files and those of earlier rounds: a citizen in two
municipalities, the same file twice, a municipality's file under another's code.

Numbers are compared by their fingerprints (`identities/fingerprints.py`). Who stands in two extracts would be
invited twice, so both municipalities stop until one takes the citizen out or leaves them to the other;
where both leave them, the latest transition date decides, then the lower code. Where the first names
differ, one of the two numbers is wrong: neither is invited, and both are told.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pandas as pd

from helpers.common.journal import read_lines
from helpers.common.message_values import Count, Share, Value
from helpers.common.paths import Paths
from helpers.common.quoting import redacted_file_name
from helpers.extracts.check_warnings import EarlierExtract, Warning, listed_rows, warning
from helpers.extracts.intake_history import TAKEN_IN
from helpers.extracts.plausibility import Found, earlier_extract_of, passive_in
from helpers.faults.plausibility_kinds import IN_TWO_EXTRACTS, SAME_FILE
from helpers.parameters.intake_decisions import decision_on
from helpers.parameters.params import Round

EXPECTED_PASSIVE = 7  # so many expected and none there: by chance less than once in a thousand
OTHERS_PERSONS = (
    0.2  # share of persons who stood in another municipality's earlier extract, at most
)
SEEN_IN = 20  # such persons, at least


@dataclass(frozen=True)
class AcceptedExtract:
    """An extract that intake took in; `prints` as `fingerprints` gives them, `key`: id of their key."""

    code: str
    file: str
    digest: str
    key: str
    persons: int
    passive: int
    prints: pd.DataFrame = field(repr=False)


@dataclass(frozen=True)
class ExtractComparison:
    """By code: what stops (kind and details) unless it was decided, what is worth a look, and the tokens
    of those left to others. `other_keys`: codes whose extract cannot be compared, being hashed under another key."""

    found: dict[str, list[Found]]
    warnings: dict[str, list[Warning]]
    left: dict[str, list[str]]
    other_keys: tuple[str, ...]


def read_taken(paths: Paths, round_: Round) -> list[AcceptedExtract]:
    """The participants' extracts whose fingerprints are held."""
    found = []
    for code in sorted(round_.settings.participants):
        at = paths.intake_of(code)
        content = json.loads(at.read_text("utf-8")) if at.is_file() else {}
        record = content.get("taken_in", {})
        if "key" in record and paths.fingerprints(code).is_file():
            prints = pd.read_parquet(paths.fingerprints(code))
            passive = passive_in(record["counts"])
            found.append(
                AcceptedExtract(
                    code,
                    record["file"],
                    record["digest"],
                    record["key"],
                    len(prints),
                    passive,
                    prints,
                )
            )
    return found


def compare_extracts(
    paths: Paths, round_: Round, taken: Sequence[AcceptedExtract]
) -> ExtractComparison:
    """Each extract beside the others of the round and of earlier rounds."""
    key = Counter(t.key for t in taken).most_common(1)[0][0] if taken else ""
    by_code = {t.code: t for t in taken if t.key == key}
    comparison = ExtractComparison(
        defaultdict(list),
        defaultdict(list),
        defaultdict(list),
        tuple(t.code for t in taken if t.key != key),
    )
    _same_files(by_code, round_, comparison)
    _shared_persons(by_code, round_, comparison)
    for one in taken:
        if details := _no_passive(one, taken, earlier_extract_of(paths, round_, one.code)):
            comparison.found[one.code].append(("nobody_passive_here", details))
    _earlier_rounds(paths, round_, taken, comparison)
    return comparison


def _named(round_: Round, code: str) -> str:
    return f"{code} {round_.municipalities[code].name}"


# ----------------------------------------------------------------------------------- within the round


def _same_files(
    by_code: dict[str, AcceptedExtract], round_: Round, comparison: ExtractComparison
) -> None:
    for one in by_code.values():
        for other in by_code.values():
            if one.code != other.code and one.digest == other.digest:
                details = {
                    "other": _named(round_, other.code),
                    "other_file": redacted_file_name(other.file),
                }
                comparison.found[one.code].append((SAME_FILE, details))


def _shared_persons(
    by_code: dict[str, AcceptedExtract], round_: Round, comparison: ExtractComparison
) -> None:
    tables = [t.prints.assign(code=t.code) for t in by_code.values()]
    if len(tables) < 2:
        return
    prints = pd.concat(tables, ignore_index=True)
    shared = prints[prints["token"].duplicated(keep=False)]
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for token, holders in shared.sort_values(["code", "row"]).groupby("token", sort=False):
        rows = dict(zip(holders["code"], holders["row"]))
        if not _same_person(holders["name_token"]):
            for code, other in _ordered_pairs(rows):
                details = {"other": _named(round_, other), "row": str(rows[code])}
                one_warning = warning("two_names", **details, other_row=str(rows[other]))
                comparison.warnings[code].append(one_warning)
                comparison.left[code].append(token)
            continue
        kept_in = _kept_in(holders, by_code, round_)
        for code in rows:
            if code not in kept_in:
                comparison.left[code].append(token)
                pairs[code, kept_in[0]].append(f"{rows[code]} = {rows[kept_in[0]]}")
        for code, other in _ordered_pairs(kept_in):
            pairs[code, other].append(f"{rows[code]} = {rows[other]}")
    for (code, other), rows_of_both in pairs.items():
        if by_code[code].digest != by_code[other].digest:
            details = _in_two(by_code[code], by_code[other], rows_of_both, round_)
            comparison.found[code].append((IN_TWO_EXTRACTS, details))


def _ordered_pairs(codes: Iterable[str]) -> Iterator[tuple[str, str]]:
    listed = list(codes)
    return ((a, b) for a in listed for b in listed if a != b)


def _same_person(name_tokens: pd.Series) -> bool:
    """Whether any two of those with the number can be one person: no two names, or one not known."""
    known = name_tokens[name_tokens != ""]
    return len(known) < len(name_tokens) or known.duplicated().any()


def _kept_in(
    holders: pd.DataFrame, by_code: dict[str, AcceptedExtract], round_: Round
) -> list[str]:
    """Who keeps the citizen: those who do not leave them; where all do, the latest transition date."""
    keep = [
        code
        for code in holders["code"]
        if not decision_on(round_.decisions, code, IN_TWO_EXTRACTS, by_code[code].digest)
    ]
    if keep:
        return keep
    latest = holders.sort_values(["spell_start", "code"], ascending=[False, True])
    return [latest["code"].iloc[0]]


def _in_two(
    one: AcceptedExtract, other: AcceptedExtract, pairs: list[str], round_: Round
) -> dict[str, Value]:
    return {
        "count": Count(len(pairs)),
        "of": Count(one.persons),
        "share": Share(len(pairs) / one.persons, 1),
        "other": _named(round_, other.code),
        "other_file": redacted_file_name(other.file),
        "rows": listed_rows(pairs),
    }


def _no_passive(
    one: AcceptedExtract, taken: Sequence[AcceptedExtract], before: EarlierExtract | None
) -> dict[str, Value] | None:
    """Details where nobody is passive, and by the municipality's earlier round, else by the others of
    this one, so many would be that it cannot be chance."""
    if one.passive or not one.persons:
        return None
    others = [t for t in taken if t.code != one.code]
    persons = before.persons if before else sum(t.persons for t in others)
    passive = before.passive if before else sum(t.passive for t in others)
    share = passive / persons if persons else 0.0
    if share * one.persons < EXPECTED_PASSIVE:
        return None
    expected = Count(share * one.persons)
    return {"of": Count(one.persons), "share": Share(share, 1), "expected": expected}


# ------------------------------------------------------------------------------------- earlier rounds


def _earlier_rounds(
    paths: Paths, round_: Round, taken: Sequence[AcceptedExtract], comparison: ExtractComparison
) -> None:
    for earlier in round_.settings.earlier_rounds:
        title = round_.earlier_titles.get(earlier, earlier)
        there = Paths(paths.root, earlier)
        files = _files_taken_in(there)
        held = _tokens_held(there)
        for one in taken:
            if one.digest in files:
                code, file = files[one.digest]
                details = {"other": _named(round_, code), "other_file": file, "round": title}
                details["now"] = round_.settings.title
                comparison.found[one.code].append(("file_of_before", details))
            elif details := _of_another(one, held, round_):
                comparison.found[one.code].append(("others_persons", details | {"round": title}))


def _files_taken_in(there: Paths) -> dict[str, tuple[str, str]]:
    """Digest → (code, file) of an earlier round's extracts."""
    found = {}
    for path in sorted(there.intake_history("").parent.glob("*.jsonl")):
        for line in read_lines(path):
            if line["outcome"] == TAKEN_IN:
                found[line["digest"]] = (path.stem, redacted_file_name(line["file"]))
    return found


def _tokens_held(there: Paths) -> pd.DataFrame:
    """`token` and `code` of everybody in the earlier round whose fingerprints are still held."""
    paths = sorted(there.fingerprints("").parent.glob("????.parquet"))
    tables = [pd.read_parquet(p, columns=["token"]).assign(code=p.stem) for p in paths]
    return pd.concat(tables) if tables else pd.DataFrame(columns=["token", "code"])


def _of_another(one: AcceptedExtract, held: pd.DataFrame, round_: Round) -> dict[str, Value] | None:
    """Details where many of the persons stood in another municipality's earlier extract, and fewer in
    the own one."""
    counts = held.loc[held["token"].isin(one.prints["token"]), "code"].value_counts()
    others = counts.drop(one.code, errors="ignore")
    others = others[others.index.isin(list(round_.municipalities))]
    if others.empty or others.iloc[0] < max(SEEN_IN, counts.get(one.code, 0)):
        return None
    share = others.iloc[0] / one.persons
    if share <= OTHERS_PERSONS:
        return None
    return {
        "count": Count(int(others.iloc[0])),
        "of": Count(one.persons),
        "share": Share(share),
        "other": _named(round_, others.index[0]),
        "limit": Share(OTHERS_PERSONS),
    }
