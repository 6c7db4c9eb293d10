"""What leads from answers back to persons, taken out for good when identities are deleted.

Free texts go. The keys of links, which municipalities and the survey tool hold too, are given anew at
random, the same in sample and answers, so that all results can be made again; of when somebody answered
the day stays. The exports as received go: in their place stands one a municipality, made of the answers
that count. Contacts of the sign-up go; in records and histories, names of files and headings as well.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.answers.export_columns import export_columns
from helpers.answers.exports import export_files, read_export, sheet_of_export
from helpers.common.errors import SurveyError
from helpers.common.paths import Paths, write_private
from helpers.common.quoting import blanked, redacted_file_name, redacted_headings
from helpers.common.store import Store
from helpers.fieldwork.hotline import without_keys
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import text_columns
from helpers.received.sheets import read_kept_table

KEY_BYTES = 16  # 128 bits, as the keys had
CONTACTS = ("kontakt", "contact", "mail", "telefon", "phone")  # in headings of the sign-ups kept


@dataclass
class Changes:
    """Files to write and to delete, all found before any is touched; `counts`: code → kind → files."""

    written: dict[Path, bytes] = field(default_factory=dict)
    deleted: set[Path] = field(default_factory=set)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, code: str, kind: str, files: int) -> None:
        if files:
            self.counts.setdefault(code, {})[kind] = files


def changes_for(paths: Paths, round_: Round, codes: Collection[str]) -> Changes:
    """What has to change so that nothing leads from the municipalities' answers to a person.

    Raises SurveyError where a file that may hold their answers cannot be read: then nothing is changed.
    """
    changes = Changes()
    asked: set[str] = set()
    for code in codes:
        changes.deleted.update(_answer_digests(paths, code))
        asked |= _unlink(paths, code, changes, kept=code not in round_.withdrawn)
    _exports(paths, round_, codes, asked, changes)
    _by_key(paths, asked, changes)
    _contacts(paths, round_, codes, changes)
    return changes


def _answer_digests(paths: Paths, code: str) -> list[Path]:
    """Digests of answers: whoever has a letter's key finds its row, and tries the few answers there are."""
    folders = [paths.release_state, *paths.published.glob("*")]
    files = [paths.answer_digests(code), *(f / "answers" / f"{code}.parquet" for f in folders)]
    return [p for p in files if p.is_file()]


def carry_out(paths: Paths, changes: Changes) -> None:
    """Write, delete, and let the records of the steps know, so that nothing counts as changed by hand."""
    for path, content in changes.written.items():
        write_private(path, content)
    for path in changes.deleted - changes.written.keys():
        path.unlink(missing_ok=True)
    _amend_records(paths, changes)


# ---------------------------------------------------------------------------------- keys and answers


def _unlink(paths: Paths, code: str, changes: Changes, *, kept: bool) -> set[str]:
    """New keys and ids for the municipality's samples, population and answers, in another order and without
    free texts; returns the old keys. Of one
    that has withdrawn, whose answers are needed no more, no export is `kept`."""
    samples = [
        p
        for p in (
            paths.sample(code),
            *sorted(paths.sample(code).parent.glob(f"replaced/{code}-sample-*.parquet")),
        )
        if p.is_file()
    ]
    tables = {path: _read(path) for path in samples}
    population = _read(paths.population(code)) if paths.population(code).is_file() else None
    _renumber([*tables.values(), *([] if population is None else [population])])
    answers = _read(paths.answers(code)) if paths.answers(code).is_file() else None
    every = [t["key"] for t in (*tables.values(), *([] if answers is None else [answers]))]
    old = set(pd.concat(every).dropna()) if every else set()
    new = {key: secrets.token_hex(KEY_BYTES) for key in sorted(old)}
    for path, table in tables.items():
        rekeyed = table.assign(key=_mapped(table["key"], new))
        changes.written[path] = _parquet(_in_new_order(rekeyed))
    if population is not None:
        changes.written[paths.population(code)] = _parquet(_in_new_order(population))
    changes.count(code, "keys", len(tables))
    if answers is not None:
        bare = _without_texts(answers.assign(key=_mapped(answers["key"], new)))
        changes.written[paths.answers(code)] = _parquet(bare)
        if kept:
            changes.written[export_kept(paths, code)] = _export(bare)
        changes.count(code, "free texts", 1)
    gone = [paths.texts(code), paths.invited(code)]
    changes.deleted |= {p for p in gone if p.is_file()}
    changes.count(code, "texts", int(paths.texts(code).is_file()))
    return old


