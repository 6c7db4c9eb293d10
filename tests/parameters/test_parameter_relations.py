"""Tables under `params/` are relations, checked before anything runs: each trouble is told with file and
line or key, what is expected and the remedy, all at once, in this project's words."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from pathlib import Path

import pytest
import yaml

from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.parameters.local import worth_a_look
from helpers.parameters.params import latest_round, load_format, load_layouts, load_round
from helpers.rolling.settings import load_rolling

ROUND = "2024-foraar"
FILE = f"rounds/{ROUND}.yml"
LIBRARY = (
    "Input should", "Value error", "valid string", "valid integer", "valid date", "Extra inputs",
    "Field required", "mapping values", "found character", "could not", "constructor", "object at 0x",
    "pydantic", "Errno", "Assertion failed", "tuple", "NoneType", "dict",
)  # fmt: skip


def problems_of(root: Path, round_id: str = ROUND, load=load_round):
    with pytest.raises(ParameterError) as caught:
        load(root, round_id)
    for problem in caught.value.problems:
        assert "params/" in problem.where.replace("\\", "/"), problem
        assert problem.what and problem.remedy, problem
        assert not [word for word in LIBRARY if word in str(problem)], problem
    return caught.value.problems


def refuse(root: Path, round_id: str = ROUND, load=load_round) -> str:
    return "\n".join(map(str, problems_of(root, round_id, load)))


def change(root: Path, file: str, old: str, new: str, count: int = 1) -> None:
    path = root / "params" / file
    text = path.read_text("utf-8")
    changed = re.sub(old, new, text, count=count, flags=re.M)
    assert changed != text, (file, old)
    path.write_text(changed, "utf-8")


def add(root: Path, file: str, line: str) -> None:
    path = root / "params" / file
    path.write_text(path.read_text("utf-8").rstrip("\n") + f"\n{line}\n", "utf-8")


def settings(root: Path, file: str = FILE, **changed: object) -> None:
    path = root / "params" / file
    content = yaml.safe_load(path.read_text("utf-8")) | changed
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


# --------------------------------------------------------------------- rules, groups, benefit types


def test_two_rules_for_one_benefit_type(root):
    add(root, "classification/2024.csv", "sygedagpenge,aktivitetsparate,8,weeks,et sted")
    told = refuse(root)
    assert (
        "2024.csv, line 16: »sygedagpenge« from 8 weeks on has two rules (the other in line 3)"
        in told
    )


def test_two_rules_that_differ_in_spaces_and_case_alone(root):
    add(root, "classification/2024.csv", "Syge-Dagpenge,aktivitetsparate,8,weeks,et sted")
    assert "line 16: »Syge-Dagpenge« is »sygedagpenge« of line 3 written otherwise" in refuse(root)


def test_a_benefit_type_of_a_layout_without_a_rule(root):
    change(root, "classification/2024.csv", "^sygedagpenge,.*\n", "")
    told = refuse(root)
    assert (
        "2024.csv: no rule for the benefit type »sygedagpenge«, which the layouts fasit, momentum, "
        "standard know; its citizens would silently be left out" in told
    )
    assert load_round(root, "2023-pilot")  # another rule set has it


def test_a_rule_that_is_written_in_another_way(root):
    change(root, "classification/2024.csv", "^sygedagpenge,", "Sygedagpenge,")
    assert "no rule for the benefit type »sygedagpenge«" in refuse(root)
    assert "The row »Sygedagpenge« is written otherwise: write it so." in refuse(root)


def test_a_new_benefit_type_belongs_to_the_rule_sets_of_the_rounds_that_meet_it(root):
    """As after 1 July 2025: the old round is refused with its rule set named, a new rule set reads it."""
    old = (root / "params/classification/2024.csv").read_text("utf-8")
    new = (
        '"kontanthjælp grundsats, jobparat",job_uddannelsesparate,8,weeks,lov 1655 af 30.12.2024\n'
    )
    (root / "params/classification/2025.csv").write_text(old + new, "utf-8")
    add(root, "extract-formats/standard.yml", "  Kontanthjælp (grundsats), jobparat: kontanthjælp grundsats, jobparat")  # fmt: skip
    assert "2024.csv: no rule for the benefit type »kontanthjælp grundsats, jobparat«" in refuse(
        root
    )
    settings(root, classification="2025")
    assert len(load_round(root, ROUND).rules.rules) == 15


def test_a_rule_for_a_group_that_does_not_exist(root):
    change(
        root, "classification/2024.csv", "^sygedagpenge,sygedagpenge", "sygedagpenge,sygdagpenge"
    )
    told = refuse(root)
    assert (
        "2024.csv, line 3: unknown target group »sygdagpenge«. Did you mean »sygedagpenge«?" in told
    )


def test_a_group_without_rules(root):
    add(root, "target-groups.csv", "revalidender,7,Revalidender,Revalidender")
    assert "target-groups.csv, line 8: no rule set has a rule for the target group »revalidender«" in refuse(root)  # fmt: skip


@pytest.mark.parametrize(
    "row, told",
    [
        ("sygedagpenge,7,Andre,Andre", "id »sygedagpenge« stands twice (first in line 3)"),
        ("andre,2,Andre,Andre", "order »2« stands twice (first in line 3)"),
        ("andre,7,SYGEDAGPENGEMODTAGERE,Andre", "label »sygedagpengemodtagere« stands twice"),
        ("andre,to,Andre,Andre", "order »to« is no whole number"),
        ("andre,7,Andre,", "short is empty"),
        ("Andre,7,Andre,Andre", "id is »Andre«. Expected: small letters"),
    ],
)
def test_groups_stand_once(root, row, told):
    add(root, "target-groups.csv", row)
    assert f"target-groups.csv, line 8: {told}" in refuse(root)


@pytest.mark.parametrize(
    "row, told",
    [
        ("ny ydelse,sygedagpenge,otte,weeks,k", "least_spell »otte« is no whole number"),
        ("ny ydelse,sygedagpenge,8,uger,k", "least_spell_unit »uger« is not known here. Expected: one of weeks, months"),
        ("ny ydelse,sygedagpenge,,,k", "a target group needs least_spell and least_spell_unit"),
        ("ny ydelse,,8,weeks,k", "a least spell, but no target_group"),
        ("ny ydelse,sygedagpenge,800,weeks,k", "least_spell is »800«. Expected: 120 at most"),
        ("ny ydelse,sygedagpenge,8,weeks,", "source is empty"),
        ("ny ydelse,sygedagpenge,8.0,weeks,k", "least_spell »8.0« is no whole number"),
    ],
)  # fmt: skip
def test_a_rule_is_whole(root, row, told):
    add(root, "classification/2024.csv", row)
    assert f"2024.csv, line 16: {told}" in refuse(root)


@pytest.mark.parametrize(
    "expected, told",
    [
        ({"jobafklaring": None}, "lacks »jobafklaring«"),
        ({"jobafklaring": None, "jobafklarring": 0.2}, "unknown target group »jobafklarring«. Did you mean »jobafklaring«?"),
        ({"dagpenge": 0}, "is »0«. Expected: more than 0"),
        ({"dagpenge": 25}, "is »25«. Expected: 1 at most"),
        ({"dagpenge": "0,25"}, "»0,25« is no number. Expected: digits and a decimal point, as 0.25. Write a decimal point: 0.25."),
    ],
)  # fmt: skip
def test_the_response_of_every_group_is_expected(root, expected, told):
    content = yaml.safe_load((root / "params" / FILE).read_text("utf-8"))
    response = content["sampling"]["expected_response"] | expected
    sampling = content["sampling"] | {
        "expected_response": {k: v for k, v in response.items() if v is not None}
    }
    settings(root, sampling=sampling)
    found = refuse(root)
    assert told in found and "sampling.expected_response" in found


def test_a_decimal_comma_in_braces(root):
    change(root, FILE, "dagpenge: 0.25, sygedagpenge: 0.25", "dagpenge: 0,25, sygedagpenge: 0,5")
    told = refuse(root)
    assert "»25« stands alone between commas. Expected: a decimal point, as 0.25" in told
    assert "»5« stands alone between commas" in told


# --------------------------------------------------------------------------------- questionnaires


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^enighed,3,.*\n", "", "scale »enighed«: the label of 3 is missing"),
        ("^enighed,3,", "enighed,33,", "scale »enighed«: 33 is no answer"),
        ("^enighed,3,", "enighed,tre,", "line 4: value »tre« is no whole number"),
        ("^enighed,4,Enig", "enighed,4,Uenig", "scale »enighed«: two answers have the same label"),
        ("^enighed,4,", "enighed,3,", "the answer »enighed 3« stands twice (first in line 4)"),
        ("^enighed,6,Ved ikke", "enighed,6,Ikke relevant", "scale »enighed«: »Ved ikke« is missing"),
        ("^enighed,1,Meget uenig", "enighed,1,", "line 2: label is empty"),
        ("^enighed,1,Meget uenig\nenighed,2,Uenig\n(.*\n)enighed,4,Enig\nenighed,5,Meget enig",
         r"enighed,1,Meget enig\nenighed,2,Enig\n\1enighed,4,Uenig\nenighed,5,Meget uenig"
         r"\nenig2,1,Meget uenig\nenig2,2,Uenig\nenig2,3,Hverken enig eller uenig\nenig2,4,Enig"
         r"\nenig2,5,Meget enig\nenig2,6,Ved ikke",
         "scale »enig2« is »enighed« upside down"),
    ],
)  # fmt: skip
def test_common_scales_are_whole(root, old, new, told):
    change(root, "questionnaires/scales.csv", old, new)
    found = refuse(root)
    assert told in found and "scales.csv" in found


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^q02,2,", "q01,2,", "line 3: id »q01« stands twice (first in line 2)"),
        ("^q02,2,", "q02,1,", "line 3: order »1« stands twice (first in line 2)"),
        ("^q02,2,moedet", "q02,2,modet", "line 3, question q02: unknown theme »modet«. Did you mean »moedet«?"),
        ("^q02,2,moedet,oplever", "q02,2,moedet,oplevet", "unknown scale »oplevet«. Did you mean »oplever«?"),
        ("^q02,2,moedet,oplever", "q02,2,,oplever", "line 3, question q02: has a scale, but no theme"),
        ("^q02,2,moedet,oplever", "q02,2,moedet,fritekst", "is free text, and stands in the theme »moedet«"),
        ("^q02,", "lokal1,", "line 3: id is »lokal1«. Expected: q and two digits, as q07"),
        ("^q02,2,", "q02,to,", "line 3: order »to« is no whole number"),
        ("^q13,13,samlet", "q13,13,progression", "the theme »samlet« has no question"),
        (r"^(q07.*)\n", r"\1\n\1\n", "line 9: id »q07« stands twice"),
    ],
)  # fmt: skip
def test_questions_stand_once_and_name_what_there_is(root, old, new, told):
    change(root, "questionnaires/2024.csv", old, new)
    assert told in refuse(root)


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^samlet,", "helhed,", "the theme »samlet« is missing, on which every report relies"),
        ("^samlet,.*\n", "", "the theme »samlet« is missing"),
        ("^maal,2", "moedet,2", "line 3: id »moedet« stands twice"),
        (
            "^maal,2,.*",
            "maal,2,Mødet  med Jobcentret",
            "line 3: label »mødet med jobcentret« stands twice",
        ),
        ("^maal,2", "maal,1", "line 3: order »1« stands twice"),
        ("^samlet,", "fremtid,7,Fremtid\nsamlet,", "line 6: the theme »fremtid« has no question"),
    ],
)
def test_the_themes_that_reports_rely_on_are_there(root, old, new, told):
    change(root, "questionnaires/2024-themes.csv", old, new)
    found = refuse(root)
    assert told in found and "2024-themes.csv" in found


def test_questions_and_themes_come_in_their_order_however_the_rows_lie(root):
    before = load_round(root, ROUND).questionnaire
    for name in ("2024.csv", "2024-themes.csv"):
        path = root / "params/questionnaires" / name
        first, *rows = path.read_text("utf-8").splitlines()
        path.write_text("\n".join([first, *reversed(rows)]) + "\n", "utf-8")
    assert load_round(root, ROUND).questionnaire == before


def test_more_questions_than_are_asked_cannot_be_required(root):
    change(root, "questionnaires/2024.csv", "^q12.*\n", "")
    settings(root, responses={"min_questions_answered": 13})
    assert "is 13, but 12 are asked" in refuse(root)


# ------------------------------------------------------------------------------------ round's days


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"retention_until": "2024-03-30"}, "retention_until: 2024-03-30 lies before the collection ends (2024-03-31)"),
        ({"reference_date": "2023-02-01"}, "reference_date: 2023-02-01 lies outside the round's period"),
        ({"reference_date": "2042-02-01"}, "reference_date: 2042-02-01 lies outside the round's period"),
        ({"reference_date": "1924-02-01"}, "»1924-02-01« is far from now"),
        ({"reference_date": "2026-02-30"}, "»2026-02-30« is no date: there is no such day"),
        ({"reference_date": "01-02-2024"}, "Write 2024-02-01."),
        ({"reference_date": 20240201}, "»20240201« is no date. Expected: a day as 2024-02-20. Write 2024-02-01."),
        ({"reference_date": True}, "»true« is no date"),
        ({"reference_date": None}, "is empty"),
        ({"letters": {"answer_by": "2025-03-20"}}, "letters.answer_by: 2025-03-20 lies outside the collection"),
        ({"letters": {"answer_by": "2024-04-01"}}, "letters.answer_by: 2024-04-01 lies outside the collection"),
        ({"extract_period": {"start": "2024-02-02", "end": "2024-03-01"}}, "extract_period: starts 2024-02-02, after"),
        ({"extract_period": {"start": "2023-Q1", "end": "2024-03-01"}}, "»2023-Q1« is no date"),
    ],
)  # fmt: skip
def test_days_that_cannot_be(root, changed, told):
    settings(root, **changed)
    assert told in refuse(root)


@pytest.mark.parametrize("changed", [
    {"retention_until": "2024-03-31"}, {"letters": {"answer_by": "2024-03-31"}}, {"reference_date": "2024-01-04"},
    {"extract_period": {"start": "2024-02-01", "end": "2024-02-01"}},
])  # fmt: skip
def test_days_at_the_edge_are_taken(root, changed):
    settings(root, **changed)
    assert load_round(root, ROUND)


@pytest.mark.parametrize(
    "old, new",
    [("^retention_until: 2025-04-30", "retention_until: 2026-02-30"),
     ("collection: {start: 2024-03-11", "collection: {start: 2024-02-31"),
     ("^title: .*", "title: 2026-02-30")],
)  # fmt: skip
def test_a_day_that_there_is_not_is_told_with_its_line(root, old, new):
    change(root, FILE, old, new)
    line = (root / "params" / FILE).read_text("utf-8").splitlines()
    number = next(i for i, text in enumerate(line, start=1) if "02-30" in text or "02-31" in text)
    [problem] = problems_of(root)
    assert problem.where.endswith(f"{ROUND}.yml, line {number}")
    assert "there is no such day" in problem.what


def test_a_day_that_there_is_not_in_other_files(root):
    change(root, "agreements/2024-foraar.csv", "^0101,2024-02-20", "0101,2024-02-30")
    change(root, "local/2024-foraar/0707.yml", "label: Indsats", "label: 2026-02-30")
    told = refuse(root)
    assert "2024-foraar.csv, line 2: signed »2024-02-30« is no date: there is no such day" in told
    assert "0707.yml, line" in told and "»2026-02-30«: there is no such day" in told


@pytest.mark.parametrize(
    "earlier, told",
    [
        (["2023-pilot", "demo-2023"], "demo-2023 (2023-08-01) does not lie before 2023-pilot (2023-08-01)"),
        (["2023-pilot", "2023-pilot"], "earlier_rounds: 2023-pilot stands more than once"),
        (["2024-foraar"], "earlier_rounds: 2024-foraar is this round itself"),
        (["demo"], "demo (2024-02-01) does not lie before 2024-foraar (2024-02-01)"),
        (["2023-pilto"], "unknown round »2023-pilto«. Did you mean »2023-pilot«?"),
        ([2023], 'without quotes is a number, and is no text'),
        ("2023-pilot", "»2023-pilot« does not fit. Expected: a list"),
    ],
)  # fmt: skip
def test_earlier_rounds_come_the_latest_first(root, earlier, told):
    settings(root, earlier_rounds=earlier)
    found = refuse(root)
    assert told in found and "earlier_rounds" in found


def test_earlier_rounds_out_of_order(root):
    text = (root / "params" / FILE).read_text("utf-8")
    (root / "params/rounds/2022-foraar.yml").write_text(
        re.sub(r"2024(?=-\d\d-\d\d)", "2022", text).replace("2024-foraar", "2022-foraar"), "utf-8"
    )
    settings(root, earlier_rounds=["2023-pilot", "2022-foraar"])
    assert list(load_round(root, ROUND).earlier_titles) == ["2023-pilot", "2022-foraar"]
    settings(root, earlier_rounds=["2022-foraar", "2023-pilot"])
    assert "2023-pilot (2023-08-01) does not lie before 2022-foraar (2022-02-01)" in refuse(root)


def test_what_is_wrong_with_an_earlier_round_is_told_of_its_file(root):
    settings(root, earlier_rounds=["2023-pilot"])
    change(root, "rounds/2023-pilot.yml", "^reference_date: 2023-08-01", "reference_date: snart")
    assert "2023-pilot.yml, line 5, key `reference_date`: »snart« is no date" in refuse(root)


# --------------------------------------------------------------------------------- bands and limits


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"age_bands": [16, 30, 70]}, "age_bands: 70 lies beyond the oldest age 66"),
        ({"age_bands": [16, 50, 30]}, "age_bands: [16, 50, 30] must rise"),
        ({"age_bands": []}, "age_bands: [] must rise"),
        ({"age_bands": [16, "30,5"]}, "»30,5« is no whole number"),
        ({"age_bands": [16, 30.5]}, "»30.5« is no whole number"),
        ({"age_bands": 16}, "»16« does not fit. Expected: a list"),
        ({"age_limits": {"youngest": 66, "oldest": 16}}, "age_limits: the oldest 16 is below the youngest 66"),
        ({"age_limits": {"youngest": 16}}, "age_limits.oldest`: is missing"),
        ({"age_limits": 16}, "Expected: the keys youngest, oldest"),
        ({"duration_bands_weeks": [4, 26]}, "duration_bands_weeks: must start at 0"),
        ({"two_way": [["gender", "gender"]]}, "two_way: [gender, gender] crosses gender with itself"),
        ({"two_way": [["gender", "age_band"], ["age_band", "gender"]]}, "two_way: age_band×gender stands more than once"),
        ({"two_way": [["gender", "alder"]]}, "»alder« is not known here. Expected: one of target_group, gender"),
        ({"two_way": [["gender"]]}, "two_way"),
        ({"two_way": ["gender"]}, "Expected: 2 items"),
        ({"price_bands": [{"price_dkk": 1}, {"price_dkk": 2}]}, "up_to_inhabitants must rise from band to band"),
        ({"price_bands": [{"up_to_inhabitants": 9, "price_dkk": 2}, {"price_dkk": 1}]}, "price_bands: price_dkk falls from band to band"),
        ({"price_bands": [{"up_to_inhabitants": 9, "price_dkk": 1}]}, "the last band must be open"),
        ({"seed": "tre"}, "»tre« is no whole number. Expected: digits only, as 39000"),
        ({"seed": True}, "»true« is no whole number"),
        ({"seed": -1}, "is »-1«. Expected: 0 or more"),
        ({"disclosure": {"min_answers": 4}}, "»4« is below the law's floor. Expected: 5 or more"),
        ({"disclosure": {"min_answers": 5, "unanimous_below": 2}}, "»2« is below the law's floor"),
        ({"comparison": {"confidence": 95}}, "comparison.confidence`: is »95«. Expected: less than 1"),
        ({"comparison": {"confidence": "0,95"}}, "Write a decimal point: 0.95."),
        ({"weighting": {"tolerance": float("inf")}}, "».inf« is no number"),
        ({"responses": {"min_questions_answered": 14}}, "is »14«. Expected: 13 at most"),
        ({"simulated": "måske"}, "»måske« is neither true nor false"),
        ({"link_base": "https://svar.example"}, "ends with / or =, for a key is put behind it"),
        ({"link_base": "http://svar.example/"}, "an address that begins with https://"),
        ({"title": "  "}, "key `title`: is empty"),
        ({"title": None}, "key `title`: is empty"),
        ({"questionnaire": 2024}, 'is a number, and is no text. Expected: a text in quotes. Put it in quotes: "2024".'),
        ({"classification": "2042"}, "unknown rule set »2042«"),
        ({"questionnaire": "../2024"}, "the name of a file"),
        ({"digital_post": {"sender_cvr": {"0825": "12345678"}}}, "no CVR numbers"),
        ({"digital_post": {"sender_cvr": {"0826": "45973328"}}}, "unknown municipality »0826«"),
        ({"digital_post": {"sender_cvr": {"0825": "45973328", "0101": "45973328"}}}, "is named for two municipalities"),
        ({"fieldwork": {"hotline_topics": [{"topic": "Andet"}, {"topic": "andet"}]}}, "»andet« stands more than once"),
    ],
)  # fmt: skip
def test_settings_out_of_range(root, changed, told):
    settings(root, **changed)
    assert told in refuse(root)


@pytest.mark.parametrize(
    "sizes, told",
    [
        ([{"up_to_inhabitants": 30000, "invited": 1000}, {"up_to_inhabitants": 20000, "invited": 1400}, {"invited": 2000}],
         "sizes: up_to_inhabitants must rise"),
        ([{"up_to_inhabitants": 20000, "invited": 1000}], "sizes: the last band must be open"),
        ([{"up_to_inhabitants": 20000, "invited": 1400}, {"invited": 1000}], "sizes: invited falls from band to band"),
        ([{"invited": 2001}], "sizes: 2001 invited lies outside 1000–2000"),
        ([], "sizes: the last band must be open"),
    ],
)  # fmt: skip
def test_sizes_rise(root, sizes, told):
    content = yaml.safe_load((root / "params" / FILE).read_text("utf-8"))
    settings(root, sampling=content["sampling"] | {"sizes": sizes})
    assert told in refuse(root)


def test_a_thousands_point_is_no_decimal_point(root):
    change(root, FILE, "up_to_inhabitants: 39000", "up_to_inhabitants: 39.000")
    assert "»39.000« is no whole number. Expected: digits only, as 39000. Write 39000" in refuse(
        root
    )
    change(root, FILE, "up_to_inhabitants: 39.000", "up_to_inhabitants: 39000")
    change(root, "municipalities.csv", r"^(0825,\w+,\w+),\d+", r"\1,1.800")
    assert "line 94: population »1.800« is no whole number" in refuse(root)


# ------------------------------------------------------------------------------------ quotes in YAML


@pytest.mark.parametrize(
    "written, told",
    [
        ("701", '»701« without quotes is a number, and is no text. Expected: a text in quotes. Put it in quotes: "701"; a code has four digits: "0701".'),
        ("0701", 'Put it in quotes: "0701".'),  # YAML reads 449
        ("1825", 'Put it in quotes: "1825".'),
        ('"701"', 'is »701«. Expected: a municipality\'s four digits in quotes, as "0707". Write "0701".'),
        ("0899", "unknown municipality »0899«"),  # no octal number, so a text
        ("Læsø", "is »Læsø«. Expected: a municipality's four digits"),
        ("no", '»no« without quotes means no in YAML, and is no text. Expected: a text in quotes. Put it in quotes: "no".'),
        ("{a: 1}", "is a group of keys"),
        ("2024-02-01", 'Put it in quotes: "2024-02-01".'),
    ],
)  # fmt: skip
def test_an_unquoted_code(root, written, told):
    change(root, FILE, '- "0825"', f"- {written}")
    number = (
        (root / "params" / FILE).read_text("utf-8").splitlines().index(f"  - {written}  # Læsø")
    )
    found = refuse(root)
    assert told in found and f"line {number + 1}, key `participants.5`" in found


def test_an_unquoted_code_in_octal_digits_that_yaml_leaves_alone_is_read(root):
    change(root, FILE, '- "0825"', "- 0825")
    assert "0825" in load_round(root, ROUND).settings.participants


@pytest.mark.parametrize(
    "word", ["no", "No", "off", "yes", "on", "1", "0", "2024-02-01", "~", "1.0"]
)
def test_words_that_yaml_takes_for_something_else(root, word):
    change(root, "extract-formats/standard.yml", r"^no_words: \[Nej,", f"no_words: [{word}, Nej,")
    told = refuse(root)
    assert "standard.yml, line 17, key `no_words.0`" in told
    assert "Put it in quotes" in told or "is empty" in told


def test_a_key_without_quotes(root):
    add(root, FILE, "digital_post: {sender_cvr: {0707: '45973328'}}")
    assert "sender_cvr.455`: »0707« without quotes is a number, and is no text" in refuse(root)


# --------------------------------------------------------------------------------- layouts and words


@pytest.mark.parametrize(
    "form, told",
    [
        ("%d-%M-%Y", "»%d-%M-%Y« lacks day, month or year. Expected: %d, %m and %Y (or %y), each once, as %d-%m-%Y. Write %m for the month: %M is minutes."),
        ("%d-%m", "»%d-%m« lacks day, month or year"),
        ("%m-%Y", "»%m-%Y« lacks day, month or year"),
        ("dd-mm-aaaa", "lacks day, month or year"),
        ("%D-%m-%Y", "lacks day, month or year"),
        ("%d-%m-%Y %j", "holds %j, which stands for nothing here"),
        ("%d-%m-%Y-%d", "holds the day twice"),
        ("%m/%d/%Y", "read the same text as different days"),
    ],
)  # fmt: skip
def test_date_forms_name_a_day(root, form, told):
    change(root, "extract-formats/fasit.yml", r"^date_forms: \[", f'date_forms: ["{form}", ')
    found = refuse(root)
    assert told in found and "fasit.yml, line" in found and "date_forms" in found


@pytest.mark.parametrize("form", ["%d-%m-%Y %H:%M", "%d.%m.%y", "%d %b %Y", "%Y%m%d"])
def test_other_date_forms_are_taken(root, form):
    change(root, "extract-formats/fasit.yml", r"^date_forms: \[", f'date_forms: ["{form}", ')
    assert load_round(root, ROUND)


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^  A-dagpenge: ", '  "A dagpenge": sygedagpenge\n  A-dagpenge: ', "»A dagpenge« and »A-dagpenge« are read as the same, »adagpenge«"),
        ("^  A-dagpenge: a-dagpenge", "  A-dagpenge: adagpenge", "unknown benefit type »adagpenge«. Did you mean »a-dagpenge«?"),
        ("^layout: standard", "layout: skabelon", "is »skabelon«. Expected: »standard«, as the file"),
        (r"^  phone: .*\n", "", "columns.phone`: has no heading"),
        (r"^  phone: .*", "  phone: [Navn]", "heading »navn« stands for 2 fields"),
        (r"^  phone: ", "  telefon: ", "»telefon« is not known here. Expected: one of cpr, name"),
        (r"^no_words: \[Nej", "no_words: [Ja", "ja means both yes and no"),
        (r"^encodings: .*", "encodings: [cp1252, utf-8-sig]", "a UTF encoding stands behind another"),
        (r"^encodings: .*", "encodings: [utf8x]", "»utf8x« is no encoding"),
        (r"^encodings: .*", "encodings: [base64]", "»base64« is no encoding"),
        (r"^delimiter: .*", 'delimiter: ";;"', "is »;;«. Expected: one sign"),
        (r"^empty_means_no: .*", "empty_means_no: [phone]", "»phone« is not known here. Expected: one of course_closed, passive"),
        (r"^benefits:\n(  .*\n)+", "benefits: {}\n", "key `benefits`: is empty"),
    ],
)  # fmt: skip
def test_layouts_can_be_read_in_one_way_only(root, old, new, told):
    change(root, "extract-formats/standard.yml", old, new)
    found = refuse(root)
    assert told in found and "standard.yml" in found


def test_two_layouts_with_the_same_headings(root):
    path = root / "params/extract-formats/standard.yml"
    text = path.read_text("utf-8").replace("layout: standard", "layout: standard-2025")
    path.with_name("standard-2025.yml").write_text(text, "utf-8")
    assert "its headings are those of the layout standard" in refuse(root)


def test_a_layout_that_a_person_writes_is_held_to_the_same(root):
    path = root / "params/extract-formats/standard.yml"
    change(root, "extract-formats/standard.yml", '"%d-%m-%Y"', '"%d-%M-%Y"')
    with pytest.raises(ParameterError, match="%M is minutes"):
        load_format(root, path)


@pytest.mark.parametrize(
    "old, new, told",
    [
        ('^date_forms: .*', 'date_forms: ["%d-%M-%Y"]', "%M is minutes"),
        ("^encodings: .*", "encodings: [cp1252, utf-8-sig]", "a UTF encoding stands behind another"),
        (r"^no_words: \[Nej", "no_words: [Ja", "ja means both yes and no"),
        ("^  fleksjob:", "  flexjob:", "unknown benefit type »flexjob«. Did you mean »fleksjob«?"),
        ("^negations:", "negation:", "Did you mean »negations«?"),
        ("^delimiters: .*", 'delimiters: [";;"]', "»;;« is no single sign"),
    ],
)  # fmt: skip
def test_the_words_of_proposals(root, old, new, told):
    change(root, "layout-words.yml", old, new)
    with pytest.raises(ParameterError) as caught:
        load_layouts(root)
    assert told in str(caught.value) and "layout-words.yml, line" in str(caught.value)


# ------------------------------------------------------------------ municipalities, agreements, local


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^0825,Læsø", "0860,Læsø", "code »0860« stands twice"),
        ("^0825,Læsø", "0825,Samsø", "name »samsø« stands twice"),
        ("^825|^0825,", "825,", "line 94: code is »825«. Expected: a municipality's four digits"),
        ("^0825,Læsø,Nordjylland", "0825,Læsø,Nordjyland", "region »Nordjyland« is nearly »Nordjylland«"),
        (r"^(0825,Læsø,Nordjylland),\d+", r"\1,", "line 94: population is empty"),
        (r"^(0825,Læsø,Nordjylland),\d+", r"\1,0", "population is »0«. Expected: more than 0"),
        (r"^(0825,Læsø,Nordjylland,\d+),2020", r"\1,20", "year is »20«. Expected: 1900 or more"),
        ("^0825.*\n", "", "tile-map.csv: municipality 0825"),
        (r"^(0825,.*)", r"\1,x", "line 94: has 6 fields, the first line has 5 headings"),
        (r"^(0825,Læsø),Nordjylland", r"\1", "line 94: has 4 fields, the first line has 5 headings"),
        ('^0825,Læsø,', '0825,"Læsø,', "a double quote"),
        ("^code,name,region", "kode,name,region", "line 1: unknown heading »kode«"),
        ("^code,name,region,population,year", "code,name,region,population,year,", "a column without heading"),
        ("^code,name,region,population", "code,region,name,population", "is nearly"),
    ],
)  # fmt: skip
def test_municipalities_are_a_table(root, old, new, told):
    change(root, "municipalities.csv", old, new)
    if (
        told != "is nearly"
    ):  # swapped headings: every name is a region, and regions stand twice as names
        assert told in refuse(root)
    else:
        assert "name »hovedstaden« stands twice" in refuse(root)


@pytest.mark.parametrize("old, new, told", [
    ("^0825,.*\n", "", "municipality 0825"), (r"^0825,\d+,\d+", "0825,14,7", "lies where"),
    (r"^0825,\d+", "0825,-1", "column is »-1«"), ("^0825,", "0860,", "code »0860« stands twice"),
    (r"^(0825,\d+,\d+),\w+", r"\1,Læsøøø", "short is »Læsøøø«"),
])  # fmt: skip
def test_the_map_of_tiles_is_checked_before_anything_runs(root, old, new, told):
    change(root, "tile-map.csv", old, new)
    found = refuse(root)
    assert told in found and "tile-map.csv" in found


@pytest.mark.parametrize(
    "line, told",
    [
        ("0826,2024-02-20", "unknown municipality »0826«"),
        ("825,2024-02-20", "municipality is »825«"),
        ("0825,2024-02-21", "municipality »0825« stands twice (first in line 7)"),
        (
            "0860,20-02-2024",
            "signed »20-02-2024« is no date. Expected: a day as 2024-02-20. Write 2024-02-20.",
        ),
        ("0860,2204-02-20", "signed »2204-02-20« is far from now"),
        ("0860,2042-02-20", "signed 2042-02-20, after the round ended (2024-04-26)"),
        ("0860,ja", "signed »ja« is no date"),
        ("0860,2024-02-20,x", "has 3 fields, the first line has 2 headings"),
    ],
)
def test_agreements_are_a_table(root, line, told):
    add(root, "agreements/2024-foraar.csv", line)
    assert f"agreements/2024-foraar.csv, line 8: {told}" in refuse(root).replace("\\", "/")


def test_agreements_with_headings_of_their_own(root):
    change(root, "agreements/2024-foraar.csv", "^municipality,signed", "kommune,underskrevet")
    told = refuse(root)
    assert "unknown heading »kommune«" in told and "the heading »signed« is missing" in told


def test_who_takes_no_part_is_told_and_no_fault(root):
    add(root, "agreements/2024-foraar.csv", "0860,2024-02-20")
    (root / "params/local/2024-foraar/0860.yml").write_text('municipality: "0860"\n', "utf-8")
    agreements, local = worth_a_look(load_round(root, ROUND))
    assert "agreements/2024-foraar.csv: 0860" in agreements and "local/2024-foraar/: 0860" in local
    assert worth_a_look(load_round(PROJECT, ROUND)) == []


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("0826.yml", 'municipality: "0826"', "unknown municipality »0826«"),
        ("0580.yml", 'municipality: "0825"', "is 0825. Expected: the file's own code"),
        ("0580-b.yml", 'municipality: "0580"', "is 0580. Expected: the file's own code"),
        ("0580.yaml", 'municipality: "0580"', "is read by nothing. Expected: a file that ends with .yml"),
        ("0580.yml", "municipality: 580", 'Put it in quotes: "580"; a code has four digits: "0580".'),
        ("0580.yml", 'municipality: "0580"\nbackground:\n- {id: a, column: A, label: A, categories: {kort: "13 uger", lang: "13  Uger."}}',
         "»13 uger« and »13  Uger.« are read as the same, »13uger«"),
        ("0580.yml", 'municipality: "0580"\nbackground:\n- {id: a, column: A, label: A, categories: {a: A, b: A}}', "are read as the same"),
        ("0580.yml", 'municipality: "0580"\nbackground:\n- {id: a, column: A, label: A, categories: {}}', "»a« has no categories"),
        ("0580.yml", 'municipality: "0580"\nbackground:\n- {id: a, column: Ydelse, label: A, categories: {a: A, b: B}}', "»Ydelse« is a column of the layout standard"),
        ("0580.yml", 'municipality: "0580"\nbackground:\n- {id: a, column: A, label: A, categories: {a: A}}\n- {id: b, column: "a ", label: A, categories: {a: A}}',
         "the column »a« is named for two variables"),
        ("0580.yml", 'municipality: "0580"\nquestions:\n- {id: lokal4, short: S, scale: enighed, wording: W}', "»lokal4« is not known here. Expected: one of lokal1"),
        ("0580.yml", 'municipality: "0580"\nquestions:\n- lokal1', "Expected: the keys id, short, scale, wording"),
        ("0580.yml", 'municipality: "0580"\nquestions: {id: lokal1}', "Expected: a list"),
    ],
)  # fmt: skip
def test_local_files_can_be_read_in_one_way_only(root, name, text, told):
    (root / "params/local/2024-foraar" / name).write_text(text + "\n", "utf-8")
    found = refuse(root)
    assert told in found and name in found


# ---------------------------------------------------------------------------------------- files


def semicolons(text: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows(csv.reader(io.StringIO(text)))
    return out.getvalue()


@pytest.mark.parametrize("file", [
    "municipalities.csv", "tile-map.csv", "target-groups.csv", "classification/2024.csv", "questionnaires/2024.csv",
    "questionnaires/2024-themes.csv", "questionnaires/scales.csv", "agreements/2024-foraar.csv",
])  # fmt: skip
@pytest.mark.parametrize(
    "how, told",
    [
        (lambda t: semicolons(t).encode("utf-8-sig"), "line 1: the fields are parted by semicolons"),
        (lambda t: semicolons(t).encode("cp1252"), None),
        (lambda t: t.replace(",", "\t").encode(), "line 1: the fields are parted by tabs"),
        (lambda t: t.encode("utf-16"), "is saved as UTF-16"),
        (lambda t: t.encode("utf-16-le"), "is saved as UTF-16"),
        (lambda t: t.encode("cp1252") + b"\xe6", "holds a letter that is not UTF-8"),
        (lambda t: b"", "is empty"),
    ],
)  # fmt: skip
def test_a_table_saved_by_excel_is_told_once(root, file, how, told):
    path = root / "params" / file
    path.write_bytes(how(path.read_text("utf-8")))
    of_file = [p for p in problems_of(root) if str(path) in p.where]
    assert len(of_file) == 1
    assert told is None or told in f"{of_file[0].where}: {of_file[0].what}"


def test_blank_lines_bom_and_decomposed_letters_are_read_and_lines_counted(root):
    path = root / "params/classification/2024.csv"
    before = load_round(root, ROUND)
    text = unicodedata.normalize("NFD", path.read_text("utf-8"))
    path.write_bytes(("\n" + text.replace("\n", "\r\n\r\n") + ",,,,\r\n").encode("utf-8-sig"))
    assert load_round(root, ROUND) == before
    add(root, "classification/2024.csv", "ny,ukendt,8,weeks,k")
    line = len(path.read_text("utf-8").splitlines())
    assert f"line {line}: unknown target group »ukendt«" in refuse(root)


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("^sampling:\n", "sampling:\n\t", "is indented by a tab"),
        ("^seed: ", "seed ", "has no colon behind its key"),
        ("^title: .*", "title: foråret: 2024", "holds a colon too many"),
        ("^title: .*", "title: 'foråret", "its brackets or its quotes do not fit"),
        ("^two_way: .*", "two_way: [[a, b]", "opens a bracket that is not closed"),
        ("^title: .*", "title: foråret\ntitle: 2024", "key »title« stands twice (first in line 3)"),
        ("^title: .*", "title: @foråret", "holds a text that begins with @"),
        ("^title: .*", "title: !!python/object x", "holds a text that begins with &, * or !"),
        ("^title: .*", "title: *her", "holds a text that begins with &, * or !"),
        ("^title: .*", "title: &a [*a]", "is a list"),
        ("^title: .*", "title: a\n---\n", "begins a second document"),
        ("^title: .*", "  title: a", "holds a colon too many, or the line above it holds none"),
        ("^title: .*", "[title]: a", "a key is no text or number"),
        ("^title: .*", "title: \x01", "holds a sign that cannot be printed"),
        (r"\A(?s:.*)\Z", "- en liste\n", "holds no keys"),
        (r"\A(?s:.*)\Z", "# intet\n", "is empty"),
    ],
)  # fmt: skip
def test_yaml_that_cannot_be_read(root, old, new, told):
    change(root, FILE, old, new)
    found = refuse(root)
    assert told in found and f"{ROUND}.yml" in found


def test_brackets_that_would_end_the_process(root):
    (root / "params" / FILE).write_text("a: " + "[" * 100_000 + "]" * 100_000, "utf-8")
    assert "do not fit what they hold" in refuse(root)


def test_everything_at_once_over_all_files(root):
    change(root, FILE, '- "0825"', "- 701")
    change(root, FILE, "^retention_until: 2025-04-30", "retention_until: 2026-02-30")
    add(root, "classification/2024.csv", "sygedagpenge,aktivitetsparate,8,weeks,et sted")
    change(root, "questionnaires/2024.csv", "^q02,2,", "q02,1,")
    change(root, "questionnaires/scales.csv", "^enighed,3,", "enighed,33,")
    change(root, "extract-formats/fasit.yml", '"%d-%m-%Y"', '"%d-%M-%Y"')
    change(root, "agreements/2024-foraar.csv", "^0101,", "0102,")
    change(root, "local/2024-foraar/0707.yml", "^municipality: .*", 'municipality: "0708"')
    path = root / "params/tile-map.csv"
    path.write_text(path.read_text("utf-8").replace(",", ";"), "utf-8")
    found = {Path(p.where.split(", ")[0]).name for p in problems_of(root)}
    assert found == {
        f"{ROUND}.yml", "2024.csv", "scales.csv", "fasit.yml", "2024-foraar.csv", "0707.yml", "tile-map.csv",
    }  # fmt: skip


# ---------------------------------------------------------------------------------- rolling, latest


@pytest.mark.parametrize(
    "changed, told",
    [
        ({"participants": []}, "none named"),
        ({"participants": [701]}, 'Put it in quotes: "701"'),
        ({"first_month": "januar"}, "is »januar«. Expected: a month, as 2025-01"),
        ({"first_month": 2025}, "is a number, and is no text"),
        ({"window_months": "tolv"}, "»tolv« is no whole number"),
        ({"age_bands": [16, 80]}, "age_bands: 80 lies beyond the oldest age 66"),
        ({"two_way": [["gender", "gender"]]}, "crosses gender with itself"),
        ({"blocks": [{"up_to_yearly_answers": "60,5", "block_months": 12}, {"block_months": 3}]}, "»60,5« is no whole number"),
        ({"classification": "2042"}, "unknown rule set »2042«"),
        ({"questionnaire": "2042"}, "unknown questionnaire »2042«"),
        ({"earlier_rounds": ["demo"]}, "unknown key"),
    ],
)  # fmt: skip
def test_rolling_rounds_are_held_to_the_same(root, changed, told):
    settings(root, "rolling/demo-rullende.yml", **changed)
    found = refuse(root, "demo-rullende", load_rolling)
    assert told in found and "demo-rullende.yml, line" in found


def test_rolling_rounds_check_the_tables_too(root):
    change(root, "questionnaires/2024-themes.csv", "^samlet,", "helhed,")
    change(root, "rolling/demo-rullende.yml", "^seed: .*", "seed: 2026-02-30")
    told = refuse(root, "demo-rullende", load_rolling)
    assert "the theme »samlet« is missing" in told and "there is no such day" in told


@pytest.mark.parametrize("day", ["snart", "2026-02-30", "5", "[1]"])
def test_a_round_without_a_readable_date_is_told_where_the_latest_is_asked_for(root, day):
    change(root, "rounds/2023-pilot.yml", "^reference_date: .*", f"reference_date: {day}")
    with pytest.raises(ParameterError, match=r"2023-pilot.yml, line 5"):
        latest_round(root)
