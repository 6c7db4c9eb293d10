"""The packages under `src/helpers/`: in which order they stand, and that each says what it is for."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest
from docs_make import imports

from helpers.common.paths import PACKAGE

# A package may use those that stand before it: so no arrow runs back, and there is no circle.
ORDER = (
    "common", "faults", "received", "parameters", "identities", "extracts", "answers", "sampling",
    "estimation", "disclosure", "released", "reports", "workbook", "deck", "dashboard", "bi",
    "notebooks", "scan", "delivery", "preparation", "development", "fieldwork", "retention",
    "pipeline", "review", "rolling", "cli",
)  # fmt: skip
MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if "assets" not in p.parts]


def against_the_order(package: str, used: str) -> bool:
    return used != package and ORDER.index(used) > ORDER.index(package)


def defined_twice(path: Path) -> list[str]:
    """Names that a module gives two meanings: the later one holds for what stands before it too."""
    names: list[str] = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            stored = [n for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            names += [n.id for n in stored if isinstance(n.ctx, ast.Store)]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            names.append(ast.unparse(node.target))
    return sorted({n for n in names if names.count(n) > 1})


def test_every_package_has_its_place_and_says_what_it_is_for():
    packages = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    assert packages - {"assets"} == set(ORDER)
    assert {p.name for p in PACKAGE.glob("*.py")} == {"__init__.py"}
    for package in ORDER:
        text = (PACKAGE / package / "__init__.py").read_text("utf-8")
        assert len(ast.get_docstring(ast.parse(text)) or "") > 40, package


@pytest.mark.parametrize("package", ORDER)
def test_a_package_uses_only_those_before_it(package):
    found = [
        f"{path.relative_to(PACKAGE)}:{line} uses {used}"
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] == package
        for line, used in imports(path)
        if against_the_order(package, used)
    ]
    assert found == []


def test_an_arrow_that_runs_back_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from helpers.cli.main import app\n"
        "def f():\n    from helpers import deck\n    import helpers.scan.pdf\n"
    )
    assert [used for _, used in imports(path)] == ["deck", "scan"]
    assert against_the_order("disclosure", "released")
    assert not against_the_order("released", "disclosure")


def test_no_module_gives_a_name_two_meanings(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("A = [1]\nB = 2\ndef f():\n    A = 3\nA: tuple = ()\ndef B(): ...\n")
    assert defined_twice(path) == ["A", "B"]
    found = {p.relative_to(PACKAGE).as_posix(): defined_twice(p) for p in MODULES}
    assert {p: names for p, names in found.items() if names} == {}


def is_there(module: str, name: str) -> bool:
    submodule = PACKAGE.parent.joinpath(*module.split("."), name)
    return (
        submodule.is_dir()
        or submodule.with_suffix(".py").is_file()
        or hasattr(importlib.import_module(module), name)
    )


def test_what_is_imported_is_there():
    """Also where a function imports it: a command that nobody calls in a test would break at its user."""
    missing = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} imports {node.module}.{alias.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers")
        for alias in node.names
        if not is_there(node.module, alias.name)
    ]
    assert missing == []
