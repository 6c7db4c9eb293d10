"""Each attack of the red team finds the leak that it is for, planted in files and tables."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path

import attacker
import numpy as np
import openpyxl
import pandas as pd
import pytest
import red_team as red
import red_team_files as files
import test_scan
import xlsxwriter
from conftest import SIMULATED
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm
from red_team import Finding
from red_team_files import NATIONAL, WHOLE, Cell, Codebook, Harvest

from helpers.common.paths import PROJECT

# ------------------------------------------------------------------------------- planted: in the files


@pytest.fixture(scope="module")
def book() -> Codebook:
    return files.read_codebook(PROJECT, SIMULATED)


def rows(**changed) -> pd.DataFrame:
    """A released table of one municipality: men are few, 3 of 40."""
    counts = {"all": 40, "kvinde": 37, "mand": 3}
    made = []
    for category, n in counts.items():
        hidden = category == "mand"
        for statistic in ("mean", "share_5"):
            made.append(
                {
                    "municipality": "0825",
                    "breakdown": "all" if category == "all" else "gender",
                    "category": category,
                    "item": "q01",
                    "statistic": statistic,
                    "weighting": "unweighted",
                    "value": np.nan if hidden else 0.5 if statistic == "share_5" else 4.0,
                    "ci_low": np.nan,
                    "ci_high": np.nan,
                    "n": pd.NA if hidden else n,
                    "status": "few" if hidden else "shown",
                }
            )
    table = pd.DataFrame(made).astype({"n": "Int64"})
    for column, value in changed.items():
        table.loc[table["category"] == "mand", column] = value
    return table


def build_with(folder: Path, **extra: bytes) -> Path:
    """A build with `released.parquet` as `rows` gives it, and the planted files."""
    build = folder / "build"
    own = build / "0825-laesoe"
    own.mkdir(parents=True)
    rows().to_parquet(build / "released.parquet")
    for name, content in extra.items():
        (own / name.replace("__", ".")).write_bytes(content)
    return build


HEADS = ["Køn", "Tema eller spørgsmål", "Gennemsnit", "Antal svar"]


def page(*cells) -> bytes:
    head = "".join(f"<th>{h}</th>" for h in HEADS)
    body = "".join(f"<td>{c}</td>" for c in cells)
    return (
        f"<html><meta charset='utf-8'><table><tr>{head}</tr><tr>{body}</tr></table></html>".encode()
    )


def book_of(*cells) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as made:
        sheet = made.add_worksheet("Køn")
        sheet.write_row(0, 0, ["Køn: Læsø Kommune"])
        sheet.write_row(2, 0, HEADS)
        sheet.write_row(3, 0, cells)
    return file.getvalue()


def deck_of(series: str, *values, notes: str = "", workbook_only: bool = False) -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    data = CategoryChartData()
    data.categories = ["Kvinder", "Mænd"]
    data.add_series(series, (None, None) if workbook_only else values)
    chart = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, 0, 0, Cm(9), Cm(5), data).chart
    if workbook_only:
        made = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
        for i, value in enumerate(values):
            made.active.cell(row=i + 2, column=2, value=value)
        chart.part.chart_workbook.update_from_xlsx_blob(test_scan.saved(made))
    slide.notes_slide.notes_text_frame.text = notes
    return test_scan.saved(deck)


MEN: Cell = ("0825", "gender", "mand", "q01")
PLANTED = {
    "page": ("rapport__html", page("Mænd", "Mødt med tillid", "4,10", "3")),
    "workbook": ("resultater__xlsx", book_of("Mænd", "Mødt med tillid", 4.1, 3)),
    "deck": ("praesentation__pptx", deck_of("Antal svar", 37, 3)),
    "deck's workbook alone": ("praesentation__pptx", deck_of("Antal svar", 37, 3, workbook_only=True)),
    "notes": ("praesentation__pptx", deck_of("Læsø Kommune", 4, None, notes="Mænd: n = 3.")),
}  # fmt: skip


@pytest.mark.parametrize("plant", PLANTED)
def test_a_small_count_is_found_in(tmp_path, book, plant):
    name, content = PLANTED[plant]
    found = files.harvest(build_with(tmp_path, **{name: content}), book)
    findings = red.printed_small(found)
    assert {f.low for f in findings} == {3}
    assert all("0825-laesoe" in f.note for f in findings)


@pytest.mark.parametrize(
    "name, content",
    [
        ("rapport__html", page("Mænd", "Mødt med tillid", "4,10", "(få)")),
        ("resultater__xlsx", book_of("Mænd", "Mødt med tillid", 4.1, "for få svar")),
    ],
)
def test_a_mean_of_a_hidden_cell_is_found_in_another_file(tmp_path, book, name, content):
    found = files.harvest(build_with(tmp_path, **{name: content}), book)
    [finding] = red.hidden_but_told(found)
    assert finding.cell == MEN
    assert "0825-laesoe" in finding.note


def test_a_mean_of_a_hidden_cell_is_found_in_a_deck(tmp_path, book):
    """A chart without an item is of overall satisfaction, which is question 13."""
    build = build_with(tmp_path, praesentation__pptx=deck_of("Læsø Kommune", 4.0, 4.1))
    rows().assign(item="q13").to_parquet(build / "released.parquet")
    [finding] = red.hidden_but_told(files.harvest(build, book))
    assert finding.cell == ("0825", "gender", "mand", "q13")


def test_a_mark_instead_of_a_number_is_no_finding(tmp_path, book):
    planted = {
        "rapport__html": page("Mænd", "Mødt med tillid", "(få)", "–"),
        "resultater__xlsx": book_of("Mænd", "Mødt med tillid", "for få svar", "for få svar"),
        "praesentation__pptx": deck_of("Læsø Kommune", 4.0, None),
    }
    found = files.harvest(build_with(tmp_path, **planted), book)
    for attack in (red.printed_small, red.disagreements, red.hidden_but_told):
        assert attack(found) == []


def test_files_that_disagree_are_found(tmp_path, book):
    build = build_with(tmp_path, rapport__html=page("Kvinder", "Mødt med tillid", "4,00", "36"))
    [finding] = red.disagreements(files.harvest(build, book))
    assert (finding.cell, finding.low, finding.high) == (
        ("0825", "gender", "kvinde", "q01"),
        36,
        37,
    )


def test_a_csv_that_shows_what_the_parquet_hides_is_found(tmp_path, book):
    build = build_with(tmp_path)
    rows(n=3, value=4.0, status="shown").to_csv(build / "released.csv", index=False)
    found = files.harvest(build, book)
    assert red.printed_small(found)
    assert red.disagreements(found)
    assert red.hidden_but_told(found)


def test_a_count_in_a_table_for_nobody_knows_whom_is_told(tmp_path, book):
    build = build_with(tmp_path, rapport__html=page("Sære", "Ukendt", "4,10", "12"))
    assert files.harvest(build, book).unread[0][1] == 12


def test_a_row_of_a_pdf_that_its_page_does_not_have_is_told(tmp_path, book):
    build = tmp_path / "build"
    (build / "national").mkdir(parents=True)
    (build / "national/rapport.html").write_bytes(page("Kvinder", "Mødt med tillid", "4,00", "36"))
    text = "Kvinder Mødt med tillid 4,00 36\nMænd 4,10 3"
    (build / "national/rapport.pdf").write_bytes(test_scan.pdf(text))
    found = files.harvest(build, book)
    assert [n for _, n, _ in found.unread] == [3]
    assert found.counts[NATIONAL, "gender", "kvinde", "q01"][36] >= {"national/rapport.pdf"}


def test_an_unknown_kind_of_file_is_an_error(tmp_path, book):
    with pytest.raises(LookupError, match="docx"):
        files.harvest(build_with(tmp_path, brev__docx=b"x"), book)


def test_numbers_in_words_are_read_and_rules_are_not():
    found = Harvest()
    text = (
        "Kilde: n = 1.012–1.734. n\u00a0= 9. 28 af 51 inviterede borgere svarede. Færre end 5 svar vises "
        "ikke, og mindst 30 svar skal der til. COOP2 besvarelser."
    )
    files._prose("x", text, found)
    assert sorted(n for _, n, _ in found.loose) == [9, 28, 51, 51, 1012, 1734]


# ---------------------------------------------------------------------------- planted: by subtraction


def table_of(truth: dict[Cell, int], hidden: dict[Cell, str]) -> Harvest:
    """A harvest in which all counts are known but the hidden, which have their marks."""
    found = Harvest()
    for cell, n in truth.items():
        found.marks[cell]["x"] = hidden.get(cell, "shown")
        if cell not in hidden:
            found.count("x", cell, n)
    return found


def two_by_two(**more: int) -> dict[Cell, int]:
    """Three municipalities, two genders × two target groups, one item."""
    inner = {
        ("0825", "a:kvinde"): 2, ("0825", "a:mand"): 14, ("0825", "b:kvinde"): 12, ("0825", "b:mand"): 9,
        ("0741", "a:kvinde"): 11, ("0741", "a:mand"): 7, ("0741", "b:kvinde"): 8, ("0741", "b:mand"): 13,
        ("0161", "a:kvinde"): 90, ("0161", "a:mand"): 80, ("0161", "b:kvinde"): 70, ("0161", "b:mand"): 60,
    }  # fmt: skip
    counts: dict[Cell, int] = defaultdict(int)
    for (code, category), n in inner.items():
        group, gender = category.split(":")
        counts[code, "target_group:gender", category, "q01"] = n
        counts[code, "target_group", group, "q01"] += n
        counts[code, "gender", gender, "q01"] += n
        counts[code, *WHOLE, "q01"] += n
    return files.with_country(dict(counts))


def two_way(code: str, category: str) -> Cell:
    return (code, "target_group:gender", category, "q01")


CUBE = {
    two_way(code, category): "linked"
    for code in ("0825", "0741")
    for category in ("a:kvinde", "a:mand", "b:kvinde", "b:mand")
} | {two_way("0825", "a:kvinde"): "few"}


def attacked(truth, hidden, book) -> list[Finding]:
    return red.attack_counts(table_of(truth, hidden), truth, book)


def test_a_safe_pattern_gives_nothing(book):
    assert attacked(two_by_two(), CUBE, book) == []


def test_a_complementary_cell_shown_again_gives_the_small_one_away(book):
    truth = two_by_two()
    for shown in set(CUBE) - {two_way("0825", "a:kvinde")}:
        hidden = {c: mark for c, mark in CUBE.items() if c != shown}
        findings = attacked(truth, hidden, book)
        exact = [f for f in findings if f.attack == "exact, plain"]
        assert two_way("0825", "a:kvinde") in [f.cell for f in exact]
        assert all(f.low == f.high == f.true for f in exact)


def test_a_category_alone_and_a_municipality_alone_are_found(book):
    counts = {
        (code, b, c, "q01"): n
        for code, women, men in (("0825", 20, 3), ("0741", 40, 30), ("0161", 90, 80))
        for b, c, n in (("gender", "kvinde", women), ("gender", "mand", men), (*WHOLE, women + men))
    }
    truth = files.with_country(counts)
    men = ("0825", "gender", "mand", "q01")
    women = ("0825", "gender", "kvinde", "q01")
    assert {f.cell for f in attacked(truth, {men: "few"}, book)} == {men}
    both = attacked(truth, {men: "few", women: "linked"}, book)  # the country gives both away
    assert {f.cell for f in both if f.attack == "exact, plain"} == {men, women}
    elsewhere = {("0741", "gender", c, "q01"): "linked" for c in ("kvinde", "mand")}
    safe = attacked(truth, {men: "few", women: "linked"} | elsewhere, book)
    assert [f for f in safe if f.attack.endswith(("plain", "answer"))] == []


def narrow_case(men: int, few: int) -> tuple[dict[Cell, int], dict[Cell, str]]:
    """Local groups of one municipality, where no country helps: two hidden beside a shown one."""
    n = {"x": 50, "y": men, "z": few}
    counts = {("0825", "local:l", c, "q01"): v for c, v in n.items()}
    counts["0825", *WHOLE, "q01"] = sum(n.values())
    hidden = {("0825", "local:l", "y", "q01"): "linked", ("0825", "local:l", "z", "q01"): "few"}
    return counts, hidden


@pytest.mark.parametrize(
    "linked, few, kinds",
    [
        (9, 2, set()),
        (5, 1, set()),  # 6 in all: linked is 5 … 6 and few 0 … 1, not a point
        (5, 0, {"exact, rule"}),
        (4, 1, {"narrow, own answer"}),
        (4, 0, {"below threshold, plain"}),
    ],
)
def test_readers_narrow_what_is_left(book, linked, few, kinds):
    truth, hidden = narrow_case(linked, few)
    found = {f.attack for f in attacked(files.with_country(truth), hidden, book)}
    assert kinds <= found
    assert kinds or not found


def test_one_who_knows_the_size_of_a_hidden_municipality_is_reckoned_with(book):
    """All of a small municipality is hidden, and a part of the next: the size ties them together."""
    counts = {}
    for code, x, y in (("0825", 3, 1), ("0741", 9, 8), ("0161", 60, 50)):
        counts |= {(code, "gender", "kvinde", "q01"): x, (code, "gender", "mand", "q01"): y}
        counts[code, *WHOLE, "q01"] = x + y
    truth = files.with_country(counts)
    hidden = {c: "few" for c in truth if c[0] == "0825"}
    hidden |= {c: "linked" for c in truth if c[0] == "0741"}
    plain = attacked(truth, hidden, book)
    assert not [f for f in plain if f.attack.endswith("plain")]
    hidden = {c: mark for c, mark in hidden.items() if c[:3] != ("0741", "gender", "mand")}
    del hidden["0825", "gender", "mand", "q01"]  # shown again: the size alone gives the women
    sized = [f for f in attacked(truth, hidden, book) if f.attack.endswith("size")]
    assert ("0825", "gender", "kvinde", "q01") in [f.cell for f in sized]


def test_answers_in_the_response_table_bound_the_items(book):
    """Six answers of the group are told: whoever answered the question is among them."""
    truth, hidden = narrow_case(9, 4)
    truth["0825", "local:l", "z", "answers"] = 4
    truth["0825", *WHOLE, "answers"] = 63
    findings = attacked(truth, hidden, book)
    assert {f.cell for f in findings if f.attack == "below threshold, plain"} == {
        ("0825", "local:l", "z", "q01")
    }


THREE = {  # three groups: who answered q01, q13 and anything
    "q01": (5, 7, 20), "q13": (4, 7, 20), "answers": (5, 7, 20),
}  # fmt: skip


def three_groups(mark) -> tuple[Harvest, dict[Cell, int]]:
    """The third group and the totals are shown; of the other two, `mark(item, group, n)` stands."""
    truth, hidden = {}, {}
    for item, counts in THREE.items():
        truth["0825", *WHOLE, item] = sum(counts)
        for group, n in zip("abc", counts):
            cell = ("0825", "target_group", group, item)
            truth[cell] = n
            if group != "c":
                hidden[cell] = mark(item, group, n)
    return table_of(truth, hidden), truth


def test_marks_by_item_give_hidden_counts_away_and_marks_by_group_do_not():
    told, truth = three_groups(lambda item, group, n: "few" if n < 5 else "linked")
    found = red.attack_side_by_side(told, truth)
    assert {(f.cell[2], f.cell[3]): f.low for f in found} == {
        (g, i): n for i, counts in THREE.items() for g, n in zip("ab", counts)
    }
    assert all(f.low == f.true for f in found)
    by_group = {"a": "few", "b": "linked"}
    told, truth = three_groups(lambda item, group, n: by_group[group])
    assert red.attack_side_by_side(told, truth) == []


def test_the_item_beside_gives_a_small_count_away():
    truth, hidden = narrow_case(9, 4)
    found = table_of(truth, hidden)
    assert red.beside(found, truth) == []
    found.count("x", ("0825", "local:l", "z", "q02"), 5)
    [finding] = red.beside(found, truth)
    assert (finding.cell[2], finding.high, finding.true) == ("z", 5, 4)


def test_intervals_are_those_of_the_other_attacker(book):
    """Against another program's intervals, on random tables and patterns."""
    random = np.random.default_rng(4)
    compared = 0
    for _ in range(12):
        inner = random.integers(0, 15, (3, 4))
        table = attacker.with_margins(inner)
        hidden = np.zeros_like(table, bool)
        hidden[:3, :4] = random.random((3, 4)) < 0.7
        want = attacker.attack(table, hidden)
        truth, marks = {}, {}
        for (i, j), n in np.ndenumerate(table):
            a, b = ("" if i == 3 else f"a{i}"), ("" if j == 4 else f"b{j}")
            place = {
                (True, True): ("target_group:gender", f"{a}:{b}"), (True, False): ("target_group", a),
                (False, True): ("gender", b), (False, False): WHOLE,
            }[bool(a), bool(b)]  # fmt: skip
            truth["0825", *place, "q01"] = int(n)
            if hidden[i, j]:
                marks["0825", *place, "q01"] = "linked"
        for s in red.systems("q01", table_of(truth, marks), truth, {}):
            got = red.intervals(s, s.low, s.high, [], lambda *_: False)
            for k, cell in enumerate(s.cells):
                a, b = cell[2].split(":")
                assert got[k] == want[int(a[1:]), int(b[1:])]
                compared += 1
    assert compared > 50


