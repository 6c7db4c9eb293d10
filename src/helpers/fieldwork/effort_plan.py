"""What send-out reads of the effort plan: which target groups were chosen for a channel."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from helpers.common.errors import SurveyError, TooEarlyError
from helpers.common.paths import Paths
from helpers.parameters.params import Round

COLUMNS = ("municipality", "target_group", "channel", "chosen")


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
        plan = pd.read_parquet(paths.effort, columns=list(COLUMNS))
    except (OSError, ValueError, KeyError, pa.ArrowException):
        raise SurveyError(
            str(paths.effort),
            "is no effort plan",
            f"columns {', '.join(COLUMNS)}",
            f"Make it again with `survey effort {round_.id}`.",
        ) from None
    rows = plan[(plan["channel"] == channel) & plan["chosen"].astype(bool)]
    groups = rows.groupby("municipality")["target_group"]
    return {str(code): frozenset(names) for code, names in groups}
