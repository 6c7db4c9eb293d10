"""What two rounds have in common goes by content, not by name; changes equal hand values and R."""

import numpy as np
import pandas as pd
import pytest
from test_comparisons import EXACT, ROUNDS, round_of_c, sums

from helpers.common.paths import PROJECT
from helpers.estimation.comparability import CommonPart, common_part
from helpers.estimation.trends import changes, in_both
from helpers.parameters.params import Questionnaire, Round, _load_questionnaire, load_round

QUESTIONS = [f"q{i:02}" for i in range(1, 14)]
EVERYWHERE = ("all", "gender", "age_band", "duration_band")


@pytest.fixture(scope="module")
def demo() -> Round:
    """The rules and the questionnaire of 2024."""
    return load_round(PROJECT, "demo")


@pytest.fixture(scope="module")
def pilot() -> Round:
    return load_round(PROJECT, "2023-pilot")


def with_(round_: Round, **parts) -> Round:
    """The round with some parts changed; built anew, so that nothing cached comes along."""
    return Round(**{name: parts.get(name, getattr(round_, name)) for name in Round.model_fields})


def with_settings(round_: Round, **settings) -> Round:
    return with_(round_, settings=round_.settings.model_copy(update=settings))


def with_question(round_: Round, question_id: str, **update) -> Round:
    questions = tuple(
        q.model_copy(update=update) if q.id == question_id else q
        for q in round_.questionnaire.questions
    )
    return with_(
        round_, questionnaire=round_.questionnaire.model_copy(update={"questions": questions})
    )


def with_rule(round_: Round, benefit: str, **update) -> Round:
    rules = tuple(
        r.model_copy(update=update) if r.benefit_type == benefit else r for r in round_.rules.rules
    )
    changed = round_.rules.model_copy(update={"rules": rules})
    return with_(round_, rule_sets=round_.rule_sets | {changed.id: changed})


def with_2025(round_: Round) -> Round:
    problems = []
    questionnaire = _load_questionnaire(PROJECT / "params" / "questionnaires", "2025", problems)
    assert isinstance(questionnaire, Questionnaire) and not problems
    return round_.model_copy(update={"questionnaire": questionnaire})


def groups(common: CommonPart) -> dict[str, str]:
    return {now: was for (b, now), was in common.categories.items() if b == "target_group"}


def everyone(round_: Round) -> dict[tuple[str, str], str]:
    """All categories of all breakdowns, each the same as before."""
    return {(b, c): c for b, labels in round_.category_labels().items() for c in labels}


# ------------------------------------------------------------------------------------ common part


def test_the_same_rules_and_questions_have_everything_in_common(demo):
    common = common_part(demo, with_settings(demo, round="before"))
    themes = [t.id for t in demo.questionnaire.themes]
    assert common.items == {i: i for i in [*QUESTIONS, *themes]}
    assert common.categories == everyone(demo)
    assert common.breaks == ()
    assert common.mark == ""


def test_2024_against_the_pilot_target_groups_go_by_definition(demo, pilot):
    """»Job- og uddannelsesparate« holds the benefits of the pilot's »Jobparate«; jobafklaring left
    the pilot's »Aktivitetsparate«, so that name stands for other citizens now."""
    assert groups(common_part(demo, pilot)) == {
        "dagpenge": "dagpenge",
        "sygedagpenge": "sygedagpenge",
        "job_uddannelsesparate": "jobparate",
    }


def test_2024_against_the_pilot_the_whole_is_the_same_citizens(demo, pilot):
    common = common_part(demo, pilot)
    expected = {k: v for k, v in everyone(demo).items() if k[0] in EVERYWHERE}
    got = {k: v for k, v in common.categories.items() if k[0] in EVERYWHERE}
    assert got == expected
    assert got["all", "all"] == "all"


def test_2024_against_the_pilot_themes_go_by_their_questions(demo, pilot):
    items = common_part(demo, pilot).items
    assert items == {q: q for q in QUESTIONS} | {
        "moedet": "vaerdighed",
        "maal": "relevans",
        "samtale": "kompetence",
        "progression": "progression",
        "samlet": "samlet",
    }


def test_2024_against_the_pilot_the_break_is_told(demo, pilot):
    common = common_part(demo, pilot)
    assert common.breaks == (
        "Målgrupperne er afgrænset efter regelsættet 2024, før 2023-pilot.",
        "Uden sammenligning: Aktivitetsparate (omfatter ikke længere »ressourceforløbsydelse, "
        "jobafklaringsforløb«); Borgere i jobafklaringsforløb (var en del af »Aktivitetsparate«).",
    )
    assert common.mark == " ".join(common.breaks)


