"""The web pages in a real browser: they load nothing, stumble over nothing, and everybody can use them.

Chromium comes from the system (Debian: `apt install chromium`); without it these tests are skipped.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from helpers.common.printing import number

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe_script = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed")

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="Chromium is not installed (Debian: apt install chromium)"
)

PAGES = {
    "municipal report": "0707-norddjurs/rapport.html",
    "municipal report, nearly all hidden": "0825-laesoe/rapport.html",
    "dashboard": "0707-norddjurs/dashboard.html",
    "dashboard, nearly all hidden": "0825-laesoe/dashboard.html",
    "national report": "national/rapport.html",
    "national dashboard": "national/dashboard.html",
    "method": "national/metode.html",
    "index": "index.html",
}
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        started = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page with what it asked for and complained of."""

    def __init__(self, browser, address: str, size: dict = DESK) -> None:
        self.page = browser.new_page(viewport=size, locale="da-DK")
        self.outside: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._asked)
        self.page.on(
            "console",
            lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(address)

    def _asked(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.outside.append(request.url)

    def drawn(self) -> None:
        """Until the dashboard shows what its address says."""
        self.page.wait_for_function("document.body.dataset.drawn === location.hash")


@pytest.fixture
def opened(browser, finished):
    """Open a file of the finished round; all pages are closed at the end."""
    pages = []

    def open_page(name: str, size: dict = DESK, part: str = "") -> Watched:
        address = (finished.paths.build / name).as_uri() + part
        watched = Watched(browser, address, size)
        pages.append(watched.page)
        if name.endswith("dashboard.html"):
            watched.drawn()
        return watched

    yield open_page
    for page in pages:
        page.close()


@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_a_page_asks_nobody_and_complains_of_nothing(opened, name):
    watched = opened(name)
    assert watched.outside == []
    assert watched.complaints == []


@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing(opened, name):
    page = opened(name).page
    page.evaluate(Path(axe_script.AXE_FILE_PATH).read_text("utf-8"))
    found = page.evaluate(
        "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
    )
    assert [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]] == []


@pytest.mark.parametrize("name", PAGES.values(), ids=PAGES)
def test_a_phone_shows_a_page_without_scrolling_sideways(opened, name):
    page = opened(name, PHONE).page
    wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= room


def table(page) -> list[list[str]]:
    return page.eval_on_selector_all(
        "#tabel tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )


def test_the_dashboard_shows_the_released_numbers(opened, finished):
    page = opened("0707-norddjurs/dashboard.html").page
    released = __import__("pandas").read_parquet(finished.paths.build / "released.parquet")
    mean = released[
        (released["municipality"] == "0707") & (released["item"] == "samlet")
        & (released["breakdown"] == "all") & (released["statistic"] == "mean")
        & (released["weighting"] == "weighted")
    ].iloc[0]  # fmt: skip
    row = next(r for r in table(page) if r[0] == "Samlet tilfredshed")
    assert row[1] == number(mean["value"], 2)
    assert row[2] == f"{number(mean['ci_low'], 2)}–{number(mean['ci_high'], 2)}"
    assert row[-1] == number(mean["n"])


def test_choosing_a_group_changes_numbers_and_address(opened):
    watched = opened("0707-norddjurs/dashboard.html")
    page, before = watched.page, table(watched.page)
    page.get_by_label("Køn").select_option(label="Kvinder")
    watched.drawn()
    assert "gender=kvinde" in page.url
    assert table(page) != before
    assert "Kvinder" in page.inner_text("#om")


def test_an_address_opens_the_same_view(opened):
    part = "#visning=grupper&opdel=age_band&spoergsmaal=q01"
    page = opened("0707-norddjurs/dashboard.html", part=part).page
    assert page.get_by_label("Opdel efter").input_value() == "age_band"
    assert [r[0] for r in table(page)] == ["16–29 år", "30–39 år", "40–49 år", "50–66 år"]


def test_groups_that_are_not_computed_together_cannot_be_chosen(opened):
    page = opened("0707-norddjurs/dashboard.html", part="#gender=kvinde").page
    assert page.get_by_label("Alder").is_disabled()
    assert page.get_by_label("Målgruppe").is_enabled()


def test_a_hidden_number_says_why_and_is_no_zero(opened):
    page = opened("0825-laesoe/dashboard.html", part="#visning=grupper&opdel=target_group").page
    cells = [cell for row in table(page) for cell in row]
    assert any(c in ("for få svar", "skjult for at beskytte andre") for c in cells)
    assert not any(c.startswith("0,00") for c in cells)


def test_a_view_is_downloaded_as_csv(opened):
    page = opened("0707-norddjurs/dashboard.html").page
    with page.expect_download() as started:
        page.get_by_role("button", name="Hent tal (CSV)").click()
    text = Path(started.value.path()).read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0][0] == "Tema"
    assert [r for r in rows[1:] if r and not r[0].startswith("Kilde")] == [
        [c.replace("\u00a0", " ") for c in r] for r in table(page)
    ]
    assert started.value.suggested_filename.endswith(".csv")


def test_a_view_is_downloaded_as_a_picture(opened):
    page = opened("0707-norddjurs/dashboard.html").page
    with page.expect_download() as started:
        page.get_by_role("button", name="Hent figur (PNG)").click()
    assert Path(started.value.path()).read_bytes().startswith(b"\x89PNG")


def test_the_dashboard_works_from_the_keyboard(opened):
    page = opened("0707-norddjurs/dashboard.html").page
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        )
    assert "Gå til resultatet" in reached
    assert {"valg-tema", "valg-gender", "hent-csv", "hent-png"} <= set(reached)
    assert "Grupper" in reached


def test_every_view_draws_a_chart(opened):
    for view in ("temaer", "svar", "grupper", "udvikling"):
        page = opened("0707-norddjurs/dashboard.html", part=f"#visning={view}").page
        assert page.locator("#tegning svg").count() == 1
        assert page.locator("#tegning svg path").count() > 5


def test_the_national_dashboard_links_to_the_municipalities(opened, finished):
    watched = opened("national/dashboard.html")
    link = watched.page.get_by_role("link", name="Norddjurs")
    address = link.get_attribute("href")
    assert (finished.paths.national_folder / address).resolve().is_file()
    link.click()
    watched.page.wait_for_function("document.body.dataset.drawn === location.hash")
    assert "Norddjurs" in watched.page.title()


def test_the_national_dashboard_filters_by_region(opened):
    watched = opened("national/dashboard.html")
    watched.page.get_by_label("Region").select_option("Nordjylland")
    watched.drawn()
    rows = table(watched.page)
    assert len(rows) == 11
    assert {r[1] for r in rows} == {"Nordjylland"}


def test_the_index_finds_a_municipality(opened):
    page = opened("index.html").page
    page.get_by_label("Søg efter kommune").fill("læ")
    names = page.locator("tbody tr:visible th").all_inner_texts()
    assert names == ["Læsø"]
    assert page.inner_text("#antal") == "1 kommune"


def test_a_report_is_printed_as_pdf(opened, tmp_path):
    page = opened("0707-norddjurs/rapport.html").page
    page.pdf(path=tmp_path / "rapport.pdf", format="A4")
    text = "".join(p.extract_text() for p in PdfReader(tmp_path / "rapport.pdf").pages)
    assert re.search(r"Kort\s+fortalt", text)


def test_files_are_as_small_as_promised(finished):
    build = finished.paths.build
    assert (build / "0707-norddjurs/rapport.html").stat().st_size < 2_000_000
    for name in ("0707-norddjurs/dashboard.html", "national/dashboard.html"):
        assert (build / name).stat().st_size < 3_000_000
