"""The sentences that open the evaluation: what went well, what did not, what to change next time."""

from __future__ import annotations

from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import bullets, trusted
from helpers.common.printing import capital
from helpers.extracts.fault_labels import kind_label
from helpers.released.captions import listed
from helpers.released.findings import counted
from helpers.review.extract_faults import extracts, faults
from helpers.review.inputs import Review
from helpers.review.meanings import SMALL_GAP, paces_of, reached
from helpers.review.precision import proposed_response, response_by_group
from helpers.review.timing import events
from helpers.review.words import NAMED, count, days, municipalities, names, some

BIG_CHANGE = 0.03  # percentage points of expected response that are worth a change of plan


def opening(review: Review) -> Markdown:
    """Five or six sentences as a list."""
    sentences = (
        response(review),
        least_answers(review),
        readable_extracts(review),
        reminders(review),
        calendar(review),
        next_time(review),
    )
    return bullets(capital(s) for s in sentences if s)


def confidential(review: Review) -> Markdown:
    """Said first: the evaluation stays in the house."""
    text = (
        '::: {.callout-warning title="Bliver i huset"}\n'
        "Evalueringen har interne tal om de enkelte kommuner og små grupper, som ikke har været gennem "
        "rundens kontrol for offentliggørelse. Den må ikke sendes til kommunerne eller offentliggøres. Den "
        "har ingen svar på spørgsmålene.\n"
        ":::"
    )
    if review.round.settings.simulated:
        text += (
            '\n\n::: {.callout-note title="Simuleret runde"}\n'
            "Alle borgere og svar er opdigtede. Filernes datoer er fra simuleringen og bedømmes ikke.\n"
            ":::"
        )
    return trusted(text)


def response(review: Review) -> str:
    """How many answered, beside what was expected."""
    whole = response_by_group(review).set_index("category").loc["all"]
    answers, invited = int(whole["answers"]), int(whole["invited"])
    if not invited:
        drawn = len(review.asked)
        return (
            f"Der er udtrukket {count(drawn, 'borger', 'borgere')}, men der er ingen svar endnu."
            if drawn
            else "Der er hverken stikprøver eller svar endnu."
        )
    gap = whole["rate"] - whole["expected"]
    points = printing.number(abs(100 * gap), 1)
    comparison = (
        "som forventet"
        if abs(gap) < SMALL_GAP
        else f"{points} procentpoint {'over' if gap > 0 else 'under'} det forventede"
    )
    return (
        f"{printing.number(answers)} af {count(invited, 'inviteret borger', 'inviterede borgere')} svarede "
        f"({printing.percent(whole['rate'], 1)}), {comparison}."
    )


def least_answers(review: Review) -> str:
    """How many municipalities reached the answers wanted."""
    found, least = reached(review), review.round.settings.sampling.min_answers
    if not found.known:
        return ""
    if not found.missed:
        whole = {1: "Kommunen", 2: "Begge kommuner"}
        who = whole.get(found.known) or f"Alle {municipalities(found.known)}"
        return f"{who} nåede de ønskede {least} svar."
    missed = len(found.missed)
    if missed == found.known:
        who = "Kommunen" if found.known == 1 else f"Ingen af de {municipalities(found.known)}"
        return f"{who} nåede {'ikke ' if found.known == 1 else ''}de ønskede {least} svar."
    listed = f" ({names(found.missed)})" if missed <= NAMED else ""
    text = (
        f"{printing.number(found.known - missed)} af {municipalities(found.known)} nåede de ønskede {least} svar; "
        f"{some(missed, 'én kommune', 'kommuner')} gjorde ikke{listed}"
    )
    small = len(found.too_small)
    if small == missed:
        return f"{text}, for der var færre borgere at spørge."
    return (
        f"{text}; i {'én' if small == 1 else counted(small)} af dem var der færre borgere at spørge."
        if small
        else f"{text}."
    )


