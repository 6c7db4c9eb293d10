"""What answers the shown numbers tell of hidden groups."""

import itertools
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
import red_team as red
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.common.areas import Areas
from helpers.disclosure.attribute_disclosure import SUMS, AttributeDisclosure, _fewest
from helpers.disclosure.attribute_lines import families_of
from helpers.disclosure.protection import Protection, _counts, protect
from helpers.disclosure.suppression import CELL, SHOWN, adds_up, suppress_items
from helpers.disclosure.suppression_audit import audit_items
from helpers.parameters.round_settings import Disclosure
from helpers.parameters.scales import FIVE_POINTS, KINDS, Measure, Scale

OPTIONS = [f"share_{k}" for k in range(1, 6)]
TWO_BY_TWO = [("g1", "kvinde"), ("g1", "mand"), ("g2", "kvinde"), ("g2", "mand")]


def answered(g2_women: list[int], g2_men: list[int]) -> pd.DataFrame:
    """Three municipalities; in the first, of two groups by gender one cell holds four answers. A row a
    cell with n, SUMS and the number of each option 1–5."""
    small = {
        ("g1", "kvinde"): [0, 0, 1, 1, 2],
        ("g1", "mand"): [2, 2, 2, 1, 1],
        ("g2", "kvinde"): g2_women,
        ("g2", "mand"): g2_men,
        ("g3", "kvinde"): [5] * 5,
        ("g3", "mand"): [5] * 5,
    }
    rows = defaultdict(lambda: np.zeros(5))
    for code in ("0101", "0201", "0301"):
        for (group, gender), options in small.items():
            answers = np.array(options if code == "0101" else [6, 7, 8, 9, 10])
            for cell in (
                ("all", "all"), ("target_group", group), ("gender", gender),
                ("target_group:gender", f"{group}:{gender}"),
            ):  # fmt: skip
                rows[code, *cell] += answers
    return pd.DataFrame(
        [
            (*cell, "q01", o.sum(), o @ np.arange(1, 6), o[3:].sum(), o[2], o[:2].sum(), *o)
            for cell, o in rows.items()
        ],
        columns=[*CELL, "item", "n", *SUMS, *OPTIONS],
    )


@pytest.mark.parametrize(
    "g2_women, g2_men, told",
    [([1, 2, 2, 1, 0], [3, 2, 2, 2, 0], True), ([1, 2, 1, 1, 1], [3, 2, 2, 1, 1], False)],
)
def test_options_of_hidden_cells_are_not_told_by_their_sums(g2_women, g2_men, told):
    """Nobody of g2 chose 5; so the two women who did, when shown women are subtracted, are of g1."""
    counts = answered(g2_women, g2_men)
    found = suppress_items(counts, threshold=5)
    hidden = found.hidden()
    assert all(("0101", "target_group:gender", f"{g}:{s}") in hidden for g, s in TWO_BY_TWO)
    answers = AttributeDisclosure(counts, found.table, Disclosure(min_answers=5))
    more = answers.to_hide(found.found.hidden)
    assert more.any() == told
    assert not (more & found.found.hidden).any()
    assert not answers.to_hide(found.found.hidden | more).any()


# ------------------------------------------------- whole small rounds: always released, never told

GROUPS, BANDS = ["g1", "g2", "g3"], ["16-29", "30-39", "40-49", "50-66"]
RULES = Disclosure(min_answers=5)
Answers = dict[
    tuple[str, str, str], list[int]
]  # municipality, target group, age band → options 1–5


def estimates_of(rounds: Answers, measure: Measure = FIVE_POINTS) -> pd.DataFrame:
    """Unweighted rows of sums as a municipality's analysis leaves them: `all`, both breakdowns, and
    their two-way groups, which have no options of their own."""
    cells = defaultdict(lambda: np.zeros(measure.points))
    of_kind = {k: [i - 1 for i in measure.options_of(k)] for k in KINDS}
    for (code, group, band), options in rounds.items():
        for breakdown, category in (
            ("all", "all"), ("target_group", group), ("age_band", band),
            ("target_group:age_band", f"{group}:{band}"),
        ):  # fmt: skip
            cells[code, breakdown, category] += options
    rows = []
    for (code, breakdown, category), o in cells.items():
        sums = {"mean": o @ measure.score(np.array(measure.options))}
        sums |= {f"share_{kind}": o[chosen].sum() for kind, chosen in of_kind.items()}
        if ":" not in breakdown:
            sums |= {f"share_{k}": n for k, n in zip(measure.options, o)}
        rows += [
            (code, breakdown, category, "q01", statistic, "unweighted", int(o.sum()), y, o.sum())
            for statistic, y in sums.items()
        ]
    columns = [*CELL, "item", "statistic", "weighting", "n", "y", "x"]
    return pd.DataFrame(rows, columns=columns)


