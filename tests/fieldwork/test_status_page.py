"""`survey status`: what it tells of the answers, and the page, its numbers and its use in a browser."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from answers import export
from bs4 import BeautifulSoup
from conftest import EXTRACTS
from typer.testing import CliRunner

from helpers.answers.responses import collect, save_answers
from helpers.cli.main import app
from helpers.common.paths import PROJECT, Paths
from helpers.extracts.intake import take_in
from helpers.fieldwork.collection import receive
from helpers.fieldwork.effort import make_plan as plan_effort
from helpers.fieldwork.effort import write_plan
from helpers.fieldwork.hotline import log_calls
from helpers.fieldwork.round_status import round_status_of
from helpers.fieldwork.status_curves import curve_svg, curves_by_place, in_words
from helpers.fieldwork.status_tables import chance_in_words
from helpers.parameters.params import load_round
from helpers.sampling.plan import make_plan, save_sample

ROUND = "2024-foraar"
CODES = ("0580", "0741", "0825")
LAST = dt.date(2024, 3, 18)


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Paths:
    """A round in the middle of its collection: letters, answers of two municipalities, calls, a plan."""
    root = tmp_path_factory.mktemp("watched")
    shutil.copytree(PROJECT / "params", root / "params")
    paths, round_ = Paths(root, ROUND), load_round(root, ROUND)
    paths.extracts.mkdir(parents=True)
    for path in EXTRACTS.iterdir():
        if path.name[:4] in CODES:
            shutil.copy(path, paths.extracts)
    for code in CODES:
        take_in(paths, round_, code)
        save_sample(paths, code, make_plan(paths, round_, code))
    rng = np.random.default_rng(8)
    for code in CODES[:2]:
        table = export(pd.read_parquet(paths.sample(code)))
        days = rng.integers(0, 8, len(table))
        moments = [f"{dt.date(2024, 3, 11) + dt.timedelta(days=int(d))}T21:30:00" for d in days]
        table["submitted_at"] = np.where(table["status"] == "completed", moments, "")
        table.to_csv(root / f"{code}-svar.csv", index=False)
    receive(paths, round_, [root / f"{code}-svar.csv" for code in CODES[:2]])
    save_answers(paths, collect(paths, round_))
    now = round_status_of(paths, round_)
    budgets = {"reminder": None, "sms": 100, "telephone": 20}
    write_plan(paths, plan_effort(now.citizens, now.forecast, round_, [], budgets))
    (root / "opkald.csv").write_text(
        "when,municipality,topic,minutes\n2024-03-12,0741,<b>æble</b>,4\n2024-03-12,0580,andet,2.5\n",
        "utf-8",
    )
    log_calls(paths, round_, root / "opkald.csv")
    made = {"mailing": "invitation", "made_on": "2024-03-08", "letters": 1234, "paper": 5}
    reminder = {"mailing": "first_reminder", "made_on": "2024-03-17", "letters": 60, "left_out_answered": 40,
                "left_out_opted_out": 2, "left_out_unreachable": 1, "sms": 0}  # fmt: skip
    paths.sendout("0741").mkdir(parents=True)
    (paths.sendout("0741") / "mailings.json").write_text(json.dumps([made, reminder]), "utf-8")
    told = CliRunner().invoke(app, ["--root", str(root), "status", ROUND])
    assert told.exit_code == 0, told.output
    (root / "told.txt").write_text(told.output, "utf-8")
    return paths


@pytest.fixture(scope="module")
def page(watched) -> BeautifulSoup:
    return BeautifulSoup((watched.data / "status.html").read_text("utf-8"), "html.parser")


def rows_of(page, heading: str) -> list[list[str]]:
    table = page.find(id=heading).find_next("table")
    return [[c.get_text() for c in r.find_all(["th", "td"])] for r in table.tbody.find_all("tr")]


def test_the_command_tells_answers_forecast_and_who_may_miss(watched):
    told = (watched.root / "told.txt").read_text("utf-8")
    answers = sum(
        (export(pd.read_parquet(watched.sample(c)))["status"] == "completed").sum()
        for c in CODES[:2]
    )
    invited = sum(len(pd.read_parquet(watched.sample(c))) for c in CODES)
    assert f"Answers: {answers:,} of {invited:,} invited" in told
    assert "as of 2024-03-18 21:30" in told
    assert "95% prediction interval" in told and "no earlier round is held" in told
    assert re.search(r">99% 0741 Samsø: \d+ of 145, forecast \d+ \(\d+–\d+\)", told)
    assert "The status page, for the house only:" in told


def test_it_says_that_it_stays_in_the_house(page, watched):
    assert "Kun til internt brug." in page.find(class_="notice").get_text()
    assert not (watched.root / "build").exists()


def test_the_page_shows_the_forecasts_numbers(page, watched):
    forecast = round_status_of(watched, load_round(watched.root, ROUND)).forecast
    row = forecast.municipalities.set_index("municipality").loc["0741"]
    shown = next(r for r in rows_of(page, "kommuner") if r[0] == "Samsø")
    assert shown[1:3] == [f"{row['answers']:.0f}", "145"]
    assert shown[4] == f"{row['forecast']:.0f}"
    assert shown[5] == f"{row['ci_low']:.0f}–{row['ci_high']:.0f}"
    assert shown[6] == "over 99\u00a0%"
    assert shown[7:] == ["klar"] * 5 + ["mangler"] * 2
    assert len(rows_of(page, "kommuner")) == len(load_round(watched.root, ROUND).participants)
    groups = rows_of(page, "maalgrupper")
    own = [r for r in groups if r[0] == "Samsø"]
    assert sum(int(r[2]) for r in own) == row["answers"] and sum(int(r[3]) for r in own) == 145


def test_days_add_up_to_the_answers(page, watched):
    days = rows_of(page, "svar")
    number = lambda text: int(text.replace(".", ""))  # noqa: E731
    seen = [r for r in days if r[2]]
    assert [r[0] for r in (seen[0], seen[-1])] == ["11. marts 2024", "18. marts 2024"]
    assert sum(number(r[1]) for r in seen) == number(seen[-1][2])
    assert days[-1][0] == "31. marts 2024" and "(" in days[-1][3]


def test_effort_hotline_and_mailings_stand_there(page):
    effort = rows_of(page, "indsats")
    assert [int(r[0]) for r in effort] == list(range(1, len(effort) + 1))
    assert {r[3] for r in effort} == {"påmindelse", "sms", "opkald"}
    calls = rows_of(page, "hotline")
    assert ["andet", "1", "1", "2"] in calls
    assert ["<b>æble</b>", "1", "1", "4"] in calls, "no markup comes from a file"
    assert rows_of(page, "udsendelser") == [
        ["Samsø", "invitation", "8. marts 2024", "1.234", "5", "0", "0", "0"],
        ["Samsø", "1. påmindelse", "17. marts 2024", "60", "0", "0", "40", "3"],
    ]
    assert page.find(id="tidsplan").find_next("svg") is not None


def test_every_picture_has_its_text(page):
    pictures = page.select("svg.curve")
    assert len(pictures) == 1 + len(CODES)
    for picture in pictures:
        ids = picture["aria-labelledby"].split()
        texts = [page.find(id=i).get_text() for i in ids]
        assert all(texts) and "svar til og med 18. marts" in texts[1]
    ids = [e["id"] for e in page.select("[id]")]
    assert len(ids) == len(set(ids))


def test_no_key_of_a_citizen_stands_on_it(watched):
    text = (watched.data / "status.html").read_text("utf-8")
    keys = pd.concat([pd.read_parquet(watched.sample(c)) for c in CODES])["key"]
    assert not any(k in text for k in keys)


def test_the_same_round_gives_the_same_page_the_same_day(watched):
    before = (watched.data / "status.html").read_bytes()
    words = ["--root", str(watched.root), "status", ROUND]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert (watched.data / "status.html").read_bytes() == before


def test_an_earlier_evening(watched, tmp_path):
    root = shutil.copytree(watched.root, tmp_path / "root")
    told = CliRunner().invoke(app, ["--root", str(root), "status", ROUND, "--on", "2024-03-13"])
    assert "as of 2024-03-13 21:30" in told.output
    page = BeautifulSoup(
        (Paths(root, ROUND).data / "status.html").read_text("utf-8"), "html.parser"
    )
    assert [r[0] for r in rows_of(page, "svar") if r[2]][-1] == "13. marts 2024"


def test_at_an_address_it_prints_and_puts_the_page_there(watched, tmp_path):
    root = shutil.copytree(watched.root, tmp_path / "root")
    Path(root / "data" / ROUND / "status.html").unlink()
    told = CliRunner().invoke(app, ["--root", f"file://{root}", "status", ROUND])
    assert told.exit_code == 0, told.output
    assert "Answers: " in told.output and f"file://{root}/data/{ROUND}/status.html" in told.output
    assert (root / "data" / ROUND / "status.html").is_file()


def test_a_round_that_has_not_begun(root):
    told = CliRunner().invoke(app, ["--root", str(root), "status", ROUND])
    assert told.exit_code == 0 and "Answers" not in told.output
    text = (Paths(root, ROUND).data / "status.html").read_text("utf-8")
    assert "Der er ikke trukket en stikprøve endnu." in text and "Tidsplan" in text


def test_contradictions_stand_on_the_page(watched, tmp_path):
    root = shutil.copytree(watched.root, tmp_path / "root")
    paths = Paths(root, ROUND)
    path = next(paths.responses.glob("0741*.csv"))
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    row = table[table["status"] == "completed"].head(1)
    row.assign(q01="1" if row["q01"].iloc[0] != "1" else "2").to_csv(
        root / "0741-b.csv", index=False
    )
    done = CliRunner().invoke(
        app, ["--root", str(root), "collect", ROUND, str(root / "0741-b.csv")]
    )
    assert done.exit_code == 0 and "Conflict in 0741" in done.output
    assert CliRunner().invoke(app, ["--root", str(root), "status", ROUND]).exit_code == 0
    text = (paths.data / "status.html").read_text("utf-8")
    assert "Svar, der modsiger hinanden" in text
    assert re.search(r"Samsø: 0741-b-[\w…]+\.csv, row 2 og 0741-svar-[\w…]+\.csv, row \d+", text)
    assert table["key"].iloc[0] not in text


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0, "under 1\u00a0%"), (0.0099, "under 1\u00a0%"), (0.01, "1\u00a0%"), (0.5, "50\u00a0%"),
     (0.99, "99\u00a0%"), (0.991, "over 99\u00a0%"), (1, "over 99\u00a0%")],
)  # fmt: skip
def test_a_forecast_knows_no_certainty(chance, words):
    assert chance_in_words(chance) == words


def test_the_picture_draws_what_it_says(watched):
    curve = curves_by_place(round_status_of(watched, load_round(watched.root, ROUND)), 200)["0741"]
    assert len(curve.seen) == 8 and len(curve.fan) == 14
    svg = BeautifulSoup(str(curve_svg(curve, "Samsø", "x")), "xml")
    seen = svg.find("polyline", class_="seen")["points"].split()
    assert len(seen) == 9, "from nothing, a point a day"
    heights = [float(p.split(",")[1]) for p in seen]
    assert heights == sorted(heights, reverse=True)
    assert len(svg.find("polygon", class_="band")["points"].split()) == 1 + 2 * 13
    assert "Mindstemålet er 200 svar." in in_words(curve)
    assert f"{curve.seen[-1]} svar til og med 18. marts." in in_words(curve)


# --------------------------------------------------------------------------------- in a real browser

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe_script = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed")
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
browses = pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser, watched):
    asked, complaints, pages = [], [], []

    def open_page(width=1280):
        page = browser.new_page(viewport={"width": width, "height": 800}, locale="da-DK")
        pages.append(page)
        page.on("request", lambda r: asked.append(r.url))
        page.on(
            "console",
            lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.goto((watched.data / "status.html").as_uri())
        return page

    yield open_page
    for page in pages:
        page.close()
    assert complaints == []
    assert [u for u in asked if not u.startswith(("file:", "data:"))] == []


@browses
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(opened, width):
    page = opened(width)
    page.evaluate(Path(axe_script.AXE_FILE_PATH).read_text("utf-8"))
    found = page.evaluate(
        "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
    )
    assert [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]] == []


@browses
@pytest.mark.parametrize("width", [1280, 375])
def test_it_does_not_scroll_sideways(opened, width):
    wide, room = opened(width).evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= room


def visible(page, selector):
    return page.locator(f"{selector}:visible")


@browses
def test_choosing_a_municipality_shows_it_alone(opened):
    page = opened()
    assert visible(page, "#tabel tbody tr").count() > 3
    page.get_by_label("Vis kommune").select_option("0741")
    assert visible(page, "#tabel tbody th").all_inner_texts() == ["Samsø"]
    assert visible(page, ".small figure").count() == 1
    assert page.inner_text("#antal") == "1 kommune"
    shown = visible(page, "#maalgrupper ~ .table >> nth=0 >> tbody tr").all_inner_texts()
    assert len(shown) > 1 and all(t.startswith("Samsø") for t in shown)
    page.get_by_label("Vis kommune").select_option("")
    assert visible(page, "#tabel tbody tr").count() > 3


@browses
def test_search_and_sorting(opened):
    page = opened()
    page.get_by_label("Søg efter kommune").fill("sam")
    assert visible(page, "#tabel tbody th").all_inner_texts() == ["Samsø"]
    page.get_by_label("Søg efter kommune").fill("")
    page.get_by_role("button", name="Svar", exact=True).click()
    numbers = page.eval_on_selector_all(
        "#tabel tbody tr", "rows => rows.map(r => Number(r.cells[1].dataset.sort || -1))"
    )
    assert numbers == sorted(numbers, reverse=True)
    head = page.locator("#tabel th[aria-sort]")
    assert head.count() == 1 and head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Svar", exact=True).click()
    assert head.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Kommune", exact=True).click()
    names = page.locator("#tabel tbody th").all_inner_texts()
    assert names[-1] == "Aabenraa", "å comes last"
