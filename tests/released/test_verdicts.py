"""A comparison has one verdict, the release's, and every product says it in the same words; what was not
judged is nowhere called no difference."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import re
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib.text import Text
from pptx import Presentation
from published_fixture import BIG, PLAIN, SMALL, make_published
from test_deck import charts as charts_of
from test_deck import drawn, page_of, texts

from helpers.bi.star import star
from helpers.common.paths import PACKAGE, PROJECT
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, VERDICTS
from helpers.dashboard.dashboard import write_dashboard, write_national_dashboard
from helpers.deck.deck import write_deck
from helpers.disclosure.publications import Publication
from helpers.parameters.params import load_tiles
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published, load_published
from helpers.released.scale_words import statistic_labels
from helpers.released.verdicts import words_of
from helpers.reports import charts, local_results, model_texts, tables
from helpers.workbook.workbook import write_workbook

CODES = (BIG, PLAIN, SMALL)
KEY = ["municipality", "reference", "breakdown", "category", "item", "statistic"]
NO_DIFFERENCE = re.compile(
    r"ingen (sikker|nævneværdig|forskel|ændring)|på niveau|uændret|adskiller sig ikke", re.I
)


def with_verdicts(published: Published, verdicts: list[str]) -> Published:
    """The verdicts in turn, row by row; differences and p-values go with them."""
    table = published.comparisons.sort_values(KEY, ignore_index=True)
    table["verdict"] = [verdicts[i % len(verdicts)] for i in range(len(table))]
    sign = table["verdict"].map({"over": 1, "under": -1}).fillna(1)
    table["difference"] = sign * table["difference"].abs()
    p = table["verdict"].map(dict.fromkeys(VERDICTS, 0.01) | {"unsure": 0.4, NOT_JUDGED: None})
    table = table.assign(p_adjusted=p, p_adjusted_in_list=p)
    return dataclasses.replace(published, comparisons=table)


@pytest.fixture(scope="module")
def mixed() -> Published:
    """All verdicts, of every kind of comparison."""
    return with_verdicts(make_published(), list(VERDICTS))


def expected(table: pd.DataFrame, **where: str) -> dict[tuple, str]:
    """KEY → what is to be said, from the released rows alone."""
    for column, value in where.items():
        table = table[table[column] == value]
    table = table[table["weighting"] == "weighted"]
    keys = table[KEY].itertuples(index=False, name=None)
    return {key: words_of(key[1])[v] for key, v in zip(keys, table["verdict"])}


# ------------------------------------------------------------------- what each product says of a comparison


def said_in_workbook(published: Published, code: str, path: Path) -> dict[tuple, list[str]]:
    """(reference and place in words) → what stands there; several where labels are the same."""
    rows = openpyxl.load_workbook(path)["Forskelle"].iter_rows(min_row=5, values_only=True)
    found: dict[tuple, list[str]] = {}
    for row in rows:
        found.setdefault(row[1:5], []).append(row[-1])
    return found


def said_in_dashboard(document: dict, rows: list, code: str) -> dict[tuple, str]:
    now = document["rounds"][0]
    return {
        (code, "others", *now["groups"][group], now["items"][item]["id"], "mean"): document["words"][verdict]
        for group, item, _, verdict in rows if verdict in document["words"]
    }  # fmt: skip


def document_of(path: Path) -> dict:
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return json.loads(page.find(id="data").string)


def check_workbook(published: Published, code: str, path: Path) -> set[str]:
    o = OwnNumbers(published, code)
    wanted: dict[tuple, list[str]] = {}
    for (_, _, b, c, item, statistic), word in expected(
        published.comparisons, municipality=code
    ).items():
        place = (
            o.breakdown_label(b),
            o.category_label(b, c),
            o.label(item),
            statistic_labels(published.round, code)[statistic],
        )
        wanted.setdefault(place, []).append(word)
    found = said_in_workbook(published, code, path)
    assert {k: sorted(v) for k, v in found.items()} == {k: sorted(v) for k, v in wanted.items()}
    overview = openpyxl.load_workbook(path)["Overblik"].iter_rows(min_row=5, values_only=True)
    assert {row[0]: row[7] for row in overview} == {
        o.label(t): o.against_others(t).said for t in o.themes
    }
    return {word for words in wanted.values() for word in words}


def check_dashboard(published: Published, code: str, path: Path) -> None:
    document = document_of(path)
    found = said_in_dashboard(document, document["against"], code)
    where = {"municipality": code, "reference": "others", "statistic": "mean"}
    assert found == expected(published.comparisons, **where)
    since = {
        (area, f"round:{before}", *place, "mean"): word
        for before, area, *place, _, word in document["since"]
    }
    changes = {}
    for before in published.earlier_rounds:
        for area in (code, NATIONAL):
            where = {"municipality": area, "reference": f"round:{before}", "statistic": "mean"}
            changes |= expected(published.comparisons, **where)
    assert since == changes


def check_national_dashboard(published: Published, path: Path) -> None:
    document = document_of(path)
    for code, rows in document["against"].items():
        where = {
            "municipality": code,
            "reference": "others",
            "statistic": "mean",
            "breakdown": "all",
        }
        found = said_in_dashboard(document, rows, code)
        assert {k: v for k, v in found.items() if k[2] == "all"} == expected(
            published.comparisons, **where
        )


def check_star(published: Published) -> None:
    table = star(published)["fact_comparison"].to_pandas()
    words = [words_of(r)[v] for r, v in zip(table["reference"], table["verdict"])]
    assert table["verdict_label"].tolist() == words
    assert table["verdict"].tolist() == published.judged["verdict"].tolist()
    assert table["p_adjusted"].isna().tolist() == [v == NOT_JUDGED for v in table["verdict"]]


def cells_beside(text: str) -> list[list[str]]:
    """The rows of a Markdown table or of all tables of a page that have a column »Mod de øvrige«."""
    lines = [
        [c.strip() for c in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    place = lines[0].index("Mod de øvrige")
    return [[row[0], row[place]] for row in lines[2:]]


# ------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("code", CODES)
def test_every_product_of_a_municipality_says_the_releases_verdict(mixed, code, tmp_path):
    said = check_workbook(mixed, code, write_workbook(mixed, code, tmp_path / "a.xlsx"))
    assert said >= set(words_of("others").values())  # all kinds
    check_dashboard(mixed, code, write_dashboard(mixed, [], code, tmp_path / "a.html"))


@pytest.mark.parametrize("code", CODES)
def test_the_tables_and_figures_of_the_report_say_it_too(mixed, code):
    o = OwnNumbers(mixed, code)
    items = [*mixed.theme_items, *mixed.question_items]
    own = expected(mixed.comparisons, municipality=code, reference="others")
    words = {item: own.get((code, "others", "all", "all", item, "mean")) for item in items}
    for label, cell in cells_beside(tables.means(mixed, code, items).data):
        [item] = [i for i in items if o.label(i) == label and words[i] in (cell, None)]
        assert words[item] is None or cell == words[item]
    figure = charts.differences(mixed, code, items)
    drawn_words = " ".join(t.get_text() for t in figure.findobj(Text))
    for verdict in ("over", "small", NOT_JUDGED):
        assert (words_of("others")[verdict] in drawn_words) == (
            words_of("others")[verdict] in [words[i] for i in tables.distinct_items(mixed, items)]
        )
    notable = [i for i in tables.distinct_items(mixed, items) if words[i] in ("over", "under")]
    listed = cells_beside(tables.differences(mixed, code).data)
    assert sorted(listed) == sorted([o.label(i), words[i]] for i in notable)


def test_the_country_and_its_municipalities_say_the_same(mixed, tmp_path):
    check_national_dashboard(
        mixed, write_national_dashboard(mixed, load_tiles(PROJECT), tmp_path / "a.html")
    )
    for place in mixed.municipalities:
        own = cells_beside(tables.means(mixed, place.code, ["samlet"]).data)[0][1]
        rows = dict(cells_beside(tables.municipalities(mixed, place.region).data))
        assert rows[place.name] == own


def test_the_deck_draws_what_the_release_calls_notable(mixed, tmp_path):
    deck = Presentation(write_deck(mixed, BIG, tmp_path / "a.pptx"))
    o = OwnNumbers(mixed, BIG)
    values = {round(d.value, 2) for d in o.differences("mean") if d.notable}
    page = page_of(deck, "Hvor adskiller kommunen sig?")
    shown = set(drawn(charts_of(page)[0]).values())
    assert shown and shown <= values


def test_the_star_has_them_all(mixed):
    check_star(mixed)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_overall_headline_and_the_expected_result_say_it(verdict, tmp_path):
    one = with_verdicts(make_published(), [verdict])
    word = words_of("expected")[verdict]
    assert word in model_texts.expected(one, BIG).data
    deck = Presentation(write_deck(one, BIG, tmp_path / "a.pptx"))
    said = " ".join(t for t in texts(page_of(deck, "Ud fra borgernes sammensætning")))
    assert word in said
    headline = texts(page_of(deck, "Det samlede billede"))
    assert any(word in t for t in headline)


def test_a_local_pair_is_turned_with_its_verdict(mixed):
    for row in local_results.differences_table(mixed, BIG).data.splitlines()[2:]:
        if row.startswith("| Helhedsorienteret"):
            *_, difference, _, word = [c.strip() for c in row.strip("|").split("|")]
            if word in ("højere", "lavere"):
                assert (word == "højere") == difference.startswith(("+", "\\+"))


# -------------------------------------------------------------------------- what was not judged


def cells_of(name: str) -> list[str]:
    """The code of a report that makes something to be read."""
    path = PROJECT / name
    if path.suffix == ".ipynb":
        return [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    return re.findall(r"^```\{python\}\n(.*?)^```", path.read_text("utf-8"), re.S | re.M)


def printed(published: Published, code: str, name: str) -> str:
    """All text of a report's own cells, of figures too, made from these numbers."""
    names: dict[str, object] = {
        "published": published, "municipality": code, "by_scale": published.questions_by_scale,
    }  # fmt: skip
    parts = []
    for source in cells_of(name):
        tree = ast.parse(source)
        if any(isinstance(n, ast.ImportFrom) for n in tree.body):
            imports = [n for n in tree.body if isinstance(n, ast.ImportFrom)]
            exec(compile(ast.Module(imports, []), name, "exec"), names)
            continue
        if "write_" in source or not isinstance(tree.body[-1], ast.Expr):
            continue
        made = eval(compile(ast.Expression(tree.body[-1].value), name, "eval"), names)
        if isinstance(made, Markdown):
            parts.append(made.data)
        elif isinstance(made, Figure):
            parts += [t.get_text().replace("\n", " ") for t in made.findobj(Text)]
    return "\n".join(parts)


