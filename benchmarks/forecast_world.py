"""Simulated rounds for the forecast: who is asked, who answers, and when, without extracts and letters.

Persons, willingness and times are the simulator's. `Trouble` adds what the simulator is free of: rounds
and municipalities that are faster or slower than others, and municipalities whose letters go out late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from helpers.fieldwork.curves import DAY, Curves, aligned, curves_of, landmarks
from helpers.parameters.params import Round
from helpers.sampling.sampling import allocate, sample_size
from simulator.answers import GROUPS, make_answers
from simulator.persons import make_persons
from simulator.setting import Place, Setting

GROUP_IDS = {
    "dagpenge": "dagpenge", "sygedagpenge": "sygedagpenge", "jobparat": "job_uddannelsesparate",
    "aktivitetsparat": "aktivitetsparate", "jobafklaring": "jobafklaring",
}  # fmt: skip


@dataclass(frozen=True)
class Trouble:
    """What goes otherwise than simulated: standard deviations on the logit scale of the share of
    answers that has come, and a share of municipalities whose letters go out so many days late."""

    timing_of_round: float = 0.0
    timing_of_municipality: float = 0.0
    late_share: float = 0.0
    late_days: float = 0.0


def simulated_citizens(
    setting: Setting, round_: Round, places: Sequence[Place], trouble: Trouble, seed: int
) -> pd.DataFrame:
    """A row a citizen asked, as `helpers.fieldwork.citizens.citizens_asked` gives them; `seed` draws
    the samples, the answers and the troubles."""
    rng = np.random.default_rng(seed)
    own_timing = rng.normal(0, trouble.timing_of_round)
    citizens = asked_and_answered(setting, round_, places, seed)
    start = pd.Timestamp(setting.collection_start)
    length = ((setting.collection_end - setting.collection_start).days + 1) * DAY
    at = (citizens["answered_at"] - start).dt.total_seconds().to_numpy(float, copy=True)
    came = np.sort(at[~np.isnan(at)])
    for place in places:
        own = (citizens["municipality"] == place.code).to_numpy() & ~np.isnan(at)
        w = own_timing + rng.normal(0, trouble.timing_of_municipality)
        share = np.searchsorted(came, at[own]) / len(came)
        share = expit(logit(np.clip(share, 1e-6, 1 - 1e-6)) - w)
        late = trouble.late_days * DAY * (rng.random() < trouble.late_share)
        at[own] = np.minimum(np.quantile(came, share) + late, length - 1)
    moments = start + pd.to_timedelta(pd.Series(at), unit="s")
    return citizens.assign(answered_at=moments.astype("datetime64[s]"))


_drawn: dict[
    tuple, pd.DataFrame
] = {}  # the last few: every kind of trouble befalls the same citizens


def asked_and_answered(
    setting: Setting, round_: Round, places: Sequence[Place], seed: int
) -> pd.DataFrame:
    """Citizens and answers of an untroubled round."""
    key = (setting.round_id, tuple(p.code for p in places), seed)
    if key not in _drawn:
        while len(_drawn) > 2:
            _drawn.pop(next(iter(_drawn)))
        own, rng = replace(setting, seed=seed), np.random.default_rng([seed, 1])
        tables = [_asked(own, round_, place, rng) for place in places]
        _drawn[key] = pd.concat(tables, ignore_index=True)
    return _drawn[key]


def _asked(setting: Setting, round_: Round, place: Place, rng: np.random.Generator) -> pd.DataFrame:
    persons = make_persons(setting, place)
    answers = make_answers(setting, place)
    group = persons["benefit"].map(GROUPS).map(GROUP_IDS)
    eligible = group.notna().to_numpy() & ~persons["passive"].to_numpy(bool)
    sizes = group[eligible].value_counts().to_dict()
    rules = round_.settings.sampling
    size = sample_size(place.inhabitants, int(eligible.sum()), rules)
    wanted = allocate(sizes, rules.expected_response, size, rules)
    drawn = np.concatenate(
        [
            rng.choice(np.flatnonzero(eligible & (group == g)), n, replace=False)
            for g, n in zip(wanted["target_group"], wanted["invited"])
        ]
    )
    told = answers.iloc[drawn]
    answered = told["status"].isin(["completed", "partial"]).to_numpy()
    return pd.DataFrame(
        {
            "municipality": place.code,
            "key": [f"{place.code}-{i}" for i in drawn],
            "target_group": group.to_numpy()[drawn],
            "has_phone": True,
            "stratum_population": [sizes[g] for g in group.to_numpy()[drawn]],
            "answered": answered,
            "answered_at": pd.to_datetime(told["submitted_at"].where(answered).to_numpy()),
            "collected": True,
        }
    )


def simulated_curves(round_: Round, earlier: Sequence[tuple[Round, pd.DataFrame]]) -> Curves:
    """Curves from simulated earlier rounds, aligned as real ones are."""
    ours = landmarks(round_.settings.calendar)
    tables = [
        table.assign(
            round=other.id,
            at=aligned(table["answered_at"], landmarks(other.settings.calendar), ours),
        )
        for other, table in earlier
    ]
    return curves_of(
        round_, pd.concat(tables) if tables else None, tuple(other.id for other, _ in earlier)
    )
