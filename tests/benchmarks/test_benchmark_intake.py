"""The intake's benchmark on two tiny municipalities: both readers see every person. No timing."""

import sys

from helpers.common.paths import PROJECT

sys.path.insert(0, str(PROJECT))
from benchmarks.intake import compare


def test_both_see_the_same_persons():
    outcome = compare(municipalities=3, rows=90, seed=5)  # the third is of the layout momentum
    assert outcome.municipalities == 3
    assert outcome.rows == outcome.rows_pandas > 80
    assert min(outcome.cpu, outcome.cpu_pandas, outcome.wall, outcome.wall_pandas) > 0
