"""A release after one that has left the house: made so that the two together tell no more than each.

Whoever has both subtracts them. So the whole of what was published stands fast, number for number, unless
the change passes a rule, **against every publication of the round and not the latest alone: in every group
and for every item the two differ by no answers, or by so many that no small group of one kind can be among
them** (`unanimous_below`, ten, and never fewer than `min_answers`; new, withdrawn, erased and altered answers
counted one by one, of the country and of each municipality, who comes or goes by all that it has), and the
same groups are hidden in both.
Then the difference is a table of its own without small counts, and says nothing of what is hidden in either.
Where no answer differs, another version made other numbers, and numbers stand fast too; other rules of the
round are refused, for the products tell them.
A municipality that comes later is published beside numbers that stand fast: the country's do not hold it, so
that nothing can be subtracted; one that comes back has the numbers it had.

What a second weighting of the same answers tells is not searched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers.answers.digests import ANSWERS, PERSON, answers_that_differ
from helpers.common.vocabulary import FILES, IN_COUNTRY, NATIONAL
from helpers.disclosure.publications import STATE, Publication, require_same_rules
from helpers.disclosure.release import Release, release
from helpers.disclosure.suppression import adds_up, hidden_cells
from helpers.estimation.round_estimates import NO_EXPECTED, RoundEstimates
from helpers.parameters.params import Round

Cell = tuple[str, str, str, str]  # municipality, breakdown, category, item


@dataclass(frozen=True)
class Again:
    """`released`; `notes`: which rule bit; what it was made from: `estimates` and `answers`, `cells` with
    their status, the municipalities that the `country` holds."""

    released: Release
    notes: tuple[str, ...]
    found: RoundEstimates
    answers: pd.DataFrame
    cells: pd.DataFrame
    country: tuple[str, ...]


def release_again(
    found: RoundEstimates,
    answers: pd.DataFrame,
    round_: Round,
    publications: Sequence[Publication],
) -> Again:
    """Release jointly with all publications of the round, the first first. `answers`: `answer_digests` of
    all municipalities, with `municipality`; where it is not known how a municipality's answers differ,
    nothing changes. Raises ParameterError where the round's rules are others than then."""
    now = tuple(dict.fromkeys(found.estimates["municipality"]))
    last = publications[-1]
    require_same_rules(round_, last)
    least = least_difference(round_)
    small: dict[Cell, int] = {}
    unknown = {c for c in now if c not in set(answers["municipality"])}
    for one in publications:
        then = one.state("answers")
        forgotten = {*one.municipalities} & {*now} - {*then["municipality"]}
        unknown |= forgotten | all_replaced(then, answers)
        differ = differing_answers(then, answers, one, round_)
        small |= {cell: n for cell, n in differ.items() if n < least}
    since = f"what was published on {last.published_on}"
    if small:
        why = _small_words(small, round_, least)
    elif unknown:
        names = ", ".join(sorted(unknown))
        why = (
            f"it is not known how the answers of {names} differ (keys deleted, or not analysed yet)"
        )
    elif any(p.apart for p in publications):
        outside = sorted({c for p in publications for c in p.apart})
        why = f"{', '.join(outside)} were published beside the country"
    else:
        hidden_before = frozenset().union(*(p.hidden for p in publications))
        made = release(found, round_, hidden_before=hidden_before)
        cells = made.cells
        hidden = hidden_cells(cells)
        if any(hidden != p.hidden for p in publications):
            why = "other groups would be hidden than then, and both together would tell what is hidden"
        elif not differ and not _same_numbers(made, last):
            why = "no answer differs, so another version of the program would make other numbers"
        else:
            n = sum(1 for c in differ if c[1] == "all" and c[3] == ANSWERS and c[0] != NATIONAL)
            note = (
                f"Every group differs from what has been published by no answers or by at least {least}, "
                f"and the same groups are hidden: the change is published ({n} municipalities changed)."
            )
            return Again(made, (note,) if differ else (), found, answers, cells, now)
    return _standing_fast(found, answers, round_, publications, now, f"{since}: {why}")


def least_difference(round_: Round) -> int:
    """In how many answers a group must differ for the change to be published."""
    rules = round_.settings.disclosure
    return max(rules.min_answers, rules.unanimous_below)


def all_replaced(before: pd.DataFrame, now: pd.DataFrame) -> set[str]:
    """Municipalities of which no citizen is found again: keys were deleted, and who is who is not known."""
    found = set()
    for code, then in before.groupby("municipality"):
        today = now.loc[now["municipality"] == code, PERSON]
        if len(today) and not today.isin(then[PERSON]).any():
            found.add(str(code))
    return found


