"""What invitation and reminders brought: answers by mailing, and the pace of answers around each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from helpers.common import printing
from helpers.parameters.params import Round
from helpers.review.inputs import MAILINGS, SMS, Review

BEFORE_ALL = "before"  # answers dated before the invitation was to be sent
WAVES = (BEFORE_ALL, *MAILINGS)
PACE_DAYS = 3  # before and from a reminder, over which the pace of answers is taken
CLEAR_DAYS = 2 * PACE_DAYS  # since the mailing before, or the days before are still its own
FAR = 10_000  # days


def sent_on(review: Review) -> pd.DataFrame:
    """A row a municipality with answers: the day on which each of MAILINGS was sent.

    That is the calendar's day, or the day on which the letters were made where that came later; the
    calendar's in a simulated round. A later mailing is never before an earlier one.
    """
    calendar = review.round.settings.calendar.mailings()
    made = {
        name: {} if review.round.settings.simulated else review.made_on(name) for name in MAILINGS
    }
    rows = {}
    for place in review.with_answers:
        days: list[dt.date] = []
        for name in MAILINGS:
            planned = calendar[name]
            days.append(max([planned, made[name].get(place.code, planned), *days[-1:]]))
        rows[place.code] = days
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(MAILINGS))
    return table.astype("datetime64[s]")


def with_waves(review: Review) -> pd.DataFrame:
    """The citizens of municipalities with answers, and for each answer its `wave` (one of WAVES, missing
    where nobody answered or the answer has no day), `day` 0, 1 … from the invitation, and `size_band`."""
    rows = review.of_answers.copy()
    sent = sent_on(review).reindex(rows["municipality"])
    answered = rows["answered_at"].to_numpy()
    wave = np.full(len(rows), BEFORE_ALL, dtype=object)
    for name in MAILINGS:
        wave[answered >= sent[name].to_numpy()] = name
    known = ~np.isnat(answered)
    first = sent["invitation"].to_numpy()
    day = (answered.astype("datetime64[D]") - first.astype("datetime64[D]")).astype(float)
    return rows.assign(
        wave=np.where(known, wave, None),
        day=np.where(known, day, np.nan),
        size_band=rows["municipality"].map(size_bands(review.round)),
    )


def size_bands(round_: Round) -> dict[str, str]:
    """Municipality → Danish label of the band of `sampling.sizes` that its inhabitants are in."""
    bands = round_.settings.sampling.sizes
    labels = size_labels(round_)
    found = {}
    for place in round_.participants:
        fitting = (
            i
            for i, b in enumerate(bands)
            if b.up_to_inhabitants is None or place.population <= b.up_to_inhabitants
        )
        found[place.code] = labels[next(fitting)]
    return found


def size_labels(round_: Round) -> list[str]:
    """»Til og med 20.000 indbyggere«, »20.001–30.000 indbyggere« …, in the order of the bands."""
    ends = [b.up_to_inhabitants for b in round_.settings.sampling.sizes]
    if len(ends) == 1:
        return ["Alle kommuner"]
    first, last = printing.number(ends[0]), printing.number(ends[-2])
    between = [f"{printing.number(a + 1)}–{printing.number(b)}" for a, b in pairwise(ends[:-1])]
    spans = [f"Til og med {first}", *between, f"Over {last}"]
    return [f"{span} indbyggere" for span in spans]


def by_wave(rows: pd.DataFrame, column: str | None = None) -> pd.DataFrame:
    """Answers by wave: a row a category of `column` (or one row), with `invited`, `answers`, a column
    for each of WAVES, and `undated` answers. `rows`: `with_waves`."""
    key = rows[column] if column else pd.Series("all", index=rows.index)
    counts = (
        rows.groupby([key, rows["wave"].fillna("undated")])["responded"].sum().unstack(fill_value=0)
    )
    counts = counts.reindex(columns=[*WAVES, "undated"], fill_value=0)
    whole = rows.groupby(key)["responded"].agg(invited="size", answers="sum")
    return whole.join(counts).astype(int).rename_axis("category").reset_index()


def cumulative(rows: pd.DataFrame) -> pd.DataFrame:
    """Share (0–1) of those invited who have answered by the end of each day from the invitation on:
    columns day, answers, share. `rows`: `with_waves`; undated answers are left out."""
    dated = rows.dropna(subset="day")
    if dated.empty:
        return pd.DataFrame(columns=["day", "answers", "share"])
    counts = dated["day"].astype(int).value_counts().sort_index()
    counts = counts.reindex(range(min(0, counts.index[0]), counts.index[-1] + 1), fill_value=0)
    return pd.DataFrame(
        {"day": counts.index, "answers": counts.to_numpy(), "share": counts.cumsum() / len(rows)}
    )


@dataclass(frozen=True)
class Pace:
    """A reminder: the share of those not yet answered who answered per day in PACE_DAYS before it and
    from it on (0–1), `answers` until the next mailing (or the end), and the `continued` answers of the
    same days, had the pace before it gone on.

    NaN where no municipality has CLEAR_DAYS between the mailing before and this one.
    """

    mailing: str
    before: float
    after: float
    waiting: int  # not answered when it was sent
    answers: int
    continued: float

    @property
    def more(self) -> float:
        return self.answers - self.continued


def pace(review: Review, rows: pd.DataFrame, mailing: str) -> Pace:
    """The discrete-time hazard of answering before and after a reminder or SMS.

    Day d of a municipality, counted from its own mailing: h_d = answers on d / not answered at the
    start of d. `before` = Σ answers / Σ not answered over the PACE_DAYS days before, `after` over those
    from it, both in the municipalities where CLEAR_DAYS had passed since the mailing before it, so that
    its first days do not count as the usual pace.
    `continued` = n·(1 − (1 − before)^k) with n not answered at the mailing and k days until the next
    mailing, or until the last day with answers: what would have come at a constant pace. Since the
    pace falls by itself from day to day, that is rather too much than too little, and `more` rather
    too little. Citizens whose answer has no day are left out. Source: Kalbfleisch & Prentice 2002,
    ch. 2 (discrete hazard). Raises nothing of its own; `rows`: `with_waves`.
    """
    sent = sent_on(review)
    own = pd.to_datetime(pd.Series(review.made_on(SMS))) if mailing == SMS else sent[mailing]
    rows = rows[rows["municipality"].isin(own.index)]
    responded = rows["responded"].to_numpy(bool)
    answered = rows["answered_at"].to_numpy().astype("datetime64[D]")
    dated = ~np.isnat(answered) | ~responded
    start = _days(own, rows)
    others = [_days(sent[name], rows) for name in MAILINGS if name != mailing]
    last = answered.max(initial=np.datetime64("1970-01-01"), where=~np.isnat(answered))
    since = np.min([_positive(start - other) for other in others], axis=0)
    until = np.min([_positive(other - start) for other in others], axis=0)
    length = np.clip(np.minimum(until, (last - start).astype(int) + 1), 0, None)
    day = (answered - start).astype(float)
    day[np.isnat(answered)] = np.nan
    usable = dated & (since >= CLEAR_DAYS)
    before = _hazard(day[usable], responded[usable], -PACE_DAYS, 0)
    after = _hazard(day[usable], responded[usable], 0, PACE_DAYS)
    waiting = dated & (~responded | (day >= 0))
    answers = int((waiting & (day >= 0) & (day < length)).sum())
    chance = 1 - (1 - before) ** length[waiting]
    return Pace(mailing, before, after, int(waiting.sum()), answers, float(chance.sum()))


def _days(of_municipality: pd.Series, rows: pd.DataFrame) -> np.ndarray:
    return of_municipality.reindex(rows["municipality"]).to_numpy().astype("datetime64[D]")


def _positive(gap: np.ndarray) -> np.ndarray:
    """Whole days; where they are none or negative, more than any round lasts."""
    days = gap.astype(int)
    return np.where(days > 0, days, FAR)


def _hazard(day: np.ndarray, responded: np.ndarray, start: int, end: int) -> float:
    """Answers per day and person not yet answered, over the days start … end − 1."""
    exposed = answers = 0
    for d in range(start, end):
        exposed += int((~responded | (day >= d)).sum())
        answers += int((responded & (day == d)).sum())
    return answers / exposed if exposed else float("nan")
