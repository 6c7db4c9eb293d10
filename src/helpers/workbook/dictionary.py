"""The workbook's data dictionary: what every column is, and the questionnaire behind the numbers."""

from __future__ import annotations

from collections.abc import Sequence

from helpers.common.printing import capital
from helpers.common.vocabulary import NATIONAL_LABEL, OTHERS_LABEL
from helpers.released.captions import listed
from helpers.released.own_numbers import OwnNumbers
from helpers.released.scale_words import SPLIT_WORDS, kind_of, question_measures, split_labels
from helpers.workbook.sheets import Cell, Column, Sheet

UNITS = {
    "text": "tekst", "count": "antal", "mean": "skalapoint 1–5", "share": "andel 0–1, vist i procent",
    "rate": "andel 0–1, vist i procent", "difference": "skalapoint",
    "share_difference": "procentpoint", "p": "sandsynlighed 0–1",
}  # fmt: skip

# head in small letters, without the place before or the limit behind it → what the column is
MEANINGS = {
    "nr.": "spørgsmålets nummer i spørgeskemaet",
    "tema": "spørgeskemaets tema",
    "spørgsmål": "spørgsmålet i kort form; hele ordlyden står på arket »Spørgeskema«",
    "tema eller spørgsmål": "det tema eller spørgsmål, rækken handler om",
    "målgruppe": "borgerens målgruppe på referencedagen",
    "køn": "køn efter CPR-nummeret",
    "alder": "alder på referencedagen",
    "varighed på ydelsen": "uger på den nuværende ydelse på referencedagen",
    "område": "kommunen eller alle deltagende kommuner",
    "opdeling": "hvad borgerne er delt op efter",
    "kategori": "gruppen inden for opdelingen",
    "sammenlignet med": "hvad kommunens tal er sammenlignet med",
    "mål": "hvilket tal der er sammenlignet",
    "gennemsnit": "vægtet gennemsnit af svarene 1–5; »ved ikke« indgår ikke",
    "gennemsnit (1–5)": "vægtet gennemsnit af svarene 1–5; »ved ikke« indgår ikke",
    "ved ikke": "vægtet andel af alle besvarelser af spørgsmålet, der er »ved ikke«",
    "andel ved ikke": "vægtet andel af alle besvarelser af spørgsmålet, der er »ved ikke«",
    "antal svar": "uvægtet antal svar bag tallet, uden »ved ikke«",
    "antal svar med »ved ikke«": "uvægtet antal svar, »ved ikke« medregnet",
    "forskel til de øvrige": "kommunens tal minus de øvrige kommuners",
    "forskel": "kommunens tal minus sammenligningstallet",
    "vurdering": "om forskellen er både sikker og stor nok til at nævne, og til hvilken side",
    "siden": "den tidligere runde",
    "før": "kommunens tal i den tidligere runde",
    "nu": "kommunens tal i denne runde",
    "ændring": "kommunens tal nu minus tallet i den tidligere runde",
    "kan følges": "»Ja«, hvor spørgsmålet og gruppen er de samme i de to runder",
    "brud eller begrundelse": "hvad der er ændret mellem runderne, eller hvorfor tallet ikke kan følges",
    "sammenligningstal": "det, kommunens tal er sammenlignet med",
    "p-værdi, korrigeret": "korrigeret for mange sammenligninger (Benjamini og Hochberg)",
    "borgere i målgruppen": "borgere i kommunens udtræk, som hører til målgrupperne",
    "inviterede": "borgere, der er inviteret til at svare",
    "svar": "hele og delvise besvarelser",
    "svarprocent": "besvarelser af inviterede (AAPOR RR2)",
    "designeffekt": "hvor meget vægtene udvander antallet af svar (Kish)",
    "effektivt antal svar": "antal svar delt med designeffekten",
    "status": "»vist«, eller hvorfor et tal mangler",
}
LIMITS = {
    "nedre grænse": "nedre grænse af 95 %-intervallet",
    "øvre grænse": "øvre grænse af 95 %-intervallet",
    "uvægtet": "uden vægte",
}


