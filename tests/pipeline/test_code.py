"""What of the code a step uses: for each kind of change, which steps have another digest and which not."""

from __future__ import annotations

import ast
import json
import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from helpers.common.paths import PACKAGE, PROJECT
from helpers.pipeline.code import Code
from helpers.pipeline.steps import STEPS

EVERY = frozenset(STEPS)
NOTEBOOKS = frozenset({"plan", "analyse", "report", "national"})


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of the package with its notebooks and reports, as a checkout lies."""
    root = tmp_path_factory.mktemp("house")
    leave = shutil.ignore_patterns("__pycache__", "project")
    for name in ("notebooks", "reports", "_quarto.yml"):
        whole = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        whole(PROJECT / name, root / name)
    shutil.copytree(PACKAGE, root / "src/helpers", ignore=leave)
    return root


def digests(house: Path) -> dict[str, dict[str, str]]:
    code = Code(house / "src/helpers", house)
    return {name: code.of(step) for name, step in STEPS.items()}


@cache
def as_they_are(house: Path) -> dict[str, dict[str, str]]:
    return digests(house)


def another(house: Path, changes: dict[str, bytes]) -> dict[str, list[str]]:
    """Step → what of it has changed, with these files so; after it they are as they were."""
    before = as_they_are(house)
    kept = {n: (house / n).read_bytes() if (house / n).is_file() else None for n in changes}
    try:
        for name, content in changes.items():
            (house / name).parent.mkdir(parents=True, exist_ok=True)
            (house / name).write_bytes(content)
        now = digests(house)
    finally:
        for name, content in kept.items():
            (house / name).unlink() if content is None else (house / name).write_bytes(content)
    return {
        step: changed
        for step in STEPS
        if (changed := [n for n in {*before[step], *now[step]} if before[step].get(n) != now[step].get(n)])
    }  # fmt: skip


def edited(house: Path, name: str, old: str, new: str) -> dict[str, bytes]:
    text = (house / name).read_text("utf-8")
    assert old in text
    return {name: text.replace(old, new).encode()}


def other_body(house: Path, name: str, definition: str) -> dict[str, bytes]:
    """The module with one more statement in a function or class at its top, or another value of a name."""
    tree = ast.parse((house / name).read_text("utf-8"))
    named = [
        s for s in tree.body if getattr(s, "name", "") == definition or definition in _targets(s)
    ]
    assert len(named) == 1, f"{name} has no {definition}"
    if hasattr(named[0], "body"):
        named[0].body.append(ast.Pass())
    else:
        named[0].value = ast.Tuple([named[0].value, ast.Constant(0)], ast.Load())
    return {name: ast.unparse(ast.fix_missing_locations(tree)).encode()}


def _targets(statement: ast.stmt) -> list[str]:
    return [t.id for t in getattr(statement, "targets", []) if isinstance(t, ast.Name)]


@pytest.mark.parametrize(
    ("path", "definition", "steps"),
    [
        ("cli/status.py", "status", set()),
        ("fieldwork/sendout.py", "write_sendout", set()),
        ("pipeline/run.py", "run_round", set()),
        ("pipeline/engine.py", "perform", set()),
        ("scan/persons.py", "Persons", {"scan", "scan-round"}),
        ("bi/star.py", "write_star", {"star"}),
        ("preparation/ics.py", "calendar_ics", {"calendar"}),
        ("pipeline/index.py", "write_manifest", {"index"}),
        ("deck/deck.py", "write_deck", {"report"}),
        ("workbook/workbook.py", "write_workbook", {"report"}),
        ("dashboard/dashboard.py", "write_dashboard", {"report"}),
        ("dashboard/dashboard.py", "write_national_dashboard", {"national"}),
        ("notebooks/render.py", "render", {"report", "national"}),
        ("notebooks/execution.py", "execute", NOTEBOOKS),
        ("notebooks/execution.py", "typeset", {"report", "national"}),
        ("notebooks/kernels.py", "Zygote", NOTEBOOKS),
        ("notebooks/kernels.py", "IMPORTED", NOTEBOOKS),
        ("sampling/plan.py", "make_plan", {"plan"}),
        ("extracts/plausibility.py", "judge", {"intake"}),
        ("extracts/round_findings.py", "compare_extracts", {"intake-record"}),
        ("answers/latest.py", "counting", {"collect"}),
        ("pipeline/round_steps.py", "passed_over", {"collect"}),
        ("pipeline/round_steps.py", "release_round", {"release"}),
        ("pipeline/round_steps.py", "_persons", {"scan", "scan-round"}),
        ("estimation/raking.py", "BLOCK", {"analyse"}),
        ("estimation/raking.py", "rake", {"analyse"}),
        ("common/paths.py", "Paths", EVERY),
        ("parameters/params.py", "load_round", NOTEBOOKS | {"release"}),
    ],
)
def test_a_definition_concerns_the_steps_that_reach_it(house, path, definition, steps):
    name = f"src/helpers/{path}"
    changed = another(house, other_body(house, name, definition))
    assert set(changed) == set(steps)
    assert all(what == [path.split("/")[0]] for what in changed.values())


def test_a_statement_that_binds_no_name_concerns_whoever_loads_the_module(house):
    name = "src/helpers/estimation/raking.py"
    changed = another(house, {name: (house / name).read_bytes() + b"\nnp.seterr(all='raise')\n"})
    assert {"analyse", "release"} <= set(changed)
    registered = b"\n@register('x')\ndef nobody_calls_it():\n    pass\n"
    assert "analyse" in another(house, {name: (house / name).read_bytes() + registered})
    unused = b"\nUNUSED = 1\n\n\ndef unused():\n    return UNUSED\n"
    assert another(house, {name: (house / name).read_bytes() + unused}) == {}


@pytest.mark.parametrize(
    ("more", "reached"),
    [
        ("from helpers.review import timing\n\n\ndef extra():\n    return timing.events()", False),
        (
            "def _weighed(x):\n    from helpers.review.timing import events\n\n    return events(x)",
            True,
        ),
        ("def _weighed(x):\n    import helpers.review.timing as t\n\n    return t.events(x)", True),
        (
            "from helpers.review import timing\n\n\ndef _weighed(x):\n    return timing.events(x)",
            True,
        ),
        (
            "import helpers.review.timing\n\n\ndef _weighed(x):\n    return helpers.review.timing.events(x)",
            True,
        ),
        ("from helpers.review.timing import *\n\n\ndef _weighed(x):\n    return events(x)", True),
        ("from helpers.review import timing\n\n_weighed = timing", True),
        (
            "if TYPE_CHECKING:\n    from helpers.review import timing\n\n\ndef _weighed(x):\n    pass",
            False,
        ),
    ],
)
def test_every_way_to_import_is_followed(house, more, reached):
    name = "src/helpers/estimation/raking.py"
    text = (house / name).read_text("utf-8").replace("    return", "    _weighed(0)\n    return", 1)
    changed = another(house, {name: f"{text}\n\n{more}\n".encode()})
    assert ("review" in changed["analyse"]) == reached


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("deck/template.pptx", {"report"}),
        ("dashboard/vega.js", {"report", "national", "scan", "scan-round"}),
        ("render/report.css", {"report", "national"}),
        ("pages/index.html", {"index"}),
        ("fonts/OpenSans-Regular.ttf", NOTEBOOKS | {"index"}),
        ("kernels/survey/kernel.json", NOTEBOOKS),
        ("letters/invitation.docx", set()),
        ("questionnaire/spoergeskema.schema.json", set()),
    ],
)
def test_an_asset_concerns_the_steps_whose_modules_name_its_folder(house, path, steps):
    name = f"src/helpers/assets/{path}"
    changed = another(house, {name: (house / name).read_bytes() + b" "})
    assert changed == {step: [f"assets/{path.split('/')[0]}"] for step in steps}
    gone = another(house, {f"src/helpers/assets/{path.split('/')[0]}/new.html": b""})
    assert set(gone) == set(steps)


def rewritten(text: str) -> dict[str, str]:
    """The same module in other layouts and words."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            node.body[0].value.value = "Other words."
    return {
        "layout, comments and quotes": ast.unparse(ast.parse(text)),
        "docstrings": ast.unparse(tree),
        "line ends": text.replace("\n", "\r\n"),
        "a comment at the top": f"# a comment\n\n{text}",
    }


