"""The package as users install it: built as a wheel, put somewhere, and run from somewhere else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers.common.paths import PROJECT
from helpers.pipeline.code import package_digest

CODES = ["0741", "0825"]


def run(*call, **how) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(c) for c in call], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and "__pycache__" not in p.parts
    }


def tops() -> set[str]:
    """What lies at the top of the project; tools' own caches aside."""
    return {p.name for p in PROJECT.iterdir() if not p.name.startswith(".")}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder of the installed package; nothing else of the project is to be seen from there."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    before = tops()
    how = ["--no-deps", "--no-build-isolation", "--no-index"]
    built = run(*pip, "wheel", *how, "-w", folder, PROJECT)
    assert built.returncode == 0, built.stdout
    assert tops() == before, "building leaves nothing in the project"
    [wheel] = folder.glob("*.whl")
    there = folder / "there"
    put = run(*pip, "install", "--no-deps", "--no-index", "--target", there, wheel)
    assert put.returncode == 0, put.stdout
    return there


def survey(installed, where, *words, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SURVEY_", "PYTEST_"))}
    env |= {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return run(sys.executable, installed / "bin" / "survey", *words, cwd=where, env=env)


def test_it_holds_what_the_checkout_does(installed):
    """The same digest of code, notebooks and reports, so that results of one are current to the other."""
    code = "from helpers.pipeline.code import package_digest as d; print(d())"
    env = os.environ | {"PYTHONPATH": str(installed)}
    assert (
        run(sys.executable, "-c", code, cwd=installed, env=env).stdout.strip() == package_digest()
    )
    assert tree(installed / "helpers/project/params") == tree(PROJECT / "params")
    assert not [p for p in (installed / "helpers/project").rglob(".*")]


def test_its_folder_without_parameters_says_how_to_begin(installed, tmp_path):
    told = survey(installed, tmp_path, "status", "demo")
    assert told.returncode == 2
    assert "holds no params/" in told.stdout and "survey init --root" in told.stdout
    wrong = survey(installed, tmp_path, "demo", "--round", "2024-foraar")
    assert wrong.returncode == 2 and "simulated: true" in wrong.stdout
    assert list(tmp_path.iterdir()) == []
    assert survey(installed, tmp_path, "init").returncode == 0
    assert tree(tmp_path / "params") == tree(PROJECT / "params")
    again = survey(installed, tmp_path, "init")
    assert again.returncode == 2 and "Nothing was written" in again.stdout


def test_a_small_demo_from_anywhere(installed, tmp_path):
    """`survey demo --root DIR` in an empty folder runs to the end; nothing is written elsewhere."""
    own = tmp_path / "package"
    shutil.copytree(installed, own)
    settings = own / "helpers/project/params/rounds/demo.yml"
    small = yaml.safe_load(settings.read_text("utf-8"))
    small |= {"participants": CODES, "earlier_rounds": []}
    small["models"]["bootstrap_replicates"] = 100
    settings.write_text(yaml.safe_dump(small, allow_unicode=True), "utf-8")
    before = tree(own)
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    done = survey(own, elsewhere, "demo", "--root", root, "--jobs", "1")
    assert done.returncode == 0, done.stdout
    assert list(elsewhere.iterdir()) == []
    assert tree(own) == before
    assert {p.name for p in root.iterdir()} == {"params", "data", "build"}
    build = root / "build/demo"
    made = {p.name for p in (build / "0825-laesoe").iterdir()}
    assert made >= {"rapport.html", "dashboard.html", "praesentation.pptx", "resultater.xlsx"}
    assert (build / "national/rapport.pdf").is_file() and (build / "index.html").is_file()
