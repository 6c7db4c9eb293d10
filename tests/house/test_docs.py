"""What the documentation takes from the code is up to date, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs_make import made

from helpers.common.paths import PROJECT

PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_commands_and_pictures_are_as_the_code_is():
    for path, text in made().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `python docs/make.py`"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_to_files_that_are_there(page: Path):
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    lost = [link for link in links if not (page.parent / link).exists()]
    assert not lost


def test_every_module_that_a_page_names_is_there():
    """`estimation/comparisons.py` and the like, below `src/helpers/`."""
    named = re.compile(r"`([a-z_]+/[a-z_/]+\.py)`")
    packages = {p.parent.name for p in (PROJECT / "src/helpers").glob("*/__init__.py")}
    lost = [
        f"{page.name}: {name}"
        for page in PAGES
        if "decisions" not in page.parts
        for name in named.findall(page.read_text("utf-8"))
        if name.split("/")[0] in packages
        and not (PROJECT / "src/helpers" / name).is_file()
        and not (PROJECT / name).is_file()
    ]
    assert not lost
