"""What is odd in the survey tool's exports and refuses nothing: told with file, rows and number."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping
from itertools import pairwise

import pandas as pd

from helpers.answers.answer_times import Span
from helpers.answers.latest import ANSWERED, LOCAL_COLUMNS
from helpers.parameters.params import Round

SHOWN_SPANS = 40  # spans of rows in a message


def row_spans(rows: Collection[int]) -> str:
    """»rows 2–14, 17«: row numbers of a sheet in few words."""
    ordered = sorted(rows)
    ends = [i for i, (a, b) in enumerate(pairwise(ordered)) if b > a + 1] + [len(ordered) - 1]
    starts = [0, *(i + 1 for i in ends[:-1])]
    spans = [
        str(ordered[a]) if a == b else f"{ordered[a]}–{ordered[b]}" for a, b in zip(starts, ends)
    ]
    more = f" and {len(spans) - SHOWN_SPANS} spans more" if len(spans) > SHOWN_SPANS else ""
    return f"{'row' if len(ordered) == 1 else 'rows'} {', '.join(spans[:SHOWN_SPANS])}{more}"


def notes_on(
    rows: pd.DataFrame, spans: Mapping[Hashable, Span], round_: Round, by: str = "municipality"
) -> list[str]:
    """A sentence a file and kind of oddity. `rows`: of all exports, as `check_export` gives them; what
    stands in several exports alike is told of the first. `spans`: as `answer_times.known_times`."""
    columns = [c for c in rows if c not in ("file", "row")]
    rows = rows.sort_values(["file", "row"]).drop_duplicates(columns)
    return [
        *_odd_times(rows, spans, by),
        *_local_answers_not_asked(rows, round_),
        *_local_questions_without_answers(rows, round_),
        *_answers_not_handed_in(rows),
    ]


def _odd_times(rows: pd.DataFrame, spans: Mapping[Hashable, Span], by: str) -> Iterator[str]:
    """Answers whose time cannot be right."""
    answers = rows[rows["status"].isin(ANSWERED)]
    answers = answers.assign(early=False, late=False)
    for value, own in answers.groupby(by)["submitted_at"]:
        answers.loc[own.index, "early"] = spans[value].early(own)
        answers.loc[own.index, "late"] = spans[value].late(own)
    for file, own in answers[answers["early"] | answers["late"]].groupby("file"):
        parts = [
            f"{int(own[kind].sum())} {words} ({row_spans(own.loc[own[kind], 'row'])})"
            for kind, words in (
                ("early", "before the letters"),
                ("late", "after today or the end of the round"),
            )
            if own[kind].any()
        ]
        yield (
            f"{file}: answers dated {' and '.join(parts)}. They count, but as answers whose time is not "
            "known. Ask the survey tool's supplier, and take out rows that are no citizen's."
        )


def _local_answers_not_asked(rows: pd.DataFrame, round_: Round) -> Iterator[str]:
    """Answers to local questions that the citizen's municipality does not ask."""
    for (code, file), own in rows.groupby(["municipality", "file"]):
        asked = {q.id for q in round_.local_for(code).questions}
        given = [c for c in LOCAL_COLUMNS if c in own and c not in asked]
        odd = [(c, own.loc[own[c].notna(), "row"]) for c in given if own[c].notna().any()]
        if odd:
            parts = ", ".join(f"{len(found)} to {c} ({row_spans(found)})" for c, found in odd)
            asks = ", ".join(sorted(asked)) or "no local question"
            yield (
                f"{file}: {code} {round_.municipalities[code].name} asks {asks}, but there are answers: "
                f"{parts}. They are left out. If the question was asked, add it to "
                f"params/local/{round_.id}/{code}.yml."
            )


def _local_questions_without_answers(rows: pd.DataFrame, round_: Round) -> Iterator[str]:
    """Local questions that a municipality asks and nobody has answered, once there are answers enough to
    show anything."""
    answers = rows[rows["status"].isin(ANSWERED)]
    for code, own in answers.groupby("municipality"):
        count = own["key"].nunique()
        asked = [q.id for q in round_.local_for(code).questions]
        none = [q for q in asked if q not in own or own[q].isna().all()]
        if none and count >= round_.settings.disclosure.min_answers:
            yield (
                f"{code} {round_.municipalities[code].name} asks {', '.join(none)}, but of {count} citizens "
                "who answered none has answered that. See whether the exports name the column so."
            )


def _answers_not_handed_in(rows: pd.DataFrame) -> Iterator[str]:
    """Rows of `opened` and `none` in which questions are answered all the same."""
    questions = [c for c in rows if c.startswith("q") and not c.endswith("_text")]
    odd = rows[~rows["status"].isin(ANSWERED) & rows[questions].notna().any(axis=1)]
    for file, own in odd.groupby("file"):
        yield (
            f"{file}: {len(own)} rows hold answers, but their status is opened or none "
            f"({row_spans(own['row'])}). They do not count. If these citizens answered, have the "
            "survey tool's supplier mend their status."
        )
