"""What in a well-formed extract is worth a look: no errors, but often signs of one.

A kind stands once, in English and in Danish, with its limit as a named constant. What is surely wrong
stands in `stopping.py` and `round_findings.py`; all of it comes together in `plausibility.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers.common.message_values import Count, Share, Value, in_language
from helpers.extracts.classify import classify
from helpers.faults.faults import Fault
from helpers.parameters.params import Round
from helpers.received.cells import normalise

WITHOUT_PHONE = 0.25  # share of persons above which it is told
WITHOUT_CONVERSATION = 0.5
PASSIVE = 0.5
SEEN_IN = 100  # persons, at least, before it is told that nobody is passive
GROUPS_SEEN_IN = 200  # persons in the target groups, before it is told that one is empty
OF_INHABITANTS = (0.01, 0.2)  # persons as a share of the inhabitants, as extracts use to be
OF_LAST_ROUND = (2 / 3, 1.5)  # persons as a share of the last round's, from which it is told
NOTHING_NEW_DAYS = 28  # so long before the reference date the newest date may lie, untold …
NEWS_SEEN_IN = 500  # … in an extract of so many persons
YOUNGEST_START_YEARS = 15  # nobody is on a benefit earlier
ROWS_NAMED = 10

TEXTS = {
    "no_code": (
        "The municipality is not known, so its own background variables were not looked for. "
        "Begin the file's name with the municipality's code, or say --municipality.",
        "Kommunen kendes ikke, så kommunens egne baggrundsoplysninger er ikke undersøgt. "
        "Lad filens navn begynde med kommunekoden, eller brug --municipality.",
    ),
    "no_participant": (
        "{code} {name} takes no part in {round}.",
        "{code} {name} er ikke tilmeldt {round}.",
    ),
    "size": (
        "Persons in the extract: {count}, {share} of the municipality's inhabitants; usual is "
        "{low}–{high}.",
        "Borgere i udtrækket: {count}, {share} af kommunens indbyggere. Det plejer at være "
        "{low}–{high}. Er det hele udtrækket?",
    ),
    "other_size": (
        "Persons in the extract: {count}; in the round {round} there were {before}.",
        "Borgere i udtrækket: {count}. I runden {round} var der {before}. Er det hele udtrækket?",
    ),
    "other_local": (
        "The column »{column}« is the own background variable of {other}: is it {other}'s file?",
        "Kolonnen »{column}« er en baggrundsoplysning, som {other} har. Er det filen fra {other}?",
    ),
    "nothing_new": (
        "The newest date in the file is {newest}, {days} days before the reference date.",
        "Den nyeste dato i filen er {newest}, {days} dage før opgørelsesdatoen. Er det et nyt udtræk?",
    ),
    "two_names": (
        "The same CPR number stands under another first name in the extract of {other}: row {row} here, "
        "row {other_row} there. One of the two is wrong, so neither of them is invited until it is mended.",
        "Samme CPR-nummer står med et andet fornavn i udtrækket fra {other}: række {row} her, række "
        "{other_row} dér. Det ene er forkert, så ingen af dem bliver inviteret, før det er rettet.",
    ),
    "not_compared": (
        "Whether these persons stand in another municipality's extract too was not judged: the round's "
        "key is not at hand. Intake judges it.",
        "Det er ikke undersøgt, om borgerne også står i en anden kommunes udtræk, for rundens nøgle "
        "mangler her. Det undersøges, når udtrækket indlæses.",
    ),
    "few_eligible": (
        "Persons in the target groups: {count}; {wanted} answers are wanted, so all will be invited.",
        "Borgere i målgrupperne: {count}. Der ønskes {wanted} svar, så alle bliver inviteret.",
    ),
    "empty_group": (
        "Nobody is in the target group »{group}«.",
        "Der er ingen borgere i målgruppen »{group}«. Mangler en ydelse i udtrækket?",
    ),
    "without_phone": (
        "Persons without a telephone number, who cannot get an SMS: {count} of {of} ({share}).",
        "Borgere uden telefonnummer, som ikke kan få en sms: {count} af {of} ({share}).",
    ),
    "odd_phone": (
        "Telephone numbers that are not eight digits: {count} (rows {rows}).",
        "Telefonnumre, der ikke har otte cifre: {count} (række {rows}).",
    ),
    "without_name": (
        "Persons without a name, which the letter needs: {count} (rows {rows}).",
        "Borgere uden navn, som skal stå i brevet: {count} (række {rows}).",
    ),
    "without_conversation": (
        "Persons without a date of the latest conversation: {count} of {of} ({share}).",
        "Borgere uden dato for den seneste samtale: {count} af {of} ({share}).",
    ),
    "late_conversation": (
        "Conversations after the reference date {day}: {count} (rows {rows}).",
        "Samtaler efter opgørelsesdatoen {day}: {count} (række {rows}).",
    ),
    "late_start": (
        "Spells that begin after the reference date {day}: {count} (rows {rows}).",
        "Forløb på ydelsen, der begynder efter opgørelsesdatoen {day}: {count} (række {rows}).",
    ),
    "early_start": (
        "Spells that begin before the person was {years} years old: {count} (rows {rows}).",
        "Forløb på ydelsen, der begynder, før borgeren fyldte {years} år: {count} (række {rows}).",
    ),
    "nobody_passive": (
        "Nobody is passive: is the column filled in?",
        "Ingen borgere er passive. Er kolonnen udfyldt?",
    ),
    "many_passive": (
        "Passive persons, who will be left out: {count} of {of} ({share}).",
        "Passive borgere, som bliver taget ud: {count} af {of} ({share}). Er kolonnen vendt om?",
    ),
}
LABELS = {  # for the evaluation
    "no_code": "Kommunen kendes ikke", "no_participant": "Ikke tilmeldt", "size": "Usædvanlig størrelse",
    "other_size": "Anden størrelse end i sidste runde", "other_local": "En anden kommunes kolonne",
    "nothing_new": "Ingen nye datoer", "two_names": "CPR-nummer med to navne",
    "not_compared": "Ikke holdt op mod andre kommuner", "few_eligible": "Få i målgrupperne",
    "empty_group": "Tom målgruppe", "without_phone": "Mange uden telefonnummer",
    "odd_phone": "Telefonnumre uden otte cifre", "without_name": "Uden navn",
    "without_conversation": "Mange uden samtaledato", "late_conversation": "Samtaler efter opgørelsesdatoen",
    "late_start": "Forløb efter opgørelsesdatoen", "early_start": "Forløb fra før den tidligste alder",
    "nobody_passive": "Ingen passive", "many_passive": "Mange passive",
}  # fmt: skip


@dataclass(frozen=True)
class Warning:
    """One thing worth a look, its numbers and days as values until a language is chosen.

    `fault`: what the reader of the file told, where it comes from there; it has the texts then.
    """

    kind: str
    details: tuple[tuple[str, Value], ...] = ()
    fault: Fault | None = None

    def in_language(self, language: str) -> str:
        if self.fault is not None:
            return _as_read(self.fault, language)
        english, danish = TEXTS[self.kind]
        details = {name: in_language(value, language) for name, value in self.details}
        return (danish if language == "da" else english).format(**details)


def _as_read(fault: Fault, language: str) -> str:
    where = replace(fault.place, file="").in_language(language)
    text = str(replace(fault.in_language(language), where=where, expected="", remedy=""))
    text = text if where else text.removeprefix(": ")
    return text[:1].upper() + text[1:]


def warning(kind: str, **details: Value) -> Warning:
    return Warning(kind, tuple(details.items()))


@dataclass(frozen=True)
class EarlierExtract:
    """The municipality's extract in the latest earlier round that has one: persons, passive ones, and
    the round's title."""

    persons: int
    passive: int
    title: str


