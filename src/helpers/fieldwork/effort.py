"""Where another reminder, SMS or telephone call gives most: the effort plan.

What is wanted: at least `sampling.min_answers` answers in every municipality, and answers that are like
the population. A municipality's loss, in answers:

    L = E[max(0, A − Y)] + w·min(1, Ŷ/A)·(S/0.10)²

Y is the number of answers in the end, about normal with the forecast's mean and variance, A the least
number: the first part is the expected shortfall. S² = Σ_g q_g·(ρ_g − ρ̄)² is the variance over the
population of the target groups' response rates ρ_g (expected answers over invited; q_g: share of the
eligible population), the between part of R = 1 − 2S on which the partial R-indicators stand (Schouten,
Cobben & Bethlehem 2009, Survey Methodology 35; Schouten, Shlomo & Skinner 2011, Journal of Official
Statistics 27). Rates and not shares of the answers, since groups are oversampled on purpose. w,
`fieldwork.likeness_answers`, is how many missing answers a municipality with R = 0.80 (S = 0.10) counts
as; less where the forecast Ŷ before more effort lies below A, since rates of few citizens are mostly
chance. To act on groups by such a measure while collection goes on is adaptive survey design (Schouten,
Peytchev & Wagner 2017, Adaptive Survey Design).

What effort brings: persons × yield of the channel × what the last planned mailing brings among those
who had not answered by then, in the group and at the municipality's level (earlier rounds' curves).
Another channel for the same group meets those whom the ones before have left. The answers are taken to
come on top of the forecast, so there must be days left for them.

The plan is greedy: each time the group and channel with the greatest gain per person (the loss that it
takes away) is taken, and all gains in that municipality are reckoned anew. Budgets are in persons and a
group is taken whole or not at all; one that does not fit is passed over. The expected shortfall is
convex, so gains only fall as a municipality nears its number, and greedy is then within the gain of the
last group that did not fit of the best plan there is (Dantzig 1957, Operations Research 5). Likeness
breaks that a little: two groups that are both behind give more together than one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import norm

from helpers.common.errors import SurveyError, TooEarlyError
from helpers.common.paths import Paths, write_atomically
from helpers.fieldwork.forecast import Forecast
from helpers.parameters.params import Round
from helpers.parameters.round_settings import Channel, Fieldwork

CHANNELS: tuple[str, ...] = get_args(Channel)
BY_TELEPHONE = ("sms", "telephone")  # need a number
S_OF_R_080 = 0.10  # S where R = 0.80
COLUMNS = [
    "municipality", "target_group", "channel", "persons", "expected_answers", "rank", "chosen",
    "gain",
]  # fmt: skip


def reachable(citizens: pd.DataFrame, exceptions: Collection[str]) -> pd.DataFrame:
    """Persons whom each channel may reach: a row a municipality × target group × channel.

    Who has answered, or stands in contact/exceptions.csv for whatever reason, is left alone by all
    channels; SMS and telephone need a number."""
    left = citizens[~citizens["answered"] & ~citizens["key"].isin(list(exceptions))]
    keys = ["municipality", "target_group"]
    everybody = left.groupby(keys).size()
    tables = []
    for channel in CHANNELS:
        persons = everybody
        if channel in BY_TELEPHONE:
            persons = left[left["has_phone"].astype(bool)].groupby(keys).size()
        tables.append(persons.rename("persons").reset_index().assign(channel=channel))
    return pd.concat(tables, ignore_index=True)


def plan_effort(
    persons: pd.DataFrame,
    forecast: Forecast,
    population: pd.DataFrame,
    rules: Fieldwork,
    least: int,
    budgets: Mapping[str, int | None],
) -> pd.DataFrame:
    """The plan: a row a municipality × target group × channel, the best first.

    `persons`: of `reachable`; `population`: municipality × target group → eligible persons, in the
    order of the forecast's counts; `budgets`: channel → persons, None without a limit, 0 or no entry:
    the channel is ranked but not chosen. Columns: municipality, target_group, channel, persons,
    expected_answers (on top of the forecast, after what is ranked before), gain (answers of the
    loss), rank (1 first), chosen (within the budget and not under `smallest_gain_answers`).
    """
    place = pd.Index(forecast.counts.codes).get_indexer(persons["municipality"])
    group = pd.Index(forecast.counts.groups).get_indexer(persons["target_group"])
    channel = persons["channel"].to_numpy(str)
    size = persons["persons"].to_numpy(float)
    share = forecast.yield_of_last_reminder()[place, group]
    share = np.minimum(share * [rules.yield_of_channel[c] for c in channel], 1)
    loss = _Loss.of(forecast, population.to_numpy(float), least, rules.likeness_answers)
    met = np.zeros_like(loss.mean)  # share of those not yet reached that the channels made answer
    budget = {c: np.inf if budgets.get(c, 0) is None else budgets.get(c, 0) for c in CHANNELS}
    ranked = np.zeros(len(persons), dtype=int)
    chosen = np.zeros(len(persons), dtype=bool)
    gains, brings = np.zeros(len(persons)), np.zeros(len(persons))

    def look(rows: np.ndarray) -> None:
        brings[rows] = size[rows] * share[rows] * (1 - met[place[rows], group[rows]])
        gains[rows] = loss.gain(place[rows], group[rows], brings[rows])

    def per_person() -> np.ndarray:
        return np.divide(gains, size, out=np.zeros_like(gains), where=size > 0)

    look(np.arange(len(persons)))
    for number in range(1, len(persons) + 1):
        fits = size <= np.array([budget[c] for c in channel])
        open_ = (ranked == 0) & fits & (size > 0) & (gains > 0)
        open_ &= gains >= rules.smallest_gain_answers
        if not open_.any():
            break
        best = int(np.where(open_, per_person(), -np.inf).argmax())
        ranked[best], chosen[best] = number, True
        budget[channel[best]] -= size[best]
        loss.add(place[best], group[best], brings[best])
        met[place[best], group[best]] += share[best] * (1 - met[place[best], group[best]])
        look(np.flatnonzero((ranked == 0) & (place == place[best])))
    rest = np.flatnonzero(ranked == 0)
    order = rest[np.argsort(-per_person()[rest], kind="stable")]
    ranked[order] = np.arange(chosen.sum() + 1, len(persons) + 1)
    plan = persons.assign(expected_answers=brings, gain=gains, rank=ranked, chosen=chosen)
    return plan[COLUMNS].sort_values("rank", ignore_index=True)


class _Loss:
    """L of every municipality, as answers are added to its groups."""

    def __init__(
        self,
        mean: np.ndarray,
        sd: np.ndarray,
        asked: np.ndarray,
        population: np.ndarray,
        least: int,
        weight: float,
    ) -> None:
        self.mean, self.sd, self.least, self.asked = mean.copy(), np.maximum(sd, 1e-6), least, asked
        self.weight = weight * np.minimum(1, mean.sum(axis=1) / max(least, 1))
        people = np.where(asked > 0, population, 0.0)
        total = people.sum(axis=1, keepdims=True)
        self.share = np.divide(people, total, out=np.zeros_like(people), where=total > 0)

    @classmethod
    def of(cls, forecast: Forecast, population: np.ndarray, least: int, weight: float) -> _Loss:
        """Of the answers that the forecast has in the end."""
        counts = forecast.counts
        mean = counts.answers + counts.left * forecast.later()[0]
        sd = forecast.municipalities["sd"].to_numpy(float)
        return cls(mean, sd, counts.asked, population, least, weight)

    def add(self, place: int, group: int, answers: float) -> None:
        self.mean[place, group] += answers

    def gain(self, place: np.ndarray, group: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """What is taken off the municipality's loss by so many answers more in the group, a row each."""
        before = self.mean[place]
        after = before.copy()
        after[np.arange(len(place)), group] += answers
        return self._loss(before, place) - self._loss(after, place)

    def _loss(self, mean: np.ndarray, place: np.ndarray) -> np.ndarray:
        sd, lacking = self.sd[place], self.least - mean.sum(axis=1)
        shortfall = lacking * norm.cdf(lacking / sd) + sd * norm.pdf(lacking / sd)
        q, asked = self.share[place], self.asked[place]
        rate = np.divide(mean, asked, out=np.zeros_like(mean), where=asked > 0)
        centred = rate - (q * rate).sum(axis=1, keepdims=True)
        return shortfall + self.weight[place] * (q * centred**2).sum(axis=1) / S_OF_R_080**2