def _same_numbers(made: Release, published: Publication) -> bool:
    """In every released table, not only the results."""
    for name in FILES:
        mine, theirs = (
            t.reset_index(drop=True).astype("object").where(t.notna().to_numpy(), None)
            for t in (getattr(made, name), published.table(name))
        )
        if not mine.equals(theirs):
            return False
    return True


def _joined(table: pd.DataFrame, other: pd.DataFrame, codes: Collection[str]) -> pd.DataFrame:
    """With the rows of these municipalities from another table."""
    own = other[other["municipality"].isin(codes)] if len(other) else other
    if not len(own):
        return table
    joined = pd.concat([table, own], ignore_index=True)
    return joined.astype({c: t for c, t in table.dtypes.items() if c in own and t != "object"})


def differing_answers(
    before: pd.DataFrame,
    now: pd.DataFrame,
    last: Publication,
    round_: Round,
) -> dict[Cell, int]:
    """In how many answers each group differs, of municipalities and of the country; only where any does.
    A municipality that is in one release alone differs by all its answers: the country then and the country
    now give it, and of several that come or go together the large ones would hide the small ones' change."""
    two_way = list(round_.two_way_breakdowns)
    found: dict[Cell, int] = {}
    country: Counter[tuple[str, str, str]] = Counter()
    tables = {
        code: [t[t["municipality"] == code].drop(columns="municipality") for t in (before, now)]
        for code in sorted({*before["municipality"], *now["municipality"]})
    }
    for code, (then, today) in tables.items():
        if code in last.apart:
            continue
        of = answers_that_differ(_own(then), _own(today), two_way)
        country.update({c: n for c, n in of.items() if _is_common(c)})
        found |= {(code, *cell): n for cell, n in of.items()}
    return found | {(NATIONAL, *cell): n for cell, n in country.items()}


def _own(table: pd.DataFrame) -> pd.DataFrame:
    """Without the columns of other municipalities' local questions and backgrounds."""
    return table.dropna(axis=1, how="all") if len(table) else table


def _is_common(cell: tuple[str, str, str]) -> bool:
    row = pd.DataFrame([{"breakdown": cell[0], "item": cell[2]}])
    return bool(adds_up(row).iloc[0])


def _small_words(small: Mapping[Cell, int], round_: Round, least: int) -> str:
    """Which municipalities differ by too little; no number of answers, which would be a small count."""
    codes = sorted({c[0] for c in small} - {NATIONAL})
    names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in codes) or "the country"
    return f"some group of {names} would differ by fewer than {least} answers"


def _estimates_as(found: RoundEstimates, state: dict[str, pd.DataFrame]) -> RoundEstimates:
    return replace(found, **{name: t for name, t in state.items() if name != "answers"})


def _standing_fast(
    found: RoundEstimates,
    answers: pd.DataFrame,
    round_: Round,
    publications: Sequence[Publication],
    now: Sequence[str],
    why: str,
) -> Again:
    """Every number of the latest publication as it was; beside it municipalities that come back, with the
    numbers they had, and new ones."""
    before = publications[-1]
    gone = [c for c in before.municipalities if c not in now]
    outside = [c for c in now if c not in before.municipalities]
    had = {c: p for p in publications for c in p.municipalities if c in outside}  # the latest
    new = [c for c in outside if c not in had]
    notes = [f"Numbers stand fast as published. They would be made anew from {why}."]
    tables = {name: before.table(name)[lambda t: ~t["municipality"].isin(gone)] for name in FILES}
    state = {name: before.state(name) for name in STATE}
    for code, then in had.items():
        tables = {n: _joined(t, then.table(n), [code]) for n, t in tables.items()}
        state = {n: _joined(t, then.state(n), [code]) for n, t in state.items()}
        notes.append(
            f"{code} {round_.municipalities[code].name}: as published {then.published_on}."
        )
    cells = state.pop("cells")
    if gone:
        names = ", ".join(gone)
        notes.append(
            f"The country's numbers still hold the answers of {names}, which leave the rest."
        )
    if new:
        names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in new)
        notes.append(
            f"{names}: published beside the numbers that stand fast; the country's do not hold them."
        )
        today = {name: getattr(found, name) for name in state if name != "answers"}
        today["answers"] = answers
        state = {name: _joined(then, today[name], new) for name, then in state.items()}
        joined = replace(_estimates_as(found, state), expected=NO_EXPECTED)
        apart = frozenset({*before.apart, *had, *new})
        made = release(joined, round_, hidden_before=hidden_cells(cells), apart=apart)
        tables = {n: _joined(t, getattr(made, n), new) for n, t in tables.items()}
        cells = _joined(cells, made.cells, new)
    frozen = _estimates_as(found, state)
    released = Release(**{name: t.reset_index(drop=True) for name, t in tables.items()})
    released.response.attrs[IN_COUNTRY] = list(before.country)
    return Again(released, tuple(notes), frozen, state["answers"], cells, before.country)
