"""What must be decided before a new round begins: a list for people, each with what stands there now.

Facts come from the files: the last round's response, other questionnaires, holidays in the calendar, local
files. What the law changes is known from the material (see LAW).
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import holidays
import pandas as pd

from helpers.common.vocabulary import FILES, NATIONAL
from helpers.parameters.params import Round
from helpers.preparation.new_round import NewRound

# (benefit types of a rule set that it concerns, from which day, what is to be decided)
LAW = (
    (
        ("ressourceforløbsydelse, ressourceforløb",),
        dt.date(2026, 1, 1),
        "ressourceforløb ends for new citizens: does the benefit type stay a target group's, and for how "
        "long?",
    ),
    (
        (),
        dt.date(2026, 1, 1),
        "jobcentres are no longer required by law: who are the citizens' contacts in each municipality, "
        "and does the wording »jobcentret« still fit?",
    ),
)
WRAP = 92


@dataclass(frozen=True)
class Decision:
    """`key`: of the round's file, or another file; `text`: what stands there and what to decide."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


def decisions(root: Path, made: NewRound) -> list[Decision]:
    """In the order in which a round is prepared."""
    new, like = made.round, made.like
    rules = new.settings
    return [
        *_simulated(new, like),
        Decision("title", f"»{rules.title}« is a proposal; it stands on every report."),
        Decision(
            "reference_date",
            f"{rules.reference_date} ({_weekday(rules.reference_date)}); the day extracts are read as of, "
            "ages and spells too. The law in force on it decides the rule set.",
        ),
        *_calendar(made),
        Decision("classification", _rule_sets(new)),
        *(Decision("classification", text) for text in _law(new)),
        Decision("questionnaire", _questionnaires(root, new)),
        Decision("sampling.expected_response", _response(root, like)),
        Decision("sampling.sizes", _sizes(new)),
        Decision(
            "participants",
            f"none yet; {like.id} had {len(like.settings.participants)}. They come in with "
            f"`survey participants {new.id} FILE`.",
        ),
        Decision(
            f"params/agreements/{new.id}.csv",
            "is empty: processing agreements must be signed anew; no extract is read before.",
        ),
        Decision(f"params/local/{new.id}/", _local(made)),
        Decision("price_bands", f"as in {like.id}: {_prices(new)}"),
        Decision("link_base", _link(new)),
        Decision("retention_until", _retention(new)),
        Decision("earlier_rounds", _earlier_rounds(new)),
    ]


