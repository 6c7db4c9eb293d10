"""A release after one that has left the house: made so that the two together tell no more than each.

Whoever has both subtracts them. So the whole of what was published stands fast, number for number, unless
the change passes a rule: **in every group and for every item the two differ by no answers, or by at least
`min_answers`** (new, withdrawn, erased and altered
answers counted one by one, of municipalities and of the country), and the same groups are hidden in both. Then the difference is a table of its own without small
counts, and says nothing of what is hidden in either. A municipality that comes later is published
beside numbers that stand fast: the country's do not hold it, so that nothing can be subtracted.

What a second weighting of the same answers tells is not searched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from helpers.answers.digests import ANSWERS, answers_that_differ
from helpers.common.vocabulary import COUNTRY, NATIONAL
from helpers.disclosure.publications import Publication
from helpers.disclosure.release import Release, release
from helpers.disclosure.suppression import has_country, hidden_cells
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
    found: RoundEstimates, answers: pd.DataFrame, round_: Round, before: Publication
) -> Again:
    """Release jointly with the latest publication. `answers`: `answer_digests` of all municipalities,
    with `municipality`; one without rows there is taken as not known, and then nothing changes."""
    now = tuple(dict.fromkeys(found.estimates["municipality"]))
    new = [c for c in now if c not in before.municipalities]
    gone = [c for c in before.municipalities if c not in now]
    least = round_.settings.disclosure.min_answers
    differ = differing_answers(before.state("answers"), answers, found.estimates, before, round_)
    small = {cell: n for cell, n in differ.items() if n < least}
    unknown = [c for c in now if c not in set(answers["municipality"])]
    since = f"what was published on {before.published_on}"
    if not small and not unknown and not before.apart:
        made = release(found, round_, hidden_before=before.hidden)
        cells = made.protection.cells
        of_before = set(before.municipalities) | {NATIONAL}
        hidden = {c for c in hidden_cells(cells) if c[0] in of_before}
        if hidden == {c for c in before.hidden if c[0] in {*now, NATIONAL}}:
            changed = sum(1 for c in differ if c[3] == ANSWERS and c[1] == "all")
            told = (
                f"Every group differs from {since} by no answers or by at least {least}, and the same "
                f"groups are hidden: the change is published ({changed} municipalities and the country)."
            )
            return Again(made, (told,) if differ else (), found, answers, cells, now)
        why = "other groups would be hidden than then, and both together would tell what is hidden"
    elif small:
        why = _small_words(small, round_, least)
    elif unknown:
        why = f"it is not known how the answers of {', '.join(unknown)} differ (run the stage analyse)"
    else:
        why = f"{', '.join(before.apart)} were published beside the country"
    return _standing_fast(found, answers, round_, before, new, gone, f"{since}: {why}")


def differing_answers(
    before: pd.DataFrame,
    now: pd.DataFrame,
    estimates: pd.DataFrame,
    last: Publication,
    round_: Round,
) -> dict[Cell, int]:
    """In how many answers each group differs, of municipalities and of the country; only where any does.
    A municipality that is in one release alone differs, for the country, by all its answers."""
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
        if len(then) and len(today):
            found |= {(code, *cell): n for cell, n in of.items()}
    return found | {(NATIONAL, *cell): n for cell, n in country.items()}


def _own(table: pd.DataFrame) -> pd.DataFrame:
    """Without the columns of other municipalities' local questions and backgrounds."""
    return table.dropna(axis=1, how="all") if len(table) else table


def _is_common(cell: tuple[str, str, str]) -> bool:
    row = pd.DataFrame([{"breakdown": cell[0], "item": cell[2]}])
    return bool(has_country(row).iloc[0])


def _small_words(small: Mapping[Cell, int], round_: Round, least: int) -> str:
    """Which municipalities differ by too little; no number of answers, which would be a small count."""
    codes = sorted({c[0] for c in small} - {NATIONAL})
    names = ", ".join(f"{c} {round_.municipalities[c].name}" for c in codes) or "the country"
    return f"some group of {names} would differ by fewer than {least} answers"


def _standing_fast(
    found: RoundEstimates,
    answers: pd.DataFrame,
    round_: Round,
    before: Publication,
    new: list[str],
    gone: list[str],
    why: str,
) -> Again:
    """Every number of the publication as it was; municipalities that are new beside it."""
    notes = [f"Numbers stand fast as published. They would be made anew from {why}."]
    tables = {
        name: before.table(name)[lambda t: ~t["municipality"].isin(gone)]
        for name in ("results", "comparisons", "response", "drivers")
    }
    cells = before.state("cells")
    state = {name: before.state(name) for name in ("estimates", "counts", "covariances", "answers")}
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

        def with_new(then: pd.DataFrame, today: pd.DataFrame) -> pd.DataFrame:
            if not len(today):
                return then
            return pd.concat([then, today[today["municipality"].isin(new)]], ignore_index=True)

        joined = replace(
            found,
            estimates=with_new(state["estimates"], found.estimates),
            counts=with_new(state["counts"], found.counts),
            covariances=with_new(state["covariances"], found.covariances),
            expected=NO_EXPECTED,
        )
        made = release(
            joined, round_, hidden_before=before.hidden, apart=frozenset({*before.apart, *new})
        )
        parts = (made.results, made.comparisons, made.response, made.drivers)
        for (name, table), part in zip(list(tables.items()), parts):
            own = part[part["municipality"].isin(new)]
            tables[name] = pd.concat([table, own], ignore_index=True).astype(table.dtypes.to_dict())
        cells = with_new(cells, made.protection.cells)
        state = {
            "estimates": joined.estimates, "counts": joined.counts,
            "covariances": joined.covariances, "answers": with_new(state["answers"], answers),
        }  # fmt: skip
    frozen = replace(
        found,
        estimates=state["estimates"],
        counts=state["counts"],
        covariances=state["covariances"],
    )
    released = Release(**{name: t.reset_index(drop=True) for name, t in tables.items()})
    released.response.attrs[COUNTRY] = list(before.country)
    return Again(released, tuple(notes), frozen, state["answers"], cells, before.country)