def test_the_other_way_round_the_pilots_names_are_now(demo, pilot):
    common = common_part(pilot, demo)
    assert groups(common)["jobparate"] == "job_uddannelsesparate"
    assert "aktivitetsparate" not in groups(common)
    assert common.items["vaerdighed"] == "moedet"
    assert (
        "Uden sammenligning: Aktivitetsparate (omfatter nu også »ressourceforløbsydelse, "
        "jobafklaringsforløb«)." in common.breaks
    )


def test_a_question_that_leaves_a_theme_takes_the_theme_along(demo):
    """2025: q03 is asked as before, but stands in a theme of its own."""
    common = common_part(with_2025(demo), demo)
    themes = {i: was for i, was in common.items.items() if i not in QUESTIONS}
    assert themes == {i: i for i in ("maal", "samtale", "progression", "samlet")}
    assert [i for i in common.items if i in QUESTIONS] == QUESTIONS
    assert common.categories == everyone(demo)
    assert common.breaks == (
        "Spørgeskemaet er ændret; uden sammenligning: Mødet med jobcentret, "
        "Samarbejde på tværs af forvaltningen.",
    )


def test_2025_against_the_pilot_tells_both_breaks(demo, pilot):
    common = common_part(with_2025(demo), pilot)
    assert common.items["maal"] == "relevans"
    assert "moedet" not in common.items
    assert len(common.breaks) == 3
    assert common.mark.endswith("Samarbejde på tværs af forvaltningen.")


@pytest.mark.parametrize(
    "update",
    [
        {"wording": "Oplever du, at aktiviteterne giver mening?"},
        {"heading": "Tænk på det seneste halve år."},
        {"scale": "enighed"},
    ],
)
def test_a_changed_question_and_its_theme_are_left_out(demo, update):
    for now, before in [
        (demo, with_question(demo, "q05", **update)),
        (with_question(demo, "q05", **update), demo),
    ]:
        common = common_part(now, before)
        assert set(QUESTIONS) - set(common.items) == {"q05"}
        assert {t.id for t in demo.questionnaire.themes} - set(common.items) == {"maal"}
        assert common.mark == (
            "Spørgeskemaet er ændret; uden sammenligning: "
            "Meningsfulde aktiviteter, Mål og aktiviteter."
        )
        assert common.categories == everyone(demo)


def test_a_changed_answer_is_another_question(demo):
    """The scale keeps its name, but »Slet ikke« is now »Aldrig«."""
    scales = demo.questionnaire.scales
    changed = scales | {"oplever": scales["oplever"] | {1: "Aldrig"}}
    before = with_(demo, questionnaire=demo.questionnaire.model_copy(update={"scales": changed}))
    common = common_part(demo, before)
    assert [i for i in common.items if i in QUESTIONS] == ["q07", "q08", "q09", "q10", "q13"]
    assert [i for i in common.items if i not in QUESTIONS] == ["samtale", "samlet"]


def test_a_question_with_another_number_is_still_the_question(demo):
    first, second = demo.questionnaire.questions[:2]
    swapped = with_question(demo, "q01", wording=second.wording)
    both = tuple(
        q.model_copy(update={"wording": first.wording}) if q.id == "q02" else q
        for q in swapped.questionnaire.questions
    )
    before = with_(demo, questionnaire=swapped.questionnaire.model_copy(update={"questions": both}))
    common = common_part(demo, before)
    assert (common.items["q01"], common.items["q02"]) == ("q02", "q01")
    assert common.items["moedet"] == "moedet"
    assert common.mark == ""


def test_a_new_short_label_is_no_change(demo):
    common = common_part(demo, with_question(demo, "q05", short="Giver mening", order=9))
    assert common.items["q05"] == "q05"
    assert common.mark == ""


def test_other_age_limits_leave_nothing_to_compare(demo):
    limits = demo.settings.age_limits.model_copy(update={"oldest": 65})
    common = common_part(demo, with_settings(demo, age_limits=limits))
    assert common.categories == {}
    assert common.breaks == ("Aldersgrænserne er ændret; runderne kan ikke sammenlignes.",)


def test_other_bands_are_compared_where_they_are_the_same(demo):
    common = common_part(demo, with_settings(demo, age_bands=(16, 25, 40, 50)))
    ages = [c for b, c in common.categories if b == "age_band"]
    assert ages == ["40-49", "50-66"]
    assert ("all", "all") in common.categories


@pytest.mark.parametrize(
    "update, now",
    [({"least_spell": 13}, "mindst 13 uger"), ({"least_spell_unit": "months"}, "mindst 8 måneder")],
)
def test_another_least_spell_makes_other_citizens(demo, update, now):
    common = common_part(with_rule(demo, "sygedagpenge", **update), demo)
    assert set(groups(common)) == {
        "dagpenge", "job_uddannelsesparate", "aktivitetsparate", "jobafklaring",
    }  # fmt: skip
    assert {b for b, _ in common.categories} == {"target_group"}
    assert common.breaks == (
        f"Uden sammenligning: Sygedagpengemodtagere (omfatter nu »sygedagpenge« {now}, før mindst 8 uger).",
        "Borgerne i målgrupperne er ikke de samme som før.",
    )


