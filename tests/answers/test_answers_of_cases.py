"""Answers that real exports hold: a link opened again, days that cannot be right, test keys, local
questions that are not asked. The case files' keys are those of no round; tests put in their own."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import shutil

import pandas as pd
import pytest
import yaml
from answers import QUESTIONS, export
from conftest import HERE
from rolling_fixture import Small
from typer.testing import CliRunner

from helpers.answers.answer_times import Span, danish_today, span_of
from helpers.answers.exports import export_files
from helpers.answers.left_out import FILE, read_left_out
from helpers.answers.mailing_record import Made, record_mailing
from helpers.answers.responses import collect, save_answers
from helpers.cli.main import app
from helpers.common.paths import Paths
from helpers.common.quoting import redacted_file_name
from helpers.fieldwork.citizens import citizens_asked
from helpers.fieldwork.collection import receive
from helpers.fieldwork.curves import load_curves
from helpers.fieldwork.recipients import has_answered
from helpers.fieldwork.round_status import round_status_of
from helpers.parameters.params import load_round
from helpers.review.effort import with_waves
from helpers.review.inputs import load_review
from helpers.review.timing import events
from helpers.rolling.month import SAMPLE
from helpers.rolling.months import add_months

CASES = HERE / "cases" / "answers"
CODE = "0825"
TODAY = dt.date(2024, 3, 20)


def keys_of(paths: Paths, code: str = CODE) -> list[str]:
    return pd.read_parquet(paths.sample(code))["key"].tolist()


def case(name: str, keys: list[str]) -> pd.DataFrame:
    """A case file with keys of the round, the same key where it had the same."""
    table = pd.read_csv(CASES / name, sep=None, engine="python", dtype=str, keep_default_na=False)
    own = dict(zip(dict.fromkeys(table["key"]), keys))
    return table.assign(key=table["key"].map(own))


def answer(key: str, status: str = "completed", at: str = "2024-03-12T10:00:00", given=13, **cells):
    values = {q: "4" if i < given else "" for i, q in enumerate(QUESTIONS)}
    return {"key": key, "status": status, "submitted_at": at, **values,
            "q14_text": "", "q15_text": "", **cells}  # fmt: skip


def export_of(*rows) -> pd.DataFrame:
    return pd.DataFrame(rows).fillna("")


def taken(paths: Paths, round_, table: pd.DataFrame, name: str = f"{CODE}-svar.csv", today=TODAY):
    table.to_csv(paths.responses / name, index=False)
    return collect(paths, round_, today)


# ------------------------------------------------------------ 11: an answer is never replaced by less


def test_a_link_opened_again_replaces_nothing_and_nobody_is_reminded(planned, round_2024):
    keys = keys_of(planned)
    collected = taken(planned, round_2024, case("0825-a-genaabnet.csv", keys))
    answers = collected.answers[CODE]
    assert answers["status"].tolist() == ["completed"] and collected.conflicts == ()
    assert answers[QUESTIONS].to_numpy().tolist() == [[4] * 13]
    assert str(answers["submitted_at"][0]) == "2024-03-12 10:00:00"
    save_answers(planned, collected)
    done = has_answered(planned, round_2024, CODE, pd.Series(keys))
    assert done.tolist() == [True] + [False] * (len(keys) - 1)


FIRST, LATER, NEVER = "2024-03-12T10:00:00", "2024-03-15T08:00:00", ""
LESS = [  # first row counts before the second, whichever comes later
    (answer("k", at=FIRST), answer("k", "opened", LATER, 0)),
    (answer("k", at=FIRST), answer("k", "none", LATER, 0)),
    (answer("k", at=FIRST), answer("k", "none", NEVER, 0)),
    (answer("k", at=FIRST), answer("k", "partial", LATER, 12, q01="5")),
    (answer("k", at=FIRST), answer("k", "partial", LATER, 13, q01="5")),
    (answer("k", at=FIRST), answer("k", "completed", LATER, 0)),
    (answer("k", at=NEVER), answer("k", "partial", LATER, 13, q01="5")),
    (answer("k", at="2031-01-01T10:00:00"), answer("k", "opened", LATER, 0)),
    (answer("k", "partial", FIRST, 5), answer("k", "opened", LATER, 0)),
    (answer("k", "partial", FIRST, 5), answer("k", "completed", LATER, 0)),
    (answer("k", "partial", FIRST, 5), answer("k", "partial", LATER, 4)),
    (answer("k", at=LATER), answer("k", "completed", FIRST, q01="5")),
    (answer("k", at=LATER), answer("k", "completed", NEVER, q01="5")),
    (answer("k", at=LATER), answer("k", "completed", "2031-01-01T10:00:00", q01="5")),
    (answer("k", at=LATER), answer("k", "completed", "1980-01-01T00:00:00", q01="5")),
    (answer("k", at=LATER), answer("k", "completed", "2024-03-21T00:00:00", q01="5")),
    (answer("k", "partial", LATER, 5), answer("k", "partial", FIRST, 5, q01="5")),
    (answer("k", "opened", FIRST, 0), answer("k", "none", LATER, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("more", "less"), LESS)
def test_nothing_is_replaced_by_less(planned, round_2024, more, less):
    key = keys_of(planned)[0]
    for rows in itertools.permutations([more | {"key": key}, less | {"key": key}]):
        answers = taken(planned, round_2024, export_of(*rows)).answers[CODE]
        assert answers["status"].tolist() == [more["status"]]
        given = ["" if pd.isna(v) else str(v) for v in answers[QUESTIONS].iloc[0]]
        assert given == [more[q] for q in QUESTIONS]


def test_an_answer_by_the_rounds_rule_is_not_replaced_by_one_that_does_not_count(planned):
    path = planned.root / "params/rounds/2024-foraar.yml"
    path.write_text(
        path.read_text("utf-8").replace("min_questions_answered: 1", "min_questions_answered: 7"),
        "utf-8",
    )
    round_ = load_round(planned.root, "2024-foraar")
    key = keys_of(planned)[0]
    rows = export_of(answer(key, "partial", FIRST, 8), answer(key, "completed", LATER, 6))
    answers = taken(planned, round_, rows).answers[CODE]
    assert answers["status"].tolist() == ["partial"]


def test_a_rolling_round_has_the_same_rule(tmp_path):
    small = Small(tmp_path / "root", ["0161", "0741"], scale=0.3)
    small.month()
    month = add_months(small.world.month, -1)
    keys = pd.read_parquet(small.places.of_month(month, "0161") / SAMPLE)["key"]
    responses = small.places.paths.responses
    shutil.rmtree(responses)
    responses.mkdir()
    pairs = [
        [row | {"key": key, "submitted_at": row["submitted_at"].replace("2024-03", "2025-01")}
         for row in pair]
        for key, pair in zip(keys, LESS)
    ]  # fmt: skip
    pairs = [
        p for p in pairs if "2025-01-21" not in p[1]["submitted_at"]
    ]  # after that round's today
    assert len(pairs) == len(LESS) - 1
    for tick in (0, 1):  # the lesser one first, and last
        rows = [pair[(i + tick) % 2] for i, pair in enumerate(pairs)]
        export_of(*rows).to_csv(responses / f"{tick}.csv", index=False)
        assert not small.tick(1 + tick).failures
    gathered = pd.read_parquet(small.places.collected / "answers.parquet").set_index("key")
    for more, _ in pairs:
        own = gathered.loc[more["key"]]
        assert own["status"] == more["status"]
        given = ["" if pd.isna(own[q]) else str(own[q]) for q in QUESTIONS]
        assert given == [more[q] for q in QUESTIONS]


# ------------------------------------------------------------------------- 12: times that can be right


def test_times_that_cannot_be_right_are_told_and_move_nothing(planned, round_2024):
    keys = keys_of(planned)
    odd = case("0825-k-foer-indsamling.csv", keys)
    good = export_of(answer(keys[5], at="2024-03-13T09:00:00"))
    save_answers(planned, taken(planned, round_2024, good))
    before = round_status_of(planned, round_2024, today=TODAY)
    collected = taken(planned, round_2024, odd, f"{CODE}-k.csv")
    assert collected.notes == (
        f"{CODE}-k.csv: answers dated 2 before the letters (rows 2, 4) and 1 after today or the end of "
        "the round (row 3). They count, but as answers whose time is not known. Ask the survey tool's "
        "supplier, and take out rows that are no citizen's.",
    )
    save_answers(planned, collected)
    assert (collected.answers[CODE]["status"] == "completed").sum() == 4
    for today in (TODAY, None, dt.date(2035, 1, 1)):
        now = round_status_of(planned, round_2024, today=today)
        assert now.moment == before.moment == dt.datetime(2024, 3, 13, 9)
        assert now.undated == 3
        assert now.forecast.country["answers"] == 4
        assert now.forecast.country["forecast"] > 4, "the collection has not ended"
    review = load_review(planned, round_2024, TODAY)
    assert with_waves(review)["day"].dropna().tolist() == [2]
    days = {e.id: (e.first, e.last) for e in events(review)}
    assert days["first_answers"] == days["last_answers"] == (dt.date(2024, 3, 13),) * 2


def test_only_bogus_times_leave_the_round_at_its_invitation(planned, round_2024):
    save_answers(
        planned, taken(planned, round_2024, case("0825-k-foer-indsamling.csv", keys_of(planned)))
    )
    now = round_status_of(planned, round_2024, today=TODAY)
    assert now.moment == dt.datetime(2024, 3, 11)
    assert now.forecast.country["answers"] == 3 and now.undated == 3
    assert now.forecast.municipalities["forecast"].between(3, 300).all()


def test_the_status_command_does_not_say_that_the_collection_has_ended(planned, round_2024):
    keys = keys_of(planned)
    rows = [answer(k, at="2030-03-12T10:00:00") for k in keys[:3]]
    export_of(answer(keys[4]), *rows).to_csv(planned.root / f"{CODE}-svar.csv", index=False)
    survey = ["--root", str(planned.root)]
    done = CliRunner().invoke(
        app, [*survey, "collect", round_2024.id, str(planned.root / f"{CODE}-svar.csv")]
    )
    assert done.exit_code == 0, done.output
    assert "3 after today or the end of the round (rows 3–5)" in " ".join(done.output.split())
    assert not any(k in done.output for k in keys)
    told = CliRunner().invoke(app, [*survey, "status", round_2024.id])
    assert "as of 2024-03-12 10:00; the time of 3 is not known." in " ".join(told.output.split())
    assert "3 svar har intet tidspunkt, der kan være rigtigt." in (
        planned.data / "status.html"
    ).read_text("utf-8")
    effort = CliRunner().invoke(app, [*survey, "effort", round_2024.id])
    assert effort.exit_code == 0 and "The collection has ended" not in effort.output


def test_an_earlier_rounds_bogus_times_bend_no_curve(planned, round_2024):
    earlier = planned.root / "params/rounds/2024-foraar.yml"
    later = planned.root / "params/rounds/2024-igen.yml"
    later.write_text(
        earlier.read_text("utf-8").replace("round: 2024-foraar", "round: 2024-igen").replace("reference_date: 2024-02-01", "reference_date: 2024-02-02")
        + "\nearlier_rounds: [2024-foraar]\n", "utf-8",
    )  # fmt: skip
    now = load_round(planned.root, "2024-igen")
    keys = keys_of(planned)
    good = [answer(k, at="2024-03-14T10:00:00") for k in keys[:5]]
    save_answers(planned, taken(planned, round_2024, export_of(*good), today=None))
    times = load_curves(Paths(planned.root, now.id), now)._times
    odd = [
        answer(k, at=at) for k, at in zip(keys[5:], ("1980-01-01T00:00:00", "2031-01-01T10:00:00"))
    ]
    save_answers(planned, taken(planned, round_2024, export_of(*good, *odd), today=None))
    again = load_curves(Paths(planned.root, now.id), now)._times
    assert [t.tolist() for t in again] == [t.tolist() for t in times]
    assert sum(len(t) for t in times) == 5


def test_days_on_which_an_answer_can_have_been_given(round_2024):
    day = dt.date
    invitation, end = day(2024, 3, 11), day(2024, 4, 26)
    assert span_of(round_2024, None, None) == Span(invitation, end)
    assert span_of(round_2024, day(2024, 3, 14), TODAY) == Span(day(2024, 3, 14), TODAY)
    assert span_of(round_2024, day(2024, 3, 8), TODAY).first == day(2024, 3, 8)
    assert span_of(round_2024, day(2026, 1, 1), day(2026, 1, 2)) == Span(invitation, end)
    simulated = round_2024.settings.model_copy(update={"simulated": True})
    other = round_2024.model_copy(update={"settings": simulated})
    assert span_of(other, None, day(2020, 1, 1)) == Span(invitation, end), (
        "no clock in a simulation"
    )
    assert danish_today() - dt.date.today() in (dt.timedelta(0), dt.timedelta(1), dt.timedelta(-1))


def test_the_first_and_the_last_moment_are_within():
    span = Span(dt.date(2024, 3, 11), TODAY)
    times = pd.to_datetime(pd.Series(["2024-03-10 23:59:59", "2024-03-11", "2024-03-20 23:59:59",
                                      "2024-03-21", None]), format="ISO8601")  # fmt: skip
    assert span.early(times).tolist() == [True, False, False, False, False]
    assert span.late(times).tolist() == [False, False, False, True, False]
    assert span.known(times).isna().tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(
    "at", ["0001-01-01", "1582-10-14T00:00:00", "9999-12-31T23:59:59", "9999-12-31T23:59:59Z",
           "1677-01-01T00:00:00Z"],
)  # fmt: skip
def test_times_at_the_ends_of_the_calendar_are_odd_and_no_failure(planned, round_2024, at):
    collected = taken(planned, round_2024, export_of(answer(keys_of(planned)[0], at=at)))
    assert len(collected.notes) == 1 and len(collected.answers[CODE]) == 1


def test_letters_that_were_late_make_earlier_answers_odd(planned, round_2024):
    record_mailing(planned, CODE, Made("invitation", "2024-03-14"))
    table = export_of(answer(keys_of(planned)[0], at="2024-03-13T10:00:00"))
    assert "1 before the letters (row 2)" in taken(planned, round_2024, table).notes[0]
    save_answers(planned, collect(planned, round_2024, TODAY))
    assert citizens_asked(planned, round_2024, today=TODAY)["answered_at"].isna().all()


def test_a_record_of_mailings_that_cannot_be_read_stops_its_municipality(planned, round_2024):
    planned.sendout(CODE).mkdir(parents=True)
    planned.mailings(CODE).write_text('[{"mailing": "invitation", "made_on": "i går"}]', "utf-8")
    export_of(answer(keys_of(planned, "0741")[0])).to_csv(planned.responses / "a.csv", index=False)
    collected = collect(planned, round_2024, TODAY)
    assert list(collected.answers) == ["0741"] and "is no record of mailings" in str(
        collected.errors[CODE]
    )


def test_a_rolling_rounds_odd_times_are_told(tmp_path):
    small = Small(tmp_path / "root")
    small.month()
    month = add_months(small.world.month, -1)
    keys = pd.read_parquet(small.places.of_month(month, CODE) / SAMPLE)["key"]
    rows = [answer(k, at=at) for k, at in zip(keys, ("2024-12-31T23:00:00", "2031-01-01T10:00:00"))]
    table = export_of(*rows, answer(keys[2], at="2025-01-20T10:00:00", lokal2="3"))
    table.to_csv(small.places.paths.responses / "odd.csv", index=False)
    done = " ".join(small.tick().done)
    assert "odd.csv: answers dated 1 before the letters (row 2) and 1 after today" in done
    assert (
        f"odd.csv: {CODE} Læsø asks no local question, but there are answers: 1 to lokal2 (row 4)"
        in done
    )
    assert not any("odd.csv" in line for line in small.tick(11).done), "told once"


def test_what_stands_in_every_days_export_is_told_of_one(planned, round_2024):
    rows = export_of(answer(keys_of(planned)[0], at="1980-01-01T00:00:00"))
    taken(planned, round_2024, rows, f"{CODE}-dag1.csv")
    notes = taken(planned, round_2024, rows, f"{CODE}-dag2.csv").notes
    assert len(notes) == 1 and notes[0].startswith(f"{CODE}-dag1.csv")


# ------------------------------------------------------------------- 15: test keys and local questions


def with_test_rows(paths: Paths) -> pd.DataFrame:
    """Two answers, and rows of the tool's own tests between them, one of which no cell is right of."""
    one, two, *_ = keys_of(paths)
    return export_of(
        answer("test1"), answer(one), answer("test2", "test", "i går", q01="99"), answer(two), answer(""),
    )  # fmt: skip


