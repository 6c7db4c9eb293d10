"""Which program typesets what: the machine's setting, where Quarto is looked for, and what makes stale."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from helpers.common.errors import ParameterError
from helpers.notebooks import renderers
from helpers.notebooks.renderers import (
    EMBEDDED,
    MUNICIPAL,
    NATIONAL,
    QUARTO,
    VARIABLE,
    described,
    find_quarto,
    quarto_for,
)
from helpers.parameters.params import load_round
from helpers.pipeline.records import library_digest
from helpers.pipeline.steps import STEPS, parameter_digests

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")


def program(folder: Path, text: str = "echo 1.10.18") -> Path:
    folder.mkdir(exist_ok=True)
    made = folder / "quarto"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return made


@pytest.fixture(autouse=True)
def nothing_found(monkeypatch, tmp_path):
    """No Quarto on the path, none beside Python, no setting."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.delenv(VARIABLE, raising=False)
    renderers.quarto_version.cache_clear()


@pytest.mark.parametrize("folder", ["path", "bin"])
def test_quarto_is_found_on_the_path_and_beside_python(tmp_path, folder):
    assert find_quarto() is None
    made = program(tmp_path / folder)
    assert find_quarto() == made
    assert described(NATIONAL) == "Quarto 1.10.18"
    assert described(MUNICIPAL) == "the embedded renderer"


def test_a_quarto_that_does_not_answer_is_none(tmp_path):
    program(tmp_path / "path", "exit 1")
    assert find_quarto() is None
    assert described(NATIONAL) == "the embedded renderer"


def test_the_setting_decides_for_both_kinds(tmp_path, monkeypatch):
    found = program(tmp_path / "path")
    monkeypatch.setenv(VARIABLE, QUARTO)
    assert quarto_for(NATIONAL) == quarto_for(MUNICIPAL) == found
    monkeypatch.setenv(VARIABLE, EMBEDDED)
    assert quarto_for(NATIONAL) is quarto_for(MUNICIPAL) is None


@pytest.mark.parametrize(
    ("setting", "word"), [("Quarto", "is »Quarto«"), (QUARTO, "no Quarto that answers")]
)
def test_what_is_unknown_or_not_there_is_refused(monkeypatch, setting, word):
    monkeypatch.setenv(VARIABLE, setting)
    with pytest.raises(ParameterError, match=word):
        quarto_for(NATIONAL)


def test_quarto_makes_stale_what_it_typesets_and_nothing_else(tmp_path, root):
    round_ = load_round(root, "demo")
    libraries = library_digest()
    library_digest.cache_clear()

    def digests():
        return {name: parameter_digests(step, round_, "0707") for name, step in STEPS.items()}

    before = digests()
    program(tmp_path / "path")
    renderers.quarto_version.cache_clear()
    changed = {name for name, now in digests().items() if now != before[name]}
    assert changed == {"national"}
    assert library_digest() == libraries
