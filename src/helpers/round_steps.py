"""The steps that belong to a whole round, with what they tell the run: answers shared out to
municipalities, the one gate, and the look through all that may leave the house."""

from __future__ import annotations

import hashlib

import pandas as pd

from helpers.disclosure import Release, release, write_release
from helpers.errors import Problem, SurveyError
from helpers.free_text import scrub_answers, write_texts
from helpers.identities import known_persons
from helpers.params import Round
from helpers.paths import Paths
from helpers.published import NATIONAL
from helpers.responses import ROUND_LEVEL, TEXT_COLUMNS, Collected, collect, save_answers
from helpers.round_estimates import gather
from helpers.scan import scan
from helpers.steps import WHOLE_ROUND, Told
from helpers.vault_key import VaultError


def collect_answers(paths: Paths, round_: Round) -> Told:
    """Share the exports' answers out to the municipalities that drew the keys, free texts scrubbed.

    Tells what is wrong with an export as a failure of its municipality (or of the round), and finds
    `answered`: the codes that have answers.
    """
    collected = collect(paths, round_)
    collected, notes = _without_persons(paths, round_, collected)
    save_answers(paths, collected)
    for code, answers in collected.answers.items():
        write_texts(paths, round_, code, answers)
    failures = {
        WHOLE_ROUND if code == ROUND_LEVEL else code: str(error)
        for code, error in collected.errors.items()
    }
    return Told(notes, failures, {"answered": sorted(collected.answers)})


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
            answers[code] = table.assign(**dict.fromkeys(TEXT_COLUMNS, ""))
            notes[f"Free texts are left out where the vault does not open: {e}"] = True
    return Collected(answers, collected.errors), tuple(notes)


def release_round(paths: Paths, round_: Round) -> Told:
    """One gate for the whole round, from all estimates that there are.

    Finds `municipalities`, those with results, and `rows`: municipality → digest of all released rows
    that its own report shows, the country's among them.
    """
    found = gather(paths, round_)
    released = release(found, round_)
    write_release(paths, released)
    rows = _row_digests(released)
    return Told(
        (*found.notes, released.protection.summary()),
        found={"municipalities": [c for c in rows if c != NATIONAL], "rows": rows},
    )


def _row_digests(released: Release) -> dict[str, str]:
    tables = (released.results, released.comparisons, released.response, released.drivers)
    codes = sorted(set(released.response["municipality"]))  # reports tell how many there are
    rows = {}
    for code in codes:
        whole = hashlib.sha256(" ".join(codes).encode())
        for table in tables:
            own = table[table["municipality"].isin([code, NATIONAL])]
            whole.update(pd.util.hash_pandas_object(own, index=False).to_numpy().tobytes())
        rows[code] = whole.hexdigest()
    return rows


def scan_round(paths: Paths, round_: Round) -> Told:
    """Look through everything that may leave the house. Raises SurveyError with every finding."""
    notes: tuple[str, ...] = ()
    try:
        names, numbers = known_persons(paths, round_)
    except VaultError as e:
        names, numbers = [], []
        notes = (f"Looked for CPR numbers and the like, not for names: {e}",)
    findings = scan(paths.build, names, numbers)
    if findings:
        raise SurveyError(
            problems=[
                Problem(
                    str(f), "personal data in what may leave the house", "none", "Do not send it."
                )
                for f in findings
            ]
        )
    return Told(notes)