# ------------------------------------------------------------------- planted: options, rounds, rates


def options_of(groups: dict[str, tuple[list[int], str]]) -> pd.DataFrame:
    """A released table of option shares: category → (answers by option, status)."""
    made = []
    for category, (answers, status) in groups.items():
        n = sum(answers)
        base = {
            "municipality": "0825", "breakdown": "all" if category == "all" else "gender",
            "category": category, "item": "q01", "weighting": "unweighted", "status": status,
        }  # fmt: skip
        mean = sum(k * a for k, a in enumerate(answers, start=1)) / n
        numbers = {"mean": mean} | {f"share_{k}": a / n for k, a in enumerate(answers, start=1)}
        for statistic, value in numbers.items():
            shown = status == "shown"
            made.append(base | {"statistic": statistic, "value": round(value, 2) if shown else np.nan,
                                "n": n if shown else pd.NA})  # fmt: skip
    return pd.DataFrame(made).astype({"n": "Int64"})


def true_n(groups) -> dict[Cell, int]:
    return {
        ("0825", *(WHOLE if c == "all" else ("gender", c)), "q01"): sum(answers)
        for c, (answers, _) in groups.items()
    }


@pytest.mark.parametrize(
    "answers, kinds",
    [([0, 0, 0, 0, 9], {"unanimous"}), ([0, 0, 0, 0, 10], set()), ([0, 0, 0, 1, 8], set())],
)
def test_a_small_group_that_all_agrees_is_found(answers, kinds):
    groups = {"all": ([5, 5, 5, 5, 20], "shown"), "kvinde": (answers, "shown")}
    found = red.attack_distributions(options_of(groups), true_n(groups))
    assert {f.attack for f in found} == kinds