def told_of(rounds: Answers, found: Protection, measure: Measure = FIVE_POINTS) -> list:
    """What the attacker of the whole published round, who shares no code with the search, finds."""
    table = estimates_of(rounds, measure)
    key = [*CELL[1:], "item", "statistic", "weighting"]
    country = table[adds_up(table)].groupby(key, as_index=False)[["n", "y", "x"]].sum()
    table = pd.concat([table, country.assign(municipality="national")], ignore_index=True)
    table = table.merge(found.cells[[*CELL, "item", "status"]], on=[*CELL, "item"])
    shown = table["status"] == SHOWN
    with np.errstate(invalid="ignore"):
        table["value"] = (table["y"] / table["x"]).round(2).where(shown)
    truth = {tuple(k): n for *k, n in table[[*CELL, "item", "n"]].itertuples(index=False)}
    base = table["n"].where(table["statistic"] == "mean").groupby([table[c] for c in CELL])
    few = (table["statistic"] != "mean") & (base.transform("min") < RULES.shares_from)
    table["value"] = table["value"].mask(few)
    table["n"] = table["n"].where(shown).astype("Int64")
    own = table[
        table["municipality"] == "0101"
    ]  # a program a group and option: one municipality is enough
    return red.attack_distributions(table, truth) + red.attack_answers(own, truth)


def is_released_safely(rounds: Answers, measure: Measure = FIVE_POINTS) -> Protection:
    measures = {code: {"q01": measure} for code, _, _ in rounds}
    found = protect(estimates_of(rounds, measure), pd.DataFrame(), RULES, measures=measures)
    assert told_of(rounds, found, measure) == []
    if (found.cells["status"] == SHOWN).any():
        assert audit_items(found.cells, threshold=RULES.min_answers).empty
    return found


def pinned_in_the_total() -> Answers:
    """Of a group of nine, shown, all four bands are hidden; its one answer »1« can only be of the band
    30-39, since in the other bands nobody else chose it either. No part of the sum is left to hide, and
    hiding the same cell of other municipalities, one after another, does not help."""
    rounds = {}
    codes = [f"{i:02}01" for i in range(1, 14)]
    for code, group, band in itertools.product(codes, GROUPS, BANDS):
        rounds[code, group, band] = [3, 3, 4, 4, 6] if code != "0101" else [0, 3, 4, 4, 5]
    nine = {"16-29": [0, 1, 0, 1, 0], "30-39": [1, 0, 1, 1, 0], "40-49": [0, 0, 1, 1, 0], "50-66": [0, 1, 0, 0, 1]}  # fmt: skip
    return rounds | {("0101", "g1", band): options for band, options in nine.items()}


def test_where_no_part_is_left_the_total_or_a_crossing_cell_is_hidden():
    found = is_released_safely(pinned_in_the_total())
    assert (found.cells["status"] == SHOWN).mean() > 0.5


def published(groups: dict[str, tuple[list[int], bool]]) -> tuple[pd.DataFrame, dict]:
    """Three groups of one municipality and their whole, as released: options 1–5 and whether shown."""
    rounds = {("0825", g, "16-29"): answers for g, (answers, _) in groups.items()}
    table = estimates_of(rounds)
    table = table[table["breakdown"].isin(["all", "target_group"])]
    truth = {
        tuple(k): n for *k, n in table[table["statistic"] == "mean"][[*CELL, "item", "n"]].values
    }
    hidden = table["category"].map(lambda c: c != "all" and not groups[c][1])
    table["status"] = np.where(hidden, "few", "shown")
    table["value"] = (table["y"] / table["x"]).round(2).mask(hidden)
    table["n"] = table["n"].astype("Int64").mask(hidden)
    return table, truth


def test_the_attack_finds_options_that_mean_and_split_pin():
    """Of three hidden answers nobody knows an option alone; mean and split of the rest tell all."""
    groups = {"g1": ([2, 3, 4, 5, 6], True), "g2": ([0, 0, 1, 0, 2], False)}
    table, truth = published(groups)
    shares = table["statistic"].isin(OPTIONS)
    found = red.attack_answers(table[~shares], truth)
    assert {f.note for f in found} >= {"so many share_3", "so many share_5"}
    groups |= {"g3": ([1, 1, 1, 1, 1], False)}
    table, truth = published(groups)
    assert red.attack_answers(table[table["statistic"] != "mean"], truth) == []


def test_the_attack_finds_a_hidden_group_of_one_kind_by_sums_over_its_shown_siblings():
    groups = {"g1": ([2, 3, 4, 5, 6], True), "g2": ([0, 0, 0, 3, 3], False), "g3": ([0, 0, 0, 4, 3], False)}  # fmt: skip
    found = red.attack_answers(*published(groups))
    assert {f.cell[2] for f in found if f.attack == "one kind"} == {"g2", "g3"}


