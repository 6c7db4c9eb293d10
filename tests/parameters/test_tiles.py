"""The map of tiles: every municipality has a place, and neighbours lie beside each other.

`neighbours.csv`: municipalities that share a border on land or a bridge or fjord that people think of
as one, written down from a map; each pair once.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.parameters.params import load_municipalities, load_tiles

HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tiles():
    return load_tiles(PROJECT)


@pytest.fixture(scope="module")
def neighbours() -> list[tuple[str, str]]:
    codes = {m.name: m.code for m in load_municipalities(PROJECT).values()}
    with (HERE / "neighbours.csv").open(encoding="utf-8") as f:
        return [
            (codes[row["municipality"]], codes[other])
            for row in csv.DictReader(f)
            for other in row["neighbours"].split()
        ]


def touch(a, b) -> bool:
    return max(abs(a.column - b.column), abs(a.row - b.row)) == 1


def test_every_municipality_has_one_tile(tiles):
    assert set(tiles) == set(load_municipalities(PROJECT))
    assert len({(t.column, t.row) for t in tiles.values()}) == 98
    assert len({t.short for t in tiles.values()}) == 98


def test_neighbours_lie_beside_each_other(tiles, neighbours):
    apart = [(a, b) for a, b in neighbours if not touch(tiles[a], tiles[b])]
    assert len(apart) <= 0.05 * len(neighbours), apart
    for a, b in apart:  # and those that do not are near
        assert abs(tiles[a].column - tiles[b].column) <= 2
        assert abs(tiles[a].row - tiles[b].row) <= 2


def test_regions_hang_together(tiles):
    """Each region is one piece, islands apart."""
    places = load_municipalities(PROJECT)
    islands = {"0825", "0741", "0400", "0563", "0492", "0482"}
    for region in {m.region for m in places.values()}:
        left = {c for c, m in places.items() if m.region == region} - islands
        found = {min(left)}
        while grown := {c for c in left - found if any(touch(tiles[c], tiles[f]) for f in found)}:
            found |= grown
        assert found == left, region


@pytest.mark.parametrize(
    "north, south",
    [("0860", "0851"), ("0851", "0730"), ("0751", "0630"), ("0630", "0540"), ("0217", "0101"),
     ("0101", "0360"), ("0410", "0479")],
)  # fmt: skip
def test_north_is_up(tiles, north, south):
    assert tiles[north].row < tiles[south].row


@pytest.mark.parametrize(
    "west, east",
    [("0561", "0621"), ("0621", "0461"), ("0461", "0330"), ("0330", "0101"), ("0101", "0400")],
)
def test_west_is_left(tiles, west, east):
    assert tiles[west].column < tiles[east].column


def test_two_on_one_tile_are_told(root):
    path = root / "params" / "tile-map.csv"
    lines = path.read_text("utf-8").splitlines()
    first, second = lines[1].split(","), lines[2].split(",")
    lines[2] = ",".join([second[0], *first[1:3], second[3]])
    path.write_text("\n".join([*lines[:-1], ""]), "utf-8")
    with pytest.raises(ParameterError) as told:
        load_tiles(root)
    assert first[0] in str(told.value)
    assert "0860" in str(told.value)  # the last line was left out


def test_every_pair_stands_once(neighbours):
    seen: dict[str, set[str]] = defaultdict(set)
    for a, b in neighbours:
        assert b not in seen[a], (a, b)
        seen[a].add(b)
        seen[b].add(a)