def test_unknown_keys_are_passed_over_where_somebody_says_so(planned, round_2024, tmp_path):
    file = tmp_path / f"{CODE}-svar.csv"
    with_test_rows(planned).to_csv(file, index=False)
    told = str(receive(planned, round_2024, [file]).refused[str(file)])
    assert "2 keys belong to no drawn sample (rows 2, 4)" in told
    assert "1 rows have no key (row 6)" in told and "»status«: is none of" in told
    assert f"survey collect {round_2024.id} FILE --skip-unknown" in told
    assert export_files(planned) == []

    received = receive(planned, round_2024, [file], skip_unknown_on=TODAY)
    assert received.taken == {str(file): 2} and received.left_out == {str(file): 3}
    [lying] = export_files(planned)
    assert lying.read_bytes() == file.read_bytes(), "as received"
    [entry] = json.loads((planned.responses / FILE).read_text("utf-8")).values()
    assert entry == {"file": file.name, "decided_on": "2024-03-20", "rows": [2, 4, 6]}
    for _ in range(2):  # and in every later run
        collected = collect(planned, round_2024, TODAY)
        assert not collected.errors and len(collected.answers[CODE]) == 2
        assert (
            f"left out, as decided: {redacted_file_name(lying.name)} (rows 2, 4, 6)."
            in collected.notes[0]
        )
    again = receive(planned, round_2024, [file], skip_unknown_on=TODAY)
    assert again.known == [str(file)] and again.left_out == {}


