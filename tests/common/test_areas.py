"""Which areas add up to which, and that sums over regions tell no hidden count."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.common.areas import COUNTRY, GROUP, MUNICIPALITY, REGION, Area, Areas
from helpers.disclosure.suppression import SHOWN, suppress_items
from helpers.disclosure.suppression_audit import audit_items

WHERE = {
    "0101": "region:h",
    "0147": "region:h",
    "0151": "region:h",
    "0580": "region:s",
    "0707": "region:s",
}
KIND = {
    "0101": "group:by",
    "0147": "group:by",
    "0580": "group:by",
    "0151": "group:land",
    "0707": "group:land",
}


def areas(*ways: dict[str, str]) -> Areas:
    """Municipalities in regions and groups, and those in the country."""
    above = dict.fromkeys(a for way in ways for a in way.values())
    return Areas(
        (
            *(Area(c, MUNICIPALITY, tuple(way[c] for way in ways)) for c in WHERE),
            *(Area(a, REGION if a.startswith(REGION) else GROUP, ("national",)) for a in above),
            Area("national", COUNTRY),
        )
    )


def counts(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = []
    for code in WHERE:
        of = {g: int(n) for g, n in zip("abc", random.integers(1, 14, 3))}
        rows.append((code, "all", "all", sum(of.values())))
        rows += [(code, "target_group", g, n) for g, n in of.items()]
    table = pd.DataFrame(rows, columns=["municipality", "breakdown", "category", "n"])
    return table.assign(item="q01")


def determined(cells: pd.DataFrame, of: Areas) -> set[tuple[str, str, str]]:
    """Hidden cells that the shown ones and the sums fix: those on which every solution of the relations agrees.

    Own linear algebra: a hidden count is fixed where no vector of the relations' null space moves it.
    """
    keys = list(cells[["municipality", "breakdown", "category"]].itertuples(index=False, name=None))
    hidden = [k for k, s in zip(keys, cells["status"]) if s != SHOWN]
    rows = []
    for area in {a for a in of.sums}:
        for _, breakdown, category in {("", b, c) for _, b, c in keys}:
            row = np.zeros(len(hidden))
            for k, key in enumerate(hidden):
                if key[1:] == (breakdown, category):
                    row[k] = -1.0 if key[0] == area else float(key[0] in of.sums[area])
            rows.append(row)
    for place in {k[0] for k in keys}:
        row = np.array([0.0 if k[0] != place else -1.0 if k[1] == "all" else 1.0 for k in hidden])
        rows.append(row)
    _, values, directions = np.linalg.svd(np.array(rows))
    rank = int((values > 1e-9).sum())
    moves = np.abs(directions[rank:]).max(axis=0, initial=0.0)
    return {key for key, move in zip(hidden, moves) if move < 1e-9}


def test_municipalities_of_a_country_and_of_its_regions():
    assert Areas.of(["0101", "national"]).sums == {"national": ("0101",)}
    assert Areas.of(["0101", "0147"]).sums == {}
    of = areas(WHERE, KIND)
    assert of.sums["region:s"] == ("0580", "0707") and of.sums["group:by"] == (
        "0101",
        "0147",
        "0580",
    )
    assert of.sums["national"] == tuple(WHERE)


def test_areas_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="0101"):
        Areas((Area("0101", MUNICIPALITY), Area("0101", MUNICIPALITY)))
    with pytest.raises(ValueError, match="region:x"):
        Areas((Area("0101", MUNICIPALITY, ("region:x",)),))


@pytest.mark.parametrize("ways", [(WHERE,), (WHERE, KIND)], ids=["regions", "regions and groups"])
def test_sums_over_regions_tell_no_hidden_count(ways):
    of, leaking = areas(*ways), 0
    for seed in range(12):
        table = counts(seed)
        found = suppress_items(table, threshold=5, areas=of)
        assert set(found.cells["municipality"]) == set(of.by_code)
        assert not determined(found.cells, of)
        assert audit_items(found.cells, threshold=5, areas=of).empty
        # were they hidden as if no region were published, the regions would tell some
        country = suppress_items(table, threshold=5).hidden()
        keys = pd.MultiIndex.from_frame(found.cells[["municipality", "breakdown", "category"]])
        status = np.where(keys.isin(country) | (found.cells["n"] < 5), "linked", SHOWN)
        wrong = found.cells.assign(status=status)
        leaking += bool(determined(wrong, of))
        assert not determined(wrong, of) or len(audit_items(wrong, threshold=5, areas=of))
    assert leaking > 3, "else this tests nothing"
