"""The walk-through in docs/: its commands are run in their order, and each shows what the page says.

In a block ```console a line behind `$ ` is a command, and the lines below it are what one sees: in this
order, where … stands for anything and other lines may come between. A block ```csv whose first line
is `# name.csv` is a file that the reader makes.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.paths import PROJECT

PAGE = PROJECT / "docs" / "walkthrough.md"
SHIPPED = ("2023-pilot", "2024-foraar", "demo-2023", "demo")  # rounds under params/
BLOCK = re.compile(r"^```(console|csv)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Call(NamedTuple):
    command: str
    seen: list[str]


def steps() -> list[Call | tuple[str, str]]:
    """Calls, and files as (name, text), in the page's order."""
    found: list[Call | tuple[str, str]] = []
    for kind, body in BLOCK.findall(PAGE.read_text("utf-8")):
        if kind == "csv":
            name, text = body.split("\n", 1)
            found.append((name.removeprefix("# "), text))
            continue
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append(Call(line.removeprefix("$ "), []))
            elif line.strip():
                found[-1].seen.append(line)
    return found


def told(seen: list[str], output: str) -> str | None:
    """The first line of `seen` that the output does not show in its turn; None where all are there."""
    shown, place = " ".join(output.split()), 0
    for line in seen:
        pattern = ".*?".join(re.escape(" ".join(p.split())) for p in line.split("…"))
        match = re.compile(pattern).search(shown, place)
        if match is None:
            return line
        place = match.end()
    return None


def test_lines_are_found_in_their_order_only():
    assert told(["a … c", "d"], "a b\nc  x d") is None
    assert told(["d", "a"], "a b c d") == "a"
    assert told(["a.c"], "abc") == "a.c"


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """An analyst's folder with the project's parameters and nothing else."""
    folder = tmp_path_factory.mktemp("walkthrough")
    shutil.copytree(PROJECT / "params", folder / "params")
    for path in (folder / "params" / "rounds").glob("*.yml"):
        if path.stem not in SHIPPED:  # an analyst's own rounds decide seeds, and what is compared
            path.unlink()
    return folder


def test_every_command_of_the_page_shows_what_the_page_says(desk, monkeypatch):
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "200")
    for step in steps():
        if not isinstance(step, Call):
            name, text = step
            (desk / name).write_text(text, "utf-8")
            continue
        program, *words = shlex.split(step.command)
        assert program == "survey"
        result = CliRunner().invoke(app, ["--root", str(desk), *words])
        assert result.exit_code == 0, f"{step.command}\n{result.output}"
        missing = told(step.seen, result.output)
        assert missing is None, f"{step.command}: not seen: {missing}\n{result.output}"