def test_what_is_left_of_a_whole_may_all_agree():
    groups = {
        "all": ([2, 3, 4, 5, 14], "shown"), "kvinde": ([2, 3, 4, 5, 6], "shown"),
        "mand": ([0, 0, 0, 0, 3], "few"), "andet": ([0, 0, 0, 0, 5], "linked"),
    }  # fmt: skip
    found = red.attack_distributions(options_of(groups), true_n(groups))
    assert {f.attack for f in found} == {"unanimous rest"}
    groups["andet"] = ([0, 0, 0, 1, 4], "linked")
    groups["all"] = ([2, 3, 4, 6, 13], "shown")
    assert red.attack_distributions(options_of(groups), true_n(groups)) == []


def test_options_of_a_cell_hidden_alone_are_computed():
    groups = {
        "all": ([2, 3, 4, 5, 14], "shown"), "kvinde": ([2, 3, 4, 4, 12], "shown"),
        "mand": ([0, 0, 0, 1, 2], "few"),
    }  # fmt: skip
    found = red.attack_distributions(options_of(groups), true_n(groups))
    assert {(f.low, f.note[-7:]) for f in found if f.attack == "option"} == {
        (1, "share_4"), (2, "share_5")
    }  # fmt: skip


def rounds(hide: bool):
    """Two municipalities in both rounds; the second is hidden now."""
    key = {"breakdown": "all", "category": "all", "item": "q01", "statistic": "mean", "weighting": "weighted"}  # fmt: skip
    truth = pd.DataFrame([key | {"municipality": "0161", "y": 400.0, "x": 100.0},
                          key | {"municipality": "0825", "y": 6.0, "x": 3.0}])  # fmt: skip
    now = pd.DataFrame([key | {"municipality": "0161", "value": 4.0, "n": 100, "status": "shown"},
                        key | {"municipality": "0825", "value": np.nan, "n": pd.NA, "status": "few"}])  # fmt: skip
    before = now.assign(value=[3.9, 3.0], n=[90, 50], status="shown")
    country = 4.0 if hide else round(406 / 103, 2)
    compared = pd.DataFrame([
        key | {"municipality": "0161", "own": 4.0, "reference_value": 3.9, "reference": "round:r"},
        key | {"municipality": NATIONAL, "own": country, "reference_value": 3.9, "reference": "round:r"},
    ])  # fmt: skip
    return compared, now, before, truth