def _renumber(tables: Sequence[pd.DataFrame]) -> None:
    """New ids for the persons, at random and the same in all tables: with the old ones an older copy could be
    joined."""
    every = pd.concat([t["person_id"] for t in tables]).dropna().unique() if tables else []
    new = {old: secrets.token_hex(KEY_BYTES) for old in every}
    for table in tables:
        table["person_id"] = _mapped(table["person_id"], new)


def _in_new_order(table: pd.DataFrame) -> pd.DataFrame:
    """By the new ids: no longer in the order of the extract and of the letters, which municipalities have."""
    return table.sort_values("person_id").reset_index(drop=True)


def export_kept(paths: Paths, code: str) -> Path:
    """The export that stands for those received, without texts and with keys that nobody else has."""
    return paths.responses / f"{code}-uden-nøgler.csv"


def _mapped(keys: pd.Series, new: Mapping[str, str]) -> pd.Series:
    return keys.map(new).astype(keys.dtype)


def _without_texts(answers: pd.DataFrame) -> pd.DataFrame:
    """In the order of the keys, as answers lie; of the time of answering the day alone."""
    day = answers["submitted_at"].dt.floor("D").astype(answers["submitted_at"].dtype)
    texts = {c: pd.Series("", answers.index, answers[c].dtype) for c in text_columns(answers)}
    kept = answers.assign(submitted_at=day, **texts)
    return kept.sort_values("key").reset_index(drop=True)


def _export(answers: pd.DataFrame) -> bytes:
    days = answers["submitted_at"].dt.strftime("%Y-%m-%d")
    return answers.assign(submitted_at=days).to_csv(index=False).encode("utf-8")


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError):
        raise _unreadable(path) from None


def _parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def _unreadable(path: Path) -> SurveyError:
    return SurveyError(
        f"{path.parent}, {redacted_file_name(path.name)}",
        "cannot be read, so nobody knows whose answers it holds; nothing was deleted",
        "a file as it was received or made",
        "Put it back from a copy, or delete it, then run forget again.",
    )


# ---------------------------------------------------------------------------------- exports as received


def _exports(
    paths: Paths, round_: Round, codes: Collection[str], asked: set[str], changes: Changes
) -> None:
    """Exports without the rows of those asked: deleted where none of another municipality is left,
    else written anew with the rows of citizens whom another municipality asked."""
    others = _keys_of_others(paths, codes)
    asked_for = export_columns(round_)
    for path in export_files(paths):
        if path in changes.written:
            continue
        try:
            table = read_export(path, asked_for).rows
        except SurveyError:
            if path.name[:4] not in codes and others:
                raise _unreadable(path) from None
            table = pd.DataFrame({"key": []})
        own, kept = table["key"].isin(asked), table["key"].isin(others)
        named = path.name[:4] in codes
        if not own.any() and not named and (kept.any() or others):
            continue
        changes.deleted.add(path)
        for code in codes:
            if named and path.name[:4] != code:
                continue
            changes.counts.setdefault(code, {}).setdefault("exports", 0)
            changes.counts[code]["exports"] += 1
        if kept.any():
            rest = path.with_name(f"rest-{secrets.token_hex(4)}.csv")
            changes.written[rest] = _rest(path, kept)


def _keys_of_others(paths: Paths, codes: Collection[str]) -> set[str]:
    folder = paths.sample("0000").parent
    found: set[str] = set()
    for path in [*folder.glob("????.parquet"), *folder.glob("replaced/????-sample-*.parquet")]:
        if path.name[:4] not in codes:
            found |= set(_read(path)["key"])
    return found


def _rest(path: Path, kept: pd.Series) -> bytes:
    """The kept rows of an export, cell by cell as received."""
    sheet, headings = sheet_of_export(path)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    for number in kept.index[kept]:
        cells = sheet.rows[number - 1][: len(headings)]
        writer.writerow([*map(str, cells), *[""] * (len(headings) - len(cells))])
    return text.getvalue().encode("utf-8")


# ------------------------------------------------------------------------- lists by key, and contacts


def _by_key(paths: Paths, asked: set[str], changes: Changes) -> None:
    """Exceptions of those asked go; calls to the hotline stay without the caller's key."""
    if paths.contact_exceptions.is_file():
        table = read_kept_table(paths.contact_exceptions, (",", ";"))
        if "key" in table and table["key"].isin(asked).any():
            left = table[~table["key"].isin(asked)]
            changes.written[paths.contact_exceptions] = left.to_csv(index=False).encode("utf-8")
    if paths.hotline.is_file() and (content := without_keys(paths, asked)) is not None:
        changes.written[paths.hotline] = content


