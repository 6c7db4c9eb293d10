"""Which reader opens which kind of file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from helpers.scan.archives import read_gzip, read_worksheet, read_zip
from helpers.scan.code import read_code, read_json
from helpers.scan.markup import read_html, read_xml
from helpers.scan.notebook import read_notebook
from helpers.scan.pictures import read_gif, read_jpeg, read_png
from helpers.scan.plain import read_any_text, read_calendar, read_text
from helpers.scan.signatures import ANY_TEXT
from helpers.scan.tables import read_csv, read_parquet
from helpers.scan.text import Contents, Text, printable

FONT_ENDINGS = {".ttf", ".otf", ".ttc", ".woff", ".woff2", ".eot", ".fntdata", ".odttf"}


def read(name: str, content: bytes) -> Contents:
    """Read a file by the ending of its name; what has no known ending is told as unreadable."""
    if name.endswith("/"):  # a folder of an archive: only its name counts
        return Contents()
    ending = PurePosixPath(name).suffix.lower()
    if ending in FONT_ENDINGS:
        return Contents()
    if re.search(r"worksheets/[^/]*\.xml$", name):
        return read_worksheet(content)
    if re.search(r"printerSettings[0-9]*\.bin$", name):
        return Contents([Text(printable(content), "settings of a printer")])
    if ending in _READERS:
        return _READERS[ending](content)
    contents = read_text(content)
    if ending and not contents.unreadable:
        contents.unreadable.append(f"no known kind of file ({ending})")
    return contents


def _pdf(content: bytes) -> Contents:
    from helpers.scan.pdf import read_pdf  # pypdf is slow to import, and few folders hold PDF files

    return read_pdf(content)


_PLAIN_ENDINGS = (
    ".md", ".txt", ".log", ".yml", ".yaml", ".toml", ".ini", ".cfg", ".qmd", ".tex", ".typ", ".py",
    ".r", ".rst", ".bib", ".lua", ".sh", ".sql", ".sha256", ".jsonl",
)  # fmt: skip
_READERS: dict[str, Callable[[bytes], Contents]] = {
    **dict.fromkeys(_PLAIN_ENDINGS, read_text),
    ".ics": read_calendar,
    ANY_TEXT: read_any_text,
    **dict.fromkeys((".css", ".js"), read_code),
    **dict.fromkeys((".csv", ".tsv"), read_csv),
    **dict.fromkeys((".json", ".geojson"), read_json),
    ".ipynb": read_notebook,
    **dict.fromkeys((".html", ".htm"), read_html),
    **dict.fromkeys((".xml", ".svg", ".xhtml", ".rels", ".vml", ".xsl"), read_xml),
    **dict.fromkeys((".zip", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".potx"), read_zip),
    **dict.fromkeys((".docx", ".docm", ".dotx"), read_zip),
    **dict.fromkeys((".gz", ".svgz"), read_gzip),
    ".parquet": read_parquet,
    ".pdf": _pdf,
    ".png": read_png,
    ".gif": read_gif,
    **dict.fromkeys((".jpg", ".jpeg"), read_jpeg),
}