@pytest.fixture(scope="module")
def nothing_judged() -> Published:
    return with_verdicts(make_published(), [NOT_JUDGED])


@pytest.mark.parametrize(
    "name, code",
    [("notebooks/30-municipal-report.ipynb", BIG), ("notebooks/30-municipal-report.ipynb", SMALL),
     ("reports/national.qmd", NATIONAL)],
)  # fmt: skip
def test_a_report_without_judged_differences_never_says_there_is_none(nothing_judged, name, code):
    text = printed(nothing_judged, code, name)
    assert "kan ikke vurderes" in text.lower()
    assert not NO_DIFFERENCE.search(text), NO_DIFFERENCE.findall(text)


def test_neither_do_deck_workbook_and_dashboard(nothing_judged, tmp_path):
    for code in CODES:
        deck = Presentation(write_deck(nothing_judged, code, tmp_path / "a.pptx"))
        said = "\n".join(t for page in deck.slides for t in texts(page))
        assert not NO_DIFFERENCE.search(said), NO_DIFFERENCE.findall(said)
        assert "0 nævneværdige" not in said
        book = openpyxl.load_workbook(write_workbook(nothing_judged, code, tmp_path / "a.xlsx"))
        cells = [str(c) for sheet in book for row in sheet.iter_rows(values_only=True) for c in row]
        assert not any(NO_DIFFERENCE.search(c) for c in cells)
        document = document_of(write_dashboard(nothing_judged, [], code, tmp_path / "a.html"))
        assert {row[3] for row in document["against"]} <= {NOT_JUDGED, *document["missing"]}
        assert {row[6] for row in document["since"]} <= {words_of("round")[NOT_JUDGED]}


