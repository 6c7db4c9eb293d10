"""`survey collect`: any number of exports, in any order, taken whole; contradictions are told."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pandas as pd
import pytest
from answers import QUESTIONS, export
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from helpers.answers.exports import export_files
from helpers.answers.latest import latest_answers
from helpers.answers.responses import ROUND_LEVEL, collect, row_spans
from helpers.cli.main import app
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.fieldwork.collection import exports_in, receive
from helpers.parameters.params import load_round
from helpers.pipeline.records import Snapshot
from helpers.pipeline.steps import STEPS

CODES = ("0741", "0825")


def sample(paths, code):
    return pd.read_parquet(paths.sample(code))


def written(table: pd.DataFrame, path):
    table.to_csv(path, index=False)
    return path


def days_of_exports(paths, folder, days=3):
    """Exports of growing rounds: whoever answers later is `none` before."""
    made = []
    for code, seed in zip(CODES, (1, 2)):
        table = export(sample(paths, code), seed)
        came = np.random.default_rng(seed).integers(1, days + 1, len(table))
        for day in range(1, days + 1):
            now = table.copy()
            now["submitted_at"] = np.where(
                now["status"] == "completed", [f"2024-03-{10 + d}T12:00:00" for d in came], ""
            )
            later = came > day
            now.loc[later, [c for c in now if c not in ("key", "status")]] = ""
            now.loc[later, "status"] = "none"
            made.append(written(now, folder / f"{code}-dag{day}.csv"))
    return made


def as_parquet(paths, round_, code, folder) -> bytes:
    path = folder / f"{code}.parquet"
    collect(paths, round_).answers[code].to_parquet(path)
    return path.read_bytes()


def test_files_are_taken_once_in_any_order_and_number_of_calls(planned, round_2024, tmp_path):
    files = days_of_exports(planned, tmp_path)
    tables = set()
    rng = np.random.default_rng(5)
    for calls in (1, 2, 3):
        shutil.rmtree(planned.responses, ignore_errors=True)
        shuffled = [files[i] for i in rng.permutation(len(files))]
        for part in np.array_split(np.arange(len(files)), calls):
            receive(planned, round_2024, [shuffled[i] for i in part])
            again = receive(planned, round_2024, [shuffled[i] for i in part])
            assert again.taken == {} and len(again.known) == len(part)
        assert len(export_files(planned)) == len(files)
        names = tuple(p.name for p in export_files(planned))
        tables.add((names, *(as_parquet(planned, round_2024, c, tmp_path) for c in CODES)))
    assert len(tables) == 1, "the same files, whatever the order, are the same tables byte for byte"
    last = collect(planned, round_2024).answers["0741"]
    expected = export(sample(planned, "0741"), 1)
    assert (last["status"] == "completed").sum() == (expected["status"] == "completed").sum()


def test_a_file_is_known_by_content_and_not_by_name(planned, round_2024, tmp_path):
    first = written(export(sample(planned, "0741")), tmp_path / "0741-svar.csv")
    (tmp_path / "again").mkdir()
    copy = shutil.copy(first, tmp_path / "again" / "0741-kopi.csv")
    received = receive(planned, round_2024, [first, copy])
    assert len(received.taken) == 1 and received.known == [str(copy)]
    tomorrow = written(export(sample(planned, "0741"), seed=3), first)
    assert len(receive(planned, round_2024, [tomorrow]).taken) == 1
    assert len(export_files(planned)) == 2


def test_a_bad_file_is_refused_whole_and_the_others_are_taken(planned, round_2024, tmp_path):
    good = written(export(sample(planned, "0825")), tmp_path / "0825-svar.csv")
    table = export(sample(planned, "0741"))
    table.loc[0, "q01"] = "7"
    table.loc[[1, 2, 3, 6], "key"] = ["a" * 32, "b" * 32, "c" * 32, "d" * 32]
    table.loc[4, "key"] = sample(planned, "0825")["key"].iloc[0]
    bad = written(table, tmp_path / "0741-svar.csv")
    empty = tmp_path / "tom.csv"
    empty.write_bytes(b"")
    received = receive(planned, round_2024, [bad, empty, good])
    assert list(received.taken) == [str(good)]
    told = str(received.refused[str(bad)])
    assert "0741-svar.csv, row 2, column »q01«: is no answer from 1 to 6" in told
    assert "4 keys belong to no drawn sample (rows 3–5, 8)" in told
    assert "1 keys belong to other municipalities (row 6)" in told
    assert "a" * 32 not in told, "no key is quoted"
    assert "tom.csv: is empty (0 bytes). Expected: the survey tool's export" in str(
        received.refused[str(empty)]
    )
    assert [p.name[:4] for p in export_files(planned)] == ["0825"]


def test_columns_that_stand_twice_are_refused(planned, round_2024, tmp_path):
    table = export(sample(planned, "0741"))
    path = tmp_path / "0741-svar.csv"
    text = (
        table.assign(x="").rename(columns={"x": "q99"}).to_csv(index=False).replace("q99", "q01", 1)
    )
    path.write_text(text, "utf-8")
    assert "columns stand twice: q01" in str(
        receive(planned, round_2024, [path]).refused[str(path)]
    )


def test_nothing_can_be_judged_without_samples(paths, round_2024, tmp_path):
    path = written(pd.DataFrame({"key": ["x"], "status": ["none"]}), tmp_path / "svar.csv")
    with pytest.raises(Exception, match="no sample has been drawn, so no key can be known"):
        receive(paths, round_2024, [path])
    assert not paths.responses.exists()


def test_paths_that_are_no_exports_are_all_told(tmp_path):
    (tmp_path / "tom").mkdir()
    (tmp_path / "svar.pdf").write_bytes(b"x")
    with pytest.raises(Exception) as e:
        exports_in([tmp_path / "nix.csv", tmp_path / "tom", tmp_path / "svar.pdf"])
    told = str(e.value)
    assert "nix.csv: does not exist" in told
    assert "tom: holds no export" in told
    assert "svar.pdf: is no export" in told


@pytest.mark.parametrize(
    ("rows", "told"),
    [([4], "row 4"), ([2, 3], "rows 2–3"), ([9, 2, 3, 4, 7], "rows 2–4, 7, 9")],
)
def test_row_spans(rows, told):
    assert row_spans(rows) == told


def test_many_spans_are_cut():
    assert row_spans(range(2, 202, 2)).endswith("80 and 60 spans more")


def one(
    key="k1",
    status="completed",
    at="2024-03-12T10:00:00",
    first="3",
    text="",
    file="a.csv",
    row=2,
    **more,
):
    cells = dict.fromkeys(QUESTIONS, pd.NA) | {"q01": int(first) if first else pd.NA} | more
    return {
        "municipality": "0741", "key": key, "status": status, "submitted_at": pd.Timestamp(at) if at else pd.NaT,
        **cells, "q14_text": text, "q15_text": "", "file": file, "row": row,
    }  # fmt: skip


def table_of(*rows):
    table = pd.DataFrame(rows)
    return table.astype({q: "Int8" for q in QUESTIONS} | {"submitted_at": "datetime64[s]"})


@pytest.mark.parametrize(
    ("one_row", "other", "wins", "conflict"),
    [
        (one(), one(at="2024-03-12T10:00:01", first="5"), "5", False),  # the later
        (
            one(status="partial"),
            one(at=None, status="none", first=""),
            "3",
            False,
        ),  # any before none
        (one(), one(status="partial", first="5", q02=4), "3", True),  # completed before partial
        (one(), one(first="2", q02=4), "2", True),  # more questions answered
        (one(), one(first="4"), "4", True),  # the last when compared
        (one(), one(file="b.csv"), "3", False),  # the same twice
        (one(), one(text="x"), "3", True),  # only the text differs
        (one(status="opened", first=""), one(status="none", first=""), None, False),
        (one(at=None), one(at=None, first="5"), "5", True),  # no time at all
    ],
)
def test_which_answer_counts_and_what_is_a_conflict(one_row, other, wins, conflict):
    for rows in itertools.permutations([one_row, other | {"row": 3}]):
        latest, conflicts = latest_answers(table_of(*rows))
        assert len(latest) == 1
        value = latest["q01"].iloc[0]
        assert (pd.isna(value) and wins is None) or str(value) == wins
        assert bool(conflicts) == conflict
        for found in conflicts:
            assert found.municipality == "0741" and len(found.rows) == 2


def test_opened_counts_before_none():
    latest, _ = latest_answers(
        table_of(one(status="none", first=""), one(status="opened", first="", row=3))
    )
    assert latest["status"].tolist() == ["opened"]


cells = st.builds(
    one,
    key=st.sampled_from(["k1", "k2"]),
    status=st.sampled_from(["completed", "partial", "opened", "none"]),
    at=st.sampled_from(["2024-03-12T10:00:00", "2024-03-12T11:00:00", None]),
    first=st.sampled_from(["", "1", "5"]),
    text=st.sampled_from(["", "æ"]),
    file=st.sampled_from(["a.csv", "b.csv"]),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cells, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(rows, random):
    rows = [r | {"row": i} for i, r in enumerate(rows)]
    shuffled = rows[:]
    random.shuffle(shuffled)
    latest, conflicts = latest_answers(table_of(*rows))
    again, same = latest_answers(table_of(*shuffled))
    pd.testing.assert_frame_equal(latest, again)
    assert conflicts == same
    places = [(r["file"], r["row"]) for r in shuffled]  # nor what the files are called
    moved = [r | {"file": file, "row": row} for r, (file, row) in zip(rows, places)]
    pd.testing.assert_frame_equal(latest, latest_answers(table_of(*moved))[0])
    assert sorted(latest["key"]) == sorted({r["key"] for r in rows})


def test_times_with_a_distance_from_utc_are_danish_time(planned, round_2024, tmp_path):
    table = export(sample(planned, "0741")).head(3).copy()
    table["status"] = "completed"
    table[QUESTIONS] = "3"
    table["submitted_at"] = [
        "2024-03-12T10:00:00Z",
        "2024-07-12T10:00:00+00:00",
        "2024-03-12T10:00:00",
    ]
    receive(planned, round_2024, [written(table, tmp_path / "0741-svar.csv")])
    answers = collect(planned, round_2024).answers["0741"].set_index("key")["submitted_at"]
    told = [str(answers[k]) for k in table["key"]]
    assert told == ["2024-03-12 11:00:00", "2024-07-12 12:00:00", "2024-03-12 10:00:00"]


def survey(root, *words):
    return CliRunner().invoke(app, ["--root", str(root), *words])


def test_the_command_takes_tells_and_leaves_the_step_current(planned, round_2024, tmp_path):
    (tmp_path / "in").mkdir()
    files = days_of_exports(planned, tmp_path / "in", 2)
    root = planned.root
    first = survey(root, "collect", "2024-foraar", str(tmp_path / "in"))
    assert first.exit_code == 0, first.output
    assert "4 of 4 files taken" in first.output
    new = sum(
        (export(sample(planned, c), s)["status"] == "completed").sum()
        for c, s in zip(CODES, (1, 2))
    )
    assert f"+{new}" in first.output
    answers = {c: planned.answers(c).read_bytes() for c in CODES}
    snapshot = Snapshot(Store(str(root)), load_round(root, "2024-foraar"))
    assert snapshot.why_stale(STEPS["collect"], WHOLE_ROUND) == [], "a later run finds it current"
    assert not planned.estimates("0741").exists(), "and nothing is analysed"

    # the same again, a contradiction, a bad file beside
    table = pd.read_csv(files[1], dtype=str, keep_default_na=False)
    row = table.index[table["status"] == "completed"][0]
    table = table.loc[[row]].assign(q01="1" if table.loc[row, "q01"] != "1" else "5")
    contradiction = written(table, tmp_path / "0741-andet.csv")
    bad = written(table.assign(key="x" * 32), tmp_path / "0741-fremmed.csv")
    second = survey(root, "collect", "2024-foraar", str(files[0]), str(contradiction), str(bad))
    assert second.exit_code == 1
    assert "1 of 3 files taken (1 rows), 1 known already, 1 refused" in second.output
    assert "Conflict in 0741: 1 citizen has different answers at the same time" in second.output
    assert "No new answers" in second.output
    assert "1 keys belong to no drawn sample (row 2)" in second.output
    assert table["key"].iloc[0] not in second.output, "no key is quoted"
    assert planned.answers("0825").read_bytes() == answers["0825"]

    wrong = survey(root, "collect", "2024-foraar", str(tmp_path / "nix.csv"))
    assert wrong.exit_code == 2 and "Nothing was written" in wrong.output


def test_a_trouble_of_the_round_is_no_conflict(planned, round_2024, tmp_path):
    stray = export(sample(planned, "0741")).head(2).assign(key="x" * 32, status="completed")
    written(stray, planned.responses / "alle.csv")
    found = collect(planned, round_2024)
    assert list(found.errors) == [ROUND_LEVEL] and found.conflicts == ()