def test_a_benefit_that_was_outside_makes_other_citizens(demo):
    before = with_rule(demo, "ledighedsydelse", target_group="")
    common = common_part(demo, before)
    assert "job_uddannelsesparate" not in groups(common)
    assert ("all", "all") not in common.categories
    assert common.breaks[-1] == "Borgerne i målgrupperne er ikke de samme som før."


def test_a_rule_that_names_its_source_otherwise_is_no_change(demo):
    common = common_part(demo, with_rule(demo, "sygedagpenge", source="samme regel, anden kilde"))
    assert common.categories == everyone(demo)
    assert common.mark == ""


# ---------------------------------------------------------------------------------------- changes


@pytest.fixture(scope="module")
def same(demo, pilot) -> CommonPart:
    return common_part(demo, pilot)


def change(now, earlier, common, before, confidence=0.95):
    own, other = pd.concat(now, ignore_index=True), pd.concat(earlier, ignore_index=True)
    return changes(own, other, common, before, confidence, in_both(own, other))


def place(code, y, x, v, **keys):
    return sums(y, x, v, municipality=code, **keys)


def test_change_by_hand(same, pilot):
    """4.0 ± 0.3 after 3.5 ± 0.4: 0.5 ± 0.5."""
    table = change(
        [place("0161", 400.0, 100.0, 900.0, df=30, n=35)],
        [place("0161", 175.0, 50.0, 400.0, df=20, n=25)],
        same,
        pilot,
    )
    assert table["municipality"].tolist() == ["0161", "national"]
    for _, got in table.iterrows():  # a country of one municipality is the municipality
        assert got["reference"] == "round:2023-pilot"
        assert (got["own"], got["reference_value"]) == pytest.approx((4.0, 3.5))
        assert (got["difference"], got["se"]) == pytest.approx((0.5, 0.5), rel=1e-12)
        assert got["df"] == pytest.approx(0.0625 / (0.0081 / 30 + 0.0256 / 20), rel=1e-12)
        assert (got["n"], got["n_other"]) == (35, 25)


def test_only_municipalities_in_both_rounds_and_the_country_of_those(same, pilot):
    now = [
        place("0161", 400.0, 100.0, 900.0), place("0580", 600.0, 200.0, 1600.0),
        place("0707", 9000.0, 2000.0, 1.0),
    ]  # fmt: skip
    earlier = [
        place("0580", 300.0, 120.0, 144.0), place("0161", 175.0, 50.0, 400.0),
        place("0825", 1000.0, 900.0, 1.0),
    ]  # fmt: skip
    table = change(now, earlier, same, pilot).set_index("municipality")
    assert table.index.tolist() == ["0161", "0580", "national"]
    assert table.loc["0580", "difference"] == pytest.approx(3.0 - 2.5)
    assert table.loc["0580", "se"] == pytest.approx(np.hypot(40 / 200, 12 / 120))
    country = table.loc["national"]
    assert country["own"] == pytest.approx(1000 / 300)
    assert country["reference_value"] == pytest.approx(475 / 170)
    assert country["se"] == pytest.approx(np.hypot(np.sqrt(2500) / 300, np.sqrt(544) / 170))
    assert (country["n"], country["n_other"]) == (100, 100)


@pytest.mark.parametrize("absent", ["no answers", "no row"])
@pytest.mark.parametrize("when", ["now", "before"])
def test_a_municipality_where_the_item_is_not_asked_is_left_out(same, pilot, absent, when):
    """Of the item only: q01 is compared in both, q02 in 0161 alone, and so is the country's."""
    full = [place(c, 400.0, 100.0, 900.0, item=i) for c in ("0161", "0580") for i in ("q01", "q02")]
    thin = full[:3]
    if absent == "no answers":
        thin = [*thin, place("0580", 0.0, 0.0, 0.0, n=0, df=0, item="q02")]
    pair = (thin, full) if when == "now" else (full, thin)
    table = change(*pair, same, pilot).set_index(["item", "municipality"])
    assert sorted(table.index) == [
        ("q01", "0161"), ("q01", "0580"), ("q01", "national"),
        ("q02", "0161"), ("q02", "national"),
    ]  # fmt: skip
    assert (table.loc[("q02", "national"), ["n", "n_other"]] == 50).all()
    assert (table.loc[("q01", "national"), ["n", "n_other"]] == 100).all()