def readable_extracts(review: Review) -> str:
    """How many extracts could be read at once, and what was wrong with the others."""
    found = extracts(review)
    if not found.seen:
        return "Ingen udtræk er modtaget endnu."
    well, troubled = len(found.first_time), found.seen - len(found.first_time)
    lacking = (
        f"; {some(len(found.missing), 'én kommune', 'kommuner')} har ikke sendt et"
        if found.missing
        else ""
    )
    if not troubled:
        start = "Udtrækket" if found.seen == 1 else f"Alle {printing.number(found.seen)} udtræk"
        return f"{start} kunne læses første gang{lacking}."
    table = faults(review)
    kind = kind_label(table["kind"].iloc[0]).lower() if len(table) else "ukendte fejl"
    kind = kind.replace("cpr", "CPR")
    start = (
        "Ingen udtræk"
        if not well
        else f"{printing.number(well)} af {printing.number(found.seen)} udtræk"
    )
    return (
        f"{start} kunne læses første gang; {some(troubled, 'ét udtræk', 'udtræk')} skulle rettes, "
        f"oftest for »{kind}«{lacking}."
    )


def reminders(review: Review) -> str:
    """The share of the answers that came after the reminders."""
    found = paces_of(review)
    if not found:
        return "" if not review.answers else "Ingen svar er kommet efter en rykker."
    answers = sum(p.answers for p in found)
    share = printing.percent(answers / review.answers)
    after = "rykkeren" if len(found) == 1 else "rykkerne"
    text = f"{printing.number(answers)} svar ({share}) kom efter {after}"
    best = max(found, key=lambda p: p.more if p.more == p.more else -1)
    if best.more >= 1:
        extra = round(sum(max(0.0, p.more) for p in found if p.more == p.more))
        text += f", skønsmæssigt {printing.number(extra)} flere, end hvis tempoet var fortsat uden"
    return f"{text}."


def calendar(review: Review) -> str:
    """Whether the calendar held."""
    known = [e for e in events(review) if e.days_late is not None]
    if not known:
        return ""
    late = sorted((e for e in known if e.days_late > 0), key=lambda e: -e.days_late)
    if not late:
        steps = (
            "det målte trin"
            if len(known) == 1
            else f"{some(len(known), 'målt trin', 'målte trin')}"
        )
        return f"Kalenderen holdt for {steps}."
    worst = late[0]
    text = f"{some(len(late), 'ét trin', 'trin')} blev forsinket, mest »{worst.label}« med {days(worst.days_late)}"
    return f"{text}."


def next_time(review: Review) -> str:
    """What the numbers say should be changed."""
    advice = [
        _extracts_advice(review),
        _response_advice(review),
        *_answers_advice(review),
        _calendar_advice(review),
    ]
    advice = [a for a in advice if a]
    if not advice:
        return (
            "Tallene peger ikke på noget, der skal laves om i næste runde."
            if review.answers
            else "Det er for tidligt at sige, hvad der skal laves om i næste runde."
        )
    return f"Til næste runde: {'; '.join(advice)}."


def _extracts_advice(review: Review) -> str:
    found = extracts(review)
    troubled = len(found.mended) + len(found.still_refused)
    if not troubled:
        return ""
    return "lad kommunerne kontrollere udtrækket, før de sender det"


def _response_advice(review: Review) -> str:
    """Groups whose proposed response is far from the expected one."""
    if not review.answers:
        return ""
    now = review.round.settings.sampling.expected_response
    labels = {g.id: g.label.lower() for g in review.round.rules.groups}
    changed = [
        labels[g]
        for g, share in proposed_response(review).items()
        if abs(share - now[g]) >= BIG_CHANGE
    ]
    if not changed:
        return ""
    whom = "alle målgrupper" if len(changed) == len(labels) > 1 else listed(changed)
    return f"ret den forventede svarprocent for {whom}"


def _answers_advice(review: Review) -> list[str]:
    """Municipalities that missed the least number: where an effort could be placed, and where the aim is
    out of reach."""
    found, parts = reached(review), []
    if found.could_have:
        parts.append(f"sæt tidligere ind med rykkere og SMS i {names(found.could_have)}")
    if found.too_small:
        parts.append(f"aftal et mål, som kan nås, med {names(found.too_small)}")
    return parts


def _calendar_advice(review: Review) -> str:
    late = [e for e in events(review) if e.days_late is not None and e.days_late > 0]
    if not late:
        return ""
    return f"giv bedre tid til »{max(late, key=lambda e: e.days_late).label.lower()}«"
