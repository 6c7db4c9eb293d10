"""Parameters: complete as shipped, closed, and refused with file, key and remedy."""

import re

import pytest

from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.parameters.params import load_round


def refuse(root, round_id="2024-foraar") -> str:
    with pytest.raises(ParameterError) as caught:
        load_round(root, round_id)
    return str(caught.value)


def edit(root, file, pattern, replacement):
    path = root / "params" / file
    text = path.read_text("utf-8")
    changed = re.sub(pattern, replacement, text, count=1, flags=re.M)
    assert changed != text
    path.write_text(changed, "utf-8")


@pytest.mark.parametrize(
    "round_id, groups",
    [("2023-pilot", 4), ("2024-foraar", 5), ("demo-2023", 4), ("demo", 5)],
)
def test_shipped_rounds_are_complete(round_id, groups):
    round_ = load_round(PROJECT, round_id)
    assert len(round_.rules.groups) == groups
    assert len(round_.questionnaire.questions) == 15
    assert len(round_.questionnaire.scaled) == 13
    assert {f.layout for f in round_.formats} == {"standard", "momentum", "fasit"}
    assert len(round_.municipalities) == 98
    assert sum(m.population for m in round_.municipalities.values()) == 5_822_679


def test_demo_participants_follow_the_stated_rule():
    round_ = load_round(PROJECT, "demo")
    codes = sorted(round_.municipalities)
    expected = [c for i, c in enumerate(codes, start=1) if i % 5 != 4]
    assert list(round_.settings.participants) == expected
    assert len(expected) == 79


def test_sixth_theme_of_2025(root):
    edit(root, "rounds/2024-foraar.yml", r'^questionnaire: "2024"', 'questionnaire: "2025"')
    questionnaire = load_round(root, "2024-foraar").questionnaire
    assert [q.id for q in questionnaire.theme_questions("samarbejde")] == ["q03"]
    assert len(questionnaire.themes) == 6


@pytest.mark.parametrize(
    "inhabitants, price",
    [(39_000, 18_000), (39_999, 18_000), (40_000, 20_000), (89_999, 20_000), (90_000, 25_000),
     (149_999, 25_000), (150_000, 30_000)],
)  # fmt: skip
def test_price_bands_below_at_and_above(root, inhabitants, price):
    edit(root, "municipalities.csv", r"^0825,Læsø,(\w+),\d+", rf"0825,Læsø,\1,{inhabitants}")
    assert load_round(root, "2024-foraar").price_dkk("0825") == price


def test_unknown_key_names_the_nearest(root):
    edit(root, "rounds/2024-foraar.yml", r"^  min_answers: 200", "  min_anwers: 200")
    told = refuse(root)
    assert "2024-foraar.yml" in told
    assert "sampling.min_anwers" in told
    assert "Did you mean »min_answers«?" in told


def test_unknown_municipality(root):
    edit(root, "rounds/2024-foraar.yml", r'"0825"', '"0826"')
    told = refuse(root)
    assert "unknown municipality »0826«" in told
    assert "participants" in told


def test_date_outside_the_calendar(root):
    edit(
        root,
        "rounds/2024-foraar.yml",
        r"start: 2024-03-11, end: 2024-03-31",
        "start: 2024-03-11, end: 2024-05-31",
    )
    told = refuse(root)
    assert "calendar.collection" in told
    assert "outside the round's period" in told


def test_date_that_does_not_exist(root):
    edit(
        root,
        "rounds/2024-foraar.yml",
        r"^reference_date: 2024-02-01",
        'reference_date: "2024-02-30"',
    )
    assert "reference_date" in refuse(root)


def test_fourth_local_question(root):
    path = root / "params/local/2024-foraar/0580.yml"
    question = "  - {{id: lokal{i}, short: S, scale: enighed, wording: W}}\n"
    questions = "".join(question.format(i=i) for i in (1, 2, 3)) + question.format(i=3)
    path.write_text(f'municipality: "0580"\nquestions:\n{questions}', "utf-8")
    told = refuse(root)
    assert "0580.yml" in told
    assert "4 local questions, at most 3" in told


def test_all_troubles_at_once(root):
    edit(root, "rounds/2024-foraar.yml", r'"0825"', '"0826"')
    edit(root, "rounds/2024-foraar.yml", r"^seed:", "sede:")
    told = refuse(root)
    assert "0826" in told
    assert "sede" in told


def test_a_key_that_stands_twice(root):
    path = root / "params/rounds/2024-foraar.yml"
    path.write_text(path.read_text("utf-8") + "\nseed: 3\n", "utf-8")
    assert "stands twice" in refuse(root)


def test_unknown_round_names_the_nearest(root):
    assert "Did you mean »2024-foraar«?" in refuse(root, "2024-forar")


def test_disclosure_threshold_cannot_go_below_five(root):
    edit(root, "rounds/2024-foraar.yml", r"^  min_answers: 5 ", "  min_answers: 4 ")
    assert "disclosure.min_answers" in refuse(root)


def test_new_rule_set_is_a_file(root):
    source = root / "params/classification/2024.csv"
    text = source.read_text("utf-8").replace(
        "sygedagpenge,sygedagpenge,8", "sygedagpenge,sygedagpenge,10"
    )
    (root / "params/classification/2026.csv").write_text(text, "utf-8")
    edit(root, "rounds/2024-foraar.yml", r'^classification: "2024"', 'classification: "2026"')
    rule = next(
        r for r in load_round(root, "2024-foraar").rules.rules if r.benefit_type == "sygedagpenge"
    )
    assert rule.least_spell == 10


def test_earlier_rounds_must_exist(root):
    edit(root, "rounds/demo.yml", r"^earlier_rounds: \[demo-2023\]", "earlier_rounds: [demo-2032]")
    told = refuse(root, "demo")
    assert "earlier_rounds" in told
    assert "demo-2023" in told  # the nearest


def test_earlier_rounds_have_their_titles(root):
    assert load_round(root, "demo").earlier_titles == {"demo-2023": "piloten 2023 (simuleret)"}
