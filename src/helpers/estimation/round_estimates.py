"""Everything estimated of a round, gathered for the one gate: `disclosure.release`.

Reads what the analyses of the municipalities left under `data/<round>/`, fits what needs all of them
(expected results, the country's drivers and R-indicator), and looks up the earlier rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.common.vocabulary import NATIONAL
from helpers.estimation.calibration import indicators
from helpers.estimation.designs import Design
from helpers.estimation.drivers import relative_importance
from helpers.estimation.estimates import SUMS
from helpers.estimation.expected import Expected, expected_results
from helpers.estimation.nonresponse import RIndicator, r_indicator
from helpers.estimation.propensity import TERMS
from helpers.parameters.params import Round, load_round

NO_EXPECTED = Expected(pd.DataFrame(), pd.DataFrame(), np.nan, "Ikke beregnet.")
DRIVER_COLUMNS = [
    "municipality", "theme", "importance", "ci_low", "ci_high", "performance", "r_squared", "n",
]  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """An earlier round: `estimates` with sums, a row a municipality × KEYS; `released`: its released
    results, which say what of it may be shown."""

    round: Round
    estimates: pd.DataFrame
    released: pd.DataFrame


@dataclass(frozen=True)
class RoundEstimates:
    """`estimates`: a row a municipality × KEYS with sums; `counts`: a row a municipality × group of
    those asked; `covariances`: a row a pair of groups; `drivers`: a row a municipality (and the
    country) × theme; `expected`: actual against expected; `r_indicator`: the country's; `earlier`:
    the latest round first; `notes`: what could not be made, for the analyst."""

    estimates: pd.DataFrame
    counts: pd.DataFrame
    covariances: pd.DataFrame = field(default_factory=pd.DataFrame)
    drivers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=DRIVER_COLUMNS))
    expected: Expected = NO_EXPECTED
    r_indicator: RIndicator | None = None
    earlier: tuple[Earlier, ...] = ()
    notes: tuple[str, ...] = ()


COUNTRY_TERMS = (*TERMS, "municipality")  # what the country's R-indicator looks at


def gather(paths: Paths, round_: Round) -> RoundEstimates:
    """Read all that there is, and fit the models of the whole round."""
    have = [c for c in round_.settings.participants if paths.estimates(c).is_file()]

    def every(path_of: Callable[[str], Path]) -> pd.DataFrame:
        parts = [pd.read_parquet(path_of(c)) for c in have]
        return pd.concat(parts, ignore_index=True)

    respondents = every(paths.respondents)
    asked, frame = (
        pd.concat(
            [pd.read_parquet(path_of(c)).assign(municipality=c) for c in have], ignore_index=True
        )
        for path_of in (paths.asked, paths.frame)
    )
    earlier, notes = _earlier(paths, round_)
    return RoundEstimates(
        every(paths.estimates),
        every(paths.response_counts),
        every(paths.covariances),
        pd.concat([every(paths.drivers), _national_drivers(respondents, round_)]),
        _expected(respondents, round_),
        r_indicator(
            asked, frame, confidence=round_.settings.comparison.confidence, terms=COUNTRY_TERMS
        ),
        earlier,
        notes,
    )


def driver_rows(
    respondents: pd.DataFrame, round_: Round, municipality: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Relative importance of the themes for the overall satisfaction; no rows where there is no
    model. `respondents`: with weight, target_group and theme scores."""
    rules = round_.settings.models
    themes = [t.id for t in round_.questionnaire.themes if t.id in respondents]
    found = relative_importance(
        respondents[themes],
        round_.questionnaire.overall,
        respondents["weight"].to_numpy(float),
        respondents["stratum"].to_numpy(),
        min_answers=rules.min_answers,
        confidence=round_.settings.comparison.confidence,
        replicates=rules.bootstrap_replicates,
        rng=rng,
    )
    rows = found.importance.assign(municipality=municipality, r_squared=found.r_squared, n=found.n)
    return rows[DRIVER_COLUMNS]


def _national_drivers(respondents: pd.DataFrame, round_: Round) -> pd.DataFrame:
    strata = respondents["municipality"] + respondents["target_group"]
    rng = np.random.default_rng([round_.settings.seed, 0])
    return driver_rows(respondents.assign(stratum=strata), round_, NATIONAL, rng)


def _expected(respondents: pd.DataFrame, round_: Round) -> Expected:
    calibrated = [c for c in respondents if c.startswith("cal_")]
    designs = {}
    for code, own in respondents.groupby("municipality", sort=False):
        strata, names = pd.factorize(own["target_group"], sort=True)
        population = own.groupby("target_group")["stratum_population"].first().reindex(names)
        used = [c for c in calibrated if own[c].notna().all()]
        designs[code] = Design(
            own["weight"].to_numpy(float),
            strata,
            population.to_numpy(float),
            own["nonresponse_weight"].to_numpy(float) if used else None,
            indicators([own[c] for c in used]) if used else None,
            jackknife=True,
        )
    return expected_results(
        respondents,
        designs,
        round_.questionnaire.overall,
        min_municipalities=round_.settings.models.min_municipalities,
        confidence=round_.settings.comparison.confidence,
    )


def _earlier(paths: Paths, round_: Round) -> tuple[tuple[Earlier, ...], tuple[str, ...]]:
    found, notes = [], []
    for name in round_.settings.earlier_rounds:
        there = Paths(paths.root, name)
        released = there.build / "released.parquet"
        if not released.is_file():
            notes.append(
                f"Round {name} has not been released here, so the development since then is left "
                f"out. Run `survey run {name}` first."
            )
            continue
        try:
            before = load_round(paths.root, name)
        except SurveyError as e:
            notes.append(f"The development since {name} is left out: {e}")
            continue
        was_released = pd.read_parquet(released)
        codes = [c for c in before.settings.participants if c in set(was_released["municipality"])]
        estimates = _estimates_of(there, round_, codes)
        if estimates:
            found.append(Earlier(before, pd.concat(estimates, ignore_index=True), was_released))
    return tuple(found), tuple(notes)


def _estimates_of(there: Paths, round_: Round, codes: list[str]) -> list[pd.DataFrame]:
    """An earlier round's estimates of all municipalities that it released. They are what the development
    is computed from, and forgetting identities leaves them: where one is gone, the development would
    silently lose a municipality. Raises SurveyError that names every file."""
    tables, lost = [], []
    for code in codes:
        path = there.estimates(code)
        try:
            table = pd.read_parquet(path)
        except (OSError, pa.ArrowException):
            lost.append(f"{code}.parquet ({'cannot be read' if path.is_file() else 'is gone'})")
            continue
        tables.append(table)
        if not set(SUMS) <= set(table):
            lost.append(f"{code}.parquet (was made by an earlier version)")
    if lost:
        raise SurveyError(
            str(there.estimates(codes[0]).parent),
            f"of round {there.round_id}, which has been released, {', '.join(lost)}",
            "the estimates of every municipality that it released; the development is computed from them",
            f"Put them back from a copy of data/, make those of an earlier version again with `survey run "
            f"{there.round_id} --stage analyse --again`, or take {there.round_id} out of earlier_rounds in "
            f"params/rounds/{round_.id}.yml to release without that development.",
        )
    return tables
