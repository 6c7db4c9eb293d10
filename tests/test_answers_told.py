"""What answers the shown numbers tell of hidden groups."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from helpers.answers_told import OPTIONS, SUMS, beside_answers_told
from helpers.round_settings import Disclosure
from helpers.suppression import CELL, suppress_items

TWO_BY_TWO = [("g1", "kvinde"), ("g1", "mand"), ("g2", "kvinde"), ("g2", "mand")]


def answered(g2_women: list[int], g2_men: list[int]) -> pd.DataFrame:
    """Three municipalities; in the first, of two groups by gender one cell holds four answers. A row a
    cell with n, SUMS and the number of each option 1–5."""
    small = {
        ("g1", "kvinde"): [0, 0, 1, 1, 2],
        ("g1", "mand"): [2, 2, 2, 1, 1],
        ("g2", "kvinde"): g2_women,
        ("g2", "mand"): g2_men,
        ("g3", "kvinde"): [5] * 5,
        ("g3", "mand"): [5] * 5,
    }
    rows = defaultdict(lambda: np.zeros(5))
    for code in ("0101", "0201", "0301"):
        for (group, gender), options in small.items():
            answers = np.array(options if code == "0101" else [6, 7, 8, 9, 10])
            for cell in (
                ("all", "all"), ("target_group", group), ("gender", gender),
                ("target_group:gender", f"{group}:{gender}"),
            ):  # fmt: skip
                rows[code, *cell] += answers
    return pd.DataFrame(
        [
            (*cell, "q01", o.sum(), o @ np.arange(1, 6), o[3:].sum(), o[2], o[:2].sum(), *o)
            for cell, o in rows.items()
        ],
        columns=[*CELL, "item", "n", *SUMS, *OPTIONS],
    )


@pytest.mark.parametrize(
    "g2_women, g2_men, told",
    [([1, 2, 2, 1, 0], [3, 2, 2, 2, 0], True), ([1, 2, 1, 1, 1], [3, 2, 2, 1, 1], False)],
)
def test_options_of_hidden_cells_are_not_told_by_their_sums(g2_women, g2_men, told):
    """Nobody of g2 chose 5; so the two women who did, when shown women are subtracted, are of g1."""
    counts = answered(g2_women, g2_men)
    found = suppress_items(counts, threshold=5)
    hidden = found.hidden()
    assert all(("0101", "target_group:gender", f"{g}:{s}") in hidden for g, s in TWO_BY_TWO)
    more = beside_answers_told(counts, found, Disclosure(min_answers=5))
    assert bool(more) == told
    assert not more & hidden