def population_of(citizens: pd.DataFrame, forecast: Forecast) -> pd.DataFrame:
    """Eligible persons, municipality × target group, in the order of the forecast's counts."""
    sizes = citizens.groupby(["municipality", "target_group"])["stratum_population"].first()
    table = sizes.unstack(fill_value=0)
    return table.reindex(
        index=forecast.counts.codes, columns=forecast.counts.groups, fill_value=0
    ).fillna(0)


def make_plan(
    citizens: pd.DataFrame,
    forecast: Forecast,
    round_: Round,
    exceptions: Collection[str],
    budgets: Mapping[str, int | None],
) -> pd.DataFrame:
    """`plan_effort` for a round as it stands; all of it stays in the house."""
    return plan_effort(
        reachable(citizens, exceptions),
        forecast,
        population_of(citizens, forecast),
        round_.settings.fieldwork,
        round_.settings.sampling.min_answers,
        budgets,
    )


def write_plan(paths: Paths, plan: pd.DataFrame) -> None:
    """Write `data/<round>/effort.parquet`."""
    table = plan.astype({"persons": "int64", "rank": "int64", "chosen": bool})
    write_atomically(paths.effort, table.to_parquet)


CHOICE_COLUMNS = ("municipality", "target_group", "channel", "chosen")  # of a plan: what is read


def chosen_groups(paths: Paths, round_: Round, channel: str) -> dict[str, frozenset[str]]:
    """Municipality → its target groups chosen for `channel` (`reminder`, `sms`, `telephone`).

    Raises SurveyError where there is no plan, or it cannot be read.
    """
    if not paths.effort.is_file():
        raise TooEarlyError(
            str(paths.effort),
            "there is no effort plan",
            "the plan that says where another reminder gives most",
            f"Make it with `survey effort {round_.id}`, or write to all who have not answered with "
            "--all.",
        )
    try:
        plan = pd.read_parquet(paths.effort, columns=list(CHOICE_COLUMNS))
    except (OSError, ValueError, KeyError, pa.ArrowException):
        raise SurveyError(
            str(paths.effort),
            "is no effort plan",
            f"columns {', '.join(CHOICE_COLUMNS)}",
            f"Make it again with `survey effort {round_.id}`.",
        ) from None
    rows = plan[(plan["channel"] == channel) & plan["chosen"].astype(bool)]
    groups = rows.groupby("municipality")["target_group"]
    return {str(code): frozenset(names) for code, names in groups}
