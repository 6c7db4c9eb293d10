"""Whatever is wrong in a file under `params/`: it loads, or it is refused in this project's words."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import shutil
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest
import typer
import yaml
from pydantic import BaseModel
from pydantic_core import core_schema
from test_parameter_relations import LIBRARY, change
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.common.vocabulary import FILES
from helpers.parameters.files import Source, read_yaml
from helpers.parameters.layouts import ExtractFormat, LayoutWords
from helpers.parameters.municipalities import Agreement, Municipality, Tile
from helpers.parameters.params import load_layouts, load_round
from helpers.parameters.questionnaires import LocalFile, Question, ScaleLabel, Theme
from helpers.parameters.round_settings import Dated, RoundFile
from helpers.parameters.rule_sets import Rule, TargetGroup
from helpers.parameters.types import EXPECTED
from helpers.parameters.words import sentence, validation_problems
from helpers.preparation.frame import Frame
from helpers.preparation.layout_file import proposed_path
from helpers.rolling.settings import RollingFile, load_rolling

MODELS = (
    RoundFile, RollingFile, Dated, LocalFile, ExtractFormat, LayoutWords, Frame, Agreement, ScaleLabel,
    Municipality, Tile, Question, Theme,
    Rule, TargetGroup,
)  # fmt: skip
WRONG = (
    None, True, False, 0, -1, 3, 455, 10**30, 0.5, -0.5, 39.0, float("nan"), float("inf"), "", " ", "tre",
    "0,05", "39.000", "1e400", "2026-02-30", "20-02-2024", "2024-02-20", "Nej", "x" * 300, "\x00", "ÆØÅ", "0707",
    "2023-W99", dt.date(2024, 2, 20), dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.datetime(2024, 2, 20, 12), b"\xff",
    [], [1], ["a", "a"], [[]], {}, {"a": 1}, {1: "a"}, {None: None}, {"start": "2024-02-20"}, {"a"},
)  # fmt: skip
SAMPLES = {  # files that fill every model of settings
    RoundFile: "rounds/demo.yml", RollingFile: "rolling/demo-rullende.yml",
    LocalFile: "local/demo/0707.yml", ExtractFormat: "extract-formats/standard.yml",
    LayoutWords: "layout-words.yml", Frame: "questionnaires/frame.yml",
}  # fmt: skip


def in_our_words(text: str) -> None:
    assert not [word for word in LIBRARY if word in text], text


# ----------------------------------------------------------------------------- types of one value


def inner_types(kind: object) -> Iterator[tuple[object, tuple]]:
    """(type, its checks) of every value within a type."""
    if typing.get_origin(kind) is typing.Annotated:
        base, *checks = typing.get_args(kind)
        yield base, tuple(checks)
        yield from (pair for pair in inner_types(base) if pair[0] is not base)
    elif typing.get_origin(kind) in (tuple, dict, typing.Union, types.UnionType):
        for part in typing.get_args(kind):
            yield from inner_types(part)
    else:
        yield kind, ()


def all_models(models=MODELS) -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = set()
    waiting = list(models)
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            for hint in typing.get_type_hints(model, include_extras=True).values():
                waiting += [
                    t
                    for t, _ in inner_types(hint)
                    if isinstance(t, type) and issubclass(t, BaseModel)
                ]
    return found


def test_no_number_and_no_day_is_left_to_the_librarys_guess():
    """yes is no 1, 39.000 no 39, 20240201 no day of 1970, whatever the field."""
    models = all_models()
    assert len(models) > 30
    for model in models:
        for name, hint in typing.get_type_hints(model, include_extras=True).items():
            for kind, checks in inner_types(hint):
                if kind in (int, float, dt.date):
                    assert any(isinstance(c, pydantic.BeforeValidator) for c in checks), (
                        model,
                        name,
                    )


def test_every_pattern_has_its_words():
    for model in all_models():
        for name, hint in typing.get_type_hints(model, include_extras=True).items():
            for _, checks in inner_types(hint):
                for check in checks:
                    if pattern := getattr(check, "pattern", None) or next(
                        (
                            m.pattern
                            for m in getattr(check, "metadata", ())
                            if hasattr(m, "pattern")
                        ),
                        None,
                    ):
                        assert pattern in EXPECTED, (model, name, pattern)


@pytest.mark.parametrize("kind", typing.get_args(core_schema.ErrorType))
def test_every_kind_of_fault_that_the_library_knows_has_a_sentence(kind):
    for given in WRONG:
        what, expected, remedy = sentence(kind, given, {}, None, loc=("a", "b"))
        assert what and remedy
        in_our_words(f"{what} {expected} {remedy}")


def places(content: object, at: tuple = ()) -> Iterator[tuple]:
    yield at
    if isinstance(content, dict):
        for key, value in content.items():
            yield from places(value, (*at, key))
    elif isinstance(content, list):
        for i, value in enumerate(content[:2]):
            yield from places(value, (*at, i))


def put(content: object, at: tuple, value: object) -> object:
    if not at:
        return value
    new = dict(content) if isinstance(content, dict) else list(content)
    new[at[0]] = put(content[at[0]], at[1:], value)
    return new


@pytest.mark.parametrize("model", SAMPLES)
def test_a_wrong_value_in_every_field_is_told_in_our_words(model):
    path = PROJECT / "params" / SAMPLES[model]
    source = read_yaml(path, [])
    assert model.model_validate(source.content)
    refused = 0
    for at in list(places(source.content))[1:]:
        for value in WRONG:
            content = put(source.content, at, value)
            try:
                model.model_validate(content)
            except pydantic.ValidationError as e:
                for problem in validation_problems(e, model, Source(path, content, source.node)):
                    assert problem.what and problem.remedy and ", line " in problem.where
                    in_our_words(str(problem))
                refused += 1
    assert refused > 200


# -------------------------------------------------------------------------------- files at random


def mutated(text: str, suffix: str, draw: random.Random) -> bytes:
    """The file with one thing changed."""
    if draw.random() < 0.25:
        return changed_signs(text, draw)
    return (changed_yaml if suffix == ".yml" else changed_table)(text, draw).encode("utf-8")


def changed_signs(text: str, draw: random.Random) -> bytes:
    """Bytes put in, taken out, or the file saved in another way."""
    content = text.encode(
        draw.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]), "replace"
    )
    for _ in range(draw.randint(0, 3)):
        at = draw.randrange(len(content))
        sign = draw.choice(
            [
                b'"',
                b"'",
                b":",
                b"\t",
                b"\n",
                b"[",
                b"{",
                b",",
                b";",
                b"\xff",
                b"#",
                b"&",
                b"\0",
                b"%",
            ]
        )
        content = content[:at] + sign + content[at + draw.randint(0, 2) :]
    return content if draw.random() > 0.1 else content[: draw.randrange(len(content))]


def changed_yaml(text: str, draw: random.Random) -> str:
    content = yaml.safe_load(text)
    at = draw.choice(list(places(content))[1:])
    parent = content
    for part in at[:-1]:
        parent = parent[part]
    how = draw.choice(["delete", "value", "value", "twice", "swap", "rename"])
    if how == "delete":
        del parent[at[-1]]
    elif how == "twice" and isinstance(parent, list):
        parent.append(parent[at[-1]])
    elif how == "swap":
        other = draw.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
        parent[at[-1]], parent[other] = parent[other], parent[at[-1]]
    elif how == "rename" and isinstance(parent, dict):
        parent[draw.choice(["x", 701, None, True, f"{at[-1]}e"])] = parent.pop(at[-1])
    else:
        plain = [w for w in WRONG if not isinstance(w, set | bytes) and w != "\x00"]
        parent[at[-1]] = draw.choice(plain)
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def changed_table(text: str, draw: random.Random) -> str:
    rows = list(csv.reader(io.StringIO(text)))
    i, how = (
        draw.randrange(len(rows)),
        draw.choice(["delete", "twice", "field", "field", "swap", "short", "long"]),
    )
    row = rows[i]
    if how == "delete":
        del rows[i]
    elif how == "twice":
        rows.insert(draw.randrange(len(rows)), list(row))
    elif how == "field":
        row[draw.randrange(len(row))] = draw.choice([str(w) for w in WRONG])
    elif how == "swap":
        a, b = draw.randrange(len(row)), draw.randrange(len(row))
        row[a], row[b] = row[b], row[a]
    elif how == "short":
        row.pop()
    else:
        row.append("x")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", delimiter=draw.choice(",,,;")).writerows(rows)
    return out.getvalue()


USED = [
    "rounds/demo.yml", "rounds/demo-2023.yml", "municipalities.csv", "tile-map.csv", "target-groups.csv",
    "classification/2024.csv", "classification/2023-pilot.csv", "extract-formats/fasit.yml",
    "extract-formats/momentum.yml", "extract-formats/standard.yml", "questionnaires/2024.csv",
    "questionnaires/2024-themes.csv", "questionnaires/scales.csv", "agreements/demo.csv",
    "local/demo/0707.yml", "rolling/demo-rullende.yml", "layout-words.yml",
]  # fmt: skip
LOADED_BY = {
    "rolling/demo-rullende.yml": lambda root: load_rolling(root, "demo-rullende"),
    "layout-words.yml": load_layouts,
}
TRIES = 30  # of each file


@pytest.mark.parametrize("file", USED)
def test_a_file_changed_at_random_loads_or_is_told(root, file):
    path, draw = root / "params" / file, random.Random(f"params {file}")
    text = path.read_text("utf-8")
    load = LOADED_BY.get(file, lambda root: load_round(root, "demo"))
    refused = 0
    for _ in range(TRIES):
        path.write_bytes(mutated(text, path.suffix, draw))
        try:
            load(root)
        except ParameterError as e:
            assert e.problems
            for problem in e.problems:
                assert problem.what and problem.remedy and "params" in problem.where, problem
                in_our_words(str(problem))
            refused += 1
    assert refused > TRIES / 4
    path.write_text(text, "utf-8")
    load(root)


# ----------------------------------------------------------------------------------- every command

ARGUMENTS = {  # what a command is called with, where it is not called with the round alone
    "compare": ["demo", "demo-2023"], "round new": ["2026-x", "--like", "demo"], "layout new": ["{extract}"],
    "layout approve": ["nope"], "tick": ["demo-rullende"], "check": ["{extract}", "--round", "demo"],
    "scan": ["{extract}", "--round", "demo"], "participants": ["demo"], "sendout": ["demo"],
    "deck": ["demo", "0825"], "demo": [], "key rotate": ["demo", "--old", "{extract}"],
}  # fmt: skip
WITHOUT_PARAMETERS = {"key new", "init"}


def commands() -> Iterator[tuple[str, list]]:
    """Every command of the command line that is called with a round."""
    waiting = [((), typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop()
        for name, inner in getattr(command, "commands", {}).items():
            waiting.append(((*path, name), inner))
        if path and not getattr(command, "commands", None):
            yield " ".join(path), command.params


def called(name: str, parameters: list, root: Path) -> list[str]:
    extract = shutil.copy(PROJECT / "tests/extracts/0825-laesoe.xlsx", root.parent)
    given = ARGUMENTS.get(name)
    if given is None:
        required = [p for p in parameters if p.required]
        arguments = [p for p in required if p.param_type_name == "argument"]
        given = ["demo", *(str(extract) for _ in arguments[1:])]
        given += [w for p in required if p not in arguments for w in (p.opts[0], "0825")]
    return [*name.split(), *(a.format(extract=extract) for a in given)]


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


BY_NAME = dict(commands())


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - WITHOUT_PARAMETERS))
def test_every_command_ends_with_2_and_writes_nothing(tmp_path, monkeypatch, name):
    home, root = tmp_path / "home", tmp_path / "root"
    for variable in ("HOME", "XDG_CONFIG_HOME", "APPDATA", "USERPROFILE"):
        monkeypatch.setenv(variable, str(home))  # nothing of the user's own is touched
    shutil.copytree(PROJECT / "params", root / "params")
    change(
        root, "classification/2024.csv", "^sygedagpenge,sygedagpenge", "sygedagpenge,sygdagpenge"
    )
    for file in ("rounds/demo.yml", "rounds/demo-2023.yml", "rolling/demo-rullende.yml"):
        change(root, file, "^seed: .*", "seed: 2026-02-30")
    for round_id in ("demo", "demo-2023"):  # as if released, for what reads released rounds
        folder = root / "build" / round_id
        folder.mkdir(parents=True)
        for table in FILES.values():
            (folder / table).touch()
    proposed = proposed_path(root, "nope")
    proposed.parent.mkdir()
    shutil.copy(root / "params/extract-formats/standard.yml", proposed)
    before = tree(root)
    result = CliRunner().invoke(app, ["--root", str(root), *called(name, BY_NAME[name], root)])
    assert result.exit_code == 2, (result.output, result.exception)
    assert "sygdagpenge" in result.output, result.output
    assert "Traceback" not in result.output
    in_our_words(result.output)
    assert tree(root) == before and not home.exists()
