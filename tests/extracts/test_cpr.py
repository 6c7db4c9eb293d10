"""CPR numbers: the century table at its edges, an outside reader, and what Excel does to them."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from stdnum.dk import cpr as stdnum_cpr

from helpers.extracts.cpr import age_on, parse_cpr


def one(cell):
    return parse_cpr(pd.Series([cell], dtype=object)).iloc[0]


@pytest.mark.parametrize(
    "number, born",
    [
        ("0101000007", "1900-01-01"), ("3112993999", "1999-12-31"),
        ("0101364000", "2036-01-01"), ("0101374000", "1937-01-01"),
        ("0101369000", "2036-01-01"), ("0101379000", "1937-01-01"),
        ("0101575000", "2057-01-01"), ("0101585000", "1858-01-01"),
        ("0101578000", "2057-01-01"), ("0101998000", "1899-01-01"),
        ("2902008000", "2000-02-29"),
    ],
)  # fmt: skip
def test_century_table(number, born):
    assert one(number)["birth_date"] == pd.Timestamp(born)


@pytest.mark.parametrize(
    "cell", [701781677, 701781677.0, "701781677", "0701781677", "070178-1677", " 070178 1677\u00a0"]
)
def test_every_way_of_writing_gives_the_same(cell):
    read = one(cell)
    assert read["cpr"] == "0701781677"
    assert read["gender"] == "mand"


def test_replacement_number_adds_sixty_to_the_day():
    assert one("6101900002")["birth_date"] == pd.Timestamp("1990-01-01")
    assert one("6101900002")["gender"] == "kvinde"


@pytest.mark.parametrize("cell", ["", None, "12345678", "12345678901", "07O1781677", 1.5, True])
def test_no_number(cell):
    assert one(cell)["problem"] == "is no CPR number of ten digits"


@pytest.mark.parametrize("cell", ["3102900001", "0013900001", "3002900001"])
def test_no_such_day(cell):
    assert one(cell)["problem"] == "holds no valid birth date"


def test_agrees_with_stdnum_where_it_reads():
    rng = np.random.default_rng(1)
    days = pd.Timestamp("1859-01-01") + pd.to_timedelta(rng.integers(0, 60_000, 4000), unit="D")
    numbers = pd.Series([f"{d:%d%m%y}{rng.integers(0, 10_000):04d}" for d in days], dtype=object)
    read = parse_cpr(numbers)
    for number, row in zip(numbers, read.itertuples()):
        if pd.isna(row.birth_date):  # 29 February in another century
            with pytest.raises(Exception, match=""):
                stdnum_cpr.get_birth_date(number)
        else:
            assert stdnum_cpr.get_birth_date(number) == row.birth_date.date()


@pytest.mark.parametrize(
    "born, day, age",
    [
        ("1990-02-01", dt.date(2024, 2, 1), 34), ("1990-02-02", dt.date(2024, 2, 1), 33),
        ("2004-02-29", dt.date(2023, 2, 28), 18), ("2004-02-29", dt.date(2023, 3, 1), 19),
    ],
)  # fmt: skip
def test_age(born, day, age):
    assert age_on(pd.Series(pd.to_datetime([born])), day).iloc[0] == age
