"""What each table and figure of the evaluation means: a sentence or two of Danish, made from the numbers.

Each function serves the report as Markdown; the opening (`opening.py`) picks among the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose
from helpers.common.printing import capital
from helpers.extracts.fault_labels import kind_label
from helpers.parameters.params import Municipality
from helpers.preparation.calendar_rows import LABELS
from helpers.released.captions import listed
from helpers.review.costs import income_dkk, items, known_dkk, unknown
from helpers.review.deviations import deviations, not_finished
from helpers.review.effort import PACE_DAYS, Pace, pace, with_waves
from helpers.review.extract_faults import extracts, faults, ignored_columns
from helpers.review.inputs import MAILINGS, SMS, Review
from helpers.review.precision import by_municipality, r_indicator_counts, response_by_group, whole
from helpers.review.timing import events, runs
from helpers.review.words import count, days, duration, kroner, municipalities, names, some

SMALL_GAP = 0.005  # response as expected: half a percentage point either way


def schedule(review: Review) -> Markdown:
    """How the calendar was kept."""
    found = events(review)
    known = [e for e in found if e.days_late is not None]
    unfinished = sum(bool(e.first) and not e.complete for e in found)
    late = sorted((e for e in known if e.days_late > 0), key=lambda e: -e.days_late)
    delays = [f"»{e.label}« ({days(e.days_late)})" for e in late]
    if not known:
        text = "Ingen trin er så færdige, at de kan holdes op mod kalenderen."
    elif len(known) == 1:
        how = f"det blev forsinket: {delays[0]}" if late else "det blev ikke forsinket"
        text = f"Ét trin kan holdes op mod kalenderen, og {how}."
    elif not late:
        text = (
            f"{capital(some(len(known), '', 'trin'))} kan holdes op mod kalenderen, og ingen af dem "
            "blev forsinket."
        )
    else:
        text = (
            f"Af {some(len(known), '', 'trin')}, der kan holdes op mod kalenderen, blev "
            f"{some(len(late), 'ét', 'trin')} forsinket: {listed(delays)}."
        )
    if unfinished:
        word = "færdigt" if unfinished == 1 else "færdige"
        text += f" {capital(some(unfinished, 'ét trin', 'trin'))} er ikke {word} i alle kommuner."
    return prose(text)


def computing_time(review: Review) -> Markdown:
    """How much of the time is the machine's."""
    found = runs(review)
    if not found.all:
        return prose("")
    ended = [
        some(n, *words)
        for n, words in (
            (found.failed, ("én sluttede med fejl", "sluttede med fejl")),
            (found.interrupted, ("én blev afbrudt", "blev afbrudt")),
        )
        if n
    ]
    text = f"Runden er kørt {count(found.all, 'gang', 'gange')}, og trinnene har tilsammen taget {duration(found.seconds)}"
    return prose(
        f"{text}; {' og '.join(ended)}." if ended else f"{text}; ingen kørsel sluttede med fejl."
    )


def corrections(review: Review) -> Markdown:
    """How many extracts had to be mended."""
    found = extracts(review)
    if not found.seen:
        return prose("Udtrækkene er ikke kommet endnu.")
    text = (
        f"{printing.number(len(found.first_time))} af {municipalities(found.seen)}s udtræk kunne læses første gang."
        if found.mended or found.still_refused
        else f"Udtræk fra {municipalities(found.seen)} kunne læses første gang."
    )
    if found.mended:
        most = max(found.refusals[m.code] for m in found.mended)
        rounds = sum(found.refusals[m.code] for m in found.mended)
        text += f" {capital(some(len(found.mended), 'én kommune', 'kommuner'))} rettede i alt {count(rounds, 'gang', 'gange')}"
        text += (
            f", højst {count(most, 'gang', 'gange')} i én kommune."
            if len(found.mended) > 1
            else "."
        )
    if found.still_refused:
        text += f" {capital(names(found.still_refused))} mangler stadig at rette."
    return prose(text)