@pytest.mark.parametrize("answers", [[0, 0, 0, 0, 6], [0, 0, 0, 1, 5], [0, 0, 1, 0, 5]])
def test_the_attack_finds_a_small_shown_group_whose_mean_tells_the_kind(answers):
    table, truth = published({"g1": ([2, 3, 4, 5, 6], True), "g2": (answers, True)})
    own = table["category"] == "g2"
    found = red.attack_answers(table[own & (table["statistic"] == "mean")], truth)
    assert {f.attack for f in found} == {"one kind"}


def test_bounds_hold_the_truth_and_tell_what_the_attack_tells():
    """Whatever is published together: mean, split, options of shown groups and of the whole."""
    random = np.random.default_rng(7)
    told = 0
    for _ in range(25):
        answers = [
            list(random.multinomial(n, [0.02, 0.03, 0.05, 0.3, 0.6])) for n in (3, 4, 12, 30)
        ]
        rounds = {("0825", f"g{i}", "16-29"): a for i, a in enumerate(answers)}
        counts = _counts(estimates_of(rounds), pd.DataFrame())
        counts = counts[counts["breakdown"].isin(["all", "target_group"])]
        table = suppress_items(counts[[*CELL, "item", "n"]], threshold=5).table
        hidden = np.array(
            [k[1:] in {("target_group", "g0"), ("target_group", "g1")} for k in table.keys]
        )
        answered = AttributeDisclosure(counts, table, RULES)
        low, high = answered.bounds(hidden)
        for c, key in enumerate(table.keys):
            if key[0] != "0825":
                continue
            true = np.sum(answers, axis=0) if key[1] == "all" else answers[int(key[2][1:])]
            assert (low[7:, c, 0] <= true).all() and (true <= high[7:, c, 0]).all()
        told += answered.to_hide(hidden).any()
    assert told > 5


def measure_of(points: int, kinds: str = "") -> Measure:
    """Of a scale; `kinds`: a letter an answer (d, n, s), where the middle one is not the only neutral one."""
    labels = {k: f"Svar {k}" for k in range(1, points + 1)} | {points + 1: "Ved ikke"}
    named = {k: next(kind for kind in KINDS if kind[0] == c) for k, c in enumerate(kinds, start=1)}
    return Scale.of(labels, named).measure


@pytest.mark.parametrize(
    "measure", [measure_of(3), measure_of(7), measure_of(4, "dnns"), measure_of(10, "ddddnnnsss")]
)
@pytest.mark.parametrize("all_hidden", [False, True])
def test_bounds_hold_the_truth_on_every_scale(measure, all_hidden):
    """No number of answers, and no kinds, lead to bounds that leave out what is so; nor do rounding errors
    grow from sum to sum."""
    random = np.random.default_rng(measure.points)
    chances = random.dirichlet(np.ones(measure.points))
    rounds = {
        (code, g, band): list(random.multinomial(random.integers(0, 40), chances))
        for code in ("0101", "0201") for g in GROUPS for band in BANDS
    }  # fmt: skip
    counts = _counts(estimates_of(rounds, measure), pd.DataFrame())
    table = suppress_items(counts[[*CELL, "item", "n"]], threshold=5).table
    measures = {code: {"q01": measure} for code in ("0101", "0201")}
    answered = AttributeDisclosure(counts, table, RULES, measures)
    some = np.array(["g1" in key[2] for key in table.keys])
    low, high = answered.bounds(some | all_hidden)
    with np.errstate(invalid="ignore"):
        wrong = (answered.counted < low[4:] - 1e-6) | (answered.counted > high[4:] + 1e-6)
    assert not wrong.any()
    assert (low <= high + 1e-6).all()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.data())
def test_small_rounds_on_other_scales_are_released_and_tell_nothing(data):
    """The attacker, who reads the scale from what is published, finds nothing."""
    measure = measure_of(data.draw(st.sampled_from([3, 7, 9])))
    few = st.lists(st.integers(0, 3), min_size=measure.points, max_size=measure.points)
    rounds = {
        (code, g, band): data.draw(few) if code == "0101" else [4] * measure.points
        for code in ("0101", "0201") for g in GROUPS for band in BANDS[:2]
    }  # fmt: skip
    is_released_safely(rounds, measure)