def header(made: NewRound, listed: list[Decision]) -> str:
    """The list as a comment for the top of the new file."""
    lines = [
        f"# {made.round.settings.title[:1].upper()}{made.round.settings.title[1:]}, made from {made.like.id}"
        f", its calendar moved by {made.weeks} weeks. Comments below are that round's.",
        "# To be decided; take a line out when it is:",
    ]
    for one in listed:
        lines += textwrap.wrap(
            str(one),
            WRAP,
            initial_indent="# [ ] ",
            subsequent_indent="#     ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------- calendar


def _weekday(day: dt.date) -> str:
    return f"{day:%A}"


def _calendar(made: NewRound) -> Iterator[Decision]:
    """That dates were moved; each that falls on a holiday, or on a weekend where one day is meant."""
    calendar = made.round.settings.calendar
    weeks = calendar.collection.start.isocalendar().week
    yield Decision(
        "calendar",
        f"moved by {made.weeks} weeks, so weekdays are as in {made.like.id}; collection begins in week "
        f"{weeks}.",
    )
    for name, day, holiday in holidays_in(made.round):
        yield Decision(f"calendar.{name}", f"{day} is {holiday}.")


def holidays_in(round_: Round) -> list[tuple[str, dt.date, str]]:
    """(step, day, what it is) of the steps' first and last days that are Danish public holidays, or, where
    a step is a single day, a Saturday or Sunday; and the holidays within collection."""
    calendar = round_.settings.calendar
    years = range(round_.settings.period.start.year, round_.settings.period.end.year + 1)
    known = holidays.country_holidays("DK", years=list(years), language="da")
    found = []
    for name, period in calendar.steps():
        days = [period.start] if period.start == period.end else [period.start, period.end]
        if name == "collection":
            days = [d.date() for d in pd.date_range(period.start, period.end)]
        for day in days:
            if day in known:
                found.append((name, day, f"»{known[day]}«"))
            elif len(days) == 1 and day.weekday() >= 5:
                found.append((name, day, f"a {_weekday(day)}"))
    return found


# ------------------------------------------------------------------------------------ the rest


def _simulated(new: Round, like: Round) -> Iterator[Decision]:
    if new.settings.simulated:
        yield Decision("simulated", "true, as was asked for; a real round must not have it.")
    elif like.settings.simulated:
        yield Decision(
            "simulated",
            f"false: a real round, though {like.id} is simulated; `--simulated` makes one of invented "
            "citizens.",
        )


def _retention(new: Round) -> str:
    day = new.settings.retention_until
    if day is None:
        return "no date; identities would never be deleted."
    return f"{day}; it must be what the processing agreements say."


def _earlier_rounds(new: Round) -> str:
    earlier = ", ".join(new.settings.earlier_rounds)
    if not earlier:
        return "none, so no development is told."
    return (
        f"{earlier}. Their data/<round>/estimates/ and build/<round>/ must stay for the development to "
        "be told."
    )


def _rule_sets(new: Round) -> str:
    others = [r for r in new.rule_sets if r != new.settings.classification]
    return (
        f"rule set »{new.settings.classification}«; there are also {', '.join(others) or 'none'}. Has the law "
        "changed since? A new rule set is a file in params/classification/, and marks a break."
    )


def _law(new: Round) -> Iterator[str]:
    mapped = {r.benefit_type for r in new.rules.rules if r.target_group}
    for benefits, since, text in LAW:
        if new.settings.reference_date >= since and (not benefits or mapped & set(benefits)):
            yield f"from {since.year} {text}"


def _questionnaires(root: Path, new: Round) -> str:
    used = new.settings.questionnaire
    folder = root / "params/questionnaires"
    names = sorted(
        p.stem for p in folder.glob("*.csv") if (folder / f"{p.stem}-themes.csv").is_file()
    )
    own = {t.label for t in new.questionnaire.themes}
    parts = []
    for name in names:
        if name > used:
            themes = pd.read_csv(folder / f"{name}-themes.csv", dtype=str, keep_default_na=False)
            more = [t for t in themes.get("label", []) if t not in own]
            parts.append(
                f"»{name}«" + (f" (with {', '.join(f'»{t}«' for t in more)})" if more else "")
            )
    later = f" Later there is {', '.join(parts)}." if parts else ""
    return f"»{used}«.{later} Changed questions or themes mark a break; the frame is params/questionnaires/frame.yml."


def _response(root: Path, like: Round) -> str:
    """Planned beside what came, by target group, from the round's released response."""
    planned = like.settings.sampling.expected_response
    path = root / "build" / like.id / FILES["response"]
    if not path.is_file():
        return f"as planned for {like.id}; there is no released response to learn from."
    table = pd.read_parquet(path)
    table = table[(table["municipality"] == NATIONAL) & (table["breakdown"] == "target_group")]
    achieved = {
        r["category"]: round(float(r["response_rate"]), 2)
        for r in table.to_dict("records")
        if r["status"] == "shown" and pd.notna(r["response_rate"]) and r["category"] in planned
    }
    if not achieved:
        return f"as planned for {like.id}; its response by target group is not shown."
    outcomes = {g: f"→ {achieved[g]:g}" if g in achieved else "(not shown)" for g in planned}
    compared = ", ".join(f"{g} {planned[g]:g} {outcome}" for g, outcome in outcomes.items())
    proposed = ", ".join(f"{g}: {achieved.get(g, planned[g]):g}" for g in planned)
    return f"planned → came in {like.id}: {compared}. Proposed: {{{proposed}}}"


def _sizes(new: Round) -> str:
    rules = new.settings.sampling
    bands = ", ".join(
        f"up to {b.up_to_inhabitants:,} inhabitants {b.invited:,}"
        if b.up_to_inhabitants
        else f"above {b.invited:,}"
        for b in rules.sizes
    )
    return (
        f"invited {bands}; {rules.min_answers} answers wanted. Still right with the response above?"
    )


def _prices(new: Round) -> str:
    return ", ".join(f"{b.price_dkk:,} kr." for b in new.settings.price_bands) or "none"


def _local(made: NewRound) -> str:
    if not made.local:
        return f"{made.like.id} has no local files; three questions at most for each municipality."
    names = ", ".join(f"{c} {made.like.municipalities[c].name}" for c in made.local)
    if made.copied:
        return f"copied from {made.like.id}: {names}. Ask each whether its questions and variables stay."
    return (
        f"not copied: {names} had local questions or variables in {made.like.id}. Ask each; what stays is "
        f"copied from params/local/{made.like.id}/ (or say --copy-local)."
    )


def _link(new: Round) -> str:
    example = " This is an example address." if ".example" in new.settings.link_base else ""
    return f"{new.settings.link_base}: the survey tool's address for this round.{example}"
