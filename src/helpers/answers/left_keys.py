"""Keys of citizens who were asked and are asked no more: their municipality is out of the round, or its
sample was drawn again without them. Their answers count nowhere, and stop nobody."""

from __future__ import annotations

import re

import pandas as pd
import pyarrow as pa

from helpers.common.paths import Paths
from helpers.parameters.params import Round

_SAMPLE = re.compile(r"(\d{4})(?:-sample-\d+)?\.parquet")


def keys_asked_before(paths: Paths, round_: Round) -> dict[str, str]:
    """key → municipality, of the samples of those that are out and of samples that were replaced.

    A key may be in the present sample too: who is drawn again keeps it. A sample that cannot be read
    is passed over: then its keys are unknown, and told as such where they occur.
    """
    folder, found = paths.data / "sample", {}
    for path in sorted(
        [*folder.glob("????.parquet"), *folder.glob("replaced/????-sample-*.parquet")]
    ):
        code = _SAMPLE.fullmatch(path.name)[1] if _SAMPLE.fullmatch(path.name) else ""
        if code not in round_.municipalities:
            continue
        if path.parent == folder and code in round_.settings.participants:
            continue
        try:
            keys = pd.read_parquet(path, columns=["key"])["key"]
        except (OSError, pa.ArrowException, KeyError):
            continue
        found.update(dict.fromkeys(keys, code))
    return found