def fault_kinds(review: Review) -> Markdown:
    """The kind of fault that a better guidance would help most."""
    table = faults(review)
    if table.empty:
        return prose("")
    by_kind = table.groupby("kind", sort=False)["files"].sum()
    kind, files = by_kind.index[0], int(by_kind.iloc[0])
    return prose(
        f"Den hyppigste fejl er »{kind_label(kind)}« ({count(files, 'afvist fil', 'afviste filer')}). "
        "Den bør stå først i næste rundes vejledning."
    )


def unread_columns(review: Review) -> Markdown:
    """What ignored columns tell."""
    found = ignored_columns(review)
    if not found:
        return prose("")
    heading, n = found[0]
    return prose(
        f"{capital(count(len(found), 'overskrift', 'overskrifter'))} blev sprunget over, oftest »{heading}« "
        f"({municipalities(n)}). Kolonner, der ikke skal bruges, bør kommunerne ikke sende."
    )


def reminders(review: Review) -> Markdown:
    """What the reminders brought, with its caution."""
    found = paces_of(review)
    if not found:
        return prose("")
    parts = [_reminder(p) for p in found]
    return prose(
        f"{' '.join(parts)} Tallene viser ikke, at rykkeren er årsagen: sene svar kunne være kommet alligevel. "
        "Tempoet falder dog normalt af sig selv fra dag til dag, så det, der er kommet til, er snarere for "
        "lavt end for højt sat."
    )


def paces_of(review: Review) -> list[Pace]:
    """The reminders after which there are answers."""
    rows = with_waves(review)
    if rows["answered_at"].isna().all():
        return []
    return [p for name in MAILINGS[1:] if (p := pace(review, rows, name)).answers]


def sms_pace(review: Review) -> Pace | None:
    """The SMS, where their days are known and say something of the round."""
    rows = with_waves(review)
    if (
        review.round.settings.simulated
        or not review.made_on(SMS)
        or rows["answered_at"].isna().all()
    ):
        return None
    found = pace(review, rows, SMS)
    return found if found.waiting else None


def _reminder(p: Pace) -> str:
    name = LABELS[p.mailing]
    text = f"Efter {name.lower()} kom {count(p.answers, 'svar', 'svar')}"
    if not p.before > 0:
        return f"{text}; tempoet før den kan ikke gøres op."
    times = printing.number(p.after / p.before, 1)
    if p.more < 0.5:
        return f"{text}, og tempoet de første {PACE_DAYS} dage var {times} gange tempoet før; der kom ikke flere svar, end hvis det var fortsat."
    more = round(p.more)
    return f"{text}. Tempoet de første {PACE_DAYS} dage var {times} gange tempoet før, og der kom {count(more, 'svar', 'svar')} mere, end hvis det var fortsat."


def response(review: Review) -> Markdown:
    """Where the plan expected too much or too little."""
    table = response_by_group(review).set_index("category")
    if not table["answers"].sum():
        return prose("")
    labels = {g.id: g.label.lower() for g in review.round.rules.groups}
    groups = table.drop(index="all")
    over = [labels[c] for c in groups.index if groups.loc[c, "ci_low"] > groups.loc[c, "expected"]]
    under = [
        labels[c] for c in groups.index if groups.loc[c, "ci_high"] < groups.loc[c, "expected"]
    ]
    if not over and not under:
        return prose("Ingen målgruppes svarprocent afviger sikkert fra den forventede.")
    first, word = (over, "oftere") if over else (under, "sjældnere")
    text = f"{_all_or_listed(first, len(groups))} svarede sikkert {word} end forventet"
    if over and under:
        text += f", {_all_or_listed(under, len(groups))} sikkert sjældnere"
    return prose(
        f"{capital(text)}. Forslaget til næste runde er forsigtigt: det skal holde i tre af fire kommuner."
    )