def test_a_decision_holds_for_its_rows_alone(planned, round_2024, tmp_path):
    file = tmp_path / f"{CODE}-svar.csv"
    with_test_rows(planned).to_csv(file, index=False)
    receive(planned, round_2024, [file], skip_unknown_on=TODAY)
    sample = pd.read_parquet(planned.sample(CODE))
    sample.iloc[1:].to_parquet(planned.sample(CODE))  # a key that was known is so no more
    assert "1 keys belong to no drawn sample (row 3)" in str(
        collect(planned, round_2024).errors[CODE]
    )
    sample.assign(key=["test1", *sample["key"].iloc[1:]]).to_parquet(planned.sample(CODE))
    known = collect(planned, round_2024)
    assert "(row 3)" in str(known.errors[CODE]), "and one that was unknown may become known"
    assert "(rows 4, 6)" in known.notes[0]


def test_an_export_that_lies_there_already_is_decided_on_too(planned, round_2024):
    file = planned.responses / f"{CODE}-svar.csv"
    with_test_rows(planned).to_csv(file, index=False)
    assert collect(planned, round_2024).errors
    received = receive(planned, round_2024, [file], skip_unknown_on=TODAY)
    assert received.known == [str(file)] and received.left_out == {str(file): 3}
    assert not collect(planned, round_2024).errors and len(export_files(planned)) == 1


