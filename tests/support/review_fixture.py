"""A small round made by hand: three municipalities with few citizens, and any facts about it that a test
wants."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from helpers.common.paths import Paths
from helpers.parameters.params import Round
from helpers.review.inputs import ASKED_COLUMNS, MAILING_COUNTS, Review

BIG, SMALL, PLAIN = "0707", "0825", "0580"
GROUP, OTHER_GROUP = "dagpenge", "sygedagpenge"
INVITATION = dt.date(2024, 3, 11)  # the reminders follow one and two weeks later


def with_settings(round_: Round, codes=(BIG, SMALL, PLAIN), **settings) -> Round:
    """The round with these participants and settings, real and not simulated."""
    signed = {c: dt.date(2024, 2, 20) for c in codes}
    made = round_.settings.model_copy(
        update={"participants": tuple(codes), "simulated": False, **settings}
    )
    return round_.model_copy(update={"settings": made, "agreements": signed, "local": {}})


def citizens(
    code: str, invited: int, days: tuple[int, ...] = (), group: str = GROUP, population: int | None = None,
    collected: bool = True, undated: int = 0,
) -> pd.DataFrame:  # fmt: skip
    """Rows of `Review.asked`: one answered at noon on each of `days` from the invitation, then
    `undated` answers, and the others silent."""
    noon = pd.Timestamp(INVITATION) + pd.Timedelta(hours=12)
    times = [noon + pd.Timedelta(days=d) for d in days]
    times += [pd.NaT] * (invited - len(times))
    table = pd.DataFrame(
        {
            "municipality": code,
            "target_group": group,
            "stratum_population": population or invited,
            "stratum_invited": invited,
            "design_weight": (population or invited) / invited,
            "responded": [i < len(days) + undated for i in range(invited)],
            "answered_at": pd.array(times, dtype="datetime64[s]"),
            "collected": collected,
        }
    )
    return table[ASKED_COLUMNS]


def counted_response(code: str, answers: int, weights: list[float], r: float = 0.9) -> pd.DataFrame:
    """Rows of `Review.response` for everybody of one municipality."""
    row = {
        "municipality": code, "breakdown": "all", "category": "all", "population": 100, "invited": 50,
        "answers": answers, "weight_sum": sum(weights), "weight_squares": sum(w**2 for w in weights),
        "r_indicator": r, "r_low": r, "r_high": r,
    }  # fmt: skip
    return pd.DataFrame([row])


def mailing(code: str, name: str, day: dt.date, **counts: int) -> dict:
    return {"municipality": code, "mailing": name, "made_on": day, **counts}


def make_review(
    round_: Round,
    asked: list[pd.DataFrame] = (),
    *,
    root: Path = Path("/nowhere"),
    attempts=(),
    runs=(),
    mailings=(),
    response: pd.DataFrame | None = None,
    released: frozenset[str] | None = None,
    calls: pd.DataFrame | None = None,
    replaced: dict[str, int] | None = None,
    forgotten: dict[str, dt.date] | None = None,
) -> Review:
    empty = pd.DataFrame(columns=ASKED_COLUMNS).astype(
        {"responded": bool, "collected": bool, "answered_at": "datetime64[s]"}
    )
    columns = ["municipality", "mailing", "made_on", *MAILING_COUNTS]
    counted = pd.DataFrame(
        columns=["municipality", "breakdown", "category", "population", "invited", "answers",
                 "weight_sum", "weight_squares", "r_indicator", "r_low", "r_high"]
    )  # fmt: skip
    made = pd.DataFrame(list(mailings), columns=columns)
    return Review(
        Paths(root, round_.id),
        round_,
        pd.concat(asked, ignore_index=True) if len(asked) else empty,
        tuple(attempts),
        tuple(runs),
        made.astype(dict.fromkeys(MAILING_COUNTS, "Int64")),
        counted if response is None else response,
        released,
        calls,
        replaced or {},
        forgotten or {},
    )
