"""The development outlives identities: what a later round is compared with stays when they are forgotten,
and where it has gone all the same, the release says so and where."""

from __future__ import annotations

import datetime as dt
import shutil

import pandas as pd
import pytest
from conftest import EARLIER, SIMULATED

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.common.vocabulary import FILES
from helpers.development.page import page
from helpers.development.series import load_development
from helpers.estimation.round_estimates import gather
from helpers.parameters.params import load_round
from helpers.pipeline.run import run_round
from helpers.retention.retention import forget

TABLES = tuple(FILES.values())


@pytest.fixture(scope="module")
def root(finished, tmp_path_factory):
    """The finished rounds, the earlier one's identities forgotten the day after its retention ended."""
    root = tmp_path_factory.mktemp("forgotten") / "root"
    shutil.copytree(finished.paths.root, root)
    earlier = load_round(root, EARLIER)
    day = earlier.settings.retention_until + dt.timedelta(1)
    codes = list(earlier.settings.participants)
    deleted = forget(Paths(root, EARLIER), earlier, codes, day)
    assert all(deleted[c] >= 3 for c in codes)  # vault, extract and letters
    return root


def test_identities_are_gone_and_the_estimates_stay(root):
    paths = Paths(root, EARLIER)
    codes = load_round(root, EARLIER).settings.participants
    assert not [p for p in paths.vault_folder.rglob("*") if p.is_file()]
    assert not [p for p in paths.extracts.rglob("*") if p.is_file()]
    assert all(paths.estimates(c).is_file() for c in codes)


def test_the_next_release_still_tells_the_development(root, finished):
    before = {n: (finished.paths.build / n).read_bytes() for n in TABLES}
    changes = pd.read_parquet(finished.paths.build / "comparisons.parquet")
    assert (changes["reference"] == f"round:{EARLIER}").any()
    summary = run_round(root, load_round(root, SIMULATED), stages=["release"], jobs=1, again=True)
    assert not summary.failures
    assert {n: (root / "build" / SIMULATED / n).read_bytes() for n in TABLES} == before


def test_compare_still_works(root, finished):
    with_identities = page(load_development(finished.paths.root).development)
    development = load_development(root).development
    assert development.ids == [EARLIER, SIMULATED]
    assert page(development) == with_identities


@pytest.mark.parametrize("how, told", [("gone", "is gone"), ("broken", "cannot be read")])
def test_lost_estimates_are_told_with_every_file(root, tmp_path, how, told):
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    paths = Paths(copy, EARLIER)
    for code in ("0161", "0707"):
        if how == "gone":
            paths.estimates(code).unlink()
        else:
            paths.estimates(code).write_bytes(b"PAR1")
    with pytest.raises(SurveyError) as caught:
        gather(Paths(copy, SIMULATED), load_round(copy, SIMULATED))
    text = str(caught.value)
    assert f"data/{EARLIER}/estimates" in text
    assert f"0161.parquet ({told}), 0707.parquet ({told})" in text
    assert "0825" not in text
    assert f"take {EARLIER} out of earlier_rounds in params/rounds/{SIMULATED}.yml" in text


def test_a_municipality_that_was_not_released_before_needs_no_estimates(root, tmp_path):
    """A participant whose answers never came has neither."""
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    paths = Paths(copy, EARLIER)
    paths.estimates("0161").unlink()
    released = pd.read_parquet(paths.build / "released.parquet")
    released[released["municipality"] != "0161"].to_parquet(paths.build / "released.parquet")
    [earlier] = gather(Paths(copy, SIMULATED), load_round(copy, SIMULATED)).earlier
    assert set(earlier.estimates["municipality"]) == {"0707", "0825"}


def test_without_the_earlier_round_nothing_is_lost(root, tmp_path):
    copy = tmp_path / "root"
    shutil.copytree(root, copy)
    shutil.rmtree(copy / "data" / EARLIER)
    round_ = load_round(copy, SIMULATED)
    settings = round_.settings.model_copy(update={"earlier_rounds": ()})
    assert (
        gather(Paths(copy, SIMULATED), round_.model_copy(update={"settings": settings})).earlier
        == ()
    )