def _all_or_listed(groups: list[str], of: int) -> str:
    return "alle målgrupper" if len(groups) == of > 1 else listed(groups)


@dataclass(frozen=True)
class Reached:
    """Municipalities with answers: how many, those that did not reach the least number (`missed`), and
    those of them that were asked too few to reach it (`too_small`)."""

    known: int
    missed: tuple[Municipality, ...]
    too_small: tuple[Municipality, ...]

    @property
    def could_have(self) -> tuple[Municipality, ...]:
        return tuple(m for m in self.missed if m not in self.too_small)


def reached(review: Review) -> Reached:
    table = by_municipality(review).dropna(subset="answers")
    missed = table[~table["reached"].astype(bool)]
    small = missed[missed["invited"] < review.round.settings.sampling.min_answers]
    return Reached(len(table), *(review.named(t["municipality"]) for t in (missed, small)))


def precision(review: Review) -> Markdown:
    """Whether the answers are worth what was planned."""
    found = whole(review)
    if found.effect != found.effect:
        return prose("Hvor meget svarene er værd, kan først gøres op, når de er analyseret.")
    change = found.effective_n / found.planned_n - 1
    if abs(change) < SMALL_GAP:
        text = "det samme som planlagt"
    else:
        word = "flere" if change > 0 else "færre"
        text = f"{printing.percent(abs(change))} {word} end planlagt"
    cause = (
        "Designeffekten er større end planlagt, fordi grupperne svarer ulige, og vægtene retter op på det."
        if found.effect > found.planned_effect + 0.005
        else "Designeffekten er ikke større end planlagt."
    )
    return prose(
        f"De {printing.number(found.answers)} svar er tilsammen {printing.number(found.effective_n)} værd i en simpel stikprøve, {text}. {cause}"
    )


def representativity(review: Review) -> Markdown:
    """How many municipalities have answers that look like their citizens."""
    table = by_municipality(review)
    counts = r_indicator_counts(table)
    judged = len(table) - counts["unknown"]
    if not judged:
        return prose("")
    alike = counts["good"] + counts["fair"]
    middle = printing.number(float(table["r_indicator"].median()), 2)
    return prose(
        f"I {printing.number(alike)} af {municipalities(judged)} ligner svarene borgerne godt eller nogenlunde, før der "
        f"vægtes; den midterste kommunes R-indikator er {middle}."
    )


def cost_summary(review: Review) -> Markdown:
    """Income, what is known of the costs, and what is not."""
    earned, found = income_dkk(review), items(review)
    known, lacking = known_dkk(found), unknown(found)
    text = (
        f"Deltagernes betaling er {kroner(earned)} for {municipalities(len(review.round.participants))}."
        if earned is not None
        else "Deltagernes betaling er ukendt."
    )
    if known is None:
        return prose(
            f"{text} Udgifterne er ukendte: runden har ingen noterede priser, eller mængderne mangler."
        )
    text += f" De kendte udgifter er {kroner(known)}"
    if lacking or not review.round.settings.costs.analyst_hours:
        text += "; de er ikke alle udgifter, så et overskud kan ikke regnes ud"
    elif earned is not None:
        text += f", så der er {kroner(abs(earned - known))} i {'overskud' if earned >= known else 'underskud'}"
    return prose(f"{text}.")


def deviations_from_plan(review: Review) -> Markdown:
    """How many facts differ from the plan."""
    n = sum(d.matters for d in deviations(review))
    if not n:
        return prose("Det, der kan bedømmes, gik som planlagt.")
    return prose(f"{capital(some(n, 'ét punkt', 'punkter'))} afviger fra planen.")


def open_points(review: Review) -> Markdown:
    """What somebody must do."""
    open_ = [d for d in not_finished(review) if d.matters]
    if not open_:
        return prose("Intet er udestående.")
    return prose(f"{capital(some(len(open_), 'ét punkt', 'punkter'))} er udestående.")
