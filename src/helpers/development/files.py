"""`build/udvikling/`: page and workbook of the rounds over time, looked through before they lie there.

Not under a round's own folder: a round's files are made from that round and named in its manifest, and a
later round must not change them; what is here goes over all rounds that this root holds.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from helpers.common.errors import SurveyError
from helpers.common.paths import DEVELOPMENT, file_errors_about, put_in_place, write_text
from helpers.development.book import write_book
from helpers.development.page import page
from helpers.development.series import Development
from helpers.scan.scan import scan


def write_development(root: Path, development: Development) -> list[Path]:
    """Write `udvikling.html` and `udvikling.xlsx`; what lay there stays until both are whole.

    Raises SurveyError where the scan finds what looks like personal data; then nothing is written.
    """
    folder = root / "build" / DEVELOPMENT
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=f".{DEVELOPMENT}-", dir=folder.parent) as beside,
        file_errors_about(folder, Path(beside)),
    ):
        made = Path(beside)
        write_text(made / "udvikling.html", page(development))
        write_book(development, made / "udvikling.xlsx")
        findings = scan(made)
        if findings:
            raise SurveyError(problems=[f.as_problem() for f in findings])
        folder.mkdir(exist_ok=True)
        written = []
        for path in sorted(made.iterdir()):
            put_in_place(path, folder / path.name)
            written.append(folder / path.name)
    return written