def test_keys_of_others_in_a_municipalitys_file_are_never_passed_over(
    planned, round_2024, tmp_path
):
    file = tmp_path / "0741-svar.csv"
    export_of(answer(keys_of(planned)[0]), answer("test")).to_csv(file, index=False)
    refused = receive(planned, round_2024, [file], skip_unknown_on=TODAY).refused
    assert "1 keys belong to other municipalities (row 2)" in str(refused[str(file)])
    assert not (planned.responses / FILE).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"x": 1}', '{"x": {"rows": ["2"]}}'])
def test_a_record_of_decisions_that_cannot_be_read_is_told(planned, round_2024, content):
    (planned.responses / FILE).write_text(content, "utf-8")
    with pytest.raises(Exception, match="is no record of rows left out"):
        read_left_out(planned)


def test_the_command_tells_how_many_and_a_later_run_holds_to_it(planned, round_2024):
    file = planned.root / f"{CODE}-svar.csv"
    with_test_rows(planned).to_csv(file, index=False)
    survey = ["--root", str(planned.root)]
    first = CliRunner().invoke(app, [*survey, "collect", round_2024.id, str(file)])
    assert first.exit_code == 1 and "--skip-unknown" in first.output
    second = CliRunner().invoke(
        app, [*survey, "collect", round_2024.id, str(file), "--skip-unknown"]
    )
    assert second.exit_code == 0, second.output
    assert "3 rows of 1 files passed over" in " ".join(second.output.split())
    planned.answers(CODE).unlink()
    other = planned.root / "0741-svar.csv"
    export(pd.read_parquet(planned.sample("0741"))).to_csv(other, index=False)
    third = CliRunner().invoke(app, [*survey, "collect", round_2024.id, str(other)])
    assert third.exit_code == 0 and len(pd.read_parquet(planned.answers(CODE))) == 2