def warnings_of(
    persons: pd.DataFrame,
    round_: Round,
    code: str,
    before: EarlierExtract | None = None,
    ignored_columns: Sequence[str] = (),
) -> tuple[Warning, ...]:
    """What is worth a look in the persons of one file, `age` added; `code` empty: not known."""
    found = [*_of_municipality(persons, round_, code, before, ignored_columns)]
    if len(persons):
        found += [*_of_groups(persons, round_), *_of_persons(persons, round_)]
    return tuple(warning(kind, **details) for kind, details in found)


def _of_municipality(
    persons: pd.DataFrame,
    round_: Round,
    code: str,
    before: EarlierExtract | None,
    ignored_columns: Sequence[str],
) -> Iterator[tuple[str, dict]]:
    if not code:
        yield "no_code", {}
        return
    place = round_.municipalities[code]
    if code not in round_.settings.participants:
        named = {"code": code, "name": place.name, "round": round_.settings.title}
        yield "no_participant", named
    share = len(persons) / place.population
    low, high = OF_INHABITANTS
    if len(persons) and not low <= share <= high:
        limits = {"low": Share(low), "high": Share(high)}
        yield "size", {"count": Count(len(persons)), "share": _share(share), **limits}
    if before is not None:
        low, high = (before.persons * times for times in OF_LAST_ROUND)
        if not low <= len(persons) <= high:
            counts = {"count": Count(len(persons)), "before": Count(before.persons)}
            yield "other_size", {"round": before.title, **counts}
    seen = {normalise(heading) for heading in ignored_columns}
    for other in round_.local.values():
        for own in other.background if other.municipality != code else ():
            if normalise(own.column) in seen:
                name = round_.municipalities[other.municipality].name
                yield "other_local", {"column": own.column, "other": name}


