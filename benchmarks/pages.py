"""How soon a page can be used, in a real browser: docs/pages.md.

    python -m benchmarks.pages --write

Needs a finished simulated round (`make demo`) and Chromium. A page counts as usable when its load has
ended and, for a dashboard, when it says that it has drawn the view of its address.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.performance import about
from benchmarks.performance_figures import as_table
from helpers.common.paths import PROJECT, Paths
from helpers.parameters.params import load_round

DOCUMENT = PROJECT / "docs" / "pages.md"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OF_A_MUNICIPALITY = ("rapport.html", "dashboard.html")
OF_THE_ROUND = (
    "national/rapport.html", "national/dashboard.html", "national/metode.html", "index.html"
)  # fmt: skip
USABLE = "document.readyState === 'complete' && (!document.getElementById('tegning') || 'drawn' in document.body.dataset)"


def usable_after(browser: Browser, page: Path) -> float:
    """Seconds from the start of the navigation until the page can be used; in a context of its own,
    with nothing kept from before."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="da-DK")
    try:
        opened = context.new_page()
        opened.goto(page.as_uri(), wait_until="commit")
        opened.wait_for_function(USABLE, polling="raf")
        return opened.evaluate("performance.now()") / 1000
    finally:
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    parser.add_argument("--root", type=Path, default=PROJECT, help="holds the finished round")
    parser.add_argument("--round", default="demo")
    parser.add_argument("--municipalities", default="0101,0707,0825")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit("Chromium is not installed (Debian: apt install chromium).")
    root = given.root.resolve()
    round_, build = load_round(root, given.round), Paths(root, given.round).build
    folders = [
        Paths(root, given.round).report_folder(round_.municipalities[code]).name
        for code in given.municipalities.split(",")
    ]
    pages = [*(f"{f}/{page}" for f in folders for page in OF_A_MUNICIPALITY), *OF_THE_ROUND]
    rows = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for page in pages:
            took = [usable_after(browser, build / page) for _ in range(given.repeats)]
            size = (build / page).stat().st_size / 1e6
            rows.append([page, f"{size:.2f}", f"{statistics.median(took):.2f}", f"{max(took):.2f}"])
        browser.close()
    told = "\n".join(
        [
            "# How soon a page can be used",
            "",
            "Written by `python -m benchmarks.pages --write`, in Chromium without a window, each page "
            f"{given.repeats} times from an empty cache.",
            "",
            *as_table(["", ""], about("pages", 0).items(), right=0),
            "",
            *as_table(["page", "MB", "usable after, s (median)", "slowest, s"], rows),
            "",
        ]
    )
    if given.write:
        DOCUMENT.write_text(told, encoding="utf-8")
    print(told)


if __name__ == "__main__":
    main()
