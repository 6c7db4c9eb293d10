"""The columns of the survey tool's export: those that a round's questionnaire asks for, and what can stand
in each. What is asked of the tool (`survey questionnaire`) and what is read of its export are these."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from helpers.parameters.params import Round

LOCAL_COLUMNS = ("lokal1", "lokal2", "lokal3")
FIRST = ("key", "status", "submitted_at")
_QUESTION = re.compile(r"q[0-9]{2}(_text)?|lokal.*")


@dataclass(frozen=True)
class ExportColumns:
    """`common`: question → values that can stand there; `local`: the same of the municipalities' own
    questions, which may have other scales in each; `texts`: of free text, in the questions' order."""

    common: dict[str, frozenset[int]]
    local: dict[str, frozenset[int]]
    texts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*FIRST, *self.common, *self.texts, *self.local)

    def unknown(self, headings: Iterable[str]) -> list[str]:
        """Headings that look like a question's and are none that is asked."""
        return [c for c in headings if _QUESTION.fullmatch(c) and c not in self.names]


def export_columns(round_: Round, codes: Collection[str] | None = None) -> ExportColumns:
    """What the export of these municipalities (default: of all) has."""
    common = {q: frozenset(s.values) for q, s in round_.answer_scales().items()}
    local: dict[str, frozenset[int]] = {c: frozenset() for c in LOCAL_COLUMNS}
    for code in round_.local if codes is None else codes:
        scales = round_.answer_scales(code)
        local |= {c: local[c] | frozenset(scales[c].values) for c in LOCAL_COLUMNS if c in scales}
    return ExportColumns(common, local, round_.questionnaire.text_columns)
