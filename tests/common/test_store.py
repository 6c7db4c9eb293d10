"""Files by name at any address: listed, fetched, put back whole."""

import uuid
from pathlib import Path

import pytest

from helpers.common.errors import ParameterError
from helpers.common.store import Mirror, Store, by_folder, is_address, matching

NAMES = [
    "data/r/sample/0707.parquet",
    "data/r/sample/0707-frame.parquet",
    "data/r/sample/replaced/0707-sample-1.parquet",
    "data/r/sample/0825.parquet",
    "build/r/0707-norddjurs/rapport.html",
    "build/r/released.parquet",
]


@pytest.fixture(params=["folder", "file", "memory"])
def store(request, tmp_path) -> Store:
    """A store of each kind with the NAMES in it."""
    root = {
        "folder": str(tmp_path),
        "file": f"file://{tmp_path}",
        "memory": f"memory://{uuid.uuid4().hex}",
    }[request.param]
    made = Store(root)
    for name in NAMES:
        made.write_text(name, name)
    return made


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("data/r/sample/????.parquet", [0, 3]),
        ("data/r/sample/0707*", [0, 1]),
        ("data/r/sample/**", [0, 1, 2, 3]),
        ("build/r/**", [4, 5]),
        ("build/r/*", [5]),
        ("build/r/0707-norddjurs/rapport.html", [4]),
        ("build/r/0707.norddjurs/rapport.html", []),
        ("data/r/samples/**", []),
    ],
)
def test_patterns(store, pattern, fits):
    wanted = {NAMES[i] for i in fits}
    assert set(matching(by_folder(NAMES), [pattern])) == wanted
    assert set(store.find([pattern])) == wanted


def test_listing_knows_another_content_of_the_same_length(store):
    before = store.listing("data/r")
    assert sorted(before) == sorted(n for n in NAMES if n.startswith("data/r"))
    assert store.listing("data/nobody") == {}
    store.write_text(NAMES[0], NAMES[0].replace("0707", "0708"))
    after = store.listing("data/r")
    assert {n for n in before if before[n] != after[n]} == {NAMES[0]}
    assert store.signature(NAMES[0]) == after[NAMES[0]]


def test_digest_is_of_the_content_alone(store):
    one = store.digest(NAMES[0])
    store.write_text(NAMES[0], NAMES[0])
    assert store.digest(NAMES[0]) == one != store.digest(NAMES[1])


def test_a_mirror_holds_what_is_wanted_and_nothing_older(store, tmp_path):
    mirror = Mirror(store, tmp_path / "mirror")
    wanted = {n: store.signature(n) for n in NAMES[:2]}
    mirror.fetch(wanted, ["data/r/sample/0707*"])
    first = mirror.folder / NAMES[0]
    assert first.read_text() == NAMES[0]
    assert mirror.folder.stat().st_mode & 0o077 == 0
    first.write_text("changed here")
    mirror.fetch(wanted, ["data/r/sample/0707*"])
    assert first.read_text() == "changed here", "what is held is not fetched again"
    mirror.put_back([NAMES[0]])
    assert store.read_text(NAMES[0]) == "changed here"
    store.write_text(NAMES[0], "changed there")
    mirror.fetch({NAMES[0]: store.signature(NAMES[0])}, ["data/r/sample/0707*"])
    assert first.read_text() == "changed there"
    assert not (mirror.folder / NAMES[1]).exists(), "what is gone there is gone here"


def test_an_interrupted_copy_leaves_the_old_file_and_is_swept(tmp_path):
    store = Store(str(tmp_path))
    store.write_text("data/r/a.txt", "old")
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "missing", "data/r/a.txt")
    assert store.read_text("data/r/a.txt") == "old"
    left = tmp_path / "data/r/.a.4711.txt"
    left.write_text("half")
    kept = tmp_path / "data/r/.lock"
    kept.write_text("")
    assert list(store.listing("data/r")) == ["data/r/a.txt"]
    assert store.sweep("data/r") == [str(left)]
    assert kept.exists() and not left.exists()


def test_folders_and_addresses():
    assert is_address("s3://bucket/round") and is_address("file:///tmp/x")
    assert not is_address("/srv/round") and not is_address("C:\\round")
    assert Store("/srv/round").folder == Path("/srv/round")
    assert Store("file:///srv/round").folder is None
    with pytest.raises(ParameterError, match="cannot be opened"):
        Store("nosuch://x")