def test_a_hidden_municipality_in_the_sum_of_both_rounds_is_found():
    assert red.attack_rounds(*rounds(hide=True), "round:r") == []
    [finding] = red.attack_rounds(*rounds(hide=False), "round:r")
    assert finding.attack == "round, sum"
    assert "0825" in finding.note


def test_a_hidden_side_of_a_difference_between_rounds_is_found():
    compared, now, before, truth = rounds(hide=True)
    own = compared.assign(own=[4.2, 4.0])
    assert [f.attack for f in red.attack_rounds(own, now, before, truth, "round:r")] == [
        "round, own"
    ]
    gone = before.assign(status=["few", "shown"])
    found = red.attack_rounds(compared, now, gone, truth, "round:r")
    assert [f.attack for f in found] == ["round, before"]


def test_the_country_less_the_others_tells_who_broke_off():
    whole = {"breakdown": "all"}
    response = pd.DataFrame([
        whole | {"municipality": "0161", "invited": 400, "answers": 200, "rr1": 0.475, "contact_rate": 0.55},
        whole | {"municipality": "0825", "invited": 51, "answers": 28, "rr1": np.nan, "contact_rate": np.nan},
        whole | {"municipality": NATIONAL, "invited": 451, "answers": 228, "rr1": 0.477, "contact_rate": 0.557},
    ])  # fmt: skip
    outcomes = {"0161": {"partial": 10, "break_off": 20}, "0825": {"partial": 3, "break_off": 3}}
    found = red.attack_outcomes(response, outcomes)
    assert {f.cell[3] for f in found} == {"partial", "break_off"}
    open_too = response.assign(rr1=[np.nan, np.nan, 0.477], contact_rate=[np.nan, np.nan, 0.557])
    assert red.attack_outcomes(open_too, outcomes) == []