def meanings(o: OwnNumbers) -> dict[str, str]:
    """As MEANINGS, with the columns that follow the scales."""
    measures = question_measures(o.round, o.code)
    found = dict(MEANINGS)
    for statistic, label in split_labels(measures).items():
        kind = SPLIT_WORDS[statistic]
        of = [listed([str(k) for k in m.options_of(kind_of(statistic))]) for m in measures]
        answers = [f"{'svarene' if ' og ' in phrase else 'svaret'} {phrase}" for phrase in of]
        if len(measures) > 1:
            answers = [f"{phrase} af {m.points}" for phrase, m in zip(answers, measures)]
        found[kind] = found[f"andel {label.lower()}"] = f"vægtet andel af {'; '.join(answers)}"
    for k in range(1, max(m.points for m in measures) + 1):
        answer = f"vægtet andel af svaret {k}"
        found |= {f"svar {k}": answer, f"andel svar {k}": answer}
        found |= {f"svar {k} (mest {end}t)": answer for end in ("negativ", "positiv")}
    return found


def dictionary_sheet(o: OwnNumbers, sheets: Sequence[Sheet]) -> Sheet:
    """A row a column of any sheet."""
    columns = (
        Column("Kolonne", 38),
        Column("Betydning", 70, wrap=True),
        Column("Enhed", 26),
        Column("Ark", 50, wrap=True),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for sheet in sheets:
        for column in sheet.columns:
            found.setdefault((column.head, UNITS[column.kind]), []).append(sheet.name)
    rows: list[list[Cell]] = [
        [head, capital(meaning_of(o, head)), unit, ", ".join(names)]
        for (head, unit), names in found.items()
    ]
    about = "Hvad hver kolonne i de andre ark betyder, med enhed."
    return Sheet("Ordbog", about, columns, rows, f"Ordbog: {o.name}", "En række pr. kolonne.", 1)


def meaning_of(o: OwnNumbers, head: str) -> str:
    """»Norddjurs Kommune: gennemsnit« → the mean, of the municipality. Raises KeyError for a head that
    nobody has explained."""
    areas = {
        o.name: "i kommunen",
        OTHERS_LABEL: "i de øvrige kommuner",
        NATIONAL_LABEL: "i alle deltagende kommuner",
    }
    if head in areas:
        return "kommunens eget tal"
    known = meanings(o)
    first, _, rest = head.partition(": ")
    if first in areas:
        return f"{known[rest.lower()]}, {areas[first]}"
    if head.lower() in LIMITS:
        return f"{LIMITS[head.lower()]} om tallet til venstre"
    if rest:
        return f"{known[first.lower()]}: {LIMITS[rest]}"
    return known[head.lower()]


def questionnaire_sheet(o: OwnNumbers) -> Sheet:
    """A row a question, the municipality's own last: number, wording, theme and what could be answered."""
    columns = (
        Column("Id", 8), Column("Kort", 30), Column("Ordlyd", 90, wrap=True), Column("Tema", 30),
        Column("Svar, mest negativt først, og ved ikke", 70, wrap=True),
    )  # fmt: skip
    questionnaire = o.round.questionnaire
    themes = {t.id: t.label for t in questionnaire.themes}

    def answers(question: str) -> str:
        scale = o.answer_scales.get(question)
        return " · ".join([*scale.labels.values(), scale.unsure]) if scale else "fritekst"

    rows: list[list[Cell]] = [
        [q.id, q.short, q.wording, themes.get(q.theme, ""), answers(q.id)]
        for q in questionnaire.questions
    ]
    rows += [
        [q.id, q.short, q.wording, "kommunens eget spørgsmål", answers(q.id)]
        for q in o.local.questions
    ]
    about = "Spørgsmålenes fulde ordlyd, tema og svarmuligheder."
    return Sheet("Spørgeskema", about, columns, rows, f"Spørgeskema: {o.name}", "", 2)
