"""What a tried file holds, as lines to print: in English for analysts, in Danish for municipalities.

Numbers and dates are printed in the Danish way in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from helpers.common.message_values import Count, in_language
from helpers.common.quoting import redacted_file_name
from helpers.extracts.classify import reason_labels, reasons
from helpers.faults.faults import Fault
from helpers.parameters.params import Round
from helpers.preparation.check import Checked

FAULTS_SHOWN = 100  # where the marked copy has the others
_LABEL_WIDTH = 42

WORDS = {
    "en": {
        "tried": "{file}, tried against the round {title} ({round}), reference date {date}",
        "municipality": "Municipality: {code} {name}",
        "layout": "Layout: {layout}",
        "persons": "Persons",
        "well_only": "Rows without faults, counted below",
        "eligible": "In the target groups",
        "left_out": "Left out",
        "ignored": "Columns that are not used: {columns}",
        "look": "Worth a look:",
        "accepted": "Let pass by decision:",
        "faults": "Faults: {count}",
        "expected": "Expected",
        "more": "… and {count} more; see the marked copy.",
        "like": "and {count} more of this kind",
        "remedies": "What to do:",
        "well": "The file is well: it will be taken in as it is.",
        "not_well": "The file would be refused as it is.",
    },
    "da": {
        "tried": "{file}, afprøvet mod runden {title} ({round}), opgørelsesdato {date}",
        "municipality": "Kommune: {code} {name}",
        "layout": "Layout: {layout}",
        "persons": "Borgere",
        "well_only": "Rækker uden fejl, talt op herunder",
        "eligible": "I målgrupperne",
        "left_out": "Bliver taget ud",
        "ignored": "Kolonner, som ikke bruges: {columns}",
        "look": "Værd at se på:",
        "accepted": "Godkendt:",
        "faults": "Fejl: {count}",
        "expected": "Forventet",
        "more": "… og {count} mere. Se den markerede kopi.",
        "like": "og {count} mere af samme slags",
        "remedies": "Det skal I gøre:",
        "well": "Filen er i orden og kan sendes, som den er.",
        "not_well": "Filen kan ikke bruges, som den er. Ret fejlene, og afprøv den igen.",
    },
}


def lines_about(checked: Checked, round_: Round, language: str) -> Iterator[str]:
    """What was found, fault by fault left to `fault_lines`."""
    words, settings = WORDS[language], round_.settings
    yield words["tried"].format(
        file=checked.file,
        title=settings.title,
        round=round_.id,
        date=in_language(settings.reference_date, language),
    )
    if checked.code:
        place = round_.municipalities[checked.code]
        yield words["municipality"].format(code=place.code, name=place.name)
    if not checked.layout:
        return
    yield words["layout"].format(layout=checked.layout)
    yield _counted(words["persons"], checked.rows_read, language)
    if checked.rows_faulty:
        yield _counted(words["well_only"], checked.rows_read - checked.rows_faulty, language)
    yield from _groups(checked, round_, language)
    if checked.ignored_columns:
        yield ""
        yield words["ignored"].format(columns=", ".join(checked.ignored_columns))
    if checked.warnings:
        yield ""
        yield words["look"]
        yield from (f"  - {warning.in_language(language)}" for warning in checked.warnings)
    if checked.accepted:
        yield ""
        yield words["accepted"]
        yield from (f"  - {f.in_language(language).what} ({why})." for f, why in checked.accepted)


def _groups(checked: Checked, round_: Round, language: str) -> Iterator[str]:
    words, limits = WORDS[language], round_.settings.age_limits
    danish = reason_labels(limits)
    labels = {r: danish[r] if language == "da" else r.capitalize() for r in reasons(limits)}
    groups = {g.id: g.label for g in round_.rules.groups}
    for heading, names in (("eligible", groups), ("left_out", labels)):
        counts = {name: checked.counts.get(name, 0) for name in names}
        yield ""
        yield _counted(words[heading], sum(counts.values()), language)
        yield from (_counted(f"  {names[name]}", count, language) for name, count in counts.items())


def _counted(label: str, count: int, language: str) -> str:
    return f"{label:<{_LABEL_WIDTH}}{in_language(Count(count), language):>8}"


def fault_lines(checked: Checked, language: str, marked: bool) -> Iterator[str]:
    """Each fault with its place, then each remedy once; many only where there is no marked copy."""
    words = WORDS[language]
    yield words["faults"].format(
        count=in_language(Count(sum(f.count for f in checked.faults)), language)
    )
    shown = checked.faults[:FAULTS_SHOWN] if marked else checked.faults
    yield from (f"  - {fault_line(fault, language)}" for fault in shown)
    if rest := sum(f.count for f in checked.faults) - sum(f.count for f in shown):
        yield "  " + words["more"].format(count=in_language(Count(rest), language))
    remedies = dict.fromkeys(f.in_language(language).remedy for f in checked.faults)
    yield words["remedies"]
    yield from (f"  - {remedy}" for remedy in remedies if remedy)


def fault_line(fault: Fault, language: str) -> str:
    """Place, trouble and what was expected, without the file's name and the remedy."""
    where = replace(fault.place, file="").in_language(language) or redacted_file_name(
        fault.place.file
    )
    return f"{where}: {sentence(fault, language)}"


def sentence(fault: Fault, language: str) -> str:
    """Trouble and what was expected, without the place."""
    problem = fault.in_language(language)
    like = f" ({WORDS[language]['like'].format(count=in_language(Count(problem.count - 1), language))})"
    more = like if problem.count > 1 else ""
    expected = f" {WORDS[language]['expected']}: {problem.expected}." if problem.expected else ""
    return f"{problem.what}{more}.{expected}"


def verdict(checked: Checked, language: str) -> str:
    return WORDS[language]["well" if checked.has_no_faults else "not_well"]
