"""The Danish words of an extract template: what each column means, and the guidance beside it.

`{…}` are filled in for a round and a layout; no example is, or looks like, a citizen's.
"""

from __future__ import annotations

from dataclasses import dataclass

from helpers.common import printing
from helpers.common.printing import capital
from helpers.parameters.params import ExtractFormat, Municipality, Round, Rule
from helpers.parameters.spells import spell_words
from helpers.released.captions import SURVEY, days

PROMPT_TITLE_MAX, PROMPT_MAX = 32, 255  # Excel's limits, for the error as well


@dataclass(frozen=True)
class ColumnText:
    """One column: what it means, how it is written, an example; what Excel says at wrong cells."""

    meaning: str
    form: str
    example: str
    error: str = ""


COLUMNS = {
    "cpr": ColumnText(
        "Borgerens CPR-nummer. Det bruges til Digital Post, og køn og alder læses af det.",
        "Ti cifre, med eller uden bindestreg. Erstatningsnumre kan bruges.",
        "ddmmåå-xxxx",
        "Skriv ti cifre, med eller uden bindestreg. Hver borger skal kun stå én gang.",
    ),
    "name": ColumnText(
        "Borgerens navn, som det skal stå i brevet.",
        "Fornavn og efternavn.",
        "Fornavn Efternavn",
    ),
    "benefit": ColumnText(
        "Den ydelse, borgeren er på. Også ydelser uden for målgrupperne skal med.",
        "En af ydelserne i listen (se »Ydelser« nedenfor).",
        "{benefit}",
        "Vælg en ydelse i listen. Mangler der en ydelse, så spørg, før I sender.",
    ),
    "spell_start": ColumnText(
        "Den dag, borgeren gik over til den aktuelle ydelse. Varigheden regnes herfra.",
        "Dato: dd-mm-åååå. Skal udfyldes.",
        "{start_example}",
        "Skriv en dato som dd-mm-åååå, fra {earliest} til opgørelsesdatoen {reference}.",
    ),
    "latest_conversation": ColumnText(
        "Den dag, borgeren senest var til samtale.",
        "Dato: dd-mm-åååå. Tom, hvis der ikke har været en samtale.",
        "{conversation_example}",
        "Skriv en dato som dd-mm-åååå, fra {earliest} til {deadline}, eller lad cellen være tom.",
    ),
    "course_closed": ColumnText(
        "Om borgerens forløb er afsluttet pr. {reference}.",
        "{yes} eller {no}.{empty_course_closed}",
        "{no}",
        "Skriv {yes} eller {no}.",
    ),
    "phone": ColumnText(
        "Borgerens mobilnummer. Det bruges kun til påmindelser på sms.",
        "Otte cifre. Tom, hvis I ikke kender det.",
        "otte cifre",
        "Et dansk telefonnummer har otte cifre. Vil I beholde det, I har skrevet?",
    ),
    "passive": ColumnText(
        "Om borgeren er passiv pr. {reference}. Passive borgere skal med, men bliver ikke spurgt.",
        "{yes} eller {no}.{empty_passive}",
        "{no}",
        "Skriv {yes} eller {no}.",
    ),
}
LOCAL = ColumnText(
    "Kommunens egen baggrundsoplysning: {label}.",
    "En af værdierne: {categories}. Tom, hvis den ikke kendes.",
    "{category}",
    "Vælg en værdi i listen, eller lad cellen være tom.",
)
EMPTY_MEANS_NO = " Tom betyder nej."


def title(round_: Round, place: Municipality | None) -> str:
    whose = f" for {place.name}" if place else ""
    return f"Populationsudtræk{whose} til {SURVEY.lower()}, {round_.settings.title}"