def _of_groups(persons: pd.DataFrame, round_: Round) -> Iterator[tuple[str, dict]]:
    settings = round_.settings
    groups = classify(persons, round_.rules, settings.reference_date, settings.age_limits)
    sizes = groups["target_group"].value_counts()
    eligible = int(sizes.sum())
    if eligible < settings.sampling.min_answers:
        wanted = Count(settings.sampling.min_answers)
        yield "few_eligible", {"count": Count(eligible), "wanted": wanted}
    if eligible >= GROUPS_SEEN_IN:
        for group in round_.rules.groups:
            if group.id not in sizes:
                yield "empty_group", {"group": group.label}


def _of_persons(persons: pd.DataFrame, round_: Round) -> Iterator[tuple[str, dict]]:
    reference = pd.Timestamp(round_.settings.reference_date)
    day = {"day": round_.settings.reference_date}
    phone, start, talk = (persons[c] for c in ("phone", "spell_start", "latest_conversation"))
    digits = phone.str.replace(r"\D", "", regex=True).str.replace(
        r"^(?:00)?45(?=\d{8}$)", "", regex=True
    )
    of_age = persons["birth_date"] + pd.DateOffset(years=YOUNGEST_START_YEARS)
    yield from _above("without_phone", phone == "", WITHOUT_PHONE)
    yield from _rows("odd_phone", persons, (phone != "") & (digits.str.len() != 8))
    yield from _rows("without_name", persons, persons["name"] == "")
    yield from _above("without_conversation", talk.isna(), WITHOUT_CONVERSATION)
    yield from _rows("late_conversation", persons, talk > reference, **day)
    yield from _rows("late_start", persons, start > reference, **day)
    yield from _rows("early_start", persons, start < of_age, years=str(YOUNGEST_START_YEARS))
    newest = pd.concat([start, talk]).max()
    if len(persons) >= NEWS_SEEN_IN and (days := (reference - newest).days) > NOTHING_NEW_DAYS:
        yield "nothing_new", {"newest": newest.date(), "days": str(days)}
    if len(persons) >= SEEN_IN and not persons["passive"].any():
        yield "nobody_passive", {}
    yield from _above("many_passive", persons["passive"], PASSIVE)


def _above(kind: str, where: pd.Series, limit: float) -> Iterator[tuple[str, dict]]:
    """Told where the share of persons is larger than the limit."""
    if where.mean() > limit:
        counted = {"count": Count(int(where.sum())), "of": Count(len(where))}
        yield kind, {**counted, "share": _share(where.mean())}


def _rows(
    kind: str, persons: pd.DataFrame, where: pd.Series, **more: str
) -> Iterator[tuple[str, dict]]:
    """Told where there is any, with the first rows."""
    rows = persons.loc[where, "row"].tolist()
    if rows:
        yield kind, {"count": Count(len(rows)), "rows": listed_rows(rows), **more}


def listed_rows(rows: Sequence[object]) -> str:
    """The first rows, or pairs of rows; »…« where there are more."""
    return ", ".join(map(str, rows[:ROWS_NAMED])) + (" …" if rows[ROWS_NAMED:] else "")


def _share(share: float) -> Share:
    return Share(share, 1 if share < 0.1 else 0)
