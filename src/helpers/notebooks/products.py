"""The files that a municipality gets beside its report."""

from __future__ import annotations

from helpers.common.paths import Paths
from helpers.dashboard.dashboard import write_dashboard
from helpers.deck.deck import write_deck
from helpers.released.published import Published, load_earlier
from helpers.workbook.workbook import write_workbook


def write_products(paths: Paths, published: Published, code: str) -> None:
    """`resultater.xlsx`, `praesentation.pptx` and `dashboard.html` in the municipality's folder."""
    folder = paths.report_folder(published.round.municipalities[code])
    write_workbook(published, code, folder / "resultater.xlsx")
    write_deck(published, code, folder / "praesentation.pptx")
    earlier = load_earlier(paths.root, published, code)
    write_dashboard(published, earlier, code, folder / "dashboard.html")
