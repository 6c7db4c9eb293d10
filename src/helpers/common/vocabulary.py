"""What the round's parts are called, each once: the country, owners of steps, released tables and reports."""

from __future__ import annotations

WHOLE_ROUND = "runden"  # owner of steps and troubles that belong to no single municipality
NATIONAL = "national"
NATIONAL_LABEL = "Alle deltagende kommuner"  # the country, in reports
OTHERS_LABEL = "De øvrige kommuner"
IN_COUNTRY = "country"  # attribute of the response table: the codes that the country's numbers hold
KEY = ("breakdown", "category", "item", "statistic", "weighting")
# What is said of a difference: decided once (`estimation/comparisons.judge`), said in the words of
# `released/verdicts.py`. Over and under are both sure and large enough to mention.
OVER, UNDER, SMALL, UNSURE, NOT_JUDGED = "over", "under", "small", "unsure", "not_judged"
VERDICTS = (OVER, UNDER, SMALL, UNSURE, NOT_JUDGED)
FILES = {
    "results": "released.parquet",
    "comparisons": "comparisons.parquet",
    "response": "response.parquet",
    "drivers": "drivers.parquet",
    "comparability": "comparability.parquet",
}
REPORT_FILES = {
    "rapport.html": "Rapport",
    "dashboard.html": "Dashboard",
    "praesentation.pptx": "Præsentation",
    "resultater.xlsx": "Tal i Excel",
}
NATIONAL_REPORT_FILES = {
    "rapport.html": "Landsrapport",
    "rapport.pdf": "Landsrapport (PDF)",
    "dashboard.html": "Dashboard",
    "metode.html": "Metode",
}

# metadata of a notebook cell's output that becomes a cell of its own before the document is typeset: its
# `cell_type`, or the options of its code cell (`label`, `fig-cap`, `fig-alt`)
DOCUMENT_CELL = "document_cell"
