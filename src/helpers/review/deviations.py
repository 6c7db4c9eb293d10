"""What did not go as planned, and what is still open: a row a fact, in Danish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from helpers.answers.responses import LOCAL_COLUMNS
from helpers.common import printing
from helpers.parameters.params import Municipality
from helpers.review.extract_faults import extracts
from helpers.review.inputs import Review
from helpers.review.timing import events
from helpers.review.words import count, days, municipalities, names
from helpers.sampling.sampling import sample_size


@dataclass(frozen=True)
class Deviation:
    """`matters`: whether it is a deviation or something open; what went as planned is told too."""

    what: str
    planned: str
    happened: str
    matters: bool


def deviations(review: Review) -> list[Deviation]:
    return [_calendar(review), *_sizes(review), _redrawn(review), *_lost(review), _local(review)]


def _all(review: Review) -> str:
    return municipalities(len(review.round.participants))


def _calendar(review: Review) -> Deviation:
    known = [e for e in events(review) if e.days_late is not None]
    late = [e for e in known if e.days_late > 0]
    if not known:
        return Deviation("Kalender", "Datoerne i rundens fil", "Kan ikke bedømmes endnu", False)
    if not late:
        return Deviation(
            "Kalender", "Datoerne i rundens fil", "Ingen målte trin blev forsinket", False
        )
    worst = max(late, key=lambda e: e.days_late)
    happened = f"{count(len(late), 'trin', 'trin')} forsinket, mest »{worst.label}«: {days(worst.days_late)}"
    return Deviation("Kalender", "Datoerne i rundens fil", happened, True)


def smaller_samples(review: Review) -> list[Municipality]:
    """Municipalities whose sample is smaller than their size band says, for lack of citizens."""
    rules, sizes = review.round.settings.sampling, review.asked["municipality"].value_counts()
    return [
        m for m in review.with_sample if sizes[m.code] < sample_size(m.population, 10**9, rules)
    ]


def larger_samples(review: Review) -> list[Municipality]:
    """Municipalities whose sample was enlarged beyond their size band, to reach the answers wanted."""
    rules, sizes = review.round.settings.sampling, review.asked["municipality"].value_counts()
    return [
        m for m in review.with_sample if sizes[m.code] > sample_size(m.population, 10**9, rules)
    ]


def _sizes(review: Review) -> list[Deviation]:
    if not review.with_sample:
        return [Deviation("Stikprøver", _all(review), "Ingen stikprøver trukket endnu", False)]
    smaller, larger = smaller_samples(review), larger_samples(review)
    rows = [
        Deviation(
            "Stikprøvernes størrelse",
            "Efter kommunens indbyggertal",
            f"Mindre i {_listed(smaller)} med få borgere" if smaller else "Ingen er mindre",
            bool(smaller),
        )
    ]
    if larger:
        rows.append(
            Deviation(
                "Stikprøvernes størrelse",
                "Efter kommunens indbyggertal",
                f"Større i {_listed(larger)} for at nå nok svar",
                True,
            )
        )
    return rows


def _redrawn(review: Review) -> Deviation:
    again = review.named(review.replaced)
    happened = f"{_listed(again)}; de første stikprøver er gemt" if again else "Ingen"
    return Deviation("Trukket igen efter breve", "Ingen", happened, bool(again))


def _lost(review: Review) -> list[Deviation]:
    """Municipalities that fell out on the way, each told once, at the first step that lacks."""
    found = extracts(review)
    unsigned = review.not_among(review.round.agreements)
    rows = [
        _missing("Aftale underskrevet", review, unsigned),
        _missing("Leverede udtræk", review, found.missing),
        _missing("Udtræk i orden", review, found.still_refused),
    ]
    sampled, answered = review.with_sample, review.with_answers
    silent = [m for m in sampled if m not in answered]
    rows.append(
        _missing("Svar modtaget", review, silent) if answered else _waits("Svar modtaget", review)
    )
    if review.released is None:
        return [*rows, _waits("Fik resultater", review)]
    without = [m for m in answered if m.code not in review.released]
    return [*rows, _missing("Fik resultater", review, without)]


def _missing(what: str, review: Review, places: Sequence[Municipality]) -> Deviation:
    happened = f"Ikke {_listed(places)}" if places else "Alle"
    return Deviation(what, _all(review), happened, bool(places))


def _waits(what: str, review: Review) -> Deviation:
    return Deviation(what, _all(review), "Ingen endnu", False)


def _local(review: Review) -> Deviation:
    """Local questions asked: how many municipalities and questions, of at most three each."""
    asked = {m.code: review.round.local_for(m.code).questions for m in review.round.participants}
    having = review.named(code for code, questions in asked.items() if questions)
    questions = sum(map(len, asked.values()))
    happened = (
        f"{count(questions, 'spørgsmål', 'spørgsmål')} i {_listed(having)}" if having else "Ingen"
    )
    return Deviation("Lokale spørgsmål", f"Højst {len(LOCAL_COLUMNS)} pr. kommune", happened, False)


def not_finished(review: Review) -> list[Deviation]:
    """What must still be done with identities and agreements."""
    return [_identities(review), _agreements(review)]


def _identities(review: Review) -> Deviation:
    codes = review.round.settings.participants
    until = review.round.settings.retention_until
    left = review.named(c for c in codes if review.paths.vault(c).is_file())
    gone = review.named(review.forgotten)
    planned = f"Slettes efter {printing.date(until)}" if until else "Ingen slettedato i rundens fil"
    parts = [f"Ligger her endnu for {municipalities(len(left))}"] if left else []
    parts += [f"slettet for {municipalities(len(gone))}"] if gone else []
    happened = "; ".join(parts) or "Ingen identiteter her"
    happened = happened[:1].upper() + happened[1:]
    return Deviation("Identiteter", planned, happened, bool(left))


def _agreements(review: Review) -> Deviation:
    lacking = review.not_among(review.round.agreements)
    happened = f"Mangler for {_listed(lacking)}" if lacking else "Alle er noteret"
    return Deviation("Databehandleraftaler", "Noteret som underskrevet", happened, bool(lacking))


def _listed(places: Sequence[Municipality]) -> str:
    return names(places)