def test_some_that_were_not_judged_are_told_apart():
    some = with_verdicts(make_published(), ["unsure", "unsure", NOT_JUDGED])
    text = printed(some, BIG, "notebooks/30-municipal-report.ipynb")
    found = re.findall(r"ingen sikker og nævneværdig[^\n.]*", text, re.I)
    of_many = [
        s for s in found if "øvrige kommuner" in s or "siden" in s
    ]  # a pair of groups is one
    assert len(of_many) > 3
    for sentence in of_many:
        assert "hvor det kan vurderes" in sentence, sentence


OF_OTHER_MATTERS = ("preparation", "fieldwork", "review", "extracts", "estimation")


def test_the_words_of_a_verdict_stand_once():
    """In `released/verdicts.py`; the dashboard's scripts have none of their own."""
    words = {"sikker, men lille", "ingen sikker", "kan ikke vurderes", "på niveau", "uændret"}
    paths = [p for p in PACKAGE.rglob("*.py") if p.name not in ("verdicts.py", "absent.py")]
    paths += sorted((PACKAGE / "assets/dashboard").glob("[cmn]*.js"))
    found = []
    for path in paths:
        if path.relative_to(PACKAGE).parts[0] in OF_OTHER_MATTERS:
            continue
        for line in path.read_text("utf-8").splitlines():
            text = "".join(re.findall(r'"[^"]*"', line))
            found += [f"{path.name}: {line.strip()}" for w in words if w in text]
    assert found == []


