"""A proposed mapping as the YAML file that a person reads, corrects and approves.

What is sure has its score behind it (`#:`, taken away on approval); what a person must choose is
marked `# DECIDE`, and no such file is approved.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from helpers.common.quoting import redacted_name
from helpers.preparation.layout_columns import Column
from helpers.preparation.layout_proposal import BenefitText, Proposal
from helpers.preparation.text_similarity import BENEFIT_SURE

NOTE, DECIDE = "#:", "# DECIDE"
FOLDER = "proposed"  # under params/extract-formats/; no run reads it
_COMMENT_AT = 44


def proposed_path(root: Path, name: str) -> Path:
    return root / "params" / "extract-formats" / FOLDER / f"{name}.yml"


def proposal_text(name: str, proposal: Proposal, benefit_types: Sequence[str]) -> str:
    """The file's text; the same proposal gives the same."""
    lines = [
        f"{NOTE} Proposed by `survey layout new`; no run reads it until `survey layout approve {name}`.",
        f"{NOTE} Scores are 0 to 100. Settle each line with {DECIDE} and take the mark away.",
        f"layout: {name}",
        *_columns(proposal),
        _noted(
            f"encodings: {_list(proposal.encodings)}",
            NOTE,
            proposal.encoding and f"the file: {proposal.encoding}",
        ),
        f"delimiter: {_quoted(proposal.delimiter)}",
        *_dates(proposal),
        *_words(proposal),
        *_empties(proposal),
        *_benefits(proposal, benefit_types),
    ]
    return "\n".join(lines) + "\n"


def decisions(text: str) -> list[tuple[int, str]]:
    """(line number, what is to be decided) of each mark that is left in a file."""
    return [
        (number, _decision(line))
        for number, line in enumerate(text.splitlines(), start=1)
        if "DECIDE" in line and not line.startswith(NOTE)
    ]


def _decision(line: str) -> str:
    """»course_closed: ["Forløb status"] (73 …)«: the line and why it is marked."""
    settled, _, why = line.partition(DECIDE)
    settled, why = settled.strip().removesuffix(": DECIDE"), why.lstrip(": ")
    return f"{settled} ({why})" if settled and why else settled or why


def without_notes(text: str) -> str:
    """The file's text without its scores."""
    lines = (_without_note(line) for line in text.splitlines())
    return "\n".join(line for line in lines if line is not None) + "\n"


def _without_note(line: str) -> str | None:
    if line.lstrip().startswith(NOTE):
        return None
    return line.split(f"  {NOTE}", 1)[0].rstrip()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML one


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(_quoted(t) for t in texts)}]"


def _noted(line: str, mark: str, note: str) -> str:
    return f"{line:<{_COMMENT_AT}}  {mark} {note}" if note else line


def _columns(proposal: Proposal) -> Iterator[str]:
    yield "columns:"
    for column in proposal.columns.values():
        heading = [column.heading] if column.heading else []
        mark = NOTE if column.is_sure else f"{DECIDE}:"
        yield _noted(f"  {column.field}: {_list(heading)}", mark, _column_note(column))
    if proposal.unused:
        yield f"  {NOTE} columns of no field: {', '.join(proposal.unused)}"


def _column_note(column: Column) -> str:
    second = (
        f"next »{redacted_name(column.second)}« {column.second_score:.0f}" if column.second else ""
    )
    if not column.heading:
        return f"no column fits well enough; nearest »{redacted_name(column.second)}« {column.second_score:.0f}"
    note = (
        f"{column.score:.0f} (heading {column.heading_score:.0f}, cells {column.cells_score:.0f})"
    )
    return f"{note}; {second}" if second else note


def _dates(proposal: Proposal) -> Iterator[str]:
    line = f"date_forms: {_list(proposal.date_forms)}"
    if proposal.american_dates:
        yield _noted(
            line, f"{DECIDE}:", "does the month stand before the day? If not, take that form out"
        )
    elif proposal.dates_unread:
        yield _noted(
            line, f"{DECIDE}:", f"{proposal.dates_unread} date cells are read by none of them"
        )
    else:
        yield line


def _words(proposal: Proposal) -> Iterator[str]:
    yield f"yes_words: {_list(proposal.yes_words)}"
    yield f"no_words: {_list(proposal.no_words)}"
    for word, field in proposal.unknown_words:
        yield f"{DECIDE}: is »{word}« in {field} a yes or a no? Add it to the words above"
    if proposal.words_unwritten:
        yield (
            f"{DECIDE}: {proposal.words_unwritten} other text(s) in the yes/no columns are not written "
            "here, for they could be persons'; look in the file"
        )


def _empties(proposal: Proposal) -> Iterator[str]:
    unsure = [field for field, sure in proposal.empty_means_no.items() if not sure]
    line = f"empty_means_no: [{', '.join(proposal.empty_means_no)}]"
    note = f"does an empty cell in {' and '.join(unsure)} mean no? Else take it out"
    yield _noted(line, f"{DECIDE}:", note if unsure else "")


def _benefits(proposal: Proposal, benefit_types: Sequence[str]) -> Iterator[str]:
    yield (
        "benefits:" if proposal.benefits else _noted("benefits: {}", f"{DECIDE}:", "none was found")
    )
    for found in proposal.benefits:
        yield _benefit_line(found)
    if proposal.benefits_unwritten:
        yield (
            f"{DECIDE}: {proposal.benefits_unwritten} other text(s) in the column of benefits are not "
            "written here, for they could be persons'; look in the file"
        )
    if any(not b.match.is_sure for b in proposal.benefits):
        yield f"{NOTE} benefit types: {'; '.join(benefit_types)}"


def _benefit_line(found: BenefitText) -> str:
    match, text = found.match, _quoted(found.text)
    rows = f"{found.rows} rows"
    second = f"{match.second} {match.second_score:.0f}"
    if match.is_sure:
        note = f"{match.score:.0f} by »{match.known}«; next {second}; {rows}"
        return _noted(f"  {text}: {match.benefit}", NOTE, note)
    why = "not like enough" if match.score < BENEFIT_SURE else "could mean another"
    note = f"{why}: {match.benefit} {match.score:.0f}, {second}; {rows}"
    return _noted(f"  {text}: DECIDE", f"{DECIDE}:", note)