def test_answers_to_local_questions_not_asked_are_told(planned, round_2024):
    keys = keys_of(planned)
    table = export_of(
        *(answer(k, lokal1="4", lokal3="2" if i else "") for i, k in enumerate(keys[:3]))
    )
    [note] = taken(planned, round_2024, table).notes
    assert note.startswith(
        f"{CODE}-svar.csv: 0825 Læsø asks no local question, but there are answers: "
        "3 to lokal1 (rows 2–4), 2 to lokal3 (rows 3–4). They are left out."
    )
    nobody = export_of(answer(keys[0], lokal1=""))
    assert taken(planned, round_2024, nobody).notes == ()


def test_local_columns_of_another_name_are_refused(planned, round_2024):
    keys = keys_of(planned)
    told = taken(planned, round_2024, export_of(answer(keys[0], lokal4="3", lokal_1="")))
    assert "columns are unknown: lokal4. Expected: key, status" in str(told.errors[CODE])
    assert not taken(planned, round_2024, export_of(answer(keys[0], lokal4=""))).errors


def test_a_local_question_that_nobody_answers_is_told(planned, round_2024):
    asks = {"questions": [{"id": "lokal1", "short": "x", "scale": "enighed", "wording": "X?"}]}
    local = planned.root / f"params/local/{round_2024.id}/{CODE}.yml"
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_text(yaml.safe_dump({"municipality": CODE} | asks), "utf-8")
    round_ = load_round(planned.root, round_2024.id)
    keys = keys_of(planned)
    rows = [answer(k) for k in keys[:5]]
    assert taken(planned, round_, export_of(*rows[:4])).notes == ()
    [note] = taken(planned, round_, export_of(*rows)).notes
    assert note.startswith("0825 Læsø asks lokal1, but of 5 citizens who answered none")
    assert taken(planned, round_, export_of(*rows[:4], rows[4] | {"lokal1": "2"})).notes == ()


def test_answers_of_who_has_only_opened_are_told(planned, round_2024):
    table = export_of(answer(keys_of(planned)[0], "opened", given=3))
    [note] = taken(planned, round_2024, table).notes
    assert "1 rows hold answers, but their status is opened or none (row 2)" in note