# -------------------------------------------------------------------------- a round from beginning to end


def test_a_released_round_says_the_same_everywhere(finished):
    paths, round_ = finished.paths, finished.round
    published = load_published(paths.root, round_)
    kinds = set(published.comparisons["verdict"])
    assert kinds == set(VERDICTS)
    check_star(published)
    check_national_dashboard(published, paths.national_folder / "dashboard.html")
    national = html_beside(paths.national_folder / "rapport.html")
    for place in published.municipalities:
        folder = paths.report_folder(place)
        check_workbook(published, place.code, folder / "resultater.xlsx")
        check_dashboard(published, place.code, folder / "dashboard.html")
        said = published.against_others(place.code, "samlet").said_in_cell
        assert national[place.name] == said
        assert html_beside(folder / "rapport.html")["Samlet tilfredshed"] == said


def html_beside(path: Path) -> dict[str, str]:
    """First cell → »Mod de øvrige«, of the tables that have such a column."""
    page, found = BeautifulSoup(path.read_text("utf-8"), "html.parser"), {}
    for table in page.find_all("table"):
        head = [
            h.get_text(" ", strip=True)
            for h in table.find_all("th", scope="col") or table.find_all("th")
        ]
        if "Mod de øvrige" in head:
            place = head.index("Mod de øvrige")
            for row in table.find("tbody").find_all("tr"):
                cells = [c.get_text(" ", strip=True) for c in row.find_all(["th", "td"])]
                found.setdefault(cells[0], cells[place])
    return found


def test_a_publication_of_before_the_verdicts_is_read_with_them(tmp_path):
    old = make_published().comparisons.drop(columns="verdict")
    old = old.assign(worth_mentioning=True, worth_mentioning_in_list=old["item"] == "samlet")
    old.to_parquet(tmp_path / "comparisons.parquet")
    digest = hashlib.sha256((tmp_path / "comparisons.parquet").read_bytes()).hexdigest()
    published = Publication(
        folder=tmp_path, number=1, previous="", published_on="2024-04-05", how="", country=CODES, apart=(), missing=(),
        tables={}, digests={"comparisons.parquet": digest}, rules={"comparison.confidence": 0.95},
    )  # fmt: skip
    table = published.table("comparisons")
    overall = table[(table["item"] == "samlet") & (table["reference"] == "others")]
    assert set(overall["verdict"]) == {"over", "under"}
    others = table[(table["item"] != "samlet") & (table["reference"] == "others")]
    assert not set(others["verdict"]) & {"over", "under"}
    assert "worth_mentioning" not in table
