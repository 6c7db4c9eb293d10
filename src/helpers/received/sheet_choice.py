"""Which sheet of a received file is meant, for files that are no extracts: lists, logs, sign-ups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from helpers.common.errors import ExtractError
from helpers.common.quoting import redacted_names
from helpers.faults.faults import Place, fault
from helpers.received.sheets import Sheet

NEARLY = 0.5  # of the best sheet's fit, from which another could be meant as well


def sheet_meant(
    file: str, readings: Sequence[Sequence[Sheet]], fit: Callable[[Sheet], int]
) -> Sheet | None:
    """The visible sheet that fits best; None where none fits at all.

    `fit`: number of a sheet's headings that are known. Raises ExtractError where several visible sheets
    with rows fit nearly as well, or only hidden ones do.
    """
    scores = [[(fit(sheet), sheet) for sheet in sheets] for sheets in readings]
    fitting = [
        [(score, sheet) for score, sheet in reading if score > 0]
        for reading in sorted(scores, key=lambda r: -max((s for s, _ in r), default=0))
    ]
    if not fitting or not fitting[0]:
        return None
    shown = [(score, sheet) for score, sheet in fitting[0] if not sheet.hidden]
    if not shown:
        raise _refused(file, "only_hidden", [sheet for _, sheet in fitting[0]])
    best, sheet = max(shown, key=lambda s: s[0])
    rivals = [other for score, other in shown if other is sheet or score >= NEARLY * best]
    if len(rivals) > 1:
        rivals = [s for s in rivals if any(str(c).strip() for row in s.rows[1:] for c in row)]
    if len(rivals) > 1:
        raise _refused(file, "sheets_unclear", rivals)
    return rivals[0] if rivals else sheet


def _refused(file: str, kind: str, sheets: Sequence[Sheet]) -> ExtractError:
    names = redacted_names(sheet.name for sheet in sheets)
    return ExtractError(problems=[fault(kind, Place(file), count=len(sheets), sheets=names)])