def _contacts(paths: Paths, round_: Round, codes: Collection[str], changes: Changes) -> None:
    """Names, addresses and numbers of the municipalities' contacts in the sign-ups kept; the overview is
    made of them anew by `survey signup`."""
    stored, overview = paths.data / "signups.csv", paths.data / "tilmeldinger.xlsx"
    if stored.is_file():
        table = read_kept_table(stored)
        first = (
            table.iloc[:, 0].str.strip().str.zfill(4) if table.shape[1] else pd.Series(dtype=str)
        )
        whose = first.isin(list(codes))
        contacts = [c for c in table if any(word in c.casefold() for word in CONTACTS)]
        if whose.any():
            table.loc[whose, contacts] = ""
            content = table.to_csv(index=False, sep=";").encode("utf-8-sig")
            changes.written[stored] = content
            for code in codes:
                changes.count(code, "contacts", int((first == code).any()))
    if overview.is_file():
        changes.deleted.add(overview)


# ------------------------------------------------------------------------- names in records and histories


def scrub_records(paths: Paths, deleted: Iterable[Path]) -> None:
    """Names of files and headings in the round's records, histories and logs, as they may be told; also
    in those that an earlier version of the program wrote."""
    names = {p.name: redacted_file_name(p.name) for p in deleted}
    names = {raw: quoted for raw, quoted in names.items() if raw != quoted}
    for path in sorted(p for p in paths.data.rglob("*") if p.suffix in (".json", ".jsonl")):
        text = path.read_text("utf-8")
        scrubbed = _scrubbed_lines(text) if path.suffix == ".jsonl" else _scrubbed_file(path, text)
        for raw, quoted in names.items():
            scrubbed = scrubbed.replace(json.dumps(raw, ensure_ascii=False)[1:-1], quoted)
        if scrubbed != text:
            write_private(path, scrubbed.encode("utf-8"))


def _scrubbed_lines(text: str) -> str:
    lines = (
        json.dumps(_scrubbed(json.loads(one)), ensure_ascii=False) for one in text.splitlines()
    )
    return "".join(f"{line}\n" for line in lines)


def _scrubbed_file(path: Path, text: str) -> str:
    """Of a municipality's intake and the round's; in the latter, kinds hold files by name."""
    if path.parent.name != "intake" and path.name != "intake.json":
        return text
    content = json.loads(text)
    if path.name == "intake.json":
        content = {
            kind: {redacted_file_name(file): _scrubbed(of, kind) for file, of in entries.items()}
            if isinstance(entries, dict)
            else entries
            for kind, entries in content.items()
        }
    else:
        content = _scrubbed(content)
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _scrubbed(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {k: _scrubbed(v, k) for k, v in value.items()}
    if isinstance(value, list):
        if key == "ignored_columns":
            return list(redacted_headings(value))
        return [_scrubbed(v, key) for v in value]
    if isinstance(value, str):
        return redacted_file_name(value) if key == "file" else blanked(value)
    return value


def _amend_records(paths: Paths, changes: Changes) -> None:
    """Digests of what was written and deleted here, in the records of the steps that read or made it."""
    store, root = Store(str(paths.root)), paths.root
    gone = {p.relative_to(root).as_posix() for p in changes.deleted - changes.written.keys()}
    new = {p.relative_to(root).as_posix(): p for p in changes.written}
    digests = {name: store.digest(name) for name in new}
    signatures = {name: store.signature(name) for name in new}
    collect = f"data/{paths.round_id}/records/collect/"
    exports = {n for n, p in new.items() if p.parent == paths.responses and p.suffix == ".csv"}
    for path in sorted((paths.data / "records").rglob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        before = json.dumps(record, sort_keys=True)
        for part in ("inputs", "outputs", "signatures"):
            known = record.get(part, {})
            fresh = signatures if part == "signatures" else digests
            kept = {n: fresh.get(n, digest) for n, digest in known.items() if n not in gone}
            if path.relative_to(root).as_posix().startswith(collect) and part != "outputs":
                kept |= {n: fresh[n] for n in exports}
            record[part] = kept
        if json.dumps(record, sort_keys=True) != before:
            text = json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"
            write_private(path, text.encode("utf-8"))