@pytest.mark.parametrize(("held", "told"), [(1, False), (2, True), (3, True)])
def test_the_countrys_change_rests_on_half_of_those_in_both_rounds_at_least(
    same, pilot, held, told
):
    """Of four municipalities; the others' number is hidden in one of the rounds, but they took part."""
    codes = ("0161", "0580", "0707", "0825")
    rows = [place(c, 400.0, 100.0, 900.0) for c in codes]
    own, other = pd.concat(rows[:held]), pd.concat(rows)
    table = changes(own, other, same, pilot, 0.95, codes)
    assert table["municipality"].tolist() == [*codes[:held], *(["national"] if told else [])]


def test_changes_are_told_under_the_names_of_now(same, pilot):
    jobs = {"breakdown": "target_group", "category": "job_uddannelsesparate", "item": "moedet"}
    active = {"breakdown": "target_group", "category": "aktivitetsparate", "item": "moedet"}
    now = [place("0161", 400.0, 100.0, 900.0, **keys) for keys in (jobs, active)]
    earlier = [
        place(
            "0161", 350.0, 100.0, 900.0, **jobs | {"category": "jobparate", "item": "vaerdighed"}
        ),
        place("0161", 350.0, 100.0, 900.0, **active | {"item": "vaerdighed"}),
    ]
    table = change(now, earlier, same, pilot)
    assert table["municipality"].tolist() == ["0161", "national"]
    assert (table[list(jobs)] == pd.Series(jobs)).all(axis=None)
    assert table["difference"].tolist() == pytest.approx([0.5, 0.5])


def test_an_item_that_is_not_common_is_left_out(demo):
    before = with_question(demo, "q05", wording="Oplever du, at aktiviteterne giver mening?")
    rows = [place("0161", 400.0, 100.0, 900.0, item=i) for i in ("q04", "q05", "maal", "lokal1")]
    table = change(rows, rows, common_part(demo, before), before)
    assert set(table["item"]) == {"q04"}


def test_only_the_weighted_compared_statistics_are_told(same, pilot):
    rows = [
        place("0161", 60.0, 100.0, 25.0, statistic=s, weighting=w)
        for s in ("mean", "share_satisfied", "share_neutral", "share_dissatisfied", "share_1")
        for w in ("weighted", "unweighted")
    ]
    table = change(rows, rows, same, pilot)
    own = table[table["municipality"] == "0161"]
    assert own["statistic"].tolist() == ["mean", "share_satisfied", "share_dissatisfied"]
    assert set(table["weighting"]) == {"weighted"}


def test_confidence_is_the_rounds(same, pilot):
    rows = [place("0161", 400.0, 100.0, 900.0)]
    wide, narrow = (change(rows, rows, same, pilot, c).iloc[0] for c in (0.99, 0.9))
    assert wide["ci_high"] > narrow["ci_high"] > 0


@pytest.mark.parametrize("raked, block, se", [(False, "design", "svyttest_se"),
                                              (True, "calibrate_raking", "se")])  # fmt: skip
def test_change_of_a_municipality_and_of_its_country_equals_r(same, pilot, raked, block, se):
    now, earlier = (round_of_c(r, raked=raked, municipality="0161") for r in ("r2", "r1"))
    expected = ROUNDS[f"change_{block}"]
    table = change([now], [earlier], same, pilot)
    assert table["municipality"].tolist() == ["0161", "national"]
    assert table["difference"].tolist() == pytest.approx([expected["diff"]] * 2, **EXACT)
    assert table["se"].tolist() == pytest.approx([expected[se]] * 2, **EXACT)


COLUMNS = ["municipality", "breakdown", "category", "item", "statistic", "weighting", "n", "n_other",
           "difference", "se", "p_value", "reference"]  # fmt: skip


def test_rounds_without_a_common_municipality_give_an_empty_table(same, pilot):
    rows = [[place(code, 400.0, 100.0, 900.0)] for code in ("0161", "0580")]
    table = change(*rows, same, pilot)
    assert table.empty
    assert set(COLUMNS) <= set(table.columns)


def test_rounds_with_nothing_in_common_give_an_empty_table(demo):
    limits = demo.settings.age_limits.model_copy(update={"oldest": 65})
    before = with_settings(demo, age_limits=limits)
    rows = [place("0161", 400.0, 100.0, 900.0)]
    table = change(rows, rows, common_part(demo, before), before)
    assert table.empty
    assert set(COLUMNS) <= set(table.columns)


def test_a_municipality_without_a_common_answer_gives_an_empty_table(same, pilot):
    now, earlier = ([place("0161", 400.0, 100.0, 900.0, item=i)] for i in ("q01", "q02"))
    table = change(now, earlier, same, pilot)
    assert table.empty
    assert set(COLUMNS) <= set(table.columns)
