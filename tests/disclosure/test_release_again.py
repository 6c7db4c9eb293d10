"""Two releases of a round: what their difference tells, and that it tells nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from red_team_again import attack_pair
from test_cli_privacy import survey
from test_disclosure import counted, estimates

from helpers.answers.digests import answer_digests, answers_that_differ
from helpers.common.errors import ParameterError, SurveyError, TooEarlyError
from helpers.common.paths import Paths
from helpers.disclosure.publications import STATE, publications, publish, rules_of, write_state
from helpers.disclosure.release import release, write_release
from helpers.disclosure.release_again import release_again
from helpers.estimation.round_estimates import RoundEstimates
from helpers.released.captions import country_stands_fast
from helpers.released.published import Published
from helpers.retention.forgetting import carry_out, changes_for

TODAY = dt.date(2024, 4, 5)
GROUPS = ["dagpenge", "sygedagpenge", "job_uddannelsesparate", "aktivitetsparate", "jobafklaring"]
COUNTS = {"0707": [40, 30, 31, 32, 33], "0580": [40, 41, 42, 43, 44], "0161": [30, 31, 32, 33, 34]}


def asked(counts: dict[str, list[int]], round_) -> pd.DataFrame:
    """Digests of so many answers a municipality and group; the same citizens answer the same again."""
    parts = []
    for code, of in counts.items():
        rows = [
            {
                "key": f"{code}-{group}-{i}",
                "target_group": group,
                "gender": "mand",
                "q01": 1 + i % 5,
            }
            for group, n in zip(GROUPS, of)
            for i in range(n)
        ]
        table = pd.DataFrame(rows, columns=["key", "target_group", "gender", "q01"])
        missing = [q.id for q in round_.questionnaire.scaled if q.id != "q01"]
        table = table.assign(responded=True, age_band="16-29", duration_band="0-25")
        table[missing] = np.nan
        parts.append(answer_digests(table, round_, code).assign(municipality=code))
    return pd.concat(parts, ignore_index=True)


def found(counts: dict[str, list[int]]) -> RoundEstimates:
    return RoundEstimates(estimates(counts), counted(counts))


@pytest.fixture
def released(tmp_path, round_2024):
    """Make a release of counts and write it; jointly with what was published before."""
    paths = Paths(tmp_path, round_2024.id)

    def made(counts):
        before = publications(paths)
        own, answers = found(counts), asked(counts, round_2024)
        if not before:
            out = release(own, round_2024)
            cells, country, state = out.protection.cells, tuple(counts), own
            notes = ()
        else:
            again = release_again(own, answers, round_2024, before)
            out, cells, country, state = again.released, again.cells, again.country, again.found
            answers, notes = again.answers, again.notes
        write_release(paths, out)
        tables = {
            "estimates": state.estimates, "counts": state.counts,
            "covariances": state.covariances, "answers": answers, "cells": cells,
        }  # fmt: skip
        write_state(paths, round_2024, tables, country)
        return out, notes

    made.paths = paths
    return made


def published(released, round_):
    return publish(released.paths, round_.settings.participants, "publish", TODAY)


def country_of(made, round_) -> Published:
    return Published(round_, made.results, made.comparisons, made.response, made.drivers)


def same_numbers(a, b) -> bool:
    return all(
        getattr(a, t).to_csv(index=False) == getattr(b, t).to_csv(index=False)
        for t in ("results", "response")
    )


def test_a_publication_is_recorded_once_with_digests_and_who_is_missing(released, round_2024):
    released(COUNTS)
    made, is_new = published(released, round_2024)
    assert is_new and made.number == 1 and made.how == "publish"
    assert set(made.country) == set(COUNTS)
    assert "0825" in made.missing and not set(made.missing) & set(COUNTS)
    again, is_new = published(released, round_2024)
    assert not is_new and again.number == 1
    (released.paths.build / "released.parquet").write_bytes(b"another")
    with pytest.raises(TooEarlyError, match="not the one whose state is kept"):
        published(released, round_2024)


def test_nothing_changed_gives_the_same_numbers(released, round_2024):
    first, _ = released(COUNTS)
    published(released, round_2024)
    second, notes = released(COUNTS)
    assert same_numbers(first, second) and notes == ()


def with_late(n: int) -> dict[str, list[int]]:
    """So many answers more of each group of one municipality."""
    return COUNTS | {"0707": [c + n for c in COUNTS["0707"]]}


@pytest.mark.parametrize("n, changed", [(1, False), (4, False), (9, False), (10, True)])
def test_a_change_is_published_where_every_group_differs_by_ten_answers(
    released, round_2024, n, changed
):
    first, _ = released(COUNTS)
    published(released, round_2024)
    second, notes = released(with_late(n))
    assert same_numbers(first, second) != changed
    assert ("the change is published" in notes[0]) == changed
    assert ("stand fast" in notes[0]) != changed
    if not changed:
        assert "0707" in notes[0] and "fewer than 10 answers" in notes[0]
    assert attack_pair(first.results, second.results) == []


@pytest.mark.parametrize("more", [1, -1])
def test_one_answer_more_or_one_erased_is_found_by_the_attack_and_not_published(
    released, round_2024, more
):
    counts = COUNTS | {"0707": [COUNTS["0707"][0] + more, *COUNTS["0707"][1:]]}
    first, _ = released(COUNTS)
    alone = release(found(counts), round_2024)  # as if nothing had been published before
    planted = attack_pair(first.results, alone.results)
    assert {(f.cell[0], f.cell[2]) for f in planted} >= {("0707", "dagpenge"), ("national", "all")}
    published(released, round_2024)
    second, notes = released(counts)
    assert same_numbers(first, second) and "stand fast" in notes[0]
    assert attack_pair(first.results, second.results) == []


def test_an_altered_answer_counts_as_one(round_2024):
    before = asked({"0707": [9, 0, 0, 0, 0]}, round_2024).drop(columns="municipality")
    after = before.copy()
    after.loc[3, ["q01"]] += 2
    differ = answers_that_differ(before, after, ["target_group:gender"])
    assert differ == {
        (*cell, "q01"): 1
        for cell in (
            ("all", "all"), ("target_group", "dagpenge"), ("gender", "mand"), ("age_band", "16-29"),
            ("duration_band", "0-25"), ("target_group:gender", "dagpenge:mand"),
        )
    }  # fmt: skip
    moved = before.copy()  # digests hold the groups, so that who moves is another in both
    moved.loc[0, "target_group"] = "sygedagpenge"
    moved.loc[0, [c for c in moved if moved[c].dtype == "int64" and c != "person"]] += 2
    found_in = answers_that_differ(before, moved, [])
    assert found_in["target_group", "dagpenge", "q01"] == 1
    assert found_in["target_group", "sygedagpenge", "q01"] == 1


def test_a_municipality_that_comes_later_stands_beside_the_country(released, round_2024):
    late = {"0825": [3, 4, 6, 12, 8]}
    first, _ = released(COUNTS)
    alone = release(found(COUNTS | late), round_2024)
    planted = attack_pair(first.results, alone.results)
    small = {f.cell[2]: f.low for f in planted if f.cell[0] == "national"}
    assert small["dagpenge"] == 3 and small["sygedagpenge"] == 4, "the country before and after"
    published(released, round_2024)
    second, notes = released(COUNTS | late)
    of_first = second.results["municipality"] != "0825"
    assert same_numbers(first, type(first)(
        second.results[of_first].reset_index(drop=True), second.comparisons,
        second.response[second.response["municipality"] != "0825"].reset_index(drop=True),
        second.drivers,
    ))  # fmt: skip
    own = second.results[second.results["municipality"] == "0825"]
    assert len(own) and "few" in set(own["status"])
    assert any("beside the numbers that stand fast" in n for n in notes)
    assert attack_pair(first.results, second.results) == []
    told = country_of(second, round_2024)
    assert [m.code for m in told.apart] == ["0825"] and set(told.country) == set(COUNTS)
    assert "Læsø Kommune er kommet til" in country_stands_fast(told)
    assert country_stands_fast(country_of(first, round_2024)) == ""
    compared = second.comparisons[second.comparisons["municipality"] == "0825"]
    whole = compared[
        (compared["reference"] == "others")
        & (compared["breakdown"] == "all")
        & (compared["statistic"] == "mean")
    ]
    country = second.results.query(
        "municipality == 'national' and breakdown == 'all' and statistic == 'mean'"
        " and weighting == 'weighted'"
    )
    assert whole["reference_value"].tolist() == country["value"].tolist()
    published(released, round_2024)
    third, notes = released(COUNTS | late)
    assert same_numbers(second, third)


def test_a_municipality_that_is_gone_leaves_and_the_country_stands(released, round_2024):
    first, _ = released(COUNTS | {"0161": [3, 9, 31, 32, 33]})
    published(released, round_2024)
    second, notes = released({c: n for c, n in COUNTS.items() if c != "0161"})
    assert "0161" not in set(second.results["municipality"])
    rest = first.results[first.results["municipality"] != "0161"].reset_index(drop=True)
    assert second.results.to_csv(index=False) == rest.to_csv(index=False)
    assert any("still hold the answers of 0161" in n for n in notes)
    told = country_of(second, round_2024)
    assert "0161" in told.country and told.apart == ()
    assert "indeholder stadig svar fra Glostrup Kommune" in country_stands_fast(told)


def test_answers_that_are_not_known_change_nothing(released, round_2024):
    first, _ = released(COUNTS)
    published(released, round_2024)
    before = publications(released.paths)
    answers = asked(with_late(10), round_2024)
    not_there = answers[answers["municipality"] != "0707"]
    forgotten = answers.assign(  # keys given anew at random when identities were deleted
        person=answers["person"].where(answers["municipality"] != "0707", answers["person"] + 2)
    )
    for known in (not_there, forgotten):
        again = release_again(found(with_late(10)), known, round_2024, before)
        assert same_numbers(first, again.released)
        assert "0707" in again.notes[0] and "not known" in again.notes[0]


def test_a_release_is_joint_with_every_publication_not_the_latest_alone(released, round_2024):
    """Twenty of each group come, and are published; then all but one go again: many beside the latest
    publication, one answer beside the first."""
    first, _ = released(COUNTS)
    published(released, round_2024)
    second, notes = released(with_late(20))
    assert "is published" in notes[0]
    published(released, round_2024)
    one_more = COUNTS | {"0707": [COUNTS["0707"][0] + 1, *COUNTS["0707"][1:]]}
    third, notes = released(one_more)
    assert "stand fast" in notes[0] and same_numbers(second, third)
    assert attack_pair(first.results, third.results) == []


def test_a_municipality_that_comes_back_has_the_numbers_it_had(released, round_2024):
    first, _ = released(COUNTS)
    published(released, round_2024)
    rest = {c: n for c, n in COUNTS.items() if c != "0161"}
    second, _ = released(rest)
    published(released, round_2024)
    back = rest | {"0161": [COUNTS["0161"][0] - 1, *COUNTS["0161"][1:]]}
    third, notes = released(back)
    own = [
        t.results[t.results["municipality"] == "0161"].to_csv(index=False) for t in (first, third)
    ]
    assert own[0] == own[1]
    assert (
        attack_pair(first.results, third.results)
        == attack_pair(second.results, third.results)
        == []
    )
    assert any(n.startswith("0161") and "as published" in n for n in notes)


@pytest.mark.parametrize(
    ("section", "rule"),
    [
        ("disclosure", {"min_answers": 8}),
        ("disclosure", {"decimals": {"mean": 3, "share": 2, "rate": 3}}),
        ("weighting", {"largest_factor": 4.0}),
        ("comparison", {"confidence": 0.9}),
    ],
)
def test_other_rules_than_the_published_numbers_were_made_by_are_refused(
    released, round_2024, section, rule
):
    released(COUNTS)
    published(released, round_2024)
    file = round_2024.settings.model_dump()
    settings = type(round_2024.settings)(**file | {section: file[section] | rule})
    other = round_2024.model_copy(update={"settings": settings})
    with pytest.raises(ParameterError) as refused:
        release_again(found(COUNTS), asked(COUNTS, other), other, publications(released.paths))
    assert [p.what.startswith(f"{section}.{next(iter(rule))}") for p in refused.value.problems] == [
        True
    ]
    assert refused.value.problems[0].where == "params/rounds/2024-foraar.yml"


@pytest.mark.parametrize("name", [*(s for s in STATE if s != "answers"), "answers/0707"])
def test_what_a_release_was_made_from_is_checked_before_it_is_published(released, round_2024, name):
    released(COUNTS)
    path = released.paths.release_state / f"{name}.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(TooEarlyError, match="not the one whose state is kept"):
        published(released, round_2024)
    assert not publications(released.paths)


@pytest.mark.parametrize("name", ["answers/0707.parquet", "released.parquet"])
def test_what_has_left_the_house_is_as_it_was_recorded(released, round_2024, name):
    released(COUNTS)
    made, _ = published(released, round_2024)
    table = pd.read_parquet(made.folder / name)
    table.iloc[1:].to_parquet(made.folder / name)
    with pytest.raises(SurveyError, match="has changed since the release was published"):
        released(COUNTS)


@pytest.mark.parametrize("lost", ["001/publication.json", "001", "002", "002/publication.json"])
def test_a_publication_never_vanishes(released, round_2024, lost):
    """Nor is its record changed: else a release would be made as if it had not left the house."""
    released(COUNTS)
    published(released, round_2024)
    released({**COUNTS, "0825": [30, 31, 32, 33, 34]})
    assert published(released, round_2024)[0].number == 2
    released({**COUNTS, "0825": [30, 31, 32, 33, 34]})
    place = released.paths.published / lost
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
        publications(released.paths)


def test_each_record_holds_the_one_before_it(released, round_2024):
    """Also where what the latest release was made from is gone."""
    released(COUNTS)
    published(released, round_2024)
    released({**COUNTS, "0825": [30, 31, 32, 33, 34]})
    published(released, round_2024)
    shutil.rmtree(released.paths.release_state)
    assert [one.number for one in publications(released.paths)] == [1, 2]
    mark = released.paths.published / "001" / "publication.json"
    mark.write_text(mark.read_text("utf-8").replace('"publish"', '"deliver"'), "utf-8")
    with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
        publications(released.paths)


def test_a_changed_record_of_a_publication_is_found(released, round_2024):
    released(COUNTS)
    published(released, round_2024)
    released(COUNTS)
    mark = released.paths.published / "001" / "publication.json"
    mark.write_text(mark.read_text("utf-8").replace('"0707"', '"0825"'), "utf-8")
    with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
        released(COUNTS)


@pytest.mark.parametrize("text", ["", "{", '{"number": 1}', "[]"])
def test_a_record_that_is_cut_off_or_of_another_version_is_refused(released, round_2024, text):
    released(COUNTS)
    published(released, round_2024)
    (released.paths.published / "001" / "publication.json").write_text(text, "utf-8")
    with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
        publications(released.paths)


def test_both_rules_of_a_benefit_that_is_split_by_spell_are_kept(round_2024):
    first, *rest = round_2024.rules.rules
    split = [
        first.model_copy(update={"least_spell": 8, "most_spell": 26}),
        first.model_copy(update={"least_spell": 26, "most_spell": None}),
    ]
    rules = round_2024.rules.model_copy(update={"rules": (*split, *rest)})
    of_split = rules_of(round_2024.model_copy(update={"rule_sets": {rules.id: rules}}))
    found = [
        v for name, v in of_split.items() if first.benefit_type in name and "least_spell" in name
    ]
    assert {8, 26} <= set(found)


def test_another_question_than_was_published_is_refused(released, round_2024):
    """Its wording stands beside numbers that keep theirs."""
    released(COUNTS)
    published(released, round_2024)
    first, *rest = round_2024.questionnaire.questions
    reworded = first.model_copy(update={"wording": "Har du mistillid?"})
    questionnaire = round_2024.questionnaire.model_copy(update={"questions": (reworded, *rest)})
    other = round_2024.model_copy(update={"questionnaire": questionnaire})
    with pytest.raises(ParameterError) as refused:
        release_again(found(COUNTS), asked(COUNTS, other), other, publications(released.paths))
    [problem] = refused.value.problems
    assert problem.where == "params/questionnaires/2024.csv"
    assert problem.what.startswith("questionnaire.questions.q01.wording")


def test_forgotten_answers_leave_no_digest_and_numbers_stand_fast(released, round_2024):
    first, _ = released(COUNTS)
    published(released, round_2024)
    paths, code = released.paths, "0707"
    changes = changes_for(paths, round_2024, [code])
    carry_out(paths, changes)
    left = {p.stem for p in paths.data.rglob("answers/*.parquet")}
    assert left == set(COUNTS) - {code}
    last = publications(paths)[-1]
    assert set(last.state("answers")["municipality"]) == left
    again, notes = released({**COUNTS, code: [80, 80, 80, 80, 80]})
    assert same_numbers(first, again) and code in notes[0]
    for other in left:
        for path in paths.data.rglob(f"answers/{other}.parquet"):
            path.unlink()
    assert publications(paths)[-1].state("answers").empty


def test_digests_tell_nothing_without_the_key(round_2024):
    """The same answer of another key, and another answer of the same key, have other digests."""
    a = asked({"0707": [6, 0, 0, 0, 0]}, round_2024)
    assert a["q01"].nunique() == 6 and a["person"].nunique() == 6
    assert not np.isin(a["q01"], a["person"]).any()
    assert (a["q02"] == 0).all()


def test_publish_tells_what_follows_and_who_is_missing(root, round_2024):
    """On the command line: nothing without a release; then a record, once, with a warning."""
    refused = survey(root, "publish", round_2024.id)
    assert refused.exit_code == 2 and "--stage release" in refused.output
    paths = Paths(root, round_2024.id)
    out = release(found(COUNTS), round_2024)
    write_release(paths, out)
    tables = {
        "estimates": found(COUNTS).estimates, "counts": counted(COUNTS),
        "covariances": pd.DataFrame(), "answers": asked(COUNTS, round_2024),
        "cells": out.protection.cells,
    }  # fmt: skip
    write_state(paths, round_2024, tables, tuple(COUNTS))
    told = survey(root, "publish", round_2024.id)
    assert told.exit_code == 0, told.output
    text = " ".join(told.output.split())
    assert "publication 1" in text and "Numbers stand fast from now on" in text
    assert (
        "Missing in it:" in text and "0825 Læsø" in text and "0707" not in text.split("Missing")[1]
    )
    assert "Recorded as published on" in " ".join(
        survey(root, "publish", round_2024.id).output.split()
    )


LARGE = {"0751": [20, 21, 22, 23, 24]}


@pytest.mark.parametrize("least", [3, 6])  # hidden; shown, and still no difference of ten
@pytest.mark.parametrize("comes", [True, False])
def test_a_small_municipality_does_not_come_or_go_behind_a_large_one(
    released, round_2024, comes, least
):
    """The country changes by twenty in each group; less the large one's own numbers it is the small one's."""
    both = LARGE | {"0825": [least, 12, 15, 11, 14]}
    then, now = ({}, both) if comes else (both, {})
    first, _ = released(COUNTS | then)
    alone = release(found(COUNTS | now), round_2024)
    large = LARGE["0751"]
    change = {}
    for made in (first, alone):
        rows = made.results.query("municipality == 'national' and statistic == 'mean'")
        rows = rows[rows["weighting"] == "weighted"].set_index("category")["n"]
        change = {c: abs(n - change.get(c, 0)) for c, n in rows.items()}
    assert change[GROUPS[0]] - large[0] == least, "what it would tell"
    published(released, round_2024)
    second, notes = released(COUNTS | now)
    assert "Numbers stand fast as published" in notes[0]
    assert attack_pair(first.results, second.results) == []


@pytest.mark.parametrize("part", ["country", "rules", "digests"])
def test_the_latest_record_is_not_changed_unnoticed(released, round_2024, part):
    """Before any release is made after it; and the list of records, cut off or gone, stops as well."""
    released(COUNTS)
    made, _ = published(released, round_2024)
    record, register = made.folder / "publication.json", released.paths.publications
    content, before = json.loads(record.read_text("utf-8")), record.read_bytes()
    content[part] = {} if isinstance(content[part], dict) else []
    record.write_text(json.dumps(content), "utf-8")
    for write in (
        lambda: None,
        lambda: (record.write_bytes(before), register.write_text("{", "utf-8")),
        register.unlink,
    ):
        write()
        with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
            publications(released.paths)


def test_a_publication_deleted_before_the_next_release_is_missed(released, round_2024):
    released(COUNTS)
    made, _ = published(released, round_2024)
    shutil.rmtree(made.folder)
    with pytest.raises(SurveyError, match="record of a publication is missing or has changed"):
        publications(released.paths)
