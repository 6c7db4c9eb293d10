"""One municipality's released numbers → `praesentation.pptx`, with native, editable charts.

Every number comes from `Published`. The same numbers give the same bytes: dates come from the round's
calendar, the time stamps inside the file are fixed, and nothing in it is random.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path

from helpers.common.paths import write_atomically
from helpers.deck.groups import (
    background_page,
    differences_page,
    local_pages,
    strongest_page,
    target_groups_page,
)
from helpers.deck.method import reading_page, response_page, round_page
from helpers.deck.models import development_page, drivers_page, expected_page
from helpers.deck.slide_parts import open_template, remove_empty
from helpers.deck.slides import (
    overall_page,
    question_groups,
    questions_page,
    split_page,
    themes_page,
    title_page,
)
from helpers.released import captions
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_deck(published: Published, code: str, path: Path, template: Path | None = None) -> Path:
    """Write the deck of municipality `code`; what lay at `path` stays until the new one is whole.

    `template`: the municipality's own, made from the house's. Raises SurveyError where the
    municipality has no released results, ParameterError where the template lacks what slides need.
    """
    o = OwnNumbers(published, code)
    deck = open_template(template)
    title_page(deck, o)
    round_page(deck, o)
    overall_page(deck, o)
    themes_page(deck, o)
    split_page(deck, o)
    for title, items in question_groups(o):
        questions_page(deck, o, title, items)
    strongest_page(deck, o)
    target_groups_page(deck, o)
    background_page(deck, o)
    differences_page(deck, o)
    expected_page(deck, o)
    development_page(deck, o)
    drivers_page(deck, o)
    local_pages(deck, o)
    response_page(deck, o)
    reading_page(deck, o)
    for slide in deck.slides:
        remove_empty(slide)

    made = dt.datetime.combine(o.round.settings.calendar.reporting.end, dt.time())
    properties = deck.core_properties
    properties.title = f"{captions.SURVEY}: {o.name}, {o.round.settings.title}"
    properties.subject = "Resultater for kommunen"
    properties.language = "da-DK"
    properties.author = properties.last_modified_by = ""
    properties.created = properties.modified = properties.last_printed = made
    properties.revision = 1
    buffer = io.BytesIO()
    deck.save(buffer)
    blob = settled(buffer.getvalue(), made)
    return write_atomically(Path(path), lambda beside: beside.write_bytes(blob))


def settled(blob: bytes, made: dt.datetime) -> bytes:
    """The same Office file with fixed time stamps, also in the workbooks that its charts carry."""
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blob)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".xlsx"):
                content = settled(content, made)
            elif entry.filename == "docProps/core.xml":
                content = re.sub(
                    rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content
                )
            fixed = zipfile.ZipInfo(entry.filename, _ZIP_EPOCH)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.create_system = 0  # the same on Windows and Linux
            new.writestr(fixed, content)
    return out.getvalue()
