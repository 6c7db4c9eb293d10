"""»Udvikling over tid« in a real browser, where there is one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from published_fixture import BIG
from rounds_fixture import write_rounds
from test_pages import DESK, PHONE, Watched, axe_script, browser, pytestmark

from helpers.common.paths import PROJECT
from helpers.development.files import write_development
from helpers.development.series import load_development

__all__ = ["browser", "pytestmark"]  # fixture and mark of all tests of pages
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("rounds")
    shutil.copytree(PROJECT / "params", root / "params")
    write_rounds(root)
    html, _ = write_development(root, load_development(root).development)
    return html.as_uri()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_it_asks_nobody_fits_and_everybody_can_use_it(browser, address, size):
    watched = Watched(browser, f"{address}#k{BIG}", size)
    page = watched.page
    assert watched.outside == watched.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.evaluate(Path(axe_script.AXE_FILE_PATH).read_text("utf-8"))
    found = page.evaluate(f"() => axe.run(document, {{runOnly: {RULES}}})")
    assert [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]] == []
    page.close()


def test_a_municipality_is_found_and_its_themes_open(browser, address):
    page = Watched(browser, address).page
    assert page.locator(f"#k{BIG}").get_attribute("open") is None
    page.fill("#soeg", "norddj")
    assert page.locator("#liste tbody tr:visible").count() == 1
    assert page.locator("#antal").inner_text() == "1 kommune"
    page.click("#liste tbody tr:visible a")
    assert page.locator(f"#k{BIG}").get_attribute("open") is not None
    assert page.locator(f"#k{BIG} tbody tr").count() == 6
    page.close()