@pytest.mark.parametrize(
    "path", ["estimation/raking.py", "notebooks/execution.py", "pipeline/round_steps.py"]
)
def test_comments_layout_and_docstrings_make_nothing_stale(house, path):
    name = f"src/helpers/{path}"
    for kind, text in rewritten((house / name).read_text("utf-8")).items():
        assert another(house, {name: text.encode()}) == {}, kind


def with_notebook(house: Path, name: str, change) -> dict[str, bytes]:
    content = json.loads((house / name).read_text("utf-8"))
    change(content)
    return {name: json.dumps(content, indent=2).encode()}


def _ran(notebook: dict) -> None:
    notebook["metadata"] |= {"widgets": {"a": 1}, "language_info": {"version": "3.14"}}
    for n, cell in enumerate(notebook["cells"]):
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell |= {"execution_count": n, "outputs": [{"output_type": "stream", "text": ["x"]}]}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("10-sampling-plan", "plan"),
        ("20-response-analysis", "analyse"),
        ("30-municipal-report", "report"),
    ],
)
def test_a_notebook_counts_by_its_cells(house, name, step):
    name = f"notebooks/{name}.ipynb"
    source = (house / name).read_bytes()
    assert another(house, with_notebook(house, name, _ran)) == {}
    assert another(house, {name: source.replace(b"\n", b"\r\n")}) == {}

    def more(notebook):
        notebook["cells"][-1]["source"] += ["\n# more"]

    def untagged(notebook):
        notebook["cells"][1]["metadata"] = {}

    def swapped(notebook):
        notebook["cells"][2:4] = notebook["cells"][3:1:-1]

    def other_kernel(notebook):
        notebook["metadata"]["kernelspec"]["name"] = "ir"

    for change in (more, untagged, swapped, other_kernel):
        assert another(house, with_notebook(house, name, change)) == {step: [name]}, change
    changed = another(
        house, {name: source[: len(source) // 2]}
    )  # saved by halves: the run will tell
    assert set(changed) == {step} and name in changed[step]


def test_what_a_notebook_imports_belongs_to_its_step(house):
    def imports(notebook):
        notebook["cells"][-1]["source"] = [
            "%matplotlib inline\n",
            "from helpers.review import timing\n",
            "timing.events()\n",
        ]

    changed = another(house, with_notebook(house, "notebooks/20-response-analysis.ipynb", imports))
    assert set(changed) == {"analyse"} and "review" in changed["analyse"]


def test_report_sources(house):
    path = "reports/national.qmd"
    assert another(house, edited(house, path, "\n", "\r\n")) == {}
    assert another(house, {path: (house / path).read_bytes() + b"Mere.\n"}) == {"national": [path]}
    new = (
        (house / path).read_bytes()
        + b"\n```{python}\n#| echo: false\nfrom helpers.bi import star\nstar.write_star()\n```\n"
    )
    assert set(another(house, {path: new})["national"]) >= {path, "bi"}
    for path in ("_quarto.yml", "reports/theme.scss"):
        changed = another(house, {path: (house / path).read_bytes() + b"\n# x"})
        assert changed == {"report": [path], "national": [path]}


def test_what_editors_previews_and_python_leave_counts_for_nothing(house):
    left = (
        "reports/national.quarto_ipynb", "reports/national.html", "reports/national_files/x.css",
        "reports/.national.qmd.swp", "reports/national.qmd~", "reports/#national.qmd#",
        "notebooks/.ipynb_checkpoints/10-sampling-plan-checkpoint.ipynb", "notebooks/Untitled.ipynb",
        "src/helpers/estimation/raking.py~", "src/helpers/estimation/.#raking.py.lock",
        "src/helpers/estimation/__pycache__/raking.cpython-311.pyc", "src/helpers/not_imported.py",
        "src/helpers/assets/render/report.css~", "src/helpers/assets/render/.report.css.swp",
        "src/helpers/assets/render/typst.log",
    )  # fmt: skip
    before = Code(house / "src/helpers", house).digest()
    for name in left:
        assert another(house, {name: b"x = 1"}) == {}, name
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        (house / name).write_bytes(b"x = 1")
        same = Code(house / "src/helpers", house).digest() == before
        (house / name).unlink()
        assert same != name.endswith("not_imported.py"), name


def test_each_source_that_a_step_names_is_there():
    for step in STEPS.values():
        assert [n for n in step.sources if not (PROJECT / n).is_file()] == [], step.name


def test_nothing_in_the_package_reads_docstrings_or_imports_by_dots():
    """What the digest leaves out must not be there for anybody: docstrings, and modules named otherwise."""
    readers = re.compile(
        r"__doc__|getdoc|getsource|^\s*from \.|model_json_schema|__subclasses__", re.MULTILINE
    )
    modules = [p for p in PACKAGE.rglob("*.py") if "assets" not in p.parts]
    assert len(modules) > 100
    found = [p.name for p in modules if readers.search(p.read_text("utf-8"))]
    assert found == []
