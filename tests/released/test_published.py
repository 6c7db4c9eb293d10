"""Released tables as printing code gets them."""

import pytest
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common.errors import SurveyError
from helpers.common.paths import Paths
from helpers.common.vocabulary import FILES
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import load_published


@pytest.fixture
def released(tmp_path):
    published = make_published()
    folder = Paths(tmp_path, published.round.id).build
    folder.mkdir(parents=True)
    for name, file in FILES.items():
        getattr(published, name).to_parquet(folder / file)
    return tmp_path, published.round


def test_before_the_release_says_what_to_run(tmp_path):
    with pytest.raises(SurveyError, match="--stage release"):
        load_published(tmp_path, make_published().round)


def test_one_municipalitys_tables_know_all_the_others(released):
    root, round_ = released
    own = load_published(root, round_, only=BIG)
    assert set(own.results["municipality"]) == {BIG, "national"}
    assert {m.code for m in own.municipalities} == {BIG, SMALL, PLAIN}
    assert OwnNumbers(own, BIG).n_municipalities == 3
    assert len(own.missing) == len(round_.participants) - len(own.municipalities)


def test_value_finds_the_row(released):
    root, round_ = released
    published = load_published(root, round_)
    table = published.results
    row = table[
        (table["municipality"] == PLAIN) & (table["breakdown"] == "gender")
        & (table["category"] == "mand") & (table["item"] == "q05") & (table["statistic"] == "share_4")
        & (table["weighting"] == "unweighted")
    ].iloc[0]  # fmt: skip
    got = published.number(
        PLAIN, "q05", "share_4", breakdown="gender", category="mand", weighting="unweighted"
    )
    assert got.value == row["value"]
    assert published.number(PLAIN, "lokal3").status == "not_asked"
    assert published.number("0999", "q05").status == "not_asked"
    assert published.against_others(PLAIN, "q05").value is not None
