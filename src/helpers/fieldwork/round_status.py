"""How a round stands at a moment: its citizens, the exceptions, and the forecast."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from helpers.common.errors import TooEarlyError
from helpers.common.paths import Paths
from helpers.fieldwork.citizens import NO_ANSWER_EXPECTED, as_of, citizens_asked
from helpers.fieldwork.contact_exceptions import read_exceptions
from helpers.fieldwork.counts import count_citizens
from helpers.fieldwork.curves import Curves, load_curves
from helpers.fieldwork.forecast import Forecast
from helpers.parameters.params import Round


@dataclass(frozen=True)
class RoundStatus:
    """`citizens` as they stood at `moment`, the latest answer that is known (the invitation where there
    is none); `exceptions`: keys with whom contact is limited; the `forecast` from that moment by the `curves`."""

    citizens: pd.DataFrame
    exceptions: frozenset[str]
    curves: Curves
    moment: dt.datetime
    forecast: Forecast

    @property
    def undated(self) -> int:
        """Answers whose time is not known, or cannot be right."""
        return int((self.citizens["answered"] & self.citizens["answered_at"].isna()).sum())


def round_status_of(
    paths: Paths, round_: Round, on: dt.date | None = None, today: dt.date | None = None
) -> RoundStatus:
    """The round as it stands, or as it stood at the end of the day `on`; `today`: no answer can have come
    later (`answer_times.span_of`).

    The moment is that of the latest answer in any export whose time can be right, as exports are taken for all municipalities
    at about the same time; where answers come by the hundred a day it is close to that time. Raises
    TooEarlyError where no sample has been drawn.
    """
    citizens = citizens_asked(paths, round_, today=today)
    if citizens.empty:
        raise TooEarlyError(
            str(paths.data / "sample"),
            "no sample has been drawn",
            "the result of the step plan",
            f"Run `survey run {round_.id} --stage intake --stage plan` first.",
        )
    if on is not None:
        citizens = as_of(citizens, dt.datetime.combine(on, dt.time.max))
    curves = load_curves(paths, round_)
    latest = citizens["answered_at"].max()
    moment = curves.start if pd.isna(latest) else max(curves.start, latest.to_pydatetime())
    exceptions = read_exceptions(paths)
    silent = exceptions.loc[exceptions["reason"].isin(NO_ANSWER_EXPECTED), "key"].tolist()
    counts = count_citizens(citizens, curves, moment, silent)
    confidence = round_.settings.comparison.confidence
    return RoundStatus(
        citizens, frozenset(exceptions["key"]), curves, moment, Forecast(counts, curves, confidence)
    )
