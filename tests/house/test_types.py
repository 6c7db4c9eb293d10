"""Types, layout and what must hold before a commit: the tools that `.pre-commit-config.yaml` runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from helpers.common.paths import PACKAGE, PROJECT

SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]


def tool(name: str, *arguments: str, folder: Path = PROJECT) -> subprocess.CompletedProcess:
    call = [sys.executable, "-m", name, *arguments]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True)


def test_mypy_is_clean_on_the_packages_that_are_to_be():
    """Its cache lies in the project's folder: seconds where little has changed."""
    ended = tool("mypy")
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def f(x: int) -> str:\n    return x\n", "return-value"),
        ("def f(x):\n    return x\n", "no-untyped-def"),
        ("def f() -> int:\n    y: str = 3\n    return 1\n", "assignment"),
    ],
)
def test_mypy_finds_what_it_is_for(tmp_path, code, told):
    (tmp_path / "module.py").write_text(code)
    arguments = ("--config-file", str(PROJECT / "pyproject.toml"), "--cache-dir", str(tmp_path))
    ended = tool("mypy", *arguments, str(tmp_path / "module.py"), folder=tmp_path)
    assert ended.returncode == 1 and f"[{told}]" in ended.stdout


def test_types_are_offered_to_those_who_use_the_package():
    assert (PACKAGE / "py.typed").is_file()
    for name in SETTINGS["tool"]["mypy"]["files"]:
        assert (PROJECT / name / "__init__.py").is_file(), name


def test_hooks_download_nothing():
    hooks = [h for r in HOOKS for h in r["hooks"]]
    assert {r["repo"] for r in HOOKS} == {"local"}
    assert {h["language"] for h in hooks} == {"system"}
    assert {h["id"] for h in hooks} == {"ruff", "ruff-format", "nbstripout", "mypy"}


def test_the_hook_for_notebooks_takes_out_outputs_and_leaves_the_kernelspec(tmp_path):
    (hook,) = (h for r in HOOKS for h in r["hooks"] if h["id"] == "nbstripout")
    options = hook["entry"].split()[1:]
    for path in (PROJECT / "notebooks").glob("*.ipynb"):
        same = tmp_path / path.name
        same.write_bytes(path.read_bytes())
        assert tool("nbstripout", *options, str(same)).returncode == 0
        assert same.read_bytes() == path.read_bytes(), "a clean notebook stays as it is"
        ran = json.loads(path.read_text("utf-8"))
        cell = next(c for c in ran["cells"] if c["cell_type"] == "code")
        cell |= {
            "execution_count": 3,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}],
        }
        same.write_text(json.dumps(ran), "utf-8")
        tool("nbstripout", *options, str(same))
        assert nbformat.read(same, as_version=4) == nbformat.read(path, as_version=4)