def crossing_lines(neutral_elsewhere: int) -> tuple[AttributeDisclosure, np.ndarray, list]:
    """Of g1 and g2 all bands are hidden. In A and B the shown rest leaves them six neutral answers, which are
    all that they have together: so in C neither has any, and g2, where nobody is dissatisfied, is satisfied
    there. No line alone tells it. With one `neutral_elsewhere` of theirs, nothing is told."""
    cells = {
        ("g1", "A"): [0, 1, 3, 3, 2], ("g1", "B"): [1, 0, 1, 3, 2], ("g1", "C"): [0, 0, neutral_elsewhere, 4, 2],
        ("g2", "A"): [0, 0, 1, 4, 2], ("g2", "B"): [0, 0, 1, 3, 2], ("g2", "C"): [0, 0, 0, 2, 1],
        ("g3", "A"): [2, 3, 5, 9, 9], ("g3", "B"): [2, 3, 4, 9, 9], ("g3", "C"): [2, 3, 5, 9, 9],
        ("g3", "D"): [2, 3, 5, 9, 9], ("g4", "C"): [2, 3, 5, 9, 9], ("g4", "D"): [2, 3, 5, 9, 9],
    }  # fmt: skip
    counts = _counts(estimates_of({("0101", *c): o for c, o in cells.items()}), pd.DataFrame())
    table = suppress_items(
        counts[[*CELL, "item", "n"]], threshold=5, areas=Areas.of(["0101"])
    ).table
    shown = {"g3:A", "g3:B"}
    hidden = np.array([":" in b and c not in shown for _, b, c in table.keys])
    return AttributeDisclosure(counts, table, RULES), hidden, table.keys


def test_what_two_crossing_lines_tell_only_together_is_told():
    answers, hidden, keys = crossing_lines(0)
    cell = keys.index(("0101", "target_group:age_band", "g2:C"))
    by_lines = answers._disclosed(answers.bounds(hidden), answers.n)
    assert not by_lines[cell].any(), "else this tests nothing"
    assert (cell, 0) in list(answers.programs.find(hidden, ["0101"]))
    more = answers.to_hide(hidden)
    assert more.any() and not answers.programs.tells(hidden | more, cell, 0)
    answers, hidden, _ = crossing_lines(1)
    assert (cell, 0) not in list(answers.programs.find(hidden, ["0101"]))


option = st.lists(st.integers(0, 3), min_size=5, max_size=5)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.data())
def test_looked_at_by_itself_a_part_leaves_no_more_open_than_the_whole(data):
    """Where part of a table, with the rest as it was known before more was hidden, leaves an answer open,
    the whole leaves it open too: bounds of the part lie within those of the whole."""
    cells = itertools.product(["0101", "0201"], GROUPS[:2], BANDS[:2])
    rounds = {cell: data.draw(option) for cell in cells}
    if not sum(map(sum, rounds.values())):
        return
    counts = _counts(estimates_of(rounds), pd.DataFrame())
    table = suppress_items(counts[[*CELL, "item", "n"]], threshold=5).table
    answered = AttributeDisclosure(counts, table, RULES)
    some = st.lists(st.booleans(), min_size=len(table.keys), max_size=len(table.keys))
    before, looked_at = (np.array(data.draw(some)) for _ in range(2))
    looked_at[0] = True
    more = looked_at & np.array(data.draw(some))
    known, items = answered.bounds(before), np.array([0])
    region = answered._region(set(np.flatnonzero(looked_at).tolist()), known, items)
    own = answered._narrowed(before | more, items, region)
    whole = answered.bounds(before | more)
    assert (own[0] >= whole[0][:, region.cells] - 1e-6).all()
    assert (own[1] <= whole[1][:, region.cells] + 1e-6).all()


def test_a_cell_that_is_total_and_part_keeps_what_either_line_tells():
    """1 = 3 + 4 narrows 1; that it is a part of 0 in the same family does not widen it again."""
    (family,) = families_of([(0, [1, 2]), (1, [3, 4])])
    low, high = np.zeros((5, 1)), np.full((5, 1), 9.0)
    low[3:], high[3:] = [[2.0], [1.0]], [[2.0], [3.0]]
    family.narrow(low, high, np.ones((5, 1), dtype=bool))
    assert (low[1, 0], high[1, 0]) == (3, 5)


@given(st.sets(st.integers(0, 30), max_size=6))
def test_as_few_as_are_enough_and_none_that_can_be_spared(needed):
    assert set(_fewest(list(range(31)), needed.issubset)) == needed


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.data())
def test_any_small_round_is_released_and_tells_no_answers(data):
    """Rounds of one to three municipalities with groups of nought to fifteen answers, of which some
    answer only in one or two options: never refused, nothing told."""
    codes = ["0101", "0201", "0301"][: data.draw(st.integers(1, 3))]
    rounds = {}
    for cell in itertools.product(codes, GROUPS[:2], BANDS[:2]):
        options = np.array(data.draw(option))
        keep = data.draw(st.sampled_from([31, 1, 16, 17, 24]))  # which options occur at all
        rounds[cell] = list(options * [(keep >> k) & 1 for k in range(5)])
    if sum(map(sum, rounds.values())):
        is_released_safely(rounds)
