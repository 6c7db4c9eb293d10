"""Notebooks narrate and call: no outputs in git, no code of their own, working defaults."""

import ast

import nbformat
import pytest
import yaml

from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.notebooks.execution import check_parameters, declared_parameters, read_source
from helpers.parameters.params import load_round

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
OF_THE_ROUND = {"40-round-review"}  # about all municipalities
SOURCES = [*NOTEBOOKS, *sorted((PROJECT / "reports").glob("*.qmd"))]
FORBIDDEN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With,
             ast.If, ast.Lambda)  # fmt: skip


def code_cells(path):
    return [c for c in read_source(path).cells if c.cell_type == "code"]


def test_the_notebooks_are_there():
    assert [p.stem[:2] for p in NOTEBOOKS] == ["10", "20", "30", "40"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_outputs_and_a_kernelspec(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_cells_narrate_or_call(path):
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, FORBIDDEN), cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_parameters_and_their_working_defaults(path):
    """Opened by hand, a municipality's notebook saves nothing."""
    own = set() if path.stem in OF_THE_ROUND else {"municipality", "save"}
    assert declared_parameters(path) == {"round"} | own
    cell = next(c for c in code_cells(path) if "parameters" in c.metadata.get("tags", []))
    values = {}
    exec(cell.source, values)
    participants = load_round(PROJECT, values["round"]).settings.participants
    assert not own or (values["municipality"] in participants and values["save"] is False)


def test_parameters_of_the_national_report_are_tagged():
    assert declared_parameters(PROJECT / "reports/national.qmd") == {"round"}


def test_unknown_and_missing_parameters_are_refused_before_execution():
    with pytest.raises(ParameterError) as caught:
        check_parameters(NOTEBOOKS[0], {"round": "demo", "kommune": "0707"})
    told = str(caught.value)
    assert "unknown parameter »kommune«" in told
    assert "parameter »municipality« is missing" in told


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_labels_are_unique_and_captioned(path):
    labels = []
    for cell in code_cells(path):
        head = "\n".join(
            line[2:].removeprefix(" ") for line in cell.source.splitlines() if line.startswith("#|")
        )
        options = yaml.safe_load(head) or {}
        if "label" in options:
            labels.append(options["label"])
            kind = options["label"][:3]
            assert options[f"{kind}-cap"]
            assert kind == "tbl" or options["fig-alt"]
    assert len(labels) == len(set(labels))
