"""The steps that belong to a whole round, with what they tell the run: answers shared out to
municipalities, the one gate, and the look through all that may leave the house."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pandas as pd

from helpers.answers.answer_times import danish_today
from helpers.answers.free_text import scrub_answers, write_texts
from helpers.answers.responses import (
    ROUND_LEVEL,
    Collected,
    collect,
    counts_as_answer,
    save_answers,
)
from helpers.common.errors import SurveyError
from helpers.common.outcome import StepOutcome
from helpers.common.paths import Paths
from helpers.common.vocabulary import FILES, NATIONAL, WHOLE_ROUND
from helpers.disclosure.publications import publications, write_state
from helpers.disclosure.release import Release, release, write_release
from helpers.disclosure.release_again import Again, release_again
from helpers.estimation.round_estimates import RoundEstimates, gather
from helpers.identities.identities import known_persons
from helpers.identities.vault_key import VaultError
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import text_columns
from helpers.scan.persons import Persons
from helpers.scan.scan import scan_for


def collect_answers(paths: Paths, round_: Round) -> StepOutcome:
    """Share the exports' answers out to the municipalities that drew the keys, free texts scrubbed.

    Answers that no export holds any more are removed, but where an export is not well: then they stay
    as they were. Tells what is wrong with an export as a failure of its municipality (or of the round),
    what is odd in it, and where two answers of one citizen contradict each other. Finds `answered`: the
    codes that have answers that count; `conflicts`: code → a list of rows a citizen; `left`: code → citizens in the exports who are
    asked no more.
    """
    collected = collect(paths, round_, danish_today())
    collected, notes = _without_persons(paths, round_, collected)
    counted = {c: t for c, t in collected.answers.items() if counts_as_answer(t, round_).any()}
    collected = replace(collected, answers=counted)
    save_answers(paths, collected)
    if ROUND_LEVEL not in collected.errors:
        for code in (
            set(round_.settings.participants) - collected.answers.keys() - collected.errors.keys()
        ):
            paths.answers(code).unlink(missing_ok=True)
            paths.texts(code).unlink(missing_ok=True)
    for code, answers in collected.answers.items():
        write_texts(paths, round_, code, answers)
    failures = {
        WHOLE_ROUND if code == ROUND_LEVEL else code: str(error)
        for code, error in collected.errors.items()
    }
    by_code = groupby(collected.conflicts, key=lambda c: c.municipality)
    conflicts = {code: [list(c.rows) for c in own] for code, own in by_code}
    notes += collected.notes
    notes += tuple(_contradiction(code, rows) for code, rows in conflicts.items())
    notes += passed_over(round_, collected)
    found = {
        "answered": sorted(collected.answers),
        "conflicts": conflicts,
        "left": dict(collected.left),
    }
    return StepOutcome(notes, failures, found)


def passed_over(round_: Round, collected: Collected) -> tuple[str, ...]:
    """Answers of citizens who are asked no more, and exports of municipalities that are out, in words."""
    notes = []
    for code, count in sorted(collected.left.items()):
        place = f"{code} {round_.municipalities[code].name}"
        citizens = "1 citizen" if count == 1 else f"{count} citizens"
        takes_part = code in round_.settings.participants
        why = "in its sample no more" if takes_part else "which takes no part any more"
        of = f"{citizens} {why}" if takes_part else f"{citizens} of {place}, {why}"
        notes.append(f"Passed over: answers of {of}{f' ({place})' if takes_part else ''}.")
    notes += [
        f"Passed over, for {code} {round_.municipalities[code].name} takes no part any more: "
        f"{error.problems[0]}"
        for code, error in sorted(collected.of_others.items())
    ]
    return tuple(notes)


def _contradiction(code: str, conflicts: list[list[str]]) -> str:
    listed = "; ".join(" and ".join(rows) for rows in conflicts)
    citizens = "1 citizen has" if len(conflicts) == 1 else f"{len(conflicts)} citizens have"
    return (
        f"Conflict in {code}: {citizens} different answers at the same time ({listed}). The completed "
        "one counts, then the one with more questions answered (the whole rule: counting in "
        "answers/latest.py). Ask the survey tool's supplier which is right, and take the other row out."
    )


def _without_persons(
    paths: Paths, round_: Round, collected: Collected
) -> tuple[Collected, tuple[str, ...]]:
    """The answers with free texts scrubbed by the vault's names; where the vault does not open, without
    free texts."""
    answers, notes = {}, {}
    for code, table in collected.answers.items():
        try:
            names, _ = known_persons(paths, round_, [code])
            answers[code] = scrub_answers(table, names)
        except VaultError as e:
            answers[code] = table.assign(**dict.fromkeys(text_columns(table), ""))
            notes[f"Free texts are left out where the vault does not open: {e}"] = True
    return replace(collected, answers=answers), tuple(notes)


def release_round(paths: Paths, round_: Round) -> StepOutcome:
    """One gate for the whole round, from all estimates that there are.

    Finds `municipalities`, those with results, and `rows`: municipality → digest of all released rows
    that its own report shows, the country's among them.
    """
    found = gather(paths, round_)
    answers = _answer_digests(paths, round_)
    again, notes = _made(paths, round_, found, answers)
    released = again.released
    write_release(paths, released)
    state = {
        "estimates": again.found.estimates, "counts": again.found.counts,
        "covariances": again.found.covariances, "answers": again.answers, "cells": again.cells,
    }  # fmt: skip
    write_state(paths, round_, state, again.country)
    rows = _row_digests(released)
    return StepOutcome(
        (*found.notes, *_too_few(found.counts, round_), *notes),
        found={"municipalities": [c for c in rows if c != NATIONAL], "rows": rows},
    )


def _made(
    paths: Paths, round_: Round, found: RoundEstimates, answers: pd.DataFrame
) -> tuple[Again, tuple[str, ...]]:
    """The release, jointly with what has left the house where something has; and what to tell."""
    before = publications(paths)
    if before:
        again = release_again(found, answers, round_, before)
        protection = again.released.protection
        return again, (*again.notes, *((protection.summary(),) if protection else ()))
    made = release(found, round_)
    codes = tuple(dict.fromkeys(found.estimates["municipality"]))
    assert made.protection is not None, "`release` decides it"
    cells = made.protection.cells
    return Again(made, (), found, answers, cells, codes), (made.protection.summary(),)


def _answer_digests(paths: Paths, round_: Round) -> pd.DataFrame:
    """Of all municipalities that have any; who has none is not known (`release_again`)."""
    parts = [
        pd.read_parquet(paths.answer_digests(code)).assign(municipality=code)
        for code in round_.settings.participants
        if paths.answer_digests(code).is_file() and paths.estimates(code).is_file()
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"municipality": []})


def _too_few(counts: pd.DataFrame, round_: Round) -> list[str]:
    """Said plainly: the round, or municipalities, with so few answers that nothing of them is shown."""
    least = round_.settings.disclosure.min_answers
    answers = counts[counts["breakdown"] == "all"].groupby("municipality")["answers"].sum()
    why = "every number is hidden, and the reports say so"
    if answers.sum() < least:
        return [f"Fewer than {least} answers in the whole round: {why}."]
    few = answers.index[answers < least]
    names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in few)
    return [f"Fewer than {least} answers in {names}: {why}."] if names else []


def _row_digests(released: Release) -> dict[str, str]:
    tables = [getattr(released, name) for name in FILES]
    codes = sorted(set(released.response["municipality"]))  # reports tell how many there are
    rows = {}
    for code in codes:
        whole = hashlib.sha256(" ".join(codes).encode())
        for table in tables:
            own = table[table["municipality"].isin([code, NATIONAL])]
            whole.update(pd.util.hash_pandas_object(own, index=False).to_numpy().tobytes())
        rows[code] = whole.hexdigest()
    return rows


def scan_report(paths: Paths, round_: Round, code: str) -> StepOutcome:
    """Look through one municipality's folder. Raises SurveyError with every finding."""
    return _scanned(paths, round_, [paths.report_folder(round_.municipalities[code])])