def guidance(round_: Round, place: Municipality | None) -> list[tuple[str, str]]:
    """(term, text) lines above the columns."""
    settings = round_.settings
    reference, period = printing.date(settings.reference_date), settings.extract_period
    who = f"i perioden {days(period.start, period.end)}" if period else f"pr. {reference}"
    file = place.folder if place else "0000-kommune"
    limits = settings.age_limits
    simulated = [
        ("Simuleret runde", "Skabelonen hører til en afprøvning. Send ingen rigtige data.")
    ]
    return (simulated if settings.simulated else []) + [
        (
            "Det skal I levere",
            f"Én fil med alle borgere i udtrækket, en række for hver borger, på arket »{DATA_SHEET}«. "
            f"Kald filen {file}.xlsx, så navnet begynder med kommunekoden"
            + ("." if place else " på fire cifre."),
        ),
        ("Opgørelsesdato", f"{reference}. Oplysningerne skal være, som de var den dag."),
        (
            "Hvem skal med",
            f"Alle borgere på en ydelse {who}, uanset alder, ydelse og varighed. I skal ikke sortere "
            "nogen fra: konsulenten tager dem ud, der ikke hører til målgrupperne "
            f"({limits.youngest}–{limits.oldest} år og længe nok på ydelsen), på samme måde for alle "
            "kommuner.",
        ),
        (
            "Frist",
            f"Udtrækket skal være hos konsulenten senest {printing.date(settings.calendar.extract_deadline())}.",
        ),
        (
            "Send sikkert",
            "Filen har CPR-numre. Send den kun ad den sikre vej, der er aftalt i databehandleraftalen, "
            "og først, når aftalen er underskrevet. Send den aldrig som almindelig e-mail. Sæt ingen "
            "adgangskode på selve filen, for så kan den ikke læses. Slet jeres kopi, når udtrækket er "
            "godkendt.",
        ),
        (
            "Afprøv filen",
            "Har I fået undersøgelsens program, så skriv: survey check FILNAVN --lang da. Det viser alle "
            "fejl og laver en kopi med fejlene markeret. Intet bliver sendt eller gemt andre steder.",
        ),
    ]


MISTAKES = (
    (
        "Overskrifter",
        "Ret ikke overskrifterne, og slet ingen kolonner. Send ikke andre oplysninger end dem, der er "
        "bedt om.",
    ),
    (
        "Indsat fra andre ark",
        "Brug »Indsæt værdier«, når I kopierer hertil. Ellers forsvinder lister, datoformat og kontrol, "
        "og CPR-numre og telefonnumre kan miste et 0 forrest.",
    ),
    ("Samme borger to gange", "Hver borger skal stå én gang, med den ydelse, der gælder."),
    (
        "Datoer",
        "Skriv rigtige datoer. »31-02«, »uge 5« og »efterår« kan ikke læses. Brug ikke den dag, sagen "
        "blev oprettet, i stedet for den dag, ydelsen begyndte.",
    ),
    (
        "Ydelser",
        "Brug ydelserne ord for ord. En ukendt ydelse standser hele filen, til vi har fået at vide, "
        "hvad den dækker.",
    ),
    (
        "Sorteret på forhånd",
        "Passive borgere, korte forløb og ydelser uden for målgrupperne skal med. Ellers kan kommunerne "
        "ikke sammenlignes.",
    ),
    (
        "Tomme rækker og summer",
        "Skriv ingen summer under borgerne, og lad ingen række stå halvtom.",
    ),
)
DATA_SHEET, GUIDANCE_SHEET, LIST_SHEET = "Udtræk", "Vejledning", "Lister"


def words_for(heading: str, layout: ExtractFormat) -> tuple[str, str]:
    """The words for yes and no that the heading itself names (»Passiv J/N«), else the layout's first."""
    for yes in layout.yes_words:
        for no in layout.no_words:
            if heading.casefold().endswith(f"{yes}/{no}".casefold()):
                return yes, no
    return layout.yes_words[0], layout.no_words[0]


def benefit_rows(round_: Round, layout: ExtractFormat) -> list[tuple[str, str, str]]:
    """(benefit text, target group, spell) under the round's rules, in the layout's order; a benefit that
    is split by spell has a row each."""
    groups = {group.id: group.label for group in round_.rules.groups}
    rows = []
    for text, benefit in layout.benefits.items():
        for rule in round_.rules.by_benefit.get(benefit, (None,)):
            if rule is None or not rule.target_group:
                rows.append((text, "Uden for målgrupperne", _left_out(rule)))
            else:
                spell = spell_words(rule.least_spell, rule.most_spell, rule.least_spell_unit)
                rows.append((text, groups[rule.target_group], capital(spell)))
    return rows


def _left_out(rule: Rule | None) -> str:
    asked = "Skal med, men bliver ikke spurgt"
    if rule is None or rule.least_spell is None:
        return asked
    spell = spell_words(rule.least_spell, rule.most_spell, rule.least_spell_unit)
    return f"{capital(spell)}: {asked[:1].lower()}{asked[1:]}"