def scan_round(paths: Paths, round_: Round) -> StepOutcome:
    """Look through all that may leave the house but the municipalities' own folders."""
    own = {place.folder for place in round_.participants}
    return _scanned(paths, round_, [p for p in sorted(paths.build.iterdir()) if p.name not in own])


def _scanned(paths: Paths, round_: Round, places: list[Path]) -> StepOutcome:
    persons, notes = _persons(paths, round_)
    findings = [
        f.as_problem(place.name if place.is_dir() else "")
        for place in places
        for f in scan_for(place, persons)
    ]
    if findings:
        raise SurveyError(problems=findings)
    return StepOutcome(notes)


_known: dict[tuple, tuple[Persons, tuple[str, ...]]] = {}  # of the vaults last opened, no more


def _persons(paths: Paths, round_: Round) -> tuple[Persons, tuple[str, ...]]:
    """Everybody in the vaults, made ready once for all folders that a worker looks through."""
    files = sorted(p for p in paths.vault_folder.glob("*") if p.is_file())
    state = (str(paths.vault_folder), *((p.name, p.stat().st_mtime_ns) for p in files))
    if state not in _known:
        _known.clear()
        try:
            _known[state] = Persons(*known_persons(paths, round_)), ()
        except VaultError as e:
            note = f"Looked for CPR numbers and the like, not for names: {e}"
            _known[state] = Persons((), ()), (note,)
    return _known[state]
